"""The other side of a liquidated position, in the order in which it gives. See `_deleveraging.pxd`.

Called by `_liquidation` for accounts of stage ADL. A step looks at 64 accounts at most; only the ranking's rows, which
are those of one side of one instrument, are put in order at once.
"""

from libc.stdint cimport int64_t, uint32_t, uint8_t
from libc.string cimport memset

from engine._accruals cimport settle
from engine._margin cimport figures_of, figures_t, maintenance_of, mark_value, rates_of
from engine._risk_state cimport instrument_risk_t
from engine._state cimport (
    account_of, instrument_of, instrument_t, position_find, position_t, risk_of_account, risk_of_instrument,
    risk_of_position, size_of, state_t,
)
from engine._transfers cimport carry_out
from engine.arith cimport clamp, div_ceil, div_down, div_floor, i128, narrow, panic_unless
from engine.bits cimport bits_after
from engine.records cimport (
    ACCOUNT_FLAG_DLP, ACCOUNT_FLAG_HOUSE, LIQUIDATION_STAGE_NONE, SIDE_BUY, SIDE_SELL, TRADE_KIND_ADL, snap_ranking_t,
    snap_venue_risk_t,
)

cdef enum:
    PPM = 1000000
    STEP = 64  # accounts of one action
    RANKING = 0  # rounds of a ranking
    GUARDED = 1
    UNGUARDED = 2


cdef bint deleverage(state_t *state, uint32_t account_id, const figures_t *figures) noexcept nogil:
    cdef uint32_t slot = first_untried(state, account_id)
    if slot == 0:
        return False
    open_ranking(state, slot, figures)
    if state.risk.venue.ranking_round == RANKING:
        rank(state, instrument_of(&state.positions[slot]))
    elif not give(state, slot):
        risk_of_position(state, slot).tried_pulse = state.risk.venue.pulses + 1
    return True


cdef uint32_t first_untried(const state_t *state, uint32_t account_id) noexcept nogil:
    cdef uint32_t slot = risk_of_account(state, account_id).first_position
    while slot:
        if state.positions[slot].lots and risk_of_position(state, slot).tried_pulse != state.risk.venue.pulses + 1:
            return slot
        slot = state.positions[slot].next_of_account
    return 0


# --------------------------------------------------------------------------------------------------------------- price


cdef inline i128 notional_of(const state_t *state, const position_t *position) noexcept nogil:
    return mark_value(&state.instruments[instrument_of(position)], size_of(position))


cdef i128 equity_share(const state_t *state, uint32_t slot, i128 equity) noexcept nogil:
    """Of the account's equity by notional, DOWN; the largest position, the first of them, has the rest."""
    cdef uint32_t first = risk_of_account(state, account_of(&state.positions[slot])).first_position
    cdef i128 total = 0, largest = 0, given = 0, notional
    cdef uint32_t at = first, largest_slot = 0
    while at:
        notional = notional_of(state, &state.positions[at])
        total += notional
        if notional > largest:
            largest = notional
            largest_slot = at
        at = state.positions[at].next_of_account
    if slot != largest_slot:
        return div_down(equity * notional_of(state, &state.positions[slot]), total)
    at = first
    while at:
        if at != slot:
            given += div_down(equity * notional_of(state, &state.positions[at]), total)
        at = state.positions[at].next_of_account
    return equity - given


cdef int64_t zero_price(const state_t *state, uint32_t slot, i128 share) noexcept nogil:
    """At which the position leaves nothing of its share of equity, in the account's favour; at least 1."""
    cdef const position_t *position = &state.positions[slot]
    cdef i128 value = notional_of(state, position)
    cdef i128 per_tick = <i128> size_of(position) * state.instruments[instrument_of(position)].tick_value_micro
    cdef int overflow = 0
    cdef i128 price = div_ceil(value - share, per_tick) if position.lots > 0 else div_floor(value + share, per_tick)
    cdef int64_t price_ticks = narrow(max(<i128> 1, price), &overflow)
    panic_unless(not overflow, "a deleveraging has a price beyond 64 bits")
    return price_ticks


cdef void open_ranking(state_t *state, uint32_t slot, const figures_t *figures) noexcept nogil:
    """The ranking of the position's counterparties in this pulse, and the one price at which it goes."""
    cdef snap_venue_risk_t *venue = &state.risk.venue
    cdef const position_t *position = &state.positions[slot]
    cdef uint8_t side = SIDE_SELL if position.lots > 0 else SIDE_BUY
    if (
        venue.ranking_instrument_id != instrument_of(position) or venue.ranking_side != side
        or venue.ranking_pulse != venue.pulses + 1
    ):
        venue.ranking_instrument_id = instrument_of(position)
        venue.ranking_side = side
        venue.ranking_pulse = venue.pulses + 1
        venue.ranking_round = RANKING
        venue.ranking_cursor_id = 0
        venue.ranking_taken = 0
        venue.ranking_account_id = 0
        venue.ranking_price_ticks = 0
        state.risk.ranking_count = 0
    if venue.ranking_account_id != account_of(position):
        venue.ranking_account_id = account_of(position)
        venue.ranking_price_ticks = zero_price(state, slot, equity_share(state, slot, figures.equity))


# ------------------------------------------------------------------------------------------------------------- ranking


cdef void rank(state_t *state, uint32_t instrument_id) noexcept nogil:
    """The next accounts with a position, by id; after the last one the rows are put in order."""
    cdef snap_venue_risk_t *venue = &state.risk.venue
    cdef uint32_t account_id, n
    for n in range(STEP):
        account_id = bits_after(
            &state.risk.instrument_holders[instrument_id], venue.ranking_cursor_id, state.limits.accounts_max
        )
        if account_id == 0:
            sort_rows(state.risk.ranking, state.risk.ranking_count)
            venue.ranking_round = GUARDED
            return
        venue.ranking_cursor_id = account_id
        settle(state, account_id)
        add_row(state, account_id, position_find(state, account_id, instrument_id))


cdef void add_row(state_t *state, uint32_t account_id, uint32_t slot) noexcept nogil:
    """If it holds the other side and is not in liquidation itself."""
    cdef const position_t *position = &state.positions[slot]
    cdef bint opposite = position.lots < 0 if state.risk.venue.ranking_side == SIDE_SELL else position.lots > 0
    cdef figures_t figures
    cdef snap_ranking_t *row
    if not opposite or risk_of_account(state, account_id).row.stage != LIQUIDATION_STAGE_NONE:
        return
    figures = figures_of(state, account_id)
    row = &state.risk.ranking[state.risk.ranking_count]
    state.risk.ranking_count += 1
    memset(row, 0, sizeof(snap_ranking_t))
    row.key_ppm = clamp(div_floor(figures.equity * PPM, maintenance_of(state, slot)))
    row.lots = size_of(position)
    row.account_id = account_id
    row.last = (
        risk_of_account(state, account_id).row.account_flags & (ACCOUNT_FLAG_DLP | ACCOUNT_FLAG_HOUSE) != 0
    )


cdef inline bint comes_before(const snap_ranking_t *a, const snap_ranking_t *b) noexcept nogil:
    """The least covered first, then the largest position, then the lowest account; providers and the house last."""
    if a.last != b.last:
        return a.last < b.last
    if a.key_ppm != b.key_ppm:
        return a.key_ppm < b.key_ppm
    return a.lots > b.lots if a.lots != b.lots else a.account_id < b.account_id


cdef void sink(snap_ranking_t *rows, uint32_t at, uint32_t count) noexcept nogil:
    """In a heap whose first row is the last in order."""
    cdef snap_ranking_t row = rows[at]
    cdef uint32_t child = 2 * at + 1
    while child < count:
        if child + 1 < count and comes_before(&rows[child], &rows[child + 1]):
            child += 1
        if not comes_before(&row, &rows[child]):
            break
        rows[at] = rows[child]
        at = child
        child = 2 * at + 1
    rows[at] = row


cdef void sort_rows(snap_ranking_t *rows, uint32_t count) noexcept nogil:
    """In place: qsort of the C library may take memory."""
    cdef snap_ranking_t last
    cdef uint32_t n = count >> 1
    while n > 0:
        n -= 1
        sink(rows, n, count)
    n = count
    while n > 1:
        n -= 1
        last = rows[n]
        rows[n] = rows[0]
        rows[0] = last
        sink(rows, 0, n)


# ----------------------------------------------------------------------------------------------------------- transfers


cdef bint give(state_t *state, uint32_t slot) noexcept nogil:
    """The next counterparty gives what it can. False when the ranking is used up."""
    cdef snap_venue_risk_t *venue = &state.risk.venue
    cdef uint32_t instrument_id = instrument_of(&state.positions[slot])
    cdef uint32_t counterparty, n
    cdef int64_t able, lots
    for n in range(STEP):
        if venue.ranking_taken == state.risk.ranking_count:
            if venue.ranking_round == UNGUARDED:
                return False
            venue.ranking_round = UNGUARDED
            venue.ranking_taken = 0
            continue
        counterparty = position_find(state, state.risk.ranking[venue.ranking_taken].account_id, instrument_id)
        able = able_lots(state, slot, counterparty)
        lots = min(size_of(&state.positions[slot]), able)
        if lots == able:
            venue.ranking_taken += 1
        if lots:
            carry_out(state, slot, counterparty, lots, venue.ranking_price_ticks, TRADE_KIND_ADL)
            if state.positions[slot].lots == 0:
                venue.ranking_account_id = 0
            return True
    return True


cdef int64_t able_lots(state_t *state, uint32_t slot, uint32_t counterparty) noexcept nogil:
    """How many lots the counterparty gives in this round; 0 when it no longer holds the other side."""
    cdef const position_t *position = &state.positions[slot]
    cdef const position_t *other = &state.positions[counterparty]
    cdef uint32_t account_id = account_of(other)
    cdef const instrument_t *instrument = &state.instruments[instrument_of(position)]
    cdef const instrument_risk_t *risk = risk_of_instrument(state, instrument_of(position))
    cdef int64_t distance = state.risk.venue.ranking_price_ticks - instrument.mark_ticks
    cdef i128 loss = <i128> (distance if position.lots > 0 else -distance) * instrument.tick_value_micro
    cdef figures_t figures
    cdef i128 cover, per_lot
    settle(state, account_id)
    if other.lots == 0 or (other.lots > 0) == (position.lots > 0):
        return 0
    if risk_of_account(state, account_id).row.stage != LIQUIDATION_STAGE_NONE:
        return 0
    figures = figures_of(state, account_id)
    if state.risk.venue.ranking_round == UNGUARDED:
        return unguarded_lots(size_of(other), figures.equity, loss)
    cover = (figures.equity - figures.maintenance + maintenance_of(state, counterparty)) * PPM
    per_lot = mark_value(instrument, 1) * rates_of(state, risk, other.leverage).maintenance
    return guarded_lots(size_of(other), cover, loss * PPM, per_lot)


cdef int64_t guarded_lots(int64_t held, i128 cover, i128 loss_per_lot, i128 maintenance_per_lot) noexcept nogil:
    """The most lots that a counterparty may give so that its equity stays at or above its maintenance margin. `cover`
    is its equity less the maintenance margin of its other positions; all three in micro-USDC x 1e6."""
    cdef i128 spare
    if loss_per_lot <= maintenance_per_lot:
        return held if cover >= held * loss_per_lot else 0
    spare = cover - held * maintenance_per_lot
    if spare < 0:
        return 0
    return <int64_t> min(<i128> held, div_floor(spare, loss_per_lot - maintenance_per_lot))


cdef int64_t unguarded_lots(int64_t held, i128 equity, i128 loss_per_lot) noexcept nogil:
    """The most lots until its equity is used up."""
    if loss_per_lot <= 0:
        return held
    return <int64_t> max(<i128> 0, min(<i128> held, div_floor(equity, loss_per_lot)))
