"""What becomes of an account that slices have not saved. See `_takeover.pxd`.

Called by `_liquidation` for accounts of stage TAKEOVER. Providers are few (`providers_max`), so that a step may go
through all of them.
"""

from libc.stdint cimport int64_t, uint32_t, uint8_t

from engine._accruals cimport settle
from engine._calendars cimport position_cap_micro
from engine._ledger cimport PART_SETTLED, enter
from engine._limit_rows cimport path_of
from engine._margin cimport available_of, figures_of, figures_t, mark_value, part_of, rates_of
from engine._risk_events cimport write_liquidation
from engine._risk_state cimport instrument_risk_t, provider_t
from engine._state cimport (
    account_of, instrument_of, instrument_t, position_add, position_find, position_t, risk_of_account,
    risk_of_instrument, risk_of_position, size_of, state_t,
)
from engine._transfers cimport carry_out
from engine.arith cimport div_floor, i128, narrow, panic_unless
from engine.bits cimport bits_after
from engine.records cimport (
    ENTRY_KIND_DLP_FEE, ENTRY_KIND_LIQUIDATION_COVER, ENTRY_KIND_LIQUIDATION_SWEEP, HOUSE_ACCOUNT_RESERVE,
    LIQUIDATION_STAGE_ADL, LIQUIDATION_STAGE_NONE, LIQUIDATION_STAGE_TAKEOVER, NODE_FLAG_KILLED, PARTY_STATUS_ACTIVE,
    TRADE_KIND_DLP_TRANSFER, liquidation_event_t, snap_account_risk_t,
)

cdef enum:
    FEE_PERCENT = 60  # of the close-out rate at the largest leverage


cdef bint take_over(state_t *state, uint32_t account_id) noexcept nogil:
    cdef snap_account_risk_t *row = &risk_of_account(state, account_id).row
    cdef figures_t figures = figures_of(state, account_id)
    cdef uint32_t position
    if not row.swept:
        forget_tries(state, account_id)
        if sweep(state, account_id, &figures):
            row.swept = True
        else:
            leave_to_deleveraging(state, account_id, &figures)
        return True
    position = largest_position(state, account_id)
    if position:
        hand_over(state, position, &figures)
    else:
        leave_to_deleveraging(state, account_id, &figures)
    return True


cdef void forget_tries(state_t *state, uint32_t account_id) noexcept nogil:
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    while slot:
        risk_of_position(state, slot).tried_pulse = 0
        slot = state.positions[slot].next_of_account


cdef void leave_to_deleveraging(state_t *state, uint32_t account_id, const figures_t *figures) noexcept nogil:
    if risk_of_account(state, account_id).held == 0:
        return
    risk_of_account(state, account_id).row.stage = LIQUIDATION_STAGE_ADL
    forget_tries(state, account_id)
    write_liquidation(state, account_id, LIQUIDATION_STAGE_ADL, figures, 0)


cdef bint sweep(state_t *state, uint32_t account_id, const figures_t *figures) noexcept nogil:
    """Equity becomes 0: the reserve takes what is positive and gives what is negative. False when it lacks."""
    cdef int overflow = 0
    cdef int64_t equity = narrow(figures.equity, &overflow)
    panic_unless(not overflow, "an account's equity is beyond the range of 64 bits")
    if equity < 0 and <i128> state.risk.venue.reserve_micro + equity < 0:
        return False
    if equity > 0:
        enter(state, account_id, PART_SETTLED, -equity, HOUSE_ACCOUNT_RESERVE, ENTRY_KIND_LIQUIDATION_SWEEP, 0)
    elif equity < 0:
        enter(state, account_id, PART_SETTLED, -equity, HOUSE_ACCOUNT_RESERVE, ENTRY_KIND_LIQUIDATION_COVER, 0)
    return True


cdef uint32_t largest_position(const state_t *state, uint32_t account_id) noexcept nogil:
    """By notional, of those that were not offered in this pulse, then the lowest instrument; 0 when there is none."""
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    cdef uint32_t found = 0
    cdef i128 largest = 0, notional
    while slot:
        if state.positions[slot].lots and risk_of_position(state, slot).tried_pulse != state.risk.venue.pulses + 1:
            notional = mark_value(
                &state.instruments[instrument_of(&state.positions[slot])], size_of(&state.positions[slot])
            )
            if notional > largest:
                found = slot
                largest = notional
        slot = state.positions[slot].next_of_account
    return found


# -------------------------------------------------------------------------------------------------------- one position


cdef void hand_over(state_t *state, uint32_t position, const figures_t *figures) noexcept nogil:
    cdef const position_t *record = &state.positions[position]
    cdef const instrument_t *instrument = &state.instruments[instrument_of(record)]
    cdef int64_t offered = size_of(record)
    cdef uint32_t count = find_providers(state, account_of(record))
    cdef liquidation_event_t *event
    cdef uint32_t n
    for n in range(count):
        take_opposite(state, position, state.risk.takers[n].account_id)
    if record.lots:
        take_for_fee(state, position, count)
    event = write_liquidation(state, account_of(record), LIQUIDATION_STAGE_TAKEOVER, figures, position)
    event.price_e8 = instrument.mark_ticks * instrument.config.tick_size_e8
    event.quantity_e8 = (offered - size_of(record)) * instrument.config.lot_size_e8
    risk_of_position(state, position).tried_pulse = state.risk.venue.pulses + 1


cdef bint may_take(const state_t *state, uint32_t account_id) noexcept nogil:
    return (
        state.accounts[account_id].status == PARTY_STATUS_ACTIVE
        and risk_of_account(state, account_id).row.stage == LIQUIDATION_STAGE_NONE
        and not path_of(state, account_id).path_flags & NODE_FLAG_KILLED
    )


cdef uint32_t find_providers(state_t *state, uint32_t besides) noexcept nogil:
    """Those who may take over now, by account id, in risk_t.takers; returns how many."""
    cdef uint32_t account_id = bits_after(&state.risk.providers, 0, state.limits.accounts_max)
    cdef uint32_t count = 0, n
    while account_id:
        if account_id != besides and may_take(state, account_id):
            state.risk.takers[count].account_id = account_id
            count += 1
        account_id = bits_after(&state.risk.providers, account_id, state.limits.accounts_max)
    for n in range(count):
        settle(state, state.risk.takers[n].account_id)
    return count


cdef void take_opposite(state_t *state, uint32_t position, uint32_t provider_id) noexcept nogil:
    """A provider who holds the other side gives up as much of it, for no fee."""
    cdef const position_t *giver = &state.positions[position]
    cdef uint32_t held = position_find(state, provider_id, instrument_of(giver))
    cdef int64_t lots
    if held == 0 or giver.lots == 0 or state.positions[held].lots == 0:
        return
    if (giver.lots > 0) == (state.positions[held].lots > 0):
        return
    lots = min(size_of(giver), size_of(&state.positions[held]))
    carry_out(
        state, position, held, lots, state.instruments[instrument_of(giver)].mark_ticks, TRADE_KIND_DLP_TRANSFER
    )


cdef int64_t fee_per_lot(const state_t *state, uint32_t instrument_id) noexcept nogil:
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef uint32_t rate_ppm = rates_of(state, risk, 0).close_out * FEE_PERCENT // 100
    cdef int overflow = 0
    cdef int64_t fee = narrow(part_of(mark_value(&state.instruments[instrument_id], 1), rate_ppm), &overflow)
    panic_unless(not overflow, "a provider's fee is beyond the range of 64 bits")
    return fee


cdef void take_for_fee(state_t *state, uint32_t position, uint32_t count) noexcept nogil:
    """Pro rata by what each has margin and room for; the reserve has to pay for every lot."""
    cdef const position_t *giver = &state.positions[position]
    cdef uint32_t instrument_id = instrument_of(giver)
    cdef int64_t fee = fee_per_lot(state, instrument_id)
    cdef i128 total = find_capacities(state, giver, count)
    cdef i128 lots = min(<i128> size_of(giver), total)
    cdef provider_t *taker
    cdef uint32_t taken, n
    lots = min(lots, <i128> (max(0, state.risk.venue.reserve_micro) // fee))
    if lots == 0:
        return
    share_out(state, <int64_t> lots, total, count)
    for n in range(count):
        taker = &state.risk.takers[n]
        if taker.share_lots == 0:
            continue
        taken = position_find(state, taker.account_id, instrument_id)
        if taken == 0:
            taken = position_add(state, taker.account_id, instrument_id)
        carry_out(
            state, position, taken, taker.share_lots, state.instruments[instrument_id].mark_ticks,
            TRADE_KIND_DLP_TRANSFER,
        )
        enter(
            state, taker.account_id, PART_SETTLED, taker.share_lots * fee, HOUSE_ACCOUNT_RESERVE, ENTRY_KIND_DLP_FEE,
            instrument_id,
        )


cdef i128 find_capacities(state_t *state, const position_t *giver, uint32_t count) noexcept nogil:
    """Lots that each could take; their sum. Free position records go to the first who need one."""
    cdef uint32_t free_records = state.limits.positions_max - state.positions_count
    cdef provider_t *taker
    cdef i128 total = 0
    cdef uint32_t held, n
    for n in range(count):
        taker = &state.risk.takers[n]
        held = position_find(state, taker.account_id, instrument_of(giver))
        taker.capacity_lots = 0
        if held or free_records:
            taker.capacity_lots = capacity_of(state, taker.account_id, held, giver)
        if held == 0 and taker.capacity_lots:
            free_records -= 1
        total += taker.capacity_lots
    return total


cdef int64_t capacity_of(
    const state_t *state, uint32_t account_id, uint32_t held, const position_t *giver
) noexcept nogil:
    """`held` is the slot of its own position in the instrument, 0 when it has no record."""
    cdef const position_t *own = &state.positions[held]
    cdef uint32_t instrument_id = instrument_of(giver)
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_id)
    cdef uint8_t leverage = own.leverage if held else 0
    cdef int64_t cap = position_cap_micro(state, instrument_id, leverage)
    cdef int64_t largest = risk_of_account(state, account_id).row.dlp_notional_max_micro
    cdef i128 value = mark_value(&state.instruments[instrument_id], 1)
    cdef i128 required = 0
    cdef i128 available = available_of(state, account_id, &required)
    cdef i128 affordable = div_floor(max(<i128> 0, available), part_of(value, rates_of(state, risk, leverage).initial))
    cdef i128 worst = 0
    cdef int overflow = 0
    if largest:
        cap = min(cap, largest)
    if held:
        worst = own.lots + own.kept_lots[0] if giver.lots > 0 else own.kept_lots[1] - own.lots
    affordable = min(affordable, div_floor(cap, value) - worst)
    return narrow(max(<i128> 0, affordable), &overflow)


cdef void share_out(state_t *state, int64_t lots, i128 total, uint32_t count) noexcept nogil:
    """Floors by capacity; what is left over goes one lot each to the largest fraction, then the lowest id. `lots` is at
    most the sum of the capacities."""
    cdef provider_t *takers = state.risk.takers
    cdef i128 product
    cdef int64_t over = lots
    cdef uint32_t best, n
    for n in range(count):
        product = <i128> lots * takers[n].capacity_lots
        takers[n].share_lots = <int64_t> div_floor(product, total)
        takers[n].rest = product - takers[n].share_lots * total
        over -= takers[n].share_lots
    while over > 0:
        best = 0
        for n in range(1, count):
            if takers[n].rest > takers[best].rest:
                best = n
        takers[best].share_lots += 1
        takers[best].rest = -1
        over -= 1
