"""From settings and a recovered state to a FIX door with its read models. Called by `app`, which starts the door."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from engine.records import CodFlag, Scope
from engine.snapshot_records import Section
from gateway.config import FixSession, Settings
from gateway.fix._directory import Directory
from gateway.fix._orders import OrderBookkeeper
from gateway.fix.credentials import Credentials
from gateway.fix.door import FixDoor, FixDoorConfig, Numbers
from gateway.fix.participant import FixParticipant
from gateway.fix.session import Profile
from gateway.passwords import parse_public_key
from gateway.session import DoorPorts

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "fix"
SECTIONS = frozenset((Section.ORDER,))  # of the snapshot, beside what every start reads
ENDED_ORDERS_KEPT = 65_536
NS_PER_S, NS_PER_MS = 1_000_000_000, 1_000_000
BEGIN_STRINGS = {"FIX.4.2": "FIX.4.2", "FIX.4.4": "FIX.4.4", "FIX.5.0SP2": "FIXT.1.1"}
_COD = {"loss": CodFlag.ON_LOSS, "logout": CodFlag.ON_LOGOUT, "account_scope": CodFlag.ACCOUNT_SCOPE}


def make_door(
    settings: Settings, ports: DoorPorts, state: Mapping[Section, list[Any]], tls: ssl.SSLContext | None
) -> FixDoor | None:
    """The door of listen.fix, its read models filled from the state and fed by the router; None without an address.

    Raises ValueError when two sessions cannot be told apart.
    """
    address = settings.process.listen.fix_address
    if address is None:
        return None
    limits = settings.process.engine.limits
    directory = Directory(
        limits.instruments_max, limits.accounts_max, limits.traders_max, limits.desks_max, limits.firms_max
    )
    directory.load(state)
    sessions = participants(settings)
    orders = OrderBookkeeper(limits.orders_max, ENDED_ORDERS_KEPT, [(who.scope, who.node) for who in sessions])
    orders.load(state)
    door = FixDoor(door_config(settings, *address), ports, sessions, directory, tls)
    door.desk.orders = orders
    directory.on_change(door.desk.changed)
    ports.router.subscribe(directory.observe)
    ports.router.subscribe(orders.observe)
    return door


def numbers(state: Mapping[Section, list[Any]]) -> dict[int, Numbers]:
    """What the recovered engine knows of each session's numbers: for `FixDoor.start`."""
    return {row["party_id"]: Numbers(row["session_seq"], row["last_msg_seq_in"]) for row in state[Section.SESSION]}


def door_config(settings: Settings, host: str, port: int) -> FixDoorConfig:
    process = settings.process
    return FixDoorConfig(
        dictionaries=settings.path.resolve().parent / process.fix.dictionaries if process.fix.dictionaries else SHIPPED,
        index=settings.data_directory / "fix",
        host=host,
        port=port,
        login_timeout_s=process.login.timeout_s,
        slow_consumer_s=process.fix.slow_consumer_s,
        failures_per_minute=process.login.attempts_per_minute,
        connections_max=process.login.connections_max,
        output_bytes_max=process.session.queue_kib * 1024,
        index_records=process.fix.resend_messages,
    )


def participants(settings: Settings) -> tuple[FixParticipant, ...]:
    """The sessions that may log on."""
    rows = settings.participants.fix_session
    return tuple(participant(row) for row in rows if row.status == "active")


def participant(row: FixSession) -> FixParticipant:
    """One [[fix_session]]; loading has checked it."""
    cod_flags = CodFlag(0)
    for name in row.cancel_on_disconnect:
        cod_flags |= _COD[name]
    hours, _, minutes = row.reset_time_utc.partition(":")
    return FixParticipant(
        session_id=row.id,
        name=row.name,
        profile=Profile(
            BEGIN_STRINGS[row.version],
            row.sender_comp_id,
            row.target_comp_id,
            tolerance_ns=row.sending_time_tolerance_s * NS_PER_S,
            heartbeat_min_s=row.heartbeat_min_s,
            heartbeat_max_s=row.heartbeat_max_s,
        ),
        credentials=Credentials(
            networks=tuple(ip_network(text) for text in row.networks),
            certificate_sha256=row.certificate_sha256,
            username=row.username,
            password_hash=row.password_hash,
            public_key=parse_public_key(row.public_key) if row.public_key else b"",
        ),
        scope=Scope[row.scope.upper()],
        node=row.node,
        default_account_id=row.default_account or (row.node if row.scope == "account" else 0),
        sender_sub_id=row.sender_sub_id,
        target_sub_id=row.target_sub_id,
        cod_flags=cod_flags,
        cod_grace_ns=row.cod_grace_ms * NS_PER_MS,
        reject_per_s=row.reject_per_s,
        logout_per_s=row.logout_per_s,
        ignores_unknown_tags=row.unknown_tags == "ignore",
        decimals=row.timestamp_digits,
        reset_time_s=int(hours) * 3_600 + int(minutes) * 60 if row.reset_time_utc else -1,
    )
