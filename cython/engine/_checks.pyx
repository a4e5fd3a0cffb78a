"""The checks of orders, in the published order. `_orders` and `_work` ask, nobody else; see `_checks.pxd`."""

from libc.stdint cimport INT64_MAX, int64_t, uint16_t, uint32_t, uint8_t
from libc.string cimport memcmp

from engine._exposures cimport kept_of, kept_t
from engine._limits cimport fail, proposal_begin, proposal_t, take, verdict_t
from engine._risk_checks cimport (
    check_account, check_configured, check_exposure, check_gate, check_open, check_pace, check_size,
    check_tolerance,
)
from engine._state cimport (
    BROKER_LEVEL, DESK_LEVEL, FIRM_LEVEL, TRADER_LEVEL, account_t, find_instrument, find_session, instrument_of,
    instrument_t, is_stop, is_twap, leaves_of, level_of, order_t, position_find, position_t, reduces,
    risk_of_account, session_t, size_of, state_t, throttle_t,
)
from engine.arith cimport add_checked, i128
from engine.names cimport NAME_SIZE, names_find
from engine.rate cimport WEIGHT_MICRO, bucket_take
from engine.records cimport (
    INSTRUMENT_STATE_ACTIVE, INSTRUMENT_STATE_REDUCE_ONLY, ORDER_FLAG_QUOTE, ORDER_FLAG_REDUCE_ONLY, ORDER_TYPE_ALO,
    ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, ORDER_TYPE_STOP_LOSS, ORDER_TYPE_TAKE_PROFIT, PARTY_STATUS_ACTIVE,
    REASON_ACK, REASON_BAD_SYMBOL, REASON_CANNOT_MODIFY_NO_SUCH_ORDER, REASON_CANNOT_MODIFY_PARTIAL_FILL,
    REASON_INVALID_DISPLAY_QUANTITY, REASON_INVALID_MIN_QUANTITY, REASON_INVALID_ORDER_TYPE,
    REASON_INVALID_STOPLOSS_PRICE, REASON_INVALID_TAKEPROFIT_PRICE, REASON_INVALID_TICK_SIZE_PRECISION_PRICE,
    REASON_INVALID_TICK_SIZE_PRECISION_QUANTITY, REASON_INVALID_TIME_IN_FORCE, REASON_PRICE_GREATER_THAN_MAX_PRICE,
    REASON_PRICE_LESS_THAN_MIN_PRICE, REASON_QUANTITY_GREATER_THAN_MAX_QUANTITY,
    REASON_QUANTITY_LESS_THAN_MIN_QUANTITY, REASON_RATE_LIMITED, REASON_REJECTED_CAPACITY,
    REASON_REJECTED_DUPLICATE_CLORDID, REASON_REJECTED_GREATER_THAN_MAX_PRICE_BAND,
    REASON_REJECTED_LESS_THAN_MIN_NOTIONAL, REASON_REJECTED_LESS_THAN_MIN_PRICE_BAND, REASON_REJECTED_MARKET_CLOSED,
    REASON_REJECTED_NO_REFERENCE_PRICE, REASON_REJECTED_REDUCE_ONLY, REASON_REJECTED_TOO_MANY_OPEN_ORDERS,
    SESSION_RIGHT_CANCEL, SESSION_RIGHT_TRADE, SIDE_BUY, SIDE_SELL, STP_MODE_DECREMENT, TIME_IN_FORCE_FOK,
    TIME_IN_FORCE_GTC, TIME_IN_FORCE_GTD, TIME_IN_FORCE_IOC, command_header_t, place_t, replace_t,
    snap_account_risk_t,
)

cdef enum:
    OPEN_ORDERS_MAX_DEFAULT = 1000
    STP_GROUPS_MAX = 0x80000000
    SETTING_WEIGHT_MICRO = 100000  # of leverage and market-maker protection


# ------------------------------------------------------------------------------------------------- permission and rate


cdef bint covers(const session_t *session, const uint32_t *lineage) noexcept nogil:
    """Is the node of this lineage the session's own or below it?"""
    return lineage[level_of(session.scope)] == session.parent_id


cdef bint may_trade(const state_t *state, uint32_t session_id, const account_t *account) noexcept nogil:
    cdef const session_t *session = find_session(state, session_id)
    if session == NULL or account == NULL or session.status != PARTY_STATUS_ACTIVE:
        return False
    if not session.rights & SESSION_RIGHT_TRADE or not covers(session, account.lineage):
        return False
    return (
        account.status == PARTY_STATUS_ACTIVE
        and state.traders[account.lineage[TRADER_LEVEL]].status == PARTY_STATUS_ACTIVE
        and state.desks[account.lineage[DESK_LEVEL]].status == PARTY_STATUS_ACTIVE
        and state.firms[account.lineage[FIRM_LEVEL]].status == PARTY_STATUS_ACTIVE
        and (
            account.lineage[BROKER_LEVEL] == 0
            or state.brokers[account.lineage[BROKER_LEVEL]].status == PARTY_STATUS_ACTIVE
        )
    )


cdef bint may_cancel(const state_t *state, uint32_t session_id, const account_t *account) noexcept nogil:
    """Session 0 may cancel everything; blocked parties may always cancel, a blocked session may not."""
    cdef const session_t *session
    if session_id == 0:
        return True
    session = find_session(state, session_id)
    if session == NULL or account == NULL or not may_cancel_at_all(session):
        return False
    return covers(session, account.lineage)


cdef bint may_cancel_at_all(const session_t *session) noexcept nogil:
    return session.status == PARTY_STATUS_ACTIVE and session.rights & (SESSION_RIGHT_TRADE | SESSION_RIGHT_CANCEL)


cdef uint16_t check_setting_rate(state_t *state, uint32_t trader_id) noexcept nogil:
    cdef throttle_t *throttle = &state.throttles[trader_id]
    if bucket_take(&throttle.general, throttle.limit_micro, SETTING_WEIGHT_MICRO, state.timestamp_ns):
        return REASON_RATE_LIMITED
    return REASON_ACK


cdef uint16_t check_cancel_rate(
    state_t *state, uint32_t trader_id, int64_t weight_micro, int64_t *retry_ms
) noexcept nogil:
    cdef throttle_t *throttle = &state.throttles[trader_id]
    retry_ms[0] = bucket_take(&throttle.cancel, throttle.limit_micro, weight_micro, state.timestamp_ns)
    return REASON_RATE_LIMITED if retry_ms[0] else REASON_ACK


# ------------------------------------------------------------------------------------ identity and state of the market


cdef bint is_taken(const state_t *state, uint32_t account_id, const char *client_order_id) noexcept nogil:
    """By an open order of the account, or by a modify of one that waits in the speed bump."""
    if client_order_id[0] == 0:
        return False
    if names_find(&state.order_names, account_id, client_order_id):
        return True
    return state.waiting_modifies and names_find(&state.modify_names, account_id, client_order_id)


cdef uint16_t check_market_open(const instrument_t *instrument, bint reducing) noexcept nogil:
    """`reducing`: the order is reduce-only or a stop."""
    if instrument.state == INSTRUMENT_STATE_ACTIVE:
        return REASON_ACK
    if instrument.state == INSTRUMENT_STATE_REDUCE_ONLY and reducing:
        return REASON_ACK
    return REASON_REJECTED_MARKET_CLOSED


# ------------------------------------------------------------------------------------------------ terms of a new order


cdef inline bint is_stop_type(uint8_t order_type) noexcept nogil:
    return order_type == ORDER_TYPE_STOP_LOSS or order_type == ORDER_TYPE_TAKE_PROFIT


cdef inline bint is_immediate(uint8_t time_in_force) noexcept nogil:
    return time_in_force == TIME_IN_FORCE_IOC or time_in_force == TIME_IN_FORCE_FOK


cdef inline uint16_t check_type(const place_t *place) noexcept nogil:
    if not SIDE_BUY <= place.side <= SIDE_SELL or not ORDER_TYPE_LIMIT <= place.order_type <= ORDER_TYPE_TAKE_PROFIT:
        return REASON_INVALID_ORDER_TYPE
    if place.order_flags & ~ORDER_FLAG_REDUCE_ONLY:
        return REASON_INVALID_ORDER_TYPE
    if (place.take_profit_e8 or place.stop_loss_e8) and (place.order_flags or is_stop_type(place.order_type)):
        return REASON_INVALID_ORDER_TYPE  # a pair closes what the order opens
    if place.stp_mode > STP_MODE_DECREMENT or place.stp_group >= <uint32_t> STP_GROUPS_MAX:
        return REASON_INVALID_ORDER_TYPE
    return REASON_ACK


cdef inline uint16_t check_time_in_force(const place_t *place) noexcept nogil:
    if not TIME_IN_FORCE_GTC <= place.time_in_force <= TIME_IN_FORCE_FOK:
        return REASON_INVALID_TIME_IN_FORCE
    if is_stop_type(place.order_type):
        return REASON_ACK
    if place.order_type == ORDER_TYPE_MARKET and not is_immediate(place.time_in_force):
        return REASON_INVALID_TIME_IN_FORCE
    if place.order_type == ORDER_TYPE_ALO and is_immediate(place.time_in_force):
        return REASON_INVALID_TIME_IN_FORCE
    if place.time_in_force == TIME_IN_FORCE_GTD and place.expire_ns <= place.timestamp_ns:
        return REASON_INVALID_TIME_IN_FORCE
    return REASON_ACK


cdef uint16_t check_quantity(const instrument_t *instrument, bint stop, int64_t quantity_e8) noexcept nogil:
    """A multiple of the lot; minimum and maximum are the instrument's, of a stop one lot and none."""
    if quantity_e8 % instrument.config.lot_size_e8:
        return REASON_INVALID_TICK_SIZE_PRECISION_QUANTITY
    if quantity_e8 < (instrument.config.lot_size_e8 if stop else instrument.config.min_quantity_e8):
        return REASON_QUANTITY_LESS_THAN_MIN_QUANTITY
    if quantity_e8 > instrument.config.max_quantity_e8 and not stop:
        return REASON_QUANTITY_GREATER_THAN_MAX_QUANTITY
    return REASON_ACK


cdef inline uint16_t check_lots(const instrument_t *instrument, const place_t *place) noexcept nogil:
    """All three quantities are looked at before the size of any."""
    cdef int64_t lot_e8 = instrument.config.lot_size_e8
    if place.min_quantity_e8 and place.min_quantity_e8 % lot_e8:
        return REASON_INVALID_TICK_SIZE_PRECISION_QUANTITY
    if place.display_quantity_e8 and place.display_quantity_e8 % lot_e8:
        return REASON_INVALID_TICK_SIZE_PRECISION_QUANTITY
    return check_quantity(instrument, is_stop_type(place.order_type), place.quantity_e8)


cdef inline uint16_t check_min_quantity(const place_t *place) noexcept nogil:
    if place.min_quantity_e8 == 0:
        return REASON_ACK
    if place.time_in_force != TIME_IN_FORCE_IOC or is_stop_type(place.order_type):
        return REASON_INVALID_MIN_QUANTITY
    return REASON_ACK if 0 < place.min_quantity_e8 <= place.quantity_e8 else REASON_INVALID_MIN_QUANTITY


cdef inline uint16_t check_display(const instrument_t *instrument, const place_t *place) noexcept nogil:
    if place.display_quantity_e8 == 0:
        return REASON_ACK
    if place.order_type != ORDER_TYPE_LIMIT and place.order_type != ORDER_TYPE_ALO:
        return REASON_INVALID_DISPLAY_QUANTITY
    if is_immediate(place.time_in_force) or place.display_quantity_e8 < instrument.config.min_quantity_e8:
        return REASON_INVALID_DISPLAY_QUANTITY
    return REASON_ACK


# -------------------------------------------------------------------------------------------------------------- prices


cdef uint16_t check_price(
    const state_t *state, const instrument_t *instrument, uint8_t order_type, uint8_t side, int64_t price_e8,
    int64_t *price_ticks
) noexcept nogil:
    """Step, reference price, static range and band; a stop's price is its trigger, a MARKET order's is ignored (0
    ticks)."""
    cdef int64_t tick_e8 = instrument.config.tick_size_e8
    if order_type == ORDER_TYPE_MARKET:
        price_ticks[0] = 0
        return REASON_ACK if instrument.mark_ticks else REASON_REJECTED_NO_REFERENCE_PRICE
    price_ticks[0] = price_e8 // tick_e8
    if price_ticks[0] * tick_e8 != price_e8:
        return REASON_INVALID_TICK_SIZE_PRECISION_PRICE
    if instrument.mark_ticks == 0 and state.risk.has_money:
        return REASON_REJECTED_NO_REFERENCE_PRICE
    if is_stop_type(order_type):
        if price_e8 < tick_e8:
            return REASON_PRICE_LESS_THAN_MIN_PRICE
        return REASON_PRICE_GREATER_THAN_MAX_PRICE if price_e8 > instrument.config.max_price_e8 else REASON_ACK
    if price_e8 < instrument.lowest_price_e8:
        return REASON_PRICE_LESS_THAN_MIN_PRICE
    if price_e8 > instrument.highest_price_e8:
        return REASON_PRICE_GREATER_THAN_MAX_PRICE
    return check_band(instrument, side, price_ticks[0])


cdef inline bint is_trigger(
    const instrument_t *instrument, int64_t trigger_e8, int64_t price_ticks, bint above
) noexcept nogil:
    """A step within the price range, on its side of the order's price."""
    cdef int64_t tick_e8 = instrument.config.tick_size_e8
    cdef int64_t trigger = trigger_e8 // tick_e8
    if trigger < 1 or trigger * tick_e8 != trigger_e8 or trigger_e8 > instrument.config.max_price_e8:
        return False
    return trigger > price_ticks if above else trigger < price_ticks


cdef uint16_t check_pair(
    const instrument_t *instrument, uint8_t side, int64_t price_ticks, int64_t take_profit_e8, int64_t stop_loss_e8
) noexcept nogil:
    """Triggers of an attached pair: the profit beyond the order's price, the loss before it."""
    if take_profit_e8 and not is_trigger(instrument, take_profit_e8, price_ticks, side == SIDE_BUY):
        return REASON_INVALID_TAKEPROFIT_PRICE
    if stop_loss_e8 and not is_trigger(instrument, stop_loss_e8, price_ticks, side == SIDE_SELL):
        return REASON_INVALID_STOPLOSS_PRICE
    return REASON_ACK


cdef uint16_t check_band(const instrument_t *instrument, uint8_t side, int64_t price_ticks) noexcept nogil:
    if side == SIDE_BUY and price_ticks > instrument.highest_in_band_ticks:
        return REASON_REJECTED_GREATER_THAN_MAX_PRICE_BAND
    if side == SIDE_SELL and price_ticks < instrument.lowest_in_band_ticks:
        return REASON_REJECTED_LESS_THAN_MIN_PRICE_BAND
    return REASON_ACK


cdef inline i128 notional_of(
    const instrument_t *instrument, uint8_t order_type, int64_t price_ticks, int64_t lots
) noexcept nogil:
    """price x lots x tick value, exact; MARKET: at the mark."""
    if order_type == ORDER_TYPE_MARKET:
        price_ticks = instrument.mark_ticks
    return <i128> price_ticks * lots * instrument.tick_value_micro


cdef uint16_t check_notional(const instrument_t *instrument, bint reducing, i128 notional_micro) noexcept nogil:
    if not reducing and notional_micro < instrument.config.min_notional_micro:
        return REASON_REJECTED_LESS_THAN_MIN_NOTIONAL
    return REASON_ACK


# ------------------------------------------------------------------------------------- capacity, reduce-only and stops


cdef uint16_t check_room(const state_t *state, const account_t *account, uint32_t position) noexcept nogil:
    cdef uint32_t open_orders_max = account.open_orders_max
    if open_orders_max == 0:
        open_orders_max = OPEN_ORDERS_MAX_DEFAULT
    if account.open_orders >= open_orders_max:
        return REASON_REJECTED_TOO_MANY_OPEN_ORDERS
    if state.open_orders >= state.limits.orders_max:
        return REASON_REJECTED_CAPACITY
    if position == 0 and state.positions_count >= state.limits.positions_max:
        return REASON_REJECTED_CAPACITY
    return REASON_ACK


cdef int64_t reduce_only_room(const position_t *position, uint8_t side, int64_t besides) noexcept nogil:
    if not reduces(position, side):
        return 0
    return size_of(position) - (position.reduce_only_lots[side - SIDE_BUY] - besides)


cdef bint stop_fits(
    const position_t *position, uint8_t side, uint8_t order_type, int64_t lots, int64_t besides
) noexcept nogil:
    """One more stop of `lots`, when `besides` of those there are do not count."""
    cdef int64_t others = position.stop_lots[order_type - ORDER_TYPE_STOP_LOSS] - besides
    return reduces(position, side) and lots <= size_of(position) - others


cdef bint stops_fit(const position_t *position) noexcept nogil:
    cdef int64_t size = size_of(position)
    if position.stop_lots[0] > size or position.stop_lots[1] > size:
        return False
    if (position.last_stop[0] or position.last_stop[2]) and not reduces(position, SIDE_BUY):
        return False
    return reduces(position, SIDE_SELL) or not (position.last_stop[1] or position.last_stop[3])


cdef inline uint16_t check_reducing(const state_t *state, const place_t *place, entry_t *entry) noexcept nogil:
    """A stop has to fit the position; a reduce-only order is clipped to what is left to reduce."""
    cdef const position_t *position = &state.positions[entry.proposal.position]
    cdef int64_t room
    if is_stop_type(place.order_type):
        if entry.proposal.position and stop_fits(position, place.side, place.order_type, entry.quantity_lots, 0):
            return REASON_ACK
        return REASON_REJECTED_REDUCE_ONLY
    if not place.order_flags & ORDER_FLAG_REDUCE_ONLY:
        return REASON_ACK
    room = reduce_only_room(position, place.side, 0) if entry.proposal.position else 0
    entry.quantity_lots = min(entry.quantity_lots, room)
    return REASON_ACK if room > 0 else REASON_REJECTED_REDUCE_ONLY


# --------------------------------------------------------------------------------------------------------------- PLACE


cdef uint16_t check_place(state_t *state, const place_t *place, entry_t *entry) noexcept nogil:
    cdef proposal_t *proposal = &entry.proposal
    cdef verdict_t *verdict = &entry.verdict
    cdef uint16_t reason
    reason = check_message(state, <const command_header_t *> place, place.client_order_id, proposal, verdict)
    if reason:
        return reason
    proposal.side = place.side
    proposal.only_reduces = place.order_flags & ORDER_FLAG_REDUCE_ONLY or is_stop_type(place.order_type)
    reason = check_market(state, proposal, verdict)
    if not reason:
        reason = take(verdict, check_terms(state, place, entry))
    if reason:
        return reason
    proposal.position = position_find(state, place.account_id, place.instrument_id)
    propose(place, entry)
    reason = check_numbers(state, place, entry)
    if not reason:
        reason = take(verdict, check_reducing(state, place, entry))
    return reason if reason else check_exposure(state, proposal, verdict)


cdef uint16_t check_message(
    state_t *state, const command_header_t *header, const char *client_order_id, proposal_t *proposal,
    verdict_t *verdict,
) noexcept nogil:
    cdef uint16_t reason
    proposal_begin(state, proposal, header.session_id, header.account_id)
    proposal.instrument = find_instrument(state, header.instrument_id)
    if proposal.instrument != NULL:
        proposal.instrument_id = header.instrument_id
    reason = check_gate(state, proposal, verdict, header.sent_ns, WEIGHT_MICRO)
    if reason:
        return reason
    if is_taken(state, header.account_id, client_order_id):
        return fail(verdict, REASON_REJECTED_DUPLICATE_CLORDID, 0)
    return REASON_ACK if proposal.instrument != NULL else fail(verdict, REASON_BAD_SYMBOL, 0)


cdef uint16_t check_market(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    """May the account trade the instrument now, whatever the order's terms are?"""
    cdef uint16_t reason = check_configured(state, proposal, verdict)
    if not reason:
        reason = take(verdict, check_market_open(proposal.instrument, proposal.only_reduces))
    return reason if reason else check_account(state, proposal, verdict)


cdef uint16_t check_terms(const state_t *state, const place_t *place, entry_t *entry) noexcept nogil:
    """What the instrument and the fields of the order decide by themselves."""
    cdef const instrument_t *instrument = entry.proposal.instrument
    cdef uint16_t reason = check_type(place)
    if not reason:
        reason = check_time_in_force(place)
    if not reason:
        reason = check_lots(instrument, place)
    if not reason:
        reason = check_min_quantity(place)
    if not reason:
        reason = check_display(instrument, place)
    if not reason:
        reason = check_price(state, instrument, place.order_type, place.side, place.price_e8, &entry.price_ticks)
    if reason:
        return reason
    entry.quantity_lots = place.quantity_e8 // instrument.config.lot_size_e8
    if place.take_profit_e8 == 0 and place.stop_loss_e8 == 0:
        return REASON_ACK
    return check_pair(
        instrument, place.side, instrument.mark_ticks if place.order_type == ORDER_TYPE_MARKET else entry.price_ticks,
        place.take_profit_e8, place.stop_loss_e8,
    )


cdef inline void propose(const place_t *place, entry_t *entry) noexcept nogil:
    """What would be kept for the order: nothing for one that only reduces."""
    cdef proposal_t *proposal = &entry.proposal
    proposal.ticks = entry.price_ticks
    if place.order_type == ORDER_TYPE_MARKET:
        proposal.ticks = proposal.instrument.market_limit_ticks[place.side - SIDE_BUY]
    if not proposal.only_reduces:
        proposal.lots = entry.quantity_lots
        proposal.value = <i128> proposal.lots * proposal.ticks


cdef uint16_t check_numbers(state_t *state, const place_t *place, entry_t *entry) noexcept nogil:
    """Sizes, room and pace, with their limits."""
    cdef proposal_t *proposal = &entry.proposal
    cdef verdict_t *verdict = &entry.verdict
    cdef i128 notional = notional_of(proposal.instrument, place.order_type, entry.price_ticks, entry.quantity_lots)
    cdef uint16_t reason = REASON_ACK
    if proposal.kinds and (place.order_type == ORDER_TYPE_LIMIT or place.order_type == ORDER_TYPE_ALO):
        reason = check_tolerance(state, proposal, verdict)
    if not reason:
        reason = take(verdict, check_notional(proposal.instrument, proposal.only_reduces, notional))
    if not reason and proposal.kinds:
        reason = check_size(state, proposal, verdict, place.quantity_e8, notional)
    if not reason:
        reason = take(verdict, check_room(state, proposal.account, proposal.position))
    if not reason and proposal.kinds:
        reason = check_open(state, proposal, verdict, 1)
    if not reason and (proposal.kinds or state.risk.config.repeat_window_ns):
        reason = check_pace(state, proposal, verdict, count_run(state, place))
    return reason


cdef uint32_t count_run(state_t *state, const place_t *place) noexcept nogil:
    """How many identical orders in a row this is; 0 when nobody counts, and for stops."""
    cdef int64_t window_ns = state.risk.config.repeat_window_ns
    cdef snap_account_risk_t *run = &risk_of_account(state, place.account_id).row
    cdef bint same
    if window_ns == 0 or is_stop_type(place.order_type):
        return 0
    same = (
        run.run_instrument_id == place.instrument_id and run.run_side == place.side
        and run.run_price_e8 == place.price_e8 and run.run_quantity_e8 == place.quantity_e8
    )
    if same and run.run_count and state.timestamp_ns - run.run_start_ns <= window_ns:
        run.run_count += 1
        return run.run_count
    run.run_instrument_id = place.instrument_id
    run.run_side = place.side
    run.run_price_e8 = place.price_e8
    run.run_quantity_e8 = place.quantity_e8
    run.run_count = 1
    run.run_start_ns = state.timestamp_ns
    return 1


# ------------------------------------------------------------------------------------------------------------- REPLACE


cdef bint is_meant(const state_t *state, uint32_t slot, uint32_t instrument_id, uint8_t side) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    if instrument_id and instrument_id != instrument_of(&state.positions[order.position]):
        return False
    return side == 0 or side == order.side


cdef inline uint16_t check_replace_target(const state_t *state, uint32_t slot, const replace_t *replace) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    if not is_meant(state, slot, replace.instrument_id, replace.side):
        return REASON_CANNOT_MODIFY_NO_SUCH_ORDER
    if order.order_type == ORDER_TYPE_MARKET or is_twap(order) or order.flags & ORDER_FLAG_QUOTE:
        return REASON_CANNOT_MODIFY_NO_SUCH_ORDER
    if replace.order_type and replace.order_type != order.order_type:
        return REASON_CANNOT_MODIFY_NO_SUCH_ORDER
    if memcmp(replace.client_order_id, state.terms[slot].client_order_id, NAME_SIZE) == 0:
        return REASON_ACK
    if is_taken(state, order.account_id, replace.client_order_id):
        return REASON_REJECTED_DUPLICATE_CLORDID
    return REASON_ACK


cdef uint16_t check_replace(
    state_t *state, uint32_t slot, const replace_t *replace, entry_t *entry
) noexcept nogil:
    """After the gate, which has begun the proposal."""
    cdef const order_t *order = &state.orders[slot]
    cdef proposal_t *proposal = &entry.proposal
    cdef verdict_t *verdict = &entry.verdict
    cdef const instrument_t *instrument = proposal.instrument
    cdef uint16_t reason = take(verdict, check_replace_target(state, slot, replace))
    proposal.side = order.side
    proposal.position = order.position
    proposal.only_reduces = order.flags & ORDER_FLAG_REDUCE_ONLY or is_stop(order)
    if not reason:
        reason = check_market(state, proposal, verdict)
    if not reason:
        reason = take(verdict, check_quantity(instrument, is_stop(order), replace.quantity_e8))
    if reason:
        return reason
    entry.quantity_lots = replace.quantity_e8 // instrument.config.lot_size_e8
    if entry.quantity_lots <= order.cum_lots:
        return fail(verdict, REASON_CANNOT_MODIFY_PARTIAL_FILL, 0)
    reason = take(
        verdict,
        check_price(state, instrument, order.order_type, order.side, replace.price_e8, &entry.price_ticks),
    )
    if not reason and (replace.take_profit_e8 or replace.stop_loss_e8):
        reason = take(verdict, check_new_pair(instrument, order, replace, entry.price_ticks))
    if reason:
        return reason
    propose_again(state, slot, entry)
    reason = check_new_numbers(state, slot, replace, entry)
    if not reason:
        reason = take(verdict, check_new_reducing(state, slot, entry))
    return reason if reason else check_exposure(state, proposal, verdict)


cdef uint16_t check_new_pair(
    const instrument_t *instrument, const order_t *order, const replace_t *replace, int64_t price_ticks
) noexcept nogil:
    if is_stop(order) or order.flags & ORDER_FLAG_REDUCE_ONLY:
        return REASON_INVALID_ORDER_TYPE
    return check_pair(instrument, order.side, price_ticks, replace.take_profit_e8, replace.stop_loss_e8)


cdef void propose_again(const state_t *state, uint32_t slot, entry_t *entry) noexcept nogil:
    """What would be kept for an open order with its new terms; while a modify may wait in the speed bump, the larger of
    both states."""
    cdef const order_t *order = &state.orders[slot]
    cdef proposal_t *proposal = &entry.proposal
    cdef kept_t kept = kept_of(state, slot)
    cdef int64_t leaves = leaves_of(order)
    proposal.ticks = entry.price_ticks
    if proposal.only_reduces:
        return
    proposal.old_lots = kept.lots
    proposal.old_value = kept.value
    proposal.lots = entry.quantity_lots - order.cum_lots
    proposal.value = <i128> proposal.lots * proposal.ticks
    if order.order_type == ORDER_TYPE_LIMIT and proposal.instrument.config.speed_bump_ns:
        proposal.lots = max(proposal.lots, leaves)
        proposal.value = max(proposal.value, <i128> leaves * order.price_ticks)


cdef uint16_t check_new_numbers(
    state_t *state, uint32_t slot, const replace_t *replace, entry_t *entry
) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef proposal_t *proposal = &entry.proposal
    cdef verdict_t *verdict = &entry.verdict
    cdef i128 notional = notional_of(proposal.instrument, order.order_type, entry.price_ticks, entry.quantity_lots)
    cdef uint16_t reason = REASON_ACK
    if proposal.kinds and not is_stop(order):
        reason = check_tolerance(state, proposal, verdict)
    if not reason:
        reason = take(verdict, check_notional(proposal.instrument, proposal.only_reduces, notional))
    if reason or not proposal.kinds:
        return reason
    reason = check_size(state, proposal, verdict, replace.quantity_e8, notional)
    if not reason:
        reason = check_open(state, proposal, verdict, 0)
    return reason if reason else check_pace(state, proposal, verdict, 0)


cdef uint16_t check_new_reducing(const state_t *state, uint32_t slot, entry_t *entry) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    if not is_stop(order):
        return clip_replace(state, slot, &entry.quantity_lots)
    if stop_fits(
        &state.positions[order.position], order.side, order.order_type, entry.quantity_lots, order.quantity_lots
    ):
        return REASON_ACK
    return REASON_REJECTED_REDUCE_ONLY


cdef uint16_t clip_replace(const state_t *state, uint32_t slot, int64_t *total_lots) noexcept nogil:
    """The total that a reduce-only order may have now; any other order keeps what it wants."""
    cdef const order_t *order = &state.orders[slot]
    cdef int64_t effective
    if not order.flags & ORDER_FLAG_REDUCE_ONLY:
        return REASON_ACK
    effective = min(
        total_lots[0] - order.cum_lots,
        reduce_only_room(&state.positions[order.position], order.side, leaves_of(order)),
    )
    total_lots[0] = order.cum_lots + effective
    return REASON_ACK if effective > 0 else REASON_REJECTED_REDUCE_ONLY


cdef int64_t due_after(int64_t timestamp_ns, int64_t delay_ns) noexcept nogil:
    cdef int overflow = 0
    cdef int64_t due_ns = add_checked(timestamp_ns, delay_ns, &overflow)
    return INT64_MAX if overflow else due_ns
