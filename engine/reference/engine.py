"""`ReferenceEngine`: the rule book that runs. Plain Python, obvious before fast, the judge in differential tests.

It has the `engine.api.Engine` protocol and follows docs/engine.md; it shares `engine/records.py` and that text with the
compiled engine, nothing else. The way of a command:

    engine.py    decode, number, repeats, whose turn it is
    parties.py   configuration, sessions            orders.py    entry, modify, cancel, release
    checks.py    may it, in the published order     matching.py  what a matcher reports, and what a fill books
    risk.py      limits, caps, margin               work.py      bounded work, TICK
    ledger.py    every movement of money            risk_work.py accounts to look at after a move of the mark
    prices.py    feeds to marks                     liquidation.py, takeover.py, deleveraging.py
    accruals.py  funding, splits, delistings        quotes.py, twap.py, attached.py
    admin.py     the operator's, oracle's and clock's commands
    events.py    what is written down               state.py     what there is
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from engine.api import EngineInfo, EngineLimits, FindMatcher
from engine.records import (
    COMMAND_BODIES,
    COMMAND_SIZE,
    FIRST_CLIENT_KIND,
    LAST_CLIENT_KIND,
    TICK,
    CommandKind,
    Reason,
)
from engine.reference import snapshot
from engine.reference.accruals import Accruals
from engine.reference.admin import Admin, Rooms
from engine.reference.attached import Pairs
from engine.reference.commands import COMMAND_TYPES, Tick
from engine.reference.corporate import Corporate
from engine.reference.deleveraging import Deleveraging
from engine.reference.events import Events
from engine.reference.explain import Watcher, account_numbers
from engine.reference.funding import Funding
from engine.reference.ledger import Ledger
from engine.reference.leverage import Leverage
from engine.reference.limits import LimitBook
from engine.reference.liquidation import Liquidation
from engine.reference.matching import Matching
from engine.reference.monitors import Monitors
from engine.reference.operator import Operator
from engine.reference.orders import Orders
from engine.reference.parties import Parties
from engine.reference.prices import Prices
from engine.reference.quotes import Quotes
from engine.reference.risk_commands import BODY_TYPES, HEADER_FIELDS
from engine.reference.risk_config import RiskConfig
from engine.reference.risk_events import RiskEvents
from engine.reference.risk_work import RiskWorks
from engine.reference.state import State
from engine.reference.takeover import Takeover
from engine.reference.transfers import Transfers
from engine.reference.treasury import Treasury
from engine.reference.twap import Schedules
from engine.reference.work import Works

VERSION = "2"
_TICK = int(CommandKind.TICK)
_DECODERS: dict[int, tuple[Callable[..., Any], Callable[..., Any]]] = {
    int(kind): (COMMAND_BODIES[kind].unpack_row, made._make) for kind, made in COMMAND_TYPES.items()
}
_BODY_DECODERS: dict[int, tuple[Callable[..., Any], Callable[..., Any]]] = {
    int(kind): (COMMAND_BODIES[kind].unpack_row, made._make) for kind, made in BODY_TYPES.items()
}


class ReferenceEngine:
    """`ReferenceEngine(limits, find_matcher)`, as `engine.api.load_engine("reference", ...)` makes it.

    Matchers `price_time`, `reference` and `pro_rata` are the Python books; any other name has to have a Python class.
    """

    asserts_invariants = False  # for tests: the whole ledger is checked after each command

    def __init__(self, limits: EngineLimits, find_matcher: FindMatcher) -> None:
        self.info = EngineInfo("reference", VERSION, limits)
        self._find_matcher = find_matcher
        self._start()

    def _start(self) -> None:
        state = self._state = State(self.info.limits)
        events = self._events = Events(state)
        risk_events = RiskEvents(state, events)
        ledger = self._ledger = Ledger(state, risk_events)
        limits = LimitBook(state, risk_events)
        accruals = self._accruals = Accruals(state, ledger, risk_events)
        matching = Matching(state, events, ledger, risk_events, limits)
        orders = Orders(state, events, matching, limits, accruals)
        quotes = Quotes(state, events, risk_events, orders, matching, limits, accruals)
        matching.settle, matching.quotes, matching.pairs = accruals.settle, quotes, Pairs(state, events, matching)
        transfers = Transfers(state, events, ledger, matching, accruals)
        takeover = Takeover(state, ledger, risk_events, transfers, accruals)
        deleveraging = Deleveraging(state, risk_events, transfers, accruals)
        liquidation = Liquidation(state, ledger, risk_events, matching, orders, takeover, deleveraging)
        risk_works = RiskWorks(state, risk_events, accruals, liquidation, Monitors(state, risk_events))
        parties = Parties(state, events, self._find_matcher, matching.reduce_cap, risk_works.start_pass)
        schedules = Schedules(state, events, orders, matching, limits, accruals)
        works = Works(state, events, risk_events, orders, matching, schedules, parties, accruals)
        admin = Admin(
            state,
            events,
            Rooms(
                Treasury(state, ledger, accruals, risk_events), RiskConfig(state), Operator(state, risk_events),
                Prices(state, risk_events), Funding(state, accruals, risk_events),
                Corporate(state, accruals, risk_events), Leverage(state, accruals, risk_events), quotes, risk_works,
            ),
        )  # fmt: skip
        self._parties, self._works, self._risk_works = parties, works, risk_works
        self._handlers: dict[int, Callable[[Any, memoryview], None]] = {
            CommandKind.PLACE: lambda command, _: orders.place(command),
            CommandKind.REPLACE: lambda command, _: orders.replace(command),
            CommandKind.CANCEL: lambda command, _: orders.cancel(command),
            CommandKind.MASS_CANCEL: lambda command, _: works.mass_cancel(command),
            CommandKind.TICK: lambda command, _: self._tick(command.timestamp_ns),
            CommandKind.SESSION_LOGON: parties.logon,
            CommandKind.SESSION_DISCONNECT: parties.disconnect,
        }
        for kind in COMMAND_TYPES:
            self._handlers.setdefault(kind, parties.configure)
        self._body_handlers: dict[int, Callable[[Tick, Any, memoryview], None]] = {
            CommandKind.QUOTE: lambda head, body, _: quotes.quote(head, body),
            CommandKind.QUOTE_CANCEL: lambda head, body, _: quotes.cancel(head, body),
            CommandKind.PLACE_TWAP: lambda head, body, _: schedules.place(head, body),
            CommandKind.CLOSE_POSITION: lambda head, body, _: schedules.close(head, body),
        }
        for kind in BODY_TYPES:
            self._body_handlers.setdefault(kind, admin.handle)

    @property
    def seq(self) -> int:
        return self._state.seq

    @property
    def next_due_ns(self) -> int:
        return self._state.next_due_ns()

    def apply(self, commands: bytes | memoryview) -> bytes:
        """As `engine.api.Engine.apply`. Raises ValueError also when a timestamp goes back."""
        if len(commands) % COMMAND_SIZE:
            raise ValueError(f"{len(commands)} bytes are not whole commands of {COMMAND_SIZE}")
        data = memoryview(commands)
        for offset in range(0, len(commands), COMMAND_SIZE):
            self._apply_one(data[offset : offset + COMMAND_SIZE])
        return self._events.take()

    def _apply_one(self, record: memoryview) -> None:
        state = self._state
        seq, timestamp_ns, kind, _, session_id, msg_seq_in, *_ = TICK.unpack_row(record, 0)
        if seq != state.seq + 1 or timestamp_ns < state.timestamp_ns:
            self._events.take()
            raise ValueError(
                f"command {seq} at {timestamp_ns} ns does not follow command {state.seq} at {state.timestamp_ns} ns"
            )
        state.seq, state.timestamp_ns = seq, timestamp_ns
        state.venue_orders = 0
        self._events.begin(seq, timestamp_ns, session_id, msg_seq_in)
        if FIRST_CLIENT_KIND <= kind <= LAST_CLIENT_KIND and self._is_repeat(session_id, msg_seq_in):
            return
        was_idle, risk_was_idle = not state.has_queued_work, not state.has_risk_work
        self._dispatch(kind, record)
        if kind != _TICK:
            if was_idle and state.has_queued_work:
                self._works.finish_command()
            if risk_was_idle and state.has_risk_work:
                self._risk_works.carry_on()
        if self.asserts_invariants:
            self._ledger.check()

    def _dispatch(self, kind: int, record: memoryview) -> None:
        if kind in self._handlers:
            unpack, make = _DECODERS[kind]
            self._handlers[kind](make(unpack(record, 0)), record)
        elif kind in self._body_handlers:
            unpack, make = _BODY_DECODERS[kind]
            row = unpack(record, 0)
            self._body_handlers[kind](Tick._make(row[:HEADER_FIELDS]), make(row[HEADER_FIELDS:]), record)
        else:
            self._parties.refuse(Reason.INVALID_PARAMETER, Tick._make(TICK.unpack_row(record, 0)), record)

    def _tick(self, timestamp_ns: int) -> None:
        self._works.tick(timestamp_ns)
        self._risk_works.carry_on()

    def _is_repeat(self, session_id: int, msg_seq_in: int) -> bool:
        """The number is stored whatever becomes of the message; sessions that do not exist have none."""
        session = self._state.sessions.get(session_id)
        if session is None or msg_seq_in == 0:
            return False
        if msg_seq_in <= session.last_msg_seq_in:
            return True
        session.last_msg_seq_in = msg_seq_in
        return False

    def explain(self, command: bytes) -> tuple[dict[str, Any], bytes]:
        """Applies one command and tells what its checks compared: ({"checks": ..., "liquidations": ...}, its events).
        The events and the state are those of `apply`."""
        state = self._state
        kind = int.from_bytes(command[16:18], "little")
        decoder = _DECODERS.get(kind)
        watcher = Watcher(state, decoder[1](decoder[0](command, 0)) if decoder else None)
        state.observer = watcher
        try:
            events = self.apply(command)
        finally:
            state.observer = None
        return {"checks": watcher.checks(), "liquidations": watcher.liquidations}, events

    def explain_account(self, account_id: int) -> dict[str, Any]:
        """What an account is worth and bound by; its accrual is settled first, so this engine should go no further.
        Raises LookupError for an account that does not exist."""
        account = self._state.accounts.get(account_id)
        if account is None:
            raise LookupError(f"account {account_id} does not exist")
        self._accruals.settle(account)
        self._events.take()
        return account_numbers(self._state, account)

    def snapshot(self) -> bytes:
        return snapshot.write(self._state)

    def restore(self, data: bytes) -> None:
        """As `engine.api.Engine.restore`; a snapshot that is refused leaves the engine as new."""
        if self._state.seq:
            raise ValueError(f"only a fresh engine is restored, this one has applied {self._state.seq} commands")
        try:
            snapshot.read(data, self._state, self._parties, self._find_matcher)
        except ValueError:
            self._start()
            raise

    def state_hash(self) -> bytes:
        return hashlib.sha256(self.snapshot()).digest()
