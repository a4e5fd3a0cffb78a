"""What is worked off in steps: three queues (trims, works, cascades) and what becomes due by time.

Called by `_core` at the end of commands and for TICK. One command takes at most `work_steps_max` steps, whatever is
waiting, so that no message stalls the others; each step finds what it looks at without a search.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint16_t, uint32_t, uint8_t
from libc.string cimport memcpy

from engine._cascades cimport stop_to_fire
from engine._accruals cimport settle
from engine._checks cimport check_cancel_rate, covers, is_meant, may_cancel_at_all
from engine._events cimport answer_to, write_mass_done, write_mass_rejected, write_order_to, write_status_end
from engine._matching cimport withdraw
from engine._orders cimport fire, release_first, shrink_stop
from engine._parties cimport cancel_on_disconnect
from engine._risk_events cimport write_account_status, write_position_status
from engine._state cimport (
    TRADER_LEVEL, asker_t, cascade_remove_first, cod_timer_set, find_instrument, find_lineage, find_session,
    first_work, has_queued_work, has_room_for_work, instrument_of, is_stop, is_twap, level_of, order_key, order_t,
    party_table, position_t, reduces, risk_of_account, seq_of, session_t, size_of, state_t, terms_of_order,
    trim_remove_first, work_add, work_remove_first,
)
from engine._twap cimport send_slice
from engine.names cimport NAME_SIZE
from engine.rate cimport MASS_CANCEL_WEIGHT_MICRO
from engine.records cimport (
    EVENT_KIND_ACCOUNT_STATUS_END, EVENT_KIND_MASS_CANCEL_DONE, EVENT_KIND_ORDER_CANCELLED,
    EVENT_KIND_ORDER_EXPIRED, EVENT_KIND_ORDER_STATUS, EVENT_KIND_ORDER_STATUS_END, EVENT_KIND_QUOTE_CANCELLED,
    ORDER_FLAG_QUOTE, ORDER_STATE_LIVE, REASON_ACK, REASON_BAD_SYMBOL, REASON_CANCELLED, REASON_CANCELLED_ADMIN,
    REASON_CANCELLED_DISCONNECT, REASON_CANCELLED_KILL, REASON_EXPIRED, REASON_INVALID_PARAMETER,
    REASON_PERMISSION_DENIED, REASON_REJECTED_CAPACITY, REASON_UNKNOWN_PARTY, SCOPE_ACCOUNT, SCOPE_SESSION,
    SCOPE_VENUE, SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_DAY, WORK_ACCOUNT_STATUS, WORK_CANCEL_ON_DISCONNECT,
    WORK_EXPIRE_DAY, WORK_MASS_CANCEL, WORK_ORDER_STATUS, WORK_QUOTE_CANCEL, mass_cancel_t, order_event_t,
    snap_work_t,
)


# ---------------------------------------------------------------------------------------------------------------- TICK


cdef void tick(state_t *state) noexcept nogil:
    state.steps_left = state.limits.work_steps_max
    expire_orders(state)
    start_cod_timers(state)
    release_orders(state)
    send_slices(state)
    carry_on(state)


cdef void finish_command(state_t *state) noexcept nogil:
    state.steps_left = state.limits.work_steps_max
    carry_on(state)


cdef inline bint take_step(state_t *state) noexcept nogil:
    if state.steps_left == 0:
        return False
    state.steps_left -= 1
    return True


cdef void expire_orders(state_t *state) noexcept nogil:
    while state.expiries and state.terms[state.expiries].expire_ns <= state.timestamp_ns and take_step(state):
        withdraw(state, state.expiries, EVENT_KIND_ORDER_EXPIRED, REASON_EXPIRED)


cdef void start_cod_timers(state_t *state) noexcept nogil:
    cdef uint32_t session_id
    while state.cod_timers and state.sessions[state.cod_timers].cod_due_ns <= state.timestamp_ns:
        if not has_room_for_work(state) or not take_step(state):
            return
        session_id = state.cod_timers
        cod_timer_set(state, session_id, INT64_MAX)
        cancel_on_disconnect(state, session_id, state.seq, 0)


cdef inline int64_t first_release_ns(const state_t *state) noexcept nogil:
    if state.releases <= state.limits.orders_max:
        return state.terms[state.releases].by_state.release_ns
    return state.modifies[state.releases - state.limits.orders_max].release_ns


cdef void release_orders(state_t *state) noexcept nogil:
    while state.releases and first_release_ns(state) <= state.timestamp_ns and take_step(state):
        release_first(state)


cdef void send_slices(state_t *state) noexcept nogil:
    while state.slices and terms_of_order(state, state.slices).next_ns <= state.timestamp_ns and take_step(state):
        send_slice(state, state.slices)


# ---------------------------------------------------------------------------------------------------- the three queues


cdef void carry_on(state_t *state) noexcept nogil:
    """Each step is taken from the first queue that is not empty. What needs no step is done without any left."""
    cdef bint goes_on = True
    while goes_on and has_queued_work(state):
        if state.first_in_trim:
            goes_on = trim_first(state)
        elif state.works_count:
            goes_on = work_first(state)
        else:
            goes_on = cascade_first(state)


cdef uint32_t stop_to_trim(const state_t *state, const position_t *position, int64_t *lots) noexcept nogil:
    """The youngest stop that must be changed, STOP_LOSS first, and by how many lots; 0 when all fit."""
    cdef const uint32_t *last
    cdef uint32_t buys, sells, slot
    cdef int64_t excess
    cdef uint32_t n
    for n in range(2):
        last = &position.last_stop[2 * n]
        excess = position.stop_lots[n] - size_of(position)
        buys = last[0] if excess > 0 or not reduces(position, SIDE_BUY) else 0
        sells = last[1] if excess > 0 or not reduces(position, SIDE_SELL) else 0
        if buys == 0 and sells == 0:
            continue
        slot = buys if sells == 0 else sells
        if buys and sells and order_key(state.orders[buys].order_id) > order_key(state.orders[sells].order_id):
            slot = buys
        lots[0] = state.orders[slot].quantity_lots
        if reduces(position, state.orders[slot].side):
            lots[0] = min(excess, lots[0])
        return slot
    return 0


cdef bint trim_first(state_t *state) noexcept nogil:
    """One stop that must be changed, or the record leaves the queue. False when no step is left for the former."""
    cdef int64_t lots = 0
    cdef uint32_t slot = stop_to_trim(state, &state.positions[state.first_in_trim], &lots)
    if slot == 0:
        trim_remove_first(state)
        return True
    if not take_step(state):
        return False
    shrink_stop(state, slot, lots)
    return True


cdef bint cascade_first(state_t *state) noexcept nogil:
    """Fires a stop of the first instrument, or the instrument leaves the queue."""
    cdef uint32_t slot = stop_to_fire(state, &state.instruments[state.first_in_cascade])
    if slot == 0:
        cascade_remove_first(state)
        return True
    if not take_step(state):
        return False
    fire(state, slot)
    return True


# --------------------------------------------------------------------------------------------------------------- works


cdef uint32_t next_account(const state_t *state, const snap_work_t *work) noexcept nogil:
    """The next account after the cursor at or below the target node, 0 when there is none."""
    cdef uint8_t scope = work.scope
    cdef uint32_t target_id = work.target_id
    if scope == SCOPE_SESSION:
        scope = state.sessions[target_id].scope
        target_id = state.sessions[work.target_id].parent_id
    if scope == SCOPE_ACCOUNT:
        return 0 if work.cursor_account_id else target_id
    if work.cursor_account_id:
        return state.accounts[work.cursor_account_id].next_account[level_of(scope) - TRADER_LEVEL]
    if scope == SCOPE_VENUE:
        return state.first_account
    return party_table(state, scope)[target_id].first_account


cdef bint work_first(state_t *state) noexcept nogil:
    """As far as the steps reach. False when they ran out before its end; nothing that it does can put a trim before
    it."""
    cdef snap_work_t *work = first_work(state)
    cdef uint32_t account_id
    while visit_orders(state, work):
        account_id = next_account(state, work)
        if account_id == 0:
            finish(state, work)
            return True
        if not take_step(state):
            return False
        work.cursor_account_id = account_id
        work.cursor_order_id = 0
        state.visit_next = state.accounts[account_id].first_order
        if work.work == WORK_ACCOUNT_STATUS:
            tell_account(state, work)
    return False


cdef void tell_account(state_t *state, snap_work_t *work) noexcept nogil:
    """The account at the cursor, and its positions that are not flat."""
    cdef asker_t before
    cdef uint32_t position
    settle(state, work.cursor_account_id)
    before = answer_to(state, 0, 0)
    write_account_status(state, work.cursor_account_id, work.session_id)
    work.affected_count += 1
    position = risk_of_account(state, work.cursor_account_id).first_position
    while position:
        if state.positions[position].lots:
            write_position_status(state, position, work.session_id)
        position = state.positions[position].next_of_account
    state.asker = before


cdef bint visit_orders(state_t *state, snap_work_t *work) noexcept nogil:
    """The rest of one account's orders that are older than the work. False when the steps ran out before its end."""
    cdef uint32_t slot
    if work.work == WORK_ACCOUNT_STATUS:
        return True
    while state.visit_next and seq_of(state.orders[state.visit_next].order_id) < work.seq:
        if not take_step(state):
            return False
        slot = state.visit_next
        work.cursor_order_id = state.orders[slot].order_id
        state.visit_next = state.orders[slot].next
        if concerns(state, work, slot):
            work.affected_count += 1
            treat(state, work, slot)
    return True


cdef void find_visit_next(state_t *state) noexcept nogil:
    cdef const snap_work_t *work = first_work(state)
    cdef uint32_t slot
    if state.works_count == 0 or work.cursor_account_id == 0:
        return
    slot = state.accounts[work.cursor_account_id].first_order
    while slot and order_key(state.orders[slot].order_id) <= order_key(work.cursor_order_id):
        slot = state.orders[slot].next
    state.visit_next = slot


cdef bint concerns(const state_t *state, const snap_work_t *work, uint32_t slot) noexcept nogil:
    """Does the work do something with this order?"""
    cdef const order_t *order = &state.orders[slot]
    if work.work == WORK_ORDER_STATUS:
        return True
    if work.work == WORK_EXPIRE_DAY:
        return order.time_in_force == TIME_IN_FORCE_DAY
    if work.work == WORK_CANCEL_ON_DISCONNECT and (is_stop(order) or is_twap(order)):
        return False
    if work.work == WORK_QUOTE_CANCEL and not order.flags & ORDER_FLAG_QUOTE:
        return False
    if work.scope == SCOPE_SESSION and order.session_id != work.target_id:
        return False
    return is_meant(state, slot, work.instrument_id, work.side)


cdef void treat(state_t *state, const snap_work_t *work, uint32_t slot) noexcept nogil:
    if work.work == WORK_ORDER_STATUS:
        write_status(state, work, slot)
    elif work.work == WORK_EXPIRE_DAY:
        withdraw(state, slot, EVENT_KIND_ORDER_EXPIRED, REASON_EXPIRED)
    else:
        withdraw(state, slot, EVENT_KIND_ORDER_CANCELLED, work.reason)


cdef void write_status(state_t *state, const snap_work_t *work, uint32_t slot) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef int64_t lot_e8 = state.instruments[instrument_of(&state.positions[order.position])].config.lot_size_e8
    cdef asker_t before = answer_to(state, 0, 0)
    cdef order_event_t *event = write_order_to(state, EVENT_KIND_ORDER_STATUS, REASON_ACK, slot, work.session_id)
    if order.state == ORDER_STATE_LIVE:
        event.display_quantity_e8 = state.terms[slot].by_state.shown_lots * lot_e8
    state.asker = before


cdef void finish(state_t *state, snap_work_t *work) noexcept nogil:
    """The first work leaves the queue and says so."""
    cdef uint16_t reason
    if work.work == WORK_MASS_CANCEL:
        reason = REASON_CANCELLED_KILL if work.reason == REASON_CANCELLED_KILL else REASON_ACK
        write_mass_done(state, EVENT_KIND_MASS_CANCEL_DONE, reason, work, work.scope, work.target_id)
    elif work.work == WORK_CANCEL_ON_DISCONNECT:
        write_mass_done(
            state, EVENT_KIND_MASS_CANCEL_DONE, REASON_CANCELLED_DISCONNECT, work, SCOPE_SESSION, work.session_id
        )
    elif work.work == WORK_QUOTE_CANCEL:
        write_mass_done(state, EVENT_KIND_QUOTE_CANCELLED, REASON_ACK, work, work.scope, work.target_id)
    elif work.work == WORK_ORDER_STATUS:
        write_status_end(state, EVENT_KIND_ORDER_STATUS_END, work)
    elif work.work == WORK_ACCOUNT_STATUS:
        write_status_end(state, EVENT_KIND_ACCOUNT_STATUS_END, work)
    state.visit_next = 0
    work_remove_first(state)


# --------------------------------------------------------------------------------------------------------- MASS_CANCEL


cdef void mass_cancel(state_t *state, const mass_cancel_t *request) noexcept nogil:
    cdef uint16_t reason = check_mass_cancel(state, request)
    cdef snap_work_t *work
    if reason:
        write_mass_rejected(state, reason, request)
        return
    work = work_add(state, WORK_MASS_CANCEL)
    work.seq = request.seq
    work.session_id = request.session_id
    work.msg_seq_in = request.msg_seq_in
    work.reason = REASON_CANCELLED if request.session_id else REASON_CANCELLED_ADMIN
    work.scope = request.scope
    work.target_id = request.target_id
    work.instrument_id = request.instrument_id
    work.side = request.side
    memcpy(work.client_order_id, request.client_order_id, NAME_SIZE)


cdef uint16_t check_mass_cancel(state_t *state, const mass_cancel_t *request) noexcept nogil:
    cdef const uint32_t *lineage
    cdef uint16_t reason
    cdef int64_t retry_ms = 0
    if not SCOPE_SESSION <= request.scope <= SCOPE_VENUE or request.side > SIDE_SELL:
        return REASON_INVALID_PARAMETER
    lineage = lineage_of_target(state, request)
    reason = check_mass_cancel_right(state, request, lineage)
    if reason:
        return reason
    if request.session_id and lineage != NULL and lineage[TRADER_LEVEL]:
        reason = check_cancel_rate(state, lineage[TRADER_LEVEL], MASS_CANCEL_WEIGHT_MICRO, &retry_ms)
        if reason:
            return reason
    if request.instrument_id and find_instrument(state, request.instrument_id) == NULL:
        return REASON_BAD_SYMBOL
    return REASON_ACK if has_room_for_work(state) else REASON_REJECTED_CAPACITY


cdef const uint32_t *lineage_of_target(const state_t *state, const mass_cancel_t *request) noexcept nogil:
    """Of the node that is meant, or of the node of the session that is meant; NULL when there is none."""
    cdef const session_t *session
    if request.scope != SCOPE_SESSION:
        return find_lineage(state, request.scope, request.target_id)
    session = find_session(state, request.target_id)
    if session == NULL:
        return NULL
    return find_lineage(state, session.scope, session.parent_id)


cdef uint16_t check_mass_cancel_right(
    const state_t *state, const mass_cancel_t *request, const uint32_t *lineage
) noexcept nogil:
    cdef const session_t *session
    if request.session_id == 0:
        return REASON_ACK if lineage != NULL or request.scope == SCOPE_VENUE else REASON_UNKNOWN_PARTY
    session = find_session(state, request.session_id)
    if session == NULL or lineage == NULL or not may_cancel_at_all(session):
        return REASON_PERMISSION_DENIED
    if request.scope == SCOPE_SESSION:
        return REASON_ACK if request.target_id == request.session_id else REASON_PERMISSION_DENIED
    return REASON_ACK if covers(session, lineage) else REASON_PERMISSION_DENIED
