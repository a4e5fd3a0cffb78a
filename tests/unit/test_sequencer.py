"""The sequencer: one turn per loop turn, stamps, ticks, the gate, back pressure, and what it does when space is low."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from engine import sequencer as module
from engine.batch import CommandBatch
from engine.records import COMMAND_SIZE, EVENT_SIZE, NEVER_NS, CommandKind, VenueState, unpack_command
from engine.sequencer import OWN_SPARES, Sequencer
from tests.engine_room import Failed, fail, run, set_firm
from tests.memory_journal import EchoEngine, MemoryJournal, commands_of, seqs_of

MS = 1_000_000
FIRM = CommandKind.SET_FIRM
TICK = CommandKind.TICK


class Log:
    """An event log that notes the order of things."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes
        self.events = b""
        self.has_room = True
        self.is_low = False

    def append(self, events: bytes) -> None:
        self.notes.append("logged")
        self.events += events

    def flush(self) -> bool:
        if self.events:
            self.notes.append("written")
        return self.has_room

    def watch(self, progressed: Callable[[], None]) -> None:
        self.progressed = progressed


class Bench:
    """A sequencer whose journal, engine, clock and doors are the test's."""

    def __init__(self, capacity: int = 64, **options: Any) -> None:
        self.journal, self.engine, self.batch = MemoryJournal(), EchoEngine(), CommandBatch(capacity)
        self.now_ns = 1_000
        self.notes: list[str] = []
        self.log = Log(self.notes)
        self.released: list[bytes] = []
        self.rooms = 0
        self.sequencer = Sequencer(
            self.engine, self.journal, self.batch, clock_ns=lambda: self.now_ns, release=self.release,
            room_available=self.room, event_log=self.log, **{"failed": fail, **options},
        )  # fmt: skip

    def release(self, events: bytes) -> None:
        self.notes.append("routed")
        self.released.append(events)

    def room(self) -> None:
        self.rooms += 1

    def arrive(self, *firms: int) -> None:
        """Commands of doors, with msg_seq_in = firm, so that they can be told apart."""
        for firm in firms:
            record = bytearray(set_firm(firm))
            record[24:32] = firm.to_bytes(8, "little")
            self.batch.append(bytes(record))
        self.sequencer.wake()

    async def turn(self, count: int = 1) -> None:
        """As many turns of the loop, everything that they schedule for the next one included."""
        for _ in range(count + 1):
            await asyncio.sleep(0)

    @property
    def released_seqs(self) -> list[int]:
        return seqs_of(b"".join(self.released))


def on_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """A test that runs on a loop."""

    def wrapped() -> None:
        run(asyncio.wait_for(test(), 20))

    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


# ------------------------------------------------------------------------------------------------------ the turn


@on_loop
async def test_a_turn_takes_everything_that_arrived() -> None:
    bench = Bench()
    bench.arrive(1)
    bench.arrive(2, 3)
    bench.arrive(4)
    await bench.turn()
    assert [commands_of(batch) for batch, _ in bench.journal.batches] == [
        [(seq, 1_000, FIRM, 0, 0, seq) for seq in (1, 2, 3, 4)]
    ]
    assert bench.engine.applied == [bench.journal.commands]
    assert bench.rooms == 1
    assert bench.sequencer.seq == 4
    assert bench.sequencer.counters.turns == 1
    bench.arrive(5)
    await bench.turn()
    assert [stamp for _, stamp in bench.journal.batches] == [1_000, 1_000]
    assert bench.rooms == 2


@on_loop
async def test_nothing_arrived_nothing_is_written() -> None:
    bench = Bench()
    for _ in range(3):
        bench.sequencer.wake()
        await bench.turn()
    assert bench.journal.batches == []
    assert bench.rooms == 0


@on_loop
async def test_stamps_never_go_back() -> None:
    bench = Bench()
    stamps = []
    for now_ns in (1_000, 5_000, 3_000, 0, 5_001):
        bench.now_ns = now_ns
        bench.arrive(1)
        await bench.turn()
        stamps.append(bench.journal.batches[-1][1])
    assert stamps == [1_000, 5_000, 5_000, 5_000, 5_001]


@on_loop
async def test_stamps_go_on_from_the_journals_last() -> None:
    bench = Bench()
    journal, batch = MemoryJournal(seq=7, timestamp_ns=9_000), CommandBatch(8)
    sequencer = Sequencer(
        EchoEngine(seq=7), journal, batch, clock_ns=lambda: 50, release=bench.release,
        room_available=bench.room, failed=fail,
    )  # fmt: skip
    batch.append(set_firm(1))
    sequencer.wake()
    await bench.turn()
    assert commands_of(journal.commands) == [(8, 9_000, FIRM, 0, 0, 0)]


# ----------------------------------------------------------------------------------------------------------- ticks


@on_loop
async def test_what_is_due_comes_before_what_arrived() -> None:
    bench = Bench()
    bench.engine.due_ns = 2_000
    bench.arrive(1)
    await bench.turn()
    assert bench.journal.kinds == [FIRM], "not due yet"
    bench.now_ns = 2_000
    bench.arrive(2)
    await bench.turn()
    assert bench.journal.kinds == [FIRM, TICK, FIRM]
    assert len(bench.journal.batches) == 2, "in one record"
    assert bench.sequencer.counters.ticks >= 1
    bench.engine.due_ns = NEVER_NS


@on_loop
async def test_a_timer_brings_the_tick() -> None:
    bench = Bench()
    loop = asyncio.get_running_loop()
    began_s = loop.time()

    def clock() -> int:
        return 1_000 + int((loop.time() - began_s) * 1e9)

    bench.sequencer._clock_ns = clock
    bench.engine.due_ns = clock() + 30 * MS
    due_ns = bench.engine.due_ns
    bench.sequencer.wake()
    await bench.turn()
    bench.engine.due_ns = due_ns - 15 * MS  # an earlier one takes the timer over
    bench.sequencer.wake()
    while not bench.journal.batches:
        await asyncio.sleep(0.001)
    assert set(bench.journal.kinds) == {TICK}
    assert due_ns - 15 * MS <= bench.journal.batches[0][1]
    bench.engine.due_ns = NEVER_NS


@on_loop
async def test_work_is_carried_on_without_starving_anybody() -> None:
    """Each turn a TICK, and between two of them whatever else the loop has to do."""
    bench = Bench()
    bench.engine.due_ns = 0
    bench.sequencer.wake()
    others = 0
    while bench.sequencer.counters.ticks < 50:
        await asyncio.sleep(0)
        others += 1
    assert others >= 50
    assert set(bench.journal.kinds) == {TICK}
    bench.engine.due_ns = NEVER_NS
    await bench.turn()
    ticks = bench.sequencer.counters.ticks
    await bench.turn(10)
    assert bench.sequencer.counters.ticks == ticks


# ------------------------------------------------------------------------------------------------------- the gate


@on_loop
async def test_nothing_is_told_before_it_is_durable() -> None:
    bench = Bench()
    for firm in range(1, 5):
        bench.arrive(firm)
        await bench.turn()
    assert bench.engine.seq == 4, "applied at once"
    assert bench.released == []
    assert bench.sequencer.gate_bytes == 4 * EVENT_SIZE
    bench.journal.settle(2)
    assert bench.released_seqs == [1, 2]
    assert len(bench.released) == 1, "in one piece"
    bench.journal.settle(2)
    assert bench.released_seqs == [1, 2], "once"
    bench.journal.settle()
    assert bench.released_seqs == [1, 2, 3, 4]
    assert bench.sequencer.gate_bytes == 0
    assert bench.log.events == b"".join(bench.released)


@on_loop
async def test_a_batch_is_let_out_when_its_last_command_is_durable() -> None:
    bench = Bench()
    bench.arrive(1, 2, 3)
    await bench.turn()
    bench.journal.settle(2)
    assert bench.released == []
    bench.journal.settle(3)
    assert bench.released_seqs == [1, 2, 3]


@on_loop
async def test_a_journal_that_is_durable_at_once_is_told_in_the_same_turn() -> None:
    bench = Bench()
    bench.journal.durable_seq = 10**9
    bench.arrive(1, 2)
    await bench.turn()
    assert bench.released_seqs == [1, 2]
    assert bench.notes == ["logged", "routed", "written"]
    assert bench.rooms == 1


@on_loop
async def test_commands_without_events_pass_the_gate_silently() -> None:
    bench = Bench()
    bench.engine.due_ns = 500
    bench.sequencer.wake()
    await bench.turn()
    bench.engine.due_ns = NEVER_NS
    await bench.turn()
    bench.journal.settle()
    assert bench.released == []
    assert bench.notes == []
    await bench.sequencer.stop()


# -------------------------------------------------------------------------------------------------- back pressure


@on_loop
async def test_a_full_gate_leaves_the_batch_alone() -> None:
    bench = Bench(gate_bytes_max=3 * EVENT_SIZE)
    bench.arrive(1, 2, 3)
    await bench.turn()
    bench.arrive(4)
    await bench.turn(5)
    assert len(bench.batch) == 1
    assert (bench.engine.seq, bench.rooms) == (3, 1)
    assert bench.sequencer.counters.waits_for_gate >= 1
    bench.journal.settle()
    await bench.turn()
    assert (bench.engine.seq, bench.rooms, len(bench.batch)) == (4, 2, 0)


@on_loop
async def test_a_full_gate_holds_ticks_back_too_and_does_not_spin() -> None:
    bench = Bench(gate_bytes_max=1)
    bench.engine.due_ns = 0
    bench.arrive(1)
    await bench.turn()
    seq = bench.engine.seq
    waits = bench.sequencer.counters.waits_for_gate
    await bench.turn(20)
    assert bench.engine.seq == seq
    assert bench.sequencer.counters.waits_for_gate <= waits + 1
    bench.journal.settle()
    await bench.turn(3)
    assert bench.engine.seq > seq
    bench.engine.due_ns = NEVER_NS


@pytest.mark.parametrize("what", ["journal", "event log"])
def test_no_room_leaves_the_batch_alone(what: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        if what == "journal":
            bench.journal.room_bytes = 2 * COMMAND_SIZE - 1
        else:
            bench.log.has_room = False
            bench.log.progressed()
        bench.arrive(1, 2)
        await bench.turn(5)
        assert (bench.engine.seq, len(bench.batch), bench.rooms) == (0, 2, 0)
        bench.journal.room_bytes, bench.log.has_room = 1 << 30, True
        if what == "journal":
            bench.journal.tell()
        else:
            bench.log.progressed()
        await bench.turn()
        assert (bench.engine.seq, bench.rooms) == (2, 1)

    run(scenario())


# -------------------------------------------------------------------------------------- the venue's own commands


@on_loop
async def test_the_venues_own_commands_are_answered_when_they_are_durable() -> None:
    bench = Bench()
    bench.arrive(9)
    answers = [bench.sequencer.submit(set_firm(n)) for n in (1, 2, 3)]
    await bench.turn()
    assert [len(batch) // COMMAND_SIZE for batch, _ in bench.journal.batches] == [3, 1]
    assert not any(answer.done() for answer in answers)
    bench.journal.settle()
    assert [seqs_of(await answer) for answer in answers] == [[1], [2], [3]]
    assert bench.released_seqs == [1, 2, 3, 4]
    assert commands_of(bench.journal.commands)[3][5] == 9, "the doors' commands come after"


@on_loop
async def test_any_number_of_own_commands_goes_through() -> None:
    bench = Bench()
    bench.journal.durable_seq = 10**9
    count = 3 * module.OWN_PER_TURN_MAX + 5
    answers = await bench.sequencer.execute(set_firm(1 + n % 8) for n in range(count))
    assert [seqs_of(answer) for answer in answers] == [[n] for n in range(1, count + 1)]
    assert len(bench.journal.batches) == 4


@on_loop
async def test_own_commands_have_a_limit() -> None:
    bench = Bench()
    bench.journal.room_bytes = 0
    for _ in range(module.OWN_QUEUE_MAX):
        bench.sequencer.submit(set_firm(1))
    with pytest.raises(BufferError, match="wait already"):
        bench.sequencer.submit(set_firm(1))
    with pytest.raises(ValueError, match="a command has 192 bytes"):
        bench.sequencer.submit(b"x")


# --------------------------------------------------------------------------------------------------- space is low


def venue_states(bench: Bench) -> list[VenueState]:
    data = bench.journal.commands
    found = [unpack_command(data, at) for at in range(0, len(data), COMMAND_SIZE)]
    return [VenueState(c["state"]) for c in found if c["kind"] is CommandKind.SET_VENUE_STATE]


@pytest.mark.parametrize("what", ["journal", "event log"])
def test_low_space_is_a_state_in_the_journal(what: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.journal.durable_seq = 10**9
        low = bench.journal if what == "journal" else bench.log
        low.is_low = True
        bench.journal.tell()
        await bench.turn(2)
        assert venue_states(bench) == [VenueState.CANCEL_ONLY]
        await bench.turn(5)
        assert venue_states(bench) == [VenueState.CANCEL_ONLY], "said once"
        low.is_low = False
        bench.journal.tell()
        await bench.turn(2)
        assert venue_states(bench) == [VenueState.CANCEL_ONLY, VenueState.OPEN]
        assert seqs_of(bench.log.events) == [1, 2]

    run(scenario())


@on_loop
async def test_a_state_that_a_crash_left_is_put_right() -> None:
    bench = Bench(venue_state=VenueState.CANCEL_ONLY)
    await bench.turn(2)
    assert venue_states(bench) == [VenueState.OPEN]


@on_loop
async def test_low_space_is_made_to_last() -> None:
    """Commands that come as fast as they can use a share of what is left, not all of it; nobody is shut out."""
    bench = Bench()
    bench.journal.durable_seq = 10**9
    bench.journal.is_low = True
    bench.journal.room_bytes = begin = 60_000 * COMMAND_SIZE
    bench.journal.tell()
    await bench.turn(2)
    for _ in range(2_000):  # two seconds of one-millisecond turns
        bench.now_ns += MS
        if not bench.batch.is_full:
            bench.arrive(*[1] * (bench.batch.capacity - len(bench.batch)))
        bench.sequencer.wake()
        await bench.turn()
    used = begin - bench.journal.room_bytes
    assert 0.02 < used / begin < 0.05, "about two sixtieths"
    assert bench.sequencer.counters.waits_for_ration > 100
    bench.journal.is_low = False
    bench.journal.tell()
    await bench.turn(3)
    assert len(bench.batch) == 0, "no ration any more"


@on_loop
async def test_the_venue_takes_cancels_only_however_full_it_is() -> None:
    """What says so goes first, and the venue's own commands leave room for it."""
    bench = Bench()
    bench.journal.durable_seq = 10**9
    bench.journal.room_bytes = (50 + OWN_SPARES) * COMMAND_SIZE - 1
    answers = [bench.sequencer.submit(set_firm(1)) for _ in range(50)]
    await bench.turn(3)
    assert bench.journal.batches == []
    bench.journal.is_low = True
    bench.journal.tell()
    await bench.turn(3)
    assert bench.journal.kinds == [CommandKind.SET_VENUE_STATE]
    assert not any(answer.done() for answer in answers)
    bench.journal.is_low = False
    bench.journal.room_bytes = 10**6
    bench.journal.tell()
    await bench.turn(3)
    assert bench.journal.kinds == [CommandKind.SET_VENUE_STATE] * 2 + [FIRM] * 50


# ------------------------------------------------------------------------------------------------- stop and failure


@on_loop
async def test_stopping_waits_until_everything_is_told() -> None:
    bench = Bench()
    bench.arrive(1, 2)
    own = bench.sequencer.submit(set_firm(3))
    stopping = asyncio.ensure_future(bench.sequencer.stop())
    await bench.turn(5)
    assert not stopping.done()
    bench.journal.settle()
    await stopping
    assert bench.released_seqs == [1, 2, 3]
    assert seqs_of(await own) == [1]
    bench.arrive(4)
    await bench.turn(3)
    assert bench.engine.seq == 3, "nothing is taken any more"
    with pytest.raises(RuntimeError, match="stopped"):
        bench.sequencer.submit(set_firm(1))
    await bench.sequencer.stop()


@on_loop
async def test_stopping_does_not_wait_for_space() -> None:
    bench = Bench()
    bench.arrive(1)
    await bench.turn()
    bench.journal.room_bytes = 0
    bench.arrive(2)
    own = bench.sequencer.submit(set_firm(3))
    bench.journal.settle()
    await bench.sequencer.stop()
    assert bench.released_seqs == [1]
    assert own.cancelled()


@on_loop
async def test_a_fault_of_the_engine_stops_everything() -> None:
    said: list[tuple[str, BaseException]] = []

    def failed(text: str, error: BaseException) -> None:
        said.append((text, error))
        raise Failed(text)

    bench = Bench(failed=failed)
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    bench.arrive(1)
    await bench.turn()
    bench.engine.refuses = True
    bench.arrive(2)
    await bench.turn()
    assert [text for text, _ in said] == ["the turn of the sequencer failed"]
    assert isinstance(said[0][1], ValueError)
    assert len(reported) == 1
    bench.arrive(3)
    await bench.turn(3)
    assert len(bench.journal.batches) == 2
    assert bench.released == []


@on_loop
async def test_a_release_that_fails_stops_everything() -> None:
    bench = Bench()
    bench.arrive(1)
    await bench.turn()
    bench.sequencer._release_events = lambda _: 1 / 0  # type: ignore[assignment]
    with pytest.raises(Failed, match="the release of events failed"):
        bench.journal.settle()
    bench.arrive(2)
    await bench.turn(3)
    assert bench.engine.seq == 1


@on_loop
async def test_pieces_that_do_not_fit_are_refused() -> None:
    def make(engine: EchoEngine, journal: MemoryJournal, capacity: int) -> None:
        Sequencer(
            engine, journal, CommandBatch(capacity), clock_ns=lambda: 1, release=lambda _: None,
            room_available=lambda: None, failed=fail,
        )  # fmt: skip

    with pytest.raises(ValueError, match="the engine stands at command 3, the journal at 0: recover first"):
        make(EchoEngine(seq=3), MemoryJournal(), 8)
    with pytest.raises(ValueError, match="make the batch smaller or the journal's segments larger"):
        make(EchoEngine(), MemoryJournal(), 10_000)


@on_loop
async def test_ordinals_count_every_event() -> None:
    bench = Bench(next_ordinal=100)
    bench.arrive(1, 2, 3)
    await bench.turn()
    assert bench.sequencer.next_ordinal == 103
    assert (bench.sequencer.counters.commands, bench.sequencer.counters.events) == (3, 3)
    assert bench.sequencer.counters.released_events == 0
    bench.journal.settle()
    assert bench.sequencer.counters.released_events == 3
