"""The rows of a snapshot, part of the schema like `engine.records`.

A snapshot is canonical: the same state gives the same bytes whatever engine made it, so the state hash is the SHA-256
of the snapshot and either engine restores the other's. docs/engine.md section 6 has the order and the meanings.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from typing import Any

from engine.layout import Field, Layout
from engine.records import COMMAND_BODY_SIZE

_f = Field


class Section(IntEnum):
    VENUE = 1
    FIRM = 2
    DESK = 3
    TRADER = 4
    ACCOUNT = 5
    SESSION = 6
    INSTRUMENT = 7
    POSITION = 8
    ORDER = 9
    PENDING_REPLACE = 10
    WORK = 11
    TRIM = 12
    CASCADE = 13
    BOOK = 14


SECTION_HEADER = Layout(
    "section_header",
    _f("section", "u16", "Section"),
    _f("section_reserved", "pad[2]"),
    _f("row_size", "u32", "bytes; 0 in BOOK, whose rows carry their own length"),
    _f("rows", "u64"),
)
SNAP_VENUE = Layout(
    "snap_venue",
    _f("seq", "u64", "last command applied"),
    _f("timestamp_ns", "i64"),
    _f("business_date", "u32"),
    _f("state", "u8"),
    _f("r", "pad[3]"),
)
_SNAP_PARTY = (
    _f("party_id", "u32"),
    _f("parent_id", "u32"),
    _f("status", "u8"),
    _f("r0", "pad[7]"),
    _f("name", "text[32]"),
)
SNAP_FIRM = Layout("snap_firm", *_SNAP_PARTY)
SNAP_DESK = Layout("snap_desk", *_SNAP_PARTY)
SNAP_TRADER = Layout(
    "snap_trader",
    *_SNAP_PARTY,
    _f("rate_limit_milli", "i64"),
    _f("general_load_micro", "i64", "1e-6 weight"),
    _f("general_time_ms", "i64"),
    _f("cancel_load_micro", "i64"),
    _f("cancel_time_ms", "i64"),
)
SNAP_ACCOUNT = Layout(
    "snap_account",
    *_SNAP_PARTY,
    _f("stp_group", "u32"),
    _f("open_orders_max", "u32"),
    _f("stp_mode", "u8"),
    _f("r1", "pad[7]"),
)
SNAP_SESSION = Layout(
    "snap_session",
    *_SNAP_PARTY,
    _f("rights", "u32"),
    _f("scope", "u8"),
    _f("connected", "u8"),
    _f("cod_flags", "u16"),
    _f("cod_grace_ns", "i64"),
    _f("cod_due_ns", "i64", "NEVER_NS = no timer runs"),
    _f("last_msg_seq_in", "u64"),
    _f("session_seq", "u64", "number of the last event sent to it"),
)
SNAP_INSTRUMENT = Layout(
    "snap_instrument",
    _f("instrument_id", "u32"),
    _f("state", "u8", "InstrumentState"),
    _f("r0", "pad[3]"),
    _f("config", f"bytes[{COMMAND_BODY_SIZE}]", "body of the SET_INSTRUMENT in force"),
    _f("mark_ticks", "i64", "0 = none yet"),
    _f("oracle_price_e8", "i64"),
    _f("latch_low_ticks", "i64", "lowest mark since the cascade was last worked off; 0 = no cascade"),
    _f("latch_high_ticks", "i64"),
)
SNAP_POSITION = Layout(
    "snap_position",
    _f("account_id", "u32"),
    _f("instrument_id", "u32"),
    _f("position_lots", "i64", "signed"),
)
SNAP_ORDER = Layout(
    "snap_order",
    _f("order_id", "u64"),
    _f("session_id", "u32"),
    _f("account_id", "u32"),
    _f("instrument_id", "u32"),
    _f("stp_group", "u32"),
    _f("client_order_id", "text[40]"),
    _f("price_ticks", "i64"),
    _f("quantity_lots", "i64"),
    _f("cum_lots", "i64"),
    _f("display_lots", "i64"),
    _f("min_lots", "i64"),
    _f("expire_ns", "i64"),
    _f("release_ns", "i64", "PENDING_NEW only, else 0"),
    _f("side", "u8"),
    _f("order_type", "u8"),
    _f("time_in_force", "u8"),
    _f("stp_mode", "u8"),
    _f("order_flags", "u16"),
    _f("state", "u8"),
    _f("r0", "pad[1]"),
)
SNAP_PENDING_REPLACE = Layout(
    "snap_pending_replace",
    _f("seq", "u64", "of the REPLACE"),
    _f("order_id", "u64"),
    _f("release_ns", "i64"),
    _f("price_ticks", "i64"),
    _f("quantity_lots", "i64"),
    _f("client_order_id", "text[40]"),
    _f("session_id", "u32", "that asked"),
    _f("r0", "pad[4]"),
    _f("msg_seq_in", "u64"),
)
SNAP_WORK = Layout(
    "snap_work",
    _f("seq", "u64", "of the command that asked; only orders below it are covered"),
    _f("affected_count", "u64"),
    _f("msg_seq_in", "u64"),
    _f("cursor_account_id", "u32"),
    _f("session_id", "u32", "that asked"),
    _f("cursor_order_id", "u64"),
    _f("target_id", "u32"),
    _f("instrument_id", "u32", "0 = all"),
    _f("work", "u8", "Work"),
    _f("scope", "u8"),
    _f("side", "u8"),
    _f("r0", "pad[1]"),
    _f("reason", "u16"),
    _f("r1", "pad[2]"),
    _f("client_order_id", "text[40]"),
)
SNAP_TRIM = Layout("snap_trim", _f("account_id", "u32"), _f("instrument_id", "u32"))
SNAP_CASCADE = Layout("snap_cascade", _f("instrument_id", "u32"), _f("r0", "pad[4]"))
SNAP_BOOK_HEADER = Layout(
    "snap_book_header",
    _f("instrument_id", "u32"),
    _f("r0", "pad[4]"),
    _f("bytes", "u64", "length of the matcher's own snapshot that follows, zero-padded to 8"),
)
MATCHER_SNAPSHOT_ROW = Layout(
    "matcher_snapshot_row",
    _f("order_id", "u64"),
    _f("price_ticks", "i64"),
    _f("leaves_lots", "i64"),
    _f("display_lots", "i64", "size of one shown slice; 0 = all shown"),
    _f("shown_lots", "i64", "what is left of the slice now shown"),
    _f("stp_group", "u32"),
    _f("side", "u8"),
    _f("order_flags", "u8"),
    _f("r0", "pad[2]"),
)
SNAPSHOT_LAYOUTS: dict[Section, Layout] = {
    Section.VENUE: SNAP_VENUE,
    Section.FIRM: SNAP_FIRM,
    Section.DESK: SNAP_DESK,
    Section.TRADER: SNAP_TRADER,
    Section.ACCOUNT: SNAP_ACCOUNT,
    Section.SESSION: SNAP_SESSION,
    Section.INSTRUMENT: SNAP_INSTRUMENT,
    Section.POSITION: SNAP_POSITION,
    Section.ORDER: SNAP_ORDER,
    Section.PENDING_REPLACE: SNAP_PENDING_REPLACE,
    Section.WORK: SNAP_WORK,
    Section.TRIM: SNAP_TRIM,
    Section.CASCADE: SNAP_CASCADE,
}


class Work(IntEnum):
    """Bounded work that a command starts and later TICKs carry on."""

    MASS_CANCEL = 1
    EXPIRE_DAY = 2
    ORDER_STATUS = 3
    CANCEL_ON_DISCONNECT = 4


def parse_snapshot(data: bytes, only: Collection[Section] | None = None) -> dict[Section, list[Any]]:
    """Sections to rows: dicts, or (instrument id, bytes) pairs for BOOK; binary config bodies stay bytes.

    `only`: the sections whose rows are wanted, the others come empty; a million orders take seconds. Raises ValueError
    when the bytes are not a whole snapshot of this schema.
    """
    return {
        section: _rows(section, rows) if only is None or section in only else []
        for section, rows in split_snapshot(data).items()
    }


def split_snapshot(data: bytes) -> dict[Section, memoryview]:
    """The sections' rows as bytes, in order. Raises ValueError when it is not a whole snapshot of this schema."""
    view = memoryview(data)
    out: dict[Section, memoryview] = {}
    offset = 0
    while offset + SECTION_HEADER.size <= len(view):
        head = SECTION_HEADER.unpack(view, offset)
        section = Section(head["section"])
        start = end = offset + SECTION_HEADER.size
        if section is Section.BOOK:
            for _ in range(head["rows"]):
                if end + SNAP_BOOK_HEADER.size > len(view):
                    raise ValueError("snapshot is truncated in a book")
                end += SNAP_BOOK_HEADER.size + _padded(SNAP_BOOK_HEADER.unpack(view, end)["bytes"])
        else:
            layout = SNAPSHOT_LAYOUTS[section]
            if head["row_size"] != layout.size:
                raise ValueError(f"{section.name} rows have {head['row_size']} bytes, this schema has {layout.size}")
            end += head["rows"] * layout.size
        out[section] = view[start:end]
        offset = end
    if offset != len(view) or tuple(out) != tuple(Section):
        raise ValueError("snapshot is truncated or lacks a section")
    return out


def _rows(section: Section, data: memoryview) -> list[Any]:
    if section is not Section.BOOK:
        return list(SNAPSHOT_LAYOUTS[section].iter_unpack(data))
    books = []
    offset = 0
    while offset < len(data):
        head = SNAP_BOOK_HEADER.unpack(data, offset)
        offset += SNAP_BOOK_HEADER.size
        books.append((head["instrument_id"], bytes(data[offset : offset + head["bytes"]])))
        offset += _padded(head["bytes"])
    return books


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // 8) * 8
