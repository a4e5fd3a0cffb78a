"""Plays order flow to a venue through its doors: one session makes, another takes.

Requests of one session keep their order on the way; between the two sessions there is none, so the player changes
sides only when everything is answered and the fills have been seen on both. When the venue dies the player stalls, like
any participant: its seats reconnect, ask for the reports that they missed and send again what nobody answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from hdrh.histogram import HdrHistogram

from engine.records import SCALE_E8, Side
from gateway.demo.book import ReportBook
from gateway.demo.seats import Key, Seat, SeatReport
from gateway.flow import FlowMessage, FlowTranslator, OrderAction, Role

IN_FLIGHT_MAX = 64
ANSWER_TIMEOUT_S = 30.0
RECONNECT_S = 0.1
LATENCY_NS_MAX = 60 * 10**9


class PlayerError(Exception):
    """The venue did not do what the flow says; the text says at which line."""


class FlowPlayer:
    """FlowPlayer(translator, seats): the seats are connected, and both trade the instrument of the flow.

    `book` is the venue's book as the reports show it; `latency` takes nanoseconds from a request to its first report.
    """

    def __init__(self, translator: FlowTranslator, seats: Mapping[Role, Seat]) -> None:
        self.translator = translator
        self.book = ReportBook()
        self.latency = {role: HdrHistogram(1, LATENCY_NS_MAX, 3) for role in Role}
        self.line = 0
        self.requests = 0
        self.answered = 0
        self.reports = 0
        self.fills = {Role.MAKER: 0, Role.TAKER: 0}
        self._seats = dict(seats)
        self._sent_ns: dict[Role, dict[Key, int]] = {Role.MAKER: {}, Role.TAKER: {}}
        self._passing: dict[Key, int] = {}  # keys of IOC orders that have not ended -> their quantity
        self._role = Role.MAKER
        self._progressed = asyncio.Event()
        self._fault: Exception | None = None
        self._readers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Reads the reports of both sessions from now on."""
        loop = asyncio.get_running_loop()
        self._readers = [loop.create_task(self._read(role)) for role in self._seats]

    async def stop(self) -> None:
        """Reads no more."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._readers = []

    @property
    def in_flight(self) -> int:
        """Requests without an answer."""
        return sum(len(sent) for sent in self._sent_ns.values())

    @property
    def trades(self) -> int:
        """Fills that the taker has seen."""
        return self.fills[Role.TAKER]

    @property
    def is_connected(self) -> bool:
        """Both sessions are."""
        return all(seat.is_connected for seat in self._seats.values())

    async def play(self, message: FlowMessage) -> None:
        """Sends what the message asks for; waits for answers where the order between the sessions matters.

        Raises PlayerError when a request was rejected, an IOC order was not filled or an answer stays away.
        """
        self.line = message.line
        for action in self.translator.translate(message):
            if action.role is not self._role:
                await self.settle()
                self._role = action.role
            await self._wait(lambda: self.in_flight < IN_FLIGHT_MAX and self.is_connected)
            self._send(action)

    def stop_clocks(self) -> int:
        """The requests under way are not timed: the venue is about to die. Returns their number."""
        for sent in self._sent_ns.values():
            for key in sent:
                sent[key] = 0
        return self.in_flight

    async def connected(self) -> None:
        """Waits until both sessions are connected. Raises PlayerError when one was refused."""
        await self._wait(lambda: self.is_connected)

    async def settle(self) -> None:
        """Waits until every request is answered, and every fill seen by its maker and its taker. Raises PlayerError."""
        await self._wait(
            lambda: not self.in_flight and not self._passing and self.fills[Role.MAKER] == self.fills[Role.TAKER]
        )

    def difference(self) -> str:
        """What the venue's best prices and sizes are and the flow's are not; empty when they are the same.

        To be asked after `settle`.
        """
        wrong = []
        for side in Side:
            venue, flow = self.book.best(side), self.translator.book.best(side)
            if venue != flow:
                wrong.append(f"best {side.name}: the venue has {venue}, the flow {flow}")
        return "; ".join(wrong)

    # -------------------------------------------------------------------------------------------------- inner

    async def _wait(self, is_reached: Callable[[], bool]) -> None:
        while not is_reached():
            if self._fault is not None:
                raise self._fault
            self._progressed.clear()
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    await self._progressed.wait()
            except TimeoutError:
                raise PlayerError(self._waited_in_vain()) from None
        if self._fault is not None:
            raise self._fault

    def _waited_in_vain(self) -> str:
        reason = "" if self.is_connected else ", the venue cannot be reached"
        return (
            f"line {self.line}: nothing came for {ANSWER_TIMEOUT_S:g} s while {self.in_flight} requests were without "
            f"an answer; of the fills the maker had seen {self.fills[Role.MAKER]}, the taker {self.trades}{reason}"
        )

    def _send(self, action: OrderAction) -> None:
        key = self._seats[action.role].send(action)
        self._sent_ns[action.role][key] = time.monotonic_ns()
        self.requests += 1
        if action.role is Role.TAKER:
            self._passing[key] = action.quantity_e8

    async def _read(self, role: Role) -> None:
        try:
            async for report in self._seats[role].reports(RECONNECT_S):
                self._take(role, report)
                self._progressed.set()
            self._fault = PlayerError(f"line {self.line}: the venue ended the {role.name.lower()}'s session")
        except OSError as error:
            self._fault = PlayerError(f"line {self.line}: {role.name.lower()}: {error}")
        except Exception as error:  # a fault of ours: `_wait` raises it, where it is seen
            self._fault = error
        self._progressed.set()

    def _take(self, role: Role, report: SeatReport) -> None:
        self.reports += 1
        sent_ns = self._sent_ns[role].pop(report.key, None)
        if sent_ns is not None:
            self.answered += 1
        if sent_ns:
            self.latency[role].record_value(min(time.monotonic_ns() - sent_ns, LATENCY_NS_MAX))
        if report.refusal:
            self._fail(f"request {report.key} of the {role.name.lower()} was refused: {report.refusal}")
        if not report.is_order:
            return
        self.book.take(report)
        if report.is_fill:
            self.fills[role] += 1
        if role is Role.TAKER and report.is_gone:
            asked_e8 = self._passing.pop(report.key, 0)
            if report.filled_e8 != asked_e8:
                filled = f"{report.filled_e8 // SCALE_E8} of {asked_e8 // SCALE_E8} shares"
                self._fail(f"IOC order {report.key} traded {filled}")

    def _fail(self, text: str) -> None:
        if self._fault is None:
            self._fault = PlayerError(f"line {self.line}: {text}")
