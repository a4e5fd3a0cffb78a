"""The per-record loops of the event log: its index by session, the check of its structure, the search for one event.

Called by `engine.eventlog` with whole batches or blocks of event records, and by nobody else. Nothing here touches a
file.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine.records cimport EVENT_SIZE, event_t

cdef extern from *:
    """
    #define SUM_FACTOR 0x9E3779B97F4A7C15ULL  /* odd, bits well spread: 2^64 divided by the golden ratio */
    """
    const uint64_t SUM_FACTOR


cdef class SegmentIndex:
    """`SegmentIndex(sessions_max, segment_events, block_events)`: the index of the segment that is being written.

    Sessions are 1..sessions_max. What is kept per session goes on from segment to segment, the entries begin anew.
    """

    def __cinit__(self, uint32_t sessions_max, uint32_t segment_events, uint32_t block_events):
        if block_events == 0 or segment_events == 0 or segment_events % block_events:
            raise ValueError("a segment has a whole number of blocks")
        self.last_seqs = <uint64_t *> calloc(<size_t> sessions_max + 1, sizeof(uint64_t))
        self.last_blocks = <uint32_t *> calloc(<size_t> sessions_max + 1, sizeof(uint32_t))
        self.entries = <index_entry_t *> calloc(segment_events, sizeof(index_entry_t))
        self.sums = <uint64_t *> calloc(segment_events // block_events, sizeof(uint64_t))
        if self.last_seqs == NULL or self.last_blocks == NULL or self.entries == NULL or self.sums == NULL:
            raise MemoryError()
        self.sessions_max = sessions_max
        self.segment_events = segment_events
        self.block_events = block_events

    def __dealloc__(self):
        free(self.last_seqs)
        free(self.last_blocks)
        free(self.entries)
        free(self.sums)

    def add(self, bytes events not None, uint32_t slot):
        """Takes whole event records that were written from `slot` of the segment on.

        Raises ValueError when they do not fit the segment.
        """
        cdef uint32_t count = <uint32_t> (PyBytes_GET_SIZE(events) // EVENT_SIZE)
        cdef const event_t *records = <const event_t *> PyBytes_AS_STRING(events)
        if slot > self.segment_events or count > self.segment_events - slot:
            raise ValueError(f"{count} events do not fit the segment from slot {slot} on")
        with nogil:
            self._add(records, count, slot)

    cdef void _add(self, const event_t *records, uint32_t count, uint32_t slot) noexcept nogil:
        cdef uint32_t i, session_id, block
        cdef index_entry_t *entry
        for i in range(count):
            block = (slot + i) // self.block_events
            self.sums[block] = sum_event(self.sums[block], &records[i])
            session_id = records[i].header.session_id
            if records[i].header.session_seq == 0 or session_id > self.sessions_max:
                continue
            self.last_seqs[session_id] = records[i].header.session_seq
            if self.last_blocks[session_id] == block + 1:
                continue
            self.last_blocks[session_id] = block + 1
            entry = &self.entries[self.entries_count]
            entry.session_seq = records[i].header.session_seq
            entry.session_id = session_id
            entry.block = block
            self.entries_count += 1

    def last_seq(self, uint32_t session_id):
        """Number of the session's last event so far, 0 = none."""
        return self.last_seqs[session_id] if session_id <= self.sessions_max else 0

    def find(self, uint32_t session_id, uint64_t session_seq):
        """The block of this segment that has the event if any has, -1 when none."""
        return find_entry(self.entries, self.entries_count, session_id, session_seq)

    def table(self):
        """`last_seq` of sessions 0..sessions_max, 8 bytes each."""
        return PyBytes_FromStringAndSize(<const char *> self.last_seqs, (<Py_ssize_t> self.sessions_max + 1) * 8)

    def entries_bytes(self):
        """The entries, 16 bytes each, for `find_block`."""
        return PyBytes_FromStringAndSize(
            <const char *> self.entries, <Py_ssize_t> (self.entries_count * sizeof(index_entry_t))
        )

    def sums_bytes(self):
        """A sum for each block, 8 bytes each: that of no events is 0."""
        return PyBytes_FromStringAndSize(
            <const char *> self.sums, <Py_ssize_t> (self.segment_events // self.block_events) * 8
        )

    def begin_segment(self):
        """The next segment begins: no entries and no sums, the sessions' numbers go on."""
        self.entries_count = 0
        memset(self.sums, 0, (self.segment_events // self.block_events) * sizeof(uint64_t))
        memset(self.last_blocks, 0, (<size_t> self.sessions_max + 1) * sizeof(uint32_t))

    def set_table(self, bytes table not None):
        """Takes over another index's `table()`, as far as the sessions fit; the others are 0."""
        cdef size_t size_bytes = (<size_t> self.sessions_max + 1) * 8
        memset(self.last_seqs, 0, size_bytes)
        memcpy(self.last_seqs, PyBytes_AS_STRING(table), min(size_bytes, <size_t> PyBytes_GET_SIZE(table)))


cdef inline uint64_t sum_step(uint64_t lane, uint64_t word) noexcept nogil:
    lane = (lane ^ word) * SUM_FACTOR
    return lane ^ (lane >> 32)  # high bits come down, else two of them could undo each other


cdef uint64_t sum_event(uint64_t before, const event_t *event) noexcept nogil:
    """A sum against bytes that rot, not against anybody's intent: four lanes, so that multiplications overlap."""
    cdef const uint64_t *words = <const uint64_t *> event
    cdef uint64_t lanes[4]
    cdef int i
    for i in range(4):
        lanes[i] = before + <uint64_t> i
    for i in range(0, EVENT_SIZE // 8, 4):
        lanes[0] = sum_step(lanes[0], words[i])
        lanes[1] = sum_step(lanes[1], words[i + 1])
        lanes[2] = sum_step(lanes[2], words[i + 2])
        lanes[3] = sum_step(lanes[3], words[i + 3])
    for i in range(1, 4):
        lanes[0] = sum_step(lanes[0], lanes[i])
    return lanes[0]


def sum_block(bytes events not None):
    """The sum that `sums_bytes` has for a block of these events."""
    cdef Py_ssize_t count = PyBytes_GET_SIZE(events) // EVENT_SIZE
    cdef const event_t *records = <const event_t *> PyBytes_AS_STRING(events)
    cdef uint64_t total = 0
    cdef Py_ssize_t i
    with nogil:
        for i in range(count):
            total = sum_event(total, &records[i])
    return total


cdef int find_entry(
    const index_entry_t *entries, size_t count, uint32_t session_id, uint64_t session_seq
) noexcept nogil:
    cdef size_t i = count
    while i > 0:
        i -= 1
        if entries[i].session_id == session_id and entries[i].session_seq <= session_seq:
            return <int> entries[i].block
    return -1


def find_block(bytes entries not None, uint32_t session_id, uint64_t session_seq):
    """As `SegmentIndex.find`, in what `entries_bytes()` gave."""
    return find_entry(
        <const index_entry_t *> PyBytes_AS_STRING(entries), PyBytes_GET_SIZE(entries) // sizeof(index_entry_t),
        session_id, session_seq,
    )


def find_event(bytes events not None, uint32_t session_id, uint64_t session_seq):
    """Index of the session's event among these records, -1 when it is not there."""
    cdef Py_ssize_t count = PyBytes_GET_SIZE(events) // EVENT_SIZE
    cdef const event_t *records = <const event_t *> PyBytes_AS_STRING(events)
    cdef Py_ssize_t i
    with nogil:
        for i in range(count):
            if records[i].header.session_id == session_id and records[i].header.session_seq == session_seq:
                break
        else:
            i = -1
    return i


def well_formed(bytes events not None, uint64_t seq, uint32_t event_index):
    """How many records from the first on can be the continuation of event (`seq`, `event_index`): seq 0 = of nothing.

    `seq` never goes back, `event_index` counts within it from 0, there is a kind. Returns (count, seq and
    event_index of the last of them).
    """
    cdef Py_ssize_t count = PyBytes_GET_SIZE(events) // EVENT_SIZE
    cdef const event_t *records = <const event_t *> PyBytes_AS_STRING(events)
    cdef Py_ssize_t i = 0
    cdef uint32_t expected
    with nogil:
        while i < count:
            expected = event_index + 1 if records[i].header.seq == seq else 0
            if records[i].header.seq < seq or records[i].header.seq == 0 or records[i].header.event_index != expected:
                break
            if records[i].header.kind == 0:
                break
            seq = records[i].header.seq
            event_index = expected
            i += 1
    return i, seq, event_index
