# The commands that have arrived since the last turn: doors write records in place, the sequencer stamps and takes them.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from engine.records cimport command_t


cdef class CommandBatch:
    cdef command_t *records
    cdef readonly uint32_t capacity
    cdef readonly uint32_t count

    # A zeroed record at the end of the batch, or NULL when it is full; it counts at once.
    cdef command_t *reserve(self) noexcept nogil
    # Takes back the last reserved record.
    cdef void unreserve(self) noexcept nogil
