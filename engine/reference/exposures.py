"""What positions and working orders add to the exposures along an account's path. The one place that changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.reference.constants import BUY, LIVE, MARKET, PENDING_NEW, REDUCE_ONLY, STOPS, TWAP, VENUE_ORDER

if TYPE_CHECKING:
    from engine.reference.instruments import Instrument
    from engine.reference.nodes import Position
    from engine.reference.state import Order, State


def contribution(order: Order) -> tuple[int, int]:
    """Lots and value (ticks x lots) for which margin and limits are kept: what is open, at its price. While a modify
    waits, the larger of both states in each. Reduce-only orders, stops, TWAPs and the venue's own add
    nothing."""
    if order.state not in (PENDING_NEW, LIVE) or order.order_type in STOPS or order.order_type == TWAP:
        return 0, 0
    if order.flags & (REDUCE_ONLY | VENUE_ORDER):
        return 0, 0
    lots = order.leaves_lots
    value = lots * (order.edge_ticks if order.order_type == MARKET else order.price_ticks)
    if order.pending is None:
        return lots, value
    wanted = max(0, order.pending.quantity_lots - order.cum_lots)
    return max(lots, wanted), max(value, wanted * order.pending.price_ticks)


def keep(order: Order) -> None:
    """Brings the exposures up to date with an order that has changed, come or gone."""
    lots, value = contribution(order)
    more_lots, more_value = lots - order.kept_lots, value - order.kept_value
    if not more_lots and not more_value:
        return
    order.kept_lots, order.kept_value = lots, value
    instrument = order.instrument
    for node in order.account.path:
        exposure = node.exposure(instrument.instrument_id)
        if order.side == BUY:
            exposure.bid_lots += more_lots
            exposure.bid_value += more_value
        else:
            exposure.ask_lots += more_lots
            exposure.ask_value += more_value
        node.open_notional_micro += instrument.value_micro(more_value)


def move(state: State, position: Position, lots: int, cost: int) -> None:
    """Adds signed lots and their signed cost to a position and to every node above it."""
    instrument: Instrument = state.instruments[position.instrument_id]
    account = position.account
    was = position.lots
    for node in account.path:
        exposure = node.exposure(position.instrument_id)
        exposure.lots += lots
        exposure.cost += cost
    now = position.lots
    instrument.long_lots += max(now, 0) - max(was, 0)
    if was == 0 and now != 0:
        instrument.add_holder(position)
        account.held += 1
        if account.held == 1:
            state.holders[account.party_id] = account
    elif was != 0 and now == 0:
        instrument.remove_holder(position)
        account.held -= 1
        if account.held == 0:
            del state.holders[account.party_id]
