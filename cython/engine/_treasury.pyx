"""Deposits, withdrawals and transfers: the clearing side's movements, each carried out once and answered alike ever
after.

Called by `_admin`. The bodies of all but the ends of a withdrawal begin alike: number, amount, reference.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t
from libc.string cimport memcpy, memset

from engine._accruals cimport settle
from engine._ledger cimport PART_DEPOSITS, PART_REWARDS, PART_SETTLED, enter, house_of, move_house
from engine._margin cimport figures_of
from engine._monitors cimport monitors_shift
from engine._risk_events cimport write_account_entry
from engine._risk_tables cimport touch, transfer_add, transfer_end, transfer_find, transfer_has_room
from engine._state cimport FIRM_LEVEL, find_account, risk_of_account, state_t
from engine.arith cimport MONEY_MAX, i128
from engine.records cimport (
    COMMAND_KIND_HOUSE_TRANSFER, COMMAND_KIND_WITHDRAW_DONE, COMMAND_KIND_WITHDRAW_FAILED,
    COMMAND_KIND_WITHDRAW_REQUEST, ENTRY_KIND_DEPOSIT, ENTRY_KIND_HOUSE, ENTRY_KIND_REWARD, ENTRY_KIND_TRANSFER_IN,
    ENTRY_KIND_TRANSFER_OUT, ENTRY_KIND_WITHDRAWAL, ENTRY_KIND_WITHDRAWAL_DONE, ENTRY_KIND_WITHDRAWAL_RETURNED,
    HOUSE_ACCOUNT_ACCOUNT, HOUSE_ACCOUNT_BANK, HOUSE_ACCOUNT_FEES, HOUSE_ACCOUNT_IN_FLIGHT, HOUSE_ACCOUNT_RESERVE,
    REASON_ACK, REASON_INSUFFICIENT_FUNDS, REASON_INVALID_PARAMETER, REASON_REJECTED_CAPACITY,
    REASON_REJECTED_NUMERIC_RANGE, REASON_TRANSFER_TOO_OLD, REASON_UNKNOWN_PARTY, REASON_UNKNOWN_TRANSFER,
    REASON_USER_IN_LIQUIDATION, command_t, deposit_t, entry_event_t, house_transfer_t, snap_transfer_t, transfer_t,
    withdraw_done_t,
)

ctypedef uint16_t (*movement_t)(state_t *state, const deposit_t *movement) noexcept nogil


# -------------------------------------------------------------------------------------------------- once and once only


cdef uint16_t answer_of(const snap_transfer_t *known, const deposit_t *movement) noexcept nogil:
    """A number that is known is answered as it was at first."""
    cdef uint16_t kind = known.kind
    if kind == COMMAND_KIND_WITHDRAW_DONE or kind == COMMAND_KIND_WITHDRAW_FAILED:
        kind = COMMAND_KIND_WITHDRAW_REQUEST
    if (
        kind != movement.kind or known.account_id != movement.account_id
        or known.amount_micro != movement.amount_micro
    ):
        return REASON_INVALID_PARAMETER
    return known.reason


cdef uint16_t check_movement(const state_t *state, const deposit_t *movement) noexcept nogil:
    if movement.transfer_id <= state.risk.venue.transfer_floor:
        return REASON_TRANSFER_TOO_OLD if movement.transfer_id else REASON_INVALID_PARAMETER
    if find_account(state, movement.account_id) == NULL:
        if movement.account_id or movement.kind != COMMAND_KIND_HOUSE_TRANSFER:
            return REASON_UNKNOWN_PARTY
    if not 1 <= movement.amount_micro <= MONEY_MAX or not state.risk.has_money:
        return REASON_INVALID_PARAMETER
    return REASON_ACK if transfer_has_room(state) else REASON_REJECTED_CAPACITY


cdef uint16_t once(state_t *state, const deposit_t *movement, movement_t carry_out) noexcept nogil:
    """Every outcome is remembered but that of a message which was no movement at all: it may be sent again."""
    cdef uint32_t known = transfer_find(state, movement.transfer_id)
    cdef snap_transfer_t row
    cdef uint16_t reason
    if known:
        return answer_of(&state.risk.transfers[known], movement)
    reason = check_movement(state, movement)
    if reason:
        return reason
    if movement.account_id:
        settle(state, movement.account_id)
    reason = carry_out(state, movement)
    if reason == REASON_INVALID_PARAMETER or reason == REASON_UNKNOWN_PARTY:
        return reason
    memset(&row, 0, sizeof(row))
    row.transfer_id = movement.transfer_id
    row.amount_micro = movement.amount_micro
    row.account_id = movement.account_id
    row.kind = movement.kind
    row.reason = reason
    transfer_add(state, &row)
    return reason


# ----------------------------------------------------------------------------------------------------------- movements


cdef inline void flow(state_t *state, uint32_t account_id, int64_t amount_micro) noexcept nogil:
    """Money that comes or goes is neither profit nor loss."""
    monitors_shift(state, account_id, amount_micro)
    touch(state, account_id)


cdef void move_deposits(
    state_t *state, const deposit_t *movement, uint32_t account_id, int64_t amount_micro, uint8_t house, uint8_t entry,
    uint32_t counter_account_id,
) noexcept nogil:
    cdef entry_event_t *event = enter(state, account_id, PART_DEPOSITS, amount_micro, house, entry, 0)
    event.transfer_id = movement.transfer_id
    event.counter_account_id = counter_account_id
    memcpy(event.reference, movement.reference, sizeof(event.reference))
    flow(state, account_id, amount_micro)


cdef bint exceeds_deposits(const state_t *state, int64_t amount_micro) noexcept nogil:
    return <i128> amount_micro - state.risk.venue.bank_micro > MONEY_MAX


cdef uint16_t check_leaving(const state_t *state, const deposit_t *movement) noexcept nogil:
    if risk_of_account(state, movement.account_id).row.stage:
        return REASON_USER_IN_LIQUIDATION
    if movement.amount_micro > figures_of(state, movement.account_id).withdrawable:
        return REASON_INSUFFICIENT_FUNDS
    return REASON_ACK


cdef uint16_t take_deposit(state_t *state, const deposit_t *movement) noexcept nogil:
    if exceeds_deposits(state, movement.amount_micro):
        return REASON_REJECTED_NUMERIC_RANGE
    move_deposits(
        state, movement, movement.account_id, movement.amount_micro, HOUSE_ACCOUNT_BANK, ENTRY_KIND_DEPOSIT, 0
    )
    return REASON_ACK


cdef uint16_t take_withdrawal(state_t *state, const deposit_t *movement) noexcept nogil:
    cdef uint16_t reason = check_leaving(state, movement)
    if reason:
        return reason
    risk_of_account(state, movement.account_id).row.hold_micro += movement.amount_micro
    move_deposits(
        state, movement, movement.account_id, -movement.amount_micro, HOUSE_ACCOUNT_IN_FLIGHT, ENTRY_KIND_WITHDRAWAL, 0
    )
    return REASON_ACK


cdef uint16_t take_transfer(state_t *state, const deposit_t *movement) noexcept nogil:
    cdef uint32_t account_id = movement.account_id
    cdef uint32_t to_id = (<const transfer_t *> movement).to_account_id
    cdef uint16_t reason
    if find_account(state, to_id) == NULL:
        return REASON_UNKNOWN_PARTY
    if to_id == account_id:
        return REASON_INVALID_PARAMETER
    if state.accounts[to_id].lineage[FIRM_LEVEL] != state.accounts[account_id].lineage[FIRM_LEVEL]:
        return REASON_INVALID_PARAMETER
    reason = check_leaving(state, movement)
    if reason:
        return reason
    settle(state, to_id)
    move_deposits(
        state, movement, account_id, -movement.amount_micro, HOUSE_ACCOUNT_BANK, ENTRY_KIND_TRANSFER_OUT, to_id
    )
    move_deposits(
        state, movement, to_id, movement.amount_micro, HOUSE_ACCOUNT_BANK, ENTRY_KIND_TRANSFER_IN, account_id
    )
    return REASON_ACK


cdef inline bint is_allowed(uint8_t source, uint8_t target) noexcept nogil:
    """BANK and RESERVE both ways; FEES to BANK, RESERVE or an account; RESERVE to an account."""
    if source == HOUSE_ACCOUNT_BANK:
        return target == HOUSE_ACCOUNT_RESERVE
    if source == HOUSE_ACCOUNT_RESERVE:
        return target == HOUSE_ACCOUNT_BANK or target == HOUSE_ACCOUNT_ACCOUNT
    if source != HOUSE_ACCOUNT_FEES:
        return False
    return target == HOUSE_ACCOUNT_BANK or target == HOUSE_ACCOUNT_RESERVE or target == HOUSE_ACCOUNT_ACCOUNT


cdef uint16_t take_house_transfer(state_t *state, const deposit_t *movement) noexcept nogil:
    cdef const house_transfer_t *terms = <const house_transfer_t *> movement
    cdef entry_event_t *event
    if not is_allowed(terms.from_house, terms.to_house):
        return REASON_INVALID_PARAMETER
    if (terms.to_house == HOUSE_ACCOUNT_ACCOUNT) != (terms.account_id != 0):
        return REASON_INVALID_PARAMETER
    if terms.from_house == HOUSE_ACCOUNT_BANK:
        if exceeds_deposits(state, terms.amount_micro):
            return REASON_REJECTED_NUMERIC_RANGE
    elif house_of(state, terms.from_house)[0] < terms.amount_micro:
        return REASON_INSUFFICIENT_FUNDS
    if terms.account_id == 0:
        event = move_house(state, terms.from_house, terms.to_house, terms.amount_micro, ENTRY_KIND_HOUSE, 0)
    elif terms.from_house == HOUSE_ACCOUNT_FEES:
        event = enter(
            state, terms.account_id, PART_REWARDS, terms.amount_micro, HOUSE_ACCOUNT_FEES, ENTRY_KIND_REWARD, 0
        )
    else:
        event = enter(
            state, terms.account_id, PART_SETTLED, terms.amount_micro, HOUSE_ACCOUNT_RESERVE, ENTRY_KIND_HOUSE, 0
        )
    event.transfer_id = terms.transfer_id
    memcpy(event.reference, terms.reference, sizeof(event.reference))
    if terms.account_id:
        flow(state, terms.account_id, terms.amount_micro)
    return REASON_ACK


# ------------------------------------------------------------------------------------------------------------ commands


cdef uint16_t deposit(state_t *state, const command_t *command) noexcept nogil:
    return once(state, &command.deposit, take_deposit)


cdef uint16_t withdraw_request(state_t *state, const command_t *command) noexcept nogil:
    return once(state, &command.deposit, take_withdrawal)


cdef uint16_t transfer(state_t *state, const command_t *command) noexcept nogil:
    return once(state, &command.deposit, take_transfer)


cdef uint16_t house_transfer(state_t *state, const command_t *command) noexcept nogil:
    return once(state, &command.deposit, take_house_transfer)


cdef uint16_t check_end(const snap_transfer_t *row, uint16_t kind, bint *is_repeat) noexcept nogil:
    """Of a request that was accepted, and has not come to the other end; a repeat of the same end is answered ACK."""
    is_repeat[0] = row.kind == kind
    if row.reason or (row.kind != COMMAND_KIND_WITHDRAW_REQUEST and row.kind != kind):
        return REASON_UNKNOWN_TRANSFER
    return REASON_ACK


cdef uint16_t withdraw_end(state_t *state, const command_t *command) noexcept nogil:
    cdef const withdraw_done_t *end = &command.withdraw_done
    cdef uint32_t slot = transfer_find(state, end.transfer_id)
    cdef const snap_transfer_t *row = &state.risk.transfers[slot]
    cdef bint is_repeat = False
    cdef uint16_t reason = check_end(row, end.kind, &is_repeat) if slot else REASON_UNKNOWN_TRANSFER
    cdef int64_t amount = row.amount_micro
    cdef uint32_t account_id = row.account_id
    if reason or is_repeat:
        return reason
    transfer_end(state, slot, end.kind)
    settle(state, account_id)
    risk_of_account(state, account_id).row.hold_micro -= amount
    if end.kind == COMMAND_KIND_WITHDRAW_DONE:
        write_account_entry(
            state, account_id, ENTRY_KIND_WITHDRAWAL_DONE, 0, HOUSE_ACCOUNT_IN_FLIGHT, 0
        ).transfer_id = end.transfer_id
        move_house(
            state, HOUSE_ACCOUNT_IN_FLIGHT, HOUSE_ACCOUNT_BANK, amount, ENTRY_KIND_WITHDRAWAL_DONE, 0
        ).transfer_id = end.transfer_id
        return REASON_ACK
    enter(
        state, account_id, PART_DEPOSITS, amount, HOUSE_ACCOUNT_IN_FLIGHT, ENTRY_KIND_WITHDRAWAL_RETURNED, 0
    ).transfer_id = end.transfer_id
    flow(state, account_id, amount)
    return REASON_ACK
