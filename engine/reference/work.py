"""Bounded work (docs/engine.md section 5): mass cancels, expiries, status snapshots, trims and cascades, a few steps
per command, and TICK, which carries them on."""

from __future__ import annotations

from engine.records import NEVER_NS, EventKind, Reason, Scope, Side, TimeInForce
from engine.reference import checks
from engine.reference.accruals import Accruals
from engine.reference.cascades import next_to_fire
from engine.reference.commands import MassCancel
from engine.reference.constants import LIVE, QUOTE, STOPS, TWAP, order_key
from engine.reference.events import Events
from engine.reference.matching import Matching
from engine.reference.nodes import Account, Party, Position, Session, Trader
from engine.reference.orders import Orders
from engine.reference.parties import Parties
from engine.reference.rate import MASS_CANCEL_WEIGHT_MICRO
from engine.reference.risk_events import RiskEvents
from engine.reference.state import Order, State, WorkItem
from engine.reference.twap import Schedules
from engine.snapshot_records import Work


class Works:
    def __init__(
        self,
        state: State,
        events: Events,
        risk_events: RiskEvents,
        orders: Orders,
        matching: Matching,
        schedules: Schedules,
        parties: Parties,
        accruals: Accruals,
    ) -> None:
        self._state = state
        self._events = events
        self._risk_events = risk_events
        self._orders = orders
        self._matching = matching
        self._schedules = schedules
        self._parties = parties
        self._accruals = accruals
        self._steps = 0  # left for the command at hand

    # ---- TICK

    def tick(self, timestamp_ns: int) -> None:
        """Whatever the budget does not reach waits for the next TICK."""
        self._steps = self._state.limits.work_steps_max
        self._expire_orders(timestamp_ns)
        self._start_cod_timers(timestamp_ns)
        self._release(timestamp_ns)
        self._slice(timestamp_ns)
        self._carry_on()

    def finish_command(self) -> None:
        """The end of a command that found all queues empty: the first part of what it has started."""
        self._steps = self._state.limits.work_steps_max
        self._carry_on()

    def _expire_orders(self, timestamp_ns: int) -> None:
        expiries = self._state.expiries
        while self._steps and expiries and expiries[0][0] <= timestamp_ns:
            self._steps -= 1
            order = self._state.orders[expiries[0][1]]
            self._matching.withdraw(order, EventKind.ORDER_EXPIRED, Reason.EXPIRED)

    def _start_cod_timers(self, timestamp_ns: int) -> None:
        timers = self._state.cod_timers
        while self._steps and timers and timers[0][0] <= timestamp_ns and self._parties.has_room_for_work():
            self._steps -= 1
            session = self._state.sessions[timers[0][1]]
            self._parties.set_cod_timer(session, NEVER_NS)
            self._parties.cancel_on_disconnect(session, self._state.seq, 0)

    def _release(self, timestamp_ns: int) -> None:
        releases = self._state.releases
        while self._steps and releases and releases.peekitem(0)[0][0] <= timestamp_ns:
            self._steps -= 1
            self._orders.release(releases.peekitem(0)[1], timestamp_ns)

    def _slice(self, timestamp_ns: int) -> None:
        slices = self._state.slices
        while self._steps and slices and slices[0][0] <= timestamp_ns:
            self._steps -= 1
            self._schedules.slice(self._state.order_of(slices[0][1]))

    # ---- the three queues

    def _carry_on(self) -> None:
        """Each step is taken from the first queue that is not empty. What needs no step is done without any left."""
        state = self._state
        while state.has_queued_work:
            if state.trim_queue:
                done = self._trim(state.trim_queue[0])
            elif state.works:
                done = self._work(state.works[0])
            else:
                done = self._cascade()
            if not done:
                return

    def _take_step(self) -> bool:
        if self._steps == 0:
            return False
        self._steps -= 1
        return True

    def _trim(self, position: Position) -> bool:
        """One stop that must be changed, or the record leaves the queue. False when no step is left for the former."""
        found = _stop_to_trim(position)
        if found is None:
            self._state.trim_queue.popleft()
            position.in_trim_queue = False
            return True
        if not self._take_step():
            return False
        self._orders.shrink_stop(*found)
        return True

    def _cascade(self) -> bool:
        """Fires the stop with the largest distance of the first instrument, or the instrument leaves the queue."""
        instrument = self._state.cascade_queue[0]
        order = next_to_fire(self._state, instrument)
        if order is None:
            instrument.latch_low_ticks = instrument.latch_high_ticks = 0
            self._state.cascade_queue.popleft()
            return True
        if not self._take_step():
            return False
        self._orders.fire(order)
        return True

    # ---- works

    def _work(self, work: WorkItem) -> bool:
        """As far as the steps reach; nothing that a work does can put something into the trim queue before it."""
        accounts = self._state.accounts
        while True:
            if work.cursor_account_id and not self._visit_orders(work, accounts[work.cursor_account_id]):
                return False
            account = self._next_account(work)
            if account is None:
                self._state.works.popleft()
                self._finish(work)
                return True
            if not self._take_step():
                return False
            work.cursor_account_id, work.cursor_order_id = account.party_id, 0
            if work.work == Work.ACCOUNT_STATUS:
                self._tell_account(work, account)

    def _visit_orders(self, work: WorkItem, account: Account) -> bool:
        """The rest of one account's orders. False when the steps ran out before its end."""
        if work.work == Work.ACCOUNT_STATUS:
            return True
        last = order_key(work.cursor_order_id)
        for order_id in [i for i in account.orders if last < order_key(i) < (work.seq, 0)]:
            if not self._take_step():
                return False
            work.cursor_order_id = order_id
            order = account.orders[order_id]
            if _covers(work, order):
                work.affected_count += 1
                self._do(work, order)
        return True

    def _next_account(self, work: WorkItem) -> Account | None:
        scope, target_id = work.scope, work.target_id
        if scope == Scope.SESSION:
            session = self._state.sessions[target_id]
            scope, target_id = session.node_scope, session.parent_id
        for account_id in self._state.accounts.irange(work.cursor_account_id, inclusive=(False, False)):
            account: Account = self._state.accounts[account_id]
            if scope == Scope.VENUE or account.lineage[scope] == target_id:
                return account
        return None

    def _tell_account(self, work: WorkItem, account: Account) -> None:
        """An account and its positions that are not flat."""
        self._accruals.settle(account)
        before = self._events.answer_to(0, 0)
        self._risk_events.account_status(account, work.session_id)
        work.affected_count += 1
        for _, position in sorted(account.positions.items()):
            if position.lots:
                self._risk_events.position_status(position, work.session_id)
        self._events.answer_to(*before)

    def _do(self, work: WorkItem, order: Order) -> None:
        if work.work == Work.ORDER_STATUS:
            before = self._events.answer_to(0, 0)
            shown = order.shown_lots if order.state == LIVE else 0
            self._events.order(EventKind.ORDER_STATUS, Reason.ACK, order, to=work.session_id, display_lots=shown)
            self._events.answer_to(*before)
        elif work.work == Work.EXPIRE_DAY:
            self._matching.withdraw(order, EventKind.ORDER_EXPIRED, Reason.EXPIRED)
        else:
            self._matching.withdraw(order, EventKind.ORDER_CANCELLED, Reason(work.reason))

    def _finish(self, work: WorkItem) -> None:
        events = self._events
        if work.work == Work.MASS_CANCEL:
            reason = Reason.CANCELLED_KILL if work.reason == Reason.CANCELLED_KILL else Reason.ACK
            events.mass_done(EventKind.MASS_CANCEL_DONE, reason, work, work.scope, work.target_id)
        elif work.work == Work.CANCEL_ON_DISCONNECT:
            reason, scope = Reason.CANCELLED_DISCONNECT, int(Scope.SESSION)
            events.mass_done(EventKind.MASS_CANCEL_DONE, reason, work, scope, work.session_id)
        elif work.work == Work.QUOTE_CANCEL:
            events.mass_done(EventKind.QUOTE_CANCELLED, Reason.ACK, work, work.scope, work.target_id)
        elif work.work == Work.ORDER_STATUS:
            events.status_end(EventKind.ORDER_STATUS_END, work, self._state.sessions[work.session_id].node)
        elif work.work == Work.ACCOUNT_STATUS:
            events.status_end(EventKind.ACCOUNT_STATUS_END, work, self._state.sessions[work.session_id].node)

    # ---- MASS_CANCEL

    def mass_cancel(self, request: MassCancel) -> None:
        reason = self._check_mass_cancel(request)
        if reason:
            self._events.mass_rejected(reason, request)
            return
        cause = Reason.CANCELLED if request.session_id else Reason.CANCELLED_ADMIN
        work = WorkItem(Work.MASS_CANCEL, request.seq, request.session_id, request.msg_seq_in, cause)
        work.scope, work.target_id = request.scope, request.target_id
        work.instrument_id, work.side = request.instrument_id, request.side
        work.client_order_id = request.client_order_id
        self._state.works.append(work)

    def _check_mass_cancel(self, request: MassCancel) -> Reason:
        if not Scope.SESSION <= request.scope <= Scope.VENUE or request.side > Side.SELL:
            return Reason.INVALID_PARAMETER
        target = self._target(request)
        reason = self._may_mass_cancel(request, target)
        if reason:
            return reason
        trader = self._trader_of(target)
        if request.session_id and trader is not None:
            reason, _ = checks.take_rate(trader, trader.cancel, MASS_CANCEL_WEIGHT_MICRO, request.timestamp_ns)
            if reason:
                return reason
        if request.instrument_id and request.instrument_id not in self._state.instruments:
            return Reason.BAD_SYMBOL
        return Reason.ACK if self._parties.has_room_for_work() else Reason.REJECTED_CAPACITY

    def _target(self, request: MassCancel) -> Party | Session | None:
        if request.scope == Scope.SESSION:
            return self._state.sessions.get(request.target_id)
        return self._state.nodes(request.scope).get(request.target_id)

    def _may_mass_cancel(self, request: MassCancel, target: Party | Session | None) -> Reason:
        if request.session_id == 0:
            return Reason.ACK if target is not None or request.scope == Scope.VENUE else Reason.UNKNOWN_PARTY
        session = self._state.sessions.get(request.session_id)
        if session is None or target is None or not checks.may_cancel_at_all(session):
            return Reason.PERMISSION_DENIED
        covered = target is session if isinstance(target, Session) else session.covers(target)
        return Reason.ACK if covered else Reason.PERMISSION_DENIED

    def _trader_of(self, target: Party | Session | None) -> Trader | None:
        """The trader whose bucket pays: that of an account, of a trader, or of a session bound to one of the two."""
        node = target.node if isinstance(target, Session) else target
        return self._state.traders.get(node.lineage[Scope.TRADER]) if node is not None else None


def _covers(work: WorkItem, order: Order) -> bool:
    """Does the work do something with this order?"""
    if work.work == Work.ORDER_STATUS:
        return True
    if work.work == Work.EXPIRE_DAY:
        return order.time_in_force == TimeInForce.DAY
    if work.work == Work.CANCEL_ON_DISCONNECT and (order.is_stop or order.order_type == TWAP):
        return False
    if work.work == Work.QUOTE_CANCEL and not order.flags & QUOTE:
        return False
    if work.scope == Scope.SESSION and order.session_id != work.target_id:
        return False
    return checks.matches(order, work.instrument_id, work.side)


def _stop_to_trim(position: Position) -> tuple[Order, int] | None:
    """The youngest stop that must be changed, STOP_LOSS first, and by how many lots."""
    for order_type in STOPS:
        stops = position.stops[order_type]
        excess = sum(order.quantity_lots for order in stops.values()) - abs(position.lots)
        for order_id in sorted(stops, key=order_key, reverse=True):
            order = stops[order_id]
            if not position.reduces(order.side):
                return order, order.quantity_lots
            if excess > 0:
                return order, min(excess, order.quantity_lots)
    return None
