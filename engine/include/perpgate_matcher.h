/* perpgate_matcher.h - the interface of a matcher: the order book of one instrument.
 *
 * A matcher sees orders that have passed every check and answers with what happened on the book. Accounts, money,
 * sessions and time are not its business. It is a function of the calls it gets: no clock, randomness, I/O or threads.
 *
 * A shared library exports the table under the symbol `perpgate_matcher_v1`; a Python extension may instead put it in
 * a capsule named PERPGATE_MATCHER_CAPSULE (perpgate's own `price_time` does: engine._book.price_time).
 * docs/matchers.md describes every rule a matcher has to keep, with an example.
 *
 * Units: prices in ticks (> 0, below config.price_levels), quantities in lots (> 0). All integers are two's
 * complement, structs are naturally aligned, reserved bytes are zero.
 */
#ifndef PERPGATE_MATCHER_H
#define PERPGATE_MATCHER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PERPGATE_MATCHER_ABI 1
#define PERPGATE_MATCHER_SYMBOL "perpgate_matcher_v1"
#define PERPGATE_MATCHER_CAPSULE "perpgate.matcher.v1"

enum { PG_BUY = 1, PG_SELL = 2 };

enum { /* pg_op.action */
    PG_PLACE = 1,   /* a new order; order_id is not on the book */
    PG_CANCEL = 2,  /* only order_id is read */
    PG_REPLACE = 3, /* order_id, price_ticks, leaves_lots (the new open quantity), execution (PG_REST or
                       PG_POST_ONLY), stp_mode and owner are read */
};

enum { /* pg_op.execution: what happens to what does not trade at once */
    PG_REST = 1,      /* it rests */
    PG_POST_ONLY = 2, /* refused as a whole if any of it would trade */
    PG_IOC = 3,       /* it is cancelled; min_lots > 0: all of it, unless at least min_lots trade at once */
    PG_FOK = 4,       /* all or nothing */
};

enum { PG_STP_CANCEL_PASSIVE = 1, PG_STP_CANCEL_AGGRESSOR = 2, PG_STP_CANCEL_BOTH = 3, PG_STP_DECREMENT = 4 };

enum { PG_REDUCE_ONLY = 1 }; /* pg_op.flags */

typedef struct pg_op { /* 64 bytes */
    uint64_t order_id;
    int64_t price_ticks;
    int64_t leaves_lots;
    int64_t display_lots; /* 0 = all shown; else the size of one shown slice */
    int64_t min_lots;
    uint32_t owner;     /* opaque: given back in reports and to host.reduce_cap */
    uint32_t stp_group; /* orders of one group (not 0) do not trade with each other */
    uint8_t action;
    uint8_t side;
    uint8_t execution;
    uint8_t stp_mode; /* the aggressor's mode decides */
    uint8_t flags;
    uint8_t reserved[11];
} pg_op;

enum { /* pg_report.kind */
    PG_RESTED = 1,    /* order_id is on the book with leaves_lots */
    PG_FILL = 2,      /* the op's order traded `lots` at price_ticks against the resting order_id, which now has
                         leaves_lots; taker_leaves_lots is what the op's order still has */
    PG_CANCELLED = 3, /* order_id left the book, or did not get there; `lots` = open quantity that went; reason says why */
    PG_REPLACED = 4,  /* the order_id of a PG_REPLACE took its new terms (always before what follows from them) */
    PG_REDUCED = 5,   /* PG_STP_DECREMENT: order_id lost `lots` without a trade and now has leaves_lots */
    PG_REFUSED = 6,   /* nothing changed; reason says why; the only report of its op */
};

enum { /* pg_report.reason */
    PG_ASKED = 0,         /* PG_CANCEL */
    PG_STP = 1,           /* self-trade prevention */
    PG_IOC_REST = 2,      /* what an IOC did not trade */
    PG_FOK_KILLED = 3,    /* PG_FOK could not fill completely */
    PG_MIN_KILLED = 4,    /* min_lots could not trade at once */
    PG_SWEEP_LIMIT = 5,   /* config.fills_max fills made */
    PG_REDUCE_LIMIT = 6,  /* a resting reduce-only order with nothing left to reduce */
    PG_WOULD_CROSS = 7,   /* refused PG_POST_ONLY */
    PG_UNKNOWN_ORDER = 8, /* refused: order_id is not on the book */
    PG_NO_CAPACITY = 9,   /* refused: config.orders_max orders rest */
};

typedef struct pg_report { /* 64 bytes */
    uint64_t order_id;
    int64_t price_ticks;
    int64_t lots;
    int64_t leaves_lots;
    int64_t shown_lots; /* what the book shows of order_id after this report */
    int64_t taker_leaves_lots;
    uint32_t owner; /* of order_id */
    uint8_t kind;
    uint8_t reason;
    uint8_t reserved[10];
} pg_report;

typedef struct pg_level {
    int64_t price_ticks;
    int64_t shown_lots;
    uint64_t orders;
} pg_level;

typedef struct pg_config {
    uint32_t struct_size; /* sizeof(pg_config) as the caller knows it */
    uint32_t instrument_id;
    uint32_t price_levels; /* every price is in [1, price_levels) */
    uint32_t orders_max;   /* orders that may rest at the same time */
    uint32_t fills_max;    /* PG_FILL reports one op may make, 1..1000 */
    uint32_t reserved;
} pg_config;

/* How many reports one op makes at the most: fills, plus as many cancels and reductions of resting orders, plus as many
 * reductions of its own (PG_STP_DECREMENT makes one of each per meeting), plus its first and last. An op that reaches
 * fills_max fills, or fills_max cancels and reductions of resting orders, before it is done loses the rest of its
 * quantity with PG_SWEEP_LIMIT. */
#define PG_REPORTS_MAX(fills_max) (3u * (fills_max) + 4u)

typedef struct pg_host {
    void *context;
    /* How many lots may the resting reduce-only order of `owner` on `side` still trade? `reports` are those of the op
     * under way, so that the answer includes its fills so far. May be asked only for orders with PG_REDUCE_ONLY. */
    int64_t (*reduce_cap)(void *context, uint32_t owner, uint8_t side, const pg_report *reports, size_t reports_count);
} pg_host;

typedef struct pg_matcher_api {
    uint32_t abi_version; /* PERPGATE_MATCHER_ABI */
    uint32_t struct_size; /* sizeof(pg_matcher_api) as the library knows it */
    const char *name;     /* ASCII, at most 23 characters */

    /* A new, empty book, or NULL when memory is short. All memory that the order path needs is taken here. */
    void *(*create)(const pg_config *config, const pg_host *host);
    void (*destroy)(void *book);

    /* Carries out `ops` in order and writes what happened to `reports`. Stops before an op for which fewer than
     * PG_REPORTS_MAX(fills_max) places are left. Returns how many ops were carried out; *reports_count gets how many
     * reports were written. reports_capacity is at least PG_REPORTS_MAX(fills_max), so a call with ops makes progress. */
    size_t (*execute)(void *book, const pg_op *ops, size_t ops_count, pg_report *reports, size_t reports_capacity,
                      size_t *reports_count);

    /* Best price of a side and what is shown there; returns 0 when the side is empty (outputs untouched), else 1. */
    int (*best)(void *book, uint8_t side, int64_t *price_ticks, int64_t *shown_lots);
    /* Levels of a side from the best, at most `capacity`; returns how many were written. */
    size_t (*depth)(void *book, uint8_t side, pg_level *levels, size_t capacity);

    /* The resting orders as canonical bytes: equal books give equal bytes. Returns the size needed; writes only when
     * it fits into `capacity`. perpgate's own matchers write MATCHER_SNAPSHOT_ROW of engine/records.py: bids, then asks,
     * best price first, within a price in time order. */
    size_t (*snapshot)(void *book, uint8_t *bytes, size_t capacity);
    /* Fills an empty book from `bytes`. `owners[i]` belongs to `order_ids[i]`, sorted by order id. Returns 0, or -1 when
     * the bytes are not a snapshot (the book is then to be destroyed). */
    int (*restore)(void *book, const uint8_t *bytes, size_t size, const uint64_t *order_ids, const uint32_t *owners,
                   size_t owners_count);
} pg_matcher_api;

#ifdef __cplusplus
}
#endif
#endif
