"""A load run: log in on several connections, warm up, measure, cancel what rests, log out.

Called by `perpgate load` and by benchmarks. The loop itself is compiled (`gateway._load`); between its slices this
module keeps heartbeats and tells the progress. It never decides what a good figure is.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import IO

import msgspec
from hdrh.histogram import HdrHistogram

from engine.records import Reason
from gateway import _load
from gateway.binary.messages import login_request

SLICE_NS = 100_000_000
LOGIN_TIMEOUT_S = 20.0
DRAIN_TIMEOUT_S = 30.0
HEARTBEAT_NS = 1_000_000_000
LATENCY_NS_MAX = 3_600 * 10**9
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 99.99, 100.0)

MIXES = {  # name -> what each connection sends, in turn
    "place-cancel": (_load.PLACE_CANCEL,),
    "alo": (_load.QUOTE,),
    "ioc": (_load.MAKE, _load.TAKE),
}


class LoadError(Exception):
    """The run could not be made or did not end well; the text says why."""


class LoadSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A login of the binary door and the account that it places orders for."""

    username: str
    password: str
    account: int


class LoadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. Exactly one of `window` (requests in flight per connection) and `rate_per_s` (all connections
    together) is given. `cpu`: core that this process is bound to for the run, None = any."""

    host: str
    port: int
    sessions: tuple[LoadSession, ...]
    instrument_id: int
    mid_price_e8: int
    tick_e8: int
    lot_e8: int
    mix: str = "place-cancel"
    window: int = 0
    rate_per_s: int = 0
    seconds: float = 10.0
    warm_up_s: float = 1.0
    depth: int = 1_000
    levels: int = 20
    busy_poll: bool = False
    cpu: int | None = None


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the measured seconds; latencies in nanoseconds by percentile ("50", "99.9", ...; "100" is the largest).

    An order is a NewOrder; requests are orders, replaces and cancels. `lateness_ns`: how long after they were due
    requests of the open loop were sent, this program's own share of `latency_ns`.
    """

    mix: str
    connections: int
    seconds: float
    window: int
    rate_per_s: int
    requests: int
    orders: int
    rejected: int
    fills: int
    reports: int
    missed: int
    requests_per_s: float
    orders_per_s: float
    latency_ns: dict[str, int]
    lateness_ns: dict[str, int]
    rejections: dict[str, int]


_REASONS = frozenset(int(reason) for reason in Reason)
Progress = Callable[[float, int], None]  # (seconds since the start of the run, requests answered so far)


def run_load(plan: LoadPlan, progress: Progress | None = None, percentiles: IO[bytes] | None = None) -> LoadResult:
    """Makes the run; `percentiles` takes the whole distribution as text (microseconds, HdrHistogram's format).

    Raises LoadError when a login is refused, a connection is closed, or answers stay away.
    """
    if bool(plan.window) == bool(plan.rate_per_s):
        raise LoadError("a run has either a window (closed loop) or a rate (open loop)")
    kinds = MIXES[plan.mix]
    if len(plan.sessions) % len(kinds):
        raise LoadError(f"the mix {plan.mix!r} needs connections in groups of {len(kinds)}: a maker and a taker")
    before = os.sched_getaffinity(0)
    sockets: list[socket.socket] = []
    try:
        if plan.cpu is not None:
            os.sched_setaffinity(0, {plan.cpu})
        sockets += [log_in(plan.host, plan.port, session) for session in plan.sessions]
        connections = [
            _load.LoadConnection(
                sock.fileno(),
                kinds[index % len(kinds)],
                account_id=session.account,
                instrument_id=plan.instrument_id,
                mid_price_e8=plan.mid_price_e8,
                tick_e8=plan.tick_e8,
                lot_e8=plan.lot_e8,
                first_client_seq=time.time_ns(),
                levels=plan.levels,
                depth=plan.depth,
            )
            for index, (sock, session) in enumerate(zip(sockets, plan.sessions, strict=True))
        ]
        return _Run(plan, connections, progress).measure(percentiles)
    finally:
        os.sched_setaffinity(0, before)
        for sock in sockets:
            sock.close()


def log_in(host: str, port: int, session: LoadSession) -> socket.socket:
    """A logged-in, non-blocking socket; reports begin with the next one. Raises LoadError."""
    try:
        sock = socket.create_connection((host, port), LOGIN_TIMEOUT_S)
    except OSError as error:
        raise LoadError(f"{host}:{port} cannot be reached: {error.strerror or error}; is the venue running?") from None
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(login_request(session.username, session.password, sequence=0))
        length = int.from_bytes(_receive(sock, 2), "big")
        packet = _receive(sock, length)
    except OSError as error:
        sock.close()
        raise LoadError(f"login of {session.username!r}: {error}") from None
    if packet[:1] != b"A":
        sock.close()
        what = {b"JA": "not authorised: wrong user or password", b"JS": "its session is live elsewhere"}
        raise LoadError(f"login of {session.username!r} was refused: {what.get(packet[:2], repr(packet))}")
    sock.setblocking(False)
    return sock


def _receive(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise ConnectionError("the venue closed the connection")
        data += part
    return data


class _Run:
    """One run over connections that are logged in."""

    def __init__(self, plan: LoadPlan, connections: Sequence[_load.LoadConnection], progress: Progress | None) -> None:
        self._plan = plan
        self._connections = connections
        self._driver = _load.LoadDriver(connections)
        self._progress = progress
        self._started_s = time.monotonic()

    def measure(self, percentiles: IO[bytes] | None) -> LoadResult:
        self._send(self._plan.warm_up_s)
        self._driver.reset()
        before, rejections_before = self._counts(), self._rejections()
        start_s = time.monotonic()
        self._send(self._plan.seconds)
        seconds = time.monotonic() - start_s
        after = self._counts()
        self._drain("answers")
        latency = _histogram(self._driver.latencies_ns())
        lateness = _histogram(self._driver.latenesses_ns())
        missed = self._counts()["missed"] - before["missed"]
        rejections = {
            reason: count - rejections_before.get(reason, 0)
            for reason, count in self._rejections().items()
            if count > rejections_before.get(reason, 0)
        }
        for connection in self._connections:
            connection.cancel_all()
        self._drain("the mass cancel at the end")
        if percentiles is not None:
            latency.output_percentile_distribution(percentiles, 1_000.0)
        counted = {name: after[name] - before[name] for name in after}
        return LoadResult(
            mix=self._plan.mix,
            connections=len(self._connections),
            seconds=seconds,
            window=self._plan.window,
            rate_per_s=self._plan.rate_per_s,
            requests=counted["answered"],
            orders=counted["placed_answered"],
            rejected=counted["rejected"],
            fills=counted["fills"],
            reports=counted["reports"],
            missed=missed,
            requests_per_s=counted["answered"] / seconds,
            orders_per_s=counted["placed_answered"] / seconds,
            latency_ns=_percentiles(latency),
            lateness_ns=_percentiles(lateness) if self._plan.rate_per_s else {},
            rejections=rejections,
        )

    def _send(self, seconds: float) -> None:
        until_ns = time.monotonic_ns() + int(seconds * 1e9)
        while (left_ns := until_ns - time.monotonic_ns()) > 0:
            self._slice(min(SLICE_NS, left_ns), self._plan.window, self._plan.rate_per_s)

    def _drain(self, what: str) -> None:
        until_s = time.monotonic() + DRAIN_TIMEOUT_S
        self._slice(SLICE_NS)
        while self._driver.outstanding:
            if time.monotonic() > until_s:
                raise LoadError(
                    f"{self._driver.outstanding} requests stayed without {what} for {DRAIN_TIMEOUT_S:.0f} s"
                )
            self._slice(SLICE_NS)

    def _slice(self, duration_ns: int, window: int = 0, rate_per_s: int = 0) -> None:
        for connection in self._connections:
            if connection.idle_ns > HEARTBEAT_NS:
                connection.heartbeat()
        alive = self._driver.run(duration_ns, window=window, rate_per_s=rate_per_s, busy_poll=self._plan.busy_poll)
        if not alive:
            raise LoadError("; ".join(c.closing_text for c in self._connections if not c.is_open))
        if self._progress is not None:
            self._progress(time.monotonic() - self._started_s, self._counts()["answered"])

    def _counts(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for connection in self._connections:
            for name, count in connection.counts().items():
                total[name] = total.get(name, 0) + count
        return total

    def _rejections(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for connection in self._connections:
            for code, count in connection.rejections().items():
                name = Reason(code).name if code in _REASONS else str(code)
                total[name] = total.get(name, 0) + count
        return total


def _histogram(pairs: Iterable[tuple[int, int]]) -> HdrHistogram:
    histogram = HdrHistogram(1, LATENCY_NS_MAX, 3)
    for value_ns, count in pairs:
        histogram.record_value(min(value_ns, LATENCY_NS_MAX), count)
    return histogram


def _percentiles(histogram: HdrHistogram) -> dict[str, int]:
    if histogram.get_total_count() == 0:
        return {}
    return {f"{percentile:g}": int(histogram.get_value_at_percentile(percentile)) for percentile in PERCENTILES}
