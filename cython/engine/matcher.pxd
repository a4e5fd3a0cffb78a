# The C interface of a matcher (engine/include/perpgate_matcher.h) for Cython.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "perpgate_matcher.h" nogil:
    enum:
        PERPGATE_MATCHER_ABI
        PG_BUY
        PG_SELL
        PG_PLACE
        PG_CANCEL
        PG_REPLACE
        PG_REST
        PG_POST_ONLY
        PG_IOC
        PG_FOK
        PG_STP_CANCEL_PASSIVE
        PG_STP_CANCEL_AGGRESSOR
        PG_STP_CANCEL_BOTH
        PG_STP_DECREMENT
        PG_REDUCE_ONLY
        PG_RESTED
        PG_FILL
        PG_CANCELLED
        PG_REPLACED
        PG_REDUCED
        PG_REFUSED
        PG_ASKED
        PG_STP
        PG_IOC_REST
        PG_FOK_KILLED
        PG_MIN_KILLED
        PG_SWEEP_LIMIT
        PG_REDUCE_LIMIT
        PG_WOULD_CROSS
        PG_UNKNOWN_ORDER
        PG_NO_CAPACITY

    ctypedef struct pg_op:
        uint64_t order_id
        int64_t price_ticks
        int64_t leaves_lots
        int64_t display_lots
        int64_t min_lots
        uint32_t owner
        uint32_t stp_group
        uint8_t action
        uint8_t side
        uint8_t execution
        uint8_t stp_mode
        uint8_t flags

    ctypedef struct pg_report:
        uint64_t order_id
        int64_t price_ticks
        int64_t lots
        int64_t leaves_lots
        int64_t shown_lots
        int64_t taker_leaves_lots
        uint32_t owner
        uint8_t kind
        uint8_t reason

    ctypedef struct pg_level:
        int64_t price_ticks
        int64_t shown_lots
        uint64_t orders

    ctypedef struct pg_config:
        uint32_t struct_size
        uint32_t instrument_id
        uint32_t price_levels
        uint32_t orders_max
        uint32_t fills_max

    ctypedef struct pg_host:
        void *context
        int64_t (*reduce_cap)(void *context, uint32_t owner, uint8_t side, const pg_report *reports,
                              size_t reports_count) noexcept nogil

    ctypedef struct pg_matcher_api:
        uint32_t abi_version
        uint32_t struct_size
        const char *name
        void *(*create)(const pg_config *config, const pg_host *host) noexcept nogil
        void (*destroy)(void *book) noexcept nogil
        size_t (*execute)(void *book, const pg_op *ops, size_t ops_count, pg_report *reports,
                          size_t reports_capacity, size_t *reports_count) noexcept nogil
        int (*best)(void *book, uint8_t side, int64_t *price_ticks, int64_t *shown_lots) noexcept nogil
        size_t (*depth)(void *book, uint8_t side, pg_level *levels, size_t capacity) noexcept nogil
        size_t (*snapshot)(void *book, uint8_t *data, size_t capacity) noexcept nogil
        int (*restore)(void *book, const uint8_t *data, size_t size, const uint64_t *order_ids,
                       const uint32_t *owners, size_t owners_count) noexcept nogil

    size_t PG_REPORTS_MAX(size_t fills_max)
