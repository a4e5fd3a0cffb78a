# The orders that queries are answered from: a read model that released events feed.
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from engine.records cimport event_t, order_event_t

cdef enum:
    NO_SLOT = 0xFFFFFFFF
    AHEAD = 8  # events: their entries of the tables are on their way when they come

ctypedef struct order_slot_t:
    order_event_t order  # as an ORDER_STATUS: how it stands now, or how it ended
    uint32_t next_free
    uint8_t is_used
    uint8_t is_open
    uint8_t is_named  # the table of client ids points here

ctypedef struct table_t:  # open addressing: upper half of the key's hash and slot + 1, 0 = free
    uint64_t *entries
    uint64_t mask


cdef class OrderBookkeeper:
    cdef order_slot_t *slots
    cdef readonly uint32_t capacity
    cdef readonly uint32_t open_orders
    cdef readonly uint64_t forgotten  # events of orders that found no slot
    cdef uint32_t free_slot
    cdef uint32_t _fresh  # slots from here on were never used
    cdef uint8_t *watched[4]  # by scope (account, trader, desk, firm) and id: somebody may ask for its orders
    cdef uint32_t watched_max[4]
    cdef bint watches_all
    cdef table_t by_id
    cdef table_t by_name
    cdef uint32_t *closed  # ring of slots whose orders have ended, oldest first
    cdef uint32_t closed_max
    cdef uint32_t closed_first
    cdef uint32_t closed_count

    cdef bint _is_watched(self, const order_event_t *e) noexcept nogil
    cdef void _observe(self, const event_t *events, Py_ssize_t count) noexcept nogil
    cdef void _prefetch(self, const event_t *event) noexcept nogil
    cdef void _order(self, const order_event_t *e) noexcept nogil
    cdef uint32_t _take_slot(self) noexcept nogil
    cdef void _close(self, uint32_t slot) noexcept nogil
    cdef void _forget(self, uint32_t slot) noexcept nogil
    cdef uint32_t _by_id(self, uint64_t order_id) noexcept nogil
    cdef uint32_t _by_name(self, uint32_t account_id, const char *name) noexcept nogil
    cdef uint32_t _by_name_hash(self, uint64_t hash, uint32_t account_id, const char *name) noexcept nogil
    cdef void _name(self, uint32_t slot, const char *name) noexcept nogil
    cdef void _unname(self, uint32_t slot) noexcept nogil
