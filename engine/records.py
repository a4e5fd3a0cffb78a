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

This module imports the standard library, `engine.layout` and `engine.enumerations` (whose names it hands on) alone and
holds no rule: rules are in docs/engine.md and docs/risk.md.
"""

from __future__ import annotations

import struct
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.enumerations import *  # noqa: F403 - part of this module, in a file of its own
from engine.enumerations import CommandKind, EventKind, Reason
from engine.layout import Field, Layout

SCHEMA_VERSION = 2
SCALE_E8 = 100_000_000
CLIENT_ORDER_ID_MAX = 36
INT64_MAX = 2**63 - 1
NEVER_NS = INT64_MAX  # "no timer": later than any time


CHECK_ORDER: tuple[Reason, ...] = (
    Reason.PERMISSION_DENIED,
    Reason.REJECTED_JOURNAL_FULL,
    Reason.REJECTED_KILLED,
    Reason.RATE_LIMITED,
    Reason.REJECTED_STALE,
    Reason.REJECTED_DUPLICATE_CLORDID,
    Reason.BAD_SYMBOL,
    Reason.REJECTED_NO_RISK_CONFIGURATION,
    Reason.REJECTED_MARKET_CLOSED,
    Reason.USER_IN_LIQUIDATION,
    Reason.REJECTED_NO_LIMIT,
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
    Reason.REJECTED_PRICE_TOLERANCE,
    Reason.REJECTED_LESS_THAN_MIN_NOTIONAL,
    Reason.LIMIT_ORDER_QUANTITY,
    Reason.LIMIT_ORDER_NOTIONAL,
    Reason.REJECTED_TOO_MANY_OPEN_ORDERS,
    Reason.REJECTED_CAPACITY,
    Reason.LIMIT_OPEN_ORDERS,
    Reason.LIMIT_OPEN_NOTIONAL,
    Reason.LIMIT_REPEATED_ORDERS,
    Reason.LIMIT_EXECUTIONS,
    Reason.LIMIT_ORDER_TO_TRADE,
    Reason.REJECTED_REDUCE_ONLY,
    # an order that only reduces skips what follows
    Reason.REJECTED_LOCKED,
    Reason.REJECTED_TRADING_WINDOW,
    Reason.REJECTED_NUMERIC_RANGE,
    Reason.REJECTED_WOULD_BREACH_MAX_NOTIONAL,
    Reason.LIMIT_POSITION,
    Reason.LIMIT_GROSS_NOTIONAL,
    Reason.LIMIT_NET_NOTIONAL,
    Reason.LIMIT_CONCENTRATION,
    Reason.REJECTED_OPEN_INTEREST_LIMIT,
    Reason.REJECTED_TOTAL_OPEN_INTEREST_LIMIT,
    Reason.FAILED_MARGIN_CHECK,
    Reason.LIMIT_CREDIT,
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
    _f("operator_id", "u32", "who gave it at the operator's door; 0 = the venue's configuration, or no operator"),
    _f("approver_id", "u32", "second person; 0 = none"),
    _f("case_id", "u64", "operator's case that says why (NOTE); 0 = none"),
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
SET_BROKER = _command(CommandKind.SET_BROKER, *_PARTY, _f("name", "text[32]"))
SET_FIRM = _command(CommandKind.SET_FIRM, *_PARTY, _f("name", "text[32]"))  # parent_id: broker, 0 = none
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
    _f("scope", "u8", "Scope: ACCOUNT TRADER DESK FIRM BROKER; parent_id names the node"),
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
    _f("take_profit_e8", "i64", "trigger of the attached take-profit, 0 = none"),
    _f("stop_loss_e8", "i64", "trigger of the attached stop-loss, 0 = none"),
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
    _f("take_profit_e8", "i64", "as the order shall have it from now on, 0 = none"),
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

QUOTE = _command(
    CommandKind.QUOTE,
    _f("quote_id", "text[40]", "id of this message, echoed"),
    _f("bid_price_e8", "i64"),
    _f("bid_quantity_e8", "i64", "open quantity that the bid shall have; 0 = no bid"),
    _f("ask_price_e8", "i64"),
    _f("ask_quantity_e8", "i64"),
)
QUOTE_CANCEL = _command(
    CommandKind.QUOTE_CANCEL, _f("quote_id", "text[40]", "echoed; the header's instrument_id narrows, 0 = all")
)
PLACE_TWAP = _command(
    CommandKind.PLACE_TWAP,
    _f("client_order_id", "text[40]"),
    _f("quantity_e8", "i64"),
    _f("interval_ns", "i64", "between two slices, at least 30 s"),
    _f("slices", "u32", "at least 2"),
    _f("order_flags", "u16", "OrderFlag"),
    _f("side", "u8"),
)
CLOSE_POSITION = _command(CommandKind.CLOSE_POSITION, _f("client_order_id", "text[40]"))
SET_LEVERAGE = _command(CommandKind.SET_LEVERAGE, _f("leverage", "u8", "whole number; 0 = the instrument's default"))
SET_MMP = _command(
    CommandKind.SET_MMP,
    _f("window_ns", "i64", "0 = no protection"),
    _f("quantity_e8", "i64", "sum of fills in the window that trips; 0 = no such limit"),
    _f("delta_micro", "i64", "net bought or sold notional in the window that trips; 0 = no such limit"),
    _f("freeze_ns", "i64", "how long quotes are refused; 0 = until RESET_MMP"),
    _f("fills", "u32", "number of fills in the window that trips, at most 64; 0 = 64"),
)
RESET_MMP = _command(CommandKind.RESET_MMP)

# ---- the operator: limits, kill switches

SET_LIMIT = _command(
    CommandKind.SET_LIMIT,
    _f("value", "i64", "in the unit of its LimitKind"),
    _f("parameter", "i64", "see LimitKind"),
    _f("node_id", "u32"),
    _f("target_id", "u32", "instrument or product group"),
    _f("soft_ppm", "u32", "part of the value at which a warning is given; 0 = none"),
    _f("limit_flags", "u16", "LimitFlag"),
    _f("limit_kind", "u8", "LimitKind"),
    _f("scope", "u8", "Scope"),
    _f("target", "u8", "LimitTarget"),
    _f("action", "u8", "LimitAction"),
)
_NODE = (_f("node_id", "u32", "0 for VENUE"), _f("scope", "u8", "Scope"))
KILL = _command(CommandKind.KILL, *_NODE)
REVIVE = _command(CommandKind.REVIVE, *_NODE, _f("revive_reserved", "pad[1]"), _f("node_flags", "u16", "to clear"))
SET_TRADING_WINDOW = _command(CommandKind.SET_TRADING_WINDOW, *_NODE, _f("is_open", "u8"))
NOTE = _command(CommandKind.NOTE, _f("text", "text[128]", "what the header's case_id stands for"))

# ---- money

SET_VENUE_RISK = _command(
    CommandKind.SET_VENUE_RISK,
    _f("risk_flags", "u16", "VenueRiskFlag"),
    _f("venue_risk_reserved", "pad[2]"),
    _f("mandatory_limits", "u32", "bit 1 << LimitKind: no row on the account's path, no trading"),
    *(_f(f"position_cap_{s}_ppm", "u32") for s in ("open", "overnight", "weekend")),
    *(_f(f"interest_cap_{s}_ppm", "u32") for s in ("open", "overnight", "weekend")),
    *(_f(f"band_{s}_ppm", "u32") for s in ("open", "overnight", "weekend")),
    *(_f(f"spread_{s}_tenths", "u32", "of 1/Lmax") for s in ("open", "overnight", "weekend")),
    *(_f(f"flow_cap_{s}_micro", "i64", "liquidation notional per s") for s in ("open", "overnight", "weekend")),
    _f("total_interest_cap_micro", "i64", "0 = none"),
    _f("reserve_floor_micro", "i64"),
    _f("repeat_window_ns", "i64", "of REPEATED_ORDERS; 0 = not counted"),
    _f("reserve_floor_ppm", "u32", "of what is deposited; the larger floor counts"),
    _f("fraction_account_id", "u32", "house account that takes the fractions of splits; 0 = none"),
)
SET_INSTRUMENT_RISK = _command(
    CommandKind.SET_INSTRUMENT_RISK,
    _f("position_cap_micro", "i64", "at the largest leverage, open session"),
    _f("interest_cap_micro", "i64", "open interest, open session; 0 = none"),
    _f("impact_notional_micro", "i64"),
    _f("maker_rate_e8", "i64", "fee tier 0; negative = rebate"),
    _f("taker_rate_e8", "i64", "fee tier 0"),
    _f("product_group", "u32", "0 = none"),
    _f("leverage_max", "u8", "default and largest that a participant may choose"),
    _f("leverage_ceiling", "u8", "largest that the operator may grant"),
    _f("market_calendar_id", "u8", "external hours; 0 = always open"),
    _f("risk_calendar_id", "u8", "risk session; 0 = always OPEN"),
)
SET_ACCOUNT_RISK = _command(
    CommandKind.SET_ACCOUNT_RISK,
    _f("dlp_notional_max_micro", "i64", "largest position that it takes over in an instrument; 0 = the position cap"),
    _f("home_session_id", "u32", "gets what happens to the account unasked; 0 = nobody but the venue"),
    _f("account_flags", "u16", "AccountFlag"),
    _f("fee_tier", "u8"),
)
SET_FEE = _command(
    CommandKind.SET_FEE,
    _f("maker_rate_e8", "i64"),
    _f("taker_rate_e8", "i64"),
    _f("fee_tier", "u8", "from 1; tier 0 is SET_INSTRUMENT_RISK's"),
)
_MOVEMENT = (
    _f("transfer_id", "u64", "the clearing side's number, growing; a repeat has no second effect"),
    _f("amount_micro", "i64", "above 0"),
    _f("reference", "text[40]", "echoed"),
)
DEPOSIT = _command(CommandKind.DEPOSIT, *_MOVEMENT)
WITHDRAW_REQUEST = _command(CommandKind.WITHDRAW_REQUEST, *_MOVEMENT)
WITHDRAW_DONE = _command(CommandKind.WITHDRAW_DONE, _f("transfer_id", "u64", "of the request"))
WITHDRAW_FAILED = _command(CommandKind.WITHDRAW_FAILED, _f("transfer_id", "u64", "of the request"))
TRANSFER = _command(CommandKind.TRANSFER, *_MOVEMENT, _f("to_account_id", "u32"))
HOUSE_TRANSFER = _command(
    CommandKind.HOUSE_TRANSFER, *_MOVEMENT, _f("from_house", "u8", "HouseAccount"), _f("to_house", "u8", "HouseAccount")
)

# ---- prices, calendars, funding

SET_FEED = _command(
    CommandKind.SET_FEED,
    _f("feed_id", "u32"),
    _f("sources", "u32", "1..8"),
    _f("flag_ns", "i64", "a source older than this is flagged"),
    _f("stale_ns", "i64", "and one older than this is not used"),
    _f("name", "text[32]"),
)
SET_INDEX = _command(
    CommandKind.SET_INDEX, _f("feed_a", "u32"), _f("feed_b", "u32", "0 = none"), _f("formula", "u8", "IndexFormula")
)
SET_ROLL_WEIGHT = _command(CommandKind.SET_ROLL_WEIGHT, _f("weight", "u8", "tenths of feed a, 0..10"))
SET_INDEX_REFERENCE = _command(
    CommandKind.SET_INDEX_REFERENCE,
    _f("close_price_e8", "i64", "official close of the index"),
    _f("settlement_price_e8", "i64", "of the future, at that close"),
)
PRICE = _command(
    CommandKind.PRICE,
    _f("feed_id", "u32"),
    _f("source", "u32", "0..7"),
    _f("price_e8", "i64", "above 0"),
    _f("source_ns", "i64", "the source's own time"),
)
SET_MANUAL_PRICE = _command(CommandKind.SET_MANUAL_PRICE, _f("price_e8", "i64", "0 = back to the feeds"))
MARK_PULSE = _command(CommandKind.MARK_PULSE)
CALENDAR_CHANGE = _command(
    CommandKind.CALENDAR_CHANGE, _f("calendar_id", "u8"), _f("is_open", "u8"), _f("risk_session", "u8", "RiskSession")
)
FUNDING_SAMPLE = _command(CommandKind.FUNDING_SAMPLE)
FUNDING_SETTLE = _command(CommandKind.FUNDING_SETTLE)

# ---- corporate actions

SPLIT = _command(CommandKind.SPLIT, _f("numerator", "u32", "new lots"), _f("denominator", "u32", "for old lots"))
SCHEDULE_DELISTING = _command(CommandKind.SCHEDULE_DELISTING, _f("settle_ns", "i64", "0 = not any more"))
DELIST = _command(CommandKind.DELIST, _f("price_e8", "i64", "0 = mean of the oracle over the last hour"))
CHANGE_SYMBOL = _command(CommandKind.CHANGE_SYMBOL, _f("symbol", "text[16]"))

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
    _f("contra_order_id", "u64", "fill or self-trade prevention: the other order; attached stop: its parent"),
    _f("fee_micro", "i64", "signed, + is charged"),
    _f("realised_pnl_micro", "i64"),
    _f("position_e8", "i64", "of the account in the instrument, after this event"),
    _f("detail", "i64", "RATE_LIMITED: retry after ms; limits: scope << 32 | node id; else 0"),
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


def _event(name: str, *body: Field) -> Layout:
    used = sum(f.width for f in body)
    pad = (_f(f"{name}_reserved", f"pad[{EVENT_BODY_SIZE - used}]"),) if used < EVENT_BODY_SIZE else ()
    return Layout(f"{name}_event", *EVENT_HEADER, *body, *pad)


ATTACHED_EVENT = _event(
    "attached",
    _f("order_id", "u64", "the parent"),
    _f("client_order_id", "text[40]"),
    _f("take_profit_e8", "i64"),
    _f("stop_loss_e8", "i64"),
)
QUOTE_EVENT = _event(
    "quote",
    _f("quote_id", "text[40]"),
    _f("bid_order_id", "u64", "0 = no bid"),
    _f("ask_order_id", "u64", "0 = no ask"),
    _f("bid_price_e8", "i64"),
    _f("bid_leaves_e8", "i64"),
    _f("ask_price_e8", "i64"),
    _f("ask_leaves_e8", "i64"),
    _f("position_e8", "i64"),
    _f("frozen_until_ns", "i64", "market-maker protection: 0 = not frozen, NEVER_NS = until reset"),
    _f("detail", "i64", "QUOTE_REJECTED: as in order events"),
    _f("bid_reason", "u16", "Reason why there is no bid; ACK = none was wanted"),
    _f("ask_reason", "u16"),
    _f("quote_reserved0", "pad[4]"),
)
ACCOUNT_EVENT = _event(
    "account",
    *(_f(name, "i64") for name in (
        "balance_micro", "deposits_micro", "realised_micro", "funding_micro", "fees_micro", "rewards_micro",
        "settled_micro", "hold_micro", "unrealised_micro", "equity_micro", "position_margin_micro",
        "order_margin_micro", "maintenance_micro", "close_out_micro", "available_micro", "withdrawable_micro",
    )),
    _f("open_orders", "u64"),
    _f("stage", "u8", "LiquidationStage"),
    _f("account_reserved0", "pad[1]"),
    _f("account_flags", "u16"),
    _f("account_reserved1", "pad[4]"),
)  # fmt: skip
POSITION_EVENT = _event(
    "position",
    _f("position_e8", "i64", "signed"),
    _f("cost_micro", "i64", "signed; average price = cost / position"),
    _f("mark_price_e8", "i64"),
    _f("unrealised_micro", "i64"),
    _f("realised_micro", "i64", "since the position record exists"),
    _f("funding_micro", "i64", "likewise, + is received"),
    _f("initial_margin_micro", "i64", "working orders included"),
    _f("position_margin_micro", "i64"),
    _f("maintenance_micro", "i64"),
    _f("close_out_micro", "i64"),
    _f("open_bid_e8", "i64", "working orders that are not reduce-only"),
    _f("open_ask_e8", "i64"),
    _f("leverage", "u8"),
    _f("change", "u8", "PositionChange"),
    _f("position_reserved0", "pad[6]"),
)
ENTRY_EVENT = _event(
    "entry",
    _f("amount_micro", "i64", "+ to the account (ACCOUNT_ENTRY), else to `house`"),
    _f("balance_micro", "i64", "of the account, after it"),
    _f("hold_micro", "i64", "of the account: withdrawals in flight"),
    _f("house_balance_micro", "i64", "of `house`, after it"),
    _f("transfer_id", "u64", "0 = none"),
    _f("rate_ppt", "i64", "FUNDING"),
    _f("price_e8", "i64", "FUNDING, SPLIT, DELISTING: mark or settlement price"),
    _f("position_e8", "i64", "before a SPLIT or DELISTING; FUNDING: that paid"),
    _f("reference", "text[40]"),
    _f("counter_account_id", "u32", "TRANSFER_OUT, TRANSFER_IN"),
    _f("entry", "u8", "EntryKind"),
    _f("house", "u8", "HouseAccount on the other side"),
    _f("from_house", "u8", "HOUSE_ENTRY: where it comes from"),
    _f("entry_reserved0", "pad[1]"),
)
LIQUIDATION_EVENT = _event(
    "liquidation",
    _f("equity_micro", "i64"),
    _f("initial_margin_micro", "i64", "of positions"),
    _f("maintenance_micro", "i64"),
    _f("close_out_micro", "i64"),
    _f("reserve_micro", "i64", "balance of the reserve fund"),
    _f("amount_micro", "i64", "TAKEOVER: to (+) or from (-) the reserve; DEFICIT: what is missing"),
    _f("mark_price_e8", "i64"),
    _f("price_e8", "i64", "SLICE: limit; TAKEOVER, ADL: transfer price"),
    _f("quantity_e8", "i64", "SLICE: sent; TAKEOVER, ADL: what had to go"),
    _f("position_e8", "i64"),
    _f("order_id", "u64", "SLICE"),
    _f("stage", "u8", "LiquidationStage"),
    _f("liquidation_reserved0", "pad[7]"),
)
LIMIT_EVENT = _event(
    "limit",
    _f("order_id", "u64"),
    _f("client_order_id", "text[40]"),
    _f("value", "i64"),
    _f("usage", "i64", "what was compared with it"),
    _f("parameter", "i64"),
    _f("node_id", "u32"),
    _f("target_id", "u32"),
    _f("soft_ppm", "u32"),
    _f("node_flags", "u16", "NODE_CHANGED: NodeFlag after it"),
    _f("scope", "u8"),
    _f("limit_kind", "u8"),
    _f("target", "u8"),
    _f("action", "u8"),
    _f("owner", "u8", "Scope of who set the limit: VENUE, BROKER or FIRM"),
    _f("limit_reserved0", "pad[5]"),
)
PRICE_EVENT = _event(
    "price",
    _f("mark_price_e8", "i64", "0 = none"),
    _f("index_price_e8", "i64", "0 = none"),
    _f("oracle_price_e8", "i64", "0 = none"),
    _f("lower_band_e8", "i64", "lowest SELL; 0 = no band"),
    _f("upper_band_e8", "i64", "highest BUY; 0 = no band"),
    _f("last_price_e8", "i64", "last trade; 0 = none"),
    _f("open_interest_e8", "i64"),
    _f("funding_rate_ppt", "i64", "if the window ended now"),
    _f("source", "u8", "PriceSource"),
    _f("risk_session", "u8", "RiskSession in force"),
    _f("state", "u8", "InstrumentState"),
    _f("flagged", "u8", "1 = every usable source is old"),
    _f("price_reserved0", "pad[4]"),
)
FUNDING_EVENT = _event(
    "funding",
    _f("rate_ppt", "i64", "positive: longs pay"),
    _f("premium_ppb", "i64", "weighted mean of the window"),
    _f("mark_price_e8", "i64"),
    _f("index_price_e8", "i64"),
    _f("open_interest_e8", "i64"),
    _f("residue_micro", "i64", "FUNDING_DONE: to the reserve fund"),
    _f("samples", "u32"),
    _f("epoch", "u32"),
)
EVENT_LAYOUTS = (
    ORDER_EVENT, MASS_EVENT, SESSION_EVENT, CONFIG_EVENT, ATTACHED_EVENT, QUOTE_EVENT, ACCOUNT_EVENT, POSITION_EVENT,
    ENTRY_EVENT, LIQUIDATION_EVENT, LIMIT_EVENT, PRICE_EVENT, FUNDING_EVENT,
)  # fmt: skip
assert all(layout.size == EVENT_SIZE for layout in EVENT_LAYOUTS)
_LAYOUT_OF_EVENT: dict[int, Layout] = {
    **dict.fromkeys(
        (EventKind.MASS_CANCEL_DONE, EventKind.MASS_CANCEL_REJECTED, EventKind.QUOTE_CANCELLED), MASS_EVENT
    ),
    **dict.fromkeys((EventKind.SESSION_STATE, EventKind.ORDER_STATUS_END, EventKind.ACCOUNT_STATUS_END), SESSION_EVENT),
    **dict.fromkeys((EventKind.CONFIG_SET, EventKind.COMMAND_REJECTED), CONFIG_EVENT),
    EventKind.ORDER_ATTACHED: ATTACHED_EVENT,
    **dict.fromkeys((EventKind.QUOTE_SET, EventKind.QUOTE_REJECTED, EventKind.MMP_TRIPPED), QUOTE_EVENT),
    EventKind.ACCOUNT_STATUS: ACCOUNT_EVENT,
    **dict.fromkeys((EventKind.POSITION_STATUS, EventKind.POSITION_CHANGED), POSITION_EVENT),
    **dict.fromkeys((EventKind.ACCOUNT_ENTRY, EventKind.HOUSE_ENTRY, EventKind.RESERVE_STATE), ENTRY_EVENT),
    EventKind.LIQUIDATION: LIQUIDATION_EVENT,
    **dict.fromkeys(
        (EventKind.LIMIT_REFUSED, EventKind.LIMIT_WARNED, EventKind.LIMIT_CLEARED, EventKind.NODE_CHANGED), LIMIT_EVENT
    ),
    **dict.fromkeys((EventKind.MARK_CHANGED, EventKind.INSTRUMENT_STATE), PRICE_EVENT),
    **dict.fromkeys((EventKind.FUNDING_RATE, EventKind.FUNDING_DONE), FUNDING_EVENT),
}


def event_layout(kind: int) -> Layout:
    """The body layout that an event kind uses."""
    return _LAYOUT_OF_EVENT.get(kind, ORDER_EVENT)


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
