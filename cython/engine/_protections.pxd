# Market-maker protection (docs/engine.md section 8): fills of quotes above a limit within a window withdraw them.
from libc.stdint cimport int64_t, uint16_t, uint32_t

from engine._risk_state cimport protection_t
from engine._state cimport state_t
from engine.records cimport command_t


# SET_MMP and RESET_MMP: the Reason why nothing happened.
cdef uint16_t set_mmp(state_t *state, const command_t *command) noexcept nogil
cdef uint16_t reset_mmp(state_t *state, const command_t *command) noexcept nogil

# A quote of the position has traded signed lots. When that trips its protection it joins those that are dealt with
# after the op (state.risk.first_tripped).
cdef void count_fill(
    state_t *state, uint32_t position, uint32_t session_id, int64_t lots, int64_t price_ticks
) noexcept nogil
# Takes the first of them off the list and freezes it; there is one.
cdef protection_t *freeze_first(state_t *state) noexcept nogil
