# Generated from engine/records.py by `make gen`. Do not edit.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    SCHEMA_VERSION = 2
    SCALE_E8 = 100000000
    CLIENT_ORDER_ID_MAX = 36
    COMMAND_SIZE = 192
    COMMAND_HEADER_SIZE = 64
    COMMAND_BODY_SIZE = 128
    EVENT_SIZE = 256
    FIRST_CLIENT_KIND = 30
    LAST_CLIENT_KIND = 49
    FIRST_RISK_KIND = 50

cdef enum:  # CommandKind
    COMMAND_KIND_TICK = 1
    COMMAND_KIND_SET_VENUE_STATE = 2
    COMMAND_KIND_SET_INSTRUMENT = 3
    COMMAND_KIND_SET_INSTRUMENT_STATE = 4
    COMMAND_KIND_SET_MARK = 5
    COMMAND_KIND_SET_FIRM = 6
    COMMAND_KIND_SET_DESK = 7
    COMMAND_KIND_SET_TRADER = 8
    COMMAND_KIND_SET_ACCOUNT = 9
    COMMAND_KIND_SET_SESSION = 10
    COMMAND_KIND_ROLL_BUSINESS_DATE = 11
    COMMAND_KIND_SET_BROKER = 12
    COMMAND_KIND_SESSION_LOGON = 20
    COMMAND_KIND_SESSION_DISCONNECT = 21
    COMMAND_KIND_PLACE = 30
    COMMAND_KIND_REPLACE = 31
    COMMAND_KIND_CANCEL = 32
    COMMAND_KIND_MASS_CANCEL = 33
    COMMAND_KIND_QUOTE = 34
    COMMAND_KIND_QUOTE_CANCEL = 35
    COMMAND_KIND_PLACE_TWAP = 36
    COMMAND_KIND_CLOSE_POSITION = 37
    COMMAND_KIND_SET_LEVERAGE = 38
    COMMAND_KIND_SET_MMP = 39
    COMMAND_KIND_RESET_MMP = 40
    COMMAND_KIND_SET_LIMIT = 50
    COMMAND_KIND_KILL = 51
    COMMAND_KIND_REVIVE = 52
    COMMAND_KIND_SET_TRADING_WINDOW = 53
    COMMAND_KIND_NOTE = 54
    COMMAND_KIND_SET_VENUE_RISK = 60
    COMMAND_KIND_SET_INSTRUMENT_RISK = 61
    COMMAND_KIND_SET_ACCOUNT_RISK = 62
    COMMAND_KIND_SET_FEE = 63
    COMMAND_KIND_DEPOSIT = 70
    COMMAND_KIND_WITHDRAW_REQUEST = 71
    COMMAND_KIND_WITHDRAW_DONE = 72
    COMMAND_KIND_WITHDRAW_FAILED = 73
    COMMAND_KIND_TRANSFER = 74
    COMMAND_KIND_HOUSE_TRANSFER = 75
    COMMAND_KIND_SET_FEED = 80
    COMMAND_KIND_SET_INDEX = 81
    COMMAND_KIND_SET_ROLL_WEIGHT = 82
    COMMAND_KIND_SET_INDEX_REFERENCE = 83
    COMMAND_KIND_PRICE = 84
    COMMAND_KIND_SET_MANUAL_PRICE = 85
    COMMAND_KIND_MARK_PULSE = 86
    COMMAND_KIND_CALENDAR_CHANGE = 87
    COMMAND_KIND_FUNDING_SAMPLE = 88
    COMMAND_KIND_FUNDING_SETTLE = 89
    COMMAND_KIND_SPLIT = 95
    COMMAND_KIND_SCHEDULE_DELISTING = 96
    COMMAND_KIND_DELIST = 97
    COMMAND_KIND_CHANGE_SYMBOL = 98

cdef enum:  # EventKind
    EVENT_KIND_ORDER_PENDING = 1
    EVENT_KIND_ORDER_NEW = 2
    EVENT_KIND_ORDER_REJECTED = 3
    EVENT_KIND_ORDER_FILLED = 4
    EVENT_KIND_ORDER_CANCELLED = 5
    EVENT_KIND_ORDER_EXPIRED = 6
    EVENT_KIND_ORDER_REPLACE_PENDING = 7
    EVENT_KIND_ORDER_REPLACED = 8
    EVENT_KIND_REPLACE_REJECTED = 9
    EVENT_KIND_CANCEL_REJECTED = 10
    EVENT_KIND_ORDER_TRIGGERED = 11
    EVENT_KIND_ORDER_RESTATED = 12
    EVENT_KIND_ORDER_STATUS = 13
    EVENT_KIND_ORDER_STATUS_END = 14
    EVENT_KIND_ORDER_ATTACHED = 15
    EVENT_KIND_TWAP_SLICED = 16
    EVENT_KIND_MASS_CANCEL_DONE = 20
    EVENT_KIND_MASS_CANCEL_REJECTED = 21
    EVENT_KIND_QUOTE_SET = 22
    EVENT_KIND_QUOTE_REJECTED = 23
    EVENT_KIND_QUOTE_CANCELLED = 24
    EVENT_KIND_MMP_TRIPPED = 25
    EVENT_KIND_SESSION_STATE = 30
    EVENT_KIND_ACCOUNT_STATUS = 31
    EVENT_KIND_POSITION_STATUS = 32
    EVENT_KIND_ACCOUNT_STATUS_END = 33
    EVENT_KIND_CONFIG_SET = 40
    EVENT_KIND_COMMAND_REJECTED = 41
    EVENT_KIND_ACCOUNT_ENTRY = 50
    EVENT_KIND_HOUSE_ENTRY = 51
    EVENT_KIND_POSITION_CHANGED = 52
    EVENT_KIND_LIQUIDATION = 53
    EVENT_KIND_RESERVE_STATE = 54
    EVENT_KIND_LIMIT_REFUSED = 55
    EVENT_KIND_LIMIT_WARNED = 56
    EVENT_KIND_LIMIT_CLEARED = 57
    EVENT_KIND_NODE_CHANGED = 58
    EVENT_KIND_MARK_CHANGED = 60
    EVENT_KIND_FUNDING_RATE = 61
    EVENT_KIND_FUNDING_DONE = 62
    EVENT_KIND_INSTRUMENT_STATE = 63

cdef enum:  # Reason
    REASON_ACK = 0
    REASON_CANCELLED = 30
    REASON_CANCELLED_STP = 31
    REASON_IOC_CANCELLED = 32
    REASON_FOK_CANCELLED = 33
    REASON_MIN_QUANTITY_CANCELLED = 34
    REASON_SWEEP_LIMIT_CANCELLED = 35
    REASON_CANCELLED_DISCONNECT = 36
    REASON_EXPIRED = 37
    REASON_CANCELLED_ADMIN = 38
    REASON_CANCELLED_LIQUIDATION = 39
    REASON_CANCELLED_KILL = 40
    REASON_CANCELLED_LIMIT = 41
    REASON_CANCELLED_PAIR = 42
    REASON_CANCELLED_MMP = 43
    REASON_REJECTED = 50
    REASON_NO_SUCH_ORDER = 52
    REASON_INVALID_ORDER_TYPE = 53
    REASON_BAD_SYMBOL = 54
    REASON_PRICE_LESS_THAN_MIN_PRICE = 55
    REASON_PRICE_GREATER_THAN_MAX_PRICE = 56
    REASON_CANNOT_MODIFY_PARTIAL_FILL = 58
    REASON_CANNOT_MODIFY_ALO_WOULD_CROSS = 59
    REASON_FAILED_MARGIN_CHECK = 60
    REASON_INVALID_TICK_SIZE_PRECISION_PRICE = 63
    REASON_INVALID_TICK_SIZE_PRECISION_QUANTITY = 64
    REASON_QUANTITY_LESS_THAN_MIN_QUANTITY = 65
    REASON_QUANTITY_GREATER_THAN_MAX_QUANTITY = 66
    REASON_REJECTED_GREATER_THAN_MAX_PRICE_BAND = 67
    REASON_REJECTED_LESS_THAN_MIN_PRICE_BAND = 68
    REASON_INVALID_TIME_IN_FORCE = 69
    REASON_REJECTED_WOULD_BREACH_MAX_NOTIONAL = 70
    REASON_CANNOT_MODIFY_NO_SUCH_ORDER = 71
    REASON_REJECTED_MARKET_CLOSED = 72
    REASON_REJECTED_FAILED_TO_PROCESS = 73
    REASON_INVALID_TAKEPROFIT_PRICE = 74
    REASON_INVALID_STOPLOSS_PRICE = 75
    REASON_REJECTED_TOO_MANY_OPEN_ORDERS = 76
    REASON_REJECTED_OPEN_INTEREST_LIMIT = 77
    REASON_REJECTED_TOTAL_OPEN_INTEREST_LIMIT = 78
    REASON_REJECTED_LESS_THAN_MIN_NOTIONAL = 79
    REASON_USER_IN_LIQUIDATION = 80
    REASON_PERMISSION_DENIED = 81
    REASON_REJECTED_ALO_WOULD_CROSS = 82
    REASON_REJECTED_REDUCE_ONLY = 83
    REASON_REJECTED_DUPLICATE_CLORDID = 84
    REASON_REJECTED_NO_REFERENCE_PRICE = 85
    REASON_INVALID_MIN_QUANTITY = 86
    REASON_INVALID_DISPLAY_QUANTITY = 87
    REASON_MODIFY_SUPERSEDED = 88
    REASON_REJECTED_CAPACITY = 89
    REASON_UNKNOWN_MATCHER = 90
    REASON_INVALID_PARAMETER = 91
    REASON_UNKNOWN_PARTY = 92
    REASON_REJECTED_JOURNAL_FULL = 96
    REASON_RATE_LIMITED = 97
    REASON_REJECTED_KILLED = 100
    REASON_REJECTED_STALE = 101
    REASON_REJECTED_NO_RISK_CONFIGURATION = 102
    REASON_REJECTED_NO_LIMIT = 103
    REASON_REJECTED_PRICE_TOLERANCE = 104
    REASON_LIMIT_ORDER_QUANTITY = 105
    REASON_LIMIT_ORDER_NOTIONAL = 106
    REASON_LIMIT_OPEN_ORDERS = 107
    REASON_LIMIT_OPEN_NOTIONAL = 108
    REASON_LIMIT_REPEATED_ORDERS = 109
    REASON_LIMIT_EXECUTIONS = 110
    REASON_LIMIT_ORDER_TO_TRADE = 111
    REASON_LIMIT_POSITION = 112
    REASON_LIMIT_GROSS_NOTIONAL = 113
    REASON_LIMIT_NET_NOTIONAL = 114
    REASON_LIMIT_CONCENTRATION = 115
    REASON_REJECTED_LOCKED = 116
    REASON_REJECTED_TRADING_WINDOW = 117
    REASON_LIMIT_CREDIT = 118
    REASON_REJECTED_QUOTE_FROZEN = 119
    REASON_REJECTED_LEVERAGE_IN_USE = 120
    REASON_APPROVAL_REQUIRED = 121
    REASON_INSUFFICIENT_FUNDS = 122
    REASON_REJECTED_BUSY = 123
    REASON_UNKNOWN_TRANSFER = 124
    REASON_TRANSFER_TOO_OLD = 125
    REASON_REJECTED_NUMERIC_RANGE = 126

cdef enum:  # Side
    SIDE_BUY = 1
    SIDE_SELL = 2

cdef enum:  # OrderType
    ORDER_TYPE_LIMIT = 1
    ORDER_TYPE_MARKET = 2
    ORDER_TYPE_ALO = 3
    ORDER_TYPE_STOP_LOSS = 4
    ORDER_TYPE_TAKE_PROFIT = 5
    ORDER_TYPE_TWAP = 6

cdef enum:  # TimeInForce
    TIME_IN_FORCE_GTC = 1
    TIME_IN_FORCE_DAY = 2
    TIME_IN_FORCE_GTD = 3
    TIME_IN_FORCE_IOC = 4
    TIME_IN_FORCE_FOK = 5

cdef enum:  # StpMode
    STP_MODE_CANCEL_PASSIVE = 1
    STP_MODE_CANCEL_AGGRESSOR = 2
    STP_MODE_CANCEL_BOTH = 3
    STP_MODE_DECREMENT = 4

cdef enum:  # OrderFlag
    ORDER_FLAG_REDUCE_ONLY = 1
    ORDER_FLAG_QUOTE = 2
    ORDER_FLAG_VENUE = 4

cdef enum:  # OrderState
    ORDER_STATE_PENDING_NEW = 1
    ORDER_STATE_LIVE = 2
    ORDER_STATE_UNTRIGGERED = 3
    ORDER_STATE_FILLED = 4
    ORDER_STATE_CANCELLED = 5
    ORDER_STATE_EXPIRED = 6
    ORDER_STATE_REJECTED = 7

cdef enum:  # Liquidity
    LIQUIDITY_NONE = 0
    LIQUIDITY_MAKER = 1
    LIQUIDITY_TAKER = 2

cdef enum:  # TradeKind
    TRADE_KIND_NONE = 0
    TRADE_KIND_NORMAL = 1
    TRADE_KIND_LIQUIDATION = 2
    TRADE_KIND_DLP_TRANSFER = 3
    TRADE_KIND_ADL = 4
    TRADE_KIND_SPLIT = 5
    TRADE_KIND_FLATTEN = 6

cdef enum:  # Scope
    SCOPE_SESSION = 1
    SCOPE_ACCOUNT = 2
    SCOPE_TRADER = 3
    SCOPE_DESK = 4
    SCOPE_FIRM = 5
    SCOPE_VENUE = 6
    SCOPE_BROKER = 7
    SCOPE_INSTRUMENT = 8

cdef enum:  # SessionRight
    SESSION_RIGHT_TRADE = 1
    SESSION_RIGHT_CANCEL = 2
    SESSION_RIGHT_RISK = 4
    SESSION_RIGHT_PRICES = 8

cdef enum:  # PartyStatus
    PARTY_STATUS_ACTIVE = 1
    PARTY_STATUS_BLOCKED = 2

cdef enum:  # InstrumentState
    INSTRUMENT_STATE_ACTIVE = 1
    INSTRUMENT_STATE_HALTED = 2
    INSTRUMENT_STATE_CANCEL_ONLY = 3
    INSTRUMENT_STATE_REDUCE_ONLY = 4
    INSTRUMENT_STATE_DELISTED = 5

cdef enum:  # VenueState
    VENUE_STATE_OPEN = 1
    VENUE_STATE_CANCEL_ONLY = 2

cdef enum:  # AssetClass
    ASSET_CLASS_EQUITY = 1
    ASSET_CLASS_INDEX = 2
    ASSET_CLASS_COMMODITY = 3
    ASSET_CLASS_FX = 4
    ASSET_CLASS_PRECIOUS_METAL = 5

cdef enum:  # InstrumentFlag
    INSTRUMENT_FLAG_BUMP_MARKET = 1

cdef enum:  # CodFlag
    COD_FLAG_ON_LOSS = 1
    COD_FLAG_ON_LOGOUT = 2
    COD_FLAG_ACCOUNT_SCOPE = 4

cdef enum:  # LogonFlag
    LOGON_FLAG_SNAPSHOT = 1
    LOGON_FLAG_ACCOUNTS = 2

cdef enum:  # DisconnectCause
    DISCONNECT_CAUSE_LOSS = 1
    DISCONNECT_CAUSE_LOGOUT = 2

cdef enum:  # LimitKind
    LIMIT_KIND_ORDER_QUANTITY = 1
    LIMIT_KIND_ORDER_NOTIONAL = 2
    LIMIT_KIND_PRICE_TOLERANCE = 3
    LIMIT_KIND_MESSAGE_AGE = 4
    LIMIT_KIND_OPEN_ORDERS = 5
    LIMIT_KIND_OPEN_NOTIONAL = 6
    LIMIT_KIND_REPEATED_ORDERS = 7
    LIMIT_KIND_EXECUTIONS = 8
    LIMIT_KIND_ORDER_TO_TRADE = 9
    LIMIT_KIND_POSITION = 10
    LIMIT_KIND_GROSS_NOTIONAL = 11
    LIMIT_KIND_NET_NOTIONAL = 12
    LIMIT_KIND_CONCENTRATION = 13
    LIMIT_KIND_DAILY_LOSS = 14
    LIMIT_KIND_DRAWDOWN = 15
    LIMIT_KIND_CREDIT = 16

cdef enum:  # LimitTarget
    LIMIT_TARGET_ALL = 0
    LIMIT_TARGET_INSTRUMENT = 1
    LIMIT_TARGET_GROUP = 2

cdef enum:  # LimitAction
    LIMIT_ACTION_LOCK = 0
    LIMIT_ACTION_CANCEL = 1
    LIMIT_ACTION_FLATTEN = 2

cdef enum:  # LimitFlag
    LIMIT_FLAG_REMOVE = 1
    LIMIT_FLAG_REALISED_ONLY = 2
    LIMIT_FLAG_END_OF_DAY = 4

cdef enum:  # NodeFlag
    NODE_FLAG_KILLED = 1
    NODE_FLAG_WINDOW_CLOSED = 2
    NODE_FLAG_LOCKED = 4
    NODE_FLAG_FLATTENING = 8

cdef enum:  # AccountFlag
    ACCOUNT_FLAG_DLP = 1
    ACCOUNT_FLAG_HOUSE = 2

cdef enum:  # VenueRiskFlag
    VENUE_RISK_FLAG_MONEY = 1

cdef enum:  # HouseAccount
    HOUSE_ACCOUNT_ACCOUNT = 0
    HOUSE_ACCOUNT_FEES = 1
    HOUSE_ACCOUNT_RESERVE = 2
    HOUSE_ACCOUNT_CLEARING = 3
    HOUSE_ACCOUNT_IN_FLIGHT = 4
    HOUSE_ACCOUNT_BANK = 5
    HOUSE_ACCOUNT_FUNDING = 6

cdef enum:  # EntryKind
    ENTRY_KIND_NONE = 0
    ENTRY_KIND_DEPOSIT = 1
    ENTRY_KIND_WITHDRAWAL = 2
    ENTRY_KIND_WITHDRAWAL_RETURNED = 3
    ENTRY_KIND_WITHDRAWAL_DONE = 4
    ENTRY_KIND_TRANSFER_OUT = 5
    ENTRY_KIND_TRANSFER_IN = 6
    ENTRY_KIND_FUNDING = 7
    ENTRY_KIND_LIQUIDATION_SWEEP = 8
    ENTRY_KIND_LIQUIDATION_COVER = 9
    ENTRY_KIND_DLP_FEE = 10
    ENTRY_KIND_ROUNDING = 11
    ENTRY_KIND_SPLIT = 12
    ENTRY_KIND_DELISTING = 13
    ENTRY_KIND_HOUSE = 14
    ENTRY_KIND_REWARD = 15

cdef enum:  # RiskSession
    RISK_SESSION_OPEN = 0
    RISK_SESSION_OVERNIGHT = 1
    RISK_SESSION_WEEKEND = 2

cdef enum:  # IndexFormula
    INDEX_FORMULA_FEED = 1
    INDEX_FORMULA_PRODUCT = 2
    INDEX_FORMULA_QUOTIENT = 3
    INDEX_FORMULA_ROLL = 4
    INDEX_FORMULA_BASIS = 5

cdef enum:  # PriceSource
    PRICE_SOURCE_NONE = 0
    PRICE_SOURCE_EXTERNAL = 1
    PRICE_SOURCE_INTERNAL = 2
    PRICE_SOURCE_MANUAL = 3

cdef enum:  # PositionChange
    POSITION_CHANGE_NONE = 0
    POSITION_CHANGE_SPLIT = 1
    POSITION_CHANGE_DELISTING = 2
    POSITION_CHANGE_LEVERAGE = 3
    POSITION_CHANGE_HOUSE = 4

cdef enum:  # LiquidationStage
    LIQUIDATION_STAGE_NONE = 0
    LIQUIDATION_STAGE_CANCELLING = 1
    LIQUIDATION_STAGE_REDUCING = 2
    LIQUIDATION_STAGE_TAKEOVER = 3
    LIQUIDATION_STAGE_ADL = 4
    LIQUIDATION_STAGE_MARGIN_CALL = 10
    LIQUIDATION_STAGE_MARGIN_RESTORED = 11
    LIQUIDATION_STAGE_SLICE = 12
    LIQUIDATION_STAGE_ENDED = 13
    LIQUIDATION_STAGE_DEFICIT = 14

cdef enum:  # Section
    SECTION_VENUE = 1
    SECTION_FIRM = 2
    SECTION_DESK = 3
    SECTION_TRADER = 4
    SECTION_ACCOUNT = 5
    SECTION_SESSION = 6
    SECTION_INSTRUMENT = 7
    SECTION_POSITION = 8
    SECTION_ORDER = 9
    SECTION_PENDING_REPLACE = 10
    SECTION_WORK = 11
    SECTION_TRIM = 12
    SECTION_CASCADE = 13
    SECTION_BOOK = 14
    SECTION_BROKER = 15
    SECTION_NODE = 16
    SECTION_VENUE_RISK = 17
    SECTION_INSTRUMENT_RISK = 18
    SECTION_ACCOUNT_RISK = 19
    SECTION_POSITION_RISK = 20
    SECTION_ORDER_TERMS = 21
    SECTION_PENDING_TERMS = 22
    SECTION_FEED = 23
    SECTION_FEED_SOURCE = 24
    SECTION_CALENDAR = 25
    SECTION_FEE = 26
    SECTION_LIMIT = 27
    SECTION_TRANSFER = 28
    SECTION_MMP = 29
    SECTION_MMP_FILL = 30
    SECTION_TOUCHED = 31
    SECTION_RANKING = 32

cdef enum:  # Work
    WORK_MASS_CANCEL = 1
    WORK_EXPIRE_DAY = 2
    WORK_ORDER_STATUS = 3
    WORK_CANCEL_ON_DISCONNECT = 4
    WORK_QUOTE_CANCEL = 5
    WORK_LIMIT_CANCEL = 6
    WORK_ACCOUNT_STATUS = 7

ctypedef struct tick_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t body_reserved[128]

ctypedef struct set_venue_state_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t state
    uint8_t body_reserved[127]

ctypedef struct set_instrument_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char symbol[16]
    char matcher[24]
    int64_t tick_size_e8
    int64_t lot_size_e8
    int64_t min_price_e8
    int64_t max_price_e8
    int64_t min_quantity_e8
    int64_t max_quantity_e8
    int64_t min_notional_micro
    int64_t speed_bump_ns
    uint32_t band_ppm
    uint32_t fills_max
    uint16_t flags_instrument
    uint8_t asset_class
    uint8_t body_reserved[13]

ctypedef struct set_instrument_state_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t state
    uint8_t body_reserved[127]

ctypedef struct set_mark_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t mark_price_e8
    int64_t oracle_price_e8
    uint8_t body_reserved[112]

ctypedef struct set_broker_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t party_reserved[7]
    char name[32]
    uint8_t body_reserved[80]

ctypedef struct set_firm_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t party_reserved[7]
    char name[32]
    uint8_t body_reserved[80]

ctypedef struct set_desk_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t party_reserved[7]
    char name[32]
    uint8_t body_reserved[80]

ctypedef struct set_trader_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t party_reserved[7]
    char name[32]
    int64_t rate_limit_milli
    uint8_t body_reserved[72]

ctypedef struct set_account_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t party_reserved[7]
    char name[32]
    uint32_t stp_group
    uint32_t open_orders_max
    uint8_t stp_mode
    uint8_t body_reserved[71]

ctypedef struct set_session_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t party_reserved[7]
    char name[32]
    uint32_t rights
    uint8_t scope
    uint8_t body_reserved[75]

ctypedef struct roll_business_date_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t business_date
    uint8_t body_reserved[124]

ctypedef struct session_logon_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t cod_grace_ns
    uint16_t cod_flags
    uint16_t logon_flags
    uint8_t body_reserved[116]

ctypedef struct session_disconnect_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t cause
    uint8_t body_reserved[127]

ctypedef struct place_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char client_order_id[40]
    int64_t price_e8
    int64_t quantity_e8
    int64_t display_quantity_e8
    int64_t min_quantity_e8
    int64_t expire_ns
    int64_t take_profit_e8
    int64_t stop_loss_e8
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t stp_mode
    uint16_t order_flags
    uint8_t place_reserved[2]
    uint32_t stp_group
    uint8_t body_reserved[20]

ctypedef struct replace_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char client_order_id[40]
    char orig_client_order_id[40]
    uint64_t order_id
    int64_t price_e8
    int64_t quantity_e8
    int64_t take_profit_e8
    int64_t stop_loss_e8
    uint8_t side
    uint8_t order_type
    uint8_t body_reserved[6]

ctypedef struct cancel_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char client_order_id[40]
    char orig_client_order_id[40]
    uint64_t order_id
    uint8_t side
    uint8_t body_reserved[39]

ctypedef struct mass_cancel_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char client_order_id[40]
    uint32_t target_id
    uint8_t scope
    uint8_t side
    uint8_t body_reserved[82]

ctypedef struct quote_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char quote_id[40]
    int64_t bid_price_e8
    int64_t bid_quantity_e8
    int64_t ask_price_e8
    int64_t ask_quantity_e8
    uint8_t body_reserved[56]

ctypedef struct quote_cancel_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char quote_id[40]
    uint8_t body_reserved[88]

ctypedef struct place_twap_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char client_order_id[40]
    int64_t quantity_e8
    int64_t interval_ns
    uint32_t slices
    uint16_t order_flags
    uint8_t side
    uint8_t body_reserved[65]

ctypedef struct close_position_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char client_order_id[40]
    uint8_t body_reserved[88]

ctypedef struct set_leverage_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t leverage
    uint8_t body_reserved[127]

ctypedef struct set_mmp_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t window_ns
    int64_t quantity_e8
    int64_t delta_micro
    int64_t freeze_ns
    uint32_t fills
    uint8_t body_reserved[92]

ctypedef struct reset_mmp_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t body_reserved[128]

ctypedef struct set_limit_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t value
    int64_t parameter
    uint32_t node_id
    uint32_t target_id
    uint32_t soft_ppm
    uint16_t limit_flags
    uint8_t limit_kind
    uint8_t scope
    uint8_t target
    uint8_t action
    uint8_t body_reserved[94]

ctypedef struct kill_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t node_id
    uint8_t scope
    uint8_t body_reserved[123]

ctypedef struct revive_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t node_id
    uint8_t scope
    uint8_t revive_reserved[1]
    uint16_t node_flags
    uint8_t body_reserved[120]

ctypedef struct set_trading_window_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t node_id
    uint8_t scope
    uint8_t is_open
    uint8_t body_reserved[122]

ctypedef struct note_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char text[128]

ctypedef struct set_venue_risk_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint16_t risk_flags
    uint8_t venue_risk_reserved[2]
    uint32_t mandatory_limits
    uint32_t position_cap_open_ppm
    uint32_t position_cap_overnight_ppm
    uint32_t position_cap_weekend_ppm
    uint32_t interest_cap_open_ppm
    uint32_t interest_cap_overnight_ppm
    uint32_t interest_cap_weekend_ppm
    uint32_t band_open_ppm
    uint32_t band_overnight_ppm
    uint32_t band_weekend_ppm
    uint32_t spread_open_tenths
    uint32_t spread_overnight_tenths
    uint32_t spread_weekend_tenths
    int64_t flow_cap_open_micro
    int64_t flow_cap_overnight_micro
    int64_t flow_cap_weekend_micro
    int64_t total_interest_cap_micro
    int64_t reserve_floor_micro
    int64_t repeat_window_ns
    uint32_t reserve_floor_ppm
    uint32_t fraction_account_id
    uint8_t body_reserved[16]

ctypedef struct set_instrument_risk_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t position_cap_micro
    int64_t interest_cap_micro
    int64_t impact_notional_micro
    int64_t maker_rate_e8
    int64_t taker_rate_e8
    uint32_t product_group
    uint8_t leverage_max
    uint8_t leverage_ceiling
    uint8_t market_calendar_id
    uint8_t risk_calendar_id
    uint8_t body_reserved[80]

ctypedef struct set_account_risk_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t dlp_notional_max_micro
    uint32_t home_session_id
    uint16_t account_flags
    uint8_t fee_tier
    uint8_t body_reserved[113]

ctypedef struct set_fee_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t maker_rate_e8
    int64_t taker_rate_e8
    uint8_t fee_tier
    uint8_t body_reserved[111]

ctypedef struct deposit_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint64_t transfer_id
    int64_t amount_micro
    char reference[40]
    uint8_t body_reserved[72]

ctypedef struct withdraw_request_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint64_t transfer_id
    int64_t amount_micro
    char reference[40]
    uint8_t body_reserved[72]

ctypedef struct withdraw_done_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint64_t transfer_id
    uint8_t body_reserved[120]

ctypedef struct withdraw_failed_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint64_t transfer_id
    uint8_t body_reserved[120]

ctypedef struct transfer_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint64_t transfer_id
    int64_t amount_micro
    char reference[40]
    uint32_t to_account_id
    uint8_t body_reserved[68]

ctypedef struct house_transfer_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint64_t transfer_id
    int64_t amount_micro
    char reference[40]
    uint8_t from_house
    uint8_t to_house
    uint8_t body_reserved[70]

ctypedef struct set_feed_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t feed_id
    uint32_t sources
    int64_t flag_ns
    int64_t stale_ns
    char name[32]
    uint8_t body_reserved[72]

ctypedef struct set_index_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t feed_a
    uint32_t feed_b
    uint8_t formula
    uint8_t body_reserved[119]

ctypedef struct set_roll_weight_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t weight
    uint8_t body_reserved[127]

ctypedef struct set_index_reference_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t close_price_e8
    int64_t settlement_price_e8
    uint8_t body_reserved[112]

ctypedef struct price_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t feed_id
    uint32_t source
    int64_t price_e8
    int64_t source_ns
    uint8_t body_reserved[104]

ctypedef struct set_manual_price_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t price_e8
    uint8_t body_reserved[120]

ctypedef struct mark_pulse_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t body_reserved[128]

ctypedef struct calendar_change_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t calendar_id
    uint8_t is_open
    uint8_t risk_session
    uint8_t body_reserved[125]

ctypedef struct funding_sample_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t body_reserved[128]

ctypedef struct funding_settle_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint8_t body_reserved[128]

ctypedef struct split_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    uint32_t numerator
    uint32_t denominator
    uint8_t body_reserved[120]

ctypedef struct schedule_delisting_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t settle_ns
    uint8_t body_reserved[120]

ctypedef struct delist_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    int64_t price_e8
    uint8_t body_reserved[120]

ctypedef struct change_symbol_t:  # 192 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id
    char symbol[16]
    uint8_t body_reserved[112]

ctypedef struct order_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    uint64_t order_id
    char client_order_id[40]
    char orig_client_order_id[40]
    int64_t price_e8
    int64_t quantity_e8
    int64_t cum_quantity_e8
    int64_t leaves_quantity_e8
    int64_t display_quantity_e8
    int64_t last_price_e8
    int64_t last_quantity_e8
    uint64_t contra_order_id
    int64_t fee_micro
    int64_t realised_pnl_micro
    int64_t position_e8
    int64_t detail
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t liquidity
    uint16_t order_flags
    uint8_t order_state
    uint8_t trade_kind

ctypedef struct mass_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    char client_order_id[40]
    uint64_t affected_count
    uint32_t target_id
    uint8_t scope
    uint8_t side
    uint8_t mass_reserved[138]

ctypedef struct session_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    uint64_t last_msg_seq_in
    uint64_t open_orders
    int64_t cod_grace_ns
    uint16_t cod_flags
    uint8_t session_reserved[166]

ctypedef struct config_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    uint16_t command_kind
    uint8_t config_reserved[6]
    uint8_t body[128]
    uint8_t config_reserved2[56]

ctypedef struct attached_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    uint64_t order_id
    char client_order_id[40]
    int64_t take_profit_e8
    int64_t stop_loss_e8
    uint8_t attached_reserved[128]

ctypedef struct quote_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    char quote_id[40]
    uint64_t bid_order_id
    uint64_t ask_order_id
    int64_t bid_price_e8
    int64_t bid_leaves_e8
    int64_t ask_price_e8
    int64_t ask_leaves_e8
    int64_t position_e8
    int64_t frozen_until_ns
    int64_t detail
    uint16_t bid_reason
    uint16_t ask_reason
    uint8_t quote_reserved0[4]
    uint8_t quote_reserved[72]

ctypedef struct account_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    int64_t balance_micro
    int64_t deposits_micro
    int64_t realised_micro
    int64_t funding_micro
    int64_t fees_micro
    int64_t rewards_micro
    int64_t settled_micro
    int64_t hold_micro
    int64_t unrealised_micro
    int64_t equity_micro
    int64_t position_margin_micro
    int64_t order_margin_micro
    int64_t maintenance_micro
    int64_t close_out_micro
    int64_t available_micro
    int64_t withdrawable_micro
    uint64_t open_orders
    uint8_t stage
    uint8_t account_reserved0[1]
    uint16_t account_flags
    uint8_t account_reserved1[4]
    uint8_t account_reserved[48]

ctypedef struct position_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    int64_t position_e8
    int64_t cost_micro
    int64_t mark_price_e8
    int64_t unrealised_micro
    int64_t realised_micro
    int64_t funding_micro
    int64_t initial_margin_micro
    int64_t position_margin_micro
    int64_t maintenance_micro
    int64_t close_out_micro
    int64_t open_bid_e8
    int64_t open_ask_e8
    uint8_t leverage
    uint8_t change
    uint8_t position_reserved0[6]
    uint8_t position_reserved[88]

ctypedef struct entry_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    int64_t amount_micro
    int64_t balance_micro
    int64_t hold_micro
    int64_t house_balance_micro
    uint64_t transfer_id
    int64_t rate_ppt
    int64_t price_e8
    int64_t position_e8
    char reference[40]
    uint32_t counter_account_id
    uint8_t entry
    uint8_t house
    uint8_t from_house
    uint8_t entry_reserved0[1]
    uint8_t entry_reserved[80]

ctypedef struct liquidation_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    int64_t equity_micro
    int64_t initial_margin_micro
    int64_t maintenance_micro
    int64_t close_out_micro
    int64_t reserve_micro
    int64_t amount_micro
    int64_t mark_price_e8
    int64_t price_e8
    int64_t quantity_e8
    int64_t position_e8
    uint64_t order_id
    uint8_t stage
    uint8_t liquidation_reserved0[7]
    uint8_t liquidation_reserved[96]

ctypedef struct limit_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    uint64_t order_id
    char client_order_id[40]
    int64_t value
    int64_t usage
    int64_t parameter
    uint32_t node_id
    uint32_t target_id
    uint32_t soft_ppm
    uint16_t node_flags
    uint8_t scope
    uint8_t limit_kind
    uint8_t target
    uint8_t action
    uint8_t owner
    uint8_t limit_reserved0[5]
    uint8_t limit_reserved[96]

ctypedef struct price_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    int64_t mark_price_e8
    int64_t index_price_e8
    int64_t oracle_price_e8
    int64_t lower_band_e8
    int64_t upper_band_e8
    int64_t last_price_e8
    int64_t open_interest_e8
    int64_t funding_rate_ppt
    uint8_t source
    uint8_t risk_session
    uint8_t state
    uint8_t flagged
    uint8_t price_reserved0[4]
    uint8_t price_reserved[120]

ctypedef struct funding_event_t:  # 256 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in
    int64_t rate_ppt
    int64_t premium_ppb
    int64_t mark_price_e8
    int64_t index_price_e8
    int64_t open_interest_e8
    int64_t residue_micro
    uint32_t samples
    uint32_t epoch
    uint8_t funding_reserved[136]

ctypedef struct section_header_t:  # 16 bytes
    uint16_t section
    uint8_t section_reserved[2]
    uint32_t row_size
    uint64_t rows

ctypedef struct snap_venue_t:  # 24 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t business_date
    uint8_t state
    uint8_t r[3]

ctypedef struct snap_firm_t:  # 48 bytes
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t r0[7]
    char name[32]

ctypedef struct snap_desk_t:  # 48 bytes
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t r0[7]
    char name[32]

ctypedef struct snap_trader_t:  # 88 bytes
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t r0[7]
    char name[32]
    int64_t rate_limit_milli
    int64_t general_load_micro
    int64_t general_time_ms
    int64_t cancel_load_micro
    int64_t cancel_time_ms

ctypedef struct snap_account_t:  # 64 bytes
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t r0[7]
    char name[32]
    uint32_t stp_group
    uint32_t open_orders_max
    uint8_t stp_mode
    uint8_t r1[7]

ctypedef struct snap_session_t:  # 88 bytes
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t r0[7]
    char name[32]
    uint32_t rights
    uint8_t scope
    uint8_t connected
    uint16_t cod_flags
    int64_t cod_grace_ns
    int64_t cod_due_ns
    uint64_t last_msg_seq_in
    uint64_t session_seq

ctypedef struct snap_instrument_t:  # 168 bytes
    uint32_t instrument_id
    uint8_t state
    uint8_t r0[3]
    uint8_t config[128]
    int64_t mark_ticks
    int64_t oracle_price_e8
    int64_t latch_low_ticks
    int64_t latch_high_ticks

ctypedef struct snap_position_t:  # 16 bytes
    uint32_t account_id
    uint32_t instrument_id
    int64_t position_lots

ctypedef struct snap_order_t:  # 128 bytes
    uint64_t order_id
    uint32_t session_id
    uint32_t account_id
    uint32_t instrument_id
    uint32_t stp_group
    char client_order_id[40]
    int64_t price_ticks
    int64_t quantity_lots
    int64_t cum_lots
    int64_t display_lots
    int64_t min_lots
    int64_t expire_ns
    int64_t release_ns
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t stp_mode
    uint16_t order_flags
    uint8_t state
    uint8_t r0[1]

ctypedef struct snap_pending_replace_t:  # 96 bytes
    uint64_t seq
    uint64_t order_id
    int64_t release_ns
    int64_t price_ticks
    int64_t quantity_lots
    char client_order_id[40]
    uint32_t session_id
    uint8_t r0[4]
    uint64_t msg_seq_in

ctypedef struct snap_work_t:  # 96 bytes
    uint64_t seq
    uint64_t affected_count
    uint64_t msg_seq_in
    uint32_t cursor_account_id
    uint32_t session_id
    uint64_t cursor_order_id
    uint32_t target_id
    uint32_t instrument_id
    uint8_t work
    uint8_t scope
    uint8_t side
    uint8_t r0[1]
    uint16_t reason
    uint8_t r1[2]
    char client_order_id[40]

ctypedef struct snap_trim_t:  # 8 bytes
    uint32_t account_id
    uint32_t instrument_id

ctypedef struct snap_cascade_t:  # 8 bytes
    uint32_t instrument_id
    uint8_t r0[4]

ctypedef struct snap_broker_t:  # 48 bytes
    uint32_t party_id
    uint32_t parent_id
    uint8_t status
    uint8_t r0[7]
    char name[32]

ctypedef struct snap_node_t:  # 8 bytes
    uint32_t node_id
    uint16_t node_flags
    uint8_t scope
    uint8_t r0[1]

ctypedef struct snap_venue_risk_t:  # 296 bytes
    uint8_t config[128]
    int64_t fees_micro
    int64_t reserve_micro
    int64_t clearing_micro
    int64_t in_flight_micro
    int64_t bank_micro
    int64_t funding_micro
    uint64_t pulses
    uint64_t transfer_floor
    uint32_t accrual_epoch
    uint32_t accrual_instrument_id
    uint32_t accrual_cursor_id
    uint32_t pass_cursor_id
    uint32_t split_numerator
    uint32_t split_denominator
    int64_t accrual_price_ticks
    int64_t fraction_parts
    int64_t fraction_cost
    uint64_t monitor_cursor
    uint64_t ranking_pulse
    int64_t ranking_price_ticks
    uint32_t ranking_account_id
    uint8_t r1[4]
    uint32_t ranking_instrument_id
    uint32_t ranking_cursor_id
    uint32_t ranking_taken
    uint8_t ranking_side
    uint8_t ranking_round
    uint16_t accrual_kind
    uint8_t pass_active
    uint8_t pass_again
    uint8_t monitors_active
    uint8_t reserve_low
    uint8_t r0[4]

ctypedef struct snap_instrument_risk_t:  # 304 bytes
    uint32_t instrument_id
    uint8_t has_risk
    uint8_t formula
    uint8_t roll_weight
    uint8_t source
    uint8_t config[128]
    uint32_t feed_a
    uint32_t feed_b
    int64_t close_price_e8
    int64_t settlement_price_e8
    int64_t manual_price_e8
    int64_t raw_q20
    int64_t index_q20
    int64_t oracle_q20
    int64_t basis_q20
    int64_t reference_q20
    int64_t external_since_ns
    uint64_t prints
    int64_t last_ticks
    int64_t flow_average_micro
    int64_t flow_sent_micro
    int64_t weighted_ppb
    int64_t settle_rate_ppt
    int64_t settle_mark_ticks
    int64_t delist_ns
    int64_t oracle_sum_q20
    uint32_t oracle_count
    uint32_t samples
    uint8_t published_session
    uint8_t reopens
    uint8_t r0[6]

ctypedef struct snap_account_risk_t:  # 120 bytes
    uint32_t account_id
    uint32_t home_session_id
    int64_t dlp_notional_max_micro
    uint16_t account_flags
    uint8_t fee_tier
    uint8_t stage
    uint32_t accrual_epoch
    int64_t deposits_micro
    int64_t realised_micro
    int64_t funding_micro
    int64_t fees_micro
    int64_t rewards_micro
    int64_t settled_micro
    int64_t hold_micro
    int64_t run_start_ns
    int64_t run_price_e8
    int64_t run_quantity_e8
    uint32_t run_count
    uint32_t run_instrument_id
    uint8_t run_side
    uint8_t margin_called
    uint8_t in_deficit
    uint8_t swept
    uint8_t r0[4]

ctypedef struct snap_position_risk_t:  # 56 bytes
    uint32_t account_id
    uint32_t instrument_id
    int64_t cost
    int64_t realised_micro
    int64_t funding_micro
    uint64_t slice_pulse
    uint64_t tried_pulse
    uint8_t leverage
    uint8_t r0[7]

ctypedef struct snap_order_terms_t:  # 64 bytes
    uint64_t order_id
    int64_t take_profit_ticks
    int64_t stop_loss_ticks
    int64_t edge_ticks
    uint32_t arms
    uint32_t slices
    uint32_t sliced
    uint8_t fee_tier
    uint8_t r0[3]
    int64_t interval_ns
    int64_t next_ns

ctypedef struct snap_pending_terms_t:  # 24 bytes
    uint64_t seq
    int64_t take_profit_ticks
    int64_t stop_loss_ticks

ctypedef struct snap_feed_t:  # 64 bytes
    uint32_t feed_id
    uint32_t sources
    int64_t flag_ns
    int64_t stale_ns
    uint64_t prints
    char name[32]

ctypedef struct snap_feed_source_t:  # 32 bytes
    uint32_t feed_id
    uint32_t source
    int64_t price_e8
    int64_t time_ns
    int64_t source_ns

ctypedef struct snap_calendar_t:  # 8 bytes
    uint8_t calendar_id
    uint8_t is_closed
    uint8_t risk_session
    uint8_t r0[5]

ctypedef struct snap_fee_t:  # 24 bytes
    uint32_t instrument_id
    uint8_t fee_tier
    uint8_t r0[3]
    int64_t maker_rate_e8
    int64_t taker_rate_e8

ctypedef struct snap_limit_t:  # 64 bytes
    uint32_t node_id
    uint32_t target_id
    uint8_t scope
    uint8_t limit_kind
    uint8_t target
    uint8_t owner
    uint16_t limit_flags
    uint8_t action
    uint8_t warned
    uint32_t soft_ppm
    uint32_t date
    int64_t value
    int64_t parameter
    int64_t base
    int64_t peak
    uint8_t tripped
    uint8_t r0[7]

ctypedef struct snap_transfer_t:  # 24 bytes
    uint64_t transfer_id
    int64_t amount_micro
    uint32_t account_id
    uint16_t kind
    uint16_t reason

ctypedef struct snap_mmp_t:  # 56 bytes
    uint32_t account_id
    uint32_t instrument_id
    int64_t window_ns
    int64_t quantity_lots
    int64_t delta_micro
    int64_t freeze_ns
    int64_t frozen_until_ns
    uint32_t fills
    uint8_t r0[4]

ctypedef struct snap_mmp_fill_t:  # 32 bytes
    uint32_t account_id
    uint32_t instrument_id
    int64_t time_ns
    int64_t lots
    int64_t notional_micro

ctypedef struct snap_touched_t:  # 8 bytes
    uint32_t account_id
    uint8_t r0[4]

ctypedef struct snap_ranking_t:  # 24 bytes
    int64_t key_ppm
    int64_t lots
    uint32_t account_id
    uint8_t last
    uint8_t r0[3]

ctypedef struct snap_book_header_t:  # 16 bytes
    uint32_t instrument_id
    uint8_t r0[4]
    uint64_t bytes

ctypedef struct matcher_snapshot_row_t:  # 48 bytes
    uint64_t order_id
    int64_t price_ticks
    int64_t leaves_lots
    int64_t display_lots
    int64_t shown_lots
    uint32_t stp_group
    uint8_t side
    uint8_t order_flags
    uint8_t r0[2]

ctypedef struct command_header_t:  # 64 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint16_t kind
    uint16_t flags
    uint32_t session_id
    uint64_t msg_seq_in
    int64_t sent_ns
    uint32_t account_id
    uint32_t instrument_id
    uint32_t operator_id
    uint32_t approver_id
    uint64_t case_id

ctypedef struct event_header_t:  # 64 bytes
    uint64_t seq
    int64_t timestamp_ns
    uint32_t event_index
    uint16_t kind
    uint16_t reason
    uint32_t session_id
    uint32_t instrument_id
    uint64_t session_seq
    uint32_t account_id
    uint32_t trader_id
    uint32_t desk_id
    uint32_t firm_id
    uint64_t msg_seq_in

ctypedef union command_t:  # a record of the journal
    command_header_t header
    tick_t tick
    set_venue_state_t set_venue_state
    set_instrument_t set_instrument
    set_instrument_state_t set_instrument_state
    set_mark_t set_mark
    set_broker_t set_broker
    set_firm_t set_firm
    set_desk_t set_desk
    set_trader_t set_trader
    set_account_t set_account
    set_session_t set_session
    roll_business_date_t roll_business_date
    session_logon_t session_logon
    session_disconnect_t session_disconnect
    place_t place
    replace_t replace
    cancel_t cancel
    mass_cancel_t mass_cancel
    quote_t quote
    quote_cancel_t quote_cancel
    place_twap_t place_twap
    close_position_t close_position
    set_leverage_t set_leverage
    set_mmp_t set_mmp
    reset_mmp_t reset_mmp
    set_limit_t set_limit
    kill_t kill
    revive_t revive
    set_trading_window_t set_trading_window
    note_t note
    set_venue_risk_t set_venue_risk
    set_instrument_risk_t set_instrument_risk
    set_account_risk_t set_account_risk
    set_fee_t set_fee
    deposit_t deposit
    withdraw_request_t withdraw_request
    withdraw_done_t withdraw_done
    withdraw_failed_t withdraw_failed
    transfer_t transfer
    house_transfer_t house_transfer
    set_feed_t set_feed
    set_index_t set_index
    set_roll_weight_t set_roll_weight
    set_index_reference_t set_index_reference
    price_t price
    set_manual_price_t set_manual_price
    mark_pulse_t mark_pulse
    calendar_change_t calendar_change
    funding_sample_t funding_sample
    funding_settle_t funding_settle
    split_t split
    schedule_delisting_t schedule_delisting
    delist_t delist
    change_symbol_t change_symbol

ctypedef union event_t:  # a record of the event log
    event_header_t header
    order_event_t order
    mass_event_t mass
    session_event_t session
    config_event_t config
    attached_event_t attached
    quote_event_t quote
    account_event_t account
    position_event_t position
    entry_event_t entry
    liquidation_event_t liquidation
    limit_event_t limit
    price_event_t price
    funding_event_t funding
