"""The book of one instrument as far as a participant's own reports show it.

Where all orders of an instrument are one's own, as in the demo, this is the venue's book. Fed report by report; an
order that may not rest (IOC, FOK) is left out, so that the book is never crossed while its fills are still arriving.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from engine.records import Side
from gateway.demo.seats import SeatReport


class ReportBook:
    """Open quantity by price and side, in units of 1e-8."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}  # order id -> side, price, open quantity
        self._quantities: dict[int, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self._prices: dict[int, list[int]] = {Side.BUY: [], Side.SELL: []}  # ascending

    def take(self, report: SeatReport) -> None:
        """Shows the order as the report says it stands now."""
        before = self.orders.pop(report.order_id, None)
        if before is not None:
            self._add(*before[:2], -before[2])
        if report.rests:
            now = (report.side, report.price_e8, report.leaves_e8)
            self.orders[report.order_id] = now
            self._add(*now)

    def best(self, side: int) -> tuple[int, int] | None:
        """(price_e8, quantity_e8) of the best level, None when the side is empty."""
        prices = self._prices[side]
        if not prices:
            return None
        price_e8 = prices[-1] if side == Side.BUY else prices[0]
        return price_e8, self._quantities[side][price_e8]

    def _add(self, side: int, price_e8: int, quantity_e8: int) -> None:
        levels = self._quantities[side]
        left_e8 = levels.get(price_e8, 0) + quantity_e8
        if left_e8:
            if price_e8 not in levels:
                insort(self._prices[side], price_e8)
            levels[price_e8] = left_e8
        else:
            del levels[price_e8]
            prices = self._prices[side]
            del prices[bisect_left(prices, price_e8)]
