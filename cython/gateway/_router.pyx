"""Fans released events out to the sessions that they are addressed to.

The gate calls `Router.route` once per released batch. Each event is encoded in place into the preallocated buffer of
its session's outlet (no GIL, no Python object per event); then every outlet that got something is flushed once, and
last the sinks get the whole batch. An event of a session that is not connected costs one store.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from engine.records cimport EVENT_SIZE, event_t

cdef extern from "sys/socket.h" nogil:
    ssize_t send(int fd, const void *data, size_t size, int flags)
    int MSG_DONTWAIT
    int MSG_NOSIGNAL

REPLAYING = OUTLET_REPLAYING
LIVE = OUTLET_LIVE
OVERFLOWN = OUTLET_OVERFLOWN
GAP = OUTLET_GAP
UNKNOWN = OUTLET_UNKNOWN


cdef void outlet_deliver(outlet_t *outlet, const event_t *event) noexcept nogil:
    cdef uint64_t number = event.header.session_seq
    if number == 0:  # events of a session that the engine does not know are not numbered
        outlet.state = OUTLET_UNKNOWN
        return
    if number < outlet.next_seq:
        return
    if number > outlet.next_seq:
        outlet.state = OUTLET_GAP
        return
    if outlet.capacity - outlet.size < outlet.message_bytes_max:
        outlet.state = OUTLET_OVERFLOWN
        return
    outlet.size += outlet.encode(outlet, event, outlet.buffer + outlet.size)
    outlet.next_seq = number + 1


cdef class Outlet:
    """`Outlet(session_id, capacity, message_bytes_max)`: the way out of one connected session; a door subclasses it.

    capacity: bytes of encoded messages that may wait for a flush. Subclasses set the C function `encode` and define
    `flush()`, which is called once after every batch that gave the outlet something or changed its state.
    """

    def __cinit__(self, uint32_t session_id, size_t capacity, size_t message_bytes_max, *args):
        if message_bytes_max == 0 or capacity < message_bytes_max:
            raise ValueError("an outlet needs room for at least one message")
        self.c.buffer = <uint8_t *> malloc(capacity)
        if self.c.buffer == NULL:
            raise MemoryError()
        self.c.capacity = capacity
        self.c.message_bytes_max = message_bytes_max
        self.c.session_id = session_id
        self.c.state = OUTLET_REPLAYING
        self.c.next_seq = 1

    def __dealloc__(self):
        free(self.c.buffer)

    @property
    def session_id(self):
        """Session whose events it takes."""
        return self.c.session_id

    @property
    def state(self):
        """REPLAYING, LIVE, or why it takes nothing any more: OVERFLOWN, GAP, UNKNOWN."""
        return self.c.state

    @property
    def next_seq(self):
        """`session_seq` of the event that it takes next."""
        return self.c.next_seq

    @property
    def buffered_bytes(self):
        """Encoded and not flushed."""
        return self.c.size

    @property
    def has_room(self):
        """Room for at least one more message."""
        return self.c.capacity - self.c.size >= self.c.message_bytes_max

    def start_at(self, uint64_t session_seq):
        """The next event taken is `session_seq` (>= 1); allowed while replaying."""
        if session_seq == 0 or self.c.state != OUTLET_REPLAYING:
            raise ValueError("an outlet starts at 1 or later, before it is live")
        self.c.next_seq = session_seq

    def go_live(self):
        """From now on routed events are taken. The caller has just seen that none is missing."""
        if self.c.state == OUTLET_REPLAYING:
            self.c.state = OUTLET_LIVE

    def replay(self, bytes events, uint64_t last_seq):
        """Encodes from a slice of the event log what is this session's, in order, up to `session_seq` `last_seq`; stops
        without harm when the buffer is full. Returns how many records of the slice are done with.

        Raises ValueError when the slice is not whole records. A missing number sets the state GAP.
        """
        cdef Py_ssize_t count = len(events) // EVENT_SIZE
        cdef Py_ssize_t i = 0
        cdef const event_t *records = <const event_t *> <const char *> events
        if len(events) % EVENT_SIZE:
            raise ValueError(f"{len(events)} bytes are not whole events of {EVENT_SIZE}")
        with nogil:
            while i < count and self.c.next_seq <= last_seq and self.c.state == OUTLET_REPLAYING:
                if records[i].header.session_id == self.c.session_id and records[i].header.session_seq:
                    if self.c.capacity - self.c.size < self.c.message_bytes_max:
                        break
                    outlet_deliver(&self.c, &records[i])
                i += 1
        return i

    def flush(self):
        """Hands the encoded bytes on."""
        raise NotImplementedError


cdef class SocketOutlet(Outlet):
    """`SocketOutlet(session_id, limit_bytes, message_bytes_max, owner, clock)`: sends a session's events on its
    connection.

    limit_bytes bounds what was encoded and not taken by the kernel, in this buffer and the transport's together.
    `owner` has `outlet_stopped(state)`, called when the outlet cannot go on. `clock()` gives seconds. A door sets
    `encode`.
    """

    def __cinit__(self, uint32_t session_id, size_t limit_bytes, size_t message_bytes_max, owner, clock, *args):
        self.owner = owner
        self._clock = clock
        self.limit_bytes = limit_bytes
        self.fd = -1

    def connect(self, transport, int fd):
        """Sends by `transport`; with `fd` >= 0 its plain socket is written to directly while the transport holds
        nothing."""
        self.transport = transport
        self.fd = fd
        self.backlogged = False

    def disconnect(self):
        """Nothing is sent any more; the socket may be closed after this."""
        self.transport = None
        self.owner = None
        self.fd = -1

    def write(self, bytes packet not None):
        """Sends a packet that is not an event (heartbeat, login answer), behind what is encoded already."""
        if self.transport is None:
            return
        self.flush()
        if self.transport is None:
            return
        self.backlogged = True
        self.transport.write(packet)
        self.last_sent_s = self._clock()

    def flush(self):
        """Sends what is encoded; tells the owner when the outlet has stopped or the participant reads too slowly."""
        cdef ssize_t sent = 0
        cdef size_t waiting
        if self.transport is None:
            self.c.size = 0
            return
        if self.c.state != OUTLET_LIVE and self.c.state != OUTLET_REPLAYING:
            self._stop()
            return
        if self.c.size == 0:
            return
        self.last_sent_s = self._clock()
        if self.backlogged:
            waiting = self.transport.get_write_buffer_size()
            if waiting + self.c.size > self.limit_bytes:
                self.c.state = OUTLET_OVERFLOWN
                self._stop()
                return
            self.backlogged = waiting != 0
        if self.fd >= 0 and not self.backlogged:
            with nogil:
                sent = send(self.fd, self.c.buffer, self.c.size, MSG_DONTWAIT | MSG_NOSIGNAL)
            if sent < 0:
                sent = 0  # full, or broken: then the transport finds out by itself
        if <size_t> sent < self.c.size:
            self.backlogged = True
            rest = (<const char *> self.c.buffer)[sent : self.c.size]
            self.c.size = 0
            self.transport.write(rest)
        self.c.size = 0

    @property
    def waiting_bytes(self):
        """Encoded or handed to the transport, and not yet taken by the kernel."""
        if self.transport is None:
            return 0
        return self.c.size + (self.transport.get_write_buffer_size() if self.backlogged else 0)

    def _stop(self):
        owner, self.owner = self.owner, None  # told once
        self.c.size = 0
        if owner is not None:
            owner.outlet_stopped(self.c.state)


cdef class Router:
    """`Router(sessions_max)`: session ids are 1..sessions_max."""

    def __cinit__(self, uint32_t sessions_max):
        self.outlets = <outlet_t **> calloc(sessions_max + 1, sizeof(outlet_t *))
        self.session_seqs = <uint64_t *> calloc(sessions_max + 1, sizeof(uint64_t))
        self.dirty = <uint32_t *> calloc(sessions_max + 1, sizeof(uint32_t))
        if self.outlets == NULL or self.session_seqs == NULL or self.dirty == NULL:
            raise MemoryError()
        self.sessions_max = sessions_max
        self._attached = {}
        self._sinks = []

    def __dealloc__(self):
        free(self.outlets)
        free(self.session_seqs)
        free(self.dirty)

    def attach(self, Outlet outlet not None):
        """Events of the outlet's session go to it. Raises ValueError when the session has an outlet or its id is out
        of range."""
        cdef uint32_t session_id = outlet.c.session_id
        self._check(session_id)
        if self.outlets[session_id] != NULL:
            raise ValueError(f"session {session_id} is attached already")
        self._attached[session_id] = outlet
        self.outlets[session_id] = &outlet.c

    def detach(self, Outlet outlet not None):
        """The outlet gets nothing any more; without effect when it is not the session's."""
        cdef uint32_t session_id = outlet.c.session_id
        if self._attached.get(session_id) is outlet:
            self.outlets[session_id] = NULL
            del self._attached[session_id]

    def is_attached(self, uint32_t session_id):
        return session_id in self._attached

    def session_seq(self, uint32_t session_id):
        """Number of the last event released to the session, 0 = none yet."""
        self._check(session_id)
        return self.session_seqs[session_id]

    def set_session_seq(self, uint32_t session_id, uint64_t session_seq):
        """What was released before this process started (after recovery)."""
        self._check(session_id)
        self.session_seqs[session_id] = session_seq

    def subscribe(self, sink):
        """`sink(events: bytes)` is called with every released batch, after the sessions were served. It must not
        raise."""
        self._sinks.append(sink)

    def unsubscribe(self, sink):
        self._sinks.remove(sink)

    def route(self, bytes events not None):
        """Delivers a batch of whole event records.

        Raises ValueError when the length is not a multiple of EVENT_SIZE.
        """
        cdef Py_ssize_t size = len(events)
        cdef const event_t *records = <const event_t *> <const char *> events
        cdef uint32_t i
        if size % EVENT_SIZE:
            raise ValueError(f"{size} bytes are not whole events of {EVENT_SIZE}")
        with nogil:
            self._route(records, size // EVENT_SIZE)
        if self.dirty_count:
            outlets = [self._attached[self.dirty[i]] for i in range(self.dirty_count)]
            self.dirty_count = 0
            for outlet in outlets:
                (<Outlet> outlet).c.is_dirty = 0
                outlet.flush()
        for sink in self._sinks:
            sink(events)

    cdef void _route(self, const event_t *events, Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t i
        cdef uint32_t session_id
        cdef outlet_t *outlet
        for i in range(count):
            session_id = events[i].header.session_id
            if session_id == 0 or session_id > self.sessions_max:
                continue
            if events[i].header.session_seq:
                self.session_seqs[session_id] = events[i].header.session_seq
            outlet = self.outlets[session_id]
            if outlet == NULL:
                continue
            if outlet.state == OUTLET_LIVE:
                outlet_deliver(outlet, &events[i])
            elif outlet.state != OUTLET_REPLAYING:
                continue
            elif events[i].header.session_seq == 0:
                outlet.state = OUTLET_UNKNOWN
            else:
                continue
            if not outlet.is_dirty:
                outlet.is_dirty = 1
                self.dirty[self.dirty_count] = session_id
                self.dirty_count += 1

    def _check(self, uint32_t session_id):
        if session_id == 0 or session_id > self.sessions_max:
            raise ValueError(f"session id {session_id} is not in 1..{self.sessions_max}")
