"""A participant's own view of its orders, from the execution reports alone; and reports as one readable line."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.fix.kit.requests import SELL
from gateway.fix.kit.wire import FixMessage

_EVENTS = {
    "0": "NEW", "1": "FILL", "2": "FILL", "4": "CANCELED", "5": "REPLACED", "8": "REJECTED", "A": "PENDING",
    "C": "EXPIRED", "D": "RESTATED", "E": "REPLACING", "F": "FILL", "I": "STATUS", "L": "TRIGGERED",
}  # fmt: skip
_GONE = frozenset("248C")  # OrdStatus of orders that are over


@dataclass(slots=True)
class OrderView:
    """An order as the last report showed it; decimals as text, as they came."""

    cl_ord_id: str
    order_id: str
    account: str
    symbol: str
    side: str
    order_type: str
    price: str
    stop_price: str
    quantity: str
    filled: str
    leaves: str
    status: str

    @property
    def is_open(self) -> bool:
        return self.status not in _GONE


class OrderBook:
    """Orders by the venue's id; found by any id that they had."""

    def __init__(self) -> None:
        self._orders: dict[str, OrderView] = {}
        self._order_of: dict[str, str] = {}  # ClOrdID to OrderID
        self._seen: set[str] = set()  # ExecIDs

    def apply(self, message: FixMessage) -> bool:
        """Takes an execution report; false when it is a repetition (same ExecID) or shows no order."""
        exec_id, order_id = message.get(17), message.get(37)
        if exec_id in self._seen or order_id in ("", "NONE"):
            return False
        if exec_id != "0":
            self._seen.add(exec_id)
        pending_replace = message.get(150) == "E"
        self._orders[order_id] = OrderView(
            cl_ord_id=message.get(41) if pending_replace else message.get(11),
            order_id=order_id,
            account=message.get(1),
            symbol=message.get(55),
            side=message.get(54),
            order_type=message.get(40),
            price=message.get(44),
            stop_price=message.get(99),
            quantity=message.get(38),
            filled=message.get(14),
            leaves=message.get(151),
            status=message.get(39),
        )
        for cl_ord_id in (message.get(11), message.get(41)):
            if cl_ord_id:
                self._order_of[cl_ord_id] = order_id
        return True

    def find(self, text: str) -> OrderView | None:
        """By ClOrdID, present or earlier, or by `#` and OrderID."""
        if text.startswith("#"):
            return self._orders.get(text[1:])
        return self._orders.get(self._order_of.get(text, ""))

    @property
    def open_orders(self) -> list[OrderView]:
        return [order for order in self._orders.values() if order.is_open]


def report_line(message: FixMessage) -> str:
    """An execution report in one line."""
    side = "sell" if message.get(54) == SELL else "buy"
    at = f" @ {message.get(44)}" if 44 in message else f" stop {message.get(99)}" if 99 in message else ""
    if message.get(20) == "3":
        event = "STATUS"
    else:
        event = _EVENTS.get(message.get(150), message.get(150))
    ids = message.get(11) + (f" (was {message.get(41)})" if 41 in message else "")
    line = f"{event:<9} {ids or '-'}  {side} {message.get(38)} {message.get(55)}{at}  order {message.get(37)}"
    line += f"  filled {message.get(14)} leaves {message.get(151)}"
    if 31 in message:
        maker = {"1": " maker", "2": " taker"}.get(message.get(851), "")
        line += f"  last {message.get(32)} @ {message.get(31)}{maker}"
        line += f" fee {message.get(137)} {message.get(138)}" if 137 in message else ""
    if 58 in message:
        line += f"  {message.get(58)}"
    if message.get(43) == "Y" or message.get(97) == "Y":
        line += "  (repeated)"
    return line
