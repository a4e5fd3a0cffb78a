"""Keeps blank segments ready in front of the journal and puts full ones away, in two threads of its own: a disk that is
slow to sync a full segment does not hold up the next blank one.

Writing zeros over a segment in advance makes commits twice as quick and reserves the space on the disk: a full disk is
noticed while there is still room to say so. `FileJournal` takes a segment when it rolls; nothing here touches a record.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from engine._segment_io import MappedSegment
from engine.journal_format import PAGE_SIZE, RECORD_OVERHEAD
from engine.segments import SegmentFiles

NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
RETRY_S = 1.0  # between two tries to fill a segment on a full disk
CACHED_SEGMENTS = 2  # full segments that stay in the page cache for those who follow; older ones are read from the disk
CLOSING_BYTES = 2 * RECORD_OVERHEAD  # kept free at a segment's end for a ROLL and a SEAL


@dataclass(slots=True)
class OpenSegment:
    """A segment that is written or will be. `mapped` only when the loop writes into it itself."""

    number: int
    fd: int
    size_bytes: int
    mapped: MappedSegment | None

    @property
    def room_bytes(self) -> int:
        """What a blank one takes in records."""
        return self.size_bytes - PAGE_SIZE - CLOSING_BYTES


class SegmentSupply:
    """`take` and `retire` are called by the journal; the threads fill, sync and close. `changed` is called in them."""

    def __init__(
        self,
        files: SegmentFiles,
        *,
        segment_bytes: int,
        ahead: int,
        is_mapped: bool,
        wait_written: Callable[[int], object] = lambda _: None,
        name: str = "journal-segments",
    ) -> None:
        """ahead: blank segments to keep. wait_written(position): blocks until nobody writes into what ends there."""
        self._files = files
        self._segment_bytes = segment_bytes
        self._ahead = ahead
        self._is_mapped = is_mapped
        self._wait_written = wait_written
        self._blank: deque[OpenSegment] = deque()
        self._full: deque[int] = deque()  # descriptors of the newest full segments
        self._chores: deque[Callable[[], None]] = deque()
        self._next_number = 1
        self._condition = threading.Condition()
        self._is_stopping = False
        self._threads = (
            threading.Thread(target=self._run, args=(self._next_fill,), name=name, daemon=True),
            threading.Thread(target=self._run, args=(self._next_chore,), name=f"{name}-full", daemon=True),
        )
        self.changed: Callable[[], None] = lambda: None
        self.is_out_of_space = False  # the last try to fill a segment found no space
        self.error: OSError | None = None  # anything else that went wrong: the journal cannot go on
        self.synced_position = 0  # records up to here are on the disk

    def open(self, next_number: int, blank: list[OpenSegment], *, at_least_one: bool) -> None:
        """Starts the threads. blank: those that exist already, the first of them is `next_number`. at_least_one: fills
        one now when there is none. Raises OSError."""
        self._blank.extend(blank)
        self._next_number = next_number + len(blank)
        if at_least_one and not blank:
            self._fill_one()
        for thread in self._threads:
            thread.start()

    def _fill_one(self) -> None:
        segment = self.adopt(self._next_number, self._files.create(self._next_number, self._segment_bytes))
        with self._condition:
            self._next_number += 1
            self._blank.append(segment)
            self.is_out_of_space = False
            self._condition.notify_all()

    def adopt(self, number: int, fd: int) -> OpenSegment:
        """A segment file that is open for writing, as this supply hands it out. Raises OSError."""
        size_bytes = os.fstat(fd).st_size
        return OpenSegment(number, fd, size_bytes, MappedSegment(fd, size_bytes) if self._is_mapped else None)

    @property
    def room_bytes(self) -> int:
        """What the blank segments take in records."""
        with self._condition:
            return sum(segment.room_bytes for segment in self._blank)

    @property
    def next_room_bytes(self) -> int:
        """What the next blank segment takes, 0 when there is none."""
        with self._condition:
            return self._blank[0].room_bytes if self._blank else 0

    def take(self) -> OpenSegment | None:
        """The next blank segment, None when none is ready. Never blocks."""
        with self._condition:
            if not self._blank:
                return None
            self._condition.notify_all()
            return self._blank.popleft()

    def wait_blank(self) -> bool:
        """Blocks until a blank segment is ready; False when none can be made. Not for the way of an order."""
        with self._condition:
            while not self._blank and not self.is_out_of_space and self.error is None:
                self._condition.wait()
            return bool(self._blank)

    def retire(self, segment: OpenSegment, position: int) -> None:
        """The segment is full; `position` is its last record."""
        self.run(lambda: self._put_away(segment, position))

    def run(self, chore: Callable[[], None]) -> None:
        """Something else that takes its time, done in order with what is retired. It may raise OSError."""
        with self._condition:
            self._chores.append(chore)
            self._condition.notify_all()

    def close(self) -> None:
        """Ends the threads and closes what is blank; what was retired is on the disk afterwards."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for segment in self._blank:
            close_segment(segment)
        self._blank.clear()
        for fd in self._full:
            os.close(fd)
        self._full.clear()

    def _run(self, next_task: Callable[[], Callable[[], None] | None]) -> None:
        while True:
            with self._condition:
                task = next_task()
            if task is None:
                return
            try:
                task()
            except OSError as error:
                self._fail(error)
                return
            self.changed()

    def _next_fill(self) -> Callable[[], None] | None:
        """Waits, with the lock held, until a blank segment is wanted; None at the end. Out of space, it is tried again
        now and then."""
        while not self._is_stopping:
            if self.is_out_of_space:
                if not self._condition.wait(RETRY_S):
                    return self._fill
            elif len(self._blank) < self._ahead:
                return self._fill
            else:
                self._condition.wait()
        return None

    def _next_chore(self) -> Callable[[], None] | None:
        """Waits, with the lock held, until there is one; None at the end, when all are done."""
        while not self._chores:
            if self._is_stopping:
                return None
            self._condition.wait()
        return self._chores.popleft()

    def _fill(self) -> None:
        try:
            self._fill_one()
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            with self._condition:
                self.is_out_of_space = True
                self._condition.notify_all()

    def _fail(self, error: OSError) -> None:
        with self._condition:
            self.error = error
            self._condition.notify_all()
        self.changed()

    def _put_away(self, segment: OpenSegment, position: int) -> None:
        self._wait_written(position)
        self._files.sync_segment(segment.fd)
        self.synced_position = position
        if segment.mapped is not None:
            segment.mapped.close()
        self._full.append(segment.fd)
        if len(self._full) > CACHED_SEGMENTS:
            # Its pages go back to where the next segments take theirs from: a history that only grows would have
            # the kernel find, clear and later reclaim new ones for every byte.
            fd = self._full.popleft()
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def close_segment(segment: OpenSegment) -> None:
    if segment.mapped is not None:
        segment.mapped.close()
    os.close(segment.fd)
