"""Risk settings of venue, instruments and accounts, fees, calendars (docs/risk.md section 2)."""

from __future__ import annotations

from engine.records import AccountFlag, LimitKind, Reason, RiskSession, VenueRiskFlag
from engine.reference.arithmetic import MONEY_MAX, PPM
from engine.reference.risk_commands import (
    CalendarChange,
    Header,
    SetAccountRisk,
    SetFee,
    SetInstrumentRisk,
    SetVenueRisk,
)
from engine.reference.state import State
from engine.reference.venue import Calendar

LEVERAGE_LARGEST = 200
_REBATE_E8_MAX, _FEE_E8_MAX = 1_000_000, 10_000_000  # 1 %, 10 %
_MANDATORY_KNOWN = sum(1 << kind for kind in LimitKind)


class RiskConfig:
    def __init__(self, state: State) -> None:
        self._state = state

    def set_venue_risk(self, head: Header, body: SetVenueRisk, config: bytes) -> Reason:
        state = self._state
        if not _is_sound(body):
            return Reason.INVALID_PARAMETER
        money = bool(body.risk_flags & VenueRiskFlag.MONEY)
        if state.has_money and not money:
            return Reason.INVALID_PARAMETER
        if body.fraction_account_id:
            account = state.accounts.get(body.fraction_account_id)
            if account is None:
                return Reason.UNKNOWN_PARTY
            if not account.account_flags & AccountFlag.HOUSE:
                return Reason.INVALID_PARAMETER
        starts = money and not state.has_money
        if state.accrual.kind or (starts and (state.orders or state.holders)):
            return Reason.REJECTED_BUSY
        state.risk.configure(config)
        return Reason.ACK

    def set_instrument_risk(self, head: Header, body: SetInstrumentRisk, config: bytes) -> Reason:
        state = self._state
        instrument = state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        sound = (
            1 <= body.leverage_max <= body.leverage_ceiling < 2 * body.leverage_max
            and body.leverage_ceiling <= LEVERAGE_LARGEST
            and 0 < body.position_cap_micro <= MONEY_MAX
            and 0 <= body.interest_cap_micro <= MONEY_MAX
            and 0 < body.impact_notional_micro <= MONEY_MAX
            and _are_rates(body.maker_rate_e8, body.taker_rate_e8)
            and max(body.market_calendar_id, body.risk_calendar_id) <= state.limits.calendars_max
        )
        if not sound:
            return Reason.INVALID_PARAMETER
        instrument.risk, instrument.risk_config = body, config
        return Reason.ACK

    def set_account_risk(self, head: Header, body: SetAccountRisk) -> Reason:
        state = self._state
        account = state.accounts.get(head.account_id)
        if account is None:
            return Reason.UNKNOWN_PARTY
        known = AccountFlag.DLP | AccountFlag.HOUSE
        if body.account_flags & ~int(known) or not 0 <= body.dlp_notional_max_micro <= MONEY_MAX:
            return Reason.INVALID_PARAMETER
        if body.fee_tier > state.limits.fee_tiers_max:
            return Reason.REJECTED_CAPACITY
        if body.home_session_id:
            session = state.sessions.get(body.home_session_id)
            if session is None:
                return Reason.UNKNOWN_PARTY
            if not session.covers(account):
                return Reason.INVALID_PARAMETER
        was_provider = account.account_flags & AccountFlag.DLP
        if body.account_flags & AccountFlag.DLP and not was_provider:
            providers = sum(1 for a in state.accounts.values() if a.account_flags & AccountFlag.DLP)
            if providers >= state.limits.providers_max:
                return Reason.REJECTED_CAPACITY
        account.home_session_id = body.home_session_id
        account.dlp_notional_max_micro = body.dlp_notional_max_micro
        account.account_flags, account.fee_tier = body.account_flags, body.fee_tier
        return Reason.ACK

    def set_fee(self, head: Header, body: SetFee) -> Reason:
        state = self._state
        if head.instrument_id not in state.instruments:
            return Reason.BAD_SYMBOL
        if body.fee_tier == 0 or not _are_rates(body.maker_rate_e8, body.taker_rate_e8):
            return Reason.INVALID_PARAMETER
        if body.fee_tier > state.limits.fee_tiers_max:
            return Reason.REJECTED_CAPACITY
        state.fees[head.instrument_id, body.fee_tier] = (body.maker_rate_e8, body.taker_rate_e8)
        return Reason.ACK

    def calendar_change(self, head: Header, body: CalendarChange) -> Reason:
        state = self._state
        if body.calendar_id == 0 or body.is_open > 1 or body.risk_session > RiskSession.WEEKEND:
            return Reason.INVALID_PARAMETER
        if body.calendar_id > state.limits.calendars_max:
            return Reason.REJECTED_CAPACITY
        calendar = state.calendars.setdefault(body.calendar_id, Calendar())
        calendar.is_closed, calendar.risk_session = 1 - body.is_open, body.risk_session
        return Reason.ACK


def _are_rates(maker_e8: int, taker_e8: int) -> bool:
    """A rebate is never more than the fee that pays for it."""
    return -_REBATE_E8_MAX <= maker_e8 <= _FEE_E8_MAX and 0 <= taker_e8 <= _FEE_E8_MAX and maker_e8 + taker_e8 >= 0


def _is_sound(body: SetVenueRisk) -> bool:
    parts = (*body[2:11], body.reserve_floor_ppm)
    flows = (*body[14:17], body.total_interest_cap_micro, body.reserve_floor_micro)
    return (
        not body.risk_flags & ~int(VenueRiskFlag.MONEY)
        and not body.mandatory_limits & ~_MANDATORY_KNOWN
        and all(part <= PPM for part in parts)
        and all(tenths <= 10 for tenths in body[11:14])
        and all(0 <= amount <= MONEY_MAX for amount in flows)
        and body.repeat_window_ns >= 0
    )
