"""A matcher in Python with a rule of its own: within a price the largest order trades first, then the earliest.

Of the order model it knows what a matcher must not ignore: limits, post-only, IOC, FOK, minimum quantity, self-trade
prevention (the resting order goes, whatever the mode), reduce-only caps and its own capacity. Icebergs it shows whole.
An entry point in the group `perpgate.matchers` makes it known: size_first = "size_first:SizeFirst".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from engine.api import MatcherConfig, MatchOp, MatchReport, ReduceCap

BUY, SELL = 1, 2
REST, POST_ONLY, IOC, FOK = 1, 2, 3, 4
RESTED, FILL, CANCELLED, REPLACED, REFUSED = 1, 2, 3, 4, 6
STP, IOC_REST, FOK_KILLED, MIN_KILLED, SWEEP_LIMIT, REDUCE_LIMIT, WOULD_CROSS, UNKNOWN, NO_CAPACITY = range(1, 10)
REDUCE_ONLY = 1
ROW = struct.Struct("<QqqQ4xIBB6x")  # order id, price, leaves, arrival, stp group, side, flags


class SizeFirst:
    def __init__(self, config: MatcherConfig, reduce_cap: ReduceCap) -> None:
        self.config = config
        self._reduce_cap = reduce_cap
        self._orders: dict[int, MatchOp] = {}  # by id; leaves_lots is what is open
        self._arrivals: dict[int, int] = {}
        self._arrived = 0

    def place(self, op: MatchOp) -> list[MatchReport]:
        if op.execution == POST_ONLY and self._crosses(op):
            return [MatchReport(op.order_id, REFUSED, WOULD_CROSS, owner=op.owner)]
        if op.execution in (REST, POST_ONLY) and len(self._orders) >= self.config.orders_max:
            return [MatchReport(op.order_id, REFUSED, NO_CAPACITY, owner=op.owner)]
        there = sum(other.leaves_lots for other in self._within(op) if not self._is_own(op, other))
        if op.execution == FOK and there < op.leaves_lots:
            return [self._cancelled(op, FOK_KILLED)]
        if op.execution == IOC and there < op.min_lots:
            return [self._cancelled(op, MIN_KILLED)]
        return self._take(op, [])

    def cancel(self, order_id: int) -> list[MatchReport]:
        if order_id not in self._orders:
            return [MatchReport(order_id, REFUSED, UNKNOWN)]
        return [self._cancelled(self._remove(order_id), 0)]

    def replace(self, op: MatchOp) -> list[MatchReport]:
        """Always placed anew: size is what counts here, and it changed."""
        old = self._orders.get(op.order_id)
        if old is None:
            return [MatchReport(op.order_id, REFUSED, UNKNOWN, owner=op.owner)]
        new = MatchOp(
            op.order_id, op.price_ticks, op.leaves_lots, owner=old.owner, stp_group=old.stp_group, side=old.side,
            execution=op.execution, flags=old.flags,
        )  # fmt: skip
        if op.execution == POST_ONLY and self._crosses(new):
            return [MatchReport(op.order_id, REFUSED, WOULD_CROSS, owner=op.owner)]
        self._remove(op.order_id)
        report = MatchReport(
            op.order_id, REPLACED, 0, op.price_ticks, leaves_lots=op.leaves_lots, owner=old.owner
        )  # fmt: skip
        return self._take(new, [report])

    def best(self, side: int) -> tuple[int, int] | None:
        levels = self.depth(side, 1)
        return levels[0][:2] if levels else None

    def depth(self, side: int, levels: int) -> list[tuple[int, int, int]]:
        found: dict[int, tuple[int, int, int]] = {}
        for order in self._sorted(side):
            _, lots, orders = found.get(order.price_ticks, (0, 0, 0))
            found[order.price_ticks] = (order.price_ticks, lots + order.leaves_lots, orders + 1)
        return list(found.values())[:levels]

    def snapshot(self) -> bytes:
        """By id, arrivals counted from 0: what has gone leaves no trace, so equal books give equal bytes. Owners are
        the engine's own numbers, which another engine gives differently: they come again with `restore`."""
        rank = {order_id: n for n, order_id in enumerate(sorted(self._arrivals, key=self._arrivals.__getitem__))}
        return b"".join(
            ROW.pack(i, o.price_ticks, o.leaves_lots, rank[i], o.stp_group, o.side, o.flags)
            for i, o in sorted(self._orders.items())
        )

    def restore(self, snapshot: bytes, owners: dict[int, int]) -> None:
        """Raises ValueError when the bytes are no snapshot of this matcher."""
        if len(snapshot) % ROW.size:
            raise ValueError("not whole rows")
        for order_id, price, leaves, arrival, group, side, flags in ROW.iter_unpack(snapshot):
            if order_id not in owners:
                raise ValueError(f"order {order_id} has no owner")
            op = MatchOp(order_id, price, leaves, owner=owners[order_id], stp_group=group, side=side, flags=flags)
            self._orders[order_id] = op
            self._arrivals[order_id] = arrival
            self._arrived = max(self._arrived, arrival + 1)

    # ---- inside

    @staticmethod
    def _cancelled(op: MatchOp, reason: int, taker_leaves_lots: int = 0) -> MatchReport:
        return MatchReport(
            op.order_id, CANCELLED, reason, op.price_ticks, op.leaves_lots, taker_leaves_lots=taker_leaves_lots,
            owner=op.owner,
        )  # fmt: skip

    @staticmethod
    def _is_own(op: MatchOp, other: MatchOp) -> bool:
        return op.stp_group != 0 and op.stp_group == other.stp_group

    def _sorted(self, side: int) -> list[MatchOp]:
        """In the order in which they trade."""
        sign = -1 if side == BUY else 1
        orders = [order for order in self._orders.values() if order.side == side]
        return sorted(orders, key=lambda o: (sign * o.price_ticks, -o.leaves_lots, self._arrivals[o.order_id]))

    def _within(self, op: MatchOp) -> Sequence[MatchOp]:
        return [o for o in self._sorted(BUY + SELL - op.side) if self._in_limit(op, o)]

    @staticmethod
    def _in_limit(op: MatchOp, other: MatchOp) -> bool:
        return other.price_ticks <= op.price_ticks if op.side == BUY else other.price_ticks >= op.price_ticks

    def _crosses(self, op: MatchOp) -> bool:
        return bool(self._within(op))

    def _remove(self, order_id: int) -> MatchOp:
        del self._arrivals[order_id]
        return self._orders.pop(order_id)

    def _take(self, op: MatchOp, reports: list[MatchReport]) -> list[MatchReport]:
        fills = removals = 0
        while op.leaves_lots:
            within = self._within(op)
            if not within:
                break
            if max(fills, removals) >= self.config.fills_max:
                reports.append(self._cancelled(op, SWEEP_LIMIT))
                return reports
            order = within[0]
            cap = op.leaves_lots
            if order.flags & REDUCE_ONLY and not self._is_own(op, order):
                cap = self._reduce_cap(order.owner, order.side, reports)
            if self._is_own(op, order) or cap <= 0:
                self._remove(order.order_id)
                reports.append(self._cancelled(order, STP if cap > 0 else REDUCE_LIMIT, op.leaves_lots))
                removals += 1
                continue
            self._fill(op, order, min(op.leaves_lots, order.leaves_lots, cap), reports)
            fills += 1
        if not op.leaves_lots:
            return reports
        if op.execution in (IOC, FOK):
            reports.append(self._cancelled(op, IOC_REST if op.execution == IOC else FOK_KILLED))
            return reports
        self._orders[op.order_id] = op
        self._arrivals[op.order_id] = self._arrived
        self._arrived += 1
        lots = op.leaves_lots
        reports.append(
            MatchReport(op.order_id, RESTED, 0, op.price_ticks, leaves_lots=lots, shown_lots=lots, owner=op.owner)
        )
        return reports

    def _fill(self, op: MatchOp, order: MatchOp, lots: int, reports: list[MatchReport]) -> None:
        op.leaves_lots -= lots
        order.leaves_lots -= lots
        left = order.leaves_lots
        if not left:
            self._remove(order.order_id)
        reports.append(
            MatchReport(order.order_id, FILL, 0, order.price_ticks, lots, left, left, op.leaves_lots, order.owner)
        )
