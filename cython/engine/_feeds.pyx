"""Prices from outside: feeds of up to eight sources, what an instrument makes of them, and the operator's hand.

Settings are called by `_admin` as commands; the pulse of `_prices` reads the raw index. Nothing here changes an index,
an oracle or a mark: what is said here takes effect with the next pulse.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

from engine._risk_state cimport SOURCES_MAX, feed_t
from engine._state cimport find_instrument, instrument_t, risk_of_instrument, state_t
from engine.arith cimport div_near, i128
from engine.records cimport (
    INDEX_FORMULA_BASIS, INDEX_FORMULA_FEED, INDEX_FORMULA_PRODUCT, INDEX_FORMULA_QUOTIENT, INDEX_FORMULA_ROLL,
    REASON_ACK, REASON_BAD_SYMBOL, REASON_INVALID_PARAMETER, REASON_REJECTED_CAPACITY,
    REASON_REJECTED_NO_RISK_CONFIGURATION, REASON_REJECTED_STALE, command_t, price_t, set_feed_t,
    set_index_reference_t, set_index_t, snap_feed_source_t, snap_feed_t, snap_instrument_risk_t,
)

cdef enum:
    E8 = 100000000
    ROLL_WEIGHTS = 10  # the near contract's share is in tenths


cdef inline feed_t *find_feed(const state_t *state, uint32_t feed_id) noexcept nogil:
    """NULL when there is none of this id."""
    if feed_id > state.limits.feeds_max or state.risk.feeds[feed_id].row.feed_id == 0:
        return NULL
    return &state.risk.feeds[feed_id]


cdef inline snap_instrument_risk_t *find_row(const state_t *state, uint32_t instrument_id) noexcept nogil:
    if find_instrument(state, instrument_id) == NULL:
        return NULL
    return &risk_of_instrument(state, instrument_id).row


# ------------------------------------------------------------------------------------------------------------ settings


cdef uint16_t set_feed(state_t *state, const command_t *command) noexcept nogil:
    """Prices of sources that remain are kept."""
    cdef const set_feed_t *terms = &command.set_feed
    cdef snap_feed_t *row
    cdef feed_t *feed
    if terms.feed_id == 0 or not 1 <= terms.sources <= SOURCES_MAX or not 0 < terms.flag_ns <= terms.stale_ns:
        return REASON_INVALID_PARAMETER
    if terms.feed_id > state.limits.feeds_max:
        return REASON_REJECTED_CAPACITY
    feed = &state.risk.feeds[terms.feed_id]
    memset(&feed.sources[terms.sources], 0, (SOURCES_MAX - terms.sources) * sizeof(snap_feed_source_t))
    row = &feed.row
    row.feed_id = terms.feed_id
    row.sources = terms.sources
    row.flag_ns = terms.flag_ns
    row.stale_ns = terms.stale_ns
    memcpy(row.name, terms.name, sizeof(row.name))
    return REASON_ACK


cdef inline bint takes_two(uint8_t formula) noexcept nogil:
    return formula == INDEX_FORMULA_PRODUCT or formula == INDEX_FORMULA_QUOTIENT or formula == INDEX_FORMULA_ROLL


cdef uint16_t set_index(state_t *state, const command_t *command) noexcept nogil:
    """An instrument once priced stays priced: another formula or other feeds may follow."""
    cdef const set_index_t *terms = &command.set_index
    cdef snap_instrument_risk_t *row = find_row(state, terms.instrument_id)
    if row == NULL:
        return REASON_BAD_SYMBOL
    if not INDEX_FORMULA_FEED <= terms.formula <= INDEX_FORMULA_BASIS:
        return REASON_INVALID_PARAMETER
    if takes_two(terms.formula) != (terms.feed_b != 0):
        return REASON_INVALID_PARAMETER
    if not row.has_risk:
        return REASON_REJECTED_NO_RISK_CONFIGURATION
    if find_feed(state, terms.feed_a) == NULL or (terms.feed_b and find_feed(state, terms.feed_b) == NULL):
        return REASON_INVALID_PARAMETER
    if terms.formula == INDEX_FORMULA_ROLL and row.formula != INDEX_FORMULA_ROLL:
        row.roll_weight = ROLL_WEIGHTS
    row.formula = terms.formula
    row.feed_a = terms.feed_a
    row.feed_b = terms.feed_b
    row.prints = 0  # the next pulse takes the feeds' prices as a new print; likewise below
    return REASON_ACK


cdef uint16_t set_roll_weight(state_t *state, const command_t *command) noexcept nogil:
    cdef snap_instrument_risk_t *row = find_row(state, command.header.instrument_id)
    if row == NULL:
        return REASON_BAD_SYMBOL
    if row.formula != INDEX_FORMULA_ROLL or command.set_roll_weight.weight > ROLL_WEIGHTS:
        return REASON_INVALID_PARAMETER
    row.roll_weight = command.set_roll_weight.weight
    row.prints = 0
    return REASON_ACK


cdef inline bint is_price(int64_t price_e8) noexcept nogil:
    return 0 < price_e8 <= PRICE_E8_MAX


cdef uint16_t set_index_reference(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_index_reference_t *terms = &command.set_index_reference
    cdef snap_instrument_risk_t *row = find_row(state, terms.instrument_id)
    if row == NULL:
        return REASON_BAD_SYMBOL
    if row.formula != INDEX_FORMULA_BASIS:
        return REASON_INVALID_PARAMETER
    if not is_price(terms.close_price_e8) or not is_price(terms.settlement_price_e8):
        return REASON_INVALID_PARAMETER
    row.close_price_e8 = terms.close_price_e8
    row.settlement_price_e8 = terms.settlement_price_e8
    row.prints = 0
    return REASON_ACK


cdef uint16_t set_manual_price(state_t *state, const command_t *command) noexcept nogil:
    """0 gives the index back to its feeds."""
    cdef int64_t price_e8 = command.set_manual_price.price_e8
    cdef const instrument_t *instrument = find_instrument(state, command.header.instrument_id)
    cdef snap_instrument_risk_t *row = find_row(state, command.header.instrument_id)
    if row == NULL:
        return REASON_BAD_SYMBOL
    if row.formula == 0:
        return REASON_INVALID_PARAMETER
    if price_e8 and not instrument.config.min_price_e8 <= price_e8 <= instrument.config.max_price_e8:
        return REASON_INVALID_PARAMETER
    row.manual_price_e8 = price_e8
    row.prints = 0
    return REASON_ACK


cdef uint16_t take_price(state_t *state, const command_t *command) noexcept nogil:
    cdef const price_t *price = &command.price
    cdef feed_t *feed = find_feed(state, price.feed_id)
    cdef snap_feed_source_t *source
    if feed == NULL or price.source >= feed.row.sources or not is_price(price.price_e8):
        return REASON_INVALID_PARAMETER
    source = &feed.sources[price.source]
    if source.price_e8 and price.source_ns < source.source_ns:
        return REASON_REJECTED_STALE
    source.price_e8 = price.price_e8
    source.time_ns = state.timestamp_ns
    source.source_ns = price.source_ns
    feed.row.prints += 1
    return REASON_ACK


# ----------------------------------------------------------------------------------------------------------- the index


cdef int64_t median_e8(const feed_t *feed, int64_t now_ns) noexcept nogil:
    """Of the sources that are not stale; between two middles NEAR of their mean. 0 when there is none."""
    cdef int64_t fresh[SOURCES_MAX]
    cdef int64_t price_e8
    cdef uint32_t count = 0, n, at
    for n in range(feed.row.sources):
        price_e8 = feed.sources[n].price_e8
        if price_e8 == 0 or now_ns - feed.sources[n].time_ns > feed.row.stale_ns:
            continue
        at = count
        while at and fresh[at - 1] > price_e8:
            fresh[at] = fresh[at - 1]
            at -= 1
        fresh[at] = price_e8
        count += 1
    if count == 0:
        return 0
    if count % 2:
        return fresh[count // 2]
    return (fresh[count // 2 - 1] + fresh[count // 2] + 1) // 2


cdef i128 formula_q20(const snap_instrument_risk_t *row, int64_t tick_e8, int64_t a_e8, int64_t b_e8) noexcept nogil:
    cdef i128 tick = tick_e8
    if row.formula == INDEX_FORMULA_PRODUCT:
        return div_near(<i128> a_e8 * b_e8 * Q20, tick * E8)
    if row.formula == INDEX_FORMULA_QUOTIENT:
        return div_near(<i128> a_e8 * E8 * Q20, tick * b_e8)
    if row.formula == INDEX_FORMULA_ROLL:
        return div_near(
            (<i128> row.roll_weight * a_e8 + <i128> (ROLL_WEIGHTS - row.roll_weight) * b_e8) * Q20,
            tick * ROLL_WEIGHTS,
        )
    if row.formula == INDEX_FORMULA_BASIS:
        if row.close_price_e8 == 0:
            return 0
        return div_near((<i128> row.close_price_e8 + a_e8 - row.settlement_price_e8) * Q20, tick)
    return div_near(<i128> a_e8 * Q20, tick)


cdef int64_t raw_index_q20(const state_t *state, const snap_instrument_risk_t *row, int64_t tick_e8) noexcept nogil:
    cdef int64_t a_e8 = median_e8(&state.risk.feeds[row.feed_a], state.timestamp_ns)
    cdef int64_t b_e8 = 0
    cdef i128 raw
    if row.feed_b:
        b_e8 = median_e8(&state.risk.feeds[row.feed_b], state.timestamp_ns)
    if a_e8 == 0 or (row.feed_b and b_e8 == 0):
        return 0
    raw = formula_q20(row, tick_e8, a_e8, b_e8)
    return <int64_t> raw if 0 < raw < PRICE_Q20_END else 0


cdef uint64_t prints_of(const state_t *state, const snap_instrument_risk_t *row) noexcept nogil:
    cdef uint64_t prints = state.risk.feeds[row.feed_a].row.prints
    if row.feed_b:
        prints += state.risk.feeds[row.feed_b].row.prints
    return prints


cdef bint is_old(const feed_t *feed, int64_t now_ns) noexcept nogil:
    cdef uint32_t n
    for n in range(feed.row.sources):
        if feed.sources[n].price_e8 and now_ns - feed.sources[n].time_ns <= feed.row.flag_ns:
            return False
    return True


cdef bint is_flagged(const state_t *state, const snap_instrument_risk_t *row) noexcept nogil:
    if is_old(&state.risk.feeds[row.feed_a], state.timestamp_ns):
        return True
    return row.feed_b and is_old(&state.risk.feeds[row.feed_b], state.timestamp_ns)
