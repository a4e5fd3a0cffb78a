# The load generator's inner loop: encodes requests, sends and receives them in bulk, measures every answer.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef enum:  # what a connection sends
    LOAD_PLACE_CANCEL = 1  # LIMIT orders that rest, each cancelled when `depth` younger ones rest
    LOAD_QUOTE = 2  # ALO orders, each replaced once, one tick away, and then cancelled
    LOAD_MAKE = 3  # one-lot ALO orders on alternate sides, for LOAD_TAKE
    LOAD_TAKE = 4  # two-lot IOC orders on alternate sides, at the prices of LOAD_MAKE

cdef enum:
    SUB_BUCKETS = 1024  # per power of two: three significant digits
    HISTOGRAM_SIZE = 55 * SUB_BUCKETS
    REASONS = 128
    DEBUG_TEXT_BYTES = 200

# Counts of int64 values >= 0 with a relative error below 1/1024.
ctypedef struct histogram_t:
    int64_t *counts
    int64_t total

ctypedef struct connection_t:
    # What is sent
    int fd  # non-blocking, borrowed
    int mix
    uint32_t account_id
    uint32_t instrument_id
    int64_t mid_price_e8
    int64_t tick_e8
    int64_t lot_e8
    uint32_t levels  # prices used on each side
    uint32_t depth  # orders that rest at a time
    uint64_t first_client_seq
    # How far it is
    uint64_t sent  # requests encoded
    uint64_t answered  # of them
    uint64_t missed  # requests whose answer was left out: a later one came before it
    uint64_t placed  # NewOrder requests among `sent`
    uint64_t placed_answered
    uint64_t replaced  # orders
    uint64_t cancelled  # orders
    uint64_t reports  # sequenced messages received
    uint64_t fills
    uint64_t rejected  # answers that are rejections
    uint64_t rejected_by[REASONS]
    int64_t last_sent_ns
    int64_t wall_offset_ns  # wall clock less monotonic clock when the connection was made
    # Requests without an answer: when each was due and whether it is a NewOrder, by number modulo outstanding_max
    int64_t *due_ns
    uint8_t *is_place
    uint64_t outstanding_max
    # Bytes: [out_start, out_end) is encoded and not sent, [in_start, in_end) received and not decoded
    uint8_t *outbound
    size_t out_start
    size_t out_end
    uint8_t *inbound
    size_t in_start
    size_t in_end
    bint is_closed  # by the venue, or by an error of the socket
    int last_errno
    char debug_text[DEBUG_TEXT_BYTES]  # the last one that the venue sent


cdef class LoadConnection:
    cdef connection_t c


cdef class LoadDriver:
    cdef list _connections
    cdef connection_t **members
    cdef uint32_t count
    cdef uint32_t turn  # connection that sends the next request of the open loop
    cdef histogram_t latency
    cdef histogram_t lateness
    cdef int64_t started_ns  # when the open loop's request number 0 was due; 0 = it has not started
    cdef uint64_t scheduled  # requests of the open loop that were encoded

    cdef bint _loop(self, int64_t until_ns, uint32_t window, uint64_t rate_per_s, bint busy_poll) noexcept nogil
    cdef bint _fill_closed(self, uint32_t window, int64_t now_ns) noexcept nogil
    cdef bint _fill_open(self, uint64_t rate_per_s, int64_t now_ns) noexcept nogil
    cdef bint _exchange(self) noexcept nogil
    cdef bint _is_quiet(self) noexcept nogil
    cdef void _wait(self, int64_t duration_ns) noexcept nogil
