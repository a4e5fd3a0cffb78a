"""Sessions: logon, the snapshot of orders, numbers of a session's stream (docs/engine.md sections 1 and 5)."""

from __future__ import annotations

import pytest

from engine.records import EventKind
from tests.scenario import Market


def test_logon_tells_where_the_session_stands(market: Market) -> None:
    market.given("""
        A buy a1 1@100 n=12
        A buy a2 1@100 via=TRADER1
        B buy b1 1@100 via=A session_id=2
    """)
    market.play("""
        A logon ON_LOSS ACCOUNT_SCOPE grace=5
            SESSION_STATE  to=A  open=1  last_msg_seq_in=12  cod_flags=5  cod_grace_ns=5000000  account_id=1
    """)


@pytest.mark.parametrize(
    ("session", "ids"),
    [
        ("A", (1, 1, 1, 1)),
        ("D", (4, 3, 2, 1)),
        ("TRADER1", (0, 1, 1, 1)),
        ("DESK1", (0, 0, 1, 1)),
        ("FIRM2", (0, 0, 0, 2)),
    ],
)
def test_session_events_carry_what_the_node_implies(market: Market, session: str, ids: tuple[int, ...]) -> None:
    state, end = market.run(f"{session} logon SNAPSHOT")
    for event in (state, end):
        assert (event["account_id"], event["trader_id"], event["desk_id"], event["firm_id"]) == ids
    assert (state["kind"], end["kind"]) == (EventKind.SESSION_STATE, EventKind.ORDER_STATUS_END)


def test_a_snapshot_has_every_open_order_of_the_node_whoever_entered_it(market: Market) -> None:
    market.given("""
        A sell a1 5@110
        C buy c1 4@90 via=DESK1
        B buy b1 2@99 via=FIRM1
        D buy d1 1@90
        A buy a2 1@90
    """)
    market.play("""
        DESK1 logon SNAPSHOT n=4
            SESSION_STATE  open=1
            STATUS         a1  to=DESK1  n=0  account_id=1
            STATUS         a2  to=DESK1  n=0  account_id=1
            STATUS         b1  to=DESK1  n=0  account_id=2
            STATUS         c1  to=DESK1  n=0  account_id=3
            STATUS_END     open=4  to=DESK1  n=4  in=0
    """)


def test_each_status_shows_the_order_as_it_stands(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.instrument(2, speed_bump_ns=10**9)
    market.given("""
        A sell a1 5@110 show=2
        A sell s1 3@90 STOP_LOSS
        A buy a2 2@99 in=2 DAY
        A buy a3 4@95
        E sell e1 3@95
        B buy b1 3@110
    """)
    market.play("""
        A logon SNAPSHOT
            SESSION_STATE  open=4
            STATUS  a1  5@110  cum=3  leaves=2  show=1  pos=5  state=LIVE          order_type=1
            STATUS  s1  3@90   cum=0  leaves=3  show=0  pos=5  state=UNTRIGGERED   order_type=4
            STATUS  a2  2@99   cum=0  leaves=2  show=0  pos=0  state=PENDING_NEW   in=2  time_in_force=2
            STATUS  a3  4@95   cum=3  leaves=1  show=1  pos=5  state=LIVE
            STATUS_END     open=4
    """)


def test_a_waiting_modify_does_not_show(market: Market) -> None:
    market.given("A buy a1 5@100")
    market.instrument(speed_bump_ns=10**9)
    market.given("A replace a1 6@99 as a2")
    market.play("""
        A logon SNAPSHOT
            SESSION_STATE  open=1
            STATUS         a1  5@100  orig=-
            STATUS_END     open=1
    """)


def test_no_snapshot_unless_asked(market: Market) -> None:
    market.given("A buy a1 5@100")
    market.play("""
        A logon
            SESSION_STATE  open=1
    """)


def test_the_stream_of_a_session_has_no_gaps(market: Market) -> None:
    """`Market.send` checks each event's number; here, that what goes to others does not count."""
    market.given("""
        A buy a1 5@100
        B sell b1 2@100
    """)
    [event] = market.run("A cancel a1")
    assert event["session_seq"] == 3  # acceptance, fill, cancel
    [event] = market.run("C buy c1 1@90")
    assert event["session_seq"] == 1


def test_a_new_session_is_not_connected(market: Market) -> None:
    market.play("""
        A disconnect LOSS
        A logon ON_LOSS
            SESSION_STATE  open=0
        A disconnect LOGOUT
        A disconnect LOSS
    """)
    assert market.engine.next_due_ns > 0


def test_logon_stops_the_timer_and_takes_the_new_choice(market: Market) -> None:
    market.given("""
        A logon ON_LOSS grace=10
        A buy a1 1@100
        A disconnect LOSS
        A logon ON_LOGOUT grace=20
    """)
    market.play("""
        t=15 tick
        A disconnect LOSS
        t=99 tick
        A logon ON_LOGOUT grace=20
            SESSION_STATE  open=1
        A disconnect LOGOUT
        t=118 tick
        t=119 tick
            CANCELLED         a1  CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT
    """)


def test_a_refused_logon_changes_nothing(market: Market) -> None:
    market.given("""
        A logon ON_LOSS grace=10
        A buy a1 1@100
        A disconnect LOSS
    """)
    market.play("""
        SESSION_LOGON session_id=1 cod_grace_ns=-1
            COMMAND_REJECTED  INVALID_PARAMETER  command_kind=20
        t=10 tick
            CANCELLED         a1  CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT
    """)
