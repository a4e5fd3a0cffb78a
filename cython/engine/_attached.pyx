"""Pairs of orders that an order brings with it once it has traded. See `_attached.pxd`.

Called by `_matching` for every fill of an order with triggers and by `_orders` when a stop has fired.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memset

from engine._checks cimport check_room
from engine._events cimport write_order
from engine._state cimport (
    VENUE_ORDERS, is_stop, number_of, numbered, order_add, order_find, order_resize, order_t, order_take, position_t,
    reduces, seq_of, size_of, state_t, terms_of_order, terms_t,
)
from engine.records cimport (
    EVENT_KIND_ORDER_NEW, EVENT_KIND_ORDER_REJECTED, EVENT_KIND_ORDER_RESTATED, ORDER_STATE_REJECTED,
    ORDER_STATE_UNTRIGGERED, ORDER_TYPE_STOP_LOSS, ORDER_TYPE_TAKE_PROFIT, REASON_ACK, REASON_REJECTED_CAPACITY,
    SIDE_BUY, SIDE_SELL, TIME_IN_FORCE_GTC, snap_order_terms_t,
)

cdef enum:
    ARMS_MAX = (VENUE_ORDERS - 1) >> 1
    HALVES = 2  # take-profit, then stop-loss


cdef inline uint8_t type_of(uint32_t half) noexcept nogil:
    return ORDER_TYPE_STOP_LOSS if half else ORDER_TYPE_TAKE_PROFIT


cdef inline uint64_t id_of(const parent_t *parent, uint32_t half) noexcept nogil:
    return numbered(parent.order_id, 2 * parent.arms - 1 + half)


cdef bint parent_of(const state_t *state, uint32_t slot, parent_t *parent) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef const snap_order_terms_t *terms = terms_of_order(state, slot)
    if not order.has_terms or not (terms.take_profit_ticks or terms.stop_loss_ticks):
        return False
    parent.order_id = order.order_id
    parent.slot = slot
    parent.session_id = order.session_id
    parent.account_id = order.account_id
    parent.position = order.position
    parent.stp_group = order.stp_group
    parent.trigger_ticks[0] = <uint32_t> terms.take_profit_ticks
    parent.trigger_ticks[1] = <uint32_t> terms.stop_loss_ticks
    parent.arms = terms.arms
    parent.stp_mode = order.stp_mode
    parent.fee_tier = order.fee_tier
    parent.side = order.side
    return True


cdef void arm(state_t *state, parent_t *parent, int64_t lots) noexcept nogil:
    cdef const position_t *position = &state.positions[parent.position]
    cdef uint8_t side = SIDE_SELL if parent.side == SIDE_BUY else SIDE_BUY
    cdef int64_t[HALVES] more
    cdef uint32_t[HALVES] halves
    cdef uint32_t n
    if not reduces(position, side):
        return
    for n in range(HALVES):
        more[n] = 0
        if parent.trigger_ticks[n]:
            more[n] = min(lots, size_of(position) - position.stop_lots[type_of(n) - ORDER_TYPE_STOP_LOSS])
        halves[n] = order_find(state, id_of(parent, n)) if parent.arms else 0
    if halves[0] or halves[1]:
        for n in range(HALVES):
            if halves[n] and more[n] > 0:
                grow(state, halves[n], more[n], parent.order_id)
    elif more[0] > 0 or more[1] > 0:
        count_pair(state, parent)
        for n in range(HALVES):
            if more[n] > 0:
                make_half(state, parent, n, side, more[n])


cdef void grow(state_t *state, uint32_t slot, int64_t lots, uint64_t parent_id) noexcept nogil:
    order_resize(state, slot, state.orders[slot].quantity_lots + lots)
    write_order(state, EVENT_KIND_ORDER_RESTATED, REASON_ACK, slot).contra_order_id = parent_id


cdef void count_pair(state_t *state, parent_t *parent) noexcept nogil:
    """One pair more; the order itself knows as long as it is open."""
    if parent.arms < <uint32_t> ARMS_MAX:
        parent.arms += 1
    if order_find(state, parent.order_id) == parent.slot:
        terms_of_order(state, parent.slot).arms = parent.arms


cdef void fill_half(
    state_t *state, uint32_t slot, const parent_t *parent, uint32_t half, uint8_t side, int64_t lots
) noexcept nogil:
    cdef order_t *order = &state.orders[slot]
    memset(order, 0, sizeof(order_t))
    memset(&state.terms[slot], 0, sizeof(terms_t))
    order.order_id = id_of(parent, half)
    order.quantity_lots = lots
    order.price_ticks = parent.trigger_ticks[half]
    order.account_id = parent.account_id
    order.position = parent.position
    order.session_id = parent.session_id
    order.stp_group = parent.stp_group
    order.side = side
    order.order_type = type_of(half)
    order.time_in_force = TIME_IN_FORCE_GTC
    order.stp_mode = parent.stp_mode
    order.fee_tier = parent.fee_tier


cdef void make_half(
    state_t *state, const parent_t *parent, uint32_t half, uint8_t side, int64_t lots
) noexcept nogil:
    """An untriggered stop of the parent's session; refused when the account or the venue has no place for it, or when
    the parent has made as many pairs as it can number."""
    cdef uint16_t reason = check_room(state, &state.accounts[parent.account_id], parent.position)
    cdef uint32_t slot = 0  # that of no order: it has room for one that never is
    if not reason and (parent.arms == <uint32_t> ARMS_MAX or order_find(state, id_of(parent, half))):
        reason = REASON_REJECTED_CAPACITY
    if not reason:
        slot = order_take(state)
    fill_half(state, slot, parent, half, side, lots)
    if reason:
        state.orders[slot].state = ORDER_STATE_REJECTED
        write_order(state, EVENT_KIND_ORDER_REJECTED, reason, slot).contra_order_id = parent.order_id
        memset(&state.orders[slot], 0, sizeof(order_t))
        return
    state.orders[slot].state = ORDER_STATE_UNTRIGGERED
    order_add(state, slot)
    write_order(state, EVENT_KIND_ORDER_NEW, REASON_ACK, slot).contra_order_id = parent.order_id


cdef uint32_t other_half(const state_t *state, uint64_t order_id) noexcept nogil:
    cdef uint32_t number = number_of(order_id)
    cdef uint32_t slot
    if number == 0 or number >= VENUE_ORDERS:
        return 0
    slot = order_find(state, numbered(seq_of(order_id), ((number - 1) ^ 1) + 1))
    return slot if slot and is_stop(&state.orders[slot]) else 0
