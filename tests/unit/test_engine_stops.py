"""Stops: entry, triggering by the mark, cascades (docs/engine.md section 3)."""

from __future__ import annotations

import pytest

from engine.records import CommandKind
from tests.scenario import Market


@pytest.fixture
def holding(market: Market) -> Market:
    """A is long 10, B is short 10; bids at 90 and asks at 110 wait for what is fired."""
    market.positions(A=10, B=-10)
    market.given("""
        C buy c1 20@90
        D sell d1 20@110
        mark 100
    """)
    return market


@pytest.mark.parametrize(
    ("order", "quiet", "fires"),
    [
        ("A sell s1 1@95 STOP_LOSS", 96, 95),
        ("A sell s1 1@105 TAKE_PROFIT", 104, 105),
        ("B buy s1 1@105 STOP_LOSS", 104, 105),
        ("B buy s1 1@95 TAKE_PROFIT", 96, 95),
    ],
)
def test_it_fires_at_its_trigger_and_not_before(holding: Market, order: str, quiet: int, fires: int) -> None:
    trigger = order.split("@")[1].split()[0]
    price, maker = (90, "c1") if "sell" in order else (110, "d1")
    holding.play(f"""
        {order}
            NEW        s1  1@{trigger}  state=UNTRIGGERED  show=0
        mark {quiet}
            CONFIG_SET
        mark {fires}
            CONFIG_SET
            TRIGGERED  s1  1@{trigger}  state=LIVE  leaves=1  show=0
            FILLED     s1  1@{price}  TAKER  state=FILLED
            FILLED     {maker}  1@{price}  MAKER
    """)


def test_it_shows_its_own_type_and_trigger_when_it_is_fired(holding: Market) -> None:
    holding.given("A sell s1 4@95 STOP_LOSS FOK")
    _, triggered, filled, _ = holding.run("mark 94")
    for event in (triggered, filled):
        assert (event["order_type"], event["time_in_force"], event["price_e8"]) == (4, 1, 95 * 10**8)
        assert event["order_flags"] == 0


def test_what_finds_nobody_is_cancelled(holding: Market) -> None:
    holding.given("""
        A sell s1 10@95 STOP_LOSS
        C cancel c1
        C buy c2 4@91
    """)
    holding.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1  10@95
            FILLED     s1  4@91  TAKER
            FILLED     c2  4@91  MAKER
            CANCELLED  s1  cum=4  leaves=0
    """)


def test_nothing_met_at_all(holding: Market) -> None:
    holding.given("""
        A sell s1 10@95 STOP_LOSS
        C cancel c1
    """)
    holding.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1  10@95
            CANCELLED  s1  IOC_CANCELLED  cum=0
    """)


def test_a_fired_stop_stays_within_the_band(holding: Market) -> None:
    holding.given("A sell s1 10@95 STOP_LOSS")
    holding.instrument(band_ppm=50_000)
    holding.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1  10@95
            CANCELLED  s1  IOC_CANCELLED   # the lowest price is 90.25, rounded up to 91
    """)


def test_a_fired_stop_passes_the_bump(holding: Market) -> None:
    holding.given("A sell s1 2@95 STOP_LOSS")
    holding.instrument(speed_bump_ns=10**9, flags_instrument=1)
    holding.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1  2@95
            FILLED     s1  2@90  TAKER
            FILLED     c1  2@90  MAKER
    """)


def test_it_has_to_reduce_the_position(holding: Market) -> None:
    holding.play("""
        A buy s1 1@105 STOP_LOSS
            REJECTED  s1  1@105  REJECTED_REDUCE_ONLY
        E sell s2 1@95 STOP_LOSS
            REJECTED  s2  1@95   REJECTED_REDUCE_ONLY
        B sell s3 1@95 TAKE_PROFIT
            REJECTED  s3  1@95   REJECTED_REDUCE_ONLY
    """)


def test_the_sum_of_each_type_fits_the_position(holding: Market) -> None:
    holding.play("""
        A sell s1 6@95 STOP_LOSS
            NEW       s1  6@95
        A sell s2 5@94 STOP_LOSS
            REJECTED  s2  5@94  REJECTED_REDUCE_ONLY
        A sell s3 4@94 STOP_LOSS
            NEW       s3  4@94
        A sell s4 1@93 STOP_LOSS
            REJECTED  s4  1@93  REJECTED_REDUCE_ONLY
        A sell s5 10@105 TAKE_PROFIT
            NEW       s5  10@105
        A sell s6 1@105 TAKE_PROFIT
            REJECTED  s6  1@105  REJECTED_REDUCE_ONLY
    """)


def test_quantities_fit_the_lot_but_need_no_minimum_and_know_no_maximum(holding: Market) -> None:
    holding.instrument(min_quantity="5", max_quantity="8")
    holding.play("""
        A sell s1 9@95 STOP_LOSS
            NEW       s1  9@95
        A sell s2 1@94 STOP_LOSS
            NEW       s2  1@94
        A sell s3 0@105 TAKE_PROFIT
            REJECTED  s3  0@105   QUANTITY_LESS_THAN_MIN_QUANTITY
        A sell s4 -1@105 TAKE_PROFIT
            REJECTED  s4  -1@105  QUANTITY_LESS_THAN_MIN_QUANTITY
        A sell s5 1.5@105 TAKE_PROFIT
            REJECTED  s5  1.5@105  INVALID_TICK_SIZE_PRECISION_QUANTITY
    """)


def test_triggers_fit_the_tick_and_the_highest_price_alone(holding: Market) -> None:
    holding.instrument(min_price="50", band_ppm=10_000)
    holding.given("mark 100 oracle=100")
    holding.play("""
        A sell s1 1@1 STOP_LOSS
            NEW       s1  1@1
        A sell s2 1@1000 TAKE_PROFIT
            NEW       s2  1@1000
        A sell s3 1@0 STOP_LOSS
            REJECTED  s3  1@0     PRICE_LESS_THAN_MIN_PRICE
        A sell s4 1@1001 TAKE_PROFIT
            REJECTED  s4  1@1001  PRICE_GREATER_THAN_MAX_PRICE
        A sell s5 1@94.5 STOP_LOSS
            REJECTED  s5  1@94.5  INVALID_TICK_SIZE_PRECISION_PRICE
    """)


def test_any_defined_time_in_force_is_taken_and_forgotten(holding: Market) -> None:
    for number, tif in enumerate(("GTC", "DAY", "GTD=-5", "IOC", "FOK")):
        [event] = holding.run(f"A sell s{number} 1@9{number} STOP_LOSS {tif}")
        assert (event["kind"].name, event["time_in_force"]) == ("ORDER_NEW", 1)
    holding.play("""
        A sell s9 1@95 STOP_LOSS time_in_force=6
            REJECTED  s9  1@95  INVALID_TIME_IN_FORCE
        roll 20260102
            CONFIG_SET
    """)


def test_entry_at_a_trigger_that_is_passed_waits_for_the_next_mark(holding: Market) -> None:
    holding.play("""
        A sell s1 1@101 STOP_LOSS
            NEW        s1  1@101  state=UNTRIGGERED
        tick
        mark 100
            CONFIG_SET
            TRIGGERED  s1
            FILLED     s1  1@90  TAKER
            FILLED     c1  1@90  MAKER
    """)


def test_a_market_that_is_closed_fires_nothing(holding: Market) -> None:
    holding.given("A sell s1 1@95 STOP_LOSS")
    for state in ("HALTED", "CANCEL_ONLY", "DELISTED"):
        holding.play(f"""
            state {state}
                CONFIG_SET
            mark 94
                CONFIG_SET
            tick
        """)
    holding.play("""
        state REDUCE_ONLY
            CONFIG_SET
        tick
        mark 95
            CONFIG_SET
            TRIGGERED  s1
            FILLED     s1  1@90  TAKER
            FILLED     c1  1@90  MAKER
    """)


# ---- cascades


def test_the_largest_distance_fires_first_then_the_lowest_id(holding: Market) -> None:
    holding.given("""
        A sell s1 1@95 STOP_LOSS
        A sell s2 1@97 STOP_LOSS
        A sell s3 1@96 STOP_LOSS
        A sell s4 1@97 STOP_LOSS
        B buy s5 1@96 TAKE_PROFIT
    """)
    fired = [e["client_order_id"] for e in holding.run("mark 94") if e["kind"].name == "ORDER_TRIGGERED"]
    assert fired == ["s2", "s4", "s3", "s5", "s1"]


def test_work_that_is_bounded_goes_on_with_the_next_tick(new_market) -> None:
    market = new_market(work_steps_max=2)
    market.positions(A=10, B=-10)
    market.given("""
        C buy c1 20@90
        A sell s1 1@95 STOP_LOSS
        A sell s2 1@96 STOP_LOSS
        A sell s3 1@97 STOP_LOSS
    """)
    market.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s3
            FILLED     s3  1@90  TAKER
            FILLED     c1  1@90  MAKER
            TRIGGERED  s2
            FILLED     s2  1@90  TAKER
            FILLED     c1  1@90  MAKER
    """)
    assert market.engine.next_due_ns == 0
    market.play("""
        E buy e1 1@1   # orders in between do not pay for it
            NEW        e1  1@1
        tick
            TRIGGERED  s1
            FILLED     s1  1@90  TAKER
            FILLED     c1  1@90  MAKER
    """)
    assert market.engine.next_due_ns > 0


def test_marks_during_a_cascade_widen_its_range(new_market) -> None:
    """One step per command: 97 starts the cascade, 104 and 95 widen it; distances decide among all that were passed."""
    market = new_market(work_steps_max=1)
    market.positions(A=10, B=-10)
    market.given("""
        C buy c1 20@90
        A sell s1 1@97 STOP_LOSS
        A sell s2 1@97 STOP_LOSS
        A sell s3 1@95 STOP_LOSS
        A sell s4 1@102 TAKE_PROFIT
        A sell s5 1@105 TAKE_PROFIT
    """)
    market.play("""
        mark 97
            CONFIG_SET
            TRIGGERED  s1
            FILLED     s1  TAKER
            FILLED     c1  MAKER
        mark 104
            CONFIG_SET
        mark 95
            CONFIG_SET
        mark 100
            CONFIG_SET
        tick
            TRIGGERED  s2   # 97 - 95 = 2, as 104 - 102; the lower id
            FILLED     s2  TAKER
            FILLED     c1  MAKER
        tick
            TRIGGERED  s4   # 2
            FILLED     s4  TAKER
            FILLED     c1  MAKER
        tick
            TRIGGERED  s3   # 0
            FILLED     s3  TAKER
            FILLED     c1  MAKER
        tick
    """)
    assert market.engine.next_due_ns > 0


def test_a_stop_that_comes_during_a_cascade_joins_it(new_market) -> None:
    market = new_market(work_steps_max=1)
    market.positions(A=10, B=-10)
    market.given("""
        C buy c1 20@90
        A sell s1 1@97 STOP_LOSS
        A sell s2 1@96 STOP_LOSS
        A sell s3 1@80 STOP_LOSS
    """)
    market.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1
            FILLED     s1  TAKER
            FILLED     c1  MAKER
        A sell s4 1@99 STOP_LOSS
            NEW        s4  1@99  state=UNTRIGGERED
        A replace s3 1@98
            REPLACED   s3  1@98
        tick
            TRIGGERED  s4
            FILLED     s4  TAKER
            FILLED     c1  MAKER
        tick
            TRIGGERED  s3
            FILLED     s3  TAKER
            FILLED     c1  MAKER
        tick
            TRIGGERED  s2
            FILLED     s2  TAKER
            FILLED     c1  MAKER
        tick
        A sell s5 1@99 STOP_LOSS
            NEW        s5  1@99  state=UNTRIGGERED
        tick
    """)


def test_a_halt_ends_a_cascade(new_market) -> None:
    market = new_market(work_steps_max=1)
    market.positions(A=10, B=-10)
    market.given("""
        C buy c1 20@90
        A sell s1 1@97 STOP_LOSS
        A sell s2 1@96 STOP_LOSS
    """)
    market.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1
            FILLED     s1  TAKER
            FILLED     c1  MAKER
        state HALTED
            CONFIG_SET
        tick
        state ACTIVE
            CONFIG_SET
        tick
        mark 97
            CONFIG_SET
        mark 96
            CONFIG_SET
            TRIGGERED  s2
            FILLED     s2  TAKER
            FILLED     c1  MAKER
    """)


def test_cascades_of_instruments_follow_first_in_first_out(new_market) -> None:
    market = new_market(work_steps_max=1)
    market.positions(A=10, B=-10)
    market.instrument(2)
    market.given("""
        B sell - 10@100 in=2
        A buy - 10@100 in=2
        C buy c1 20@90
        C buy c2 20@90 in=2
        A sell s1 1@97 STOP_LOSS
        A sell s2 1@96 STOP_LOSS
        A sell t1 1@97 STOP_LOSS in=2
    """)
    market.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  s1  in=1
            FILLED     s1  TAKER
            FILLED     c1  MAKER
        mark 95 in=2
            CONFIG_SET  in=2
        tick
            TRIGGERED  s2  in=1
            FILLED     s2  TAKER
            FILLED     c1  MAKER
        tick
            TRIGGERED  t1  in=2
            FILLED     t1  TAKER
            FILLED     c2  MAKER
    """)


def test_a_stop_whose_position_is_gone_is_trimmed_before_it_can_fire(new_market) -> None:
    market = new_market(work_steps_max=1)
    market.positions(A=2, B=-2)
    market.given("""
        C buy c1 20@90
        A sell s1 2@97 STOP_LOSS
        A sell t1 2@90 TAKE_PROFIT
    """)
    market.play("""
        mark 95
            CONFIG_SET
            TRIGGERED  t1   # passed by 5, s1 by 2
            FILLED     t1  2@90  TAKER  pos=0
            FILLED     c1  2@90  MAKER
        tick
            CANCELLED  s1  REJECTED_REDUCE_ONLY   # trimmed
        tick
    """)


def test_a_mark_has_to_be_a_tick_multiple_in_range(market: Market) -> None:
    market.play("""
        mark 0
            COMMAND_REJECTED  INVALID_PARAMETER
        mark -1
            COMMAND_REJECTED  INVALID_PARAMETER
        mark 100.5
            COMMAND_REJECTED  INVALID_PARAMETER
        mark 100 oracle=-1
            COMMAND_REJECTED  INVALID_PARAMETER
        mark 16777216
            COMMAND_REJECTED  INVALID_PARAMETER
        mark 16777215 oracle=0.00000001
            CONFIG_SET
        mark 100 in=2
            COMMAND_REJECTED  BAD_SYMBOL
    """)


def test_stop_market_is_no_type_of_ours(market: Market) -> None:
    [event] = market.send(
        CommandKind.PLACE, session_id=1, account_id=1, instrument_id=1, side=1, order_type=6, time_in_force=1,
        price_e8=100 * 10**8, quantity_e8=10**8,
    )  # fmt: skip
    assert event["reason"].name == "INVALID_ORDER_TYPE"
