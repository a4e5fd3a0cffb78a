# Writing journal segments: a thread that writes and syncs behind the loop, and a mapped segment that the loop writes
# itself.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_t:
        pass
    ctypedef struct pthread_mutex_t:
        pass
    ctypedef struct pthread_cond_t:
        pass

cdef enum failpoint_t:
    FAILPOINT_NONE = 0
    FAILPOINT_QUEUED = 1
    FAILPOINT_TORN = 2
    FAILPOINT_WRITTEN = 3
    FAILPOINT_SYNCED = 4

cdef enum stage_t:  # where an error happened
    STAGE_NONE = 0
    STAGE_WRITE = 1
    STAGE_SYNC = 2

ctypedef struct job_t:  # one record, or one segment header: 48 bytes
    int64_t offset  # in the file
    uint64_t start  # in the ring, counted from the first byte ever
    uint64_t size_bytes
    uint64_t position  # what is durable once it is: the record's number
    uint64_t seq  # and its last command
    int fd
    int reserved

ctypedef struct writer_t:  # all that the thread sees; `lock` guards what both sides change
    uint8_t *ring
    uint64_t ring_bytes  # a power of two
    job_t *jobs
    uint64_t jobs_max  # a power of two
    uint64_t head_bytes  # copied in
    uint64_t tail_bytes  # written
    uint64_t head_job
    uint64_t tail_job
    uint64_t durable_position
    uint64_t durable_seq
    uint64_t groups  # writes (and syncs) so far
    int64_t sync_ns_max
    int64_t sync_ns_total
    int event_fd
    int error  # errno, 0 = none
    int stage
    int stalled  # errno of a write that found no space and is tried again, else 0
    bint syncs
    bint is_stopping
    bint is_running
    int failpoint
    uint32_t failpoint_hits
    pthread_mutex_t lock
    pthread_cond_t more
    pthread_cond_t done
    pthread_t thread


cdef class SegmentWriter:
    cdef writer_t *c
    cdef bint is_started
    cdef bint is_joined

    cdef void _copy_in(self, uint64_t at, const uint8_t *source, uint64_t size_bytes) noexcept nogil
    cdef void _join(self) noexcept nogil


cdef class MappedSegment:
    cdef uint8_t *bytes
    cdef uint64_t size_bytes

    cdef void _unmap(self) noexcept nogil
