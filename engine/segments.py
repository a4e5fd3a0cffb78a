"""Journal segments on the disk: their files, the search for the end of the history, and reading it in order.

A directory holds `segment-NNNNNNNNNN.journal`, numbered without a gap: the segments in use, then blank ones that were
filled with zeros in advance. The journal (the writer), recovery, the snapshot follower and the command line come
through here. Nothing here appends a record, and nothing decides what a command means.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from engine import failpoints
from engine._chain import read_run
from engine._segment_io import content_end, fill_zeros
from engine.journal_format import (
    PAGE_SIZE,
    RECORD_MAGIC,
    Chain,
    ChainError,
    Chunk,
    EpochBody,
    JournalDamageError,
    JournalError,
    Record,
    RecordKind,
    SegmentHead,
    parse_epoch_body,
    parse_record,
    parse_segment_head,
    record_bytes,
)

WINDOW_BYTES = 1 << 20  # read at a time
CHUNK_BYTES = 1 << 20  # of commands in a chunk, or somewhat more
ANY_POSITION = 2**64 - 1
T = TypeVar("T")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_number() -> int:
    """Identifies this run of the machine: equal as long as the page cache has not been lost. 0 when it is not known."""
    try:
        return int(BOOT_ID.read_text().replace("-", "")[:16], 16)
    except (OSError, ValueError):
        return 0


@dataclass(slots=True)
class Segment:
    """One file. `head` is None when the file is blank, or when its first page is not whole."""

    number: int
    path: Path
    size_bytes: int
    head: SegmentHead | None
    is_blank: bool  # the first page is all zeros


class SegmentFiles:
    """What the journal does to its directory. Tests replace single methods to make a disk full or broken.

    fills_with_zeros: blank segments are written through to the disk, so that syncs of what comes later need not note
    which of their blocks are in use. Else their space is reserved alone, and nothing of them needs to be on the disk
    before they are full: where nobody waits for syncs, nobody waits for those of blank segments either.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.fills_with_zeros = True

    def path(self, number: int) -> Path:
        return self.directory / f"segment-{number:010}.journal"

    def scan(self) -> list[Segment]:
        """All segments in order. Raises JournalDamageError when one is missing between two others."""
        found = sorted(self.directory.glob("segment-*.journal"))
        segments = [self._look_at(path) for path in found]
        for before, after in pairwise(segments):
            if after.number != before.number + 1:
                raise JournalDamageError(f"{self.path(before.number + 1)} is missing")
        return segments

    def _look_at(self, path: Path) -> Segment:
        digits = path.name.removeprefix("segment-").removesuffix(".journal")
        if not digits.isdecimal():
            raise JournalError(f"{path} is no segment of a journal: move it elsewhere")
        with path.open("rb") as file:
            page = file.read(PAGE_SIZE)
            size = os.fstat(file.fileno()).st_size
        head = parse_segment_head(page, str(path))
        return Segment(int(digits), path, size, head, not any(page))

    def create(self, number: int, segment_bytes: int) -> int:
        """A blank segment, when filled with zeros on the disk down to its name; returns its descriptor. Raises
        OSError."""
        temporary = self.directory / "segment.filling"
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        try:
            if failpoints.ARMED and failpoints.is_due("fill-torn"):
                self.fill(fd, segment_bytes // 2)
                failpoints.die()
            self.fill(fd, segment_bytes)
            failpoints.hit("fill-unnamed")
            temporary.rename(self.path(number))
            if self.fills_with_zeros:
                self.sync_directory()
        except BaseException:
            os.close(fd)
            temporary.unlink(missing_ok=True)
            raise
        return fd

    def fill(self, fd: int, segment_bytes: int) -> None:
        """A file that reads as zeros and has its space on the disk. Raises OSError."""
        if self.fills_with_zeros:
            fill_zeros(fd, 0, segment_bytes)
        else:
            os.posix_fallocate(fd, 0, segment_bytes)

    def sync_segment(self, fd: int) -> None:
        """What was written to a segment is on the disk afterwards, down to the file's name. Raises OSError."""
        os.fdatasync(fd)
        if not self.fills_with_zeros:
            self.sync_directory()

    def remove(self, path: Path) -> None:
        path.unlink()

    def sync_directory(self) -> None:
        fd = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def lock(self) -> int:
        """Makes this process the only writer for as long as the descriptor is open. Raises JournalError."""
        fd = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(fd, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise JournalError(
                f"{self.directory} is in use by process {holder}: stop it first, or use another data directory"
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        return fd


# ------------------------------------------------------------------------------------------------- reading


def read_segment(fd: int, offset: int, end: int) -> Iterator[tuple[int, Record]]:
    """(offset, record) of the whole records from `offset`, until something is not one. Not yet checked against a chain.

    A body is a view of the window that was read; it stays valid for as long as somebody holds it.
    """
    window_bytes = WINDOW_BYTES
    while offset < end:
        window = os.pread(fd, min(window_bytes, end - offset), offset)
        at = 0
        while (record := parse_record(window, at)) is not None:
            yield offset + at, record
            at += record.size
        offset += at
        needed = record_bytes(window, at)
        if needed > end - offset or (at == 0 and needed <= len(window)):
            return
        window_bytes = max(WINDOW_BYTES, needed)  # a record may be larger than a window


class SegmentReader:
    """Follows the history through the segments from some segment on, also while it is written.

    `records()` and `chunks()` end at the present end and go on from there when they are called again. What is void is
    left out.
    """

    def __init__(self, files: SegmentFiles, number: int, chain: Chain, *, syncs: bool = False) -> None:
        """number: of the segment to begin with. chain: the state at its beginning. syncs: segments are put on the
        disk as they are left behind, and by `sync()`: what is made of the records must not outlive them."""
        self._files = files
        self.number = number
        self.chain = chain
        self.writer: EpochBody | None = None  # whose epoch it is there
        self._taken_over: EpochBody | None = None  # by whom, since `chunks` looked
        self._offset = 0  # in the segment; 0 = its header has not been taken
        self._window = b""  # of the file
        self._at = 0  # in it
        self._syncs = syncs
        self._fd = -1

    @property
    def place(self) -> tuple[Path, int]:
        """File and offset of what comes next."""
        return self._files.path(self.number), self._offset

    def records(self) -> Iterator[Record]:
        """One by one. Raises JournalDamageError when a whole record or a segment does not follow its predecessor."""
        while self._enter() and (record := self._next_record()) is not None:
            if self._accept(record):
                yield record

    def chunks(self, last_position: int = ANY_POSITION) -> Iterator[Chunk]:
        """The same history up to `last_position` as a replay takes it: batches joined to CHUNK_BYTES and more, a
        takeover ends a chunk. Every record that was taken is in a chunk that was given, so a consumer may stop after
        any of them and go on later. Raises JournalDamageError likewise."""
        commands, previous, begun = bytearray(), self.chain.digest, self.chain.position
        while self.chain.position < last_position and self._enter() and self._take(commands, last_position):
            writer, self._taken_over = self._taken_over, None
            if len(commands) >= CHUNK_BYTES or writer is not None:
                yield Chunk(bytes(commands), self.chain.copy(), previous, writer)
                commands, previous, begun = bytearray(), self.chain.digest, self.chain.position
        if self.chain.position > begun:
            yield Chunk(bytes(commands), self.chain.copy(), previous)

    def _take(self, commands: bytearray, last_position: int) -> bool:
        """A run of batches, or one other record; False at the present end."""
        if not self._run(commands, last_position):
            record = self._next_record()
            if record is None:
                return False
            if not self._run(commands, last_position):
                self._accept(record)
        return True

    def _run(self, commands: bytearray, last_position: int) -> bool:
        ahead = read_run(self._window, self._at, self.chain, commands, CHUNK_BYTES, last_position)
        size = ahead - self._at
        self._at = ahead
        self._offset += size
        return size > 0

    def _next_record(self) -> Record | None:
        """The whole record at the reader's place, in a fresh window when need be."""
        record = parse_record(self._window, self._at)
        if record is None:
            left = os.fstat(self._fd).st_size - self._offset
            self._window, self._at = os.pread(self._fd, max(0, min(WINDOW_BYTES, left)), self._offset), 0
            needed = record_bytes(self._window, 0)
            if len(self._window) < needed <= left:
                self._window = os.pread(self._fd, needed, self._offset)
            record = parse_record(self._window, 0)
        return record

    def _accept(self, record: Record) -> bool:
        """Takes a record; False when it is void."""
        try:
            counts = self.chain.accept(record)
        except ChainError as error:
            raise self.damage(str(error)) from None
        self._offset += record.size
        self._at += record.size
        if counts and record.kind == RecordKind.EPOCH:
            self.writer = self._taken_over = parse_epoch_body(record.body)
        if counts and record.kind == RecordKind.ROLL:
            self._leave()
        return counts

    def _enter(self) -> bool:
        """Opens the segment and takes its header; False when it has not begun."""
        if self._fd < 0:
            try:
                self._fd = os.open(self._files.path(self.number), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return False
        if self._offset == 0:
            head = parse_segment_head(os.pread(self._fd, PAGE_SIZE, 0), str(self._files.path(self.number)))
            if head is None:
                return False
            if head.chain != self.chain or head.number != self.number:
                raise self.damage("the segment does not go on where the one before ended")
            self.writer = head.writer
            self._offset = PAGE_SIZE
        return True

    def _leave(self) -> None:
        if self._syncs:
            self.sync()
        self.close()
        self.number += 1
        self._offset = self._at = 0
        self._window = b""

    def damage(self, what: str) -> JournalDamageError:
        path, offset = self.place
        return JournalDamageError(f"{path} is damaged at offset {offset}: {what}")

    def lost(self) -> JournalDamageError:
        """The next record was durable and is not there."""
        return self.damage(f"record {self.chain.position + 1} was durable and is not whole")

    def sync(self) -> None:
        """Puts the present segment on the disk."""
        if self._fd >= 0:
            os.fdatasync(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def reader_at(files: SegmentFiles, position: int, *, syncs: bool = False) -> SegmentReader:
    """A reader that begins with the segment that holds `position`, or with the first when there is nothing yet.

    Raises JournalError when the segments do not reach back that far.
    """
    segments = files.scan()
    if segments and segments[0].head is None and not segments[0].is_blank:
        raise JournalDamageError(f"{segments[0].path} is damaged at offset 0: its header is not whole")
    heads = [s.head for s in segments if s.head is not None]
    reaching = [head for head in heads if head.chain.position < position]
    if reaching:
        return SegmentReader(files, reaching[-1].number, reaching[-1].chain.copy(), syncs=syncs)
    if heads:
        raise JournalError(f"{files.directory} does not hold record {position} any more: begin at a snapshot")
    return SegmentReader(files, 1, Chain(), syncs=syncs)


def read_on(files: SegmentFiles, reader: SegmentReader, read: Callable[[], Iterator[T]]) -> Iterator[T]:
    """What `read` (the reader's `records` or `chunks`) gives up to the present end, also beside a live writer.

    Raises JournalDamageError when the end that it finds cannot be the end.
    """
    while True:
        before = reader.chain.position
        yield from read()
        # The writer may have gone on in between, so what is behind the end speaks against it only when it stays the
        # end.
        if EndSearch(files, files.scan()).proof_behind(reader) <= reader.chain.position:
            return
        if reader.chain.position == before:
            raise reader.lost()


# ------------------------------------------------------------------------------------- the end of the history


@dataclass(frozen=True, slots=True)
class End:
    """Where the history ends: the chain there, and the place of the next record."""

    chain: Chain
    number: int  # of the segment
    offset: int  # in it; 0 = the segment has not begun
    cut_bytes: int  # what a crash left half written behind it, up to the last byte that is not zero
    cut_records: int  # whole records among them
    writer: EpochBody | None  # whose epoch it is there


class EndSearch:
    """Finds the end, and tells a torn tail from damage.

    A crash may leave the last write half done; nobody was told of it, so it is cut. Bytes that were durable and are
    wrong are damage. Which of the two it is, later records say: each names the last record that was durable when it
    was made. A place at or before such a one was durable (`written_position` counts only as long as the machine has
    not been restarted since).
    """

    def __init__(self, files: SegmentFiles, segments: list[Segment]) -> None:
        self._files = files
        self._segments = segments
        self._boot = boot_number()

    def find(self) -> End:
        """Raises JournalDamageError."""
        start = self._start()
        head = self._segments[start].head if self._segments else None
        number = self._segments[start].number if self._segments else 1
        reader = SegmentReader(self._files, number, head.chain.copy() if head else Chain())
        try:
            for _ in reader.chunks():
                pass
        finally:
            reader.close()
        return self._end(reader)

    def _start(self) -> int:
        """Index of the newest segment that begins with something durable: everything before it is complete."""
        for index in range(len(self._segments) - 1, -1, -1):
            segment = self._segments[index]
            if segment.head is not None:
                position = segment.head.chain.position
                if any(self._claim(record) >= position for _, record in self._whole_records(segment, 0)):
                    return index
        return 0

    def _end(self, reader: SegmentReader) -> End:
        _, offset = reader.place
        cut_bytes = cut_records = 0
        for segment, begin in self._behind(reader):
            with opened(segment.path) as fd:
                cut_bytes += content_end(fd, begin, segment.size_bytes) - begin
            cut_records += sum(1 for _ in self._whole_records(segment, begin))
        if self.proof_behind(reader) > reader.chain.position:
            raise reader.lost()
        return End(reader.chain, reader.number, offset, cut_bytes, cut_records, reader.writer)

    def proof_behind(self, reader: SegmentReader) -> int:
        """Highest position that something behind the reader's place says was durable; 0 when nothing does."""
        return max((self._proof(segment, begin) for segment, begin in self._behind(reader)), default=0)

    def _behind(self, reader: SegmentReader) -> Iterator[tuple[Segment, int]]:
        """Segments from the reader's place on, and where in them."""
        _, offset = reader.place
        for segment in self._segments:
            if segment.number >= reader.number:
                yield segment, offset if segment.number == reader.number else 0

    def _proof(self, segment: Segment, offset: int) -> int:
        """Highest position that something behind `offset` says was durable."""
        proven = max((self._claim(record) for _, record in self._whole_records(segment, offset)), default=0)
        if segment.head is not None and offset == 0:
            proven = max(proven, self._claim(segment.head))
        return proven

    def _claim(self, source: Record | SegmentHead) -> int:
        is_same_boot = source.boot == self._boot and source.boot != 0
        return max(source.synced_position, source.written_position if is_same_boot else 0)

    def _whole_records(self, segment: Segment, offset: int) -> Iterator[tuple[int, Record]]:
        """Every whole record behind `offset`, also after bytes that are none."""
        with opened(segment.path) as fd:
            at = max(offset, PAGE_SIZE)
            end = content_end(fd, at, segment.size_bytes)
            while at < end:
                for found, record in read_segment(fd, at, segment.size_bytes):
                    yield found, record
                    at = found + record.size
                at = _find_magic(fd, at + 1, end)


@contextmanager
def opened(path: Path, flags: int = os.O_RDONLY) -> Iterator[int]:
    """A descriptor of the file for a while."""
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _find_magic(fd: int, offset: int, end: int) -> int:
    """Where the next record header could begin; `end` when nowhere."""
    while offset < end:
        window = os.pread(fd, min(WINDOW_BYTES, end - offset), offset)
        at = window.find(RECORD_MAGIC)
        if at >= 0:
            return offset + at
        if offset + len(window) >= end:
            return end
        offset += WINDOW_BYTES - len(RECORD_MAGIC) + 1
    return end
