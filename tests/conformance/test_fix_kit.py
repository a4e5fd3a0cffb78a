"""The participant kit against a live FIX door: the whole certification, the client from the shell, the examples."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.fix.kit.certification import steps
from gateway.fix.kit.certification.context import Plan
from gateway.fix.kit.certification.run import certify
from gateway.fix.rules.examples import Example, recorded
from gateway.fix.rules.model import Version
from tests.fix_examples import converse
from tests.fix_kit_venue import PRICE, SYMBOL, KitVenue

pytestmark = [pytest.mark.conformance]

SCRIPT = """\
# place, change, cancel
buy AAPL-USD 1 @90 alo id=first
wait 8 11=first 150=0
replace first 2 @91 id=second
wait 8 11=second 150=5
open
cancel second
wait 8 150=4 within 2
buy AAPL-USD 1 @90.005 id=bad
wait 8 150=8
orders
wait UL 911=0
drop
wait logon within 10
instruments
wait y 55=AAPL-USD
"""


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[KitVenue]:
    with KitVenue(tmp_path) as running:
        yield running


def profile_of(venue: KitVenue, version: Version, directory: Path) -> Path:
    """A profile file of ALPHA's session."""
    endpoint = venue.endpoint(version)
    lines = [
        f'port = {endpoint.port}\nversion = "{endpoint.version}"\nsender = "ALPHA"\naccount = "{endpoint.account}"'
    ]
    if endpoint.private_key:
        lines.append(f'key = "{endpoint.private_key}"')
    else:
        (directory / "password.txt").write_text(endpoint.password + "\n")
        lines.append('username = "ALPHA"\npassword_file = "password.txt"')
    path = directory / "alpha.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def fix(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`perpgate fix ...` as a user has it."""
    command = [sys.executable, "-m", "gateway", "fix", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("version", Version)
def test_the_certification_passes(venue: KitVenue, version: Version, tmp_path: Path) -> None:
    plan = Plan(SYMBOL, PRICE, tmp_path / "quickfix", venue.counterparty)
    report = certify(venue.endpoint(version), plan, steps())
    assert report.is_passed, report.to_text(with_wire=True)
    skipped = {result.number for result in report.results if result.verdict == "skip"}
    assert skipped == {"S12" if version is Version.FIX50SP2 else "S13"} | (
        set() if version is Version.FIX50SP2 else {"Q12"}
    )


def test_a_certification_from_the_command_line(venue: KitVenue, tmp_path: Path) -> None:
    profile = profile_of(venue, Version.FIX44, tmp_path)
    output = tmp_path / "report"
    done = fix("certify", "--profile", profile, "--price", PRICE, "--steps", "S06,O01", "--output", output)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED: 2 passed, 0 failed, 0 skipped" in done.stdout
    [written] = output.glob("*.json")
    report = json.loads(written.read_text())
    assert (report["passed"], report["session"], report["version"]) == (2, "ALPHA", "FIX 4.4")
    assert report["digest"] in done.stdout
    assert any("|35=D|" in line for line in report["steps"][1]["wire"])
    assert venue.endpoint(Version.FIX44).password not in written.read_text()


@pytest.mark.parametrize("version", Version)
def test_the_client_runs_a_script(venue: KitVenue, version: Version, tmp_path: Path) -> None:
    profile = profile_of(venue, version, tmp_path)
    script = tmp_path / "orders.fix"
    script.write_text(SCRIPT)
    done = fix("client", "--profile", profile, "--script", script, "--cod", "never")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [line.split()[0] for line in done.stdout.splitlines()]
    reports = ["NEW", "REPLACING", "REPLACED", "second", "CANCELED", "REJECTED"]
    assert [word for word in shown if word in reports and word != "REPLACING"] == [
        "NEW", "REPLACED", "second", "CANCELED", "REJECTED",
    ]  # fmt: skip
    assert "second  buy 2 of 2 AAPL-USD @ 91" in done.stdout
    assert "INVALID_TICK_SIZE_PRECISION_PRICE" in done.stdout
    assert shown.index("Logon") < shown.index("SecurityList")


def test_the_client_speaks_json_and_stops_at_the_first_fault(venue: KitVenue, tmp_path: Path) -> None:
    profile = profile_of(venue, Version.FIX44, tmp_path)
    script = tmp_path / "orders.fix"
    script.write_text("buy AAPL-USD 1 @90 alo id=one\nwait 8\ncancel nothing\nbuy AAPL-USD 1 @90 alo id=two\n")
    done = fix("client", "--profile", profile, "--script", script, "--json")
    assert done.returncode == 1
    assert "line 3: cancel nothing: no report has shown an order" in done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert messages[0]["event"] == "logged_on"
    assert [m["fields"]["ClOrdID"] for m in messages if m.get("message") == "ExecutionReport"] == ["one"]


def test_numbers_in_a_store_go_on(venue: KitVenue, tmp_path: Path) -> None:
    profile = profile_of(venue, Version.FIX44, tmp_path)
    script = tmp_path / "one.fix"
    script.write_text("venue\nwait h\n")
    common = ("client", "--profile", profile, "--script", script, "--store", tmp_path / "store", "--wire")
    first, second = fix(*common, "--reset"), fix(*common)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "|34=2|" in next(line for line in first.stdout.splitlines() if "|35=h|" in line)
    assert "|34=5|" in next(line for line in second.stdout.splitlines() if "|35=h|" in line)


def test_a_wrong_password_is_no_session(venue: KitVenue, tmp_path: Path) -> None:
    profile = profile_of(venue, Version.FIX44, tmp_path)
    (tmp_path / "password.txt").write_text("wrong-password\n")
    done = fix("certify", "--profile", profile, "--price", "100", "--steps", "S01", "--wait-s", "1")
    assert done.returncode == 4
    assert "the session cannot log on" in done.stderr
    assert "wrong-password" not in done.stdout + done.stderr


def shape(examples: tuple[Example, ...]) -> list[tuple[str, str, str, tuple[int, ...]]]:
    """Title, direction, MsgType and tags of each message: what does not change from one recording to the next."""
    return [
        (example.title, line.direction, line.message.msg_type, tuple(tag for tag, _ in line.message.fields))
        for example in examples
        for line in example.lines
    ]


@pytest.mark.parametrize("version", Version)
def test_the_recorded_examples_are_what_the_venue_says(venue: KitVenue, version: Version) -> None:
    """When the venue's messages changed on purpose: `python -m tests.fix_examples --write`, then `make gen`."""
    assert shape(converse(venue.endpoint(version), venue.counterparty)) == shape(recorded(version))


def test_the_client_at_a_terminal(venue: KitVenue, tmp_path: Path) -> None:
    """Two lines pasted at once are both carried out, a wrong one is answered and ends nothing."""
    profile = profile_of(venue, Version.FIX44, tmp_path)
    command = [sys.executable, "-m", "gateway", "fix", "client", "--profile", str(profile)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        os.close(theirs)
        assert client.stdout is not None
        shown = client.stdout.readline()
        os.write(ours, b"buy AAPL-USD 1 @90 alo id=one\nnonsense\nwait 8 11=one\nquit\n")
        shown += client.stdout.read()
        assert client.wait(20) == 0, shown
    os.close(ours)
    assert "-- logged on to" in shown
    assert "NEW       one  buy 1 AAPL-USD @ 90" in shown
    assert "'nonsense' is no command" in shown
