"""cython/engine/arith.pxd against Python's integers (rulebook section 1)."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from engine.records import INT64_MAX
from tests.compiled import compile_module

INT64_MIN = -INT64_MAX - 1
EDGES = (
    0, 1, -1, 2, -2, 3, -3, 7, -7, 10**6, -(10**6), 10**8, 2**31, -(2**31), 2**32 + 1, 2**62, -(2**62), INT64_MAX - 1,
    INT64_MAX, INT64_MIN + 1, INT64_MIN,
)  # fmt: skip
DIVISORS = (1, 2, 3, 7, 10, 10**6, 10**8, 10**10, 2**32, INT64_MAX - 1, INT64_MAX)


@pytest.fixture(scope="module")
def arith(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return compile_module(Path(__file__).parent / "arith_calls.pyx", tmp_path_factory.mktemp("arith"))


def towards_zero(p: int, d: int) -> int:
    return p // d if p >= 0 else -(-p // d)


ROUNDINGS: dict[str, Callable[[int, int], int]] = {
    "down": towards_zero,
    "up": lambda p, d: -(-p // d) if p >= 0 else p // d,
    "near": lambda p, d: (2 * p + d) // (2 * d) if p >= 0 else -((-2 * p + d) // (2 * d)),
    "floor": lambda p, d: p // d,
    "ceil": lambda p, d: -(-p // d),
}


def narrowed(value: int) -> tuple[int, int]:
    return (value, 0) if INT64_MIN <= value <= INT64_MAX else (0, 1)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_products_and_quotients(arith: ModuleType, rounding: str) -> None:
    call, exact = getattr(arith, rounding), ROUNDINGS[rounding]
    rng = random.Random(1)
    cases = list(itertools.product(EDGES, EDGES, DIVISORS))
    for _ in range(20_000):
        bits = rng.randrange(1, 64), rng.randrange(1, 64), rng.randrange(1, 63)
        a, b = (rng.choice((-1, 1)) * rng.randrange(1 << size) for size in bits[:2])
        cases.append((max(a, INT64_MIN), b, 1 + rng.randrange(1 << bits[2])))
    for a, b, d in cases:
        assert call(a, b, d) == narrowed(exact(a * b, d)), (a, b, d)


@pytest.mark.parametrize(
    ("p", "d", "down", "up", "near", "floor", "ceil"),
    [
        (7, 2, 3, 4, 4, 3, 4), (-7, 2, -3, -4, -4, -4, -3), (5, 2, 2, 3, 3, 2, 3), (-5, 2, -2, -3, -3, -3, -2),
        (1, 3, 0, 1, 0, 0, 1), (-1, 3, 0, -1, 0, -1, 0), (2, 3, 0, 1, 1, 0, 1), (-2, 3, 0, -1, -1, -1, 0),
        (6, 3, 2, 2, 2, 2, 2), (-6, 3, -2, -2, -2, -2, -2), (0, 5, 0, 0, 0, 0, 0),
    ],
)  # fmt: skip
def test_roundings_by_hand(
    arith: ModuleType, p: int, d: int, down: int, up: int, near: int, floor: int, ceil: int
) -> None:
    results = [getattr(arith, name)(p, 1, d)[0] for name in ("down", "up", "near", "floor", "ceil")]
    assert results == [down, up, near, floor, ceil]


def test_checked_product_and_sum(arith: ModuleType) -> None:
    for a, b in itertools.product(EDGES, EDGES):
        assert arith.mul(a, b) == narrowed(a * b)
        assert arith.add(a, b) == narrowed(a + b)


def test_an_overflow_is_never_forgotten(arith: ModuleType) -> None:
    assert arith.add_to_overflowed(1, 2) == (3, 1)


def test_tv_01_notional(arith: ModuleType) -> None:
    """AAPL-USD, 2.5 shares at 254.04: ticks x lots x tick value."""
    assert arith.mul(25404 * 2500, 10) == (635_100_000, 0)


def test_tv_02_notional(arith: ModuleType) -> None:
    """EUR-USD, 100,000 at 1.08512."""
    assert arith.mul(108512 * 100000, 10) == (108_512_000_000, 0)


def test_a_rate_product_of_fifty_million_does_not_fit_int64(arith: ModuleType) -> None:
    """5e13 micro-USDC times 1e6 ppm is 5e19; the quotient is exact."""
    assert arith.mul(5 * 10**13, 10**6) == (0, 1)
    assert arith.down(5 * 10**13, 10**6, 10**6) == (5 * 10**13, 0)


def test_tv_03_moving_average(arith: ModuleType) -> None:
    """e += NEAR((x - e) * A / 2^32) with tau 150 s, x = 10.5 ticks in units of 2^-20 tick, three pulses."""
    a150, x, e = 28_537_883, 21 << 19, 0
    seen = []
    for _ in range(3):
        step, overflow = arith.near(x - e, a150, 1 << 32)
        assert not overflow
        e += step
        seen.append(e)
    assert seen == [73_156, 145_826, 218_013]


def test_a_broken_invariant_stops_the_process(arith: ModuleType) -> None:
    arith.panic(True, b"nothing is wrong")
    path = Path(arith.__file__ or "").parent
    code = "import arith_calls; arith_calls.panic(False, b'the sum of positions is not 0')"
    done = subprocess.run([sys.executable, "-c", code], cwd=path, capture_output=True, text=True, check=False)
    assert done.returncode < 0
    assert "perpgate: invariant broken: the sum of positions is not 0" in done.stderr
