# Matchers of every kind behind one function table: what an engine holds of a book, and the base class of matchers in Cython.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from engine.matcher cimport pg_config, pg_host, pg_level, pg_matcher_api, pg_op, pg_report


cdef class BookHandle:
    # An open book and the table that drives it. `api` and `book` are valid as long as the handle lives and `close` was not called; calls need no GIL.
    # One thread at a time.
    cdef const pg_matcher_api *api
    cdef void *book
    cdef readonly str name  # registry name of the matcher
    cdef readonly object config  # engine.api.MatcherConfig
    cdef pg_host host
    cdef pg_matcher_api table  # storage of `api` for matchers that have no table of their own
    cdef object keep_alive  # what `api` and `book` point into
    cdef object reduce_cap  # Python answer to host.reduce_cap, only for books opened from Python
    cdef int _check_open(self) except -1


# Opens a book of a `engine.api.LoadedMatcher`. `config.struct_size` is filled in here; `host` is copied and must give
# answers for as long as the handle lives. Raises ValueError (a table of another version, no usable factory),
# MemoryError (the matcher's create gave no book), or what a Python factory raises.
cdef BookHandle open_handle(object loaded, const pg_config *config, const pg_host *host)


cdef class Matcher:
    # Base of matchers written in Cython: subclass it, override the cdef methods, register the class in the entry-point group
    # `perpgate.matchers`. It is made as Class(config, reduce_cap); `limits` is set in __cinit__, `host` directly after
    # __init__. What each method has to do is said in perpgate_matcher.h.
    cdef pg_config limits
    cdef pg_host host
    cdef size_t execute(self, const pg_op *ops, size_t ops_count, pg_report *reports, size_t reports_capacity,
                        size_t *reports_count) noexcept nogil
    cdef int best(self, uint8_t side, int64_t *price_ticks, int64_t *shown_lots) noexcept nogil
    cdef size_t depth(self, uint8_t side, pg_level *levels, size_t capacity) noexcept nogil
    cdef size_t snapshot(self, uint8_t *data, size_t capacity) noexcept nogil
    cdef int restore(self, const uint8_t *data, size_t size, const uint64_t *order_ids, const uint32_t *owners,
                     size_t owners_count) noexcept nogil


cdef class PythonBook(Matcher):
    # Drives an object with the methods of `engine.api.Matcher`.
    cdef object matcher
    cdef pg_report *scratch  # reports of the op under way, for reduce_cap
    cdef bytes cached_snapshot  # until the book changes
    cdef int run(self, const pg_op *op, pg_report *reports, size_t *count) except -1
