"""QuickFIX as the participant, unchanged, its validation on with our dictionaries: every message in every version.

What QuickFIX finds wrong it answers with a Reject, which every test looks for at its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from engine.records import CommandKind, InstrumentState, VenueState
from tests.fix_messages import FixClient, utc
from tests.fix_venue import BEGIN_STRINGS, FixVenue, participant
from tests.quickfix_initiator import Initiator, fresh_sender

pytestmark = pytest.mark.conformance
Script = Callable[[FixVenue, Initiator], Awaitable[None]]


@pytest.fixture(params=(1, 2, 3), ids=("fix42", "fix44", "fix50sp2"))
def session_id(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def play(tmp_path: Path, session_id: int) -> Callable[..., None]:
    """A fresh venue with QuickFIX logged on; at the end neither side has rejected anything of the other's."""

    def run(script: Script, speed_bump_ns: int = 0, logon: dict[int, str] | None = None, **changes: object) -> None:
        async def scenario() -> None:
            sender = fresh_sender()
            people = [participant(i) for i in (1, 2, 3, 4)]
            people[session_id - 1] = participant(session_id, sender=sender, **changes)
            async with FixVenue(tmp_path / "venue", tuple(people), speed_bump_ns=speed_bump_ns) as venue:
                begin = BEGIN_STRINGS[session_id - 1]
                client = Initiator(tmp_path / "quickfix", venue.fix.port, begin, sender, logon)
                try:
                    await client.start()
                    await script(venue, client)
                finally:
                    await client.stop()
                assert "3" not in client.application.sent
                assert "j" not in client.application.sent
                while not client.application.admin.empty():
                    assert client.application.admin.get()[35] != "3"

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(asyncio.wait_for(scenario(), 60))

    return run


def now() -> str:
    return utc()[:-3]


def new_order(client: Initiator, name: str, **fields: str) -> None:
    body = {"t11": name, "t55": "AAPL-USD", "t54": "1", "t38": "1", "t40": "2", "t44": "90", "t59": "1", "t60": now()}
    if client.session_id.getBeginString().getString() != "FIXT.1.1":
        body["t21"] = "1"
    client.send("D", {int(tag[1:]): value for tag, value in {**body, **fields}.items() if value})


async def counterparty(venue: FixVenue) -> FixClient:
    """Session 4 of the venue, logged on."""
    client = await venue.connect(4)
    await client.log_on()
    return client


def exec_type(client: Initiator, filled: str) -> str:
    """150 of a fill: 4.2 says partial or whole there."""
    return filled if client.session_id.getBeginString().getString() == "FIX.4.2" else "F"


def test_life_of_an_order(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        new_order(client, "one")
        new = await client.expect("8", t11="one", t150="0", t39="0", t151="1")
        client.send(
            "G",
            {
                11: "two",
                41: "one",
                55: "AAPL-USD",
                54: "1",
                38: "2",
                40: "2",
                44: "91",
                60: now(),
                **({} if client.session_id.getBeginString().getString() == "FIXT.1.1" else {21: "1"}),
            },
        )
        await client.expect("8", t11="two", t41="one", t150="5", t38="2", t44="91", t37=new[37])
        other = await counterparty(venue)
        other.send("D|11=x|55=AAPL-USD|54=2|38=0.5|40=2|44=91|59=3|21=1|60=" + utc())
        fill = await client.expect("8", t11="two", t150=exec_type(client, "1"), t39="1", t31="91", t32="0.5", t851="1")
        assert fill[704] == "0.5"
        client.send("F", {37: new[37], 41: "two", 11: "three", 55: "AAPL-USD", 54: "1", 60: now()})
        await client.expect("8", t11="three", t41="two", t150="4", t39="4", t14="0.5", t151="0")
        client.send("F", {41: "two", 11: "four", 55: "AAPL-USD", 54: "1", 60: now()})
        await client.expect("9", t11="four", t434="1", t102="1", t37="NONE", t39="8")

    play(script)


def test_taker_market_ioc_fok_and_post_only(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        other = await counterparty(venue)
        other.send("D|11=x|55=AAPL-USD|54=2|38=5|40=2|44=100|59=1|21=1|60=" + utc())
        await other.expect("8")
        new_order(client, "m", t40="1", t44="", t59="3")
        await client.expect("8", t11="m", t150="0", t40="1")
        fill = await client.expect("8", t11="m", t39="2", t851="2", t136="1", t137="0", t138="USDC")
        assert fill[880] == fill[17]
        new_order(client, "i", t44="99", t59="3")
        await client.expect("8", t11="i", t150="0")
        await client.expect("8", t11="i", t150="4", t20001="32")
        new_order(client, "f", t44="100", t38="9", t59="4")
        await client.expect("8", t11="f", t150="0")
        await client.expect("8", t11="f", t150="4", t20001="33")
        new_order(client, "p", t44="100", t18="6")
        await client.expect("8", t11="p", t150="8", t20001="82", t58="REJECTED_ALO_WOULD_CROSS")

    play(script)


def test_refusals_name_their_reason(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        new_order(client, "a", t55="NOPE-USD")
        await client.expect("8", t11="a", t150="8", t39="8", t103="1", t20001="54", t58="BAD_SYMBOL", t55="[N/A]")
        new_order(client, "b", t1="NOBODY")
        await client.expect("8", t11="b", t150="8", t20001="81", t58="PERMISSION_DENIED")
        new_order(client, "c", t44="90.001")
        await client.expect("8", t11="c", t150="8", t20001="63")
        new_order(client, "d", t38="0.00001")
        await client.expect("8", t11="d", t150="8", t20001="64")
        new_order(client, "e")
        await client.expect("8", t11="e", t150="0")
        new_order(client, "e")
        await client.expect("8", t11="e", t150="8", t103="6", t20001="84")
        new_order(client, "f", t44="")
        await client.expect("j", t372="D", t379="f", t380="5", t58="Conditionally required field missing (44)")

    play(script)


def test_stops_and_reduce_only(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        other = await counterparty(venue)
        other.send("D|11=x|55=AAPL-USD|54=2|38=2|40=2|44=100|59=1|21=1|60=" + utc())
        await other.expect("8")
        new_order(client, "long", t44="100")
        await client.expect("8", t150="0")
        await client.expect("8", t39="2")
        other.send("D|11=y|55=AAPL-USD|54=1|38=9|40=2|44=95|59=1|21=1|60=" + utc())
        await other.get()
        new_order(client, "stop", t54="2", t40="3", t44="", t99="97")
        await client.expect("8", t11="stop", t150="0", t40="3", t99="97", t636="N")
        new_order(client, "tp", t54="2", t40="J", t44="", t99="120", t38="0.5")
        await client.expect("8", t11="tp", t150="0", t40="J", t99="120")
        venue.submit(CommandKind.SET_MARK, instrument_id=1, mark_price_e8=96 * 10**8)
        begin = client.session_id.getBeginString().getString()
        if begin == "FIXT.1.1":
            await client.expect("8", t11="stop", t150="L")
        else:
            await client.expect(
                "8", t11="stop", t150="D", t58="ORDER_TRIGGERED", t378="4" if begin == "FIX.4.2" else "99"
            )
        await client.expect("8", t11="stop", t39="2", t31="95")
        await client.expect("8", t11="tp", t150="4", t20001="83")  # nothing is left to protect
        new_order(client, "reduce", t54="2", t18="E")
        await client.expect("8", t11="reduce", t150="8", t20001="83", t18="E")

    play(script)


def test_speed_bump_pending_new_and_pending_replace(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        new_order(client, "one")
        await client.expect("8", t11="one", t150="A", t39="A", t636="N")
        venue.tick(1_000_000)
        await client.expect("8", t11="one", t150="0", t39="0")
        extra = {} if client.session_id.getBeginString().getString() == "FIXT.1.1" else {21: "1"}
        client.send(
            "G", {11: "two", 41: "one", 55: "AAPL-USD", 54: "1", 38: "1", 40: "2", 44: "91", 60: now(), **extra}
        )
        await client.expect("8", t11="two", t41="one", t150="E", t39="E")
        venue.tick(1_000_000)
        await client.expect("8", t11="two", t150="5")
        client.send("G", {11: "x", 41: "gone", 55: "AAPL-USD", 54: "1", 38: "1", 40: "2", 44: "91", 60: now(), **extra})
        await client.expect("9", t11="x", t434="2", t102="1")

    play(script, speed_bump_ns=1_000_000)


def test_self_trade_prevention_names_the_other_order(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        new_order(client, "rest", t2362="7")
        rest = await client.expect("8", t11="rest")
        new_order(client, "hit", t54="2", t2362="7", t2964="2")
        hit = await client.expect("8", t11="hit", t150="0")
        await client.expect("8", t11="rest", t37=rest[37], t150="4", t58="CANCELLED_STP", t20003=hit[37])

    play(script)


def test_mass_cancel_and_status(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        names = ("a", "b", "c")
        for name in names:
            new_order(client, name)
            await client.expect("8", t11=name)
        client.send("H", {11: "b", 55: "AAPL-USD", 54: "1"})
        status = await client.expect("8", t11="b", t39="0", t17="0")
        assert status[150] == ("0" if client.session_id.getBeginString().getString() == "FIX.4.2" else "I")
        client.send("H", {11: "nope", 55: "AAPL-USD", 54: "1"})
        await client.expect("8", t11="nope", t39="8", t37="NONE")
        client.send("AF", {584: "all", 585: "7"})
        reports = [await client.expect("8", t584="all", t911="3") for _ in names]
        assert [r[912] for r in reports] == ["N", "N", "Y"]
        client.send("q", {11: "q1", 530: "1", 55: "AAPL-USD", 54: "2", 60: now()})
        await client.expect("r", t11="q1", t530="1", t531="1", t533="0")
        client.send("q", {11: "q2", 530: "7", 60: now()})
        for name in names:
            await client.expect("8", t11=name, t150="4", t39="4")
        await client.expect("r", t11="q2", t530="7", t531="7", t533="3")
        client.send("AF", {584: "none", 585: "7"})
        await client.expect("UL", t584="none", t911="0")
        client.send("q", {11: "q3", 530: "7", 1: "ACCOUNT-4", 60: now()})
        await client.expect("r", t11="q3", t531="0", t20001="81")
        client.send("q", {11: "q4", 530: "1", 60: now()})
        await client.expect("j", t372="q", t379="q4", t380="5", t58="Conditionally required field missing (55)")

    play(script)


def test_mass_action_of_fix50(tmp_path: Path) -> None:
    async def scenario() -> None:
        sender = fresh_sender()
        people = (participant(1), participant(2), participant(3, sender=sender), participant(4))
        async with FixVenue(tmp_path / "venue", people) as venue:
            client = Initiator(tmp_path / "quickfix", venue.fix.port, "FIXT.1.1", sender)
            try:
                await client.start()
                new_order(client, "a")
                await client.expect("8", t11="a")
                client.send("CA", {11: "ca", 1373: "3", 1374: "7", 60: now()})
                await client.expect("8", t11="a", t150="4")
                await client.expect("BZ", t11="ca", t1373="3", t1374="7", t1375="2", t533="1")
                client.send("q", {11: "q", 530: "7", 60: now()})
                await client.expect("r", t11="q", t531="7", t533="0")
            finally:
                await client.stop()
            assert not {"3", "j"} & set(client.application.sent)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scenario(), 60))


def test_instruments_status_news_and_users(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        client.send("x", {320: "x1", 559: "4"})
        listed = await client.expect("y", t320="x1", t560="0", t55="AAPL-USD", t969="0.01", t561="0.001")
        assert listed[893] == "Y"
        client.send("x", {320: "x2", 559: "0", 55: "NOPE"})
        await client.expect("y", t320="x2", t560="2")
        client.send("e", {324: "e1", 55: "AAPL-USD", 263: "1"})
        await client.expect("f", t324="e1", t326="17", t20043="1")
        venue.submit(CommandKind.SET_INSTRUMENT_STATE, instrument_id=1, state=int(InstrumentState.HALTED))
        await client.expect("f", t55="AAPL-USD", t326="2", t325="Y", t324="")
        client.send("e", {324: "e2", 55: "NOPE", 263: "0"})
        await client.expect("j", t372="e", t380="2", t379="e2")
        client.send("g", {335: "g1", 263: "1"})
        await client.expect("h", t335="g1", t340="2")
        venue.submit(CommandKind.SET_VENUE_STATE, state=int(VenueState.CANCEL_ONLY))
        await client.expect("h", t340="1", t20044="2")
        venue.fix.desk.publish("Maintenance at 22:00", ("The venue restarts.", "Orders stay."))
        await client.expect("B", t148="Maintenance at 22:00", t33="2")
        client.send("BE", {923: "u1", 924: "4", 553: client.session_id.getSenderCompID().getString()})
        await client.expect("BF", t923="u1", t926="1")

    play(script)


def test_snapshot_of_open_orders_at_logon(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        await client.expect("UL", t911="0")
        new_order(client, "one")
        await client.expect("8", t11="one")
        client.session.logout()
        await client.logged_out()
        client.session.logon()
        while not await client._take(client.application.logged_on, 20):
            pass
        await client.expect("8", t11="one", t17="0", t39="0")
        await client.expect("UL", t911="1")

    play(script, logon={20011: "Y"})


def test_quickfix_asks_again_and_gets_the_same(play: Callable[..., None]) -> None:
    """A gap that QuickFIX makes itself: it asks for everything again and its view of the orders stays right."""

    async def script(venue: FixVenue, client: Initiator) -> None:
        for name in ("a", "b", "c"):
            new_order(client, name)
            await client.expect("8", t11=name, t150="0")
        while client.session.getExpectedTargetNum() != 5:  # QuickFIX counts a message after its callback
            await asyncio.sleep(0.01)
        client.session.setNextTargetMsgSeqNum(2)
        new_order(client, "d")  # its report is 5, and QuickFIX believes that it expects 2
        seen = [await client.get() for _ in range(4)]
        assert [m[11] for m in seen] == ["a", "b", "c", "d"]
        assert [m.get(43) for m in seen[:3]] == ["Y", "Y", "Y"]
        assert all(m[122] <= m[52] for m in seen[:3])
        new_order(client, "e")
        await client.expect("8", t11="e", t150="0", t43="")

    play(script)


def test_venue_asks_again_for_what_quickfix_skipped(play: Callable[..., None]) -> None:
    async def script(venue: FixVenue, client: Initiator) -> None:
        new_order(client, "a")
        await client.expect("8", t11="a")
        client.session.setNextSenderMsgSeqNum(client.session.getExpectedSenderNum() + 5)
        new_order(client, "b")
        await client.expect("8", t11="b", t150="0")
        new_order(client, "c")
        await client.expect("8", t11="c", t150="0")

    play(script)
