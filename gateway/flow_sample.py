"""Generates the order flow that the repository ships, config/flow/sample.csv.gz, in the format of `gateway.flow`.

    python -m gateway.flow_sample config/flow/sample.csv.gz --messages 20000 --seed 20120621

It is made up, from a fixed seed, and has everything that the real hour has: inserts around a moving price, cancels soon
after their order and long after it, partial cancels, executions that sweep several orders, executions of an order that
is not first at its price, hidden executions, and messages about orders that rested before the flow began. Only
`random.Random.random` is drawn from, whose sequence Python guarantees, so that the file is the same everywhere.
"""

from __future__ import annotations

import argparse
import gzip
import math
import random
from pathlib import Path

from engine.records import SCALE_E8, Side
from gateway.flow import PRICE_SCALE, FlowBook, FlowKind

TICK = 100  # of the format: a cent
TICK_E8 = TICK * (SCALE_E8 // PRICE_SCALE)
LEVELS_MIN = 8  # orders that a side keeps, so that there is a best price all the time


class SampleGenerator:
    """Writes one message at a time against a book of its own; `next_line` never gives a message that crosses it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._book = FlowBook()
        self._ids: list[int] = []
        self._time_ns = 34_200 * 1_000_000_000
        self._next_id = 16_000_000
        self._fair = 5_853_000.0  # price x 10,000
        self._pending: list[str] = []

    def next_line(self) -> str:
        """One line without its end."""
        if self._pending:
            return self._pending.pop(0)
        self._time_ns += 1_000 + int(-math.log(1.0 - self._random.random()) * 40_000_000)
        self._fair += (self._random.random() - 0.5) * 120
        thin = any(self._orders(side) < LEVELS_MIN for side in Side)
        draw = self._random.random()
        if thin or draw < 0.49:
            return self._insert()
        if draw < 0.925:
            return self._delete()
        if draw < 0.932:
            return self._reduce()
        if draw < 0.972:
            return self._sweep()
        if draw < 0.998:
            return self._hidden()
        return self._unknown()

    def _below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def _orders(self, side: Side) -> int:
        orders = self._book.orders
        return sum(1 for order_id in self._ids[-64:] if order_id in orders and orders[order_id].side is side)

    def _line(self, kind: FlowKind, order_id: int, size: int, price_e8: int, side: Side) -> str:
        price = price_e8 * PRICE_SCALE // SCALE_E8
        seconds, fraction = divmod(self._time_ns, 1_000_000_000)
        return f"{seconds}.{fraction:09d},{int(kind)},{order_id},{size},{price},{1 if side is Side.BUY else -1}"

    def _insert(self) -> str:
        side = Side.BUY if self._random.random() < 0.5 else Side.SELL
        if self._orders(side) >= LEVELS_MIN and self._orders(_other(side)) < LEVELS_MIN:
            side = _other(side)
        away = int(-math.log(1.0 - self._random.random()) * 6) + 1
        cents = round(self._fair / TICK)
        price_e8 = (cents - away if side is Side.BUY else cents + away) * TICK_E8
        opposite = self._book.best_price_e8(_other(side))
        if opposite is not None:
            price_e8 = min(price_e8, opposite - TICK_E8) if side is Side.BUY else max(price_e8, opposite + TICK_E8)
        size = 100 if self._random.random() < 0.6 else 1 + self._below(600)
        self._next_id += 1 + self._below(40)
        self._book.add(self._next_id, side, price_e8, size)
        self._ids.append(self._next_id)
        return self._line(FlowKind.NEW, self._next_id, size, price_e8, side)

    def _pick(self) -> int:
        """A live order: mostly a young one, now and then any."""
        while True:
            recent = self._random.random() < 0.8
            index = len(self._ids) - 1 - self._below(min(len(self._ids), 48 if recent else len(self._ids)))
            order_id = self._ids[index]
            if order_id in self._book.orders:
                return order_id
            del self._ids[index]

    def _delete(self) -> str:
        order_id = self._pick()
        order = self._book.orders[order_id]
        line = self._line(FlowKind.DELETE, order_id, order.leaves, order.price_e8, order.side)
        self._book.take(order_id, order.leaves, filled=False)
        return line

    def _reduce(self) -> str:
        order_id = self._pick()
        order = self._book.orders[order_id]
        if order.leaves == 1:
            return self._delete()
        size = 1 + self._below(order.leaves - 1)
        line = self._line(FlowKind.REDUCE, order_id, size, order.price_e8, order.side)
        self._book.take(order_id, size, filled=False)
        return line

    def _sweep(self) -> str:
        """An aggressor takes one to four orders of the best prices; now and then it misses the first in the queue."""
        side = Side.BUY if self._random.random() < 0.5 else Side.SELL
        for _ in range(1 + self._below(4)):
            price_e8 = self._book.best_price_e8(side)
            if price_e8 is None:
                break
            queue = self._book.queue(side, price_e8)
            order_id = queue[1] if len(queue) > 1 and self._random.random() < 0.01 else queue[0]
            leaves = self._book.orders[order_id].leaves
            size = leaves if self._random.random() < 0.7 else 1 + self._below(leaves)
            self._pending.append(self._line(FlowKind.EXECUTE, order_id, size, price_e8, side))
            self._book.take(order_id, size, filled=True)
            if size < leaves:
                break
        return self._pending.pop(0) if self._pending else self._insert()

    def _hidden(self) -> str:
        side = Side.BUY if self._random.random() < 0.5 else Side.SELL
        half_cents = round(self._fair / (TICK // 2))
        return self._line(FlowKind.EXECUTE_HIDDEN, 0, 1 + self._below(300), half_cents * TICK_E8 // 2, side)

    def _unknown(self) -> str:
        side = Side.BUY if self._random.random() < 0.5 else Side.SELL
        kind = FlowKind.EXECUTE if self._random.random() < 0.15 else FlowKind.DELETE
        return self._line(kind, 1_000_000 + self._below(1_000_000), 100, round(self._fair / TICK) * TICK_E8, side)


def _other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY


def sample_text(messages: int, seed: int) -> str:
    """`messages` lines, each with its end."""
    generator = SampleGenerator(seed)
    return "".join(generator.next_line() + "\n" for _ in range(messages))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway.flow_sample", description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="file to write, gzip")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=20_120_621)
    options = parser.parse_args(argv)
    with options.path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
        packed.write(sample_text(options.messages, options.seed).encode("ascii"))
    print(f"wrote {options.messages} messages to {options.path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
