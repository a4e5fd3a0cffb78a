"""SET_* commands: upserts, refusals and their order (docs/engine.md section 2)."""

from __future__ import annotations

from typing import Any

import pytest

from engine.records import (
    COMMAND_BODIES,
    COMMAND_HEADER_SIZE,
    INT64_MAX,
    SCALE_E8,
    CommandKind,
    EventKind,
    Reason,
    pack_command,
)
from tests.scenario import Market, instrument_fields

K, R = CommandKind, Reason
TICK = 10**8


def send(market: Market, kind: CommandKind, **fields: Any) -> Reason:
    """The reason of its one answer, which carries a copy of the command's body."""
    [event] = market.send(kind, **fields)
    accepted = event["kind"] == EventKind.CONFIG_SET
    assert accepted or event["kind"] == EventKind.COMMAND_REJECTED
    assert accepted == (event["reason"] == Reason.ACK)
    assert event["command_kind"] == kind
    assert event["body"] == pack_command(kind, **fields)[COMMAND_HEADER_SIZE:]
    assert event["instrument_id"] == fields.get("instrument_id", 0)
    return event["reason"]


FIRM: dict[str, Any] = {"party_id": 3, "status": 1}
DESK: dict[str, Any] = {"party_id": 4, "parent_id": 1, "status": 1}
TRADER: dict[str, Any] = {"party_id": 5, "parent_id": 1, "status": 1}
ACCOUNT: dict[str, Any] = {"party_id": 6, "parent_id": 1, "status": 1}
SESSION: dict[str, Any] = {"party_id": 7, "parent_id": 1, "status": 1, "scope": 2, "rights": 3}
NEW_PARTIES = [
    (K.SET_FIRM, FIRM),
    (K.SET_DESK, DESK),
    (K.SET_TRADER, TRADER),
    (K.SET_ACCOUNT, ACCOUNT),
    (K.SET_SESSION, SESSION),
]


@pytest.mark.parametrize(("kind", "fields"), NEW_PARTIES, ids=lambda v: v.name if isinstance(v, CommandKind) else "")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, R.ACK), ({"name": "x" * 32}, R.ACK), ({"status": 2}, R.ACK),
        ({"party_id": 0}, R.INVALID_PARAMETER), ({"status": 0}, R.INVALID_PARAMETER),
        ({"status": 3}, R.INVALID_PARAMETER), ({"party_id": 33}, R.REJECTED_CAPACITY),
        ({"party_id": 0xFFFF_FFFF}, R.REJECTED_CAPACITY),
        ({"party_id": 33, "status": 0}, R.INVALID_PARAMETER),
    ],
)  # fmt: skip
def test_parties(
    market: Market, kind: CommandKind, fields: dict[str, Any], change: dict[str, Any], reason: Reason
) -> None:
    assert send(market, kind, **fields | change) is reason


@pytest.mark.parametrize(
    ("kind", "fields"), NEW_PARTIES[1:], ids=lambda v: v.name if isinstance(v, CommandKind) else ""
)
def test_parents(market: Market, kind: CommandKind, fields: dict[str, Any]) -> None:
    assert send(market, kind, **fields | {"parent_id": 31}) is R.UNKNOWN_PARTY
    assert send(market, kind, **fields | {"parent_id": 0}) is R.UNKNOWN_PARTY
    assert send(market, kind, **fields | {"parent_id": 31, "party_id": 40}) is R.REJECTED_CAPACITY
    assert send(market, kind, **fields) is R.ACK
    assert send(market, kind, **fields | {"parent_id": 2}) is R.INVALID_PARAMETER, "the tree does not move"
    assert send(market, kind, **fields | {"parent_id": 31}) is R.UNKNOWN_PARTY
    assert send(market, kind, **fields | {"name": "again", "status": 2}) is R.ACK


def test_the_parent_of_a_firm_is_its_clearing_broker(market: Market) -> None:
    firm = FIRM | {"party_id": 7, "parent_id": 3}
    assert send(market, K.SET_FIRM, **firm) is R.UNKNOWN_PARTY
    assert send(market, K.SET_BROKER, **FIRM | {"party_id": 3, "parent_id": 1}) is R.INVALID_PARAMETER
    assert send(market, K.SET_BROKER, **FIRM | {"party_id": 65}) is R.REJECTED_CAPACITY
    assert send(market, K.SET_BROKER, **FIRM | {"party_id": 3}) is R.ACK
    assert send(market, K.SET_FIRM, **firm) is R.ACK
    assert send(market, K.SET_FIRM, **firm | {"parent_id": 0}) is R.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        (K.SET_TRADER, TRADER | {"rate_limit_milli": 0}, R.ACK),
        (K.SET_TRADER, TRADER | {"rate_limit_milli": 10**12}, R.ACK),
        (K.SET_TRADER, TRADER | {"rate_limit_milli": 10**12 + 1}, R.INVALID_PARAMETER),
        (K.SET_TRADER, TRADER | {"rate_limit_milli": -1}, R.INVALID_PARAMETER),
        (K.SET_ACCOUNT, ACCOUNT | {"stp_mode": 4, "stp_group": (1 << 31) - 1}, R.ACK),
        (K.SET_ACCOUNT, ACCOUNT | {"stp_mode": 5}, R.INVALID_PARAMETER),
        (K.SET_ACCOUNT, ACCOUNT | {"stp_group": 1 << 31}, R.INVALID_PARAMETER),
        (K.SET_ACCOUNT, ACCOUNT | {"open_orders_max": 0xFFFF_FFFF}, R.ACK),
        (K.SET_SESSION, SESSION | {"rights": 0}, R.ACK),
        (K.SET_SESSION, SESSION | {"rights": 16}, R.INVALID_PARAMETER),
        (K.SET_SESSION, SESSION | {"rights": 1 << 31}, R.INVALID_PARAMETER),
        (K.SET_SESSION, SESSION | {"scope": 0}, R.INVALID_PARAMETER),
        (K.SET_SESSION, SESSION | {"scope": 1}, R.INVALID_PARAMETER),
        (K.SET_SESSION, SESSION | {"scope": 6}, R.INVALID_PARAMETER),
        (K.SET_SESSION, SESSION | {"scope": 5, "parent_id": 2}, R.ACK),
        (K.SET_SESSION, SESSION | {"scope": 5, "parent_id": 3}, R.UNKNOWN_PARTY),
        (K.SET_SESSION, SESSION | {"scope": 4, "parent_id": 3}, R.ACK),
        (K.SET_SESSION, SESSION | {"scope": 3, "parent_id": 5}, R.UNKNOWN_PARTY),
    ],
    ids=str,
)
def test_their_own_fields(market: Market, kind: CommandKind, fields: dict[str, Any], reason: Reason) -> None:
    assert send(market, kind, **fields) is reason


def test_a_session_keeps_its_scope(market: Market) -> None:
    """Node 1 exists at every scope: the id alone does not tell them apart."""
    assert send(market, K.SET_SESSION, **SESSION) is R.ACK
    assert send(market, K.SET_SESSION, **SESSION | {"scope": 3}) is R.INVALID_PARAMETER


def test_an_update_keeps_what_has_happened(market: Market) -> None:
    market.given("""
        A logon ON_LOSS
        A buy a1 1@100 n=6
    """)
    market.session("A", rights=2)
    market.account("A", open_orders_max=5)
    market.trader(1, rate_limit_milli=10**9)
    market.play("""
        A buy a2 1@100 n=6
        A disconnect LOSS
            CANCELLED         a1  CANCELLED_DISCONNECT
            MASS_CANCEL_DONE  -   CANCELLED_DISCONNECT
    """)


# ---- instruments


def test_a_new_instrument(market: Market) -> None:
    assert send(market, K.SET_INSTRUMENT, instrument_id=8, **instrument_fields(8)) is R.ACK
    market.play("""
        A buy a1 1@100 in=8
            NEW       a1
        A buy a2 1 in=8
            REJECTED  a2  REJECTED_NO_REFERENCE_PRICE
    """)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"symbol": ""}, R.INVALID_PARAMETER),
        ({"symbol": "S" * 16}, R.ACK),
        ({"tick_size_e8": 0}, R.INVALID_PARAMETER),
        ({"tick_size_e8": -TICK}, R.INVALID_PARAMETER),
        ({"lot_size_e8": 0}, R.INVALID_PARAMETER),
        ({"tick_size_e8": 10**5, "lot_size_e8": 10**5}, R.ACK),  # a tick value of one micro-USDC
        ({"tick_size_e8": 10**4, "lot_size_e8": 10**5}, R.INVALID_PARAMETER),
        ({"tick_size_e8": 5 * 10**5, "lot_size_e8": 25 * 10**3}, R.INVALID_PARAMETER),  # 1.25 of them
        ({"tick_size_e8": 5 * 10**9, "lot_size_e8": 2 * 10**9}, R.INVALID_PARAMETER),  # beyond int64
        ({"min_price_e8": 0}, R.INVALID_PARAMETER),
        ({"min_price_e8": TICK // 2}, R.INVALID_PARAMETER),
        ({"min_price_e8": 3 * TICK // 2}, R.INVALID_PARAMETER),
        ({"min_price_e8": 1000 * TICK}, R.ACK),
        ({"min_price_e8": 1001 * TICK}, R.INVALID_PARAMETER),
        ({"max_price_e8": 1000 * TICK + 1}, R.INVALID_PARAMETER),
        ({"max_price_e8": ((1 << 24) - 1) * TICK}, R.ACK),
        ({"max_price_e8": (1 << 24) * TICK}, R.INVALID_PARAMETER),
        ({"min_quantity_e8": 0}, R.INVALID_PARAMETER),
        ({"min_quantity_e8": 1}, R.INVALID_PARAMETER),
        ({"min_quantity_e8": -SCALE_E8}, R.INVALID_PARAMETER),
        ({"min_quantity_e8": 1001 * SCALE_E8}, R.INVALID_PARAMETER),
        ({"max_quantity_e8": 1000 * SCALE_E8 + 1}, R.INVALID_PARAMETER),
        ({"max_quantity_e8": INT64_MAX // SCALE_E8 * SCALE_E8}, R.ACK),
        ({"min_notional_micro": -1}, R.INVALID_PARAMETER),
        ({"min_notional_micro": INT64_MAX}, R.ACK),
        ({"speed_bump_ns": -1}, R.INVALID_PARAMETER),
        ({"speed_bump_ns": INT64_MAX}, R.ACK),
        ({"band_ppm": 999_999}, R.ACK),
        ({"band_ppm": 1_000_000}, R.INVALID_PARAMETER),
        ({"fills_max": 0}, R.INVALID_PARAMETER),
        ({"fills_max": 1}, R.ACK),
        ({"fills_max": 1000}, R.ACK),
        ({"fills_max": 1001}, R.INVALID_PARAMETER),
        ({"asset_class": 0}, R.INVALID_PARAMETER),
        ({"asset_class": 6}, R.INVALID_PARAMETER),
        ({"flags_instrument": 1}, R.ACK),
        ({"flags_instrument": 2}, R.INVALID_PARAMETER),
        ({"flags_instrument": 0x8000}, R.INVALID_PARAMETER),
        ({"matcher": "nonesuch"}, R.UNKNOWN_MATCHER),
        ({"matcher": ""}, R.UNKNOWN_MATCHER),
        ({"matcher": "m" * 24}, R.UNKNOWN_MATCHER),
        ({"matcher": b"\xffprice_time"}, R.UNKNOWN_MATCHER),
        ({"matcher": "nonesuch", "fills_max": 0}, R.INVALID_PARAMETER),
    ],
    ids=str,
)
def test_instrument_fields(market: Market, change: dict[str, Any], reason: Reason) -> None:
    assert send(market, K.SET_INSTRUMENT, instrument_id=2, **instrument_fields(2) | change) is reason


def test_instrument_ids(market: Market) -> None:
    fields = instrument_fields(2)
    assert send(market, K.SET_INSTRUMENT, instrument_id=0, **fields) is R.INVALID_PARAMETER
    assert send(market, K.SET_INSTRUMENT, instrument_id=9, **fields) is R.REJECTED_CAPACITY
    assert send(market, K.SET_INSTRUMENT, instrument_id=9, **fields | {"fills_max": 0}) is R.REJECTED_CAPACITY
    assert send(market, K.SET_INSTRUMENT, instrument_id=9, **fields | {"flags_instrument": 2}) is R.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"symbol": "OTHER"}, R.INVALID_PARAMETER),
        ({"matcher": "pro_rata"}, R.INVALID_PARAMETER),
        ({"matcher": "nonesuch"}, R.UNKNOWN_MATCHER),
        ({"tick_size_e8": TICK // 2}, R.INVALID_PARAMETER),
        ({"lot_size_e8": SCALE_E8 // 2}, R.INVALID_PARAMETER),
        ({"max_price_e8": 999 * TICK}, R.INVALID_PARAMETER),
        ({"fills_max": 99}, R.INVALID_PARAMETER),
        ({"min_price_e8": 2 * TICK, "min_quantity_e8": 2 * SCALE_E8, "max_quantity_e8": 9 * SCALE_E8}, R.ACK),
        ({"min_notional_micro": 5, "speed_bump_ns": 5, "band_ppm": 5, "flags_instrument": 1, "asset_class": 5}, R.ACK),
    ],
    ids=str,
)
def test_what_never_changes(market: Market, change: dict[str, Any], reason: Reason) -> None:
    assert send(market, K.SET_INSTRUMENT, instrument_id=1, **instrument_fields(1) | change) is reason


def test_an_update_keeps_mark_state_and_book(market: Market) -> None:
    market.given("""
        mark 100
        A buy a1 1@100
        state HALTED
    """)
    market.instrument(max_quantity="5")
    market.play("""
        B sell b1 1@100
            REJECTED  b1  REJECTED_MARKET_CLOSED
        state ACTIVE
            CONFIG_SET
        B sell b1 1
            NEW       b1
            FILLED    b1  1@100  TAKER
            FILLED    a1  MAKER
    """)


def test_a_refused_update_changes_nothing(market: Market) -> None:
    fields = instrument_fields(1, max_quantity="5") | {"fills_max": 7}
    assert send(market, K.SET_INSTRUMENT, instrument_id=1, **fields) is R.INVALID_PARAMETER
    market.given("A buy a1 6@100")


# ---- the rest


@pytest.mark.parametrize("number", [0, 13, 19, 22, 49, 99, 0xFFFF])
def test_an_undefined_command(market: Market, number: int) -> None:
    record = bytearray(pack_command(K.TICK, session_id=2, instrument_id=5, msg_seq_in=3))
    record[16:18] = number.to_bytes(2, "little")
    record[COMMAND_HEADER_SIZE:] = bytes(range(128))
    [event] = market.apply(bytes(record))
    assert (event["kind"], event["reason"]) == (EventKind.COMMAND_REJECTED, Reason.INVALID_PARAMETER)
    assert (event["command_kind"], event["session_id"], event["instrument_id"], event["msg_seq_in"]) == (
        number,
        2,
        5,
        3,
    )
    assert event["body"] == bytes(range(128))


def test_answers_go_to_the_session_of_the_command(market: Market) -> None:
    for session, stream in ((0, 0), (2, 1), (31, 0)):
        [event] = market.send(K.SET_VENUE_STATE, session_id=session, msg_seq_in=4, state=1)
        assert (event["session_id"], event["session_seq"], event["msg_seq_in"]) == (session, stream, 4)
        assert (event["account_id"], event["trader_id"], event["desk_id"], event["firm_id"]) == (0, 0, 0, 0)


def test_every_configuration_kind_is_here() -> None:
    later = {kind for kind in COMMAND_BODIES if kind >= K.PLACE}  # those of risk and money have tests of their own
    assert {kind for kind in COMMAND_BODIES if kind.name.startswith("SET_")} - later == {
        K.SET_VENUE_STATE, K.SET_INSTRUMENT, K.SET_INSTRUMENT_STATE, K.SET_MARK, K.SET_FIRM, K.SET_DESK, K.SET_TRADER,
        K.SET_ACCOUNT, K.SET_SESSION, K.SET_BROKER,
    }  # fmt: skip
