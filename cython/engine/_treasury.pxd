# Movements of money that the clearing side orders (docs/risk.md section 3): each number is carried out once. As in
# `_risk_config`, each function gives the Reason why nothing happened.
from libc.stdint cimport uint16_t

from engine._state cimport state_t
from engine.records cimport command_t


cdef uint16_t deposit(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t withdraw_request(state_t *state, const command_t *command) noexcept nogil
# WITHDRAW_DONE and WITHDRAW_FAILED.
cdef uint16_t withdraw_end(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t transfer(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t house_transfer(state_t *state, const command_t *command) noexcept nogil
