"""Limit rows against one order: usages, soft thresholds, counters.

Called by `_risk_checks` and the rooms that enter orders; `_matching` counts fills. Rows themselves come and go in
`_limit_rows`.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy

from engine._exposures cimport exposure_find, sums_derive
from engine._risk_events cimport write_limit
from engine._risk_state cimport LIMIT_KINDS, exposure_t, limited_t
from engine._state cimport (
    VENUE_LEVEL, account_t, instrument_of, limited_at, position_t, risk_of_account, risk_of_instrument,
    risk_of_position, scope_of, state_t,
)
from engine._margin cimport mark_value
from engine.arith cimport clamp, div_ceil, i128, size_of_i128
from engine.names cimport NAME_SIZE
from engine.records cimport (
    EVENT_KIND_LIMIT_CLEARED, EVENT_KIND_LIMIT_REFUSED, EVENT_KIND_LIMIT_WARNED, LIMIT_KIND_CONCENTRATION,
    LIMIT_KIND_EXECUTIONS, LIMIT_KIND_GROSS_NOTIONAL, LIMIT_KIND_NET_NOTIONAL, LIMIT_KIND_OPEN_NOTIONAL,
    LIMIT_KIND_OPEN_ORDERS, LIMIT_KIND_ORDER_TO_TRADE, LIMIT_KIND_POSITION, LIMIT_TARGET_GROUP,
    LIMIT_TARGET_INSTRUMENT, REASON_ACK, REASON_LIMIT_CONCENTRATION, REASON_LIMIT_CREDIT, REASON_LIMIT_EXECUTIONS,
    REASON_LIMIT_GROSS_NOTIONAL, REASON_LIMIT_NET_NOTIONAL, REASON_LIMIT_OPEN_NOTIONAL, REASON_LIMIT_OPEN_ORDERS,
    REASON_LIMIT_ORDER_NOTIONAL, REASON_LIMIT_ORDER_QUANTITY, REASON_LIMIT_ORDER_TO_TRADE, REASON_LIMIT_POSITION,
    REASON_LIMIT_REPEATED_ORDERS, REASON_REJECTED_NO_LIMIT, REASON_REJECTED_PRICE_TOLERANCE, REASON_REJECTED_STALE,
    SCOPE_SESSION, SIDE_BUY, limit_event_t, snap_limit_t,
)

cdef enum:
    PPM = 1000000
    CLEAR_PPM = 900000  # a warning is cleared below this part of its threshold
    PLACES = 7  # of a walk: the session, then the account and every level above it


ctypedef struct node_ref_t:  # a session or node on an order's way
    limited_t *limited  # NULL where there is none
    uint32_t node_id
    uint32_t level  # of a node
    uint8_t scope


# ------------------------------------------------------------------------------------------------------------ the walk


cdef inline node_ref_t place_of(
    const state_t *state, uint32_t session_id, uint32_t account_id, uint32_t place
) noexcept nogil:
    cdef node_ref_t ref
    cdef const account_t *account = &state.accounts[account_id]
    if place == 0:
        ref.limited = &state.risk.limited[SCOPE_SESSION][session_id] if session_id else NULL
        ref.node_id = session_id
        ref.level = 0
        ref.scope = SCOPE_SESSION
        return ref
    ref.level = place - 1
    ref.scope = scope_of(ref.level)
    ref.limited = limited_at(state, account.lineage, ref.level)
    ref.node_id = account.lineage[ref.level] if ref.level < VENUE_LEVEL else 0
    return ref


cdef inline bint applies(const state_t *state, const snap_limit_t *row, uint32_t instrument_id) noexcept nogil:
    if row.target == LIMIT_TARGET_INSTRUMENT:
        return row.target_id == instrument_id
    if row.target == LIMIT_TARGET_GROUP:
        return row.target_id == group_of(state, instrument_id)  # which is not 0
    return True


cdef inline uint32_t group_of(const state_t *state, uint32_t instrument_id) noexcept nogil:
    return risk_of_instrument(state, instrument_id).config.product_group


cdef uint16_t check_mandatory(const state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    cdef uint32_t wanted = state.risk.config.mandatory_limits
    cdef uint32_t kind
    for kind in range(1, LIMIT_KINDS):
        if wanted >> kind & 1 and not has_row(state, proposal, kind, 1, PLACES - 1):
            return fail(verdict, REASON_REJECTED_NO_LIMIT, kind)
    return REASON_ACK


cdef bint has_rows(const state_t *state, const proposal_t *proposal, uint8_t kind) noexcept nogil:
    return has_row(state, proposal, kind, 0, PLACES)


cdef bint has_row(
    const state_t *state, const proposal_t *proposal, uint32_t kind, uint32_t first_place, uint32_t end
) noexcept nogil:
    cdef node_ref_t ref
    cdef uint32_t place, slot
    if not proposal.kinds >> kind & 1:
        return False
    for place in range(first_place, end):
        ref = place_of(state, proposal.session_id, proposal.account_id, place)
        if ref.limited == NULL or not ref.limited.kinds >> kind & 1:
            continue
        slot = state.risk.heads[ref.limited.rows].first[kind]
        while slot:
            if applies(state, &state.risk.limits[slot], proposal.instrument_id):
                return True
            slot = state.risk.limit_next[slot]
    return False


# ------------------------------------------------------------------------------------------------------------- verdict


cdef uint16_t reason_of(uint8_t kind) noexcept nogil:
    cdef uint16_t[17] reasons
    reasons = [
        REASON_ACK, REASON_LIMIT_ORDER_QUANTITY, REASON_LIMIT_ORDER_NOTIONAL, REASON_REJECTED_PRICE_TOLERANCE,
        REASON_REJECTED_STALE, REASON_LIMIT_OPEN_ORDERS, REASON_LIMIT_OPEN_NOTIONAL, REASON_LIMIT_REPEATED_ORDERS,
        REASON_LIMIT_EXECUTIONS, REASON_LIMIT_ORDER_TO_TRADE, REASON_LIMIT_POSITION, REASON_LIMIT_GROSS_NOTIONAL,
        REASON_LIMIT_NET_NOTIONAL, REASON_LIMIT_CONCENTRATION, REASON_ACK, REASON_ACK, REASON_LIMIT_CREDIT,
    ]
    return reasons[kind]


cdef uint16_t exceeded(
    const state_t *state, const node_ref_t *ref, verdict_t *verdict, uint32_t slot, int64_t usage
) noexcept nogil:
    verdict.row = slot
    verdict.usage = usage
    return fail(
        verdict, reason_of(state.risk.limits[slot].limit_kind), <int64_t> ref.scope << 32 | <int64_t> ref.node_id
    )


cdef inline uint16_t compare_usage(
    state_t *state, const node_ref_t *ref, verdict_t *verdict, uint32_t slot, i128 usage_exact
) noexcept nogil:
    """A usage counts up to 64 bits, no further."""
    cdef const snap_limit_t *row = &state.risk.limits[slot]
    cdef int64_t usage = clamp(usage_exact)
    cdef i128 threshold
    cdef bint reached, left
    if usage > row.value:
        return exceeded(state, ref, verdict, slot, usage)
    if row.soft_ppm:
        threshold = <i128> row.value * row.soft_ppm
        reached = <i128> usage * PPM >= threshold
        left = <i128> usage * PPM * PPM < threshold * CLEAR_PPM
        if (reached and not row.warned) or (left and row.warned):
            state.risk.crossed[verdict.crossed_count].row = slot
            state.risk.crossed[verdict.crossed_count].usage = usage
            verdict.crossed_count += 1
    return REASON_ACK


# -------------------------------------------------------------------------------------------------------------- usages


cdef i128 increase_of(const state_t *state, const proposal_t *proposal) noexcept nogil:
    cdef const position_t *position = &state.positions[proposal.position]
    cdef i128 more = <i128> proposal.lots - proposal.old_lots
    cdef i128 worst = 0
    if proposal.position:
        if proposal.side == SIDE_BUY:
            worst = <i128> position.lots + position.kept_lots[0]
        else:
            worst = <i128> position.kept_lots[1] - position.lots
    return max(<i128> 0, worst + more) - max(<i128> 0, worst)


ctypedef struct sides_t:  # a node in one instrument
    i128 lots
    i128 bids
    i128 asks


cdef sides_t sides_of(const state_t *state, const proposal_t *proposal, const node_ref_t *ref) noexcept nogil:
    """In the order's instrument, the order not included."""
    cdef sides_t sides
    cdef const position_t *position = &state.positions[proposal.position]
    cdef uint32_t slot
    sides.lots = 0
    sides.bids = 0
    sides.asks = 0
    if ref.level == 0:
        if proposal.position:
            sides.lots = position.lots
            sides.bids = position.kept_lots[0]
            sides.asks = position.kept_lots[1]
        return sides
    if proposal.position:
        slot = risk_of_position(state, proposal.position).above[ref.level - 1]
    else:
        slot = exposure_find(state, ref.level, ref.node_id, proposal.instrument_id)
    if slot:
        sides.lots = state.risk.exposures[slot].lots
        sides.bids = state.risk.exposures[slot].kept_lots[0]
        sides.asks = state.risk.exposures[slot].kept_lots[1]
    return sides


cdef inline void add_order(const proposal_t *proposal, sides_t *sides) noexcept nogil:
    if proposal.side == SIDE_BUY:
        sides.bids += <i128> proposal.lots - proposal.old_lots
    else:
        sides.asks += <i128> proposal.lots - proposal.old_lots


cdef inline i128 worst_of(const sides_t *sides) noexcept nogil:
    return max(size_of_i128(sides.lots + sides.bids), size_of_i128(sides.lots - sides.asks))


cdef inline i128 gross_or_net(const proposal_t *proposal, const sides_t *sides, bint net) noexcept nogil:
    """Of one instrument: the worse side, or how far to the order's side it could become."""
    if not net:
        return worst_of(sides)
    return sides.lots + sides.bids if proposal.side == SIDE_BUY else sides.asks - sides.lots


cdef i128 account_notional(
    const state_t *state, const proposal_t *proposal, const snap_limit_t *row, bint net
) noexcept nogil:
    """Over the account's other instruments that a row applies to, at the marks."""
    cdef uint32_t slot = risk_of_account(state, proposal.account_id).first_position
    cdef const position_t *position
    cdef uint32_t instrument_id
    cdef i128 total = 0
    cdef sides_t sides
    while slot:
        position = &state.positions[slot]
        slot = position.next_of_account
        instrument_id = instrument_of(position)
        if instrument_id == proposal.instrument_id or not applies(state, row, instrument_id):
            continue
        sides.lots = position.lots
        sides.bids = position.kept_lots[0]
        sides.asks = position.kept_lots[1]
        total += mark_value(&state.instruments[instrument_id], gross_or_net(proposal, &sides, net))
    return total


cdef i128 node_notional(
    const state_t *state, const proposal_t *proposal, const node_ref_t *ref, const snap_limit_t *row, bint net
) noexcept nogil:
    cdef uint32_t slot = ref.limited.first_exposure
    cdef const exposure_t *exposure
    cdef i128 total = 0
    cdef sides_t sides
    while slot:
        exposure = &state.risk.exposures[slot]
        slot = exposure.next
        if exposure.instrument_id == proposal.instrument_id or not applies(state, row, exposure.instrument_id):
            continue
        sides.lots = exposure.lots
        sides.bids = exposure.kept_lots[0]
        sides.asks = exposure.kept_lots[1]
        total += mark_value(&state.instruments[exposure.instrument_id], gross_or_net(proposal, &sides, net))
    return total


cdef i128 notional_usage(
    const state_t *state, const proposal_t *proposal, const node_ref_t *ref, const snap_limit_t *row
) noexcept nogil:
    """GROSS_NOTIONAL, NET_NOTIONAL: with the order. A node's sum over all instruments is kept; others are small."""
    cdef bint net = row.limit_kind == LIMIT_KIND_NET_NOTIONAL
    cdef sides_t sides = sides_of(state, proposal, ref)
    cdef i128 before = gross_or_net(proposal, &sides, net)
    cdef i128 after
    add_order(proposal, &sides)
    after = gross_or_net(proposal, &sides, net)
    if ref.level == 0:
        return mark_value(proposal.instrument, after) + account_notional(state, proposal, row, net)
    if row.target:
        after = mark_value(proposal.instrument, after)
        return after + (node_notional(state, proposal, ref, row, net) if row.target == LIMIT_TARGET_GROUP else 0)
    if ref.limited.marks_epoch != state.risk.marks_epoch:
        sums_derive(state, ref.limited)
    return sum_of(ref.limited, proposal.side, net) + mark_value(proposal.instrument, after - before)


cdef inline i128 sum_of(const limited_t *node, uint8_t side, bint net) noexcept nogil:
    if not net:
        return node.gross_micro
    return node.long_micro if side == SIDE_BUY else node.short_micro


cdef i128 position_usage(
    const state_t *state, const proposal_t *proposal, const node_ref_t *ref, bint concentration
) noexcept nogil:
    cdef int64_t cap = risk_of_instrument(state, proposal.instrument_id).interest_cap_micro
    cdef sides_t sides = sides_of(state, proposal, ref)
    add_order(proposal, &sides)
    if concentration:
        if cap == 0 or not risk_of_instrument(state, proposal.instrument_id).row.has_risk:
            return 0
        return div_ceil(mark_value(proposal.instrument, worst_of(&sides)) * PPM, cap)
    return gross_or_net(proposal, &sides, True) * proposal.instrument.config.lot_size_e8


cdef i128 open_usage(
    const state_t *state, const proposal_t *proposal, const node_ref_t *ref, uint8_t kind, i128 more
) noexcept nogil:
    if kind == LIMIT_KIND_OPEN_NOTIONAL:
        return ref.limited.open_notional_micro + more
    if ref.scope == SCOPE_SESSION:
        return more + state.sessions[ref.node_id].open_orders
    if ref.level == 0:
        return more + proposal.account.open_orders
    return more + ref.limited.open_orders


cdef i128 usage_of(
    const state_t *state, const proposal_t *proposal, const node_ref_t *ref, const snap_limit_t *row, i128 usage
) noexcept nogil:
    cdef uint8_t kind = row.limit_kind
    if kind == LIMIT_KIND_OPEN_ORDERS or kind == LIMIT_KIND_OPEN_NOTIONAL:
        return open_usage(state, proposal, ref, kind, usage)
    if kind == LIMIT_KIND_EXECUTIONS:
        return 1 + (row.base if state.timestamp_ns - row.peak <= row.parameter else 0)
    if kind == LIMIT_KIND_GROSS_NOTIONAL or kind == LIMIT_KIND_NET_NOTIONAL:
        return notional_usage(state, proposal, ref, row)
    if kind == LIMIT_KIND_POSITION or kind == LIMIT_KIND_CONCENTRATION:
        return position_usage(state, proposal, ref, kind == LIMIT_KIND_CONCENTRATION)
    return usage


cdef inline void start_day(const state_t *state, snap_limit_t *row) noexcept nogil:
    """Counters of ORDER_TO_TRADE begin again with a new business date."""
    if row.date != state.business_date:
        row.date = state.business_date
        row.base = 0
        row.peak = 0


cdef uint16_t check_ratio(
    state_t *state, const node_ref_t *ref, verdict_t *verdict, uint32_t slot
) noexcept nogil:
    """ORDER_TO_TRADE: messages that are not free, per fill."""
    cdef snap_limit_t *row = &state.risk.limits[slot]
    cdef int64_t messages
    start_day(state, row)
    state.risk.met[verdict.met_count] = slot
    verdict.met_count += 1
    messages = row.base + 1
    if messages <= row.parameter or <i128> messages <= <i128> row.value * max(<int64_t> 1, row.peak):
        return REASON_ACK
    return exceeded(state, ref, verdict, slot, messages)


cdef uint16_t check_rows(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, uint8_t kind, i128 usage
) noexcept nogil:
    cdef node_ref_t ref
    cdef uint16_t reason
    cdef uint32_t place, slot
    if not proposal.kinds >> kind & 1:
        return REASON_ACK
    for place in range(PLACES):
        ref = place_of(state, proposal.session_id, proposal.account_id, place)
        if ref.limited == NULL or not ref.limited.kinds >> kind & 1:
            continue
        slot = state.risk.heads[ref.limited.rows].first[kind]
        while slot:
            if applies(state, &state.risk.limits[slot], proposal.instrument_id):
                if kind == LIMIT_KIND_ORDER_TO_TRADE:
                    reason = check_ratio(state, &ref, verdict, slot)
                else:
                    reason = compare_usage(
                        state, &ref, verdict, slot, usage_of(state, proposal, &ref, &state.risk.limits[slot], usage)
                    )
                if reason:
                    return reason
            slot = state.risk.limit_next[slot]
    return REASON_ACK


# ---------------------------------------------------------------------------------------------------------- what stays


cdef void tell_refused(
    state_t *state, const verdict_t *verdict, const proposal_t *proposal, uint32_t instrument_id,
    const char *client_order_id,
) noexcept nogil:
    cdef limit_event_t *event
    if verdict.row:
        event = write_limit(
            state, EVENT_KIND_LIMIT_REFUSED, verdict.reason, &state.risk.limits[verdict.row], verdict.usage,
            proposal.session_id, proposal.account.lineage, instrument_id,
        )
        memcpy(event.client_order_id, client_order_id, NAME_SIZE)


cdef void tell_limits(
    state_t *state, const verdict_t *verdict, const proposal_t *proposal, uint64_t order_id,
    const char *client_order_id,
) noexcept nogil:
    cdef snap_limit_t *row
    cdef limit_event_t *event
    cdef uint16_t kind
    cdef uint32_t n
    for n in range(verdict.met_count):
        state.risk.limits[state.risk.met[n]].base += 1
    for n in range(verdict.crossed_count):
        row = &state.risk.limits[state.risk.crossed[n].row]
        row.warned = 1 - row.warned
        kind = EVENT_KIND_LIMIT_WARNED if row.warned else EVENT_KIND_LIMIT_CLEARED
        event = write_limit(
            state, kind, REASON_ACK, row, state.risk.crossed[n].usage, proposal.session_id, proposal.account.lineage,
            proposal.instrument_id,
        )
        event.order_id = order_id
        memcpy(event.client_order_id, client_order_id, NAME_SIZE)


cdef void count_in_rows(
    state_t *state, const limited_t *node, uint32_t instrument_id, uint8_t kind
) noexcept nogil:
    cdef uint32_t slot = state.risk.heads[node.rows].first[kind]
    cdef snap_limit_t *row
    while slot:
        row = &state.risk.limits[slot]
        slot = state.risk.limit_next[slot]
        if not applies(state, row, instrument_id):
            continue
        if kind == LIMIT_KIND_ORDER_TO_TRADE:
            start_day(state, row)
            row.peak += 1
            continue
        if state.timestamp_ns - row.peak > row.parameter:
            row.base = 0
            row.peak = state.timestamp_ns
        row.base += 1


cdef void count_trade(state_t *state, uint32_t session_id, uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    cdef node_ref_t ref
    cdef uint32_t place
    if not state.risk.any_kinds & (1 << LIMIT_KIND_EXECUTIONS | 1 << LIMIT_KIND_ORDER_TO_TRADE):
        return
    for place in range(PLACES):
        ref = place_of(state, session_id, account_id, place)
        if ref.limited == NULL:
            continue
        if ref.limited.kinds & 1 << LIMIT_KIND_EXECUTIONS:
            count_in_rows(state, ref.limited, instrument_id, LIMIT_KIND_EXECUTIONS)
        if ref.limited.kinds & 1 << LIMIT_KIND_ORDER_TO_TRADE:
            count_in_rows(state, ref.limited, instrument_id, LIMIT_KIND_ORDER_TO_TRADE)
