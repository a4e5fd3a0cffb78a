"""The journal: the one truth, a history of command batches in which everybody's digest depends on all that came before.

The sequencer is the only one that appends. `Journal` is what it and recovery need, in a form that a replicated log
can have too; `FileJournal` is the one in the tree: segments on a local disk, filled with zeros in advance, one
writer, and the operator's choice of what "durable" means. Bytes are in `journal_format`, files in `segments`;
docs/journal.md tells how it behaves. Nothing here knows what a command means.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, Protocol

import structlog

from engine import failpoints
from engine._pen import RecordPen
from engine._segment_io import FAILPOINTS, SYNC_FAILED, SegmentWriter, fill_zeros
from engine.api import EngineInfo
from engine.journal_format import (
    DIGEST_SIZE,
    PAGE_SIZE,
    RECORD_OVERHEAD,
    SCHEMA_HASH,
    Chain,
    Chunk,
    EpochBody,
    JournalError,
    RecordKind,
    SegmentHead,
)
from engine.segment_supply import CLOSING_BYTES, OpenSegment, SegmentSupply, close_segment
from engine.segments import End, EndSearch, Segment, SegmentFiles, boot_number, opened, reader_at

SEGMENT_BYTES = 64 << 20
SEGMENT_BYTES_MIN = 64 << 10
QUEUE_BYTES = 16 << 20
EXIT_JOURNAL_FAILED = 74  # EX_IOERR of sysexits.h: the disk, whichever file was meant

log = structlog.get_logger("journal")


class Durability(StrEnum):
    """When an effect may be told."""

    FSYNC = "fsync"  # after fdatasync: outlives a power cut
    PAGE_CACHE = "page-cache"  # after the record is in the page cache: outlives the process, not the machine
    NONE = "none"  # at once: for benchmarks


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the history: its last record, and the last command up to there."""

    position: int
    epoch: int
    seq: int
    timestamp_ns: int
    digest: bytes
    cut_bytes: int = 0  # a torn tail that was cut when the journal was opened
    cut_records: int = 0  # whole records among them, none of which anybody was told of
    writer: EpochBody | None = None  # whose epoch it is there; None before the first


@dataclass(frozen=True, slots=True)
class WriterStatistics:
    """For metrics."""

    groups: int  # writes, each with its sync in fsync mode
    sync_ns_total: int
    sync_ns_max: int


class Journal(Protocol):
    """One writer at a time, any number of readers. Called on the loop's thread."""

    async def open(self) -> Tail:
        """Finds the end of the history. Raises JournalError: then nothing may be appended."""

    async def fence(self, owner: str, engine: EngineInfo) -> int:
        """Makes this process the writer: an epoch record is durable when it returns. Returns the new epoch.

        Raises JournalError when somebody else is the writer.
        """

    def watch(self, progressed: Callable[[], None]) -> None:
        """`progressed()` is called on the running loop's thread when `durable_seq`, `has_room` or `is_low` may have
        changed."""

    @property
    def durable_seq(self) -> int:
        """Everything up to this command may be told."""

    @property
    def is_low(self) -> bool:
        """Space is running out: take cancels only, and few of them (`room_bytes` is all that there is)."""

    @property
    def room_bytes(self) -> int:
        """What can still be appended before space is needed that is not reserved yet."""

    @property
    def commands_bytes_max(self) -> int:
        """The largest batch that one record takes."""

    def has_room(self, commands_bytes: int) -> bool:
        """`append` of so many bytes of commands would succeed now."""

    def append(self, commands: bytes, timestamp_ns: int) -> None:
        """Takes a batch of whole commands as the next record and returns at once.

        Raises BufferError when there is no room, JournalError before `fence`, ValueError for parts of commands and for
        a stamp before the last one.
        """

    def read(self, position: int) -> Iterator[Chunk]:
        """The history from record `position` up to the end, checked and joined; blocking.

        Raises JournalError when it cannot all be read.
        """

    @property
    def tail(self) -> Tail:
        """After the last record appended, durable or not."""

    def drop_before(self, seq: int) -> int:
        """Forgets what holds only commands below `seq`, as far as it can be told apart; returns the bytes freed. Only
        behind a verified snapshot and, where the law wants it, an archive."""

    async def close(self) -> None:
        """Everything appended is durable; nobody is the writer any more."""


def end_process(text: str) -> NoReturn:
    """A journal that failed is said once, and nothing goes on: no effect may leave the process after it."""
    log.critical("journal_failed", error=text, exit_code=EXIT_JOURNAL_FAILED)
    os._exit(EXIT_JOURNAL_FAILED)


class FileJournal(RecordPen):
    """A `Journal` in a directory of a local disk; two machines never share it.

    segment_bytes: size of a segment, a multiple of 4 KiB. segments_ahead: blank segments kept ready; the last of them
    is the reserve in which cancels still work when the disk is full. queue_bytes: what may wait for the disk, a power
    of two. failed: called with a text when a write or sync failed; it must not return.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durability: Durability = Durability.FSYNC,
        segment_bytes: int = SEGMENT_BYTES,
        segments_ahead: int = 2,
        queue_bytes: int = QUEUE_BYTES,
        clock_ns: Callable[[], int] = time.time_ns,
        files: SegmentFiles | None = None,
        failed: Callable[[str], NoReturn] = end_process,
    ) -> None:
        if segment_bytes < SEGMENT_BYTES_MIN or segment_bytes % PAGE_SIZE:
            raise ValueError(f"a segment has a multiple of {PAGE_SIZE} and at least {SEGMENT_BYTES_MIN} bytes")
        if segments_ahead < 1:
            raise ValueError("at least one blank segment is kept ready: it is the reserve for a full disk")
        self.directory = directory
        self.durability = durability
        self._segment_bytes = segment_bytes
        self._queue_bytes = queue_bytes
        self._clock_ns = clock_ns
        self._failed = failed
        self._files = files or SegmentFiles(directory)
        self._files.fills_with_zeros = durability is Durability.FSYNC
        self._chain = Chain()
        self._boot = boot_number()
        self._writing: EpochBody | None = None  # our epoch's declaration, from fence on
        self._active: OpenSegment | None = None
        self._first_seqs: dict[int, int] = {}  # of segments in use: number to the first command that they may hold
        self._lock_fd = -1
        self._found: End | None = None  # by open
        self._loop: asyncio.AbstractEventLoop | None = None
        self._progressed: Callable[[], None] = lambda: None
        self._supply = SegmentSupply(
            self._files,
            segment_bytes=segment_bytes,
            ahead=segments_ahead,
            is_mapped=durability is Durability.PAGE_CACHE,
            wait_written=self._wait_written,
        )

    # ------------------------------------------------------------------------------------------- start and end

    async def open(self) -> Tail:
        """As `Journal.open`. Raises JournalError when the directory is in use, or damaged: then with file and
        offset."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock_fd = self._files.lock()
        try:
            segments = self._files.scan()
            end = EndSearch(self._files, segments).find()
            self._found = end
            if end.cut_bytes:
                log.warning("torn_tail_cut", bytes=end.cut_bytes, records=end.cut_records, last_seq=end.chain.seq)
            blank = self._cut_behind(end, segments)
            self._chain = end.chain
            self._first_seqs = {s.number: s.head.chain.seq + 1 for s in segments if s.head and s.number <= end.number}
            self._start_writer()
            if end.offset:
                self._use(self._open_segment(end.number), end.offset)
            next_number = end.number + 1 if end.offset else end.number
            opened_blank = [self._open_segment(number) for number in blank]
            self._supply.open(next_number, opened_blank, at_least_one=self._room_end - self._offset < PAGE_SIZE)
        except BaseException:
            await self.close()
            raise
        return self.tail

    def _cut_behind(self, end: End, segments: list[Segment]) -> list[int]:
        """Makes everything behind the end blank; returns the numbers of the blank segments that follow. What is last
        goes first, so that a crash in between leaves nothing that looks whole."""
        blank: list[int] = []
        for segment in reversed(segments):
            if segment.number < end.number or (segment.number == end.number and end.offset):
                continue
            if end.cut_bytes or not segment.is_blank or segment.size_bytes < 2 * PAGE_SIZE:
                blank.clear()
                self._files.remove(segment.path)
            else:
                blank.append(segment.number)
        for segment in segments:
            if segment.number == end.number and end.offset:
                size = max(segment.size_bytes, segment.head.segment_bytes if segment.head else 0)
                if end.cut_bytes or segment.size_bytes < size:
                    with opened(segment.path, os.O_RDWR) as fd:
                        fill_zeros(fd, end.offset, size)
        self._files.sync_directory()
        return blank[::-1]

    def _use(self, segment: OpenSegment, offset: int) -> None:
        """Goes on in this segment."""
        self._active, self._offset = segment, offset
        self._fd, self._mapped = segment.fd, segment.mapped
        self._room_end = segment.size_bytes - CLOSING_BYTES

    def _open_segment(self, number: int) -> OpenSegment:
        return self._supply.adopt(number, os.open(self._files.path(number), os.O_RDWR | os.O_CLOEXEC))

    def _start_writer(self) -> None:
        if self.durability is Durability.PAGE_CACHE:
            return
        name, hits = failpoints.armed(*FAILPOINTS)
        syncs = self.durability is Durability.FSYNC
        point = FAILPOINTS.get(name, 0)
        self._is_synced = syncs
        self._writer = SegmentWriter(self._queue_bytes, syncs, self._chain.position, self._chain.seq, point, hits)

    async def fence(self, owner: str, engine: EngineInfo) -> int:
        """As `Journal.fence`. The lock on the directory is the fence against other processes; the record tells
        readers."""
        self._is_fenced = True
        self._writing = EpochBody(owner, self.durability.value, engine, SCHEMA_HASH)
        body = self._writing.pack()
        epoch = self._chain.epoch + 1
        timestamp_ns = max(self._chain.timestamp_ns, self._clock_ns())
        if not self.has_room(len(body)):
            raise JournalError(f"no space for the journal in {self.directory}: free some and start again")
        if RECORD_OVERHEAD + len(body) > self._room_end - self._offset:
            self._roll(RECORD_OVERHEAD + len(body))
        self._write(RecordKind.EPOCH, epoch, timestamp_ns, body)
        self.sync()
        failpoints.hit("fence-written")
        return epoch

    def watch(self, progressed: Callable[[], None]) -> None:
        self._progressed = progressed
        self._loop = asyncio.get_running_loop()
        self._supply.changed = self._supply_changed
        if self._writer is not None:
            self._loop.add_reader(self._writer.event_fd, self._writer_changed)
        self._check()

    async def close(self) -> None:
        """As `Journal.close`: seals the history, so that the next start knows that all of it was durable."""
        if self._lock_fd < 0:
            return
        if self._loop is not None and self._writer is not None:
            self._loop.remove_reader(self._writer.event_fd)
        self._supply.changed = lambda: None
        self.sync()
        if self._writing is not None and self._active is not None:
            self._write(RecordKind.SEAL, self._chain.epoch, self._chain.timestamp_ns, b"")
            self.sync()
        if self._writer is not None:
            self._writer.close()
        self._supply.close()
        if self._active is not None:
            self._files.sync_segment(self._active.fd)
            close_segment(self._active)
        os.close(self._lock_fd)
        self._lock_fd = -1
        self._active = self._writing = self._mapped = None
        self._is_fenced = False
        self._fd = -1

    def sync(self) -> None:
        """Waits until what was appended is on the disk, whatever the durability. Not for the way of an order."""
        if self._writer is not None:
            self._writer.wait(self._chain.position)
        if self._active is not None and self.durability is not Durability.FSYNC:
            self._files.sync_segment(self._active.fd)
            self._supply.synced_position = self._chain.position
        self._check()

    # ------------------------------------------------------------------------------------------------- append

    @property
    def tail(self) -> Tail:
        chain = self._chain
        cut_bytes, cut_records = (self._found.cut_bytes, self._found.cut_records) if self._found else (0, 0)
        writer = self._writing or (self._found.writer if self._found else None)
        return Tail(
            chain.position, chain.epoch, chain.seq, chain.timestamp_ns, chain.digest, cut_bytes, cut_records, writer
        )  # fmt: skip

    @property
    def is_low(self) -> bool:
        if self._writer is not None and self._writer.stalled:
            return True
        return self._supply.is_out_of_space and self.room_bytes < self._segment_bytes

    @property
    def room_bytes(self) -> int:
        return max(0, self._room_end - self._offset) + self._supply.room_bytes

    @property
    def commands_bytes_max(self) -> int:
        return min(self._segment_bytes, self._queue_bytes // 2) - 2 * PAGE_SIZE

    def _roll(self, needed: int) -> None:
        """Closes the active segment and begins the next, which takes at least `needed` bytes."""
        if needed > self._supply.next_room_bytes:
            raise BufferError(f"no segment is ready that takes {needed} bytes")
        if self._active is not None:
            self._write(RecordKind.ROLL, self._chain.epoch, self._chain.timestamp_ns, b"")
            self._supply.retire(self._active, self._chain.position)
            failpoints.hit("roll-closed")
        segment = self._supply.take()
        assert segment is not None
        assert self._writing is not None
        self._use(segment, 0)
        self._first_seqs[segment.number] = self._chain.seq + 1
        head = SegmentHead(
            segment.number, segment.size_bytes, self._chain.copy(), self._boot, *self._known_positions(), self._writing
        )  # fmt: skip
        page = head.pack()
        self._put(page[:-DIGEST_SIZE], b"", page[-DIGEST_SIZE:])

    # ------------------------------------------------------------------------------------------------- progress

    def _wait_written(self, position: int) -> None:
        if self._writer is not None:
            self._writer.wait(position)

    def _supply_changed(self) -> None:
        """Called in the supply's thread."""
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop has been closed meanwhile: nobody is left to be told
            self._loop.call_soon_threadsafe(self._check_and_tell)

    def _writer_changed(self) -> None:
        assert self._writer is not None
        self._writer.clear_event()
        self._check_and_tell()

    def _check_and_tell(self) -> None:
        self._check()
        self._progressed()

    def _check(self) -> None:
        """A write or sync that failed is never tried again: what the kernel did with the pages is not known."""
        if self._writer is not None:
            code, stage = self._writer.error
            if code:
                what = "sync" if stage == SYNC_FAILED else "write"
                self._failed(f"{what} of {self.directory} failed: {os.strerror(code)}")
        if self._supply.error is not None:
            self._failed(f"{self.directory}: {self._supply.error}")

    # ------------------------------------------------------------------------------------------------- reading

    def read(self, position: int) -> Iterator[Chunk]:
        """As `Journal.read`; the end is the tail at the call."""
        last_position = self._chain.position
        if position > last_position:
            return
        reader = reader_at(self._files, position)
        try:
            for _ in reader.chunks(position - 1):
                pass  # the beginning of the segment, checked on the way
            yield from reader.chunks(last_position)
            if reader.chain.position < last_position:
                raise reader.lost()
        finally:
            reader.close()

    @property
    def statistics(self) -> WriterStatistics:
        """What the thread has done since the start; all 0 when there is none."""
        return WriterStatistics(*(self._writer.statistics if self._writer is not None else (0, 0, 0)))

    def drop_before(self, seq: int) -> int:
        """As `Journal.drop_before`: whole segments, oldest first, never the active one."""
        freed = 0
        for number in sorted(self._first_seqs)[:-1]:
            if self._first_seqs[number + 1] > seq:
                break
            path = self._files.path(number)
            size = path.stat().st_size
            self._files.remove(path)
            del self._first_seqs[number]
            freed += size
        self._files.sync_directory()
        return freed
