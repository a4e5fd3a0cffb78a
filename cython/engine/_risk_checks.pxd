# The checks of money, limits and kill switches in the published order (docs/risk.md section 8): what `_checks` puts
# between its own. Each gives a Reason, ACK when it passes, and has it in the verdict. A venue without limits, flags or
# money pays a few tests for all of them.
from libc.stdint cimport int64_t, uint16_t, uint32_t

from engine._limits cimport proposal_t, verdict_t
from engine._state cimport instrument_t, state_t
from engine.arith cimport i128

# Session, then a node of the path, then the instrument is killed; proposal.instrument_id may be 0.
cdef uint16_t check_killed(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil
# What every message that may add exposure meets after the permission: venue state, kill switch, rate, age.
cdef uint16_t check_gate(
    state_t *state, const proposal_t *proposal, verdict_t *verdict, int64_t sent_ns, int64_t weight_micro
) noexcept nogil
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

# Everything from REJECTED_LOCKED on: states of nodes, range, caps, limits, open interest, margin, credit. An order that
# only reduces, or changes nothing for the worse, passes.
cdef uint16_t check_exposure(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil
