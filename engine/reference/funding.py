"""Funding: samples of the premium, and the settlement on the hour (docs/risk.md section 12)."""

from __future__ import annotations

from engine.records import CommandKind, InstrumentState, PriceSource, Reason
from engine.reference import calendars, funding_rates
from engine.reference.accruals import Accruals
from engine.reference.instruments import Instrument
from engine.reference.prices import impact_prices
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State

_TRADED = (InstrumentState.ACTIVE, InstrumentState.REDUCE_ONLY)
SAMPLES_MAX = 1 << 16  # a window that nobody settles stops here


def is_active(state: State, instrument: Instrument) -> bool:
    """Does funding run: external hours, an external price as of the last pulse, and trading?"""
    external = instrument.pricing.source in (PriceSource.EXTERNAL, PriceSource.MANUAL)
    return external and instrument.state in _TRADED and calendars.is_market_open(state, instrument)


class Funding:
    def __init__(self, state: State, accruals: Accruals, events: RiskEvents) -> None:
        self._state = state
        self._accruals = accruals
        self._events = events

    def sample(self) -> None:
        """FUNDING_SAMPLE: one premium of every instrument whose funding is active."""
        for _, instrument in sorted(self._state.instruments.items()):
            if not instrument.is_priced or not is_active(self._state, instrument):
                continue
            window = instrument.funding
            if window.samples < SAMPLES_MAX:
                bid, ask = impact_prices(instrument)
                window.samples += 1
                window.weighted_ppb += window.samples * funding_rates.premium_ppb(
                    bid, ask, instrument.pricing.index_q20
                )

    def settle(self) -> Reason:
        """FUNDING_SETTLE: fixes rate and mark of every instrument, begins the booking, starts new windows."""
        state = self._state
        if state.accrual.kind:
            return Reason.REJECTED_BUSY
        self._accruals.start(CommandKind.FUNDING_SETTLE)
        for _, instrument in sorted(state.instruments.items()):
            window = instrument.funding
            active = instrument.is_priced and is_active(state, instrument)
            mean = funding_rates.mean_ppb(window.weighted_ppb, window.samples)
            window.settle_rate_ppt = funding_rates.rate_ppt(instrument) if active else 0
            window.settle_mark_ticks = instrument.mark_ticks
            if instrument.is_priced:
                self._events.funding_rate(instrument, mean, window.samples)
            window.samples = window.weighted_ppb = 0
        return Reason.ACK
