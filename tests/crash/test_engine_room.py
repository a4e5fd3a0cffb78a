"""kill -9 of an engine room at every named point and at random instants, and disks that fail under it.

After each death: every event that was told is in the log, where it was told, none is there twice, and the state that
recovery finds is that of a full replay.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine import failpoints
from engine._event_index import well_formed
from engine.journal import EXIT_JOURNAL_FAILED, Durability
from engine.records import EVENT_SIZE
from engine.recovery import replay
from tests.crash.room_child import HEADER, SHAPE
from tests.engine_room import Room, run
from tests.engines import ENGINES
from tests.property.commands import SHAPES
from tests.source.tree import ROOT

pytestmark = pytest.mark.crash
KILLS_PER_POINT = 2
RANDOM_KILLS = 8
THREAD_ONLY = {"append-queued", "append-written", "append-synced"}  # points of the thread that syncs
# How often a point may be passed before the kill: what happens rarely is not waited for long.
RARE = {"roll-closed": 3, "fill-torn": 4, "fill-unnamed": 4, "fence-written": 1}
LIMITS = SHAPES[SHAPE].limits


class Told:
    """What participants were told in all lives of one directory."""

    def __init__(self, directory: Path, durability: Durability) -> None:
        self.directory, self.durability = directory, durability
        self.pieces: list[tuple[int, bytes]] = []  # (first ordinal, events) of each life
        self.highest_seq = 0

    def live(self, seed: int, *, failpoint: str = "", kill_after_bytes: int = -1, **environment: str) -> int:
        """One life: starts the child, hears it out, kills it when it has told so much; returns its end."""
        command = [
            sys.executable,
            "-m",
            "tests.crash.room_child",
            str(self.directory),
            str(seed),
            self.durability.value,
        ]
        variables = {**os.environ, "PYTHONPATH": str(ROOT), failpoints.VARIABLE: failpoint, **environment}
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=variables) as process:
            assert process.stdout is not None
            heard = bytearray()
            while chunk := os.read(process.stdout.fileno(), 1 << 16):
                heard += chunk
                if 0 <= kill_after_bytes <= len(heard):
                    process.kill()
        self._note(bytes(heard))
        return process.returncode

    def _note(self, heard: bytes) -> None:
        if len(heard) < HEADER.size:
            return  # it died before it could tell anything
        [ordinal] = HEADER.unpack_from(heard)
        events, at = b"", HEADER.size
        while at + HEADER.size <= len(heard):
            [length] = HEADER.unpack_from(heard, at)
            piece = heard[at + HEADER.size : at + HEADER.size + length]
            events += piece[: len(piece) // EVENT_SIZE * EVENT_SIZE]
            at += HEADER.size + length
        self.pieces.append((ordinal, events))
        if events:
            self.highest_seq = int.from_bytes(events[-EVENT_SIZE : 8 - EVENT_SIZE], "little")

    def check(self) -> None:
        """What must be true after any death."""
        room = Room(self.directory, engine=ENGINES[0], limits=LIMITS, durability=self.durability)

        async def recover() -> tuple[bytes, bytes]:
            found = await room.recover()
            everything = room.event_log.read(0, found.next_ordinal + 1)
            assert found.engine.seq >= self.highest_seq, "a command that was told of is gone"
            assert len(everything) == found.next_ordinal * EVENT_SIZE
            room.event_log.close()
            await room.journal.close()
            return everything, found.state_hash

        everything, state_hash = run(recover())
        count, _, _ = well_formed(everything, 0, 0)
        assert count * EVENT_SIZE == len(everything), "each event is there once, all in order"
        for ordinal, events in self.pieces:
            place = ordinal * EVENT_SIZE
            assert everything[place : place + len(events)] == events, "what was told is not what is there"
        if room.journal.tail.position:  # else it died before it could begin
            replayed = replay(self.directory / "journal", room.make_engine)
            assert replayed.state_hash == state_hash
            assert replayed.events == count


CASES = [
    (point, durability)
    for point in failpoints.POINTS
    for durability in (Durability.FSYNC, Durability.PAGE_CACHE)
    if durability is Durability.FSYNC or point not in THREAD_ONLY
]


@pytest.mark.parametrize(("point", "durability"), CASES)
def test_a_kill_at_a_named_point(tmp_path: Path, point: str, durability: Durability) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    told = Told(tmp_path, durability)
    for _ in range(KILLS_PER_POINT):
        hits = rng.randint(1, RARE.get(point, 12))
        end = told.live(rng.randrange(1 << 30), failpoint=f"{point}:{hits}:{failpoints.CONFIRMATION}")
        assert end == -signal.SIGKILL, f"{point} was not passed {hits} times"
        told.check()
    assert told.pieces or point.startswith(("fence", "fill"))


@pytest.mark.parametrize("durability", [Durability.FSYNC, Durability.PAGE_CACHE])
def test_kills_at_random_instants(tmp_path: Path, durability: Durability) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    told = Told(tmp_path, durability)
    for _ in range(RANDOM_KILLS):
        end = told.live(rng.randrange(1 << 30), kill_after_bytes=rng.randrange(300_000))
        assert end == -signal.SIGKILL
        told.check()
    assert told.highest_seq > 0


def test_a_life_that_ends_in_order(tmp_path: Path) -> None:
    told = Told(tmp_path, Durability.PAGE_CACHE)
    for seed in (1, 2):
        assert told.live(seed) == 0
        told.check()
    assert sum(len(events) for _, events in told.pieces) > 1_000 * EVENT_SIZE


# ------------------------------------------------------------------------------------------------- disks that fail

SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
/* Fails CALL from its FAIL_AT-th call on, as a disk does that has broken. */
static atomic_long calls;
static int broken(void) {
    static long limit;
    if (!limit) limit = atol(getenv("FAIL_AT"));
    return atomic_fetch_add(&calls, 1) + 1 >= limit;
}
#ifdef FAIL_SYNC
int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    if (broken()) { errno = EIO; return -1; }
    return real(fd);
}
#else
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    if (broken()) { errno = EIO; return -1; }
    return real(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) { return pwrite(fd, data, size, offset); }
#endif
"""


@pytest.mark.parametrize("what", ["FAIL_SYNC", "FAIL_WRITE"])
def test_a_disk_that_fails_ends_the_process(tmp_path: Path, what: str) -> None:
    """Said once, with an exit code of its own; nothing that was not durable has been told, and the next start goes
    on."""
    source, library = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", f"-D{what}", "-o", str(library), str(source), "-ldl"], check=True)
    rng = random.Random(7)
    told = Told(tmp_path / "room", Durability.FSYNC)
    assert told.live(1, kill_after_bytes=50_000) == -signal.SIGKILL
    for _ in range(3):
        end = told.live(rng.randrange(1 << 30), LD_PRELOAD=str(library), FAIL_AT=str(rng.randrange(15, 60)))
        assert end == EXIT_JOURNAL_FAILED
        told.check()
