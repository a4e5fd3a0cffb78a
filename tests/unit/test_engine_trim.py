"""Trimming: stops that no longer fit a position that has become smaller (docs/engine.md section 3)."""

from __future__ import annotations

import pytest

from tests.scenario import Market


@pytest.fixture
def holding(market: Market) -> Market:
    """A is long 10 and B short 10; C bids 20 at 100 for what A sells."""
    market.positions(A=10, B=-10)
    market.given("C buy c1 20@100")
    return market


def test_the_youngest_is_cut_first(holding: Market) -> None:
    holding.given("""
        A sell s1 4@90 STOP_LOSS
        A sell s2 3@91 STOP_LOSS
        A sell s3 3@92 STOP_LOSS
    """)
    holding.play("""
        A sell a1 5@100
            NEW        a1  5@100
            FILLED     a1  5@100  TAKER  pos=5
            FILLED     c1  5@100  MAKER
            CANCELLED  s3  3@92  REJECTED_REDUCE_ONLY
            RESTATED   s2  1@91  REJECTED_REDUCE_ONLY  leaves=1  state=UNTRIGGERED
    """)


def test_each_type_is_trimmed_by_itself(holding: Market) -> None:
    holding.given("""
        A sell s1 9@90 STOP_LOSS
        A sell t1 6@110 TAKE_PROFIT
        A sell t2 4@111 TAKE_PROFIT
    """)
    holding.play("""
        A sell a1 5@100
            NEW        a1  5@100
            FILLED     a1  5@100  TAKER  pos=5
            FILLED     c1  5@100  MAKER
            RESTATED   s1  5@90   REJECTED_REDUCE_ONLY
            CANCELLED  t2  4@111  REJECTED_REDUCE_ONLY
            RESTATED   t1  5@110  REJECTED_REDUCE_ONLY
    """)


def test_a_position_that_is_gone_or_has_turned_takes_all_of_them(holding: Market) -> None:
    holding.given("""
        A sell s1 4@90 STOP_LOSS
        A sell t1 2@110 TAKE_PROFIT
    """)
    holding.play("""
        A sell a1 12@100
            NEW        a1  12@100
            FILLED     a1  12@100  TAKER  pos=-2
            FILLED     c1  12@100  MAKER
            CANCELLED  s1  4@90   REJECTED_REDUCE_ONLY
            CANCELLED  t1  2@110  REJECTED_REDUCE_ONLY
    """)


def test_stops_that_fit_stay_as_they_are(holding: Market) -> None:
    holding.given("A sell s1 4@90 STOP_LOSS")
    holding.play("""
        A sell a1 6@100
            NEW     a1  6@100
            FILLED  a1  6@100  TAKER  pos=4
            FILLED  c1  6@100  MAKER
    """)


def test_a_position_that_grows_trims_nothing(holding: Market) -> None:
    holding.given("""
        A sell s1 10@90 STOP_LOSS
        D sell d1 5@101
    """)
    holding.play("""
        A buy a1 5@101
            NEW     a1  5@101
            FILLED  a1  5@101  TAKER  pos=15
            FILLED  d1  5@101  MAKER
    """)


def test_the_takers_record_is_trimmed_before_the_makers(holding: Market) -> None:
    """A sells to B, who is short: both positions shrink."""
    holding.given("""
        A sell s1 10@90 STOP_LOSS
        B buy t1 10@120 STOP_LOSS
        C cancel c1
        B buy b1 4@100
    """)
    holding.play("""
        A sell a1 4@100
            NEW       a1  4@100
            FILLED    a1  4@100  TAKER  pos=6
            FILLED    b1  4@100  MAKER  pos=-6
            RESTATED  s1  6@90   REJECTED_REDUCE_ONLY
            RESTATED  t1  6@120  REJECTED_REDUCE_ONLY
    """)


def test_a_step_is_one_stop_and_the_rest_waits(new_market) -> None:
    market = new_market(work_steps_max=2)
    market.positions(A=4, B=-4)
    market.given("""
        C buy c1 20@100
        A sell s1 1@90 STOP_LOSS
        A sell s2 1@91 STOP_LOSS
        A sell s3 1@92 STOP_LOSS
        A sell s4 1@93 STOP_LOSS
    """)
    market.play("""
        A sell a1 4@100
            NEW        a1  4@100
            FILLED     a1  4@100  TAKER  pos=0
            FILLED     c1  4@100  MAKER
            CANCELLED  s4  REJECTED_REDUCE_ONLY
            CANCELLED  s3  REJECTED_REDUCE_ONLY
    """)
    assert market.engine.next_due_ns == 0
    market.play("""
        tick
            CANCELLED  s2  REJECTED_REDUCE_ONLY
            CANCELLED  s1  REJECTED_REDUCE_ONLY
    """)
    assert market.engine.next_due_ns > 0


def test_trims_come_before_the_next_stop_of_a_cascade(market: Market) -> None:
    """s1 sells half of the position; the take-profit that no longer fits is cut before s2 fires."""
    market.positions(A=4, B=-4)
    market.given("""
        C buy c1 20@90
        A sell s1 2@97 STOP_LOSS
        A sell s2 2@96 STOP_LOSS
        A sell t1 4@120 TAKE_PROFIT
    """)
    market.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1
            FILLED     s1  2@90  TAKER  pos=2
            FILLED     c1  2@90  MAKER
            RESTATED   t1  2@120  REJECTED_REDUCE_ONLY
            TRIGGERED  s2
            FILLED     s2  2@90  TAKER  pos=0
            FILLED     c1  2@90  MAKER
            CANCELLED  t1  2@120  REJECTED_REDUCE_ONLY
    """)


def test_a_position_that_comes_back_in_time_keeps_its_stops(new_market) -> None:
    """The record waits in the trim queue; when it fits again it leaves without a change."""
    market = new_market(work_steps_max=1)
    market.positions(A=4, B=-4)
    market.given("""
        C buy c1 2@100
        A sell s1 2@90 STOP_LOSS
        A sell s2 2@91 STOP_LOSS
        A sell t1 4@120 TAKE_PROFIT
        D sell d1 2@101
    """)
    market.play("""
        A sell a1 2@100
            NEW        a1  2@100
            FILLED     a1  2@100  TAKER  pos=2
            FILLED     c1  2@100  MAKER
            CANCELLED  s2  REJECTED_REDUCE_ONLY
        A buy a2 2@101
            NEW        a2  2@101
            FILLED     a2  2@101  TAKER  pos=4
            FILLED     d1  2@101  MAKER
        tick
        mark 120
            CONFIG_SET
            TRIGGERED  t1  4@120
            CANCELLED  t1  IOC_CANCELLED
    """)
