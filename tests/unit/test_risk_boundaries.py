"""Each limit of an order at what the order uses, one below it and one above it (docs/risk.md section 8).

On both sides, as a new order, a modify and a quote; and as an order that only reduces, with the flag and without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from engine.records import CommandKind, EventKind, LimitKind, OrderFlag, Reason, Scope
from tests.risk_market import LOT_E8, SIDES, TICK_E8, TICK_VALUE, USDC, RiskMarket, of_kind
from tests.scenario import ACCOUNTS, SESSIONS

K, R, L = CommandKind, Reason, LimitKind
MARK, LOTS = 25_000, 4_000
NOTIONAL = MARK * LOTS * TICK_VALUE  # 1,000 USDC
MARGIN = NOTIONAL // 10
AGE_NS = 1_000_000
AWAY = 25  # ticks on the adverse side: 1,000 ppm of the mark
OPEN_INTEREST_CAP = 100 * NOTIONAL
OTHER = {"buy": "sell", "sell": "buy"}
ANSWERS = (
    EventKind.ORDER_NEW, EventKind.ORDER_REJECTED, EventKind.ORDER_REPLACED, EventKind.REPLACE_REJECTED,
    EventKind.QUOTE_SET, EventKind.QUOTE_REJECTED,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A limit, what the probe uses of it, and which orders it concerns."""

    reason: Reason
    usage: int
    set: Callable[[RiskMarket, int], None]
    unit: int = 1  # smallest step of the limit
    least: int = 0  # smallest limit that is one
    kept: int = 0  # of the usage: not counted again when an order of one lot becomes the probe
    paths: tuple[str, ...] = ("new", "replace", "quote")
    spares_reducing: bool = True  # orders that only reduce are not looked at
    spares_flagged: bool = True  # nor are those that are reduce-only


def row(kind: LimitKind, usage: int, reason: Reason, **options: Any) -> Case:
    """A row of account A; `parameter` goes into it."""
    parameter = options.pop("parameter", 0)

    def put(venue: RiskMarket, value: int) -> None:
        venue.limit(kind, value, Scope.ACCOUNT, ACCOUNTS["A"], parameter=parameter)

    return Case(reason, usage, put, **options)


def of_order(kind: LimitKind, usage: int, reason: Reason, **options: Any) -> Case:
    """A row that holds for every order."""
    return row(kind, usage, reason, spares_reducing=False, spares_flagged=False, **options)


CASES = {
    "quantity": of_order(L.ORDER_QUANTITY, LOTS * LOT_E8, R.LIMIT_ORDER_QUANTITY),
    "notional": of_order(L.ORDER_NOTIONAL, NOTIONAL, R.LIMIT_ORDER_NOTIONAL),
    "tolerance": of_order(L.PRICE_TOLERANCE, 1_000, R.REJECTED_PRICE_TOLERANCE),
    "age": of_order(L.MESSAGE_AGE, AGE_NS, R.REJECTED_STALE),
    "open orders": of_order(L.OPEN_ORDERS, 1, R.LIMIT_OPEN_ORDERS, paths=("new", "quote")),
    "open notional": row(L.OPEN_NOTIONAL, NOTIONAL, R.LIMIT_OPEN_NOTIONAL, spares_reducing=False),
    "executions": of_order(L.EXECUTIONS, 1, R.LIMIT_EXECUTIONS, parameter=10**9),
    "messages": of_order(L.ORDER_TO_TRADE, 1, R.LIMIT_ORDER_TO_TRADE),
    "position": row(L.POSITION, LOTS * LOT_E8, R.LIMIT_POSITION),
    "gross": row(L.GROSS_NOTIONAL, NOTIONAL, R.LIMIT_GROSS_NOTIONAL),
    "net": row(L.NET_NOTIONAL, NOTIONAL, R.LIMIT_NET_NOTIONAL),
    "concentration": row(L.CONCENTRATION, 10_000, R.LIMIT_CONCENTRATION),
    "credit": row(L.CREDIT, MARGIN, R.LIMIT_CREDIT),
    "position cap": Case(
        R.REJECTED_WOULD_BREACH_MAX_NOTIONAL, NOTIONAL, lambda venue, value: venue.risk(position_cap_micro=value),
        unit=USDC, least=1,
    ),
    "open interest": Case(
        R.REJECTED_OPEN_INTEREST_LIMIT, NOTIONAL, lambda venue, value: venue.risk(interest_cap_micro=value),
        least=1, kept=NOTIONAL // LOTS,
    ),
    "total interest": Case(
        R.REJECTED_TOTAL_OPEN_INTEREST_LIMIT, NOTIONAL,
        lambda venue, value: venue.venue(total_interest_cap_micro=value), least=1, kept=NOTIONAL // LOTS,
    ),
}  # fmt: skip


@pytest.fixture
def rich(venue: RiskMarket) -> RiskMarket:
    for name in ACCOUNTS:
        venue.deposit(name, 1_000_000)
    venue.mark(MARK)
    venue.risk(interest_cap_micro=OPEN_INTEREST_CAP)
    return venue


class Probe:
    """The order under test: LOTS of account A at the mark, or AWAY from it where the price is what counts."""

    def __init__(self, venue: RiskMarket, path: str, side: str, away: int = 0) -> None:
        self.venue, self.path, self.side = venue, path, side
        self.ticks = MARK + away if side == "buy" else MARK - away
        self.order_id = 0
        if path == "replace":  # of one lot, far from the mark
            far = 20_000 if side == "buy" else 30_000
            self.order_id = venue.order("A", side, 1, far)[0]["order_id"]

    def reason(self, flags: int = 0, sent_ns: int = 0) -> Reason:
        venue, head = self.venue, {"session_id": SESSIONS["A"], "account_id": ACCOUNTS["A"], "sent_ns": sent_ns}
        terms = {"price_e8": self.ticks * TICK_E8, "quantity_e8": LOTS * LOT_E8}
        if self.path == "new":
            events = venue.order("A", self.side, LOTS, self.ticks, order_flags=flags, sent_ns=sent_ns)
        elif self.path == "replace":
            events = venue.send(K.REPLACE, **head, order_id=self.order_id, **terms)
        else:
            name = {"buy": "bid", "sell": "ask"}[self.side]
            quote = {f"{name}_{field}": value for field, value in terms.items()}
            events = venue.send(K.QUOTE, **head, instrument_id=1, **quote)
        [answer] = of_kind(events, *ANSWERS)
        if answer["kind"] == EventKind.QUOTE_SET:
            return Reason(answer["bid_reason"] or answer["ask_reason"])
        reason: Reason = answer["reason"]
        return reason


def table() -> list[Any]:
    return [
        pytest.param(CASES[name], path, side, more, id=f"{name}-{path}-{side}-{more:+d}")
        for name, case in CASES.items()
        for path in case.paths
        for side in SIDES
        for more in (-1, 0, 1)
    ]


@pytest.mark.parametrize(("case", "path", "side", "more"), table())
def test_a_limit_is_what_just_passes(rich: RiskMarket, case: Case, path: str, side: str, more: int) -> None:
    """The limit is `more` above what the probe uses."""
    probe = Probe(rich, path, side, away=AWAY if case.reason == R.REJECTED_PRICE_TOLERANCE else 0)
    usage = case.usage - case.kept if path == "replace" else case.usage
    case.set(rich, usage + more * case.unit)
    sent_ns = rich.time_ns - AGE_NS if case.reason == R.REJECTED_STALE else 0
    assert probe.reason(sent_ns=sent_ns) == (R.ACK if more >= 0 else case.reason)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("flags", [0, int(OrderFlag.REDUCE_ONLY)], ids=["plain", "reduce-only"])
@pytest.mark.parametrize("name", CASES)
def test_what_only_reduces_skips_limits_of_exposure(rich: RiskMarket, name: str, flags: int, side: str) -> None:
    """The probe closes a position: limits of exposure may be used up or 0, limits of orders hold as ever."""
    case = CASES[name]
    opening = rich.trade("A", "B", LOTS, MARK) if side == "sell" else rich.trade("B", "A", LOTS, MARK)
    assert len(opening) == 2
    tolerance, stale = case.reason == R.REJECTED_PRICE_TOLERANCE, case.reason == R.REJECTED_STALE
    probe = Probe(rich, "new", side, away=AWAY if tolerance else 0)
    spared = case.spares_flagged if flags else case.spares_reducing
    case.set(rich, case.least)
    reason = probe.reason(flags, sent_ns=rich.time_ns - AGE_NS if stale else 0)
    assert reason == (R.ACK if spared else case.reason)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.spares_reducing])
def test_beyond_the_position_it_does_not_only_reduce(rich: RiskMarket, name: str, side: str) -> None:
    """One lot more than the position would open one on the other side."""
    case = CASES[name]
    if side == "sell":
        rich.trade("A", "B", LOTS - 1, MARK)
    else:
        rich.trade("B", "A", LOTS - 1, MARK)
    probe = Probe(rich, "new", side)
    case.set(rich, case.least)
    assert probe.reason() == (R.ACK if case.reason == R.LIMIT_CREDIT else case.reason)  # less margin than before


# ---- margin: what is on the account, not a limit


@pytest.mark.parametrize("path", ["new", "replace", "quote"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize(("away", "taker_e8"), [(0, 0), (0, 33_333), (AWAY, 0), (AWAY, 33_333)])
def test_margin_at_its_edge(venue: RiskMarket, more: int, side: str, path: str, away: int, taker_e8: int) -> None:
    """The account has `more` than initial margin at the order's price or the mark, open loss and taker fee come to."""
    venue.mark(MARK)
    venue.risk(taker_rate_e8=taker_e8)
    probe_ticks = MARK + away if side == "buy" else MARK - away
    value = LOTS * probe_ticks * TICK_VALUE
    fee = -(-value * taker_e8 // 10**8)
    loss = away * LOTS * TICK_VALUE
    needed = -(-value // 10) + loss + fee
    venue.deposit("A", 0, needed + more if path != "replace" else 10**9)
    probe = Probe(venue, path, side, away)
    if path == "replace":
        venue.leave_with("A", needed + more - 1)  # `balance` has put one on it
        assert venue.balance("A") == needed + more
    assert probe.reason() == (R.ACK if more >= 0 else R.FAILED_MARGIN_CHECK)


@pytest.mark.parametrize("side", SIDES)
def test_a_modify_that_changes_nothing_for_the_worse_needs_no_margin(venue: RiskMarket, side: str) -> None:
    """Smaller at the same price passes in an account that is short of margin."""
    venue.mark(MARK)
    venue.deposit("A", 0, MARGIN)
    order_id = venue.order("A", side, LOTS, MARK)[0]["order_id"]
    venue.mark(MARK + 5_000 if side == "sell" else MARK - 5_000)  # an opening now would be at a loss
    terms = {"session_id": 1, "account_id": 1, "order_id": order_id}
    larger = venue.send(K.REPLACE, **terms, quantity_e8=(LOTS + 1) * LOT_E8, price_e8=MARK * TICK_E8)
    assert larger[0]["reason"] == R.FAILED_MARGIN_CHECK
    smaller = venue.send(K.REPLACE, **terms, quantity_e8=(LOTS - 1) * LOT_E8, price_e8=MARK * TICK_E8)
    assert smaller[0]["kind"] == EventKind.ORDER_REPLACED
