# A FIX message as it stands in the receive buffer: found (framing), cut into fields (tokenizer), not yet judged.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    FIELDS_MAX = 1024  # of one message; beyond it the message is refused
    MESSAGE_BYTES_LEAST = 1024
    BEGIN_STRING_BYTES_MAX = 8
    SOH = 1

cdef enum:  # what stands at the front of the buffer
    FRAME_PARTIAL = 0  # nothing whole: read on
    FRAME_WHOLE = 1  # a message with the right BodyLength and CheckSum
    FRAME_GARBLED = 2  # `size` bytes that are none: skip them, they consume no sequence number

ctypedef struct frame_t:
    size_t skip  # bytes of no meaning before `8=`
    size_t size  # bytes from there on that belong together
    size_t body  # offset of the first byte that BodyLength counts, from `8=`

cdef enum:  # FixMessage.fault and message_t.fault: whose language the refusal speaks
    FAULT_NONE = 0
    FAULT_SESSION = 1  # Reject (3), reason = SessionRejectReason
    FAULT_BUSINESS = 2  # BusinessMessageReject (j), reason = BusinessRejectReason

ctypedef struct fix_field_t:
    int32_t tag  # as sent; <= 0 is no tag
    uint32_t offset  # of the value's first byte, from the message's first
    uint32_t length  # of the value

ctypedef struct message_t:
    const uint8_t *bytes
    uint32_t size
    uint32_t count  # fields, BeginString to CheckSum
    uint32_t msg_type  # its bytes, the first in the lowest byte; 0 = longer than four
    bint is_cut_short  # more than FIELDS_MAX fields
    bint has_seq_num
    uint64_t seq_num
    bint poss_dup
    bint poss_resend
    uint32_t sender  # index of the field, 0 = absent: SenderCompID, TargetCompID, SendingTime
    uint32_t target
    uint32_t sending_time
    uint8_t fault  # FAULT_*
    uint16_t fault_reason
    int32_t fault_tag
    fix_field_t fields[FIELDS_MAX]

cdef int frame_next(const uint8_t *data, size_t have, size_t message_bytes_max, frame_t *frame) noexcept nogil

# Cuts a whole message; false when it is garbled after all (a field without `=`, a tag that is no number, MsgType not
# third).
cdef bint tokenize(message_t *message, const uint8_t *data, size_t size) noexcept nogil

cdef bint field_is(const message_t *message, uint32_t index, const uint8_t *text, size_t length) noexcept nogil


cdef class FixMessage:
    cdef readonly bytes raw
    cdef readonly str msg_type
    cdef readonly str begin_string
    cdef readonly object seq_num
    cdef readonly bint poss_dup
    cdef readonly bint poss_resend
    cdef readonly list fields
    cdef readonly dict _first


cdef FixMessage to_python(const message_t *message)
