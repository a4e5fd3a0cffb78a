"""Large orders in slices, and the order that closes a position. See `_twap.pxd`.

Called by `_core` for the commands and by `_work` for slices that fall due. Both are answered like a PLACE: refusals
show the PLACE that the message stands for.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

from engine._accruals cimport settle
from engine._calendars cimport peg_ticks
from engine._checks cimport (
    check_market, check_market_open, check_message, check_room, due_after, may_trade, reduce_only_room,
)
from engine._events cimport write_order, write_place_rejected
from engine._limits cimport (
    fail, proposal_begin, proposal_t, take, tell_accepted, tell_refused, verdict_begin, verdict_t,
)
from engine._margin cimport mark_value
from engine._matching cimport end_order, match_slice
from engine._orders cimport enter, fill_blank
from engine._risk_checks cimport check_exposure, check_killed, check_open, check_pace, check_size
from engine._state cimport (
    find_account, find_instrument, instrument_of, instrument_t, leaves_of, order_add, order_find, order_t,
    order_take, position_add, position_find, position_t, reduces, size_of, slice_move, state_t, terms_make,
    terms_of_order,
)
from engine.arith cimport i128, mul_div_ceil, mul_div_floor
from engine.names cimport NAME_SIZE
from engine.records cimport (
    COMMAND_HEADER_SIZE, EVENT_KIND_ORDER_CANCELLED, EVENT_KIND_ORDER_NEW, EVENT_KIND_TWAP_SLICED,
    ORDER_FLAG_REDUCE_ONLY, ORDER_STATE_UNTRIGGERED, ORDER_TYPE_LIMIT, ORDER_TYPE_TWAP, REASON_ACK,
    REASON_CANCELLED, REASON_INVALID_ORDER_TYPE, REASON_INVALID_PARAMETER,
    REASON_INVALID_TICK_SIZE_PRECISION_QUANTITY, REASON_IOC_CANCELLED, REASON_PERMISSION_DENIED,
    REASON_QUANTITY_GREATER_THAN_MAX_QUANTITY, REASON_QUANTITY_LESS_THAN_MIN_QUANTITY,
    REASON_REJECTED_NO_REFERENCE_PRICE, REASON_REJECTED_REDUCE_ONLY, SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_IOC,
    close_position_t, command_header_t, order_event_t, place_t, place_twap_t, snap_order_terms_t,
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
    cdef place_t shown
    cdef verdict_t verdict
    cdef proposal_t proposal
    cdef uint32_t slot
    cdef uint16_t reason
    memset(&shown, 0, sizeof(shown))
    memcpy(&shown, command, COMMAND_HEADER_SIZE)
    memcpy(shown.client_order_id, command.client_order_id, NAME_SIZE)
    shown.quantity_e8 = command.quantity_e8
    shown.side = command.side
    shown.order_type = ORDER_TYPE_TWAP
    shown.time_in_force = TIME_IN_FORCE_IOC
    shown.order_flags = command.order_flags
    if not may_enter(state, &shown):
        return
    verdict_begin(&verdict)
    reason = check_twap(state, command, &proposal, &verdict)
    if reason:
        reject(state, reason, &shown, &proposal, &verdict)
        return
    slot = order_take(state)
    fill_twap(state, slot, command)
    tell_accepted(state, &verdict, &proposal, command.seq, command.client_order_id)
    order_add(state, slot)
    write_order(state, EVENT_KIND_ORDER_NEW, REASON_ACK, slot)
    send_slice(state, slot)


cdef bint may_enter(state_t *state, const place_t *shown) noexcept nogil:
    """False when the session may not trade for the account, which is told; else the account's accrual is settled."""
    if not may_trade(state, shown.session_id, find_account(state, shown.account_id)):
        write_place_rejected(state, REASON_PERMISSION_DENIED, shown, 0, 0)
        return False
    settle(state, shown.account_id)
    return True


cdef void reject(
    state_t *state, uint16_t reason, const place_t *shown, const proposal_t *proposal, const verdict_t *verdict
) noexcept nogil:
    write_place_rejected(state, reason, shown, 0, verdict.detail)
    tell_refused(state, verdict, proposal, shown.instrument_id, shown.client_order_id)


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


cdef uint16_t check_twap(
    state_t *state, const place_twap_t *command, proposal_t *proposal, verdict_t *verdict
) noexcept nogil:
    cdef const command_header_t *header = <const command_header_t *> command
    cdef uint16_t reason = check_message(state, header, command.client_order_id, proposal, verdict)
    if reason:
        return reason
    proposal.side = command.side
    proposal.only_reduces = command.order_flags & ORDER_FLAG_REDUCE_ONLY != 0
    reason = check_market(state, proposal, verdict)
    if not reason:
        reason = take(verdict, check_schedule(proposal.instrument, command))
    if reason:
        return reason
    proposal.position = position_find(state, command.account_id, command.instrument_id)
    proposal.ticks = proposal.instrument.mark_ticks
    reason = check_normal_slice(state, command, proposal, verdict)
    if not reason:
        reason = check_places(state, proposal, verdict)
    if not reason and proposal.only_reduces and not (
        proposal.position and reduces(&state.positions[proposal.position], command.side)
    ):
        reason = fail(verdict, REASON_REJECTED_REDUCE_ONLY, 0)
    return reason


cdef uint16_t check_normal_slice(
    state_t *state, const place_twap_t *command, const proposal_t *proposal, verdict_t *verdict
) noexcept nogil:
    """Limits of one order's size, for one slice at the mark."""
    cdef int64_t lot_e8 = proposal.instrument.config.lot_size_e8
    cdef int64_t lots = command.quantity_e8 // lot_e8 // <int64_t> command.slices
    return check_size(state, proposal, verdict, lots * lot_e8, mark_value(proposal.instrument, lots))


cdef uint16_t check_places(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    """Room for the order, and how many there are, and how often."""
    cdef uint16_t reason = take(verdict, check_room(state, proposal.account, proposal.position))
    if not reason:
        reason = check_open(state, proposal, verdict, 1)
    return reason if reason else check_pace(state, proposal, verdict, 0)


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


cdef uint16_t clip_slice(state_t *state, uint32_t slot, int64_t *lots, int64_t limit_ticks) noexcept nogil:
    """Lots that may go now, or the reason why none may. Warnings of limits are not told for a slice."""
    cdef const order_t *order = &state.orders[slot]
    cdef const position_t *position = &state.positions[order.position]
    cdef bint reducing = order.flags & ORDER_FLAG_REDUCE_ONLY
    cdef proposal_t proposal
    cdef verdict_t verdict
    cdef uint16_t reason
    verdict_begin(&verdict)
    proposal_begin(state, &proposal, order.session_id, order.account_id)
    proposal.instrument_id = instrument_of(position)
    proposal.instrument = &state.instruments[proposal.instrument_id]
    reason = check_killed(state, &proposal, &verdict)
    if not reason:
        reason = check_market_open(proposal.instrument, reducing)
    if reason:
        return reason
    if reducing:
        lots[0] = min(lots[0], reduce_only_room(position, order.side, 0))
        return REASON_ACK if lots[0] > 0 else REASON_REJECTED_REDUCE_ONLY
    proposal.position = order.position
    proposal.side = order.side
    proposal.ticks = limit_ticks
    proposal.lots = lots[0]
    proposal.value = <i128> lots[0] * limit_ticks
    return check_exposure(state, &proposal, &verdict)


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
        reason = clip_slice(state, slot, &lots, limit_ticks)
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
    cdef place_t shown
    cdef verdict_t verdict
    cdef proposal_t proposal
    cdef uint32_t position, slot
    cdef uint16_t reason
    fill_closing(state, command, &shown)
    if not may_enter(state, &shown):
        return
    verdict_begin(&verdict)
    reason = check_closing(state, &shown, &proposal, &verdict)
    if reason:
        reject(state, reason, &shown, &proposal, &verdict)
        return
    position = proposal.position
    slot = order_take(state)
    fill_blank(state, slot, command.seq, command.session_id, command.account_id, position)
    memcpy(state.terms[slot].client_order_id, command.client_order_id, NAME_SIZE)
    state.orders[slot].side = shown.side
    state.orders[slot].order_type = ORDER_TYPE_LIMIT
    state.orders[slot].time_in_force = TIME_IN_FORCE_IOC
    state.orders[slot].flags = ORDER_FLAG_REDUCE_ONLY
    state.orders[slot].price_ticks = <uint32_t> peg_ticks(state, command.instrument_id, shown.side)
    state.orders[slot].quantity_lots = reduce_only_room(&state.positions[position], shown.side, 0)
    tell_accepted(state, &verdict, &proposal, command.seq, command.client_order_id)
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


cdef uint16_t check_closing(
    state_t *state, const place_t *shown, proposal_t *proposal, verdict_t *verdict
) noexcept nogil:
    cdef const command_header_t *header = <const command_header_t *> shown
    cdef uint16_t reason = check_message(state, header, shown.client_order_id, proposal, verdict)
    if reason:
        return reason
    proposal.side = shown.side
    proposal.only_reduces = True
    reason = check_market(state, proposal, verdict)
    if not reason and proposal.instrument.mark_ticks == 0:
        reason = fail(verdict, REASON_REJECTED_NO_REFERENCE_PRICE, 0)
    if reason:
        return reason
    proposal.position = position_find(state, shown.account_id, shown.instrument_id)
    proposal.ticks = proposal.instrument.mark_ticks
    reason = check_places(state, proposal, verdict)
    if not reason and not (
        proposal.position and reduce_only_room(&state.positions[proposal.position], shown.side, 0) > 0
    ):
        reason = fail(verdict, REASON_REJECTED_REDUCE_ONLY, 0)
    return reason
