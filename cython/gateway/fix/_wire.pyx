"""FIX messages in a stream of bytes: where one begins and ends, and what its fields are.

Framing follows the rules for garbled messages: bytes before `8=` are skipped, a message whose BodyLength or CheckSum
is wrong is skipped as a whole and consumes no sequence number, and a BodyLength that is too long swallows what it
covers. `FixMessage` is one message as Python objects, for everything that is not order entry. Called by the other
compiled modules of the FIX door and by tests; it knows no dictionary and no session.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcmp

from gateway.fix.text cimport (
    DECIMAL_BYTES_MAX,
    TEXT_OK,
    TEXT_RANGE,
    TIMESTAMP_BYTES_MAX,
    put_e8,
    put_utc,
    second_text_t,
    text_to_e8,
    text_to_u64,
    text_to_utc_ns,
)

SESSION_FAULT = FAULT_SESSION
BUSINESS_FAULT = FAULT_BUSINESS


# -------------------------------------------------------------------------------------------------------- framing


cdef inline size_t _find_start(const uint8_t *data, size_t have) noexcept nogil:
    # Offset of the first `8=` that is not the end of another tag (58=, 108=), or where to look again when more has
    # come.
    cdef size_t i = 0
    cdef const uint8_t *found
    while i < have:
        found = <const uint8_t *> memchr(data + i, 56, have - i)
        if found == NULL:
            return have
        i = <size_t> (found - data)
        if i + 1 == have or (data[i + 1] == 61 and (i == 0 or data[i - 1] < 48 or data[i - 1] > 57)):
            return i
        i += 1
    return have


cdef inline int _garbled(frame_t *frame, size_t size) noexcept nogil:
    frame.size = size
    return FRAME_GARBLED


cdef int _swallow(const uint8_t *data, size_t have, size_t message_bytes_max, size_t end,
                  frame_t *frame) noexcept nogil:
    # There is no CheckSum field where BodyLength says: everything up to the end of the next one belongs to the damage.
    cdef size_t i = end - 1
    cdef const uint8_t *found
    while i < have:
        found = <const uint8_t *> memchr(data + i, SOH, have - i)
        if found == NULL:
            break
        i = <size_t> (found - data)
        if i + 4 <= have and memcmp(data + i, b"\x0110=", 4) == 0:
            found = <const uint8_t *> memchr(data + i + 4, SOH, have - i - 4)
            if found != NULL:
                return _garbled(frame, <size_t> (found - data) + 1)
            break
        i += 1
    return _garbled(frame, 2) if have > end + message_bytes_max else FRAME_PARTIAL


cdef inline uint32_t _sum(const uint8_t *data, size_t size) noexcept nogil:
    cdef uint32_t total = 0
    cdef size_t i
    for i in range(size):
        total += data[i]
    return total & 255


cdef int frame_next(const uint8_t *data, size_t have, size_t message_bytes_max, frame_t *frame) noexcept nogil:
    cdef size_t i = 2
    cdef size_t end
    cdef uint64_t length
    cdef const uint8_t *number
    frame.skip = _find_start(data, have)
    data += frame.skip
    have -= frame.skip
    frame.size = 0
    while i < have and data[i] != SOH:
        if i >= 2 + BEGIN_STRING_BYTES_MAX:
            return _garbled(frame, 2)
        i += 1
    if i + 3 > have:
        return FRAME_PARTIAL
    if data[i + 1] != 57 or data[i + 2] != 61:
        return _garbled(frame, 2)
    i += 3
    number = data + i
    while i < have and data[i] != SOH:
        if <size_t> (data + i - number) >= 7 or data[i] < 48 or data[i] > 57:
            return _garbled(frame, 2)
        i += 1
    if i == have:
        return FRAME_PARTIAL
    if text_to_u64(number, <size_t> (data + i - number), &length) != TEXT_OK or length > message_bytes_max:
        return _garbled(frame, 2)
    frame.body = i + 1
    end = frame.body + <size_t> length
    if have < end + 7:
        return FRAME_PARTIAL
    if data[end - 1] != SOH or memcmp(data + end, b"10=", 3) != 0 or data[end + 6] != SOH:
        return _swallow(data, have, message_bytes_max, end, frame)
    frame.size = end + 7
    if text_to_u64(data + end + 3, 3, &length) != TEXT_OK or length != _sum(data, end):
        return FRAME_GARBLED
    return FRAME_WHOLE


# ------------------------------------------------------------------------------------------------------ tokenizer


cdef inline int32_t _data_tag(int32_t length_tag) noexcept nogil:
    # The field of raw bytes that a length field announces: its value may contain SOH.
    if length_tag == 95:
        return 96
    if length_tag == 93:
        return 89
    if length_tag == 90 or length_tag == 212 or length_tag == 348 or length_tag == 350 or length_tag == 352:
        return length_tag + 1
    if length_tag == 354 or length_tag == 356 or length_tag == 358 or length_tag == 360 or length_tag == 362:
        return length_tag + 1
    if length_tag == 364 or length_tag == 445 or length_tag == 618 or length_tag == 621:
        return length_tag + 1
    return 0


cdef inline void _note(message_t *message, uint32_t index) noexcept nogil:
    # The facts of the header that sequencing needs before anything is judged; the first of a repeated tag counts.
    cdef const fix_field_t *f = &message.fields[index]
    cdef const uint8_t *value = message.bytes + f.offset
    if f.tag == 34:
        if not message.has_seq_num:
            message.has_seq_num = text_to_u64(value, f.length, &message.seq_num) == TEXT_OK
    elif f.tag == 49:
        if message.sender == 0:
            message.sender = index
    elif f.tag == 56:
        if message.target == 0:
            message.target = index
    elif f.tag == 52:
        if message.sending_time == 0:
            message.sending_time = index
    elif f.tag == 43:
        message.poss_dup = f.length == 1 and value[0] == 89
    elif f.tag == 97:
        message.poss_resend = f.length == 1 and value[0] == 89


cdef bint tokenize(message_t *message, const uint8_t *data, size_t size) noexcept nogil:
    cdef size_t i = 0
    cdef uint32_t count = 0
    cdef int64_t tag
    cdef uint32_t data_length = 0
    cdef int32_t data_tag = 0
    cdef bint is_negative
    cdef size_t start
    cdef fix_field_t *f
    message.bytes = data
    message.size = <uint32_t> size
    message.is_cut_short = False
    message.has_seq_num = False
    message.seq_num = 0
    message.poss_dup = False
    message.poss_resend = False
    message.sender = 0
    message.target = 0
    message.sending_time = 0
    message.fault = FAULT_NONE
    while i < size:
        is_negative = data[i] == 45
        if is_negative:
            i += 1
        start = i
        tag = 0
        while i < size and 48 <= data[i] <= 57 and i - start < 10:
            tag = tag * 10 + data[i] - 48
            i += 1
        if i == start or i == size or data[i] != 61 or tag > 2_147_483_647:
            return False
        i += 1
        if count == FIELDS_MAX:
            message.is_cut_short = True
            break
        f = &message.fields[count]
        f.tag = <int32_t> (-tag if is_negative else tag)
        f.offset = <uint32_t> i
        if f.tag == data_tag and data_tag != 0 and size - i > data_length and data[i + data_length] == SOH:
            i += data_length
        else:
            while i < size and data[i] != SOH:
                i += 1
            if i == size:
                return False
        f.length = <uint32_t> i - f.offset
        if f.tag < 100 and f.tag > 33:
            _note(message, count)
        data_tag = _data_tag(f.tag) if f.tag >= 90 else 0
        if data_tag != 0:
            data_length = _length_of(data + f.offset, f.length)
        count += 1
        i += 1
    message.count = count
    if count < 4 or message.fields[2].tag != 35 or message.fields[0].tag != 8 or message.fields[1].tag != 9:
        return False
    message.msg_type = _packed(data + message.fields[2].offset, message.fields[2].length)
    return True


cdef inline uint32_t _length_of(const uint8_t *text, size_t length) noexcept nogil:
    cdef uint64_t value = 0
    if text_to_u64(text, length, &value) != TEXT_OK or value > 1_000_000:
        return 0
    return <uint32_t> value


cdef inline uint32_t _packed(const uint8_t *text, uint32_t length) noexcept nogil:
    cdef uint32_t value = 0
    cdef uint32_t i
    if length > 4:
        return 0
    for i in range(length):
        value |= <uint32_t> text[i] << (8 * i)
    return value


cdef bint field_is(const message_t *message, uint32_t index, const uint8_t *text, size_t length) noexcept nogil:
    cdef const fix_field_t *f = &message.fields[index]
    return f.length == length and memcmp(message.bytes + f.offset, text, length) == 0


# ------------------------------------------------------------------------------------------------- as Python objects


cdef class FixMessage:
    """One message: `fields` are (tag, value) pairs in order, BeginString to CheckSum.

    seq_num is None when MsgSeqNum is absent or no number.
    """

    def get(self, int tag):
        """The first value of a tag as text (Latin-1), None when it is absent."""
        value = self._first.get(tag)
        return None if value is None else value.decode("latin-1")

    def has(self, int tag):
        return tag in self._first

    def time_ns(self, int tag):
        """The value of a UTCTimestamp field, None when it is absent or no time."""
        cdef int64_t value = 0
        cdef bytes text = self._first.get(tag, b"")
        if text_to_utc_ns(<const uint8_t *> <const char *> text, <size_t> len(text), &value) != TEXT_OK:
            return None
        return value

    def number(self, int tag):
        """The value of a field of digits, None when it is absent or none."""
        cdef uint64_t value = 0
        cdef bytes text = self._first.get(tag, b"")
        if text_to_u64(<const uint8_t *> <const char *> text, <size_t> len(text), &value) != TEXT_OK:
            return None
        return value

    def __repr__(self):
        return f"FixMessage({self.raw.replace(b'\\x01', b'|')!r})"


cdef FixMessage to_python(const message_t *message):
    cdef FixMessage made = FixMessage.__new__(FixMessage)
    cdef uint32_t i
    made.raw = message.bytes[:message.size]
    made.fields = []
    made._first = {}
    for i in range(message.count):
        tag = message.fields[i].tag
        value = made.raw[message.fields[i].offset : message.fields[i].offset + message.fields[i].length]
        made.fields.append((tag, value))
        made._first.setdefault(tag, value)
    made.begin_string = made.fields[0][1].decode("latin-1")
    made.msg_type = made.fields[2][1].decode("latin-1")
    made.seq_num = message.seq_num if message.has_seq_num else None
    made.poss_dup = message.poss_dup
    made.poss_resend = message.poss_resend
    return made


def parse(const unsigned char[:] data not None):
    """The one message that `data` is. Raises ValueError when it is garbled, cut short, or followed by more."""
    cdef frame_t frame
    cdef message_t *message
    cdef size_t size = <size_t> data.shape[0]
    if size == 0 or frame_next(&data[0], size, size, &frame) != FRAME_WHOLE or frame.skip or frame.size != size:
        raise ValueError("is not one whole FIX message")
    message = <message_t *> malloc(sizeof(message_t))
    if message == NULL:
        raise MemoryError()
    try:
        if not tokenize(message, &data[0], size):
            raise ValueError("is a garbled FIX message")
        return to_python(message)
    finally:
        free(message)


def split_stream(const unsigned char[:] data not None, size_t message_bytes_max):
    """What stands in a stream of bytes: (whole messages, count of garbled ones, bytes that are not complete)."""
    cdef frame_t frame
    cdef size_t at = 0
    cdef size_t size = <size_t> data.shape[0]
    cdef int kind
    messages = []
    garbled = 0
    while at < size:
        kind = frame_next(&data[at], size - at, message_bytes_max, &frame)
        at += frame.skip
        if kind == FRAME_PARTIAL:
            break
        if kind == FRAME_WHOLE:
            messages.append(bytes(data[at : at + frame.size]))
        else:
            garbled += 1
        at += frame.size
    return messages, garbled, size - at


# ------------------------------------------------------------------------------------------------- the text functions


def parse_decimal(bytes text not None):
    """Decimal text to the global scale of 1e-8. Raises ValueError for no decimal, OverflowError for digits that do
    not fit."""
    cdef int64_t value = 0
    cdef int status = text_to_e8(<const uint8_t *> <const char *> text, <size_t> len(text), &value)
    if status == TEXT_RANGE:
        raise OverflowError(f"{text!r} has more digits than the scale of 1e-8 keeps")
    if status != TEXT_OK:
        raise ValueError(f"{text!r} is no FIX decimal")
    return value


def format_decimal(int64_t value_e8):
    """The shortest decimal text of a number in the scale of 1e-8."""
    cdef uint8_t text[DECIMAL_BYTES_MAX]
    cdef size_t length = put_e8(text, value_e8)
    return (<const char *> text)[:length]


def parse_timestamp(bytes text not None):
    """UTCTimestamp to nanoseconds since the epoch. Raises ValueError."""
    cdef int64_t value = 0
    if text_to_utc_ns(<const uint8_t *> <const char *> text, <size_t> len(text), &value) != TEXT_OK:
        raise ValueError(f"{text!r} is no UTCTimestamp")
    return value


def format_timestamp(int64_t timestamp_ns, int decimals):
    """UTCTimestamp with 3, 6 or 9 decimals."""
    cdef uint8_t text[TIMESTAMP_BYTES_MAX]
    cdef second_text_t cache
    cdef size_t length
    if timestamp_ns < 0 or decimals not in (3, 6, 9):
        raise ValueError("a UTCTimestamp is not before 1970 and has 3, 6 or 9 decimals")
    cache.text[8] = 0
    length = put_utc(text, timestamp_ns, decimals, &cache)
    return (<const char *> text)[:length]
