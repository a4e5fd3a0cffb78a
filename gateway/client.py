"""An asyncio client for the binary protocol: log in, send orders, iterate over typed reports, reconnect without a gap.

    client = BinaryClient("127.0.0.1", 7001, "MM01", "s3cret")
    await client.connect()
    client.place(NewOrder(cl_ord_id=1, account_id=1, instrument_id=1, side=1, quantity_e8=10**8, price_e8=10**10))
    async for report in client.reports():
        ...

Prices and quantities are integers with eight decimals (`_e8`). The rules of the protocol are in docs/binary.md.

Numbers. The client counts the venue's sequenced messages (`next_seq`); a second `connect()` of the same object asks for
the first one that it has not seen. Requests are numbered too (`client_seq`, returned by the sending methods and echoed
in the report that answers); those that nobody answered when the connection broke are sent again with their old numbers
after the next `connect()`, and the venue ignores the ones that it had already taken: nothing is lost, nothing is done
twice.
"""

from __future__ import annotations

import asyncio
import ssl as tls
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import cast

from gateway.binary.messages import (
    CancelOrder,
    CancelRejected,
    CommandResult,
    MassCancel,
    MassCancelDone,
    MassCancelRejected,
    NewOrder,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReport,
    OrderRestated,
    OrderStatus,
    OrderStatusEnd,
    OrderTriggered,
    ProtocolError,
    ReplaceOrder,
    ReplaceRejected,
    Report,
    Request,
    SessionOptions,
    SessionState,
    SourcePrice,
    decode_report,
    encode_request,
    login_request,
    soup_packet,
)

UNANSWERED_MAX = 100_000
HEARTBEAT = soup_packet(b"R")
LOGOUT = soup_packet(b"O")


class LoginRefused(ConnectionError):
    """The venue refused the login. `code`: "A" not authorised, "S" session not available (wrong name, live elsewhere,
    or a sequence number that the venue has not reached)."""

    def __init__(self, code: str) -> None:
        super().__init__({"A": "not authorised", "S": "session not available"}.get(code, code))
        self.code = code


class SessionClosed(ConnectionError):
    """The connection ended. `connect()` again goes on where it stopped, unless `is_end_of_session`."""

    def __init__(self, text: str, is_end_of_session: bool = False) -> None:
        super().__init__(text)
        self.is_end_of_session = is_end_of_session


class BinaryClient:
    """One session of a participant. Not for use from several threads.

    user, password: at most 6 and 10 characters. session: name of the Soup session, empty = the current one.
    next_seq: first sequenced message wanted by the first `connect()`: 1 = everything since the start of the session,
    0 = only what comes from now on. first_client_seq: number of the first request; by default the clock in nanoseconds,
    which is above everything that an earlier process of the same session has sent.
    heartbeat_s, silence_s: our heartbeat when we send nothing else, and how long the venue may be silent.
    """

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        *,
        session: str = "",
        next_seq: int = 1,
        first_client_seq: int | None = None,
        ssl: tls.SSLContext | None = None,
        server_hostname: str | None = None,
        heartbeat_s: float = 1.0,
        silence_s: float = 15.0,
    ) -> None:
        self._address = (host, port)
        self._login = (user, password)
        self._ssl = ssl
        self._server_hostname = server_hostname
        self.session = session
        self.next_seq = next_seq
        self.client_seq = (time.time_ns() if first_client_seq is None else first_client_seq) - 1
        self.heartbeat_s = heartbeat_s
        self.silence_s = silence_s
        self.debug_texts: deque[str] = deque(maxlen=100)  # what the venue said in debug packets
        self._options: SessionOptions | None = None
        self._wire: _Wire | None = None
        self._queue: asyncio.Queue[Report | SessionClosed] = asyncio.Queue()
        self._unanswered: dict[int, bytes] = {}

    # -------------------------------------------------------------------------------------------- connection

    async def connect(self, options: SessionOptions | None = None) -> int:
        """Logs in and returns the number of the next sequenced message; `options` are sent first (None: those of the
        last `connect`, if any).

        Raises LoginRefused, OSError when the venue cannot be reached, ProtocolError when it answers something else.
        """
        if self._wire is not None:
            raise RuntimeError("the client is connected")
        loop = asyncio.get_running_loop()
        wire = _Wire(self)
        await loop.create_connection(
            lambda: wire, *self._address, ssl=self._ssl, server_hostname=self._server_hostname if self._ssl else None
        )
        wire.send(login_request(*self._login, self.session, self.next_seq))
        try:
            session, first_seq = await wire.answer
        except BaseException:
            wire.close()
            raise
        if wire.closed.is_set():
            raise SessionClosed("the venue closed the connection behind the login")
        if self.next_seq not in (0, first_seq):
            wire.close()
            raise ProtocolError(f"asked for message {self.next_seq}, the venue starts at {first_seq}")
        self.session, self.next_seq = session, first_seq
        self._wire = wire
        self._options = options or self._options
        if self._options is not None:
            wire.send(encode_request(self._options))
        for packet in self._unanswered.values():
            wire.send(packet)
        wire.begin()
        return first_seq

    @property
    def is_connected(self) -> bool:
        return self._wire is not None

    @property
    def unanswered(self) -> tuple[int, ...]:
        """`client_seq` of the requests without an answer, oldest first."""
        return tuple(self._unanswered)

    async def logout(self) -> None:
        """Logs out and waits until the venue has closed; reports that were under way are still delivered."""
        if self._wire is not None:
            self._wire.send(LOGOUT)
            await self._wire.closed.wait()

    def abort(self) -> None:
        """Breaks the connection off at once (the venue sees a loss, not a logout)."""
        if self._wire is not None:
            self._wire.close()

    # ----------------------------------------------------------------------------------------------- requests

    def place(self, order: NewOrder) -> int:
        """Sends a new order; returns its `client_seq`. Raises SessionClosed when not connected."""
        return self.send(order)

    def replace(self, request: ReplaceOrder) -> int:
        """Changes price and total quantity of an order, named by `order_id` or `orig_cl_ord_id`."""
        return self.send(request)

    def cancel(self, request: CancelOrder) -> int:
        """Cancels an order, named by `order_id` or `orig_cl_ord_id`."""
        return self.send(request)

    def mass_cancel(self, request: MassCancel) -> int:
        """Cancels all open orders of a session, account, trader, desk or firm, narrowed by instrument and side."""
        return self.send(request)

    def send(self, request: Request) -> int:
        """Numbers and sends any request but SessionOptions, which goes with `connect`."""
        if isinstance(request, SessionOptions):
            raise TypeError("SessionOptions must be the first message: give it to connect()")
        if self._wire is None:
            raise SessionClosed("the client is not connected")
        packet = encode_request(request, self.client_seq + 1)
        self.client_seq += 1
        if not isinstance(request, SourcePrice):  # not answered, and of no use when it is late
            self._unanswered[self.client_seq] = packet
        if len(self._unanswered) > UNANSWERED_MAX:
            del self._unanswered[next(iter(self._unanswered))]
        self._wire.send(packet)
        return self.client_seq

    # ------------------------------------------------------------------------------------------------ reports

    async def next_report(self) -> Report:
        """The next report. Raises SessionClosed after the last one of a connection that ended."""
        item = await self._queue.get()
        if isinstance(item, SessionClosed):
            raise item
        return item

    async def reports(self, reconnect_s: float | None = None) -> AsyncIterator[Report]:
        """Reports in order until the session ends or, without `reconnect_s`, the connection does.

        With `reconnect_s` a broken connection is opened again after that many seconds, doubled up to 30, as often
        as it takes; LoginRefused ends it.
        """
        while True:
            try:
                yield await self.next_report()
            except SessionClosed as closed:
                if reconnect_s is None or closed.is_end_of_session:
                    return
                await self._reconnect(reconnect_s)

    async def _reconnect(self, delay_s: float) -> None:
        while True:
            await asyncio.sleep(delay_s)
            try:
                await self.connect()
                return
            except LoginRefused:
                raise
            except OSError:
                delay_s = min(30.0, 2 * delay_s)

    # ----------------------------------------------------------------------------------- called by the wire

    def took(self, payload: bytes) -> None:
        """A sequenced message arrived."""
        self.next_seq += 1
        report = decode_report(payload)
        if report is None:
            return
        if report.client_seq:
            self._unanswered.pop(report.client_seq, None)
        self._queue.put_nowait(report)

    def lost(self, wire: _Wire, closed: SessionClosed) -> None:
        """The connection ended."""
        if self._wire is wire:
            self._wire = None
            self._queue.put_nowait(closed)


class _Wire(asyncio.Protocol):
    """One connection: frames packets, keeps heartbeats."""

    def __init__(self, client: BinaryClient) -> None:
        loop = asyncio.get_running_loop()
        self._client = client
        self._loop = loop
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sent_s = self._heard_s = loop.time()
        self._is_in_session = False
        self._end = SessionClosed("the venue closed the connection")
        self.answer: asyncio.Future[tuple[str, int]] = loop.create_future()
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._beat()

    def begin(self) -> None:
        """The client has taken the login's answer: deliver what follows it."""
        self._is_in_session = True
        self._frames()

    def send(self, packet: bytes) -> None:
        if self._transport is not None:
            self._sent_s = self._loop.time()
            self._transport.write(packet)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        self._buffer += data
        try:
            self._frames()
        except ProtocolError as error:
            self._end = SessionClosed(str(error))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if not self.answer.done():
            self.answer.set_exception(SessionClosed("the venue closed the connection before it answered the login"))
        self._client.lost(self, self._end)
        self.closed.set()

    def _frames(self) -> None:
        data, start = self._buffer, 0
        while len(data) - start >= 2:
            end = start + 2 + int.from_bytes(data[start : start + 2], "big")
            if len(data) < end:
                break
            if end == start + 2:
                raise ProtocolError("a packet of length 0")
            kind = data[start + 2]
            if kind == 0x53 and not self._is_in_session:  # sequenced data wait until the client has taken the answer
                break
            self._packet(kind, bytes(data[start + 3 : end]))
            start = end
        del data[:start]

    def _packet(self, kind: int, payload: bytes) -> None:
        if kind == 0x53:  # 'S'
            self._client.took(payload)
        elif kind == 0x41 and not self.answer.done():  # 'A'
            self.answer.set_result((payload[:10].decode("ascii").strip(), int(payload[10:30])))
        elif kind == 0x4A and not self.answer.done():  # 'J'
            self.answer.set_exception(LoginRefused(payload.decode("ascii")))
        elif kind == 0x5A:  # 'Z'
            self._end = SessionClosed("the venue ended the session", is_end_of_session=True)
        elif kind == 0x2B:  # '+'
            self._client.debug_texts.append(payload.decode("ascii", "replace"))
            self._end = SessionClosed(f"the venue closed the connection: {self._client.debug_texts[-1]}")
        elif kind != 0x48:  # 'H'
            raise ProtocolError(f"unexpected packet type 0x{kind:02x}")

    def _beat(self) -> None:
        now_s = self._loop.time()
        if now_s - self._heard_s > self._client.silence_s:
            self._end = SessionClosed(f"the venue was silent for {self._client.silence_s} s")
            self.close()
            return
        if self._is_in_session and now_s - self._sent_s >= self._client.heartbeat_s:
            self.send(HEARTBEAT)
        self._timer = self._loop.call_later(self._client.heartbeat_s / 4, self._beat)


__all__ = [
    "BinaryClient",
    "LoginRefused",
    "SessionClosed",
    "CancelOrder",
    "CancelRejected",
    "CommandResult",
    "MassCancel",
    "MassCancelDone",
    "MassCancelRejected",
    "NewOrder",
    "OrderAccepted",
    "OrderCancelled",
    "OrderExpired",
    "OrderFilled",
    "OrderRejected",
    "OrderReplaced",
    "OrderReport",
    "OrderRestated",
    "OrderStatus",
    "OrderStatusEnd",
    "OrderTriggered",
    "ProtocolError",
    "ReplaceOrder",
    "ReplaceRejected",
    "Report",
    "Request",
    "SessionOptions",
    "SourcePrice",
    "SessionState",
]
