"""Reasons of the engine in FIX: which standard code each version sends beside the venue's own (58 and 20001).

Used by the FIX door for every refusal and unasked change, and by the generator of the rules of engagement. A version
that has no code for a reason sends its general one (99, in FIX 4.2 the venue's option: 0, 2 and 4). Order of the
columns: FIX 4.2, FIX 4.4, FIX 5.0 SP2. Source: rulebook section 14 and the code lists of each version.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.records import Reason

Codes = tuple[int, int, int]  # FIX 4.2, FIX 4.4, FIX 5.0 SP2

_OTHER_103: Codes = (0, 99, 99)
_OTHER_102: Codes = (2, 99, 99)
_OTHER_378: Codes = (4, 99, 99)
_MARKET_378: Codes = (4, 8, 8)
_OTHER_532: Codes = (99, 99, 99)
_LIMIT: Codes = (3, 3, 3)
_QUANTITY: Codes = (0, 13, 13)
_BAND: Codes = (0, 99, 16)
_CHARACTERISTIC: Codes = (0, 11, 11)


@dataclass(frozen=True, slots=True)
class FixReason:
    """What FIX says for a reason, and what the participant can do.

    occurs: where the engine can give it, of `order` (35=D), `change` (G), `cancel` (F), `mass` (q, CA) and `unasked`.
    ord_rej: 103 OrdRejReason; cxl_rej: 102 CxlRejReason; restatement: 378 of an unasked cancel or change;
    mass_cancel_rej: 532 and 1376. Each by version.
    """

    meaning: str
    remedy: str
    occurs: str
    ord_rej: Codes = _OTHER_103
    cxl_rej: Codes = _OTHER_102
    restatement: Codes = _OTHER_378
    mass_cancel_rej: Codes = _OTHER_532


_REPLACE_BAND: Codes = (2, 99, 8)
_UNKNOWN: Codes = (1, 1, 1)
_TOO_LATE: Codes = (0, 0, 0)

FIX_REASONS: dict[Reason, FixReason] = {
    Reason.ACK: FixReason("accepted", "nothing", ""),
    Reason.CANCELLED: FixReason(
        "cancelled by its owner, by a mass cancel, or what an IOC order left over",
        "nothing",
        "",
    ),
    Reason.CANCELLED_STP: FixReason(
        "self-trade prevention; 20003 names the other order",
        "check STP group and mode",
        "unasked",
        restatement=(4, 99, 17),
    ),
    Reason.IOC_CANCELLED: FixReason("an IOC order found nothing to trade with", "send a better price", ""),
    Reason.FOK_CANCELLED: FixReason("a FOK order could not be filled completely at once", "send less, or IOC", ""),
    Reason.MIN_QUANTITY_CANCELLED: FixReason("110 could not be filled at once", "send a smaller 110", ""),
    Reason.SWEEP_LIMIT_CANCELLED: FixReason(
        "the order made as many fills as one message may", "send the rest again", "unasked", restatement=_MARKET_378
    ),
    Reason.CANCELLED_DISCONNECT: FixReason(
        "cancel on disconnect", "choose 35002 and 35003 at logon", "unasked", restatement=(4, 99, 12)
    ),
    Reason.EXPIRED: FixReason("a Day order at the end of the business date, a GTD order at 126", "nothing", ""),
    Reason.CANCELLED_ADMIN: FixReason(
        "cancelled by the venue's operator", "call the venue", "unasked", restatement=_MARKET_378
    ),
    Reason.REJECTED: FixReason(
        "refused for another reason", "call the venue with 20002 or 17", "order change cancel mass"
    ),
    Reason.NO_SUCH_ORDER: FixReason(
        "the order to cancel is not open, or 1, 55 or 54 are not its own",
        "look at its last report",
        "cancel",
        cxl_rej=_UNKNOWN,
    ),
    Reason.INVALID_ORDER_TYPE: FixReason(
        "side, type, instructions or STP fields that the venue does not offer together",
        "see 35=D",
        "order change",
        ord_rej=_CHARACTERISTIC,
    ),
    Reason.BAD_SYMBOL: FixReason(
        "no such instrument", "ask with 35=x", "order change mass", ord_rej=(1, 1, 1), mass_cancel_rej=(1, 1, 1)
    ),
    Reason.PRICE_LESS_THAN_MIN_PRICE: FixReason(
        "below the lowest price, or below half of the oracle price",
        "raise the price",
        "order change",
        ord_rej=_BAND,
        cxl_rej=_REPLACE_BAND,
    ),
    Reason.PRICE_GREATER_THAN_MAX_PRICE: FixReason(
        "above the highest price, or above one and a half times the oracle price",
        "lower the price",
        "order change",
        ord_rej=_BAND,
        cxl_rej=_REPLACE_BAND,
    ),
    Reason.CANNOT_MODIFY_PARTIAL_FILL: FixReason(
        "the new total is not above what was filled", "send a larger 38, or 35=F", "change", cxl_rej=_TOO_LATE
    ),
    Reason.CANNOT_MODIFY_ALO_WOULD_CROSS: FixReason(
        "a post-only order would trade at its new price; it stays as it was", "send a more passive price", "change"
    ),
    Reason.FAILED_MARGIN_CHECK: FixReason(
        "the account's margin does not cover it", "send less, or add collateral", "order change"
    ),
    Reason.INVALID_TICK_SIZE_PRECISION_PRICE: FixReason(
        "44 or 99 is no multiple of the tick",
        "round to 969 of 35=y",
        "order change",
        ord_rej=(0, 99, 18),
        cxl_rej=(2, 99, 18),
    ),
    Reason.INVALID_TICK_SIZE_PRECISION_QUANTITY: FixReason(
        "38, 110 or the shown quantity is no multiple of the lot",
        "round to 561 of 35=y",
        "order change",
        ord_rej=_QUANTITY,
    ),
    Reason.QUANTITY_LESS_THAN_MIN_QUANTITY: FixReason(
        "38 is too small", "at least 562 of 35=y", "order change", ord_rej=_QUANTITY
    ),
    Reason.QUANTITY_GREATER_THAN_MAX_QUANTITY: FixReason(
        "38 is too large", "at most 1140 of 35=y", "order change", ord_rej=_QUANTITY
    ),
    Reason.REJECTED_GREATER_THAN_MAX_PRICE_BAND: FixReason(
        "a buy above the price band around the mark",
        "lower the price",
        "order change unasked",
        ord_rej=_BAND,
        cxl_rej=_REPLACE_BAND,
    ),
    Reason.REJECTED_LESS_THAN_MIN_PRICE_BAND: FixReason(
        "a sell below the price band around the mark",
        "raise the price",
        "order change unasked",
        ord_rej=_BAND,
        cxl_rej=_REPLACE_BAND,
    ),
    Reason.INVALID_TIME_IN_FORCE: FixReason(
        "59 does not go with the order type, or 126 has passed", "see 59 of 35=D", "order", ord_rej=_CHARACTERISTIC
    ),
    Reason.REJECTED_WOULD_BREACH_MAX_NOTIONAL: FixReason(
        "above the position cap", "send less", "order change", ord_rej=_LIMIT
    ),
    Reason.CANNOT_MODIFY_NO_SUCH_ORDER: FixReason(
        "the order to change is not open, or 1, 55, 54, 40 are not its own",
        "look at its last report",
        "change",
        cxl_rej=_UNKNOWN,
    ),
    Reason.REJECTED_MARKET_CLOSED: FixReason(
        "the instrument takes no such order now",
        "wait for 35=f with 326=17",
        "order change unasked",
        ord_rej=(2, 2, 2),
        restatement=(4, 6, 6),
    ),
    Reason.REJECTED_FAILED_TO_PROCESS: FixReason(
        "a fault of the venue; nothing happened", "call the venue", "order change cancel mass"
    ),
    Reason.INVALID_TAKEPROFIT_PRICE: FixReason("20030 is on the wrong side of the price", "correct it", "order change"),
    Reason.INVALID_STOPLOSS_PRICE: FixReason("20031 is on the wrong side of the price", "correct it", "order change"),
    Reason.REJECTED_TOO_MANY_OPEN_ORDERS: FixReason(
        "too many open orders of the account", "cancel some", "order", ord_rej=_LIMIT
    ),
    Reason.REJECTED_OPEN_INTEREST_LIMIT: FixReason(
        "above the open-interest cap", "send less", "order change", ord_rej=_LIMIT
    ),
    Reason.REJECTED_TOTAL_OPEN_INTEREST_LIMIT: FixReason(
        "above the venue's open-interest cap", "send less", "order change", ord_rej=_LIMIT
    ),
    Reason.REJECTED_LESS_THAN_MIN_NOTIONAL: FixReason(
        "the order's value is too small", "at least 20042 of 35=y", "order change", ord_rej=_QUANTITY
    ),
    Reason.USER_IN_LIQUIDATION: FixReason("the account is being liquidated: only cancels pass", "wait", "order change"),
    Reason.PERMISSION_DENIED: FixReason(
        "the session may not do this for the account, or the account is unknown or blocked",
        "check 1 and the session's rights",
        "order change cancel mass",
    ),
    Reason.REJECTED_ALO_WOULD_CROSS: FixReason(
        "a post-only order would trade on arrival", "send a more passive price", "order unasked"
    ),
    Reason.REJECTED_REDUCE_ONLY: FixReason(
        "nothing to reduce on that side, or more than the position",
        "look at the position",
        "order change unasked",
        restatement=(5, 5, 5),
    ),
    Reason.REJECTED_DUPLICATE_CLORDID: FixReason(
        "an open order of the account has this 11",
        "choose another",
        "order change",
        ord_rej=(6, 6, 6),
        cxl_rej=(2, 6, 6),
    ),
    Reason.REJECTED_NO_REFERENCE_PRICE: FixReason(
        "a market order while the instrument has no mark price", "send a limit order", "order", ord_rej=(0, 99, 19)
    ),
    Reason.INVALID_MIN_QUANTITY: FixReason("110 without 59=3, or above 38", "correct it", "order", ord_rej=_QUANTITY),
    Reason.INVALID_DISPLAY_QUANTITY: FixReason(
        "a shown quantity that does not go with 40, 59 or the least quantity",
        "correct 111 or 1138",
        "order",
        ord_rej=_QUANTITY,
    ),
    Reason.MODIFY_SUPERSEDED: FixReason(
        "a newer change took the place of this one in the speed bump", "nothing", "change", cxl_rej=(2, 99, 99)
    ),
    Reason.REJECTED_CAPACITY: FixReason(
        "a table of the venue is full", "cancel orders, or try later", "order change mass unasked", ord_rej=_LIMIT
    ),
    Reason.UNKNOWN_MATCHER: FixReason("configuration only", "nothing", ""),
    Reason.INVALID_PARAMETER: FixReason("a field of the request is out of range", "see the message's table", "mass"),
    Reason.UNKNOWN_PARTY: FixReason("the target does not exist", "check 20021", "mass"),
    Reason.REJECTED_JOURNAL_FULL: FixReason(
        "the venue takes cancels only at the moment", "wait for 35=h with 340=2", "order change"
    ),
    Reason.RATE_LIMITED: FixReason("too many messages", "wait 20005 milliseconds", "order change cancel mass"),
    Reason.CANCELLED_LIQUIDATION: FixReason(
        "the account is being liquidated", "add collateral", "unasked", restatement=_MARKET_378
    ),
    Reason.CANCELLED_KILL: FixReason(
        "a kill switch of the account or a node above it", "call the venue or your risk desk", "unasked"
    ),
    Reason.CANCELLED_LIMIT: FixReason(
        "a loss or drawdown limit was hit", "wait for the next business date, or for your risk desk", "unasked"
    ),
    Reason.CANCELLED_PAIR: FixReason("the other half of an attached pair has fired", "nothing", "unasked"),
    Reason.CANCELLED_MMP: FixReason("market-maker protection has withdrawn the quote", "reset it", "unasked"),
    Reason.REJECTED_KILLED: FixReason(
        "a kill switch of the session, the account, a node above it, or the instrument",
        "cancel orders; call the venue or your risk desk",
        "order change unasked",
    ),
    Reason.REJECTED_STALE: FixReason(
        "52 or 60 is older than your limit", "look at your clock and line", "order change"
    ),
    Reason.REJECTED_NO_RISK_CONFIGURATION: FixReason(
        "the instrument is not yet open for margined trading", "ask the venue", "order change"
    ),
    Reason.REJECTED_NO_LIMIT: FixReason(
        "a limit that the venue demands is not set for the account", "have your risk desk set it", "order change"
    ),
    Reason.REJECTED_PRICE_TOLERANCE: FixReason(
        "further from the mark than your own price tolerance",
        "send a price nearer to the mark",
        "order change",
        ord_rej=_BAND,
        cxl_rej=_REPLACE_BAND,
    ),
    Reason.LIMIT_ORDER_QUANTITY: FixReason(
        "above your limit of one order's quantity", "send less", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_ORDER_NOTIONAL: FixReason(
        "above your limit of one order's value", "send less", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_OPEN_ORDERS: FixReason(
        "above your limit of open orders", "cancel orders", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_OPEN_NOTIONAL: FixReason(
        "above your limit of the value of open orders", "cancel orders", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_REPEATED_ORDERS: FixReason(
        "too many identical orders in a row", "look at your algorithm", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_EXECUTIONS: FixReason(
        "too many fills within the window of your limit", "wait", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_ORDER_TO_TRADE: FixReason(
        "too many messages for each fill today", "send fewer messages", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_POSITION: FixReason(
        "above your position limit, working orders counted", "reduce", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_GROSS_NOTIONAL: FixReason(
        "above your gross limit over instruments", "reduce", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_NET_NOTIONAL: FixReason(
        "above your net limit over instruments", "reduce", "order change", ord_rej=_LIMIT
    ),
    Reason.LIMIT_CONCENTRATION: FixReason(
        "too large a part of the instrument's open-interest cap", "reduce", "order change", ord_rej=_LIMIT
    ),
    Reason.REJECTED_LOCKED: FixReason(
        "a loss or drawdown limit was hit: orders that increase a position are refused",
        "reduce; wait for the next business date, or for your risk desk",
        "order change",
    ),
    Reason.REJECTED_TRADING_WINDOW: FixReason(
        "outside your trading window: orders that increase a position are refused", "reduce, or wait", "order change"
    ),
    Reason.LIMIT_CREDIT: FixReason(
        "above the margin that your clearing broker grants", "reduce", "order change", ord_rej=_LIMIT
    ),
    Reason.REJECTED_QUOTE_FROZEN: FixReason("market-maker protection has tripped", "wait, or reset it", ""),
    Reason.REJECTED_LEVERAGE_IN_USE: FixReason("there is a position or an open order", "close both first", ""),
    Reason.APPROVAL_REQUIRED: FixReason("operators only", "nothing", ""),
    Reason.INSUFFICIENT_FUNDS: FixReason("clearing only", "nothing", ""),
    Reason.REJECTED_BUSY: FixReason("operators only", "nothing", ""),
    Reason.UNKNOWN_TRANSFER: FixReason("clearing only", "nothing", ""),
    Reason.TRANSFER_TOO_OLD: FixReason("clearing only", "nothing", ""),
    Reason.REJECTED_NUMERIC_RANGE: FixReason(
        "larger than the venue can count", "send less", "order change", ord_rej=_LIMIT
    ),
}

VERSION_COLUMN = {"FIX.4.2": 0, "FIX.4.4": 1, "FIXT.1.1": 2}  # BeginString to the column of `Codes`


def code_table(name: str, begin_string: str) -> list[int]:
    """One code by reason number, for the codec: `name` is a column of FixReason; -1 where there is no such reason."""
    column = VERSION_COLUMN[begin_string]
    table = [-1] * (max(Reason) + 1)
    for reason, codes in FIX_REASONS.items():
        table[reason] = getattr(codes, name)[column]
    return table
