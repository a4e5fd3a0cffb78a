"""Test vectors whose numbers are no event: read from the state, which both engines write alike.

Other files have the vectors of sections 1 to 12 that events tell, and the reference's own functions.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.records import CommandKind, EventKind, IndexFormula, InstrumentState, LiquidationStage, Reason, RiskSession
from engine.snapshot_records import Section
from tests.risk_market import LOT_E8, SECOND, TICK_E8, USDC, RiskMarket, of_kind
from tests.snapshot_rows import changed, rows

K, R = CommandKind, Reason
Q20 = 1 << 20
BIDS = ((25_404, 20_000), (25_403, 15_000), (25_400, 50_000))  # of TV-11
ASKS = ((25_412, 10_000), (25_414, 12_000), (25_416, 60_000))


class Priced:
    """Instrument 1 with an index from one feed; impact notional 10,000 USDC."""

    def __init__(self, venue: RiskMarket, ticks: int) -> None:
        self.venue = venue
        venue.risk(market_calendar_id=1, risk_calendar_id=1)
        venue.configure(K.SET_FEED, feed_id=1, sources=1, flag_ns=SECOND, stale_ns=10_000 * SECOND)
        venue.configure(K.SET_INDEX, instrument_id=1, formula=int(IndexFormula.FEED), feed_a=1)
        for name in "ABCD":
            venue.deposit(name, 10_000_000)
        self.print(ticks)

    def print(self, ticks: int) -> None:
        self.venue.send(K.PRICE, feed_id=1, price_e8=ticks * TICK_E8, source_ns=self.venue.time_ns)
        self.venue.pulse()

    def quote(self, name: str, side: str, *levels: tuple[int, int]) -> None:
        for ticks, lots in levels:
            assert self.venue.outcome(name, side, lots, ticks) == R.ACK

    @property
    def state(self) -> dict[str, Any]:
        [row] = rows(self.venue.engine, Section.INSTRUMENT_RISK)
        return row

    def change(self, **fields: int) -> None:
        self.venue.engine = changed(self.venue.engine, Section.INSTRUMENT_RISK, **fields)


def test_tv_03_the_basis_is_a_moving_average(venue: RiskMarket) -> None:
    priced = Priced(venue, 25_400)
    priced.quote("A", "buy", (25_410, 1))
    priced.quote("B", "sell", (25_411, 1))
    seen = []
    for _ in range(3):
        venue.pulse()
        seen.append(priced.state["basis_q20"])
    assert seen == [73_156, 145_826, 218_013]


def test_tv_04_sizes_of_slices(venue: RiskMarket) -> None:
    venue.deposit("A", 1_000_000)
    venue.deposit("B", 1_000_000)
    venue.mark(25_400)
    venue.order("B", "sell", 50_000, 25_400)
    fields = {"quantity_e8": 10_003 * LOT_E8, "slices": 5, "interval_ns": 30 * SECOND, "side": 1}
    events = venue.send(K.PLACE_TWAP, session_id=1, account_id=1, instrument_id=1, **fields)
    for _ in range(4):
        venue.time_ns += 30 * SECOND
        events += venue.send(K.TICK)
    slices = of_kind(events, EventKind.TWAP_SLICED)
    assert [e["last_quantity_e8"] // LOT_E8 for e in slices] == [2001, 2001, 2001, 2000, 2000]
    assert venue.lots("A") == 10_003


def test_tv_10_the_oracle_of_a_closed_market_walks_to_the_book(venue: RiskMarket) -> None:
    priced = Priced(venue, 25_400)
    venue.configure(K.CALENDAR_CHANGE, calendar_id=1, is_open=0, risk_session=int(RiskSession.OVERNIGHT))
    priced.quote("A", "buy", (25_460, 100_000))
    priced.quote("B", "sell", (25_490, 100_000))
    assert priced.state["oracle_q20"] == 25_400 * Q20
    venue.pulse()
    assert priced.state["oracle_q20"] == 25_400 * Q20 + 17_474


@pytest.mark.parametrize(("index", "ppb"), [(25_380, 913_134), (25_440, -1_007_331)])
def test_tv_11_and_26_a_sample_at_impact_prices(venue: RiskMarket, index: int, ppb: int) -> None:
    priced = Priced(venue, index)
    priced.quote("A", "buy", *BIDS)
    priced.quote("B", "sell", *ASKS)
    assert venue.send(K.FUNDING_SAMPLE) == []
    assert (priced.state["samples"], priced.state["weighted_ppb"]) == (1, ppb)
    venue.send(K.FUNDING_SAMPLE)
    assert priced.state["weighted_ppb"] == ppb + 2 * ppb


@pytest.mark.parametrize("lots", [39_365, 39_366])
def test_tv_11_a_side_that_is_too_thin_has_no_price(venue: RiskMarket, lots: int) -> None:
    """The bids of the vector take 39,366 lots for 10,000 USDC: with one fewer the sample counts nothing."""
    priced = Priced(venue, 25_380)
    priced.quote("A", "buy", *BIDS[:2], (25_400, lots - 35_000))
    priced.quote("B", "sell", *ASKS)
    venue.send(K.FUNDING_SAMPLE)
    assert priced.state["weighted_ppb"] == (913_134 if lots == 39_366 else 0)


def test_tv_12_the_mark_is_the_median_of_three(venue: RiskMarket) -> None:
    """Oracle 25,400, oracle and basis 25,408.25, the book's term 25,412: the pulse moves the basis by 0.016 first."""
    priced = Priced(venue, 25_400)
    venue.trade("C", "D", 1, 25_415)
    priced.quote("A", "buy", (25_409, 1))
    priced.quote("B", "sell", (25_412, 1))
    priced.change(basis_q20=33 * Q20 // 4)
    [event] = of_kind(venue.pulse(), EventKind.MARK_CHANGED)
    assert event["mark_price_e8"] == 25_408 * TICK_E8
    assert (event["last_price_e8"], event["oracle_price_e8"]) == (25_415 * TICK_E8, 25_400 * TICK_E8)


@pytest.mark.parametrize(
    ("average_usdc", "allowed_micro"), [(95_000, 397_506_945_633), (100_000, 100_000_000_000), (120_000, 0)]
)
def test_tv_20_the_flow_cap_bounds_a_slice(venue: RiskMarket, average_usdc: int, allowed_micro: int) -> None:
    """A's 4,000,000 lots would have to shrink by more than half at once."""
    venue.deposit("A", 104_000)
    venue.deposit("B", 10_000_000)
    venue.mark(25_400)
    venue.trade("A", "B", 4_000_000, 25_400)
    venue.engine = changed(venue.engine, Section.INSTRUMENT_RISK, flow_average_micro=average_usdc * USDC)
    assert venue.outcome("B", "buy", 4_000_000, 24_000) == R.ACK
    events = venue.mark(24_300) + venue.drain()
    slices = [e for e in of_kind(events, EventKind.LIQUIDATION) if e["stage"] == LiquidationStage.SLICE]
    lots = allowed_micro // (24_300 * 10)
    assert [e["quantity_e8"] // LOT_E8 for e in slices] == ([lots] if lots else [])


def test_an_index_that_splits_have_made_zero_has_no_premium(venue: RiskMarket) -> None:
    """Three splits of 10,000 for 1 without a price in between leave nothing of 2^20 * 25,400."""
    priced = Priced(venue, 25_400)
    state = {"instrument_id": 1, "state": int(InstrumentState.HALTED)}
    venue.configure(K.SET_INSTRUMENT_STATE, **state)
    for index in (2_663_383, 266, 0):
        venue.configure(K.SPLIT, instrument_id=1, numerator=10_000, denominator=1)
        venue.drain()
        assert priced.state["index_q20"] == index
    venue.configure(K.SET_INSTRUMENT_STATE, **{**state, "state": int(InstrumentState.ACTIVE)})
    priced.quote("A", "buy", (2, 3_000_000))
    assert venue.send(K.FUNDING_SAMPLE) == []
    assert (priced.state["samples"], priced.state["weighted_ppb"]) == (1, 0)


def test_tv_27_the_newest_samples_weigh_most(venue: RiskMarket) -> None:
    priced = Priced(venue, 25_400)
    weighted = sum(k * ppb for k, ppb in enumerate((600_000, 700_000, 900_000, 1_200_000), 1))
    priced.change(samples=4, weighted_ppb=weighted)
    [event] = of_kind(venue.send(K.FUNDING_SETTLE), EventKind.FUNDING_RATE)
    assert (event["premium_ppb"], event["samples"], event["rate_ppt"]) == (950_000, 4, 0)  # fewer than 60: no rate


def test_tv_27_and_28_rate_and_payment(venue: RiskMarket) -> None:
    priced = Priced(venue, 25_400)
    venue.trade("A", "B", 12_000, 25_400)
    venue.trade("A", "C", 345, 25_400)
    priced.change(samples=60, weighted_ppb=950_000 * 60 * 61 // 2)
    events = venue.send(K.FUNDING_SETTLE) + venue.drain()
    [rate] = of_kind(events, EventKind.FUNDING_RATE)
    assert (rate["premium_ppb"], rate["rate_ppt"]) == (950_000, 4_500_000)
    paid = {e["account_id"]: e["amount_micro"] for e in of_kind(events, EventKind.ACCOUNT_ENTRY)}
    assert paid == {1: -14_111, 2: 13_716, 3: 394}
    [done] = of_kind(events, EventKind.FUNDING_DONE)
    [rounding] = of_kind(events, EventKind.HOUSE_ENTRY)
    assert (done["residue_micro"], rounding["amount_micro"], rounding["house_balance_micro"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("cap_usdc", "largest", "leverage", "usdc"),
    [
        (2_500_000, 10, 1, 4_750_000), (2_500_000, 10, 5, 3_750_000), (2_500_000, 10, 10, 2_500_000),
        (10_000_000, 30, 1, 19_666_666), (100_000, 20, 1, 195_000), (100_000, 20, 2, 190_000),
    ],
)  # fmt: skip
def test_tv_30_position_cap_of_a_leverage(
    venue: RiskMarket, cap_usdc: int, largest: int, leverage: int, usdc: int
) -> None:
    venue.instrument(2, max_quantity_e8=10**9 * LOT_E8, leverage_max=largest, leverage_ceiling=largest)
    venue.risk(2, leverage_max=largest, leverage_ceiling=largest, position_cap_micro=cap_usdc * USDC)
    venue.deposit("A", 100_000_000)
    venue.mark(25_000, instrument=2)
    venue.configure(K.SET_LEVERAGE, account_id=1, instrument_id=2, leverage=leverage)
    lots = usdc * 4  # a lot is worth 0.25 USDC
    assert venue.outcome("A", "buy", lots + 1, 25_000, instrument=2) == R.REJECTED_WOULD_BREACH_MAX_NOTIONAL
    assert venue.outcome("A", "buy", lots, 25_000, instrument=2) == R.ACK
