"""The receive buffer of one FIX connection, and the way of an order message into a command record.

While the session runs as it should (`is_fast`), a NewOrderSingle, OrderCancelRequest or OrderCancelReplaceRequest
with the expected MsgSeqNum is framed, checked against the dictionary and written into the batch without a Python
object; everything else stops the decoder and goes to the session's state machine in Python, which may hand an order
message back (`submit`). What can be translated is translated: whether it is allowed is the engine's to say. A field
that cannot be translated is a fault with the code of the reject that answers it.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memmove

from engine.batch cimport CommandBatch
from engine.records cimport (
    CLIENT_ORDER_ID_MAX,
    COMMAND_KIND_CANCEL,
    COMMAND_KIND_PLACE,
    COMMAND_KIND_REPLACE,
    ORDER_FLAG_REDUCE_ONLY,
    ORDER_TYPE_ALO,
    ORDER_TYPE_LIMIT,
    ORDER_TYPE_MARKET,
    ORDER_TYPE_STOP_LOSS,
    ORDER_TYPE_TAKE_PROFIT,
    STP_MODE_CANCEL_AGGRESSOR,
    STP_MODE_CANCEL_BOTH,
    STP_MODE_CANCEL_PASSIVE,
    STP_MODE_DECREMENT,
    TIME_IN_FORCE_DAY,
    TIME_IN_FORCE_FOK,
    TIME_IN_FORCE_GTC,
    TIME_IN_FORCE_GTD,
    TIME_IN_FORCE_IOC,
    cancel_t,
    command_t,
    place_t,
    replace_t,
)
from gateway.fix._directory cimport NAMES_ACCOUNT, NAMES_INSTRUMENT, UNKNOWN_ID, Directory, id_of
from gateway.fix._rules cimport SESSION_DATA_FORMAT, SESSION_VALUE_OUT_OF_RANGE, Rules
from gateway.fix._wire cimport (
    FAULT_BUSINESS,
    FAULT_SESSION,
    FRAME_GARBLED,
    FRAME_PARTIAL,
    field_is,
    fix_field_t,
    frame_next,
    frame_t,
    message_t,
    to_python,
    tokenize,
)
from gateway.fix.text cimport NS_PER_S, TEXT_FORMAT, TEXT_OK, now_ns, text_to_e8, text_to_u64, text_to_utc_ns

DECODED = STOP_DECODED
BATCH_FULL = STOP_BATCH_FULL
MESSAGE = STOP_MESSAGE
GARBLED = STOP_GARBLED
REJECT_LEVEL = LEVEL_REJECT
LOGOUT_LEVEL = LEVEL_LOGOUT

cdef enum:
    STP_GROUP_END = 0x80000000
    ORDER_TYPE_NONE = 0  # of a combination that the venue does not have: the engine refuses it


# -------------------------------------------------------------------------------------------------- single fields


cdef inline bint _fault(message_t *m, uint8_t kind, uint16_t reason, int32_t tag) noexcept nogil:
    m.fault = kind
    m.fault_reason = reason
    m.fault_tag = tag
    return False


cdef inline const uint8_t *_text(const message_t *m, uint32_t index) noexcept nogil:
    return m.bytes + m.fields[index].offset


cdef inline bint _decimal(message_t *m, uint32_t index, int64_t *value) noexcept nogil:
    cdef const fix_field_t *f = &m.fields[index]
    cdef int status = text_to_e8(m.bytes + f.offset, f.length, value)
    if status == TEXT_OK:
        return True
    return _fault(m, FAULT_SESSION, SESSION_DATA_FORMAT if status == TEXT_FORMAT else SESSION_VALUE_OUT_OF_RANGE, f.tag)


cdef inline bint _client_id(message_t *m, uint32_t index, char *target) noexcept nogil:
    # At most 36 printable ASCII characters.
    cdef const fix_field_t *f = &m.fields[index]
    cdef const uint8_t *text = m.bytes + f.offset
    cdef uint32_t i
    if f.length > CLIENT_ORDER_ID_MAX:
        return _fault(m, FAULT_SESSION, SESSION_VALUE_OUT_OF_RANGE, f.tag)
    for i in range(f.length):
        if text[i] < 32 or text[i] > 126:
            return _fault(m, FAULT_SESSION, SESSION_DATA_FORMAT, f.tag)
    memcpy(target, text, f.length)
    return True


cdef inline uint64_t _order_id(const message_t *m, uint32_t index) noexcept nogil:
    # An OrderID that is no number of ours is one that no order has.
    cdef uint64_t value = 0
    if text_to_u64(_text(m, index), m.fields[index].length, &value) != TEXT_OK or value == 0:
        return <uint64_t> -1
    return value


cdef inline uint8_t _time_in_force(uint8_t code) noexcept nogil:
    if code == 49:
        return TIME_IN_FORCE_GTC
    if code == 51:
        return TIME_IN_FORCE_IOC
    if code == 52:
        return TIME_IN_FORCE_FOK
    if code == 54:
        return TIME_IN_FORCE_GTD
    return TIME_IN_FORCE_DAY if code == 48 else 0


cdef inline uint8_t _order_type(uint8_t code) noexcept nogil:
    if code == 50:
        return ORDER_TYPE_LIMIT
    if code == 49:
        return ORDER_TYPE_MARKET
    if code == 51:
        return ORDER_TYPE_STOP_LOSS
    return ORDER_TYPE_TAKE_PROFIT if code == 74 else ORDER_TYPE_NONE


cdef inline uint8_t _stp_mode(uint8_t code) noexcept nogil:
    # SelfMatchPreventionInstruction: 1 aggressor, 2 passive, 3 both, 4 decrement
    if code == 49:
        return STP_MODE_CANCEL_AGGRESSOR
    if code == 50:
        return STP_MODE_CANCEL_PASSIVE
    if code == 51:
        return STP_MODE_CANCEL_BOTH
    return STP_MODE_DECREMENT if code == 52 else 255


cdef inline uint32_t _find(const message_t *m, int32_t tag) noexcept nogil:
    # Index of the first field with this tag, 0 (BeginString) when there is none.
    cdef uint32_t i
    for i in range(3, m.count):
        if m.fields[i].tag == tag:
            return i
    return 0


cdef int _set_identity(identity_t *identity, bytes text) except -1:
    if len(text) > sizeof(identity.text):
        raise ValueError(f"{text!r} has more than {sizeof(identity.text)} bytes")
    identity.length = <uint8_t> len(text)
    memcpy(identity.text, <const char *> text, len(text))
    return 0


cdef class Inbound:
    """`Inbound(capacity, message_bytes_max)`: capacity in bytes; it holds two messages of the greatest length at least.

    It exports its free space by the buffer protocol (for `get_buffer`). Before the Logon `received` stops at each
    message; `begin` says whose messages they are from then on.
    """

    def __cinit__(self, size_t capacity, size_t message_bytes_max):
        if message_bytes_max < 1024 or capacity < 2 * message_bytes_max:
            raise ValueError("message_bytes_max is 1024 at least, and the buffer holds two messages of that length")
        self.buffer = <uint8_t *> malloc(capacity)
        if self.buffer == NULL:
            raise MemoryError()
        self.capacity = capacity
        self.message_bytes_max = message_bytes_max
        self._view = None

    def __dealloc__(self):
        free(self.buffer)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.buffer, <Py_ssize_t> self.capacity, 0, flags)

    def space(self):
        """Writable view of the free bytes behind what was received."""
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

    def begin(self, uint32_t session_id, bytes begin_string not None, bytes sender not None, bytes target not None,
              Rules rules not None, Directory directory not None, uint32_t default_account_id, int64_t tolerance_ns,
              uint32_t reject_level, uint32_t logout_level):
        """Messages from now on belong to this session. sender, target: CompIDs as the participant sends them.

        default_account_id: of orders without Account, 0 = none. tolerance_ns: how far SendingTime may be from our
        clock. The levels are messages per second from which on they are refused, or the session is ended; 0 = none.
        """
        self.session_id = session_id
        _set_identity(&self.begin_string, begin_string)
        _set_identity(&self.sender, sender)
        _set_identity(&self.target, target)
        self._rules = rules
        self._directory = directory
        self.default_account_id = default_account_id
        self.tolerance_ns = tolerance_ns
        self.reject_level = reject_level if reject_level else 0xFFFFFFFF
        self.logout_level = logout_level if logout_level else 0xFFFFFFFF
        self.is_begun = True

    def received(self, size_t size, CommandBatch batch not None):
        """`size` more bytes are in the buffer (0: go on); decodes until a message is Python's.

        Returns the sum of DECODED (the sequencer has something to do) and at most one of BATCH_FULL (stop reading,
        call again when there is room), MESSAGE (`take` it) and GARBLED (before the Logon only: close).
        """
        cdef int stop
        self.end += size
        with nogil:
            stop = self._decode(batch, now_ns())
        return stop

    def feed(self, const unsigned char[:] data not None, CommandBatch batch not None):
        """Copies `data` in and decodes it: `received` for callers without a socket. Raises BufferError when it does
        not fit."""
        cdef size_t size = <size_t> data.shape[0]
        if size > self.capacity - self.end:
            raise BufferError(f"{self.capacity - self.end} bytes are free, {size} were given")
        if size:
            memcpy(self.buffer + self.end, &data[0], size)
        return self.received(size, batch)

    def take(self):
        """The message that stopped the decoder; it is done with from its point of view. None when there is none."""
        if self.pending == 0:
            return None
        made = to_python(&self.message)
        self.start += self.pending
        self.pending = 0
        return made

    def submit(self, bytes raw not None, uint64_t seq_num, CommandBatch batch not None):
        """An order message (D, F, G) of this session, given by the state machine, into the batch.

        Returns None, or its fault: (SESSION_FAULT or BUSINESS_FAULT, reason, tag). Raises BufferError when the batch
        is full.
        """
        cdef message_t *m = <message_t *> malloc(sizeof(message_t))
        cdef command_t *command
        if m == NULL:
            raise MemoryError()
        try:
            if not tokenize(m, <const uint8_t *> <const char *> raw, <size_t> len(raw)):
                raise ValueError("is a garbled FIX message")
            if not self._rules.check(m):
                return m.fault, m.fault_reason, m.fault_tag
            m.seq_num = seq_num
            command = batch.reserve()
            if command == NULL:
                raise BufferError("the batch is full")
            if self._command(m, command):
                return None
            batch.unreserve()
            return m.fault, m.fault_reason, m.fault_tag
        finally:
            free(m)

    # ----------------------------------------------------------------------------------------------- the decoder

    cdef void _compact(self) noexcept nogil:
        if self.start and self.pending == 0:
            if self.end != self.start:
                memmove(self.buffer, self.buffer + self.start, self.end - self.start)
            self.end -= self.start
            self.start = 0

    cdef int _next(self) noexcept nogil:
        # Puts the next whole message into `message` and its size into `pending`; skips what is garbled.
        cdef frame_t frame
        cdef int kind
        while True:
            kind = frame_next(self.buffer + self.start, self.end - self.start, self.message_bytes_max, &frame)
            self.start += frame.skip
            if kind == FRAME_PARTIAL:
                return STOP_NONE
            if kind != FRAME_GARBLED and tokenize(&self.message, self.buffer + self.start, frame.size):
                self.pending = frame.size
                self.messages += 1
                return STOP_MESSAGE
            self.start += frame.size
            self.garbled += 1
            if not self.is_begun:
                return STOP_GARBLED

    cdef int _decode(self, CommandBatch batch, int64_t now_ns) noexcept nogil:
        cdef int decoded = STOP_NONE
        cdef int stop = STOP_MESSAGE if self.pending else STOP_NONE
        cdef command_t *command
        while stop == STOP_NONE:
            stop = self._next()
            if stop != STOP_MESSAGE:
                break
            self.level = self._count(now_ns)
            if not self._is_ordinary(now_ns) or not self._rules.check(&self.message):
                break
            command = batch.reserve()
            if command == NULL:
                self.pending = 0
                self.messages -= 1
                self.window_count -= 1
                stop = STOP_BATCH_FULL
                break
            if not self._command(&self.message, command):
                batch.unreserve()
                break
            self.next_in += 1
            self.start += self.pending
            self.pending = 0
            decoded = STOP_DECODED
            stop = STOP_NONE
        self._compact()
        return stop | decoded

    cdef int _count(self, int64_t now_ns) noexcept nogil:
        if now_ns - self.window_ns >= NS_PER_S or now_ns < self.window_ns:
            self.window_ns = now_ns
            self.window_count = 0
        self.window_count += 1
        if not self.is_begun or self.window_count <= self.reject_level:
            return LEVEL_FREE
        return LEVEL_LOGOUT if self.window_count > self.logout_level else LEVEL_REJECT

    cdef bint _is_ordinary(self, int64_t now_ns) noexcept nogil:
        # An order message that needs no thought about the session.
        cdef message_t *m = &self.message
        cdef int64_t sent_ns = 0
        cdef const fix_field_t *f
        if not self.is_fast or not m.has_seq_num or m.seq_num != self.next_in or m.poss_dup or m.poss_resend:
            return False
        if m.msg_type != MSG_NEW_ORDER and m.msg_type != MSG_CANCEL and m.msg_type != MSG_REPLACE:
            return False
        if self.level != LEVEL_FREE and (self.level == LEVEL_LOGOUT or m.msg_type != MSG_CANCEL):
            return False
        if not self._is_theirs(m):
            return False
        f = &m.fields[m.sending_time]
        if m.sending_time == 0 or text_to_utc_ns(m.bytes + f.offset, f.length, &sent_ns) != TEXT_OK:
            return False
        return -self.tolerance_ns <= now_ns - sent_ns <= self.tolerance_ns

    cdef bint _is_theirs(self, const message_t *m) noexcept nogil:
        return (field_is(m, 0, self.begin_string.text, self.begin_string.length) and m.sender != 0 and m.target != 0
                and field_is(m, m.sender, self.sender.text, self.sender.length)
                and field_is(m, m.target, self.target.text, self.target.length))

    # ------------------------------------------------------------------------------------------------ translation

    cdef bint _command(self, message_t *m, command_t *command) noexcept nogil:
        cdef bint is_done
        if not self._fill_header(m, command):
            return False
        if m.msg_type == MSG_NEW_ORDER:
            is_done = self._place(m, command)
        elif m.msg_type == MSG_CANCEL:
            is_done = self._cancel(m, command)
        else:
            is_done = self._replace(m, command)
        if is_done:
            self.last_command_in = command.header.msg_seq_in
        return is_done

    cdef bint _fill_header(self, message_t *m, command_t *command) noexcept nogil:
        cdef uint32_t index = _find(m, 1)
        cdef const fix_field_t *f = &m.fields[m.sending_time]
        command.header.session_id = self.session_id
        command.header.msg_seq_in = (self.epoch_in << EPOCH_SHIFT) | m.seq_num
        if text_to_utc_ns(m.bytes + f.offset, f.length, &command.header.sent_ns) != TEXT_OK:
            command.header.sent_ns = 0
        command.header.account_id = self.default_account_id
        if index:
            f = &m.fields[index]
            command.header.account_id = id_of(&self._directory.names[NAMES_ACCOUNT], m.bytes + f.offset, f.length)
        elif self.default_account_id == 0 and (m.msg_type == MSG_NEW_ORDER or _find(m, 37) == 0):
            return _fault(m, FAULT_BUSINESS, BUSINESS_FIELD_MISSING, 1)
        return True

    cdef uint32_t _symbol(self, const message_t *m, uint32_t index) noexcept nogil:
        return id_of(&self._directory.names[NAMES_INSTRUMENT], _text(m, index), m.fields[index].length)

    cdef bint _place(self, message_t *m, command_t *command) noexcept nogil:
        cdef place_t *c = &command.place
        cdef uint32_t i
        cdef bint is_post_only = False
        c.kind = COMMAND_KIND_PLACE
        c.time_in_force = TIME_IN_FORCE_DAY
        for i in range(3, m.count):
            if m.fields[i].tag == 18:
                is_post_only = self._exec_inst(m, i, &c.order_flags)
            elif not self._place_field(m, i, command):
                return False
        if c.order_type == ORDER_TYPE_STOP_LOSS or c.order_type == ORDER_TYPE_TAKE_PROFIT:
            if not self._price(m, 99, &c.price_e8):
                return False
        elif c.order_type == ORDER_TYPE_LIMIT and not self._price(m, 44, &c.price_e8):
            return False
        if is_post_only:
            c.order_type = ORDER_TYPE_ALO if c.order_type == ORDER_TYPE_LIMIT else ORDER_TYPE_NONE
        if c.order_type == ORDER_TYPE_MARKET and _find(m, 59) == 0:
            c.time_in_force = TIME_IN_FORCE_IOC
        if _find(m, 38) == 0:
            return _fault(m, FAULT_BUSINESS, BUSINESS_FIELD_MISSING, 38)
        if c.time_in_force == TIME_IN_FORCE_GTD and c.expire_ns == 0:
            return _fault(m, FAULT_BUSINESS, BUSINESS_FIELD_MISSING, 126)
        return True

    cdef bint _price(self, message_t *m, int32_t tag, int64_t *price_e8) noexcept nogil:
        cdef uint32_t index = _find(m, tag)
        if index == 0:
            return _fault(m, FAULT_BUSINESS, BUSINESS_FIELD_MISSING, tag)
        return _decimal(m, index, price_e8)

    cdef bint _exec_inst(self, const message_t *m, uint32_t index, uint16_t *flags) noexcept nogil:
        # Letters with or without spaces: 6 and A are post-only, E is reduce-only. True when post-only.
        cdef const uint8_t *text = _text(m, index)
        cdef uint32_t i
        cdef bint is_post_only = False
        for i in range(m.fields[index].length):
            if text[i] == 54 or text[i] == 65:
                is_post_only = True
            elif text[i] == 69:
                flags[0] |= ORDER_FLAG_REDUCE_ONLY
        return is_post_only

    cdef bint _place_field(self, message_t *m, uint32_t index, command_t *command) noexcept nogil:
        cdef place_t *c = &command.place
        cdef const fix_field_t *f = &m.fields[index]
        cdef const uint8_t *text = m.bytes + f.offset
        cdef int32_t tag = f.tag
        cdef uint64_t number = 0
        if tag == 11:
            return _client_id(m, index, c.client_order_id)
        if tag == 55:
            command.header.instrument_id = self._symbol(m, index)
        elif tag == 54:
            c.side = text[0] - 48
        elif tag == 38:
            return _decimal(m, index, &c.quantity_e8)
        elif tag == 40:
            c.order_type = _order_type(text[0])
        elif tag == 59:
            c.time_in_force = _time_in_force(text[0])
        elif tag == 110:
            return _decimal(m, index, &c.min_quantity_e8)
        elif tag == 111 or tag == 1138:
            return _decimal(m, index, &c.display_quantity_e8)
        elif tag == 126:
            if text_to_utc_ns(text, f.length, &c.expire_ns) != TEXT_OK:
                return _fault(m, FAULT_SESSION, SESSION_DATA_FORMAT, tag)
        elif tag == 77:
            if text[0] == 67:
                c.order_flags |= ORDER_FLAG_REDUCE_ONLY
        elif tag == 2362:
            if text_to_u64(text, f.length, &number) != TEXT_OK or number >= <uint64_t> STP_GROUP_END:
                return _fault(m, FAULT_SESSION, SESSION_VALUE_OUT_OF_RANGE, tag)
            c.stp_group = <uint32_t> number
        elif tag == 2964:
            c.stp_mode = _stp_mode(text[0])
        elif tag == 20030:
            return _decimal(m, index, &c.take_profit_e8)
        elif tag == 20031:
            return _decimal(m, index, &c.stop_loss_e8)
        return True

    cdef bint _replace(self, message_t *m, command_t *command) noexcept nogil:
        cdef replace_t *c = &command.replace
        cdef uint32_t i
        cdef int32_t tag
        cdef uint16_t flags = 0
        cdef bint is_right = True
        cdef bint is_post_only = False
        c.kind = COMMAND_KIND_REPLACE
        for i in range(3, m.count):
            tag = m.fields[i].tag
            if tag == 11:
                is_right = _client_id(m, i, c.client_order_id)
            elif tag == 41:
                is_right = _client_id(m, i, c.orig_client_order_id)
            elif tag == 37:
                c.order_id = _order_id(m, i)
            elif tag == 55:
                command.header.instrument_id = self._symbol(m, i)
            elif tag == 54:
                c.side = _text(m, i)[0] - 48
            elif tag == 38:
                is_right = _decimal(m, i, &c.quantity_e8)
            elif tag == 40:
                c.order_type = _order_type(_text(m, i)[0])
            elif tag == 18:
                is_post_only = self._exec_inst(m, i, &flags)
            elif tag == 20030:
                is_right = _decimal(m, i, &c.take_profit_e8)
            elif tag == 20031:
                is_right = _decimal(m, i, &c.stop_loss_e8)
            if not is_right:
                return False
        return self._finish_replace(m, c, is_post_only)

    cdef bint _finish_replace(self, message_t *m, replace_t *c, bint is_post_only) noexcept nogil:
        if c.order_id == 0 and c.orig_client_order_id[0] == 0:
            return _fault(m, FAULT_BUSINESS, BUSINESS_FIELD_MISSING, 41)
        if _find(m, 38) == 0:
            return _fault(m, FAULT_BUSINESS, BUSINESS_FIELD_MISSING, 38)
        if c.order_type == ORDER_TYPE_STOP_LOSS or c.order_type == ORDER_TYPE_TAKE_PROFIT:
            return self._price(m, 99, &c.price_e8)
        if c.order_type == ORDER_TYPE_LIMIT:
            # Without post-only in the message it may be either kind of limit order: a client need not repeat 18.
            c.order_type = ORDER_TYPE_ALO if is_post_only else 0
            return self._price(m, 44, &c.price_e8)
        return True

    cdef bint _cancel(self, message_t *m, command_t *command) noexcept nogil:
        cdef cancel_t *c = &command.cancel
        cdef uint32_t i
        cdef int32_t tag
        cdef bint is_right = True
        c.kind = COMMAND_KIND_CANCEL
        for i in range(3, m.count):
            tag = m.fields[i].tag
            if tag == 11:
                is_right = _client_id(m, i, c.client_order_id)
            elif tag == 41:
                is_right = _client_id(m, i, c.orig_client_order_id)
            elif tag == 37:
                c.order_id = _order_id(m, i)
            elif tag == 55:
                command.header.instrument_id = self._symbol(m, i)
            elif tag == 54:
                c.side = _text(m, i)[0] - 48
            if not is_right:
                return False
        if c.order_id == 0 and c.orig_client_order_id[0] == 0:
            return _fault(m, FAULT_BUSINESS, BUSINESS_FIELD_MISSING, 41)
        return True
