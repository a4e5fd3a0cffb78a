import asyncio
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from engine.api import Engine
from engine.batch import CommandBatch
from engine.journal import Journal
from engine.sequencer import ReleasedEvents

class SequencerCounters:
    turns: int
    commands: int
    ticks: int
    events: int
    released_events: int
    releases: int
    waits_for_gate: int
    waits_for_journal: int
    waits_for_ration: int
    gate_bytes_peak: int

class Gated:
    seq: int
    events: bytes
    answers: list[asyncio.Future[bytes]] | None
    def __init__(self, seq: int, events: bytes, answers: list[asyncio.Future[bytes]] | None) -> None: ...

class Turn:
    counters: SequencerCounters
    next_ordinal: int
    _engine: Engine
    _journal: Journal
    _event_log: ReleasedEvents | None
    _loop: asyncio.AbstractEventLoop
    _clock_ns: Callable[[], int]
    _release_events: Callable[[bytes], None]
    _room_available: Callable[[], None]
    _failed: Callable[[str, BaseException], NoReturn]
    _batch: CommandBatch
    _own: deque[tuple[bytearray, asyncio.Future[bytes]]]
    _gate: deque[Gated]
    _gate_bytes: int
    _gate_bytes_max: int
    _turn_handle: asyncio.Handle | None
    _idle: asyncio.Future[None] | None
    _stamp_ns: int
    _timer_due_ns: int
    _ration_until_ns: int
    _is_rationing: bool
    _is_blocked: bool
    _is_log_full: bool
    _is_stopped: bool
    def wake(self) -> None: ...
    def _turn(self) -> None: ...
    def _stamp(self) -> int: ...
    def _has_room(self, count: int) -> bool: ...
    def _put(self, commands: bytes, stamp_ns: int, answers: list[asyncio.Future[bytes]] | None) -> int: ...
    def _let_out(self, events: bytes) -> int: ...
