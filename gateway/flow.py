"""Order flow of the LOBSTER message format: parse it, and translate it into orders whose book follows it exactly.

One line is one message: seconds after midnight, type (1 new, 2 partial cancel, 3 delete, 4 execution of a visible
order, 5 execution of a hidden order), order id, size in shares, price x 10,000, direction of the resting order
(1 buy, -1 sell). `perpgate demo` plays the orders through both doors; docs/operations.md "Order flow" says how
far the book follows. Nothing here does network I/O or knows a session.

What a message becomes (M the maker's account, T the taker's; a share is one unit of the instrument)

    1  ALO GTC of M with the flow's order id as client order id: it may only rest, as it did in the flow
    2  REPLACE of M's order to the smaller total: same price, smaller, so it keeps its priority
    3  CANCEL of M's order
    4  IOC LIMIT of T, opposite side, at the named price, for the executed size: it meets the named order, because the
       translator knows the queue. Where the flow executes an order that is not first at its price (24 of the 4,067
       executions of the AAPL hour: others in front had lost their priority in a way the flow does not show), those
       in front are cancelled and entered again behind it first, with their ids and open sizes.
    5, 6, 7  nothing: hidden executions, crosses and halts do not touch the visible book

Left out and counted: orders that the flow never entered (they rested before it began), prices off the tick or outside
the instrument's range, a second use of an order id, and an insert that would trade (the flow's own book would be
crossed; the AAPL hour has none). An execution of an order that is not at the best price, which price-time priority
cannot make, becomes a REPLACE or CANCEL; the hour has none of these either.
"""

from __future__ import annotations

import gzip
from bisect import bisect_left, insort
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import IO

import msgspec

from engine.records import CLIENT_ORDER_ID_MAX, INT64_MAX, SCALE_E8, CommandKind, OrderType, Side, TimeInForce

PRICE_SCALE = 10_000  # of the format
PRICE_STEP_E8 = SCALE_E8 // PRICE_SCALE
COLUMNS = ("seconds after midnight", "type", "order id", "size", "price x 10,000", "direction")
SIZE_MAX = INT64_MAX // SCALE_E8
PRICE_MAX = INT64_MAX // PRICE_STEP_E8


class FlowError(ValueError):
    """A line that is no message; the text names file, line, column and what was expected."""


class FlowKind(IntEnum):
    NEW = 1
    REDUCE = 2
    DELETE = 3
    EXECUTE = 4
    EXECUTE_HIDDEN = 5
    CROSS = 6
    HALT = 7


class FlowMessage(msgspec.Struct, frozen=True, gc=False):
    """One line: `price_e8` in the global scale, `size` in shares, `side` that of the resting order."""

    line: int
    time_ns: int  # after midnight
    kind: FlowKind
    order_id: int
    size: int
    price_e8: int
    side: Side


class Role(IntEnum):
    MAKER = 1
    TAKER = 2


class OrderAction(msgspec.Struct, frozen=True, gc=False):
    """One request to the venue. `client_order_id` is a new order's id; else that of the order meant."""

    role: Role
    kind: CommandKind  # PLACE REPLACE CANCEL
    client_order_id: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price_e8: int
    quantity_e8: int


class FlowInstrument(msgspec.Struct, frozen=True):
    """What the translator must know of the instrument, all in the global scale."""

    tick_size_e8: int
    min_price_e8: int
    max_price_e8: int


class FlowCounts(msgspec.Struct):
    """What became of the messages; the first seven add up to `messages`."""

    messages: int = 0
    inserts: int = 0
    reductions: int = 0
    deletes: int = 0
    executions: int = 0
    invisible: int = 0  # types 5, 6 and 7
    unknown_order: int = 0
    left_out: int = 0  # off tick, out of range, id used again, insert that would trade; and what follows of such orders
    executed_shares: int = 0
    stepped_back: int = 0  # orders entered again because the flow executed one behind them
    off_best: int = 0  # executions done as reductions


# ------------------------------------------------------------------------------------------------------- parse


def open_flow(path: Path) -> IO[str]:
    """The file as text; `.gz` is unpacked on the way. Raises FlowError when it cannot be opened."""
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="ascii", errors="replace", newline="")
        return path.open("r", encoding="ascii", errors="replace", newline="")
    except OSError as error:
        raise FlowError(f"{path}: cannot be read: {error.strerror}") from None


def read_flow(path: Path) -> Iterator[FlowMessage]:
    """The messages of a file in order. Raises FlowError at the first line that is none."""
    with open_flow(path) as lines:
        time_ns = 0
        try:
            for number, line in enumerate(lines, 1):
                text = line.strip()
                if not text:
                    raise FlowError("is empty: every line is a message of six columns")
                message = parse_line(text, number)
                if message.time_ns < time_ns:
                    raise FlowError("column 1 (seconds after midnight) goes back in time: sort the file")
                time_ns = message.time_ns
                yield message
        except FlowError as error:
            raise FlowError(f"{path}:{number}: {error}") from None
        except (OSError, EOFError) as error:
            raise FlowError(f"{path}: cannot be unpacked: {error}") from None


def parse_line(text: str, number: int) -> FlowMessage:
    """One line without its end. Raises FlowError that names the column."""
    columns = text.split(",")
    if len(columns) not in (6, 7):  # some files carry a market participant id in a seventh
        raise FlowError(f"has {len(columns)} columns, expected 6: {', '.join(COLUMNS)}")
    kind = _whole(columns, 1, 1, 7)
    signed_ok = kind == FlowKind.HALT  # a halt's price is -1, 0 or 1: it is no price
    price = _whole(columns, 4, -1 if signed_ok else 1, PRICE_MAX)
    return FlowMessage(
        line=number,
        time_ns=_seconds_to_ns(columns[0]),
        kind=FlowKind(kind),
        order_id=_whole(columns, 2, 0, 10 ** (CLIENT_ORDER_ID_MAX - 1)),
        size=_whole(columns, 3, 0 if kind >= FlowKind.CROSS else 1, SIZE_MAX),
        price_e8=price * PRICE_STEP_E8,
        side=Side.BUY if _direction(columns) > 0 else Side.SELL,
    )


def _whole(columns: list[str], index: int, low: int, high: int) -> int:
    text = columns[index]
    if not (text.isdecimal() or (text[:1] == "-" and text[1:].isdecimal())) or not low <= int(text) <= high:
        raise FlowError(f"column {index + 1} ({COLUMNS[index]}) is {text!r}, expected a whole number {low}..{high}")
    return int(text)


def _direction(columns: list[str]) -> int:
    if columns[5] not in ("1", "-1"):
        raise FlowError(f"column 6 (direction) is {columns[5]!r}, expected 1 (buy) or -1 (sell)")
    return int(columns[5])


def _seconds_to_ns(text: str) -> int:
    whole, _, fraction = text.partition(".")
    if not whole.isdecimal() or (fraction and not fraction.isdecimal()) or len(fraction) > 12 or len(whole) > 6:
        raise FlowError(f"column 1 ({COLUMNS[0]}) is {text!r}, expected seconds with up to nine decimals")
    return int(whole) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])


# --------------------------------------------------------------------------------------------------- translate


class _Resting(msgspec.Struct):
    side: Side
    price_e8: int
    total: int  # shares, what was filled included: what REPLACE wants
    filled: int

    @property
    def leaves(self) -> int:
        return self.total - self.filled


class FlowBook:
    """The visible book of the flow in price and time order; levels are dicts in queue order, sizes in shares."""

    def __init__(self) -> None:
        self.orders: dict[int, _Resting] = {}
        self._queues: dict[Side, dict[int, dict[int, None]]] = {Side.BUY: {}, Side.SELL: {}}
        self._shares: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self._prices: dict[Side, list[int]] = {Side.BUY: [], Side.SELL: []}  # ascending

    def best_price_e8(self, side: Side) -> int | None:
        prices = self._prices[side]
        if not prices:
            return None
        return prices[-1] if side is Side.BUY else prices[0]

    def best(self, side: Side) -> tuple[int, int] | None:
        """(price_e8, quantity_e8) of the best level, None when the side is empty."""
        price_e8 = self.best_price_e8(side)
        return None if price_e8 is None else (price_e8, self._shares[side][price_e8] * SCALE_E8)

    def queue(self, side: Side, price_e8: int) -> list[int]:
        """Order ids of a level, first in the queue first."""
        return list(self._queues[side][price_e8])

    def ahead_of(self, order_id: int) -> list[int]:
        """Orders in front of `order_id` at its price, first in the queue first."""
        order = self.orders[order_id]
        out = []
        for other in self._queues[order.side][order.price_e8]:
            if other == order_id:
                break
            out.append(other)
        return out

    def add(self, order_id: int, side: Side, price_e8: int, size: int) -> None:
        self.orders[order_id] = _Resting(side, price_e8, size, 0)
        queue = self._queues[side].get(price_e8)
        if queue is None:
            queue = self._queues[side][price_e8] = {}
            insort(self._prices[side], price_e8)
        queue[order_id] = None
        self._shares[side][price_e8] = self._shares[side].get(price_e8, 0) + size

    def take(self, order_id: int, size: int, filled: bool) -> None:
        """Takes `size` shares (at most what is open) off an order, by a fill or by a cut of its total."""
        order = self.orders[order_id]
        if filled:
            order.filled += size
        else:
            order.total -= size
        self._shares[order.side][order.price_e8] -= size
        if order.leaves:
            return
        del self.orders[order_id]
        queue = self._queues[order.side][order.price_e8]
        del queue[order_id]
        if not queue:
            del self._queues[order.side][order.price_e8], self._shares[order.side][order.price_e8]
            prices = self._prices[order.side]
            del prices[bisect_left(prices, order.price_e8)]


class FlowTranslator:
    """Turns messages into actions, one call per message in file order; the venue's book must then look like `book`."""

    def __init__(self, instrument: FlowInstrument) -> None:
        self.instrument = instrument
        self.book = FlowBook()
        self.counts = FlowCounts()
        self._entered: set[int] = set()
        self._left_out: set[int] = set()

    def translate(self, message: FlowMessage) -> list[OrderAction]:
        """The actions that make the venue's book follow this message; empty when the visible book does not change."""
        self.counts.messages += 1
        if message.kind > FlowKind.EXECUTE:
            self.counts.invisible += 1
            return []
        if message.kind is FlowKind.NEW:
            return self._insert(message)
        order = self.book.orders.get(message.order_id)
        if order is None:
            if message.order_id in self._left_out:
                self.counts.left_out += 1
            else:
                self.counts.unknown_order += 1
            return []
        if message.kind is FlowKind.EXECUTE:
            return self._execute(message, order)
        if message.kind is FlowKind.DELETE:
            self.counts.deletes += 1
            return self._shrink(message.order_id, order, order.leaves)
        self.counts.reductions += 1
        return self._shrink(message.order_id, order, min(message.size, order.leaves))

    def _insert(self, message: FlowMessage) -> list[OrderAction]:
        buys = message.side is Side.BUY
        opposite = self.book.best_price_e8(Side.SELL if buys else Side.BUY)
        price_e8 = message.price_e8
        would_trade = opposite is not None and (price_e8 >= opposite if buys else price_e8 <= opposite)
        spec = self.instrument
        in_range = spec.min_price_e8 <= price_e8 <= spec.max_price_e8 and price_e8 % spec.tick_size_e8 == 0
        if would_trade or not in_range or message.order_id in self._entered:
            if message.order_id not in self._entered:
                self._left_out.add(message.order_id)
            self.counts.left_out += 1
            return []
        self._entered.add(message.order_id)
        self.counts.inserts += 1
        self.book.add(message.order_id, message.side, price_e8, message.size)
        return [_place_maker(message.order_id, message.side, price_e8, message.size)]

    def _shrink(self, order_id: int, order: _Resting, size: int) -> list[OrderAction]:
        """Takes `size` shares off M's order: a REPLACE to the smaller total, a CANCEL when nothing is left."""
        side, price_e8 = order.side, order.price_e8
        self.book.take(order_id, size, filled=False)
        kind = CommandKind.REPLACE if order.leaves else CommandKind.CANCEL
        total_e8 = order.total * SCALE_E8 if order.leaves else 0
        return [OrderAction(Role.MAKER, kind, str(order_id), side, OrderType.ALO, TimeInForce.GTC, price_e8, total_e8)]

    def _execute(self, message: FlowMessage, order: _Resting) -> list[OrderAction]:
        side, price_e8 = order.side, order.price_e8
        size = min(message.size, order.leaves)
        self.counts.executions += 1
        if price_e8 != self.book.best_price_e8(side):
            self.counts.off_best += 1
            return self._shrink(message.order_id, order, size)
        actions = []
        for ahead in self.book.ahead_of(message.order_id):
            leaves = self.book.orders[ahead].leaves
            actions += self._shrink(ahead, self.book.orders[ahead], leaves)
            self.book.add(ahead, side, price_e8, leaves)
            actions.append(_place_maker(ahead, side, price_e8, leaves))
            self.counts.stepped_back += 1
        self.counts.executed_shares += size
        self.book.take(message.order_id, size, filled=True)
        taker_side = Side.SELL if side is Side.BUY else Side.BUY
        actions.append(
            OrderAction(
                Role.TAKER, CommandKind.PLACE, str(message.line), taker_side, OrderType.LIMIT, TimeInForce.IOC,
                price_e8, size * SCALE_E8,
            )
        )  # fmt: skip
        return actions


def _place_maker(order_id: int, side: Side, price_e8: int, size: int) -> OrderAction:
    return OrderAction(
        Role.MAKER, CommandKind.PLACE, str(order_id), side, OrderType.ALO, TimeInForce.GTC, price_e8, size * SCALE_E8
    )
