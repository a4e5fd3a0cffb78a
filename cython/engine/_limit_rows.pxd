# The table of limit rows, flags of nodes, and the compiled form in which checks meet both (docs/risk.md section 8).
#
# A node has a bit for each kind of which it has rows, and the first row of each; an account knows the bits and flags of
# its whole path. These are put together again when any of them has changed since the account was last asked
# (`path_of`), so that a command which changes a node touches no account.
from libc.stdint cimport uint16_t, uint32_t, uint8_t

from engine._risk_state cimport account_risk_t, limited_t
from engine._state cimport state_t
from engine.records cimport snap_limit_t


# A session or node by scope and id, NULL when there is none; the venue has id 0.
cdef limited_t *find_limited(const state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil
cdef void set_flags(state_t *state, limited_t *node, uint16_t flags) noexcept nogil

# Do scope, kind, target, flags, action and numbers of a row go together? REMOVE is not among its flags.
cdef bint limit_is_sound(const snap_limit_t *row) noexcept nogil
# Slot of the row with the key of `row`, or 0; the others need a row that is there, or room for one (limits_count).
cdef uint32_t limit_find(const state_t *state, const snap_limit_t *row) noexcept nogil
cdef uint32_t limit_add(state_t *state, const snap_limit_t *row) noexcept nogil
cdef void limit_remove(state_t *state, uint32_t slot) noexcept nogil
cdef int limit_compare(const snap_limit_t *a, const snap_limit_t *b) noexcept nogil

cdef void path_derive(const state_t *state, uint32_t account_id) noexcept nogil


cdef inline account_risk_t *path_of(const state_t *state, uint32_t account_id) noexcept nogil:
    """The account's record, its path_kinds and path_flags as they are now."""
    cdef account_risk_t *account = &state.risk.accounts[account_id]
    if account.path_epoch != state.risk.path_epoch:
        path_derive(state, account_id)
    return account
