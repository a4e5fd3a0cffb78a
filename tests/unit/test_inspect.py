"""Looking into a journal and an event log from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import inspect
from engine.journal import Durability
from engine.journal_format import JournalError, RecordKind
from engine.records import COMMAND_SIZE, EVENT_SIZE, CommandKind, unpack_command, unpack_event
from engine.segments import SegmentFiles
from tests.engine_room import SEGMENT_EVENTS, Room, batches_of, event_ids, file_journal, run, set_firm


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three epochs, several segments; command n is about firm 1 + n % 8 and has one event."""
    path = tmp_path_factory.mktemp("inspected")

    async def write() -> None:
        for epoch in range(3):
            async with Room(path, durability=Durability.NONE) as room:
                await room.sequencer.execute(set_firm(1 + (epoch * 1_000 + n + 1) % 8) for n in range(1_000))

    run(write())
    return path


def test_commands_of_a_range(directory: Path) -> None:
    for first, last in ((1, 3_000), (1, 1), (7, 7), (255, 258), (999, 1_002), (2_990, 5_000), (3_001, 9)):
        found = [unpack_command(record) for record in inspect.commands(directory / "journal", first, last)]
        assert [command["seq"] for command in found] == list(range(first, min(last, 3_000) + 1))
        assert all(command["party_id"] == 1 + command["seq"] % 8 for command in found)
        assert all(command["kind"] is CommandKind.SET_FIRM for command in found)
    everything = b"".join(inspect.commands(directory / "journal"))
    assert len(everything) == 3_000 * COMMAND_SIZE
    assert everything == b"".join(batches_of(inspect.records(directory / "journal")))


def test_events_of_a_range(directory: Path) -> None:
    def events(first: int, last: int | None) -> list[bytes]:
        return list(inspect.events(directory / "events", first, last, segment_events=SEGMENT_EVENTS))

    for first, last in ((1, 3_000), (1, 1), (500, 510), (1_020, 1_030), (2_990, 4_000), (3_001, 4_000)):
        found = events(first, last)
        assert [unpack_event(event)["seq"] for event in found] == list(range(first, min(last, 3_000) + 1))
    everything = b"".join(events(1, None))
    assert len(everything) == 3_000 * EVENT_SIZE
    assert event_ids(everything) == [(seq, 0) for seq in range(1, 3_001)]


def test_epochs_say_who_wrote(directory: Path) -> None:
    found = list(inspect.epochs(directory / "journal"))
    assert [(epoch.number, epoch.first_seq) for epoch in found] == [(1, 1), (2, 1_001), (3, 2_001)]
    assert {epoch.writer.owner for epoch in found} == {"test"}
    assert {epoch.writer.durability for epoch in found} == {"none"}
    assert [epoch.position for epoch in found] == sorted(epoch.position for epoch in found)


def test_records_begin_with_the_one_asked_for(directory: Path) -> None:
    first = next(record for record in inspect.records(directory / "journal", 1_500) if record.command_count)
    assert first.first_seq <= 1_500 <= first.last_seq
    kinds = {record.kind for record in inspect.records(directory / "journal")}
    assert kinds == {RecordKind.BATCH, RecordKind.EPOCH, RecordKind.ROLL, RecordKind.SEAL}


def test_chunks_are_the_whole_history(directory: Path) -> None:
    found = list(inspect.chunks(directory / "journal"))
    assert b"".join(chunk.commands for chunk in found) == b"".join(inspect.commands(directory / "journal"))
    assert [chunk.writer is not None for chunk in found] == [True, True, True, False]


def test_what_is_not_there_is_said(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no history"):
        next(inspect.commands(tmp_path))
    assert list(inspect.events(tmp_path)) == []

    async def drop() -> None:
        journal = file_journal(tmp_path / "journal")
        await journal.open()
        journal.drop_before(2_000)
        await journal.close()

    (tmp_path / "journal").mkdir()
    for segment in SegmentFiles(directory / "journal").scan():
        (tmp_path / "journal" / segment.path.name).write_bytes(segment.path.read_bytes())
    run(drop())
    with pytest.raises(JournalError, match=r"does not hold command 5 any more, the first is \d+"):
        next(inspect.commands(tmp_path / "journal", 5))
    assert len(list(inspect.commands(tmp_path / "journal", 2_000))) == 1_001
