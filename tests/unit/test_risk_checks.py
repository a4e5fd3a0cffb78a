"""Limits and risk checks of orders: each at its limit and around it; which goes before which (docs/risk.md 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.records import (
    CHECK_ORDER,
    CommandKind,
    EventKind,
    LimitKind,
    LimitTarget,
    OrderType,
    Reason,
    RiskSession,
    Scope,
)
from tests.risk_market import LOT_E8, TICK_E8, TICK_VALUE, USDC, RiskMarket, of_kind
from tests.scenario import ACCOUNTS, SESSIONS

K, R, L = CommandKind, Reason, LimitKind
MARK = 25_000
LOT_MICRO = MARK * TICK_VALUE  # of one lot at the mark: 0.25 USDC


@pytest.fixture
def rich(venue: RiskMarket) -> RiskMarket:
    """Everybody can pay for everything; the mark is 25,000, so that a lot is worth 250,000 micro-USDC."""
    for name in ACCOUNTS:
        venue.deposit(name, 10_000_000)
    venue.mark(MARK)
    return venue


NODES = {  # of account A, leaf to root
    Scope.SESSION: SESSIONS["A"], Scope.ACCOUNT: 1, Scope.TRADER: 1, Scope.DESK: 1, Scope.FIRM: 1, Scope.VENUE: 0,
}  # fmt: skip
ORDER_KINDS = (L.ORDER_QUANTITY, L.ORDER_NOTIONAL, L.OPEN_ORDERS)


def reject(events: list[dict[str, Any]]) -> dict[str, Any]:
    [event] = of_kind(events, EventKind.ORDER_REJECTED)
    return event


# ---- every level: the same limit at each node of the path


@pytest.mark.parametrize("scope", NODES, ids=lambda scope: scope.name)
@pytest.mark.parametrize("kind", ORDER_KINDS, ids=lambda kind: kind.name)
def test_a_limit_holds_at_every_level(rich: RiskMarket, kind: LimitKind, scope: Scope) -> None:
    limit = {L.ORDER_QUANTITY: 10 * LOT_E8, L.ORDER_NOTIONAL: 10 * LOT_MICRO, L.OPEN_ORDERS: 1}[kind]
    rich.limit(kind, limit, scope, NODES[scope])
    assert rich.outcome("A", "buy", 10, MARK) == R.ACK
    events = rich.order("A", "buy", 11, MARK)
    event = reject(events)
    assert event["reason"] == {
        L.ORDER_QUANTITY: R.LIMIT_ORDER_QUANTITY, L.ORDER_NOTIONAL: R.LIMIT_ORDER_NOTIONAL,
        L.OPEN_ORDERS: R.LIMIT_OPEN_ORDERS,
    }[kind]  # fmt: skip
    assert event["detail"] == scope << 32 | NODES[scope]
    numbers = events[-1]
    assert (numbers["kind"], numbers["reason"]) == (EventKind.LIMIT_REFUSED, event["reason"])
    usage = {L.ORDER_QUANTITY: 11 * LOT_E8, L.ORDER_NOTIONAL: 11 * LOT_MICRO, L.OPEN_ORDERS: 2}[kind]
    assert (numbers["value"], numbers["usage"], numbers["scope"]) == (limit, usage, scope)


def test_the_tightest_of_three_owners_wins(rich: RiskMarket) -> None:
    rich.send(K.SET_BROKER, party_id=1, status=1)
    rich.limit(L.ORDER_QUANTITY, 20 * LOT_E8, Scope.ACCOUNT, 1)
    rich.session("FIRM1", rights=7)
    rich.limit(L.ORDER_QUANTITY, 10 * LOT_E8, Scope.ACCOUNT, 1, session_id=SESSIONS["FIRM1"])
    assert rich.outcome("A", "buy", 11, MARK) == R.LIMIT_ORDER_QUANTITY
    rich.limit(L.ORDER_QUANTITY, 5 * LOT_E8, Scope.ACCOUNT, 1)
    numbers = rich.order("A", "buy", 11, MARK)[-1]
    assert (numbers["value"], numbers["owner"]) == (10 * LOT_E8, Scope.FIRM)  # rows in the order of their owners
    assert rich.outcome("A", "buy", 6, MARK) == R.LIMIT_ORDER_QUANTITY


def test_a_limit_of_a_node_counts_all_its_accounts(rich: RiskMarket) -> None:
    rich.limit(L.POSITION, 10 * LOT_E8, Scope.TRADER, 1)
    assert rich.outcome("A", "buy", 6, MARK) == R.ACK
    assert rich.outcome("B", "buy", 5, MARK) == R.LIMIT_POSITION
    assert rich.outcome("C", "buy", 11, MARK) == R.ACK  # another trader
    assert rich.outcome("B", "sell", 10, MARK + 1) == R.ACK  # the other side
    assert rich.outcome("A", "sell", 1, MARK + 1) == R.LIMIT_POSITION


# ---- each kind at its boundary


@pytest.mark.parametrize(
    ("side", "ticks", "reason"),
    [
        ("buy", 25_250, R.ACK), ("buy", 25_251, R.REJECTED_PRICE_TOLERANCE), ("buy", 1_000, R.ACK),
        ("sell", 24_750, R.ACK), ("sell", 24_749, R.REJECTED_PRICE_TOLERANCE), ("sell", 90_000, R.ACK),
    ],
)  # fmt: skip
def test_price_tolerance_is_on_the_adverse_side(rich: RiskMarket, side: str, ticks: int, reason: Reason) -> None:
    rich.limit(L.PRICE_TOLERANCE, 10_000, Scope.TRADER, 1)  # 1 %
    assert rich.outcome("A", side, 1, ticks) == reason


def test_price_tolerance_without_a_mark_and_for_market_orders(rich: RiskMarket) -> None:
    rich.instrument(2)
    rich.limit(L.PRICE_TOLERANCE, 0, Scope.ACCOUNT, 1)
    assert rich.outcome("A", "buy", 1, MARK, instrument=2) == R.REJECTED_NO_REFERENCE_PRICE
    assert rich.outcome("A", "buy", 1, 0, order_type=int(OrderType.MARKET), time_in_force=4) == R.ACK


def test_message_age(rich: RiskMarket) -> None:
    rich.limit(L.MESSAGE_AGE, 1_000, Scope.SESSION, SESSIONS["A"])
    assert rich.outcome("A", "buy", 1, MARK, sent_ns=rich.time_ns - 1_000) == R.ACK
    assert rich.outcome("A", "buy", 1, MARK, sent_ns=rich.time_ns - 1_001) == R.REJECTED_STALE
    assert rich.outcome("A", "buy", 1, MARK, sent_ns=rich.time_ns + 9) == R.ACK
    assert rich.outcome("A", "buy", 1, MARK) == R.ACK  # without a time of its own
    assert rich.outcome("A", "buy", 1, MARK, sent_ns=-(2**63)) == R.REJECTED_STALE


def test_open_notional_counts_prices_of_orders_not_marks(rich: RiskMarket) -> None:
    rich.limit(L.OPEN_NOTIONAL, 1_000 * TICK_VALUE * 30, Scope.DESK, 1)
    assert rich.outcome("A", "buy", 10, 1_000) == R.ACK
    assert rich.outcome("C", "buy", 20, 1_000) == R.ACK  # the same desk
    assert rich.outcome("A", "buy", 1, 1) == R.LIMIT_OPEN_NOTIONAL
    assert rich.outcome("E", "buy", 100, 1_000) == R.ACK


def test_identical_orders_in_a_row(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(repeat_window_ns=1_000)
    venue.deposit("A", 1_000_000)
    venue.mark(MARK)
    venue.limit(L.REPEATED_ORDERS, 2, Scope.ACCOUNT, 1)
    wanted = [R.ACK, R.ACK, R.LIMIT_REPEATED_ORDERS, R.LIMIT_REPEATED_ORDERS]
    assert [venue.outcome("A", "buy", 5, MARK) for _ in range(4)] == wanted
    assert venue.outcome("A", "buy", 6, MARK) == R.ACK  # another one breaks the run
    assert venue.outcome("A", "buy", 5, MARK) == R.ACK
    assert venue.outcome("A", "buy", 5, MARK) == R.ACK
    venue.time_ns += 1_000
    assert venue.outcome("A", "buy", 5, MARK) == R.LIMIT_REPEATED_ORDERS
    venue.time_ns += 1
    assert venue.outcome("A", "buy", 5, MARK) == R.ACK


def test_messages_that_do_not_count_leave_the_warning_of_a_run(new_venue: Callable[..., RiskMarket]) -> None:
    """A modify has no part in a run: neither is it refused nor does it clear what a third order has warned of."""
    venue = new_venue(repeat_window_ns=1_000)
    venue.deposit("A", 1_000_000)
    venue.mark(MARK)
    venue.limit(L.REPEATED_ORDERS, 3, Scope.ACCOUNT, 1, soft_ppm=1_000_000)
    events = [event for _ in range(3) for event in venue.order("A", "buy", 5, MARK)]
    assert len(of_kind(events, EventKind.LIMIT_WARNED)) == 1
    terms = {"session_id": 1, "account_id": 1, "quantity_e8": 6 * LOT_E8, "price_e8": MARK * TICK_E8}
    [replaced] = venue.send(K.REPLACE, order_id=events[0]["order_id"], **terms)
    assert replaced["kind"] == EventKind.ORDER_REPLACED
    assert venue.outcome("A", "buy", 5, MARK) == R.LIMIT_REPEATED_ORDERS
    cleared, new = venue.order("A", "buy", 7, MARK)
    assert (cleared["kind"], cleared["usage"], new["kind"]) == (EventKind.LIMIT_CLEARED, 1, EventKind.ORDER_NEW)


def test_executions_within_a_window(rich: RiskMarket) -> None:
    rich.limit(L.EXECUTIONS, 2, Scope.ACCOUNT, 1, parameter=1_000)
    rich.trade("A", "B", 1, MARK)
    rich.trade("B", "A", 1, MARK)
    assert rich.outcome("A", "buy", 1, MARK) == R.LIMIT_EXECUTIONS
    rich.time_ns += 1_000
    assert rich.outcome("A", "buy", 1, MARK) == R.LIMIT_EXECUTIONS
    rich.time_ns += 1
    assert rich.outcome("A", "buy", 1, MARK) == R.ACK


def test_messages_per_fill(rich: RiskMarket) -> None:
    rich.limit(L.ORDER_TO_TRADE, 2, Scope.ACCOUNT, 1, parameter=3)
    assert [rich.outcome("A", "buy", 1, 100) for _ in range(4)] == [R.ACK] * 3 + [R.LIMIT_ORDER_TO_TRADE]
    for _ in range(2):
        rich.order("B", "sell", 1, 100, time_in_force=4)  # two fills: four messages
    assert [rich.outcome("A", "buy", 1, 100) for _ in range(2)] == [R.ACK, R.LIMIT_ORDER_TO_TRADE]
    rich.send(K.ROLL_BUSINESS_DATE, business_date=20270101)
    assert rich.outcome("A", "buy", 1, 100) == R.ACK


@pytest.mark.parametrize(("side", "other"), [("buy", "sell"), ("sell", "buy")])
def test_position_limit_on_both_sides_and_replace(rich: RiskMarket, side: str, other: str) -> None:
    rich.limit(L.POSITION, 10 * LOT_E8, Scope.ACCOUNT, 1, target=int(LimitTarget.INSTRUMENT), target_id=1)
    price = 24_900 if side == "buy" else 25_100
    assert rich.outcome("A", side, 11, price) == R.LIMIT_POSITION
    events = rich.order("A", side, 10, price)
    order_id = events[0]["order_id"]

    def replaced(lots: int) -> Reason:
        answer = rich.send(
            K.REPLACE,
            session_id=1,
            account_id=1,
            order_id=order_id,
            quantity_e8=lots * LOT_E8,
            price_e8=price * TICK_E8,
        )[0]
        reason: Reason = answer["reason"]
        return reason

    assert replaced(11) == R.LIMIT_POSITION
    assert replaced(9) == R.ACK
    assert rich.outcome("A", side, 1, price) == R.ACK
    assert rich.outcome("A", other, 10, 25_000) == R.ACK
    rich.instrument(2)
    rich.mark(MARK, instrument=2)
    assert rich.outcome("A", side, 11, price, instrument=2) == R.ACK


def test_gross_and_net_over_a_product_group(rich: RiskMarket) -> None:
    rich.risk(product_group=7)
    rich.instrument(2, product_group=7)
    rich.instrument(3, product_group=8)
    for instrument in (2, 3):
        rich.mark(MARK, instrument=instrument)
    rich.limit(L.GROSS_NOTIONAL, 10 * LOT_MICRO, Scope.FIRM, 1, target=int(LimitTarget.GROUP), target_id=7)
    assert rich.outcome("A", "buy", 6, MARK) == R.ACK
    assert rich.outcome("A", "sell", 5, 30_000, instrument=2) == R.LIMIT_GROSS_NOTIONAL
    assert rich.outcome("A", "sell", 4, 30_000, instrument=2) == R.ACK
    assert rich.outcome("A", "sell", 6, 30_000) == R.ACK  # the other side of what is there: not the worse one
    assert rich.outcome("A", "buy", 99, MARK, instrument=3) == R.ACK

    rich.limit(L.NET_NOTIONAL, 8 * LOT_MICRO, Scope.ACCOUNT, 5)
    assert rich.outcome("E", "buy", 5, MARK - 1) == R.ACK
    assert rich.outcome("E", "buy", 4, MARK - 1, instrument=3) == R.LIMIT_NET_NOTIONAL
    assert rich.outcome("E", "sell", 8, 30_000, instrument=3) == R.ACK
    assert rich.outcome("E", "sell", 1, 30_000) == R.LIMIT_NET_NOTIONAL
    assert rich.outcome("E", "buy", 3, MARK - 1, instrument=3) == R.ACK


def test_concentration_is_a_part_of_the_open_interest_cap(rich: RiskMarket) -> None:
    rich.risk(interest_cap_micro=1_000 * LOT_MICRO)
    rich.limit(L.CONCENTRATION, 10_000, Scope.ACCOUNT, 1)  # 1 %: ten lots
    assert rich.outcome("A", "buy", 11, MARK) == R.LIMIT_CONCENTRATION
    assert rich.outcome("A", "buy", 10, MARK) == R.ACK


def test_open_interest_caps(rich: RiskMarket) -> None:
    rich.risk(interest_cap_micro=10 * LOT_MICRO)
    rich.trade("A", "B", 8, MARK)
    assert rich.outcome("C", "buy", 3, MARK) == R.REJECTED_OPEN_INTEREST_LIMIT
    assert rich.outcome("C", "sell", 3, 30_000) == R.REJECTED_OPEN_INTEREST_LIMIT
    assert rich.outcome("A", "sell", 8, 30_000) == R.ACK  # only reduces
    assert rich.outcome("A", "sell", 3, 30_000) == R.REJECTED_OPEN_INTEREST_LIMIT  # would open 3
    assert rich.outcome("C", "buy", 2, MARK) == R.ACK

    rich.risk(interest_cap_micro=0)
    rich.venue(total_interest_cap_micro=10 * LOT_MICRO)
    assert rich.outcome("D", "buy", 3, MARK - 1) == R.REJECTED_TOTAL_OPEN_INTEREST_LIMIT
    assert rich.outcome("D", "buy", 2, MARK - 1) == R.ACK


def test_credit_line_of_an_account(rich: RiskMarket) -> None:
    rich.limit(L.CREDIT, 10 * LOT_MICRO // 10, Scope.ACCOUNT, 1)
    assert rich.outcome("A", "buy", 11, MARK) == R.LIMIT_CREDIT
    assert rich.outcome("A", "buy", 10, MARK) == R.ACK
    assert rich.outcome("A", "sell", 9, MARK + 1) == R.ACK  # the better side costs nothing
    assert rich.outcome("A", "buy", 1, MARK) == R.LIMIT_CREDIT


def test_more_than_the_integers_are_meant_for(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(total_interest_cap_micro=0)
    venue.deposit("A", 10**12)
    venue.mark(100_000)
    venue.instrument(1, max_quantity_e8=10**18)
    venue.risk(position_cap_micro=2**60, interest_cap_micro=0)
    largest = 2**60 // (250_000 * TICK_VALUE)
    assert venue.outcome("A", "buy", largest + 1, 1) == R.REJECTED_NUMERIC_RANGE
    assert venue.outcome("A", "buy", largest, 1) == R.ACK
    assert venue.outcome("A", "buy", 1, 1) == R.REJECTED_NUMERIC_RANGE


# ---- states


def test_above_the_cap_of_a_new_session_orders_only_reduce(rich: RiskMarket) -> None:
    rich.risk(risk_calendar_id=1, position_cap_micro=1_000 * USDC)
    rich.trade("A", "B", 4_000, MARK)  # 1,000 USDC
    rich.configure(K.CALENDAR_CHANGE, calendar_id=1, is_open=0, risk_session=int(RiskSession.WEEKEND))
    assert rich.outcome("A", "buy", 1, MARK) == R.REJECTED_WOULD_BREACH_MAX_NOTIONAL
    assert rich.outcome("A", "sell", 4_000, MARK + 1) == R.ACK
    assert rich.lots("A") == 4_000  # nobody is forced out


def test_a_closed_trading_window_lets_reduce(rich: RiskMarket) -> None:
    rich.trade("A", "B", 10, MARK)
    rich.configure(K.SET_TRADING_WINDOW, scope=int(Scope.DESK), node_id=1)
    event = reject(rich.order("A", "buy", 1, MARK))
    assert (event["reason"], event["detail"]) == (R.REJECTED_TRADING_WINDOW, Scope.DESK << 32 | 1)
    assert rich.outcome("A", "sell", 10, MARK + 1) == R.ACK
    assert rich.outcome("E", "buy", 1, MARK) == R.ACK
    rich.configure(K.SET_TRADING_WINDOW, scope=int(Scope.DESK), node_id=1, is_open=1)
    assert rich.outcome("A", "buy", 1, MARK) == R.ACK


def test_a_mandatory_limit_that_is_missing(rich: RiskMarket) -> None:
    rich.venue(mandatory_limits=1 << L.ORDER_NOTIONAL | 1 << L.DAILY_LOSS)
    event = reject(rich.order("A", "buy", 1, MARK))
    assert (event["reason"], event["detail"]) == (R.REJECTED_NO_LIMIT, L.ORDER_NOTIONAL)
    rich.limit(L.ORDER_NOTIONAL, 10**12, Scope.VENUE, 0)  # the venue's own does not count
    rich.limit(L.ORDER_NOTIONAL, 10**12, Scope.FIRM, 1, target=int(LimitTarget.INSTRUMENT), target_id=1)
    assert reject(rich.order("A", "buy", 1, MARK))["detail"] == L.DAILY_LOSS
    rich.limit(L.DAILY_LOSS, 10**12, Scope.TRADER, 1)
    assert rich.outcome("A", "buy", 1, MARK) == R.ACK
    assert rich.outcome("E", "buy", 1, MARK) == R.REJECTED_NO_LIMIT


def test_no_risk_configuration_no_trading(rich: RiskMarket) -> None:
    super(RiskMarket, rich).instrument(3)
    rich.mark(100, instrument=3)
    assert rich.outcome("A", "buy", 1, 100, instrument=3) == R.REJECTED_NO_RISK_CONFIGURATION


# ---- margin


def test_margin_at_its_boundary_with_open_loss_and_fee(venue: RiskMarket) -> None:
    venue.risk(taker_rate_e8=50_000)
    venue.mark(MARK)
    lots, ticks = 1_000, 25_100
    needed = ticks * lots * TICK_VALUE // 10 + 100 * lots * TICK_VALUE + ticks * lots * TICK_VALUE * 5 // 10_000
    # dReq is at the order's price: |0 + VB|
    venue.deposit("A", 0, needed - 1)
    assert venue.outcome("A", "buy", lots, ticks) == R.FAILED_MARGIN_CHECK
    venue.deposit("A", 0, 1)
    assert venue.outcome("A", "buy", lots, ticks) == R.ACK
    assert venue.outcome("A", "sell", lots - 5, 25_200) == R.ACK  # the better side costs nothing
    assert venue.outcome("A", "buy", lots, MARK) == R.FAILED_MARGIN_CHECK


def test_a_market_order_is_margined_at_the_band_edge(venue: RiskMarket) -> None:
    venue.instrument(2, band_ppm=100_000)
    venue.mark(MARK, instrument=2)
    edge = 27_500
    needed = edge * TICK_VALUE // 10 + (edge - MARK) * TICK_VALUE
    market = {"order_type": int(OrderType.MARKET), "time_in_force": 4, "instrument": 2}
    venue.deposit("A", 0, needed - 1)
    assert venue.outcome("A", "buy", 1, 0, **market) == R.FAILED_MARGIN_CHECK
    venue.deposit("A", 0, 1)
    assert venue.outcome("A", "buy", 1, 0, **market) == R.ACK


def test_what_does_not_raise_the_requirement_passes_without_money(venue: RiskMarket) -> None:
    venue.deposit("A", 300)
    venue.deposit("B", 100_000)
    venue.mark(MARK)
    venue.trade("A", "B", 10_000, MARK)
    assert venue.outcome("A", "buy", 10_000, 24_000) == R.FAILED_MARGIN_CHECK
    venue.mark(24_400)  # 300 - 60 - 244
    assert venue.status("A")["available_micro"] < 0
    assert venue.outcome("A", "sell", 10_000, 24_500) == R.ACK
    assert venue.outcome("A", "buy", 1, 24_000) == R.FAILED_MARGIN_CHECK


def test_while_a_modify_waits_the_larger_state_is_kept(venue: RiskMarket) -> None:
    venue.instrument(2, speed_bump_ns=1_000)
    venue.deposit("A", 1_000)
    venue.mark(MARK, instrument=2)
    [pending] = venue.order("A", "buy", 1_000, 20_000, instrument=2)
    assert venue.status("A")["order_margin_micro"] == 20_000 * 1_000
    venue.time_ns += 1_000
    venue.send(K.TICK)

    def modify(lots: int, ticks: int) -> dict[str, Any]:
        fields = {"quantity_e8": lots * LOT_E8, "price_e8": ticks * TICK_E8, "order_id": pending["order_id"]}
        return venue.send(K.REPLACE, session_id=1, account_id=1, **fields)[0]

    assert modify(500, 24_000)["kind"] == EventKind.ORDER_REPLACE_PENDING
    assert venue.status("A")["order_margin_micro"] == 20_000 * 1_000  # the larger lots and the larger value
    assert modify(10_000_000, 24_000)["kind"] == EventKind.REPLACE_REJECTED
    assert modify(2_000, 24_000)["kind"] == EventKind.REPLACE_REJECTED  # MODIFY_SUPERSEDED of the one that waited
    assert venue.status("A")["order_margin_micro"] == 24_000 * 2_000
    venue.time_ns += 1_000
    venue.send(K.TICK)
    assert venue.status("A")["order_margin_micro"] == 24_000 * 2_000


# ---- soft thresholds


def test_a_warning_comes_once_and_is_cleared_below_nine_tenths(rich: RiskMarket) -> None:
    rich.limit(L.POSITION, 100 * LOT_E8, Scope.ACCOUNT, 1, soft_ppm=800_000)
    assert rich.outcome("A", "buy", 79, MARK) == R.ACK
    events = rich.order("A", "buy", 1, MARK)
    assert [e["kind"] for e in events] == [EventKind.LIMIT_WARNED, EventKind.ORDER_NEW]
    assert (events[0]["usage"], events[0]["order_id"]) == (80 * LOT_E8, events[1]["order_id"])
    assert [e["kind"] for e in rich.order("A", "buy", 1, MARK)] == [EventKind.ORDER_NEW]
    rich.send(K.MASS_CANCEL, session_id=1, scope=2, target_id=1)
    assert [e["kind"] for e in rich.order("A", "buy", 72, MARK)] == [EventKind.ORDER_NEW]
    rich.send(K.MASS_CANCEL, session_id=1, scope=2, target_id=1)
    events = rich.order("A", "buy", 71, MARK)
    assert [e["kind"] for e in events] == [EventKind.LIMIT_CLEARED, EventKind.ORDER_NEW]


def test_a_refused_order_warns_of_nothing(rich: RiskMarket) -> None:
    rich.limit(L.ORDER_QUANTITY, 100 * LOT_E8, Scope.ACCOUNT, 1, soft_ppm=1)
    rich.limit(L.POSITION, 1 * LOT_E8, Scope.ACCOUNT, 1)
    assert [e["kind"] for e in rich.order("A", "buy", 50, MARK)] == [EventKind.ORDER_REJECTED, EventKind.LIMIT_REFUSED]
    assert [e["kind"] for e in rich.order("A", "buy", 1, MARK)] == [EventKind.LIMIT_WARNED, EventKind.ORDER_NEW]


# ---- precedence


def limit_at_zero(kind: LimitKind, **fields: Any) -> Callable[[RiskMarket, dict[str, Any]], None]:
    scope = Scope.ACCOUNT

    def spoil(venue: RiskMarket, order: dict[str, Any]) -> None:
        venue.limit(kind, 0, scope, 1, **fields)

    return spoil


def set_fields(**values: Any) -> Callable[[RiskMarket, dict[str, Any]], None]:
    return lambda venue, order: order.update(values)


def in_liquidation(venue: RiskMarket, order: dict[str, Any]) -> None:
    """A's second position is under water, and nobody is there to take it."""
    venue.instrument(4)
    venue.mark(MARK, instrument=4)
    venue.deposit("A", 1_000)
    venue.trade("A", "B", 40_000, MARK, instrument=4)
    venue.mark(23_300, instrument=4)
    venue.drain()


def stale(venue: RiskMarket, order: dict[str, Any]) -> None:
    venue.limit(L.MESSAGE_AGE, 0, Scope.ACCOUNT, 1)
    order.update(sent_ns=venue.time_ns - 1)


def locked(venue: RiskMarket, order: dict[str, Any]) -> None:
    venue.limit(L.DRAWDOWN, 0, Scope.ACCOUNT, 1)
    venue.pulse()


SPOILERS: dict[Reason, Callable[[RiskMarket, dict[str, Any]], None]] = {
    R.REJECTED_KILLED: lambda venue, order: venue.configure(K.KILL, scope=int(Scope.DESK), node_id=1),
    R.REJECTED_STALE: stale,
    R.REJECTED_MARKET_CLOSED: lambda venue, order: venue.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=2),
    R.REJECTED_NO_LIMIT: lambda venue, order: venue.venue(mandatory_limits=1 << L.CREDIT),
    R.INVALID_ORDER_TYPE: set_fields(stp_mode=9),
    R.INVALID_TAKEPROFIT_PRICE: set_fields(take_profit_e8=1),
    R.INVALID_STOPLOSS_PRICE: set_fields(stop_loss_e8=-1),
    R.REJECTED_PRICE_TOLERANCE: limit_at_zero(L.PRICE_TOLERANCE),
    R.REJECTED_LESS_THAN_MIN_NOTIONAL: lambda venue, order: venue.instrument(1, min_notional_micro=10**12),
    R.LIMIT_ORDER_QUANTITY: limit_at_zero(L.ORDER_QUANTITY),
    R.LIMIT_ORDER_NOTIONAL: limit_at_zero(L.ORDER_NOTIONAL),
    R.LIMIT_OPEN_ORDERS: limit_at_zero(L.OPEN_ORDERS),
    R.LIMIT_OPEN_NOTIONAL: limit_at_zero(L.OPEN_NOTIONAL),
    R.LIMIT_EXECUTIONS: limit_at_zero(L.EXECUTIONS, parameter=1),
    R.LIMIT_ORDER_TO_TRADE: limit_at_zero(L.ORDER_TO_TRADE),
    R.REJECTED_LOCKED: locked,
    R.REJECTED_TRADING_WINDOW: lambda venue, order: venue.configure(
        K.SET_TRADING_WINDOW, scope=int(Scope.VENUE), node_id=0
    ),
    R.REJECTED_WOULD_BREACH_MAX_NOTIONAL: lambda venue, order: venue.risk(position_cap_micro=1),
    R.LIMIT_POSITION: limit_at_zero(L.POSITION),
    R.LIMIT_GROSS_NOTIONAL: limit_at_zero(L.GROSS_NOTIONAL),
    R.LIMIT_NET_NOTIONAL: limit_at_zero(L.NET_NOTIONAL),
    R.LIMIT_CONCENTRATION: limit_at_zero(L.CONCENTRATION),
    R.REJECTED_TOTAL_OPEN_INTEREST_LIMIT: lambda venue, order: venue.venue(total_interest_cap_micro=1),
    R.FAILED_MARGIN_CHECK: lambda venue, order: order.update(quantity_e8=30_000_000 * LOT_E8 // 8),
    R.LIMIT_CREDIT: limit_at_zero(L.CREDIT),
}  # fmt: skip
NEVER_BOTH = [
    {R.REJECTED_NO_LIMIT, R.REJECTED_TOTAL_OPEN_INTEREST_LIMIT},  # both settings are one command's
    {R.REJECTED_NO_LIMIT, R.LIMIT_CREDIT},  # the limit is then not missing
    {R.REJECTED_LESS_THAN_MIN_NOTIONAL, R.REJECTED_WOULD_BREACH_MAX_NOTIONAL},
]


def test_they_stand_in_the_published_order() -> None:
    assert list(SPOILERS) == [reason for reason in CHECK_ORDER if reason in SPOILERS]


def answer(venue: RiskMarket, *spoilers: Reason) -> Reason:
    order: dict[str, Any] = {
        "session_id": 1, "account_id": 1, "instrument_id": 1, "price_e8": 25_100 * TICK_E8, "quantity_e8": 100 * LOT_E8,
        "side": 1, "order_type": 1, "time_in_force": 1,
    }  # fmt: skip
    for reason in spoilers:
        SPOILERS[reason](venue, order)
    first = venue.send(K.PLACE, **order)[0]
    reason: Reason = first["reason"]
    return reason


@pytest.mark.parametrize("first", SPOILERS, ids=lambda reason: reason.name)
def test_the_first_check_that_fails_decides(new_venue: Callable[..., RiskMarket], first: Reason) -> None:
    later = [None, *list(SPOILERS)[list(SPOILERS).index(first) + 1 :]]
    for other in later:
        if other and {first, other} in NEVER_BOTH:
            continue
        venue = new_venue()
        venue.deposit("A", 10_000)
        venue.mark(MARK)
        both = (first,) if other is None else (first, other)
        assert answer(venue, *both) is first, both


def test_user_in_liquidation(rich: RiskMarket) -> None:
    poor: dict[str, Any] = {}
    rich.leave_with("A", 100 * USDC)
    in_liquidation(rich, poor)
    assert rich.outcome("A", "buy", 1, MARK) == R.USER_IN_LIQUIDATION
    assert rich.outcome("A", "sell", 1, MARK, order_flags=1) == R.USER_IN_LIQUIDATION
