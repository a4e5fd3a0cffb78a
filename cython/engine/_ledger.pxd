# The ledger (docs/risk.md section 3): every movement of money has two sides, one of them a house account. Nothing else
# writes cash, cost or house balances; all accounts' cash and all house balances sum to zero at any time.
from libc.stdint cimport int64_t, uint32_t, uint8_t

from engine._state cimport state_t
from engine.records cimport entry_event_t

ctypedef enum part_t:  # of an account's cash
    PART_DEPOSITS
    PART_REALISED
    PART_FUNDING
    PART_FEES  # + is paid: it counts against the balance
    PART_REWARDS
    PART_SETTLED  # with the reserve


cdef int64_t *house_of(state_t *state, uint8_t house) noexcept nogil
# `amount` above 0 goes to the account, from the house account.
cdef void post(state_t *state, uint32_t account_id, part_t part, int64_t amount_micro, uint8_t house) noexcept nogil
# A movement with its ACCOUNT_ENTRY, which is given back for what the caller has to add.
cdef entry_event_t *enter(
    state_t *state, uint32_t account_id, part_t part, int64_t amount_micro, uint8_t house, uint8_t entry,
    uint32_t instrument_id,
) noexcept nogil
# Between two house accounts, with its HOUSE_ENTRY.
cdef entry_event_t *move_house(
    state_t *state, uint8_t from_house, uint8_t to_house, int64_t amount_micro, uint8_t entry, uint32_t instrument_id
) noexcept nogil

# A trade of signed lots: position, cost, and the profit that it realises, which is returned. Without money positions
# have no cost and nothing is realised.
cdef int64_t book(state_t *state, uint32_t position, int64_t lots, int64_t price_ticks) noexcept nogil
cdef void realise(state_t *state, uint32_t position, int64_t realised_micro) noexcept nogil
# The fee of one side of a fill, + is charged: UP, a rebate DOWN.
cdef int64_t charge(
    state_t *state, uint32_t position, uint8_t fee_tier, uint8_t liquidity, int64_t lots, int64_t price_ticks
) noexcept nogil
# The tier's rate in an instrument, that of tier 0 when the tier has none; of an instrument with SET_INSTRUMENT_RISK.
cdef int64_t rate_of(const state_t *state, uint32_t instrument_id, uint8_t fee_tier, uint8_t liquidity) noexcept nogil
