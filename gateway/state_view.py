"""What a state holds, for people: counts, and the top of each book. Reads the canonical snapshot, so any engine's.

Called by `perpgate replay` and `serve`. Prices and quantities come out as decimal text.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.records import COMMAND_HEADER_SIZE, SET_INSTRUMENT, InstrumentState, OrderState, Side, VenueState, format_e8
from engine.snapshot_records import SNAP_ORDER, SNAPSHOT_LAYOUTS, Section, parse_snapshot, split_snapshot

_COUNTED = {
    "firms": Section.FIRM, "desks": Section.DESK, "traders": Section.TRADER, "accounts": Section.ACCOUNT,
    "sessions": Section.SESSION, "instruments": Section.INSTRUMENT, "positions": Section.POSITION,
    "orders": Section.ORDER, "pending_replaces": Section.PENDING_REPLACE, "works": Section.WORK,
}  # fmt: skip


class BookTop(msgspec.Struct, frozen=True, kw_only=True):
    """`bid`, `ask`: `open quantity @ price` of the best level, hidden parts included; empty when the side is."""

    instrument_id: int
    symbol: str
    state: str
    mark: str
    orders: int
    bid: str
    ask: str


class StateView(msgspec.Struct, frozen=True, kw_only=True):
    """`counts`: rows by section. `books`: every instrument."""

    seq: int
    timestamp_ns: int
    business_date: int
    venue_state: str
    counts: dict[str, int]
    books: tuple[BookTop, ...]


def view_state(snapshot: bytes) -> StateView:
    """Raises ValueError when the bytes are no snapshot of this schema."""
    sections = split_snapshot(snapshot)
    parsed = parse_snapshot(snapshot, {Section.VENUE, Section.INSTRUMENT})
    [venue] = parsed[Section.VENUE]
    return StateView(
        seq=venue["seq"],
        timestamp_ns=venue["timestamp_ns"],
        business_date=venue["business_date"],
        venue_state=VenueState(venue["state"]).name,
        counts={name: len(sections[section]) // SNAPSHOT_LAYOUTS[section].size for name, section in _COUNTED.items()},
        books=_books(parsed[Section.INSTRUMENT], sections[Section.ORDER]),
    )


def _books(instruments: list[dict[str, Any]], orders: memoryview) -> tuple[BookTop, ...]:
    levels = _levels(orders)
    books = []
    for row in instruments:
        config = SET_INSTRUMENT.unpack(bytes(COMMAND_HEADER_SIZE) + row["config"])
        tick_e8, lot_e8 = config["tick_size_e8"], config["lot_size_e8"]
        count, best = levels.get(row["instrument_id"], (0, {}))

        def text(side: Side, best: dict[int, list[int]] = best, tick_e8: int = tick_e8, lot_e8: int = lot_e8) -> str:
            level = best.get(side)
            return f"{format_e8(level[1] * lot_e8)} @ {format_e8(level[0] * tick_e8)}" if level else ""

        books.append(
            BookTop(
                instrument_id=row["instrument_id"],
                symbol=config["symbol"],
                state=InstrumentState(row["state"]).name,
                mark=format_e8(row["mark_ticks"] * tick_e8) if row["mark_ticks"] else "",
                orders=count,
                bid=text(Side.BUY),
                ask=text(Side.SELL),
            )
        )
    return tuple(books)


def _levels(orders: memoryview) -> dict[int, tuple[int, dict[int, list[int]]]]:
    """Instrument id -> number of its open orders, and by side [price in ticks, open lots] of the best level."""
    names = SNAP_ORDER.names
    instrument, price, quantity, cum, side, state = (
        names.index(name) for name in ("instrument_id", "price_ticks", "quantity_lots", "cum_lots", "side", "state")
    )
    counts: dict[int, int] = {}
    best: dict[int, dict[int, list[int]]] = {}
    for offset in range(0, len(orders), SNAP_ORDER.size):
        row = SNAP_ORDER.unpack_row(orders, offset)
        counts[row[instrument]] = counts.get(row[instrument], 0) + 1
        if row[state] != OrderState.LIVE:
            continue
        sides = best.setdefault(row[instrument], {})
        level = sides.get(row[side])
        sign = 1 if row[side] == Side.BUY else -1
        if level is None or sign * (row[price] - level[0]) > 0:
            sides[row[side]] = [row[price], row[quantity] - row[cum]]
        elif row[price] == level[0]:
            level[1] += row[quantity] - row[cum]
    return {instrument_id: (count, best.get(instrument_id, {})) for instrument_id, count in counts.items()}
