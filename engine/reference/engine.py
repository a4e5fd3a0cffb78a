"""`ReferenceEngine`: the rule book that runs. Plain Python, obvious before fast, the judge in differential tests.

It has the `engine.api.Engine` protocol and follows docs/engine.md; it shares `engine/records.py` and that text with the
compiled engine, nothing else. The way of a command:

    engine.py    decode, number, repeats, whose turn it is
    parties.py   configuration, sessions            orders.py   orders, and what a matcher reports about them
    checks.py    may it, in the published order     work.py     bounded work, TICK
    events.py    what is written down               state.py    what there is
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from engine.api import EngineInfo, EngineLimits, FindMatcher
from engine.records import COMMAND_BODIES, COMMAND_SIZE, TICK, CommandKind, Reason
from engine.reference import snapshot
from engine.reference.commands import COMMAND_TYPES, Tick
from engine.reference.events import Events
from engine.reference.orders import Orders
from engine.reference.parties import Parties
from engine.reference.state import State
from engine.reference.work import Works

VERSION = "1"
_PLACE, _MASS_CANCEL, _TICK = int(CommandKind.PLACE), int(CommandKind.MASS_CANCEL), int(CommandKind.TICK)
_DECODERS: dict[int, tuple[Callable[..., Any], Callable[..., Any]]] = {
    int(kind): (COMMAND_BODIES[kind].unpack_row, COMMAND_TYPES[kind]._make) for kind in CommandKind
}


class ReferenceEngine:
    """`ReferenceEngine(limits, find_matcher)`, as `engine.api.load_engine("reference", ...)` makes it.

    Matchers `price_time`, `reference` and `pro_rata` are the Python books; any other name has to have a Python class.
    """

    def __init__(self, limits: EngineLimits, find_matcher: FindMatcher) -> None:
        self.info = EngineInfo("reference", VERSION, limits)
        self._find_matcher = find_matcher
        self._start()

    def _start(self) -> None:
        self._state = State(self.info.limits)
        self._events = Events(self._state)
        self._orders = Orders(self._state, self._events)
        self._parties = Parties(self._state, self._events, self._find_matcher, self._orders.reduce_cap)
        self._works = Works(self._state, self._events, self._orders, self._parties)
        orders, parties, works = self._orders, self._parties, self._works
        self._handlers: dict[int, Callable[[Any, memoryview], None]] = {
            CommandKind.PLACE: lambda command, _: orders.place(command),
            CommandKind.REPLACE: lambda command, _: orders.replace(command),
            CommandKind.CANCEL: lambda command, _: orders.cancel(command),
            CommandKind.MASS_CANCEL: lambda command, _: works.mass_cancel(command),
            CommandKind.TICK: lambda command, _: works.tick(command.timestamp_ns),
            CommandKind.SESSION_LOGON: parties.logon,
            CommandKind.SESSION_DISCONNECT: parties.disconnect,
        }
        for kind in CommandKind:
            self._handlers.setdefault(kind, parties.configure)

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
        self._events.begin(seq, timestamp_ns, session_id, msg_seq_in)
        if _PLACE <= kind <= _MASS_CANCEL and self._is_repeat(session_id, msg_seq_in):
            return
        handler = self._handlers.get(kind)
        if handler is None:
            self._parties.refuse(Reason.INVALID_PARAMETER, Tick._make(TICK.unpack_row(record, 0)), record)
            return
        was_idle = not state.has_queued_work
        unpack, make = _DECODERS[kind]
        handler(make(unpack(record, 0)), record)
        if was_idle and kind != _TICK and state.has_queued_work:
            self._works.finish_command()

    def _is_repeat(self, session_id: int, msg_seq_in: int) -> bool:
        """The number is stored whatever becomes of the message; sessions that do not exist have none."""
        session = self._state.sessions.get(session_id)
        if session is None or msg_seq_in == 0:
            return False
        if msg_seq_in <= session.last_msg_seq_in:
            return True
        session.last_msg_seq_in = msg_seq_in
        return False

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
