"""The event log: events by ordinal and by session, over segments, damage and lack of space."""

from __future__ import annotations

import errno
import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine._event_index import SegmentIndex, find_block, find_event, sum_block, well_formed
from engine.event_segments import BLOCK_EVENTS, EventFiles
from engine.eventlog import EventFile, EventLogError
from engine.records import EVENT_SIZE, EventKind
from tests.engine_room import SEGMENT_EVENTS, copied, flip

SESSIONS_MAX = 40
_HEADER = struct.Struct("<QqIHHIIQ")
KIND = int(EventKind.ORDER_NEW)


class Events:
    """A stream of well-formed events for random sessions; `take(n)` gives the next n whole commands' events."""

    def __init__(self, seed: int = 1, sessions: int = 30) -> None:
        self._rng = random.Random(seed)
        self._seq = 0
        self._sessions = sessions
        self.session_seqs: dict[int, int] = {}
        self.all = bytearray()
        self.places: dict[tuple[int, int], int] = {}  # (session, session_seq) -> ordinal

    def take(self, commands: int) -> bytes:
        begin = len(self.all)
        for _ in range(commands):
            self._seq += self._rng.choice((1, 1, 1, 5))
            for event_index in range(self._rng.choice((1, 1, 2, 3, 9))):
                session = min(self._rng.randrange(self._sessions), self._rng.randrange(self._sessions))
                number = 0
                if session:
                    number = self.session_seqs[session] = self.session_seqs.get(session, 0) + 1
                    self.places[session, number] = len(self.all) // EVENT_SIZE
                header = _HEADER.pack(self._seq, 1_000, event_index, KIND, 0, session, 1, number)
                self.all += header + self._rng.randbytes(EVENT_SIZE - len(header))
        return bytes(self.all[begin:])

    @property
    def count(self) -> int:
        return len(self.all) // EVENT_SIZE


def event_log(directory: Path, **options: int) -> EventFile:
    return EventFile(directory, sessions_max=SESSIONS_MAX, segment_events=SEGMENT_EVENTS, **options)


def add(log: EventFile, events: bytes) -> None:
    """As the sequencer does, with its patience when the next segment is not ready."""
    log.append(events)
    while not log.flush():
        assert log._supply.wait_blank()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventFile]:
    made = event_log(tmp_path / "events")
    made.open()
    yield made
    made.close()


def check(log: EventFile, events: Events, rng: random.Random, first_ordinal: int = 0) -> None:
    """Every ordinal and, in a sample, every session's number leads to the right record."""
    assert (log.first_ordinal, log.next_ordinal) == (first_ordinal, events.count)
    assert log.read(first_ordinal, events.count) == events.all[first_ordinal * EVENT_SIZE :]
    for _ in range(100):
        ordinal, count = rng.randrange(first_ordinal, events.count + 5), rng.randrange(3_000)
        assert log.read(ordinal, count) == events.all[ordinal * EVENT_SIZE : (ordinal + count) * EVENT_SIZE]
    for (session, number), ordinal in rng.sample(sorted(events.places.items()), min(300, len(events.places))):
        if ordinal >= first_ordinal:
            assert log.find(session, number) == ordinal
        else:
            with pytest.raises(LookupError):
                log.find(session, number)
    for session, number in events.session_seqs.items():
        for absent in (0, number + 1, number + 10**12):
            with pytest.raises(LookupError, match=f"no event {absent} of session {session}"):
                log.find(session, absent)
    with pytest.raises(LookupError):
        log.find(SESSIONS_MAX + 1, 1)


def test_an_empty_log(log: EventFile) -> None:
    assert (log.first_ordinal, log.next_ordinal) == (0, 0)
    assert log.read(0, 10) == b""
    assert log.flush()
    assert not log.is_low
    with pytest.raises(LookupError):
        log.find(1, 1)


def test_events_are_found_by_ordinal_and_by_session(log: EventFile) -> None:
    rng, events = random.Random(3), Events()
    while events.count < 5 * SEGMENT_EVENTS:
        add(log, events.take(rng.randrange(1, 60)))
    check(log, events, rng)


def test_what_has_rotten_is_not_handed_out(tmp_path: Path) -> None:
    events, log = Events(), event_log(tmp_path)
    log.open()
    while events.count < 2 * SEGMENT_EVENTS + 5:
        add(log, events.take(50))
    files = EventFiles(tmp_path, SEGMENT_EVENTS)
    begin = SEGMENT_EVENTS
    session, number = next(key for key, ordinal in events.places.items() if ordinal == begin + 100)
    flip(files.path(1), files.place(begin + 700) + 255, 0x80)
    for ask in (lambda: log.read(begin - 5, 10), lambda: log.read(begin + 900, 1), lambda: log.find(session, number)):
        with pytest.raises(LookupError, match=r"events-0000000001\.log is damaged in block 0: move .* away"):
            ask()
    assert log.read(0, begin) == events.all[: begin * EVENT_SIZE], "the rest is as good as ever"
    log.close()
    again = event_log(tmp_path)
    again.open()
    with pytest.raises(EventLogError, match="is damaged in block 0"):
        again.settle(begin, bytes(events.all[begin * EVENT_SIZE :]))
    flip(files.path(1), files.place(begin + 700) + 255, 0x80)
    check(again, events, random.Random(1))
    again.close()


def test_sums_tell_every_changed_bit_and_every_exchange() -> None:
    events = Events()
    events.take(20)
    data = bytes(events.all[: 8 * EVENT_SIZE])
    right = sum_block(data)
    seen = {right, sum_block(data[:-EVENT_SIZE]), sum_block(b"")}
    for at in range(0, len(data), 3):
        for mask in (0x01, 0x80):
            changed = bytearray(data)
            changed[at] ^= mask
            seen.add(sum_block(bytes(changed)))
    assert len(seen) == 3 + 2 * len(range(0, len(data), 3))
    exchanged = data[EVENT_SIZE : 2 * EVENT_SIZE] + data[:EVENT_SIZE] + data[2 * EVENT_SIZE :]
    assert sum_block(exchanged) not in seen


def test_events_can_be_read_before_they_are_written(log: EventFile) -> None:
    events = Events()
    log.append(events.take(5))
    log.append(events.take(5))
    assert log.next_ordinal == events.count
    check(log, events, random.Random(1))


@pytest.mark.parametrize("count", [1, 700, SEGMENT_EVENTS, SEGMENT_EVENTS + 1, 4 * SEGMENT_EVENTS])
def test_a_log_goes_on_after_it_was_closed(tmp_path: Path, count: int) -> None:
    rng, events = random.Random(5), Events(seed=count)
    for _ in range(3):
        log = event_log(tmp_path)
        log.open()
        check(log, events, rng)
        target = events.count + count
        while events.count < target:
            add(log, events.take(rng.randrange(1, 30)))
        check(log, events, rng)
        log.close()


def test_what_a_kill_leaves_is_whole(tmp_path: Path) -> None:
    rng, events = random.Random(5), Events()
    log = event_log(tmp_path / "live")
    log.open()
    for step in range(12):
        add(log, events.take(100))
        copy = event_log(copied(tmp_path / "live", tmp_path / f"copy{step}"))
        copy.open()
        check(copy, events, rng)
        copy.close()
    log.close()


def test_indexes_that_are_lost_are_made_again(tmp_path: Path) -> None:
    events = Events()
    log = event_log(tmp_path)
    log.open()
    while events.count < 4 * SEGMENT_EVENTS:
        add(log, events.take(50))
    log.close()
    for path in tmp_path.glob("*.index"):
        path.unlink()
    EventFiles(tmp_path, SEGMENT_EVENTS).index_path(1).write_bytes(b"half an index")
    log = event_log(tmp_path)
    log.open()
    check(log, events, random.Random(1))
    log.close()


@pytest.mark.parametrize("damage", ["zeroed", "torn", "header", "short", "missing", "schema"])
def test_damage_cuts_the_log_before_it(tmp_path: Path, damage: str) -> None:
    """Recovery writes again what is missing; here it is enough that nothing wrong is left."""
    events = Events()
    log = event_log(tmp_path)
    log.open()
    while events.count < 3 * SEGMENT_EVENTS + 500:
        add(log, events.take(50))
    log.close()
    files = EventFiles(tmp_path, SEGMENT_EVENTS)
    last, expected = files.path(3), 3 * SEGMENT_EVENTS
    if damage == "zeroed":
        expected += 200
        with last.open("r+b") as file:
            file.seek(files.place(expected))
            file.write(bytes(10 * EVENT_SIZE))
    elif damage == "torn":
        expected += 100
        flip(last, files.place(expected) + 1)  # its seq
    elif damage == "header":
        flip(last, 8)
    elif damage == "short":
        os.truncate(last, files.segment_bytes - 1)
    elif damage == "missing":
        expected = SEGMENT_EVENTS
        files.path(1).unlink()
    else:
        expected = 0
        for number in range(4):
            flip(files.path(number), 24)
    log = event_log(tmp_path)
    log.open()
    assert log.next_ordinal == expected
    assert log.read(0, expected + 10) == events.all[: expected * EVENT_SIZE]
    for (session, number), ordinal in list(events.places.items())[::37]:
        if ordinal < expected:
            assert log.find(session, number) == ordinal
    assert log.settle(0, bytes(events.all)) == events.count - expected
    check(log, events, random.Random(2))
    log.close()


@pytest.mark.parametrize("ordinal", [0, 1, 500, SEGMENT_EVENTS - 1, SEGMENT_EVENTS, SEGMENT_EVENTS + 1, 2_500, 3_000])
def test_cutting_forgets_what_is_behind(tmp_path: Path, ordinal: int) -> None:
    rng, events, log = random.Random(1), Events(), event_log(tmp_path)
    log.open()
    add(log, events.take(1_400))
    assert events.count > 3_000
    log.cut(ordinal)
    assert log.next_ordinal == ordinal
    assert log.read(0, 10_000) == events.all[: ordinal * EVENT_SIZE]
    for (session, number), place in rng.sample(sorted(events.places.items()), 100):
        if place < ordinal:
            assert log.find(session, number) == place
        else:
            with pytest.raises(LookupError):
                log.find(session, number)
    assert log.settle(0, bytes(events.all)) == events.count - ordinal
    check(log, events, rng)
    log.close()


def test_a_log_may_begin_anew_in_the_middle(tmp_path: Path) -> None:
    """Everything before is lost and cannot be made again: ordinals stay what they are."""
    events, log = Events(), event_log(tmp_path)
    events.take(2_000)
    begin = events.count
    log.open()
    log.cut(begin)
    for _ in range(20):
        add(log, events.take(100))
    check(log, events, random.Random(1), begin)
    log.close()
    again = event_log(tmp_path)
    again.open()
    check(again, events, random.Random(2), begin)
    with pytest.raises(LookupError, match=f"the oldest is {begin}"):
        again.read(begin - 1, 1)
    again.close()


def test_the_oldest_segments_go_when_there_are_too_many(tmp_path: Path) -> None:
    segment_bytes = EventFiles(tmp_path, SEGMENT_EVENTS).segment_bytes
    events, log = Events(), event_log(tmp_path, bytes_max=3 * segment_bytes)
    log.open()
    while events.count < 8 * SEGMENT_EVENTS + 100:
        add(log, events.take(50))
    check(log, events, random.Random(1), 6 * SEGMENT_EVENTS)
    log.close()
    again = event_log(tmp_path)
    again.open()
    check(again, events, random.Random(1), 6 * SEGMENT_EVENTS)
    again.close()
    assert not EventFiles(tmp_path, SEGMENT_EVENTS).path(5).exists()


# --------------------------------------------------------------------------------------------------- settling


def test_settling_writes_only_what_is_missing(log: EventFile) -> None:
    events = Events()
    add(log, events.take(300))
    known = events.count
    events.take(200)
    assert log.settle(0, bytes(events.all[: known * EVENT_SIZE])) == 0
    assert log.settle(known - 10, bytes(events.all[(known - 10) * EVENT_SIZE :])) == events.count - known
    check(log, events, random.Random(1))


def test_settling_refuses_what_was_not_told(log: EventFile) -> None:
    events = Events()
    add(log, events.take(100))
    changed = bytearray(events.all)
    changed[50 * EVENT_SIZE + 100] ^= 1
    with pytest.raises(EventLogError, match=r"event 50 \(command \d+, index \d+\) is not what the journal gives now"):
        log.settle(0, bytes(changed))
    with pytest.raises(EventLogError, match="ends before event"):
        log.settle(log.next_ordinal + 1, bytes(events.all))
    check(log, events, random.Random(1))


# ------------------------------------------------------------------------------------------------------- space


class FullDisk(EventFiles):
    """A disk that takes no more segments while `is_full`."""

    is_full = False

    def fill(self, fd: int, segment_bytes: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().fill(fd, segment_bytes)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """What finds no room waits in memory, can be read there, and is written when there is space again."""
    files = FullDisk(tmp_path, SEGMENT_EVENTS)
    events, log = Events(), EventFile(tmp_path, sessions_max=SESSIONS_MAX, files=files)
    log.open()
    add(log, events.take(10))
    assert log._supply.wait_blank()
    files.is_full = True
    while log.flush():
        log.append(events.take(50))
        log._supply.wait_blank()
    assert log.is_low
    log.append(events.take(500))
    check(log, events, random.Random(1))
    with pytest.raises(EventLogError, match="no space to rebuild"):
        log.settle(log.next_ordinal, Events(seed=9).take(1))
    files.is_full = False
    while not log.flush():
        log._supply.wait_blank()
    log.cut(events.count)
    check(log, events, random.Random(1))
    assert not log.is_low
    log.close()


# --------------------------------------------------------------------------------------------- compiled helpers


def test_the_index_finds_the_block_of_an_event() -> None:
    events, index = Events(), SegmentIndex(SESSIONS_MAX, 8 * 64, 64)
    data = b""
    while len(data) < 8 * 64 * EVENT_SIZE:
        data += events.take(1)
    data = data[: 8 * 64 * EVENT_SIZE]
    for at in range(0, 8 * 64, 7):
        index.add(data[at * EVENT_SIZE : min(at + 7, 8 * 64) * EVENT_SIZE], at)
    for (session, number), ordinal in events.places.items():
        if ordinal < 8 * 64:
            assert index.find(session, number) == ordinal // 64
            assert find_block(index.entries_bytes(), session, number) == ordinal // 64
    last = {session: index.last_seq(session) for session in range(SESSIONS_MAX + 1)}
    assert index.last_seq(SESSIONS_MAX + 1) == 0
    index.begin_segment()
    assert index.entries_bytes() == b""
    assert {session: index.last_seq(session) for session in range(SESSIONS_MAX + 1)} == last
    other = SegmentIndex(10, 64, 64)
    other.set_table(index.table())
    assert [other.last_seq(session) for session in range(12)] == [*(last[s] for s in range(11)), 0]


def test_the_index_takes_no_more_than_a_segment() -> None:
    index = SegmentIndex(4, 64, 64)
    events = Events().take(200)
    with pytest.raises(ValueError, match="do not fit"):
        index.add(events[: 65 * EVENT_SIZE], 0)
    with pytest.raises(ValueError, match="do not fit"):
        index.add(events[:EVENT_SIZE], 64)
    with pytest.raises(ValueError, match="whole number of blocks"):
        SegmentIndex(4, 65, 64)


def test_sessions_beyond_the_table_are_no_harm() -> None:
    index = SegmentIndex(3, 1_024, 64)
    index.add(Events().take(100), 0)
    assert index.last_seq(20) == 0
    assert index.find(20, 1) == -1


def test_structure_is_checked_up_to_the_first_flaw() -> None:
    events = Events()
    data = events.take(50)
    count, seq, event_index = well_formed(data, 0, 0)
    assert count == events.count
    assert (seq, event_index) == struct.unpack_from("<Q8xI", data, len(data) - EVENT_SIZE)
    assert well_formed(b"", 7, 2) == (0, 7, 2)
    for at in range(events.count):
        for offset, value in ((0, b"\0" * 8), (16, b"\xff\xff"), (20, b"\0\0")):  # seq, event_index, kind
            flawed = bytearray(data)
            place = at * EVENT_SIZE + offset
            flawed[place : place + len(value)] = value
            assert well_formed(bytes(flawed), 0, 0)[0] == at, (at, offset)


def test_an_event_is_found_among_others() -> None:
    events = Events()
    data = events.take(BLOCK_EVENTS // 4)
    for (session, number), ordinal in events.places.items():
        assert find_event(data, session, number) == ordinal
    assert find_event(data, 1, 10**9) == find_event(b"", 1, 1) == -1
