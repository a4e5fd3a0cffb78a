"""All state there is: tables, queues, and the few operations that keep them consistent with each other.

Nothing here decides anything; see docs/engine.md for what the words mean. Ids are dict keys, quantities are lots,
prices are ticks. What can be derived is kept only where looking it up would be slow; `snapshot.py` writes none of it.
"""

from __future__ import annotations

from collections import deque

from sortedcontainers import SortedDict, SortedList

from engine.api import EngineLimits, Matcher
from engine.records import (
    NEVER_NS,
    InstrumentFlag,
    InstrumentState,
    OrderFlag,
    OrderState,
    OrderType,
    Scope,
    Side,
    TimeInForce,
    VenueState,
)
from engine.reference.commands import EMPTY_ID, SetInstrument
from engine.reference.rate import Bucket

BUY, SELL = int(Side.BUY), int(Side.SELL)
LIMIT, MARKET, ALO = int(OrderType.LIMIT), int(OrderType.MARKET), int(OrderType.ALO)
STOP_LOSS, TAKE_PROFIT = int(OrderType.STOP_LOSS), int(OrderType.TAKE_PROFIT)
STOPS = (STOP_LOSS, TAKE_PROFIT)
PENDING_NEW, LIVE, UNTRIGGERED = int(OrderState.PENDING_NEW), int(OrderState.LIVE), int(OrderState.UNTRIGGERED)
GTD = int(TimeInForce.GTD)
REDUCE_ONLY = int(OrderFlag.REDUCE_ONLY)


class Party:
    """Firm, desk, trader or account. `lineage[scope]` is the id of the node at that scope, here or above; 0 below."""

    __slots__ = ("lineage", "name", "parent_id", "party_id", "status")

    def __init__(self, party_id: int, scope: int, parent: Party | None) -> None:
        self.party_id = party_id
        self.parent_id = parent.party_id if parent else 0
        self.status = 0
        self.name = bytes(32)
        above = parent.lineage[scope + 1 :] if parent else ()
        self.lineage: tuple[int, ...] = (0,) * scope + (party_id, *above)


class Trader(Party):
    __slots__ = ("cancel", "general", "rate_limit_milli")

    def __init__(self, party_id: int, parent: Party) -> None:
        super().__init__(party_id, Scope.TRADER, parent)
        self.rate_limit_milli = 0
        self.general = Bucket()
        self.cancel = Bucket()


class Account(Party):
    """`orders` are the open ones in the order of their ids. `client_ids` and `pending_ids` are taken: by open orders,
    and by modifies that wait in a speed bump."""

    __slots__ = (
        "above", "client_ids", "open_orders_max", "orders", "pending_ids", "positions", "stp_group", "stp_mode",
        "trader",
    )  # fmt: skip

    def __init__(self, party_id: int, trader: Trader, desk: Party, firm: Party) -> None:
        super().__init__(party_id, Scope.ACCOUNT, trader)
        self.trader = trader
        self.above = (trader, desk, firm)
        self.stp_group = 0
        self.open_orders_max = 0
        self.stp_mode = 0
        self.orders: dict[int, Order] = {}
        self.client_ids: dict[bytes, Order] = {}
        self.pending_ids: set[bytes] = set()
        self.positions: dict[int, Position] = {}


class Session:
    __slots__ = (
        "cod_due_ns", "cod_flags", "cod_grace_ns", "connected", "last_msg_seq_in", "name", "node", "open_orders",
        "parent_id", "party_id", "rights", "scope", "session_seq", "status",
    )  # fmt: skip

    def __init__(self, party_id: int, scope: int, node: Party) -> None:
        self.party_id = party_id
        self.scope = scope
        self.parent_id = node.party_id
        self.node = node
        self.status = 0
        self.name = bytes(32)
        self.rights = 0
        self.connected = 0
        self.cod_flags = 0
        self.cod_grace_ns = 0
        self.cod_due_ns = NEVER_NS
        self.last_msg_seq_in = 0
        self.session_seq = 0
        self.open_orders = 0  # open orders that it entered

    def covers(self, node: Party) -> bool:
        """Is `node` the session's own or below it?"""
        return node.lineage[self.scope] == self.parent_id


class Position:
    """One account in one instrument: signed lots, and the open orders whose quantity depends on them."""

    __slots__ = ("account_id", "in_trim_queue", "instrument_id", "lots", "reduce_only", "stops")

    def __init__(self, account_id: int, instrument_id: int, lots: int = 0) -> None:
        self.account_id = account_id
        self.instrument_id = instrument_id
        self.lots = lots
        self.in_trim_queue = False
        self.reduce_only: dict[int, Order] = {}  # PENDING_NEW and LIVE, stops not among them
        self.stops: dict[int, dict[int, Order]] = {STOP_LOSS: {}, TAKE_PROFIT: {}}  # UNTRIGGERED

    def reduces(self, side: int) -> bool:
        """Would a trade on `side` make the position smaller?"""
        return self.lots > 0 if side == SELL else self.lots < 0


class Instrument:
    __slots__ = (
        "band_ppm",
        "book",
        "bumps_market",
        "config",
        "high_stops",
        "instrument_id",
        "latch_high_ticks",
        "latch_low_ticks",
        "lot_e8",
        "low_stops",
        "mark_ticks",
        "max_price_e8",
        "max_quantity_e8",
        "min_notional_micro",
        "min_price_e8",
        "min_quantity_e8",
        "oracle_price_e8",
        "speed_bump_ns",
        "state",
        "tick_e8",
        "tick_value_micro",
    )  # fmt: skip

    def __init__(self, instrument_id: int, book: Matcher) -> None:
        self.instrument_id = instrument_id
        self.book = book
        self.state = int(InstrumentState.ACTIVE)
        self.mark_ticks = 0
        self.oracle_price_e8 = 0
        self.latch_low_ticks = 0
        self.latch_high_ticks = 0
        # Untriggered stops, the one with the largest distance first: (-trigger, id) of those that fire at or below
        # their trigger, (trigger, id) of those that fire at or above it.
        self.low_stops = SortedList()
        self.high_stops = SortedList()

    def configure(self, config: bytes, fields: SetInstrument) -> None:
        """`config` is the body of the SET_INSTRUMENT in force, byte for byte."""
        self.config = config
        self.tick_e8 = fields.tick_size_e8
        self.lot_e8 = fields.lot_size_e8
        self.tick_value_micro = fields.tick_size_e8 * fields.lot_size_e8 // 10**10
        self.min_price_e8 = fields.min_price_e8
        self.max_price_e8 = fields.max_price_e8
        self.min_quantity_e8 = fields.min_quantity_e8
        self.max_quantity_e8 = fields.max_quantity_e8
        self.min_notional_micro = fields.min_notional_micro
        self.speed_bump_ns = fields.speed_bump_ns
        self.band_ppm = fields.band_ppm
        self.bumps_market = bool(fields.flags_instrument & InstrumentFlag.BUMP_MARKET)

    @property
    def fires_stops(self) -> bool:
        return self.state in (InstrumentState.ACTIVE, InstrumentState.REDUCE_ONLY)

    def highest_in_band_ticks(self) -> int:
        return self.mark_ticks * (1_000_000 + self.band_ppm) // 1_000_000

    def lowest_in_band_ticks(self) -> int:
        return -(-self.mark_ticks * (1_000_000 - self.band_ppm) // 1_000_000)


class Order:
    """An open order, or one that has just ended: its events still need it."""

    __slots__ = (
        "account", "client_order_id", "cum_lots", "display_lots", "expire_ns", "flags", "instrument", "min_lots",
        "order_id", "order_type", "pending", "position", "price_ticks", "quantity_lots", "release_ns", "session_id",
        "shown_lots", "side", "state", "stp_group", "stp_mode", "time_in_force",
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

    @property
    def leaves_lots(self) -> int:
        """Open quantity; 0 once the order is gone."""
        return self.quantity_lots - self.cum_lots if self.state <= UNTRIGGERED else 0

    @property
    def is_stop(self) -> bool:
        return self.order_type >= STOP_LOSS

    @property
    def is_low_stop(self) -> bool:
        """Fires at mark <= trigger: SELL STOP_LOSS, BUY TAKE_PROFIT."""
        return (self.side == SELL) == (self.order_type == STOP_LOSS)


class PendingReplace:
    """A modify in the speed bump. `client_order_id` is as it was sent; empty keeps the order's own."""

    __slots__ = (
        "client_order_id", "msg_seq_in", "order", "price_ticks", "quantity_lots", "release_ns", "seq", "session_id",
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


class State:
    def __init__(self, limits: EngineLimits) -> None:
        self.limits = limits
        self.seq = 0
        self.timestamp_ns = 0
        self.business_date = 0
        self.venue_state = int(VenueState.OPEN)
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
        self.cod_timers = SortedList()  # (due, session id)
        self.trim_queue: deque[Position] = deque()
        self.works: deque[WorkItem] = deque()
        self.cascade_queue: deque[Instrument] = deque()

    def nodes(self, scope: int) -> dict[int, Party]:
        """The table of the nodes of a scope, empty for a scope that is none."""
        tables: dict[int, dict[int, Party]] = {
            Scope.ACCOUNT: self.accounts,
            Scope.TRADER: self.traders,  # type: ignore[dict-item]
            Scope.DESK: self.desks,
            Scope.FIRM: self.firms,
        }
        return tables.get(scope, {})

    @property
    def has_queued_work(self) -> bool:
        return bool(self.trim_queue or self.works or self.cascade_queue)

    def next_due_ns(self) -> int:
        if self.has_queued_work:
            return 0
        due = NEVER_NS
        if self.expiries:
            due = min(due, self.expiries[0][0])
        if self.cod_timers:
            due = min(due, self.cod_timers[0][0])
        if self.releases:
            due = min(due, self.releases.peekitem(0)[0][0])
        return due

    def position_of(self, account: Account, instrument: Instrument) -> Position | None:
        return account.positions.get(instrument.instrument_id)

    def add_position(self, account: Account, instrument_id: int, lots: int = 0) -> Position:
        position = Position(account.party_id, instrument_id, lots)
        account.positions[instrument_id] = position
        self.positions[account.party_id, instrument_id] = position
        return position

    # ---- orders: every table that knows an open order is written here

    def add_order(self, order: Order) -> None:
        """Its state says where it belongs: LIVE, PENDING_NEW (with release_ns) or UNTRIGGERED."""
        account = order.account
        self.orders[order.order_id] = order
        account.orders[order.order_id] = order
        if order.client_order_id[0]:
            account.client_ids[order.client_order_id] = order
        self.sessions[order.session_id].open_orders += 1
        if order.state == UNTRIGGERED:
            self.add_stop(order)
            return
        if order.flags & REDUCE_ONLY:
            order.position.reduce_only[order.order_id] = order
        if order.state == PENDING_NEW:
            self.releases[order.release_ns, order.order_id] = order
        else:
            self._add_expiry(order)

    def remove_order(self, order: Order, was: int) -> None:
        """`was` is the state in which it ended. A modify that waits for it is not touched."""
        account = order.account
        del self.orders[order.order_id]
        del account.orders[order.order_id]
        if order.client_order_id[0]:
            del account.client_ids[order.client_order_id]
        self.sessions[order.session_id].open_orders -= 1
        if was == UNTRIGGERED:
            self.remove_stop(order)
            return
        order.position.reduce_only.pop(order.order_id, None)
        if was == PENDING_NEW:
            del self.releases[order.release_ns, order.order_id]
        elif order.time_in_force == GTD:
            self.expiries.remove((order.expire_ns, order.order_id))

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

    def add_stop(self, order: Order) -> None:
        order.position.stops[order.order_type][order.order_id] = order
        if order.is_low_stop:
            order.instrument.low_stops.add((-order.price_ticks, order.order_id))
        else:
            order.instrument.high_stops.add((order.price_ticks, order.order_id))

    def remove_stop(self, order: Order) -> None:
        del order.position.stops[order.order_type][order.order_id]
        if order.is_low_stop:
            order.instrument.low_stops.remove((-order.price_ticks, order.order_id))
        else:
            order.instrument.high_stops.remove((order.price_ticks, order.order_id))

    def add_pending(self, pending: PendingReplace) -> None:
        pending.order.pending = pending
        self.pending_replaces[pending.seq] = pending
        self.releases[pending.release_ns, pending.seq] = pending
        if pending.client_order_id[0]:
            pending.order.account.pending_ids.add(pending.client_order_id)

    def remove_pending(self, pending: PendingReplace) -> None:
        pending.order.pending = None
        del self.pending_replaces[pending.seq]
        del self.releases[pending.release_ns, pending.seq]
        pending.order.account.pending_ids.discard(pending.client_order_id)
