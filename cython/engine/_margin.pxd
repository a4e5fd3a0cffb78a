# What an account is worth and what it needs (docs/risk.md section 4): pure arithmetic, micro-USDC, exact.
from libc.stdint cimport int64_t, uint32_t, uint8_t

from engine._risk_state cimport instrument_risk_t, rates_t
from engine._state cimport instrument_of, instrument_t, position_t, size_of, state_t
from engine.arith cimport div_ceil, i128, size_of_i128

cdef enum:
    RATE_PPM = 1000000


ctypedef struct figures_t:  # the sums of one account at the present marks
    i128 balance
    i128 unrealised
    i128 required  # initial margin, working orders included
    i128 position_margin  # initial margin of positions alone
    i128 maintenance
    i128 close_out
    i128 equity
    i128 available
    i128 withdrawable


cdef figures_t figures_of(const state_t *state, uint32_t account_id) noexcept nogil
# Is its equity above the initial margin of its positions? Without a division, so a no may mean that it is close.
cdef bint is_covered(const state_t *state, uint32_t account_id) noexcept nogil
# Equity less what is required, alone: what an order's check needs. *required is the latter.
cdef i128 available_of(const state_t *state, uint32_t account_id, i128 *required) noexcept nogil
# Cash and unrealised profit and loss of everything at and below a node that has a row of a loss kind.
cdef i128 equity_of_node(const state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil


cdef inline const rates_t *rates_of(
    const state_t *state, const instrument_risk_t *risk, uint8_t leverage
) noexcept nogil:
    """Of an instrument with a SET_INSTRUMENT_RISK."""
    return &state.risk.rates[leverage if leverage else risk.config.leverage_max]


cdef inline i128 part_of(i128 value_micro, uint32_t rate_ppm) noexcept nogil:
    """UP; values are not negative."""
    return div_ceil(value_micro * rate_ppm, RATE_PPM)


cdef inline i128 mark_value(const instrument_t *instrument, i128 lots) noexcept nogil:
    return lots * instrument.mark_ticks * instrument.tick_value_micro


cdef inline i128 maintenance_of(const state_t *state, uint32_t slot) noexcept nogil:
    """Of a position in an instrument with a SET_INSTRUMENT_RISK."""
    cdef const position_t *position = &state.positions[slot]
    cdef const instrument_risk_t *risk = &state.risk.instruments[instrument_of(position)]
    cdef i128 value = mark_value(&state.instruments[instrument_of(position)], size_of(position))
    return part_of(value, rates_of(state, risk, position.leverage).maintenance)


cdef inline i128 unrealised_of(const instrument_t *instrument, const position_t *position) noexcept nogil:
    return (<i128> position.lots * instrument.mark_ticks - position.cost) * instrument.tick_value_micro


cdef inline i128 required_of(
    const instrument_t *instrument, i128 lots, i128 bid_value, i128 ask_value, uint32_t rate_ppm
) noexcept nogil:
    """Initial margin of a position with its working orders, the worse side alone; values in ticks x lots."""
    cdef i128 held = lots * instrument.mark_ticks
    cdef i128 worse = max(size_of_i128(held + bid_value), size_of_i128(held - ask_value))
    return part_of(worse * instrument.tick_value_micro, rate_ppm)
