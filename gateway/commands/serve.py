"""`perpgate serve FILE`: one venue in this process, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog
import uvloop

from engine import failpoints
from engine.recovery import Progress
from gateway.app import Ready, StartError, StartFault, Stopped, Venue
from gateway.commands.options import override, read_settings
from gateway.commands.outcome import ExitCode, Refusal, add_json, print_json
from gateway.config import Settings, split_address
from gateway.logs import configure_logs

DESCRIPTION = """\
Starts the venue: recovers from its data directory, journals what the configuration changes, opens the doors, and says
so in one line on standard output (--json: one object with "event": "ready", the port and the recovered state). Logs go
to standard error.

SIGTERM or SIGINT stop it in order: sessions end, everything is durable and released, a last snapshot is written, and
one more line is printed. A second signal ends it at once, which loses nothing that anybody was told, nor does kill -9.
"""

EXIT_CODES = {
    StartFault.CONFIGURATION: ExitCode.REFUSED,
    StartFault.MACHINE: ExitCode.UNAVAILABLE,
    StartFault.DAMAGE: ExitCode.DAMAGED,
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="process file, such as config/demo.toml")
    parser.add_argument("--data", type=Path, metavar="DIR", help="instead of data.directory")
    parser.add_argument(
        "--listen", type=address, metavar="HOST:PORT", help="instead of listen.binary; port 0 takes a free one"
    )
    parser.add_argument(
        "--listen-fix", type=address, metavar="HOST:PORT", help="instead of listen.fix; port 0 takes a free one"
    )
    parser.add_argument("--durability", choices=("fsync", "page-cache", "none"), help="instead of journal.durability")
    parser.add_argument("--engine", metavar="NAME", help="instead of engine.name")
    parser.add_argument("--busy-poll", action="store_true", help="never sleep: lower latency for one whole core")
    parser.add_argument("--cpu", type=int, metavar="N", help="core that the venue's loop is bound to")
    parser.add_argument(
        "--log",
        choices=("auto", "console", "logfmt", "json"),
        default="auto",
        help="form of the log (default: for people in a terminal, else logfmt)",
    )
    parser.add_argument(
        "--with-parent",
        action="store_true",
        help="stop in order when standard input ends: for a program that starts a venue",
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    configure_logs(options.log)
    settings = settings_of(options)
    if failpoints.ARMED:
        structlog.get_logger("serve").critical(
            "failpoint_armed", variable=failpoints.VARIABLE, value=os.environ[failpoints.VARIABLE]
        )
    try:
        return uvloop.run(_serve(settings, options))
    except StartError as error:
        raise Refusal(str(error), EXIT_CODES[error.fault]) from None


def settings_of(options: argparse.Namespace) -> Settings:
    """The file's settings with the command line's on top."""
    return override(
        read_settings(options.file),
        data=options.data,
        listen=options.listen,
        listen_fix=options.listen_fix,
        durability=options.durability,
        engine=options.engine,
        busy_poll=options.busy_poll or None,
    )


def address(text: str) -> str:
    """An argument host:port, checked."""
    try:
        split_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


async def _serve(settings: Settings, options: argparse.Namespace) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_fault)
    told = asyncio.Event()
    _listen_for_the_end(loop, told, options.with_parent)
    venue = Venue(settings, _progress(options.json))
    start = loop.create_task(venue.start())
    ended = loop.create_task(told.wait())
    await asyncio.wait({start, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not start.done():  # a recovery may take minutes, and a thread is in the middle of it: end as kill -9 would
        os._exit(ExitCode.INTERRUPTED)
    ready = await start
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    _say_ready(ready, settings, options.json)
    await told.wait()
    stopped = await venue.stop()
    _say_stopped(stopped, options.json)
    return ExitCode.OK


def _listen_for_the_end(loop: asyncio.AbstractEventLoop, told: asyncio.Event, with_parent: bool) -> None:
    def signalled(number: int) -> None:
        if told.is_set():
            os._exit(128 + number)
        structlog.get_logger("serve").info("stop_asked", signal=signal.Signals(number).name)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled, number)
    if with_parent:

        def read() -> None:
            if not os.read(sys.stdin.fileno(), 4096):
                loop.remove_reader(sys.stdin.fileno())
                structlog.get_logger("serve").info("stop_asked", signal="end of standard input")
                told.set()

        try:
            loop.add_reader(sys.stdin.fileno(), read)
        except OSError:
            raise Refusal("--with-parent: standard input must be a pipe of the program that starts the venue") from None


def _fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception that nobody caught is a fault of ours. A connection's has ended that connection, a task's (a login)
    goes no further; one in a callback of the loop ends the process: what the venue does may not be what it should."""
    log = structlog.get_logger("serve")
    error = context.get("exception")
    where = {name: str(context[name]) for name in ("message", "handle", "task", "future") if name in context}
    if not context.keys().isdisjoint({"transport", "protocol", "task", "future"}):
        log.error("connection_fault", exc_info=error, **where)
        return
    log.critical("venue_fault", exc_info=error, exit_code=int(ExitCode.FAULT), **where)
    os._exit(ExitCode.FAULT)


def _progress(as_json: bool) -> Callable[[Progress], None]:
    """Long recoveries say how far they are; called in the thread that recovers."""

    def show(progress: Progress) -> None:
        structlog.get_logger("serve").info(
            "recovery_running", seq=progress.seq, last_seq=progress.last_seq, commands=progress.commands
        )

    return show


def _say_ready(ready: Ready, settings: Settings, as_json: bool) -> None:
    if as_json:
        print_json({"event": "ready", **msgspec.to_builtins(ready)})
        return
    host, _ = settings.process.listen.binary_address
    recovery = ready.recovery
    fix = settings.process.listen.fix_address
    fix_door = f"FIX door on {fix[0]}:{ready.fix_port}, " if fix is not None else ""
    operators = f"operators on {ready.operator_door}, " if ready.operator_door else ""
    print(
        f"ready: binary door on {host}:{ready.binary_port}, {fix_door}{operators}"
        f"process {ready.pid}, engine {ready.engine}\n"
        f"  command {ready.seq:,}, state {ready.state_hash[:16]}, recovered in {recovery.seconds:.3f} s: "
        f"{recovery.commands_replayed:,} commands behind the snapshot of command {recovery.snapshot_seq:,}",
        flush=True,
    )


def _say_stopped(stopped: Stopped, as_json: bool) -> None:
    if as_json:
        print_json({"event": "stopped", **msgspec.to_builtins(stopped)})
    else:
        print(f"stopped: command {stopped.seq:,}, state hash {stopped.state_hash}", flush=True)
