"""MASS_CANCEL: scopes, filters, who may (docs/engine.md section 5)."""

from __future__ import annotations

import pytest

from tests.scenario import Market

NAMES = ("a1", "a2", "a3", "b1", "c1", "d1", "e1")


@pytest.fixture
def full(market: Market) -> Market:
    """a2 was entered by the trader's session, a3 is a sell in instrument 2."""
    market.instrument(2)
    market.given("""
        A buy a1 1@100
        A buy a2 1@99 via=TRADER1
        A sell a3 1@110 in=2
        B buy b1 1@98
        C buy c1 1@97
        D buy d1 1@96
        E buy e1 1@95
    """)
    return market


@pytest.mark.parametrize(
    ("command", "cancelled"),
    [
        ("A mass-cancel m ACCOUNT A", "a1 a2 a3"),
        ("A mass-cancel m SESSION A", "a1 a3"),
        ("TRADER1 mass-cancel m SESSION TRADER1", "a2"),
        ("TRADER1 mass-cancel m TRADER 1", "a1 a2 a3 b1"),
        ("DESK1 mass-cancel m TRADER 2", "c1"),
        ("DESK1 mass-cancel m DESK 1", "a1 a2 a3 b1 c1"),
        ("FIRM1 mass-cancel m FIRM 1", "a1 a2 a3 b1 c1 d1"),
        ("FIRM1 mass-cancel m ACCOUNT D", "d1"),
        ("FIRM2 mass-cancel m DESK 3", "e1"),
        ("VENUE mass-cancel m VENUE", "a1 a2 a3 b1 c1 d1 e1"),
        ("VENUE mass-cancel m FIRM 2", "e1"),
        ("VENUE mass-cancel m SESSION A", "a1 a3"),
        ("A mass-cancel m ACCOUNT A buy", "a1 a2"),
        ("A mass-cancel m ACCOUNT A sell", "a3"),
        ("A mass-cancel m ACCOUNT A in=2", "a3"),
        ("A mass-cancel m ACCOUNT A in=1", "a1 a2"),
        ("A mass-cancel m ACCOUNT A buy in=2", ""),
        ("VENUE mass-cancel m VENUE sell", "a3"),
    ],
)
def test_scopes_and_filters(full: Market, command: str, cancelled: str) -> None:
    *orders, done = full.run(command)
    assert [event["client_order_id"] for event in orders] == cancelled.split()
    expected = "CANCELLED_ADMIN" if command.startswith("VENUE") else "CANCELLED"
    assert {event["reason"].name for event in orders} <= {expected}
    assert (done["kind"].name, done["reason"].name) == ("MASS_CANCEL_DONE", "ACK")
    assert (done["affected_count"], done["client_order_id"]) == (len(orders), "m")
    statuses = full.run("FIRM1 logon SNAPSHOT") + full.run("FIRM2 logon SNAPSHOT")
    left = {event["client_order_id"] for event in statuses if event["kind"].name == "ORDER_STATUS"}
    assert left == set(NAMES) - set(cancelled.split())


def test_what_the_events_carry(full: Market) -> None:
    full.play("""
        DESK1 mass-cancel m1 TRADER 1 buy in=1 n=9
            CANCELLED         a1  1@100  to=A        n=0  orig=-  account_id=1  state=CANCELLED
            CANCELLED         a2  1@99   to=TRADER1  n=0
            CANCELLED         b1  1@98   to=B        n=0
            MASS_CANCEL_DONE  m1  to=DESK1  n=9  count=3  target_id=1  scope=3  side=1  in=1  account_id=0  firm_id=0
        DESK1 mass-cancel m2 DESK 1 n=10
            CANCELLED         a3
            CANCELLED         c1
            MASS_CANCEL_DONE  m2  count=2  n=10  in=0  side=0  scope=4
        DESK1 mass-cancel - DESK 1
            MASS_CANCEL_DONE  -   count=0
        D logon SNAPSHOT
            SESSION_STATE     open=1
            STATUS            d1
            STATUS_END        open=1
    """)


def test_all_kinds_of_open_orders(market: Market) -> None:
    market.positions(A=5, B=-5)
    market.instrument(speed_bump_ns=10**9)
    market.given("""
        A sell s1 5@90 STOP_LOSS
        A sell a1 1@110
        A sell a2 1@111 ALO show=1
    """)
    market.play("""
        A mass-cancel m ACCOUNT A
            CANCELLED         s1
            CANCELLED         a1
            CANCELLED         a2
            MASS_CANCEL_DONE  m  count=3
    """)


def test_a_modify_that_waits_ends_with_its_order(market: Market) -> None:
    market.given("A buy a1 1@100")
    market.instrument(speed_bump_ns=10**9)
    market.play("""
        A replace a1 2@100 as a2 n=1
            REPLACE_PENDING   a2
        TRADER1 mass-cancel m ACCOUNT A n=5
            CANCELLED         a1  to=A
            REPLACE_REJECTED  a2  CANNOT_MODIFY_NO_SUCH_ORDER  to=A  n=1
            MASS_CANCEL_DONE  m   to=TRADER1  n=5
    """)


def test_accounts_in_ascending_order_then_orders_in_ascending_order(market: Market) -> None:
    market.given("""
        C buy c1 1@100
        B buy b1 1@100
        A buy a1 1@100
        B buy b2 1@100
        A buy a2 1@100
    """)
    orders = market.run("VENUE mass-cancel m VENUE")[:-1]
    assert [event["client_order_id"] for event in orders] == ["a1", "a2", "b1", "b2", "c1"]


# ---- refusals, in the order of the checks


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("A mass-cancel m ACCOUNT 77 scope=0", "INVALID_PARAMETER"),
        ("A mass-cancel m ACCOUNT 77 scope=7", "INVALID_PARAMETER"),
        ("A mass-cancel m ACCOUNT 77 side=3", "INVALID_PARAMETER"),
        ("A mass-cancel m ACCOUNT B in=9", "PERMISSION_DENIED"),
        ("A mass-cancel m ACCOUNT 77", "PERMISSION_DENIED"),
        ("A mass-cancel m TRADER 1", "PERMISSION_DENIED"),
        ("TRADER1 mass-cancel m TRADER 2", "PERMISSION_DENIED"),
        ("TRADER1 mass-cancel m SESSION A", "PERMISSION_DENIED"),
        ("FIRM1 mass-cancel m VENUE", "PERMISSION_DENIED"),
        ("FIRM2 mass-cancel m ACCOUNT A", "PERMISSION_DENIED"),
        ("A mass-cancel m ACCOUNT A session_id=30", "PERMISSION_DENIED"),
        ("VENUE mass-cancel m ACCOUNT 31", "UNKNOWN_PARTY"),
        ("VENUE mass-cancel m SESSION 31", "UNKNOWN_PARTY"),
        ("VENUE mass-cancel m TRADER 9", "UNKNOWN_PARTY"),
        ("VENUE mass-cancel m DESK 8", "UNKNOWN_PARTY"),
        ("VENUE mass-cancel m FIRM 7 in=9", "UNKNOWN_PARTY"),
        ("VENUE mass-cancel m FIRM 0", "UNKNOWN_PARTY"),
        ("A mass-cancel m ACCOUNT A in=9", "BAD_SYMBOL"),
        ("VENUE mass-cancel m VENUE in=9", "BAD_SYMBOL"),
    ],
)
def test_refusals(full: Market, command: str, reason: str) -> None:
    [event] = full.run(command)
    assert (event["kind"].name, event["reason"].name) == ("MASS_CANCEL_REJECTED", reason)
    assert (event["client_order_id"], event["affected_count"]) == ("m", 0)
    ids = (event["account_id"], event["trader_id"], event["desk_id"], event["firm_id"])
    assert ids == (0, 0, 0, 0)
    full.play("""
        A cancel a1
            CANCELLED  a1
    """)


def test_the_rate_is_looked_at_before_the_instrument(full: Market) -> None:
    full.trader(1, rate_limit_milli=1)
    full.play("""
        A mass-cancel m ACCOUNT A in=9
            MASS_CANCEL_REJECTED  m  RATE_LIMITED  in=9
    """)


def test_the_target_of_the_venues_own_is_not_looked_at(full: Market) -> None:
    *orders, done = full.run("VENUE mass-cancel m VENUE target_id=99")
    assert len(orders) == len(NAMES)
    assert done["target_id"] == 99


def test_a_session_without_the_right_to_trade_may(full: Market) -> None:
    full.session("A", rights=2)
    assert full.run("A mass-cancel m ACCOUNT A")[-1]["affected_count"] == 3
    full.session("B", rights=0)
    full.play("""
        B mass-cancel m ACCOUNT B
            MASS_CANCEL_REJECTED  m  PERMISSION_DENIED
    """)
