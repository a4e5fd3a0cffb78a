"""The accrual under way: it fixes numbers at one instant, and every account is booked for it once.

Called by whatever looks at an account's money or positions (`settle`) and by the pass of `_risk_work`. An account
counts as booked when its epoch is the venue's.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t

from engine._events cimport in_e8
from engine._exposures cimport position_move
from engine._ledger cimport PART_FUNDING, book, enter, house_of, move_house, realise
from engine._price_events cimport write_funding_done
from engine._risk_events cimport write_account_entry, write_position_changed
from engine._risk_tables cimport touch
from engine._state cimport (
    account_of, instrument_of, instrument_t, position_find, position_t, risk_of_account, risk_of_instrument,
    risk_of_position, state_t,
)
from engine.arith cimport div_down, div_up, i128, narrow, panic_unless
from engine.bits cimport bits_after
from engine.records cimport (
    COMMAND_KIND_FUNDING_SETTLE, COMMAND_KIND_SPLIT, ENTRY_KIND_DELISTING, ENTRY_KIND_FUNDING, ENTRY_KIND_ROUNDING,
    ENTRY_KIND_SPLIT, HOUSE_ACCOUNT_CLEARING, HOUSE_ACCOUNT_FUNDING, HOUSE_ACCOUNT_RESERVE,
    POSITION_CHANGE_DELISTING, POSITION_CHANGE_HOUSE, POSITION_CHANGE_SPLIT, entry_event_t, snap_instrument_risk_t,
    snap_venue_risk_t,
)

cdef int64_t PPT = 1000000000000


cdef inline int64_t whole(i128 amount) noexcept nogil:
    cdef int overflow = 0
    cdef int64_t micro = narrow(amount, &overflow)
    panic_unless(not overflow, "a booking is beyond the range of 64 bits")
    return micro


cdef void accrual_start(state_t *state, uint16_t kind, uint32_t instrument_id, int64_t price_ticks) noexcept nogil:
    cdef snap_venue_risk_t *accrual = &state.risk.venue
    accrual.accrual_kind = kind
    accrual.accrual_epoch += 1
    accrual.accrual_cursor_id = 0
    accrual.accrual_instrument_id = instrument_id
    accrual.accrual_price_ticks = price_ticks
    accrual.fraction_parts = 0
    accrual.fraction_cost = 0


cdef void settle_now(state_t *state, uint32_t account_id) noexcept nogil:
    cdef bint booked
    risk_of_account(state, account_id).row.accrual_epoch = state.risk.venue.accrual_epoch
    if state.risk.venue.accrual_kind == 0 or risk_of_account(state, account_id).held == 0:
        return
    if state.risk.venue.accrual_kind == COMMAND_KIND_FUNDING_SETTLE:
        booked = settle_funding(state, account_id)
    else:
        booked = settle_instrument(state, account_id)
    if booked:
        touch(state, account_id)


cdef bint accrual_advance(state_t *state) noexcept nogil:
    cdef uint32_t account_id = bits_after(
        &state.risk.holders, state.risk.venue.accrual_cursor_id, state.limits.accounts_max
    )
    if account_id:
        state.risk.venue.accrual_cursor_id = account_id
        settle(state, account_id)
        return True
    finish(state)
    return False


cdef void show_position(
    const state_t *state, entry_event_t *event, uint32_t instrument_id, int64_t price_ticks, int64_t lots
) noexcept nogil:
    """What an entry says of the position that it is about: the price, and the lots before the booking."""
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    event.price_e8 = price_ticks * instrument.config.tick_size_e8
    event.position_e8 = in_e8(lots, instrument.config.lot_size_e8)


# ------------------------------------------------------------------------------------------------------------- funding


cdef bint settle_funding(state_t *state, uint32_t account_id) noexcept nogil:
    """Whoever pays, pays UP; whoever receives, receives DOWN. True when something was booked."""
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    cdef const snap_instrument_risk_t *window
    cdef const position_t *position
    cdef entry_event_t *event
    cdef bint booked = False
    cdef int64_t amount
    cdef i128 value
    while slot:
        position = &state.positions[slot]
        window = &risk_of_instrument(state, instrument_of(position)).row
        if position.lots and window.settle_rate_ppt:
            value = <i128> position.lots * window.settle_mark_ticks * window.settle_rate_ppt
            value = value * state.instruments[instrument_of(position)].tick_value_micro
            amount = whole(-div_up(value, PPT) if value > 0 else div_down(-value, PPT))
            if amount:
                risk_of_position(state, slot).funding_micro += amount
                event = enter(
                    state, account_id, PART_FUNDING, amount, HOUSE_ACCOUNT_FUNDING, ENTRY_KIND_FUNDING,
                    instrument_of(position),
                )
                event.rate_ppt = window.settle_rate_ppt
                show_position(state, event, instrument_of(position), window.settle_mark_ticks, position.lots)
                booked = True
        slot = position.next_of_account
    return booked


# ----------------------------------------------------------------------------------------------- splits and delistings


cdef bint settle_instrument(state_t *state, uint32_t account_id) noexcept nogil:
    """True when something was booked."""
    cdef uint32_t slot = position_find(state, account_id, state.risk.venue.accrual_instrument_id)
    if slot == 0 or state.positions[slot].lots == 0:
        return False
    if state.risk.venue.accrual_kind == COMMAND_KIND_SPLIT:
        split_position(state, slot)
    else:
        delist_position(state, slot)
    return True


cdef void realise_at_price(state_t *state, uint32_t slot, uint8_t entry) noexcept nogil:
    """Profit and loss up to the accrual's price, of 0 too."""
    cdef const position_t *position = &state.positions[slot]
    cdef uint32_t instrument_id = instrument_of(position)
    cdef int64_t price_ticks = state.risk.venue.accrual_price_ticks
    cdef int64_t realised
    cdef entry_event_t *event
    if not state.risk.has_money:
        return
    realised = whole(
        (<i128> position.lots * price_ticks - position.cost) * state.instruments[instrument_id].tick_value_micro
    )
    realise(state, slot, realised)
    event = write_account_entry(state, account_of(position), entry, realised, HOUSE_ACCOUNT_CLEARING, instrument_id)
    show_position(state, event, instrument_id, price_ticks, position.lots)


cdef void split_position(state_t *state, uint32_t slot) noexcept nogil:
    """Quantity x ratio DOWN; the whole cost at the old mark carries over, less that of the fraction of a lot."""
    cdef snap_venue_risk_t *accrual = &state.risk.venue
    cdef const position_t *position = &state.positions[slot]
    cdef i128 cost = 0, fraction = 0
    cdef i128 parts, after
    realise_at_price(state, slot, ENTRY_KIND_SPLIT)
    parts = <i128> position.lots * accrual.split_numerator
    after = div_down(parts, accrual.split_denominator)
    parts -= after * accrual.split_denominator
    if state.risk.has_money:
        fraction = div_down(accrual.accrual_price_ticks * parts, accrual.split_numerator)
        cost = <i128> accrual.accrual_price_ticks * position.lots - fraction
    position_move(state, slot, whole(after - position.lots), whole(cost - position.cost))
    accrual.fraction_parts = whole(accrual.fraction_parts + parts)
    accrual.fraction_cost = whole(accrual.fraction_cost + fraction)
    write_position_changed(state, slot, POSITION_CHANGE_SPLIT)


cdef void delist_position(state_t *state, uint32_t slot) noexcept nogil:
    realise_at_price(state, slot, ENTRY_KIND_DELISTING)
    position_move(state, slot, -state.positions[slot].lots, -state.positions[slot].cost)
    write_position_changed(state, slot, POSITION_CHANGE_DELISTING)


# ------------------------------------------------------------------------------------------------------------- the end


cdef void finish(state_t *state) noexcept nogil:
    """An accrual that has ended leaves its fields 0, but for the epoch."""
    cdef snap_venue_risk_t *accrual = &state.risk.venue
    cdef int64_t residue
    if accrual.accrual_kind == COMMAND_KIND_FUNDING_SETTLE:
        residue = house_of(state, HOUSE_ACCOUNT_FUNDING)[0]
        if residue:
            move_house(state, HOUSE_ACCOUNT_FUNDING, HOUSE_ACCOUNT_RESERVE, residue, ENTRY_KIND_ROUNDING, 0)
        write_funding_done(state, residue)
    elif accrual.accrual_kind == COMMAND_KIND_SPLIT and (accrual.fraction_parts or accrual.fraction_cost):
        take_fractions(state)
    accrual.accrual_kind = 0
    accrual.accrual_instrument_id = 0
    accrual.accrual_cursor_id = 0
    accrual.accrual_price_ticks = 0
    accrual.split_numerator = 0
    accrual.split_denominator = 0
    accrual.fraction_parts = 0
    accrual.fraction_cost = 0


cdef void take_fractions(state_t *state) noexcept nogil:
    """The house account takes the fractions of all accounts, together whole lots, at the new mark; what its price
    differs from their cost is rounding."""
    cdef snap_venue_risk_t *accrual = &state.risk.venue
    cdef uint32_t instrument_id = accrual.accrual_instrument_id
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef uint32_t slot = position_find(state, state.risk.config.fraction_account_id, instrument_id)
    cdef int64_t lots = <int64_t> (accrual.fraction_parts // <int64_t> accrual.split_denominator)
    cdef i128 difference = accrual.fraction_cost
    accrual.fraction_parts = 0
    accrual.fraction_cost = 0
    if lots:
        book_fractions(state, slot, lots, instrument.mark_ticks)
    difference = (difference - <i128> lots * instrument.mark_ticks) * instrument.tick_value_micro
    if difference and state.risk.has_money:
        move_house(
            state, HOUSE_ACCOUNT_RESERVE, HOUSE_ACCOUNT_CLEARING, whole(difference), ENTRY_KIND_ROUNDING, instrument_id
        )
    if lots:
        write_position_changed(state, slot, POSITION_CHANGE_HOUSE)


cdef void book_fractions(state_t *state, uint32_t slot, int64_t lots, int64_t mark_ticks) noexcept nogil:
    """What the trade at the new mark realises is told, as no fill tells it."""
    cdef const position_t *position = &state.positions[slot]
    cdef int64_t before = position.lots
    cdef int64_t realised = book(state, slot, lots, mark_ticks)
    cdef entry_event_t *event
    if realised:
        event = write_account_entry(
            state, account_of(position), ENTRY_KIND_SPLIT, realised, HOUSE_ACCOUNT_CLEARING, instrument_of(position)
        )
        show_position(state, event, instrument_of(position), mark_ticks, before)
