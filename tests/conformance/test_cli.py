"""The command line as a user has it: results, --json, refusals, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.__main__ import COMMANDS
from gateway.passwords import verify_password
from tests.live_venue import CONFIG, LiveVenue, live_venue, perpgate, write_config

pytestmark = pytest.mark.conformance
LOAD_SECONDS = "1"


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveVenue]:
    """A venue that has traded for a second and was stopped in order."""
    with live_venue(tmp_path_factory.mktemp("traded")) as venue:
        venue.start()
        done = perpgate(
            "load", f"127.0.0.1:{venue.port}", "--mix", "ioc", "--rate", "400", "--seconds", LOAD_SECONDS, "--json"
        )
        assert done.returncode == 0, done.stderr
        venue.stop()
        yield venue


# -------------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)], ids=lambda c: "-".join(c) or "perpgate")
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    done = perpgate(*command, "--help")
    assert done.returncode == 0
    assert "exit codes:" in done.stdout
    assert not done.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("trade",), ("replay",), ("load", "--rate", "0"), ("serve", "x", "--listen", "7")]
)
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    done = perpgate(*arguments)
    assert done.returncode == 2
    assert "usage: perpgate" in done.stderr


# ------------------------------------------------------------------------------------- check-config, passwords


@pytest.mark.parametrize("name", ["demo.toml", "production.toml"])
def test_the_shipped_configurations_are_good(name: str) -> None:
    done = perpgate("check-config", str(CONFIG / name), "--json")
    assert done.returncode == 0, done.stderr
    [result] = lines_of(done.stdout)
    assert result["event"] == "config_ok"
    assert result["engine"] == "core"


def test_a_bad_configuration_names_file_key_and_remedy(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace("interval_s", "interval"))
    done = perpgate("check-config", str(config), "--json")
    assert done.returncode == 3
    assert "snapshot.interval: lacks its unit, write interval_s = 300" in done.stderr
    [result] = lines_of(done.stdout)
    assert (result["event"], result["exit_code"]) == ("refused", 3)


def test_an_engine_that_nobody_provides_is_named(tmp_path: Path) -> None:
    done = perpgate("check-config", str(write_config(tmp_path, engine="warp")))
    assert done.returncode == 3
    assert "no 'warp' in perpgate.engines; there are: core, reference" in done.stderr


def test_a_password_becomes_a_hash_that_fits_it_alone() -> None:
    done = perpgate("hash-password", input="s3cret\n")
    assert done.returncode == 0
    assert verify_password(b"s3cret", done.stdout.strip())
    assert not verify_password(b"s3cres", done.stdout.strip())
    refused = perpgate("hash-password", input="much too long a password\n")
    assert refused.returncode == 3
    assert "1 to 10" in refused.stderr


# ------------------------------------------------------------------------------------------------------ replay


def test_replay_gives_the_same_state_with_both_engines(traded: LiveVenue) -> None:
    core, reference = traded.replay(), traded.replay("--engine", "reference")
    assert core["state_hash"] == reference["state_hash"]
    assert (core["engine"], reference["engine"]) == ("core", "reference")
    assert core["events"] == reference["events"] > core["seq"]


def test_replay_stops_at_a_command_and_at_a_time(traded: LiveVenue) -> None:
    whole = traded.replay()
    part = traded.replay("--until-seq", "100")
    assert part["seq"] == 100
    assert part["state_hash"] != whole["state_hash"]
    at_time = traded.replay("--until-time", str(part["timestamp_ns"]))
    assert at_time["timestamp_ns"] == part["timestamp_ns"]
    assert at_time["seq"] >= 100
    beyond = perpgate("replay", str(traded.data), "--until-seq", str(whole["seq"] + 1))
    assert beyond.returncode == 3
    assert f"ends at command {whole['seq']}" in beyond.stderr


def test_replay_compares_with_an_expected_hash(traded: LiveVenue) -> None:
    state_hash = traded.replay()["state_hash"]
    assert perpgate("replay", str(traded.data), "--expect", state_hash[:12]).returncode == 0
    done = perpgate("replay", str(traded.data), "--expect", "00ff")
    assert done.returncode == 1
    assert state_hash in done.stderr
    assert state_hash in done.stdout


def test_a_directory_without_a_journal_is_refused(tmp_path: Path) -> None:
    for command in ("replay", "inspect", "snapshot"):
        done = perpgate(command, str(tmp_path))
        assert done.returncode == 3
        assert "holds no journal" in done.stderr


def test_damage_is_5_and_names_file_and_offset(tmp_path: Path) -> None:
    with live_venue(tmp_path) as venue:
        venue.start()
        done = perpgate("load", f"127.0.0.1:{venue.port}", "--rate", "400", "--seconds", "1")
        assert done.returncode == 0, done.stderr
        venue.stop()
        segment = sorted((venue.data / "journal").glob("segment-*"))[0]
        content = bytearray(segment.read_bytes())
        content[20_000] ^= 1
        segment.write_bytes(content)
        for command in (("replay", str(venue.data)), ("serve", str(venue.config))):
            done = perpgate(*command)
            assert done.returncode == 5, done.stderr
            assert segment.name in done.stderr
            assert "offset" in done.stderr


# ----------------------------------------------------------------------------------------------------- inspect


def inspect(venue: LiveVenue, *arguments: str) -> list[dict[str, Any]]:
    done = perpgate("inspect", str(venue.data), "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return lines_of(done.stdout)


def test_inspect_tells_the_whole_life_of_an_order(traded: LiveVenue) -> None:
    fill = inspect(traded, "--kind", "ORDER_FILLED", "--no-commands", "--limit", "2")[1]
    rows = inspect(traded, "--order", str(fill["order_id"]))
    kinds = [(row["record"], row["kind"]) for row in rows]
    assert kinds[:2] == [("command", "PLACE"), ("event", "ORDER_NEW")]
    assert ("event", "ORDER_FILLED") in kinds
    assert rows[0]["seq"] == fill["order_id"]
    assert rows[0]["client_order_id"] == fill["client_order_id"]
    assert inspect(traded, "--order", str(fill["order_id"]), "--replay") == rows


def test_inspect_filters_narrow_each_other(traded: LiveVenue) -> None:
    rows = inspect(traded, "--account", "4", "--kind", "PLACE", "--no-events", "--limit", "0")
    assert len(rows) > 100
    assert {(row["account_id"], row["kind"]) for row in rows} == {(4, "PLACE")}
    some = inspect(traded, "--from-seq", "50", "--to-seq", "52", "--no-events")
    assert [row["seq"] for row in some] == [50, 51, 52]
    instant = str(rows[5]["timestamp_ns"])
    same_time = inspect(traded, "--from-time", instant, "--to-time", instant)
    assert {row["timestamp_ns"] for row in same_time} == {int(instant)}
    named = inspect(traded, "--client-id", rows[0]["client_order_id"])
    assert {row["client_order_id"] for row in named} == {rows[0]["client_order_id"]}


def test_events_read_and_events_computed_are_the_same(traded: LiveVenue) -> None:
    assert inspect(traded, "--limit", "0") == inspect(traded, "--limit", "0", "--replay")


def test_inspect_says_when_there_is_more_and_when_there_is_nothing(traded: LiveVenue) -> None:
    done = perpgate("inspect", str(traded.data), "--limit", "3")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 4
    assert "more than 3 rows" in done.stderr
    assert perpgate("inspect", str(traded.data), "--account", "99").returncode == 1


def test_output_into_a_pipe_that_closes_is_no_fault(traded: LiveVenue) -> None:
    command = [sys.executable, "-m", "gateway", "inspect", str(traded.data), "--json", "--limit", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 0
    assert not errors


# ---------------------------------------------------------------------------------------------- snapshot, load


def test_a_snapshot_made_by_hand_shortens_the_next_start(tmp_path: Path) -> None:
    with live_venue(tmp_path) as venue:
        venue.start()
        done = perpgate("load", f"127.0.0.1:{venue.port}", "--rate", "400", "--seconds", "1")
        assert done.returncode == 0, done.stderr
        venue.kill()
        [written] = lines_of(perpgate("snapshot", str(venue.data), "--json").stdout)
        assert written["event"] == "snapshot_written"
        again = perpgate("snapshot", str(venue.data), "--json")
        assert (again.returncode, again.stdout) == (0, "")
        assert "nothing to do" in again.stderr
        ready = venue.start()
        assert ready["recovery"]["snapshot_seq"] == written["seq"] == ready["seq"]
        assert ready["recovery"]["commands_replayed"] == 0


def test_a_venue_writes_snapshots_while_it_runs(tmp_path: Path) -> None:
    with live_venue(tmp_path, snapshot_interval_s=1) as venue:
        venue.start()
        done = perpgate("load", f"127.0.0.1:{venue.port}", "--rate", "400", "--seconds", "1")
        assert done.returncode == 0, done.stderr
        deadline_s = time.monotonic() + 30
        while not list(venue.data.glob("snapshots/snapshot-*.bin")):  # made by another process, which tells nobody
            assert time.monotonic() < deadline_s, venue.log
            time.sleep(0.05)
        venue.kill()
        recovery = venue.start()["recovery"]
        assert recovery["snapshot_seq"] > 26
        assert recovery["commands_replayed"] == venue.ready["seq"] - recovery["snapshot_seq"]


@pytest.mark.parametrize(
    "arguments",
    [("--mix", "place-cancel", "--window", "8"), ("--mix", "alo", "--rate", "500"), ("--mix", "ioc", "--busy-poll")],
    ids=lambda arguments: arguments[1],
)
def test_load_with_a_venue_of_its_own(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    distribution = tmp_path / "latency.hgrm"
    done = perpgate(
        "load", "--config", str(write_config(tmp_path)), *arguments, "--seconds", LOAD_SECONDS,
        "--percentiles", str(distribution), "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [result] = lines_of(done.stdout)
    assert result["requests"] > 100
    assert result["rejected"] == result["missed"] == 0
    assert result["latency_ns"]["50"] <= result["latency_ns"]["99"] <= result["latency_ns"]["100"]
    assert bool(result["fills"]) == (arguments[1] == "ioc")
    assert bool(result["lateness_ns"]) == ("--rate" in arguments)
    assert "Percentile" in distribution.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("127.0.0.1:1",), 4, "cannot be reached"),
        (("nowhere",), 3, "is no address"),
        (("--connections", "5"), 3, "5 connections need as many sessions"),
        (("--symbol", "GOLD"), 3, "there is no instrument 'GOLD'"),
        (("--mix", "ioc", "--connections", "3"), 4, "a maker and a taker"),
        (("--sessions", "nowhere.toml"), 3, "nowhere.toml: cannot be read"),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
def test_load_refuses_clearly(arguments: tuple[str, ...], code: int, says: str) -> None:
    done = perpgate("load", *arguments)
    assert says in done.stderr
    assert done.returncode == code


def test_load_says_why_a_login_was_refused(tmp_path: Path) -> None:
    sessions = tmp_path / "sessions.toml"
    sessions.write_text('[[session]]\nusername = "MAKER"\npassword = "wrong"\naccount = 1\n')
    with live_venue(tmp_path) as venue:
        venue.start()
        done = perpgate("load", f"127.0.0.1:{venue.port}", "--sessions", str(sessions), "--connections", "1")
    assert done.returncode == 4
    assert "login of 'MAKER' was refused: not authorised" in done.stderr
