"""A venue for the participant kit: the FIX door of `tests.fix_venue` in a thread of its own, time passing as outside.

Participant ALPHA has a session in each version (FIX 4.2 and 4.4 with a password, 5.0 SP2 with a signature), BRAVO one
in FIX 4.4 to trade with. One instrument, with a speed bump.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from decimal import Decimal
from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.fix.kit.endpoint import Endpoint
from gateway.fix.participant import FixParticipant
from gateway.fix.rules.model import Version
from gateway.passwords import hash_password
from tests.fix_venue import FixVenue, participant

SYMBOL, PRICE = "AAPL-USD", Decimal(100)
SPEED_BUMP_NS = 20_000_000
TICK_S = 0.005
START_S = 30.0
_PASSWORD = "example-password"
_SESSIONS = {Version.FIX42: (1, "4.2"), Version.FIX44: (2, "4.4"), Version.FIX50SP2: (3, "5.0SP2")}
_COUNTERPARTY = 4


class KitVenue:
    """`with KitVenue(directory) as venue`: listens until the end of the block."""

    def __init__(self, directory: Path) -> None:
        self.port = 0
        self._directory = directory
        self._key_path = directory / "alpha-key.pem"
        self._thread = threading.Thread(target=self._run, name="kit-venue", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event

    def __enter__(self) -> KitVenue:
        self._thread.start()
        assert self._ready.wait(START_S)
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def endpoint(self, version: Version) -> Endpoint:
        """ALPHA's session of that version."""
        session_id, name = _SESSIONS[version]
        is_signed = version is Version.FIX50SP2
        return Endpoint(
            "127.0.0.1",
            self.port,
            name,
            "ALPHA",
            "PERPGATE",
            account=f"ACCOUNT-{session_id}",
            username="" if is_signed else "ALPHA",
            password="" if is_signed else _PASSWORD,
            private_key=self._key_path if is_signed else None,
        )

    @property
    def counterparty(self) -> Endpoint:
        """BRAVO's session."""
        return Endpoint("127.0.0.1", self.port, "4.4", "BRAVO", "PERPGATE", account=f"ACCOUNT-{_COUNTERPARTY}")

    def _participants(self) -> tuple[FixParticipant, ...]:
        key = Ed25519PrivateKey.generate()
        self._key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        secret = {"username": "ALPHA", "password_hash": hash_password(_PASSWORD, bytes_max=128)}
        return (
            _named("ALPHA", participant(1, **secret)),
            _named("ALPHA", participant(2, **secret)),
            _named("ALPHA", participant(3, public_key=public)),
            _named("BRAVO", participant(_COUNTERPARTY)),
        )

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        numbers = self._directory / "numbers"
        async with FixVenue(numbers, self._participants(), speed_bump_ns=SPEED_BUMP_NS) as venue:
            self.port = venue.fix.port
            self._ready.set()
            while not self._over.is_set():
                venue.tick(time.time_ns() - venue.now_ns)
                try:
                    await asyncio.wait_for(self._over.wait(), TICK_S)
                except TimeoutError:
                    continue


def _named(comp_id: str, who: FixParticipant) -> FixParticipant:
    return dataclasses.replace(who, profile=dataclasses.replace(who.profile, sender=comp_id, target="PERPGATE"))
