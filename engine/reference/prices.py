"""Prices (docs/risk.md section 6): feeds, index, oracle, mark, and the pulse that works them out. q20 is 2^-20 tick."""

from __future__ import annotations

from engine.records import INT64_MAX, EventKind, IndexFormula, InstrumentState, PriceSource, Reason
from engine.reference import calendars
from engine.reference.arithmetic import A60, A150, A3600, E8, ONE_Q20, PPM, average_step, ceiling, near
from engine.reference.cascades import latch
from engine.reference.constants import BUY, SELL
from engine.reference.instruments import Instrument, Pricing
from engine.reference.risk_commands import (
    Header,
    Price,
    SetFeed,
    SetIndex,
    SetIndexReference,
    SetManualPrice,
    SetRollWeight,
)
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State
from engine.reference.venue import SOURCES_MAX, Feed

IMPACT_LEVELS_MAX = 1_000
HANDOVER_NS = 300 * 10**9
HANDOVER_STEP_PPM = 3_333
PRICE_MAX_E8 = 5 * 10**15  # of a feed: so that a product of two fits 128 bits
PRICE_MAX_Q20 = (1 << 44) - 1  # the widest book has 2^24 ticks
_HOUR_NS = 3_600 * 10**9


# ---- from feeds to the raw index


def median_e8(feed: Feed, now_ns: int) -> int | None:
    """Of the sources that are not stale; between two middles NEAR. None when there is none."""
    fresh = sorted(price for price, time_ns, _ in filter(None, feed.prices) if now_ns - time_ns <= feed.stale_ns)
    if not fresh:
        return None
    middle = len(fresh) // 2
    return fresh[middle] if len(fresh) % 2 else near(fresh[middle - 1] + fresh[middle], 2)


def is_flagged(feed: Feed, now_ns: int) -> bool:
    """Is every source that could be used older than flag_ns?"""
    return all(now_ns - time_ns > feed.flag_ns for _, time_ns, _ in filter(None, feed.prices))


def raw_q20(pricing: Pricing, tick_e8: int, a_e8: int, b_e8: int) -> int:
    """The formula, exact up to one rounding at its end; 0 while it lacks its reference."""
    if pricing.formula == IndexFormula.PRODUCT:
        return near(a_e8 * b_e8 * ONE_Q20, E8 * tick_e8)
    if pricing.formula == IndexFormula.QUOTIENT:
        return near(a_e8 * E8 * ONE_Q20, b_e8 * tick_e8)
    if pricing.formula == IndexFormula.ROLL:
        return near((pricing.roll_weight * a_e8 + (10 - pricing.roll_weight) * b_e8) * ONE_Q20, 10 * tick_e8)
    if pricing.formula == IndexFormula.BASIS:
        if not pricing.close_price_e8:
            return 0
        return near((pricing.close_price_e8 + a_e8 - pricing.settlement_price_e8) * ONE_Q20, tick_e8)
    return near(a_e8 * ONE_Q20, tick_e8)


def accepted_q20(raw: int, before: int) -> int:
    """The index of a print: the raw price, or the raw price before it when it is less than half or more than 1.5 of
    that (rulebook section 7, read literally: a real gap passes with the second consistent print)."""
    if before == 0 or before <= 2 * raw <= 3 * before:
        return raw
    return before


# ---- oracle, impact, mark


def impact_q20(levels: list[tuple[int, int, int]], notional_micro: int, tick_value_micro: int, side: int) -> int:
    """Average price of a market order of that notional against a side's levels; 0 when they are too thin."""
    left, value, lots = notional_micro, 0, 0
    for price_ticks, shown_lots, _ in levels:
        lot_micro = price_ticks * tick_value_micro
        taken = min(shown_lots, ceiling(left, lot_micro))
        value += price_ticks * taken
        lots += taken
        left -= lot_micro * taken
        if left <= 0:
            return value * ONE_Q20 // lots if side == BUY else ceiling(value * ONE_Q20, lots)
    return 0


def impact_prices(instrument: Instrument) -> tuple[int, int]:
    """(bid, ask) in q20, 0 where the side cannot fill the impact notional within IMPACT_LEVELS_MAX levels."""
    if instrument.risk is None:
        return 0, 0
    notional, tick_value = instrument.risk.impact_notional_micro, instrument.tick_value_micro
    bid, ask = (
        impact_q20(instrument.book.depth(side, IMPACT_LEVELS_MAX), notional, tick_value, side) for side in (BUY, SELL)
    )
    return bid, ask


def internal_oracle_q20(oracle: int, impact_bid: int, impact_ask: int, reference: int, leverage_max: int) -> int:
    """One pulse without external prices: towards where the book would fill, within reference * (1 -/+ 1/Lmax)."""
    push = max(0, impact_bid - oracle) if impact_bid else 0
    pull = max(0, oracle - impact_ask) if impact_ask else 0
    moved = oracle + near((push - pull) * A3600, 1 << 32)
    low, high = reference_range(reference, leverage_max)
    return min(max(moved, low), high)


def reference_range(reference: int, leverage_max: int) -> tuple[int, int]:
    return ceiling(reference * (leverage_max - 1), leverage_max), reference * (leverage_max + 1) // leverage_max


def mark_q20(oracle: int, basis: int, bid: int, ask: int, last: int) -> int:
    """Median of oracle, oracle + basis, and the book's price; `bid`, `ask`, `last` are ticks, 0 = none."""
    if last == 0:
        return (2 * oracle + basis) // 2
    if bid and ask:
        book = sorted((bid, ask, last))[1]
    elif bid:
        book = max(bid, last)
    elif ask:
        book = min(ask, last)
    else:
        book = last
    return sorted((oracle, oracle + basis, book * ONE_Q20))[1]


def _are_prices(body: SetIndexReference) -> bool:
    return 0 < body.close_price_e8 <= PRICE_MAX_E8 and 0 < body.settlement_price_e8 <= PRICE_MAX_E8


class Prices:
    def __init__(self, state: State, events: RiskEvents) -> None:
        self._state = state
        self._events = events

    # ---- commands

    def set_feed(self, head: Header, body: SetFeed) -> Reason:
        if body.feed_id == 0 or not 1 <= body.sources <= SOURCES_MAX or not 0 < body.flag_ns <= body.stale_ns:
            return Reason.INVALID_PARAMETER
        if body.feed_id > self._state.limits.feeds_max:
            return Reason.REJECTED_CAPACITY
        feed = self._state.feeds.get(body.feed_id)
        if feed is None:
            feed = self._state.feeds[body.feed_id] = Feed(body.feed_id)
        feed.flag_ns, feed.stale_ns, feed.name = body.flag_ns, body.stale_ns, body.name
        feed.prices = [*feed.prices, *[None] * SOURCES_MAX][: body.sources]
        return Reason.ACK

    def set_index(self, head: Header, body: SetIndex) -> Reason:
        """An instrument once priced stays priced: another formula or other feeds may follow."""
        instrument = self._state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        two = body.formula in (IndexFormula.PRODUCT, IndexFormula.QUOTIENT, IndexFormula.ROLL)
        if not IndexFormula.FEED <= body.formula <= IndexFormula.BASIS or two != bool(body.feed_b):
            return Reason.INVALID_PARAMETER
        if instrument.risk is None:
            return Reason.REJECTED_NO_RISK_CONFIGURATION
        if body.feed_a not in self._state.feeds or (two and body.feed_b not in self._state.feeds):
            return Reason.INVALID_PARAMETER
        pricing = instrument.pricing
        if body.formula == IndexFormula.ROLL and pricing.formula != IndexFormula.ROLL:
            pricing.roll_weight = 10
        pricing.formula, pricing.feed_a, pricing.feed_b = body.formula, body.feed_a, body.feed_b
        pricing.prints = 0
        return Reason.ACK

    def set_roll_weight(self, head: Header, body: SetRollWeight) -> Reason:
        instrument = self._state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        if instrument.pricing.formula != IndexFormula.ROLL or body.weight > 10:
            return Reason.INVALID_PARAMETER
        instrument.pricing.roll_weight = body.weight
        instrument.pricing.prints = 0
        return Reason.ACK

    def set_index_reference(self, head: Header, body: SetIndexReference) -> Reason:
        instrument = self._state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        pricing = instrument.pricing
        if pricing.formula != IndexFormula.BASIS or not _are_prices(body):
            return Reason.INVALID_PARAMETER
        pricing.close_price_e8, pricing.settlement_price_e8 = body.close_price_e8, body.settlement_price_e8
        pricing.prints = 0
        return Reason.ACK

    def set_manual_price(self, head: Header, body: SetManualPrice) -> Reason:
        instrument = self._state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        in_range = instrument.min_price_e8 <= body.price_e8 <= instrument.max_price_e8
        if not instrument.is_priced or (body.price_e8 and not in_range):
            return Reason.INVALID_PARAMETER
        instrument.pricing.manual_price_e8 = body.price_e8
        instrument.pricing.prints = 0
        return Reason.ACK

    def price(self, head: Header, body: Price) -> Reason:
        """A source's price. One that is older than the source's last is refused."""
        feed = self._state.feeds.get(body.feed_id)
        if feed is None or body.source >= len(feed.prices) or not 0 < body.price_e8 <= PRICE_MAX_E8:
            return Reason.INVALID_PARAMETER
        before = feed.prices[body.source]
        if before is not None and body.source_ns < before[2]:
            return Reason.REJECTED_STALE
        feed.prices[body.source] = (body.price_e8, self._state.timestamp_ns, body.source_ns)
        feed.prints += 1
        return Reason.ACK

    # ---- MARK_PULSE

    def pulse(self) -> None:
        """Phases 1 to 5 of the pulse, instruments by id; the passes over accounts and monitors are started."""
        state = self._state
        state.risk.pulses += 1
        for _, instrument in sorted(state.instruments.items()):
            if instrument.risk is not None:
                sent = instrument.flow_sent_micro
                instrument.flow_average_micro = average_step(instrument.flow_average_micro, sent, A60)
                instrument.flow_sent_micro = 0
            if instrument.is_priced and instrument.state != InstrumentState.DELISTED:
                self._pulse(instrument)
        for _, instrument in sorted(state.instruments.items()):
            if instrument.mark_ticks:
                latch(state, instrument)

    def _pulse(self, instrument: Instrument) -> None:
        pricing = instrument.pricing
        before = (instrument.mark_ticks, pricing.index_q20, pricing.oracle_q20, pricing.source)
        printed = self._take_index(instrument)
        self._take_oracle(instrument)
        if not pricing.oracle_q20:
            return
        self._average_oracle(instrument)
        self._take_mark(instrument)
        session = calendars.risk_session(self._state, instrument)
        after = (instrument.mark_ticks, pricing.index_q20, pricing.oracle_q20, pricing.source)
        if before != after or session != pricing.published_session:
            pricing.published_session = session
            self._events.price(EventKind.MARK_CHANGED, instrument, self._is_flagged(pricing))
        if pricing.reopens and printed and pricing.index_q20 == pricing.raw_q20:
            pricing.reopens = 0
            instrument.state = int(InstrumentState.ACTIVE)
            self._events.price(EventKind.INSTRUMENT_STATE, instrument)

    def _feeds(self, pricing: Pricing) -> list[Feed]:
        feeds = self._state.feeds
        return [feeds[feed_id] for feed_id in (pricing.feed_a, pricing.feed_b) if feed_id]

    def _is_flagged(self, pricing: Pricing) -> bool:
        return any(is_flagged(feed, self._state.timestamp_ns) for feed in self._feeds(pricing))

    def _take_index(self, instrument: Instrument) -> bool:
        """Phase 1: source and index. True when there was a new print."""
        pricing, now = instrument.pricing, self._state.timestamp_ns
        if pricing.manual_price_e8:
            pricing.source = int(PriceSource.MANUAL)
            pricing.raw_q20 = pricing.index_q20 = near(pricing.manual_price_e8 * ONE_Q20, instrument.tick_e8)
            return False
        feeds = self._feeds(pricing)
        medians = [median_e8(feed, now) for feed in feeds]
        known = [price for price in medians if price is not None]
        raw = 0
        if len(known) == len(feeds):
            raw = raw_q20(pricing, instrument.tick_e8, known[0], known[-1])
        usable = 0 < raw <= PRICE_MAX_Q20 and calendars.is_market_open(self._state, instrument)
        if not usable:
            if pricing.source != PriceSource.NONE:
                pricing.source = int(PriceSource.INTERNAL)
            return False
        if pricing.source != PriceSource.EXTERNAL:
            back = pricing.source in (PriceSource.INTERNAL, PriceSource.MANUAL)
            pricing.external_since_ns = now if back else 0
            pricing.source = int(PriceSource.EXTERNAL)
        prints = sum(feed.prints for feed in feeds)
        if prints == pricing.prints:
            return False
        pricing.prints = prints
        pricing.index_q20 = accepted_q20(raw, pricing.raw_q20)
        pricing.raw_q20 = raw
        return True

    def _take_oracle(self, instrument: Instrument) -> None:
        pricing = instrument.pricing
        assert instrument.risk is not None
        if pricing.source in (PriceSource.EXTERNAL, PriceSource.MANUAL):
            pricing.oracle_q20 = pricing.reference_q20 = pricing.index_q20
        elif pricing.source == PriceSource.INTERNAL:
            bid, ask = impact_prices(instrument)
            pricing.oracle_q20 = internal_oracle_q20(
                pricing.oracle_q20, bid, ask, pricing.reference_q20, instrument.risk.leverage_max
            )
        instrument.oracle_price_e8 = min(near(pricing.oracle_q20 * instrument.tick_e8, ONE_Q20), INT64_MAX)

    def _average_oracle(self, instrument: Instrument) -> None:
        """The mean over the hour before a delisting."""
        pricing, now = instrument.pricing, self._state.timestamp_ns
        if pricing.delist_ns and pricing.delist_ns - _HOUR_NS <= now < pricing.delist_ns:
            pricing.oracle_sum_q20 += pricing.oracle_q20
            pricing.oracle_count += 1

    def _take_mark(self, instrument: Instrument) -> None:
        """Phases 2 and 3: basis, mark in whole ticks, guards."""
        pricing, book = instrument.pricing, instrument.book
        best_bid, best_ask = book.best(BUY), book.best(SELL)
        bid, ask = best_bid[0] if best_bid else 0, best_ask[0] if best_ask else 0
        if bid and ask:
            sample = (bid + ask) * (ONE_Q20 // 2) - pricing.oracle_q20
            pricing.basis_q20 = average_step(pricing.basis_q20, sample, A150)
        mark = near(mark_q20(pricing.oracle_q20, pricing.basis_q20, bid, ask, instrument.last_ticks), ONE_Q20)
        instrument.mark_ticks = self._guarded(instrument, mark)

    def _guarded(self, instrument: Instrument, mark: int) -> int:
        pricing, before = instrument.pricing, instrument.mark_ticks
        assert instrument.risk is not None
        if pricing.source == PriceSource.INTERNAL:
            low, high = reference_range(pricing.reference_q20, instrument.risk.leverage_max)
            mark = min(max(mark, ceiling(low, ONE_Q20)), high // ONE_Q20)
        if pricing.external_since_ns:
            if self._state.timestamp_ns - pricing.external_since_ns > HANDOVER_NS:
                pricing.external_since_ns = 0
            elif before:
                step = max(1, before * HANDOVER_STEP_PPM // PPM)
                mark = min(max(mark, before - step), before + step)
        return min(max(mark, instrument.min_ticks), instrument.max_ticks)
