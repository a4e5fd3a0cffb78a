"""gateway.bootstrap: files to SET_* commands, and only those that differ from the state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.records import COMMAND_HEADER_SIZE, CommandKind, unpack_command
from engine.snapshot_records import Section
from gateway.bootstrap import BootstrapError, bootstrap_commands
from gateway.config import Settings, load_settings

CONFIG = Path(__file__).resolve().parents[2] / "config"


def empty() -> dict[Section, list[Any]]:
    return {section: [] for section in Section}


def state_after(commands: list[bytes]) -> dict[Section, list[Any]]:
    """The snapshot rows that an engine has after these commands, as docs/engine.md sections 2 and 6 say."""
    state = empty()
    for record in commands:
        values = unpack_command(record)
        kind = values["kind"]
        if kind is CommandKind.SET_INSTRUMENT:
            config = record[COMMAND_HEADER_SIZE:]
            row = {"instrument_id": values["instrument_id"], "state": 1, "config": config, "mark_ticks": 0}
            state[Section.INSTRUMENT].append(row)
        elif kind is CommandKind.SET_MARK:
            state[Section.INSTRUMENT][-1]["mark_ticks"] = 1
        else:
            state[Section[kind.name.removeprefix("SET_")]].append(values)
    return state


@pytest.fixture(params=["demo.toml", "production.toml"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return load_settings(CONFIG / request.param)


def kinds(commands: list[bytes]) -> list[CommandKind]:
    return [unpack_command(record)["kind"] for record in commands]


def test_a_fresh_venue_gets_everything_parents_first(settings: Settings) -> None:
    commands = bootstrap_commands(settings.market, settings.participants, empty())
    order = [CommandKind.SET_FIRM, CommandKind.SET_DESK, CommandKind.SET_TRADER, CommandKind.SET_ACCOUNT]
    parties = [kind for kind in kinds(commands) if kind in (*order, CommandKind.SET_SESSION)]
    assert parties == sorted(parties)
    tables = ("firm", "desk", "trader", "account", "session", "fix_session")
    assert len(parties) == sum(len(getattr(settings.participants, table)) for table in tables)
    assert kinds(commands).count(CommandKind.SET_INSTRUMENT) == len(settings.market.instrument)


def test_a_start_with_unchanged_files_journals_nothing(settings: Settings) -> None:
    commands = bootstrap_commands(settings.market, settings.participants, empty())
    assert bootstrap_commands(settings.market, settings.participants, state_after(commands)) == []


def test_only_what_changed_is_sent() -> None:
    settings = load_settings(CONFIG / "demo.toml")
    state = state_after(bootstrap_commands(settings.market, settings.participants, empty()))
    market = msgspec.structs.replace(
        settings.market, instrument=(msgspec.structs.replace(settings.market.instrument[0], speed_bump_ms=100),)
    )
    traders = list(settings.participants.trader)
    traders[1] = msgspec.structs.replace(traders[1], weight_per_minute=600, status="blocked")
    participants = msgspec.structs.replace(settings.participants, trader=tuple(traders))
    commands = bootstrap_commands(market, participants, state)
    assert kinds(commands) == [CommandKind.SET_INSTRUMENT, CommandKind.SET_TRADER]
    assert unpack_command(commands[0])["speed_bump_ns"] == 100_000_000
    trader = unpack_command(commands[1])
    assert (trader["party_id"], trader["rate_limit_milli"], trader["status"]) == (traders[1].id, 600_000, 2)


def test_a_mark_is_given_only_while_there_is_none() -> None:
    settings = load_settings(CONFIG / "demo.toml")
    commands = bootstrap_commands(settings.market, settings.participants, empty())
    assert kinds(commands)[:2] == [CommandKind.SET_INSTRUMENT, CommandKind.SET_MARK]
    state = state_after(commands)
    state[Section.INSTRUMENT][0]["mark_ticks"] = 0
    assert kinds(bootstrap_commands(settings.market, settings.participants, state)) == [CommandKind.SET_MARK]


def test_what_cannot_change_is_refused_before_anything_is_journaled() -> None:
    settings = load_settings(CONFIG / "demo.toml")
    state = state_after(bootstrap_commands(settings.market, settings.participants, empty()))
    item = msgspec.structs.replace(settings.market.instrument[0], matcher="pro_rata")
    desk = msgspec.structs.replace(settings.participants.desk[0], firm=2)
    participants = msgspec.structs.replace(settings.participants, desk=(desk, *settings.participants.desk[1:]))
    with pytest.raises(BootstrapError) as caught:
        bootstrap_commands(msgspec.structs.replace(settings.market, instrument=(item,)), participants, state)
    assert "instrument 1 (AAPL-USD): matcher is 'price_time' since the instrument exists" in str(caught.value)
    assert "desk 1 (MAKER-DESK): parent_id is 1 since it exists and cannot become 2" in str(caught.value)
