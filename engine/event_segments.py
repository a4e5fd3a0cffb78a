"""Files of the event log: segments with a fixed number of events, and an index by session beside each full one.

Used by `eventlog` (the writer) and by readers of a log that somebody else writes. Nothing here appends an event.
"""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

from engine._event_index import SegmentIndex, find_block
from engine.journal_format import DIGEST_SIZE, PAGE_SIZE, SCHEMA_HASH
from engine.layout import Field, Layout
from engine.records import EVENT_SIZE
from engine.segments import SegmentFiles, opened

SEGMENT_EVENTS = 262_144  # 64 MiB
BLOCK_EVENTS = 1_024  # what a search looks through at most
_f = Field
EVENTS_HEADER = Layout(
    "events_header",
    _f("magic", "bytes[8]", "PGEVENTS"),
    _f("first_ordinal", "u64", "of the first event in the file; above the segment's first when the log begins here"),
    _f("segment_events", "u64"),
    _f("schema", "bytes[32]"),
)
INDEX_HEADER = Layout(
    "index_header",
    _f("magic", "bytes[8]", "PGEVTIDX"),
    _f("number", "u64", "of the segment"),
    _f("sessions_max", "u32"),
    _f("entries", "u32"),
)
_MAGIC, _INDEX_MAGIC = b"PGEVENTS", b"PGEVTIDX"
_ENTRY_BYTES = 16
_U64 = struct.Struct("<Q")


class EventFiles(SegmentFiles):
    """Segments are numbered from 0 by arithmetic: an event of ordinal n is in segment n // segment_events. Their
    space is reserved in advance, not written."""

    def __init__(self, directory: Path, segment_events: int = SEGMENT_EVENTS) -> None:
        if segment_events < BLOCK_EVENTS or segment_events % BLOCK_EVENTS:
            raise ValueError(f"an event segment has a multiple of {BLOCK_EVENTS} events")
        super().__init__(directory)
        self.fills_with_zeros = False
        self.segment_events = segment_events
        self.segment_bytes = PAGE_SIZE + segment_events * EVENT_SIZE

    def path(self, number: int) -> Path:
        return self.directory / f"events-{number:010}.log"

    def index_path(self, number: int) -> Path:
        return self.directory / f"events-{number:010}.index"

    def place(self, ordinal: int) -> int:
        """Offset in its segment."""
        return PAGE_SIZE + ordinal % self.segment_events * EVENT_SIZE

    # ------------------------------------------------------------------------------------------------ segments

    def pack_head(self, first_ordinal: int) -> bytes:
        """The first page of a segment."""
        fixed = EVENTS_HEADER.pack(
            magic=_MAGIC, first_ordinal=first_ordinal, segment_events=self.segment_events, schema=SCHEMA_HASH
        )
        content = fixed.ljust(PAGE_SIZE - DIGEST_SIZE, b"\0")
        return content + hashlib.sha256(content).digest()

    def first_ordinal(self, number: int) -> int:
        """What the segment's header says; -1 when the file is none of this log's, or blank."""
        with opened(self.path(number)) as fd:
            page = os.pread(fd, PAGE_SIZE, 0)
            size = os.fstat(fd).st_size
        content = page[:-DIGEST_SIZE]
        if size != self.segment_bytes or hashlib.sha256(content).digest() != page[-DIGEST_SIZE:]:
            return -1
        row = EVENTS_HEADER.unpack(content)
        ordinal: int = row["first_ordinal"]
        if row["magic"] != _MAGIC or row["schema"] != SCHEMA_HASH or row["segment_events"] != self.segment_events:
            return -1
        return ordinal if ordinal // self.segment_events == number else -1

    def numbers(self) -> list[int]:
        """Segments of the log, oldest first: each is full but the last, and none is missing between two."""
        found = sorted(int(path.stem.removeprefix("events-")) for path in self.directory.glob("events-*.log"))
        usable: list[int] = []
        for number in found:
            if usable and (number != usable[-1] + 1 or not self._is_full(usable[-1])):
                break
            if self.first_ordinal(number) < 0:
                break
            usable.append(number)
        return usable

    def _is_full(self, number: int) -> bool:
        with opened(self.path(number)) as fd:
            return any(os.pread(fd, EVENT_SIZE, self.segment_bytes - EVENT_SIZE))

    def keep_only(self, numbers: list[int]) -> None:
        """Removes every other segment: what is derived is written again."""
        for path in self.directory.glob("events-*.*"):
            if int(path.stem.removeprefix("events-")) not in numbers:
                self.remove(path)
        self.sync_directory()

    def remove_segment(self, number: int) -> None:
        """One that is not wanted any more."""
        self.remove(self.path(number))
        self.index_path(number).unlink(missing_ok=True)

    # ------------------------------------------------------------------------------------------------- indexes

    def pack_index(self, number: int, index: SegmentIndex) -> bytes:
        """What `write_index` writes, as the index stands now."""
        entries = index.entries_bytes()
        head = INDEX_HEADER.pack(
            magic=_INDEX_MAGIC, number=number, sessions_max=index.sessions_max, entries=len(entries) // _ENTRY_BYTES
        )
        return head + index.table() + index.sums_bytes() + entries

    def write_index(self, number: int, data: bytes) -> None:
        temporary = self.directory / "index.writing"
        temporary.write_bytes(data)
        temporary.rename(self.index_path(number))

    def has_index(self, number: int) -> bool:
        """There is one, and it is whole."""
        try:
            with opened(self.index_path(number)) as fd:
                sessions_max, entries = self._index_head(fd, number)
                return os.fstat(fd).st_size == self._entries_at(sessions_max) + entries * _ENTRY_BYTES
        except (FileNotFoundError, LookupError):
            return False

    def index_table(self, number: int) -> bytes:
        """Each session's last number at the segment's end, 8 bytes each from session 0 on."""
        with opened(self.index_path(number)) as fd:
            sessions_max, _ = self._index_head(fd, number)
            return os.pread(fd, (sessions_max + 1) * 8, INDEX_HEADER.size)

    def last_seq(self, number: int, session_id: int) -> int:
        """The session's last number at the segment's end, 0 = none until then. One small read."""
        with opened(self.index_path(number)) as fd:
            sessions_max, _ = self._index_head(fd, number)
            if session_id > sessions_max:
                return 0
            [value] = _U64.unpack(os.pread(fd, 8, INDEX_HEADER.size + session_id * 8))
            return int(value)

    def find_block(self, number: int, session_id: int, session_seq: int) -> int:
        """Block of a full segment that has the event if any has, -1 when none."""
        with opened(self.index_path(number)) as fd:
            sessions_max, entries = self._index_head(fd, number)
            return find_block(
                os.pread(fd, entries * _ENTRY_BYTES, self._entries_at(sessions_max)), session_id, session_seq
            )

    def block_sum(self, number: int, block: int) -> int:
        """Sum of a block's events, as they were written (`_event_index.sum_block`)."""
        with opened(self.index_path(number)) as fd:
            sessions_max, _ = self._index_head(fd, number)
            [value] = _U64.unpack(os.pread(fd, 8, self._sums_at(sessions_max) + block * 8))
            return int(value)

    @staticmethod
    def _sums_at(sessions_max: int) -> int:
        return INDEX_HEADER.size + (sessions_max + 1) * 8

    def _entries_at(self, sessions_max: int) -> int:
        return self._sums_at(sessions_max) + self.segment_events // BLOCK_EVENTS * 8

    @staticmethod
    def _index_head(fd: int, number: int) -> tuple[int, int]:
        """(sessions_max, entries). Raises LookupError when it is no index of that segment."""
        head = os.pread(fd, INDEX_HEADER.size, 0)
        if len(head) == INDEX_HEADER.size:
            row = INDEX_HEADER.unpack(head)
            if row["magic"] == _INDEX_MAGIC and row["number"] == number:
                return row["sessions_max"], row["entries"]
        raise LookupError(f"event segment {number} has no index")
