"""Recovery and replay: whatever is left of snapshots and event log, the state is that of a full replay, or no start."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.api import Engine, EngineInfo, EngineLimits
from engine.journal import Durability
from engine.journal_format import Chunk, JournalDamageError, JournalError
from engine.records import COMMAND_SIZE, EVENT_SIZE, CommandKind, Reason, VenueState, pack_command
from engine.recovery import Progress, ReadAhead, Recovered, replay
from engine.segments import CHUNK_BYTES, SegmentFiles, reader_at
from tests.engine_room import (
    SEGMENT_EVENTS,
    Room,
    batches_of,
    copied,
    file_journal,
    flip,
    place_of,
    records_of,
    run,
    set_firm,
    write_journal,
)
from tests.engines import ENGINES, SMALL, new_engine
from tests.property.commands import Commands

COMMANDS = 1_500
LIMITS = Commands(1, "everything").limits


class Lived:
    """A venue that has lived: its directory, and what it told and was."""

    def __init__(self, directory: Path, events: bytes, state: bytes, seqs: list[int], engine: str) -> None:
        self.directory, self.events, self.state, self.seqs, self.engine = directory, events, state, seqs, engine

    def copy(self, target: Path) -> Lived:
        return Lived(copied(self.directory, target), self.events, self.state, self.seqs, self.engine)

    def room(self, **options: Any) -> Room:
        return Room(self.directory, **{"engine": self.engine, "limits": LIMITS, **options})


async def live(
    directory: Path,
    seed: int,
    *,
    engine: str = "reference",
    snapshots: int = 0,
    durability: Durability,
    batch: int = 16,
) -> Lived:
    """Applies COMMANDS random commands in batches, makes snapshots on the way, and stops without a last one."""
    random_commands = Commands(seed, "everything")
    seqs = []
    async with Room(directory, engine=engine, limits=LIMITS, durability=durability) as room:
        for n in range(COMMANDS // batch):
            data = random_commands.take(batch)
            await room.send(data[at : at + COMMAND_SIZE] for at in range(0, len(data), COMMAND_SIZE))
            if snapshots and n % (COMMANDS // batch // (snapshots + 1) + 1) == COMMANDS // batch // (snapshots + 1):
                room.snapshot()
                seqs.append(room.engine.seq)
        await room.sequencer.stop()
        return Lived(directory, room.events, room.engine.snapshot(), seqs, engine)


@pytest.fixture(scope="module", params=ENGINES)
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    directory = tmp_path_factory.mktemp("lived")
    return run(live(directory, 7, engine=request.param, snapshots=3, durability=Durability.FSYNC))


@pytest.fixture
def lived(original: Lived, tmp_path: Path) -> Lived:
    return original.copy(tmp_path / "copy")


def recovered(room: Room) -> Recovered:
    """Recovers and closes everything again."""

    async def recover() -> Recovered:
        found = await room.recover()
        room.event_log.close()
        await room.journal.close()
        return found

    return run(recover())


def check(lived: Lived, found: Recovered) -> None:
    """The state is the one that was, and the log holds exactly what was told."""
    assert found.state == lived.state == found.engine.snapshot()
    assert found.next_ordinal == len(lived.events) // EVENT_SIZE
    room = lived.room()
    room.event_log.open()
    assert room.event_log.read(0, found.next_ordinal + 10) == lived.events
    room.event_log.close()


def snapshots_of(lived: Lived) -> list[Path]:
    """Newest first."""
    return sorted((lived.directory / "snapshots").glob("*.bin"), reverse=True)


# ------------------------------------------------------------------------------------------- snapshot and tail


def test_the_newest_snapshot_and_the_tail_are_the_state(lived: Lived) -> None:
    found = recovered(lived.room())
    assert found.snapshot_seq == lived.seqs[-1] > 0
    assert found.commands == found.engine.seq - lived.seqs[-1]
    assert (found.events_repaired, found.notes) == (0, [])
    check(lived, found)


def test_without_snapshots_everything_is_replayed(lived: Lived) -> None:
    shutil.rmtree(lived.directory / "snapshots")
    found = recovered(lived.room())
    assert (found.snapshot_seq, found.commands) == (0, found.engine.seq)
    check(lived, found)


@pytest.mark.parametrize("engine", ENGINES)
def test_either_engine_recovers_the_others_files(lived: Lived, engine: str) -> None:
    check(lived, recovered(lived.room(engine=engine)))


@pytest.mark.parametrize("damaged", [1, 2, 3])
def test_damaged_snapshots_are_passed_over_and_told_of(lived: Lived, damaged: int) -> None:
    paths = snapshots_of(lived)
    for n, path in enumerate(paths[:damaged]):
        flip(path, 100 if n % 2 else path.stat().st_size - 1)
    found = recovered(lived.room())
    assert found.snapshot_seq == ([0, *lived.seqs])[len(lived.seqs) - damaged]
    assert sorted(note.partition(":")[0] for note in found.notes) == sorted(map(str, paths[:damaged]))
    check(lived, found)


def test_a_start_right_at_the_snapshot_replays_nothing(lived: Lived) -> None:
    async def stop_in_order() -> None:
        async with lived.room() as room:
            await room.sequencer.stop()
            room.snapshot()

    run(stop_in_order())
    found = recovered(lived.room())
    assert (found.commands, found.snapshot_seq) == (0, found.engine.seq)
    check(lived, found)


def test_progress_is_told(lived: Lived) -> None:
    told: list[Progress] = []
    replay(lived.directory / "journal", lived.room().make_engine, progress=told.append)
    assert [step.seq for step in told] == sorted(step.seq for step in told)
    assert all(step.commands == step.seq and step.seconds > 0 for step in told)
    assert told


def test_venue_state_is_found(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Room(tmp_path) as room:
            room.sequencer._watch_space = lambda: None  # type: ignore[method-assign]
            await room.sequencer.execute([pack_command(CommandKind.SET_VENUE_STATE, state=int(VenueState.CANCEL_ONLY))])

    run(scenario())
    assert recovered(Room(tmp_path)).venue_state is VenueState.CANCEL_ONLY


# --------------------------------------------------------------------------------------------- histories that clash


def test_a_snapshot_of_another_history_is_refused(lived: Lived, tmp_path: Path) -> None:
    other = run(live(tmp_path / "other", 8, engine=lived.engine, snapshots=3, durability=Durability.NONE))
    shutil.rmtree(lived.directory / "snapshots")
    shutil.copytree(other.directory / "snapshots", lived.directory / "snapshots")
    with pytest.raises(JournalError, match="belongs to another history than the journal: move it elsewhere"):
        recovered(lived.room())


def cut_journal(lived: Lived, seq: int) -> None:
    """The journal loses everything behind a record, as if it had never been."""
    for segment in reversed(SegmentFiles(lived.directory / "journal").scan()):
        if segment.head is None or segment.head.chain.seq >= seq:
            segment.path.unlink()
            continue
        position = segment.head.chain.position + 1
        while True:
            path, offset, size = place_of(lived.directory / "journal", position)
            with path.open("r+b") as file:
                file.seek(offset)
                data = file.read(size)
                if int.from_bytes(data[32:40], "little") > seq:
                    file.truncate(offset)
                    file.truncate(segment.size_bytes)
                    return
            position += 1


def test_a_journal_that_is_shorter_than_its_snapshots_is_damage(lived: Lived) -> None:
    cut_journal(lived, lived.seqs[-1] - 200)
    with pytest.raises(JournalDamageError, match="commands that were durable are missing"):
        recovered(lived.room())
    assert len(snapshots_of(lived)) == 3, "nothing is touched"


def test_a_journal_that_is_shorter_than_the_event_log_is_damage(lived: Lived) -> None:
    cut_journal(lived, lived.seqs[-1] + 100)
    with pytest.raises(JournalDamageError, match="events of commands that the journal does not have"):
        recovered(lived.room())


def test_a_writer_that_did_not_wait_for_the_disk_may_have_lost_something(tmp_path: Path) -> None:
    """Then the snapshots are set aside, the event log is cut, and both are told of."""
    lived = run(live(tmp_path / "lived", 9, snapshots=3, durability=Durability.PAGE_CACHE))
    cut_journal(lived, lived.seqs[1] + 100)
    found = recovered(lived.room())
    assert found.snapshot_seq == lived.seqs[1]
    assert len(found.notes) == 2
    assert "set aside as snapshot-" in found.notes[0]
    assert "they are cut, participants were told of them" in found.notes[1]
    room = lived.room()
    room.event_log.open()
    kept = room.event_log.read(0, 10**6)
    room.event_log.close()
    assert kept == lived.events[: len(kept)]
    assert len(kept) == found.next_ordinal * EVENT_SIZE
    again = recovered(lived.room())
    assert (again.notes, again.state) == ([], found.state)


# ---------------------------------------------------------------------------------------------------- the event log


@pytest.mark.parametrize(
    "what", ["lost", "a segment lost", "the last lost", "behind", "behind all snapshots", "zeroed"]
)
def test_the_event_log_is_made_whole(lived: Lived, what: str) -> None:
    directory = lived.directory / "events"
    last = directory / f"events-{len(lived.events) // EVENT_SIZE // SEGMENT_EVENTS:010}.log"
    room = lived.room()
    if what == "lost":
        shutil.rmtree(directory)
    elif what == "a segment lost":
        (directory / "events-0000000000.log").unlink()
    elif what == "the last lost":
        last.unlink()
    elif what == "zeroed":
        with last.open("r+b") as file:
            file.seek(4096 + 100 * EVENT_SIZE)
            file.write(bytes(20 * EVENT_SIZE))
    else:
        room.event_log.open()
        room.event_log.cut(room.event_log.next_ordinal - 7 if what == "behind" else 30)
        room.event_log.close()
        room = lived.room()
    found = recovered(room)
    assert found.events_repaired > 0
    check(lived, found)
    assert recovered(lived.room()).events_repaired == 0


def test_an_event_that_differs_stops_the_start(lived: Lived) -> None:
    last = len(lived.events) // EVENT_SIZE - 1
    path = lived.directory / "events" / f"events-{last // SEGMENT_EVENTS:010}.log"
    flip(path, 4096 + last % SEGMENT_EVENTS * EVENT_SIZE + 200)
    with pytest.raises(
        JournalError, match=rf"event {last} \(command \d+, index \d+\) is not what the journal gives now"
    ):
        recovered(lived.room())


def test_what_the_journal_has_forgotten_is_not_needed(lived: Lived) -> None:
    """Dropped behind a snapshot: the start is as before, only the event log's past cannot be made again."""

    async def drop() -> None:
        journal = file_journal(lived.directory / "journal")
        await journal.open()
        assert journal.drop_before(lived.seqs[1]) > 0
        await journal.close()

    run(drop())
    check(lived, recovered(lived.room()))
    shutil.rmtree(lived.directory / "events")
    found = recovered(lived.room())
    assert found.state == lived.state
    assert ["the event log begins anew" in note for note in found.notes] == [True]
    room = lived.room()
    room.event_log.open()
    first = room.event_log.first_ordinal
    assert 0 < first < found.next_ordinal
    assert room.event_log.read(first, 10**6) == lived.events[first * EVENT_SIZE :]
    room.event_log.close()
    with pytest.raises(JournalError, match="does not hold record 1 any more"):
        replay(lived.directory / "journal", room.make_engine)


def test_a_journal_without_its_beginning_and_without_snapshots_is_refused(lived: Lived) -> None:
    async def drop() -> None:
        journal = file_journal(lived.directory / "journal")
        await journal.open()
        journal.drop_before(lived.seqs[1])
        await journal.close()

    run(drop())
    shutil.rmtree(lived.directory / "snapshots")
    with pytest.raises(JournalError, match="does not hold record 1 any more: begin at a snapshot"):
        recovered(lived.room())


# ------------------------------------------------------------------------------------- other limits, other versions


def firms(count: int) -> list[bytes]:
    return [set_firm(n) for n in range(1, count + 1)]


async def in_room(room: Room, records: list[bytes], *, snapshot: bool = False) -> list[bytes]:
    async with room:
        answers = await room.sequencer.execute(records)
        await room.sequencer.stop()
        if snapshot:
            room.snapshot()
        return answers


def reasons(answers: list[bytes]) -> list[Reason]:
    return [Reason(int.from_bytes(answer[22:24], "little")) for answer in answers]


@pytest.mark.parametrize("engine", ENGINES)
def test_limits_belong_to_the_time_in_which_they_held(tmp_path: Path, engine: str) -> None:
    """More room after a restart; what was refused before stays refused in every replay."""
    refused = Reason.REJECTED_CAPACITY
    small, large = replace(SMALL, firms_max=2), replace(SMALL, firms_max=6)
    first = run(in_room(Room(tmp_path, engine=engine, limits=small), firms(4)))
    assert reasons(first) == [Reason.ACK, Reason.ACK, refused, refused]
    second = run(in_room(Room(tmp_path, engine=engine, limits=large), firms(4), snapshot=True))
    assert reasons(second) == [Reason.ACK] * 4
    third = run(in_room(Room(tmp_path, engine=engine, limits=replace(large, orders_max=77)), firms(1)))
    assert reasons(third) == [Reason.ACK]
    room = Room(tmp_path, engine=engine, limits=replace(large, orders_max=77))
    final = recovered(room)
    assert final.engine.info.limits.orders_max == 77
    everything = replay(tmp_path / "journal", room.make_engine)
    assert everything.state_hash == final.state_hash
    assert everything.events == final.next_ordinal == 9
    assert replay(tmp_path / "journal", room.make_engine, until_seq=4).engine.info.limits == small
    shutil.rmtree(tmp_path / "snapshots")
    shutil.rmtree(tmp_path / "events")
    again = recovered(Room(tmp_path, engine=engine, limits=large))
    assert again.state_hash == final.state_hash
    assert again.events_repaired == 9


@pytest.mark.parametrize("engine", ENGINES)
def test_limits_below_what_exists_are_refused(tmp_path: Path, engine: str) -> None:
    run(in_room(Room(tmp_path, engine=engine), firms(5)))
    with pytest.raises(JournalError, match="the state, which has to fit the limits of its new engine, is refused"):
        recovered(Room(tmp_path, engine=engine, limits=replace(SMALL, firms_max=3)))
    assert recovered(Room(tmp_path, engine=engine, limits=replace(SMALL, firms_max=5))).engine.seq == 5


def next_version(make: Callable[[EngineLimits], Engine]) -> Callable[[EngineLimits], Engine]:
    def made(limits: EngineLimits) -> Engine:
        engine = make(limits)
        return Versioned(engine)

    return made


class Versioned:
    """The reference engine as if its rules had changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.info = EngineInfo(engine.info.name, engine.info.version + "-next", engine.info.limits)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def test_commands_are_decided_by_the_rules_of_their_time(tmp_path: Path) -> None:
    """A new version of the rules takes over at a snapshot, never in the middle of a replay."""
    run(in_room(Room(tmp_path), firms(3)))
    newer = Room(tmp_path)
    newer.make_engine = next_version(newer.make_engine)  # type: ignore[method-assign]
    with pytest.raises(
        JournalError, match=r"version \w+ of the rules, this engine has \w+-next: start the perpgate that wrote them"
    ):
        recovered(newer)
    run(in_room(Room(tmp_path), [], snapshot=True))
    newer = Room(tmp_path)
    newer.make_engine = next_version(newer.make_engine)  # type: ignore[method-assign]
    assert recovered(newer).engine.seq == 3
    newer = Room(tmp_path)
    newer.make_engine = next_version(newer.make_engine)  # type: ignore[method-assign]
    run(in_room(newer, firms(2)))
    newer = Room(tmp_path)
    newer.make_engine = next_version(newer.make_engine)  # type: ignore[method-assign]
    assert recovered(newer).commands == 2
    with pytest.raises(JournalError, match=r"version \w+-next of the rules, this engine has \w+"):
        recovered(Room(tmp_path))


def test_an_engine_that_restores_something_else_is_found(lived: Lived) -> None:
    class Forgetful(Versioned):
        def __init__(self, engine: Engine) -> None:
            super().__init__(engine)
            self.info = engine.info

        def state_hash(self) -> bytes:
            return bytes(32)

    room = lived.room()
    make = room.make_engine
    room.make_engine = lambda limits: Forgetful(make(limits))  # type: ignore[method-assign,assignment]
    with pytest.raises(JournalError, match="restored another state than was written"):
        recovered(room)


# ----------------------------------------------------------------------------------------------------------- replay


def test_a_replay_ends_anywhere(lived: Lived) -> None:
    """At any command the state is that of an engine that applied so many."""
    journal, make = lived.directory / "journal", lived.room().make_engine
    stamps: list[int] = []
    for record in records_of(journal):
        stamps.extend([record.timestamp_ns] * record.command_count)
    commands = b"".join(batches_of(records_of(journal)))
    total = len(commands) // COMMAND_SIZE
    for until in (1, 2, 17, 500, total - 1, total):
        straight = make(LIMITS)
        events = straight.apply(commands[: until * COMMAND_SIZE])
        found = replay(journal, make, until_seq=until)
        assert (found.seq, found.state_hash) == (until, straight.state_hash())
        assert (found.commands, found.events) == (until, len(events) // EVENT_SIZE)
        assert found.timestamp_ns == stamps[until - 1]
        by_time = replay(journal, make, until_ns=stamps[until - 1])
        assert by_time.seq >= until
        assert stamps[by_time.seq - 1] == stamps[until - 1]
    assert replay(journal, make).seq == total
    assert replay(journal, make, until_seq=0).seq == 0
    assert replay(journal, make, until_ns=0).seq == 0
    with pytest.raises(JournalError, match=f"ends at command {total}, command {total + 1} was asked for"):
        replay(journal, make, until_seq=total + 1)


def test_a_replay_of_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no history"):
        replay(tmp_path / "nowhere", lambda limits: new_engine("reference", limits))


def test_a_replay_finds_damage(lived: Lived) -> None:
    path, offset, _ = place_of(lived.directory / "journal", 20)
    flip(path, offset + 100)
    with pytest.raises(JournalDamageError, match=f"{path.name} is damaged at offset {offset}"):
        replay(lived.directory / "journal", lived.room().make_engine)


def test_a_replay_beside_a_live_venue_ends_at_what_is_whole(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Room(tmp_path) as room:
            for n in range(20):
                await room.sequencer.execute(firms(8))
                found = replay(tmp_path / "journal", room.make_engine)
                assert found.seq == (n + 1) * 8
                assert found.state_hash == room.engine.state_hash()

    run(scenario())


def test_chunks_join_batches_and_part_at_takeovers(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [100] * 150, Durability.NONE, segment_bytes=1 << 20))
    run(write_journal(tmp_path, [7], Durability.NONE, segment_bytes=1 << 20))
    reader = reader_at(SegmentFiles(tmp_path), 1)
    with ReadAhead(reader.chunks()) as source:
        found = list(source)
    reader.close()
    sizes = [len(chunk.commands) for chunk in found]
    assert sum(sizes) == 15_007 * COMMAND_SIZE
    assert [chunk.writer is not None for chunk in found] == [True, False, False, True, False]
    assert all(CHUNK_BYTES <= size < CHUNK_BYTES + 200 * COMMAND_SIZE for size in sizes[1:3])
    assert [chunk.previous for chunk in found] == [bytes(32), *(chunk.chain.digest for chunk in found[:-1])]


def test_reading_ahead_passes_faults_on_and_can_be_given_up(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [10] * 30, Durability.NONE))

    def once() -> Iterator[Chunk]:
        reader = reader_at(SegmentFiles(tmp_path), 1)
        yield from reader.chunks()
        reader.close()

    def endless() -> Iterator[Chunk]:
        while True:
            yield from once()

    with ReadAhead(endless()) as source:
        next(source)

    def broken() -> Iterator[Chunk]:
        yield from once()
        raise JournalError("broken")

    with pytest.raises(JournalError, match="broken"), ReadAhead(broken()) as source:
        for _ in source:
            pass


def test_a_fresh_directory_gives_a_fresh_engine(tmp_path: Path) -> None:
    found = recovered(Room(tmp_path))
    assert (found.engine.seq, found.next_ordinal, found.commands) == (0, 0, 0)
    assert found.venue_state is VenueState.OPEN
    assert found.state == new_engine("reference").snapshot()
