"""FUNDING_SAMPLE takes one premium of every instrument whose funding is active; FUNDING_SETTLE fixes rates and marks.

Called by `_admin`. Accounts are booked by `_accruals`, in steps; nothing here looks at one.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from engine._accruals cimport accrual_start
from engine._funding_rates cimport SAMPLES_MAX, mean_ppb, premium_ppb, rate_ppt
from engine._price_events cimport write_funding_rate
from engine._prices cimport impact_prices, impact_t
from engine._risk_state cimport instrument_risk_t
from engine._state cimport risk_of_instrument, state_t
from engine.records cimport (
    COMMAND_KIND_FUNDING_SETTLE, INSTRUMENT_STATE_ACTIVE, INSTRUMENT_STATE_REDUCE_ONLY, PRICE_SOURCE_EXTERNAL,
    PRICE_SOURCE_MANUAL, REASON_ACK, REASON_REJECTED_BUSY, command_t, snap_instrument_risk_t,
)


cdef bint is_active(const state_t *state, uint32_t instrument_id) noexcept nogil:
    """Does funding run: priced, external hours, an external price as of the last pulse, and trading?"""
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef uint32_t trades = state.instruments[instrument_id].state
    return (
        risk.row.formula and risk.is_market_open
        and (risk.row.source == PRICE_SOURCE_EXTERNAL or risk.row.source == PRICE_SOURCE_MANUAL)
        and (trades == INSTRUMENT_STATE_ACTIVE or trades == INSTRUMENT_STATE_REDUCE_ONLY)
    )


cdef uint16_t funding_sample(state_t *state, const command_t *command) noexcept nogil:
    cdef snap_instrument_risk_t *window
    cdef impact_t impact
    cdef uint32_t n
    for n in range(1, state.limits.instruments_max + 1):
        window = &risk_of_instrument(state, n).row
        if window.samples < SAMPLES_MAX and is_active(state, n):
            impact = impact_prices(state, n)
            window.samples += 1
            window.weighted_ppb += window.samples * premium_ppb(impact.bid_q20, impact.ask_q20, window.index_q20)
    return REASON_ACK


cdef void fix_rate(state_t *state, uint32_t instrument_id) noexcept nogil:
    """What a settlement charges for one instrument; its window is empty again."""
    cdef snap_instrument_risk_t *window = &risk_of_instrument(state, instrument_id).row
    window.settle_rate_ppt = rate_ppt(window) if is_active(state, instrument_id) else 0
    window.settle_mark_ticks = state.instruments[instrument_id].mark_ticks
    if window.formula:
        write_funding_rate(state, instrument_id, mean_ppb(window))
    window.samples = 0
    window.weighted_ppb = 0


cdef uint16_t funding_settle(state_t *state, const command_t *command) noexcept nogil:
    cdef uint32_t n
    if state.risk.venue.accrual_kind:
        return REASON_REJECTED_BUSY
    accrual_start(state, COMMAND_KIND_FUNDING_SETTLE, 0, 0)
    for n in range(1, state.limits.instruments_max + 1):
        if state.instruments[n].state:
            fix_rate(state, n)
    return REASON_ACK
