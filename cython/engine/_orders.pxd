# What happens to orders by command and by time: entry, modify, cancel, release from the speed bump, stops that fire
# or shrink (docs/engine.md sections 3 and 4).
from libc.stdint cimport int64_t, uint32_t, uint64_t

from engine._state cimport state_t
from engine.records cimport cancel_t, place_t, replace_t


cdef void place(state_t *state, const place_t *command) noexcept nogil
cdef void replace(state_t *state, const replace_t *command) noexcept nogil
cdef void cancel(state_t *state, const cancel_t *command) noexcept nogil

# An order that has passed its checks: into the bump, among the stops, or to the matcher. `command` is what its refusal
# shows.
cdef void enter(state_t *state, uint32_t slot, const place_t *command) noexcept nogil
# What an order has of its account: a place in a position, self-trade prevention, fee tier; GTC, all else is 0.
cdef void fill_blank(
    state_t *state, uint32_t slot, uint64_t order_id, uint32_t session_id, uint32_t account_id, uint32_t position
) noexcept nogil

# The first of state.releases, which is due: an order or a modify.
cdef void release_first(state_t *state) noexcept nogil
# A stop whose trigger was reached becomes a reduce-only MARKET IOC of what there is to reduce.
cdef void fire(state_t *state, uint32_t slot) noexcept nogil
# The stop's total becomes less by `lots`, or it is cancelled when that is all of it.
cdef void shrink_stop(state_t *state, uint32_t slot, int64_t lots) noexcept nogil
