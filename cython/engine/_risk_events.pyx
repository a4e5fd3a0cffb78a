"""Writes the events of money, limits and nodes in place, as `_events` does those of orders. Nothing is decided here."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t


from engine._events cimport event_begin, in_e8, set_parties
from engine._exposures cimport balance_of
from engine._margin cimport figures_of, figures_t, mark_value, part_of, rates_of, required_of, unrealised_of
from engine._risk_state cimport instrument_risk_t, rates_t
from engine._state cimport (
    account_of, account_t, find_lineage, instrument_of, instrument_t, position_t, risk_of_account,
    risk_of_instrument, risk_of_position, size_of, state_t,
)
from engine.arith cimport clamp, i128
from engine.records cimport (
    ENTRY_KIND_NONE, EVENT_KIND_ACCOUNT_ENTRY, EVENT_KIND_ACCOUNT_STATUS, EVENT_KIND_HOUSE_ENTRY,
    EVENT_KIND_LIQUIDATION, EVENT_KIND_NODE_CHANGED, EVENT_KIND_POSITION_CHANGED, EVENT_KIND_POSITION_STATUS,
    EVENT_KIND_RESERVE_STATE, HOUSE_ACCOUNT_FEES, HOUSE_ACCOUNT_RESERVE, POSITION_CHANGE_NONE, REASON_ACK,
    account_event_t, entry_event_t, event_t, limit_event_t, liquidation_event_t, position_event_t,
    snap_account_risk_t, snap_limit_t,
)


cdef inline event_t *begin_home(
    state_t *state, uint16_t kind, uint32_t account_id, uint32_t instrument_id
) noexcept nogil:
    """An event to the account's home session, with its parties."""
    cdef uint32_t session_id = risk_of_account(state, account_id).row.home_session_id
    cdef event_t *written = event_begin(state, kind, REASON_ACK, session_id, instrument_id)
    set_parties(written, state.accounts[account_id].lineage)
    return written


# --------------------------------------------------------------------------------------------------------------- money


cdef inline int64_t house_balance(const state_t *state, uint8_t house) noexcept nogil:
    return (&state.risk.venue.fees_micro)[house - HOUSE_ACCOUNT_FEES]


cdef entry_event_t *write_account_entry(
    state_t *state, uint32_t account_id, uint8_t entry, int64_t amount_micro, uint8_t house, uint32_t instrument_id
) noexcept nogil:
    cdef entry_event_t *event = &begin_home(state, EVENT_KIND_ACCOUNT_ENTRY, account_id, instrument_id).entry
    event.amount_micro = amount_micro
    event.balance_micro = balance_of(state, account_id)
    event.hold_micro = risk_of_account(state, account_id).row.hold_micro
    event.house_balance_micro = house_balance(state, house)
    event.entry = entry
    event.house = house
    return event


cdef entry_event_t *write_house_entry(
    state_t *state, uint8_t entry, int64_t amount_micro, uint8_t from_house, uint8_t to_house, uint32_t instrument_id
) noexcept nogil:
    cdef entry_event_t *event = &event_begin(state, EVENT_KIND_HOUSE_ENTRY, REASON_ACK, 0, instrument_id).entry
    event.amount_micro = amount_micro
    event.house_balance_micro = house_balance(state, to_house)
    event.entry = entry
    event.house = to_house
    event.from_house = from_house
    return event


cdef void write_reserve_state(state_t *state, int64_t floor_micro) noexcept nogil:
    cdef entry_event_t *event = &event_begin(state, EVENT_KIND_RESERVE_STATE, REASON_ACK, 0, 0).entry
    event.amount_micro = clamp(max(<i128> 0, <i128> floor_micro - state.risk.venue.reserve_micro))
    event.house_balance_micro = state.risk.venue.reserve_micro
    event.entry = ENTRY_KIND_NONE
    event.house = HOUSE_ACCOUNT_RESERVE


# ---------------------------------------------------------------------------------- accounts and positions as they are


cdef void write_account_status(state_t *state, uint32_t account_id, uint32_t session_id) noexcept nogil:
    cdef const account_t *account = &state.accounts[account_id]
    cdef const snap_account_risk_t *row = &risk_of_account(state, account_id).row
    cdef figures_t figures = figures_of(state, account_id)
    cdef event_t *written = event_begin(state, EVENT_KIND_ACCOUNT_STATUS, REASON_ACK, session_id, 0)
    cdef account_event_t *event = &written.account
    set_parties(written, account.lineage)
    event.balance_micro = clamp(figures.balance)
    event.deposits_micro = row.deposits_micro
    event.realised_micro = row.realised_micro
    event.funding_micro = row.funding_micro
    event.fees_micro = row.fees_micro
    event.rewards_micro = row.rewards_micro
    event.settled_micro = row.settled_micro
    event.hold_micro = row.hold_micro
    event.unrealised_micro = clamp(figures.unrealised)
    event.equity_micro = clamp(figures.equity)
    event.position_margin_micro = clamp(figures.position_margin)
    event.order_margin_micro = clamp(figures.required - figures.position_margin)
    event.maintenance_micro = clamp(figures.maintenance)
    event.close_out_micro = clamp(figures.close_out)
    event.available_micro = clamp(figures.available)
    event.withdrawable_micro = clamp(figures.withdrawable)
    event.open_orders = account.open_orders
    event.stage = row.stage
    event.account_flags = row.account_flags


cdef void fill_margins(const state_t *state, const position_t *position, position_event_t *event) noexcept nogil:
    """Of an instrument without SET_INSTRUMENT_RISK they are 0."""
    cdef const instrument_t *instrument = &state.instruments[instrument_of(position)]
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_of(position))
    cdef const rates_t *rates
    cdef i128 value = mark_value(instrument, size_of(position))
    event.leverage = position.leverage
    if not risk.row.has_risk:
        return
    rates = rates_of(state, risk, position.leverage)
    if position.leverage == 0:
        event.leverage = risk.config.leverage_max
    event.initial_margin_micro = clamp(
        required_of(instrument, position.lots, position.kept_value[0], position.kept_value[1], rates.initial)
    )
    event.position_margin_micro = clamp(part_of(value, rates.initial))
    event.maintenance_micro = clamp(part_of(value, rates.maintenance))
    event.close_out_micro = clamp(part_of(value, rates.close_out))


cdef position_event_t *fill_position(state_t *state, uint32_t slot, event_t *written, uint8_t change) noexcept nogil:
    cdef const position_t *position = &state.positions[slot]
    cdef const instrument_t *instrument = &state.instruments[instrument_of(position)]
    cdef int64_t lot_e8 = instrument.config.lot_size_e8
    cdef position_event_t *event = &written.position
    event.position_e8 = in_e8(position.lots, lot_e8)
    event.cost_micro = clamp(<i128> position.cost * instrument.tick_value_micro)
    event.mark_price_e8 = instrument.mark_ticks * instrument.config.tick_size_e8
    event.unrealised_micro = clamp(unrealised_of(instrument, position))
    event.realised_micro = risk_of_position(state, slot).realised_micro
    event.funding_micro = risk_of_position(state, slot).funding_micro
    event.open_bid_e8 = in_e8(position.kept_lots[0], lot_e8)
    event.open_ask_e8 = in_e8(position.kept_lots[1], lot_e8)
    event.change = change
    fill_margins(state, position, event)
    return event


cdef position_event_t *write_position_status(state_t *state, uint32_t position, uint32_t session_id) noexcept nogil:
    cdef const position_t *record = &state.positions[position]
    cdef event_t *written = event_begin(
        state, EVENT_KIND_POSITION_STATUS, REASON_ACK, session_id, instrument_of(record)
    )
    set_parties(written, state.accounts[account_of(record)].lineage)
    return fill_position(state, position, written, POSITION_CHANGE_NONE)


cdef void write_position_changed(state_t *state, uint32_t position, uint8_t change) noexcept nogil:
    cdef const position_t *record = &state.positions[position]
    fill_position(
        state, position,
        begin_home(state, EVENT_KIND_POSITION_CHANGED, account_of(record), instrument_of(record)), change,
    )


# ------------------------------------------------------------------------------------------------- liquidation, limits


cdef liquidation_event_t *write_liquidation(
    state_t *state, uint32_t account_id, uint8_t stage, const figures_t *figures, uint32_t position
) noexcept nogil:
    cdef const position_t *record = &state.positions[position]
    cdef uint32_t instrument_id = instrument_of(record) if position else 0
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef liquidation_event_t *event = &begin_home(state, EVENT_KIND_LIQUIDATION, account_id, instrument_id).liquidation
    event.equity_micro = clamp(figures.equity)
    event.initial_margin_micro = clamp(figures.position_margin)
    event.maintenance_micro = clamp(figures.maintenance)
    event.close_out_micro = clamp(figures.close_out)
    event.reserve_micro = state.risk.venue.reserve_micro
    event.stage = stage
    if position:
        event.mark_price_e8 = instrument.mark_ticks * instrument.config.tick_size_e8
        event.position_e8 = in_e8(record.lots, instrument.config.lot_size_e8)
    return event


cdef limit_event_t *write_limit(
    state_t *state, uint16_t kind, uint16_t reason, const snap_limit_t *row, int64_t usage, uint32_t session_id,
    const uint32_t *lineage, uint32_t instrument_id,
) noexcept nogil:
    cdef event_t *written = event_begin(state, kind, reason, session_id, instrument_id)
    cdef limit_event_t *event = &written.limit
    if lineage != NULL:
        set_parties(written, lineage)
    event.value = row.value
    event.usage = usage
    event.parameter = row.parameter
    event.node_id = row.node_id
    event.target_id = row.target_id
    event.soft_ppm = row.soft_ppm
    event.scope = row.scope
    event.limit_kind = row.limit_kind
    event.target = row.target
    event.action = row.action
    event.owner = row.owner
    return event


cdef void write_node_changed(
    state_t *state, uint8_t scope, uint32_t node_id, uint16_t flags, uint16_t reason
) noexcept nogil:
    cdef event_t *written = event_begin(state, EVENT_KIND_NODE_CHANGED, reason, 0, 0)
    cdef const uint32_t *lineage = find_lineage(state, scope, node_id)
    if lineage != NULL:
        set_parties(written, lineage)
    written.limit.node_id = node_id
    written.limit.node_flags = flags
    written.limit.scope = scope
