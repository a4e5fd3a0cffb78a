# Configuration and sessions: SET_*, ROLL_BUSINESS_DATE, SESSION_* (docs/engine.md sections 2 and 5).
from libc.stdint cimport uint16_t, uint32_t, uint64_t

from engine._state cimport state_t
from engine.matcher cimport pg_config
from engine.records cimport command_t, set_account_t, set_firm_t, set_instrument_t, set_session_t, set_trader_t


# A SET_* or ROLL_* command, or one of an undefined kind: CONFIG_SET or COMMAND_REJECTED, and what follows from it.
# Not for SET_INSTRUMENT, whose matcher only Python can find: `check_instrument` gives the reason for which it fails
# without a look at the matcher, `matcher_is_fixed` tells whether it exists and changes what is fixed, and
# `set_instrument` lets it take effect, with the book that `book_config` describes when it is new.
cdef void configure(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t check_instrument(const state_t *state, const set_instrument_t *command) noexcept nogil
cdef uint16_t check_fixed(const state_t *state, const set_instrument_t *command) noexcept nogil
cdef pg_config book_config(const state_t *state, const set_instrument_t *config) noexcept nogil
cdef void set_instrument(state_t *state, const set_instrument_t *command) noexcept nogil

# The parts of `configure` that a snapshot's rows go through too.
cdef uint16_t set_broker(state_t *state, const set_firm_t *command) noexcept nogil
cdef uint16_t set_firm(state_t *state, const set_firm_t *command) noexcept nogil
cdef uint16_t set_desk(state_t *state, const set_firm_t *command) noexcept nogil
cdef uint16_t set_trader(state_t *state, const set_trader_t *command) noexcept nogil
cdef uint16_t set_account(state_t *state, const set_account_t *command) noexcept nogil
cdef uint16_t set_session(state_t *state, const set_session_t *command) noexcept nogil

cdef void logon(state_t *state, const command_t *command) noexcept nogil
cdef void disconnect(state_t *state, const command_t *command) noexcept nogil
# Starts the work of a session's cancel on disconnect; there is room for it.
cdef void cancel_on_disconnect(state_t *state, uint32_t session_id, uint64_t seq, uint64_t msg_seq_in) noexcept nogil
