"""The book of one instrument in plain Python: `PriceTimeBook` and `ProRataBook`.

Both have the `engine.api.Matcher` protocol and follow docs/matchers.md rule by rule; the numbers in comments are
that page's. They serve the reference engine, stand beside the compiled matchers in differential tests, and may run
inside the compiled engine. They never see accounts, money or time.

A side is a SortedDict from a key to a level, lowest key first: the price of an ask, the negated price of a bid. So
"best first" is "first", and "within the limit" is `key <= limit_key` on either side. A level is a dict from order id to
order; a dict keeps the order of insertion, which is time priority.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from sortedcontainers import SortedDict

from engine.api import MatcherConfig, MatchOp, MatchReport, ReduceCap
from engine.records import Side, StpMode
from engine.snapshot_records import MATCHER_SNAPSHOT_ROW

BUY = int(Side.BUY)
SELL = int(Side.SELL)
REDUCE_ONLY_FLAG = 1


class Execution(IntEnum):
    """`pg_op.execution`."""

    REST = 1
    POST_ONLY = 2
    IOC = 3
    FOK = 4


class ReportKind(IntEnum):
    """`pg_report.kind`."""

    RESTED = 1
    FILL = 2
    CANCELLED = 3
    REPLACED = 4
    REDUCED = 5
    REFUSED = 6


class ReportReason(IntEnum):
    """`pg_report.reason`."""

    ASKED = 0
    STP = 1
    IOC_REST = 2
    FOK_KILLED = 3
    MIN_KILLED = 4
    SWEEP_LIMIT = 5
    REDUCE_LIMIT = 6
    WOULD_CROSS = 7
    UNKNOWN_ORDER = 8
    NO_CAPACITY = 9


# Plain ints: comparing and storing an IntEnum member costs several times as much.
_POST_ONLY, _IOC, _FOK = int(Execution.POST_ONLY), int(Execution.IOC), int(Execution.FOK)
_RESTED, _FILL, _CANCELLED = int(ReportKind.RESTED), int(ReportKind.FILL), int(ReportKind.CANCELLED)
_REPLACED, _REDUCED, _REFUSED = int(ReportKind.REPLACED), int(ReportKind.REDUCED), int(ReportKind.REFUSED)
_STP, _REDUCE_LIMIT, _SWEEP_LIMIT = int(ReportReason.STP), int(ReportReason.REDUCE_LIMIT), int(ReportReason.SWEEP_LIMIT)
_CANCEL_PASSIVE, _CANCEL_AGGRESSOR = int(StpMode.CANCEL_PASSIVE), int(StpMode.CANCEL_AGGRESSOR)
_CANCEL_BOTH = int(StpMode.CANCEL_BOTH)


class Resting:
    """An order on the book: `shown_lots` is what is left of the slice now shown, `leaves_lots` all that is open."""

    __slots__ = (
        "display_lots", "flags", "key", "leaves_lots", "order_id", "owner", "price_ticks", "shown_lots", "side",
        "stp_group",
    )  # fmt: skip

    def __init__(self, op: MatchOp, leaves_lots: int) -> None:
        self.order_id = op.order_id
        self.side = op.side
        self.price_ticks = op.price_ticks
        self.key = op.price_ticks if op.side == SELL else -op.price_ticks
        self.leaves_lots = leaves_lots
        self.display_lots = op.display_lots
        self.shown_lots = min(op.display_lots, leaves_lots) if op.display_lots else leaves_lots
        self.owner = op.owner
        self.stp_group = op.stp_group
        self.flags = op.flags


Level = dict[int, Resting]


class Sweep:
    """One op on its way through the opposite side: what it still wants and what it has caused (rule 7)."""

    __slots__ = ("fills", "leaves_lots", "limit_key", "op", "removals", "reports")

    def __init__(self, op: MatchOp, reports: list[MatchReport]) -> None:
        self.op = op
        self.limit_key = op.price_ticks if op.side == BUY else -op.price_ticks
        self.leaves_lots = op.leaves_lots
        self.fills = 0
        self.removals = 0
        self.reports = reports

    def kill(self, reason: int) -> None:
        """The op's rest is cancelled."""
        op, lots = self.op, self.leaves_lots
        self.reports.append(MatchReport(op.order_id, _CANCELLED, reason, op.price_ticks, lots, 0, 0, 0, op.owner))
        self.leaves_lots = 0


class Book:
    """What both matchers share; a subclass says how an op trades with a side and how far FOK and min_lots look."""

    def __init__(self, config: MatcherConfig, reduce_cap: ReduceCap) -> None:
        self.config = config
        self._reduce_cap = reduce_cap
        self._orders: dict[int, Resting] = {}
        self._sides = (SortedDict(), SortedDict(), SortedDict())  # by Side; [0] is unused

    # ---- the calls of engine.api.Matcher

    def place(self, op: MatchOp) -> list[MatchReport]:
        if op.execution == _POST_ONLY and self._crosses(op.side, op.price_ticks):
            return [_refusal(op, ReportReason.WOULD_CROSS)]
        if op.execution <= _POST_ONLY and len(self._orders) >= self.config.orders_max:
            return [_refusal(op, ReportReason.NO_CAPACITY)]
        reports: list[MatchReport] = []
        if op.execution == _FOK:
            wanted, killed = op.leaves_lots, ReportReason.FOK_KILLED
        else:
            wanted, killed = op.min_lots, ReportReason.MIN_KILLED
        if wanted and op.execution >= _IOC and not self._reaches(op, wanted):
            Sweep(op, reports).kill(killed)
            return reports
        self._take(op, reports)
        return reports

    def cancel(self, order_id: int) -> list[MatchReport]:
        order = self._orders.get(order_id)
        if order is None:
            return [MatchReport(order_id, _REFUSED, int(ReportReason.UNKNOWN_ORDER))]
        self._remove(order)
        return [MatchReport(order_id, _CANCELLED, 0, order.price_ticks, order.leaves_lots, 0, 0, 0, order.owner)]

    def replace(self, op: MatchOp) -> list[MatchReport]:
        order = self._orders.get(op.order_id)
        if order is None:
            return [_refusal(op, ReportReason.UNKNOWN_ORDER)]
        if op.price_ticks == order.price_ticks and op.leaves_lots <= order.leaves_lots:  # rule 9, in place
            order.leaves_lots = op.leaves_lots
            order.shown_lots = min(order.shown_lots, op.leaves_lots)
            shown = order.shown_lots
            return [MatchReport(op.order_id, _REPLACED, 0, op.price_ticks, 0, op.leaves_lots, shown, 0, order.owner)]
        if op.execution == _POST_ONLY and self._crosses(order.side, op.price_ticks):
            return [_refusal(op, ReportReason.WOULD_CROSS)]
        self._remove(order)
        reports = [MatchReport(op.order_id, _REPLACED, 0, op.price_ticks, 0, op.leaves_lots, 0, 0, order.owner)]
        anew = MatchOp(
            op.order_id, op.price_ticks, op.leaves_lots, order.display_lots, 0, order.owner, order.stp_group,
            order.side, op.execution, op.stp_mode, order.flags,
        )  # fmt: skip
        self._take(anew, reports)
        return reports

    def best(self, side: int) -> tuple[int, int] | None:
        if not self._sides[side]:
            return None
        key, level = self._sides[side].peekitem(0)
        return abs(key), sum(order.shown_lots for order in level.values())

    def depth(self, side: int, levels: int) -> list[tuple[int, int, int]]:
        keys = self._sides[side].keys()[: max(levels, 0)]
        found = [(key, self._sides[side][key].values()) for key in keys]
        return [(abs(key), sum(order.shown_lots for order in orders), len(orders)) for key, orders in found]

    def snapshot(self) -> bytes:
        return b"".join(
            MATCHER_SNAPSHOT_ROW.pack(
                order_id=order.order_id,
                price_ticks=order.price_ticks,
                leaves_lots=order.leaves_lots,
                display_lots=order.display_lots,
                shown_lots=order.shown_lots,
                stp_group=order.stp_group,
                side=order.side,
                order_flags=order.flags,
            )
            for side in (BUY, SELL)
            for level in self._sides[side].values()
            for order in level.values()
        )

    def restore(self, snapshot: bytes, owners: dict[int, int]) -> None:
        """Raises ValueError when the book is not empty, the bytes are not whole rows, or an order cannot rest here."""
        if self._orders or len(snapshot) % MATCHER_SNAPSHOT_ROW.size:
            raise ValueError("a book is restored from whole rows, and only while it is empty")
        for row in MATCHER_SNAPSHOT_ROW.iter_unpack(snapshot):
            if row["side"] not in (BUY, SELL) or row["order_id"] in self._orders or row["order_id"] not in owners:
                raise ValueError(f"order {row['order_id']} of the snapshot has no side, no owner or is there twice")
            if not 0 < row["price_ticks"] < self.config.price_levels or not 0 < row["shown_lots"] <= row["leaves_lots"]:
                raise ValueError(f"order {row['order_id']} of the snapshot has a price or quantity that cannot rest")
            op = MatchOp(
                row["order_id"], row["price_ticks"], row["leaves_lots"], row["display_lots"],
                owner=owners[row["order_id"]], stp_group=row["stp_group"], side=row["side"], flags=row["order_flags"],
            )  # fmt: skip
            self._insert(op, row["leaves_lots"]).shown_lots = row["shown_lots"]

    # ---- what a subclass decides

    def _match_level(self, sweep: Sweep, side: SortedDict, key: int, level: Level) -> None:
        """Trades with the best level until it or the op is used up, or for a while: it is called again."""
        raise NotImplementedError

    def _reaches(self, op: MatchOp, wanted_lots: int) -> bool:
        """Rule 3: would `wanted_lots` of foreign lots be met? The walk visits each order once and changes nothing."""
        limit_key = op.price_ticks if op.side == BUY else -op.price_ticks
        found, visited = 0, 0
        for key, level in self._sides[BUY + SELL - op.side].items():
            if key > limit_key:
                break
            if self._level_ends_walk(op, level):
                break
            for order in level.values():
                if order.stp_group == op.stp_group and op.stp_group:
                    if op.stp_mode == _CANCEL_PASSIVE:
                        continue
                    return False
                found += order.leaves_lots
                visited += 1
                if found >= wanted_lots:
                    return True
                if visited >= self.config.fills_max:
                    return False
        return False

    def _level_ends_walk(self, op: MatchOp, level: Level) -> bool:
        return False

    # ---- the book

    def _crosses(self, side: int, price_ticks: int) -> bool:
        opposite = self._sides[BUY + SELL - side]
        if not opposite:
            return False
        best_key: int = opposite.peekitem(0)[0]
        return best_key <= (price_ticks if side == BUY else -price_ticks)

    def _take(self, op: MatchOp, reports: list[MatchReport]) -> None:
        """Trades what is within the limit, then does with the rest what the op's execution says (rule 8)."""
        sweep = Sweep(op, reports)
        opposite = self._sides[BUY + SELL - op.side]
        while sweep.leaves_lots and opposite:
            key, level = opposite.peekitem(0)
            if key > sweep.limit_key:
                break
            self._match_level(sweep, opposite, key, level)
        if not sweep.leaves_lots:
            return
        if op.execution == _IOC:
            sweep.kill(ReportReason.IOC_REST)
        elif op.execution == _FOK:
            sweep.kill(ReportReason.FOK_KILLED)
        else:
            order = self._insert(op, sweep.leaves_lots)
            reports.append(
                MatchReport(
                    op.order_id, _RESTED, 0, op.price_ticks, 0, sweep.leaves_lots, order.shown_lots, 0, op.owner
                )
            )

    def _insert(self, op: MatchOp, leaves_lots: int) -> Resting:
        order = Resting(op, leaves_lots)
        side = self._sides[op.side]
        level = side.get(order.key)
        if level is None:
            side[order.key] = {op.order_id: order}
        else:
            level[op.order_id] = order
        self._orders[op.order_id] = order
        return order

    def _remove(self, order: Resting) -> None:
        level = self._sides[order.side][order.key]
        del level[order.order_id]
        if not level:
            del self._sides[order.side][order.key]
        del self._orders[order.order_id]

    # ---- one meeting of an op with a resting order

    def _at_limit(self, sweep: Sweep) -> bool:
        """Rule 7, looked at before each meeting."""
        fills_max = self.config.fills_max
        if sweep.fills < fills_max and sweep.removals < fills_max:
            return False
        sweep.kill(_SWEEP_LIMIT)
        return True

    def _prevent(self, sweep: Sweep, order: Resting) -> None:
        """Rule 4: the op meets an order of its own group."""
        mode = sweep.op.stp_mode
        if mode == _CANCEL_AGGRESSOR:
            sweep.kill(_STP)
        elif mode == _CANCEL_PASSIVE:
            self._drop(sweep, order, _STP, order.leaves_lots)
        elif mode == _CANCEL_BOTH:
            self._drop(sweep, order, _STP, order.leaves_lots)
            sweep.kill(_STP)
        else:
            self._decrement(sweep, order)

    def _decrement(self, sweep: Sweep, order: Resting) -> None:
        op, lots = sweep.op, min(sweep.leaves_lots, order.leaves_lots)
        if lots == order.leaves_lots:
            self._drop(sweep, order, _STP, lots)
        else:
            order.leaves_lots -= lots
            order.shown_lots = min(order.shown_lots, order.leaves_lots)
            sweep.removals += 1
            sweep.reports.append(
                MatchReport(
                    order.order_id, _REDUCED, _STP, order.price_ticks, lots, order.leaves_lots, order.shown_lots,
                    sweep.leaves_lots, order.owner,
                )
            )  # fmt: skip
        if lots == sweep.leaves_lots:
            sweep.kill(_STP)
            return
        sweep.leaves_lots -= lots
        left = sweep.leaves_lots
        sweep.reports.append(MatchReport(op.order_id, _REDUCED, _STP, op.price_ticks, lots, left, 0, left, op.owner))

    def _drop(self, sweep: Sweep, order: Resting, reason: int, lots: int) -> None:
        """A resting order leaves the book without a trade."""
        self._remove(order)
        sweep.removals += 1
        sweep.reports.append(
            MatchReport(
                order.order_id, _CANCELLED, reason, order.price_ticks, lots, 0, 0, sweep.leaves_lots, order.owner
            )
        )  # fmt: skip

    def _trade(self, sweep: Sweep, order: Resting, level: Level, lots_max: int) -> None:
        """The op trades at most `lots_max` of what the order shows (rules 1, 5, 6)."""
        lots = min(sweep.leaves_lots, order.shown_lots, lots_max)
        cap_used_up = False
        if order.flags & REDUCE_ONLY_FLAG:
            cap = self._reduce_cap(order.owner, order.side, sweep.reports)
            if cap <= 0:
                self._drop(sweep, order, _REDUCE_LIMIT, order.leaves_lots)
                return
            lots = min(lots, cap)
            cap_used_up = lots == cap
        order.leaves_lots -= lots
        order.shown_lots -= lots
        sweep.leaves_lots -= lots
        sweep.fills += 1
        if not order.leaves_lots:
            self._remove(order)
        elif not order.shown_lots:  # a new slice, behind everybody
            order.shown_lots = min(order.display_lots, order.leaves_lots)
            del level[order.order_id]
            level[order.order_id] = order
        sweep.reports.append(
            MatchReport(
                order.order_id, _FILL, 0, order.price_ticks, lots, order.leaves_lots, order.shown_lots,
                sweep.leaves_lots, order.owner,
            )
        )  # fmt: skip
        if cap_used_up and order.leaves_lots:
            self._drop(sweep, order, _REDUCE_LIMIT, order.leaves_lots)


class PriceTimeBook(Book):
    """First come, first served within a price."""

    def _match_level(self, sweep: Sweep, side: SortedDict, key: int, level: Level) -> None:
        while level and sweep.leaves_lots:
            if self._at_limit(sweep):
                return
            order = next(iter(level.values()))
            if order.stp_group == sweep.op.stp_group and order.stp_group:
                self._prevent(sweep, order)
            else:
                self._trade(sweep, order, level, sweep.leaves_lots)


class ProRataBook(Book):
    """Within a price, in proportion to what each order shows; what rounding leaves over goes by time."""

    def _match_level(self, sweep: Sweep, side: SortedDict, key: int, level: Level) -> None:
        group = sweep.op.stp_group
        if group:
            for order in list(level.values()):
                if order.stp_group == group:
                    if self._at_limit(sweep):
                        return
                    self._prevent(sweep, order)
                    if not sweep.leaves_lots:
                        return
        orders = list(level.values())
        for order, share in zip(orders, _shares(sweep.leaves_lots, [o.shown_lots for o in orders]), strict=True):
            if share:
                if self._at_limit(sweep):
                    return
                self._trade(sweep, order, level, share)

    def _level_ends_walk(self, op: MatchOp, level: Level) -> bool:
        if not op.stp_group or op.stp_mode == _CANCEL_PASSIVE:
            return False
        return any(order.stp_group == op.stp_group for order in level.values())


def _shares(wanted_lots: int, shown_lots: Sequence[int]) -> list[int]:
    """Lots for each order: all that is shown, or floor(wanted * shown / sum) and the rest in time order."""
    total = sum(shown_lots)
    if wanted_lots >= total:
        return list(shown_lots)
    shares = [wanted_lots * shown // total for shown in shown_lots]
    over = wanted_lots - sum(shares)
    for i, shown in enumerate(shown_lots):
        extra = min(over, shown - shares[i])
        shares[i] += extra
        over -= extra
    return shares


def _refusal(op: MatchOp, reason: ReportReason) -> MatchReport:
    return MatchReport(op.order_id, _REFUSED, int(reason), owner=op.owner)
