"""The judge finds planted faults, shrinks them to a handful of commands and prints a scenario that can be run."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from engine.api import EngineLimits
from tests.engines import new_engine
from tests.property.commands import Commands
from tests.property.diff import explain, main
from tests.property.faults import FAULTS, make
from tests.property.judge import Judge, Restores, split_records, without
from tests.property.risk_shapes import EVERYTHING
from tests.property.sequences import AllSequences, RiskSequences
from tests.scenario import Market, raw_line, split

SEED = 20
COMMANDS = 400
ENOUGH = 9  # commands: six for parties and instrument, the order that is killed, a TICK for one that waits

ENOUGH_WITH_MONEY = 22  # and two accounts with sessions, settings of risk, deposits, a mark


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ("Dies", "WrongFee")])
def test_a_fault_is_found_and_shrunk(fault: str) -> None:
    judge = Judge(fault, "reference", make)
    found = next(filter(None, (judge.run(seed, COMMANDS, "works") for seed in range(SEED, SEED + 20))))
    shrunk = judge.shrink(found, seconds=200)
    assert len(shrunk.records) <= ENOUGH
    assert judge.check(shrunk.limits, shrunk.records, Restores.ALWAYS) is not None
    assert Judge("reference", "reference").check(shrunk.limits, shrunk.records) is None


def test_a_fault_of_money_is_found_and_shrunk() -> None:
    judge = Judge("WrongFee", "reference", make, generate=RiskSequences(EVERYTHING))
    found = judge.run(SEED, COMMANDS, "money")
    assert found is not None
    shrunk = judge.shrink(found, seconds=200)
    assert len(shrunk.records) <= ENOUGH_WITH_MONEY
    assert "fee_micro" in shrunk.what
    run_scenario(judge.scenario(shrunk))


def test_an_engine_that_dies_is_found_and_shrunk() -> None:
    shrunk = explain(Judge("Dies", "reference", make), SEED, None, COMMANDS // 2, "book")
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


@pytest.mark.parametrize("shape", ["everything", "wrong", "end of time", "wrong with money", "crashes"])
def test_every_command_and_event_can_be_written_as_a_line(shape: str) -> None:
    commands = AllSequences()(SEED, shape)
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
