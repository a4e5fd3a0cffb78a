"""Reads snapshots: fills a fresh state, row by row, and looks at everything that a later command would rely on.

Called by `_core.Core.restore` alone. Parties and instruments go through the checks of the commands that once made
them; of orders everything is checked that the order path takes for granted.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport free, malloc, qsort
from libc.string cimport memcpy, memset

from engine._calendars cimport instrument_derive
from engine._canonical_risk cimport compare_keys, sort_t
from engine._exposures cimport position_move
from engine._parties cimport check_instrument, set_account, set_desk, set_firm, set_instrument, set_session, set_trader
from engine._state cimport (
    cascade_add, cod_timer_set, find_account, find_instrument, find_lineage, find_session, has_room_for_work,
    instrument_of, instrument_t, leaves_of, modify_add, modify_t, modify_take, order_add, order_find, order_key,
    order_t, order_take, position_add, position_find, position_t, risk_of_instrument, seq_of, session_t, state_t,
    terms_t, throttle_t, trim_add, work_add,
)
from engine._restore_risk cimport are_sound_terms, next_pending, next_terms, restore_brokers, restore_money
from engine._work cimport find_visit_next
from engine.arith cimport add_checked, i128, mul_checked, narrow, size_of_i128
from engine.levels cimport PRICE_LEVELS_MAX
from engine.names cimport NAME_SIZE, names_find
from engine.records cimport (
    COMMAND_HEADER_SIZE, INSTRUMENT_STATE_ACTIVE, INSTRUMENT_STATE_DELISTED, ORDER_FLAG_QUOTE,
    ORDER_FLAG_REDUCE_ONLY, ORDER_STATE_LIVE, ORDER_STATE_PENDING_NEW, ORDER_STATE_UNTRIGGERED, ORDER_TYPE_ALO,
    ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, ORDER_TYPE_STOP_LOSS, ORDER_TYPE_TAKE_PROFIT, ORDER_TYPE_TWAP,
    SCOPE_SESSION, SCOPE_VENUE, SECTION_ACCOUNT, SECTION_BOOK, SECTION_CASCADE, SECTION_DESK, SECTION_FIRM,
    SECTION_INSTRUMENT, SECTION_ORDER, SECTION_ORDER_TERMS, SECTION_PENDING_REPLACE, SECTION_PENDING_TERMS,
    SECTION_POSITION, SECTION_RANKING, SECTION_SESSION, SECTION_TRADER, SECTION_TRIM, SECTION_VENUE, SECTION_WORK,
    SIDE_BUY, SIDE_SELL, STP_MODE_CANCEL_PASSIVE, STP_MODE_DECREMENT, TIME_IN_FORCE_FOK, TIME_IN_FORCE_GTC,
    TIME_IN_FORCE_GTD, TIME_IN_FORCE_IOC, VENUE_STATE_CANCEL_ONLY, VENUE_STATE_OPEN, WORK_ACCOUNT_STATUS,
    WORK_CANCEL_ON_DISCONNECT, WORK_MASS_CANCEL, WORK_ORDER_STATUS, matcher_snapshot_row_t, section_header_t,
    set_account_t, set_firm_t, set_instrument_t, set_session_t, set_trader_t, snap_account_risk_t, snap_account_t,
    snap_book_header_t, snap_broker_t, snap_calendar_t, snap_cascade_t, snap_desk_t, snap_fee_t, snap_feed_source_t,
    snap_feed_t, snap_firm_t, snap_instrument_risk_t, snap_instrument_t, snap_limit_t, snap_mmp_fill_t, snap_mmp_t,
    snap_node_t, snap_order_t, snap_order_terms_t, snap_pending_replace_t, snap_pending_terms_t,
    snap_position_risk_t, snap_position_t, snap_ranking_t, snap_session_t, snap_touched_t, snap_trader_t,
    snap_transfer_t, snap_trim_t, snap_venue_risk_t, snap_venue_t, snap_work_t,
)


# --------------------------------------------------------------------------------------------------------------- split


cdef uint32_t row_size(uint32_t section) noexcept nogil:
    cdef uint32_t[33] sizes
    sizes = [
        0, sizeof(snap_venue_t), sizeof(snap_firm_t), sizeof(snap_desk_t), sizeof(snap_trader_t),
        sizeof(snap_account_t), sizeof(snap_session_t), sizeof(snap_instrument_t), sizeof(snap_position_t),
        sizeof(snap_order_t), sizeof(snap_pending_replace_t), sizeof(snap_work_t), sizeof(snap_trim_t),
        sizeof(snap_cascade_t), 0, sizeof(snap_broker_t), sizeof(snap_node_t), sizeof(snap_venue_risk_t),
        sizeof(snap_instrument_risk_t), sizeof(snap_account_risk_t), sizeof(snap_position_risk_t),
        sizeof(snap_order_terms_t), sizeof(snap_pending_terms_t), sizeof(snap_feed_t), sizeof(snap_feed_source_t),
        sizeof(snap_calendar_t), sizeof(snap_fee_t), sizeof(snap_limit_t), sizeof(snap_transfer_t), sizeof(snap_mmp_t),
        sizeof(snap_mmp_fill_t), sizeof(snap_touched_t), sizeof(snap_ranking_t),
    ]
    return sizes[section]


cdef bint skip_books(const uint8_t *data, size_t size, uint64_t books, size_t *at) noexcept nogil:
    """Behind so many books, which carry their own length; False when they are not all there."""
    cdef const snap_book_header_t *header
    cdef uint64_t n
    for n in range(books):
        if size - at[0] < sizeof(snap_book_header_t):
            return False
        header = <const snap_book_header_t *> (data + at[0])
        at[0] += sizeof(snap_book_header_t)
        if header.bytes > size - at[0] or (header.bytes + 7) // 8 * 8 > size - at[0]:
            return False
        at[0] += (header.bytes + 7) // 8 * 8
    return True


cdef const char *split(const uint8_t *data, size_t size, snapshot_t *snapshot) noexcept nogil:
    """`data` is aligned to 8 bytes."""
    cdef const section_header_t *header
    cdef size_t at = 0
    cdef uint32_t section
    for section in range(SECTION_VENUE, SECTION_RANKING + 1):
        if size - at < sizeof(section_header_t):
            return "is truncated"
        header = <const section_header_t *> (data + at)
        at += sizeof(section_header_t)
        if header.section != section:
            return "does not have its sections in order"
        if header.row_size != row_size(section):
            return "has rows of another schema"
        snapshot.sections[section].rows = data + at
        snapshot.sections[section].count = header.rows
        if section == SECTION_BOOK:
            if not skip_books(data, size, header.rows, &at):
                return "is truncated"
            snapshot.books_end = data + at
            continue
        if header.rows > (size - at) // header.row_size:
            return "is truncated"
        at += header.rows * header.row_size
    if at != size:
        return "has bytes after its end"
    if snapshot.sections[SECTION_VENUE].count != 1:
        return "does not have one venue row"
    return NULL


# ------------------------------------------------------------------------------------------------------------- parties


cdef bint is_next(const snap_firm_t *row, uint32_t *last_id) noexcept nogil:
    """Rows come by ascending id."""
    if row.party_id <= last_id[0]:
        return False
    last_id[0] = row.party_id
    return True


cdef void fill_head(const snap_firm_t *row, set_firm_t *command) noexcept nogil:
    """What the five kinds of rows, and of commands, begin with."""
    command.party_id = row.party_id
    command.parent_id = row.parent_id
    command.status = row.status
    memcpy(command.name, row.name, sizeof(row.name))


cdef bint restore_nodes(state_t *state, const section_t *section, bint firms) noexcept nogil:
    cdef const snap_firm_t *rows = <const snap_firm_t *> section.rows
    cdef set_firm_t command
    cdef uint32_t last_id = 0
    cdef uint64_t n
    memset(&command, 0, sizeof(command))
    for n in range(section.count):
        fill_head(&rows[n], &command)
        if not is_next(&rows[n], &last_id) or (set_firm(state, &command) if firms else set_desk(state, &command)):
            return False
    return True


cdef bint restore_traders(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_trader_t *rows = <const snap_trader_t *> section.rows
    cdef throttle_t *throttle
    cdef set_trader_t command
    cdef uint32_t last_id = 0
    cdef uint64_t n
    memset(&command, 0, sizeof(command))
    for n in range(section.count):
        fill_head(<const snap_firm_t *> &rows[n], <set_firm_t *> &command)
        command.rate_limit_milli = rows[n].rate_limit_milli
        if not is_next(<const snap_firm_t *> &rows[n], &last_id) or set_trader(state, &command):
            return False
        if rows[n].general_load_micro < 0 or rows[n].cancel_load_micro < 0:
            return False
        if max(rows[n].general_time_ms, rows[n].cancel_time_ms) > state.timestamp_ns // 1000000:
            return False
        throttle = &state.throttles[rows[n].party_id]
        throttle.general.load_micro = rows[n].general_load_micro
        throttle.general.time_ms = rows[n].general_time_ms
        throttle.cancel.load_micro = rows[n].cancel_load_micro
        throttle.cancel.time_ms = rows[n].cancel_time_ms
    return True


cdef bint restore_accounts(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_account_t *rows = <const snap_account_t *> section.rows
    cdef set_account_t command
    cdef uint32_t last_id = 0
    cdef uint64_t n
    memset(&command, 0, sizeof(command))
    for n in range(section.count):
        fill_head(<const snap_firm_t *> &rows[n], <set_firm_t *> &command)
        command.stp_group = rows[n].stp_group
        command.open_orders_max = rows[n].open_orders_max
        command.stp_mode = rows[n].stp_mode
        if not is_next(<const snap_firm_t *> &rows[n], &last_id) or set_account(state, &command):
            return False
    return True


cdef bint restore_sessions(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_session_t *rows = <const snap_session_t *> section.rows
    cdef session_t *session
    cdef set_session_t command
    cdef uint32_t last_id = 0
    cdef uint64_t n
    memset(&command, 0, sizeof(command))
    for n in range(section.count):
        fill_head(<const snap_firm_t *> &rows[n], <set_firm_t *> &command)
        command.rights = rows[n].rights
        command.scope = rows[n].scope
        if not is_next(<const snap_firm_t *> &rows[n], &last_id) or set_session(state, &command):
            return False
        if rows[n].cod_grace_ns < 0 or rows[n].connected > 1:
            return False
        session = &state.sessions[rows[n].party_id]
        session.connected = rows[n].connected
        session.cod_flags = rows[n].cod_flags
        session.cod_grace_ns = rows[n].cod_grace_ns
        session.last_msg_seq_in = rows[n].last_msg_seq_in
        session.session_seq = rows[n].session_seq
        cod_timer_set(state, rows[n].party_id, rows[n].cod_due_ns)
    return True


cdef const char *restore_parties(state_t *state, const snapshot_t *snapshot) noexcept nogil:
    cdef const section_t *sections = &snapshot.sections[0]
    cdef const snap_venue_t *venue = <const snap_venue_t *> sections[SECTION_VENUE].rows
    cdef const char *error
    if venue.timestamp_ns < 0 or not VENUE_STATE_OPEN <= venue.state <= VENUE_STATE_CANCEL_ONLY:
        return "has an unsound venue row"
    state.seq = venue.seq
    state.timestamp_ns = venue.timestamp_ns
    state.business_date = venue.business_date
    state.venue_state = venue.state
    error = restore_brokers(state, snapshot)
    if error != NULL:
        return error
    if not restore_nodes(state, &sections[SECTION_FIRM], True):
        return "has a firm that is unsound, out of order or beyond the limits"
    if not restore_nodes(state, &sections[SECTION_DESK], False):
        return "has a desk that is unsound, out of order or beyond the limits"
    if not restore_traders(state, &sections[SECTION_TRADER]):
        return "has a trader that is unsound, out of order or beyond the limits"
    if not restore_accounts(state, &sections[SECTION_ACCOUNT]):
        return "has an account that is unsound, out of order or beyond the limits"
    if not restore_sessions(state, &sections[SECTION_SESSION]):
        return "has a session that is unsound, out of order or beyond the limits"
    return NULL


# --------------------------------------------------------------------------------------------------------- instruments


cdef const char *restored_config(
    const state_t *state, const snapshot_t *snapshot, uint64_t n, set_instrument_t *config
) noexcept nogil:
    cdef const snap_instrument_t *rows = <const snap_instrument_t *> snapshot.sections[SECTION_INSTRUMENT].rows
    memset(config, 0, sizeof(set_instrument_t))
    memcpy(<uint8_t *> config + COMMAND_HEADER_SIZE, rows[n].config, sizeof(rows[n].config))
    config.instrument_id = rows[n].instrument_id
    if (n and rows[n].instrument_id <= rows[n - 1].instrument_id) or check_instrument(state, config):
        return "has an instrument that is unsound, out of order or beyond the limits"
    return NULL


cdef const char *restore_instrument(
    state_t *state, const snapshot_t *snapshot, uint64_t n, const set_instrument_t *config
) noexcept nogil:
    cdef const snap_instrument_t *rows = <const snap_instrument_t *> snapshot.sections[SECTION_INSTRUMENT].rows
    cdef const snap_instrument_t *row = &rows[n]
    cdef instrument_t *instrument = &state.instruments[config.instrument_id]
    if not INSTRUMENT_STATE_ACTIVE <= row.state <= INSTRUMENT_STATE_DELISTED or row.oracle_price_e8 < 0:
        return "has an instrument in an undefined state"
    if not 0 <= row.mark_ticks < PRICE_LEVELS_MAX or not 0 <= row.latch_low_ticks <= row.latch_high_ticks:
        return "has an instrument with an unsound mark"
    if row.latch_high_ticks >= PRICE_LEVELS_MAX or (row.latch_low_ticks == 0) != (row.latch_high_ticks == 0):
        return "has an instrument with an unsound cascade"
    set_instrument(state, config)
    instrument.state = row.state
    instrument.mark_ticks = row.mark_ticks
    instrument.oracle_price_e8 = row.oracle_price_e8
    instrument.latch_low_ticks = row.latch_low_ticks
    instrument.latch_high_ticks = row.latch_high_ticks
    instrument_derive(state, config.instrument_id)
    return NULL


# -------------------------------------------------------------------------------------------------------------- orders


cdef bint restore_positions(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_position_t *rows = <const snap_position_t *> section.rows
    cdef const instrument_t *instrument
    cdef uint64_t n, key, last_key = 0
    cdef int64_t long_lots
    cdef int overflow = 0
    if section.count > state.limits.positions_max:
        return False
    for n in range(section.count):
        key = <uint64_t> rows[n].account_id << 32 | rows[n].instrument_id
        instrument = find_instrument(state, rows[n].instrument_id)
        if key <= last_key or instrument == NULL or find_account(state, rows[n].account_id) == NULL:
            return False
        mul_checked(rows[n].position_lots, instrument.config.lot_size_e8, &overflow)
        long_lots = risk_of_instrument(state, rows[n].instrument_id).long_lots
        add_checked(long_lots, max(rows[n].position_lots, 0), &overflow)
        if overflow or rows[n].position_lots == -INT64_MAX - 1:
            return False
        last_key = key
        position_move(state, position_add(state, rows[n].account_id, rows[n].instrument_id), rows[n].position_lots, 0)
    return True


cdef bint has_sound_codes(const snap_order_t *row) noexcept nogil:
    """Enumerations, and what they say about each other."""
    cdef bint stop = ORDER_TYPE_STOP_LOSS <= row.order_type <= ORDER_TYPE_TAKE_PROFIT
    cdef bint immediate = row.time_in_force >= TIME_IN_FORCE_IOC
    if not SIDE_BUY <= row.side <= SIDE_SELL or not ORDER_TYPE_LIMIT <= row.order_type <= ORDER_TYPE_TWAP:
        return False
    if not TIME_IN_FORCE_GTC <= row.time_in_force <= TIME_IN_FORCE_FOK:
        return False
    if row.order_flags & ~(ORDER_FLAG_REDUCE_ONLY | ORDER_FLAG_QUOTE):
        return False
    if not STP_MODE_CANCEL_PASSIVE <= row.stp_mode <= STP_MODE_DECREMENT or row.stp_group == 0:
        return False
    if row.order_flags & ORDER_FLAG_QUOTE and (row.order_type != ORDER_TYPE_ALO or row.state != ORDER_STATE_LIVE):
        return False
    if row.state == ORDER_STATE_UNTRIGGERED:
        return (stop or row.order_type == ORDER_TYPE_TWAP) and row.time_in_force == TIME_IN_FORCE_GTC
    if stop or row.order_type == ORDER_TYPE_TWAP:
        return False
    if row.state == ORDER_STATE_LIVE:
        return not immediate and row.order_type != ORDER_TYPE_MARKET
    if row.order_type == ORDER_TYPE_MARKET and not immediate:
        return False
    return row.state == ORDER_STATE_PENDING_NEW and row.order_type != ORDER_TYPE_ALO


cdef bint has_sound_numbers(const snap_order_t *row, const instrument_t *instrument) noexcept nogil:
    cdef int overflow = 0
    if row.order_type == ORDER_TYPE_MARKET or row.order_type == ORDER_TYPE_TWAP:
        if row.price_ticks != 0:
            return False
    elif not is_price(row.price_ticks, instrument):
        return False
    mul_checked(row.quantity_lots, instrument.config.lot_size_e8, &overflow)
    if overflow or not 0 <= row.cum_lots < row.quantity_lots or row.display_lots < 0 or row.min_lots < 0:
        return False
    if row.cum_lots and row.state != ORDER_STATE_LIVE and row.order_type != ORDER_TYPE_TWAP:
        return False
    if row.display_lots and (row.order_type > ORDER_TYPE_ALO or row.time_in_force >= TIME_IN_FORCE_IOC):
        return False
    if row.min_lots and row.time_in_force != TIME_IN_FORCE_IOC:
        return False
    if (row.expire_ns > 0) != (row.time_in_force == TIME_IN_FORCE_GTD) or row.expire_ns < 0:
        return False
    return (row.release_ns > 0) == (row.state == ORDER_STATE_PENDING_NEW) and row.release_ns >= 0


cdef inline bint is_price(int64_t price_ticks, const instrument_t *instrument) noexcept nogil:
    return 1 <= price_ticks <= instrument.config.max_price_e8 // instrument.config.tick_size_e8


cdef bint fits_position(const state_t *state, uint32_t position, const snap_order_t *row) noexcept nogil:
    """What could become of the position stays within 64 bits, at any price."""
    cdef const position_t *record = &state.positions[position]
    cdef const instrument_t *instrument = &state.instruments[row.instrument_id]
    cdef i128 lots = size_of_i128(record.lots) + record.kept_lots[0] + record.kept_lots[1] + row.quantity_lots
    cdef int overflow = 0
    mul_checked(narrow(lots, &overflow), instrument.config.max_price_e8 // instrument.config.tick_size_e8, &overflow)
    return not overflow


cdef const char *restore_order(
    state_t *state, const snap_order_t *row, const snap_order_terms_t *terms_row
) noexcept nogil:
    cdef uint32_t position = position_find(state, row.account_id, row.instrument_id)
    cdef uint32_t slot
    cdef order_t *order
    cdef terms_t *terms
    if position == 0 or find_session(state, row.session_id) == NULL:
        return "has an order without a position or a session"
    if not has_sound_codes(row) or not has_sound_numbers(row, &state.instruments[row.instrument_id]):
        return "has an order with unsound terms"
    if terms_row != NULL and not are_sound_terms(state, row, terms_row):
        return "has an order with an unsound pair or schedule"
    if (row.order_type == ORDER_TYPE_TWAP and terms_row == NULL) or not fits_position(state, position, row):
        return "has an order with unsound terms"
    if row.client_order_id[0] and names_find(&state.order_names, row.account_id, row.client_order_id):
        return "has two open orders of one client order id"
    slot = order_take(state)
    order = &state.orders[slot]
    terms = &state.terms[slot]
    memset(order, 0, sizeof(order_t))
    order.order_id = row.order_id
    order.quantity_lots = row.quantity_lots
    order.cum_lots = row.cum_lots
    order.price_ticks = <uint32_t> row.price_ticks
    order.account_id = row.account_id
    order.position = position
    order.session_id = row.session_id
    order.stp_group = row.stp_group
    order.side = row.side
    order.order_type = row.order_type
    order.time_in_force = row.time_in_force
    order.stp_mode = row.stp_mode
    order.flags = <uint8_t> row.order_flags
    order.state = row.state
    memcpy(terms.client_order_id, row.client_order_id, NAME_SIZE)
    terms.expire_ns = row.expire_ns
    terms.slice_lots = row.min_lots if row.time_in_force == TIME_IN_FORCE_IOC else row.display_lots
    terms.by_state.release_ns = row.release_ns
    if terms_row != NULL:
        order.has_terms = True
        order.fee_tier = terms_row.fee_tier
        state.risk.order_terms[slot] = terms_row[0]
    if row.order_flags & ORDER_FLAG_QUOTE and state.risk.positions[position].quotes[row.side - SIDE_BUY]:
        return "has two quotes of one side"
    order_add(state, slot)
    return NULL


cdef const char *restore_modify(
    state_t *state, const snap_pending_replace_t *row, const snap_pending_terms_t *pair
) noexcept nogil:
    cdef uint32_t order = order_find(state, row.order_id)
    cdef const instrument_t *instrument
    cdef modify_t *modify
    cdef uint32_t slot
    cdef int overflow = 0
    if pair != NULL and (
        not 0 <= pair.take_profit_ticks < PRICE_LEVELS_MAX or not 0 <= pair.stop_loss_ticks < PRICE_LEVELS_MAX
    ):
        return "has a modify with an unsound pair"
    if order == 0 or state.orders[order].order_type != ORDER_TYPE_LIMIT or state.orders[order].modify:
        return "has a modify of an order that cannot have it"
    instrument = &state.instruments[instrument_of(&state.positions[state.orders[order].position])]
    mul_checked(row.quantity_lots, instrument.config.lot_size_e8, &overflow)
    if overflow or row.quantity_lots < 1 or row.release_ns < 1 or not is_price(row.price_ticks, instrument):
        return "has a modify with unsound terms"
    if find_session(state, row.session_id) == NULL:
        return "has a modify without a session"
    if row.client_order_id[0] and names_find(
        &state.modify_names, state.orders[order].account_id, row.client_order_id
    ):
        return "has two modifies of one client order id"
    slot = modify_take(state)
    modify = &state.modifies[slot]
    memset(modify, 0, sizeof(modify_t))
    memcpy(modify.client_order_id, row.client_order_id, NAME_SIZE)
    modify.seq = row.seq
    modify.release_ns = row.release_ns
    modify.quantity_lots = row.quantity_lots
    modify.msg_seq_in = row.msg_seq_in
    modify.account_id = state.orders[order].account_id
    modify.order = order
    modify.price_ticks = <uint32_t> row.price_ticks
    modify.session_id = row.session_id
    if pair != NULL:
        modify.take_profit_ticks = <uint32_t> pair.take_profit_ticks
        modify.stop_loss_ticks = <uint32_t> pair.stop_loss_ticks
    modify_add(state, slot)
    return NULL


cdef const char *restore_orders(state_t *state, const snapshot_t *snapshot) noexcept nogil:
    """Positions, orders and modifies."""
    cdef const section_t *sections = &snapshot.sections[0]
    cdef const snap_order_t *orders = <const snap_order_t *> sections[SECTION_ORDER].rows
    cdef const section_t *waiting = &sections[SECTION_PENDING_REPLACE]
    cdef const snap_pending_replace_t *modifies = <const snap_pending_replace_t *> waiting.rows
    cdef const char *error
    cdef uint64_t n, at = 0
    if not restore_positions(state, &sections[SECTION_POSITION]):
        return "has a position that is unsound, out of order or beyond the limits"
    error = restore_money(state, snapshot)
    if error != NULL:
        return error
    if sections[SECTION_ORDER].count > state.limits.orders_max:
        return "has more orders than the limits allow"
    if waiting.count > state.limits.pending_replaces_max:
        return "has more waiting modifies than the limits allow"
    for n in range(sections[SECTION_ORDER].count):
        if n and order_key(orders[n].order_id) <= order_key(orders[n - 1].order_id):
            return "has its orders out of order"
        if not 1 <= seq_of(orders[n].order_id) <= state.seq:
            return "has an order of a command that has not come yet"
        error = restore_order(state, &orders[n], next_terms(snapshot, orders[n].order_id, &at))
        if error != NULL:
            return error
    if at != sections[SECTION_ORDER_TERMS].count:
        return "has terms of orders that do not exist"
    at = 0
    for n in range(waiting.count):
        if modifies[n].seq <= (modifies[n - 1].seq if n else 0) or modifies[n].seq > state.seq:
            return "has its modifies out of order"
        error = restore_modify(state, &modifies[n], next_pending(snapshot, modifies[n].seq, &at))
        if error != NULL:
            return error
    if at != sections[SECTION_PENDING_TERMS].count:
        return "has pairs of modifies that do not exist"
    return NULL


# -------------------------------------------------------------------------------------------------------------- queues


cdef bint is_sound_work(const state_t *state, const snap_work_t *row, bint first) noexcept nogil:
    if not WORK_MASS_CANCEL <= row.work <= WORK_ACCOUNT_STATUS or row.side > SIDE_SELL or row.seq > state.seq:
        return False
    if row.cursor_account_id and (not first or find_account(state, row.cursor_account_id) == NULL):
        return False
    if row.work == WORK_ORDER_STATUS or row.work == WORK_CANCEL_ON_DISCONNECT or row.work == WORK_ACCOUNT_STATUS:
        if find_session(state, row.session_id) == NULL:
            return False
    if row.scope == SCOPE_SESSION:
        return find_session(state, row.target_id) != NULL
    return row.scope == SCOPE_VENUE or find_lineage(state, row.scope, row.target_id) != NULL


cdef const char *restore_queues(state_t *state, const snapshot_t *snapshot) noexcept nogil:
    cdef const section_t *sections = &snapshot.sections[0]
    cdef const snap_work_t *works = <const snap_work_t *> sections[SECTION_WORK].rows
    cdef const snap_trim_t *trims = <const snap_trim_t *> sections[SECTION_TRIM].rows
    cdef const snap_cascade_t *cascades = <const snap_cascade_t *> sections[SECTION_CASCADE].rows
    cdef instrument_t *instrument
    cdef uint32_t position
    cdef uint64_t n
    for n in range(sections[SECTION_WORK].count):
        if not has_room_for_work(state) or not is_sound_work(state, &works[n], n == 0):
            return "has a work that is unsound or beyond the limits"
        memcpy(work_add(state, works[n].work), &works[n], sizeof(snap_work_t))
    find_visit_next(state)
    for n in range(sections[SECTION_TRIM].count):
        position = position_find(state, trims[n].account_id, trims[n].instrument_id)
        if position == 0 or state.positions[position].in_trim:
            return "has an unsound trim queue"
        trim_add(state, position)
    for n in range(sections[SECTION_CASCADE].count):
        instrument = find_instrument(state, cascades[n].instrument_id)
        if instrument == NULL or instrument.latch_low_ticks == 0 or instrument.in_cascade:
            return "has an unsound cascade queue"
        cascade_add(state, cascades[n].instrument_id)
    for n in range(1, state.limits.instruments_max + 1):
        instrument = &state.instruments[n]
        if instrument.latch_low_ticks and not instrument.in_cascade:
            return "has an instrument with a cascade that is not in the queue"
    return NULL


# --------------------------------------------------------------------------------------------------------------- books


cdef uint64_t gather_resting(
    state_t *state, const snapshot_t *snapshot, uint32_t instrument_id, sort_t *resting
) noexcept nogil:
    """Ids and slots of the instrument's LIVE orders, by id, which is not the order of their keys; they show what a
    fresh order would."""
    cdef const snap_order_t *rows = <const snap_order_t *> snapshot.sections[SECTION_ORDER].rows
    cdef uint64_t n, count = 0
    cdef uint32_t slot
    cdef int64_t leaves
    for n in range(snapshot.sections[SECTION_ORDER].count):
        if rows[n].instrument_id != instrument_id or rows[n].state != ORDER_STATE_LIVE:
            continue
        slot = order_find(state, rows[n].order_id)
        leaves = leaves_of(&state.orders[slot])
        state.terms[slot].by_state.shown_lots = min(rows[n].display_lots, leaves) if rows[n].display_lots else leaves
        resting[count].key = rows[n].order_id
        resting[count].slot = slot
        count += 1
    qsort(resting, count, sizeof(sort_t), compare_keys)
    return count


cdef bint take_shown(
    state_t *state, uint32_t instrument_id, const uint8_t *rows, uint64_t rows_count, uint64_t resting
) noexcept nogil:
    """Of a book of perpgate's own: the rows are the LIVE orders of the instrument, and tell what each shows."""
    cdef matcher_snapshot_row_t row
    cdef const order_t *order
    cdef uint32_t slot
    cdef uint64_t n
    if rows_count != resting:
        return False
    for n in range(rows_count):
        memcpy(&row, rows + n * sizeof(row), sizeof(row))
        slot = order_find(state, row.order_id)
        order = &state.orders[slot]
        if slot == 0 or order.state != ORDER_STATE_LIVE:
            return False
        if instrument_of(&state.positions[order.position]) != instrument_id or order.price_ticks != row.price_ticks:
            return False
        if order.side != row.side or leaves_of(order) != row.leaves_lots:
            return False
        state.terms[slot].by_state.shown_lots = row.shown_lots
    return True


cdef const char *fill_book(
    state_t *state, const snapshot_t *snapshot, uint32_t instrument_id, const uint8_t *data, size_t size, bint is_own
) noexcept nogil:
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef uint64_t rows = snapshot.sections[SECTION_ORDER].count + 1
    cdef sort_t *resting = <sort_t *> malloc(rows * sizeof(sort_t))
    cdef uint64_t *order_ids = <uint64_t *> malloc(rows * sizeof(uint64_t))
    cdef uint32_t *owners = <uint32_t *> malloc(rows * sizeof(uint32_t))
    cdef const char *error = NULL
    cdef uint64_t n, count
    if resting == NULL or order_ids == NULL or owners == NULL:
        error = "does not fit into memory"
    else:
        count = gather_resting(state, snapshot, instrument_id, resting)
        for n in range(count):
            order_ids[n] = resting[n].key
            owners[n] = resting[n].slot
        if instrument.api.restore(instrument.book, data, size, order_ids, owners, count):
            error = "has a book that its matcher does not take"
        elif is_own and not take_shown(state, instrument_id, data, size // sizeof(matcher_snapshot_row_t), count):
            error = "has a book that does not hold the orders of its instrument"
    free(resting)
    free(order_ids)
    free(owners)
    return error


cdef const char *restore_book(
    state_t *state, const snapshot_t *snapshot, const uint8_t **at, uint32_t instrument_id, bint is_own
) noexcept nogil:
    cdef const snap_book_header_t *header = <const snap_book_header_t *> at[0]
    cdef size_t left = snapshot.books_end - at[0]
    cdef const uint8_t *data
    if left < sizeof(snap_book_header_t):
        return "is truncated"
    data = at[0] + sizeof(snap_book_header_t)
    left -= sizeof(snap_book_header_t)
    if header.instrument_id != instrument_id:
        return "does not have one book for each instrument"
    if header.bytes > left or (header.bytes + 7) // 8 * 8 > left:
        return "is truncated"
    at[0] = data + (header.bytes + 7) // 8 * 8
    return fill_book(state, snapshot, instrument_id, data, header.bytes, is_own)
