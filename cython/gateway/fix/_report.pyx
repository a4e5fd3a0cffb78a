"""Events of the engine as FIX messages: ExecutionReport, OrderCancelReject, mass cancel reports, end of the order list.

One pure function, `put_report`: the same event gives the same body whenever it is rendered, so that a resend needs no
store of what was sent. FIX 4.2, 4.4 and 5.0 SP2 differ in a few codes only; the differences are where the fields are
written. Called by the outlet, without the GIL and without a Python object per message. It decides nothing: codes come
from `gateway.fix.reasons`.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport malloc, free
from libc.string cimport memcpy, memset

from engine.records cimport (
    EVENT_KIND_CANCEL_REJECTED,
    EVENT_KIND_MASS_CANCEL_DONE,
    EVENT_KIND_MASS_CANCEL_REJECTED,
    EVENT_KIND_ORDER_CANCELLED,
    EVENT_KIND_ORDER_EXPIRED,
    EVENT_KIND_ORDER_FILLED,
    EVENT_KIND_ORDER_NEW,
    EVENT_KIND_ORDER_PENDING,
    EVENT_KIND_ORDER_REJECTED,
    EVENT_KIND_ORDER_REPLACE_PENDING,
    EVENT_KIND_ORDER_REPLACED,
    EVENT_KIND_ORDER_RESTATED,
    EVENT_KIND_ORDER_STATUS,
    EVENT_KIND_ORDER_STATUS_END,
    EVENT_KIND_ORDER_TRIGGERED,
    EVENT_KIND_REPLACE_REJECTED,
    EVENT_SIZE,
    LIQUIDITY_MAKER,
    LIQUIDITY_TAKER,
    ORDER_FLAG_REDUCE_ONLY,
    ORDER_STATE_CANCELLED,
    ORDER_STATE_EXPIRED,
    ORDER_STATE_FILLED,
    ORDER_STATE_PENDING_NEW,
    ORDER_STATE_REJECTED,
    ORDER_STATE_UNTRIGGERED,
    ORDER_TYPE_ALO,
    ORDER_TYPE_LIMIT,
    ORDER_TYPE_MARKET,
    ORDER_TYPE_STOP_LOSS,
    ORDER_TYPE_TAKE_PROFIT,
    REASON_ACK,
    REASON_CANCELLED,
    REASON_CANCELLED_DISCONNECT,
    REASON_CANCELLED_STP,
    REASON_FOK_CANCELLED,
    REASON_IOC_CANCELLED,
    REASON_MIN_QUANTITY_CANCELLED,
    REASON_RATE_LIMITED,
    SCOPE_SESSION,
    TIME_IN_FORCE_DAY,
    TIME_IN_FORCE_FOK,
    TIME_IN_FORCE_GTC,
    TIME_IN_FORCE_GTD,
    TIME_IN_FORCE_IOC,
    TRADE_KIND_ADL,
    TRADE_KIND_DLP_TRANSFER,
    TRADE_KIND_LIQUIDATION,
    TRADE_KIND_NORMAL,
    TRADE_KIND_SPLIT,
    event_header_t,
    event_t,
    mass_event_t,
    order_event_t,
)
from gateway.fix._directory cimport NAMES_ACCOUNT, NAMES_INSTRUMENT, Directory, name_of, name_t
from gateway.fix._wire cimport SOH
from gateway.fix.text cimport put_e8, put_i64, put_micro, put_u64, put_utc

BODY_BYTES_MAX = REPORT_BODY_BYTES_MAX


# ------------------------------------------------------------------------------------------------------- one field


cdef inline uint8_t *_char(uint8_t *p, const char *tag, size_t n, int value) noexcept nogil:
    memcpy(p, tag, n)
    p[n] = <uint8_t> value
    p[n + 1] = SOH
    return p + n + 2


cdef inline uint8_t *_uint(uint8_t *p, const char *tag, size_t n, uint64_t value) noexcept nogil:
    memcpy(p, tag, n)
    p += n
    p += put_u64(p, value)
    p[0] = SOH
    return p + 1


cdef inline uint8_t *_e8(uint8_t *p, const char *tag, size_t n, int64_t value) noexcept nogil:
    memcpy(p, tag, n)
    p += n
    p += put_e8(p, value)
    p[0] = SOH
    return p + 1


cdef inline uint8_t *_micro(uint8_t *p, const char *tag, size_t n, int64_t value) noexcept nogil:
    memcpy(p, tag, n)
    p += n
    p += put_micro(p, value)
    p[0] = SOH
    return p + 1


cdef inline uint8_t *_bytes(uint8_t *p, const char *tag, size_t n, const uint8_t *text, size_t length) noexcept nogil:
    memcpy(p, tag, n)
    memcpy(p + n, text, length)
    p += n + length
    p[0] = SOH
    return p + 1


cdef inline size_t _id_length(const char *text) noexcept nogil:
    cdef size_t n = 0
    while n < 40 and text[n] != 0:
        n += 1
    return n


cdef inline uint8_t *_client_id(uint8_t *p, const char *tag, size_t n, const char *text) noexcept nogil:
    # ClOrdID and the like: left out when the order has none (it came through another door).
    cdef size_t length = _id_length(text)
    return _bytes(p, tag, n, <const uint8_t *> text, length) if length else p


cdef inline uint8_t *_event_id(uint8_t *p, const char *tag, size_t n, uint64_t seq, uint32_t index) noexcept nogil:
    memcpy(p, tag, n)
    p += n
    p += put_u64(p, seq)
    p[0] = 45
    p += 1 + put_u64(p + 1, index)
    p[0] = SOH
    return p + 1


cdef inline uint8_t *_time(uint8_t *p, style_t *style, int64_t timestamp_ns) noexcept nogil:
    memcpy(p, b"60=", 3)
    p += 3
    p += put_utc(p, timestamp_ns if timestamp_ns > 0 else 0, style.decimals, &style.second)
    p[0] = SOH
    return p + 1


# -------------------------------------------------------------------------------------------------- parts of reports


cdef uint8_t *_put_parties(uint8_t *p, style_t *style, const event_header_t *header) noexcept nogil:
    cdef const name_t *account = name_of(&style.names[NAMES_ACCOUNT], header.account_id)
    return _bytes(p, b"1=", 2, account.text, account.length) if account.length else p


cdef uint8_t *_put_symbol(uint8_t *p, style_t *style, uint32_t instrument_id) noexcept nogil:
    cdef const name_t *symbol = name_of(&style.names[NAMES_INSTRUMENT], instrument_id)
    if symbol.length:
        return _bytes(p, b"55=", 3, symbol.text, symbol.length)
    return _bytes(p, b"55=", 3, b"[N/A]", 5)  # the refusal of an order whose symbol nothing has


cdef uint8_t *_put_reason(uint8_t *p, style_t *style, uint16_t reason, int64_t detail) noexcept nogil:
    cdef const reason_t *words
    if reason == REASON_ACK or reason >= REASONS_MAX:
        return p
    words = &style.reasons[reason]
    p = _bytes(p, b"58=", 3, words.text, words.length)
    if style.user_tags:
        p = _uint(p, b"20001=", 6, reason)
        if reason == REASON_RATE_LIMITED:
            p = _uint(p, b"20005=", 6, <uint64_t> detail)
    return p


cdef int _status(style_t *style, const order_event_t *e) noexcept nogil:
    # OrdStatus (39)
    cdef uint8_t state = e.order_state
    if e.kind == EVENT_KIND_ORDER_REPLACE_PENDING:
        return 69
    if state == ORDER_STATE_PENDING_NEW:
        return 65
    if state == ORDER_STATE_FILLED:
        return 50
    if state == ORDER_STATE_CANCELLED:
        return 52
    if state == ORDER_STATE_EXPIRED:
        return 67
    if state == ORDER_STATE_REJECTED or state == 0:
        return 56
    if e.cum_quantity_e8 > 0:
        return 49
    if e.kind == EVENT_KIND_ORDER_REPLACED and style.version == FIX42:
        return 53
    return 48


cdef int _exec_type(style_t *style, const order_event_t *e, int status) noexcept nogil:
    # ExecType (150)
    cdef uint16_t kind = e.kind
    if kind == EVENT_KIND_ORDER_NEW:
        return 48
    if kind == EVENT_KIND_ORDER_FILLED:
        return status if style.version == FIX42 else 70
    if kind == EVENT_KIND_ORDER_CANCELLED:
        return 52
    if kind == EVENT_KIND_ORDER_PENDING:
        return 65
    if kind == EVENT_KIND_ORDER_REPLACED:
        return 53
    if kind == EVENT_KIND_ORDER_REPLACE_PENDING:
        return 69
    if kind == EVENT_KIND_ORDER_REJECTED:
        return 56
    if kind == EVENT_KIND_ORDER_EXPIRED:
        return 67
    if kind == EVENT_KIND_ORDER_STATUS:
        return status if style.version == FIX42 else 73
    if kind == EVENT_KIND_ORDER_TRIGGERED and style.version == FIX50SP2:
        return 76
    return 68


cdef bint _is_unasked(const order_event_t *e) noexcept nogil:
    # The venue changed or ended the order: 378 says why.
    cdef uint16_t reason = e.reason
    if e.kind == EVENT_KIND_ORDER_RESTATED:
        return True
    if e.kind != EVENT_KIND_ORDER_CANCELLED:
        return False
    return not (reason == REASON_CANCELLED or reason == REASON_IOC_CANCELLED or reason == REASON_FOK_CANCELLED
                or reason == REASON_MIN_QUANTITY_CANCELLED)


cdef uint8_t *_put_terms(uint8_t *p, style_t *style, const order_event_t *e) noexcept nogil:
    cdef uint8_t kind = e.order_type
    cdef uint8_t tif = e.time_in_force
    p = _char(p, b"54=", 3, 48 + e.side)
    p = _e8(p, b"38=", 3, e.quantity_e8)
    if kind == ORDER_TYPE_LIMIT or kind == ORDER_TYPE_ALO:
        p = _char(p, b"40=", 3, 50)
        p = _e8(p, b"44=", 3, e.price_e8)
    elif kind == ORDER_TYPE_STOP_LOSS or kind == ORDER_TYPE_TAKE_PROFIT:
        p = _char(p, b"40=", 3, 51 if kind == ORDER_TYPE_STOP_LOSS else 74)
        p = _e8(p, b"99=", 3, e.price_e8)
    elif kind == ORDER_TYPE_MARKET:
        p = _char(p, b"40=", 3, 49)
    if tif == TIME_IN_FORCE_GTC:
        p = _char(p, b"59=", 3, 49)
    elif tif == TIME_IN_FORCE_IOC:
        p = _char(p, b"59=", 3, 51)
    elif tif == TIME_IN_FORCE_DAY:
        p = _char(p, b"59=", 3, 48)
    elif tif == TIME_IN_FORCE_FOK:
        p = _char(p, b"59=", 3, 52)
    elif tif == TIME_IN_FORCE_GTD:
        p = _char(p, b"59=", 3, 54)
    if kind == ORDER_TYPE_ALO and e.order_flags & ORDER_FLAG_REDUCE_ONLY:
        p = _bytes(p, b"18=", 3, b"6 E", 3)
    elif kind == ORDER_TYPE_ALO:
        p = _char(p, b"18=", 3, 54)
    elif e.order_flags & ORDER_FLAG_REDUCE_ONLY:
        p = _char(p, b"18=", 3, 69)
    if e.display_quantity_e8 and e.display_quantity_e8 < e.leaves_quantity_e8:
        if style.version == FIX50SP2:
            p = _e8(p, b"1138=", 5, e.display_quantity_e8)
        else:
            p = _e8(p, b"111=", 4, e.display_quantity_e8)
    return p


cdef uint8_t *_put_average(uint8_t *p, style_t *style, const order_event_t *e) noexcept nogil:
    # AvgPx: from the event where it has one, else known only while every fill was this one.
    cdef int64_t average_e8 = 0
    if e.kind == EVENT_KIND_ORDER_FILLED:
        if e.detail:
            average_e8 = e.detail
        elif e.cum_quantity_e8 == e.last_quantity_e8:
            average_e8 = e.last_price_e8
    if average_e8 or style.version != FIX50SP2:
        p = _e8(p, b"6=", 2, average_e8)
    return p


cdef uint8_t *_put_fill(uint8_t *p, style_t *style, const order_event_t *e) noexcept nogil:
    cdef uint32_t taker_index = e.event_index
    cdef uint8_t kind = e.trade_kind
    p = _e8(p, b"32=", 3, e.last_quantity_e8)
    p = _e8(p, b"31=", 3, e.last_price_e8)
    if e.liquidity == LIQUIDITY_MAKER or e.liquidity == LIQUIDITY_TAKER:
        p = _char(p, b"851=", 4, 48 + e.liquidity)
        if style.version == FIX50SP2:
            p = _char(p, b"1057=", 5, 89 if e.liquidity == LIQUIDITY_TAKER else 78)
    if e.liquidity == LIQUIDITY_MAKER and taker_index:
        taker_index -= 1
    p = _event_id(p, b"880=", 4, e.seq, taker_index)
    p = _micro(p, b"136=1\x01137=", 10, e.fee_micro)
    p = _bytes(p, b"138=", 4, b"USDC\x01139=4", 10)
    if style.version != FIX42:
        p = _char(p, b"891=", 4, 48)
    if e.position_e8 < 0:
        p = _e8(p, b"705=", 4, -e.position_e8)
    else:
        p = _e8(p, b"704=", 4, e.position_e8)
    if kind == TRADE_KIND_LIQUIDATION:
        p = _bytes(p, b"828=", 4, b"0\x01830=LIQ", 9)
    elif kind == TRADE_KIND_DLP_TRANSFER:
        p = _bytes(p, b"828=", 4, b"3\x01830=DLP", 9)
    elif kind == TRADE_KIND_ADL:
        p = _bytes(p, b"828=", 4, b"3\x01830=ADL", 9)
    elif kind == TRADE_KIND_SPLIT:
        p = _bytes(p, b"828=", 4, b"3\x01830=SPLIT", 11)
    if style.user_tags and e.realised_pnl_micro:
        p = _micro(p, b"20004=", 6, e.realised_pnl_micro)
    return p


# -------------------------------------------------------------------------------------------------------- messages


cdef uint8_t *_put_order_id(uint8_t *p, uint64_t order_id) noexcept nogil:
    return _uint(p, b"37=", 3, order_id) if order_id else _bytes(p, b"37=", 3, b"NONE", 4)


cdef uint8_t *_execution_report(uint8_t *p, style_t *style, const order_event_t *e) noexcept nogil:
    cdef int status = _status(style, e)
    cdef bint is_status = e.kind == EVENT_KIND_ORDER_STATUS
    p = _put_order_id(p, e.order_id)
    p = _client_id(p, b"11=", 3, e.client_order_id)
    p = _client_id(p, b"41=", 3, e.orig_client_order_id)
    if is_status:
        p = _char(p, b"17=", 3, 48)
    else:
        p = _event_id(p, b"17=", 3, e.seq, e.event_index)
    if style.version == FIX42:
        p = _char(p, b"20=", 3, 51 if is_status else 48)
    p = _char(p, b"150=", 4, _exec_type(style, e, status))
    p = _char(p, b"39=", 3, status)
    if e.kind == EVENT_KIND_ORDER_REJECTED and e.reason < REASONS_MAX:
        p = _uint(p, b"103=", 4, <uint64_t> style.reasons[e.reason].ord_rej)
    elif _is_unasked(e) and e.reason < REASONS_MAX:
        p = _uint(p, b"378=", 4, <uint64_t> style.reasons[e.reason].restatement)
    elif e.kind == EVENT_KIND_ORDER_TRIGGERED and style.version != FIX50SP2:
        p = _uint(p, b"378=", 4, 4 if style.version == FIX42 else 99)
    p = _put_parties(p, style, <const event_header_t *> e)
    p = _put_symbol(p, style, e.instrument_id)
    p = _put_terms(p, style, e)
    if e.kind == EVENT_KIND_ORDER_FILLED:
        p = _put_fill(p, style, e)
    p = _e8(p, b"151=", 4, e.leaves_quantity_e8)
    p = _e8(p, b"14=", 3, e.cum_quantity_e8)
    p = _put_average(p, style, e)
    if e.timestamp_ns > 0:  # of an order that was read from a snapshot it is not known
        p = _time(p, style, e.timestamp_ns)
    if e.order_state == ORDER_STATE_PENDING_NEW or e.order_state == ORDER_STATE_UNTRIGGERED:
        p = _char(p, b"636=", 4, 78)
    if e.kind == EVENT_KIND_ORDER_TRIGGERED:
        p = _bytes(p, b"58=", 3, b"ORDER_TRIGGERED", 15)
    else:
        p = _put_reason(p, style, e.reason, e.detail)
    if style.user_tags:
        if is_status and e.seq:
            p = _event_id(p, b"20002=", 6, e.seq, e.event_index)
        if e.reason == REASON_CANCELLED_STP and e.contra_order_id:
            p = _uint(p, b"20003=", 6, e.contra_order_id)
    return p


cdef uint8_t *_cancel_reject(uint8_t *p, style_t *style, const order_event_t *e) noexcept nogil:
    p = _put_order_id(p, e.order_id if e.order_state else 0)
    p = _client_id(p, b"11=", 3, e.client_order_id)
    if e.orig_client_order_id[0]:
        p = _client_id(p, b"41=", 3, e.orig_client_order_id)
    else:
        p = _bytes(p, b"41=", 3, b"NONE", 4)
    p = _char(p, b"39=", 3, _status(style, e))
    p = _put_parties(p, style, <const event_header_t *> e)
    p = _char(p, b"434=", 4, 49 if e.kind == EVENT_KIND_CANCEL_REJECTED else 50)
    if e.reason < REASONS_MAX:
        p = _uint(p, b"102=", 4, <uint64_t> style.reasons[e.reason].cxl_rej)
    p = _time(p, style, e.timestamp_ns)
    p = _put_reason(p, style, e.reason, e.detail)
    if style.user_tags:
        p = _event_id(p, b"20002=", 6, e.seq, e.event_index)
    return p


cdef uint8_t *_mass_report(uint8_t *p, style_t *style, const mass_event_t *e, bint as_action) noexcept nogil:
    cdef bint is_done = e.kind == EVENT_KIND_MASS_CANCEL_DONE
    cdef int request = 49 if e.instrument_id else 55  # one security, all orders
    p = _client_id(p, b"11=", 3, e.client_order_id)
    if as_action:
        p = _event_id(p, b"1369=", 5, e.seq, e.event_index)
        p = _char(p, b"1373=", 5, 51)
        p = _char(p, b"1374=", 5, request)
        p = _char(p, b"1375=", 5, 50 if is_done else 48)
    else:
        p = _event_id(p, b"37=", 3, e.seq, e.event_index)
        if style.version == FIX50SP2:
            p = _event_id(p, b"1369=", 5, e.seq, e.event_index)
        p = _char(p, b"530=", 4, request)
        p = _char(p, b"531=", 4, request if is_done else 48)
    if is_done:
        p = _uint(p, b"533=", 4, e.affected_count)
    elif e.reason < REASONS_MAX and as_action:
        p = _uint(p, b"1376=", 5, <uint64_t> style.reasons[e.reason].mass_cancel_rej)
    elif e.reason < REASONS_MAX:
        p = _uint(p, b"532=", 4, <uint64_t> style.reasons[e.reason].mass_cancel_rej)
    if e.instrument_id:
        p = _put_symbol(p, style, e.instrument_id)
    if e.side:
        p = _char(p, b"54=", 3, 48 + e.side)
    p = _time(p, style, e.timestamp_ns)
    p = _put_reason(p, style, e.reason, 0)
    if style.user_tags:
        p = _event_id(p, b"20002=", 6, e.seq, e.event_index)
        if SCOPE_SESSION <= e.scope <= 5:
            p = _uint(p, b"20020=", 6, e.scope)
    return p


cdef size_t put_report(style_t *style, const event_t *event, bint as_mass_action, uint8_t *target,
                       uint32_t *msg_type) noexcept nogil:
    cdef uint16_t kind = event.header.kind
    cdef uint8_t *p = target
    msg_type[0] = 0
    if EVENT_KIND_ORDER_PENDING <= kind <= EVENT_KIND_ORDER_STATUS:
        if kind == EVENT_KIND_REPLACE_REJECTED or kind == EVENT_KIND_CANCEL_REJECTED:
            msg_type[0] = MSG_CANCEL_REJECT
            p = _cancel_reject(p, style, &event.order)
        else:
            msg_type[0] = MSG_EXECUTION_REPORT
            p = _execution_report(p, style, &event.order)
    elif kind == EVENT_KIND_MASS_CANCEL_DONE or kind == EVENT_KIND_MASS_CANCEL_REJECTED:
        # The receipt of a cancel on disconnect answers no request: 5.0 SP2 has a message of its own for it.
        if event.header.reason == REASON_CANCELLED_DISCONNECT and style.version == FIX50SP2:
            as_mass_action = True
        msg_type[0] = MSG_MASS_ACTION_REPORT if as_mass_action else MSG_MASS_CANCEL_REPORT
        p = _mass_report(p, style, &event.mass, as_mass_action)
    elif kind == EVENT_KIND_ORDER_STATUS_END:
        msg_type[0] = MSG_ORDER_LIST_END
        p = _uint(p, b"911=", 4, event.session.open_orders)
        p = _time(p, style, event.header.timestamp_ns)
        if style.user_tags:
            p = _event_id(p, b"20002=", 6, event.header.seq, event.header.event_index)
    return <size_t> (p - target)


cdef class ReasonTable:
    """`ReasonTable(version, rows)`: rows are (reason, name, 103, 102, 378, 532) of one version (42, 44 or 50)."""

    def __init__(self, int version, rows):
        cdef int number
        if version not in (42, 44, 50):
            raise ValueError(f"{version} is no version of ours: 42, 44, 50")
        self.version = version
        memset(self.reasons, 0, sizeof(self.reasons))
        for number, name, ord_rej, cxl_rej, restatement, mass_cancel_rej in rows:
            text = name.encode("ascii")
            if not 0 <= number < REASONS_MAX or not 0 < len(text) <= REASON_BYTES_MAX:
                raise ValueError(f"reason {number} {name!r} does not fit the table")
            self.reasons[number].length = <uint8_t> len(text)
            memcpy(self.reasons[number].text, <const char *> text, len(text))
            self.reasons[number].ord_rej = <int16_t> ord_rej
            self.reasons[number].cxl_rej = <int16_t> cxl_rej
            self.reasons[number].restatement = <int16_t> restatement
            self.reasons[number].mass_cancel_rej = <int16_t> mass_cancel_rej


def report_of(bytes event not None, ReasonTable reasons not None, Directory directory not None, int decimals=6,
              bint user_tags=True, bint as_mass_action=False):
    """(MsgType, body) of one event record, None when FIX has no message for it."""
    cdef style_t style
    cdef uint32_t msg_type = 0
    cdef size_t length
    cdef uint8_t *body
    if len(event) != EVENT_SIZE or decimals not in (3, 6, 9):
        raise ValueError(f"{len(event)} bytes are no event of {EVENT_SIZE}, or {decimals} are not 3, 6 or 9 decimals")
    memset(&style, 0, sizeof(style))
    style.names = directory.names
    style.reasons = reasons.reasons
    style.version = <uint8_t> reasons.version
    style.decimals = <uint8_t> decimals
    style.user_tags = user_tags
    body = <uint8_t *> malloc(REPORT_BODY_BYTES_MAX)
    if body == NULL:
        raise MemoryError()
    try:
        length = put_report(&style, <const event_t *> <const char *> event, as_mass_action, body, &msg_type)
        if msg_type == 0:
            return None
        return int(msg_type).to_bytes(4, "little").rstrip(b"\0").decode("ascii"), (<const char *> body)[:length]
    finally:
        free(body)
