"""Commands and events for people and for JSON: enumerations by name, times in UTC, decimals as text.

Called by `perpgate inspect`. The records are those of `engine.records`, unpacked; nothing parses the text again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import IntEnum, IntFlag
from typing import Any

from engine.records import (
    COMMAND_BODIES,
    COMMAND_HEADER_SIZE,
    NEVER_NS,
    AssetClass,
    CodFlag,
    CommandKind,
    DisconnectCause,
    InstrumentState,
    Liquidity,
    LogonFlag,
    OrderFlag,
    OrderState,
    OrderType,
    PartyStatus,
    Reason,
    Scope,
    SessionRight,
    Side,
    StpMode,
    TimeInForce,
    TradeKind,
    VenueState,
    format_e8,
    unpack_command,
    unpack_event,
)

COLUMNS = (
    ("seq", "right"), ("time (UTC)", "left"), ("what", "left"), ("session", "right"), ("account", "right"),
    ("instrument", "right"), ("order", "right"), ("client id", "left"), ("side", "left"), ("price", "right"),
    ("quantity", "right"), ("leaves", "right"), ("more", "left"),
)  # fmt: skip

_ENUMS: dict[str, type[IntEnum] | type[IntFlag]] = {
    "kind": CommandKind, "command_kind": CommandKind, "reason": Reason, "side": Side, "order_type": OrderType,
    "time_in_force": TimeInForce, "stp_mode": StpMode, "order_flags": OrderFlag, "order_state": OrderState,
    "liquidity": Liquidity, "trade_kind": TradeKind, "scope": Scope, "rights": SessionRight, "status": PartyStatus,
    "asset_class": AssetClass, "cod_flags": CodFlag, "logon_flags": LogonFlag, "cause": DisconnectCause,
}  # fmt: skip
_IN_COLUMNS = {
    "seq", "timestamp_ns", "kind", "session_id", "account_id", "instrument_id", "order_id", "client_order_id", "side",
    "price_e8", "quantity_e8", "leaves_quantity_e8", "event_index", "flags", "trader_id", "desk_id", "firm_id", "body",
}  # fmt: skip


def command_fields(record: bytes | memoryview, offset: int = 0) -> dict[str, Any]:
    """One command, ready for JSON: field names and units of the schema, enumerations by name."""
    values = unpack_command(record, offset)
    return {"record": "command", **_named(values, _state_of_command(values["kind"]))}


def event_fields(record: bytes | memoryview, offset: int = 0) -> dict[str, Any]:
    """One event, ready for JSON; the body of a configuration event is the command's."""
    values = unpack_event(record, offset)
    if "body" in values:
        kind = CommandKind(values["command_kind"])
        body = COMMAND_BODIES[kind].unpack(bytes(COMMAND_HEADER_SIZE) + values["body"])
        names = [field.name for field in COMMAND_BODIES[kind].fields if field.offset >= COMMAND_HEADER_SIZE]
        values["body"] = _named({name: body[name] for name in names if name in body}, _state_of_command(kind))
    return {"record": "event", **_named(values, None)}


def table_row(fields: dict[str, Any]) -> tuple[str, ...]:
    """The fields of `command_fields` or `event_fields` as one row of COLUMNS."""
    is_event = fields["record"] == "event"
    seq = f"{fields['seq']}.{fields['event_index']}" if is_event else str(fields["seq"])
    what = fields["kind"] if is_event else f"> {fields['kind']}"

    def number(name: str) -> str:
        return str(fields[name]) if fields.get(name) else ""

    def decimal(name: str) -> str:
        return format_e8(fields[name]) if fields.get(name) else ""

    leaves = format_e8(fields["leaves_quantity_e8"]) if "leaves_quantity_e8" in fields else ""
    return (
        seq, format_time(fields["timestamp_ns"]), what, number("session_id"), number("account_id"),
        number("instrument_id"), number("order_id"), str(fields.get("client_order_id", "")),
        str(fields["side"]) if fields.get("side") else "", decimal("price_e8"), decimal("quantity_e8"), leaves,
        _rest(fields),
    )  # fmt: skip


def format_time(timestamp_ns: int) -> str:
    """ISO 8601 in UTC with nine decimals."""
    seconds, nanoseconds = divmod(timestamp_ns, 1_000_000_000)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def parse_time(text: str) -> int:
    """ISO 8601 (`2026-11-24T10:00:00.5Z`, without an offset it is UTC) or nanoseconds since 1970. Raises ValueError."""
    if text.isdecimal():
        return int(text)
    head, _, fraction = text.rstrip("Zz").partition(".")
    digits = fraction[: len(fraction) - len(fraction.lstrip("0123456789"))]
    moment = datetime.fromisoformat(head + fraction[len(digits) :])
    if len(digits) > 9:
        raise ValueError(f"{text!r} has more than nine decimals")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000_000 + int(digits.ljust(9, "0") or 0)


def _state_of_command(kind: int) -> type[IntEnum] | None:
    if kind == CommandKind.SET_INSTRUMENT_STATE:
        return InstrumentState
    return VenueState if kind == CommandKind.SET_VENUE_STATE else None


def _named(values: dict[str, Any], state: type[IntEnum] | None) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in values.items():
        enum = state if name == "state" else _ENUMS.get(name)
        if isinstance(value, IntEnum):
            out[name] = value.name
        elif enum is None or not isinstance(value, int):
            out[name] = value
        elif issubclass(enum, IntFlag):
            out[name] = [flag.name for flag in enum if value & flag]
        else:
            out[name] = enum(value).name if value in enum._value2member_map_ else value
    return out


def _rest(fields: dict[str, Any]) -> str:
    """What has no column of its own and is not zero."""
    shown: list[str] = []
    values = {**fields, **(fields.get("body") or {})}
    for name, value in values.items():
        if name in _IN_COLUMNS or name == "record" or value in (0, "", [], "NONE", "ACK", NEVER_NS):
            continue
        text = _TEXTS.get(name.rpartition("_")[2], str)(value) if isinstance(value, int) else value
        shown.append(f"{name.removesuffix('_e8')}={','.join(text) if isinstance(text, list) else text}")
    return " ".join(shown)


_TEXTS: dict[str, Callable[[int], str]] = {"e8": format_e8}
