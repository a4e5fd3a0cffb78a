"""Matchers of every kind behind one function table.

An engine drives each book through `pg_matcher_api` and never asks what is behind it: a table from a capsule or a shared
library is used as it is, a Cython subclass of `Matcher` is called through its virtual methods, and a Python class
with the methods of `engine.api.Matcher` through `PythonBook`, which takes the GIL for the length of a call.

A matcher that raises, makes more reports than its contract allows or gives numbers out of range has left its book in a
state that nobody knows: the error is printed and the process stops.
"""

import traceback

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_IsValid
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine.api import MATCHER_CAPSULE, MatcherConfig, MatchOp, MatchReport

from engine.arith cimport panic_unless
from engine.matcher cimport (
    PERPGATE_MATCHER_ABI, PG_CANCEL, PG_PLACE, PG_REPORTS_MAX, PG_REPLACE, pg_config, pg_host, pg_level,
    pg_matcher_api, pg_op, pg_report,
)


cdef void stop_process(const char *what) noexcept:
    """Prints the exception at hand and aborts: our family of fault."""
    traceback.print_exc()
    panic_unless(False, what)


# ------------------------------------------------------------------------------------- a table over Matcher objects


cdef void *_no_create(const pg_config *config, const pg_host *host) noexcept nogil:
    return NULL  # such books are made by open_handle alone: a table has no place for a factory


cdef void _destroy(void *book) noexcept nogil:
    with gil:
        (<Matcher> book).host.reduce_cap = NULL  # a Python matcher may outlive its book, the host need not
        Py_DECREF(<Matcher> book)


cdef size_t _execute(void *book, const pg_op *ops, size_t ops_count, pg_report *reports, size_t reports_capacity,
                     size_t *reports_count) noexcept nogil:
    return (<Matcher> book).execute(ops, ops_count, reports, reports_capacity, reports_count)


cdef int _best(void *book, uint8_t side, int64_t *price_ticks, int64_t *shown_lots) noexcept nogil:
    return (<Matcher> book).best(side, price_ticks, shown_lots)


cdef size_t _depth(void *book, uint8_t side, pg_level *levels, size_t capacity) noexcept nogil:
    return (<Matcher> book).depth(side, levels, capacity)


cdef size_t _snapshot(void *book, uint8_t *data, size_t capacity) noexcept nogil:
    return (<Matcher> book).snapshot(data, capacity)


cdef int _restore(void *book, const uint8_t *data, size_t size, const uint64_t *order_ids, const uint32_t *owners,
                  size_t owners_count) noexcept nogil:
    return (<Matcher> book).restore(data, size, order_ids, owners, owners_count)


# --------------------------------------------------------------------------------------------------- book handles


@cython.no_gc_clear  # __dealloc__ calls into what keep_alive holds
cdef class BookHandle:
    """An open book. Made by `open_book` or, in Cython, by `open_handle`; the methods here are for tools and tests: they take and give
    packed `pg_op` and `pg_report` records of 64 bytes."""

    def __init__(self):
        raise TypeError("use open_book")

    def __dealloc__(self):
        if self.book != NULL:
            self.api.destroy(self.book)
            self.book = NULL

    cdef int _check_open(self) except -1:
        if self.book == NULL:
            raise ValueError("the book is closed")
        return 0

    def close(self):
        """Gives the book's memory back; closing twice is allowed."""
        if self.book != NULL:
            self.api.destroy(self.book)
            self.book = NULL

    @property
    def api_address(self):
        """Address of the function table, for C code that is reached through ctypes."""
        return <size_t> self.api

    def execute(self, const unsigned char[::1] ops):
        """Carries out packed `pg_op` records in order and returns all packed `pg_report` records.

        Raises ValueError when the length is not a multiple of 64.
        """
        cdef size_t done = 0, count = 0, step
        cdef size_t ops_count = ops.shape[0] // sizeof(pg_op)
        cdef size_t capacity = PG_REPORTS_MAX(self.config.fills_max) + 64
        cdef pg_report *reports
        cdef list parts = []
        self._check_open()
        if ops.shape[0] % sizeof(pg_op):
            raise ValueError(f"an op has {sizeof(pg_op)} bytes; {ops.shape[0]} is not a multiple of that")
        reports = <pg_report *> calloc(capacity, sizeof(pg_report))
        if reports == NULL:
            raise MemoryError()
        try:
            while done < ops_count:
                with nogil:
                    step = self.api.execute(self.book, (<const pg_op *> &ops[0]) + done, ops_count - done, reports, capacity, &count)
                panic_unless(step > 0 and step <= ops_count - done and count <= capacity, "a matcher made no progress")
                parts.append(PyBytes_FromStringAndSize(<char *> reports, count * sizeof(pg_report)))
                done += step
        finally:
            free(reports)
        return b"".join(parts)

    def best(self, uint8_t side):
        """(price_ticks, shown_lots) of a side, or None when it is empty."""
        cdef int64_t price_ticks = 0, shown_lots = 0
        self._check_open()
        if not self.api.best(self.book, side, &price_ticks, &shown_lots):
            return None
        return price_ticks, shown_lots

    def depth(self, uint8_t side, size_t levels):
        """[(price_ticks, shown_lots, orders)] from the best, at most `levels`."""
        cdef size_t i, found
        cdef pg_level *rows
        self._check_open()
        rows = <pg_level *> calloc(levels + 1, sizeof(pg_level))
        if rows == NULL:
            raise MemoryError()
        try:
            found = self.api.depth(self.book, side, rows, levels)
            return [(rows[i].price_ticks, rows[i].shown_lots, rows[i].orders) for i in range(found)]
        finally:
            free(rows)

    def snapshot(self):
        """The resting orders as canonical bytes."""
        cdef size_t size
        cdef bytes data
        self._check_open()
        size = self.api.snapshot(self.book, NULL, 0)
        data = PyBytes_FromStringAndSize(NULL, size)
        panic_unless(self.api.snapshot(self.book, <uint8_t *> PyBytes_AS_STRING(data), size) == size, "a snapshot changed its size")
        return data

    def restore(self, bytes data, dict owners):
        """Fills an empty book; `owners` gives the owner of each order id. Raises ValueError when the bytes are not a
        snapshot of this matcher; the book is closed then."""
        cdef size_t count = len(owners), i
        cdef uint64_t *order_ids
        cdef uint32_t *of
        cdef int failed
        self._check_open()
        order_ids = <uint64_t *> calloc(count + 1, sizeof(uint64_t))
        of = <uint32_t *> calloc(count + 1, sizeof(uint32_t))
        try:
            if order_ids == NULL or of == NULL:
                raise MemoryError()
            for i, order_id in enumerate(sorted(owners)):
                order_ids[i] = order_id
                of[i] = owners[order_id]
            failed = self.api.restore(self.book, <const uint8_t *> PyBytes_AS_STRING(data), len(data), order_ids, of, count)
        finally:
            free(order_ids)
            free(of)
        if failed:
            self.close()
            raise ValueError(f"the bytes are not a snapshot of matcher {self.name}")


cdef int64_t _ask_python(void *context, uint32_t owner, uint8_t side, const pg_report *reports, size_t reports_count) noexcept nogil:
    """host.reduce_cap of a book that was opened from Python; `context` is the handle."""
    cdef int64_t cap = 0
    cdef size_t i
    with gil:
        try:
            cap = (<BookHandle> context).reduce_cap(owner, side, [_to_report(&reports[i]) for i in range(reports_count)])
        except BaseException:
            stop_process("reduce_cap raised")
    return cap


def open_book(loaded, config, reduce_cap=None):
    """Opens a book of `loaded` (engine.api.LoadedMatcher) with `config` (engine.api.MatcherConfig). `reduce_cap(owner, side,
    reports)` answers for reduce-only orders; without it every cap is 0.

    Raises ValueError, MemoryError, or what a Python factory raises.
    """
    cdef pg_config limits
    cdef pg_host host
    cdef BookHandle handle
    memset(&limits, 0, sizeof(limits))
    limits.instrument_id = config.instrument_id
    limits.price_levels = config.price_levels
    limits.orders_max = config.orders_max
    limits.fills_max = config.fills_max
    handle = BookHandle.__new__(BookHandle)
    handle.reduce_cap = reduce_cap if reduce_cap is not None else lambda owner, side, reports: 0
    host.context = <void *> handle
    host.reduce_cap = _ask_python
    _open(handle, loaded, &limits, &host)
    return handle


cdef BookHandle open_handle(object loaded, const pg_config *config, const pg_host *host):
    cdef BookHandle handle = BookHandle.__new__(BookHandle)
    _open(handle, loaded, config, host)
    return handle


cdef int _open(BookHandle handle, object loaded, const pg_config *config, const pg_host *host) except -1:
    cdef pg_config limits = config[0]
    if not (limits.price_levels >= 2 and limits.orders_max >= 1 and 1 <= limits.fills_max <= 1000):
        raise ValueError(
            f"a book needs price_levels >= 2, orders_max >= 1 and fills_max in 1..1000, not {limits.price_levels}, "
            f"{limits.orders_max}, {limits.fills_max}"
        )
    limits.struct_size = sizeof(pg_config)
    handle.name = loaded.name
    handle.config = MatcherConfig(limits.instrument_id, limits.price_levels, limits.orders_max, limits.fills_max)
    handle.host = host[0]
    if loaded.capsule is not None:
        _open_table(handle, loaded, &limits)
    elif callable(loaded.factory):
        _open_factory(handle, loaded, &limits)
    else:
        raise ValueError(f"matcher {loaded.name!r} is neither a capsule nor a factory")
    return 0


cdef int _open_table(BookHandle handle, object loaded, const pg_config *limits) except -1:
    cdef bytes label = MATCHER_CAPSULE.encode()
    if not PyCapsule_IsValid(loaded.capsule, label):
        raise ValueError(f"matcher {loaded.name!r} is not a capsule named {MATCHER_CAPSULE}")
    handle.api = <const pg_matcher_api *> PyCapsule_GetPointer(loaded.capsule, label)
    if handle.api.abi_version != PERPGATE_MATCHER_ABI or handle.api.struct_size < sizeof(pg_matcher_api):
        raise ValueError(
            f"matcher {loaded.name!r} has table version {handle.api.abi_version} of {handle.api.struct_size} bytes; this perpgate "
            f"takes version {PERPGATE_MATCHER_ABI} of {sizeof(pg_matcher_api)} bytes"
        )
    handle.keep_alive = loaded
    handle.book = handle.api.create(limits, &handle.host)
    if handle.book == NULL:
        raise MemoryError(f"matcher {loaded.name!r} could not create a book of {limits.price_levels} prices and {limits.orders_max} orders")
    return 0


cdef int _open_factory(BookHandle handle, object loaded, const pg_config *limits) except -1:
    cdef PythonBook adapter = None
    cdef Matcher matcher
    adapter = PythonBook.__new__(PythonBook, handle.config)
    adapter.host = handle.host
    made = loaded.factory(handle.config, adapter.reduce_cap)
    if isinstance(made, Matcher):
        matcher = made
        matcher.host = handle.host
    else:
        adapter.matcher = made
        matcher = adapter
    name = loaded.name.encode("ascii", "replace")[:23]
    handle.table.abi_version = PERPGATE_MATCHER_ABI
    handle.table.struct_size = sizeof(pg_matcher_api)
    handle.table.name = PyBytes_AS_STRING(name)
    handle.table.create = _no_create
    handle.table.destroy = _destroy
    handle.table.execute = _execute
    handle.table.best = _best
    handle.table.depth = _depth
    handle.table.snapshot = _snapshot
    handle.table.restore = _restore
    handle.keep_alive = (loaded, name)
    handle.api = &handle.table
    Py_INCREF(matcher)  # given back by destroy
    handle.book = <void *> matcher
    return 0


# ------------------------------------------------------------------------------------------------ matchers in Cython


cdef class Matcher:
    """Base of matchers written in Cython; see `_matcher.pxd`. Every method has to be overridden: the ones here stop the process."""

    def __cinit__(self, config, *args, **kwargs):
        memset(&self.limits, 0, sizeof(self.limits))
        self.limits.struct_size = sizeof(pg_config)
        self.limits.instrument_id = config.instrument_id
        self.limits.price_levels = config.price_levels
        self.limits.orders_max = config.orders_max
        self.limits.fills_max = config.fills_max

    def __init__(self, config, reduce_cap=None):
        pass

    cdef size_t execute(self, const pg_op *ops, size_t ops_count, pg_report *reports, size_t reports_capacity,
                        size_t *reports_count) noexcept nogil:
        panic_unless(False, "a Matcher subclass does not override execute")
        return 0

    cdef int best(self, uint8_t side, int64_t *price_ticks, int64_t *shown_lots) noexcept nogil:
        panic_unless(False, "a Matcher subclass does not override best")
        return 0

    cdef size_t depth(self, uint8_t side, pg_level *levels, size_t capacity) noexcept nogil:
        panic_unless(False, "a Matcher subclass does not override depth")
        return 0

    cdef size_t snapshot(self, uint8_t *data, size_t capacity) noexcept nogil:
        panic_unless(False, "a Matcher subclass does not override snapshot")
        return 0

    cdef int restore(self, const uint8_t *data, size_t size, const uint64_t *order_ids, const uint32_t *owners,
                     size_t owners_count) noexcept nogil:
        panic_unless(False, "a Matcher subclass does not override restore")
        return -1


# ------------------------------------------------------------------------------------------------ matchers in Python


cdef object _to_op(const pg_op *op):
    return MatchOp(
        op.order_id, op.price_ticks, op.leaves_lots, op.display_lots, op.min_lots, op.owner, op.stp_group, op.side,
        op.execution, op.stp_mode, op.flags,
    )


cdef object _to_report(const pg_report *report):
    return MatchReport(
        report.order_id, report.kind, report.reason, report.price_ticks, report.lots, report.leaves_lots, report.shown_lots,
        report.taker_leaves_lots, report.owner,
    )


cdef int _from_report(object made, pg_report *report) except -1:
    memset(report, 0, sizeof(pg_report))
    report.order_id = made.order_id
    report.kind = made.kind
    report.reason = made.reason
    report.price_ticks = made.price_ticks
    report.lots = made.lots
    report.leaves_lots = made.leaves_lots
    report.shown_lots = made.shown_lots
    report.taker_leaves_lots = made.taker_leaves_lots
    report.owner = made.owner
    return 0


cdef class PythonBook(Matcher):
    """Drives an object with the methods of `engine.api.Matcher`."""

    def __cinit__(self, config, *args, **kwargs):
        self.scratch = <pg_report *> calloc(PG_REPORTS_MAX(self.limits.fills_max), sizeof(pg_report))
        if self.scratch == NULL:
            raise MemoryError()

    def __dealloc__(self):
        free(self.scratch)

    def reduce_cap(self, uint32_t owner, uint8_t side, reports):
        """What the matcher is given to ask the host: (owner, side, reports of this op so far) -> lots."""
        cdef size_t count = 0
        if self.host.reduce_cap == NULL:
            raise ValueError("the book is closed")
        for report in reports:
            if count == PG_REPORTS_MAX(self.limits.fills_max):
                raise ValueError("more reports than PG_REPORTS_MAX")
            _from_report(report, &self.scratch[count])
            count += 1
        return self.host.reduce_cap(self.host.context, owner, side, self.scratch, count)

    cdef int run(self, const pg_op *op, pg_report *reports, size_t *count) except -1:
        """Carries out one op; `reports` has room for PG_REPORTS_MAX."""
        if op.action == PG_PLACE:
            made = self.matcher.place(_to_op(op))
        elif op.action == PG_CANCEL:
            made = self.matcher.cancel(op.order_id)
        elif op.action == PG_REPLACE:
            made = self.matcher.replace(_to_op(op))
        else:
            raise ValueError(f"undefined action {op.action}")
        if len(made) > PG_REPORTS_MAX(self.limits.fills_max):
            raise ValueError(f"{len(made)} reports for one op, {PG_REPORTS_MAX(self.limits.fills_max)} are allowed")
        for i, report in enumerate(made):
            _from_report(report, &reports[<size_t> i])
        count[0] = len(made)
        return 0

    cdef size_t execute(self, const pg_op *ops, size_t ops_count, pg_report *reports, size_t reports_capacity,
                        size_t *reports_count) noexcept nogil:
        cdef size_t done = 0, written = 0, count
        with gil:
            self.cached_snapshot = None
            try:
                while done < ops_count and reports_capacity - written >= PG_REPORTS_MAX(self.limits.fills_max):
                    count = 0
                    self.run(&ops[done], &reports[written], &count)
                    written += count
                    done += 1
            except BaseException:
                stop_process("a Python matcher failed in execute")
        reports_count[0] = written
        return done

    cdef int best(self, uint8_t side, int64_t *price_ticks, int64_t *shown_lots) noexcept nogil:
        cdef int found = 0
        with gil:
            try:
                top = self.matcher.best(side)
                if top is not None:
                    price_ticks[0], shown_lots[0] = top
                    found = 1
            except BaseException:
                stop_process("a Python matcher failed in best")
        return found

    cdef size_t depth(self, uint8_t side, pg_level *levels, size_t capacity) noexcept nogil:
        cdef size_t count = 0
        with gil:
            try:
                for price_ticks, shown_lots, orders in self.matcher.depth(side, capacity):
                    if count == capacity:
                        raise ValueError("more levels than asked for")
                    levels[count].price_ticks = price_ticks
                    levels[count].shown_lots = shown_lots
                    levels[count].orders = orders
                    count += 1
            except BaseException:
                stop_process("a Python matcher failed in depth")
        return count

    cdef size_t snapshot(self, uint8_t *data, size_t capacity) noexcept nogil:
        cdef size_t size = 0
        with gil:
            try:
                if self.cached_snapshot is None:
                    self.cached_snapshot = self.matcher.snapshot()
                size = len(self.cached_snapshot)
                if 0 < size <= capacity:
                    memcpy(data, PyBytes_AS_STRING(self.cached_snapshot), size)
            except BaseException:
                stop_process("a Python matcher failed in snapshot")
        return size

    cdef int restore(self, const uint8_t *data, size_t size, const uint64_t *order_ids, const uint32_t *owners,
                     size_t owners_count) noexcept nogil:
        cdef int failed = 0
        cdef size_t i
        with gil:
            self.cached_snapshot = None
            try:
                of = {order_ids[i]: owners[i] for i in range(owners_count)}
                self.matcher.restore(PyBytes_FromStringAndSize(<const char *> data, size), of)
            except ValueError:
                failed = -1
            except BaseException:
                stop_process("a Python matcher failed in restore")
        return failed


