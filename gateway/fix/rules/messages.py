"""Every message, member by member, with what each version requires.

Required follows the standard of each version, so that a stock configuration fits, with these differences: 41 may be
left out when 37 is given, and quantities and prices are required by the order type (a missing one is 35=j 380=5).
"""

from __future__ import annotations

from gateway.fix.rules.model import Member, Message, Version, Way, members_of, message

HEADER: tuple[Member, ...] = members_of("""
    8     Y
    9     Y
    35    Y
    1128  N@50   per message, only 9
    49    Y
    56    Y
    115   N      comes back as 128
    128   N      comes back as 115
    34    Y
    50    N
    142   N
    57    N
    143   N
    116   N
    144   N
    129   N
    145   N
    43    N
    97    N      Y with an 11 that is known: the message is not executed again
    52    Y
    122   C      with 43=Y
    369   N
""")
TRAILER: tuple[Member, ...] = members_of("10 Y")

_IGNORED = """
    15    N
    22    N
    48    N
    47    N@42
    58    N
    100   N
    167   N
    207   N
    386   N
        336   Y
    453   N@44+
        448   N
        447   N
        452   N
    528   N@44+
"""
_SCOPE = """
    1     C      20020=2
    20020 N
    20021 N
"""

SESSION_MESSAGES = (
    message(
        "A",
        "Logon",
        Way.BOTH,
        "Opens the session. The venue's answer says what is in force.",
        """
        98    Y
        108   Y
        95    C      with 96
        96    C      signature logon: base64 Ed25519 signature over the values of 35, 49, 56, 34 and 52 joined by SOH
        141   N
        789   N
        383   N
        553   C      password logon
        554   C      password logon
        1137  Y@50
        35002 N      default 3, or what the session is configured with; the answer tells
        35003 N
        20010 N      default 1
        20011 N      participant only
        20012 N      default 6
        20013 N      default Y
        1610  N      venue only
            1611  N
            1612  N
            1613  N
            1614  N
            1615  N
        58    N      venue only
        """,
        session=True,
    ),
    message("0", "Heartbeat", Way.BOTH, "Sent after 108 seconds of silence.", "112 C to a TestRequest", session=True),
    message("1", "TestRequest", Way.BOTH, "Is the other side there?", "112 Y", session=True),
    message(
        "2",
        "ResendRequest",
        Way.BOTH,
        "Asks for messages again. The venue repeats application messages and fills administrative runs.",
        "7 Y\n16 Y",
        session=True,
    ),
    message(
        "3",
        "Reject",
        Way.BOTH,
        "A message broke the protocol. It was counted and not processed.",
        """
        45    Y
        371   N
        372   N
        373   N      4.2: left out for values that 4.2 does not have
        58    N
        """,
        session=True,
    ),
    message("4", "SequenceReset", Way.BOTH, "Fills a gap (123=Y), or resets numbers.", "123 N\n36 Y", session=True),
    message(
        "5",
        "Logout",
        Way.BOTH,
        "Ends the session; always answered. 58 says why when the venue begins.",
        "58 N\n1409 N@50 participant only",
        session=True,
    ),
)

ORDER_MESSAGES = (
    message(
        "D",
        "NewOrderSingle",
        Way.IN,
        "A new order. Answered by 35=8 with 150=A, 0 or 8.",
        """
        11    Y      unique among the account's open orders
        1     C      unless the session acts for one account only
        21    Y@42/N
        55    Y
        54    Y
        60    Y
        40    Y
        38    C      always
        44    C      40=2
        99    C      40=3, 40=J
        59    N      left out = 0; required with 40=1
        126   C      59=6
        18    N
        77    N
        110   N
        111   N
        1138  N@50   the same as 111, which is accepted too
        2362  N
        2964  N
        20030 N
        20031 N
        """
        + _IGNORED.replace("\n    ", "\n        "),
    ),
    message(
        "F",
        "OrderCancelRequest",
        Way.IN,
        "Cancels one order. Answered by 35=8 with 150=4, or 35=9.",
        """
        11    Y      id of this request
        41    C      unless 37
        37    C      unless 41; 37 decides when both are there
        1     C      unless the session acts for one account only
        55    Y      must be the order's
        54    Y      must be the order's
        60    Y
        38    N      without effect
        48    N
        22    N
        58    N
        """,
    ),
    message(
        "G",
        "OrderCancelReplaceRequest",
        Way.IN,
        "Changes price, quantity, trigger or attached prices of an order; all else of it stays. "
        "Answered by 35=8 with 150=E or 5, or by 35=9.",
        """
        11    Y      id of the order afterwards
        41    C      unless 37
        37    C      unless 41; 37 decides when both are there
        1     C      unless the session acts for one account only
        21    Y@42/N
        55    Y      must be the order's
        54    Y      must be the order's
        60    Y
        40    Y      must be the order's
        38    C      always: the new total, what was filled included
        44    C      40=2
        99    C      40=3, 40=J
        59    N      without effect
        126   N      without effect
        18    N      without effect
        77    N      without effect
        110   N      without effect
        111   N      without effect
        1138  N@50   without effect
        20030 N
        20031 N
        """
        + _IGNORED.replace("\n    ", "\n        "),
    ),
    message(
        "H",
        "OrderStatusRequest",
        Way.IN,
        "Asks for the state of one order. Answered by 35=8 with 150=I (4.2: 20=3); 39=8 when there is no such order.",
        """
        37    C      unless 11; 37 decides when both are there
        11    C      unless 37: the order's id
        790   N@44+
        1     C      unless the session acts for one account only
        55    Y
        54    Y
        48    N
        22    N
        """,
    ),
    message(
        "AF",
        "OrderMassStatusRequest",
        Way.IN,
        "Asks for every open order. Answered by 35=8 with 150=I (4.2: 20=3) each, the last with 912=Y; "
        "by 35=UL when there is none.",
        """
        584   Y
        585   Y
        1     N      of this account only
        55    C      585=1
        54    N      of this side only
        """,
        since="44",
    ),
    message(
        "q",
        "OrderMassCancelRequest",
        Way.IN,
        "Cancels many orders. Each has its 35=8 with 150=4; then 35=r with the count.",
        """
        11    Y
        530   Y
        55    C      530=1
        54    N      of this side only
        60    Y
        """
        + _SCOPE.replace("\n    ", "\n        "),
        since="44",
    ),
    message(
        "CA",
        "OrderMassActionRequest",
        Way.IN,
        "As OrderMassCancelRequest; answered by 35=BZ.",
        """
        11    Y
        1373  Y
        1374  Y
        55    C      1374=1
        54    N      of this side only
        60    Y
        """
        + _SCOPE.replace("\n    ", "\n        "),
        since="50",
        only="50",
    ),
    message(
        "8",
        "ExecutionReport",
        Way.OUT,
        "Everything that happens to an order, asked for or not.",
        """
        37    Y
        11    N      the order's id, or that of the request which is answered
        41    C      150=5, E; 150=4 that answers 35=F
        17    Y      0 with 150=I (4.2: 20=3)
        20    Y@42
        150   Y
        39    Y
        103   C      39=8
        378   C      150=D; 150=4 unasked
        1     N
        55    Y
        54    Y
        38    N
        40    N
        44    C      40=2
        99    C      40=3, 40=J
        59    N
        18    N
        111   N@42-44
        1138  N@50
        32    C      a fill
        31    C      a fill
        151   Y
        14    Y
        6     Y@42-44/N
        60    N
        636   C      N in the speed bump and for a stop that waits; left out = Y
        851   C      a fill
        1057  C@50   a fill
        880   C      a fill
        136   C      a fill
            137   Y
            138   N
            139   Y
            891   N@44+
        704   C      a fill: this or 705
        705   C      a fill: this or 704
        828   C      a fill that is no normal trade
        830   C      a fill that is no normal trade
        790   N@44+
        584   N
        911   N
        912   N
        15    N
        58    N
        20001 N
        20002 C      17=0
        20003 C      reason CANCELLED_STP of a resting order
        20004 C      a fill that realised something
        20005 C      reason RATE_LIMITED
        """,
    ),
    message(
        "9",
        "OrderCancelReject",
        Way.OUT,
        "A cancel or change was refused; the order, if there is one, stays as 39 says.",
        """
        37    Y      NONE when no order was found
        11    Y
        41    Y@42-44/C  NONE in 4.2 and 4.4 when no order was found and none was named
        39    Y      8 when no order was found
        1     N
        434   Y
        102   N
        60    N
        58    N
        20001 N
        20002 N
        20005 C      reason RATE_LIMITED
        """,
    ),
    message(
        "r",
        "OrderMassCancelReport",
        Way.OUT,
        "End of a mass cancel, or its refusal. Without 11 it is the receipt of a cancel on disconnect.",
        """
        11    C      answer to 35=q
        37    Y      the same as 20002
        1369  Y@50
        530   Y
        531   Y
        532   C      531=0
        533   C      531 is not 0
        1     N
        55    N
        54    N
        60    N
        58    N
        20001 N
        20002 N
        20005 C      reason RATE_LIMITED
        20020 N
        20021 N
        """,
        since="44",
    ),
    message(
        "BZ",
        "OrderMassActionReport",
        Way.OUT,
        "End of a mass action, or its refusal. Without 11 it is the receipt of a cancel on disconnect.",
        """
        11    C      answer to 35=CA
        1369  Y
        1373  Y
        1374  Y
        1375  Y
        1376  C      1375=0
        533   C      1375=2
        1     N
        55    N
        54    N
        60    N
        58    N
        20001 N
        20002 N
        20005 C      reason RATE_LIMITED
        20020 N
        20021 N
        """,
        since="50",
        only="50",
    ),
    message(
        "UL",
        "OpenOrderListEnd",
        Way.OUT,
        "End of the open orders asked for with 20011=Y, and the answer to 35=AF when there is none.",
        """
        584   C      answer to 35=AF
        911   Y
        60    N
        20002 N
        """,
    ),
)

_NO_QUOTES = "Not served yet: the venue answers 35=j with 380=3 until its engine has quotes."

QUOTE_MESSAGES = (
    message(
        "i",
        "MassQuote",
        Way.IN,
        "Two-sided quotes; each replaces the session's earlier quote of that instrument. Answered by 35=b as 301 says. "
        + _NO_QUOTES,
        """
        117   Y
        131   N
        301   N      left out = 2
        1     C      unless the session acts for one account only
        60    N
        296   Y
            302   Y
            311   N
            304   Y
            295   Y
                299   Y
                55    Y
                132   N
                133   N
                134   C      with 132
                135   C      with 133
        """,
    ),
    message(
        "Z",
        "QuoteCancel",
        Way.IN,
        "Cancels quotes. Answered by 35=b. " + _NO_QUOTES,
        """
        117   Y
        131   N
        298   Y
        301   N
        1     C      unless the session acts for one account only
        295   C      298=1
            55    Y
        """,
    ),
    message(
        "b",
        "MassQuoteAcknowledgement",
        Way.OUT,
        "Answer to MassQuote and QuoteCancel.",
        """
        117   Y
        131   N
        297   Y
        300   C      297=5
        301   N
        1     N
        60    N
        58    N
        20001 N
        20002 N
        296   N
            302   N
            304   N
            295   N
                299   N
                55    N
                368   N
                20001 N
        """,
    ),
    message(
        "AI",
        "QuoteStatusReport",
        Way.OUT,
        "A quote changed unasked: taken off by market-maker protection or by the venue. Fills are 35=8.",
        """
        649   N
        131   N
        117   Y
        299   N
        55    Y
        1     N
        297   Y
        132   N
        133   N
        134   N
        135   N
        60    N
        58    N
        20001 N
        20002 N
        """,
        since="44",
    ),
    message(
        "UM",
        "MarketMakerProtectionRequest",
        Way.IN,
        "Sets, resets or asks for market-maker protection of an account in an instrument. Answered by 35=UN. "
        + _NO_QUOTES,
        """
        20057 Y
        20055 Y
        1     C      unless the session acts for one account only
        55    Y
        20050 C      20055=1
        20051 N
        20052 N
        20053 N
        20054 C      20055=1
        """,
    ),
    message(
        "UN",
        "MarketMakerProtectionReport",
        Way.OUT,
        "State of market-maker protection: an answer, or unasked when it tripped.",
        """
        20057 C      an answer
        20055 C      an answer
        1     Y
        55    Y
        20056 Y
        20050 N
        20051 N
        20052 N
        20053 N
        20054 N
        60    N
        58    N
        20001 N
        20002 N
        """,
    ),
)

MARKET_MESSAGES = (
    message(
        "x",
        "SecurityListRequest",
        Way.IN,
        "Asks for instruments. Answered by one or more 35=y.",
        """
        320   Y
        559   Y
        55    C      559=0
        263   N      only 0
        """,
        since="44",
    ),
    message(
        "y",
        "SecurityList",
        Way.OUT,
        "Instruments with everything that an order has to fit.",
        """
        320   Y
        322   Y
        560   Y
        393   N
        893   N
        60    N
        146   N
            55    Y
            48    N
            22    N
            107   N
            167   N
            460   N
            15    N
            561   N
            562   N
            1140  N
            969   N
            1148  N
            1149  N
            965   N
            20040 N
            20041 N
            20042 N
            20043 N
        """,
        since="44",
    ),
    message(
        "e",
        "SecurityStatusRequest",
        Way.IN,
        "Asks for the state of an instrument. Answered by 35=f.",
        """
        324   Y
        55    Y
        48    N
        22    N
        263   Y
        """,
    ),
    message(
        "f",
        "SecurityStatus",
        Way.OUT,
        "State of an instrument.",
        """
        324   C      an answer
        55    Y
        325   N
        326   N
        336   N
        60    N
        58    N
        20043 N
        """,
    ),
    message(
        "g",
        "TradingSessionStatusRequest",
        Way.IN,
        "Asks for the state of the venue. Answered by 35=h.",
        """
        335   Y
        336   N
        263   Y
        """,
    ),
    message(
        "h",
        "TradingSessionStatus",
        Way.OUT,
        "State of the venue.",
        """
        335   C      an answer
        336   Y
        325   N
        340   Y
        60    N
        58    N
        20044 N
        """,
    ),
    message(
        "B",
        "News",
        Way.OUT,
        "Maintenance and other notices of the venue.",
        """
        1472  N@50
        42    N
        61    N
        148   Y
        33    Y
            58    Y
        """,
    ),
    message(
        "BE",
        "UserRequest",
        Way.IN,
        "Changes the session's password. Answered by 35=BF.",
        """
        923   Y
        924   Y
        553   Y
        554   C      924=3
        925   C      924=3
        """,
        since="44",
    ),
    message(
        "BF",
        "UserResponse",
        Way.OUT,
        "Outcome of a UserRequest.",
        """
        923   Y
        553   Y
        926   N
        927   N
        """,
        since="44",
    ),
    message(
        "j",
        "BusinessMessageReject",
        Way.BOTH,
        "The message was understood and cannot be served. It was counted.",
        """
        45    N
        372   Y
        379   N
        380   Y
        58    N
        20001 N
        20005 C      reason RATE_LIMITED
        """,
    ),
)

MESSAGES: tuple[Message, ...] = SESSION_MESSAGES + ORDER_MESSAGES + QUOTE_MESSAGES + MARKET_MESSAGES


def inbound(version: Version) -> tuple[str, ...]:
    """MsgTypes that a participant may send."""
    return tuple(m.msg_type for m in MESSAGES if m.way is not Way.OUT and version in m.versions)


# MsgTypes of each standard: one that is here and not offered is 35=j 380=3, one that is not here is 35=3 373=11.
_FIX42 = "0 1 2 3 4 5 6 7 8 9 A B C D E F G H J K L M N P Q R S T V W X Y Z a b c d e f g h i j k l m"
_FIX44 = _FIX42 + (
    " n o p q r s t u v w x y z AA AB AC AD AE AF AG AH AI AJ AK AL AM AN AO AP AQ AR AS AT AU AV AW AX AY AZ BA BB BC"
    " BD BE BF BG BH"
)
_FIX50SP2 = _FIX44 + (
    " BI BJ BK BL BM BN BO BP BQ BR BS BT BU BV BW BX BY BZ CA CB CC CD CE CF CG CH CI CJ CK CL CM CN CO CP CQ CR CS CT"
    " CU CV CW CX CY CZ DA DB DC DD DE DF DG DH DI DJ DK DL DM DN DO DP DQ DR DS DT DU DV DW DX DY DZ EA EB"
)
STANDARD_MSG_TYPES: dict[Version, frozenset[str]] = {
    Version.FIX42: frozenset(_FIX42.split()),
    Version.FIX44: frozenset(_FIX44.split()),
    Version.FIX50SP2: frozenset(_FIX50SP2.split()),
}
