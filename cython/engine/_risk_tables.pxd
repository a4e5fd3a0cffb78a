# Smaller tables of risk that are written as a whole: transfers, market-maker protections, the touched queue, fees.
from libc.stdint cimport uint16_t, uint32_t, uint64_t, uint8_t

from engine._risk_state cimport fee_t, protection_t
from engine._state cimport state_t
from engine.records cimport snap_transfer_t


# ---- movements of money that are remembered; slots, 0 = none
cdef uint32_t transfer_find(const state_t *state, uint64_t transfer_id) noexcept nogil
# There is room when not all rows are requests in flight; the lowest number that is none is forgotten, and the floor is
# at least that number afterwards.
cdef bint transfer_has_room(const state_t *state) noexcept nogil
cdef uint32_t transfer_add(state_t *state, const snap_transfer_t *row) noexcept nogil
# A request in flight has come to an end of this kind.
cdef void transfer_end(state_t *state, uint32_t slot, uint16_t kind) noexcept nogil
# A fresh row of a snapshot, without forgetting any.
cdef void transfer_restore(state_t *state, const snap_transfer_t *row) noexcept nogil

# ---- protections of positions; the caller has looked at the capacity (protections_count)
cdef protection_t *protection_of(const state_t *state, uint32_t position) noexcept nogil
cdef protection_t *protection_add(state_t *state, uint32_t position) noexcept nogil
cdef void protection_remove(state_t *state, uint32_t position) noexcept nogil

# ---- accounts whose margin is to be looked at: each is queued once, and only while the venue has money
cdef void touch(state_t *state, uint32_t account_id) noexcept nogil
cdef void touched_remove_first(state_t *state) noexcept nogil


cdef inline fee_t *fee_of(const state_t *state, uint32_t instrument_id, uint8_t fee_tier) noexcept nogil:
    return &state.risk.fees[<uint64_t> instrument_id * (state.limits.fee_tiers_max + 1) + fee_tier]
