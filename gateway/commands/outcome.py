"""How a command ends and speaks: exit codes, refusals, JSON lines, tables, progress.

Results go to standard output, everything else (progress, refusals, logs) to standard error, so that a result can be
piped. With --json a result is one JSON object per line and nothing else is on standard output.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

import msgspec
from rich.console import Console


class ExitCode(IntEnum):
    """What the shell gets."""

    OK = 0
    NO = 1  # the command did its work and the answer is no: a comparison or a check failed
    USAGE = 2  # argparse's own
    REFUSED = 3  # a configuration file, an input file or an argument cannot be used
    UNAVAILABLE = 4  # the machine or the other side does not give what is needed: address, directory, disk, connection
    DAMAGED = 5  # stored data are damaged or contradict each other: call a person
    FAULT = 70  # perpgate broke one of its own promises and stopped
    INTERRUPTED = 130


EPILOG = """exit codes:
  0  done                       3  a file or an argument cannot be used, the text says what to write
  1  done, the answer is no     4  address, directory, disk or connection is not to be had
  2  wrong usage                5  stored data are damaged          70  a fault of perpgate itself"""


class Refusal(Exception):
    """The command cannot do it: the text says what is wrong and what to do."""

    def __init__(self, text: str, code: ExitCode = ExitCode.REFUSED) -> None:
        super().__init__(text)
        self.code = code


def refuse(refusal: Refusal, as_json: bool) -> int:
    """Says it and returns the exit code."""
    if as_json:
        print_json({"event": "refused", "exit_code": int(refusal.code), "text": str(refusal)})
    print(f"perpgate: {refusal}", file=sys.stderr)
    return refusal.code


def add_json(parser: argparse.ArgumentParser) -> None:
    """The --json switch that every command with a result has."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON, one object per line")


def print_json(value: Any) -> None:
    """One JSON object on one line, flushed: a reader may wait for it."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def print_pairs(pairs: Iterable[tuple[str, str]], title: str = "") -> None:
    """Names and values in two columns."""
    rows = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in rows), default=0)
    if title:
        print(title)
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    sys.stdout.flush()


def print_table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
    """A table with aligned columns; columns are (heading, "left" or "right")."""
    lines = [[heading for heading, _ in columns], *rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        cells = [
            cell.rjust(width) if side == "right" else cell.ljust(width)
            for cell, width, (_, side) in zip(line, widths, columns, strict=True)
        ]
        print("  ".join(cells).rstrip())
    sys.stdout.flush()


def error_console() -> Console:
    """Where progress is shown: standard error; silent bars when that is no terminal."""
    return Console(stderr=True, highlight=False)


def format_ns(value_ns: float) -> str:
    """A duration with three digits and its unit."""
    for limit, unit, scale in ((1e3, "ns", 1.0), (1e6, "us", 1e3), (1e9, "ms", 1e6)):
        if value_ns < limit:
            return f"{value_ns / scale:.3g} {unit}"
    return f"{value_ns / 1e9:.3g} s"
