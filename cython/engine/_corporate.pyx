"""What changes an instrument for all of its holders at one instant.

Called by `_admin`. Prices and state change here and now; positions are booked by `_accruals`, in steps.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint16_t, uint32_t
from libc.string cimport memcpy

from engine._accruals cimport accrual_start
from engine._calendars cimport instrument_derive
from engine._feeds cimport PRICE_Q20_END, Q20
from engine._price_events cimport write_price
from engine._state cimport (
    find_account, find_instrument, instrument_of, instrument_t, position_add, position_find, risk_of_instrument,
    state_t,
)
from engine.arith cimport MONEY_MAX, clamp, div_near, i128
from engine.records cimport (
    COMMAND_KIND_DELIST, COMMAND_KIND_SPLIT, EVENT_KIND_INSTRUMENT_STATE, EVENT_KIND_MARK_CHANGED,
    INSTRUMENT_STATE_CANCEL_ONLY, INSTRUMENT_STATE_DELISTED, INSTRUMENT_STATE_HALTED, INSTRUMENT_STATE_REDUCE_ONLY,
    REASON_ACK, REASON_BAD_SYMBOL, REASON_INVALID_PARAMETER, REASON_REJECTED_BUSY, REASON_REJECTED_CAPACITY,
    REASON_REJECTED_NUMERIC_RANGE, REASON_UNKNOWN_PARTY, command_t, snap_instrument_risk_t, split_t,
)

cdef enum:
    RATIO_MAX = 10000


cdef bint has_open_orders(const state_t *state, uint32_t instrument_id) noexcept nogil:
    """Asked for a few times in a year, so nothing is counted on the way of orders."""
    cdef uint32_t n
    for n in range(1, state.positions_count + 1):
        if instrument_of(&state.positions[n]) == instrument_id and state.positions[n].open_orders:
            return True
    return False


cdef inline bint is_busy(const state_t *state, uint32_t instrument_id) noexcept nogil:
    return state.risk.venue.accrual_kind or has_open_orders(state, instrument_id)


# -------------------------------------------------------------------------------------------------------------- splits


cdef inline int64_t scaled(int64_t price, int64_t numerator, int64_t denominator, int64_t highest) noexcept nogil:
    cdef int64_t now = clamp(div_near(<i128> price * numerator, denominator))
    return min(max(now, -highest), highest)


cdef void scale(instrument_t *instrument, snap_instrument_risk_t *row, int64_t n, int64_t d) noexcept nogil:
    """Every price by n / d, NEAR; what was set for the old share is dropped."""
    cdef int64_t lowest = instrument.config.min_price_e8 // instrument.config.tick_size_e8
    cdef int64_t highest = instrument.config.max_price_e8 // instrument.config.tick_size_e8
    instrument.mark_ticks = max(scaled(instrument.mark_ticks, n, d, highest), lowest)
    row.last_ticks = max(scaled(row.last_ticks, n, d, highest), min(row.last_ticks, 1))
    instrument.oracle_price_e8 = scaled(instrument.oracle_price_e8, n, d, INT64_MAX)
    row.raw_q20 = scaled(row.raw_q20, n, d, PRICE_Q20_END - 1)
    row.index_q20 = scaled(row.index_q20, n, d, PRICE_Q20_END - 1)
    row.oracle_q20 = scaled(row.oracle_q20, n, d, PRICE_Q20_END - 1)
    row.basis_q20 = scaled(row.basis_q20, n, d, PRICE_Q20_END - 1)
    row.reference_q20 = scaled(row.reference_q20, n, d, PRICE_Q20_END - 1)
    row.manual_price_e8 = 0
    row.close_price_e8 = 0
    row.settlement_price_e8 = 0


cdef uint16_t check_fraction_account(state_t *state, uint32_t instrument_id) noexcept nogil:
    """It takes the fractions of all accounts, so it has a position record from here on."""
    cdef uint32_t account_id = state.risk.config.fraction_account_id
    if account_id == 0 or find_account(state, account_id) == NULL:
        return REASON_UNKNOWN_PARTY
    if position_find(state, account_id, instrument_id) == 0:
        if state.positions_count == state.limits.positions_max:
            return REASON_REJECTED_CAPACITY
        position_add(state, account_id, instrument_id)
    return REASON_ACK


cdef bint outgrows(const instrument_t *instrument, int64_t long_lots, const split_t *ratio) noexcept nogil:
    """Would all longs together be worth more than a venue is meant for, at the highest price?"""
    cdef i128 lots = <i128> long_lots * ratio.numerator // ratio.denominator + 1
    cdef int64_t highest = instrument.config.max_price_e8 // instrument.config.tick_size_e8
    return lots > MONEY_MAX or lots * highest > MONEY_MAX or lots * highest * instrument.tick_value_micro > MONEY_MAX


cdef uint16_t check_split(state_t *state, const command_t *command) noexcept nogil:
    cdef const instrument_t *instrument = find_instrument(state, command.header.instrument_id)
    cdef uint32_t numerator = command.split.numerator, denominator = command.split.denominator
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    if not 1 <= numerator <= RATIO_MAX or not 1 <= denominator <= RATIO_MAX or numerator == denominator:
        return REASON_INVALID_PARAMETER
    if instrument.mark_ticks == 0 or instrument.state != INSTRUMENT_STATE_HALTED:
        return REASON_INVALID_PARAMETER
    if is_busy(state, command.header.instrument_id):
        return REASON_REJECTED_BUSY
    if outgrows(instrument, risk_of_instrument(state, command.header.instrument_id).long_lots, &command.split):
        return REASON_REJECTED_NUMERIC_RANGE
    if denominator > 1:
        return check_fraction_account(state, command.header.instrument_id)
    return REASON_ACK


cdef uint16_t split(state_t *state, const command_t *command) noexcept nogil:
    """New lots for old, of a halted instrument without orders: the accrual keeps the mark before it."""
    cdef uint32_t instrument_id = command.header.instrument_id
    cdef uint16_t reason = check_split(state, command)
    cdef instrument_t *instrument
    cdef snap_instrument_risk_t *row
    if reason:
        return reason
    instrument = &state.instruments[instrument_id]
    row = &risk_of_instrument(state, instrument_id).row
    accrual_start(state, COMMAND_KIND_SPLIT, instrument_id, instrument.mark_ticks)
    state.risk.venue.split_numerator = command.split.numerator
    state.risk.venue.split_denominator = command.split.denominator
    scale(instrument, row, command.split.denominator, command.split.numerator)
    instrument_derive(state, instrument_id)
    row.reopens = row.formula != 0
    write_price(state, EVENT_KIND_MARK_CHANGED, instrument_id, False)
    return REASON_ACK


# ---------------------------------------------------------------------------------------------------------- delistings


cdef uint16_t schedule_delisting(state_t *state, const command_t *command) noexcept nogil:
    """The oracle's mean over the hour before that time is the price, unless DELIST gives one. 0: not any more."""
    cdef int64_t settle_ns = command.schedule_delisting.settle_ns
    cdef const instrument_t *instrument = find_instrument(state, command.header.instrument_id)
    cdef snap_instrument_risk_t *row
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    if settle_ns < 0 or (settle_ns and settle_ns <= state.timestamp_ns):
        return REASON_INVALID_PARAMETER
    if instrument.state == INSTRUMENT_STATE_DELISTED:
        return REASON_INVALID_PARAMETER
    row = &risk_of_instrument(state, command.header.instrument_id).row
    row.delist_ns = settle_ns
    row.oracle_sum_q20 = 0
    row.oracle_count = 0
    return REASON_ACK


cdef int64_t settlement_ticks(const state_t *state, uint32_t instrument_id, int64_t price_e8) noexcept nogil:
    """The given price, or the mean of the oracle over the scheduled hour, within the price range; 0 when it is not
    sound."""
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef int64_t tick_e8 = instrument.config.tick_size_e8
    cdef int64_t mean_ticks
    cdef const snap_instrument_risk_t *row = &risk_of_instrument(state, instrument_id).row
    if price_e8:
        if price_e8 % tick_e8 or not instrument.config.min_price_e8 <= price_e8 <= instrument.config.max_price_e8:
            return 0
        return price_e8 // tick_e8
    if row.oracle_count == 0 or not 0 < row.delist_ns <= state.timestamp_ns:
        return 0
    mean_ticks = <int64_t> div_near(row.oracle_sum_q20, <i128> row.oracle_count * Q20)
    return min(max(mean_ticks, instrument.config.min_price_e8 // tick_e8), instrument.config.max_price_e8 // tick_e8)


cdef uint16_t delist(state_t *state, const command_t *command) noexcept nogil:
    cdef uint32_t instrument_id = command.header.instrument_id
    cdef instrument_t *instrument = find_instrument(state, instrument_id)
    cdef int64_t price_ticks
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    price_ticks = settlement_ticks(state, instrument_id, command.delist.price_e8)
    if price_ticks == 0:
        return REASON_INVALID_PARAMETER
    if (
        instrument.state != INSTRUMENT_STATE_HALTED and instrument.state != INSTRUMENT_STATE_REDUCE_ONLY
        and instrument.state != INSTRUMENT_STATE_CANCEL_ONLY
    ):
        return REASON_INVALID_PARAMETER
    if is_busy(state, instrument_id):
        return REASON_REJECTED_BUSY
    accrual_start(state, COMMAND_KIND_DELIST, instrument_id, price_ticks)
    instrument.state = INSTRUMENT_STATE_DELISTED
    write_price(state, EVENT_KIND_INSTRUMENT_STATE, instrument_id, False)
    return REASON_ACK


# ------------------------------------------------------------------------------------------------------------- symbols


cdef uint16_t change_symbol(state_t *state, const command_t *command) noexcept nogil:
    cdef instrument_t *instrument = find_instrument(state, command.header.instrument_id)
    cdef uint32_t n
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    for n in range(sizeof(command.change_symbol.symbol)):
        if command.change_symbol.symbol[n]:
            memcpy(instrument.config.symbol, command.change_symbol.symbol, sizeof(instrument.config.symbol))
            return REASON_ACK
    return REASON_INVALID_PARAMETER
