"""`perpgate load`: sends orders to a venue, at a rate or as fast as they are answered; prints rates and latencies."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.bootstrap import instrument_fields
from gateway.commands.options import add_config, decimal_e8, read_settings, seconds, whole_number
from gateway.commands.outcome import (
    ExitCode,
    Refusal,
    add_json,
    error_console,
    format_ns,
    print_json,
    print_pairs,
    print_table,
)
from gateway.config import Settings, read_toml, split_address
from gateway.config_types import ConfigError
from gateway.load import MIXES, PERCENTILES, LoadError, LoadPlan, LoadResult, LoadSession, run_load
from gateway.venue_process import VenueProcess, VenueProcessError

DESCRIPTION = """\
Sends orders over the binary door and measures how fast and how quickly they are answered.

Open loop (--rate): requests are due at an even pace and their clocks start when they are due, so that a stall counts
for every request that it held up. Closed loop (--window): each connection keeps so many requests in flight; this finds
the highest rate, and its latencies are those at that rate. Warm-up seconds are not counted. At the end everything that
still rests is cancelled.

mixes:
  place-cancel  LIMIT orders that rest, each cancelled when --depth younger ones rest
  alo           ALO orders, each replaced once and then cancelled
  ioc           half of the connections rest ALO orders, the other half take them with IOC orders

Without an address it starts a venue of its own from --config, in a temporary directory, for the run."""

DEMO_SESSIONS = tuple(LoadSession(username=f"LOAD{n}", password=f"load-{n}", account=n + 2) for n in range(1, 5))
WINDOW = 256


class SessionsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    session: tuple[LoadSession, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", nargs="?", help="host:port of a running venue's binary door; none: starts its own")
    add_config(parser, "the venue to start, and the market that orders are made for")
    parser.add_argument(
        "--sessions",
        type=Path,
        metavar="FILE",
        help="TOML with [[session]] username, password, account (default: the demo's LOAD1 to LOAD4)",
    )
    parser.add_argument("--symbol", help="instrument (default: the first of the market file)")
    parser.add_argument(
        "--mid-price",
        type=decimal_e8,
        metavar="P",
        help="centre of the orders' prices (default: the instrument's mark_price)",
    )
    parser.add_argument(
        "--mix", choices=sorted(MIXES), default="place-cancel", help="what is sent (default: %(default)s)"
    )
    loop = parser.add_mutually_exclusive_group()
    loop.add_argument(
        "--rate", type=whole_number, metavar="N", help="open loop: requests per second, all connections together"
    )
    loop.add_argument(
        "--window", type=whole_number, metavar="N", help=f"closed loop: in flight per connection (default: {WINDOW})"
    )
    parser.add_argument("--connections", type=whole_number, metavar="N", default=2, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=seconds, metavar="N", default=10, help="measured (default: %(default)s)")
    parser.add_argument(
        "--warm-up", type=seconds, metavar="N", default=1, help="seconds before that (default: %(default)s)"
    )
    parser.add_argument(
        "--depth",
        type=whole_number,
        metavar="N",
        default=1_000,
        help="resting orders per connection (default: %(default)s)",
    )
    parser.add_argument(
        "--busy-poll", action="store_true", help="never sleep: keeps this program's wake-ups out of the latencies"
    )
    parser.add_argument("--cpu", type=int, metavar="N", help="core that this program is bound to for the run")
    parser.add_argument(
        "--percentiles", type=Path, metavar="FILE", help="writes the whole distribution, in microseconds"
    )
    parser.add_argument(
        "--serve-option",
        action="append",
        default=[],
        metavar="OPTION",
        help="given to the venue that is started, such as --serve-option=--busy-poll; may be repeated",
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    settings = read_settings(options.config)
    sessions = _sessions(options)
    with _venue(options, settings) as (host, port):
        plan = _plan(options, settings, sessions, host, port)
        result = _run(plan, options.percentiles)
    if options.json:
        print_json({"event": "load_done", **msgspec.structs.asdict(result)})
    else:
        _print(result)
    return ExitCode.OK if result.missed == 0 else ExitCode.NO


def _sessions(options: argparse.Namespace) -> tuple[LoadSession, ...]:
    sessions = DEMO_SESSIONS
    if options.sessions is not None:
        try:
            sessions = read_toml(options.sessions, SessionsFile).session
        except ConfigError as error:
            raise Refusal(str(error)) from None
    if options.connections > len(sessions):
        source = options.sessions or "the demo's configuration"
        raise Refusal(f"{options.connections} connections need as many sessions, {source} has {len(sessions)}")
    return sessions[: options.connections]


@contextmanager
def _venue(options: argparse.Namespace, settings: Settings) -> Iterator[tuple[str, int]]:
    """Where the venue listens: the one that runs already, or one that is started for the run."""
    if options.address is not None:
        try:
            yield split_address(options.address)
        except ValueError as error:
            raise Refusal(str(error)) from None
        return
    with tempfile.TemporaryDirectory(prefix="perpgate-load-") as directory:
        try:
            venue = VenueProcess.start(
                settings.path,
                log_path=Path(directory) / "venue.log",
                arguments=["--data", str(Path(directory) / "data"), "--listen", "127.0.0.1:0", *options.serve_option],
            )
        except VenueProcessError as error:
            raise Refusal(str(error), ExitCode.UNAVAILABLE) from None
        try:
            yield "127.0.0.1", venue.port
        finally:
            venue.kill()  # nobody needs its data


def _plan(
    options: argparse.Namespace, settings: Settings, sessions: tuple[LoadSession, ...], host: str, port: int
) -> LoadPlan:
    by_symbol = {item.symbol: item for item in settings.market.instrument}
    item = by_symbol.get(options.symbol or settings.market.instrument[0].symbol)
    if item is None:
        raise Refusal(f"there is no instrument {options.symbol!r} in {settings.market_path}: {', '.join(by_symbol)}")
    mid_price_e8 = options.mid_price or int(item.mark_price or 0)
    if mid_price_e8 == 0:
        raise Refusal(f"{item.symbol} has no mark_price in {settings.market_path}: give --mid-price")
    fields = instrument_fields(item, settings.market)
    tick_e8, lot_e8 = int(fields["tick_size_e8"]), int(fields["lot_size_e8"])
    notional_micro = int(fields["min_notional_micro"])
    lots = max(int(fields["min_quantity_e8"]) // lot_e8, 1)
    lots = max(lots, -(-notional_micro * 10**10 // ((mid_price_e8 - 30 * tick_e8) * lot_e8)))
    return LoadPlan(
        host=host,
        port=port,
        sessions=sessions,
        instrument_id=item.id,
        mid_price_e8=mid_price_e8 // tick_e8 * tick_e8,
        tick_e8=tick_e8,
        lot_e8=lots * lot_e8,
        mix=options.mix,
        window=0 if options.rate else options.window or WINDOW,
        rate_per_s=options.rate or 0,
        seconds=options.seconds,
        warm_up_s=options.warm_up,
        depth=options.depth,
        busy_poll=options.busy_poll,
        cpu=options.cpu,
    )


def _run(plan: LoadPlan, percentiles: Path | None) -> LoadResult:
    total_s = plan.warm_up_s + plan.seconds
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = error_console()
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("requests", total=total_s)

            def show(elapsed_s: float, answered: int) -> None:
                bar.update(task, completed=min(elapsed_s, total_s), description=f"{answered:,} requests answered")

            if percentiles is None:
                return run_load(plan, show)
            with percentiles.open("wb") as file:
                return run_load(plan, show, file)
    except LoadError as error:
        raise Refusal(str(error), ExitCode.UNAVAILABLE) from None
    except OSError as error:
        raise Refusal(f"{error.filename or 'the connection'}: {error.strerror}", ExitCode.UNAVAILABLE) from None


def _print(result: LoadResult) -> None:
    loop = (
        f"open loop, {result.rate_per_s:,}/s" if result.rate_per_s else f"closed loop, {result.window} in flight each"
    )
    print_pairs(
        [
            ("requests answered", f"{result.requests:,} ({result.requests_per_s:,.0f}/s)"),
            ("of them orders", f"{result.orders:,} ({result.orders_per_s:,.0f}/s)"),
            ("reports received", f"{result.reports:,}"),
            ("fills", f"{result.fills:,}"),
            ("rejected", f"{result.rejected:,}" if result.rejected else ""),
            ("rejected for", ", ".join(f"{name} {count:,}" for name, count in result.rejections.items())),
            ("answers missing", f"{result.missed:,}" if result.missed else ""),
        ],
        f"{result.mix}, {loop}, {result.connections} connections, {result.seconds:.1f} s",
    )
    rows = [("answered after", *(format_ns(result.latency_ns[f"{p:g}"]) for p in PERCENTILES if result.latency_ns))]
    if result.lateness_ns:
        rows.append(("sent late by", *(format_ns(result.lateness_ns[f"{p:g}"]) for p in PERCENTILES)))
    headings = ["50 %", "90 %", "99 %", "99.9 %", "99.99 %", "max"]
    print_table([("", "left"), *((heading, "right") for heading in headings)], rows)
