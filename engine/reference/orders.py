"""What happens to orders: entry, activation, matching, modify, cancel and release (docs/engine.md sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import MatchOp, MatchReport
from engine.records import EventKind, Liquidity, OrderState, Reason, StpMode, TimeInForce, TradeKind
from engine.reference import checks
from engine.reference.book import Execution, ReportKind, ReportReason
from engine.reference.commands import EMPTY_ID, Cancel, Place, Replace
from engine.reference.events import Events
from engine.reference.rate import CANCEL_WEIGHT_MICRO
from engine.reference.state import (
    ALO,
    BUY,
    GTD,
    LIMIT,
    LIVE,
    MARKET,
    PENDING_NEW,
    REDUCE_ONLY,
    SELL,
    UNTRIGGERED,
    Account,
    Instrument,
    Order,
    PendingReplace,
    Position,
    State,
)

STP_GROUP_OF_ACCOUNT = 1 << 31  # an account without a group is one by itself: this plus its id

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


class MatcherError(RuntimeError):
    """A matcher broke its contract: ours to find, nothing to go on from."""


class Orders:
    def __init__(self, state: State, events: Events) -> None:
        self._state = state
        self._events = events
        self._taker: Order | None = None  # while a matcher is at work: whose op it is

    # ---- PLACE

    def place(self, place: Place) -> None:
        reason, detail = checks.check_place(self._state, place)
        if reason:
            self._events.place_rejected(reason, place, detail=detail)
            return
        order = self._new_order(place)
        if order.is_stop:
            order.state = UNTRIGGERED
        elif _is_bumped(order):
            order.state = PENDING_NEW
            order.release_ns = checks.due_ns(place.timestamp_ns, order.instrument.speed_bump_ns)
        self._state.add_order(order)
        if order.state == UNTRIGGERED:
            self._events.order(EventKind.ORDER_NEW, Reason.ACK, order)
        elif order.state == PENDING_NEW:
            self._events.order(EventKind.ORDER_PENDING, Reason.ACK, order)
        else:
            self._activate(order, place)

    def _new_order(self, place: Place) -> Order:
        """The order that a checked PLACE describes, in lots and ticks, defaults resolved, reduce-only clipped."""
        state = self._state
        account: Account = state.accounts[place.account_id]
        instrument = state.instruments[place.instrument_id]
        position = account.positions.get(place.instrument_id)
        if position is None:
            position = state.add_position(account, place.instrument_id)
        order = Order(place.seq, place.session_id, account, instrument, position)
        order.client_order_id = place.client_order_id
        order.side, order.order_type, order.flags = place.side, place.order_type, place.order_flags
        order.time_in_force = int(TimeInForce.GTC) if order.is_stop else place.time_in_force
        order.expire_ns = place.expire_ns if order.time_in_force == GTD else 0
        order.price_ticks = 0 if order.order_type == MARKET else place.price_e8 // instrument.tick_e8
        order.quantity_lots = place.quantity_e8 // instrument.lot_e8
        order.min_lots = place.min_quantity_e8 // instrument.lot_e8
        if place.display_quantity_e8 < place.quantity_e8:
            order.display_lots = place.display_quantity_e8 // instrument.lot_e8
        order.stp_group = place.stp_group or account.stp_group or STP_GROUP_OF_ACCOUNT + account.party_id
        order.stp_mode = place.stp_mode or account.stp_mode or int(StpMode.CANCEL_PASSIVE)
        if order.flags & REDUCE_ONLY and not order.is_stop:
            order.quantity_lots = min(order.quantity_lots, checks.reduce_only_room(position, order.side))
        return order

    # ---- activation and matching

    def _activate(self, order: Order, entry: Place | None) -> None:
        """Sends a LIVE order to the matcher. `entry` is its PLACE when it comes straight from there."""
        reports = self._match(order)
        if reports and reports[0].kind == _REFUSED:
            self._refused(order, _REFUSALS[ReportReason(reports[0].reason)], entry)
            return
        if not order.is_stop:
            self._events.order(EventKind.ORDER_NEW, Reason.ACK, order)
        self._apply_reports(order, reports)

    def _match(self, order: Order) -> Sequence[MatchReport]:
        market = order.order_type == MARKET or order.is_stop
        if order.is_stop:  # fired: a reduce-only MARKET IOC
            execution = Execution.IOC
        elif order.order_type == ALO:
            execution = Execution.POST_ONLY
        else:
            execution = _EXECUTION_BY_TIF[TimeInForce(order.time_in_force)]
        op = MatchOp(
            order.order_id,
            _market_limit_ticks(order.instrument, order.side) if market else order.price_ticks,
            order.leaves_lots,
            order.display_lots,
            order.min_lots,
            order.account.party_id,
            order.stp_group,
            order.side,
            execution,
            order.stp_mode,
            REDUCE_ONLY if order.is_stop else order.flags,
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

    def _apply_reports(self, taker: Order, reports: Sequence[MatchReport]) -> None:
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

    def _fill(self, taker: Order, maker: Order, report: MatchReport) -> None:
        """Both sides are booked before the first of the two events is written."""
        lots = report.lots
        bought = lots if taker.side == BUY else -lots
        taker.position.lots += bought
        maker.position.lots -= bought
        maker.shown_lots = report.shown_lots
        for order in (taker, maker):
            order.cum_lots += lots
            if order.cum_lots == order.quantity_lots:
                order.state = int(OrderState.FILLED)
        for order, contra in ((taker, maker), (maker, taker)):
            self._events.order(
                EventKind.ORDER_FILLED,
                Reason.ACK,
                order,
                display_lots=maker.shown_lots if order is maker else 0,
                last_ticks=report.price_ticks,
                last_lots=lots,
                contra=contra.order_id,
                liquidity=Liquidity.TAKER if order is taker else Liquidity.MAKER,
                trade_kind=TradeKind.NORMAL,
            )
        for order in (taker, maker):
            if order.state == OrderState.FILLED:
                self._retire(order, LIVE)
        for order in (taker, maker):
            self._trim_later(order.position)

    def _trim_later(self, position: Position) -> None:
        if not position.in_trim_queue and not checks.stops_fit(position):
            position.in_trim_queue = True
            self._state.trim_queue.append(position)

    def _cancelled(self, taker: Order, order: Order, report: MatchReport) -> None:
        if order is not taker:
            if report.reason == ReportReason.STP:
                self.end(order, EventKind.ORDER_CANCELLED, Reason.CANCELLED_STP, contra=taker.order_id)
            else:
                self.end(order, EventKind.ORDER_CANCELLED, Reason.REJECTED_REDUCE_ONLY)
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

    # ---- REPLACE

    def replace(self, replace: Replace) -> None:
        events = self._events
        order = self._find(replace)
        account_id = order.account.party_id if order else replace.account_id
        account = checks.may_trade(self._state, replace.session_id, account_id)
        if account is None:
            events.unknown_order(EventKind.REPLACE_REJECTED, Reason.PERMISSION_DENIED, replace)
            return
        reason, detail = checks.takes_general_rate(self._state, account, replace.timestamp_ns)
        if order is None:
            reason = reason or Reason.CANNOT_MODIFY_NO_SUCH_ORDER
            events.unknown_order(EventKind.REPLACE_REJECTED, reason, replace, detail)
            return
        total = 0
        if not reason:
            reason, total = checks.check_replace(order, replace)
        bumped = order.order_type == LIMIT and order.instrument.speed_bump_ns > 0
        if not reason and bumped and len(self._state.pending_replaces) >= self._state.limits.pending_replaces_max:
            reason = Reason.REJECTED_CAPACITY
        if reason:
            events.answer(EventKind.REPLACE_REJECTED, reason, order, replace, detail)
            return
        price_ticks = replace.price_e8 // order.instrument.tick_e8
        if bumped:
            self._postpone(order, replace, price_ticks, total)
        elif not self._change(order, price_ticks, total, replace.client_order_id):
            events.answer(EventKind.REPLACE_REJECTED, Reason.CANNOT_MODIFY_ALO_WOULD_CROSS, order, replace)

    def _find(self, request: Replace | Cancel) -> Order | None:
        """By order id, else by the header account's client order id; a waiting modify's new id does not find it."""
        if request.order_id:
            return self._state.orders.get(request.order_id)
        account: Account | None = self._state.accounts.get(request.account_id)
        if account is None or not request.orig_client_order_id[0]:
            return None
        return account.client_ids.get(request.orig_client_order_id)

    def _postpone(self, order: Order, replace: Replace, price_ticks: int, total_lots: int) -> None:
        if order.pending is not None:
            superseded = order.pending
            self._state.remove_pending(superseded)
            self._events.modify_rejected(Reason.MODIFY_SUPERSEDED, superseded)
        release_ns = checks.due_ns(replace.timestamp_ns, order.instrument.speed_bump_ns)
        pending = PendingReplace(replace.seq, order, release_ns, price_ticks, total_lots)
        pending.client_order_id = replace.client_order_id
        pending.session_id = replace.session_id
        pending.msg_seq_in = replace.msg_seq_in
        self._state.add_pending(pending)
        self._events.order(
            EventKind.ORDER_REPLACE_PENDING,
            Reason.ACK,
            order,
            client_order_id=replace.client_order_id if replace.client_order_id[0] else order.client_order_id,
            orig=order.client_order_id,
        )

    def _change(self, order: Order, price_ticks: int, total_lots: int, client_order_id: bytes) -> bool:
        """Gives an open order its new terms. False, and nothing done, when an ALO would cross."""
        if order.state != LIVE:
            if order.state == UNTRIGGERED:
                self._state.remove_stop(order)
            self._take_terms(order, price_ticks, total_lots, client_order_id)
            if order.state == UNTRIGGERED:
                self._state.add_stop(order)
            return True
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
            return False
        if reports[0].kind != _REPLACED:
            raise MatcherError(f"the book of {order.instrument.instrument_id} does not replace order {order.order_id}")
        order.shown_lots = reports[0].shown_lots
        self._take_terms(order, price_ticks, total_lots, client_order_id)
        self._apply_reports(order, reports[1:])
        return True

    def _take_terms(self, order: Order, price_ticks: int, total_lots: int, client_order_id: bytes) -> None:
        orig = order.client_order_id
        order.price_ticks = price_ticks
        order.quantity_lots = total_lots
        if client_order_id[0]:
            self._state.rename_order(order, client_order_id)
        self._events.order(EventKind.ORDER_REPLACED, Reason.ACK, order, orig=orig)

    # ---- CANCEL

    def cancel(self, cancel: Cancel) -> None:
        events = self._events
        order = self._find(cancel)
        account: Account | None = order.account if order else self._state.accounts.get(cancel.account_id)
        if not checks.may_cancel(self._state, cancel.session_id, account):
            events.unknown_order(EventKind.CANCEL_REJECTED, Reason.PERMISSION_DENIED, cancel)
            return
        reason, detail = Reason.ACK, 0
        if cancel.session_id and account is not None:
            trader = account.trader
            reason, detail = checks.take_rate(trader, trader.cancel, CANCEL_WEIGHT_MICRO, cancel.timestamp_ns)
        if order is None:
            events.unknown_order(EventKind.CANCEL_REJECTED, reason or Reason.NO_SUCH_ORDER, cancel, detail)
            return
        if not reason and not checks.matches(order, cancel.instrument_id, cancel.side):
            reason = Reason.NO_SUCH_ORDER
        if reason:
            events.answer(EventKind.CANCEL_REJECTED, reason, order, cancel, detail)
            return
        self.withdraw(
            order,
            EventKind.ORDER_CANCELLED,
            Reason.CANCELLED if cancel.session_id else Reason.CANCELLED_ADMIN,
            client_order_id=cancel.client_order_id if cancel.client_order_id[0] else order.client_order_id,
            orig=order.client_order_id,
        )

    # ---- release from the speed bump

    def release(self, waiting: Order | PendingReplace, timestamp_ns: int) -> None:
        if isinstance(waiting, Order):
            self._release_order(waiting, timestamp_ns)
        else:
            before = self._events.answer_to(waiting.session_id, waiting.msg_seq_in)
            self._release_modify(waiting)
            self._events.answer_to(*before)

    def _release_order(self, order: Order, timestamp_ns: int) -> None:
        reducing = bool(order.flags & REDUCE_ONLY)
        reason = checks.check_market_open(order.instrument, reducing)
        if reason:
            self.end(order, EventKind.ORDER_CANCELLED, reason)
            return
        if order.time_in_force == GTD and order.expire_ns <= timestamp_ns:
            self.end(order, EventKind.ORDER_EXPIRED, Reason.EXPIRED)
            return
        if order.order_type == LIMIT:
            reason = checks.check_band(order.instrument, order.side, order.price_ticks)
        if not reason and reducing:
            room = checks.reduce_only_room(order.position, order.side, besides=order)
            reason = Reason.ACK if room > 0 else Reason.REJECTED_REDUCE_ONLY
            order.quantity_lots = min(order.quantity_lots, room) if room > 0 else order.quantity_lots
        if reason:
            self.end(order, EventKind.ORDER_CANCELLED, reason)
            return
        self._state.make_live(order)
        self._activate(order, None)

    def _release_modify(self, pending: PendingReplace) -> None:
        self._state.remove_pending(pending)
        order = pending.order
        total = pending.quantity_lots
        reason = checks.check_market_open(order.instrument, bool(order.flags & REDUCE_ONLY))
        if not reason and total <= order.cum_lots:
            reason = Reason.CANNOT_MODIFY_PARTIAL_FILL
        if not reason:
            reason = checks.check_band(order.instrument, order.side, pending.price_ticks)
        if not reason:
            reason, total = checks.clip_replace(order, total)
        if reason:
            self._events.modify_rejected(reason, pending)
            return
        self._change(order, pending.price_ticks, total, pending.client_order_id)

    # ---- stops

    def fire(self, order: Order) -> None:
        """A stop whose trigger was reached becomes a reduce-only MARKET IOC of what there is to reduce."""
        position = order.position
        if not position.reduces(order.side):
            self.end(order, EventKind.ORDER_CANCELLED, Reason.REJECTED_REDUCE_ONLY)
            return
        self._state.remove_stop(order)
        order.state = LIVE
        order.quantity_lots = min(order.leaves_lots, abs(position.lots))
        self._events.order(EventKind.ORDER_TRIGGERED, Reason.ACK, order)
        self._activate(order, None)

    def shrink_stop(self, order: Order, lots: int) -> None:
        """Trimming: the stop's total becomes less by `lots`, or it is cancelled when that is all of it."""
        if lots >= order.quantity_lots:
            self.end(order, EventKind.ORDER_CANCELLED, Reason.REJECTED_REDUCE_ONLY)
            return
        order.quantity_lots -= lots
        self._events.order(EventKind.ORDER_RESTATED, Reason.REJECTED_REDUCE_ONLY, order)


def _is_bumped(order: Order) -> bool:
    if order.instrument.speed_bump_ns == 0:
        return False
    return order.order_type == LIMIT or (order.order_type == MARKET and order.instrument.bumps_market)


def _market_limit_ticks(instrument: Instrument, side: int) -> int:
    """The band's edge on the order's side, within the instrument's price range."""
    lowest = instrument.min_price_e8 // instrument.tick_e8
    highest = instrument.max_price_e8 // instrument.tick_e8
    if not instrument.band_ppm:
        return highest if side == BUY else lowest
    edge = instrument.highest_in_band_ticks() if side == BUY else instrument.lowest_in_band_ticks()
    return min(max(edge, lowest), highest)
