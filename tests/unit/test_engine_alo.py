"""ALO (add liquidity only, post-only) orders."""

from __future__ import annotations

import pytest

from tests.scenario import Market


def test_it_rests_where_it_trades_with_nobody(market: Market) -> None:
    market.given("B sell b1 5@101")
    market.play("""
        A buy a1 5@100 ALO
            NEW     a1  5@100  order_type=3
        C sell c1 1@100
            NEW     c1  1@100
            FILLED  c1  1@100  TAKER
            FILLED  a1  1@100  MAKER
    """)


def test_it_is_refused_as_a_whole_where_it_would_trade_and_has_used_its_id(market: Market) -> None:
    market.given("B sell b1 1@101")
    market.play("""
        A buy a1 5@101 ALO
            REJECTED  a1  5@101  REJECTED_ALO_WOULD_CROSS  state=REJECTED  leaves=0  cum=0
    """)
    [event] = market.run("A buy a1 5@102 ALO")
    assert event["order_id"] == market.engine.seq, "only the matcher refused it: the order has its id"


def test_own_orders_count_as_a_cross(market: Market) -> None:
    market.given("A sell a1 1@101")
    market.play("""
        A buy a2 1@101 ALO
            REJECTED  a2  1@101  REJECTED_ALO_WOULD_CROSS
    """)


def test_its_client_order_id_is_free_again_when_it_is_refused(market: Market) -> None:
    market.given("B sell b1 1@101")
    market.play("""
        A buy a1 5@101 ALO
            REJECTED  a1  5@101  REJECTED_ALO_WOULD_CROSS
        A buy a1 5@100 ALO
            NEW       a1  5@100
    """)


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_it_has_to_rest(market: Market, tif: str) -> None:
    market.play(f"""
        A buy a1 1@100 ALO {tif}
            REJECTED  a1  1@100  INVALID_TIME_IN_FORCE
    """)


@pytest.mark.parametrize("tif", ["GTC", "DAY", "GTD=1000"])
def test_it_may_rest_for_any_time(market: Market, tif: str) -> None:
    market.play(f"""
        A buy a1 1@100 ALO {tif}
            NEW  a1  1@100
    """)
