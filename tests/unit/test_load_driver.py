"""gateway._load: what the load generator sends is what a door takes, and every answer is counted and timed once."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from engine.api import Engine, EngineLimits, load_engine
from engine.batch import CommandBatch
from engine.records import CommandKind, OrderType, Reason, TimeInForce, pack_command, parse_e8, unpack_command
from engine.snapshot_records import Section, parse_snapshot
from gateway._load import MAKE, PLACE_CANCEL, QUOTE, TAKE, LoadConnection, LoadDriver, histogram_of
from gateway.binary._wire import DECODED, FAULT, Inbound, encode_events

MS = 1_000_000
LIMITS = EngineLimits(
    orders_max=5_000, orders_per_book_max=5_000, positions_max=64, instruments_max=2, firms_max=2, desks_max=2,
    traders_max=2, accounts_max=4, sessions_max=4,
)  # fmt: skip
INSTRUMENT = {
    "symbol": "TEST-USD", "matcher": "price_time", "tick_size_e8": parse_e8("0.01"), "lot_size_e8": parse_e8("0.01"),
    "min_price_e8": parse_e8("0.01"), "max_price_e8": parse_e8("1000"), "min_quantity_e8": parse_e8("0.01"),
    "max_quantity_e8": parse_e8("1000"), "fills_max": 200, "asset_class": 1,
}  # fmt: skip


class Venue:
    """Both ends' other side: decodes with the door's decoder, applies to the reference engine, answers with the door's
    encoder, when told to."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self.engine: Engine = load_engine("reference", LIMITS)
        self.batch = CommandBatch(100_000)
        self.commands: list[dict[str, object]] = []
        self.sockets = sockets
        self.inbound = [Inbound(1 << 20, 4_096) for _ in sockets]
        self.clock_ns = 1
        self.batch.append(pack_command(CommandKind.SET_INSTRUMENT, instrument_id=1, **INSTRUMENT))
        for kind, parent in ((CommandKind.SET_FIRM, 0), (CommandKind.SET_DESK, 1), (CommandKind.SET_TRADER, 1)):
            self.batch.append(pack_command(kind, party_id=1, parent_id=parent, status=1, name="X"))
        for number in range(1, len(sockets) + 1):
            node = {"party_id": number, "status": 1, "name": "X"}
            self.batch.append(pack_command(CommandKind.SET_ACCOUNT, parent_id=1, open_orders_max=5_000, **node))
            self.batch.append(pack_command(CommandKind.SET_SESSION, parent_id=number, rights=3, scope=2, **node))
            self.inbound[number - 1].begin(number)
        self.apply()
        self.commands.clear()

    def apply(self) -> bytes:
        self.clock_ns += 1
        commands = self.batch.take(self.engine.seq + 1, self.clock_ns)
        self.commands += [unpack_command(commands, offset) for offset in range(0, len(commands), 192)]
        return self.engine.apply(commands)

    def answer(self) -> None:
        """Everything that has arrived, in the order of the connections."""
        for sock, inbound in zip(self.sockets, self.inbound, strict=True):
            while True:
                try:
                    data = sock.recv(65_536)
                except BlockingIOError:
                    break
                assert inbound.feed(data, self.batch) & ~DECODED == 0, inbound.fault_text()
        events = self.apply()
        for number, sock in enumerate(self.sockets, 1):
            own = b"".join(
                events[i : i + 256]
                for i in range(0, len(events), 256)
                if int.from_bytes(events[i + 24 : i + 28], "little") == number
            )
            sock.sendall(encode_events(own))


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    made = [socket.socketpair() for _ in range(3)]
    for pair in made:
        for sock in pair:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    yield made
    for pair in made:
        for sock in pair:
            sock.close()


def connection(sock: socket.socket, mix: int, number: int, **changes: int) -> LoadConnection:
    values = {
        "account_id": number, "instrument_id": 1, "mid_price_e8": parse_e8("100"), "tick_e8": parse_e8("0.01"),
        "lot_e8": parse_e8("0.01"), "first_client_seq": 1_000, "depth": 10, "levels": 5,
    }  # fmt: skip
    return LoadConnection(sock.fileno(), mix, **{**values, **changes})


def exchange(driver: LoadDriver, venue: Venue, rounds: int, window: int) -> None:
    for _ in range(rounds):
        assert driver.run(2 * MS, window=window)
        venue.answer()
    assert driver.run(1_000 * MS)
    assert driver.outstanding == 0


def test_place_and_cancel_keeps_its_depth(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    ours, theirs = pairs[0]
    venue, load = Venue([theirs]), connection(ours, PLACE_CANCEL, 1)
    driver = LoadDriver([load])
    exchange(driver, venue, rounds=5, window=8)
    counts = load.counts()
    assert counts["sent"] == counts["answered"] == 40
    assert counts["missed"] == counts["rejected"] == counts["fills"] == 0
    kinds = [c["kind"] for c in venue.commands]
    assert kinds == [CommandKind.PLACE] * 10 + [CommandKind.CANCEL, CommandKind.PLACE] * 15
    assert counts["placed"] == counts["placed_answered"] == kinds.count(CommandKind.PLACE)
    assert sum(count for _, count in driver.latencies_ns()) == 40
    assert load.next_client_seq == 1_040


def test_quotes_are_placed_replaced_and_cancelled(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    ours, theirs = pairs[0]
    venue, load = Venue([theirs]), connection(ours, QUOTE, 1)
    exchange(LoadDriver([load]), venue, rounds=8, window=10)
    assert load.counts()["rejected"] == 0, load.rejections()
    kinds = [c["kind"] for c in venue.commands]
    assert kinds[10:16] == 2 * [CommandKind.REPLACE, CommandKind.CANCEL, CommandKind.PLACE]
    assert {c["order_type"] for c in venue.commands if c["kind"] is CommandKind.PLACE} == {OrderType.ALO}


def test_takers_trade_with_makers(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    venue = Venue([pair[1] for pair in pairs[:2]])
    maker, taker = connection(pairs[0][0], MAKE, 1), connection(pairs[1][0], TAKE, 2)
    exchange(LoadDriver([maker, taker]), venue, rounds=6, window=20)
    assert maker.counts()["fills"] == taker.counts()["fills"] == 120  # every maker's order, once on each side
    assert maker.counts()["missed"] == taker.counts()["missed"] == 0
    assert {c["time_in_force"] for c in venue.commands if c["session_id"] == 2} == {TimeInForce.IOC}


def test_what_rests_can_be_cancelled_at_the_end(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    ours, theirs = pairs[0]
    venue, load = Venue([theirs]), connection(ours, PLACE_CANCEL, 1)
    driver = LoadDriver([load])
    exchange(driver, venue, rounds=3, window=8)
    load.cancel_all()
    exchange(driver, venue, rounds=1, window=0)
    assert load.counts()["answered"] == 25
    assert venue.commands[-1]["kind"] is CommandKind.MASS_CANCEL
    assert not parse_snapshot(venue.engine.snapshot())[Section.ORDER]


def test_rejections_are_counted_by_reason(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    ours, theirs = pairs[0]
    venue, load = Venue([theirs]), connection(ours, PLACE_CANCEL, 1, account_id=3)
    exchange(LoadDriver([load]), venue, rounds=1, window=4)
    assert load.rejections() == {Reason.PERMISSION_DENIED: 4}
    assert load.counts()["answered"] == 4


def test_open_loop_counts_from_when_a_request_was_due(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    """Nobody answers for a while: those requests have waited that long, whoever was to blame."""
    venue = Venue([pair[1] for pair in pairs])
    driver = LoadDriver([connection(pair[0], PLACE_CANCEL, n) for n, pair in enumerate(pairs, 1)])
    assert driver.run(50 * MS, rate_per_s=10_000)
    waiting = driver.outstanding
    assert 450 <= waiting <= 501
    venue.answer()
    assert driver.run(1_000 * MS)
    latencies = driver.latencies_ns()
    assert sum(count for _, count in latencies) == waiting
    assert latencies[-1][0] > 49 * MS
    above_half = sum(count for value, count in latencies if value > 25 * MS)
    assert above_half > waiting / 3
    assert sum(count for _, count in driver.latenesses_ns()) == waiting
    driver.reset()
    assert driver.latencies_ns() == []


def test_a_full_line_is_waited_for_and_not_skipped(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    venue = Venue([pair[1] for pair in pairs[:2]])
    small = connection(pairs[0][0], PLACE_CANCEL, 1, outstanding_max=4)
    wide = connection(pairs[1][0], PLACE_CANCEL, 2)
    driver = LoadDriver([small, wide])
    assert driver.run(20 * MS, rate_per_s=10_000)
    assert (small.counts()["sent"], wide.counts()["sent"]) == (4, 4)
    venue.answer()
    assert driver.run(1_000 * MS)
    assert driver.outstanding == 0


def test_a_closed_connection_ends_the_run_with_the_venues_words(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    ours, theirs = pairs[0]
    load = connection(ours, PLACE_CANCEL, 1)
    theirs.sendall(b"\x00\x0d+FAULT: words")
    theirs.close()
    assert not LoadDriver([load]).run(10 * MS, window=1)
    assert not load.is_open
    assert load.closing_text == "FAULT: words"


def test_a_heartbeat_is_one(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    ours, theirs = pairs[0]
    load = connection(ours, PLACE_CANCEL, 1)
    load.heartbeat()
    LoadDriver([load]).run(1 * MS)
    assert theirs.recv(100) == b"\x00\x01R"
    assert load.idle_ns < 10_000 * MS
    inbound = Inbound(1 << 16, 4_096)
    inbound.begin(1)
    assert not inbound.feed(b"\x00\x01R", CommandBatch(1)) & FAULT


def test_histogram_has_three_digits() -> None:
    values = [0, 1, 2047, 2048, 2049, 4095, 4096, 123_456_789, 2**40 + 12_345, 2**62]
    pairs_ = histogram_of(values)
    assert sum(count for _, count in pairs_) == len(values)
    expanded = [floor for floor, count in pairs_ for _ in range(count)]
    for value, floor in zip(sorted(values), expanded, strict=True):
        assert floor <= value
        assert (value - floor) * 1024 <= max(value, 1)


@pytest.mark.parametrize(
    "changes",
    [{"levels": 0}, {"depth": 0}, {"outstanding_max": 3}, {"outstanding_max": 1 << 21}, {"mid_price_e8": 1_000_000}],
)
def test_parameters_are_checked(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"levels|outstanding_max"):
        LoadConnection(
            0, PLACE_CANCEL, **{
                "account_id": 1, "instrument_id": 1, "mid_price_e8": parse_e8("100"), "tick_e8": parse_e8("0.01"),
                "lot_e8": 1, "first_client_seq": 1, **changes,
            },
        )  # fmt: skip
