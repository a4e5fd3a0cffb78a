# Liquidation, stage 2 (docs/risk.md section 10): the reserve settles with the account, liquidity providers take its
# positions at the mark and are paid for it out of the reserve.
from libc.stdint cimport uint32_t

from engine._state cimport state_t


# One action: settles with the reserve, then one position at a time. Always True: what is left over is deleveraged.
cdef bint take_over(state_t *state, uint32_t account_id) noexcept nogil
