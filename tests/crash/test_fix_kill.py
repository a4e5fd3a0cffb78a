"""kill -9 of a live venue under FIX load: QuickFIX initiators go on without a reset and lose nothing.

After every restart each initiator has had every report exactly once in effect (an ExecID that comes again is marked
PossDup or PossResend), and in the end its book of open orders is the venue's.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.fix_messages import utc
from tests.live_venue import LiveVenue
from tests.quickfix_initiator import Initiator

pytestmark = pytest.mark.crash
SEED = 20261124
KILLS = 4
OPEN, ENDED = {"0", "1", "5", "A", "E"}, {"2", "4", "8", "C"}


class Trader:
    """A QuickFIX session that enters and cancels orders, and what it knows from its reports."""

    def __init__(self, directory: Path, port: int, begin: str, sender: str, seed: int) -> None:
        self.client = Initiator(directory, port, begin, sender, target="PERPGATE", ReconnectInterval="1")
        self.random = random.Random(seed)
        self.sent = 0
        self.orders: dict[str, str] = {}  # OrderID to OrdStatus
        self.exec_ids: set[str] = set()
        self.answered: set[str] = set()  # ClOrdIDs
        self.asked: set[str] = set()

    def act(self) -> None:
        """One request: a new order far from the market, or a cancel of an open one."""
        self.sent += 1
        name = f"{self.client.session_id.getSenderCompID().getString()}-{self.sent}"
        self.asked.add(name)
        still = [order_id for order_id, status in self.orders.items() if status in OPEN]
        if still and self.random.random() < 0.3:
            body = {11: name, 37: self.random.choice(still), 41: "x", 55: "AAPL-USD", 54: "1", 60: utc()[:-3]}
            self.client.send("F", body)
            return
        price = f"{self.random.randrange(40_000, 50_000) / 100:.2f}"
        body = {11: name, 55: "AAPL-USD", 54: "1", 38: "1", 40: "2", 44: price, 59: "1", 60: utc()[:-3]}
        if self.client.session_id.getBeginString().getString() != "FIXT.1.1":
            body[21] = "1"
        self.client.send("D", body)

    def take(self) -> None:
        """Everything that has arrived."""
        reports = self.client.application.app
        while not reports.empty():
            report = reports.get()
            self.answered.add(report.get(11, ""))
            if report[35] != "8" or report[17] == "0":
                continue
            again = report.get(43) == "Y" or report.get(97) == "Y"
            assert report[17] not in self.exec_ids or again, f"{report[17]} came twice and is not marked"
            self.exec_ids.add(report[17])
            if report[37] != "NONE" and self.orders.get(report[37]) not in ENDED:
                self.orders[report[37]] = report[39]

    def open_orders(self) -> set[str]:
        return {order_id for order_id, status in self.orders.items() if status in OPEN}

    async def settle(self) -> None:
        """Waits until every request was answered, then compares with what the venue says of open orders."""
        async with asyncio.timeout(60):
            while not self.asked <= self.answered:
                self.take()
                await asyncio.sleep(0.02)
        self.client.send("AF", {584: f"s{self.sent}", 585: "7"})
        found: set[str] = set()
        while True:
            report = await self.client.get(30)
            if report.get(584) != f"s{self.sent}":
                continue
            if report[35] == "UL":
                break
            found.add(report[37])
            if report[912] == "Y":
                break
        assert found == self.open_orders()


def test_quickfix_survives_kills_at_random_instants(tmp_path: Path) -> None:
    async def scenario() -> None:
        random_ = random.Random(SEED)
        venue = LiveVenue(tmp_path)
        await asyncio.to_thread(venue.start)
        assert venue.process is not None
        port = venue.process.fix_port
        versions = (("FIX.4.2", "MAKER42"), ("FIXT.1.1", "TAKER50"))  # an account each
        traders = [Trader(tmp_path / s, port, b, s, SEED + i) for i, (b, s) in enumerate(versions)]
        try:
            for trader in traders:
                await trader.client.start()
            for _ in range(KILLS):
                kill = asyncio.get_running_loop().call_later(random_.uniform(0.05, 0.4), venue.kill)
                while venue.process is not None:
                    for trader in traders:
                        for _ in range(random_.randrange(1, 6)):
                            trader.act()
                        trader.take()
                    await asyncio.sleep(0.005)
                kill.cancel()
                await asyncio.to_thread(venue.start, "--listen-fix", f"127.0.0.1:{port}")
            for trader in traders:
                await trader.settle()
        finally:
            for trader in traders:
                await trader.client.stop()
            venue.kill()
        assert all(trader.sent > 20 for trader in traders)

    asyncio.run(asyncio.wait_for(scenario(), 240))
