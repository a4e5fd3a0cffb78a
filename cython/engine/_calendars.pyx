"""What an instrument's session scales, worked out when it changes. See `_calendars.pxd` for who has to say so.

The engine knows no time zone: CALENDAR_CHANGE says whether external hours run and which risk session it is.
"""

from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint32_t, uint8_t

from engine._exposures cimport interest_derive
from engine._risk_state cimport instrument_risk_t
from engine._state cimport instrument_t, risk_of_instrument, state_t
from engine.arith cimport MONEY_MAX, mul_div_ceil, mul_div_down, mul_div_floor
from engine.records cimport (
    PRICE_SOURCE_INTERNAL, RISK_SESSION_OVERNIGHT, RISK_SESSION_WEEKEND, SIDE_BUY, set_venue_risk_t,
    snap_calendar_t,
)

cdef enum:
    PPM = 1000000
    MICRO = 1000000  # micro-USDC per USDC
    TENTHS = 10


cdef inline uint32_t scaled(uint8_t session, uint32_t open_, uint32_t overnight, uint32_t weekend) noexcept nogil:
    if session == RISK_SESSION_WEEKEND:
        return weekend
    return overnight if session == RISK_SESSION_OVERNIGHT else open_


cdef inline const snap_calendar_t *calendar_of(const state_t *state, uint8_t calendar_id) noexcept nogil:
    """One never heard of is open and OPEN, as row 0 is, which stands for none."""
    return &state.risk.calendars[calendar_id if calendar_id <= state.limits.calendars_max else 0]


cdef void session_derive(const state_t *state, instrument_risk_t *risk) noexcept nogil:
    """External hours, and the session in force: at least OVERNIGHT when the market should be open and has no price."""
    risk.is_market_open = True
    risk.session = 0
    if risk.row.has_risk:
        risk.is_market_open = calendar_of(state, risk.config.market_calendar_id).is_closed == 0
        risk.session = calendar_of(state, risk.config.risk_calendar_id).risk_session
    if risk.row.formula and risk.row.source == PRICE_SOURCE_INTERNAL and risk.is_market_open:
        risk.session = max(risk.session, <uint8_t> RISK_SESSION_OVERNIGHT)


cdef int64_t cap_of(const state_t *state, const instrument_risk_t *risk, uint8_t leverage) noexcept nogil:
    """cap * (2 Lmax - L) / Lmax in whole USDC, then the session's part, both DOWN."""
    cdef const set_venue_risk_t *venue = &state.risk.config
    cdef int64_t largest = risk.config.leverage_max
    cdef int overflow = 0
    cdef int64_t usdc = mul_div_down(risk.config.position_cap_micro, 2 * largest - leverage, largest * MICRO, &overflow)
    cdef uint32_t part_ppm = scaled(
        risk.session, venue.position_cap_open_ppm, venue.position_cap_overnight_ppm, venue.position_cap_weekend_ppm
    )
    return mul_div_down(usdc * MICRO, part_ppm, PPM, &overflow)


cdef void caps_derive(const state_t *state, instrument_risk_t *risk) noexcept nogil:
    cdef const set_venue_risk_t *venue = &state.risk.config
    cdef uint8_t session = risk.session
    cdef int overflow = 0
    cdef uint32_t part_ppm = scaled(
        session, venue.interest_cap_open_ppm, venue.interest_cap_overnight_ppm, venue.interest_cap_weekend_ppm
    )
    cdef uint32_t tenths = scaled(
        session, venue.spread_open_tenths, venue.spread_overnight_tenths, venue.spread_weekend_tenths
    )
    risk.flow_cap_micro = venue.flow_cap_open_micro
    if session:
        risk.flow_cap_micro = venue.flow_cap_overnight_micro
    if session == RISK_SESSION_WEEKEND:
        risk.flow_cap_micro = venue.flow_cap_weekend_micro
    if not risk.row.has_risk:
        return
    risk.interest_cap_micro = mul_div_down(risk.config.interest_cap_micro, part_ppm, PPM, &overflow)
    risk.position_cap_micro = cap_of(state, risk, risk.config.leverage_max)
    risk.spread_ppm = tenths * (PPM // (TENTHS * <uint32_t> risk.config.leverage_max))


cdef void range_derive(instrument_t *instrument) noexcept nogil:
    """Prices that the static range around the oracle allows: 2 * price >= oracle, 2 * price <= 3 * oracle."""
    cdef int64_t oracle = instrument.oracle_price_e8
    instrument.lowest_price_e8 = instrument.config.min_price_e8
    instrument.highest_price_e8 = instrument.config.max_price_e8
    if oracle == 0:
        return
    instrument.lowest_price_e8 = max(instrument.lowest_price_e8, oracle // 2 + (oracle & 1))
    if oracle // 2 <= INT64_MAX - oracle:
        instrument.highest_price_e8 = min(instrument.highest_price_e8, oracle + oracle // 2)


cdef void band_derive(instrument_t *instrument, uint32_t band_ppm) noexcept nogil:
    cdef int64_t lowest = instrument.config.min_price_e8 // instrument.config.tick_size_e8
    cdef int64_t highest = instrument.config.max_price_e8 // instrument.config.tick_size_e8
    cdef int overflow = 0
    instrument.lowest_in_band_ticks = INT64_MIN
    instrument.highest_in_band_ticks = INT64_MAX
    if band_ppm and instrument.mark_ticks:
        instrument.lowest_in_band_ticks = mul_div_ceil(instrument.mark_ticks, PPM - band_ppm, PPM, &overflow)
        instrument.highest_in_band_ticks = mul_div_floor(instrument.mark_ticks, PPM + band_ppm, PPM, &overflow)
    instrument.market_limit_ticks[0] = <uint32_t> min(max(instrument.highest_in_band_ticks, lowest), highest)
    instrument.market_limit_ticks[1] = <uint32_t> min(max(instrument.lowest_in_band_ticks, lowest), highest)


cdef void instrument_derive(state_t *state, uint32_t instrument_id) noexcept nogil:
    cdef instrument_t *instrument = &state.instruments[instrument_id]
    cdef instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef const set_venue_risk_t *venue = &state.risk.config
    cdef int overflow = 0
    if risk.mark_ticks != instrument.mark_ticks:
        risk.mark_ticks = <uint32_t> instrument.mark_ticks
        state.risk.marks_epoch += 1
    risk.has_caps = risk.row.has_risk
    session_derive(state, risk)
    caps_derive(state, risk)
    risk.band_ppm = <uint32_t> mul_div_down(
        instrument.config.band_ppm,
        scaled(risk.session, venue.band_open_ppm, venue.band_overnight_ppm, venue.band_weekend_ppm),
        PPM,
        &overflow,
    )
    risk.lots_max = MONEY_MAX // (
        instrument.config.max_price_e8 // instrument.config.tick_size_e8 * instrument.tick_value_micro
    )
    range_derive(instrument)
    band_derive(instrument, risk.band_ppm)
    interest_derive(state, instrument_id)


cdef void instruments_derive(state_t *state) noexcept nogil:
    cdef uint32_t instrument_id
    for instrument_id in range(1, state.limits.instruments_max + 1):
        if state.instruments[instrument_id].state:
            instrument_derive(state, instrument_id)


cdef int64_t peg_ticks(const state_t *state, uint32_t instrument_id, uint8_t side) noexcept nogil:
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef int64_t edge = instrument.market_limit_ticks[side - SIDE_BUY]
    cdef int64_t tick = instrument.config.tick_size_e8
    cdef int overflow = 0
    if not risk.row.has_risk:
        return edge
    if side == SIDE_BUY:
        edge = min(edge, mul_div_floor(instrument.mark_ticks, PPM + risk.spread_ppm, PPM, &overflow))
        return max(edge, instrument.config.min_price_e8 // tick)
    edge = max(edge, mul_div_ceil(instrument.mark_ticks, PPM - risk.spread_ppm, PPM, &overflow))
    return min(edge, instrument.config.max_price_e8 // tick)


cdef int64_t position_cap_micro(const state_t *state, uint32_t instrument_id, uint8_t leverage) noexcept nogil:
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    if leverage == 0 or leverage == risk.config.leverage_max:
        return risk.position_cap_micro
    return cap_of(state, risk, leverage)
