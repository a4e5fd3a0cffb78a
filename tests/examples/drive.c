/* Drives a matcher through its function table alone, as a program in C would: what perpgate_matcher.h promises.
 * `drive` returns NULL when all of it was true, else what was not. Compiled as C11 and as C++17 by the test. */
#include "perpgate_matcher.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(x) #x
#define LINE(n) TEXT(n)
#define CHECK(condition) \
    if (!(condition)) return "line " LINE(__LINE__) ": " #condition

enum { FILLS_MAX = 4, CAPACITY = 64, SIDES = 3 };

static int64_t caps_asked, cap_given, reports_seen;

static int64_t reduce_cap(void *context, uint32_t owner, uint8_t side, const pg_report *reports, size_t reports_count) {
    caps_asked += *(int64_t *)context;
    reports_seen = (int64_t)reports_count;
    if (reports_count > 0 && reports[0].kind != PG_FILL) return -1;
    return owner == 9 && side == PG_SELL ? cap_given : -1;
}

static pg_op op(int action, uint64_t order_id, int side, int64_t price_ticks, int64_t leaves_lots, int execution) {
    pg_op o;
    memset(&o, 0, sizeof o);
    o.action = (uint8_t)action;
    o.order_id = order_id;
    o.side = (uint8_t)side;
    o.price_ticks = price_ticks;
    o.leaves_lots = leaves_lots;
    o.execution = (uint8_t)execution;
    o.stp_mode = PG_STP_CANCEL_PASSIVE;
    o.owner = (uint32_t)order_id + 100;
    return o;
}

static const char *sizes(void) {
    CHECK(sizeof(pg_op) == 64);
    CHECK(sizeof(pg_report) == 64);
    CHECK(sizeof(pg_level) == 24);
    CHECK(sizeof(pg_config) == 24);
    CHECK(offsetof(pg_op, action) == 48 && offsetof(pg_op, flags) == 52);
    CHECK(offsetof(pg_report, owner) == 48 && offsetof(pg_report, kind) == 52 && offsetof(pg_report, reason) == 53);
    return NULL;
}

static const char *trading(const pg_matcher_api *api, void *book) {
    pg_op ops[4];
    pg_report r[CAPACITY];
    size_t count = 0;
    int64_t price = -1, shown = -1;
    CHECK(api->best(book, PG_BUY, &price, &shown) == 0 && price == -1 && shown == -1);
    ops[0] = op(PG_PLACE, 1, PG_SELL, 101, 5, PG_REST);
    ops[1] = op(PG_PLACE, 2, PG_SELL, 100, 3, PG_POST_ONLY);
    ops[2] = op(PG_PLACE, 3, PG_BUY, 101, 4, PG_IOC);
    ops[3] = op(PG_PLACE, 4, PG_BUY, 101, 1, PG_POST_ONLY);
    CHECK(api->execute(book, ops, 4, r, CAPACITY, &count) == 4);
    CHECK(count == 5);
    CHECK(r[0].kind == PG_RESTED && r[0].order_id == 1 && r[0].leaves_lots == 5 && r[0].shown_lots == 5);
    CHECK(r[1].kind == PG_RESTED && r[1].order_id == 2 && r[1].owner == 102);
    CHECK(r[2].kind == PG_FILL && r[2].order_id == 2 && r[2].price_ticks == 100 && r[2].lots == 3);
    CHECK(r[2].leaves_lots == 0 && r[2].taker_leaves_lots == 1);
    CHECK(r[3].kind == PG_FILL && r[3].order_id == 1 && r[3].price_ticks == 101 && r[3].lots == 1);
    CHECK(r[4].kind == PG_REFUSED && r[4].reason == PG_WOULD_CROSS && r[4].order_id == 4 && r[4].owner == 104);
    CHECK(api->best(book, PG_SELL, &price, &shown) == 1 && price == 101 && shown == 4);
    ops[0] = op(PG_REPLACE, 1, 0, 102, 6, PG_REST);
    ops[1] = op(PG_CANCEL, 1, 0, 0, 0, 0);
    ops[2] = op(PG_CANCEL, 1, 0, 0, 0, 0);
    CHECK(api->execute(book, ops, 3, r, CAPACITY, &count) == 3 && count == 4);
    CHECK(r[0].kind == PG_REPLACED && r[0].price_ticks == 102 && r[0].leaves_lots == 6);
    CHECK(r[1].kind == PG_RESTED && r[1].order_id == 1);
    CHECK(r[2].kind == PG_CANCELLED && r[2].reason == PG_ASKED && r[2].lots == 6 && r[2].owner == 101);
    CHECK(r[3].kind == PG_REFUSED && r[3].reason == PG_UNKNOWN_ORDER);
    return NULL;
}

/* As many ops are carried out as reports have room for; the next call goes on with the next op. */
static const char *pieces(const pg_matcher_api *api, void *book) {
    pg_op ops[3];
    pg_report r[PG_REPORTS_MAX(FILLS_MAX) + 1];
    size_t count = 0;
    ops[0] = op(PG_PLACE, 11, PG_BUY, 50, 1, PG_REST);
    ops[1] = op(PG_PLACE, 12, PG_BUY, 51, 1, PG_REST);
    ops[2] = op(PG_PLACE, 13, PG_BUY, 52, 1, PG_REST);
    CHECK(api->execute(book, ops, 3, r, PG_REPORTS_MAX(FILLS_MAX), &count) == 1 && count == 1 && r[0].order_id == 11);
    CHECK(api->execute(book, ops + 1, 2, r, PG_REPORTS_MAX(FILLS_MAX) + 1, &count) == 2 && count == 2);
    CHECK(r[1].order_id == 13);
    CHECK(api->execute(book, ops, 0, r, PG_REPORTS_MAX(FILLS_MAX), &count) == 0 && count == 0);
    return NULL;
}

/* The host is asked for orders with PG_REDUCE_ONLY alone, with the reports of the op so far. */
static const char *caps(const pg_matcher_api *api, void *book) {
    pg_op ops[3];
    pg_report r[CAPACITY];
    size_t count = 0;
    ops[0] = op(PG_PLACE, 21, PG_SELL, 90, 2, PG_REST);
    ops[1] = op(PG_PLACE, 22, PG_SELL, 91, 5, PG_REST);
    ops[1].owner = 9;
    ops[1].flags = PG_REDUCE_ONLY;
    ops[2] = op(PG_PLACE, 23, PG_BUY, 91, 7, PG_IOC);
    caps_asked = 0;
    cap_given = 3;
    CHECK(api->execute(book, ops, 3, r, CAPACITY, &count) == 3 && count == 6);
    CHECK(caps_asked == 1 && reports_seen == 1);
    CHECK(r[3].kind == PG_FILL && r[3].order_id == 22 && r[3].lots == 3 && r[3].leaves_lots == 2);
    CHECK(r[4].kind == PG_CANCELLED && r[4].reason == PG_REDUCE_LIMIT && r[4].lots == 2 && r[4].taker_leaves_lots == 2);
    CHECK(r[5].kind == PG_CANCELLED && r[5].reason == PG_IOC_REST && r[5].order_id == 23 && r[5].lots == 2);
    return NULL;
}

/* A snapshot says how large it is, writes only what fits, and fills another book of the same kind. */
static const char *saving(const pg_matcher_api *api, void *book, const pg_config *config, const pg_host *host) {
    const uint64_t ids[3] = {11, 12, 13};
    const uint32_t owners[3] = {111, 112, 113};
    pg_level a[5], b[5];
    uint8_t bytes[512], again[512];
    void *other = api->create(config, host), *unused = api->create(config, host);
    const size_t size = api->snapshot(book, NULL, 0);
    CHECK(other != NULL && unused != NULL);
    CHECK(size > 0 && size <= sizeof bytes);
    memset(bytes, 0xEE, sizeof bytes);
    CHECK(api->snapshot(book, bytes, size - 1) == size && bytes[0] == 0xEE);
    CHECK(api->snapshot(book, bytes, size) == size && bytes[size] == 0xEE);
    CHECK(api->restore(other, bytes, size, ids, owners, 3) == 0);
    CHECK(api->snapshot(other, again, sizeof again) == size && memcmp(bytes, again, size) == 0);
    CHECK(api->depth(book, PG_BUY, a, 5) == 3 && api->depth(other, PG_BUY, b, 5) == 3);
    CHECK(memcmp(a, b, 3 * sizeof(pg_level)) == 0);
    CHECK(a[0].price_ticks == 52 && a[2].price_ticks == 50 && a[0].orders == 1 && a[0].shown_lots == 1);
    CHECK(api->depth(other, PG_BUY, b, 2) == 2 && api->depth(other, PG_SELL, b, 2) == 0);
    CHECK(api->restore(unused, bytes, size - 1, ids, owners, 3) == -1);
    api->destroy(unused);
    api->destroy(other);
    return NULL;
}

#ifdef __cplusplus
extern "C"
#endif
    const char *drive(const pg_matcher_api *api, const char *name) {
    int64_t context = 1;
    pg_config config;
    pg_host host;
    void *book;
    const char *wrong = sizes();
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.instrument_id = 7;
    config.price_levels = 200;
    config.orders_max = 10;
    config.fills_max = FILLS_MAX;
    host.context = &context;
    host.reduce_cap = reduce_cap;
    if (wrong != NULL) return wrong;
    CHECK(api->abi_version == PERPGATE_MATCHER_ABI && api->struct_size >= sizeof(pg_matcher_api));
    CHECK(strcmp(api->name, name) == 0 && strlen(api->name) <= 23);
    book = api->create(&config, &host);
    CHECK(book != NULL);
    wrong = trading(api, book);
    if (wrong == NULL) wrong = pieces(api, book);
    if (wrong == NULL) wrong = caps(api, book);
    if (wrong == NULL) wrong = saving(api, book, &config, &host);
    api->destroy(book);
    return wrong;
}
