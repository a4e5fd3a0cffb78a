"""The rulebook's test vectors of section 9: slices, flow cap, takeover by liquidity providers, deleveraging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.records import AccountFlag, CommandKind, EntryKind, EventKind, LiquidationStage, Reason, TradeKind
from engine.reference.deleveraging import equity_shares, guarded_lots, zero_price_ticks
from engine.reference.liquidation import flow_allowed_micro, reduction_lots
from engine.reference.takeover import shares
from engine.snapshot_records import Section
from tests.risk_market import LOT_E8, TICK_E8, USDC, RiskMarket, of_kind
from tests.snapshot_rows import rows

K = CommandKind
TAKER_E8 = 100_000


@pytest.mark.parametrize(
    ("average", "allowed"),
    [(0, 6_050_138_912_669), (95_000 * USDC, 397_506_945_633), (100_000 * USDC, 100_000_000_000)],
)
def test_tv_20_flow_cap(average: int, allowed: int) -> None:
    assert flow_allowed_micro(average, 100_000 * USDC) == allowed


def test_no_flow_is_allowed_above_the_cap() -> None:
    assert flow_allowed_micro(100_000 * USDC, 10_000 * USDC) == 0


def stages(events: list[dict[str, Any]], account: int = 1) -> list[LiquidationStage]:
    return [LiquidationStage(e["stage"]) for e in of_kind(events, EventKind.LIQUIDATION) if e["account_id"] == account]


@pytest.fixture
def tv_21(venue: RiskMarket) -> RiskMarket:
    """A is long 100,000 lots at 25,400 with 2,600 USDC; B is short against it and has plenty. Taker fee 10 bp."""
    venue.deposit("A", 2_600)
    venue.deposit("B", 1_000_000)
    venue.mark(25_400)
    venue.trade("A", "B", 100_000, 25_400)
    venue.risk(taker_rate_e8=TAKER_E8)
    return venue


def test_tv_21_reduction_to_the_initial_margin(tv_21: RiskMarket) -> None:
    tv_21.mark(24_450)
    status = tv_21.status("A")
    assert (status["equity_micro"], status["maintenance_micro"]) == (1_650_000_000, 1_630_008_150)
    assert status["stage"] == LiquidationStage.NONE

    tv_21.deposit("C", 100_000)
    assert tv_21.outcome("C", "buy", 200_000, 24_176) == Reason.ACK
    events = tv_21.mark(24_420) + tv_21.drain()
    [started, *_] = of_kind(events, EventKind.LIQUIDATION)
    assert (started["equity_micro"], started["maintenance_micro"]) == (1_620_000_000, 1_628_008_140)
    assert started["close_out_micro"] == 1_085_346_900
    assert started["initial_margin_micro"] == 2_442_000_000
    [piece] = [e for e in of_kind(events, EventKind.LIQUIDATION) if e["stage"] == LiquidationStage.SLICE]
    assert (piece["quantity_e8"], piece["price_e8"]) == (37_823 * LOT_E8, 24_176 * TICK_E8)
    filled = of_kind(events, EventKind.ORDER_FILLED)[0]
    assert (filled["trade_kind"], filled["account_id"]) == (TradeKind.LIQUIDATION, 1)
    assert stages(events)[-2:] == [LiquidationStage.MARGIN_RESTORED, LiquidationStage.ENDED]
    status = tv_21.status("A")
    assert (status["equity_micro"], status["position_margin_micro"]) == (1_518_567_791, 1_518_362_340)


def test_tv_21_in_integers() -> None:
    assert reduction_lots(100_000, 244_200, 100_000, 10_000, TAKER_E8, 1_620_000_000, 2_442_000_000) == 37_823
    # what a lot releases does not pay for its sale: all of it goes
    assert reduction_lots(100_000, 244_200, 1_000, 10_000, TAKER_E8, 1_620_000_000, 2_442_000_000) == 100_000


def test_tv_22_first_tick_of_liquidation(tv_21: RiskMarket) -> None:
    cost, cash, lots, rate = 2_540_000_000 * 10, 2_600 * USDC, 100_000, 66_667
    assert (cost - cash) * 10**6 // (lots * 10 * (10**6 - rate)) == 24_428
    assert stages(tv_21.mark(24_429) + tv_21.drain()) == [LiquidationStage.MARGIN_CALL]
    events = tv_21.mark(24_428) + tv_21.drain()
    assert LiquidationStage.CANCELLING in stages(events)
    started = of_kind(events, EventKind.LIQUIDATION)[0]
    assert (started["equity_micro"], started["maintenance_micro"]) == (1_628_000_000, 1_628_541_476)


def test_tv_22_of_a_short(venue: RiskMarket) -> None:
    venue.deposit("A", 2_600)
    venue.deposit("B", 1_000_000)
    venue.mark(25_400)
    venue.trade("B", "A", 100_000, 25_400)
    first = -(-(2_600 * USDC + 25_400_000_000) * 10**6 // (100_000 * 10 * (10**6 + 66_667)))
    assert first == 26_250
    assert LiquidationStage.CANCELLING not in stages(venue.mark(26_249) + venue.drain())
    assert LiquidationStage.CANCELLING in stages(venue.mark(26_250) + venue.drain())


def test_tv_23_takeover_by_liquidity_providers(tv_21: RiskMarket) -> None:
    for name in "CD":
        tv_21.account_risk(name, account_flags=int(AccountFlag.DLP))
    tv_21.risk(taker_rate_e8=TAKER_E8, position_cap_micro=10**15)
    # capacity 300,000 and 100,000 lots: 23,800 USD cents x 10 % a lot
    tv_21.move(K.DEPOSIT, "C", 300_000 * 23_800)
    tv_21.move(K.DEPOSIT, "D", 100_000 * 23_800)
    tv_21.send(K.TICK)
    events = tv_21.mark(23_800) + tv_21.drain()

    sweep = next(e for e in of_kind(events, EventKind.ACCOUNT_ENTRY) if e["entry"] == EntryKind.LIQUIDATION_SWEEP)
    assert (sweep["amount_micro"], sweep["house_balance_micro"]) == (-1_000_000_000, 1_000_000_000)
    transfers = [e for e in of_kind(events, EventKind.ORDER_FILLED) if e["trade_kind"] == TradeKind.DLP_TRANSFER]
    taken = {e["account_id"]: e["last_quantity_e8"] // LOT_E8 for e in transfers if e["account_id"] != 1}
    assert taken == {3: 75_000, 4: 25_000}
    entries = of_kind(events, EventKind.ACCOUNT_ENTRY)
    fees = {e["account_id"]: e["amount_micro"] for e in entries if e["entry"] == EntryKind.DLP_FEE}
    assert fees == {3: 75_000 * 6_347, 4: 25_000 * 6_347}
    assert sum(fees.values()) == 634_700_000
    last = of_kind(events, EventKind.LIQUIDATION)[-1]
    assert (last["stage"], last["reserve_micro"]) == (LiquidationStage.ENDED, 365_300_000)
    assert tv_21.status("A")["balance_micro"] == 0
    assert tv_21.lots("A") == 0


def test_tv_23_shares() -> None:
    assert shares(100_000, [300_000, 100_000]) == [75_000, 25_000]
    assert shares(2, [1, 1, 1]) == [1, 1, 0]
    assert shares(5, [3, 3, 1]) == [2, 2, 1]
    assert shares(0, [0, 0]) == [0, 0]


@pytest.mark.parametrize(
    ("lots", "mark", "equity", "price", "surplus"),
    [
        (100_000, 22_500, -300_000_000, 22_800, 0), (100_000, 22_500, -300_000_500, 22_801, 999_500),
        (-100_000, 27_600, -300_000_500, 27_299, 999_500),
    ],
)  # fmt: skip
def test_tv_24_price_that_leaves_nothing(lots: int, mark: int, equity: int, price: int, surplus: int) -> None:
    found = zero_price_ticks(lots, mark, 10, equity)
    assert found == price
    gained = (found - mark) * lots * 10
    assert equity + gained == surplus


def test_tv_24_deleveraging_ends_at_zero(tv_21: RiskMarket) -> None:
    tv_21.top_up(100)
    events = tv_21.mark(22_500) + tv_21.drain()
    ends = [LiquidationStage.ADL, LiquidationStage.MARGIN_RESTORED, LiquidationStage.ENDED]
    assert stages(events)[-3:] == ends
    own, other = [e for e in of_kind(events, EventKind.ORDER_FILLED) if e["trade_kind"] == TradeKind.ADL]
    assert (own["account_id"], other["account_id"]) == (1, 2)
    assert own["last_price_e8"] == other["last_price_e8"] == 22_800 * TICK_E8
    assert own["fee_micro"] == other["fee_micro"] == 0
    assert tv_21.status("A")["balance_micro"] == 0
    reserve = [e["reserve_micro"] for e in of_kind(events, EventKind.LIQUIDATION)]
    assert reserve[-1] == 100 * USDC  # untouched: it did not suffice


def test_tv_24_the_surplus_goes_to_the_reserve(venue: RiskMarket) -> None:
    venue.deposit("A", 2_599, 999_500)
    venue.deposit("B", 1_000_000)
    venue.mark(25_400)
    venue.trade("A", "B", 100_000, 25_400)
    events = venue.mark(22_500) + venue.drain()
    assert of_kind(events, EventKind.ORDER_FILLED)[0]["last_price_e8"] == 22_801 * TICK_E8
    assert of_kind(events, EventKind.LIQUIDATION)[-1]["reserve_micro"] == 999_500


def test_tv_25_ranking(new_venue: Callable[..., RiskMarket]) -> None:
    """Shorts of 60,000, 80,000 and 50,000 lots with equity 1,100, 4,000 and 10,000 USDC; E's 100,000 lots have to go.

    One account is looked at per command, so that everything is in place before E's turn comes.
    """
    venue = new_venue(limits={"risk_units_max": 1})
    venue.instrument(2)
    shorts = {"A": (60_000, 1_100), "B": (80_000, 4_000), "C": (50_000, 10_000)}
    for name in (*shorts, "D"):
        venue.deposit(name, 100_000)
    venue.deposit("E", 2_600)
    venue.mark(25_400)
    venue.mark(10_000, instrument=2)
    for name, (lots, _) in shorts.items():
        venue.trade("D", name, lots, 22_500)
    venue.trade("E", "D", 100_000, 25_400)
    venue.trade("A", "D", 25_000, 10_000, instrument=2)  # A will lose 500 USDC here: below its initial margin
    venue.drain()

    venue.mark(22_500)
    for name, (_, usdc) in shorts.items():
        venue.leave_with(name, (usdc + (500 if name == "A" else 0)) * USDC)
    venue.mark(8_000, instrument=2)
    events, keys = [], []
    while venue.engine.next_due_ns == 0:
        events += venue.send(K.TICK)
        ranking = rows(venue.engine, Section.RANKING)
        keys = [row["key_ppm"] for row in ranking] if len(ranking) == len(shorts) else keys
    assert sorted(keys) == [1_222_216, 3_333_316, 13_333_266]

    taken = [
        (e["account_id"], e["last_quantity_e8"] // LOT_E8, e["last_price_e8"] // TICK_E8)
        for e in of_kind(events, EventKind.ORDER_FILLED)
        if e["trade_kind"] == TradeKind.ADL and e["account_id"] != 5
    ]
    assert taken == [(1, 60_000, 22_800), (2, 40_000, 22_800)]
    assert venue.status("E")["balance_micro"] == 0
    assert venue.status("A")["equity_micro"] == (1_100 - 180) * USDC  # it loses 180 USDC against the mark


def test_tv_25_guard() -> None:
    """At 22,800 against a mark of 22,500 every lot costs its counterparty 3,000 micro-USDC."""
    per_lot = 225_000 * 66_667
    assert guarded_lots(60_000, 1_100 * USDC * 10**6, 3_000 * 10**6, per_lot) == 60_000
    assert guarded_lots(80_000, 4_000 * USDC * 10**6, 3_000 * 10**6, per_lot) == 80_000
    assert guarded_lots(60_000, 100 * USDC * 10**6, 3_000 * 10**6, per_lot) == 0
    # a loss beyond the margin that a lot frees: only as many as leave it covered
    assert guarded_lots(60_000, 1_000 * USDC * 10**6, 20_000 * 10**6, per_lot) == (
        (1_000 * USDC * 10**6 - 60_000 * per_lot) // (20_000 * 10**6 - per_lot)
    )


def test_tv_36_equity_over_two_symbols() -> None:
    assert equity_shares(-100_000_003, [15_000 * USDC, 5_000 * USDC]) == [-75_000_003, -25_000_000]
    assert equity_shares(0, [1, 1]) == [0, 0]
