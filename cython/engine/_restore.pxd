# Canonical bytes to state (docs/engine.md section 6). Bytes that no engine can have written are refused, not believed.
#
# In this order, on a fresh state: split, parties, then each instrument (`_core` finds its matcher), orders, queues,
# books, and the sections of `_restore_risk` that have not been read by then. Each step gives NULL, or says what is
# wrong: the state is then to be thrown away.
from libc.stdint cimport uint32_t, uint64_t, uint8_t

from engine._state cimport state_t
from engine.records cimport SECTION_RANKING, set_instrument_t

ctypedef struct section_t:
    const uint8_t *rows
    uint64_t count


ctypedef struct snapshot_t:
    section_t sections[SECTION_RANKING + 1]  # by Section; [0] is unused
    const uint8_t *books_end


cdef const char *split(const uint8_t *data, size_t size, snapshot_t *snapshot) noexcept nogil
cdef const char *restore_parties(state_t *state, const snapshot_t *snapshot) noexcept nogil
# The configuration in row `n`, as the command that it came from; then, with the book opened, the rest of the row.
cdef const char *restored_config(
    const state_t *state, const snapshot_t *snapshot, uint64_t n, set_instrument_t *config
) noexcept nogil
cdef const char *restore_instrument(
    state_t *state, const snapshot_t *snapshot, uint64_t n, const set_instrument_t *config
) noexcept nogil
cdef const char *restore_orders(state_t *state, const snapshot_t *snapshot) noexcept nogil
cdef const char *restore_queues(state_t *state, const snapshot_t *snapshot) noexcept nogil
# The next book of the section, from `at` on; `is_own` when its bytes are MATCHER_SNAPSHOT_ROWs.
cdef const char *restore_book(
    state_t *state, const snapshot_t *snapshot, const uint8_t **at, uint32_t instrument_id, bint is_own
) noexcept nogil
