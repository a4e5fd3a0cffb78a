# Sets of small ids that are walked in ascending order: holders of positions, by account id.
#
# A bit per id and a bit per word of 64 ids that is not empty: the next member is found at once among neighbours, and at
# the price of one word per 4096 ids where there are none.
from libc.stdint cimport uint32_t, uint64_t

from engine._risk_state cimport bits_t
from engine.table cimport lowest_bit


cdef inline void bits_set(bits_t *bits, uint32_t member) noexcept nogil:
    bits.words[member >> 6] |= <uint64_t> 1 << (member & 63)
    bits.groups[member >> 12] |= <uint64_t> 1 << (member >> 6 & 63)


cdef inline void bits_clear(bits_t *bits, uint32_t member) noexcept nogil:
    bits.words[member >> 6] &= ~(<uint64_t> 1 << (member & 63))
    if bits.words[member >> 6] == 0:
        bits.groups[member >> 12] &= ~(<uint64_t> 1 << (member >> 6 & 63))


cdef inline uint32_t bits_after(const bits_t *bits, uint32_t member, uint32_t member_max) noexcept nogil:
    """The lowest member above `member`, 0 when there is none up to `member_max`."""
    cdef uint64_t at = <uint64_t> member + 1
    cdef uint64_t word
    if at > member_max:
        return 0
    word = bits.words[at >> 6] >> (at & 63)
    if word:
        return <uint32_t> at + lowest_bit(word)
    at = (at >> 6) + 1  # the next word
    while at <= member_max >> 6:
        word = bits.groups[at >> 6] >> (at & 63)
        if word:
            at += lowest_bit(word)
            return <uint32_t> (at << 6) + lowest_bit(bits.words[at])
        at = ((at >> 6) + 1) << 6
    return 0
