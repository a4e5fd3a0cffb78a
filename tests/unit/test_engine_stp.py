"""Self-trade prevention: groups and the four modes (docs/matchers.md rule 4, rulebook section 6)."""

from __future__ import annotations

import pytest

from tests.scenario import Market


def test_tv_06_immediate_or_cancel(market: Market) -> None:
    market.given("""
        A sell own 5@100
        B sell b1 3@100
        C sell c1 4@101
    """)
    market.play("""
        A buy a1 6@101 IOC
            NEW        a1   6@101
            CANCELLED  own  5@100  CANCELLED_STP  contra=a1  cum=0  leaves=0
            FILLED     a1   3@100  TAKER
            FILLED     b1   3@100  MAKER
            FILLED     a1   3@101  TAKER  state=FILLED
            FILLED     c1   3@101  MAKER  leaves=1
    """)


def test_tv_06_fill_or_kill(market: Market) -> None:
    market.given("""
        A sell own 5@100
        B sell b1 3@100
        C sell c1 4@101
    """)
    market.play("""
        A buy a1 8@101 FOK
            NEW        a1   8@101
            CANCELLED  a1   8@101  FOK_CANCELLED
        B buy b2 1@100
            NEW        b2   1@100
            FILLED     b2   1@100  TAKER
            FILLED     own  1@100  MAKER  leaves=4   # it stays where it was
    """)


def test_cancel_passive_is_the_mode_of_an_account_that_has_none(market: Market) -> None:
    market.given("A buy a1 2@100")
    market.play("""
        A sell a2 5@100
            NEW        a2  5@100
            CANCELLED  a1  CANCELLED_STP  contra=a2
    """)


def test_cancel_aggressor(market: Market) -> None:
    market.given("""
        B sell b1 1@100
        A sell own 5@100
        C sell c1 5@100
    """)
    market.play("""
        A buy a1 6@100 CANCEL_AGGRESSOR
            NEW        a1  6@100
            FILLED     a1  1@100  TAKER
            FILLED     b1  1@100  MAKER
            CANCELLED  a1  6@100  CANCELLED_STP  cum=1  contra=0
        D buy d1 1@100
            NEW        d1   1@100
            FILLED     d1   1@100  TAKER
            FILLED     own  1@100  MAKER  leaves=4
    """)


def test_cancel_both(market: Market) -> None:
    market.given("""
        A sell own 5@100
        C sell c1 5@100
    """)
    market.play("""
        A buy a1 6@100 CANCEL_BOTH
            NEW        a1   6@100
            CANCELLED  own  CANCELLED_STP  contra=a1
            CANCELLED  a1   CANCELLED_STP  contra=0
        D buy d1 1@100
            NEW        d1  1@100
            FILLED     d1  1@100  TAKER
            FILLED     c1  1@100  MAKER
    """)


def test_decrement_of_a_larger_resting_order(market: Market) -> None:
    market.given("""
        A sell own 5@100
        C sell c1 5@100
    """)
    market.play("""
        A buy a1 2@100 DECREMENT
            NEW        a1   2@100
            RESTATED   own  3@100  CANCELLED_STP  leaves=3  show=3  contra=a1  state=LIVE
            CANCELLED  a1   2@100  CANCELLED_STP  contra=0
        D buy d1 1@100
            NEW        d1   1@100
            FILLED     d1   1@100  TAKER
            FILLED     own  1@100  MAKER  leaves=2   # priority kept
    """)


def test_decrement_of_a_smaller_resting_order(market: Market) -> None:
    market.given("""
        A sell own 2@100
        C sell c1 5@100
    """)
    market.play("""
        A buy a1 6@100 DECREMENT
            NEW        a1   6@100
            CANCELLED  own  2@100  CANCELLED_STP  contra=a1
            RESTATED   a1   4@100  CANCELLED_STP  leaves=4  contra=own  state=LIVE
            FILLED     a1   4@100  TAKER  state=FILLED
            FILLED     c1   4@100  MAKER
    """)


def test_decrement_of_equals_ends_both(market: Market) -> None:
    market.given("A sell own 2@100")
    market.play("""
        A buy a1 2@100 DECREMENT
            NEW        a1   2@100
            CANCELLED  own  2@100  CANCELLED_STP  contra=a1
            CANCELLED  a1   2@100  CANCELLED_STP
    """)


def test_decrement_counts_hidden_lots_and_shows_no_more_than_is_left(market: Market) -> None:
    market.given("A sell own 6@100 show=3")
    market.play("""
        A buy a1 2@100 DECREMENT
            NEW        a1   2@100
            RESTATED   own  4@100  CANCELLED_STP  leaves=4  show=3
            CANCELLED  a1   CANCELLED_STP
        A buy a2 2@100 DECREMENT
            NEW        a2   2@100
            RESTATED   own  2@100  CANCELLED_STP  leaves=2  show=2
            CANCELLED  a2   CANCELLED_STP
    """)


def test_the_aggressors_mode_decides(market: Market) -> None:
    market.given("A sell own 5@100 CANCEL_BOTH")
    market.play("""
        A buy a1 1@100 CANCEL_AGGRESSOR
            NEW        a1   1@100
            CANCELLED  a1   CANCELLED_STP
        A buy a2 1@100
            NEW        a2   1@100
            CANCELLED  own  CANCELLED_STP  contra=a2
    """)


@pytest.mark.parametrize(("mode", "ends"), [(2, "a1"), (1, "own")])
def test_the_accounts_mode_is_taken_when_the_order_has_none(market: Market, mode: int, ends: str) -> None:
    market.account("A", stp_mode=mode)
    market.given("A sell own 5@100")
    _, event = market.run("A buy a1 5@100")
    assert (event["kind"].name, event["client_order_id"]) == ("ORDER_CANCELLED", ends)


def test_an_orders_mode_is_that_of_its_entry(market: Market) -> None:
    """A change of the account is for later orders."""
    market.account("A", stp_mode=2)
    market.given("A buy a1 5@99")
    market.account("A", stp_mode=1)
    market.given("A sell own 5@100")
    market.play("""
        A replace a1 5@100
            REPLACED   a1  5@100
            CANCELLED  a1  CANCELLED_STP
    """)


def test_accounts_of_a_group_do_not_trade_with_each_other(market: Market) -> None:
    market.account("A", stp_group=7)
    market.account("E", stp_group=7)
    market.given("""
        E sell e1 5@100
        B sell b1 1@100
    """)
    market.play("""
        A buy a1 1@100
            NEW        a1  1@100
            CANCELLED  e1  CANCELLED_STP  contra=a1  to=E
            FILLED     a1  1@100  TAKER
            FILLED     b1  1@100  MAKER
    """)


def test_an_order_may_name_a_group_of_its_own(market: Market) -> None:
    market.given("""
        A sell a1 1@100 group=5
        B sell b1 1@100 group=6
    """)
    market.play("""
        A buy a2 1@100 group=6
            NEW        a2  1@100
            FILLED     a2  1@100  TAKER
            FILLED     a1  1@100  MAKER
        A buy a3 1@100 group=6
            NEW        a3  1@100
            CANCELLED  b1  CANCELLED_STP
    """)


def test_accounts_without_a_group_are_alone(market: Market) -> None:
    """A and B have the same trader, and still trade with each other."""
    market.given("A sell a1 1@100")
    market.play("""
        B buy b1 1@100
            NEW     b1  1@100
            FILLED  b1  1@100  TAKER
            FILLED  a1  1@100  MAKER
    """)


def test_a_group_number_is_not_an_account(market: Market) -> None:
    """Group 1 is not account 1, which is a group of its own above all numbers that may be given."""
    market.account("B", stp_group=1)
    market.given("B sell b1 1@100")
    market.play("""
        A buy a1 1@100
            NEW     a1  1@100
            FILLED  a1  1@100  TAKER
            FILLED  b1  1@100  MAKER
    """)


@pytest.mark.parametrize("mode", ["CANCEL_AGGRESSOR", "CANCEL_BOTH", "DECREMENT"])
def test_fill_or_kill_looks_no_further_than_an_own_order(market: Market, mode: str) -> None:
    market.given("""
        B sell b1 3@100
        A sell own 5@100
        C sell c1 5@100
    """)
    market.play(f"""
        A buy a1 4@100 FOK {mode}
            NEW        a1  4@100
            CANCELLED  a1  FOK_CANCELLED
        A buy a2 3@100 FOK {mode}
            NEW        a2  3@100
            FILLED     a2  3@100  TAKER
            FILLED     b1  3@100  MAKER
    """)


def test_cancels_of_own_orders_are_limited_like_fills(market: Market) -> None:
    market.instrument(2, fills_max=2)
    market.given("""
        A sell a1 1@100 in=2
        A sell a2 1@100 in=2
        A sell a3 1@100 in=2
        B sell b1 1@100 in=2
    """)
    market.play("""
        A buy a4 4@100 in=2
            NEW        a4  4@100
            CANCELLED  a1  CANCELLED_STP
            CANCELLED  a2  CANCELLED_STP
            CANCELLED  a4  SWEEP_LIMIT_CANCELLED  leaves=0
    """)


def test_fills_are_limited(market: Market) -> None:
    market.instrument(2, fills_max=2)
    market.given("""
        B sell b1 1@100 in=2
        B sell b2 1@100 in=2
        B sell b3 1@100 in=2
    """)
    market.play("""
        A buy a1 4@100 in=2
            NEW        a1  4@100
            FILLED     a1  1@100  TAKER
            FILLED     b1  1@100  MAKER
            FILLED     a1  1@100  TAKER
            FILLED     b2  1@100  MAKER
            CANCELLED  a1  SWEEP_LIMIT_CANCELLED  cum=2
        A buy a2 2@100 in=2
            NEW        a2  2@100
            FILLED     a2  1@100  TAKER
            FILLED     b3  1@100  MAKER
    """)


@pytest.mark.parametrize("option", ["stp_mode=5", "stp_mode=255", f"group={1 << 31}"])
def test_undefined_modes_and_reserved_groups(market: Market, option: str) -> None:
    market.play(f"""
        A buy a1 1@100 {option}
            REJECTED  a1  1@100  INVALID_ORDER_TYPE
        A buy a2 1@100 group={(1 << 31) - 1} stp_mode=4
            NEW       a2  1@100
    """)
