"""The accrual under way: it fixes numbers at one instant, and every account is booked for it once.

Called by whatever looks at an account's money or positions (`settle`) and by the pass of `_risk_work`. An account
counts as booked when its epoch is the venue's.
"""

from libc.stdint cimport uint32_t

from engine._state cimport state_t
from engine.bits cimport bits_after


cdef void settle_now(state_t *state, uint32_t account_id) noexcept nogil:
    state.risk.accounts[account_id].row.accrual_epoch = state.risk.venue.accrual_epoch


cdef bint accrual_advance(state_t *state) noexcept nogil:
    cdef uint32_t account_id = bits_after(
        &state.risk.holders, state.risk.venue.accrual_cursor_id, state.limits.accounts_max
    )
    if account_id:
        state.risk.venue.accrual_cursor_id = account_id
        settle(state, account_id)
        return True
    state.risk.venue.accrual_kind = 0
    state.risk.venue.accrual_cursor_id = 0
    return False
