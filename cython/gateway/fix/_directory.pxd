# Names of the venue's instruments and parties, both ways, as the translation of messages needs them.
from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef enum:
    NAME_BYTES_MAX = 32
    UNKNOWN_ID = 0xFFFFFFFF  # of a name that nothing has: no id of the engine

cdef enum:  # kinds of names
    NAMES_INSTRUMENT = 0
    NAMES_ACCOUNT = 1
    NAMES_TRADER = 2
    NAMES_DESK = 3
    NAMES_FIRM = 4
    NAMES_KINDS = 5

ctypedef struct name_t:
    uint8_t length
    uint8_t text[NAME_BYTES_MAX]

ctypedef struct names_t:
    name_t *by_id
    uint32_t ids_max
    uint32_t *slots  # open addressing: ids by hash of the name, 0 = free
    uint32_t mask

# The id of a name, UNKNOWN_ID when there is none.
cdef uint32_t id_of(const names_t *names, const uint8_t *text, size_t length) noexcept nogil
# Never NULL: an id that nothing has gives the empty name.
cdef const name_t *name_of(const names_t *names, uint32_t id) noexcept nogil


cdef class Directory:
    cdef names_t names[NAMES_KINDS]
    cdef readonly dict instruments
    cdef readonly int venue_state
    cdef object _on_change
    cdef int _set_name(self, int kind, uint32_t id, bytes name) except -1
    cdef int _forget(self, int kind, uint32_t id) except -1
