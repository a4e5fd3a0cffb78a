"""A FIX 4.4 session for benchmarks over a blocking socket: logs on in Python, sends orders in C (native/fix_load.c)."""

from __future__ import annotations

import ctypes
import socket
from types import TracebackType

from gateway.fix._wire import FixMessage, parse, split_stream
from gateway.fix.client import MESSAGE_BYTES_MAX, compose, utc_now
from gateway.fix.session import Fields
from tests.bench import native
from tests.bench.harness import Refused

BEGIN_STRING = "FIX.4.4"
PLACE, PLACE_CANCEL = 0, 1
SYMBOL = "AAPL-USD"
TIMEOUT_S = 30.0
FAULTS = {-1: "the line ended, or the venue rejected a message", -2: "answers stayed away"}


class FixLine:
    """Connected and logged on when it is made; `with` closes it. Raises OSError, or Refused when the Logon is."""

    def __init__(self, port: int, sender: str, target: str = "PERPGATE", heartbeat_s: int = 30, **logon: str) -> None:
        self.sender, self.target = sender, target
        self.next_out = 1
        self.next_order = 1  # of the ClOrdIDs of a load
        self._rest = b""
        self._waiting: list[FixMessage] = []
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        more: Fields = tuple((int(tag[1:]), value) for tag, value in logon.items())
        self.send("A", ((98, 0), (108, heartbeat_s), *more))
        if self.receive().msg_type != "A":
            raise Refused(f"{sender} was not logged on")

    def __enter__(self) -> FixLine:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.socket.close()

    def compose(self, msg_type: str, fields: Fields) -> bytes:
        """The next message, as bytes."""
        header: Fields = ((34, self.next_out), (49, self.sender), (52, utc_now()), (56, self.target))
        self.next_out += 1
        body = b"".join(b"%d=%s\x01" % (tag, str(value).encode()) for tag, value in fields)
        return compose(BEGIN_STRING, msg_type, header, body)

    def send(self, msg_type: str, fields: Fields) -> None:
        self.socket.sendall(self.compose(msg_type, fields))

    def receive(self) -> FixMessage:
        """The next message; TestRequests are answered on the way. Raises Refused when the venue closes."""
        while True:
            while not self._waiting:
                data = self.socket.recv(1 << 20)
                if not data:
                    raise Refused(f"the line of {self.sender} ended")
                stream = self._rest + data
                messages, _, left = split_stream(stream, MESSAGE_BYTES_MAX)
                self._rest = stream[len(stream) - left :]
                self._waiting = [parse(raw) for raw in messages]
            message = self._waiting.pop(0)
            if message.msg_type == "1":
                self.send("0", ((112, message.get(112) or ""),))
            else:
                return message

    def receive_until(self, msg_type: str, **fields: str) -> FixMessage:
        """The next message of this type with these values; others are passed over."""
        while True:
            message = self.receive()
            if message.msg_type == msg_type and all(message.get(int(t[1:])) == v for t, v in fields.items()):
                return message

    def cancel_all(self) -> None:
        """Cancels every open order of the session's account and waits for the end of it."""
        name = f"all{self.next_out}"
        self.send("q", ((11, name), (530, 7), (60, utc_now())))
        self.receive_until("r", t11=name)


class Load:
    """The compiled loop over a line that is logged on. `mix`: PLACE or PLACE_CANCEL."""

    def __init__(self, line: FixLine, mix: int) -> None:
        self._library = library()
        self._line = line
        self._state = self._library.fix_load_new(
            line.socket.fileno(),
            line.sender.encode(),
            line.target.encode(),
            SYMBOL.encode(),
            line.next_order,
            mix,
        )

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._library.fix_load_free(self._state)

    def run(self, orders: int, window: int) -> float:
        """Sends so many orders, `window` of them unanswered at a time; seconds until all was answered. Raises Refused
        when the line ends, answers stay away or an order was refused."""
        took_ns = self._library.fix_load_run(self._state, self._line.next_out, orders, window)
        self._line.next_out = self._library.fix_load_next_out(self._state)
        self._line.next_order = self._library.fix_load_next_order(self._state)
        if took_ns < 0:
            raise Refused(f"FIX load: {FAULTS[took_ns]}")
        refused = self._library.fix_load_refused(self._state)
        if refused:
            raise Refused(f"FIX load: {refused} requests were refused")
        return took_ns / 1e9

    @property
    def received_bytes(self) -> int:
        return int(self._library.fix_load_received_bytes(self._state))

    @property
    def reports(self) -> int:
        return int(self._library.fix_load_reports(self._state))

    def latencies_us(self) -> list[float]:
        """Of the orders of the last run, from the moment of composing to that of the report's arrival; sorted."""
        count = self._library.fix_load_samples(self._state)
        return sorted(ns / 1000 for ns in self._library.fix_load_latencies(self._state)[:count])


def library() -> ctypes.CDLL:
    """native/fix_load.c, compiled and with its types told."""
    found = native.load("fix_load.c")
    state = ctypes.c_void_p
    found.fix_load_new.restype = state
    found.fix_load_new.argtypes = (
        ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_int,
    )  # fmt: skip
    found.fix_load_free.argtypes = (state,)
    found.fix_load_run.restype = ctypes.c_int64
    found.fix_load_run.argtypes = (state, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32)
    for name in ("next_out", "next_order", "refused", "reports", "received_bytes"):
        function = getattr(found, f"fix_load_{name}")
        function.restype, function.argtypes = ctypes.c_uint64, (state,)
    found.fix_load_samples.restype, found.fix_load_samples.argtypes = ctypes.c_size_t, (state,)
    found.fix_load_latencies.restype = ctypes.POINTER(ctypes.c_uint32)
    found.fix_load_latencies.argtypes = (state,)
    return found
