"""Reads the sections of brokers, money, limits and prices into a fresh state.

Called by `_restore` and `_core.Core.restore` alone. Settings go through the bounds of the commands that once made them;
of all else everything is looked at that a later command takes for granted.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

from engine._calendars cimport instrument_derive
from engine._exposures cimport position_move
from engine._limit_rows cimport find_limited, limit_add, limit_compare, limit_is_sound, set_flags
from engine._parties cimport set_broker
from engine._restore cimport section_t
from engine._risk_config cimport LEVERAGE_LARGEST, are_rates, is_sound_instrument, is_sound_venue
from engine._risk_state cimport PROTECTION_FILLS_MAX, SOURCES_MAX, fee_t, instrument_risk_t, protection_t
from engine._risk_tables cimport fee_of, protection_add, protection_of, touch, transfer_restore
from engine._state cimport (
    find_account, find_instrument, find_session, instrument_of, position_find, position_t, risk_of_account,
    risk_of_instrument, risk_of_position, state_t,
)
from engine.arith cimport MONEY_MAX, i128, narrow, size_of_i128
from engine.bits cimport bits_set
from engine.levels cimport PRICE_LEVELS_MAX
from engine.records cimport (
    ACCOUNT_FLAG_DLP, ACCOUNT_FLAG_HOUSE, COMMAND_HEADER_SIZE, COMMAND_KIND_DELIST, COMMAND_KIND_DEPOSIT,
    COMMAND_KIND_FUNDING_SETTLE, COMMAND_KIND_HOUSE_TRANSFER, COMMAND_KIND_SPLIT, COMMAND_KIND_WITHDRAW_REQUEST,
    INDEX_FORMULA_BASIS, LIQUIDATION_STAGE_ADL, NODE_FLAG_FLATTENING, NODE_FLAG_KILLED, NODE_FLAG_LOCKED,
    NODE_FLAG_WINDOW_CLOSED, ORDER_TYPE_TWAP, PRICE_SOURCE_MANUAL, RISK_SESSION_WEEKEND, SCOPE_INSTRUMENT,
    SCOPE_SESSION, SECTION_ACCOUNT_RISK, SECTION_BROKER, SECTION_CALENDAR, SECTION_FEE, SECTION_FEED,
    SECTION_FEED_SOURCE, SECTION_INSTRUMENT_RISK, SECTION_LIMIT, SECTION_MMP, SECTION_MMP_FILL, SECTION_NODE,
    SECTION_ORDER_TERMS, SECTION_PENDING_TERMS, SECTION_POSITION_RISK, SECTION_RANKING, SECTION_TOUCHED,
    SECTION_TRANSFER, SECTION_VENUE_RISK, SIDE_SELL, VENUE_RISK_FLAG_MONEY, set_firm_t, set_venue_risk_t,
    snap_account_risk_t, snap_broker_t, snap_calendar_t, snap_fee_t, snap_feed_source_t, snap_feed_t,
    snap_instrument_risk_t, snap_limit_t, snap_mmp_fill_t, snap_mmp_t, snap_node_t, snap_order_t, snap_order_terms_t,
    snap_pending_terms_t, snap_position_risk_t, snap_ranking_t, snap_touched_t, snap_transfer_t, snap_venue_risk_t,
)

cdef enum:
    Q20_BITS = 44  # prices of the price chain are below 2^44
    SAMPLES_MAX = 65536
    RATIO_MAX = 10000  # of a split

cdef int64_t PRICE_E8_MAX = 5000000000000000  # of a PRICE


# ----------------------------------------------------------------------------------------------------- brokers, orders


cdef const char *restore_brokers(state_t *state, const snapshot_t *snapshot) noexcept nogil:
    cdef const section_t *section = &snapshot.sections[SECTION_BROKER]
    cdef const snap_broker_t *rows = <const snap_broker_t *> section.rows
    cdef set_firm_t command
    cdef uint64_t n
    memset(&command, 0, sizeof(command))
    for n in range(section.count):
        command.party_id = rows[n].party_id
        command.parent_id = rows[n].parent_id
        command.status = rows[n].status
        memcpy(command.name, rows[n].name, sizeof(command.name))
        if (n and rows[n].party_id <= rows[n - 1].party_id) or set_broker(state, &command):
            return "has a broker that is unsound, out of order or beyond the limits"
    return NULL


cdef const snap_order_terms_t *next_terms(const snapshot_t *snapshot, uint64_t order_id, uint64_t *at) noexcept nogil:
    cdef const section_t *section = &snapshot.sections[SECTION_ORDER_TERMS]
    cdef const snap_order_terms_t *rows = <const snap_order_terms_t *> section.rows
    if at[0] >= section.count or rows[at[0]].order_id != order_id:
        return NULL
    at[0] += 1
    return &rows[at[0] - 1]


cdef const snap_pending_terms_t *next_pending(const snapshot_t *snapshot, uint64_t seq, uint64_t *at) noexcept nogil:
    cdef const section_t *section = &snapshot.sections[SECTION_PENDING_TERMS]
    cdef const snap_pending_terms_t *rows = <const snap_pending_terms_t *> section.rows
    if at[0] >= section.count or rows[at[0]].seq != seq:
        return NULL
    at[0] += 1
    return &rows[at[0] - 1]


cdef bint are_sound_terms(
    const state_t *state, const snap_order_t *row, const snap_order_terms_t *terms
) noexcept nogil:
    cdef int64_t slices = terms.slices
    if not 0 <= terms.take_profit_ticks < PRICE_LEVELS_MAX or not 0 <= terms.stop_loss_ticks < PRICE_LEVELS_MAX:
        return False
    if not 0 <= terms.edge_ticks < PRICE_LEVELS_MAX or terms.fee_tier > state.limits.fee_tiers_max:
        return False
    if row.order_type == ORDER_TYPE_TWAP:
        return 1 <= slices and terms.sliced < slices and terms.interval_ns > 0 and terms.next_ns >= 0
    return slices == 0 and terms.sliced == 0 and terms.interval_ns == 0 and terms.next_ns == 0


# ------------------------------------------------------------------------------------------------- accounts, positions


cdef bint is_sound_account(const state_t *state, const snap_account_risk_t *row) noexcept nogil:
    cdef int overflow = 0
    if find_account(state, row.account_id) == NULL or row.stage > LIQUIDATION_STAGE_ADL:
        return False
    if row.home_session_id and find_session(state, row.home_session_id) == NULL:
        return False
    if row.account_flags & ~(ACCOUNT_FLAG_DLP | ACCOUNT_FLAG_HOUSE) or row.fee_tier > state.limits.fee_tiers_max:
        return False
    if not 0 <= row.dlp_notional_max_micro <= MONEY_MAX or row.hold_micro < 0 or row.run_start_ns < 0:
        return False
    if row.margin_called > 1 or row.in_deficit > 1 or row.swept > 1 or row.run_side > SIDE_SELL:
        return False
    narrow(
        <i128> row.deposits_micro + row.realised_micro + row.funding_micro - row.fees_micro + row.rewards_micro
        + row.settled_micro,
        &overflow,
    )
    return not overflow


cdef const char *restore_accounts(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_account_risk_t *rows = <const snap_account_risk_t *> section.rows
    cdef uint64_t n
    for n in range(section.count):
        if (n and rows[n].account_id <= rows[n - 1].account_id) or not is_sound_account(state, &rows[n]):
            return "has the money of an account that is unsound or out of order"
        risk_of_account(state, rows[n].account_id).row = rows[n]
        state.accounts[rows[n].account_id].fee_tier = rows[n].fee_tier
        if rows[n].account_flags & ACCOUNT_FLAG_DLP:
            state.risk.providers_count += 1
            bits_set(&state.risk.providers, rows[n].account_id)
    if state.risk.providers_count > state.limits.providers_max:
        return "has more liquidity providers than the limits allow"
    return NULL


cdef const char *restore_money(state_t *state, const snapshot_t *snapshot) noexcept nogil:
    cdef const section_t *section = &snapshot.sections[SECTION_POSITION_RISK]
    cdef const snap_position_risk_t *rows = <const snap_position_risk_t *> section.rows
    cdef const char *error = restore_accounts(state, &snapshot.sections[SECTION_ACCOUNT_RISK])
    cdef uint64_t n, key, last_key = 0
    cdef uint32_t slot
    cdef i128 value
    cdef int overflow = 0
    if error != NULL:
        return error
    for n in range(section.count):
        key = <uint64_t> rows[n].account_id << 32 | rows[n].instrument_id
        slot = position_find(state, rows[n].account_id, rows[n].instrument_id)
        if slot == 0 or key <= last_key or rows[n].leverage > LEVERAGE_LARGEST:
            return "has the money of a position that is unsound or out of order"
        value = <i128> rows[n].cost * state.instruments[rows[n].instrument_id].tick_value_micro
        narrow(value, &overflow)
        if overflow:
            return "has a position whose cost is beyond the range of 64 bits"
        last_key = key
        position_move(state, slot, 0, rows[n].cost)
        state.positions[slot].leverage = rows[n].leverage
        risk_of_position(state, slot).realised_micro = rows[n].realised_micro
        risk_of_position(state, slot).funding_micro = rows[n].funding_micro
        risk_of_position(state, slot).slice_pulse = rows[n].slice_pulse
        risk_of_position(state, slot).tried_pulse = rows[n].tried_pulse
    return NULL


# ------------------------------------------------------------------------------------------------------------ the rest


cdef const char *restore_risk(state_t *state, const snapshot_t *snapshot) noexcept nogil:
    cdef const section_t *sections = &snapshot.sections[0]
    cdef const char *error = restore_feeds(state, sections)
    if error == NULL:
        error = restore_calendars(state, &sections[SECTION_CALENDAR])
    if error == NULL:
        error = restore_venue(state, &sections[SECTION_VENUE_RISK])
    if error == NULL:
        error = restore_instruments(state, &sections[SECTION_INSTRUMENT_RISK])
    if error == NULL:
        error = restore_fees(state, &sections[SECTION_FEE])
    if error == NULL:
        error = restore_flags(state, &sections[SECTION_NODE])
    if error == NULL:
        error = restore_limits(state, &sections[SECTION_LIMIT])
    if error == NULL:
        error = restore_transfers(state, &sections[SECTION_TRANSFER])
    if error == NULL:
        error = restore_protections(state, sections)
    if error == NULL:
        error = restore_queues_of_risk(state, sections)
    if error == NULL and state.risk.has_money and not are_priced_positions(state):
        error = "has money and a position that has no price or no risk settings"
    return error


cdef bint are_priced_positions(const state_t *state) noexcept nogil:
    """Whatever there is a position in can be valued and margined."""
    cdef const position_t *position
    cdef uint32_t slot, instrument_id
    for slot in range(1, state.positions_count + 1):
        position = &state.positions[slot]
        instrument_id = instrument_of(position)
        if position.lots and (not state.instruments[instrument_id].mark_ticks
                              or not risk_of_instrument(state, instrument_id).row.has_risk):
            return False
    return True


cdef bint is_sound_accrual(const state_t *state, const snap_venue_risk_t *row) noexcept nogil:
    """What an accrual or a ranking under way refers to exists."""
    if row.ranking_side > SIDE_SELL or (row.ranking_side and find_instrument(state, row.ranking_instrument_id) == NULL):
        return False
    if row.accrual_kind == 0 or row.accrual_kind == COMMAND_KIND_FUNDING_SETTLE:
        return row.accrual_instrument_id == 0
    if find_instrument(state, row.accrual_instrument_id) == NULL:
        return False
    if row.accrual_kind == COMMAND_KIND_DELIST:
        return True
    return (
        row.accrual_kind == COMMAND_KIND_SPLIT
        and 1 <= row.split_numerator <= RATIO_MAX and 1 <= row.split_denominator <= RATIO_MAX
        and (row.split_denominator == 1 or position_find(
            state, state.risk.config.fraction_account_id, row.accrual_instrument_id
        ) != 0)
    )


cdef const char *restore_venue(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_venue_risk_t *row = <const snap_venue_risk_t *> section.rows
    cdef set_venue_risk_t *config = &state.risk.config
    if section.count != 1:
        return "does not have one row of the venue's risk"
    memcpy(<uint8_t *> config + COMMAND_HEADER_SIZE, row.config, sizeof(row.config))
    if not is_sound_venue(config):
        return "has unsound risk settings of the venue"
    if config.fraction_account_id and find_account(state, config.fraction_account_id) == NULL:
        return "has fractions of splits go to nobody"
    if not is_sound_accrual(state, row):
        return "has an unsound accrual or ranking"
    if row.pass_active > 1 or row.pass_again > 1 or row.monitors_active > 1 or row.reserve_low > 1:
        return "has unsound risk work"
    state.risk.venue = row[0]
    memset(state.risk.venue.config, 0, sizeof(row.config))
    state.risk.has_money = config.risk_flags & VENUE_RISK_FLAG_MONEY
    return NULL


cdef inline bint is_q20(int64_t price) noexcept nogil:
    return 0 <= price < <int64_t> 1 << (Q20_BITS + 1)


cdef bint is_sound_pricing(const state_t *state, const snap_instrument_risk_t *row) noexcept nogil:
    if row.formula > INDEX_FORMULA_BASIS or row.source > PRICE_SOURCE_MANUAL or row.roll_weight > 10:
        return False
    if row.formula and (row.feed_a == 0 or row.feed_a > state.limits.feeds_max):
        return False
    if row.feed_a and (row.feed_a > state.limits.feeds_max or state.risk.feeds[row.feed_a].row.feed_id == 0):
        return False
    if row.feed_b and (row.feed_b > state.limits.feeds_max or state.risk.feeds[row.feed_b].row.feed_id == 0):
        return False
    if not is_q20(row.raw_q20) or not is_q20(row.index_q20) or not is_q20(row.oracle_q20):
        return False
    if not is_q20(row.reference_q20) or size_of_i128(row.basis_q20) >> (Q20_BITS + 1):
        return False
    return row.published_session <= RISK_SESSION_WEEKEND and row.reopens <= 1 and row.external_since_ns >= 0


cdef const char *restore_instruments(state_t *state, const section_t *section) noexcept nogil:
    """What follows from them is worked out for every instrument: venue and calendars have been read."""
    cdef const snap_instrument_risk_t *rows = <const snap_instrument_risk_t *> section.rows
    cdef instrument_risk_t *risk
    cdef uint64_t n
    for n in range(section.count):
        if n and rows[n].instrument_id <= rows[n - 1].instrument_id:
            return "has its instruments' risk out of order"
        if find_instrument(state, rows[n].instrument_id) == NULL or not is_sound_pricing(state, &rows[n]):
            return "has an instrument with unsound prices"
        if not 0 <= rows[n].last_ticks < PRICE_LEVELS_MAX or not 0 <= rows[n].settle_mark_ticks < PRICE_LEVELS_MAX:
            return "has an instrument with unsound prices"
        if rows[n].samples > SAMPLES_MAX or rows[n].has_risk > 1:
            return "has an instrument with an unsound funding window"
        risk = risk_of_instrument(state, rows[n].instrument_id)
        memcpy(<uint8_t *> &risk.config + COMMAND_HEADER_SIZE, rows[n].config, sizeof(rows[n].config))
        if rows[n].has_risk and not is_sound_instrument(state, &risk.config):
            return "has unsound risk settings of an instrument"
        risk.row = rows[n]
        memset(risk.row.config, 0, sizeof(risk.row.config))
    for n in range(1, <uint64_t> state.limits.instruments_max + 1):
        if state.instruments[n].state:
            instrument_derive(state, <uint32_t> n)
    return NULL


# ---------------------------------------------------------------------------------------------- feeds, calendars, fees


cdef const char *restore_feeds(state_t *state, const section_t *sections) noexcept nogil:
    cdef const snap_feed_t *feeds = <const snap_feed_t *> sections[SECTION_FEED].rows
    cdef const snap_feed_source_t *sources = <const snap_feed_source_t *> sections[SECTION_FEED_SOURCE].rows
    cdef uint64_t n, key, last_key = 0
    for n in range(sections[SECTION_FEED].count):
        if feeds[n].feed_id <= (feeds[n - 1].feed_id if n else 0) or feeds[n].feed_id > state.limits.feeds_max:
            return "has a feed that is out of order or beyond the limits"
        if not 1 <= feeds[n].sources <= SOURCES_MAX or not 0 < feeds[n].flag_ns <= feeds[n].stale_ns:
            return "has an unsound feed"
        state.risk.feeds[feeds[n].feed_id].row = feeds[n]
    for n in range(sections[SECTION_FEED_SOURCE].count):
        key = <uint64_t> sources[n].feed_id << 32 | sources[n].source
        if sources[n].feed_id > state.limits.feeds_max or (n and key <= last_key):
            return "has a feed's source that is out of order"
        if sources[n].source >= state.risk.feeds[sources[n].feed_id].row.sources:
            return "has a source that its feed does not have"
        if not 1 <= sources[n].price_e8 <= PRICE_E8_MAX or sources[n].time_ns < 0:
            return "has an unsound price of a feed"
        last_key = key
        state.risk.feeds[sources[n].feed_id].sources[sources[n].source] = sources[n]
    return NULL


cdef const char *restore_calendars(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_calendar_t *rows = <const snap_calendar_t *> section.rows
    cdef uint64_t n
    for n in range(section.count):
        if rows[n].calendar_id <= (rows[n - 1].calendar_id if n else 0):
            return "has its calendars out of order"
        if rows[n].calendar_id > state.limits.calendars_max:
            return "has a calendar beyond the limits"
        if rows[n].is_closed > 1 or rows[n].risk_session > RISK_SESSION_WEEKEND:
            return "has an unsound calendar"
        state.risk.calendars[rows[n].calendar_id] = rows[n]
    return NULL


cdef const char *restore_fees(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_fee_t *rows = <const snap_fee_t *> section.rows
    cdef fee_t *fee
    cdef uint64_t n, key, last_key = 0
    for n in range(section.count):
        key = <uint64_t> rows[n].instrument_id << 8 | rows[n].fee_tier
        if key <= last_key or find_instrument(state, rows[n].instrument_id) == NULL:
            return "has a fee that is out of order or of no instrument"
        if not 1 <= rows[n].fee_tier <= state.limits.fee_tiers_max:
            return "has a fee tier beyond the limits"
        if not are_rates(rows[n].maker_rate_e8, rows[n].taker_rate_e8):
            return "has unsound fees"
        last_key = key
        fee = fee_of(state, rows[n].instrument_id, rows[n].fee_tier)
        fee.maker_rate_e8 = rows[n].maker_rate_e8
        fee.taker_rate_e8 = rows[n].taker_rate_e8
        fee.is_set = True
    return NULL


# -------------------------------------------------------------------------------------------- nodes, limits, transfers


cdef const char *restore_flags(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_node_t *rows = <const snap_node_t *> section.rows
    cdef uint16_t known = NODE_FLAG_KILLED | NODE_FLAG_WINDOW_CLOSED | NODE_FLAG_LOCKED | NODE_FLAG_FLATTENING
    cdef uint64_t n
    for n in range(section.count):
        if rows[n].node_flags == 0 or rows[n].node_flags & ~known:
            return "has a node with unsound flags"
        if rows[n].scope == SCOPE_INSTRUMENT:
            if rows[n].node_flags != NODE_FLAG_KILLED or find_instrument(state, rows[n].node_id) == NULL:
                return "has an unsound kill switch of an instrument"
            risk_of_instrument(state, rows[n].node_id).is_killed = True
            continue
        if not SCOPE_SESSION <= rows[n].scope < SCOPE_INSTRUMENT:
            return "has a node of an undefined scope"
        if find_limited(state, rows[n].scope, rows[n].node_id) == NULL:
            return "has flags of a node that does not exist"
        set_flags(state, find_limited(state, rows[n].scope, rows[n].node_id), rows[n].node_flags)
    return NULL


cdef const char *restore_limits(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_limit_t *rows = <const snap_limit_t *> section.rows
    cdef uint64_t n
    if section.count > state.limits.limits_max:
        return "has more limit rows than the limits allow"
    for n in range(section.count):
        if (n and limit_compare(&rows[n - 1], &rows[n]) >= 0) or not limit_is_sound(&rows[n]):
            return "has a limit row that is unsound or out of order"
        if find_limited(state, rows[n].scope, rows[n].node_id) == NULL:
            return "has a limit of a node that does not exist"
        limit_add(state, &rows[n])
    return NULL


cdef const char *restore_transfers(state_t *state, const section_t *section) noexcept nogil:
    cdef const snap_transfer_t *rows = <const snap_transfer_t *> section.rows
    cdef uint64_t n
    if section.count > state.limits.transfers_max:
        return "has more transfers than the limits allow"
    for n in range(section.count):
        if rows[n].transfer_id <= (rows[n - 1].transfer_id if n else 0):
            return "has its transfers out of order"
        if not COMMAND_KIND_DEPOSIT <= rows[n].kind <= COMMAND_KIND_HOUSE_TRANSFER:
            return "has a transfer of an undefined kind"
        if not 1 <= rows[n].amount_micro <= MONEY_MAX:
            return "has a transfer of an unsound amount"
        if rows[n].kind == COMMAND_KIND_WITHDRAW_REQUEST and find_account(state, rows[n].account_id) == NULL:
            return "has a withdrawal of an account that does not exist"
        transfer_restore(state, &rows[n])
    return NULL


# ------------------------------------------------------------------------------------------------- protections, queues


cdef const char *restore_protections(state_t *state, const section_t *sections) noexcept nogil:
    cdef const snap_mmp_t *rows = <const snap_mmp_t *> sections[SECTION_MMP].rows
    cdef const snap_mmp_fill_t *fills = <const snap_mmp_fill_t *> sections[SECTION_MMP_FILL].rows
    cdef protection_t *protection
    cdef uint64_t n
    cdef uint32_t slot
    if sections[SECTION_MMP].count > state.limits.protections_max:
        return "has more market-maker protections than the limits allow"
    for n in range(sections[SECTION_MMP].count):
        slot = position_find(state, rows[n].account_id, rows[n].instrument_id)
        if slot == 0 or protection_of(state, slot) != NULL:
            return "has a market-maker protection of no position, or two of one"
        if rows[n].window_ns < 1 or rows[n].freeze_ns < 0 or rows[n].fills > PROTECTION_FILLS_MAX:
            return "has an unsound market-maker protection"
        if rows[n].quantity_lots < 0 or rows[n].delta_micro < 0 or rows[n].frozen_until_ns < 0:
            return "has an unsound market-maker protection"
        protection_add(state, slot).row = rows[n]
    for n in range(sections[SECTION_MMP_FILL].count):
        slot = position_find(state, fills[n].account_id, fills[n].instrument_id)
        protection = protection_of(state, slot) if slot else NULL
        if protection == NULL or protection.fills_count >= PROTECTION_FILLS_MAX:
            return "has fills of no market-maker protection, or more than one remembers"
        protection.fills[protection.fills_count] = fills[n]
        protection.fills_count += 1
    return NULL


cdef const char *restore_queues_of_risk(state_t *state, const section_t *sections) noexcept nogil:
    cdef const snap_touched_t *touched = <const snap_touched_t *> sections[SECTION_TOUCHED].rows
    cdef const snap_ranking_t *ranking = <const snap_ranking_t *> sections[SECTION_RANKING].rows
    cdef uint32_t account_id
    cdef uint64_t n
    if sections[SECTION_TOUCHED].count and not state.risk.has_money:
        return "has accounts to look at in a venue without money"
    for n in range(sections[SECTION_TOUCHED].count):
        account_id = touched[n].account_id
        if find_account(state, account_id) == NULL or risk_of_account(state, account_id).is_touched:
            return "has an unsound queue of touched accounts"
        touch(state, account_id)
    if sections[SECTION_RANKING].count > state.limits.accounts_max:
        return "has a ranking of more accounts than there can be"
    for n in range(sections[SECTION_RANKING].count):
        if find_account(state, ranking[n].account_id) == NULL:
            return "has a ranking of accounts that do not exist"
        state.risk.ranking[n] = ranking[n]
        state.risk.ranking_count += 1
    return NULL
