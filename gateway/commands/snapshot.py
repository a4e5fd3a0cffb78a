"""`perpgate snapshot DIR`: a snapshot of a venue's state, made from its journal; once, or now and then."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from engine.follow import NICENESS, Follower, Written, follow, parent_is_there
from engine.journal_format import JournalDamageError, JournalError
from engine.snapshot import SnapshotStore
from gateway.commands.options import add_data, open_data, whole_number
from gateway.commands.outcome import ExitCode, Refusal, add_json, print_json
from gateway.engine_room import snapshots_directory

DESCRIPTION = """\
Applies the journal from the newest snapshot on and writes the next one, so that a start has less to replay. A running
venue keeps a process of this command beside it (snapshot.interval_s); by hand it is for a venue that is down, or before
segments of the journal are archived. It reads the journal and never writes to it."""

KEEP = 3


def configure(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--follow", action="store_true", help="go on until told to stop")
    parser.add_argument(
        "--interval", type=whole_number, metavar="S", default=300, help="seconds between two (default: %(default)s)"
    )
    parser.add_argument(
        "--keep", type=whole_number, metavar="N", default=KEEP, help="snapshots kept (default: %(default)s)"
    )
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input ends")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    data = open_data(options)
    store = SnapshotStore(snapshots_directory(data.directory), options.keep)

    def wrote(written: Written) -> None:
        values = {"snapshot": written.path.name, "seq": written.seq, "commands": written.commands}
        if options.json:
            print_json({"event": "snapshot_written", **values, "seconds": written.seconds})
        else:
            print(f"{written.path.name}: command {written.seq:,}, {written.commands:,} replayed", flush=True)

    try:
        if options.follow:
            os.nice(NICENESS)
            wait = parent_is_there if options.with_parent else _until_signalled()
            follow(data.journal, store, data.make_engine, interval_s=options.interval, wait=wait, wrote=wrote)
            return ExitCode.OK
        follower = Follower(data.journal, store, data.make_engine)
        follower.catch_up(is_doubtful=True)
        written = follower.write()
        follower.close()
    except JournalDamageError as error:
        raise Refusal(str(error), ExitCode.DAMAGED) from None
    except JournalError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(f"{error.filename}: {error.strerror}", ExitCode.UNAVAILABLE) from None
    if written is None:
        print("the newest snapshot is of the journal's last command: nothing to do", file=sys.stderr)
    else:
        wrote(written)
    return ExitCode.OK


def _until_signalled() -> Callable[[float], bool]:
    """A wait that is over at the first SIGTERM or SIGINT; a snapshot that is being written is finished."""
    told = threading.Event()

    def signalled(number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signalled)
    return lambda seconds: not told.wait(seconds) if seconds else not told.is_set()
