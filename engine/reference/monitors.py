"""Loss limits of nodes (docs/risk.md section 9): daily loss and drawdown, looked at after each pulse.

A breach locks the node: orders that increase exposure are refused; by the row's action its open orders are cancelled
and its positions closed.
"""

from __future__ import annotations

from engine.records import EventKind, LimitAction, LimitFlag, LimitKind, NodeFlag, Reason, Scope
from engine.reference.arithmetic import PPM
from engine.reference.margin import node_equity_micro
from engine.reference.nodes import Account, LimitRow, Party
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State, WorkItem
from engine.snapshot_records import Work


def shift(state: State, account: Account, amount_micro: int) -> None:
    """A deposit or withdrawal moves the marks that profit and loss are measured from."""
    for node in account.path:
        for kind in (LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN):
            for row in node.limits.get(kind, ()):
                if row.date and kind == LimitKind.DAILY_LOSS:
                    row.base += amount_micro
                elif row.date:
                    row.peak += amount_micro


def floor_micro(row: LimitRow) -> int:
    """DRAWDOWN: the measure may not fall to this. It stops rising at `parameter`, if that is given."""
    floor = row.peak - row.value
    return min(floor, row.parameter) if row.parameter else floor


class Monitors:
    def __init__(self, state: State, events: RiskEvents) -> None:
        self._state = state
        self._events = events

    def advance(self) -> bool:
        """Looks at the next row; False when the pass is over."""
        state = self._state
        if state.risk.monitor_cursor >= len(state.monitors):
            state.risk.monitors_active = state.risk.monitor_cursor = 0
            return False
        row: LimitRow = state.monitors.peekitem(state.risk.monitor_cursor)[1]
        state.risk.monitor_cursor += 1
        node = state.limited(row.scope, row.node_id)
        assert isinstance(node, Party)
        self._look(row, node)
        return True

    def _look(self, row: LimitRow, node: Party) -> None:
        state = self._state
        realised_only = row.flags & LimitFlag.REALISED_ONLY
        measure = node.balance_micro if realised_only else node_equity_micro(state, node)
        today = state.business_date + 1  # the first date is 0, and 0 in a row means: never looked at
        if row.kind == LimitKind.DAILY_LOSS:
            if row.date != today:
                row.date, row.base = today, measure
                self._release(row, node)
            loss, limit = row.base - measure, row.value
        else:
            if row.date == 0 or (row.date != today and row.flags & LimitFlag.END_OF_DAY):
                row.peak = measure if row.date == 0 else max(row.peak, measure)
            if not row.flags & LimitFlag.END_OF_DAY:
                row.peak = max(row.peak, measure)
            row.date = today
            loss, limit = row.peak - measure, row.peak - floor_micro(row)
        if loss >= limit and not row.tripped:
            self._trip(row, node, loss)
        elif row.soft_ppm and not row.tripped:
            self._warn(row, node, loss, limit)

    def _warn(self, row: LimitRow, node: Party, loss: int, limit: int) -> None:
        reached = loss * PPM >= limit * row.soft_ppm
        left = loss * PPM * 10 < limit * row.soft_ppm * 9
        if (reached and not row.warned) or (left and row.warned):
            row.warned = 1 - row.warned
            kind = EventKind.LIMIT_WARNED if row.warned else EventKind.LIMIT_CLEARED
            self._events.limit(kind, row, loss, ids=node.ids)

    def _trip(self, row: LimitRow, node: Party, loss: int) -> None:
        state = self._state
        if row.action >= LimitAction.CANCEL:
            if len(state.works) >= state.limits.works_max:
                return  # there will be room at a later pulse
            work = WorkItem(Work.LIMIT_CANCEL, state.seq, 0, 0, Reason.CANCELLED_LIMIT)
            work.scope, work.target_id = row.scope, row.node_id
            state.works.append(work)
        row.tripped = 1
        flags = NodeFlag.LOCKED | (NodeFlag.FLATTENING if row.action == LimitAction.FLATTEN else 0)
        node.flags |= int(flags)
        self._events.limit(EventKind.NODE_CHANGED, row, loss, ids=node.ids, node_flags=node.flags)

    def _release(self, row: LimitRow, node: Party) -> None:
        """A new business date lifts the lock of a daily loss, unless another row holds the node."""
        if not row.tripped:
            return
        row.tripped = row.warned = 0
        release(self._state, node)
        self._events.limit(EventKind.NODE_CHANGED, row, 0, ids=node.ids, node_flags=node.flags)


def release(state: State, node: Party) -> None:
    """Takes the lock off a node as far as no row that has tripped holds it."""
    rows = [row for kind in (LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN) for row in node.limits.get(kind, ())]
    held = [row for row in rows if row.tripped]
    if not held:
        node.flags &= ~int(NodeFlag.LOCKED | NodeFlag.FLATTENING)
    elif all(row.action != LimitAction.FLATTEN for row in held):
        node.flags &= ~int(NodeFlag.FLATTENING)


def restart(row: LimitRow) -> None:
    """REVIVE: the row begins anew at the next pulse, as if it had just been set."""
    row.tripped = row.warned = row.date = row.base = row.peak = 0


LOSS_SCOPES = (Scope.ACCOUNT, Scope.TRADER, Scope.DESK, Scope.FIRM, Scope.BROKER)
