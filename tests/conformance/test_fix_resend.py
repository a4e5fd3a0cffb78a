"""A long resend goes out in slices: it holds up nobody else, a slow reader included, and is whole."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from gateway.fix.resend import EVENTS_PER_SLICE, Resender
from tests.fix_messages import FixClient, order
from tests.fix_venue import FixVenue

pytestmark = pytest.mark.conformance
ORDERS = 3_000  # of two reports each
REPORTS = 2 * ORDERS


def run(tmp_path: Path, script: Callable[[FixVenue, FixClient, FixClient], Awaitable[None]]) -> None:
    """Session 2 has REPORTS reports behind it, session 4 has just logged on."""

    async def scenario() -> None:
        async with FixVenue(tmp_path) as venue:
            asking, other = await venue.connect(2), await venue.connect(4)
            await asking.log_on()
            await other.log_on()
            for begin in range(0, ORDERS, 100):
                names = [f"o{i}" for i in range(begin, begin + 100)]
                asking.send_raw(b"".join(asking.compose(order(name, t40="1", t44="", t59="3")) for name in names))
                for _ in range(2 * len(names)):
                    await asking.get()
            await script(venue, asking, other)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scenario(), 60))


def resender_of(venue: FixVenue) -> Resender:
    connection = venue.fix.links[1].connection
    assert connection is not None
    assert connection._outflow is not None
    assert connection._outflow._resender is not None
    return connection._outflow._resender


async def trade_while_busy(venue: FixVenue, other: FixClient) -> int:
    """Round trips of the other session until the resend has ended."""
    resender, trips = resender_of(venue), 0
    while not resender.is_busy:
        await asyncio.sleep(0)
    while resender.is_busy:
        trips += 1
        other.send(order(f"x{trips}", t40="1", t44="", t59="3"))
        await other.expect("8", t11=f"x{trips}", t150="0")
        await other.expect("8", t11=f"x{trips}", t150="4")
    return trips


def test_other_sessions_trade_between_the_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slices: list[int] = []
    step = Resender._step

    def counted(self: Resender) -> None:
        before = self._seq
        step(self)
        slices.append(self._seq - before)

    monkeypatch.setattr(Resender, "_step", counted)

    async def script(venue: FixVenue, asking: FixClient, other: FixClient) -> None:
        asking.send("2|7=2|16=0")
        reading = asyncio.ensure_future(receive(asking))
        trips = await trade_while_busy(venue, other)
        assert await reading == list(range(2, REPORTS + 2))
        assert max(slices) <= 2 * EVENTS_PER_SLICE
        assert trips >= REPORTS // EVENTS_PER_SLICE // 8, "a round trip takes some turns of the loop, not a resend"

    run(tmp_path, script)


def test_a_resend_that_nobody_reads_waits_for_its_reader_alone(tmp_path: Path) -> None:
    async def script(venue: FixVenue, asking: FixClient, other: FixClient) -> None:
        asking.pause()
        connection = venue.fix.links[1].connection
        assert connection is not None
        for transport, option in ((connection._transport, socket.SO_SNDBUF), (asking.transport, socket.SO_RCVBUF)):
            assert transport is not None
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, 65_536)
        asking.send("2|7=2|16=0")
        while resender_of(venue).blocked_since_s is None:
            await asyncio.sleep(0.001)
        for i in range(20):
            other.send(order(f"x{i}"))
            await other.expect("8", t11=f"x{i}", t150="0")
        assert resender_of(venue).is_busy
        asking.resume()
        assert await receive(asking) == list(range(2, REPORTS + 2))
        asking.send(order("after"))
        await asking.expect("8", t11="after", t34=str(REPORTS + 2), t43="")

    run(tmp_path, script)


async def receive(client: FixClient) -> list[int]:
    """The numbers of the reports that come again."""
    found = []
    while len(found) < REPORTS:
        found.append(int((await client.expect("8", t43="Y"))[34]))
    return found
