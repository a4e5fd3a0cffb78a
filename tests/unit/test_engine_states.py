"""States of an instrument and of the venue: halt, cancel-only, reduce-only, delisted, no space left."""

from __future__ import annotations

import pytest

from tests.scenario import Market

CLOSED = ("HALTED", "CANCEL_ONLY", "DELISTED")


@pytest.fixture
def holding(market: Market) -> Market:
    market.positions(A=5, B=-5)
    market.given("mark 100")
    return market


@pytest.mark.parametrize("state", CLOSED)
def test_a_closed_market_takes_no_order_of_any_kind(holding: Market, state: str) -> None:
    holding.given(f"state {state}")
    holding.play("""
        C buy c1 1@100
            REJECTED  c1  REJECTED_MARKET_CLOSED
        C buy c2 1@100 ALO
            REJECTED  c2  REJECTED_MARKET_CLOSED
        C buy c3 1
            REJECTED  c3  REJECTED_MARKET_CLOSED
        A sell a1 1@110 REDUCE_ONLY
            REJECTED  a1  REJECTED_MARKET_CLOSED
        A sell a2 1@90 STOP_LOSS
            REJECTED  a2  REJECTED_MARKET_CLOSED
    """)


def test_a_reduce_only_market_takes_what_reduces(holding: Market) -> None:
    holding.given("state REDUCE_ONLY")
    holding.play("""
        A sell a1 1@110
            REJECTED  a1  REJECTED_MARKET_CLOSED
        A sell a2 1@110 REDUCE_ONLY
            NEW       a2
        A sell a3 1@90 STOP_LOSS
            NEW       a3
        B buy b1 1@120 REDUCE_ONLY
            NEW       b1
            FILLED    b1  1@110  TAKER
            FILLED    a2  1@110  MAKER
    """)


def test_orders_rest_through_a_halt_and_trade_after_it(holding: Market) -> None:
    holding.given("""
        C buy c1 5@99
        state HALTED
        state ACTIVE
    """)
    holding.play("""
        D sell d1 1@99
            NEW     d1
            FILLED  d1  1@99  TAKER
            FILLED  c1  1@99  MAKER
    """)


def test_an_undefined_state_changes_nothing(holding: Market) -> None:
    holding.play("""
        SET_INSTRUMENT_STATE instrument_id=1 state=0
            COMMAND_REJECTED  INVALID_PARAMETER
        SET_INSTRUMENT_STATE instrument_id=1 state=6
            COMMAND_REJECTED  INVALID_PARAMETER
        SET_INSTRUMENT_STATE instrument_id=2 state=1
            COMMAND_REJECTED  BAD_SYMBOL
        SET_INSTRUMENT_STATE instrument_id=2 state=9
            COMMAND_REJECTED  BAD_SYMBOL
        SET_VENUE_STATE state=0
            COMMAND_REJECTED  INVALID_PARAMETER
        SET_VENUE_STATE state=3
            COMMAND_REJECTED  INVALID_PARAMETER
        C buy c1 1@100
            NEW  c1
    """)


def test_the_states_of_instruments_are_their_own(holding: Market) -> None:
    holding.instrument(2)
    holding.given("state HALTED in=2")
    holding.play("""
        C buy c1 1@100 in=2
            REJECTED  c1  REJECTED_MARKET_CLOSED
        C buy c1 1@100
            NEW       c1
    """)


def test_a_venue_without_space_takes_cancels_only(holding: Market) -> None:
    holding.given("""
        C buy c1 1@90
        C buy c2 1@90
        venue CANCEL_ONLY
    """)
    holding.play("""
        C buy c3 1@100
            REJECTED          c3  REJECTED_JOURNAL_FULL
        C replace c1 2@90
            REPLACE_REJECTED  c1  REJECTED_JOURNAL_FULL
        C cancel c1
            CANCELLED         c1
        C mass-cancel m1 ACCOUNT C
            CANCELLED         c2
            MASS_CANCEL_DONE  m1  count=1
        venue OPEN
            CONFIG_SET
        C buy c3 1@100
            NEW               c3
    """)


def test_what_is_resting_goes_on_trading_while_there_is_no_space(holding: Market) -> None:
    """Only new orders and modifies are refused: marks, releases and stops are the venue's own."""
    holding.given("""
        A sell s1 5@95 STOP_LOSS
        C buy c1 5@90
        venue CANCEL_ONLY
    """)
    holding.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1
            FILLED     s1  5@90  TAKER
            FILLED     c1  5@90  MAKER
    """)
