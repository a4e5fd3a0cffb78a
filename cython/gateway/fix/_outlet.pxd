# The way out of one FIX session: numbers, headers, the index of what was sent, and resends.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from engine.records cimport event_t
from gateway._router cimport SocketOutlet, outlet_t
from gateway.fix._directory cimport Directory
from gateway.fix._report cimport ReasonTable, style_t
from gateway.fix.text cimport second_text_t

cdef enum:
    BEGIN_BYTES_MAX = 24
    IDENTITY_BYTES_MAX = 192
    HEADER_BYTES_MAX = 512  # of any message
    MASS_ACTIONS_MAX = 16  # OrderMassActionRequests that wait for their report

cdef enum:  # link of an index record: what a number was used for
    LINK_ADMIN = 0  # nothing that is ever sent again
    LINK_BODY_BIT = 63  # the message's body is kept: position << 16 | length
    LINK_MASS_ACTION_BIT = 62  # of an event: answered as OrderMassActionReport
    LINK_LENGTH_BITS = 16

ctypedef struct index_header_t:  # gateway/fix/index.py HEADER, field by field
    char magic[8]
    uint32_t version
    uint32_t session_id
    uint64_t capacity  # records, a power of two
    uint64_t body_bytes  # a power of two
    char boot_id[40]
    uint64_t next_out  # next MsgSeqNum; written last: what it does not cover was never sent
    uint64_t first_out  # lowest number that has a record
    uint64_t next_in
    uint64_t epoch_in  # counts the resets of the inbound numbers
    uint64_t session_seq_base  # everything before it was sent, or needs no message
    uint64_t reserved_out  # on disk: numbers below it may have been used
    uint64_t body_head  # bytes ever written into the ring of bodies
    int64_t last_logon_ns  # SendingTime of the last signed Logon
    uint32_t reset_date
    uint8_t is_clean
    uint8_t pad[3]

ctypedef struct index_record_t:
    uint64_t link  # session_seq of the event, or LINK_*
    int64_t sent_ns

ctypedef struct out_t:
    style_t style
    index_header_t *header
    index_record_t *records
    uint8_t *bodies
    uint8_t begin[BEGIN_BYTES_MAX]  # 8=FIX.4.4|9=
    size_t begin_length
    uint8_t identity[IDENTITY_BYTES_MAX]  # 49=..|56=..| and sub ids
    size_t identity_length
    int64_t now_ns
    second_text_t second
    uint64_t repeats_until  # events up to this one may have been sent before a loss: PossResend=Y
    uint64_t answered_in  # highest msg_seq_in among the events
    uint64_t resent_seq  # number that is sent again, 0 = new messages
    int64_t resent_ns
    uint64_t mass_actions[MASS_ACTIONS_MAX]
    uint32_t mass_action_count


cdef class FixOutlet(SocketOutlet):
    cdef out_t out
    cdef object _store
    cdef Directory _directory
    cdef ReasonTable _reasons
    cdef const uint8_t[:] _view
    cdef bint _room(self, size_t size) noexcept
    cdef uint64_t _link(self, uint64_t seq) noexcept
