"""The checks of REPLACE, once the order is found and permitted (docs/engine.md section 4, docs/risk.md section 8)."""

from __future__ import annotations

from engine.records import Reason
from engine.reference import risk
from engine.reference.checks import (
    check_attached,
    check_market_open,
    check_notional,
    check_price,
    check_quantity,
    is_taken,
    matches,
    notional_of_micro,
)
from engine.reference.commands import Replace
from engine.reference.constants import LIMIT, MARKET, QUOTE, REDUCE_ONLY, TWAP
from engine.reference.limits import Verdict
from engine.reference.nodes import Session
from engine.reference.reducing import clip_replace, stop_fits
from engine.reference.risk import Proposal
from engine.reference.state import Order, State


def check_replace(state: State, order: Order, replace: Replace, verdict: Verdict) -> int:
    """Gives the new total in lots (a reduce-only order's is clipped) when `verdict` has no reason."""
    instrument, account = order.instrument, order.account
    session = state.sessions[replace.session_id]
    reducing = bool(order.flags & REDUCE_ONLY) or order.is_stop
    reason = (
        verdict.take(_check_replace_target(order, replace))
        or risk.check_configured(state, instrument, verdict)
        or check_market_open(instrument, reducing, verdict)
        or risk.check_account(state, account, instrument, verdict)
        or verdict.take(check_quantity(instrument, order.is_stop, replace.quantity_e8))
    )
    if reason:
        return 0
    total = replace.quantity_e8 // instrument.lot_e8
    if total <= order.cum_lots:
        verdict.fail(Reason.CANNOT_MODIFY_PARTIAL_FILL)
        return 0
    if verdict.take(check_price(state, instrument, order.order_type, order.side, replace.price_e8)):
        return 0
    proposal = replacement(session, order, total, replace.price_e8 // instrument.tick_e8)
    notional_micro = notional_of_micro(instrument, order.order_type, replace.price_e8, replace.quantity_e8)
    reason = (
        verdict.take(_check_new_pair(order, replace, proposal.ticks))
        or (risk.check_tolerance(proposal, verdict) if not order.is_stop else Reason.ACK)
        or verdict.take(check_notional(instrument, reducing, notional_micro))
        or risk.check_size(proposal, replace.quantity_e8, notional_micro, verdict)
        or risk.check_open(proposal, 0, verdict)
        or risk.check_pace(state, proposal, 0, verdict)
    )
    if reason:
        return 0
    if order.is_stop:
        if not stop_fits(order.position, order.side, order.order_type, total, besides=order):
            verdict.fail(Reason.REJECTED_REDUCE_ONLY)
        return total
    reason, total = clip_replace(order, total)
    if not verdict.take(reason):
        risk.check_exposure(state, proposal, verdict)
    return total


def replacement(session: Session | None, order: Order, total_lots: int, ticks: int) -> Proposal:
    """What an open order would add with new terms; while a modify may wait, the larger of both states is kept. Nothing
    is kept for one that only reduces."""
    reducing = bool(order.flags & REDUCE_ONLY) or order.is_stop
    lots = 0 if reducing else total_lots - order.cum_lots
    proposal = Proposal(session, order.account, order.instrument, order.side, lots, ticks)
    if reducing:
        proposal.only_reduces = True
        return proposal
    proposal.old_lots, proposal.old_value = order.kept_lots, order.kept_value
    if order.order_type == LIMIT and order.instrument.speed_bump_ns > 0:
        leaves = order.leaves_lots
        proposal.lots = max(proposal.lots, leaves)
        proposal.value = max(proposal.value, leaves * order.price_ticks)
    return proposal


def _check_new_pair(order: Order, replace: Replace, ticks: int) -> Reason:
    if not (replace.take_profit_e8 or replace.stop_loss_e8):
        return Reason.ACK
    if order.is_stop or order.flags & REDUCE_ONLY:
        return Reason.INVALID_ORDER_TYPE
    return check_attached(order.instrument, order.side, ticks, replace.take_profit_e8, replace.stop_loss_e8)


def _check_replace_target(order: Order, replace: Replace) -> Reason:
    if not matches(order, replace.instrument_id, replace.side) or order.order_type in (MARKET, TWAP):
        return Reason.CANNOT_MODIFY_NO_SUCH_ORDER
    if replace.order_type not in (0, order.order_type) or order.flags & QUOTE:
        return Reason.CANNOT_MODIFY_NO_SUCH_ORDER
    if replace.client_order_id != order.client_order_id and is_taken(order.account, replace.client_order_id):
        return Reason.REJECTED_DUPLICATE_CLORDID
    return Reason.ACK
