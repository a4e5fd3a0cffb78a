"""Attached take-profit and stop-loss (docs/risk.md section 14): armed for each filled part, one cancels the other.

The halves of pair j of an order are order number 2j - 1 (take-profit) and 2j (stop-loss) of the order's own command.
"""

from __future__ import annotations

from engine.records import EventKind, OrderState, Reason, TimeInForce
from engine.reference import checks
from engine.reference.constants import (
    BUY,
    SELL,
    SEQ_BITS,
    STOP_LOSS,
    TAKE_PROFIT,
    UNTRIGGERED,
    VENUE_ORDERS,
    numbered,
)
from engine.reference.events import Events
from engine.reference.matching import Matching
from engine.reference.state import Order, State

ARMS_MAX = (VENUE_ORDERS - 1) // 2


def half_id(parent_id: int, arm: int, order_type: int) -> int:
    return numbered(parent_id, 2 * arm - (1 if order_type == TAKE_PROFIT else 0))


class Pairs:
    def __init__(self, state: State, events: Events, matching: Matching) -> None:
        self._state = state
        self._events = events
        self._matching = matching

    def arm(self, parent: Order, lots: int) -> None:
        """`lots` of the parent were filled: the open pair grows, or a new one is made. No half becomes larger than the
        position has room for."""
        if not (parent.take_profit_ticks or parent.stop_loss_ticks):
            return
        side = SELL if parent.side == BUY else BUY
        if not parent.position.reduces(side):
            return
        triggers = ((TAKE_PROFIT, parent.take_profit_ticks), (STOP_LOSS, parent.stop_loss_ticks))
        wanted = [(kind, ticks, self._room(parent, kind, lots)) for kind, ticks in triggers if ticks]
        wanted = [(kind, ticks, more) for kind, ticks, more in wanted if more > 0]
        halves = {kind: self._half(parent, kind) for kind in (TAKE_PROFIT, STOP_LOSS)}
        if any(half is not None for half in halves.values()):
            for kind, _, more in wanted:
                half = halves[kind]
                if half is not None:
                    half.quantity_lots += more
                    self._events.order(EventKind.ORDER_RESTATED, Reason.ACK, half, contra=parent.order_id)
        elif wanted:
            parent.arms += parent.arms < ARMS_MAX
            for kind, ticks, more in wanted:
                self._make(parent, kind, side, ticks, more)

    def _room(self, parent: Order, kind: int, lots: int) -> int:
        taken = sum(order.quantity_lots for order in parent.position.stops[kind].values())
        return min(lots, abs(parent.position.lots) - taken)

    def _half(self, parent: Order, kind: int) -> Order | None:
        """The open half of the latest pair."""
        return self._state.orders.get(half_id(parent.order_id, parent.arms, kind)) if parent.arms else None

    def _make(self, parent: Order, kind: int, side: int, ticks: int, lots: int) -> None:
        """An untriggered stop of the parent's session; refused when the account or the venue has no place for it, or
        when the parent has made as many pairs as it can number."""
        order_id = half_id(parent.order_id, parent.arms, kind)
        half = Order(order_id, parent.session_id, parent.account, parent.instrument, parent.position)
        half.side, half.order_type, half.time_in_force = side, kind, int(TimeInForce.GTC)
        half.price_ticks, half.quantity_lots = ticks, lots
        half.stp_group, half.stp_mode, half.fee_tier = parent.stp_group, parent.stp_mode, parent.fee_tier
        reason = checks.check_room(self._state, parent.account, parent.instrument)
        if reason or order_id in self._state.orders or parent.arms == ARMS_MAX:
            half.state = int(OrderState.REJECTED)
            reason = reason or Reason.REJECTED_CAPACITY
            self._events.order(EventKind.ORDER_REJECTED, reason, half, contra=parent.order_id)
            return
        half.state = UNTRIGGERED
        self._state.add_order(half)
        self._events.order(EventKind.ORDER_NEW, Reason.ACK, half, contra=parent.order_id)

    def fired(self, order: Order) -> None:
        """A half has fired: the other one is cancelled, whatever the first has filled."""
        number = order.order_id >> SEQ_BITS
        if not 0 < number < VENUE_ORDERS:
            return
        other = self._state.orders.get(numbered(order.order_id & ((1 << SEQ_BITS) - 1), ((number - 1) ^ 1) + 1))
        if other is not None and other.is_stop:
            self._matching.withdraw(other, EventKind.ORDER_CANCELLED, Reason.CANCELLED_PAIR)
