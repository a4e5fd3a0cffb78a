"""Large orders in slices, and the order that closes a position. See `_twap.pxd`.

Called by `_core` for the commands and by `_work` for slices that fall due. Both are answered like a PLACE: refusals show
the PLACE that the message stands for.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

from engine._calendars cimport peg_ticks
from engine._checks cimport (
    check_general_rate, check_market_open, check_room, due_after, is_taken, may_trade, reduce_only_room,
)
from engine._events cimport write_order, write_place_rejected
from engine._matching cimport end_order, match_slice
from engine._orders cimport enter, fill_blank
from engine._state cimport (
    account_t, find_account, find_instrument, instrument_of, instrument_t, leaves_of, order_add, order_find, order_t,
    order_take, position_add, position_find, position_t, reduces, size_of, slice_move, state_t, terms_make,
    terms_of_order,
)
from engine.arith cimport mul_div_ceil, mul_div_floor
from engine.names cimport NAME_SIZE
from engine.records cimport (
    COMMAND_HEADER_SIZE, EVENT_KIND_ORDER_CANCELLED, EVENT_KIND_ORDER_NEW, EVENT_KIND_TWAP_SLICED,
    ORDER_FLAG_REDUCE_ONLY, ORDER_STATE_UNTRIGGERED, ORDER_TYPE_LIMIT, ORDER_TYPE_TWAP, REASON_ACK, REASON_BAD_SYMBOL,
    REASON_CANCELLED, REASON_INVALID_ORDER_TYPE, REASON_INVALID_PARAMETER, REASON_INVALID_TICK_SIZE_PRECISION_QUANTITY,
    REASON_IOC_CANCELLED, REASON_PERMISSION_DENIED, REASON_QUANTITY_GREATER_THAN_MAX_QUANTITY,
    REASON_QUANTITY_LESS_THAN_MIN_QUANTITY, REASON_REJECTED_DUPLICATE_CLORDID, REASON_REJECTED_NO_REFERENCE_PRICE,
    REASON_REJECTED_REDUCE_ONLY, SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_IOC, close_position_t, order_event_t, place_t,
    place_twap_t, snap_order_terms_t,
)

cdef enum:
    PPM = 1000000
    SLICES_MIN = 2
    SLICES_MAX = 10000
    OFFSET_PPM = 30000  # of a slice's limit from the mark
    CATCH_UP = 3  # a slice is at most this many times its normal size

cdef extern from *:
    """
    #define PG_INTERVAL_NS_MIN ((int64_t)30 * 1000000000)
    #define PG_INTERVAL_NS_MAX ((int64_t)86400 * 1000000000)
    """
    const int64_t INTERVAL_NS_MIN "PG_INTERVAL_NS_MIN"
    const int64_t INTERVAL_NS_MAX "PG_INTERVAL_NS_MAX"


cdef inline uint32_t find_or_add_position(state_t *state, uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    """After a check for room."""
    cdef uint32_t position = position_find(state, account_id, instrument_id)
    return position if position else position_add(state, account_id, instrument_id)


# ---------------------------------------------------------------------------------------------------------- PLACE_TWAP


cdef void place_twap(state_t *state, const place_twap_t *command) noexcept nogil:
    cdef int64_t retry_ms = 0
    cdef uint16_t reason = check_twap(state, command, &retry_ms)
    cdef place_t shown
    cdef uint32_t slot
    if reason:
        memset(&shown, 0, sizeof(shown))
        memcpy(&shown, command, COMMAND_HEADER_SIZE)
        memcpy(shown.client_order_id, command.client_order_id, NAME_SIZE)
        shown.quantity_e8 = command.quantity_e8
        shown.side = command.side
        shown.order_type = ORDER_TYPE_TWAP
        shown.time_in_force = TIME_IN_FORCE_IOC
        shown.order_flags = command.order_flags
        write_place_rejected(state, reason, &shown, 0, retry_ms)
        return
    slot = order_take(state)
    fill_twap(state, slot, command)
    order_add(state, slot)
    write_order(state, EVENT_KIND_ORDER_NEW, REASON_ACK, slot)
    send_slice(state, slot)


cdef void fill_twap(state_t *state, uint32_t slot, const place_twap_t *command) noexcept nogil:
    cdef uint32_t position = find_or_add_position(state, command.account_id, command.instrument_id)
    cdef order_t *order = &state.orders[slot]
    cdef snap_order_terms_t *terms
    fill_blank(state, slot, command.seq, command.session_id, command.account_id, position)
    memcpy(state.terms[slot].client_order_id, command.client_order_id, NAME_SIZE)
    order.side = command.side
    order.order_type = ORDER_TYPE_TWAP
    order.flags = <uint8_t> command.order_flags
    order.quantity_lots = command.quantity_e8 // state.instruments[command.instrument_id].config.lot_size_e8
    order.state = ORDER_STATE_UNTRIGGERED
    terms = terms_make(state, slot)
    terms.slices = command.slices
    terms.interval_ns = command.interval_ns
    terms.next_ns = state.timestamp_ns


cdef uint16_t check_twap(state_t *state, const place_twap_t *command, int64_t *retry_ms) noexcept nogil:
    cdef const account_t *account = find_account(state, command.account_id)
    cdef const instrument_t *instrument = find_instrument(state, command.instrument_id)
    cdef bint reducing = command.order_flags & ORDER_FLAG_REDUCE_ONLY
    cdef uint32_t position
    cdef uint16_t reason
    if not may_trade(state, command.session_id, account):
        return REASON_PERMISSION_DENIED
    reason = check_general_rate(state, account, retry_ms)
    if reason:
        return reason
    if is_taken(state, command.account_id, command.client_order_id):
        return REASON_REJECTED_DUPLICATE_CLORDID
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    reason = check_market_open(instrument, reducing)
    if not reason:
        reason = check_schedule(instrument, command)
    if reason:
        return reason
    position = position_find(state, command.account_id, command.instrument_id)
    reason = check_room(state, account, position)
    if not reason and reducing and not (position and reduces(&state.positions[position], command.side)):
        reason = REASON_REJECTED_REDUCE_ONLY
    return reason


cdef uint16_t check_schedule(const instrument_t *instrument, const place_twap_t *command) noexcept nogil:
    cdef int64_t lot_e8 = instrument.config.lot_size_e8
    cdef int64_t normal_e8
    if not SIDE_BUY <= command.side <= SIDE_SELL or command.order_flags & ~ORDER_FLAG_REDUCE_ONLY:
        return REASON_INVALID_ORDER_TYPE
    if not SLICES_MIN <= command.slices <= SLICES_MAX:
        return REASON_INVALID_PARAMETER
    if not INTERVAL_NS_MIN <= command.interval_ns <= INTERVAL_NS_MAX:
        return REASON_INVALID_PARAMETER
    if command.quantity_e8 % lot_e8:
        return REASON_INVALID_TICK_SIZE_PRECISION_QUANTITY
    normal_e8 = command.quantity_e8 // lot_e8 // <int64_t> command.slices * lot_e8
    if normal_e8 < instrument.config.min_quantity_e8:
        return REASON_QUANTITY_LESS_THAN_MIN_QUANTITY
    if normal_e8 > instrument.config.max_quantity_e8:
        return REASON_QUANTITY_GREATER_THAN_MAX_QUANTITY
    return REASON_ACK if instrument.mark_ticks else REASON_REJECTED_NO_REFERENCE_PRICE


# -------------------------------------------------------------------------------------------------------------- slices


cdef int64_t wanted_lots(const order_t *order, const snap_order_terms_t *terms) noexcept nogil:
    """Of the slice whose number is `terms.sliced`: what is planned up to it less what is filled, within three times its
    normal size. The remainder of the division goes one lot each to the first slices."""
    cdef int64_t base = order.quantity_lots // <int64_t> terms.slices
    cdef int64_t extra = order.quantity_lots % <int64_t> terms.slices
    cdef int64_t normal = base + (terms.sliced <= extra)
    cdef int64_t planned = terms.sliced * base + min(<int64_t> terms.sliced, extra)
    return min(min(planned - order.cum_lots, CATCH_UP * normal), leaves_of(order))


cdef int64_t slice_limit_ticks(const instrument_t *instrument, uint8_t side) noexcept nogil:
    """Mark +/- 3 %, within the band."""
    cdef int64_t edge = instrument.market_limit_ticks[side - SIDE_BUY]
    cdef int64_t tick_e8 = instrument.config.tick_size_e8
    cdef int overflow = 0
    if side == SIDE_BUY:
        edge = min(edge, mul_div_floor(instrument.mark_ticks, PPM + OFFSET_PPM, PPM, &overflow))
        return max(edge, instrument.config.min_price_e8 // tick_e8)
    edge = max(edge, mul_div_ceil(instrument.mark_ticks, PPM - OFFSET_PPM, PPM, &overflow))
    return min(edge, instrument.config.max_price_e8 // tick_e8)


cdef uint16_t clip_slice(state_t *state, uint32_t slot, int64_t *lots) noexcept nogil:
    """Lots that may go now, or the reason why none may."""
    cdef const order_t *order = &state.orders[slot]
    cdef const position_t *position = &state.positions[order.position]
    cdef bint reducing = order.flags & ORDER_FLAG_REDUCE_ONLY
    cdef uint16_t reason = check_market_open(&state.instruments[instrument_of(position)], reducing)
    if reason:
        return reason
    if reducing:
        lots[0] = min(lots[0], reduce_only_room(position, order.side, 0))
        return REASON_ACK if lots[0] > 0 else REASON_REJECTED_REDUCE_ONLY
    return REASON_ACK


cdef void write_slice(
    state_t *state, uint32_t slot, uint16_t reason, int64_t lots, int64_t limit_ticks
) noexcept nogil:
    cdef const instrument_t *instrument = &state.instruments[
        instrument_of(&state.positions[state.orders[slot].position])
    ]
    cdef order_event_t *event = write_order(state, EVENT_KIND_TWAP_SLICED, reason, slot)
    event.last_price_e8 = limit_ticks * instrument.config.tick_size_e8
    event.last_quantity_e8 = lots * instrument.config.lot_size_e8
    event.detail = terms_of_order(state, slot).sliced


cdef void send_slice(state_t *state, uint32_t slot) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef snap_order_terms_t *terms = terms_of_order(state, slot)
    cdef const instrument_t *instrument = &state.instruments[instrument_of(&state.positions[order.position])]
    cdef int64_t limit_ticks = slice_limit_ticks(instrument, order.side)
    cdef uint64_t order_id = order.order_id
    cdef uint16_t reason = REASON_ACK
    cdef int64_t lots
    terms.sliced += 1
    lots = wanted_lots(order, terms)
    if lots > 0:
        reason = clip_slice(state, slot, &lots)
    if lots > 0 and not reason:
        write_slice(state, slot, reason, lots, limit_ticks)
        match_slice(state, slot, lots, limit_ticks)
        if order_find(state, order_id) != slot:
            return
    else:
        write_slice(state, slot, reason, 0, limit_ticks)
    if terms.sliced == terms.slices:
        reason = REASON_CANCELLED if order.cum_lots else REASON_IOC_CANCELLED
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, reason)
    else:
        slice_move(state, slot, due_after(terms.next_ns, terms.interval_ns))


# ------------------------------------------------------------------------------------------------------ CLOSE_POSITION


cdef void close_position(state_t *state, const close_position_t *command) noexcept nogil:
    """A reduce-only LIMIT IOC for all that is left to reduce, pegged near the mark."""
    cdef int64_t retry_ms = 0
    cdef place_t shown
    cdef uint32_t position, slot
    cdef uint16_t reason
    fill_closing(state, command, &shown)
    reason = check_closing(state, &shown, &retry_ms)
    if reason:
        write_place_rejected(state, reason, &shown, 0, retry_ms)
        return
    position = position_find(state, command.account_id, command.instrument_id)
    slot = order_take(state)
    fill_blank(state, slot, command.seq, command.session_id, command.account_id, position)
    memcpy(state.terms[slot].client_order_id, command.client_order_id, NAME_SIZE)
    state.orders[slot].side = shown.side
    state.orders[slot].order_type = ORDER_TYPE_LIMIT
    state.orders[slot].time_in_force = TIME_IN_FORCE_IOC
    state.orders[slot].flags = ORDER_FLAG_REDUCE_ONLY
    state.orders[slot].price_ticks = <uint32_t> peg_ticks(state, command.instrument_id, shown.side)
    state.orders[slot].quantity_lots = reduce_only_room(&state.positions[position], shown.side, 0)
    enter(state, slot, &shown)


cdef void fill_closing(const state_t *state, const close_position_t *command, place_t *shown) noexcept nogil:
    """The PLACE that it stands for, for the whole position; SELL when that is flat."""
    cdef const instrument_t *instrument = find_instrument(state, command.instrument_id)
    cdef uint32_t position = position_find(state, command.account_id, command.instrument_id)
    memset(shown, 0, sizeof(place_t))
    memcpy(shown, command, COMMAND_HEADER_SIZE)
    memcpy(shown.client_order_id, command.client_order_id, NAME_SIZE)
    shown.side = SIDE_BUY if position and state.positions[position].lots < 0 else SIDE_SELL
    shown.order_type = ORDER_TYPE_LIMIT
    shown.time_in_force = TIME_IN_FORCE_IOC
    shown.order_flags = ORDER_FLAG_REDUCE_ONLY
    if position:
        shown.quantity_e8 = size_of(&state.positions[position]) * instrument.config.lot_size_e8
    if instrument != NULL and instrument.mark_ticks:
        shown.price_e8 = peg_ticks(state, command.instrument_id, shown.side) * instrument.config.tick_size_e8


cdef uint16_t check_closing(state_t *state, const place_t *shown, int64_t *retry_ms) noexcept nogil:
    cdef const account_t *account = find_account(state, shown.account_id)
    cdef const instrument_t *instrument = find_instrument(state, shown.instrument_id)
    cdef uint32_t position
    cdef uint16_t reason
    if not may_trade(state, shown.session_id, account):
        return REASON_PERMISSION_DENIED
    reason = check_general_rate(state, account, retry_ms)
    if reason:
        return reason
    if is_taken(state, shown.account_id, shown.client_order_id):
        return REASON_REJECTED_DUPLICATE_CLORDID
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    reason = check_market_open(instrument, True)
    if not reason and instrument.mark_ticks == 0:
        reason = REASON_REJECTED_NO_REFERENCE_PRICE
    if reason:
        return reason
    position = position_find(state, shown.account_id, shown.instrument_id)
    reason = check_room(state, account, position)
    if not reason and not (position and reduce_only_room(&state.positions[position], shown.side, 0) > 0):
        reason = REASON_REJECTED_REDUCE_ONLY
    return reason
