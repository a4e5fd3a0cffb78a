# Preallocated memory and the table of live order ids: what both books are laid out on. Everything is inlined into its
# user.
from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef extern from *:
    """
    #include <stddef.h>
    #include <stdint.h>
    #include <sys/mman.h>
    #ifndef PERPGATE_TABLE
    #define PERPGATE_TABLE
    #define PG_HUGE_PAGE ((size_t)2 << 20)
    /* Zeroed memory that costs nothing until it is used, so that a book of 2^24 prices may be mostly empty.
     * `touched` takes the pages now (in huge ones where the system lets us): none is taken on the order path then. */
    static inline size_t pg_pages_size(size_t size) { /* whole huge pages, or the system may not align the mapping */
        return size < PG_HUGE_PAGE ? size : (size + PG_HUGE_PAGE - 1) & ~(PG_HUGE_PAGE - 1);
    }
    static inline void *pg_pages_take(size_t size, int touched) {
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        char *pages = (char *)mmap(NULL, pg_pages_size(size), PROT_READ | PROT_WRITE, flags, -1, 0);
        if (pages == (char *)MAP_FAILED) return NULL;
        if (size >= PG_HUGE_PAGE) madvise(pages, pg_pages_size(size), MADV_HUGEPAGE);
        for (size_t at = 0; touched && at < size; at += 4096) ((volatile char *)pages)[at] = 0;
        return pages;
    }
    static inline void *pg_pages_grow(void *pages, size_t size, size_t new_size) {
        void *moved = mremap(pages, pg_pages_size(size), pg_pages_size(new_size), MREMAP_MAYMOVE);
        return moved == MAP_FAILED ? NULL : moved;
    }
    static inline void pg_pages_give(void *pages, size_t size) { if (pages) munmap(pages, pg_pages_size(size)); }
    /* The empty asm keeps gcc from taking this for a function without effects and dropping the calls. */
    static inline void pg_prefetch(const void *at) { __builtin_prefetch(at, 1, 3); __asm__ volatile("" : : "r"(at)); }
    static inline uint32_t pg_lowest_bit(uint64_t word) { return (uint32_t)__builtin_ctzll(word); }
    #endif
    """
    void *pages_take "pg_pages_take"(size_t size, bint touched) noexcept nogil
    void *pages_grow "pg_pages_grow"(void *pages, size_t size, size_t new_size) noexcept nogil
    void pages_give "pg_pages_give"(void *pages, size_t size) noexcept nogil
    void prefetch "pg_prefetch"(const void *at) noexcept nogil
    uint32_t lowest_bit "pg_lowest_bit"(uint64_t word) noexcept nogil


cdef enum:
    IDS_NONE = 0x7FFFFFFF  # above every position


# Open addressing with linear probing over live orders only: an entry is the key of an id and the order's slot (1..),
# 0 = free. At most half of the entries are in use, 16 bytes per order. Deletion shifts what follows back instead of
# leaving tombstones, so the table does not get slower with age.
#
# Four ids that follow one another share a cache line, which the hash of their block names: a book is mostly asked for
# its newest orders, and they lie together. They take every other entry of the line, so that the one behind an id's own
# is mostly free, which ends the probing at once.
ctypedef struct ids_t:
    uint64_t *entries
    uint64_t capacity  # of ids_capacity


ctypedef struct clue_t:  # where to begin to look for an id
    uint64_t key  # 32 bits of hash, kept in the entry
    uint64_t home  # position


cdef inline uint64_t ids_capacity(uint64_t rows) noexcept nogil:
    """Entries of a table for so many ids: whole cache lines."""
    return (2 * rows + 8) & ~<uint64_t> 7


cdef inline uint64_t ids_key(uint64_t order_id) noexcept nogil:
    return ((order_id >> 2) * <uint64_t> 0x9E3779B97F4A7C15 >> 32 & ~<uint64_t> 3) | (order_id & 3)


cdef inline uint64_t ids_home(const ids_t *ids, uint64_t key) noexcept nogil:
    return ((key & ~<uint64_t> 3) * ids.capacity >> 32 & ~<uint64_t> 7) | (key & 3) << 1


cdef inline clue_t ids_clue(const ids_t *ids, uint64_t order_id) noexcept nogil:
    cdef clue_t clue
    clue.key = ids_key(order_id)
    clue.home = ids_home(ids, clue.key)
    return clue


cdef inline void ids_prefetch(const ids_t *ids, uint64_t order_id) noexcept nogil:
    prefetch(&ids.entries[ids_clue(ids, order_id).home])


cdef inline uint64_t row_id(const void *rows, size_t offset) noexcept nogil:
    return (<const uint64_t *> (<const uint8_t *> rows + offset))[0]


# Position of the id, or IDS_NONE. `rows` are the orders by slot, `row_size` bytes each, which begin with their id.
cdef inline uint64_t ids_seek(const ids_t *ids, clue_t clue, uint64_t order_id, const void *rows,
                              size_t row_size) noexcept nogil:
    cdef uint64_t at = clue.home
    cdef uint64_t entry
    while True:
        entry = ids.entries[at]
        if entry == 0:
            return IDS_NONE
        if entry >> 32 == clue.key and row_id(rows, <uint32_t> entry * row_size) == order_id:
            return at
        at += 1
        if at == ids.capacity:
            at = 0


cdef inline uint64_t ids_find(const ids_t *ids, uint64_t order_id, const void *rows, size_t row_size) noexcept nogil:
    return ids_seek(ids, ids_clue(ids, order_id), order_id, rows, row_size)


cdef inline uint32_t ids_slot(const ids_t *ids, uint64_t at) noexcept nogil:
    return <uint32_t> ids.entries[at]


# Enters an id that is not in the table; False when it is (nothing is changed then).
cdef inline bint ids_enter(ids_t *ids, clue_t clue, uint64_t order_id, uint32_t slot, const void *rows,
                           size_t row_size) noexcept nogil:
    cdef uint64_t at = clue.home
    cdef uint64_t entry
    while True:
        entry = ids.entries[at]
        if entry == 0:
            break
        if entry >> 32 == clue.key and row_id(rows, <uint32_t> entry * row_size) == order_id:
            return False
        at += 1
        if at == ids.capacity:
            at = 0
    ids.entries[at] = clue.key << 32 | slot
    return True


cdef inline bint ids_add(ids_t *ids, uint64_t order_id, uint32_t slot, const void *rows,
                         size_t row_size) noexcept nogil:
    return ids_enter(ids, ids_clue(ids, order_id), order_id, slot, rows, row_size)


# Takes out the entry at a position that ids_find gave.
cdef inline void ids_remove_at(ids_t *ids, uint64_t hole) noexcept nogil:
    cdef uint64_t at = hole
    cdef uint64_t entry, home
    while True:
        at += 1
        if at == ids.capacity:
            at = 0
        entry = ids.entries[at]
        if entry == 0:
            break
        home = ids_home(ids, entry >> 32)
        # The entry may fill the hole unless its home lies behind it: cyclically in (hole, at].
        if (home <= hole or home > at) if hole < at else (at < home <= hole):
            ids.entries[hole] = entry
            hole = at
    ids.entries[hole] = 0


# Takes out an id that is in the table at `slot`.
cdef inline void ids_remove(ids_t *ids, uint64_t order_id, uint32_t slot) noexcept nogil:
    cdef clue_t clue = ids_clue(ids, order_id)
    cdef uint64_t at = clue.home
    while ids.entries[at] != (clue.key << 32 | slot):
        at += 1
        if at == ids.capacity:
            at = 0
    ids_remove_at(ids, at)
