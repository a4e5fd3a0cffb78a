"""What quotes may trade within a window, and when they have traded too much. See `_protections.pxd`.

Called by `_matching` for fills and by `_admin` for the settings. It takes no quote off a book.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint16_t, uint32_t
from libc.string cimport memmove

from engine._checks cimport check_setting_rate, due_after, may_trade
from engine._risk_state cimport PROTECTION_FILLS_MAX, protection_t
from engine._risk_tables cimport protection_add, protection_of, protection_remove
from engine._state cimport (
    TRADER_LEVEL, account_t, find_account, find_instrument, instrument_of, instrument_t, position_add, position_find,
    state_t,
)
from engine.arith cimport i128, narrow, panic_unless, size_of_i128
from engine.records cimport (
    REASON_ACK, REASON_BAD_SYMBOL, REASON_INVALID_PARAMETER, REASON_PERMISSION_DENIED, REASON_REJECTED_CAPACITY,
    command_header_t, command_t, set_mmp_t, snap_mmp_fill_t,
)


# ------------------------------------------------------------------------------------------------------------ settings


cdef uint16_t check_target(state_t *state, const command_header_t *header) noexcept nogil:
    cdef const account_t *account = find_account(state, header.account_id)
    cdef uint16_t reason
    if not may_trade(state, header.session_id, account):
        return REASON_PERMISSION_DENIED
    reason = check_setting_rate(state, account.lineage[TRADER_LEVEL])
    if not reason and find_instrument(state, header.instrument_id) == NULL:
        reason = REASON_BAD_SYMBOL
    return reason


cdef bint is_sound(const set_mmp_t *terms, int64_t lot_e8) noexcept nogil:
    return (
        terms.window_ns >= 0
        and terms.quantity_e8 >= 0
        and terms.delta_micro >= 0
        and terms.freeze_ns >= 0
        and terms.quantity_e8 % lot_e8 == 0
        and terms.fills <= PROTECTION_FILLS_MAX
    )


cdef uint16_t set_mmp(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_mmp_t *terms = &command.set_mmp
    cdef uint16_t reason = check_target(state, &command.header)
    cdef protection_t *protection
    cdef int64_t lot_e8
    cdef uint32_t position
    if reason:
        return reason
    lot_e8 = state.instruments[terms.instrument_id].config.lot_size_e8
    if not is_sound(terms, lot_e8):
        return REASON_INVALID_PARAMETER
    position = position_find(state, terms.account_id, terms.instrument_id)
    protection = protection_of(state, position)
    if terms.window_ns == 0:
        if protection != NULL:
            protection_remove(state, position)
        return REASON_ACK
    if protection == NULL:
        if state.risk.protections_count >= state.limits.protections_max:
            return REASON_REJECTED_CAPACITY
        if position == 0:
            if state.positions_count >= state.limits.positions_max:
                return REASON_REJECTED_CAPACITY
            position = position_add(state, terms.account_id, terms.instrument_id)
        protection = protection_add(state, position)
    protection.row.window_ns = terms.window_ns
    protection.row.quantity_lots = terms.quantity_e8 // lot_e8
    protection.row.delta_micro = terms.delta_micro
    protection.row.freeze_ns = terms.freeze_ns
    protection.row.fills = terms.fills
    return REASON_ACK


cdef uint16_t reset_mmp(state_t *state, const command_t *command) noexcept nogil:
    cdef uint16_t reason = check_target(state, &command.header)
    cdef protection_t *protection
    if reason:
        return reason
    protection = protection_of(state, position_find(state, command.header.account_id, command.header.instrument_id))
    if protection == NULL:
        return REASON_INVALID_PARAMETER
    protection.row.frozen_until_ns = 0
    protection.fills_count = 0
    return REASON_ACK


# --------------------------------------------------------------------------------------------------------------- fills


cdef void forget_old(protection_t *protection, int64_t until_ns) noexcept nogil:
    cdef uint32_t old = 0
    while old < protection.fills_count and protection.fills[old].time_ns <= until_ns:
        old += 1
    if old:
        protection.fills_count -= old
        memmove(protection.fills, &protection.fills[old], protection.fills_count * sizeof(snap_mmp_fill_t))


cdef bint reaches_limit(const protection_t *protection) noexcept nogil:
    """Do the fills that it remembers reach one of its limits?"""
    cdef uint32_t fills_max = protection.row.fills if protection.row.fills else PROTECTION_FILLS_MAX
    cdef i128 lots = 0, notional_micro = 0
    cdef uint32_t n
    for n in range(protection.fills_count):
        lots += size_of_i128(protection.fills[n].lots)
        notional_micro += protection.fills[n].notional_micro
    return (
        protection.fills_count >= fills_max
        or (protection.row.quantity_lots and lots >= protection.row.quantity_lots)
        or (protection.row.delta_micro and size_of_i128(notional_micro) >= protection.row.delta_micro)
    )


cdef void count_fill(
    state_t *state, uint32_t position, uint32_t session_id, int64_t lots, int64_t price_ticks
) noexcept nogil:
    cdef protection_t *protection = protection_of(state, position)
    cdef const instrument_t *instrument = &state.instruments[instrument_of(&state.positions[position])]
    cdef snap_mmp_fill_t *fill
    cdef int overflow = 0
    if protection == NULL or protection.is_tripped:
        return
    forget_old(protection, state.timestamp_ns - protection.row.window_ns)
    fill = &protection.fills[protection.fills_count]
    fill.time_ns = state.timestamp_ns
    fill.lots = lots
    fill.notional_micro = narrow(<i128> lots * price_ticks * instrument.tick_value_micro, &overflow)
    panic_unless(not overflow, "a fill is worth more than a venue is meant for")
    protection.fills_count += 1
    if reaches_limit(protection):
        trip(state, protection, session_id)


cdef void trip(state_t *state, protection_t *protection, uint32_t session_id) noexcept nogil:
    cdef uint32_t slot = <uint32_t> (protection - state.risk.protections)
    protection.is_tripped = True
    protection.tripped_session_id = session_id
    protection.next_tripped = 0
    if state.risk.last_tripped:
        state.risk.protections[state.risk.last_tripped].next_tripped = slot
    else:
        state.risk.first_tripped = slot
    state.risk.last_tripped = slot


cdef protection_t *freeze_first(state_t *state) noexcept nogil:
    cdef protection_t *protection = &state.risk.protections[state.risk.first_tripped]
    cdef int64_t freeze_ns = protection.row.freeze_ns
    state.risk.first_tripped = protection.next_tripped
    if protection.next_tripped == 0:
        state.risk.last_tripped = 0
    protection.is_tripped = False
    protection.row.frozen_until_ns = due_after(state.timestamp_ns, freeze_ns) if freeze_ns else INT64_MAX
    protection.fills_count = 0
    return protection
