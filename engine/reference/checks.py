"""The checks of orders, in the published order (docs/engine.md section 4): each gives a reason, ACK when it passes.

Nothing here changes state but the rate bucket, which counts a message when it reaches that check and passes.
"""

from __future__ import annotations

from engine.records import (
    INT64_MAX,
    InstrumentState,
    PartyStatus,
    Reason,
    SessionRight,
    StpMode,
    TimeInForce,
    VenueState,
)
from engine.reference.commands import Place, Replace
from engine.reference.rate import GENERAL_WEIGHT_MICRO, Bucket
from engine.reference.state import (
    ALO,
    BUY,
    GTD,
    LIMIT,
    MARKET,
    REDUCE_ONLY,
    SELL,
    STOPS,
    TAKE_PROFIT,
    Account,
    Instrument,
    Order,
    Position,
    Session,
    State,
    Trader,
)

OPEN_ORDERS_MAX_DEFAULT = 1_000
STP_GROUPS_MAX = 1 << 31
_IOC, _FOK = int(TimeInForce.IOC), int(TimeInForce.FOK)
_ACTIVE = int(PartyStatus.ACTIVE)
_TRADE, _CANCEL = int(SessionRight.TRADE), int(SessionRight.CANCEL)

Outcome = tuple[Reason, int]  # the reason and its detail: milliseconds until a retry for RATE_LIMITED, else 0


# ---- permission and rate (section 2)


def may_trade(state: State, session_id: int, account_id: int) -> Account | None:
    """The account when the session may place and replace for it."""
    session = state.sessions.get(session_id)
    account: Account | None = state.accounts.get(account_id)
    if session is None or account is None or session.status != _ACTIVE or not session.rights & _TRADE:
        return None
    if not session.covers(account) or account.status != _ACTIVE:
        return None
    return account if all(party.status == _ACTIVE for party in account.above) else None


def may_cancel(state: State, session_id: int, account: Account | None) -> bool:
    """Session 0 may cancel everything; blocked parties may always cancel, a blocked session may not."""
    if session_id == 0:
        return True
    session = state.sessions.get(session_id)
    if session is None or account is None or not may_cancel_at_all(session):
        return False
    return session.covers(account)


def may_cancel_at_all(session: Session) -> bool:
    return session.status == _ACTIVE and bool(session.rights & (_TRADE | _CANCEL))


def take_rate(trader: Trader, bucket: Bucket, weight_micro: int, timestamp_ns: int) -> Outcome:
    retry = bucket.take(trader.rate_limit_milli * 1000, weight_micro, timestamp_ns)
    return (Reason.RATE_LIMITED, retry) if retry else (Reason.ACK, 0)


def takes_general_rate(state: State, account: Account, timestamp_ns: int) -> Outcome:
    """Venue state and general bucket: what PLACE and REPLACE have in common after the permission."""
    if state.venue_state == VenueState.CANCEL_ONLY:
        return Reason.REJECTED_JOURNAL_FULL, 0
    return take_rate(account.trader, account.trader.general, GENERAL_WEIGHT_MICRO, timestamp_ns)


# ---- PLACE


def check_place(state: State, place: Place) -> Outcome:
    """The whole list for a new order. A reduce-only order that passes has `reduce_only_room` lots, a stop fits."""
    account = may_trade(state, place.session_id, place.account_id)
    if account is None:
        return Reason.PERMISSION_DENIED, 0
    outcome = takes_general_rate(state, account, place.timestamp_ns)
    if outcome[0]:
        return outcome
    if is_taken(account, place.client_order_id):
        return Reason.REJECTED_DUPLICATE_CLORDID, 0
    instrument = state.instruments.get(place.instrument_id)
    if instrument is None:
        return Reason.BAD_SYMBOL, 0
    reducing = bool(place.order_flags & REDUCE_ONLY) or place.order_type in STOPS
    reason = (
        check_market_open(instrument, reducing)
        or _check_type(place)
        or _check_time_in_force(place)
        or _check_place_quantity(instrument, place)
        or check_price(instrument, place.order_type, place.side, place.price_e8)
        or check_notional(instrument, place.order_type, reducing, place.price_e8, place.quantity_e8)
        or _check_room(state, account, instrument)
        or _check_reducing(account, instrument, place)
    )
    return reason, 0


def is_taken(account: Account, client_order_id: bytes) -> bool:
    if not client_order_id[0]:
        return False
    return client_order_id in account.client_ids or client_order_id in account.pending_ids


def check_market_open(instrument: Instrument, reducing: bool) -> Reason:
    """`reducing`: the order is reduce-only or a stop."""
    if instrument.state == InstrumentState.ACTIVE or (instrument.state == InstrumentState.REDUCE_ONLY and reducing):
        return Reason.ACK
    return Reason.REJECTED_MARKET_CLOSED


def _check_type(place: Place) -> Reason:
    defined = BUY <= place.side <= SELL and LIMIT <= place.order_type <= TAKE_PROFIT
    attached = place.take_profit_e8 or place.stop_loss_e8  # until attached pairs exist
    if not defined or attached or place.order_flags & ~REDUCE_ONLY:
        return Reason.INVALID_ORDER_TYPE
    if place.stp_mode > StpMode.DECREMENT or place.stp_group >= STP_GROUPS_MAX:
        return Reason.INVALID_ORDER_TYPE
    return Reason.ACK


def _check_time_in_force(place: Place) -> Reason:
    tif = place.time_in_force
    if not TimeInForce.GTC <= tif <= TimeInForce.FOK:
        return Reason.INVALID_TIME_IN_FORCE
    if place.order_type in STOPS:
        return Reason.ACK
    at_once = tif in (_IOC, _FOK)
    if place.order_type == MARKET and not at_once:
        return Reason.INVALID_TIME_IN_FORCE
    if place.order_type == ALO and at_once:
        return Reason.INVALID_TIME_IN_FORCE
    if tif == GTD and place.expire_ns <= place.timestamp_ns:
        return Reason.INVALID_TIME_IN_FORCE
    return Reason.ACK


def _check_place_quantity(instrument: Instrument, place: Place) -> Reason:
    lot = instrument.lot_e8
    if place.quantity_e8 % lot or place.min_quantity_e8 % lot or place.display_quantity_e8 % lot:
        return Reason.INVALID_TICK_SIZE_PRECISION_QUANTITY
    return (
        check_quantity(instrument, place.order_type in STOPS, place.quantity_e8)
        or _check_min_quantity(place)
        or _check_display(instrument, place)
    )


def check_quantity(instrument: Instrument, stop: bool, quantity_e8: int) -> Reason:
    if quantity_e8 % instrument.lot_e8:
        return Reason.INVALID_TICK_SIZE_PRECISION_QUANTITY
    if quantity_e8 < (instrument.lot_e8 if stop else instrument.min_quantity_e8):
        return Reason.QUANTITY_LESS_THAN_MIN_QUANTITY
    if quantity_e8 > instrument.max_quantity_e8 and not stop:
        return Reason.QUANTITY_GREATER_THAN_MAX_QUANTITY
    return Reason.ACK


def _check_min_quantity(place: Place) -> Reason:
    wanted = place.min_quantity_e8
    if wanted == 0:
        return Reason.ACK
    possible = place.time_in_force == _IOC and place.order_type not in STOPS
    return Reason.ACK if possible and 0 < wanted <= place.quantity_e8 else Reason.INVALID_MIN_QUANTITY


def _check_display(instrument: Instrument, place: Place) -> Reason:
    shown = place.display_quantity_e8
    if shown == 0:
        return Reason.ACK
    rests = place.order_type in (LIMIT, ALO) and place.time_in_force not in (_IOC, _FOK)
    if not rests or shown < instrument.min_quantity_e8:  # which is above 0
        return Reason.INVALID_DISPLAY_QUANTITY
    return Reason.ACK


def check_price(instrument: Instrument, order_type: int, side: int, price_e8: int) -> Reason:
    """Step, reference price, static range and band; a stop's price is its trigger, a MARKET order's is ignored."""
    if order_type == MARKET:
        return Reason.ACK if instrument.mark_ticks else Reason.REJECTED_NO_REFERENCE_PRICE
    if price_e8 % instrument.tick_e8:
        return Reason.INVALID_TICK_SIZE_PRECISION_PRICE
    if order_type in STOPS:
        if price_e8 < instrument.tick_e8:
            return Reason.PRICE_LESS_THAN_MIN_PRICE
        return Reason.PRICE_GREATER_THAN_MAX_PRICE if price_e8 > instrument.max_price_e8 else Reason.ACK
    oracle = instrument.oracle_price_e8
    if price_e8 < instrument.min_price_e8 or (oracle and 2 * price_e8 < oracle):
        return Reason.PRICE_LESS_THAN_MIN_PRICE
    if price_e8 > instrument.max_price_e8 or (oracle and 2 * price_e8 > 3 * oracle):
        return Reason.PRICE_GREATER_THAN_MAX_PRICE
    return check_band(instrument, side, price_e8 // instrument.tick_e8)


def check_band(instrument: Instrument, side: int, price_ticks: int) -> Reason:
    if not instrument.band_ppm or not instrument.mark_ticks:
        return Reason.ACK
    if side == BUY and price_ticks > instrument.highest_in_band_ticks():
        return Reason.REJECTED_GREATER_THAN_MAX_PRICE_BAND
    if side == SELL and price_ticks < instrument.lowest_in_band_ticks():
        return Reason.REJECTED_LESS_THAN_MIN_PRICE_BAND
    return Reason.ACK


def check_notional(instrument: Instrument, order_type: int, reducing: bool, price_e8: int, quantity_e8: int) -> Reason:
    """price x lots x tick value, exact; a product beyond int64 is certainly enough."""
    if reducing:
        return Reason.ACK
    price_ticks = instrument.mark_ticks if order_type == MARKET else price_e8 // instrument.tick_e8
    notional = price_ticks * (quantity_e8 // instrument.lot_e8) * instrument.tick_value_micro
    return Reason.REJECTED_LESS_THAN_MIN_NOTIONAL if notional < instrument.min_notional_micro else Reason.ACK


def _check_room(state: State, account: Account, instrument: Instrument) -> Reason:
    if len(account.orders) >= (account.open_orders_max or OPEN_ORDERS_MAX_DEFAULT):
        return Reason.REJECTED_TOO_MANY_OPEN_ORDERS
    if len(state.orders) >= state.limits.orders_max:
        return Reason.REJECTED_CAPACITY
    if instrument.instrument_id not in account.positions and len(state.positions) >= state.limits.positions_max:
        return Reason.REJECTED_CAPACITY
    return Reason.ACK


def _check_reducing(account: Account, instrument: Instrument, place: Place) -> Reason:
    position = account.positions.get(instrument.instrument_id)
    if place.order_type in STOPS:
        lots = place.quantity_e8 // instrument.lot_e8
        fits = position is not None and stop_fits(position, place.side, place.order_type, lots)
        return Reason.ACK if fits else Reason.REJECTED_REDUCE_ONLY
    if place.order_flags & REDUCE_ONLY and (position is None or reduce_only_room(position, place.side) <= 0):
        return Reason.REJECTED_REDUCE_ONLY
    return Reason.ACK


# ---- reduce-only and stops (section 3)


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


# ---- REPLACE, once the order is found, permitted and counted


def check_replace(order: Order, replace: Replace) -> tuple[Reason, int]:
    """The reason, and for ACK the new total in lots (a reduce-only order's is clipped)."""
    instrument = order.instrument
    reducing = bool(order.flags & REDUCE_ONLY) or order.is_stop
    reason = (
        _check_replace_target(order, replace)
        or check_market_open(instrument, reducing)
        or check_quantity(instrument, order.is_stop, replace.quantity_e8)
    )
    if reason:
        return reason, 0
    total = replace.quantity_e8 // instrument.lot_e8
    if total <= order.cum_lots:
        return Reason.CANNOT_MODIFY_PARTIAL_FILL, 0
    reason = check_price(instrument, order.order_type, order.side, replace.price_e8) or check_notional(
        instrument, order.order_type, reducing, replace.price_e8, replace.quantity_e8
    )
    if reason:
        return reason, 0
    if order.is_stop:
        fits = stop_fits(order.position, order.side, order.order_type, total, besides=order)
        return (Reason.ACK, total) if fits else (Reason.REJECTED_REDUCE_ONLY, 0)
    return clip_replace(order, total)


def clip_replace(order: Order, total_lots: int) -> tuple[Reason, int]:
    """The total that a reduce-only order may have now; any other order keeps what it wants."""
    if not order.flags & REDUCE_ONLY:
        return Reason.ACK, total_lots
    effective = min(total_lots - order.cum_lots, reduce_only_room(order.position, order.side, besides=order))
    return (Reason.ACK, order.cum_lots + effective) if effective > 0 else (Reason.REJECTED_REDUCE_ONLY, 0)


def _check_replace_target(order: Order, replace: Replace) -> Reason:
    if not matches(order, replace.instrument_id, replace.side) or order.order_type == MARKET:
        return Reason.CANNOT_MODIFY_NO_SUCH_ORDER
    if replace.order_type not in (0, order.order_type):
        return Reason.CANNOT_MODIFY_NO_SUCH_ORDER
    if replace.take_profit_e8 or replace.stop_loss_e8:
        return Reason.INVALID_ORDER_TYPE
    if replace.client_order_id != order.client_order_id and is_taken(order.account, replace.client_order_id):
        return Reason.REJECTED_DUPLICATE_CLORDID
    return Reason.ACK


def matches(order: Order, instrument_id: int, side: int) -> bool:
    """Is it the order that the request means? 0 = not given."""
    return instrument_id in (0, order.instrument.instrument_id) and side in (0, order.side)


def due_ns(timestamp_ns: int, delay_ns: int) -> int:
    """A time beyond int64 is NEVER_NS, which is the largest of them."""
    return min(timestamp_ns + delay_ns, INT64_MAX)
