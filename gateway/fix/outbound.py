"""Bodies of control messages that no order event makes: instruments, trading status, news, users.

Pure functions from facts to fields; the connection adds header and number. Tags are those of docs/fix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.records import InstrumentState, Side, VenueState, format_e8
from gateway.fix._wire import format_timestamp
from gateway.fix.protocol import SYMBOL, TEXT, TRANSACT_TIME
from gateway.fix.session import Fields

VENUE_SESSION_ID = "PERPGATE"  # TradingSessionID (336): there is one session, and it never closes
HALTED, READY, NOT_AVAILABLE = 2, 17, 18  # SecurityTradingStatus (326)
_STATUS = {
    InstrumentState.ACTIVE: READY,
    InstrumentState.HALTED: HALTED,
    InstrumentState.CANCEL_ONLY: HALTED,
    InstrumentState.REDUCE_ONLY: READY,
    InstrumentState.DELISTED: NOT_AVAILABLE,
}
NEWS_LINE_BYTES_MAX = 200
NEWS_LINES_MAX = 40


def encode_fields(fields: Fields) -> bytes:
    """Fields as they go over the wire; what FIX cannot carry in a text is replaced."""
    return b"".join(b"%d=%s\x01" % (tag, _text(value)) for tag, value in fields)


def _text(value: str | int) -> bytes:
    return str(value).replace("\x01", " ").encode("latin-1", "replace")


def micro_text(value_micro: int) -> str:
    """Micro-USDC as decimal text."""
    return format_e8(value_micro * 100)


def security_list(
    request_id: str, response_id: str, instruments: Iterable[Mapping[str, Any]], total: int, last: bool, wall_ns: int
) -> Fields:
    """One fragment of a SecurityList (y)."""
    fields: list[tuple[int, str | int]] = [
        (320, request_id),
        (322, response_id),
        (560, 0 if total else 2),
        (393, total),
    ]
    fields += [(893, "Y" if last else "N"), (TRANSACT_TIME, format_timestamp(wall_ns, 6).decode())]
    rows = list(instruments)
    if rows:
        fields.append((146, len(rows)))
    for facts in rows:
        fields += security(facts)
    return tuple(fields)


def security(facts: Mapping[str, Any]) -> list[tuple[int, str | int]]:
    """One entry of the instrument group."""
    is_listed = facts["state"] != InstrumentState.DELISTED
    return [
        (SYMBOL, facts["symbol"]),
        (15, "USDC"),
        (561, format_e8(facts["lot_size_e8"])),
        (562, format_e8(facts["min_quantity_e8"])),
        (1140, format_e8(facts["max_quantity_e8"])),
        (969, format_e8(facts["tick_size_e8"])),
        (1148, format_e8(facts["min_price_e8"])),
        (1149, format_e8(facts["max_price_e8"])),
        (965, 1 if is_listed else 2),
        (20040, facts["speed_bump_ns"] // 1_000_000),
        (20041, facts["band_ppm"]),
        (20042, micro_text(facts["min_notional_micro"])),
        (20043, int(facts["state"])),
    ]


def security_status(facts: Mapping[str, Any], wall_ns: int, request_id: str = "") -> Fields:
    """SecurityStatus (f): the answer to a request, or unasked when request_id is empty."""
    state = InstrumentState(facts["state"])
    fields: list[tuple[int, str | int]] = [(324, request_id)] if request_id else [(325, "Y")]
    fields += [(SYMBOL, facts["symbol"]), (326, _STATUS[state]), (TRANSACT_TIME, format_timestamp(wall_ns, 6).decode())]
    fields += [(TEXT, state.name), (20043, int(state))]
    return tuple(fields)


def session_status(state: VenueState, wall_ns: int, request_id: str = "") -> Fields:
    """TradingSessionStatus (h): open, or halted when the venue takes cancels only."""
    fields: list[tuple[int, str | int]] = [(335, request_id)] if request_id else []
    fields.append((336, VENUE_SESSION_ID))
    if not request_id:
        fields.append((325, "Y"))
    fields += [(340, 2 if state is VenueState.OPEN else 1), (TRANSACT_TIME, format_timestamp(wall_ns, 6).decode())]
    fields += [(TEXT, state.name), (20044, int(state))]
    return tuple(fields)


def news(headline: str, lines: Iterable[str], wall_ns: int) -> Fields:
    """News (B): maintenance and the like; lines beyond the limits are cut."""
    texts = [line[:NEWS_LINE_BYTES_MAX] or " " for line in lines][:NEWS_LINES_MAX] or [" "]
    fields: list[tuple[int, str | int]] = [
        (42, format_timestamp(wall_ns, 6).decode()),
        (148, headline[:NEWS_LINE_BYTES_MAX]),
    ]
    fields.append((33, len(texts)))
    fields += [(TEXT, text) for text in texts]
    return tuple(fields)


def user_response(request_id: str, username: str, status: int, text: str = "") -> Fields:
    """UserResponse (BF)."""
    fields: list[tuple[int, str | int]] = [(923, request_id), (553, username), (926, status)]
    return (*fields, (927, text)) if text else tuple(fields)


def unknown_order(order_id: str, client_order_id: str, symbol: str, side: str, version: int, more: Fields) -> Fields:
    """ExecutionReport (8) that answers a status request for an order that is not known."""
    fields: list[tuple[int, str | int]] = [(37, order_id or "NONE")]
    if client_order_id:
        fields.append((11, client_order_id))
    fields.append((17, 0))
    if version == 42:
        fields.append((20, 3))
    fields += [(150, "8" if version == 42 else "I"), (39, 8), (103, 5), (55, symbol), (54, side or int(Side.BUY))]
    fields += [(151, 0), (14, 0)]
    if version != 50:
        fields.append((6, 0))
    return (*fields, (TEXT, "NO_SUCH_ORDER"), *more)
