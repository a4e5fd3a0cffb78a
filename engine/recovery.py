"""From files to an engine: the newest snapshot that is whole, the tail of the journal on top, the event log settled.

`app` recovers before it serves; the command line replays to any command or time; the follower keeps replaying. All
three go through `Replayer`, so that a history means the same everywhere. Reading and hashing run in a thread of their
own while the engine applies. Nothing here appends a command.
"""

from __future__ import annotations

import hashlib
import queue
import struct
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.api import Engine, EngineInfo, EngineLimits
from engine.eventlog import EventFile, EventLogError
from engine.journal import Durability, Journal
from engine.journal_format import Chunk, JournalDamageError, JournalError
from engine.records import COMMAND_SIZE, EVENT_SIZE, VenueState
from engine.segments import SegmentFiles, read_on, reader_at
from engine.snapshot import SnapshotDamageError, SnapshotHead, SnapshotStore
from engine.snapshot_records import SECTION_HEADER, SNAP_VENUE

READ_AHEAD = 4  # chunks
PROGRESS_S = 0.25

_STAMP = struct.Struct("<8xq")  # timestamp_ns of a command

MakeEngine = Callable[[EngineLimits], Engine]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is. last_seq: where it will end, 0 when that is not known."""

    seq: int
    last_seq: int
    commands: int
    seconds: float


@dataclass(slots=True)
class Recovered:
    """What a start goes on from."""

    engine: Engine
    state: bytes  # the engine's snapshot: bootstrap and session numbers are read from it
    venue_state: VenueState
    next_ordinal: int
    snapshot_seq: int  # where the replay began, 0 = at the first command
    commands: int  # replayed
    events_repaired: int  # written to the event log
    seconds: float
    notes: list[str] = field(default_factory=list)  # what an operator should know: for the log

    @property
    def state_hash(self) -> bytes:
        return hashlib.sha256(self.state).digest()


@dataclass(frozen=True, slots=True)
class Replayed:
    """The end of a replay."""

    engine: Engine
    timestamp_ns: int  # of the last command
    state_hash: bytes
    commands: int
    events: int
    seconds: float

    @property
    def seq(self) -> int:
        return self.engine.seq


# ------------------------------------------------------------------------------------------------- reading ahead


class ReadAhead:
    """Runs an iterator of chunks in a thread, READ_AHEAD before its consumer. Use as a context manager."""

    def __init__(self, source: Iterator[Chunk]) -> None:
        self._source = source
        self._queue: queue.Queue[Chunk | BaseException | None] = queue.Queue(READ_AHEAD)
        self._is_abandoned = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)

    def __enter__(self) -> Iterator[Chunk]:
        self._thread.start()
        return self._consume()

    def __exit__(self, *_: object) -> None:
        self._is_abandoned.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.01)
            except queue.Empty:
                self._thread.join(0.01)

    def _run(self) -> None:
        try:
            for chunk in self._source:
                if self._is_abandoned.is_set():
                    return
                self._queue.put(chunk)
            self._queue.put(None)
        except BaseException as error:
            self._queue.put(error)

    def _consume(self) -> Iterator[Chunk]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item


# ------------------------------------------------------------------------------------------------------ replaying


class Replayer:
    """Applies a history to an engine. The limits that an epoch declares give the results of its commands, so an epoch
    with other ones moves the state into an engine of its own: snapshots are canonical."""

    def __init__(self, make_engine: MakeEngine) -> None:
        self.commands = 0
        self.next_ordinal = 0  # of the next event that is caused
        self._make_engine = make_engine
        self._engine: Engine | None = None
        self._declared: EngineInfo | None = None

    @property
    def engine(self) -> Engine:
        assert self._engine is not None, "nothing has been replayed yet"
        return self._engine

    @property
    def has_engine(self) -> bool:
        return self._engine is not None

    def begin(self, head: SnapshotHead, state: bytes) -> None:
        """Goes on from a snapshot. Raises JournalError when the engine refuses it, or does not give it back equal."""
        self._engine = self._make_engine(head.engine.limits)
        self._declared = head.engine
        self.next_ordinal = head.next_ordinal
        self._restore(state, f"{head.path}")
        if self._engine.state_hash() != head.state_hash:
            raise JournalError(f"{head.path}: the engine restored another state than was written: its hash differs")

    def take(self, chunk: Chunk) -> bytes:
        """Applies a chunk; returns the events."""
        events = self._apply(chunk) if chunk.commands else b""
        if chunk.writer is not None:
            self.move_to(chunk.writer.engine.limits)
            self._declared = chunk.writer.engine
        return events

    def _apply(self, chunk: Chunk) -> bytes:
        self._check_version(chunk)
        try:
            events = self.engine.apply(chunk.commands)
        except ValueError as error:
            raise JournalError(f"the engine refuses the journal's commands up to {chunk.chain.seq}: {error}") from None
        self.commands += len(chunk.commands) // COMMAND_SIZE
        self.next_ordinal += len(events) // EVENT_SIZE
        return events

    def move_to(self, limits: EngineLimits) -> None:
        """The state in an engine with these limits. Raises JournalError when it does not fit."""
        if self._engine is not None and self._engine.info.limits == limits:
            return
        old = self._engine
        self._engine = self._make_engine(limits)
        if old is not None and old.seq:
            self._restore(old.snapshot(), "the state, which has to fit the limits of its new engine,")

    def _restore(self, state: bytes, what: str) -> None:
        try:
            self.engine.restore(state)
        except ValueError as error:
            raise JournalError(f"{what} is refused by the engine: {error}") from None

    def _check_version(self, chunk: Chunk) -> None:
        ours, declared = self.engine.info, self._declared
        if declared is not None and declared.version != ours.version:
            raise JournalError(
                f"commands up to {chunk.chain.seq} were decided by version {declared.version} of the rules, this "
                f"engine has {ours.version}: start the perpgate that wrote them once and stop it in an orderly way; "
                "its last snapshot carries the state over"
            )


def venue_state_of(state: bytes) -> VenueState:
    """The venue's state in a snapshot's first row."""
    return VenueState(SNAP_VENUE.unpack(state, SECTION_HEADER.size)["state"])


# -------------------------------------------------------------------------------------------------------- recovery


def recover(
    journal: Journal,
    snapshots: SnapshotStore,
    event_log: EventFile | None,
    make_engine: MakeEngine,
    limits: EngineLimits,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> Recovered:
    """The engine at the journal's tail, with these limits. Blocks; run it in a thread.

    journal: opened and not fenced. event_log: opened; afterwards it holds every event up to the tail, and none beyond.
    Raises JournalError, OSError: then the venue must not start.
    """
    return _Recovery(journal, snapshots, event_log, make_engine, limits, progress).run()


class _Recovery:
    def __init__(
        self,
        journal: Journal,
        snapshots: SnapshotStore,
        event_log: EventFile | None,
        make_engine: MakeEngine,
        limits: EngineLimits,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._journal = journal
        self._snapshots = snapshots
        self._event_log = event_log
        self._limits = limits
        self._report = progress
        self._tail = journal.tail
        self._notes: list[str] = []
        self._replayer = Replayer(make_engine)
        self._repaired = 0
        self._began_s = time.monotonic()

    def run(self) -> Recovered:
        base = self._begin()
        position = base.tail.position if base else 0
        if self._event_log is not None and not self._reaches_log():
            self._notes.append(
                f"the event log begins anew at event {self._replayer.next_ordinal}: nothing older can be rebuilt from "
                "the journal, replays to sessions reach back that far"
            )
            self._event_log.cut(self._replayer.next_ordinal)
        with ReadAhead(self._checked(self._journal.read(position + 1), base)) as source:
            self._replay(source)
        self._replayer.move_to(self._limits)
        self._cut_log()
        engine = self._replayer.engine
        if engine.seq != self._tail.seq:
            raise JournalDamageError(f"the journal's commands end at {engine.seq}, its last record at {self._tail.seq}")
        state = engine.snapshot()
        return Recovered(
            engine, state, venue_state_of(state), self._replayer.next_ordinal, base.tail.seq if base else 0,
            self._replayer.commands, self._repaired, time.monotonic() - self._began_s, self._notes,
        )  # fmt: skip

    def _begin(self) -> SnapshotHead | None:
        """Restores the newest snapshot from which the event log can be made whole; None: begins at the first command.
        When neither can make it whole, the oldest snapshot gives the most of it."""
        self._snapshots.clean()
        heads = []
        for head in self._snapshots.heads():
            if head.tail.position > self._tail.position:
                self._refuse_ahead(head)
            else:
                heads.append(head)
        log = self._event_log
        if log is not None and log.lacks_beginning and self._holds(1):
            self._notes.append(f"{log.directory} lacks what came before event {log.first_ordinal}: it is built anew")
            log.cut(0)
        whole = [head for head in heads if log is None or head.next_ordinal <= log.next_ordinal]
        base = self._restore_first(whole)
        if base is None and not self._holds(1):
            base = self._restore_first([head for head in reversed(heads) if self._holds(head.tail.position + 1)])
        self._notes += self._snapshots.rejected
        return base

    def _restore_first(self, heads: Iterable[SnapshotHead]) -> SnapshotHead | None:
        for head in heads:
            try:
                state = self._snapshots.read_state(head)
            except SnapshotDamageError as error:
                self._snapshots.rejected.append(str(error))
                continue
            self._replayer.begin(head, state)
            return head
        return None

    def _holds(self, position: int) -> bool:
        """The journal still has this record, or ends before it."""
        try:
            next(self._journal.read(position), None)
        except JournalDamageError:
            raise
        except JournalError:
            return False
        return True

    def _reaches_log(self) -> bool:
        assert self._event_log is not None
        return self._replayer.next_ordinal <= self._event_log.next_ordinal

    def _refuse_ahead(self, head: SnapshotHead) -> None:
        """A snapshot of commands that the journal does not have: they were durable once."""
        text = f"{head.path} is of command {head.tail.seq}, the journal ends at {self._tail.seq}"
        if self._was_synced():
            raise JournalDamageError(f"{text}: commands that were durable are missing")
        aside = self._snapshots.set_aside(head, "ahead")
        self._notes.append(f"{text}, whose last writer did not wait for the disk; set aside as {aside.name}")

    def _was_synced(self) -> bool:
        writer = self._tail.writer
        return writer is None or writer.durability == Durability.FSYNC

    def _checked(self, source: Iterator[Chunk], base: SnapshotHead | None) -> Iterator[Chunk]:
        """The first record has to follow the snapshot's last one: both are of one history."""
        previous = base.tail.digest if base else None
        for chunk in source:
            if previous is not None and chunk.previous != previous:
                raise _foreign(base)
            previous = None
            yield chunk
        if previous is not None and previous != self._tail.digest:
            raise _foreign(base)

    def _replay(self, source: Iterator[Chunk]) -> None:
        told_s = 0.0
        for chunk in source:
            ordinal = self._replayer.next_ordinal
            events = self._replayer.take(chunk)
            if self._event_log is not None and events:
                try:
                    self._repaired += self._event_log.settle(ordinal, events)
                except EventLogError as error:
                    raise JournalError(str(error)) from None
            now_s = time.monotonic()
            if self._report is not None and now_s - told_s >= PROGRESS_S:
                told_s = now_s
                self._report(Progress(chunk.chain.seq, self._tail.seq, self._replayer.commands, now_s - self._began_s))

    def _cut_log(self) -> None:
        """Events of commands that the journal does not have were told by a writer that did not wait for the disk."""
        log, next_ordinal = self._event_log, self._replayer.next_ordinal
        if log is None or log.next_ordinal <= next_ordinal:
            return
        text = (
            f"the event log holds {log.next_ordinal - next_ordinal} events of commands that the journal does not have"
        )
        if self._was_synced():
            raise JournalDamageError(f"{log.directory}: {text}: commands that were durable are missing")
        log.cut(next_ordinal)
        self._notes.append(
            f"{text}: its last writer did not wait for the disk; they are cut, participants were told of them"
        )


def _foreign(base: SnapshotHead | None) -> JournalError:
    path = base.path if base is not None else "a snapshot"
    return JournalError(f"{path} belongs to another history than the journal: move it elsewhere")


# ---------------------------------------------------------------------------------------------------------- replay


def replay(
    journal_directory: Path,
    make_engine: MakeEngine,
    *,
    until_seq: int | None = None,
    until_ns: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Replayed:
    """Applies the history from its first command up to `until_seq`, or to the last command stamped at or before
    `until_ns`; reads only, also beside a live venue. Raises JournalError, also when the history is shorter than
    asked."""
    files = SegmentFiles(journal_directory)
    reader = reader_at(files, 1)
    replayer = Replayer(make_engine)
    began_s = time.monotonic()
    told_s = 0.0
    timestamp_ns = 0
    try:
        with ReadAhead(_until(read_on(files, reader, reader.chunks), until_seq, until_ns)) as source:
            for chunk in source:
                replayer.take(chunk)
                if chunk.commands:
                    [timestamp_ns] = _STAMP.unpack_from(chunk.commands, len(chunk.commands) - COMMAND_SIZE)
                now_s = time.monotonic()
                if progress is not None and now_s - told_s >= PROGRESS_S:
                    told_s = now_s
                    progress(Progress(replayer.engine.seq, until_seq or 0, replayer.commands, now_s - began_s))
    finally:
        reader.close()
    if not replayer.has_engine:
        raise JournalError(f"{journal_directory} holds no history")
    engine = replayer.engine
    if until_seq is not None and engine.seq < until_seq:
        raise JournalError(f"{journal_directory} ends at command {engine.seq}, command {until_seq} was asked for")
    seconds = time.monotonic() - began_s
    return Replayed(engine, timestamp_ns, engine.state_hash(), replayer.commands, replayer.next_ordinal, seconds)


@dataclass(frozen=True, slots=True)
class Moment:
    """A state, and the command that comes next in the history; empty at the end of it."""

    engine: Engine
    command: bytes


def moment(
    journal_directory: Path,
    make_engine: MakeEngine,
    snapshots: SnapshotStore,
    *,
    before_seq: int | None = None,
    until_ns: int | None = None,
) -> Moment:
    """The state before command `before_seq`, or after the last command stamped at or before `until_ns`, or at the end,
    from the newest snapshot before that. Reads only, also beside a live venue.

    Raises JournalError, also when the history does not have command `before_seq`.
    """
    files, replayer = SegmentFiles(journal_directory), Replayer(make_engine)
    base = _snapshot_before(snapshots, replayer, before_seq, until_ns)
    position = base.tail.position if base is not None else 0
    reader = reader_at(files, position + 1)
    command = b""
    try:
        if position:
            for _ in reader.chunks(position):
                pass
        for chunk in read_on(files, reader, reader.chunks):
            first_seq = chunk.chain.seq - len(chunk.commands) // COMMAND_SIZE + 1
            wanted = _wanted(chunk, first_seq, before_seq, until_ns)
            at = wanted * COMMAND_SIZE
            if at < len(chunk.commands):
                replayer.take(replace(chunk, commands=chunk.commands[:at], writer=None))
                command = chunk.commands[at : at + COMMAND_SIZE]
                break
            replayer.take(chunk)
    finally:
        reader.close()
    if not replayer.has_engine:
        raise JournalError(f"{journal_directory} holds no history")
    if before_seq is not None and not command:
        raise JournalError(f"{journal_directory} ends at command {replayer.engine.seq}, {before_seq} was asked for")
    return Moment(replayer.engine, command)


def _snapshot_before(
    snapshots: SnapshotStore, replayer: Replayer, before_seq: int | None, until_ns: int | None
) -> SnapshotHead | None:
    for head in snapshots.heads():
        if (before_seq is not None and head.tail.seq >= before_seq) or (
            until_ns is not None and head.tail.timestamp_ns > until_ns
        ):
            continue
        try:
            state = snapshots.read_state(head)
        except SnapshotDamageError:
            continue  # the venue reports it at its next start
        replayer.begin(head, state)
        return head
    return None


def _wanted(chunk: Chunk, first_seq: int, before_seq: int | None, until_ns: int | None) -> int:
    """How many of its commands come before the moment."""
    total = len(chunk.commands) // COMMAND_SIZE
    if before_seq is not None:
        return max(0, min(total, before_seq - first_seq))
    return bisect_right(_Stamps(chunk.commands), until_ns) if until_ns is not None else total


def _until(source: Iterator[Chunk], until_seq: int | None, until_ns: int | None) -> Iterator[Chunk]:
    """Ends with the last command that is asked for. The epochs before it are what it needs, so the first is always
    given."""
    for chunk in source:
        total = len(chunk.commands) // COMMAND_SIZE
        wanted = total
        if until_seq is not None:
            wanted = min(wanted, until_seq - (chunk.chain.seq - total))
        if until_ns is not None:
            wanted = min(wanted, bisect_right(_Stamps(chunk.commands), until_ns))
        if wanted < total:
            yield replace(chunk, commands=chunk.commands[: wanted * COMMAND_SIZE], writer=None)
            return
        if total and until_seq is not None and chunk.chain.seq == until_seq:
            yield replace(chunk, writer=None)  # whoever took over then has decided nothing that is asked for
            return
        yield chunk


class _Stamps(Sequence[int]):
    """The stamps of commands, without a list of them."""

    def __init__(self, commands: bytes) -> None:
        self._commands = commands

    def __len__(self) -> int:
        return len(self._commands) // COMMAND_SIZE

    def __getitem__(self, index: Any) -> Any:
        return _STAMP.unpack_from(self._commands, index * COMMAND_SIZE)[0]
