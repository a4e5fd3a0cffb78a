"""A QuickFIX initiator under faults of its own making, at random: gaps, cut lines, duplicates, resends, logouts.

In the end both sides have the same story: every request was answered once, QuickFIX has had every report of the venue's
event log and no other, a number never had two contents, and the open orders are the engine's.
`PERPGATE_FAULT_STEPS` sets the length of the run.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import uvloop

from engine.records import EVENT_SIZE, EventKind, OrderState, unpack_event
from gateway.fix.participant import Link
from tests.cut_proxy import CutProxy
from tests.fix_messages import utc
from tests.fix_venue import BEGIN_STRINGS, FixVenue, participant
from tests.quickfix_initiator import Initiator, fresh_sender

pytestmark = pytest.mark.conformance
STEPS = int(os.environ.get("PERPGATE_FAULT_STEPS", "250"))
SEED = random.SystemRandom().randrange(2**32)
OPEN, ENDED = {"0", "1", "5", "A", "E"}, {"2", "4", "8", "C"}
CHANGING = {8, 9, 10, 43, 52, 97, 122}  # what a second sending may have otherwise
QUIET_TURNS = 20
FAULT_SHARE = 0.05  # of the steps
REPEATED_MAX = 5  # orders back: the venue knows them by name still
ANSWERS = {
    EventKind.ORDER_NEW, EventKind.ORDER_REJECTED, EventKind.ORDER_REPLACED, EventKind.ORDER_CANCELLED,
    EventKind.REPLACE_REJECTED, EventKind.CANCEL_REJECTED,
}  # fmt: skip
REFUSED_REQUESTS = {EventKind.REPLACE_REJECTED, EventKind.CANCEL_REJECTED}  # 35=9: without an ExecID
Raw = dict[int, str]


class Trader:
    """Requests at random, and what the reports say of the orders."""

    def __init__(self, client: Initiator, random_: random.Random) -> None:
        self.client = client
        self.random = random_
        self.orders: dict[str, str] = {}  # OrderID -> OrdStatus
        self.names: dict[str, str] = {}  # OrderID -> ClOrdID now
        self.asked: dict[str, int] = {}  # ClOrdID -> answers
        self.reports: list[Raw] = []
        self.again: list[dict[int, str]] = []  # orders that may be sent with PossResend
        self.is_42 = client.session_id.getBeginString().getString() == "FIX.4.2"
        self.is_50 = client.session_id.getBeginString().getString() == "FIXT.1.1"

    def act(self) -> None:
        """A new order, a replace or a cancel; now and then an earlier order once more, marked PossResend."""
        name = f"n{len(self.asked) + 1}"
        still = sorted(self.open_orders())
        choice = self.random.random()
        if self.again and choice < 0.05:
            self.client.send("D", self.random.choice(self.again[-REPEATED_MAX:]), t97="Y")
            return
        self.asked[name] = 0
        common = {11: name, 55: "AAPL-USD", 54: "1", 60: utc()[:-3]}
        if still and choice < 0.5:
            order_id = self.random.choice(still)
            body = {**common, 37: order_id, 41: self.names[order_id]}
            if choice < 0.25:
                self.client.send("F", body)
            else:  # whose ClOrdID is free from here on
                self.again = [sent for sent in self.again if sent[11] != self.names[order_id]]
                self.client.send("G", self._priced(body))
            return
        body = {**self._priced(common), 59: self.random.choice("113")}
        if body[59] == "1":
            self.again.append(body)
        self.client.send("D", body)

    def _priced(self, body: dict[int, str]) -> dict[int, str]:
        price, size = self.random.randrange(80, 95), self.random.randrange(1, 5)
        return {**body, 38: str(size), 40: "2", 44: str(price), **({} if self.is_50 else {21: "1"})}

    def open_orders(self) -> set[str]:
        """By OrderID."""
        return {order_id for order_id, status in self.orders.items() if status in OPEN}

    def take(self) -> None:
        """Everything that has arrived."""
        while not self.client.application.app.empty():
            report = self.client.application.app.get()
            assert report[35] in ("8", "9"), report
            if report[35] == "9" or report[17] != "0":
                self.reports.append(report)
            if report[35] == "8" and report[37] != "NONE" and self.orders.get(report[37]) not in ENDED:
                self.orders[report[37]] = report[39]
                self.names[report[37]] = report[11]
            if report.get(11) in self.asked:
                self.asked[report[11]] += 1


class Faults:
    """What the QuickFIX side does wrong."""

    def __init__(self, client: Initiator, proxy: CutProxy, random_: random.Random) -> None:
        self._client, self._proxy, self._random = client, proxy, random_
        self.done: dict[str, int] = defaultdict(int)

    async def one(self) -> None:
        kind = self._random.choice(("skip", "forget", "cut", "cut", "logout"))
        session = self._client.session
        if kind == "skip":  # numbers that were never sent: the venue asks, QuickFIX fills
            session.setNextSenderMsgSeqNum(session.getExpectedSenderNum() + self._random.randrange(1, 6))
        elif kind == "forget" and session.getExpectedTargetNum() > 3:  # it asks for what it had
            back = self._random.randrange(1, min(20, session.getExpectedTargetNum() - 1))
            session.setNextTargetMsgSeqNum(session.getExpectedTargetNum() - back)
        elif kind == "cut":
            self._proxy.cut_after(self._random.randrange(1, 1_500))
        elif kind == "logout" and session.isLoggedOn():
            session.logout("enough")
            while session.isLoggedOn():
                await asyncio.sleep(0.01)
            session.logon()
        self.done[kind] += 1


async def settle(venue: FixVenue, trader: Trader, link: Link) -> None:
    """Until nothing moves any more: both sides logged on, nothing missing, nothing under way."""
    quiet, before = 0, (0, 0)
    async with asyncio.timeout(60):
        while quiet < QUIET_TURNS:
            await asyncio.sleep(0.025)
            trader.take()
            session = trader.client.session
            now = (len(trader.reports), venue.log.next_ordinal)
            is_even = (
                session.isLoggedOn()
                and link.connection is not None
                and session.getExpectedTargetNum() == link.connection.outlet.next_out
                and session.getExpectedSenderNum() == link.session.next_in
            )
            quiet = quiet + 1 if is_even and now == before and all(trader.asked.values()) else 0
            before = now


# --------------------------------------------------------------------------------------------------- at the end


def events_of(venue: FixVenue, session_id: int) -> list[dict[str, object]]:
    """The venue's log of what the session was told about orders."""
    found = (unpack_event(venue.log.events, at) for at in range(0, len(venue.log.events), EVENT_SIZE))
    return [e for e in found if e["session_id"] == session_id and "order_id" in e]


def parsed(line: str) -> Raw:
    """A line of QuickFIX's message log."""
    fields: Raw = {}
    for part in line[line.index("8=FIX") :].rstrip("|").split("|"):
        tag, _, value = part.partition("=")
        fields.setdefault(int(tag), value)
    return fields


def logged(client: Initiator, direction: str) -> list[Raw]:
    """The messages of QuickFIX's log that came in ("I") or went out ("O")."""
    return [parsed(line) for side, line in client.messages() if side == direction]


def incoming(client: Initiator) -> dict[int, Raw]:
    """Application messages by MsgSeqNum; each number has one content, and a gap fill never covered what happened to an
    order: only answers to questions (status, 17=0), which are asked again instead."""
    messages: dict[int, Raw] = {}
    covered: set[int] = set()
    for message in logged(client, "I"):
        number = int(message[34])
        if message[35] == "4":
            covered |= set(range(number, int(message[36])))
        elif message[35] in "A0125":
            covered.add(number)
        else:
            content = {tag: value for tag, value in message.items() if tag not in CHANGING}
            assert messages.setdefault(number, content) == content, f"number {number} has two contents"
    lost = [messages[number] for number in covered & set(messages)]
    assert all(m[35] == "UL" or m.get(17) == "0" for m in lost), "a report was filled over"
    assert covered | set(messages) == set(range(1, max(covered | set(messages)) + 1)), "a number never came"
    return messages


def logs_agree(venue: FixVenue, client: Initiator, session_id: int) -> None:
    """What the venue's event log says was told is what QuickFIX's message log says came, in the same order; what the
    venue took is what QuickFIX sent under that number, once."""
    events = events_of(venue, session_id)
    came = [m for _, m in sorted(incoming(client).items()) if m[35] == "9" or (m[35] == "8" and m[17] != "0")]
    told = [f"{e['seq']}-{e['event_index']}" for e in events if e["kind"] not in REFUSED_REQUESTS]
    assert [m[17] for m in came if m[35] == "8"] == told
    assert [m[11] for m in came] == [e["client_order_id"] for e in events]
    sent = {int(m[34]): m for m in logged(client, "O")}
    taken = [e for e in events if e["kind"] in ANSWERS and e["msg_seq_in"]]
    for event in taken:
        assert sent[int(str(event["msg_seq_in"])) & 0xFF_FFFF_FFFF][11] == event["client_order_id"]
    answered = Counter((e["kind"], e["client_order_id"]) for e in events if e["kind"] in ANSWERS)
    assert not {name: count for name, count in answered.items() if count > 1}, "a request was carried out twice"


async def open_orders(trader: Trader) -> set[str]:
    """As the venue tells them when asked."""
    client = trader.client
    client.send("AF", {584: "end", 585: "7"})
    found: set[str] = set()
    while True:
        report = await client.get()
        if report[35] == "UL":
            return found
        assert report[584] == "end"
        found.add(report[37])
        if report[912] == "Y":
            return found


def open_of_log(events: list[dict[str, object]]) -> set[str]:
    """As the venue's log of events leaves them."""
    states = {e["order_id"]: e["order_state"] for e in events if e["order_id"] and e["kind"] not in REFUSED_REQUESTS}
    ended = (OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED)
    return {str(order_id) for order_id, state in states.items() if state not in ended}


@pytest.mark.parametrize("session_id", [1, 2, 3], ids=["fix42", "fix44", "fix50sp2"])
def test_logs_and_orders_agree_after_random_faults(tmp_path: Path, session_id: int) -> None:
    seed = SEED + session_id
    print(f"seed {seed}")
    random_ = random.Random(seed)

    async def scenario() -> None:
        sender = fresh_sender()
        people = [participant(i) for i in (1, 2, 3, 4)]
        people[session_id - 1] = participant(session_id, sender=sender)
        async with FixVenue(tmp_path / "venue", tuple(people)) as venue, CutProxy(venue.fix.port) as proxy:
            begin = BEGIN_STRINGS[session_id - 1]
            client = Initiator(tmp_path / "quickfix", proxy.port, begin, sender, HeartBtInt="1")
            trader, faults = Trader(client, random_), Faults(client, proxy, random_)
            try:
                await client.start()
                for step in range(STEPS):
                    trader.act()
                    trader.take()
                    if random_.random() < FAULT_SHARE:
                        await faults.one()
                    if step % 5 == 0:
                        await asyncio.sleep(0.01)
                await settle(venue, trader, venue.fix.links[session_id - 1])
                assert trader.open_orders() == open_of_log(events_of(venue, session_id)) == await open_orders(trader)
            finally:
                await client.stop()
            logs_agree(venue, client, session_id)
            assert proxy.cuts > 0
            assert sum(faults.done.values()) > STEPS * FAULT_SHARE / 3

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scenario(), 120))
