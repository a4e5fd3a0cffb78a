"""The composition root: one venue in one process, from settings to open doors and back to a sealed journal.

The only module that sees both sides: engine room (engine, journal, sequencer, snapshots) and doors. It wires, and
orders start and stop; what a message, a command or a record means is decided elsewhere. Called by `perpgate serve`.

Start: lock and open the journal; newest snapshot and the commands behind it into a fresh engine; what was released
into the router; what the configuration wants and the state does not have, journaled; then the doors open.
Stop: the doors end their sessions; everything is durable and released; a last snapshot; the journal is sealed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

import msgspec
import structlog

from engine.api import Engine, UnknownPluginError
from engine.batch import CommandBatch
from engine.clock import VenueClock
from engine.eventlog import EventFile
from engine.journal import Durability, FileJournal, Tail
from engine.journal_format import JournalDamageError, JournalError
from engine.records import COMMAND_SIZE, CodFlag, CommandKind, DisconnectCause, pack_command
from engine.recovery import Progress, Recovered, recover
from engine.sequencer import OWN_PER_TURN_MAX, Sequencer
from engine.snapshot import SnapshotStore
from engine.snapshot_records import Section, parse_snapshot
from gateway._router import Router
from gateway.binary.door import BinaryDoor, BinaryDoorConfig
from gateway.bootstrap import BootstrapError, bootstrap_commands, refusals
from gateway.config import Settings
from gateway.engine_room import (
    engine_factory,
    engine_limits,
    events_directory,
    journal_directory,
    snapshots_directory,
)
from gateway.fix import wiring
from gateway.fix.dictionary import DictionaryError
from gateway.fix.door import FixDoor
from gateway.fix.index import StoreError
from gateway.operator import wiring as operator_wiring
from gateway.operator.door import OperatorDoor
from gateway.participants import Participant, Participants
from gateway.pauses import Pauses
from gateway.price_feed import PriceFileError
from gateway.risk_bootstrap import SECTIONS as RISK_SECTIONS
from gateway.risk_bootstrap import known_calendars, known_weights, risk_commands
from gateway.risk_settings import price_source
from gateway.schedule import Clockwork, Schedule
from gateway.session import DoorPorts
from gateway.snapshot_process import SnapshotProcess

BATCH_COMMANDS_MAX = 16_384
PID_FILE = "perpgate.pid"
WIRED_SECTIONS = RISK_SECTIONS | {
    Section.VENUE, Section.FIRM, Section.DESK, Section.TRADER, Section.ACCOUNT, Section.SESSION, Section.INSTRUMENT,
}  # fmt: skip


class StartFault(Enum):
    """Where the cause lies."""

    CONFIGURATION = "configuration"
    MACHINE = "machine"  # address, directory, disk, somebody else's lock
    DAMAGE = "damage"  # stored data are not what they were


class StartError(Exception):
    """The venue cannot start: the text says what is wrong and what to do."""

    def __init__(self, fault: StartFault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


class RecoveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the start found. seconds: from opening the journal to the recovered state, its hash included."""

    seconds: float
    snapshot_seq: int
    commands_replayed: int
    events_repaired: int
    cut_bytes: int
    notes: tuple[str, ...]


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """`seq`, `state_hash`: of the recovered state, before this start journaled anything."""

    binary_port: int
    fix_port: int  # 0 without a FIX door
    operator_door: str  # path of its socket, or its port; empty without one
    pid: int
    engine: str
    seq: int
    state_hash: str
    epoch: int
    bootstrap_commands: int
    recovery: RecoveryReport


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """After an orderly stop; `commands`, `events`: of this run. `snapshot`: file name, empty when none was written."""

    seq: int
    state_hash: str
    commands: int
    events: int
    snapshot: str


class Venue:
    """`await start()`, then it runs by itself until `await stop()`. Raises StartError."""

    def __init__(self, settings: Settings, progress: Callable[[Progress], None] | None = None) -> None:
        self.settings = settings
        self._progress = progress
        self._log = structlog.get_logger("venue")
        process, data = settings.process, settings.data_directory
        self._journal = FileJournal(
            journal_directory(data),
            durability=Durability(process.journal.durability),
            segment_bytes=process.journal.segment_mib << 20,
        )
        self._event_log = EventFile(events_directory(data), sessions_max=process.engine.limits.sessions_max)
        self._snapshots = SnapshotStore(snapshots_directory(data), process.snapshot.keep)
        self._router = Router(process.engine.limits.sessions_max)
        self._pauses = Pauses()
        self._follower: SnapshotProcess | None = None
        self._spinning: asyncio.Handle | None = None
        self._engine: Engine
        self._sequencer: Sequencer
        self._door: BinaryDoor
        self._fix_door: FixDoor | None = None
        self._clockwork: Clockwork | None = None
        self._operator_door: OperatorDoor | None = None

    # ------------------------------------------------------------------------------------------------- start

    async def start(self) -> Ready:
        """Recovers and opens the doors. Raises StartError; what was opened is closed then."""
        try:
            return await self._start()
        except BaseException as error:
            if hasattr(self, "_sequencer"):
                await self._sequencer.stop()
            await self._close()
            raise self._start_error(error) from None

    def _start_error(self, error: BaseException) -> BaseException:
        if isinstance(error, JournalError):
            damaged = isinstance(error, JournalDamageError)
            return StartError(StartFault.DAMAGE if damaged else StartFault.MACHINE, str(error))
        if isinstance(error, BootstrapError | PriceFileError | UnknownPluginError | DictionaryError | StoreError):
            return StartError(StartFault.CONFIGURATION, str(error))
        if isinstance(error, OSError):
            where = error.filename or self.settings.process.listen.binary
            return StartError(StartFault.MACHINE, f"{where}: {error.strerror or error}")
        return error

    async def _start(self) -> Ready:
        started_s = time.monotonic()
        settings = self.settings
        settings.data_directory.mkdir(parents=True, exist_ok=True)
        tail = await self._journal.open()
        self._event_log.open()
        recovered = await self._recover()
        state_hash = recovered.state_hash.hex()
        listen = settings.process.listen
        fix_sections = wiring.SECTIONS if listen.fix is not None else frozenset()
        operator_sections = operator_wiring.SECTIONS if listen.operator is not None else frozenset()
        state = parse_snapshot(recovered.state, WIRED_SECTIONS | fix_sections | operator_sections)
        report = RecoveryReport(
            seconds=time.monotonic() - started_s,
            snapshot_seq=recovered.snapshot_seq,
            commands_replayed=recovered.commands,
            events_repaired=recovered.events_repaired,
            cut_bytes=tail.cut_bytes,
            notes=tuple(recovered.notes),
        )
        self._log.info("state_recovered", seq=tail.seq, state_hash=state_hash, **msgspec.structs.asdict(report))
        wanted = bootstrap_commands(settings.market, settings.participants, state)
        if settings.risk is not None:
            wanted += risk_commands(settings.risk, settings.market, state)
        epoch = await self._journal.fence(f"{socket.gethostname()} {os.getpid()}", recovered.engine.info)
        self._wire(recovered, tail, state)
        schedule = self._schedule(state)
        changes = schedule.due(time.time_ns()) if schedule is not None else []
        await self._bootstrap([*lost_sessions(state), *wanted, *changes])
        await self._door.start()
        if self._fix_door is not None:
            await self._fix_door.start(wiring.numbers(state))
        if self._operator_door is not None:
            await self._operator_door.start()
        (settings.data_directory / PID_FILE).write_text(f"{os.getpid()}\n")
        if settings.process.snapshot.interval_s:
            self._follower = SnapshotProcess(settings)
            self._follower.start()
        if settings.process.loop.busy_poll:
            self._spin()
        self._pauses.start()
        if schedule is not None:
            self._clockwork = Clockwork(schedule, self._sequencer.submit, refusals)
            self._clockwork.start()
        return Ready(
            binary_port=self._door.port,
            fix_port=self._fix_door.port if self._fix_door is not None else 0,
            operator_door=self._operator_door.place if self._operator_door is not None else "",
            pid=os.getpid(),
            engine=recovered.engine.info.name,
            seq=tail.seq,
            state_hash=state_hash,
            epoch=epoch,
            bootstrap_commands=len(wanted),
            recovery=report,
        )

    async def _recover(self) -> Recovered:
        """Blocking work, in a thread, so that signals are still heard."""
        return await asyncio.to_thread(
            recover,
            self._journal,
            self._snapshots,
            self._event_log,
            engine_factory(self.settings),
            engine_limits(self.settings.process),
            progress=self._progress,
        )

    def _wire(self, recovered: Recovered, tail: Tail, state: dict[Section, list[Any]]) -> None:
        """Sequencer, router and door around the recovered engine."""
        settings = self.settings
        for row in state[Section.SESSION]:
            self._router.set_session_seq(row["party_id"], row["session_seq"])
        fitting = self._journal.commands_bytes_max // COMMAND_SIZE - OWN_PER_TURN_MAX - 1
        batch = CommandBatch(min(BATCH_COMMANDS_MAX, fitting))
        self._sequencer = sequencer = Sequencer(
            recovered.engine,
            self._journal,
            batch,
            clock_ns=VenueClock(tail.timestamp_ns),
            release=self._router.route,
            room_available=self._room_available,
            event_log=self._event_log,
            venue_state=recovered.venue_state,
            next_ordinal=recovered.next_ordinal,
        )
        self._engine = recovered.engine
        ports = DoorPorts(batch, sequencer.wake, self._event_log, self._router, asyncio.get_running_loop().time)
        self._door = BinaryDoor(door_config(settings), ports, participants(settings), tls_context(settings))
        self._fix_door = wiring.make_door(settings, ports, state, tls_context(settings, for_fix=True))
        self._operator_door = operator_wiring.make_door(
            settings, sequencer.submit, self._router, state, tls_context(settings)
        )

    def _room_available(self) -> None:
        self._door.room_available()
        if self._fix_door is not None:
            self._fix_door.room_available()

    async def _bootstrap(self, commands: list[bytes]) -> None:
        """Journals what the configuration wants and the recovered state does not have."""
        refused = refusals(b"".join(await self._sequencer.execute(commands)))
        if refused:
            text = "\n".join(f"the engine does not take the configuration: {line}" for line in refused)
            raise StartError(StartFault.CONFIGURATION, text)

    def _schedule(self, state: dict[Section, list[Any]]) -> Schedule | None:
        """What the risk file wants by the clock; None without one."""
        risk = self.settings.risk
        if risk is None:
            return None
        calendars = {calendar.calendar_id: calendar for calendar in risk.calendars()}
        rolls = {row.id: calendars[row.roll_calendar] for row in risk.instrument if row.roll_calendar}
        prices = price_source(risk, self.settings.path.resolve().parent)
        return Schedule(calendars.values(), known_calendars(state), risk.pulses, rolls, known_weights(state), prices)

    def _spin(self) -> None:
        """A callback that is always due keeps the loop from sleeping in the kernel."""
        self._spinning = asyncio.get_running_loop().call_soon(self._spin)

    # -------------------------------------------------------------------------------------------------- stop

    async def stop(self) -> Stopped:
        """The orderly end: nobody is told anything after it, and everything that anybody was told is on the disk."""
        self._pauses.stop()
        if self._clockwork is not None:
            self._clockwork.stop()
        if self._follower is not None:
            await self._follower.stop()
        others = [door.stop() for door in (self._fix_door, self._operator_door) if door is not None]
        await asyncio.gather(self._door.stop(), *others)
        sequencer = self._sequencer
        await sequencer.stop()
        snapshot = await asyncio.to_thread(self._last_snapshot)
        stopped = Stopped(
            seq=sequencer.seq,
            state_hash=self._engine.state_hash().hex(),
            commands=sequencer.counters.commands,
            events=sequencer.counters.events,
            snapshot=snapshot,
        )
        await self._close()
        return stopped

    def _last_snapshot(self) -> str:
        """Its name; empty when there is no space for it: the next start replays from an older one."""
        try:
            return self._snapshots.write(self._engine, self._journal.tail, self._sequencer.next_ordinal).name
        except OSError as error:
            self._log.error("snapshot_failed", error=str(error))
            return ""

    async def _close(self) -> None:
        if self._spinning is not None:
            self._spinning.cancel()
        self._event_log.close()
        await self._journal.close()
        (self.settings.data_directory / PID_FILE).unlink(missing_ok=True)


# ---------------------------------------------------------------------------------------- from the settings


def lost_sessions(state: dict[Section, list[Any]]) -> list[bytes]:
    """A disconnect for every session that the state holds for connected: the process that they were connected to is
    dead. Without it their cancel on disconnect would never come."""
    return [
        pack_command(CommandKind.SESSION_DISCONNECT, session_id=row["party_id"], cause=int(DisconnectCause.LOSS))
        for row in state[Section.SESSION]
        if row["connected"]
    ]


def participants(settings: Settings) -> Participants:
    """The logins of the binary door."""
    return Participants(
        Participant(
            username=session.username,
            session_id=session.id,
            password_hash=session.password_hash,
            name=session.name,
            cod_flags=_cod_flags(session.cancel_on_disconnect),
            cod_grace_ns=session.cod_grace_ms * 1_000_000,
        )
        for session in settings.participants.session
        if session.status == "active"
    )


def _cod_flags(names: tuple[str, ...]) -> CodFlag:
    flags = {"loss": CodFlag.ON_LOSS, "logout": CodFlag.ON_LOGOUT, "account_scope": CodFlag.ACCOUNT_SCOPE}
    chosen = CodFlag(0)
    for name in names:
        chosen |= flags[name]
    return chosen


def door_config(settings: Settings) -> BinaryDoorConfig:
    """The binary door as configured."""
    process = settings.process
    host, port = process.listen.binary_address
    return BinaryDoorConfig(
        host=host,
        port=port,
        heartbeat_s=process.session.heartbeat_s,
        silence_s=process.session.silence_s,
        login_timeout_s=process.login.timeout_s,
        failures_per_minute=process.login.attempts_per_minute,
        connections_max=process.login.connections_max,
        output_bytes_max=process.session.queue_kib * 1024,
    )


def tls_context(settings: Settings, for_fix: bool = False) -> ssl.SSLContext | None:
    """Of the [tls] table, None without one; the FIX door speaks TLS 1.3 only and may ask for a client's certificate.

    Raises StartError when the files are no certificate and key.
    """
    tls = settings.process.tls
    if tls is None:
        return None
    base = settings.path.resolve().parent
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if for_fix else ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(base / tls.certificate, base / tls.key)
        if for_fix and tls.client_ca is not None:
            context.load_verify_locations(base / tls.client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
    except (ssl.SSLError, OSError) as error:
        text = f"[tls]: {base / tls.certificate} and {base / tls.key} cannot be used: {error}"
        raise StartError(StartFault.CONFIGURATION, text) from None
    return context
