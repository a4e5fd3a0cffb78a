# Limits as orders meet them (docs/risk.md section 8): what an order would add, the rows that it has to fit, what is
# left of it in them.
#
# A check of a kind walks session, account, trader, desk, firm, broker and venue, and each one's rows of the kind in key
# order; all have to hold, so the tightest wins. Most orders meet no row of most kinds: one bit of the path says so.
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t

from libc.string cimport memset

from engine._limit_rows cimport path_of
from engine._state cimport account_t, instrument_t, state_t
from engine.arith cimport i128
from engine.records cimport SCOPE_SESSION


ctypedef struct verdict_t:  # the outcome of the checks of one order or message
    uint16_t reason  # of the first check that failed, ACK
    uint32_t row  # slot of the limit that failed, 0 = it was none
    int64_t usage  # what was compared with it
    int64_t detail  # of the refusal
    uint32_t crossed_count  # soft thresholds in risk_t.crossed that come or go if the order is accepted
    uint32_t met_count  # rows of ORDER_TO_TRADE in risk_t.met that count the message then


ctypedef struct proposal_t:  # what an order would add: lots and value kept for it afterwards, and those kept before
    const account_t *account
    const instrument_t *instrument  # NULL while it is not known
    uint32_t account_id
    uint32_t instrument_id
    uint32_t session_id
    uint32_t position  # slot, 0 = there is no record yet
    uint32_t kinds  # of its session and path together: those of which there may be rows
    uint8_t side
    uint8_t only_reduces  # a reduce-only order or a stop: nothing is kept for it
    int64_t ticks  # at which it could trade at worst: the limit, a MARKET order's band edge
    int64_t lots
    int64_t old_lots
    i128 value  # ticks x lots
    i128 old_value


cdef inline uint16_t fail(verdict_t *verdict, uint16_t reason, int64_t detail) noexcept nogil:
    verdict.reason = reason
    verdict.detail = detail
    return reason


cdef inline uint16_t take(verdict_t *verdict, uint16_t reason) noexcept nogil:
    """Of a check that gives its reason alone."""
    return fail(verdict, reason, 0) if reason else reason


cdef inline void verdict_begin(verdict_t *verdict) noexcept nogil:
    verdict.reason = 0
    verdict.row = 0
    verdict.usage = 0
    verdict.detail = 0
    verdict.crossed_count = 0
    verdict.met_count = 0


cdef inline void proposal_begin(
    const state_t *state, proposal_t *proposal, uint32_t session_id, uint32_t account_id
) noexcept nogil:
    """Fills in the account, session and kinds; the rest is zero."""
    memset(proposal, 0, sizeof(proposal_t))
    proposal.account = &state.accounts[account_id]
    proposal.account_id = account_id
    proposal.session_id = session_id
    if state.risk.any_kinds:
        proposal.kinds = path_of(state, account_id).path_kinds
        proposal.kinds |= state.risk.limited[SCOPE_SESSION][session_id].kinds


# How much further from zero the account's worst case on the order's side comes to be.
cdef i128 increase_of(const state_t *state, const proposal_t *proposal) noexcept nogil

# All rows of a kind; `usage` is what those compare that do not look at a node.
cdef uint16_t check_rows(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, uint8_t kind, i128 usage
) noexcept nogil
# Has every mandatory kind a row that applies, somewhere on the path below the venue?
cdef uint16_t check_mandatory(const state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil

# Is there a row of a kind that applies, on the way from the session to the venue?
cdef bint has_rows(const state_t *state, const proposal_t *proposal, uint8_t kind) noexcept nogil

# The numbers behind a refusal, right after it; `instrument_id` is the message's.
cdef void tell_refused(
    state_t *state, const verdict_t *verdict, const proposal_t *proposal, uint32_t instrument_id,
    const char *client_order_id,
) noexcept nogil
cdef void tell_limits(
    state_t *state, const verdict_t *verdict, const proposal_t *proposal, uint64_t order_id,
    const char *client_order_id,
) noexcept nogil


cdef inline void tell_accepted(
    state_t *state, const verdict_t *verdict, const proposal_t *proposal, uint64_t order_id,
    const char *client_order_id,
) noexcept nogil:
    """Messages are counted, and warnings come and go, before the events of the order itself."""
    if verdict.crossed_count or verdict.met_count:
        tell_limits(state, verdict, proposal, order_id, client_order_id)



# One side of a trade, in the rows of EXECUTIONS and ORDER_TO_TRADE.
cdef void count_trade(state_t *state, uint32_t session_id, uint32_t account_id, uint32_t instrument_id) noexcept nogil
