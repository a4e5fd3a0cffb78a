// The peer of the matching benchmark: a price-time book as a good C++ programmer writes it at first. A std::map of price
// levels per side, an intrusive doubly linked list of orders in each, a std::unordered_map from order id to order with room
// reserved for all, one new and delete per order. It answers through the same table with the same reports, so both books do
// the same work; the benchmark compares every byte of them. What the flow does not use (self-trade prevention, icebergs,
// reduce-only, minimum quantities, snapshots) it does not have, which is to its advantage.
#include "perpgate_matcher.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <unordered_map>

namespace {

struct Order;

struct Level {
    int64_t shown_lots = 0;
    Order *first = nullptr;
    Order *last = nullptr;
};

using Levels = std::map<int64_t, Level>; // by price, for bids by -price: the best is always the first

struct Order {
    uint64_t id;
    int64_t price_ticks;
    int64_t leaves_lots;
    Levels::iterator level;
    Order *next;
    Order *prev;
    uint32_t owner;
    uint8_t side;
};

class Reports {
public:
    explicit Reports(pg_report *at) : next_(at) {}

    pg_report &add(uint8_t kind, uint8_t reason, uint64_t order_id, uint32_t owner)
    {
        *next_ = pg_report{};
        next_->order_id = order_id;
        next_->owner = owner;
        next_->kind = kind;
        next_->reason = reason;
        return *next_++;
    }

    pg_report *end() const { return next_; }

private:
    pg_report *next_;
};

class MapBook {
public:
    explicit MapBook(const pg_config &config) : reports_max_(PG_REPORTS_MAX(config.fills_max)), orders_max_(config.orders_max)
    {
        orders_.reserve(config.orders_max);
    }

    ~MapBook()
    {
        for (auto &entry : orders_) delete entry.second;
    }

    size_t reports_max() const { return reports_max_; }

    void place(const pg_op &op, Reports &reports)
    {
        if (op.execution == PG_POST_ONLY && crosses(op)) {
            reports.add(PG_REFUSED, PG_WOULD_CROSS, op.order_id, op.owner);
            return;
        }
        if (op.execution <= PG_POST_ONLY && orders_.size() == orders_max_) {
            reports.add(PG_REFUSED, PG_NO_CAPACITY, op.order_id, op.owner);
            return;
        }
        int64_t leaves_lots = trade(op, reports);
        if (leaves_lots == 0) return;
        if (op.execution == PG_IOC) {
            pg_report &report = reports.add(PG_CANCELLED, PG_IOC_REST, op.order_id, op.owner);
            report.price_ticks = op.price_ticks;
            report.lots = leaves_lots;
            return;
        }
        rest(op, leaves_lots, reports);
    }

    void cancel(const pg_op &op, Reports &reports)
    {
        auto found = orders_.find(op.order_id);
        if (found == orders_.end()) {
            reports.add(PG_REFUSED, PG_UNKNOWN_ORDER, op.order_id, 0);
            return;
        }
        Order *order = found->second;
        pg_report &report = reports.add(PG_CANCELLED, PG_ASKED, order->id, order->owner);
        report.price_ticks = order->price_ticks;
        report.lots = order->leaves_lots;
        orders_.erase(found);
        leave_level(order);
        delete order;
    }

    void replace(const pg_op &op, Reports &reports)
    {
        auto found = orders_.find(op.order_id);
        if (found == orders_.end()) {
            reports.add(PG_REFUSED, PG_UNKNOWN_ORDER, op.order_id, op.owner);
            return;
        }
        Order *order = found->second;
        if (order->price_ticks == op.price_ticks && op.leaves_lots <= order->leaves_lots) {
            order->level->second.shown_lots += op.leaves_lots - order->leaves_lots;
            order->leaves_lots = op.leaves_lots;
            pg_report &report = reports.add(PG_REPLACED, 0, order->id, order->owner);
            report.price_ticks = op.price_ticks;
            report.leaves_lots = report.shown_lots = op.leaves_lots;
            return;
        }
        pg_op again = op;
        again.side = order->side;
        again.owner = order->owner;
        if (op.execution == PG_POST_ONLY && crosses(again)) {
            reports.add(PG_REFUSED, PG_WOULD_CROSS, op.order_id, op.owner);
            return;
        }
        pg_report &report = reports.add(PG_REPLACED, 0, order->id, order->owner);
        report.price_ticks = op.price_ticks;
        report.leaves_lots = op.leaves_lots;
        orders_.erase(found);
        leave_level(order);
        delete order;
        place(again, reports);
    }

    int best(uint8_t side, int64_t *price_ticks, int64_t *shown_lots) const
    {
        const Levels &levels = levels_[side == PG_SELL];
        if (levels.empty()) return 0;
        *price_ticks = std::abs(levels.begin()->first);
        *shown_lots = levels.begin()->second.shown_lots;
        return 1;
    }

private:
    static int64_t key(uint8_t side, int64_t price_ticks) { return side == PG_BUY ? -price_ticks : price_ticks; }

    bool crosses(const pg_op &op) const
    {
        const Levels &against = levels_[op.side == PG_BUY];
        return !against.empty() && against.begin()->first <= -key(op.side, op.price_ticks);
    }

    int64_t trade(const pg_op &op, Reports &reports)
    {
        Levels &against = levels_[op.side == PG_BUY];
        int64_t leaves_lots = op.leaves_lots;
        while (leaves_lots > 0 && crosses(op)) {
            Level &level = against.begin()->second;
            Order *order = level.first;
            int64_t lots = std::min(leaves_lots, order->leaves_lots);
            leaves_lots -= lots;
            order->leaves_lots -= lots;
            level.shown_lots -= lots;
            pg_report &report = reports.add(PG_FILL, 0, order->id, order->owner);
            report.price_ticks = order->price_ticks;
            report.lots = lots;
            report.leaves_lots = report.shown_lots = order->leaves_lots;
            report.taker_leaves_lots = leaves_lots;
            if (order->leaves_lots == 0) {
                orders_.erase(order->id);
                leave_level(order);
                delete order;
            }
        }
        return leaves_lots;
    }

    void rest(const pg_op &op, int64_t leaves_lots, Reports &reports)
    {
        auto at = levels_[op.side == PG_SELL].try_emplace(key(op.side, op.price_ticks)).first;
        Level &level = at->second;
        auto *order = new Order{op.order_id, op.price_ticks, leaves_lots, at, nullptr, level.last, op.owner, op.side};
        (level.last ? level.last->next : level.first) = order;
        level.last = order;
        level.shown_lots += leaves_lots;
        orders_.emplace(op.order_id, order);
        pg_report &report = reports.add(PG_RESTED, 0, op.order_id, op.owner);
        report.price_ticks = op.price_ticks;
        report.leaves_lots = report.shown_lots = leaves_lots;
    }

    void leave_level(Order *order)
    {
        Level &level = order->level->second;
        level.shown_lots -= order->leaves_lots;
        (order->prev ? order->prev->next : level.first) = order->next;
        (order->next ? order->next->prev : level.last) = order->prev;
        if (level.first == nullptr) levels_[order->side == PG_SELL].erase(order->level);
    }

    Levels levels_[2]; // buy, sell
    std::unordered_map<uint64_t, Order *> orders_;
    size_t reports_max_;
    size_t orders_max_;
};

void *create(const pg_config *config, const pg_host *) { return new MapBook(*config); }

void destroy(void *book) { delete static_cast<MapBook *>(book); }

size_t execute(void *handle, const pg_op *ops, size_t ops_count, pg_report *reports, size_t capacity, size_t *reports_count)
{
    MapBook &book = *static_cast<MapBook *>(handle);
    Reports out(reports);
    size_t done = 0;
    for (; done < ops_count && static_cast<size_t>(out.end() - reports) + book.reports_max() <= capacity; done++) {
        const pg_op &op = ops[done];
        if (op.stp_group || op.display_lots || op.min_lots || op.flags || op.execution == PG_FOK) std::abort();
        if (op.action == PG_PLACE)
            book.place(op, out);
        else if (op.action == PG_CANCEL)
            book.cancel(op, out);
        else
            book.replace(op, out);
    }
    *reports_count = static_cast<size_t>(out.end() - reports);
    return done;
}

int best(void *book, uint8_t side, int64_t *price_ticks, int64_t *shown_lots)
{
    return static_cast<MapBook *>(book)->best(side, price_ticks, shown_lots);
}

} // namespace

extern "C" {
extern const pg_matcher_api perpgate_matcher_v1;
const pg_matcher_api perpgate_matcher_v1 = {
    PERPGATE_MATCHER_ABI, sizeof(pg_matcher_api), "map_book", create, destroy, execute, best, nullptr, nullptr, nullptr,
};
}
