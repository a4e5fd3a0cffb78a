"""TWAP and close-position (docs/risk.md section 14): orders that the venue works off or prices itself."""

from __future__ import annotations

from engine.records import EventKind, Reason, TimeInForce
from engine.reference import calendars, checks, risk
from engine.reference.accruals import Accruals
from engine.reference.arithmetic import PPM, ceiling
from engine.reference.commands import Place
from engine.reference.constants import BUY, IOC, LIMIT, REDUCE_ONLY, SELL, TWAP, UNTRIGGERED
from engine.reference.events import Events
from engine.reference.instruments import Instrument
from engine.reference.limits import LimitBook, Verdict, new_verdict
from engine.reference.matching import Matching
from engine.reference.nodes import Account, Session
from engine.reference.orders import Orders
from engine.reference.reducing import reduce_only_room
from engine.reference.risk import Proposal
from engine.reference.risk_commands import ClosePosition, Header, PlaceTwap
from engine.reference.state import Order, State

INTERVAL_NS_MIN = 30 * 10**9
INTERVAL_NS_MAX = 86_400 * 10**9
SLICES_MAX = 10_000
OFFSET_PPM = 30_000  # of a slice's limit from the mark
CATCH_UP = 3  # a slice is at most this many times its normal size


def planned_lots(total: int, slices: int, number: int) -> tuple[int, int]:
    """(normal size of slice `number`, sum of the first `number`): floor each, the remainder one lot to the first."""
    base, extra = divmod(total, slices)
    return base + (number <= extra), number * base + min(number, extra)


class Schedules:
    def __init__(
        self, state: State, events: Events, orders: Orders, matching: Matching, limits: LimitBook, accruals: Accruals
    ) -> None:
        self._state = state
        self._events = events
        self._orders = orders
        self._matching = matching
        self._limits = limits
        self._accruals = accruals

    # ---- PLACE_TWAP

    def place(self, head: Header, body: PlaceTwap) -> None:
        """Answered like a PLACE; the first slice goes at once."""
        place = _as_place(head, body.client_order_id, body.side, TWAP, body.quantity_e8, body.order_flags, IOC, 0)
        account = checks.may_trade(self._state, head.session_id, head.account_id)
        if account is None:
            self._events.place_rejected(Reason.PERMISSION_DENIED, place)
            return
        self._accruals.settle(account)
        verdict = new_verdict(self._state)
        self._check(place, body, account, verdict)
        if verdict.reason:
            self._orders.reject(verdict, place, account)
            return
        order = self._orders.blank(head.seq, head.session_id, account, head.instrument_id)
        order.client_order_id, order.side, order.order_type = body.client_order_id, body.side, TWAP
        order.flags, order.time_in_force = body.order_flags, int(TimeInForce.GTC)
        order.quantity_lots = body.quantity_e8 // order.instrument.lot_e8
        order.slices, order.interval_ns = body.slices, body.interval_ns
        order.next_ns, order.state = head.timestamp_ns, UNTRIGGERED
        self._limits.accepted(
            verdict, head.session_id, account, head.instrument_id, order.order_id, order.client_order_id
        )
        self._state.add_order(order)
        self._events.order(EventKind.ORDER_NEW, Reason.ACK, order)
        self.slice(order)

    def _check(self, place: Place, body: PlaceTwap, account: Account, verdict: Verdict) -> Reason:
        state, session = self._state, self._state.sessions[place.session_id]
        instrument = state.instruments.get(place.instrument_id)
        reason = checks.check_gate(state, session, account, instrument, verdict, place.sent_ns)
        if reason:
            return reason
        if checks.is_taken(account, place.client_order_id):
            return verdict.fail(Reason.REJECTED_DUPLICATE_CLORDID)
        if instrument is None:
            return verdict.fail(Reason.BAD_SYMBOL)
        reducing = bool(place.order_flags & REDUCE_ONLY)
        reason = (
            risk.check_configured(state, instrument, verdict)
            or checks.check_market_open(instrument, reducing, verdict)
            or risk.check_account(state, account, instrument, verdict)
            or verdict.take(_check_schedule(instrument, body))
        )
        if reason:
            return reason
        normal_lots = body.quantity_e8 // instrument.lot_e8 // body.slices
        proposal = Proposal(session, account, instrument, body.side, 0, instrument.mark_ticks)
        proposal.only_reduces = reducing
        size_micro = instrument.mark_value_micro(normal_lots)
        position = account.positions.get(instrument.instrument_id)
        reduces = not reducing or (position is not None and position.reduces(body.side))
        return (
            risk.check_size(proposal, normal_lots * instrument.lot_e8, size_micro, verdict)
            or verdict.take(checks.check_room(state, account, instrument))
            or risk.check_open(proposal, 1, verdict)
            or risk.check_pace(state, proposal, 0, verdict)
            or verdict.take(Reason.ACK if reduces else Reason.REJECTED_REDUCE_ONLY)
        )

    # ---- a slice

    def slice(self, order: Order) -> None:
        """Sends the next slice: what is planned so far and not yet filled, within three times its normal size. One that
        a check refuses is left to later slices."""
        order.sliced += 1
        normal, planned = planned_lots(order.quantity_lots, order.slices, order.sliced)
        lots = min(planned - order.cum_lots, CATCH_UP * normal, order.leaves_lots)
        limit = self._limit_ticks(order)
        verdict = new_verdict(self._state)
        if lots > 0:
            lots = self._clip(order, lots, limit, verdict)
        if lots > 0 and not verdict.reason:
            self._told(order, verdict, lots, limit)
            self._matching.apply_reports(order, self._matching.match(order, lots, limit))
        else:
            self._told(order, verdict, 0, limit)
        if order.state != UNTRIGGERED:
            return
        if order.sliced == order.slices:
            reason = Reason.CANCELLED if order.cum_lots else Reason.IOC_CANCELLED
            self._matching.end(order, EventKind.ORDER_CANCELLED, reason)
        else:
            self._state.move_slice(order, checks.due_ns(order.next_ns, order.interval_ns))

    def _limit_ticks(self, order: Order) -> int:
        """Mark +/- 3 %, within the band."""
        instrument, state = order.instrument, self._state
        edge, mark = calendars.edge_ticks(state, instrument, order.side), instrument.mark_ticks
        if order.side == BUY:
            return max(min(edge, mark * (PPM + OFFSET_PPM) // PPM), instrument.min_ticks)
        return min(max(edge, ceiling(mark * (PPM - OFFSET_PPM), PPM)), instrument.max_ticks)

    def _clip(self, order: Order, lots: int, limit_ticks: int, verdict: Verdict) -> int:
        """Lots that may go now; the reason in `verdict` when none may."""
        state, instrument, account = self._state, order.instrument, order.account
        session: Session | None = state.sessions.get(order.session_id)
        reducing = bool(order.flags & REDUCE_ONLY)
        reason = risk.check_killed(session, account, instrument, verdict) or checks.check_market_open(
            instrument, reducing, verdict
        )
        if reason:
            return 0
        if reducing:
            lots = min(lots, reduce_only_room(order.position, order.side))
            if lots <= 0:
                verdict.fail(Reason.REJECTED_REDUCE_ONLY)
            return lots
        proposal = Proposal(session, account, instrument, order.side, lots, limit_ticks)
        return 0 if risk.check_exposure(state, proposal, verdict) else lots

    def _told(self, order: Order, verdict: Verdict, lots: int, limit_ticks: int) -> None:
        self._events.order(
            EventKind.TWAP_SLICED, verdict.reason, order, last_ticks=limit_ticks, last_lots=lots, detail=order.sliced
        )

    # ---- CLOSE_POSITION

    def close(self, head: Header, body: ClosePosition) -> None:
        """A reduce-only LIMIT IOC for the whole position, pegged near the mark; it waits in the bump like any LIMIT."""
        state = self._state
        position = state.positions.get((head.account_id, head.instrument_id))
        side = SELL if position is None or position.lots >= 0 else BUY
        instrument = state.instruments.get(head.instrument_id)
        lots = abs(position.lots) if position is not None else 0
        quantity_e8 = lots * instrument.lot_e8 if instrument else 0
        has_mark = instrument is not None and instrument.mark_ticks > 0
        ticks = calendars.peg_ticks(state, instrument, side) if instrument and has_mark else 0
        price_e8 = ticks * instrument.tick_e8 if instrument else 0
        place = _as_place(head, body.client_order_id, side, LIMIT, quantity_e8, REDUCE_ONLY, IOC, price_e8)
        account = checks.may_trade(state, head.session_id, head.account_id)
        if account is None:
            self._events.place_rejected(Reason.PERMISSION_DENIED, place)
            return
        self._accruals.settle(account)
        verdict = new_verdict(self._state)
        self._check_close(place, account, instrument, verdict)
        if verdict.reason:
            self._orders.reject(verdict, place, account)
            return
        order = self._orders.blank(head.seq, head.session_id, account, head.instrument_id)
        order.client_order_id, order.side, order.order_type = body.client_order_id, side, LIMIT
        order.flags, order.time_in_force, order.price_ticks = REDUCE_ONLY, IOC, ticks
        order.quantity_lots = reduce_only_room(order.position, side)
        self._orders.enter(order, place, verdict)

    def _check_close(self, place: Place, account: Account, instrument: Instrument | None, verdict: Verdict) -> Reason:
        state, session = self._state, self._state.sessions[place.session_id]
        reason = checks.check_gate(state, session, account, instrument, verdict, place.sent_ns)
        if reason:
            return reason
        if checks.is_taken(account, place.client_order_id):
            return verdict.fail(Reason.REJECTED_DUPLICATE_CLORDID)
        if instrument is None:
            return verdict.fail(Reason.BAD_SYMBOL)
        position = account.positions.get(instrument.instrument_id)
        room = reduce_only_room(position, place.side) if position else 0
        proposal = Proposal(session, account, instrument, place.side, 0, instrument.mark_ticks)
        proposal.only_reduces = True
        return (
            risk.check_configured(state, instrument, verdict)
            or checks.check_market_open(instrument, True, verdict)
            or risk.check_account(state, account, instrument, verdict)
            or verdict.take(Reason.ACK if instrument.mark_ticks else Reason.REJECTED_NO_REFERENCE_PRICE)
            or verdict.take(checks.check_room(state, account, instrument))
            or risk.check_open(proposal, 1, verdict)
            or risk.check_pace(state, proposal, 0, verdict)
            or verdict.take(Reason.ACK if room > 0 else Reason.REJECTED_REDUCE_ONLY)
        )


def _check_schedule(instrument: Instrument, body: PlaceTwap) -> Reason:
    if not BUY <= body.side <= SELL or body.order_flags & ~REDUCE_ONLY:
        return Reason.INVALID_ORDER_TYPE
    if not 2 <= body.slices <= SLICES_MAX or not INTERVAL_NS_MIN <= body.interval_ns <= INTERVAL_NS_MAX:
        return Reason.INVALID_PARAMETER
    if body.quantity_e8 % instrument.lot_e8:
        return Reason.INVALID_TICK_SIZE_PRECISION_QUANTITY
    normal_e8 = body.quantity_e8 // instrument.lot_e8 // body.slices * instrument.lot_e8
    if normal_e8 < instrument.min_quantity_e8:
        return Reason.QUANTITY_LESS_THAN_MIN_QUANTITY
    if normal_e8 > instrument.max_quantity_e8:
        return Reason.QUANTITY_GREATER_THAN_MAX_QUANTITY
    return Reason.ACK if instrument.mark_ticks else Reason.REJECTED_NO_REFERENCE_PRICE


def _as_place(
    head: Header,
    client_order_id: bytes,
    side: int,
    order_type: int,
    quantity_e8: int,
    flags: int,
    tif: int,
    price_e8: int,
) -> Place:
    """The PLACE that such a message stands for: what its rejection echoes."""
    return Place(
        *head, client_order_id, price_e8, quantity_e8, 0, 0, 0, 0, 0, side, order_type, tif, 0, flags, 0
    )  # fmt: skip
