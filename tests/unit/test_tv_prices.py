"""The rulebook's test vectors of section 7, and TV-03: averages, index, oracle, impact prices, mark, bands."""

from __future__ import annotations

from typing import Any

import pytest

from engine.records import CommandKind, EventKind, IndexFormula, PriceSource, Reason, RiskSession, SessionRight
from engine.reference import prices
from engine.reference.arithmetic import A150, ONE_Q20, average_step
from engine.reference.instruments import Pricing
from tests.risk_market import SECOND, TICK_E8, RiskMarket, of_kind
from tests.scenario import SESSIONS

K = CommandKind
FEED, OTHER_FEED = 7, 8


class Feeds:
    """Instrument 1 priced by one feed of three sources, and by hand what the sources say."""

    def __init__(self, venue: RiskMarket, formula: IndexFormula = IndexFormula.FEED, **risk: Any) -> None:
        self.venue = venue
        venue.risk(market_calendar_id=1, risk_calendar_id=1, **risk)
        for feed in (FEED, OTHER_FEED):
            venue.configure(K.SET_FEED, feed_id=feed, sources=3, flag_ns=5 * SECOND, stale_ns=30 * SECOND)
        two = formula in (IndexFormula.PRODUCT, IndexFormula.QUOTIENT, IndexFormula.ROLL)
        venue.configure(
            K.SET_INDEX, instrument_id=1, formula=int(formula), feed_a=FEED, feed_b=OTHER_FEED if two else 0
        )

    def say(self, ticks: int, source: int = 0, feed: int = FEED) -> None:
        assert not self.venue.send(
            K.PRICE, feed_id=feed, source=source, price_e8=ticks * TICK_E8, source_ns=self.venue.time_ns
        )

    def pulse(self) -> dict[str, Any]:
        """The MARK_CHANGED of a pulse; empty when nothing has changed."""
        return next(iter(of_kind(self.venue.pulse(), EventKind.MARK_CHANGED)), {})

    def calendar(self, is_open: bool, session: RiskSession = RiskSession.OPEN) -> None:
        self.venue.configure(K.CALENDAR_CHANGE, calendar_id=1, is_open=int(is_open), risk_session=int(session))


@pytest.fixture
def feeds(venue: RiskMarket) -> Feeds:
    return Feeds(venue)


def test_tv_03_moving_average() -> None:
    steps, value = [], 0
    for _ in range(3):
        value = average_step(value, 21 * ONE_Q20 // 2, A150)
        steps.append(value)
    assert steps == [73_156, 145_826, 218_013]


def test_tv_07_an_index_print_out_of_range_is_held_until_the_next(feeds: Feeds) -> None:
    seen = []
    for ticks in (25_400, 38_101, 38_050):
        feeds.say(ticks)
        event = feeds.pulse()
        seen.append(event["index_price_e8"] // TICK_E8 if event else seen[-1])
        feeds.pulse()  # a pulse without a new print changes nothing
    assert seen == [25_400, 25_400, 38_050]


def test_tv_07_in_integers() -> None:
    assert prices.accepted_q20(38_101, 25_400) == 25_400
    assert prices.accepted_q20(38_100, 25_400) == 38_100
    assert prices.accepted_q20(12_700, 25_400) == 12_700
    assert prices.accepted_q20(12_699, 25_400) == 25_400


def test_tv_08_index_by_the_change_of_a_future(venue: RiskMarket) -> None:
    feeds = Feeds(venue, IndexFormula.BASIS)
    venue.configure(
        K.SET_INDEX_REFERENCE, instrument_id=1, close_price_e8=65_001 * TICK_E8, settlement_price_e8=65_310 * TICK_E8
    )
    feeds.say(65_420)
    assert feeds.pulse()["oracle_price_e8"] == 65_111 * TICK_E8


def test_tv_09_and_35_the_roll_moves_the_oracle_alone(venue: RiskMarket) -> None:
    feeds = Feeds(venue, IndexFormula.ROLL)
    for name in "AB":
        venue.deposit(name, 10_000)
    feeds.say(6012)
    feeds.say(6047, feed=OTHER_FEED)
    assert feeds.pulse()["oracle_price_e8"] == 6012 * TICK_E8
    venue.trade("A", "B", 10, 6012)
    before = [venue.status(name)["balance_micro"] for name in "AB"]

    events = venue.send(K.SET_ROLL_WEIGHT, instrument_id=1, weight=8)
    assert [e["kind"] for e in events] == [EventKind.CONFIG_SET]
    events = venue.pulse()
    assert of_kind(events, EventKind.MARK_CHANGED)[0]["oracle_price_e8"] == 6019 * TICK_E8
    assert not of_kind(events, EventKind.ACCOUNT_ENTRY, EventKind.POSITION_CHANGED, EventKind.HOUSE_ENTRY)
    assert [venue.status(name)["balance_micro"] for name in "AB"] == before


def test_tv_10_internal_oracle() -> None:
    oracle = 25_400 * ONE_Q20
    moved = prices.internal_oracle_q20(oracle, 25_460 * ONE_Q20, 25_490 * ONE_Q20, oracle, 10)
    assert moved - oracle == 17_474


def book(*levels: tuple[int, int]) -> list[tuple[int, int, int]]:
    return [(ticks, lots, 1) for ticks, lots in levels]


def test_tv_11_impact_prices() -> None:
    notional = 10_000_000_000
    bids = book((25_404, 20_000), (25_403, 15_000), (25_400, 50_000))
    asks = book((25_412, 10_000), (25_414, 12_000), (25_416, 60_000))
    assert prices.impact_q20(bids, notional, 10, side=1) == 26_637_159_973
    assert prices.impact_q20(asks, notional, 10, side=2) == 26_648_902_095
    assert prices.impact_q20(bids[:2], notional, 10, side=1) == 0


def test_tv_12_mark_is_the_median_of_three() -> None:
    basis = 33 * ONE_Q20 // 4
    terms = prices.mark_q20(25_400 * ONE_Q20, basis, 25_409, 25_412, 25_415)
    assert terms == 25_400 * ONE_Q20 + basis
    assert prices.near(terms, ONE_Q20) == 25_408


@pytest.mark.parametrize(
    ("bid", "ask", "last", "book_ticks"),
    [
        (25_409, 25_412, 25_411, 25_411), (25_409, 25_412, 25_000, 25_409), (25_409, 0, 25_411, 25_411),
        (25_409, 0, 25_000, 25_409), (0, 25_412, 25_411, 25_411), (0, 25_412, 26_000, 25_412), (0, 0, 25_405, 25_405),
    ],
)  # fmt: skip
def test_the_books_term_of_the_mark(bid: int, ask: int, last: int, book_ticks: int) -> None:
    oracle, far = 25_000 * ONE_Q20, 1000 * ONE_Q20  # the book's term lies between the other two
    assert prices.mark_q20(oracle, far, bid, ask, last) == book_ticks * ONE_Q20


def test_never_traded_the_mark_is_the_middle_of_the_others_rounded_down() -> None:
    assert prices.mark_q20(1000, 3, 25_409, 25_412, 0) == 1001


def test_tv_13_outside_external_hours_the_mark_keeps_near_the_last_external_price(feeds: Feeds) -> None:
    assert [ticks // ONE_Q20 for ticks in prices.reference_range(25_400 * ONE_Q20, 10)] == [22_860, 27_940]
    venue = feeds.venue
    for name in "AB":
        venue.deposit(name, 1_000_000)
    feeds.say(25_400)
    feeds.pulse()
    feeds.calendar(is_open=False, session=RiskSession.WEEKEND)
    feeds.pulse()
    venue.trade("A", "B", 1, 30_000)  # far away, so that the book pulls the mark
    venue.order("A", "buy", 1, 30_000)
    marks = [e["mark_price_e8"] // TICK_E8 for e in (feeds.pulse() for _ in range(3)) if e]
    assert max(marks, default=25_400) <= 27_940


@pytest.mark.parametrize(
    ("session", "low", "high"),
    [
        (RiskSession.OPEN, 22_868, 27_948),
        (RiskSession.OVERNIGHT, 23_630, 27_186),
        (RiskSession.WEEKEND, 24_138, 26_678),
    ],
)
def test_tv_14_bands(venue: RiskMarket, session: RiskSession, low: int, high: int) -> None:
    venue.deposit("A", 1_000_000)
    venue.instrument(2, band_ppm=100_000, risk_calendar_id=3)
    venue.configure(K.CALENDAR_CHANGE, calendar_id=3, is_open=1, risk_session=int(session))
    venue.mark(25_408, instrument=2)
    assert venue.outcome("A", "buy", 1, high, instrument=2) == Reason.ACK
    assert venue.outcome("A", "buy", 1, high + 1, instrument=2) == Reason.REJECTED_GREATER_THAN_MAX_PRICE_BAND
    assert venue.outcome("A", "sell", 1, high + 100, instrument=2) == Reason.ACK
    assert venue.outcome("A", "sell", 1, low - 1, instrument=2) == Reason.REJECTED_LESS_THAN_MIN_PRICE_BAND
    venue.send(K.MASS_CANCEL, scope=2, target_id=1)
    assert venue.outcome("A", "sell", 1, low, instrument=2) == Reason.ACK


# ---- beyond the vectors: sources, staleness, handover, composite indices


def test_the_index_is_the_median_of_fresh_sources(feeds: Feeds) -> None:
    for source, ticks in enumerate((25_000, 25_100, 26_000)):
        feeds.say(ticks, source)
    assert feeds.pulse()["index_price_e8"] == 25_100 * TICK_E8
    feeds.venue.time_ns += 25 * SECOND
    feeds.say(25_100, 1)
    feeds.say(25_200, 2)
    feeds.venue.time_ns += 6 * SECOND  # source 0 is stale
    event = feeds.pulse()
    assert event["index_price_e8"] == 25_150 * TICK_E8
    assert event["flagged"] == 1


def test_without_fresh_sources_the_oracle_is_the_venues_own(feeds: Feeds) -> None:
    feeds.say(25_400)
    assert feeds.pulse()["source"] == PriceSource.EXTERNAL
    feeds.venue.time_ns += 29 * SECOND
    event = feeds.pulse()
    assert (event["source"], event["risk_session"]) == (PriceSource.INTERNAL, RiskSession.OVERNIGHT)
    feeds.say(25_600)
    event = feeds.pulse()
    assert (event["source"], event["risk_session"]) == (PriceSource.EXTERNAL, RiskSession.OPEN)
    assert event["oracle_price_e8"] == 25_600 * TICK_E8


def test_after_the_return_the_mark_walks(feeds: Feeds) -> None:
    feeds.say(25_400)
    feeds.pulse()
    feeds.calendar(is_open=False)
    feeds.pulse()
    feeds.calendar(is_open=True)
    feeds.say(26_000)
    marks = [feeds.pulse()["mark_price_e8"] // TICK_E8]
    while marks[-1] < 26_000:
        marks.append(feeds.pulse()["mark_price_e8"] // TICK_E8)
    assert marks[:3] == [25_400 + 84, 25_484 + 84, 25_568 + 85]  # at most 3,333 ppm in a pulse
    assert marks[-1] == 26_000


def test_a_price_in_won_over_its_rate(venue: RiskMarket) -> None:
    feeds = Feeds(venue, IndexFormula.QUOTIENT)
    assert not venue.send(K.PRICE, feed_id=FEED, price_e8=71_400 * 10**8, source_ns=1)
    assert not venue.send(K.PRICE, feed_id=OTHER_FEED, price_e8=1_380 * 10**8, source_ns=1)
    event = feeds.pulse()
    assert event["index_price_e8"] == 51_73913043  # 51.739130434... USD
    assert event["mark_price_e8"] == 5174 * TICK_E8


def test_a_product_of_feeds() -> None:
    pricing = Pricing()
    pricing.formula = int(IndexFormula.PRODUCT)
    assert prices.raw_q20(pricing, TICK_E8, 2 * 10**8, 3 * 10**8) == 600 * ONE_Q20


def test_a_basis_without_its_reference_is_no_price(venue: RiskMarket) -> None:
    feeds = Feeds(venue, IndexFormula.BASIS)
    feeds.say(65_420)
    assert feeds.pulse() == {}
    assert venue.outcome("A", "buy", 1, 65_000) == Reason.REJECTED_NO_REFERENCE_PRICE


def test_an_operators_price_takes_the_place_of_the_feeds(feeds: Feeds) -> None:
    venue = feeds.venue
    feeds.say(25_400)
    feeds.pulse()
    refused = venue.send(K.SET_MANUAL_PRICE, instrument_id=1, price_e8=25_000 * TICK_E8, operator_id=4, approver_id=4)
    assert refused[0]["reason"] == Reason.APPROVAL_REQUIRED
    venue.configure(K.SET_MANUAL_PRICE, instrument_id=1, price_e8=25_000 * TICK_E8, operator_id=4, approver_id=5)
    feeds.say(25_500)
    event = feeds.pulse()
    assert (event["source"], event["index_price_e8"]) == (PriceSource.MANUAL, 25_000 * TICK_E8)
    venue.configure(K.SET_MANUAL_PRICE, instrument_id=1, price_e8=0)
    assert feeds.pulse()["index_price_e8"] == 25_500 * TICK_E8


def test_who_may_send_prices(feeds: Feeds) -> None:
    venue = feeds.venue
    price = {"feed_id": FEED, "price_e8": 25_400 * TICK_E8, "session_id": SESSIONS["A"]}
    assert venue.send(K.PRICE, **price)[0]["reason"] == Reason.PERMISSION_DENIED
    venue.session("A", rights=int(SessionRight.PRICES))
    assert venue.send(K.PRICE, **price) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"feed_id": 99}, Reason.INVALID_PARAMETER), ({"source": 3}, Reason.INVALID_PARAMETER),
        ({"price_e8": 0}, Reason.INVALID_PARAMETER), ({"price_e8": 5 * 10**15 + 1}, Reason.INVALID_PARAMETER),
        ({"source_ns": 99}, Reason.REJECTED_STALE),
    ],
)  # fmt: skip
def test_prices_that_are_refused(feeds: Feeds, fields: dict[str, int], reason: Reason) -> None:
    good = {"feed_id": FEED, "source": 0, "price_e8": 100, "source_ns": 100}
    assert feeds.venue.send(K.PRICE, **good) == []
    [event] = feeds.venue.send(K.PRICE, **{**good, **fields})
    assert (event["kind"], event["reason"]) == (EventKind.COMMAND_REJECTED, reason)


def test_an_instrument_that_is_priced_takes_no_mark(feeds: Feeds) -> None:
    [event] = feeds.venue.mark(25_000)
    assert event["reason"] == Reason.INVALID_PARAMETER


def test_the_static_range_follows_the_oracle(feeds: Feeds) -> None:
    venue = feeds.venue
    venue.deposit("A", 1_000_000)
    feeds.say(20_000)
    feeds.pulse()
    assert venue.outcome("A", "buy", 1, 9_999) == Reason.PRICE_LESS_THAN_MIN_PRICE
    assert venue.outcome("A", "buy", 1, 10_000) == Reason.ACK
    assert venue.outcome("A", "sell", 1, 30_001) == Reason.PRICE_GREATER_THAN_MAX_PRICE
    assert venue.outcome("A", "sell", 1, 30_000) == Reason.ACK


def test_the_mark_fires_stops_at_the_pulse(feeds: Feeds) -> None:
    venue = feeds.venue
    for name in "ABC":
        venue.deposit(name, 1_000_000)
    feeds.say(25_400)
    feeds.pulse()
    venue.trade("A", "B", 100, 25_400)
    venue.order("C", "buy", 100, 25_000)
    assert venue.outcome("A", "sell", 100, 25_300, order_type=4) == Reason.ACK
    feeds.say(25_200)
    events = venue.pulse()
    kinds = [e["kind"] for e in events]
    assert kinds.index(EventKind.MARK_CHANGED) < kinds.index(EventKind.ORDER_TRIGGERED)
    assert venue.lots("A") == 0
