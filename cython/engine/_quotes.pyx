"""What an account shows on both sides of an instrument, as its last QUOTE wants it. See `_quotes.pxd`.

Called by `_core`. A quote is an order like others for everything else; what its fills may trip is in `_protections`.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy

from engine._checks cimport (
    check_cancel_rate, check_general_rate, check_market_open, check_notional, check_price, check_quantity, check_room,
    may_cancel, may_trade,
)
from engine._events cimport write_order, write_quote, write_quote_rejected
from engine._matching cimport activate_quote, replace_quote, withdraw
from engine._orders cimport fill_blank
from engine._risk_state cimport protection_t
from engine._risk_tables cimport protection_of
from engine._state cimport (
    TRADER_LEVEL, account_t, find_account, find_instrument, has_room_for_work, instrument_t, numbered, order_add,
    order_t, order_take, position_add, position_find, position_t, state_t, work_add,
)
from engine.names cimport NAME_SIZE
from engine.rate cimport WEIGHT_MICRO
from engine.records cimport (
    EVENT_KIND_ORDER_CANCELLED, EVENT_KIND_QUOTE_SET, ORDER_FLAG_QUOTE, ORDER_STATE_LIVE, ORDER_TYPE_ALO, REASON_ACK,
    REASON_BAD_SYMBOL, REASON_CANCELLED, REASON_CANCELLED_ADMIN, REASON_INVALID_PARAMETER, REASON_PERMISSION_DENIED,
    REASON_REJECTED_CAPACITY, REASON_REJECTED_QUOTE_FROZEN, SCOPE_ACCOUNT, SIDE_BUY, SIDE_SELL, WORK_QUOTE_CANCEL,
    command_header_t, quote_cancel_t, quote_event_t, quote_t, snap_work_t,
)


ctypedef struct wanted_t:  # one side of a QUOTE, and where it goes
    const quote_t *command
    const account_t *account
    const instrument_t *instrument
    uint32_t position
    int64_t price_e8
    int64_t quantity_e8
    int64_t price_ticks  # once they are checked
    int64_t lots
    uint8_t side


# --------------------------------------------------------------------------------------------------------------- QUOTE


cdef void quote(state_t *state, const quote_t *command) noexcept nogil:
    cdef int64_t retry_ms = 0
    cdef uint32_t position = 0
    cdef uint16_t reason = check_quote(state, command, &retry_ms)
    if not reason:
        position = position_find(state, command.account_id, command.instrument_id)
        if position == 0 and state.positions_count < state.limits.positions_max:
            position = position_add(state, command.account_id, command.instrument_id)
        if position == 0:
            reason = REASON_REJECTED_CAPACITY
    if reason:
        write_quote_rejected(state, reason, <const command_header_t *> command, command.quote_id, retry_ms)
        return
    set_sides(state, command, position)


cdef uint16_t check_quote(state_t *state, const quote_t *command, int64_t *retry_ms) noexcept nogil:
    """What concerns the whole message."""
    cdef const account_t *account = find_account(state, command.account_id)
    cdef const instrument_t *instrument
    cdef uint16_t reason
    if not may_trade(state, command.session_id, account):
        return REASON_PERMISSION_DENIED
    reason = check_general_rate(state, account, retry_ms)
    if reason:
        return reason
    instrument = find_instrument(state, command.instrument_id)
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    reason = check_market_open(instrument, False)
    if not reason and not are_sound_sides(command):
        reason = REASON_INVALID_PARAMETER
    if not reason and is_frozen(state, command):
        reason = REASON_REJECTED_QUOTE_FROZEN
    return reason


cdef inline bint are_sound_sides(const quote_t *command) noexcept nogil:
    """Two sides that do not cross each other, or one, or none."""
    if command.bid_quantity_e8 < 0 or command.ask_quantity_e8 < 0:
        return False
    return command.bid_quantity_e8 == 0 or command.ask_quantity_e8 == 0 or command.bid_price_e8 < command.ask_price_e8


cdef bint is_frozen(const state_t *state, const quote_t *command) noexcept nogil:
    cdef uint32_t position = position_find(state, command.account_id, command.instrument_id)
    cdef const protection_t *protection = protection_of(state, position)
    return protection != NULL and protection.row.frozen_until_ns > state.timestamp_ns


cdef void set_sides(state_t *state, const quote_t *command, uint32_t position) noexcept nogil:
    """Bid first, unless it would meet the ask that stands so far."""
    cdef wanted_t bid, ask
    cdef const instrument_t *instrument = &state.instruments[command.instrument_id]
    cdef uint32_t old_ask = state.risk.positions[position].quotes[SIDE_SELL - SIDE_BUY]
    cdef uint16_t bid_reason, ask_reason
    cdef bint moves_up = old_ask and command.bid_quantity_e8 and (
        command.bid_price_e8 >= state.orders[old_ask].price_ticks * instrument.config.tick_size_e8
    )
    cdef quote_event_t *event
    bid.command = command
    bid.account = &state.accounts[command.account_id]
    bid.instrument = instrument
    bid.position = position
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
    cdef uint32_t slot = state.risk.positions[wanted.position].quotes[wanted.side - SIDE_BUY]
    cdef uint16_t reason
    if slot and (wanted.quantity_e8 == 0 or state.orders[slot].session_id != wanted.command.session_id):
        withdraw(state, slot, EVENT_KIND_ORDER_CANCELLED, REASON_CANCELLED)
        slot = 0
    if wanted.quantity_e8 == 0:
        return REASON_ACK
    reason = check_side(state, slot, wanted)
    if not reason and slot == 0:
        return place_side(state, wanted)
    if not reason:
        reason = replace_quote(
            state, slot, <uint32_t> wanted.price_ticks, state.orders[slot].cum_lots + wanted.lots
        )
    if reason and slot:
        withdraw(state, slot, EVENT_KIND_ORDER_CANCELLED, reason)
    return reason


cdef uint16_t check_side(state_t *state, uint32_t slot, wanted_t *wanted) noexcept nogil:
    """`slot` of the quote that stands, 0 when there is none."""
    cdef const instrument_t *instrument = wanted.instrument
    cdef uint16_t reason = check_quantity(instrument, False, wanted.quantity_e8)
    if not reason:
        reason = check_price(instrument, ORDER_TYPE_ALO, wanted.side, wanted.price_e8, &wanted.price_ticks)
    if reason:
        return reason
    wanted.lots = wanted.quantity_e8 // instrument.config.lot_size_e8
    reason = check_notional(instrument, ORDER_TYPE_ALO, False, wanted.price_ticks, wanted.lots)
    if not reason and slot == 0:
        reason = check_room(state, wanted.account, wanted.position)
    return reason


cdef uint16_t place_side(state_t *state, const wanted_t *wanted) noexcept nogil:
    cdef const quote_t *command = wanted.command
    cdef uint64_t order_id = numbered(command.seq, wanted.side)
    cdef uint32_t slot = order_take(state)
    cdef order_t *order = &state.orders[slot]
    fill_blank(state, slot, order_id, command.session_id, command.account_id, wanted.position)
    order.side = wanted.side
    order.order_type = ORDER_TYPE_ALO
    order.flags = ORDER_FLAG_QUOTE
    order.price_ticks = <uint32_t> wanted.price_ticks
    order.quantity_lots = wanted.lots
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
