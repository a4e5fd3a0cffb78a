"""FIX messages for tests: built from readable text, read back as fields; and a client that is exactly as wrong as
asked.

`D|11=a|55=AAPL-USD` is a message of type D; header, BodyLength and CheckSum are added unless the text has them.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from datetime import UTC, datetime, timedelta
from typing import cast

SOH = "\x01"


def utc(offset_s: float = 0.0) -> str:
    """The present as UTCTimestamp, moved by some seconds."""
    return (datetime.now(UTC) + timedelta(seconds=offset_s)).strftime("%Y%m%d-%H:%M:%S.%f")


def wrap(begin: str, body: str, *, length: int | None = None, check_sum: str | None = None) -> bytes:
    """BeginString and BodyLength before, CheckSum behind; wrong ones on demand. Fields are separated by `|` or SOH."""
    inner = body.replace("|", SOH).rstrip(SOH) + SOH
    text = f"8={begin}{SOH}9={len(inner.encode('latin-1')) if length is None else length}{SOH}{inner}".encode("latin-1")
    return (
        text + f"10={sum(text) % 256:03d}{SOH}".encode()
        if check_sum is None
        else text + f"10={check_sum}{SOH}".encode()
    )


def fields_of(raw: bytes) -> list[tuple[int, str]]:
    """The fields of a message in order."""
    parts = raw.decode("latin-1").rstrip(SOH).split(SOH)
    return [(int(tag), value) for tag, _, value in (part.partition("=") for part in parts)]


class Received(dict[int, str]):
    """A message from the venue: first value of each tag. `all` has the fields in order."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.all = fields_of(raw)
        super().__init__()
        for tag, value in self.all:
            self.setdefault(tag, value)
        assert sum(raw[:-7]) % 256 == int(self[10]), raw
        body = raw.index(SOH.encode(), raw.index(b"9=")) + 1
        assert int(self[9]) == len(raw) - 7 - body, raw

    def __str__(self) -> str:
        return self.raw.replace(b"\x01", b"|").decode("latin-1")


def split(data: bytes) -> tuple[list[Received], bytes]:
    """Whole messages of the venue's stream, and the rest."""
    found = []
    while True:
        at = data.find(b"\x0110=")
        if at < 0 or len(data) < at + 8:
            return found, data
        found.append(Received(data[: at + 8]))
        data = data[at + 8 :]


class FixClient:
    """A connection to the venue that keeps count of its numbers, and sends anything."""

    def __init__(self, begin: str, sender: str, target: str) -> None:
        self.begin, self.sender, self.target = begin, sender, target
        self.next_out = 1
        self.received: list[Received] = []
        self._rest = b""
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._reader, self._writer = await asyncio.open_connection(host, port, ssl=tls)

    def close(self) -> None:
        self._writer.close()

    @property
    def transport(self) -> asyncio.ReadTransport:
        return cast(asyncio.ReadTransport, self._writer.transport)

    def pause(self) -> None:
        """Reads nothing any more."""
        self.transport.pause_reading()

    def resume(self) -> None:
        """Reads again."""
        self.transport.resume_reading()

    def abort(self) -> None:
        """The line is cut."""
        self._writer.transport.abort()

    def compose(self, text: str, seq: int | None = None, **header: str | None) -> bytes:
        """`D|11=a`: type, then body. seq None = the next number. header: t49="X" replaces a header field, None drops
        it."""
        msg_type, _, body = text.partition("|")
        if seq is None:
            seq, self.next_out = self.next_out, self.next_out + 1
        head = {"t34": str(seq), "t49": self.sender, "t52": utc(), "t56": self.target, **header}
        fields = [f"{tag[1:]}={value}" for tag, value in head.items() if value is not None]
        return wrap(self.begin, "|".join([f"35={msg_type}", *fields, *([body] if body else [])]))

    def send(self, text: str, seq: int | None = None, **header: str | None) -> None:
        self._writer.write(self.compose(text, seq, **header))

    def send_raw(self, data: bytes) -> None:
        self._writer.write(data)

    async def get(self, timeout_s: float = 10.0) -> Received:
        """The next message. Raises EOFError when the venue has closed."""
        while True:
            found, self._rest = split(self._rest)
            self.received += found
            if self.received:
                return self.received.pop(0)
            data = await asyncio.wait_for(self._reader.read(65_536), timeout_s)
            if not data:
                raise EOFError
            self._rest += data

    async def expect(self, msg_type: str, timeout_s: float = 10.0, **fields: str) -> Received:
        """The next message must be of this type with these values: t58="..."; t141="" = must be absent."""
        message = await self.get(timeout_s)
        wanted = {35: msg_type, **{int(tag[1:]): value for tag, value in fields.items()}}
        wrong = {tag: (value, message.get(tag, "")) for tag, value in wanted.items() if message.get(tag, "") != value}
        assert not wrong, f"{wrong} in {message}"
        return message

    async def closed(self, timeout_s: float = 10.0) -> None:
        """The venue closes without another message."""
        try:
            message = await self.get(timeout_s)
        except (EOFError, ConnectionResetError):
            return
        raise AssertionError(f"expected the end, got {message}")

    async def rest(self) -> list[Received]:
        """Every message until the venue closes."""
        found = []
        while True:
            try:
                found.append(await self.get())
            except (EOFError, ConnectionResetError):
                return found

    async def log_on(self, text: str = "98=0|108=30", seq: int | None = None) -> Received:
        """Logon and its answer."""
        more = "|1137=9" if self.begin == "FIXT.1.1" else ""
        self.send(f"A|{text}{more}", seq)
        return await self.expect("A")

    async def log_out(self, seq: int | None = None) -> Received:
        """Logout, its answer, and the end; other messages on the way are left out."""
        self.send("5", seq)
        message = await self.get()
        while message[35] != "5":
            message = await self.get()
        await self.closed()
        return message


_ids = itertools.count(1)


def order(client_id: str = "", **fields: str) -> str:
    """A NewOrderSingle that rests: BUY 1 AAPL-USD at 90; fields replace (t44="91") or add, "" leaves one out."""
    body = {"t11": client_id or f"c{next(_ids)}", "t55": "AAPL-USD", "t54": "1", "t38": "1", "t40": "2", "t44": "90",
            "t59": "1", "t21": "1", "t60": utc(), **fields}  # fmt: skip
    return "D|" + "|".join(f"{tag[1:]}={value}" for tag, value in body.items() if value != "")
