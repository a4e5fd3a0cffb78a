"""The sequencer: the only writer. Once per loop turn it stamps what has arrived, appends it to the journal, applies
it to the engine, and lets those events out that the journal says are durable.

`app` makes one; doors see its `wake` alone. Python runs once per batch here, never per command. It decides nothing
about an order: time enters as TICK commands when the engine says that one is worth sending, and a journal that runs
out of space makes it journal that the venue takes cancels only. A fault of ours (a refused batch, a failed write)
ends the process.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections import deque
from collections.abc import Callable, Iterable
from typing import NoReturn, Protocol

import structlog

from engine._turn import Gated, SequencerCounters, Turn
from engine.api import Engine
from engine.batch import CommandBatch
from engine.journal import EXIT_JOURNAL_FAILED, Journal
from engine.records import COMMAND_SIZE, EVENT_SIZE, NEVER_NS, CommandKind, VenueState, pack_command

GATE_BYTES_MAX = 64 << 20
OWN_QUEUE_MAX = 65_536
OWN_PER_TURN_MAX = 256
OWN_SPARES = 64  # commands that the venue's own leave room for: what turns the venue to cancels only, and cancels
LOW_SPREAD_NS = 60_000_000_000  # when space is low, a turn waits as long as makes the rest last for this time
TIMER_STEP_NS = 1_000_000  # timers of the loop are that coarse: round up, or it would spin
EXIT_FAULT = 70  # EX_SOFTWARE of sysexits.h

log = structlog.get_logger("sequencer")
_STAMP = struct.Struct("<Qq")
_SEQ = struct.Struct("<Q")


class ReleasedEvents(Protocol):
    """The event log, as the sequencer sees it."""

    def append(self, events: bytes) -> None:
        """Takes durable events; they can be read from now on."""

    def flush(self) -> bool:
        """Writes what was appended. Called after the sessions have been served. False: there is no room for all of
        it, so no more events than those in hand. Raises OSError."""

    @property
    def is_low(self) -> bool:
        """Space is running out."""

    def watch(self, progressed: Callable[[], None]) -> None:
        """`progressed()` is called on the loop's thread when what `flush` or `is_low` say may have changed."""


def end_process(text: str, error: BaseException) -> NoReturn:
    """Said once; nothing goes on, since state and history may differ from here."""
    exit_code = EXIT_JOURNAL_FAILED if isinstance(error, OSError) else EXIT_FAULT
    log.critical("sequencer_failed", error=text, exit_code=exit_code, exc_info=error)
    os._exit(exit_code)


class Sequencer(Turn):
    """Made on the loop's thread with a running loop; the engine stands at the journal's tail and the journal is fenced.

    clock_ns: stamps (`engine.clock.VenueClock`). release(events): durable events, whole records; it must not raise.
    room_available(): the batch was taken, doors may write again. venue_state: the engine's. next_ordinal: number of
    events before the first that this one will cause. gate_bytes_max: events that may wait to become durable;
    above it the batch is left alone. failed: called when something of ours broke; it must not return.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        batch: CommandBatch,
        *,
        clock_ns: Callable[[], int],
        release: Callable[[bytes], None],
        room_available: Callable[[], None],
        event_log: ReleasedEvents | None = None,
        venue_state: VenueState = VenueState.OPEN,
        next_ordinal: int = 0,
        gate_bytes_max: int = GATE_BYTES_MAX,
        failed: Callable[[str, BaseException], NoReturn] = end_process,
    ) -> None:
        tail = journal.tail
        if engine.seq != tail.seq:
            raise ValueError(f"the engine stands at command {engine.seq}, the journal at {tail.seq}: recover first")
        record_max = (batch.capacity + OWN_PER_TURN_MAX + 1) * COMMAND_SIZE
        if record_max > journal.commands_bytes_max:
            raise ValueError(
                f"a batch of {batch.capacity} commands takes {record_max} bytes, a journal record "
                f"{journal.commands_bytes_max}: make the batch smaller or the journal's segments larger"
            )
        self.counters = SequencerCounters()
        self.next_ordinal = next_ordinal  # of the next event, released or not
        self._engine = engine
        self._journal = journal
        self._batch = batch
        self._clock_ns = clock_ns
        self._release_events = release
        self._room_available = room_available
        self._event_log = event_log
        self._venue_state = venue_state
        self._is_rationing = venue_state is VenueState.CANCEL_ONLY
        self._gate_bytes_max = gate_bytes_max
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._stamp_ns = tail.timestamp_ns
        self._own = deque()
        self._gate = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due_ns = NEVER_NS
        self._is_state_due = False  # the first of `_own` changes the venue's state
        journal.watch(self._progressed)
        if event_log is not None:
            event_log.watch(self._progressed)
        self._watch_space()
        self.wake()

    # --------------------------------------------------------------------------------------------- what others call

    def submit(self, record: bytes) -> asyncio.Future[bytes]:
        """Adds a command of the venue itself (bootstrap, operator). The future gets its events once they are released.

        Raises BufferError when OWN_QUEUE_MAX wait already, RuntimeError after `stop`, ValueError for another length.
        """
        if self._is_stopped:
            raise RuntimeError("the sequencer has stopped")
        if len(record) != COMMAND_SIZE:
            raise ValueError(f"a command has {COMMAND_SIZE} bytes, not {len(record)}")
        if len(self._own) >= OWN_QUEUE_MAX:
            raise BufferError(f"{OWN_QUEUE_MAX} commands of the venue wait already")
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._own.append((bytearray(record), answer))
        self.wake()
        return answer

    async def execute(self, records: Iterable[bytes]) -> list[bytes]:
        """Submits any number of commands of the venue, in order; returns each one's events."""
        answers: list[asyncio.Future[bytes]] = []
        for record in records:
            while len(self._own) >= OWN_QUEUE_MAX:
                await answers[-1]
            answers.append(self.submit(record))
        return [await answer for answer in answers]

    async def stop(self) -> None:
        """Takes what has arrived, waits until all of it is durable and released, and takes no more. What a full disk
        keeps out is dropped: it was never journaled, and nobody was told of it."""
        if not self._is_stopped:
            self.wake()
            while self._has_work():
                self._idle = self._loop.create_future()
                await self._idle
            self._is_stopped = True
        for handle in (self._turn_handle, self._timer):
            if handle is not None:
                handle.cancel()
        for _, answer in self._own:
            answer.cancel()

    def _has_work(self) -> bool:
        return bool(self._gate or ((self._own or len(self._batch)) and not self._is_blocked))

    @property
    def gate_bytes(self) -> int:
        """Events that wait to become durable."""
        return self._gate_bytes

    @property
    def seq(self) -> int:
        """Last command applied."""
        return self._engine.seq

    # --------------------------------------------------------------------------------------------------- the turn

    def _take_own(self) -> None:
        """The venue's own commands, in a record of their own. They do not wait for rations. A change of the venue's
        state is the first of them and goes alone: it has to fit when nothing else does."""
        count = 1 if self._is_state_due else min(len(self._own), OWN_PER_TURN_MAX)
        if not self._has_room(count if self._is_state_due else count + OWN_SPARES):
            return
        self._is_state_due = False
        stamp_ns = self._stamp()
        taken = [self._own.popleft() for _ in range(count)]
        for seq, (record, _) in enumerate(taken, self._engine.seq + 1):
            _STAMP.pack_into(record, 0, seq, stamp_ns)
        self._put(b"".join([record for record, _ in taken]), stamp_ns, [answer for _, answer in taken])

    def _ration(self, stamp_ns: int, commands_bytes: int) -> None:
        """When space is low, the doors wait in proportion to what the last record took of it."""
        room_bytes = max(1, self._journal.room_bytes)
        self._ration_until_ns = stamp_ns + commands_bytes * LOW_SPREAD_NS // room_bytes

    def _release(self) -> None:
        """Opens the gate for what the journal says is durable, in one piece."""
        gate = self._gate
        if not gate or gate[0].seq > (durable_seq := self._journal.durable_seq):
            return
        out = []
        while gate and gate[0].seq <= durable_seq:
            out.append(gate.popleft())
        events = out[0].events if len(out) == 1 else b"".join([gated.events for gated in out])
        self._gate_bytes -= len(events)
        self._let_out(events)
        for gated in out:
            if gated.answers:
                _answer(gated)

    # --------------------------------------------------------------------------------------- what happens meanwhile

    def _progressed(self) -> None:
        """The journal's watermark has changed, or the space of the journal or the event log."""
        try:
            self._release()
            self._watch_space()
        except Exception as error:
            self._is_stopped = True
            self._failed("the release of events failed", error)
        if self._is_blocked:
            self.wake()
        if self._idle is not None:
            self._tell_idle()

    def _watch_space(self) -> None:
        """The venue takes cancels only while space is low: a journaled state, so that a replay refuses the same
        orders."""
        is_low = self._journal.is_low
        if self._event_log is not None:
            self._is_log_full = not self._event_log.flush()
            is_low = is_low or self._event_log.is_low
        wanted = VenueState.CANCEL_ONLY if is_low else VenueState.OPEN
        if wanted is self._venue_state:
            return
        self._venue_state = wanted
        self._is_rationing = is_low
        log.warning(
            "space_low" if is_low else "space_back", room_bytes=self._journal.room_bytes, venue_state=wanted.name
        )
        self._ration_until_ns = 0
        if self._is_state_due:
            self._own.popleft()
        self._is_state_due = True
        record = pack_command(CommandKind.SET_VENUE_STATE, state=wanted)
        self._own.appendleft((bytearray(record), self._loop.create_future()))
        self.wake()

    def _set_timer(self, due_ns: int) -> None:
        """A turn at that time, whatever comes before."""
        if self._timer is not None:
            self._timer.cancel()
        delay_ns = max(0, due_ns - self._clock_ns())
        self._timer_due_ns = due_ns
        self._timer = self._loop.call_later(-(-delay_ns // TIMER_STEP_NS) * TIMER_STEP_NS / 1e9, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        self._timer_due_ns = NEVER_NS
        self.wake()

    def _tell_idle(self) -> None:
        if self._idle is not None and not self._idle.done() and not self._has_work():
            self._idle.set_result(None)


def _answer(gated: Gated) -> None:
    """Gives each of the venue's own commands its events. Rare, so it may look at every record."""
    assert gated.answers is not None
    first_seq = gated.seq - len(gated.answers) + 1
    parts: list[list[bytes]] = [[] for _ in gated.answers]
    for offset in range(0, len(gated.events), EVENT_SIZE):
        [seq] = _SEQ.unpack_from(gated.events, offset)
        parts[seq - first_seq].append(gated.events[offset : offset + EVENT_SIZE])
    for answer, events in zip(gated.answers, parts, strict=True):
        if not answer.done():
            answer.set_result(b"".join(events))
