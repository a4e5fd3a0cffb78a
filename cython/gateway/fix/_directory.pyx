"""Names to ids and back: Symbol, Account, and the names of traders, desks and firms.

Filled from the engine's snapshot at the start and kept current by CONFIG_SET events, so that a symbol listed while
the venue runs is known with the first order for it. Asked by the compiled translation of messages. Names are as
unique as the operator made them: the first that was given wins. It holds no rule: an unknown name becomes an id that
the engine refuses.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from engine.records cimport EVENT_KIND_CONFIG_SET, EVENT_SIZE, event_t

from engine import records
from engine.records import COMMAND_HEADER_SIZE as _HEADER_SIZE
from engine.records import CommandKind
from engine.snapshot_records import Section

UNKNOWN = <uint32_t> UNKNOWN_ID

_KINDS = {
    CommandKind.SET_ACCOUNT: NAMES_ACCOUNT,
    CommandKind.SET_TRADER: NAMES_TRADER,
    CommandKind.SET_DESK: NAMES_DESK,
    CommandKind.SET_FIRM: NAMES_FIRM,
}
_SECTIONS = {
    Section.ACCOUNT: NAMES_ACCOUNT,
    Section.TRADER: NAMES_TRADER,
    Section.DESK: NAMES_DESK,
    Section.FIRM: NAMES_FIRM,
}


cdef inline uint64_t _hash(const uint8_t *text, size_t length) noexcept nogil:
    cdef uint64_t h = length
    cdef uint64_t word
    cdef size_t n
    while length:
        n = 8 if length > 8 else length
        word = 0
        memcpy(&word, text, n)
        h = (h ^ word) * <uint64_t> 0x9E3779B97F4A7C15
        h ^= h >> 29
        text += n
        length -= n
    return h


cdef uint32_t id_of(const names_t *names, const uint8_t *text, size_t length) noexcept nogil:
    cdef uint32_t slot
    cdef uint32_t id
    if length == 0 or length > NAME_BYTES_MAX:
        return UNKNOWN_ID
    slot = <uint32_t> _hash(text, length) & names.mask
    while True:
        id = names.slots[slot]
        if id == 0:
            return UNKNOWN_ID
        if names.by_id[id].length == length and memcmp(names.by_id[id].text, text, length) == 0:
            return id
        slot = (slot + 1) & names.mask


cdef const name_t *name_of(const names_t *names, uint32_t id) noexcept nogil:
    return &names.by_id[id if id <= names.ids_max else 0]


cdef class Directory:
    """`Directory(instruments_max, accounts_max, traders_max, desks_max, firms_max)`: ids are 1..max of each kind.

    `instruments` has the facts of each instrument by id: the fields of its SET_INSTRUMENT, and `state` and
    `mark_price_e8`.
    """

    def __cinit__(self, *maxima):
        cdef int kind
        cdef uint32_t size
        if len(maxima) != NAMES_KINDS:
            raise ValueError("a directory has instruments, accounts, traders, desks and firms")
        for kind in range(NAMES_KINDS):
            self.names[kind].ids_max = maxima[kind]
            size = 16
            while size < 2 * (maxima[kind] + 1):
                size *= 2
            self.names[kind].mask = size - 1
            self.names[kind].by_id = <name_t *> calloc(maxima[kind] + 1, sizeof(name_t))
            self.names[kind].slots = <uint32_t *> calloc(size, sizeof(uint32_t))
            if self.names[kind].by_id == NULL or self.names[kind].slots == NULL:
                raise MemoryError()
        self.instruments = {}
        self.venue_state = 1
        self._on_change = None

    def __dealloc__(self):
        cdef int kind
        for kind in range(NAMES_KINDS):
            free(self.names[kind].by_id)
            free(self.names[kind].slots)

    cdef int _set_name(self, int kind, uint32_t id, bytes name) except -1:
        cdef names_t *names = &self.names[kind]
        cdef const uint8_t *text = <const uint8_t *> <const char *> name
        cdef uint32_t slot
        if id == 0 or id > names.ids_max or not 0 < len(name) <= NAME_BYTES_MAX:
            return 0
        if names.by_id[id].length:
            if names.by_id[id].length == len(name) and memcmp(names.by_id[id].text, text, len(name)) == 0:
                return 0
            self._forget(kind, id)
        names.by_id[id].length = <uint8_t> len(name)
        memcpy(names.by_id[id].text, text, len(name))
        if id_of(names, text, len(name)) == UNKNOWN_ID:
            slot = <uint32_t> _hash(text, len(name)) & names.mask
            while names.slots[slot]:
                slot = (slot + 1) & names.mask
            names.slots[slot] = id
        return 0

    cdef int _forget(self, int kind, uint32_t id) except -1:
        # A party was renamed: the table is made anew without its old name. Rare, so simple.
        cdef names_t *names = &self.names[kind]
        cdef uint32_t other
        cdef uint32_t slot
        names.by_id[id].length = 0
        for slot in range(names.mask + 1):
            names.slots[slot] = 0
        for other in range(1, names.ids_max + 1):
            if names.by_id[other].length == 0:
                continue
            if id_of(names, names.by_id[other].text, names.by_id[other].length) != UNKNOWN_ID:
                continue
            slot = <uint32_t> _hash(names.by_id[other].text, names.by_id[other].length) & names.mask
            while names.slots[slot]:
                slot = (slot + 1) & names.mask
            names.slots[slot] = other
        return 0

    def on_change(self, call):
        """`call(kind, instrument_id)` is called after each change of an instrument or of the venue's state (id 0)."""
        self._on_change = call

    def load(self, snapshot):
        """Everything that a recovered engine knows: `snapshot_records.parse_snapshot` of its snapshot."""
        for section, kind in _SECTIONS.items():
            for row in snapshot[section]:
                self._set_name(kind, row["party_id"], row["name"].encode("ascii"))
        self.venue_state = snapshot[Section.VENUE][0]["state"]
        for row in snapshot[Section.INSTRUMENT]:
            facts = records.SET_INSTRUMENT.unpack(b"\0" * _HEADER_SIZE + row["config"])
            mark_e8 = row["mark_ticks"] * facts["tick_size_e8"]
            self._instrument(row["instrument_id"], facts | {"state": row["state"], "mark_price_e8": mark_e8})

    def _instrument(self, id, facts):
        self.instruments[id] = self.instruments.get(id, {"state": 1, "mark_price_e8": 0}) | facts
        self._set_name(NAMES_INSTRUMENT, id, facts["symbol"].encode("ascii"))

    def observe(self, bytes events not None):
        """A batch of released events: takes what CONFIG_SET tells of names and instruments."""
        cdef Py_ssize_t count = len(events) // EVENT_SIZE
        cdef Py_ssize_t i
        cdef const event_t *all_events = <const event_t *> <const char *> events
        for i in range(count):
            if all_events[i].header.kind == EVENT_KIND_CONFIG_SET:
                self._config_set(records.CONFIG_EVENT.unpack(events, i * EVENT_SIZE))

    def _config_set(self, event):
        kind = CommandKind(event["command_kind"])
        id = event["instrument_id"]
        body = records.COMMAND_BODIES[kind].unpack(b"\0" * _HEADER_SIZE + event["body"])
        if kind in _KINDS:
            self._set_name(_KINDS[kind], body["party_id"], body["name"].encode("ascii"))
            return
        if kind is CommandKind.SET_INSTRUMENT:
            self._instrument(id, body)
        elif kind is CommandKind.SET_VENUE_STATE:
            self.venue_state = body["state"]
        elif id in self.instruments and kind is CommandKind.SET_INSTRUMENT_STATE:
            self.instruments[id]["state"] = body["state"]
        elif id in self.instruments and kind is CommandKind.SET_MARK:
            self.instruments[id]["mark_price_e8"] = body["mark_price_e8"]
        if self._on_change is not None:
            self._on_change(kind, id)

    def instrument_id(self, str symbol not None):
        """UNKNOWN when nothing has this symbol."""
        return self._id(NAMES_INSTRUMENT, symbol)

    def account_id(self, str name not None):
        """UNKNOWN when nothing has this name."""
        return self._id(NAMES_ACCOUNT, name)

    def party_id(self, int scope, str name not None):
        """Id of the trader (3), desk (4) or firm (5) of that name, UNKNOWN when there is none."""
        if not 3 <= scope <= 5:
            return UNKNOWN_ID
        return self._id(NAMES_TRADER + scope - 3, name)

    def symbol(self, uint32_t instrument_id):
        """Empty when nothing has this id."""
        cdef const name_t *name = name_of(&self.names[NAMES_INSTRUMENT], instrument_id)
        return name.text[:name.length].decode("ascii")

    def account(self, uint32_t account_id):
        """Empty when nothing has this id."""
        cdef const name_t *name = name_of(&self.names[NAMES_ACCOUNT], account_id)
        return name.text[:name.length].decode("ascii")

    def _id(self, int kind, str name):
        cdef bytes text = name.encode("latin-1", "replace")
        return id_of(&self.names[kind], <const uint8_t *> <const char *> text, len(text))
