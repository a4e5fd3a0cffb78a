# State to canonical bytes (docs/engine.md section 6): equal states give equal bytes in every engine.
from libc.stdint cimport uint8_t

from engine._state cimport state_t


# Bytes that `snapshot_write` will write; 0 when memory for sorting is short.
cdef size_t snapshot_size(const state_t *state) noexcept nogil
# Writes exactly `size` bytes; False when memory for sorting is short.
cdef bint snapshot_write(const state_t *state, uint8_t *data, size_t size) noexcept nogil
