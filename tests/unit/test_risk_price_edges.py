"""Prices at the edges of what integers and books hold: premiums, splits, delistings, bands; deep and thin books."""

from __future__ import annotations

import pytest

from engine.records import CommandKind, EventKind, IndexFormula, InstrumentState, Reason
from engine.snapshot_records import Section, parse_snapshot
from tests.risk_market import SECOND, TICK_E8, TICK_VALUE, USDC, RiskMarket, of_kind

K = CommandKind
MARK, HIGHEST = 25_400, 250_000
Q20 = 1 << 20
PREMIUM_MAX = 4 * 10**9


@pytest.fixture
def rich(venue: RiskMarket) -> RiskMarket:
    for name in "ABCD":
        venue.deposit(name, 10**7)
    venue.mark(MARK)
    return venue


def priced(venue: RiskMarket, price_e8: int) -> None:
    venue.configure(K.SET_FEED, feed_id=1, sources=1, flag_ns=SECOND, stale_ns=7_200 * SECOND)
    venue.configure(K.SET_INDEX, instrument_id=1, formula=int(IndexFormula.FEED), feed_a=1)
    say(venue, price_e8)
    venue.pulse()


def say(venue: RiskMarket, price_e8: int) -> None:
    assert venue.send(K.PRICE, feed_id=1, price_e8=price_e8, source_ns=venue.time_ns) == []


def prices(venue: RiskMarket) -> dict[str, int]:
    [row] = [r for r in parse_snapshot(venue.engine.snapshot())[Section.INSTRUMENT_RISK] if r["instrument_id"] == 1]
    return dict(row)


def test_a_premium_ends_at_400_percent(rich: RiskMarket) -> None:
    """The smallest price that there is, and a book far above it: a full window still fits 64 bits."""
    rich.order("D", "buy", 100_000, MARK)
    priced(rich, 1)
    for _ in range(60):
        rich.time_ns += 5 * SECOND
        assert rich.send(K.FUNDING_SAMPLE) == []
    events = rich.send(K.FUNDING_SETTLE)
    [rate] = of_kind(events, EventKind.FUNDING_RATE)
    assert (rate["premium_ppb"], rate["rate_ppt"]) == (PREMIUM_MAX, (PREMIUM_MAX - 500_000) * 10)


def test_a_reverse_split_keeps_prices_within_the_range(rich: RiskMarket) -> None:
    """1 for 10,000 old: every price would be above what the instrument and its numbers can be."""
    rich.trade("A", "B", 10_000, MARK)
    priced(rich, MARK * TICK_E8)
    rich.account_risk("E", account_flags=2)
    rich.venue(fraction_account_id=5)
    rich.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.HALTED))
    events = rich.send(K.SPLIT, instrument_id=1, numerator=1, denominator=10_000) + rich.drain()
    [changed] = of_kind(events, EventKind.MARK_CHANGED)
    assert changed["mark_price_e8"] == changed["last_price_e8"] == HIGHEST * TICK_E8
    assert changed["oracle_price_e8"] == MARK * TICK_E8 * 10_000
    assert rich.lots("A") == 1 == -rich.lots("B")


def test_what_a_split_makes_too_large_stays_within_44_bits(rich: RiskMarket) -> None:
    priced(rich, 240_000 * TICK_E8)
    rich.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.HALTED))
    rich.account_risk("E", account_flags=2)
    rich.venue(fraction_account_id=5)
    rich.configure(K.SPLIT, instrument_id=1, numerator=1, denominator=10_000)
    rich.drain()
    row = prices(rich)
    assert row["oracle_q20"] == row["index_q20"] == row["raw_q20"] == row["reference_q20"] == (1 << 44) - 1


def test_the_mean_of_a_delisting_stays_within_the_price_range(rich: RiskMarket) -> None:
    rich.trade("A", "B", 10, MARK)
    priced(rich, 2 * HIGHEST * TICK_E8)  # twice the highest price that the book has
    rich.configure(K.SCHEDULE_DELISTING, instrument_id=1, settle_ns=rich.time_ns + 5 * SECOND)
    for _ in range(6):
        rich.pulse()
    rich.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.CANCEL_ONLY))
    events = rich.send(K.DELIST, instrument_id=1, price_e8=0) + rich.drain()
    paid = {e["account_id"]: e["price_e8"] for e in of_kind(events, EventKind.ACCOUNT_ENTRY)}
    assert paid == {1: HIGHEST * TICK_E8, 2: HIGHEST * TICK_E8}
    assert rich.lots("A") == rich.lots("B") == 0


@pytest.mark.parametrize("levels", [1, 2, 8, 9, 64, 65, 90])
def test_impact_prices_of_books_of_many_levels(rich: RiskMarket, levels: int) -> None:
    """The notional takes exactly so many levels: the oracle moves by their average, and not when one is missing."""
    lots = 10
    notional = sum((MARK - level) * lots * TICK_VALUE for level in range(levels))
    rich.risk(impact_notional_micro=notional, market_calendar_id=1)
    for level in range(levels):
        assert rich.outcome("D", "buy", lots, MARK - level) == Reason.ACK
    priced(rich, (MARK - 1_000) * TICK_E8)
    rich.configure(K.CALENDAR_CHANGE, calendar_id=1, is_open=0)
    before = prices(rich)["oracle_q20"]
    rich.pulse()
    average = sum((MARK - level) for level in range(levels)) * Q20 // levels
    step = ((average - before) * 1_192_881 * 2 + 2**32) // 2**33
    assert prices(rich)["oracle_q20"] - before == step > 0
    rich.risk(impact_notional_micro=notional + 1, market_calendar_id=1)
    before = prices(rich)["oracle_q20"]
    rich.pulse()
    assert prices(rich)["oracle_q20"] == before
    assert notional < 10**7 * USDC
