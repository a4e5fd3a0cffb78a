"""A participant who trades at random and remembers what the venue told it: what must still be true after any crash."""

from __future__ import annotations

import asyncio
import random

from engine.records import EventKind, LogonFlag, OrderState, OrderType, Side, TimeInForce
from gateway.binary.messages import OrderReport
from gateway.client import (
    BinaryClient,
    CancelOrder,
    NewOrder,
    OrderStatus,
    OrderStatusEnd,
    Report,
    SessionClosed,
    SessionOptions,
)
from tests.live_venue import CENT, LOGINS, ONE, LiveVenue

MID_CENTS = 58_500
SPREAD_CENTS = 6
OPEN_MAX = 60  # so that one command of the engine reports all of them (work_steps_max)
IN_FLIGHT_MAX = 24
ANSWER_TIMEOUT_S = 30.0
ANSWERS = {  # kind of request -> events that answer it, exactly one of them and exactly once
    NewOrder: {EventKind.ORDER_NEW, EventKind.ORDER_REJECTED},
    CancelOrder: {EventKind.ORDER_CANCELLED, EventKind.CANCEL_REJECTED},
}


class Witness:
    """`await connect()`, `trade` until the connection is gone, `await settle()` after the next `connect`."""

    def __init__(self, venue: LiveVenue, user: str, rng: random.Random) -> None:
        self.user = user
        self._venue = venue
        self._rng = rng
        self._account_id = LOGINS[user][1]
        self._client: BinaryClient | None = None
        self._reader: asyncio.Task[None] | None = None
        self._progressed = asyncio.Event()
        self._requests: dict[int, type[NewOrder] | type[CancelOrder]] = {}  # by client_seq
        self._answered: dict[int, Report] = {}
        self._open: dict[int, tuple[int, int]] = {}  # order id -> price, open quantity
        self._last_event = (0, 0)
        self._statuses: dict[int, tuple[int, int]] = {}
        self._is_snapshot_checked = False
        self._next_id = 1
        self.reports = 0

    # ------------------------------------------------------------------------------------------- connection

    async def connect(self) -> None:
        """Logs in, goes on with the next report, and asks for all open orders."""
        if self._client is None:
            self._client = self._venue.client(self.user)
        self._statuses.clear()
        self._is_snapshot_checked = False
        await self._client.connect(SessionOptions(cod_flags=0, logon_flags=int(LogonFlag.SNAPSHOT)))
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def lost(self) -> None:
        """Waits until the connection is gone. Raises what was wrong with the reports before."""
        assert self._reader is not None
        await asyncio.wait_for(self._reader, ANSWER_TIMEOUT_S)

    async def settle(self) -> None:
        """Waits until every request ever sent is answered and the open orders that the venue named were compared."""
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while len(self._answered) < len(self._requests) or not self._is_snapshot_checked:
                assert self._reader is not None
                if self._reader.done():
                    await self._reader
                    raise AssertionError(f"{self.user}: the connection was lost")
                self._progressed.clear()
                await self._progressed.wait()

    async def log_out(self) -> None:
        assert self._client is not None
        await self._client.logout()

    def abort(self) -> None:
        if self._client is not None:
            self._client.abort()

    # ----------------------------------------------------------------------------------------------- trading

    async def trade(self) -> None:
        """Random orders and cancels until the connection is gone."""
        assert self._client is not None
        assert self._reader is not None
        while not self._reader.done():
            if len(self._requests) - len(self._answered) >= IN_FLIGHT_MAX or not self._is_snapshot_checked:
                self._progressed.clear()
                await self._progressed.wait()
                continue
            request = self._next_request()
            try:
                self._requests[self._client.send(request)] = type(request)
            except SessionClosed:
                break
            await asyncio.sleep(0)
        await self.lost()

    def _next_request(self) -> NewOrder | CancelOrder:
        rng = self._rng
        if self._open and (len(self._open) >= OPEN_MAX or rng.random() < 0.35):
            return CancelOrder(account_id=self._account_id, order_id=rng.choice(list(self._open)))
        side = rng.choice((Side.BUY, Side.SELL))
        kind, tif = rng.choice(((OrderType.LIMIT, TimeInForce.GTC), (OrderType.ALO, TimeInForce.GTC),
                                (OrderType.LIMIT, TimeInForce.IOC)))  # fmt: skip
        price_cents = MID_CENTS + rng.randint(-SPREAD_CENTS, SPREAD_CENTS)
        self._next_id += 1
        return NewOrder(
            cl_ord_id=self._next_id, account_id=self._account_id, instrument_id=1, side=side, order_type=kind,
            time_in_force=tif, price_e8=price_cents * CENT, quantity_e8=rng.randint(1, 5) * ONE,
        )  # fmt: skip

    # ----------------------------------------------------------------------------------------------- reports

    async def _read(self) -> None:
        assert self._client is not None
        try:
            while True:
                self._take(await self._client.next_report())
                self._progressed.set()
        except SessionClosed:
            pass
        finally:
            self._progressed.set()

    def _take(self, report: Report) -> None:
        event = (report.event_seq, report.event_index)
        assert event > self._last_event, f"{self.user}: event {event} after {self._last_event}"
        self._last_event = event
        self.reports += 1
        request = self._requests.get(report.client_seq)
        if request is not None and report.event_kind in ANSWERS[request]:
            assert report.client_seq not in self._answered, f"{self.user}: answered twice: {report}"
            self._answered[report.client_seq] = report
        if isinstance(report, OrderStatus):
            assert report.order_id not in self._statuses, f"{self.user}: order {report.order_id} is open twice"
            self._statuses[report.order_id] = (report.price_e8 or 0, report.leaves_quantity_e8)
        elif isinstance(report, OrderStatusEnd):
            assert self._statuses == self._open, f"{self.user}: the venue's open orders are not those it told of"
            self._is_snapshot_checked = True
        elif isinstance(report, OrderReport):
            self._open.pop(report.order_id, None)
            if report.order_state == OrderState.LIVE and report.leaves_quantity_e8:
                self._open[report.order_id] = (report.price_e8 or 0, report.leaves_quantity_e8)
