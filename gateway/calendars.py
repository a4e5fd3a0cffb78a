"""Market hours and risk sessions in local time, resolved to the CALENDAR_CHANGE commands that the engine knows.

The engine has no time zones (docs/adr/0028): it is told when a calendar's external hours begin and end and which risk
session it is. Here weekly windows in a time zone, daylight saving time and bank holidays become instants. Pure
functions of configuration and time: `gateway.schedule` asks them when to send what. Nothing here reads a clock.

Windows are texts: `sun 20:00 - fri 20:00` is one a week, `mon-fri 09:30 - 16:00` one on each of these days. An end
that is not after its beginning is on the next day: `sun-thu 17:00 - 16:00` begins on five evenings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.records import CommandKind, RiskSession, pack_command

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKS_AHEAD = 60  # without a change for so long a calendar never changes: longer than any row of holidays
_NS = 10**9
_DAY_MINUTES = 24 * 60
_WINDOW = re.compile(
    rf"(?P<first>{'|'.join(DAYS)})(?:-(?P<last>{'|'.join(DAYS)}))? (?P<start>\d\d:\d\d) ?- ?"
    rf"(?:(?P<end_day>{'|'.join(DAYS)}) )?(?P<end>\d\d:\d\d)"
)


class CalendarError(ValueError):
    """A calendar that says nothing sensible; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Window:
    """Every week from one minute of local time to another; `minutes` on the clock, not elapsed."""

    day: int  # 0 = Monday
    start: time
    minutes: int  # from `start` on the clock

    def between(self, monday: date, zone: ZoneInfo) -> tuple[int, int]:
        """First and last instant (exclusive) of the week that begins on `monday`, ns since the Unix epoch."""
        start = datetime.combine(monday + timedelta(days=self.day), self.start)
        return to_ns(start, zone), to_ns(start + timedelta(minutes=self.minutes), zone)


@dataclass(frozen=True, slots=True)
class State:
    """What a calendar says at an instant."""

    is_open: bool
    risk_session: RiskSession


@dataclass(frozen=True, slots=True)
class Calendar:
    """`hours`: when an outside price exists; empty = always. Outside `overnight` and `weekend` the session is OPEN;
    where both apply it is WEEKEND. On `holidays` (local dates) there are no external hours; the session stays."""

    calendar_id: int
    zone: ZoneInfo
    hours: tuple[Window, ...] = ()
    overnight: tuple[Window, ...] = ()
    weekend: tuple[Window, ...] = ()
    holidays: frozenset[date] = field(default_factory=frozenset)

    def at(self, now_ns: int) -> State:
        return self._week_around(now_ns).at(now_ns)

    def next_change_ns(self, now_ns: int) -> int | None:
        """The first instant after `now_ns` at which it says something else; None when it never does."""
        before = self.at(now_ns)
        week = self._week_around(now_ns)
        for _ in range(WEEKS_AHEAD):
            for instant_ns in week.edges_ns:
                if instant_ns > now_ns and week.at(instant_ns) != before:
                    return int(instant_ns)
            week = _resolved(self, week.monday + timedelta(days=7))
        return None

    def command(self, state: State) -> bytes:
        """The CALENDAR_CHANGE that tells the engine, not numbered and not stamped."""
        return pack_command(
            CommandKind.CALENDAR_CHANGE,
            calendar_id=self.calendar_id,
            is_open=int(state.is_open),
            risk_session=int(state.risk_session),
        )

    def _week_around(self, now_ns: int) -> _Week:
        today = datetime.fromtimestamp(now_ns // _NS, UTC).astimezone(self.zone).date()
        return _resolved(self, today - timedelta(days=today.weekday()))


Spans = list[tuple[int, int]]  # of instants, the second exclusive


class _Week:
    """One week of local time as instants."""

    def __init__(
        self,
        monday: date,
        zone: ZoneInfo,
        hours: Spans | None,
        overnight: Spans,
        weekend: Spans,
        closed: Spans,
    ) -> None:
        self.monday = monday
        midnight = datetime.combine(monday, time())
        start_ns, end_ns = to_ns(midnight, zone), to_ns(midnight, zone, days=7)
        self._hours, self._overnight, self._weekend, self._closed = hours, overnight, weekend, closed
        spans = [*(hours or ()), *overnight, *weekend, *closed]
        self.edges_ns = sorted({edge for span in spans for edge in span if start_ns <= edge < end_ns})

    def at(self, now_ns: int) -> State:
        is_open = self._hours is None or _is_within(now_ns, self._hours)
        session = RiskSession.OPEN
        if _is_within(now_ns, self._weekend):
            session = RiskSession.WEEKEND
        elif _is_within(now_ns, self._overnight):
            session = RiskSession.OVERNIGHT
        return State(is_open and not _is_within(now_ns, self._closed), session)


@lru_cache(maxsize=256)
def _resolved(calendar: Calendar, monday: date) -> _Week:
    """The week of `monday`, with what reaches into it from the one before."""
    zone, mondays = calendar.zone, (monday - timedelta(days=7), monday)
    closed = [
        (to_ns(datetime.combine(day, time()), zone), to_ns(datetime.combine(day, time()), zone, days=1))
        for day in sorted(calendar.holidays)
        if mondays[0] <= day < monday + timedelta(days=14)
    ]
    hours, overnight, weekend = (
        [window.between(week, zone) for week in mondays for window in windows]
        for windows in (calendar.hours, calendar.overnight, calendar.weekend)
    )
    return _Week(monday, zone, hours if calendar.hours else None, overnight, weekend, closed)


def _is_within(now_ns: int, spans: Spans) -> bool:
    return any(start <= now_ns < end for start, end in spans)


def to_ns(local: datetime, zone: ZoneInfo, days: int = 0) -> int:
    """A time on the wall in a zone as an instant, `days` of the calendar later. A time that daylight saving skips
    counts as the end of the gap, one that comes twice as the first."""
    moment = (local + timedelta(days=days)).replace(tzinfo=zone, fold=0)
    instant = moment.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != moment.replace(tzinfo=None):  # it was skipped
        instant = _end_of_gap(instant, zone)
    return int(instant.timestamp()) * _NS


def _end_of_gap(instant: datetime, zone: ZoneInfo) -> datetime:
    """`instant` is what a skipped time gives with the offset before the gap: as far behind the gap's end as the time
    was behind its beginning. The change of the offset is looked for minute by minute from there back."""
    offset = instant.astimezone(zone).utcoffset()
    while (instant - timedelta(minutes=1)).astimezone(zone).utcoffset() == offset:
        instant -= timedelta(minutes=1)
    return instant


# ---- from texts


def windows_of(texts: Iterable[str]) -> tuple[Window, ...]:
    """Raises CalendarError."""
    return tuple(window for text in texts for window in _windows(text))


def _windows(text: str) -> Iterator[Window]:
    found = _WINDOW.fullmatch(" ".join(text.lower().split()))
    if found is None or (found["last"] and found["end_day"]):
        raise CalendarError(f'{text!r} is no window: write "sun 20:00 - fri 20:00" or "mon-fri 09:30 - 16:00"')
    first = DAYS.index(found["first"])
    start, end = _minute(found["start"], text), _minute(found["end"], text, last=True)
    if found["end_day"]:
        minutes = (DAYS.index(found["end_day"]) - first) % 7 * _DAY_MINUTES + end - start
        minutes += 7 * _DAY_MINUTES if minutes <= 0 else 0
    else:
        minutes = end - start + (_DAY_MINUTES if end <= start else 0)
    last = DAYS.index(found["last"]) if found["last"] else first
    for day in range(first, first + (last - first) % 7 + 1):
        yield Window(day % 7, time(start // 60, start % 60), minutes)


def _minute(text: str, whole: str, last: bool = False) -> int:
    hours, minutes = int(text[:2]), int(text[3:])
    value = hours * 60 + minutes
    if minutes > 59 or value > (_DAY_MINUTES if last else _DAY_MINUTES - 1):
        raise CalendarError(f"{whole!r}: {text} is no time of a day: write 00:00 to 23:59, or 24:00 for its end")
    return value


def zone_of(name: str) -> ZoneInfo:
    """Raises CalendarError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CalendarError(f"{name!r} is no time zone of the tz database: write one like America/New_York") from None


def dates_of(texts: Iterable[str]) -> frozenset[date]:
    """ISO dates. Raises CalendarError."""
    try:
        return frozenset(date.fromisoformat(text) for text in texts)
    except ValueError as error:
        raise CalendarError(f"{error}: write a date like 2026-12-25") from None
