"""Limit rows: found, added and removed here, with everything that depends on which there are.

Called by the rooms of limits and kill switches and by `_restore_risk`. It checks no limit and writes no event.
"""

from libc.stdint cimport uint16_t, uint32_t, uint8_t
from libc.string cimport memmove, memset

from engine._exposures cimport LOSS_KINDS, watch
from engine._risk_state cimport account_risk_t, heads_t, limited_t, risk_t
from engine._state cimport LEVELS, find_lineage, find_session, limited_at, state_t
from engine.arith cimport panic_unless
from engine.records cimport (
    LIMIT_ACTION_FLATTEN, LIMIT_FLAG_END_OF_DAY, LIMIT_FLAG_REALISED_ONLY, LIMIT_KIND_CREDIT, LIMIT_KIND_DAILY_LOSS,
    LIMIT_KIND_DRAWDOWN, LIMIT_KIND_EXECUTIONS, LIMIT_KIND_MESSAGE_AGE, LIMIT_KIND_OPEN_NOTIONAL,
    LIMIT_KIND_OPEN_ORDERS, LIMIT_KIND_ORDER_QUANTITY, LIMIT_KIND_ORDER_TO_TRADE, LIMIT_KIND_REPEATED_ORDERS,
    LIMIT_TARGET_GROUP, SCOPE_ACCOUNT, SCOPE_BROKER, SCOPE_SESSION, SCOPE_VENUE, snap_limit_t,
)

cdef enum:
    PPM = 1000000


# --------------------------------------------------------------------------------------------------------------- nodes


cdef limited_t *find_limited(const state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil:
    if scope == SCOPE_VENUE:
        return state.risk.limited[SCOPE_VENUE] if node_id == 0 else NULL
    if scope == SCOPE_SESSION:
        return &state.risk.limited[SCOPE_SESSION][node_id] if find_session(state, node_id) != NULL else NULL
    return &state.risk.limited[scope][node_id] if find_lineage(state, scope, node_id) != NULL else NULL


cdef void set_flags(state_t *state, limited_t *node, uint16_t flags) noexcept nogil:
    state.risk.flagged += (flags != 0) - (node.flags != 0)
    node.flags = flags
    state.risk.path_epoch += 1


cdef void path_derive(const state_t *state, uint32_t account_id) noexcept nogil:
    cdef account_risk_t *account = &state.risk.accounts[account_id]
    cdef const limited_t *node
    cdef uint32_t level
    account.path_kinds = 0
    account.path_flags = 0
    for level in range(LEVELS + 1):
        node = limited_at(state, state.accounts[account_id].lineage, level)
        if node != NULL:
            account.path_kinds |= node.kinds
            account.path_flags |= node.flags
    account.path_epoch = state.risk.path_epoch


# ---------------------------------------------------------------------------------------------------------------- rows


cdef inline bint is_untargeted(uint8_t kind) noexcept nogil:
    return (
        kind == LIMIT_KIND_MESSAGE_AGE or kind == LIMIT_KIND_OPEN_ORDERS or kind == LIMIT_KIND_OPEN_NOTIONAL
        or kind == LIMIT_KIND_REPEATED_ORDERS or kind == LIMIT_KIND_DAILY_LOSS or kind == LIMIT_KIND_DRAWDOWN
        or kind == LIMIT_KIND_CREDIT
    )


cdef inline bint is_of_sessions(uint8_t kind) noexcept nogil:
    return LIMIT_KIND_ORDER_QUANTITY <= kind <= LIMIT_KIND_OPEN_ORDERS or kind == LIMIT_KIND_ORDER_TO_TRADE


cdef bint limit_is_sound(const snap_limit_t *row) noexcept nogil:
    cdef uint8_t kind = row.limit_kind
    cdef bint loss = kind == LIMIT_KIND_DAILY_LOSS or kind == LIMIT_KIND_DRAWDOWN
    cdef uint16_t known = LIMIT_FLAG_REALISED_ONLY if loss else 0
    if kind == LIMIT_KIND_DRAWDOWN:
        known |= LIMIT_FLAG_END_OF_DAY
    if not LIMIT_KIND_ORDER_QUANTITY <= kind <= LIMIT_KIND_CREDIT or row.value < 0 or row.parameter < 0:
        return False
    if not SCOPE_SESSION <= row.scope <= SCOPE_BROKER or row.target > LIMIT_TARGET_GROUP:
        return False
    if (row.target == 0) != (row.target_id == 0) or (row.target and is_untargeted(kind)):
        return False
    if row.scope == SCOPE_SESSION and not is_of_sessions(kind):
        return False
    if (kind == LIMIT_KIND_CREDIT and row.scope != SCOPE_ACCOUNT) or (loss and row.scope == SCOPE_VENUE):
        return False
    if row.limit_flags & ~known or row.action > (LIMIT_ACTION_FLATTEN if loss else 0):
        return False
    return row.soft_ppm <= PPM and (kind != LIMIT_KIND_EXECUTIONS or row.parameter > 0)


cdef inline int compare(uint32_t a, uint32_t b) noexcept nogil:
    return (a > b) - (a < b)


cdef int limit_compare(const snap_limit_t *a, const snap_limit_t *b) noexcept nogil:
    """By scope, node, kind, target, target id, owner."""
    cdef int order = compare(a.scope, b.scope)
    if order == 0:
        order = compare(a.node_id, b.node_id)
    if order == 0:
        order = compare(a.limit_kind, b.limit_kind)
    if order == 0:
        order = compare(a.target, b.target)
    if order == 0:
        order = compare(a.target_id, b.target_id)
    return order if order else compare(a.owner, b.owner)


cdef inline limited_t *node_of(const state_t *state, const snap_limit_t *row) noexcept nogil:
    return &state.risk.limited[row.scope][row.node_id]


cdef uint32_t limit_find(const state_t *state, const snap_limit_t *row) noexcept nogil:
    cdef const limited_t *node = node_of(state, row)
    cdef uint32_t slot
    if not node.kinds & 1 << row.limit_kind:
        return 0
    slot = state.risk.heads[node.rows].first[row.limit_kind]
    while slot and limit_compare(&state.risk.limits[slot], row):
        slot = state.risk.limit_next[slot]
    return slot


cdef uint32_t heads_take(risk_t *risk) noexcept nogil:
    """Cleared; there are never more than rows."""
    cdef uint32_t slot = risk.free_heads
    if slot:
        risk.free_heads = risk.heads[slot].first[0]
    else:
        risk.used_heads += 1
        slot = risk.used_heads
    memset(&risk.heads[slot], 0, sizeof(heads_t))
    return slot


cdef uint32_t monitor_at(const risk_t *risk, const snap_limit_t *row) noexcept nogil:
    """How many rows of loss kinds have a lower key."""
    cdef uint32_t low = 0, high = risk.monitors_count, middle
    while low < high:
        middle = (low + high) // 2
        if limit_compare(&risk.limits[risk.monitors[middle]], row) < 0:
            low = middle + 1
        else:
            high = middle
    return low


cdef void monitor_add(risk_t *risk, uint32_t slot) noexcept nogil:
    cdef uint32_t at = monitor_at(risk, &risk.limits[slot])
    memmove(&risk.monitors[at + 1], &risk.monitors[at], (risk.monitors_count - at) * sizeof(uint32_t))
    risk.monitors[at] = slot
    risk.monitors_count += 1


cdef void monitor_remove(risk_t *risk, uint32_t slot) noexcept nogil:
    cdef uint32_t at = monitor_at(risk, &risk.limits[slot])
    risk.monitors_count -= 1
    memmove(&risk.monitors[at], &risk.monitors[at + 1], (risk.monitors_count - at) * sizeof(uint32_t))


cdef uint32_t limit_add(state_t *state, const snap_limit_t *row) noexcept nogil:
    cdef risk_t *risk = &state.risk
    cdef limited_t *node = node_of(state, row)
    cdef uint32_t bit = <uint32_t> 1 << row.limit_kind
    cdef uint32_t slot = risk.free_limit
    cdef uint32_t *link
    if slot:
        risk.free_limit = risk.limit_next[slot]
    else:
        panic_unless(risk.used_limits < state.limits.limits_max, "a limit row is taken beyond the capacity")
        risk.used_limits += 1
        slot = risk.used_limits
    risk.limits[slot] = row[0]
    risk.limits_count += 1
    if node.rows == 0:
        node.rows = heads_take(risk)
    link = &risk.heads[node.rows].first[row.limit_kind]
    while link[0] and limit_compare(&risk.limits[link[0]], row) < 0:
        link = &risk.limit_next[link[0]]
    risk.limit_next[slot] = link[0]
    link[0] = slot
    if bit & LOSS_KINDS:
        monitor_add(risk, slot)
    risk.rows_of_kind[row.limit_kind] += 1
    risk.any_kinds |= bit
    if node.kinds & bit == 0:
        watch(state, row.scope, row.node_id, bit)
        node.kinds |= bit
        risk.path_epoch += 1
    return slot


cdef void limit_remove(state_t *state, uint32_t slot) noexcept nogil:
    cdef risk_t *risk = &state.risk
    cdef const snap_limit_t *row = &risk.limits[slot]
    cdef limited_t *node = node_of(state, row)
    cdef uint32_t bit = <uint32_t> 1 << row.limit_kind
    cdef uint32_t *first = &risk.heads[node.rows].first[row.limit_kind]
    cdef uint32_t *link = first
    while link[0] != slot:
        link = &risk.limit_next[link[0]]
    link[0] = risk.limit_next[slot]
    if bit & LOSS_KINDS:
        monitor_remove(risk, slot)
    risk.rows_of_kind[row.limit_kind] -= 1
    if risk.rows_of_kind[row.limit_kind] == 0:
        risk.any_kinds &= ~bit
    if first[0] == 0:
        node.kinds &= ~bit
        risk.path_epoch += 1
    if node.kinds == 0:
        risk.heads[node.rows].first[0] = risk.free_heads
        risk.free_heads = node.rows
        node.rows = 0
    risk.limit_next[slot] = risk.free_limit
    risk.free_limit = slot
    risk.limits_count -= 1
