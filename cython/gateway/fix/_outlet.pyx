"""The way out of one FIX session: gives numbers, writes headers, keeps the index of what was sent, and sends it again.

Events become messages in place in the outlet's buffer (`_encode`, without the GIL and without a Python object per
message). For each number the index, a file mapped into memory, gets what it was used for and when; the number counts
as used only when the message stands in the buffer, so that a process that is killed at any instant neither loses a
message nor uses a number twice. What FIX calls a resend is rendered again from the event log: the index says which
event a number was. Control messages come from Python with their body ready (`send`).

One outlet lives as long as one connection; the index (`gateway.fix.index`) as long as the session.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memmove, memset

from engine.records cimport (
    EVENT_KIND_MASS_CANCEL_DONE,
    EVENT_KIND_MASS_CANCEL_REJECTED,
    EVENT_SIZE,
    event_t,
)
from gateway._router cimport OUTLET_GAP, OUTLET_LIVE, OUTLET_OVERFLOWN, OUTLET_REPLAYING, outlet_t
from gateway.fix._report cimport REPORT_BODY_BYTES_MAX, put_report
from gateway.fix._wire cimport SOH
from gateway.fix.text cimport now_ns, put2, put_u64, put_utc

cdef extern from *:
    """
    static inline void pg_commit(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
    """
    void commit "pg_commit"(uint64_t *word, uint64_t value) noexcept nogil

MESSAGE_BYTES_MAX = HEADER_BYTES_MAX + REPORT_BODY_BYTES_MAX + 8
BODY_BIT = LINK_BODY_BIT
MASS_ACTION_BIT = LINK_MASS_ACTION_BIT


cdef inline index_record_t *_record(out_t *out, uint64_t seq) noexcept nogil:
    return &out.records[seq & (out.header.capacity - 1)]


cdef inline bint _has_record(const out_t *out, uint64_t seq) noexcept nogil:
    return out.header.first_out <= seq < out.header.next_out and seq + out.header.capacity >= out.header.next_out


cdef uint8_t *_put_header(out_t *out, uint8_t *p, const uint8_t *msg_type, size_t type_length, uint64_t seq,
                          bint poss_resend) noexcept nogil:
    # From MsgType to the last field of the header.
    memcpy(p, b"35=", 3)
    memcpy(p + 3, msg_type, type_length)
    p += 3 + type_length
    memcpy(p, b"\x0134=", 4)
    p += 4
    p += put_u64(p, seq)
    p[0] = SOH
    memcpy(p + 1, out.identity, out.identity_length)
    p += 1 + out.identity_length
    memcpy(p, b"52=", 3)
    p += 3
    p += put_utc(p, out.now_ns, out.style.decimals, &out.second)
    p[0] = SOH
    p += 1
    if out.resent_seq:
        memcpy(p, b"43=Y\x01122=", 9)
        p += 9
        p += put_utc(p, out.resent_ns, out.style.decimals, &out.second)
        p[0] = SOH
        p += 1
    if poss_resend:
        memcpy(p, b"97=Y\x01", 5)
        p += 5
    return p


cdef size_t _finish(out_t *out, uint8_t *target, uint8_t *first, uint8_t *end) noexcept nogil:
    # BeginString and BodyLength before `first` (four digits of room), CheckSum behind; the message ends up at `target`.
    cdef uint8_t digits[20]
    cdef size_t length = <size_t> (end - first)
    cdef size_t n = put_u64(digits, length)
    cdef uint8_t *start = first - 1 - n - out.begin_length
    cdef uint32_t total = 0
    cdef size_t i
    cdef size_t size
    memcpy(start, out.begin, out.begin_length)
    memcpy(start + out.begin_length, digits, n)
    (first - 1)[0] = SOH
    size = <size_t> (end - start)
    for i in range(size):
        total += start[i]
    total &= 255
    memcpy(end, b"10=", 3)
    end[3] = <uint8_t> (48 + total // 100)
    put2(end + 4, total % 100)
    end[6] = SOH
    size += 7
    if start != target:
        memmove(target, start, size)
    return size


cdef inline uint8_t *_first(out_t *out, uint8_t *target) noexcept nogil:
    return target + out.begin_length + 5


cdef inline void _used(out_t *out, uint64_t link) noexcept nogil:
    # The message of the next number stands in the buffer.
    cdef uint64_t seq = out.header.next_out
    cdef index_record_t *record = _record(out, seq)
    record.link = link
    record.sent_ns = out.now_ns
    commit(&out.header.next_out, seq + 1)


cdef bint _takes_mass_action(out_t *out, uint64_t msg_seq_in) noexcept nogil:
    # The event answers an OrderMassActionRequest that was noted; forgets it.
    cdef uint32_t i
    for i in range(out.mass_action_count):
        if out.mass_actions[i] == msg_seq_in:
            out.mass_action_count -= 1
            out.mass_actions[i] = out.mass_actions[out.mass_action_count]
            return True
    return False


cdef size_t _put_event(out_t *out, const event_t *event, bint as_mass_action, uint8_t *target) noexcept nogil:
    cdef uint8_t body[REPORT_BODY_BYTES_MAX]
    cdef uint32_t msg_type
    cdef uint64_t seq = out.resent_seq if out.resent_seq else out.header.next_out
    cdef size_t length = put_report(&out.style, event, as_mass_action, body, &msg_type)
    cdef uint8_t *p
    cdef bint poss_resend = event.header.session_seq <= out.repeats_until
    if msg_type == 0:
        return 0
    p = _put_header(out, _first(out, target), <const uint8_t *> &msg_type, 2 if msg_type > 255 else 1, seq, poss_resend)
    memcpy(p, body, length)
    return _finish(out, target, _first(out, target), p + length)


cdef size_t _encode(outlet_t *outlet, const event_t *event, uint8_t *target) noexcept nogil:
    cdef out_t *out = <out_t *> outlet.context
    cdef size_t size
    cdef uint64_t link = event.header.session_seq
    cdef bint as_mass_action = False
    cdef bint is_mass
    if event.header.msg_seq_in > out.answered_in:
        out.answered_in = event.header.msg_seq_in
    if outlet.size == 0:
        out.now_ns = now_ns()
    if out.mass_action_count and event.header.msg_seq_in:
        is_mass = EVENT_KIND_MASS_CANCEL_DONE <= event.header.kind <= EVENT_KIND_MASS_CANCEL_REJECTED
        if is_mass and _takes_mass_action(out, event.header.msg_seq_in):
            as_mass_action = True
            link |= <uint64_t> 1 << LINK_MASS_ACTION_BIT
    size = _put_event(out, event, as_mass_action, target)
    if size:
        _used(out, link)
    return size


cdef class FixOutlet(SocketOutlet):
    """`FixOutlet(session_id, limit_bytes, MESSAGE_BYTES_MAX, owner, clock, begin_string, identity, store, directory,
    reasons, decimals, user_tags)`: identity is the header between MsgSeqNum and SendingTime, store a
    `gateway.fix.index.SequenceStore`.

    decimals (3, 6, 9) are those of every time; user_tags: fields of ours are sent.
    """

    def __cinit__(self, uint32_t session_id, size_t limit_bytes, size_t message_bytes_max, owner, clock,
                  bytes begin_string, bytes identity, store, Directory directory, ReasonTable reasons, int decimals,
                  bint user_tags):
        cdef out_t *out = &self.out
        cdef size_t records_at = store.records_offset
        cdef size_t bodies_at = store.bodies_offset
        cdef bytes begin = b"8=" + begin_string + b"\x019="
        if len(begin) > BEGIN_BYTES_MAX or len(identity) > IDENTITY_BYTES_MAX or decimals not in (3, 6, 9):
            raise ValueError("BeginString or CompIDs are too long, or the decimals of times are not 3, 6 or 9")
        memset(out, 0, sizeof(out_t))
        memcpy(out.begin, <const char *> begin, len(begin))
        out.begin_length = len(begin)
        memcpy(out.identity, <const char *> identity, len(identity))
        out.identity_length = len(identity)
        self._store = store
        self._directory = directory
        self._reasons = reasons
        self._view = store.view
        out.header = <index_header_t *> &self._view[0]
        out.records = <index_record_t *> &self._view[records_at]
        out.bodies = <uint8_t *> &self._view[bodies_at]
        if out.header.capacity * sizeof(index_record_t) != bodies_at - records_at:
            raise ValueError("the index is not laid out as this module takes it")
        out.style.names = directory.names
        out.style.reasons = reasons.reasons
        out.style.version = <uint8_t> reasons.version
        out.style.decimals = <uint8_t> decimals
        out.style.user_tags = user_tags
        self.c.context = out
        self.c.encode = _encode

    def disconnect(self):
        """Nothing is sent any more; the socket and the index may be closed after this."""
        SocketOutlet.disconnect(self)
        self._view = None
        self.out.header = NULL

    # ------------------------------------------------------------------------------------------------ numbers

    @property
    def next_out(self):
        """MsgSeqNum of the next new message, 0 once it is disconnected."""
        return self.out.header.next_out if self.out.header != NULL else 0

    @property
    def answered_in(self):
        """Highest `msg_seq_in` among the events that came by; everything up to it is in the journal."""
        return self.out.answered_in

    def reset_out(self):
        """New messages are numbered from 1 again; nothing before can be sent again."""
        self.out.header.session_seq_base = self.c.next_seq
        self.out.header.first_out = 1
        commit(&self.out.header.next_out, 1)

    def set_repeats_until(self, uint64_t session_seq):
        """Events up to this one are sent with PossResend=Y: they may have been sent before the index lost its tail."""
        self.out.repeats_until = session_seq

    def note_mass_action(self, uint64_t msg_seq_in):
        """The report that answers this request is an OrderMassActionReport. False when too many wait already."""
        if self.out.mass_action_count == MASS_ACTIONS_MAX:
            return False
        self.out.mass_actions[self.out.mass_action_count] = msg_seq_in
        self.out.mass_action_count += 1
        return True

    def set_style(self, int decimals, bint user_tags):
        """What the Logon asked for."""
        if decimals not in (3, 6, 9):
            raise ValueError(f"{decimals} are not 3, 6 or 9 decimals")
        self.out.style.decimals = <uint8_t> decimals
        self.out.style.user_tags = user_tags

    # --------------------------------------------------------------------------------------------- new messages

    cdef bint _room(self, size_t size) noexcept:
        if self.c.capacity - self.c.size < size + HEADER_BYTES_MAX + 8:
            self.flush()
        return self.c.capacity - self.c.size >= size + HEADER_BYTES_MAX + 8

    def send(self, bytes msg_type not None, bytes body not None, bytes header=b"", bint keep=False):
        """A message from Python, behind everything encoded before: body and further header fields end with SOH each.

        keep: a resend sends the body again (an application message); else its number is gap-filled.
        """
        cdef out_t *out = &self.out
        cdef size_t length = len(body) + len(header)
        cdef uint8_t *target
        cdef uint8_t *p
        cdef uint64_t link = LINK_ADMIN
        if self.transport is None:
            return
        if not self._room(length):
            self.c.state = OUTLET_OVERFLOWN
            self.flush()
            return
        if len(header) > 160 or not 0 < len(msg_type) <= 2:
            raise ValueError("further header fields have at most 160 bytes, a MsgType one or two")
        if self.c.size == 0:
            out.now_ns = now_ns()
        target = self.c.buffer + self.c.size
        p = _put_header(out, _first(out, target), <const uint8_t *> <const char *> msg_type, len(msg_type),
                        out.header.next_out, False)
        memcpy(p, <const char *> header, len(header))
        memcpy(p + len(header), <const char *> body, len(body))
        self.c.size += _finish(out, target, _first(out, target), p + length)
        if keep:
            link = self._keep(msg_type + b"\x01" + body)
        _used(out, link)

    def _keep(self, bytes body):
        # Copies the body into the ring of bodies and returns the link; one that is too long for it is not kept.
        cdef out_t *out = &self.out
        cdef uint64_t position = out.header.body_head
        cdef uint64_t size = out.header.body_bytes
        cdef size_t length = len(body)
        cdef size_t at
        cdef size_t part
        if length == 0 or length >= (1 << LINK_LENGTH_BITS) or length * 4 > size:
            return LINK_ADMIN
        at = <size_t> (position & (size - 1))
        part = min(length, <size_t> size - at)
        memcpy(out.bodies + at, <const char *> body, part)
        memcpy(out.bodies, <const char *> body + part, length - part)
        out.header.body_head = position + length
        return (<uint64_t> 1 << LINK_BODY_BIT) | (position << LINK_LENGTH_BITS) | length

    def send_report(self, bytes event not None, bytes more not None):
        """An ExecutionReport that answers a query: an event record of kind ORDER_STATUS, and further body fields."""
        cdef uint8_t body[REPORT_BODY_BYTES_MAX]
        cdef uint32_t msg_type
        cdef size_t length
        if len(event) != EVENT_SIZE:
            raise ValueError(f"{len(event)} bytes are no event of {EVENT_SIZE}")
        length = put_report(&self.out.style, <const event_t *> <const char *> event, False, body, &msg_type)
        self.send(b"8", (<const char *> body)[:length] + more)

    # ------------------------------------------------------------------------------------------------- resends

    def hold(self):
        """Events pass by from now on, until `go_live`: the session is being sent something again first."""
        if self.c.state == OUTLET_LIVE:
            self.c.state = OUTLET_REPLAYING

    def use_of(self, uint64_t seq, uint64_t end):
        """What a number was used for, one of: ((MsgType, body), 0, 0) for a kept message, (None, session_seq, 0) for
        an event, (None, 0, n) for anything else: n is the first number behind that is not to be filled, at most end +
        1."""
        cdef uint64_t link = self._link(seq)
        cdef uint64_t other = seq
        if link == LINK_ADMIN:
            while other <= end and self._link(other) == LINK_ADMIN:
                other += 1
            return None, 0, other
        if link >> LINK_BODY_BIT:
            msg_type, _, body = self._body(link).partition(b"\x01")
            return (msg_type, body), 0, 0
        return None, link & ~(<uint64_t> 1 << LINK_MASS_ACTION_BIT), 0

    cdef uint64_t _link(self, uint64_t seq) noexcept:
        cdef out_t *out = &self.out
        cdef uint64_t link
        cdef uint64_t position
        if not _has_record(out, seq):
            return LINK_ADMIN
        link = _record(out, seq).link
        if link >> LINK_BODY_BIT:
            position = (link & ~(<uint64_t> 1 << LINK_BODY_BIT)) >> LINK_LENGTH_BITS
            if out.header.body_head - position > out.header.body_bytes:
                return LINK_ADMIN  # overwritten since
        return link

    def _body(self, uint64_t link):
        cdef out_t *out = &self.out
        cdef size_t length = <size_t> (link & ((1 << LINK_LENGTH_BITS) - 1))
        cdef uint64_t position = (link & ~(<uint64_t> 1 << LINK_BODY_BIT)) >> LINK_LENGTH_BITS
        cdef size_t at = <size_t> (position & (out.header.body_bytes - 1))
        cdef size_t part = min(length, <size_t> out.header.body_bytes - at)
        return (<const char *> out.bodies)[at : at + part] + (<const char *> out.bodies)[: length - part]

    def resend_body(self, uint64_t seq, bytes msg_type not None, bytes body not None):
        """The message of this number again, with its body as it was."""
        self._again(seq, _record(&self.out, seq).sent_ns, msg_type, body)

    def fill_gap(self, uint64_t seq, uint64_t new_seq_no):
        """SequenceReset-GapFill in place of the numbers seq .. new_seq_no - 1."""
        cdef int64_t sent_ns = _record(&self.out, seq).sent_ns if _has_record(&self.out, seq) else 0
        self._again(seq, sent_ns, b"4", b"123=Y\x0136=%d\x01" % new_seq_no)

    def _again(self, uint64_t seq, int64_t sent_ns, bytes msg_type, bytes body):
        cdef out_t *out = &self.out
        cdef uint8_t *target
        cdef uint8_t *p
        if self.transport is None:
            return
        if not self._room(len(body)):
            self.c.state = OUTLET_OVERFLOWN
            self.flush()
            return
        out.now_ns = now_ns()
        out.resent_seq = seq
        out.resent_ns = sent_ns if sent_ns > 0 else out.now_ns
        target = self.c.buffer + self.c.size
        p = _put_header(out, _first(out, target), <const uint8_t *> <const char *> msg_type, len(msg_type), seq, False)
        memcpy(p, <const char *> body, len(body))
        self.c.size += _finish(out, target, _first(out, target), p + len(body))
        out.resent_seq = 0

    def resend_events(self, bytes events not None, uint64_t seq, uint64_t end):
        """From a slice of the event log the messages of the numbers from `seq` on, up to the first that was no event,
        to `end`, or to a full buffer. Returns (records of the slice that are done with, next number); a missing event
        sets the state GAP.
        """
        cdef out_t *out = &self.out
        cdef Py_ssize_t count = len(events) // EVENT_SIZE
        cdef Py_ssize_t i = 0
        cdef const event_t *records = <const event_t *> <const char *> events
        cdef uint64_t link
        cdef uint64_t mark = <uint64_t> 1 << LINK_MASS_ACTION_BIT
        cdef index_record_t *record
        out.now_ns = now_ns()
        with nogil:
            while i < count and seq <= end:
                record = _record(out, seq)
                link = record.link & ~mark
                if link == LINK_ADMIN or record.link >> LINK_BODY_BIT:
                    break
                if records[i].header.session_id != self.c.session_id or records[i].header.session_seq < link:
                    i += 1
                    continue
                if records[i].header.session_seq > link:
                    self.c.state = OUTLET_GAP
                    break
                if self.c.capacity - self.c.size < self.c.message_bytes_max:
                    break
                out.resent_seq = seq
                out.resent_ns = record.sent_ns
                self.c.size += _put_event(out, &records[i], record.link & mark != 0, self.c.buffer + self.c.size)
                seq += 1
                i += 1
            out.resent_seq = 0
        return i, seq
