"""The binary door over real sockets, byte by byte where SoupBinTCP says so; the rest through the client library.

Every test runs on uvloop and on asyncio's own loop: a difference between the two would be a fault of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from engine.records import CodFlag, EventKind, LogonFlag, Reason, Scope
from gateway.binary.messages import encode_request, login_request, soup_packet
from gateway.client import (
    CancelOrder,
    LoginRefused,
    MassCancel,
    MassCancelDone,
    NewOrder,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderStatus,
    OrderStatusEnd,
    ReplaceOrder,
    SessionClosed,
    SessionOptions,
    SessionState,
)
from tests.memory_venue import ONE, PASSWORD, MemoryVenue

pytestmark = pytest.mark.conformance
Scenario = Callable[[], Awaitable[None]]
BUY, SELL = 1, 2
LIMIT, ALO = 1, 3
GTC, IOC = 1, 4
HEARTBEAT, END_OF_SESSION = b"\x00\x01H", b"\x00\x01Z"


@pytest.fixture(params=["uvloop", "asyncio"])
def run(request: pytest.FixtureRequest) -> Callable[[Scenario], None]:
    """Runs a scenario on a fresh loop; it must end within ten seconds."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def run_scenario(scenario: Scenario) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.wait_for(scenario(), 10))

    return run_scenario


class Raw:
    """A socket that speaks packets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, venue: MemoryVenue) -> Raw:
        return cls(*await venue.open_socket())

    async def packet(self) -> tuple[bytes, bytes]:
        """(type, payload) of the next packet that is no heartbeat; (b"", b"") at the end of the stream."""
        while True:
            try:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
                data = await self.reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionResetError):
                return b"", b""
            if data[:1] != b"H":
                return data[:1], data[1:]

    async def log_in(self, user: str = "MM01", sequence: int = 1) -> tuple[bytes, bytes]:
        self.writer.write(login_request(user, PASSWORD, sequence=sequence))
        return await self.packet()


def order(price: int, side: int = BUY, cl_ord_id: int = 1, **more: int) -> NewOrder:
    fields = {"quantity_e8": ONE, "account_id": 1, "instrument_id": 1, **more}
    return NewOrder(cl_ord_id=cl_ord_id, side=side, price_e8=price * ONE, **fields)


# ------------------------------------------------------------------------------------------------------- login


def test_the_login_of_the_specification_byte_by_byte(run):
    async def scenario():
        async with MemoryVenue() as venue:
            raw = await Raw.open(venue)
            raw.writer.write(b"\x00\x2fL" + b"MM01  " + b"s3cret    " + b" " * 10 + b" " * 19 + b"1")
            answer = await raw.reader.readexactly(33)
            assert answer == b"\x00\x1fA" + b"  PERPGATE" + b" " * 19 + b"1"
            kind, payload = await raw.packet()
            assert (kind, payload[2:4]) == (b"S", (130).to_bytes(2, "little"))  # SessionState is the first message

    run(scenario)


@pytest.mark.parametrize(
    ("user", "password", "session", "sequence", "code"),
    [
        ("MM01", "wrong", "", 1, "A"),
        ("NOBODY", PASSWORD, "", 1, "A"),
        ("MM01", PASSWORD, "OTHER", 1, "S"),
        ("MM01", PASSWORD, "", 2, "S"),  # a number that the venue has not reached
    ],
)
def test_logins_that_are_refused(run, user, password, session, sequence, code):
    async def scenario():
        async with MemoryVenue() as venue:
            raw = await Raw.open(venue)
            raw.writer.write(login_request(user, password, session, sequence))
            assert await raw.packet() == (b"J", code.encode())
            assert await raw.packet() == (b"", b"")
            assert not venue.router.is_attached(1)

    run(scenario)


def test_a_second_login_does_not_touch_the_first(run):
    async def scenario():
        async with MemoryVenue() as venue, venue.connected() as first:
            assert isinstance(await first.next_report(), SessionState)
            with pytest.raises(LoginRefused) as refused:
                await venue.client().connect()
            assert refused.value.code == "S"
            first.place(order(90))
            assert isinstance(await first.next_report(), OrderAccepted)

    run(scenario)


@pytest.mark.parametrize(
    "data",
    [b"\x00\x00", b"\xff\xff", b"\x00\x01R", b"\x00\x2eL" + bytes(45), b"GET / HTTP/1.1\r\n", soup_packet(b"U", b"x")],
)
def test_what_is_no_login_is_told_so_and_dropped(run, data):
    async def scenario():
        async with MemoryVenue() as venue:
            raw = await Raw.open(venue)
            raw.writer.write(data)
            kind, text = await raw.packet()
            assert kind == b"+"
            assert text.startswith(b"PROTOCOL_FAULT: ")
            assert await raw.packet() == (b"", b"")

    run(scenario)


def test_who_never_logs_in_is_dropped(run):
    async def scenario():
        async with MemoryVenue(login_timeout_s=0.2, heartbeat_s=0.1) as venue:
            raw = await Raw.open(venue)
            assert await raw.reader.read() == b""
            assert venue.door.counters["LOGIN_TIMEOUT"] == 1

    run(scenario)


def test_guessing_is_slowed_down_and_the_address_is_told_nothing(run):
    async def scenario():
        async with MemoryVenue(failures_per_minute=4, failure_delay_s=30) as venue:
            for _ in range(4):
                client = venue.client(password="guess")
                with pytest.raises(LoginRefused):
                    await client.connect()
            with pytest.raises(LoginRefused) as refused:
                await venue.client().connect()  # the right password, too early
            assert refused.value.code == "A"
            assert venue.door.counters["login_refused"] == 5

    run(scenario)


def test_connections_beyond_the_limit_are_closed(run):
    async def scenario():
        async with MemoryVenue(connections_max=1) as venue, venue.connected() as first:
            other = await Raw.open(venue)
            assert await other.packet() == (b"", b"")
            first.place(order(90))
            await first.next_report()
            assert isinstance(await first.next_report(), OrderAccepted)

    run(scenario)


# ----------------------------------------------------------------------------------------------------- session


def test_heartbeats_go_out_after_silence_and_silence_of_the_client_ends_it(run):
    async def scenario():
        async with MemoryVenue(heartbeat_s=0.1, silence_s=0.5) as venue:
            raw = await Raw.open(venue)
            await raw.log_in()
            await raw.packet()
            data = await raw.reader.read()
            assert data
            assert data == HEARTBEAT * (len(data) // 3)
            assert venue.door.counters["SILENCE"] == 1

    run(scenario)


def test_logout_is_answered_by_everything_that_was_under_way_and_a_close(run):
    async def scenario():
        async with MemoryVenue() as venue, venue.connected() as client:
            client.place(order(90))
            await client.logout()
            kinds = [report.event_kind async for report in client.reports()]
            assert kinds[:1] == [EventKind.SESSION_STATE]
            assert venue.door.counters["LOGOUT"] == 1
            await client.connect()  # what the logout overtook is replayed
            while kinds[-1] != EventKind.ORDER_NEW:
                kinds.append((await client.next_report()).event_kind)

    run(scenario)


def test_the_end_of_the_session_is_said(run):
    async def scenario():
        async with MemoryVenue() as venue:
            client = venue.client()
            await client.connect()
            await client.next_report()
            await venue.door.stop()
            with pytest.raises(SessionClosed) as closed:
                await client.next_report()
            assert closed.value.is_end_of_session

    run(scenario)


def test_replay_from_every_number_gives_the_same_stream(run):
    async def scenario():
        async with MemoryVenue() as venue:
            async with venue.connected() as client:
                for i in range(1, 21):
                    client.place(order(90, cl_ord_id=i))
                stream = [await client.next_report() for _ in range(21)]
            last = venue.router.session_seq(1)
            assert last >= 21
            for number in range(1, 22):
                while venue.router.is_attached(1):
                    await asyncio.sleep(0)
                async with venue.connected(next_seq=number) as again:
                    assert [await again.next_report() for _ in range(22 - number)] == stream[number - 1 :]

    run(scenario)


def test_a_reconnect_loses_nothing_and_does_nothing_twice(run):
    async def scenario():
        async with MemoryVenue() as venue:
            client = venue.client()
            await client.connect()
            seen = [await client.next_report()]
            client.place(order(90, cl_ord_id=1))
            client.place(order(91, cl_ord_id=2))
            client.abort()  # perhaps before a byte has left
            seen += [report async for report in client.reports()]
            while venue.router.is_attached(1):
                await asyncio.sleep(0)
            await client.connect()
            while sum(isinstance(report, OrderAccepted) for report in seen) < 2:
                seen.append(await client.next_report())
            assert client.unanswered == ()
            client.place(order(92, cl_ord_id=3))
            while sum(isinstance(report, OrderAccepted) for report in seen) < 3:
                seen.append(await client.next_report())
            accepted = [report.cl_ord_id for report in seen if isinstance(report, OrderAccepted)]
            assert accepted == [1, 2, 3]
            client.abort()

    run(scenario)


def test_nothing_is_told_before_the_gate_opens(run):
    async def scenario():
        async with MemoryVenue() as venue, venue.connected() as client:
            await client.next_report()
            venue.halt_releases()
            client.place(order(90))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.next_report(), 0.3)
            assert venue.engine.seq > 0
            venue.resume_releases()
            assert isinstance(await client.next_report(), OrderAccepted)

    run(scenario)


def test_a_slow_consumer_is_dropped_and_the_others_go_on(run):
    async def scenario():
        async with MemoryVenue(output_bytes_max=16_384) as venue:
            slow = await Raw.open(venue)
            slow.writer.get_extra_info("socket").setsockopt(1, 8, 4_096)  # SOL_SOCKET, SO_RCVBUF
            await slow.log_in("MM01")
            async with venue.connected(2) as other:
                flood = b"".join(
                    encode_request(order(90, cl_ord_id=i, quantity_e8=1), i)  # refused: not a lot
                    for i in range(1, 100_000)
                )
                slow.writer.transport.pause_reading()
                slow.writer.write(flood)
                while not venue.door.counters["SLOW_CONSUMER"]:
                    await asyncio.sleep(0)
                other.place(order(90, cl_ord_id=1, account_id=2))
                await other.next_report()
                assert isinstance(await other.next_report(), OrderAccepted)

    run(scenario)


def test_a_full_batch_stops_reading_and_nothing_is_lost(run):
    async def scenario():
        async with MemoryVenue(batch_records=4) as venue, venue.connected() as client:
            for i in range(1, 501):
                client.place(order(90, cl_ord_id=i))
            await client.next_report()
            accepted = [await client.next_report() for _ in range(500)]
            assert [report.cl_ord_id for report in accepted] == list(range(1, 501))

    run(scenario)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x00\x00", b"PACKET_LENGTH"),
        (b"\xff\xff" + bytes(50), b"PACKET_LENGTH"),
        (soup_packet(b"X"), b"PACKET_TYPE"),
        (soup_packet(b"L", bytes(46)), b"PACKET_TYPE"),
        (soup_packet(b"U", bytes(4)), b"TRUNCATED"),
        (soup_packet(b"U", b"\x62\x00\x01\x00\x63\x00\x00\x00"), b"SCHEMA"),
        (soup_packet(b"U", b"\x62\x00\x09\x00\x64\x00\x00\x00"), b"TEMPLATE"),
        (soup_packet(b"U", b"\x61\x00\x01\x00\x64\x00\x00\x00"), b"BLOCK_LENGTH"),
        (encode_request(order(90), 0), b"CLIENT_SEQ"),
        (encode_request(order(90), 1) + encode_request(SessionOptions()), b"OPTIONS_LATE"),
    ],
)
def test_structural_faults_name_the_byte_and_end_only_their_own_session(run, data, name):
    async def scenario():
        async with MemoryVenue() as venue, venue.connected(2) as other:
            raw = await Raw.open(venue)
            await raw.log_in()
            raw.writer.write(data)
            packets = []
            while (packet := await raw.packet())[0]:
                packets.append(packet)
            kind, text = packets[-1]
            assert kind == b"+"
            assert text.startswith(b"PROTOCOL_FAULT: " + name)
            assert b"stream byte" in text
            other.place(order(90, account_id=2))
            await other.next_report()
            assert isinstance(await other.next_report(), OrderAccepted)

    run(scenario)


# -------------------------------------------------------------------------------------------------- order entry


def test_the_life_of_an_order(run):
    async def scenario():
        async with MemoryVenue() as venue, venue.connected(1) as maker, venue.connected(2) as taker:
            await maker.next_report()
            await taker.next_report()
            sent = maker.place(order(100, SELL, order_type=ALO))
            accepted = await maker.next_report()
            assert (accepted.client_seq, accepted.price_e8, accepted.leaves_quantity_e8) == (sent, 100 * ONE, ONE)
            sent = maker.replace(
                ReplaceOrder(account_id=1, order_id=accepted.order_id, cl_ord_id=2, quantity_e8=ONE, price_e8=99 * ONE)
            )
            replaced = await maker.next_report()
            assert (replaced.client_seq, replaced.cl_ord_id, replaced.orig_cl_ord_id) == (sent, 2, 1)
            taker.place(order(99, BUY, account_id=2, time_in_force=IOC, quantity_e8=ONE // 2))
            assert isinstance(await taker.next_report(), OrderAccepted)
            bought, sold = await taker.next_report(), await maker.next_report()
            assert isinstance(bought, OrderFilled)
            assert isinstance(sold, OrderFilled)
            assert (bought.event_seq, bought.event_index + 1) == (sold.event_seq, sold.event_index)
            assert (bought.last_price_e8, bought.last_quantity_e8) == (99 * ONE, ONE // 2)
            assert (bought.position_e8, sold.position_e8) == (ONE // 2, -ONE // 2)
            sent = maker.cancel(CancelOrder(account_id=1, orig_cl_ord_id=2))
            gone = await maker.next_report()
            assert isinstance(gone, OrderCancelled)
            assert (gone.client_seq, gone.reason, gone.cum_quantity_e8) == (sent, Reason.CANCELLED, ONE // 2)

    run(scenario)


def test_cancel_on_disconnect_with_its_receipt(run):
    async def scenario():
        async with MemoryVenue() as venue:
            options = SessionOptions(cod_flags=int(CodFlag.ON_LOSS), cod_grace_ns=50)
            client = venue.client()
            await client.connect(options)
            states = [await client.next_report(), await client.next_report()]
            assert [state.cod_grace_ns for state in states] == [0, 50]
            client.place(order(90))
            await client.next_report()
            client.abort()
            while venue.router.is_attached(1):
                await asyncio.sleep(0)
            venue.turn()
            venue.tick(49)
            assert venue.engine.next_due_ns == venue.now_ns + 1
            venue.tick(1)
            with pytest.raises(SessionClosed):
                await client.next_report()
            await client.connect()
            gone, done = await client.next_report(), await client.next_report()
            assert (gone.reason, gone.client_seq) == (Reason.CANCELLED_DISCONNECT, 0)
            assert isinstance(done, MassCancelDone)
            assert done.affected_count == 1
            client.abort()

    run(scenario)


def test_a_snapshot_of_open_orders_after_the_login(run):
    async def scenario():
        async with MemoryVenue() as venue:
            async with venue.connected() as client:
                for i in range(1, 4):
                    client.place(order(90 + i, cl_ord_id=i))
                for _ in range(4):
                    await client.next_report()
            while venue.router.is_attached(1):
                await asyncio.sleep(0)
            options = SessionOptions(cod_flags=0, logon_flags=int(LogonFlag.SNAPSHOT))
            async with venue.connected(1, options, next_seq=0) as client:
                reports = []
                while not reports or not isinstance(reports[-1], OrderStatusEnd):
                    reports.append(await client.next_report())
                statuses = [report for report in reports if isinstance(report, OrderStatus)]
                assert [status.cl_ord_id for status in statuses] == [1, 2, 3]
                assert [status.display_quantity_e8 for status in statuses] == [ONE] * 3
                assert reports[-1].open_orders == 3

    run(scenario)


def test_mass_cancel_of_the_account(run):
    async def scenario():
        async with MemoryVenue() as venue, venue.connected() as client:
            for i in range(1, 6):
                client.place(order(90, cl_ord_id=i))
            client.mass_cancel(MassCancel(scope=int(Scope.ACCOUNT), target_id=1, cl_ord_id=99))
            reports = []
            while not reports or not isinstance(reports[-1], MassCancelDone):
                reports.append(await client.next_report())
            assert sum(isinstance(report, OrderCancelled) for report in reports) == 5
            assert (reports[-1].affected_count, reports[-1].cl_ord_id) == (5, 99)

    run(scenario)
