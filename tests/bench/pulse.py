"""One mark pulse of a large venue: 200 instruments, 100,000 accounts, 400,000 positions (issue 4's figures).

`pulse` fills books and accounts through ordinary commands, moves every price, and lets the pulse and the work that
follows from it run to its end, command by command: how long all of it takes, and how long the longest one keeps orders
waiting, in CPU time, because machines are shared. `funding` settles the same accounts.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator

from engine.api import Engine, EngineLimits, load_engine
from engine.batch import CommandBatch
from engine.records import CommandKind, OrderType, Scope, SessionRight, Side, TimeInForce, pack_command
from tests.bench.harness import Options, Report, Target, benchmark, pinned, say

K = CommandKind
INSTRUMENTS, ACCOUNTS, POSITIONS = 200, 100_000, 400_000
PER_ACCOUNT = POSITIONS // ACCOUNTS
TOTAL_TARGET_MS, LONGEST_TARGET_MS = 20.0, 1.0
LEVELS = 20  # of each side of every book
USDC = 10**6
TICK_E8, LOT_E8, MARK_TICKS = 10**6, 10**5, 25_000
START_NS = 1_764_000_000_000_000_000
SECOND_NS = 10**9
BATCH = 4_096


class Venue:
    """An engine with its clock; `apply` numbers and stamps."""

    def __init__(self) -> None:
        self.engine: Engine = load_engine("core", limits())
        self.now_ns = START_NS
        self._batch = CommandBatch(BATCH)

    def apply(self, commands: Iterator[bytes] | list[bytes]) -> bytes:
        """Returns the events of the last part of them."""
        events = b""
        for command in commands:
            self._batch.append(command)
            if self._batch.is_full:
                events = self._flush()
        return self._flush() if len(self._batch) else events

    def _flush(self) -> bytes:
        return self.engine.apply(self._batch.take(self.engine.seq + 1, self.now_ns))

    def timed_ms(self, command: bytes) -> float:
        self._batch.append(command)
        records = self._batch.take(self.engine.seq + 1, self.now_ns)
        began_ns = time.thread_time_ns()
        self.engine.apply(records)
        return (time.thread_time_ns() - began_ns) / 1e6

    def drain(self) -> None:
        while self.engine.next_due_ns == 0:
            self.apply([pack_command(K.TICK)])


def limits() -> EngineLimits:
    return EngineLimits(
        orders_max=50_000, orders_per_book_max=1_000, positions_max=POSITIONS + 2 * INSTRUMENTS,
        instruments_max=INSTRUMENTS, accounts_max=ACCOUNTS + 1, feeds_max=INSTRUMENTS, transfers_max=ACCOUNTS + 1_000,
    )  # fmt: skip


def set_up(venue: Venue) -> None:
    venue.apply(settings())
    venue.apply(people())
    venue.apply(prices(0))
    venue.apply([pack_command(K.MARK_PULSE)])
    venue.drain()
    say("   positions")
    venue.apply(trades())
    venue.apply(books())
    venue.drain()


def settings() -> Iterator[bytes]:
    yield pack_command(
        K.SET_VENUE_RISK, risk_flags=1, **dict.fromkeys(_names("position_cap_{}_ppm"), 10**6),
        **dict.fromkeys(_names("interest_cap_{}_ppm"), 10**6), **dict.fromkeys(_names("band_{}_ppm"), 10**6),
        **dict.fromkeys(_names("spread_{}_tenths"), 1), **dict.fromkeys(_names("flow_cap_{}_micro"), 10**11),
    )  # fmt: skip
    for number in range(1, INSTRUMENTS + 1):
        yield pack_command(
            K.SET_INSTRUMENT, instrument_id=number, symbol=f"I{number}-USD", matcher="price_time", tick_size_e8=TICK_E8,
            lot_size_e8=LOT_E8, min_price_e8=TICK_E8, max_price_e8=60_000 * TICK_E8, min_quantity_e8=LOT_E8,
            max_quantity_e8=10**6 * LOT_E8, band_ppm=100_000, fills_max=100, asset_class=1,
        )  # fmt: skip
        yield pack_command(
            K.SET_INSTRUMENT_RISK, instrument_id=number, position_cap_micro=10**9 * USDC,
            impact_notional_micro=10_000 * USDC, taker_rate_e8=50_000, leverage_max=10, leverage_ceiling=10,
        )  # fmt: skip
        yield pack_command(K.SET_FEED, feed_id=number, sources=1, flag_ns=5 * SECOND_NS, stale_ns=10**6 * SECOND_NS)
        yield pack_command(K.SET_INDEX, instrument_id=number, formula=1, feed_a=number)


def _names(template: str) -> list[str]:
    return [template.format(session) for session in ("open", "overnight", "weekend")]


def people() -> Iterator[bytes]:
    """One firm, one session, and the house that everybody trades with: account ACCOUNTS + 1."""
    active = {"status": 1}
    yield pack_command(K.SET_FIRM, party_id=1, **active)
    yield pack_command(K.SET_DESK, party_id=1, parent_id=1, **active)
    yield pack_command(K.SET_TRADER, party_id=1, parent_id=1, **active)
    rights = int(SessionRight.TRADE | SessionRight.CANCEL)
    yield pack_command(K.SET_SESSION, party_id=1, parent_id=1, scope=int(Scope.FIRM), rights=rights, **active)
    for number in range(1, ACCOUNTS + 2):
        yield pack_command(K.SET_ACCOUNT, party_id=number, parent_id=1, open_orders_max=50_000, **active)
        usdc = 100_000 if number <= ACCOUNTS else 10**10
        yield pack_command(K.DEPOSIT, account_id=number, transfer_id=number, amount_micro=usdc * USDC)


def prices(moved_ticks: int) -> Iterator[bytes]:
    for number in range(1, INSTRUMENTS + 1):
        price_e8 = (MARK_TICKS + moved_ticks) * TICK_E8
        yield pack_command(K.PRICE, feed_id=number, price_e8=price_e8, source_ns=abs(moved_ticks))


def order(account: int, instrument: int, side: Side, lots: int, ticks: int, tif: TimeInForce) -> bytes:
    return pack_command(
        K.PLACE, session_id=1, account_id=account, instrument_id=instrument, side=int(side), quantity_e8=lots * LOT_E8,
        order_type=int(OrderType.LIMIT), time_in_force=int(tif), price_e8=ticks * TICK_E8,
    )  # fmt: skip


def trades() -> Iterator[bytes]:
    """Every account takes a small position in four instruments, half of them short, in an order of no order."""
    rng = random.Random(3)
    house = ACCOUNTS + 1
    takers = [(account, instrument) for account in range(1, ACCOUNTS + 1)
              for instrument in rng.sample(range(1, INSTRUMENTS + 1), PER_ACCOUNT)]  # fmt: skip
    rng.shuffle(takers)
    for number, (account, instrument) in enumerate(takers):
        sides = (Side.BUY, Side.SELL) if number % 2 else (Side.SELL, Side.BUY)
        yield order(house, instrument, sides[0], 10, MARK_TICKS, TimeInForce.GTC)
        yield order(account, instrument, sides[1], 10, MARK_TICKS, TimeInForce.IOC)


def books() -> Iterator[bytes]:
    house = ACCOUNTS + 1
    for instrument in range(1, INSTRUMENTS + 1):
        for level in range(LEVELS):
            yield order(house, instrument, Side.BUY, 5_000, MARK_TICKS - 1 - level, TimeInForce.GTC)
            yield order(house, instrument, Side.SELL, 5_000, MARK_TICKS + 1 + level, TimeInForce.GTC)


def run_out(venue: Venue, command: bytes) -> list[float]:
    """Milliseconds of the command, and of each TICK until nothing waits."""
    spent_ms = [venue.timed_ms(command)]
    while venue.engine.next_due_ns == 0:
        spent_ms.append(venue.timed_ms(pack_command(K.TICK)))
    return spent_ms


@benchmark("pulse")
def pulse(options: Options) -> Report:
    report = Report(
        f"One pulse over {INSTRUMENTS} instruments, {ACCOUNTS:,} accounts, {POSITIONS:,} positions",
        ("what", "ms in total", "longest command, ms", "commands"),
    )
    say("   setting up")
    venue = Venue()
    figures: dict[str, list[list[float]]] = {"pulse": [], "funding sample": [], "funding settlement": []}
    with pinned(options.cpu):
        set_up(venue)
        for number in range(1, 3 * options.rounds + 1):
            venue.now_ns += SECOND_NS
            venue.apply(prices(number % 7 - 3 + number * 10 % 3))
            figures["pulse"].append(run_out(venue, pack_command(K.MARK_PULSE)))
            figures["funding sample"].append(run_out(venue, pack_command(K.FUNDING_SAMPLE)))
        for _ in range(60):
            venue.apply([pack_command(K.FUNDING_SAMPLE)])
        figures["funding settlement"].append(run_out(venue, pack_command(K.FUNDING_SETTLE)))
    medians = {}
    for what, runs in figures.items():
        total, longest = statistics.median(map(sum, runs)), statistics.median(map(max, runs))
        medians[what] = total, longest
        report.rows.append([what, total, longest, len(runs[0])])
    report.targets.append(Target("one pulse", medians["pulse"][0], TOTAL_TARGET_MS, False, "ms"))
    report.targets.append(Target("without serving orders", medians["pulse"][1], LONGEST_TARGET_MS, False, "ms"))
    return report
