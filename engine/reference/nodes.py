"""The tree of parties (broker > firm > desk > trader > account), sessions, and what each of them is exposed to.

A node counts for itself and everything below it: cash, open orders, and per instrument an `Exposure`. Each change is
made once, along the account's path, so that a check at any level reads one record. Nothing here decides anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.records import NEVER_NS, NodeFlag, Scope
from engine.reference.constants import SELL, STOP_LOSS, TAKE_PROFIT
from engine.reference.rate import Bucket

if TYPE_CHECKING:
    from engine.reference.quotes import Protection
    from engine.reference.state import Order

LEVELS = 8  # lineage is indexed by Scope up to BROKER


class Exposure:
    """A node in one instrument: signed position and its cost, and the working orders that are not reduce-only."""

    __slots__ = ("ask_lots", "ask_value", "bid_lots", "bid_value", "cost", "lots")

    def __init__(self) -> None:
        self.lots = 0
        self.cost = 0  # ticks x lots, signed like lots; 0 while the venue has no money
        self.bid_lots = 0
        self.ask_lots = 0
        self.bid_value = 0  # ticks x lots
        self.ask_value = 0


class LimitRow:
    """One limit of a node; `base` and `peak` are its counters (snapshot_records.SNAP_LIMIT)."""

    __slots__ = (
        "action", "base", "date", "flags", "kind", "node_id", "owner", "parameter", "peak", "scope", "soft_ppm",
        "target", "target_id", "tripped", "value", "warned",
    )  # fmt: skip

    def __init__(self, scope: int, node_id: int, kind: int, target: int, target_id: int, owner: int) -> None:
        self.scope = scope
        self.node_id = node_id
        self.kind = kind
        self.target = target
        self.target_id = target_id
        self.owner = owner
        self.value = 0
        self.parameter = 0
        self.soft_ppm = 0
        self.flags = 0
        self.action = 0
        self.warned = 0
        self.tripped = 0
        self.date = 0
        self.base = 0
        self.peak = 0

    @property
    def key(self) -> tuple[int, ...]:
        return self.scope, self.node_id, self.kind, self.target, self.target_id, self.owner


class Limited:
    """What limits and kill switches need of a node or session. `limits` holds rows by kind, each list in key order."""

    __slots__ = ("flags", "limits", "open_orders", "party_id", "scope")

    def __init__(self, scope: int, party_id: int) -> None:
        self.scope = scope
        self.party_id = party_id
        self.flags = 0  # NodeFlag
        self.limits: dict[int, list[LimitRow]] = {}
        self.open_orders = 0

    @property
    def is_killed(self) -> bool:
        return bool(self.flags & NodeFlag.KILLED)


class Party(Limited):
    """Venue, broker, firm, desk, trader or account. `lineage[scope]` is the id of the node at that scope, here or
    above; 0 below, and where there is none."""

    __slots__ = ("balance_micro", "exposures", "lineage", "name", "open_notional_micro", "parent_id", "status")

    def __init__(self, party_id: int, scope: int, parent: Party | None) -> None:
        super().__init__(scope, party_id)
        self.parent_id = parent.party_id if parent else 0
        self.status = 0
        self.name = bytes(32)
        above = parent.lineage[scope + 1 :] if parent else (0,) * (LEVELS - scope - 1)
        self.lineage: tuple[int, ...] = (0,) * scope + (party_id, *above)
        self.balance_micro = 0
        self.open_notional_micro = 0  # of working orders that are not reduce-only
        self.exposures: dict[int, Exposure] = {}

    @property
    def ids(self) -> tuple[int, ...]:
        """Account, trader, desk and firm as event headers carry them."""
        return self.lineage[Scope.ACCOUNT : Scope.VENUE]

    def exposure(self, instrument_id: int) -> Exposure:
        found = self.exposures.get(instrument_id)
        if found is None:
            found = self.exposures[instrument_id] = Exposure()
        return found


class Trader(Party):
    __slots__ = ("cancel", "general", "rate_limit_milli")

    def __init__(self, party_id: int, parent: Party) -> None:
        super().__init__(party_id, Scope.TRADER, parent)
        self.rate_limit_milli = 0
        self.general = Bucket()
        self.cancel = Bucket()


class OrderRun:
    """Identical orders in a row (LimitKind.REPEATED_ORDERS)."""

    __slots__ = ("count", "instrument_id", "price_e8", "quantity_e8", "side", "start_ns")

    def __init__(self) -> None:
        self.count = 0
        self.start_ns = 0
        self.instrument_id = 0
        self.side = 0
        self.price_e8 = 0
        self.quantity_e8 = 0


class Account(Party):
    """`orders` are the open ones by `order_key`, ascending. `client_ids` and `pending_ids` are taken: by open orders,
    and by modifies that wait in a speed bump. `path` is the account and every node above it, the venue last."""

    __slots__ = (
        "above",
        "account_flags",
        "client_ids",
        "deposits_micro",
        "dlp_notional_max_micro",
        "epoch",
        "fee_tier",
        "fees_micro",
        "funding_micro",
        "held",
        "hold_micro",
        "home_session_id",
        "in_deficit",
        "is_touched",
        "margin_called",
        "open_orders_max",
        "orders",
        "path",
        "pending_ids",
        "positions",
        "realised_micro",
        "rewards_micro",
        "run",
        "settled_micro",
        "stage",
        "stp_group",
        "stp_mode",
        "swept",
        "trader",
    )  # fmt: skip

    def __init__(self, party_id: int, trader: Trader, above: tuple[Party, ...], venue: Party) -> None:
        """`above`: trader, desk, firm, and the firm's broker if it has one."""
        super().__init__(party_id, Scope.ACCOUNT, trader)
        self.trader = trader
        self.above = above
        self.path: tuple[Party, ...] = (self, *above, venue)
        self.stp_group = 0
        self.open_orders_max = 0
        self.stp_mode = 0
        self.orders: dict[int, Order] = {}
        self.client_ids: dict[bytes, Order] = {}
        self.pending_ids: set[bytes] = set()
        self.positions: dict[int, Position] = {}
        self.held = 0  # positions that are not flat
        self.home_session_id = 0
        self.account_flags = 0
        self.dlp_notional_max_micro = 0
        self.fee_tier = 0
        self.stage = 0  # LiquidationStage
        self.margin_called = 0
        self.in_deficit = 0
        self.swept = 0
        self.is_touched = False
        self.epoch = 0  # accruals up to this one are booked
        self.deposits_micro = 0
        self.realised_micro = 0
        self.funding_micro = 0
        self.fees_micro = 0  # + is paid
        self.rewards_micro = 0
        self.settled_micro = 0  # with the reserve, in liquidations; and a liquidity provider's fees
        self.hold_micro = 0  # withdrawals in flight, already taken off deposits_micro
        self.run = OrderRun()


class Position(Exposure):
    """One account in one instrument, and the open orders whose quantity depends on it."""

    __slots__ = (
        "account", "funding_micro", "in_trim_queue", "instrument_id", "leverage", "open_orders", "protection", "quotes",
        "realised_micro", "reduce_only", "slice_pulse", "stops", "tried_pulse",
    )  # fmt: skip

    def __init__(self, account: Account, instrument_id: int) -> None:
        super().__init__()
        self.account = account
        self.instrument_id = instrument_id
        self.in_trim_queue = False
        self.reduce_only: dict[int, Order] = {}  # PENDING_NEW and LIVE, stops not among them
        self.stops: dict[int, dict[int, Order]] = {STOP_LOSS: {}, TAKE_PROFIT: {}}  # UNTRIGGERED
        self.quotes: dict[int, Order] = {}  # by side
        self.protection: Protection | None = None
        self.open_orders = 0
        self.leverage = 0  # 0 = the instrument's default
        self.realised_micro = 0
        self.funding_micro = 0
        self.slice_pulse = 0  # 1 + pulses at its last liquidation slice; 0 = none
        self.tried_pulse = 0  # likewise, when it was offered in a takeover or nobody was left to deleverage

    @property
    def account_id(self) -> int:
        return self.account.party_id

    def reduces(self, side: int) -> bool:
        """Would a trade on `side` make the position smaller?"""
        return self.lots > 0 if side == SELL else self.lots < 0


class Session(Limited):
    __slots__ = (
        "cod_due_ns", "cod_flags", "cod_grace_ns", "connected", "last_msg_seq_in", "name", "node", "node_scope",
        "parent_id", "rights", "session_seq", "status",
    )  # fmt: skip

    def __init__(self, party_id: int, node_scope: int, node: Party) -> None:
        super().__init__(Scope.SESSION, party_id)
        self.node_scope = node_scope
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

    def covers(self, node: Party) -> bool:
        """Is `node` the session's own or below it?"""
        return node.lineage[self.node_scope] == self.parent_id
