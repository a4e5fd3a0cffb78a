"""State of the compiled engine: memory, and the operations that change more than one table at once.

Used by the other rooms of the engine (`_orders`, `_parties`, `_work`, `_restore`) through `_state.pxd`, which says
what there is. It never checks a rule and never writes an event. All memory is taken in `state_open`: what an order
may touch is touched there too, so that no page is taken on its way; tables of parties get their pages as parties are
configured.
"""

from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine.arith cimport mul_div_ceil, mul_div_floor, panic_unless
from engine.heap cimport heap_add, heap_remove
from engine.matcher cimport PG_REPORTS_MAX, pg_report
from engine.names cimport names_add, names_remove
from engine.records cimport (
    ORDER_STATE_LIVE, ORDER_STATE_PENDING_NEW, ORDER_STATE_UNTRIGGERED, SCOPE_ACCOUNT, SCOPE_DESK, SCOPE_FIRM,
    SCOPE_TRADER, SIDE_BUY, TIME_IN_FORCE_GTD, VENUE_STATE_OPEN, event_t, snap_work_t,
)
from engine.table cimport (
    IDS_NONE, ids_add, ids_capacity, ids_find, ids_remove, ids_slot, ids_t, pages_give, pages_grow, pages_take,
)

cdef enum:
    PPM = 1000000
    EVENTS_PER_REPORT = 4  # a fill: two events, and the end of the modifies that waited for the two orders
    EVENTS_PER_STEP = 4  # besides those that reports make
    EVENTS_AHEAD = 8192  # room kept ready beyond the largest command


# ------------------------------------------------------------------------------------------------------------- memory


cdef void *take(state_t *state, uint64_t rows, size_t row_size, bint touched) noexcept nogil:
    """Zeroed memory for rows 0..rows that state_close gives back; NULL when there is none."""
    cdef mapping_t *mapping = &state.mappings[state.mappings_count]
    panic_unless(state.mappings_count < MAPPINGS_MAX, "more mappings than the state has places for")
    mapping.size = (rows + 1) * row_size
    mapping.pages = pages_take(mapping.size, touched)
    if mapping.pages == NULL:
        return NULL
    state.mappings_count += 1
    return mapping.pages


cdef bint take_ids(state_t *state, ids_t *ids, uint64_t rows) noexcept nogil:
    ids.capacity = ids_capacity(rows)
    ids.entries = <uint64_t *> take(state, ids.capacity, sizeof(uint64_t), True)
    return ids.entries != NULL


cdef bint take_parties(state_t *state) noexcept nogil:
    cdef const limits_t *limits = &state.limits
    cdef uint32_t maxima[5]
    cdef uint32_t n
    maxima = [limits.sessions_max, limits.accounts_max, limits.traders_max, limits.desks_max, limits.firms_max]
    state.firms = <party_t *> take(state, limits.firms_max, sizeof(party_t), False)
    state.desks = <party_t *> take(state, limits.desks_max, sizeof(party_t), False)
    state.traders = <party_t *> take(state, limits.traders_max, sizeof(party_t), False)
    state.throttles = <throttle_t *> take(state, limits.traders_max, sizeof(throttle_t), False)
    state.accounts = <account_t *> take(state, limits.accounts_max, sizeof(account_t), False)
    state.sessions = <session_t *> take(state, limits.sessions_max, sizeof(session_t), False)
    state.session_nodes = <node_t *> take(state, limits.sessions_max, sizeof(node_t), False)
    state.instruments = <instrument_t *> take(state, limits.instruments_max, sizeof(instrument_t), False)
    for n in range(5):
        state.names[n] = <text32_t *> take(state, maxima[n], sizeof(text32_t), False)
        if state.names[n] == NULL:
            return False
    return (
        state.firms != NULL and state.desks != NULL and state.traders != NULL and state.throttles != NULL
        and state.accounts != NULL and state.sessions != NULL and state.session_nodes != NULL
        and state.instruments != NULL
    )


cdef bint take_orders(state_t *state) noexcept nogil:
    cdef const limits_t *limits = &state.limits
    cdef uint64_t waiting_max = <uint64_t> limits.orders_max + limits.pending_replaces_max
    state.orders = <order_t *> take(state, limits.orders_max, sizeof(order_t), True)
    state.terms = <terms_t *> take(state, limits.orders_max, sizeof(terms_t), True)
    state.modifies = <modify_t *> take(state, limits.pending_replaces_max, sizeof(modify_t), True)
    state.positions = <position_t *> take(state, limits.positions_max, sizeof(position_t), True)
    state.nodes = <node_t *> take(state, waiting_max, sizeof(node_t), True)
    state.works = <snap_work_t *> take(state, limits.works_max, sizeof(snap_work_t), True)
    if (
        state.orders == NULL or state.terms == NULL or state.modifies == NULL or state.positions == NULL
        or state.nodes == NULL or state.works == NULL
    ):
        return False
    state.order_names.texts = <const char *> state.terms
    state.order_names.texts_step = sizeof(terms_t)
    state.order_names.accounts = <const char *> &state.orders[0].account_id
    state.order_names.accounts_step = sizeof(order_t)
    state.modify_names.texts = <const char *> state.modifies
    state.modify_names.texts_step = sizeof(modify_t)
    state.modify_names.accounts = <const char *> &state.modifies[0].account_id
    state.modify_names.accounts_step = sizeof(modify_t)
    return (
        take_ids(state, &state.order_ids, limits.orders_max)
        and take_ids(state, &state.order_names.ids, limits.orders_max)
        and take_ids(state, &state.modify_names.ids, limits.pending_replaces_max)
        and take_ids(state, &state.position_ids, limits.positions_max)
    )


cdef state_t *state_open(const limits_t *limits) noexcept nogil:
    cdef state_t *state = <state_t *> calloc(1, sizeof(state_t))
    if state == NULL:
        return NULL
    state.limits = limits[0]
    state.venue_state = VENUE_STATE_OPEN
    if not take_parties(state) or not take_orders(state) or not state_set_fills_max(state, 1):
        state_close(state)
        return NULL
    return state


cdef void state_close(state_t *state) noexcept nogil:
    cdef uint32_t n
    if state == NULL:
        return
    for n in range(state.mappings_count):
        pages_give(state.mappings[n].pages, state.mappings[n].size)
    pages_give(state.events, state.events_capacity * sizeof(event_t))
    free(state.reports)
    free(state)


cdef size_t events_max(const state_t *state) noexcept nogil:
    """Events that one command cannot exceed: as many steps as it may take, each an op with as many reports as it may
    have, and the ends of works, which take no step."""
    cdef size_t per_step = EVENTS_PER_REPORT * <size_t> PG_REPORTS_MAX(state.fills_max) + EVENTS_PER_STEP
    return (<size_t> state.limits.work_steps_max + 1) * per_step + state.limits.works_max


cdef bint events_grow(state_t *state) noexcept nogil:
    cdef size_t capacity = 2 * state.events_count + state.events_max + EVENTS_AHEAD
    cdef void *pages
    cdef size_t n
    if state.events == NULL:
        pages = pages_take(capacity * sizeof(event_t), False)
    else:
        pages = pages_grow(state.events, state.events_capacity * sizeof(event_t), capacity * sizeof(event_t))
    if pages == NULL:
        return False
    if state.events == NULL:
        for n in range(EVENTS_AHEAD):  # the largest command may never come, ordinary ones will
            (<event_t *> pages)[n].header.seq = 0
    state.events = <event_t *> pages
    state.events_capacity = capacity
    return True


cdef bint state_set_fills_max(state_t *state, uint32_t fills_max) noexcept nogil:
    cdef size_t capacity = PG_REPORTS_MAX(fills_max)
    cdef pg_report *reports
    if fills_max > state.fills_max:
        reports = <pg_report *> calloc(capacity, sizeof(pg_report))
        if reports == NULL:
            return False
        free(state.reports)
        state.reports = reports
        state.reports_capacity = capacity
        state.fills_max = fills_max
        state.events_max = events_max(state)
    return events_make_room(state)


# ------------------------------------------------------------------------------------------------------------ parties


cdef party_t *party_table(const state_t *state, uint8_t scope) noexcept nogil:
    """Firms, desks or traders; NULL for any other scope."""
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
    memcpy(account.lineage, trader.lineage, sizeof(account.lineage))
    account.lineage[0] = account_id
    link_account(state, account_id, TRADER_LEVEL, &trader.first_account, &trader.last_account)
    link_account(state, account_id, DESK_LEVEL, &desk.first_account, &desk.last_account)
    link_account(state, account_id, FIRM_LEVEL, &firm.first_account, &firm.last_account)
    link_account(state, account_id, VENUE_LEVEL, &state.first_account, &state.last_account)
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


cdef void instrument_derive(instrument_t *instrument) noexcept nogil:
    cdef int64_t tick = instrument.config.tick_size_e8
    cdef int64_t oracle = instrument.oracle_price_e8
    cdef int64_t band = instrument.config.band_ppm
    cdef int64_t lowest = instrument.config.min_price_e8 // tick
    cdef int64_t highest = instrument.config.max_price_e8 // tick
    cdef int overflow = 0
    instrument.lowest_price_e8 = instrument.config.min_price_e8
    instrument.highest_price_e8 = instrument.config.max_price_e8
    if oracle:  # 2 * price >= oracle, 2 * price <= 3 * oracle
        instrument.lowest_price_e8 = max(instrument.lowest_price_e8, oracle // 2 + (oracle & 1))
        if oracle // 2 <= INT64_MAX - oracle:
            instrument.highest_price_e8 = min(instrument.highest_price_e8, oracle + oracle // 2)
    instrument.lowest_in_band_ticks = INT64_MIN
    instrument.highest_in_band_ticks = INT64_MAX
    if band and instrument.mark_ticks:
        instrument.lowest_in_band_ticks = mul_div_ceil(instrument.mark_ticks, PPM - band, PPM, &overflow)
        instrument.highest_in_band_ticks = mul_div_floor(instrument.mark_ticks, PPM + band, PPM, &overflow)
    instrument.market_limit_ticks[0] = <uint32_t> min(max(instrument.highest_in_band_ticks, lowest), highest)
    instrument.market_limit_ticks[1] = <uint32_t> min(max(instrument.lowest_in_band_ticks, lowest), highest)


# ------------------------------------------------------------------------------------- what waits: releases, expiries


cdef inline int64_t release_of(const state_t *state, uint32_t node, uint64_t *seq) noexcept nogil:
    """When a new order or a modify leaves the speed bump; *seq is its place among equals."""
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
    return state.orders[a].order_id < state.orders[b].order_id


cdef bint low_stop_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const order_t *orders = (<const state_t *> of).orders
    if orders[a].price_ticks != orders[b].price_ticks:
        return orders[a].price_ticks > orders[b].price_ticks
    return orders[a].order_id < orders[b].order_id


cdef bint high_stop_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const order_t *orders = (<const state_t *> of).orders
    if orders[a].price_ticks != orders[b].price_ticks:
        return orders[a].price_ticks < orders[b].price_ticks
    return orders[a].order_id < orders[b].order_id


cdef inline void await_expiry(state_t *state, uint32_t slot) noexcept nogil:
    if state.orders[slot].time_in_force == TIME_IN_FORCE_GTD:
        heap_add(state.nodes, &state.expiries, slot, state, expiry_is_before)


# ------------------------------------------------------------------------------------------------------------- orders


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
    """After order_remove, when nobody reads the order any more."""
    state.orders[slot].next = state.free_order
    state.free_order = slot


cdef uint32_t order_find(const state_t *state, uint64_t order_id) noexcept nogil:
    """Slot of an open order, or 0."""
    cdef uint64_t at = ids_find(&state.order_ids, order_id, state.orders, sizeof(order_t))
    return 0 if at == IDS_NONE else ids_slot(&state.order_ids, at)


cdef void order_add(state_t *state, uint32_t slot) noexcept nogil:
    """Enters a filled-in order everywhere. Its state says where it belongs: LIVE, PENDING_NEW (with release_ns) or
    UNTRIGGERED."""
    cdef order_t *order = &state.orders[slot]
    cdef account_t *account = &state.accounts[order.account_id]
    panic_unless(
        ids_add(&state.order_ids, order.order_id, slot, state.orders, sizeof(order_t)), "an order id is used twice"
    )
    if state.terms[slot].client_order_id[0]:
        names_add(&state.order_names, slot)
    order.next = 0
    order.prev = account.last_order
    if account.last_order:
        state.orders[account.last_order].next = slot
    else:
        account.first_order = slot
    account.last_order = slot
    account.open_orders += 1
    state.sessions[order.session_id].open_orders += 1
    state.open_orders += 1
    if order.state == ORDER_STATE_UNTRIGGERED:
        stop_add(state, slot)
        return
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
    account.open_orders -= 1
    state.sessions[order.session_id].open_orders -= 1
    state.open_orders -= 1
    if was == ORDER_STATE_UNTRIGGERED:
        stop_remove(state, slot)
        return
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
    """Gives an open order another total."""
    cdef order_t *order = &state.orders[slot]
    cdef position_t *position = &state.positions[order.position]
    cdef int64_t more = quantity_lots - order.quantity_lots
    if order.state == ORDER_STATE_UNTRIGGERED:
        position.stop_lots[order.order_type - ORDER_TYPE_STOP_LOSS] += more
    elif counts_as_reduce_only(order):
        position.reduce_only_lots[order.side - SIDE_BUY] += more
    order.quantity_lots = quantity_lots


# -------------------------------------------------------------------------------------------------------------- stops


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
    """A stop is younger than all of its position: the lists stay in the order of their ids."""
    cdef const order_t *order = &state.orders[slot]
    cdef position_t *position = &state.positions[order.position]
    cdef uint32_t *last = &position.last_stop[stop_index(order.order_type, order.side)]
    cdef link_t *link = &state.terms[slot].by_state.stops
    link.next = 0
    link.prev = last[0]
    if last[0]:
        state.terms[last[0]].by_state.stops.next = slot
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


# ------------------------------------------------------------------------------------------------ modifies, positions


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
    state.orders[modify.order].modify = slot
    state.waiting_modifies += 1
    if modify.client_order_id[0]:
        names_add(&state.modify_names, slot)
    heap_add(state.nodes, &state.releases, state.limits.orders_max + slot, state, release_is_before)


cdef void modify_remove(state_t *state, uint32_t slot) noexcept nogil:
    """Takes a modify that no longer waits out of everything. It can still be read."""
    cdef modify_t *modify = &state.modifies[slot]
    state.orders[modify.order].modify = 0
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
    return slot


# ------------------------------------------------------------------------------------------------------------- queues


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
