"""Movements of money, and what a trade does to a position's cost and an account's cash.

Called by `_matching` for fills and by every room that moves money. A balance beyond 64 bits is ours to find: it stops
the process.
"""

from libc.stdint cimport int64_t, uint32_t, uint8_t

from engine._exposures cimport LOSS_KINDS, balance_move_above, position_move
from engine._risk_events cimport write_account_entry, write_house_entry
from engine._risk_state cimport fee_t, instrument_risk_t
from engine._risk_tables cimport fee_of
from engine._state cimport (
    account_of, instrument_of, position_t, risk_of_account, risk_of_instrument, risk_of_position, size_of, state_t,
)
from engine.arith cimport add_checked, div_down, div_up, i128, narrow, panic_unless
from engine.records cimport (
    HOUSE_ACCOUNT_CLEARING, HOUSE_ACCOUNT_FEES, LIQUIDITY_MAKER, entry_event_t, snap_account_risk_t,
)

cdef int64_t E8 = 100000000


# ----------------------------------------------------------------------------------------------------------- movements


cdef int64_t *house_of(state_t *state, uint8_t house) noexcept nogil:
    """Balances of the house accounts follow one another from FEES on."""
    return &state.risk.venue.fees_micro + (house - HOUSE_ACCOUNT_FEES)


cdef inline int64_t *part_of_cash(snap_account_risk_t *cash, part_t part) noexcept nogil:
    return &cash.deposits_micro + <uint32_t> part


cdef void post(state_t *state, uint32_t account_id, part_t part, int64_t amount_micro, uint8_t house) noexcept nogil:
    cdef int64_t *cash = part_of_cash(&risk_of_account(state, account_id).row, part)
    cdef int64_t *balance = house_of(state, house)
    cdef int overflow = 0
    cash[0] = add_checked(cash[0], -amount_micro if part == PART_FEES else amount_micro, &overflow)
    balance[0] = add_checked(balance[0], -amount_micro, &overflow)
    panic_unless(not overflow, "a balance is beyond the range of 64 bits")
    if state.risk.any_kinds & LOSS_KINDS:
        balance_move_above(state, &state.accounts[account_id], amount_micro)


cdef entry_event_t *enter(
    state_t *state, uint32_t account_id, part_t part, int64_t amount_micro, uint8_t house, uint8_t entry,
    uint32_t instrument_id,
) noexcept nogil:
    post(state, account_id, part, amount_micro, house)
    return write_account_entry(state, account_id, entry, amount_micro, house, instrument_id)


cdef entry_event_t *move_house(
    state_t *state, uint8_t from_house, uint8_t to_house, int64_t amount_micro, uint8_t entry, uint32_t instrument_id
) noexcept nogil:
    cdef int64_t *source = house_of(state, from_house)
    cdef int64_t *target = house_of(state, to_house)
    cdef int overflow = 0
    source[0] = add_checked(source[0], -amount_micro, &overflow)
    target[0] = add_checked(target[0], amount_micro, &overflow)
    panic_unless(not overflow, "a balance of the house is beyond the range of 64 bits")
    return write_house_entry(state, entry, amount_micro, from_house, to_house, instrument_id)


# -------------------------------------------------------------------------------------------------------------- trades


cdef int64_t book(state_t *state, uint32_t position, int64_t lots, int64_t price_ticks) noexcept nogil:
    cdef const position_t *record = &state.positions[position]
    cdef int64_t held = record.lots, cost = record.cost
    cdef int64_t closing = 0, removed = 0, opening, realised
    cdef i128 more
    cdef int overflow = 0
    if not state.risk.has_money:
        position_move(state, position, lots, 0)
        return 0
    if (held < 0) != (lots < 0) and held:
        closing = min(size_of(record), lots if lots > 0 else -lots)
        removed = narrow(div_down(<i128> cost * closing, size_of(record)), &overflow)
    opening = lots + closing if lots < 0 else lots - closing
    more = <i128> opening * price_ticks - removed
    position_move(state, position, lots, narrow(more, &overflow))
    if closing == 0:
        panic_unless(not overflow, "the cost of a position is beyond the range of 64 bits")
        return 0
    more = <i128> price_ticks * closing
    if held < 0:
        more = -more
    realised = narrow((more - removed) * state.instruments[instrument_of(record)].tick_value_micro, &overflow)
    panic_unless(not overflow, "the profit of a trade is beyond the range of 64 bits")
    realise(state, position, realised)
    return realised


cdef void realise(state_t *state, uint32_t position, int64_t realised_micro) noexcept nogil:
    cdef int overflow = 0
    cdef int64_t *sum = &risk_of_position(state, position).realised_micro
    sum[0] = add_checked(sum[0], realised_micro, &overflow)
    panic_unless(not overflow, "the profit of a position is beyond the range of 64 bits")
    post(state, account_of(&state.positions[position]), PART_REALISED, realised_micro, HOUSE_ACCOUNT_CLEARING)


cdef int64_t rate_of(const state_t *state, uint32_t instrument_id, uint8_t fee_tier, uint8_t liquidity) noexcept nogil:
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef const fee_t *fee
    if fee_tier:
        fee = fee_of(state, instrument_id, fee_tier)
        if fee.is_set:
            return fee.maker_rate_e8 if liquidity == LIQUIDITY_MAKER else fee.taker_rate_e8
    return risk.config.maker_rate_e8 if liquidity == LIQUIDITY_MAKER else risk.config.taker_rate_e8


cdef int64_t charge(
    state_t *state, uint32_t position, uint8_t fee_tier, uint8_t liquidity, int64_t lots, int64_t price_ticks
) noexcept nogil:
    cdef uint32_t instrument_id = instrument_of(&state.positions[position])
    cdef int64_t rate, fee
    cdef i128 product
    cdef int overflow = 0
    if not state.risk.has_money:
        return 0
    rate = rate_of(state, instrument_id, fee_tier, liquidity)
    product = <i128> lots * price_ticks * state.instruments[instrument_id].tick_value_micro * rate
    fee = narrow(div_up(product, E8) if rate >= 0 else div_down(product, E8), &overflow)
    panic_unless(not overflow, "a fee is beyond the range of 64 bits")
    post(state, account_of(&state.positions[position]), PART_FEES, -fee, HOUSE_ACCOUNT_FEES)
    return fee
