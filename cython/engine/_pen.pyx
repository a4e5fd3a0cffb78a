"""The part of `engine.journal.FileJournal` that every batch passes: is there room, and the next record into its place.

It is the journal's base class and has no life of its own; opening, rolling, closing and failing are in Python.
"""

from cpython.bytes cimport PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t

from engine._chain cimport KIND_BATCH, Chain
from engine._segment_io cimport MappedSegment, SegmentWriter
from engine.records cimport COMMAND_SIZE

from engine import failpoints
from engine.journal_format import PAGE_SIZE as _PAGE_SIZE
from engine.journal_format import RECORD_OVERHEAD as _RECORD_OVERHEAD
from engine.journal_format import JournalError

cdef uint64_t OVERHEAD = _RECORD_OVERHEAD
cdef uint64_t PAGE = _PAGE_SIZE


cdef class RecordPen:
    """See `engine.journal.FileJournal`."""

    def __cinit__(self, *args, **options):
        self._fd = -1

    @property
    def durable_seq(self):
        """As `Journal.durable_seq`."""
        return self._writer.durable_seq if self._is_synced else self._chain.seq

    def has_room(self, uint64_t commands_bytes):
        """As `Journal.has_room`."""
        cdef uint64_t needed = commands_bytes + OVERHEAD
        if self._writer is not None and self._writer.room_bytes < needed + PAGE + OVERHEAD:
            return False
        return self._offset + needed <= self._room_end or needed <= self._supply.next_room_bytes

    def append(self, bytes commands not None, int64_t timestamp_ns):
        """As `Journal.append`. What no reader would accept is refused here."""
        cdef uint64_t size = <uint64_t> PyBytes_GET_SIZE(commands)
        if timestamp_ns < self._chain.timestamp_ns or size == 0 or size % COMMAND_SIZE:
            raise ValueError(
                f"{size} bytes stamped {timestamp_ns} are no batch of commands after {self._chain.timestamp_ns}"
            )
        if not self._is_fenced:
            raise JournalError("nobody may append before fence()")
        if self._offset + OVERHEAD + size > self._room_end:
            self._roll(OVERHEAD + size)
        self._write(KIND_BATCH, self._chain.epoch, timestamp_ns, commands)

    cpdef int _write(self, int kind, uint64_t epoch, int64_t timestamp_ns, bytes body) except -1:
        """The next record, at its place in the active segment."""
        written, synced = self._known_positions()
        header, digest = self._chain.extend(kind, epoch, timestamp_ns, body, self._boot, written, synced)
        self._put(header, body, digest)
        return 0

    cpdef tuple _known_positions(self):
        """(in the page cache, on the disk): records up to there, as far as it is known now."""
        if self._writer is None:
            return self._chain.position, self._supply.synced_position
        done = self._writer.durable_position
        return done, done if self._is_synced else self._supply.synced_position

    cpdef int _put(self, bytes header, bytes body, bytes digest) except -1:
        """Bytes on their way into the active segment."""
        if self._mapped is None:
            try:
                self._writer.append(
                    self._fd, self._offset, header, body, digest, self._chain.position, self._chain.seq
                )
            except BufferError:
                self._check()  # the disk may have failed since `has_room` was asked: then that is what is said
                raise
        else:
            if failpoints.ARMED and failpoints.is_due("append-torn"):
                self._mapped.store(self._offset, header, body[: len(body) // 2], b"")
                failpoints.die()
            self._mapped.store(self._offset, header, body, digest)
        self._offset += PyBytes_GET_SIZE(header) + PyBytes_GET_SIZE(body) + PyBytes_GET_SIZE(digest)
        return 0
