"""The commands that have arrived since the last turn of the loop.

Doors translate messages straight into its records (`reserve`, without the GIL and without a Python object per
message); the sequencer, its only reader, stamps them and hands their bytes to the journal and the engine. It has a
fixed capacity: a full batch is the signal for a door to stop reading.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine.records cimport COMMAND_SIZE, command_t


cdef class CommandBatch:
    """`CommandBatch(capacity)`: capacity in records, 192 bytes each."""

    def __cinit__(self, uint32_t capacity):
        if capacity == 0:
            raise ValueError("a batch needs room for at least one command")
        self.records = <command_t *> calloc(capacity, COMMAND_SIZE)
        if self.records == NULL:
            raise MemoryError()
        self.capacity = capacity
        self.count = 0

    def __init__(self, uint32_t capacity):
        """All is done in `__cinit__`, so that there is no batch without records."""

    def __dealloc__(self):
        free(self.records)

    cdef command_t *reserve(self) noexcept nogil:
        cdef command_t *record
        if self.count == self.capacity:
            return NULL
        record = &self.records[self.count]
        memset(record, 0, COMMAND_SIZE)
        self.count += 1
        return record

    cdef void unreserve(self) noexcept nogil:
        self.count -= 1

    @property
    def is_full(self):
        """No room for another command."""
        return self.count == self.capacity

    def __len__(self):
        return self.count

    def append(self, const unsigned char[:] record):
        """Adds one packed command (`records.pack_command`). Raises BufferError when the batch is full, ValueError when the
        record does not have COMMAND_SIZE bytes."""
        cdef command_t *place
        if record.shape[0] != COMMAND_SIZE:
            raise ValueError(f"a command has {COMMAND_SIZE} bytes, not {record.shape[0]}")
        place = self.reserve()
        if place == NULL:
            raise BufferError(f"the batch holds {self.capacity} commands")
        memcpy(place, &record[0], COMMAND_SIZE)

    def take(self, uint64_t first_seq, int64_t timestamp_ns):
        """Numbers the records from `first_seq`, stamps them with `timestamp_ns`, empties the batch and returns their bytes."""
        cdef uint32_t i
        cdef uint32_t taken = self.count
        with nogil:
            for i in range(taken):
                self.records[i].header.seq = first_seq + i
                self.records[i].header.timestamp_ns = timestamp_ns
        self.count = 0
        return PyBytes_FromStringAndSize(<const char *> self.records, <Py_ssize_t> taken * COMMAND_SIZE)
