"""Commands of the operator, the clearing side, the oracle and the clock: sender, second person, answer.

Called by `_core`. A room is a function that takes such a command and gives the reason why nothing happened; it says
what it books by events of its own, which come before the answer. Whoever builds a room enters its kinds in `room_of`.
"""

from libc.stdint cimport uint16_t

from engine._corporate cimport change_symbol, delist, schedule_delisting, split
from engine._events cimport write_config
from engine._feeds cimport set_feed, set_index, set_index_reference, set_manual_price, set_roll_weight, take_price
from engine._funding cimport funding_sample, funding_settle
from engine._leverage cimport set_leverage
from engine._prices cimport pulse, watch_reserve
from engine._operator cimport kill, revive, set_limit, set_trading_window
from engine._protections cimport reset_mmp, set_mmp
from engine._risk_config cimport calendar_change, note, set_account_risk, set_fee, set_instrument_risk, set_venue_risk
from engine._risk_work cimport start_monitors, start_pass
from engine._state cimport find_session, session_t, state_t
from engine._treasury cimport deposit, house_transfer, transfer, withdraw_end, withdraw_request
from engine.records cimport (
    COMMAND_KIND_CALENDAR_CHANGE, COMMAND_KIND_CHANGE_SYMBOL, COMMAND_KIND_DELIST, COMMAND_KIND_DEPOSIT,
    COMMAND_KIND_FUNDING_SAMPLE, COMMAND_KIND_FUNDING_SETTLE, COMMAND_KIND_HOUSE_TRANSFER, COMMAND_KIND_KILL,
    COMMAND_KIND_MARK_PULSE, COMMAND_KIND_NOTE, COMMAND_KIND_PRICE, COMMAND_KIND_RESET_MMP, COMMAND_KIND_REVIVE,
    COMMAND_KIND_SCHEDULE_DELISTING, COMMAND_KIND_SET_ACCOUNT_RISK, COMMAND_KIND_SET_FEE, COMMAND_KIND_SET_FEED,
    COMMAND_KIND_SET_INDEX, COMMAND_KIND_SET_INDEX_REFERENCE, COMMAND_KIND_SET_INSTRUMENT_RISK,
    COMMAND_KIND_SET_LEVERAGE, COMMAND_KIND_SET_LIMIT, COMMAND_KIND_SET_MANUAL_PRICE, COMMAND_KIND_SET_MMP,
    COMMAND_KIND_SET_ROLL_WEIGHT, COMMAND_KIND_SET_TRADING_WINDOW, COMMAND_KIND_SET_VENUE_RISK, COMMAND_KIND_SPLIT,
    COMMAND_KIND_TRANSFER, COMMAND_KIND_WITHDRAW_DONE, COMMAND_KIND_WITHDRAW_FAILED, COMMAND_KIND_WITHDRAW_REQUEST,
    PARTY_STATUS_ACTIVE, REASON_ACK, REASON_APPROVAL_REQUIRED, REASON_PERMISSION_DENIED, SESSION_RIGHT_PRICES,
    command_header_t, command_t,
)

ctypedef uint16_t (*room_t)(state_t *state, const command_t *command) noexcept nogil


cdef room_t room_of(uint16_t kind) noexcept nogil:
    """What carries out a kind, NULL when nothing does."""
    if kind == COMMAND_KIND_SET_VENUE_RISK:
        return set_venue_risk
    if kind == COMMAND_KIND_SET_INSTRUMENT_RISK:
        return set_instrument_risk
    if kind == COMMAND_KIND_SET_ACCOUNT_RISK:
        return set_account_risk
    if kind == COMMAND_KIND_SET_FEE:
        return set_fee
    if kind == COMMAND_KIND_CALENDAR_CHANGE:
        return calendar_change
    if kind == COMMAND_KIND_NOTE:
        return note
    if kind == COMMAND_KIND_SET_LEVERAGE:
        return set_leverage
    if kind == COMMAND_KIND_SET_MMP:
        return set_mmp
    if kind == COMMAND_KIND_RESET_MMP:
        return reset_mmp
    if kind < COMMAND_KIND_SET_VENUE_RISK:
        return operator_room_of(kind)
    if COMMAND_KIND_DEPOSIT <= kind <= COMMAND_KIND_HOUSE_TRANSFER:
        return money_room_of(kind)
    return price_room_of(kind)


cdef inline room_t operator_room_of(uint16_t kind) noexcept nogil:
    if kind == COMMAND_KIND_SET_LIMIT:
        return set_limit
    if kind == COMMAND_KIND_KILL:
        return kill
    if kind == COMMAND_KIND_REVIVE:
        return revive
    if kind == COMMAND_KIND_SET_TRADING_WINDOW:
        return set_trading_window
    return NULL


cdef inline room_t money_room_of(uint16_t kind) noexcept nogil:
    if kind == COMMAND_KIND_DEPOSIT:
        return deposit
    if kind == COMMAND_KIND_WITHDRAW_REQUEST:
        return withdraw_request
    if kind == COMMAND_KIND_WITHDRAW_DONE or kind == COMMAND_KIND_WITHDRAW_FAILED:
        return withdraw_end
    return transfer if kind == COMMAND_KIND_TRANSFER else house_transfer


cdef inline room_t price_room_of(uint16_t kind) noexcept nogil:
    if kind == COMMAND_KIND_PRICE:
        return take_price
    if kind == COMMAND_KIND_MARK_PULSE:
        return mark_pulse
    if kind == COMMAND_KIND_SET_FEED:
        return set_feed
    if kind == COMMAND_KIND_SET_INDEX:
        return set_index
    if kind == COMMAND_KIND_SET_ROLL_WEIGHT:
        return set_roll_weight
    if kind == COMMAND_KIND_SET_INDEX_REFERENCE:
        return set_index_reference
    if kind == COMMAND_KIND_SET_MANUAL_PRICE:
        return set_manual_price
    if kind == COMMAND_KIND_FUNDING_SAMPLE:
        return funding_sample
    if kind == COMMAND_KIND_FUNDING_SETTLE:
        return funding_settle
    if kind == COMMAND_KIND_SPLIT:
        return split
    if kind == COMMAND_KIND_SCHEDULE_DELISTING:
        return schedule_delisting
    if kind == COMMAND_KIND_DELIST:
        return delist
    if kind == COMMAND_KIND_CHANGE_SYMBOL:
        return change_symbol
    return NULL


cdef uint16_t mark_pulse(state_t *state, const command_t *command) noexcept nogil:
    pulse(state)
    start_pass(state)
    start_monitors(state)
    watch_reserve(state)
    return REASON_ACK


# ----------------------------------------------------------------------------------------------- sender, second person


cdef inline bint has_own_permission(uint16_t kind) noexcept nogil:
    """Their rooms look at the sender themselves; all others but PRICE are session 0's."""
    return (
        kind == COMMAND_KIND_SET_LEVERAGE or kind == COMMAND_KIND_SET_MMP or kind == COMMAND_KIND_RESET_MMP
        or kind == COMMAND_KIND_SET_LIMIT or kind == COMMAND_KIND_KILL or kind == COMMAND_KIND_REVIVE
        or kind == COMMAND_KIND_SET_TRADING_WINDOW
    )


cdef uint16_t check_sender(const state_t *state, const command_header_t *header) noexcept nogil:
    cdef const session_t *session
    if header.session_id == 0 or has_own_permission(header.kind):
        return REASON_ACK
    if header.kind != COMMAND_KIND_PRICE:
        return REASON_PERMISSION_DENIED
    session = find_session(state, header.session_id)
    if session == NULL or session.status != PARTY_STATUS_ACTIVE or not session.rights & SESSION_RIGHT_PRICES:
        return REASON_PERMISSION_DENIED
    return REASON_ACK


cdef inline bint needs_approval(uint16_t kind) noexcept nogil:
    return (
        kind == COMMAND_KIND_HOUSE_TRANSFER or kind == COMMAND_KIND_SET_MANUAL_PRICE or kind == COMMAND_KIND_SPLIT
        or kind == COMMAND_KIND_DELIST
    )


cdef inline bint is_silent(uint16_t kind) noexcept nogil:
    """They come all the time and are answered by a refusal alone."""
    return kind == COMMAND_KIND_PRICE or kind == COMMAND_KIND_MARK_PULSE or kind == COMMAND_KIND_FUNDING_SAMPLE


cdef bint administer(state_t *state, const command_t *command) noexcept nogil:
    cdef room_t room = room_of(command.header.kind)
    cdef uint16_t reason
    if room == NULL:
        return False
    reason = check_sender(state, &command.header)
    if not reason and needs_approval(command.header.kind) and not is_approved(&command.header):
        reason = REASON_APPROVAL_REQUIRED
    if not reason:
        reason = room(state, command)
    if reason or not is_silent(command.header.kind):
        write_config(state, reason, command)
    return True
