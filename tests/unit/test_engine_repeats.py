"""Numbered messages: one not above the session's last is a repeat and does nothing (docs/engine.md section 1)."""

from __future__ import annotations

from tests.scenario import Market


def test_a_repeat_does_nothing_and_says_nothing(market: Market) -> None:
    market.play("""
        A buy a1 1@100 n=5
            NEW               a1  n=5
        A buy a2 1@100 n=5
        A buy a3 1@100 n=4
        A cancel a1 n=5
        A replace a1 1@99 n=1
        A mass-cancel m1 ACCOUNT A n=5
        A buy a4 1@100 n=6
            NEW               a4  n=6
        A cancel a1 n=8
            CANCELLED         a1  n=8
        A logon
            SESSION_STATE     last_msg_seq_in=8
    """)


def test_the_number_counts_whatever_the_outcome(market: Market) -> None:
    market.play("""
        A buy a1 1@5000 n=7
            REJECTED  a1  PRICE_GREATER_THAN_MAX_PRICE  n=7
        A buy a1 1@100 n=7
        E buy a1 1@100 n=8 via=A
            REJECTED  a1  PERMISSION_DENIED  n=8
        A buy a1 1@100 n=8
        A logon
            SESSION_STATE  last_msg_seq_in=8
    """)


def test_messages_without_a_number_always_count(market: Market) -> None:
    market.play("""
        A buy a1 1@100 n=7
            NEW  a1
        A buy a2 1@100
            NEW  a2  n=0
        A buy a3 1@100
            NEW  a3
    """)


def test_each_session_has_its_own_numbers(market: Market) -> None:
    market.play("""
        A buy a1 1@100 n=7
            NEW  a1
        B buy b1 1@100 n=1
            NEW  b1
        A buy a2 1@100 n=1 via=TRADER1
            NEW  a2
    """)


def test_sessions_that_do_not_exist_have_none(market: Market) -> None:
    market.play("""
        A buy a1 1@100 n=7 session_id=30
            REJECTED  a1  PERMISSION_DENIED  n=7
        A buy a1 1@100 n=7 session_id=30
            REJECTED  a1  PERMISSION_DENIED  n=7
        VENUE cancel 99 n=3
            CANCEL_REJECTED  -  NO_SUCH_ORDER  n=3
        VENUE cancel 99 n=3
            CANCEL_REJECTED  -  NO_SUCH_ORDER  n=3
    """)


def test_configuration_and_session_commands_are_not_numbered(market: Market) -> None:
    market.play("""
        A buy a1 1@100 n=7
            NEW            a1
        SESSION_LOGON session_id=1 msg_seq_in=3
            SESSION_STATE  n=3  last_msg_seq_in=7
        SESSION_DISCONNECT session_id=1 cause=1 msg_seq_in=3
    """)


def test_a_repeat_leaves_the_rate_and_the_state_alone(market: Market) -> None:
    market.trader(1, rate_limit_milli=1_000)
    market.given("A buy a1 1@100 n=2")
    market.play("""
        A buy a2 1@100 n=2
        A buy a2 1@100 n=1
        A buy a3 1@100 n=3
            REJECTED  a3  RATE_LIMITED
    """)


def test_the_largest_number(market: Market) -> None:
    market.play(f"""
        A buy a1 1@100 n={2**64 - 1}
            NEW  a1  n={2**64 - 1}
        A buy a2 1@100 n={2**64 - 1}
        A buy a2 1@100 n=1
        A buy a2 1@100
            NEW  a2
    """)
