"""The checks of orders, in the published order (docs/engine.md section 4, docs/risk.md section 8): each gives a reason,
ACK when it passes.

Nothing here changes state but what counts messages that reach a check: the rate bucket, the run of identical orders,
the day of a message-to-fill counter.
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
from engine.reference import calendars, risk
from engine.reference.commands import Place
from engine.reference.constants import (
    ALO,
    BUY,
    FOK,
    GTD,
    IOC,
    LIMIT,
    MARKET,
    REDUCE_ONLY,
    SELL,
    STOPS,
    TAKE_PROFIT,
)
from engine.reference.instruments import Instrument
from engine.reference.limits import Verdict
from engine.reference.nodes import Account, OrderRun, Session, Trader
from engine.reference.rate import GENERAL_WEIGHT_MICRO, Bucket
from engine.reference.reducing import reduce_only_room, stop_fits
from engine.reference.risk import Proposal
from engine.reference.state import Order, State

OPEN_ORDERS_MAX_DEFAULT = 1_000
STP_GROUPS_MAX = 1 << 31
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


def check_gate(
    state: State,
    session: Session | None,
    account: Account,
    instrument: Instrument | None,
    verdict: Verdict,
    sent_ns: int,
    weight_micro: int = GENERAL_WEIGHT_MICRO,
) -> Reason:
    """What every message that may add exposure meets after the permission: venue state, kill switch, rate, age."""
    if state.venue_state == VenueState.CANCEL_ONLY:
        return verdict.fail(Reason.REJECTED_JOURNAL_FULL)
    reason = risk.check_killed(session, account, instrument, verdict)
    if reason:
        return reason
    reason, retry_ms = take_rate(account.trader, account.trader.general, weight_micro, state.timestamp_ns)
    if reason:
        return verdict.fail(reason, retry_ms)
    return risk.check_age(state, session, account, sent_ns, verdict)


# ---- PLACE


def check_place(state: State, place: Place, account: Account, verdict: Verdict) -> Reason:
    """The whole list for a new order after the permission. A reduce-only order that passes has `reduce_only_room` lots,
    a stop fits."""
    session = state.sessions[place.session_id]
    instrument = state.instruments.get(place.instrument_id)
    reason = check_gate(state, session, account, instrument, verdict, place.sent_ns)
    if reason:
        return reason
    if is_taken(account, place.client_order_id):
        return verdict.fail(Reason.REJECTED_DUPLICATE_CLORDID)
    if instrument is None:
        return verdict.fail(Reason.BAD_SYMBOL)
    reducing = bool(place.order_flags & REDUCE_ONLY) or place.order_type in STOPS
    reason = (
        risk.check_configured(state, instrument, verdict)
        or check_market_open(instrument, reducing, verdict)
        or risk.check_account(state, account, instrument, verdict)
        or verdict.take(_check_type(place))
        or verdict.take(_check_time_in_force(place))
        or verdict.take(_check_place_quantity(instrument, place))
        or verdict.take(check_price(state, instrument, place.order_type, place.side, place.price_e8))
        or verdict.take(_check_attached(instrument, place))
    )
    if reason:
        return reason
    proposal = _proposal(state, session, account, instrument, place)
    notional_micro = notional_of_micro(instrument, place.order_type, place.price_e8, place.quantity_e8)
    limited = place.order_type in (LIMIT, ALO)
    return (
        (risk.check_tolerance(proposal, verdict) if limited else Reason.ACK)
        or verdict.take(check_notional(instrument, reducing, notional_micro))
        or risk.check_size(proposal, place.quantity_e8, notional_micro, verdict)
        or verdict.take(check_room(state, account, instrument))
        or risk.check_open(proposal, 1, verdict)
        or risk.check_pace(state, proposal, _count_run(state, account, place), verdict)
        or verdict.take(_check_reducing(account, instrument, place))
        or risk.check_exposure(state, proposal, verdict)
    )


def _proposal(state: State, session: Session, account: Account, instrument: Instrument, place: Place) -> Proposal:
    reducing = bool(place.order_flags & REDUCE_ONLY) or place.order_type in STOPS
    lots = 0 if reducing else place.quantity_e8 // instrument.lot_e8
    if place.order_type == MARKET:
        ticks = calendars.edge_ticks(state, instrument, place.side)
    else:
        ticks = place.price_e8 // instrument.tick_e8
    proposal = Proposal(session, account, instrument, place.side, lots, ticks)
    proposal.only_reduces = reducing
    return proposal


def _count_run(state: State, account: Account, place: Place) -> int:
    """How many identical orders in a row this is; 0 when nobody counts, and for stops."""
    window_ns = state.risk.terms.repeat_window_ns
    if not window_ns or place.order_type in STOPS:
        return 0
    run: OrderRun = account.run
    same = (run.instrument_id, run.side, run.price_e8, run.quantity_e8) == (
        place.instrument_id, place.side, place.price_e8, place.quantity_e8
    )  # fmt: skip
    if same and run.count and state.timestamp_ns - run.start_ns <= window_ns:
        run.count += 1
        return run.count
    run.instrument_id, run.side, run.price_e8, run.quantity_e8 = (
        place.instrument_id, place.side, place.price_e8, place.quantity_e8
    )  # fmt: skip
    run.count, run.start_ns = 1, state.timestamp_ns
    return 1


def is_taken(account: Account, client_order_id: bytes) -> bool:
    if not client_order_id[0]:
        return False
    return client_order_id in account.client_ids or client_order_id in account.pending_ids


def check_market_open(instrument: Instrument, reducing: bool, verdict: Verdict | None = None) -> Reason:
    """`reducing`: the order is reduce-only or a stop."""
    if instrument.state == InstrumentState.ACTIVE or (instrument.state == InstrumentState.REDUCE_ONLY and reducing):
        return Reason.ACK
    return verdict.fail(Reason.REJECTED_MARKET_CLOSED) if verdict else Reason.REJECTED_MARKET_CLOSED


def _check_type(place: Place) -> Reason:
    defined = BUY <= place.side <= SELL and LIMIT <= place.order_type <= TAKE_PROFIT
    attached = place.take_profit_e8 or place.stop_loss_e8
    reducing = place.order_type in STOPS or place.order_flags & REDUCE_ONLY
    if not defined or (attached and reducing) or place.order_flags & ~REDUCE_ONLY:
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
    at_once = tif in (IOC, FOK)
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
    possible = place.time_in_force == IOC and place.order_type not in STOPS
    return Reason.ACK if possible and 0 < wanted <= place.quantity_e8 else Reason.INVALID_MIN_QUANTITY


def _check_display(instrument: Instrument, place: Place) -> Reason:
    shown = place.display_quantity_e8
    if shown == 0:
        return Reason.ACK
    rests = place.order_type in (LIMIT, ALO) and place.time_in_force not in (IOC, FOK)
    if not rests or shown < instrument.min_quantity_e8:  # which is above 0
        return Reason.INVALID_DISPLAY_QUANTITY
    return Reason.ACK


def check_price(state: State, instrument: Instrument, order_type: int, side: int, price_e8: int) -> Reason:
    """Step, reference price, static range and band; a stop's price is its trigger, a MARKET order's is ignored."""
    if order_type == MARKET:
        return Reason.ACK if instrument.mark_ticks else Reason.REJECTED_NO_REFERENCE_PRICE
    if price_e8 % instrument.tick_e8:
        return Reason.INVALID_TICK_SIZE_PRECISION_PRICE
    if state.has_money and not instrument.mark_ticks:
        return Reason.REJECTED_NO_REFERENCE_PRICE
    if order_type in STOPS:
        if price_e8 < instrument.tick_e8:
            return Reason.PRICE_LESS_THAN_MIN_PRICE
        return Reason.PRICE_GREATER_THAN_MAX_PRICE if price_e8 > instrument.max_price_e8 else Reason.ACK
    oracle = instrument.oracle_price_e8
    if price_e8 < instrument.min_price_e8 or (oracle and 2 * price_e8 < oracle):
        return Reason.PRICE_LESS_THAN_MIN_PRICE
    if price_e8 > instrument.max_price_e8 or (oracle and 2 * price_e8 > 3 * oracle):
        return Reason.PRICE_GREATER_THAN_MAX_PRICE
    return check_band(state, instrument, side, price_e8 // instrument.tick_e8)


def check_band(state: State, instrument: Instrument, side: int, price_ticks: int) -> Reason:
    if not instrument.mark_ticks or not calendars.band_ppm(state, instrument):
        return Reason.ACK
    if side == BUY and price_ticks > calendars.highest_buy_ticks(state, instrument):
        return Reason.REJECTED_GREATER_THAN_MAX_PRICE_BAND
    if side == SELL and price_ticks < calendars.lowest_sell_ticks(state, instrument):
        return Reason.REJECTED_LESS_THAN_MIN_PRICE_BAND
    return Reason.ACK


def _check_attached(instrument: Instrument, place: Place) -> Reason:
    ticks = instrument.mark_ticks if place.order_type == MARKET else place.price_e8 // instrument.tick_e8
    return check_attached(instrument, place.side, ticks, place.take_profit_e8, place.stop_loss_e8)


def check_attached(instrument: Instrument, side: int, ticks: int, take_profit_e8: int, stop_loss_e8: int) -> Reason:
    """Triggers of a pair: ticks within the price range, the profit beyond the order's price and the loss before it."""
    if take_profit_e8 and not _is_trigger(instrument, take_profit_e8, ticks, above=side == BUY):
        return Reason.INVALID_TAKEPROFIT_PRICE
    if stop_loss_e8 and not _is_trigger(instrument, stop_loss_e8, ticks, above=side == SELL):
        return Reason.INVALID_STOPLOSS_PRICE
    return Reason.ACK


def _is_trigger(instrument: Instrument, trigger_e8: int, ticks: int, above: bool) -> bool:
    trigger, rest = divmod(trigger_e8, instrument.tick_e8)
    if rest or trigger < 1 or trigger_e8 > instrument.max_price_e8:
        return False
    return trigger > ticks if above else trigger < ticks


def notional_of_micro(instrument: Instrument, order_type: int, price_e8: int, quantity_e8: int) -> int:
    """price x lots x tick value, exact; MARKET: at the mark."""
    price_ticks = instrument.mark_ticks if order_type == MARKET else price_e8 // instrument.tick_e8
    return instrument.value_micro(price_ticks * (quantity_e8 // instrument.lot_e8))


def check_notional(instrument: Instrument, reducing: bool, notional_micro: int) -> Reason:
    """A product beyond int64 is certainly enough."""
    if not reducing and notional_micro < instrument.min_notional_micro:
        return Reason.REJECTED_LESS_THAN_MIN_NOTIONAL
    return Reason.ACK


def check_room(state: State, account: Account, instrument: Instrument) -> Reason:
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


def matches(order: Order, instrument_id: int, side: int) -> bool:
    """Is it the order that the request means? 0 = not given."""
    return instrument_id in (0, order.instrument.instrument_id) and side in (0, order.side)


def due_ns(timestamp_ns: int, delay_ns: int) -> int:
    """A time beyond int64 is NEVER_NS, which is the largest of them."""
    return min(timestamp_ns + delay_ns, INT64_MAX)
