"""REPLACE: what may change, what it costs in priority, what refuses it (docs/engine.md section 4)."""

from __future__ import annotations

import pytest

from tests.scenario import Market


def test_price_and_total_change(market: Market) -> None:
    market.given("A buy a1 5@100")
    market.play("""
        A replace a1 7@99 as a2
            REPLACED  a2  7@99  orig=a1  id=a1  leaves=7  cum=0  show=0  state=LIVE
        B sell b1 7@99
            NEW       b1  7@99
            FILLED    b1  7@99  TAKER
            FILLED    a2  7@99  MAKER
    """)


def test_the_total_includes_what_was_filled(market: Market) -> None:
    market.given("""
        A buy a1 5@100
        B sell b1 2@100
    """)
    market.play("""
        A replace a1 6@100
            REPLACED          a1  6@100  cum=2  leaves=4
        A replace a1 2@100
            REPLACE_REJECTED  a1  6@100  CANNOT_MODIFY_PARTIAL_FILL  leaves=4
        A replace a1 1@100
            REPLACE_REJECTED  a1  6@100  CANNOT_MODIFY_PARTIAL_FILL
        A replace a1 3@100
            REPLACED          a1  3@100  cum=2  leaves=1
    """)


def two_bids(market: Market) -> None:
    market.given("""
        A buy a1 5@100
        B buy b1 5@100
    """)


@pytest.mark.parametrize(
    ("terms", "first"),
    [("3@100", "a1"), ("5@100", "a1"), ("6@100", "b1"), ("5@101", "a1"), ("5@99", "b1")],
    ids=["less", "the same", "more", "better", "worse"],
)
def test_priority_is_kept_at_the_same_price_for_no_more(market: Market, terms: str, first: str) -> None:
    two_bids(market)
    market.given(f"A replace a1 {terms}")
    _, _, maker = market.run("C sell c1 1@99")
    assert maker["client_order_id"] == first


def test_priority_at_the_old_price_is_gone_when_it_comes_back(market: Market) -> None:
    two_bids(market)
    market.given("""
        A replace a1 5@99
        A replace a1 5@100
    """)
    _, _, maker = market.run("C sell c1 1@99")
    assert maker["client_order_id"] == "b1"


def test_less_than_the_new_total_but_more_than_is_open_loses_priority(market: Market) -> None:
    """Filled 2 of 5, open 3; a new total of 5 is an open quantity of 3: kept. A total of 6 is 4: lost."""
    two_bids(market)
    market.given("""
        C sell c1 2@100
        A replace a1 5@100
    """)
    _, _, maker = market.run("C sell c2 1@100")
    assert maker["client_order_id"] == "a1"
    market.given("A replace a1 6@100")
    _, _, maker = market.run("C sell c3 1@100")
    assert maker["client_order_id"] == "b1"


def test_a_better_price_may_trade_at_once(market: Market) -> None:
    market.given("""
        B sell b1 3@102
        A buy a1 5@100
    """)
    market.play("""
        A replace a1 5@102
            REPLACED  a1  5@102  leaves=5
            FILLED    a1  3@102  leaves=2  TAKER
            FILLED    b1  3@102  leaves=0  MAKER
        C sell c1 1@101
            NEW       c1  1@101
            FILLED    c1  1@102  TAKER
            FILLED    a1  1@102  MAKER  leaves=1
    """)


def test_the_orders_own_self_trade_prevention_goes_with_it(market: Market) -> None:
    market.given("""
        A sell a1 3@102
        A buy a2 5@100 CANCEL_AGGRESSOR
    """)
    market.play("""
        A replace a2 5@102
            REPLACED   a2  5@102
            CANCELLED  a2  CANCELLED_STP
    """)


def test_an_iceberg_keeps_its_slice_size(market: Market) -> None:
    market.given("A sell a1 6@100 show=2")
    market.play("""
        A replace a1 7@100
            REPLACED  a1  7@100
        B buy b1 1@100
            NEW       b1  1@100
            FILLED    b1  1@100  TAKER
            FILLED    a1  1@100  MAKER  show=1  leaves=6
        A replace a1 6@100
            REPLACED  a1  6@100  leaves=5
        B buy b2 1@100
            NEW       b2  1@100
            FILLED    b2  1@100  TAKER
            FILLED    a1  1@100  MAKER  show=2  leaves=4
    """)


def test_an_alo_that_would_cross_stays_as_it_is(market: Market) -> None:
    market.given("""
        A buy a1 5@100 ALO
        B sell b1 1@102
    """)
    market.play("""
        A replace a1 5@102 as a2
            REPLACE_REJECTED  a2  5@100  CANNOT_MODIFY_ALO_WOULD_CROSS  orig=a1  leaves=5  state=LIVE
        A replace a1 5@101 as a2
            REPLACED          a2  5@101  orig=a1
    """)


def test_an_untriggered_stop_changes_trigger_and_total(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.given("A sell s1 2@90 STOP_LOSS")
    market.play("""
        A replace s1 5@92
            REPLACED          s1  5@92  state=UNTRIGGERED
        A replace s1 6@92
            REPLACE_REJECTED  s1  5@92  REJECTED_REDUCE_ONLY
        mark 92
            CONFIG_SET
            TRIGGERED         s1  5@92
            CANCELLED         s1  IOC_CANCELLED
    """)


def test_a_stop_fits_beside_the_others_of_its_type(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.given("""
        A sell s1 2@90 STOP_LOSS
        A sell s2 2@91 STOP_LOSS
        A sell t1 5@120 TAKE_PROFIT
    """)
    market.play("""
        A replace s1 3@90
            REPLACED          s1  3@90
        A replace s2 3@91
            REPLACE_REJECTED  s2  2@91  REJECTED_REDUCE_ONLY
    """)


def test_reduce_only_totals_are_clipped(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.given("""
        A sell a1 2@110 REDUCE_ONLY
        A sell a2 1@111 REDUCE_ONLY
    """)
    market.play("""
        A replace a1 9@110
            REPLACED          a1  4@110
        A replace a2 9@112
            REPLACED          a2  1@112
        C buy c1 1@110
            NEW               c1  1@110
            FILLED            c1  1@110  TAKER
            FILLED            a1  1@110  MAKER  pos=4  leaves=3
        A replace a1 9@110
            REPLACED          a1  4@110  cum=1  leaves=3
    """)


def test_a_reduce_only_order_with_nothing_to_reduce_stays_as_it_is(market: Market) -> None:
    market.positions(A=1, B=-1)
    market.given("""
        A sell a1 1@110 REDUCE_ONLY
        C buy c1 1@100
        A sell a2 1@100
    """)
    market.play("""
        A replace a1 1@109
            REPLACE_REJECTED  a1  1@110  REJECTED_REDUCE_ONLY  leaves=1
    """)


def test_by_client_order_id(market: Market) -> None:
    market.given("A buy a1 5@100")
    market.play("""
        A replace by-client a1 6@100 as a2
            REPLACED          a2  6@100  orig=a1
        A replace by-client a1 6@100
            REPLACE_REJECTED  -   0@0    CANNOT_MODIFY_NO_SUCH_ORDER  orig=a1  id=0
        A replace by-client a2 7@100
            REPLACED          a2  7@100  orig=a2
        B replace by-client a2 7@100
            REPLACE_REJECTED  -   0@0    CANNOT_MODIFY_NO_SUCH_ORDER  account_id=2
    """)


def test_the_order_id_goes_before_the_client_order_id(market: Market) -> None:
    market.given("""
        A buy a1 5@100
        A buy a2 5@99
    """)
    market.play("""
        A replace a1 6@100 orig_client_order_id=a2
            REPLACED  a1  6@100  orig=a1
    """)


@pytest.mark.parametrize(
    "option", ["in=2", "side=2", "order_type=3", "order_type=2", "side=3", "in=9"], ids=lambda option: option
)
def test_instrument_side_and_type_have_to_match(market: Market, option: str) -> None:
    market.instrument(2)
    market.given("A buy a1 5@100")
    market.play(f"""
        A replace a1 6@100 in=1 side=1 order_type=1
            REPLACED          a1  6@100
        A replace a1 7@100 {option}
            REPLACE_REJECTED  a1  6@100  CANNOT_MODIFY_NO_SUCH_ORDER  leaves=6  in=1
    """)


def test_an_order_that_is_not_there(market: Market) -> None:
    market.given("A buy a1 5@100")
    market.given("A cancel a1")
    market.play("""
        A replace a1 6@100 as a2 side=1 order_type=1 in=1
            REPLACE_REJECTED  a2  0@0  CANNOT_MODIFY_NO_SUCH_ORDER  side=1  order_type=1  in=1  order_state=0
        A replace 999 6@100
            REPLACE_REJECTED  -   0@0  CANNOT_MODIFY_NO_SUCH_ORDER  id=999
        A replace by-client nobody 6@100
            REPLACE_REJECTED  -   0@0  CANNOT_MODIFY_NO_SUCH_ORDER  orig=nobody
    """)


def test_an_order_of_another_account_is_not_told_about(market: Market) -> None:
    market.given("B buy b1 5@100")
    market.play("""
        A replace b1 6@100
            REPLACE_REJECTED  -  0@0  PERMISSION_DENIED  order_state=0  in=0  account_id=1  to=A
        A replace b1 6@100 via=TRADER1
            REPLACED          b1  6@100  to=B  n=0
    """)


def test_the_new_client_order_id_has_to_be_free(market: Market) -> None:
    market.given("""
        A buy a1 5@100
        A buy a2 5@99
        B buy b1 5@98
    """)
    market.play("""
        A replace a1 6@100 as a2
            REPLACE_REJECTED  a2  5@100  REJECTED_DUPLICATE_CLORDID  orig=a1
        A replace a1 6@100 as a1
            REPLACED          a1  6@100  orig=a1
        A replace a1 6@100 as b1
            REPLACED          b1  6@100  orig=a1
        A buy a1 1@90
            NEW               a1  1@90
        A buy b1 1@90
            REJECTED          b1  1@90   REJECTED_DUPLICATE_CLORDID
    """)


def test_an_order_without_client_order_id_may_get_one(market: Market) -> None:
    market.given("A buy - 5@100")
    order_id = market.engine.seq
    market.play(f"""
        A replace {order_id} 6@100
            REPLACED   -   6@100  orig=-
        A replace {order_id} 6@100 as a1
            REPLACED   a1  6@100  orig=-
        A cancel by-client a1
            CANCELLED  a1  orig=a1
    """)


def test_the_answer_goes_to_the_orders_session_the_refusal_to_who_asked(market: Market) -> None:
    market.given("A buy a1 5@100")
    market.play("""
        A replace a1 6@100 via=FIRM1 n=3
            REPLACED          a1  6@100  to=A      n=0
        A replace a1 0@100 via=FIRM1 n=4
            REPLACE_REJECTED  a1  6@100  QUANTITY_LESS_THAN_MIN_QUANTITY  to=FIRM1  n=4
        A replace a1 7@100 n=5
            REPLACED          a1  7@100  to=A      n=5
    """)


def test_a_modify_needs_no_free_place_on_the_book(new_market) -> None:
    market = new_market(orders_per_book_max=1)
    market.given("A buy a1 5@100")
    market.play("""
        A replace a1 9@99
            REPLACED  a1  9@99
    """)


# ---- the checks, in their order: each refusal also has what the following ones would refuse

BAD_REPLACES = [  # options of `A replace a1`, the quantity and price of the order are 5@100 with 2 filled
    ("9.5@99.5 as a2", "REJECTED_DUPLICATE_CLORDID"),
    ("2000.5@99.5", "INVALID_TICK_SIZE_PRECISION_QUANTITY"),
    ("1@99.5", "QUANTITY_LESS_THAN_MIN_QUANTITY"),
    ("101@99.5", "QUANTITY_GREATER_THAN_MAX_QUANTITY"),
    ("2@99.5", "CANNOT_MODIFY_PARTIAL_FILL"),
    ("9@49.5", "INVALID_TICK_SIZE_PRECISION_PRICE"),
    ("9@49", "PRICE_LESS_THAN_MIN_PRICE"),
    ("9@1001", "PRICE_GREATER_THAN_MAX_PRICE"),
    ("9@151", "PRICE_GREATER_THAN_MAX_PRICE"),  # 3/2 of the oracle
    ("3@111", "REJECTED_GREATER_THAN_MAX_PRICE_BAND"),
    ("3@90", "REJECTED_LESS_THAN_MIN_NOTIONAL"),
]


@pytest.mark.parametrize(("terms", "reason"), BAD_REPLACES)
def test_the_first_check_that_fails_decides(market: Market, terms: str, reason: str) -> None:
    market.given("""
        A buy a1 5@100
        A buy a2 3@90
        B sell b1 2@100
    """)
    market.instrument(
        min_price="50", min_quantity="2", max_quantity="100", band_ppm=100_000, min_notional_micro=300 * 10**6
    )
    market.given("mark 100 oracle=100")
    [event] = market.run(f"A replace a1 {terms}")
    assert (event["kind"].name, event["reason"].name) == ("REPLACE_REJECTED", reason)
    assert (event["quantity_e8"], event["cum_quantity_e8"], event["price_e8"]) == (5 * 10**8, 2 * 10**8, 100 * 10**8)


def test_the_band_of_a_sell(market: Market) -> None:
    market.given("A sell a1 5@100")
    market.instrument(band_ppm=100_000)
    market.given("mark 100")
    market.play("""
        A replace a1 5@89
            REPLACE_REJECTED  a1  5@100  REJECTED_LESS_THAN_MIN_PRICE_BAND
        A replace a1 5@90
            REPLACED          a1  5@90
    """)


def test_the_minimum_notional_goes_by_the_new_total(market: Market) -> None:
    market.given("""
        A buy a1 5@100
        B sell b1 4@100
    """)
    market.instrument(min_notional_micro=500 * 10**6)
    market.play("""
        A replace a1 5@100
            REPLACED          a1  5@100  leaves=1
        A replace a1 5@99
            REPLACE_REJECTED  a1  5@100  REJECTED_LESS_THAN_MIN_NOTIONAL
    """)


def test_market_state_is_looked_at_like_for_a_new_order(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.given("""
        A buy a1 5@90
        A sell a2 1@110 REDUCE_ONLY
        A sell s1 1@80 STOP_LOSS
        state REDUCE_ONLY
    """)
    market.play("""
        A replace a1 5@91
            REPLACE_REJECTED  a1  5@90   REJECTED_MARKET_CLOSED
        A replace a2 1@111
            REPLACED          a2  1@111
        A replace s1 1@81
            REPLACED          s1  1@81
        state HALTED
            CONFIG_SET
        A replace a2 1@112
            REPLACE_REJECTED  a2  1@111  REJECTED_MARKET_CLOSED
        A replace s1 1@82
            REPLACE_REJECTED  s1  1@81   REJECTED_MARKET_CLOSED
    """)


def test_a_venue_that_takes_cancels_only(market: Market) -> None:
    market.given("""
        A buy a1 5@90
        venue CANCEL_ONLY
    """)
    market.play("""
        A replace a1 5@91
            REPLACE_REJECTED  a1  5@90  REJECTED_JOURNAL_FULL
        A replace 999 5@91
            REPLACE_REJECTED  -   0@0   REJECTED_JOURNAL_FULL
        A cancel a1
            CANCELLED         a1
    """)
