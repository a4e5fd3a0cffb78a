"""gateway.fix.client: the lean initiator against the FIX door; and the demo's player with both sides at it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from engine.records import Side
from gateway.demo.player import FlowPlayer
from gateway.demo.seats import FixSeat, Seat
from gateway.fix._wire import FixMessage
from gateway.fix.client import FixClient, FixClosed, utc_now
from gateway.flow import FlowInstrument, FlowTranslator, Role, parse_line
from tests.fix_messages import utc, wrap
from tests.fix_venue import BEGIN_STRINGS, FixVenue
from tests.memory_venue import ONE, TICK_E8

pytestmark = pytest.mark.conformance
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


def run(tmp_path: Path, script: Callable[[FixVenue], Awaitable[None]]) -> None:
    async def scenario() -> None:
        async with FixVenue(tmp_path) as venue:
            await script(venue)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scenario(), 30))


def client_of(venue: FixVenue, session_id: int = 2, **options: object) -> FixClient:
    begin = BEGIN_STRINGS[session_id - 1]
    return FixClient("127.0.0.1", venue.fix.port, begin, f"MM{session_id:02}", "VENUE", **options)  # type: ignore[arg-type]


def order(name: str) -> tuple[tuple[int, str | int], ...]:
    return ((11, name), (21, 1), (55, "AAPL-USD"), (54, 1), (60, utc_now()), (38, 1), (40, 2), (44, 90), (59, 1))


async def expect(client: FixClient, msg_type: str, **fields: str) -> FixMessage:
    message = await client.next_message()
    found = {"t35": message.msg_type, **{tag: message.get(int(tag[1:])) for tag in fields}}
    assert found == {"t35": msg_type, **fields}, message
    return message


async def left(venue: FixVenue, session_id: int = 2) -> None:
    while venue.fix.links[session_id - 1].connection is not None:
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("session_id", [1, 2, 3])
def test_logs_on_trades_and_leaves(tmp_path: Path, session_id: int) -> None:
    async def script(venue: FixVenue) -> None:
        client = client_of(venue, session_id)
        await client.connect()
        client.send("D", order("a"))
        await expect(client, "8", t11="a", t150="0")
        client.send("D", ((11, "b"),))
        await expect(client, "3", t373="1")
        await client.logout()
        with pytest.raises(FixClosed, match="logged out"):
            await client.next_message()
        with pytest.raises(FixClosed, match="not connected"):
            client.send("D", order("c"))
        assert (client.next_out, client.next_in, client.gaps) == (5, 5, 0)

    run(tmp_path, script)


def test_what_was_missed_comes_once_and_in_order(tmp_path: Path) -> None:
    """The line breaks before a report was read: it is asked for, and is marked."""

    async def script(venue: FixVenue) -> None:
        client = client_of(venue)
        await client.connect()
        client.send("D", order("a"))
        await expect(client, "8", t11="a", t150="0")
        client.next_in -= 1  # as if it had not been read
        client.abort()
        with pytest.raises(FixClosed, match="closed the connection"):
            await client.next_message()
        await left(venue)
        await client.connect()
        client.send("D", order("b"))
        await expect(client, "8", t11="a", t43="Y")
        await expect(client, "8", t11="b", t150="0")
        assert (client.gaps, client.received_again, client.sent_again, client.logons) == (1, 1, 0, 2)

    run(tmp_path, script)


def test_what_the_venue_missed_is_sent_again(tmp_path: Path) -> None:
    """Orders that were lost on the way; a Heartbeat between them is filled."""

    async def script(venue: FixVenue) -> None:
        client = client_of(venue)
        await client.connect()
        line, client._line = client._line, None  # what is written from here on goes nowhere
        client._kept.update({2: ("D", body("a"), utc_now()), 4: ("D", body("b"), utc_now())})
        client.next_out = 5
        client._line = line
        client.send("D", order("c"))
        for name in ("a", "b", "c"):
            await expect(client, "8", t11=name, t150="0")
        assert (client.sent_again, client.gaps) == (3, 0)
        assert venue.fix.links[1].session.next_in == client.next_out == 6

    run(tmp_path, script)


def body(name: str) -> bytes:
    return b"".join(b"%d=%s\x01" % (tag, str(value).encode()) for tag, value in order(name))


def test_a_session_that_is_live_elsewhere_is_refused(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        first, second = client_of(venue), client_of(venue)
        await first.connect()
        with pytest.raises(FixClosed, match="closed the connection"):
            await second.connect()
        assert first.is_connected
        assert not second.is_connected

    run(tmp_path, script)


def test_messages_go_on_after_a_broken_line(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = client_of(venue)
        await client.connect()
        stream = client.messages(reconnect_s=0.01)
        for name in ("a", "b", "c"):
            while not client.is_connected:
                await asyncio.sleep(0.005)
            client.send("D", order(name))
            message = await anext(stream)
            assert (message.get(11), message.get(150)) == (name, "0")
            client.abort()
            await left(venue)
            waiting = asyncio.ensure_future(anext(stream))
            while not client.is_connected:
                await asyncio.sleep(0.005)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            stream = client.messages(reconnect_s=0.01)
        assert client.logons == 4

    run(tmp_path, script)


def test_heartbeats_keep_the_session_up(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = client_of(venue, heartbeat_s=1)
        await client.connect()
        before = client.next_in
        while client.next_in < before + 2:  # two Heartbeats of the venue, none of which is delivered
            await asyncio.sleep(0.05)
        assert client.is_connected
        assert venue.fix.links[1].session.next_in > 2
        await client.logout()

    run(tmp_path, script)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([("A", 1, "98=0|108=1")], "silent"),
        ([("A", 1, "98=0|108=1"), ("0", 1, "")], "the venue sent number 1, expected 2"),
        ([("0", 1, "")], "answered the Logon with a message of type 0"),
        ([("A", 1, "98=0|108=1|141=Y")], "wants to reset"),
        ([("5", 1, "58=go away")], "the venue logged out: go away"),
    ],
)
def test_a_venue_that_misbehaves_is_left(answers: list[tuple[str, int, str]], says: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\x0110=")
        for msg_type, seq, text in answers:
            writer.write(wrap("FIX.4.4", f"35={msg_type}|34={seq}|49=V|52={utc()}|56=M|{text}".rstrip("|")))
        while await reader.read(4_096):
            pass
        writer.close()

    async def log_on_and_listen(client: FixClient) -> None:
        await client.connect()
        await client.next_message()

    async def scenario() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = FixClient("127.0.0.1", server.sockets[0].getsockname()[1], "FIX.4.4", "M", "V", heartbeat_s=1)
        with pytest.raises(FixClosed, match=says):
            await log_on_and_listen(client)
        server.close()

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_the_player_with_both_sides_at_the_fix_door(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        seats: dict[Role, Seat] = {
            Role.MAKER: FixSeat(client_of(venue, 2), "AAPL-USD"),
            Role.TAKER: FixSeat(client_of(venue, 4), "AAPL-USD"),
        }
        for seat in seats.values():
            await seat.connect()
        player = FlowPlayer(FlowTranslator(INSTRUMENT), seats)
        player.start()
        for number, line in enumerate(FLOW, 1):
            await player.play(parse_line(line, number))
            await player.settle()
            assert player.difference() == "", line
        await player.stop()
        assert player.book.best(Side.SELL) == (101 * ONE, 60 * ONE)
        assert (player.trades, player.fills[Role.MAKER], player.requests, player.answered) == (2, 2, 7, 7)
        for seat in seats.values():
            await seat.leave()

    run(tmp_path, script)
