"""What the matcher does with an order, and what becomes of its reports (docs/engine.md section 3).

The one place where a fill is booked: positions, cash, fees, then everything that follows a fill.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.api import MatchOp, MatchReport
from engine.records import EventKind, Liquidity, OrderState, Reason, TimeInForce, TradeKind
from engine.reference import calendars, exposures
from engine.reference.book import Execution, ReportKind, ReportReason
from engine.reference.commands import EMPTY_ID, Place
from engine.reference.constants import ALO, BUY, LIVE, MARKET, QUOTE, REDUCE_ONLY, SELL, TWAP, UNTRIGGERED
from engine.reference.events import Events
from engine.reference.ledger import Ledger
from engine.reference.limits import LimitBook
from engine.reference.nodes import Account, Position
from engine.reference.reducing import stops_fit
from engine.reference.risk_events import RiskEvents
from engine.reference.state import Order, State

if TYPE_CHECKING:
    from engine.reference.attached import Pairs
    from engine.reference.quotes import Quotes

_EXECUTION_BY_TIF = {
    TimeInForce.GTC: Execution.REST,
    TimeInForce.DAY: Execution.REST,
    TimeInForce.GTD: Execution.REST,
    TimeInForce.IOC: Execution.IOC,
    TimeInForce.FOK: Execution.FOK,
}
_REFUSALS = {
    ReportReason.WOULD_CROSS: Reason.REJECTED_ALO_WOULD_CROSS,
    ReportReason.NO_CAPACITY: Reason.REJECTED_CAPACITY,
}
_TAKER_CANCELS = {
    ReportReason.STP: Reason.CANCELLED_STP,
    ReportReason.FOK_KILLED: Reason.FOK_CANCELLED,
    ReportReason.MIN_KILLED: Reason.MIN_QUANTITY_CANCELLED,
    ReportReason.SWEEP_LIMIT: Reason.SWEEP_LIMIT_CANCELLED,
}
_FILL, _RESTED, _CANCELLED = int(ReportKind.FILL), int(ReportKind.RESTED), int(ReportKind.CANCELLED)
_REFUSED, _REPLACED = int(ReportKind.REFUSED), int(ReportKind.REPLACED)


class Terms(NamedTuple):
    """What a modify gives an order."""

    price_ticks: int
    total_lots: int
    client_order_id: bytes  # empty keeps the order's own
    take_profit_ticks: int = 0
    stop_loss_ticks: int = 0


class MatcherError(RuntimeError):
    """A matcher broke its contract: ours to find, nothing to go on from."""


class Matching:
    pairs: Pairs  # set by the engine, like `quotes` and `settle`: they need this room themselves
    quotes: Quotes
    settle: Callable[[Account], bool]

    def __init__(
        self, state: State, events: Events, ledger: Ledger, risk_events: RiskEvents, limits: LimitBook
    ) -> None:
        self._state = state
        self._events = events
        self._ledger = ledger
        self._risk_events = risk_events
        self._limits = limits
        self._taker: Order | None = None  # while a matcher is at work: whose op it is
        self._trade_kind = TradeKind.NORMAL

    def activate(self, order: Order, entry: Place | None) -> None:
        """Sends a LIVE order to the matcher. `entry` is its PLACE when it comes straight from there."""
        reports = self.match(order)
        if reports and reports[0].kind == _REFUSED:
            self._refused(order, _REFUSALS[ReportReason(reports[0].reason)], entry)
            return
        if not order.is_stop:
            self._events.order(EventKind.ORDER_NEW, Reason.ACK, order)
            self.tell_pair(order)
        self.apply_reports(order, reports)

    def activate_venue_order(self, order: Order, trade_kind: TradeKind) -> None:
        """An IOC of the venue's own: liquidation, flattening."""
        self._trade_kind = trade_kind
        self.activate(order, None)
        self._trade_kind = TradeKind.NORMAL

    def tell_pair(self, order: Order) -> None:
        """The take-profit and stop-loss that an order carries, if any."""
        if order.take_profit_ticks or order.stop_loss_ticks:
            self._risk_events.attached(order)

    def match(self, order: Order, lots: int = 0, limit_ticks: int = 0) -> Sequence[MatchReport]:
        """Places an order: all of it at its price, or a slice of `lots` at `limit_ticks`."""
        if order.order_type == MARKET or order.is_stop:
            limit_ticks = calendars.edge_ticks(self._state, order.instrument, order.side)
        if order.is_stop or order.order_type == TWAP:  # fired: a reduce-only MARKET IOC; a slice
            execution = Execution.IOC
        elif order.order_type == ALO:
            execution = Execution.POST_ONLY
        else:
            execution = _EXECUTION_BY_TIF[TimeInForce(order.time_in_force)]
        op = MatchOp(
            order.order_id,
            limit_ticks or order.price_ticks,
            lots or order.leaves_lots,
            order.display_lots,
            order.min_lots,
            order.account.party_id,
            order.stp_group,
            order.side,
            execution,
            order.stp_mode,
            REDUCE_ONLY if order.is_stop else order.flags & REDUCE_ONLY,
        )
        self._taker = order
        reports = order.instrument.book.place(op)
        self._taker = None
        return reports

    def reduce_cap(self, account_id: int, side: int, reports: Sequence[MatchReport]) -> int:
        """Lots that a resting reduce-only order of the account may still trade, the op's fills so far included."""
        taker = self._taker
        if taker is None:
            raise MatcherError("a matcher asked for a reduce-only cap while no order was being matched")
        position: Position = self._state.positions[account_id, taker.instrument.instrument_id]
        lots = position.lots
        for report in reports:
            if report.kind == _FILL:
                bought = report.lots if taker.side == BUY else -report.lots
                if taker.account.party_id == account_id:
                    lots += bought
                if report.owner == account_id:
                    lots -= bought
        return max(lots, 0) if side == SELL else max(-lots, 0)

    def _refused(self, order: Order, reason: Reason, entry: Place | None) -> None:
        if entry is None:
            self.end(order, EventKind.ORDER_CANCELLED, reason)
            return
        order.state = int(OrderState.REJECTED)
        self._state.remove_order(order, LIVE)
        self._events.place_rejected(reason, entry, order_id=order.order_id)

    def apply_reports(self, taker: Order, reports: Sequence[MatchReport]) -> None:
        orders = self._state.orders
        met = 0  # the resting order that the report before was about
        for report in reports:
            kind = report.kind
            if kind == _FILL:
                self._fill(taker, orders[report.order_id], report)
            elif kind == _RESTED:
                taker.shown_lots = report.shown_lots
            elif kind == _CANCELLED:
                self._cancelled(taker, orders[report.order_id], report)
            else:
                self._reduced(taker, orders[report.order_id], report, met)
            met = report.order_id
        self.quotes.withdraw_tripped()

    def _fill(self, taker: Order, maker: Order, report: MatchReport) -> None:
        """Both sides are booked before the first of the two events is written."""
        lots, ticks, instrument = report.lots, report.price_ticks, taker.instrument
        bought = lots if taker.side == BUY else -lots
        pair = ((taker, maker, bought, Liquidity.TAKER), (maker, taker, -bought, Liquidity.MAKER))
        for order in (taker, maker):
            self.settle(order.account)
        instrument.last_ticks = ticks
        maker.shown_lots = report.shown_lots
        booked = []
        for order, _, signed, liquidity in pair:
            realised = self._ledger.book(order.position, signed, ticks)
            fee = self._ledger.charge(order.account, instrument, order.fee_tier, liquidity, lots, ticks)
            booked.append((realised, fee))
            order.cum_lots += lots
            if order.cum_lots == order.quantity_lots:
                order.state = int(OrderState.FILLED)
            exposures.keep(order)
        for (order, contra, _, liquidity), (realised, fee) in zip(pair, booked, strict=True):
            self._events.order(
                EventKind.ORDER_FILLED,
                Reason.ACK,
                order,
                display_lots=maker.shown_lots if order is maker else 0,
                last_ticks=ticks,
                last_lots=lots,
                contra=contra.order_id,
                fee_micro=fee,
                realised_micro=realised,
                liquidity=liquidity,
                trade_kind=self._trade_kind,
            )
        for order in (taker, maker):
            self._limits.count_fill(order.account, order.session_id, instrument)
        for order in (taker, maker):
            if order.state == OrderState.FILLED:
                self._retire(order, UNTRIGGERED if order.order_type == TWAP else LIVE)
        for order in (taker, maker):
            self.trim_later(order.position)
        for order in (taker, maker):
            self.pairs.arm(order, lots)
        if maker.flags & QUOTE:
            self.quotes.count_fill(maker, -bought, ticks)
        for order in (taker, maker):
            self._state.touch(order.account)

    def trim_later(self, position: Position) -> None:
        if not position.in_trim_queue and not stops_fit(position):
            position.in_trim_queue = True
            self._state.trim_queue.append(position)

    def _cancelled(self, taker: Order, order: Order, report: MatchReport) -> None:
        if order is not taker:
            if report.reason == ReportReason.STP:
                self.end(order, EventKind.ORDER_CANCELLED, Reason.CANCELLED_STP, contra=taker.order_id)
            else:
                self.end(order, EventKind.ORDER_CANCELLED, Reason.REJECTED_REDUCE_ONLY)
            return
        if order.order_type == TWAP:  # the rest of a slice joins later ones
            return
        if report.reason == ReportReason.IOC_REST:
            reason = Reason.CANCELLED if order.cum_lots else Reason.IOC_CANCELLED
        else:
            reason = _TAKER_CANCELS[ReportReason(report.reason)]
        self.end(order, EventKind.ORDER_CANCELLED, reason)

    def _reduced(self, taker: Order, order: Order, report: MatchReport, met: int) -> None:
        """Self-trade prevention by decrement: the order's total shrinks without a trade."""
        order.quantity_lots -= report.lots
        order.shown_lots = report.shown_lots
        exposures.keep(order)
        contra = met if order is taker else taker.order_id
        self._events.order(
            EventKind.ORDER_RESTATED, Reason.CANCELLED_STP, order, display_lots=report.shown_lots, contra=contra
        )

    # ---- the end of an order

    def end(
        self,
        order: Order,
        kind: EventKind,
        reason: Reason,
        *,
        client_order_id: bytes | None = None,
        orig: bytes = EMPTY_ID,
        contra: int = 0,
    ) -> None:
        """ORDER_CANCELLED or ORDER_EXPIRED of an order that the book does not hold any more."""
        was = order.state
        order.state = int(OrderState.EXPIRED if kind == EventKind.ORDER_EXPIRED else OrderState.CANCELLED)
        self._events.order(kind, reason, order, client_order_id=client_order_id, orig=orig, contra=contra)
        self._retire(order, was)

    def withdraw(
        self,
        order: Order,
        kind: EventKind,
        reason: Reason,
        *,
        client_order_id: bytes | None = None,
        orig: bytes = EMPTY_ID,
    ) -> None:
        """Takes an order off the book if it rests there, and ends it."""
        if order.state == LIVE:
            reports = order.instrument.book.cancel(order.order_id)
            if len(reports) != 1 or reports[0].kind != _CANCELLED:
                raise MatcherError(f"the book of {order.instrument.instrument_id} does not hold order {order.order_id}")
        self.end(order, kind, reason, client_order_id=client_order_id, orig=orig)

    def _retire(self, order: Order, was: int) -> None:
        self._state.remove_order(order, was)
        if order.pending is not None:
            pending = order.pending
            self._state.remove_pending(pending)
            self._events.modify_rejected(Reason.CANNOT_MODIFY_NO_SUCH_ORDER, pending)

    # ---- new terms

    def change(self, order: Order, terms: Terms) -> bool:
        """Gives an open order its new terms. False, and nothing done, when an ALO would cross."""
        if order.state != LIVE:
            if order.state == UNTRIGGERED:
                self._state.remove_stop(order)
            self._take_terms(order, terms)
            if order.state == UNTRIGGERED:
                self._state.add_stop(order)
            return True
        reports = self.replace_in_book(order, terms.price_ticks, terms.total_lots)
        if not reports:
            return False
        self._take_terms(order, terms)
        self.apply_reports(order, reports[1:])
        return True

    def replace_in_book(self, order: Order, price_ticks: int, total_lots: int) -> Sequence[MatchReport]:
        """The matcher's reports, its PG_REPLACED first; none, and nothing done, when a post-only order would cross."""
        op = MatchOp(
            order.order_id,
            price_ticks,
            total_lots - order.cum_lots,
            owner=order.account.party_id,
            side=order.side,
            execution=Execution.POST_ONLY if order.order_type == ALO else Execution.REST,
            stp_mode=order.stp_mode,
        )
        self._taker = order
        reports = order.instrument.book.replace(op)
        self._taker = None
        if reports[0].kind == _REFUSED and reports[0].reason == ReportReason.WOULD_CROSS:
            return ()
        if reports[0].kind != _REPLACED:
            raise MatcherError(f"the book of {order.instrument.instrument_id} does not replace order {order.order_id}")
        order.shown_lots = reports[0].shown_lots
        return reports

    def _take_terms(self, order: Order, terms: Terms) -> None:
        orig = order.client_order_id
        order.price_ticks = terms.price_ticks
        order.quantity_lots = terms.total_lots
        had_pair = bool(order.take_profit_ticks or order.stop_loss_ticks)
        order.take_profit_ticks, order.stop_loss_ticks = terms.take_profit_ticks, terms.stop_loss_ticks
        exposures.keep(order)
        if terms.client_order_id[0]:
            self._state.rename_order(order, terms.client_order_id)
        self._events.order(EventKind.ORDER_REPLACED, Reason.ACK, order, orig=orig)
        if had_pair or terms.take_profit_ticks or terms.stop_loss_ticks:
            self._risk_events.attached(order)
