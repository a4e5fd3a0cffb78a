"""The FIX door: listens, finds the session of a Logon, checks who it is, keeps time. FIX 4.2, 4.4 and 5.0 SP2 on one
port.

One object per process, made by `app`: it holds what connections share (dictionaries, names, sessions) and decides
Logons; the session protocol is `session`'s, the sockets are `connection`'s.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from gateway.fix import outbound, protocol
from gateway.fix._directory import Directory
from gateway.fix._report import ReasonTable
from gateway.fix._rules import Rules
from gateway.fix._wire import FixMessage
from gateway.fix.connection import FixConnection
from gateway.fix.credentials import PasswordFile
from gateway.fix.dictionary import load_session
from gateway.fix.inbound import TAKEN_TYPES, Desk
from gateway.fix.index import SequenceStore
from gateway.fix.logon import Options
from gateway.fix.participant import VERSIONS, FixParticipant, Identities, Link
from gateway.fix.reasons import FIX_REASONS
from gateway.fix.session import Now, Send
from gateway.session import CommandInlet, DisconnectReason, DoorPorts, LoginLimiter

TICK_S = 0.25
RECONNECT_GRACE_S = 0.1
PASSWORD_THREADS = 2
NS_PER_S = 1_000_000_000
PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX = 8, 128
PASSWORD_INCORRECT, PASSWORD_CHANGED, USER_OTHER = 4, 5, 6  # UserStatus (926)


@dataclass(frozen=True, slots=True)
class FixDoorConfig:
    """Settings of the door; `app` fills them from the process file.

    dictionaries: directory of the XML files. index: directory of the sessions' numbers. index_records: messages per
    session that can be sent again, a power of two. output_bytes_max: encoded and not taken by the kernel, per
    connection.
    """

    dictionaries: Path
    index: Path
    host: str = "127.0.0.1"
    port: int = 0
    login_timeout_s: float = 10.0
    linger_s: float = 2.0
    slow_consumer_s: float = 30.0
    failures_per_minute: int = 10
    failure_delay_s: float = 0.5
    connections_max: int = 1_024
    output_bytes_max: int = 4 * 1024 * 1024
    receive_bytes: int = 128 * 1024
    message_bytes_max: int = 16 * 1024
    index_records: int = 1 << 20
    index_body_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the recovered engine knows of a session's numbers: its snapshot row."""

    session_seq: int = 0
    last_msg_seq_in: int = 0


def reason_table(version: int) -> ReasonTable:
    """Reasons of the engine in the codes of one version (42, 44, 50)."""
    column = (42, 44, 50).index(version)
    rows = [
        (
            int(reason), reason.name, words.ord_rej[column], words.cxl_rej[column], words.restatement[column],
            words.mass_cancel_rej[column],
        )
        for reason, words in FIX_REASONS.items()
    ]  # fmt: skip
    return ReasonTable(version, rows)


class FixDoor:
    """Start it on a running loop with `await door.start(numbers)`; call `room_available()` after each taken batch."""

    def __init__(
        self,
        config: FixDoorConfig,
        ports: DoorPorts,
        participants: Iterable[FixParticipant],
        directory: Directory,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.config = config
        self.ports = ports
        self.directory = directory
        self.inlet = CommandInlet(ports)
        self.room_available = self.inlet.room_available
        self.counters: Counter[str] = Counter()  # logons and ends of connections by reason
        self.reasons = {version: reason_table(version) for version in VERSIONS.values()}
        self.desk = Desk(self)
        self._participants = tuple(participants)
        self._tls = tls
        self._limiter = LoginLimiter(config.failures_per_minute, config.failure_delay_s)
        self._connections: set[FixConnection] = set()
        self._identities: Identities
        self._repeats_until: dict[int, int] = {}
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._threads = ThreadPoolExecutor(PASSWORD_THREADS, thread_name_prefix="fix")
        self._hash_slots = asyncio.Semaphore(PASSWORD_THREADS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._passwords = PasswordFile(config.index / "passwords.json")
        self._is_ending = False
        self._all_closed = asyncio.Event()
        self._log = structlog.get_logger("fix_door")

    async def start(self, numbers: Mapping[int, Numbers]) -> None:
        """Opens the sessions' numbers and listens. numbers: of the recovered engine, by session id.

        Raises OSError when address or files cannot be had, ValueError when a file or dictionary cannot be used.
        """
        self.config.index.mkdir(parents=True, exist_ok=True)
        rules = self._load_rules()
        links = []
        for who in self._participants:
            known = numbers.get(who.session_id, Numbers())
            store = SequenceStore.open(
                self.config.index / f"session-{who.session_id}.fix",
                who.session_id,
                session_seq=known.session_seq,
                last_msg_seq_in=known.last_msg_seq_in,
                records=self.config.index_records,
                body_bytes=self.config.index_body_bytes,
            )
            if store.jumped:
                self._repeats_until[who.session_id] = known.session_seq
                self._log.warning("fix_numbers_jumped", session=who.name, next_out=store.next_out)
            link = Link(who, store, rules[who.profile.begin_string, who.ignores_unknown_tags])
            link.password_hash = self._passwords.in_force(link)
            links.append(link)
        self._identities = Identities(links)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: FixConnection(self), self.config.host, self.config.port, ssl=self._tls, backlog=256
        )
        self._timer = loop.call_later(TICK_S, self._tick)
        self._log.info("door_opened", host=self.config.host, port=self.port, tls=self._tls is not None)

    def _load_rules(self) -> dict[tuple[str, bool], Rules]:
        wanted = {(who.profile.begin_string, who.ignores_unknown_tags) for who in self._participants}
        tables = {
            begin: load_session(begin, self.config.dictionaries).tables(TAKEN_TYPES[VERSIONS[begin]])
            for begin in {begin for begin, _ in wanted}
        }
        return {(begin, lenient): Rules(tables[begin], lenient) for begin, lenient in wanted}

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """Open TCP connections."""
        return len(self._connections)

    @property
    def links(self) -> tuple[Link, ...]:
        """Every session that is configured."""
        return tuple(self._identities)

    async def stop(self, text: str = "the venue closes") -> None:
        """Takes no more connections, ends the sessions with a Logout and closes their files."""
        self._is_ending = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.end_session(text)
        if self._connections:  # the tick ends what does not answer
            await self._all_closed.wait()
        if self._timer is not None:
            self._timer.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for link in self._identities:
            link.store.close()
        self._log.info("door_closed")

    def now(self) -> Now:
        return Now(time.time_ns(), self.ports.clock())

    def repeats_until(self, link: Link) -> int:
        """Events of the session up to this one may have been sent before its file lost its tail."""
        return self._repeats_until.get(link.participant.session_id, 0)

    # ---------------------------------------------------------------------------------- called by connections

    def opened(self, connection: FixConnection) -> None:
        self._connections.add(connection)
        if len(self._connections) > self.config.connections_max or self._is_ending:
            connection.drop(DisconnectReason.TOO_MANY_CONNECTIONS, abort=True)

    def closed(self, connection: FixConnection) -> None:
        self._connections.discard(connection)
        if self._is_ending and not self._connections:
            self._all_closed.set()

    def left(self, connection: FixConnection, reason: DisconnectReason, text: str) -> None:
        self.counters[reason] += 1
        if connection.link is not None:
            name = connection.link.participant.name
            self._log.info("session_lost", session=name, peer=connection.peer, reason=reason, text=text)
        elif reason is not DisconnectReason.CLOSED_BY_PEER:
            self._log.info("connection_dropped", peer=connection.peer, reason=reason, text=text)

    async def log_in(self, connection: FixConnection, message: FixMessage) -> None:
        """Decides the first message of a connection; a password is hashed in a thread, a few at a time."""
        link = self._identities.find(message)
        if message.msg_type != "A" or link is None:
            self._refuse(connection, message, "UNKNOWN_IDENTITY" if message.msg_type == "A" else "NO_LOGON")
            return
        refusal: str | None
        if link.connection is not None:  # whose line may just have been cut: its end is heard in a moment
            await asyncio.sleep(RECONNECT_GRACE_S)
        if link.connection is not None or self._is_ending:
            refusal = "SESSION_IS_LIVE"
        elif link.rules.fault_of(message.raw) is not None:
            refusal = f"MALFORMED_LOGON {link.rules.fault_of(message.raw)}"
        else:
            refusal = await self._authenticate(connection, link, message)
        if connection.is_closed:
            return
        if refusal is None and link.connection is not None:  # a twin was faster
            refusal = "SESSION_IS_LIVE"
        if refusal is not None:
            self._refuse(connection, message, refusal)
            return
        self.counters["logon_accepted"] += 1
        connection.accept(link, message, Options.of(message, link.participant))
        if not connection.is_closed:
            self._log.info("logon_accepted", session=link.participant.name, peer=connection.peer)

    # -------------------------------------------------------------------------------------------------- inner

    async def _authenticate(self, connection: FixConnection, link: Link, logon: FixMessage) -> str | None:
        credentials = link.participant.credentials
        # By session and address together: nobody from elsewhere can lock a participant out.
        keys = (f"session {link.participant.name} from {connection.peer}", f"peer {connection.peer}")
        refusal = credentials.check_connection(connection.peer, connection.certificate)
        if refusal is None and max(self._limiter.retry_after_s(key, self.ports.clock()) for key in keys) > 0:
            return "TOO_MANY_FAILURES"
        if refusal is None and credentials.has_password(logon):
            async with self._hash_slots:
                refusal = await asyncio.get_running_loop().run_in_executor(
                    self._threads, credentials.check_password, logon, link.password_hash
                )
        elif refusal is None and credentials.wants_secret:
            refusal = credentials.check_signature(logon, time.time_ns(), link.store.last_logon_ns)
            if refusal is None:
                link.store.last_logon_ns = logon.time_ns(protocol.SENDING_TIME) or 0
        if refusal is None:
            self._limiter.succeeded(keys[0])
            return None
        now_s = self.ports.clock()
        for key in keys:
            self._limiter.failed(key, now_s)
        return refusal

    def change_password(self, connection: FixConnection, message: FixMessage) -> None:
        """UserRequest 924=3: the old password is checked and the new one hashed in a thread, then answered."""
        task = asyncio.get_running_loop().create_task(self._change_password(connection, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _change_password(self, connection: FixConnection, message: FixMessage) -> None:
        link = connection.link
        assert link is not None
        new = message.get(protocol.NEW_PASSWORD) or ""
        request_id, username = message.get(923) or "", message.get(protocol.USERNAME) or ""
        status, text = PASSWORD_INCORRECT, ""
        if not PASSWORD_BYTES_MIN <= len(new) <= PASSWORD_BYTES_MAX or not new.isascii() or not new.isprintable():
            status, text = USER_OTHER, f"NewPassword (925) has {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} characters"
        elif link.password_hash:
            async with self._hash_slots:
                loop = asyncio.get_running_loop()
                credentials = link.participant.credentials
                wrong = await loop.run_in_executor(
                    self._threads, credentials.check_password, message, link.password_hash
                )
                if wrong is None:
                    link.password_hash = await loop.run_in_executor(self._threads, self._passwords.change, link, new)
                    status = PASSWORD_CHANGED
        self._log.info("password_change", session=link.participant.name, changed=status == PASSWORD_CHANGED)
        connection.send(Send("BF", outbound.user_response(request_id, username, status, text), message))

    def _refuse(self, connection: FixConnection, message: FixMessage, reason: str) -> None:
        self.counters["logon_refused"] += 1
        sender = message.get(protocol.SENDER_COMP_ID)
        self._log.info("logon_refused", sender=sender, peer=connection.peer, reason=reason)
        connection.refuse(reason)

    def _tick(self) -> None:
        now = self.now()
        for connection in tuple(self._connections):
            connection.tick(now)
        loop = asyncio.get_running_loop()
        for link in self._identities:
            if link.participant.reset_time_s >= 0:
                self._reset_by_schedule(link, now)
            if link.store.wants_reserve():
                link.store.reserve()
                loop.run_in_executor(self._threads, link.store.sync)
        self._timer = loop.call_later(TICK_S, self._tick)

    def _reset_by_schedule(self, link: Link, now: Now) -> None:
        """Both sides start again at 1 once a day, if the participant wants it: Logout, then fresh numbers."""
        moment = datetime.fromtimestamp(now.wall_ns // NS_PER_S, UTC) - timedelta(seconds=link.participant.reset_time_s)
        date = moment.year * 10_000 + moment.month * 100 + moment.day
        if link.store.reset_date == 0:
            link.store.reset_date = date
        if link.store.reset_date >= date:
            return
        if link.connection is not None:
            link.connection.end_session("scheduled reset of sequence numbers")
            return
        link.store.reset_date = date
        link.store.session_seq_base = link.next_session_seq
        link.store.reset_out()
        link.reset_in()
        link.session.next_in = 1
        self._log.info("fix_numbers_reset", session=link.participant.name)
