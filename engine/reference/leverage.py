"""SET_LEVERAGE (docs/risk.md section 14): one per account and instrument, changed only while nothing is open."""

from __future__ import annotations

from engine.records import PositionChange, Reason
from engine.reference import checks
from engine.reference.accruals import Accruals
from engine.reference.nodes import Account
from engine.reference.quotes import SETTING_WEIGHT_MICRO
from engine.reference.risk_commands import Header, SetLeverage
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State


class Leverage:
    def __init__(self, state: State, accruals: Accruals, events: RiskEvents) -> None:
        self._state = state
        self._accruals = accruals
        self._events = events

    def set(self, head: Header, body: SetLeverage) -> Reason:
        """Session 0 grants up to the ceiling, a participant chooses up to the default."""
        state = self._state
        account, reason = self._account(head)
        if reason or account is None:
            return reason
        instrument = state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        if instrument.risk is None:
            return Reason.REJECTED_NO_RISK_CONFIGURATION
        largest = instrument.risk.leverage_max if head.session_id else instrument.risk.leverage_ceiling
        if body.leverage > largest:
            return Reason.INVALID_PARAMETER
        position = state.position_for(account, head.instrument_id)
        if position is None:
            return Reason.REJECTED_CAPACITY
        if position.lots or position.open_orders:
            return Reason.REJECTED_LEVERAGE_IN_USE
        position.leverage = body.leverage
        self._events.position_changed(position, PositionChange.LEVERAGE)
        return Reason.ACK

    def _account(self, head: Header) -> tuple[Account | None, Reason]:
        state = self._state
        if head.session_id == 0:
            found: Account | None = state.accounts.get(head.account_id)
            return found, Reason.ACK if found else Reason.UNKNOWN_PARTY
        account = checks.may_trade(state, head.session_id, head.account_id)
        if account is None:
            return None, Reason.PERMISSION_DENIED
        self._accruals.settle(account)
        trader = account.trader
        reason, _ = checks.take_rate(trader, trader.general, SETTING_WEIGHT_MICRO, head.timestamp_ns)
        return account, reason
