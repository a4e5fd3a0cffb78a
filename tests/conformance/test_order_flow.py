"""Order flow through a live venue: after every message of the file its best prices and sizes are those of the file.

The book that they are compared with is built straight from the file's columns (`tests.csv_book`). With
PERPGATE_FLOW_FILE in the environment that file is played, by default the sample that the repository ships.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import uvloop

from engine.records import Side, parse_e8
from gateway.client import BinaryClient
from gateway.demo.player import FlowPlayer
from gateway.demo.seats import BinarySeat, Seat
from gateway.flow import PRICE_STEP_E8, FlowInstrument, FlowTranslator, Role, parse_line
from tests.csv_book import Best, CsvBook, flow_lines
from tests.live_venue import CENT, CONFIG, LOGINS, ONE, LiveVenue, live_venue, perpgate

pytestmark = pytest.mark.conformance
SAMPLE = CONFIG / "flow" / "sample.csv.gz"
FLOW = Path(os.environ.get("PERPGATE_FLOW_FILE", SAMPLE))
SMALL = 600  # messages of the tests that play the flow for another reason


def best_of_venue(player: FlowPlayer, side: Side) -> Best:
    """In the file's units."""
    best = player.book.best(side)
    return None if best is None else (best[0] // PRICE_STEP_E8, best[1] // ONE)


def new_player(venue: LiveVenue) -> tuple[FlowPlayer, list[BinaryClient]]:
    clients = {Role.MAKER: venue.client("MAKER"), Role.TAKER: venue.client("TAKER")}
    accounts = {role: LOGINS[role.name][1] for role in Role}
    translator = FlowTranslator(FlowInstrument(tick_size_e8=CENT, min_price_e8=CENT, max_price_e8=1_000 * ONE))
    seats: dict[Role, Seat] = {role: BinarySeat(client, accounts[role], 1) for role, client in clients.items()}
    return FlowPlayer(translator, seats), list(clients.values())


async def follow(venue: LiveVenue, lines: list[str]) -> int:
    """Plays the lines and compares after each; returns the number of comparisons in which something had changed."""
    player, clients = new_player(venue)
    for client in clients:
        await client.connect()
    player.start()
    book, changes, before = CsvBook(), 0, (None, None)
    try:
        for number, line in enumerate(lines, 1):
            book.apply(line)
            await player.play(parse_line(line.strip(), number))
            await player.settle()
            venue_best = (best_of_venue(player, Side.BUY), best_of_venue(player, Side.SELL))
            assert venue_best == (book.bid, book.ask), f"after line {number} of {FLOW.name}: {line.strip()}"
            changes += venue_best != before
            before = venue_best
    finally:
        await player.stop()
        for client in clients:
            client.abort()
    return changes


@pytest.mark.timeout(900)
def test_best_prices_and_sizes_follow_the_flow_message_by_message(tmp_path: Path) -> None:
    lines = list(flow_lines(FLOW))
    with live_venue(tmp_path) as venue:
        venue.start()
        changes = uvloop.run(follow(venue, lines))
        venue.stop()
        assert changes > len(lines) // 10
        book = CsvBook()
        for line in lines:
            book.apply(line)
        [top] = venue.replay()["books"]
        for text, best in ((top["bid"], book.bid), (top["ask"], book.ask)):
            assert best is not None
            quantity, _, price = text.partition(" @ ")
            assert (parse_e8(price) // PRICE_STEP_E8, parse_e8(quantity) // ONE) == best


def test_demo_passes_and_says_so(tmp_path: Path) -> None:
    flow = tmp_path / "small.csv"
    flow.write_text("".join(list(flow_lines(SAMPLE))[:SMALL]))
    with live_venue(tmp_path) as venue:
        keep = tmp_path / "kept"
        done = perpgate(
            "demo", "--flow", str(flow), "--config", str(venue.config), "--seconds", "2", "--keep", str(keep), "--json"
        )
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["passed"]
        assert result["messages"] == SMALL
        assert [check["name"] for check in result["checks"] if not check["passed"]] == []
        assert len(result["checks"]) == 6
        assert result["doors"] == {"maker": "FIX 4.4", "taker": "binary"}
        assert result["fix"]["logons"] == 2
        assert result["recovery"]["seq"] > 0
        assert "SIGKILL" in done.stderr
        replayed = perpgate("replay", str(keep / "data"), "--expect", result["state_hash"])
        assert replayed.returncode == 0, replayed.stderr


def test_demo_finds_a_book_that_is_not_the_flows(tmp_path: Path) -> None:
    """A venue that refuses small orders cannot follow the flow: the demo must not pass."""
    lines = list(flow_lines(SAMPLE))[:SMALL]
    flow = tmp_path / "small.csv"
    flow.write_text("".join(lines))
    market = tmp_path / "market.toml"
    text = (CONFIG / "demo-market.toml").read_text()
    market.write_text(text.replace('min_notional_usdc = "0"', 'min_notional_usdc = "20000"'))
    with live_venue(tmp_path, market=str(market)) as venue:
        done = perpgate("demo", "--flow", str(flow), "--config", str(venue.config), "--seconds", "2", "--json")
    assert done.returncode == 1
    assert "REJECTED_LESS_THAN_MIN_NOTIONAL" in json.loads(done.stdout)["text"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--flow", "nowhere.csv"), 3, "nowhere.csv: cannot be read"),
        (("--keep", "."), 3, "name a directory that does not"),
        (("--config", "nowhere.toml"), 3, "nowhere.toml: cannot be read"),
        (("--seconds", "long"), 2, "invalid float value"),
    ],
)
def test_demo_refuses_clearly(tmp_path: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = perpgate("demo", *arguments, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(CONFIG.parent)})
    assert done.returncode == code
    assert says in done.stderr
