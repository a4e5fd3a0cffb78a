"""LIMIT orders: resting, trading, and what their events carry (docs/engine.md sections 1 and 3)."""

from __future__ import annotations

from engine.records import CommandKind, EventKind, Liquidity, OrderState, Reason, TradeKind
from tests.scenario import MS, START_NS, Market


def test_an_order_that_meets_nobody_rests(market: Market) -> None:
    market.play("""
        A buy a1 5@100
            NEW  a1  5@100  leaves=5  cum=0  show=0  pos=0  state=LIVE  to=A
        B sell b1 5@101
            NEW  b1  5@101
    """)


def test_a_trade_is_at_the_resting_price_best_price_first(market: Market) -> None:
    market.given("""
        B sell b1 5@102
        C sell c1 5@101
        D sell d1 5@103
    """)
    market.play("""
        A buy a1 8@102
            NEW     a1  8@102  leaves=8  cum=0
            FILLED  a1  5@101  cum=5  leaves=3  TAKER  pos=5   contra=c1  state=LIVE
            FILLED  c1  5@101  cum=5  leaves=0  MAKER  pos=-5  contra=a1  state=FILLED  show=0
            FILLED  a1  3@102  cum=8  leaves=0  TAKER  pos=8   contra=b1  state=FILLED
            FILLED  b1  3@102  cum=3  leaves=2  MAKER  pos=-3  contra=a1  state=LIVE  show=2
    """)


def test_what_is_left_rests_at_the_limit(market: Market) -> None:
    market.given("B sell b1 2@100")
    market.play("""
        A buy a1 5@101
            NEW     a1  5@101
            FILLED  a1  2@100  leaves=3  TAKER
            FILLED  b1  2@100  leaves=0  MAKER
        C sell c1 1@101
            NEW     c1  1@101
            FILLED  c1  1@101  leaves=0  TAKER
            FILLED  a1  1@101  leaves=2  MAKER  pos=3
    """)


def test_the_earlier_order_of_a_price_trades_first(market: Market) -> None:
    market.given("""
        A buy a1 2@100
        B buy b1 2@100
    """)
    market.play("""
        C sell c1 3@100
            NEW     c1  3@100
            FILLED  c1  2@100  leaves=1  TAKER
            FILLED  a1  2@100  leaves=0  MAKER
            FILLED  c1  1@100  leaves=0  TAKER
            FILLED  b1  1@100  leaves=1  MAKER
    """)


def test_positions_add_up_over_trades_and_change_sign(market: Market) -> None:
    market.given("""
        B sell b1 3@100
        A buy a1 3@100
        C buy c1 5@99
    """)
    market.play("""
        A sell a2 5@99
            NEW     a2  5@99  pos=3
            FILLED  a2  5@99  TAKER  pos=-2
            FILLED  c1  5@99  MAKER  pos=5
    """)


def test_prices_and_quantities_are_decimals_of_the_instrument(market: Market) -> None:
    market.instrument(2, tick="0.05", lot="0.001", min_price="0.05", max_price="900", min_quantity="0.001")
    market.given("B sell b1 0.012@254.05 in=2")
    market.play("""
        A buy a1 2.5@254.1 in=2
            NEW     a1  2.5@254.1  in=2
            FILLED  a1  0.012@254.05  leaves=2.488  TAKER  pos=0.012   in=2
            FILLED  b1  0.012@254.05  leaves=0      MAKER  pos=-0.012  in=2
    """)


def test_an_order_without_client_order_id_is_known_by_its_id(market: Market) -> None:
    market.play("""
        A buy - 5@100
            NEW  -  5@100
        A buy - 5@100
            NEW  -  5@100
    """)
    order_id = market.engine.seq
    market.play(f"""
        A cancel {order_id}
            CANCELLED  -  id={order_id}
    """)


def test_every_field_of_an_acceptance(market: Market) -> None:
    market.time_ns = START_NS + 5 * MS
    [event] = market.run("A buy a1 5@100 n=7 show=2 DAY group=9 DECREMENT sent_ns=123")
    assert event == {
        "seq": market.engine.seq, "timestamp_ns": START_NS + 5 * MS, "event_index": 0, "kind": EventKind.ORDER_NEW,
        "reason": Reason.ACK, "session_id": 1, "instrument_id": 1, "session_seq": 1, "account_id": 1, "trader_id": 1,
        "desk_id": 1, "firm_id": 1, "msg_seq_in": 7, "order_id": market.engine.seq, "client_order_id": "a1",
        "orig_client_order_id": "", "price_e8": 100 * 10**8, "quantity_e8": 5 * 10**8, "cum_quantity_e8": 0,
        "leaves_quantity_e8": 5 * 10**8, "display_quantity_e8": 0, "last_price_e8": 0, "last_quantity_e8": 0,
        "contra_order_id": 0, "fee_micro": 0, "realised_pnl_micro": 0, "position_e8": 0, "detail": 0, "side": 1,
        "order_type": 1, "time_in_force": 2, "liquidity": 0, "order_flags": 0, "order_state": OrderState.LIVE,
        "trade_kind": 0,
    }  # fmt: skip


def test_every_field_of_the_two_events_of_a_fill(market: Market) -> None:
    market.given("D sell d1 5@100 show=2 n=3")
    maker_id = market.engine.seq
    _, taker, maker = market.run("E buy e1 1@101 n=8")
    common = {
        "seq": market.engine.seq, "timestamp_ns": START_NS, "kind": EventKind.ORDER_FILLED, "reason": Reason.ACK,
        "instrument_id": 1, "orig_client_order_id": "", "cum_quantity_e8": 10**8, "last_price_e8": 100 * 10**8,
        "last_quantity_e8": 10**8, "fee_micro": 0, "realised_pnl_micro": 0, "detail": 0, "order_type": 1,
        "order_flags": 0, "time_in_force": 1, "trade_kind": TradeKind.NORMAL,
    }  # fmt: skip
    assert taker == common | {
        "event_index": 1, "session_id": 5, "session_seq": 2, "account_id": 5, "trader_id": 4, "desk_id": 3,
        "firm_id": 2, "msg_seq_in": 8, "order_id": market.engine.seq, "client_order_id": "e1", "price_e8": 101 * 10**8,
        "quantity_e8": 10**8, "leaves_quantity_e8": 0, "display_quantity_e8": 0, "contra_order_id": maker_id,
        "position_e8": 10**8, "side": 1, "liquidity": Liquidity.TAKER, "order_state": OrderState.FILLED,
    }  # fmt: skip
    assert maker == common | {
        "event_index": 2, "session_id": 4, "session_seq": 2, "account_id": 4, "trader_id": 3, "desk_id": 2,
        "firm_id": 1, "msg_seq_in": 0, "order_id": maker_id, "client_order_id": "d1", "price_e8": 100 * 10**8,
        "quantity_e8": 5 * 10**8, "leaves_quantity_e8": 4 * 10**8, "display_quantity_e8": 10**8,
        "contra_order_id": market.engine.seq, "position_e8": -(10**8), "side": 2, "liquidity": Liquidity.MAKER,
        "order_state": OrderState.LIVE,
    }  # fmt: skip


def test_events_of_an_order_go_to_the_session_that_entered_it(market: Market) -> None:
    market.play("""
        A buy a1 5@100 via=DESK1 n=4
            NEW     a1  5@100  to=DESK1  n=4  account_id=1
        B sell b1 2@100 n=9
            NEW     b1  2@100  to=B  n=9
            FILLED  b1  2@100  to=B  n=9  TAKER
            FILLED  a1  2@100  to=DESK1  n=0  MAKER
        A cancel a1
            CANCELLED  a1  to=DESK1  n=0
    """)


def test_a_position_exists_from_the_first_order_that_passes(market: Market) -> None:
    """Both sides of a fill are booked before the first of its events is written, also when they are one account."""
    market.given("A buy a1 5@100 group=1")
    market.play("""
        A sell a2 2@100 group=2
            NEW     a2  2@100
            FILLED  a2  2@100  TAKER  pos=0
            FILLED  a1  2@100  MAKER  pos=0
    """)


def test_an_order_is_refused_before_it_has_an_id(market: Market) -> None:
    [event] = market.run("A buy a1 5@1001 n=2")
    assert (event["kind"], event["reason"]) == (EventKind.ORDER_REJECTED, Reason.PRICE_GREATER_THAN_MAX_PRICE)
    assert event["order_id"] == 0
    assert event["order_state"] == OrderState.REJECTED
    assert (event["price_e8"], event["quantity_e8"], event["leaves_quantity_e8"]) == (1001 * 10**8, 5 * 10**8, 0)
    assert (event["account_id"], event["trader_id"], event["desk_id"], event["firm_id"]) == (1, 1, 1, 1)
    assert (event["client_order_id"], event["msg_seq_in"], event["side"], event["order_type"]) == ("a1", 2, 1, 1)


def test_a_refusal_without_a_known_account_names_nobody(market: Market) -> None:
    [event] = market.send(CommandKind.PLACE, session_id=1, account_id=31, instrument_id=77)
    assert (event["kind"], event["reason"]) == (EventKind.ORDER_REJECTED, Reason.PERMISSION_DENIED)
    ids = (event["account_id"], event["trader_id"], event["desk_id"], event["firm_id"], event["instrument_id"])
    assert ids == (0, 0, 0, 0, 77)


def test_refusals_show_the_position(market: Market) -> None:
    """Of the account and instrument that the request names, if it has one."""
    market.positions(A=5, B=-5)
    market.play("""
        A buy a1 1@5000
            REJECTED          a1  PRICE_GREATER_THAN_MAX_PRICE  pos=5
        E buy e1 1@5000
            REJECTED          e1  PRICE_GREATER_THAN_MAX_PRICE  pos=0
        A cancel 999 in=1
            CANCEL_REJECTED   -   NO_SUCH_ORDER  pos=5  in=1
        A cancel 999
            CANCEL_REJECTED   -   NO_SUCH_ORDER  pos=0  in=0
        B replace 999 1@100 in=1
            REPLACE_REJECTED  -   CANNOT_MODIFY_NO_SUCH_ORDER  pos=-5
        E buy e2 1@100 via=A account=2
            REJECTED          e2  PERMISSION_DENIED  pos=-5  account_id=2
    """)
