"""What an account shows on both sides of an instrument, as its last QUOTE wants it. See `_quotes.pxd`.

Called by `_core`. A quote is an order like others for everything else; what its fills may trip is in `_protections`.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy

from engine._accruals cimport settle
from engine._checks cimport (
    check_cancel_rate, check_market, check_notional, check_price, check_quantity, check_room, may_cancel, may_trade,
)
from engine._events cimport write_quote, write_quote_rejected
from engine._exposures cimport kept_of, kept_t
from engine._limits cimport (
    fail, proposal_begin, proposal_t, take, tell_accepted, tell_refused, verdict_begin, verdict_t,
)
from engine._matching cimport activate_quote, replace_quote, withdraw
from engine._orders cimport fill_blank
from engine._risk_checks cimport check_exposure, check_gate, check_open, check_pace, check_size, check_tolerance
from engine._risk_state cimport protection_t
from engine._risk_tables cimport protection_of
from engine._state cimport (
    TRADER_LEVEL, account_t, find_account, find_instrument, has_room_for_work, instrument_t, numbered, order_add,
    order_t, order_take, position_add, position_find, state_t, work_add,
)
from engine.arith cimport i128
from engine.names cimport NAME_SIZE
from engine.rate cimport WEIGHT_MICRO
from engine.records cimport (
    EVENT_KIND_ORDER_CANCELLED, EVENT_KIND_QUOTE_SET, ORDER_FLAG_QUOTE, ORDER_STATE_LIVE, ORDER_TYPE_ALO,
    REASON_ACK, REASON_BAD_SYMBOL, REASON_CANCELLED, REASON_CANCELLED_ADMIN, REASON_INVALID_PARAMETER,
    REASON_PERMISSION_DENIED, REASON_REJECTED_CAPACITY, REASON_REJECTED_QUOTE_FROZEN, SCOPE_ACCOUNT, SIDE_BUY,
    SIDE_SELL, WORK_QUOTE_CANCEL, command_header_t, quote_cancel_t, quote_event_t, quote_t, snap_work_t,
)


ctypedef struct wanted_t:  # one side of a QUOTE, and where it goes
    const quote_t *command
    proposal_t proposal  # that of the message, the side's once it is checked
    int64_t price_e8
    int64_t quantity_e8
    uint8_t side


# --------------------------------------------------------------------------------------------------------------- QUOTE


cdef void quote(state_t *state, const quote_t *command) noexcept nogil:
    cdef const command_header_t *header = <const command_header_t *> command
    cdef verdict_t verdict
    cdef proposal_t proposal
    cdef uint16_t reason
    if not may_trade(state, command.session_id, find_account(state, command.account_id)):
        write_quote_rejected(state, REASON_PERMISSION_DENIED, header, command.quote_id, 0)
        return
    settle(state, command.account_id)
    verdict_begin(&verdict)
    reason = check_quote(state, command, &proposal, &verdict)
    if reason:
        write_quote_rejected(state, reason, header, command.quote_id, verdict.detail)
        tell_refused(state, &verdict, &proposal, command.instrument_id, command.quote_id)
        return
    proposal.position = position_find(state, command.account_id, command.instrument_id)
    if proposal.position == 0:
        if state.positions_count >= state.limits.positions_max:
            write_quote_rejected(state, REASON_REJECTED_CAPACITY, header, command.quote_id, 0)
            return
        proposal.position = position_add(state, command.account_id, command.instrument_id)
    tell_accepted(state, &verdict, &proposal, 0, command.quote_id)
    set_sides(state, command, &proposal)


cdef uint16_t check_quote(
    state_t *state, const quote_t *command, proposal_t *proposal, verdict_t *verdict
) noexcept nogil:
    """What concerns the whole message."""
    cdef uint16_t reason
    proposal_begin(state, proposal, command.session_id, command.account_id)
    proposal.instrument = find_instrument(state, command.instrument_id)
    if proposal.instrument != NULL:
        proposal.instrument_id = command.instrument_id
    reason = check_gate(state, proposal, verdict, command.sent_ns, WEIGHT_MICRO)
    if reason:
        return reason
    if proposal.instrument == NULL:
        return fail(verdict, REASON_BAD_SYMBOL, 0)
    reason = check_market(state, proposal, verdict)
    if not reason and not are_sound_sides(command):
        reason = fail(verdict, REASON_INVALID_PARAMETER, 0)
    if not reason and is_frozen(state, command):
        reason = fail(verdict, REASON_REJECTED_QUOTE_FROZEN, 0)
    return reason if reason else check_pace(state, proposal, verdict, 0)


cdef inline bint are_sound_sides(const quote_t *command) noexcept nogil:
    """Two sides that do not cross each other, or one, or none."""
    if command.bid_quantity_e8 < 0 or command.ask_quantity_e8 < 0:
        return False
    return command.bid_quantity_e8 == 0 or command.ask_quantity_e8 == 0 or command.bid_price_e8 < command.ask_price_e8


cdef bint is_frozen(const state_t *state, const quote_t *command) noexcept nogil:
    cdef uint32_t position = position_find(state, command.account_id, command.instrument_id)
    cdef const protection_t *protection = protection_of(state, position)
    return protection != NULL and protection.row.frozen_until_ns > state.timestamp_ns


cdef void set_sides(state_t *state, const quote_t *command, const proposal_t *proposal) noexcept nogil:
    """Bid first, unless it would meet the ask that stands so far."""
    cdef wanted_t bid, ask
    cdef const instrument_t *instrument = proposal.instrument
    cdef uint32_t position = proposal.position
    cdef uint32_t old_ask = state.risk.positions[position].quotes[SIDE_SELL - SIDE_BUY]
    cdef uint16_t bid_reason, ask_reason
    cdef bint moves_up = old_ask and command.bid_quantity_e8 and (
        command.bid_price_e8 >= state.orders[old_ask].price_ticks * instrument.config.tick_size_e8
    )
    cdef quote_event_t *event
    bid.command = command
    bid.proposal = proposal[0]
    ask = bid
    bid.side = SIDE_BUY
    bid.price_e8 = command.bid_price_e8
    bid.quantity_e8 = command.bid_quantity_e8
    ask.side = SIDE_SELL
    ask.price_e8 = command.ask_price_e8
    ask.quantity_e8 = command.ask_quantity_e8
    if moves_up:
        ask_reason = set_side(state, &ask)
        bid_reason = set_side(state, &bid)
    else:
        bid_reason = set_side(state, &bid)
        ask_reason = set_side(state, &ask)
    event = write_quote(state, EVENT_KIND_QUOTE_SET, REASON_ACK, command.session_id, position)
    memcpy(event.quote_id, command.quote_id, NAME_SIZE)
    event.bid_reason = bid_reason
    event.ask_reason = ask_reason


# -------------------------------------------------------------------------------------------------------------- a side


cdef uint16_t set_side(state_t *state, wanted_t *wanted) noexcept nogil:
    """As the maker wants it; when it cannot stand there is none, because the old one is not wanted any more."""
    cdef const quote_t *command = wanted.command
    cdef uint32_t slot = state.risk.positions[wanted.proposal.position].quotes[wanted.side - SIDE_BUY]
    cdef verdict_t verdict
    cdef uint64_t order_id
    cdef uint16_t reason
    if slot and (wanted.quantity_e8 == 0 or state.orders[slot].session_id != command.session_id):
        withdraw(state, slot, EVENT_KIND_ORDER_CANCELLED, REASON_CANCELLED)
        slot = 0
    if wanted.quantity_e8 == 0:
        return REASON_ACK
    verdict_begin(&verdict)
    reason = check_side(state, slot, wanted, &verdict)
    if not reason:
        order_id = state.orders[slot].order_id if slot else numbered(command.seq, wanted.side)
        tell_accepted(state, &verdict, &wanted.proposal, order_id, command.quote_id)
        if slot == 0:
            return place_side(state, wanted)
        reason = replace_quote(
            state, slot, <uint32_t> wanted.proposal.ticks, state.orders[slot].cum_lots + wanted.proposal.lots
        )
    if reason and slot:
        withdraw(state, slot, EVENT_KIND_ORDER_CANCELLED, reason)
    tell_refused(state, &verdict, &wanted.proposal, command.instrument_id, command.quote_id)
    return reason


cdef uint16_t check_side(state_t *state, uint32_t slot, wanted_t *wanted, verdict_t *verdict) noexcept nogil:
    """`slot` of the quote that stands, 0 when there is none."""
    cdef proposal_t *proposal = &wanted.proposal
    cdef const instrument_t *instrument = proposal.instrument
    cdef i128 notional
    cdef uint16_t reason = take(verdict, check_quantity(instrument, False, wanted.quantity_e8))
    if not reason:
        reason = take(
            verdict,
            check_price(state, instrument, ORDER_TYPE_ALO, wanted.side, wanted.price_e8, &proposal.ticks),
        )
    if reason:
        return reason
    propose_side(state, slot, wanted)
    notional = proposal.value * instrument.tick_value_micro
    reason = check_tolerance(state, proposal, verdict)
    if not reason:
        reason = take(verdict, check_notional(instrument, False, notional))
    if not reason:
        reason = check_size(state, proposal, verdict, wanted.quantity_e8, notional)
    if not reason and slot == 0:
        reason = take(verdict, check_room(state, proposal.account, proposal.position))
    if not reason:
        reason = check_open(state, proposal, verdict, slot == 0)
    return reason if reason else check_exposure(state, proposal, verdict)


cdef void propose_side(const state_t *state, uint32_t slot, wanted_t *wanted) noexcept nogil:
    cdef proposal_t *proposal = &wanted.proposal
    cdef kept_t kept
    proposal.side = wanted.side
    proposal.lots = wanted.quantity_e8 // proposal.instrument.config.lot_size_e8
    proposal.value = <i128> proposal.lots * proposal.ticks
    if slot:
        kept = kept_of(state, slot)
        proposal.old_lots = kept.lots
        proposal.old_value = kept.value


cdef uint16_t place_side(state_t *state, const wanted_t *wanted) noexcept nogil:
    cdef const quote_t *command = wanted.command
    cdef uint64_t order_id = numbered(command.seq, wanted.side)
    cdef uint32_t slot = order_take(state)
    cdef order_t *order = &state.orders[slot]
    fill_blank(state, slot, order_id, command.session_id, command.account_id, wanted.proposal.position)
    order.side = wanted.side
    order.order_type = ORDER_TYPE_ALO
    order.flags = ORDER_FLAG_QUOTE
    order.price_ticks = <uint32_t> wanted.proposal.ticks
    order.quantity_lots = wanted.proposal.lots
    order.state = ORDER_STATE_LIVE
    order_add(state, slot)
    return activate_quote(state, slot)


# -------------------------------------------------------------------------------------------------------- QUOTE_CANCEL


cdef void quote_cancel(state_t *state, const quote_cancel_t *command) noexcept nogil:
    cdef int64_t retry_ms = 0
    cdef uint16_t reason = check_quote_cancel(state, command, &retry_ms)
    cdef snap_work_t *work
    if reason:
        write_quote_rejected(state, reason, <const command_header_t *> command, command.quote_id, retry_ms)
        return
    work = work_add(state, WORK_QUOTE_CANCEL)
    work.seq = command.seq
    work.session_id = command.session_id
    work.msg_seq_in = command.msg_seq_in
    work.reason = REASON_CANCELLED if command.session_id else REASON_CANCELLED_ADMIN
    work.scope = SCOPE_ACCOUNT
    work.target_id = command.account_id
    work.instrument_id = command.instrument_id
    memcpy(work.client_order_id, command.quote_id, NAME_SIZE)


cdef uint16_t check_quote_cancel(state_t *state, const quote_cancel_t *command, int64_t *retry_ms) noexcept nogil:
    cdef const account_t *account = find_account(state, command.account_id)
    cdef uint16_t reason = REASON_ACK
    if account == NULL or not may_cancel(state, command.session_id, account):
        return REASON_PERMISSION_DENIED
    if command.session_id:
        reason = check_cancel_rate(state, account.lineage[TRADER_LEVEL], WEIGHT_MICRO, retry_ms)
    if not reason and command.instrument_id and find_instrument(state, command.instrument_id) == NULL:
        reason = REASON_BAD_SYMBOL
    if not reason and not has_room_for_work(state):
        reason = REASON_REJECTED_CAPACITY
    return reason
