"""The funding rate of a window (docs/risk.md section 12, rulebook section 10): pure arithmetic."""

from __future__ import annotations

from engine.reference.arithmetic import near
from engine.reference.instruments import Instrument

DAMPING_PPB = 500_000  # 5 basis points
SAMPLES_MIN = 60
PREMIUM_PPB_MAX = 4 * 10**9  # so that the weighted sum of a full window fits 64 bits


def premium_ppb(impact_bid_q20: int, impact_ask_q20: int, index_q20: int) -> int:
    """One sample. A missing impact price is 0 and contributes nothing; an index that splits have made 0 has no
    premium."""
    if index_q20 == 0:
        return 0
    above = max(0, impact_bid_q20 - index_q20) if impact_bid_q20 else 0
    below = max(0, index_q20 - impact_ask_q20) if impact_ask_q20 else 0
    return max(-PREMIUM_PPB_MAX, min(PREMIUM_PPB_MAX, near((above - below) * 10**9, index_q20)))


def mean_ppb(weighted_ppb: int, samples: int) -> int:
    """sum(k * P_k) / sum(k), newest heaviest; 0 without samples."""
    return near(2 * weighted_ppb, samples * (samples + 1)) if samples else 0


def damped_ppb(mean: int) -> int:
    """The mean moved 5 bp towards zero, 0 within."""
    return mean - max(-DAMPING_PPB, min(DAMPING_PPB, mean))


def rate_ppt(instrument: Instrument) -> int:
    """What a settlement now would charge: F_raw / 100, as a fraction per hour in 1e-12. 0 below 60 samples."""
    window = instrument.funding
    if window.samples < SAMPLES_MIN:
        return 0
    return damped_ppb(mean_ppb(window.weighted_ppb, window.samples)) * 10
