# Funding: samples of the premium, and the settlement on the hour (docs/risk.md section 12). Commands, as in
# `_risk_config.pxd`.
from libc.stdint cimport uint16_t

from engine._state cimport state_t
from engine.records cimport command_t


cdef uint16_t funding_sample(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t funding_settle(state_t *state, const command_t *command) noexcept nogil
