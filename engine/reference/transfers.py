"""Positions that change hands off the book (docs/risk.md sections 10 and 11): to liquidity providers, and by
deleveraging. No fee, one execution each side."""

from __future__ import annotations

from engine.records import EventKind, OrderState, Reason, TradeKind
from engine.reference.accruals import Accruals
from engine.reference.constants import BUY, IOC, LIMIT, SELL, VENUE_ORDER, VENUE_ORDERS, numbered
from engine.reference.events import Events
from engine.reference.ledger import Ledger
from engine.reference.matching import Matching
from engine.reference.nodes import Position
from engine.reference.state import Order, State


class Transfers:
    def __init__(self, state: State, events: Events, ledger: Ledger, matching: Matching, accruals: Accruals) -> None:
        self._state = state
        self._events = events
        self._ledger = ledger
        self._matching = matching
        self._accruals = accruals

    def carry_out(self, giver: Position, taker: Position, lots: int, price_ticks: int, kind: TradeKind) -> None:
        """`lots` of the giver's position go to the taker (who thereby opens, or closes an opposite position)."""
        bought = -lots if giver.lots > 0 else lots
        sides = ((giver, bought), (taker, -bought))
        orders, realised = [], []
        for position, signed in sides:
            self._accruals.settle(position.account)
            orders.append(self._execution(position, signed, price_ticks))
            realised.append(self._ledger.book(position, signed, price_ticks))
        for order, contra, profit in ((orders[0], orders[1], realised[0]), (orders[1], orders[0], realised[1])):
            self._events.order(
                EventKind.ORDER_FILLED,
                Reason.ACK,
                order,
                last_ticks=price_ticks,
                last_lots=lots,
                contra=contra.order_id,
                realised_micro=profit,
                trade_kind=kind,
            )
        for position, _ in sides:
            self._matching.trim_later(position)
        for position, _ in sides:
            self._state.touch(position.account)

    def _execution(self, position: Position, signed: int, price_ticks: int) -> Order:
        """The order that an execution report needs; it never was on a book."""
        state, account = self._state, position.account
        order_id = numbered(state.seq, VENUE_ORDERS + state.venue_orders)
        state.venue_orders += 1
        instrument = state.instruments[position.instrument_id]
        order = Order(order_id, account.home_session_id, account, instrument, position)
        order.side, order.order_type, order.time_in_force = BUY if signed > 0 else SELL, LIMIT, IOC
        order.flags, order.price_ticks = VENUE_ORDER, price_ticks
        order.quantity_lots = order.cum_lots = abs(signed)
        order.state = int(OrderState.FILLED)
        return order
