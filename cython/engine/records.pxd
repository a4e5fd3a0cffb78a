# Generated from engine/records.py by `make gen`. Do not edit.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    SCHEMA_VERSION = 1
    SCALE_E8 = 100000000
    CLIENT_ORDER_ID_MAX = 36
    COMMAND_SIZE = 192
    COMMAND_HEADER_SIZE = 64
    COMMAND_BODY_SIZE = 128
    EVENT_SIZE = 256

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
    COMMAND_KIND_SESSION_LOGON = 20
    COMMAND_KIND_SESSION_DISCONNECT = 21
    COMMAND_KIND_PLACE = 30
    COMMAND_KIND_REPLACE = 31
    COMMAND_KIND_CANCEL = 32
    COMMAND_KIND_MASS_CANCEL = 33

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
    EVENT_KIND_MASS_CANCEL_DONE = 20
    EVENT_KIND_MASS_CANCEL_REJECTED = 21
    EVENT_KIND_SESSION_STATE = 30
    EVENT_KIND_CONFIG_SET = 40
    EVENT_KIND_COMMAND_REJECTED = 41

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

cdef enum:  # Side
    SIDE_BUY = 1
    SIDE_SELL = 2

cdef enum:  # OrderType
    ORDER_TYPE_LIMIT = 1
    ORDER_TYPE_MARKET = 2
    ORDER_TYPE_ALO = 3
    ORDER_TYPE_STOP_LOSS = 4
    ORDER_TYPE_TAKE_PROFIT = 5

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

cdef enum:  # Scope
    SCOPE_SESSION = 1
    SCOPE_ACCOUNT = 2
    SCOPE_TRADER = 3
    SCOPE_DESK = 4
    SCOPE_FIRM = 5
    SCOPE_VENUE = 6

cdef enum:  # SessionRight
    SESSION_RIGHT_TRADE = 1
    SESSION_RIGHT_CANCEL = 2

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

cdef enum:  # DisconnectCause
    DISCONNECT_CAUSE_LOSS = 1
    DISCONNECT_CAUSE_LOGOUT = 2

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

cdef enum:  # Work
    WORK_MASS_CANCEL = 1
    WORK_EXPIRE_DAY = 2
    WORK_ORDER_STATUS = 3
    WORK_CANCEL_ON_DISCONNECT = 4

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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
    int64_t mark_price_e8
    int64_t oracle_price_e8
    uint8_t body_reserved[112]

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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
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
    uint8_t header_reserved[16]
    char client_order_id[40]
    uint32_t target_id
    uint8_t scope
    uint8_t side
    uint8_t body_reserved[82]

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
    uint8_t header_reserved[16]

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

ctypedef union event_t:  # a record of the event log
    event_header_t header
    order_event_t order
    mass_event_t mass
    session_event_t session
    config_event_t config
