"""The risk file: what is read, what every kind of mistake is told, and that an engine takes all of it once."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.api import Engine
from engine.records import EVENT_SIZE, CommandKind, EventKind, RiskSession, pack_command, unpack_event
from engine.snapshot_records import Section, parse_snapshot
from gateway.bootstrap import bootstrap_commands, refusals
from gateway.calendars import State
from gateway.config import Settings, load_settings
from gateway.config_types import ConfigError
from gateway.risk_bootstrap import known_calendars, known_weights, risk_commands
from gateway.risk_settings import instrument_risk
from gateway.schedule import Schedule
from tests.engines import SMALL, new_engine
from tests.unit.test_schedule import ns

CONFIG = Path(__file__).resolve().parents[2] / "config"
MONEY = 10**6
_STAMP = struct.Struct("<Qq")  # seq and time, the first fields of a command
SAMSUNG, KOSPI, CRUDE = 23, 25, 17
WON, SAMSUNG_IN_WON, KOSPI_IN_WON = 26, 27, 29


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the shipped files with the risk file named; the process file's path."""
    for name in ("production.toml", "market.toml", "participants.toml", "risk.toml"):
        (tmp_path / name).write_text((CONFIG / name).read_text())
    process = tmp_path / "production.toml"
    text = process.read_text()
    assert '# risk = "risk.toml"' in text
    process.write_text(text.replace('# risk = "risk.toml"', 'risk = "risk.toml"'))
    return process


@pytest.fixture
def settings(files: Path) -> Settings:
    return load_settings(files)


def spoiled(files: Path, old: str, new: str) -> str:
    """Replaces text in the risk file, which has to be there, and returns what loading then says."""
    path = files.parent / "risk.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_settings(files)
    assert "risk.toml" in str(caught.value)
    return str(caught.value)


def test_without_the_key_there_is_none() -> None:
    assert load_settings(CONFIG / "production.toml").risk is None


def test_the_shipped_numbers_are_the_rulebooks(settings: Settings) -> None:
    risk = settings.risk
    assert risk is not None
    classes = {item.id: item.asset_class for item in settings.market.instrument}
    numbers = {number: instrument_risk(risk, number, name) for number, name in classes.items()}
    assert all(numbers.values())
    table = {1: (10, 2_500_000), 13: (30, 10_000_000), 15: (20, 10_000_000), 17: (20, 5_000_000), 20: (50, 50_000_000)}
    for number, (leverage, cap_usdc) in table.items():
        found = numbers[number]
        assert found is not None
        assert (found.leverage_max, found.position_cap_usdc) == (leverage, cap_usdc * MONEY)
    assert numbers[15] is not None
    assert numbers[15].leverage_ceiling == 30  # gold
    assert {row.id for row in risk.instrument} == set(classes)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('time_zone = "Asia/Seoul"', 'time_zone = "Asia/Pyongtaek"', "calendar[3]: 'Asia/Pyongtaek' is no time zone"),
        ('"mon-fri 08:45 - 15:45"', '"mon-fri 8:45 - 15:45"', "calendar[3]: 'mon-fri 8:45 - 15:45' is no window"),
        ('"2026-12-31"', '"31.12.2026"', "calendar[3]: "),
        ("leverage_ceiling = 30", "leverage_ceiling = 40", "class_risk.precious_metal.leverage_ceiling: must be at"),
        ("market_calendar = 1\n", "market_calendar = 9\n", "there is no [[calendar]] with id 9"),
        ("feed = 13\n", "feed = 99\n", "instrument[12].feed: there is no [[feed]] with id 99"),
        ("second_feed = 18\n", "", "instrument[16].second_feed: is for product, quotient and roll, and needed there"),
        ('formula = "basis"\n', "", 'instrument[12].formula: missing, write formula = "feed"'),
        ("[class_risk.fx]", "[class_risk.bonds]", "class_risk.bonds: unknown key"),
        ("maker_rate_e8 = 10_000", "maker_rate_e8 = -30_000", "class_risk.fx: a rebate must not be more"),
        ("id = 25\nformula", "id = 26\nformula", "the market file has no [[instrument]] with id 26"),
        ("id = 25\nformula", "id = 24\nformula", "24 is there twice"),
        (
            'position_cap_usdc = "50000000"',
            'position_cap_usdc = "0"',
            "class_risk.fx.position_cap_usdc: must be above 0",
        ),
        ("reserve_floor_ppm = 1_000", "reserve_floor = 1_000", "venue.reserve_floor: lacks its unit"),
        ("sources = 3", "sources = 9", "expected `int` <= 8"),
    ],
)
def test_mistakes(files: Path, old: str, new: str, says: str) -> None:
    assert says in spoiled(files, old, new)


def test_a_class_without_a_table(files: Path) -> None:
    path = files.parent / "risk.toml"
    text = path.read_text()
    start, end = text.index("[class_risk.fx]"), text.index("# Feeds:")
    path.write_text(text[:start] + text[end:])
    with pytest.raises(ConfigError, match=r"its class has no table: write \[class_risk.fx\]"):
        load_settings(files)


# ---- an engine takes it


class Venue:
    """An engine that the shipped files have been given to."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.now_ns = ns("2026-11-25T02:00:00")

    def apply(self, commands: list[bytes]) -> bytes:
        numbered = enumerate(commands, self.engine.seq + 1)
        records = b"".join(_STAMP.pack(seq, self.now_ns) + command[_STAMP.size :] for seq, command in numbered)
        return self.engine.apply(records)

    def wanted(self) -> list[bytes]:
        state = parse_snapshot(self.engine.snapshot())
        assert self.settings.risk is not None
        return [
            *bootstrap_commands(self.settings.market, self.settings.participants, state),
            *risk_commands(self.settings.risk, self.settings.market, state),
        ]

    def state(self) -> dict[Section, list[Any]]:
        return parse_snapshot(self.engine.snapshot())

    def prices(self, prices: dict[int, int]) -> None:
        """In whole units, from every feed's first source; then a pulse."""
        self.now_ns += 10**9
        fields = {"source_ns": self.now_ns}
        commands = [
            pack_command(CommandKind.PRICE, feed_id=feed, price_e8=price * 10**8, **fields)
            for feed, price in prices.items()
        ]
        assert self.apply(commands) == b""
        events = self.apply([pack_command(CommandKind.MARK_PULSE)])
        rows = [unpack_event(events, at) for at in range(0, len(events), EVENT_SIZE)]
        self.marks = {row["instrument_id"]: row for row in rows if row["kind"] == EventKind.MARK_CHANGED}


@pytest.fixture
def venue(engine_name: str, settings: Settings) -> Venue:
    limits = replace(
        SMALL, instruments_max=32, feeds_max=32, accounts_max=64, sessions_max=64, traders_max=64, desks_max=32,
        firms_max=32, orders_per_book_max=10,
    )  # fmt: skip
    made = Venue(new_engine(engine_name, limits), settings)
    assert refusals(made.apply(made.wanted())) == []
    return made


def test_an_engine_takes_all_of_it_and_then_nothing_differs(venue: Venue) -> None:
    assert venue.wanted() == []


def test_a_price_in_won_becomes_one_in_usd(venue: Venue) -> None:
    venue.prices({WON: 1_380, SAMSUNG_IN_WON: 71_400, KOSPI_IN_WON: 412_350})
    assert venue.marks[SAMSUNG]["index_price_e8"] == 51_73913043  # 71,400 / 1,380
    assert venue.marks[SAMSUNG]["mark_price_e8"] == 51_74000000  # in ticks of 0.01
    assert venue.marks[KOSPI]["mark_price_e8"] == 298_80000000  # 298.804..., in ticks of 0.1
    venue.prices({WON: 1_400})
    assert venue.marks[SAMSUNG]["index_price_e8"] == 51_00000000  # the rate alone has moved


def test_calendars_and_rolls_are_told_at_the_start(venue: Venue) -> None:
    """On Wednesday at 11:00 in Seoul the Korean market is open, and New York is overnight; CL has rolled."""
    risk = venue.settings.risk
    assert risk is not None
    calendars = {calendar.calendar_id: calendar for calendar in risk.calendars()}
    rolls = {row.id: calendars[row.roll_calendar] for row in risk.instrument if row.roll_calendar}
    schedule = Schedule(calendars.values(), known_calendars(venue.state()), False, rolls, known_weights(venue.state()))
    assert refusals(venue.apply(schedule.due(venue.now_ns))) == []
    state = venue.state()
    assert known_weights(state) == {17: 0, 18: 0, 19: 0}
    assert known_calendars(state) == {1: State(True, RiskSession.OVERNIGHT)}  # the others never differed from OPEN
    again = Schedule(calendars.values(), known_calendars(state), False, rolls, known_weights(state))
    assert again.due(venue.now_ns) == []


def test_an_index_of_two_futures_follows_its_weight(venue: Venue) -> None:
    venue.prices({17: 60, 18: 70})
    assert venue.marks[CRUDE]["index_price_e8"] == 60 * 10**8
    venue.apply([pack_command(CommandKind.SET_ROLL_WEIGHT, instrument_id=CRUDE, weight=4)])
    venue.prices({})
    assert venue.marks[CRUDE]["index_price_e8"] == 66 * 10**8
