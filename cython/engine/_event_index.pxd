# Where a session's events are in the event log: one entry for each block of events in which a session has any.
from libc.stdint cimport uint32_t, uint64_t

from engine.records cimport event_t

ctypedef struct index_entry_t:  # 16 bytes, in the order of the log
    uint64_t session_seq  # the first one of the session in the block
    uint32_t session_id
    uint32_t block


cdef class SegmentIndex:
    cdef readonly uint32_t sessions_max
    cdef readonly uint32_t segment_events
    cdef readonly uint32_t block_events
    cdef uint64_t *last_seqs  # by session: its last number in the log so far
    cdef uint32_t *last_blocks  # by session: block + 1 of its last entry in this segment, 0 = none
    cdef index_entry_t *entries
    cdef uint64_t *sums  # by block: over the bytes of its events so far
    cdef uint32_t entries_count

    cdef void _add(self, const event_t *records, uint32_t count, uint32_t slot) noexcept nogil
