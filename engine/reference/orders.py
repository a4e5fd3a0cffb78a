"""What happens to orders: entry, modify, cancel, release, stops (docs/engine.md sections 3 and 4)."""

from __future__ import annotations

from engine.records import EventKind, Reason, StpMode, TimeInForce
from engine.reference import calendars, checks, replace_checks, risk
from engine.reference.accruals import Accruals
from engine.reference.commands import Cancel, Place, Replace
from engine.reference.constants import GTD, LIMIT, LIVE, MARKET, PENDING_NEW, REDUCE_ONLY, UNTRIGGERED
from engine.reference.events import Events
from engine.reference.limits import LimitBook, Verdict, new_verdict
from engine.reference.matching import Matching, Terms
from engine.reference.nodes import Account
from engine.reference.rate import CANCEL_WEIGHT_MICRO
from engine.reference.reducing import clip_replace, reduce_only_room
from engine.reference.state import Order, PendingReplace, State

STP_GROUP_OF_ACCOUNT = 1 << 31  # an account without a group is one by itself: this plus its id


class Orders:
    def __init__(self, state: State, events: Events, matching: Matching, limits: LimitBook, accruals: Accruals) -> None:
        self._state = state
        self._events = events
        self._matching = matching
        self._limits = limits
        self._accruals = accruals

    # ---- PLACE

    def place(self, place: Place) -> None:
        account = checks.may_trade(self._state, place.session_id, place.account_id)
        if account is None:
            self._events.place_rejected(Reason.PERMISSION_DENIED, place)
            return
        self._accruals.settle(account)
        verdict = new_verdict(self._state)
        checks.check_place(self._state, place, account, verdict)
        if verdict.reason:
            self.reject(verdict, place, account)
        else:
            self.enter(self._new_order(place), place, verdict)

    def reject(self, verdict: Verdict, place: Place, account: Account) -> None:
        self._events.place_rejected(verdict.reason, place, detail=verdict.detail)
        self._limits.refused(verdict, place.session_id, account, place.instrument_id, place.client_order_id)

    def enter(self, order: Order, place: Place, verdict: Verdict) -> None:
        """An order that has passed the checks: into the bump, among the stops, or to the matcher."""
        self._limits.accepted(
            verdict, order.session_id, order.account, order.instrument.instrument_id, order.order_id,
            order.client_order_id,
        )  # fmt: skip
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
            self._matching.tell_pair(order)
        else:
            self._matching.activate(order, place)

    def _new_order(self, place: Place) -> Order:
        """The order that a checked PLACE describes, in lots and ticks, defaults resolved, reduce-only clipped."""
        state = self._state
        instrument = state.instruments[place.instrument_id]
        order = self.blank(place.seq, place.session_id, state.accounts[place.account_id], place.instrument_id)
        order.client_order_id = place.client_order_id
        order.side, order.order_type, order.flags = place.side, place.order_type, place.order_flags
        order.time_in_force = int(TimeInForce.GTC) if order.is_stop else place.time_in_force
        order.expire_ns = place.expire_ns if order.time_in_force == GTD else 0
        order.quantity_lots = place.quantity_e8 // instrument.lot_e8
        order.min_lots = place.min_quantity_e8 // instrument.lot_e8
        order.take_profit_ticks = place.take_profit_e8 // instrument.tick_e8
        order.stop_loss_ticks = place.stop_loss_e8 // instrument.tick_e8
        if order.order_type == MARKET:
            order.edge_ticks = calendars.edge_ticks(state, instrument, order.side)
        else:
            order.price_ticks = place.price_e8 // instrument.tick_e8
        if place.display_quantity_e8 < place.quantity_e8:
            order.display_lots = place.display_quantity_e8 // instrument.lot_e8
        if place.stp_group:
            order.stp_group = place.stp_group
        if place.stp_mode:
            order.stp_mode = place.stp_mode
        if order.flags & REDUCE_ONLY and not order.is_stop:
            order.quantity_lots = min(order.quantity_lots, reduce_only_room(order.position, order.side))
        return order

    def blank(self, order_id: int, session_id: int, account: Account, instrument_id: int) -> Order:
        """An order with the account's self-trade prevention; the position record is there or can be made."""
        position = self._state.position_for(account, instrument_id)
        assert position is not None
        order = Order(order_id, session_id, account, self._state.instruments[instrument_id], position)
        order.stp_group = account.stp_group or STP_GROUP_OF_ACCOUNT + account.party_id
        order.stp_mode = account.stp_mode or int(StpMode.CANCEL_PASSIVE)
        return order

    # ---- REPLACE

    def replace(self, replace: Replace) -> None:
        events = self._events
        order = self._find(replace)
        account_id = order.account.party_id if order else replace.account_id
        account = checks.may_trade(self._state, replace.session_id, account_id)
        if account is None:
            events.unknown_order(EventKind.REPLACE_REJECTED, Reason.PERMISSION_DENIED, replace)
            return
        self._accruals.settle(account)
        verdict = new_verdict(self._state)
        session = self._state.sessions[replace.session_id]
        instrument = order.instrument if order else self._state.instruments.get(replace.instrument_id)
        checks.check_gate(self._state, session, account, instrument, verdict, replace.sent_ns)
        if order is None:
            reason = verdict.reason or Reason.CANNOT_MODIFY_NO_SUCH_ORDER
            events.unknown_order(EventKind.REPLACE_REJECTED, reason, replace, verdict.detail)
            return
        total = 0 if verdict.reason else replace_checks.check_replace(self._state, order, replace, verdict)
        bumped = order.order_type == LIMIT and order.instrument.speed_bump_ns > 0
        if not verdict.reason and bumped:
            full = len(self._state.pending_replaces) >= self._state.limits.pending_replaces_max
            verdict.take(Reason.REJECTED_CAPACITY if full else Reason.ACK)
        if verdict.reason:
            events.answer(EventKind.REPLACE_REJECTED, verdict.reason, order, replace, verdict.detail)
            self._limits.refused(
                verdict, replace.session_id, account, order.instrument.instrument_id, order.client_order_id
            )
            return
        self._take_modify(order, replace, total, bumped, verdict)

    def _take_modify(self, order: Order, replace: Replace, total: int, bumped: bool, verdict: Verdict) -> None:
        self._limits.accepted(
            verdict, replace.session_id, order.account, order.instrument.instrument_id, order.order_id,
            order.client_order_id,
        )  # fmt: skip
        tick = order.instrument.tick_e8
        terms = Terms(
            replace.price_e8 // tick, total, replace.client_order_id, replace.take_profit_e8 // tick,
            replace.stop_loss_e8 // tick,
        )  # fmt: skip
        if bumped:
            self._postpone(order, replace, terms)
        elif not self._matching.change(order, terms):
            self._events.answer(EventKind.REPLACE_REJECTED, Reason.CANNOT_MODIFY_ALO_WOULD_CROSS, order, replace)

    def _find(self, request: Replace | Cancel) -> Order | None:
        """By order id, else by the header account's client order id; a waiting modify's new id does not find it."""
        if request.order_id:
            return self._state.orders.get(request.order_id)
        account: Account | None = self._state.accounts.get(request.account_id)
        if account is None or not request.orig_client_order_id[0]:
            return None
        return account.client_ids.get(request.orig_client_order_id)

    def _postpone(self, order: Order, replace: Replace, terms: Terms) -> None:
        if order.pending is not None:
            superseded = order.pending
            self._state.remove_pending(superseded)
            self._events.modify_rejected(Reason.MODIFY_SUPERSEDED, superseded)
        release_ns = checks.due_ns(replace.timestamp_ns, order.instrument.speed_bump_ns)
        pending = PendingReplace(replace.seq, order, release_ns, terms.price_ticks, terms.total_lots)
        pending.client_order_id = replace.client_order_id
        pending.session_id = replace.session_id
        pending.msg_seq_in = replace.msg_seq_in
        pending.take_profit_ticks, pending.stop_loss_ticks = terms.take_profit_ticks, terms.stop_loss_ticks
        self._state.add_pending(pending)
        self._events.order(
            EventKind.ORDER_REPLACE_PENDING,
            Reason.ACK,
            order,
            client_order_id=replace.client_order_id if replace.client_order_id[0] else order.client_order_id,
            orig=order.client_order_id,
        )

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
        self._matching.withdraw(
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
        reason = self._check_release(order)
        if reason:
            self._matching.end(order, EventKind.ORDER_CANCELLED, reason)
            return
        if order.time_in_force == GTD and order.expire_ns <= timestamp_ns:
            self._matching.end(order, EventKind.ORDER_EXPIRED, Reason.EXPIRED)
            return
        if order.order_type == LIMIT:
            reason = checks.check_band(self._state, order.instrument, order.side, order.price_ticks)
        if not reason and reducing:
            room = reduce_only_room(order.position, order.side, besides=order)
            reason = Reason.ACK if room > 0 else Reason.REJECTED_REDUCE_ONLY
            order.quantity_lots = min(order.quantity_lots, room) if room > 0 else order.quantity_lots
        if reason:
            self._matching.end(order, EventKind.ORDER_CANCELLED, reason)
            return
        self._state.make_live(order)
        self._matching.activate(order, None)

    def _check_release(self, order: Order) -> Reason:
        """Kill switch, instrument state and liquidation once more: the cancels they start come in steps."""
        session = self._state.sessions.get(order.session_id)
        verdict = new_verdict(self._state)
        reason = risk.check_killed(session, order.account, order.instrument, verdict)
        reason = reason or checks.check_market_open(order.instrument, bool(order.flags & REDUCE_ONLY))
        return reason or (Reason.USER_IN_LIQUIDATION if order.account.stage else Reason.ACK)

    def _release_modify(self, pending: PendingReplace) -> None:
        self._state.remove_pending(pending)
        order = pending.order
        total = pending.quantity_lots
        reason = self._check_release(order)
        if not reason and total <= order.cum_lots:
            reason = Reason.CANNOT_MODIFY_PARTIAL_FILL
        if not reason:
            reason = checks.check_band(self._state, order.instrument, order.side, pending.price_ticks)
        if not reason:
            reason, total = clip_replace(order, total)
        if reason:
            self._events.modify_rejected(reason, pending)
            return
        self._matching.change(
            order,
            Terms(
                pending.price_ticks, total, pending.client_order_id, pending.take_profit_ticks, pending.stop_loss_ticks
            ),
        )

    # ---- stops

    def fire(self, order: Order) -> None:
        """A stop whose trigger was reached becomes a reduce-only MARKET IOC of what there is to reduce."""
        position = order.position
        if not position.reduces(order.side):
            self._matching.end(order, EventKind.ORDER_CANCELLED, Reason.REJECTED_REDUCE_ONLY)
            return
        self._state.remove_stop(order)
        order.state = LIVE
        order.quantity_lots = min(order.leaves_lots, abs(position.lots))
        self._events.order(EventKind.ORDER_TRIGGERED, Reason.ACK, order)
        self._matching.activate(order, None)
        self._matching.pairs.fired(order)

    def shrink_stop(self, order: Order, lots: int) -> None:
        """Trimming: the stop's total becomes less by `lots`, or it is cancelled when that is all of it."""
        if lots >= order.quantity_lots:
            self._matching.end(order, EventKind.ORDER_CANCELLED, Reason.REJECTED_REDUCE_ONLY)
            return
        order.quantity_lots -= lots
        self._events.order(EventKind.ORDER_RESTATED, Reason.REJECTED_REDUCE_ONLY, order)


def _is_bumped(order: Order) -> bool:
    if order.instrument.speed_bump_ns == 0:
        return False
    return order.order_type == LIMIT or (order.order_type == MARKET and order.instrument.bumps_market)
