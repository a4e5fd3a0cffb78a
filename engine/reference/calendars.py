"""Sessions and what they scale (docs/risk.md section 5): external hours, risk session, bands, caps, spreads.

Time zones are resolved outside: the engine knows only what CALENDAR_CHANGE last said. Prices are ticks.
"""

from __future__ import annotations

from engine.records import PriceSource, RiskSession
from engine.reference.arithmetic import MICRO, PPM, ceiling
from engine.reference.constants import BUY
from engine.reference.instruments import Instrument
from engine.reference.state import State


def is_market_open(state: State, instrument: Instrument) -> bool:
    """Do external hours run, by the calendar? An instrument without one is always open."""
    calendar = state.calendars.get(instrument.risk.market_calendar_id) if instrument.risk else None
    return calendar is None or not calendar.is_closed


def risk_session(state: State, instrument: Instrument) -> int:
    """The calendar's; at least OVERNIGHT while the market should be open and there is no external price."""
    calendar = state.calendars.get(instrument.risk.risk_calendar_id) if instrument.risk else None
    session = calendar.risk_session if calendar else int(RiskSession.OPEN)
    halted = instrument.is_priced and instrument.pricing.source == PriceSource.INTERNAL
    if halted and is_market_open(state, instrument):
        return max(session, int(RiskSession.OVERNIGHT))
    return session


def band_ppm(state: State, instrument: Instrument) -> int:
    """Width of the price band in force; 0 = none."""
    return instrument.band_ppm * state.risk.band_ppm[risk_session(state, instrument)] // PPM


def highest_buy_ticks(state: State, instrument: Instrument) -> int:
    return instrument.mark_ticks * (PPM + band_ppm(state, instrument)) // PPM


def lowest_sell_ticks(state: State, instrument: Instrument) -> int:
    return ceiling(instrument.mark_ticks * (PPM - band_ppm(state, instrument)), PPM)


def edge_ticks(state: State, instrument: Instrument, side: int) -> int:
    """The band's edge on a side, within the instrument's price range: the limit of a MARKET order."""
    if not band_ppm(state, instrument):
        return instrument.max_ticks if side == BUY else instrument.min_ticks
    edge = highest_buy_ticks(state, instrument) if side == BUY else lowest_sell_ticks(state, instrument)
    return min(max(edge, instrument.min_ticks), instrument.max_ticks)


def spread_ppm(state: State, instrument: Instrument) -> int:
    """Distance of liquidation orders from the mark, tenths of 1/Lmax; of an instrument with a SET_INSTRUMENT_RISK."""
    assert instrument.risk is not None
    return state.risk.spread_tenths[risk_session(state, instrument)] * (PPM // (10 * instrument.risk.leverage_max))


def peg_ticks(state: State, instrument: Instrument, side: int) -> int:
    """Limit of an order that the venue pegs near the mark: the spread, or the band's edge when that is nearer or there
    is no spread."""
    edge = edge_ticks(state, instrument, side)
    if instrument.risk is None:
        return edge
    spread = spread_ppm(state, instrument)
    if side == BUY:
        return max(min(edge, instrument.mark_ticks * (PPM + spread) // PPM), instrument.min_ticks)
    return min(max(edge, ceiling(instrument.mark_ticks * (PPM - spread), PPM)), instrument.max_ticks)


def position_cap_micro(state: State, instrument: Instrument, leverage: int) -> int:
    """Largest position at the mark: cap * (2 Lmax - L) / Lmax in whole USDC, then the session's part, both DOWN."""
    assert instrument.risk is not None
    largest = instrument.risk.leverage_max
    cap_usdc = instrument.risk.position_cap_micro * (2 * largest - leverage) // (largest * MICRO)
    return cap_usdc * MICRO * state.risk.position_cap_ppm[risk_session(state, instrument)] // PPM


def interest_cap_micro(state: State, instrument: Instrument) -> int:
    """Largest open interest at the mark; 0 = none."""
    assert instrument.risk is not None
    return instrument.risk.interest_cap_micro * state.risk.interest_cap_ppm[risk_session(state, instrument)] // PPM


def flow_cap_micro(state: State, instrument: Instrument) -> int:
    return state.risk.flow_cap_micro[risk_session(state, instrument)]
