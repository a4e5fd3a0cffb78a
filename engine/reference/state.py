"""All state there is: tables, queues, and the few operations that keep them consistent with each other.

Nothing here decides anything; see docs/engine.md and docs/risk.md for what the words mean. Ids are dict keys,
quantities are lots, prices are ticks. What can be derived is kept only where looking it up would be slow;
`snapshot.py` writes none of it. Nodes are in `nodes.py`, instruments in `instruments.py`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from sortedcontainers import SortedDict, SortedList

from engine.api import EngineLimits
from engine.records import NEVER_NS, NodeFlag, Scope, VenueState
from engine.reference import exposures
from engine.reference.commands import EMPTY_ID
from engine.reference.constants import (
    GTD,
    LIVE,
    PENDING_NEW,
    QUOTE,
    REDUCE_ONLY,
    SELL,
    STOP_LOSS,
    STOPS,
    TWAP,
    UNTRIGGERED,
    numbered,
    order_key,
)
from engine.reference.instruments import Instrument
from engine.reference.nodes import Account, Limited, Party, Position, Session, Trader
from engine.reference.venue import Accrual, Calendar, Ranking, VenueRisk

if TYPE_CHECKING:
    from engine.reference.limits import Verdict


class Order:
    """An open order, or one that has just ended: its events still need it."""

    __slots__ = (
        "account", "arms", "client_order_id", "cum_lots", "display_lots", "edge_ticks", "expire_ns", "fee_tier",
        "flags", "instrument", "interval_ns", "kept_lots", "kept_value", "min_lots", "next_ns", "order_id",
        "order_type", "pending", "position", "price_ticks", "quantity_lots", "release_ns", "session_id", "shown_lots",
        "side", "sliced", "slices", "state", "stop_loss_ticks", "stp_group", "stp_mode", "take_profit_ticks",
        "time_in_force",
    )  # fmt: skip

    def __init__(
        self, order_id: int, session_id: int, account: Account, instrument: Instrument, position: Position
    ) -> None:
        self.order_id = order_id
        self.session_id = session_id
        self.account = account
        self.instrument = instrument
        self.position = position
        self.client_order_id = EMPTY_ID
        self.price_ticks = 0
        self.quantity_lots = 0
        self.cum_lots = 0
        self.display_lots = 0
        self.min_lots = 0
        self.shown_lots = 0  # on the book, as of the matcher's last report
        self.expire_ns = 0
        self.release_ns = 0
        self.side = 0
        self.order_type = 0
        self.time_in_force = 0
        self.stp_group = 0
        self.stp_mode = 0
        self.flags = 0
        self.state = LIVE
        self.pending: PendingReplace | None = None
        self.fee_tier = account.fee_tier
        self.take_profit_ticks = 0  # attached pair, 0 = none
        self.stop_loss_ticks = 0
        self.arms = 0  # pairs made so far
        self.edge_ticks = 0  # MARKET: the price at which its margin was checked
        self.slices = 0  # TWAP: how many, and how many were sent
        self.sliced = 0
        self.interval_ns = 0
        self.next_ns = 0
        self.kept_lots = 0  # what it adds to the exposure of its side (exposures.keep)
        self.kept_value = 0

    @property
    def leaves_lots(self) -> int:
        """Open quantity; 0 once the order is gone."""
        return self.quantity_lots - self.cum_lots if self.state <= UNTRIGGERED else 0

    @property
    def is_stop(self) -> bool:
        return self.order_type in STOPS

    @property
    def is_low_stop(self) -> bool:
        """Fires at mark <= trigger: SELL STOP_LOSS, BUY TAKE_PROFIT."""
        return (self.side == SELL) == (self.order_type == STOP_LOSS)


class PendingReplace:
    """A modify in the speed bump. `client_order_id` is as it was sent; empty keeps the order's own."""

    __slots__ = (
        "client_order_id", "msg_seq_in", "order", "price_ticks", "quantity_lots", "release_ns", "seq", "session_id",
        "stop_loss_ticks", "take_profit_ticks",
    )  # fmt: skip

    def __init__(self, seq: int, order: Order, release_ns: int, price_ticks: int, quantity_lots: int) -> None:
        self.seq = seq
        self.order = order
        self.release_ns = release_ns
        self.price_ticks = price_ticks
        self.quantity_lots = quantity_lots
        self.client_order_id = EMPTY_ID
        self.session_id = 0
        self.msg_seq_in = 0
        self.take_profit_ticks = 0
        self.stop_loss_ticks = 0


class WorkItem:
    """Bounded work under way; fields as in snapshot_records.SNAP_WORK."""

    __slots__ = (
        "affected_count", "client_order_id", "cursor_account_id", "cursor_order_id", "instrument_id", "msg_seq_in",
        "reason", "scope", "seq", "session_id", "side", "target_id", "work",
    )  # fmt: skip

    def __init__(self, work: int, seq: int, session_id: int, msg_seq_in: int, reason: int) -> None:
        self.work = work
        self.seq = seq
        self.session_id = session_id
        self.msg_seq_in = msg_seq_in
        self.reason = reason
        self.affected_count = 0
        self.cursor_account_id = 0
        self.cursor_order_id = 0
        self.scope = 0
        self.target_id = 0
        self.instrument_id = 0
        self.side = 0
        self.client_order_id = EMPTY_ID


class Observer(Protocol):
    """Watches what the checks compare (`explain.py`); it changes nothing."""

    def new_verdict(self) -> Verdict:
        """Before the checks of an order or message."""

    def liquidation(self, account: Account, stage: int) -> None:
        """Before a LIQUIDATION event of an account."""


class State:
    def __init__(self, limits: EngineLimits) -> None:
        self.limits = limits
        self.observer: Observer | None = None
        self.seq = 0
        self.timestamp_ns = 0
        self.business_date = 0
        self.venue_state = int(VenueState.OPEN)
        self.venue = Party(0, Scope.VENUE, None)
        self.brokers: dict[int, Party] = {}
        self.firms: dict[int, Party] = {}
        self.desks: dict[int, Party] = {}
        self.traders: dict[int, Trader] = {}
        self.accounts: SortedDict = SortedDict()  # id -> Account; works visit them in ascending order
        self.sessions: dict[int, Session] = {}
        self.instruments: dict[int, Instrument] = {}
        self.positions: dict[tuple[int, int], Position] = {}
        self.orders: dict[int, Order] = {}
        self.pending_replaces: dict[int, PendingReplace] = {}
        self.releases: SortedDict = SortedDict()  # (due, seq) -> Order or PendingReplace in the speed bump
        self.expiries = SortedList()  # (expire_ns, order id) of LIVE GTD orders
        self.slices = SortedList()  # (next_ns, order key) of TWAPs
        self.cod_timers = SortedList()  # (due, session id)
        self.trim_queue: deque[Position] = deque()
        self.works: deque[WorkItem] = deque()
        self.cascade_queue: deque[Instrument] = deque()
        self._start_risk()

    def _start_risk(self) -> None:
        self.risk = VenueRisk()
        self.accrual = Accrual()
        self.ranking = Ranking()
        self.calendars: dict[int, Calendar] = {}
        self.feeds: SortedDict = SortedDict()  # id -> Feed
        self.fees: SortedDict = SortedDict()  # (instrument id, tier) -> (maker, taker) e8
        self.rows: SortedDict = SortedDict()  # LimitRow.key -> LimitRow
        self.monitors: SortedDict = SortedDict()  # those of DAILY_LOSS and DRAWDOWN
        self.transfers: SortedDict = SortedDict()  # id -> TransferRow
        self.holders: SortedDict = SortedDict()  # id -> Account with a position that is not flat
        self.touched: deque[Account] = deque()
        self.protections = 0  # positions with market-maker protection
        self.venue_orders = 0  # made by the command at hand

    def nodes(self, scope: int) -> dict[int, Party]:
        """The table of the nodes of a scope, empty for a scope that is none."""
        tables: dict[int, dict[int, Party]] = {
            Scope.ACCOUNT: self.accounts,
            Scope.TRADER: self.traders,  # type: ignore[dict-item]
            Scope.DESK: self.desks,
            Scope.FIRM: self.firms,
            Scope.BROKER: self.brokers,
        }
        return tables.get(scope, {})

    def limited(self, scope: int, node_id: int) -> Limited | None:
        """A node or session by scope and id; the venue has id 0."""
        if scope == Scope.VENUE:
            return self.venue if node_id == 0 else None
        if scope == Scope.SESSION:
            return self.sessions.get(node_id)
        return self.nodes(scope).get(node_id)

    @property
    def has_money(self) -> bool:
        return self.risk.has_money

    @property
    def has_queued_work(self) -> bool:
        return bool(self.trim_queue or self.works or self.cascade_queue)

    @property
    def has_risk_work(self) -> bool:
        risk = self.risk
        return bool(self.touched or self.accrual.kind or risk.pass_active or risk.monitors_active)

    def next_due_ns(self) -> int:
        if self.has_queued_work or self.has_risk_work:
            return 0
        due = NEVER_NS
        for timers in (self.expiries, self.cod_timers, self.slices):
            if timers:
                due = min(due, timers[0][0])
        if self.releases:
            due = min(due, self.releases.peekitem(0)[0][0])
        return due

    def add_position(self, account: Account, instrument_id: int) -> Position:
        position = Position(account, instrument_id)
        account.positions[instrument_id] = position
        account.exposures[instrument_id] = position
        self.positions[account.party_id, instrument_id] = position
        return position

    def position_for(self, account: Account, instrument_id: int) -> Position | None:
        """The record, made when there is none; None when the table is full."""
        position = account.positions.get(instrument_id)
        if position is None and len(self.positions) < self.limits.positions_max:
            position = self.add_position(account, instrument_id)
        return position

    def touch(self, account: Account) -> None:
        """Its margin is looked at before the risk work of this command, or of a later TICK, is over."""
        if self.has_money and not account.is_touched:
            account.is_touched = True
            self.touched.append(account)

    def flag(self, node: Limited, flags: NodeFlag | int) -> None:
        node.flags = int(flags)

    # ---- orders: every table that knows an open order is written here

    def add_order(self, order: Order) -> None:
        """Its state says where it belongs: LIVE, PENDING_NEW (with release_ns) or UNTRIGGERED."""
        account = order.account
        self.orders[order.order_id] = order
        self._enlist(order)
        if order.client_order_id[0]:
            account.client_ids[order.client_order_id] = order
        self._count(order, 1)
        if order.flags & QUOTE:
            order.position.quotes[order.side] = order
        if order.order_type == TWAP:
            self.slices.add((order.next_ns, order_key(order.order_id)))
        elif order.state == UNTRIGGERED:
            self.add_stop(order)
        else:
            if order.flags & REDUCE_ONLY:
                order.position.reduce_only[order.order_id] = order
            if order.state == PENDING_NEW:
                self.releases[order.release_ns, order.order_id] = order
            else:
                self._add_expiry(order)
        exposures.keep(order)

    def _enlist(self, order: Order) -> None:
        """Into the account's orders, by order key. An attached stop may have to go between its elders."""
        orders = order.account.orders
        if orders and order_key(next(reversed(orders))) > order_key(order.order_id):
            later = [o for key, o in orders.items() if order_key(key) > order_key(order.order_id)]
            for other in later:
                del orders[other.order_id]
            orders[order.order_id] = order
            orders.update((other.order_id, other) for other in later)
        else:
            orders[order.order_id] = order

    def _count(self, order: Order, by: int) -> None:
        for node in order.account.path:
            node.open_orders += by
        order.position.open_orders += by
        order.instrument.open_orders += by
        session = self.sessions.get(order.session_id)
        if session is not None:
            session.open_orders += by

    def remove_order(self, order: Order, was: int) -> None:
        """`was` is the state in which it ended. A modify that waits for it is not touched."""
        account = order.account
        del self.orders[order.order_id]
        del account.orders[order.order_id]
        if order.client_order_id[0]:
            del account.client_ids[order.client_order_id]
        self._count(order, -1)
        if order.flags & QUOTE:
            del order.position.quotes[order.side]
        if order.order_type == TWAP:
            self.slices.remove((order.next_ns, order_key(order.order_id)))
        elif was == UNTRIGGERED:
            self.remove_stop(order)
        else:
            order.position.reduce_only.pop(order.order_id, None)
            if was == PENDING_NEW:
                del self.releases[order.release_ns, order.order_id]
            elif order.time_in_force == GTD:
                self.expiries.remove((order.expire_ns, order.order_id))
        exposures.keep(order)

    def make_live(self, order: Order) -> None:
        """PENDING_NEW to LIVE."""
        del self.releases[order.release_ns, order.order_id]
        order.release_ns = 0
        order.state = LIVE
        self._add_expiry(order)

    def _add_expiry(self, order: Order) -> None:
        if order.time_in_force == GTD:
            self.expiries.add((order.expire_ns, order.order_id))

    def rename_order(self, order: Order, client_order_id: bytes) -> None:
        if client_order_id == order.client_order_id:
            return
        if order.client_order_id[0]:
            del order.account.client_ids[order.client_order_id]
        order.client_order_id = client_order_id
        order.account.client_ids[client_order_id] = order

    def move_slice(self, order: Order, next_ns: int) -> None:
        self.slices.remove((order.next_ns, order_key(order.order_id)))
        order.next_ns = next_ns
        self.slices.add((order.next_ns, order_key(order.order_id)))

    def add_stop(self, order: Order) -> None:
        order.position.stops[order.order_type][order.order_id] = order
        stops, trigger = _stops_of(order)
        stops.add((trigger, order_key(order.order_id)))

    def remove_stop(self, order: Order) -> None:
        del order.position.stops[order.order_type][order.order_id]
        stops, trigger = _stops_of(order)
        stops.remove((trigger, order_key(order.order_id)))

    def order_of(self, key: tuple[int, int]) -> Order:
        """By order key."""
        return self.orders[numbered(*key)]

    def add_pending(self, pending: PendingReplace) -> None:
        pending.order.pending = pending
        self.pending_replaces[pending.seq] = pending
        self.releases[pending.release_ns, pending.seq] = pending
        if pending.client_order_id[0]:
            pending.order.account.pending_ids.add(pending.client_order_id)
        exposures.keep(pending.order)

    def remove_pending(self, pending: PendingReplace) -> None:
        pending.order.pending = None
        del self.pending_replaces[pending.seq]
        del self.releases[pending.release_ns, pending.seq]
        pending.order.account.pending_ids.discard(pending.client_order_id)
        exposures.keep(pending.order)


def _stops_of(order: Order) -> tuple[SortedList, int]:
    """The list that an untriggered stop stands in, and its trigger as the list sorts it."""
    if order.is_low_stop:
        return order.instrument.low_stops, -order.price_ticks
    return order.instrument.high_stops, order.price_ticks
