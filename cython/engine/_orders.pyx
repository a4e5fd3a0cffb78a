"""Commands about single orders, and what time and marks do to them.

Called by `_core` for PLACE, REPLACE and CANCEL and by `_work` for everything that becomes due. Whether something may
happen is decided in `_checks`, what it does on the book in `_matching`.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

from engine._accruals cimport settle
from engine._attached cimport other_half
from engine._limits cimport fail, proposal_begin, proposal_t, tell_accepted, tell_refused, verdict_begin, verdict_t
from engine._risk_checks cimport check_gate, check_killed
from engine._checks cimport (
    check_band, check_cancel_rate, check_market_open, check_place, check_replace, clip_replace, due_after, entry_t,
    is_meant, may_cancel, may_trade, reduce_only_room,
)
from engine._events cimport (
    answer_to, set_ids, write_cancel_rejected, write_modify_rejected, write_order, write_place_rejected,
    write_replace_rejected,
)
from engine._matching cimport activate, change_t, end_order, replace_resting, take_terms, tell_pair, withdraw
from engine._state cimport (
    TRADER_LEVEL, account_t, asker_t, find_account, find_instrument, instrument_of, instrument_t, is_stop,
    leaves_of, modify_add, modify_free, modify_remove, modify_t, modify_take, order_add, order_find,
    order_make_live, order_resize, order_t, order_take, position_add, position_t, reduces, risk_of_account,
    risk_of_instrument, size_of, state_t, stop_change, stop_remove, terms_make, terms_t,
)
from engine.names cimport NAME_SIZE, names_find
from engine.rate cimport WEIGHT_MICRO
from engine.records cimport (
    EVENT_KIND_ORDER_CANCELLED, EVENT_KIND_ORDER_EXPIRED, EVENT_KIND_ORDER_NEW, EVENT_KIND_ORDER_PENDING,
    EVENT_KIND_ORDER_REPLACE_PENDING, EVENT_KIND_ORDER_RESTATED, EVENT_KIND_ORDER_TRIGGERED,
    INSTRUMENT_FLAG_BUMP_MARKET, ORDER_FLAG_REDUCE_ONLY, ORDER_STATE_LIVE, ORDER_STATE_PENDING_NEW,
    ORDER_STATE_UNTRIGGERED, ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, REASON_ACK, REASON_CANCELLED,
    REASON_CANCELLED_ADMIN, REASON_CANCELLED_PAIR, REASON_CANNOT_MODIFY_ALO_WOULD_CROSS,
    REASON_CANNOT_MODIFY_NO_SUCH_ORDER, REASON_CANNOT_MODIFY_PARTIAL_FILL, REASON_EXPIRED, REASON_MODIFY_SUPERSEDED,
    REASON_NO_SUCH_ORDER, REASON_PERMISSION_DENIED, REASON_REJECTED_CAPACITY, REASON_REJECTED_REDUCE_ONLY,
    REASON_USER_IN_LIQUIDATION, SIDE_BUY, STP_MODE_CANCEL_PASSIVE, TIME_IN_FORCE_GTC, TIME_IN_FORCE_GTD,
    TIME_IN_FORCE_IOC, cancel_t, place_t, replace_t, snap_order_terms_t,
)

cdef enum:
    STP_GROUP_OF_ACCOUNT = 0x80000000  # an account without a group is one by itself: this plus its id


cdef inline const instrument_t *instrument_of_order(const state_t *state, uint32_t slot) noexcept nogil:
    return &state.instruments[instrument_of(&state.positions[state.orders[slot].position])]


# --------------------------------------------------------------------------------------------------------------- PLACE


cdef inline bint is_bumped(const instrument_t *instrument, uint8_t order_type) noexcept nogil:
    if instrument.config.speed_bump_ns == 0:
        return False
    if order_type == ORDER_TYPE_MARKET:
        return instrument.config.flags_instrument & INSTRUMENT_FLAG_BUMP_MARKET
    return order_type == ORDER_TYPE_LIMIT


cdef inline void fill_order(state_t *state, uint32_t slot, const place_t *command, const entry_t *entry) noexcept nogil:
    """The order that a checked PLACE describes: ticks and lots, defaults resolved."""
    cdef order_t *order = &state.orders[slot]
    cdef const account_t *account = entry.proposal.account
    memset(order, 0, sizeof(order_t))
    order.order_id = command.seq
    order.quantity_lots = entry.quantity_lots
    order.price_ticks = <uint32_t> entry.price_ticks
    order.account_id = command.account_id
    order.session_id = command.session_id
    order.position = entry.proposal.position
    order.stp_group = command.stp_group if command.stp_group else account.stp_group
    if order.stp_group == 0:
        order.stp_group = <uint32_t> STP_GROUP_OF_ACCOUNT + command.account_id
    order.side = command.side
    order.order_type = command.order_type
    order.time_in_force = TIME_IN_FORCE_GTC if is_stop(order) else command.time_in_force
    order.stp_mode = command.stp_mode
    if order.stp_mode == 0:
        order.stp_mode = account.stp_mode if account.stp_mode else STP_MODE_CANCEL_PASSIVE
    order.flags = <uint8_t> command.order_flags
    order.fee_tier = account.fee_tier
    if order.order_type == ORDER_TYPE_MARKET or command.take_profit_e8 or command.stop_loss_e8:
        fill_risk_terms(state, slot, command, entry.proposal.instrument)


cdef void fill_risk_terms(
    state_t *state, uint32_t slot, const place_t *command, const instrument_t *instrument
) noexcept nogil:
    """A MARKET order's edge, at which margin is kept for it, and triggers of a pair."""
    cdef snap_order_terms_t *terms = terms_make(state, slot)
    if state.orders[slot].order_type == ORDER_TYPE_MARKET:
        terms.edge_ticks = instrument.market_limit_ticks[command.side - SIDE_BUY]
    terms.take_profit_ticks = command.take_profit_e8 // instrument.config.tick_size_e8
    terms.stop_loss_ticks = command.stop_loss_e8 // instrument.config.tick_size_e8


cdef inline void fill_terms(
    state_t *state, uint32_t slot, const place_t *command, const instrument_t *instrument
) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef terms_t *terms = &state.terms[slot]
    memcpy(terms.client_order_id, command.client_order_id, NAME_SIZE)
    terms.expire_ns = command.expire_ns if order.time_in_force == TIME_IN_FORCE_GTD else 0
    terms.slice_lots = 0
    if order.time_in_force == TIME_IN_FORCE_IOC:
        if command.min_quantity_e8:
            terms.slice_lots = command.min_quantity_e8 // instrument.config.lot_size_e8
    elif command.display_quantity_e8 and command.display_quantity_e8 < command.quantity_e8:
        terms.slice_lots = command.display_quantity_e8 // instrument.config.lot_size_e8
    terms.by_state.shown_lots = 0


cdef void fill_blank(
    state_t *state, uint32_t slot, uint64_t order_id, uint32_t session_id, uint32_t account_id, uint32_t position
) noexcept nogil:
    cdef order_t *order = &state.orders[slot]
    cdef const account_t *account = &state.accounts[account_id]
    memset(order, 0, sizeof(order_t))
    memset(&state.terms[slot], 0, sizeof(terms_t))
    order.order_id = order_id
    order.account_id = account_id
    order.session_id = session_id
    order.position = position
    order.stp_group = account.stp_group if account.stp_group else <uint32_t> STP_GROUP_OF_ACCOUNT + account_id
    order.stp_mode = account.stp_mode if account.stp_mode else STP_MODE_CANCEL_PASSIVE
    order.time_in_force = TIME_IN_FORCE_GTC
    order.fee_tier = account.fee_tier


cdef void place(state_t *state, const place_t *command) noexcept nogil:
    cdef entry_t entry
    cdef uint32_t slot
    cdef uint16_t reason
    if not may_trade(state, command.session_id, find_account(state, command.account_id)):
        write_place_rejected(state, REASON_PERMISSION_DENIED, command, 0, 0)
        return
    settle(state, command.account_id)
    verdict_begin(&entry.verdict)
    reason = check_place(state, command, &entry)
    if reason:
        write_place_rejected(state, reason, command, 0, entry.verdict.detail)
        tell_refused(state, &entry.verdict, &entry.proposal, command.instrument_id, command.client_order_id)
        return
    if entry.proposal.position == 0:
        entry.proposal.position = position_add(state, command.account_id, command.instrument_id)
    slot = order_take(state)
    fill_order(state, slot, command, &entry)
    fill_terms(state, slot, command, entry.proposal.instrument)
    tell_accepted(state, &entry.verdict, &entry.proposal, command.seq, command.client_order_id)
    enter(state, slot, command)


cdef void enter(state_t *state, uint32_t slot, const place_t *command) noexcept nogil:
    cdef const instrument_t *instrument = instrument_of_order(state, slot)
    if is_stop(&state.orders[slot]):
        state.orders[slot].state = ORDER_STATE_UNTRIGGERED
        order_add(state, slot)
        write_order(state, EVENT_KIND_ORDER_NEW, REASON_ACK, slot)
    elif is_bumped(instrument, command.order_type):
        state.orders[slot].state = ORDER_STATE_PENDING_NEW
        state.terms[slot].by_state.release_ns = due_after(state.timestamp_ns, instrument.config.speed_bump_ns)
        order_add(state, slot)
        write_order(state, EVENT_KIND_ORDER_PENDING, REASON_ACK, slot)
        tell_pair(state, slot)
    else:
        state.orders[slot].state = ORDER_STATE_LIVE
        order_add(state, slot)
        activate(state, slot, command)


# ------------------------------------------------------------------------------------------------------------- REPLACE


cdef inline uint32_t find_order(
    const state_t *state, uint64_t order_id, uint32_t account_id, const char *client_order_id
) noexcept nogil:
    """By order id, else by the account's client order id; a waiting modify's new id does not find it."""
    if order_id:
        return order_find(state, order_id)
    if client_order_id[0] == 0:
        return 0
    return names_find(&state.order_names, account_id, client_order_id)


cdef void replace(state_t *state, const replace_t *command) noexcept nogil:
    cdef uint32_t slot = find_order(state, command.order_id, command.account_id, command.orig_client_order_id)
    cdef uint32_t account_id = state.orders[slot].account_id if slot else command.account_id
    cdef entry_t entry
    cdef uint16_t reason
    if not may_trade(state, command.session_id, find_account(state, account_id)):
        write_replace_rejected(state, REASON_PERMISSION_DENIED, 0, command, 0)
        return
    settle(state, account_id)
    verdict_begin(&entry.verdict)
    proposal_begin(state, &entry.proposal, command.session_id, account_id)
    if slot:
        entry.proposal.instrument_id = instrument_of(&state.positions[state.orders[slot].position])
    elif find_instrument(state, command.instrument_id) != NULL:
        entry.proposal.instrument_id = command.instrument_id
    entry.proposal.instrument = find_instrument(state, entry.proposal.instrument_id)
    reason = check_gate(state, &entry.proposal, &entry.verdict, command.sent_ns, WEIGHT_MICRO)
    if slot == 0:
        reason = reason if reason else REASON_CANNOT_MODIFY_NO_SUCH_ORDER
        write_replace_rejected(state, reason, 0, command, entry.verdict.detail)
        return
    if not reason:
        reason = check_replace(state, slot, command, &entry)
    if not reason and may_wait(state, slot) and state.waiting_modifies >= state.limits.pending_replaces_max:
        reason = fail(&entry.verdict, REASON_REJECTED_CAPACITY, 0)
    if reason:
        write_replace_rejected(state, reason, slot, command, entry.verdict.detail)
        tell_refused(
            state, &entry.verdict, &entry.proposal, entry.proposal.instrument_id, state.terms[slot].client_order_id
        )
        return
    take_modify(state, slot, command, &entry)


cdef inline bint may_wait(const state_t *state, uint32_t slot) noexcept nogil:
    """Does the speed bump hold modifies of this order?"""
    cdef int64_t bump_ns = instrument_of_order(state, slot).config.speed_bump_ns
    return state.orders[slot].order_type == ORDER_TYPE_LIMIT and bump_ns > 0


cdef void take_modify(state_t *state, uint32_t slot, const replace_t *command, const entry_t *entry) noexcept nogil:
    tell_accepted(
        state, &entry.verdict, &entry.proposal, state.orders[slot].order_id, state.terms[slot].client_order_id
    )
    if may_wait(state, slot):
        postpone(state, slot, command, entry.quantity_lots)
    else:
        change_at_once(state, slot, command, entry.quantity_lots)


cdef change_t change_of(
    const state_t *state, uint32_t slot, const replace_t *command, int64_t total_lots
) noexcept nogil:
    cdef int64_t tick_e8 = instrument_of_order(state, slot).config.tick_size_e8
    cdef change_t terms
    terms.total_lots = total_lots
    terms.client_order_id = &command.client_order_id[0]
    terms.price_ticks = <uint32_t> (command.price_e8 // tick_e8)
    terms.take_profit_ticks = <uint32_t> (command.take_profit_e8 // tick_e8)
    terms.stop_loss_ticks = <uint32_t> (command.stop_loss_e8 // tick_e8)
    return terms


cdef void change_at_once(state_t *state, uint32_t slot, const replace_t *command, int64_t total_lots) noexcept nogil:
    cdef change_t terms = change_of(state, slot, command, total_lots)
    if not change(state, slot, &terms):
        write_replace_rejected(state, REASON_CANNOT_MODIFY_ALO_WOULD_CROSS, slot, command, 0)


cdef void postpone(state_t *state, uint32_t slot, const replace_t *command, int64_t total_lots) noexcept nogil:
    """The modify waits in the speed bump, in place of one that already does."""
    cdef const instrument_t *instrument = instrument_of_order(state, slot)
    cdef change_t terms = change_of(state, slot, command, total_lots)
    cdef uint32_t waiting = state.orders[slot].modify
    cdef modify_t *modify
    if waiting:
        modify_remove(state, waiting)
        write_modify_rejected(state, REASON_MODIFY_SUPERSEDED, &state.modifies[waiting])
        modify_free(state, waiting)
    waiting = modify_take(state)
    modify = &state.modifies[waiting]
    memset(modify, 0, sizeof(modify_t))
    memcpy(modify.client_order_id, command.client_order_id, NAME_SIZE)
    modify.seq = command.seq
    modify.release_ns = due_after(state.timestamp_ns, instrument.config.speed_bump_ns)
    modify.quantity_lots = total_lots
    modify.msg_seq_in = command.msg_seq_in
    modify.account_id = state.orders[slot].account_id
    modify.order = slot
    modify.price_ticks = terms.price_ticks
    modify.take_profit_ticks = terms.take_profit_ticks
    modify.stop_loss_ticks = terms.stop_loss_ticks
    modify.session_id = command.session_id
    modify_add(state, waiting)
    set_ids(
        state, write_order(state, EVENT_KIND_ORDER_REPLACE_PENDING, REASON_ACK, slot), slot, command.client_order_id
    )


cdef bint change(state_t *state, uint32_t slot, const change_t *terms) noexcept nogil:
    """Gives an open order its new terms. False, and nothing done, when an ALO would cross."""
    if state.orders[slot].state == ORDER_STATE_LIVE:
        return replace_resting(state, slot, terms)
    if state.orders[slot].state == ORDER_STATE_UNTRIGGERED:
        stop_change(state, slot, terms.price_ticks, terms.total_lots)
    take_terms(state, slot, terms)
    return True


# -------------------------------------------------------------------------------------------------------------- CANCEL


cdef void cancel(state_t *state, const cancel_t *command) noexcept nogil:
    cdef uint32_t slot = find_order(state, command.order_id, command.account_id, command.orig_client_order_id)
    cdef uint32_t account_id = state.orders[slot].account_id if slot else command.account_id
    cdef const account_t *account = find_account(state, account_id)
    cdef uint16_t reason = REASON_ACK
    cdef int64_t retry_ms = 0
    if not may_cancel(state, command.session_id, account):
        write_cancel_rejected(state, REASON_PERMISSION_DENIED, 0, command, 0)
        return
    if command.session_id and account != NULL:
        reason = check_cancel_rate(state, account.lineage[TRADER_LEVEL], WEIGHT_MICRO, &retry_ms)
    if not reason and (slot == 0 or not is_meant(state, slot, command.instrument_id, command.side)):
        reason = REASON_NO_SUCH_ORDER
    if reason:
        write_cancel_rejected(state, reason, slot, command, retry_ms)
        return
    reason = REASON_CANCELLED if command.session_id else REASON_CANCELLED_ADMIN
    set_ids(state, withdraw(state, slot, EVENT_KIND_ORDER_CANCELLED, reason), slot, command.client_order_id)


# ------------------------------------------------------------------------------------------------------------- release


cdef void release_first(state_t *state) noexcept nogil:
    cdef uint32_t first = state.releases
    if first <= state.limits.orders_max:
        release_order(state, first)
    else:
        release_modify(state, first - state.limits.orders_max)


cdef uint16_t check_release(state_t *state, uint32_t slot) noexcept nogil:
    """Kill switch, instrument state and liquidation once more: the cancels that they start come in steps."""
    cdef const order_t *order = &state.orders[slot]
    cdef uint32_t instrument_id = instrument_of(&state.positions[order.position])
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef proposal_t proposal
    cdef verdict_t verdict
    cdef uint16_t reason = REASON_ACK
    if state.risk.flagged or risk_of_instrument(state, instrument_id).is_killed:
        verdict_begin(&verdict)
        proposal_begin(state, &proposal, order.session_id, order.account_id)
        proposal.instrument_id = instrument_id
        reason = check_killed(state, &proposal, &verdict)
    if not reason:
        reason = check_market_open(instrument, order.flags & ORDER_FLAG_REDUCE_ONLY)
    if not reason and state.risk.has_money and risk_of_account(state, order.account_id).row.stage:
        reason = REASON_USER_IN_LIQUIDATION
    return reason


cdef void release_order(state_t *state, uint32_t slot) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef uint16_t reason = check_release(state, slot)
    if reason:
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, reason)
        return
    if order.time_in_force == TIME_IN_FORCE_GTD and state.terms[slot].expire_ns <= state.timestamp_ns:
        end_order(state, slot, EVENT_KIND_ORDER_EXPIRED, REASON_EXPIRED)
        return
    if order.order_type == ORDER_TYPE_LIMIT:
        reason = check_band(instrument_of_order(state, slot), order.side, order.price_ticks)
    if not reason:
        reason = clip_order(state, slot)
    if reason:
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, reason)
        return
    order_make_live(state, slot)
    activate(state, slot, NULL)


cdef uint16_t clip_order(state_t *state, uint32_t slot) noexcept nogil:
    """A reduce-only order that nothing of is filled yet gets no more than there is to reduce now."""
    cdef const order_t *order = &state.orders[slot]
    cdef int64_t room
    if not order.flags & ORDER_FLAG_REDUCE_ONLY:
        return REASON_ACK
    room = reduce_only_room(&state.positions[order.position], order.side, leaves_of(order))
    if room <= 0:
        return REASON_REJECTED_REDUCE_ONLY
    order_resize(state, slot, min(order.quantity_lots, room))
    return REASON_ACK


cdef void release_modify(state_t *state, uint32_t waiting) noexcept nogil:
    """All its events answer the message that asked for it."""
    cdef const modify_t *modify = &state.modifies[waiting]
    cdef uint32_t slot = modify.order
    cdef const order_t *order = &state.orders[slot]
    cdef asker_t before = answer_to(state, modify.session_id, modify.msg_seq_in)
    cdef uint16_t reason = check_release(state, slot)
    cdef change_t terms
    terms.total_lots = modify.quantity_lots
    terms.client_order_id = &modify.client_order_id[0]
    terms.price_ticks = modify.price_ticks
    terms.take_profit_ticks = modify.take_profit_ticks
    terms.stop_loss_ticks = modify.stop_loss_ticks
    modify_remove(state, waiting)
    if not reason and terms.total_lots <= order.cum_lots:
        reason = REASON_CANNOT_MODIFY_PARTIAL_FILL
    if not reason:
        reason = check_band(instrument_of_order(state, slot), order.side, modify.price_ticks)
    if not reason:
        reason = clip_replace(state, slot, &terms.total_lots)
    if reason:
        write_modify_rejected(state, reason, modify)
    else:
        change(state, slot, &terms)
    modify_free(state, waiting)
    state.asker = before


# --------------------------------------------------------------------------------------------------------------- stops


cdef void fire(state_t *state, uint32_t slot) noexcept nogil:
    cdef order_t *order = &state.orders[slot]
    cdef const position_t *position = &state.positions[order.position]
    cdef uint64_t order_id = order.order_id
    cdef uint32_t other
    if not reduces(position, order.side):
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, REASON_REJECTED_REDUCE_ONLY)
        return
    stop_remove(state, slot)
    order.state = ORDER_STATE_LIVE
    state.terms[slot].by_state.shown_lots = 0
    order.quantity_lots = min(order.quantity_lots, size_of(position))
    write_order(state, EVENT_KIND_ORDER_TRIGGERED, REASON_ACK, slot)
    activate(state, slot, NULL)
    other = other_half(state, order_id)
    if other:
        withdraw(state, other, EVENT_KIND_ORDER_CANCELLED, REASON_CANCELLED_PAIR)


cdef void shrink_stop(state_t *state, uint32_t slot, int64_t lots) noexcept nogil:
    if lots >= state.orders[slot].quantity_lots:
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, REASON_REJECTED_REDUCE_ONLY)
        return
    order_resize(state, slot, state.orders[slot].quantity_lots - lots)
    write_order(state, EVENT_KIND_ORDER_RESTATED, REASON_REJECTED_REDUCE_ONLY, slot)
