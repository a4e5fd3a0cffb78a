/* A matcher as a shared library: price-time priority by the rules of docs/matchers.md, in the plainest way there is.
 *
 * Each side is an array, best price first, within a price in order of arrival, so that what trades next is at its
 * front. Everything costs a move of the array; a few hundred orders are no problem, a million are.
 *
 *     gcc -shared -fPIC -O2 -I engine/include linear_book.c -o linear_book.so
 *
 * and in the configuration: [matchers] linear_book = "linear_book.so"
 */
#include "perpgate_matcher.h"

#include <stdlib.h>
#include <string.h>

typedef struct order { /* MATCHER_SNAPSHOT_ROW of engine/snapshot_records.py, then what a snapshot does not hold */
    uint64_t order_id;
    int64_t price_ticks;
    int64_t leaves_lots;
    int64_t display_lots;
    int64_t shown_lots;
    uint32_t stp_group;
    uint8_t side;
    uint8_t flags;
    uint8_t reserved[2];
    uint32_t owner;
    uint32_t unused;
} order;

enum { ROW_SIZE = 48 };

typedef struct side {
    order *orders;
    size_t count;
} side;

typedef struct book {
    pg_config config;
    pg_host host;
    side sides[2]; /* of PG_BUY and PG_SELL */
} book;

typedef struct sweep { /* an op while it trades */
    book *book;
    pg_op op;
    int64_t leaves_lots;
    uint32_t fills;
    uint32_t passives; /* cancels and reductions of resting orders */
    pg_report *reports;
    size_t count;
} sweep;

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

static side *side_of(book *b, int number) { return &b->sides[number == PG_SELL]; }

/* Is `price` at least as good for its own side as `than`? */
static int as_good(int number, int64_t price, int64_t than) { return number == PG_BUY ? price >= than : price <= than; }

static pg_report *report(sweep *s, int kind, int reason, const order *about, int64_t lots) {
    pg_report *r = &s->reports[s->count++];
    memset(r, 0, sizeof *r);
    r->order_id = about->order_id;
    r->price_ticks = about->price_ticks;
    r->lots = lots;
    r->owner = about->owner;
    r->kind = (uint8_t)kind;
    r->reason = (uint8_t)reason;
    return r;
}

/* The op's own order as it is now: for reports about it, and to rest. */
static order own(const sweep *s) {
    order o;
    memset(&o, 0, sizeof o);
    o.order_id = s->op.order_id;
    o.price_ticks = s->op.price_ticks;
    o.leaves_lots = s->leaves_lots;
    o.display_lots = s->op.display_lots;
    o.shown_lots = o.display_lots ? lesser(o.display_lots, o.leaves_lots) : o.leaves_lots;
    o.stp_group = s->op.stp_group;
    o.side = s->op.side;
    o.flags = s->op.flags;
    o.owner = s->op.owner;
    return o;
}

static void kill_rest(sweep *s, int reason) {
    order o = own(s);
    report(s, PG_CANCELLED, reason, &o, s->leaves_lots);
    s->leaves_lots = 0;
}

static void refuse(sweep *s, int reason) {
    order o;
    memset(&o, 0, sizeof o);
    o.order_id = s->op.order_id;
    o.owner = s->op.owner;
    report(s, PG_REFUSED, reason, &o, 0);
}

/* ---- the arrays */

static void take_out(side *from, size_t at) {
    memmove(&from->orders[at], &from->orders[at + 1], (--from->count - at) * sizeof(order));
}

static void put_in(book *b, order o) {
    side *into = side_of(b, o.side);
    size_t at = 0;
    while (at < into->count && as_good(o.side, into->orders[at].price_ticks, o.price_ticks)) at++;
    memmove(&into->orders[at + 1], &into->orders[at], (into->count++ - at) * sizeof(order));
    into->orders[at] = o;
}

/* Where the order is; NULL when it is not on the book. */
static side *find(book *b, uint64_t order_id, size_t *at) {
    for (int n = 0; n < 2; n++)
        for (*at = 0; *at < b->sides[n].count; (*at)++)
            if (b->sides[n].orders[*at].order_id == order_id) return &b->sides[n];
    return NULL;
}

static int crosses(book *b, int number, int64_t price_ticks) {
    const side *opposite = side_of(b, PG_BUY + PG_SELL - number);
    return opposite->count > 0 && as_good(number, price_ticks, opposite->orders[0].price_ticks);
}

/* ---- meeting the order at the front of the other side */

static void drop(sweep *s, side *from, size_t at, int reason, int64_t lots) {
    order gone = from->orders[at];
    take_out(from, at);
    s->passives++;
    report(s, PG_CANCELLED, reason, &gone, lots)->taker_leaves_lots = s->leaves_lots;
}

static void prevent(sweep *s, side *opposite) {
    order *met = &opposite->orders[0];
    int64_t lots = lesser(s->leaves_lots, met->leaves_lots);
    pg_report *r;
    if (s->op.stp_mode == PG_STP_CANCEL_PASSIVE || s->op.stp_mode == PG_STP_CANCEL_BOTH)
        drop(s, opposite, 0, PG_STP, met->leaves_lots);
    if (s->op.stp_mode == PG_STP_CANCEL_AGGRESSOR || s->op.stp_mode == PG_STP_CANCEL_BOTH) kill_rest(s, PG_STP);
    if (s->op.stp_mode != PG_STP_DECREMENT) return;
    if (lots == met->leaves_lots) {
        drop(s, opposite, 0, PG_STP, lots);
    } else {
        met->leaves_lots -= lots;
        met->shown_lots = lesser(met->shown_lots, met->leaves_lots);
        s->passives++;
        r = report(s, PG_REDUCED, PG_STP, met, lots);
        r->leaves_lots = met->leaves_lots;
        r->shown_lots = met->shown_lots;
        r->taker_leaves_lots = s->leaves_lots;
    }
    if (lots == s->leaves_lots) {
        kill_rest(s, PG_STP);
    } else {
        s->leaves_lots -= lots;
        order o = own(s);
        r = report(s, PG_REDUCED, PG_STP, &o, lots);
        r->leaves_lots = r->taker_leaves_lots = s->leaves_lots;
    }
}

static void trade(sweep *s, side *opposite) {
    order met = opposite->orders[0];
    int64_t lots = lesser(s->leaves_lots, met.shown_lots), cap = INT64_MAX;
    size_t at;
    pg_report *r;
    if (met.flags & PG_REDUCE_ONLY) {
        const pg_host *host = &s->book->host;
        cap = host->reduce_cap(host->context, met.owner, met.side, s->reports, s->count);
        if (cap <= 0) {
            drop(s, opposite, 0, PG_REDUCE_LIMIT, met.leaves_lots);
            return;
        }
        lots = lesser(lots, cap);
    }
    met.leaves_lots -= lots;
    met.shown_lots -= lots;
    s->leaves_lots -= lots;
    s->fills++;
    if (met.shown_lots > 0) {
        opposite->orders[0] = met;
    } else {
        take_out(opposite, 0);
        met.shown_lots = lesser(met.display_lots, met.leaves_lots); /* a new slice, behind the others */
        if (met.leaves_lots > 0) put_in(s->book, met);
    }
    r = report(s, PG_FILL, 0, &met, lots);
    r->leaves_lots = met.leaves_lots;
    r->shown_lots = met.shown_lots;
    r->taker_leaves_lots = s->leaves_lots;
    if (lots == cap && met.leaves_lots > 0) {
        find(s->book, met.order_id, &at);
        drop(s, opposite, at, PG_REDUCE_LIMIT, met.leaves_lots);
    }
}

/* ---- ops */

static void rest(sweep *s) {
    order o = own(s);
    pg_report *r;
    put_in(s->book, o);
    r = report(s, PG_RESTED, 0, &o, 0);
    r->leaves_lots = o.leaves_lots;
    r->shown_lots = o.shown_lots;
}

static void take(sweep *s) {
    const uint32_t most = s->book->config.fills_max;
    side *opposite = side_of(s->book, PG_BUY + PG_SELL - s->op.side);
    while (s->leaves_lots > 0 && crosses(s->book, s->op.side, s->op.price_ticks)) {
        if (s->fills >= most || s->passives >= most)
            kill_rest(s, PG_SWEEP_LIMIT);
        else if (s->op.stp_group && opposite->orders[0].stp_group == s->op.stp_group)
            prevent(s, opposite);
        else
            trade(s, opposite);
    }
    if (s->leaves_lots == 0) return;
    if (s->op.execution == PG_IOC)
        kill_rest(s, PG_IOC_REST);
    else if (s->op.execution == PG_FOK)
        kill_rest(s, PG_FOK_KILLED);
    else
        rest(s);
}

/* Are `wanted` lots of others' orders there within the limit? */
static int reaches(const sweep *s, int64_t wanted) {
    const side *opposite = side_of(s->book, PG_BUY + PG_SELL - s->op.side);
    uint32_t visited = 0;
    for (size_t i = 0; i < opposite->count && visited < s->book->config.fills_max; i++) {
        const order *met = &opposite->orders[i];
        if (!as_good(s->op.side, s->op.price_ticks, met->price_ticks)) return 0;
        if (s->op.stp_group && met->stp_group == s->op.stp_group) {
            if (s->op.stp_mode != PG_STP_CANCEL_PASSIVE) return 0;
            continue;
        }
        visited++;
        wanted -= lesser(wanted, met->leaves_lots);
        if (wanted == 0) return 1;
    }
    return 0;
}

static void place(sweep *s) {
    const pg_op *op = &s->op;
    const int rests = op->execution == PG_REST || op->execution == PG_POST_ONLY;
    const size_t resting = s->book->sides[0].count + s->book->sides[1].count;
    if (op->execution == PG_POST_ONLY && crosses(s->book, op->side, op->price_ticks))
        refuse(s, PG_WOULD_CROSS);
    else if (rests && resting >= s->book->config.orders_max)
        refuse(s, PG_NO_CAPACITY);
    else if (op->execution == PG_FOK && !reaches(s, op->leaves_lots))
        kill_rest(s, PG_FOK_KILLED);
    else if (op->execution == PG_IOC && op->min_lots > 0 && !reaches(s, op->min_lots))
        kill_rest(s, PG_MIN_KILLED);
    else
        take(s);
}

static void cancel(sweep *s) {
    size_t at;
    side *on = find(s->book, s->op.order_id, &at);
    order gone;
    if (on == NULL) {
        refuse(s, PG_UNKNOWN_ORDER);
        return;
    }
    gone = on->orders[at];
    take_out(on, at);
    report(s, PG_CANCELLED, PG_ASKED, &gone, gone.leaves_lots);
}

static void replace(sweep *s) {
    size_t at;
    side *on = find(s->book, s->op.order_id, &at);
    order *old;
    pg_report *r;
    if (on == NULL) {
        refuse(s, PG_UNKNOWN_ORDER);
        return;
    }
    old = &on->orders[at];
    if (s->op.price_ticks == old->price_ticks && s->op.leaves_lots <= old->leaves_lots) {
        old->leaves_lots = s->op.leaves_lots;
        old->shown_lots = lesser(old->shown_lots, old->leaves_lots);
        r = report(s, PG_REPLACED, 0, old, 0);
        r->leaves_lots = old->leaves_lots;
        r->shown_lots = old->shown_lots;
        return;
    }
    if (s->op.execution == PG_POST_ONLY && crosses(s->book, old->side, s->op.price_ticks)) {
        refuse(s, PG_WOULD_CROSS);
        return;
    }
    s->op.side = old->side;
    s->op.flags = old->flags;
    s->op.owner = old->owner;
    s->op.stp_group = old->stp_group;
    s->op.display_lots = old->display_lots;
    take_out(on, at);
    order o = own(s);
    report(s, PG_REPLACED, 0, &o, 0)->leaves_lots = s->leaves_lots;
    take(s);
}

/* ---- the table */

static void destroy(void *data) {
    book *b = data;
    free(b->sides[0].orders);
    free(b->sides[1].orders);
    free(b);
}

static void *create(const pg_config *config, const pg_host *host) {
    book *b = calloc(1, sizeof *b);
    if (b == NULL) return NULL;
    b->config = *config;
    b->host = *host;
    for (int n = 0; n < 2; n++) {
        b->sides[n].orders = calloc(config->orders_max + 1u, sizeof(order));
        if (b->sides[n].orders == NULL) {
            destroy(b);
            return NULL;
        }
    }
    return b;
}

static size_t execute(void *data, const pg_op *ops, size_t ops_count, pg_report *reports, size_t reports_capacity,
                      size_t *reports_count) {
    book *b = data;
    size_t done = 0, written = 0;
    while (done < ops_count && reports_capacity - written >= PG_REPORTS_MAX(b->config.fills_max)) {
        sweep s = {b, ops[done], ops[done].leaves_lots, 0, 0, &reports[written], 0};
        if (s.op.action == PG_PLACE)
            place(&s);
        else if (s.op.action == PG_CANCEL)
            cancel(&s);
        else
            replace(&s);
        written += s.count;
        done++;
    }
    *reports_count = written;
    return done;
}

static size_t depth(void *data, uint8_t number, pg_level *levels, size_t capacity) {
    const side *from = side_of(data, number);
    size_t used = 0;
    for (size_t i = 0; i < from->count; i++) {
        const order *o = &from->orders[i];
        if (used == 0 || levels[used - 1].price_ticks != o->price_ticks) {
            if (used == capacity) break;
            levels[used].price_ticks = o->price_ticks;
            levels[used].shown_lots = 0;
            levels[used++].orders = 0;
        }
        levels[used - 1].shown_lots += o->shown_lots;
        levels[used - 1].orders++;
    }
    return used;
}

static int best(void *data, uint8_t number, int64_t *price_ticks, int64_t *shown_lots) {
    pg_level level;
    if (depth(data, number, &level, 1) == 0) return 0;
    *price_ticks = level.price_ticks;
    *shown_lots = level.shown_lots;
    return 1;
}

static size_t snapshot(void *data, uint8_t *bytes, size_t capacity) {
    book *b = data;
    const size_t size = (b->sides[0].count + b->sides[1].count) * ROW_SIZE;
    if (size > capacity) return size;
    for (int n = 0; n < 2; n++)
        for (size_t i = 0; i < b->sides[n].count; i++, bytes += ROW_SIZE)
            memcpy(bytes, &b->sides[n].orders[i], ROW_SIZE);
    return size;
}

static int restore(void *data, const uint8_t *bytes, size_t size, const uint64_t *order_ids, const uint32_t *owners,
                   size_t owners_count) {
    book *b = data;
    if (size % ROW_SIZE || size / ROW_SIZE > b->config.orders_max) return -1;
    for (; size; size -= ROW_SIZE, bytes += ROW_SIZE) {
        order o;
        size_t i = 0, at;
        memset(&o, 0, sizeof o);
        memcpy(&o, bytes, ROW_SIZE);
        while (i < owners_count && order_ids[i] != o.order_id) i++;
        if (i == owners_count || (o.side != PG_BUY && o.side != PG_SELL) || find(b, o.order_id, &at) != NULL) return -1;
        o.owner = owners[i];
        put_in(b, o);
    }
    return 0;
}

const pg_matcher_api perpgate_matcher_v1 = {
    PERPGATE_MATCHER_ABI, sizeof(pg_matcher_api), "linear_book", create, destroy, execute, best, depth, snapshot,
    restore,
};
