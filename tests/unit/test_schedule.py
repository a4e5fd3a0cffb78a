"""What the venue sends by the clock: calendars, settlement, sample and pulse in this order, once each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.records import CommandKind, RiskSession, pack_command, unpack_command
from gateway.calendars import Calendar, State, windows_of
from gateway.schedule import SECOND_NS, Clockwork, Schedule

K = CommandKind
HOURS = Calendar(3, ZoneInfo("UTC"), hours=windows_of(["mon-fri 09:00 - 17:00"]))


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("UTC")).timestamp()) * SECOND_NS


def kinds(commands: list[bytes]) -> list[CommandKind]:
    return [unpack_command(command)["kind"] for command in commands]


def test_every_second_has_its_commands() -> None:
    schedule = Schedule((), {}, with_pulses=True)
    seen = [kinds(schedule.due(ns("2026-11-25T09:59:53") + n * SECOND_NS)) for n in range(10)]
    sample, settle, pulse = K.FUNDING_SAMPLE, K.FUNDING_SETTLE, K.MARK_PULSE
    assert seen == [
        [pulse], [pulse], [sample, pulse], [pulse], [pulse], [pulse], [pulse], [settle, sample, pulse], [pulse],
        [pulse],
    ]  # fmt: skip


def test_nothing_comes_twice_and_nothing_is_caught_up_on() -> None:
    schedule = Schedule((), {}, with_pulses=True)
    now_ns = ns("2026-11-25T09:59:59")
    assert kinds(schedule.due(now_ns)) == [K.MARK_PULSE]
    assert schedule.due(now_ns + SECOND_NS - 1) == []
    assert schedule.due(now_ns - SECOND_NS) == []
    later_ns = now_ns + 7_200 * SECOND_NS
    assert kinds(schedule.due(later_ns)) == [K.FUNDING_SETTLE, K.FUNDING_SAMPLE, K.MARK_PULSE]


def test_a_start_between_two_hours_settles_nothing() -> None:
    assert kinds(Schedule((), {}, with_pulses=True).due(ns("2026-11-25T10:00:00"))) == [K.MARK_PULSE]


def test_calendars_are_told_when_they_differ_from_what_the_engine_knows() -> None:
    def first(known: dict[int, State]) -> list[bytes]:
        return Schedule((HOURS,), known, with_pulses=False).due(ns("2026-11-25T08:00"))

    [told] = first({})
    command = unpack_command(told)
    assert (command["kind"], command["calendar_id"], command["is_open"]) == (K.CALENDAR_CHANGE, 3, 0)
    assert first({3: State(True, RiskSession.WEEKEND)}) == [told]
    assert first({3: State(False, RiskSession.OPEN)}) == []


def test_a_calendar_changes_before_the_pulse_of_its_second() -> None:
    schedule = Schedule((HOURS,), {}, with_pulses=True)
    assert kinds(schedule.due(ns("2026-11-25T08:59:59"))) == [K.CALENDAR_CHANGE, K.MARK_PULSE]
    assert kinds(schedule.due(ns("2026-11-25T09:00:00"))) == [K.CALENDAR_CHANGE, K.FUNDING_SETTLE, K.FUNDING_SAMPLE,
                                                              K.MARK_PULSE]  # fmt: skip
    assert kinds(schedule.due(ns("2026-11-25T09:00:01"))) == [K.MARK_PULSE]


def test_a_roll_follows_its_calendars_days() -> None:
    utc = Calendar(4, ZoneInfo("UTC"))
    schedule = Schedule((), {}, False, {7: utc}, {7: 10})
    assert schedule.due(ns("2026-11-08T23:59:59")) == []
    [command] = schedule.due(ns("2026-11-09T00:00:00"))
    assert (unpack_command(command)["instrument_id"], unpack_command(command)["weight"]) == (7, 8)
    assert schedule.due(ns("2026-11-09T00:00:01")) == []


class Sequencer:
    """Takes commands as the real one does; says when something came, so that no test waits for a time."""

    def __init__(self, room: int = 1_000) -> None:
        self.taken: list[bytes] = []
        self.answers: list[asyncio.Future[bytes]] = []
        self.came = asyncio.Event()
        self._room = room

    def submit(self, record: bytes) -> asyncio.Future[bytes]:
        self.came.set()
        if len(self.taken) >= self._room:
            raise BufferError("full")
        self.taken.append(record)
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]


def run(test: Callable[[], object]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_the_clockwork_goes_on_second_by_second() -> None:
    async def test() -> None:
        sequencer = Sequencer()
        now_ns = ns("2026-11-25T08:59:58") + SECOND_NS - 1_000_000  # a millisecond before the next second

        def clock_ns() -> int:
            nonlocal now_ns
            now_ns += 500_000
            return now_ns

        clockwork = Clockwork(Schedule((), {}, True), sequencer.submit, lambda events: [], clock_ns)
        clockwork.start()
        while len(sequencer.taken) < 2:
            sequencer.came.clear()
            await sequencer.came.wait()
        clockwork.stop()
        assert kinds(sequencer.taken) == [K.MARK_PULSE, K.MARK_PULSE]

    run(test)


def test_refusals_are_looked_at_and_a_full_queue_waits_for_the_next_second() -> None:
    async def test() -> None:
        sequencer = Sequencer(room=1)
        seen: list[bytes] = []

        def refusals(events: bytes) -> list[str]:
            seen.append(events)
            return ["CALENDAR_CHANGE is refused"]

        clockwork = Clockwork(Schedule((HOURS,), {}, True), sequencer.submit, refusals, lambda: ns("2026-11-25"))
        clockwork.start()
        clockwork.stop()
        assert kinds(sequencer.taken) == [K.CALENDAR_CHANGE]
        answer = pack_command(K.TICK)
        sequencer.answers[0].set_result(answer)
        await asyncio.sleep(0)
        assert seen == [answer]

    run(test)
