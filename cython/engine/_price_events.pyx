"""Writes the events of prices and funding in place, as `_events` does those of orders. Nothing is decided here."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from engine._events cimport event_begin, in_e8
from engine._feeds cimport Q20
from engine._funding_rates cimport rate_ppt
from engine._risk_state cimport instrument_risk_t
from engine._state cimport instrument_t, risk_of_instrument, state_t
from engine.arith cimport clamp, div_near, i128
from engine.records cimport (
    EVENT_KIND_FUNDING_DONE, EVENT_KIND_FUNDING_RATE, REASON_ACK, funding_event_t, price_event_t,
)


cdef inline int64_t q20_in_e8(int64_t price_q20, int64_t tick_e8) noexcept nogil:
    return clamp(div_near(<i128> price_q20 * tick_e8, Q20))


cdef void write_price(state_t *state, uint16_t kind, uint32_t instrument_id, bint flagged) noexcept nogil:
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef int64_t tick_e8 = instrument.config.tick_size_e8
    cdef price_event_t *event = &event_begin(state, kind, REASON_ACK, 0, instrument_id).price
    event.mark_price_e8 = instrument.mark_ticks * tick_e8
    event.index_price_e8 = q20_in_e8(risk.row.index_q20, tick_e8)
    event.oracle_price_e8 = instrument.oracle_price_e8
    if risk.band_ppm and instrument.mark_ticks:
        event.lower_band_e8 = clamp(<i128> instrument.lowest_in_band_ticks * tick_e8)
        event.upper_band_e8 = clamp(<i128> instrument.highest_in_band_ticks * tick_e8)
    event.last_price_e8 = risk.row.last_ticks * tick_e8
    event.open_interest_e8 = in_e8(risk.long_lots, instrument.config.lot_size_e8)
    event.funding_rate_ppt = rate_ppt(&risk.row)
    event.source = risk.row.source
    event.risk_session = risk.session
    event.state = instrument.state
    event.flagged = flagged


cdef void write_funding_rate(state_t *state, uint32_t instrument_id, int64_t mean_ppb) noexcept nogil:
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef int64_t tick_e8 = instrument.config.tick_size_e8
    cdef funding_event_t *event = &event_begin(
        state, EVENT_KIND_FUNDING_RATE, REASON_ACK, 0, instrument_id
    ).funding
    event.rate_ppt = risk.row.settle_rate_ppt
    event.premium_ppb = mean_ppb
    event.mark_price_e8 = risk.row.settle_mark_ticks * tick_e8
    event.index_price_e8 = q20_in_e8(risk.row.index_q20, tick_e8)
    event.open_interest_e8 = in_e8(risk.long_lots, instrument.config.lot_size_e8)
    event.samples = risk.row.samples
    event.epoch = state.risk.venue.accrual_epoch


cdef void write_funding_done(state_t *state, int64_t residue_micro) noexcept nogil:
    cdef funding_event_t *event = &event_begin(state, EVENT_KIND_FUNDING_DONE, REASON_ACK, 0, 0).funding
    event.residue_micro = residue_micro
    event.epoch = state.risk.venue.accrual_epoch
