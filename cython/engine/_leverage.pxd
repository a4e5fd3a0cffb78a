# SET_LEVERAGE (docs/risk.md section 14): one per account and instrument, changed only while nothing is open.
from libc.stdint cimport uint16_t

from engine._state cimport state_t
from engine.records cimport command_t


# Session 0 grants up to the ceiling, a participant chooses up to the default. The Reason why nothing happened.
cdef uint16_t set_leverage(state_t *state, const command_t *command) noexcept nogil
