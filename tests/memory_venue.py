"""A venue in one event loop and without files: the reference engine, a gate that is always open, a real binary door.

For tests of doors: everything between the socket and the engine is the real thing, and the state of the engine is at
hand. `halt_releases()` holds events back, as a slow disk would.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

from engine.api import EngineLimits, load_engine
from engine.batch import CommandBatch
from engine.records import (
    EVENT_SIZE,
    ORDER_EVENT,
    CodFlag,
    CommandKind,
    PartyStatus,
    Scope,
    SessionRight,
    pack_command,
    unpack_event,
)
from gateway._router import Router
from gateway.binary.door import BinaryDoor, BinaryDoorConfig
from gateway.client import BinaryClient, SessionOptions
from gateway.participants import Participant, Participants
from gateway.passwords import hash_password
from gateway.session import DoorPorts

ONE = 100_000_000  # one unit, or a price of one, in e8
TICK_E8, LOT_E8 = 1_000_000, 100_000
PASSWORD = "s3cret"
SESSIONS = 4
_HASH = hash_password(PASSWORD)
_SESSION_ID = ORDER_EVENT.offset_of("session_id")
_SESSION_SEQ = ORDER_EVENT.offset_of("session_seq")


class MemoryEventLog:
    """Released events in a list; `gateway.session.EventLog`."""

    def __init__(self) -> None:
        self.events = bytearray()

    @property
    def next_ordinal(self) -> int:
        return len(self.events) // EVENT_SIZE

    def append(self, events: bytes) -> None:
        self.events += events

    def read(self, ordinal: int, count: int) -> bytes:
        return bytes(self.events[ordinal * EVENT_SIZE : (ordinal + count) * EVENT_SIZE])

    def find(self, session_id: int, session_seq: int) -> int:
        for ordinal in range(self.next_ordinal):
            at = ordinal * EVENT_SIZE
            if (
                int.from_bytes(self.events[at + _SESSION_ID : at + _SESSION_ID + 4], "little") == session_id
                and int.from_bytes(self.events[at + _SESSION_SEQ : at + _SESSION_SEQ + 8], "little") == session_seq
            ):
                return ordinal
        raise LookupError(f"no event {session_seq} of session {session_id}")


class MemoryVenue:
    """Sessions 1..4 (users MM01..MM04, an account each, all of firm 1), instrument 1; `async with` starts the door."""

    def __init__(self, batch_records: int = 1_024, speed_bump_ns: int = 0, **door: Any) -> None:
        self.engine = load_engine("reference", EngineLimits(orders_max=1_000, orders_per_book_max=1_000))
        self.batch = CommandBatch(batch_records)
        self.router = Router(64)
        self.log = MemoryEventLog()
        self.now_ns = 1_000_000_000
        self._is_scheduled = False
        self._held: list[bytes] | None = None
        self._participants = Participants(
            Participant(f"MM{i:02}", i, _HASH, cod_flags=CodFlag(0)) for i in range(1, SESSIONS + 1)
        )
        self._config = BinaryDoorConfig(**door)
        self._speed_bump_ns = speed_bump_ns
        self.sockets: list[asyncio.StreamWriter] = []  # closed at the end, whatever a test did with them
        self.door: BinaryDoor

    async def __aenter__(self) -> MemoryVenue:
        self.setup()
        loop = asyncio.get_running_loop()
        ports = DoorPorts(self.batch, self.wake, self.log, self.router, loop.time)
        self.door = BinaryDoor(self._config, ports, self._participants)
        await self.door.start()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for writer in self.sockets:
            writer.close()
        await self.door.stop()

    async def open_socket(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection to the door."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.door.port)
        self.sockets.append(writer)
        return reader, writer

    def setup(self) -> None:
        active = {"status": int(PartyStatus.ACTIVE)}
        self.submit(
            CommandKind.SET_INSTRUMENT,
            instrument_id=1, symbol="AAPL-USD", matcher="price_time", tick_size_e8=TICK_E8, lot_size_e8=LOT_E8,
            min_price_e8=TICK_E8, max_price_e8=1_000 * ONE, min_quantity_e8=LOT_E8, max_quantity_e8=1_000 * ONE,
            speed_bump_ns=self._speed_bump_ns, fills_max=100, asset_class=1,
        )  # fmt: skip
        self.submit(CommandKind.SET_MARK, instrument_id=1, mark_price_e8=100 * ONE)
        self.submit(CommandKind.SET_FIRM, party_id=1, name="FIRM", **active)
        self.submit(CommandKind.SET_DESK, party_id=1, parent_id=1, name="DESK", **active)
        self.submit(CommandKind.SET_TRADER, party_id=1, parent_id=1, name="TRADER", **active)
        rights = int(SessionRight.TRADE | SessionRight.CANCEL)
        for i in range(1, SESSIONS + 1):
            self.submit(CommandKind.SET_ACCOUNT, party_id=i, parent_id=1, name=f"ACCOUNT-{i}", **active)
            self.submit(
                CommandKind.SET_SESSION,
                party_id=i, parent_id=i, name=f"SESSION-{i}", rights=rights, scope=int(Scope.ACCOUNT), **active,
            )  # fmt: skip

    def submit(self, kind: CommandKind, **values: Any) -> list[dict[str, Any]]:
        """One of the venue's own commands, at once; returns its events."""
        self.turn()
        self.batch.append(pack_command(kind, **values))
        return self.turn()

    def tick(self, nanoseconds: int) -> list[dict[str, Any]]:
        """Time passes."""
        self.now_ns += nanoseconds
        return self.submit(CommandKind.TICK)

    def wake(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._scheduled_turn)

    def _scheduled_turn(self) -> None:
        self._is_scheduled = False
        self.turn()

    def turn(self) -> list[dict[str, Any]]:
        """Takes the batch and releases what it caused."""
        events = b""
        if len(self.batch):
            events = self.engine.apply(self.batch.take(self.engine.seq + 1, self.now_ns))
            self._release(events)
            if hasattr(self, "door"):
                self.door.room_available()
        return [unpack_event(events, at) for at in range(0, len(events), EVENT_SIZE)]

    def _release(self, events: bytes) -> None:
        if self._held is not None:
            self._held.append(events)
            return
        self.log.append(events)
        self.router.route(events)

    def halt_releases(self) -> None:
        """From now on the gate is shut."""
        self._held = []

    def resume_releases(self) -> None:
        """Opens the gate and lets out what waits behind it."""
        held, self._held = self._held or [], None
        for events in held:
            self._release(events)

    def client(self, session_id: int = 1, password: str = PASSWORD, **options: Any) -> BinaryClient:
        options = {"heartbeat_s": 0.2, "silence_s": 5.0, **options}
        return BinaryClient("127.0.0.1", self.door.port, f"MM{session_id:02}", password, **options)

    @asynccontextmanager
    async def connected(
        self, session_id: int = 1, session_options: SessionOptions | None = None, **options: Any
    ) -> AsyncIterator[BinaryClient]:
        """A client that is logged in."""
        client = self.client(session_id, **options)
        await client.connect(session_options)
        try:
            yield client
        finally:
            client.abort()
