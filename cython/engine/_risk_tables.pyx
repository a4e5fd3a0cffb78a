"""Tables of transfers and protections, and the queue of touched accounts. See `_risk_tables.pxd`.

Called by the rooms of money, quotes and risk work and by `_restore_risk`. It decides nothing and writes no event.
"""

from libc.stdint cimport uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from engine._risk_state cimport account_risk_t, protection_t, risk_t
from engine._state cimport risk_of_account, risk_of_position, state_t
from engine.arith cimport panic_unless
from engine.heap cimport heap_add, heap_remove
from engine.records cimport COMMAND_KIND_WITHDRAW_REQUEST, snap_transfer_t
from engine.table cimport IDS_NONE, ids_add, ids_find, ids_remove, ids_slot


# ----------------------------------------------------------------------------------------------------------- transfers


cdef bint transfer_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const snap_transfer_t *rows = (<const state_t *> of).risk.transfers
    return rows[a].transfer_id < rows[b].transfer_id


cdef inline bint is_in_flight(const snap_transfer_t *row) noexcept nogil:
    return row.kind == COMMAND_KIND_WITHDRAW_REQUEST and row.reason == 0


cdef uint32_t transfer_find(const state_t *state, uint64_t transfer_id) noexcept nogil:
    cdef const risk_t *risk = &state.risk
    cdef uint64_t at = ids_find(&risk.transfer_ids, transfer_id, risk.transfers, sizeof(snap_transfer_t))
    return 0 if at == IDS_NONE else ids_slot(&risk.transfer_ids, at)


cdef bint transfer_has_room(const state_t *state) noexcept nogil:
    return state.risk.transfers_count < state.limits.transfers_max or state.risk.forgettable != 0


cdef void await_forgetting(state_t *state, uint32_t slot) noexcept nogil:
    heap_add(state.risk.transfer_nodes, &state.risk.forgettable, slot, state, transfer_is_before)


cdef void forget_first(state_t *state) noexcept nogil:
    cdef risk_t *risk = &state.risk
    cdef uint32_t slot = risk.forgettable
    cdef uint64_t transfer_id = risk.transfers[slot].transfer_id
    panic_unless(slot != 0, "a transfer is taken beyond the capacity")
    heap_remove(risk.transfer_nodes, &risk.forgettable, slot, state, transfer_is_before)
    ids_remove(&risk.transfer_ids, transfer_id, slot)
    risk.venue.transfer_floor = max(risk.venue.transfer_floor, transfer_id)
    risk.transfers_count -= 1
    risk.transfers[slot].account_id = risk.free_transfer
    risk.free_transfer = slot


cdef uint32_t transfer_add(state_t *state, const snap_transfer_t *row) noexcept nogil:
    if state.risk.transfers_count >= state.limits.transfers_max:
        forget_first(state)
    transfer_restore(state, row)
    return transfer_find(state, row.transfer_id)


cdef void transfer_restore(state_t *state, const snap_transfer_t *row) noexcept nogil:
    cdef risk_t *risk = &state.risk
    cdef uint32_t slot = risk.free_transfer
    if slot:
        risk.free_transfer = risk.transfers[slot].account_id
    else:
        risk.used_transfers += 1
        slot = risk.used_transfers
    risk.transfers[slot] = row[0]
    risk.transfers_count += 1
    panic_unless(
        ids_add(&risk.transfer_ids, row.transfer_id, slot, risk.transfers, sizeof(snap_transfer_t)),
        "a transfer is remembered twice",
    )
    if not is_in_flight(row):
        await_forgetting(state, slot)


cdef void transfer_end(state_t *state, uint32_t slot, uint16_t kind) noexcept nogil:
    state.risk.transfers[slot].kind = kind
    await_forgetting(state, slot)


# --------------------------------------------------------------------------------------------------------- protections


cdef protection_t *protection_of(const state_t *state, uint32_t position) noexcept nogil:
    """NULL when the position has none."""
    cdef uint32_t slot = risk_of_position(state, position).protection
    return &state.risk.protections[slot] if slot else NULL


cdef protection_t *protection_add(state_t *state, uint32_t position) noexcept nogil:
    cdef risk_t *risk = &state.risk
    cdef uint32_t slot = risk.free_protection
    if slot:
        risk.free_protection = risk.protections[slot].position
    else:
        panic_unless(risk.used_protections < state.limits.protections_max, "protections are beyond the capacity")
        risk.used_protections += 1
        slot = risk.used_protections
    memset(&risk.protections[slot], 0, sizeof(protection_t))
    risk.protections[slot].position = position
    risk.protections_count += 1
    risk_of_position(state, position).protection = slot
    return &risk.protections[slot]


cdef void protection_remove(state_t *state, uint32_t position) noexcept nogil:
    cdef risk_t *risk = &state.risk
    cdef uint32_t slot = risk_of_position(state, position).protection
    risk_of_position(state, position).protection = 0
    risk.protections_count -= 1
    risk.protections[slot].position = risk.free_protection
    risk.free_protection = slot


# ------------------------------------------------------------------------------------------------------------- touched


cdef void touch(state_t *state, uint32_t account_id) noexcept nogil:
    cdef account_risk_t *account = risk_of_account(state, account_id)
    if not state.risk.has_money or account.is_touched:
        return
    account.is_touched = True
    account.next_touched = 0
    if state.risk.last_touched:
        risk_of_account(state, state.risk.last_touched).next_touched = account_id
    else:
        state.risk.first_touched = account_id
    state.risk.last_touched = account_id


cdef void touched_remove_first(state_t *state) noexcept nogil:
    cdef account_risk_t *account = risk_of_account(state, state.risk.first_touched)
    account.is_touched = False
    state.risk.first_touched = account.next_touched
    if state.risk.first_touched == 0:
        state.risk.last_touched = 0
