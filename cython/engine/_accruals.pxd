# What every account is booked once for: funding settlements, splits, delistings (docs/risk.md sections 12 and 13).
from libc.stdint cimport int64_t, uint16_t, uint32_t

from engine._state cimport state_t


# None may be under way. `instrument_id` and `price_ticks` are those of a SPLIT or DELIST.
cdef void accrual_start(state_t *state, uint16_t kind, uint32_t instrument_id, int64_t price_ticks) noexcept nogil


# Books what is outstanding for an account, and its epoch. Everything that looks at an account's money or positions has
# it settled first; that costs one test as long as the venue has had no accrual.
cdef inline void settle(state_t *state, uint32_t account_id) noexcept nogil:
    if state.risk.accounts[account_id].row.accrual_epoch != state.risk.venue.accrual_epoch:
        settle_now(state, account_id)


cdef void settle_now(state_t *state, uint32_t account_id) noexcept nogil
# Settles the next account with a position above the accrual's cursor; False when there was none and it has ended.
cdef bint accrual_advance(state_t *state) noexcept nogil
