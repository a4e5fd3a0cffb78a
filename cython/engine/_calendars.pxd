# Sessions and what they scale (docs/risk.md section 5): bands, caps, spreads.
#
# All of it is worked out once, when something that it follows from has changed: an instrument's configuration, mark,
# oracle or price source, a calendar, the venue's risk settings. An order then reads numbers.
from libc.stdint cimport int64_t, uint32_t, uint8_t

from engine._state cimport instrument_t, state_t


# What follows from an instrument's configuration, prices and session, once one of them has changed. Call it after every
# change of mark_ticks, oracle_price_e8, row.source, config or risk config of an instrument.
cdef void instrument_derive(state_t *state, uint32_t instrument_id) noexcept nogil
# The same for all instruments: the venue's settings have changed, or a calendar that they may refer to.
cdef void instruments_derive(state_t *state) noexcept nogil

# Limit of an order that the venue pegs near the mark: the spread, or the band's edge when that is nearer or there is no
# spread. The band's edge itself is market_limit_ticks.
cdef int64_t peg_ticks(const state_t *state, uint32_t instrument_id, uint8_t side) noexcept nogil
# Largest position at the mark, in micro-USDC, of a leverage (0 = the instrument's default) in the session in force.
cdef int64_t position_cap_micro(const state_t *state, uint32_t instrument_id, uint8_t leverage) noexcept nogil
