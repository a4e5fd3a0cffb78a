"""The rules that make records a history, and the reading of whole runs of them.

`Chain` says what may follow what; every reader goes through it, live or replaying. `read_run` is the way of a recovery:
it takes batch after batch out of a window of a file, verified, without an object for each. Bytes are described in
`engine.journal_format`; nothing here opens a file.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from engine.records cimport COMMAND_SIZE

from hashlib import sha256

cdef extern from "Python.h":
    int PyBUF_READ

cdef enum:
    DIGEST_SIZE = 32
    HEADER_SIZE = 128
    OVERHEAD = HEADER_SIZE + DIGEST_SIZE

BATCH = KIND_BATCH
EPOCH = KIND_EPOCH
ROLL = KIND_ROLL
SEAL = KIND_SEAL


class ChainError(ValueError):
    """A record that is whole does not follow its predecessor."""


cdef class Record:
    """One record as a reader gets it, whole: its digest has been compared."""

    @property
    def kind(self):
        """RecordKind."""
        return self.header.kind

    @property
    def command_count(self):
        return self.header.command_count

    @property
    def epoch(self):
        return self.header.epoch

    @property
    def position(self):
        return self.header.position

    @property
    def first_seq(self):
        return self.header.first_seq

    @property
    def last_seq(self):
        return self.header.first_seq + self.header.command_count - 1

    @property
    def timestamp_ns(self):
        return self.header.timestamp_ns

    @property
    def boot(self):
        return self.header.boot

    @property
    def written_position(self):
        return self.header.written_position

    @property
    def synced_position(self):
        return self.header.synced_position

    @property
    def previous(self):
        """Digest of the record before."""
        return PyBytes_FromStringAndSize(<const char *> self.header.previous, DIGEST_SIZE)

    @property
    def size(self):
        """Bytes in the file."""
        return OVERHEAD + <uint64_t> self.header.body_bytes


cdef class Chain:
    """`Chain(position, epoch, seq, timestamp_ns, digest)`: where a history stands after some record, all 0 at first."""

    def __init__(self, uint64_t position=0, uint64_t epoch=0, uint64_t seq=0, int64_t timestamp_ns=0,
                 bytes digest=bytes(DIGEST_SIZE)):
        self.position = position
        self.epoch = epoch
        self.seq = seq
        self.timestamp_ns = timestamp_ns
        self.digest = digest

    @property
    def digest(self):
        """Of the last record that counts."""
        return PyBytes_FromStringAndSize(<const char *> self.last_digest, DIGEST_SIZE)

    @digest.setter
    def digest(self, bytes value not None):
        if PyBytes_GET_SIZE(value) != DIGEST_SIZE:
            raise ValueError(f"a digest has {DIGEST_SIZE} bytes, not {len(value)}")
        memcpy(self.last_digest, PyBytes_AS_STRING(value), DIGEST_SIZE)

    def copy(self):
        return Chain(self.position, self.epoch, self.seq, self.timestamp_ns, self.digest)

    def __eq__(self, other):
        if not isinstance(other, Chain):
            return NotImplemented
        return self._values() == (<Chain> other)._values()

    def __repr__(self):
        return "Chain(position={}, epoch={}, seq={}, timestamp_ns={}, digest={})".format(*self._values())

    def _values(self):
        return self.position, self.epoch, self.seq, self.timestamp_ns, self.digest

    def accept(self, Record record not None):
        """Takes a whole record as the next one. False: it is void, a leftover of a deposed writer; it keeps
        its place and has no other effect.

        Raises ChainError when it does not follow: then the history is not the one that was written.
        """
        cdef verdict_t verdict = self.judge(&record.header)
        if verdict == VERDICT_VOID:
            self.position += 1
        elif verdict == VERDICT_FOLLOWS:
            self.move(&record.header, <const uint8_t *> PyBytes_AS_STRING(record.digest))
        else:
            raise ChainError(self._complaint(verdict, record))
        return verdict == VERDICT_FOLLOWS

    def extend(self, int kind, uint64_t epoch, int64_t timestamp_ns, bytes body not None, uint64_t boot,
               uint64_t written_position, uint64_t synced_position):
        """Makes the next record, which follows by construction: (header, digest). The chain moves on."""
        cdef record_header_t header
        cdef Py_ssize_t size = PyBytes_GET_SIZE(body)
        cdef bytes packed, digest
        memset(&header, 0, sizeof(header))
        memcpy(header.magic, b"PGRECORD", 8)
        header.kind = <uint16_t> kind
        header.command_count = <uint32_t> (size // COMMAND_SIZE) if kind == KIND_BATCH else 0
        header.epoch = epoch
        header.position = self.position + 1
        header.first_seq = self.seq + 1
        header.timestamp_ns = timestamp_ns
        header.body_bytes = <uint32_t> size
        header.boot = boot
        header.written_position = written_position
        header.synced_position = synced_position
        memcpy(header.previous, self.last_digest, DIGEST_SIZE)
        packed = PyBytes_FromStringAndSize(<const char *> &header, HEADER_SIZE)
        state = sha256(packed)
        state.update(body)
        digest = state.digest()
        self.move(&header, <const uint8_t *> PyBytes_AS_STRING(digest))
        return packed, digest

    def _complaint(self, int verdict, Record record not None):
        number = record.position
        if verdict == VERDICT_WRONG_PLACE:
            return f"record {number} stands where record {self.position + 1} belongs"
        if verdict == VERDICT_WRONG_EPOCH:
            return f"record {number} is of epoch {record.epoch}, which never began"
        if verdict == VERDICT_WRONG_PREDECESSOR:
            return f"record {number} does not follow record {self.position}: another history"
        if verdict == VERDICT_WRONG_SEQ:
            return f"record {number} begins with command {record.first_seq}, not {self.seq + 1}, or is too short"
        return f"record {number} is stamped before its predecessor"

    cdef verdict_t judge(self, const record_header_t *header) noexcept nogil:
        cdef bint is_epoch = header.kind == KIND_EPOCH
        if header.position != self.position + 1:
            return VERDICT_WRONG_PLACE
        if header.epoch < self.epoch + is_epoch:
            return VERDICT_VOID
        if header.epoch != self.epoch + is_epoch:
            return VERDICT_WRONG_EPOCH
        if memcmp(header.previous, self.last_digest, DIGEST_SIZE) != 0:
            return VERDICT_WRONG_PREDECESSOR
        if header.first_seq != self.seq + 1:
            return VERDICT_WRONG_SEQ
        if <uint64_t> header.command_count * COMMAND_SIZE > header.body_bytes:
            return VERDICT_WRONG_SEQ
        if header.timestamp_ns < self.timestamp_ns:
            return VERDICT_WRONG_TIME
        return VERDICT_FOLLOWS

    cdef void move(self, const record_header_t *header, const uint8_t *digest) noexcept nogil:
        self.position += 1
        self.epoch = header.epoch
        self.seq += header.command_count
        self.timestamp_ns = header.timestamp_ns
        memcpy(self.last_digest, digest, DIGEST_SIZE)


# ------------------------------------------------------------------------------------------------------- reading


cdef const record_header_t *header_at(bytes data, Py_ssize_t offset):
    """The header of a record that lies completely in `data`, judged by its length alone; NULL when none does."""
    cdef Py_ssize_t left = PyBytes_GET_SIZE(data) - offset
    cdef const record_header_t *header
    if offset < 0 or left < OVERHEAD:
        return NULL
    header = <const record_header_t *> (PyBytes_AS_STRING(data) + offset)
    if memcmp(header.magic, b"PGRECORD", 8) != 0 or <uint64_t> left < OVERHEAD + <uint64_t> header.body_bytes:
        return NULL
    return header


cdef bint is_whole(const record_header_t *header) except -1:
    """The digest behind the body is that of header and body."""
    cdef const uint8_t *begin = <const uint8_t *> header
    cdef Py_ssize_t size = HEADER_SIZE + <Py_ssize_t> header.body_bytes
    cdef bytes digest = sha256(PyMemoryView_FromMemory(<char *> begin, size, PyBUF_READ)).digest()
    return memcmp(PyBytes_AS_STRING(digest), begin + size, DIGEST_SIZE) == 0


def parse_record(bytes data not None, Py_ssize_t offset):
    """The whole record at `offset`; None when there is none: other bytes, an end too early, a digest that is wrong."""
    cdef const record_header_t *header = header_at(data, offset)
    cdef Record record
    cdef Py_ssize_t body_at = offset + HEADER_SIZE
    if header == NULL or not is_whole(header):
        return None
    record = Record.__new__(Record)
    record.header = header[0]
    record.body = memoryview(data)[body_at : body_at + header.body_bytes]
    record.digest = data[body_at + header.body_bytes : body_at + header.body_bytes + DIGEST_SIZE]
    return record


def record_bytes(bytes data not None, Py_ssize_t offset):
    """Length that the header at `offset` claims for its record, 0 when there is no record header. Not verified."""
    cdef const record_header_t *header
    if offset < 0 or PyBytes_GET_SIZE(data) - offset < HEADER_SIZE:
        return 0
    header = <const record_header_t *> (PyBytes_AS_STRING(data) + offset)
    if memcmp(header.magic, b"PGRECORD", 8) != 0:
        return 0
    return OVERHEAD + <uint64_t> header.body_bytes


def read_run(bytes window not None, Py_ssize_t offset, Chain chain not None, bytearray commands not None,
             Py_ssize_t commands_bytes, uint64_t last_position):
    """Takes batches from `offset` on as long as each is whole and follows: their commands go to the end of `commands`,
    the chain moves on. Stops before anything else, when `commands` has `commands_bytes`, and behind `last_position`.
    Returns the offset behind the last one taken; why it stopped there is for the slow way to find out.
    """
    cdef const record_header_t *header
    cdef const char *body
    cdef Py_ssize_t gathered = len(commands)
    while gathered < commands_bytes and chain.position < last_position:
        header = header_at(window, offset)
        if header == NULL or header.kind != KIND_BATCH or chain.judge(header) != VERDICT_FOLLOWS:
            break
        if not is_whole(header):
            break
        body = <const char *> header + HEADER_SIZE
        commands.extend(PyMemoryView_FromMemory(<char *> body, header.command_count * COMMAND_SIZE, PyBUF_READ))
        gathered += header.command_count * COMMAND_SIZE
        chain.move(header, <const uint8_t *> body + header.body_bytes)
        offset += OVERHEAD + <Py_ssize_t> header.body_bytes
    return offset


def header_layout():
    """Field to offset, as the compiler laid the header out; "" has the size."""
    cdef record_header_t header
    cdef char *base = <char *> &header
    memset(&header, 0, sizeof(header))
    return {
        "": sizeof(header),
        "magic": <char *> &header.magic - base,
        "kind": <char *> &header.kind - base,
        "command_count": <char *> &header.command_count - base,
        "epoch": <char *> &header.epoch - base,
        "position": <char *> &header.position - base,
        "first_seq": <char *> &header.first_seq - base,
        "timestamp_ns": <char *> &header.timestamp_ns - base,
        "body_bytes": <char *> &header.body_bytes - base,
        "boot": <char *> &header.boot - base,
        "written_position": <char *> &header.written_position - base,
        "synced_position": <char *> &header.synced_position - base,
        "previous": <char *> &header.previous - base,
    }
