"""Prices without an oracle: recorded and generated ones, and that they come before the pulse of their second."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.records import CommandKind, unpack_command
from gateway.price_feed import PRICE_E8_MAX, PriceFileError, RandomWalk, SourcePrice, read_prices
from gateway.schedule import SECOND_NS, Schedule
from tests.unit.test_schedule import kinds, ns

K = CommandKind


def test_a_seed_means_the_same_prices() -> None:
    walks = [RandomWalk(seed, 1_000, {1: 25_400 * 10**6, 2: 10**8}) for seed in (7, 7, 8)]
    days = [[walk.at(second) for second in range(100)] for walk in walks]
    assert days[0] == days[1] != days[2]
    assert days[0][0] == [SourcePrice(1, 0, 25_400 * 10**6), SourcePrice(2, 0, 10**8)]
    for before, after in zip(days[0], days[0][1:], strict=False):
        for one, two in zip(before, after, strict=True):
            assert abs(two.price_e8 - one.price_e8) <= one.price_e8 // 1_000 + 1


def test_a_walk_stays_within_what_a_price_may_be() -> None:
    walk = RandomWalk(1, 1_000_000, {1: 1, 2: PRICE_E8_MAX})
    for second in range(500):
        assert all(0 < price.price_e8 <= PRICE_E8_MAX for price in walk.at(second))


def test_recorded_prices(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("second,feed,source,price\n0,1,0,254.04\n0,2,1,1380\n3,1,0,254.1\n4,1,0,254.2\n")
    prices = read_prices(path)
    assert prices.at(0) == [(1, 0, 254_04 * 10**6), (2, 1, 1380 * 10**8)]
    assert prices.at(1) == []
    assert prices.at(5) == [(1, 0, 254_10 * 10**6), (1, 0, 254_20 * 10**6)]  # what was missed is not lost
    assert prices.at(6) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: write second,feed,source,price"), ("second,feed,source,price\n1,2,3\n", "line 2: .*four values"),
        ("second,feed,source,price\n5,1,0,1\n4,1,0,1\n", "line 3: second 4 comes after 5"),
        ("second,feed,source,price\n0,1,0,x\n", "line 2"),
        ("second,feed,source,price\n0,1,8,1\n", "a source of 0 to 7"),
        ("second,feed,source,price\n0,1,0,50000001\n", "up to 50,000,000"),
        ("second,feed,source,price\n0,1,0,0\n", "above 0"), ("second,feed,source,price\n0,0,0,1\n", "a feed from 1"),
    ],
)  # fmt: skip
def test_files_that_are_none(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text)
    with pytest.raises(PriceFileError, match=says):
        read_prices(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="cannot be read"):
        read_prices(tmp_path / "prices.csv")


def test_prices_come_before_the_pulse_of_their_second() -> None:
    schedule = Schedule((), {}, True, prices=RandomWalk(1, 0, {4: 10**8}))
    now_ns = ns("2026-11-25T10:00:01")
    for second in range(2):
        commands = schedule.due(now_ns + second * SECOND_NS)
        assert kinds(commands) == [K.PRICE, K.MARK_PULSE]
        price = unpack_command(commands[0])
        assert (price["feed_id"], price["source"], price["price_e8"]) == (4, 0, 10**8)
        assert price["source_ns"] == now_ns + second * SECOND_NS
