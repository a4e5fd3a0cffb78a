"""Journals, event logs and a whole engine room in a directory, for the tests of each of them.

What a crash leaves behind is tried on copies: the files of a running process, copied, are what the page cache would
keep.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from engine.api import Engine, EngineLimits
from engine.batch import CommandBatch
from engine.clock import VenueClock
from engine.eventlog import EventFile
from engine.journal import Durability, FileJournal, Tail
from engine.journal_format import PAGE_SIZE, Record, RecordKind
from engine.records import COMMAND_SIZE, EVENT_SIZE, CommandKind, PartyStatus, pack_command
from engine.recovery import Recovered, recover
from engine.segments import End, EndSearch, SegmentFiles, read_on, read_segment, reader_at
from engine.sequencer import Sequencer
from engine.snapshot import SnapshotStore
from tests.engines import SMALL, new_engine

T = TypeVar("T")
INFO = new_engine("reference", SMALL).info
SEGMENT_BYTES = 64 << 10
ROOM_SEGMENT_BYTES = 128 << 10
SEGMENT_EVENTS = 1_024


def set_firm(firm_id: int, name: str = "FIRM") -> bytes:
    """A small command with one event, that any engine takes at any time."""
    return pack_command(CommandKind.SET_FIRM, party_id=firm_id, status=int(PartyStatus.ACTIVE), name=name)


def numbered(records: Iterable[bytes], first_seq: int, timestamp_ns: int) -> bytes:
    """Records as the sequencer would stamp them."""
    out = bytearray()
    for seq, record in enumerate(records, first_seq):
        out += seq.to_bytes(8, "little") + timestamp_ns.to_bytes(8, "little") + record[16:]
    return bytes(out)


class Failed(Exception):
    """What `failed` callbacks raise in tests instead of ending the process."""


def fail(text: str, *_: object) -> NoReturn:
    raise Failed(text)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


# --------------------------------------------------------------------------------------------------- journals


def file_journal(directory: Path, durability: Durability = Durability.FSYNC, **options: Any) -> FileJournal:
    """A journal with small segments, the failure of which is an exception."""
    return FileJournal(
        directory, **{"durability": durability, "segment_bytes": SEGMENT_BYTES, "failed": fail, **options}
    )


class Filler:
    """Appends batches to an open journal; their commands are numbered on from its tail."""

    def __init__(self, journal: FileJournal) -> None:
        self.journal = journal
        self.now_ns = max(1_000, journal.tail.timestamp_ns)

    async def append(self, commands: int = 1) -> None:
        """One record, durable when it returns."""
        seq = self.journal.tail.seq + 1
        body = numbered([set_firm(1 + (seq + i) % SMALL.firms_max) for i in range(commands)], seq, self.now_ns)
        while not self.journal.has_room(len(body)):
            await asyncio.sleep(0)
        self.journal.append(body, self.now_ns)
        self.now_ns += 10
        self.journal.sync()


async def write_journal(directory: Path, batches: Iterable[int], durability: Durability, **options: Any) -> Tail:
    """Opens, fences, appends batches of so many commands one after the other, and closes; returns the tail before
    that."""
    journal = file_journal(directory, durability, **options)
    await journal.open()
    await journal.fence("test", INFO)
    filler = Filler(journal)
    for commands in batches:
        await filler.append(commands)
    tail = journal.tail
    await journal.close()
    return tail


def records_of(directory: Path) -> list[Record]:
    """Every record. Raises what reading raises."""
    files = SegmentFiles(directory)
    reader = reader_at(files, 1)
    try:
        return list(read_on(files, reader, reader.records))
    finally:
        reader.close()


def reopened(directory: Path, durability: Durability = Durability.FSYNC) -> Tail:
    """Opens and closes without writing; returns what was found. Raises what opening raises."""

    async def reopen() -> Tail:
        journal = file_journal(directory, durability)
        tail = await journal.open()
        await journal.close()
        return tail

    return run(reopen())


def end_of(directory: Path) -> End:
    """What opening would find; nothing is cut. Raises JournalDamageError."""
    files = SegmentFiles(directory)
    return EndSearch(files, files.scan()).find()


def place_of(directory: Path, position: int) -> tuple[Path, int, int]:
    """(file, offset, length) of a record."""
    for segment in SegmentFiles(directory).scan():
        with segment.path.open("rb") as file:
            for offset, record in read_segment(file.fileno(), PAGE_SIZE, segment.size_bytes):
                if record.position == position:
                    return segment.path, offset, record.size
    raise AssertionError(f"no record {position}")


def flip(path: Path, offset: int, mask: int = 0x01) -> None:
    """Damages one byte."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


def copied(source: Path, target: Path) -> Path:
    """What a crash at this instant would leave."""
    if target.exists():
        shutil.rmtree(target)
    return Path(shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.filling", "*.writing*")))


# ------------------------------------------------------------------------------------------------ a whole room


class Room:
    """Journal, event log, snapshots, engine and sequencer over a directory; `async with` recovers and starts it."""

    def __init__(
        self,
        directory: Path,
        *,
        engine: str = "reference",
        limits: EngineLimits = SMALL,
        durability: Durability = Durability.PAGE_CACHE,
        batch_records: int = 256,
        release: Callable[[bytes], None] | None = None,
        journal: dict[str, Any] | None = None,
        event_log: dict[str, Any] | None = None,
        sequencer: dict[str, Any] | None = None,
    ) -> None:
        options = {"segment_bytes": ROOM_SEGMENT_BYTES, "failed": fail, **(journal or {})}
        self.journal = FileJournal(directory / "journal", durability=durability, **options)
        log_options = {"sessions_max": limits.sessions_max, "segment_events": SEGMENT_EVENTS, **(event_log or {})}
        self.event_log = EventFile(directory / "events", **log_options)
        self.snapshots = SnapshotStore(directory / "snapshots")
        self.batch = CommandBatch(batch_records)
        self.released: list[bytes] = []
        self.recovered: Recovered
        self.sequencer: Sequencer
        self._engine_name, self._limits = engine, limits
        self._release = release or self.released.append
        self._sequencer_options = {"failed": fail, **(sequencer or {})}

    def make_engine(self, limits: EngineLimits) -> Engine:
        return new_engine(self._engine_name, limits)

    @property
    def engine(self) -> Engine:
        return self.recovered.engine

    async def recover(self) -> Recovered:
        """Opens everything and recovers; does not start."""
        await self.journal.open()
        try:
            self.event_log.open()
            self.recovered = recover(self.journal, self.snapshots, self.event_log, self.make_engine, self._limits)
        except BaseException:
            self.event_log.close()
            await self.journal.close()
            raise
        return self.recovered

    async def __aenter__(self) -> Room:
        recovered = await self.recover()
        await self.journal.fence("test", recovered.engine.info)
        options = {"clock_ns": VenueClock(self.journal.tail.timestamp_ns), **self._sequencer_options}
        self.sequencer = Sequencer(
            recovered.engine, self.journal, self.batch, release=self._release, room_available=lambda: None,
            event_log=self.event_log, venue_state=recovered.venue_state, next_ordinal=recovered.next_ordinal, **options,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.sequencer.stop()
        self.event_log.close()
        await self.journal.close()

    async def send(self, records: Iterable[bytes]) -> None:
        """Puts commands into the batch as a door would; returns when the sequencer has taken them."""
        for record in records:
            while self.batch.is_full:
                self.sequencer.wake()
                await asyncio.sleep(0)
            self.batch.append(record)
        self.sequencer.wake()
        while len(self.batch):
            await asyncio.sleep(0)

    def snapshot(self) -> Path:
        """A snapshot must not tell of a command that the journal may still lose."""
        self.journal.sync()
        return self.snapshots.write(self.engine, self.journal.tail, self.sequencer.next_ordinal)

    @property
    def events(self) -> bytes:
        """All that were released since the start."""
        return b"".join(self.released)


def batches_of(records: Iterable[Record]) -> list[bytes]:
    """Bodies of the batches among the records."""
    return [bytes(record.body) for record in records if record.kind == RecordKind.BATCH]


def event_ids(events: bytes) -> list[tuple[int, int]]:
    """(seq, event_index) of each event."""
    return [
        (int.from_bytes(events[at : at + 8], "little"), int.from_bytes(events[at + 16 : at + 20], "little"))
        for at in range(0, len(events), EVENT_SIZE)
    ]


def commands_in(data: bytes) -> int:
    return len(data) // COMMAND_SIZE
