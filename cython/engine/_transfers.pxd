# Positions that change hands off the book (docs/risk.md sections 10 and 11): to liquidity providers, and by
# deleveraging. No fee, one execution each side.
from libc.stdint cimport int64_t, uint32_t, uint8_t

from engine._state cimport state_t


# `lots` of the giver's position go to the taker, who thereby opens, or closes an opposite position. Both are slots.
cdef void carry_out(
    state_t *state, uint32_t giver, uint32_t taker, int64_t lots, int64_t price_ticks, uint8_t trade_kind
) noexcept nogil
