"""Bounded work: what a command may do, what waits for a TICK, and in which order (docs/engine.md section 5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.records import NEVER_NS
from tests.scenario import MS, START_NS, Market

NewMarket = Callable[..., Market]


def names(events: list[dict]) -> str:
    return " ".join(event["client_order_id"] or event["kind"].name for event in events)


def test_accounts_and_orders_cost_a_step_each_whether_they_match_or_not(new_market: NewMarket) -> None:
    """Desk 1: account A and its three orders, B and its one, C without any: 7 steps."""
    market = new_market(work_steps_max=3)
    market.given("""
        A buy a1 1@100
        A sell a2 1@110
        A buy a3 1@100
        B buy b1 1@100
    """)
    assert names(market.run("DESK1 mass-cancel m DESK 1 buy")) == "a1"  # A, a1, a2
    assert names(market.run("tick")) == "a3 b1"  # a3, B, b1
    assert names(market.run("tick")) == "m"  # C; the end costs nothing
    assert market.engine.next_due_ns == NEVER_NS


def test_the_end_of_a_work_needs_no_step(new_market: NewMarket) -> None:
    """A and its one order are two steps: done at once."""
    market = new_market(work_steps_max=2)
    market.given("A buy a1 1@100")
    market.play("""
        A mass-cancel m ACCOUNT A
            CANCELLED         a1
            MASS_CANCEL_DONE  m  count=1
    """)


def test_orders_entered_after_the_command_are_left_alone(new_market: NewMarket) -> None:
    market = new_market(work_steps_max=2)
    market.given("""
        A buy a1 1@100
        A buy a2 1@100
    """)
    market.play("""
        A mass-cancel m ACCOUNT A
            CANCELLED         a1
        A buy a3 1@100
            NEW               a3
        tick
            CANCELLED         a2
            MASS_CANCEL_DONE  m  count=2
        A cancel a3
            CANCELLED         a3
    """)


def test_orders_that_end_meanwhile_are_not_counted(new_market: NewMarket) -> None:
    market = new_market(work_steps_max=1)
    market.given("""
        A buy a1 1@100
        A buy a2 1@100
        A mass-cancel m ACCOUNT A
    """)
    market.play("""
        B sell b1 1@100
            NEW               b1
            FILLED            b1  TAKER
            FILLED            a1  MAKER
        tick
            CANCELLED         a2
            MASS_CANCEL_DONE  m  count=1
    """)


def test_an_account_that_comes_meanwhile_is_looked_at(new_market: NewMarket) -> None:
    market = new_market(work_steps_max=1)
    market.given("VENUE mass-cancel m VENUE")
    market.play("""
        SET_ACCOUNT party_id=6 parent_id=1 status=1
            CONFIG_SET
        tick
        tick
        tick
        tick      # E; account 6 needs one more
        tick
            MASS_CANCEL_DONE  m  to=VENUE
    """)


def test_works_are_done_first_in_first_out(new_market: NewMarket) -> None:
    market = new_market(work_steps_max=2)
    market.given("""
        A buy a1 1@100
        A buy a2 1@100
        B buy b1 1@100
        A mass-cancel m1 ACCOUNT A n=4
    """)
    market.play("""
        B mass-cancel m2 ACCOUNT B n=7   # others are under way: it begins with the next TICK
        tick
            CANCELLED         a2
            MASS_CANCEL_DONE  m1  to=A  n=4  count=2
        tick
            CANCELLED         b1
            MASS_CANCEL_DONE  m2  to=B  n=7
    """)


def test_a_command_goes_on_with_its_own_work_only_if_no_other_waited(new_market: NewMarket) -> None:
    market = new_market(work_steps_max=2)
    market.given("""
        A buy a1 1@100
        A buy a2 1@100
        A mass-cancel m1 ACCOUNT A
    """)
    for command in ("C buy c1 1@90", "C replace c1 1@91", "C cancel c1", "mark 100", "E logon"):
        assert len(market.run(command)) == 1
    assert names(market.run("tick")) == "a2 m1"


def test_trims_then_works_then_cascades(new_market: NewMarket) -> None:
    """All three wait: one step at a time shows whose turn it is."""
    market = new_market(work_steps_max=1)
    market.positions(A=4, B=-4)
    market.given("""
        C buy c1 9@90
        A sell s1 2@80 STOP_LOSS
        A sell s2 2@95 STOP_LOSS
        D buy d1 1@85
        E buy e1 3@89
        mark 96
        D mass-cancel m ACCOUNT D
        mark 95
        A sell a1 3@90
    """)
    assert names(market.run("tick")) == "s2"  # the trim: one lot is left for two stops of two
    assert names(market.run("tick")) == "s1"  # the same record: s1 has two lots, one fits
    assert names(market.run("tick")) == "d1 m"
    assert market.run("tick") == []  # s2 is gone: the cascade ends without a step


def test_a_step_short_ends_the_command_even_if_later_queues_could_go_on(new_market: NewMarket) -> None:
    market = new_market(work_steps_max=1)
    market.positions(A=2, B=-2)
    market.given("""
        C buy c1 9@90
        A sell s1 1@80 STOP_LOSS
        A sell s2 1@81 STOP_LOSS
        A sell a1 2@90
    """)
    # s2 was trimmed by the command itself, s1 waits; an empty mass cancel would need a step for its account.
    market.play("""
        B mass-cancel m ACCOUNT B
        tick
            CANCELLED         s1  REJECTED_REDUCE_ONLY
        tick
            MASS_CANCEL_DONE  m
    """)


def test_one_budget_for_all_phases_of_a_tick(new_market: NewMarket) -> None:
    """Expiries, timers, releases and queued work share the steps of a TICK, in this order."""
    market = new_market(work_steps_max=2)
    market.instrument(speed_bump_ns=10 * MS)
    market.given("""
        A buy a1 1@100 ALO GTD=5
        A buy a2 1@100 ALO GTD=6
        B logon ON_LOSS grace=7
        B buy b1 1@90 ALO
        B disconnect LOSS
        C buy c1 1@80
    """)
    market.play("""
        t=10 tick
            EXPIRED           a1
            EXPIRED           a2
    """)
    assert market.engine.next_due_ns == START_NS + 7 * MS
    market.play("""
        tick      # the timer and the release
            NEW               c1
    """)
    assert market.engine.next_due_ns == 0
    market.play("""
        tick
            CANCELLED         b1  CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT
    """)


def test_status_is_work_too(new_market: NewMarket) -> None:
    market = new_market(work_steps_max=3)
    market.given("""
        A buy a1 1@100
        A buy a2 1@100
        A buy a3 1@100
    """)
    market.play("""
        A logon SNAPSHOT n=5
            SESSION_STATE  open=3
            STATUS         a1  n=0
            STATUS         a2  n=0
        A buy a4 1@100
            NEW            a4
        A cancel a3
            CANCELLED      a3
        tick
            STATUS_END     open=2  n=5   # a3 went before its turn, a4 came after the command
    """)


def test_day_expiry_is_work_too(new_market: NewMarket) -> None:
    market = new_market(work_steps_max=2)
    market.given("""
        A buy a1 1@100 DAY
        A buy a2 1@100
        A buy a3 1@100 DAY
    """)
    market.play("""
        roll 20260102
            CONFIG_SET
            EXPIRED  a1
        A buy a4 1@100 DAY
            NEW      a4
        tick
            EXPIRED  a3
        tick
        tick
        tick
    """)
    assert market.engine.next_due_ns == NEVER_NS


def test_next_due_is_the_earliest_of_all_times(market: Market) -> None:
    assert market.engine.next_due_ns == NEVER_NS
    market.instrument(speed_bump_ns=30 * MS)
    market.given("A buy a1 1@100 ALO GTD=50")
    assert market.engine.next_due_ns == START_NS + 50 * MS
    market.given("B logon ON_LOSS grace=40")
    market.given("B disconnect LOSS")
    assert market.engine.next_due_ns == START_NS + 40 * MS
    market.given("C buy c1 1@100 GTD=10")
    assert market.engine.next_due_ns == START_NS + 30 * MS
    market.given("C cancel c1")
    market.given("B logon")
    assert market.engine.next_due_ns == START_NS + 50 * MS
    market.given("A cancel a1")
    assert market.engine.next_due_ns == NEVER_NS


def test_a_tick_with_nothing_to_do(market: Market) -> None:
    market.play("""
        tick
        t=1000 tick
        SET_VENUE_STATE state=1
            CONFIG_SET
    """)


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 13])
def test_the_outcome_does_not_depend_on_the_steps(new_market: NewMarket, steps: int) -> None:
    """Whatever the pieces, the same orders are cancelled in the same order."""
    market = new_market(work_steps_max=steps)
    market.given("""
        B buy b1 1@100
        A buy a1 1@100
        C buy c1 1@100
        A sell a2 1@110
        B buy b2 1@100
    """)
    seen = market.run("VENUE mass-cancel m VENUE buy")
    while market.engine.next_due_ns == 0:
        seen += market.run("tick")
    assert names(seen) == "a1 b1 b2 c1 m"
