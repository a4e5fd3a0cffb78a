"""The schema: every command, event, reason code and unit that crosses a boundary inside perpgate.

Doors write commands, the sequencer stamps and journals them, engines turn them into events, sinks read the
events; all of them mean the bytes laid out here. `make gen` writes `cython/engine/records.pxd`, the same layouts for
the compiled modules; both sides compare sizes and offsets when they are imported.

Conventions
- Little-endian, naturally aligned, sizes are multiples of 8; reserved bytes are zero.
- Prices and quantities carry the global decimal scale of 1e-8 (`_e8`). An instrument's ticks and lots exist inside
  an engine only: the engine checks divisibility and converts, so that no door decides anything.
- Money is micro-USDC (`_micro`), time is nanoseconds since the Unix epoch (`_ns`), ids are u32 >= 1, 0 means none.
- Text is ASCII, zero-padded. A client order id has at most 36 characters.
- Identity is arithmetic: an order id is the `seq` of its PLACE command; an event is (`seq`, `event_index`); a trade
  is the event id of its taker side, and the maker's event is the very next one.

This module imports the standard library and `engine.layout` alone and holds no rule: rules are in docs/engine.md.
"""

from __future__ import annotations

import struct
from decimal import Decimal, InvalidOperation
from enum import IntEnum, IntFlag
from typing import Any

from engine.layout import Field, Layout

SCHEMA_VERSION = 1
SCALE_E8 = 100_000_000
CLIENT_ORDER_ID_MAX = 36
INT64_MAX = 2**63 - 1
NEVER_NS = INT64_MAX  # "no timer": later than any time


# ---------------------------------------------------------------------------------------------- enumerations


class CommandKind(IntEnum):
    """What a command asks for. Imperatives; the number is journal format and never reused."""

    TICK = 1  # time passes: expiries, releases, carried-on work
    SET_VENUE_STATE = 2
    SET_INSTRUMENT = 3
    SET_INSTRUMENT_STATE = 4
    SET_MARK = 5
    SET_FIRM = 6
    SET_DESK = 7
    SET_TRADER = 8
    SET_ACCOUNT = 9
    SET_SESSION = 10
    ROLL_BUSINESS_DATE = 11
    SESSION_LOGON = 20
    SESSION_DISCONNECT = 21
    PLACE = 30
    REPLACE = 31
    CANCEL = 32
    MASS_CANCEL = 33


class EventKind(IntEnum):
    """What happened. Past tense; the number is event-log format and never reused."""

    ORDER_PENDING = 1  # accepted, waits in the speed bump (FIX 150=A)
    ORDER_NEW = 2  # accepted and live (FIX 150=0)
    ORDER_REJECTED = 3  # FIX 150=8
    ORDER_FILLED = 4  # FIX 150=F, partial or whole: leaves tells
    ORDER_CANCELLED = 5  # FIX 150=4
    ORDER_EXPIRED = 6  # FIX 150=C
    ORDER_REPLACE_PENDING = 7  # FIX 150=E
    ORDER_REPLACED = 8  # FIX 150=5
    REPLACE_REJECTED = 9  # FIX 35=9 434=2
    CANCEL_REJECTED = 10  # FIX 35=9 434=1
    ORDER_TRIGGERED = 11  # FIX 150=L
    ORDER_RESTATED = 12  # FIX 150=D: quantity changed by the venue
    ORDER_STATUS = 13  # FIX 150=I: one open order of a snapshot
    ORDER_STATUS_END = 14  # end of the snapshot (session body)
    MASS_CANCEL_DONE = 20  # mass body
    MASS_CANCEL_REJECTED = 21  # mass body
    SESSION_STATE = 30  # answer to SESSION_LOGON (session body)
    CONFIG_SET = 40  # a SET_* or ROLL_* command took effect (config body: a copy of the command's)
    COMMAND_REJECTED = 41  # a SET_*, ROLL_* or SESSION_* command was refused (config body)


class Reason(IntEnum):
    """Why. Codes below 73, and 97, are the venue's published ones (rulebook section 14); the precedence of the
    checks that produce them is CHECK_ORDER."""

    ACK = 0
    CANCELLED = 30  # by its owner
    CANCELLED_STP = 31  # self-trade prevention
    IOC_CANCELLED = 32  # immediate-or-cancel without any fill
    FOK_CANCELLED = 33  # could not be filled completely at once
    MIN_QUANTITY_CANCELLED = 34  # minimum quantity could not be filled at once
    SWEEP_LIMIT_CANCELLED = 35  # one command may not make more fills than the instrument's limit
    CANCELLED_DISCONNECT = 36  # cancel on disconnect
    EXPIRED = 37  # DAY at the business-date roll, GTD at its time
    CANCELLED_ADMIN = 38  # by the venue's operator
    REJECTED = 50
    NO_SUCH_ORDER = 52
    INVALID_ORDER_TYPE = 53
    BAD_SYMBOL = 54
    PRICE_LESS_THAN_MIN_PRICE = 55
    PRICE_GREATER_THAN_MAX_PRICE = 56
    CANNOT_MODIFY_PARTIAL_FILL = 58
    CANNOT_MODIFY_ALO_WOULD_CROSS = 59
    FAILED_MARGIN_CHECK = 60
    INVALID_TICK_SIZE_PRECISION_PRICE = 63
    INVALID_TICK_SIZE_PRECISION_QUANTITY = 64
    QUANTITY_LESS_THAN_MIN_QUANTITY = 65
    QUANTITY_GREATER_THAN_MAX_QUANTITY = 66
    REJECTED_GREATER_THAN_MAX_PRICE_BAND = 67
    REJECTED_LESS_THAN_MIN_PRICE_BAND = 68
    INVALID_TIME_IN_FORCE = 69
    REJECTED_WOULD_BREACH_MAX_NOTIONAL = 70
    CANNOT_MODIFY_NO_SUCH_ORDER = 71
    REJECTED_MARKET_CLOSED = 72
    REJECTED_FAILED_TO_PROCESS = 73
    INVALID_TAKEPROFIT_PRICE = 74
    INVALID_STOPLOSS_PRICE = 75
    REJECTED_TOO_MANY_OPEN_ORDERS = 76
    REJECTED_OPEN_INTEREST_LIMIT = 77
    REJECTED_TOTAL_OPEN_INTEREST_LIMIT = 78
    REJECTED_LESS_THAN_MIN_NOTIONAL = 79
    USER_IN_LIQUIDATION = 80
    PERMISSION_DENIED = 81
    REJECTED_ALO_WOULD_CROSS = 82
    REJECTED_REDUCE_ONLY = 83
    REJECTED_DUPLICATE_CLORDID = 84
    REJECTED_NO_REFERENCE_PRICE = 85
    INVALID_MIN_QUANTITY = 86
    INVALID_DISPLAY_QUANTITY = 87
    MODIFY_SUPERSEDED = 88  # a newer modify took the place of one that waited in the speed bump
    REJECTED_CAPACITY = 89  # a preallocated table is full
    UNKNOWN_MATCHER = 90
    INVALID_PARAMETER = 91  # a configuration command's field is out of range
    UNKNOWN_PARTY = 92  # a configuration or scope names a party that does not exist
    REJECTED_JOURNAL_FULL = 96  # the venue takes cancels only: no space left for the journal
    RATE_LIMITED = 97


class Side(IntEnum):
    BUY = 1
    SELL = 2


class OrderType(IntEnum):
    """Rulebook section 4."""

    LIMIT = 1
    MARKET = 2
    ALO = 3  # add liquidity only (post-only)
    STOP_LOSS = 4
    TAKE_PROFIT = 5


class TimeInForce(IntEnum):
    GTC = 1
    DAY = 2
    GTD = 3
    IOC = 4
    FOK = 5


class StpMode(IntEnum):
    """Self-trade prevention, taken from the aggressor; 0 in a command means the account's own mode."""

    CANCEL_PASSIVE = 1
    CANCEL_AGGRESSOR = 2
    CANCEL_BOTH = 3
    DECREMENT = 4


class OrderFlag(IntFlag):
    REDUCE_ONLY = 1


class OrderState(IntEnum):
    PENDING_NEW = 1  # in the speed bump
    LIVE = 2  # on the book
    UNTRIGGERED = 3  # a stop that waits for the mark
    FILLED = 4
    CANCELLED = 5
    EXPIRED = 6
    REJECTED = 7


class Liquidity(IntEnum):
    NONE = 0
    MAKER = 1
    TAKER = 2


class TradeKind(IntEnum):
    """Rulebook section 14, last line."""

    NONE = 0
    NORMAL = 1
    LIQUIDATION = 2
    DLP_TRANSFER = 3
    ADL = 4
    SPLIT = 5


class Scope(IntEnum):
    """The node of the hierarchy that a session may act for, or that a mass cancel covers."""

    SESSION = 1
    ACCOUNT = 2
    TRADER = 3
    DESK = 4
    FIRM = 5
    VENUE = 6  # operator only


class SessionRight(IntFlag):
    TRADE = 1  # place and replace
    CANCEL = 2


class PartyStatus(IntEnum):
    ACTIVE = 1
    BLOCKED = 2  # may cancel only


class InstrumentState(IntEnum):
    ACTIVE = 1
    HALTED = 2
    CANCEL_ONLY = 3
    REDUCE_ONLY = 4
    DELISTED = 5


class VenueState(IntEnum):
    OPEN = 1
    CANCEL_ONLY = 2  # set by the sequencer when the journal runs out of space


class AssetClass(IntEnum):
    EQUITY = 1
    INDEX = 2
    COMMODITY = 3
    FX = 4
    PRECIOUS_METAL = 5


class InstrumentFlag(IntFlag):
    BUMP_MARKET = 1  # the speed bump also delays MARKET orders


class CodFlag(IntFlag):
    """Cancel on disconnect, chosen at logon (FIX 35002)."""

    ON_LOSS = 1
    ON_LOGOUT = 2
    ACCOUNT_SCOPE = 4  # every order that the session may act for, not only its own


class LogonFlag(IntFlag):
    SNAPSHOT = 1  # send ORDER_STATUS for each open order that the session may act for


class DisconnectCause(IntEnum):
    LOSS = 1
    LOGOUT = 2


CHECK_ORDER: tuple[Reason, ...] = (
    Reason.PERMISSION_DENIED,
    Reason.REJECTED_JOURNAL_FULL,
    Reason.RATE_LIMITED,
    Reason.REJECTED_DUPLICATE_CLORDID,
    Reason.BAD_SYMBOL,
    Reason.REJECTED_MARKET_CLOSED,
    Reason.INVALID_ORDER_TYPE,
    Reason.INVALID_TIME_IN_FORCE,
    Reason.INVALID_TICK_SIZE_PRECISION_QUANTITY,
    Reason.QUANTITY_LESS_THAN_MIN_QUANTITY,
    Reason.QUANTITY_GREATER_THAN_MAX_QUANTITY,
    Reason.INVALID_MIN_QUANTITY,
    Reason.INVALID_DISPLAY_QUANTITY,
    Reason.INVALID_TICK_SIZE_PRECISION_PRICE,
    Reason.REJECTED_NO_REFERENCE_PRICE,
    Reason.PRICE_LESS_THAN_MIN_PRICE,
    Reason.PRICE_GREATER_THAN_MAX_PRICE,
    Reason.REJECTED_GREATER_THAN_MAX_PRICE_BAND,
    Reason.REJECTED_LESS_THAN_MIN_PRICE_BAND,
    Reason.INVALID_TAKEPROFIT_PRICE,
    Reason.INVALID_STOPLOSS_PRICE,
    Reason.REJECTED_LESS_THAN_MIN_NOTIONAL,
    Reason.REJECTED_TOO_MANY_OPEN_ORDERS,
    Reason.REJECTED_CAPACITY,
    Reason.REJECTED_REDUCE_ONLY,
    # the matcher's own, last: REJECTED_ALO_WOULD_CROSS, FOK_CANCELLED, MIN_QUANTITY_CANCELLED
)


# -------------------------------------------------------------------------------------- commands and events

_f = Field

COMMAND_HEADER_SIZE = 64
COMMAND_BODY_SIZE = 128
COMMAND_SIZE = COMMAND_HEADER_SIZE + COMMAND_BODY_SIZE
EVENT_HEADER_SIZE = 64
EVENT_BODY_SIZE = 192
EVENT_SIZE = EVENT_HEADER_SIZE + EVENT_BODY_SIZE

COMMAND_HEADER = (
    _f("seq", "u64", "number in the journal; given by the sequencer"),
    _f("timestamp_ns", "i64", "sequencer's stamp, never backwards"),
    _f("kind", "u16", "CommandKind"),
    _f("flags", "u16", "reserved"),
    _f("session_id", "u32", "session that sent it; 0 = the venue itself"),
    _f("msg_seq_in", "u64", "sender's message number; 0 = not numbered"),
    _f("sent_ns", "i64", "sender's own time, 0 = not given"),
    _f("account_id", "u32"),
    _f("instrument_id", "u32"),
    _f("header_reserved", "pad[16]"),
)

COMMAND_BODIES: dict[CommandKind, Layout] = {}


def _command(kind: CommandKind, *body: Field) -> Layout:
    used = sum(f.width for f in body)
    pad = (_f("body_reserved", f"pad[{COMMAND_BODY_SIZE - used}]"),) if used < COMMAND_BODY_SIZE else ()
    layout = Layout(kind.name.lower(), *COMMAND_HEADER, *body, *pad)
    assert layout.size == COMMAND_SIZE, (kind, layout.size)
    COMMAND_BODIES[kind] = layout
    return layout


TICK = _command(CommandKind.TICK)
SET_VENUE_STATE = _command(CommandKind.SET_VENUE_STATE, _f("state", "u8", "VenueState"))
SET_INSTRUMENT = _command(
    CommandKind.SET_INSTRUMENT,
    _f("symbol", "text[16]"),
    _f("matcher", "text[24]", "registry name, fixed once the instrument exists"),
    _f("tick_size_e8", "i64", "fixed once the instrument exists"),
    _f("lot_size_e8", "i64", "fixed once the instrument exists"),
    _f("min_price_e8", "i64", "lowest price, a tick multiple >= 1 tick"),
    _f("max_price_e8", "i64", "highest price, a tick multiple; fixes the book's width"),
    _f("min_quantity_e8", "i64"),
    _f("max_quantity_e8", "i64"),
    _f("min_notional_micro", "i64", "0 = none"),
    _f("speed_bump_ns", "i64", "0 = none"),
    _f("band_ppm", "u32", "price band around the mark, 0 = none"),
    _f("fills_max", "u32", "fills that one command may make, 1..1000"),
    _f("flags_instrument", "u16", "InstrumentFlag"),
    _f("asset_class", "u8", "AssetClass"),
)
SET_INSTRUMENT_STATE = _command(CommandKind.SET_INSTRUMENT_STATE, _f("state", "u8", "InstrumentState"))
SET_MARK = _command(
    CommandKind.SET_MARK,
    _f("mark_price_e8", "i64", "a tick multiple"),
    _f("oracle_price_e8", "i64", "centre of the static range; 0 = none"),
)
_PARTY = (
    _f("party_id", "u32"),
    _f("parent_id", "u32"),
    _f("status", "u8", "PartyStatus"),
    _f("party_reserved", "pad[7]"),
)
SET_FIRM = _command(CommandKind.SET_FIRM, *_PARTY, _f("name", "text[32]"))
SET_DESK = _command(CommandKind.SET_DESK, *_PARTY, _f("name", "text[32]"))
SET_TRADER = _command(
    CommandKind.SET_TRADER,
    *_PARTY,
    _f("name", "text[32]"),
    _f("rate_limit_milli", "i64", "weight per 60 s, each bucket, in 1e-3 units; 0 = unlimited (rulebook section 13)"),
)
SET_ACCOUNT = _command(
    CommandKind.SET_ACCOUNT,
    *_PARTY,
    _f("name", "text[32]"),
    _f("stp_group", "u32", "accounts of one group do not trade with each other; 0 = the account alone"),
    _f("open_orders_max", "u32", "0 = 1000"),
    _f("stp_mode", "u8", "StpMode; 0 = CANCEL_PASSIVE"),
)
SET_SESSION = _command(
    CommandKind.SET_SESSION,
    *_PARTY,
    _f("name", "text[32]"),
    _f("rights", "u32", "SessionRight"),
    _f("scope", "u8", "Scope: ACCOUNT TRADER DESK FIRM; parent_id names the node"),
)
ROLL_BUSINESS_DATE = _command(
    CommandKind.ROLL_BUSINESS_DATE,
    _f("business_date", "u32", "YYYYMMDD of the day that begins"),
)
SESSION_LOGON = _command(
    CommandKind.SESSION_LOGON,
    _f("cod_grace_ns", "i64"),
    _f("cod_flags", "u16", "CodFlag"),
    _f("logon_flags", "u16", "LogonFlag"),
)
SESSION_DISCONNECT = _command(CommandKind.SESSION_DISCONNECT, _f("cause", "u8", "DisconnectCause"))
PLACE = _command(
    CommandKind.PLACE,
    _f("client_order_id", "text[40]", "at most 36 used; empty = none"),
    _f("price_e8", "i64", "limit, or trigger of a stop; ignored for MARKET"),
    _f("quantity_e8", "i64"),
    _f("display_quantity_e8", "i64", "0 = all shown"),
    _f("min_quantity_e8", "i64", "0 = none; IOC only"),
    _f("expire_ns", "i64", "GTD only"),
    _f("take_profit_e8", "i64", "0 = none"),
    _f("stop_loss_e8", "i64", "0 = none"),
    _f("side", "u8", "Side"),
    _f("order_type", "u8", "OrderType"),
    _f("time_in_force", "u8", "TimeInForce"),
    _f("stp_mode", "u8", "StpMode; 0 = the account's"),
    _f("order_flags", "u16", "OrderFlag"),
    _f("place_reserved", "pad[2]"),
    _f("stp_group", "u32", "0 = the account's"),
)
REPLACE = _command(
    CommandKind.REPLACE,
    _f("client_order_id", "text[40]", "id that the order has afterwards; empty = keeps its own"),
    _f("orig_client_order_id", "text[40]", "used when order_id is 0"),
    _f("order_id", "u64"),
    _f("price_e8", "i64"),
    _f("quantity_e8", "i64", "new total, what was filled included"),
    _f("take_profit_e8", "i64"),
    _f("stop_loss_e8", "i64"),
    _f("side", "u8", "must match; 0 = not given"),
    _f("order_type", "u8", "must match; 0 = not given"),
)
CANCEL = _command(
    CommandKind.CANCEL,
    _f("client_order_id", "text[40]", "id of this request, echoed"),
    _f("orig_client_order_id", "text[40]", "used when order_id is 0"),
    _f("order_id", "u64"),
    _f("side", "u8", "must match; 0 = not given"),
)
MASS_CANCEL = _command(
    CommandKind.MASS_CANCEL,
    _f("client_order_id", "text[40]", "id of this request, echoed"),
    _f("target_id", "u32", "firm, desk, trader, account or session id by scope; 0 for VENUE"),
    _f("scope", "u8", "Scope"),
    _f("side", "u8", "0 = both; the header's instrument_id narrows too, 0 = all"),
)

EVENT_HEADER = (
    _f("seq", "u64", "of the command that caused it"),
    _f("timestamp_ns", "i64", "of the command that caused it"),
    _f("event_index", "u32", "from 0 within the command"),
    _f("kind", "u16", "EventKind"),
    _f("reason", "u16", "Reason"),
    _f("session_id", "u32", "addressee; 0 = the venue's operator"),
    _f("instrument_id", "u32"),
    _f("session_seq", "u64", "number in the addressee's stream, from 1; 0 for session 0"),
    _f("account_id", "u32"),
    _f("trader_id", "u32"),
    _f("desk_id", "u32"),
    _f("firm_id", "u32"),
    _f("msg_seq_in", "u64", "of the command, when the addressee sent it; else 0"),
)

ORDER_EVENT = Layout(
    "order_event",
    *EVENT_HEADER,
    _f("order_id", "u64", "0 when the order was never accepted"),
    _f("client_order_id", "text[40]"),
    _f("orig_client_order_id", "text[40]", "replace and cancel answers: the order's id before"),
    _f("price_e8", "i64", "limit or trigger as it stands now"),
    _f("quantity_e8", "i64", "total as it stands now"),
    _f("cum_quantity_e8", "i64"),
    _f("leaves_quantity_e8", "i64", "0 once the order is gone"),
    _f("display_quantity_e8", "i64", "shown on the book after this event"),
    _f("last_price_e8", "i64"),
    _f("last_quantity_e8", "i64"),
    _f("contra_order_id", "u64", "fill or self-trade prevention: the other order"),
    _f("fee_micro", "i64", "signed, + is charged"),
    _f("realised_pnl_micro", "i64"),
    _f("position_e8", "i64", "of the account in the instrument, after this event"),
    _f("detail", "i64", "RATE_LIMITED: retry after ms; else 0"),
    _f("side", "u8"),
    _f("order_type", "u8"),
    _f("time_in_force", "u8"),
    _f("liquidity", "u8", "Liquidity"),
    _f("order_flags", "u16"),
    _f("order_state", "u8", "OrderState after this event"),
    _f("trade_kind", "u8", "TradeKind"),
)
MASS_EVENT = Layout(
    "mass_event",
    *EVENT_HEADER,
    _f("client_order_id", "text[40]"),
    _f("affected_count", "u64", "orders cancelled"),
    _f("target_id", "u32"),
    _f("scope", "u8"),
    _f("side", "u8"),
    _f("mass_reserved", f"pad[{EVENT_BODY_SIZE - 54}]"),
)
SESSION_EVENT = Layout(
    "session_event",
    *EVENT_HEADER,
    _f("last_msg_seq_in", "u64", "highest inbound number taken from this session"),
    _f("open_orders", "u64", "SESSION_STATE: open orders entered by the session; ORDER_STATUS_END: statuses sent"),
    _f("cod_grace_ns", "i64"),
    _f("cod_flags", "u16"),
    _f("session_reserved", f"pad[{EVENT_BODY_SIZE - 26}]"),
)
CONFIG_EVENT = Layout(
    "config_event",
    *EVENT_HEADER,
    _f("command_kind", "u16", "CommandKind"),
    _f("config_reserved", "pad[6]"),
    _f("body", f"bytes[{COMMAND_BODY_SIZE}]", "the command's body, byte for byte"),
    _f("config_reserved2", f"pad[{EVENT_BODY_SIZE - 8 - COMMAND_BODY_SIZE}]"),
)
EVENT_LAYOUTS = (ORDER_EVENT, MASS_EVENT, SESSION_EVENT, CONFIG_EVENT)
assert all(layout.size == EVENT_SIZE for layout in EVENT_LAYOUTS)


def event_layout(kind: int) -> Layout:
    """The body layout that an event kind uses."""
    if kind in (EventKind.MASS_CANCEL_DONE, EventKind.MASS_CANCEL_REJECTED):
        return MASS_EVENT
    if kind in (EventKind.SESSION_STATE, EventKind.ORDER_STATUS_END):
        return SESSION_EVENT
    if kind in (EventKind.CONFIG_SET, EventKind.COMMAND_REJECTED):
        return CONFIG_EVENT
    return ORDER_EVENT


def pack_command(kind: CommandKind, **values: Any) -> bytes:
    """One command record. `seq` and `timestamp_ns` are the sequencer's to fill."""
    return COMMAND_BODIES[kind].pack(kind=int(kind), **values)


def unpack_command(data: bytes | memoryview, offset: int = 0) -> dict[str, Any]:
    kind = CommandKind(struct.unpack_from("<H", data, offset + 16)[0])
    values = COMMAND_BODIES[kind].unpack(data, offset)
    values["kind"] = kind
    return values


def unpack_event(data: bytes | memoryview, offset: int = 0) -> dict[str, Any]:
    """One event as a dict; `kind` and `reason` become enumerations, a config event's `body` stays bytes."""
    kind = EventKind(struct.unpack_from("<H", data, offset + 20)[0])
    values = event_layout(kind).unpack(data, offset)
    values["kind"] = kind
    values["reason"] = Reason(values["reason"])
    return values


# ------------------------------------------------------------------------------------------- decimals, digest


def parse_e8(text: str) -> int:
    """Decimal text to the global scale: the one place where text becomes a price or a quantity.

    Raises ValueError for anything but plain decimal digits, for more than eight decimals, and beyond int64.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a decimal number") from None
    if not value.is_finite() or "e" in text.lower() or "_" in text:
        raise ValueError(f"{text!r} is not a plain decimal number")
    scaled = value * SCALE_E8
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{text!r} has more than eight decimals")
    if abs(scaled) > INT64_MAX:
        raise ValueError(f"{text!r} is out of range")
    return int(scaled)


def format_e8(value_e8: int, decimals: int | None = None) -> str:
    """Global scale to decimal text: trailing zeros dropped, or exactly `decimals` places when given."""
    sign = "-" if value_e8 < 0 else ""
    whole, fraction = divmod(abs(value_e8), SCALE_E8)
    digits = f"{fraction:08d}"
    if decimals is None:
        digits = digits.rstrip("0")
    elif any(c != "0" for c in digits[decimals:]):
        raise ValueError(f"{value_e8} has more than {decimals} decimals")
    else:
        digits = digits[:decimals]
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
