"""The rules of size_first.py as a Cython matcher: a subclass of `engine._matcher.Matcher`, compiled against the
declarations (.pxd) that perpgate installs. An entry point makes it known: size_first = "size_first_fast:SizeFirst".

The resting orders are one array in no order; whatever trades next is looked for. A matcher for real use keeps them
sorted; this one shows what has to be written.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine._matcher cimport Matcher
from engine.matcher cimport (
    PG_BUY, PG_CANCEL, PG_CANCELLED, PG_FILL, PG_FOK, PG_FOK_KILLED, PG_IOC, PG_IOC_REST, PG_MIN_KILLED,
    PG_NO_CAPACITY, PG_PLACE, PG_POST_ONLY, PG_REDUCE_LIMIT, PG_REDUCE_ONLY, PG_REFUSED, PG_REPLACED,
    PG_REPORTS_MAX, PG_REST, PG_RESTED, PG_SELL, PG_STP, PG_SWEEP_LIMIT, PG_UNKNOWN_ORDER, PG_WOULD_CROSS, pg_level,
    pg_op, pg_report,
)


ctypedef struct row_t:  # a resting order, and a row of a snapshot
    uint64_t order_id
    int64_t price_ticks
    int64_t leaves_lots
    uint64_t arrival
    uint32_t owner  # 0 in a snapshot: the engine's own number, which another engine gives differently
    uint32_t stp_group
    uint8_t side
    uint8_t flags
    uint8_t[6] reserved


cdef bint goes_before(const row_t *a, const row_t *b) noexcept nogil:
    """Of two orders of one side: does `a` trade before `b`?"""
    if a.price_ticks != b.price_ticks:
        return (a.price_ticks > b.price_ticks) == (a.side == PG_BUY)
    if a.leaves_lots != b.leaves_lots:
        return a.leaves_lots > b.leaves_lots
    return a.arrival < b.arrival


cdef bint is_within(const row_t *taker, const row_t *other) noexcept nogil:
    if other.side == taker.side:
        return False
    if taker.side == PG_BUY:
        return other.price_ticks <= taker.price_ticks
    return other.price_ticks >= taker.price_ticks


cdef bint is_own(const row_t *taker, const row_t *other) noexcept nogil:
    return taker.stp_group != 0 and taker.stp_group == other.stp_group


cdef class SizeFirst(Matcher):
    cdef row_t *rows
    cdef size_t count
    cdef uint64_t arrived

    def __cinit__(self, config, *args, **kwargs):
        self.rows = <row_t *> calloc(self.limits.orders_max, sizeof(row_t))
        if self.rows == NULL:
            raise MemoryError()

    def __dealloc__(self):
        free(self.rows)

    # ---- the array

    cdef size_t find(self, uint64_t order_id) noexcept nogil:
        """`count` when the order is not on the book."""
        cdef size_t i
        for i in range(self.count):
            if self.rows[i].order_id == order_id:
                return i
        return self.count

    cdef size_t first(self, uint8_t side) noexcept nogil:
        """The order of a side that trades next; `count` when it is empty."""
        cdef size_t i, found = self.count
        for i in range(self.count):
            if self.rows[i].side == side and (found == self.count or goes_before(&self.rows[i], &self.rows[found])):
                found = i
        return found

    cdef row_t remove(self, size_t at) noexcept nogil:
        cdef row_t gone = self.rows[at]
        self.count -= 1
        self.rows[at] = self.rows[self.count]
        return gone

    cdef int64_t lots_of_others(self, const row_t *taker) noexcept nogil:
        cdef size_t i
        cdef int64_t lots = 0
        for i in range(self.count):
            if is_within(taker, &self.rows[i]) and not is_own(taker, &self.rows[i]):
                lots += self.rows[i].leaves_lots
        return lots

    cdef bint crosses(self, const row_t *taker) noexcept nogil:
        cdef size_t i
        for i in range(self.count):
            if is_within(taker, &self.rows[i]):
                return True
        return False

    # ---- ops

    cdef size_t execute(self, const pg_op *ops, size_t ops_count, pg_report *reports, size_t reports_capacity,
                        size_t *reports_count) noexcept nogil:
        cdef size_t done = 0, written = 0
        while done < ops_count and reports_capacity - written >= PG_REPORTS_MAX(self.limits.fills_max):
            written += self.carry_out(&ops[done], reports + written)
            done += 1
        reports_count[0] = written
        return done

    cdef size_t carry_out(self, const pg_op *op, pg_report *reports) noexcept nogil:
        """One op; returns the number of its reports."""
        cdef row_t taker
        cdef size_t at
        memset(&taker, 0, sizeof(taker))
        taker.order_id = op.order_id
        taker.price_ticks = op.price_ticks
        taker.leaves_lots = op.leaves_lots
        taker.owner = op.owner
        if op.action == PG_PLACE:
            taker.stp_group = op.stp_group
            taker.side = op.side
            taker.flags = op.flags
            return self.place(op, &taker, reports)
        at = self.find(op.order_id)
        if at == self.count:
            return refuse(op, PG_UNKNOWN_ORDER, reports)
        if op.action == PG_CANCEL:
            taker = self.remove(at)
            return report(reports, PG_CANCELLED, 0, &taker, taker.leaves_lots)
        taker.owner = self.rows[at].owner
        taker.stp_group = self.rows[at].stp_group
        taker.side = self.rows[at].side
        taker.flags = self.rows[at].flags
        if op.execution == PG_POST_ONLY and self.crosses(&taker):
            return refuse(op, PG_WOULD_CROSS, reports)
        self.remove(at)
        report(reports, PG_REPLACED, 0, &taker, 0)
        reports.leaves_lots = taker.leaves_lots
        return self.take(op, &taker, reports, 1)

    cdef size_t place(self, const pg_op *op, row_t *taker, pg_report *reports) noexcept nogil:
        if op.execution == PG_POST_ONLY and self.crosses(taker):
            return refuse(op, PG_WOULD_CROSS, reports)
        if (op.execution == PG_REST or op.execution == PG_POST_ONLY) and self.count >= self.limits.orders_max:
            return refuse(op, PG_NO_CAPACITY, reports)
        if op.execution == PG_FOK and self.lots_of_others(taker) < taker.leaves_lots:
            return report(reports, PG_CANCELLED, PG_FOK_KILLED, taker, taker.leaves_lots)
        if op.execution == PG_IOC and self.lots_of_others(taker) < op.min_lots:
            return report(reports, PG_CANCELLED, PG_MIN_KILLED, taker, taker.leaves_lots)
        return self.take(op, taker, reports, 0)

    cdef size_t take(self, const pg_op *op, row_t *taker, pg_report *reports, size_t count) noexcept nogil:
        """Trades, then rests or is cancelled; `count` reports of the op are written already."""
        cdef uint32_t fills = 0, removals = 0
        cdef size_t at
        cdef bint gone
        while taker.leaves_lots > 0:
            at = self.first(PG_BUY + PG_SELL - taker.side)
            if at == self.count or not is_within(taker, &self.rows[at]):
                break
            if fills >= self.limits.fills_max or removals >= self.limits.fills_max:
                return count + report(reports + count, PG_CANCELLED, PG_SWEEP_LIMIT, taker, taker.leaves_lots)
            gone = self.meet(taker, at, reports, count)
            removals += gone
            fills += not gone
            count += 1
        if taker.leaves_lots == 0:
            return count
        if op.execution == PG_IOC or op.execution == PG_FOK:
            return count + report(
                reports + count, PG_CANCELLED, PG_IOC_REST if op.execution == PG_IOC else PG_FOK_KILLED, taker,
                taker.leaves_lots,
            )
        taker.arrival = self.arrived
        self.arrived += 1
        self.rows[self.count] = taker[0]
        self.count += 1
        report(reports + count, PG_RESTED, 0, taker, 0)
        reports[count].leaves_lots = taker.leaves_lots
        reports[count].shown_lots = taker.leaves_lots
        return count + 1

    cdef bint meet(self, row_t *taker, size_t at, pg_report *reports, size_t count) noexcept nogil:
        """One report: the resting order is cancelled (true), or the two trade (false)."""
        cdef row_t other = self.rows[at]
        cdef int64_t cap = taker.leaves_lots, lots
        cdef bint own = is_own(taker, &other)
        if not own and other.flags & PG_REDUCE_ONLY:
            cap = self.host.reduce_cap(self.host.context, other.owner, other.side, reports, count)
        if own or cap <= 0:
            self.remove(at)
            report(reports + count, PG_CANCELLED, PG_STP if own else PG_REDUCE_LIMIT, &other, other.leaves_lots)
            reports[count].taker_leaves_lots = taker.leaves_lots
            return True
        lots = min(taker.leaves_lots, min(other.leaves_lots, cap))
        taker.leaves_lots -= lots
        self.rows[at].leaves_lots -= lots
        report(reports + count, PG_FILL, 0, &other, lots)
        reports[count].leaves_lots = self.rows[at].leaves_lots
        reports[count].shown_lots = self.rows[at].leaves_lots
        reports[count].taker_leaves_lots = taker.leaves_lots
        if self.rows[at].leaves_lots == 0:
            self.remove(at)
        return False

    # ---- looking at it

    cdef int best(self, uint8_t side, int64_t *price_ticks, int64_t *shown_lots) noexcept nogil:
        cdef pg_level level
        if self.depth(side, &level, 1) == 0:
            return 0
        price_ticks[0] = level.price_ticks
        shown_lots[0] = level.shown_lots
        return 1

    cdef size_t depth(self, uint8_t side, pg_level *levels, size_t capacity) noexcept nogil:
        """A level at a time: the best price that is worse than the one before."""
        cdef size_t i, used = 0
        cdef int64_t price, last = 0
        cdef bint found
        while used < capacity:
            found = False
            price = 0
            for i in range(self.count):
                if self.rows[i].side != side:
                    continue
                if used and (self.rows[i].price_ticks >= last if side == PG_BUY else self.rows[i].price_ticks <= last):
                    continue
                if not found or (self.rows[i].price_ticks > price) == (side == PG_BUY):
                    price = self.rows[i].price_ticks
                    found = True
            if not found:
                break
            levels[used].price_ticks = last = price
            levels[used].shown_lots = 0
            levels[used].orders = 0
            for i in range(self.count):
                if self.rows[i].side == side and self.rows[i].price_ticks == price:
                    levels[used].shown_lots += self.rows[i].leaves_lots
                    levels[used].orders += 1
            used += 1
        return used

    cdef size_t snapshot(self, uint8_t *data, size_t capacity) noexcept nogil:
        """Rows by order id; an arrival is the number of those before it."""
        cdef size_t i, j, before, earlier
        cdef row_t row
        if self.count * sizeof(row_t) > capacity:
            return self.count * sizeof(row_t)
        for i in range(self.count):
            row = self.rows[i]
            before = earlier = 0
            for j in range(self.count):
                before += self.rows[j].order_id < row.order_id
                earlier += self.rows[j].arrival < row.arrival
            row.arrival = earlier
            row.owner = 0
            memcpy(data + before * sizeof(row_t), &row, sizeof(row_t))
        return self.count * sizeof(row_t)

    cdef int restore(self, const uint8_t *data, size_t size, const uint64_t *order_ids, const uint32_t *owners,
                     size_t owners_count) noexcept nogil:
        cdef size_t i, j
        if size % sizeof(row_t) or size // sizeof(row_t) > self.limits.orders_max:
            return -1
        memcpy(self.rows, data, size)
        self.count = size // sizeof(row_t)
        self.arrived = self.count
        for i in range(self.count):
            j = 0
            while j < owners_count and order_ids[j] != self.rows[i].order_id:
                j += 1
            if j == owners_count:
                return -1
            self.rows[i].owner = owners[j]
        return 0


cdef size_t report(pg_report *to, int kind, int reason, const row_t *about, int64_t lots) noexcept nogil:
    memset(to, 0, sizeof(pg_report))
    to.order_id = about.order_id
    to.kind = <uint8_t> kind
    to.reason = <uint8_t> reason
    to.price_ticks = about.price_ticks
    to.lots = lots
    to.owner = about.owner
    return 1


cdef size_t refuse(const pg_op *op, int reason, pg_report *to) noexcept nogil:
    memset(to, 0, sizeof(pg_report))
    to.order_id = op.order_id
    to.kind = PG_REFUSED
    to.reason = <uint8_t> reason
    to.owner = op.owner
    return 1
