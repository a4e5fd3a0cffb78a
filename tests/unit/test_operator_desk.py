"""gateway.operator: the table of operations, what parameters may be, roles and four eyes, the board."""

from __future__ import annotations

import asyncio
import stat
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.records import (
    COMMAND_BODIES,
    EVENT_SIZE,
    CommandKind,
    EventKind,
    LimitKind,
    Reason,
    unpack_command,
)
from engine.snapshot_records import parse_snapshot
from gateway._tap import EventTap
from gateway.operator.board import KINDS, Board
from gateway.operator.credentials import Operator
from gateway.operator.desk import Desk, DeskConfig
from gateway.operator.door import open_socket
from gateway.operator.operations import OPERATIONS, Role, limit_unit
from gateway.operator.parameters import Choice, Decimal, Flags, ParameterError, Switch, Text, Whole, read
from gateway.operator.protocol import Answer, Approve, Outcome, Perform, Refuse, Show
from gateway.operator.settings import Operator as OperatorRow
from gateway.operator.settings import check_operators
from tests.engines import SMALL, new_engine

ALICE = Operator(1, "ALICE", frozenset({Role.RISK, Role.MARKET, Role.TREASURY}), unix_uid=0)
BOB = Operator(2, "BOB", frozenset({Role.RISK}), unix_uid=0)
MINUTE_NS = 60 * 10**9


class Room:
    """An engine behind `submit`: commands are applied at once, as the sequencer would stamp them."""

    def __init__(self, config: DeskConfig | None = None) -> None:
        self.engine = new_engine("reference", SMALL)
        self.now_ns = 1_000 * MINUTE_NS
        self.commands: list[dict[str, Any]] = []
        self.board = Board()
        self.board.load(parse_snapshot(self.engine.snapshot()))
        self.tap = EventTap(KINDS, self.board.take)
        self.is_full = False
        self.desk = Desk(config or DeskConfig(), (ALICE, BOB), self.board, self.submit, lambda: self.now_ns)
        for kind, fields in (
            (CommandKind.SET_FIRM, {"party_id": 1, "status": 1, "name": "FIRM"}),
            (CommandKind.SET_DESK, {"party_id": 1, "parent_id": 1, "status": 1, "name": "DESK"}),
            (CommandKind.SET_TRADER, {"party_id": 1, "parent_id": 1, "status": 1, "name": "TRADER"}),
            (CommandKind.SET_ACCOUNT, {"party_id": 1, "parent_id": 1, "status": 1, "name": "ACCOUNT"}),
        ):
            self.apply(COMMAND_BODIES[kind].pack(kind=int(kind), **fields))
        self.commands.clear()

    def apply(self, record: bytes) -> bytes:
        stamped = struct.pack("<Qq", self.engine.seq + 1, self.now_ns) + record[16:]
        self.commands.append(unpack_command(stamped))
        events = self.engine.apply(stamped)
        self.tap.observe(events)
        return events

    def submit(self, record: bytes) -> asyncio.Future[bytes]:
        if self.is_full:
            raise BufferError("full")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        answer.set_result(self.apply(record))
        return answer

    async def do(self, operator: Operator, operation: str, **parameters: Any) -> Answer:
        return await self.desk.handle(operator, Perform(operation=operation, parameters=parameters, reason="because"))


def play(scenario: Callable[[Room], Awaitable[None]], config: DeskConfig | None = None) -> Room:
    async def run() -> Room:
        room = Room(config)
        await scenario(room)
        return room

    return asyncio.run(run())


# ----------------------------------------------------------------------------------------- table and parameters


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_fits_its_command(name: str) -> None:
    """Its fields are fields of the command, and help has a hint for each parameter."""
    operation = OPERATIONS[name]
    known = set(COMMAND_BODIES[operation.kind].names)
    values: dict[str, Any] = {parameter.name: 1 for parameter in operation.parameters}
    values.pop("group", None)
    if name == "limit-set":
        values |= {"value": "1", "parameter": "1"}
    fields = operation.fields(values)
    assert set(fields) <= known
    assert all(parameter.kind.hint and parameter.help for parameter in operation.parameters)
    assert operation.role is not Role.VIEWER


@pytest.mark.parametrize("kind", LimitKind)
def test_every_kind_of_limit_has_a_unit(kind: LimitKind) -> None:
    one = limit_unit(kind).parse("1")
    assert one == {"_e8": 10**8, "_micro": 10**6, "": 1}[_unit(kind)]


def _unit(kind: LimitKind) -> str:
    if kind in (LimitKind.ORDER_QUANTITY, LimitKind.POSITION):
        return "_e8"
    return "_micro" if "NOTIONAL" in kind.name or kind >= LimitKind.DAILY_LOSS else ""


@pytest.mark.parametrize(
    ("kind", "value", "parsed"),
    [
        (Whole(1, 5), "5", 5), (Whole(1, 5), 3, 3), (Decimal(), "0.01", 10**6),
        (Decimal(is_money=True), "2.5", 2_500_000),
        (Decimal(may_be_negative=True), "-0.0001", -10_000), (Choice(tuple(LimitKind)), "order-notional", 2),
        (Choice(tuple(LimitKind)), "ORDER_NOTIONAL", 2), (Flags(()), "none", 0), (Text(3), "abc", "abc"),
        (Switch(), "yes", True), (Switch(), False, False),
    ],
)  # fmt: skip
def test_values_that_are_taken(kind: Any, value: Any, parsed: Any) -> None:
    assert kind.parse(value) == parsed


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Whole(1, 5), 6), (Whole(1, 5), True), (Whole(1, 5), 1.0), (Whole(1, 5), "x"), (Decimal(), 0.01),
        (Decimal(), "1e3"), (Decimal(), "-1"), (Decimal(), "0.000000001"), (Decimal(is_money=True), "0.0000001"),
        (Choice(tuple(LimitKind)), "speed"), (Choice(tuple(LimitKind)), 2), (Flags(()), "x"), (Text(3), "abcd"),
        (Text(3), ""), (Text(9), "a\nb"), (Switch(), "perhaps"), (Switch(), 1), (Decimal(), "99999999999999999999"),
    ],
)  # fmt: skip
def test_values_that_are_not(kind: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        kind.parse(value)


def test_parameters_that_are_missing_or_unknown_are_named() -> None:
    kill = OPERATIONS["kill"]
    with pytest.raises(ParameterError, match="scope: is missing, write one of session"):
        read(kill.parameters, {})
    with pytest.raises(ParameterError, match="nodes: unknown parameter, this operation has node, scope"):
        read(kill.parameters, {"scope": "firm", "nodes": 1})
    assert read(kill.parameters, {"scope": "venue"}) == {"scope": 6, "node": 0}


# -------------------------------------------------------------------------------------------------- four eyes


def test_a_proposal_expires() -> None:
    async def scenario(room: Room) -> None:
        await room.do(ALICE, "kill", scope="firm", node=1)
        proposed = await room.do(ALICE, "revive", scope="firm", node=1)
        assert proposed.outcome is Outcome.PROPOSED
        room.now_ns += 59 * MINUTE_NS
        assert len((await room.desk.handle(BOB, Show(what="proposals"))).rows) == 1
        room.now_ns += MINUTE_NS
        assert not (await room.desk.handle(BOB, Show(what="proposals"))).rows
        late = await room.desk.handle(BOB, Approve(proposal=proposed.proposal))
        assert late.outcome is Outcome.REFUSED

    room = play(scenario)
    assert [command["kind"].name for command in room.commands] == ["NOTE", "KILL", "NOTE"]


def test_the_proposer_may_take_it_back_and_strangers_may_not() -> None:
    async def scenario(room: Room) -> None:
        transfer = {"source": "bank", "target": "reserve", "transfer_id": 1, "amount": "1"}
        proposed = await room.do(ALICE, "house-transfer", **transfer)
        stranger = await room.desk.handle(BOB, Refuse(proposal=proposed.proposal, reason="no"))
        assert stranger.outcome is Outcome.REFUSED
        own = await room.desk.handle(ALICE, Refuse(proposal=proposed.proposal, reason="typing error"))
        assert own.outcome is Outcome.WITHDRAWN

    room = play(scenario)
    assert [command["text"] for command in room.commands] == ["because", "not done: typing error"]


def test_the_engine_tells_loosening_from_tightening() -> None:
    async def scenario(room: Room) -> None:
        limit = {"scope": "account", "node": 1, "kind": "position"}
        for value, outcome in (("10", Outcome.DONE), ("9", Outcome.DONE), ("9.5", Outcome.PROPOSED)):
            assert (await room.do(ALICE, "limit-set", **limit, value=value)).outcome is outcome
        [row] = room.board.limits()
        assert (row["value"], row["owner"]) == ("9", "venue")
        [proposal] = (await room.desk.handle(BOB, Show(what="proposals"))).rows
        done = await room.desk.handle(BOB, Approve(proposal=proposal["proposal"]))
        assert (done.outcome, done.approver_id) == (Outcome.DONE, 2)
        [row] = room.board.limits()
        assert row["value"] == "9.5"
        removal = await room.do(BOB, "limit-remove", **limit)
        assert (await room.desk.handle(ALICE, Approve(proposal=removal.proposal))).outcome is Outcome.DONE
        assert not room.board.limits()

    room = play(scenario)
    notes = [command for command in room.commands if command["kind"] is CommandKind.NOTE]
    assert len(notes) == 4
    assert all(command["operator_id"] for command in room.commands)


def test_every_case_and_proposal_has_a_number_of_its_own() -> None:
    async def scenario(room: Room) -> None:
        answers = [await room.do(ALICE, "kill", scope="firm", node=1) for _ in range(3)]
        assert len({answer.case_id for answer in answers}) == 3
        same = await room.desk.handle(
            ALICE, Perform(operation="kill", parameters={"scope": "venue"}, reason="x", case=answers[0].case_id)
        )
        assert same.case_id == answers[0].case_id

    play(scenario)


def test_a_busy_venue_is_a_refusal() -> None:
    async def scenario(room: Room) -> None:
        room.is_full = True
        answer = await room.do(ALICE, "kill", scope="venue")
        assert answer.outcome is Outcome.REFUSED
        assert "try again" in answer.text

    play(scenario)


def test_a_mistake_in_two_parameters_together_is_refused_before_anything_is_journaled() -> None:
    async def scenario(room: Room) -> None:
        both = {"scope": "account", "node": 1, "kind": "position", "instrument": 1, "group": 1}
        for name, more in (("limit-set", {"value": "1"}), ("limit-remove", {})):
            answer = await room.do(ALICE, name, **both, **more)
            assert "not both" in answer.text

    assert not play(scenario).commands


# ------------------------------------------------------------------------------------------------ board and tap


def test_the_board_of_events_is_the_board_of_the_state() -> None:
    async def scenario(room: Room) -> None:
        await room.do(ALICE, "limit-set", scope="account", node=1, kind="daily-loss", value="100", action="flatten")
        await room.do(ALICE, "limit-set", scope="firm", node=1, kind="executions", value="7", parameter="1000")
        await room.do(ALICE, "kill", scope="account", node=1)
        await room.do(ALICE, "account-risk", account=1, fee_tier=3)
        await room.do(ALICE, "venue-risk", total_interest_cap="5")
        anew = Board()
        anew.load(parse_snapshot(room.engine.snapshot()))
        for what in ("limits", "nodes", "instruments", "venue"):
            assert anew.show(what) == room.board.show(what), what
        subject = {"account_id": 1}
        kind = CommandKind.SET_ACCOUNT_RISK
        assert anew.settings(kind, subject) == room.board.settings(kind, subject)

    play(scenario)


def test_the_tap_gives_its_kinds_alone_and_whole() -> None:
    taken: list[bytes] = []
    tap = EventTap([EventKind.NODE_CHANGED, EventKind.FUNDING_RATE], taken.append)
    room = asyncio.run(_room())
    killed = COMMAND_BODIES[CommandKind.KILL].pack(kind=int(CommandKind.KILL), scope=5, node_id=1)
    events = room.apply(killed)
    tap.observe(events + events)
    assert [len(event) for event in taken] == [EVENT_SIZE, EVENT_SIZE]
    assert {int.from_bytes(event[20:22], "little") for event in taken} == {EventKind.NODE_CHANGED}
    assert int.from_bytes(taken[0][22:24], "little") == Reason.CANCELLED_KILL
    with pytest.raises(ValueError, match="beyond"):
        EventTap([64], taken.append)


async def _room() -> Room:
    return Room()


# ------------------------------------------------------------------------------------------------- the socket


def test_the_socket_has_its_mode_and_is_taken_once(tmp_path: Path) -> None:
    path = tmp_path / "o.sock"
    with open_socket(path, 0o660) as listener:
        listener.listen()
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with pytest.raises(OSError, match="another process listens"):
            open_socket(path, 0o600)
    with open_socket(path, 0o600):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "o.sock"
    path.write_text("precious")
    with pytest.raises(OSError, match="is no socket"):
        open_socket(path, 0o600)
    assert path.read_text() == "precious"
    with pytest.raises(OSError, match="at most 107 bytes"):
        open_socket(tmp_path / ("x" * 120), 0o600)


def test_two_operators_never_share_a_credential() -> None:
    def rows(**second: Any) -> tuple[OperatorRow, ...]:
        first = OperatorRow(id=1, name="ALICE", roles=("risk",), unix_uid=7)
        return first, OperatorRow(id=2, name="BOB", roles=("risk",), **second)

    [text] = check_operators(rows(unix_uid=7))
    assert "operator[1].unix_uid" in text
    assert not list(check_operators(rows(unix_uid=8)))
    assert not list(check_operators(rows(unix_uid=7, status="blocked")))
