# Stops at a new mark (docs/engine.md section 3): the range that a cascade has covered, and the next stop to fire.
from libc.stdint cimport uint32_t

from engine._state cimport instrument_t, state_t


# A new mark that fires a stop starts a cascade; one that finds a cascade widens its range.
cdef void latch(state_t *state, uint32_t instrument_id) noexcept nogil
# The stop with the largest distance from the range of the cascade, then the lowest id; 0 when none fires.
cdef uint32_t stop_to_fire(const state_t *state, const instrument_t *instrument) noexcept nogil
