"""The risk file to commands: only those that differ from the engine's present state, as `bootstrap` does for markets.

Pure functions, no I/O. What the file no longer names stays as it is. Calendars and the weights of rolls are not here:
they change with time, `gateway.schedule` sends them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.records import COMMAND_HEADER_SIZE, CommandKind, IndexFormula, RiskSession, VenueRiskFlag, pack_command
from engine.snapshot_records import Section
from gateway.calendars import State
from gateway.config import MarketFile
from gateway.risk_settings import ClassRisk, RiskFile, VenueRisk, instrument_risk

Snapshot = Mapping[Section, list[Any]]
SECTIONS = frozenset({Section.VENUE_RISK, Section.INSTRUMENT_RISK, Section.FEED, Section.CALENDAR})
_MS = 1_000_000


def risk_commands(risk: RiskFile, market: MarketFile, state: Snapshot) -> list[bytes]:
    """Command records, neither numbered nor stamped, to be sent after those of market and participants."""
    return [
        *_feed_commands(risk, state),
        *_instrument_commands(risk, market, state),
        *_venue_command(risk.venue, state),
    ]


def known_calendars(state: Snapshot) -> dict[int, State]:
    """What the engine believes of each calendar that it has heard of."""
    return {
        row["calendar_id"]: State(not row["is_closed"], RiskSession(row["risk_session"]))
        for row in state[Section.CALENDAR]
    }


def known_weights(state: Snapshot) -> dict[int, int]:
    """Weight of the first feed of each instrument that has an index of two futures."""
    return {
        row["instrument_id"]: row["roll_weight"]
        for row in state[Section.INSTRUMENT_RISK]
        if row["formula"] == IndexFormula.ROLL
    }


def _feed_commands(risk: RiskFile, state: Snapshot) -> Iterator[bytes]:
    present = {row["feed_id"]: row for row in state[Section.FEED]}
    for feed in risk.feed:
        fields = {
            "sources": feed.sources, "flag_ns": feed.flag_ms * _MS, "stale_ns": feed.stale_ms * _MS, "name": feed.name,
        }  # fmt: skip
        row = present.get(feed.id)
        if row is None or any(row[name] != value for name, value in fields.items()):
            yield pack_command(CommandKind.SET_FEED, feed_id=feed.id, **fields)


def _instrument_commands(risk: RiskFile, market: MarketFile, state: Snapshot) -> Iterator[bytes]:
    present = {row["instrument_id"]: row for row in state[Section.INSTRUMENT_RISK]}
    own = {row.id: row for row in risk.instrument}
    for item in market.instrument:
        numbers = instrument_risk(risk, item.id, item.asset_class)
        if numbers is None:
            continue
        row = present.get(item.id)
        command = pack_command(CommandKind.SET_INSTRUMENT_RISK, instrument_id=item.id, **instrument_fields(numbers))
        if row is None or not row["has_risk"] or row["config"] != command[COMMAND_HEADER_SIZE:]:
            yield command
        index = own.get(item.id)
        if index is None or index.formula is None:
            continue
        fields = {
            "formula": int(IndexFormula[index.formula.upper()]), "feed_a": index.feed, "feed_b": index.second_feed,
        }  # fmt: skip
        if row is None or any(row[name] != value for name, value in fields.items()):
            yield pack_command(CommandKind.SET_INDEX, instrument_id=item.id, **fields)


def instrument_fields(numbers: ClassRisk) -> dict[str, int]:
    """The body of SET_INSTRUMENT_RISK."""
    return {
        "position_cap_micro": int(numbers.position_cap_usdc),
        "interest_cap_micro": int(numbers.interest_cap_usdc),
        "impact_notional_micro": int(numbers.impact_notional_usdc),
        "maker_rate_e8": numbers.maker_rate_e8,
        "taker_rate_e8": numbers.taker_rate_e8,
        "product_group": numbers.product_group,
        "leverage_max": numbers.leverage_max,
        "leverage_ceiling": numbers.leverage_ceiling,
        "market_calendar_id": numbers.market_calendar,
        "risk_calendar_id": numbers.risk_calendar,
    }


def venue_fields(venue: VenueRisk) -> dict[str, int]:
    """The body of SET_VENUE_RISK."""
    fields = {
        "risk_flags": int(VenueRiskFlag.MONEY) if venue.money else 0,
        "total_interest_cap_micro": int(venue.total_interest_cap_usdc),
        "reserve_floor_micro": int(venue.reserve_floor_usdc),
        "reserve_floor_ppm": venue.reserve_floor_ppm,
        "repeat_window_ns": venue.repeat_window_ms * _MS,
        "fraction_account_id": venue.fraction_account,
    }
    for session in ("open", "overnight", "weekend"):
        fields[f"position_cap_{session}_ppm"] = getattr(venue.position_cap_ppm, session)
        fields[f"interest_cap_{session}_ppm"] = getattr(venue.interest_cap_ppm, session)
        fields[f"band_{session}_ppm"] = getattr(venue.band_part_ppm, session)
        fields[f"spread_{session}_tenths"] = getattr(venue.spread_tenths, session)
        fields[f"flow_cap_{session}_micro"] = int(getattr(venue.flow_cap_usdc_per_s, session))
    return fields


def _venue_command(venue: VenueRisk, state: Snapshot) -> Iterator[bytes]:
    command = pack_command(CommandKind.SET_VENUE_RISK, **venue_fields(venue))
    [row] = state[Section.VENUE_RISK]
    if row["config"] != command[COMMAND_HEADER_SIZE:]:
        yield command
