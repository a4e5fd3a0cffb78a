"""The books of perpgate: `price_time` and `pro_rata`, each a capsule with a `pg_matcher_api` table.

The rules are in docs/matchers.md. Callers are engines and C programs, through the table alone. Nothing here touches a
Python object after import or takes memory after `create`. A call that breaks the header's contract (a price outside the
book, an order id twice) stops the process: it is a fault of the program that calls, never a participant's.
"""

from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine.arith cimport mul_div_down, panic_unless
from engine.levels cimport KEY_NONE, PRICE_LEVELS_MAX, ROOTS, level_t, side_best, side_from, side_reaches, side_t
from engine.matcher cimport (
    PERPGATE_MATCHER_ABI, PG_ASKED, PG_BUY, PG_CANCEL, PG_CANCELLED, PG_FILL, PG_FOK, PG_FOK_KILLED, PG_IOC,
    PG_IOC_REST, PG_MIN_KILLED, PG_NO_CAPACITY, PG_PLACE, PG_POST_ONLY, PG_REDUCE_LIMIT, PG_REDUCE_ONLY, PG_REDUCED,
    PG_REFUSED, PG_REPLACE, PG_REPLACED, PG_REPORTS_MAX, PG_REST, PG_RESTED, PG_SELL, PG_STP, PG_STP_CANCEL_AGGRESSOR,
    PG_STP_CANCEL_BOTH, PG_STP_CANCEL_PASSIVE, PG_STP_DECREMENT, PG_SWEEP_LIMIT, PG_UNKNOWN_ORDER, PG_WOULD_CROSS,
    pg_config, pg_host, pg_level, pg_matcher_api, pg_op, pg_report,
)
from engine.records cimport matcher_snapshot_row_t
from engine.table cimport (
    IDS_NONE, clue_t, ids_capacity, ids_clue, ids_enter, ids_remove_at, ids_seek, ids_slot, pages_give, pages_take,
    prefetch,
)


# ----------------------------------------------------------------------------------------------------- small parts


cdef inline pg_report *begin(pg_report *report, uint8_t kind, uint8_t reason, uint64_t order_id,
                             uint32_t owner) noexcept nogil:
    """A zeroed report with its head filled in."""
    memset(report, 0, sizeof(pg_report))
    report.order_id = order_id
    report.owner = owner
    report.kind = kind
    report.reason = reason
    return report


cdef inline pg_report *refuse(const pg_op *op, uint8_t reason, pg_report *report) noexcept nogil:
    return begin(report, PG_REFUSED, reason, op.order_id, op.owner) + 1


cdef inline pg_report *drop(const pg_op *op, uint8_t reason, int64_t lots, pg_report *report) noexcept nogil:
    """What is left of an op does not reach the book."""
    begin(report, PG_CANCELLED, reason, op.order_id, op.owner)
    report.price_ticks = op.price_ticks
    report.lots = lots
    return report + 1


cdef inline uint32_t terms_of(const pg_op *op) noexcept nogil:
    cdef uint32_t terms = <uint32_t> op.price_ticks | <uint32_t> (op.side - PG_BUY) << 24
    terms |= <uint32_t> (op.flags & PG_REDUCE_ONLY) << 25
    return terms | TERMS_ICEBERG if op.display_lots > 0 else terms


cdef inline uint32_t add_order(book_t *book, const pg_op *op, clue_t clue, uint32_t terms,
                               int64_t leaves) noexcept nogil:
    """Takes a slot for a new order and enters its id. The caller looked at the capacity and puts it into its level."""
    cdef uint32_t slot = book.free_slot
    cdef order_t *order
    cdef bint is_new
    if slot:
        book.free_slot = book.orders[slot].next
    else:
        book.used_slots += 1
        slot = book.used_slots
    order = &book.orders[slot]
    book.resting += 1
    is_new = ids_enter(&book.ids, clue, op.order_id, slot, book.orders, sizeof(order_t))
    panic_unless(is_new, "an order id is placed twice")
    order.order_id = op.order_id
    order.leaves_lots = leaves
    order.terms = terms
    order.owner = op.owner
    book.stp_groups[slot] = op.stp_group
    if terms & TERMS_ICEBERG:
        book.slices[slot].display_lots = op.display_lots
    return slot


cdef inline pg_report *rest(book_t *book, const pg_op *op, clue_t clue, int64_t leaves,
                            pg_report *report) noexcept nogil:
    cdef uint32_t terms = terms_of(op)
    cdef uint32_t slot = add_order(book, op, clue, terms, leaves)
    begin(report, PG_RESTED, 0, op.order_id, op.owner)
    report.price_ticks = op.price_ticks
    report.leaves_lots = leaves
    report.shown_lots = join_level(book, slot, terms, leaves)
    return report + 1


# -------------------------------------------------------------------------------- meetings of an op with resting orders


cdef inline bint is_own(const book_t *book, const pg_op *op, uint32_t slot) noexcept nogil:
    return op.stp_group != 0 and book.stp_groups[slot] == op.stp_group


cdef inline bint is_spent(const book_t *book, taker_t *taker) noexcept nogil:
    """The sweep limit, looked at before each meeting: the rest of the op is cancelled when it is reached."""
    if taker.fills < book.fills_max and taker.passives < book.fills_max:
        return False
    taker.next = drop(taker.op, PG_SWEEP_LIMIT, taker.leaves_lots, taker.next)
    taker.ended = True
    return True


cdef void cancel_passive(book_t *book, taker_t *taker, uint32_t slot, uint8_t reason) noexcept nogil:
    """A resting order that the op meets leaves the book without a trade."""
    cdef const order_t *order = &book.orders[slot]
    cdef pg_report *report = begin(taker.next, PG_CANCELLED, reason, order.order_id, order.owner)
    report.price_ticks = price_of(order)
    report.lots = order.leaves_lots
    report.taker_leaves_lots = taker.leaves_lots
    taker.next += 1
    taker.passives += 1
    remove_order(book, slot)


cdef void reduce_passive(book_t *book, taker_t *taker, uint32_t slot, int64_t lots) noexcept nogil:
    """PG_STP_DECREMENT of a resting order that stays: what it shows shrinks only to stay within its leaves."""
    cdef order_t *order = &book.orders[slot]
    cdef level_t *level = &book.levels[price_of(order)]
    cdef pg_report *report = begin(taker.next, PG_REDUCED, PG_STP, order.order_id, order.owner)
    level.shown_lots -= shown_of(book, slot)
    order.leaves_lots -= lots
    if order.terms & TERMS_ICEBERG:
        book.slices[slot].shown_lots = min(book.slices[slot].shown_lots, order.leaves_lots)
    level.shown_lots += shown_of(book, slot)
    report.price_ticks = price_of(order)
    report.lots = lots
    report.leaves_lots = order.leaves_lots
    report.shown_lots = shown_of(book, slot)
    report.taker_leaves_lots = taker.leaves_lots
    taker.next += 1
    taker.passives += 1


cdef void decrement(book_t *book, taker_t *taker, uint32_t slot) noexcept nogil:
    cdef int64_t lots = min(taker.leaves_lots, book.orders[slot].leaves_lots)
    cdef pg_report *report
    if lots == book.orders[slot].leaves_lots:
        cancel_passive(book, taker, slot, PG_STP)
    else:
        reduce_passive(book, taker, slot, lots)
    taker.leaves_lots -= lots
    if taker.leaves_lots == 0:
        taker.next = drop(taker.op, PG_STP, lots, taker.next)
        taker.ended = True
        return
    report = begin(taker.next, PG_REDUCED, PG_STP, taker.op.order_id, taker.op.owner)
    report.price_ticks = taker.op.price_ticks
    report.lots = lots
    report.leaves_lots = taker.leaves_lots
    report.taker_leaves_lots = taker.leaves_lots
    taker.next += 1


cdef void meet_own(book_t *book, taker_t *taker, uint32_t slot) noexcept nogil:
    """Self-trade prevention: the op's mode decides."""
    cdef uint8_t mode = taker.op.stp_mode
    panic_unless(PG_STP_CANCEL_PASSIVE <= mode <= PG_STP_DECREMENT, "an op's stp_mode is undefined")
    if mode == PG_STP_DECREMENT:
        decrement(book, taker, slot)
        return
    if mode != PG_STP_CANCEL_AGGRESSOR:
        cancel_passive(book, taker, slot, PG_STP)
    if mode != PG_STP_CANCEL_PASSIVE:
        taker.next = drop(taker.op, PG_STP, taker.leaves_lots, taker.next)
        taker.ended = True


cdef void trade(book_t *book, taker_t *taker, uint32_t slot, int64_t lots) noexcept nogil:
    """The op meets a foreign order and trades at most `lots` with the slice it shows."""
    cdef order_t *order = &book.orders[slot]
    cdef level_t *level = &book.levels[price_of(order)]
    cdef int64_t shown = shown_of(book, slot)
    cdef int64_t cap = INT64_MAX
    cdef pg_report *report
    if order.terms & TERMS_REDUCE_ONLY:
        cap = book.host.reduce_cap(book.host.context, order.owner, <uint8_t> (side_of(order) + 1), taker.first,
                                   taker.next - taker.first)
        if cap <= 0:
            cancel_passive(book, taker, slot, PG_REDUCE_LIMIT)
            return
    lots = min(lots, shown, cap)
    taker.leaves_lots -= lots
    order.leaves_lots -= lots
    level.shown_lots -= lots
    shown -= lots
    if order.terms & TERMS_ICEBERG:
        if shown == 0 and order.leaves_lots > 0:
            shown = min(book.slices[slot].display_lots, order.leaves_lots)
            level.shown_lots += shown
            dequeue(book, level, slot)
            enqueue(book, level, slot)
        book.slices[slot].shown_lots = shown
    report = begin(taker.next, PG_FILL, 0, order.order_id, order.owner)
    report.price_ticks = price_of(order)
    report.lots = lots
    report.leaves_lots = order.leaves_lots
    report.shown_lots = shown
    report.taker_leaves_lots = taker.leaves_lots
    taker.next += 1
    taker.fills += 1
    if order.leaves_lots == 0:
        remove_order(book, slot)
    elif lots == cap:
        cancel_passive(book, taker, slot, PG_REDUCE_LIMIT)


# ----------------------------------------------------------------------------------------------- how a level is shared


cdef void sweep_price_time(book_t *book, taker_t *taker) noexcept nogil:
    cdef uint32_t slot
    while taker.leaves_lots > 0 and side_reaches(taker.side, taker.limit_key):
        slot = book.levels[taker.side.bound_key ^ taker.side.mask].first
        if is_spent(book, taker):
            return
        if is_own(book, taker.op, slot):
            meet_own(book, taker, slot)
            if taker.ended:
                return
        else:
            trade(book, taker, slot, taker.leaves_lots)


cdef bint clear_own(book_t *book, taker_t *taker, level_t *level) noexcept nogil:
    """Own orders of a level, in time order; False when the op has ended."""
    cdef uint32_t slot = level.first
    cdef uint32_t following
    while slot and taker.op.stp_group:
        following = book.orders[slot].next
        if is_own(book, taker.op, slot):
            if is_spent(book, taker):
                return False
            meet_own(book, taker, slot)
            if taker.ended:
                return False
        slot = following
    return True


cdef void share_round(book_t *book, taker_t *taker, level_t *level) noexcept nogil:
    """One round of pro rata on a level without own orders. Shares are worked out as the round passes the queue: an
    order's shown lots do not change before its turn, and new slices queue up behind the orders counted here."""
    cdef int64_t wanted = taker.leaves_lots
    cdef int64_t shown_total = level.shown_lots
    cdef int64_t left = 0
    cdef int64_t shown, share, extra
    cdef uint32_t slot, following
    cdef uint64_t count = 0
    cdef int overflow = 0
    cdef bint is_all = wanted >= shown_total
    slot = level.first
    while slot:
        count += 1
        if not is_all:
            left += mul_div_down(wanted, shown_of(book, slot), shown_total, &overflow)
        slot = book.orders[slot].next
    left = wanted - left
    slot = level.first
    while count and taker.leaves_lots > 0:
        following = book.orders[slot].next
        shown = shown_of(book, slot)
        share = shown
        if not is_all:
            share = mul_div_down(wanted, shown, shown_total, &overflow)
            extra = min(left, shown - share)
            left -= extra
            share += extra
        if share > 0:
            if is_spent(book, taker):
                return
            trade(book, taker, slot, share)
        slot = following
        count -= 1


cdef void sweep_pro_rata(book_t *book, taker_t *taker) noexcept nogil:
    cdef level_t *level
    while taker.leaves_lots > 0 and side_reaches(taker.side, taker.limit_key):
        level = &book.levels[taker.side.bound_key ^ taker.side.mask]
        if not clear_own(book, taker, level):
            return
        if level.first:
            share_round(book, taker, level)
            if taker.ended:
                return


cdef int64_t lots_of_level(const book_t *book, const pg_op *op, uint32_t slot, int64_t wanted, uint32_t *foreign,
                           bint *ended) noexcept nogil:
    """Lots of foreign orders from `slot` on, up to `wanted`, as `op` would meet them; *ended when the walk does not
    reach the next price."""
    cdef int64_t found = 0
    while slot:
        if is_own(book, op, slot):
            if op.stp_mode != PG_STP_CANCEL_PASSIVE:
                ended[0] = True
                return 0 if book.is_pro_rata else found
        elif not ended[0]:
            found += min(book.orders[slot].leaves_lots, wanted - found)
            foreign[0] += 1
            if found == wanted or foreign[0] == book.fills_max:
                ended[0] = True
                if not book.is_pro_rata:
                    return found
        slot = book.orders[slot].next
    return found


cdef bint is_reachable(const book_t *book, const pg_op *op, side_t *side, uint32_t limit_key,
                       int64_t wanted) noexcept nogil:
    """Can the op trade `wanted` lots at once? Reduce-only caps are not looked at."""
    cdef uint32_t key = side_best(side)
    cdef uint32_t foreign = 0
    cdef bint ended = False
    while key <= limit_key and not ended and wanted > 0:
        wanted -= lots_of_level(book, op, book.levels[key ^ side.mask].first, wanted, &foreign, &ended)
        key = side_from(side, key + 1)
    return wanted == 0


# ----------------------------------------------------------------------------------------------------------------- ops


cdef inline void check_terms(const book_t *book, const pg_op *op) noexcept nogil:
    panic_unless(<uint64_t> op.price_ticks - 1 < <uint64_t> book.price_levels - 1, "an op's price is outside the book")
    panic_unless(op.leaves_lots > 0, "an op has no quantity")


cdef pg_report *take(book_t *book, const pg_op *op, clue_t clue, uint32_t limit_key,
                     pg_report *report) noexcept nogil:
    """An op that may trade or must not rest: first what it meets, then what is left of it."""
    cdef taker_t taker
    cdef side_t *side = &book.sides[op.side == PG_BUY]
    cdef int64_t wanted = 0
    if op.execution == PG_FOK:
        wanted = op.leaves_lots
    elif op.execution == PG_IOC:
        wanted = op.min_lots
    if wanted > 0 and not is_reachable(book, op, side, limit_key, wanted):
        return drop(op, PG_FOK_KILLED if op.execution == PG_FOK else PG_MIN_KILLED, op.leaves_lots, report)
    taker.op = op
    taker.first = report
    taker.next = report
    taker.leaves_lots = op.leaves_lots
    taker.side = side
    taker.limit_key = limit_key
    taker.fills = 0
    taker.passives = 0
    taker.ended = False
    if book.is_pro_rata:
        sweep_pro_rata(book, &taker)
    else:
        sweep_price_time(book, &taker)
    if taker.ended or taker.leaves_lots == 0:
        return taker.next
    if op.execution == PG_IOC:
        return drop(op, PG_IOC_REST, taker.leaves_lots, taker.next)
    if op.execution == PG_FOK:
        return drop(op, PG_FOK_KILLED, taker.leaves_lots, taker.next)
    return rest(book, op, clue, taker.leaves_lots, taker.next)


cdef inline pg_report *place(book_t *book, const pg_op *op, clue_t clue, pg_report *report) noexcept nogil:
    cdef side_t *against
    cdef uint32_t limit_key
    cdef bint is_crossing
    check_terms(book, op)
    panic_unless(PG_BUY <= op.side <= PG_SELL, "an op's side is undefined")
    panic_unless(PG_REST <= op.execution <= PG_FOK, "an op's execution is undefined")
    against = &book.sides[op.side == PG_BUY]
    limit_key = <uint32_t> op.price_ticks ^ against.mask
    is_crossing = side_reaches(against, limit_key)
    if op.execution <= PG_POST_ONLY:
        if is_crossing and op.execution == PG_POST_ONLY:
            return refuse(op, PG_WOULD_CROSS, report)
        if book.resting == book.orders_max:
            return refuse(op, PG_NO_CAPACITY, report)
        if not is_crossing:
            return rest(book, op, clue, op.leaves_lots, report)
    return take(book, op, clue, limit_key, report)


cdef inline pg_report *cancel(book_t *book, const pg_op *op, clue_t clue, pg_report *report) noexcept nogil:
    cdef uint64_t at = ids_seek(&book.ids, clue, op.order_id, book.orders, sizeof(order_t))
    cdef const order_t *order
    cdef uint32_t slot
    if at == IDS_NONE:
        return begin(report, PG_REFUSED, PG_UNKNOWN_ORDER, op.order_id, 0) + 1  # of a cancel only the id is read
    slot = ids_slot(&book.ids, at)
    order = &book.orders[slot]
    begin(report, PG_CANCELLED, PG_ASKED, order.order_id, order.owner)
    report.price_ticks = price_of(order)
    report.lots = order.leaves_lots
    leave_level(book, slot)
    ids_remove_at(&book.ids, at)
    free_order(book, slot)
    return report + 1


cdef pg_report *replace_in_place(book_t *book, const pg_op *op, uint32_t slot, pg_report *report) noexcept nogil:
    """Less at the same price: priority is kept."""
    cdef order_t *order = &book.orders[slot]
    cdef level_t *level = &book.levels[price_of(order)]
    level.shown_lots -= shown_of(book, slot)
    order.leaves_lots = op.leaves_lots
    if order.terms & TERMS_ICEBERG:
        book.slices[slot].shown_lots = min(book.slices[slot].shown_lots, op.leaves_lots)
    level.shown_lots += shown_of(book, slot)
    begin(report, PG_REPLACED, 0, order.order_id, order.owner)
    report.price_ticks = op.price_ticks
    report.leaves_lots = op.leaves_lots
    report.shown_lots = shown_of(book, slot)
    return report + 1


cdef pg_report *replace_and_take(book_t *book, const pg_op *op, clue_t clue, uint32_t slot, uint32_t limit_key,
                                 pg_report *report) noexcept nogil:
    """The order leaves the book and comes back as an op that trades: a copy of it with the new terms."""
    cdef pg_op again
    cdef const order_t *order = &book.orders[slot]
    memset(&again, 0, sizeof(again))
    again.order_id = op.order_id
    again.price_ticks = op.price_ticks
    again.leaves_lots = op.leaves_lots
    again.owner = order.owner
    again.stp_group = book.stp_groups[slot]
    again.side = <uint8_t> (side_of(order) + 1)
    again.execution = op.execution
    again.stp_mode = op.stp_mode
    if order.terms & TERMS_REDUCE_ONLY:
        again.flags = PG_REDUCE_ONLY
    if order.terms & TERMS_ICEBERG:
        again.display_lots = book.slices[slot].display_lots
    remove_order(book, slot)
    return take(book, &again, clue, limit_key, report)


cdef inline pg_report *replace(book_t *book, const pg_op *op, clue_t clue, pg_report *report) noexcept nogil:
    cdef uint64_t at = ids_seek(&book.ids, clue, op.order_id, book.orders, sizeof(order_t))
    cdef order_t *order
    cdef side_t *against
    cdef uint32_t slot, limit_key, terms
    cdef bint is_crossing
    if at == IDS_NONE:
        return refuse(op, PG_UNKNOWN_ORDER, report)
    check_terms(book, op)
    panic_unless(PG_REST <= op.execution <= PG_POST_ONLY, "the execution of a replace is undefined")
    slot = ids_slot(&book.ids, at)
    order = &book.orders[slot]
    if price_of(order) == op.price_ticks and op.leaves_lots <= order.leaves_lots:
        return replace_in_place(book, op, slot, report)
    against = &book.sides[side_of(order) ^ 1]
    limit_key = <uint32_t> op.price_ticks ^ against.mask
    is_crossing = side_reaches(against, limit_key)
    if is_crossing and op.execution == PG_POST_ONLY:
        return refuse(op, PG_WOULD_CROSS, report)
    begin(report, PG_REPLACED, 0, order.order_id, order.owner)
    report.price_ticks = op.price_ticks
    report.leaves_lots = op.leaves_lots
    report += 1
    if is_crossing:
        return replace_and_take(book, op, clue, slot, limit_key, report)
    # It does not trade: slot and id stay, only the queue changes.
    leave_level(book, slot)
    terms = (order.terms & ~<uint32_t> TERMS_PRICE) | <uint32_t> op.price_ticks
    order.leaves_lots = op.leaves_lots
    order.terms = terms
    begin(report, PG_RESTED, 0, order.order_id, order.owner)
    report.price_ticks = op.price_ticks
    report.leaves_lots = op.leaves_lots
    report.shown_lots = join_level(book, slot, terms, op.leaves_lots)
    return report + 1


cdef enum:
    FAR = 24  # ops between the fetch of an id's entry and its use
    NEAR = 8  # between the fetch of the order that the entry names and its use
    CLUES = 32


cdef inline void look_ahead(const book_t *book, const pg_op *op, clue_t *clue) noexcept nogil:
    """Fetches what an op will certainly need: the entry of its id and, where it names one, the level of its price."""
    clue[0] = ids_clue(&book.ids, op.order_id)
    prefetch(&book.ids.entries[clue.home])
    prefetch(<const void *> (<size_t> book.levels + <size_t> op.price_ticks * sizeof(level_t)))  # perhaps no level


cdef inline void look_closer(const book_t *book, const clue_t *clue) noexcept nogil:
    """Fetches the order that an id names, if the entry is where it should be; slot 0 if there is none."""
    prefetch(&book.orders[<uint32_t> book.ids.entries[clue.home]])


cdef size_t execute(void *handle, const pg_op *ops, size_t ops_count, pg_report *reports, size_t reports_capacity,
                    size_t *reports_count) noexcept nogil:
    cdef book_t *book = <book_t *> handle
    cdef pg_report *report = reports
    cdef pg_report *last = reports + reports_capacity - PG_REPORTS_MAX(book.fills_max)
    cdef clue_t clues[CLUES]  # of this op and the next FAR, by their number modulo CLUES
    cdef const pg_op *op
    cdef size_t done = 0
    while done < FAR and done < ops_count:
        look_ahead(book, &ops[done], &clues[done])
        done += 1
    done = 0
    while done < ops_count and report <= last:
        op = &ops[done]
        if done + FAR < ops_count:
            look_ahead(book, op + FAR, &clues[(done + FAR) % CLUES])
        if done + NEAR < ops_count:
            look_closer(book, &clues[(done + NEAR) % CLUES])
        if op.action == PG_PLACE:
            report = place(book, op, clues[done % CLUES], report)
        elif op.action == PG_CANCEL:
            report = cancel(book, op, clues[done % CLUES], report)
        else:
            panic_unless(op.action == PG_REPLACE, "an op's action is undefined")
            report = replace(book, op, clues[done % CLUES], report)
        done += 1
    reports_count[0] = report - reports
    return done


# --------------------------------------------------------------------------------------------------------- reading


cdef int best(void *handle, uint8_t side_code, int64_t *price_ticks, int64_t *shown_lots) noexcept nogil:
    cdef book_t *book = <book_t *> handle
    cdef side_t *side = &book.sides[side_code == PG_SELL]
    cdef uint32_t key = side_best(side)
    if key == KEY_NONE:
        return 0
    price_ticks[0] = key ^ side.mask
    shown_lots[0] = book.levels[key ^ side.mask].shown_lots
    return 1


cdef size_t depth(void *handle, uint8_t side_code, pg_level *levels, size_t capacity) noexcept nogil:
    cdef book_t *book = <book_t *> handle
    cdef side_t *side = &book.sides[side_code == PG_SELL]
    cdef uint32_t key = side_best(side)
    cdef uint32_t slot
    cdef size_t count = 0
    while key != KEY_NONE and count < capacity:
        levels[count].price_ticks = key ^ side.mask
        levels[count].shown_lots = book.levels[key ^ side.mask].shown_lots
        levels[count].orders = 0
        slot = book.levels[key ^ side.mask].first
        while slot:
            levels[count].orders += 1
            slot = book.orders[slot].next
        count += 1
        key = side_from(side, key + 1)
    return count


cdef void write_row(const book_t *book, uint32_t slot, matcher_snapshot_row_t *row) noexcept nogil:
    cdef const order_t *order = &book.orders[slot]
    memset(row, 0, sizeof(matcher_snapshot_row_t))
    row.order_id = order.order_id
    row.price_ticks = price_of(order)
    row.leaves_lots = order.leaves_lots
    row.shown_lots = shown_of(book, slot)
    row.stp_group = book.stp_groups[slot]
    row.side = <uint8_t> (side_of(order) + 1)
    if order.terms & TERMS_ICEBERG:
        row.display_lots = book.slices[slot].display_lots
    if order.terms & TERMS_REDUCE_ONLY:
        row.order_flags = PG_REDUCE_ONLY


cdef size_t snapshot(void *handle, uint8_t *data, size_t capacity) noexcept nogil:
    cdef book_t *book = <book_t *> handle
    cdef size_t size = book.resting * sizeof(matcher_snapshot_row_t)
    cdef matcher_snapshot_row_t row
    cdef side_t *side
    cdef uint32_t key, slot, index
    if size > capacity:
        return size
    for index in range(2):
        side = &book.sides[index]
        key = side_best(side)
        while key != KEY_NONE:
            slot = book.levels[key ^ side.mask].first
            while slot:
                write_row(book, slot, &row)
                memcpy(data, &row, sizeof(row))  # the caller's bytes need not be aligned
                data += sizeof(row)
                slot = book.orders[slot].next
            key = side_from(side, key + 1)
    return size


# ------------------------------------------------------------------------------------------------------- restoring


cdef bint is_sound(const book_t *book, const matcher_snapshot_row_t *row) noexcept nogil:
    """Could our own snapshot contain this row?"""
    cdef int64_t shown_max = row.leaves_lots
    if row.display_lots > 0:
        shown_max = min(shown_max, row.display_lots)
    if row.price_ticks < 1 or row.price_ticks >= book.price_levels or row.leaves_lots < 1 or row.display_lots < 0:
        return False
    if row.shown_lots < 1 or row.shown_lots > shown_max or (row.display_lots == 0 and row.shown_lots != shown_max):
        return False
    return PG_BUY <= row.side <= PG_SELL and row.order_flags <= PG_REDUCE_ONLY and row.r0[0] == 0 and row.r0[1] == 0


cdef bint is_behind(book_t *book, const matcher_snapshot_row_t *row) noexcept nogil:
    """Does the row come behind all that is on the book: bids before asks, best price first, no price of both?"""
    cdef const side_t *side = &book.sides[row.side == PG_SELL]
    cdef uint32_t best_bid_key = side_best(&book.sides[0])
    if row.side == PG_BUY and side_best(&book.sides[1]) != KEY_NONE:
        return False
    if row.side == PG_SELL and best_bid_key != KEY_NONE:
        if row.price_ticks <= <int64_t> (best_bid_key ^ book.sides[0].mask):
            return False
    return side_from(side, (<uint32_t> row.price_ticks ^ side.mask) + 1) == KEY_NONE


cdef bint find_owner(uint64_t order_id, const uint64_t *order_ids, const uint32_t *owners, size_t count,
                     uint32_t *owner) noexcept nogil:
    cdef size_t low = 0, high = count, middle
    while low < high:
        middle = low + (high - low) // 2
        if order_ids[middle] < order_id:
            low = middle + 1
        else:
            high = middle
    if low == count or order_ids[low] != order_id:
        return False
    owner[0] = owners[low]
    return True


cdef int restore(void *handle, const uint8_t *data, size_t size, const uint64_t *order_ids, const uint32_t *owners,
                 size_t owners_count) noexcept nogil:
    cdef book_t *book = <book_t *> handle
    cdef matcher_snapshot_row_t row
    cdef size_t n
    cdef int64_t fresh
    cdef uint32_t slot, terms
    cdef clue_t clue
    cdef pg_op op
    if size % sizeof(row) or size // sizeof(row) > book.orders_max or book.resting:
        return -1
    memset(&op, 0, sizeof(op))
    for n in range(size // sizeof(row)):
        memcpy(&row, data + n * sizeof(row), sizeof(row))
        if not is_sound(book, &row) or not is_behind(book, &row):
            return -1
        clue = ids_clue(&book.ids, row.order_id)
        if ids_seek(&book.ids, clue, row.order_id, book.orders, sizeof(order_t)) != IDS_NONE:
            return -1
        if not find_owner(row.order_id, order_ids, owners, owners_count, &op.owner):
            return -1
        op.order_id = row.order_id
        op.price_ticks = row.price_ticks
        op.display_lots = row.display_lots
        op.stp_group = row.stp_group
        op.side = row.side
        op.flags = row.order_flags
        terms = terms_of(&op)
        slot = add_order(book, &op, clue, terms, row.leaves_lots)
        fresh = join_level(book, slot, terms, row.leaves_lots)
        book.levels[row.price_ticks].shown_lots += row.shown_lots - fresh
        if row.display_lots > 0:
            book.slices[slot].shown_lots = row.shown_lots
    return 0


# ------------------------------------------------------------------------------------------------------ life and tables


cdef void destroy(void *handle) noexcept nogil:
    cdef book_t *book = <book_t *> handle
    pages_give(book.order_pages, book.order_pages_size)
    pages_give(book.price_pages, book.price_pages_size)
    pages_give(book.slices, book.slices_size)
    free(book)


cdef inline size_t in_lines(size_t size) noexcept nogil:
    """Rounded up to whole cache lines."""
    return (size + 63) & ~<size_t> 63


cdef bint lay_out_prices(book_t *book) noexcept nogil:
    """Levels and bitmaps in one mapping whose pages come with their first use: a book may be wide and mostly empty."""
    cdef size_t levels_size, words_size, groups_size, roots_size
    cdef uint64_t keys = 64
    cdef uint32_t index
    cdef uint8_t *at
    while keys < book.price_levels:
        keys <<= 1
    levels_size = in_lines(book.price_levels * sizeof(level_t))
    words_size = in_lines(((keys >> 6) + 1) * sizeof(uint64_t))
    groups_size = in_lines(((keys >> 12) + 2) * sizeof(uint64_t))
    roots_size = in_lines((ROOTS + 1) * sizeof(uint64_t))
    book.price_pages_size = levels_size + 2 * (words_size + groups_size + roots_size)
    book.price_pages = pages_take(book.price_pages_size, False)
    if book.price_pages == NULL:
        return False
    book.levels = <level_t *> book.price_pages
    at = <uint8_t *> book.price_pages + levels_size
    for index in range(2):
        book.sides[index].words = <uint64_t *> at
        book.sides[index].groups = <uint64_t *> (at + words_size)
        book.sides[index].roots = <uint64_t *> (at + words_size + groups_size)
        at += words_size + groups_size + roots_size
        book.sides[index].bound_key = KEY_NONE
        book.sides[index].mask = <uint32_t> keys - 1 if index == 0 else 0
    return True


cdef bint lay_out_orders(book_t *book) noexcept nogil:
    """Orders, groups and the table of ids in one mapping that is touched now."""
    cdef size_t slots = <size_t> book.orders_max + 1
    cdef size_t orders_size = in_lines(slots * sizeof(order_t))
    cdef size_t groups_size = in_lines(slots * sizeof(uint32_t))
    book.ids.capacity = ids_capacity(book.orders_max)
    book.order_pages_size = orders_size + groups_size + in_lines(book.ids.capacity * sizeof(uint64_t))
    book.order_pages = pages_take(book.order_pages_size, True)
    book.slices_size = slots * sizeof(slice_t)
    book.slices = <slice_t *> pages_take(book.slices_size, False)
    if book.order_pages == NULL or book.slices == NULL:
        return False
    book.orders = <order_t *> book.order_pages
    book.stp_groups = <uint32_t *> (<uint8_t *> book.order_pages + orders_size)
    book.ids.entries = <uint64_t *> (<uint8_t *> book.stp_groups + groups_size)
    return True


cdef void *create(const pg_config *config, const pg_host *host, bint is_pro_rata) noexcept nogil:
    cdef book_t *book
    if config.struct_size < sizeof(pg_config) or config.price_levels < 2 or config.price_levels > PRICE_LEVELS_MAX:
        return NULL
    if config.orders_max < 1 or config.orders_max > ORDERS_MAX or config.fills_max < 1 or config.fills_max > 1000:
        return NULL
    book = <book_t *> calloc(1, sizeof(book_t))
    if book == NULL:
        return NULL
    book.orders_max = config.orders_max
    book.price_levels = config.price_levels
    book.fills_max = config.fills_max
    book.is_pro_rata = is_pro_rata
    book.host = host[0]
    if not lay_out_prices(book) or not lay_out_orders(book):
        destroy(book)
        return NULL
    return book


cdef void *create_price_time(const pg_config *config, const pg_host *host) noexcept nogil:
    return create(config, host, False)


cdef void *create_pro_rata(const pg_config *config, const pg_host *host) noexcept nogil:
    return create(config, host, True)


cdef pg_matcher_api price_time_api
cdef pg_matcher_api pro_rata_api


cdef object fill_table(pg_matcher_api *api, const char *name,
                       void *(*make)(const pg_config *, const pg_host *) noexcept nogil):
    """The capsule of a table; it lives as long as the module."""
    api.abi_version = PERPGATE_MATCHER_ABI
    api.struct_size = sizeof(pg_matcher_api)
    api.name = name
    api.create = make
    api.destroy = destroy
    api.execute = execute
    api.best = best
    api.depth = depth
    api.snapshot = snapshot
    api.restore = restore
    return PyCapsule_New(api, b"perpgate.matcher.v1", NULL)


price_time = fill_table(&price_time_api, b"price_time", create_price_time)
pro_rata = fill_table(&pro_rata_api, b"pro_rata", create_pro_rata)
