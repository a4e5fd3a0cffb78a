"""What a participant has after a cut line, a restart or a lost file: numbers, missed reports, cancels."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from engine.records import CodFlag
from gateway.fix.index import HEADER
from tests.fix_messages import FixClient, order, utc
from tests.fix_venue import FixVenue, participant

pytestmark = pytest.mark.conformance
Script = Callable[[FixVenue], Awaitable[None]]


def run(tmp_path: Path, script: Script, **options: Any) -> FixVenue:
    changes = options.pop("people", {})
    people = tuple(participant(i, **changes) for i in (1, 2, 3, 4))

    async def scenario() -> FixVenue:
        async with FixVenue(tmp_path, people, **options) as venue:
            await script(venue)
            return venue

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(scenario(), 60))


async def gone(venue: FixVenue) -> None:
    """The venue has noticed that session 2 is not connected."""
    while venue.fix.links[1].connection is not None:
        await asyncio.sleep(0.005)


async def again(venue: FixVenue, before: FixClient, text: str = "98=0|108=30") -> FixClient:
    """The same participant after a cut, with the numbers that it had."""
    await gone(venue)
    client = await venue.connect(2)
    client.next_out = before.next_out
    await client.log_on(text)
    return client


# -------------------------------------------------------------------------------------------- missed while away


def test_reports_of_the_absence_come_as_new_messages(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on()
        client.send(order("rest"))
        await client.expect("8", t34="2")
        client.abort()
        await gone(venue)
        other = await venue.connect(4)
        await other.log_on()
        other.send(order("hit", t54="2", t59="3"))
        assert (await other.get())[150] == "0"
        client = await again(venue, client)
        await client.expect("8", t34="4", t43="", t11="rest", t150="F", t39="2")

    run(tmp_path, script)


@pytest.mark.parametrize("choice", ["35002=1", "35002=3"])
def test_cancel_on_disconnect_is_reported_after_the_reconnect(tmp_path: Path, choice: str) -> None:
    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        answer = await client.log_on(f"98=0|108=30|{choice}")
        assert answer[35002] == choice[-1]
        for name in ("a", "b"):
            client.send(order(name))
            await client.expect("8", t11=name)
        client.abort()
        client = await again(venue, client)
        for name in ("a", "b"):
            await client.expect("8", t11=name, t150="4", t39="4", t58="CANCELLED_DISCONNECT", t20001="36")
        await client.expect("r", t530="7", t531="7", t533="2", t20001="36")

    run(tmp_path, script)


def test_cancel_on_disconnect_waits_for_its_window(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        answer = await client.log_on("98=0|108=30|35002=1|35003=5000")
        assert (answer[35002], answer[35003]) == ("1", "5000")
        client.send(order("a"))
        await client.expect("8", t11="a")
        client.abort()
        await gone(venue)
        venue.tick(4_000_000_000)
        client = await again(venue, client, "98=0|108=30|35002=1|35003=5000")
        client.send("H|11=a|55=AAPL-USD|54=1")
        await client.expect("8", t11="a", t39="0")  # back in time: the order stands
        client.abort()
        await gone(venue)
        venue.tick(6_000_000_000)
        client = await again(venue, client)
        await client.expect("8", t11="a", t150="4", t20001="36")

    run(tmp_path, script)


def test_logout_is_no_loss_unless_chosen(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on("98=0|108=30|35002=1")
        client.send(order("a"))
        await client.expect("8", t11="a")
        await client.log_out()
        client = await again(venue, client, "98=0|108=30|35002=2")
        client.send("H|11=a|55=AAPL-USD|54=1")
        await client.expect("8", t11="a", t39="0")
        await client.log_out()
        client = await again(venue, client)
        await client.expect("8", t11="a", t150="4", t20001="36")

    run(tmp_path, script)


def test_scope_of_the_cancel_and_a_window_of_zero(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        client.send("A|98=0|108=30|35002=3|35003=0")
        assert "35003" in (await client.expect("5"))[58]
        await client.closed()
        client = await venue.connect(2)
        client.next_out = venue.fix.links[1].session.next_in
        answer = await client.log_on("98=0|108=30|35002=3|20010=2")
        assert answer[20010] == "2"

    run(tmp_path, script, people={"cod_flags": CodFlag(0)})


def test_without_tags_of_ours(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        answer = await client.log_on("98=0|108=30|20013=N|20012=9")
        assert not [tag for tag in answer if tag >= 20_000]
        client.send(order("a", t55="NOPE"))
        report = await client.expect("8", t150="8", t58="BAD_SYMBOL")
        assert not [tag for tag in report if tag >= 20_000]
        assert len(report[60].partition(".")[2]) == 9

    run(tmp_path, script)


# ------------------------------------------------------------------------------------------------------ restart


def test_a_file_of_another_start_of_the_system_makes_the_numbers_jump(tmp_path: Path) -> None:
    """As after a power cut: what the file may lack is never numbered again, and is filled over when it is asked for."""
    seen: list[FixClient] = []

    async def first(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on()
        client.send(order("a"))
        await client.expect("8", t34="2")
        client.abort()
        await gone(venue)
        seen.append(client)

    before = run(tmp_path, first)
    path = tmp_path / "session-2.fix"
    data = bytearray(path.read_bytes())
    data[HEADER.offset_of("boot_id")] ^= 1
    data[HEADER.offset_of("is_clean")] = 0
    path.write_bytes(data)

    async def second(venue: FixVenue) -> None:
        client = await venue.connect(2)
        client.next_out = seen[0].next_out
        answer = await client.log_on()
        jumped = int(answer[34])
        assert jumped > 1_000_000
        client.send("2|7=3|16=0")
        await client.expect("4", t34="3", t36=str(jumped + 1), t123="Y")
        client.send(order("b"))
        await client.expect("8", t11="b", t34=str(jumped + 1))

    run(tmp_path, second, continues=before)


def test_a_second_process_cannot_have_the_same_files(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        with pytest.raises(ValueError, match="another process has it open"):
            async with FixVenue(tmp_path):
                pass

    run(tmp_path, script)


# --------------------------------------------------------------------------------------------- long resends


def test_a_long_resend_is_whole_in_order_and_sliced(tmp_path: Path) -> None:
    count = int(os.environ.get("PERPGATE_RESEND_MESSAGES", "3000"))

    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on()
        for start in range(0, count, 200):
            for i in range(start, start + 200):
                client.send(order(f"o{i}", t40="1", t44="", t59="3"))  # no liquidity: new, then cancelled
            for _ in range(400):
                await client.get()
        other = await venue.connect(4)
        await other.log_on()
        client.send("2|7=1|16=0")
        client.send("1|112=behind")
        other.send("1|112=meanwhile")
        await other.expect("0", t112="meanwhile")  # nobody else waits for a long resend
        await client.expect("4", t34="1", t36="2")
        for i in range(count):
            new = await client.expect("8", t43="Y", t11=f"o{i}", t150="0")
            assert int(new[34]) == 2 + 2 * i
            await client.expect("8", t43="Y", t11=f"o{i}", t150="4", t34=str(3 + 2 * i))
        await client.expect("0", t112="behind", t34=str(2 + 2 * count))

    run(tmp_path, script)


def test_events_during_a_resend_come_after_it(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on()
        for i in range(300):
            client.send(order(f"o{i}", t44=f"{i % 50 + 1}"))
            await client.expect("8", t11=f"o{i}")
        client.send("2|7=2|16=0")
        client.send(order("late", t44="1"))
        numbers = [int((await client.expect("8"))[34]) for _ in range(301)]
        assert numbers == list(range(2, 303))

    run(tmp_path, script)


@pytest.mark.parametrize("batch_records", [1, 7, 64])
def test_more_orders_than_the_batch_holds(tmp_path: Path, batch_records: int) -> None:
    """A burst many times the size of the batch and of the receive buffer: every order once, in order."""
    count = 400

    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on()
        lines = []
        for i in range(count):
            lines.append(client.compose(order(f"o{i}", t40="1", t44="", t59="3")))
            if i % 50 == 7:
                lines.append(client.compose("0"))  # something that is Python's in between
        client.send_raw(b"".join(lines))
        for i in range(count):
            await client.expect("8", t11=f"o{i}", t150="0", t34=str(2 + 2 * i))
            await client.expect("8", t11=f"o{i}", t150="4")
        assert venue.fix.links[1].session.is_ordinary

    run(tmp_path, script, batch_records=batch_records, receive_bytes=33 * 1024)


def test_a_participant_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on()
        client.pause()
        text = "".join(f"1|112={'x' * 200}\n" for _ in range(20))
        while venue.fix.links[1].connection is not None:
            for line in text.splitlines():
                client.send(line)
            await asyncio.sleep(0)
        assert venue.fix.counters["SLOW_CONSUMER"] == 1

    run(tmp_path, script, output_bytes_max=64 * 1024)


def test_possible_repeat_is_marked_after_lost_numbers(tmp_path: Path) -> None:
    """Events that may have been sent before the file was lost carry PossResend=Y."""

    async def first(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on()
        client.send(order("a"))
        await client.expect("8")
        client.abort()
        await gone(venue)

    before = run(tmp_path, first)
    (tmp_path / "session-2.fix").unlink()

    async def second(venue: FixVenue) -> None:
        client = await venue.connect(2)
        client.next_out = 3
        answer = await client.log_on()
        assert int(answer[34]) > 1_000_000
        await client.expect("8", t11="a", t97="Y", t43="")

    run(tmp_path, second, continues=before)


def test_scheduled_reset(tmp_path: Path) -> None:
    hour, minute = utc()[9:11], utc()[12:14]
    seconds = int(hour) * 3_600 + int(minute) * 60

    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await client.log_on()
        link = venue.fix.links[1]
        while link.store.reset_date == 0:
            await asyncio.sleep(0.01)
        link.store.reset_date -= 1  # as if that was yesterday
        await client.expect("5", t58="scheduled reset of sequence numbers")
        client.send("5")
        await client.closed()
        while link.store.next_out != 1:
            await asyncio.sleep(0.01)
        client = await venue.connect(2)
        assert (await client.log_on())[34] == "1"

    run(tmp_path, script, people={"reset_time_s": seconds})
