# The binary protocol's bytes: SoupBinTCP packets in, command records out; event records in, sequenced packets out.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from engine.batch cimport CommandBatch
from engine.records cimport command_t, event_t
from gateway._router cimport SocketOutlet

cdef enum:
    SBE_SCHEMA_ID = 100
    SBE_VERSION = 0
    SBE_HEADER_BYTES = 8
    SOUP_HEADER_BYTES = 3  # big-endian u16 length (of type and payload), u8 type
    PACKET_BYTES_MAX = 65537
    REPORT_BYTES_MAX = 256  # the largest sequenced packet has 239

cdef enum:  # templates, inbound
    TEMPLATE_NEW_ORDER = 1
    TEMPLATE_REPLACE_ORDER = 2
    TEMPLATE_CANCEL_ORDER = 3
    TEMPLATE_MASS_CANCEL = 4
    TEMPLATE_SESSION_OPTIONS = 5
    TEMPLATE_SOURCE_PRICE = 6

cdef enum:  # templates, outbound
    TEMPLATE_ORDER_ACCEPTED = 101
    TEMPLATE_ORDER_REJECTED = 102
    TEMPLATE_ORDER_FILLED = 103
    TEMPLATE_ORDER_CANCELLED = 104
    TEMPLATE_ORDER_EXPIRED = 105
    TEMPLATE_ORDER_REPLACED = 106
    TEMPLATE_REPLACE_REJECTED = 107
    TEMPLATE_CANCEL_REJECTED = 108
    TEMPLATE_ORDER_TRIGGERED = 109
    TEMPLATE_ORDER_RESTATED = 110
    TEMPLATE_ORDER_STATUS = 111
    TEMPLATE_ORDER_STATUS_END = 112
    TEMPLATE_MASS_CANCEL_DONE = 120
    TEMPLATE_MASS_CANCEL_REJECTED = 121
    TEMPLATE_SESSION_STATE = 130
    TEMPLATE_COMMAND_RESULT = 140

cdef enum:  # root block lengths of version 0, bytes
    BLOCK_NEW_ORDER = 98
    BLOCK_REPLACE_ORDER = 82
    BLOCK_CANCEL_ORDER = 49
    BLOCK_MASS_CANCEL = 34
    BLOCK_SESSION_OPTIONS = 12
    BLOCK_SOURCE_PRICE = 40
    BLOCK_REPORT = 32  # what every outbound block begins with
    BLOCK_ORDER = 104  # what every order report begins with
    BLOCK_SESSION_STATE = 58
    BLOCK_MASS_CANCEL_REPORT = 58
    BLOCK_COMMAND_RESULT = 34

cdef enum:  # why decoding stopped; several of the first two may be set together with one of the rest
    STOP_NONE = 0
    STOP_DECODED = 1  # at least one command was written
    STOP_BATCH_FULL = 2
    STOP_LOGOUT = 4
    STOP_FAULT = 8

cdef enum:  # structural faults
    FAULT_NONE = 0
    FAULT_PACKET_LENGTH = 1
    FAULT_PACKET_TYPE = 2
    FAULT_TRUNCATED = 3
    FAULT_SCHEMA = 4
    FAULT_TEMPLATE = 5
    FAULT_BLOCK_LENGTH = 6
    FAULT_TRAILING_BYTES = 7
    FAULT_CLIENT_SEQ = 8
    FAULT_OPTIONS_LATE = 9

cdef size_t encode_report(const event_t *event, uint8_t *target) noexcept nogil


cdef class Inbound:
    cdef uint8_t *buffer
    cdef size_t capacity
    cdef size_t start  # first byte not yet decoded
    cdef size_t end  # first free byte
    cdef size_t packet_bytes_max
    cdef readonly uint32_t session_id
    cdef readonly uint64_t last_client_seq
    cdef readonly uint64_t packets  # whole packets taken
    cdef readonly uint64_t stream_bytes  # bytes of whole packets taken
    cdef bint took_message
    cdef int fault
    cdef size_t fault_offset  # within the packet
    cdef uint64_t fault_value
    cdef uint64_t fault_bound
    cdef object _view

    cdef size_t _whole_packet(self) noexcept nogil
    cdef void _compact(self) noexcept nogil
    cdef int _decode(self, CommandBatch batch) noexcept nogil
    cdef int _message(self, const uint8_t *packet, size_t size, CommandBatch batch) noexcept nogil
    cdef int _fail(self, int fault, size_t offset, uint64_t value, uint64_t bound) noexcept nogil


cdef class BinaryOutlet(SocketOutlet):
    pass
