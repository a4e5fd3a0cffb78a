"""The gate under random schedules: no event leaves before its command is durable, each leaves once, all in order."""

from __future__ import annotations

import asyncio
import random

import pytest

from engine.batch import CommandBatch
from engine.records import EVENT_SIZE, NEVER_NS, CommandKind
from engine.sequencer import Sequencer
from tests.engine_room import fail, run, set_firm
from tests.memory_journal import EchoEngine, MemoryJournal, commands_of, seqs_of

SEEDS = range(40)
STEPS = 400


class Schedule:
    """Random arrivals, turns, syncs, ticks and pauses; what must hold is checked whenever something leaves."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.journal, self.engine, self.batch = MemoryJournal(), EchoEngine(), CommandBatch(16)
        self.now_ns = 0
        self.told = 0  # events that left
        self.last_seq = 0
        self.gate_bytes_max = self.rng.choice((1, 5, 40, 1_000)) * EVENT_SIZE
        self.sequencer = Sequencer(
            self.engine, self.journal, self.batch, clock_ns=self.clock, release=self.release,
            room_available=self.fill, gate_bytes_max=self.gate_bytes_max, failed=fail,
        )  # fmt: skip
        self.sent = 0

    def clock(self) -> int:
        self.now_ns += self.rng.randrange(-5, 20)
        return self.now_ns

    def release(self, events: bytes) -> None:
        assert len(events) % EVENT_SIZE == 0
        for seq in seqs_of(events):
            assert seq <= self.journal.durable_seq, "an event left before its command was durable"
            assert seq > self.last_seq, "an event left twice, or out of order"
            self.last_seq = seq
            self.told += 1

    def fill(self) -> None:
        """A door that has more to say as soon as there is room."""
        if self.rng.random() < 0.3:
            self.arrive()

    def arrive(self) -> None:
        for _ in range(self.rng.randrange(1, 6)):
            if not self.batch.is_full:
                self.batch.append(set_firm(1))
                self.sent += 1
        self.sequencer.wake()

    async def step(self) -> None:
        action = self.rng.randrange(8)
        if action < 3:
            self.arrive()
        elif action == 3:
            self.journal.settle(self.rng.randint(self.journal.durable_seq, self.journal.tail.seq))
        elif action == 4:
            self.engine.due_ns = self.rng.choice((0, NEVER_NS, self.now_ns + 3))
        elif action == 5:
            self.sequencer.submit(set_firm(2))
            self.sent += 1
        elif action == 6:
            self.journal.room_bytes = self.rng.choice((0, 1_000, 10_000, 1 << 30))
            self.journal.tell()
        for _ in range(self.rng.randrange(3)):
            await asyncio.sleep(0)
        assert self.sequencer.gate_bytes < self.gate_bytes_max + 300 * EVENT_SIZE

    async def play(self) -> None:
        for _ in range(STEPS):
            await self.step()
        self.engine.due_ns = NEVER_NS
        self.journal.room_bytes = 1 << 30
        self.journal.tell()
        stopping = asyncio.ensure_future(self.sequencer.stop())
        while not stopping.done():
            self.journal.settle()
            await asyncio.sleep(0)
        await stopping
        kinds = [kind for _, _, kind, *_ in commands_of(self.journal.commands)]
        assert kinds.count(CommandKind.SET_FIRM) == self.sent == self.told, "every command is told of exactly once"
        assert self.sequencer.counters.released_events == self.told
        assert b"".join(self.engine.applied) == self.journal.commands


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_leaves_before_it_is_durable(seed: int) -> None:
    async def play() -> None:
        await Schedule(seed).play()

    run(asyncio.wait_for(play(), 60))
