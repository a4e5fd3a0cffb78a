"""What an account may hold in an instrument for each unit of margin. See `_leverage.pxd`.

Called by `_admin`.
"""

from libc.stdint cimport uint16_t, uint32_t

from engine._accruals cimport settle
from engine._checks cimport check_setting_rate, may_trade
from engine._risk_events cimport write_position_changed
from engine._risk_state cimport instrument_risk_t
from engine._state cimport (
    TRADER_LEVEL, account_t, find_account, find_instrument, position_add, position_find, position_t,
    risk_of_instrument, state_t,
)
from engine.records cimport (
    POSITION_CHANGE_LEVERAGE, REASON_ACK, REASON_BAD_SYMBOL, REASON_INVALID_PARAMETER, REASON_PERMISSION_DENIED,
    REASON_REJECTED_CAPACITY, REASON_REJECTED_LEVERAGE_IN_USE, REASON_REJECTED_NO_RISK_CONFIGURATION,
    REASON_UNKNOWN_PARTY, command_t, set_leverage_t,
)


cdef uint16_t check_account(state_t *state, const set_leverage_t *terms) noexcept nogil:
    cdef const account_t *account = find_account(state, terms.account_id)
    if terms.session_id == 0:
        return REASON_UNKNOWN_PARTY if account == NULL else REASON_ACK
    if not may_trade(state, terms.session_id, account):
        return REASON_PERMISSION_DENIED
    settle(state, terms.account_id)
    return check_setting_rate(state, account.lineage[TRADER_LEVEL])


cdef uint16_t set_leverage(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_leverage_t *terms = &command.set_leverage
    cdef const instrument_risk_t *risk
    cdef position_t *position
    cdef uint32_t slot
    cdef uint16_t reason = check_account(state, terms)
    if reason:
        return reason
    if find_instrument(state, terms.instrument_id) == NULL:
        return REASON_BAD_SYMBOL
    risk = risk_of_instrument(state, terms.instrument_id)
    if not risk.row.has_risk:
        return REASON_REJECTED_NO_RISK_CONFIGURATION
    if terms.leverage > (risk.config.leverage_max if terms.session_id else risk.config.leverage_ceiling):
        return REASON_INVALID_PARAMETER
    slot = position_find(state, terms.account_id, terms.instrument_id)
    if slot == 0:
        if state.positions_count >= state.limits.positions_max:
            return REASON_REJECTED_CAPACITY
        slot = position_add(state, terms.account_id, terms.instrument_id)
    position = &state.positions[slot]
    if position.lots or position.open_orders:
        return REASON_REJECTED_LEVERAGE_IN_USE
    position.leverage = terms.leverage
    write_position_changed(state, slot, POSITION_CHANGE_LEVERAGE)
    return REASON_ACK
