"""What operators may do: one table of operations, each with its role, its parameters and the command it becomes.

The door checks requests by it, the command line and docs/operations.md are made from it. It decides nothing about the
venue: whether a command is accepted is the engine's answer. An operation `changes` when its command replaces all
settings of its subject: what the operator does not name stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.records import (
    AccountFlag,
    CommandKind,
    HouseAccount,
    IndexFormula,
    InstrumentState,
    LimitAction,
    LimitFlag,
    LimitKind,
    LimitTarget,
    NodeFlag,
    RiskSession,
    Scope,
    Side,
    VenueRiskFlag,
)
from gateway.operator.parameters import (
    IDENT,
    Choice,
    Decimal,
    Deferred,
    Flags,
    Parameter,
    ParameterError,
    Switch,
    Text,
    Whole,
    parse,
)

K = CommandKind
REFERENCE_BYTES_MAX = 40
PPM = Whole(0, 1_000_000, "parts per million")
PRICE, QUANTITY, MONEY = Decimal(), Decimal(), Decimal(is_money=True)
RATE = Decimal(may_be_negative=True)
COUNT = Whole(0, 2**31 - 1)
BITS = Whole(0, 2**32 - 1, "bits 1 << kind")
NANOSECONDS = Whole(0, unit="nanoseconds")


class Role(StrEnum):
    """What an operator may do beside reading."""

    VIEWER = "viewer"
    RISK = "risk"
    MARKET = "market"
    TREASURY = "treasury"


Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """`fields` makes the command's fields of the parameters; `is_approved`: the rule always wants a second person
    (docs/risk.md section 2), so that it is a proposal from the start. `changes`: see the module."""

    name: str
    kind: CommandKind
    role: Role
    summary: str
    parameters: tuple[Parameter, ...]
    fields: Callable[[Mapping[str, Any]], Fields]
    is_approved: bool = False
    changes: bool = False


def _renamed(**names: str) -> Callable[[Mapping[str, Any]], Fields]:
    """Parameters that are fields under other names; those that are not given are not in the result."""
    return lambda values: {field: values[name] for name, field in names.items() if name in values}


# ------------------------------------------------------------------------------------------------- parameters

INSTRUMENT = Parameter("instrument", IDENT, "instrument id")
ACCOUNT = Parameter("account", IDENT, "account id")
TRANSFER = Parameter("transfer_id", Whole(1), "number of the movement, growing; a repeat has no second effect")
AMOUNT = Parameter("amount", MONEY, "USDC")
REFERENCE = Parameter("reference", Text(REFERENCE_BYTES_MAX), "echoed in the entry", is_optional=True)
NODES = (Scope.SESSION, Scope.ACCOUNT, Scope.TRADER, Scope.DESK, Scope.FIRM, Scope.BROKER, Scope.VENUE)
SCOPE = Parameter("scope", Choice((*NODES, Scope.INSTRUMENT)), "what is meant")
NODE_SCOPE = Parameter("scope", Choice(NODES), "what is meant")
NODE = Parameter("node", Whole(0, 2**32 - 1), "its id; 0 for the venue", default=0)
STATES = tuple(state for state in InstrumentState if state is not InstrumentState.DELISTED)
SESSIONS = ("open", "overnight", "weekend")

_LIMIT_KEY = (
    NODE_SCOPE,
    NODE,
    Parameter("kind", Choice(tuple(LimitKind)), "what it bounds (docs/risk.md section 8)"),
    Parameter("instrument", IDENT, "only for this instrument", is_optional=True),
    Parameter("group", IDENT, "only for this product group", is_optional=True),
)
_IN_E8 = (LimitKind.ORDER_QUANTITY, LimitKind.POSITION)
_IN_USDC = (
    LimitKind.ORDER_NOTIONAL, LimitKind.OPEN_NOTIONAL, LimitKind.GROSS_NOTIONAL, LimitKind.NET_NOTIONAL,
    LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN, LimitKind.CREDIT,
)  # fmt: skip
_IN_PPM = (LimitKind.PRICE_TOLERANCE, LimitKind.CONCENTRATION)


def limit_unit(kind: int) -> Decimal | Whole:
    """How the value of a limit of this kind is written."""
    if kind in _IN_E8:
        return QUANTITY
    if kind in _IN_USDC:
        return MONEY
    if kind in _IN_PPM:
        return Whole(unit="parts per million")
    return NANOSECONDS if kind == LimitKind.MESSAGE_AGE else Whole(unit="a count")


def _limit_key(values: Mapping[str, Any]) -> Fields:
    if "instrument" in values and "group" in values:
        raise ParameterError("group: give an instrument or a product group, not both")
    target, target_id = LimitTarget.ALL, 0
    if "instrument" in values:
        target, target_id = LimitTarget.INSTRUMENT, values["instrument"]
    elif "group" in values:
        target, target_id = LimitTarget.GROUP, values["group"]
    return {
        "scope": values["scope"], "node_id": values["node"], "limit_kind": values["kind"], "target": int(target),
        "target_id": target_id,
    }  # fmt: skip


def _set_limit(values: Mapping[str, Any]) -> Fields:
    kind = values["kind"]
    unit = MONEY if kind == LimitKind.DRAWDOWN else Whole()
    flags = LimitFlag.REALISED_ONLY if values["realised_only"] else LimitFlag(0)
    flags |= LimitFlag.END_OF_DAY if values["end_of_day"] else LimitFlag(0)
    return {
        **_limit_key(values),
        "value": parse("value", limit_unit(kind), values["value"]),
        "parameter": parse("parameter", unit, values["parameter"]),
        "soft_ppm": values["soft_ppm"],
        "limit_flags": int(flags),
        "action": values["action"],
    }


def _remove_limit(values: Mapping[str, Any]) -> Fields:
    kind = values["kind"]
    parameter = 1 if kind == LimitKind.EXECUTIONS else 0  # a window is part of that kind, whatever is done with it
    return {**_limit_key(values), "limit_flags": int(LimitFlag.REMOVE), "parameter": parameter}


_NODE_FIELDS = _renamed(scope="scope", node="node_id")

_VENUE_RISK_FIELDS = {
    "flags": "risk_flags",
    "total_interest_cap": "total_interest_cap_micro",
    "reserve_floor": "reserve_floor_micro",
    "fraction_account": "fraction_account_id",
    **{f"flow_cap_{s}": f"flow_cap_{s}_micro" for s in SESSIONS},
}

RISK = (
    Operation(
        "limit-set", K.SET_LIMIT, Role.RISK, "sets a limit; tightening takes effect at once, loosening is a proposal",
        (
            *_LIMIT_KEY,
            Parameter("value", Deferred("in the unit of its kind, see docs/risk.md section 8"), "bound"),
            Parameter("parameter", Deferred("a whole number; USDC for drawdown"), "see the kind", default="0"),
            Parameter("soft_ppm", PPM, "part of the value at which a warning is given", default=0),
            Parameter("action", Choice(tuple(LimitAction)), "what a breached loss limit does", default=0),
            Parameter("realised_only", Switch(), "loss limits: cash alone", default=False),
            Parameter("end_of_day", Switch(), "drawdown: the peak moves at the roll only", default=False),
        ),
        _set_limit,
    ),
    Operation("limit-remove", K.SET_LIMIT, Role.RISK, "removes a limit", _LIMIT_KEY, _remove_limit, is_approved=True),
    Operation(
        "kill", K.KILL, Role.RISK, "refuses orders of a node and cancels those that are open", (SCOPE, NODE),
        _NODE_FIELDS,
    ),
    Operation(
        "revive", K.REVIVE, Role.RISK, "takes back a kill, or the lock of a loss limit",
        (
            SCOPE, NODE,
            Parameter("flags", Flags((NodeFlag.KILLED, NodeFlag.LOCKED)), "what to clear", default=NodeFlag.KILLED),
        ),
        _renamed(scope="scope", node="node_id", flags="node_flags"), is_approved=True,
    ),
    Operation(
        "window-close", K.SET_TRADING_WINDOW, Role.RISK, "closes the trading window of a node", (NODE_SCOPE, NODE),
        _NODE_FIELDS,
    ),
    Operation(
        "window-open", K.SET_TRADING_WINDOW, Role.RISK, "opens it again", (NODE_SCOPE, NODE),
        lambda values: {**_NODE_FIELDS(values), "is_open": 1}, is_approved=True,
    ),
    Operation(
        "cancel", K.CANCEL, Role.RISK, "cancels an order",
        (ACCOUNT, Parameter("order", Whole(1), "order id")), _renamed(account="account_id", order="order_id"),
    ),
    Operation(
        "mass-cancel", K.MASS_CANCEL, Role.RISK, "cancels the open orders of a node",
        (
            NODE_SCOPE, NODE, Parameter("instrument", IDENT, "only in this one", is_optional=True),
            Parameter("side", Choice(tuple(Side)), "only this side", default=0),
        ),
        _renamed(scope="scope", node="target_id", instrument="instrument_id", side="side"),
    ),
    Operation(
        "account-risk", K.SET_ACCOUNT_RISK, Role.RISK, "changes settings of an account; others stay",
        (
            ACCOUNT,
            Parameter("dlp_notional_max", MONEY, "largest position taken over; 0 = the position cap", is_optional=True),
            Parameter("home_session", Whole(0, 2**32 - 1), "gets what happens unasked; 0 = nobody", is_optional=True),
            Parameter("flags", Flags(tuple(AccountFlag)), "liquidity provider, house account", is_optional=True),
            Parameter("fee_tier", Whole(0, 255), "fee tier", is_optional=True),
        ),
        _renamed(
            account="account_id", dlp_notional_max="dlp_notional_max_micro", home_session="home_session_id",
            flags="account_flags", fee_tier="fee_tier",
        ),
        changes=True,
    ),
    Operation(
        "venue-risk", K.SET_VENUE_RISK, Role.RISK, "changes settings of the venue; others stay",
        (
            Parameter("flags", Flags(tuple(VenueRiskFlag)), "switches", is_optional=True),
            Parameter("mandatory_limits", BITS, "no row, no trading", is_optional=True),
            *(Parameter(f"position_cap_{s}_ppm", PPM, f"position cap, {s}", is_optional=True) for s in SESSIONS),
            *(Parameter(f"interest_cap_{s}_ppm", PPM, f"interest cap, {s}", is_optional=True) for s in SESSIONS),
            *(Parameter(f"band_{s}_ppm", PPM, f"part of the band, {s}", is_optional=True) for s in SESSIONS),
            *(Parameter(f"spread_{s}_tenths", Whole(0, 10), "of 1/Lmax", is_optional=True) for s in SESSIONS),
            *(Parameter(f"flow_cap_{s}", MONEY, f"liquidation USDC per s, {s}", is_optional=True) for s in SESSIONS),
            Parameter("total_interest_cap", MONEY, "USDC; 0 = none", is_optional=True),
            Parameter("reserve_floor", MONEY, "USDC", is_optional=True),
            Parameter("reserve_floor_ppm", PPM, "of what is deposited", is_optional=True),
            Parameter("repeat_window_ns", NANOSECONDS, "of repeated orders", is_optional=True),
            Parameter("fraction_account", Whole(0, 2**32 - 1), "takes fractions of splits; 0 = none", is_optional=True),
        ),
        lambda values: {_VENUE_RISK_FIELDS.get(name, name): value for name, value in values.items()},
        changes=True,
    ),
    Operation(
        "instrument-risk", K.SET_INSTRUMENT_RISK, Role.RISK, "changes settings of an instrument; others stay",
        (
            INSTRUMENT,
            Parameter("position_cap", MONEY, "USDC at the largest leverage", is_optional=True),
            Parameter("interest_cap", MONEY, "USDC of open interest; 0 = none", is_optional=True),
            Parameter("impact_notional", MONEY, "USDC", is_optional=True),
            Parameter("maker_rate", RATE, "fee tier 0, part of the notional; negative = rebate", is_optional=True),
            Parameter("taker_rate", RATE, "fee tier 0", is_optional=True),
            Parameter("product_group", Whole(0, 2**32 - 1), "0 = none", is_optional=True),
            Parameter("leverage_max", Whole(1, 200), "largest that a participant may choose", is_optional=True),
            Parameter("leverage_ceiling", Whole(1, 200), "largest that the venue may grant", is_optional=True),
            Parameter("market_calendar", Whole(0, 255), "external hours; 0 = always open", is_optional=True),
            Parameter("risk_calendar", Whole(0, 255), "risk session; 0 = always OPEN", is_optional=True),
        ),
        _renamed(
            instrument="instrument_id", position_cap="position_cap_micro", interest_cap="interest_cap_micro",
            impact_notional="impact_notional_micro", maker_rate="maker_rate_e8", taker_rate="taker_rate_e8",
            product_group="product_group", leverage_max="leverage_max", leverage_ceiling="leverage_ceiling",
            market_calendar="market_calendar_id", risk_calendar="risk_calendar_id",
        ),
        changes=True,
    ),
    Operation(
        "leverage", K.SET_LEVERAGE, Role.RISK, "grants an account its leverage in an instrument",
        (ACCOUNT, INSTRUMENT, Parameter("leverage", Whole(0, 255), "whole number; 0 = the instrument's default")),
        _renamed(account="account_id", instrument="instrument_id", leverage="leverage"),
    ),
)  # fmt: skip
MARKET = (
    Operation(
        "instrument-state", K.SET_INSTRUMENT_STATE, Role.MARKET, "halts an instrument, or lets it trade again",
        (
            INSTRUMENT,
            Parameter("state", Choice(STATES), "from now on"),
        ),
        _renamed(instrument="instrument_id", state="state"),
    ),
    Operation(
        "manual-price", K.SET_MANUAL_PRICE, Role.MARKET, "prices an instrument by hand while its feeds fail",
        (INSTRUMENT, Parameter("price", PRICE, "0 = back to the feeds")),
        _renamed(instrument="instrument_id", price="price_e8"), is_approved=True,
    ),
    Operation(
        "mark", K.SET_MARK, Role.MARKET, "sets the mark of an instrument that has no feed",
        (
            INSTRUMENT, Parameter("price", PRICE, "a tick multiple"),
            Parameter("oracle_price", PRICE, "centre of the static range; 0 = none", default=0),
        ),
        _renamed(instrument="instrument_id", price="mark_price_e8", oracle_price="oracle_price_e8"),
    ),
    Operation(
        "feed", K.SET_FEED, Role.MARKET, "makes or changes a price feed",
        (
            Parameter("feed", IDENT, "feed id"), Parameter("sources", Whole(1, 8), "number of sources"),
            Parameter("flag_ns", NANOSECONDS, "an older source is flagged"),
            Parameter("stale_ns", NANOSECONDS, "an older source is not used"),
            Parameter("name", Text(32), "its name"),
        ),
        _renamed(feed="feed_id", sources="sources", flag_ns="flag_ns", stale_ns="stale_ns", name="name"),
    ),
    Operation(
        "index", K.SET_INDEX, Role.MARKET, "gives an instrument its index",
        (
            INSTRUMENT, Parameter("formula", Choice(tuple(IndexFormula)), "how it comes from the feeds"),
            Parameter("feed_a", IDENT, "feed id"), Parameter("feed_b", Whole(0, 2**32 - 1), "0 = none", default=0),
        ),
        _renamed(instrument="instrument_id", formula="formula", feed_a="feed_a", feed_b="feed_b"),
    ),
    Operation(
        "roll-weight", K.SET_ROLL_WEIGHT, Role.MARKET, "moves a futures roll",
        (INSTRUMENT, Parameter("weight", Whole(0, 10), "tenths of feed a")),
        _renamed(instrument="instrument_id", weight="weight"),
    ),
    Operation(
        "index-reference", K.SET_INDEX_REFERENCE, Role.MARKET, "sets the closes that a BASIS index starts from",
        (
            INSTRUMENT, Parameter("close_price", PRICE, "official close of the index"),
            Parameter("settlement_price", PRICE, "of the future at that close"),
        ),
        _renamed(instrument="instrument_id", close_price="close_price_e8", settlement_price="settlement_price_e8"),
    ),
    Operation(
        "calendar", K.CALENDAR_CHANGE, Role.MARKET, "opens or closes external hours, sets the risk session",
        (
            Parameter("calendar", Whole(1, 255), "calendar id"), Parameter("is_open", Switch(), "external hours run"),
            Parameter("session", Choice(tuple(RiskSession)), "risk session"),
        ),
        lambda v: {"calendar_id": v["calendar"], "is_open": int(v["is_open"]), "risk_session": v["session"]},
    ),
    Operation(
        "split", K.SPLIT, Role.MARKET, "splits an instrument: numerator new lots for denominator old ones",
        (INSTRUMENT, Parameter("numerator", IDENT, "new lots"), Parameter("denominator", IDENT, "for old lots")),
        _renamed(instrument="instrument_id", numerator="numerator", denominator="denominator"), is_approved=True,
    ),
    Operation(
        "schedule-delisting", K.SCHEDULE_DELISTING, Role.MARKET, "announces the settlement of an instrument",
        (INSTRUMENT, Parameter("settle_ns", NANOSECONDS, "nanoseconds since 1970; 0 = not any more")),
        _renamed(instrument="instrument_id", settle_ns="settle_ns"),
    ),
    Operation(
        "delist", K.DELIST, Role.MARKET, "settles an instrument for good",
        (INSTRUMENT, Parameter("price", PRICE, "0 = mean of the oracle over the last hour")),
        _renamed(instrument="instrument_id", price="price_e8"), is_approved=True,
    ),
    Operation(
        "change-symbol", K.CHANGE_SYMBOL, Role.MARKET, "renames an instrument",
        (INSTRUMENT, Parameter("symbol", Text(16), "the new one")),
        _renamed(instrument="instrument_id", symbol="symbol"),
    ),
    Operation(
        "roll-business-date", K.ROLL_BUSINESS_DATE, Role.MARKET, "begins a business date",
        (Parameter("date", Whole(19_700_101, 99_991_231, "YYYYMMDD"), "the day that begins"),),
        _renamed(date="business_date"),
    ),
)  # fmt: skip

_MOVEMENT = {"transfer_id": "transfer_id", "amount": "amount_micro", "reference": "reference"}
HOUSES = (HouseAccount.BANK, HouseAccount.RESERVE, HouseAccount.FEES, HouseAccount.ACCOUNT)
TREASURY = (
    Operation(
        "deposit", K.DEPOSIT, Role.TREASURY, "books money that came in", (ACCOUNT, TRANSFER, AMOUNT, REFERENCE),
        _renamed(account="account_id", **_MOVEMENT),
    ),
    Operation(
        "withdraw", K.WITHDRAW_REQUEST, Role.TREASURY, "takes money of an account on its way out",
        (ACCOUNT, TRANSFER, AMOUNT, REFERENCE), _renamed(account="account_id", **_MOVEMENT),
    ),
    Operation(
        "withdraw-done", K.WITHDRAW_DONE, Role.TREASURY, "the bank has paid it", (TRANSFER,),
        _renamed(transfer_id="transfer_id"),
    ),
    Operation(
        "withdraw-failed", K.WITHDRAW_FAILED, Role.TREASURY, "the bank has not: it goes back to the account",
        (TRANSFER,), _renamed(transfer_id="transfer_id"),
    ),
    Operation(
        "transfer", K.TRANSFER, Role.TREASURY, "moves money between accounts of a firm",
        (ACCOUNT, Parameter("to_account", IDENT, "account id"), TRANSFER, AMOUNT, REFERENCE),
        _renamed(account="account_id", to_account="to_account_id", **_MOVEMENT),
    ),
    Operation(
        "house-transfer", K.HOUSE_TRANSFER, Role.TREASURY, "moves money of the house",
        (
            Parameter("source", Choice(HOUSES[:3]), "where it comes from"),
            Parameter("target", Choice(HOUSES), "where it goes"),
            Parameter("account", IDENT, "when it goes to an account", is_optional=True), TRANSFER, AMOUNT, REFERENCE,
        ),
        _renamed(account="account_id", source="from_house", target="to_house", **_MOVEMENT), is_approved=True,
    ),
    Operation(
        "fee", K.SET_FEE, Role.TREASURY, "sets the rates of a fee tier in an instrument",
        (
            INSTRUMENT, Parameter("tier", Whole(1, 255), "from 1; tier 0 is in instrument-risk"),
            Parameter("maker_rate", RATE, "part of the notional; negative = rebate"),
            Parameter("taker_rate", RATE, "part of the notional"),
        ),
        _renamed(instrument="instrument_id", tier="fee_tier", maker_rate="maker_rate_e8", taker_rate="taker_rate_e8"),
    ),
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in (*RISK, *MARKET, *TREASURY)}
