# Bounded risk work (docs/risk.md section 7): accounts that were touched, accruals, the passes of a pulse. It has a
# budget of its own, `risk_units_max` units per command, so that no mass cancel holds up a liquidation.
from engine._state cimport state_t


# What waits, as far as the units of one command reach.
cdef void carry_on_risk(state_t *state) noexcept nogil
# Marks have moved: every account with a position is looked at, in the order of ids; then the rows of loss limits.
cdef void start_pass(state_t *state) noexcept nogil
cdef void start_monitors(state_t *state) noexcept nogil
