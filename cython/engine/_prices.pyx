"""One MARK_PULSE: from raw index prices to marks, instrument by instrument, in integers of 2^-20 tick.

Called by `_admin` once a second; `_funding` asks for impact prices. Nobody else changes the mark of a priced
instrument. It looks at books and never at an account: that is work of the passes, in steps.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t, uint8_t

from engine._calendars cimport instrument_derive
from engine._cascades cimport latch
from engine._feeds cimport PRICE_Q20_END, Q20, is_flagged, prints_of, raw_index_q20
from engine._price_events cimport write_price
from engine._risk_events cimport write_reserve_state
from engine._risk_state cimport instrument_risk_t
from engine._state cimport instrument_t, risk_of_instrument, state_t
from engine.arith cimport clamp, div_ceil, div_floor, div_near, i128, mul_div_down
from engine.matcher cimport PG_BUY, PG_SELL, pg_level
from engine.records cimport (
    EVENT_KIND_INSTRUMENT_STATE, EVENT_KIND_MARK_CHANGED, INSTRUMENT_STATE_ACTIVE, INSTRUMENT_STATE_DELISTED,
    PRICE_SOURCE_EXTERNAL, PRICE_SOURCE_INTERNAL, PRICE_SOURCE_MANUAL, PRICE_SOURCE_NONE, snap_instrument_risk_t,
)

cdef enum:
    LEVELS_MAX = 1000  # of a side that an impact price looks at
    LEVELS_STEP = 8  # so many times as many when they were not enough
    HANDOVER_STEP_PPM = 3333
    PPM = 1000000

cdef int64_t SECOND_NS = 1000000000
cdef int64_t HANDOVER_NS = 300 * SECOND_NS
cdef int64_t HOUR_NS = 3600 * SECOND_NS

cdef inline int64_t averaged(int64_t value, int64_t sample, int64_t weight) noexcept nogil:
    """One pulse of a moving average: value + NEAR((sample - value) * weight / 2^32)."""
    return value + <int64_t> div_near((<i128> sample - value) * weight, <i128> 1 << 32)


cdef inline int64_t near_q20(int64_t price_q20) noexcept nogil:
    """Whole ticks, NEAR."""
    return <int64_t> div_near(price_q20, Q20)


cdef inline int64_t middle(int64_t a, int64_t b, int64_t c) noexcept nogil:
    return max(min(a, b), min(max(a, b), c))


# ------------------------------------------------------------------------------------------------------- impact prices


cdef int64_t impact_q20(
    const instrument_t *instrument, uint8_t side, int64_t notional_micro
) noexcept nogil:
    """Average price of a market order of that notional against a side; 0 when its levels are too thin. A level costs
    its matcher a look at each of its orders, so the best one is asked for alone, and then more and more."""
    cdef pg_level levels[LEVELS_MAX]
    cdef size_t capacity = 1, count, n = 0
    cdef int64_t left = notional_micro, lots = 0, lot_micro, taken
    cdef i128 value = 0
    count = instrument.api.best(instrument.book, side, &levels[0].price_ticks, &levels[0].shown_lots)
    while True:
        while n < count:
            lot_micro = levels[n].price_ticks * instrument.tick_value_micro
            taken = min(levels[n].shown_lots, (left - 1) // lot_micro + 1)
            value += <i128> levels[n].price_ticks * taken
            lots += taken
            left -= lot_micro * taken
            n += 1
            if left <= 0:
                value = div_floor(value * Q20, lots) if side == PG_BUY else div_ceil(value * Q20, lots)
                return <int64_t> value
        if count < capacity or capacity == LEVELS_MAX:
            return 0
        capacity = min(LEVELS_STEP * capacity, <size_t> LEVELS_MAX)
        count = instrument.api.depth(instrument.book, side, levels, capacity)


cdef impact_t impact_prices(const state_t *state, uint32_t instrument_id) noexcept nogil:
    """An instrument without SET_INSTRUMENT_RISK has none."""
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef impact_t impact
    impact.bid_q20 = 0
    impact.ask_q20 = 0
    if risk.row.has_risk:
        impact.bid_q20 = impact_q20(instrument, PG_BUY, risk.config.impact_notional_micro)
        impact.ask_q20 = impact_q20(instrument, PG_SELL, risk.config.impact_notional_micro)
    return impact


# ---------------------------------------------------------------------------------------------------------------- index


cdef inline int64_t accepted_q20(int64_t raw, int64_t before) noexcept nogil:
    """The index of a print: the raw price, or the raw price before it when it is less than half or more than 1.5 of
    that. A real gap passes with the second print."""
    return raw if before == 0 or before <= 2 * raw <= 3 * before else before


cdef bint take_index(const state_t *state, instrument_risk_t *risk, int64_t tick_e8) noexcept nogil:
    """Source and index. True when there was a new print."""
    cdef snap_instrument_risk_t *row = &risk.row
    cdef int64_t raw
    cdef uint64_t prints
    if row.manual_price_e8:
        row.source = PRICE_SOURCE_MANUAL
        row.index_q20 = <int64_t> div_near(<i128> row.manual_price_e8 * Q20, tick_e8)
        row.raw_q20 = row.index_q20
        return False
    raw = raw_index_q20(state, row, tick_e8) if risk.is_market_open else 0
    if raw == 0:
        if row.source != PRICE_SOURCE_NONE:
            row.source = PRICE_SOURCE_INTERNAL
        return False
    if row.source != PRICE_SOURCE_EXTERNAL:
        row.external_since_ns = 0 if row.source == PRICE_SOURCE_NONE else state.timestamp_ns
        row.source = PRICE_SOURCE_EXTERNAL
    prints = prints_of(state, row)
    if prints == row.prints:
        return False
    row.prints = prints
    row.index_q20 = accepted_q20(raw, row.raw_q20)
    row.raw_q20 = raw
    return True


# ------------------------------------------------------------------------------------------------------ oracle and mark


cdef inline int64_t lowest_q20(const instrument_risk_t *risk) noexcept nogil:
    """Without external prices oracle and mark keep within reference * (1 -/+ 1/Lmax)."""
    cdef int64_t leverage = risk.config.leverage_max
    return (risk.row.reference_q20 * (leverage - 1) + leverage - 1) // leverage


cdef inline int64_t highest_q20(const instrument_risk_t *risk) noexcept nogil:
    cdef int64_t leverage = risk.config.leverage_max
    return risk.row.reference_q20 * (leverage + 1) // leverage


cdef int64_t internal_oracle_q20(const state_t *state, uint32_t instrument_id) noexcept nogil:
    """One pulse without external prices: towards where the book would fill."""
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef impact_t impact = impact_prices(state, instrument_id)
    cdef int64_t oracle = risk.row.oracle_q20
    cdef int64_t apart = 0
    if impact.bid_q20 > oracle:
        apart = impact.bid_q20 - oracle
    if 0 < impact.ask_q20 < oracle:
        apart -= oracle - impact.ask_q20
    oracle += <int64_t> div_near(<i128> apart * WEIGHT_3600_S, <i128> 1 << 32)
    return min(max(oracle, lowest_q20(risk)), highest_q20(risk))


cdef void take_oracle(state_t *state, uint32_t instrument_id) noexcept nogil:
    cdef instrument_t *instrument = &state.instruments[instrument_id]
    cdef snap_instrument_risk_t *row = &risk_of_instrument(state, instrument_id).row
    if row.source == PRICE_SOURCE_EXTERNAL or row.source == PRICE_SOURCE_MANUAL:
        row.oracle_q20 = row.index_q20
        row.reference_q20 = row.index_q20
    elif row.source == PRICE_SOURCE_INTERNAL:
        row.oracle_q20 = internal_oracle_q20(state, instrument_id)
    instrument.oracle_price_e8 = clamp(div_near(<i128> row.oracle_q20 * instrument.config.tick_size_e8, Q20))


cdef inline void average_oracle(const state_t *state, snap_instrument_risk_t *row) noexcept nogil:
    """The mean over the hour before a delisting."""
    if row.delist_ns and row.delist_ns - HOUR_NS <= state.timestamp_ns < row.delist_ns:
        row.oracle_sum_q20 += row.oracle_q20
        row.oracle_count += 1


cdef inline int64_t mark_q20(
    const snap_instrument_risk_t *row, int64_t bid, int64_t ask, int64_t last
) noexcept nogil:
    """Median of oracle, oracle + basis, and the book's price; bid, ask and last are ticks, 0 = none."""
    cdef int64_t book = last
    if last == 0:
        return <int64_t> div_floor(2 * row.oracle_q20 + row.basis_q20, 2)
    if bid and ask:
        book = middle(bid, ask, last)
    elif bid:
        book = max(bid, last)
    elif ask:
        book = min(ask, last)
    return middle(row.oracle_q20, row.oracle_q20 + row.basis_q20, book * Q20)


cdef int64_t guarded(const state_t *state, uint32_t instrument_id, int64_t mark) noexcept nogil:
    """Near the last external price while there is none, in small steps after they have come back, and within the
    range of the instrument's prices."""
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef int64_t tick_e8 = instrument.config.tick_size_e8
    cdef int64_t before = instrument.mark_ticks
    cdef int64_t step
    if risk.row.source == PRICE_SOURCE_INTERNAL:
        mark = min(max(mark, (lowest_q20(risk) + Q20 - 1) // Q20), highest_q20(risk) // Q20)
    if risk.row.external_since_ns:
        if state.timestamp_ns - risk.row.external_since_ns > HANDOVER_NS:
            risk.row.external_since_ns = 0
        elif before:
            step = max(1, before * HANDOVER_STEP_PPM // PPM)
            mark = min(max(mark, before - step), before + step)
    return min(max(mark, instrument.config.min_price_e8 // tick_e8), instrument.config.max_price_e8 // tick_e8)


cdef inline int64_t best_ticks(const instrument_t *instrument, uint8_t side) noexcept nogil:
    """0 when the side is empty."""
    cdef int64_t price_ticks = 0, shown_lots = 0
    return price_ticks if instrument.api.best(instrument.book, side, &price_ticks, &shown_lots) else 0


cdef void take_mark(state_t *state, uint32_t instrument_id) noexcept nogil:
    cdef instrument_t *instrument = &state.instruments[instrument_id]
    cdef snap_instrument_risk_t *row = &risk_of_instrument(state, instrument_id).row
    cdef int64_t bid = best_ticks(instrument, PG_BUY), ask = best_ticks(instrument, PG_SELL)
    if bid and ask:
        row.basis_q20 = averaged(row.basis_q20, (bid + ask) * (Q20 // 2) - row.oracle_q20, WEIGHT_150_S)
    instrument.mark_ticks = guarded(state, instrument_id, near_q20(mark_q20(row, bid, ask, row.last_ticks)))


# ---------------------------------------------------------------------------------------------------------------- pulse


cdef void pulse_instrument(state_t *state, uint32_t instrument_id) noexcept nogil:
    cdef instrument_t *instrument = &state.instruments[instrument_id]
    cdef instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef snap_instrument_risk_t *row = &risk.row
    cdef int64_t mark = instrument.mark_ticks, index = row.index_q20, oracle = row.oracle_q20
    cdef uint8_t source = row.source
    cdef bint printed = take_index(state, risk, instrument.config.tick_size_e8)
    take_oracle(state, instrument_id)
    if row.oracle_q20:
        average_oracle(state, row)
        take_mark(state, instrument_id)
    instrument_derive(state, instrument_id)
    if row.oracle_q20 == 0:
        return
    if (
        mark != instrument.mark_ticks or index != row.index_q20 or oracle != row.oracle_q20 or source != row.source
        or risk.session != row.published_session
    ):
        row.published_session = risk.session
        write_price(state, EVENT_KIND_MARK_CHANGED, instrument_id, is_flagged(state, row))
    if row.reopens and printed and row.index_q20 == row.raw_q20:
        row.reopens = False
        instrument.state = INSTRUMENT_STATE_ACTIVE
        write_price(state, EVENT_KIND_INSTRUMENT_STATE, instrument_id, False)


cdef void pulse(state_t *state) noexcept nogil:
    cdef snap_instrument_risk_t *row
    cdef uint32_t n
    state.risk.venue.pulses += 1
    for n in range(1, state.limits.instruments_max + 1):
        if state.instruments[n].state == 0:
            continue
        row = &risk_of_instrument(state, n).row
        if row.has_risk:
            row.flow_average_micro = averaged(row.flow_average_micro, row.flow_sent_micro, WEIGHT_60_S)
            row.flow_sent_micro = 0
        if row.formula and state.instruments[n].state != INSTRUMENT_STATE_DELISTED:
            pulse_instrument(state, n)
    for n in range(1, state.limits.instruments_max + 1):
        if state.instruments[n].mark_ticks:
            latch(state, n)


# -------------------------------------------------------------------------------------------------------- reserve watch


cdef void watch_reserve(state_t *state) noexcept nogil:
    cdef i128 floor_micro = div_floor(-<i128> state.risk.venue.bank_micro * state.risk.config.reserve_floor_ppm, PPM)
    cdef bint low
    if not state.risk.has_money:
        return
    floor_micro = max(floor_micro, <i128> state.risk.config.reserve_floor_micro)
    low = state.risk.venue.reserve_micro < floor_micro
    if low == (state.risk.venue.reserve_low != 0):
        return
    state.risk.venue.reserve_low = low
    write_reserve_state(state, clamp(floor_micro))
