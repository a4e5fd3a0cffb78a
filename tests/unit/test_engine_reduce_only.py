"""Reduce-only orders: clipped at entry, at release and at every match (docs/engine.md section 3)."""

from __future__ import annotations

import pytest

from tests.scenario import MS, Market


@pytest.fixture
def holding(market: Market) -> Market:
    """A is long 5, B is short 5."""
    market.positions(A=5, B=-5)
    return market


def test_only_against_the_position(holding: Market) -> None:
    holding.play("""
        A buy a1 1@90 REDUCE_ONLY
            REJECTED  a1  1@90   REJECTED_REDUCE_ONLY
        B sell b1 1@110 REDUCE_ONLY
            REJECTED  b1  1@110  REJECTED_REDUCE_ONLY
        C sell c1 1@110 REDUCE_ONLY
            REJECTED  c1  1@110  REJECTED_REDUCE_ONLY
        A sell a2 1@110 REDUCE_ONLY
            NEW       a2  1@110  order_flags=1
        B buy b2 1@90 REDUCE_ONLY
            NEW       b2  1@90
    """)


def test_the_total_is_clipped_to_what_others_leave(holding: Market) -> None:
    holding.play("""
        A sell a1 3@110 REDUCE_ONLY
            NEW       a1  3@110  leaves=3
        A sell a2 4@111 REDUCE_ONLY
            NEW       a2  2@111  leaves=2
        A sell a3 1@112 REDUCE_ONLY
            REJECTED  a3  1@112  REJECTED_REDUCE_ONLY
        A cancel a1
            CANCELLED  a1
        A sell a4 9@113 REDUCE_ONLY
            NEW       a4  3@113
    """)


def test_ordinary_orders_do_not_count(holding: Market) -> None:
    holding.play("""
        A sell a1 5@110
            NEW  a1  5@110
        A sell a2 5@110 REDUCE_ONLY
            NEW  a2  5@110
    """)


def test_a_resting_order_trades_at_most_the_position(holding: Market) -> None:
    holding.given("""
        A sell a1 5@110 REDUCE_ONLY
        C buy c1 3@100
        A sell a2 3@100
    """)
    holding.play("""
        D buy d1 9@110
            NEW        d1  9@110
            FILLED     d1  2@110  TAKER
            FILLED     a1  2@110  MAKER  pos=0  leaves=3  show=3  state=LIVE
            CANCELLED  a1  REJECTED_REDUCE_ONLY  cum=2  leaves=0
    """)


def test_a_resting_order_of_a_turned_position_is_cancelled_when_it_is_met(holding: Market) -> None:
    holding.given("""
        A sell a1 5@110 REDUCE_ONLY
        C sell c1 1@110
        D buy d1 6@100
        A sell a2 6@100
    """)
    holding.play("""
        D buy d2 1@110
            NEW        d2  1@110
            CANCELLED  a1  REJECTED_REDUCE_ONLY  cum=0  pos=-1
            FILLED     d2  1@110  TAKER
            FILLED     c1  1@110  MAKER
    """)


def test_the_fills_of_a_sweep_count_at_once(holding: Market) -> None:
    """Two orders of one account, each as large as the position: the second finds it used up."""
    holding.given("""
        A sell a1 5@110 REDUCE_ONLY
        C buy c1 1@100
        A sell a2 1@100
        A sell a3 2@109
    """)
    holding.play("""
        D buy d1 9@110 IOC
            NEW        d1  9@110
            FILLED     d1  2@109  TAKER
            FILLED     a3  2@109  MAKER  pos=2
            FILLED     d1  2@110  TAKER
            FILLED     a1  2@110  MAKER  pos=0
            CANCELLED  a1  REJECTED_REDUCE_ONLY
            CANCELLED  d1  cum=4
    """)


def test_a_taker_that_trades_with_its_own_account_counts_itself(market: Market) -> None:
    """Groups may differ within an account; then its own taker changes the position that the resting order reduces."""
    market.positions(A=2, B=-2)
    market.given("""
        A sell a1 2@101 REDUCE_ONLY group=1
        C sell c1 1@100
    """)
    market.play("""
        A buy a2 4@101 IOC group=2
            NEW        a2  4@101
            FILLED     a2  1@100  TAKER  pos=3
            FILLED     c1  1@100  MAKER
            FILLED     a2  2@101  TAKER  pos=3
            FILLED     a1  2@101  MAKER  pos=3
            CANCELLED  a2  cum=3
    """)


def test_immediate_orders_are_clipped_too(holding: Market) -> None:
    holding.given("""
        C buy c1 9@100
        mark 100
    """)
    holding.play("""
        A sell a1 9@100 IOC REDUCE_ONLY
            NEW     a1  5@100
            FILLED  a1  5@100  TAKER  pos=0  state=FILLED
            FILLED  c1  5@100  MAKER
        A sell a2 1 REDUCE_ONLY
            REJECTED  a2  1@0  REJECTED_REDUCE_ONLY
    """)


def test_clipped_again_at_the_release_from_the_bump(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.instrument(speed_bump_ns=100 * MS)
    market.given("""
        A sell a1 4@110 REDUCE_ONLY
        A sell a2 1@111 REDUCE_ONLY
        C buy c1 3@100 ALO
    """)
    market.instrument(speed_bump_ns=0)
    market.given("A sell a3 3@100")
    market.play("""
        t=100 tick
            NEW        a1  1@110  leaves=1   # 2 lots held, a2 has 1 of them
            NEW        a2  1@111
    """)


def test_nothing_left_at_the_release(market: Market) -> None:
    market.positions(A=3, B=-3)
    market.instrument(speed_bump_ns=100 * MS)
    market.given("""
        A sell a1 2@110 REDUCE_ONLY
        C buy c1 3@100 ALO
    """)
    market.instrument(speed_bump_ns=0)
    market.given("A sell a3 3@100")
    market.play("""
        t=100 tick
            CANCELLED  a1  2@110  REJECTED_REDUCE_ONLY
    """)


def test_stops_do_not_count(holding: Market) -> None:
    holding.play("""
        A sell s1 5@90 STOP_LOSS
            NEW  s1  5@90
        A sell a1 5@110 REDUCE_ONLY
            NEW  a1  5@110
    """)


def test_it_needs_no_minimum_notional(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.instrument(min_notional_micro=10_000 * 10**6)
    market.play("""
        A sell a1 1@100
            REJECTED  a1  1@100  REJECTED_LESS_THAN_MIN_NOTIONAL
        A sell a2 1@100 REDUCE_ONLY
            NEW       a2  1@100
    """)
