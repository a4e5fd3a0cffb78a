"""An account that does not have what it needs: cancels, slices to the book, and what ends it. See `_liquidation.pxd`.

Called by `_risk_work` for accounts that were touched and after each move of the marks.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t

from engine._calendars cimport peg_ticks
from engine._deleveraging cimport deleverage
from engine._exposures cimport balance_of
from engine._ledger cimport PART_SETTLED, enter, rate_of
from engine._limit_rows cimport path_of
from engine._margin cimport figures_of, figures_t, maintenance_of, mark_value, rates_of
from engine._matching cimport activate_venue_order, withdraw
from engine._orders cimport fill_blank
from engine._risk_events cimport write_liquidation
from engine._risk_state cimport instrument_risk_t
from engine._state cimport (
    account_of, instrument_of, instrument_t, order_add, order_t, position_t, risk_of_account, risk_of_instrument,
    risk_of_position, size_of, state_t, venue_order_id, venue_slot,
)
from engine._takeover cimport take_over
from engine.arith cimport (
    add_checked, div_ceil, div_down, div_floor, div_up, i128, mul_div_ceil, mul_div_floor, narrow, panic_unless,
)
from engine.records cimport (
    ACCOUNT_FLAG_HOUSE, ENTRY_KIND_LIQUIDATION_COVER, ENTRY_KIND_LIQUIDATION_SWEEP, EVENT_KIND_ORDER_CANCELLED,
    HOUSE_ACCOUNT_RESERVE, INSTRUMENT_STATE_ACTIVE, INSTRUMENT_STATE_REDUCE_ONLY, LIQUIDATION_STAGE_ADL,
    LIQUIDATION_STAGE_CANCELLING, LIQUIDATION_STAGE_DEFICIT, LIQUIDATION_STAGE_ENDED, LIQUIDATION_STAGE_MARGIN_CALL,
    LIQUIDATION_STAGE_MARGIN_RESTORED, LIQUIDATION_STAGE_NONE, LIQUIDATION_STAGE_REDUCING, LIQUIDATION_STAGE_SLICE,
    LIQUIDATION_STAGE_TAKEOVER, LIQUIDITY_TAKER, NODE_FLAG_FLATTENING, ORDER_FLAG_VENUE, ORDER_STATE_LIVE,
    ORDER_TYPE_LIMIT, REASON_CANCELLED_LIMIT, REASON_CANCELLED_LIQUIDATION, SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_IOC,
    TRADE_KIND_FLATTEN, TRADE_KIND_LIQUIDATION, liquidation_event_t, snap_account_risk_t,
)

cdef enum:
    PPM = 1000000
    A60 = 70989565  # of a moving average over 60 s, in units of 2^-32
    E2 = 100  # e8 per ppm

cdef int64_t E8 = 100000000
cdef int64_t ONE_Q32 = 1 << 32


# ---------------------------------------------------------------------------------------------------------------- look


cdef bint look(state_t *state, uint32_t account_id) noexcept nogil:
    cdef snap_account_risk_t *row = &risk_of_account(state, account_id).row
    cdef figures_t figures
    if not state.risk.has_money or row.account_flags & ACCOUNT_FLAG_HOUSE:
        return flatten(state, account_id)
    if risk_of_account(state, account_id).held == 0:
        look_at_flat(state, account_id)
        return False
    figures = figures_of(state, account_id)
    tell_margin_call(state, account_id, &figures)
    if row.stage == LIQUIDATION_STAGE_NONE:
        if figures.equity > figures.maintenance:
            return flatten(state, account_id)
        begin_stage(state, account_id, LIQUIDATION_STAGE_CANCELLING, &figures)
        return True
    if row.stage == LIQUIDATION_STAGE_CANCELLING:
        return cancel_first(state, account_id, &figures)
    if row.stage == LIQUIDATION_STAGE_REDUCING:
        return reduce_positions(state, account_id, &figures)
    if row.stage == LIQUIDATION_STAGE_TAKEOVER:
        return take_over(state, account_id)
    return deleverage(state, account_id, &figures)


cdef void begin_stage(state_t *state, uint32_t account_id, uint8_t stage, const figures_t *figures) noexcept nogil:
    risk_of_account(state, account_id).row.stage = stage
    risk_of_account(state, account_id).row.swept = False
    write_liquidation(state, account_id, stage, figures, 0)


cdef void end_stage(state_t *state, uint32_t account_id, const figures_t *figures) noexcept nogil:
    """Back to normal, if it was not."""
    if risk_of_account(state, account_id).row.stage == LIQUIDATION_STAGE_NONE:
        return
    risk_of_account(state, account_id).row.stage = LIQUIDATION_STAGE_NONE
    risk_of_account(state, account_id).row.swept = False
    write_liquidation(state, account_id, LIQUIDATION_STAGE_ENDED, figures, 0)


cdef void tell_margin_call(state_t *state, uint32_t account_id, const figures_t *figures) noexcept nogil:
    cdef snap_account_risk_t *row = &risk_of_account(state, account_id).row
    cdef bint called = figures.equity < figures.position_margin
    if called == row.margin_called:
        return
    row.margin_called = called
    write_liquidation(
        state, account_id, LIQUIDATION_STAGE_MARGIN_CALL if called else LIQUIDATION_STAGE_MARGIN_RESTORED, figures, 0
    )


cdef void look_at_flat(state_t *state, uint32_t account_id) noexcept nogil:
    """Nothing is left to liquidate: the reserve settles what there is below zero, if it can. What is left above zero
    after a takeover is the rounding of transfer prices, or what the mark has given back meanwhile."""
    cdef snap_account_risk_t *row = &risk_of_account(state, account_id).row
    cdef int64_t balance = balance_of(state, account_id)
    cdef bint taken_over = row.stage == LIQUIDATION_STAGE_TAKEOVER or row.stage == LIQUIDATION_STAGE_ADL
    cdef figures_t figures
    if taken_over and balance > 0:
        enter(state, account_id, PART_SETTLED, -balance, HOUSE_ACCOUNT_RESERVE, ENTRY_KIND_LIQUIDATION_SWEEP, 0)
    elif balance < 0 and <i128> state.risk.venue.reserve_micro + balance >= 0:
        enter(state, account_id, PART_SETTLED, -balance, HOUSE_ACCOUNT_RESERVE, ENTRY_KIND_LIQUIDATION_COVER, 0)
    figures = figures_of(state, account_id)
    tell_margin_call(state, account_id, &figures)
    balance = balance_of(state, account_id)
    if balance < 0 and not row.in_deficit:
        write_liquidation(state, account_id, LIQUIDATION_STAGE_DEFICIT, &figures, 0).amount_micro = -balance
    row.in_deficit = balance < 0
    end_stage(state, account_id, &figures)


# ------------------------------------------------------------------------------------------------------------- stage 1


cdef bint cancel_first(state_t *state, uint32_t account_id, const figures_t *figures) noexcept nogil:
    """The oldest open order, or what comes after the last one."""
    cdef uint32_t order = state.accounts[account_id].first_order
    if order:
        withdraw(state, order, EVENT_KIND_ORDER_CANCELLED, REASON_CANCELLED_LIQUIDATION)
    elif figures.equity <= figures.close_out:
        begin_stage(state, account_id, LIQUIDATION_STAGE_TAKEOVER, figures)
    elif figures.equity <= figures.maintenance:
        begin_stage(state, account_id, LIQUIDATION_STAGE_REDUCING, figures)
    else:
        end_stage(state, account_id, figures)
        return False
    return True


cdef bint reduce_positions(state_t *state, uint32_t account_id, const figures_t *figures) noexcept nogil:
    cdef int64_t lots = 0
    cdef uint32_t position
    if figures.equity <= figures.close_out:
        begin_stage(state, account_id, LIQUIDATION_STAGE_TAKEOVER, figures)
        return True
    if figures.equity >= figures.position_margin:
        end_stage(state, account_id, figures)
        return False
    position = position_to_slice(state, account_id, figures, &lots)
    if position == 0:
        return False
    send(state, position, lots, slice_limit(state, position, figures, lots), TRADE_KIND_LIQUIDATION, figures)
    return True


cdef bint may_be_sliced(const state_t *state, uint32_t slot) noexcept nogil:
    """Not flat, not yet sliced in this pulse, and its instrument trades."""
    cdef const position_t *position = &state.positions[slot]
    cdef uint32_t instrument_id = instrument_of(position)
    cdef uint8_t instrument_state = state.instruments[instrument_id].state
    return (
        position.lots != 0
        and risk_of_position(state, slot).slice_pulse != state.risk.venue.pulses + 1
        and (instrument_state == INSTRUMENT_STATE_ACTIVE or instrument_state == INSTRUMENT_STATE_REDUCE_ONLY)
        and not risk_of_instrument(state, instrument_id).is_killed
    )


cdef uint32_t position_to_slice(
    const state_t *state, uint32_t account_id, const figures_t *figures, int64_t *lots
) noexcept nogil:
    """Of those that have something to sell now the one with the largest maintenance margin, then the lowest instrument;
    0 when there is none."""
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    cdef uint32_t found = 0
    cdef i128 largest = -1, maintenance
    cdef int64_t able
    while slot:
        if may_be_sliced(state, slot):
            maintenance = maintenance_of(state, slot)
            able = slice_lots(state, slot, figures) if maintenance > largest else 0
            if able > 0:
                found = slot
                largest = maintenance
                lots[0] = able
        slot = state.positions[slot].next_of_account
    return found


cdef int64_t slice_lots(const state_t *state, uint32_t slot, const figures_t *figures) noexcept nogil:
    """Lots whose sale at the spread and with the fee brings equity up to the initial margin, all when it never does;
    and no more than the flow cap allows."""
    cdef const position_t *position = &state.positions[slot]
    cdef uint32_t instrument_id = instrument_of(position)
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef i128 value = mark_value(&state.instruments[instrument_id], 1)
    cdef i128 released = value * rates_of(state, risk, position.leverage).initial // PPM
    cdef i128 taker_e8 = taker_rate(state, slot)
    cdef i128 cost = div_ceil(value * (<i128> risk.spread_ppm * E2 + taker_e8), E8)
    cdef i128 wanted = size_of(position)
    if released > cost:
        wanted = min(wanted, div_ceil(figures.position_margin - figures.equity, released - cost))
    return <int64_t> min(wanted, <i128> flow_lots(state, instrument_id))


cdef inline int64_t taker_rate(const state_t *state, uint32_t slot) noexcept nogil:
    cdef const position_t *position = &state.positions[slot]
    cdef uint8_t fee_tier = state.accounts[account_of(position)].fee_tier
    return rate_of(state, instrument_of(position), fee_tier, LIQUIDITY_TAKER)


cdef inline i128 fee_of(int64_t rate_e8, i128 value_micro) noexcept nogil:
    """As the ledger charges it: a fee UP, a rebate DOWN."""
    cdef i128 product = value_micro * rate_e8
    return div_up(product, E8) if rate_e8 >= 0 else div_down(product, E8)


cdef int64_t flow_lots(const state_t *state, uint32_t instrument_id) noexcept nogil:
    """What may still be sent in this second so that the moving average of 60 s stays at or below the flow cap."""
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef i128 average = risk.row.flow_average_micro
    cdef i128 allowed = div_floor((<i128> risk.flow_cap_micro - average) * ONE_Q32, A60) + average
    cdef i128 left = max(<i128> 0, allowed) - risk.row.flow_sent_micro
    cdef int overflow = 0
    if left <= 0:
        return 0
    return narrow(div_floor(left, mark_value(&state.instruments[instrument_id], 1)), &overflow)


cdef int64_t slice_limit(
    const state_t *state, uint32_t slot, const figures_t *figures, int64_t lots
) noexcept nogil:
    """Mark -/+ spread, never beyond the price at which equity would be used up, the fee included."""
    cdef const position_t *position = &state.positions[slot]
    cdef const instrument_t *instrument = &state.instruments[instrument_of(position)]
    cdef int64_t spread_ppm = risk_of_instrument(state, instrument_of(position)).spread_ppm
    cdef int64_t rate_e8 = taker_rate(state, slot)
    cdef int64_t mark = instrument.mark_ticks, tick_e8 = instrument.config.tick_size_e8
    cdef i128 value = <i128> lots * instrument.tick_value_micro
    cdef i128 limit
    cdef int overflow = 0
    if position.lots > 0:
        limit = mul_div_ceil(mark, PPM - spread_ppm, PPM, &overflow)
        limit = max(limit, <i128> mark - div_floor(figures.equity - fee_of(rate_e8, mark * value), value))
    else:
        limit = mul_div_floor(mark, PPM + spread_ppm, PPM, &overflow)
        limit = min(limit, <i128> mark + div_floor(figures.equity - fee_of(rate_e8, limit * value), value))
    limit = max(limit, <i128> (instrument.config.min_price_e8 // tick_e8))
    return <int64_t> min(limit, <i128> (instrument.config.max_price_e8 // tick_e8))


cdef void send(
    state_t *state, uint32_t position, int64_t lots, int64_t limit_ticks, uint8_t trade_kind, const figures_t *figures
) noexcept nogil:
    """An IOC of the venue's that makes the position smaller, in the account's name."""
    cdef const position_t *record = &state.positions[position]
    cdef uint32_t instrument_id = instrument_of(record), account_id = account_of(record)
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef int64_t *flow_sent = &risk_of_instrument(state, instrument_id).row.flow_sent_micro
    cdef uint32_t slot = venue_slot(state)
    cdef order_t *order = &state.orders[slot]
    cdef liquidation_event_t *event
    cdef int overflow = 0
    fill_blank(
        state, slot, venue_order_id(state), risk_of_account(state, account_id).row.home_session_id, account_id, position
    )
    order.side = SIDE_SELL if record.lots > 0 else SIDE_BUY
    order.order_type = ORDER_TYPE_LIMIT
    order.time_in_force = TIME_IN_FORCE_IOC
    order.flags = ORDER_FLAG_VENUE
    order.price_ticks = <uint32_t> limit_ticks
    order.quantity_lots = lots
    order.state = ORDER_STATE_LIVE
    risk_of_position(state, position).slice_pulse = state.risk.venue.pulses + 1
    flow_sent[0] = add_checked(flow_sent[0], narrow(mark_value(instrument, lots), &overflow), &overflow)
    panic_unless(not overflow, "the flow of liquidations is beyond the range of 64 bits")
    event = write_liquidation(state, account_id, LIQUIDATION_STAGE_SLICE, figures, position)
    event.price_e8 = limit_ticks * instrument.config.tick_size_e8
    event.quantity_e8 = lots * instrument.config.lot_size_e8
    event.order_id = order.order_id
    order_add(state, slot)
    activate_venue_order(state, slot, trade_kind)


# ---------------------------------------------------------------------------------------------------------- flattening


cdef bint flatten(state_t *state, uint32_t account_id) noexcept nogil:
    """Closes what a node with a tripped loss limit still holds: one slice per instrument and pulse, at the peg."""
    cdef uint32_t slot
    cdef uint32_t instrument_id
    cdef int64_t lots
    cdef figures_t figures
    if not path_of(state, account_id).path_flags & NODE_FLAG_FLATTENING:
        return False
    slot = state.accounts[account_id].first_order
    if slot:
        withdraw(state, slot, EVENT_KIND_ORDER_CANCELLED, REASON_CANCELLED_LIMIT)
        return True
    slot = risk_of_account(state, account_id).first_position
    while slot:
        instrument_id = instrument_of(&state.positions[slot])
        lots = 0
        if may_be_sliced(state, slot):
            lots = size_of(&state.positions[slot])
            if risk_of_instrument(state, instrument_id).row.has_risk:
                lots = min(lots, flow_lots(state, instrument_id))
        if lots > 0:
            figures = figures_of(state, account_id)
            send(state, slot, lots, peg_of(state, slot), TRADE_KIND_FLATTEN, &figures)
            return True
        slot = state.positions[slot].next_of_account
    return False


cdef inline int64_t peg_of(const state_t *state, uint32_t slot) noexcept nogil:
    cdef const position_t *position = &state.positions[slot]
    return peg_ticks(state, instrument_of(position), SIDE_SELL if position.lots > 0 else SIDE_BUY)
