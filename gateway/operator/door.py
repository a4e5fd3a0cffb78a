"""The operators' door: a local socket or TLS, a login, then requests one by one.

It reaches the sequencer through the desk's `submit` and nothing else. An operator is slow and few: a connection has one
request under way and one line of bounded length in its buffer, so that none of them can be a burden to the others.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket
import ssl
import stat
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from gateway.operator.credentials import Operator
from gateway.operator.desk import Desk
from gateway.operator.protocol import (
    CHALLENGE_BYTES,
    LINE_BYTES_MAX,
    PROTOCOL,
    VENUE,
    Answer,
    Greeting,
    Login,
    Outcome,
    Request,
)
from gateway.session import LoginLimiter

STOP_TIMEOUT_S = 5.0
UNIX_PATH_BYTES_MAX = 107
_PEER = struct.Struct("3i")  # pid, uid, gid of SO_PEERCRED
# What decoding raises: of text that is not UTF-8 and of deep nesting, too.
NOT_UNDERSTOOD = (msgspec.MsgspecError, ValueError, RecursionError)

log = structlog.get_logger("operator")


@dataclass(frozen=True, slots=True)
class OperatorDoorConfig:
    """socket_path: of the local socket, None = TCP on host and port, which takes TLS. idle_s: silence after which a
    connection is closed."""

    socket_path: Path | None = None
    socket_mode: int = 0o600
    host: str = "127.0.0.1"
    port: int = 0
    connections_max: int = 32
    login_timeout_s: float = 10.0
    idle_s: float = 600.0
    failures_per_minute: int = 10


class OperatorDoor:
    """`await start()`, `await stop()`. Raises OSError when the address is not to be had."""

    def __init__(
        self,
        config: OperatorDoorConfig,
        operators: Iterable[Operator],
        desk: Desk,
        clock: Callable[[], float],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if config.socket_path is None and tls is None:
            raise ValueError("operators come over a local socket or over TLS")
        self.desk = desk
        self._config = config
        self._operators = {operator.name: operator for operator in operators}
        self._clock = clock
        self._tls = tls
        self._limiter = LoginLimiter(config.failures_per_minute)
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()  # a request is under way
        self._server: asyncio.Server | None = None
        self._decoder = msgspec.json.Decoder(Request)

    @property
    def place(self) -> str:
        """Path of the local socket, or the port that is listened on."""
        if self._config.socket_path is not None:
            return str(self._config.socket_path)
        return str(self._server.sockets[0].getsockname()[1]) if self._server is not None else ""

    async def start(self) -> None:
        config = self._config
        if config.socket_path is None:
            self._server = await asyncio.start_server(
                self._connected, config.host, config.port, ssl=self._tls, limit=LINE_BYTES_MAX
            )
            return
        listener = open_socket(config.socket_path, config.socket_mode)
        self._server = await asyncio.start_unix_server(self._connected, sock=listener, limit=LINE_BYTES_MAX)

    async def stop(self) -> None:
        """No new requests; those under way get their answers, as long as the sequencer runs."""
        if self._server is None:
            return
        self._server.close()
        for task in self._tasks - self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy, timeout=STOP_TIMEOUT_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server = None
        if self._config.socket_path is not None:
            self._config.socket_path.unlink(missing_ok=True)

    # ---- one connection

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._tasks) >= self._config.connections_max:
            await _say(writer, _refused("too many operators are connected: close a connection first"))
            writer.close()
            return
        self._tasks.add(task)
        try:
            operator = await asyncio.wait_for(self._login(reader, writer), self._config.login_timeout_s)
            if operator is not None:
                await self._serve(operator, reader, writer)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            if self._server is not None and self._server.is_serving():
                raise
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _login(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Operator | None:
        challenge = os.urandom(CHALLENGE_BYTES)
        greeting = Greeting(venue=VENUE, protocol=PROTOCOL, challenge=base64.b64encode(challenge).decode())
        writer.write(msgspec.json.encode(greeting) + b"\n")
        uid, peer = _peer_of(writer)
        try:
            login = msgspec.json.decode(await reader.readuntil(b"\n"), type=Login)
        except asyncio.LimitOverrunError:
            return None
        except NOT_UNDERSTOOD as error:
            await _say(writer, _refused(f"log in first: {error}"))
            return None
        keys, now_s = (peer, f"operator {login.operator}"), self._clock()
        operator = self._operators.get(login.operator)
        is_proven = operator is not None and _is_signed(operator, login, challenge, uid)
        if not is_proven:  # who has the key is not kept out by others' failures
            wait_s = max(self._limiter.retry_after_s(key, now_s) for key in keys)
            if wait_s > 0:
                await _say(writer, _refused(f"too many failed logins: try again in {wait_s:.0f} s"))
                return None
            is_proven = operator is not None and await self._is_proven(operator, login, uid)
        if operator is None or not is_proven:
            for key in keys:
                self._limiter.failed(key, now_s)
            log.warning("operator_login_refused", operator=login.operator, peer=peer)
            await _say(writer, _refused("wrong operator or credentials"))
            return None
        for key in keys:
            self._limiter.succeeded(key)
        log.info("operator_login", operator=operator.name, peer=peer)
        roles = tuple(sorted(operator.roles))
        await _say(writer, Answer(outcome=Outcome.WELCOME, operator_id=operator.operator_id, roles=roles))
        return operator

    async def _is_proven(self, operator: Operator, login: Login, uid: int) -> bool:
        """By the socket's user alone, or by a password."""
        if not operator.is_peer(uid):
            return False
        if not operator.wants_secret:
            return uid >= 0 and operator.unix_uid == uid
        return await asyncio.to_thread(operator.check_password, login)

    async def _serve(self, operator: Operator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        while True:
            try:
                line = await asyncio.wait_for(reader.readuntil(b"\n"), self._config.idle_s)
            except asyncio.LimitOverrunError:
                await _say(writer, _refused(f"a request has at most {LINE_BYTES_MAX} bytes"))
                return
            self._busy.add(task)
            try:
                await _say(writer, await self._answer(operator, line))
            finally:
                self._busy.discard(task)
            if not self._is_open:
                return

    @property
    def _is_open(self) -> bool:
        return self._server is not None and self._server.is_serving()

    async def _answer(self, operator: Operator, line: bytes) -> Answer:
        try:
            request = self._decoder.decode(line)
        except NOT_UNDERSTOOD as error:
            return _refused(f"the request is not understood: {error}")
        return await self.desk.handle(operator, request)


def _is_signed(operator: Operator, login: Login, challenge: bytes, uid: int) -> bool:
    return operator.wants_secret and operator.is_peer(uid) and operator.check_signature(login, challenge)


def open_socket(path: Path, mode: int) -> socket.socket:
    """A listening local socket with these permissions from its first instant on. One that a dead venue left behind is
    replaced; raises OSError when somebody listens there, or when something else is in the way."""
    name = str(path)
    if len(os.fsencode(name)) > UNIX_PATH_BYTES_MAX:
        raise OSError(0, f"a local socket's path has at most {UNIX_PATH_BYTES_MAX} bytes: choose a shorter one", name)
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(0, "is there and is no socket: move it away, or name another path", name)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(name)
            except ConnectionRefusedError:
                path.unlink()
            else:
                raise OSError(0, "another process listens there: stop it, or name another path", name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), mode)  # bind gives the file the socket's own mode, less the umask
        listener.bind(name)
        path.chmod(mode)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror or str(error), name) from None
    return listener


def _peer_of(writer: asyncio.StreamWriter) -> tuple[int, str]:
    """The user on the other side of a local socket, -1 over TCP; and a name for the log."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_UNIX:
        _, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        return uid, f"user {uid}"
    address = writer.get_extra_info("peername")
    return -1, str(address[0]) if address else "?"


async def _say(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(msgspec.json.encode(answer) + b"\n")
    await writer.drain()


def _refused(text: str) -> Answer:
    return Answer(outcome=Outcome.REFUSED, text=text)
