"""Checks of an order's exposure and of what its parties are allowed. See `_risk_checks.pxd`.

Called by `_checks` and the rooms of quotes and TWAPs. They look at what an order adds to what is there; the rate bucket
and the day of a message-to-fill counter are all that they change.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t

from engine._calendars cimport position_cap_micro
from engine._ledger cimport rate_of
from engine._limits cimport check_mandatory, check_rows, fail, has_rows, increase_of, proposal_t, verdict_t
from engine._limit_rows cimport path_of
from engine._margin cimport available_of, mark_value, rates_of, required_of
from engine._risk_state cimport instrument_risk_t, limited_t
from engine._state cimport (
    LEVELS, VENUE_LEVEL, instrument_t, limited_at, position_t, risk_of_account, risk_of_instrument, scope_of,
    size_of, state_t,
)
from engine.arith cimport div_ceil, div_up, i128
from engine.records cimport (
    LIMIT_KIND_CONCENTRATION, LIMIT_KIND_CREDIT, LIMIT_KIND_EXECUTIONS, LIMIT_KIND_GROSS_NOTIONAL,
    LIMIT_KIND_NET_NOTIONAL, LIMIT_KIND_OPEN_NOTIONAL, LIMIT_KIND_OPEN_ORDERS, LIMIT_KIND_ORDER_NOTIONAL,
    LIMIT_KIND_ORDER_QUANTITY, LIMIT_KIND_ORDER_TO_TRADE, LIMIT_KIND_POSITION, LIMIT_KIND_PRICE_TOLERANCE,
    LIMIT_KIND_REPEATED_ORDERS, LIQUIDITY_TAKER, NODE_FLAG_KILLED, NODE_FLAG_LOCKED, NODE_FLAG_WINDOW_CLOSED,
    REASON_ACK, REASON_FAILED_MARGIN_CHECK, REASON_REJECTED_KILLED, REASON_REJECTED_LOCKED,
    REASON_REJECTED_NO_REFERENCE_PRICE, REASON_REJECTED_NO_RISK_CONFIGURATION, REASON_REJECTED_NUMERIC_RANGE,
    REASON_REJECTED_OPEN_INTEREST_LIMIT, REASON_REJECTED_TOTAL_OPEN_INTEREST_LIMIT, REASON_REJECTED_TRADING_WINDOW,
    REASON_REJECTED_WOULD_BREACH_MAX_NOTIONAL, REASON_USER_IN_LIQUIDATION, SCOPE_INSTRUMENT, SCOPE_SESSION,
    SIDE_BUY,
)

cdef enum:
    PPM = 1000000

cdef int64_t E8 = 100000000


# -------------------------------------------------------------------------------------------- before the order is read


cdef uint16_t check_flag(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, uint16_t flag, uint16_t reason
) noexcept nogil:
    """Has the session, or a node of the path, this flag?"""
    cdef const limited_t *node
    cdef uint32_t level, node_id
    if state.risk.limited[SCOPE_SESSION][proposal.session_id].flags & flag:
        return fail(verdict, reason, <int64_t> SCOPE_SESSION << 32 | <int64_t> proposal.session_id)
    if not path_of(state, proposal.account_id).path_flags & flag:
        return REASON_ACK
    for level in range(LEVELS + 1):
        node = limited_at(state, proposal.account.lineage, level)
        if node != NULL and node.flags & flag:
            node_id = proposal.account.lineage[level] if level < VENUE_LEVEL else 0
            return fail(verdict, reason, <int64_t> scope_of(level) << 32 | <int64_t> node_id)
    return REASON_ACK


cdef uint16_t check_nodes_killed(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    cdef uint16_t reason = REASON_ACK
    if state.risk.flagged:
        reason = check_flag(state, proposal, verdict, NODE_FLAG_KILLED, REASON_REJECTED_KILLED)
    if not reason and risk_of_instrument(state, proposal.instrument_id).is_killed:
        reason = fail(
            verdict, REASON_REJECTED_KILLED, <int64_t> SCOPE_INSTRUMENT << 32 | <int64_t> proposal.instrument_id
        )
    return reason


cdef uint16_t check_configured(const state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    if state.risk.has_money and not risk_of_instrument(state, proposal.instrument_id).row.has_risk:
        return fail(verdict, REASON_REJECTED_NO_RISK_CONFIGURATION, 0)
    return REASON_ACK


cdef uint16_t check_account(const state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    if state.risk.has_money and risk_of_account(state, proposal.account_id).row.stage:
        return fail(verdict, REASON_USER_IN_LIQUIDATION, 0)
    if state.risk.config.mandatory_limits:
        return check_mandatory(state, proposal, verdict)
    return REASON_ACK


# ---------------------------------------------------------------------------------------------------- the order itself


cdef uint16_t check_tolerance(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    """The participant's own distance from the mark, on the adverse side, parts per million rounded UP."""
    cdef int64_t mark = proposal.instrument.mark_ticks
    cdef int64_t distance = proposal.ticks - mark if proposal.side == SIDE_BUY else mark - proposal.ticks
    cdef i128 ppm
    if not proposal.kinds & 1 << LIMIT_KIND_PRICE_TOLERANCE:
        return REASON_ACK
    if mark == 0:
        if has_rows(state, proposal, LIMIT_KIND_PRICE_TOLERANCE):
            return fail(verdict, REASON_REJECTED_NO_REFERENCE_PRICE, 0)
        return REASON_ACK
    ppm = max(<i128> 0, div_ceil(<i128> distance * PPM, mark))
    return check_rows(state, proposal, verdict, LIMIT_KIND_PRICE_TOLERANCE, ppm)


cdef uint16_t check_size(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, int64_t quantity_e8, i128 notional_micro
) noexcept nogil:
    cdef uint16_t reason = check_rows(state, proposal, verdict, LIMIT_KIND_ORDER_QUANTITY, quantity_e8)
    return reason if reason else check_rows(state, proposal, verdict, LIMIT_KIND_ORDER_NOTIONAL, notional_micro)


cdef uint16_t check_open(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, uint32_t orders
) noexcept nogil:
    cdef i128 more = (proposal.value - proposal.old_value) * proposal.instrument.tick_value_micro
    cdef uint16_t reason = REASON_ACK
    if orders:
        reason = check_rows(state, proposal, verdict, LIMIT_KIND_OPEN_ORDERS, orders)
    if not reason and more > 0:
        reason = check_rows(state, proposal, verdict, LIMIT_KIND_OPEN_NOTIONAL, more)
    return reason


cdef uint16_t check_pace(state_t *state, const proposal_t *proposal, verdict_t *verdict, uint32_t run) noexcept nogil:
    cdef uint16_t reason = REASON_ACK
    if run:
        reason = check_rows(state, proposal, verdict, LIMIT_KIND_REPEATED_ORDERS, run)
    if not reason:
        reason = check_rows(state, proposal, verdict, LIMIT_KIND_EXECUTIONS, 0)
    if not reason:
        reason = check_rows(state, proposal, verdict, LIMIT_KIND_ORDER_TO_TRADE, 0)
    return reason


# -------------------------------------------------------------------------------------------------------- its exposure


cdef uint16_t check_states(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    cdef uint16_t reason
    if not state.risk.flagged:
        return REASON_ACK
    reason = check_flag(state, proposal, verdict, NODE_FLAG_LOCKED, REASON_REJECTED_LOCKED)
    if not reason:
        reason = check_flag(state, proposal, verdict, NODE_FLAG_WINDOW_CLOSED, REASON_REJECTED_TRADING_WINDOW)
    return reason


cdef uint16_t check_range(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    """All that could become a position, at the highest price, stays within the venue's integers."""
    cdef const position_t *position = &state.positions[proposal.position]
    cdef i128 lots = <i128> proposal.lots - proposal.old_lots
    if proposal.position:
        lots += <i128> size_of(position) + position.kept_lots[0] + position.kept_lots[1]
    if lots > risk_of_instrument(state, proposal.instrument_id).lots_max:
        return fail(verdict, REASON_REJECTED_NUMERIC_RANGE, 0)
    return REASON_ACK


cdef uint16_t check_cap(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    """The position cap of the account's leverage in the session, working orders included."""
    cdef const position_t *position = &state.positions[proposal.position]
    cdef i128 lots = <i128> proposal.lots - proposal.old_lots
    cdef uint8_t leverage = 0
    if proposal.position:
        leverage = position.leverage
        if proposal.side == SIDE_BUY:
            lots += <i128> position.lots + position.kept_lots[0]
        else:
            lots += <i128> position.kept_lots[1] - position.lots
    if mark_value(proposal.instrument, lots) > position_cap_micro(state, proposal.instrument_id, leverage):
        return fail(verdict, REASON_REJECTED_WOULD_BREACH_MAX_NOTIONAL, 0)
    return REASON_ACK


cdef uint16_t check_exposure_rows(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    cdef uint16_t reason = check_rows(state, proposal, verdict, LIMIT_KIND_POSITION, 0)
    if not reason:
        reason = check_rows(state, proposal, verdict, LIMIT_KIND_GROSS_NOTIONAL, 0)
    if not reason:
        reason = check_rows(state, proposal, verdict, LIMIT_KIND_NET_NOTIONAL, 0)
    return reason if reason else check_rows(state, proposal, verdict, LIMIT_KIND_CONCENTRATION, 0)


cdef uint16_t check_interest(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, i128 increase
) noexcept nogil:
    """Open interest plus the increasing part, in the instrument and over the venue, at the marks."""
    cdef const instrument_risk_t *risk = risk_of_instrument(state, proposal.instrument_id)
    cdef int64_t total_cap = state.risk.config.total_interest_cap_micro
    cdef i128 more = mark_value(proposal.instrument, increase)
    if risk.interest_cap_micro and risk.interest_micro + more > risk.interest_cap_micro:
        return fail(verdict, REASON_REJECTED_OPEN_INTEREST_LIMIT, 0)
    if total_cap and state.risk.interest_micro + more > total_cap:
        return fail(verdict, REASON_REJECTED_TOTAL_OPEN_INTEREST_LIMIT, 0)
    return REASON_ACK


cdef uint16_t check_margin(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    """Available >= what the requirement rises by + open loss + taker fee; then the account's credit lines."""
    cdef const instrument_t *instrument = proposal.instrument
    cdef const instrument_risk_t *risk = risk_of_instrument(state, proposal.instrument_id)
    cdef const position_t *position = &state.positions[proposal.position]  # 0 is flat and empty
    cdef i128 bids = position.kept_value[0], asks = position.kept_value[1]
    cdef uint32_t rate = rates_of(state, risk, position.leverage).initial
    cdef i128 more = -required_of(instrument, position.lots, bids, asks, rate)
    cdef i128 loss, fee, available, required = 0
    cdef int64_t distance
    if proposal.side == SIDE_BUY:
        bids += proposal.value - proposal.old_value
        distance = proposal.ticks - instrument.mark_ticks
    else:
        asks += proposal.value - proposal.old_value
        distance = instrument.mark_ticks - proposal.ticks
    more += required_of(instrument, position.lots, bids, asks, rate)
    if more <= 0:
        return REASON_ACK
    loss = <i128> max(<int64_t> 0, distance) * proposal.lots * instrument.tick_value_micro
    fee = max(
        <int64_t> 0,
        rate_of(
            state, proposal.instrument_id, risk_of_account(state, proposal.account_id).row.fee_tier, LIQUIDITY_TAKER
        ),
    )
    fee = div_up(<i128> proposal.lots * proposal.ticks * instrument.tick_value_micro * fee, E8)
    available = available_of(state, proposal.account_id, &required)
    if available < more + loss + fee:
        return fail(verdict, REASON_FAILED_MARGIN_CHECK, 0)
    return check_rows(state, proposal, verdict, LIMIT_KIND_CREDIT, required + more)


cdef uint16_t check_increase(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, i128 increase
) noexcept nogil:
    cdef bint has_risk = risk_of_instrument(state, proposal.instrument_id).row.has_risk
    cdef uint16_t reason = check_states(state, proposal, verdict)
    if not reason:
        reason = check_range(state, proposal, verdict)
    if not reason and has_risk:
        reason = check_cap(state, proposal, verdict)
    if not reason and proposal.kinds:
        reason = check_exposure_rows(state, proposal, verdict)
    if not reason and has_risk:
        reason = check_interest(state, proposal, verdict, increase)
    return reason


cdef uint16_t check_growth(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    cdef i128 increase
    cdef uint16_t reason = REASON_ACK
    if proposal.lots <= proposal.old_lots and proposal.value <= proposal.old_value:
        return REASON_ACK
    increase = increase_of(state, proposal)
    if increase:
        reason = check_increase(state, proposal, verdict, increase)
    if not reason and state.risk.has_money:
        reason = check_margin(state, proposal, verdict)
    return reason
