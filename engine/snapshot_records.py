"""The rows of a snapshot, part of the schema like `engine.records`.

A snapshot is canonical: the same state gives the same bytes whatever engine made it, so the state hash is the SHA-256
of the snapshot and either engine restores the other's. docs/engine.md section 6 has the order and the meanings,
docs/risk.md section 16 those of the sections from BROKER on.
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
    BROKER = 15
    NODE = 16
    VENUE_RISK = 17
    INSTRUMENT_RISK = 18
    ACCOUNT_RISK = 19
    POSITION_RISK = 20
    ORDER_TERMS = 21
    PENDING_TERMS = 22
    FEED = 23
    FEED_SOURCE = 24
    CALENDAR = 25
    FEE = 26
    LIMIT = 27
    TRANSFER = 28
    MMP = 29
    MMP_FILL = 30
    TOUCHED = 31
    RANKING = 32


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
SNAP_BROKER = Layout("snap_broker", *_SNAP_PARTY)
SNAP_NODE = Layout(
    "snap_node",
    _f("node_id", "u32", "0 for VENUE"),
    _f("node_flags", "u16", "NodeFlag"),
    _f("scope", "u8", "Scope"),
    _f("r0", "pad[1]"),
)
SNAP_VENUE_RISK = Layout(
    "snap_venue_risk",
    _f("config", f"bytes[{COMMAND_BODY_SIZE}]", "body of the SET_VENUE_RISK in force; the rule's defaults before one"),
    *(
        _f(f"{house}_micro", "i64", "balance of the house account")
        for house in ("fees", "reserve", "clearing", "in_flight", "bank", "funding")
    ),
    _f("pulses", "u64", "MARK_PULSEs so far"),
    _f("transfer_floor", "u64", "transfers up to this number are not remembered unless they are in TRANSFER"),
    _f("accrual_epoch", "u32", "funding settlements, splits and delistings so far"),
    _f("accrual_instrument_id", "u32", "SPLIT, DELIST"),
    _f("accrual_cursor_id", "u32", "account last booked"),
    _f("pass_cursor_id", "u32", "account last looked at"),
    _f("split_numerator", "u32"),
    _f("split_denominator", "u32"),
    _f("accrual_price_ticks", "i64", "SPLIT: mark before it; DELIST: settlement price"),
    _f("fraction_parts", "i64", "SPLIT: fractions of all accounts so far, in lots / denominator, signed"),
    _f("fraction_cost", "i64", "SPLIT: their cost, ticks x lots, signed"),
    _f("monitor_cursor", "u64", "monitors looked at in the pass under way"),
    _f("ranking_pulse", "u64"),
    _f("ranking_price_ticks", "i64"),
    _f("ranking_account_id", "u32", "whose position goes at that price"),
    _f("r1", "pad[4]"),
    _f("ranking_instrument_id", "u32"),
    _f("ranking_cursor_id", "u32", "account last looked at"),
    _f("ranking_taken", "u32", "rows of RANKING used up in this round"),
    _f("ranking_side", "u8", "side of the counterparties' positions; 0 = no ranking"),
    _f("ranking_round", "u8", "0 = being made, 1 = with the guard, 2 = without"),
    _f("accrual_kind", "u16", "CommandKind; 0 = none under way"),
    _f("pass_active", "u8"),
    _f("pass_again", "u8", "a newer pulse wants another pass"),
    _f("monitors_active", "u8"),
    _f("reserve_low", "u8", "1 = below its floor"),
    _f("r0", "pad[4]"),
)
SNAP_INSTRUMENT_RISK = Layout(
    "snap_instrument_risk",
    _f("instrument_id", "u32"),
    _f("has_risk", "u8", "1 = a SET_INSTRUMENT_RISK is in force"),
    _f("formula", "u8", "IndexFormula; 0 = not priced"),
    _f("roll_weight", "u8"),
    _f("source", "u8", "PriceSource of the last pulse"),
    _f("config", f"bytes[{COMMAND_BODY_SIZE}]", "its body"),
    _f("feed_a", "u32"),
    _f("feed_b", "u32"),
    _f("close_price_e8", "i64"),
    _f("settlement_price_e8", "i64"),
    _f("manual_price_e8", "i64"),
    _f("raw_q20", "i64", "raw index of the last print, 2^-20 tick; 0 = none"),
    _f("index_q20", "i64"),
    _f("oracle_q20", "i64"),
    _f("basis_q20", "i64", "moving average of mid - oracle"),
    _f("reference_q20", "i64", "last external index"),
    _f("external_since_ns", "i64", "when external prices came back; 0 = the mark is not held back"),
    _f("prints", "u64", "prices of its feeds, counted at the last pulse"),
    _f("last_ticks", "i64", "last trade; 0 = none"),
    _f("flow_average_micro", "i64", "liquidation notional per s, moving average"),
    _f("flow_sent_micro", "i64", "since the last pulse"),
    _f("weighted_ppb", "i64", "sum of k * P_k of the funding window"),
    _f("settle_rate_ppt", "i64", "of the last funding settlement"),
    _f("settle_mark_ticks", "i64"),
    _f("delist_ns", "i64", "0 = not scheduled"),
    _f("oracle_sum_q20", "i64", "of the pulses in the hour before delist_ns"),
    _f("oracle_count", "u32"),
    _f("samples", "u32", "of the funding window"),
    _f("published_session", "u8", "RiskSession of the last MARK_CHANGED"),
    _f("reopens", "u8", "1 = split, waits for its first external price"),
    _f("r0", "pad[6]"),
)
SNAP_ACCOUNT_RISK = Layout(
    "snap_account_risk",
    _f("account_id", "u32"),
    _f("home_session_id", "u32"),
    _f("dlp_notional_max_micro", "i64"),
    _f("account_flags", "u16"),
    _f("fee_tier", "u8"),
    _f("stage", "u8", "LiquidationStage: NONE..ADL"),
    _f("accrual_epoch", "u32", "up to which it is booked"),
    *(_f(f"{part}_micro", "i64") for part in ("deposits", "realised", "funding", "fees", "rewards", "settled", "hold")),
    _f("run_start_ns", "i64", "of identical orders"),
    _f("run_price_e8", "i64"),
    _f("run_quantity_e8", "i64"),
    _f("run_count", "u32"),
    _f("run_instrument_id", "u32"),
    _f("run_side", "u8"),
    _f("margin_called", "u8"),
    _f("in_deficit", "u8"),
    _f("swept", "u8", "TAKEOVER: its equity is settled with the reserve"),
    _f("r0", "pad[4]"),
)
SNAP_POSITION_RISK = Layout(
    "snap_position_risk",
    _f("account_id", "u32"),
    _f("instrument_id", "u32"),
    _f("cost", "i64", "ticks x lots, signed"),
    _f("realised_micro", "i64"),
    _f("funding_micro", "i64"),
    _f("slice_pulse", "u64", "pulses at its last liquidation slice, plus 1; 0 = none"),
    _f("tried_pulse", "u64", "likewise when it was offered in vain: takeover, deleveraging"),
    _f("leverage", "u8", "0 = the instrument's default"),
    _f("r0", "pad[7]"),
)
SNAP_ORDER_TERMS = Layout(
    "snap_order_terms",
    _f("order_id", "u64"),
    _f("take_profit_ticks", "i64"),
    _f("stop_loss_ticks", "i64"),
    _f("edge_ticks", "i64", "MARKET in the speed bump: price at which margin is kept"),
    _f("arms", "u32", "pairs made so far"),
    _f("slices", "u32", "TWAP"),
    _f("sliced", "u32"),
    _f("fee_tier", "u8"),
    _f("r0", "pad[3]"),
    _f("interval_ns", "i64"),
    _f("next_ns", "i64"),
)
SNAP_PENDING_TERMS = Layout(
    "snap_pending_terms",
    _f("seq", "u64", "of the REPLACE"),
    _f("take_profit_ticks", "i64"),
    _f("stop_loss_ticks", "i64"),
)
SNAP_FEED = Layout(
    "snap_feed",
    _f("feed_id", "u32"),
    _f("sources", "u32"),
    _f("flag_ns", "i64"),
    _f("stale_ns", "i64"),
    _f("prints", "u64", "prices taken so far"),
    _f("name", "text[32]"),
)
SNAP_FEED_SOURCE = Layout(
    "snap_feed_source",
    _f("feed_id", "u32"),
    _f("source", "u32"),
    _f("price_e8", "i64"),
    _f("time_ns", "i64", "of the PRICE command"),
    _f("source_ns", "i64"),
)
SNAP_CALENDAR = Layout(
    "snap_calendar",
    _f("calendar_id", "u8"),
    _f("is_closed", "u8"),
    _f("risk_session", "u8"),
    _f("r0", "pad[5]"),
)
SNAP_FEE = Layout(
    "snap_fee",
    _f("instrument_id", "u32"),
    _f("fee_tier", "u8"),
    _f("r0", "pad[3]"),
    _f("maker_rate_e8", "i64"),
    _f("taker_rate_e8", "i64"),
)
SNAP_LIMIT = Layout(
    "snap_limit",
    _f("node_id", "u32"),
    _f("target_id", "u32"),
    _f("scope", "u8"),
    _f("limit_kind", "u8"),
    _f("target", "u8"),
    _f("owner", "u8", "Scope: VENUE, BROKER, FIRM"),
    _f("limit_flags", "u16"),
    _f("action", "u8"),
    _f("warned", "u8"),
    _f("soft_ppm", "u32"),
    _f("date", "u32", "business date of the counters"),
    _f("value", "i64"),
    _f("parameter", "i64"),
    _f("base", "i64", "DAILY_LOSS: where the day began; ORDER_TO_TRADE: messages; EXECUTIONS: fills"),
    _f("peak", "i64", "DRAWDOWN: highest so far; ORDER_TO_TRADE: fills; EXECUTIONS: start of the window"),
    _f("tripped", "u8"),
    _f("r0", "pad[7]"),
)
SNAP_TRANSFER = Layout(
    "snap_transfer",
    _f("transfer_id", "u64"),
    _f("amount_micro", "i64"),
    _f("account_id", "u32"),
    _f("kind", "u16", "CommandKind that asked, WITHDRAW_DONE or WITHDRAW_FAILED after the end of a request"),
    _f("reason", "u16", "of its first answer"),
)
SNAP_MMP = Layout(
    "snap_mmp",
    _f("account_id", "u32"),
    _f("instrument_id", "u32"),
    _f("window_ns", "i64"),
    _f("quantity_lots", "i64"),
    _f("delta_micro", "i64"),
    _f("freeze_ns", "i64"),
    _f("frozen_until_ns", "i64", "0 = not frozen"),
    _f("fills", "u32"),
    _f("r0", "pad[4]"),
)
SNAP_MMP_FILL = Layout(
    "snap_mmp_fill",
    _f("account_id", "u32"),
    _f("instrument_id", "u32"),
    _f("time_ns", "i64"),
    _f("lots", "i64", "signed"),
    _f("notional_micro", "i64", "signed"),
)
SNAP_TOUCHED = Layout("snap_touched", _f("account_id", "u32"), _f("r0", "pad[4]"))
SNAP_RANKING = Layout(
    "snap_ranking",
    _f("key_ppm", "i64", "equity over maintenance margin of the position"),
    _f("lots", "i64", "of the position, unsigned"),
    _f("account_id", "u32"),
    _f("last", "u8", "1 = liquidity provider or house account: after all others"),
    _f("r0", "pad[3]"),
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
    Section.BROKER: SNAP_BROKER,
    Section.NODE: SNAP_NODE,
    Section.VENUE_RISK: SNAP_VENUE_RISK,
    Section.INSTRUMENT_RISK: SNAP_INSTRUMENT_RISK,
    Section.ACCOUNT_RISK: SNAP_ACCOUNT_RISK,
    Section.POSITION_RISK: SNAP_POSITION_RISK,
    Section.ORDER_TERMS: SNAP_ORDER_TERMS,
    Section.PENDING_TERMS: SNAP_PENDING_TERMS,
    Section.FEED: SNAP_FEED,
    Section.FEED_SOURCE: SNAP_FEED_SOURCE,
    Section.CALENDAR: SNAP_CALENDAR,
    Section.FEE: SNAP_FEE,
    Section.LIMIT: SNAP_LIMIT,
    Section.TRANSFER: SNAP_TRANSFER,
    Section.MMP: SNAP_MMP,
    Section.MMP_FILL: SNAP_MMP_FILL,
    Section.TOUCHED: SNAP_TOUCHED,
    Section.RANKING: SNAP_RANKING,
}


class Work(IntEnum):
    """Bounded work that a command starts and later TICKs carry on."""

    MASS_CANCEL = 1
    EXPIRE_DAY = 2
    ORDER_STATUS = 3
    CANCEL_ON_DISCONNECT = 4
    QUOTE_CANCEL = 5
    LIMIT_CANCEL = 6  # by a loss or drawdown limit; no event at its end
    ACCOUNT_STATUS = 7


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
