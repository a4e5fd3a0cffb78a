"""CANCEL: who may, what finds the order, what it answers (docs/engine.md section 4)."""

from __future__ import annotations

import pytest

from tests.scenario import MS, Market


def test_by_order_id(market: Market) -> None:
    market.given("A buy a1 5@100")
    market.play("""
        A cancel a1
            CANCELLED        a1  5@100  orig=a1  cum=0  leaves=0  state=CANCELLED  contra=0
        A cancel a1
            CANCEL_REJECTED  -   0@0    NO_SUCH_ORDER
        B sell b1 1@100
            NEW              b1  1@100
    """)


def test_by_client_order_id_with_an_id_of_its_own(market: Market) -> None:
    market.given("A buy a1 5@100")
    market.play("""
        A cancel by-client a1 as c9 n=4
            CANCELLED        c9  5@100  orig=a1  id=a1  n=4
        A cancel by-client a1 as c10
            CANCEL_REJECTED  c10  0@0   NO_SUCH_ORDER  orig=a1  id=0
    """)


def test_a_request_without_any_name_finds_nothing(market: Market) -> None:
    """Orders without client order id are not found by an empty one."""
    market.given("A buy - 5@100")
    market.play("""
        A cancel 0
            CANCEL_REJECTED  -  0@0  NO_SUCH_ORDER
    """)


def test_client_order_ids_are_looked_up_in_the_headers_account(market: Market) -> None:
    market.given("""
        A buy x 5@100
        B buy x 5@99
    """)
    market.play("""
        B cancel by-client x via=TRADER1
            CANCELLED        x  5@99   to=B
        B cancel by-client x via=TRADER1
            CANCEL_REJECTED  -  0@0    NO_SUCH_ORDER  to=TRADER1
        A cancel by-client x
            CANCELLED        x  5@100  to=A
    """)


def test_the_order_id_goes_before_the_account(market: Market) -> None:
    """The account of the order decides; the header's is for client order ids."""
    market.given("A buy a1 5@100")
    market.play("""
        B cancel a1 via=TRADER1
            CANCELLED  a1  account_id=1  to=A
    """)


@pytest.mark.parametrize("option", ["in=2", "side=2", "side=9", "in=77"])
def test_instrument_and_side_have_to_match_when_given(market: Market, option: str) -> None:
    market.instrument(2)
    market.given("A buy a1 5@100")
    market.play(f"""
        A cancel a1 {option}
            CANCEL_REJECTED  a1  5@100  NO_SUCH_ORDER  leaves=5  state=LIVE  orig=a1  in=1
        A cancel a1 in=1 side=1
            CANCELLED        a1
    """)


def test_another_accounts_order_is_not_told_about(market: Market) -> None:
    market.given("B buy b1 5@100")
    market.play("""
        A cancel b1 side=1 in=1
            CANCEL_REJECTED  -  0@0  PERMISSION_DENIED  orig=-  order_state=0  side=1  in=1  account_id=1
    """)


def test_a_partly_filled_order(market: Market) -> None:
    market.given("""
        A buy a1 5@100
        B sell b1 2@100
    """)
    market.play("""
        A cancel a1
            CANCELLED  a1  5@100  cum=2  leaves=0  pos=2
    """)


def test_an_order_in_the_bump_never_reaches_the_book(market: Market) -> None:
    market.instrument(speed_bump_ns=100 * MS)
    market.play("""
        A buy a1 5@100
            PENDING    a1
        t=99 A cancel a1
            CANCELLED  a1  5@100
        t=100 tick
    """)


def test_an_untriggered_stop(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.given("A sell s1 5@90 STOP_LOSS")
    market.play("""
        A cancel s1
            CANCELLED  s1  5@90
        mark 90
            CONFIG_SET
        A sell s2 5@90 STOP_LOSS
            NEW        s2
    """)


def test_the_venue_may_cancel_anything(market: Market) -> None:
    market.given("""
        A buy a1 5@100
        E sell e1 5@101
    """)
    market.play("""
        VENUE cancel a1
            CANCELLED        a1  CANCELLED_ADMIN  to=A
        VENUE cancel e1
            CANCELLED        e1  CANCELLED_ADMIN  to=E
        VENUE cancel e1
            CANCEL_REJECTED  -   NO_SUCH_ORDER  to=VENUE  session_seq=0
        VENUE cancel by-client e1 account=77
            CANCEL_REJECTED  -   NO_SUCH_ORDER  to=VENUE  account_id=0
    """)


def test_cancels_work_whatever_the_market_and_the_venue(market: Market) -> None:
    market.given("A buy a1 1@100")
    for state in ("HALTED", "CANCEL_ONLY", "REDUCE_ONLY", "DELISTED"):
        market.given("state ACTIVE")
        market.given("venue OPEN")
        market.given(f"A buy {state.lower()} 1@100")
        market.given(f"state {state}")
        market.given("venue CANCEL_ONLY")
        market.play(f"""
            A cancel {state.lower()}
                CANCELLED  {state.lower()}
        """)


def test_the_name_is_free_again(market: Market) -> None:
    market.given("""
        A buy a1 1@100
        A cancel a1
    """)
    market.play("""
        A buy a1 2@100
            NEW  a1  2@100
    """)
