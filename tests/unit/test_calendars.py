"""Calendars in local time as instants: weekly windows, daylight saving time in both directions, holidays, sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from engine.records import RiskSession, unpack_command
from gateway.calendars import Calendar, CalendarError, State, dates_of, windows_of, zone_of

OPEN, OVERNIGHT, WEEKEND = RiskSession.OPEN, RiskSession.OVERNIGHT, RiskSession.WEEKEND
NEW_YORK = ZoneInfo("America/New_York")


def ns(text: str, zone: str = "UTC", fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) * 10**9


def utc(instant_ns: int | None) -> str:
    assert instant_ns is not None
    return datetime.fromtimestamp(instant_ns // 10**9, UTC).strftime("%a %m-%d %H:%M")


def equities() -> Calendar:
    """The rulebook's: external hours 24/5, sessions by the exchange's day."""
    return Calendar(
        1,
        NEW_YORK,
        hours=windows_of(["sun 20:00 - fri 20:00"]),
        overnight=windows_of(["mon-thu 16:00 - 09:30"]),
        weekend=windows_of(["fri 16:00 - mon 09:30"]),
        holidays=dates_of(["2026-11-26"]),
    )


def futures() -> Calendar:
    """Chicago: 23/5 with a pause every afternoon."""
    return Calendar(
        2,
        ZoneInfo("America/Chicago"),
        hours=windows_of(["sun-thu 17:00 - 16:00"]),
        overnight=windows_of(["mon-thu 16:00 - 17:00"]),
        weekend=windows_of(["fri 16:00 - sun 17:00"]),
    )


def changes(calendar: Calendar, first: str, last: str) -> list[tuple[str, State]]:
    """All changes between two times (UTC), each with what holds from then on."""
    now_ns = ns(first)
    found: list[tuple[str, State]] = []
    while True:
        change_ns = calendar.next_change_ns(now_ns)
        if change_ns is None or change_ns > ns(last):
            return found
        assert change_ns > now_ns
        assert calendar.at(change_ns - 1) == calendar.at(now_ns)
        assert calendar.at(change_ns) != calendar.at(now_ns)
        now_ns = change_ns
        found.append((utc(change_ns), calendar.at(change_ns)))


def test_a_week_of_equities_with_a_holiday() -> None:
    """Thanksgiving: no external hours for that local day; the session stays an ordinary Thursday's."""
    assert changes(equities(), "2026-11-23T00:00", "2026-11-30T00:00") == [
        ("Mon 11-23 01:00", State(True, WEEKEND)),
        ("Mon 11-23 14:30", State(True, OPEN)),
        ("Mon 11-23 21:00", State(True, OVERNIGHT)),
        ("Tue 11-24 14:30", State(True, OPEN)),
        ("Tue 11-24 21:00", State(True, OVERNIGHT)),
        ("Wed 11-25 14:30", State(True, OPEN)),
        ("Wed 11-25 21:00", State(True, OVERNIGHT)),
        ("Thu 11-26 05:00", State(False, OVERNIGHT)),
        ("Thu 11-26 14:30", State(False, OPEN)),
        ("Thu 11-26 21:00", State(False, OVERNIGHT)),
        ("Fri 11-27 05:00", State(True, OVERNIGHT)),
        ("Fri 11-27 14:30", State(True, OPEN)),
        ("Fri 11-27 21:00", State(True, WEEKEND)),
        ("Sat 11-28 01:00", State(False, WEEKEND)),
    ]


def test_the_daily_pause_of_futures() -> None:
    assert changes(futures(), "2026-11-24T00:00", "2026-11-30T00:00") == [
        ("Tue 11-24 22:00", State(False, OVERNIGHT)),
        ("Tue 11-24 23:00", State(True, OPEN)),
        ("Wed 11-25 22:00", State(False, OVERNIGHT)),
        ("Wed 11-25 23:00", State(True, OPEN)),
        ("Thu 11-26 22:00", State(False, OVERNIGHT)),
        ("Thu 11-26 23:00", State(True, OPEN)),
        ("Fri 11-27 22:00", State(False, WEEKEND)),
        ("Sun 11-29 23:00", State(True, OPEN)),
    ]


@pytest.mark.parametrize(
    ("friday", "monday", "apart_h"),
    [("2026-03-06", "2026-03-09", 64.5), ("2026-10-30", "2026-11-02", 66.5), ("2026-06-05", "2026-06-08", 65.5)],
)
def test_a_weekend_is_an_hour_shorter_or_longer_when_the_clock_is_changed(
    friday: str, monday: str, apart_h: float
) -> None:
    calendar = equities()
    start_ns = calendar.next_change_ns(ns(f"{friday}T15:59", "America/New_York"))
    assert start_ns == ns(f"{friday}T16:00", "America/New_York")
    end_ns = ns(f"{monday}T09:30", "America/New_York")
    assert calendar.at(end_ns - 1).risk_session == WEEKEND
    assert calendar.at(end_ns).risk_session == OPEN
    assert end_ns - start_ns == int(apart_h * 3600) * 10**9 + 0


def test_london_and_new_york_change_on_different_days() -> None:
    """Between 8 and 29 March 2026 they are an hour closer than usual."""
    london = Calendar(3, ZoneInfo("Europe/London"), hours=windows_of(["mon-fri 08:00 - 16:30"]))
    new_york = Calendar(4, NEW_YORK, hours=windows_of(["mon-fri 09:30 - 16:00"]))
    for day, hours in (("2026-03-06", 6.5), ("2026-03-10", 5.5), ("2026-03-31", 6.5)):
        begin = [calendar.next_change_ns(ns(f"{day}T00:00")) for calendar in (london, new_york)]
        assert begin[0] is not None
        assert begin[1] is not None
        assert begin[1] - begin[0] == hours * 3600 * 10**9


def test_an_edge_in_the_hour_that_is_skipped_counts_as_the_end_of_the_gap() -> None:
    calendar = Calendar(5, NEW_YORK, hours=windows_of(["sun 02:30 - 12:00"]))
    assert utc(calendar.next_change_ns(ns("2026-03-08T00:00"))) == "Sun 03-08 07:00"  # 03:00 in New York
    assert utc(calendar.next_change_ns(ns("2026-03-15T00:00"))) == "Sun 03-15 06:30"


def test_an_edge_in_the_hour_that_comes_twice_counts_once() -> None:
    calendar = Calendar(6, NEW_YORK, hours=windows_of(["sun 01:30 - 12:00"]))
    assert changes(calendar, "2026-11-01T00:00", "2026-11-01T23:00") == [
        ("Sun 11-01 05:30", State(True, OPEN)),  # the first 01:30
        ("Sun 11-01 17:00", State(False, OPEN)),
    ]


def test_korea_has_no_daylight_saving_time() -> None:
    calendar = Calendar(7, ZoneInfo("Asia/Seoul"), hours=windows_of(["mon-fri 08:45 - 15:45"]))
    for day in ("2026-01-14", "2026-07-15"):
        assert utc(calendar.next_change_ns(ns(f"{day}T12:00")))[-5:] == "23:45"


def test_without_windows_it_never_changes() -> None:
    calendar = Calendar(8, NEW_YORK)
    assert calendar.at(0) == State(True, OPEN)
    assert calendar.next_change_ns(ns("2026-11-25T00:00")) is None


def test_a_holiday_beyond_weeks_of_sameness_is_found() -> None:
    calendar = Calendar(9, NEW_YORK, holidays=dates_of(["2027-01-01"]))
    assert utc(calendar.next_change_ns(ns("2026-11-25T00:00"))) == "Fri 01-01 05:00"


def test_holidays_in_a_row_do_not_flicker() -> None:
    calendar = Calendar(10, NEW_YORK, holidays=dates_of(["2026-12-24", "2026-12-25", "2026-12-26"]))
    assert [when for when, _ in changes(calendar, "2026-12-01T00:00", "2027-02-01T00:00")] == [
        "Thu 12-24 05:00", "Sun 12-27 05:00",
    ]  # fmt: skip


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_every_change_of_a_year_is_on_the_wall_clock_of_its_zone(year: int) -> None:
    """52 or 53 of each, whatever the offset is: external hours of futures begin at 17:00 and end at 16:00, always."""
    found = changes(futures(), f"{year}-01-01T12:00", f"{year + 1}-01-01T12:00")
    local = [
        datetime.strptime(f"{year} {when}", "%Y %a %m-%d %H:%M").replace(tzinfo=UTC).astimezone(futures().zone)
        for when, _ in found
    ]
    assert {(moment.hour, state.is_open) for moment, (_, state) in zip(local, found, strict=True)} == {
        (17, True), (16, False),
    }  # fmt: skip
    assert all(a[1] != b[1] for a, b in pairwise(found))
    assert len(found) in (520, 521, 522, 523, 524)


def test_the_command() -> None:
    calendar = equities()
    command = unpack_command(calendar.command(State(False, WEEKEND)))
    assert (command["calendar_id"], command["is_open"], command["risk_session"]) == (1, 0, WEEKEND)


@pytest.mark.parametrize(
    ("text", "count", "minutes"),
    [
        ("sun 20:00 - fri 20:00", 1, 5 * 1440), ("mon-fri 09:30-16:00", 5, 390), ("fri-mon 00:00 - 24:00", 4, 1440),
        ("sun-thu 17:00 - 16:00", 5, 23 * 60), ("MON 09:00  -  mon 09:00", 1, 7 * 1440), ("sat 10:00 - 10:00", 1, 1440),
    ],
)  # fmt: skip
def test_texts_of_windows(text: str, count: int, minutes: int) -> None:
    windows = windows_of([text])
    assert (len(windows), {window.minutes for window in windows}) == (count, {minutes})


@pytest.mark.parametrize(
    "text", ["", "mon", "monday 09:00 - 10:00", "mon 9:00 - 10:00", "mon-tue 09:00 - wed 10:00", "mon 24:00 - 10:00",
             "mon 09:60 - 10:00", "mon 09:00 - 24:01"]
)  # fmt: skip
def test_texts_that_are_none(text: str) -> None:
    with pytest.raises(CalendarError, match="write"):
        windows_of([text])


def test_zones_and_dates_that_are_none() -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd"):
        with pytest.raises(CalendarError, match="America/New_York"):
            zone_of(name)
    with pytest.raises(CalendarError, match="2026-12-25"):
        dates_of(["25.12.2026"])
    assert zone_of("Asia/Seoul") == ZoneInfo("Asia/Seoul")
