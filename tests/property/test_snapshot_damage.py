"""Damaged snapshots: the compiled engine refuses them or goes on with what they say, and never takes the process along.

A snapshot file carries a digest, so such bytes should never come this far; a table that trusts them would still be one
flipped bit from writing where it must not. Books are the compiled ones: a matcher from outside checks its own bytes, or
stops the process when they make it fail.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import struct
from dataclasses import replace
from multiprocessing.connection import Connection

import pytest

from engine.api import Engine
from engine.snapshot_records import Section, parse_snapshot
from tests.engines import HAS_CORE, new_engine
from tests.property.commands import SHAPES, Commands

SEQUENCES = 12
DAMAGES = 40
NUMBERS = (0, 1, -1, 2, 5, 1 << 32, (1 << 63) - 1, -(1 << 63))


def damaged(rng: random.Random, snapshot: bytes) -> bytes:
    """One to four places changed: a bit, a byte, or a whole number of four or eight bytes."""
    data = bytearray(snapshot)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(data))
        how = rng.randrange(4)
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.randrange(256)
        elif how == 2:
            struct.pack_into("<q", data, at - at % 8, rng.choice(NUMBERS))
        else:
            struct.pack_into("<I", data, at - at % 4, rng.choice(NUMBERS) & 0xFFFF_FFFF)
    return bytes(data)


def restore_all(pipe: Connection, seed: int) -> None:
    """Says before each attempt which one it is, and at the end how many were refused and how many were taken."""
    rng = random.Random(seed)
    outcomes = [0, 0]
    for sequence in range(SEQUENCES):
        shape = replace(rng.choice(list(SHAPES.values())), matchers=("price_time", "pro_rata"))
        commands = Commands(rng.randrange(2**32), shape)
        original = new_engine("core", commands.limits)
        original.apply(commands.take(rng.randrange(100, 600)))
        snapshot, tail = original.snapshot(), commands.take(60)
        for number in range(DAMAGES):
            pipe.send((sequence, number))
            outcomes[takes(new_engine("core", commands.limits), damaged(rng, snapshot), tail)] += 1
    pipe.send(outcomes)


def takes(engine: Engine, snapshot: bytes, tail: bytes) -> bool:
    """Does it take the snapshot? Then it also has to write one, and apply commands or refuse the batch."""
    try:
        engine.restore(snapshot)
    except ValueError:
        return False
    positions = parse_snapshot(engine.snapshot(), only={Section.POSITION})[Section.POSITION]
    if all(abs(row["position_lots"]) < 1 << 62 for row in positions):  # else a fill may rightly end the process
        with contextlib.suppress(ValueError):  # the damage may be in the last command's number or time
            engine.apply(tail)
    return True


@pytest.mark.skipif(not HAS_CORE, reason="this tree has no compiled engine")
def test_damaged_snapshots_are_refused_or_taken() -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=restore_all, args=(theirs, seed))
    process.start()
    theirs.close()
    said: list[list[int]] = []
    try:
        while True:
            said.append(ours.recv())
    except EOFError:
        process.join()
    assert process.exitcode == 0, f"seed {seed}: at sequence and damage {said[-1]}"
    refused, taken = said[-1]
    assert refused + taken == SEQUENCES * DAMAGES
    assert refused > taken / 4, "most of a snapshot matters"
