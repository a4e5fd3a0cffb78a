# From released events to the outlet of the session that each is addressed to. A door extends Outlet and sets `encode`.
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from engine.records cimport event_t

cdef enum:  # state of an outlet
    OUTLET_REPLAYING = 0  # fed from the event log by its door; routed events pass it by
    OUTLET_LIVE = 1
    OUTLET_OVERFLOWN = 2  # its buffer is full: the participant reads too slowly
    OUTLET_GAP = 3  # an event arrived that does not follow the last one: our own fault
    OUTLET_UNKNOWN = 4  # the engine does not know the session

ctypedef struct outlet_t:
    # Writes one message at `target` (message_bytes_max are free) and returns its length in bytes; 0 = none goes out for
    # this event.
    size_t (*encode)(outlet_t *outlet, const event_t *event, uint8_t *target) noexcept nogil
    void *context  # the door's own
    uint8_t *buffer
    size_t size
    size_t capacity
    size_t message_bytes_max
    uint64_t next_seq  # session_seq of the event that it takes next
    uint32_t session_id
    uint8_t state
    uint8_t is_dirty

# Encodes `event` when it is the next one of a live or replaying outlet; an older one is skipped.
cdef void outlet_deliver(outlet_t *outlet, const event_t *event) noexcept nogil


cdef class Outlet:
    cdef outlet_t c


cdef class SocketOutlet(Outlet):
    cdef object owner
    cdef object transport
    cdef int fd
    cdef bint backlogged
    cdef size_t limit_bytes
    cdef readonly double last_sent_s
    cdef object _clock


cdef class Router:
    cdef outlet_t **outlets
    cdef uint64_t *session_seqs
    cdef uint32_t *dirty
    cdef uint32_t dirty_count
    cdef readonly uint32_t sessions_max
    cdef dict _attached
    cdef list _sinks
    cdef void _route(self, const event_t *events, Py_ssize_t count) noexcept nogil
