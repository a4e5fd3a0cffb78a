"""gateway.app: what it makes of settings and of a recovered state, without starting a venue."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.api import EngineLimits, load_engine
from engine.records import CodFlag, CommandKind, DisconnectCause, pack_command, unpack_command
from engine.snapshot_records import parse_snapshot
from gateway.app import StartError, StartFault, door_config, lost_sessions, participants, tls_context
from gateway.config import Settings, Tls, load_settings
from gateway.engine_room import engine_limits

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture
def settings() -> Settings:
    return load_settings(CONFIG / "demo.toml")


def test_limits_are_the_configured_ones(settings: Settings) -> None:
    limits = engine_limits(settings.process)
    assert limits == EngineLimits(**msgspec.structs.asdict(settings.process.engine.limits))
    assert limits.orders_max == 200_000


def test_the_door_is_the_configured_one(settings: Settings) -> None:
    config = door_config(settings)
    assert (config.host, config.port) == ("127.0.0.1", 0)
    assert config.output_bytes_max == 16_384 * 1024
    assert config.failures_per_minute == 60


def test_blocked_sessions_cannot_log_in(settings: Settings) -> None:
    sessions = settings.participants.session
    changed = (msgspec.structs.replace(sessions[0], status="blocked"), *sessions[1:])
    parties = msgspec.structs.replace(settings.participants, session=changed)
    names = {p.username for p in participants(msgspec.structs.replace(settings, participants=parties))}
    assert names == {session.username for session in sessions[1:]}


def test_cancel_on_disconnect_is_taken_from_the_file(settings: Settings) -> None:
    sessions = settings.participants.session
    session = msgspec.structs.replace(sessions[0], cancel_on_disconnect=("loss", "account_scope"), cod_grace_ms=1_500)
    parties = msgspec.structs.replace(settings.participants, session=(session,))
    [participant] = participants(msgspec.structs.replace(settings, participants=parties))
    assert participant.cod_flags == CodFlag.ON_LOSS | CodFlag.ACCOUNT_SCOPE
    assert participant.cod_grace_ns == 1_500_000_000


def test_files_that_are_no_certificate_are_named(settings: Settings, tmp_path: Path) -> None:
    assert tls_context(settings) is None
    (tmp_path / "venue.pem").write_text("no certificate")
    tls = Tls(certificate=str(tmp_path / "venue.pem"), key=str(tmp_path / "venue.pem"))
    process = msgspec.structs.replace(settings.process, tls=tls)
    with pytest.raises(StartError, match=r"venue\.pem .* cannot be used") as caught:
        tls_context(msgspec.structs.replace(settings, process=process))
    assert caught.value.fault is StartFault.CONFIGURATION


def test_sessions_that_were_connected_are_lost_and_the_others_are_not() -> None:
    engine = load_engine("reference", EngineLimits())
    commands = [
        pack_command(CommandKind.SET_FIRM, party_id=1, status=1, name="F"),
        *(
            pack_command(CommandKind.SET_SESSION, party_id=n, parent_id=1, status=1, name=f"S{n}", rights=3, scope=5)
            for n in (1, 2, 3)
        ),
        pack_command(CommandKind.SESSION_LOGON, session_id=1),
        pack_command(CommandKind.SESSION_LOGON, session_id=3),
        pack_command(CommandKind.SESSION_DISCONNECT, session_id=1, cause=2),
    ]
    for seq, command in enumerate(commands, 1):
        engine.apply(seq.to_bytes(8, "little") + seq.to_bytes(8, "little") + command[16:])
    [lost] = [unpack_command(record) for record in lost_sessions(parse_snapshot(engine.snapshot()))]
    assert lost["kind"] is CommandKind.SESSION_DISCONNECT
    assert (lost["session_id"], lost["cause"]) == (3, DisconnectCause.LOSS)
