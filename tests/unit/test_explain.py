"""`perpgate explain` and the reference engine's watcher: orders taken, refused, cancelled; accounts; liquidations."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from engine.api import EngineInfo
from engine.eventlog import EventFile
from engine.journal import Durability
from engine.records import (
    CHECK_ORDER,
    COMMAND_SIZE,
    EVENT_SIZE,
    CommandKind,
    EventKind,
    LimitKind,
    Reason,
    Scope,
    unpack_event,
)
from engine.snapshot import SnapshotStore
from gateway.__main__ import main
from tests.engine_room import file_journal
from tests.engines import SMALL, new_engine
from tests.property.judge import split_records
from tests.property.risk_commands import RiskCommands
from tests.property.risk_shapes import RISK_SHAPES
from tests.risk_market import LOT_E8, USDC, RiskMarket

K, R = CommandKind, Reason


class Recording:
    """An engine that keeps the commands that it was given and the events that they caused."""

    def __init__(self) -> None:
        self.engine = new_engine("reference")
        self.commands: list[bytes] = []
        self.events = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def apply(self, commands: bytes) -> bytes:
        self.commands.append(bytes(commands))
        events = self.engine.apply(commands)
        self.events += events
        return events


class History:
    """A money market whose commands become a data directory."""

    def __init__(self) -> None:
        self.engine = Recording()
        self.market = RiskMarket(self.engine)  # type: ignore[arg-type]  # it has the protocol by delegation
        self.market.deposit("A", 260)
        self.market.deposit("B", 1_000_000)
        self.market.mark(25_000)
        self.seqs: dict[str, int] = {}

    def named(self, name: str) -> None:
        """The last command gets a name."""
        self.seqs[name] = self.engine.seq

    def write(self, directory: Path, snapshot_at: int = 0) -> None:
        """Journal, event log, and a snapshot of the state after one of the commands."""

        async def journaled() -> None:
            journal = file_journal(directory / "journal", Durability.PAGE_CACHE)
            log = EventFile(directory / "events", sessions_max=SMALL.sessions_max)
            log.open()
            await journal.open()
            await journal.fence("test", EngineInfo("reference", "2", SMALL))
            again = new_engine("reference")
            for command in self.engine.commands:
                stamp_ns = int.from_bytes(command[8:16], "little")
                while not journal.has_room(len(command)):
                    await asyncio.sleep(0)
                journal.append(command, stamp_ns)
                journal.sync()
                events = again.apply(command)
                log.append(events)
                log.flush()
                if again.seq == snapshot_at:
                    ordinal = log.next_ordinal
                    SnapshotStore(directory / "snapshots").write(again, journal.tail, ordinal)
            log.close()
            await journal.close()

        asyncio.run(journaled())


def history() -> History:
    """A is long with little money; limits, refusals, a modify, cancels of each kind, at last a fall of the mark."""
    made = History()
    market = made.market
    market.trade("A", "B", 10_000, 25_000)
    market.limit(LimitKind.ORDER_QUANTITY, 500 * LOT_E8, Scope.ACCOUNT, 2)
    market.order("B", "buy", 501, 24_000)
    made.named("too large")
    market.order("B", "buy", 500, 24_000, client_order_id="B-1")
    made.named("taken")
    market.send(
        K.REPLACE, session_id=2, account_id=2, instrument_id=1, order_id=made.seqs["taken"], price_e8=24_000 * 10**6,
        quantity_e8=600 * LOT_E8,
    )  # fmt: skip
    made.named("modify")
    market.order("A", "buy", 1_000_000, 25_000)
    made.named("too dear")
    market.order("A", "buy", 1, 24_000)
    made.named("cancelled by liquidation")
    market.send(K.CANCEL, session_id=2, account_id=2, instrument_id=1, order_id=made.seqs["taken"])
    made.named("cancel")
    market.order("A", "sell", 1, 24_990, order_flags=1)
    made.named("reducing")
    market.mark(24_900)
    market.mark(23_980)
    made.named("fall")
    market.drain()
    market.pulse()
    market.pulse()
    return made


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[History, Path]:
    made, directory = history(), tmp_path_factory.mktemp("told")
    made.write(directory, snapshot_at=made.seqs["too large"])
    return made, directory


def explain(capsys: pytest.CaptureFixture[str], directory: Path, *arguments: str) -> dict[str, Any]:
    assert main(["explain", str(directory), *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def entry(found: dict[str, Any], check: str) -> dict[str, Any]:
    [look] = found["checks"]
    return next(row for row in look["checks"] if row["check"] == check)


Told = tuple[History, Path]


def test_an_accepted_order_passed_every_check(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    found = explain(capsys, directory, str(made.seqs["taken"]))
    [look] = found["checks"]
    assert [row["check"] for row in look["checks"]] == [reason.name for reason in CHECK_ORDER]
    assert {row["result"] for row in look["checks"]} == {"passed"}
    [row] = entry(found, "LIMIT_ORDER_QUANTITY")["limits"]
    assert (row["node"], row["usage"], row["value"]) == ("ACCOUNT 2", 500 * LOT_E8, 500 * LOT_E8)
    numbers = entry(found, "FAILED_MARGIN_CHECK")["numbers"]
    assert numbers["required_more_micro"] <= numbers["available_micro"]


def test_a_refused_order_shows_the_limit_that_it_exceeded(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    found = explain(capsys, directory, str(made.seqs["too large"]))
    failed = entry(found, "LIMIT_ORDER_QUANTITY")
    assert failed["result"] == "failed"
    assert failed["limits"][0]["usage"] == 501 * LOT_E8
    assert failed["limits"][0]["failed"]
    assert entry(found, "LIMIT_ORDER_NOTIONAL")["result"] == "not reached"
    assert "numbers" not in entry(found, "FAILED_MARGIN_CHECK")
    assert [event["kind"] for event in found["events"]] == ["ORDER_REJECTED", "LIMIT_REFUSED"]


def test_a_refusal_for_margin_shows_what_was_there_and_what_was_needed(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    made, directory = told
    found = explain(capsys, directory, str(made.seqs["too dear"]))
    reason = found["checks"][0]["reason"]
    assert reason == found["events"][0]["reason"]
    assert entry(found, reason)["result"] == "failed"
    assert entry(found, reason)["numbers"]


def test_an_order_that_reduces_skips_the_exposure_checks(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    found = explain(capsys, directory, str(made.seqs["reducing"]))
    assert entry(found, "REJECTED_REDUCE_ONLY")["numbers"]["room_e8"] > 0
    assert entry(found, "FAILED_MARGIN_CHECK")["result"].startswith("skipped")


def test_a_modify_is_explained_at_its_command(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    found = explain(capsys, directory, str(made.seqs["taken"]), "--at", str(made.seqs["modify"]))
    assert found["command"]["kind"] == "REPLACE"
    assert entry(found, "LIMIT_ORDER_QUANTITY")["result"] == "failed"
    assert entry(found, "CANNOT_MODIFY_PARTIAL_FILL")["numbers"]["filled_e8"] == 0


def test_a_cancelled_order_names_its_cause(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    found = explain(capsys, directory, str(made.seqs["taken"]))
    assert [event["kind"] for event in found["life"]][-1] == "ORDER_CANCELLED"
    assert [cause["kind"] for cause in found["causes"]][-1] == "CANCEL"
    found = explain(capsys, directory, str(made.seqs["cancelled by liquidation"]))
    assert found["life"][-1]["reason"] == "CANCELLED_LIQUIDATION"


def test_a_client_order_id_finds_its_order(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    found = explain(capsys, directory, "--client-order-id", "B-1", "--account", "2")
    assert found["order_id"] == made.seqs["taken"]
    assert main(["explain", str(directory), "--client-order-id", "B-2", "--account", "2"]) == 3
    early = ["--client-order-id", "B-1", "--account", "2", "--at", str(made.seqs["taken"] - 1)]
    assert main(["explain", str(directory), *early]) == 3


def test_an_account_at_any_moment(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    before = explain(capsys, directory, "--account", "1", "--at", str(made.seqs["fall"] - 1))
    after = explain(capsys, directory, "--account", "1", "--at", str(made.seqs["fall"]))
    assert before["seq"] == made.seqs["fall"] - 1
    assert before["equity_micro"] == 250 * USDC  # 260 less 10,000 lots x 100 ticks x 10 micro
    assert (before["stage"], after["seq"]) == ("NONE", made.seqs["fall"])
    assert after["stage"] != "NONE" or not after["positions"]
    [row] = [row for row in explain(capsys, directory, "--account", "2")["limits"] if row["kind"] == "ORDER_QUANTITY"]
    assert row["value"] == 500 * LOT_E8
    last_ns = made.market.time_ns
    assert explain(capsys, directory, "--account", "1", "--at", str(last_ns))["seq"] == made.engine.seq
    assert main(["explain", str(directory), "--account", "31"]) == 3


def test_a_liquidation_step_shows_what_was_compared(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    events = [unpack_event(made.engine.events, at) for at in range(0, len(made.engine.events), EVENT_SIZE)]
    steps = [event for event in events if event["kind"] is EventKind.LIQUIDATION]
    assert len(steps) > 2
    for step in steps:
        found = explain(capsys, directory, "--liquidation", f"{step['seq']}.{step['event_index']}")
        assert found["step"]["stage"] == step["stage"]
        assert found["account_id"] == step["account_id"]
        if found["stage"] == "CANCELLING":
            assert found["equity_micro"] == step["equity_micro"]
            assert found["equity_micro"] <= found["maintenance_micro"]
            assert found["positions"][0]["position_e8"] == 10_000 * LOT_E8
    assert main(["explain", str(directory), "--liquidation", f"{made.seqs['fall']}.900"]) == 3
    assert main(["explain", str(directory), "--liquidation", "x"]) == 3


@pytest.mark.parametrize("name", ["taken", "too large", "modify", "reducing"])
def test_the_text_says_the_same(told: Told, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    assert main(["explain", str(directory), str(made.seqs[name])]) == 0
    text = capsys.readouterr().out
    assert "LIMIT_ORDER_QUANTITY" in text
    shown = "limit of ACCOUNT 2 set by VENUE: usage 0.501 > 0.5"
    assert (shown in text) == (name == "too large")


def test_the_texts_of_accounts_and_liquidations(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    made, directory = told
    assert main(["explain", str(directory), "--account", "1", "--at", str(made.seqs["fall"] - 1)]) == 0
    assert "equity" in capsys.readouterr().out
    events = [unpack_event(made.engine.events, at) for at in range(0, len(made.engine.events), EVENT_SIZE)]
    step = next(event for event in events if event["kind"] is EventKind.LIQUIDATION and event["stage"] == 1)
    assert main(["explain", str(directory), "--liquidation", f"{step['seq']}.{step['event_index']}"]) == 0
    assert "because" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [(), ("1",), ("999999",), ("--client-order-id", "x"), ("5", "--at", "noon")])
def test_a_question_without_an_answer_is_refused(told: Told, arguments: tuple[str, ...]) -> None:
    assert main(["explain", str(told[1]), *arguments]) == 3


# --------------------------------------------------------------------------------------- nothing is changed by it


@pytest.mark.parametrize("shape", sorted(RISK_SHAPES))
def test_being_watched_changes_nothing_and_the_list_agrees_with_the_answer(shape: str) -> None:
    """Random commands: an engine that explains each of them gives the bytes of one that does not; a list ends at the
    check that the answer names, and what comes before it was passed."""
    commands = RiskCommands(20261125, shape)
    plain, watched = new_engine("reference", commands.limits), new_engine("reference", commands.limits)
    listed = 0
    for record in split_records([commands.take(1_500)]):
        assert len(record) == COMMAND_SIZE
        found, events = watched.explain(record)  # type: ignore[attr-defined]  # the reference's own
        assert events == plain.apply(record)
        kind = int.from_bytes(record[16:18], "little")
        if kind not in (K.PLACE, K.REPLACE) or not events or not found["checks"]:
            continue
        listed += 1
        answer = next(
            event
            for event in (unpack_event(events, at) for at in range(0, len(events), EVENT_SIZE))
            if event["kind"] is not EventKind.LIMIT_WARNED and event["kind"] is not EventKind.LIMIT_CLEARED
        )
        look = found["checks"][0]
        failed = [row["check"] for row in look["checks"] if row["result"] == "failed"]
        if answer["kind"] in (EventKind.ORDER_REJECTED, EventKind.REPLACE_REJECTED) and look["reason"] != "ACK":
            assert failed == [answer["reason"].name] == [look["reason"]], record.hex()
        else:
            assert not failed
    assert plain.state_hash() == watched.state_hash()
    assert listed > 20
