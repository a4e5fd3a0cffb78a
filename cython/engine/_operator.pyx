"""What the venue, a clearing broker or a firm decides about the nodes at and below its own.

Called by `_admin`. A kill switch refuses orders from now on; those that are open are cancelled in steps, by a work.
"""

from libc.stdint cimport uint16_t, uint32_t, uint8_t
from libc.string cimport memset

from engine._admin cimport is_approved
from engine._checks cimport covers
from engine._limit_rows cimport find_limited, limit_add, limit_find, limit_is_sound, limit_remove, set_flags
from engine._monitors cimport monitors_release, monitors_restart
from engine._risk_events cimport write_node_changed
from engine._risk_state cimport limited_t
from engine._state cimport (
    find_instrument, find_lineage, find_session, has_room_for_work, risk_of_instrument, session_t, state_t,
    work_add,
)
from engine.records cimport (
    LIMIT_FLAG_REMOVE, LIMIT_TARGET_INSTRUMENT, NODE_FLAG_KILLED, NODE_FLAG_LOCKED, NODE_FLAG_WINDOW_CLOSED,
    PARTY_STATUS_ACTIVE, REASON_ACK, REASON_APPROVAL_REQUIRED, REASON_BAD_SYMBOL, REASON_CANCELLED_KILL,
    REASON_INVALID_PARAMETER, REASON_PERMISSION_DENIED, REASON_REJECTED_CAPACITY, REASON_UNKNOWN_PARTY,
    SCOPE_BROKER, SCOPE_FIRM, SCOPE_INSTRUMENT, SCOPE_SESSION, SCOPE_VENUE, SESSION_RIGHT_RISK, WORK_MASS_CANCEL,
    command_header_t, command_t, kill_t, revive_t, set_limit_t, set_trading_window_t, snap_limit_t, snap_work_t,
)


cdef inline bint is_scope(uint8_t scope) noexcept nogil:
    """One of a session or a node."""
    return SCOPE_SESSION <= scope <= SCOPE_BROKER


cdef uint16_t check_ruler(
    const state_t *state, const command_header_t *header, uint8_t scope, uint32_t node_id
) noexcept nogil:
    """May the sender rule a node or session, and is there one?"""
    cdef const session_t *session
    cdef const session_t *target
    cdef const uint32_t *lineage = NULL
    if header.session_id == 0:
        return REASON_ACK if find_limited(state, scope, node_id) != NULL else REASON_UNKNOWN_PARTY
    session = find_session(state, header.session_id)
    if session == NULL or session.status != PARTY_STATUS_ACTIVE or not session.rights & SESSION_RIGHT_RISK:
        return REASON_PERMISSION_DENIED
    if scope == SCOPE_SESSION:
        target = find_session(state, node_id)
        if target != NULL:
            lineage = find_lineage(state, target.scope, target.parent_id)
    elif scope != SCOPE_VENUE:
        lineage = find_lineage(state, scope, node_id)
    return REASON_ACK if lineage != NULL and covers(session, lineage) else REASON_PERMISSION_DENIED


# -------------------------------------------------------------------------------------------------------------- limits


cdef uint8_t owner_of(const state_t *state, uint32_t session_id) noexcept nogil:
    """Venue, clearing broker and firm keep limits of their own; the tightest wins."""
    if session_id == 0:
        return SCOPE_VENUE
    return SCOPE_BROKER if state.sessions[session_id].scope == SCOPE_BROKER else SCOPE_FIRM


cdef bint tightens(const snap_limit_t *row, const snap_limit_t *wanted) noexcept nogil:
    """A smaller or equal value and nothing else; the soft threshold is free."""
    return (
        row.parameter == wanted.parameter and row.limit_flags == wanted.limit_flags and row.action == wanted.action
        and wanted.value <= row.value
    )


cdef uint16_t remove_limit(state_t *state, const command_header_t *header, uint32_t slot) noexcept nogil:
    cdef snap_limit_t row = state.risk.limits[slot]
    if slot == 0:
        return REASON_INVALID_PARAMETER
    if not is_approved(header):
        return REASON_APPROVAL_REQUIRED
    limit_remove(state, slot)
    if row.tripped:
        monitors_release(state, row.scope, row.node_id)
    return REASON_ACK


cdef uint16_t change_limit(
    state_t *state, const command_header_t *header, uint32_t slot, const snap_limit_t *wanted
) noexcept nogil:
    """Counters and warnings of a row that is there stay."""
    cdef snap_limit_t *row = &state.risk.limits[slot]
    if not tightens(row, wanted) and not is_approved(header):
        return REASON_APPROVAL_REQUIRED
    row.value = wanted.value
    row.parameter = wanted.parameter
    row.soft_ppm = wanted.soft_ppm
    row.limit_flags = wanted.limit_flags
    row.action = wanted.action
    return REASON_ACK


cdef uint16_t set_limit(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_limit_t *terms = &command.set_limit
    cdef snap_limit_t wanted
    cdef uint32_t slot
    cdef uint16_t reason
    memset(&wanted, 0, sizeof(wanted))
    wanted.node_id = terms.node_id
    wanted.target_id = terms.target_id
    wanted.scope = terms.scope
    wanted.limit_kind = terms.limit_kind
    wanted.target = terms.target
    wanted.limit_flags = terms.limit_flags & ~<uint16_t> LIMIT_FLAG_REMOVE
    wanted.action = terms.action
    wanted.soft_ppm = terms.soft_ppm
    wanted.value = terms.value
    wanted.parameter = terms.parameter
    if not limit_is_sound(&wanted):
        return REASON_INVALID_PARAMETER
    reason = check_ruler(state, &command.header, terms.scope, terms.node_id)
    if reason:
        return reason
    if terms.target == LIMIT_TARGET_INSTRUMENT and find_instrument(state, terms.target_id) == NULL:
        return REASON_BAD_SYMBOL
    wanted.owner = owner_of(state, command.header.session_id)
    slot = limit_find(state, &wanted)
    if terms.limit_flags & LIMIT_FLAG_REMOVE:
        return remove_limit(state, &command.header, slot)
    if slot:
        return change_limit(state, &command.header, slot, &wanted)
    if state.risk.limits_count >= state.limits.limits_max:
        return REASON_REJECTED_CAPACITY
    limit_add(state, &wanted)
    return REASON_ACK


# -------------------------------------------------------------------------------------------------------- kill, revive


cdef void cancel_all(
    state_t *state, const command_header_t *header, uint8_t scope, uint32_t target_id, uint32_t instrument_id
) noexcept nogil:
    cdef snap_work_t *work = work_add(state, WORK_MASS_CANCEL)
    work.seq = header.seq
    work.session_id = header.session_id
    work.msg_seq_in = header.msg_seq_in
    work.reason = REASON_CANCELLED_KILL
    work.scope = scope
    work.target_id = target_id
    work.instrument_id = instrument_id


cdef uint16_t kill(state_t *state, const command_t *command) noexcept nogil:
    cdef const kill_t *terms = &command.kill
    cdef limited_t *node
    cdef uint16_t reason
    if terms.scope == SCOPE_INSTRUMENT:
        return kill_instrument(state, command)
    if not is_scope(terms.scope):
        return REASON_INVALID_PARAMETER
    reason = check_ruler(state, &command.header, terms.scope, terms.node_id)
    if reason:
        return reason
    if not has_room_for_work(state):
        return REASON_REJECTED_CAPACITY
    node = find_limited(state, terms.scope, terms.node_id)
    set_flags(state, node, node.flags | NODE_FLAG_KILLED)
    write_node_changed(state, terms.scope, terms.node_id, node.flags, REASON_CANCELLED_KILL)
    cancel_all(state, &command.header, terms.scope, terms.node_id, 0)
    return REASON_ACK


cdef uint16_t kill_instrument(state_t *state, const command_t *command) noexcept nogil:
    cdef uint32_t instrument_id = command.kill.node_id
    if command.header.session_id:
        return REASON_PERMISSION_DENIED
    if find_instrument(state, instrument_id) == NULL:
        return REASON_BAD_SYMBOL
    if not has_room_for_work(state):
        return REASON_REJECTED_CAPACITY
    risk_of_instrument(state, instrument_id).is_killed = True
    write_node_changed(state, SCOPE_INSTRUMENT, instrument_id, NODE_FLAG_KILLED, REASON_CANCELLED_KILL)
    cancel_all(state, &command.header, SCOPE_VENUE, 0, instrument_id)
    return REASON_ACK


cdef uint16_t revive(state_t *state, const command_t *command) noexcept nogil:
    cdef const revive_t *terms = &command.revive
    cdef limited_t *node
    cdef uint16_t reason
    if terms.node_flags == 0 or terms.node_flags & ~(NODE_FLAG_KILLED | NODE_FLAG_LOCKED):
        return REASON_INVALID_PARAMETER
    if terms.scope == SCOPE_INSTRUMENT:
        return revive_instrument(state, command)
    if not is_scope(terms.scope):
        return REASON_INVALID_PARAMETER
    reason = check_ruler(state, &command.header, terms.scope, terms.node_id)
    if reason:
        return reason
    if not is_approved(&command.header):
        return REASON_APPROVAL_REQUIRED
    node = find_limited(state, terms.scope, terms.node_id)
    if terms.node_flags & NODE_FLAG_KILLED:
        set_flags(state, node, node.flags & ~<uint16_t> NODE_FLAG_KILLED)
    if terms.node_flags & NODE_FLAG_LOCKED and terms.scope != SCOPE_SESSION:
        monitors_restart(state, terms.scope, terms.node_id)
    write_node_changed(state, terms.scope, terms.node_id, node.flags, REASON_ACK)
    return REASON_ACK


cdef uint16_t revive_instrument(state_t *state, const command_t *command) noexcept nogil:
    cdef uint32_t instrument_id = command.revive.node_id
    if command.header.session_id:
        return REASON_PERMISSION_DENIED
    if find_instrument(state, instrument_id) == NULL:
        return REASON_BAD_SYMBOL
    if not is_approved(&command.header):
        return REASON_APPROVAL_REQUIRED
    risk_of_instrument(state, instrument_id).is_killed = False
    write_node_changed(state, SCOPE_INSTRUMENT, instrument_id, 0, REASON_ACK)
    return REASON_ACK


cdef uint16_t set_trading_window(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_trading_window_t *terms = &command.set_trading_window
    cdef limited_t *node
    cdef uint16_t reason, flags
    if not is_scope(terms.scope) or terms.is_open > 1:
        return REASON_INVALID_PARAMETER
    reason = check_ruler(state, &command.header, terms.scope, terms.node_id)
    if reason:
        return reason
    if terms.is_open and not is_approved(&command.header):
        return REASON_APPROVAL_REQUIRED
    node = find_limited(state, terms.scope, terms.node_id)
    flags = node.flags & ~<uint16_t> NODE_FLAG_WINDOW_CLOSED
    if not terms.is_open:
        flags |= NODE_FLAG_WINDOW_CLOSED
    if flags != node.flags:
        set_flags(state, node, flags)
        write_node_changed(state, terms.scope, terms.node_id, flags, REASON_ACK)
    return REASON_ACK
