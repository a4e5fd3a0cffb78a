# Quotes (docs/engine.md section 8): one two-sided quote per account and instrument, replaced in place, that only adds
# liquidity.
from engine._state cimport state_t
from engine.records cimport quote_cancel_t, quote_t


cdef void quote(state_t *state, const quote_t *command) noexcept nogil
cdef void quote_cancel(state_t *state, const quote_cancel_t *command) noexcept nogil
