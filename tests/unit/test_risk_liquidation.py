"""Liquidation and deleveraging step by step: notices, cancels, slices, takeover, the rest (docs/risk.md 7, 10, 11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.records import (
    AccountFlag,
    CommandKind,
    EntryKind,
    EventKind,
    InstrumentState,
    LiquidationStage,
    NodeFlag,
    Reason,
    RiskSession,
    Scope,
    TradeKind,
)
from tests.risk_market import LOT_E8, TICK_E8, USDC, RiskMarket, of_kind

K, R, S = CommandKind, Reason, LiquidationStage
MARK = 25_000


def stages(events: list[dict[str, Any]], account: int = 1) -> list[LiquidationStage]:
    return [S(e["stage"]) for e in of_kind(events, EventKind.LIQUIDATION) if e["account_id"] == account]


def fills(events: list[dict[str, Any]], kind: TradeKind, account: int) -> list[tuple[int, int]]:
    """(lots, ticks) of an account's executions of a kind."""
    return [
        (e["last_quantity_e8"] // LOT_E8, e["last_price_e8"] // TICK_E8)
        for e in of_kind(events, EventKind.ORDER_FILLED)
        if (e["trade_kind"], e["account_id"]) == (kind, account)
    ]


def long_position(venue: RiskMarket, usdc: int = 260, lots: int = 10_000) -> None:
    """A: 2,500 USDC of notional with 260 USDC; B is rich and short. Maintenance is 166.67, close-out 111.11 USDC."""
    venue.deposit("A", usdc)
    venue.deposit("B", 1_000_000)
    venue.mark(MARK)
    venue.trade("A", "B", lots, MARK)


@pytest.fixture
def held(venue: RiskMarket) -> RiskMarket:
    long_position(venue)
    return venue


# ---- stage 0 and the beginning of stage 1


def test_margin_call_once_and_restored_once(held: RiskMarket) -> None:
    events = held.mark(24_800) + held.mark(24_700)  # equity 240 and 230, initial margin 248 and 247
    assert stages(events) == [S.MARGIN_CALL]
    [call] = of_kind(events, EventKind.LIQUIDATION)
    assert (call["session_id"], call["equity_micro"], call["initial_margin_micro"]) == (1, 240 * USDC, 248 * USDC)
    assert stages(held.mark(24_990) + held.mark(25_100)) == [S.MARGIN_RESTORED]


def test_everything_open_is_cancelled_first(held: RiskMarket) -> None:
    held.instrument(2)
    held.mark(MARK, instrument=2)
    held.send(K.SET_MMP, session_id=1, account_id=1, instrument_id=2, window_ns=1)
    ids = [
        held.order("A", "sell", 100, 26_000)[0]["order_id"],
        held.order("A", "sell", 100, 20_000, order_type=4)[0]["order_id"],
        held.send(
            K.PLACE_TWAP, session_id=1, account_id=1, instrument_id=2, quantity_e8=40 * LOT_E8, slices=2, side=1,
            interval_ns=30 * 10**9, client_order_id="twap",
        )[0]["order_id"],
        held.send(
            K.QUOTE, session_id=1, account_id=1, instrument_id=2, bid_price_e8=TICK_E8, bid_quantity_e8=LOT_E8
        )[0]["bid_order_id"],
    ]  # fmt: skip
    events = held.mark(23_900) + held.drain()
    cancelled = [e for e in of_kind(events, EventKind.ORDER_CANCELLED) if e["reason"] == R.CANCELLED_LIQUIDATION]
    assert sorted(e["order_id"] & (2**48 - 1) for e in cancelled) == sorted(i & (2**48 - 1) for i in ids)
    assert stages(events)[:2] == [S.MARGIN_CALL, S.CANCELLING]


def test_meanwhile_the_account_may_only_cancel(held: RiskMarket) -> None:
    held.mark(23_900)
    assert held.outcome("A", "sell", 1, 24_000) == R.USER_IN_LIQUIDATION
    for kind in (K.QUOTE, K.PLACE_TWAP, K.CLOSE_POSITION):
        fields = {"slices": 2, "side": 2, "quantity_e8": LOT_E8} if kind == K.PLACE_TWAP else {}
        [event] = held.send(kind, session_id=1, account_id=1, instrument_id=1, **fields)
        assert event["reason"] == R.USER_IN_LIQUIDATION
    assert held.move(K.WITHDRAW_REQUEST, "A", 1)[0] == R.USER_IN_LIQUIDATION
    cancel = held.send(K.CANCEL, session_id=1, account_id=1, order_id=12345)[0]
    assert cancel["reason"] == R.NO_SUCH_ORDER


def test_a_deposit_ends_it(held: RiskMarket) -> None:
    held.mark(23_900)
    assert held.status("A")["stage"] == S.REDUCING
    _, events = held.move(K.DEPOSIT, "A", 500 * USDC)
    assert stages(events) == [S.MARGIN_RESTORED, S.ENDED]
    assert held.outcome("A", "sell", 1, 24_000) == R.ACK


def test_a_mark_that_recovers_ends_it_at_the_initial_margin(held: RiskMarket) -> None:
    held.mark(23_900)
    held.mark(24_900)  # equity 250, maintenance 166, initial 249
    assert held.status("A")["stage"] == S.NONE


# ---- slices


def test_one_slice_per_symbol_and_pulse(held: RiskMarket) -> None:
    held.deposit("C", 10_000)
    held.order("C", "buy", 10, 23_800)
    events = held.mark(23_900) + held.drain()
    assert fills(events, TradeKind.LIQUIDATION, 1) == [(10, 23_800)]
    held.order("C", "buy", 10, 23_800)
    assert not fills(held.mark(23_901) + held.drain(), TradeKind.LIQUIDATION, 1)
    assert fills(held.pulse(), TradeKind.LIQUIDATION, 1) == [(10, 23_800)]


def test_a_slice_is_a_limit_ioc_of_the_venue(held: RiskMarket) -> None:
    events = held.mark(23_900) + held.drain()
    new = of_kind(events, EventKind.ORDER_NEW)[0]
    assert (new["order_id"] >> 48, new["order_flags"], new["session_id"]) == (16384, 4, 1)
    assert new["price_e8"] == 23_661 * TICK_E8  # 1 % below the mark
    cancelled = of_kind(events, EventKind.ORDER_CANCELLED)[0]
    assert (cancelled["order_id"], cancelled["reason"]) == (new["order_id"], R.IOC_CANCELLED)
    [piece] = [e for e in of_kind(events, EventKind.LIQUIDATION) if e["stage"] == S.SLICE]
    assert (piece["order_id"], piece["quantity_e8"], piece["price_e8"]) == (
        new["order_id"], new["quantity_e8"], new["price_e8"],
    )  # fmt: skip


@pytest.mark.parametrize("session", [RiskSession.OVERNIGHT, RiskSession.WEEKEND])
def test_the_spread_grows_with_the_session(held: RiskMarket, session: RiskSession) -> None:
    held.risk(risk_calendar_id=1)
    held.configure(K.CALENDAR_CHANGE, calendar_id=1, is_open=0, risk_session=int(session))
    new = of_kind(held.mark(23_900) + held.drain(), EventKind.ORDER_NEW)[0]
    limit = {RiskSession.OVERNIGHT: 23_422, RiskSession.WEEKEND: 23_183}[session]
    assert new["price_e8"] == limit * TICK_E8


def test_never_beyond_the_price_that_uses_equity_up(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(spread_open_tenths=10)  # 10 %: more than what is left
    long_position(venue)
    new = of_kind(venue.mark(23_900) + venue.drain(), EventKind.ORDER_NEW)[0]
    lots = new["quantity_e8"] // LOT_E8
    equity = 260 * USDC - 1_100 * 10_000 * 10
    assert new["price_e8"] == (23_900 - equity // (lots * 10)) * TICK_E8


def test_the_flow_cap_bounds_what_a_pulse_sends(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(flow_cap_open_micro=239_000 * 10 // 60)
    long_position(venue)
    venue.deposit("C", 100_000)
    venue.order("C", "buy", 10_000, 23_900)
    events = venue.mark(23_900) + venue.drain()
    sent = [e["quantity_e8"] // LOT_E8 for e in of_kind(events, EventKind.LIQUIDATION) if e["stage"] == S.SLICE]
    assert sent == [10]  # the average of a minute at the cap is reached by sixty times as much in one second
    sent = []
    for _ in range(3):
        sent += [
            e["quantity_e8"] // LOT_E8 for e in of_kind(venue.pulse(), EventKind.LIQUIDATION) if e["stage"] == S.SLICE
        ]
    assert sum(sent) <= 3


def test_the_symbol_with_the_largest_maintenance_goes_first(venue: RiskMarket) -> None:
    venue.instrument(2)
    venue.deposit("A", 400)
    venue.deposit("B", 1_000_000)
    venue.deposit("C", 1_000_000)
    for instrument in (1, 2):
        venue.mark(MARK, instrument=instrument)
    venue.trade("A", "B", 5_000, MARK)
    venue.trade("A", "B", 9_000, MARK, instrument=2)
    for instrument in (1, 2):
        venue.order("C", "buy", 20_000, 24_000, instrument)
    venue.mark(24_000)
    events = venue.mark(23_500, instrument=2) + venue.drain()
    pieces = [e["instrument_id"] for e in of_kind(events, EventKind.LIQUIDATION) if e["stage"] == S.SLICE]
    assert pieces[0] == 2


def test_a_halted_instrument_is_not_sliced_but_taken_over(held: RiskMarket) -> None:
    held.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.HALTED))
    events = held.mark(23_900) + held.drain() + held.pulse()
    assert S.SLICE not in stages(events)
    assert held.status("A")["stage"] == S.REDUCING
    events = held.mark(23_300) + held.drain()
    assert fills(events, TradeKind.ADL, 1) == [(10_000, 23_300)]


def test_shorts_are_bought_back(venue: RiskMarket) -> None:
    venue.deposit("A", 260)
    venue.deposit("B", 1_000_000)
    venue.mark(MARK)
    venue.trade("B", "A", 10_000, MARK)
    venue.order("B", "sell", 10_000, 26_300)
    events = venue.mark(26_050) + venue.drain()
    new = of_kind(events, EventKind.ORDER_NEW)[0]
    assert (new["side"], new["price_e8"]) == (1, 26_310 * TICK_E8)
    assert fills(events, TradeKind.LIQUIDATION, 1)


# ---- stage 2


def provider(venue: RiskMarket, name: str, usdc: int, **fields: Any) -> None:
    venue.account_risk(name, account_flags=int(AccountFlag.DLP), **fields)
    if usdc:
        venue.deposit(name, usdc)


def test_a_provider_on_the_other_side_takes_without_a_fee(held: RiskMarket) -> None:
    provider(held, "B", 1)
    events = held.mark(23_300) + held.drain()  # equity 90, close-out 103.56
    assert fills(events, TradeKind.DLP_TRANSFER, 1) == [(10_000, 23_300)]
    assert not [e for e in of_kind(events, EventKind.ACCOUNT_ENTRY) if e["entry"] == EntryKind.DLP_FEE]
    assert of_kind(events, EventKind.LIQUIDATION)[-1]["reserve_micro"] == 90 * USDC


@pytest.mark.parametrize("case", ["killed", "blocked", "poor", "small"])
def test_providers_that_cannot_take_are_left_out(held: RiskMarket, case: str) -> None:
    provider(held, "C", 0 if case == "poor" else 100_000, dlp_notional_max_micro=USDC if case == "small" else 0)
    if case == "killed":
        held.send(K.KILL, scope=int(Scope.ACCOUNT), node_id=3)
    if case == "blocked":
        held.account("C", status=2)
    events = held.mark(23_300) + held.drain()
    taken = sum(lots for lots, _ in fills(events, TradeKind.DLP_TRANSFER, 3))
    assert taken == (4 if case == "small" else 0)  # 1 USDC at 0.233 a lot
    assert sum(lots for lots, _ in fills(events, TradeKind.ADL, 1)) == 10_000 - taken


def test_the_last_free_position_record_goes_to_one_provider(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue({"positions_max": 3})
    long_position(venue)
    for name in ("C", "D"):
        provider(venue, name, 100_000)
    venue.top_up(100)
    events = venue.mark(23_300) + venue.drain()
    assert fills(events, TradeKind.DLP_TRANSFER, 3) == [(10_000, 23_300)]
    assert not fills(events, TradeKind.DLP_TRANSFER, 4)


def test_the_reserve_limits_what_is_paid_for(held: RiskMarket) -> None:
    provider(held, "C", 1_000_000)
    held.risk(position_cap_micro=10**15)
    events = held.mark(22_410) + held.drain()  # equity 1 USDC; a lot costs 5,977
    assert fills(events, TradeKind.DLP_TRANSFER, 3) == [(167, 22_410)]
    assert fills(events, TradeKind.ADL, 1) == [(9_833, 22_410)]


def test_negative_equity_is_covered_when_the_reserve_suffices(held: RiskMarket) -> None:
    held.top_up(40)
    provider(held, "B", 1)
    events = held.mark(22_000) + held.drain()  # equity -40
    [cover] = [e for e in of_kind(events, EventKind.ACCOUNT_ENTRY) if e["entry"] == EntryKind.LIQUIDATION_COVER]
    assert (cover["amount_micro"], cover["house_balance_micro"]) == (40 * USDC, 0)
    assert fills(events, TradeKind.DLP_TRANSFER, 1) == [(10_000, 22_000)]


# ---- stage 3


def test_a_second_round_without_the_guard(new_venue: Callable[..., RiskMarket]) -> None:
    """Each lot costs B more than the margin it frees: it gives what leaves it covered, then, as nobody else is there,
    the rest out of its equity."""
    venue = new_venue(limits={"risk_units_max": 1})
    venue.instrument(2)
    for name, usdc in (("E", 260), ("B", 600), ("C", 1_000_000)):
        venue.deposit(name, usdc)
    for instrument in (1, 2):
        venue.mark(MARK, instrument=instrument)
    venue.trade("E", "B", 10_000, MARK)
    venue.trade("B", "C", 9_000, MARK, instrument=2)
    venue.drain()
    venue.mark(20_400)  # E: 260 - 460; B: 600 + 460
    events = venue.mark(15_889, instrument=2) + venue.drain()  # B: 819.99 less
    equity, others, own = 240_010_000, 95_335_430, 10_000 * 204_000 * 66_667
    spare = (equity - others) * 10**6 - own
    guarded = spare // (20_000 * 10**6 - 204_000 * 66_667)
    assert 1_000 < guarded < 2_000
    assert fills(events, TradeKind.ADL, 2)[:2] == [(guarded, 22_400), (10_000 - guarded, 22_400)]
    assert venue.status("E")["balance_micro"] == 0


def test_liquidity_providers_and_the_house_come_last(venue: RiskMarket) -> None:
    venue.deposit("A", 260)
    for name, usdc in (("B", 100_000), ("C", 300), ("D", 100_000)):
        venue.deposit(name, usdc)
    venue.mark(MARK)
    venue.account_risk("C", account_flags=int(AccountFlag.HOUSE))
    for seller, lots in (("B", 6_000), ("C", 2_000), ("D", 2_000)):
        venue.trade("A", seller, lots, MARK)
    events = venue.mark(22_300) + venue.drain()
    order = [e["account_id"] for e in of_kind(events, EventKind.ORDER_FILLED) if e["account_id"] != 1]
    assert order[-1] == 3
    assert set(order) == {2, 3, 4}


def test_a_counterparty_that_is_covered_beyond_all_numbers(venue: RiskMarket) -> None:
    """Its key of the ranking would be beyond 64 bits: 2^59 micro-USDC of equity for a maintenance margin of 61."""
    venue.deposit("A", 0, micro=110)
    venue.deposit("B", 2**59 // USDC)
    venue.mark(100)
    venue.trade("A", "B", 1, 100)
    assert fills(venue.mark(90) + venue.drain(), TradeKind.ADL, 2) == [(1, 90)]


def test_nobody_left_waits_for_the_next_pulse(new_venue: Callable[..., RiskMarket]) -> None:
    """Counterparties in liquidation themselves give nothing; when they are through, the rest goes on."""
    venue = new_venue()
    venue.instrument(2)
    venue.deposit("A", 500)
    venue.deposit("B", 270)
    venue.deposit("C", 1_000_000)
    venue.mark(MARK)
    venue.mark(MARK, instrument=2)
    venue.trade("A", "B", 10_000, MARK)
    venue.trade("A", "C", 9_000, MARK, instrument=2)
    events = venue.mark(27_000) + venue.drain()  # B: equity 70, close-out 120: A and nobody else is long
    assert fills(events, TradeKind.ADL, 2) == [(10_000, 27_000)]
    assert venue.status("B")["balance_micro"] == 0


def test_a_deficit_that_nobody_pays(venue: RiskMarket) -> None:
    """A closes by its own hand at a price that costs more than it has."""
    long_position(venue)
    venue.order("B", "buy", 10_000, 22_000)
    events = venue.order("A", "sell", 10_000, 22_000) + venue.drain()
    assert stages(events) == [S.MARGIN_CALL, S.DEFICIT]
    [_, deficit] = of_kind(events, EventKind.LIQUIDATION)
    assert deficit["amount_micro"] == 40 * USDC
    assert venue.status("A")["balance_micro"] == -40 * USDC
    assert venue.outcome("A", "buy", 1, MARK) == R.FAILED_MARGIN_CHECK
    venue.top_up(40)
    _, events = venue.move(K.DEPOSIT, "A", 1)
    [cover] = [e for e in of_kind(events, EventKind.ACCOUNT_ENTRY) if e["entry"] == EntryKind.LIQUIDATION_COVER]
    assert cover["amount_micro"] == 40 * USDC - 1
    assert venue.status("A")["balance_micro"] == 0


# ---- the house, the reserve


def test_a_house_account_is_never_liquidated(held: RiskMarket) -> None:
    held.account_risk("A", account_flags=int(AccountFlag.HOUSE))
    assert stages(held.mark(20_000) + held.drain()) == []


def test_the_reserve_alarm(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(reserve_floor_micro=50 * USDC, reserve_floor_ppm=1_000)
    [low] = of_kind(venue.pulse(), EventKind.RESERVE_STATE)
    assert (low["amount_micro"], low["session_id"]) == (50 * USDC, 0)
    venue.top_up(50)
    [fine] = of_kind(venue.pulse(), EventKind.RESERVE_STATE)
    assert fine["amount_micro"] == 0
    assert not of_kind(venue.pulse(), EventKind.RESERVE_STATE)
    venue.deposit("A", 50_000)  # 0.1 % of what is deposited, the top-up included: 50.05
    [low] = of_kind(venue.pulse(), EventKind.RESERVE_STATE)
    assert low["amount_micro"] == 50_000


# ---- in steps


def test_a_cascade_in_the_smallest_steps(new_venue: Callable[..., RiskMarket]) -> None:
    """One look per command, orders of others in between: nobody is skipped, everybody ends where he would have."""
    outcomes = []
    for units in (1, 10_000):
        venue = new_venue(limits={"risk_units_max": units})
        venue.deposit("E", 1_000_000)
        for name in "ABCD":
            venue.deposit(name, 260)
        venue.mark(MARK)
        for name in "ABCD":
            venue.trade(name, "E", 10_000, MARK)
        venue.drain()
        commands = 1
        venue.mark(22_300)
        while venue.engine.next_due_ns == 0:
            commands += 1
            venue.send(K.TICK)
            if units == 1:
                assert venue.order("E", "buy", 1, 1)[0]["kind"] in (EventKind.ORDER_NEW, EventKind.ORDER_REJECTED)
        outcomes.append([venue.status(name)["balance_micro"] for name in "ABCDE"])
        assert all(venue.lots(name) == 0 for name in "ABCDE")
        assert commands > 20 if units == 1 else commands < 20
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][:4] == [0, 0, 0, 0]


def test_a_pulse_during_the_pass_makes_another_pass(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"risk_units_max": 1})
    long_position(venue)
    venue.drain()
    venue.mark(MARK)  # the pass begins with A, who is well
    venue.mark(23_900)
    assert S.CANCELLING in stages(venue.drain())


def test_a_mass_cancel_does_not_hold_up_a_liquidation(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"work_steps_max": 1})
    long_position(venue)
    for ticks in range(1_000, 1_020):
        venue.order("B", "buy", 1, ticks)
    venue.send(K.MASS_CANCEL, session_id=2, scope=2, target_id=2)
    assert S.REDUCING in stages(venue.mark(23_900))


def test_flags_of_a_node_are_told_to_the_venue(held: RiskMarket) -> None:
    events = held.accepted(K.KILL, scope=int(Scope.FIRM), node_id=1)
    [changed] = of_kind(events, EventKind.NODE_CHANGED)
    assert (changed["session_id"], changed["firm_id"], changed["node_flags"]) == (0, 1, NodeFlag.KILLED)
