"""Weights of rolled futures: the rulebook's days, holidays, and that no index jumps from one contract to another."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from engine.records import CommandKind, unpack_command
from gateway.calendars import Calendar, dates_of
from gateway.rolls import business_day, first_weight, roll_command, weight_at


@pytest.mark.parametrize(
    ("day", "number"),
    [("2026-11-01", 0), ("2026-11-02", 1), ("2026-11-06", 5), ("2026-11-08", 5), ("2026-11-09", 6), ("2026-11-30", 21)],
)
def test_business_days(day: str, number: int) -> None:
    assert business_day(date.fromisoformat(day), ()) == number


def test_the_rulebooks_weights_in_an_odd_month() -> None:
    """Business day 5 all of the front, 6 to 9 in fifths, 10 all of the next."""
    days = [date(2026, 11, 6) + timedelta(days=n) for n in range(9)]
    seen = {business_day(day, ()): first_weight(day) for day in days}
    assert seen == {5: 10, 6: 8, 7: 6, 8: 4, 9: 2, 10: 0}


def test_a_holiday_puts_the_roll_off() -> None:
    holiday = dates_of(["2026-11-11"])
    assert first_weight(date(2026, 11, 11)) == 4
    assert first_weight(date(2026, 11, 11), holiday) == first_weight(date(2026, 11, 10), holiday) == 6
    assert first_weight(date(2026, 11, 12), holiday) == 4


def test_a_year_has_twelve_rolls_and_no_jump() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]
    weights = [first_weight(day) for day in days]
    steps = [abs(a - b) for a, b in pairwise(weights)]
    assert max(steps) == 2
    assert sum(steps) == 24 * 10
    for day, weight in zip(days, weights, strict=True):
        if day.day == 1:  # whichever contract is old has all of it
            assert weight == (10 if day.month % 2 else 0)


def test_the_date_is_the_calendars() -> None:
    chicago = Calendar(1, ZoneInfo("America/Chicago"))
    now_ns = 1_794_200_400 * 10**9  # 2026-11-09 05:00 UTC, still the evening before in Chicago
    assert [weight_at(calendar, now_ns) for calendar in (chicago, Calendar(2, ZoneInfo("UTC")))] == [10, 8]


def test_the_command() -> None:
    command = unpack_command(roll_command(7, 4))
    assert (command["kind"], command["instrument_id"], command["weight"]) == (CommandKind.SET_ROLL_WEIGHT, 7, 4)
