# Attached take-profit and stop-loss (docs/risk.md section 14): armed for each filled part of their order, one cancels
# the other. The halves of pair j of an order are order number 2j - 1 (take-profit) and 2j (stop-loss) of its command.
from libc.stdint cimport int64_t, uint32_t, uint64_t, uint8_t

from engine._state cimport state_t


ctypedef struct parent_t:  # what a fill needs of an order with a pair, after which its slot may be another's
    uint64_t order_id
    uint32_t slot
    uint32_t session_id
    uint32_t account_id
    uint32_t position
    uint32_t stp_group
    uint32_t trigger_ticks[2]  # of its take-profit and stop-loss, 0 = none
    uint32_t arms  # pairs made so far
    uint8_t stp_mode
    uint8_t fee_tier
    uint8_t side


# Before the order can be retired. False when it has no pair.
cdef bint parent_of(const state_t *state, uint32_t slot, parent_t *parent) noexcept nogil
# `lots` of the parent were filled: the open pair grows, or a new one is made. No half becomes larger than the position
# has room for.
cdef void arm(state_t *state, parent_t *parent, int64_t lots) noexcept nogil
# Slot of the other half of the pair that this order is or was one of, 0 when there is none that is open.
cdef uint32_t other_half(const state_t *state, uint64_t order_id) noexcept nogil
