"""The snapshot follower: replays the journal beside the venue and writes a snapshot now and then (ADR 0008).

The venue starts it as a process of its own and never waits for it: `python -m engine.follow`. It reads the journal's
files, holds one engine and a few chunks in memory, and ends when its standard input is closed, which is when its
parent is gone. It never writes to the journal.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.api import UnknownPluginError, load_engine
from engine.journal import Tail
from engine.journal_format import Chunk, JournalError
from engine.recovery import MakeEngine, Replayer
from engine.segments import SegmentFiles, SegmentReader, read_on, reader_at
from engine.snapshot import SnapshotDamageError, SnapshotHead, SnapshotStore

POLL_S = 1.0  # between two looks at the journal
NICENESS = 5
EXIT_JOURNAL = 65  # EX_DATAERR of sysexits.h


@dataclass(frozen=True, slots=True)
class Written:
    """A snapshot that has just been written."""

    path: Path
    seq: int
    commands: int  # applied since the one before
    seconds: float  # that writing it took


class Follower:
    """Applies what the journal gets; `catch_up` and `write` are called in turn."""

    def __init__(self, journal_directory: Path, snapshots: SnapshotStore, make_engine: MakeEngine) -> None:
        """Begins at the newest snapshot that is whole. Raises JournalError when the journal does not reach back to
        it."""
        self._files = SegmentFiles(journal_directory)
        self._snapshots = snapshots
        self._replayer = Replayer(make_engine)
        self._base = self._begin()
        self._tail = self._base.tail if self._base else Tail(0, 0, 0, 0, b"")
        self._written_seq = self._tail.seq
        self._written_commands = 0
        self._reader: SegmentReader | None = None

    def _begin(self) -> SnapshotHead | None:
        for head in self._snapshots.heads():
            try:
                state = self._snapshots.read_state(head)
            except SnapshotDamageError:
                continue  # the venue reports it at its next start
            self._replayer.begin(head, state)
            return head
        return None

    def catch_up(self, may_go_on: Callable[[], bool] = lambda: True, *, is_doubtful: bool = False) -> None:
        """Applies everything up to the journal's present end, or until `may_go_on` says no. is_doubtful: makes sure
        that it is the end, which takes a look at everything behind it. Raises JournalError."""
        if self._reader is None:
            self._reader = reader_at(self._files, self._tail.position + 1, syncs=True)
            for _ in self._reader.chunks(self._tail.position):
                pass  # the beginning of the segment, checked on the way
            if self._base is not None and self._reader.chain.digest != self._base.tail.digest:
                raise JournalError(f"{self._base.path} belongs to another history than the journal: move it elsewhere")
        reader = self._reader
        source: Iterator[Chunk] = read_on(self._files, reader, reader.chunks) if is_doubtful else reader.chunks()
        for chunk in source:
            self._replayer.take(chunk)
            chain = chunk.chain
            self._tail = Tail(chain.position, chain.epoch, chain.seq, chain.timestamp_ns, chain.digest)
            if not may_go_on():
                return

    def write(self) -> Written | None:
        """A snapshot of what has been applied; None when nothing has since the last one. The records that it is made
        of are put on the disk before, so that it never tells of a command that the journal may lose."""
        if self._tail.seq == self._written_seq:
            self.catch_up(is_doubtful=True)
        if self._tail.seq == self._written_seq or self._reader is None:
            return None
        began_s = time.monotonic()
        self._reader.sync()
        path = self._snapshots.write(self._replayer.engine, self._tail, self._replayer.next_ordinal)
        commands = self._replayer.commands - self._written_commands
        self._written_seq, self._written_commands = self._tail.seq, self._replayer.commands
        return Written(path, self._tail.seq, commands, time.monotonic() - began_s)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


def follow(
    journal_directory: Path,
    snapshots: SnapshotStore,
    make_engine: MakeEngine,
    *,
    interval_s: float,
    wait: Callable[[float], bool],
    wrote: Callable[[Written], None],
) -> None:
    """Follows until `wait(seconds)` says that it is over (False); `wait(0)` only asks. A snapshot each `interval_s`
    in which there was a command. Raises JournalError, OSError."""
    follower = Follower(journal_directory, snapshots, make_engine)
    due_s = time.monotonic() + interval_s
    try:
        while True:
            follower.catch_up(lambda: wait(0))
            if time.monotonic() >= due_s:
                due_s = time.monotonic() + interval_s
                written = follower.write()
                if written is not None:
                    wrote(written)
            if not wait(min(POLL_S, interval_s)):
                return
    finally:
        follower.close()


def parent_is_there(seconds: float) -> bool:
    """Waits; False as soon as standard input has come to its end."""
    readable, _, _ = select.select([0], [], [], seconds)
    return not readable or bool(os.read(0, 4096))


def main(arguments: list[str]) -> int:
    """The process. Each snapshot is a line of JSON on standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.follow", description="writes snapshots beside a running venue"
    )
    parser.add_argument("journal", type=Path, help="directory of the journal")
    parser.add_argument("snapshots", type=Path, help="directory of the snapshots")
    parser.add_argument("--engine", default="core", help="entry point in perpgate.engines")
    parser.add_argument("--interval-s", type=float, default=300.0, help="seconds between two snapshots")
    parser.add_argument("--keep", type=int, default=3, help="snapshots kept")
    parser.add_argument(
        "--library", action="append", default=[], metavar="NAME=PATH", help="a matcher's shared library"
    )
    options = parser.parse_args(arguments)
    libraries = dict(text.split("=", 1) for text in options.library)

    def wrote(written: Written) -> None:
        values = {"path": str(written.path), "seq": written.seq, "commands": written.commands}
        print(json.dumps({**values, "seconds": round(written.seconds, 3)}), flush=True)

    os.nice(NICENESS)
    try:
        follow(
            options.journal,
            SnapshotStore(options.snapshots, options.keep),
            lambda limits: load_engine(options.engine, limits, libraries),
            interval_s=options.interval_s,
            wait=parent_is_there,
            wrote=wrote,
        )
    except (JournalError, UnknownPluginError, OSError) as error:
        print(f"snapshot follower: {error}", file=sys.stderr)
        return EXIT_JOURNAL
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
