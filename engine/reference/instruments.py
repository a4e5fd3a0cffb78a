"""An instrument: terms, book, prices, its part of funding and liquidation. Nothing here decides anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sortedcontainers import SortedDict, SortedList

from engine.api import Matcher
from engine.records import InstrumentFlag, InstrumentState
from engine.reference.arithmetic import PPM, ceiling
from engine.reference.commands import SetInstrument
from engine.reference.risk_commands import SetInstrumentRisk

if TYPE_CHECKING:
    from engine.reference.nodes import Position


class Rates:
    """Margin rates of one leverage, parts per million (rulebook section 8)."""

    __slots__ = ("close_out", "initial", "maintenance")

    def __init__(self, leverage: int) -> None:
        self.initial = ceiling(PPM, leverage)
        self.maintenance = ceiling(2 * self.initial, 3)
        self.close_out = ceiling(2 * self.maintenance, 3)


RATES = (Rates(1), *(Rates(leverage) for leverage in range(1, 256)))  # by leverage; 0 is not used


class Pricing:
    """From feeds to the mark (docs/risk.md section 6). Prices are q20: 2^-20 tick."""

    __slots__ = (
        "basis_q20", "close_price_e8", "delist_ns", "external_since_ns", "feed_a", "feed_b", "formula", "index_q20",
        "manual_price_e8", "oracle_count", "oracle_q20", "oracle_sum_q20", "prints", "published_session", "raw_q20",
        "reference_q20", "reopens", "roll_weight", "settlement_price_e8", "source",
    )  # fmt: skip

    def __init__(self) -> None:
        self.formula = 0  # IndexFormula; 0 = the mark comes from SET_MARK
        self.feed_a = 0
        self.feed_b = 0
        self.roll_weight = 0
        self.close_price_e8 = 0
        self.settlement_price_e8 = 0
        self.manual_price_e8 = 0
        self.prints = 0
        self.raw_q20 = 0
        self.index_q20 = 0
        self.oracle_q20 = 0
        self.basis_q20 = 0
        self.reference_q20 = 0
        self.external_since_ns = 0
        self.source = 0  # PriceSource
        self.published_session = 0
        self.reopens = 0
        self.delist_ns = 0
        self.oracle_sum_q20 = 0
        self.oracle_count = 0


class FundingWindow:
    __slots__ = ("samples", "settle_mark_ticks", "settle_rate_ppt", "weighted_ppb")

    def __init__(self) -> None:
        self.samples = 0
        self.weighted_ppb = 0  # sum of k * P_k
        self.settle_rate_ppt = 0  # of the last settlement
        self.settle_mark_ticks = 0


class Instrument:
    __slots__ = (
        "band_ppm",
        "book",
        "bumps_market",
        "config",
        "flow_average_micro",
        "flow_sent_micro",
        "funding",
        "high_stops",
        "holders",
        "instrument_id",
        "is_killed",
        "last_ticks",
        "latch_high_ticks",
        "latch_low_ticks",
        "long_lots",
        "lot_e8",
        "low_stops",
        "mark_ticks",
        "max_price_e8",
        "max_quantity_e8",
        "min_notional_micro",
        "min_price_e8",
        "min_quantity_e8",
        "open_orders",
        "oracle_price_e8",
        "pricing",
        "risk",
        "risk_config",
        "speed_bump_ns",
        "state",
        "tick_e8",
        "tick_value_micro",
    )  # fmt: skip

    def __init__(self, instrument_id: int, book: Matcher) -> None:
        self.instrument_id = instrument_id
        self.book = book
        self.state = int(InstrumentState.ACTIVE)
        self.mark_ticks = 0
        self.oracle_price_e8 = 0
        self.latch_low_ticks = 0
        self.latch_high_ticks = 0
        # Untriggered stops, the one with the largest distance first: (-trigger, order key) of those that fire at or
        # below their trigger, (trigger, order key) of those that fire at or above it.
        self.low_stops = SortedList()
        self.high_stops = SortedList()
        self.open_orders = 0
        self.holders: SortedDict = SortedDict()  # account id -> Position that is not flat
        self.long_lots = 0  # open interest
        self.last_ticks = 0  # last trade
        self.is_killed = 0
        self.risk: SetInstrumentRisk | None = None
        self.risk_config = b""
        self.pricing = Pricing()
        self.funding = FundingWindow()
        self.flow_average_micro = 0
        self.flow_sent_micro = 0

    def configure(self, config: bytes, fields: SetInstrument) -> None:
        """`config` is the body of the SET_INSTRUMENT in force, byte for byte."""
        self.config = config
        self.tick_e8 = fields.tick_size_e8
        self.lot_e8 = fields.lot_size_e8
        self.tick_value_micro = fields.tick_size_e8 * fields.lot_size_e8 // 10**10
        self.min_price_e8 = fields.min_price_e8
        self.max_price_e8 = fields.max_price_e8
        self.min_quantity_e8 = fields.min_quantity_e8
        self.max_quantity_e8 = fields.max_quantity_e8
        self.min_notional_micro = fields.min_notional_micro
        self.speed_bump_ns = fields.speed_bump_ns
        self.band_ppm = fields.band_ppm
        self.bumps_market = bool(fields.flags_instrument & InstrumentFlag.BUMP_MARKET)

    @property
    def fires_stops(self) -> bool:
        return self.state in (InstrumentState.ACTIVE, InstrumentState.REDUCE_ONLY)

    @property
    def min_ticks(self) -> int:
        return self.min_price_e8 // self.tick_e8

    @property
    def max_ticks(self) -> int:
        return self.max_price_e8 // self.tick_e8

    @property
    def is_priced(self) -> bool:
        """Does its mark come from feeds and pulses?"""
        return self.pricing.formula != 0

    @property
    def product_group(self) -> int:
        return self.risk.product_group if self.risk else 0

    def rates(self, position: Position) -> Rates:
        """Of an instrument with a SET_INSTRUMENT_RISK."""
        assert self.risk is not None
        return RATES[position.leverage or self.risk.leverage_max]

    def value_micro(self, ticks_lots: int) -> int:
        return ticks_lots * self.tick_value_micro

    def mark_value_micro(self, lots: int) -> int:
        return lots * self.mark_ticks * self.tick_value_micro

    def add_holder(self, position: Position) -> None:
        self.holders[position.account_id] = position

    def remove_holder(self, position: Position) -> None:
        del self.holders[position.account_id]
