"""An engine room under load in a process of its own, to be killed: `python -m tests.crash.room_child DIRECTORY SEED
DURABILITY`.

On standard output it says what a participant would have been told, in the order in which it was: first the ordinal of
the first event that this process may tell, then each released piece behind its length. Whatever the reader has got
counts as told; what must be true of it after the kill is the parent's business.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import structlog
import uvloop

from engine.journal import Durability, end_process
from engine.records import COMMAND_SIZE
from engine.sequencer import end_process as end_sequencer
from tests.engine_room import Room
from tests.engines import ENGINES
from tests.property.commands import Commands

HEADER = struct.Struct("<Q")
TURNS = 600  # then it ends by itself: a test that waits for a point that is never passed fails
SNAPSHOT_EVERY = 40
SHAPE = "everything"


def tell(data: bytes) -> None:
    """Every byte is out when it returns: a buffer would be lost with the process."""
    while data:
        data = data[os.write(1, data) :]


async def work(directory: Path, seed: int, durability: Durability) -> None:
    commands = Commands(seed, SHAPE)
    room = Room(
        directory, engine=ENGINES[0], limits=commands.limits, durability=durability, journal={"failed": end_process},
        sequencer={"failed": end_sequencer}, release=lambda events: tell(HEADER.pack(len(events)) + events),
    )  # fmt: skip
    async with room:
        tell(HEADER.pack(room.recovered.next_ordinal))
        for turn in range(TURNS):
            commands.seq = room.engine.seq
            data = commands.take(1 + (turn * 7) % 23)
            await room.send(data[at : at + COMMAND_SIZE] for at in range(0, len(data), COMMAND_SIZE))
            if turn % SNAPSHOT_EVERY == SNAPSHOT_EVERY - 1:
                room.snapshot()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    uvloop.run(work(Path(sys.argv[1]), int(sys.argv[2]), Durability(sys.argv[3])))
