# Client order ids by account: a table like that of order ids (table.pxd) whose key is (account, 40 bytes of text).
#
# Participants choose these texts, so every word of one goes through a multiplication whose two halves are folded
# together, with the account mixed in; and an account's open orders bound how many of its ids can lie in one run of
# entries.
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from engine.table cimport ids_home, ids_remove_at, ids_slot, ids_t, prefetch

cdef extern from *:
    """
    #ifndef PERPGATE_NAMES
    #define PERPGATE_NAMES
    static inline uint64_t pg_fold(uint64_t a, uint64_t b) {
        unsigned __int128 product = (unsigned __int128)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    #endif
    """
    uint64_t fold "pg_fold"(uint64_t a, uint64_t b) noexcept nogil


cdef enum:
    NAME_SIZE = 40


ctypedef struct names_t:
    ids_t ids  # an entry: upper half of the hash, slot of the row
    const char *texts  # of slot 0: NAME_SIZE bytes, zero-padded. One whose first byte is 0 is none and not in the table
    size_t texts_step  # bytes from one slot's to the next's
    const char *accounts  # of slot 0: an uint32_t
    size_t accounts_step


cdef inline uint64_t name_key(uint32_t account_id, const char *text) noexcept nogil:
    """32 bits."""
    cdef uint64_t words[5]
    cdef uint64_t key = account_id ^ <uint64_t> 0x2D358DCCAA6C78A5
    memcpy(words, text, NAME_SIZE)
    key = fold(key ^ words[0], <uint64_t> 0x8BB84B93962EACC9)
    key = fold(key ^ words[1], <uint64_t> 0x4B33A62ED433D4A3)
    if words[2] | words[3] | words[4]:
        key = fold(key ^ words[2], <uint64_t> 0x4D5A2DA51DE1AA47)
        key = fold(key ^ words[3], <uint64_t> 0xA0761D6478BD642F)
        key = fold(key ^ words[4], <uint64_t> 0xE7037ED1A0B428DB)
    return key >> 32


cdef inline const char *name_text(const names_t *names, uint32_t slot) noexcept nogil:
    return names.texts + slot * names.texts_step


cdef inline uint32_t name_account(const names_t *names, uint32_t slot) noexcept nogil:
    return (<const uint32_t *> (names.accounts + slot * names.accounts_step))[0]


cdef inline uint32_t names_find(const names_t *names, uint32_t account_id, const char *text) noexcept nogil:
    """Slot of the row that has this name, or 0."""
    cdef const ids_t *ids = &names.ids
    cdef uint64_t key = name_key(account_id, text)
    cdef uint64_t at = ids_home(ids, key)
    cdef uint32_t slot
    while ids.entries[at]:
        if ids.entries[at] >> 32 == key:
            slot = ids_slot(ids, at)
            if name_account(names, slot) == account_id and memcmp(name_text(names, slot), text, NAME_SIZE) == 0:
                return slot
        at += 1
        if at == ids.capacity:
            at = 0
    return 0


cdef inline void names_add(names_t *names, uint32_t slot) noexcept nogil:
    """Enters the name that the row has; the caller knows that it is in no other row."""
    cdef ids_t *ids = &names.ids
    cdef uint64_t key = name_key(name_account(names, slot), name_text(names, slot))
    cdef uint64_t at = ids_home(ids, key)
    while ids.entries[at]:
        at += 1
        if at == ids.capacity:
            at = 0
    ids.entries[at] = key << 32 | slot


cdef inline void names_remove(names_t *names, uint32_t slot) noexcept nogil:
    """Takes out the name that the row has, which is in the table."""
    cdef ids_t *ids = &names.ids
    cdef uint64_t key = name_key(name_account(names, slot), name_text(names, slot))
    cdef uint64_t at = ids_home(ids, key)
    while ids.entries[at] != (key << 32 | slot):
        at += 1
        if at == ids.capacity:
            at = 0
    ids_remove_at(ids, at)


cdef inline void names_prefetch(const names_t *names, uint32_t account_id, const char *text) noexcept nogil:
    prefetch(&names.ids.entries[ids_home(&names.ids, name_key(account_id, text))])
