"""Every tag that the venue sends or understands, with its values in each version.

Standard tags keep their standard names, types and values; a value that a version's standard lacks is not used in that
version. Tags of ours are 20001 to 20057; 35002 and 35003 are an older convention for cancel on disconnect, taken over
with its meaning.
"""

from __future__ import annotations

from gateway.fix.rules.model import Field, Version, field

V42, V44, V50 = Version.FIX42, Version.FIX44, Version.FIX50SP2
_MULTIPLE = {V50: "MULTIPLECHARVALUE"}

SESSION_FIELDS = (
    field(7, "BeginSeqNo", "SEQNUM", "First message number asked for"),
    field(8, "BeginString", "STRING", "Version of the session protocol; always first"),
    field(9, "BodyLength", "LENGTH", "Bytes from after this field up to and with the delimiter before 10"),
    field(10, "CheckSum", "STRING", "Sum of all bytes before it modulo 256, three digits; always last"),
    field(16, "EndSeqNo", "SEQNUM", "Last message number asked for; 0 = everything from 7 on"),
    field(34, "MsgSeqNum", "SEQNUM", "Number of the message in its direction, from 1"),
    field(35, "MsgType", "STRING", "What the message is; always third"),
    field(36, "NewSeqNo", "SEQNUM", "Number of the next message"),
    field(43, "PossDupFlag", "BOOLEAN", "Y: a repetition of the message with this number", "Y YES\nN NO"),
    field(45, "RefSeqNum", "SEQNUM", "MsgSeqNum of the message that is answered"),
    field(49, "SenderCompID", "STRING", "Sender; agreed at onboarding"),
    field(50, "SenderSubID", "STRING", "Part of the session's identity when configured"),
    field(52, "SendingTime", "UTCTIMESTAMP", "When the bytes were sent; a repetition has a new one"),
    field(56, "TargetCompID", "STRING", "Addressee; the venue's when the participant sends"),
    field(57, "TargetSubID", "STRING", "Part of the session's identity when configured"),
    field(58, "Text", "STRING", "Begins with a stable constant, see the reason codes"),
    field(95, "RawDataLength", "LENGTH", "Bytes in 96"),
    field(96, "RawData", "DATA", "Logon: base64 of the Ed25519 signature"),
    field(97, "PossResend", "BOOLEAN", "Y: the content may have been sent under another number", "Y YES\nN NO"),
    field(98, "EncryptMethod", "INT", "No encryption inside FIX; the line has TLS", "0 NONE"),
    field(108, "HeartBtInt", "INT", "Seconds of silence before a Heartbeat; the participant chooses, 1 to 300"),
    field(112, "TestReqID", "STRING", "Echoed by the Heartbeat that answers"),
    field(115, "OnBehalfOfCompID", "STRING", "Comes back as 128"),
    field(116, "OnBehalfOfSubID", "STRING", "Comes back as 129"),
    field(122, "OrigSendingTime", "UTCTIMESTAMP", "SendingTime of the first transmission"),
    field(123, "GapFillFlag", "BOOLEAN", "Y: fills a gap; N or absent: resets", "Y YES\nN NO"),
    field(128, "DeliverToCompID", "STRING", "Comes back as 115"),
    field(129, "DeliverToSubID", "STRING", "Comes back as 116"),
    field(141, "ResetSeqNumFlag", "BOOLEAN", "Y: both sides begin at 1 again", "Y YES\nN NO"),
    field(142, "SenderLocationID", "STRING", "Part of the session's identity when configured"),
    field(143, "TargetLocationID", "STRING", "Part of the session's identity when configured"),
    field(144, "OnBehalfOfLocationID", "STRING", "Comes back as 145"),
    field(145, "DeliverToLocationID", "STRING", "Comes back as 144"),
    field(369, "LastMsgSeqNumProcessed", "SEQNUM", "Last number taken from the other side"),
    field(371, "RefTagID", "INT", "Tag that is wrong"),
    field(372, "RefMsgType", "STRING", "MsgType of the message that is answered"),
    field(
        373,
        "SessionRejectReason",
        "INT",
        "Why a message breaks the protocol",
        """
        0 INVALID_TAG_NUMBER The dictionary has no such tag
        1 REQUIRED_TAG_MISSING
        2 TAG_NOT_DEFINED_FOR_THIS_MESSAGE_TYPE
        3 UNDEFINED_TAG
        4 TAG_SPECIFIED_WITHOUT_A_VALUE
        5 VALUE_IS_INCORRECT Not in the enumeration or out of range
        6 INCORRECT_DATA_FORMAT_FOR_VALUE
        7 DECRYPTION_PROBLEM Never sent by the venue
        8 SIGNATURE_PROBLEM Never sent by the venue
        9 COMP_ID_PROBLEM Logout follows
        10 SENDING_TIME_ACCURACY_PROBLEM Logout follows
        11 INVALID_MSG_TYPE FIX has no such message
        12 XML_VALIDATION_ERROR @44+ Never sent by the venue
        13 TAG_APPEARS_MORE_THAN_ONCE @44+
        14 TAG_SPECIFIED_OUT_OF_REQUIRED_ORDER @44+
        15 REPEATING_GROUP_FIELDS_OUT_OF_ORDER @44+
        16 INCORRECT_NUM_IN_GROUP_COUNT_FOR_REPEATING_GROUP @44+
        17 NON_DATA_VALUE_INCLUDES_FIELD_DELIMITER @44+
        18 INVALID_UNSUPPORTED_APPLICATION_VERSION @50
        99 OTHER @44+
        """,
    ),
    field(
        383,
        "MaxMessageSize",
        "LENGTH",
        "Largest message that the sender takes; the venue sends none above 4096",
    ),
    field(553, "Username", "STRING", "Login name of the session"),
    field(554, "Password", "STRING", "Password of the session; use it over TLS only"),
    field(789, "NextExpectedMsgSeqNum", "SEQNUM", "Number that the sender expects next: replaces ResendRequest"),
    field(925, "NewPassword", "STRING", "Password to be set"),
    field(1128, "ApplVerID", "STRING", "Application version of this message; only 9 is spoken", "9 FIX50_SP2"),
    field(1137, "DefaultApplVerID", "STRING", "Application version of the session", "9 FIX50_SP2"),
    field(
        1409,
        "SessionStatus",
        "INT",
        "State of the session at its end",
        """
        0 SESSION_ACTIVE
        1 SESSION_PASSWORD_CHANGED
        2 SESSION_PASSWORD_DUE_TO_EXPIRE
        3 NEW_SESSION_PASSWORD_DOES_NOT_COMPLY_WITH_POLICY
        4 SESSION_LOGOUT_COMPLETE
        5 INVALID_USERNAME_OR_PASSWORD
        6 ACCOUNT_LOCKED Too many failed logons, or an address that is not allowed
        7 LOGONS_ARE_NOT_ALLOWED_AT_THIS_TIME
        8 PASSWORD_EXPIRED
        9 RECEIVED_MSG_SEQ_NUM_TOO_LOW
        10 RECEIVED_NEXT_EXPECTED_MSG_SEQ_NUM_TOO_HIGH
        """,
    ),
    field(1610, "NoThrottles", "NUMINGROUP", "Message rates of the session"),
    field(
        1611,
        "ThrottleAction",
        "INT",
        "What happens above the rate",
        "2 REJECT Each message above is refused\n3 DISCONNECT Logout, then cancel on disconnect as chosen",
    ),
    field(1612, "ThrottleType", "INT", "What is counted", "0 INBOUND_RATE Application messages of the participant"),
    field(1613, "ThrottleNoMsgs", "INT", "Messages within the interval"),
    field(1614, "ThrottleTimeInterval", "INT", "Length of the interval in units of 1615"),
    field(1615, "ThrottleTimeUnit", "INT", "Unit of 1614", "0 SECONDS"),
    field(
        35002,
        "CancelOnDisconnectType",
        "INT",
        "When the venue cancels open orders of the session",
        """
        0 NEVER
        1 ON_DISCONNECT The connection is lost, or silent for two heartbeat intervals
        2 ON_LOGOUT
        3 ON_DISCONNECT_OR_LOGOUT
        """,
    ),
    field(
        35003,
        "CODTimeoutWindow",
        "INT",
        "Milliseconds before the cancel; left out = at once, 0 is refused",
    ),
    field(
        20010,
        "CancelOnDisconnectScope",
        "INT",
        "Which orders cancel on disconnect covers",
        "1 SESSION Entered by this session\n2 NODE Of every account the session acts for, whoever entered them",
    ),
    field(
        20011, "OpenOrderSnapshot", "BOOLEAN", "Y: every open order is reported after the logon, then UL", "Y YES\nN NO"
    ),
    field(
        20012,
        "TimestampPrecision",
        "INT",
        "Decimals of the seconds in the venue's timestamps",
        "3 MILLISECONDS\n6 MICROSECONDS Default\n9 NANOSECONDS",
    ),
    field(
        20013,
        "UserTags",
        "BOOLEAN",
        "N: the venue sends no tag of 20000 to 39999 on this connection",
        "Y YES\nN NO",
    ),
)

ORDER_FIELDS = (
    field(1, "Account", "STRING", "Name of the account"),
    field(
        6,
        "AvgPx",
        "PRICE",
        "Average price of the fills, in the report of a fill that was the only one; else 0: use 31 and 32",
    ),
    field(11, "ClOrdID", "STRING", "The participant's id: at most 36 printable characters without spaces"),
    field(14, "CumQty", "QTY", "Filled so far"),
    field(15, "Currency", "CURRENCY", "USDC in the venue's messages; without effect in orders"),
    field(17, "ExecID", "STRING", "`seq-index` of the event: unique for ever, the same in every feed and file"),
    field(
        18,
        "ExecInst",
        "MULTIPLEVALUESTRING",
        "Instructions, separated by spaces",
        """
        6 PARTICIPATE_DO_NOT_INITIATE Post-only: refused when it would trade on arrival, never repriced
        A NO_CROSS The same as 6
        E DO_NOT_INCREASE Reduce-only
        """,
        types=_MULTIPLE,
    ),
    field(20, "ExecTransType", "CHAR", "Kind of report", "0 NEW @42\n3 STATUS @42 Answer to a status request"),
    field(
        21,
        "HandlInst",
        "CHAR",
        "Accepted and without effect: every order is handled automatically",
        "1 AUTOMATED_EXECUTION_NO_INTERVENTION\n2 AUTOMATED_EXECUTION_INTERVENTION_OK\n3 MANUAL_ORDER",
    ),
    field(22, "SecurityIDSource", "STRING", "Meaning of 48", "8 EXCHANGE_SYMBOL", names={V42: "IDSource"}),
    field(31, "LastPx", "PRICE", "Price of this fill"),
    field(32, "LastQty", "QTY", "Quantity of this fill", names={V42: "LastShares"}),
    field(37, "OrderID", "STRING", "The venue's id of the order, digits; NONE when there is no order"),
    field(38, "OrderQty", "QTY", "Total quantity, what was filled included; a multiple of the lot"),
    field(
        39,
        "OrdStatus",
        "CHAR",
        "State of the order after the event",
        """
        0 NEW
        1 PARTIALLY_FILLED
        2 FILLED
        4 CANCELED
        5 REPLACED @42 Replaced and not filled yet
        8 REJECTED
        A PENDING_NEW In the speed bump
        C EXPIRED
        E PENDING_REPLACE The change waits in the speed bump
        """,
    ),
    field(
        40,
        "OrdType",
        "CHAR",
        "Order type",
        """
        1 MARKET With 59=3 or 4 only
        2 LIMIT
        3 STOP Stop-loss: a reduce-only market order once the mark price passes 99
        J MARKET_IF_TOUCHED Take-profit: likewise on the other side; standard from 4.4 on, offered in 4.2 too
        """,
    ),
    field(41, "OrigClOrdID", "STRING", "11 of the order as it was before this request"),
    field(44, "Price", "PRICE", "Limit; a multiple of the tick"),
    field(
        47,
        "Rule80A",
        "CHAR",
        "Accepted and without effect",
        "A AGENCY_SINGLE_ORDER\nI INDIVIDUAL_INVESTOR\nP PRINCIPAL",
    ),
    field(48, "SecurityID", "STRING", "Number of the instrument; accepted in orders and without effect there"),
    field(54, "Side", "CHAR", "Side of the order", "1 BUY\n2 SELL"),
    field(55, "Symbol", "STRING", "Name of the instrument, such as AAPL-USD"),
    field(
        59,
        "TimeInForce",
        "CHAR",
        "How long the order stays; left out means 0",
        """
        0 DAY Until the business date ends
        1 GOOD_TILL_CANCEL
        3 IMMEDIATE_OR_CANCEL
        4 FILL_OR_KILL
        6 GOOD_TILL_DATE Until 126
        """,
    ),
    field(60, "TransactTime", "UTCTIMESTAMP", "Request: the participant's time. Report: the venue's, of the event"),
    field(
        77,
        "PositionEffect",
        "CHAR",
        "C: reduce-only, as 18=E",
        "C CLOSE",
        names={V42: "OpenClose"},
    ),
    field(99, "StopPx", "PRICE", "Trigger of 40=3 and 40=J, compared with the mark price; a multiple of the tick"),
    field(100, "ExDestination", "EXCHANGE", "Accepted and without effect"),
    field(
        102,
        "CxlRejReason",
        "INT",
        "Why a cancel or change was refused; 20001 is exact",
        """
        0 TOO_LATE_TO_CANCEL
        1 UNKNOWN_ORDER
        2 BROKER_CREDIT @42
        6 DUPLICATE_CL_ORD_ID @44+
        8 PRICE_EXCEEDS_CURRENT_PRICE_BAND @50
        18 INVALID_PRICE_INCREMENT @50
        99 OTHER @44+
        """,
    ),
    field(
        103,
        "OrdRejReason",
        "INT",
        "Why an order was refused; 20001 is exact",
        """
        0 BROKER_CREDIT @42
        1 UNKNOWN_SYMBOL
        2 EXCHANGE_CLOSED
        3 ORDER_EXCEEDS_LIMIT
        5 UNKNOWN_ORDER
        6 DUPLICATE_ORDER
        11 UNSUPPORTED_ORDER_CHARACTERISTIC @44+
        13 INCORRECT_QUANTITY @44+
        16 PRICE_EXCEEDS_CURRENT_PRICE_BAND @50
        18 INVALID_PRICE_INCREMENT @50
        19 REFERENCE_PRICE_NOT_AVAILABLE @50
        99 OTHER @44+
        """,
    ),
    field(110, "MinQty", "QTY", "Least quantity of the first execution, else cancelled; with 59=3 only"),
    field(111, "MaxFloor", "QTY", "Quantity shown on the book"),
    field(126, "ExpireTime", "UTCTIMESTAMP", "End of an order with 59=6"),
    field(136, "NoMiscFees", "NUMINGROUP", "Fees of this fill"),
    field(137, "MiscFeeAmt", "AMT", "Signed: positive is charged, negative is a rebate"),
    field(138, "MiscFeeCurr", "CURRENCY", "Always USDC"),
    field(139, "MiscFeeType", "STRING", "Kind of fee", "4 EXCHANGE_FEES", types={V42: "CHAR"}),
    field(
        150,
        "ExecType",
        "CHAR",
        "What happened",
        """
        0 NEW On the book, or a stop that waits
        1 PARTIAL_FILL @42
        2 FILL @42
        4 CANCELED
        5 REPLACED
        8 REJECTED
        A PENDING_NEW Accepted, waits in the speed bump
        C EXPIRED
        D RESTATED Changed by the venue: 378 and 58 say why
        E PENDING_REPLACE The change is accepted and waits in the speed bump
        F TRADE @44+ A fill, partial or whole
        I ORDER_STATUS @44+ Nothing happened: a status that was asked for
        L TRIGGERED_OR_ACTIVATED_BY_SYSTEM @50 A stop was triggered
        """,
    ),
    field(151, "LeavesQty", "QTY", "Still open; 0 once the order is gone"),
    field(167, "SecurityType", "STRING", "Kind of instrument", "FUT FUTURE Perpetual future"),
    field(207, "SecurityExchange", "EXCHANGE", "Accepted and without effect"),
    field(336, "TradingSessionID", "STRING", "PERPGATE in the venue's messages; without effect in orders"),
    field(
        378,
        "ExecRestatementReason",
        "INT",
        "Why the venue changed or cancelled an order unasked; 20001 is exact",
        """
        4 BROKER_OPTION @42
        5 PARTIAL_DECLINE_OF_ORDER_QTY
        6 CANCEL_ON_TRADING_HALT @44+
        8 MARKET @44+ By the venue's operator or one of its limits
        12 CANCEL_ON_CONNECTION_LOSS @50 Cancel on disconnect
        17 CXLD_SMP @50 Self-trade prevention
        99 OTHER @44+
        """,
    ),
    field(386, "NoTradingSessions", "NUMINGROUP", "Accepted and without effect: trading never closes"),
    field(
        434,
        "CxlRejResponseTo",
        "CHAR",
        "What was refused",
        "1 ORDER_CANCEL_REQUEST\n2 ORDER_CANCEL_REPLACE_REQUEST",
    ),
    field(447, "PartyIDSource", "CHAR", "Accepted and without effect"),
    field(448, "PartyID", "STRING", "Accepted and without effect"),
    field(452, "PartyRole", "INT", "Accepted and without effect"),
    field(453, "NoPartyIDs", "NUMINGROUP", "Accepted and without effect: the session says who trades"),
    field(
        528,
        "OrderCapacity",
        "CHAR",
        "Accepted and without effect",
        "A AGENCY\nG PROPRIETARY\nI INDIVIDUAL\nP PRINCIPAL\nR RISKLESS_PRINCIPAL\nW AGENT_FOR_OTHER_MEMBER",
    ),
    field(636, "WorkingIndicator", "BOOLEAN", "N: not on the book (speed bump, or a stop that waits)", "Y YES\nN NO"),
    field(704, "LongQty", "QTY", "Position of the account after the fill when it is long or flat"),
    field(705, "ShortQty", "QTY", "Position of the account after the fill when it is short, without sign"),
    field(
        828,
        "TrdType",
        "INT",
        "Sent when the fill is no normal trade, with 830",
        "0 REGULAR_TRADE On the book\n3 TRANSFER Off the book",
    ),
    field(
        830,
        "TransferReason",
        "STRING",
        "What made the fill",
        """
        LIQ LIQUIDATION
        DLP LIQUIDITY_PROVIDER_TRANSFER Position given to a liquidity provider at the mark
        ADL AUTO_DELEVERAGING
        SPLIT CORPORATE_ACTION
        """,
    ),
    field(851, "LastLiquidityInd", "INT", "Who gave liquidity", "1 ADDED_LIQUIDITY Maker\n2 REMOVED_LIQUIDITY Taker"),
    field(880, "TrdMatchID", "STRING", "Id of the trade: the same on both sides"),
    field(891, "MiscFeeBasis", "INT", "137 is a sum of money", "0 ABSOLUTE"),
    field(1057, "AggressorIndicator", "BOOLEAN", "Y: this order was the taker", "Y YES\nN NO"),
    field(1138, "DisplayQty", "QTY", "Quantity shown on the book"),
    field(2362, "SelfMatchPreventionID", "STRING", "Self-trade prevention group, digits; left out = the account's own"),
    field(
        2964,
        "SelfMatchPreventionInstruction",
        "INT",
        "What is cancelled instead of a trade with oneself; the aggressor's decides, left out = the account's own",
        """
        1 CANCEL_AGGRESSIVE
        2 CANCEL_PASSIVE
        3 CANCEL_AGGRESSIVE_PASSIVE
        4 DECREMENT Both lose the smaller quantity; ours, not in the standard
        """,
    ),
    field(20001, "VenueReasonCode", "INT", "Number of the reason; its name begins 58"),
    field(20002, "EventID", "STRING", "`seq-index` of the event where there is no 17, or 17 is 0"),
    field(20003, "ContraOrderID", "STRING", "Self-trade prevention: 37 of the other own order"),
    field(20004, "RealisedPnL", "AMT", "Profit realised by the fill in USDC; left out when 0"),
    field(20005, "RetryAfterMs", "INT", "RATE_LIMITED: milliseconds until the same message would pass"),
    field(20030, "TakeProfitPx", "PRICE", "Attached take-profit: its trigger. Not served yet: INVALID_ORDER_TYPE"),
    field(20031, "StopLossPx", "PRICE", "Attached stop-loss: its trigger. Not served yet: INVALID_ORDER_TYPE"),
)

_QUOTE_REASONS = """
    1 UNKNOWN_SYMBOL
    2 EXCHANGE_CLOSED
    3 QUOTE_EXCEEDS_LIMIT
    5 UNKNOWN_QUOTE
    6 DUPLICATE_QUOTE
    7 INVALID_BID_ASK_SPREAD
    8 INVALID_PRICE
    9 NOT_AUTHORIZED_TO_QUOTE_SECURITY
    99 OTHER @44+
    """

BULK_FIELDS = (
    field(117, "QuoteID", "STRING", "The participant's id of the quote message, at most 36 characters"),
    field(131, "QuoteReqID", "STRING", "Echoed"),
    field(132, "BidPx", "PRICE", "Price of the buying side; left out = no such side"),
    field(133, "OfferPx", "PRICE", "Price of the selling side; left out = no such side"),
    field(134, "BidSize", "QTY", "Quantity of the buying side"),
    field(135, "OfferSize", "QTY", "Quantity of the selling side"),
    field(295, "NoQuoteEntries", "NUMINGROUP", "Quotes of a set"),
    field(296, "NoQuoteSets", "NUMINGROUP", "Quote sets"),
    field(
        297,
        "QuoteStatus",
        "INT",
        "State of the quotes",
        """
        0 ACCEPTED
        1 CANCEL_FOR_SYMBOL
        4 CANCELED_ALL
        5 REJECTED
        6 REMOVED_FROM_MARKET By market-maker protection or the venue
        """,
    ),
    field(
        298,
        "QuoteCancelType",
        "INT",
        "Which quotes to cancel",
        "1 CANCEL_FOR_ONE_OR_MORE_SECURITIES Of the symbols in 295\n4 CANCEL_ALL_QUOTES",
    ),
    field(299, "QuoteEntryID", "STRING", "The participant's id of one quote"),
    field(300, "QuoteRejectReason", "INT", "Why the message was refused", _QUOTE_REASONS),
    field(
        301,
        "QuoteResponseLevel",
        "INT",
        "Which answers are wanted",
        """
        0 NO_ACKNOWLEDGEMENT
        1 ACKNOWLEDGE_ONLY_NEGATIVE_OR_ERRONEOUS_QUOTES
        2 ACKNOWLEDGE_EACH_QUOTE_MESSAGE Default
        """,
    ),
    field(302, "QuoteSetID", "STRING", "The participant's id of the set"),
    field(304, "TotNoQuoteEntries", "INT", "Quotes of the set in all messages", names={V42: "TotQuoteEntries"}),
    field(311, "UnderlyingSymbol", "STRING", "Accepted and without effect"),
    field(368, "QuoteEntryRejectReason", "INT", "Why a quote was refused; 20001 is exact", _QUOTE_REASONS),
    field(
        530,
        "MassCancelRequestType",
        "CHAR",
        "Which orders to cancel",
        "1 CANCEL_ORDERS_FOR_A_SECURITY Of 55\n7 CANCEL_ALL_ORDERS Stops included",
    ),
    field(
        531,
        "MassCancelResponse",
        "CHAR",
        "What was done",
        "0 CANCEL_REQUEST_REJECTED 532 and 20001 say why\n1 CANCEL_ORDERS_FOR_A_SECURITY\n7 CANCEL_ALL_ORDERS",
    ),
    field(
        532,
        "MassCancelRejectReason",
        "INT",
        "Why a mass cancel was refused; 20001 is exact",
        "0 MASS_CANCEL_NOT_SUPPORTED\n1 INVALID_OR_UNKNOWN_SECURITY\n99 OTHER",
    ),
    field(533, "TotalAffectedOrders", "INT", "Orders cancelled; each has its own report"),
    field(584, "MassStatusReqID", "STRING", "The participant's id of the request, echoed"),
    field(
        585,
        "MassStatusReqType",
        "INT",
        "Which orders to report",
        "1 STATUS_FOR_ORDERS_FOR_A_SECURITY Of 55\n7 STATUS_FOR_ALL_ORDERS",
    ),
    field(649, "QuoteStatusReqID", "STRING", "Id of a status request"),
    field(790, "OrdStatusReqID", "STRING", "The participant's id of the request, echoed"),
    field(911, "TotNumReports", "INT", "Reports that answer the request"),
    field(912, "LastRptRequested", "BOOLEAN", "Y: the last report of the answer", "Y YES\nN NO"),
    field(1369, "MassActionReportID", "STRING", "`seq-index` of the event"),
    field(1373, "MassActionType", "INT", "What to do", "3 CANCEL_ORDERS"),
    field(
        1374,
        "MassActionScope",
        "INT",
        "With which orders",
        "1 ALL_ORDERS_FOR_A_SECURITY Of 55\n7 ALL_ORDERS",
    ),
    field(1375, "MassActionResponse", "INT", "What was done", "0 REJECTED 1376 and 20001 say why\n2 COMPLETED"),
    field(
        1376,
        "MassActionRejectReason",
        "INT",
        "Why a mass action was refused; 20001 is exact",
        "0 MASS_ACTION_NOT_SUPPORTED\n1 INVALID_OR_UNKNOWN_SECURITY\n99 OTHER",
    ),
    field(
        20020,
        "MassCancelScope",
        "INT",
        "Whose orders; left out: 2 when 1 is given, else everything that the session acts for",
        "1 SESSION\n2 ACCOUNT Of 1\n3 TRADER\n4 DESK\n5 FIRM\n7 BROKER",
    ),
    field(20021, "MassCancelTarget", "STRING", "Name of the trader, desk or firm; left out = the session's own"),
    field(20050, "MMPWindowMs", "INT", "Rolling window in milliseconds"),
    field(20051, "MMPQuantityLimit", "QTY", "Quantity filled within the window that trips; left out = none"),
    field(20052, "MMPDeltaLimit", "AMT", "Net notional filled within the window that trips, USDC; left out = none"),
    field(20053, "MMPFillCountLimit", "INT", "Fills within the window that trip; left out = none"),
    field(20054, "MMPFreezeMs", "INT", "Time without quotes after it tripped; 0 = until a reset"),
    field(20055, "MMPAction", "INT", "What to do", "1 SET\n2 RESET\n3 QUERY"),
    field(
        20056,
        "MMPStatus",
        "INT",
        "State of the protection",
        "1 ACTIVE\n2 TRIPPED Quotes are cancelled and refused\n3 REFUSED The request was, see 20001\n4 OFF",
    ),
    field(20057, "MMPRequestID", "STRING", "The participant's id of the request, echoed"),
)

MARKET_FIELDS = (
    field(33, "NoLinesOfText", "NUMINGROUP", "Lines of the text", names={V42: "LinesOfText"}),
    field(42, "OrigTime", "UTCTIMESTAMP", "When the news was written"),
    field(61, "Urgency", "CHAR", "Urgency of the news", "0 NORMAL\n1 FLASH\n2 BACKGROUND"),
    field(107, "SecurityDesc", "STRING", "Description of the instrument"),
    field(146, "NoRelatedSym", "NUMINGROUP", "Instruments"),
    field(148, "Headline", "STRING", "Headline of the news"),
    field(
        263,
        "SubscriptionRequestType",
        "CHAR",
        "Answer once, or keep reporting changes",
        "0 SNAPSHOT\n1 SNAPSHOT_AND_UPDATES\n2 DISABLE_PREVIOUS_SNAPSHOT",
    ),
    field(320, "SecurityReqID", "STRING", "The participant's id of the request, echoed"),
    field(322, "SecurityResponseID", "STRING", "The venue's id of the answer"),
    field(324, "SecurityStatusReqID", "STRING", "The participant's id of the request, echoed"),
    field(325, "UnsolicitedIndicator", "BOOLEAN", "Y: an update", "Y YES\nN NO"),
    field(
        326,
        "SecurityTradingStatus",
        "INT",
        "State of trading; 20043 is exact",
        """
        2 TRADING_HALT Also when only cancels are taken
        17 READY_TO_TRADE
        18 NOT_AVAILABLE_FOR_TRADING Delisted
        """,
    ),
    field(335, "TradSesReqID", "STRING", "The participant's id of the request, echoed"),
    field(
        340,
        "TradSesStatus",
        "INT",
        "State of the venue; 20044 is exact",
        "1 HALTED Takes cancels only\n2 OPEN",
    ),
    field(
        379,
        "BusinessRejectRefID",
        "STRING",
        "Id of the message that is answered: its 11, 117, 320, 324, 335, 584, 923 or 20057",
    ),
    field(
        380,
        "BusinessRejectReason",
        "INT",
        "Why a message cannot be served",
        """
        0 OTHER
        1 UNKNOWN_ID
        2 UNKNOWN_SECURITY
        3 UNSUPPORTED_MESSAGE_TYPE FIX knows it, the venue does not take it
        4 APPLICATION_NOT_AVAILABLE
        5 CONDITIONALLY_REQUIRED_FIELD_MISSING
        6 NOT_AUTHORIZED @44+
        8 THROTTLE_LIMIT_EXCEEDED @50
        9 THROTTLE_LIMIT_EXCEEDED_SESSION_DISCONNECTED @50
        """,
    ),
    field(
        393, "TotNoRelatedSym", "INT", "Instruments in all messages of the answer", names={V42: "TotalNumSecurities"}
    ),
    field(
        460,
        "Product",
        "INT",
        "Asset class",
        "2 COMMODITY Metals included\n4 CURRENCY\n5 EQUITY\n7 INDEX",
    ),
    field(
        559,
        "SecurityListRequestType",
        "INT",
        "Which instruments",
        "0 SYMBOL Of 55\n4 ALL_SECURITIES",
    ),
    field(
        560,
        "SecurityRequestResult",
        "INT",
        "Outcome of the request",
        "0 VALID_REQUEST\n1 INVALID_OR_UNSUPPORTED_REQUEST\n2 NO_INSTRUMENTS_FOUND",
    ),
    field(561, "RoundLot", "QTY", "Lot: step of quantities"),
    field(562, "MinTradeVol", "QTY", "Least quantity of an order"),
    field(893, "LastFragment", "BOOLEAN", "Y: the last message of the answer", "Y YES\nN NO"),
    field(923, "UserRequestID", "STRING", "The participant's id of the request, echoed"),
    field(
        924,
        "UserRequestType",
        "INT",
        "What is asked",
        "3 CHANGE_PASSWORD_FOR_USER From 554 to 925\n4 REQUEST_INDIVIDUAL_USER_STATUS",
    ),
    field(
        926,
        "UserStatus",
        "INT",
        "Outcome",
        """
        1 LOGGED_IN
        2 NOT_LOGGED_IN
        3 USER_NOT_RECOGNISED
        4 PASSWORD_INCORRECT
        5 PASSWORD_CHANGED
        6 OTHER 927 says why
        """,
    ),
    field(927, "UserStatusText", "STRING", "Outcome in words"),
    field(965, "SecurityStatus", "STRING", "Whether orders can be accepted at all", "1 ACTIVE\n2 INACTIVE"),
    field(969, "MinPriceIncrement", "FLOAT", "Tick: step of prices"),
    field(1140, "MaxTradeVol", "QTY", "Largest quantity of an order"),
    field(1148, "LowLimitPrice", "PRICE", "Lowest price of an order"),
    field(1149, "HighLimitPrice", "PRICE", "Highest price of an order"),
    field(1472, "NewsID", "STRING", "Id of the news"),
    field(20040, "SpeedBumpMs", "INT", "Delay of LIMIT orders and their changes in milliseconds; 0 = none"),
    field(20041, "PriceBandPpm", "INT", "Price band around the mark in parts per million; 0 = none"),
    field(20042, "MinNotional", "AMT", "Least value of an order in USDC, except for orders that only reduce"),
    field(
        20043,
        "InstrumentState",
        "INT",
        "State of the instrument",
        "1 ACTIVE\n2 HALTED\n3 CANCEL_ONLY\n4 REDUCE_ONLY\n5 DELISTED",
    ),
    field(20044, "VenueState", "INT", "State of the venue", "1 OPEN\n2 CANCEL_ONLY"),
)

FIELDS: dict[int, Field] = {
    f.tag: f for f in sorted(SESSION_FIELDS + ORDER_FIELDS + BULK_FIELDS + MARKET_FIELDS, key=lambda f: f.tag)
}
