"""Which stops fire at which mark. Called by whoever changes a mark, and by `_work`, which fires them in steps."""

from libc.stdint cimport int64_t, uint32_t

from engine._state cimport cascade_add, instrument_t, order_key, order_t, state_t
from engine.records cimport INSTRUMENT_STATE_ACTIVE, INSTRUMENT_STATE_REDUCE_ONLY


cdef inline bint fires_stops(const instrument_t *instrument) noexcept nogil:
    return instrument.state == INSTRUMENT_STATE_ACTIVE or instrument.state == INSTRUMENT_STATE_REDUCE_ONLY


cdef void latch(state_t *state, uint32_t instrument_id) noexcept nogil:
    cdef instrument_t *instrument = &state.instruments[instrument_id]
    cdef int64_t mark = instrument.mark_ticks
    if not fires_stops(instrument):
        return
    if instrument.latch_low_ticks:
        instrument.latch_low_ticks = min(instrument.latch_low_ticks, mark)
        instrument.latch_high_ticks = max(instrument.latch_high_ticks, mark)
        return
    if (instrument.low_stops and state.orders[instrument.low_stops].price_ticks >= mark) or (
        instrument.high_stops and state.orders[instrument.high_stops].price_ticks <= mark
    ):
        instrument.latch_low_ticks = mark
        instrument.latch_high_ticks = mark
        cascade_add(state, instrument_id)


cdef uint32_t stop_to_fire(const state_t *state, const instrument_t *instrument) noexcept nogil:
    cdef const order_t *low = &state.orders[instrument.low_stops]
    cdef const order_t *high = &state.orders[instrument.high_stops]
    cdef int64_t low_distance = -1, high_distance = -1
    if not fires_stops(instrument):
        return 0
    if instrument.low_stops:
        low_distance = low.price_ticks - instrument.latch_low_ticks
    if instrument.high_stops:
        high_distance = instrument.latch_high_ticks - high.price_ticks
    if low_distance < 0 and high_distance < 0:
        return 0
    if low_distance > high_distance or (
        low_distance == high_distance and order_key(low.order_id) < order_key(high.order_id)
    ):
        return instrument.low_stops
    return instrument.high_stops
