"""`perpgate replay DIR`: the state and its hash from a journal alone, at any command or time."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from engine.api import UnknownPluginError
from engine.journal_format import JournalDamageError, JournalError
from engine.recovery import MakeEngine, Replayed, replay
from engine.recovery import Progress as Replay
from gateway.commands.options import add_data, instant, open_data, whole_number
from gateway.commands.outcome import (
    ExitCode,
    Refusal,
    add_json,
    error_console,
    print_json,
    print_pairs,
    print_table,
)
from gateway.record_text import format_time
from gateway.state_view import StateView, view_state

DESCRIPTION = """\
Applies the commands of a journal to a fresh engine, from the first one on, and prints the state: its hash, what it
holds, and the top of each book. Snapshots are not used, so this is what everything else is compared with: a venue
prints the same hash when it starts and when it stops. Reads only, and may run beside a live venue."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    until = parser.add_mutually_exclusive_group()
    until.add_argument("--until-seq", type=whole_number, metavar="N", help="stop after this command")
    until.add_argument(
        "--until-time",
        type=instant,
        metavar="T",
        help="stop after the last command stamped at or before T: ISO 8601, or nanoseconds since 1970",
    )
    parser.add_argument(
        "--expect", metavar="HASH", help="exit with 1 when the state's hash is another (it may be shortened)"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    data = open_data(options)
    replayed = _replay(options, data.journal, data.make_engine)
    state_hash = replayed.state_hash.hex()
    view = view_state(replayed.engine.snapshot())
    if options.json:
        print_json(
            {
                "event": "state",
                "state_hash": state_hash,
                "engine": replayed.engine.info.name,
                "commands": replayed.commands,
                "events": replayed.events,
                "seconds": replayed.seconds,
                "commands_per_s": replayed.commands / max(replayed.seconds, 1e-9),
                **msgspec.to_builtins(view),
            }
        )
    else:
        _print(replayed, state_hash, view)
    if options.expect and not state_hash.startswith(options.expect.lower()):
        raise Refusal(f"the state hash is {state_hash}, {options.expect} was expected", ExitCode.NO)
    return ExitCode.OK


def _replay(options: argparse.Namespace, journal: Path, make_engine: MakeEngine) -> Replayed:
    console = error_console()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("replay", total=options.until_seq)

            def show(state: Replay) -> None:
                rate = state.commands / max(state.seconds, 1e-9)
                bar.update(task, completed=state.seq, description=f"command {state.seq:,}, {rate:,.0f}/s")

            return replay(journal, make_engine, until_seq=options.until_seq, until_ns=options.until_time, progress=show)
    except JournalDamageError as error:
        raise Refusal(str(error), ExitCode.DAMAGED) from None
    except (JournalError, UnknownPluginError) as error:
        raise Refusal(str(error)) from None


def _print(replayed: Replayed, state_hash: str, view: StateView) -> None:
    rate = replayed.commands / max(replayed.seconds, 1e-9)
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in view.counts.items() if count)
    print_pairs(
        [
            ("command", f"{view.seq:,}"),
            ("time", format_time(view.timestamp_ns)),
            ("state hash", state_hash),
            ("venue", view.venue_state),
            ("business date", str(view.business_date) if view.business_date else ""),
            ("holds", counts),
            (
                "replayed",
                f"{replayed.commands:,} commands, {replayed.events:,} events in {replayed.seconds:.3f} s "
                f"({rate:,.0f} commands/s, engine {replayed.engine.info.name})",
            ),
        ]
    )
    print()
    rows = [
        (str(book.instrument_id), book.symbol, book.state, book.mark, f"{book.orders:,}", book.bid, book.ask)
        for book in view.books
    ]
    columns = [("id", "right"), ("symbol", "left"), ("state", "left"), ("mark", "right"), ("orders", "right")]
    print_table([*columns, ("best bid", "right"), ("best ask", "right")], rows)
