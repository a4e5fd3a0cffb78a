"""From settings and a recovered state to the operators' door with its board. Called by `app`, which starts the door."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Any

from engine.snapshot_records import Section
from gateway._router import Router
from gateway._tap import EventTap
from gateway.config import Settings
from gateway.operator.board import KINDS, SECTIONS, Board
from gateway.operator.credentials import Operator
from gateway.operator.desk import Desk, DeskConfig, Submit
from gateway.operator.door import OperatorDoor, OperatorDoorConfig
from gateway.operator.operations import Role
from gateway.passwords import parse_public_key

__all__ = ["SECTIONS", "make_door"]
NS_PER_MINUTE = 60 * 10**9


def make_door(
    settings: Settings,
    submit: Submit,
    router: Router,
    state: Mapping[Section, list[Any]],
    tls: ssl.SSLContext | None,
) -> OperatorDoor | None:
    """The door of listen.operator, its board filled from the state and fed by the router; None without a place."""
    process = settings.process
    if process.listen.operator is None:
        return None
    board = Board()
    board.load(state)
    router.subscribe(EventTap(KINDS, board.take).observe)
    known = operators(settings)
    config = DeskConfig(
        frozenset(process.operator_door.approve), process.operator_door.proposal_minutes * NS_PER_MINUTE
    )
    desk = Desk(config, known, board, submit, time.time_ns)
    return OperatorDoor(door_config(settings), known, desk, asyncio.get_running_loop().time, tls)


def door_config(settings: Settings) -> OperatorDoorConfig:
    process = settings.process
    address = process.listen.operator_address
    host, port = address or ("", 0)
    return OperatorDoorConfig(
        socket_path=settings.path.resolve().parent / str(process.listen.operator) if address is None else None,
        socket_mode=int(process.operator_door.socket_mode, 8),
        host=host,
        port=port,
        login_timeout_s=process.login.timeout_s,
        idle_s=process.operator_door.idle_s,
        failures_per_minute=process.login.attempts_per_minute,
    )


def operators(settings: Settings) -> tuple[Operator, ...]:
    """Those who may log in."""
    return tuple(
        Operator(
            operator_id=row.id,
            name=row.name,
            roles=frozenset(Role(role) for role in row.roles),
            unix_uid=-1 if row.unix_uid is None else row.unix_uid,
            public_key=parse_public_key(row.public_key) if row.public_key else b"",
            password_hash=row.password_hash,
        )
        for row in settings.participants.operator
        if row.status == "active"
    )
