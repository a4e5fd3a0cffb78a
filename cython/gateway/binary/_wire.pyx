"""Bytes of the binary door: SoupBinTCP packets with one SBE message each, to command records and from event records.

`Inbound` is the receive buffer of one connection and its decoder; `BinaryOutlet` encodes the session's events and sends
them. Neither makes a Python object per message. What a message means is the engine's business: fields are passed on as they
are, and only what cannot be read (a structural fault) is refused here. Layouts: config/sbe/perpgate-binary.xml, docs/binary.md.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport INT64_MIN, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memmove

from engine.batch cimport CommandBatch
from engine.records cimport (
    COMMAND_KIND_CANCEL,
    COMMAND_KIND_MASS_CANCEL,
    COMMAND_KIND_PLACE,
    COMMAND_KIND_PRICE,
    COMMAND_KIND_REPLACE,
    COMMAND_KIND_SESSION_LOGON,
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
    EVENT_KIND_SESSION_STATE,
    EVENT_SIZE,
    cancel_t,
    command_t,
    event_t,
    mass_cancel_t,
    order_event_t,
    place_t,
    price_t,
    replace_t,
    session_logon_t,
)
from gateway._router cimport SocketOutlet, outlet_t

SCHEMA_ID = SBE_SCHEMA_ID
VERSION = SBE_VERSION
DECODED = STOP_DECODED
BATCH_FULL = STOP_BATCH_FULL
LOGOUT = STOP_LOGOUT
FAULT = STOP_FAULT
REPORT_BYTES = REPORT_BYTES_MAX

_FAULTS = {
    FAULT_PACKET_LENGTH: ("PACKET_LENGTH", "packet length is {value}, allowed are 1 to {bound}"),
    FAULT_PACKET_TYPE: ("PACKET_TYPE", "packet type 0x{value:02x} is not U, R, O or + (a login is sent once)"),
    FAULT_TRUNCATED: ("TRUNCATED", "message has {value} bytes, its header and block need {bound}"),
    FAULT_SCHEMA: ("SCHEMA", "schemaId is {value}, this door speaks {bound}"),
    FAULT_TEMPLATE: ("TEMPLATE", "templateId {value} is not an inbound message of this schema"),
    FAULT_BLOCK_LENGTH: ("BLOCK_LENGTH", "blockLength is {value}, version 0 of this template has {bound}"),
    FAULT_TRAILING_BYTES: ("TRAILING_BYTES", "message ends at byte {bound} of the packet, the packet has {value}"),
    FAULT_CLIENT_SEQ: ("CLIENT_SEQ", "clientSeq is {value}, it must be above {bound} and below 18446744073709551615"),
    FAULT_OPTIONS_LATE: ("OPTIONS_LATE", "SessionOptions must be the first message after the login and sent once"),
}


cdef inline uint16_t _u16(const uint8_t *p) noexcept nogil:
    cdef uint16_t v
    memcpy(&v, p, 2)
    return v


cdef inline uint32_t _u32(const uint8_t *p) noexcept nogil:
    cdef uint32_t v
    memcpy(&v, p, 4)
    return v


cdef inline uint64_t _u64(const uint8_t *p) noexcept nogil:
    cdef uint64_t v
    memcpy(&v, p, 8)
    return v


cdef inline int64_t _i64_or_0(const uint8_t *p) noexcept nogil:
    # int64 null is "not given", which a record writes as 0
    cdef int64_t v
    memcpy(&v, p, 8)
    return 0 if v == INT64_MIN else v


cdef inline int64_t _time_or_0(const uint8_t *p) noexcept nogil:
    # uint64 null is "not given"; a time beyond int64 becomes negative, which the engine refuses where it matters
    cdef uint64_t v = _u64(p)
    return 0 if v == <uint64_t> -1 else <int64_t> v


cdef inline void _put16(uint8_t *p, uint16_t v) noexcept nogil:
    memcpy(p, &v, 2)


cdef inline void _put32(uint8_t *p, uint32_t v) noexcept nogil:
    memcpy(p, &v, 4)


cdef inline void _put64(uint8_t *p, uint64_t v) noexcept nogil:
    memcpy(p, &v, 8)


cdef inline void _text_id(uint64_t value, char *target) noexcept nogil:
    # decimal text of a client order id; 0 leaves the (zeroed) field empty
    cdef char digits[20]
    cdef int n = 0
    cdef int i
    while value:
        digits[n] = <char> (48 + value % 10)
        value //= 10
        n += 1
    for i in range(n):
        target[i] = digits[n - 1 - i]


cdef inline uint64_t _number_id(const char *text, size_t *length) noexcept nogil:
    # The u64 whose decimal text it is, else 0; *length is what must be sent as text then (0 when the number says it all).
    cdef size_t n = 0
    cdef uint64_t value = 0
    cdef uint64_t digit
    cdef bint is_number = True
    while n < 40 and text[n] != 0:
        digit = <uint64_t> <uint8_t> text[n] - 48
        if digit > 9 or value > (<uint64_t> -1 - digit) // 10:
            is_number = False
        else:
            value = value * 10 + digit
        n += 1
    if n == 0 or (is_number and text[0] != 48):
        length[0] = 0
        return value
    length[0] = n
    return 0


cdef inline size_t _put_text(uint8_t *p, const char *text, size_t length) noexcept nogil:
    p[0] = <uint8_t> length
    memcpy(p + 1, text, length)
    return length + 1


# ------------------------------------------------------------------------------------------------------ outbound


cdef inline size_t _finish(uint8_t *target, uint16_t template_id, uint16_t block_length, size_t tail) noexcept nogil:
    cdef size_t length = 1 + SBE_HEADER_BYTES + block_length + tail
    target[0] = <uint8_t> (length >> 8)
    target[1] = <uint8_t> (length & 255)
    target[2] = 83  # 'S'
    _put16(target + 3, block_length)
    _put16(target + 5, template_id)
    _put16(target + 7, SBE_SCHEMA_ID)
    _put16(target + 9, SBE_VERSION)
    return length + 2


cdef inline void _put_report(const event_t *event, uint8_t *block, uint8_t order_state) noexcept nogil:
    _put64(block, event.header.seq)
    _put64(block + 8, <uint64_t> event.header.timestamp_ns)
    _put32(block + 16, event.header.event_index)
    _put16(block + 20, event.header.reason)
    block[22] = <uint8_t> event.header.kind
    block[23] = order_state
    _put64(block + 24, event.header.msg_seq_in)


cdef size_t _encode_order(const order_event_t *e, uint8_t *target) noexcept nogil:
    cdef uint8_t *block = target + SOUP_HEADER_BYTES + SBE_HEADER_BYTES
    cdef uint16_t kind = e.kind
    cdef size_t text_length
    cdef size_t orig_length
    cdef size_t tail
    cdef uint64_t cl_ord_id = _number_id(e.client_order_id, &text_length)
    cdef uint64_t orig_id
    cdef uint16_t template_id
    cdef uint16_t length = BLOCK_ORDER
    cdef bint has_orig = False
    _put_report(<const event_t *> e, block, e.order_state)
    _put64(block + 32, cl_ord_id)
    _put64(block + 40, e.order_id)
    _put32(block + 48, e.account_id)
    _put32(block + 52, e.instrument_id)
    _put64(block + 56, <uint64_t> (INT64_MIN if e.price_e8 == 0 else e.price_e8))
    _put64(block + 64, <uint64_t> e.quantity_e8)
    _put64(block + 72, <uint64_t> e.cum_quantity_e8)
    _put64(block + 80, <uint64_t> e.leaves_quantity_e8)
    _put64(block + 88, <uint64_t> e.position_e8)
    block[96] = e.side
    block[97] = e.order_type
    block[98] = e.time_in_force
    block[99] = e.liquidity
    _put16(block + 100, e.order_flags)
    block[102] = e.trade_kind
    block[103] = 0
    if kind == EVENT_KIND_ORDER_NEW or kind == EVENT_KIND_ORDER_PENDING or kind == EVENT_KIND_ORDER_STATUS:
        template_id = TEMPLATE_ORDER_STATUS if kind == EVENT_KIND_ORDER_STATUS else TEMPLATE_ORDER_ACCEPTED
        _put64(block + 104, <uint64_t> e.display_quantity_e8)
        length += 8
    elif kind == EVENT_KIND_ORDER_FILLED:
        template_id = TEMPLATE_ORDER_FILLED
        _put64(block + 104, <uint64_t> e.display_quantity_e8)
        _put64(block + 112, <uint64_t> e.last_price_e8)
        _put64(block + 120, <uint64_t> e.last_quantity_e8)
        _put64(block + 128, e.contra_order_id)
        _put64(block + 136, <uint64_t> e.fee_micro)
        _put64(block + 144, <uint64_t> e.realised_pnl_micro)
        length += 48
    elif kind == EVENT_KIND_ORDER_REJECTED:
        template_id = TEMPLATE_ORDER_REJECTED
        _put64(block + 104, <uint64_t> e.detail)
        length += 8
    elif kind == EVENT_KIND_ORDER_EXPIRED:
        template_id = TEMPLATE_ORDER_EXPIRED
    elif kind == EVENT_KIND_ORDER_TRIGGERED:
        template_id = TEMPLATE_ORDER_TRIGGERED
    elif kind == EVENT_KIND_ORDER_RESTATED:
        template_id = TEMPLATE_ORDER_RESTATED
        _put64(block + 104, e.contra_order_id)
        _put64(block + 112, <uint64_t> e.display_quantity_e8)
        length += 16
    else:
        has_orig = True
        length += 16
        if kind == EVENT_KIND_ORDER_CANCELLED:
            template_id = TEMPLATE_ORDER_CANCELLED
            _put64(block + 112, e.contra_order_id)
        elif kind == EVENT_KIND_REPLACE_REJECTED or kind == EVENT_KIND_CANCEL_REJECTED:
            template_id = TEMPLATE_REPLACE_REJECTED if kind == EVENT_KIND_REPLACE_REJECTED else TEMPLATE_CANCEL_REJECTED
            _put64(block + 112, <uint64_t> e.detail)
        else:
            template_id = TEMPLATE_ORDER_REPLACED
            _put64(block + 112, <uint64_t> e.display_quantity_e8)
    tail = 0
    if has_orig:
        orig_id = _number_id(e.orig_client_order_id, &orig_length)
        _put64(block + 104, orig_id)
        tail = _put_text(block + length, e.client_order_id, text_length)
        tail += _put_text(block + length + tail, e.orig_client_order_id, orig_length)
    else:
        tail = _put_text(block + length, e.client_order_id, text_length)
    return _finish(target, template_id, length, tail)


cdef size_t encode_report(const event_t *event, uint8_t *target) noexcept nogil:
    """The sequenced packet of one event; `target` has REPORT_BYTES_MAX free. Returns its bytes, the Soup header included."""
    cdef uint8_t *block = target + SOUP_HEADER_BYTES + SBE_HEADER_BYTES
    cdef uint16_t kind = event.header.kind
    cdef uint16_t template_id
    cdef size_t length
    cdef size_t tail
    if EVENT_KIND_ORDER_PENDING <= kind <= EVENT_KIND_ORDER_STATUS:
        return _encode_order(&event.order, target)
    _put_report(event, block, 0)
    if kind == EVENT_KIND_MASS_CANCEL_DONE or kind == EVENT_KIND_MASS_CANCEL_REJECTED:
        template_id = TEMPLATE_MASS_CANCEL_DONE if kind == EVENT_KIND_MASS_CANCEL_DONE else TEMPLATE_MASS_CANCEL_REJECTED
        _put64(block + 32, _number_id(event.mass.client_order_id, &length))
        _put64(block + 40, event.mass.affected_count)
        _put32(block + 48, event.mass.target_id)
        _put32(block + 52, event.mass.instrument_id)
        block[56] = event.mass.scope
        block[57] = event.mass.side
        tail = _put_text(block + BLOCK_MASS_CANCEL_REPORT, event.mass.client_order_id, length)
        return _finish(target, template_id, BLOCK_MASS_CANCEL_REPORT, tail)
    if kind == EVENT_KIND_SESSION_STATE or kind == EVENT_KIND_ORDER_STATUS_END:
        template_id = TEMPLATE_SESSION_STATE if kind == EVENT_KIND_SESSION_STATE else TEMPLATE_ORDER_STATUS_END
        _put64(block + 32, event.session.last_msg_seq_in)
        _put64(block + 40, event.session.open_orders)
        _put64(block + 48, <uint64_t> event.session.cod_grace_ns)
        _put16(block + 56, event.session.cod_flags)
        return _finish(target, template_id, BLOCK_SESSION_STATE, 0)
    # Every event that is addressed to the session has a number in its stream, so that each kind must give one packet.
    _put16(block + 32, event.config.command_kind)
    return _finish(target, TEMPLATE_COMMAND_RESULT, BLOCK_COMMAND_RESULT, 0)


cdef size_t _outlet_encode(outlet_t *outlet, const event_t *event, uint8_t *target) noexcept nogil:
    return encode_report(event, target)


def encode_events(bytes events not None):
    """The sequenced packets of whole event records, one after the other.

    Raises ValueError when the length is not a multiple of EVENT_SIZE.
    """
    cdef Py_ssize_t count = len(events) // EVENT_SIZE
    cdef Py_ssize_t i
    cdef size_t size = 0
    cdef const event_t *records = <const event_t *> <const char *> events
    cdef uint8_t *target
    if len(events) % EVENT_SIZE:
        raise ValueError(f"{len(events)} bytes are not whole events of {EVENT_SIZE}")
    target = <uint8_t *> malloc(count * REPORT_BYTES_MAX + 1)
    if target == NULL:
        raise MemoryError()
    try:
        with nogil:
            for i in range(count):
                size += encode_report(&records[i], target + size)
        return PyBytes_FromStringAndSize(<const char *> target, <Py_ssize_t> size)
    finally:
        free(target)


cdef class BinaryOutlet(SocketOutlet):
    """`BinaryOutlet(session_id, limit_bytes, REPORT_BYTES, owner, clock)`: sends a session's events as sequenced packets."""

    def __cinit__(self, uint32_t session_id, size_t limit_bytes, size_t message_bytes_max, owner, clock):
        self.c.encode = _outlet_encode


# ------------------------------------------------------------------------------------------------------- inbound


cdef int _place(const uint8_t *block, command_t *command) noexcept nogil:
    cdef place_t *c = &command.place
    c.kind = COMMAND_KIND_PLACE
    _text_id(_u64(block + 16), c.client_order_id)
    c.account_id = _u32(block + 24)
    c.instrument_id = _u32(block + 28)
    c.price_e8 = _i64_or_0(block + 32)
    c.quantity_e8 = _i64_or_0(block + 40)
    c.display_quantity_e8 = _i64_or_0(block + 48)
    c.min_quantity_e8 = _i64_or_0(block + 56)
    c.expire_ns = _time_or_0(block + 64)
    c.take_profit_e8 = _i64_or_0(block + 72)
    c.stop_loss_e8 = _i64_or_0(block + 80)
    c.stp_group = _u32(block + 88)
    c.side = block[92]
    c.order_type = block[93]
    c.time_in_force = block[94]
    c.stp_mode = block[95]
    c.order_flags = _u16(block + 96)
    return 0


cdef int _replace(const uint8_t *block, command_t *command) noexcept nogil:
    cdef replace_t *c = &command.replace
    c.kind = COMMAND_KIND_REPLACE
    _text_id(_u64(block + 16), c.client_order_id)
    _text_id(_u64(block + 24), c.orig_client_order_id)
    c.order_id = _u64(block + 32)
    c.account_id = _u32(block + 40)
    c.instrument_id = _u32(block + 44)
    c.price_e8 = _i64_or_0(block + 48)
    c.quantity_e8 = _i64_or_0(block + 56)
    c.take_profit_e8 = _i64_or_0(block + 64)
    c.stop_loss_e8 = _i64_or_0(block + 72)
    c.side = block[80]
    c.order_type = block[81]
    return 0


cdef int _cancel(const uint8_t *block, command_t *command) noexcept nogil:
    cdef cancel_t *c = &command.cancel
    c.kind = COMMAND_KIND_CANCEL
    _text_id(_u64(block + 16), c.client_order_id)
    _text_id(_u64(block + 24), c.orig_client_order_id)
    c.order_id = _u64(block + 32)
    c.account_id = _u32(block + 40)
    c.instrument_id = _u32(block + 44)
    c.side = block[48]
    return 0


cdef int _mass_cancel(const uint8_t *block, command_t *command) noexcept nogil:
    cdef mass_cancel_t *c = &command.mass_cancel
    c.kind = COMMAND_KIND_MASS_CANCEL
    _text_id(_u64(block + 16), c.client_order_id)
    c.target_id = _u32(block + 24)
    c.instrument_id = _u32(block + 28)
    c.scope = block[32]
    c.side = block[33]
    return 0


cdef int _source_price(const uint8_t *block, command_t *command) noexcept nogil:
    cdef price_t *c = &command.price
    c.kind = COMMAND_KIND_PRICE
    c.feed_id = _u32(block + 16)
    c.source = _u32(block + 20)
    c.price_e8 = <int64_t> _u64(block + 24)
    c.source_ns = _time_or_0(block + 32)
    return 0


cdef int _session_options(const uint8_t *block, command_t *command) noexcept nogil:
    cdef session_logon_t *c = &command.session_logon
    c.kind = COMMAND_KIND_SESSION_LOGON
    c.cod_grace_ns = <int64_t> _u64(block)
    c.cod_flags = _u16(block + 8)
    c.logon_flags = _u16(block + 10)
    return 0


cdef class Inbound:
    """`Inbound(capacity, packet_bytes_max)`: the receive buffer of one connection, and its decoder.

    It exports its free space by the buffer protocol (for `get_buffer`). capacity is in bytes and must hold two packets of the
    greatest length. Before the login `next_packet` gives packets one by one; after `begin(session_id)`, `received` decodes.
    """

    def __cinit__(self, size_t capacity, size_t packet_bytes_max):
        if packet_bytes_max < 64 or packet_bytes_max > PACKET_BYTES_MAX or capacity < 2 * packet_bytes_max:
            raise ValueError("packet_bytes_max is 64..65537 and the buffer holds two packets at least")
        self.buffer = <uint8_t *> malloc(capacity)
        if self.buffer == NULL:
            raise MemoryError()
        self.capacity = capacity
        self.packet_bytes_max = packet_bytes_max
        self._view = None

    def __dealloc__(self):
        free(self.buffer)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.buffer, <Py_ssize_t> self.capacity, 0, flags)

    def space(self):
        """Writable view of the free bytes behind what was received; never empty while the owner stops reading when told."""
        if self._view is None:
            self._view = memoryview(self)
        if self.end == 0:
            return self._view
        return self._view[self.end:]

    def release(self):
        """Drops the view of the buffer; call when the connection is gone."""
        self._view = None

    @property
    def waiting_bytes(self):
        """Received and not decoded."""
        return self.end - self.start

    def begin(self, uint32_t session_id):
        """Messages from now on belong to this session."""
        self.session_id = session_id

    def commit(self, size_t size):
        """`size` bytes were written into `space()`."""
        self.end += size

    def next_packet(self):
        """Takes one whole packet: (type as bytes of length 1, payload), or None when none is complete.

        Raises ValueError when the length field cannot be a packet of at most packet_bytes_max.
        """
        cdef size_t size = self._whole_packet()
        cdef uint8_t *packet = self.buffer + self.start
        if self.fault:
            raise ValueError(self.fault_text())
        if size == 0:
            self._compact()
            return None
        taken = PyBytes_FromStringAndSize(<const char *> packet + 2, <Py_ssize_t> size - 2)
        self.start += size
        self.packets += 1
        self.stream_bytes += size
        return taken[:1], taken[1:]

    def received(self, size_t size, CommandBatch batch not None):
        """`size` more bytes are in the buffer (0: go on after a full batch); writes every whole message as a command.

        Returns the sum of DECODED (the sequencer has something to do) and at most one of BATCH_FULL (stop reading, call again when
        there is room), LOGOUT and FAULT (nothing more is decoded; `fault_text`).
        """
        cdef int stop
        self.end += size
        with nogil:
            stop = self._decode(batch)
        return stop

    def feed(self, const unsigned char[:] data not None, CommandBatch batch not None):
        """Copies `data` in and decodes it: `received` for callers without a socket. Raises BufferError when it does not fit."""
        cdef size_t size = <size_t> data.shape[0]
        if size > self.capacity - self.end:
            raise BufferError(f"{self.capacity - self.end} bytes are free, {size} were given")
        if size:
            memcpy(self.buffer + self.end, &data[0], size)
        return self.received(size, batch)

    def fault_text(self):
        """What could not be read and where, in plain ASCII; empty when nothing was wrong."""
        if self.fault == FAULT_NONE:
            return ""
        name, text = _FAULTS[self.fault]
        text = text.format(value=self.fault_value, bound=self.fault_bound)
        place = f"byte {self.fault_offset} of packet {self.packets + 1} (stream byte {self.stream_bytes + self.fault_offset})"
        return f"{name}: {text}, at {place}"

    @property
    def fault_name(self):
        """Name of the structural fault, empty when there was none."""
        return _FAULTS[self.fault][0] if self.fault else ""

    cdef size_t _whole_packet(self) noexcept nogil:
        # Wire size of the packet at `start` when it is complete, else 0; sets the fault of an impossible length.
        cdef size_t have = self.end - self.start
        cdef size_t length
        if have < 2:
            return 0
        length = (<size_t> self.buffer[self.start] << 8) | self.buffer[self.start + 1]
        if length == 0 or length + 2 > self.packet_bytes_max:
            self._fail(FAULT_PACKET_LENGTH, 0, length, self.packet_bytes_max - 2)
            return 0
        return length + 2 if have >= length + 2 else 0

    cdef void _compact(self) noexcept nogil:
        if self.start:
            if self.end != self.start:
                memmove(self.buffer, self.buffer + self.start, self.end - self.start)
            self.end -= self.start
            self.start = 0

    cdef int _fail(self, int fault, size_t offset, uint64_t value, uint64_t bound) noexcept nogil:
        self.fault = fault
        self.fault_offset = offset
        self.fault_value = value
        self.fault_bound = bound
        return STOP_FAULT

    cdef int _decode(self, CommandBatch batch) noexcept nogil:
        cdef int stop = STOP_FAULT if self.fault else STOP_NONE
        cdef int decoded = STOP_NONE
        cdef size_t size
        cdef uint8_t *packet
        cdef uint8_t kind
        while stop == STOP_NONE:
            size = self._whole_packet()
            if size == 0:
                stop = STOP_FAULT if self.fault else STOP_NONE
                break
            packet = self.buffer + self.start
            kind = packet[2]
            if kind == 85:  # 'U'
                stop = self._message(packet, size, batch)
                if stop != STOP_NONE:
                    break
                decoded = STOP_DECODED
            elif kind == 79:  # 'O'
                stop = STOP_LOGOUT
            elif kind != 82 and kind != 43:  # 'R', '+'
                stop = self._fail(FAULT_PACKET_TYPE, 2, kind, 0)
                break
            self.start += size
            self.packets += 1
            self.stream_bytes += size
        self._compact()
        return stop | decoded

    cdef int _message(self, const uint8_t *packet, size_t size, CommandBatch batch) noexcept nogil:
        cdef const uint8_t *sbe = packet + SOUP_HEADER_BYTES
        cdef const uint8_t *block = sbe + SBE_HEADER_BYTES
        cdef size_t have = size - SOUP_HEADER_BYTES
        cdef uint16_t block_length
        cdef uint16_t template_id
        cdef uint16_t needed
        cdef uint64_t client_seq = 0
        cdef command_t *command
        if have < SBE_HEADER_BYTES:
            return self._fail(FAULT_TRUNCATED, size, have, SBE_HEADER_BYTES)
        block_length = _u16(sbe)
        template_id = _u16(sbe + 2)
        if _u16(sbe + 4) != SBE_SCHEMA_ID:
            return self._fail(FAULT_SCHEMA, 7, _u16(sbe + 4), SBE_SCHEMA_ID)
        needed = _block_of(template_id)
        if needed == 0:
            return self._fail(FAULT_TEMPLATE, 5, template_id, 0)
        # A newer client's block is longer: its first bytes are ours, the rest is skipped.
        if block_length < needed or (block_length > needed and _u16(sbe + 6) == 0):
            return self._fail(FAULT_BLOCK_LENGTH, 3, block_length, needed)
        if have < SBE_HEADER_BYTES + <size_t> block_length:
            return self._fail(FAULT_TRUNCATED, size, have, SBE_HEADER_BYTES + block_length)
        if have > SBE_HEADER_BYTES + <size_t> block_length:
            return self._fail(FAULT_TRAILING_BYTES, SOUP_HEADER_BYTES + SBE_HEADER_BYTES + block_length, size,
                              SOUP_HEADER_BYTES + SBE_HEADER_BYTES + block_length)
        if template_id == TEMPLATE_SESSION_OPTIONS:
            if self.took_message:
                return self._fail(FAULT_OPTIONS_LATE, 5, 0, 0)
        else:
            client_seq = _u64(block)
            if client_seq <= self.last_client_seq or client_seq == <uint64_t> -1:
                return self._fail(FAULT_CLIENT_SEQ, SOUP_HEADER_BYTES + SBE_HEADER_BYTES, client_seq, self.last_client_seq)
        command = batch.reserve()
        if command == NULL:
            return STOP_BATCH_FULL
        command.header.session_id = self.session_id
        command.header.msg_seq_in = client_seq
        self.took_message = True
        if template_id == TEMPLATE_SESSION_OPTIONS:
            return _session_options(block, command)
        self.last_client_seq = client_seq
        command.header.sent_ns = _time_or_0(block + 8)
        if template_id == TEMPLATE_NEW_ORDER:
            return _place(block, command)
        if template_id == TEMPLATE_CANCEL_ORDER:
            return _cancel(block, command)
        if template_id == TEMPLATE_REPLACE_ORDER:
            return _replace(block, command)
        if template_id == TEMPLATE_SOURCE_PRICE:
            return _source_price(block, command)
        return _mass_cancel(block, command)


cdef inline uint16_t _block_of(uint16_t template_id) noexcept nogil:
    if template_id == TEMPLATE_NEW_ORDER:
        return BLOCK_NEW_ORDER
    if template_id == TEMPLATE_CANCEL_ORDER:
        return BLOCK_CANCEL_ORDER
    if template_id == TEMPLATE_REPLACE_ORDER:
        return BLOCK_REPLACE_ORDER
    if template_id == TEMPLATE_MASS_CANCEL:
        return BLOCK_MASS_CANCEL
    if template_id == TEMPLATE_SOURCE_PRICE:
        return BLOCK_SOURCE_PRICE
    if template_id == TEMPLATE_SESSION_OPTIONS:
        return BLOCK_SESSION_OPTIONS
    return 0
