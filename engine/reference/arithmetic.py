"""Rounding by name (rulebook section 1): whoever pays, pays UP; whoever receives, receives DOWN. Divisors are > 0."""

from __future__ import annotations

PPM = 1_000_000
MICRO = 1_000_000  # micro-USDC per USDC
E8 = 100_000_000
ONE_Q20 = 1 << 20
ONE_Q32 = 1 << 32

A150 = 28_537_883  # weight of one 1 s pulse in a moving average of 150 s, 2^-32
A3600 = 1_192_881
A60 = 70_989_565

MONEY_MAX = 1 << 60  # micro-USDC: no deposit, exposure or balance is meant to be larger


def up(numerator: int, divisor: int) -> int:
    """Away from zero."""
    return -(-numerator // divisor) if numerator >= 0 else numerator // divisor


def down(numerator: int, divisor: int) -> int:
    """Towards zero."""
    return numerator // divisor if numerator >= 0 else -(-numerator // divisor)


def near(numerator: int, divisor: int) -> int:
    """To the nearest, ties away from zero."""
    if numerator >= 0:
        return (2 * numerator + divisor) // (2 * divisor)
    return -((-2 * numerator + divisor) // (2 * divisor))


def ceiling(numerator: int, divisor: int) -> int:
    """Towards plus infinity; `//` is towards minus infinity."""
    return -(-numerator // divisor)


def average_step(value: int, sample: int, weight: int) -> int:
    """One pulse of a moving average: value + NEAR((sample - value) * weight / 2^32)."""
    return value + near((sample - value) * weight, ONE_Q32)
