"""The binary door: listens, checks logins, keeps heartbeats. SoupBinTCP 3.00 outside, SBE inside (docs/binary.md)."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from gateway.binary.connection import REJECT_NOT_AUTHORISED, REJECT_SESSION, BinaryConnection
from gateway.participants import Participant, Participants
from gateway.session import CommandInlet, DisconnectReason, DoorPorts, LoginLimiter

TICKS_PER_HEARTBEAT = 4
PASSWORD_THREADS = 2


@dataclass(frozen=True, slots=True)
class BinaryDoorConfig:
    """Settings of the door; `app` fills them from the process file.

    soup_session: name of the Soup session, 1 to 10 letters and digits; it names the stream of sequence numbers and
    changes only when these start again.
    output_bytes_max: encoded and not yet taken by the kernel, per connection; beyond it the reader is too slow.
    """

    host: str = "127.0.0.1"
    port: int = 0
    soup_session: str = "PERPGATE"
    heartbeat_s: float = 1.0
    silence_s: float = 15.0
    login_timeout_s: float = 10.0
    linger_s: float = 2.0
    failures_per_minute: int = 10
    failure_delay_s: float = 0.5
    connections_max: int = 1_024
    output_bytes_max: int = 4 * 1024 * 1024
    receive_bytes: int = 128 * 1024
    packet_bytes_max: int = 4_096

    def __post_init__(self) -> None:
        if not 1 <= len(self.soup_session) <= 10 or not self.soup_session.isalnum():
            raise ValueError("soup_session has 1 to 10 letters and digits")
        if self.silence_s <= self.heartbeat_s or self.heartbeat_s <= 0:
            raise ValueError("silence_s must be above heartbeat_s, and heartbeat_s above 0")
        if self.output_bytes_max < 16 * 1024:
            raise ValueError("output_bytes_max is at least 16384")


@dataclass(frozen=True, slots=True)
class _Login:
    username: str
    password: bytes
    session: str
    sequence: int  # -1: not a number


def parse_login(payload: bytes) -> _Login:
    """The 46 bytes of a Login Request; a blank sequence number counts as 0."""
    digits = payload[26:46].strip(b" ")
    sequence = int(digits or b"0") if digits.isdigit() or not digits else -1
    return _Login(
        payload[:6].rstrip(b" ").decode("ascii", "replace"),
        payload[6:16].rstrip(b" "),
        payload[16:26].strip(b" ").decode("ascii", "replace"),
        sequence,
    )


class BinaryDoor:
    """Start it on a running loop with `await door.start()`; call `room_available()` after each taken batch."""

    def __init__(
        self,
        config: BinaryDoorConfig,
        ports: DoorPorts,
        participants: Participants,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.config = config
        self.ports = ports
        self.inlet = CommandInlet(ports)
        self.room_available = self.inlet.room_available
        self.counters: Counter[str] = Counter()  # logins and ends of connections by reason
        self._participants = participants
        self._tls = tls
        self._limiter = LoginLimiter(config.failures_per_minute, config.failure_delay_s)
        self._connections: set[BinaryConnection] = set()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._hashing = ThreadPoolExecutor(PASSWORD_THREADS, thread_name_prefix="password")
        self._hash_slots = asyncio.Semaphore(PASSWORD_THREADS)
        self._is_ending = False
        self._all_closed = asyncio.Event()
        self._log = structlog.get_logger("binary_door")

    async def start(self) -> None:
        """Listens. Raises OSError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: BinaryConnection(self), self.config.host, self.config.port, ssl=self._tls, backlog=256
        )
        self._timer = loop.call_later(self.config.heartbeat_s / TICKS_PER_HEARTBEAT, self._tick)
        self._log.info("door_opened", host=self.config.host, port=self.port, tls=self._tls is not None)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """Open TCP connections."""
        return len(self._connections)

    async def stop(self) -> None:
        """Takes no more connections, ends the Soup session on the open ones and waits until they are closed."""
        self._is_ending = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.end_session()
        if self._connections:  # the tick aborts what lingers
            await self._all_closed.wait()
        if self._timer is not None:
            self._timer.cancel()
        self._hashing.shutdown(wait=False, cancel_futures=True)
        self._log.info("door_closed")

    # ---------------------------------------------------------------------------------- called by connections

    def opened(self, connection: BinaryConnection) -> None:
        self._connections.add(connection)
        if len(self._connections) > self.config.connections_max or self._is_ending:
            connection.drop(DisconnectReason.TOO_MANY_CONNECTIONS, abort=True)

    def closed(self, connection: BinaryConnection) -> None:
        self._connections.discard(connection)
        if self._is_ending and not self._connections:
            self._all_closed.set()

    def left(self, connection: BinaryConnection, reason: DisconnectReason, text: str) -> None:
        self.counters[reason] += 1
        if connection.participant is not None:
            who = connection.participant
            self._log.info(
                "session_lost",
                user=who.username,
                session_id=who.session_id,
                peer=connection.peer,
                reason=reason,
                text=text,
            )
        elif reason not in (DisconnectReason.LOGIN_REFUSED, DisconnectReason.CLOSED_BY_PEER):
            self._log.info("connection_dropped", peer=connection.peer, reason=reason, text=text)

    async def log_in(self, connection: BinaryConnection, payload: bytes) -> None:
        """Decides one Login Request; the password is hashed in a thread, a few at a time."""
        login = parse_login(payload)
        async with self._hash_slots:
            if connection.is_closed:
                return
            participant, reason = await self._authenticate(connection.peer, login)
        if connection.is_closed:
            return
        if participant is None:
            self._refuse(connection, login, reason, REJECT_NOT_AUTHORISED)
            return
        router = self.ports.router
        next_seq = router.session_seq(participant.session_id) + 1
        if self._is_ending or login.session not in ("", self.config.soup_session):
            self._refuse(connection, login, "WRONG_SESSION", REJECT_SESSION)
        elif router.is_attached(participant.session_id):
            self._refuse(connection, login, "SESSION_IS_LIVE", REJECT_SESSION)
        elif login.sequence > next_seq:
            self._refuse(connection, login, "SEQUENCE_AHEAD", REJECT_SESSION)
        else:
            start_seq = login.sequence or next_seq
            self.counters["login_accepted"] += 1
            self._log.info(
                "login_accepted",
                user=participant.username,
                session_id=participant.session_id,
                peer=connection.peer,
                replay=next_seq - start_seq,
            )
            answer = b"\x00\x1fA" + self.config.soup_session.encode("ascii").rjust(10) + b"%20d" % start_seq
            connection.accept(participant, answer, start_seq)

    # -------------------------------------------------------------------------------------------------- inner

    async def _authenticate(self, peer: str, login: _Login) -> tuple[Participant | None, str]:
        user_key, peer_key = f"user {login.username}", f"peer {peer}"
        now_s = self.ports.clock()
        if login.sequence < 0:
            return None, "BAD_SEQUENCE_NUMBER"
        if max(self._limiter.retry_after_s(key, now_s) for key in (user_key, peer_key)) > 0:
            return None, "TOO_MANY_FAILURES"
        loop = asyncio.get_running_loop()
        participant = await loop.run_in_executor(
            self._hashing, self._participants.verify, login.username, login.password
        )
        if participant is not None:
            self._limiter.succeeded(user_key)
            return participant, ""
        now_s = self.ports.clock()
        self._limiter.failed(user_key, now_s)
        self._limiter.failed(peer_key, now_s)
        return None, "BAD_CREDENTIALS"

    def _refuse(self, connection: BinaryConnection, login: _Login, reason: str, packet: bytes) -> None:
        self.counters["login_refused"] += 1
        self._log.info("login_refused", user=login.username, peer=connection.peer, reason=reason)
        connection.reject(packet)

    def _tick(self) -> None:
        now_s = self.ports.clock()
        for connection in tuple(self._connections):
            connection.tick(now_s)
        self._timer = asyncio.get_running_loop().call_later(self.config.heartbeat_s / TICKS_PER_HEARTBEAT, self._tick)
