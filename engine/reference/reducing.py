"""Reduce-only orders and stops: how much of a position is left to reduce (docs/engine.md section 3). Reads only."""

from __future__ import annotations

from engine.records import Reason
from engine.reference.constants import REDUCE_ONLY
from engine.reference.nodes import Position
from engine.reference.state import Order


def reduce_only_room(position: Position, side: int, besides: Order | None = None) -> int:
    """Lots that one more reduce-only order on `side` may have, 0 or less when none; `besides` is not counted."""
    if not position.reduces(side):
        return 0
    taken = sum(o.leaves_lots for o in position.reduce_only.values() if o.side == side and o is not besides)
    return abs(position.lots) - taken


def stop_fits(position: Position, side: int, order_type: int, lots: int, besides: Order | None = None) -> bool:
    others = sum(o.quantity_lots for o in position.stops[order_type].values() if o is not besides)
    return position.reduces(side) and lots + others <= abs(position.lots)


def stops_fit(position: Position) -> bool:
    """Do all untriggered stops of the record still fit its position?"""
    for stops in position.stops.values():
        if stops:
            if sum(o.quantity_lots for o in stops.values()) > abs(position.lots):
                return False
            if not all(position.reduces(o.side) for o in stops.values()):
                return False
    return True


def clip_replace(order: Order, total_lots: int) -> tuple[Reason, int]:
    """The total that a reduce-only order may have now; any other order keeps what it wants."""
    if not order.flags & REDUCE_ONLY:
        return Reason.ACK, total_lots
    effective = min(total_lots - order.cum_lots, reduce_only_room(order.position, order.side, besides=order))
    return (Reason.ACK, order.cum_lots + effective) if effective > 0 else (Reason.REJECTED_REDUCE_ONLY, 0)
