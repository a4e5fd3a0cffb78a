# Risk settings of venue, instruments and accounts, fees, calendars, notes (docs/risk.md section 2). Each function takes
# a command and gives the Reason why nothing happened, ACK when it took effect; `_admin` has looked at sender and
# approval.
from libc.stdint cimport int64_t, uint16_t

from engine._state cimport state_t
from engine.records cimport command_t, set_instrument_risk_t, set_venue_risk_t

cdef enum:
    LEVERAGE_LARGEST = 200


cdef uint16_t set_venue_risk(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t set_instrument_risk(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t set_account_risk(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t set_fee(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t calendar_change(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t note(state_t *state, const command_t *command) noexcept nogil

# Are the numbers within their bounds? A snapshot's rows are looked at likewise.
cdef bint is_sound_venue(const set_venue_risk_t *config) noexcept nogil
cdef bint is_sound_instrument(const state_t *state, const set_instrument_risk_t *config) noexcept nogil
cdef bint are_rates(int64_t maker_e8, int64_t taker_e8) noexcept nogil
