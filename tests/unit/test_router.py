"""The router: each released event to its session's outlet once, whole batches to the sinks."""

import pytest

from engine import records
from gateway import _router
from gateway.binary import _wire, messages


def event(session_id: int, session_seq: int, kind: int = 30) -> bytes:
    return records.SESSION_EVENT.pack(seq=session_seq, session_id=session_id, session_seq=session_seq, kind=kind)


class Wire:
    """The owner and the transport of an outlet: keeps what was written; `stuck` bytes are never taken."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.stopped: list[int] = []
        self.stuck = 0

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))
        if self.stuck:
            self.stuck += len(data)

    def get_write_buffer_size(self) -> int:
        return self.stuck

    def outlet_stopped(self, state: int) -> None:
        self.stopped.append(state)

    def seqs(self) -> list[int]:
        found, data = [], b"".join(self.written)
        while data:
            length, _ = messages.SOUP_HEADER.unpack_from(data)
            found.append(messages.decode_report(data[3 : 2 + length]).event_seq)
            data = data[2 + length :]
        return found


def outlet_of(session_id: int, limit_bytes: int = 4_096) -> tuple[_wire.BinaryOutlet, Wire]:
    wire = Wire()
    outlet = _wire.BinaryOutlet(session_id, limit_bytes, _wire.REPORT_BYTES, wire, lambda: 5.0)
    outlet.connect(wire, -1)
    return outlet, wire


def test_events_reach_their_sessions_only_and_one_write_per_batch():
    router = _router.Router(10)
    (one, wire_one), (two, wire_two) = outlet_of(1), outlet_of(2)
    for outlet in (one, two):
        router.attach(outlet)
        outlet.go_live()
    router.route(event(1, 1) + event(2, 1) + event(3, 1) + event(1, 2) + event(0, 0))
    assert (wire_one.seqs(), len(wire_one.written)) == ([1, 2], 1)
    assert wire_two.seqs() == [1]
    assert [router.session_seq(i) for i in (1, 2, 3)] == [2, 1, 1]
    assert one.last_sent_s == 5.0


def test_replay_then_live_without_gap_or_double():
    router = _router.Router(10)
    log = b"".join(event(1 + i % 2, 1 + i // 2) for i in range(20))
    router.route(log)
    outlet, wire = outlet_of(1)
    router.attach(outlet)
    outlet.start_at(4)
    router.route(event(1, 11))  # released meanwhile: passes by, comes from the log
    log += event(1, 11)
    assert outlet.replay(log[: 256 * 12], router.session_seq(1)) == 12
    assert outlet.replay(log[256 * 12 :], router.session_seq(1)) == 9
    assert outlet.next_seq == 12
    outlet.go_live()
    router.route(event(1, 11) + event(1, 12))  # 11 again: an outlet never sends twice
    assert wire.seqs() == [4, 5, 6, 7, 8, 9, 10, 11, 12]


def test_replay_stops_at_a_full_buffer_and_goes_on():
    log = b"".join(event(1, i) for i in range(1, 21))
    outlet, wire = outlet_of(1, limit_bytes=1_000)
    done = 0
    while done < 20:
        done += outlet.replay(log[256 * done :], 20)
        outlet.flush()
    assert wire.seqs() == list(range(1, 21))
    assert len(wire.written) > 1


def test_a_missing_number_stops_the_outlet():
    router = _router.Router(10)
    outlet, wire = outlet_of(1)
    router.attach(outlet)
    outlet.go_live()
    router.route(event(1, 1) + event(1, 3) + event(1, 4))
    assert wire.stopped == [_router.GAP]
    assert wire.seqs() == []


def test_an_unnumbered_event_tells_that_the_engine_does_not_know_the_session():
    router = _router.Router(10)
    outlet, wire = outlet_of(1)
    router.attach(outlet)
    router.route(event(1, 0, kind=41))
    assert wire.stopped == [_router.UNKNOWN]


def test_slow_reader_is_stopped_at_its_limit_and_others_go_on():
    router = _router.Router(10)
    (slow, slow_wire), (other, other_wire) = outlet_of(1, 1_000), outlet_of(2, 1_000)
    for outlet in (slow, other):
        router.attach(outlet)
        outlet.go_live()
    slow_wire.stuck = 1
    for i in range(1, 40):
        router.route(event(1, i) + event(2, i))
    assert slow_wire.stopped[0] == _router.OVERFLOWN
    assert 0 < sum(map(len, slow_wire.written)) <= 1_000
    assert other_wire.seqs() == list(range(1, 40))
    router.route(b"".join(event(2, i) for i in range(40, 80)))  # more than one buffer in one batch
    assert other_wire.stopped == [_router.OVERFLOWN]


def test_one_outlet_per_session():
    router = _router.Router(10)
    first, _ = outlet_of(1)
    second, _ = outlet_of(1)
    router.attach(first)
    with pytest.raises(ValueError, match="attached already"):
        router.attach(second)
    router.detach(second)
    assert router.is_attached(1)
    router.detach(first)
    assert not router.is_attached(1)
    router.attach(second)
    for session_id in (0, 11):
        with pytest.raises(ValueError, match="not in"):
            router.attach(outlet_of(session_id)[0])


def test_sinks_get_whole_batches_after_the_sessions():
    router = _router.Router(10)
    outlet, wire = outlet_of(1)
    router.attach(outlet)
    outlet.go_live()
    seen: list[tuple[bytes, int]] = []

    def sink(events: bytes) -> None:
        seen.append((events, len(wire.written)))

    router.subscribe(sink)
    batch = event(1, 1) + event(2, 1)
    router.route(batch)
    router.unsubscribe(sink)
    router.route(event(1, 2))
    assert seen == [(batch, 1)]


def test_session_numbers_after_a_restart():
    router = _router.Router(10)
    router.set_session_seq(3, 41)
    assert router.session_seq(3) == 41
    with pytest.raises(ValueError, match="whole events"):
        router.route(bytes(100))
