# What positions and working orders add up to: an account's, and along its path those of each node that a limit watches.
#
# The one place that changes them. A venue without rows of the kinds in question pays one test; a node is watched from
# the moment that it gets such a row (`watch`), and its sums are worked out from its accounts then.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t, uint8_t

from engine._risk_state cimport exposure_t, instrument_risk_t, limited_t
from engine._state cimport account_t, instrument_t, is_open, leaves_of, order_t, position_t, state_t
from engine.arith cimport i128
from engine.records cimport (
    LIMIT_KIND_CONCENTRATION, LIMIT_KIND_DAILY_LOSS, LIMIT_KIND_DRAWDOWN, LIMIT_KIND_GROSS_NOTIONAL,
    LIMIT_KIND_NET_NOTIONAL, LIMIT_KIND_OPEN_NOTIONAL, LIMIT_KIND_OPEN_ORDERS, LIMIT_KIND_POSITION,
    ORDER_FLAG_REDUCE_ONLY, ORDER_FLAG_VENUE, ORDER_STATE_LIVE, ORDER_TYPE_ALO, ORDER_TYPE_MARKET, SIDE_BUY,
)

cdef enum:
    LOSS_KINDS = 1 << LIMIT_KIND_DAILY_LOSS | 1 << LIMIT_KIND_DRAWDOWN
    # Kinds that look at a node's exposures; loss limits need its lots and costs.
    EXPOSURE_KINDS = (
        1 << LIMIT_KIND_POSITION | 1 << LIMIT_KIND_GROSS_NOTIONAL | 1 << LIMIT_KIND_NET_NOTIONAL
        | 1 << LIMIT_KIND_CONCENTRATION | 1 << LIMIT_KIND_DAILY_LOSS | 1 << LIMIT_KIND_DRAWDOWN
    )
    SUM_KINDS = 1 << LIMIT_KIND_GROSS_NOTIONAL | 1 << LIMIT_KIND_NET_NOTIONAL
    # Kinds for which orders and positions are counted beyond their account's record.
    KEPT_KINDS = EXPOSURE_KINDS | 1 << LIMIT_KIND_OPEN_NOTIONAL


cdef inline uint64_t exposure_key(uint32_t level, uint32_t node_id, uint32_t instrument_id) noexcept nogil:
    """Of a node above accounts in an instrument: ids of instruments have 30 bits, of nodes 31."""
    return <uint64_t> level << 61 | <uint64_t> node_id << 30 | instrument_id


# Slot of the exposure of a watched node above accounts in an instrument, 0 when there is none yet.
cdef uint32_t exposure_find(
    const state_t *state, uint32_t level, uint32_t node_id, uint32_t instrument_id
) noexcept nogil
# A node's sums over its exposures at the marks as they are now.
cdef void sums_derive(const state_t *state, limited_t *node) noexcept nogil


ctypedef struct kept_t:  # what an order adds to the exposure of its side
    int64_t lots
    int64_t value  # ticks x lots


cdef inline kept_t kept_of(const state_t *state, uint32_t slot) noexcept nogil:
    """Lots and value for which margin and limits are kept: what is open, at its price; while a modify waits, the larger
    of both states in each. Reduce-only orders, stops, TWAPs and the venue's own add nothing."""
    cdef const order_t *order = &state.orders[slot]
    cdef kept_t kept
    cdef int64_t wanted
    kept.lots = 0
    kept.value = 0
    if order.state > ORDER_STATE_LIVE or order.order_type > ORDER_TYPE_ALO:
        return kept
    if order.flags & (ORDER_FLAG_REDUCE_ONLY | ORDER_FLAG_VENUE):
        return kept
    kept.lots = order.quantity_lots - order.cum_lots
    if order.order_type == ORDER_TYPE_MARKET:
        kept.value = kept.lots * state.risk.order_terms[slot].edge_ticks
        return kept
    kept.value = kept.lots * order.price_ticks
    if order.modify:
        wanted = max(0, state.modifies[order.modify].quantity_lots - order.cum_lots)
        kept.lots = max(kept.lots, wanted)
        kept.value = max(kept.value, wanted * state.modifies[order.modify].price_ticks)
    return kept


cdef inline void keep_more(state_t *state, uint32_t slot, int64_t lots, int64_t value) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef position_t *position = &state.positions[order.position]
    cdef uint32_t side = order.side - SIDE_BUY
    position.kept_lots[side] += lots
    position.kept_value[side] += value
    if state.risk.keeps_sums:
        keep_above(state, order.position, side, lots, value)


# `kept_of` before an order changes, and `keep` with that afterwards.
cdef inline void keep(state_t *state, uint32_t slot, kept_t before) noexcept nogil:
    cdef kept_t now = kept_of(state, slot)
    keep_more(state, slot, now.lots - before.lots, now.value - before.value)


cdef void keep_above(
    state_t *state, uint32_t position, uint32_t side, int64_t more_lots, int64_t more_value
) noexcept nogil

# An order has come (1) or gone (-1): the counts of open orders that limits look at.
cdef void count_order_above(state_t *state, const account_t *account, int32_t by) noexcept nogil

# Adds signed lots and their signed cost to a position: the one way in which positions change.
cdef void position_move(state_t *state, uint32_t position, int64_t lots, int64_t cost) noexcept nogil
# A new, flat position gets its place among those of its account, and its exposures above where these are watched.
cdef void position_enlist(state_t *state, uint32_t position) noexcept nogil
# The instrument's mark, its open interest or its tick value has changed.
cdef void interest_derive(state_t *state, uint32_t instrument_id) noexcept nogil

# Cash of an account changes by an amount: balances of the nodes that loss limits watch.
cdef void balance_move_above(state_t *state, const account_t *account, int64_t amount_micro) noexcept nogil
cdef int64_t balance_of(const state_t *state, uint32_t account_id) noexcept nogil

# A node has got its first row of some kinds: the sums that they look at are worked out.
cdef void watch(state_t *state, uint8_t scope, uint32_t node_id, uint32_t new_kinds) noexcept nogil
