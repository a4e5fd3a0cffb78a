# Liquidation (docs/risk.md section 10): an account is looked at, and taken a step further each time; and flattening by
# a loss limit. Stages TAKEOVER and ADL are in `_takeover` and `_deleveraging`.
from libc.stdint cimport uint32_t

from engine._state cimport state_t


# One look at a settled account: at most one action. True when it has acted and should be looked at again.
cdef bint look(state_t *state, uint32_t account_id) noexcept nogil
