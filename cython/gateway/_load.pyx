"""The inner loop of `perpgate load`: one thread, many connections of the binary door, no Python object per message.

`LoadDriver.run` encodes what is due, sends, receives and measures until a time; Python looks at the counts in between.
In the open loop the clock of a request starts when it was due by the rate, not when it could be sent, so that a stall
of the venue (or of this program) counts for every request that it held up. Called by `gateway.load` alone; it logs
nobody in and knows no configuration.
"""

from libc.errno cimport EAGAIN, EINTR, errno
from libc.stdint cimport INT64_MIN, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memmove, memset

from engine.records cimport (
    ORDER_TYPE_ALO,
    ORDER_TYPE_LIMIT,
    SCOPE_ACCOUNT,
    SIDE_BUY,
    SIDE_SELL,
    TIME_IN_FORCE_GTC,
    TIME_IN_FORCE_IOC,
)
from gateway.binary._wire cimport (
    BLOCK_CANCEL_ORDER,
    BLOCK_MASS_CANCEL,
    BLOCK_NEW_ORDER,
    BLOCK_REPLACE_ORDER,
    BLOCK_REPORT,
    SBE_HEADER_BYTES,
    SBE_SCHEMA_ID,
    SBE_VERSION,
    SOUP_HEADER_BYTES,
    TEMPLATE_CANCEL_ORDER,
    TEMPLATE_CANCEL_REJECTED,
    TEMPLATE_MASS_CANCEL,
    TEMPLATE_MASS_CANCEL_REJECTED,
    TEMPLATE_NEW_ORDER,
    TEMPLATE_ORDER_FILLED,
    TEMPLATE_ORDER_REJECTED,
    TEMPLATE_REPLACE_ORDER,
    TEMPLATE_REPLACE_REJECTED,
)

cdef extern from "sys/socket.h" nogil:
    ssize_t c_send "send"(int fd, const void *data, size_t size, int flags)
    ssize_t c_recv "recv"(int fd, void *data, size_t size, int flags)
    int MSG_DONTWAIT
    int MSG_NOSIGNAL

cdef extern from "time.h" nogil:
    struct timespec:
        long tv_sec
        long tv_nsec
    int clock_gettime(int clock, timespec *time)
    int CLOCK_MONOTONIC
    int CLOCK_REALTIME

cdef extern from "poll.h" nogil:
    struct pollfd:
        int fd
        short events
        short revents
    int ppoll(pollfd *fds, unsigned long count, const timespec *timeout, const void *signals)
    short POLLIN
    short POLLOUT

cdef extern from * nogil:
    int __builtin_clzll(unsigned long long value)

PLACE_CANCEL = LOAD_PLACE_CANCEL
QUOTE = LOAD_QUOTE
MAKE = LOAD_MAKE
TAKE = LOAD_TAKE

cdef enum:
    OUT_BYTES = 256 * 1024
    IN_BYTES = 1024 * 1024
    REQUEST_BYTES_MAX = 128  # the largest packet that is encoded here has 109
    ENCODE_MAX = 1024  # requests of one connection per turn, so that answers are read in between
    CONNECTIONS_MAX = 1024
    OUTSTANDING_LIMIT = 1 << 20
    NS_PER_S = 1_000_000_000
    WAIT_NS_MIN = 60_000  # a shorter wait is spun: the scheduler would come back too late


cdef inline int64_t _now_ns(int clock=CLOCK_MONOTONIC) noexcept nogil:
    cdef timespec time
    clock_gettime(clock, &time)
    return <int64_t> time.tv_sec * NS_PER_S + time.tv_nsec


cdef inline void _put16(uint8_t *p, uint16_t v) noexcept nogil:
    memcpy(p, &v, 2)


cdef inline void _put32(uint8_t *p, uint32_t v) noexcept nogil:
    memcpy(p, &v, 4)


cdef inline void _put64(uint8_t *p, uint64_t v) noexcept nogil:
    memcpy(p, &v, 8)


cdef inline uint16_t _u16(const uint8_t *p) noexcept nogil:
    cdef uint16_t v
    memcpy(&v, p, 2)
    return v


cdef inline uint64_t _u64(const uint8_t *p) noexcept nogil:
    cdef uint64_t v
    memcpy(&v, p, 8)
    return v


# ----------------------------------------------------------------------------------------------------- histogram


cdef inline void _record(histogram_t *histogram, int64_t value) noexcept nogil:
    cdef uint64_t v = <uint64_t> value if value > 0 else 0
    cdef uint32_t shift = 0
    if v >= 2 * SUB_BUCKETS:
        shift = 53 - <uint32_t> __builtin_clzll(v)  # what is left are the top eleven bits
    histogram.counts[shift * SUB_BUCKETS + (v >> shift)] += 1
    histogram.total += 1


cdef int64_t _bucket_floor(uint32_t bucket) noexcept nogil:
    cdef uint32_t shift = 0
    if bucket >= 2 * SUB_BUCKETS:
        shift = bucket // SUB_BUCKETS - 1
    return (<int64_t> bucket - <int64_t> shift * SUB_BUCKETS) << shift


cdef int _open_histogram(histogram_t *histogram) except -1:
    histogram.total = 0
    histogram.counts = <int64_t *> calloc(HISTOGRAM_SIZE, sizeof(int64_t))
    if histogram.counts == NULL:
        raise MemoryError()
    return 0


cdef void _clear_histogram(histogram_t *histogram) noexcept nogil:
    memset(histogram.counts, 0, HISTOGRAM_SIZE * sizeof(int64_t))
    histogram.total = 0


cdef list _counts_of(histogram_t *histogram):
    return [(_bucket_floor(i), histogram.counts[i]) for i in range(HISTOGRAM_SIZE) if histogram.counts[i]]


def histogram_of(values):
    """The (value, count) pairs that these int64 values give: how the driver counts, for those who check it."""
    cdef histogram_t histogram
    _open_histogram(&histogram)
    try:
        for value in values:
            _record(&histogram, value)
        return _counts_of(&histogram)
    finally:
        free(histogram.counts)


# ------------------------------------------------------------------------------------------------------ requests


cdef inline uint8_t *_request(connection_t *c, uint32_t block_bytes, uint32_t template_id,
                              int64_t now_ns) noexcept nogil:
    # The headers and what every request begins with; the rest of the block is zero. Returns the block.
    cdef uint8_t *packet = c.outbound + c.out_end
    cdef uint32_t length = 1 + SBE_HEADER_BYTES + block_bytes
    cdef uint8_t *block = packet + SOUP_HEADER_BYTES + SBE_HEADER_BYTES
    packet[0] = <uint8_t> (length >> 8)
    packet[1] = <uint8_t> (length & 255)
    packet[2] = 85  # 'U'
    _put16(packet + 3, <uint16_t> block_bytes)
    _put16(packet + 5, <uint16_t> template_id)
    _put16(packet + 7, SBE_SCHEMA_ID)
    _put16(packet + 9, SBE_VERSION)
    memset(block, 0, block_bytes)
    _put64(block, c.first_client_seq + c.sent)
    _put64(block + 8, <uint64_t> (now_ns + c.wall_offset_ns))
    c.out_end += length + 2
    return block


cdef void _place(connection_t *c, int side, int order_type, int time_in_force, int64_t price_e8, int64_t quantity_e8,
                 int64_t now_ns) noexcept nogil:
    cdef uint8_t *block = _request(c, BLOCK_NEW_ORDER, TEMPLATE_NEW_ORDER, now_ns)
    _put64(block + 16, c.first_client_seq + c.placed)
    _put32(block + 24, c.account_id)
    _put32(block + 28, c.instrument_id)
    _put64(block + 32, <uint64_t> price_e8)
    _put64(block + 40, <uint64_t> quantity_e8)
    _put64(block + 48, <uint64_t> INT64_MIN)
    _put64(block + 56, <uint64_t> INT64_MIN)
    _put64(block + 64, <uint64_t> -1)
    _put64(block + 72, <uint64_t> INT64_MIN)
    _put64(block + 80, <uint64_t> INT64_MIN)
    block[92] = <uint8_t> side
    block[93] = <uint8_t> order_type
    block[94] = <uint8_t> time_in_force
    c.placed += 1


cdef void _cancel_oldest(connection_t *c, int64_t now_ns) noexcept nogil:
    cdef uint8_t *block = _request(c, BLOCK_CANCEL_ORDER, TEMPLATE_CANCEL_ORDER, now_ns)
    _put64(block + 24, c.first_client_seq + c.cancelled)
    _put32(block + 40, c.account_id)
    _put32(block + 44, c.instrument_id)
    c.cancelled += 1


cdef void _replace_oldest(connection_t *c, int64_t now_ns) noexcept nogil:
    cdef uint8_t *block = _request(c, BLOCK_REPLACE_ORDER, TEMPLATE_REPLACE_ORDER, now_ns)
    cdef int side = _side_of(c.replaced)
    _put64(block + 24, c.first_client_seq + c.replaced)
    _put32(block + 40, c.account_id)
    _put32(block + 44, c.instrument_id)
    _put64(block + 48, <uint64_t> _price_of(c, c.replaced, 2))
    _put64(block + 56, <uint64_t> c.lot_e8)
    _put64(block + 64, <uint64_t> INT64_MIN)
    _put64(block + 72, <uint64_t> INT64_MIN)
    block[80] = <uint8_t> side
    block[81] = ORDER_TYPE_ALO
    c.replaced += 1


cdef void _cancel_all(connection_t *c) noexcept nogil:
    # A request like the others: its answer is MassCancelDone, which comes when the last order is gone.
    cdef int64_t now_ns = _now_ns()
    cdef uint64_t slot = c.sent & (c.outstanding_max - 1)
    cdef uint8_t *block = _request(c, BLOCK_MASS_CANCEL, TEMPLATE_MASS_CANCEL, now_ns)
    _put32(block + 24, c.account_id)
    block[32] = SCOPE_ACCOUNT
    c.due_ns[slot] = now_ns
    c.is_place[slot] = 0
    c.sent += 1


cdef inline int _side_of(uint64_t number) noexcept nogil:
    return SIDE_BUY if number & 1 else SIDE_SELL


cdef inline int64_t _price_of(const connection_t *c, uint64_t number, int64_t nearest_ticks) noexcept nogil:
    # Buys below the mid price, sells above it, so that resting orders of any two connections never cross.
    cdef int64_t away_e8 = (nearest_ticks + <int64_t> ((number >> 1) % c.levels)) * c.tick_e8
    return c.mid_price_e8 - away_e8 if number & 1 else c.mid_price_e8 + away_e8


cdef void _encode_next(connection_t *c, int64_t due_ns, int64_t now_ns) noexcept nogil:
    # One request of the mix; the caller has made sure that there is room (`_has_room`).
    cdef uint64_t slot = c.sent & (c.outstanding_max - 1)
    cdef uint64_t number = c.placed
    cdef int side = _side_of(number)
    c.due_ns[slot] = due_ns
    if c.mix == LOAD_MAKE:
        _place(c, side, ORDER_TYPE_ALO, TIME_IN_FORCE_GTC, _price_of(c, number & 1, 1), c.lot_e8, now_ns)
    elif c.mix == LOAD_TAKE:
        _place(c, SIDE_BUY + SIDE_SELL - side, ORDER_TYPE_LIMIT, TIME_IN_FORCE_IOC, _price_of(c, number & 1, 1),
               2 * c.lot_e8, now_ns)
    elif number - c.cancelled < c.depth:
        _place(c, side, ORDER_TYPE_LIMIT if c.mix == LOAD_PLACE_CANCEL else ORDER_TYPE_ALO, TIME_IN_FORCE_GTC,
               _price_of(c, number, 1), c.lot_e8, now_ns)
    elif c.mix == LOAD_QUOTE and c.replaced == c.cancelled:
        _replace_oldest(c, now_ns)
    else:
        _cancel_oldest(c, now_ns)
    c.is_place[slot] = c.placed != number
    c.sent += 1


cdef inline bint _has_room(const connection_t *c) noexcept nogil:
    return c.sent - c.answered < c.outstanding_max and OUT_BYTES - c.out_end >= REQUEST_BYTES_MAX


cdef void _send(connection_t *c) noexcept nogil:
    # Hands to the kernel what it takes.
    cdef ssize_t taken
    if c.out_start == c.out_end or c.is_closed:
        return
    taken = c_send(c.fd, c.outbound + c.out_start, c.out_end - c.out_start, MSG_DONTWAIT | MSG_NOSIGNAL)
    if taken < 0:
        if errno != EAGAIN and errno != EINTR:  # `_receive` finds the end, behind what the venue said before it
            c.last_errno = errno
            c.out_start = 0
            c.out_end = 0
        return
    c.last_sent_ns = _now_ns()
    c.out_start += <size_t> taken
    if c.out_start == c.out_end:
        c.out_start = 0
        c.out_end = 0
    elif c.out_start > OUT_BYTES // 2:
        memmove(c.outbound, c.outbound + c.out_start, c.out_end - c.out_start)
        c.out_end -= c.out_start
        c.out_start = 0


# ------------------------------------------------------------------------------------------------------- answers


cdef bint _receive(connection_t *c, histogram_t *latency) noexcept nogil:
    # Takes what the kernel has and counts every whole packet; True when there was something.
    cdef ssize_t got
    cdef size_t size
    cdef int64_t now_ns
    if c.is_closed:
        return False
    got = c_recv(c.fd, c.inbound + c.in_end, IN_BYTES - c.in_end, MSG_DONTWAIT)
    if got > 0:
        c.in_end += <size_t> got
    elif got == 0:
        c.is_closed = True
    elif errno != EAGAIN and errno != EINTR:
        c.last_errno = errno
        c.is_closed = True
    if c.in_end - c.in_start < 2:
        return False
    now_ns = _now_ns()
    while c.in_end - c.in_start >= 2:
        size = 2 + (<size_t> c.inbound[c.in_start] << 8 | c.inbound[c.in_start + 1])
        if c.in_end - c.in_start < size:
            break
        _packet(c, c.inbound + c.in_start, size, now_ns, latency)
        c.in_start += size
    if c.in_start == c.in_end:
        c.in_start = 0
        c.in_end = 0
    elif c.in_start > IN_BYTES // 2:
        memmove(c.inbound, c.inbound + c.in_start, c.in_end - c.in_start)
        c.in_end -= c.in_start
        c.in_start = 0
    return True


cdef void _packet(connection_t *c, const uint8_t *packet, size_t size, int64_t now_ns,
                  histogram_t *latency) noexcept nogil:
    cdef const uint8_t *block = packet + SOUP_HEADER_BYTES + SBE_HEADER_BYTES
    cdef uint64_t number
    cdef uint64_t slot
    cdef uint16_t template_id
    cdef uint16_t reason
    if size >= SOUP_HEADER_BYTES and packet[2] == 43:  # '+', a debug packet
        size = min(size - SOUP_HEADER_BYTES, <size_t> DEBUG_TEXT_BYTES - 1)
        memcpy(c.debug_text, packet + SOUP_HEADER_BYTES, size)
        c.debug_text[size] = 0
        return
    if size < SOUP_HEADER_BYTES + SBE_HEADER_BYTES + BLOCK_REPORT or packet[2] != 83:  # 'S'
        return
    c.reports += 1
    template_id = _u16(packet + 5)
    c.fills += template_id == TEMPLATE_ORDER_FILLED
    # Answers come in the order of the requests. Later reports about the same request carry its number again, those
    # that answer nothing carry 0: neither is among the requests that wait.
    number = _u64(block + 24) - c.first_client_seq
    if number >= c.sent or number < c.answered:
        return
    if (template_id == TEMPLATE_ORDER_REJECTED or template_id == TEMPLATE_REPLACE_REJECTED
            or template_id == TEMPLATE_CANCEL_REJECTED or template_id == TEMPLATE_MASS_CANCEL_REJECTED):
        c.rejected += 1
        reason = _u16(block + 20)
        c.rejected_by[reason if reason < REASONS else 0] += 1
    slot = number & (c.outstanding_max - 1)
    c.missed += number - c.answered
    c.answered = number + 1
    c.placed_answered += c.is_place[slot]
    _record(latency, now_ns - c.due_ns[slot])


# ---------------------------------------------------------------------------------------------------- connection


cdef class LoadConnection:
    """One logged-in connection: a non-blocking socket, what it sends and how far it is.

    LoadConnection(fd, mix, *, account_id, instrument_id, mid_price_e8, tick_e8, lot_e8, first_client_seq, levels,
    depth, outstanding_max): `fd` stays the caller's. Orders are of one lot (IOC orders of two) on `levels` prices each
    side of the mid price. Client order ids count from `first_client_seq`, as the requests do. outstanding_max, a power
    of two up to 2^20, bounds the requests without an answer.
    """

    def __cinit__(self, int fd, int mix, *, uint32_t account_id, uint32_t instrument_id, int64_t mid_price_e8,
                  int64_t tick_e8, int64_t lot_e8, uint64_t first_client_seq, uint32_t levels=20, uint32_t depth=1000,
                  uint64_t outstanding_max=65536):
        if mix not in (LOAD_PLACE_CANCEL, LOAD_QUOTE, LOAD_MAKE, LOAD_TAKE):
            raise ValueError(f"mix {mix} is not defined")
        if levels == 0 or depth == 0 or tick_e8 < 1 or mid_price_e8 // tick_e8 <= levels + 1:
            raise ValueError("levels and depth are at least 1, and the lowest price is above one tick")
        if not 1 <= outstanding_max <= OUTSTANDING_LIMIT or outstanding_max & (outstanding_max - 1):
            raise ValueError(f"outstanding_max is a power of two up to {OUTSTANDING_LIMIT}")
        self.c.fd = fd
        self.c.mix = mix
        self.c.account_id = account_id
        self.c.instrument_id = instrument_id
        self.c.mid_price_e8 = mid_price_e8
        self.c.tick_e8 = tick_e8
        self.c.lot_e8 = lot_e8
        self.c.levels = levels
        self.c.depth = depth
        self.c.first_client_seq = first_client_seq
        self.c.outstanding_max = outstanding_max
        self.c.wall_offset_ns = _now_ns(CLOCK_REALTIME) - _now_ns()
        self.c.due_ns = <int64_t *> calloc(outstanding_max, sizeof(int64_t))
        self.c.is_place = <uint8_t *> calloc(outstanding_max, 1)
        self.c.outbound = <uint8_t *> malloc(OUT_BYTES)
        self.c.inbound = <uint8_t *> malloc(IN_BYTES)
        if self.c.due_ns == NULL or self.c.is_place == NULL or self.c.outbound == NULL or self.c.inbound == NULL:
            raise MemoryError()

    def __dealloc__(self):
        free(self.c.due_ns)
        free(self.c.is_place)
        free(self.c.outbound)
        free(self.c.inbound)

    @property
    def is_open(self):
        """The venue has not closed it."""
        return not self.c.is_closed

    @property
    def closing_text(self):
        """Why it is closed, as far as it is known: the venue's last debug packet, or the socket's error."""
        text = (<bytes> self.c.debug_text).decode("ascii", "replace")
        return text or (f"errno {self.c.last_errno}" if self.c.last_errno else "the venue closed the connection")

    @property
    def next_client_seq(self):
        """Number of the next request."""
        return self.c.first_client_seq + self.c.sent

    @property
    def idle_ns(self):
        """Since something was sent."""
        return _now_ns() - self.c.last_sent_ns

    def counts(self):
        """Requests sent, answered and missed (of them orders: placed, placed_answered), reports, fills, rejected."""
        return {
            "sent": self.c.sent,
            "answered": self.c.answered,
            "missed": self.c.missed,
            "placed": self.c.placed,
            "placed_answered": self.c.placed_answered,
            "reports": self.c.reports,
            "fills": self.c.fills,
            "rejected": self.c.rejected,
        }

    def rejections(self):
        """Reason code to the number of answers that are rejections for it."""
        return {reason: self.c.rejected_by[reason] for reason in range(REASONS) if self.c.rejected_by[reason]}

    def cancel_all(self):
        """A mass cancel of the account's orders, sent with the next `run`; it is answered when they are gone.

        Raises BufferError when there is no room for it: let `run` drain first.
        """
        if not _has_room(&self.c):
            raise BufferError("requests are waiting: run until they are answered")
        _cancel_all(&self.c)

    def heartbeat(self):
        """A heartbeat, sent with the next `run`."""
        if OUT_BYTES - self.c.out_end >= SOUP_HEADER_BYTES:
            memcpy(self.c.outbound + self.c.out_end, <const char *> b"\x00\x01R", SOUP_HEADER_BYTES)
            self.c.out_end += SOUP_HEADER_BYTES


# -------------------------------------------------------------------------------------------------------- driver


cdef class LoadDriver:
    """LoadDriver(connections): drives them all from the thread that calls `run`."""

    def __cinit__(self, connections):
        cdef uint32_t i
        self._connections = list(connections)
        self.count = <uint32_t> len(self._connections)
        if not 1 <= self.count <= CONNECTIONS_MAX:
            raise ValueError(f"1 to {CONNECTIONS_MAX} connections, not {self.count}")
        _open_histogram(&self.latency)
        _open_histogram(&self.lateness)
        self.members = <connection_t **> calloc(self.count, sizeof(void *))
        if self.members == NULL:
            raise MemoryError()
        for i in range(self.count):
            self.members[i] = &(<LoadConnection?> self._connections[i]).c

    def __dealloc__(self):
        free(self.members)
        free(self.latency.counts)
        free(self.lateness.counts)

    @property
    def outstanding(self):
        """Requests without an answer, of all connections."""
        cdef uint32_t i
        return sum(self.members[i].sent - self.members[i].answered for i in range(self.count))

    def latencies_ns(self):
        """(nanoseconds from due to answered, count) pairs since the last `reset`, ascending."""
        return _counts_of(&self.latency)

    def latenesses_ns(self):
        """(nanoseconds from due to encoded, count) pairs of the open loop since the last `reset`: our own share."""
        return _counts_of(&self.lateness)

    def reset(self):
        """Forgets the latencies: the warm-up is over."""
        _clear_histogram(&self.latency)
        _clear_histogram(&self.lateness)

    def run(self, int64_t duration_ns, *, uint32_t window=0, uint64_t rate_per_s=0, bint busy_poll=False):
        """Sends and receives for `duration_ns`; returns False when a connection was closed by the venue.

        window: requests in flight per connection (closed loop). rate_per_s: requests per second of all connections
        together, evenly spaced (open loop); calls that follow each other go on with one schedule. With neither it only
        receives, and returns as soon as everything is answered. busy_poll: never sleeps.
        """
        cdef bint alive
        cdef int64_t now_ns = _now_ns()
        if window and rate_per_s:
            raise ValueError("a closed loop has a window, an open loop has a rate: give one of them")
        if rate_per_s == 0:
            self.started_ns = 0
        elif self.started_ns == 0:
            self.started_ns = now_ns
            self.scheduled = 0
        with nogil:
            alive = self._loop(now_ns + duration_ns, window, rate_per_s, busy_poll)
        return alive

    cdef bint _loop(self, int64_t until_ns, uint32_t window, uint64_t rate_per_s, bint busy_poll) noexcept nogil:
        cdef int64_t now_ns = _now_ns()
        cdef int64_t next_ns
        cdef bint worked
        cdef uint32_t i
        while now_ns < until_ns:
            next_ns = until_ns
            worked = busy_poll
            if window:
                worked |= self._fill_closed(window, now_ns)
            elif rate_per_s:
                worked |= self._fill_open(rate_per_s, now_ns)
                next_ns = min(until_ns, self.started_ns + <int64_t> (self.scheduled * NS_PER_S // rate_per_s))
            worked |= self._exchange()
            for i in range(self.count):
                if self.members[i].is_closed:
                    return False
            if window == 0 and rate_per_s == 0 and self._is_quiet():
                return True
            now_ns = _now_ns()
            if not worked and next_ns - now_ns > WAIT_NS_MIN:
                self._wait(next_ns - now_ns)
                now_ns = _now_ns()
        return True

    cdef bint _fill_closed(self, uint32_t window, int64_t now_ns) noexcept nogil:
        # True when something was encoded.
        cdef connection_t *c
        cdef uint32_t i
        cdef uint32_t n
        cdef bint worked = False
        for i in range(self.count):
            c = self.members[i]
            n = 0
            while n < ENCODE_MAX and c.sent - c.answered < window and _has_room(c):
                _encode_next(c, now_ns, now_ns)
                n += 1
            worked |= n > 0
        return worked

    cdef bint _fill_open(self, uint64_t rate_per_s, int64_t now_ns) noexcept nogil:
        # Encodes what is due, the connections in turn. One without room is waited for: its request stays due.
        cdef connection_t *c
        cdef int64_t due_ns
        cdef uint32_t n = 0
        while n < ENCODE_MAX:
            due_ns = self.started_ns + <int64_t> (self.scheduled * NS_PER_S // rate_per_s)
            c = self.members[self.turn]
            if due_ns > now_ns or not _has_room(c):
                break
            _encode_next(c, due_ns, now_ns)
            _record(&self.lateness, now_ns - due_ns)
            self.scheduled += 1
            self.turn = self.turn + 1 if self.turn + 1 < self.count else 0
            n += 1
        return n > 0

    cdef bint _exchange(self) noexcept nogil:
        cdef uint32_t i
        cdef bint worked = False
        for i in range(self.count):
            _send(self.members[i])
        for i in range(self.count):
            worked |= _receive(self.members[i], &self.latency)
        return worked

    cdef bint _is_quiet(self) noexcept nogil:
        # Everything is sent and answered.
        cdef uint32_t i
        for i in range(self.count):
            if self.members[i].out_start != self.members[i].out_end or self.members[i].sent != self.members[i].answered:
                return False
        return True

    cdef void _wait(self, int64_t duration_ns) noexcept nogil:
        # Sleeps until a socket has something, or can take what waits for it, at most `duration_ns`.
        cdef pollfd polled[CONNECTIONS_MAX]
        cdef timespec timeout
        cdef uint32_t i
        for i in range(self.count):
            polled[i].fd = self.members[i].fd
            polled[i].events = POLLIN
            if self.members[i].out_start != self.members[i].out_end:
                polled[i].events |= POLLOUT
            polled[i].revents = 0
        timeout.tv_sec = duration_ns // NS_PER_S
        timeout.tv_nsec = duration_ns % NS_PER_S
        ppoll(polled, self.count, &timeout, NULL)
