"""The visible book of an order-flow file, built straight from its columns: no code of the gateway is used.

What demo and venue are compared with. Orders that rested before the file begins are not in it and stay unknown.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

Best = tuple[int, int] | None  # price x 10,000, shares


class CsvBook:
    """`apply(line)` once per line, in order."""

    def __init__(self) -> None:
        self._orders: dict[str, tuple[str, int, int]] = {}  # id -> direction, price, open shares
        self._shares: dict[str, defaultdict[int, int]] = {"1": defaultdict(int), "-1": defaultdict(int)}

    def apply(self, line: str) -> None:
        _, kind, order_id, size, price, direction = line.strip().split(",")[:6]
        if kind == "1":
            self._orders[order_id] = (direction, int(price), int(size))
            self._shares[direction][int(price)] += int(size)
        elif kind in ("2", "3", "4") and order_id in self._orders:
            side, level, shares = self._orders[order_id]
            gone = shares if kind == "3" else min(int(size), shares)
            self._shares[side][level] -= gone
            if self._shares[side][level] == 0:
                del self._shares[side][level]
            self._orders[order_id] = (side, level, shares - gone)
            if shares == gone:
                del self._orders[order_id]

    @property
    def bid(self) -> Best:
        levels = self._shares["1"]
        return (max(levels), levels[max(levels)]) if levels else None

    @property
    def ask(self) -> Best:
        levels = self._shares["-1"]
        return (min(levels), levels[min(levels)]) if levels else None


def flow_lines(path: Path) -> Iterator[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="ascii") as lines:
        yield from lines
