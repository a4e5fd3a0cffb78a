"""Stops at a new mark (docs/engine.md section 3): the range that a cascade has covered, and the next stop to fire."""

from __future__ import annotations

from engine.reference.instruments import Instrument
from engine.reference.state import Order, State


def latch(state: State, instrument: Instrument) -> None:
    """A new mark that fires a stop starts a cascade; one that finds a cascade widens its range."""
    if not instrument.fires_stops:
        return
    mark = instrument.mark_ticks
    if instrument.latch_low_ticks:
        instrument.latch_low_ticks = min(instrument.latch_low_ticks, mark)
        instrument.latch_high_ticks = max(instrument.latch_high_ticks, mark)
        return
    low, high = instrument.low_stops, instrument.high_stops
    if (low and -low[0][0] >= mark) or (high and high[0][0] <= mark):
        instrument.latch_low_ticks = instrument.latch_high_ticks = mark
        state.cascade_queue.append(instrument)


def next_to_fire(state: State, instrument: Instrument) -> Order | None:
    """The stop with the largest distance that the range has passed, then the lowest order key; None when done."""
    low, high = instrument.low_stops, instrument.high_stops
    candidates = []  # (distance negated, order key): the smallest fires
    if instrument.fires_stops and low and -low[0][0] >= instrument.latch_low_ticks:
        candidates.append((instrument.latch_low_ticks + low[0][0], low[0][1]))
    if instrument.fires_stops and high and high[0][0] <= instrument.latch_high_ticks:
        candidates.append((high[0][0] - instrument.latch_high_ticks, high[0][1]))
    return state.order_of(min(candidates)[1]) if candidates else None
