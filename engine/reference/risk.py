"""The checks of an order's exposure: states of nodes, caps, limits, open interest, margin (docs/risk.md section 8).

They look at what an order adds to what is there. An order that only reduces skips them; one that changes nothing for
the worse passes. Reads only.
"""

from __future__ import annotations

from engine.records import LimitKind, NodeFlag, Reason, Scope
from engine.reference import calendars, margin
from engine.reference.arithmetic import E8, MONEY_MAX, PPM, ceiling, up
from engine.reference.constants import BUY
from engine.reference.instruments import Instrument
from engine.reference.limits import (
    Verdict,
    check_mandatory,
    detail_of,
    executions,
    gross_micro,
    net_micro,
    nodes_of,
    rows_of,
    start_day,
    worst_lots,
)
from engine.reference.margin import Figures
from engine.reference.nodes import Account, Exposure, Limited, LimitRow, Party, Position, Session
from engine.reference.state import State


class Proposal:
    """What an order would add: open quantity and value that are kept for it afterwards, and those kept before.

    `ticks` is the price at which it could trade at worst: the limit, a MARKET order's band edge. `only_reduces` is a
    reduce-only order or a stop, for which nothing is kept.
    """

    __slots__ = (
        "account", "instrument", "lots", "old_lots", "old_value", "only_reduces", "position", "session", "side",
        "ticks", "value",
    )  # fmt: skip

    def __init__(
        self, session: Session | None, account: Account, instrument: Instrument, side: int, lots: int, ticks: int
    ) -> None:
        self.session = session
        self.account = account
        self.instrument = instrument
        self.position = account.positions.get(instrument.instrument_id) or Position(account, instrument.instrument_id)
        self.side = side
        self.lots = lots
        self.ticks = ticks
        self.value = lots * ticks
        self.old_lots = 0
        self.old_value = 0
        self.only_reduces = False

    @property
    def grows(self) -> bool:
        return self.lots > self.old_lots or self.value > self.old_value

    @property
    def more_lots(self) -> int:
        return self.lots - self.old_lots

    @property
    def increase_lots(self) -> int:
        """How much further from zero the account's worst case on this side comes to be."""
        position = self.position
        worst = position.lots + position.bid_lots if self.side == BUY else position.ask_lots - position.lots
        return max(0, worst + self.more_lots) - max(0, worst)


# ---- before the order is looked at: may anybody send anything, and is the message fresh


def check_killed(session: Session | None, account: Account, instrument: Instrument | None, verdict: Verdict) -> Reason:
    for node in nodes_of(session, account):
        if node.is_killed:
            return verdict.fail(Reason.REJECTED_KILLED, detail_of(node))
    if instrument is not None and instrument.is_killed:
        return verdict.fail(Reason.REJECTED_KILLED, Scope.INSTRUMENT << 32 | instrument.instrument_id)
    return Reason.ACK


def check_age(state: State, session: Session | None, account: Account, sent_ns: int, verdict: Verdict) -> Reason:
    """A message without its sender's time has no age."""
    if sent_ns == 0:
        return Reason.ACK
    for node in nodes_of(session, account):
        for row in node.limits.get(LimitKind.MESSAGE_AGE, ()):
            reason = verdict.exceeds(node, row, state.timestamp_ns - sent_ns)
            if reason:
                return reason
    return Reason.ACK


def check_configured(state: State, instrument: Instrument, verdict: Verdict) -> Reason:
    if state.has_money and instrument.risk is None:
        return verdict.fail(Reason.REJECTED_NO_RISK_CONFIGURATION)
    return Reason.ACK


def check_account(state: State, account: Account, instrument: Instrument, verdict: Verdict) -> Reason:
    if account.stage:
        return verdict.fail(Reason.USER_IN_LIQUIDATION)
    return check_mandatory(state, account, instrument, verdict)


# ---- the order itself


def check_tolerance(p: Proposal, verdict: Verdict) -> Reason:
    """The participant's own distance from the mark, on the adverse side, parts per million rounded UP."""
    mark = p.instrument.mark_ticks
    distance = p.ticks - mark if p.side == BUY else mark - p.ticks
    for node in nodes_of(p.session, p.account):
        for row in rows_of(node, LimitKind.PRICE_TOLERANCE, p.instrument):
            if not mark:
                return verdict.fail(Reason.REJECTED_NO_REFERENCE_PRICE)
            reason = verdict.exceeds(node, row, max(0, ceiling(distance * PPM, mark)))
            if reason:
                return reason
    return Reason.ACK


def check_size(p: Proposal, quantity_e8: int, notional_micro: int, verdict: Verdict) -> Reason:
    """One order's quantity, then its notional."""
    for kind, usage in ((LimitKind.ORDER_QUANTITY, quantity_e8), (LimitKind.ORDER_NOTIONAL, notional_micro)):
        for node in nodes_of(p.session, p.account):
            for row in rows_of(node, kind, p.instrument):
                reason = verdict.exceeds(node, row, usage)
                if reason:
                    return reason
    return Reason.ACK


def check_open(p: Proposal, orders: int, verdict: Verdict) -> Reason:
    """What is open: the count with `orders` more, then the value of orders that are not reduce-only."""
    more_micro = p.instrument.value_micro(p.value - p.old_value)
    if orders:
        for node in nodes_of(p.session, p.account):
            for row in rows_of(node, LimitKind.OPEN_ORDERS, p.instrument):
                reason = verdict.exceeds(node, row, node.open_orders + orders)
                if reason:
                    return reason
    if more_micro > 0:
        for party in p.account.path:
            for row in rows_of(party, LimitKind.OPEN_NOTIONAL, p.instrument):
                reason = verdict.exceeds(party, row, party.open_notional_micro + more_micro)
                if reason:
                    return reason
    return Reason.ACK


def check_pace(state: State, p: Proposal, run: int, verdict: Verdict) -> Reason:
    """How often: identical orders (`run` of them in a row, 0 when it cannot repeat), fills, messages per fill."""
    for kind in (LimitKind.REPEATED_ORDERS, LimitKind.EXECUTIONS, LimitKind.ORDER_TO_TRADE):
        for node in nodes_of(p.session, p.account):
            for row in rows_of(node, kind, p.instrument):
                reason = _check_pace_row(state, node, row, run, verdict)
                if reason:
                    return reason
    return Reason.ACK


def _check_pace_row(state: State, node: Limited, row: LimitRow, run: int, verdict: Verdict) -> Reason:
    if row.kind == LimitKind.REPEATED_ORDERS:
        return verdict.exceeds(node, row, run) if run else Reason.ACK
    if row.kind == LimitKind.EXECUTIONS:
        return verdict.exceeds(node, row, executions(state, row) + 1)
    start_day(state, row)
    verdict.met.append(row)
    messages = row.base + 1
    if messages <= row.parameter or messages <= row.value * max(1, row.peak):
        return Reason.ACK
    verdict.row, verdict.usage = row, messages
    return verdict.fail(Reason.LIMIT_ORDER_TO_TRADE, detail_of(node))


# ---- its exposure


def check_exposure(state: State, p: Proposal, verdict: Verdict) -> Reason:
    if p.only_reduces or not p.grows:
        return Reason.ACK
    if p.increase_lots:
        reason = (
            _check_states(p, verdict)
            or _check_range(p, verdict)
            or _check_cap(state, p, verdict)
            or _check_rows(state, p, verdict)
            or _check_interest(state, p, verdict)
        )
        if reason:
            return reason
    return check_margin(state, p, verdict)


def _check_states(p: Proposal, verdict: Verdict) -> Reason:
    for flag, reason in (
        (NodeFlag.LOCKED, Reason.REJECTED_LOCKED),
        (NodeFlag.WINDOW_CLOSED, Reason.REJECTED_TRADING_WINDOW),
    ):
        for node in nodes_of(p.session, p.account):
            if node.flags & flag:
                return verdict.fail(reason, detail_of(node))
    return Reason.ACK


def _check_range(p: Proposal, verdict: Verdict) -> Reason:
    """All that could become a position, at the highest price, stays within the venue's integers."""
    lots = abs(p.position.lots) + p.position.bid_lots + p.position.ask_lots + p.more_lots
    too_large = p.instrument.value_micro(lots * p.instrument.max_ticks) > MONEY_MAX
    return verdict.fail(Reason.REJECTED_NUMERIC_RANGE) if too_large else Reason.ACK


def _check_cap(state: State, p: Proposal, verdict: Verdict) -> Reason:
    """The position cap of the account's leverage in the session, working orders included (rulebook section 12)."""
    if p.instrument.risk is None:
        return Reason.ACK
    position = p.position
    leverage = position.leverage or p.instrument.risk.leverage_max
    lots = position.lots + position.bid_lots if p.side == BUY else position.ask_lots - position.lots
    value = p.instrument.mark_value_micro(lots + p.more_lots)
    if value > calendars.position_cap_micro(state, p.instrument, leverage):
        return verdict.fail(Reason.REJECTED_WOULD_BREACH_MAX_NOTIONAL)
    return Reason.ACK


def _check_rows(state: State, p: Proposal, verdict: Verdict) -> Reason:
    for kind in (
        LimitKind.POSITION, LimitKind.GROSS_NOTIONAL, LimitKind.NET_NOTIONAL, LimitKind.CONCENTRATION
    ):  # fmt: skip
        for node in p.account.path:
            for row in rows_of(node, kind, p.instrument):
                reason = verdict.exceeds(node, row, _usage(state, p, node, row))
                if reason:
                    return reason
    return Reason.ACK


def _usage(state: State, p: Proposal, node: Party, row: LimitRow) -> int:
    """What the row would see if the order were taken."""
    bids, asks = (p.more_lots, 0) if p.side == BUY else (0, p.more_lots)
    exposure = node.exposures.get(p.instrument.instrument_id) or Exposure()
    if row.kind == LimitKind.POSITION:
        lots = exposure.lots + exposure.bid_lots + bids if bids else exposure.ask_lots + asks - exposure.lots
        return lots * p.instrument.lot_e8
    if row.kind == LimitKind.GROSS_NOTIONAL:
        return gross_micro(state, node, row, p.instrument, bids, asks)
    if row.kind == LimitKind.NET_NOTIONAL:
        return net_micro(state, node, row, p.instrument, bids, asks)
    cap = calendars.interest_cap_micro(state, p.instrument) if p.instrument.risk else 0
    worst = p.instrument.mark_value_micro(worst_lots(exposure, bids, asks))
    return ceiling(worst * PPM, cap) if cap else 0


def _check_interest(state: State, p: Proposal, verdict: Verdict) -> Reason:
    """Open interest plus the increasing part, in the instrument and over the venue, at the marks."""
    if p.instrument.risk is None:
        return Reason.ACK
    cap = calendars.interest_cap_micro(state, p.instrument)
    if cap and p.instrument.mark_value_micro(p.instrument.long_lots + p.increase_lots) > cap:
        return verdict.fail(Reason.REJECTED_OPEN_INTEREST_LIMIT)
    total_cap = state.risk.terms.total_interest_cap_micro
    if total_cap:
        total = sum(i.mark_value_micro(i.long_lots) for i in state.instruments.values())
        if total + p.instrument.mark_value_micro(p.increase_lots) > total_cap:
            return verdict.fail(Reason.REJECTED_TOTAL_OPEN_INTEREST_LIMIT)
    return Reason.ACK


def check_margin(state: State, p: Proposal, verdict: Verdict) -> Reason:
    """Available >= what the requirement rises by + open loss + taker fee; then the account's credit lines."""
    if not state.has_money:
        return Reason.ACK
    more, needed = margin_needed(state, p)
    if more <= 0:
        return Reason.ACK
    figures = Figures(state, p.account)
    if figures.available < needed:
        return verdict.fail(Reason.FAILED_MARGIN_CHECK)
    for row in rows_of(p.account, LimitKind.CREDIT, p.instrument):
        reason = verdict.exceeds(p.account, row, figures.required + more)
        if reason:
            return reason
    return Reason.ACK


def margin_needed(state: State, p: Proposal) -> tuple[int, int]:
    """(what the requirement of the instrument rises by, that plus open loss and taker fee)."""
    instrument, position = p.instrument, p.position
    assert instrument.risk is not None
    bids, asks = position.bid_value, position.ask_value
    if p.side == BUY:
        bids += p.value - p.old_value
    else:
        asks += p.value - p.old_value
    before = margin.required_micro(instrument, position)
    more = margin.required_micro(instrument, position, bids, asks) - before
    distance = p.ticks - instrument.mark_ticks if p.side == BUY else instrument.mark_ticks - p.ticks
    loss = instrument.value_micro(max(0, distance) * p.lots)
    rates = state.fees.get((instrument.instrument_id, p.account.fee_tier)) if p.account.fee_tier else None
    taker = rates[1] if rates else instrument.risk.taker_rate_e8
    return more, more + loss + up(instrument.value_micro(p.lots * p.ticks) * max(0, taker), E8)
