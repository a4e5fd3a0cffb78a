"""The FIX client: commands typed or read from a script, reports printed as they come.

Talks to the venue through the QuickFIX initiator and knows its orders from the reports alone. The commands are in
`gateway.fix.kit.script`.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from gateway.fix.dictionary import Dictionary
from gateway.fix.kit import requests as rq
from gateway.fix.kit.endpoint import Endpoint, KitError
from gateway.fix.kit.initiator import Said
from gateway.fix.kit.orders import OrderBook, OrderView, report_line
from gateway.fix.kit.requests import Body, Requests
from gateway.fix.kit.script import (
    HELP,
    ScriptError,
    parse_fields,
    parse_options,
    parse_seconds,
    split_price,
    split_within,
    split_words,
)
from gateway.fix.kit.wire import FixMessage, describe, to_json

UNSEEN_MAX = 10_000


class Line(Protocol):
    """What the client needs of an initiator."""

    said: queue.Queue[Said]

    def send(self, msg_type: str, body: Body) -> None: ...
    def drop(self) -> None: ...


Printer = Callable[[str], None]


@dataclass
class Client:
    """Executes commands. `show` prints a line; `as_json` prints messages as JSON objects, `wire` the bytes as well."""

    line: Line
    endpoint: Endpoint
    dictionary: Dictionary
    show: Printer
    encode_json: Callable[[object], str]
    as_json: bool = False
    wire: bool = False
    orders: OrderBook = field(default_factory=OrderBook)
    is_over: bool = False

    def __post_init__(self) -> None:
        self._requests = Requests(self.endpoint.fix_version, self.endpoint.account)
        self._prefix = f"{time.time_ns() // 1_000_000:x}"
        self._ids = 0
        self._unseen: deque[FixMessage] = deque(maxlen=UNSEEN_MAX)  # printed, and not yet taken by a `wait`
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "buy": self._buy, "sell": self._sell, "cancel": self._cancel, "replace": self._replace,
            "cancel-all": self._cancel_all, "status": self._status, "orders": self._orders, "open": self._open,
            "instruments": self._instruments, "state": self._state, "venue": self._venue, "wait": self._wait,
            "pause": self._pause, "raw": self._raw, "drop": self._drop, "quit": self._quit, "help": self._help,
        }  # fmt: skip

    # ------------------------------------------------------------------------------------------ running

    def show_logon(self) -> None:
        """Says that the session is on."""
        endpoint = self.endpoint
        where = f"{endpoint.host}:{endpoint.port}"
        self._say(
            f"-- logged on to {where} as {endpoint.sender_comp_id}, {endpoint.fix_version.title}",
            {"event": "logged_on", "venue": where, "session": endpoint.sender_comp_id, "version": endpoint.version},
        )

    def execute(self, text: str) -> None:
        """One line. Raises ScriptError."""
        words = split_words(text)
        if not words:
            return
        command = self._commands.get(words[0])
        if command is None:
            raise ScriptError(f"{words[0]!r} is no command: write one of {', '.join(self._commands)}")
        try:
            command(words[1:])
        except KitError as error:
            raise ScriptError(str(error)) from None

    def run_script(self, lines: Iterable[str]) -> None:
        """Line by line until the end or `quit`. Raises ScriptError with the line's number."""
        for number, text in enumerate(lines, 1):
            try:
                self.execute(text)
            except ScriptError as error:
                raise ScriptError(f"line {number}: {text.strip()}: {error}") from None
            self.pump(0.0)
            if self.is_over:
                return

    def pump(self, seconds: float) -> None:
        """Prints what comes within that time, at least what is there."""
        deadline_s = time.monotonic() + seconds
        while True:
            try:
                said = self.line.said.get(timeout=max(0.0, deadline_s - time.monotonic()) or None, block=seconds > 0)
            except queue.Empty:
                return
            self._take(said)
            if time.monotonic() >= deadline_s and self.line.said.empty():
                return

    def _take(self, said: Said) -> None:
        message = said.message
        if message is None:
            self._unseen.append(FixMessage(((35, said.kind),)))  # `wait logon`
            self._say(f"-- {said.kind}", {"event": said.kind})
            return
        if said.kind == "out":
            if self.wire and not self.as_json:
                self.show(f"> {message.to_text()}")
            return
        if message.msg_type == "8":
            self.orders.apply(message)
        if message.msg_type in ("0", "1"):
            return
        self._unseen.append(message)
        text = report_line(message) if message.msg_type == "8" else describe(message, self.dictionary)
        self._say(text, to_json(message, self.dictionary))
        if self.wire and not self.as_json:
            self.show(f"< {message.to_text()}")

    def _say(self, text: str, value: object) -> None:
        self.show(self.encode_json(value) if self.as_json else text)

    # ----------------------------------------------------------------------------------------- commands

    def _buy(self, words: list[str]) -> None:
        self._order(rq.BUY, words)

    def _sell(self, words: list[str]) -> None:
        self._order(rq.SELL, words)

    def _order(self, side: str, words: list[str]) -> None:
        if len(words) < 2:
            raise ScriptError("write: buy SYMBOL QUANTITY @PRICE [option ...]")
        symbol, quantity, *rest = words
        price, options = split_price(rest)
        ticket = parse_options(options, has_price=bool(price))
        requests = Requests(self.endpoint.fix_version, ticket.account or self.endpoint.account)
        self.line.send(
            *requests.order(
                ticket.cl_ord_id or self._next_id(),
                symbol,
                side,
                quantity,
                price=price,
                stop_price=ticket.stop_price,
                order_type=ticket.order_type,
                time_in_force=ticket.time_in_force,
                exec_inst=" ".join(ticket.instructions),
                display_quantity=ticket.display_quantity,
                more=ticket.more,
            )
        )

    def _cancel(self, words: list[str]) -> None:
        order = self._find(words)
        request = self._requests.cancel(
            self._next_id(), order.cl_ord_id, order.symbol, order.side, order_id=order.order_id
        )
        self.line.send(*request)

    def _replace(self, words: list[str]) -> None:
        order = self._find(words[:1])
        price, rest = split_price(words[1:])
        cl_ord_id = next((word.removeprefix("id=") for word in rest if word.startswith("id=")), "")
        quantity = next((word for word in rest if "=" not in word), order.quantity)
        stop_price = (price or order.stop_price) if order.stop_price else ""
        self.line.send(
            *self._requests.replace(
                cl_ord_id or self._next_id(),
                order.cl_ord_id,
                order.symbol,
                order.side,
                quantity,
                price="" if stop_price else price or order.price,
                stop_price=stop_price,
                order_type=order.order_type,
                order_id=order.order_id,
            )
        )

    def _cancel_all(self, words: list[str]) -> None:
        side = rq.BUY if "buy" in words else rq.SELL if "sell" in words else ""
        symbols = [word for word in words if word not in ("buy", "sell", "node")]
        request = self._requests.mass_cancel(
            self._next_id(), symbol=symbols[0] if symbols else "", side=side, whole_node="node" in words
        )
        self.line.send(*request)

    def _status(self, words: list[str]) -> None:
        order = self._find(words)
        request = self._requests.order_status(order.cl_ord_id, order.symbol, order.side, order_id=order.order_id)
        self.line.send(*request)

    def _orders(self, words: list[str]) -> None:
        self.line.send(*self._requests.mass_status(self._next_id(), symbol=words[0] if words else ""))

    def _open(self, words: list[str]) -> None:
        self.pump(0.0)
        for order in self.orders.open_orders:
            side = "sell" if order.side == rq.SELL else "buy"
            price = order.price or order.stop_price or "market"
            terms = f"{side} {order.leaves} of {order.quantity} {order.symbol} @ {price}"
            self._say(
                f"{order.cl_ord_id}  {terms}  #{order.order_id}",
                {"open_order": {name: getattr(order, name) for name in OrderView.__dataclass_fields__}},
            )

    def _instruments(self, words: list[str]) -> None:
        self.line.send(*self._requests.security_list(self._next_id(), words[0] if words else ""))

    def _state(self, words: list[str]) -> None:
        if not words:
            raise ScriptError("write: state SYMBOL")
        self.line.send(*self._requests.security_status(self._next_id(), words[0]))

    def _venue(self, words: list[str]) -> None:
        self.line.send(*self._requests.session_status(self._next_id()))

    def _wait(self, words: list[str]) -> None:
        seconds, words = split_within(words)
        msg_types = [word for word in words if "=" not in word]
        wanted = parse_fields([word for word in words if "=" in word])
        deadline_s = time.monotonic() + seconds
        while True:
            for index, message in enumerate(self._unseen):
                fits = not msg_types or message.msg_type in msg_types
                if fits and all(value in message.all(tag) for tag, value in wanted):
                    self._unseen = deque(list(self._unseen)[index + 1 :], UNSEEN_MAX)
                    return
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise ScriptError(f"no such message within {seconds:g} s")
            try:
                self._take(self.line.said.get(timeout=left_s))
            except queue.Empty:
                continue

    def _pause(self, words: list[str]) -> None:
        self.pump(parse_seconds(words[0] if words else "1"))

    def _raw(self, words: list[str]) -> None:
        if not words:
            raise ScriptError("write: raw MSGTYPE TAG=VALUE ...")
        self.line.send(words[0], parse_fields(words[1:]))

    def _drop(self, words: list[str]) -> None:
        self.line.drop()

    def _quit(self, words: list[str]) -> None:
        self.is_over = True

    def _help(self, words: list[str]) -> None:
        self.show(HELP.rstrip())

    def _find(self, words: list[str]) -> OrderView:
        """The order that a command names; waits for reports that are on their way. Raises ScriptError."""
        if not words:
            raise ScriptError("name an order: its ClOrdID, or # and the venue's id")
        self.pump(0.0)
        order = self.orders.find(words[0])
        if order is None:
            raise ScriptError(f"no report has shown an order {words[0]!r}; `orders` asks the venue for the open ones")
        return order

    def _next_id(self) -> str:
        self._ids += 1
        return f"{self._prefix}-{self._ids}"
