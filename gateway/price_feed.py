"""Prices without an oracle, for tests and the demo: from a CSV file, or a random walk of a seed.

Both give, second by second from their start, what sources say; `gateway.schedule` sends it before the pulse of the
second. Prices are integers of 1e-8, so that a seed means the same prices on every machine. A production venue has
sessions with the right "prices" instead.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.records import parse_e8

PRICE_E8_MAX = 5 * 10**15  # of a PRICE (docs/risk.md section 6)
PPM = 1_000_000
COLUMNS = ("second", "feed", "source", "price")


class PriceFileError(ValueError):
    """A file of prices that cannot be used; the text names the line and says what to write."""


class SourcePrice(NamedTuple):
    feed_id: int
    source: int
    price_e8: int


class PriceSource(Protocol):
    """`second`: since the start, from 0. Seconds may be left out and never come twice."""

    def at(self, second: int) -> list[SourcePrice]: ...


class RandomWalk:
    """One source for each feed; a step is uniform within `step_ppm` of the price either way. Prices stay above 0."""

    def __init__(self, seed: int, step_ppm: int, start_e8: Mapping[int, int]) -> None:
        self._random = random.Random(seed)
        self._step_ppm = step_ppm
        self._prices_e8 = dict(start_e8)

    def at(self, second: int) -> list[SourcePrice]:
        if second:
            for feed_id, price_e8 in self._prices_e8.items():
                step = price_e8 * self._random.randint(-self._step_ppm, self._step_ppm) // PPM
                self._prices_e8[feed_id] = min(max(1, price_e8 + step), PRICE_E8_MAX)
        return [SourcePrice(feed_id, 0, price_e8) for feed_id, price_e8 in self._prices_e8.items()]


class RecordedPrices:
    """Rows of a file in the order of their seconds; what a missed second had is said with the next."""

    def __init__(self, rows: Iterable[tuple[int, SourcePrice]]) -> None:
        self._rows = list(rows)
        self._next = 0

    def at(self, second: int) -> list[SourcePrice]:
        first = self._next
        while self._next < len(self._rows) and self._rows[self._next][0] <= second:
            self._next += 1
        return [price for _, price in self._rows[first : self._next]]


def read_prices(path: Path) -> RecordedPrices:
    """A CSV file with the columns second, feed, source, price; its seconds never go back. Raises PriceFileError."""
    try:
        with path.open(newline="", encoding="ascii") as file:
            reader = csv.reader(file)
            if tuple(next(reader, ())) != COLUMNS:
                raise PriceFileError(f"{path}: line 1: write {','.join(COLUMNS)}")
            rows: list[tuple[int, SourcePrice]] = []
            for row in reader:
                rows.append(_row(row, rows[-1][0] if rows else 0, f"{path}: line {reader.line_num}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PriceFileError(f"{path}: cannot be read: {error}") from None
    return RecordedPrices(rows)


def _row(row: list[str], last_second: int, where: str) -> tuple[int, SourcePrice]:
    try:
        second_text, feed_text, source_text, price_text = row
        second, price = int(second_text), SourcePrice(int(feed_text), int(source_text), parse_e8(price_text))
    except ValueError as error:
        raise PriceFileError(f"{where}: {error}: write four values, as 5,1,0,254.04") from None
    if second < last_second:
        raise PriceFileError(f"{where}: second {second} comes after {last_second}: sort the file")
    if not 0 < price.feed_id < 1 << 32 or not 0 <= price.source < 8 or not 0 < price.price_e8 <= PRICE_E8_MAX:
        raise PriceFileError(f"{where}: write a feed from 1, a source of 0 to 7, a price above 0 and up to 50,000,000")
    return second, price
