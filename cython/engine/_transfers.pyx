"""Two accounts trade at a price that the venue fixes. See `_transfers.pxd`.

Called by `_takeover` and `_deleveraging`. Who gives how much to whom is decided there.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t, uint8_t

from engine._accruals cimport settle
from engine._events cimport write_order
from engine._ledger cimport book
from engine._matching cimport trim_later
from engine._orders cimport fill_blank
from engine._risk_tables cimport touch
from engine._state cimport (
    account_of, instrument_of, instrument_t, order_t, position_t, risk_of_account, state_t, venue_order_id, venue_slot,
)
from engine.records cimport (
    EVENT_KIND_ORDER_FILLED, ORDER_FLAG_VENUE, ORDER_STATE_FILLED, ORDER_TYPE_LIMIT, REASON_ACK, SIDE_BUY, SIDE_SELL,
    TIME_IN_FORCE_IOC, order_event_t,
)


ctypedef struct execution_t:  # one side
    uint64_t order_id
    uint32_t position  # slot
    int64_t bought  # signed lots
    int64_t realised_micro


cdef void execute(state_t *state, execution_t *side, int64_t price_ticks) noexcept nogil:
    settle(state, account_of(&state.positions[side.position]))
    side.order_id = venue_order_id(state)
    side.realised_micro = book(state, side.position, side.bought, price_ticks)


cdef void write_execution(
    state_t *state, const execution_t *side, uint64_t contra_id, int64_t price_ticks, uint8_t trade_kind
) noexcept nogil:
    """Shown as the fill of an order that never was on a book."""
    cdef const position_t *position = &state.positions[side.position]
    cdef const instrument_t *instrument = &state.instruments[instrument_of(position)]
    cdef uint32_t account_id = account_of(position)
    cdef uint32_t slot = venue_slot(state)
    cdef order_t *order = &state.orders[slot]
    cdef order_event_t *event
    fill_blank(
        state, slot, side.order_id, risk_of_account(state, account_id).row.home_session_id, account_id, side.position
    )
    order.side = SIDE_BUY if side.bought > 0 else SIDE_SELL
    order.order_type = ORDER_TYPE_LIMIT
    order.time_in_force = TIME_IN_FORCE_IOC
    order.flags = ORDER_FLAG_VENUE
    order.price_ticks = <uint32_t> price_ticks
    order.quantity_lots = side.bought if side.bought > 0 else -side.bought
    order.cum_lots = order.quantity_lots
    order.state = ORDER_STATE_FILLED
    event = write_order(state, EVENT_KIND_ORDER_FILLED, REASON_ACK, slot)
    event.price_e8 = price_ticks * instrument.config.tick_size_e8
    event.last_price_e8 = event.price_e8
    event.last_quantity_e8 = event.quantity_e8
    event.contra_order_id = contra_id
    event.realised_pnl_micro = side.realised_micro
    event.trade_kind = trade_kind


cdef void carry_out(
    state_t *state, uint32_t giver, uint32_t taker, int64_t lots, int64_t price_ticks, uint8_t trade_kind
) noexcept nogil:
    cdef execution_t[2] sides
    sides[0].position = giver
    sides[0].bought = -lots if state.positions[giver].lots > 0 else lots
    sides[1].position = taker
    sides[1].bought = -sides[0].bought
    execute(state, &sides[0], price_ticks)
    execute(state, &sides[1], price_ticks)
    write_execution(state, &sides[0], sides[1].order_id, price_ticks, trade_kind)
    write_execution(state, &sides[1], sides[0].order_id, price_ticks, trade_kind)
    trim_later(state, giver)
    trim_later(state, taker)
    touch(state, account_of(&state.positions[giver]))
    touch(state, account_of(&state.positions[taker]))
