"""Cancel on disconnect: what is covered, the grace window, the scope (docs/engine.md section 5)."""

from __future__ import annotations

import pytest

from engine.records import NEVER_NS
from tests.scenario import MS, START_NS, Market


@pytest.mark.parametrize("flags", ["", "ON_LOSS", "ON_LOGOUT", "ON_LOSS ON_LOGOUT", "ACCOUNT_SCOPE"])
@pytest.mark.parametrize("cause", ["LOSS", "LOGOUT"])
def test_it_is_chosen_at_logon_for_each_cause(market: Market, flags: str, cause: str) -> None:
    market.given(f"""
        A logon {flags}
        A buy a1 1@100
    """)
    events = market.run(f"A disconnect {cause}")
    covered = f"ON_{cause}" in flags.split()
    assert [event["kind"].name for event in events] == (["ORDER_CANCELLED", "MASS_CANCEL_DONE"] if covered else [])


def test_what_the_events_carry(market: Market) -> None:
    market.given("""
        A logon ON_LOSS
        A buy a1 1@100
        A buy a2 1@99 ALO
    """)
    market.play("""
        A disconnect LOSS n=6
            CANCELLED         a1  1@100  CANCELLED_DISCONNECT  to=A  n=6  orig=-
            CANCELLED         a2  1@99   CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT  to=A  n=6  count=2  scope=1  target_id=1  side=0  in=0
    """)


def test_orders_of_other_sessions_stay_unless_the_account_is_covered(market: Market) -> None:
    market.given("""
        A logon ON_LOSS
        A buy a1 1@100
        A buy a2 1@99 via=TRADER1
        TRADER1 logon ON_LOSS ACCOUNT_SCOPE
        B buy b1 1@98
        C buy c1 1@97
    """)
    market.play("""
        A disconnect LOSS
            CANCELLED         a1  CANCELLED_DISCONNECT  to=A
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT  count=1
        TRADER1 disconnect LOSS
            CANCELLED         a2  CANCELLED_DISCONNECT  to=TRADER1
            CANCELLED         b1  CANCELLED_DISCONNECT  to=B
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT  count=2  scope=1  target_id=11
    """)


def test_stops_stay(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.instrument(speed_bump_ns=10**9)
    market.given("""
        A logon ON_LOSS
        A sell s1 5@90 STOP_LOSS
        A sell t1 5@120 TAKE_PROFIT
        A sell a1 1@110
    """)
    market.play("""
        A disconnect LOSS
            CANCELLED         a1  CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT  count=1
        A logon SNAPSHOT
            SESSION_STATE     open=2
            STATUS            s1  state=UNTRIGGERED
            STATUS            t1  state=UNTRIGGERED
            STATUS_END        open=2
    """)


def test_grace(market: Market) -> None:
    market.given("""
        A logon ON_LOSS grace=50
        A buy a1 1@100
    """)
    market.play("""
        t=10 A disconnect LOSS
        t=59.999999 tick
    """)
    assert market.engine.next_due_ns == START_NS + 60 * MS
    market.play("""
        t=60 tick
            CANCELLED         a1  CANCELLED_DISCONNECT  n=0
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT  count=1
    """)
    assert market.engine.next_due_ns == NEVER_NS


def test_who_comes_back_in_time_keeps_the_orders(market: Market) -> None:
    market.given("""
        A logon ON_LOSS grace=50
        A buy a1 1@100
    """)
    market.play("""
        t=10 A disconnect LOSS
        t=59 A logon
            SESSION_STATE  open=1  cod_flags=0  cod_grace_ns=0
        t=60 tick
        t=70 A disconnect LOSS   # not chosen again
        t=999 tick
    """)
    assert market.engine.next_due_ns == NEVER_NS


def test_orders_that_others_enter_in_the_grace_are_covered_too(market: Market) -> None:
    """The work covers orders below the number of the TICK that starts it."""
    market.given("""
        A logon ON_LOSS ACCOUNT_SCOPE grace=50
        A disconnect LOSS
        t=40 A buy a1 1@100 via=TRADER1
    """)
    market.play("""
        t=50 tick
            CANCELLED         a1  CANCELLED_DISCONNECT  to=TRADER1
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT  to=A
    """)


def test_a_second_disconnect_changes_nothing(market: Market) -> None:
    market.given("""
        A logon ON_LOSS ON_LOGOUT grace=50
        A buy a1 1@100
    """)
    market.play("""
        t=10 A disconnect LOSS
        t=30 A disconnect LOGOUT
        t=40 A disconnect LOSS
        t=60 tick
            CANCELLED         a1  CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT
    """)


def test_a_session_that_never_logged_on_loses_nothing(market: Market) -> None:
    market.play("""
        A buy a1 1@100
            NEW  a1
        A disconnect LOSS
        tick
    """)


def test_timers_run_by_time_then_session(market: Market) -> None:
    market.given("""
        B logon ON_LOSS grace=20
        A logon ON_LOSS grace=20
        C logon ON_LOSS grace=10
        B disconnect LOSS
        A disconnect LOSS
        C disconnect LOSS
    """)
    market.play("""
        t=20 tick
            MASS_CANCEL_DONE  -  CANCELLED_DISCONNECT  to=C
            MASS_CANCEL_DONE  -  CANCELLED_DISCONNECT  to=A
            MASS_CANCEL_DONE  -  CANCELLED_DISCONNECT  to=B
    """)


def test_a_grace_without_end_is_no_timer(market: Market) -> None:
    market.given(f"""
        SESSION_LOGON session_id=1 cod_flags=1 cod_grace_ns={NEVER_NS}
        A buy a1 1@100
        A disconnect LOSS
    """)
    assert market.engine.next_due_ns == NEVER_NS
    market.play("""
        t=999999 tick
    """)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("SESSION_LOGON session_id=30", "UNKNOWN_PARTY"),
        ("SESSION_LOGON session_id=0", "UNKNOWN_PARTY"),
        ("SESSION_LOGON session_id=30 cod_grace_ns=-1", "UNKNOWN_PARTY"),
        ("SESSION_LOGON session_id=1 cod_grace_ns=-1", "INVALID_PARAMETER"),
        ("SESSION_LOGON session_id=1 cod_flags=8", "INVALID_PARAMETER"),
        ("SESSION_LOGON session_id=1 logon_flags=4", "INVALID_PARAMETER"),
        ("SESSION_DISCONNECT session_id=30 cause=1", "UNKNOWN_PARTY"),
        ("SESSION_DISCONNECT session_id=30 cause=0", "UNKNOWN_PARTY"),
        ("SESSION_DISCONNECT session_id=1 cause=0", "INVALID_PARAMETER"),
        ("SESSION_DISCONNECT session_id=1 cause=3", "INVALID_PARAMETER"),
    ],
)
def test_refusals(market: Market, command: str, reason: str) -> None:
    market.play(f"""
        {command}
            COMMAND_REJECTED  {reason}
    """)


def test_a_refused_disconnect_leaves_the_session_connected(market: Market) -> None:
    market.given("""
        A logon ON_LOSS
        A buy a1 1@100
    """)
    market.play("""
        SESSION_DISCONNECT session_id=1 cause=3
            COMMAND_REJECTED  INVALID_PARAMETER  command_kind=21
        A disconnect LOSS
            CANCELLED         a1  CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT
    """)
