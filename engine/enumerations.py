"""The enumerations of the schema: what a number in a command, an event or a snapshot row means.

Part of `engine.records`, which hands every name on; import them from there. The numbers are journal format: they are
never reused and never change their meaning. Rules are in docs/engine.md and docs/risk.md.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class CommandKind(IntEnum):
    """What a command asks for. Imperatives; the number is journal format and never reused."""

    TICK = 1  # time passes: expiries, releases, carried-on work
    SET_VENUE_STATE = 2
    SET_INSTRUMENT = 3
    SET_INSTRUMENT_STATE = 4
    SET_MARK = 5
    SET_FIRM = 6
    SET_DESK = 7
    SET_TRADER = 8
    SET_ACCOUNT = 9
    SET_SESSION = 10
    ROLL_BUSINESS_DATE = 11
    SET_BROKER = 12
    SESSION_LOGON = 20
    SESSION_DISCONNECT = 21
    PLACE = 30
    REPLACE = 31
    CANCEL = 32
    MASS_CANCEL = 33
    QUOTE = 34
    QUOTE_CANCEL = 35
    PLACE_TWAP = 36
    CLOSE_POSITION = 37
    SET_LEVERAGE = 38
    SET_MMP = 39
    RESET_MMP = 40
    SET_LIMIT = 50
    KILL = 51
    REVIVE = 52
    SET_TRADING_WINDOW = 53
    NOTE = 54  # why: the text of an operator's case
    SET_VENUE_RISK = 60
    SET_INSTRUMENT_RISK = 61
    SET_ACCOUNT_RISK = 62
    SET_FEE = 63
    DEPOSIT = 70
    WITHDRAW_REQUEST = 71
    WITHDRAW_DONE = 72
    WITHDRAW_FAILED = 73
    TRANSFER = 74
    HOUSE_TRANSFER = 75
    SET_FEED = 80
    SET_INDEX = 81
    SET_ROLL_WEIGHT = 82
    SET_INDEX_REFERENCE = 83
    PRICE = 84
    SET_MANUAL_PRICE = 85
    MARK_PULSE = 86
    CALENDAR_CHANGE = 87
    FUNDING_SAMPLE = 88
    FUNDING_SETTLE = 89
    SPLIT = 95
    SCHEDULE_DELISTING = 96
    DELIST = 97
    CHANGE_SYMBOL = 98


FIRST_CLIENT_KIND, LAST_CLIENT_KIND = 30, 49  # messages of participants: numbered by their session, repeats dropped
FIRST_RISK_KIND = 50  # from here on: the operator's, the clearing side's, the oracle's and the clock's


class EventKind(IntEnum):
    """What happened. Past tense; the number is event-log format and never reused."""

    ORDER_PENDING = 1  # accepted, waits in the speed bump (FIX 150=A)
    ORDER_NEW = 2  # accepted and live (FIX 150=0)
    ORDER_REJECTED = 3  # FIX 150=8
    ORDER_FILLED = 4  # FIX 150=F, partial or whole: leaves tells
    ORDER_CANCELLED = 5  # FIX 150=4
    ORDER_EXPIRED = 6  # FIX 150=C
    ORDER_REPLACE_PENDING = 7  # FIX 150=E
    ORDER_REPLACED = 8  # FIX 150=5
    REPLACE_REJECTED = 9  # FIX 35=9 434=2
    CANCEL_REJECTED = 10  # FIX 35=9 434=1
    ORDER_TRIGGERED = 11  # FIX 150=L
    ORDER_RESTATED = 12  # FIX 150=D: quantity changed by the venue
    ORDER_STATUS = 13  # FIX 150=I: one open order of a snapshot
    ORDER_STATUS_END = 14  # end of the snapshot (session body)
    ORDER_ATTACHED = 15  # take-profit and stop-loss of an order as they stand (attached body)
    TWAP_SLICED = 16  # one slice of a TWAP: what was sent to the book, or why nothing was
    MASS_CANCEL_DONE = 20  # mass body
    MASS_CANCEL_REJECTED = 21  # mass body
    QUOTE_SET = 22  # a two-sided quote as it stands (quote body)
    QUOTE_REJECTED = 23  # nothing of the QUOTE happened (quote body)
    QUOTE_CANCELLED = 24  # answer to QUOTE_CANCEL (mass body)
    MMP_TRIPPED = 25  # market-maker protection has withdrawn a quote (quote body)
    SESSION_STATE = 30  # answer to SESSION_LOGON (session body)
    ACCOUNT_STATUS = 31  # one account of a snapshot (account body)
    POSITION_STATUS = 32  # one position of a snapshot (position body)
    ACCOUNT_STATUS_END = 33  # end of the snapshot (session body)
    CONFIG_SET = 40  # a configuring command took effect (config body: a copy of the command's)
    COMMAND_REJECTED = 41  # a configuring command or SESSION_* was refused (config body)
    ACCOUNT_ENTRY = 50  # money of an account moved otherwise than by a fill (entry body)
    HOUSE_ENTRY = 51  # money moved between two house accounts (entry body)
    POSITION_CHANGED = 52  # otherwise than by a fill (position body)
    LIQUIDATION = 53  # a step of a liquidation (liquidation body)
    RESERVE_STATE = 54  # the reserve fund fell below its floor, or rose above it again (entry body)
    LIMIT_REFUSED = 55  # the numbers behind an ORDER_REJECTED or REPLACE_REJECTED (limit body)
    LIMIT_WARNED = 56  # a soft threshold was crossed (limit body)
    LIMIT_CLEARED = 57  # and left again (limit body)
    NODE_CHANGED = 58  # kill switch, trading window or lock of a node (limit body)
    MARK_CHANGED = 60  # mark, index, oracle, bands (price body)
    FUNDING_RATE = 61  # a funding settlement begins (funding body)
    FUNDING_DONE = 62  # every position has paid or received (funding body)
    INSTRUMENT_STATE = 63  # the venue's own change of state: reopened, delisted (price body)


class Reason(IntEnum):
    """Why. Codes below 73, and 97, are the venue's published ones (rulebook section 14); the precedence of the
    checks that produce them is CHECK_ORDER."""

    ACK = 0
    CANCELLED = 30  # by its owner
    CANCELLED_STP = 31  # self-trade prevention
    IOC_CANCELLED = 32  # immediate-or-cancel without any fill
    FOK_CANCELLED = 33  # could not be filled completely at once
    MIN_QUANTITY_CANCELLED = 34  # minimum quantity could not be filled at once
    SWEEP_LIMIT_CANCELLED = 35  # one command may not make more fills than the instrument's limit
    CANCELLED_DISCONNECT = 36  # cancel on disconnect
    EXPIRED = 37  # DAY at the business-date roll, GTD at its time
    CANCELLED_ADMIN = 38  # by the venue's operator
    CANCELLED_LIQUIDATION = 39
    CANCELLED_KILL = 40  # kill switch
    CANCELLED_LIMIT = 41  # loss or drawdown limit
    CANCELLED_PAIR = 42  # the other half of an attached pair has fired
    CANCELLED_MMP = 43  # market-maker protection
    REJECTED = 50
    NO_SUCH_ORDER = 52
    INVALID_ORDER_TYPE = 53
    BAD_SYMBOL = 54
    PRICE_LESS_THAN_MIN_PRICE = 55
    PRICE_GREATER_THAN_MAX_PRICE = 56
    CANNOT_MODIFY_PARTIAL_FILL = 58
    CANNOT_MODIFY_ALO_WOULD_CROSS = 59
    FAILED_MARGIN_CHECK = 60
    INVALID_TICK_SIZE_PRECISION_PRICE = 63
    INVALID_TICK_SIZE_PRECISION_QUANTITY = 64
    QUANTITY_LESS_THAN_MIN_QUANTITY = 65
    QUANTITY_GREATER_THAN_MAX_QUANTITY = 66
    REJECTED_GREATER_THAN_MAX_PRICE_BAND = 67
    REJECTED_LESS_THAN_MIN_PRICE_BAND = 68
    INVALID_TIME_IN_FORCE = 69
    REJECTED_WOULD_BREACH_MAX_NOTIONAL = 70
    CANNOT_MODIFY_NO_SUCH_ORDER = 71
    REJECTED_MARKET_CLOSED = 72
    REJECTED_FAILED_TO_PROCESS = 73
    INVALID_TAKEPROFIT_PRICE = 74
    INVALID_STOPLOSS_PRICE = 75
    REJECTED_TOO_MANY_OPEN_ORDERS = 76
    REJECTED_OPEN_INTEREST_LIMIT = 77
    REJECTED_TOTAL_OPEN_INTEREST_LIMIT = 78
    REJECTED_LESS_THAN_MIN_NOTIONAL = 79
    USER_IN_LIQUIDATION = 80
    PERMISSION_DENIED = 81
    REJECTED_ALO_WOULD_CROSS = 82
    REJECTED_REDUCE_ONLY = 83
    REJECTED_DUPLICATE_CLORDID = 84
    REJECTED_NO_REFERENCE_PRICE = 85
    INVALID_MIN_QUANTITY = 86
    INVALID_DISPLAY_QUANTITY = 87
    MODIFY_SUPERSEDED = 88  # a newer modify took the place of one that waited in the speed bump
    REJECTED_CAPACITY = 89  # a preallocated table is full
    UNKNOWN_MATCHER = 90
    INVALID_PARAMETER = 91  # a configuration command's field is out of range
    UNKNOWN_PARTY = 92  # a configuration or scope names a party that does not exist
    REJECTED_JOURNAL_FULL = 96  # the venue takes cancels only: no space left for the journal
    RATE_LIMITED = 97
    REJECTED_KILLED = 100  # detail: scope and id of the node
    REJECTED_STALE = 101
    REJECTED_NO_RISK_CONFIGURATION = 102
    REJECTED_NO_LIMIT = 103  # a mandatory limit is missing; detail: its LimitKind
    REJECTED_PRICE_TOLERANCE = 104
    LIMIT_ORDER_QUANTITY = 105
    LIMIT_ORDER_NOTIONAL = 106
    LIMIT_OPEN_ORDERS = 107
    LIMIT_OPEN_NOTIONAL = 108
    LIMIT_REPEATED_ORDERS = 109
    LIMIT_EXECUTIONS = 110
    LIMIT_ORDER_TO_TRADE = 111
    LIMIT_POSITION = 112
    LIMIT_GROSS_NOTIONAL = 113
    LIMIT_NET_NOTIONAL = 114
    LIMIT_CONCENTRATION = 115
    REJECTED_LOCKED = 116  # a loss or drawdown limit was hit
    REJECTED_TRADING_WINDOW = 117
    LIMIT_CREDIT = 118
    REJECTED_QUOTE_FROZEN = 119  # market-maker protection has tripped
    REJECTED_LEVERAGE_IN_USE = 120  # position or open orders in the instrument
    APPROVAL_REQUIRED = 121  # a second person has to approve
    INSUFFICIENT_FUNDS = 122
    REJECTED_BUSY = 123  # the same kind of work is still under way
    UNKNOWN_TRANSFER = 124
    TRANSFER_TOO_OLD = 125  # its outcome is not remembered any more
    REJECTED_NUMERIC_RANGE = 126  # larger than the venue's integers are meant for


class Side(IntEnum):
    BUY = 1
    SELL = 2


class OrderType(IntEnum):
    """Rulebook section 4."""

    LIMIT = 1
    MARKET = 2
    ALO = 3  # add liquidity only (post-only)
    STOP_LOSS = 4
    TAKE_PROFIT = 5
    TWAP = 6  # by PLACE_TWAP only


class TimeInForce(IntEnum):
    GTC = 1
    DAY = 2
    GTD = 3
    IOC = 4
    FOK = 5


class StpMode(IntEnum):
    """Self-trade prevention, taken from the aggressor; 0 in a command means the account's own mode."""

    CANCEL_PASSIVE = 1
    CANCEL_AGGRESSOR = 2
    CANCEL_BOTH = 3
    DECREMENT = 4


class OrderFlag(IntFlag):
    REDUCE_ONLY = 1
    QUOTE = 2  # one side of a QUOTE; set by the engine
    VENUE = 4  # entered by the venue: liquidation, flattening; set by the engine


class OrderState(IntEnum):
    PENDING_NEW = 1  # in the speed bump
    LIVE = 2  # on the book
    UNTRIGGERED = 3  # a stop that waits for the mark, a TWAP that waits for its next slice
    FILLED = 4
    CANCELLED = 5
    EXPIRED = 6
    REJECTED = 7


class Liquidity(IntEnum):
    NONE = 0
    MAKER = 1
    TAKER = 2


class TradeKind(IntEnum):
    """Rulebook section 14, last line."""

    NONE = 0
    NORMAL = 1
    LIQUIDATION = 2
    DLP_TRANSFER = 3
    ADL = 4
    SPLIT = 5
    FLATTEN = 6  # forced by a loss or drawdown limit


class Scope(IntEnum):
    """The node of the hierarchy that a session may act for, or that a mass cancel, a limit or a kill switch covers."""

    SESSION = 1
    ACCOUNT = 2
    TRADER = 3
    DESK = 4
    FIRM = 5
    VENUE = 6  # operator only
    BROKER = 7  # clearing broker: above firms, below the venue
    INSTRUMENT = 8  # KILL and REVIVE only


class SessionRight(IntFlag):
    TRADE = 1  # place and replace
    CANCEL = 2
    RISK = 4  # limits and kill switches at and below its node
    PRICES = 8  # the price oracle


class PartyStatus(IntEnum):
    ACTIVE = 1
    BLOCKED = 2  # may cancel only


class InstrumentState(IntEnum):
    ACTIVE = 1
    HALTED = 2
    CANCEL_ONLY = 3
    REDUCE_ONLY = 4
    DELISTED = 5


class VenueState(IntEnum):
    OPEN = 1
    CANCEL_ONLY = 2  # set by the sequencer when the journal runs out of space


class AssetClass(IntEnum):
    EQUITY = 1
    INDEX = 2
    COMMODITY = 3
    FX = 4
    PRECIOUS_METAL = 5


class InstrumentFlag(IntFlag):
    BUMP_MARKET = 1  # the speed bump also delays MARKET orders


class CodFlag(IntFlag):
    """Cancel on disconnect, chosen at logon (FIX 35002)."""

    ON_LOSS = 1
    ON_LOGOUT = 2
    ACCOUNT_SCOPE = 4  # every order that the session may act for, not only its own


class LogonFlag(IntFlag):
    SNAPSHOT = 1  # send ORDER_STATUS for each open order that the session may act for
    ACCOUNTS = 2  # send ACCOUNT_STATUS and POSITION_STATUS for each account that the session may act for


class DisconnectCause(IntEnum):
    LOSS = 1
    LOGOUT = 2


# ---- risk and money (docs/risk.md)


class LimitKind(IntEnum):
    """What a limit bounds; the order of the numbers is the order in which rows of one check are looked at."""

    ORDER_QUANTITY = 1  # quantity_e8 of one order
    ORDER_NOTIONAL = 2  # micro-USDC of one order
    PRICE_TOLERANCE = 3  # ppm of the mark, on the adverse side
    MESSAGE_AGE = 4  # ns since the sender's time
    OPEN_ORDERS = 5  # count
    OPEN_NOTIONAL = 6  # micro-USDC, unexecuted
    REPEATED_ORDERS = 7  # identical orders in a row within the venue's repeat window
    EXECUTIONS = 8  # fills within `parameter` ns
    ORDER_TO_TRADE = 9  # messages per fill of the business date; the first `parameter` messages are free
    POSITION = 10  # quantity_e8 in one instrument, working orders included
    GROSS_NOTIONAL = 11  # micro-USDC, working orders included
    NET_NOTIONAL = 12  # micro-USDC, working orders included
    CONCENTRATION = 13  # ppm of the instrument's open-interest cap
    DAILY_LOSS = 14  # micro-USDC since the business date began
    DRAWDOWN = 15  # micro-USDC below the peak; `parameter`: the floor stops rising there, 0 = never
    CREDIT = 16  # micro-USDC of initial margin; account level


class LimitTarget(IntEnum):
    ALL = 0
    INSTRUMENT = 1
    GROUP = 2  # product group of SET_INSTRUMENT_RISK


class LimitAction(IntEnum):
    """What a breach of DAILY_LOSS or DRAWDOWN does beyond the event."""

    LOCK = 0  # orders that increase exposure are refused
    CANCEL = 1  # and the node's open orders are cancelled
    FLATTEN = 2  # and its positions are closed


class LimitFlag(IntFlag):
    REMOVE = 1  # the row goes
    REALISED_ONLY = 2  # DAILY_LOSS, DRAWDOWN: cash alone, without unrealised profit and loss
    END_OF_DAY = 4  # DRAWDOWN: the peak moves at the business-date roll only


class NodeFlag(IntFlag):
    """The state word of a node; read by the checks."""

    KILLED = 1
    WINDOW_CLOSED = 2
    LOCKED = 4
    FLATTENING = 8


class AccountFlag(IntFlag):
    DLP = 1  # liquidity provider: takes over positions of liquidated accounts
    HOUSE = 2  # the venue's own: never liquidated


class VenueRiskFlag(IntFlag):
    MONEY = 1  # accounts have cash, orders need margin; once on, never off


class HouseAccount(IntEnum):
    """The venue's own ledger accounts: the counter-entry of every movement."""

    ACCOUNT = 0  # not a house account: the account of the header
    FEES = 1
    RESERVE = 2  # reserve fund; every residue of rounding goes here
    CLEARING = 3  # suspense: minus all profit realised, so minus the cost of all open positions
    IN_FLIGHT = 4  # withdrawals that were asked for and are not yet done
    BANK = 5  # the world outside: minus all that was ever paid in, plus what was paid out
    FUNDING = 6  # suspense of the funding settlement under way, 0 outside of one


class EntryKind(IntEnum):
    NONE = 0
    DEPOSIT = 1
    WITHDRAWAL = 2  # account to IN_FLIGHT
    WITHDRAWAL_RETURNED = 3
    WITHDRAWAL_DONE = 4  # IN_FLIGHT to BANK
    TRANSFER_OUT = 5
    TRANSFER_IN = 6
    FUNDING = 7
    LIQUIDATION_SWEEP = 8  # what was left of a liquidated account goes to the reserve
    LIQUIDATION_COVER = 9  # what was missing comes from the reserve
    DLP_FEE = 10
    ROUNDING = 11
    SPLIT = 12  # profit realised by a split
    DELISTING = 13  # profit realised by a delisting
    HOUSE = 14  # HOUSE_TRANSFER
    REWARD = 15  # HOUSE_TRANSFER from FEES to an account


class RiskSession(IntEnum):
    OPEN = 0
    OVERNIGHT = 1
    WEEKEND = 2


class IndexFormula(IntEnum):
    """How an instrument's raw index comes from feeds a and b."""

    FEED = 1  # a
    PRODUCT = 2  # a * b
    QUOTIENT = 3  # a / b: a price in a foreign currency over its rate per USD
    ROLL = 4  # (w * a + (10 - w) * b) / 10
    BASIS = 5  # official close + a - settlement of a at that close


class PriceSource(IntEnum):
    NONE = 0  # no price yet
    EXTERNAL = 1
    INTERNAL = 2  # the venue's own book, bounded
    MANUAL = 3  # an operator's price


class PositionChange(IntEnum):
    NONE = 0
    SPLIT = 1
    DELISTING = 2
    LEVERAGE = 3
    HOUSE = 4  # the house account takes the fractions of a split


class LiquidationStage(IntEnum):
    """A step of a liquidation, and where an account stands (NONE..ADL)."""

    NONE = 0
    CANCELLING = 1  # its open orders are being cancelled
    REDUCING = 2  # stage 1: slices to the book
    TAKEOVER = 3  # stage 2: liquidity providers take over
    ADL = 4  # stage 3: what nobody has taken over goes to ranked counterparties
    MARGIN_CALL = 10  # events only, from here
    MARGIN_RESTORED = 11
    SLICE = 12
    ENDED = 13
    DEFICIT = 14  # nobody is left to pay: the account stays below zero
