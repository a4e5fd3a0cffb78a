"""What doors share: the login limiter, the way into the batch, and the catch-up from the event log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.batch import CommandBatch
from engine.records import COMMAND_SIZE, EVENT_SIZE, SESSION_EVENT, CommandKind, pack_command
from gateway._router import GAP, LIVE, REPLAYING, Router
from gateway.binary._wire import REPORT_BYTES, BinaryOutlet
from gateway.session import CatchUp, CommandInlet, DoorPorts, LoginLimiter
from tests.memory_venue import MemoryEventLog


class Owner:
    """Owner and transport of an outlet."""

    def __init__(self) -> None:
        self.sent = 0

    def write(self, data: bytes) -> None:
        self.sent += len(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def outlet_stopped(self, state: int) -> None:
        raise AssertionError(f"stopped with {state}")


def ports(capacity: int = 2) -> tuple[DoorPorts, list[str]]:
    woken: list[str] = []
    return (
        DoorPorts(CommandBatch(capacity), lambda: woken.append("wake"), MemoryEventLog(), Router(9), lambda: 1.0),
        woken,
    )


def command(session_id: int) -> bytes:
    return pack_command(CommandKind.SESSION_DISCONNECT, session_id=session_id, cause=1)


def taken(batch: CommandBatch) -> list[int]:
    data = batch.take(1, 0)
    return [int.from_bytes(data[at + 20 : at + 24], "little") for at in range(0, len(data), COMMAND_SIZE)]


# ----------------------------------------------------------------------------------------------- login limiter


def test_three_slips_are_free_then_the_delay_doubles_up_to_its_maximum() -> None:
    limiter = LoginLimiter(failures_per_minute=100, delay_s=1.0, delay_max_s=5.0)
    delays = []
    for _ in range(8):
        limiter.failed("user", 10.0)
        delays.append(limiter.retry_after_s("user", 10.0))
    assert delays == [0, 0, 1, 2, 4, 5, 5, 5]
    assert limiter.retry_after_s("user", 12.5) == 2.5
    assert limiter.retry_after_s("other", 10.0) == 0


def test_the_limit_of_a_minute_and_its_end() -> None:
    limiter = LoginLimiter(failures_per_minute=4)
    for second in range(4):
        limiter.failed("user", float(second))
    assert limiter.retry_after_s("user", 10.0) == 53.0
    assert limiter.retry_after_s("user", 63.0) == 0
    limiter.failed("user", 63.0)
    assert limiter.retry_after_s("user", 63.0) == 0  # the earlier ones are forgotten


def test_a_success_forgets_and_the_memory_is_bounded() -> None:
    limiter = LoginLimiter(failures_per_minute=3, keys_max=2)
    for key in ("a", "a", "a", "b"):
        limiter.failed(key, 0.0)
    assert limiter.retry_after_s("a", 1.0) > 0
    limiter.succeeded("a")
    assert limiter.retry_after_s("a", 1.0) == 0
    for key in ("a", "a", "a", "b", "c"):  # c pushes out a, which was not touched for longest
        limiter.failed(key, 2.0)
    assert limiter.retry_after_s("a", 2.0) == 0


# --------------------------------------------------------------------------------------------------- the inlet


def test_what_must_not_be_lost_waits_for_room_in_order() -> None:
    doors, woken = ports(2)
    inlet = CommandInlet(doors)
    for session_id in (1, 2, 3, 4, 5):
        inlet.submit(command(session_id))
    assert inlet.is_blocked
    assert len(woken) == 5
    got = []
    while inlet.is_blocked or len(doors.batch):
        got += taken(doors.batch)
        inlet.room_available()
    assert got == [1, 2, 3, 4, 5]


def test_readers_resume_first_come_first_served_and_behind_commands() -> None:
    doors, _ = ports(1)
    inlet = CommandInlet(doors)
    order: list[str] = []

    def reader(name: str) -> Callable[[], None]:
        def resume() -> None:
            order.append(name)
            doors.batch.append(command(9))

        return resume

    doors.batch.append(command(1))
    inlet.submit(command(2))
    inlet.wait(reader("first"))
    inlet.wait(reader("second"))
    assert taken(doors.batch) == [1]
    inlet.room_available()
    assert (order, taken(doors.batch)) == ([], [2])
    inlet.room_available()
    assert (order, taken(doors.batch)) == (["first"], [9])
    inlet.room_available()
    assert order == ["first", "second"]


# ----------------------------------------------------------------------------------------------------- catch-up


def event(session_id: int, session_seq: int) -> bytes:
    return SESSION_EVENT.pack(seq=1, session_id=session_id, session_seq=session_seq, kind=30)


def outlet_at(session_seq: int) -> tuple[BinaryOutlet, Owner]:
    owner = Owner()
    outlet = BinaryOutlet(1, 1 << 20, REPORT_BYTES, owner, lambda: 0.0)
    outlet.connect(owner, -1)
    outlet.start_at(session_seq)
    return outlet, owner


def test_catch_up_is_sliced_meets_the_live_stream_and_waits_for_a_slow_reader() -> None:
    async def scenario() -> None:
        doors, _ = ports()
        log = doors.event_log
        assert isinstance(log, MemoryEventLog)
        for number in range(1, 101):
            doors.router.route(event(1, number) + event(2, number))
            log.append(event(1, number) + event(2, number))
        outlet, owner = outlet_at(41)
        may_write = False
        catch_up = CatchUp(doors, outlet, lambda: may_write, lambda state: None, 16)
        catch_up.start()
        assert catch_up.blocked_since_s == 1.0
        assert owner.sent == 0
        may_write = True
        catch_up.resume()
        assert outlet.next_seq == 49  # one slice of 16 records, half of them its own
        doors.router.route(event(1, 101))  # arrives while it catches up
        log.append(event(1, 101))
        while outlet.state == REPLAYING:
            await asyncio.sleep(0)
        assert (outlet.state, outlet.next_seq) == (LIVE, 102)

    asyncio.run(scenario())


def test_long_stretches_of_others_are_skipped_by_the_index() -> None:
    async def scenario() -> None:
        doors, _ = ports()
        log = doors.event_log
        assert isinstance(log, MemoryEventLog)
        stream = event(1, 1) + b"".join(event(2, i) for i in range(1, 1_000)) + event(1, 2)
        doors.router.route(stream)
        log.append(stream)
        outlet, _ = outlet_at(1)
        CatchUp(doors, outlet, lambda: True, lambda state: None, 8).start()
        turns = 0
        while outlet.state == REPLAYING:
            await asyncio.sleep(0)
            turns += 1
        assert outlet.next_seq == 3
        assert turns < 20

    asyncio.run(scenario())


@pytest.mark.parametrize("events", [b"", event(1, 2)])
def test_a_log_without_the_number_is_our_fault_and_said(events: bytes) -> None:
    async def scenario() -> None:
        doors, _ = ports()
        doors.router.set_session_seq(1, 2)
        assert isinstance(doors.event_log, MemoryEventLog)
        doors.event_log.append(events)
        outlet, _ = outlet_at(1)
        stopped: list[int] = []
        CatchUp(doors, outlet, lambda: True, stopped.append, 8).start()
        assert stopped == [GAP]

    asyncio.run(scenario())


def test_event_size_is_what_the_log_counts_in() -> None:
    log = MemoryEventLog()
    log.append(event(3, 1) + event(3, 2))
    assert (log.next_ordinal, log.find(3, 2), len(log.read(0, 5))) == (2, 1, 2 * EVENT_SIZE)
