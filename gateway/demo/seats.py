"""Where a participant of the demo sits: at the binary door or at the FIX door, with the same orders and reports.

A seat turns the flow's actions into requests of its protocol and the reports of its protocol into `SeatReport`s. It
knows nothing of the flow or of the other participants.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from engine.records import CommandKind, EventKind, OrderState, OrderType, Side, TimeInForce, parse_e8
from gateway.binary.messages import CancelOrder, NewOrder, OrderReport, ReplaceOrder, Report, Request
from gateway.client import BinaryClient
from gateway.fix._wire import FixMessage, format_decimal
from gateway.fix.client import FixClient, utc_now
from gateway.flow import OrderAction

PASSING = (TimeInForce.IOC, TimeInForce.FOK)
_REJECTIONS = (EventKind.ORDER_REJECTED, EventKind.REPLACE_REJECTED, EventKind.CANCEL_REJECTED)
_GONE = frozenset("48C")  # OrdStatus (39): cancelled, rejected, expired; 2 = filled
_TIME_IN_FORCE = {TimeInForce.GTC: 1, TimeInForce.IOC: 3, TimeInForce.FOK: 4}  # (59)
_PASSING_TEXTS = frozenset("34")

Key = int | str


class SeatReport(msgspec.Struct, frozen=True, gc=False):
    """A report as the player wants it. `key`: of the request that it belongs to (0 or "" = of none); `refusal`: why a
    request was refused, empty = it was not; `rests`: the order is in the book, with `leaves_e8` at `price_e8`."""

    key: Key
    order_id: int = 0
    side: Side = Side.BUY
    price_e8: int = 0
    leaves_e8: int = 0
    filled_e8: int = 0  # so far
    rests: bool = False
    is_order: bool = False  # it says how an order stands
    is_fill: bool = False
    is_gone: bool = False
    refusal: str = ""


class Seat(Protocol):
    """What the player needs of a participant."""

    door: str  # its name in the summary

    @property
    def is_connected(self) -> bool:
        """Requests can be sent."""

    async def connect(self) -> None:
        """Logs in or on. Raises OSError."""

    async def leave(self) -> None:
        """The orderly end."""

    def abort(self) -> None:
        """Breaks the line off."""

    def send(self, action: OrderAction) -> Key:
        """Sends the request; returns its key."""

    def reports(self, reconnect_s: float) -> AsyncIterator[SeatReport]:
        """Every report once, over broken lines too. Raises OSError when the venue will not have us back."""


class BinarySeat:
    """At the binary door; `key` is the client_seq of the request."""

    door = "binary"

    def __init__(self, client: BinaryClient, account_id: int, instrument_id: int) -> None:
        self.client = client
        self._account_id = account_id
        self._instrument_id = instrument_id

    @property
    def is_connected(self) -> bool:
        return self.client.is_connected

    async def connect(self) -> None:
        await self.client.connect()

    async def leave(self) -> None:
        await self.client.logout()

    def abort(self) -> None:
        self.client.abort()

    def send(self, action: OrderAction) -> Key:
        return self.client.send(self._request(action))

    async def reports(self, reconnect_s: float) -> AsyncIterator[SeatReport]:
        async for report in self.client.reports(reconnect_s=reconnect_s):
            yield binary_report(report)

    def _request(self, action: OrderAction) -> Request:
        number = int(action.client_order_id)
        names = {"account_id": self._account_id, "instrument_id": self._instrument_id}
        if action.kind is CommandKind.PLACE:
            return NewOrder(
                cl_ord_id=number,
                side=action.side,
                order_type=action.order_type,
                time_in_force=action.time_in_force,
                price_e8=action.price_e8,
                quantity_e8=action.quantity_e8,
                **names,
            )
        if action.kind is CommandKind.REPLACE:
            return ReplaceOrder(
                orig_cl_ord_id=number, price_e8=action.price_e8, quantity_e8=action.quantity_e8, **names
            )
        return CancelOrder(orig_cl_ord_id=number, **names)


def binary_report(report: Report) -> SeatReport:
    """What a report of the binary door says."""
    if not isinstance(report, OrderReport):
        return SeatReport(report.client_seq)
    is_refused = report.event_kind in _REJECTIONS
    is_live = report.order_state == OrderState.LIVE and report.time_in_force not in PASSING
    return SeatReport(
        key=report.client_seq,
        order_id=report.order_id,
        side=Side(report.side),
        price_e8=report.price_e8 or 0,
        leaves_e8=report.leaves_quantity_e8,
        filled_e8=report.cum_quantity_e8,
        rests=is_live and report.leaves_quantity_e8 > 0 and report.price_e8 is not None,
        is_order=not is_refused,
        is_fill=report.event_kind is EventKind.ORDER_FILLED,
        is_gone=report.is_gone,
        refusal=f"{report.event_kind.name}, {report.reason.name}" if is_refused else "",
    )


class FixSeat:
    """At the FIX door, FIX 4.4; `key` is the ClOrdID of the request.

    FIX wants a new ClOrdID for each request, so an order of the flow has a chain of them: 17, 17.1, 17.2, ...
    """

    door = "FIX 4.4"

    def __init__(self, client: FixClient, symbol: str) -> None:
        self.client = client
        self._symbol = symbol
        self._requests: dict[str, int] = {}  # order of the flow -> requests about it so far
        self._names: dict[str, str] = {}  # order of the flow -> its ClOrdID now
        self._executions: set[str] = set()  # ExecIDs

    @property
    def is_connected(self) -> bool:
        return self.client.is_connected

    async def connect(self) -> None:
        await self.client.connect()

    async def leave(self) -> None:
        await self.client.logout()

    def abort(self) -> None:
        self.client.abort()

    def send(self, action: OrderAction) -> Key:
        order = action.client_order_id
        count = self._requests.get(order, 0)
        name = f"{order}.{count}" if count else order
        is_new = action.kind is CommandKind.PLACE
        fields: list[tuple[int, str | int]] = [(11, name)]
        if not is_new:
            fields.append((41, self._names[order]))
        fields += [(55, self._symbol), (54, int(action.side)), (60, utc_now())]
        if action.kind is not CommandKind.CANCEL:
            self._names[order] = name
            fields += [(38, _decimal(action.quantity_e8)), (40, 2), (44, _decimal(action.price_e8))]
            fields += [(59, _TIME_IN_FORCE[action.time_in_force])]
            if action.order_type is OrderType.ALO:
                fields.append((18, 6))  # participate, do not initiate
        self.client.send({CommandKind.PLACE: "D", CommandKind.REPLACE: "G"}.get(action.kind, "F"), tuple(fields))
        self._requests[order] = count + 1
        return name

    async def reports(self, reconnect_s: float) -> AsyncIterator[SeatReport]:
        async for message in self.client.messages(reconnect_s=reconnect_s):
            execution = message.get(17)
            if execution is not None and execution in self._executions:
                yield SeatReport("", refusal=f"ExecID {execution} came twice")
            if execution is not None:
                self._executions.add(execution)
            yield fix_report(message)


def fix_report(message: FixMessage) -> SeatReport:
    """What a message of the FIX door says."""
    key, text = message.get(11) or "", message.get(58) or ""
    if message.msg_type != "8":
        return SeatReport(key, refusal=f"35={message.msg_type} {text}".rstrip())
    exec_type, status, order_id = message.get(150), message.get(39) or "", message.get(37) or ""
    leaves_e8, price = _e8(message.get(151)), message.get(44)
    is_passing = (message.get(59) or "") in _PASSING_TEXTS
    return SeatReport(
        key=key,
        order_id=int(order_id) if order_id.isdecimal() else 0,  # NONE when it was refused
        side=Side(int(message.get(54) or 0)),
        price_e8=_e8(price),
        leaves_e8=leaves_e8,
        filled_e8=_e8(message.get(14)),
        rests=leaves_e8 > 0 and price is not None and not is_passing and status not in _GONE and status != "A",
        is_order=exec_type != "8",
        is_fill=exec_type == "F",
        is_gone=status in _GONE or status == "2",
        refusal=f"150=8 {text}" if exec_type == "8" else "",
    )


def _e8(text: str | None) -> int:
    return parse_e8(text) if text else 0


def _decimal(value_e8: int) -> str:
    return str(format_decimal(value_e8), "ascii")
