"""A full disk: the venue goes on with cancels only, loses nothing, and opens again when there is space.

Three kinds of full: a filesystem layer that says so, a limit on file sizes, and a real filesystem of a few hundred KiB.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine import sequencer
from engine.journal import Durability
from engine.records import (
    EVENT_HEADER_SIZE,
    EVENT_SIZE,
    CommandKind,
    EventKind,
    OrderType,
    PartyStatus,
    Reason,
    Scope,
    SessionRight,
    Side,
    TimeInForce,
    VenueState,
    pack_command,
    unpack_event,
)
from engine.recovery import replay
from engine.segments import SegmentFiles
from tests.engine_room import ROOM_SEGMENT_BYTES, Room, run, set_firm
from tests.source.tree import ROOT
from tests.unit.test_segment_io import file_size_limit

ONE = 100_000_000
LOW_SPREAD_NS = 1_000_000_000  # the reserve of a test is small: a minute would be long
ACTIVE = int(PartyStatus.ACTIVE)
_EVENT = struct.Struct("<20xH2xI28xQ")  # kind, session_id, msg_seq_in
_CONFIG = struct.Struct("<H6xB")  # command_kind, first byte of the body


class FullFiles(SegmentFiles):
    """No more segments can be made while `is_full`."""

    is_full = False

    def fill(self, fd: int, segment_bytes: int) -> None:
        if self.is_full:
            super().fill(fd, segment_bytes // 3)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().fill(fd, segment_bytes)


def market() -> list[bytes]:
    """Instrument 1, and session 1 for account 1."""
    party = {"party_id": 1, "parent_id": 1, "status": ACTIVE}
    rights = int(SessionRight.TRADE | SessionRight.CANCEL)
    return [
        pack_command(
            CommandKind.SET_INSTRUMENT, instrument_id=1, symbol="AAPL", matcher="price_time", tick_size_e8=ONE,
            lot_size_e8=ONE, min_price_e8=ONE, max_price_e8=1_000 * ONE, min_quantity_e8=ONE,
            max_quantity_e8=1_000 * ONE, fills_max=10, asset_class=1,
        ),
        pack_command(CommandKind.SET_FIRM, party_id=1, status=ACTIVE, name="F"),
        pack_command(CommandKind.SET_DESK, **party, name="D"),
        pack_command(CommandKind.SET_TRADER, **party, name="T"),
        pack_command(CommandKind.SET_ACCOUNT, **party, name="A"),
        pack_command(CommandKind.SET_SESSION, **party, name="S", rights=rights, scope=int(Scope.ACCOUNT)),
    ]  # fmt: skip


class Told:
    """What was released, for quick questions: answers by request, and the venue's state."""

    def __init__(self) -> None:
        self.events = bytearray()
        self.venue_state = VenueState.OPEN
        self._answers: dict[tuple[int, int], int] = {}  # (session, msg_seq_in) to a place in `events`

    def __call__(self, events: bytes) -> None:
        begin = len(self.events)
        self.events += events
        for at in range(begin, len(self.events), EVENT_SIZE):
            kind, session, msg_seq_in = _EVENT.unpack_from(self.events, at)
            self._answers.setdefault((session, msg_seq_in), at)
            if kind == EventKind.CONFIG_SET:
                command_kind, state = _CONFIG.unpack_from(self.events, at + EVENT_HEADER_SIZE)
                if command_kind == CommandKind.SET_VENUE_STATE:
                    self.venue_state = VenueState(state)

    def answer(self, session: int, msg_seq_in: int) -> dict[str, Any] | None:
        at = self._answers.get((session, msg_seq_in))
        return None if at is None else unpack_event(self.events, at)


class Trader:
    """Session 1: one order at a time, and what became of it."""

    def __init__(self, room: Room, told: Told) -> None:
        self._room, self._told = room, told
        self._msg_seq = 0

    async def _ask(self, kind: CommandKind, **values: Any) -> dict[str, Any]:
        self._msg_seq += 1
        header = {"session_id": 1, "account_id": 1, "instrument_id": 1, "msg_seq_in": self._msg_seq}
        await self._room.send([pack_command(kind, **header, **values)])
        while (answer := self._told.answer(1, self._msg_seq)) is None:
            await asyncio.sleep(0.001)
        return answer

    async def place(self) -> dict[str, Any]:
        return await self._ask(
            CommandKind.PLACE, side=int(Side.BUY), order_type=int(OrderType.LIMIT), price_e8=100 * ONE, quantity_e8=ONE,
            time_in_force=int(TimeInForce.GTC),
        )  # fmt: skip

    async def cancel(self, order_id: int) -> dict[str, Any]:
        return await self._ask(CommandKind.CANCEL, order_id=order_id)


async def until(condition: Callable[[], bool], step: Callable[[], Awaitable[None]] | None = None) -> None:
    """Waits for what other threads do, making the room work in between."""
    while not condition():
        await (step() if step is not None else asyncio.sleep(0.001))


async def write_until(room: Room, condition: Callable[[], bool]) -> None:
    """Fills the journal with the venue's own commands; those that find no room are taken when there is some."""

    async def step() -> None:
        answers = [room.sequencer.submit(set_firm(1 + n % 8)) for n in range(50)]
        await until(lambda: condition() or all(answer.done() for answer in answers))

    await until(condition, step)


@pytest.fixture(autouse=True)
def short_rations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "LOW_SPREAD_NS", LOW_SPREAD_NS)


@pytest.mark.parametrize("durability", [Durability.FSYNC, Durability.PAGE_CACHE])
def test_new_orders_are_refused_and_cancels_work(tmp_path: Path, durability: Durability) -> None:
    async def scenario() -> None:
        files, told = FullFiles(tmp_path / "journal"), Told()
        async with Room(tmp_path, durability=durability, release=told, journal={"files": files}) as room:
            await room.sequencer.execute(market())
            trader = Trader(room, told)
            resting = [(await trader.place())["order_id"] for _ in range(3)]
            files.is_full = True
            await write_until(room, lambda: told.venue_state is VenueState.CANCEL_ONLY)
            assert room.journal.is_low
            assert 0 < room.journal.room_bytes < ROOM_SEGMENT_BYTES, "the reserve"
            refused = await trader.place()
            assert (refused["kind"], refused["reason"]) == (EventKind.ORDER_REJECTED, Reason.REJECTED_JOURNAL_FULL)
            for order_id in resting[:2]:
                assert (await trader.cancel(order_id))["kind"] is EventKind.ORDER_CANCELLED
            files.is_full = False
            await until(lambda: told.venue_state is VenueState.OPEN)
            assert (await trader.place())["kind"] is EventKind.ORDER_NEW
            assert not room.journal.is_low
            state_hash = room.engine.state_hash()
        replayed = replay(tmp_path / "journal", room.make_engine)
        assert replayed.state_hash == state_hash
        assert room.event_log.next_ordinal == replayed.events == len(told.events) // EVENT_SIZE

    run(asyncio.wait_for(scenario(), 60))


def test_a_reserve_that_is_used_up_is_waited_for(tmp_path: Path) -> None:
    """Nothing left at all: no command is taken, none is lost, and everything goes on when there is space."""

    async def scenario() -> None:
        files = FullFiles(tmp_path / "journal")
        async with Room(tmp_path, journal={"files": files}) as room:
            files.is_full = True
            sent = 0
            waits = room.sequencer.counters
            while not waits.waits_for_journal:
                sent += 1
                answers = [room.sequencer.submit(set_firm(1 + n % 8)) for n in range(50)]
                await until(lambda: all(a.done() for a in answers) or bool(waits.waits_for_journal))  # noqa: B023
            await until(lambda: room.journal.is_low)
            before = room.sequencer.seq
            for _ in range(100):
                room.sequencer.wake()
                await asyncio.sleep(0)
            assert room.sequencer.seq == before
            files.is_full = False
            await asyncio.wait_for(asyncio.gather(*answers), 30)
            assert room.sequencer.seq >= sent * 50

    run(asyncio.wait_for(scenario(), 60))


def test_a_start_on_a_full_disk_says_so_or_goes_on(tmp_path: Path) -> None:
    """The reserve is there already; without one the start is refused, and nothing is changed."""

    async def scenario() -> None:
        async with Room(tmp_path) as room:
            await room.sequencer.execute(market())
        files = FullFiles(tmp_path / "journal")
        files.is_full = True
        async with Room(tmp_path, journal={"files": files}) as room:
            await until(lambda: room.journal.tail.seq > 0)
            await room.sequencer.execute([set_firm(2)])
        empty = FullFiles(tmp_path / "new" / "journal")
        empty.is_full = True
        with pytest.raises(OSError, match="No space left"):
            async with Room(tmp_path / "new", journal={"files": empty}):
                pass
        empty.is_full = False
        async with Room(tmp_path / "new", journal={"files": empty}) as room:
            await room.sequencer.execute(market())

    run(asyncio.wait_for(scenario(), 60))


def test_a_write_that_finds_no_space_is_tried_again(tmp_path: Path) -> None:
    """A limit on file sizes hits the segment that is being written: what waits is written when the limit is lifted."""

    async def scenario() -> None:
        told = Told()
        async with Room(tmp_path, durability=Durability.FSYNC, release=told) as room:
            await room.sequencer.execute(market())
            with file_size_limit(8_192):
                answers = [room.sequencer.submit(set_firm(1 + n % 8)) for n in range(100)]
                await until(lambda: room.journal.is_low)
                assert not any(answer.done() for answer in answers)
            await asyncio.gather(*answers)
            await until(lambda: told.venue_state is VenueState.OPEN)
            state_hash = room.engine.state_hash()
        assert replay(tmp_path / "journal", room.make_engine).state_hash == state_hash

    run(asyncio.wait_for(scenario(), 60))


ON_A_SMALL_DISK = """
import asyncio, sys
from pathlib import Path
from engine import sequencer
from engine.journal import Durability
from engine.records import EventKind, Reason, VenueState
from tests.engine_room import Room
from tests.unit.test_full_disk import LOW_SPREAD_NS, Told, Trader, market, replay, until, write_until

async def scenario(disk, durability):
    told = Told()
    async with Room(disk / durability, durability=Durability(durability), release=told) as room:
        await room.sequencer.execute(market())
        trader = Trader(room, told)
        order_id = (await trader.place())["order_id"]
        await write_until(room, lambda: told.venue_state is VenueState.CANCEL_ONLY)
        assert (await trader.place())["reason"] is Reason.REJECTED_JOURNAL_FULL
        assert (await trader.cancel(order_id))["kind"] is EventKind.ORDER_CANCELLED
        (disk / "ballast").unlink()
        await until(lambda: told.venue_state is VenueState.OPEN)
        assert (await trader.place())["kind"] is EventKind.ORDER_NEW
        state_hash = room.engine.state_hash()
    assert replay(disk / durability / "journal", room.make_engine).state_hash == state_hash
    print("all went well")

sequencer.LOW_SPREAD_NS = LOW_SPREAD_NS
disk = Path(sys.argv[1])
(disk / "ballast").write_bytes(bytes(1_500_000))
asyncio.run(asyncio.wait_for(scenario(disk, sys.argv[2]), 50))
"""


@pytest.mark.parametrize("durability", ["fsync", "page-cache"])
def test_a_real_filesystem_that_is_full(tmp_path: Path, durability: str) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("needs util-linux for a filesystem of its own")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=4m none {disk} && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", mount, "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a user mount a filesystem in a namespace of its own")
    result = subprocess.run(
        [*command, sys.executable, "-c", ON_A_SMALL_DISK, str(disk), durability],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert result.stdout.endswith("all went well\n"), result.stdout + result.stderr
