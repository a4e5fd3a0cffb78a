"""The rulebook's test vectors of sections 8, 11 and 15: positions, margin, fees, withdrawals."""

from __future__ import annotations

import pytest

from engine.records import CommandKind, EventKind, Reason
from engine.reference.instruments import RATES
from engine.reference.ledger import fee_micro
from tests.risk_market import LOT_E8, TICK_E8, TICK_VALUE, USDC, RiskMarket, of_kind

K = CommandKind


@pytest.fixture
def rich(venue: RiskMarket) -> RiskMarket:
    """Everybody has money for everything; the mark is 25400."""
    for name in "ABCDE":
        venue.deposit(name, 1_000_000)
    venue.mark(25_400)
    return venue


def test_tv_15_cost_and_realised_profit(rich: RiskMarket) -> None:
    rich.trade("A", "B", 1000, 25_400)
    rich.trade("A", "B", 500, 25_460)
    assert rich.position("A")["position_e8"] == 1500 * LOT_E8
    assert rich.position("A")["cost_micro"] == 38_130_000 * TICK_VALUE

    sold = rich.trade("C", "A", 600, 25_500)[1]
    assert sold["realised_pnl_micro"] == 480_000
    assert rich.position("A")["cost_micro"] == 22_878_000 * TICK_VALUE

    sold = rich.trade("C", "A", 1200, 25_390)[1]
    assert sold["realised_pnl_micro"] == -270_000
    assert rich.position("A")["position_e8"] == -300 * LOT_E8
    assert rich.position("A")["cost_micro"] == -7_617_000 * TICK_VALUE
    assert rich.position("A")["realised_micro"] == 210_000


def test_tv_16_the_cost_that_goes_is_rounded_towards_zero(rich: RiskMarket) -> None:
    rich.trade("A", "B", 4, 10_000)
    rich.trade("A", "B", 3, 10_001)
    assert rich.position("A")["cost_micro"] == 70_003 * TICK_VALUE
    rich.trade("C", "A", 3, 10_001)
    assert rich.position("A")["position_e8"] == 4 * LOT_E8
    assert rich.position("A")["cost_micro"] == 40_002 * TICK_VALUE


@pytest.mark.parametrize(
    ("leverage", "initial", "maintenance", "close_out"),
    [
        (1, 1_000_000, 666_667, 444_445), (2, 500_000, 333_334, 222_223), (5, 200_000, 133_334, 88_890),
        (10, 100_000, 66_667, 44_445), (20, 50_000, 33_334, 22_223), (30, 33_334, 22_223, 14_816),
        (50, 20_000, 13_334, 8_890),
    ],
)  # fmt: skip
def test_tv_17_margin_rates(leverage: int, initial: int, maintenance: int, close_out: int) -> None:
    rates = RATES[leverage]
    assert (rates.initial, rates.maintenance, rates.close_out) == (initial, maintenance, close_out)


@pytest.fixture
def tv_18(venue: RiskMarket) -> RiskMarket:
    """Account A: 10,000 lots at 25,400, cash 10,000 USDC, two bids and two asks, mark 25,408."""
    venue.deposit("A", 10_000)
    for name in "BC":
        venue.deposit(name, 10_000_000)
    venue.mark(25_400)
    venue.trade("A", "B", 10_000, 25_400)
    for side, lots, ticks in (
        ("buy", 5000, 25_300),
        ("buy", 2000, 25_350),
        ("sell", 4000, 25_500),
        ("sell", 30_000, 25_600),
    ):
        assert venue.outcome("A", side, lots, ticks) == Reason.ACK
    venue.mark(25_408)
    return venue


def test_tv_18_margin_of_both_sides(tv_18: RiskMarket) -> None:
    status = tv_18.status("A")
    assert status["unrealised_micro"] == 800_000
    assert status["position_margin_micro"] == 254_080_000
    assert status["position_margin_micro"] + status["order_margin_micro"] == 615_920_000
    assert status["order_margin_micro"] == 361_840_000
    assert status["equity_micro"] == 10_000_800_000
    assert status["available_micro"] == 9_384_880_000
    assert status["withdrawable_micro"] == 9_384_080_000


def test_tv_19_what_a_new_order_needs(tv_18: RiskMarket) -> None:
    tv_18.risk(taker_rate_e8=100_000)
    needed = 1_086_360_000 + 6_000_000 + 12_710_000  # requirement, open loss, taker fee
    assert needed == 1_105_070_000
    withdrawn = 9_384_880_000 - needed + 1  # of what is available; one too many
    assert tv_18.move(K.WITHDRAW_REQUEST, "A", withdrawn)[0] == Reason.ACK
    assert tv_18.status("A")["available_micro"] == needed - 1
    assert tv_18.outcome("A", "buy", 50_000, 25_420) == Reason.FAILED_MARGIN_CHECK
    tv_18.deposit("A", 0, 1)
    assert tv_18.outcome("A", "buy", 50_000, 25_420) == Reason.ACK
    assert tv_18.status("A")["position_margin_micro"] + tv_18.status("A")["order_margin_micro"] == 1_702_280_000


def test_tv_29_fees_are_rounded_up_and_rebates_down() -> None:
    assert fee_micro(100_000, 635_100_000) == 635_100
    assert fee_micro(50_000, 635_100_000) == 317_550
    assert fee_micro(100_000, 254_040) == 255  # 254.04
    assert fee_micro(-100_000, 254_040) == -254


def test_tv_29_fees_are_booked_with_the_fill(rich: RiskMarket) -> None:
    rich.risk(maker_rate_e8=50_000, taker_rate_e8=100_000)
    taker, maker = rich.trade("A", "B", 2500, 25_404)
    assert (taker["fee_micro"], maker["fee_micro"]) == (635_100, 317_550)
    assert rich.status("A")["balance_micro"] == 1_000_000 * USDC - 635_100
    assert rich.status("A")["fees_micro"] == 635_100


def test_tv_33_a_withdrawal_up_to_the_last_micro(tv_18: RiskMarket) -> None:
    assert tv_18.move(K.WITHDRAW_REQUEST, "A", 9_384_080_001)[0] == Reason.INSUFFICIENT_FUNDS
    reason, events = tv_18.move(K.WITHDRAW_REQUEST, "A", 9_384_080_000)
    assert reason == Reason.ACK
    [entry] = of_kind(events, EventKind.ACCOUNT_ENTRY)
    assert (entry["amount_micro"], entry["hold_micro"]) == (-9_384_080_000, 9_384_080_000)
    assert tv_18.status("A")["withdrawable_micro"] == 0
    assert tv_18.move(K.WITHDRAW_REQUEST, "A", 1)[0] == Reason.INSUFFICIENT_FUNDS


def test_tv_01_and_02_are_the_tick_value(rich: RiskMarket) -> None:
    assert 25_404 * 2500 * TICK_VALUE == 635_100_000
    rich.risk(taker_rate_e8=10_000_000)  # 10 %: the fee shows the notional
    taker, _ = rich.trade("A", "B", 2500, 25_404)
    assert taker["fee_micro"] * 10 == 635_100_000
    assert taker["last_price_e8"] == 25_404 * TICK_E8
