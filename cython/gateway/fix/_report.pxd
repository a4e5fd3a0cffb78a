# One event record to the body of one FIX message, in the words of the session's version.
from libc.stdint cimport int16_t, uint8_t, uint16_t, uint32_t

from engine.records cimport event_t
from gateway.fix._directory cimport names_t
from gateway.fix.text cimport second_text_t

cdef enum:
    REASONS_MAX = 128
    REASON_BYTES_MAX = 51
    REPORT_BODY_BYTES_MAX = 900  # the largest body that put_report writes, with room to spare

cdef enum:  # versions
    FIX42 = 42
    FIX44 = 44
    FIX50SP2 = 50

cdef enum:  # MsgTypes, first byte lowest
    MSG_EXECUTION_REPORT = 0x38  # 8
    MSG_CANCEL_REJECT = 0x39  # 9
    MSG_MASS_CANCEL_REPORT = 0x72  # r
    MSG_MASS_ACTION_REPORT = 0x5A42  # BZ
    MSG_ORDER_LIST_END = 0x4C55  # UL

ctypedef struct reason_t:  # of the engine, in one version
    uint8_t length
    uint8_t text[REASON_BYTES_MAX]
    int16_t ord_rej  # 103
    int16_t cxl_rej  # 102
    int16_t restatement  # 378
    int16_t mass_cancel_rej  # 532, 1376

ctypedef struct style_t:  # how one session wants its reports
    const names_t *names  # by NAMES_* kind
    const reason_t *reasons  # by Reason
    uint8_t version
    uint8_t decimals  # of times
    bint user_tags  # fields of ours (20000 and above) are sent
    second_text_t second

# Writes the body (everything between header and CheckSum) at `target`, REPORT_BODY_BYTES_MAX are free; returns its
# length and the MsgType, 0 when FIX has no message for the event. as_mass_action: the answer to an
# OrderMassActionRequest.
cdef size_t put_report(style_t *style, const event_t *event, bint as_mass_action, uint8_t *target,
                       uint32_t *msg_type) noexcept nogil


cdef class ReasonTable:
    cdef reason_t reasons[REASONS_MAX]
    cdef readonly int version
