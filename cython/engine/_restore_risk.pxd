# Canonical bytes to state, the sections from BROKER on (docs/risk.md section 16). As in `_restore`, whose steps these
# come between, each gives NULL or says what is wrong.
from libc.stdint cimport uint64_t

from engine._restore cimport snapshot_t
from engine._state cimport state_t
from engine.records cimport snap_order_t, snap_order_terms_t, snap_pending_terms_t


# Before firms; between positions and orders; after the books.
cdef const char *restore_brokers(state_t *state, const snapshot_t *snapshot) noexcept nogil
cdef const char *restore_money(state_t *state, const snapshot_t *snapshot) noexcept nogil
cdef const char *restore_risk(state_t *state, const snapshot_t *snapshot) noexcept nogil

# Rows that belong to some of the orders or modifies, in the same order: the one with this key if it is next, NULL when
# there is none; *at is the first row not yet used.
cdef const snap_order_terms_t *next_terms(const snapshot_t *snapshot, uint64_t order_id, uint64_t *at) noexcept nogil
cdef const snap_pending_terms_t *next_pending(const snapshot_t *snapshot, uint64_t seq, uint64_t *at) noexcept nogil
# Do an order and its terms go together?
cdef bint are_sound_terms(const state_t *state, const snap_order_t *row, const snap_order_terms_t *terms) noexcept nogil
