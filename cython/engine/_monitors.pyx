"""Rows of DAILY_LOSS and DRAWDOWN: what their node has lost since the day began, or since its highest.

Called by `_risk_work` for the pass, by `_treasury` when money comes or goes, by `_operator` when a row goes or a node
is revived. Cancels that a breach asks for are queued as a work.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t

from engine._exposures cimport LOSS_KINDS, balance_of
from engine._limit_rows cimport set_flags
from engine._margin cimport equity_of_node
from engine._risk_events cimport write_limit
from engine._risk_state cimport limited_t
from engine._state cimport LEVELS, find_lineage, has_room_for_work, limited_at, state_t, work_add
from engine.arith cimport add_checked, clamp, i128, panic_unless
from engine.records cimport (
    EVENT_KIND_LIMIT_CLEARED, EVENT_KIND_LIMIT_WARNED, EVENT_KIND_NODE_CHANGED, LIMIT_ACTION_CANCEL,
    LIMIT_ACTION_FLATTEN, LIMIT_FLAG_END_OF_DAY, LIMIT_FLAG_REALISED_ONLY, LIMIT_KIND_DAILY_LOSS,
    LIMIT_KIND_DRAWDOWN, NODE_FLAG_FLATTENING, NODE_FLAG_LOCKED, REASON_ACK, REASON_CANCELLED_LIMIT, SCOPE_ACCOUNT,
    WORK_LIMIT_CANCEL, limit_event_t, snap_limit_t, snap_work_t,
)

cdef enum:
    PPM = 1000000


cdef inline uint32_t first_loss_row(const state_t *state, const limited_t *node, uint8_t kind) noexcept nogil:
    return state.risk.heads[node.rows].first[kind] if node.kinds & LOSS_KINDS else 0


# ---------------------------------------------------------------------------------------------------------------- look


cdef inline limited_t *node_of(const state_t *state, const snap_limit_t *row) noexcept nogil:
    return &state.risk.limited[row.scope][row.node_id]


cdef int64_t measure_of(const state_t *state, const snap_limit_t *row) noexcept nogil:
    if not row.limit_flags & LIMIT_FLAG_REALISED_ONLY:
        return clamp(equity_of_node(state, row.scope, row.node_id))
    if row.scope == SCOPE_ACCOUNT:
        return balance_of(state, row.node_id)
    return node_of(state, row).balance_micro


cdef void tell(state_t *state, uint16_t kind, const snap_limit_t *row, int64_t usage) noexcept nogil:
    """To the venue, with the node's ids; a NODE_CHANGED shows the node's flags."""
    cdef limit_event_t *event = write_limit(
        state, kind, REASON_ACK, row, usage, 0, find_lineage(state, row.scope, row.node_id), 0
    )
    if kind == EVENT_KIND_NODE_CHANGED:
        event.node_flags = node_of(state, row).flags


cdef void begin_day(state_t *state, snap_limit_t *row, int64_t measure, uint32_t today) noexcept nogil:
    """A new business date lifts the lock of a daily loss, unless another row holds the node."""
    row.date = today
    row.base = measure
    if row.tripped:
        row.tripped = False
        row.warned = False
        monitors_release(state, row.scope, row.node_id)
        tell(state, EVENT_KIND_NODE_CHANGED, row, 0)


cdef i128 floor_of(const snap_limit_t *row) noexcept nogil:
    """DRAWDOWN: the measure may not fall to this. It stops rising at the parameter, if there is one."""
    cdef i128 lowest = <i128> row.peak - row.value
    return min(lowest, <i128> row.parameter) if row.parameter else lowest


cdef void raise_peak(snap_limit_t *row, int64_t measure, uint32_t today) noexcept nogil:
    if row.date == 0:
        row.peak = measure
    elif row.date != today or not row.limit_flags & LIMIT_FLAG_END_OF_DAY:
        row.peak = max(row.peak, measure)
    row.date = today


cdef void look_at_row(state_t *state, snap_limit_t *row) noexcept nogil:
    cdef int64_t measure = measure_of(state, row)
    cdef uint32_t today = state.business_date + 1  # the first date is 0, and 0 in a row means: never looked at
    cdef i128 loss, limit
    if row.limit_kind == LIMIT_KIND_DAILY_LOSS:
        if row.date != today:
            begin_day(state, row, measure, today)
        loss = <i128> row.base - measure
        limit = row.value
    else:
        raise_peak(row, measure, today)
        loss = <i128> row.peak - measure
        limit = <i128> row.peak - floor_of(row)
    if loss >= limit and not row.tripped:
        trip(state, row, clamp(loss))
    elif row.soft_ppm and not row.tripped:
        warn(state, row, loss, limit)


cdef void warn(state_t *state, snap_limit_t *row, i128 loss, i128 limit) noexcept nogil:
    cdef bint reached = loss * PPM >= limit * row.soft_ppm
    cdef bint left = loss * PPM * 10 < limit * row.soft_ppm * 9
    if (reached and not row.warned) or (left and row.warned):
        row.warned = 1 - row.warned
        tell(state, EVENT_KIND_LIMIT_WARNED if row.warned else EVENT_KIND_LIMIT_CLEARED, row, clamp(loss))


cdef void trip(state_t *state, snap_limit_t *row, int64_t loss) noexcept nogil:
    cdef limited_t *node = node_of(state, row)
    cdef uint16_t flags = node.flags | NODE_FLAG_LOCKED
    cdef snap_work_t *work
    if row.action >= LIMIT_ACTION_CANCEL:
        if not has_room_for_work(state):
            return  # there will be room at a later pulse
        work = work_add(state, WORK_LIMIT_CANCEL)
        work.seq = state.seq
        work.reason = REASON_CANCELLED_LIMIT
        work.scope = row.scope
        work.target_id = row.node_id
    if row.action == LIMIT_ACTION_FLATTEN:
        flags |= NODE_FLAG_FLATTENING
    row.tripped = True
    set_flags(state, node, flags)
    tell(state, EVENT_KIND_NODE_CHANGED, row, loss)


cdef bint monitors_advance(state_t *state) noexcept nogil:
    if state.risk.venue.monitor_cursor >= state.risk.monitors_count:
        state.risk.venue.monitors_active = False
        state.risk.venue.monitor_cursor = 0
        return False
    state.risk.venue.monitor_cursor += 1
    look_at_row(state, &state.risk.limits[state.risk.monitors[state.risk.venue.monitor_cursor - 1]])
    return True


# --------------------------------------------------------------------------------------------- shift, release, restart


cdef void shift_rows(state_t *state, const limited_t *node, int64_t amount_micro) noexcept nogil:
    cdef uint32_t slot = first_loss_row(state, node, LIMIT_KIND_DAILY_LOSS)
    cdef snap_limit_t *row
    cdef int overflow = 0
    while slot:
        row = &state.risk.limits[slot]
        if row.date:
            row.base = add_checked(row.base, amount_micro, &overflow)
        slot = state.risk.limit_next[slot]
    slot = first_loss_row(state, node, LIMIT_KIND_DRAWDOWN)
    while slot:
        row = &state.risk.limits[slot]
        if row.date:
            row.peak = add_checked(row.peak, amount_micro, &overflow)
        slot = state.risk.limit_next[slot]
    panic_unless(not overflow, "what a loss limit measures from is beyond the range of 64 bits")


cdef void monitors_shift(state_t *state, uint32_t account_id, int64_t amount_micro) noexcept nogil:
    cdef const limited_t *node
    cdef uint32_t level
    if not state.risk.any_kinds & LOSS_KINDS:
        return
    for level in range(LEVELS + 1):
        node = limited_at(state, state.accounts[account_id].lineage, level)
        if node != NULL and node.kinds & LOSS_KINDS:
            shift_rows(state, node, amount_micro)


cdef uint16_t held_flags(const state_t *state, uint32_t slot) noexcept nogil:
    """Of the row in a slot and those behind it: what the tripped ones hold."""
    cdef uint16_t held = 0
    while slot:
        if state.risk.limits[slot].tripped:
            held |= NODE_FLAG_LOCKED
            if state.risk.limits[slot].action == LIMIT_ACTION_FLATTEN:
                held |= NODE_FLAG_FLATTENING
        slot = state.risk.limit_next[slot]
    return held


cdef void monitors_release(state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil:
    cdef limited_t *node = &state.risk.limited[scope][node_id]
    cdef uint16_t held = held_flags(state, first_loss_row(state, node, LIMIT_KIND_DAILY_LOSS))
    cdef uint16_t free = NODE_FLAG_LOCKED | NODE_FLAG_FLATTENING
    held |= held_flags(state, first_loss_row(state, node, LIMIT_KIND_DRAWDOWN))
    set_flags(state, node, node.flags & ~(free & ~held))


cdef void restart_rows(state_t *state, uint32_t slot) noexcept nogil:
    cdef snap_limit_t *row
    while slot:
        row = &state.risk.limits[slot]
        if row.tripped:
            row.tripped = False
            row.warned = False
            row.date = 0
            row.base = 0
            row.peak = 0
        slot = state.risk.limit_next[slot]


cdef void monitors_restart(state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil:
    cdef const limited_t *node = &state.risk.limited[scope][node_id]
    restart_rows(state, first_loss_row(state, node, LIMIT_KIND_DAILY_LOSS))
    restart_rows(state, first_loss_row(state, node, LIMIT_KIND_DRAWDOWN))
    monitors_release(state, scope, node_id)
