"""What operators see, and what their partial changes start from: a read model of settings, limits, nodes and marks.

Filled from the recovered state, kept current by released events; it asks the engine nothing. What changes with every
order (balances, positions, usages) is not here: `perpgate explain --account` has it at any instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.records import (
    COMMAND_BODIES,
    COMMAND_HEADER_SIZE,
    CONFIG_EVENT,
    EVENT_SIZE,
    LIMIT_EVENT,
    PRICE_EVENT,
    CommandKind,
    EventKind,
    InstrumentState,
    LimitAction,
    LimitFlag,
    LimitKind,
    LimitTarget,
    NodeFlag,
    Scope,
    format_e8,
    unpack_command,
    unpack_event,
)
from engine.snapshot_records import Section
from gateway.operator.operations import limit_unit
from gateway.operator.parameters import Decimal, written

MICRO_PER_E8 = 100
SECTIONS = frozenset(
    (Section.SESSION, Section.INSTRUMENT, Section.NODE, Section.VENUE_RISK, Section.INSTRUMENT_RISK,
     Section.ACCOUNT_RISK, Section.LIMIT)
)  # fmt: skip
KINDS = (
    EventKind.CONFIG_SET, EventKind.NODE_CHANGED, EventKind.MARK_CHANGED, EventKind.INSTRUMENT_STATE,
    EventKind.RESERVE_STATE,
)  # fmt: skip
_ACCOUNT_FIELDS = ("home_session_id", "dlp_notional_max_micro", "account_flags", "fee_tier")
_LimitKey = tuple[int, int, int, int, int, int]
_KIND = CONFIG_EVENT.offset_of("kind")


class Board:
    """Settings by (command kind, subject), limit rows, flags of nodes, the last price event of each instrument."""

    def __init__(self) -> None:
        self._settings: dict[tuple[int, int], dict[str, Any]] = {}
        self._limits: dict[_LimitKey, dict[str, Any]] = {}
        self._flags: dict[tuple[int, int], int] = {}
        self._instruments: dict[int, dict[str, Any]] = {}
        self._prices: dict[int, bytes] = {}
        self._session_scopes: dict[int, int] = {}
        self._reserve: bytes = b""

    def load(self, state: Mapping[Section, list[Any]]) -> None:
        """From a snapshot's rows of SECTIONS."""
        for row in state[Section.SESSION]:
            self._session_scopes[row["party_id"]] = row["scope"]
        for row in state[Section.INSTRUMENT]:
            config = _unpack(CommandKind.SET_INSTRUMENT, row["config"])
            mark_e8 = row["mark_ticks"] * config["tick_size_e8"]
            self._instruments[row["instrument_id"]] = {**config, "state": row["state"], "mark_price_e8": mark_e8}
        for row in state[Section.NODE]:
            self._flags[row["scope"], row["node_id"]] = row["node_flags"]
        for row in state[Section.VENUE_RISK]:
            self._settings[CommandKind.SET_VENUE_RISK, 0] = _unpack(CommandKind.SET_VENUE_RISK, row["config"])
        for row in state[Section.INSTRUMENT_RISK]:
            if row["has_risk"]:
                kind = CommandKind.SET_INSTRUMENT_RISK
                self._settings[kind, row["instrument_id"]] = _unpack(kind, row["config"])
        for row in state[Section.ACCOUNT_RISK]:
            fields = {name: row[name] for name in _ACCOUNT_FIELDS}
            self._settings[CommandKind.SET_ACCOUNT_RISK, row["account_id"]] = fields
        for row in state[Section.LIMIT]:
            self._set_limit(row, row["owner"])

    def take(self, event: bytes) -> None:
        """One released event of KINDS."""
        kind = int.from_bytes(event[_KIND : _KIND + 2], "little")
        if kind == EventKind.CONFIG_SET:
            self._configured(CONFIG_EVENT.unpack(event))
        elif kind == EventKind.NODE_CHANGED:
            values = LIMIT_EVENT.unpack(event)
            self._flags[values["scope"], values["node_id"]] = values["node_flags"]
        elif kind == EventKind.RESERVE_STATE:
            self._reserve = event
        else:
            self._prices[int.from_bytes(event[_INSTRUMENT : _INSTRUMENT + 4], "little")] = event

    def carried_out(self, record: bytes) -> None:
        """A command of a SET_ACCOUNT_RISK that was accepted: its CONFIG_SET does not say which account it was."""
        values = unpack_command(record)
        fields = {name: values[name] for name in _ACCOUNT_FIELDS}
        self._settings[CommandKind.SET_ACCOUNT_RISK, values["account_id"]] = fields

    def _configured(self, event: dict[str, Any]) -> None:
        kind = CommandKind(event["command_kind"])
        body = _unpack(kind, event["body"])
        instrument_id = event["instrument_id"]
        if kind in (CommandKind.SET_VENUE_RISK, CommandKind.SET_INSTRUMENT_RISK):
            self._settings[kind, instrument_id] = body
        elif kind == CommandKind.SET_LIMIT:
            self._set_limit(body, self._owner(event["session_id"]))
        elif kind == CommandKind.SET_SESSION:
            self._session_scopes[body["party_id"]] = body["scope"]
        elif kind == CommandKind.SET_INSTRUMENT:
            before = self._instruments.get(instrument_id, {"state": int(InstrumentState.ACTIVE), "mark_price_e8": 0})
            self._instruments[instrument_id] = {**before, **body}
        elif kind in (CommandKind.SET_INSTRUMENT_STATE, CommandKind.SET_MARK, CommandKind.CHANGE_SYMBOL):
            self._instruments[instrument_id].update(body)
            if kind != CommandKind.CHANGE_SYMBOL:
                self._prices.pop(instrument_id, None)

    def _owner(self, session_id: int) -> int:
        if session_id == 0:
            return int(Scope.VENUE)
        is_broker = self._session_scopes.get(session_id) == Scope.BROKER
        return int(Scope.BROKER if is_broker else Scope.FIRM)

    def _set_limit(self, row: Mapping[str, Any], owner: int) -> None:
        key = (row["scope"], row["node_id"], row["limit_kind"], row["target"], row["target_id"], owner)
        if row["limit_flags"] & LimitFlag.REMOVE:
            self._limits.pop(key, None)
        else:
            self._limits[key] = {**row, "owner": owner}

    # ---- questions

    def settings(self, kind: CommandKind, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The body in force of the subject that `fields` name; empty when it has none yet."""
        subject = 0
        if kind == CommandKind.SET_INSTRUMENT_RISK:
            subject = fields["instrument_id"]
        elif kind == CommandKind.SET_ACCOUNT_RISK:
            subject = fields["account_id"]
        return self._settings.get((int(kind), subject), {})

    def show(self, what: str) -> tuple[dict[str, Any], ...]:
        """Rows ready for JSON. Raises KeyError for what is not in VIEWS."""
        rows: tuple[dict[str, Any], ...] = VIEWS[what](self)
        return rows

    def limits(self) -> tuple[dict[str, Any], ...]:
        return tuple(_limit_row(row) for _, row in sorted(self._limits.items()))

    def nodes(self) -> tuple[dict[str, Any], ...]:
        """Those that are killed, locked, or outside their trading window."""
        return tuple(
            {"scope": written(Scope(scope)), "node": node_id, "flags": _names(NodeFlag, flags)}
            for (scope, node_id), flags in sorted(self._flags.items())
            if flags
        )

    def instruments(self) -> tuple[dict[str, Any], ...]:
        rows = []
        for instrument_id, values in sorted(self._instruments.items()):
            state, mark_e8, more = values["state"], values["mark_price_e8"], {}
            if instrument_id in self._prices:
                price = PRICE_EVENT.unpack(self._prices[instrument_id])
                state, mark_e8 = price["state"] or state, price["mark_price_e8"]
                more = {
                    "index": format_e8(price["index_price_e8"]), "oracle": format_e8(price["oracle_price_e8"]),
                    "open_interest": format_e8(price["open_interest_e8"]), "feeds_are_old": bool(price["flagged"]),
                }  # fmt: skip
            rows.append(
                {
                    "instrument": instrument_id, "symbol": values["symbol"], "state": written(InstrumentState(state)),
                    "mark": format_e8(mark_e8) if mark_e8 else "", **more,
                }
            )  # fmt: skip
        return tuple(rows)

    def venue(self) -> tuple[dict[str, Any], ...]:
        """Settings of the venue, and what it last said of the reserve."""
        settings = self._settings.get((int(CommandKind.SET_VENUE_RISK), 0), {})
        reserve = unpack_event(self._reserve) if self._reserve else None
        said = {}
        if reserve is not None:
            said = {"reserve_micro": reserve["house_balance_micro"], "reserve_lacks_micro": reserve["amount_micro"]}
        return ({**settings, **said},)


VIEWS = {
    "limits": Board.limits, "nodes": Board.nodes, "instruments": Board.instruments, "venue": Board.venue,
}  # fmt: skip
_INSTRUMENT = CONFIG_EVENT.offset_of("instrument_id")
assert CONFIG_EVENT.size == EVENT_SIZE


def _unpack(kind: CommandKind, body: bytes) -> dict[str, Any]:
    """The fields of a body alone."""
    layout = COMMAND_BODIES[kind]
    values = layout.unpack(bytes(COMMAND_HEADER_SIZE) + body)
    names = [field.name for field in layout.fields if field.offset >= COMMAND_HEADER_SIZE]
    return {name: values[name] for name in names if name in values}


def _limit_row(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = LimitKind(row["limit_kind"])
    unit = limit_unit(kind)
    value = row["value"]
    if isinstance(unit, Decimal):
        text = format_e8(value * MICRO_PER_E8 if unit.is_money else value)
    else:
        text = str(value)
    out = {
        "scope": written(Scope(row["scope"])), "node": row["node_id"], "kind": written(kind), "value": text,
        "owner": written(Scope(row["owner"])), "target": written(LimitTarget(row["target"])),
        "target_id": row["target_id"], "soft_ppm": row["soft_ppm"], "parameter": row["parameter"],
        "flags": _names(LimitFlag, row["limit_flags"]),
    }  # fmt: skip
    if kind in (LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN):
        out["action"] = written(LimitAction(row["action"]))
    return out


def _names(enum: Any, value: int) -> list[str]:
    return [written(member) for member in enum if value & member]
