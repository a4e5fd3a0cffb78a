"""Enumeration members as plain integers, for comparisons that run often."""

from __future__ import annotations

from engine.records import OrderFlag, OrderState, OrderType, Side, TimeInForce

BUY, SELL = int(Side.BUY), int(Side.SELL)
LIMIT, MARKET, ALO = int(OrderType.LIMIT), int(OrderType.MARKET), int(OrderType.ALO)
STOP_LOSS, TAKE_PROFIT, TWAP = int(OrderType.STOP_LOSS), int(OrderType.TAKE_PROFIT), int(OrderType.TWAP)
STOPS = (STOP_LOSS, TAKE_PROFIT)
PENDING_NEW, LIVE, UNTRIGGERED = int(OrderState.PENDING_NEW), int(OrderState.LIVE), int(OrderState.UNTRIGGERED)
GTD, IOC, FOK = int(TimeInForce.GTD), int(TimeInForce.IOC), int(TimeInForce.FOK)
REDUCE_ONLY, QUOTE, VENUE_ORDER = int(OrderFlag.REDUCE_ONLY), int(OrderFlag.QUOTE), int(OrderFlag.VENUE)

SEQ_BITS = 48  # of an order id: the command that made it; the bits above: which of the orders it made, 0 for a PLACE's
SEQ_MASK = (1 << SEQ_BITS) - 1
VENUE_ORDERS = 1 << 14  # first number of the venue's own orders of a command; attached stops and quotes are below


def numbered(seq: int, number: int) -> int:
    """The id of order `number` that belongs to command `seq`."""
    return seq | number << SEQ_BITS


def order_key(order_id: int) -> tuple[int, int]:
    """What orders are sorted by: the command, then the number within it."""
    return order_id & SEQ_MASK, order_id >> SEQ_BITS
