"""A journal in memory that is durable, full or low when a test says so, and an engine that answers each command at
once.

For tests of the sequencer: everything that it waits for is in the test's hand.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from engine.api import EngineInfo
from engine.journal import Tail
from engine.journal_format import NO_DIGEST, Chunk
from engine.records import COMMAND_SIZE, EVENT_SIZE, NEVER_NS, CommandKind, EventKind
from tests.engines import SMALL

_COMMAND = struct.Struct("<QqHHIQ")  # seq, timestamp_ns, kind, flags, session_id, msg_seq_in
_EVENT = struct.Struct("<QqIHHIIQ")


class MemoryJournal:
    """`engine.journal.Journal`. Nothing is durable until `settle`."""

    def __init__(self, seq: int = 0, timestamp_ns: int = 0) -> None:
        self.batches: list[tuple[bytes, int]] = []
        self.room_bytes = 1 << 30
        self.is_low = False
        self.commands_bytes_max = 1 << 20
        self.durable_seq = seq
        self.tail = Tail(0, 1, seq, timestamp_ns, NO_DIGEST)
        self._progressed: Callable[[], None] = lambda: None

    def watch(self, progressed: Callable[[], None]) -> None:
        self._progressed = progressed

    def has_room(self, commands_bytes: int) -> bool:
        return commands_bytes <= self.room_bytes

    def append(self, commands: bytes, timestamp_ns: int) -> None:
        assert self.has_room(len(commands)), "the sequencer has to ask before"
        assert timestamp_ns >= self.tail.timestamp_ns, "stamps never go back"
        seqs = [seq for seq, *_ in commands_of(commands)]
        assert seqs == list(range(self.tail.seq + 1, self.tail.seq + 1 + len(seqs)))
        assert {stamp for _, stamp, *_ in commands_of(commands)} == {timestamp_ns}
        self.batches.append((commands, timestamp_ns))
        self.tail = Tail(self.tail.position + 1, 1, seqs[-1], timestamp_ns, NO_DIGEST)
        self.room_bytes -= len(commands)

    def settle(self, seq: int | None = None) -> None:
        """Everything up to `seq` (all, when not given) is durable, and the sequencer is told."""
        self.durable_seq = self.tail.seq if seq is None else seq
        self._progressed()

    def tell(self) -> None:
        """Something about the space has changed."""
        self._progressed()

    @property
    def commands(self) -> bytes:
        return b"".join(batch for batch, _ in self.batches)

    @property
    def kinds(self) -> list[CommandKind]:
        """Of every command appended."""
        return [CommandKind(kind) for _, _, kind, *_ in commands_of(self.commands)]

    async def open(self) -> Tail:
        return self.tail

    async def fence(self, owner: str, engine: EngineInfo) -> int:
        return 1

    def read(self, position: int) -> Iterator[Chunk]:
        return iter(())

    def drop_before(self, seq: int) -> int:
        return 0

    async def close(self) -> None:
        pass


class EchoEngine:
    """One event for each command but TICK; due when the test says so."""

    def __init__(self, seq: int = 0) -> None:
        self.info = EngineInfo("echo", "1", SMALL)
        self.seq = seq
        self.due_ns = NEVER_NS
        self.refuses = False  # as an engine that finds a fault of ours
        self.applied: list[bytes] = []

    @property
    def next_due_ns(self) -> int:
        return self.due_ns

    def apply(self, commands: bytes | memoryview) -> bytes:
        if self.refuses:
            raise ValueError("a fault of ours")
        self.applied.append(bytes(commands))
        out = bytearray()
        for seq, timestamp_ns, kind, _, session_id, msg_seq_in in commands_of(commands):
            if seq != self.seq + 1:
                raise ValueError(f"command {seq} does not follow {self.seq}")
            self.seq = seq
            if kind != CommandKind.TICK:
                head = _EVENT.pack(seq, timestamp_ns, 0, EventKind.CONFIG_SET, 0, session_id, 0, msg_seq_in)
                out += head.ljust(EVENT_SIZE, b"\0")
        return bytes(out)

    def snapshot(self) -> bytes:
        return b""

    def restore(self, snapshot: bytes) -> None:
        pass

    def state_hash(self) -> bytes:
        return bytes(32)


def commands_of(commands: bytes | memoryview) -> list[tuple[int, ...]]:
    """(seq, timestamp_ns, kind, flags, session_id, msg_seq_in) of each."""
    return [_COMMAND.unpack_from(commands, at) for at in range(0, len(commands), COMMAND_SIZE)]


def seqs_of(events: bytes) -> list[int]:
    """Command numbers of event records."""
    return [_EVENT.unpack_from(events, at)[0] for at in range(0, len(events), EVENT_SIZE)]
