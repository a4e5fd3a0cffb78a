"""Who may act for whom (docs/engine.md section 2)."""

from __future__ import annotations

import pytest

from engine.records import CommandKind
from tests.scenario import Market

BLOCKED = 2


@pytest.mark.parametrize("session", ["A", "TRADER1", "DESK1", "FIRM1"])
def test_a_session_acts_for_the_accounts_at_and_below_its_node(market: Market, session: str) -> None:
    market.play(f"""
        A buy a1 1@100 via={session}
            NEW        a1  to={session}
        A cancel a1 via={session}
            CANCELLED  a1  to={session}
    """)


@pytest.mark.parametrize(
    ("account", "session"),
    [("A", "B"), ("B", "A"), ("C", "TRADER1"), ("D", "DESK1"), ("E", "FIRM1"), ("A", "FIRM2"), ("A", "VENUE")],
)
def test_and_for_no_other(market: Market, account: str, session: str) -> None:
    market.play(f"""
        {account} buy x1 1@100 via={session}
            REJECTED         x1  PERMISSION_DENIED  to={session}
        {account} buy x1 1@100
            NEW              x1
        {account} replace x1 2@100 via={session}
            REPLACE_REJECTED -   PERMISSION_DENIED  to={session}
    """)
    if session != "VENUE":
        market.play(f"""
            {account} cancel x1 via={session}
                CANCEL_REJECTED  -  PERMISSION_DENIED  to={session}
        """)


def test_sessions_and_accounts_that_do_not_exist(market: Market) -> None:
    market.given("A buy a1 1@100")
    market.play("""
        A buy a2 1@100 session_id=30
            REJECTED          a2  PERMISSION_DENIED  session_seq=0  account_id=1
        A cancel a1 session_id=30
            CANCEL_REJECTED   -   PERMISSION_DENIED  session_seq=0
        FIRM1 buy a2 1@100 account=30
            REJECTED          a2  PERMISSION_DENIED  account_id=0
        FIRM1 cancel by-client a1 account=30
            CANCEL_REJECTED   -   PERMISSION_DENIED
        FIRM1 replace by-client a1 1@100 account=30
            REPLACE_REJECTED  -   PERMISSION_DENIED
    """)


@pytest.mark.parametrize(
    ("rights", "places", "cancels"), [(0, False, False), (1, True, True), (2, False, True), (3, True, True)]
)
def test_rights(market: Market, rights: int, places: bool, cancels: bool) -> None:
    """TRADE includes cancelling."""
    market.given("A buy a1 1@100")
    market.given("A buy a2 1@100")
    market.session("A", rights=rights)
    refused = "PERMISSION_DENIED"
    market.play(f"""
        A buy a3 1@100
            {"NEW  a3" if places else f"REJECTED  a3  {refused}"}
        A replace a1 1@99
            {"REPLACED  a1" if places else f"REPLACE_REJECTED  -  {refused}"}
        A cancel a1
            {"CANCELLED  a1" if cancels else f"CANCEL_REJECTED  -  {refused}"}
    """)
    events = market.run("A mass-cancel m1 ACCOUNT A")
    assert (events[-1]["kind"].name == "MASS_CANCEL_DONE") == cancels


def block(market: Market, what: str) -> None:
    if what == "session":
        market.session("A", status=BLOCKED)
    elif what == "account":
        market.account("A", status=BLOCKED)
    elif what == "trader":
        market.trader(1, status=BLOCKED)
    elif what == "desk":
        market.configure(CommandKind.SET_DESK, party_id=1, parent_id=1, status=BLOCKED)
    else:
        market.configure(CommandKind.SET_FIRM, party_id=1, status=BLOCKED)


@pytest.mark.parametrize("what", ["account", "trader", "desk", "firm"])
def test_a_blocked_party_may_cancel_only(market: Market, what: str) -> None:
    market.given("A buy a1 1@100")
    market.given("A buy a2 1@100")
    block(market, what)
    market.play("""
        A buy a3 1@100
            REJECTED          a3  PERMISSION_DENIED
        A replace a1 1@99
            REPLACE_REJECTED  -   PERMISSION_DENIED
        A cancel a1
            CANCELLED         a1
        A mass-cancel m1 ACCOUNT A
            CANCELLED         a2
            MASS_CANCEL_DONE  m1  count=1
    """)


def test_a_blocked_session_may_do_nothing(market: Market) -> None:
    market.given("A buy a1 1@100")
    block(market, "session")
    market.play("""
        A buy a2 1@100
            REJECTED              a2  PERMISSION_DENIED
        A replace a1 1@99
            REPLACE_REJECTED      -   PERMISSION_DENIED
        A cancel a1
            CANCEL_REJECTED       -   PERMISSION_DENIED
        A mass-cancel m1 ACCOUNT A
            MASS_CANCEL_REJECTED  m1  PERMISSION_DENIED
        A cancel a1 via=TRADER1
            CANCELLED             a1  to=A
    """)


def test_orders_of_a_blocked_account_go_on_resting_and_trading(market: Market) -> None:
    market.given("A buy a1 1@100")
    block(market, "account")
    market.play("""
        B sell b1 1@100
            NEW     b1
            FILLED  b1  TAKER
            FILLED  a1  MAKER
    """)


def test_the_order_tells_the_account_not_the_header(market: Market) -> None:
    """A session that may act for the header's account alone cannot reach an order of another."""
    market.given("B buy b1 1@100")
    market.play("""
        A cancel b1
            CANCEL_REJECTED   -   PERMISSION_DENIED
        A replace b1 2@100
            REPLACE_REJECTED  -   PERMISSION_DENIED
        A cancel b1 account=30 via=TRADER1
            CANCELLED         b1
    """)
