# The checks of money, limits and kill switches in the published order (docs/risk.md section 8): what `_checks` puts
# between its own. Each gives a Reason, ACK when it passes, and has it in the verdict. A venue without limits, flags or
# money pays a few tests for all of them.
from libc.stdint cimport int64_t, uint16_t, uint32_t

from engine._limits cimport check_rows, fail, proposal_t, verdict_t
from engine._risk_state cimport instrument_risk_t
from engine._state cimport TRADER_LEVEL, position_t, risk_of_instrument, size_of, state_t, throttle_t
from engine.arith cimport i128
from engine.rate cimport bucket_take
from engine.records cimport (
    LIMIT_KIND_MESSAGE_AGE, REASON_ACK, REASON_RATE_LIMITED, REASON_REJECTED_JOURNAL_FULL, VENUE_STATE_CANCEL_ONLY,
)

cdef uint16_t check_nodes_killed(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil


cdef inline uint16_t check_killed(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    """Session, then a node of the path, then the instrument is killed; proposal.instrument_id may be 0."""
    if state.risk.flagged or risk_of_instrument(state, proposal.instrument_id).is_killed:
        return check_nodes_killed(state, proposal, verdict)
    return REASON_ACK


cdef inline uint16_t check_gate(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, int64_t sent_ns, int64_t weight_micro
) noexcept nogil:
    """What every message that may add exposure meets after the permission: venue state, kill switch, rate, age."""
    cdef throttle_t *throttle
    cdef uint16_t reason
    cdef int64_t retry_ms
    if state.venue_state == VENUE_STATE_CANCEL_ONLY:
        return fail(verdict, REASON_REJECTED_JOURNAL_FULL, 0)
    reason = check_killed(state, proposal, verdict)
    if reason:
        return reason
    throttle = &state.throttles[proposal.account.lineage[TRADER_LEVEL]]
    retry_ms = bucket_take(&throttle.general, throttle.limit_micro, weight_micro, state.timestamp_ns)
    if retry_ms:
        return fail(verdict, REASON_RATE_LIMITED, retry_ms)
    if sent_ns and proposal.kinds & 1 << LIMIT_KIND_MESSAGE_AGE:
        return check_rows(state, proposal, verdict, LIMIT_KIND_MESSAGE_AGE, <i128> state.timestamp_ns - sent_ns)
    return REASON_ACK


# An instrument with money has a SET_INSTRUMENT_RISK.
cdef uint16_t check_configured(const state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil
# The account has no liquidation stage, and a row of each mandatory kind.
cdef uint16_t check_account(const state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil

# Distance from the mark; one order's quantity and notional; what is open with `orders` more; how often (`run`:
# identical orders in a row, 0 = it does not count).
cdef uint16_t check_tolerance(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil
cdef uint16_t check_size(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, int64_t quantity_e8, i128 notional_micro
) noexcept nogil
cdef uint16_t check_open(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, uint32_t orders
) noexcept nogil
cdef uint16_t check_pace(state_t *state, const proposal_t *proposal, verdict_t *verdict, uint32_t run) noexcept nogil

# Of an order that does not only reduce.
cdef uint16_t check_growth(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil


cdef inline bint is_small(const state_t *state, const proposal_t *proposal) noexcept nogil:
    """Without flags, limits, money and caps the range alone counts, and most orders are far within it."""
    cdef const instrument_risk_t *risk = risk_of_instrument(state, proposal.instrument_id)
    cdef const position_t *position = &state.positions[proposal.position]  # 0 is flat and empty
    if state.risk.flagged or proposal.kinds or state.risk.has_money or risk.has_caps or proposal.lots > risk.lots_max:
        return False
    return proposal.lots + size_of(position) + position.kept_lots[0] + position.kept_lots[1] <= risk.lots_max


cdef inline uint16_t check_exposure(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil:
    """Everything from REJECTED_LOCKED on: states of nodes, range, caps, limits, open interest, margin, credit. An order
    that only reduces, or changes nothing for the worse, passes."""
    if proposal.only_reduces or is_small(state, proposal):
        return REASON_ACK
    return check_growth(state, proposal, verdict)
