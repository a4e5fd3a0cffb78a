"""`Core`: the compiled engine behind `engine.api.Engine`. docs/engine.md is its rule book, docs/engine-internals.md
its map.

The way of a command: `apply_commands` follows the numbers and switches; `_orders`, `_parties`, `_work` do it;
`_checks` say whether it may be; `_matching` asks the book; `_events` write down what happened; `_state` is what there
is. A batch is applied without the GIL and without a Python object per command. Python is needed where a matcher has
to be found: for SET_INSTRUMENT.
"""

import hashlib

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport INT64_MAX, int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memset

from engine.api import EngineInfo
from engine.declarations import layout_table

from engine._admin cimport administer
from engine._canonical cimport snapshot_size, snapshot_write
from engine._events cimport write_config
from engine._matcher cimport BookHandle, open_handle
from engine._matching cimport fill_host
from engine._memory cimport events_make_room, state_close, state_open, state_set_fills_max
from engine._orders cimport cancel, place, replace
from engine._parties cimport book_config, check_fixed, check_instrument, configure, disconnect, logon, set_instrument
from engine._quotes cimport quote, quote_cancel
from engine._restore cimport (
    restore_book, restore_instrument, restore_orders, restore_parties, restore_queues, restored_config, snapshot_t,
    split,
)
from engine._restore_risk cimport restore_risk
from engine._risk_work cimport carry_on_risk
from engine._state cimport (
    account_t, find_account, find_instrument, find_session, has_queued_work, has_risk_work, instrument_t, limits_t,
    modify_t, order_find, order_t, party_t, position_find, position_prefetch, position_t, session_t, state_t,
    terms_t, throttle_t,
)
from engine._twap cimport close_position, place_twap
from engine._work cimport finish_command, mass_cancel, tick
from engine.heap cimport node_t
from engine.layouts cimport compiled_layouts
from engine.matcher cimport pg_config, pg_host
from engine.names cimport names_prefetch
from engine.records cimport (
    COMMAND_KIND_CANCEL, COMMAND_KIND_CLOSE_POSITION, COMMAND_KIND_MASS_CANCEL, COMMAND_KIND_PLACE,
    COMMAND_KIND_PLACE_TWAP, COMMAND_KIND_QUOTE, COMMAND_KIND_QUOTE_CANCEL, COMMAND_KIND_REPLACE,
    COMMAND_KIND_SESSION_DISCONNECT, COMMAND_KIND_SESSION_LOGON, COMMAND_KIND_SET_INSTRUMENT, COMMAND_KIND_TICK,
    COMMAND_SIZE, FIRST_CLIENT_KIND, LAST_CLIENT_KIND, REASON_UNKNOWN_MATCHER, SECTION_BOOK, SECTION_INSTRUMENT,
    command_header_t, command_t, event_t, set_instrument_t, snap_work_t,
)
from engine.table cimport ids_prefetch, prefetch

VERSION = "2"
IDS_MAX = 2**31 - 1  # of accounts, so that an id and a self-trade group fit into 32 bits; the other tables follow
ROWS_MAX = 2**30 - 1  # slots of a table
BYTE_MAX = 255  # calendars and fee tiers have ids of one byte
# Matchers whose snapshots are MATCHER_SNAPSHOT_ROWs, which tell what an order shows.
OWN_MATCHERS = frozenset(("price_time", "pro_rata", "reference"))


def _check_layouts():
    """The compiled structs against engine/records.py: a module that was not built again after a change is not used."""
    compiled = compiled_layouts()
    for name, (size, offsets) in layout_table().items():
        if name not in compiled:
            raise ImportError(f"engine._core does not know the layout {name}: it was built before a change; make build")
        built_size, built = compiled[name]
        for field, offset in offsets.items():
            if built.get(field) != offset:
                raise ImportError(
                    f"engine._core has {name}.{field} at {built.get(field)}, engine/records.py at {offset}: make build"
                )
        if built_size != size:
            raise ImportError(f"engine._core has {name} of {built_size} bytes, engine/records.py {size}: make build")


_check_layouts()


def record_sizes():
    """Bytes of the records that the engine's tables are made of; docs/engine-internals.md shows them. `entry` is what
    one record takes in a table of ids or names, at half its capacity."""
    return {
        "order_t": sizeof(order_t), "terms_t": sizeof(terms_t), "node_t": sizeof(node_t), "modify_t": sizeof(modify_t),
        "position_t": sizeof(position_t), "account_t": sizeof(account_t), "party_t": sizeof(party_t),
        "throttle_t": sizeof(throttle_t), "session_t": sizeof(session_t), "instrument_t": sizeof(instrument_t),
        "snap_work_t": sizeof(snap_work_t), "entry": 2 * sizeof(uint64_t),
    }


# ----------------------------------------------------------------------------------------------------- a command's way


cdef inline bint follows(const state_t *state, const command_header_t *header) noexcept nogil:
    """Is it the next command, stamped no earlier than the last?"""
    return header.seq == state.seq + 1 and header.timestamp_ns >= state.timestamp_ns


cdef inline void begin(state_t *state, const command_header_t *header) noexcept nogil:
    state.seq = header.seq
    state.timestamp_ns = header.timestamp_ns
    state.asker.session_id = header.session_id
    state.asker.msg_seq_in = header.msg_seq_in
    state.event_index = 0
    state.risk.venue_orders = 0


cdef inline bint is_repeat(state_t *state, const command_header_t *header) noexcept nogil:
    """The number is stored whatever becomes of the message; sessions that do not exist have none."""
    cdef session_t *session = find_session(state, header.session_id)
    if session == NULL or header.msg_seq_in == 0:
        return False
    if header.msg_seq_in <= session.last_msg_seq_in:
        return True
    session.last_msg_seq_in = header.msg_seq_in
    return False


cdef inline void switch(state_t *state, const command_t *command) noexcept nogil:
    cdef uint16_t kind = command.header.kind
    if kind == COMMAND_KIND_PLACE:
        place(state, &command.place)
    elif kind == COMMAND_KIND_CANCEL:
        cancel(state, &command.cancel)
    elif kind == COMMAND_KIND_REPLACE:
        replace(state, &command.replace)
    elif kind == COMMAND_KIND_MASS_CANCEL:
        mass_cancel(state, &command.mass_cancel)
    elif kind == COMMAND_KIND_QUOTE:
        quote(state, &command.quote)
    elif kind == COMMAND_KIND_QUOTE_CANCEL:
        quote_cancel(state, &command.quote_cancel)
    elif kind == COMMAND_KIND_PLACE_TWAP:
        place_twap(state, &command.place_twap)
    elif kind == COMMAND_KIND_CLOSE_POSITION:
        close_position(state, &command.close_position)
    elif kind == COMMAND_KIND_SESSION_LOGON:
        logon(state, command)
    elif kind == COMMAND_KIND_SESSION_DISCONNECT:
        disconnect(state, command)
    elif kind < FIRST_CLIENT_KIND or not administer(state, command):
        configure(state, command)


cdef inline void execute(state_t *state, const command_t *command) noexcept nogil:
    cdef uint16_t kind = command.header.kind
    cdef bint was_idle = not has_queued_work(state), risk_was_idle = not has_risk_work(state)
    begin(state, &command.header)
    if kind == COMMAND_KIND_TICK:
        tick(state)
        carry_on_risk(state)
        return
    if FIRST_CLIENT_KIND <= kind <= LAST_CLIENT_KIND and is_repeat(state, &command.header):
        return
    switch(state, command)
    if was_idle and has_queued_work(state):
        finish_command(state)
    if risk_was_idle and has_risk_work(state):
        carry_on_risk(state)


# The commands of a batch are known before their turn, and what they will touch lies scattered over large tables:
# three looks ahead, far enough apart that each finds in the cache what the one before asked for.
cdef enum:
    FAR = 8
    NEAR = 5
    CLOSE = 2
    AHEAD_MASK = 15  # of a ring that holds the orders found by the second look for the third


cdef inline void look_far(const state_t *state, const command_t *command) noexcept nogil:
    """Entries of tables where the command's order will be searched or entered, and whose it is."""
    if command.header.kind == COMMAND_KIND_PLACE:
        ids_prefetch(&state.order_ids, command.header.seq)
        names_prefetch(&state.order_names, command.header.account_id, command.place.client_order_id)
        position_prefetch(state, command.header.account_id, command.header.instrument_id)
    elif command.header.kind == COMMAND_KIND_CANCEL:
        ids_prefetch(&state.order_ids, command.cancel.order_id)
    elif command.header.kind == COMMAND_KIND_REPLACE:
        ids_prefetch(&state.order_ids, command.replace.order_id)
        names_prefetch(&state.order_names, command.header.account_id, command.replace.client_order_id)


cdef inline void position_record_prefetch(const state_t *state, uint32_t slot) noexcept nogil:
    """Both of its cache lines."""
    prefetch(&state.positions[slot])
    prefetch(&state.positions[slot].cost)


cdef inline uint32_t look_near(const state_t *state, const command_t *command) noexcept nogil:
    """The records behind those entries; returns the slot of the order that a request names, if it is there already."""
    cdef uint32_t slot
    if command.header.kind == COMMAND_KIND_PLACE:
        position_record_prefetch(
            state, position_find(state, command.header.account_id, command.header.instrument_id)
        )
        prefetch(find_account(state, command.header.account_id))
        return 0
    if command.header.kind == COMMAND_KIND_CANCEL:
        slot = order_find(state, command.cancel.order_id)
    elif command.header.kind == COMMAND_KIND_REPLACE:
        slot = order_find(state, command.replace.order_id)
    else:
        return 0
    prefetch(&state.orders[slot])
    prefetch(&state.terms[slot])
    return slot


cdef inline void look_close(const state_t *state, uint32_t slot) noexcept nogil:
    """What an order's record leads to."""
    cdef const order_t *order = &state.orders[slot]
    position_record_prefetch(state, order.position)
    prefetch(&state.accounts[order.account_id])
    prefetch(&state.orders[order.next])
    prefetch(&state.orders[order.prev])
    names_prefetch(&state.order_names, order.account_id, state.terms[slot].client_order_id)


cdef size_t apply_commands(state_t *state, const command_t *commands, size_t count) noexcept nogil:
    """Applies commands up to the first that it must leave to Python; returns how many."""
    cdef uint32_t ahead[AHEAD_MASK + 1]
    cdef size_t done = 0
    memset(ahead, 0, sizeof(ahead))
    while done < count:
        if commands[done].header.kind == COMMAND_KIND_SET_INSTRUMENT or not follows(state, &commands[done].header):
            break
        if not events_make_room(state):
            break
        if done + FAR < count:
            look_far(state, &commands[done + FAR])
            ahead[(done + NEAR) & AHEAD_MASK] = look_near(state, &commands[done + NEAR])
            look_close(state, ahead[(done + CLOSE) & AHEAD_MASK])
        execute(state, &commands[done])
        done += 1
    return done


# -------------------------------------------------------------------------------------------------------------- limits


cdef uint32_t _limit(object limits, str name, object maximum) except? 0:
    value = getattr(limits, name)
    if not 1 <= value <= maximum:
        raise ValueError(f"{name} is {value}; an engine takes 1 to {maximum}")
    return value


cdef limits_t _to_limits(object limits) except *:
    cdef limits_t c
    memset(&c, 0, sizeof(c))
    c.orders_max = _limit(limits, "orders_max", ROWS_MAX)
    c.orders_per_book_max = _limit(limits, "orders_per_book_max", ROWS_MAX)
    c.pending_replaces_max = _limit(limits, "pending_replaces_max", ROWS_MAX)
    c.positions_max = _limit(limits, "positions_max", ROWS_MAX)
    c.instruments_max = _limit(limits, "instruments_max", ROWS_MAX)
    c.firms_max = _limit(limits, "firms_max", IDS_MAX)
    c.desks_max = _limit(limits, "desks_max", IDS_MAX)
    c.traders_max = _limit(limits, "traders_max", IDS_MAX)
    c.accounts_max = _limit(limits, "accounts_max", IDS_MAX)
    c.sessions_max = _limit(limits, "sessions_max", IDS_MAX)
    c.works_max = _limit(limits, "works_max", ROWS_MAX)
    c.work_steps_max = _limit(limits, "work_steps_max", ROWS_MAX)
    c.risk_units_max = _limit(limits, "risk_units_max", ROWS_MAX)
    c.brokers_max = _limit(limits, "brokers_max", IDS_MAX)
    c.limits_max = _limit(limits, "limits_max", ROWS_MAX)
    c.protections_max = _limit(limits, "protections_max", ROWS_MAX)
    c.transfers_max = _limit(limits, "transfers_max", ROWS_MAX)
    c.providers_max = _limit(limits, "providers_max", ROWS_MAX)
    c.feeds_max = _limit(limits, "feeds_max", IDS_MAX)
    c.calendars_max = _limit(limits, "calendars_max", BYTE_MAX)
    c.fee_tiers_max = _limit(limits, "fee_tiers_max", BYTE_MAX)
    return c


# ---------------------------------------------------------------------------------------------------------------- Core


cdef class Core:
    """`Core(limits, find_matcher)`, as `engine.api.load_engine("core", ...)` makes it.

    `limits` is an `engine.api.EngineLimits`: every table is taken at once. `find_matcher(name)` gives an
    `engine.api.LoadedMatcher` or raises LookupError. One thread at a time may call. Raises ValueError for limits out of
    range, MemoryError.
    """

    def __cinit__(self, limits, find_matcher):
        self.info = EngineInfo("core", VERSION, limits)
        self.find_matcher = find_matcher
        self._start()

    def __init__(self, limits, find_matcher):
        """All is done in `__cinit__`, so that there is no Core without a state."""

    def __dealloc__(self):
        state_close(self.state)

    cdef int _start(self) except -1:
        """A fresh state. Books go before the state that they ask for reduce-only caps."""
        cdef limits_t limits = _to_limits(self.info.limits)
        self.handles = {}
        state_close(self.state)
        self.state = state_open(&limits)
        if self.state == NULL:
            raise MemoryError(f"no memory for an engine with {self.info.limits}")
        return 0

    @property
    def seq(self):
        """Number of the last command applied, 0 before the first."""
        return self.state.seq

    @property
    def next_due_ns(self):
        """When a TICK has something to do: 0 = at once (work is carried on), NEVER_NS = nothing waits."""
        cdef const state_t *state = self.state
        cdef int64_t due = INT64_MAX
        if has_queued_work(state) or has_risk_work(state):
            return 0
        if state.expiries:
            due = min(due, state.terms[state.expiries].expire_ns)
        if state.slices:
            due = min(due, state.risk.order_terms[state.slices].next_ns)
        if state.cod_timers:
            due = min(due, state.sessions[state.cod_timers].cod_due_ns)
        if state.releases > state.limits.orders_max:
            due = min(due, state.modifies[state.releases - state.limits.orders_max].release_ns)
        elif state.releases:
            due = min(due, state.terms[state.releases].by_state.release_ns)
        return due

    def apply(self, commands):
        """Applies whole command records in order; returns the event records they caused, 256 bytes each.

        `commands` is bytes or another contiguous buffer. Raises ValueError when the length is not a multiple of
        COMMAND_SIZE (nothing is applied then), when a `seq` does not follow the last or when a timestamp goes back
        (what came before it is applied, its events are lost): our fault, never a participant's, and the caller stops.
        """
        self._apply(commands)
        return PyBytes_FromStringAndSize(<const char *> self.state.events, self.view_size)

    def apply_view(self, commands):
        """As `apply`, but returns a view of the events in the engine's own memory, without a copy.

        It has to be released before the next `apply`, which raises BufferError otherwise.
        """
        self._apply(commands)
        return memoryview(self)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.state.events, self.view_size, 1, flags)
        self.views += 1

    def __releasebuffer__(self, Py_buffer *buffer):
        self.views -= 1

    cdef int _apply(self, commands) except -1:
        cdef const unsigned char[::1] view
        cdef const char *data
        cdef Py_ssize_t size
        if self.views:
            raise BufferError("a view of the last events is still in use: release it first")
        if not isinstance(commands, bytes):
            view = commands
            if view.shape[0] and <size_t> &view[0] % 8:
                view = commands = bytes(commands)
            size = view.shape[0]
            data = <const char *> &view[0] if size else NULL
        else:
            size = len(commands)
            data = PyBytes_AS_STRING(commands)
        if size % COMMAND_SIZE:
            raise ValueError(f"{size} bytes are not whole commands of {COMMAND_SIZE}")
        self.state.events_count = 0
        self.view_size = 0
        self._run(<const command_t *> data, size // COMMAND_SIZE)
        self.view_size = self.state.events_count * sizeof(event_t)
        return 0

    cdef int _run(self, const command_t *commands, size_t count) except -1:
        cdef size_t done = 0
        while done < count:
            with nogil:
                done += apply_commands(self.state, commands + done, count - done)
            if done < count:
                self._run_one(commands + done)
                done += 1
        return 0

    cdef int _run_one(self, const command_t *command) except -1:
        """A command that `apply_commands` left: a SET_INSTRUMENT, one that does not follow, or one for whose events
        there is no room."""
        cdef const command_header_t *header = &command.header
        if not follows(self.state, header):
            raise ValueError(
                f"command {header.seq} at {header.timestamp_ns} ns does not follow command {self.state.seq} "
                f"at {self.state.timestamp_ns} ns"
            )
        if not events_make_room(self.state):
            raise MemoryError("no memory for more events")
        begin(self.state, header)
        write_config(self.state, self._set_instrument(&command.set_instrument), command)
        return 0

    # ---- instruments

    cdef uint16_t _set_instrument(self, const set_instrument_t *command) except? 0xFFFF:
        """The reason for which the command fails, else 0: it has taken effect."""
        cdef uint16_t reason = check_instrument(self.state, command)
        if reason:
            return reason
        loaded = self._find_matcher(command)
        if loaded is None:
            return REASON_UNKNOWN_MATCHER
        reason = check_fixed(self.state, command)
        if reason:
            return reason
        if find_instrument(self.state, command.instrument_id) == NULL:
            self._open_book(command, loaded)
        set_instrument(self.state, command)
        return 0

    cdef object _find_matcher(self, const set_instrument_t *command):
        """The matcher of that name, or None."""
        try:
            return self.find_matcher(_matcher_name(command))
        except (LookupError, UnicodeDecodeError):
            return None

    cdef int _open_book(self, const set_instrument_t *command, object loaded) except -1:
        cdef pg_config config = book_config(self.state, command)
        cdef pg_host host
        cdef BookHandle handle
        fill_host(self.state, &host)
        handle = open_handle(loaded, &config, &host)
        if not state_set_fills_max(self.state, command.fills_max):
            raise MemoryError(f"no memory for the events of {command.fills_max} fills")
        self.handles[command.instrument_id] = handle
        self.state.instruments[command.instrument_id].api = handle.api
        self.state.instruments[command.instrument_id].book = handle.book
        return 0

    # ---- snapshots

    def snapshot(self):
        """The whole state as canonical bytes: equal states give equal bytes in every engine."""
        cdef size_t size
        cdef bint written
        cdef bytes data
        cdef uint8_t *start
        with nogil:
            size = snapshot_size(self.state)
        if size == 0:
            raise MemoryError("no memory to sort a snapshot")
        data = PyBytes_FromStringAndSize(NULL, size)
        start = <uint8_t *> PyBytes_AS_STRING(data)
        with nogil:
            written = snapshot_write(self.state, start, size)
        if not written:
            raise MemoryError("no memory to sort a snapshot")
        return data

    def state_hash(self):
        """SHA-256 of `snapshot()`."""
        return hashlib.sha256(self.snapshot()).digest()

    def restore(self, bytes snapshot not None):
        """Replaces the state of a fresh engine. Raises ValueError when the bytes are no snapshot of this schema or do
        not fit the limits; the engine is then as new."""
        if self.state.seq:
            raise ValueError(f"only a fresh engine is restored, this one has applied {self.state.seq} commands")
        try:
            self._restore(snapshot)
        except BaseException:
            self._start()
            raise

    cdef int _restore(self, bytes snapshot) except -1:
        cdef const uint8_t *data = <const uint8_t *> PyBytes_AS_STRING(snapshot)
        cdef size_t size = len(snapshot)
        cdef snapshot_t parts
        cdef const char *error
        with nogil:
            error = split(data, size, &parts)
            if error == NULL:
                error = restore_parties(self.state, &parts)
        _refuse(error)
        self._restore_instruments(&parts)
        with nogil:
            error = restore_orders(self.state, &parts)
            if error == NULL:
                error = restore_queues(self.state, &parts)
        _refuse(error)
        self._restore_books(&parts)
        with nogil:
            error = restore_risk(self.state, &parts)
        _refuse(error)
        return 0

    cdef int _restore_instruments(self, const snapshot_t *parts) except -1:
        cdef set_instrument_t config
        cdef uint64_t n
        for n in range(parts.sections[SECTION_INSTRUMENT].count):
            _refuse(restored_config(self.state, parts, n, &config))
            loaded = self._find_matcher(&config)
            if loaded is None:
                raise ValueError(f"instrument {config.instrument_id} has a matcher that this engine does not know")
            self._open_book(&config, loaded)
            _refuse(restore_instrument(self.state, parts, n, &config))
        return 0

    cdef int _restore_books(self, const snapshot_t *parts) except -1:
        cdef const uint8_t *at = parts.sections[SECTION_BOOK].rows
        cdef const char *error
        cdef uint32_t instrument_id
        cdef bint is_own
        if parts.sections[SECTION_BOOK].count != <uint64_t> len(self.handles):
            raise ValueError("the snapshot does not have one book for each instrument")
        for instrument_id in sorted(self.handles):
            is_own = _matcher_name(&self.state.instruments[instrument_id].config) in OWN_MATCHERS
            with nogil:
                error = restore_book(self.state, parts, &at, instrument_id, is_own)
            _refuse(error)
        if at != parts.books_end:
            raise ValueError("the snapshot does not have one book for each instrument")
        return 0


cdef str _matcher_name(const set_instrument_t *config):
    """Raises UnicodeDecodeError when it is not ASCII."""
    return config.matcher[:sizeof(config.matcher)].rstrip(b"\0").decode("ascii")


cdef int _refuse(const char *error) except -1:
    if error != NULL:
        raise ValueError(f"the snapshot {error.decode('ascii')}")
    return 0
