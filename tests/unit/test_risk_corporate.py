"""Corporate actions beyond the rulebook's vectors: fractions of lots, and who takes them (docs/risk.md section 13)."""

from __future__ import annotations

import pytest

from engine.records import AccountFlag, CommandKind, EntryKind, EventKind, InstrumentState, PositionChange
from tests.risk_market import LOT_E8, TICK_E8, TICK_VALUE, RiskMarket, of_kind

K = CommandKind
MARK = 25_401


@pytest.fixture
def halted(venue: RiskMarket) -> RiskMarket:
    """A and D long 1, B short 2, the house account E short 3, C long 3, all at the mark; the instrument is halted."""
    venue.account_risk("E", account_flags=int(AccountFlag.HOUSE))
    venue.venue(fraction_account_id=5)
    venue.top_up(1)
    for name in "ABCDE":
        venue.deposit(name, 10_000)
    venue.mark(MARK)
    for buyer, seller, lots in (("A", "B", 1), ("D", "B", 1), ("C", "E", 3)):
        venue.trade(buyer, seller, lots, MARK)
    venue.configure(K.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.HALTED))
    return venue


def test_fractions_make_whole_lots_of_the_house_account(halted: RiskMarket) -> None:
    """2 for 3: A and D keep 0 of 2/3 lots, B -1 of -4/3: together 3/3, one lot, that E takes at the new mark. It closes
    one of E's two, so that it realises what the new mark was rounded by; nobody's cash moves without an entry."""
    before = {name: halted.balance(name) for name in "ABCDE"}
    events = halted.send(K.SPLIT, instrument_id=1, numerator=2, denominator=3) + halted.drain()
    assert [halted.lots(name) for name in "ABCDE"] == [0, -1, 2, 0, -1]
    new_mark = 38_102  # 38,101.5
    removed = 3 * MARK // 2
    realised = (removed - new_mark) * TICK_VALUE
    entries = [e for e in of_kind(events, EventKind.ACCOUNT_ENTRY) if e["account_id"] == 5]
    assert [e["entry"] for e in entries] == [EntryKind.SPLIT] * 2
    assert [e["amount_micro"] for e in entries] == [0, realised] == [0, -10]
    assert (entries[1]["price_e8"], entries[1]["position_e8"]) == (new_mark * TICK_E8, -2 * LOT_E8)
    taken = (2 * MARK // 2) * 2 - MARK // 2  # of A and D: DOWN(mark * 2 / 2) each; of B DOWN(mark * -1 / 2)
    assert taken == new_mark  # what they have lost is what the lot costs: nothing is rounding
    assert not of_kind(events, EventKind.HOUSE_ENTRY)
    [last] = [e for e in of_kind(events, EventKind.POSITION_CHANGED) if e["change"] == PositionChange.HOUSE]
    assert (last["account_id"], last["position_e8"]) == (5, -LOT_E8)
    moved = {name: halted.balance(name) - 1 - before[name] for name in "ABCDE"}  # asking is a deposit of one
    assert moved == {"A": 0, "B": 0, "C": 0, "D": 0, "E": -10}


def test_a_split_that_leaves_no_fraction_needs_nobody(halted: RiskMarket) -> None:
    events = halted.send(K.SPLIT, instrument_id=1, numerator=2, denominator=1) + halted.drain()
    assert [halted.lots(name) for name in "ABCDE"] == [2, -4, 6, 2, -6]
    assert not of_kind(events, EventKind.HOUSE_ENTRY)
