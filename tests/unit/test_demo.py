"""gateway.demo: the book of one's own reports, and the player of order flow against a venue in memory."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator

import pytest

from engine.records import CommandKind, EventKind, Liquidity, OrderFlag, OrderState, Reason, Side
from gateway.client import NewOrder, OrderAccepted
from gateway.demo.book import ReportBook
from gateway.demo.player import FlowPlayer, PlayerError
from gateway.demo.screen import DemoScreen
from gateway.demo.seats import BinarySeat, Seat, SeatReport, binary_report, fix_report
from gateway.fix._wire import parse
from gateway.flow import FlowInstrument, FlowTranslator, Role, parse_line
from tests.fix_messages import utc, wrap
from tests.memory_venue import ONE, TICK_E8, MemoryVenue

INSTRUMENT = FlowInstrument(tick_size_e8=TICK_E8, min_price_e8=TICK_E8, max_price_e8=1_000 * ONE)
FLOW = [
    "34200.0,1,1,100,1000000,1",
    "34200.1,1,2,50,1010000,-1",
    "34200.2,1,3,70,1010000,-1",
    "34200.3,2,2,20,1010000,-1",
    "34200.4,4,2,30,1010000,-1",
    "34200.5,4,3,10,1010000,-1",
    "34200.6,3,1,100,1000000,1",
]


def report(order_id: int, side: Side, price: int, leaves: int, **changes: int) -> SeatReport:
    values = {
        "event_seq": 1, "timestamp_ns": 1, "event_index": 0, "reason": Reason.ACK, "event_kind": EventKind.ORDER_NEW,
        "order_state": OrderState.LIVE, "client_seq": 1, "cl_ord_id": 1, "order_id": order_id, "account_id": 1,
        "instrument_id": 1, "price_e8": price, "quantity_e8": leaves, "cum_quantity_e8": 0,
        "leaves_quantity_e8": leaves, "position_e8": 0, "side": side, "order_type": 1, "time_in_force": 1,
        "liquidity": Liquidity.NONE, "order_flags": OrderFlag(0), "trade_kind": 0, "reserved": 0,
        "display_quantity_e8": 0, "cl_ord_id_text": "",
    }  # fmt: skip
    return binary_report(OrderAccepted(**{**values, **changes}))  # type: ignore[arg-type]


def test_the_book_shows_orders_as_they_stand() -> None:
    book = ReportBook()
    assert book.best(Side.BUY) is None
    for order_id, price, leaves in ((1, 10, 5), (2, 11, 3), (3, 11, 4)):
        book.take(report(order_id, Side.BUY, price, leaves))
    assert book.best(Side.BUY) == (11, 7)
    book.take(report(2, Side.BUY, 9, 3))
    assert book.best(Side.BUY) == (11, 4)
    book.take(report(3, Side.BUY, 11, 0, order_state=OrderState.FILLED))
    assert book.best(Side.BUY) == (10, 5)
    assert book.best(Side.SELL) is None
    assert set(book.orders) == {1, 2}


@pytest.mark.parametrize(
    "changes", [{"time_in_force": 4}, {"time_in_force": 5}, {"order_state": OrderState.PENDING_NEW}]
)
def test_the_book_leaves_out_what_does_not_rest(changes: dict[str, int]) -> None:
    book = ReportBook()
    book.take(report(1, Side.SELL, 10, 5, **changes))
    assert book.best(Side.SELL) is None


FIX_REPORT = "37={}|11=a.1|17=9-0|150={}|39={}|55=X|54=2|38=5|44=101.5|59={}|151={}|14={}|58=WHY"


@pytest.mark.parametrize(
    ("exec_type", "status", "time_in_force", "leaves", "filled", "says"),
    [
        ("0", "0", "1", "5", "0", {"rests", "is_order"}),
        ("0", "0", "3", "5", "0", {"is_order"}),
        ("5", "1", "1", "2.5", "2.5", {"rests", "is_order"}),
        ("F", "1", "1", "4", "1", {"rests", "is_order", "is_fill"}),
        ("F", "2", "1", "0", "5", {"is_order", "is_fill", "is_gone"}),
        ("4", "4", "1", "0", "1", {"is_order", "is_gone"}),
        ("A", "A", "1", "5", "0", {"is_order"}),
        ("8", "8", "1", "0", "0", {"refusal", "is_gone"}),
    ],
)
def test_what_an_execution_report_says(
    exec_type: str, status: str, time_in_force: str, leaves: str, filled: str, says: set[str]
) -> None:
    order_id = "NONE" if exec_type == "8" else "7"
    body = FIX_REPORT.format(order_id, exec_type, status, time_in_force, leaves, filled)
    found = fix_report(parse(wrap("FIX.4.4", f"35=8|34=2|49=V|52={utc()}|56=M|{body}")))
    flags = ("rests", "is_order", "is_fill", "is_gone", "refusal")
    assert {name for name in flags if getattr(found, name)} == says
    assert (found.key, found.order_id, found.side) == ("a.1", 0 if exec_type == "8" else 7, Side.SELL)
    assert (found.price_e8, found.leaves_e8) == (10_150_000_000, int(float(leaves) * ONE))
    assert found.filled_e8 == int(float(filled) * ONE)


@pytest.mark.parametrize("body", ["9|37=7|11=a|41=b|39=8|434=1|58=WHY", "3|45=2|371=38|373=6|58=WHY"])
def test_every_other_answer_is_a_refusal(body: str) -> None:
    msg_type, _, rest = body.partition("|")
    found = fix_report(parse(wrap("FIX.4.4", f"35={msg_type}|34=2|49=V|52={utc()}|56=M|{rest}")))
    assert (found.is_order, found.refusal) == (False, f"35={msg_type} WHY")


def play(scenario: Callable[[MemoryVenue, FlowPlayer], Awaitable[None]]) -> None:
    async def run() -> None:
        async with MemoryVenue() as venue, venue.connected(1) as maker, venue.connected(2) as taker:
            seats: dict[Role, Seat] = {Role.MAKER: BinarySeat(maker, 1, 1), Role.TAKER: BinarySeat(taker, 2, 1)}
            player = FlowPlayer(FlowTranslator(INSTRUMENT), seats)
            player.start()
            try:
                await scenario(venue, player)
            finally:
                await player.stop()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_the_player_makes_the_venue_follow() -> None:
    async def scenario(venue: MemoryVenue, player: FlowPlayer) -> None:
        for number, line in enumerate(FLOW, 1):
            await player.play(parse_line(line, number))
            await player.settle()
            assert player.difference() == "", line
        assert player.book.best(Side.SELL) == (101 * ONE, 60 * ONE)
        assert player.book.best(Side.BUY) is None
        assert (player.trades, player.fills[Role.MAKER], player.requests, player.answered) == (2, 2, 7, 7)

    play(scenario)


async def play_line(player: FlowPlayer, number: int) -> None:
    await player.play(parse_line(FLOW[number - 1], number))
    await player.settle()


def test_a_fill_with_somebody_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's order stands in front of the flow's."""
    monkeypatch.setattr("gateway.demo.player.ANSWER_TIMEOUT_S", 0.3)

    async def scenario(venue: MemoryVenue, player: FlowPlayer) -> None:
        async with venue.connected(3) as stranger:
            sell = {"instrument_id": 1, "side": 2, "price_e8": 101 * ONE, "quantity_e8": ONE}
            stranger.place(NewOrder(cl_ord_id=1, account_id=3, **sell))
            while (await stranger.next_report()).event_kind is not EventKind.ORDER_NEW:
                pass
            for number in (1, 2, 3, 4):
                await play_line(player, number)
            with pytest.raises(PlayerError, match=r"line 5: .* the maker had seen 1, the taker 2"):
                await play_line(player, 5)

    play(scenario)


def test_an_execution_that_finds_nothing_stops_the_player_with_the_line() -> None:
    async def scenario(venue: MemoryVenue, player: FlowPlayer) -> None:
        for number, line in enumerate(FLOW[:4], 1):
            await player.play(parse_line(line, number))
        await player.settle()
        venue.submit(CommandKind.MASS_CANCEL, scope=6)
        with pytest.raises(PlayerError, match=r"line 5: IOC order \d+ traded 0 of 30 shares"):
            await play_line(player, 5)

    play(scenario)


def test_a_refused_order_stops_the_player_with_the_reason() -> None:
    async def scenario(venue: MemoryVenue, player: FlowPlayer) -> None:
        venue.submit(CommandKind.SET_INSTRUMENT_STATE, instrument_id=1, state=2)
        with pytest.raises(PlayerError, match=r"line 1: request \d+ of the maker was refused: ORDER_REJ"):
            await play_line(player, 1)

    play(scenario)


def test_clocks_that_were_stopped_do_not_count() -> None:
    async def scenario(venue: MemoryVenue, player: FlowPlayer) -> None:
        venue.halt_releases()
        await player.play(parse_line(FLOW[0], 1))
        assert player.stop_clocks() == 1
        venue.resume_releases()
        await player.settle()
        assert (player.answered, player.latency[Role.MAKER].get_total_count()) == (1, 0)

    play(scenario)


@pytest.fixture
def screen() -> Iterator[tuple[DemoScreen, io.StringIO]]:
    stream = io.StringIO()
    with DemoScreen(stream, len(FLOW)) as made:
        yield made, stream


def test_the_screen_writes_plain_lines_into_a_pipe(screen: tuple[DemoScreen, io.StringIO]) -> None:
    made, stream = screen

    async def scenario(venue: MemoryVenue, player: FlowPlayer) -> None:
        for number, line in enumerate(FLOW[:3], 1):
            await player.play(parse_line(line, number))
        await player.settle()
        made.say("a word")
        made.show(player, 34_200_200_000_000)  # less than five seconds after the start: too early for a line
        made._shown_s -= 10
        made.show(player, 34_200_200_000_000)

    play(scenario)
    words, line = stream.getvalue().splitlines()
    assert words.endswith(" s  a word")
    assert "09:30:00  3 of 7 messages" in line
    assert "100 at 100.00 / 120 at 101.00" in line
