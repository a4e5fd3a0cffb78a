"""The FIX door over TCP: orders through one session, one order at a time, many idle sessions, a long resend.

`fix-throughput`: a compiled load (native/fix_load.c) against the venue and, in turns, against QuickFIX's SocketAcceptor
in front of the same engine (`quickfix_acceptor`). `fix-round-trip`: beside a uvloop server that answers each order with
a canned report of the same size. `fix-sessions`: CPU time of 500 sessions that only send heartbeats. `fix-resend`:
round trips of one session while another has 100,000 messages sent again.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from gateway.fix.client import FixClient, utc_now
from tests.bench.fix_line import PLACE, PLACE_CANCEL, SYMBOL, FixLine, Load
from tests.bench.harness import ROOT, Options, Refused, Report, Target, benchmark, median_ratio, rounds, say
from tests.bench.venue import PAUSE_S, WARM_UP, Echoed, cores, cpu_seconds, echo_server, running_venue
from tests.live_venue import CONFIG

ORDERS_TARGET = 200_000.0
RATIO_TARGET = 15.0
ROUND_TRIP_TARGET = 1.4
IDLE_TARGET_PERCENT = 5.0
DELAY_TARGET_US = 1_000.0

MAKER, TAKER = "MAKER44", "TAKER44"  # sessions of the demo's participants
MIXES = {"place": PLACE, "place-cancel": PLACE_CANCEL}
WINDOWS = (64, 512, 2_048)
ORDERS = 60_000  # of a round, of the venue
PEER_WINDOW = 64
PEER_ORDERS = 3_000
ROUND_TRIPS = 1_000
SESSIONS = 500
CONNECT_SECONDS = 5
HEARTBEATS_S = (30, 1)
IDLE_SECONDS = 15
RESENT = 100_000
RESEND_SAMPLES = 1_500
ROUND_TRIPS_CALM = 3_000

_SESSION = """
[[fix_session]]
id = {id}
name = "IDLE-{id}"
scope = "account"
node = 1
version = "FIX.4.4"
sender_comp_id = "IDLE{id}"
networks = ["127.0.0.0/8"]
cancel_on_disconnect = []
"""


@contextmanager
def on_load_core() -> Iterator[None]:
    """This process runs on the core that is not the venue's."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores()[1]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# ----------------------------------------------------------------------------------------------------- throughput


@contextmanager
def quickfix_acceptor() -> Iterator[tuple[int, int]]:
    """(port, process id) of the peer, on the venue's core."""
    with tempfile.TemporaryDirectory(prefix="perpgate-bench-") as name:
        command = [sys.executable, "-m", "tests.bench.quickfix_acceptor", name, MAKER]
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {cores()[0]})
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        finally:
            os.sched_setaffinity(0, before)
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            try:
                port = process.stdout.readline()
                if not port:
                    raise Refused("the QuickFIX acceptor did not start: is the `quickfix` package installed?")
                yield int(port), process.pid
            finally:
                process.stdin.close()


class Contestant:
    """One server, one mix and one window: a run gives orders a second; CPU time and latencies are kept."""

    def __init__(self, line: FixLine, pid: int, mix: str, window: int, orders: int) -> None:
        self._line, self._pid, self._mix, self._window, self._orders = line, pid, mix, window, orders
        self.cpu_us: list[float] = []
        self.p50_us: list[float] = []
        self.p99_us: list[float] = []
        self.report_bytes = 0.0

    def run(self) -> float:
        with Load(self._line, MIXES[self._mix]) as load:
            load.run(self._orders // 10, self._window)
            before_s = cpu_seconds(self._pid)
            seconds = load.run(self._orders, self._window)
            self.cpu_us.append((cpu_seconds(self._pid) - before_s) * 1e6 / self._orders)
            latencies = load.latencies_us()
            self.p50_us.append(latencies[len(latencies) // 2])
            self.p99_us.append(latencies[len(latencies) * 99 // 100])
            self.report_bytes = load.received_bytes / load.reports
        return self._orders / seconds


@benchmark("fix-throughput")
def throughput(options: Options) -> Report:
    report = Report(
        "Orders through one FIX 4.4 session, the server on one core, the load on another",
        ("server, mix, window", "orders/s", "messages/s", "CPU us/order", "p50 us", "p99 us", "bytes/report"),
        notes=["an order counts when its report (150=0) has come; place-cancel sends a cancel for each as well",
               "the venue: page-cache journal, compiled engine; QuickFIX: these, memory store, no log or dictionary"],
    )  # fmt: skip
    with (
        running_venue(durability="page-cache", segment_mib="64", queue_kib="65536") as venue,
        quickfix_acceptor() as (peer_port, peer_pid),
        on_load_core(),
    ):
        assert venue.process is not None
        with FixLine(venue.process.fix_port, MAKER) as line, FixLine(peer_port, MAKER) as peer:
            contestants = {
                f"perpgate, {mix}, {window}": Contestant(line, venue.process.pid, mix, window, ORDERS)
                for mix in MIXES
                for window in WINDOWS
            }
            contestants |= {
                f"QuickFIX, {mix}, {PEER_WINDOW}": Contestant(peer, peer_pid, mix, PEER_WINDOW, PEER_ORDERS)
                for mix in MIXES
            }

            def runner(name: str, contestant: Contestant) -> Callable[[], float]:
                def run() -> float:
                    say(f"   {name}")
                    orders = contestant.run()
                    if name.startswith("perpgate, place,"):
                        line.cancel_all()
                    return orders

                return run

            figures = rounds({name: runner(name, c) for name, c in contestants.items()}, options.rounds)
    for name, contestant in contestants.items():
        orders = statistics.median(figures[name])
        report.rows.append([
            name, orders, orders * (2 if "cancel" in name else 1), statistics.median(contestant.cpu_us),
            statistics.median(contestant.p50_us), statistics.median(contestant.p99_us), contestant.report_bytes,
        ])  # fmt: skip
    _throughput_targets(report, figures)
    return report


def _throughput_targets(report: Report, figures: dict[str, list[float]]) -> None:
    """Of each mix: our best window against the target, and against the peer, round by round."""
    for mix in MIXES:
        ours = {name: f for name, f in figures.items() if name.startswith(f"perpgate, {mix},")}
        best = max(ours, key=lambda name: statistics.median(ours[name]))
        orders = statistics.median(ours[best])
        ratio = median_ratio(ours[best], figures[f"QuickFIX, {mix}, {PEER_WINDOW}"])
        report.targets.append(Target(f"orders through one session, {mix}", orders, ORDERS_TARGET, True, "orders/s"))
        report.targets.append(Target(f"over the QuickFIX acceptor, {mix}", ratio, RATIO_TARGET, True, "times"))


# ------------------------------------------------------------------------------------------------- one at a time


class FixTrader:
    """Places an order far from the market, waits for its report, and cancels it unmeasured."""

    def __init__(self, line: FixLine) -> None:
        self._line = line
        self._socket = line.socket
        self._orders = 0
        self.report_bytes = 0

    def order(self) -> bytes:
        self._orders += 1
        return self._line.compose(
            "D",
            ((11, f"o{self._orders:09}"), (55, SYMBOL), (54, 1), (60, utc_now()), (38, 1), (40, 2), (44, 100), (59, 1)),
        )

    def round_trip_ns(self) -> int:
        order = self.order()
        began_ns = time.perf_counter_ns()
        self._socket.send(order)
        answer = self._socket.recv(65_536)
        while answer[-8:-4] != b"\x0110=":  # the report is not whole
            answer += self._socket.recv(65_536)
        took_ns = time.perf_counter_ns() - began_ns
        self.report_bytes = len(answer)
        name = f"{self._orders:09}"
        self._line.send("F", ((11, f"c{name}"), (41, f"o{name}"), (55, SYMBOL), (54, 1), (60, utc_now())))
        self._line.receive_until("8", t150="4")
        return took_ns


def measure(trip: Callable[[], int], count: int, warm_up: int = WARM_UP) -> list[float]:
    """Microseconds of so many round trips, a pause before each: at low load the server has done with the last one."""
    for _ in range(warm_up):
        trip()
    taken = []
    for _ in range(count):
        time.sleep(PAUSE_S)
        taken.append(trip() / 1000)
    return taken


@benchmark("fix-round-trip")
def round_trip(options: Options) -> Report:
    report = Report(
        "One FIX order at a time, beside a bare uvloop server with a canned report of the same size",
        ("server", "p50 us", "p99 us", "ratio of p50"),
        notes=["the client sleeps in recv; server and client on a core each; the venue journals into the page cache"],
    )
    with running_venue(durability="page-cache") as venue:
        assert venue.process is not None
        with FixLine(venue.process.fix_port, MAKER) as line:
            trader = FixTrader(line)
            trader.round_trip_ns()
            order = trader.order()
            line.next_out -= 1
            with echo_server(len(order), trader.report_bytes) as port:
                echoed = Echoed(port, order, trader.report_bytes)
                samples: dict[str, list[float]] = {"bare uvloop": [], "perpgate": []}

                def run(name: str, trip: Callable[[], int]) -> float:
                    taken = measure(trip, ROUND_TRIPS)
                    samples[name] += taken
                    return statistics.median(taken)

                with on_load_core():
                    figures = rounds(
                        {
                            "bare uvloop": lambda: run("bare uvloop", echoed.round_trip_ns),
                            "perpgate": lambda: run("perpgate", trader.round_trip_ns),
                        },
                        options.rounds,
                    )
                echoed.close()
    ratio = median_ratio(figures["perpgate"], figures["bare uvloop"])
    for name, taken in samples.items():
        own = 1.0 if name == "bare uvloop" else ratio
        report.rows.append([name, statistics.median(figures[name]), percentile(taken, 99), own])
    report.notes.append(f"{len(order)} bytes of order, {trader.report_bytes} bytes of report")
    report.targets.append(Target("FIX round trip over bare uvloop, p50", ratio, ROUND_TRIP_TARGET, False, "times"))
    return report


def percentile(samples: list[float], percent: int) -> float:
    ordered = sorted(samples)
    return ordered[len(ordered) * percent // 100]


# -------------------------------------------------------------------------------------------------- idle sessions


async def _all_heartbeats(port: int, pid: int) -> dict[int, float]:
    """Percent of a core by HeartBtInt."""
    clients = [FixClient("127.0.0.1", port, "FIX.4.4", f"IDLE{i}", "PERPGATE") for i in range(100, 100 + SESSIONS)]
    percents = {}
    for heartbeat_s in HEARTBEATS_S:
        say(f"   {SESSIONS} sessions, a heartbeat every {heartbeat_s} s")
        percents[heartbeat_s] = await _heartbeats(clients, heartbeat_s, pid)
    return percents


async def _heartbeats(clients: list[FixClient], heartbeat_s: int, pid: int) -> float:
    """Percent of a core that the venue takes for sessions that only send heartbeats."""
    for client in clients:
        client.heartbeat_s = heartbeat_s
        await client.connect()
        await asyncio.sleep(min(heartbeat_s, CONNECT_SECONDS) / SESSIONS)  # their heartbeats are spread as well
    before_s, began_s = cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    percent = 100 * (cpu_seconds(pid) - before_s) / (time.monotonic() - began_s)
    if not all(client.is_connected for client in clients):
        raise Refused("a session did not stay connected")
    for client in clients:
        await client.logout()
    return percent


@benchmark("fix-sessions")
def sessions(options: Options) -> Report:
    report = Report(
        f"{SESSIONS} FIX sessions, connected and heartbeating",
        ("HeartBtInt", "heartbeats/s each way", "percent of a core"),
        notes=[f"CPU time of the venue's process over {IDLE_SECONDS} s, everything that it does included"],
    )
    with tempfile.TemporaryDirectory(prefix="perpgate-bench-") as name:
        participants = Path(name) / "participants.toml"
        text = (CONFIG / "demo-participants.toml").read_text()
        participants.write_text(text + "".join(_SESSION.format(id=i) for i in range(100, 100 + SESSIONS)))
        changes = {"sessions_max": "1_024", "resend_messages": "1_024"}
        with running_venue(durability="page-cache", participants=str(participants), **changes) as venue, on_load_core():
            assert venue.process is not None
            idle = _idle_percent(venue.process.pid)
            report.rows.append(["no session", 0.0, idle])
            percents = uvloop.run(_all_heartbeats(venue.process.fix_port, venue.process.pid))
            for heartbeat_s, percent in percents.items():
                report.rows.append([f"{heartbeat_s} s", SESSIONS / heartbeat_s, percent])
            what = f"{SESSIONS} sessions, HeartBtInt {HEARTBEATS_S[0]}"
            report.targets.append(Target(what, percents[HEARTBEATS_S[0]], IDLE_TARGET_PERCENT, False, "% of a core"))
    return report


def _idle_percent(pid: int) -> float:
    before_s, began_s = cpu_seconds(pid), time.monotonic()
    time.sleep(IDLE_SECONDS / 4)
    return 100 * (cpu_seconds(pid) - before_s) / (time.monotonic() - began_s)


# --------------------------------------------------------------------------------------------------- a long resend


class Reader:
    """Reads what a session is sent again, in a process of its own that looks at no message: until its last bytes."""

    def __init__(self, line: FixLine, end: bytes) -> None:
        self._done, child = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            if os.sched_getscheduler(0) == os.SCHED_OTHER:
                os.nice(19)
            else:  # `chrt -f`, where other work would disturb
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
            line.socket.settimeout(None)
            buffer = bytearray(1 << 16)
            while end not in buffer[: (size := line.socket.recv_into(buffer))] and size:
                pass
            os.write(child, b".")
            os._exit(0)
        os.close(child)
        os.set_blocking(self._done, False)

    @property
    def is_done(self) -> bool:
        try:
            return bool(os.read(self._done, 1))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.waitpid(self._pid, 0)
        os.close(self._done)


@benchmark("fix-resend")
def resend(options: Options) -> Report:
    report = Report(
        f"Round trips of one session while another has {RESENT:,} messages sent again",
        ("meanwhile", "round trips", "p50 us", "p99 us", "max us"),
        notes=["the other session's reader shares the client's core, at the lowest priority"],
    )
    changes = {"resend_messages": str(1 << 18), "queue_kib": "65536", "segment_mib": "64"}
    with running_venue(durability="page-cache", **changes) as venue, on_load_core():
        assert venue.process is not None
        with FixLine(venue.process.fix_port, MAKER) as line, FixLine(venue.process.fix_port, TAKER) as other:
            with Load(other, PLACE_CANCEL) as load:
                load.run(RESENT // 2, WINDOWS[1])
            trader = FixTrader(line)
            calm, busy, resends, seconds = [], [], 0, []
            while len(busy) < RESEND_SAMPLES:
                calm += measure(trader.round_trip_ns, ROUND_TRIPS_CALM // 10)
                began_s = time.monotonic()
                reader = Reader(other, b"112=END%d\x01" % resends)
                other.send("2", ((7, 2), (16, RESENT + 1)))
                other.send("1", ((112, f"END{resends}"),))  # answered behind the last of them
                while not reader.is_done:
                    busy += measure(trader.round_trip_ns, 1, 0)
                seconds.append(time.monotonic() - began_s)
                reader.close()
                resends += 1
            say(f"   {resends} resends")
    for name, samples in (("nothing", calm), ("a resend", busy)):
        report.rows.append([
            name, len(samples), statistics.median(samples), percentile(samples, 99), max(samples),
        ])  # fmt: skip
    grown = percentile(busy, 99) - percentile(calm, 99)
    report.targets.append(Target("p99 grows by", grown, DELAY_TARGET_US, False, "us"))
    report.notes.append(
        f"{resends} resends of {RESENT:,} messages, {RESENT / statistics.median(seconds):,.0f} messages/s"
    )
    return report
