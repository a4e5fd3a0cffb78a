"""A whole venue over TCP: how many orders a second it acknowledges, and how long one takes beside a bare echo.

`throughput`: `perpgate load` in a closed loop, page-cache and fsync journal. `round-trip`: one order at a time over a
blocking socket, in turns with a uvloop server that answers the same bytes and does nothing else.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.records import OrderType, Side
from gateway.binary.messages import SOUP_HEADER, NewOrder, decode_report, encode_request
from gateway.client import CancelOrder
from gateway.load import LoadSession, log_in
from tests.bench import native
from tests.bench.harness import ROOT, Options, Refused, Report, Target, benchmark, median_ratio, rounds, say
from tests.live_venue import LiveVenue, live_venue

ORDERS_TARGET = 500_000.0
FSYNC_TARGET = 50_000.0
ROUND_TRIP_TARGET = 1.5
LOAD_SECONDS = 3.0
WARM_UP_SECONDS = 1.0
# Orders alone: short runs, so that all of them have room to rest; what ends a run, their cancel, is not measured.
PLACE_SECONDS, PLACE_WARM_UP_SECONDS, PLACE_DEPTH, PLACE_RUNS = 0.15, 0.05, 95_000, 5
WINDOWS = (64, 512, 2_048)
ROUND_TRIPS = 2_000
WARM_UP = 200
SYNC_DELAY_US = 1_000
PAUSE_S = 0.001  # between round trips: at low load a server has done with the last request when the next one comes


def cores() -> tuple[int, int]:
    """(the venue's, the load's). Raises Refused on a machine with one."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Refused("the venue and its load need a core each")
    return allowed[0], allowed[1]


@contextmanager
def running_venue(environment: dict[str, str] | None = None, **changes: Any) -> Iterator[LiveVenue]:
    """A venue on the first core, in a directory of its own, stopped at the end."""
    core, _ = cores()
    with tempfile.TemporaryDirectory(prefix="perpgate-bench-") as name, live_venue(Path(name), **changes) as venue:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})
        try:
            venue.start(environment=environment)
        finally:
            os.sched_setaffinity(0, before)
        yield venue


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(venue: LiveVenue, window: int, mix: str) -> dict[str, Any]:
    """One run of `perpgate load` on the second core. The mix `place` is place-cancel that ends before its cancels."""
    command = [sys.executable, "-m", "gateway", "load", f"127.0.0.1:{venue.port}", "--window", str(window)]
    command += ["--cpu", str(cores()[1]), "--json"]
    if mix == "place":
        command += ["--seconds", str(PLACE_SECONDS), "--warm-up", str(PLACE_WARM_UP_SECONDS)]
        command += ["--depth", str(PLACE_DEPTH), "--mix", "place-cancel"]
    else:
        command += ["--seconds", str(LOAD_SECONDS), "--warm-up", str(WARM_UP_SECONDS), "--mix", mix]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise Refused(f"the load ended with {done.returncode}: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def load_rows(report: Report, venue: LiveVenue, what: str, windows: tuple[int, ...], mix: str, count: int) -> float:
    """One row for each window: medians over the rounds. Returns the best median of orders a second."""
    best = 0.0
    assert venue.process is not None
    pid = venue.process.pid
    for window in windows:
        say(f"   {what}, {mix}, {window} in flight on each of 2 connections")
        results, cpu_us = [], []
        for _ in range(count):
            before_s = cpu_seconds(pid)
            results.append(load(venue, window, mix))
            if mix != "place":  # whose cancel at the end would be counted too
                requests = results[-1]["requests"] * (LOAD_SECONDS + WARM_UP_SECONDS) / LOAD_SECONDS
                cpu_us.append((cpu_seconds(pid) - before_s) * 1e6 / requests)
        orders = statistics.median(r["orders_per_s"] for r in results)
        best = max(best, orders)
        report.rows.append(
            [
                f"{what}, {mix}, window {window}",
                orders,
                statistics.median(r["requests_per_s"] for r in results),
                statistics.median(cpu_us) if cpu_us else "",
                statistics.median(r["latency_ns"]["50"] for r in results) / 1000,
                statistics.median(r["latency_ns"]["99"] for r in results) / 1000,
            ]
        )
    return best


@benchmark("throughput")
def throughput(options: Options) -> Report:
    report = Report(
        "Orders through TCP, one gateway process, the load on another core",
        ("journal and load", "orders/s", "requests/s", "venue CPU us/request", "p50 us", "p99 us"),
        notes=[
            "an order is acknowledged by its ORDER_NEW; place-cancel sends a cancel for every order as well",
            f"place: orders that rest, {PLACE_RUNS} runs of {PLACE_SECONDS} s; their cancel at the end is not measured",
        ],
    )
    count = max(1, options.rounds // 2)
    with running_venue(durability="page-cache", segment_mib="64", queue_kib="65536") as venue:
        best = load_rows(report, venue, "page-cache", WINDOWS[1:], "place", PLACE_RUNS)
        best = max(best, load_rows(report, venue, "page-cache", WINDOWS, "place-cancel", count))
        best = max(best, load_rows(report, venue, "page-cache", WINDOWS[-1:], "ioc", count))
    report.targets.append(Target("orders acknowledged, page-cache journal", best, ORDERS_TARGET, True, "orders/s"))
    slow_disk = native.build("slow_sync.c", libraries=("dl",))
    environment = {"LD_PRELOAD": str(slow_disk), "PERPGATE_BENCH_SYNC_DELAY_US": str(SYNC_DELAY_US)}
    with running_venue(environment, durability="fsync", segment_mib="64", queue_kib="65536") as venue:
        best = load_rows(report, venue, "fsync of 1 ms", WINDOWS[1:], "place-cancel", count)
    report.targets.append(Target("orders acknowledged, fdatasync of 1 ms", best, FSYNC_TARGET, True, "orders/s"))
    report.notes.append(f"fdatasync is made {SYNC_DELAY_US} us slower by a preloaded library (native/slow_sync.c)")
    return report


# -------------------------------------------------------------------------------------------------- one at a time


class Trader:
    """One connection that places an ALO order far from the market, waits for its report, and cancels it unmeasured."""

    def __init__(self, venue: LiveVenue) -> None:
        session = LoadSession(username="LOAD1", password="load-1", account=3)
        self._socket = log_in("127.0.0.1", venue.port, session)
        self._socket.setblocking(True)
        self._buffer = b""
        self._client_seq = time.time_ns()
        self.request_bytes = len(self._order())
        self.answer_bytes = 0

    def _order(self) -> bytes:
        order = NewOrder(
            cl_ord_id=self._client_seq, account_id=3, instrument_id=1, side=int(Side.BUY), price_e8=10**8,
            quantity_e8=10**8, order_type=int(OrderType.ALO),
        )  # fmt: skip
        return encode_request(order, self._client_seq)

    def round_trip_ns(self) -> int:
        self._client_seq += 1
        packet = self._order()
        began_ns = time.perf_counter_ns()
        self._socket.send(packet)
        report = self._await_answer()
        took_ns = time.perf_counter_ns() - began_ns
        self._client_seq += 1
        cancel = CancelOrder(account_id=3, order_id=report.order_id)
        self._socket.send(encode_request(cancel, self._client_seq))
        self._await_answer()
        return took_ns

    def _await_answer(self) -> Any:
        """The report that echoes the last number; what else arrives is passed over."""
        while True:
            while len(self._buffer) >= 3:
                length, kind = SOUP_HEADER.unpack_from(self._buffer)
                if len(self._buffer) < 2 + length:
                    break
                payload, self._buffer = self._buffer[3 : 2 + length], self._buffer[2 + length :]
                if kind == b"S":
                    report = decode_report(payload)
                    if report is not None and report.client_seq == self._client_seq:
                        self.answer_bytes = self.answer_bytes or 2 + length
                        return report
            self._buffer += self._socket.recv(65_536)

    def close(self) -> None:
        self._socket.close()


class Echoed:
    """The same exchange with the bare server."""

    def __init__(self, port: int, request: bytes, answer_bytes: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request, self._answer_bytes = request, answer_bytes

    def round_trip_ns(self) -> int:
        began_ns = time.perf_counter_ns()
        self._socket.send(self._request)
        left = self._answer_bytes
        while left:
            left -= len(self._socket.recv(65_536))
        return time.perf_counter_ns() - began_ns

    def close(self) -> None:
        self._socket.close()


@contextmanager
def echo_server(request_bytes: int, answer_bytes: int) -> Iterator[int]:
    core, _ = cores()
    command = [sys.executable, "-m", "tests.bench.echo_server", str(request_bytes), str(answer_bytes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        os.sched_setaffinity(process.pid, {core})
        assert process.stdout is not None
        assert process.stdin is not None
        yield int(process.stdout.readline())
        process.stdin.close()


@benchmark("round-trip")
def round_trip(options: Options) -> Report:
    report = Report(
        "One order at a time, beside a bare uvloop echo of the same bytes",
        ("server", "p50 us", "p99 us", "ratio of p50"),
        notes=["the client sleeps in recv; server and client on a core each; the venue journals into the page cache"],
    )
    with running_venue(durability="page-cache") as venue:
        trader = Trader(venue)
        trader.round_trip_ns()
        with echo_server(trader.request_bytes, trader.answer_bytes) as port:
            echoed = Echoed(port, bytes(trader.request_bytes), trader.answer_bytes)
            samples: dict[str, list[float]] = {"bare echo": [], "perpgate": []}

            def run(name: str, contestant: Trader | Echoed) -> float:
                for _ in range(WARM_UP):
                    contestant.round_trip_ns()
                taken = []
                for _ in range(ROUND_TRIPS):
                    time.sleep(PAUSE_S)
                    taken.append(contestant.round_trip_ns() / 1000)
                samples[name] += taken
                return statistics.median(taken)

            before = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {cores()[1]})
            try:
                figures = rounds(
                    {"bare echo": lambda: run("bare echo", echoed), "perpgate": lambda: run("perpgate", trader)},
                    options.rounds,
                )
            finally:
                os.sched_setaffinity(0, before)
            echoed.close()
        trader.close()
    ratio = median_ratio(figures["perpgate"], figures["bare echo"])
    for name, taken in samples.items():
        taken.sort()
        own = 1.0 if name == "bare echo" else ratio
        report.rows.append([name, statistics.median(figures[name]), taken[len(taken) * 99 // 100], own])
    report.targets.append(Target("round trip over bare echo, p50", ratio, ROUND_TRIP_TARGET, False, "times"))
    return report
