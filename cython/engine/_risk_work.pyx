"""Work that may touch many accounts after a move of the mark or of money.

Called by `_core` at the end of commands and for TICK; `_admin` and `_parties` start passes. Each piece costs units; a
piece is begun while units are left.
"""

from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memset

from engine._accruals cimport accrual_advance, settle
from engine._liquidation cimport look
from engine._monitors cimport monitors_advance
from engine._limit_rows cimport path_of
from engine._margin cimport is_covered
from engine._risk_tables cimport touched_remove_first
from engine._state cimport risk_of_account, state_t
from engine.bits cimport bits_after
from engine.records cimport (
    ACCOUNT_FLAG_HOUSE, LIQUIDATION_STAGE_NONE, NODE_FLAG_FLATTENING, snap_account_risk_t, snap_venue_risk_t,
)
from engine.table cimport prefetch

cdef enum:
    LOOK_UNITS = 1  # an account that needs nothing
    BOOK_UNITS = 8  # a booking, or a row of a loss limit
    ACT_UNITS = 64


cdef void start_pass(state_t *state) noexcept nogil:
    cdef snap_venue_risk_t *venue = &state.risk.venue
    if not state.risk.has_money:
        return
    if venue.pass_active:
        venue.pass_again = True
        return
    venue.pass_active = True
    venue.pass_cursor_id = 0


cdef void start_monitors(state_t *state) noexcept nogil:
    if state.risk.has_money and state.risk.monitors_count and not state.risk.venue.monitors_active:
        state.risk.venue.monitors_active = True
        state.risk.venue.monitor_cursor = 0


cdef void carry_on_risk(state_t *state) noexcept nogil:
    cdef int32_t units = <int32_t> state.limits.risk_units_max
    cdef int32_t cost
    cdef ahead_t ahead
    memset(&ahead, 0, sizeof(ahead))
    while units > 0:
        cost = take_piece(state, &ahead)
        if cost < 0:
            return
        units -= cost


cdef int32_t take_piece(state_t *state, ahead_t *ahead) noexcept nogil:
    """The units that it took; -1 when nothing waits."""
    if state.risk.first_touched:
        return look_at_touched(state)
    if state.risk.venue.accrual_kind:
        return BOOK_UNITS if accrual_advance(state) else 0
    if state.risk.venue.pass_active:
        return advance_pass(state, ahead)
    if state.risk.venue.monitors_active:
        return BOOK_UNITS if monitors_advance(state) else 0
    return -1


cdef bint look_at(state_t *state, uint32_t account_id) noexcept nogil:
    """Does an account's margin ask for an action? True when it did one."""
    settle(state, account_id)
    return look(state, account_id)


cdef int32_t look_at_touched(state_t *state) noexcept nogil:
    if look_at(state, state.risk.first_touched):
        return ACT_UNITS
    touched_remove_first(state)
    return LOOK_UNITS


# A pass meets accounts in the order of their ids, but their positions lie where they were first opened: each look would
# wait for memory once per position. So the accounts that come next are followed a link further at every fourth look,
# which gives memory the time of four.
cdef enum:
    AHEAD = 32
    LOOKS_PER_LINK = 4


ctypedef struct ahead_t:
    uint32_t account_id  # the last one that is followed
    uint32_t followed  # accounts up to that one, from the one at hand
    uint32_t at
    uint32_t positions[AHEAD]  # slots that have been asked for


cdef inline void ask_for(const state_t *state, uint32_t position) noexcept nogil:
    prefetch(&state.positions[position])
    prefetch(&state.positions[position].cost)


cdef inline void follow(const state_t *state, ahead_t *ahead, uint32_t account_id) noexcept nogil:
    ahead.account_id = account_id
    ahead.followed += 1
    ahead.at = (ahead.at + 1) % AHEAD
    ahead.positions[ahead.at] = risk_of_account(state, account_id).first_position
    ask_for(state, ahead.positions[ahead.at])
    prefetch(risk_of_account(state, min(account_id + AHEAD, state.limits.accounts_max)))  # ids are mostly dense


cdef inline void look_ahead(const state_t *state, ahead_t *ahead, uint32_t account_id) noexcept nogil:
    cdef uint32_t n = ahead.at % LOOKS_PER_LINK
    cdef uint32_t next_id
    while n < AHEAD:
        if ahead.positions[n]:
            ahead.positions[n] = state.positions[ahead.positions[n]].next_of_account
            ask_for(state, ahead.positions[n])
        n += LOOKS_PER_LINK
    if ahead.followed:
        ahead.followed -= 1
    while ahead.followed < AHEAD - 1:
        next_id = bits_after(&state.risk.holders, max(ahead.account_id, account_id), state.limits.accounts_max)
        if next_id == 0:
            return
        follow(state, ahead, next_id)


cdef inline bint is_calm(const state_t *state, uint32_t account_id) noexcept nogil:
    """Would a look at a settled account find nothing to do? Nearly all are calm at nearly every pulse."""
    cdef const snap_account_risk_t *row = &risk_of_account(state, account_id).row
    if row.stage != LIQUIDATION_STAGE_NONE or row.margin_called or row.account_flags & ACCOUNT_FLAG_HOUSE:
        return False
    if state.risk.flagged and path_of(state, account_id).path_flags & NODE_FLAG_FLATTENING:
        return False
    return is_covered(state, account_id)


cdef int32_t advance_pass(state_t *state, ahead_t *ahead) noexcept nogil:
    """The next account with a position above the cursor. A pulse during the pass makes it start again at its end."""
    cdef snap_venue_risk_t *venue = &state.risk.venue
    cdef uint32_t account_id = bits_after(&state.risk.holders, venue.pass_cursor_id, state.limits.accounts_max)
    if account_id == 0:
        venue.pass_active = venue.pass_again
        venue.pass_again = False
        venue.pass_cursor_id = 0
        return 0
    look_ahead(state, ahead, account_id)
    settle(state, account_id)
    if not is_calm(state, account_id) and look(state, account_id):
        return ACT_UNITS
    venue.pass_cursor_id = account_id
    return LOOK_UNITS
