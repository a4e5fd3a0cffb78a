# The state of a book of perpgate's own, price_time and pro_rata alike (there is no other), and the moves of an order in
# it.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from engine.levels cimport level_t, side_close, side_open, side_t
from engine.matcher cimport pg_host, pg_op, pg_report
from engine.table cimport ids_remove, ids_t

cdef enum:  # order_t.terms: the price in ticks below, then
    TERMS_PRICE = 0xFFFFFF
    TERMS_SELL = 0x1000000  # the side, so that terms >> 24 & 1 is its index
    TERMS_REDUCE_ONLY = 0x2000000
    TERMS_ICEBERG = 0x4000000  # slices[slot] is in use; else all of leaves_lots is shown
    ORDERS_MAX = 0x3FFFFFFF


ctypedef struct order_t:  # 32 bytes, two to a cache line
    uint64_t order_id
    int64_t leaves_lots  # > 0
    uint32_t next  # slots of the neighbours in the level's queue, 0 = none; `next` also links free slots
    uint32_t prev
    uint32_t terms
    uint32_t owner


ctypedef struct slice_t:  # of an iceberg
    int64_t display_lots
    int64_t shown_lots  # > 0


ctypedef struct book_t:
    order_t *orders  # by slot, 1..orders_max; slot 0 is nobody: what is written there is never read
    uint32_t *stp_groups  # by slot
    slice_t *slices  # by slot; pages are taken only where icebergs are
    level_t *levels  # by price in ticks; likewise
    ids_t ids
    side_t sides[2]  # 0 buy, 1 sell
    uint32_t free_slot  # head of the list of slots given back, last in first out
    uint32_t used_slots  # slots ever used
    uint32_t resting  # orders on the book
    uint32_t orders_max
    uint32_t price_levels
    uint32_t fills_max
    bint is_pro_rata
    pg_host host
    void *order_pages  # orders, stp_groups and ids.entries lie in one mapping
    size_t order_pages_size
    void *price_pages  # levels and the bitmaps in another
    size_t price_pages_size
    size_t slices_size


ctypedef struct taker_t:  # an op while it trades
    const pg_op *op
    pg_report *first  # its reports
    pg_report *next
    int64_t leaves_lots
    side_t *side  # that it trades against
    uint32_t limit_key
    uint32_t fills
    uint32_t passives  # cancels and reductions of resting orders
    bint ended  # its last report is written


cdef inline uint32_t price_of(const order_t *order) noexcept nogil:
    return order.terms & TERMS_PRICE


cdef inline uint32_t side_of(const order_t *order) noexcept nogil:
    """Index of the order's side, 0 buy, 1 sell."""
    return order.terms >> 24 & 1


cdef inline int64_t shown_of(const book_t *book, uint32_t slot) noexcept nogil:
    if book.orders[slot].terms & TERMS_ICEBERG:
        return book.slices[slot].shown_lots
    return book.orders[slot].leaves_lots


cdef inline void enqueue(book_t *book, level_t *level, uint32_t slot) noexcept nogil:
    """To the end of the level's queue. Neighbours that are not there are slot 0, so nothing here branches."""
    cdef order_t *orders = book.orders
    cdef uint32_t last = level.last
    orders[slot].next = 0
    orders[slot].prev = last
    orders[last].next = slot
    level.first = level.first if last else slot
    level.last = slot


cdef inline void dequeue(book_t *book, level_t *level, uint32_t slot) noexcept nogil:
    cdef order_t *orders = book.orders
    cdef uint32_t next = orders[slot].next
    cdef uint32_t prev = orders[slot].prev
    orders[prev].next = next
    orders[next].prev = prev
    level.first = level.first if prev else next
    level.last = level.last if next else prev


cdef inline void leave_level(book_t *book, uint32_t slot) noexcept nogil:
    """Takes an order out of its price's queue."""
    cdef uint32_t terms = book.orders[slot].terms
    cdef side_t *side = &book.sides[terms >> 24 & 1]
    cdef level_t *level = &book.levels[terms & TERMS_PRICE]
    level.shown_lots -= shown_of(book, slot)
    dequeue(book, level, slot)
    side_close(side, terms & TERMS_PRICE ^ side.mask, level.first == 0)


cdef inline void free_order(book_t *book, uint32_t slot) noexcept nogil:
    book.orders[slot].next = book.free_slot
    book.free_slot = slot
    book.resting -= 1


cdef inline void remove_order(book_t *book, uint32_t slot) noexcept nogil:
    """Takes an order off the book; its fields can still be read until the next order comes."""
    leave_level(book, slot)
    ids_remove(&book.ids, book.orders[slot].order_id, slot)
    free_order(book, slot)


cdef inline int64_t join_level(book_t *book, uint32_t slot, uint32_t terms, int64_t leaves_lots) noexcept nogil:
    """Puts the order at the end of its price's queue, an iceberg with a fresh slice. Returns the lots shown."""
    cdef int64_t shown = leaves_lots
    cdef side_t *side = &book.sides[terms >> 24 & 1]
    cdef level_t *level = &book.levels[terms & TERMS_PRICE]
    if terms & TERMS_ICEBERG:
        shown = min(shown, book.slices[slot].display_lots)
        book.slices[slot].shown_lots = shown
    side_open(side, terms & TERMS_PRICE ^ side.mask)
    enqueue(book, level, slot)
    level.shown_lots += shown
    return shown
