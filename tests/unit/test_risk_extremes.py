"""The ends of every range of risk and money, and one beyond: a reason, never a wrap (docs/risk.md sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.records import (
    COMMAND_BODIES,
    INT64_MAX,
    CommandKind,
    EventKind,
    IndexFormula,
    InstrumentState,
    LimitKind,
    Reason,
    Scope,
)
from tests.risk_market import RISK, SECOND, TICK_E8, VENUE, RiskMarket, of_kind
from tests.scenario import SESSIONS

K, R = CommandKind, Reason
INT64_MIN = -INT64_MAX - 1
MONEY_MAX = 2**60
PPM, E8 = 10**6, 10**8
PRICE_MAX_E8 = 5 * 10**15
MARK = 25_000


@dataclass(frozen=True)
class Range:
    """Values of a field that a command may have: `base` are its other fields."""

    kind: CommandKind
    name: str
    lowest: int
    highest: int
    reason: Reason = R.INVALID_PARAMETER  # below, and above unless `above` says otherwise
    above: Reason | None = None
    base: dict[str, Any] = field(default_factory=dict)


def ranges(kind: CommandKind, names: str, lowest: int, highest: int, **options: Any) -> list[Range]:
    return [Range(kind, name, lowest, highest, **options) for name in names.split()]


def of_sessions(form: str) -> str:
    return " ".join(form.format(session) for session in ("open", "overnight", "weekend"))


IN_1 = {"instrument_id": 1}
OF_A = {"session_id": SESSIONS["A"], "account_id": 1, "instrument_id": 1}
LIMIT = {"scope": int(Scope.ACCOUNT), "node_id": 1, "limit_kind": int(LimitKind.ORDER_NOTIONAL)}
FEED = {"feed_id": 1, "sources": 1, "flag_ns": 1, "stale_ns": INT64_MAX}
TWAP = {"quantity_e8": 10**6 * 10**5, "interval_ns": 30 * SECOND, "slices": 10, "side": 1}
RANGES = [
    *ranges(K.SET_VENUE_RISK, of_sessions("position_cap_{}_ppm"), 0, PPM, base=VENUE),
    *ranges(K.SET_VENUE_RISK, of_sessions("interest_cap_{}_ppm"), 0, PPM, base=VENUE),
    *ranges(K.SET_VENUE_RISK, of_sessions("band_{}_ppm"), 0, PPM, base=VENUE),
    *ranges(K.SET_VENUE_RISK, of_sessions("spread_{}_tenths"), 0, 10, base=VENUE),
    *ranges(K.SET_VENUE_RISK, of_sessions("flow_cap_{}_micro"), 0, MONEY_MAX, base=VENUE),
    *ranges(K.SET_VENUE_RISK, "total_interest_cap_micro reserve_floor_micro", 0, MONEY_MAX, base=VENUE),
    *ranges(K.SET_VENUE_RISK, "reserve_floor_ppm", 0, PPM, base=VENUE),
    *ranges(K.SET_VENUE_RISK, "repeat_window_ns", 0, INT64_MAX, base=VENUE),
    *ranges(K.SET_VENUE_RISK, "risk_flags", 1, 1, base=VENUE),  # money is never taken away
    *ranges(K.SET_INSTRUMENT_RISK, "position_cap_micro impact_notional_micro", 1, MONEY_MAX, base={**RISK, **IN_1}),
    *ranges(K.SET_INSTRUMENT_RISK, "interest_cap_micro", 0, MONEY_MAX, base={**RISK, **IN_1}),
    *ranges(K.SET_INSTRUMENT_RISK, "taker_rate_e8", 0, E8 // 10, base={**RISK, **IN_1}),
    *ranges(
        K.SET_INSTRUMENT_RISK, "maker_rate_e8", -E8 // 100, E8 // 10, base={**RISK, **IN_1, "taker_rate_e8": E8 // 100}
    ),
    *ranges(K.SET_INSTRUMENT_RISK, "leverage_ceiling", 10, 19, base={**RISK, **IN_1}),
    *ranges(K.SET_INSTRUMENT_RISK, "leverage_ceiling", 150, 200, base={**RISK, **IN_1, "leverage_max": 150}),
    *ranges(K.SET_INSTRUMENT_RISK, "leverage_max", 6, 10, base={**RISK, **IN_1}),
    *ranges(K.SET_INSTRUMENT_RISK, "market_calendar_id risk_calendar_id", 0, 64, base={**RISK, **IN_1}),
    *ranges(K.SET_ACCOUNT_RISK, "dlp_notional_max_micro", 0, MONEY_MAX, base={"account_id": 1}),
    *ranges(K.SET_ACCOUNT_RISK, "fee_tier", 0, 64, above=R.REJECTED_CAPACITY, base={"account_id": 1}),
    *ranges(K.SET_ACCOUNT_RISK, "account_flags", 0, 3, base={"account_id": 1}),
    *ranges(K.SET_FEE, "fee_tier", 1, 64, above=R.REJECTED_CAPACITY, base=IN_1),
    *ranges(K.SET_FEE, "taker_rate_e8", 0, E8 // 10, base={**IN_1, "fee_tier": 1}),
    *ranges(K.SET_FEE, "maker_rate_e8", -1_000, E8 // 10, base={**IN_1, "fee_tier": 1, "taker_rate_e8": 1_000}),
    *ranges(K.CALENDAR_CHANGE, "calendar_id", 1, 64, above=R.REJECTED_CAPACITY),
    *ranges(K.CALENDAR_CHANGE, "is_open", 0, 1, base={"calendar_id": 1}),
    *ranges(K.CALENDAR_CHANGE, "risk_session", 0, 2, base={"calendar_id": 1}),
    *ranges(K.SET_FEED, "sources", 1, 8, base=FEED),
    *ranges(K.SET_FEED, "flag_ns", 1, INT64_MAX, base=FEED),
    *ranges(K.SET_FEED, "stale_ns", 7, INT64_MAX, base={**FEED, "flag_ns": 7}),
    *ranges(K.SET_FEED, "feed_id", 1, 1_024, above=R.REJECTED_CAPACITY, base=FEED),
    *ranges(K.SET_ROLL_WEIGHT, "weight", 0, 10, base={"instrument_id": 2}),
    *ranges(
        K.SET_INDEX_REFERENCE, "close_price_e8", 1, PRICE_MAX_E8, base={"instrument_id": 3, "settlement_price_e8": 1}
    ),
    *ranges(
        K.SET_INDEX_REFERENCE, "settlement_price_e8", 1, PRICE_MAX_E8, base={"instrument_id": 3, "close_price_e8": 1}
    ),
    *ranges(K.SET_LIMIT, "value", 0, INT64_MAX, base=LIMIT),
    *ranges(K.SET_LIMIT, "soft_ppm", 0, PPM, base=LIMIT),
    *ranges(K.SET_LIMIT, "limit_kind", 1, 7, base={"scope": int(Scope.ACCOUNT), "node_id": 1}),  # 8 needs a parameter
    *ranges(K.SET_LIMIT, "parameter", 1, INT64_MAX, base={**LIMIT, "limit_kind": int(LimitKind.EXECUTIONS)}),
    *ranges(K.DEPOSIT, "amount_micro", 1, MONEY_MAX, base={"account_id": 1, "transfer_id": 2**64 - 1}),
    *ranges(K.SET_LEVERAGE, "leverage", 0, 10, base=OF_A),
    *ranges(K.SET_LEVERAGE, "leverage", 0, 15, base={**OF_A, "session_id": 0}),
    *ranges(K.SET_MMP, "window_ns", 0, INT64_MAX, base=OF_A),
    *ranges(K.SET_MMP, "delta_micro freeze_ns", 0, INT64_MAX, base={**OF_A, "window_ns": 1}),
    *ranges(K.SET_MMP, "fills", 0, 64, base={**OF_A, "window_ns": 1}),
    *ranges(K.PLACE_TWAP, "slices", 2, 10_000, base={**OF_A, **TWAP}),
    *ranges(K.PLACE_TWAP, "interval_ns", 30 * SECOND, 24 * 3_600 * SECOND, base={**OF_A, **TWAP}),
]


@pytest.fixture
def full(venue: RiskMarket) -> RiskMarket:
    """Instrument 2 rolls, 3 follows a basis; A can pay."""
    venue.risk(leverage_ceiling=15)
    venue.configure(K.SET_FEED, feed_id=1, sources=1, flag_ns=1, stale_ns=INT64_MAX)
    for instrument, formula, other in ((2, IndexFormula.ROLL, 1), (3, IndexFormula.BASIS, 0)):
        venue.instrument(instrument)
        venue.configure(K.SET_INDEX, instrument_id=instrument, formula=int(formula), feed_a=1, feed_b=other)
    venue.mark(MARK)
    return venue


def outcome(events: list[dict[str, Any]]) -> Reason:
    """The reason of the answer, ACK when it was accepted."""
    answers = (
        EventKind.CONFIG_SET, EventKind.COMMAND_REJECTED, EventKind.ORDER_NEW, EventKind.ORDER_REJECTED,
    )  # fmt: skip
    reason: Reason = of_kind(events, *answers)[0]["reason"]
    return reason


def fits(kind: CommandKind, name: str, value: int) -> bool:
    """Does the record's field hold the value?"""
    code = next(f for f in COMMAND_BODIES[kind].fields if f.name == name).kind
    bits = int(code[1:])
    return -(1 << bits - 1) <= value < 1 << bits - 1 if code[0] == "i" else 0 <= value < 1 << bits


def table() -> list[Any]:
    found = []
    for number, bound in enumerate(RANGES):
        above = bound.above or bound.reason
        expected = {bound.lowest: R.ACK, bound.highest: R.ACK, bound.lowest - 1: bound.reason, bound.highest + 1: above}
        for value in (INT64_MIN, -(2**62), 2**32 - 1, 2**62, INT64_MAX):
            beyond = bound.reason if value < bound.lowest else above
            expected.setdefault(value, R.ACK if bound.lowest <= value <= bound.highest else beyond)
        found += [
            pytest.param(bound, value, reason, id=f"{number}-{bound.kind.name}-{bound.name}-{value}")
            for value, reason in expected.items()
            if fits(bound.kind, bound.name, value)
        ]
    return found


@pytest.mark.parametrize(("bound", "value", "reason"), table())
def test_a_range_ends_where_it_says(full: RiskMarket, bound: Range, value: int, reason: Reason) -> None:
    events = full.send(bound.kind, **{**bound.base, bound.name: value})
    got = outcome(events)
    if bound.kind == K.PLACE_TWAP and got == R.FAILED_MARGIN_CHECK:
        got = R.ACK  # its slice: the schedule was taken
    assert got == reason


@pytest.mark.parametrize("price_e8", [INT64_MIN, -1, 0, 1, PRICE_MAX_E8, PRICE_MAX_E8 + 1, INT64_MAX])
def test_prices_of_sources(full: RiskMarket, price_e8: int) -> None:
    """A price that is taken has no answer."""
    events = full.send(K.PRICE, feed_id=1, source=0, price_e8=price_e8)
    assert [e["reason"] for e in events] == ([] if 1 <= price_e8 <= PRICE_MAX_E8 else [R.INVALID_PARAMETER])


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 0), (10_001, 1), (1, 10_001), (3, 3), (2**32 - 1, 1)])
def test_ratios_of_splits(full: RiskMarket, a: int, b: int) -> None:
    full.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.HALTED))
    assert outcome(full.send(K.SPLIT, instrument_id=1, numerator=a, denominator=b)) == R.INVALID_PARAMETER


def test_a_split_that_positions_cannot_hold(venue: RiskMarket) -> None:
    """Lots times 10,000 at the highest price would leave the venue's integers."""
    venue.mark(MARK)
    for name in "AB":
        venue.deposit(name, 10**8)
    venue.risk(position_cap_micro=MONEY_MAX, interest_cap_micro=0)
    venue.venue(total_interest_cap_micro=0)
    per_lot = 250_000 * 10  # at the highest price
    lots = MONEY_MAX // (10_000 * per_lot) + 1
    venue.instrument(1, max_quantity_e8=10**17)
    venue.risk(position_cap_micro=MONEY_MAX, interest_cap_micro=0)
    venue.mark(1)
    venue.trade("A", "B", lots, 1)
    venue.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.HALTED))
    ratio = {"instrument_id": 1, "denominator": 1}
    assert outcome(venue.send(K.SPLIT, numerator=10_000, **ratio)) == R.REJECTED_NUMERIC_RANGE
    assert outcome(venue.send(K.SPLIT, numerator=9_999, **ratio)) == R.ACK
    venue.drain()
    assert venue.lots("A") == 9_999 * lots == -venue.lots("B")


# ---- money


def test_deposits_of_all_accounts_stay_within_the_integers(venue: RiskMarket) -> None:
    assert venue.move(K.DEPOSIT, "A", MONEY_MAX - 1)[0] == R.ACK
    assert venue.move(K.DEPOSIT, "B", 2)[0] == R.REJECTED_NUMERIC_RANGE
    assert venue.move(K.DEPOSIT, "B", 1)[0] == R.ACK
    bank = {"from_house": 5, "to_house": 2}
    assert venue.move(K.HOUSE_TRANSFER, "", 1, **bank)[0] == R.REJECTED_NUMERIC_RANGE
    assert venue.move(K.WITHDRAW_REQUEST, "A", MONEY_MAX)[0] == R.INSUFFICIENT_FUNDS
    reason, _ = venue.move(K.WITHDRAW_REQUEST, "A", MONEY_MAX - 1)
    assert reason == R.ACK
    assert venue.move(K.DEPOSIT, "B", 1)[0] == R.REJECTED_NUMERIC_RANGE  # it has not left yet
    venue.configure(K.WITHDRAW_DONE, transfer_id=venue._transfers - 1)
    assert venue.move(K.DEPOSIT, "B", MONEY_MAX - 1)[0] == R.ACK


# ---- orders: the largest tick value that an instrument may have


LOT_E8 = 9 * 10**10
TICK_VALUE_MAX = LOT_E8 * 10**8 // 10**10  # 9e8 micro-USDC
LARGEST = {"tick_size_e8": 10**8, "lot_size_e8": LOT_E8, "max_price_e8": 10**8 * 100_000}


@pytest.fixture(params=[True, False], ids=["money", "no money"])
def huge(request: pytest.FixtureRequest, new_venue: Callable[..., RiskMarket]) -> RiskMarket:
    """Prices up to 100,000 ticks; nobody lacks money, no cap is reached."""
    venue = new_venue(risk_flags=int(request.param), total_interest_cap_micro=0)
    venue.instrument(
        2, **LARGEST, min_price_e8=10**8, min_quantity_e8=LOT_E8, max_quantity_e8=INT64_MAX // LOT_E8 * LOT_E8,
        position_cap_micro=MONEY_MAX, interest_cap_micro=0, leverage_max=200, leverage_ceiling=200,
    )  # fmt: skip
    venue.send(K.SET_MARK, instrument_id=2, mark_price_e8=10**8)
    if request.param:
        for name in "AB":
            venue.deposit(name, MONEY_MAX // 2 // 10**6)
    return venue


LOTS_MAX = MONEY_MAX // (100_000 * TICK_VALUE_MAX)


def answer(venue: RiskMarket, side: int, lots: int, ticks: int = 1, **fields: Any) -> dict[str, Any]:
    order = {"instrument_id": 2, "side": side, "order_type": 1, "time_in_force": 1, **OF_A, **fields}
    events = venue.send(
        K.PLACE, **{**order, "instrument_id": 2}, quantity_e8=lots * LOT_E8, price_e8=ticks * 10**8
    )  # fmt: skip
    return of_kind(events, EventKind.ORDER_NEW, EventKind.ORDER_REJECTED)[0]


@pytest.mark.parametrize("side", [1, 2])
def test_what_could_become_a_position_stays_within_the_integers(huge: RiskMarket, side: int) -> None:
    """Position and orders of both sides together, at the highest price."""
    assert answer(huge, side, LOTS_MAX + 1)["reason"] == R.REJECTED_NUMERIC_RANGE
    first = answer(huge, side, LOTS_MAX - 1, 1 if side == 1 else 100_000)
    assert first["reason"] == R.ACK
    assert answer(huge, 3 - side, 2, 1 if side == 2 else 100_000)["reason"] == R.REJECTED_NUMERIC_RANGE
    assert answer(huge, 3 - side, 1, 1 if side == 2 else 100_000)["reason"] == R.ACK
    replace = {"session_id": 1, "account_id": 1, "order_id": first["order_id"], "price_e8": first["price_e8"]}
    [refused] = huge.send(K.REPLACE, **replace, quantity_e8=LOTS_MAX * LOT_E8)
    assert refused["reason"] == R.REJECTED_NUMERIC_RANGE
    quote = {"bid_price_e8": 10**8, "bid_quantity_e8": LOT_E8}
    [*_, told] = huge.send(K.QUOTE, **{**OF_A, "instrument_id": 2}, **quote)
    assert told["bid_reason"] == R.REJECTED_NUMERIC_RANGE


QUANTITIES = (INT64_MIN, -(LOT_E8), 0, INT64_MAX, INT64_MAX // (LOT_E8) * LOT_E8)
PRICES = (INT64_MIN, -(10**8), 0, INT64_MAX, INT64_MAX // 10**8 * 10**8, 100_000 * 10**8)


@pytest.mark.parametrize("price_e8", PRICES)
@pytest.mark.parametrize("quantity_e8", QUANTITIES)
def test_orders_beyond_everything_are_refused(huge: RiskMarket, quantity_e8: int, price_e8: int) -> None:
    head = {**OF_A, "instrument_id": 2}
    for order_type, tif in ((1, 1), (2, 4), (3, 1), (4, 1), (5, 1)):
        events = huge.send(
            K.PLACE, **head, side=1, order_type=order_type, time_in_force=tif, quantity_e8=quantity_e8,
            price_e8=price_e8, take_profit_e8=price_e8 if order_type == 1 else 0,
        )  # fmt: skip
        assert [e["kind"] for e in events] == [EventKind.ORDER_REJECTED]
    terms = {"bid_price_e8": price_e8, "bid_quantity_e8": quantity_e8}
    [*_, told] = huge.send(K.QUOTE, **head, **terms)
    assert told["bid_order_id"] == 0
    [*_, told] = huge.send(K.PLACE_TWAP, **head, quantity_e8=quantity_e8, slices=2, interval_ns=30 * SECOND, side=1)
    assert told["kind"] != EventKind.ORDER_FILLED
    assert not huge.lots("A", 2)


@pytest.mark.parametrize(
    ("value", "reason"), [(INT64_MAX, R.REJECTED_NUMERIC_RANGE), (INT64_MAX - 1, R.LIMIT_ORDER_NOTIONAL)]
)
def test_a_usage_counts_up_to_the_largest_integer(huge: RiskMarket, value: int, reason: Reason) -> None:
    huge.limit(LimitKind.ORDER_NOTIONAL, value, Scope.FIRM, 1)
    lots = INT64_MAX // (LOT_E8)
    assert lots * 100_000 * TICK_VALUE_MAX > INT64_MAX
    events = huge.send(
        K.PLACE, **{**OF_A, "instrument_id": 2}, side=1, order_type=1, time_in_force=1,
        quantity_e8=lots * LOT_E8, price_e8=100_000 * 10**8,
    )  # fmt: skip
    assert events[0]["reason"] == reason
    refused = of_kind(events, EventKind.LIMIT_REFUSED)
    assert [e["usage"] for e in refused] == ([INT64_MAX] if reason == R.LIMIT_ORDER_NOTIONAL else [])


def test_the_largest_position_at_the_largest_leverage(new_venue: Callable[..., RiskMarket]) -> None:
    """200 times: 5,000, 3,334 and 2,223 ppm of almost 2^60 micro-USDC, and what it wins or loses, to the unit."""
    venue = new_venue(total_interest_cap_micro=0)
    venue.instrument(
        2, **LARGEST, min_price_e8=10**8, min_quantity_e8=LOT_E8, max_quantity_e8=10**6 * LOT_E8,
        position_cap_micro=MONEY_MAX, interest_cap_micro=0, leverage_max=200, leverage_ceiling=200,
    )  # fmt: skip
    venue.send(K.SET_MARK, instrument_id=2, mark_price_e8=99_000 * 10**8)
    for name in "AB":
        venue.deposit(name, MONEY_MAX // 2 // 10**6)
    assert answer(venue, 2, LOTS_MAX, 99_000, session_id=2, account_id=2)["reason"] == R.ACK
    assert answer(venue, 1, LOTS_MAX, 99_000)["reason"] == R.ACK
    venue.send(K.SET_MARK, instrument_id=2, mark_price_e8=100_000 * 10**8)
    venue.drain()
    position = venue.position("A", 2)
    value, won = LOTS_MAX * 100_000 * TICK_VALUE_MAX, LOTS_MAX * 1_000 * TICK_VALUE_MAX
    assert (position["unrealised_micro"], venue.position("B", 2)["unrealised_micro"]) == (won, -won)
    assert position["cost_micro"] == LOTS_MAX * 99_000 * TICK_VALUE_MAX
    told = (position["position_margin_micro"], position["maintenance_micro"], position["close_out_micro"])
    assert told == tuple(-(-value * ppm // PPM) for ppm in (5_000, 3_334, 2_223))
    venue.send(K.SET_MARK, instrument_id=2, mark_price_e8=10**8)  # everything is lost, and more than there is
    venue.drain()
    assert (venue.lots("A", 2), venue.lots("B", 2)) == (0, 0)  # deleveraged at the price that leaves nothing
    assert venue.status("A")["balance_micro"] == 0


def test_the_highest_mark_and_oracle(venue: RiskMarket) -> None:
    """2^24 - 1 ticks are the highest mark; what is published beyond 64 bits is shown as the largest number."""
    venue.instrument(2, max_price_e8=(2**24 - 1) * TICK_E8, min_price_e8=TICK_E8, band_ppm=999_999)
    highest = {"instrument_id": 2, "mark_price_e8": (2**24 - 1) * TICK_E8}
    assert outcome(venue.send(K.SET_MARK, **highest, oracle_price_e8=INT64_MAX)) == R.ACK
    assert outcome(venue.send(K.SET_MARK, **{**highest, "mark_price_e8": 2**24 * TICK_E8})) == R.INVALID_PARAMETER
    venue.deposit("A", 1_000_000)
    price = {"instrument_id": 2, "side": 1, "order_type": 1, "time_in_force": 1, "quantity_e8": 10**5}
    below = venue.send(K.PLACE, **{**OF_A, **price}, price_e8=(2**24 - 1) * TICK_E8)
    assert below[0]["reason"] == R.PRICE_LESS_THAN_MIN_PRICE  # twice the price is below the oracle, without a wrap
