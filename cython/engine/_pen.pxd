# The way of a record into the active segment.
from libc.stdint cimport int64_t, uint64_t

from engine._chain cimport Chain
from engine._segment_io cimport MappedSegment, SegmentWriter


cdef class RecordPen:
    cdef public Chain _chain  # after the last record
    cdef public SegmentWriter _writer  # None: the loop writes itself
    cdef public MappedSegment _mapped  # the active segment, when the loop writes itself
    cdef public object _supply  # of segments: `next_room_bytes`, `synced_position`
    cdef public int _fd  # of the active segment, -1 before the first
    cdef public uint64_t _offset  # of the next record in it
    cdef public uint64_t _room_end  # where whole records of commands end in it
    cdef public uint64_t _boot
    cdef public bint _is_fenced
    cdef public bint _is_synced  # what the writer has done is on the disk

    cpdef int _write(self, int kind, uint64_t epoch, int64_t timestamp_ns, bytes body) except -1
    cpdef tuple _known_positions(self)
    cpdef int _put(self, bytes header, bytes body, bytes digest) except -1
