"""Writes the sections of brokers, money, limits and prices; rows that say nothing are left out.

Called by `_canonical`, which writes the sections before them, twice: to count and to write. It changes nothing.
"""

from libc.stdint cimport uint16_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport qsort
from libc.string cimport memcpy, memset

from engine._risk_state cimport (
    LIMIT_KINDS, SOURCES_MAX, fee_t, feed_t, instrument_risk_t, limited_t, position_risk_t, protection_t,
)
from engine._risk_tables cimport fee_of
from engine._state cimport (
    VENUE_LEVEL, account_of, instrument_of, is_open, modify_t, order_key, order_t, position_t, state_t,
)
from engine.records cimport (
    COMMAND_HEADER_SIZE, NODE_FLAG_KILLED, SCOPE_ACCOUNT, SCOPE_BROKER, SCOPE_DESK, SCOPE_FIRM, SCOPE_INSTRUMENT,
    SCOPE_SESSION, SCOPE_TRADER, SCOPE_VENUE, SECTION_ACCOUNT_RISK, SECTION_BROKER, SECTION_CALENDAR, SECTION_FEE,
    SECTION_FEED, SECTION_FEED_SOURCE, SECTION_INSTRUMENT_RISK, SECTION_LIMIT, SECTION_MMP, SECTION_MMP_FILL,
    SECTION_NODE, SECTION_ORDER_TERMS, SECTION_PENDING_TERMS, SECTION_POSITION_RISK, SECTION_RANKING,
    SECTION_TOUCHED, SECTION_TRANSFER, SECTION_VENUE_RISK, section_header_t, snap_account_risk_t, snap_broker_t,
    snap_calendar_t, snap_fee_t, snap_feed_source_t, snap_feed_t, snap_instrument_risk_t, snap_limit_t,
    snap_mmp_fill_t, snap_mmp_t, snap_node_t, snap_order_terms_t, snap_pending_terms_t, snap_position_risk_t,
    snap_ranking_t, snap_touched_t, snap_transfer_t, snap_venue_risk_t,
)


# -------------------------------------------------------------------------------------------------------------- writer


ctypedef struct writer_t:
    uint8_t *data  # NULL: bytes are counted only
    size_t size
    size_t header  # where the section at hand begins
    size_t row_size


cdef void begin(writer_t *w, uint16_t section, size_t row_size) noexcept nogil:
    cdef section_header_t header
    memset(&header, 0, sizeof(header))
    header.section = section
    header.row_size = <uint32_t> row_size
    w.header = w.size
    w.row_size = row_size
    if w.data != NULL:
        memcpy(w.data + w.size, &header, sizeof(header))
    w.size += sizeof(header)


cdef void put(writer_t *w, const void *row) noexcept nogil:
    if w.data != NULL:
        memcpy(w.data + w.size, row, w.row_size)
        (<section_header_t *> (w.data + w.header)).rows += 1
    w.size += w.row_size


cdef void put_said(writer_t *w, const void *row, size_t key_size) noexcept nogil:
    """Unless everything but the key, which comes first, is zero."""
    cdef size_t n
    for n in range(key_size, w.row_size):
        if (<const uint8_t *> row)[n]:
            put(w, row)
            return


cdef int compare_keys(const void *a, const void *b) noexcept nogil:
    cdef uint64_t one = (<const sort_t *> a).key, other = (<const sort_t *> b).key
    return (one > other) - (one < other)


cdef uint64_t risk_rows_max(const state_t *state) noexcept nogil:
    return max(
        max(state.open_orders, state.positions_count), max(state.risk.limits_count, state.risk.transfers_count)
    ) + 1


cdef size_t risk_sections(const state_t *state, uint8_t *data, sort_t *sorted) noexcept nogil:
    cdef writer_t w
    memset(&w, 0, sizeof(w))
    w.data = data
    write_brokers(state, &w)
    write_flags(state, &w)
    write_venue(state, &w)
    write_instruments(state, &w)
    write_accounts(state, &w)
    write_positions(state, &w, sorted)
    write_terms(state, &w, sorted)
    write_pending(state, &w, sorted)
    write_feeds(state, &w)
    write_calendars(state, &w)
    write_fees(state, &w)
    write_limits(state, &w)
    write_transfers(state, &w, sorted)
    write_protections(state, &w, sorted)
    write_queues(state, &w)
    return w.size


# ----------------------------------------------------------------------------------------------------- nodes and venue


cdef void write_brokers(const state_t *state, writer_t *w) noexcept nogil:
    cdef snap_broker_t row
    cdef uint32_t n
    begin(w, SECTION_BROKER, sizeof(row))
    for n in range(1, state.limits.brokers_max + 1):
        if state.brokers[n].status:
            memset(&row, 0, sizeof(row))
            row.party_id = n
            row.status = state.brokers[n].status
            memcpy(row.name, state.names[SCOPE_BROKER - SCOPE_SESSION][n].text, sizeof(row.name))
            put(w, &row)


cdef void write_flags_of(const state_t *state, writer_t *w, uint8_t scope, uint32_t id_max) noexcept nogil:
    cdef snap_node_t row
    cdef uint32_t n
    for n in range(<uint64_t> id_max + 1):
        if state.risk.limited[scope][n].flags:
            memset(&row, 0, sizeof(row))
            row.node_id = n
            row.node_flags = state.risk.limited[scope][n].flags
            row.scope = scope
            put(w, &row)


cdef void write_flags(const state_t *state, writer_t *w) noexcept nogil:
    cdef snap_node_t row
    cdef uint32_t n
    begin(w, SECTION_NODE, sizeof(row))
    if state.risk.flagged:
        write_flags_of(state, w, SCOPE_SESSION, state.limits.sessions_max)
        write_flags_of(state, w, SCOPE_ACCOUNT, state.limits.accounts_max)
        write_flags_of(state, w, SCOPE_TRADER, state.limits.traders_max)
        write_flags_of(state, w, SCOPE_DESK, state.limits.desks_max)
        write_flags_of(state, w, SCOPE_FIRM, state.limits.firms_max)
        write_flags_of(state, w, SCOPE_VENUE, 0)
        write_flags_of(state, w, SCOPE_BROKER, state.limits.brokers_max)
    for n in range(1, state.limits.instruments_max + 1):
        if state.risk.instruments[n].is_killed:
            memset(&row, 0, sizeof(row))
            row.node_id = n
            row.node_flags = NODE_FLAG_KILLED
            row.scope = SCOPE_INSTRUMENT
            put(w, &row)


cdef void write_venue(const state_t *state, writer_t *w) noexcept nogil:
    cdef snap_venue_risk_t row = state.risk.venue
    begin(w, SECTION_VENUE_RISK, sizeof(row))
    memcpy(row.config, <const uint8_t *> &state.risk.config + COMMAND_HEADER_SIZE, sizeof(row.config))
    put(w, &row)


cdef void write_instruments(const state_t *state, writer_t *w) noexcept nogil:
    cdef const instrument_risk_t *risk
    cdef snap_instrument_risk_t row
    cdef uint32_t n
    begin(w, SECTION_INSTRUMENT_RISK, sizeof(row))
    for n in range(1, state.limits.instruments_max + 1):
        risk = &state.risk.instruments[n]
        if state.instruments[n].state:
            row = risk.row
            row.instrument_id = n
            memcpy(row.config, <const uint8_t *> &risk.config + COMMAND_HEADER_SIZE, sizeof(row.config))
            put_said(w, &row, sizeof(row.instrument_id))


# ----------------------------------------------------------------------------------------- accounts, positions, orders


cdef void write_accounts(const state_t *state, writer_t *w) noexcept nogil:
    cdef snap_account_risk_t row
    cdef uint32_t n = state.first_account
    begin(w, SECTION_ACCOUNT_RISK, sizeof(row))
    while n:
        row = state.risk.accounts[n].row
        row.account_id = n
        put_said(w, &row, sizeof(row.account_id))
        n = state.accounts[n].next_account[VENUE_LEVEL - 1]


cdef void sort_positions(const state_t *state, sort_t *sorted) noexcept nogil:
    cdef uint32_t n
    for n in range(state.positions_count):
        sorted[n].key = state.positions[n + 1].key
        sorted[n].slot = n + 1
    qsort(sorted, state.positions_count, sizeof(sort_t), compare_keys)


cdef void write_positions(const state_t *state, writer_t *w, sort_t *sorted) noexcept nogil:
    cdef const position_t *position
    cdef const position_risk_t *risk
    cdef snap_position_risk_t row
    cdef uint32_t n
    begin(w, SECTION_POSITION_RISK, sizeof(row))
    sort_positions(state, sorted)
    for n in range(state.positions_count):
        position = &state.positions[sorted[n].slot]
        risk = &state.risk.positions[sorted[n].slot]
        memset(&row, 0, sizeof(row))
        row.account_id = account_of(position)
        row.instrument_id = instrument_of(position)
        row.cost = position.cost
        row.realised_micro = risk.realised_micro
        row.funding_micro = risk.funding_micro
        row.slice_pulse = risk.slice_pulse
        row.tried_pulse = risk.tried_pulse
        row.leverage = position.leverage
        put_said(w, &row, sizeof(row.account_id) + sizeof(row.instrument_id))


cdef void write_terms(const state_t *state, writer_t *w, sort_t *sorted) noexcept nogil:
    cdef const order_t *order
    cdef snap_order_terms_t row
    cdef uint32_t n, count = 0
    for n in range(1, state.used_orders + 1):
        order = &state.orders[n]
        if is_open(order) and (order.has_terms or order.fee_tier):
            sorted[count].key = order_key(order.order_id)
            sorted[count].slot = n
            count += 1
    qsort(sorted, count, sizeof(sort_t), compare_keys)
    begin(w, SECTION_ORDER_TERMS, sizeof(row))
    for n in range(count):
        order = &state.orders[sorted[n].slot]
        memset(&row, 0, sizeof(row))
        if order.has_terms:
            row = state.risk.order_terms[sorted[n].slot]
        row.order_id = order.order_id
        row.fee_tier = order.fee_tier
        put_said(w, &row, sizeof(row.order_id))


cdef void write_pending(const state_t *state, writer_t *w, sort_t *sorted) noexcept nogil:
    cdef const modify_t *modify
    cdef snap_pending_terms_t row
    cdef uint32_t n, count = 0
    for n in range(1, state.used_orders + 1):
        if is_open(&state.orders[n]) and state.orders[n].modify:
            sorted[count].key = state.modifies[state.orders[n].modify].seq
            sorted[count].slot = state.orders[n].modify
            count += 1
    qsort(sorted, count, sizeof(sort_t), compare_keys)
    begin(w, SECTION_PENDING_TERMS, sizeof(row))
    for n in range(count):
        modify = &state.modifies[sorted[n].slot]
        row.seq = modify.seq
        row.take_profit_ticks = modify.take_profit_ticks
        row.stop_loss_ticks = modify.stop_loss_ticks
        put_said(w, &row, sizeof(row.seq))


# --------------------------------------------------------------------------------------------- prices, fees, calendars


cdef void write_feeds(const state_t *state, writer_t *w) noexcept nogil:
    cdef const feed_t *feed
    cdef snap_feed_source_t row
    cdef uint32_t n, source
    begin(w, SECTION_FEED, sizeof(snap_feed_t))
    for n in range(1, state.limits.feeds_max + 1):
        if state.risk.feeds[n].row.feed_id:
            put(w, &state.risk.feeds[n].row)
    begin(w, SECTION_FEED_SOURCE, sizeof(row))
    for n in range(1, state.limits.feeds_max + 1):
        feed = &state.risk.feeds[n]
        for source in range(SOURCES_MAX):
            if source < feed.row.sources and feed.sources[source].price_e8:
                row = feed.sources[source]
                row.feed_id = n
                row.source = source
                put(w, &row)


cdef void write_calendars(const state_t *state, writer_t *w) noexcept nogil:
    cdef uint32_t n
    begin(w, SECTION_CALENDAR, sizeof(snap_calendar_t))
    for n in range(1, state.limits.calendars_max + 1):
        if state.risk.calendars[n].calendar_id:
            put(w, &state.risk.calendars[n])


cdef void write_fees(const state_t *state, writer_t *w) noexcept nogil:
    cdef const fee_t *fee
    cdef snap_fee_t row
    cdef uint32_t n, tier
    begin(w, SECTION_FEE, sizeof(row))
    for n in range(1, state.limits.instruments_max + 1):
        if state.instruments[n].state == 0:
            continue
        for tier in range(1, state.limits.fee_tiers_max + 1):
            fee = fee_of(state, n, <uint8_t> tier)
            if fee.is_set:
                memset(&row, 0, sizeof(row))
                row.instrument_id = n
                row.fee_tier = <uint8_t> tier
                row.maker_rate_e8 = fee.maker_rate_e8
                row.taker_rate_e8 = fee.taker_rate_e8
                put(w, &row)


# --------------------------------------------------------------------------------------------------- limits, transfers


cdef void write_limits_of(const state_t *state, writer_t *w, uint8_t scope, uint32_t id_max) noexcept nogil:
    """A node's rows are in key order within each kind, and kinds come before targets in the key."""
    cdef const limited_t *node
    cdef uint32_t n, kind, slot
    for n in range(<uint64_t> id_max + 1):
        node = &state.risk.limited[scope][n]
        if node.rows == 0:
            continue
        for kind in range(1, LIMIT_KINDS):
            slot = state.risk.heads[node.rows].first[kind]
            while slot:
                put(w, &state.risk.limits[slot])
                slot = state.risk.limit_next[slot]


cdef void write_limits(const state_t *state, writer_t *w) noexcept nogil:
    begin(w, SECTION_LIMIT, sizeof(snap_limit_t))
    if state.risk.limits_count == 0:
        return
    write_limits_of(state, w, SCOPE_SESSION, state.limits.sessions_max)
    write_limits_of(state, w, SCOPE_ACCOUNT, state.limits.accounts_max)
    write_limits_of(state, w, SCOPE_TRADER, state.limits.traders_max)
    write_limits_of(state, w, SCOPE_DESK, state.limits.desks_max)
    write_limits_of(state, w, SCOPE_FIRM, state.limits.firms_max)
    write_limits_of(state, w, SCOPE_VENUE, 0)
    write_limits_of(state, w, SCOPE_BROKER, state.limits.brokers_max)


cdef void write_transfers(const state_t *state, writer_t *w, sort_t *sorted) noexcept nogil:
    cdef uint64_t n
    cdef uint32_t count = 0
    for n in range(state.risk.transfer_ids.capacity):
        if state.risk.transfer_ids.entries[n]:
            sorted[count].slot = <uint32_t> state.risk.transfer_ids.entries[n]
            sorted[count].key = state.risk.transfers[sorted[count].slot].transfer_id
            count += 1
    qsort(sorted, count, sizeof(sort_t), compare_keys)
    begin(w, SECTION_TRANSFER, sizeof(snap_transfer_t))
    for n in range(count):
        put(w, &state.risk.transfers[sorted[n].slot])


# ---------------------------------------------------------------------------------------------- protections and queues


cdef void write_protections(const state_t *state, writer_t *w, sort_t *sorted) noexcept nogil:
    cdef const protection_t *protection
    cdef snap_mmp_t row
    cdef snap_mmp_fill_t fill
    cdef uint32_t n, k
    sort_positions(state, sorted)
    begin(w, SECTION_MMP, sizeof(row))
    for n in range(state.positions_count):
        if state.risk.positions[sorted[n].slot].protection:
            row = state.risk.protections[state.risk.positions[sorted[n].slot].protection].row
            row.account_id = account_of(&state.positions[sorted[n].slot])
            row.instrument_id = instrument_of(&state.positions[sorted[n].slot])
            put(w, &row)
    begin(w, SECTION_MMP_FILL, sizeof(fill))
    for n in range(state.positions_count):
        protection = &state.risk.protections[state.risk.positions[sorted[n].slot].protection]
        if protection == state.risk.protections:
            continue
        for k in range(protection.fills_count):
            fill = protection.fills[k]
            fill.account_id = account_of(&state.positions[sorted[n].slot])
            fill.instrument_id = instrument_of(&state.positions[sorted[n].slot])
            put(w, &fill)


cdef void write_queues(const state_t *state, writer_t *w) noexcept nogil:
    cdef snap_touched_t row
    cdef uint32_t n = state.risk.first_touched
    memset(&row, 0, sizeof(row))
    begin(w, SECTION_TOUCHED, sizeof(row))
    while n:
        row.account_id = n
        put(w, &row)
        n = state.risk.accounts[n].next_touched
    begin(w, SECTION_RANKING, sizeof(snap_ranking_t))
    for n in range(state.risk.ranking_count):
        put(w, &state.risk.ranking[n])
