"""Requests of a participant as body fields, in each version. Used by the client and by the certification."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gateway.fix.rules.model import Version

Body = list[tuple[int, str]]
BUY, SELL = "1", "2"
MARKET, LIMIT, STOP, TOUCH = "1", "2", "3", "J"
DAY, GTC, IOC, FOK, GTD = "0", "1", "3", "4", "6"
POST_ONLY, REDUCE_ONLY = "6", "E"


def utc_now() -> str:
    """UTCTimestamp with microseconds."""
    return utc_text(dt.datetime.now(dt.UTC))


def utc_text(time: dt.datetime) -> str:
    return time.strftime("%Y%m%d-%H:%M:%S.%f")


@dataclass(slots=True)
class Requests:
    """Builds (MsgType, body) for one session. `account` goes into every request when it is not empty."""

    version: Version
    account: str = ""

    def order(
        self,
        cl_ord_id: str,
        symbol: str,
        side: str,
        quantity: str,
        *,
        price: str = "",
        stop_price: str = "",
        order_type: str = LIMIT,
        time_in_force: str = GTC,
        exec_inst: str = "",
        display_quantity: str = "",
        more: Body | None = None,
    ) -> tuple[str, Body]:
        """NewOrderSingle. Empty texts are left out; `more` are further fields as they are."""
        body = [(11, cl_ord_id), *self._account(), *self._handling(), (55, symbol), (54, side), (60, utc_now())]
        body += _given((40, order_type), (38, quantity), (44, price), (99, stop_price), (59, time_in_force))
        body += _given((18, exec_inst), (self._display_tag, display_quantity))
        return "D", body + (more or [])

    def cancel(
        self, cl_ord_id: str, orig_cl_ord_id: str, symbol: str, side: str, *, order_id: str = ""
    ) -> tuple[str, Body]:
        body = [(11, cl_ord_id), *_given((41, orig_cl_ord_id), (37, order_id)), *self._account()]
        return "F", [*body, (55, symbol), (54, side), (60, utc_now())]

    def replace(
        self,
        cl_ord_id: str,
        orig_cl_ord_id: str,
        symbol: str,
        side: str,
        quantity: str,
        *,
        price: str = "",
        stop_price: str = "",
        order_type: str = LIMIT,
        order_id: str = "",
        more: Body | None = None,
    ) -> tuple[str, Body]:
        body = [(11, cl_ord_id), *_given((41, orig_cl_ord_id), (37, order_id)), *self._account(), *self._handling()]
        body += [(55, symbol), (54, side), (60, utc_now()), (40, order_type), (38, quantity)]
        return "G", [*body, *_given((44, price), (99, stop_price)), *(more or [])]

    def mass_cancel(
        self, cl_ord_id: str, *, symbol: str = "", side: str = "", whole_node: bool = False
    ) -> tuple[str, Body]:
        """OrderMassCancelRequest: of the account, or of everything that the session acts for."""
        body = [(11, cl_ord_id), (530, "1" if symbol else "7"), *_given((55, symbol), (54, side)), (60, utc_now())]
        return "q", body + ([] if whole_node else self._account())

    def mass_action(self, cl_ord_id: str, *, symbol: str = "", side: str = "") -> tuple[str, Body]:
        """OrderMassActionRequest, FIX 5.0 SP2 only."""
        body = [(11, cl_ord_id), (1373, "3"), (1374, "1" if symbol else "7"), *_given((55, symbol), (54, side))]
        return "CA", [*body, (60, utc_now()), *self._account()]

    def order_status(self, cl_ord_id: str, symbol: str, side: str, *, order_id: str = "") -> tuple[str, Body]:
        return "H", [*_given((37, order_id), (11, cl_ord_id)), *self._account(), (55, symbol), (54, side)]

    def mass_status(self, request_id: str, *, symbol: str = "") -> tuple[str, Body]:
        return "AF", [(584, request_id), (585, "1" if symbol else "7"), *self._account(), *_given((55, symbol))]

    def security_list(self, request_id: str, symbol: str = "") -> tuple[str, Body]:
        return "x", [(320, request_id), (559, "0" if symbol else "4"), *_given((55, symbol))]

    def security_status(self, request_id: str, symbol: str, subscription: str = "0") -> tuple[str, Body]:
        return "e", [(324, request_id), (55, symbol), (263, subscription)]

    def session_status(self, request_id: str, subscription: str = "0") -> tuple[str, Body]:
        return "g", [(335, request_id), (263, subscription)]

    def _account(self) -> Body:
        return _given((1, self.account))

    def _handling(self) -> Body:
        return [(21, "1")] if self.version is Version.FIX42 else []

    @property
    def _display_tag(self) -> int:
        return 1138 if self.version is Version.FIX50SP2 else 111


def _given(*fields: tuple[int, str]) -> Body:
    return [(tag, value) for tag, value in fields if value]
