"""Quotes and market-maker protection (docs/engine.md section 8): one two-sided quote per account and instrument,
replaced in place, add-liquidity-only; fills above a limit within a window withdraw it."""

from __future__ import annotations

from collections import deque

from engine.records import NEVER_NS, EventKind, OrderState, Reason, Scope, TimeInForce
from engine.reference import checks, exposures, risk
from engine.reference.accruals import Accruals
from engine.reference.book import ReportKind, ReportReason
from engine.reference.constants import ALO, BUY, LIVE, QUOTE, SELL, numbered
from engine.reference.events import Events
from engine.reference.instruments import Instrument
from engine.reference.limits import LimitBook, Verdict, new_verdict
from engine.reference.matching import Matching
from engine.reference.nodes import Account, Position
from engine.reference.orders import Orders
from engine.reference.rate import CANCEL_WEIGHT_MICRO
from engine.reference.risk import Proposal
from engine.reference.risk_commands import Header, Quote, QuoteCancel, SetMmp
from engine.reference.risk_events import RiskEvents
from engine.reference.state import Order, State, WorkItem
from engine.snapshot_records import Work

FILLS_MAX = 64
SETTING_WEIGHT_MICRO = 100_000  # of the general bucket


class Protection:
    """Limits on what quotes may trade within a window, and the fills in it: (time, signed lots, signed notional)."""

    __slots__ = ("delta_micro", "fills", "fills_max", "freeze_ns", "frozen_until_ns", "quantity_lots", "window_ns")

    def __init__(self) -> None:
        self.window_ns = 0
        self.quantity_lots = 0
        self.delta_micro = 0
        self.freeze_ns = 0
        self.fills_max = 0  # as sent; 0 = FILLS_MAX
        self.frozen_until_ns = 0
        self.fills: deque[tuple[int, int, int]] = deque()

    def trips(self, now_ns: int, lots: int, notional_micro: int) -> bool:
        """Counts a fill; True when a limit is reached."""
        while self.fills and self.fills[0][0] <= now_ns - self.window_ns:
            self.fills.popleft()
        self.fills.append((now_ns, lots, notional_micro))
        if len(self.fills) >= (self.fills_max or FILLS_MAX):
            return True
        if self.quantity_lots and sum(abs(lots) for _, lots, _ in self.fills) >= self.quantity_lots:
            return True
        return bool(self.delta_micro) and abs(sum(notional for *_, notional in self.fills)) >= self.delta_micro


class Quotes:
    def __init__(
        self,
        state: State,
        events: Events,
        risk_events: RiskEvents,
        orders: Orders,
        matching: Matching,
        limits: LimitBook,
        accruals: Accruals,
    ) -> None:
        self._state = state
        self._events = events
        self._risk_events = risk_events
        self._orders = orders
        self._matching = matching
        self._limits = limits
        self._accruals = accruals
        self._tripped: list[tuple[Position, int]] = []  # by the op under way, and the session that quotes

    # ---- QUOTE

    def quote(self, head: Header, body: Quote) -> None:
        state = self._state
        verdict = new_verdict(state)
        account = checks.may_trade(state, head.session_id, head.account_id)
        if account is None:
            self._reject(head, body, state.accounts.get(head.account_id), verdict, Reason.PERMISSION_DENIED)
            return
        self._accruals.settle(account)
        instrument = state.instruments.get(head.instrument_id)
        if self._check(head, body, account, instrument, verdict) or instrument is None:
            self._reject(head, body, account, verdict, verdict.reason)
            return
        position = state.position_for(account, instrument.instrument_id)
        if position is None:
            self._reject(head, body, account, verdict, Reason.REJECTED_CAPACITY)
            return
        self._limits.accepted(verdict, head.session_id, account, instrument.instrument_id, 0, body.quote_id)
        terms = {BUY: (body.bid_price_e8, body.bid_quantity_e8), SELL: (body.ask_price_e8, body.ask_quantity_e8)}
        ask = position.quotes.get(SELL)
        upwards = ask is not None and body.bid_quantity_e8 and body.bid_price_e8 >= ask.price_ticks * instrument.tick_e8
        reasons = {}
        for side in (SELL, BUY) if upwards else (BUY, SELL):  # the new bid must not meet the old ask, nor vice versa
            reasons[side] = self._set_side(head, body, position, instrument, side, *terms[side])
        self._risk_events.quote(
            EventKind.QUOTE_SET, Reason.ACK, head.session_id, position, body.quote_id, (reasons[BUY], reasons[SELL])
        )

    def _reject(self, head: Header, body: Quote, account: Account | None, verdict: Verdict, reason: Reason) -> None:
        self._risk_events.quote_rejected(
            reason, head.session_id, account, head.instrument_id, body.quote_id, verdict.detail
        )
        if account is not None:
            self._limits.refused(verdict, head.session_id, account, head.instrument_id, body.quote_id)

    def _check(
        self, head: Header, body: Quote, account: Account, instrument: Instrument | None, verdict: Verdict
    ) -> Reason:
        """What concerns the whole message."""
        state = self._state
        session = state.sessions[head.session_id]
        reason = checks.check_gate(state, session, account, instrument, verdict, head.sent_ns)
        if reason:
            return reason
        if instrument is None:
            return verdict.fail(Reason.BAD_SYMBOL)
        nothing = Proposal(session, account, instrument, BUY, 0, 0)
        return (
            risk.check_configured(state, instrument, verdict)
            or checks.check_market_open(instrument, False, verdict)
            or risk.check_account(state, account, instrument, verdict)
            or verdict.take(_check_terms(body))
            or verdict.take(self._check_frozen(account, instrument))
            or risk.check_pace(state, nothing, 0, verdict)
        )

    def _check_frozen(self, account: Account, instrument: Instrument) -> Reason:
        position = account.positions.get(instrument.instrument_id)
        protection = position.protection if position else None
        if protection is None or protection.frozen_until_ns <= self._state.timestamp_ns:
            return Reason.ACK
        return Reason.REJECTED_QUOTE_FROZEN

    def _set_side(
        self, head: Header, body: Quote, position: Position, instrument: Instrument, side: int, price_e8: int,
        quantity_e8: int,
    ) -> Reason:  # fmt: skip
        """One side as the maker wants it; when it cannot stand, there is none: the old one is not wanted any more."""
        order = position.quotes.get(side)
        if quantity_e8 == 0:
            if order is not None:
                self._matching.withdraw(order, EventKind.ORDER_CANCELLED, Reason.CANCELLED)
            return Reason.ACK
        if order is not None and order.session_id != head.session_id:
            self._matching.withdraw(order, EventKind.ORDER_CANCELLED, Reason.CANCELLED)
            order = None
        account, verdict = position.account, new_verdict(self._state)
        reason = self._check_side(head, account, instrument, order, side, price_e8, quantity_e8, verdict)
        if not reason:
            order_id = order.order_id if order else numbered(head.seq, side)
            self._limits.accepted(verdict, head.session_id, account, instrument.instrument_id, order_id, body.quote_id)
            ticks, lots = price_e8 // instrument.tick_e8, quantity_e8 // instrument.lot_e8
            if order is None:
                return self._place_side(head, position, side, ticks, lots)
            reason = self._replace_side(order, ticks, lots)
        if reason and order is not None:
            self._matching.withdraw(order, EventKind.ORDER_CANCELLED, reason)
        self._limits.refused(verdict, head.session_id, account, instrument.instrument_id, body.quote_id)
        return reason

    def _check_side(
        self, head: Header, account: Account, instrument: Instrument, order: Order | None, side: int, price_e8: int,
        quantity_e8: int, verdict: Verdict,
    ) -> Reason:  # fmt: skip
        state = self._state
        reason = verdict.take(checks.check_quantity(instrument, False, quantity_e8)) or verdict.take(
            checks.check_price(state, instrument, ALO, side, price_e8)
        )
        if reason:
            return reason
        ticks, lots = price_e8 // instrument.tick_e8, quantity_e8 // instrument.lot_e8
        proposal = Proposal(state.sessions[head.session_id], account, instrument, side, lots, ticks)
        if order is not None:
            proposal.old_lots, proposal.old_value = order.kept_lots, order.kept_value
        notional_micro = instrument.value_micro(proposal.value)
        return (
            risk.check_tolerance(proposal, verdict)
            or verdict.take(checks.check_notional(instrument, False, notional_micro))
            or risk.check_size(proposal, quantity_e8, notional_micro, verdict)
            or (verdict.take(checks.check_room(state, account, instrument)) if order is None else Reason.ACK)
            or risk.check_open(proposal, 1 if order is None else 0, verdict)
            or risk.check_exposure(state, proposal, verdict)
        )

    def _place_side(self, head: Header, position: Position, side: int, ticks: int, lots: int) -> Reason:
        order = self._orders.blank(numbered(head.seq, side), head.session_id, position.account, position.instrument_id)
        order.side, order.order_type, order.time_in_force = side, ALO, int(TimeInForce.GTC)
        order.flags, order.price_ticks, order.quantity_lots = QUOTE, ticks, lots
        self._state.add_order(order)
        reports = self._matching.match(order)
        if reports and reports[0].kind == ReportKind.REFUSED:
            order.state = int(OrderState.REJECTED)
            self._state.remove_order(order, LIVE)
            full = reports[0].reason == ReportReason.NO_CAPACITY
            return Reason.REJECTED_CAPACITY if full else Reason.REJECTED_ALO_WOULD_CROSS
        self._matching.apply_reports(order, reports)
        return Reason.ACK

    def _replace_side(self, order: Order, ticks: int, lots: int) -> Reason:
        total = order.cum_lots + lots
        reports = self._matching.replace_in_book(order, ticks, total)
        if not reports:
            return Reason.REJECTED_ALO_WOULD_CROSS
        order.price_ticks, order.quantity_lots = ticks, total
        exposures.keep(order)
        self._matching.apply_reports(order, reports[1:])
        return Reason.ACK

    # ---- QUOTE_CANCEL

    def cancel(self, head: Header, body: QuoteCancel) -> None:
        state = self._state
        account: Account | None = state.accounts.get(head.account_id)
        reason, detail = Reason.ACK, 0
        if account is None or not checks.may_cancel(state, head.session_id, account):
            reason = Reason.PERMISSION_DENIED
        elif head.session_id:
            trader = account.trader
            reason, detail = checks.take_rate(trader, trader.cancel, CANCEL_WEIGHT_MICRO, head.timestamp_ns)
        if not reason and head.instrument_id and head.instrument_id not in state.instruments:
            reason = Reason.BAD_SYMBOL
        if not reason and len(state.works) >= state.limits.works_max:
            reason = Reason.REJECTED_CAPACITY
        if reason or account is None:
            self._risk_events.quote_rejected(
                reason, head.session_id, account, head.instrument_id, body.quote_id, detail
            )
            return
        cause = Reason.CANCELLED if head.session_id else Reason.CANCELLED_ADMIN
        work = WorkItem(Work.QUOTE_CANCEL, head.seq, head.session_id, head.msg_seq_in, cause)
        work.scope, work.target_id = int(Scope.ACCOUNT), account.party_id
        work.instrument_id, work.client_order_id = head.instrument_id, body.quote_id
        state.works.append(work)

    # ---- market-maker protection

    def set_mmp(self, head: Header, body: SetMmp) -> Reason:
        state = self._state
        position, instrument, reason = self._target(head)
        if reason or instrument is None:
            return reason
        sound = min(body.window_ns, body.quantity_e8, body.delta_micro, body.freeze_ns) >= 0
        if not sound or body.quantity_e8 % instrument.lot_e8 or body.fills > FILLS_MAX:
            return Reason.INVALID_PARAMETER
        protection = position.protection if position else None
        if body.window_ns == 0:
            if position is not None and protection is not None:
                position.protection = None
                state.protections -= 1
            return Reason.ACK
        if protection is None:
            if state.protections >= state.limits.protections_max:
                return Reason.REJECTED_CAPACITY
            position = state.position_for(state.accounts[head.account_id], instrument.instrument_id)
            if position is None:
                return Reason.REJECTED_CAPACITY
            protection = position.protection = Protection()
            state.protections += 1
        protection.window_ns, protection.freeze_ns = body.window_ns, body.freeze_ns
        protection.quantity_lots = body.quantity_e8 // instrument.lot_e8
        protection.delta_micro, protection.fills_max = body.delta_micro, body.fills
        return Reason.ACK

    def reset_mmp(self, head: Header) -> Reason:
        position, _, reason = self._target(head)
        if reason:
            return reason
        if position is None or position.protection is None:
            return Reason.INVALID_PARAMETER
        position.protection.frozen_until_ns = 0
        position.protection.fills.clear()
        return Reason.ACK

    def _target(self, head: Header) -> tuple[Position | None, Instrument | None, Reason]:
        state = self._state
        account = checks.may_trade(state, head.session_id, head.account_id)
        if account is None:
            return None, None, Reason.PERMISSION_DENIED
        reason, _ = checks.take_rate(account.trader, account.trader.general, SETTING_WEIGHT_MICRO, head.timestamp_ns)
        instrument = state.instruments.get(head.instrument_id)
        if not reason and instrument is None:
            reason = Reason.BAD_SYMBOL
        return account.positions.get(head.instrument_id), instrument, reason

    def count_fill(self, order: Order, lots: int, ticks: int) -> None:
        """A quote has traded signed lots."""
        position = order.position
        protection = position.protection
        if protection is None or any(tripped is position for tripped, _ in self._tripped):
            return
        if protection.trips(self._state.timestamp_ns, lots, order.instrument.value_micro(lots * ticks)):
            self._tripped.append((position, order.session_id))

    def withdraw_tripped(self) -> None:
        """After the op that has tripped them: what is left of the quotes goes, and new ones are refused for a while."""
        tripped, self._tripped = self._tripped, []
        for position, session_id in tripped:
            protection = position.protection
            assert protection is not None
            now, freeze = self._state.timestamp_ns, protection.freeze_ns
            protection.frozen_until_ns = checks.due_ns(now, freeze) if freeze else NEVER_NS
            protection.fills.clear()
            for side in (BUY, SELL):
                if side in position.quotes:
                    self._matching.withdraw(position.quotes[side], EventKind.ORDER_CANCELLED, Reason.CANCELLED_MMP)
            self._risk_events.quote(
                EventKind.MMP_TRIPPED, Reason.CANCELLED_MMP, session_id, position, bytes(40),
                frozen_until_ns=protection.frozen_until_ns,
            )  # fmt: skip


def _check_terms(body: Quote) -> Reason:
    """Two sides that do not cross each other, or one, or none."""
    if body.bid_quantity_e8 < 0 or body.ask_quantity_e8 < 0:
        return Reason.INVALID_PARAMETER
    both = body.bid_quantity_e8 and body.ask_quantity_e8
    return Reason.INVALID_PARAMETER if both and body.bid_price_e8 >= body.ask_price_e8 else Reason.ACK
