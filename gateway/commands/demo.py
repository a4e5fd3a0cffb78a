"""`perpgate demo`: a venue, order flow, a kill, a recovery, an end, a summary; about a minute."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec
import uvloop

from gateway.commands.options import add_config, read_settings, shipped
from gateway.commands.outcome import ExitCode, Refusal, add_json, format_ns, print_json, print_pairs
from gateway.config import Settings
from gateway.demo.player import PlayerError
from gateway.demo.run import DemoError, DemoResult, DemoRun
from gateway.demo.screen import DemoScreen
from gateway.flow import FlowError, read_flow
from gateway.venue_process import VenueProcessError

DESCRIPTION = """\
Starts a venue with the embedded journal in a process of its own and replays order flow through both of its doors:
resting orders as post-only orders of a maker over FIX 4.4, executions as IOC orders of a taker over the binary
protocol. In the middle it kills the venue with SIGKILL and starts it again; the participants reconnect and go on, the
FIX session with its next sequence numbers. At the end it stops the venue and compares: the state with a full replay of
the journal, best bid and ask with those of the flow. Exit code 1 when one differs.

The flow is in the LOBSTER message format: seconds after midnight, type (1 new, 2 partial cancel, 3 delete, 4 execution,
5 hidden execution), order id, size, price x 10,000, direction of the resting order (1 or -1). `.gz` is unpacked."""

SECONDS = 45


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--flow", type=Path, metavar="FILE", help="order flow (default: config/flow/sample.csv.gz)")
    add_config(parser, "the venue, with one instrument and the demo's participants")
    parser.add_argument(
        "--seconds",
        type=float,
        default=SECONDS,
        metavar="S",
        help="time for the flow; it is played faster than it was, never slower (default: %(default)s)",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="new directory for journal, snapshots and log, kept afterwards"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    settings = read_settings(options.config)
    flow = options.flow or shipped("flow/sample.csv.gz", "--flow")
    total = _count(flow)
    if options.keep is None:
        with tempfile.TemporaryDirectory(prefix="perpgate-demo-") as directory:
            return _run(options, settings, flow, Path(directory), total)
    try:
        options.keep.mkdir(parents=True)
    except FileExistsError:
        raise Refusal(f"--keep: {options.keep} exists, name a directory that does not") from None
    except OSError as error:
        raise Refusal(f"--keep: {options.keep}: {error.strerror}", ExitCode.UNAVAILABLE) from None
    return _run(options, settings, flow, options.keep, total)


def _count(flow: Path) -> int:
    """Messages of the flow, which is thereby read and checked before anything is started."""
    total = 0
    try:
        for message in read_flow(flow):
            total = message.line
    except FlowError as error:
        raise Refusal(str(error)) from None
    return total


def _run(options: argparse.Namespace, settings: Settings, flow: Path, directory: Path, total: int) -> int:
    with DemoScreen(sys.stderr if options.json else sys.stdout, total) as screen:
        try:
            result = uvloop.run(DemoRun(settings, flow, directory, options.seconds, screen).run())
        except (DemoError, PlayerError) as error:
            raise Refusal(f"the demo failed: {error}", ExitCode.NO) from None
        except (TimeoutError, VenueProcessError, OSError) as error:
            raise Refusal(f"the demo cannot go on: {error}", ExitCode.UNAVAILABLE) from None
    passed = all(check.passed for check in result.checks)
    if options.json:
        print_json({"event": "demo_done", "passed": passed, **msgspec.structs.asdict(result)})
    else:
        _print(result, options.keep)
    return ExitCode.OK if passed else ExitCode.NO


def _latencies(latency_ns: dict[str, int]) -> str:
    named = (("p50", "50"), ("p90", "90"), ("p99", "99"), ("max", "100"))
    return ", ".join(f"{name} {format_ns(latency_ns[key])}" for name, key in named)


def _print(result: DemoResult, keep: Path | None) -> None:
    recovery = result.recovery
    doors = ", ".join(f"{role} over {door}" for role, door in result.doors.items())
    outage = f"{result.outage_s:.2f} s from the kill until both sessions went on"
    replayed = f"{recovery['commands_replayed']:,} commands behind the snapshot of command {recovery['snapshot_seq']:,}"
    print_pairs(
        [
            ("flow", f"{result.messages:,} messages in {result.seconds:.1f} s"),
            ("doors", doors),
            ("orders", f"{result.requests:,} requests, {result.reports:,} reports"),
            ("trades", f"{result.trades:,}, {result.traded_shares:,} shares"),
            *[(f"{role} answered in", _latencies(result.latency_ns[role])) for role in result.doors],
            ("outage", outage),
            ("recovery", f"{recovery['seconds']:.3f} s: {replayed}"),
            ("best bid, ask", f"{result.best_bid or 'none'}, {result.best_ask or 'none'}"),
            ("commands", f"{result.seq:,}"),
            ("state hash", result.state_hash),
            ("kept in", str(keep) if keep else ""),
        ],
        "\nSummary",
    )
    print("\nChecks")
    for check in result.checks:
        print(f"  {'passed' if check.passed else 'FAILED'}  {check.name}: {check.detail}")
