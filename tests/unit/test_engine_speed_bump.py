"""The speed bump: what waits, what is looked at again at the release (docs/engine.md section 4, rulebook section 5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.records import NEVER_NS
from tests.scenario import MS, START_NS, Market

BUMP_NS = 100 * MS


@pytest.fixture
def bumped(market: Market) -> Market:
    market.instrument(speed_bump_ns=BUMP_NS)
    return market


def test_tv_05(bumped: Market) -> None:
    bumped.play("""
        t=0   A buy a1 1@100
            PENDING  a1  1@100  state=PENDING_NEW  leaves=1  show=0
        t=10  B sell b1 1@100 ALO
            NEW      b1  1@100  state=LIVE
        t=20  C buy c1 1@100
            PENDING  c1  1@100
        t=100 tick
            NEW      a1  1@100  state=LIVE
            FILLED   a1  1@100  TAKER
            FILLED   b1  1@100  MAKER
        t=120 tick
            NEW      c1  1@100  state=LIVE
    """)


def test_tv_05_had_b_been_cancelled(bumped: Market) -> None:
    bumped.given("""
        t=0  A buy a1 1@100
        t=10 B sell b1 1@100 ALO
    """)
    bumped.play("""
        t=99  B cancel b1
            CANCELLED  b1
        t=100 tick
            NEW        a1  1@100  state=LIVE
    """)


def test_time_priority_is_that_of_the_release(bumped: Market) -> None:
    """A was first to arrive, B first on the book."""
    bumped.given("""
        t=0   A buy a1 1@100
        t=50  B buy b1 1@100 ALO
        t=100 C sell c1 1@100
        tick
    """)
    bumped.play("""
        t=200 tick
            NEW     c1
            FILLED  c1  1@100  TAKER
            FILLED  b1  1@100  MAKER
    """)


def test_releases_follow_due_time_then_number(bumped: Market) -> None:
    bumped.given("""
        t=0 A buy a1 1@100
        t=0 B buy b1 1@99
        t=1 C buy c1 1@98
    """)
    bumped.instrument(speed_bump_ns=50 * MS)
    bumped.given("t=2 D buy d1 1@97")
    bumped.play("""
        t=200 tick
            NEW  d1
            NEW  a1
            NEW  b1
            NEW  c1
    """)


@pytest.mark.parametrize("tif", ["GTC", "DAY", "GTD=500", "IOC", "FOK"])
def test_limit_orders_of_any_time_in_force_wait(bumped: Market, tif: str) -> None:
    bumped.play(f"""
        A buy a1 1@100 {tif}
            PENDING  a1
    """)
    assert bumped.engine.next_due_ns == START_NS + BUMP_NS


def test_alo_and_market_orders_and_stops_do_not(bumped: Market) -> None:
    bumped.given("""
        B sell b1 9@100 ALO
        mark 100
    """)
    bumped.play("""
        A buy a1 1@99 ALO
            NEW     a1  1@99
        A buy a2 1
            NEW     a2  1@0
            FILLED  a2  1@100  TAKER
            FILLED  b1  1@100  MAKER
        A sell s1 1@90 STOP_LOSS
            NEW     s1  1@90
    """)


def test_market_orders_wait_where_the_instrument_says_so(market: Market) -> None:
    market.instrument(speed_bump_ns=BUMP_NS, flags_instrument=1, band_ppm=100_000)
    market.given("""
        B sell b1 1@110 ALO
        mark 100
    """)
    market.play("""
        A buy a1 1
            PENDING    a1  1@0
        mark 95
            CONFIG_SET
        t=100 tick   # the limit is that of the mark at the release: 104
            NEW        a1  1@0
            CANCELLED  a1  IOC_CANCELLED
    """)


def test_immediate_orders_trade_at_the_release(bumped: Market) -> None:
    bumped.given("""
        B sell b1 3@100 ALO
        A buy a1 5@100 IOC
        C buy c1 2@100 FOK
        D buy d1 1@100 IOC min=1
    """)
    bumped.play("""
        t=100 tick
            NEW        a1
            FILLED     a1  3@100  TAKER
            FILLED     b1  3@100  MAKER
            CANCELLED  a1  cum=3
            NEW        c1
            CANCELLED  c1  FOK_CANCELLED
            NEW        d1
            CANCELLED  d1  MIN_QUANTITY_CANCELLED
    """)


def test_a_fill_or_kill_is_judged_at_the_release(bumped: Market) -> None:
    bumped.given("""
        A buy a1 3@100 FOK
        t=10 B sell b1 3@100 ALO
    """)
    bumped.play("""
        t=100 tick
            NEW     a1
            FILLED  a1  3@100  TAKER
            FILLED  b1  3@100  MAKER
    """)


def test_the_bump_of_the_entry_counts_not_a_later_one(bumped: Market) -> None:
    bumped.given("A buy a1 1@100")
    bumped.instrument(speed_bump_ns=0)
    bumped.play("""
        B buy b1 1@99
            NEW  b1
        t=99 tick
        t=100 tick
            NEW  a1
    """)


# ---- at the release


@pytest.mark.parametrize("state", ["HALTED", "CANCEL_ONLY", "REDUCE_ONLY", "DELISTED"])
def test_a_market_that_closed_meanwhile(bumped: Market, state: str) -> None:
    bumped.given(f"""
        A buy a1 1@100
        state {state}
    """)
    bumped.play("""
        t=100 tick
            CANCELLED  a1  REJECTED_MARKET_CLOSED  state=CANCELLED  leaves=0
    """)


def test_a_market_that_closed_and_opened_again(bumped: Market) -> None:
    bumped.given("""
        A buy a1 1@100
        state HALTED
        state ACTIVE
    """)
    bumped.play("""
        t=100 tick
            NEW  a1
    """)


def test_reduce_only_orders_are_released_in_a_reduce_only_market(market: Market) -> None:
    market.positions(A=1, B=-1)
    market.instrument(speed_bump_ns=BUMP_NS)
    market.given("""
        A sell a1 1@100 REDUCE_ONLY
        state REDUCE_ONLY
    """)
    market.play("""
        t=100 tick
            NEW  a1
    """)


def test_an_order_whose_time_has_come(bumped: Market) -> None:
    bumped.given("""
        A buy a1 1@100 GTD=99
        B buy b1 1@100 GTD=100
        C buy c1 1@100 GTD=100.000001
    """)
    assert bumped.engine.next_due_ns == START_NS + BUMP_NS, "it is looked at when it is released"
    bumped.play("""
        t=99 tick
        t=100 tick
            EXPIRED  a1
            EXPIRED  b1
            NEW      c1
        t=101 tick
            EXPIRED  c1
    """)


def test_the_band_is_looked_at_again(market: Market) -> None:
    market.instrument(speed_bump_ns=BUMP_NS, band_ppm=100_000)
    market.given("""
        mark 100
        A buy a1 1@110
        B sell b1 1@105
        C buy c1 1@104
        mark 95
    """)
    market.play("""
        t=100 tick
            CANCELLED  a1  REJECTED_GREATER_THAN_MAX_PRICE_BAND
            NEW        b1
            NEW        c1
        mark 130
            CONFIG_SET
    """)
    market.given("D sell d1 1@120 ")
    market.play("""
        mark 140
            CONFIG_SET
        t=200 tick
            CANCELLED  d1  REJECTED_LESS_THAN_MIN_PRICE_BAND
    """)


def test_the_static_range_and_the_price_limits_are_not(bumped: Market) -> None:
    bumped.given("A buy a1 1@100")
    bumped.instrument(speed_bump_ns=BUMP_NS, min_price="200", min_quantity="5")
    bumped.given("mark 500 oracle=500")
    bumped.play("""
        t=100 tick
            NEW  a1
    """)


def test_no_room_on_the_book_at_the_release(new_market: Callable[..., Market]) -> None:
    market = new_market(orders_per_book_max=1)
    market.instrument(speed_bump_ns=BUMP_NS)
    market.given("""
        A buy a1 1@100
        B buy b1 1@100
        C sell c1 1@100 IOC
    """)
    market.play("""
        t=100 tick
            NEW        a1
            CANCELLED  b1  REJECTED_CAPACITY
            NEW        c1
            FILLED     c1  TAKER
            FILLED     a1  MAKER
    """)


# ---- modifies


def test_a_modify_waits_and_the_old_terms_stay_live(bumped: Market) -> None:
    bumped.given("""
        t=0   A buy a1 5@100
        t=100 tick
    """)
    bumped.play("""
        t=150 A replace a1 6@99 as a2 n=8
            REPLACE_PENDING  a2  5@100  orig=a1  leaves=5  state=LIVE  n=8
        t=200 B sell b1 2@100 ALO
            REJECTED         b1  REJECTED_ALO_WOULD_CROSS
        t=210 B sell b2 1@100
            PENDING          b2
        t=250 tick
            REPLACED         a2  6@99   orig=a1  leaves=6  n=8
        t=310 tick
            NEW              b2
    """)


def test_the_old_order_can_fill_meanwhile(bumped: Market) -> None:
    bumped.given("""
        t=0   A buy a1 5@100
        t=20  B sell b1 2@100
        t=100 tick
        t=110 A replace a1 6@99 as a2
    """)
    bumped.play("""
        t=120 tick
            NEW       b1
            FILLED    b1  2@100  TAKER
            FILLED    a1  2@100  MAKER  leaves=3
        t=210 tick
            REPLACED  a2  6@99  cum=2  leaves=4
    """)


def test_a_modify_below_what_was_filled_meanwhile(bumped: Market) -> None:
    bumped.given("""
        t=0   A buy a1 5@100
        t=20  B sell b1 2@100
        t=100 tick
        t=110 A replace a1 2@99 as a2 n=6
        t=120 tick
    """)
    bumped.play("""
        t=210 tick
            REPLACE_REJECTED  a2  5@100  CANNOT_MODIFY_PARTIAL_FILL  orig=a1  cum=2  leaves=3  n=6
    """)


def test_an_order_that_ends_takes_its_modify_with_it(bumped: Market) -> None:
    bumped.given("""
        t=0   A buy a1 2@100
        t=20  B sell b1 2@100
        t=100 tick
        t=110 A replace a1 6@99 as a2 n=6
    """)
    bumped.play("""
        t=120 tick
            NEW               b1
            FILLED            b1  2@100  TAKER
            FILLED            a1  2@100  MAKER  leaves=0
            REPLACE_REJECTED  a2  2@100  CANNOT_MODIFY_NO_SUCH_ORDER  orig=a1  leaves=0  state=FILLED  n=6
        t=210 tick
    """)


@pytest.mark.parametrize(
    ("command", "event"),
    [
        ("A cancel a1", "CANCELLED  a1"),
        ("VENUE cancel a1", "CANCELLED  a1  CANCELLED_ADMIN"),
        ("TICK", "EXPIRED  a1"),
    ],
)
def test_so_does_one_that_is_cancelled_or_expires(bumped: Market, command: str, event: str) -> None:
    bumped.given("""
        t=0   A buy a1 2@100 GTD=120
        t=100 tick
        t=110 A replace a1 6@99 as a2 via=DESK1 n=6
    """)
    bumped.play(f"""
        t=120 {command}
            {event}
            REPLACE_REJECTED  a2  2@100  CANNOT_MODIFY_NO_SUCH_ORDER  to=DESK1  n=6
    """)


def test_a_newer_modify_takes_its_place_and_restarts_the_clock(bumped: Market) -> None:
    bumped.given("""
        t=0   A buy a1 5@100
        t=100 tick
        t=110 A replace a1 6@99 as a2 n=2
    """)
    bumped.play("""
        t=150 A replace a1 7@98 as a3 n=3
            REPLACE_REJECTED  a2  5@100  MODIFY_SUPERSEDED  orig=a1  n=2  state=LIVE
            REPLACE_PENDING   a3  5@100  orig=a1  n=3
        t=210 tick
        t=250 tick
            REPLACED          a3  7@98   orig=a1
    """)


def test_while_a_modify_waits_both_ids_are_taken(bumped: Market) -> None:
    bumped.given("""
        t=0   A buy a1 5@100
        t=100 tick
        t=110 A replace a1 6@99 as a2
    """)
    bumped.play("""
        A buy a1 1@90 ALO
            REJECTED          a1  REJECTED_DUPLICATE_CLORDID
        A buy a2 1@90 ALO
            REJECTED          a2  REJECTED_DUPLICATE_CLORDID
        A replace a1 6@99 as a2   # also for its own order
            REPLACE_REJECTED  a2  REJECTED_DUPLICATE_CLORDID
        A cancel by-client a2     # it does not find the order
            CANCEL_REJECTED   -   NO_SUCH_ORDER
        A cancel by-client a1
            CANCELLED         a1
            REPLACE_REJECTED  a2  CANNOT_MODIFY_NO_SUCH_ORDER
        A buy a2 1@90 ALO
            NEW               a2
    """)


def test_a_modify_of_an_order_that_waits_itself_waits_behind_it(bumped: Market) -> None:
    bumped.given("""
        t=0  A buy a1 5@100
        t=30 A replace a1 6@99 as a2
    """)
    bumped.play("""
        t=130 tick
            NEW       a1  5@100
            REPLACED  a2  6@99
    """)


def test_an_order_without_bump_any_more_is_modified_where_it_waits(bumped: Market) -> None:
    bumped.given("t=0 A buy a1 5@100")
    bumped.instrument(speed_bump_ns=0)
    bumped.play("""
        t=30 A replace a1 6@99 as a2
            REPLACED  a2  6@99  state=PENDING_NEW
        t=100 tick
            NEW       a2  6@99
    """)


def test_a_shorter_bump_lets_the_modify_overtake_its_order(bumped: Market) -> None:
    bumped.given("t=0 A buy a1 5@100")
    bumped.instrument(speed_bump_ns=10 * MS)
    bumped.play("""
        t=30 A replace a1 6@99 as a2
            REPLACE_PENDING  a2  5@100  state=PENDING_NEW
        t=40 tick
            REPLACED         a2  6@99   state=PENDING_NEW
        t=100 tick
            NEW              a2  6@99
    """)


def test_alo_and_stop_modifies_do_not_wait(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.instrument(speed_bump_ns=BUMP_NS)
    market.given("""
        A buy a1 5@100 ALO
        A sell s1 5@90 STOP_LOSS
    """)
    market.play("""
        A replace a1 5@99
            REPLACED  a1  5@99
        A replace s1 5@91
            REPLACED  s1  5@91
    """)


def test_a_modify_is_checked_again_at_its_release(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.given("""
        A sell a1 5@110 REDUCE_ONLY
        C buy c1 5@100
    """)
    market.instrument(speed_bump_ns=BUMP_NS, band_ppm=100_000)
    market.given("""
        mark 110
        A replace a1 5@105 n=4
        mark 120
    """)
    market.play("""
        t=100 tick
            REPLACE_REJECTED  a1  5@110  REJECTED_LESS_THAN_MIN_PRICE_BAND  n=4
        mark 110
            CONFIG_SET
        A replace a1 5@105 n=5
            REPLACE_PENDING   a1  n=5
        state HALTED
            CONFIG_SET
        t=200 tick
            REPLACE_REJECTED  a1  5@110  REJECTED_MARKET_CLOSED  n=5
        state ACTIVE
            CONFIG_SET
        A replace a1 5@111 n=6
            REPLACE_PENDING   a1  n=6
        A sell a2 3
            NEW               a2
            FILLED            a2  3@100  TAKER  pos=2
            FILLED            c1  3@100  MAKER
        t=300 tick
            REPLACED          a1  2@111  n=6
        A replace a1 2@112 n=7
            REPLACE_PENDING   a1  n=7
        A sell a3 2
            NEW               a3
            FILLED            a3  2@100  TAKER  pos=0
            FILLED            c1  2@100  MAKER
        t=400 tick
            REPLACE_REJECTED  a1  2@111  REJECTED_REDUCE_ONLY  n=7
    """)


def test_what_a_released_modify_trades(bumped: Market) -> None:
    """All events of the release that go to the session that asked carry its number."""
    bumped.given("""
        t=0   A buy a1 5@100
        t=0   B sell b1 2@101 ALO
        t=100 tick
        t=110 A replace a1 5@101 n=9
    """)
    bumped.play("""
        t=210 tick
            REPLACED  a1  5@101  n=9
            FILLED    a1  2@101  TAKER  n=9
            FILLED    b1  2@101  MAKER  n=0
    """)


def test_a_release_is_one_step(new_market: Callable[..., Market]) -> None:
    market = new_market(work_steps_max=2)
    market.instrument(speed_bump_ns=BUMP_NS)
    market.given("""
        A buy a1 1@100
        A buy a2 1@100
        A buy a3 1@100
    """)
    market.play("""
        t=100 tick
            NEW  a1
            NEW  a2
        tick
            NEW  a3
    """)


def test_a_time_that_never_comes(market: Market) -> None:
    market.instrument(speed_bump_ns=NEVER_NS)
    market.given("A buy a1 1@100")
    assert market.engine.next_due_ns == NEVER_NS
    market.play("""
        t=1000000 tick
        A cancel a1
            CANCELLED  a1
    """)
