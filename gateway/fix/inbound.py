"""Application messages that are not order entry: mass cancels, status requests, instruments, trading status, users.

`Desk.take` gets each such message in order and checked against the dictionary. Mass cancels become commands;
everything else is answered from read models that released events feed, never by the engine. Long answers go out in
slices, one per loop turn. The Desk decides nothing about orders.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from engine.records import CommandKind, Scope, VenueState, pack_command
from gateway.fix import outbound, protocol
from gateway.fix._directory import UNKNOWN
from gateway.fix._orders import OrderBookkeeper
from gateway.fix._wire import FixMessage
from gateway.fix.participant import Link
from gateway.fix.protocol import BusinessReason
from gateway.fix.session import Fields, Send, State

if TYPE_CHECKING:
    from gateway.fix.connection import FixConnection
    from gateway.fix.door import FixDoor

_SESSION = "0 1 2 3 4 5 A"
_COMMON = "D F G q H AF x e g BE"
TAKEN_TYPES: dict[int, frozenset[str]] = {  # what a participant may send, by version
    42: frozenset(f"{_SESSION} {_COMMON}".split()),
    44: frozenset(f"{_SESSION} {_COMMON}".split()),
    50: frozenset(f"{_SESSION} {_COMMON} CA".split()),
}
ORDERS_PER_SLICE = 64
SECURITIES_PER_FRAGMENT = 20
MASS_STATUS_MAX = 8  # that a session may have going at a time
CLIENT_ID_MAX = 36
SUBSCRIBE, UNSUBSCRIBE = "1", "2"
NO_SUCH_ID = 0xFFFFFFFF


class Desk:
    """One per door. `orders`: the read model, None when there is none (then status requests are refused)."""

    def __init__(self, door: FixDoor) -> None:
        self._door = door
        self.orders: OrderBookkeeper | None = None
        self._status_watchers: dict[int, set[int]] = {}  # instrument to the sessions that watch it
        self._session_watchers: set[int] = set()
        self._answers: dict[int, int] = {}  # mass status answers under way, by session
        self._response = 0
        self._takers: dict[str, Callable[[FixConnection, FixMessage], None]] = {
            "q": self._mass_cancel,
            "CA": self._mass_cancel,
            "H": self._order_status,
            "AF": self._mass_status,
            "x": self._security_list,
            "e": self._security_status,
            "g": self._session_status,
            "BE": self._user_request,
        }

    def take(self, connection: FixConnection, message: FixMessage) -> None:
        """One message; its type is in TAKEN_TYPES."""
        self._takers[message.msg_type](connection, message)

    def refuse(self, connection: FixConnection, message: FixMessage, reason: BusinessReason, text: str) -> None:
        link = _link_of(connection)
        connection.send(link.session.business_reject(message, int(reason), text))

    def _lacks(self, connection: FixConnection, message: FixMessage, tag: int) -> None:
        session = _link_of(connection).session
        text = protocol.FIELD_MISSING_TEXT.format(tag)
        connection.send(session.business_reject(message, int(BusinessReason.FIELD_MISSING), text))

    # -------------------------------------------------------------------------------------------- mass cancels

    def _mass_cancel(self, connection: FixConnection, message: FixMessage) -> None:
        link = _link_of(connection)
        client_id = message.get(protocol.CL_ORD_ID) or ""
        if len(client_id) > CLIENT_ID_MAX or not client_id.isascii() or not client_id.isprintable():
            connection.send(link.session.reject(message, protocol.RejectReason.VALUE_OUT_OF_RANGE, protocol.CL_ORD_ID))
            return
        kind = message.get(1374) if message.msg_type == "CA" else message.get(protocol.MASS_CANCEL_REQUEST_TYPE)
        symbol = message.get(protocol.SYMBOL)
        if kind == "1" and symbol is None:
            self._lacks(connection, message, 55)
            return
        scope, target = self._target(link, message)
        seq_in = connection.note_command(message)
        if message.msg_type == "CA":
            connection.outlet.note_mass_action(seq_in)
        connection.submit(
            pack_command(
                CommandKind.MASS_CANCEL,
                session_id=link.participant.session_id,
                msg_seq_in=seq_in,
                sent_ns=message.time_ns(protocol.SENDING_TIME) or 0,
                instrument_id=0 if symbol is None else self._door.directory.instrument_id(symbol),
                client_order_id=client_id,
                scope=int(scope),
                target_id=target,
                side=int(message.get(protocol.SIDE) or 0),
            )
        )

    def _target(self, link: Link, message: FixMessage) -> tuple[Scope, int]:
        """Scope and node of a mass cancel; a name that nothing has becomes an id that nothing has."""
        who = link.participant
        account, name = message.get(protocol.ACCOUNT), message.get(20021)
        number = message.number(20020)
        scope = Scope(number) if number else Scope.ACCOUNT if account is not None else who.scope
        if scope is Scope.SESSION:
            return scope, who.session_id
        if scope is Scope.ACCOUNT and account is not None:
            return scope, self._door.directory.account_id(account)
        if name is not None:
            return scope, self._door.directory.party_id(int(scope), name)
        return scope, who.node if scope is who.scope else NO_SUCH_ID

    # ------------------------------------------------------------------------------------------ status requests

    def answer_repeat(self, connection: FixConnection, message: FixMessage) -> bool:
        """A possible duplicate of an order that is known: answers with its status instead of carrying it out again."""
        if self.orders is None:
            return False
        account_id = self._account(connection, message)
        record = self.orders.find_name(account_id, message.get(protocol.CL_ORD_ID) or "")
        if record is None:
            return False
        connection.outlet.send_report(record, b"")
        connection.outlet.flush()
        return True

    def _account(self, connection: FixConnection, message: FixMessage) -> int:
        account = message.get(protocol.ACCOUNT)
        if account is None:
            return _link_of(connection).participant.default_account_id
        return int(self._door.directory.account_id(account))

    def _order_status(self, connection: FixConnection, message: FixMessage) -> None:
        who = _link_of(connection).participant
        if self.orders is None:
            self.refuse(connection, message, BusinessReason.NOT_AVAILABLE, "order status is not available")
            return
        order_id, client_id = message.get(protocol.ORDER_ID), message.get(protocol.CL_ORD_ID)
        if order_id is None and client_id is None:
            self._lacks(connection, message, 11)
            return
        more: Fields = ((790, message.get(790) or ""),) if message.get(790) else ()
        if order_id is not None:
            record = self.orders.find_id(message.number(protocol.ORDER_ID) or 0)
        else:
            record = self.orders.find_name(self._account(connection, message), client_id or "")
        if record is not None and self._may_see(who.scope, who.node, record):
            connection.outlet.send_report(record, outbound.encode_fields(more))
            return
        fields = outbound.unknown_order(
            order_id or "", client_id or "", message.get(protocol.SYMBOL) or "[N/A]", message.get(protocol.SIDE) or "",
            who.version, more,
        )  # fmt: skip
        connection.send(Send("8", fields, message))

    @staticmethod
    def _may_see(scope: Scope, node: int, record: bytes) -> bool:
        at = {Scope.ACCOUNT: 40, Scope.TRADER: 44, Scope.DESK: 48, Scope.FIRM: 52}[scope]
        return int.from_bytes(record[at : at + 4], "little") == node

    def _mass_status(self, connection: FixConnection, message: FixMessage) -> None:
        who = _link_of(connection).participant
        if self.orders is None or self._answers.get(who.session_id, 0) >= MASS_STATUS_MAX:
            self.refuse(connection, message, BusinessReason.NOT_AVAILABLE, "too many mass status requests at a time")
            return
        symbol, account = message.get(protocol.SYMBOL), message.get(protocol.ACCOUNT)
        if message.get(585) == "1" and symbol is None:
            self._lacks(connection, message, 55)
            return
        self._answers[who.session_id] = self._answers.get(who.session_id, 0) + 1
        answer = MassStatus(
            self.orders,
            connection,
            message.get(584) or "",
            (int(who.scope), who.node),
            self._door.directory.account_id(account) if account is not None else 0,
            self._door.directory.instrument_id(symbol) if symbol is not None else 0,
            int(message.get(protocol.SIDE) or 0),
            lambda: self._answered(who.session_id),
        )
        answer.step()

    def _answered(self, session_id: int) -> None:
        self._answers[session_id] -= 1

    # ---------------------------------------------------------------------------------- instruments and status

    def _security_list(self, connection: FixConnection, message: FixMessage) -> None:
        request_id = message.get(320) or ""
        facts: list[dict[str, Any]] = list(self._door.directory.instruments.values())
        if message.get(559) == "0":
            symbol = message.get(protocol.SYMBOL)
            facts = [f for f in facts if f["symbol"] == symbol]
        self._response += 1
        fragments = [facts[i : i + SECURITIES_PER_FRAGMENT] for i in range(0, len(facts), SECURITIES_PER_FRAGMENT)] or [
            []
        ]
        for number, fragment in enumerate(fragments, 1):
            fields = outbound.security_list(
                request_id, f"{self._response}-{number}", fragment, len(facts), number == len(fragments),
                self._door.now().wall_ns,
            )  # fmt: skip
            connection.send(Send("y", fields, message))

    def _security_status(self, connection: FixConnection, message: FixMessage) -> None:
        instrument_id = self._door.directory.instrument_id(message.get(protocol.SYMBOL) or "")
        if instrument_id == UNKNOWN:
            self.refuse(connection, message, BusinessReason.UNKNOWN_SECURITY, "no instrument has this Symbol (55)")
            return
        session_id = _link_of(connection).participant.session_id
        watchers = self._status_watchers.setdefault(instrument_id, set())
        if message.get(263) == SUBSCRIBE:
            watchers.add(session_id)
        elif message.get(263) == UNSUBSCRIBE:
            watchers.discard(session_id)
        facts = self._door.directory.instruments[instrument_id]
        fields = outbound.security_status(facts, self._door.now().wall_ns, message.get(324) or "")
        connection.send(Send("f", fields, message))

    def _session_status(self, connection: FixConnection, message: FixMessage) -> None:
        session_id = _link_of(connection).participant.session_id
        if message.get(263) == SUBSCRIBE:
            self._session_watchers.add(session_id)
        elif message.get(263) == UNSUBSCRIBE:
            self._session_watchers.discard(session_id)
        fields = outbound.session_status(self._venue_state(), self._door.now().wall_ns, message.get(335) or "")
        connection.send(Send("h", fields, message))

    def changed(self, kind: CommandKind, instrument_id: int) -> None:
        """The directory took a change: those who watch are told of it."""
        wall_ns = self._door.now().wall_ns
        if kind is CommandKind.SET_INSTRUMENT_STATE:
            facts = self._door.directory.instruments[instrument_id]
            for connection in self._watching(self._status_watchers.get(instrument_id, set())):
                connection.send(Send("f", outbound.security_status(facts, wall_ns)))
        elif kind is CommandKind.SET_VENUE_STATE:
            for connection in self._watching(self._session_watchers):
                connection.send(Send("h", outbound.session_status(self._venue_state(), wall_ns)))

    def _venue_state(self) -> VenueState:
        return VenueState(self._door.directory.venue_state)

    def publish(self, headline: str, lines: tuple[str, ...]) -> None:
        """News to every session that is logged on: maintenance and the like."""
        fields = outbound.news(headline, lines, self._door.now().wall_ns)
        for link in self._door.links:
            if link.connection is not None and link.session.state is State.LOGGED_ON:
                link.connection.send(Send("B", fields, keep=True))

    def _watching(self, sessions: set[int]) -> Iterator[FixConnection]:
        for link in self._door.links:
            if link.participant.session_id in sessions and link.connection is not None:
                yield link.connection

    # ---------------------------------------------------------------------------------------------------- users

    def _user_request(self, connection: FixConnection, message: FixMessage) -> None:
        link = _link_of(connection)
        request_id, username = message.get(923) or "", message.get(protocol.USERNAME) or ""
        if username != (link.participant.credentials.username or link.participant.profile.sender):
            connection.send(Send("BF", outbound.user_response(request_id, username, 3), message))
        elif message.get(924) == "4":
            connection.send(Send("BF", outbound.user_response(request_id, username, 1), message))
        else:
            self._door.change_password(connection, message)


class MassStatus:
    """The answer to one OrderMassStatusRequest: first which orders, then a slice of reports per loop turn.

    An order that ends meanwhile is reported as it stands then, so that TotNumReports stays true.
    """

    def __init__(
        self, orders: OrderBookkeeper, connection: FixConnection, request_id: str, node: tuple[int, int],
        account_id: int, instrument_id: int, side: int, done: Callable[[], None],
    ) -> None:  # fmt: skip
        self._orders = orders
        self._connection = connection
        self._request_id = request_id
        self._node = node
        self._filter = (account_id, instrument_id, side)
        self._done = done
        self._cursor = 0
        self._ids: list[int] = []
        self._sent = 0
        self._is_listed = False

    def step(self) -> None:
        """Looks at a part of the orders, or sends a part of the answer."""
        connection = self._connection
        if connection.is_closed:
            self._done()
            return
        if not self._is_listed:
            found, self._cursor = self._orders.open_below(self._cursor, *self._node, *self._filter)
            self._ids += found
            self._is_listed = self._cursor == 0
        else:
            self._send_slice()
            if self._sent == len(self._ids):
                self._done()
                return
        asyncio.get_running_loop().call_soon(self.step)

    def _send_slice(self) -> None:
        connection, total = self._connection, len(self._ids)
        if not total:
            connection.send(Send("UL", ((584, self._request_id), (911, 0))))
        for order_id in self._ids[self._sent : self._sent + ORDERS_PER_SLICE]:
            self._sent += 1
            record = self._orders.find_id(order_id)
            if record is None:  # it ended, and so many others since that it was forgotten
                continue
            last = "Y" if self._sent == total else "N"
            more = ((584, self._request_id), (911, total), (912, last))
            connection.outlet.send_report(record, outbound.encode_fields(more))
        connection.outlet.flush()


def _link_of(connection: FixConnection) -> Link:
    assert connection.link is not None
    return connection.link
