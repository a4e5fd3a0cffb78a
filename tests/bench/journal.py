"""`journal`: what a command costs on its way into the journal, an event in the event log, and a record when it is read.

Processor time of the one thread that does it, so that other work of the machine stays out; waiting for the disk is not
in it. Beside the appends: their parts, and the write system call that a mapped segment takes the place of.
"""

from __future__ import annotations

import asyncio
import os
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from engine._segment_io import MappedSegment, fill_zeros
from engine.api import EngineInfo, EngineLimits
from engine.eventlog import EventFile
from engine.journal import Durability, FileJournal
from engine.journal_format import DIGEST_SIZE, PAGE_SIZE, RECORD_HEADER, record_digest
from engine.records import COMMAND_SIZE, EVENT_SIZE, EventKind
from engine.segments import SegmentFiles, reader_at
from tests.bench.harness import Options, Report, Target, benchmark, pinned, rounds, say

BATCHES = (1, 16, 64, 256)
APPEND_BYTES = 48 << 20  # of commands in a measurement: within one segment
APPENDS_MAX = 20_000
GROUP_BYTES = 1 << 20  # of commands between two looks at the clock
SEGMENT_BYTES = 64 << 20
EVENTS = 250_000
EVENT_BATCHES = (2, 64, 512)
INFO = EngineInfo("core", "1", EngineLimits())
COMMAND_NS, SINGLE_NS, EVENT_NS = 250.0, 15_000.0, 150.0

Timed = Callable[[], float]  # ns for each command or event


def append_time(durability: Durability, batch: int) -> float:
    """ns that `append` takes of the loop, for each command."""

    async def measure(directory: Path) -> float:
        journal = FileJournal(directory, durability=durability, segment_bytes=SEGMENT_BYTES)
        await journal.open()
        await journal.fence("bench", INFO)
        commands = os.urandom(batch * COMMAND_SIZE)
        stamp_ns = journal.tail.timestamp_ns
        group = max(1, GROUP_BYTES // len(commands))
        groups = min(APPENDS_MAX, APPEND_BYTES // len(commands)) // group
        spent_ns = 0
        for _ in range(groups):
            while not journal.has_room(2 * group * len(commands)):
                await asyncio.sleep(0)
            began_ns = time.thread_time_ns()
            for _ in range(group):
                journal.append(commands, stamp_ns)
            spent_ns += time.thread_time_ns() - began_ns
        await journal.close()
        return spent_ns / groups / group / batch

    with tempfile.TemporaryDirectory(dir=".") as name:
        return asyncio.run(measure(Path(name)))


def digest_time(batch: int) -> float:
    header, commands = bytes(RECORD_HEADER.size), os.urandom(batch * COMMAND_SIZE)
    count = min(APPENDS_MAX, APPEND_BYTES // len(commands))
    began_ns = time.thread_time_ns()
    for _ in range(count):
        record_digest(header, commands)
    return (time.thread_time_ns() - began_ns) / count / batch


def put_time(batch: int, *, is_mapped: bool) -> float:
    """Only the way into the page cache of a segment that was filled in advance: a copy into its mapping, or pwritev."""
    header, commands, digest = bytes(RECORD_HEADER.size), os.urandom(batch * COMMAND_SIZE), bytes(DIGEST_SIZE)
    size = len(header) + len(commands) + len(digest)
    count = min(APPENDS_MAX, (SEGMENT_BYTES - PAGE_SIZE) // size)
    with tempfile.TemporaryFile(dir=".") as file:
        fd = file.fileno()
        fill_zeros(fd, 0, SEGMENT_BYTES)
        mapped = MappedSegment(fd, SEGMENT_BYTES)
        began_ns = time.thread_time_ns()
        for n in range(count):
            if is_mapped:
                mapped.store(PAGE_SIZE + n * size, header, commands, digest)
            else:
                os.pwritev(fd, [header, commands, digest], PAGE_SIZE + n * size)
        spent_ns = time.thread_time_ns() - began_ns
        mapped.close()
        return spent_ns / count / batch


def event_time(batch: int) -> float:
    """ns for each event appended and written in batches: 50 sessions take turns."""
    events = bytearray(batch * EVENT_SIZE)
    for n in range(batch):
        struct.pack_into(
            "<QqIHHIIQ", events, n * EVENT_SIZE, 1, 1, n, EventKind.ORDER_NEW, 0, 1 + n % 50, 1, 1 + n // 50
        )
    piece = bytes(events)
    with tempfile.TemporaryDirectory(dir=".") as name:
        log = EventFile(Path(name), sessions_max=64)
        log.open()
        count = EVENTS // batch
        began_ns = time.thread_time_ns()
        for _ in range(count):
            log.append(piece)
            log.flush()
        spent_ns = time.thread_time_ns() - began_ns
        log.close()
    return spent_ns / count / batch


def read_time(directory: Path) -> float:
    """ns for each command read, verified and joined for the engine."""
    reader = reader_at(SegmentFiles(directory), 1)
    began_ns = time.thread_time_ns()
    count = sum(len(chunk.commands) // COMMAND_SIZE for chunk in reader.chunks())
    spent_ns = time.thread_time_ns() - began_ns
    reader.close()
    return spent_ns / count


async def written(directory: Path, batch: int) -> None:
    journal = FileJournal(directory, durability=Durability.NONE, segment_bytes=SEGMENT_BYTES)
    await journal.open()
    await journal.fence("bench", INFO)
    commands = os.urandom(batch * COMMAND_SIZE)
    for _ in range(min(100_000, APPEND_BYTES // len(commands))):
        while not journal.has_room(len(commands)):
            await asyncio.sleep(0)
        journal.append(commands, journal.tail.timestamp_ns)
    await journal.close()


@benchmark("journal")
def journal_costs(options: Options) -> Report:
    """The table of all of it; medians of the rounds."""
    report = Report("Journal: ns of processor time for each command", ("what", *(f"{n} at once" for n in BATCHES)))
    lines: dict[str, Callable[[int], float]] = {
        "append, page-cache": lambda batch: append_time(Durability.PAGE_CACHE, batch),
        "append, fsync": lambda batch: append_time(Durability.FSYNC, batch),
        "digest alone": digest_time,
        "copy into the mapping alone": lambda batch: put_time(batch, is_mapped=True),
        "pwritev alone": lambda batch: put_time(batch, is_mapped=False),
    }
    medians: dict[tuple[str, int], float] = {}
    with pinned(options.cpu), tempfile.TemporaryDirectory(dir=".") as name:
        for batch in BATCHES:
            say(f"   appends of {batch}")
            contestants: dict[str, Timed] = {what: lambda f=f, n=batch: f(n) for what, f in lines.items()}  # type: ignore[misc]
            directory = Path(name) / str(batch)
            asyncio.run(written(directory, batch))
            contestants["read and verify"] = lambda d=directory: read_time(d)  # type: ignore[misc]
            for what, figures in rounds(contestants, options.rounds).items():
                medians[what, batch] = median(figures)
        say("   events")
        of_events = {f"{n}": (lambda n=n: event_time(n)) for n in EVENT_BATCHES}
        events = {n: median(figures) for n, figures in rounds(of_events, options.rounds).items()}
    for what in (*lines, "read and verify"):
        report.rows.append((what, *(medians[what, batch] for batch in BATCHES)))
    for size, figure in events.items():
        report.notes.append(f"event log, {size} events at once: {figure:.0f} ns each, written and indexed")
    report.targets += [
        Target("append of 64, page-cache", medians["append, page-cache", 64], COMMAND_NS, False, "ns a command"),
        Target("append of 1, page-cache", medians["append, page-cache", 1], SINGLE_NS, False, "ns"),
        Target("event log, 512 at once", events["512"], EVENT_NS, False, "ns an event"),
    ]
    return report
