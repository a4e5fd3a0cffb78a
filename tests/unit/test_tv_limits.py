"""The rulebook's test vectors of section 12, TV-04 (TWAP) and TV-34 (split)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.records import CommandKind, EntryKind, EventKind, InstrumentState, Reason, RiskSession
from engine.reference.calendars import position_cap_micro
from engine.reference.twap import planned_lots
from engine.reference.venue import VenueRisk
from tests.risk_market import LOT_E8, TICK_E8, TICK_VALUE, USDC, RiskMarket, of_kind

K = CommandKind


def test_tv_04_slices() -> None:
    sizes = [planned_lots(10_003, 5, number) for number in range(1, 6)]
    assert [size for size, _ in sizes] == [2001, 2001, 2001, 2000, 2000]
    assert sizes[-1][1] == 10_003


@pytest.mark.parametrize(
    ("cap_usdc", "largest", "leverage", "expected"),
    [
        (2_500_000, 10, 1, 4_750_000), (2_500_000, 10, 5, 3_750_000), (2_500_000, 10, 10, 2_500_000),
        (10_000_000, 30, 1, 19_666_666), (100_000, 20, 1, 195_000), (100_000, 20, 2, 190_000),
    ],
)  # fmt: skip
def test_tv_30_position_caps(cap_usdc: int, largest: int, leverage: int, expected: int) -> None:
    risk: Any = SimpleNamespace(
        position_cap_micro=cap_usdc * USDC, leverage_max=largest, market_calendar_id=0, risk_calendar_id=0
    )
    state: Any = SimpleNamespace(calendars={}, risk=VenueRisk())
    instrument: Any = SimpleNamespace(risk=risk, is_priced=False)
    assert position_cap_micro(state, instrument, leverage) == expected * USDC


def test_tv_31_position_cap_overnight(venue: RiskMarket) -> None:
    venue.risk(risk_calendar_id=1)
    venue.configure(K.CALENDAR_CHANGE, calendar_id=1, is_open=1, risk_session=int(RiskSession.OVERNIGHT))
    venue.deposit("A", 1_000_000)
    venue.mark(25_408)
    assert venue.outcome("A", "buy", 4_919_711, 25_408) == Reason.REJECTED_WOULD_BREACH_MAX_NOTIONAL
    assert venue.outcome("A", "buy", 4_919_710, 25_408) == Reason.ACK
    assert venue.outcome("A", "buy", 1, 25_408) == Reason.REJECTED_WOULD_BREACH_MAX_NOTIONAL
    assert venue.outcome("A", "sell", 4_919_711, 25_500) == Reason.REJECTED_WOULD_BREACH_MAX_NOTIONAL


def test_tv_34_split(venue: RiskMarket) -> None:
    venue.deposit("A", 10_000)
    venue.deposit("B", 10_000)
    venue.mark(25_400)
    venue.trade("A", "B", 1500, 25_420)
    venue.mark(25_409)
    venue.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.HALTED))
    events = venue.send(K.SPLIT, instrument_id=1, numerator=4, denominator=1) + venue.drain()
    entries = {e["account_id"]: e for e in of_kind(events, EventKind.ACCOUNT_ENTRY)}
    assert entries[1]["entry"] == EntryKind.SPLIT
    assert entries[1]["amount_micro"] == (25_409 - 25_420) * 1500 * TICK_VALUE == -entries[2]["amount_micro"]
    position = venue.position("A")
    assert position["position_e8"] == 6000 * LOT_E8
    assert position["cost_micro"] == 38_113_500 * TICK_VALUE
    assert position["mark_price_e8"] == 6352 * TICK_E8
    assert position["unrealised_micro"] == -15_000
    assert venue.position("B")["unrealised_micro"] == 15_000
