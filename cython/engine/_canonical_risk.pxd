# The sections of a snapshot from BROKER on (docs/risk.md section 16): the second half of what `_canonical` writes.
from libc.stdint cimport uint32_t, uint64_t, uint8_t

from engine._state cimport state_t


ctypedef struct sort_t:
    uint64_t key
    uint32_t slot


cdef int compare_keys(const void *a, const void *b) noexcept nogil

# Rows of memory for sorting that `risk_sections` needs.
cdef uint64_t risk_rows_max(const state_t *state) noexcept nogil
# Writes the sections to `data`, or nothing when it is NULL; returns how many bytes they have.
cdef size_t risk_sections(const state_t *state, uint8_t *data, sort_t *sorted) noexcept nogil
