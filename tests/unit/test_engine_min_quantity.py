"""Minimum quantity of IOC orders: that much at once, or nothing (docs/matchers.md rule 3)."""

from __future__ import annotations

import pytest

from tests.scenario import Market


def test_at_the_minimum_it_trades_below_it_is_cancelled(market: Market) -> None:
    market.given("""
        B sell b1 2@100
        C sell c1 2@101 show=1
    """)
    market.play("""
        A buy a1 9@101 IOC min=5
            NEW        a1  9@101
            CANCELLED  a1  MIN_QUANTITY_CANCELLED  cum=0
        A buy a2 9@101 IOC min=4
            NEW        a2  9@101
            FILLED     a2  2@100  TAKER
            FILLED     b1  2@100  MAKER
            FILLED     a2  1@101  TAKER
            FILLED     c1  1@101  MAKER
            FILLED     a2  1@101  TAKER
            FILLED     c1  1@101  MAKER
            CANCELLED  a2  cum=4
    """)


def test_only_prices_within_the_limit_count(market: Market) -> None:
    market.given("""
        B sell b1 2@100
        C sell c1 5@102
    """)
    market.play("""
        A buy a1 9@101 IOC min=3
            NEW        a1  9@101
            CANCELLED  a1  MIN_QUANTITY_CANCELLED
    """)


def test_own_orders_do_not_count(market: Market) -> None:
    market.given("""
        B sell b1 2@100
        A sell a1 5@100
        C sell c1 1@100
    """)
    market.play("""
        A buy a2 9@100 IOC min=4
            NEW        a2  9@100
            CANCELLED  a2  MIN_QUANTITY_CANCELLED
        A buy a3 9@100 IOC min=3
            NEW        a3  9@100
            FILLED     a3  2@100  TAKER
            FILLED     b1  2@100  MAKER
            CANCELLED  a1  CANCELLED_STP  contra=a3
            FILLED     a3  1@100  TAKER
            FILLED     c1  1@100  MAKER
            CANCELLED  a3  cum=3
    """)


def test_a_market_order_may_have_one(market: Market) -> None:
    market.given("""
        mark 100
        B sell b1 2@100
    """)
    market.play("""
        A buy a1 5 IOC min=3
            NEW        a1  5@0
            CANCELLED  a1  MIN_QUANTITY_CANCELLED
        A buy a2 5 IOC min=2
            NEW        a2  5@0
            FILLED     a2  2@100  TAKER
            FILLED     b1  2@100  MAKER
            CANCELLED  a2  cum=2
    """)


@pytest.mark.parametrize(
    "order",
    [
        "A buy a1 5@100 GTC min=1",
        "A buy a1 5@100 DAY min=1",
        "A buy a1 5@100 FOK min=1",
        "A buy a1 5@100 ALO min=1",
        "A buy a1 5@100 IOC min=6",
        "A buy a1 5@100 IOC min=-1",
        "A sell a1 5@100 STOP_LOSS IOC min=1",
    ],
)
def test_where_it_may_not_be_given(market: Market, order: str) -> None:
    [event] = market.run(order)
    assert event["reason"].name == "INVALID_MIN_QUANTITY"


def test_it_may_be_the_whole_quantity(market: Market) -> None:
    market.given("B sell b1 5@100")
    market.play("""
        A buy a1 5@100 IOC min=5
            NEW     a1  5@100
            FILLED  a1  5@100  TAKER
            FILLED  b1  5@100  MAKER
    """)


def test_a_minimum_above_what_reduce_only_leaves_is_looked_for_among_the_resting_lots(market: Market) -> None:
    """The order is clipped to 2; its minimum stays 3 and is the matcher's to decide."""
    market.positions(A=2, B=-2)
    market.given("C buy c1 9@100")
    market.play("""
        A sell a1 5@100 IOC min=3 REDUCE_ONLY
            NEW        a1  2@100
            FILLED     a1  2@100  TAKER
            FILLED     c1  2@100  MAKER
    """)
