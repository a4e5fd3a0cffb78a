"""Sends numbers again, a slice per loop turn, so that a long resend delays nobody else.

What a number was used for is in the session's index: events are rendered again from the event log, kept bodies are
repeated, and runs of anything else become one SequenceReset-GapFill, a trailing run included. Called by the
connection, which holds new events back while `is_busy`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from gateway._router import REPLAYING
from gateway.fix._outlet import FixOutlet
from gateway.session import DoorPorts

EVENTS_PER_SLICE = 256
RANGES_MAX = 8


class Resender:
    """`add` a range; `done()` is called when nothing is left. `may_write()` says whether the participant reads."""

    def __init__(
        self, ports: DoorPorts, outlet: FixOutlet, may_write: Callable[[], bool], done: Callable[[], None]
    ) -> None:
        self._ports = ports
        self._outlet = outlet
        self._may_write = may_write
        self._done = done
        self._ranges: deque[tuple[int, int]] = deque()
        self._seq = 0
        self._end = -1
        self._ordinal = -1
        self._handle: asyncio.Handle | None = None
        self.is_busy = False
        self.blocked_since_s: float | None = None

    def add(self, begin: int, end: int) -> bool:
        """False when too many ranges wait already."""
        if len(self._ranges) >= RANGES_MAX:
            return False
        self._ranges.append((begin, end))
        if not self.is_busy:
            self.is_busy = True
            self._handle = asyncio.get_running_loop().call_soon(self._step)
        return True

    def resume(self) -> None:
        """The participant reads again."""
        if self.blocked_since_s is not None:
            self.blocked_since_s = None
            self._step()

    def cancel(self) -> None:
        self.is_busy = False
        if self._handle is not None:
            self._handle.cancel()

    def _step(self) -> None:
        if not self.is_busy:
            return
        if not self._may_write():
            self.blocked_since_s = self._ports.clock()
            return
        budget = EVENTS_PER_SLICE
        while budget > 0 and self._outlet.has_room and self._outlet.state == REPLAYING:
            if self._seq > self._end:
                if not self._ranges:
                    self.is_busy = False
                    self._outlet.flush()
                    self._done()
                    return
                self._seq, self._end = self._ranges.popleft()
                self._ordinal = -1
            budget -= self._part()
        self._outlet.flush()
        if self._outlet.state == REPLAYING and self.is_busy:
            self._handle = asyncio.get_running_loop().call_soon(self._step)

    def _part(self) -> int:
        """Sends what the next number was, and perhaps some that follow it; returns the effort, at least 1."""
        outlet, seq = self._outlet, self._seq
        body, session_seq, fill_end = outlet.use_of(seq, self._end)
        if session_seq:
            return self._events(session_seq)
        if body is not None:
            outlet.resend_body(seq, *body)
            self._seq = seq + 1
        else:
            outlet.fill_gap(seq, fill_end)
            self._seq = fill_end
        return 1

    def _events(self, session_seq: int) -> int:
        log = self._ports.event_log
        try:
            if self._ordinal < 0:
                self._ordinal = log.find(self._outlet.session_id, session_seq)
            events = log.read(self._ordinal, EVENTS_PER_SLICE)
            if not events:
                raise LookupError(session_seq)
        except LookupError:  # older than the event log: it cannot be rendered any more
            self._ordinal = -1
            self._outlet.fill_gap(self._seq, self._seq + 1)
            self._seq += 1
            return 1
        before = self._seq
        taken, self._seq = self._outlet.resend_events(events, self._seq, self._end)
        self._ordinal += taken
        if self._seq == before and taken == EVENTS_PER_SLICE:
            self._ordinal = -1  # none of it was ours: look up where ours goes on
        return max(taken, 1)
