"""The venue's time."""

from __future__ import annotations

from itertools import pairwise

from engine.clock import VenueClock


class Hands:
    """A wall clock and a monotonic one that the test turns."""

    def __init__(self, wall_ns: int) -> None:
        self.wall_ns = wall_ns
        self.monotonic_ns = 50

    def clock(self, not_before_ns: int = 0) -> VenueClock:
        return VenueClock(not_before_ns, lambda: self.wall_ns, lambda: self.monotonic_ns)

    def pass_ns(self, ns: int) -> None:
        self.wall_ns += ns
        self.monotonic_ns += ns


def test_it_follows_the_wall_clock() -> None:
    hands = Hands(1_000_000)
    clock = hands.clock()
    assert clock() == 1_000_000
    hands.pass_ns(700)
    assert clock() == 1_000_700
    hands.wall_ns += 10**9  # set forward
    assert clock() == 1_001_000_700 - 1_000_000 + 1_000_000
    assert clock.ahead_ns == 0


def test_a_clock_that_is_set_back_goes_on_at_half_speed_until_the_wall_clock_has_caught_up() -> None:
    hands = Hands(1_000_000)
    clock = hands.clock()
    hands.wall_ns -= 1_000
    seen = [clock()]
    for _ in range(30):
        hands.pass_ns(100)
        seen.append(clock())
    steps = [after - before for before, after in pairwise(seen)]
    assert steps[:19] == [50] * 19, "slower, and never still"
    assert seen[-1] == hands.wall_ns
    assert steps[-1] == 100
    assert clock.ahead_ns == 0


def test_it_begins_at_the_journals_last_stamp() -> None:
    hands = Hands(1_000)
    clock = hands.clock(not_before_ns=5_000)
    assert clock() == 5_000
    assert clock.ahead_ns == 4_000
    hands.pass_ns(10)
    assert clock() == 5_005


def test_the_real_one_runs() -> None:
    clock = VenueClock()
    seen = [clock() for _ in range(1_000)]
    assert seen == sorted(seen)
