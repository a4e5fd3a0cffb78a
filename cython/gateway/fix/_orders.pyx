"""Open orders and those that ended lately, by OrderID and by (account, ClOrdID): what status requests are answered
from.

A sink of the router: every released event passes through `observe`, without the GIL and without a Python object. The
engine is never asked. Capacity is the engine's plus a ring of ended orders, of which the oldest is forgotten first.
Orders that no session may ask for are passed over. Used by the FIX door alone.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset, strncmp

from engine.records cimport (
    EVENT_KIND_CANCEL_REJECTED,
    EVENT_KIND_ORDER_PENDING,
    EVENT_KIND_ORDER_REJECTED,
    EVENT_KIND_ORDER_REPLACED,
    EVENT_KIND_ORDER_RESTATED,
    EVENT_KIND_ORDER_STATUS,
    EVENT_KIND_REPLACE_REJECTED,
    EVENT_SIZE,
    ORDER_STATE_FILLED,
    SCOPE_ACCOUNT,
    SCOPE_DESK,
    SCOPE_FIRM,
    SCOPE_TRADER,
    SCOPE_VENUE,
    event_t,
    order_event_t,
)

from engine import records
from engine.records import COMMAND_HEADER_SIZE as _HEADER_SIZE
from engine.records import EventKind
from engine.snapshot_records import Section

cdef extern from *:
    """
    static inline void fix_prefetch(const void *at) { __builtin_prefetch(at, 1, 3); __asm__ volatile("" : : "r"(at)); }
    """
    void prefetch "fix_prefetch"(const void *at) noexcept nogil

cdef enum:
    ID_BYTES = 40


cdef inline uint64_t _mix(uint64_t value) noexcept nogil:
    value *= <uint64_t> 0x9E3779B97F4A7C15
    return value ^ (value >> 29)


cdef inline uint64_t _name_hash(uint32_t account_id, const char *name) noexcept nogil:
    cdef uint64_t h = account_id
    cdef uint64_t word
    cdef int i
    for i in range(0, ID_BYTES, 8):
        memcpy(&word, name + i, 8)
        if word == 0:
            break
        h = _mix(h ^ word)
    return h


cdef void _insert(table_t *table, uint64_t hash, uint32_t slot) noexcept nogil:
    cdef uint64_t at = hash >> 32 & table.mask
    while table.entries[at]:
        at = (at + 1) & table.mask
    table.entries[at] = hash >> 32 << 32 | (slot + 1)


cdef void _remove(table_t *table, uint64_t hash, uint32_t slot) noexcept nogil:
    # Backward-shift deletion: no gap is left in a run of keys.
    cdef uint64_t entry = hash >> 32 << 32 | (slot + 1)
    cdef uint64_t hole = hash >> 32 & table.mask
    cdef uint64_t at
    while table.entries[hole] != entry:
        if table.entries[hole] == 0:
            return
        hole = (hole + 1) & table.mask
    at = hole
    while True:
        at = (at + 1) & table.mask
        entry = table.entries[at]
        if entry == 0:
            break
        if ((at - (entry >> 32)) & table.mask) >= ((at - hole) & table.mask):
            table.entries[hole] = entry
            hole = at
    table.entries[hole] = 0


cdef inline const char *_own_name(const order_event_t *e) noexcept nogil:
    # Answers to requests carry the request's id first and the order's own second, except where the order took the new
    # one.
    if e.kind != EVENT_KIND_ORDER_REPLACED and e.orig_client_order_id[0]:
        return e.orig_client_order_id
    return e.client_order_id


cdef bint _is_below(const order_event_t *e, int scope, uint32_t node) noexcept nogil:
    if scope == SCOPE_ACCOUNT:
        return e.account_id == node
    if scope == SCOPE_TRADER:
        return e.trader_id == node
    if scope == SCOPE_DESK:
        return e.desk_id == node
    return scope == SCOPE_FIRM and e.firm_id == node


cdef class OrderBookkeeper:
    """`OrderBookkeeper(orders_max, ended_max, watched=None)`: open orders, and ended ones that are remembered.

    watched: (scope, node) of everybody who may ask, a node from account to firm or the venue; None is the venue.
    """

    def __cinit__(self, uint32_t orders_max, uint32_t ended_max, watched=None):
        cdef uint32_t i
        cdef uint32_t size = 16
        if orders_max == 0 or ended_max == 0 or orders_max > 1 << 30 or ended_max > 1 << 30:
            raise ValueError("there is room for one open and one ended order at least")
        self.capacity = orders_max + ended_max
        while size < 2 * self.capacity:
            size *= 2
        self.slots = <order_slot_t *> calloc(self.capacity, sizeof(order_slot_t))
        self.by_id.entries = <uint64_t *> calloc(size, sizeof(uint64_t))
        self.by_name.entries = <uint64_t *> calloc(size, sizeof(uint64_t))
        self.closed = <uint32_t *> calloc(ended_max, sizeof(uint32_t))
        if not self.slots or not self.by_id.entries or not self.by_name.entries or not self.closed:
            raise MemoryError()
        self.by_id.mask = self.by_name.mask = size - 1
        self.closed_max = ended_max
        self.free_slot = NO_SLOT
        self._fresh = 0
        self._watch([(SCOPE_VENUE, 0)] if watched is None else list(watched))

    def _watch(self, list nodes):
        cdef int level
        cdef uint32_t node
        for level in range(4):
            at_level = [n for scope, n in nodes if scope == SCOPE_ACCOUNT + level]
            self.watched_max[level] = max(at_level, default=0)
            self.watched[level] = <uint8_t *> calloc(<size_t> self.watched_max[level] + 1, 1)
            if not self.watched[level]:
                raise MemoryError()
            for node in at_level:
                self.watched[level][node] = 1
        self.watches_all = any(scope == SCOPE_VENUE for scope, _ in nodes)

    def __dealloc__(self):
        cdef int level
        for level in range(4):
            free(self.watched[level])
        free(self.slots)
        free(self.by_id.entries)
        free(self.by_name.entries)
        free(self.closed)

    def observe(self, bytes events not None):
        """A batch of whole released events."""
        cdef Py_ssize_t count = len(events) // EVENT_SIZE
        cdef const event_t *first = <const event_t *> <const char *> events
        with nogil:
            self._observe(first, count)

    def load(self, snapshot):
        """The open orders of a recovered engine: `snapshot_records.parse_snapshot` of its snapshot."""
        parties = {row["party_id"]: row for row in snapshot[Section.ACCOUNT]}
        traders = {row["party_id"]: row["parent_id"] for row in snapshot[Section.TRADER]}
        desks = {row["party_id"]: row["parent_id"] for row in snapshot[Section.DESK]}
        steps = {}
        for row in snapshot[Section.INSTRUMENT]:
            facts = records.SET_INSTRUMENT.unpack(b"\0" * _HEADER_SIZE + row["config"])
            steps[row["instrument_id"]] = facts["tick_size_e8"], facts["lot_size_e8"]
        for row in snapshot[Section.ORDER]:
            tick_e8, lot_e8 = steps[row["instrument_id"]]
            trader_id = parties[row["account_id"]]["parent_id"]
            desk_id = traders[trader_id]
            self.observe(records.ORDER_EVENT.pack(
                kind=int(EventKind.ORDER_NEW), session_id=row["session_id"], account_id=row["account_id"],
                trader_id=trader_id, desk_id=desk_id, firm_id=desks[desk_id], instrument_id=row["instrument_id"],
                order_id=row["order_id"], client_order_id=row["client_order_id"], price_e8=row["price_ticks"] * tick_e8,
                quantity_e8=row["quantity_lots"] * lot_e8, cum_quantity_e8=row["cum_lots"] * lot_e8,
                leaves_quantity_e8=(row["quantity_lots"] - row["cum_lots"]) * lot_e8,
                display_quantity_e8=row["display_lots"] * lot_e8, side=row["side"], order_type=row["order_type"],
                time_in_force=row["time_in_force"], order_flags=row["order_flags"], order_state=row["state"],
            ))

    def find_id(self, uint64_t order_id):
        """The order as an ORDER_STATUS event record, None when it is not known."""
        return self._record(self._by_id(order_id))

    def find_name(self, uint32_t account_id, str client_order_id not None):
        """The newest order of the account with this client id as an ORDER_STATUS event record, None when there is
        none."""
        cdef char name[ID_BYTES]
        cdef bytes text = client_order_id.encode("latin-1", "replace")
        if not 0 < len(text) < ID_BYTES:
            return None
        memset(name, 0, ID_BYTES)
        memcpy(name, <const char *> text, len(text))
        return self._record(self._by_name(account_id, name))

    def open_below(self, uint32_t cursor, int scope, uint32_t node, uint32_t account_id, uint32_t instrument_id,
                   int side, uint32_t slots_max=65_536):
        """Ids of a node's open orders: (ids, next cursor); start with cursor 0, the cursor 0 again means the end.

        account_id, instrument_id, side 0 are no filter. Looks at slots_max slots at most, so that a call stays short.
        """
        cdef uint32_t end = min(self._fresh, cursor + slots_max)
        cdef order_slot_t *slot
        found = []
        while cursor < end:
            slot = &self.slots[cursor]
            cursor += 1
            if not slot.is_open or not _is_below(&slot.order, scope, node):
                continue
            if account_id and slot.order.account_id != account_id:
                continue
            if (instrument_id and slot.order.instrument_id != instrument_id) or (side and slot.order.side != side):
                continue
            found.append(slot.order.order_id)
        return found, cursor if cursor < self._fresh else 0

    def _record(self, uint32_t slot):
        return None if slot == NO_SLOT else (<const char *> &self.slots[slot].order)[:EVENT_SIZE]

    # ---------------------------------------------------------------------------------------------------- events

    cdef bint _is_watched(self, const order_event_t *e) noexcept nogil:
        cdef uint32_t nodes[4]
        cdef int level
        if self.watches_all:
            return True
        nodes[0] = e.account_id
        nodes[1] = e.trader_id
        nodes[2] = e.desk_id
        nodes[3] = e.firm_id
        for level in range(4):
            if nodes[level] <= self.watched_max[level] and self.watched[level][nodes[level]]:
                return True
        return False

    cdef void _observe(self, const event_t *events, Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t i
        cdef uint16_t kind
        for i in range(min(<Py_ssize_t> AHEAD, count)):
            self._prefetch(&events[i])
        for i in range(count):
            if i + AHEAD < count:
                self._prefetch(&events[i + AHEAD])
            kind = events[i].header.kind
            if EVENT_KIND_ORDER_PENDING <= kind <= EVENT_KIND_ORDER_RESTATED and self._is_watched(&events[i].order):
                if kind != EVENT_KIND_REPLACE_REJECTED and kind != EVENT_KIND_CANCEL_REJECTED:
                    self._order(&events[i].order)

    cdef void _prefetch(self, const event_t *event) noexcept nogil:
        cdef uint16_t kind = event.header.kind
        cdef const order_event_t *e = &event.order
        if EVENT_KIND_ORDER_PENDING <= kind <= EVENT_KIND_ORDER_RESTATED and self._is_watched(e):
            prefetch(&self.by_id.entries[_mix(e.order_id) >> 32 & self.by_id.mask])
            prefetch(&self.by_name.entries[_name_hash(e.account_id, _own_name(e)) >> 32 & self.by_name.mask])

    cdef void _order(self, const order_event_t *e) noexcept nogil:
        cdef uint32_t slot = self._by_id(e.order_id) if e.order_id else NO_SLOT
        cdef bint is_new = slot == NO_SLOT
        cdef bint was_open
        cdef order_slot_t *s
        if e.order_id == 0 and (e.client_order_id[0] == 0 or self._by_name(e.account_id, e.client_order_id) != NO_SLOT):
            return  # refused, and the id is another order's
        if is_new:
            slot = self._take_slot()
            if slot == NO_SLOT:
                self.forgotten += 1
                return
        s = &self.slots[slot]
        was_open = s.is_open
        if not is_new and s.is_named and strncmp(s.order.client_order_id, _own_name(e), ID_BYTES) != 0:
            self._unname(slot)
        memcpy(&s.order, e, EVENT_SIZE)
        memcpy(s.order.client_order_id, _own_name(e), ID_BYTES)
        memset(s.order.orig_client_order_id, 0, ID_BYTES)
        s.order.kind = EVENT_KIND_ORDER_STATUS
        s.order.last_price_e8 = 0
        s.order.last_quantity_e8 = 0
        s.order.detail = 0
        s.order.contra_order_id = 0
        if e.kind != EVENT_KIND_ORDER_REJECTED:
            s.order.reason = 0
        if is_new and e.order_id:
            _insert(&self.by_id, _mix(e.order_id), slot)
        if not s.is_named and s.order.client_order_id[0]:
            self._name(slot, s.order.client_order_id)
        s.is_open = e.order_state < ORDER_STATE_FILLED and e.order_id != 0
        self.open_orders += s.is_open - was_open
        if not s.is_open and (was_open or is_new):
            self._close(slot)

    cdef void _name(self, uint32_t slot, const char *name) noexcept nogil:
        # The newest order of a name is the one that is found by it.
        cdef uint32_t account_id = self.slots[slot].order.account_id
        cdef uint64_t hash = _name_hash(account_id, name)
        cdef uint32_t other = self._by_name_hash(hash, account_id, name)
        if other != NO_SLOT:
            _remove(&self.by_name, hash, other)
            self.slots[other].is_named = False
        self.slots[slot].is_named = True
        _insert(&self.by_name, hash, slot)

    cdef void _unname(self, uint32_t slot) noexcept nogil:
        cdef const order_event_t *order = &self.slots[slot].order
        _remove(&self.by_name, _name_hash(order.account_id, order.client_order_id), slot)
        self.slots[slot].is_named = False

    cdef uint32_t _take_slot(self) noexcept nogil:
        cdef uint32_t slot = self.free_slot
        if slot != NO_SLOT:
            self.free_slot = self.slots[slot].next_free
        elif self._fresh < self.capacity:
            slot = self._fresh
            self._fresh += 1
        else:
            return NO_SLOT
        memset(&self.slots[slot], 0, sizeof(order_slot_t))
        self.slots[slot].is_used = True
        return slot

    cdef void _close(self, uint32_t slot) noexcept nogil:
        cdef uint32_t at
        if self.closed_count == self.closed_max:
            self._forget(self.closed[self.closed_first])
            self.closed_first = (self.closed_first + 1) % self.closed_max
            self.closed_count -= 1
        at = (self.closed_first + self.closed_count) % self.closed_max
        self.closed[at] = slot
        self.closed_count += 1

    cdef void _forget(self, uint32_t slot) noexcept nogil:
        cdef order_slot_t *s = &self.slots[slot]
        if s.order.order_id:
            _remove(&self.by_id, _mix(s.order.order_id), slot)
        if s.is_named:
            self._unname(slot)
        s.is_used = False
        s.is_open = False
        s.next_free = self.free_slot
        self.free_slot = slot

    # ---------------------------------------------------------------------------------------------------- tables

    cdef uint32_t _by_id(self, uint64_t order_id) noexcept nogil:
        cdef uint64_t hash = _mix(order_id)
        cdef uint64_t at = hash >> 32 & self.by_id.mask
        cdef uint64_t entry = self.by_id.entries[at]
        while entry:
            if entry >> 32 == hash >> 32 and self.slots[<uint32_t> entry - 1].order.order_id == order_id:
                return <uint32_t> entry - 1
            at = (at + 1) & self.by_id.mask
            entry = self.by_id.entries[at]
        return NO_SLOT

    cdef uint32_t _by_name(self, uint32_t account_id, const char *name) noexcept nogil:
        return self._by_name_hash(_name_hash(account_id, name), account_id, name)

    cdef uint32_t _by_name_hash(self, uint64_t hash, uint32_t account_id, const char *name) noexcept nogil:
        cdef uint64_t at = hash >> 32 & self.by_name.mask
        cdef uint64_t entry = self.by_name.entries[at]
        cdef const order_event_t *order
        while entry:
            if entry >> 32 == hash >> 32:
                order = &self.slots[<uint32_t> entry - 1].order
                if order.account_id == account_id and strncmp(order.client_order_id, name, ID_BYTES) == 0:
                    return <uint32_t> entry - 1
            at = (at + 1) & self.by_name.mask
            entry = self.by_name.entries[at]
        return NO_SLOT
