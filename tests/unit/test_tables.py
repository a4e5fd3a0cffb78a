"""Heap, table of client order ids and throttle of the compiled engine, against plain Python and the reference."""

from __future__ import annotations

import math
import random
from pathlib import Path
from types import ModuleType

import pytest

from engine.reference.rate import DECAY_MS_MAX, DECAY_Q32, Bucket, decay, retry_ms
from tests.compiled import compile_module


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return compile_module(Path(__file__).parent / "table_calls.pyx", tmp_path_factory.mktemp("tables"))


@pytest.fixture
def rng() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


# ---- heap


@pytest.mark.parametrize("keys", [1, 4, 10**6])
def test_heap_gives_the_first_and_lets_any_leave(tables: ModuleType, rng: random.Random, keys: int) -> None:
    heap = tables.Heap(300)
    held: dict[int, int] = {}
    for step in range(6_000):
        if held and rng.random() < 0.48:
            slot = heap.first if rng.random() < 0.5 else rng.choice(sorted(held))
            heap.remove(slot)
            del held[slot]
        elif len(held) < 300:
            slot = rng.choice([n for n in range(1, 301) if n not in held])
            held[slot] = rng.randrange(keys)
            heap.add(slot, held[slot])
        assert heap.first == min(held, key=lambda n: (held[n], n), default=0)
        if step % 50 == 0:
            assert sorted(heap.check()) == sorted(held)


@pytest.mark.parametrize("order", ["rising", "falling"])
def test_heap_of_sorted_keys_stays_shallow_on_the_right(tables: ModuleType, order: str) -> None:
    count = 4_095
    heap = tables.Heap(count)
    for n in range(1, count + 1):
        heap.add(n, n if order == "rising" else -n)
    assert len(heap.check()) == count  # ranks are right, so no right-hand side is longer than log2 of the size
    taken = []
    while heap.first:
        taken.append(heap.first)
        heap.remove(heap.first)
    assert taken == (list(range(1, count + 1)) if order == "rising" else list(range(count, 0, -1)))


# ---- names


def test_names_are_found_by_account_and_text(tables: ModuleType, rng: random.Random) -> None:
    capacity = 200
    names = tables.Names(capacity)
    held: dict[tuple[int, bytes], int] = {}
    for _ in range(6_000):
        key = rng.randrange(1, 4), b"order-%d" % rng.randrange(120) * rng.randrange(1, 4)
        if key in held:
            if rng.random() < 0.6:
                names.remove(held.pop(key))
        elif len(held) < capacity:
            slot = rng.choice([n for n in range(1, capacity + 1) if n not in held.values()])
            names.add(slot, *key)
            held[key] = slot
        for probe in (key, (key[0] % 3 + 1, key[1]), (key[0], key[1][:-1]), (key[0], key[1][:39].ljust(40, b"x"))):
            assert names.find(*probe) == held.get(probe, 0)


@pytest.mark.parametrize(
    "name",
    [
        lambda n: b"%d" % n,
        lambda n: b"ord-%012d" % n,
        lambda n: b"%036d" % n,
        lambda n: n.to_bytes(2, "big") + b"A" * 34,
        lambda n: b"A" * 34 + n.to_bytes(2, "big"),
    ],
)
def test_names_that_differ_little_are_spread(tables: ModuleType, name: object) -> None:
    count = 20_000
    names = tables.Names(count)
    for n in range(1, count + 1):
        names.add(n, 7, name(n + 256))  # type: ignore[operator]
    # Of hashed keys at load 1/2 the longest run grows with log(n): about 50 here, never 200.
    assert names.longest_run() < 200
    assert all(names.find(7, name(n + 256)) == n for n in range(1, count + 1))  # type: ignore[operator]


# ---- throttle


def test_the_decay_table_is_the_published_one(tables: ModuleType) -> None:
    vectors = Path(__file__).parent.parent / "vectors" / "rate_table.txt"
    numbers = [int(line) for line in vectors.read_text().splitlines() if not line.startswith("#")]
    assert numbers == list(DECAY_Q32)
    for k, number in enumerate(numbers):
        assert tables.decay(2**32, 1 << k) == number
        assert abs(number - math.exp(-(2**k) / 60_000) * 2**32) <= 0.5


def test_decay_is_that_of_the_reference(tables: ModuleType, rng: random.Random) -> None:
    for _ in range(20_000):
        load = rng.randrange(10 ** rng.randrange(1, 16))
        elapsed = rng.randrange(2 ** rng.randrange(1, 24))
        assert tables.decay(load, elapsed) == decay(load, elapsed)


def test_retry_is_the_smallest_time_that_is_enough(tables: ModuleType, rng: random.Random) -> None:
    for _ in range(400):
        target = rng.randrange(-1, 10 ** rng.randrange(1, 16))
        load = target + rng.randrange(1, 10 ** rng.randrange(1, 15))
        assert tables.retry_ms(load, target) == retry_ms(load, target), (load, target)


@pytest.mark.parametrize("target", [0, 1, 2, 5, 17])
def test_retry_where_rounding_is_not_monotonic(tables: ModuleType, target: int) -> None:
    """A few units of load: one more millisecond may give more again, so every time has to count."""
    for load in range(target + 1, target + 12):
        exact = next((r for r in range(1, 200_000) if decay(load, r) <= target), DECAY_MS_MAX)
        assert tables.retry_ms(load, target) == exact, (load, target)


def test_bucket_takes_what_the_reference_takes(tables: ModuleType, rng: random.Random) -> None:
    for _ in range(40):
        limit = rng.choice((0, 10**6, 3 * 10**6, 10**9))
        bucket, load, time_ms, now_ns = Bucket(), 0, 0, 0
        for _ in range(40):
            now_ns += rng.choice((0, 999_999, 10**6, 10**9, 10**10))
            weight = rng.choice((10**6, 2 * 10**6))
            expected = bucket.take(limit, weight, now_ns)
            retry, load, time_ms = tables.take(load, time_ms, limit, weight, now_ns)
            assert (retry, load, time_ms) == (expected, bucket.load_micro, bucket.time_ms)
