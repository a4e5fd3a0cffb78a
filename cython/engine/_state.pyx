"""State of the compiled engine: the operations that change more than one table at once.

Used by the other rooms of the engine (`_orders`, `_parties`, `_work`, `_restore`) through `_state.pxd`, which says
what there is. It never checks a rule and never writes an event. Memory is taken in `_memory`; sums over positions and
orders are kept in `_exposures`.
"""

from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

from engine._exposures cimport count_order_above, keep, keep_more, kept_of, kept_t, position_enlist
from engine.arith cimport panic_unless
from engine.heap cimport heap_add, heap_remove
from engine.names cimport names_add, names_remove
from engine.records cimport (
    LIMIT_KIND_OPEN_ORDERS, ORDER_FLAG_QUOTE, ORDER_STATE_FILLED, ORDER_STATE_LIVE, ORDER_STATE_PENDING_NEW,
    ORDER_STATE_UNTRIGGERED, ORDER_TYPE_TWAP, SCOPE_ACCOUNT, SCOPE_BROKER, SCOPE_DESK, SCOPE_FIRM, SCOPE_TRADER,
    SIDE_BUY, TIME_IN_FORCE_GTD, snap_work_t,
)
from engine.table cimport IDS_NONE, ids_add, ids_find, ids_remove, ids_slot


# ------------------------------------------------------------------------------------------------------------- parties


cdef party_t *party_table(const state_t *state, uint8_t scope) noexcept nogil:
    """Brokers, firms, desks or traders; NULL for any other scope."""
    if scope == SCOPE_BROKER:
        return state.brokers
    if scope == SCOPE_FIRM:
        return state.firms
    if scope == SCOPE_DESK:
        return state.desks
    return state.traders if scope == SCOPE_TRADER else NULL


cdef const uint32_t *find_lineage(const state_t *state, uint8_t scope, uint32_t party_id) noexcept nogil:
    """The lineage of a node of the hierarchy; NULL when there is no such node or the scope is none of its levels."""
    cdef const limits_t *limits = &state.limits
    if scope == SCOPE_ACCOUNT:
        if party_id <= limits.accounts_max and state.accounts[party_id].status:
            return state.accounts[party_id].lineage
    elif scope == SCOPE_TRADER:
        if party_id <= limits.traders_max and state.traders[party_id].status:
            return state.traders[party_id].lineage
    elif scope == SCOPE_DESK:
        if party_id <= limits.desks_max and state.desks[party_id].status:
            return state.desks[party_id].lineage
    elif scope == SCOPE_FIRM:
        if party_id <= limits.firms_max and state.firms[party_id].status:
            return state.firms[party_id].lineage
    elif scope == SCOPE_BROKER:
        if party_id <= limits.brokers_max and state.brokers[party_id].status:
            return state.brokers[party_id].lineage
    return NULL


cdef void link_account(
    state_t *state, uint32_t account_id, uint32_t level, uint32_t *first, uint32_t *last
) noexcept nogil:
    """Into the list of its node at `level`, which is in ascending order. Accounts are usually configured in that
    order."""
    cdef account_t *accounts = state.accounts
    cdef uint32_t node = accounts[account_id].lineage[level] if level < LEVELS else 0
    cdef uint32_t before = last[0]
    cdef uint32_t following
    if before > account_id:
        before = account_id - 1
        while before and (
            accounts[before].status == 0 or (level < LEVELS and accounts[before].lineage[level] != node)
        ):
            before -= 1
    if before:
        following = accounts[before].next_account[level - 1]
        accounts[before].next_account[level - 1] = account_id
    else:
        following = first[0]
        first[0] = account_id
    accounts[account_id].next_account[level - 1] = following
    if following == 0:
        last[0] = account_id


cdef account_t *account_add(state_t *state, uint32_t account_id, uint32_t trader_id) noexcept nogil:
    """A new account at the lowest place of the hierarchy; its status is still to be set."""
    cdef account_t *account = &state.accounts[account_id]
    cdef party_t *trader = &state.traders[trader_id]
    cdef party_t *desk = &state.desks[trader.lineage[DESK_LEVEL]]
    cdef party_t *firm = &state.firms[trader.lineage[FIRM_LEVEL]]
    cdef party_t *broker = &state.brokers[trader.lineage[BROKER_LEVEL]]
    memcpy(account.lineage, trader.lineage, sizeof(account.lineage))
    account.lineage[0] = account_id
    link_account(state, account_id, TRADER_LEVEL, &trader.first_account, &trader.last_account)
    link_account(state, account_id, DESK_LEVEL, &desk.first_account, &desk.last_account)
    link_account(state, account_id, FIRM_LEVEL, &firm.first_account, &firm.last_account)
    if trader.lineage[BROKER_LEVEL]:
        link_account(state, account_id, BROKER_LEVEL, &broker.first_account, &broker.last_account)
    link_account(state, account_id, VENUE_LEVEL, &state.first_account, &state.last_account)
    risk_of_account(state, account_id).row.accrual_epoch = state.risk.venue.accrual_epoch
    return account


cdef bint cod_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const session_t *sessions = (<const state_t *> of).sessions
    if sessions[a].cod_due_ns != sessions[b].cod_due_ns:
        return sessions[a].cod_due_ns < sessions[b].cod_due_ns
    return a < b


cdef void cod_timer_set(state_t *state, uint32_t session_id, int64_t due_ns) noexcept nogil:
    """NEVER_NS stops it."""
    cdef session_t *session = &state.sessions[session_id]
    if session.cod_due_ns != INT64_MAX:
        heap_remove(state.session_nodes, &state.cod_timers, session_id, state, cod_is_before)
    session.cod_due_ns = due_ns
    if due_ns != INT64_MAX:
        heap_add(state.session_nodes, &state.cod_timers, session_id, state, cod_is_before)


# -------------------------------------------------------------------------------------- what waits: releases, expiries


cdef inline int64_t release_of(const state_t *state, uint32_t node, uint64_t *seq) noexcept nogil:
    """When a new order or a modify leaves the speed bump; *seq is its place among equals. Orders that wait there are
    numbered 0."""
    cdef uint32_t modify
    if node <= state.limits.orders_max:
        seq[0] = state.orders[node].order_id
        return state.terms[node].by_state.release_ns
    modify = node - state.limits.orders_max
    seq[0] = state.modifies[modify].seq
    return state.modifies[modify].release_ns


cdef bint release_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef uint64_t seq_a = 0, seq_b = 0
    cdef int64_t due_a = release_of(<const state_t *> of, a, &seq_a)
    cdef int64_t due_b = release_of(<const state_t *> of, b, &seq_b)
    return due_a < due_b if due_a != due_b else seq_a < seq_b


cdef bint expiry_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const state_t *state = <const state_t *> of
    if state.terms[a].expire_ns != state.terms[b].expire_ns:
        return state.terms[a].expire_ns < state.terms[b].expire_ns
    return order_key(state.orders[a].order_id) < order_key(state.orders[b].order_id)


cdef bint low_stop_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const order_t *orders = (<const state_t *> of).orders
    if orders[a].price_ticks != orders[b].price_ticks:
        return orders[a].price_ticks > orders[b].price_ticks
    return order_key(orders[a].order_id) < order_key(orders[b].order_id)


cdef bint high_stop_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const order_t *orders = (<const state_t *> of).orders
    if orders[a].price_ticks != orders[b].price_ticks:
        return orders[a].price_ticks < orders[b].price_ticks
    return order_key(orders[a].order_id) < order_key(orders[b].order_id)


cdef bint slice_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const state_t *state = <const state_t *> of
    cdef int64_t next_a = state.risk.order_terms[a].next_ns, next_b = state.risk.order_terms[b].next_ns
    if next_a != next_b:
        return next_a < next_b
    return order_key(state.orders[a].order_id) < order_key(state.orders[b].order_id)


cdef void slice_move(state_t *state, uint32_t slot, int64_t next_ns) noexcept nogil:
    heap_remove(state.nodes, &state.slices, slot, state, slice_is_before)
    state.risk.order_terms[slot].next_ns = next_ns
    heap_add(state.nodes, &state.slices, slot, state, slice_is_before)


cdef inline void await_expiry(state_t *state, uint32_t slot) noexcept nogil:
    if state.orders[slot].time_in_force == TIME_IN_FORCE_GTD:
        heap_add(state.nodes, &state.expiries, slot, state, expiry_is_before)


# -------------------------------------------------------------------------------------------------------------- orders


cdef uint32_t order_take(state_t *state) noexcept nogil:
    """A slot for a new order; the caller has looked at the capacity."""
    cdef uint32_t slot = state.free_order
    if slot:
        state.free_order = state.orders[slot].next
        return slot
    panic_unless(state.used_orders < state.limits.orders_max, "an order is taken beyond the capacity")
    state.used_orders += 1
    return state.used_orders


cdef void order_free(state_t *state, uint32_t slot) noexcept nogil:
    """After order_remove, when nobody reads the order any more. The venue's slot is always free."""
    if slot == venue_slot(state):
        return
    state.orders[slot].next = state.free_order
    state.free_order = slot


cdef uint32_t order_find(const state_t *state, uint64_t order_id) noexcept nogil:
    """Slot of an open order, or 0."""
    cdef uint64_t at = ids_find(&state.order_ids, order_id, state.orders, sizeof(order_t))
    return 0 if at == IDS_NONE else ids_slot(&state.order_ids, at)


cdef void enlist(state_t *state, uint32_t slot) noexcept nogil:
    """Into the account's orders, by order key. An attached stop may have to go between its elders."""
    cdef order_t *order = &state.orders[slot]
    cdef account_t *account = &state.accounts[order.account_id]
    cdef uint64_t key = order_key(order.order_id)
    cdef uint32_t before = account.last_order
    while before and order_key(state.orders[before].order_id) > key:
        before = state.orders[before].prev
    order.prev = before
    order.next = state.orders[before].next if before else account.first_order
    if before:
        state.orders[before].next = slot
    else:
        account.first_order = slot
    if order.next:
        state.orders[order.next].prev = slot
    else:
        account.last_order = slot
    if state.works_count:
        visit_too(state, slot)


cdef void visit_too(state_t *state, uint32_t slot) noexcept nogil:
    """A work that is at the account has not passed this order's place yet."""
    cdef const order_t *order = &state.orders[slot]
    cdef const snap_work_t *work = first_work(state)
    if work.cursor_account_id != order.account_id:
        return
    if order.next == state.visit_next and order_key(order.order_id) > order_key(work.cursor_order_id):
        state.visit_next = slot


cdef inline void count_order(state_t *state, const order_t *order, int32_t by) noexcept nogil:
    cdef account_t *account = &state.accounts[order.account_id]
    cdef position_t *position = &state.positions[order.position]
    account.open_orders += by
    state.sessions[order.session_id].open_orders += by
    state.open_orders += by
    position.open_orders += by
    if state.risk.any_kinds & 1 << LIMIT_KIND_OPEN_ORDERS:
        count_order_above(state, account, by)


cdef void order_add(state_t *state, uint32_t slot) noexcept nogil:
    """Enters a filled-in order everywhere. Its state says where it belongs: LIVE, PENDING_NEW (with release_ns) or
    UNTRIGGERED."""
    cdef order_t *order = &state.orders[slot]
    cdef kept_t kept
    panic_unless(
        ids_add(&state.order_ids, order.order_id, slot, state.orders, sizeof(order_t)), "an order id is used twice"
    )
    if state.terms[slot].client_order_id[0]:
        names_add(&state.order_names, slot)
    enlist(state, slot)
    count_order(state, order, 1)
    if order.flags & ORDER_FLAG_QUOTE:
        state.risk.positions[order.position].quotes[order.side - SIDE_BUY] = slot
    if order.order_type == ORDER_TYPE_TWAP:
        heap_add(state.nodes, &state.slices, slot, state, slice_is_before)
        return
    if order.state == ORDER_STATE_UNTRIGGERED:
        stop_add(state, slot)
        return
    kept = kept_of(state, slot)
    keep_more(state, slot, kept.lots, kept.value)
    if counts_as_reduce_only(order):
        state.positions[order.position].reduce_only_lots[order.side - SIDE_BUY] += leaves_of(order)
    if order.state == ORDER_STATE_PENDING_NEW:
        heap_add(state.nodes, &state.releases, slot, state, release_is_before)
    else:
        await_expiry(state, slot)


cdef void order_remove(state_t *state, uint32_t slot, uint8_t was) noexcept nogil:
    """Takes an order that has ended out of everything; `was` is the state in which it ended. It can still be read,
    and a modify that waits for it is not touched."""
    cdef order_t *order = &state.orders[slot]
    cdef account_t *account = &state.accounts[order.account_id]
    cdef uint8_t ended = order.state
    cdef kept_t kept
    ids_remove(&state.order_ids, order.order_id, slot)
    if state.terms[slot].client_order_id[0]:
        names_remove(&state.order_names, slot)
    if order.prev:
        state.orders[order.prev].next = order.next
    else:
        account.first_order = order.next
    if order.next:
        state.orders[order.next].prev = order.prev
    else:
        account.last_order = order.prev
    if state.visit_next == slot:
        state.visit_next = order.next
    count_order(state, order, -1)
    if order.flags & ORDER_FLAG_QUOTE:
        state.risk.positions[order.position].quotes[order.side - SIDE_BUY] = 0
    if order.order_type == ORDER_TYPE_TWAP:
        heap_remove(state.nodes, &state.slices, slot, state, slice_is_before)
        return
    if was == ORDER_STATE_UNTRIGGERED:
        stop_remove(state, slot)
        return
    if ended != ORDER_STATE_FILLED:  # the fill has let go what was kept for it
        order.state = was
        kept = kept_of(state, slot)
        order.state = ended
        keep_more(state, slot, -kept.lots, -kept.value)
    if counts_as_reduce_only(order):
        state.positions[order.position].reduce_only_lots[order.side - SIDE_BUY] -= order.quantity_lots - order.cum_lots
    if was == ORDER_STATE_PENDING_NEW:
        heap_remove(state.nodes, &state.releases, slot, state, release_is_before)
    elif order.time_in_force == TIME_IN_FORCE_GTD:
        heap_remove(state.nodes, &state.expiries, slot, state, expiry_is_before)


cdef void order_make_live(state_t *state, uint32_t slot) noexcept nogil:
    """PENDING_NEW to LIVE."""
    heap_remove(state.nodes, &state.releases, slot, state, release_is_before)
    state.terms[slot].by_state.shown_lots = 0
    state.orders[slot].state = ORDER_STATE_LIVE
    await_expiry(state, slot)


cdef void order_rename(state_t *state, uint32_t slot, const char *client_order_id) noexcept nogil:
    if state.terms[slot].client_order_id[0]:
        names_remove(&state.order_names, slot)
    memcpy(state.terms[slot].client_order_id, client_order_id, sizeof(state.terms[slot].client_order_id))
    names_add(&state.order_names, slot)


cdef void order_resize(state_t *state, uint32_t slot, int64_t quantity_lots) noexcept nogil:
    order_change(state, slot, state.orders[slot].price_ticks, quantity_lots)


cdef void order_change(state_t *state, uint32_t slot, uint32_t price_ticks, int64_t quantity_lots) noexcept nogil:
    """Gives an open order another price and total; a stop's place in its queue is not touched."""
    cdef order_t *order = &state.orders[slot]
    cdef position_t *position = &state.positions[order.position]
    cdef int64_t more = quantity_lots - order.quantity_lots
    cdef kept_t before = kept_of(state, slot)
    if order.state == ORDER_STATE_UNTRIGGERED and not is_twap(order):
        position.stop_lots[order.order_type - ORDER_TYPE_STOP_LOSS] += more
    elif counts_as_reduce_only(order):
        position.reduce_only_lots[order.side - SIDE_BUY] += more
    order.price_ticks = price_ticks
    order.quantity_lots = quantity_lots
    keep(state, slot, before)


# --------------------------------------------------------------------------------------------------------------- stops


cdef void stop_queue_add(state_t *state, uint32_t slot) noexcept nogil:
    """Among those that wait for the instrument's mark."""
    cdef const order_t *order = &state.orders[slot]
    cdef instrument_t *instrument = &state.instruments[instrument_of(&state.positions[order.position])]
    if is_low_stop(order):
        heap_add(state.nodes, &instrument.low_stops, slot, state, low_stop_is_before)
    else:
        heap_add(state.nodes, &instrument.high_stops, slot, state, high_stop_is_before)


cdef void stop_queue_remove(state_t *state, uint32_t slot) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef instrument_t *instrument = &state.instruments[instrument_of(&state.positions[order.position])]
    if is_low_stop(order):
        heap_remove(state.nodes, &instrument.low_stops, slot, state, low_stop_is_before)
    else:
        heap_remove(state.nodes, &instrument.high_stops, slot, state, high_stop_is_before)


cdef void stop_add(state_t *state, uint32_t slot) noexcept nogil:
    """Lists are in the order of their keys. Stops come as the youngest, but for those of attached pairs."""
    cdef const order_t *order = &state.orders[slot]
    cdef position_t *position = &state.positions[order.position]
    cdef uint32_t *last = &position.last_stop[stop_index(order.order_type, order.side)]
    cdef link_t *link = &state.terms[slot].by_state.stops
    cdef uint64_t key = order_key(order.order_id)
    link.next = 0
    link.prev = last[0]
    while link.prev and order_key(state.orders[link.prev].order_id) > key:
        link.next = link.prev
        link.prev = state.terms[link.prev].by_state.stops.prev
    if link.prev:
        state.terms[link.prev].by_state.stops.next = slot
    if link.next:
        state.terms[link.next].by_state.stops.prev = slot
    else:
        last[0] = slot
    position.stop_lots[order.order_type - ORDER_TYPE_STOP_LOSS] += order.quantity_lots
    stop_queue_add(state, slot)


cdef void stop_remove(state_t *state, uint32_t slot) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef position_t *position = &state.positions[order.position]
    cdef const link_t *link = &state.terms[slot].by_state.stops
    if link.next:
        state.terms[link.next].by_state.stops.prev = link.prev
    else:
        position.last_stop[stop_index(order.order_type, order.side)] = link.prev
    if link.prev:
        state.terms[link.prev].by_state.stops.next = link.next
    position.stop_lots[order.order_type - ORDER_TYPE_STOP_LOSS] -= order.quantity_lots
    stop_queue_remove(state, slot)


cdef void stop_change(state_t *state, uint32_t slot, uint32_t trigger_ticks, int64_t quantity_lots) noexcept nogil:
    stop_queue_remove(state, slot)
    state.orders[slot].price_ticks = trigger_ticks
    order_resize(state, slot, quantity_lots)
    stop_queue_add(state, slot)


# ------------------------------------------------------------------------------------------------- modifies, positions


cdef uint32_t modify_take(state_t *state) noexcept nogil:
    """A slot for a new modify; the caller has looked at the capacity."""
    cdef uint32_t slot = state.free_modify
    if slot:
        state.free_modify = state.modifies[slot].order
        return slot
    panic_unless(state.used_modifies < state.limits.pending_replaces_max, "a modify is taken beyond the capacity")
    state.used_modifies += 1
    return state.used_modifies


cdef void modify_add(state_t *state, uint32_t slot) noexcept nogil:
    cdef modify_t *modify = &state.modifies[slot]
    cdef kept_t before = kept_of(state, modify.order)
    state.orders[modify.order].modify = slot
    keep(state, modify.order, before)
    state.waiting_modifies += 1
    if modify.client_order_id[0]:
        names_add(&state.modify_names, slot)
    heap_add(state.nodes, &state.releases, state.limits.orders_max + slot, state, release_is_before)


cdef void modify_remove(state_t *state, uint32_t slot) noexcept nogil:
    """Takes a modify that no longer waits out of everything. It can still be read."""
    cdef modify_t *modify = &state.modifies[slot]
    cdef kept_t before = kept_of(state, modify.order)
    state.orders[modify.order].modify = 0
    keep(state, modify.order, before)
    state.waiting_modifies -= 1
    if modify.client_order_id[0]:
        names_remove(&state.modify_names, slot)
    heap_remove(state.nodes, &state.releases, state.limits.orders_max + slot, state, release_is_before)


cdef void modify_free(state_t *state, uint32_t slot) noexcept nogil:
    """After modify_remove, when nobody reads the modify any more."""
    state.modifies[slot].order = state.free_modify
    state.free_modify = slot


cdef uint32_t position_find(const state_t *state, uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    """Slot, or 0."""
    cdef uint64_t key = position_key(account_id, instrument_id)
    cdef uint64_t at = ids_find(&state.position_ids, key, state.positions, sizeof(position_t))
    return 0 if at == IDS_NONE else ids_slot(&state.position_ids, at)


cdef uint32_t position_add(state_t *state, uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    """A new, flat position; the caller has looked at the capacity. Positions are never removed."""
    cdef uint32_t slot
    panic_unless(state.positions_count < state.limits.positions_max, "a position is taken beyond the capacity")
    state.positions_count += 1
    slot = state.positions_count
    memset(&state.positions[slot], 0, sizeof(position_t))
    state.positions[slot].key = position_key(account_id, instrument_id)
    panic_unless(
        ids_add(&state.position_ids, state.positions[slot].key, slot, state.positions, sizeof(position_t)),
        "an account has two positions in one instrument",
    )
    position_enlist(state, slot)
    return slot


# -------------------------------------------------------------------------------------------------------------- queues


cdef snap_work_t *work_add(state_t *state, uint8_t work) noexcept nogil:
    """A zeroed work at the end of the queue; the caller has looked at the capacity and fills in the rest."""
    cdef uint64_t at = (<uint64_t> state.works_first + state.works_count) % state.limits.works_max
    cdef snap_work_t *item = &state.works[at]
    panic_unless(has_room_for_work(state), "a work is taken beyond the capacity")
    state.works_count += 1
    memset(item, 0, sizeof(snap_work_t))
    item.work = work
    return item


cdef void work_remove_first(state_t *state) noexcept nogil:
    state.works_first = <uint32_t> ((<uint64_t> state.works_first + 1) % state.limits.works_max)
    state.works_count -= 1


cdef void trim_add(state_t *state, uint32_t slot) noexcept nogil:
    state.positions[slot].in_trim = True
    state.positions[slot].next_in_trim = 0
    if state.last_in_trim:
        state.positions[state.last_in_trim].next_in_trim = slot
    else:
        state.first_in_trim = slot
    state.last_in_trim = slot


cdef void trim_remove_first(state_t *state) noexcept nogil:
    cdef position_t *position = &state.positions[state.first_in_trim]
    position.in_trim = False
    state.first_in_trim = position.next_in_trim
    if state.first_in_trim == 0:
        state.last_in_trim = 0


cdef void cascade_add(state_t *state, uint32_t instrument_id) noexcept nogil:
    state.instruments[instrument_id].in_cascade = True
    state.instruments[instrument_id].next_in_cascade = 0
    if state.last_in_cascade:
        state.instruments[state.last_in_cascade].next_in_cascade = instrument_id
    else:
        state.first_in_cascade = instrument_id
    state.last_in_cascade = instrument_id


cdef void cascade_remove_first(state_t *state) noexcept nogil:
    cdef instrument_t *instrument = &state.instruments[state.first_in_cascade]
    instrument.latch_low_ticks = 0
    instrument.latch_high_ticks = 0
    instrument.in_cascade = False
    state.first_in_cascade = instrument.next_in_cascade
    if state.first_in_cascade == 0:
        state.last_in_cascade = 0
