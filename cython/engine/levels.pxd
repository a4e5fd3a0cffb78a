# Price levels of a book: a flat array by tick, which both sides share because a price never has orders of both, and per
# side a bitmap of the prices in use, four words of 64 deep, to find the next best price in a handful of instructions.
#
# Prices of a side are looked at through keys, `price ^ mask`: asks have mask 0, bids the mask that turns the order
# round, so for both sides the lower key is the better price and one code path serves both.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from engine.table cimport lowest_bit

cdef enum:
    KEY_NONE = 0x7FFFFFFF  # above every key: the side is empty
    PRICE_LEVELS_MAX = 0x1000000


ctypedef struct level_t:  # 16 bytes
    int64_t shown_lots
    uint32_t first  # slots of the queue's ends, 0 = empty
    uint32_t last


ctypedef struct side_t:
    uint64_t *words[4]  # [0] has a bit per key, [n + 1] a bit per word of [n]; each ends with a zero word
    uint32_t mask
    uint32_t best_key
    uint64_t levels_count  # levels in use


cdef inline void side_open(side_t *side, uint32_t key) noexcept nogil:
    """A key comes into use."""
    cdef uint32_t n
    cdef uint64_t word
    for n in range(4):
        word = side.words[n][key >> 6]
        side.words[n][key >> 6] = word | <uint64_t> 1 << (key & 63)
        if word:
            return
        key >>= 6


cdef inline uint32_t side_next(const side_t *side, uint32_t key) noexcept nogil:
    """The lowest key in use above `key`, or KEY_NONE."""
    cdef uint32_t n = 0
    cdef uint64_t word
    while True:
        key += 1
        word = side.words[n][key >> 6] >> (key & 63)
        if word:
            break
        n += 1
        if n == 4:
            return KEY_NONE
        key >>= 6
    key += lowest_bit(word)
    while n:
        n -= 1
        key = key << 6 | lowest_bit(side.words[n][key])
    return key


cdef inline void side_close(side_t *side, uint32_t key) noexcept nogil:
    """A key goes out of use."""
    cdef uint32_t n, at = key
    cdef uint64_t word
    for n in range(4):
        word = side.words[n][at >> 6] & ~(<uint64_t> 1 << (at & 63))
        side.words[n][at >> 6] = word
        if word:
            break
        at >>= 6
    if key == side.best_key:
        side.best_key = side_next(side, key)
