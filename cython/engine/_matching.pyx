"""Orders meet books: builds ops, turns reports into bookings and events, ends orders.

Called by `_orders` and `_work`. It never decides whether an order may be there. A matcher from outside is believed
only as far as its contract goes: a report that cannot be true stops the process.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memset

from engine._accruals cimport settle
from engine._attached cimport arm, parent_of, parent_t
from engine._checks cimport stops_fit
from engine._events cimport (
    set_ids, write_attached, write_modify_rejected, write_order, write_place_rejected, write_quote,
)
from engine._exposures cimport keep, kept_of, kept_t
from engine._ledger cimport book, charge
from engine._limits cimport count_trade
from engine._protections cimport count_fill, freeze_first
from engine._risk_state cimport protection_t
from engine._risk_tables cimport touch
from engine._state cimport (
    account_of, counts_as_reduce_only, instrument_of, instrument_t, is_stop, is_twap, leaves_of, match_t, modify_free,
    modify_remove, order_change, order_free, order_remove, order_rename, order_resize, order_t, position_t, state_t,
    terms_make, terms_of_order, trim_add, venue_slot,
)
from engine.arith cimport panic_unless
from engine.matcher cimport (
    PG_CANCEL, PG_CANCELLED, PG_FILL, PG_FOK, PG_FOK_KILLED, PG_IOC, PG_IOC_REST, PG_MIN_KILLED, PG_NO_CAPACITY,
    PG_PLACE, PG_POST_ONLY, PG_REDUCED, PG_REDUCE_LIMIT, PG_REDUCE_ONLY, PG_REFUSED, PG_REPLACE, PG_REPLACED, PG_REST,
    PG_RESTED, PG_STP, PG_SWEEP_LIMIT, PG_WOULD_CROSS, pg_host, pg_op, pg_report,
)
from engine.records cimport (
    EVENT_KIND_MMP_TRIPPED, EVENT_KIND_ORDER_CANCELLED, EVENT_KIND_ORDER_EXPIRED, EVENT_KIND_ORDER_FILLED,
    EVENT_KIND_ORDER_NEW, EVENT_KIND_ORDER_REPLACED, EVENT_KIND_ORDER_RESTATED, LIQUIDITY_MAKER, LIQUIDITY_TAKER,
    ORDER_FLAG_QUOTE, ORDER_FLAG_REDUCE_ONLY, ORDER_STATE_CANCELLED, ORDER_STATE_EXPIRED, ORDER_STATE_FILLED,
    ORDER_STATE_LIVE, ORDER_STATE_REJECTED, ORDER_STATE_UNTRIGGERED, ORDER_TYPE_ALO, ORDER_TYPE_MARKET, REASON_ACK,
    REASON_CANCELLED, REASON_CANCELLED_MMP, REASON_CANCELLED_STP, REASON_CANNOT_MODIFY_NO_SUCH_ORDER,
    REASON_FOK_CANCELLED, REASON_IOC_CANCELLED, REASON_MIN_QUANTITY_CANCELLED, REASON_REJECTED_ALO_WOULD_CROSS,
    REASON_REJECTED_CAPACITY, REASON_REJECTED_REDUCE_ONLY, REASON_SWEEP_LIMIT_CANCELLED, SIDE_BUY, SIDE_SELL,
    TIME_IN_FORCE_FOK, TIME_IN_FORCE_IOC, TRADE_KIND_NORMAL, order_event_t, place_t, snap_order_terms_t,
)


ctypedef struct booked_t:  # what a side of a fill did to its account's money
    int64_t realised_micro
    int64_t fee_micro


# ------------------------------------------------------------------------------------------------ talking to a matcher


cdef inline instrument_t *instrument_of_order(const state_t *state, uint32_t slot) noexcept nogil:
    return &state.instruments[instrument_of(&state.positions[state.orders[slot].position])]


cdef inline bint is_matched(const order_t *order) noexcept nogil:
    """Can a book hold it, or be at work on it? A TWAP waits for its next slice while one of them is matched."""
    return order.state == ORDER_STATE_LIVE or (order.state == ORDER_STATE_UNTRIGGERED and is_twap(order))


cdef inline uint32_t reported_order(const state_t *state, const pg_report *report) noexcept nogil:
    """Slot of the order that a report is about."""
    cdef uint32_t slot = report.owner
    panic_unless(
        (1 <= slot <= state.used_orders or slot == venue_slot(state))
        and state.orders[slot].order_id == report.order_id
        and is_matched(&state.orders[slot]),
        "a matcher reports an order that it does not hold",
    )
    return slot


cdef void count_moves(state_t *state, const pg_report *reports, size_t count) noexcept nogil:
    """Counts fills that are reported but not booked yet in both positions. Each is looked at once: the matcher asks
    with all reports of the op so far, so those that it asked with before come first."""
    cdef match_t *match = &state.match
    cdef const order_t *taker = &state.orders[match.taker]
    cdef const order_t *maker
    cdef int64_t bought
    while match.counted < count:
        if reports[match.counted].kind == PG_FILL:
            maker = &state.orders[reported_order(state, &reports[match.counted])]
            bought = reports[match.counted].lots if taker.side == SIDE_BUY else -reports[match.counted].lots
            state.positions[taker.position].moved_lots += bought
            state.positions[maker.position].moved_lots -= bought
        match.counted += 1


cdef void forget_moves(state_t *state, size_t count) noexcept nogil:
    """The op is done: its fills are about to be booked."""
    cdef size_t n
    state.positions[state.orders[state.match.taker].position].moved_lots = 0
    for n in range(count):
        if state.reports[n].kind == PG_FILL:
            state.positions[state.orders[reported_order(state, &state.reports[n])].position].moved_lots = 0
    state.match.counted = 0


cdef int64_t reduce_cap(
    void *context, uint32_t owner, uint8_t side, const pg_report *reports, size_t reports_count
) noexcept nogil:
    """host.reduce_cap: lots that the order in slot `owner` may still trade, the op's fills so far included."""
    cdef state_t *state = <state_t *> context
    cdef const position_t *position
    cdef int64_t lots
    panic_unless(state.match.taker != 0, "a matcher asks for a reduce-only cap while no order is matched")
    panic_unless(1 <= owner <= state.used_orders, "a matcher asks for the reduce-only cap of nobody")
    panic_unless(reports_count >= state.match.counted, "a matcher asks for a reduce-only cap with fewer reports")
    count_moves(state, reports, reports_count)
    position = &state.positions[state.orders[owner].position]
    lots = position.lots + position.moved_lots
    return max(lots, 0) if side == SIDE_SELL else max(-lots, 0)


cdef void fill_host(state_t *state, pg_host *host) noexcept nogil:
    host.context = state
    host.reduce_cap = reduce_cap


cdef size_t ask(state_t *state, uint32_t slot, const pg_op *op) noexcept nogil:
    """Has the order's book carry out one op; returns how many of state.reports it wrote."""
    cdef const instrument_t *instrument = instrument_of_order(state, slot)
    cdef size_t count = 0
    state.match.taker = slot
    panic_unless(
        instrument.api.execute(instrument.book, op, 1, state.reports, state.reports_capacity, &count) == 1,
        "a matcher does not carry out an op that it has room for",
    )
    panic_unless(1 <= count <= state.reports_capacity, "a matcher makes no report, or more than it may")
    if state.match.counted:
        forget_moves(state, count)
    state.match.taker = 0
    return count


# ------------------------------------------------------------------------------------------------------ ends of orders


cdef void retire(state_t *state, uint32_t slot, uint8_t was) noexcept nogil:
    """After the event that ended the order: it leaves all tables, and a modify that waited for it is answered."""
    cdef uint32_t modify = state.orders[slot].modify
    order_remove(state, slot, was)
    if modify:
        modify_remove(state, modify)
        write_modify_rejected(state, REASON_CANNOT_MODIFY_NO_SUCH_ORDER, &state.modifies[modify])
        modify_free(state, modify)
    order_free(state, slot)


cdef order_event_t *end_order(state_t *state, uint32_t slot, uint16_t kind, uint16_t reason) noexcept nogil:
    cdef order_t *order = &state.orders[slot]
    cdef uint8_t was = order.state
    cdef order_event_t *event
    order.state = ORDER_STATE_EXPIRED if kind == EVENT_KIND_ORDER_EXPIRED else ORDER_STATE_CANCELLED
    event = write_order(state, kind, reason, slot)
    retire(state, slot, was)
    return event


cdef order_event_t *withdraw(state_t *state, uint32_t slot, uint16_t kind, uint16_t reason) noexcept nogil:
    cdef pg_op op
    if state.orders[slot].state == ORDER_STATE_LIVE:
        memset(&op, 0, sizeof(op))
        op.action = PG_CANCEL
        op.order_id = state.orders[slot].order_id
        panic_unless(
            ask(state, slot, &op) == 1
            and state.reports[0].kind == PG_CANCELLED
            and reported_order(state, state.reports) == slot,
            "a matcher does not cancel an order that it should hold",
        )
    return end_order(state, slot, kind, reason)


# ------------------------------------------------------------------------------------------------------------- booking


cdef inline booked_t book_side(
    state_t *state, uint32_t slot, int64_t lots, int64_t price_ticks, uint8_t liquidity
) noexcept nogil:
    """One order's part of a fill: position, cash, then the fee."""
    cdef order_t *order = &state.orders[slot]
    cdef kept_t before = kept_of(state, slot)
    cdef booked_t booked
    booked.realised_micro = book(state, order.position, lots if order.side == SIDE_BUY else -lots, price_ticks)
    booked.fee_micro = charge(state, order.position, order.fee_tier, liquidity, lots, price_ticks)
    if counts_as_reduce_only(order):
        state.positions[order.position].reduce_only_lots[order.side - SIDE_BUY] -= lots
    order.cum_lots += lots
    if order.cum_lots == order.quantity_lots:
        order.state = ORDER_STATE_FILLED
    keep(state, slot, before)
    return booked


cdef void trim_later(state_t *state, uint32_t position) noexcept nogil:
    if not state.positions[position].in_trim and not stops_fit(&state.positions[position]):
        trim_add(state, position)


cdef inline void write_fill(
    state_t *state, uint32_t slot, uint32_t contra, const pg_report *report, uint8_t liquidity, const booked_t *booked
) noexcept nogil:
    cdef const instrument_t *instrument = instrument_of_order(state, slot)
    cdef order_event_t *event = write_order(state, EVENT_KIND_ORDER_FILLED, REASON_ACK, slot)
    event.last_price_e8 = report.price_ticks * instrument.config.tick_size_e8
    event.last_quantity_e8 = report.lots * instrument.config.lot_size_e8
    event.contra_order_id = state.orders[contra].order_id
    event.fee_micro = booked.fee_micro
    event.realised_pnl_micro = booked.realised_micro
    event.liquidity = liquidity
    event.trade_kind = state.match.trade_kind
    if liquidity == LIQUIDITY_MAKER:
        event.display_quantity_e8 = report.shown_lots * instrument.config.lot_size_e8


cdef void check_fill(
    const state_t *state, uint32_t taker, uint32_t maker, int64_t limit_ticks, const pg_report *report
) noexcept nogil:
    cdef const order_t *one = &state.orders[taker]
    cdef const order_t *other = &state.orders[maker]
    panic_unless(
        one.side != other.side
        and instrument_of(&state.positions[one.position]) == instrument_of(&state.positions[other.position])
        and 1 <= report.lots <= min(leaves_of(one), leaves_of(other)),
        "a matcher reports a fill of two orders that cannot have traded",
    )
    panic_unless(
        1 <= report.price_ticks <= limit_ticks if one.side == SIDE_BUY else report.price_ticks >= limit_ticks,
        "a matcher reports a fill outside the limit of an op",
    )


cdef void fill(state_t *state, uint32_t taker, int64_t limit_ticks, const pg_report *report) noexcept nogil:
    """A trade of two orders: what it changes outside the book is changed before the first event tells of it, and all
    that follows comes in the order of docs/risk.md section 3."""
    cdef uint32_t maker = reported_order(state, report)
    cdef const order_t *one = &state.orders[taker]
    cdef const order_t *other = &state.orders[maker]
    cdef uint32_t instrument_id = instrument_of(&state.positions[one.position])
    cdef booked_t taken, made
    check_fill(state, taker, maker, limit_ticks, report)
    settle(state, one.account_id)
    settle(state, other.account_id)
    state.risk.instruments[instrument_id].row.last_ticks = report.price_ticks
    taken = book_side(state, taker, report.lots, report.price_ticks, LIQUIDITY_TAKER)
    made = book_side(state, maker, report.lots, report.price_ticks, LIQUIDITY_MAKER)
    state.terms[maker].by_state.shown_lots = report.shown_lots
    write_fill(state, taker, maker, report, LIQUIDITY_TAKER, &taken)
    write_fill(state, maker, taker, report, LIQUIDITY_MAKER, &made)
    if state.risk.any_kinds:
        count_trade(state, one.session_id, one.account_id, instrument_id)
        count_trade(state, other.session_id, other.account_id, instrument_id)
    after_fill(state, taker, maker, report)


cdef void after_fill(state_t *state, uint32_t taker, uint32_t maker, const pg_report *report) noexcept nogil:
    """Ends, trims, pairs, protections, and what is to be looked at later; a slot may be another's once it has ended."""
    cdef const order_t *one = &state.orders[taker]
    cdef const order_t *other = &state.orders[maker]
    cdef uint32_t taker_position = one.position, maker_position = other.position
    cdef uint32_t quoting_session_id = other.session_id if other.flags & ORDER_FLAG_QUOTE else 0
    cdef bint buys = one.side == SIDE_BUY, has_pair, other_has_pair
    cdef parent_t[2] parents
    has_pair = one.has_terms and parent_of(state, taker, &parents[0])
    other_has_pair = other.has_terms and parent_of(state, maker, &parents[1])
    if one.state == ORDER_STATE_FILLED:
        retire(state, taker, ORDER_STATE_UNTRIGGERED if is_twap(one) else ORDER_STATE_LIVE)
    if other.state == ORDER_STATE_FILLED:
        retire(state, maker, ORDER_STATE_LIVE)
    trim_later(state, taker_position)
    trim_later(state, maker_position)
    if has_pair:
        arm(state, &parents[0], report.lots)
    if other_has_pair:
        arm(state, &parents[1], report.lots)
    if quoting_session_id:
        count_fill(
            state, maker_position, quoting_session_id, -report.lots if buys else report.lots, report.price_ticks
        )
    if state.risk.has_money:
        touch(state, account_of(&state.positions[taker_position]))
        touch(state, account_of(&state.positions[maker_position]))


# ------------------------------------------------------------------------------------------------------- other reports


cdef uint16_t reason_of_drop(const order_t *order, uint8_t reported) noexcept nogil:
    """Why an op's rest did not reach the book."""
    if reported == PG_IOC_REST:
        return REASON_CANCELLED if order.cum_lots else REASON_IOC_CANCELLED
    if reported == PG_STP:
        return REASON_CANCELLED_STP
    if reported == PG_FOK_KILLED:
        return REASON_FOK_CANCELLED
    if reported == PG_MIN_KILLED:
        return REASON_MIN_QUANTITY_CANCELLED
    panic_unless(reported == PG_SWEEP_LIMIT, "a matcher drops an op for a reason that is none")
    return REASON_SWEEP_LIMIT_CANCELLED


cdef void cancelled(state_t *state, uint32_t taker, const pg_report *report) noexcept nogil:
    cdef uint32_t slot = reported_order(state, report)
    cdef uint64_t contra = state.orders[taker].order_id
    if slot == taker and is_twap(&state.orders[slot]):
        return  # the rest of a slice joins later ones
    if slot == taker:
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, reason_of_drop(&state.orders[slot], report.reason))
    elif report.reason == PG_STP:
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, REASON_CANCELLED_STP).contra_order_id = contra
    else:
        panic_unless(report.reason == PG_REDUCE_LIMIT, "a matcher cancels a resting order for a reason that is none")
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, REASON_REJECTED_REDUCE_ONLY)


cdef void reduced(state_t *state, uint32_t taker, const pg_report *report, uint64_t met) noexcept nogil:
    """Self-trade prevention by decrement: the total shrinks without a trade. `met` is the order of the report
    before."""
    cdef uint32_t slot = reported_order(state, report)
    cdef order_t *order = &state.orders[slot]
    cdef int64_t lot_e8 = instrument_of_order(state, slot).config.lot_size_e8
    cdef order_event_t *event
    panic_unless(1 <= report.lots < leaves_of(order), "a matcher reduces an order by more than it has")
    order_resize(state, slot, order.quantity_lots - report.lots)
    state.terms[slot].by_state.shown_lots = report.shown_lots
    event = write_order(state, EVENT_KIND_ORDER_RESTATED, REASON_CANCELLED_STP, slot)
    event.display_quantity_e8 = report.shown_lots * lot_e8
    event.contra_order_id = met if slot == taker else state.orders[taker].order_id


cdef void apply_reports(
    state_t *state, uint32_t taker, int64_t limit_ticks, const pg_report *reports, size_t count
) noexcept nogil:
    cdef uint64_t met = 0
    cdef bint rests = False
    cdef size_t n
    for n in range(count):
        # Only the end of a reduce-only order whose last fill was the op's last too comes after the op's own end.
        panic_unless(
            is_matched(&state.orders[taker]) and not rests or reports[n].kind == PG_CANCELLED,
            "a matcher goes on after an op's end",
        )
        if reports[n].kind == PG_FILL:
            fill(state, taker, limit_ticks, &reports[n])
        elif reports[n].kind == PG_RESTED:
            panic_unless(reported_order(state, &reports[n]) == taker, "a matcher rests an order that is not its op's")
            state.terms[taker].by_state.shown_lots = reports[n].shown_lots
            rests = True
        elif reports[n].kind == PG_CANCELLED:
            cancelled(state, taker, &reports[n])
        else:
            panic_unless(reports[n].kind == PG_REDUCED, "a matcher makes a report of a kind that has no place there")
            reduced(state, taker, &reports[n], met)
        met = reports[n].order_id


cdef void withdraw_tripped(state_t *state) noexcept nogil:
    """After the op that has tripped them: what is left of the quotes goes, and new ones are refused for a while."""
    cdef protection_t *protection
    cdef uint32_t position, quote, n
    while state.risk.first_tripped:
        protection = freeze_first(state)
        position = protection.position
        for n in range(2):
            quote = state.risk.positions[position].quotes[n]
            if quote:
                withdraw(state, quote, EVENT_KIND_ORDER_CANCELLED, REASON_CANCELLED_MMP)
        write_quote(
            state, EVENT_KIND_MMP_TRIPPED, REASON_CANCELLED_MMP, protection.tripped_session_id, position
        ).frozen_until_ns = protection.row.frozen_until_ns


# ---------------------------------------------------------------------------------------------------------- activation


cdef inline uint8_t execution_of(const order_t *order) noexcept nogil:
    if is_stop(order) or is_twap(order):  # fired: a reduce-only MARKET IOC; a slice
        return PG_IOC
    if order.order_type == ORDER_TYPE_ALO:
        return PG_POST_ONLY
    if order.time_in_force == TIME_IN_FORCE_IOC:
        return PG_IOC
    return PG_FOK if order.time_in_force == TIME_IN_FORCE_FOK else PG_REST


cdef inline void fill_op(const state_t *state, uint32_t slot, pg_op *op) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    memset(op, 0, sizeof(pg_op))
    op.order_id = order.order_id
    op.price_ticks = order.price_ticks
    op.leaves_lots = leaves_of(order)
    op.owner = slot
    op.stp_group = order.stp_group
    op.action = PG_PLACE
    op.side = order.side
    op.execution = execution_of(order)
    op.stp_mode = order.stp_mode
    if order.time_in_force == TIME_IN_FORCE_IOC:
        op.min_lots = state.terms[slot].slice_lots
    else:
        op.display_lots = state.terms[slot].slice_lots
    if order.order_type == ORDER_TYPE_MARKET or is_stop(order):
        op.price_ticks = instrument_of_order(state, slot).market_limit_ticks[order.side - SIDE_BUY]
    if is_stop(order) or order.flags & ORDER_FLAG_REDUCE_ONLY:
        op.flags = PG_REDUCE_ONLY


cdef uint16_t reason_of_refusal(uint8_t reported) noexcept nogil:
    if reported == PG_WOULD_CROSS:
        return REASON_REJECTED_ALO_WOULD_CROSS
    panic_unless(reported == PG_NO_CAPACITY, "a matcher refuses an order for a reason that is none")
    return REASON_REJECTED_CAPACITY


cdef void tell_pair(state_t *state, uint32_t slot) noexcept nogil:
    cdef const snap_order_terms_t *terms = terms_of_order(state, slot)
    if state.orders[slot].has_terms and (terms.take_profit_ticks or terms.stop_loss_ticks):
        write_attached(state, slot)


cdef void refused(state_t *state, uint32_t slot, const place_t *entry, uint8_t reported) noexcept nogil:
    cdef uint16_t reason = reason_of_refusal(reported)
    if entry == NULL:
        end_order(state, slot, EVENT_KIND_ORDER_CANCELLED, reason)
        return
    state.orders[slot].state = ORDER_STATE_REJECTED
    order_remove(state, slot, ORDER_STATE_LIVE)
    write_place_rejected(state, reason, entry, state.orders[slot].order_id, 0)
    order_free(state, slot)


cdef void activate(state_t *state, uint32_t slot, const place_t *entry) noexcept nogil:
    cdef pg_op op
    cdef size_t count
    fill_op(state, slot, &op)
    count = ask(state, slot, &op)
    if state.reports[0].kind == PG_REFUSED:
        refused(state, slot, entry, state.reports[0].reason)
        return
    if not is_stop(&state.orders[slot]):
        write_order(state, EVENT_KIND_ORDER_NEW, REASON_ACK, slot)
        tell_pair(state, slot)
    follow(state, slot, op.price_ticks, count)


cdef void follow(state_t *state, uint32_t slot, int64_t limit_ticks, size_t count) noexcept nogil:
    """What the reports of a placed order bring about."""
    apply_reports(state, slot, limit_ticks, state.reports, count)
    check_fate(state, slot, state.reports + count - 1)
    withdraw_tripped(state)


cdef void activate_venue_order(state_t *state, uint32_t slot, uint8_t trade_kind) noexcept nogil:
    state.match.trade_kind = trade_kind
    activate(state, slot, NULL)
    state.match.trade_kind = TRADE_KIND_NORMAL


cdef void match_slice(state_t *state, uint32_t slot, int64_t lots, int64_t limit_ticks) noexcept nogil:
    cdef pg_op op
    cdef size_t count
    fill_op(state, slot, &op)
    op.leaves_lots = lots
    op.price_ticks = limit_ticks
    count = ask(state, slot, &op)
    apply_reports(state, slot, limit_ticks, state.reports, count)
    withdraw_tripped(state)


cdef uint16_t activate_quote(state_t *state, uint32_t slot) noexcept nogil:
    cdef pg_op op
    cdef size_t count
    fill_op(state, slot, &op)
    count = ask(state, slot, &op)
    if state.reports[0].kind == PG_REFUSED:
        state.orders[slot].state = ORDER_STATE_REJECTED
        order_remove(state, slot, ORDER_STATE_LIVE)
        order_free(state, slot)
        return reason_of_refusal(state.reports[0].reason)
    follow(state, slot, op.price_ticks, count)
    return REASON_ACK


cdef inline void check_fate(const state_t *state, uint32_t slot, const pg_report *last) noexcept nogil:
    """An op's order is gone when its reports are through, or the last one says that all of it rests."""
    cdef const order_t *order = &state.orders[slot]
    panic_unless(
        order.state != ORDER_STATE_LIVE or (last.kind == PG_RESTED and last.leaves_lots == leaves_of(order)),
        "a matcher does not say what has become of an order",
    )


# -------------------------------------------------------------------------------------------------------------- modify


cdef bint take_pair(state_t *state, uint32_t slot, const change_t *change) noexcept nogil:
    """True when the order has a pair now or had one before."""
    cdef snap_order_terms_t *terms = terms_of_order(state, slot)
    cdef bint had = state.orders[slot].has_terms and (terms.take_profit_ticks or terms.stop_loss_ticks)
    if not (had or change.take_profit_ticks or change.stop_loss_ticks):
        return False
    terms = terms_make(state, slot)
    terms.take_profit_ticks = change.take_profit_ticks
    terms.stop_loss_ticks = change.stop_loss_ticks
    return True


cdef void take_terms(state_t *state, uint32_t slot, const change_t *change) noexcept nogil:
    cdef bint paired = take_pair(state, slot, change)
    order_change(state, slot, change.price_ticks, change.total_lots)
    set_ids(
        state, write_order(state, EVENT_KIND_ORDER_REPLACED, REASON_ACK, slot), slot, change.client_order_id
    )
    if change.client_order_id[0]:
        order_rename(state, slot, change.client_order_id)
    if paired:
        write_attached(state, slot)


cdef size_t replace_on_book(
    state_t *state, uint32_t slot, uint32_t price_ticks, int64_t total_lots
) noexcept nogil:
    """How many reports the book made; 0, and nothing done, when an ALO would cross."""
    cdef const order_t *order = &state.orders[slot]
    cdef pg_op op
    cdef size_t count
    memset(&op, 0, sizeof(op))
    op.order_id = order.order_id
    op.price_ticks = price_ticks
    op.leaves_lots = total_lots - order.cum_lots
    op.owner = slot
    op.action = PG_REPLACE
    op.side = order.side
    op.execution = PG_POST_ONLY if order.order_type == ORDER_TYPE_ALO else PG_REST
    op.stp_mode = order.stp_mode
    count = ask(state, slot, &op)
    if state.reports[0].kind == PG_REFUSED and state.reports[0].reason == PG_WOULD_CROSS:
        return 0
    panic_unless(
        state.reports[0].kind == PG_REPLACED and reported_order(state, state.reports) == slot,
        "a matcher does not replace an order that it should hold",
    )
    state.terms[slot].by_state.shown_lots = state.reports[0].shown_lots
    return count


cdef bint replace_resting(state_t *state, uint32_t slot, const change_t *change) noexcept nogil:
    cdef size_t count = replace_on_book(state, slot, change.price_ticks, change.total_lots)
    if count == 0:
        return False
    take_terms(state, slot, change)
    apply_reports(state, slot, change.price_ticks, state.reports + 1, count - 1)
    withdraw_tripped(state)
    return True


cdef uint16_t replace_quote(state_t *state, uint32_t slot, uint32_t price_ticks, int64_t total_lots) noexcept nogil:
    cdef size_t count = replace_on_book(state, slot, price_ticks, total_lots)
    if count == 0:
        return REASON_REJECTED_ALO_WOULD_CROSS
    order_change(state, slot, price_ticks, total_lots)
    apply_reports(state, slot, price_ticks, state.reports + 1, count - 1)
    return REASON_ACK
