"""MARKET orders: their limit, what they show, what they need (docs/engine.md section 3, activation)."""

from __future__ import annotations

import pytest

from tests.scenario import Market


def test_it_takes_whatever_the_band_allows_and_never_rests(market: Market) -> None:
    market.instrument(band_ppm=100_000)
    market.given("""
        mark 100
        B sell b1 2@109
        C sell c1 2@110
    """)
    market.instrument(band_ppm=200_000)
    market.given("D sell d1 2@111")
    market.instrument(band_ppm=100_000)
    market.play("""
        A buy a1 9
            NEW        a1  9@0  leaves=9
            FILLED     a1  2@109  price=0  TAKER
            FILLED     b1  2@109  MAKER
            FILLED     a1  2@110  price=0  TAKER
            FILLED     c1  2@110  MAKER
            CANCELLED  a1  9@0  CANCELLED  cum=4  leaves=0
    """)


@pytest.mark.parametrize(
    ("side", "mark", "band_ppm", "edge"),
    [
        ("buy", 101, 100_000, 111),  # 111.1 rounded down
        ("buy", 109, 100_000, 119),  # 119.9
        ("sell", 101, 100_000, 91),  # 90.9 rounded up
        ("sell", 109, 100_000, 99),  # 98.1
        ("buy", 100, 999_999, 199),
        ("sell", 100, 999_999, 1),
    ],
)
def test_its_limit_is_the_edge_of_the_band_rounded_inwards(
    market: Market, side: str, mark: int, band_ppm: int, edge: int
) -> None:
    inside, outside = (edge, edge + 1) if side == "buy" else (edge, edge - 1)
    other = "sell" if side == "buy" else "buy"
    if outside:
        market.given(f"B {other} b1 1@{outside}")
    market.given(f"B {other} b2 1@{inside}")
    market.instrument(band_ppm=band_ppm)
    market.given(f"mark {mark}")
    market.play(f"""
        A {side} a1 2
            NEW        a1  2@0
            FILLED     a1  1@{inside}  TAKER
            FILLED     b2  1@{inside}  MAKER
            CANCELLED  a1  leaves=0  cum=1
    """)


def test_without_a_band_its_limit_is_the_price_range(market: Market) -> None:
    market.given("""
        mark 500
        B sell b1 1@1000
        C buy c1 1@1
    """)
    market.play("""
        A buy a1 1
            NEW     a1  1@0
            FILLED  a1  1@1000  TAKER
            FILLED  b1  1@1000  MAKER
        A sell a2 1
            NEW     a2  1@0
            FILLED  a2  1@1  TAKER
            FILLED  c1  1@1  MAKER
    """)


def test_a_band_beyond_the_price_range_is_clipped_to_it(market: Market) -> None:
    market.instrument(band_ppm=500_000, min_price="10")
    market.given("""
        mark 900
        B sell b1 1@1000
    """)
    market.play("""
        A buy a1 1
            NEW     a1  1@0
            FILLED  a1  1@1000  TAKER
            FILLED  b1  1@1000  MAKER
        mark 12
            CONFIG_SET
        B buy b2 1@10
            NEW     b2  1@10
        A sell a2 1
            NEW     a2  1@0
            FILLED  a2  1@10  TAKER
            FILLED  b2  1@10  MAKER
    """)


def test_it_needs_a_mark(market: Market) -> None:
    market.play("""
        A buy a1 1
            REJECTED  a1  1@0  REJECTED_NO_REFERENCE_PRICE
        mark 100
            CONFIG_SET
        A buy a1 1
            NEW        a1  1@0
            CANCELLED  a1  IOC_CANCELLED
    """)


def test_its_price_is_ignored_but_echoed_when_it_is_refused(market: Market) -> None:
    market.play("""
        A buy a1 1@5000 MARKET IOC
            REJECTED  a1  1@5000  REJECTED_NO_REFERENCE_PRICE
        mark 100
            CONFIG_SET
        A buy a2 1@0.5 MARKET IOC
            NEW        a2  1@0
            CANCELLED  a2  1@0  IOC_CANCELLED
    """)


def test_fill_or_kill_goes_by_the_band_too(market: Market) -> None:
    market.instrument(band_ppm=100_000)
    market.given("""
        B sell b1 2@110
        C sell c1 2@111
        mark 100
    """)
    market.play("""
        A buy a1 3 FOK
            NEW        a1  3@0
            CANCELLED  a1  3@0  FOK_CANCELLED  cum=0
        A buy a2 2 FOK
            NEW        a2  2@0
            FILLED     a2  2@110  TAKER
            FILLED     b1  2@110  MAKER
    """)


@pytest.mark.parametrize("tif", ["GTC", "DAY", "GTD=1000"])
def test_it_cannot_rest(market: Market, tif: str) -> None:
    market.given("mark 100")
    market.play(f"""
        A buy a1 1 {tif}
            REJECTED  a1  1@0  INVALID_TIME_IN_FORCE
    """)
