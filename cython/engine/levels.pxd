# Price levels of a book: a flat array by tick, which both sides share because a price never has orders of both, and per
# side a bitmap of the prices in use, three words of 64 deep, to find the next best price in a handful of instructions.
#
# Prices of a side are looked at through keys, `price ^ mask`: asks have mask 0, bids the mask that turns the order
# round, so for both sides the lower key is the better price and one code path serves both.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from engine.table cimport lowest_bit

cdef enum:
    KEY_NONE = 0x7FFFFFFF  # above every key: the side is empty
    PRICE_LEVELS_MAX = 0x1000000
    ROOTS = 64  # words of the uppermost bitmap that is kept: PRICE_LEVELS_MAX / 64 ** 3


ctypedef struct level_t:  # 16 bytes
    int64_t shown_lots
    uint32_t first  # slots of the queue's ends, 0 = empty
    uint32_t last


ctypedef struct side_t:
    uint32_t mask
    uint32_t bound_key  # no key below it is in use; KEY_NONE: none at all
    uint64_t *words  # a bit per key; a zero word ends it, as it ends the two below
    uint64_t *groups  # a bit per word
    uint64_t *roots  # a bit per group


# The next two do not branch on what they find: whether a level or a word of the bitmap becomes empty is a coin toss in
# a busy book, and one wrong guess of the processor costs more than all these instructions.


cdef inline void side_open(side_t *side, uint32_t key) noexcept nogil:
    """A key is in use, perhaps as before."""
    side.words[key >> 6] |= <uint64_t> 1 << (key & 63)
    side.groups[key >> 12] |= <uint64_t> 1 << (key >> 6 & 63)
    side.roots[key >> 18] |= <uint64_t> 1 << (key >> 12 & 63)
    side.bound_key = min(side.bound_key, key)


cdef inline void side_close(side_t *side, uint32_t key, bint is_empty) noexcept nogil:
    """A key goes out of use if its level is empty. The bound stays: who needs the best looks for it."""
    cdef uint64_t bits
    bits = side.words[key >> 6] & ~(<uint64_t> is_empty << (key & 63))
    side.words[key >> 6] = bits
    bits = side.groups[key >> 12] & ~(<uint64_t> (bits == 0) << (key >> 6 & 63))
    side.groups[key >> 12] = bits
    side.roots[key >> 18] &= ~(<uint64_t> (bits == 0) << (key >> 12 & 63))


cdef inline uint32_t side_from(const side_t *side, uint32_t key) noexcept nogil:
    """The lowest key in use that is not below `key`, or KEY_NONE."""
    cdef uint32_t at = key
    cdef uint64_t bits = side.words[at >> 6] >> (at & 63)
    if bits:
        return at + lowest_bit(bits)
    at = (at >> 6) + 1
    bits = side.groups[at >> 6] >> (at & 63)
    if bits == 0:
        at = (at >> 6) + 1
        bits = side.roots[at >> 6] >> (at & 63)
        while bits == 0:  # nothing within the next 2^18 prices
            at = (at >> 6) + 1
            if at >= ROOTS:
                return KEY_NONE
            bits = side.roots[at]
            at <<= 6
        at += lowest_bit(bits)
        bits = side.groups[at]
        at <<= 6
    at += lowest_bit(bits)
    return at << 6 | lowest_bit(side.words[at])


cdef inline uint32_t side_best(side_t *side) noexcept nogil:
    """The lowest key in use, or KEY_NONE."""
    if side.bound_key != KEY_NONE:
        side.bound_key = side_from(side, side.bound_key)
    return side.bound_key


cdef inline bint side_reaches(side_t *side, uint32_t limit_key) noexcept nogil:
    """Is a key in use that is not above the limit? Then bound_key is the best. The bound alone answers most orders."""
    return side.bound_key <= limit_key and side_best(side) <= limit_key
