"""How an index moves from one dated future to the next (rulebook section 7): weights by the business day of the month.

Two feeds take turns. In odd months the index goes from the first to the second, in even months back; the feed that has
no weight is given the next contract meanwhile, so the other one never changes under way. Pure functions of dates.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from engine.records import CommandKind, pack_command
from gateway.calendars import Calendar

_SECOND_NS = 1_000_000_000
_SATURDAY = 5
_WEIGHTS = {6: 8, 7: 6, 8: 4, 9: 2}  # tenths of the old contract on a business day; 10 before, 0 after


def business_day(day: date, holidays: Collection[date]) -> int:
    """Number of business days of its month up to and including `day`: Monday to Friday, no holidays."""
    days = (day.replace(day=1) + timedelta(days=n) for n in range(day.day))
    return sum(1 for each in days if each.weekday() < _SATURDAY and each not in holidays)


def first_weight(day: date, holidays: Collection[date] = ()) -> int:
    """Tenths of the first feed on that day."""
    number = business_day(day, holidays)
    old = 10 if number < min(_WEIGHTS) else _WEIGHTS.get(number, 0)
    return old if day.month % 2 else 10 - old


def weight_at(calendar: Calendar, now_ns: int) -> int:
    """By the local date of a calendar."""
    today = datetime.fromtimestamp(now_ns // _SECOND_NS, UTC).astimezone(calendar.zone).date()
    return first_weight(today, calendar.holidays)


def roll_command(instrument_id: int, weight: int) -> bytes:
    """SET_ROLL_WEIGHT, neither numbered nor stamped."""
    return pack_command(CommandKind.SET_ROLL_WEIGHT, instrument_id=instrument_id, weight=weight)
