"""The engine room without sockets: where an order's time goes, how fast a journal replays, what an order weighs.

`stages` feeds the same orders through each part of the way by itself. `replay` writes a journal of a realistic mix and
replays it as a start would. `memory` rests a million orders of a hundred thousand accounts and looks at the process.
"""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from engine import recovery
from engine.api import Engine, EngineLimits, load_engine
from engine.batch import CommandBatch
from engine.eventlog import EventFile
from engine.journal import Durability, FileJournal
from engine.records import (
    COMMAND_SIZE,
    EVENT_SIZE,
    CommandKind,
    OrderType,
    PartyStatus,
    Scope,
    SessionRight,
    Side,
    TimeInForce,
    pack_command,
)
from gateway.binary._wire import Inbound, encode_events
from gateway.binary.messages import NewOrder, encode_request
from gateway.client import CancelOrder
from tests.bench.harness import ROOT, Options, Report, Target, benchmark, pinned, say

UNIT = 10**8
BATCH = 256
STAGE_ORDERS = 100_000
REPLAY_COMMANDS = 2_000_000
REPLAY_TARGET = 2_000_000.0
MEMORY_ORDERS = 1_000_000
MEMORY_ACCOUNTS = 100_000
MEMORY_TARGET = 256.0
START_NS = 1_800_000_000 * 10**9


def small_limits() -> EngineLimits:
    return EngineLimits(instruments_max=4, firms_max=4, desks_max=4, traders_max=8, accounts_max=64, sessions_max=8)


def set_up(engine: Engine, accounts: int, orders_per_account: int = 0) -> None:
    """One firm, desk, trader and session (of the firm), `accounts` accounts, one instrument without bump and band."""
    party = {"status": int(PartyStatus.ACTIVE)}
    commands = [
        pack_command(
            CommandKind.SET_INSTRUMENT, instrument_id=1, symbol="AAPL-USD", matcher="price_time", tick_size_e8=10**6,
            lot_size_e8=10**5, min_price_e8=10**6, max_price_e8=1_000 * UNIT, min_quantity_e8=10**5,
            max_quantity_e8=10**6 * UNIT, fills_max=100, asset_class=1,
        ),
        pack_command(CommandKind.SET_FIRM, party_id=1, **party),
        pack_command(CommandKind.SET_DESK, party_id=1, parent_id=1, **party),
        pack_command(CommandKind.SET_TRADER, party_id=1, parent_id=1, **party),
        pack_command(
            CommandKind.SET_SESSION, party_id=1, parent_id=1, scope=int(Scope.FIRM),
            rights=int(SessionRight.TRADE | SessionRight.CANCEL), **party,
        ),
    ]  # fmt: skip
    account = {"parent_id": 1, "open_orders_max": orders_per_account, **party}
    apply_all(engine, commands)
    apply_all(engine, (pack_command(CommandKind.SET_ACCOUNT, party_id=i, **account) for i in range(1, accounts + 1)))


def apply_all(engine: Engine, commands: Iterable[bytes]) -> None:
    batch = CommandBatch(BATCH)
    for command in commands:
        batch.append(command)
        if batch.is_full:
            engine.apply(batch.take(engine.seq + 1, START_NS))
    if len(batch):
        engine.apply(batch.take(engine.seq + 1, START_NS))


# -------------------------------------------------------------------------------------------- where the time goes


def requests() -> bytes:
    """Resting orders and their cancels in turn, as they come over the wire."""
    rng = random.Random(1)
    packets = []
    for number in range(1, STAGE_ORDERS, 2):
        side = rng.randrange(2)
        price = 100 * UNIT + (rng.randrange(1, 200) * 10**6) * (1 if side else -1)
        order = NewOrder(
            cl_ord_id=number, account_id=1, instrument_id=1, side=side + 1, price_e8=price, quantity_e8=UNIT
        )
        packets.append(encode_request(order, number))
        packets.append(encode_request(CancelOrder(account_id=1, orig_cl_ord_id=number), number + 1))
    return b"".join(packets)


class Stages:
    """The way of a batch, cut into its parts, each timed by itself over the same bytes."""

    def __init__(self, directory: Path) -> None:
        self.engine = load_engine("core", small_limits())
        set_up(self.engine, 8)
        self.batch = CommandBatch(BATCH)
        self.inbound = Inbound(131_072, 4_096)
        self.inbound.begin(1)
        self.journal = FileJournal(directory / "journal", durability=Durability.PAGE_CACHE)
        self.event_log = EventFile(directory / "events", sessions_max=8)
        self.spent_ns: dict[str, int] = {}

    async def open(self) -> None:
        await self.journal.open()
        await self.journal.fence("bench", self.engine.info)
        self.event_log.open()

    async def close(self) -> None:
        self.event_log.close()
        await self.journal.close()

    def timed(self, stage: str, function: Callable[[], Any]) -> Any:
        began_ns = time.perf_counter_ns()
        result = function()
        self.spent_ns[stage] = self.spent_ns.get(stage, 0) + time.perf_counter_ns() - began_ns
        return result

    def run(self, stream: bytes) -> int:
        """Returns how many commands went through."""
        at = count = 0
        while at < len(stream):
            part = stream[at : at + 16_384]
            at += len(part)
            self.timed("decode (bytes to commands)", lambda part=part: self.inbound.feed(part, self.batch))
            count += len(self.batch)
            commands = self.timed("sequence (stamp, hand over)", self._take)
            self.timed("journal (digest, page cache)", lambda c=commands: self.journal.append(c, START_NS))
            events = self.timed("engine (checks, matching, events)", lambda c=commands: self.engine.apply(c))
            self.timed("event log", lambda e=events: self._log(e))
            self.timed("encode (events to bytes)", lambda e=events: encode_events(e))
        return count

    def _take(self) -> bytes:
        return self.batch.take(self.engine.seq + 1, START_NS)

    def _log(self, events: bytes) -> None:
        self.event_log.append(events)
        self.event_log.flush()


@benchmark("stages")
def stages(options: Options) -> Report:
    report = Report("Where the time of a request goes, in batches as they arrive", ("stage", "ns/request", "share"))
    stream = requests()
    figures: dict[str, list[float]] = {}

    async def round_of(directory: Path) -> None:
        room = Stages(directory)
        await room.open()
        count = room.run(stream)
        await room.close()
        for stage, spent_ns in room.spent_ns.items():
            figures.setdefault(stage, []).append(spent_ns / count)

    with pinned(options.cpu):
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory(prefix="perpgate-bench-") as name:
                asyncio.run(round_of(Path(name)))
    medians = {stage: statistics.median(values) for stage, values in figures.items()}
    total = sum(medians.values())
    report.rows += [[stage, value, f"{100 * value / total:.0f} %"] for stage, value in medians.items()]
    report.rows.append(["together", total, "100 %"])
    report.notes.append("half of the requests are LIMIT orders that rest, half their cancels by client order id")
    report.notes.append("what `throughput` shows above this per request is sockets, the event loop and the kernel")
    return report


# ---------------------------------------------------------------------------------------------------------- replay


def mixed_commands(count: int) -> Iterator[list[bytes]]:
    """A maker's day in pieces: 45 % resting orders, 40 % cancels, 10 % replaces, 5 % IOC that trade."""
    rng = random.Random(2)
    live: list[str] = []
    names = 0
    for at in range(0, count, BATCH):
        piece = []
        for _ in range(min(BATCH, count - at)):
            roll = rng.random()
            side = rng.randrange(2)
            price = 100 * UNIT + rng.randrange(1, 400) * 10**6 * (1 if side else -1)
            if roll < 0.45 or len(live) < 1_000:
                names += 1
                live.append(str(names))
                piece.append(_place(names, side + 1, price, TimeInForce.GTC))
            elif roll < 0.50:
                names += 1
                piece.append(_place(names, 2 - side, price, TimeInForce.IOC))
            elif roll < 0.60:
                piece.append(
                    pack_command(
                        CommandKind.REPLACE, session_id=1, account_id=1, price_e8=price, quantity_e8=2 * UNIT,
                        orig_client_order_id=live[rng.randrange(len(live))],
                    )
                )  # fmt: skip
            else:
                index = rng.randrange(len(live))
                name, live[index] = live[index], live[-1]
                live.pop()
                piece.append(pack_command(CommandKind.CANCEL, session_id=1, account_id=1, orig_client_order_id=name))
        yield piece


def _place(name: int, side: int, price_e8: int, tif: TimeInForce) -> bytes:
    return pack_command(
        CommandKind.PLACE, session_id=1, account_id=1, instrument_id=1, client_order_id=str(name), side=side,
        order_type=int(OrderType.LIMIT), time_in_force=int(tif), price_e8=price_e8, quantity_e8=UNIT,
    )  # fmt: skip


async def write_journal(directory: Path, count: int) -> None:
    """A journal whose first commands set the market up."""
    engine = load_engine("core", small_limits())
    journal = FileJournal(directory, durability=Durability.NONE)
    await journal.open()
    await journal.fence("bench", engine.info)
    seq = 0
    batch = CommandBatch(BATCH)

    class Recorder:
        """Takes what `set_up` applies."""

        def __init__(self) -> None:
            self.seq = 0

        def apply(self, commands: bytes) -> bytes:
            self.seq += len(commands) // COMMAND_SIZE
            journal.append(commands, START_NS)
            return b""

    recorder = Recorder()
    set_up(recorder, 1, 1_000_000)  # type: ignore[arg-type]
    seq = recorder.seq
    for piece in mixed_commands(count):
        while not journal.has_room(BATCH * COMMAND_SIZE):
            await asyncio.sleep(0.001)  # the writer's thread has no event that we may wait for here
        for command in piece:
            batch.append(command)
        commands = batch.take(seq + 1, START_NS)
        journal.append(commands, START_NS)
        seq += len(piece)
    await journal.close()


@benchmark("replay")
def replay(options: Options) -> Report:
    report = Report(f"Replay of a journal of {REPLAY_COMMANDS:,} commands", ("replay", "million commands/s", "seconds"))
    with tempfile.TemporaryDirectory(prefix="perpgate-bench-") as name:
        directory = Path(name) / "journal"
        say("   writing the journal")
        asyncio.run(write_journal(directory, REPLAY_COMMANDS))
        say("   replaying")
        results = [
            recovery.replay(directory, lambda limits: load_engine("core", limits))
            for _ in range(max(1, options.rounds // 2))
        ]
    seconds = statistics.median(result.seconds for result in results)
    rate = results[0].commands / seconds
    report.rows.append(["read, verified and applied", rate / 1e6, seconds])
    report.targets.append(Target("replay", rate, REPLAY_TARGET, True, "commands/s"))
    report.notes.append(f"{results[0].events:,} events; reading and verifying run in a thread beside the engine")
    return report


# ---------------------------------------------------------------------------------------------------------- memory


def resident_bytes() -> int:
    found = re.search(r"^VmRSS:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    assert found
    return int(found[1]) * 1024


@benchmark("memory")
def memory(options: Options) -> Report:
    report = Report("Memory of resting orders, everything counted", ("step", "resident MiB"))
    room = {"orders_max": 1_000, "orders_per_book_max": 1_000, "accounts_max": MEMORY_ACCOUNTS}
    empty = in_child(f"from tests.bench.engine import weigh; print(*weigh({room}, 0))")[0]
    report.rows.append([f"{MEMORY_ACCOUNTS:,} accounts, room for 1,000 orders", empty / 2**20])
    room |= {"orders_max": MEMORY_ORDERS, "orders_per_book_max": MEMORY_ORDERS, "positions_max": MEMORY_ACCOUNTS}
    few, full, churned = in_child(f"from tests.bench.engine import weigh; print(*weigh({room}, {MEMORY_ORDERS}))")
    report.rows.append([f"the same with room for {MEMORY_ORDERS:,}, a tenth of them resting", few / 2**20])
    report.rows.append([f"{MEMORY_ORDERS:,} resting orders", full / 2**20])
    report.rows.append(["after a quarter of them was cancelled and placed again", churned / 2**20])
    per_order = (full - empty) / MEMORY_ORDERS
    report.targets.append(Target("a resting order, all in", per_order, MEMORY_TARGET, False, "bytes"))
    report.targets.append(Target("growth over 1,150,000 orders", (churned - few) / 2**20, 4.0, False, "MiB"))
    report.notes.append("all in: engine, book and their tables, positions too; each row in a process of its own")
    return report


def in_child(code: str) -> list[int]:
    """What a fresh process prints, as numbers."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return [int(word) for word in done.stdout.split()]


def weigh(room: dict[str, int], orders: int) -> list[int]:
    """Resident bytes of this process: with accounts alone, or with a tenth, with all, and after some were exchanged."""
    small = {"instruments_max": 4, "firms_max": 4, "desks_max": 4, "traders_max": 8, "sessions_max": 8}
    engine = load_engine("core", EngineLimits(**small, **room))
    set_up(engine, MEMORY_ACCOUNTS, 100)
    if not orders:
        return [resident_bytes()]
    place_orders(engine, orders // 10)
    seen = [resident_bytes()]
    place_orders(engine, orders - orders // 10)
    seen.append(resident_bytes())
    churn(engine, orders // 4)
    return [*seen, resident_bytes()]


def place_orders(engine: Engine, count: int) -> None:
    """Resting orders on both sides, spread over accounts and prices."""
    batch = CommandBatch(BATCH)
    for at in range(0, count, BATCH):
        for number in range(at, min(at + BATCH, count)):
            side = number % 2
            ticks = 10_000 + (number // 2 % 4_000 + 1) * (1 if side else -1)
            batch.append(
                pack_command(
                    CommandKind.PLACE, session_id=1, account_id=number % MEMORY_ACCOUNTS + 1, instrument_id=1,
                    client_order_id=f"order-{engine.seq + len(batch) + 1:030}",
                    side=int(Side.SELL if side else Side.BUY),
                    order_type=int(OrderType.LIMIT), time_in_force=1, price_e8=ticks * 10**6, quantity_e8=UNIT,
                )
            )  # fmt: skip
        events = engine.apply(batch.take(engine.seq + 1, START_NS))
        assert len(events) == EVENT_SIZE * min(BATCH, count - at)


def churn(engine: Engine, count: int) -> None:
    """Cancels the oldest orders and places as many."""
    first = 5 + MEMORY_ACCOUNTS + 1  # order ids begin behind the set-up's commands
    batch = CommandBatch(BATCH)
    for at in range(0, count, BATCH):
        for order_id in range(first + at, first + min(at + BATCH, count)):
            batch.append(pack_command(CommandKind.CANCEL, session_id=1, order_id=order_id))
        engine.apply(batch.take(engine.seq + 1, START_NS))
    place_orders(engine, count)
