"""The event log: every released event by ordinal, for replays to sessions. Derived from the journal, rebuilt when lost.

The sequencer appends what the gate lets out; doors and sinks read it (`gateway.session.EventLog`); recovery settles its
end. An event's ordinal is the number of events before it since the venue's first, so a rebuilt log has the same ones.
Nothing here knows what an event means, and none is in it that is not durable.
"""

from __future__ import annotations

import asyncio
import os
import struct
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine import failpoints
from engine._event_index import SegmentIndex, find_event, sum_block, well_formed
from engine._segment_io import content_end, fill_zeros
from engine.event_segments import BLOCK_EVENTS, SEGMENT_EVENTS, EventFiles
from engine.journal_format import PAGE_SIZE
from engine.records import EVENT_SIZE
from engine.segment_supply import NO_SPACE, OpenSegment, SegmentSupply, close_segment
from engine.segments import opened

SCAN_EVENTS = 4_096  # read at a time when a segment is looked through
SEGMENTS_AHEAD = 2
OPEN_FILES_MAX = 16
_EVENT_ID = struct.Struct("<Q8xI")  # seq, event_index


class EventLogError(Exception):
    """The log cannot be settled; the text says why and what to do."""


class EventFile:
    """The event log in a directory. Called on the loop's thread.

    sessions_max: highest session id. bytes_max: above it the oldest segments are deleted; 0 keeps all.
    """

    def __init__(
        self,
        directory: Path,
        *,
        sessions_max: int,
        segment_events: int = SEGMENT_EVENTS,
        bytes_max: int = 0,
        files: EventFiles | None = None,
    ) -> None:
        self.directory = directory
        self._files = files or EventFiles(directory, segment_events)
        self._segment_events = self._files.segment_events
        self._segments_max = max(2, bytes_max // self._files.segment_bytes) if bytes_max else 0
        self._index = SegmentIndex(sessions_max, self._segment_events, BLOCK_EVENTS)
        self._numbers: list[int] = []  # of the segments that hold events, the last one is active
        self._active: OpenSegment | None = None
        self._first_ordinal = 0
        self._written_ordinal = 0  # what the files hold ends before it
        self._segment_end = 0  # ordinal at which the active segment is full
        self._pending: list[bytes] = []
        self._pending_events = 0
        self._verified: set[int] = set()  # blocks of full segments that are known to be whole
        self._readers: OrderedDict[int, int] = OrderedDict()  # number of a segment to a descriptor for reading
        self._loop: asyncio.AbstractEventLoop | None = None
        self._progressed: Callable[[], None] = lambda: None
        self._supply = self._new_supply()

    def _new_supply(self) -> SegmentSupply:
        return SegmentSupply(
            self._files,
            segment_bytes=self._files.segment_bytes,
            ahead=SEGMENTS_AHEAD,
            is_mapped=False,
            name="event-segments",
        )

    # ------------------------------------------------------------------------------------------- start and end

    def open(self) -> None:
        """Finds the end of what is whole. What is not is thrown away; `recover` writes it again. Raises OSError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        numbers = self._files.numbers()
        self._begin(numbers, self._files.first_ordinal(numbers[0]) if numbers else 0)

    def _begin(self, numbers: list[int], first_ordinal: int) -> None:
        """Goes on with these segments, the last of which need not be full."""
        next_number = numbers[-1] + 1 if numbers else first_ordinal // self._segment_events
        self._files.keep_only(numbers)
        self._numbers = numbers
        self._segment_end = (numbers[-1] + 1) * self._segment_events if numbers else 0
        self._first_ordinal = self._written_ordinal = first_ordinal
        self._verified.clear()
        self._index.set_table(b"")
        self._index.begin_segment()
        seq = event_index = 0
        for number in numbers:
            if number != numbers[-1] and self._files.has_index(number):
                self._index.set_table(self._files.index_table(number))
                self._written_ordinal = (number + 1) * self._segment_events
                seq = event_index = 0
                continue
            if seq == 0 and self._written_ordinal > first_ordinal:
                seq, event_index = _EVENT_ID.unpack(self._file_events(self._written_ordinal - 1, 1)[: _EVENT_ID.size])
            seq, event_index = self._scan(number, seq, event_index)
            if number != numbers[-1]:
                self._files.write_index(number, self._files.pack_index(number, self._index))
        if numbers:
            fd = os.open(self._files.path(numbers[-1]), os.O_RDWR | os.O_CLOEXEC)
            self._active = OpenSegment(numbers[-1], fd, self._files.segment_bytes, None)
            self._blank_behind(fd)
        self._supply.open(next_number, [], at_least_one=True)

    def _scan(self, number: int, seq: int, event_index: int) -> tuple[int, int]:
        """Indexes a segment as far as it is whole, from (seq, event_index) of the event before; returns the last
        one's."""
        self._index.begin_segment()
        end = (number + 1) * self._segment_events
        while self._written_ordinal < end:
            events = self._file_events(self._written_ordinal, min(SCAN_EVENTS, end - self._written_ordinal))
            count, seq, event_index = well_formed(events, seq, event_index)
            self._index.add(events[: count * EVENT_SIZE], self._written_ordinal % self._segment_events)
            self._written_ordinal += count
            if count * EVENT_SIZE < len(events):
                break
        return seq, event_index

    def _blank_behind(self, fd: int) -> None:
        """No trace of an event is left behind the end: it could pass for one later."""
        if self._written_ordinal < (self._numbers[-1] + 1) * self._segment_events:
            at = self._files.place(self._written_ordinal)
            end = content_end(fd, at, self._files.segment_bytes)
            if end > at:
                fill_zeros(fd, at, end)

    def cut(self, ordinal: int) -> None:
        """Forgets the events from `ordinal` on, or all, to begin at it, when it is not inside the log. For recovery."""
        if ordinal == self.next_ordinal:
            return
        numbers = [n for n in self._numbers if n * self._segment_events < ordinal]
        first_ordinal = self._first_ordinal
        if not self._first_ordinal < ordinal < self.next_ordinal:
            numbers, first_ordinal = [], ordinal
        self.close()
        if numbers and ordinal % self._segment_events:
            with opened(self._files.path(numbers[-1]), os.O_RDWR) as fd:
                fill_zeros(fd, self._files.place(ordinal), self._files.segment_bytes)
        self._supply = self._new_supply()
        self._begin(numbers, first_ordinal)

    def close(self) -> None:
        """What was appended is on the disk."""
        self.flush()
        self._supply.changed = lambda: None
        self._supply.close()
        if self._active is not None:
            os.fdatasync(self._active.fd)
            close_segment(self._active)
            self._active = None
        while self._readers:
            os.close(self._readers.popitem()[1])

    def watch(self, progressed: Callable[[], None]) -> None:
        """`progressed()` is called on the running loop's thread when what `flush` or `is_low` say may have changed."""
        self._progressed = progressed
        self._loop = asyncio.get_running_loop()
        self._supply.changed = self._supply_changed

    def _supply_changed(self) -> None:
        """Called in the supply's thread."""
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop has been closed meanwhile: nobody is left to be told
            self._loop.call_soon_threadsafe(self._progressed)

    # ------------------------------------------------------------------------------------------------- writing

    @property
    def is_low(self) -> bool:
        """No more segments can be made, and the last one is in use."""
        return self._supply.is_out_of_space and self._supply.next_room_bytes == 0

    def append(self, events: bytes) -> None:
        """Takes durable events. They can be read from now on, and are written by `flush`."""
        self._pending.append(events)
        self._pending_events += len(events) // EVENT_SIZE

    def flush(self) -> bool:
        """Writes what was appended, as far as there is room; the rest waits in memory: then False. Raises OSError."""
        if self._supply.error is not None:
            raise self._supply.error
        if not self._pending:
            return True
        events = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        done = 0
        while done < len(events) and (self._written_ordinal < self._segment_end or self._roll()):
            room_bytes = (self._segment_end - self._written_ordinal) * EVENT_SIZE
            part = events if done == 0 and len(events) <= room_bytes else events[done : done + room_bytes]
            if not self._write(part):
                break
            done += len(part)
        self._pending = [events[done:]] if done < len(events) else []
        self._pending_events = (len(events) - done) // EVENT_SIZE
        return not self._pending

    def settle(self, ordinal: int, events: bytes) -> int:
        """Compares what a replay caused with what the log has, and appends what it lacks. For recovery; blocks.

        ordinal: of the first event. Returns the number appended. Raises EventLogError when the two differ, or when
        there is no space.
        """
        skipped = max(0, min(self._first_ordinal - ordinal, len(events) // EVENT_SIZE))
        ordinal += skipped
        events = events[skipped * EVENT_SIZE :]
        if ordinal > self.next_ordinal:
            raise EventLogError(f"{self.directory} ends before event {self.next_ordinal}, event {ordinal} was offered")
        try:
            known = self.read(ordinal, len(events) // EVENT_SIZE)
        except LookupError as error:
            raise EventLogError(str(error)) from None
        if known != events[: len(known)]:
            raise EventLogError(self._difference(ordinal, known, events))
        if len(known) < len(events):
            self.append(events[len(known) :])
            self.flush()
            while self._pending:
                if not self._supply.wait_blank():
                    raise EventLogError(
                        f"no space to rebuild the event log in {self.directory}: free some, start again"
                    )
                self.flush()
        return (len(events) - len(known)) // EVENT_SIZE

    def _difference(self, ordinal: int, known: bytes, events: bytes) -> str:
        at = 0
        while known[at : at + EVENT_SIZE] == events[at : at + EVENT_SIZE]:
            at += EVENT_SIZE
        seq, event_index = _EVENT_ID.unpack(events[at : at + _EVENT_ID.size])
        return (
            f"{self.directory}: event {ordinal + at // EVENT_SIZE} (command {seq}, index {event_index}) is not what "
            "the journal gives now. Either the log is damaged: then move the directory away, and it is built anew "
            "from the journal. Or this engine is not the one that told participants: then start the one that did"
        )

    def _write(self, events: bytes) -> bool:
        """Whole events that fit the active segment; False when the disk is full."""
        assert self._active is not None
        slot = self._written_ordinal % self._segment_events
        place = PAGE_SIZE + slot * EVENT_SIZE
        if failpoints.ARMED and failpoints.is_due("events-torn"):
            # Whole events: a write is cut between pages or sectors, and an event never lies across two.
            os.pwrite(self._active.fd, events[: len(events) // EVENT_SIZE // 2 * EVENT_SIZE], place)
            failpoints.die()
        try:
            written = os.pwrite(self._active.fd, events, place)
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            return False
        if written < len(events):
            return False  # tried again from the start, to learn the reason
        self._index.add(events, slot)
        self._written_ordinal += len(events) // EVENT_SIZE
        return True

    def _roll(self) -> bool:
        """Begins the next segment; False when none is ready."""
        segment = self._supply.take()
        if segment is None:
            return False
        if self._active is not None:
            self._files.write_index(self._active.number, self._files.pack_index(self._active.number, self._index))
            self._supply.retire(self._active, 0)
        self._index.begin_segment()
        os.pwrite(segment.fd, self._files.pack_head(self._written_ordinal), 0)
        self._active = segment
        self._segment_end = (segment.number + 1) * self._segment_events
        self._numbers.append(segment.number)
        while self._segments_max and len(self._numbers) > self._segments_max:
            self._forget(self._numbers.pop(0))
        return True

    def _forget(self, number: int) -> None:
        blocks = self._segment_events // BLOCK_EVENTS
        self._verified.difference_update(range(number * blocks, (number + 1) * blocks))
        self._first_ordinal = (number + 1) * self._segment_events
        if number in self._readers:
            os.close(self._readers.pop(number))
        self._supply.run(lambda: self._files.remove_segment(number))

    # ------------------------------------------------------------------------------------------------- reading

    @property
    def lacks_beginning(self) -> bool:
        """Something is missing at its beginning that was not deleted for want of room."""
        return self._first_ordinal > 0 and not self._segments_max

    @property
    def first_ordinal(self) -> int:
        """Of the oldest event that is kept."""
        return self._first_ordinal

    @property
    def next_ordinal(self) -> int:
        """Of the event that is appended next."""
        return self._written_ordinal + self._pending_events

    def read(self, ordinal: int, count: int) -> bytes:
        """At most `count` whole records from `ordinal`; empty at the end. Raises LookupError for what is not kept."""
        if ordinal < self._first_ordinal:
            raise LookupError(f"event {ordinal} is not kept any more, the oldest is {self._first_ordinal}")
        self.flush()
        parts = []
        end = min(ordinal + count, self.next_ordinal)
        while ordinal < min(end, self._written_ordinal):
            in_segment = (ordinal // self._segment_events + 1) * self._segment_events
            part_end = min(end, self._written_ordinal, in_segment)
            if ordinal // self._segment_events != self._numbers[-1]:
                self._verify(ordinal, part_end)
            parts.append(self._file_events(ordinal, part_end - ordinal))
            ordinal = part_end
        if ordinal < end:  # the disk is full: they are in memory only
            waiting = b"".join(self._pending)
            at = (ordinal - self._written_ordinal) * EVENT_SIZE
            parts.append(waiting[at : at + (end - ordinal) * EVENT_SIZE])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def find(self, session_id: int, session_seq: int) -> int:
        """Ordinal of that event. Raises LookupError when the log has none."""
        self.flush()
        number, block = self._find_block(session_id, session_seq)
        if block >= 0:
            first = max(self._first_ordinal, number * self._segment_events + block * BLOCK_EVENTS)
            end = number * self._segment_events + (block + 1) * BLOCK_EVENTS
            at = find_event(self.read(first, end - first), session_id, session_seq)
            if at >= 0:
                return first + at
        for first in range(self._written_ordinal, self.next_ordinal, BLOCK_EVENTS):
            at = find_event(self.read(first, BLOCK_EVENTS), session_id, session_seq)
            if at >= 0:
                return first + at
        raise LookupError(f"the event log has no event {session_seq} of session {session_id}")

    def _find_block(self, session_id: int, session_seq: int) -> tuple[int, int]:
        """(segment, block) that has the event if any has; block -1: none."""
        full = self._numbers[:-1]
        # A session's numbers grow from segment to segment: the first whose last one is not below it.
        at = bisect_left(full, session_seq, key=lambda number: self._files.last_seq(number, session_id))
        if at < len(full):
            return full[at], self._files.find_block(full[at], session_id, session_seq)
        if self._numbers and self._index.last_seq(session_id) >= session_seq:
            return self._numbers[-1], self._index.find(session_id, session_seq)
        return 0, -1

    def _verify(self, ordinal: int, end: int) -> None:
        """Each block of a full segment is compared with its sum before it is read for the first time. LookupError: it
        is not what was written, and nobody is sent what is left of it."""
        for block in range(ordinal // BLOCK_EVENTS, -(-end // BLOCK_EVENTS)):
            if block in self._verified:
                continue
            number, first = block * BLOCK_EVENTS // self._segment_events, max(block * BLOCK_EVENTS, self._first_ordinal)
            events = self._file_events(first, (block + 1) * BLOCK_EVENTS - first)
            in_segment = block % (self._segment_events // BLOCK_EVENTS)
            if sum_block(events) != self._files.block_sum(number, in_segment):
                raise LookupError(
                    f"{self._files.path(number)} is damaged in block {in_segment}: move {self.directory} away before "
                    "the next start, and the event log is built anew from the journal"
                )
            self._verified.add(block)

    def _file_events(self, ordinal: int, count: int) -> bytes:
        """Records of one segment; fewer when the file is short."""
        number = ordinal // self._segment_events
        fd = self._readers.get(number)
        if fd is None:
            if len(self._readers) >= OPEN_FILES_MAX:
                os.close(self._readers.popitem(last=False)[1])
            fd = self._readers[number] = os.open(self._files.path(number), os.O_RDONLY | os.O_CLOEXEC)
        self._readers.move_to_end(number)
        return os.pread(fd, count * EVENT_SIZE, self._files.place(ordinal))
