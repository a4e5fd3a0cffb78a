# Orders that the venue works off or prices itself (docs/risk.md section 14): TWAPs and their slices, CLOSE_POSITION.
from libc.stdint cimport uint32_t

from engine._state cimport state_t
from engine.records cimport close_position_t, place_twap_t


cdef void place_twap(state_t *state, const place_twap_t *command) noexcept nogil
# A TWAP's next slice: what is planned so far and not yet filled. One that a check refuses is left to later slices.
cdef void send_slice(state_t *state, uint32_t slot) noexcept nogil
cdef void close_position(state_t *state, const close_position_t *command) noexcept nogil
