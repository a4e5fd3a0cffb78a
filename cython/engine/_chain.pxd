# The rules that make records a history, and the reading of whole runs of them.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

ctypedef struct record_header_t:  # 128 bytes; journal_format.RECORD_HEADER, compared when it is imported
    char magic[8]
    uint16_t kind
    uint16_t reserved0
    uint32_t command_count
    uint64_t epoch
    uint64_t position
    uint64_t first_seq
    int64_t timestamp_ns
    uint32_t body_bytes
    uint32_t reserved1
    uint64_t boot
    uint64_t written_position
    uint64_t synced_position
    uint8_t previous[32]
    uint8_t reserved2[16]

cdef enum:  # journal_format.RecordKind
    KIND_BATCH = 1
    KIND_EPOCH = 2
    KIND_ROLL = 3
    KIND_SEAL = 4

cdef enum verdict_t:
    VERDICT_FOLLOWS = 0
    VERDICT_VOID = 1
    VERDICT_WRONG_PLACE = 2
    VERDICT_WRONG_EPOCH = 3
    VERDICT_WRONG_PREDECESSOR = 4
    VERDICT_WRONG_SEQ = 5
    VERDICT_WRONG_TIME = 6


cdef class Record:
    cdef record_header_t header
    cdef readonly object body  # a view of the window that the record was read in; it keeps the window alive
    cdef readonly bytes digest


cdef class Chain:
    cdef public uint64_t position
    cdef public uint64_t epoch
    cdef public uint64_t seq
    cdef public int64_t timestamp_ns
    cdef uint8_t last_digest[32]

    cdef verdict_t judge(self, const record_header_t *header) noexcept nogil
    cdef void move(self, const record_header_t *header, const uint8_t *digest) noexcept nogil
