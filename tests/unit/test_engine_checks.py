"""The checks of PLACE: each reason, at its boundary, and which goes before which (docs/engine.md section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.records import CHECK_ORDER, INT64_MAX, SCALE_E8, CommandKind, EventKind, Reason
from tests.scenario import Market

R = Reason
Fields = dict[str, Any]


# ---- precedence: an order that fails two checks gets the reason of the first


def set_fields(**values: Any) -> Callable[[Market, Fields], None]:
    return lambda market, fields: fields.update(values)


def half_a_tick_more(market: Market, fields: Fields) -> None:
    fields["price_e8"] += SCALE_E8 // 2


def no_more_orders(market: Market, fields: Fields) -> None:
    market.given("C buy c2 2@95")


def market_without_mark(market: Market, fields: Fields) -> None:
    fields.update(instrument_id=2, order_type=2, time_in_force=4)


def notional_of_nobody(market: Market, fields: Fields) -> None:
    for instrument in (1, 2):
        market.instrument(instrument, **TERMS, min_notional_micro=INT64_MAX)


TERMS: dict[str, Any] = {
    "min_price": "10", "max_price": "1000", "min_quantity": "2", "max_quantity": "100", "band_ppm": 100_000,
}  # fmt: skip
SPOILERS: dict[Reason, Callable[[Market, Fields], None]] = {
    R.PERMISSION_DENIED: set_fields(session_id=2),
    R.REJECTED_JOURNAL_FULL: lambda market, fields: market.given("venue CANCEL_ONLY"),
    R.RATE_LIMITED: lambda market, fields: market.trader(1, rate_limit_milli=1),
    R.REJECTED_DUPLICATE_CLORDID: set_fields(client_order_id="taken"),
    R.BAD_SYMBOL: set_fields(instrument_id=8),
    R.REJECTED_MARKET_CLOSED: lambda market, fields: [market.given(f"state HALTED in={i}") for i in (1, 2)] and None,
    R.INVALID_ORDER_TYPE: set_fields(order_flags=8),
    R.INVALID_TIME_IN_FORCE: set_fields(time_in_force=9),
    R.INVALID_TICK_SIZE_PRECISION_QUANTITY: set_fields(display_quantity_e8=SCALE_E8 // 2),
    R.QUANTITY_LESS_THAN_MIN_QUANTITY: set_fields(quantity_e8=SCALE_E8),
    R.QUANTITY_GREATER_THAN_MAX_QUANTITY: set_fields(quantity_e8=101 * SCALE_E8),
    R.INVALID_MIN_QUANTITY: set_fields(min_quantity_e8=500 * SCALE_E8),
    R.INVALID_DISPLAY_QUANTITY: set_fields(display_quantity_e8=-SCALE_E8),
    R.INVALID_TICK_SIZE_PRECISION_PRICE: half_a_tick_more,
    R.REJECTED_NO_REFERENCE_PRICE: market_without_mark,
    R.PRICE_LESS_THAN_MIN_PRICE: set_fields(price_e8=5 * SCALE_E8),
    R.PRICE_GREATER_THAN_MAX_PRICE: set_fields(price_e8=1001 * SCALE_E8),
    R.REJECTED_GREATER_THAN_MAX_PRICE_BAND: set_fields(price_e8=111 * SCALE_E8),
    R.REJECTED_LESS_THAN_MIN_PRICE_BAND: set_fields(price_e8=89 * SCALE_E8, side=2),
    R.INVALID_TAKEPROFIT_PRICE: set_fields(take_profit_e8=1),
    R.INVALID_STOPLOSS_PRICE: set_fields(stop_loss_e8=1),
    R.REJECTED_LESS_THAN_MIN_NOTIONAL: notional_of_nobody,
    R.REJECTED_TOO_MANY_OPEN_ORDERS: lambda market, fields: market.account("A", open_orders_max=1),
    R.REJECTED_CAPACITY: no_more_orders,
    R.REJECTED_REDUCE_ONLY: set_fields(order_flags=1),
}
NEVER_BOTH = [
    {R.QUANTITY_LESS_THAN_MIN_QUANTITY, R.QUANTITY_GREATER_THAN_MAX_QUANTITY},
    {R.PRICE_LESS_THAN_MIN_PRICE, R.PRICE_GREATER_THAN_MAX_PRICE},
    {R.PRICE_LESS_THAN_MIN_PRICE, R.REJECTED_GREATER_THAN_MAX_PRICE_BAND},
    {R.PRICE_GREATER_THAN_MAX_PRICE, R.REJECTED_LESS_THAN_MIN_PRICE_BAND},
    {R.REJECTED_GREATER_THAN_MAX_PRICE_BAND, R.REJECTED_LESS_THAN_MIN_PRICE_BAND},
    {R.REJECTED_LESS_THAN_MIN_NOTIONAL, R.REJECTED_REDUCE_ONLY},  # reduce-only orders need none
    {R.INVALID_TAKEPROFIT_PRICE, R.REJECTED_REDUCE_ONLY},  # nor have they a pair
    {R.INVALID_STOPLOSS_PRICE, R.REJECTED_REDUCE_ONLY},
    *[  # a MARKET order has no price
        {R.REJECTED_NO_REFERENCE_PRICE, other}
        for other in (
            R.INVALID_TICK_SIZE_PRECISION_PRICE, R.PRICE_LESS_THAN_MIN_PRICE, R.PRICE_GREATER_THAN_MAX_PRICE,
            R.REJECTED_GREATER_THAN_MAX_PRICE_BAND, R.REJECTED_LESS_THAN_MIN_PRICE_BAND,
        )
    ],
]  # fmt: skip


def answer(new_market: Callable[..., Market], *spoilers: Reason) -> Reason:
    """What an order gets that is spoiled for these reasons."""
    market = new_market(orders_max=3)
    market.given("A buy taken 2@90")
    market.given("C buy c1 2@95")
    for instrument in (1, 2):
        market.instrument(instrument, **TERMS)
    market.given("mark 100")
    fields: Fields = {
        "session_id": 1, "account_id": 1, "instrument_id": 1, "client_order_id": "new", "price_e8": 100 * SCALE_E8,
        "quantity_e8": 5 * SCALE_E8, "side": 1, "order_type": 1, "time_in_force": 1,
    }  # fmt: skip
    for reason in reversed(spoilers):
        SPOILERS[reason](market, fields)
    events = market.send(CommandKind.PLACE, **fields)
    return events[0]["reason"] if events[0]["kind"] == EventKind.ORDER_REJECTED else Reason.ACK


def test_they_stand_in_the_published_order() -> None:
    """The others of that order are those of risk and money: test_risk_checks.py."""
    assert list(SPOILERS) == [reason for reason in CHECK_ORDER if reason in SPOILERS]


def test_an_order_with_nothing_wrong(new_market: Callable[..., Market]) -> None:
    assert answer(new_market) is Reason.ACK


@pytest.mark.parametrize("first", SPOILERS, ids=lambda reason: reason.name)
def test_the_first_check_that_fails_decides(new_market: Callable[..., Market], first: Reason) -> None:
    assert answer(new_market, first) is first
    for later in list(SPOILERS)[list(SPOILERS).index(first) + 1 :]:
        if {first, later} not in NEVER_BOTH:
            assert answer(new_market, first, later) is first, f"{first.name} goes before {later.name}"


# ---- types and flags


@pytest.mark.parametrize(
    "option",
    [
        "side=0", "side=3", "order_type=0", "order_type=6", "order_type=255", "order_flags=2", "order_flags=32768",
        "order_flags=3", "order_flags=4", "REDUCE_ONLY take_profit_e8=-1", "REDUCE_ONLY stop_loss_e8=5000000000",
    ],
)  # fmt: skip
def test_undefined_types_sides_flags_and_pairs_on_reducing_orders(market: Market, option: str) -> None:
    market.play(f"""
        A buy a1 1@100 {option}
            REJECTED  a1  1@100  INVALID_ORDER_TYPE
    """)


# ---- quantities


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        ("2", "ACK"), ("8", "ACK"), ("1", "QUANTITY_LESS_THAN_MIN_QUANTITY"),
        ("0", "QUANTITY_LESS_THAN_MIN_QUANTITY"), ("-2", "QUANTITY_LESS_THAN_MIN_QUANTITY"),
        ("9", "QUANTITY_GREATER_THAN_MAX_QUANTITY"), ("2.00000001", "INVALID_TICK_SIZE_PRECISION_QUANTITY"),
        ("-0.5", "INVALID_TICK_SIZE_PRECISION_QUANTITY"), ("92233720368", "QUANTITY_GREATER_THAN_MAX_QUANTITY"),
    ],
)  # fmt: skip
def test_quantity(market: Market, quantity: str, reason: str) -> None:
    market.instrument(min_quantity="2", max_quantity="8")
    [event] = market.run(f"A buy a1 {quantity}@100")
    assert event["reason"].name == reason


@pytest.mark.parametrize("option", ["min=1.5", "min=-0.5", "show=2.5", "show=-0.25"])
def test_minimum_and_display_quantity_fit_the_lot(market: Market, option: str) -> None:
    market.play(f"""
        A buy a1 5@100 IOC {option}
            REJECTED  a1  5@100  INVALID_TICK_SIZE_PRECISION_QUANTITY
    """)


# ---- prices


@pytest.mark.parametrize("order_type", ["LIMIT", "ALO"])
@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("50", "ACK"), ("1000", "ACK"), ("49", "PRICE_LESS_THAN_MIN_PRICE"), ("0", "PRICE_LESS_THAN_MIN_PRICE"),
        ("-50", "PRICE_LESS_THAN_MIN_PRICE"), ("1001", "PRICE_GREATER_THAN_MAX_PRICE"),
        ("100.5", "INVALID_TICK_SIZE_PRECISION_PRICE"), ("-0.5", "INVALID_TICK_SIZE_PRECISION_PRICE"),
        ("92233720368", "PRICE_GREATER_THAN_MAX_PRICE"),
    ],
)  # fmt: skip
def test_price(market: Market, price: str, reason: str, order_type: str) -> None:
    market.instrument(min_price="50")
    [event] = market.run(f"A buy a1 1@{price} {order_type}")
    assert event["reason"].name == reason


@pytest.mark.parametrize(
    ("oracle", "price", "reason"),
    [
        ("200", 100, "ACK"), ("200", 99, "PRICE_LESS_THAN_MIN_PRICE"), ("200", 300, "ACK"),
        ("200", 301, "PRICE_GREATER_THAN_MAX_PRICE"), ("200.00000001", 100, "PRICE_LESS_THAN_MIN_PRICE"),
        ("199.99999999", 300, "PRICE_GREATER_THAN_MAX_PRICE"), ("0", 1, "ACK"), ("0", 1000, "ACK"),
    ],
)  # fmt: skip
def test_the_static_range_is_half_to_one_and_a_half_of_the_oracle(
    market: Market, oracle: str, price: int, reason: str
) -> None:
    market.given(f"mark 200 oracle={oracle}")
    for side in ("buy", "sell"):
        [event] = market.run(f"A {side} - 1@{price} IOC")[:1]
        assert event["reason"].name == reason


@pytest.mark.parametrize(
    ("oracle_e8", "reason"), [(54 * 10**17, Reason.ACK), (53 * 10**17, Reason.PRICE_GREATER_THAN_MAX_PRICE)]
)
def test_the_static_range_is_computed_without_overflow(market: Market, oracle_e8: int, reason: Reason) -> None:
    """2 x 8e18 and 3 x 5.4e18 are both beyond int64."""
    tick = 5 * 10**11
    market.instrument(
        2, tick_size_e8=tick, lot_size_e8=1, min_price_e8=tick, max_price_e8=16_700_000 * tick, min_quantity_e8=1,
        max_quantity_e8=100,
    )  # fmt: skip
    market.configure(CommandKind.SET_MARK, instrument_id=2, mark_price_e8=tick, oracle_price_e8=oracle_e8)
    [event] = market.send(
        CommandKind.PLACE, session_id=1, account_id=1, instrument_id=2, price_e8=16_000_000 * tick, quantity_e8=1,
        side=1, order_type=1, time_in_force=1,
    )  # fmt: skip
    assert event["reason"] is reason


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("buy - 1@111", "ACK"), ("buy - 1@112", "REJECTED_GREATER_THAN_MAX_PRICE_BAND"), ("buy - 1@1", "ACK"),
        ("sell - 1@91", "ACK"), ("sell - 1@90", "REJECTED_LESS_THAN_MIN_PRICE_BAND"), ("sell - 1@1000", "ACK"),
        ("buy - 1@112 ALO", "REJECTED_GREATER_THAN_MAX_PRICE_BAND"),
        ("sell - 1@90 ALO", "REJECTED_LESS_THAN_MIN_PRICE_BAND"),
    ],
)  # fmt: skip
def test_the_band_around_the_mark_is_rounded_inwards(market: Market, order: str, reason: str) -> None:
    """101 x 1.1 = 111.1, 101 x 0.9 = 90.9."""
    market.instrument(band_ppm=100_000)
    market.given("mark 101")
    [event] = market.run(f"A {order}")
    assert event["reason"].name == reason


def test_no_band_without_a_mark_or_without_a_width(market: Market) -> None:
    market.instrument(2, band_ppm=100_000)
    market.given("mark 100")
    market.given("""
        A buy a1 1@1000
        A buy a2 1@1000 in=2
    """)


# ---- notional


def test_tv_01_and_the_minimum_notional(market: Market) -> None:
    """2.5 shares at 254.04 are 635,100,000 micro-USDC."""
    terms = {"symbol": "AAPL-USD", "tick": "0.01", "lot": "0.001", "min_price": "0.01", "max_price": "1000"}
    for micro, kind in ((635_100_000, "NEW"), (635_100_001, "REJECTED")):
        market.instrument(2, **terms, min_quantity="0.001", max_quantity="5000", min_notional_micro=micro)
        market.play(f"""
            A buy - 2.5@254.04 in=2
                {kind}  -  2.5@254.04  {"REJECTED_LESS_THAN_MIN_NOTIONAL" if kind == "REJECTED" else ""}
        """)


def test_tv_02_and_the_minimum_notional(market: Market) -> None:
    """100,000 EUR at 1.08512 are 108,512,000,000 micro-USDC."""
    terms = {"symbol": "EUR-USD", "tick": "0.00001", "lot": "1", "min_price": "0.00001", "max_price": "2"}
    for micro, kind in ((108_512_000_000, "NEW"), (108_512_000_001, "REJECTED")):
        market.instrument(2, **terms, min_quantity="100", max_quantity="20000000", min_notional_micro=micro)
        market.play(f"""
            A buy - 100000@1.08512 in=2
                {kind}  -  100000@1.08512  {"REJECTED_LESS_THAN_MIN_NOTIONAL" if kind == "REJECTED" else ""}
        """)


def test_the_notional_of_a_market_order_is_that_of_the_mark(market: Market) -> None:
    market.instrument(min_notional_micro=300 * 10**6)
    market.play("""
        mark 150
            CONFIG_SET
        A buy a1 2
            NEW        a1
            CANCELLED  a1  IOC_CANCELLED
        mark 149
            CONFIG_SET
        A buy a2 2
            REJECTED   a2  REJECTED_LESS_THAN_MIN_NOTIONAL
        A buy a3 2@150
            NEW        a3
    """)


def test_stops_need_no_minimum_notional(market: Market) -> None:
    market.positions(A=1, B=-1)
    market.instrument(min_notional_micro=INT64_MAX)
    market.given("A sell s1 1@90 STOP_LOSS")


def test_a_notional_beyond_int64_is_out_of_range(market: Market) -> None:
    """It is enough for min_notional_micro; no venue books such an amount."""
    tick = 10**10
    market.instrument(
        2, tick_size_e8=tick, min_price_e8=tick, max_price_e8=1000 * tick, max_quantity_e8=9 * 10**18,
        min_notional_micro=INT64_MAX,
    )  # fmt: skip
    common = {"session_id": 1, "account_id": 1, "instrument_id": 2, "side": 1, "order_type": 1, "time_in_force": 1}
    [event] = market.send(CommandKind.PLACE, **common, price_e8=1000 * tick, quantity_e8=9 * 10**18)
    assert event["reason"] is Reason.REJECTED_NUMERIC_RANGE
    [event] = market.send(CommandKind.PLACE, **common, price_e8=tick, quantity_e8=9 * 10**18)
    assert event["reason"] is Reason.REJECTED_LESS_THAN_MIN_NOTIONAL  # 1 x 9e10 lots x 1e8 = 9e18 < 2^63 - 1


# ---- client order ids, open orders


def test_client_order_ids_are_unique_among_the_open_orders_of_an_account(market: Market) -> None:
    market.play("""
        A buy x 1@100
            NEW        x
        A buy x 1@100
            REJECTED   x  REJECTED_DUPLICATE_CLORDID
        B buy x 1@100
            NEW        x
        A cancel by-client x
            CANCELLED  x
        A buy x 1@100 IOC
            NEW        x
            CANCELLED  x  IOC_CANCELLED
        A buy x 1@100
            NEW        x
    """)


def test_the_longest_client_order_id(market: Market) -> None:
    name = "n" * 36
    market.play(f"""
        A buy {name} 1@100
            NEW       {name}
        A buy {name} 1@100
            REJECTED  {name}  REJECTED_DUPLICATE_CLORDID
        A buy {name[:-1]}m 1@100
            NEW       {name[:-1]}m
    """)


def test_open_orders_of_an_account(market: Market) -> None:
    market.account("A", open_orders_max=2)
    market.play("""
        A buy a1 1@100
            NEW        a1
        A buy a2 1@100 in=1
            NEW        a2
        A buy a3 1@100 IOC
            REJECTED   a3  REJECTED_TOO_MANY_OPEN_ORDERS
        B buy b1 1@100
            NEW        b1
        A cancel a1
            CANCELLED  a1
        A buy a3 1@100
            NEW        a3
    """)


def test_stops_and_orders_in_the_bump_are_open_orders(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.instrument(speed_bump_ns=10**9)
    market.account("A", open_orders_max=2)
    market.play("""
        A sell s1 1@90 STOP_LOSS
            NEW       s1
        A sell a1 1@110
            PENDING   a1
        A sell a2 1@110
            REJECTED  a2  REJECTED_TOO_MANY_OPEN_ORDERS
    """)


def test_a_lower_maximum_leaves_open_orders_alone(market: Market) -> None:
    market.given("""
        A buy a1 1@100
        A buy a2 1@100
    """)
    market.account("A", open_orders_max=1)
    market.play("""
        A replace a1 1@99
            REPLACED   a1
        A cancel a1
            CANCELLED  a1
        A buy a3 1@100
            REJECTED   a3  REJECTED_TOO_MANY_OPEN_ORDERS
    """)


def test_the_ordinary_maximum_is_a_thousand(new_market: Callable[..., Market]) -> None:
    market = new_market(orders_max=1100, orders_per_book_max=1100)
    for _ in range(1000):
        market.given("A buy - 1@100")
    market.play("""
        A buy a1 1@100
            REJECTED  a1  REJECTED_TOO_MANY_OPEN_ORDERS
    """)
