"""Sums over the instruments of an account or node. Called by checks, movements, looks and status events; reads only."""

from libc.stdint cimport uint32_t, uint8_t

from engine._exposures cimport balance_of
from engine._risk_state cimport exposure_t, instrument_risk_t, limited_t, rates_t
from engine._state cimport instrument_of, instrument_t, position_t, risk_of_account, risk_of_instrument, state_t
from engine.arith cimport i128, size_of_i128
from engine.records cimport SCOPE_ACCOUNT


cdef void add_position(const state_t *state, const position_t *position, figures_t *figures) noexcept nogil:
    cdef const instrument_t *instrument = &state.instruments[instrument_of(position)]
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_of(position))
    cdef const rates_t *rates
    cdef i128 value
    if not risk.row.has_risk:
        return  # never traded since the venue has money
    rates = rates_of(state, risk, position.leverage)
    figures.required += required_of(
        instrument, position.lots, position.kept_value[0], position.kept_value[1], rates.initial
    )
    if position.lots:
        value = mark_value(instrument, size_of_i128(position.lots))
        figures.unrealised += unrealised_of(instrument, position)
        figures.position_margin += part_of(value, rates.initial)
        figures.maintenance += part_of(value, rates.maintenance)
        figures.close_out += part_of(value, rates.close_out)


cdef figures_t figures_of(const state_t *state, uint32_t account_id) noexcept nogil:
    cdef figures_t figures
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    figures.balance = balance_of(state, account_id)
    figures.unrealised = 0
    figures.required = 0
    figures.position_margin = 0
    figures.maintenance = 0
    figures.close_out = 0
    while slot:
        add_position(state, &state.positions[slot], &figures)
        slot = state.positions[slot].next_of_account
    figures.equity = figures.balance + figures.unrealised
    figures.available = figures.equity - figures.required
    figures.withdrawable = max(<i128> 0, figures.balance + min(<i128> 0, figures.unrealised) - figures.required)
    return figures


cdef bint is_covered(const state_t *state, uint32_t account_id) noexcept nogil:
    """Each position's margin, rounded up, is less than a unit above its exact value."""
    cdef i128 equity = balance_of(state, account_id)
    cdef i128 margin = 0  # millionths of a unit
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    cdef const position_t *position
    cdef const instrument_t *instrument
    cdef const instrument_risk_t *risk
    cdef i128 held
    while slot:
        position = &state.positions[slot]
        slot = position.next_of_account
        if position.lots == 0:
            continue
        instrument = &state.instruments[instrument_of(position)]
        risk = risk_of_instrument(state, instrument_of(position))
        if not risk.row.has_risk:
            continue
        held = <i128> position.lots * instrument.mark_ticks
        equity += (held - position.cost) * instrument.tick_value_micro
        margin += size_of_i128(held) * instrument.tick_value_micro * rates_of(state, risk, position.leverage).initial
        margin += RATE_PPM
    return equity * RATE_PPM > margin


cdef i128 available_of(const state_t *state, uint32_t account_id, i128 *required) noexcept nogil:
    cdef i128 equity = balance_of(state, account_id)
    cdef i128 needed = 0
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    cdef const position_t *position
    cdef const instrument_t *instrument
    cdef const instrument_risk_t *risk
    while slot:
        position = &state.positions[slot]
        slot = position.next_of_account
        if position.lots == 0 and position.kept_lots[0] == 0 and position.kept_lots[1] == 0:
            continue
        instrument = &state.instruments[instrument_of(position)]
        risk = risk_of_instrument(state, instrument_of(position))
        if not risk.row.has_risk:
            continue
        needed += required_of(
            instrument, position.lots, position.kept_value[0], position.kept_value[1],
            rates_of(state, risk, position.leverage).initial,
        )
        equity += unrealised_of(instrument, position)
    required[0] = needed
    return equity - needed


cdef i128 equity_of_node(const state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil:
    cdef const limited_t *node = &state.risk.limited[scope][node_id]
    cdef const exposure_t *exposure
    cdef const instrument_t *instrument
    cdef i128 total
    cdef uint32_t slot
    if scope == SCOPE_ACCOUNT:
        total = balance_of(state, node_id)
        slot = risk_of_account(state, node_id).first_position
        while slot:
            total += unrealised_of(&state.instruments[instrument_of(&state.positions[slot])], &state.positions[slot])
            slot = state.positions[slot].next_of_account
        return total
    total = node.balance_micro
    slot = node.first_exposure
    while slot:
        exposure = &state.risk.exposures[slot]
        instrument = &state.instruments[exposure.instrument_id]
        total += (exposure.lots * instrument.mark_ticks - exposure.cost) * instrument.tick_value_micro
        slot = exposure.next
    return total
