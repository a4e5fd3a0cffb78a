# A data dictionary as flat tables, and the check of a message against them.
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from gateway.fix._wire cimport message_t

cdef enum:  # SessionRejectReason (373)
    SESSION_INVALID_TAG = 0
    SESSION_REQUIRED_TAG_MISSING = 1
    SESSION_TAG_NOT_OF_MESSAGE = 2
    SESSION_UNDEFINED_TAG = 3
    SESSION_TAG_WITHOUT_VALUE = 4
    SESSION_VALUE_OUT_OF_RANGE = 5
    SESSION_DATA_FORMAT = 6
    SESSION_SIGNATURE = 8
    SESSION_COMP_ID = 9
    SESSION_SENDING_TIME = 10
    SESSION_INVALID_MSG_TYPE = 11
    SESSION_TAG_REPEATED = 13
    SESSION_TAG_ORDER = 14
    SESSION_GROUP_ORDER = 15
    SESSION_GROUP_COUNT = 16
    SESSION_OTHER = 99

cdef enum:  # FieldKind of gateway/fix/dictionary.py
    KIND_NONE = 0
    KIND_STRING = 1
    KIND_CHAR = 2
    KIND_INT = 3
    KIND_COUNT = 4
    KIND_DECIMAL = 5
    KIND_BOOLEAN = 6
    KIND_UTC_TIMESTAMP = 7
    KIND_UTC_DATE = 8
    KIND_DATA = 9
    KIND_MULTIPLE = 10

cdef enum:  # flags of a message type
    MESSAGE_ADMIN = 1
    MESSAGE_INBOUND = 2


cdef class Rules:
    cdef readonly bint ignores_unknown_tags
    cdef uint32_t field_count
    cdef uint32_t node_count
    cdef uint32_t tags  # length of field_of_tag
    cdef uint32_t message_count
    cdef uint16_t *field_of_tag
    cdef uint32_t *tag
    cdef uint8_t *kind
    cdef uint16_t *values_begin
    cdef uint64_t *values
    cdef uint16_t *data_of_length
    cdef uint32_t *msg_type
    cdef uint8_t *msg_node
    cdef uint8_t *msg_flags
    cdef uint8_t *slot
    cdef uint8_t *group
    cdef uint16_t *delimiter
    cdef uint16_t *required_begin
    cdef uint16_t *required
    cdef uint64_t *seen  # by node and field: the entry in which it was met last
    cdef uint64_t entry  # counts messages and group entries
    cdef list _owned

    # Judges the whole message; false leaves the fault in the message.
    cdef bint check(self, message_t *message) noexcept nogil
    cdef int _message_index(self, uint32_t msg_type) noexcept nogil
    cdef bint _field(self, message_t *message, uint32_t index, uint32_t node, uint16_t dense,
                     uint64_t entry) noexcept nogil
    cdef bint _value(self, message_t *message, uint32_t index, uint16_t dense) noexcept nogil
    cdef uint8_t *_copy(self, table, Py_ssize_t width) except NULL
    cdef bint _every_value(self, const uint8_t *text, size_t length, uint16_t dense) noexcept nogil
    cdef bint _enumerated(self, const uint8_t *text, size_t length, uint16_t dense) noexcept nogil
    cdef bint _group(self, message_t *message, uint32_t *index, uint32_t node) noexcept nogil
    cdef bint _entry(self, message_t *message, uint32_t *index, uint32_t node, int count_tag) noexcept nogil
    cdef bint _complete(self, message_t *message, uint32_t node, uint64_t entry) noexcept nogil
    cdef uint16_t _dense(self, const message_t *message, uint32_t index) noexcept nogil
