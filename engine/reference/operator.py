"""Limits, kill switches, trading windows (docs/risk.md section 8): who rules whom, and what needs a second person."""

from __future__ import annotations

from engine.records import (
    LimitAction,
    LimitFlag,
    LimitKind,
    LimitTarget,
    NodeFlag,
    PartyStatus,
    Reason,
    Scope,
    SessionRight,
)
from engine.reference import limits, monitors
from engine.reference.nodes import Limited, LimitRow, Party, Session
from engine.reference.risk_commands import Header, Kill, Note, Revive, SetLimit, SetTradingWindow
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State, WorkItem
from engine.snapshot_records import Work

_LOSS = (LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN)
_UNTARGETED = (
    LimitKind.MESSAGE_AGE, LimitKind.OPEN_ORDERS, LimitKind.OPEN_NOTIONAL, LimitKind.REPEATED_ORDERS, *_LOSS,
    LimitKind.CREDIT,
)  # fmt: skip
_OF_SESSIONS = (
    LimitKind.ORDER_QUANTITY, LimitKind.ORDER_NOTIONAL, LimitKind.PRICE_TOLERANCE, LimitKind.MESSAGE_AGE,
    LimitKind.OPEN_ORDERS, LimitKind.ORDER_TO_TRADE,
)  # fmt: skip
_SCOPES = (Scope.SESSION, Scope.ACCOUNT, Scope.TRADER, Scope.DESK, Scope.FIRM, Scope.VENUE, Scope.BROKER)
PPM = 1_000_000


def is_approved(head: Header) -> bool:
    """By a second person. The venue's own configuration (session 0, no operator) needs none."""
    if head.session_id == 0 and head.operator_id == 0:
        return True
    return head.approver_id not in (0, head.operator_id)


class Operator:
    def __init__(self, state: State, events: RiskEvents) -> None:
        self._state = state
        self._events = events

    def _node(self, head: Header, scope: int, node_id: int) -> tuple[Limited | None, Reason]:
        """The node that a command means, and whether its session may rule it."""
        node = self._state.limited(scope, node_id)
        if head.session_id == 0:
            return node, Reason.ACK if node is not None else Reason.UNKNOWN_PARTY
        session = self._state.sessions.get(head.session_id)
        if session is None or session.status != PartyStatus.ACTIVE or not session.rights & SessionRight.RISK:
            return None, Reason.PERMISSION_DENIED
        target = node.node if isinstance(node, Session) else node
        if not isinstance(target, Party) or target is self._state.venue or not session.covers(target):
            return None, Reason.PERMISSION_DENIED
        return node, Reason.ACK

    def note(self, head: Header, body: Note) -> Reason:
        return Reason.ACK if head.case_id else Reason.INVALID_PARAMETER

    # ---- limits

    def set_limit(self, head: Header, body: SetLimit) -> Reason:
        state = self._state
        if body.scope not in _SCOPES or not _is_sound(body):
            return Reason.INVALID_PARAMETER
        _, reason = self._node(head, body.scope, body.node_id)
        if reason:
            return reason
        if body.target == LimitTarget.INSTRUMENT and body.target_id not in state.instruments:
            return Reason.BAD_SYMBOL
        key = (body.scope, body.node_id, body.limit_kind, body.target, body.target_id, self._owner(head))
        row = state.rows.get(key)
        if body.limit_flags & LimitFlag.REMOVE:
            return self._remove(head, row)
        if row is None and len(state.rows) >= state.limits.limits_max:
            return Reason.REJECTED_CAPACITY
        if row is not None and not _tightens(row, body) and not is_approved(head):
            return Reason.APPROVAL_REQUIRED
        row = limits.row_of(state, *key)
        row.value, row.parameter, row.soft_ppm = body.value, body.parameter, body.soft_ppm
        row.flags, row.action = body.limit_flags, body.action
        return Reason.ACK

    def _remove(self, head: Header, row: LimitRow | None) -> Reason:
        if row is None:
            return Reason.INVALID_PARAMETER
        if not is_approved(head):
            return Reason.APPROVAL_REQUIRED
        limits.remove(self._state, row)
        node = self._state.limited(row.scope, row.node_id)
        if row.tripped and isinstance(node, Party):
            monitors.release(self._state, node)
        return Reason.ACK

    def _owner(self, head: Header) -> int:
        """Venue, clearing broker and firm keep limits of their own; the tightest wins."""
        if head.session_id == 0:
            return int(Scope.VENUE)
        session = self._state.sessions[head.session_id]
        return int(Scope.BROKER if session.node_scope == Scope.BROKER else Scope.FIRM)

    # ---- kill switch, trading window

    def kill(self, head: Header, body: Kill) -> Reason:
        """Orders of the node are refused from now on, and those that are open cancelled in steps."""
        state = self._state
        if body.scope == Scope.INSTRUMENT:
            return self._kill_instrument(head, body)
        if body.scope not in _SCOPES:
            return Reason.INVALID_PARAMETER
        node, reason = self._node(head, body.scope, body.node_id)
        if reason or node is None:
            return reason
        if len(state.works) >= state.limits.works_max:
            return Reason.REJECTED_CAPACITY
        node.flags |= int(NodeFlag.KILLED)
        self._events.node_changed(body.scope, body.node_id, node, node.flags, Reason.CANCELLED_KILL)
        self._cancel_all(head, body.scope, body.node_id, 0)
        return Reason.ACK

    def _kill_instrument(self, head: Header, body: Kill) -> Reason:
        state = self._state
        if head.session_id:
            return Reason.PERMISSION_DENIED
        instrument = state.instruments.get(body.node_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        if len(state.works) >= state.limits.works_max:
            return Reason.REJECTED_CAPACITY
        instrument.is_killed = 1
        self._events.node_changed(body.scope, body.node_id, None, NodeFlag.KILLED, Reason.CANCELLED_KILL)
        self._cancel_all(head, int(Scope.VENUE), 0, body.node_id)
        return Reason.ACK

    def _cancel_all(self, head: Header, scope: int, target_id: int, instrument_id: int) -> None:
        work = WorkItem(Work.MASS_CANCEL, head.seq, head.session_id, head.msg_seq_in, Reason.CANCELLED_KILL)
        work.scope, work.target_id, work.instrument_id = scope, target_id, instrument_id
        self._state.works.append(work)

    def revive(self, head: Header, body: Revive) -> Reason:
        known = NodeFlag.KILLED | NodeFlag.LOCKED
        if not body.node_flags or body.node_flags & ~int(known):
            return Reason.INVALID_PARAMETER
        if body.scope == Scope.INSTRUMENT:
            return self._revive_instrument(head, body)
        if body.scope not in _SCOPES:
            return Reason.INVALID_PARAMETER
        node, reason = self._node(head, body.scope, body.node_id)
        if reason or node is None:
            return reason
        if not is_approved(head):
            return Reason.APPROVAL_REQUIRED
        if body.node_flags & NodeFlag.KILLED:
            node.flags &= ~int(NodeFlag.KILLED)
        if body.node_flags & NodeFlag.LOCKED and isinstance(node, Party):
            for kind in _LOSS:
                for row in node.limits.get(kind, ()):
                    if row.tripped:
                        monitors.restart(row)
            monitors.release(self._state, node)
        self._events.node_changed(body.scope, body.node_id, node, node.flags)
        return Reason.ACK

    def _revive_instrument(self, head: Header, body: Revive) -> Reason:
        if head.session_id:
            return Reason.PERMISSION_DENIED
        instrument = self._state.instruments.get(body.node_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        if not is_approved(head):
            return Reason.APPROVAL_REQUIRED
        instrument.is_killed = 0
        self._events.node_changed(body.scope, body.node_id, None, 0)
        return Reason.ACK

    def set_trading_window(self, head: Header, body: SetTradingWindow) -> Reason:
        if body.scope not in _SCOPES or body.is_open > 1:
            return Reason.INVALID_PARAMETER
        node, reason = self._node(head, body.scope, body.node_id)
        if reason or node is None:
            return reason
        if body.is_open and not is_approved(head):
            return Reason.APPROVAL_REQUIRED
        was = node.flags
        closed = int(NodeFlag.WINDOW_CLOSED)
        node.flags = was & ~closed if body.is_open else was | closed
        if node.flags != was:
            self._events.node_changed(body.scope, body.node_id, node, node.flags)
        return Reason.ACK


def _is_sound(body: SetLimit) -> bool:
    """Do the fields go together?"""
    kind, loss = body.limit_kind, body.limit_kind in _LOSS
    if not LimitKind.ORDER_QUANTITY <= kind <= LimitKind.CREDIT or body.value < 0 or body.parameter < 0:
        return False
    if body.target > LimitTarget.GROUP or (body.target == LimitTarget.ALL) != (body.target_id == 0):
        return False
    if body.target and kind in _UNTARGETED:
        return False
    if body.scope == Scope.SESSION and kind not in _OF_SESSIONS:
        return False
    if (kind == LimitKind.CREDIT and body.scope != Scope.ACCOUNT) or (loss and body.scope == Scope.VENUE):
        return False
    known = LimitFlag.REMOVE | (LimitFlag.REALISED_ONLY if loss else 0)
    known |= LimitFlag.END_OF_DAY if kind == LimitKind.DRAWDOWN else 0
    if body.limit_flags & ~int(known) or body.action > (LimitAction.FLATTEN if loss else LimitAction.LOCK):
        return False
    return body.soft_ppm <= PPM and (kind != LimitKind.EXECUTIONS or body.parameter > 0)


def _tightens(row: LimitRow, body: SetLimit) -> bool:
    """A smaller or equal value and nothing else; the soft threshold is free."""
    same = (row.parameter, row.flags, row.action) == (body.parameter, body.limit_flags, body.action)
    return same and body.value <= row.value
