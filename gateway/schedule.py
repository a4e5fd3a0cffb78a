"""What the venue itself sends by the clock: market calendars, funding, the mark pulse.

`due` is a pure function of the time and of what it said before; `Clockwork` asks it once a second and submits what it
says to the sequencer. A second that was missed (a stopped process, a machine without time) is not caught up on: a
pulse is about now. Made by `app`; it decides no price and no rate, the engine does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from engine.records import CommandKind, RiskSession, pack_command
from gateway.calendars import Calendar, State
from gateway.price_feed import PriceSource
from gateway.rolls import roll_command, weight_at

SECOND_NS = 1_000_000_000
SAMPLE_S = 5
HOUR_S = 3_600
WEIGHT_AT_FIRST = 10  # of a roll that has just been set
_PULSE, _SAMPLE, _SETTLE = (
    pack_command(kind) for kind in (CommandKind.MARK_PULSE, CommandKind.FUNDING_SAMPLE, CommandKind.FUNDING_SETTLE)
)
log = structlog.get_logger("schedule")


class Schedule:
    """known: what the engine believes of each calendar, by id; a calendar it has never heard of is open and OPEN.

    with_pulses: the venue prices its instruments itself; without, only calendars and rolls are kept. rolls: the
    calendar whose business days the index of an instrument follows; weights: what the engine has of these. prices: what
    stands in for an oracle; its seconds count from the first call.
    """

    def __init__(
        self,
        calendars: Iterable[Calendar],
        known: Mapping[int, State],
        with_pulses: bool,
        rolls: Mapping[int, Calendar] | None = None,
        weights: Mapping[int, int] | None = None,
        prices: PriceSource | None = None,
    ) -> None:
        self._calendars = tuple(calendars)
        self._known = dict(known)
        self._with_pulses = with_pulses
        self._rolls = dict(rolls or {})
        self._weights = dict(weights or {})
        self._prices = prices
        self._first_second: int | None = None
        self._second = 0  # the last one that was dealt with; 0 = none

    def due(self, now_ns: int) -> list[bytes]:
        """Command records in the order in which they belong, neither numbered nor stamped: calendars and rolls, the
        settlement on the hour, the sample, the pulse. Nothing twice within a second."""
        second = now_ns // SECOND_NS
        if second <= self._second:
            return []
        before, self._second = self._second or second, second
        commands = [*self._calendar_changes(now_ns), *self._roll_changes(now_ns)]
        if self._with_pulses:
            if second // HOUR_S > before // HOUR_S:
                commands.append(_SETTLE)
            if second // SAMPLE_S > before // SAMPLE_S:
                commands.append(_SAMPLE)
            commands += self._source_prices(second, now_ns)
            commands.append(_PULSE)
        return commands

    def _source_prices(self, second: int, now_ns: int) -> Iterable[bytes]:
        if self._prices is None:
            return
        if self._first_second is None:
            self._first_second = second
        for price in self._prices.at(second - self._first_second):
            yield pack_command(
                CommandKind.PRICE,
                feed_id=price.feed_id,
                source=price.source,
                price_e8=price.price_e8,
                source_ns=now_ns,
            )

    def _calendar_changes(self, now_ns: int) -> Iterable[bytes]:
        for calendar in self._calendars:
            state = calendar.at(now_ns)
            if state != self._known.get(calendar.calendar_id, State(True, RiskSession.OPEN)):
                self._known[calendar.calendar_id] = state
                yield calendar.command(state)

    def _roll_changes(self, now_ns: int) -> Iterable[bytes]:
        for instrument_id, calendar in self._rolls.items():
            weight = weight_at(calendar, now_ns)
            if weight != self._weights.get(instrument_id, WEIGHT_AT_FIRST):
                self._weights[instrument_id] = weight
                yield roll_command(instrument_id, weight)


class Submit(Protocol):
    """`Sequencer.submit`."""

    def __call__(self, record: bytes) -> asyncio.Future[bytes]: ...


class Clockwork:
    """Submits what a schedule says, at the beginning of every second of the clock.

    Refusals are logged: they are ours (a feed that is gone, a settlement that is not done), and trading goes on.
    """

    def __init__(
        self,
        schedule: Schedule,
        submit: Submit,
        refusals: Callable[[bytes], Sequence[str]],
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._schedule = schedule
        self._submit = submit
        self._refusals = refusals
        self._clock_ns = clock_ns
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._turn()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        now_ns = self._clock_ns()
        self._timer = self._loop.call_later((SECOND_NS - now_ns % SECOND_NS) / SECOND_NS, self._turn)
        for command in self._schedule.due(now_ns):
            try:
                self._submit(command).add_done_callback(self._answered)
            except BufferError as error:  # the disk is full or the machine stands still: the next second comes
                log.warning("schedule_skipped", error=str(error))
                return

    def _answered(self, answer: asyncio.Future[bytes]) -> None:
        if not answer.cancelled():
            for line in self._refusals(answer.result()):
                log.warning("schedule_refused", error=line)
