"""A lean asyncio FIX initiator: logs on, keeps both sequence numbers, sends, and goes on after a broken line.

    client = FixClient("127.0.0.1", 9001, "FIX.4.4", "MAKER44", "PERPGATE")
    await client.connect()
    client.send("D", ((11, "a"), (55, "AAPL-USD"), (54, 1), (38, 5), (40, 2), (44, "254"), (60, utc_now())))
    async for message in client.messages(reconnect_s=0.1):
        ...

For programs of ours that take part in the market (`perpgate demo`): frames with the venue's own compiled framing, and
needs no package beside it. What firms are given to try their sessions is `gateway.fix.kit`, on QuickFIX.

Numbers live as long as the object: a second `connect()` goes on with them and never resets. What the venue sent
meanwhile it asks for and delivers once, in order; what the venue did not get it sends again when asked, with
PossDupFlag. It checks no dictionary.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import cast

from gateway.fix import protocol
from gateway.fix._wire import FixMessage, format_timestamp, parse, split_stream
from gateway.fix.outbound import encode_fields
from gateway.fix.session import SILENCE_AFTER, TEST_REQUEST_AFTER, Fields

KEPT_MAX = 100_000  # messages of ours that can be sent again; older ones are gap-filled
MESSAGE_BYTES_MAX = 16 * 1024
LOGON_TIMEOUT_S = 20.0
DECIMALS = 6  # of the times that we send
APPLICATION_VERSION = ((protocol.DEFAULT_APPL_VER_ID, protocol.FIX50SP2_APPL_VER_ID),)


class FixClosed(ConnectionError):
    """The connection ended; `connect()` again goes on where it stopped, unless `is_logout`: the venue said goodbye."""

    def __init__(self, text: str, is_logout: bool = False) -> None:
        super().__init__(text)
        self.is_logout = is_logout


def utc_now() -> str:
    """The present as a UTCTimestamp."""
    return str(format_timestamp(time.time_ns(), DECIMALS), "ascii")


def compose(begin_string: str, msg_type: str, header: Fields, body: bytes) -> bytes:
    """A whole message; `header` are the fields between MsgType and the body."""
    inner = b"35=%s\x01%s%s" % (msg_type.encode("ascii"), encode_fields(header), body)
    text = b"8=%s\x019=%d\x01%s" % (begin_string.encode("ascii"), len(inner), inner)
    return b"%s10=%03d\x01" % (text, sum(text) & 255)


class FixClient:
    """One session of a participant, named by BeginString, SenderCompID and TargetCompID. Not for several threads.

    heartbeat_s: HeartBtInt. logon: further fields of every Logon (credentials, cancel on disconnect).
    """

    def __init__(
        self,
        host: str,
        port: int,
        begin_string: str,
        sender: str,
        target: str,
        *,
        heartbeat_s: int = 30,
        logon: Fields = (),
    ) -> None:
        self._address = (host, port)
        self.begin_string = begin_string
        self._identity: Fields = ((protocol.SENDER_COMP_ID, sender), (protocol.TARGET_COMP_ID, target))
        self.heartbeat_s = heartbeat_s
        self._logon = logon
        self.next_out = 1
        self.next_in = 1
        self.logons = 0  # that the venue accepted
        self.sent_again = 0  # messages of ours, because the venue asked
        self.received_again = 0  # of the venue's, marked PossDupFlag, that we had not seen
        self.gaps = 0  # ResendRequests of ours
        self._gap_until = 0
        self._kept: dict[int, tuple[str, bytes, str]] = {}  # number -> type, body and time of application messages
        self._line: _Line | None = None
        self._queue: asyncio.Queue[FixMessage | FixClosed] = asyncio.Queue()

    # --------------------------------------------------------------------------------------------- connection

    async def connect(self) -> None:
        """Logs on with the numbers that are due. Raises FixClosed when the venue closes or ends it, OSError when it
        cannot be reached."""
        if self._line is not None:
            raise RuntimeError("the client is connected")
        line = _Line(self)
        await asyncio.get_running_loop().create_connection(lambda: line, *self._address)
        self._line, self._gap_until = line, 0
        fields: Fields = ((protocol.ENCRYPT_METHOD, 0), (protocol.HEART_BT_INT, self.heartbeat_s), *self._logon)
        self._send("A", fields + (APPLICATION_VERSION if self.begin_string == "FIXT.1.1" else ()))
        try:
            async with asyncio.timeout(LOGON_TIMEOUT_S):
                await line.answer
        except BaseException:
            line.abort()
            raise

    @property
    def is_connected(self) -> bool:
        """Logged on."""
        line = self._line
        return line is not None and line.is_logged_on and not line.is_leaving

    async def logout(self) -> None:
        """Logout, and waits for the end; messages that were under way are still delivered."""
        line = self._line
        if line is not None:
            line.is_leaving = True
            self._send("5", ())
            await line.closed.wait()

    def abort(self) -> None:
        """Breaks the line off: the venue sees a loss."""
        if self._line is not None:
            self._line.abort()

    # ------------------------------------------------------------------------------------------------ messages

    def send(self, msg_type: str, fields: Fields) -> int:
        """An application message; returns its MsgSeqNum. Raises FixClosed when not connected."""
        if not self.is_connected:
            raise FixClosed("the client is not connected")
        seq, body, now = self.next_out, encode_fields(fields), utc_now()
        self._kept[seq] = (msg_type, body, now)
        if len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        self.next_out += 1
        self._write(msg_type, seq, body, ((protocol.SENDING_TIME, now),))
        return seq

    async def next_message(self) -> FixMessage:
        """The next application message or Reject. Raises FixClosed after the last one of a connection that ended."""
        item = await self._queue.get()
        if isinstance(item, FixClosed):
            raise item
        return item

    async def messages(self, reconnect_s: float | None = None) -> AsyncIterator[FixMessage]:
        """Messages in order until the venue logs out or, without `reconnect_s`, the connection ends.

        With `reconnect_s` a broken connection is opened again after that many seconds, doubled up to 30, as often as
        it takes.
        """
        while True:
            try:
                yield await self.next_message()
            except FixClosed as closed:
                if reconnect_s is None or closed.is_logout:
                    return
                await self._reconnect(reconnect_s)

    async def _reconnect(self, delay_s: float) -> None:
        while True:
            await asyncio.sleep(delay_s)
            try:
                return await self.connect()
            except FixClosed as closed:
                if closed.is_logout:
                    raise
            except OSError:
                pass
            delay_s = min(30.0, 2 * delay_s)

    # ----------------------------------------------------------------------------------- called by the line

    def took(self, line: _Line, message: FixMessage) -> None:
        """A whole message: the session level here, everything else to the reader. Raises FixClosed when the venue does
        what FIX does not allow."""
        msg_type, seq = message.msg_type, message.seq_num
        if not line.is_logged_on and msg_type not in ("A", "5"):
            raise FixClosed(f"the venue answered the Logon with a message of type {msg_type}")
        if msg_type == "5":
            self._logged_out(line, message, seq)
        elif seq is None or (seq < self.next_in and not message.poss_dup):
            raise FixClosed(f"the venue sent number {seq}, expected {self.next_in}")
        elif msg_type == "A" and not line.is_logged_on:
            self._logged_on(line, message, seq)
        elif msg_type == "2" and seq > self.next_in:  # answered at once, or both sides would wait for each other
            self._answer_resend_request(message)
            self._ask_again(seq)
        elif seq > self.next_in:
            self._ask_again(seq)
        elif seq == self.next_in:
            self._in_order(message, seq)

    def lost(self, line: _Line, closed: FixClosed) -> None:
        """The connection ended."""
        if self._line is line:
            self._line = None
            if line.is_logged_on:
                self._queue.put_nowait(closed)

    def beat(self, line: _Line, now_s: float) -> None:
        """A few times per heartbeat interval: says that we are here, and asks whether the venue is."""
        if not line.is_logged_on:
            return
        silence_s = now_s - line.heard_s
        if silence_s > SILENCE_AFTER * self.heartbeat_s:
            line.end = FixClosed(f"the venue was silent for {silence_s:.1f} s")
            line.abort()
        elif silence_s > TEST_REQUEST_AFTER * self.heartbeat_s and line.tested_s < line.heard_s:
            line.tested_s = now_s
            self._send("1", ((protocol.TEST_REQ_ID, "CLIENT"),))
        elif now_s - line.sent_s >= self.heartbeat_s:
            self._send("0", ())

    # --------------------------------------------------------------------------------------------------- inner

    def _send(self, msg_type: str, fields: Fields) -> None:
        """A message of the session level: it uses a number and is never sent again."""
        self._write(msg_type, self.next_out, encode_fields(fields), ((protocol.SENDING_TIME, utc_now()),))
        self.next_out += 1

    def _write(self, msg_type: str, seq: int, body: bytes, header: Fields) -> None:
        if self._line is not None:
            head = ((protocol.MSG_SEQ_NUM, seq), *self._identity, *header)
            self._line.write(compose(self.begin_string, msg_type, head, body))

    def _logged_on(self, line: _Line, message: FixMessage, seq: int) -> None:
        if message.get(protocol.RESET_SEQ_NUM_FLAG) == "Y":
            raise FixClosed("the venue wants to reset sequence numbers")
        self.logons += 1
        line.is_logged_on = True
        if not line.answer.done():
            line.answer.set_result(None)
        if seq == self.next_in:
            self.next_in += 1
        else:
            self._ask_again(seq)

    def _logged_out(self, line: _Line, message: FixMessage, seq: int | None) -> None:
        if seq == self.next_in:
            self.next_in += 1
        if not line.is_leaving:
            self._send("5", ())
        text = message.get(protocol.TEXT)
        line.end = FixClosed(f"the venue logged out: {text}" if text else "logged out", is_logout=True)
        line.close()

    def _ask_again(self, seq: int) -> None:
        """A gap: what is ahead is dropped, because the venue sends everything from the first missing number on."""
        if self.next_in > self._gap_until:
            self.gaps += 1
            self._send("2", ((protocol.BEGIN_SEQ_NO, self.next_in), (protocol.END_SEQ_NO, 0)))
        self._gap_until = max(self._gap_until, seq)

    def _in_order(self, message: FixMessage, seq: int) -> None:
        self.next_in = seq + 1
        msg_type = message.msg_type
        if msg_type == "4":
            self.next_in = max(self.next_in, message.number(protocol.NEW_SEQ_NO) or 0)
        elif msg_type == "1":
            self._send("0", ((protocol.TEST_REQ_ID, message.get(protocol.TEST_REQ_ID) or ""),))
        elif msg_type == "2":
            self._answer_resend_request(message)
        elif msg_type not in protocol.ADMIN_TYPES or msg_type == "3":
            self.received_again += message.poss_dup
            self._queue.put_nowait(message)

    def _answer_resend_request(self, message: FixMessage) -> None:
        """What we keep again under its old number; the numbers between were Logons and the like: a gap fill."""
        seq = message.number(protocol.BEGIN_SEQ_NO) or 1
        end = message.number(protocol.END_SEQ_NO) or self.next_out - 1
        after = min(end, self.next_out - 1) + 1
        while seq < after:
            now = utc_now()
            again: Fields = ((protocol.SENDING_TIME, now), (protocol.POSS_DUP_FLAG, "Y"))
            kept = self._kept.get(seq)
            if kept is not None:
                msg_type, body, sent = kept
                self._write(msg_type, seq, body, (*again, (protocol.ORIG_SENDING_TIME, sent)))
                self.sent_again += 1
                seq += 1
                continue
            begin = seq
            while seq < after and seq not in self._kept:
                seq += 1
            body = encode_fields(((protocol.GAP_FILL_FLAG, "Y"), (protocol.NEW_SEQ_NO, seq)))
            self._write("4", begin, body, (*again, (protocol.ORIG_SENDING_TIME, now)))


class _Line(asyncio.Protocol):
    """One connection: frames, and keeps the clock."""

    def __init__(self, client: FixClient) -> None:
        loop = asyncio.get_running_loop()
        self._client = client
        self._loop = loop
        self._rest = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.sent_s = self.heard_s = loop.time()
        self.tested_s = 0.0
        self.is_leaving = False
        self.end = FixClosed("the venue closed the connection")
        self.is_logged_on = False
        self.answer: asyncio.Future[None] = loop.create_future()  # of the Logon
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._beat()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self.sent_s = self._loop.time()
            self._transport.write(data)

    def close(self) -> None:
        """Behind what was written; nothing that still comes is read."""
        self.is_leaving = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self.heard_s = self._loop.time()
        stream = self._rest + data
        messages, garbled, left = split_stream(stream, MESSAGE_BYTES_MAX)
        self._rest = stream[len(stream) - left :]
        try:
            if garbled:
                raise FixClosed("the venue sent what is no FIX message")
            for raw in messages:
                self._client.took(self, parse(raw))
        except FixClosed as closed:
            self.end = closed
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if not self.answer.done():
            self.answer.set_exception(self.end)
        self._client.lost(self, self.end)
        self.closed.set()

    def _beat(self) -> None:
        self._client.beat(self, self._loop.time())
        if self._transport is not None:
            self._timer = self._loop.call_later(self._client.heartbeat_s / 4, self._beat)
