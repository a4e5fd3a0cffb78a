# Feeds and what instruments take from them (docs/risk.md section 6): settings, prices of sources, the raw index.
from libc.stdint cimport int64_t, uint16_t, uint64_t

from engine._state cimport state_t
from engine.records cimport command_t, snap_instrument_risk_t

cdef enum:
    Q20 = 1 << 20  # prices inside the price chain are in 2^-20 tick

cdef extern from *:
    """
    #define PG_PRICE_E8_MAX ((int64_t)5000000000000000)
    #define PG_PRICE_Q20_END ((int64_t)1 << 44)
    """
    const int64_t PRICE_E8_MAX "PG_PRICE_E8_MAX"  # of a feed: so that a product of two fits 128 bits
    const int64_t PRICE_Q20_END "PG_PRICE_Q20_END"  # above every price: the widest book has 2^24 ticks

# Commands, as in `_risk_config.pxd`.
cdef uint16_t set_feed(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t set_index(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t set_roll_weight(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t set_index_reference(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t set_manual_price(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t take_price(state_t *state, const command_t *command) noexcept nogil

# The index by its formula from sources that are not stale, exact up to one rounding at its end; 0 when a feed has no
# such source, a BASIS lacks its reference, or the price is beyond every book.
cdef int64_t raw_index_q20(const state_t *state, const snap_instrument_risk_t *row, int64_t tick_e8) noexcept nogil
# Prices that its feeds have taken so far: grows with every print.
cdef uint64_t prints_of(const state_t *state, const snap_instrument_risk_t *row) noexcept nogil
# Is there a feed of which every price is older than its flag_ns?
cdef bint is_flagged(const state_t *state, const snap_instrument_risk_t *row) noexcept nogil
