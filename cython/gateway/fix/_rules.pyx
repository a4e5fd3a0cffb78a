"""Messages against the data dictionary: required fields, types, enumerations, groups, order of header, body and
trailer.

`Rules` holds the flat tables of `gateway.fix.dictionary` and says of a message what is wrong first, as
SessionRejectReason and RefTagID. Fields are looked at in the order in which they were sent, absent ones last (header,
then body). Called by the inbound decoder of each connection; one object serves all connections of a version. It never
looks at sequence numbers or identities.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

from gateway.fix._wire cimport FAULT_NONE, FAULT_SESSION, fix_field_t, message_t, tokenize
from gateway.fix.text cimport TEXT_OK, text_to_u64, text_to_utc_ns

cdef enum:
    HEADER = 0
    TRAILER = 1
    USER_TAGS_FROM = 5000
    VALUE_BYTES_MAX = 8

INVALID_TAG = SESSION_INVALID_TAG
REQUIRED_TAG_MISSING = SESSION_REQUIRED_TAG_MISSING
TAG_NOT_OF_MESSAGE = SESSION_TAG_NOT_OF_MESSAGE
TAG_WITHOUT_VALUE = SESSION_TAG_WITHOUT_VALUE
VALUE_OUT_OF_RANGE = SESSION_VALUE_OUT_OF_RANGE
DATA_FORMAT = SESSION_DATA_FORMAT
SIGNATURE = SESSION_SIGNATURE
COMP_ID = SESSION_COMP_ID
SENDING_TIME = SESSION_SENDING_TIME
INVALID_MSG_TYPE = SESSION_INVALID_MSG_TYPE
TAG_REPEATED = SESSION_TAG_REPEATED
TAG_ORDER = SESSION_TAG_ORDER
GROUP_ORDER = SESSION_GROUP_ORDER
GROUP_COUNT = SESSION_GROUP_COUNT
OTHER = SESSION_OTHER


cdef inline bint _fail(message_t *message, uint16_t reason, int32_t tag) noexcept nogil:
    message.fault = FAULT_SESSION
    message.fault_reason = reason
    message.fault_tag = tag
    return False


cdef inline bint _is_number(const uint8_t *text, size_t length, bint may_have_point) noexcept nogil:
    cdef size_t i = 1 if length and text[0] == 45 else 0
    cdef int digits = 0
    cdef int points = 0
    while i < length:
        if 48 <= text[i] <= 57:
            digits += 1
        elif text[i] == 46 and may_have_point:
            points += 1
        else:
            return False
        i += 1
    return digits > 0 and points <= 1


cdef inline uint64_t _word(const uint8_t *text, size_t length) noexcept nogil:
    cdef uint64_t value = 0
    cdef size_t i
    for i in range(length):
        value |= <uint64_t> text[i] << (8 * i)
    return value


cdef bint _is_date(const uint8_t *text, size_t length) noexcept nogil:
    cdef uint8_t whole[17]
    cdef int64_t value
    if length != 8:
        return False
    memcpy(whole, text, 8)
    memcpy(whole + 8, b"-00:00:00", 9)
    return text_to_utc_ns(whole, 17, &value) == TEXT_OK


cdef class Rules:
    """`Rules(tables, ignores_unknown_tags)`: tables as `Dictionary.tables` gives them.

    ignores_unknown_tags: user-defined tags (5000 and above) that the dictionary does not have are skipped, not refused.
    """

    def __init__(self, tables, bint ignores_unknown_tags=False):
        self.ignores_unknown_tags = ignores_unknown_tags
        self.field_count = tables.field_count
        self.node_count = tables.node_count
        self.tags = len(tables.field_of_tag)
        self.message_count = len(tables.msg_type)
        self._owned = []
        self.field_of_tag = <uint16_t *> self._copy(tables.field_of_tag, 2)
        self.tag = <uint32_t *> self._copy(tables.tag, 4)
        self.kind = <uint8_t *> self._copy(tables.kind, 1)
        self.values_begin = <uint16_t *> self._copy(tables.values_begin, 2)
        self.values = <uint64_t *> self._copy(tables.values, 8)
        self.data_of_length = <uint16_t *> self._copy(tables.data_of_length, 2)
        self.msg_type = <uint32_t *> self._copy(tables.msg_type, 4)
        self.msg_node = <uint8_t *> self._copy(tables.msg_node, 1)
        self.msg_flags = <uint8_t *> self._copy(tables.msg_flags, 1)
        self.slot = <uint8_t *> self._copy(tables.slot, 1)
        self.group = <uint8_t *> self._copy(tables.group, 1)
        self.delimiter = <uint16_t *> self._copy(tables.delimiter, 2)
        self.required_begin = <uint16_t *> self._copy(tables.required_begin, 2)
        self.required = <uint16_t *> self._copy(tables.required, 2)
        self.seen = <uint64_t *> calloc(self.node_count * self.field_count, sizeof(uint64_t))
        if self.seen == NULL:
            raise MemoryError()

    cdef uint8_t *_copy(self, table, Py_ssize_t width) except NULL:
        cdef bytes data
        if table.itemsize != width:
            raise ValueError(f"a table has {table.itemsize} bytes per entry, expected {width}")
        data = table.tobytes() + b"\0" * 8
        self._owned.append(data)
        return <uint8_t *> <char *> data

    def __dealloc__(self):
        free(self.seen)

    def knows(self, str msg_type not None):
        """The dictionary has this MsgType, whoever may send it."""
        return 0 < len(msg_type) <= 4 and self._message_index(int.from_bytes(msg_type.encode("latin-1"), "little")) >= 0

    def takes(self, str msg_type not None):
        """A participant may send this MsgType."""
        cdef int index
        if not 0 < len(msg_type) <= 4:
            return False
        index = self._message_index(int.from_bytes(msg_type.encode("latin-1"), "little"))
        return index >= 0 and self.msg_flags[index] & MESSAGE_INBOUND != 0

    def fault_of(self, bytes raw not None):
        """(SessionRejectReason, RefTagID) of one whole message, None when it is in order; RefTagID 0 = no tag is to
        blame."""
        cdef message_t *message = <message_t *> malloc(sizeof(message_t))
        if message == NULL:
            raise MemoryError()
        try:
            if not tokenize(message, <const uint8_t *> <const char *> raw, <size_t> len(raw)):
                raise ValueError("is a garbled FIX message")
            if self.check(message):
                return None
            return message.fault_reason, message.fault_tag
        finally:
            free(message)

    cdef int _message_index(self, uint32_t msg_type) noexcept nogil:
        cdef int low = 0
        cdef int high = <int> self.message_count
        cdef int middle
        while low < high:
            middle = (low + high) // 2
            if self.msg_type[middle] < msg_type:
                low = middle + 1
            else:
                high = middle
        return low if low < <int> self.message_count and self.msg_type[low] == msg_type and msg_type else -1

    cdef uint16_t _dense(self, const message_t *message, uint32_t index) noexcept nogil:
        cdef int32_t tag = message.fields[index].tag
        return self.field_of_tag[tag] if 0 < tag < <int32_t> self.tags else 0

    cdef bint check(self, message_t *message) noexcept nogil:
        cdef int found = self._message_index(message.msg_type)
        cdef uint32_t body
        cdef uint32_t node = HEADER
        cdef uint32_t i = 0
        cdef uint16_t dense
        cdef int32_t tag
        cdef uint64_t entry
        message.fault = FAULT_NONE
        if found < 0:
            return _fail(message, SESSION_INVALID_MSG_TYPE, 0)
        if message.is_cut_short:
            return _fail(message, SESSION_OTHER, 0)
        body = self.msg_node[found]
        self.entry += 1
        entry = self.entry
        while i < message.count:
            tag = message.fields[i].tag
            dense = self._dense(message, i)
            if dense == 0:
                if tag < USER_TAGS_FROM or not self.ignores_unknown_tags:
                    return _fail(message, SESSION_INVALID_TAG, tag)
                i += 1
                continue
            if self.slot[HEADER * self.field_count + dense]:
                if node != HEADER:
                    if self.slot[body * self.field_count + dense] == 0:
                        return _fail(message, SESSION_TAG_ORDER, tag)
            elif self.slot[TRAILER * self.field_count + dense]:
                node = TRAILER
            elif node == TRAILER:
                return _fail(message, SESSION_TAG_ORDER, tag)
            else:
                node = body
            if not self._field(message, i, node, dense, entry):
                return False
            i += 1
            if self.group[node * self.field_count + dense] and not self._group(message, &i, node):
                return False
        return self._complete(message, HEADER, entry) and self._complete(message, body, entry)

    cdef bint _field(self, message_t *message, uint32_t index, uint32_t node, uint16_t dense,
                     uint64_t entry) noexcept nogil:
        cdef const fix_field_t *f = &message.fields[index]
        cdef uint32_t at = node * self.field_count + dense
        if f.length == 0:
            return _fail(message, SESSION_TAG_WITHOUT_VALUE, f.tag)
        if self.slot[at] == 0:
            return _fail(message, SESSION_TAG_NOT_OF_MESSAGE, f.tag)
        if self.seen[at] == entry:
            return _fail(message, SESSION_TAG_REPEATED, f.tag)
        self.seen[at] = entry
        return self._value(message, index, dense)

    cdef bint _value(self, message_t *message, uint32_t index, uint16_t dense) noexcept nogil:
        cdef const fix_field_t *f = &message.fields[index]
        cdef const uint8_t *text = message.bytes + f.offset
        cdef uint8_t kind = self.kind[dense]
        cdef uint64_t count = 0
        cdef int64_t time_ns
        cdef bint is_right = True
        if kind == KIND_CHAR:
            is_right = f.length == 1
        elif kind == KIND_DECIMAL:
            is_right = _is_number(text, f.length, True)
        elif kind == KIND_INT:
            is_right = _is_number(text, f.length, False)
        elif kind == KIND_COUNT:
            is_right = text_to_u64(text, f.length, &count) == TEXT_OK
        elif kind == KIND_BOOLEAN:
            is_right = f.length == 1 and (text[0] == 89 or text[0] == 78)
        elif kind == KIND_UTC_TIMESTAMP:
            is_right = text_to_utc_ns(text, f.length, &time_ns) == TEXT_OK
        elif kind == KIND_UTC_DATE:
            is_right = _is_date(text, f.length)
        if not is_right:
            return _fail(message, SESSION_DATA_FORMAT, f.tag)
        if self.values_begin[dense] == self.values_begin[dense + 1]:
            return True
        if kind != KIND_MULTIPLE:
            is_right = self._enumerated(text, f.length, dense)
        else:
            is_right = self._every_value(text, f.length, dense)
        return True if is_right else _fail(message, SESSION_VALUE_OUT_OF_RANGE, f.tag)

    cdef bint _every_value(self, const uint8_t *text, size_t length, uint16_t dense) noexcept nogil:
        cdef size_t i
        cdef size_t start = 0
        for i in range(length + 1):
            if i == length or text[i] == 32:
                if not self._enumerated(text + start, i - start, dense):
                    return False
                start = i + 1
        return True

    cdef bint _enumerated(self, const uint8_t *text, size_t length, uint16_t dense) noexcept nogil:
        cdef uint64_t word
        cdef uint32_t i
        if length > VALUE_BYTES_MAX:
            return False
        word = _word(text, length)
        for i in range(self.values_begin[dense], self.values_begin[dense + 1]):
            if self.values[i] == word:
                return True
        return False

    cdef bint _group(self, message_t *message, uint32_t *index, uint32_t node) noexcept nogil:
        # `index` is behind the field that counts the entries; it ends behind the last entry.
        cdef int32_t count_tag = message.fields[index[0] - 1].tag
        cdef uint16_t counter = self._dense(message, index[0] - 1)
        cdef uint32_t entries = self.group[node * self.field_count + counter]
        cdef uint16_t delimiter = self.delimiter[entries]
        cdef const fix_field_t *f = &message.fields[index[0] - 1]
        cdef uint64_t count = 0
        cdef uint64_t i
        cdef uint16_t dense
        if text_to_u64(message.bytes + f.offset, f.length, &count) != TEXT_OK:
            return _fail(message, SESSION_DATA_FORMAT, count_tag)
        i = 0
        while index[0] < message.count:
            dense = self._dense(message, index[0])
            if dense != delimiter:
                if i == 0 and count and dense and self.slot[entries * self.field_count + dense]:
                    return _fail(message, SESSION_GROUP_ORDER, message.fields[index[0]].tag)
                break
            if i == count:
                return _fail(message, SESSION_GROUP_COUNT, count_tag)
            if not self._entry(message, index, entries, count_tag):
                return False
            i += 1
        return True if i == count else _fail(message, SESSION_GROUP_COUNT, count_tag)

    cdef bint _entry(self, message_t *message, uint32_t *index, uint32_t node, int count_tag) noexcept nogil:
        cdef uint16_t delimiter = self.delimiter[node]
        cdef uint16_t dense = delimiter
        cdef uint64_t entry
        self.entry += 1
        entry = self.entry
        while True:
            if not self._field(message, index[0], node, dense, entry):
                return False
            index[0] += 1
            if self.group[node * self.field_count + dense] and not self._group(message, index, node):
                return False
            if index[0] == message.count:
                break
            dense = self._dense(message, index[0])
            if dense == 0 or dense == delimiter or self.slot[node * self.field_count + dense] == 0:
                break
        return self._complete(message, node, entry)

    cdef bint _complete(self, message_t *message, uint32_t node, uint64_t entry) noexcept nogil:
        cdef uint32_t i
        cdef uint16_t dense
        for i in range(self.required_begin[node], self.required_begin[node + 1]):
            dense = self.required[i]
            if self.seen[node * self.field_count + dense] != entry:
                return _fail(message, SESSION_REQUIRED_TAG_MISSING, <int32_t> self.tag[dense])
        return True
