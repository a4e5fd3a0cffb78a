# Memory of the compiled engine: opening and closing a state, and room for events.
from libc.stdint cimport uint32_t

from engine._state cimport limits_t, state_t


# NULL when memory is short.
cdef state_t *state_open(const limits_t *limits) noexcept nogil
cdef void state_close(state_t *state) noexcept nogil
# False when memory is short; likewise below. Instruments have at most `fills_max` fills from here on.
cdef bint state_set_fills_max(state_t *state, uint32_t fills_max) noexcept nogil
# Before each command: room for the most events that it can have. More memory is mapped here, never while a command
# runs.
cdef bint events_grow(state_t *state) noexcept nogil


cdef inline bint events_make_room(state_t *state) noexcept nogil:
    return state.events_count + state.events_max <= state.events_capacity or events_grow(state)
