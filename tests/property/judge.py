"""Two engines under the same commands: where they differ first, and the shortest sequence that still makes them differ.

Events have to be equal byte for byte after every command, the times of the next due work and the states as well. A
batch is compared as a whole: its events carry the number of their command, so a difference names it.
"""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum

from engine.api import Engine, EngineLimits
from engine.layout import Field, Layout
from engine.records import COMMAND_BODIES, COMMAND_SIZE, EVENT_SIZE, CommandKind, unpack_event
from tests.engines import new_engine
from tests.property.commands import Commands, Shape
from tests.property.sequences import Generate
from tests.scenario import Market, raw_line


class Restores(IntEnum):
    """When `check` replaces the engines by restored ones."""

    NEVER = 0
    BEFORE_LAST = 1  # before the last command
    ALWAYS = 2  # after every command


NewEngine = Callable[[str, EngineLimits], Engine]
BATCH_MAX = 120  # commands
HASH_EVERY = 4  # batches
_NOTHING = Layout("nothing")
_SEQ_BITS = 48  # of an order id; above them its number within the command
_ORDER_ID_AT = {kind: COMMAND_BODIES[kind].offset_of("order_id") for kind in (CommandKind.REPLACE, CommandKind.CANCEL)}


@dataclass(frozen=True)
class Difference:
    """What was seen first, and everything that led there."""

    what: str
    limits: EngineLimits
    records: list[bytes]  # the last one makes the difference


@dataclass(frozen=True)
class Judge:
    """Compares engine `one` with engine `two`."""

    one: str = "core"
    two: str = "reference"
    make: NewEngine = new_engine
    restores: bool = True
    generate: Generate = Commands

    # ---- long runs

    def run(self, seed: int, count: int, shape: str | Shape = "") -> Difference | None:
        """A generated sequence of `count` commands; in its middle both engines are replaced by restored ones, unless
        `restores` says no.

        At the end the first engine replays all of it in one batch and has to arrive at the same events and state.
        """
        commands = self.generate(seed, shape)
        rng = random.Random(seed)
        limits = commands.limits
        engines = self.make(self.one, limits), self.make(self.two, limits)
        restore_at = 1 + rng.randrange(count) if self.restores else 0
        records, events = [], []
        batch = 0
        while commands.seq < count:
            data = commands.take(min(1 + rng.randrange(BATCH_MAX), count - commands.seq))
            records.append(data)
            batch += 1
            outcomes = [_apply(engine, data) for engine in engines]
            if outcomes[0] != outcomes[1]:
                return self._found(limits, records)
            events.append(outcomes[0][0])
            restores = commands.seq >= restore_at > 0
            if (restores or batch % HASH_EVERY == 0) and engines[0].state_hash() != engines[1].state_hash():
                return self._found(limits, records)
            if restores:
                restore_at = 0
                try:
                    engines = self._exchanged(engines)
                except ValueError as error:
                    return Difference(f"a snapshot was refused: {error}", limits, split_records(records))
        if engines[0].state_hash() != engines[1].state_hash():
            return self._found(limits, records)
        replayed = self.make(self.one, limits)
        if replayed.apply(b"".join(records)) != b"".join(events) or replayed.snapshot() != engines[0].snapshot():
            return Difference(f"the replay by {self.one} is not the original", limits, split_records(records))
        return None

    def _exchanged(self, engines: tuple[Engine, Engine]) -> tuple[Engine, Engine]:
        """Each engine restored from the other's snapshot."""
        limits = engines[0].info.limits
        one, two = (engine.snapshot() for engine in engines)
        return self._restored(self.one, limits, two), self._restored(self.two, limits, one)

    def _restored(self, name: str, limits: EngineLimits, snapshot: bytes) -> Engine:
        engine = self.make(name, limits)
        engine.restore(snapshot)
        return engine

    def _found(self, limits: EngineLimits, batches: list[bytes]) -> Difference:
        """Goes back command by command; a difference that only restored engines show is looked for with restores."""
        records = split_records(batches)
        for restores in (Restores.NEVER, Restores.ALWAYS) if self.restores else (Restores.NEVER,):
            difference = self.check(limits, records, restores)
            if difference is not None:
                return difference
        return Difference("they differ, but not when the commands are applied one by one", limits, records)

    # ---- one sequence, command by command

    def check(
        self, limits: EngineLimits, records: list[bytes], restores: Restores = Restores.NEVER
    ) -> Difference | None:
        """The first difference. The state is compared at the end and before a restore."""
        engines = self.make(self.one, limits), self.make(self.two, limits)
        for index, record in enumerate(records):
            (got_one, due_one), (got_two, due_two) = (_apply(engine, record) for engine in engines)
            what = ""
            if got_one != got_two:
                what = self._describe(got_one, got_two)
            elif due_one != due_two:
                what = f"next_due_ns: {self.one} {due_one}, {self.two} {due_two}"
            elif index == len(records) - 1 or restores == Restores.ALWAYS or (restores and index == len(records) - 2):
                if engines[0].snapshot() != engines[1].snapshot():
                    what = "the states"
                elif restores:
                    engines = self._exchanged(engines)
            if what:
                return Difference(what, limits, records[: index + 1])
        return None

    def _describe(self, got_one: bytes, got_two: bytes) -> str:
        if len(got_one) % EVENT_SIZE or len(got_two) % EVENT_SIZE:  # one of them raised
            return f"{self.one}: {got_one[:200]!r}, {self.two}: {got_two[:200]!r}"
        if len(got_one) != len(got_two):
            return f"{len(got_one) // EVENT_SIZE} events of {self.one}, {len(got_two) // EVENT_SIZE} of {self.two}"
        at = range(0, len(got_one), EVENT_SIZE)
        offset = next(i for i in at if got_one[i : i + EVENT_SIZE] != got_two[i : i + EVENT_SIZE])
        first, second = unpack_event(got_one, offset), unpack_event(got_two, offset)
        parts = [
            f"{name}: {self.one} {first.get(name)!r}, {self.two} {second.get(name)!r}"
            for name in {**first, **second}
            if first.get(name) != second.get(name)
        ]
        return f"event {offset // EVENT_SIZE}, " + ("; ".join(parts) or "reserved bytes")

    # ---- shrinking

    def shrink(self, found: Difference, seconds: float = 60.0, check: Check | None = None) -> Difference:
        """Drops commands and empties fields as long as there is still a difference, any difference.

        `check` stands in for `self.check`: for engines that take the process with them. Every success then costs a
        process, so fields stay as they are.
        """
        search = _Search(found, check or self.check, time.monotonic() + seconds)
        search.drop(len(found.records) // 2)
        if check is None:
            search.simplify()
            search.drop(1)
        return search.best

    def scenario(self, found: Difference) -> str:
        """A test to paste: the commands, and the events that `two` makes of them."""
        standard = EngineLimits()
        limits = "".join(
            f", {f.name}={getattr(found.limits, f.name)}"
            for f in fields(EngineLimits)
            if getattr(found.limits, f.name) != getattr(standard, f.name)
        )
        market = Market(self.make(self.two, found.limits), bare=True)
        lines = []
        for record in found.records:
            line = raw_line(record)
            lines.append(line)
            try:
                lines += ["    " + market.show(event) for event in market.run(line)]
            except Exception as error:  # the judge itself failed: the scenario ends here
                lines.append(f"    # {self.two} raised {error!r}")
                break
        body = "\n".join(" " * 8 + line for line in lines)
        return f'    market = new_market(bare=True{limits})\n    market.play("""\n{body}\n    """)\n    # {found.what}'


Check = Callable[[EngineLimits, list[bytes], Restores], Difference | None]


class _Search:
    """For a shorter sequence that shows a difference: `best` is the shortest so far."""

    def __init__(self, found: Difference, check: Check, deadline: float) -> None:
        self.best = found
        self._check = check
        self._deadline = deadline
        modes = (mode for mode in Restores if check(found.limits, found.records, mode) is not None)
        self._restores = next(modes, Restores.NEVER)

    def _still(self, records: list[bytes]) -> bool:
        """Is there a difference? Then it is the best."""
        if not records or time.monotonic() > self._deadline:
            return False
        difference = self._check(self.best.limits, records, self._restores)
        self.best = difference or self.best
        return difference is not None

    def drop(self, piece: int) -> None:
        """Commands that are not needed, `piece` at a time, then fewer."""
        while piece:
            at = 0
            while at < len(self.best.records):
                if not self._still(without(self.best.records, at, piece)):
                    at += piece
            piece //= 2

    def simplify(self) -> None:
        """Fields that need not be what they are become 0, times those of the command before."""
        for at in range(len(self.best.records)):
            for field in COMMAND_BODIES.get(_kind_of(self.best.records[at]), _NOTHING).fields[3:]:
                if at < len(self.best.records):
                    self._still(_with_zero(self.best.records, at, field))
            if 0 < at < len(self.best.records):
                self._still(_with_time_of(self.best.records, at))


def _apply(engine: Engine, data: bytes) -> tuple[bytes, int]:
    """Events and the time of the next due work; an exception is an outcome like others."""
    try:
        return engine.apply(data), engine.next_due_ns
    except Exception as error:
        return f"raised {error!r}".encode(), -1


def split_records(batches: list[bytes]) -> list[bytes]:
    data = b"".join(batches)
    return [data[offset : offset + COMMAND_SIZE] for offset in range(0, len(data), COMMAND_SIZE)]


def without(records: list[bytes], at: int, count: int) -> list[bytes]:
    """The sequence without `count` commands from `at` on: numbers close up and order ids go with them."""
    kept = records[:at] + records[at + count :]
    last = len(records)

    def moved(order_id: int) -> int:
        seq = order_id & ((1 << _SEQ_BITS) - 1)
        if seq <= at:
            return order_id
        if seq <= min(at + count, last):
            return 0xFFFF_FFFF  # it named an order that is dropped
        return order_id - (last - len(kept)) if seq <= 2 * last else order_id

    out = []
    for seq, record in enumerate(kept, 1):
        changed = bytearray(record)
        struct.pack_into("<Q", changed, 0, seq)
        order_id_at = _ORDER_ID_AT.get(_kind_of(record))
        if order_id_at is not None:
            struct.pack_into("<Q", changed, order_id_at, moved(struct.unpack_from("<Q", record, order_id_at)[0]))
        out.append(bytes(changed))
    return out


def _kind_of(record: bytes) -> int:
    number: int = struct.unpack_from("<H", record, 16)[0]
    return number


def _with_zero(records: list[bytes], at: int, field: Field) -> list[bytes]:
    record = records[at]
    zeroed = record[: field.offset] + bytes(field.width) + record[field.offset + field.width :]
    return [*records[:at], zeroed, *records[at + 1 :]] if zeroed != record else []


def _with_time_of(records: list[bytes], at: int) -> list[bytes]:
    """No time passes before the command."""
    same = records[at][:8] + records[at - 1][8:16] + records[at][16:]
    return [*records[:at], same, *records[at + 1 :]] if same != records[at] else []
