# The receive buffer of one FIX connection, and the way of an order message into a command record.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from engine.batch cimport CommandBatch
from engine.records cimport command_t, replace_t
from gateway.fix._directory cimport Directory
from gateway.fix._rules cimport Rules
from gateway.fix._wire cimport message_t

cdef enum:  # why decoding stopped; the first may be set together with one of the rest
    STOP_NONE = 0
    STOP_DECODED = 1  # at least one command was written
    STOP_BATCH_FULL = 2
    STOP_MESSAGE = 4  # a message for Python waits: `take`
    STOP_GARBLED = 8  # the first message of the connection is garbled

cdef enum:  # BusinessRejectReason (380)
    BUSINESS_OTHER = 0
    BUSINESS_FIELD_MISSING = 5

cdef enum:  # MsgTypes that become commands here
    MSG_NEW_ORDER = 0x44  # D
    MSG_CANCEL = 0x46  # F
    MSG_REPLACE = 0x47  # G

ctypedef struct identity_t:
    uint8_t length
    uint8_t text[64]

cdef enum:  # throttle: what the rate of messages allows
    LEVEL_FREE = 0
    LEVEL_REJECT = 1
    LEVEL_LOGOUT = 2
    EPOCH_SHIFT = 40  # msg_seq_in = epoch << 40 | MsgSeqNum


cdef class Inbound:
    cdef uint8_t *buffer
    cdef size_t capacity
    cdef size_t start  # first byte not yet decoded
    cdef size_t end  # first free byte
    cdef size_t message_bytes_max
    cdef object _view
    cdef message_t message  # the one at `start`
    cdef size_t pending  # its bytes, 0 = none waits
    cdef identity_t begin_string
    cdef identity_t sender
    cdef identity_t target
    cdef Rules _rules
    cdef Directory _directory
    cdef uint32_t session_id
    cdef uint32_t default_account_id
    cdef int64_t tolerance_ns
    cdef uint32_t reject_level
    cdef uint32_t logout_level
    cdef int64_t window_ns  # start of the second that is counted
    cdef uint32_t window_count
    cdef bint is_begun
    cdef public bint is_fast  # order messages in sequence become commands without Python
    cdef public uint64_t next_in
    cdef public uint64_t epoch_in
    cdef readonly uint64_t last_command_in  # msg_seq_in of the last command
    cdef readonly uint64_t messages  # whole ones
    cdef readonly uint64_t garbled
    cdef readonly int level

    cdef int _decode(self, CommandBatch batch, int64_t now_ns) noexcept nogil
    cdef int _next(self) noexcept nogil
    cdef int _count(self, int64_t now_ns) noexcept nogil
    cdef bint _is_ordinary(self, int64_t now_ns) noexcept nogil
    cdef bint _is_theirs(self, const message_t *m) noexcept nogil
    cdef uint32_t _symbol(self, const message_t *m, uint32_t index) noexcept nogil
    cdef bint _price(self, message_t *m, int32_t tag, int64_t *price_e8) noexcept nogil
    cdef bint _exec_inst(self, const message_t *m, uint32_t index, uint16_t *flags) noexcept nogil
    cdef bint _finish_replace(self, message_t *m, replace_t *c, bint is_post_only) noexcept nogil
    cdef bint _command(self, message_t *m, command_t *command) noexcept nogil
    cdef bint _fill_header(self, message_t *m, command_t *command) noexcept nogil
    cdef bint _place(self, message_t *m, command_t *command) noexcept nogil
    cdef bint _place_field(self, message_t *m, uint32_t index, command_t *command) noexcept nogil
    cdef bint _replace(self, message_t *m, command_t *command) noexcept nogil
    cdef bint _cancel(self, message_t *m, command_t *command) noexcept nogil
    cdef void _compact(self) noexcept nogil
