"""How long an order lives: GTC, DAY, GTD, IOC, FOK (docs/engine.md sections 3 and 5)."""

from __future__ import annotations

import pytest

from engine.records import NEVER_NS
from tests.scenario import MS, START_NS, Market


def test_immediate_or_cancel_gives_back_what_it_does_not_trade(market: Market) -> None:
    market.given("B sell b1 2@100")
    market.play("""
        A buy a1 5@100 IOC
            NEW        a1  5@100
            FILLED     a1  2@100  leaves=3  TAKER  state=LIVE
            FILLED     b1  2@100  leaves=0  MAKER
            CANCELLED  a1  CANCELLED  cum=2  leaves=0  state=CANCELLED
        A buy a2 5@100 IOC
            NEW        a2  5@100
            CANCELLED  a2  IOC_CANCELLED  cum=0  leaves=0
    """)


def test_fill_or_kill_is_all_at_once_or_nothing(market: Market) -> None:
    market.given("""
        B sell b1 2@100
        C sell c1 2@101
    """)
    market.play("""
        A buy a1 5@101 FOK
            NEW        a1  5@101
            CANCELLED  a1  FOK_CANCELLED  cum=0
        A buy a2 4@101 FOK
            NEW        a2  4@101
            FILLED     a2  2@100  TAKER
            FILLED     b1  2@100  MAKER
            FILLED     a2  2@101  TAKER  state=FILLED
            FILLED     c1  2@101  MAKER
    """)


def test_fill_or_kill_counts_hidden_lots(market: Market) -> None:
    market.given("B sell b1 10@100 show=3")
    market.play("""
        A buy a1 10@100 FOK
            NEW     a1  10@100
            FILLED  a1  3@100  TAKER
            FILLED  b1  3@100  MAKER  show=3
            FILLED  a1  3@100  TAKER
            FILLED  b1  3@100  MAKER  show=3
            FILLED  a1  3@100  TAKER
            FILLED  b1  3@100  MAKER  show=1
            FILLED  a1  1@100  TAKER  state=FILLED
            FILLED  b1  1@100  MAKER  state=FILLED
    """)


def test_fill_or_kill_that_meets_a_reduce_only_cap_loses_its_rest(market: Market) -> None:
    """Whether it can fill is decided without the caps (docs/matchers.md rule 3)."""
    market.positions(B=2, C=-2)
    market.given("B sell b1 2@101 REDUCE_ONLY")
    market.given("""
        C buy c1 1@99
        B sell b2 1@99
    """)
    market.play("""
        A buy a1 2@101 FOK
            NEW        a1  2@101
            FILLED     a1  1@101  TAKER
            FILLED     b1  1@101  MAKER  pos=0
            CANCELLED  b1  REJECTED_REDUCE_ONLY
            CANCELLED  a1  FOK_CANCELLED  cum=1
    """)


def test_day_orders_expire_when_the_business_date_rolls(market: Market) -> None:
    market.given("""
        A buy a1 5@100 DAY
        B sell b1 5@101 GTC
        B sell b2 5@102 DAY show=2
        C sell c1 1@102
        A buy a2 1@90 ALO DAY
    """)
    market.play("""
        D buy d1 1@101 DAY
            NEW      d1  1@101
            FILLED   d1  1@101  TAKER
            FILLED   b1  1@101  MAKER
        roll 20260102
            CONFIG_SET
            EXPIRED  a1  5@100  cum=0  leaves=0  state=EXPIRED
            EXPIRED  a2  1@90
            EXPIRED  b2  5@102
        tick
        roll 20260103
            CONFIG_SET
    """)


def test_day_orders_in_the_bump_expire_too(market: Market) -> None:
    market.instrument(speed_bump_ns=100 * MS)
    market.play("""
        A buy a1 5@100 DAY
            PENDING  a1  5@100
        roll 20260102
            CONFIG_SET
            EXPIRED  a1  5@100  state=EXPIRED
        t=100 tick
    """)


def test_the_business_date_only_goes_forward(market: Market) -> None:
    market.play("""
        roll 20260102
            CONFIG_SET
        roll 20260102
            COMMAND_REJECTED  INVALID_PARAMETER
        roll 20260101
            COMMAND_REJECTED  INVALID_PARAMETER
        roll 20260103
            CONFIG_SET
        roll 99991232
            COMMAND_REJECTED  INVALID_PARAMETER
        roll 99991231
            CONFIG_SET
    """)


def test_good_till_date_expires_in_the_first_tick_at_its_time(market: Market) -> None:
    market.given("A buy a1 5@100 GTD=50")
    assert market.engine.next_due_ns == START_NS + 50 * MS
    market.play("""
        t=49.999999 tick
        t=50 tick
            EXPIRED  a1  5@100  state=EXPIRED  leaves=0
    """)
    assert market.engine.next_due_ns == NEVER_NS


def test_an_order_trades_after_its_time_as_long_as_no_tick_came(market: Market) -> None:
    """Nothing becomes due by itself (section 1)."""
    market.given("A buy a1 5@100 GTD=50")
    market.play("""
        t=80 B sell b1 2@100
            NEW     b1  2@100
            FILLED  b1  2@100  TAKER
            FILLED  a1  2@100  MAKER  leaves=3
        tick
            EXPIRED  a1  5@100  cum=2
    """)


def test_orders_expire_by_time_then_by_id(market: Market) -> None:
    market.given("""
        A buy a1 1@100 GTD=30
        B buy b1 1@100 GTD=20
        C buy c1 1@100 GTD=30
        D buy d1 1@100 GTD=10
    """)
    market.play("""
        t=30 tick
            EXPIRED  d1
            EXPIRED  b1
            EXPIRED  a1
            EXPIRED  c1
    """)


@pytest.mark.parametrize(("expire", "kind"), [("-1", "REJECTED"), ("0", "REJECTED"), ("0.000001", "NEW")])
def test_good_till_date_has_to_be_later_than_now(market: Market, expire: str, kind: str) -> None:
    market.play(f"""
        A buy a1 1@100 GTD={expire}
            {kind}  a1  1@100  {"INVALID_TIME_IN_FORCE" if kind == "REJECTED" else ""}
    """)


def test_an_expiry_time_without_good_till_date_means_nothing(market: Market) -> None:
    market.play(f"""
        A buy a1 1@100 GTC expire_ns={START_NS - 1}
            NEW  a1  1@100
        t=1000 tick
    """)


@pytest.mark.parametrize("tif", [0, 6, 255])
def test_an_undefined_time_in_force(market: Market, tif: int) -> None:
    market.play(f"""
        A buy a1 1@100 time_in_force={tif}
            REJECTED  a1  1@100  INVALID_TIME_IN_FORCE
    """)


def test_ioc_and_fok_need_no_room_on_the_book(new_market) -> None:
    market = new_market(orders_per_book_max=1)
    market.given("B sell b1 2@100")
    market.play("""
        A buy a1 1@100 IOC
            NEW     a1  1@100
            FILLED  a1  1@100  TAKER
            FILLED  b1  1@100  MAKER
        A buy a2 1@100 FOK
            NEW     a2  1@100
            FILLED  a2  1@100  TAKER
            FILLED  b1  1@100  MAKER
    """)
