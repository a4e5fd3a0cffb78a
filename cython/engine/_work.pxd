# Bounded work (docs/engine.md section 5): mass cancels, expiries, status snapshots, trims and cascades, a few steps per
# command, and TICK, which carries them on.
from engine._state cimport state_t
from engine.records cimport mass_cancel_t


cdef void mass_cancel(state_t *state, const mass_cancel_t *request) noexcept nogil
# Whatever its budget does not reach waits for the next TICK.
cdef void tick(state_t *state) noexcept nogil
# The end of a command that found all queues empty: the first part of what it has started.
cdef void finish_command(state_t *state) noexcept nogil
# Finds the order at which the first work goes on, after a restore.
cdef void find_visit_next(state_t *state) noexcept nogil
