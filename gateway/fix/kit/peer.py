"""One FIX connection under full control: the certification's hands.

Sends what it is told to, right or wrong, at the number it is told, and answers nothing by itself but TestRequests (when
asked to). It keeps both sides' numbers and everything that was sent and received. Blocking, one thread.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass, field

from gateway.fix.kit.endpoint import Endpoint, VenueUnreachable
from gateway.fix.kit.requests import Body, utc_now
from gateway.fix.kit.wire import FixMessage, Framer, WireError, encode, parse

READ_BYTES = 65_536


class Disconnected(Exception):
    """The venue closed the connection."""


class NoMessage(Exception):
    """Nothing that was waited for came in time."""


@dataclass
class Numbers:
    """Next MsgSeqNum of each direction; kept from connection to connection."""

    out: int = 1
    expected: int = 1


@dataclass
class Peer:
    """A connection of `endpoint`. `numbers` may be shared by consecutive connections of the session."""

    endpoint: Endpoint
    numbers: Numbers = field(default_factory=Numbers)
    log: list[str] = field(default_factory=list)
    answers_test_requests: bool = True
    highest: int = 0  # largest MsgSeqNum received
    hides_secrets: bool = True  # in the log

    def __post_init__(self) -> None:
        self._socket: socket.socket | None = None
        self._framer = Framer()
        self._inbox: deque[FixMessage] = deque()
        self._closed_by_venue = False
        self._early: set[int] = set()  # numbers received ahead of a gap

    # ------------------------------------------------------------------------------------------- connection

    def connect(self, timeout_s: float = 5.0) -> None:
        """Opens the line, no logon. Raises VenueUnreachable when the venue cannot be reached."""
        address = (self.endpoint.host, self.endpoint.port)
        tls = self.endpoint.tls
        context = tls.context() if tls is not None else None
        try:
            line = socket.create_connection(address, timeout_s)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None and context is not None:
                line = _secured(line, context, tls.server_name or self.endpoint.host)
        except OSError as error:
            raise VenueUnreachable(f"{address[0]}:{address[1]} cannot be reached: {error}") from None
        self._socket, self._framer, self._closed_by_venue = line, Framer(), False
        self._inbox.clear()
        self._early.clear()

    def close(self) -> None:
        """Drops the line without a word."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self.log.append("- line dropped")

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    # ---------------------------------------------------------------------------------------------- sending

    def header(self, msg_type: str, seq: int, sending_time: str) -> Body:
        """8, 35 and the fields that every message has."""
        endpoint = self.endpoint
        fields = [(8, endpoint.begin_string), (35, msg_type), (49, endpoint.sender_comp_id)]
        if endpoint.sender_sub_id:
            fields.append((50, endpoint.sender_sub_id))
        return [*fields, (56, endpoint.target_comp_id), (34, str(seq)), (52, sending_time)]

    def send(
        self,
        msg_type: str,
        body: Body | None = None,
        *,
        seq: int | None = None,
        header: Body | None = None,
        sending_time: str = "",
    ) -> FixMessage:
        """A message with the next number, or with `seq` without counting. `header`: further header fields."""
        number = self.numbers.out if seq is None else seq
        fields = self.header(msg_type, number, sending_time or utc_now()) + (header or []) + (body or [])
        message = self.send_fields(fields)
        if seq is None:
            self.numbers.out += 1
        return message

    def send_fields(self, fields: Body) -> FixMessage:
        """Exactly these fields, with 9 and 10 computed; nothing is counted."""
        data = encode(fields)
        self.send_bytes(data)
        return parse(data) if fields[1][0] == 35 else FixMessage(tuple(fields))

    def send_bytes(self, data: bytes) -> None:
        """Exactly these bytes. Raises Disconnected."""
        self.log.append("> " + _readable(data, not self.hides_secrets))
        try:
            self._line().sendall(data)
        except OSError:
            self._closed_by_venue = True
            raise Disconnected("the venue closed the connection") from None

    def logon(self, more: Body | None = None, *, reset: bool = False, timeout_s: float = 5.0) -> FixMessage:
        """Connects when it is not, sends the Logon and waits for the venue's; its answer.

        Raises Disconnected or NoMessage when there is none.
        """
        if not self.is_open:
            self.connect(timeout_s)
        if reset:
            self.numbers.out = self.numbers.expected = 1
            self.highest = 0
            self._early.clear()
        now = utc_now()
        self.send("A", self.logon_body(self.numbers.out, now, reset=reset) + (more or []), sending_time=now)
        return self.expect("A", timeout_s=timeout_s)

    def logon_body(self, seq: int, sending_time: str, *, reset: bool = False) -> Body:
        """Body of a Logon with that number and SendingTime."""
        endpoint = self.endpoint
        body: Body = [(98, "0"), (108, str(endpoint.heartbeat_s))]
        if reset:
            body.append((141, "Y"))
        if endpoint.begin_string == "FIXT.1.1":
            body.append((1137, "9"))
        return body + endpoint.credentials(seq, sending_time)

    def logout(self, timeout_s: float = 5.0) -> None:
        """Says goodbye, waits for the answer and closes."""
        try:
            self.send("5")
            self.expect("5", timeout_s=timeout_s)
        except Disconnected:
            pass
        self.close()

    # -------------------------------------------------------------------------------------------- receiving

    def receive(self, timeout_s: float = 5.0) -> FixMessage:
        """The next message, whatever it is. Raises NoMessage, Disconnected, WireError."""
        deadline_s = time.monotonic() + timeout_s
        while not self._inbox:
            self._read(deadline_s)
        message = self._inbox.popleft()
        self._count(message)
        return message

    def expect(self, msg_type: str, timeout_s: float = 5.0, **values: str) -> FixMessage:
        """The next message of a type with these values (`t150="0"` means 150=0); Heartbeats and messages of other
        kinds are passed over. Raises NoMessage, Disconnected."""
        wanted = {int(name.removeprefix("t")): value for name, value in values.items()}
        deadline_s = time.monotonic() + timeout_s
        seen: list[str] = []
        while True:
            try:
                message = self.receive(max(0.0, deadline_s - time.monotonic()))
            except NoMessage:
                asked = "".join(f" {tag}={value}" for tag, value in wanted.items())
                came = f"; came: {'; '.join(seen)}" if seen else ""
                raise NoMessage(f"no 35={msg_type}{asked} within {timeout_s:g} s{came}") from None
            except Disconnected as error:
                came = f" after {'; '.join(seen)}" if seen else ""
                raise Disconnected(f"{error}{came}") from None
            if message.msg_type == msg_type and all(message.get(tag) == value for tag, value in wanted.items()):
                return message
            if message.msg_type != "0":
                seen.append(message.to_text()[:300])

    def expect_disconnect(self, timeout_s: float = 5.0) -> list[FixMessage]:
        """Waits for the venue to close; what it sent before. Raises NoMessage when it does not."""
        deadline_s = time.monotonic() + timeout_s
        received = []
        try:
            while True:
                received.append(self.receive(max(0.0, deadline_s - time.monotonic())))
        except Disconnected:
            self.close()
            return received
        except NoMessage:
            raise NoMessage(f"the venue did not close the connection within {timeout_s:g} s") from None

    def expect_silence(self, timeout_s: float) -> None:
        """Nothing but Heartbeats and TestRequests for that long. Raises AssertionError."""
        deadline_s = time.monotonic() + timeout_s
        try:
            while True:
                message = self.receive(max(0.0, deadline_s - time.monotonic()))
                if message.msg_type not in ("0", "1"):
                    raise AssertionError(f"expected silence, got {message.to_text()}")
        except NoMessage:
            return

    def catch_up(self, timeout_s: float = 5.0) -> list[FixMessage]:
        """Asks for what is missing, when something is, and waits for it; the repeated application messages."""
        repeated: list[FixMessage] = []
        if self.numbers.expected <= self.highest:
            self.send("2", [(7, str(self.numbers.expected)), (16, "0")])
        deadline_s = time.monotonic() + timeout_s
        while self.numbers.expected <= self.highest:
            message = self.receive(max(0.0, deadline_s - time.monotonic()))
            if message.get(43) == "Y" and message.msg_type != "4":
                repeated.append(message)
        return repeated

    def _count(self, message: FixMessage) -> None:
        """Keeps the expected number: what came early counts once the gap before it is filled."""
        self.highest = max(self.highest, message.seq)
        numbers = self.numbers
        if message.msg_type == "4" and (message.get(123) != "Y" or message.seq == numbers.expected):
            numbers.expected = int(message.get(36))
        elif message.seq >= numbers.expected:
            self._early.add(message.seq)
        while numbers.expected in self._early:
            self._early.remove(numbers.expected)
            numbers.expected += 1
        if message.msg_type == "1" and message.get(43) != "Y" and self.answers_test_requests and self.is_open:
            self.send("0", [(112, message.get(112))])

    def _read(self, deadline_s: float) -> None:
        line = self._line()
        left_s = deadline_s - time.monotonic()
        pending = isinstance(line, ssl.SSLSocket) and line.pending()
        if not pending and (left_s <= 0 or not select.select([line], [], [], left_s)[0]):
            raise NoMessage("no message")
        try:
            data = line.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self._closed_by_venue = True
            raise Disconnected("the venue closed the connection")
        for message in self._framer.feed(data):
            self.log.append("< " + message.to_text())
            self._inbox.append(message)

    def _line(self) -> socket.socket:
        if self._socket is None or self._closed_by_venue:
            raise Disconnected("there is no connection")
        return self._socket


def _secured(line: socket.socket, context: ssl.SSLContext, name: str) -> socket.socket:
    try:
        return context.wrap_socket(line, server_hostname=name)
    except OSError:
        line.close()
        raise


def _readable(data: bytes, show_secrets: bool) -> str:
    try:
        return parse(data).to_text(show_secrets=show_secrets)
    except WireError:
        return data.decode("latin-1").replace("\x01", "|")
