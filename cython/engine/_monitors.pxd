# Loss limits of nodes (docs/risk.md section 9): daily loss and drawdown, looked at after each pulse. A breach locks the
# node; by the row's action its open orders are cancelled and its positions closed.
from libc.stdint cimport int64_t, uint32_t, uint8_t

from engine._state cimport state_t
from engine.records cimport snap_limit_t


# Looks at the next row under monitor_cursor; False when the pass is over.
cdef bint monitors_advance(state_t *state) noexcept nogil
# A deposit or withdrawal moves the marks that profit and loss are measured from, along the account's path.
cdef void monitors_shift(state_t *state, uint32_t account_id, int64_t amount_micro) noexcept nogil
# Takes the lock off a node as far as no row that has tripped holds it.
cdef void monitors_release(state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil
# Every tripped row of the node begins anew at the next pulse, as if it had just been set.
cdef void monitors_restart(state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil
