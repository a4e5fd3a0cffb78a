"""The rulebook's test vectors of section 10: premium, rate, payment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.records import CommandKind, EntryKind, EventKind, IndexFormula, Reason
from engine.reference import funding_rates
from engine.reference.arithmetic import ONE_Q20
from engine.reference.instruments import FundingWindow, Instrument
from tests.risk_market import SECOND, TICK_E8, RiskMarket, of_kind

K = CommandKind
IMPACT_BID, IMPACT_ASK = 26_637_159_973, 26_648_902_095  # of TV-11


@pytest.mark.parametrize(("index", "ppb"), [(25_380, 913_134), (25_440, -1_007_331)])
def test_tv_26_premium(index: int, ppb: int) -> None:
    assert funding_rates.premium_ppb(IMPACT_BID, IMPACT_ASK, index * ONE_Q20) == ppb


def test_tv_26_a_missing_impact_price_contributes_nothing() -> None:
    assert funding_rates.premium_ppb(0, IMPACT_ASK, 25_380 * ONE_Q20) == 0
    assert funding_rates.premium_ppb(IMPACT_BID, 0, 25_440 * ONE_Q20) == 0


@pytest.mark.parametrize(
    ("mean", "rate_ppt"), [(950_000, 4_500_000), (400_000, 0), (-950_000, -4_500_000), (500_000, 0), (500_001, 10)]
)
def test_tv_27_rate(mean: int, rate_ppt: int) -> None:
    assert funding_rates.damped_ppb(mean) * 10 == rate_ppt


def test_tv_27_newest_samples_weigh_most() -> None:
    weighted = sum(k * p for k, p in enumerate((600_000, 700_000, 900_000, 1_200_000), 1))
    assert funding_rates.mean_ppb(weighted, 4) == 950_000


def test_fewer_than_60_samples_give_no_rate() -> None:
    instrument = Instrument.__new__(Instrument)
    instrument.funding = FundingWindow()
    instrument.funding.samples = 59
    instrument.funding.weighted_ppb = 950_000 * 59 * 60 // 2
    assert funding_rates.rate_ppt(instrument) == 0
    instrument.funding.samples = 60
    instrument.funding.weighted_ppb = 950_000 * 60 * 61 // 2
    assert funding_rates.rate_ppt(instrument) == 4_500_000


# ---- on the venue: an hour of samples at a premium of 9.5 basis points, settled


class Hour:
    """Instrument 1 at 25,400 with long A 12,345 against B 12,000 and C 345; D quotes around a chosen price."""

    def __init__(self, venue: RiskMarket) -> None:
        self.venue = venue
        venue.risk(market_calendar_id=1)
        venue.configure(K.SET_FEED, feed_id=1, sources=1, flag_ns=5 * SECOND, stale_ns=7_200 * SECOND)
        venue.configure(K.SET_INDEX, instrument_id=1, formula=int(IndexFormula.FEED), feed_a=1)
        for name in "ABCD":
            venue.deposit(name, 100_000)
        venue.send(K.PRICE, feed_id=1, price_e8=25_400 * TICK_E8, source_ns=1)
        venue.pulse()
        venue.trade("A", "B", 12_000, 25_400)
        venue.trade("A", "C", 345, 25_400)

    def premium(self, samples: int, bid: int = 0, ask: int = 0) -> None:
        """Funding samples against one large quote."""
        if bid:
            self.venue.order("D", "buy", 100_000, bid)
        if ask:
            self.venue.order("D", "sell", 100_000, ask)
        for _ in range(samples):
            self.venue.time_ns += 5 * SECOND
            assert self.venue.send(K.FUNDING_SAMPLE) == []

    def settle(self) -> list[dict[str, Any]]:
        return self.venue.send(K.FUNDING_SETTLE) + self.venue.drain()


def payments(events: list[dict[str, Any]]) -> dict[int, int]:
    found = of_kind(events, EventKind.ACCOUNT_ENTRY)
    assert all(e["entry"] == EntryKind.FUNDING for e in found)
    return {e["account_id"]: e["amount_micro"] for e in found}


def test_tv_28_payment(new_venue: Callable[..., RiskMarket]) -> None:
    """The exact rate of TV-27 comes from no book in whole ticks, so the window is given it before the settlement."""
    hour = Hour(new_venue())
    hour.premium(60, bid=25_440, ask=25_441)
    events = hour.settle()
    [rate] = of_kind(events, EventKind.FUNDING_RATE)
    ppt = funding_rates.damped_ppb(near_ppb(25_440, 25_400)) * 10
    assert (rate["samples"], rate["rate_ppt"]) == (60, ppt)
    value = 12_345 * 25_400 * 10
    long_pays = -(-value * ppt // 10**12)
    received = [lots * 25_400 * 10 * ppt // 10**12 for lots in (12_000, 345)]
    assert payments(events) == {1: -long_pays, 2: received[0], 3: received[1]}
    [done] = of_kind(events, EventKind.FUNDING_DONE)
    assert done["residue_micro"] == long_pays - sum(received)


def near_ppb(bid: int, index: int) -> int:
    return (2 * (bid - index) * 10**9 + index) // (2 * index)


def test_tv_28_in_integers() -> None:
    rate, pays = 4_500_000, -(-12_345 * 254_000 * 4_500_000 // 10**12)
    received = [lots * 254_000 * rate // 10**12 for lots in (12_000, 345)]
    assert (pays, received, pays - sum(received)) == (14_111, [13_716, 394], 1)


def test_shorts_pay_when_the_premium_is_negative(venue: RiskMarket) -> None:
    hour = Hour(venue)
    hour.premium(60, bid=25_350, ask=25_360)
    paid = payments(hour.settle())
    assert paid[1] > 0 > paid[2]
    assert venue.position("A")["funding_micro"] == paid[1]
    assert venue.status("A")["funding_micro"] == paid[1]


def test_no_payment_outside_external_hours(venue: RiskMarket) -> None:
    hour = Hour(venue)
    hour.premium(60, bid=25_440, ask=25_441)
    venue.configure(K.CALENDAR_CHANGE, calendar_id=1, is_open=0, risk_session=1)
    events = hour.settle()
    assert payments(events) == {}
    assert of_kind(events, EventKind.FUNDING_RATE)[0]["rate_ppt"] == 0


def test_the_position_at_the_instant_counts(new_venue: Callable[..., RiskMarket]) -> None:
    """The booking goes on in steps; who trades meanwhile pays for what he held, and what he buys is not charged."""
    venue = new_venue(limits={"risk_units_max": 1})
    hour = Hour(venue)
    venue.drain()
    hour.premium(60, bid=25_440, ask=25_441)
    events = venue.send(K.FUNDING_SETTLE)
    assert payments(events).keys() == {1}  # the first account of the pass
    events = venue.order("C", "buy", 345, 25_441)
    kinds = [e["kind"] for e in events]
    assert kinds[0] == EventKind.ACCOUNT_ENTRY  # what C received for its short, before it is gone
    assert events[0]["position_e8"] < 0
    assert venue.order("D", "sell", 1, 30_000)[0]["kind"] == EventKind.ORDER_NEW  # D held nothing then
    assert payments(venue.drain()).keys() == {2}


def test_one_settlement_at_a_time(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"risk_units_max": 1})
    hour = Hour(venue)
    venue.drain()
    hour.premium(60, bid=25_440, ask=25_441)
    venue.send(K.FUNDING_SETTLE)
    [event] = venue.send(K.FUNDING_SETTLE)
    assert (event["kind"], event["reason"]) == (EventKind.COMMAND_REJECTED, Reason.REJECTED_BUSY)
    venue.drain()
    assert of_kind(venue.send(K.FUNDING_SETTLE), EventKind.CONFIG_SET)
