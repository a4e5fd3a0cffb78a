# Corporate actions: splits, delistings, symbol changes (docs/risk.md section 13). Commands, as in `_risk_config.pxd`.
from libc.stdint cimport uint16_t

from engine._state cimport state_t
from engine.records cimport command_t


cdef uint16_t split(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t schedule_delisting(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t delist(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t change_symbol(state_t *state, const command_t *command) noexcept nogil
