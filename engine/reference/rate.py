"""The throttle of docs/engine.md section 2: a decaying load per bucket, in integers (rulebook section 13)."""

from __future__ import annotations

# round(exp(-2^k / 60000) * 2^32), k = 0..20; the same numbers as tests/vectors/rate_table.txt.
DECAY_Q32 = (
    4294895714, 4294824133, 4294680974, 4294394672, 4293822124, 4292677258, 4290388440, 4285814466, 4276681140,
    4258472840, 4222288477, 4150839519, 4011548291, 3746831718, 3268650715, 2487580640, 1440769397, 483313681,
    54387402, 688711, 110,
)  # fmt: skip
DECAY_MS_MAX = 1 << len(DECAY_Q32)  # a load this old is gone

GENERAL_WEIGHT_MICRO = 1_000_000  # PLACE, REPLACE
CANCEL_WEIGHT_MICRO = 1_000_000
MASS_CANCEL_WEIGHT_MICRO = 2_000_000

_NEAR_BITS = 11


class Bucket:
    """What a trader has used lately: `load_micro` in 1e-6 weight as of `time_ms`."""

    __slots__ = ("load_micro", "time_ms")

    def __init__(self, load_micro: int = 0, time_ms: int = 0) -> None:
        self.load_micro = load_micro
        self.time_ms = time_ms

    def take(self, limit_micro: int, weight_micro: int, timestamp_ns: int) -> int:
        """0 when the message may pass and is counted, else the milliseconds after which it would pass."""
        if limit_micro == 0:
            return 0
        now_ms = timestamp_ns // 1_000_000
        self.load_micro = decay(self.load_micro, now_ms - self.time_ms)
        self.time_ms = now_ms
        if self.load_micro + weight_micro > limit_micro:
            return retry_ms(self.load_micro, limit_micro - weight_micro)
        self.load_micro += weight_micro
        return 0


def decay(load_micro: int, elapsed_ms: int) -> int:
    """The load after `elapsed_ms` >= 0, rounded down at every set bit, the lowest bit first."""
    if elapsed_ms >= DECAY_MS_MAX:
        return 0
    k = 0
    while elapsed_ms and load_micro:
        if elapsed_ms & 1:
            load_micro = load_micro * DECAY_Q32[k] >> 32
        elapsed_ms >>= 1
        k += 1
    return load_micro


def retry_ms(load_micro: int, target_micro: int) -> int:
    """The smallest r >= 1 with decay(load, r) <= target, DECAY_MS_MAX when there is none below it.

    Rounding makes decay not quite monotonic, so every r counts. The low bits come first in decay: its values for r in
    [2^k, 2^(k+1)) are those for [0, 2^k) times one more factor, and what the high bits do to them keeps their order.
    So a block of values with the same high bits has a hit exactly when its smallest low value is one.
    """
    if target_micro < 0:
        return DECAY_MS_MAX
    low = [load_micro]  # decay(load, r) for r = 0, 1, ...
    for k in range(_NEAR_BITS):
        further = [load * DECAY_Q32[k] >> 32 for load in low]
        for r, load in enumerate(further):
            if load <= target_micro:
                return len(low) + r
        low += further
    smallest = min(low)
    for block_ms in range(len(low), DECAY_MS_MAX, len(low)):
        if decay(smallest, block_ms) <= target_micro:
            return next(block_ms + r for r, load in enumerate(low) if decay(load, block_ms) <= target_micro)
    return DECAY_MS_MAX
