"""The demo from start to end: a venue in its own process, order flow, SIGKILL in the middle, recovery, orderly end.

The maker trades over FIX, the taker over the binary door. What it claims it checks: state hashes against a full replay
of the journal by another process, the book against the flow's own, the FIX session's numbers across the kill. Called
by `perpgate demo`; it prints nothing itself but what `DemoScreen` shows.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from engine.records import Side, format_e8
from gateway.bootstrap import instrument_fields
from gateway.client import BinaryClient
from gateway.config import Settings
from gateway.demo.player import FlowPlayer
from gateway.demo.screen import DemoScreen
from gateway.demo.seats import BinarySeat, FixSeat, Seat
from gateway.fix.client import FixClient
from gateway.flow import FlowInstrument, FlowMessage, FlowTranslator, Role, read_flow
from gateway.load import PERCENTILES
from gateway.venue_process import VenueProcess

MAKER = ("FIX.4.4", "MAKER44", "PERPGATE")  # BeginString, SenderCompID, TargetCompID
TAKER = ("TAKER", "taker-demo", 2)  # user, password, account
REPLAY_TIMEOUT_S = 300.0
CONNECT_TIMEOUT_S = 30.0
KILL_IN_FLIGHT = 8  # requests without an answer when the venue dies
BEHIND_MIN_S = 0.002  # shorter waits are not worth a turn of the loop


class DemoError(Exception):
    """The demo could not go on; the text says why."""


class Check(msgspec.Struct, frozen=True):
    name: str
    passed: bool
    detail: str


class DemoResult(msgspec.Struct, kw_only=True):
    """`latency_ns`: from a request to its first report, by role and percentile, as the participants' side sees it.
    `doors`: name of each role's door. `fix`: counts of the maker's session, see `FixClient`."""

    messages: int = 0
    requests: int = 0
    reports: int = 0
    trades: int = 0
    traded_shares: int = 0
    seconds: float = 0.0
    seq: int = 0
    state_hash: str = ""
    outage_s: float = 0.0
    recovery: dict[str, Any] = {}
    latency_ns: dict[str, dict[str, int]] = {}
    doors: dict[str, str] = {}
    fix: dict[str, int] = {}
    best_bid: str = ""
    best_ask: str = ""
    books_compared: int = 0
    flow: dict[str, int] = {}
    checks: list[Check] = []


class DemoRun:
    """`await DemoRun(...).run()` once. `directory` is empty; journal, snapshots and the venue's log go there.

    seconds: how long the play of the flow shall take; it is not slower than the flow's own time, nor faster than the
    venue and this program.
    """

    def __init__(self, settings: Settings, flow: Path, directory: Path, seconds: float, screen: DemoScreen) -> None:
        self._settings = settings
        self._flow = flow
        self._data = directory / "data"
        self._log = directory / "venue.log"
        self._seconds = seconds
        self._screen = screen
        self._venue: VenueProcess | None = None
        self._maker: FixClient | None = None
        self._replaying: asyncio.Task[None] | None = None
        self._result = DemoResult()

    async def run(self) -> DemoResult:
        """Raises DemoError, PlayerError, VenueProcessError, FlowError or OSError when it cannot go on."""
        seats: dict[Role, Seat] = {}
        try:
            await self._start_venue()
            seats = self._seats()
            for seat in seats.values():
                await seat.connect()
            player = self._player(seats)
            player.start()
            try:
                await self._play(player)
            finally:
                await player.stop()
            for seat in seats.values():
                await seat.leave()
            await self._finish(player)
        finally:
            for seat in seats.values():
                seat.abort()
            if self._venue is not None:
                self._venue.kill()
        return self._result

    # ------------------------------------------------------------------------------------------------- venue

    async def _start_venue(self, port: int = 0, fix_port: int = 0) -> VenueProcess:
        arguments = ["--data", str(self._data), "--listen", f"127.0.0.1:{port}"]
        arguments += ["--listen-fix", f"127.0.0.1:{fix_port}"]
        self._venue = await asyncio.to_thread(
            VenueProcess.start, self._settings.path, log_path=self._log, arguments=arguments
        )
        return self._venue

    async def _crash(self, player: FlowPlayer) -> None:
        """SIGKILL while requests are under way, and a new start on the same data; the play goes on when it is back."""
        venue = self._venue
        assert venue is not None
        killed_s = time.monotonic()
        in_flight = player.stop_clocks()
        await asyncio.sleep(0)  # what was sent goes out
        venue.kill()  # not in a thread: the loop must not read the answers meanwhile
        self._screen.say(f"SIGKILL: the venue is dead, {in_flight} requests were without an answer")
        before = self._fix_counts()
        ready = (await self._start_venue(venue.port, venue.fix_port)).ready
        recovery = ready["recovery"]
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await player.connected()
        await player.settle()
        self._result.outage_s = time.monotonic() - killed_s
        self._result.recovery = {**recovery, "seq": ready["seq"], "state_hash": ready["state_hash"]}
        self._screen.say(
            f"the venue is back: command {ready['seq']:,}, recovered in {recovery['seconds']:.3f} s (snapshot of "
            f"command {recovery['snapshot_seq']:,}, {recovery['commands_replayed']:,} commands replayed); the sessions "
            f"went on {self._result.outage_s:.2f} s after the kill"
        )
        wrong = player.difference()
        self._check(
            "sessions went on where they were", not wrong, wrong or "every request answered once, no report lost"
        )
        self._check_numbers(before, in_flight)
        self._replaying = asyncio.get_running_loop().create_task(self._compare_recovered(ready))

    def _check_numbers(self, before: dict[str, int], in_flight: int) -> None:
        """The FIX session logged on again with the next numbers, and what either side had missed came after it."""
        counts = self._fix_counts()
        since = {name: count - before[name] for name, count in counts.items()}
        went_on = since["logons"] == 1 and since["next_in"] > 0 and since["next_out"] > 0
        detail = (
            f"Logon with number {before['next_out']:,} and no reset; of {in_flight} requests under way the maker sent "
            f"{since['sent_again']} again; {since['next_in'] - 1} messages followed the venue's Logon, "
            f"{since['received_again']} of them for the second time"
        )
        self._check("FIX session kept its sequence numbers", went_on, detail)

    def _fix_counts(self) -> dict[str, int]:
        client = self._maker
        assert client is not None
        names = ("next_out", "next_in", "logons", "sent_again", "received_again", "gaps")
        return {name: getattr(client, name) for name in names}

    async def _compare_recovered(self, ready: dict[str, Any]) -> None:
        """Beside the live venue: replays its journal from the first command to where it recovered."""
        replayed = await self._replay("--until-seq", str(ready["seq"]))
        same = ready["state_hash"] == replayed["state_hash"]
        self._check("recovered state = full replay", same, _compared(ready, replayed))
        self._screen.say(
            f"full replay by another process: {replayed['commands']:,} commands in {replayed['seconds']:.2f} s, "
            f"state {replayed['state_hash'][:16]}, {'the same' if same else 'NOT THE SAME'} as the recovered one"
        )

    async def _replay(self, *arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "gateway", "replay", str(self._data), "--json", *arguments]
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=REPLAY_TIMEOUT_S, check=False
        )
        if done.returncode != 0:
            raise DemoError(f"the replay of the journal failed ({done.returncode}): {done.stderr.strip()}")
        state: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return state

    # -------------------------------------------------------------------------------------------------- play

    def _seats(self) -> dict[Role, Seat]:
        """The maker's at the FIX door, the taker's at the binary one."""
        venue = self._venue
        assert venue is not None
        item = self._settings.market.instrument[0]
        begin_string, sender, target = MAKER
        user, password, account = TAKER
        self._maker = FixClient("127.0.0.1", venue.fix_port, begin_string, sender, target)
        taker = BinaryClient("127.0.0.1", venue.port, user, password)
        return {Role.MAKER: FixSeat(self._maker, item.symbol), Role.TAKER: BinarySeat(taker, account, item.id)}

    def _player(self, seats: dict[Role, Seat]) -> FlowPlayer:
        fields = instrument_fields(self._settings.market.instrument[0], self._settings.market)
        instrument = FlowInstrument(fields["tick_size_e8"], fields["min_price_e8"], fields["max_price_e8"])
        self._result.doors = {role.name.lower(): seat.door for role, seat in seats.items()}
        return FlowPlayer(FlowTranslator(instrument), seats)

    async def _play(self, player: FlowPlayer) -> None:
        total, first, last = _extent(self._flow)
        span_ns = max(last.time_ns - first.time_ns, 1)
        speed = max(1.0, span_ns / 1e9 / self._seconds)
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        crashed = False
        self._screen.say(
            f"{self._flow.name}: {total:,} messages, {span_ns / 1e9:,.0f} s of market time, {speed:.0f} times as fast"
        )
        for message in read_flow(self._flow):
            wait_s = start_s + (message.time_ns - first.time_ns) / 1e9 / speed - loop.time()
            is_dying = not crashed and message.line * 2 >= total  # in a burst, not idle
            if wait_s > BEHIND_MIN_S and not is_dying:
                await player.settle()
                self._compare(player)
                await asyncio.sleep(wait_s)
            await player.play(message)
            if is_dying and (player.in_flight >= KILL_IN_FLIGHT or message.line == total):
                crashed = True
                before_s = loop.time()
                await self._crash(player)
                start_s += loop.time() - before_s
            self._screen.show(player, message.time_ns)
        await player.settle()
        self._compare(player)
        self._result.seconds = loop.time() - start_s
        self._count(player, total)

    def _compare(self, player: FlowPlayer) -> None:
        wrong = player.difference()
        if wrong:
            raise DemoError(f"after line {player.line} of the flow the books differ: {wrong}")
        self._result.books_compared += 1

    def _count(self, player: FlowPlayer, total: int) -> None:
        result = self._result
        result.messages, result.requests, result.reports = total, player.requests, player.reports
        result.trades, result.traded_shares = player.trades, player.translator.counts.executed_shares
        result.flow = msgspec.structs.asdict(player.translator.counts)
        result.latency_ns = {
            role.name.lower(): {f"{p:g}": int(latency.get_value_at_percentile(p)) for p in PERCENTILES}
            for role, latency in player.latency.items()
        }
        result.fix = self._fix_counts()
        self._check("best bid and ask followed the flow", True, f"compared {result.books_compared:,} times")

    async def _finish(self, player: FlowPlayer) -> None:
        """An orderly stop, and the last comparison: with the state that the journal gives."""
        venue = self._venue
        assert venue is not None
        if self._replaying is not None:
            await self._replaying
        stopped = await asyncio.to_thread(venue.stop)
        replayed = await self._replay()
        same = (stopped["seq"], stopped["state_hash"]) == (replayed["seq"], replayed["state_hash"])
        self._result.seq, self._result.state_hash = stopped["seq"], stopped["state_hash"]
        self._check("state at the end = full replay", same, _compared(stopped, replayed))
        [book] = [row for row in replayed["books"] if row["instrument_id"] == self._settings.market.instrument[0].id]
        venue_best = {Side.BUY: book["bid"], Side.SELL: book["ask"]}
        flow_best = {side: _text(player.translator.book.best(side)) for side in Side}
        self._result.best_bid, self._result.best_ask = flow_best[Side.BUY], flow_best[Side.SELL]
        agrees = venue_best == flow_best
        detail = f"bid {flow_best[Side.BUY]}, ask {flow_best[Side.SELL]}"
        self._check(
            "final book = the flow's book",
            agrees,
            detail if agrees else f"{detail}, but the journal gives {venue_best}",
        )

    def _check(self, name: str, passed: bool, detail: str) -> None:
        self._result.checks.append(Check(name, passed, detail))


def _extent(flow: Path) -> tuple[int, FlowMessage, FlowMessage]:
    """Number of messages, the first and the last. Raises DemoError when there is none."""
    first = last = None
    total = 0
    for message in read_flow(flow):
        first = first or message
        last = message
        total = message.line
    if first is None or last is None:
        raise DemoError(f"{flow} has no messages")
    return total, first, last


def _compared(claimed: dict[str, Any], replayed: dict[str, Any]) -> str:
    texts = [f"command {state['seq']:,}, state {state['state_hash'][:16]}" for state in (claimed, replayed)]
    return texts[0] if texts[0] == texts[1] else f"the venue has {texts[0]}, the replay {texts[1]}"


def _text(best: tuple[int, int] | None) -> str:
    """`quantity @ price` in decimal text, as `perpgate replay` prints it; empty for an empty side."""
    return "" if best is None else f"{format_e8(best[1])} @ {format_e8(best[0])}"
