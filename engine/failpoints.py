"""Named instants at which a test may kill the process, to prove that a crash there loses nothing.

`PERPGATE_FAILPOINT=name:hits:kill-9` in the environment ends the process with SIGKILL when it passes the point for
the `hits`-th time. Nothing else can arm one, a value that is not understood stops the start, and `app` says loudly
that one is armed: a variable set by mistake does not go unnoticed. Unarmed a point costs one comparison per batch,
and none per command.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import NoReturn

VARIABLE = "PERPGATE_FAILPOINT"
CONFIRMATION = "kill-9"

POINTS = {
    "append-queued": "a batch waits for the disk, nothing of it is written (fsync)",
    "append-torn": "half of a batch's bytes are written",
    "append-written": "written, not synced (fsync)",
    "append-synced": "durable, the sequencer does not know yet",
    "batch-journaled": "appended, the engine has not seen it",
    "batch-applied": "applied, its events wait behind the gate",
    "events-logged": "in the event log, no session was told",
    "events-routed": "told, the event log's bytes are still in memory",
    "events-torn": "half of a batch's events are in the event log's file",
    "roll-closed": "a segment is full and closed, the next one is not begun",
    "fill-torn": "half of a segment is filled with zeros",
    "fill-unnamed": "a segment is filled, its file has no name yet",
    "snapshot-torn": "half of a snapshot is written",
    "snapshot-unnamed": "a snapshot is written and synced, its file has no name yet",
    "snapshot-named": "a snapshot has its name, the directory is not synced, older ones are not deleted",
    "fence-written": "the epoch record is durable, no command of the epoch has come",
}


@dataclass(slots=True)
class _Armed:
    name: str
    hits_left: int


def parse(text: str) -> _Armed | None:
    """`name:hits:kill-9`; None for the empty text. Raises ValueError for anything else."""
    if not text:
        return None
    name, _, rest = text.partition(":")
    hits, _, confirmation = rest.partition(":")
    if name not in POINTS or not hits.isdecimal() or int(hits) < 1 or confirmation != CONFIRMATION:
        raise ValueError(
            f"{VARIABLE}={text!r} is not understood: unset it, or write name:hits:{CONFIRMATION} with one of "
            f"{', '.join(POINTS)}"
        )
    return _Armed(name, int(hits))


_armed = parse(os.environ.get(VARIABLE, ""))
ARMED = _armed is not None


def armed(*names: str) -> tuple[str, int]:
    """Name and hits of the armed point when it is one of `names`, else ("", 0): for points inside compiled code."""
    if _armed is not None and _armed.name in names:
        return _armed.name, _armed.hits_left
    return "", 0


def is_due(name: str) -> bool:
    """Counts one pass; True when the process has to die here. For points that first have to leave something half
    done."""
    if _armed is None or _armed.name != name:
        return False
    _armed.hits_left -= 1
    return _armed.hits_left == 0


def hit(name: str) -> None:
    """Counts one pass and dies when it is the armed one."""
    if is_due(name):
        die()


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process outlived SIGKILL")
