"""Capacities: each one of EngineLimits is a reason code when it is reached, and is there again when something goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.records import CommandKind
from tests.scenario import MS, Market

NewMarket = Callable[..., Market]


def test_open_orders_of_the_venue(new_market: NewMarket) -> None:
    market = new_market(orders_max=2)
    market.play("""
        A buy a1 1@100
            NEW        a1
        B buy b1 1@100
            NEW        b1
        C buy c1 1@100 IOC
            REJECTED   c1  REJECTED_CAPACITY  id=0
        A cancel a1
            CANCELLED  a1
        C buy c1 1@100
            NEW        c1
    """)


def test_stops_and_orders_in_the_bump_take_a_place(new_market: NewMarket) -> None:
    market = new_market(orders_max=3)
    market.positions(A=1, B=-1)
    market.instrument(speed_bump_ns=MS)
    market.play("""
        A sell s1 1@90 STOP_LOSS
            NEW       s1
        B sell b1 1@110
            PENDING   b1
        C buy c1 1@100 ALO
            NEW       c1
        D buy d1 1@100 ALO
            REJECTED  d1  REJECTED_CAPACITY
    """)


def test_orders_of_a_book(new_market: NewMarket) -> None:
    """The matcher refuses: the order has its id, unlike one that a check refused."""
    market = new_market(orders_per_book_max=1)
    market.instrument(2)
    market.given("A buy a1 1@100")
    market.play("""
        B buy b1 1@99
            REJECTED   b1  REJECTED_CAPACITY  state=REJECTED
        B sell b2 1@100
            REJECTED   b2  REJECTED_CAPACITY
        B sell b3 1@101 ALO
            REJECTED   b3  REJECTED_CAPACITY
        B sell b4 1@100 ALO
            REJECTED   b4  REJECTED_ALO_WOULD_CROSS
        B sell b5 1@100 in=2
            NEW        b5
    """)
    [event] = market.run("B buy b6 1@99")
    assert event["order_id"] == market.engine.seq
    market.play("""
        B sell b7 1@100 IOC
            NEW        b7
            FILLED     b7  TAKER
            FILLED     a1  MAKER
        B sell b8 1@100
            NEW        b8
    """)


def test_waiting_modifies(new_market: NewMarket) -> None:
    market = new_market(pending_replaces_max=1)
    market.instrument(speed_bump_ns=100 * MS)
    market.given("""
        A buy a1 1@100
        B buy b1 1@99
        t=100 tick
        A replace a1 1@98 as a2
    """)
    market.play("""
        B replace b1 1@97
            REPLACE_REJECTED  b1  1@99   REJECTED_CAPACITY  state=LIVE
        A replace a1 1@97 as a3   # also one that would take the place of the first
            REPLACE_REJECTED  a3  1@100  REJECTED_CAPACITY
        B buy b2 1@90 ALO
            NEW               b2
        B replace b2 1@91         # no bump, no place
            REPLACED          b2
        t=200 tick
            REPLACED          a2  1@98
        B replace b1 1@97
            REPLACE_PENDING   b1
    """)


def test_position_records(new_market: NewMarket) -> None:
    """One for each account and instrument, from the first order on; they stay."""
    market = new_market(positions_max=2)
    market.instrument(2)
    market.given("""
        A buy a1 1@100
        A cancel a1
        B sell b1 1@101
    """)
    market.play("""
        C buy c1 1@100
            REJECTED  c1  REJECTED_CAPACITY
        A buy a2 1@100 in=2
            REJECTED  a2  REJECTED_CAPACITY
        A buy a2 1@100
            NEW       a2
    """)


def test_an_order_that_is_refused_takes_no_position_record(new_market: NewMarket) -> None:
    market = new_market(positions_max=1)
    market.play("""
        A buy a1 1@5000
            REJECTED  a1  PRICE_GREATER_THAN_MAX_PRICE
        A buy a1 1@100 REDUCE_ONLY
            REJECTED  a1  REJECTED_REDUCE_ONLY
        B buy b1 1@100
            NEW       b1
        A buy a1 1@100
            REJECTED  a1  REJECTED_CAPACITY
    """)


def test_one_that_the_matcher_refuses_keeps_it(new_market: NewMarket) -> None:
    """It has passed all checks."""
    market = new_market(positions_max=2)
    market.given("B sell b1 1@100")
    market.play("""
        A buy a1 1@100 ALO
            REJECTED  a1  REJECTED_ALO_WOULD_CROSS
        C buy c1 1@99
            REJECTED  c1  REJECTED_CAPACITY
    """)


def test_works(new_market: NewMarket) -> None:
    """With one step per command a mass cancel is never done at once."""
    market = new_market(works_max=1, work_steps_max=1)
    market.given("""
        A logon ON_LOSS
        B logon ON_LOSS grace=10
        A buy a1 1@100
        A mass-cancel m1 ACCOUNT A
    """)
    market.play("""
        C mass-cancel m2 ACCOUNT C
            MASS_CANCEL_REJECTED  m2  REJECTED_CAPACITY
        VENUE mass-cancel m3 VENUE
            MASS_CANCEL_REJECTED  m3  REJECTED_CAPACITY
        C logon SNAPSHOT
            COMMAND_REJECTED  REJECTED_CAPACITY
        C logon
            SESSION_STATE
        roll 20260102
            COMMAND_REJECTED  REJECTED_CAPACITY
        A disconnect LOSS
            COMMAND_REJECTED  REJECTED_CAPACITY
        A disconnect LOGOUT
        B disconnect LOSS
        t=10 tick                    # the timer waits for room
            CANCELLED         a1
            MASS_CANCEL_DONE  m1
        roll 20260102                # the date was not rolled before
            CONFIG_SET
    """)


def test_a_timer_that_found_no_room_starts_when_there_is_some(new_market: NewMarket) -> None:
    market = new_market(works_max=1, work_steps_max=1)
    market.given("""
        B logon ON_LOSS grace=10
        B buy b1 1@100
        B disconnect LOSS
        A buy a1 1@99
        A mass-cancel m1 ACCOUNT A
    """)
    market.play("""
        t=10 tick
            CANCELLED         a1
            MASS_CANCEL_DONE  m1
        tick                         # the timer's work takes the step
        tick
        tick
            CANCELLED         b1  CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT  count=1
    """)


@pytest.mark.parametrize(
    ("limit", "kind", "parent"),
    [
        ("firms_max", CommandKind.SET_FIRM, 0), ("desks_max", CommandKind.SET_DESK, 1),
        ("traders_max", CommandKind.SET_TRADER, 1), ("accounts_max", CommandKind.SET_ACCOUNT, 1),
    ],
)  # fmt: skip
def test_ids_of_parties(new_market: NewMarket, limit: str, kind: CommandKind, parent: int) -> None:
    market = new_market(**{limit: 6})
    market.configure(kind, party_id=6, parent_id=parent, status=1)
    [event] = market.send(kind, party_id=7, parent_id=parent, status=1)
    assert event["reason"].name == "REJECTED_CAPACITY"


def test_ids_of_sessions_and_instruments(new_market: NewMarket) -> None:
    market = new_market(sessions_max=15, instruments_max=2)
    market.play("""
        SET_SESSION party_id=15 parent_id=1 status=1 scope=2 rights=3
            CONFIG_SET
        SET_SESSION party_id=16 parent_id=1 status=1 scope=2 rights=3
            COMMAND_REJECTED  REJECTED_CAPACITY
    """)
    market.instrument(2)
    with pytest.raises(AssertionError, match="REJECTED_CAPACITY"):
        market.instrument(3)
