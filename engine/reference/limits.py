"""Limit rows: which apply to an order, what they compare, soft thresholds and counters (docs/risk.md section 8).

A check walks its nodes leaf to root (session, account, trader, desk, firm, broker, venue) and each node's rows of the
check's kind in key order; every row has to hold, so the tightest wins. `Verdict` takes down the first that does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.records import INT64_MAX, EventKind, LimitKind, LimitTarget, Reason
from engine.reference.arithmetic import PPM
from engine.reference.instruments import Instrument
from engine.reference.nodes import Account, Exposure, Limited, LimitRow, Party, Session
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State

_CLEAR_PPM = 900_000  # a warning is cleared below this part of its threshold
REASONS = {
    LimitKind.ORDER_QUANTITY: Reason.LIMIT_ORDER_QUANTITY,
    LimitKind.ORDER_NOTIONAL: Reason.LIMIT_ORDER_NOTIONAL,
    LimitKind.PRICE_TOLERANCE: Reason.REJECTED_PRICE_TOLERANCE,
    LimitKind.MESSAGE_AGE: Reason.REJECTED_STALE,
    LimitKind.OPEN_ORDERS: Reason.LIMIT_OPEN_ORDERS,
    LimitKind.OPEN_NOTIONAL: Reason.LIMIT_OPEN_NOTIONAL,
    LimitKind.REPEATED_ORDERS: Reason.LIMIT_REPEATED_ORDERS,
    LimitKind.EXECUTIONS: Reason.LIMIT_EXECUTIONS,
    LimitKind.ORDER_TO_TRADE: Reason.LIMIT_ORDER_TO_TRADE,
    LimitKind.POSITION: Reason.LIMIT_POSITION,
    LimitKind.GROSS_NOTIONAL: Reason.LIMIT_GROSS_NOTIONAL,
    LimitKind.NET_NOTIONAL: Reason.LIMIT_NET_NOTIONAL,
    LimitKind.CONCENTRATION: Reason.LIMIT_CONCENTRATION,
    LimitKind.CREDIT: Reason.LIMIT_CREDIT,
}


def detail_of(node: Limited) -> int:
    """How a refusal names the node."""
    return node.scope << 32 | node.party_id


class Verdict:
    """The outcome of the checks of one order or message: the first failure, and the soft thresholds that it crossed."""

    __slots__ = ("crossed", "detail", "met", "reason", "row", "usage")

    def __init__(self, reason: Reason = Reason.ACK, detail: int = 0) -> None:
        self.reason = reason
        self.detail = detail
        self.row: LimitRow | None = None
        self.usage = 0
        self.crossed: list[tuple[LimitRow, int]] = []  # rows whose warning comes or goes, if the order is accepted
        self.met: list[LimitRow] = []  # rows of ORDER_TO_TRADE that count this message

    def fail(self, reason: Reason, detail: int = 0) -> Reason:
        self.reason, self.detail = reason, detail
        return reason

    def take(self, reason: Reason) -> Reason:
        """A check that gives its reason alone."""
        return self.fail(reason) if reason else reason

    def exceeds(self, node: Limited, row: LimitRow, usage: int) -> Reason:
        """Compares a usage, which counts up to int64 at most, with a row; ACK when it fits."""
        usage = max(-INT64_MAX, min(usage, INT64_MAX))
        if usage > row.value:
            self.row, self.usage = row, usage
            return self.fail(REASONS[LimitKind(row.kind)], detail_of(node))
        if row.soft_ppm:
            reached = usage * PPM >= row.value * row.soft_ppm
            left = usage * PPM * PPM < row.value * row.soft_ppm * _CLEAR_PPM
            if (reached and not row.warned) or (left and row.warned):
                self.crossed.append((row, usage))
        return Reason.ACK


def new_verdict(state: State) -> Verdict:
    """For the checks of one order or message; an observer's own when somebody watches them."""
    return Verdict() if state.observer is None else state.observer.new_verdict()


def nodes_of(session: Session | None, account: Account) -> Iterator[Limited]:
    """Leaf to root."""
    if session is not None:
        yield session
    yield from account.path


def applies(row: LimitRow, instrument: Instrument) -> bool:
    if row.target == LimitTarget.INSTRUMENT:
        return row.target_id == instrument.instrument_id
    if row.target == LimitTarget.GROUP:
        return instrument.product_group != 0 and row.target_id == instrument.product_group
    return True


def rows_of(node: Limited, kind: LimitKind, instrument: Instrument) -> Iterator[LimitRow]:
    for row in node.limits.get(kind, ()):
        if applies(row, instrument):
            yield row


def check_mandatory(state: State, account: Account, instrument: Instrument, verdict: Verdict) -> Reason:
    """Every mandatory kind needs a row that applies, somewhere on the account's path below the venue."""
    wanted = state.risk.terms.mandatory_limits
    for kind in LimitKind:
        if wanted >> kind & 1:
            found = (row for node in account.path[:-1] for row in rows_of(node, kind, instrument))
            if next(found, None) is None:
                return verdict.fail(Reason.REJECTED_NO_LIMIT, kind)
    return Reason.ACK


# ---- usages of notional limits over the instruments of a target


def _targeted(state: State, node: Party, row: LimitRow) -> Iterator[tuple[Instrument, Exposure]]:
    for instrument_id, exposure in node.exposures.items():
        instrument = state.instruments[instrument_id]
        if applies(row, instrument):
            yield instrument, exposure


def worst_lots(exposure: Exposure, more_bids: int = 0, more_asks: int = 0) -> int:
    longest = exposure.lots + exposure.bid_lots + more_bids
    shortest = exposure.lots - exposure.ask_lots - more_asks
    return max(abs(longest), abs(shortest))


def gross_micro(state: State, node: Party, row: LimitRow, traded: Instrument, bids: int, asks: int) -> int:
    """Sum over instruments of the worse side at the mark, with `bids` and `asks` more lots in the traded one."""
    total = 0
    for instrument, exposure in _targeted(state, node, row):
        if instrument is traded:
            total += instrument.mark_value_micro(worst_lots(exposure, bids, asks))
        else:
            total += instrument.mark_value_micro(worst_lots(exposure))
    if traded.instrument_id not in node.exposures:
        total += traded.mark_value_micro(max(bids, asks))
    return total


def net_micro(state: State, node: Party, row: LimitRow, traded: Instrument, bids: int, asks: int) -> int:
    """How far long (for more bids) or short (for more asks) the node could become over all instruments, at marks."""
    total = traded.mark_value_micro(bids or -asks)
    for instrument, exposure in _targeted(state, node, row):
        working = exposure.bid_lots if bids else -exposure.ask_lots
        total += instrument.mark_value_micro(exposure.lots + working)
    return total if bids else -total


# ---- what an accepted order and a fill leave in the rows


class LimitBook:
    """Carries out what a verdict says."""

    def __init__(self, state: State, events: RiskEvents) -> None:
        self._state = state
        self._events = events

    def refused(
        self, verdict: Verdict, session_id: int, account: Account, instrument_id: int, client_order_id: bytes
    ) -> None:
        """The numbers behind a refusal, right after it."""
        if verdict.row is not None:
            self._events.limit(
                EventKind.LIMIT_REFUSED, verdict.row, verdict.usage, to=session_id, ids=account.ids,
                instrument_id=instrument_id, client_order_id=client_order_id, reason=verdict.reason,
            )  # fmt: skip

    def accepted(
        self,
        verdict: Verdict,
        session_id: int,
        account: Account,
        instrument_id: int,
        order_id: int,
        client_order_id: bytes,
    ) -> None:
        """Warnings that come and go, before the events of the order itself."""
        for row in verdict.met:
            row.base += 1
        for row, usage in verdict.crossed:
            row.warned = 1 - row.warned
            self._events.limit(
                EventKind.LIMIT_WARNED if row.warned else EventKind.LIMIT_CLEARED, row, usage, to=session_id,
                ids=account.ids, instrument_id=instrument_id, order_id=order_id, client_order_id=client_order_id,
            )  # fmt: skip

    def count_fill(self, account: Account, session_id: int, instrument: Instrument) -> None:
        """One side of a trade, in the rows of EXECUTIONS and ORDER_TO_TRADE."""
        state = self._state
        for node in nodes_of(state.sessions.get(session_id), account):
            for row in rows_of(node, LimitKind.EXECUTIONS, instrument):
                if state.timestamp_ns - row.peak > row.parameter:
                    row.base, row.peak = 0, state.timestamp_ns
                row.base += 1
            for row in rows_of(node, LimitKind.ORDER_TO_TRADE, instrument):
                start_day(state, row)
                row.peak += 1


def start_day(state: State, row: LimitRow) -> None:
    """Counters of ORDER_TO_TRADE begin again with a new business date."""
    if row.date != state.business_date:
        row.date, row.base, row.peak = state.business_date, 0, 0


def executions(state: State, row: LimitRow) -> int:
    """Fills in the window that is open now."""
    return row.base if state.timestamp_ns - row.peak <= row.parameter else 0


def row_of(state: State, scope: int, node_id: int, kind: int, target: int, target_id: int, owner: int) -> LimitRow:
    """The row of a key, made when there is none."""
    key = (scope, node_id, kind, target, target_id, owner)
    row: LimitRow | None = state.rows.get(key)
    if row is None:
        row = state.rows[key] = LimitRow(*key)
        enlist(state, row)
    return row


def enlist(state: State, row: LimitRow) -> None:
    """Where the checks and monitors find it."""
    node = state.limited(row.scope, row.node_id)
    if node is None:
        raise KeyError(row.key)
    rows = node.limits.setdefault(row.kind, [])
    rows.append(row)
    rows.sort(key=lambda r: r.key)
    if row.kind in (LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN):
        state.monitors[row.key] = row


def remove(state: State, row: LimitRow) -> None:
    node = state.limited(row.scope, row.node_id)
    if node is not None:
        node.limits[row.kind].remove(row)
        if not node.limits[row.kind]:
            del node.limits[row.kind]
    del state.rows[row.key]
    state.monitors.pop(row.key, None)


EXPOSURE_KINDS = (
    LimitKind.OPEN_NOTIONAL,
    LimitKind.REPEATED_ORDERS,
    LimitKind.EXECUTIONS,
    LimitKind.POSITION,
    LimitKind.GROSS_NOTIONAL,
    LimitKind.NET_NOTIONAL,
    LimitKind.CONCENTRATION,
    LimitKind.DAILY_LOSS,
    LimitKind.DRAWDOWN,
)  # of nodes of the tree, not of sessions
