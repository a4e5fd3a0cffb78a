"""Writes snapshots: every section in the published order, each table by ascending id, derived values left out.

Called by `_core`, never on the order path: slots are sorted by what identifies their records, because where a record
lies is an accident of history.
"""

from libc.stdint cimport uint16_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport free, malloc, qsort
from libc.string cimport memcpy, memset

from engine._canonical_risk cimport compare_keys, risk_rows_max, risk_sections, sort_t
from engine._state cimport (
    BROKER_LEVEL, DESK_LEVEL, FIRM_LEVEL, TRADER_LEVEL, VENUE_LEVEL, account_of, account_t, instrument_of,
    instrument_t, is_open, modify_t, order_key, order_t, party_t, position_t, session_t, state_t, terms_t,
    throttle_t,
)
from engine.arith cimport panic_unless
from engine.records cimport (
    COMMAND_HEADER_SIZE, ORDER_STATE_PENDING_NEW, SCOPE_ACCOUNT, SCOPE_DESK, SCOPE_FIRM, SCOPE_SESSION,
    SCOPE_TRADER, SECTION_ACCOUNT, SECTION_BOOK, SECTION_CASCADE, SECTION_DESK, SECTION_FIRM, SECTION_INSTRUMENT,
    SECTION_ORDER, SECTION_PENDING_REPLACE, SECTION_POSITION, SECTION_SESSION, SECTION_TRADER, SECTION_TRIM,
    SECTION_VENUE, SECTION_WORK, TIME_IN_FORCE_IOC, section_header_t, snap_account_t, snap_book_header_t,
    snap_cascade_t, snap_desk_t, snap_firm_t, snap_instrument_t, snap_order_t, snap_pending_replace_t,
    snap_position_t, snap_session_t, snap_trader_t, snap_trim_t, snap_venue_t, snap_work_t,
)


ctypedef struct counts_t:  # rows of the sections whose tables have gaps
    uint64_t firms
    uint64_t desks
    uint64_t traders
    uint64_t accounts
    uint64_t sessions
    uint64_t instruments
    uint64_t trims
    uint64_t cascades


cdef uint64_t count_parties(const party_t *parties, uint32_t id_max) noexcept nogil:
    cdef uint64_t count = 0
    cdef uint32_t n
    for n in range(1, id_max + 1):
        count += parties[n].status != 0
    return count


cdef counts_t count_rows(const state_t *state) noexcept nogil:
    cdef counts_t counts
    cdef uint32_t n
    memset(&counts, 0, sizeof(counts))
    counts.firms = count_parties(state.firms, state.limits.firms_max)
    counts.desks = count_parties(state.desks, state.limits.desks_max)
    counts.traders = count_parties(state.traders, state.limits.traders_max)
    n = state.first_account
    while n:
        counts.accounts += 1
        n = state.accounts[n].next_account[VENUE_LEVEL - 1]
    for n in range(1, state.limits.sessions_max + 1):
        counts.sessions += state.sessions[n].status != 0
    for n in range(1, state.limits.instruments_max + 1):
        counts.instruments += state.instruments[n].state != 0
    n = state.first_in_trim
    while n:
        counts.trims += 1
        n = state.positions[n].next_in_trim
    n = state.first_in_cascade
    while n:
        counts.cascades += 1
        n = state.instruments[n].next_in_cascade
    return counts


cdef inline size_t padded(size_t size) noexcept nogil:
    return (size + 7) & ~<size_t> 7


cdef size_t snapshot_size(const state_t *state) noexcept nogil:
    """0 when memory for sorting is short."""
    cdef size_t size = core_size(state)
    cdef sort_t *sorted = <sort_t *> malloc(risk_rows_max(state) * sizeof(sort_t))
    if sorted == NULL:
        return 0
    size += risk_sections(state, NULL, sorted)
    free(sorted)
    return size


cdef size_t core_size(const state_t *state) noexcept nogil:
    """Up to the books."""
    cdef counts_t counts = count_rows(state)
    cdef const instrument_t *instrument
    cdef size_t size = SECTION_BOOK * sizeof(section_header_t) + sizeof(snap_venue_t)
    cdef uint32_t n
    size += counts.firms * sizeof(snap_firm_t) + counts.desks * sizeof(snap_desk_t)
    size += counts.traders * sizeof(snap_trader_t) + counts.accounts * sizeof(snap_account_t)
    size += counts.sessions * sizeof(snap_session_t) + counts.instruments * sizeof(snap_instrument_t)
    size += state.positions_count * sizeof(snap_position_t) + state.open_orders * sizeof(snap_order_t)
    size += state.waiting_modifies * sizeof(snap_pending_replace_t) + state.works_count * sizeof(snap_work_t)
    size += counts.trims * sizeof(snap_trim_t) + counts.cascades * sizeof(snap_cascade_t)
    for n in range(1, state.limits.instruments_max + 1):
        instrument = &state.instruments[n]
        if instrument.state:
            size += sizeof(snap_book_header_t) + padded(instrument.api.snapshot(instrument.book, NULL, 0))
    return size


cdef uint8_t *begin_section(uint8_t *at, uint16_t section, uint32_t row_size, uint64_t rows) noexcept nogil:
    cdef section_header_t *header = <section_header_t *> at
    memset(header, 0, sizeof(section_header_t))
    header.section = section
    header.row_size = row_size
    header.rows = rows
    return at + sizeof(section_header_t)


cdef bint snapshot_write(const state_t *state, uint8_t *data, size_t size) noexcept nogil:
    cdef counts_t counts = count_rows(state)
    cdef sort_t *sorted = <sort_t *> malloc(risk_rows_max(state) * sizeof(sort_t))
    cdef uint8_t *at = data
    if sorted == NULL:
        return False
    at = write_venue(state, at)
    at = write_nodes(state, at, SCOPE_FIRM, counts.firms)
    at = write_nodes(state, at, SCOPE_DESK, counts.desks)
    at = write_traders(state, at, counts.traders)
    at = write_accounts(state, at, counts.accounts)
    at = write_sessions(state, at, counts.sessions)
    at = write_instruments(state, at, counts.instruments)
    at = write_positions(state, at, sorted)
    at = write_orders(state, at, sorted)
    at = write_modifies(state, at, sorted)
    at = write_queues(state, at, &counts)
    at = write_books(state, at, counts.instruments)
    at += risk_sections(state, at, sorted)
    free(sorted)
    panic_unless(at == data + size, "a snapshot does not have the size that was announced")
    return True


# ------------------------------------------------------------------------------------------------------------- parties


cdef uint8_t *write_venue(const state_t *state, uint8_t *at) noexcept nogil:
    cdef snap_venue_t *row
    at = begin_section(at, SECTION_VENUE, sizeof(snap_venue_t), 1)
    row = <snap_venue_t *> at
    memset(row, 0, sizeof(snap_venue_t))
    row.seq = state.seq
    row.timestamp_ns = state.timestamp_ns
    row.business_date = state.business_date
    row.state = state.venue_state
    return at + sizeof(snap_venue_t)


cdef void fill_party(
    const state_t *state, snap_firm_t *row, uint8_t scope, uint32_t party_id, uint32_t parent_id, uint8_t status
) noexcept nogil:
    """What rows of firms, desks, traders, accounts and sessions begin with."""
    row.party_id = party_id
    row.parent_id = parent_id
    row.status = status
    memcpy(row.name, state.names[scope - SCOPE_SESSION][party_id].text, sizeof(row.name))


cdef uint8_t *write_nodes(const state_t *state, uint8_t *at, uint8_t scope, uint64_t rows) noexcept nogil:
    """Firms or desks."""
    cdef const party_t *nodes = state.firms if scope == SCOPE_FIRM else state.desks
    cdef uint32_t id_max = state.limits.firms_max if scope == SCOPE_FIRM else state.limits.desks_max
    cdef uint32_t n, parent_id
    at = begin_section(at, SECTION_FIRM if scope == SCOPE_FIRM else SECTION_DESK, sizeof(snap_firm_t), rows)
    for n in range(1, id_max + 1):
        if nodes[n].status:
            parent_id = nodes[n].lineage[BROKER_LEVEL if scope == SCOPE_FIRM else FIRM_LEVEL]
            memset(at, 0, sizeof(snap_firm_t))
            fill_party(state, <snap_firm_t *> at, scope, n, parent_id, nodes[n].status)
            at += sizeof(snap_firm_t)
    return at


cdef uint8_t *write_traders(const state_t *state, uint8_t *at, uint64_t rows) noexcept nogil:
    cdef const party_t *trader
    cdef const throttle_t *throttle
    cdef snap_trader_t *row
    cdef uint32_t n
    at = begin_section(at, SECTION_TRADER, sizeof(snap_trader_t), rows)
    for n in range(1, state.limits.traders_max + 1):
        trader = &state.traders[n]
        if trader.status == 0:
            continue
        throttle = &state.throttles[n]
        row = <snap_trader_t *> at
        memset(row, 0, sizeof(snap_trader_t))
        fill_party(state, <snap_firm_t *> row, SCOPE_TRADER, n, trader.lineage[DESK_LEVEL], trader.status)
        row.rate_limit_milli = throttle.limit_micro // 1000
        row.general_load_micro = throttle.general.load_micro
        row.general_time_ms = throttle.general.time_ms
        row.cancel_load_micro = throttle.cancel.load_micro
        row.cancel_time_ms = throttle.cancel.time_ms
        at += sizeof(snap_trader_t)
    return at


cdef uint8_t *write_accounts(const state_t *state, uint8_t *at, uint64_t rows) noexcept nogil:
    cdef const account_t *account
    cdef snap_account_t *row
    cdef uint32_t n = state.first_account
    at = begin_section(at, SECTION_ACCOUNT, sizeof(snap_account_t), rows)
    while n:
        account = &state.accounts[n]
        row = <snap_account_t *> at
        memset(row, 0, sizeof(snap_account_t))
        fill_party(state, <snap_firm_t *> row, SCOPE_ACCOUNT, n, account.lineage[TRADER_LEVEL], account.status)
        row.stp_group = account.stp_group
        row.open_orders_max = account.open_orders_max
        row.stp_mode = account.stp_mode
        at += sizeof(snap_account_t)
        n = account.next_account[VENUE_LEVEL - 1]
    return at


cdef uint8_t *write_sessions(const state_t *state, uint8_t *at, uint64_t rows) noexcept nogil:
    cdef const session_t *session
    cdef snap_session_t *row
    cdef uint32_t n
    at = begin_section(at, SECTION_SESSION, sizeof(snap_session_t), rows)
    for n in range(1, state.limits.sessions_max + 1):
        session = &state.sessions[n]
        if session.status == 0:
            continue
        row = <snap_session_t *> at
        memset(row, 0, sizeof(snap_session_t))
        fill_party(state, <snap_firm_t *> row, SCOPE_SESSION, n, session.parent_id, session.status)
        row.rights = session.rights
        row.scope = session.scope
        row.connected = session.connected
        row.cod_flags = session.cod_flags
        row.cod_grace_ns = session.cod_grace_ns
        row.cod_due_ns = session.cod_due_ns
        row.last_msg_seq_in = session.last_msg_seq_in
        row.session_seq = session.session_seq
        at += sizeof(snap_session_t)
    return at


cdef uint8_t *write_instruments(const state_t *state, uint8_t *at, uint64_t rows) noexcept nogil:
    cdef const instrument_t *instrument
    cdef snap_instrument_t *row
    cdef uint32_t n
    at = begin_section(at, SECTION_INSTRUMENT, sizeof(snap_instrument_t), rows)
    for n in range(1, state.limits.instruments_max + 1):
        instrument = &state.instruments[n]
        if instrument.state == 0:
            continue
        row = <snap_instrument_t *> at
        memset(row, 0, sizeof(snap_instrument_t))
        row.instrument_id = n
        row.state = instrument.state
        memcpy(row.config, <const uint8_t *> &instrument.config + COMMAND_HEADER_SIZE, sizeof(row.config))
        row.mark_ticks = instrument.mark_ticks
        row.oracle_price_e8 = instrument.oracle_price_e8
        row.latch_low_ticks = instrument.latch_low_ticks
        row.latch_high_ticks = instrument.latch_high_ticks
        at += sizeof(snap_instrument_t)
    return at


# ------------------------------------------------------------------------------------------------ positions and orders


cdef uint8_t *write_positions(const state_t *state, uint8_t *at, sort_t *sorted) noexcept nogil:
    cdef const position_t *position
    cdef snap_position_t *row
    cdef uint32_t n
    for n in range(state.positions_count):
        sorted[n].key = state.positions[n + 1].key
        sorted[n].slot = n + 1
    qsort(sorted, state.positions_count, sizeof(sort_t), compare_keys)
    at = begin_section(at, SECTION_POSITION, sizeof(snap_position_t), state.positions_count)
    for n in range(state.positions_count):
        position = &state.positions[sorted[n].slot]
        row = <snap_position_t *> at
        row.account_id = account_of(position)
        row.instrument_id = instrument_of(position)
        row.position_lots = position.lots
        at += sizeof(snap_position_t)
    return at


cdef void fill_order_row(const state_t *state, uint32_t slot, snap_order_t *row) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef const terms_t *terms = &state.terms[slot]
    memset(row, 0, sizeof(snap_order_t))
    row.order_id = order.order_id
    row.session_id = order.session_id
    row.account_id = order.account_id
    row.instrument_id = instrument_of(&state.positions[order.position])
    row.stp_group = order.stp_group
    memcpy(row.client_order_id, terms.client_order_id, sizeof(row.client_order_id))
    row.price_ticks = order.price_ticks
    row.quantity_lots = order.quantity_lots
    row.cum_lots = order.cum_lots
    if order.time_in_force == TIME_IN_FORCE_IOC:
        row.min_lots = terms.slice_lots
    else:
        row.display_lots = terms.slice_lots
    row.expire_ns = terms.expire_ns
    if order.state == ORDER_STATE_PENDING_NEW:
        row.release_ns = terms.by_state.release_ns
    row.side = order.side
    row.order_type = order.order_type
    row.time_in_force = order.time_in_force
    row.stp_mode = order.stp_mode
    row.order_flags = order.flags
    row.state = order.state


cdef uint8_t *write_orders(const state_t *state, uint8_t *at, sort_t *sorted) noexcept nogil:
    cdef uint32_t n, count = 0
    for n in range(1, state.used_orders + 1):
        if is_open(&state.orders[n]):
            sorted[count].key = order_key(state.orders[n].order_id)
            sorted[count].slot = n
            count += 1
    panic_unless(count == state.open_orders, "the count of open orders is wrong")
    qsort(sorted, count, sizeof(sort_t), compare_keys)
    at = begin_section(at, SECTION_ORDER, sizeof(snap_order_t), count)
    for n in range(count):
        fill_order_row(state, sorted[n].slot, <snap_order_t *> at)
        at += sizeof(snap_order_t)
    return at


cdef uint8_t *write_modifies(const state_t *state, uint8_t *at, sort_t *sorted) noexcept nogil:
    cdef const modify_t *modify
    cdef snap_pending_replace_t *row
    cdef uint32_t n, count = 0
    for n in range(1, state.used_orders + 1):
        if is_open(&state.orders[n]) and state.orders[n].modify:
            sorted[count].key = state.modifies[state.orders[n].modify].seq
            sorted[count].slot = state.orders[n].modify
            count += 1
    panic_unless(count == state.waiting_modifies, "the count of waiting modifies is wrong")
    qsort(sorted, count, sizeof(sort_t), compare_keys)
    at = begin_section(at, SECTION_PENDING_REPLACE, sizeof(snap_pending_replace_t), count)
    for n in range(count):
        modify = &state.modifies[sorted[n].slot]
        row = <snap_pending_replace_t *> at
        memset(row, 0, sizeof(snap_pending_replace_t))
        row.seq = modify.seq
        row.order_id = state.orders[modify.order].order_id
        row.release_ns = modify.release_ns
        row.price_ticks = modify.price_ticks
        row.quantity_lots = modify.quantity_lots
        memcpy(row.client_order_id, modify.client_order_id, sizeof(row.client_order_id))
        row.session_id = modify.session_id
        row.msg_seq_in = modify.msg_seq_in
        at += sizeof(snap_pending_replace_t)
    return at


# ---------------------------------------------------------------------------------------------------- queues and books


cdef uint8_t *write_queues(const state_t *state, uint8_t *at, const counts_t *counts) noexcept nogil:
    cdef uint32_t n
    at = begin_section(at, SECTION_WORK, sizeof(snap_work_t), state.works_count)
    for n in range(state.works_count):
        memcpy(
            at, &state.works[(<uint64_t> state.works_first + n) % state.limits.works_max], sizeof(snap_work_t)
        )
        at += sizeof(snap_work_t)
    at = begin_section(at, SECTION_TRIM, sizeof(snap_trim_t), counts.trims)
    n = state.first_in_trim
    while n:
        (<snap_trim_t *> at).account_id = account_of(&state.positions[n])
        (<snap_trim_t *> at).instrument_id = instrument_of(&state.positions[n])
        at += sizeof(snap_trim_t)
        n = state.positions[n].next_in_trim
    at = begin_section(at, SECTION_CASCADE, sizeof(snap_cascade_t), counts.cascades)
    n = state.first_in_cascade
    while n:
        memset(at, 0, sizeof(snap_cascade_t))
        (<snap_cascade_t *> at).instrument_id = n
        at += sizeof(snap_cascade_t)
        n = state.instruments[n].next_in_cascade
    return at


cdef uint8_t *write_books(const state_t *state, uint8_t *at, uint64_t rows) noexcept nogil:
    cdef const instrument_t *instrument
    cdef snap_book_header_t *header
    cdef size_t size
    cdef uint32_t n
    at = begin_section(at, SECTION_BOOK, 0, rows)
    for n in range(1, state.limits.instruments_max + 1):
        instrument = &state.instruments[n]
        if instrument.state == 0:
            continue
        size = instrument.api.snapshot(instrument.book, NULL, 0)
        header = <snap_book_header_t *> at
        memset(header, 0, sizeof(snap_book_header_t))
        header.instrument_id = n
        header.bytes = size
        at += sizeof(snap_book_header_t)
        memset(at, 0, padded(size))
        panic_unless(
            instrument.api.snapshot(instrument.book, at, size) == size, "a matcher's snapshot changes its size"
        )
        at += padded(size)
    return at
