"""Sums of positions, working orders and cash: an account's own, and those of watched nodes above it.

Called by `_state` for orders, by the rooms that book fills and money, and by `_limit_rows` when a node gets a row. What
it keeps is derived: a snapshot has none of it. It decides nothing.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t, uint8_t

from engine._risk_state cimport account_risk_t, exposure_t, instrument_risk_t, limited_t, risk_t
from engine._state cimport (
    LEVELS, TRADER_LEVEL, VENUE_LEVEL, account_of, account_t, instrument_of, instrument_t, level_of, limited_at,
    position_t, risk_of_account, risk_of_instrument, state_t,
)
from engine.arith cimport add_checked, i128, narrow, panic_unless, size_of_i128
from engine.table cimport IDS_NONE, ids_add, ids_find, ids_slot
from engine.bits cimport bits_clear, bits_set
from engine.records cimport (
    LIMIT_KIND_OPEN_NOTIONAL, LIMIT_KIND_OPEN_ORDERS, SCOPE_ACCOUNT, SCOPE_DESK, SCOPE_FIRM, SCOPE_SESSION,
    SCOPE_TRADER, SCOPE_VENUE, snap_account_risk_t,
)


# ------------------------------------------------------------------------------------------------------ working orders


cdef inline i128 worse_of(const exposure_t *exposure) noexcept nogil:
    return max(
        size_of_i128(exposure.lots + exposure.kept_lots[0]), size_of_i128(exposure.lots - exposure.kept_lots[1])
    )


cdef void change_exposure(
    state_t *state, limited_t *node, uint32_t slot, int64_t lots, int64_t cost, int64_t bids, int64_t asks
) noexcept nogil:
    """Adds to a node's exposure, and to its sums when they are those of the present marks."""
    cdef exposure_t *exposure = &state.risk.exposures[slot]
    cdef const instrument_t *instrument = &state.instruments[exposure.instrument_id]
    cdef bint sums = node.kinds & SUM_KINDS and node.marks_epoch == state.risk.marks_epoch
    cdef i128 before = worse_of(exposure) if sums else 0
    cdef int64_t value
    exposure.lots += lots
    exposure.cost += cost
    exposure.kept_lots[0] += bids
    exposure.kept_lots[1] += asks
    if sums:
        value = instrument.mark_ticks * instrument.tick_value_micro
        node.gross_micro += (worse_of(exposure) - before) * value
        node.long_micro += (<i128> lots + bids) * value
        node.short_micro += (<i128> asks - lots) * value


cdef void sums_derive(const state_t *state, limited_t *node) noexcept nogil:
    cdef uint32_t slot = node.first_exposure
    cdef const exposure_t *exposure
    cdef const instrument_t *instrument
    cdef int64_t value
    node.gross_micro = 0
    node.long_micro = 0
    node.short_micro = 0
    while slot:
        exposure = &state.risk.exposures[slot]
        instrument = &state.instruments[exposure.instrument_id]
        value = instrument.mark_ticks * instrument.tick_value_micro
        node.gross_micro += worse_of(exposure) * value
        node.long_micro += (exposure.lots + exposure.kept_lots[0]) * value
        node.short_micro += (exposure.kept_lots[1] - exposure.lots) * value
        slot = exposure.next
    node.marks_epoch = state.risk.marks_epoch


cdef void keep_above(
    state_t *state, uint32_t position, uint32_t side, int64_t more_lots, int64_t more_value
) noexcept nogil:
    cdef const position_t *record = &state.positions[position]
    cdef const uint32_t *lineage = state.accounts[account_of(record)].lineage
    cdef const uint32_t *above = state.risk.positions[position].above
    cdef i128 micro = <i128> more_value * state.instruments[instrument_of(record)].tick_value_micro
    cdef int64_t bids = more_lots if side == 0 else 0
    cdef limited_t *node
    cdef uint32_t level
    for level in range(LEVELS + 1):
        node = limited_at(state, lineage, level)
        if node == NULL:
            continue
        if node.kinds & 1 << LIMIT_KIND_OPEN_NOTIONAL:
            node.open_notional_micro += micro
        if level and above[level - 1]:
            change_exposure(state, node, above[level - 1], 0, 0, bids, more_lots - bids)


cdef void count_order_above(state_t *state, const account_t *account, int32_t by) noexcept nogil:
    cdef limited_t *node
    cdef uint32_t level
    for level in range(TRADER_LEVEL, LEVELS + 1):
        node = limited_at(state, account.lineage, level)
        if node != NULL and node.kinds & 1 << LIMIT_KIND_OPEN_ORDERS:
            node.open_orders += by


# ----------------------------------------------------------------------------------------------------------- positions


cdef void interest_derive(state_t *state, uint32_t instrument_id) noexcept nogil:
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef i128 now = <i128> risk.long_lots * instrument.mark_ticks * instrument.tick_value_micro
    state.risk.interest_micro += now - risk.interest_micro
    risk.interest_micro = now


cdef void hold(state_t *state, uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    """A position is not flat any more."""
    cdef account_risk_t *account = risk_of_account(state, account_id)
    bits_set(&state.risk.instrument_holders[instrument_id], account_id)
    account.held += 1
    if account.held == 1:
        bits_set(&state.risk.holders, account_id)


cdef void let_go(state_t *state, uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    cdef account_risk_t *account = risk_of_account(state, account_id)
    bits_clear(&state.risk.instrument_holders[instrument_id], account_id)
    account.held -= 1
    if account.held == 0:
        bits_clear(&state.risk.holders, account_id)


cdef void position_move(state_t *state, uint32_t position, int64_t lots, int64_t cost) noexcept nogil:
    cdef position_t *record = &state.positions[position]
    cdef uint32_t instrument_id = instrument_of(record)
    cdef instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef int64_t was = record.lots
    cdef int64_t now, longer
    cdef limited_t *node
    cdef uint32_t level, above
    cdef int overflow = 0
    now = add_checked(was, lots, &overflow)
    record.lots = now
    record.cost = add_checked(record.cost, cost, &overflow)
    longer = max(now, 0) - max(was, 0)
    if longer:
        risk.long_lots = add_checked(risk.long_lots, longer, &overflow)
        interest_derive(state, instrument_id)
    panic_unless(not overflow, "a position is beyond the range of 64 bits")
    if (was == 0) != (now == 0):
        if was == 0:
            hold(state, account_of(record), instrument_id)
        else:
            let_go(state, account_of(record), instrument_id)
    if state.risk.keeps_sums:
        for level in range(TRADER_LEVEL, LEVELS + 1):
            above = state.risk.positions[position].above[level - 1]
            if above:
                node = limited_at(state, state.accounts[account_of(record)].lineage, level)
                change_exposure(state, node, above, lots, cost, 0, 0)


cdef void position_enlist(state_t *state, uint32_t position) noexcept nogil:
    cdef position_t *record = &state.positions[position]
    cdef uint32_t *link = &risk_of_account(state, account_of(record)).first_position
    cdef const uint32_t *lineage = state.accounts[account_of(record)].lineage
    cdef limited_t *node
    cdef uint32_t level
    while link[0] and instrument_of(&state.positions[link[0]]) < instrument_of(record):
        link = &state.positions[link[0]].next_of_account
    record.next_of_account = link[0]
    link[0] = position
    if not state.risk.keeps_sums:
        return
    for level in range(TRADER_LEVEL, LEVELS + 1):
        node = limited_at(state, lineage, level)
        if node != NULL and node.watched:
            state.risk.positions[position].above[level - 1] = exposure_of(
                state, node, level, node_at(lineage, level), instrument_of(record)
            )


# ---------------------------------------------------------------------------------------------------------------- cash


cdef int64_t balance_of(const state_t *state, uint32_t account_id) noexcept nogil:
    cdef const snap_account_risk_t *cash = &risk_of_account(state, account_id).row
    cdef int overflow = 0
    cdef int64_t balance = narrow(
        <i128> cash.deposits_micro + cash.realised_micro + cash.funding_micro - cash.fees_micro + cash.rewards_micro
        + cash.settled_micro,
        &overflow,
    )
    panic_unless(not overflow, "an account's balance is beyond the range of 64 bits")
    return balance


cdef void balance_move_above(state_t *state, const account_t *account, int64_t amount_micro) noexcept nogil:
    cdef limited_t *node
    cdef uint32_t level
    cdef int overflow = 0
    for level in range(TRADER_LEVEL, LEVELS + 1):
        node = limited_at(state, account.lineage, level)
        if node != NULL and node.kinds & LOSS_KINDS:
            node.balance_micro = add_checked(node.balance_micro, amount_micro, &overflow)
    panic_unless(not overflow, "the balance of a node is beyond the range of 64 bits")


# ------------------------------------------------------------------------------------------------------------ watching


cdef inline uint32_t node_at(const uint32_t *lineage, uint32_t level) noexcept nogil:
    """Id of the node of a lineage at a level; the venue's is 0."""
    return lineage[level] if level < VENUE_LEVEL else 0


cdef uint32_t exposure_find(
    const state_t *state, uint32_t level, uint32_t node_id, uint32_t instrument_id
) noexcept nogil:
    cdef const risk_t *risk = &state.risk
    cdef uint64_t key = exposure_key(level, node_id, instrument_id)
    cdef uint64_t at = ids_find(&risk.exposure_ids, key, risk.exposures, sizeof(exposure_t))
    return 0 if at == IDS_NONE else ids_slot(&risk.exposure_ids, at)


cdef uint32_t exposure_of(
    state_t *state, limited_t *node, uint32_t level, uint32_t node_id, uint32_t instrument_id
) noexcept nogil:
    """Slot of a watched node's exposure in an instrument, which is made when there is none."""
    cdef risk_t *risk = &state.risk
    cdef uint32_t slot = exposure_find(state, level, node_id, instrument_id)
    cdef exposure_t *exposure
    if slot:
        return slot
    risk.used_exposures += 1
    slot = risk.used_exposures
    panic_unless(slot <= <uint64_t> LEVELS * state.limits.positions_max, "exposures outnumber positions")
    exposure = &risk.exposures[slot]
    exposure.key = exposure_key(level, node_id, instrument_id)
    exposure.instrument_id = instrument_id
    exposure.next = node.first_exposure
    node.first_exposure = slot
    ids_add(&risk.exposure_ids, exposure.key, slot, risk.exposures, sizeof(exposure_t))
    return slot


cdef uint32_t first_account_of(const state_t *state, uint8_t scope, uint32_t node_id) noexcept nogil:
    if scope == SCOPE_VENUE:
        return state.first_account
    if scope == SCOPE_ACCOUNT:
        return node_id
    if scope == SCOPE_TRADER:
        return state.traders[node_id].first_account
    if scope == SCOPE_DESK:
        return state.desks[node_id].first_account
    return (state.firms if scope == SCOPE_FIRM else state.brokers)[node_id].first_account


cdef void watch_position(state_t *state, limited_t *node, uint32_t level, uint32_t position) noexcept nogil:
    cdef const position_t *record = &state.positions[position]
    cdef uint32_t node_id = node_at(state.accounts[account_of(record)].lineage, level)
    cdef uint32_t slot = exposure_of(state, node, level, node_id, instrument_of(record))
    cdef exposure_t *exposure = &state.risk.exposures[slot]
    state.risk.positions[position].above[level - 1] = slot
    exposure.lots += record.lots
    exposure.cost += record.cost
    exposure.kept_lots[0] += record.kept_lots[0]
    exposure.kept_lots[1] += record.kept_lots[1]


cdef void watch_account(
    state_t *state, limited_t *node, uint32_t level, uint32_t account_id, uint32_t new_kinds
) noexcept nogil:
    """Adds an account to what a node has of the kinds that are new to it."""
    cdef bint exposes = level and new_kinds & EXPOSURE_KINDS and not node.watched
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    cdef const position_t *position
    cdef i128 value
    if level and new_kinds & 1 << LIMIT_KIND_OPEN_ORDERS:
        node.open_orders += state.accounts[account_id].open_orders
    while slot:
        position = &state.positions[slot]
        if new_kinds & 1 << LIMIT_KIND_OPEN_NOTIONAL:
            value = <i128> position.kept_value[0] + position.kept_value[1]
            node.open_notional_micro += value * state.instruments[instrument_of(position)].tick_value_micro
        if exposes:
            watch_position(state, node, level, slot)
        slot = position.next_of_account


cdef void watch(state_t *state, uint8_t scope, uint32_t node_id, uint32_t new_kinds) noexcept nogil:
    """A session counts its open orders itself; nothing else of it is limited in sum."""
    cdef limited_t *node = &state.risk.limited[scope][node_id]
    cdef uint32_t level, account_id
    cdef i128 balance = 0
    cdef bint starts_balance
    cdef int overflow = 0
    if scope == SCOPE_SESSION:
        return
    level = level_of(scope)
    account_id = first_account_of(state, scope, node_id)
    starts_balance = new_kinds & LOSS_KINDS and node.kinds & LOSS_KINDS == 0
    if new_kinds & 1 << LIMIT_KIND_OPEN_ORDERS:
        node.open_orders = 0
    if new_kinds & 1 << LIMIT_KIND_OPEN_NOTIONAL:
        node.open_notional_micro = 0
    while account_id:
        watch_account(state, node, level, account_id, new_kinds)
        balance += balance_of(state, account_id)
        account_id = state.accounts[account_id].next_account[level - 1] if level else 0
    if starts_balance:
        node.balance_micro = narrow(balance, &overflow)
        panic_unless(not overflow, "the balance of a node is beyond the range of 64 bits")
    if new_kinds & KEPT_KINDS:
        state.risk.keeps_sums = True
        if level and new_kinds & EXPOSURE_KINDS:
            node.watched = True
    if level and new_kinds & SUM_KINDS:
        sums_derive(state, node)
