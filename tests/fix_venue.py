"""A venue in one event loop behind a real FIX door: the reference engine, a gate that is always open, files in a
directory.

For tests of the FIX door. Sessions 1 to 4 are FIX4.2, FIX4.4, FIXT.1.1 and FIX4.4 again, each with an account of its
own; CompIDs MM01..MM04 against VENUE. `connect` gives a raw client that speaks bytes; QuickFIX connects to
`door.port`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.records import CodFlag, Scope
from engine.snapshot_records import Section, parse_snapshot
from gateway.fix._directory import Directory
from gateway.fix._orders import OrderBookkeeper
from gateway.fix.credentials import Credentials
from gateway.fix.door import FixDoor, FixDoorConfig, Numbers
from gateway.fix.participant import FixParticipant
from gateway.fix.session import Profile
from gateway.session import DoorPorts
from tests.fix_messages import FixClient
from tests.memory_venue import SESSIONS, MemoryVenue

DICTIONARIES = Path(__file__).resolve().parents[1] / "config" / "fix"
BEGIN_STRINGS = ("FIX.4.2", "FIX.4.4", "FIXT.1.1", "FIX.4.4")


def participant(session_id: int, **changes: Any) -> FixParticipant:
    """Session 1..4 of the test venue; profile and credentials may be changed field by field."""
    profile = {k: changes.pop(k) for k in list(changes) if k in {f.name for f in dataclasses.fields(Profile)}}
    secrets = {k: changes.pop(k) for k in list(changes) if k in {f.name for f in dataclasses.fields(Credentials)}}
    begin = profile.pop("begin_string", BEGIN_STRINGS[session_id - 1])
    sender = profile.pop("sender", f"MM{session_id:02}")
    return FixParticipant(
        **{
            "session_id": session_id,
            "name": f"FIX-{session_id}",
            "profile": Profile(begin, sender, "VENUE", **profile),
            "credentials": Credentials(**secrets),
            "scope": Scope.ACCOUNT,
            "node": session_id,
            "default_account_id": session_id,
            "cod_flags": CodFlag(0),
            **changes,
        }
    )


class FixVenue(MemoryVenue):
    """`FixVenue(directory)`: `async with` starts it; the directory keeps the sessions' numbers from one start to the
    next."""

    fix: FixDoor

    def __init__(
        self,
        directory: Path,
        participants: tuple[FixParticipant, ...] | None = None,
        *,
        batch_records: int = 1_024,
        speed_bump_ns: int = 0,
        continues: FixVenue | None = None,
        tls: ssl.SSLContext | None = None,
        **config: Any,
    ) -> None:
        super().__init__(batch_records, speed_bump_ns)
        self._directory_path = directory
        self._fix_participants = participants or tuple(participant(i) for i in range(1, SESSIONS + 1))
        self._continues = continues
        self._numbers: dict[int, Numbers] = {}
        self._tls = tls
        self._fix_config = {"index_records": 1 << 16, "index_body_bytes": 1 << 16, **config}
        self.clients: list[FixClient] = []
        self.now_ns = time.time_ns()

    async def __aenter__(self) -> FixVenue:
        if self._continues is None:
            self.setup()
        else:
            self._recover(self._continues)
        directory = Directory(8, 8, 8, 8, 8)
        directory.load(parse_snapshot(self.engine.snapshot()))
        orders = OrderBookkeeper(1_000, 64)
        ports = DoorPorts(self.batch, self.wake, self.log, self.router, asyncio.get_running_loop().time)
        config = FixDoorConfig(DICTIONARIES, self._directory_path, **self._fix_config)
        self.fix = FixDoor(config, ports, self._fix_participants, directory, self._tls)
        self.fix.desk.orders = orders
        directory.on_change(self.fix.desk.changed)
        self.router.subscribe(directory.observe)
        self.router.subscribe(orders.observe)
        self.door = self.fix  # type: ignore[assignment]  # what `turn` tells of room
        await self.fix.start(self._numbers)
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for client in self.clients:
            client.close()
        await self.fix.stop()

    def _recover(self, before: FixVenue) -> None:
        """Engine, event log and numbers as they were when `before` ended."""
        self.engine.restore(before.engine.snapshot())
        self.log.events[:] = before.log.events
        for row in parse_snapshot(self.engine.snapshot())[Section.SESSION]:
            self.router.set_session_seq(row["party_id"], row["session_seq"])
            self._numbers[row["party_id"]] = Numbers(row["session_seq"], row["last_msg_seq_in"])

    async def connect(self, session_id: int = 2, **identity: Any) -> FixClient:
        """A raw client of a session, connected and not logged on."""
        begin = BEGIN_STRINGS[session_id - 1]
        client = FixClient(begin, **{"sender": f"MM{session_id:02}", "target": "VENUE", **identity})
        await client.open("127.0.0.1", self.fix.port)
        self.clients.append(client)
        return client
