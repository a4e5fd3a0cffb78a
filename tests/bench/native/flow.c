/* Generates an order flow for a matcher: messages as packed pg_op records.
 *
 * tests/bench/matching.py calls flow_generate once per shape; nothing here is timed. The flow is made against a live book
 * (any matcher table), so that every cancel and every replace names an order that rests. Integers only: a seed gives
 * the same bytes on every machine.
 */
#include "perpgate_matcher.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_STATIC, PATH_DRIFT, PATH_SWING, PATH_CRASH };

typedef struct flow_shape {
    uint64_t seed;
    uint64_t base_ticks;         /* the mid price at the beginning */
    uint64_t spread_ticks;       /* mean distance of a new resting order from the mid */
    uint64_t cancel_age_min;     /* 0: a cancel follows its order at once; else the order is so many messages old */
    uint32_t new_permille;       /* of all messages; the rest replaces */
    uint32_t cancel_permille;
    uint32_t taker_permille;     /* of the new orders: IOC at the best opposite price */
    uint32_t path;               /* how the mid moves */
    uint32_t amplitude_permille; /* how far, of base_ticks */
} flow_shape;

typedef struct flow_facts { /* what the flow turned out to be */
    uint64_t fills;
    uint64_t level_changes; /* messages that opened or closed a price level */
    uint64_t live_max;
    uint64_t cancel_age_sum; /* in messages */
    uint64_t cancels;
    uint64_t price_min_ticks, price_max_ticks;
} flow_facts;

typedef struct order {
    int64_t price_ticks, leaves_lots;
    uint32_t next, prev; /* by age */
    uint32_t at;         /* index in `live`, which is in no order */
    uint8_t side;
} order;

typedef struct flow {
    const flow_shape *shape;
    const pg_matcher_api *api;
    void *book;
    flow_facts *facts;
    uint64_t random;
    order *orders; /* by order id; [0] is the head of the list by age */
    uint32_t *live;
    uint64_t live_count;
    uint16_t *levels; /* orders by price */
    pg_report *reports;
    size_t reports_max;
} flow;

enum { SWINGS = 1, LOTS_MAX = 100 };

static uint64_t draw(flow *f, uint64_t below)
{
    uint64_t z = f->random += 0x9E3779B97F4A7C15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint64_t)(((unsigned __int128)(z ^ (z >> 31)) * below) >> 64);
}

/* The mid at message `i` of `count`. */
static int64_t mid_at(const flow_shape *s, uint64_t i, uint64_t count)
{
    int64_t base = (int64_t)s->base_ticks, reach = base * s->amplitude_permille / 1000;
    int64_t permyriad = (int64_t)(i * 10000 / count), phase;
    switch (s->path) {
    case PATH_DRIFT:
        return base + reach * permyriad / 10000;
    case PATH_SWING: /* up, down and back in straight lines */
        phase = (int64_t)(i * SWINGS * 40000 / count % 40000);
        if (phase >= 30000) return base - reach + reach * (phase - 30000) / 10000;
        return base + reach * (phase < 10000 ? phase : 20000 - phase) / 10000;
    case PATH_CRASH: /* down within 2 % of the messages, half way back within the next 8 % */
        if (permyriad < 4000) return base;
        if (permyriad < 4200) return base - reach * (permyriad - 4000) / 200;
        if (permyriad < 5000) return base - reach + reach / 2 * (permyriad - 4200) / 800;
        return base - reach / 2;
    default:
        return base;
    }
}

static void enter(flow *f, uint32_t id, int64_t price_ticks, int64_t leaves_lots, uint8_t side)
{
    order *o = &f->orders[id], *head = &f->orders[0];
    *o = (order){price_ticks, leaves_lots, 0, head->prev, (uint32_t)f->live_count, side};
    f->orders[head->prev].next = id;
    head->prev = id;
    f->live[f->live_count++] = id;
    if (f->live_count > f->facts->live_max) f->facts->live_max = f->live_count;
}

static void leave(flow *f, uint32_t id)
{
    order *o = &f->orders[id];
    f->orders[o->next].prev = o->prev;
    f->orders[o->prev].next = o->next;
    f->live[o->at] = f->live[--f->live_count];
    f->orders[f->live[o->at]].at = o->at;
}

static int level_gains(flow *f, int64_t price_ticks)
{
    if ((uint64_t)price_ticks < f->facts->price_min_ticks) f->facts->price_min_ticks = (uint64_t)price_ticks;
    if ((uint64_t)price_ticks > f->facts->price_max_ticks) f->facts->price_max_ticks = (uint64_t)price_ticks;
    return f->levels[price_ticks]++ == 0;
}

static int level_loses(flow *f, int64_t price_ticks) { return --f->levels[price_ticks] == 0; }

/* Carries an op out on the generator's own book and follows what happened. */
static void follow(flow *f, const pg_op *op)
{
    size_t count = 0;
    int changed = 0;
    f->api->execute(f->book, op, 1, f->reports, f->reports_max, &count);
    if (count >= f->reports_max / 3) abort(); /* at the sweep limit, which the peer does not have */
    for (const pg_report *r = f->reports; r < f->reports + count; r++) {
        uint32_t id = (uint32_t)r->order_id;
        switch (r->kind) {
        case PG_RESTED:
            if (op->action == PG_PLACE) enter(f, id, r->price_ticks, r->leaves_lots, op->side);
            f->orders[id].price_ticks = r->price_ticks;
            f->orders[id].leaves_lots = r->leaves_lots;
            changed |= level_gains(f, r->price_ticks);
            break;
        case PG_FILL:
            f->facts->fills++;
            f->orders[id].leaves_lots = r->leaves_lots;
            if (r->leaves_lots) break;
            changed |= level_loses(f, r->price_ticks);
            leave(f, id);
            break;
        case PG_CANCELLED:
            if (op->action != PG_CANCEL) break; /* the rest of an IOC */
            changed |= level_loses(f, r->price_ticks);
            leave(f, id);
            break;
        case PG_REPLACED: /* in place it keeps its level; else PG_RESTED or fills follow */
            f->orders[id].leaves_lots = r->leaves_lots;
            if (r->shown_lots == 0) changed |= level_loses(f, f->orders[id].price_ticks);
            break;
        default:
            abort(); /* the flow asks for nothing that could be refused */
        }
    }
    if (op->action == PG_REPLACE && f->reports[0].shown_lots == 0 && f->reports[count - 1].kind != PG_RESTED)
        leave(f, (uint32_t)op->order_id); /* it traded to the end */
    f->facts->level_changes += (uint64_t)changed;
}

static int64_t near_mid(flow *f, int64_t mid_ticks, uint8_t side)
{
    /* The product of two draws: most orders close to the mid, a few far away. */
    uint64_t reach = 4 * f->shape->spread_ticks;
    int64_t offset = 1 + (int64_t)draw(f, draw(f, reach) + 1);
    return side == PG_BUY ? mid_ticks - offset : mid_ticks + offset;
}

static void make_new(flow *f, pg_op *op, uint64_t id, int64_t mid_ticks)
{
    uint8_t against = PG_BUY;
    int64_t best_ticks, shown_lots;
    op->action = PG_PLACE;
    op->order_id = id;
    op->side = (uint8_t)(PG_BUY + draw(f, 2));
    op->execution = PG_REST;
    op->leaves_lots = 1 + (int64_t)draw(f, LOTS_MAX);
    if (op->side == PG_BUY) against = PG_SELL;
    if (draw(f, 1000) < f->shape->taker_permille && f->api->best(f->book, against, &best_ticks, &shown_lots)) {
        op->execution = PG_IOC;
        op->price_ticks = best_ticks;
    } else {
        op->price_ticks = near_mid(f, mid_ticks, op->side);
    }
}

static uint32_t pick(flow *f, uint64_t id)
{
    uint32_t found = f->orders[0].prev;
    if (f->shape->cancel_age_min) {
        for (int attempts = 0; attempts < 100; attempts++) {
            found = f->live[draw(f, f->live_count)];
            if (id - found >= f->shape->cancel_age_min) break;
        }
        return found;
    }
    while (draw(f, 4) && f->orders[found].prev) found = f->orders[found].prev;
    return found;
}

static void make_replace(flow *f, pg_op *op, uint32_t target, int64_t mid_ticks)
{
    const order *o = &f->orders[target];
    op->action = PG_REPLACE;
    op->order_id = target;
    op->execution = PG_REST;
    op->price_ticks = o->price_ticks;
    op->leaves_lots = o->leaves_lots;
    switch (draw(f, 4)) {
    case 0: /* less: keeps its place */
        op->leaves_lots -= (int64_t)draw(f, (uint64_t)o->leaves_lots);
        break;
    case 1: /* more: to the end of the queue */
        op->leaves_lots += 1 + (int64_t)draw(f, LOTS_MAX);
        break;
    default:
        op->price_ticks = near_mid(f, mid_ticks, o->side);
    }
}

static void make(flow *f, pg_op *op, uint64_t id, int64_t mid_ticks)
{
    uint64_t roll = draw(f, 1000);
    uint32_t target;
    memset(op, 0, sizeof(*op));
    op->owner = (uint32_t)(id % 1000) + 1;
    op->stp_mode = PG_STP_CANCEL_PASSIVE;
    if (roll < f->shape->new_permille || f->live_count == 0) {
        make_new(f, op, id, mid_ticks);
        return;
    }
    target = pick(f, id);
    op->owner = target % 1000 + 1;
    if (roll >= f->shape->new_permille + f->shape->cancel_permille) {
        make_replace(f, op, target, mid_ticks);
        return;
    }
    op->action = PG_CANCEL;
    op->order_id = target;
    f->facts->cancels++;
    f->facts->cancel_age_sum += id - target;
}

/* Fills `ops` with `resting` places that make the book and then `count` messages. Returns 0, or -1 when there is no memory. */
int flow_generate(const pg_matcher_api *api, const pg_config *config, const pg_host *host, const flow_shape *shape,
                  pg_op *ops, size_t resting, size_t count, flow_facts *facts)
{
    flow f = {.shape = shape, .api = api, .facts = facts, .random = shape->seed};
    size_t made = 0;
    f.book = api->create(config, host);
    f.orders = calloc(resting + count + 1, sizeof(order));
    f.live = calloc(resting + count + 1, sizeof(uint32_t));
    f.levels = calloc(config->price_levels, sizeof(uint16_t));
    f.reports_max = PG_REPORTS_MAX(config->fills_max);
    f.reports = calloc(f.reports_max, sizeof(pg_report));
    if (f.book && f.orders && f.live && f.levels && f.reports) {
        for (; made < resting + count; made++) {
            int64_t mid_ticks = mid_at(shape, made < resting ? 0 : made - resting, count);
            pg_op *op = &ops[made];
            if (made == resting) *facts = (flow_facts){.price_min_ticks = UINT64_MAX};
            if (made < resting) {
                memset(op, 0, sizeof(*op));
                op->action = PG_PLACE;
                op->order_id = made + 1;
                op->owner = (uint32_t)(op->order_id % 1000) + 1;
                op->side = (uint8_t)(PG_BUY + made % 2);
                op->execution = PG_REST;
                op->stp_mode = PG_STP_CANCEL_PASSIVE;
                op->leaves_lots = 1 + (int64_t)draw(&f, LOTS_MAX);
                op->price_ticks = near_mid(&f, mid_ticks, op->side);
            } else {
                make(&f, op, made + 1, mid_ticks);
            }
            follow(&f, op);
        }
    }
    if (f.book) api->destroy(f.book);
    free(f.orders);
    free(f.live);
    free(f.levels);
    free(f.reports);
    return made == resting + count ? 0 : -1;
}
