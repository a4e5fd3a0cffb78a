# Event records of prices and funding, to session 0 (docs/risk.md section 15).
from libc.stdint cimport int64_t, uint16_t, uint32_t

from engine._state cimport state_t


# MARK_CHANGED and INSTRUMENT_STATE: what the prices of an instrument are now.
cdef void write_price(state_t *state, uint16_t kind, uint32_t instrument_id, bint flagged) noexcept nogil
# The settlement that begins, for one instrument, with what its window came to.
cdef void write_funding_rate(state_t *state, uint32_t instrument_id, int64_t mean_ppb) noexcept nogil
cdef void write_funding_done(state_t *state, int64_t residue_micro) noexcept nogil
