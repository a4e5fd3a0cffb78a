# The throttle of docs/engine.md section 2: a decaying load per bucket, in integers. TV-32 is computed with these
# numbers.
from libc.stdint cimport int64_t, uint64_t

cdef extern from *:
    """
    #ifndef PERPGATE_RATE
    #define PERPGATE_RATE
    /* round(exp(-2^k / 60000) * 2^32), k = 0..20; tests/vectors/rate_table.txt has the same numbers. */
    static const uint32_t pg_decay_q32[21] = {
        4294895714u, 4294824133u, 4294680974u, 4294394672u, 4293822124u, 4292677258u, 4290388440u, 4285814466u,
        4276681140u, 4258472840u, 4222288477u, 4150839519u, 4011548291u, 3746831718u, 3268650715u, 2487580640u,
        1440769397u, 483313681u, 54387402u, 688711u, 110u,
    };
    static inline int64_t pg_decay_bit(int64_t load, unsigned k) {
        return (int64_t)((__int128)load * pg_decay_q32[k] >> 32);
    }
    #endif
    """
    int64_t decay_bit "pg_decay_bit"(int64_t load_micro, unsigned int k) noexcept nogil


cdef enum:
    DECAY_BITS = 21
    DECAY_MS_MAX = 0x200000  # a load this old is gone
    WEIGHT_MICRO = 1000000  # of PLACE and REPLACE in the general bucket, of CANCEL in the other
    MASS_CANCEL_WEIGHT_MICRO = 2000000


ctypedef struct bucket_t:
    int64_t load_micro  # 1e-6 weight, as of time_ms
    int64_t time_ms


cdef inline int64_t decay(int64_t load_micro, uint64_t elapsed_ms) noexcept nogil:
    """The load after a while, rounded down at every set bit of `elapsed_ms`, the lowest bit first."""
    cdef unsigned int k = 0
    if elapsed_ms >= DECAY_MS_MAX:
        return 0
    while elapsed_ms and load_micro:
        if elapsed_ms & 1:
            load_micro = decay_bit(load_micro, k)
        elapsed_ms >>= 1
        k += 1
    return load_micro


cdef inline int64_t retry_ms(int64_t load_micro, int64_t target_micro) noexcept nogil:
    """The smallest r >= 1 with decay(load, r) <= target, DECAY_MS_MAX when there is none below it; load > target.

    Rounding makes decay not quite monotonic in r, so a bisection needs a reason. Bits are applied from the lowest up
    and each is a monotonic function: among all r with the same high bits the lowest value comes from the lowest value
    of the low bits, which is that of all of them set. So r is found from its highest bit down: a bit stays 0 when all
    below it set is enough.
    """
    cdef int64_t lowest[22]  # lowest[k]: the smallest that k low bits can make of the load
    cdef unsigned int k
    cdef uint64_t r = 0
    lowest[0] = load_micro
    for k in range(DECAY_BITS):
        lowest[k + 1] = decay_bit(lowest[k], k)
    if lowest[DECAY_BITS] > target_micro:
        return DECAY_MS_MAX
    k = DECAY_BITS
    while k > 0:
        k -= 1
        if decay(lowest[k], r) > target_micro:
            r |= <uint64_t> 1 << k
    return <int64_t> r


cdef inline int64_t bucket_take(
    bucket_t *bucket, int64_t limit_micro, int64_t weight_micro, int64_t timestamp_ns
) noexcept nogil:
    """0 when the message may pass and is counted, else the milliseconds after which it would pass. A limit of 0 is
    none."""
    cdef int64_t now_ms = timestamp_ns // 1000000
    if limit_micro == 0:
        return 0
    if now_ms != bucket.time_ms:
        bucket.load_micro = decay(bucket.load_micro, <uint64_t> (now_ms - bucket.time_ms))
        bucket.time_ms = now_ms
    if bucket.load_micro + weight_micro > limit_micro:
        return retry_ms(bucket.load_micro, limit_micro - weight_micro)
    bucket.load_micro += weight_micro
    return 0
