"""The judge finds planted faults, shrinks them to a handful of commands and prints a scenario that can be run."""

from __future__ import annotations

import hashlib
import os
import re
import struct
from dataclasses import replace

import pytest

from engine.api import Engine, EngineInfo, EngineLimits
from engine.records import EVENT_SIZE, EventKind, Reason
from tests.engines import new_engine
from tests.property.commands import Commands
from tests.property.diff import explain, main
from tests.property.judge import Judge, Restores, split_records, without
from tests.scenario import Market, raw_line, split

SEED = 20
COMMANDS = 400
ENOUGH = 9  # commands: six for parties and instrument, the order that is killed, a TICK for one that waits
_REASON_AT = 22


class Faulty:
    """The reference with one fault: `fault(records, events) -> events`."""

    def __init__(self, limits: EngineLimits) -> None:
        self._inner = new_engine("reference", limits)

    @property
    def info(self) -> EngineInfo:
        return self._inner.info

    @property
    def seq(self) -> int:
        return self._inner.seq

    @property
    def next_due_ns(self) -> int:
        return self._inner.next_due_ns

    def apply(self, commands: bytes | memoryview) -> bytes:
        return self.spoil(self._inner.apply(commands))

    def spoil(self, events: bytes) -> bytes:
        return events

    def snapshot(self) -> bytes:
        return self._inner.snapshot()

    def restore(self, snapshot: bytes) -> None:
        self._inner.restore(snapshot)

    def state_hash(self) -> bytes:
        return self._inner.state_hash()


class WrongReason(Faulty):
    def spoil(self, events: bytes) -> bytes:
        spoiled = bytearray(events)
        for offset in range(0, len(events), EVENT_SIZE):
            kind, reason = struct.unpack_from("<HH", events, offset + 20)
            if (kind, reason) == (EventKind.ORDER_CANCELLED, Reason.FOK_CANCELLED):
                struct.pack_into("<H", spoiled, offset + _REASON_AT, Reason.IOC_CANCELLED)
        return bytes(spoiled)


class Raises(Faulty):
    def spoil(self, events: bytes) -> bytes:
        if any(event["reason"] == Reason.FOK_CANCELLED for event in split(events)):
            raise ZeroDivisionError
        return events


class ForgetsOnRestore(Faulty):
    """Right until it is restored: then fill-or-kill kills are wrong."""

    restored = False

    def restore(self, snapshot: bytes) -> None:
        super().restore(snapshot)
        self.restored = True

    def spoil(self, events: bytes) -> bytes:
        return WrongReason.spoil(self, events) if self.restored else events  # type: ignore[arg-type]


class WrongState(Faulty):
    """Events are right; the snapshot is not once a business date was rolled."""

    def snapshot(self) -> bytes:
        data = bytearray(self._inner.snapshot())
        if data[32:36] != bytes(4):  # the business date of the VENUE row, behind the section's header and seq and time
            data[36] ^= 1
        return bytes(data)

    def state_hash(self) -> bytes:
        return hashlib.sha256(self.snapshot()).digest()


class Dies(Faulty):
    def spoil(self, events: bytes) -> bytes:
        if any(event["reason"] == Reason.FOK_CANCELLED for event in split(events)):
            os.abort()
        return events


FAULTS: dict[str, type[Faulty]] = {
    fault.__name__: fault for fault in (WrongReason, Raises, ForgetsOnRestore, WrongState, Dies)
}


def make(name: str, limits: EngineLimits) -> Engine:
    return FAULTS[name](limits) if name in FAULTS else new_engine(name, limits)


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "Dies"])
def test_a_fault_is_found_and_shrunk(fault: str) -> None:
    judge = Judge(fault, "reference", make)
    found = next(filter(None, (judge.run(seed, COMMANDS, "works") for seed in range(SEED, SEED + 20))))
    shrunk = judge.shrink(found, seconds=200)
    assert len(shrunk.records) <= ENOUGH
    assert judge.check(shrunk.limits, shrunk.records, Restores.ALWAYS) is not None
    assert Judge("reference", "reference").check(shrunk.limits, shrunk.records) is None


def test_an_engine_that_dies_is_found_and_shrunk() -> None:
    shrunk = explain(Judge("Dies", "reference", make), SEED, None, COMMANDS, "")
    assert len(shrunk.records) <= ENOUGH
    assert "ended" in shrunk.what


def test_equal_engines_show_no_difference() -> None:
    assert Judge("reference", "reference").run(SEED, COMMANDS) is None


def run_scenario(text: str) -> None:
    """What a reader does with the printed scenario: pastes it into a test."""
    form = r'    market = new_market\(bare=True, (.*)\)\n    market.play\("""\n(.*?)\n    """\)\n    # .*'
    limits, script = re.fullmatch(form, text, re.S).groups()
    changes = {key: int(value) for key, value in re.findall(r"(\w+)=(\w+)", limits)}
    Market(new_engine("reference", replace(EngineLimits(), **changes)), bare=True).play(script)


def test_the_scenario_can_be_run() -> None:
    judge = Judge("WrongReason", "reference", make)
    found = judge.run(SEED, COMMANDS)
    assert found is not None
    text = judge.scenario(judge.shrink(found, seconds=200))
    assert "FOK_CANCELLED" in text
    run_scenario(text)


@pytest.mark.parametrize("shape", ["everything", "wrong", "end of time"])
def test_every_command_and_event_can_be_written_as_a_line(shape: str) -> None:
    commands = Commands(SEED, shape)
    engine = new_engine("reference", commands.limits)
    market = Market(new_engine("reference", commands.limits), bare=True)
    lines: list[str] = []
    for record in split_records([commands.take(700)]):
        events = engine.apply(record)
        line = raw_line(record)
        assert market.run(line) == split(events)
        lines += [line, *("    " + market.show(event) for event in split(events))]
    assert market.engine.state_hash() == engine.state_hash()
    Market(new_engine("reference", commands.limits), bare=True).play("\n".join(lines))


def test_dropped_commands_take_their_numbers_with_them() -> None:
    commands = Commands(SEED, "everything")
    records = split_records([commands.take(400)])
    fewer = without(records, 100, 50)
    assert [int.from_bytes(r[:8], "little") for r in fewer] == list(range(1, 351))
    assert [r[16:] for r in fewer[:100]] == [r[16:] for r in records[:100]]
    engine = new_engine("reference", commands.limits)
    engine.apply(b"".join(fewer))
    assert engine.seq == 350


def test_the_command_line_reports_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "--engines reference,reference --seconds 0 --jobs 1 --seed 3 --commands 300 --json"
    assert main(arguments.split()) == 0
    assert '"sequences": 1, "commands": 300' in capsys.readouterr().out
