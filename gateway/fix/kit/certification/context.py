"""What every step works with: the connection, ids, prices that fit the instrument, the way back to a clean session."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

from gateway.fix.dictionary import Dictionary
from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.check import Check
from gateway.fix.kit.certification.step import Failed, Skipped, require
from gateway.fix.kit.endpoint import Endpoint
from gateway.fix.kit.peer import Disconnected, NoMessage, Numbers, Peer
from gateway.fix.kit.requests import Body, Requests
from gateway.fix.kit.wire import FixMessage
from gateway.fix.rules.model import Version

_PASSIVE = Decimal("0.97")
RETRY_S = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run may use.

    symbol, price: an instrument, and a price near its market, which resting orders stay 3 % away from. counterparty: a
    second session that trades are made with, None = those steps are skipped. directory: where QuickFIX keeps its files.
    wait_s: how long an answer may take.
    """

    symbol: str
    price: Decimal
    directory: Path
    counterparty: Endpoint | None = None
    wait_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Instrument:
    """From the security list."""

    tick: Decimal
    lot: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    bump_s: float


@dataclass
class Context:
    """State of a run. `peer` is logged on and has no open orders when a step begins."""

    endpoint: Endpoint
    dictionary: Dictionary
    plan: Plan
    check: Check
    log: list[str] = field(default_factory=list)
    numbers: Numbers = field(default_factory=Numbers)
    hides_secrets: bool = True  # in the log

    def __post_init__(self) -> None:
        self._ids = 0
        self._prefix = f"{time.time_ns() // 1_000_000:x}"
        self._instrument: Instrument | None = None
        self._fresh = True
        self.requests = Requests(self.endpoint.fix_version, self.endpoint.account)
        self.peer = self.new_peer()

    # ------------------------------------------------------------------------------------------ connection

    def new_peer(self, **changes: object) -> CheckedPeer:
        """A further connection of the session; `changes` to the endpoint, such as heartbeat_s=1."""
        endpoint = dataclasses.replace(self.endpoint, **changes)  # type: ignore[arg-type]
        return CheckedPeer(endpoint, self.numbers, self.log, hides_secrets=self.hides_secrets, check=self.check)

    def ready(self) -> None:
        """Logged on, numbers agreed, nothing open: what a step begins with."""
        if not self.peer.is_open:
            self.relogon()
        self.clean()

    def relogon(self, more: Body | None = None, *, reset: bool = False, **changes: object) -> FixMessage:
        """A new connection with the next numbers; missed messages are asked for. The venue's Logon."""
        answer = self.connect(more, reset=reset, **changes)
        self.peer.catch_up(self.plan.wait_s)
        return answer

    def connect(self, more: Body | None = None, *, reset: bool = False, **changes: object) -> FixMessage:
        """As `relogon`, and nothing is asked for."""
        self.peer.close()
        deadline_s = time.monotonic() + self.plan.wait_s
        while True:
            self.peer = self.new_peer(**changes)
            number = self.numbers.out
            try:
                answer = self.peer.logon(more, reset=reset or self._fresh, timeout_s=self.plan.wait_s)
            except Disconnected:
                if self.peer.highest or time.monotonic() > deadline_s:
                    raise
                # Closed without a word: the venue may not have seen yet that the line before is gone.
                self.peer.close()
                self.numbers.out = number
                time.sleep(RETRY_S)
                continue
            self._fresh = False
            return answer

    def start_over(self) -> None:
        """After a step that failed: a new connection with reset numbers."""
        self.peer.close()
        self._fresh = True

    def clean(self) -> None:
        """Cancels what is open and passes over everything that is under way."""
        self.send(self.requests.mass_cancel(self.next_id()))
        self.expect("r")
        self.alive()

    def alive(self) -> None:
        """The session works: a TestRequest is answered. Everything before the answer is passed over."""
        name = self.next_id()
        self.peer.send("1", [(112, name)])
        self.peer.expect("0", self.plan.wait_s, t112=name)

    # ------------------------------------------------------------------------------------------- messages

    def send(self, request: tuple[str, Body], **header: str) -> FixMessage:
        """A request; `header` such as t97="Y"."""
        extra = [(int(name.removeprefix("t")), value) for name, value in header.items()]
        return self.peer.send(*request, header=extra)

    def expect(self, msg_type: str, **values: str) -> FixMessage:
        return self.peer.expect(msg_type, self.plan.wait_s, **values)

    def next_id(self) -> str:
        """A ClOrdID or request id that was never used."""
        self._ids += 1
        return f"{self._prefix}-{self._ids}"

    @property
    def version(self) -> Version:
        return self.endpoint.fix_version

    @property
    def is_42(self) -> bool:
        return self.version is Version.FIX42

    def expect_reject(self, reason: int, tag: int | None = None) -> FixMessage:
        """A session-level Reject; FIX 4.2 leaves out reasons that it does not have."""
        message = self.expect("3")
        sent = str(reason) if not self.is_42 or reason <= 11 else ""
        require(message.get(373) == sent, f"373 should be {sent or 'left out'}: {message.to_text()}")
        if tag is not None:
            require(message.get(371) == str(tag), f"371 should be {tag}: {message.to_text()}")
        return message

    def expect_reason(self, message: FixMessage, name: str) -> None:
        """58 begins with the constant."""
        require(message.get(58).startswith(name), f"58 should begin with {name}: {message.to_text()}")

    # --------------------------------------------------------------------------------------------- orders

    @property
    def symbol(self) -> str:
        return self.plan.symbol

    @property
    def instrument(self) -> Instrument:
        """Of the plan's symbol, asked once. Raises Skipped when the venue does not have it."""
        if self._instrument is None:
            self.send(self.requests.security_list(self.next_id(), self.symbol))
            entries = self.expect("y").entries(146, 55)
            if not entries:
                raise Skipped(f"the venue has no {self.symbol}")
            entry = entries[0]
            self._instrument = Instrument(
                tick=Decimal(entry.get(969)),
                lot=Decimal(entry.get(561)),
                min_quantity=Decimal(entry.get(562)),
                min_notional=Decimal(entry.get(20042, "0")),
                bump_s=int(entry.get(20040, "0")) / 1000,
            )
        return self._instrument

    def price(self, factor: Decimal = Decimal(1), *, up: bool = False) -> str:
        """The plan's price times a factor, to the tick."""
        tick = self.instrument.tick
        return text_of((self.plan.price * factor / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * tick)

    @property
    def bid(self) -> str:
        """A buying price that does not trade."""
        return self.price(_PASSIVE)

    @property
    def offer(self) -> str:
        """A selling price that does not trade."""
        return self.price(2 - _PASSIVE, up=True)

    def quantity(self, times: int = 1) -> str:
        """A quantity above the least one and the least notional; the same `times` over."""
        instrument = self.instrument
        least = max(instrument.min_quantity, 2 * instrument.min_notional / self.plan.price)
        return text_of((least / instrument.lot).to_integral_value(ROUND_CEILING) * instrument.lot * times)

    def place(self, side: str = rq.BUY, price: str = "", quantity: str = "", **more: object) -> str:
        """Sends a limit order that rests; its ClOrdID."""
        cl_ord_id = self.next_id()
        price = price or (self.bid if side == rq.BUY else self.offer)
        request = self.requests.order(
            cl_ord_id,
            self.symbol,
            side,
            quantity or self.quantity(),
            price=price,
            **more,  # type: ignore[arg-type]
        )
        self.send(request)
        return cl_ord_id

    def rest(self, side: str = rq.BUY, price: str = "", quantity: str = "", **more: object) -> FixMessage:
        """A limit order that rests now; the report that says so."""
        return self.expect("8", t11=self.place(side, price, quantity, **more), t150="0")


@dataclass
class CheckedPeer(Peer):
    """A connection on which every message of the venue is held against the data dictionary."""

    check: Check = lambda message: ""

    def receive(self, timeout_s: float = 5.0) -> FixMessage:
        message = super().receive(timeout_s)
        fault = self.check(message)
        if fault:
            raise Failed(f"the venue sent what the dictionary does not allow ({fault}): {message.to_text()}")
        return message


def text_of(value: Decimal) -> str:
    """Plain decimal text without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


__all__ = ["Context", "Disconnected", "Failed", "Instrument", "NoMessage", "Plan", "Skipped", "require", "text_of"]
