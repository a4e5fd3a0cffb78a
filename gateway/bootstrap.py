"""Market and participants to SET_* commands: only those that differ from the engine's present state.

The files are the operator's wish, the journal is the truth. At start `app` compares the wish with a snapshot of the
recovered engine and submits the difference; a start with unchanged files journals nothing. What a file no longer names
stays as it is (parties and instruments are never deleted: block or delist them instead). Pure functions, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.records import (
    COMMAND_BODIES,
    COMMAND_HEADER_SIZE,
    CONFIG_EVENT,
    EVENT_SIZE,
    AssetClass,
    CommandKind,
    EventKind,
    InstrumentFlag,
    PartyStatus,
    Reason,
    Scope,
    SessionRight,
    StpMode,
    pack_command,
    unpack_command,
)
from engine.snapshot_records import Section
from gateway.config import FixSession, Instrument, MarketFile, ParticipantsFile, Session

Snapshot = Mapping[Section, list[Any]]
_KIND = CONFIG_EVENT.offset_of("kind")
_FIXED = ("symbol", "matcher", "tick_size_e8", "lot_size_e8", "max_price_e8", "fills_max")
_PARTY_SECTIONS = {
    CommandKind.SET_FIRM: Section.FIRM,
    CommandKind.SET_DESK: Section.DESK,
    CommandKind.SET_TRADER: Section.TRADER,
    CommandKind.SET_ACCOUNT: Section.ACCOUNT,
    CommandKind.SET_SESSION: Section.SESSION,
}


class BootstrapError(ValueError):
    """The files want something that a running venue cannot change; the text says what and how else."""


def bootstrap_commands(market: MarketFile, participants: ParticipantsFile, state: Snapshot) -> list[bytes]:
    """Command records (not numbered, not stamped), parents before children. `state` is what
    `snapshot_records.parse_snapshot` gives.

    Raises BootstrapError with every change that the engine would refuse because the thing exists already.
    """
    refused: list[str] = []
    commands = [*_instrument_commands(market, state, refused), *_party_commands(participants, state, refused)]
    if refused:
        raise BootstrapError("\n".join(refused))
    return commands


def refusals(events: bytes) -> list[str]:
    """What the engine refused of the venue's own commands, in words; `events` are whole event records.

    Rejections that are addressed to a participant's session are that participant's business and left out.
    """
    found = []
    for offset in range(0, len(events), EVENT_SIZE):
        event = CONFIG_EVENT.unpack(events, offset) if events[offset + _KIND] == EventKind.COMMAND_REJECTED else None
        if event is None or event["session_id"] != 0:
            continue
        kind = CommandKind(event["command_kind"])
        body = COMMAND_BODIES[kind].unpack(bytes(COMMAND_HEADER_SIZE) + event["body"])
        what = f"instrument {event['instrument_id']}" if event["instrument_id"] else f"id {body.get('party_id', 0)}"
        name = body.get("symbol") or body.get("name") or ""
        found.append(f"{kind.name} of {what}{f' ({name})' if name else ''} is refused: {Reason(event['reason']).name}")
    return found


def instrument_fields(item: Instrument, market: MarketFile) -> dict[str, Any]:
    """The SET_INSTRUMENT body of one [[instrument]] with the defaults filled in."""
    defaults = market.defaults

    def own(value: Any, default: Any) -> Any:
        return default if value is None else value

    bump_market = own(item.bump_market, defaults.bump_market)
    return {
        "symbol": item.symbol,
        "matcher": own(item.matcher, defaults.matcher),
        "tick_size_e8": int(item.tick_size),
        "lot_size_e8": int(item.lot_size),
        "min_price_e8": int(item.min_price),
        "max_price_e8": int(item.max_price),
        "min_quantity_e8": int(item.min_quantity),
        "max_quantity_e8": int(item.max_quantity),
        "min_notional_micro": int(own(item.min_notional_usdc, defaults.min_notional_usdc)),
        "speed_bump_ns": own(item.speed_bump_ms, defaults.speed_bump_ms) * 1_000_000,
        "band_ppm": own(item.band_ppm, getattr(market.band_ppm, item.asset_class)),
        "fills_max": own(item.fills_max, defaults.fills_max),
        "flags_instrument": int(InstrumentFlag.BUMP_MARKET) if bump_market else 0,
        "asset_class": int(AssetClass[item.asset_class.upper()]),
    }


def _instrument_commands(market: MarketFile, state: Snapshot, refused: list[str]) -> Iterator[bytes]:
    present = {row["instrument_id"]: row for row in state[Section.INSTRUMENT]}
    for item in market.instrument:
        fields = instrument_fields(item, market)
        command = pack_command(CommandKind.SET_INSTRUMENT, instrument_id=item.id, **fields)
        row = present.get(item.id)
        if row is None:
            yield command
        elif row["config"] != command[COMMAND_HEADER_SIZE:]:
            before = unpack_command(command[:COMMAND_HEADER_SIZE] + row["config"])
            fixed = [name for name in _FIXED if before[name] != fields[name]]
            refused += [
                f"instrument {item.id} ({item.symbol}): {name} is {before[name]!r} since the instrument exists and "
                f"cannot become {fields[name]!r}; list it under a new id instead"
                for name in fixed
            ]
            yield command
        if item.mark_price is not None and (row is None or row["mark_ticks"] == 0):
            yield pack_command(CommandKind.SET_MARK, instrument_id=item.id, mark_price_e8=int(item.mark_price))


def _party_commands(participants: ParticipantsFile, state: Snapshot, refused: list[str]) -> Iterator[bytes]:
    for kind, fields in _parties(participants):
        rows = {row["party_id"]: row for row in state[_PARTY_SECTIONS[kind]]}
        row = rows.get(fields["party_id"])
        if row is not None:
            if all(row[name] == value for name, value in fields.items()):
                continue
            fixed = [name for name in ("parent_id", "scope") if name in fields and row[name] != fields[name]]
            refused += [
                f"{kind.name.removeprefix('SET_').lower()} {fields['party_id']} ({fields['name']}): {name} is "
                f"{row[name]} since it exists and cannot become {fields[name]}; make a new one instead"
                for name in fixed
            ]
        yield pack_command(kind, **fields)


def _parties(participants: ParticipantsFile) -> Iterator[tuple[CommandKind, dict[str, Any]]]:
    def party(row: Any, parent_id: int) -> dict[str, Any]:
        status = int(PartyStatus[row.status.upper()])
        return {"party_id": row.id, "parent_id": parent_id, "status": status, "name": row.name}

    for firm in participants.firm:
        yield CommandKind.SET_FIRM, party(firm, 0)
    for desk in participants.desk:
        yield CommandKind.SET_DESK, party(desk, desk.firm)
    for trader in participants.trader:
        rate = {"rate_limit_milli": trader.weight_per_minute * 1000}
        yield CommandKind.SET_TRADER, {**party(trader, trader.desk), **rate}
    for account in participants.account:
        own = {"stp_group": account.stp_group, "open_orders_max": account.open_orders_max}
        own["stp_mode"] = int(StpMode[account.stp_mode.upper()])
        yield CommandKind.SET_ACCOUNT, {**party(account, account.trader), **own}
    sessions: tuple[Session | FixSession, ...] = (*participants.session, *participants.fix_session)
    for session in sessions:
        rights = 0
        for right in session.rights:
            rights |= SessionRight[right.upper()]
        own = {"rights": int(rights), "scope": int(Scope[session.scope.upper()])}
        yield CommandKind.SET_SESSION, {**party(session, session.node), **own}
