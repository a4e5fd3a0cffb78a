# The pulse: index, oracle, basis and mark of every instrument (docs/risk.md section 6).
from libc.stdint cimport int64_t, uint32_t

from engine._state cimport state_t

cdef enum:
    WEIGHT_60_S = 70989565  # of one pulse in a moving average, 2^-32
    WEIGHT_150_S = 28537883
    WEIGHT_3600_S = 1192881


ctypedef struct impact_t:  # what the impact notional would trade at, 2^-20 tick; 0 = the side is too thin
    int64_t bid_q20
    int64_t ask_q20


# MARK_PULSE up to the latching of stops; the caller starts the passes and watches the reserve.
cdef void pulse(state_t *state) noexcept nogil
cdef impact_t impact_prices(const state_t *state, uint32_t instrument_id) noexcept nogil
# An alarm when the reserve fund falls below its floor, and when it is above it again.
cdef void watch_reserve(state_t *state) noexcept nogil
