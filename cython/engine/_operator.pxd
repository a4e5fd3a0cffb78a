# Limit rows, kill switches and trading windows (docs/risk.md section 8): who rules whom, and what needs a second
# person. As in `_risk_config`, each function gives the Reason why nothing happened.
from libc.stdint cimport uint16_t

from engine._state cimport state_t
from engine.records cimport command_t


cdef uint16_t set_limit(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t kill(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t revive(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t set_trading_window(state_t *state, const command_t *command) noexcept nogil
