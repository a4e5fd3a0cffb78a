"""Who may set limits, kill and revive; second persons; loss limits (docs/risk.md sections 2, 8 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.records import (
    CommandKind,
    EventKind,
    LimitAction,
    LimitFlag,
    LimitKind,
    LimitTarget,
    NodeFlag,
    Reason,
    Scope,
    TradeKind,
)
from tests.risk_market import LOT_E8, USDC, RiskMarket, of_kind
from tests.scenario import ACCOUNTS, SESSIONS

K, R, L = CommandKind, Reason, LimitKind
MARK = 25_000
PEOPLE = {"operator_id": 7, "approver_id": 8}
GOOD = {"limit_kind": int(L.ORDER_QUANTITY), "value": 10 * LOT_E8, "scope": int(Scope.DESK), "node_id": 1}


@pytest.fixture
def rich(venue: RiskMarket) -> RiskMarket:
    for name in ACCOUNTS:
        venue.deposit(name, 100_000)
    venue.mark(MARK)
    return venue


def reason_of(venue: RiskMarket, kind: CommandKind, **fields: Any) -> Reason:
    events = venue.send(kind, **fields)
    [answer] = of_kind(events, EventKind.CONFIG_SET, EventKind.COMMAND_REJECTED)
    reason: Reason = answer["reason"]
    return reason


# ---- SET_LIMIT


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, R.ACK), ({"limit_kind": 0}, R.INVALID_PARAMETER), ({"limit_kind": 17}, R.INVALID_PARAMETER),
        ({"scope": 0}, R.INVALID_PARAMETER), ({"scope": int(Scope.INSTRUMENT)}, R.INVALID_PARAMETER),
        ({"value": -1}, R.INVALID_PARAMETER), ({"parameter": -1}, R.INVALID_PARAMETER),
        ({"soft_ppm": 1_000_001}, R.INVALID_PARAMETER), ({"target": 3, "target_id": 1}, R.INVALID_PARAMETER),
        ({"target": 1}, R.INVALID_PARAMETER), ({"target_id": 1}, R.INVALID_PARAMETER),
        ({"target": 1, "target_id": 9}, R.BAD_SYMBOL), ({"target": 2, "target_id": 9}, R.ACK),
        ({"action": 1}, R.INVALID_PARAMETER), ({"limit_flags": 2}, R.INVALID_PARAMETER),
        ({"limit_flags": 8}, R.INVALID_PARAMETER), ({"limit_flags": 1}, R.INVALID_PARAMETER),
        ({"node_id": 9}, R.UNKNOWN_PARTY), ({"scope": int(Scope.VENUE)}, R.UNKNOWN_PARTY),
        ({"scope": int(Scope.VENUE), "node_id": 0}, R.ACK),
        ({"limit_kind": int(L.MESSAGE_AGE), "target": 1, "target_id": 1}, R.INVALID_PARAMETER),
        ({"limit_kind": int(L.EXECUTIONS)}, R.INVALID_PARAMETER),
        ({"limit_kind": int(L.EXECUTIONS), "parameter": 1}, R.ACK),
        ({"limit_kind": int(L.CREDIT)}, R.INVALID_PARAMETER),
        ({"limit_kind": int(L.CREDIT), "scope": int(Scope.ACCOUNT)}, R.ACK),
        ({"limit_kind": int(L.POSITION), "scope": int(Scope.SESSION)}, R.INVALID_PARAMETER),
        ({"limit_kind": int(L.DAILY_LOSS), "scope": int(Scope.VENUE), "node_id": 0}, R.INVALID_PARAMETER),
        ({"limit_kind": int(L.DAILY_LOSS), "action": 2, "limit_flags": 2}, R.ACK),
        ({"limit_kind": int(L.DAILY_LOSS), "limit_flags": 4}, R.INVALID_PARAMETER),
        ({"limit_kind": int(L.DRAWDOWN), "limit_flags": 4}, R.ACK),
        ({"limit_kind": int(L.DRAWDOWN), "action": 3}, R.INVALID_PARAMETER),
    ],
)  # fmt: skip
def test_limits_that_are_taken_and_refused(rich: RiskMarket, fields: dict[str, int], reason: Reason) -> None:
    assert reason_of(rich, K.SET_LIMIT, **{**GOOD, **fields}) == reason


def test_tightening_needs_nobody_loosening_a_second_person(rich: RiskMarket) -> None:
    operator = {"operator_id": 7}
    assert reason_of(rich, K.SET_LIMIT, **GOOD, **operator) == R.ACK
    tighter, looser = {**GOOD, "value": 5 * LOT_E8}, {**GOOD, "value": 6 * LOT_E8}
    assert reason_of(rich, K.SET_LIMIT, **tighter, **operator) == R.ACK
    assert reason_of(rich, K.SET_LIMIT, **looser, **operator) == R.APPROVAL_REQUIRED
    assert reason_of(rich, K.SET_LIMIT, **looser, operator_id=7, approver_id=7) == R.APPROVAL_REQUIRED
    assert reason_of(rich, K.SET_LIMIT, **{**tighter, "parameter": 1}, **operator) == R.APPROVAL_REQUIRED
    assert reason_of(rich, K.SET_LIMIT, **{**tighter, "soft_ppm": 900_000}, **operator) == R.ACK
    remove = {**tighter, "limit_flags": int(LimitFlag.REMOVE)}
    assert reason_of(rich, K.SET_LIMIT, **remove, **operator) == R.APPROVAL_REQUIRED
    assert reason_of(rich, K.SET_LIMIT, **looser, **PEOPLE) == R.ACK
    assert rich.outcome("A", "buy", 7, MARK) == R.LIMIT_ORDER_QUANTITY
    assert reason_of(rich, K.SET_LIMIT, **remove, **PEOPLE) == R.ACK
    assert rich.outcome("A", "buy", 7, MARK) == R.ACK
    assert reason_of(rich, K.SET_LIMIT, **remove) == R.INVALID_PARAMETER


def test_a_firm_rules_itself_and_nobody_else(rich: RiskMarket) -> None:
    desk = {**GOOD, "session_id": SESSIONS["DESK1"]}
    assert reason_of(rich, K.SET_LIMIT, **desk) == R.PERMISSION_DENIED
    rich.session("DESK1", rights=7)
    assert reason_of(rich, K.SET_LIMIT, **desk) == R.ACK
    for scope, node in ((Scope.FIRM, 1), (Scope.DESK, 2), (Scope.ACCOUNT, 5), (Scope.VENUE, 0), (Scope.SESSION, 14)):
        assert reason_of(rich, K.SET_LIMIT, **{**desk, "scope": int(scope), "node_id": node}) == R.PERMISSION_DENIED
    assert reason_of(rich, K.SET_LIMIT, **{**desk, "scope": int(Scope.SESSION), "node_id": 1}) == R.ACK
    looser = {**desk, "value": 11 * LOT_E8}
    assert reason_of(rich, K.SET_LIMIT, **looser) == R.APPROVAL_REQUIRED
    assert reason_of(rich, K.SET_LIMIT, **looser, **PEOPLE) == R.ACK
    assert reason_of(rich, K.DEPOSIT, session_id=SESSIONS["DESK1"], transfer_id=99, account_id=1) == R.PERMISSION_DENIED


def test_a_full_table(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"limits_max": 1})
    venue.limit(**{"kind": L.ORDER_QUANTITY, "value": 5, "scope": Scope.DESK, "node": 1})
    assert reason_of(venue, K.SET_LIMIT, **{**GOOD, "node_id": 2}) == R.REJECTED_CAPACITY
    assert reason_of(venue, K.SET_LIMIT, **{**GOOD, "value": 4}) == R.ACK


# ---- kill switch


@pytest.mark.parametrize(
    ("scope", "node"),
    [
        (Scope.SESSION, SESSIONS["A"]), (Scope.ACCOUNT, 1), (Scope.TRADER, 1), (Scope.DESK, 1), (Scope.FIRM, 1),
        (Scope.VENUE, 0), (Scope.INSTRUMENT, 1), (Scope.BROKER, 1),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)  # fmt: skip
def test_kill_cancels_and_refuses_until_revived(new_venue: Callable[..., RiskMarket], scope: Scope, node: int) -> None:
    venue = new_venue()
    if scope == Scope.BROKER:
        venue.send(K.SET_BROKER, party_id=1, status=1)
        venue.send(K.SET_FIRM, party_id=7, parent_id=1, status=1)
        for kind, parent in ((K.SET_DESK, 7), (K.SET_TRADER, 7), (K.SET_ACCOUNT, 7)):
            venue.configure(kind, party_id=7, parent_id=parent, status=1)
        venue.configure(K.SET_SESSION, party_id=21, parent_id=7, scope=2, rights=3, status=1)
        venue.configure(K.DEPOSIT, account_id=7, transfer_id=10**6, amount_micro=10**9)
    venue.deposit("A", 1_000)
    venue.mark(MARK)
    who = {"session_id": 21, "account_id": 7} if scope == Scope.BROKER else {"session_id": 1, "account_id": 1}
    order = {
        **who,
        "instrument_id": 1,
        "price_e8": 10**9,
        "quantity_e8": LOT_E8,
        "side": 1,
        "order_type": 1,
        "time_in_force": 1,
    }
    [placed] = venue.send(K.PLACE, **order)
    target = {"scope": int(scope), "node_id": node}

    events = venue.accepted(K.KILL, **target, operator_id=7)
    changed, _, cancelled, done = events
    assert (changed["kind"], changed["node_flags"], changed["scope"]) == (
        EventKind.NODE_CHANGED,
        NodeFlag.KILLED,
        scope,
    )
    assert (cancelled["order_id"], cancelled["reason"]) == (placed["order_id"], R.CANCELLED_KILL)
    assert (done["kind"], done["reason"], done["affected_count"]) == (EventKind.MASS_CANCEL_DONE, R.CANCELLED_KILL, 1)
    refused = venue.send(K.PLACE, **order)[0]
    assert (refused["reason"], refused["detail"]) == (R.REJECTED_KILLED, scope << 32 | node)
    closing = venue.send(K.CLOSE_POSITION, **who, instrument_id=1)[0]
    assert closing["reason"] == R.REJECTED_KILLED

    revive = {**target, "node_flags": int(NodeFlag.KILLED)}
    assert reason_of(venue, K.REVIVE, **revive, operator_id=7) == R.APPROVAL_REQUIRED
    assert reason_of(venue, K.REVIVE, **revive, **PEOPLE) == R.ACK
    assert venue.send(K.PLACE, **order)[0]["kind"] == EventKind.ORDER_NEW


def test_an_order_in_the_bump_does_not_reach_the_book_of_a_killed_account(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"work_steps_max": 2})
    venue.deposit("A", 1_000)
    venue.mark(MARK)
    orders = [venue.order("A", "buy", 1, 1_000 + i)[0] for i in range(6)]
    venue.instrument(1, speed_bump_ns=1_000)
    waiting = venue.order("A", "buy", 1, 2_000)[0]
    venue.send(K.KILL, scope=int(Scope.ACCOUNT), node_id=1)
    venue.time_ns += 1_000
    events = venue.send(K.TICK)
    assert (events[0]["order_id"], events[0]["reason"]) == (waiting["order_id"], R.REJECTED_KILLED)
    assert len(orders) == 6


def test_cancels_of_a_killed_session_pass(rich: RiskMarket) -> None:
    rich.mark(MARK)
    [placed] = rich.order("A", "buy", 1, 1_000)
    rich.instrument(2)
    rich.configure(K.KILL, scope=int(Scope.INSTRUMENT), node_id=2)
    rich.configure(K.KILL, scope=int(Scope.SESSION), node_id=SESSIONS["B"])
    cancel = rich.send(K.CANCEL, session_id=1, order_id=placed["order_id"])[0]
    assert cancel["kind"] == EventKind.ORDER_CANCELLED


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        (K.KILL, {"scope": 0}, R.INVALID_PARAMETER), (K.KILL, {"scope": 4, "node_id": 9}, R.UNKNOWN_PARTY),
        (K.KILL, {"scope": 8, "node_id": 9}, R.BAD_SYMBOL), (K.REVIVE, {"scope": 4, "node_id": 1}, R.INVALID_PARAMETER),
        (K.KILL, {"scope": 8, "node_id": 1, "session_id": 13}, R.PERMISSION_DENIED),
        (K.REVIVE, {"scope": 8, "node_id": 1, "node_flags": 1, "session_id": 13}, R.PERMISSION_DENIED),
        (K.REVIVE, {"scope": 4, "node_id": 1, "node_flags": 2}, R.INVALID_PARAMETER),
        (K.REVIVE, {"scope": 0, "node_flags": 1}, R.INVALID_PARAMETER),
        (K.REVIVE, {"scope": 8, "node_id": 9, "node_flags": 1}, R.BAD_SYMBOL),
        (K.SET_TRADING_WINDOW, {"scope": 9}, R.INVALID_PARAMETER),
        (K.SET_TRADING_WINDOW, {"scope": 4, "node_id": 1, "is_open": 2}, R.INVALID_PARAMETER),
        (K.SET_TRADING_WINDOW, {"scope": 4, "node_id": 1, "is_open": 1, "operator_id": 7}, R.APPROVAL_REQUIRED),
        (K.NOTE, {"case_id": 0}, R.INVALID_PARAMETER), (K.NOTE, {"case_id": 5, "text": "a reason"}, R.ACK),
    ],
)  # fmt: skip
def test_what_is_refused(rich: RiskMarket, kind: CommandKind, fields: dict[str, Any], reason: Reason) -> None:
    assert reason_of(rich, kind, **fields) == reason


def test_kill_needs_room_for_its_work(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"works_max": 1, "work_steps_max": 1})
    venue.send(K.MASS_CANCEL, scope=int(Scope.VENUE))
    assert reason_of(venue, K.KILL, scope=4, node_id=1) == R.REJECTED_CAPACITY
    assert reason_of(venue, K.KILL, scope=8, node_id=1) == R.REJECTED_CAPACITY


# ---- loss limits


def locked(venue: RiskMarket, name: str = "A") -> bool:
    return venue.outcome(name, "buy", 1, 1_000) == R.REJECTED_LOCKED


def test_daily_loss_locks_until_the_next_business_date(rich: RiskMarket) -> None:
    rich.limit(L.DAILY_LOSS, 100 * USDC, Scope.TRADER, 1, soft_ppm=800_000)
    rich.trade("A", "C", 10_000, MARK)  # 100 USDC for 1,000 ticks
    rich.pulse()
    rich.mark(24_201)
    assert not of_kind(rich.pulse(), EventKind.LIMIT_WARNED)
    rich.mark(24_200)
    [warning] = of_kind(rich.pulse(), EventKind.LIMIT_WARNED)
    assert (warning["usage"], warning["scope"], warning["node_id"]) == (80 * USDC, Scope.TRADER, 1)
    rich.mark(24_001)
    assert not of_kind(rich.pulse(), EventKind.NODE_CHANGED)
    assert not locked(rich)
    rich.mark(24_000)
    [changed] = of_kind(rich.pulse(), EventKind.NODE_CHANGED)
    assert (changed["usage"], changed["node_flags"]) == (100 * USDC, NodeFlag.LOCKED)
    assert locked(rich)
    assert locked(rich, "B")  # the same trader
    assert not locked(rich, "C")
    assert rich.outcome("A", "sell", 10_000, 30_000) == R.ACK  # only reduces
    rich.mark(MARK)
    rich.pulse()
    assert locked(rich)
    rich.send(K.ROLL_BUSINESS_DATE, business_date=20270101)
    assert of_kind(rich.pulse(), EventKind.NODE_CHANGED)[0]["node_flags"] == 0
    assert not locked(rich)


def test_deposits_are_no_profit_and_withdrawals_no_loss(rich: RiskMarket) -> None:
    rich.limit(L.DAILY_LOSS, 100 * USDC, Scope.ACCOUNT, 1)
    rich.limit(L.DRAWDOWN, 100 * USDC, Scope.FIRM, 1)
    rich.pulse()
    rich.deposit("A", 500)
    assert rich.move(K.WITHDRAW_REQUEST, "A", 900 * USDC)[0] == R.ACK
    rich.pulse()
    assert not locked(rich)
    rich.trade("A", "E", 10_000, MARK)
    rich.mark(24_000)
    rich.pulse()
    assert locked(rich)


def test_realised_only_does_not_see_open_losses(rich: RiskMarket) -> None:
    rich.limit(L.DAILY_LOSS, 100 * USDC, Scope.ACCOUNT, 1, limit_flags=int(LimitFlag.REALISED_ONLY))
    rich.pulse()
    rich.trade("A", "B", 10_000, MARK)
    rich.mark(23_900)
    rich.pulse()
    assert not locked(rich)
    rich.trade("B", "A", 10_000, 24_000)
    rich.pulse()
    assert locked(rich)


def test_trailing_drawdown_follows_the_peak_and_stops_at_its_lock_level(rich: RiskMarket) -> None:
    start = 100_000 * USDC
    rich.limit(L.DRAWDOWN, 200 * USDC, Scope.ACCOUNT, 1, parameter=start)
    rich.trade("A", "B", 10_000, MARK)
    rich.pulse()
    rich.mark(26_500)  # +150: the floor is at -50
    rich.pulse()
    rich.mark(24_600)
    rich.pulse()
    assert not locked(rich)
    rich.mark(28_000)  # +300: the floor would be +100, but it stops at what there was
    rich.pulse()
    rich.mark(25_001)
    rich.pulse()
    assert not locked(rich)
    rich.mark(25_000)
    rich.pulse()
    assert locked(rich)
    rich.send(K.ROLL_BUSINESS_DATE, business_date=20270101)
    rich.pulse()
    assert locked(rich)  # a drawdown is not forgotten over night
    assert reason_of(rich, K.REVIVE, scope=2, node_id=1, node_flags=int(NodeFlag.LOCKED), **PEOPLE) == R.ACK
    assert not locked(rich)


def test_end_of_day_drawdown_moves_its_peak_at_the_roll(rich: RiskMarket) -> None:
    rich.limit(L.DRAWDOWN, 100 * USDC, Scope.ACCOUNT, 1, limit_flags=int(LimitFlag.END_OF_DAY))
    rich.trade("A", "B", 10_000, MARK)
    rich.pulse()
    rich.mark(27_000)
    rich.pulse()
    rich.mark(25_000)
    rich.pulse()
    assert not locked(rich)  # 200 below the intraday peak, which does not count
    rich.mark(26_000)
    rich.send(K.ROLL_BUSINESS_DATE, business_date=20270101)
    rich.pulse()
    rich.mark(25_000)
    rich.pulse()
    assert locked(rich)


def test_flatten_and_lock(rich: RiskMarket) -> None:
    rich.limit(L.DAILY_LOSS, 100 * USDC, Scope.DESK, 1, action=int(LimitAction.FLATTEN))
    rich.trade("A", "E", 10_000, MARK)
    rich.trade("E", "C", 500, MARK)
    rich.pulse()
    rich.order("E", "buy", 4_000, 23_800)
    rich.order("E", "sell", 4_000, 24_100)
    mine = rich.order("A", "buy", 1, 20_000)[0]["order_id"]
    rich.mark(23_900)  # A loses 110, C wins 5.5
    events = rich.pulse()
    cancelled = [e for e in of_kind(events, EventKind.ORDER_CANCELLED) if e["order_id"] == mine]
    assert cancelled[0]["reason"] == R.CANCELLED_LIMIT
    events += rich.pulse()
    filled = [e for e in of_kind(events, EventKind.ORDER_FILLED) if e["account_id"] in (1, 3)]
    assert {e["trade_kind"] for e in filled} == {TradeKind.FLATTEN}
    assert (rich.lots("A"), rich.lots("C")) == (6_000, 0)  # what the book had at the peg
    rich.order("E", "buy", 6_000, 23_800)
    rich.pulse()
    assert rich.lots("A") == 0
    assert locked(rich)


def test_removing_the_row_releases_its_lock(rich: RiskMarket) -> None:
    rich.limit(L.DRAWDOWN, 0, Scope.ACCOUNT, 1)
    rich.pulse()
    assert locked(rich)
    rich.limit(L.DRAWDOWN, 0, Scope.ACCOUNT, 1, limit_flags=int(LimitFlag.REMOVE))
    assert not locked(rich)


def test_a_lock_that_two_rows_hold(rich: RiskMarket) -> None:
    rich.limit(L.DRAWDOWN, 0, Scope.ACCOUNT, 1)
    rich.limit(L.DAILY_LOSS, 0, Scope.ACCOUNT, 1)
    rich.pulse()
    rich.limit(L.DRAWDOWN, 0, Scope.ACCOUNT, 1, limit_flags=int(LimitFlag.REMOVE))
    assert locked(rich)


def test_a_breach_waits_for_room_to_cancel(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"works_max": 1, "work_steps_max": 1})
    venue.deposit("A", 1_000)
    venue.mark(MARK)
    venue.limit(L.DRAWDOWN, 0, Scope.ACCOUNT, 1, action=int(LimitAction.CANCEL))
    venue.send(K.MASS_CANCEL, scope=int(Scope.VENUE))
    venue.time_ns += 10**9
    venue.send(K.MARK_PULSE)
    assert not locked(venue)
    venue.drain()
    venue.pulse()
    assert locked(venue)


def test_a_limit_target_needs_its_group(rich: RiskMarket) -> None:
    rich.limit(L.POSITION, 0, Scope.ACCOUNT, 1, target=int(LimitTarget.GROUP), target_id=3)
    assert rich.outcome("A", "buy", 1, MARK) == R.ACK
    rich.risk(product_group=3)
    assert rich.outcome("A", "buy", 1, MARK) == R.LIMIT_POSITION
