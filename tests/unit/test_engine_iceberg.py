"""Display quantity (iceberg orders): what is shown, and what a new slice costs (docs/matchers.md rule 6)."""

from __future__ import annotations

import pytest

from tests.scenario import Market


def test_a_new_slice_goes_behind_the_others_of_its_price(market: Market) -> None:
    market.given("""
        A sell a1 6@100 show=2
        B sell b1 3@100
    """)
    market.play("""
        C buy c1 4@100
            NEW     c1  4@100
            FILLED  c1  2@100  TAKER
            FILLED  a1  2@100  MAKER  leaves=4  show=2
            FILLED  c1  2@100  TAKER
            FILLED  b1  2@100  MAKER  leaves=1  show=1
        C buy c2 2@100
            NEW     c2  2@100
            FILLED  c2  1@100  TAKER
            FILLED  b1  1@100  MAKER  leaves=0
            FILLED  c2  1@100  TAKER
            FILLED  a1  1@100  MAKER  leaves=3  show=1
    """)


def test_a_slice_that_is_not_used_up_keeps_its_place(market: Market) -> None:
    market.given("""
        A sell a1 6@100 show=2
        B sell b1 3@100
        C buy c1 1@100
    """)
    market.play("""
        C buy c2 2@100
            NEW     c2  2@100
            FILLED  c2  1@100  TAKER
            FILLED  a1  1@100  MAKER  leaves=4  show=2
            FILLED  c2  1@100  TAKER
            FILLED  b1  1@100  MAKER  leaves=2
    """)


def test_a_taker_that_is_hungry_meets_it_again(market: Market) -> None:
    market.given("A sell a1 5@100 show=2")
    market.play("""
        C buy c1 9@100 IOC
            NEW        c1  9@100
            FILLED     c1  2@100  TAKER
            FILLED     a1  2@100  MAKER  show=2
            FILLED     c1  2@100  TAKER
            FILLED     a1  2@100  MAKER  show=1
            FILLED     c1  1@100  TAKER
            FILLED     a1  1@100  MAKER  show=0  state=FILLED
            CANCELLED  c1  cum=5
    """)


def test_all_of_the_order_trades_when_it_is_the_taker(market: Market) -> None:
    market.given("B sell b1 4@100")
    market.play("""
        A buy a1 6@100 show=1
            NEW     a1  6@100  show=0
            FILLED  a1  4@100  TAKER  show=0
            FILLED  b1  4@100  MAKER
        A logon SNAPSHOT
            SESSION_STATE  open=1
            STATUS      a1  6@100  leaves=2  show=1
            STATUS_END  open=1
    """)


def test_showing_the_whole_quantity_or_more_is_no_iceberg(market: Market) -> None:
    market.play("""
        A sell a1 5@100 show=5
            NEW  a1  5@100
        A sell a2 5@100 show=7
            NEW  a2  5@100
        B buy b1 6@100
            NEW     b1  6@100
            FILLED  b1  5@100  TAKER
            FILLED  a1  5@100  MAKER
            FILLED  b1  1@100  TAKER
            FILLED  a2  1@100  MAKER  show=4
    """)


@pytest.mark.parametrize("order_type", ["LIMIT", "ALO"])
@pytest.mark.parametrize("tif", ["GTC", "DAY", "GTD=50"])
def test_where_it_may_be_given(market: Market, order_type: str, tif: str) -> None:
    market.play(f"""
        A buy a1 5@100 {order_type} {tif} show=1
            NEW  a1  5@100
    """)


@pytest.mark.parametrize(
    "order",
    [
        "A buy a1 5@100 IOC show=1",
        "A buy a1 5@100 FOK show=1",
        "A buy a1 5 MARKET IOC show=1",
        "A sell a1 5@100 STOP_LOSS show=1",
        "A buy a1 5@100 show=-1",
        "A buy a1 5@100 show=2",  # below the instrument's minimum quantity
    ],
)
def test_where_it_may_not(market: Market, order: str) -> None:
    market.instrument(min_quantity="3")
    market.given("mark 100")
    [event] = market.run(order)
    assert event["reason"].name == "INVALID_DISPLAY_QUANTITY"


def test_the_minimum_is_the_smallest_slice(market: Market) -> None:
    market.instrument(min_quantity="3")
    market.play("""
        A buy a1 5@100 show=3
            NEW  a1  5@100
    """)


def test_the_last_slice_is_what_is_left(market: Market) -> None:
    market.given("A sell a1 5@100 show=3")
    market.play("""
        C buy c1 3@100
            NEW     c1  3@100
            FILLED  c1  3@100  TAKER
            FILLED  a1  3@100  MAKER  leaves=2  show=2
    """)


def test_pro_rata_shares_by_what_is_shown(market: Market) -> None:
    """Sum of shown lots 2 + 6: 4 lots are shared 1 and 3; hidden lots wait for the next round."""
    market.instrument(2, matcher="pro_rata")
    market.given("""
        A sell a1 10@100 show=2 in=2
        B sell b1 6@100 in=2
    """)
    market.play("""
        C buy c1 4@100 in=2
            NEW     c1  4@100
            FILLED  c1  1@100  TAKER
            FILLED  a1  1@100  MAKER  show=1
            FILLED  c1  3@100  TAKER
            FILLED  b1  3@100  MAKER  show=3
    """)
