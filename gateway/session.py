"""What every door needs and no protocol decides: ports to the engine room, login throttling, replay from the event log.

A door gets `DoorPorts` from `app` and sees nothing else of the engine room. Commands go into the batch in place; events
come through the router into the session's outlet.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from engine.batch import CommandBatch
from engine.records import EVENT_SIZE
from gateway._router import GAP, LIVE, REPLAYING, Outlet, Router

LIMITER_WINDOW_S = 60.0
FREE_FAILURES = 3  # slips of a key that cost no delay: many sessions may share an address


class DisconnectReason(StrEnum):
    """Why a connection ended: in the log, in counters, and in the text that the participant gets."""

    LOGOUT = "LOGOUT"
    CLOSED_BY_PEER = "CLOSED_BY_PEER"
    SILENCE = "SILENCE"
    SLOW_CONSUMER = "SLOW_CONSUMER"
    PROTOCOL_FAULT = "PROTOCOL_FAULT"
    LOGIN_REFUSED = "LOGIN_REFUSED"
    LOGIN_TIMEOUT = "LOGIN_TIMEOUT"
    TOO_MANY_CONNECTIONS = "TOO_MANY_CONNECTIONS"
    SESSION_UNKNOWN = "SESSION_UNKNOWN"  # configured here, and not known to the engine
    SESSION_ENDED = "SESSION_ENDED"
    EVENT_GAP = "EVENT_GAP"  # our fault: the event stream lacks a number


class EventLog(Protocol):
    """Released events by ordinal, from 0."""

    @property
    def next_ordinal(self) -> int: ...
    def read(self, ordinal: int, count: int) -> bytes:
        """At most `count` whole records from `ordinal`; empty at the end."""

    def find(self, session_id: int, session_seq: int) -> int:
        """Ordinal of that event. Raises LookupError when the log has none."""


@dataclass(frozen=True, slots=True)
class DoorPorts:
    """What `app` hands to a door.

    batch: commands are written in place; `wake()` tells the sequencer that there are some. `app` calls the door's
    `room_available()` after each time that it took the batch. clock: monotonic seconds.
    """

    batch: CommandBatch
    wake: Callable[[], None]
    event_log: EventLog
    router: Router
    clock: Callable[[], float]


class CommandInlet:
    """The door's way into the batch for what must not be lost or overtaken (logons, disconnects), and the line of
    connections that wait for room behind it."""

    def __init__(self, ports: DoorPorts) -> None:
        self._ports = ports
        self._commands: deque[bytes] = deque()
        self._readers: deque[Callable[[], None]] = deque()

    @property
    def is_blocked(self) -> bool:
        """Something waits for room: nobody may write a message before it."""
        return bool(self._commands)

    def submit(self, record: bytes) -> None:
        """Adds a packed command, now or as soon as there is room: one logon and one disconnect per connection."""
        if self._commands or self._ports.batch.is_full:
            self._commands.append(record)
        else:
            self._ports.batch.append(record)
        self._ports.wake()

    def wait(self, resume: Callable[[], None]) -> None:
        """`resume()` is called once when there is room, first come first served."""
        self._readers.append(resume)

    def room_available(self) -> None:
        """The sequencer took the batch."""
        batch = self._ports.batch
        if not self._commands and not self._readers:
            return
        while self._commands and not batch.is_full:
            batch.append(self._commands.popleft())
        for _ in range(len(self._readers)):
            if batch.is_full:
                break
            self._readers.popleft()()
        if len(batch):
            self._ports.wake()


class LoginLimiter:
    """Slows down guessing: from the third failure of a key (an address, a user name) on its next try is refused for a
    delay that doubles, and after `failures_per_minute` for a whole minute. A minute without failure forgets them.

    keys_max bounds the memory; the longest untouched key is forgotten first.
    """

    def __init__(
        self, failures_per_minute: int = 10, delay_s: float = 0.5, delay_max_s: float = 30.0, keys_max: int = 10_000
    ) -> None:
        self._failures_per_minute = failures_per_minute
        self._delay_s = delay_s
        self._delay_max_s = delay_max_s
        self._keys_max = keys_max
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def retry_after_s(self, key: str, now_s: float) -> float:
        """Seconds until a try of this key is looked at; 0 = now."""
        count, last_s = self._recent(key, now_s)
        if count < FREE_FAILURES:
            return 0.0
        if count >= self._failures_per_minute:
            return last_s + LIMITER_WINDOW_S - now_s
        delay_s = min(self._delay_max_s, self._delay_s * 2.0 ** (count - FREE_FAILURES))
        return max(0.0, last_s + delay_s - now_s)

    def failed(self, key: str, now_s: float) -> None:
        count, _ = self._recent(key, now_s)
        self._failures[key] = (count + 1, now_s)
        self._failures.move_to_end(key)
        if len(self._failures) > self._keys_max:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        self._failures.pop(key, None)

    def _recent(self, key: str, now_s: float) -> tuple[int, float]:
        count, last_s = self._failures.get(key, (0, 0.0))
        return (count, last_s) if now_s - last_s < LIMITER_WINDOW_S else (0, 0.0)


class CatchUp:
    """Feeds an outlet from the event log until it has everything that was released, then makes it live.

    One slice per loop turn, so that nobody else is delayed; nothing while the participant does not read (`may_write`),
    until `resume()`. Between the comparison with the router and `go_live` no event can be released: one turn does both.
    """

    def __init__(
        self,
        ports: DoorPorts,
        outlet: Outlet,
        may_write: Callable[[], bool],
        stopped: Callable[[int], None],
        events_max: int,
    ) -> None:
        self._ports = ports
        self._outlet = outlet
        self._may_write = may_write
        self._stopped = stopped
        self._events_max = events_max
        self._ordinal = -1
        self._handle: asyncio.Handle | None = None
        self.blocked_since_s: float | None = None

    def start(self) -> None:
        self._step()

    def resume(self) -> None:
        """The participant reads again."""
        if self.blocked_since_s is not None:
            self.blocked_since_s = None
            self._step()

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _step(self) -> None:
        outlet = self._outlet
        if outlet.state != REPLAYING:
            return
        last_seq = self._ports.router.session_seq(outlet.session_id)
        if outlet.next_seq > last_seq:
            outlet.go_live()
            assert outlet.state == LIVE
            return
        if not self._may_write():
            self.blocked_since_s = self._ports.clock()
            return
        try:
            self._slice(last_seq)
        except LookupError:
            self._stopped(GAP)
            return
        outlet.flush()
        self._handle = asyncio.get_running_loop().call_soon(self._step)

    def _slice(self, last_seq: int) -> None:
        outlet, log = self._outlet, self._ports.event_log
        before = outlet.next_seq
        if self._ordinal < 0:
            self._ordinal = log.find(outlet.session_id, before)
        events = log.read(self._ordinal, self._events_max)
        if not events:
            raise LookupError(f"the event log ends before event {before} of session {outlet.session_id}")
        self._ordinal += outlet.replay(events, last_seq)
        if outlet.next_seq == before and len(events) == self._events_max * EVENT_SIZE:
            self._ordinal = -1  # none of it was ours: look up where ours goes on
