"""The operators' door from outside: logins, roles, four eyes, the kill switch under flow, the journal afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.records import EventKind, Reason
from gateway.client import NewOrder
from gateway.operator.client import LoginRefusedError, OperatorClient, OperatorError, public_text
from gateway.operator.protocol import LINE_BYTES_MAX, Answer, Approve, Outcome, Perform, Refuse, Show
from gateway.passwords import hash_password
from tests.certificates import Authority
from tests.live_venue import CENT, CONFIG, LOGINS, ONE, LiveVenue, live_venue, perpgate

pytestmark = pytest.mark.conformance
PASSWORD = "a long enough passphrase"
ALICE, BOB = Ed25519PrivateKey.from_private_bytes(b"a" * 32), Ed25519PrivateKey.from_private_bytes(b"b" * 32)
OPERATORS = f"""
[[operator]]
id = 1
name = "ALICE"
roles = ["risk", "market", "treasury"]
public_key = "{public_text(ALICE)}"

[[operator]]
id = 2
name = "BOB"
roles = ["risk"]
public_key = "{public_text(BOB)}"

[[operator]]
id = 3
name = "VERA"
roles = ["viewer"]
password_hash = "{hash_password(PASSWORD, bytes_max=128)}"

[[operator]]
id = 4
name = "LOCAL"
roles = ["market"]
unix_uid = {os.getuid()}

[[operator]]
id = 5
name = "OTHER"
roles = ["market"]
unix_uid = {os.getuid() + 1}

[[operator]]
id = 6
name = "GONE"
roles = ["risk"]
unix_uid = {os.getuid()}
status = "blocked"
"""


def configured(directory: Path, more: str = "") -> dict[str, Any]:
    """Writes the participants file with operators; the changes of the process file."""
    participants = directory / "participants.toml"
    participants.write_text((CONFIG / "demo-participants.toml").read_text() + OPERATORS)
    return {
        "participants": str(participants),
        "fix": f'"127.0.0.1:0"\noperator = "operator.sock"\n\n[operator_door]\nproposal_minutes = 5\n{more}',
    }


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[LiveVenue]:
    with live_venue(tmp_path, **configured(tmp_path)) as made:
        made.start()
        yield made


def place(venue: LiveVenue) -> Path:
    return venue.directory / "operator.sock"


def alice(venue: LiveVenue) -> OperatorClient:
    return OperatorClient(place(venue), "ALICE", key=ALICE)


def bob(venue: LiveVenue) -> OperatorClient:
    return OperatorClient(place(venue), "BOB", key=BOB)


def perform(client: OperatorClient, operation: str, *, case: int = 0, **parameters: Any) -> Answer:
    return client.ask(Perform(operation=operation, parameters=parameters, reason=f"test of {operation}", case=case))


def journaled(venue: LiveVenue, *arguments: str) -> list[dict[str, Any]]:
    done = perpgate("inspect", str(venue.data), "--session", "0", "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# ------------------------------------------------------------------------------------------------------ logins


def test_the_socket_is_its_owners_alone_and_goes_with_the_venue(venue: LiveVenue) -> None:
    assert venue.ready["operator_door"] == str(place(venue))
    assert stat.S_IMODE(place(venue).stat().st_mode) == 0o600
    venue.stop()
    assert not place(venue).exists()


def test_a_socket_that_a_killed_venue_left_is_replaced(venue: LiveVenue) -> None:
    venue.kill()
    assert place(venue).exists()
    venue.start()
    with alice(venue) as client:
        assert client.ask(Show(what="instruments")).outcome is Outcome.SHOWN


def test_key_password_and_user_of_the_socket_let_in(venue: LiveVenue) -> None:
    for name, more, roles in (
        ("ALICE", {"key": ALICE}, ("market", "risk", "treasury")),
        ("VERA", {"password": PASSWORD}, ("viewer",)),
        ("LOCAL", {}, ("market",)),
    ):
        with OperatorClient(place(venue), name, **more) as client:
            assert client.welcome is not None
            assert client.welcome.roles == roles


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("ALICE", {}), ("ALICE", {"key": BOB}), ("ALICE", {"password": PASSWORD}), ("VERA", {"password": "wrong"}),
        ("OTHER", {}), ("GONE", {}), ("NOBODY", {"key": ALICE}),
    ],
)  # fmt: skip
def test_anything_else_does_not(venue: LiveVenue, name: str, more: dict[str, Any]) -> None:
    with (
        pytest.raises(LoginRefusedError, match="wrong operator or credentials"),
        OperatorClient(place(venue), name, **more),
    ):
        pass


def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    with live_venue(tmp_path, **configured(tmp_path), attempts_per_minute="3") as venue:
        venue.start()
        texts = []
        for _ in range(4):
            with pytest.raises(LoginRefusedError) as caught, OperatorClient(place(venue), "ALICE"):
                pass
            texts.append(str(caught.value))
        with alice(venue) as client:  # a stranger's guesses do not keep out who has the key
            assert client.welcome is not None
    assert "too many failed logins" in texts[-1]
    assert all("wrong operator" in text for text in texts[:3])


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\n",
        b'{"operator":"\xff"}\n',
        b'{"operator":"ALICE","signature":"\xc3\xa9"}\n',
        b"[" * 60_000 + b"\n",
        b'{"do":"show","what":"limits"}\n',
        b"x" * (LINE_BYTES_MAX + 1) + b"\n",
    ],
    ids=("text", "not UTF-8", "not ASCII", "nested", "request", "long"),
)
def test_what_is_no_login_ends_the_connection(venue: LiveVenue, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(10)
        raw.connect(str(place(venue)))
        received = b""
        try:
            raw.sendall(line)
            while data := raw.recv(65_536):
                received += data
        except ConnectionError:
            pass  # it closed while we were still sending
    assert b"welcome" not in received
    with alice(venue) as client:
        assert client.welcome is not None


# ------------------------------------------------------------------------------------------------- operations


def test_a_limit_is_set_seen_and_journaled_with_who_and_why(venue: LiveVenue) -> None:
    with alice(venue) as client:
        answer = perform(client, "limit-set", scope="firm", node=1, kind="order-notional", value="1000000.50")
        assert (answer.outcome, answer.reason, answer.operator_id) == (Outcome.DONE, "ACK", 1)
        [row] = client.ask(Show(what="limits")).rows
    assert (row["scope"], row["node"], row["kind"], row["value"]) == ("firm", 1, "order-notional", "1000000.5")
    records = journaled(venue, "--no-events", "--from-seq", str(answer.seq - 1), "--to-seq", str(answer.seq))
    note, command = records
    assert (note["kind"], note["text"], note["case_id"]) == ("NOTE", "test of limit-set", answer.case_id)
    assert (command["kind"], command["value"]) == ("SET_LIMIT", 1_000_000_500_000)
    assert (command["operator_id"], command["approver_id"], command["case_id"]) == (1, 0, answer.case_id)


def test_loosening_becomes_a_proposal_that_another_approves(venue: LiveVenue) -> None:
    with alice(venue) as first, bob(venue) as second:
        perform(first, "limit-set", scope="firm", node=1, kind="order-notional", value="1000")
        assert (
            perform(first, "limit-set", scope="firm", node=1, kind="order-notional", value="900").outcome
            is Outcome.DONE
        )
        proposed = perform(first, "limit-set", scope="firm", node=1, kind="order-notional", value="2000")
        assert proposed.outcome is Outcome.PROPOSED
        [row] = second.ask(Show(what="proposals")).rows
        assert (row["proposal"], row["proposed_by"], row["reason"]) == (proposed.proposal, "ALICE", "test of limit-set")
        assert row["parameters"]["value"] == "2000"
        own = first.ask(Approve(proposal=proposed.proposal))
        assert own.outcome is Outcome.REFUSED
        assert "your own" in own.text
        done = second.ask(Approve(proposal=proposed.proposal))
        assert (done.outcome, done.operator_id, done.approver_id) == (Outcome.DONE, 1, 2)
        assert second.ask(Show(what="limits")).rows[0]["value"] == "2000"
        again = second.ask(Approve(proposal=proposed.proposal))
        assert again.outcome is Outcome.REFUSED
        assert "not open" in again.text
    [command] = journaled(venue, "--no-events", "--from-seq", str(done.seq), "--to-seq", str(done.seq))
    assert (command["operator_id"], command["approver_id"], command["case_id"]) == (1, 2, proposed.case_id)


def test_a_refused_proposal_leaves_its_reasons_in_the_journal_and_nothing_else(venue: LiveVenue) -> None:
    with alice(venue) as first, bob(venue) as second:
        perform(first, "kill", scope="firm", node=2)
        proposed = perform(first, "revive", scope="firm", node=2)
        assert proposed.outcome is Outcome.PROPOSED
        ended = second.ask(Refuse(proposal=proposed.proposal, reason="still quoting wildly"))
        assert ended.outcome is Outcome.WITHDRAWN
        assert not second.ask(Show(what="proposals")).rows
        [node] = second.ask(Show(what="nodes")).rows
        assert node == {"scope": "firm", "node": 2, "flags": ["killed"]}
    notes = [record for record in journaled(venue, "--no-events") if record.get("case_id") == proposed.case_id]
    assert [(note["kind"], note["operator_id"], note["text"]) for note in notes] == [
        ("NOTE", 1, "test of revive"), ("NOTE", 2, "not done: still quoting wildly"),
    ]  # fmt: skip


def test_roles_are_asked_for_when_proposing_and_when_approving(venue: LiveVenue) -> None:
    with OperatorClient(place(venue), "VERA", password=PASSWORD) as viewer, alice(venue) as first, bob(venue) as second:
        refused = perform(viewer, "kill", scope="venue")
        assert refused.outcome is Outcome.REFUSED
        assert "needs the role risk" in refused.text
        assert viewer.ask(Show(what="operators")).rows
        proposed = perform(first, "house-transfer", source="bank", target="reserve", transfer_id=1, amount="5")
        assert proposed.outcome is Outcome.PROPOSED
        wrong = second.ask(Approve(proposal=proposed.proposal))
        assert wrong.outcome is Outcome.REFUSED
        assert "needs the role treasury" in wrong.text
        assert len(second.ask(Show(what="proposals")).rows) == 1


@pytest.mark.parametrize(
    ("operation", "parameters", "text"),
    [
        ("killl", {}, "no operation"),
        ("kill", {"scope": "planet"}, "write one of session"),
        ("kill", {}, "scope: is missing"),
        ("kill", {"scope": "firm", "node": 1, "depth": 2}, "depth: unknown parameter"),
        ("limit-set", {"scope": "firm", "node": 1, "kind": "position", "value": 1.5}, "neither"),
        ("limit-set", {"scope": "firm", "node": 1, "kind": "position", "value": "1e5"}, "plain decimal"),
        ("limit-set", {"scope": "firm", "node": 1, "kind": "credit", "value": "0.0000001"}, "six decimals"),
        ("deposit", {"account": 1, "transfer_id": 1, "amount": "-5"}, "negative"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_remedy(
    venue: LiveVenue, operation: str, parameters: dict[str, Any], text: str
) -> None:
    with alice(venue) as client:
        before = client.ask(Perform(operation="mark", parameters={"instrument": 1, "price": "100"}, reason="x")).seq
        answer = client.ask(Perform(operation=operation, parameters=parameters, reason="x"))
        assert answer.outcome is Outcome.REFUSED
        assert text in answer.text
        after = client.ask(Perform(operation="mark", parameters={"instrument": 1, "price": "100"}, reason="x")).seq
    assert after <= before + 3, "what is refused is not journaled"


def test_the_engines_refusal_comes_with_its_reason(venue: LiveVenue) -> None:
    with alice(venue) as client:
        answer = perform(client, "kill", scope="firm", node=99)
        assert (answer.outcome, answer.reason) == (Outcome.REJECTED, Reason.UNKNOWN_PARTY.name)
        assert answer.text
        answer = client.ask(Perform(operation="kill", parameters={"scope": "venue"}, reason=" "))
        assert answer.outcome is Outcome.REFUSED
        assert answer.text.startswith("reason:")


def test_settings_that_are_not_named_stay(venue: LiveVenue) -> None:
    with alice(venue) as client:
        perform(
            client, "instrument-risk", instrument=1, position_cap="1000", impact_notional="100", leverage_max=10,
            leverage_ceiling=10, maker_rate="-0.0001", taker_rate="0.0005",
        )  # fmt: skip
        answer = perform(client, "instrument-risk", instrument=1, interest_cap="5000")
        assert answer.outcome is Outcome.DONE, answer
        perform(client, "account-risk", account=1, home_session=1)
        perform(client, "account-risk", account=1, fee_tier=2)
        answer_of_account = perform(client, "account-risk", account=1, flags="dlp")
    [command] = journaled(venue, "--no-events", "--from-seq", str(answer.seq), "--to-seq", str(answer.seq))
    assert (command["position_cap_micro"], command["interest_cap_micro"]) == (1_000 * 10**6, 5_000 * 10**6)
    assert (command["maker_rate_e8"], command["taker_rate_e8"], command["leverage_max"]) == (-10_000, 50_000, 10)
    seq = str(answer_of_account.seq)
    [command] = journaled(venue, "--no-events", "--from-seq", seq, "--to-seq", seq)
    assert (command["home_session_id"], command["fee_tier"], command["account_flags"]) == (1, 2, 1)


def test_configured_operations_take_four_eyes_too(tmp_path: Path) -> None:
    with live_venue(tmp_path, **configured(tmp_path, 'approve = ["kill"]')) as venue:
        venue.start()
        with alice(venue) as first, bob(venue) as second:
            proposed = perform(first, "kill", scope="firm", node=2)
            assert proposed.outcome is Outcome.PROPOSED
            assert not second.ask(Show(what="nodes")).rows
            assert second.ask(Approve(proposal=proposed.proposal)).outcome is Outcome.DONE
            assert second.ask(Show(what="nodes")).rows


def test_money_moves_once(venue: LiveVenue) -> None:
    with alice(venue) as client:
        perform(client, "venue-risk", flags="money")
        for _ in range(2):
            answer = perform(client, "deposit", account=1, transfer_id=7, amount="250.25", reference="wire 7")
            assert answer.outcome is Outcome.DONE, answer
        refused = perform(client, "withdraw", account=1, transfer_id=8, amount="250.26")
        assert refused.reason == Reason.INSUFFICIENT_FUNDS.name
    entries = journaled(venue, "--replay", "--no-commands")
    venue.stop()
    done = perpgate("inspect", str(venue.data), "--account", "1", "--kind", "ACCOUNT_ENTRY", "--json", "--no-commands")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(e["amount_micro"], e["balance_micro"], e["reference"]) for e in found] == [
        (250_250_000, 250_250_000, "wire 7")
    ]
    assert entries


# ---------------------------------------------------------------------------------- kill switch, replay, the rest


def test_kill_under_flow_then_a_replay_gives_the_same(venue: LiveVenue) -> None:
    """Orders stream in; the firm is killed in between: what was open is cancelled, what comes after is refused, others
    trade on, and the journal gives the same state again."""

    async def flow() -> tuple[list[Any], list[Any]]:
        maker, other = venue.client("MAKER"), venue.client("LOAD1")
        for client in (maker, other):
            await client.connect()
            assert (await asyncio.wait_for(client.next_report(), 10)).event_kind is EventKind.SESSION_STATE
        for number in range(1, 21):
            maker.place(order("MAKER", number))
        reports = [await asyncio.wait_for(maker.next_report(), 10) for _ in range(20)]
        assert {report.event_kind for report in reports} == {EventKind.ORDER_NEW}
        killed = await asyncio.to_thread(kill)
        assert killed.outcome is Outcome.DONE
        for number in range(21, 26):
            maker.place(order("MAKER", number))
            other.place(order("LOAD1", number))
        after = [await asyncio.wait_for(maker.next_report(), 10) for _ in range(25)]
        free = [await asyncio.wait_for(other.next_report(), 10) for _ in range(5)]
        for client in (maker, other):
            client.abort()
        return after, free

    def kill() -> Answer:
        with alice(venue) as client:
            return perform(client, "kill", scope="firm", node=1)

    after, free = asyncio.run(asyncio.wait_for(flow(), 60))
    kinds = [(report.event_kind, report.reason) for report in after]
    assert kinds.count((EventKind.ORDER_CANCELLED, Reason.CANCELLED_KILL)) == 20
    assert kinds.count((EventKind.ORDER_REJECTED, Reason.REJECTED_KILLED)) == 5
    assert {report.event_kind for report in free} == {EventKind.ORDER_NEW}
    stopped = venue.stop()
    assert venue.replay()["state_hash"] == stopped["state_hash"]
    assert venue.replay("--engine", "reference")["state_hash"] == stopped["state_hash"]
    venue.start()
    with bob(venue) as client:
        assert client.ask(Show(what="nodes")).rows == ({"scope": "firm", "node": 1, "flags": ["killed"]},)


def order(user: str, cl_ord_id: int) -> NewOrder:
    return NewOrder(
        cl_ord_id=cl_ord_id, account_id=LOGINS[user][1], instrument_id=1, side=1, price_e8=10_000 * CENT,
        quantity_e8=ONE,
    )  # fmt: skip


def test_a_request_under_way_is_answered_before_the_venue_is_gone(venue: LiveVenue) -> None:
    with alice(venue) as client:
        answer = perform(client, "instrument-state", instrument=1, state="halted")
        assert answer.outcome is Outcome.DONE
        venue.stop()
        with pytest.raises(OperatorError, match=r"closed|gone"):
            client.ask(Show(what="nodes"))


def test_connections_have_a_limit(venue: LiveVenue) -> None:
    opened: list[socket.socket] = []
    try:
        refused = b""
        deadline_s = time.monotonic() + 10
        while b"too many" not in refused and time.monotonic() < deadline_s:
            raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            raw.settimeout(5)
            raw.connect(str(place(venue)))
            opened.append(raw)
            refused = raw.recv(4_096)
        assert b"too many" in refused
        assert len(opened) <= 40
    finally:
        for raw in opened:
            raw.close()


# ------------------------------------------------------------------------------------------------ command line


def test_the_command_line_does_all_of_it(venue: LiveVenue, tmp_path: Path) -> None:
    at = ("--at", str(place(venue)), "--json")
    done = perpgate(
        "operator", "instrument-state", *at, "--as", "LOCAL", "--instrument", "all", "--state", "reduce-only",
        "--reason", "rehearsal",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "done"
    done = perpgate("operator", "show", "instruments", *at, "--as", "VERA", "--password", input=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"][0]["state"] == "reduce-only"
    done = perpgate("operator", "mark", *at, "--as", "LOCAL", "--instrument", "9", "--price", "1", "--reason", "x")
    assert done.returncode == 1
    assert json.loads(done.stdout)["reason"] == "BAD_SYMBOL"
    done = perpgate("operator", "kill", *at, "--as", "LOCAL", "--scope", "venue", "--reason", "x")
    assert done.returncode == 3
    done = perpgate("operator", "show", "limits", *at, "--as", "ALICE")
    assert done.returncode == 3
    assert "wrong operator or credentials" in done.stderr
    done = perpgate("operator", "show", "limits", "--at", str(tmp_path / "nowhere.sock"), "--as", "ALICE")
    assert done.returncode == 4


def test_keys_are_made_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    done = perpgate("operator", "keygen", str(path))
    assert done.returncode == 0
    assert done.stdout.startswith('public_key = "')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done = perpgate("operator", "keygen", str(path))
    assert done.returncode == 3
    path.chmod(0o644)
    done = perpgate("operator", "show", "limits", "--at", "x.sock", "--as", "A", "--key", str(path))
    assert done.returncode == 3
    assert "chmod 600" in done.stderr


# --------------------------------------------------------------------------------------------------------- TLS


def test_operators_come_over_tls_and_the_sockets_user_counts_for_nothing_there(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue("venue")
    changes = configured(tmp_path)
    table = f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n'
    changes["fix"] = f'"127.0.0.1:0"\noperator = "127.0.0.1:0"\n\n{table}'
    with live_venue(tmp_path, **changes) as venue:
        venue.start()
        port = int(venue.ready["operator_door"])
        tls = ssl.create_default_context(cafile=str(authority.path))
        with OperatorClient(("localhost", port), "ALICE", key=ALICE, tls=tls) as client:
            assert perform(client, "kill", scope="firm", node=2).outcome is Outcome.DONE
        with pytest.raises(LoginRefusedError), OperatorClient(("localhost", port), "LOCAL", tls=tls):
            pass
        with pytest.raises(OperatorError), OperatorClient(("localhost", port), "ALICE", key=ALICE):
            pass


# --------------------------------------------------------------------------------------------------- cancels


def test_an_operator_cancels_one_order_and_then_the_rest(venue: LiveVenue) -> None:
    async def flow() -> list[Any]:
        maker = venue.client("MAKER")
        await maker.connect()
        await asyncio.wait_for(maker.next_report(), 10)
        for number in range(1, 4):
            maker.place(order("MAKER", number))
        entered = [await asyncio.wait_for(maker.next_report(), 10) for _ in range(3)]
        await asyncio.to_thread(cancel, entered[0].order_id)
        reports = [await asyncio.wait_for(maker.next_report(), 10) for _ in range(3)]
        maker.abort()
        return reports

    def cancel(order_id: int) -> None:
        with alice(venue) as client:
            assert perform(client, "cancel", account=1, order=order_id).outcome is Outcome.DONE
            again = perform(client, "cancel", account=1, order=order_id)
            assert (again.outcome, again.reason) == (Outcome.REJECTED, Reason.NO_SUCH_ORDER.name)
            assert perform(client, "mass-cancel", scope="account", node=1).outcome is Outcome.DONE

    reports = asyncio.run(asyncio.wait_for(flow(), 60))
    assert [(report.event_kind, report.reason) for report in reports] == [
        (EventKind.ORDER_CANCELLED, Reason.CANCELLED_ADMIN)
    ] * 3
