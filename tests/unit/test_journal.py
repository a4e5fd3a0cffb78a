"""`FileJournal`: what it keeps, what it cuts, and what it refuses to start with."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import segments
from engine.journal import Durability, FileJournal, Tail
from engine.journal_format import (
    DIGEST_SIZE,
    PAGE_SIZE,
    RECORD_HEADER,
    RECORD_OVERHEAD,
    JournalDamageError,
    JournalError,
    RecordKind,
    record_digest,
)
from engine.records import COMMAND_SIZE
from engine.segments import SegmentFiles
from tests.engine_room import (
    INFO,
    SEGMENT_BYTES,
    Filler,
    batches_of,
    commands_in,
    copied,
    end_of,
    file_journal,
    flip,
    place_of,
    records_of,
    reopened,
    run,
    write_journal,
)

SAMPLE = 101  # of the places where a tail is torn, each so-manieth is opened for real, not only looked at
EACH = pytest.mark.parametrize("durability", list(Durability))


@EACH
def test_an_empty_journal_begins_at_nothing(tmp_path: Path, durability: Durability) -> None:
    assert reopened(tmp_path / "new" / "journal", durability) == Tail(0, 0, 0, 0, bytes(32))
    assert records_of(tmp_path / "new" / "journal") == []


@EACH
def test_what_was_appended_is_read_again(tmp_path: Path, durability: Durability) -> None:
    sizes = [1, 2, 3, 50, 1, 120, 17]
    tail = run(write_journal(tmp_path, sizes, durability))
    found = records_of(tmp_path)
    assert [record.kind for record in found] == [2, *[1] * len(sizes), 4]
    assert [commands_in(body) for body in batches_of(found)] == sizes
    assert [record.position for record in found] == list(range(1, len(found) + 1))
    assert found[-2].digest == tail.digest
    again = reopened(tmp_path)
    assert (again.seq, again.epoch, again.timestamp_ns) == (sum(sizes), 1, tail.timestamp_ns)
    assert again.position == tail.position + 1, "the seal of the orderly end"
    assert again.writer is not None
    assert (again.writer.owner, again.writer.durability, again.writer.engine) == ("test", durability.value, INFO)


@EACH
def test_a_history_goes_on_over_many_starts(tmp_path: Path, durability: Durability) -> None:
    total = 0
    for epoch in range(1, 6):
        tail = run(write_journal(tmp_path, [epoch, 7], durability))
        total += epoch + 7
        assert (tail.epoch, tail.seq) == (epoch, total)
    found = records_of(tmp_path)
    assert [record.epoch for record in found if record.kind == RecordKind.EPOCH] == [1, 2, 3, 4, 5]
    seqs = [seq for record in found for seq in range(record.first_seq, record.first_seq + record.command_count)]
    assert seqs == list(range(1, total + 1))


@EACH
def test_segments_roll_without_a_seam(tmp_path: Path, durability: Durability) -> None:
    sizes = [1 + (n * 37) % 120 for n in range(120)]
    tail = run(write_journal(tmp_path, sizes, durability))
    used = [s for s in SegmentFiles(tmp_path).scan() if s.head is not None]
    assert len(used) > 10
    assert all(s.size_bytes == SEGMENT_BYTES for s in used)
    assert [commands_in(body) for body in batches_of(records_of(tmp_path))] == sizes
    assert reopened(tmp_path, durability).seq == tail.seq == sum(sizes)


def test_reading_begins_anywhere(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [90] * 12, Durability.NONE))

    async def read() -> None:
        journal = file_journal(tmp_path)
        tail = await journal.open()
        everything = list(journal.read(1))
        assert everything[-1].chain.position == tail.position
        commands = b"".join(chunk.commands for chunk in everything)
        records = records_of(tmp_path)
        for record in records:
            found = list(journal.read(record.position))
            assert b"".join(chunk.commands for chunk in found) == commands[(record.first_seq - 1) * COMMAND_SIZE :]
            assert found[0].previous == (records[record.position - 2].digest if record.position > 1 else bytes(32))
            assert found[-1].chain == everything[-1].chain
        assert list(journal.read(tail.position + 1)) == []
        await journal.close()

    run(read())


def test_segment_sizes_may_change_between_starts(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [100] * 5, Durability.FSYNC))
    run(write_journal(tmp_path, [100] * 5, Durability.PAGE_CACHE, segment_bytes=2 * SEGMENT_BYTES))
    tail = run(write_journal(tmp_path, [100] * 15, Durability.NONE, segment_bytes=4 * SEGMENT_BYTES))
    assert tail.seq == 2_500
    sizes = {s.size_bytes for s in SegmentFiles(tmp_path).scan() if s.head is not None}
    assert sizes >= {SEGMENT_BYTES, 4 * SEGMENT_BYTES}
    assert sum(map(commands_in, batches_of(records_of(tmp_path)))) == 2_500


def test_durability_is_told_as_chosen(tmp_path: Path) -> None:
    """fsync: durable is what the thread says. The two others: what was appended, at once."""

    async def appended(durability: Durability) -> tuple[int, int]:
        journal = file_journal(tmp_path / durability.value, durability)
        await journal.open()
        await journal.fence("test", INFO)
        progressed = asyncio.Event()
        journal.watch(progressed.set)
        filler = Filler(journal)
        progressed.clear()
        journal.append(bytes(COMMAND_SIZE * 3), filler.now_ns)
        at_once = journal.durable_seq
        if durability is Durability.FSYNC:
            while journal.durable_seq < 3:
                await asyncio.wait_for(progressed.wait(), 10)
                progressed.clear()
        durable = journal.durable_seq
        await journal.close()
        return at_once, durable

    assert run(appended(Durability.PAGE_CACHE)) == (3, 3)
    assert run(appended(Durability.NONE)) == (3, 3)
    assert run(appended(Durability.FSYNC))[1] == 3


def test_group_commit_takes_everything_that_waits(tmp_path: Path) -> None:
    async def groups() -> int:
        journal = file_journal(tmp_path, segment_bytes=1 << 20)
        await journal.open()
        await journal.fence("test", INFO)
        for n in range(500):
            journal.append(bytes(COMMAND_SIZE), 2**62 + n)
        journal.sync()
        made = journal.statistics.groups
        await journal.close()
        return made

    assert run(groups()) < 250


# ------------------------------------------------------------------------------------------ one writer at a time


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    async def both() -> None:
        first, second = file_journal(tmp_path), file_journal(tmp_path)
        await first.open()
        with pytest.raises(
            JournalError, match=rf"{re.escape(str(tmp_path))} is in use by process {os.getpid()}: stop it"
        ):
            await second.open()
        await first.close()
        await second.open()
        await second.close()

    run(both())


def test_nobody_appends_before_the_fence(tmp_path: Path) -> None:
    async def append() -> None:
        journal = file_journal(tmp_path)
        await journal.open()
        with pytest.raises(JournalError, match="before fence"):
            journal.append(bytes(COMMAND_SIZE), 1)
        await journal.close()

    run(append())


def test_what_no_reader_would_accept_is_not_written(tmp_path: Path) -> None:
    async def append() -> None:
        journal = file_journal(tmp_path)
        await journal.open()
        await journal.fence("test", INFO)
        now_ns = journal.tail.timestamp_ns
        for commands, timestamp_ns in (
            (b"", now_ns),
            (bytes(COMMAND_SIZE + 1), now_ns),
            (bytes(COMMAND_SIZE), now_ns - 1),
        ):
            with pytest.raises(ValueError, match="are no batch of commands after"):
                journal.append(commands, timestamp_ns)
        assert journal.tail.position == 1
        await journal.close()

    run(append())


def stray(directory: Path, kind: RecordKind, epoch: int, position: int) -> None:
    """Adds at the end what a deposed writer would have left there: whole, and of an epoch that is over."""
    path, offset, size = place_of(directory, position - 1)
    body = bytes(COMMAND_SIZE)
    header = RECORD_HEADER.pack(
        magic=b"PGRECORD", kind=kind, command_count=1, epoch=epoch, position=position, first_seq=77, timestamp_ns=5,
        body_bytes=len(body), previous=b"another end".ljust(32),
    )  # fmt: skip
    with path.open("r+b") as file:
        file.seek(offset + size)
        file.write(header + body + record_digest(header, body))


def test_records_of_a_deposed_writer_are_void(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [3], Durability.FSYNC))  # epoch 1: positions 1 to 3
    tail = run(write_journal(tmp_path, [4], Durability.FSYNC))  # epoch 2: 4 to 6
    stray(tmp_path, RecordKind.BATCH, 1, 7)
    stray(tmp_path, RecordKind.EPOCH, 2, 8)
    found = reopened(tmp_path)
    assert (found.position, found.epoch, found.seq, found.timestamp_ns) == (8, 2, 7, tail.timestamp_ns)
    tail = run(write_journal(tmp_path, [5], Durability.FSYNC))
    assert (tail.position, tail.epoch, tail.seq) == (10, 3, 12)
    positions = [record.position for record in records_of(tmp_path)]
    assert positions == [1, 2, 3, 4, 5, 6, 9, 10, 11], "they keep their places and nobody sees them"


def test_a_record_of_an_epoch_that_never_began_is_damage(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [3], Durability.FSYNC))
    stray(tmp_path, RecordKind.BATCH, 9, 4)
    with pytest.raises(JournalDamageError, match="of epoch 9, which never began"):
        reopened(tmp_path)


# ------------------------------------------------------------------------------- a torn tail is cut, damage is not


async def left_by_a_crash(directory: Path, target: Path, durability: Durability, batches: list[int]) -> Tail:
    """The files of a journal that is still open, each batch durable before the next; its tail."""
    journal = file_journal(directory, durability)
    await journal.open()
    await journal.fence("test", INFO)
    filler = Filler(journal)
    for commands in batches:
        await filler.append(commands)
    copied(directory, target)
    tail = journal.tail
    await journal.close()
    return tail


@EACH
def test_a_tail_cut_at_every_byte_is_found(tmp_path: Path, durability: Durability) -> None:
    crashed = tmp_path / "crashed"
    tail = run(left_by_a_crash(tmp_path / "live", crashed, durability, [2, 1, 1]))
    path, offset, size = place_of(crashed, tail.position)
    whole = path.read_bytes()
    for length in range(offset, offset + size + 1):
        path.write_bytes(whole[:length])
        is_whole = length == offset + size
        end = end_of(crashed)
        assert (end.chain.seq, end.cut_records) == (4 if is_whole else 3, 0), length
        if length % SAMPLE == 0 or is_whole:
            assert reopened(crashed, durability).seq == end.chain.seq
            kept = whole[: length if is_whole else offset]
            assert path.read_bytes() == kept.ljust(SEGMENT_BYTES, b"\0"), length


@EACH
def test_a_tail_zeroed_from_every_byte_on_is_found(tmp_path: Path, durability: Durability) -> None:
    """What a power cut leaves of a file whose space was filled in advance."""
    crashed = tmp_path / "crashed"
    tail = run(left_by_a_crash(tmp_path / "live", crashed, durability, [2, 1, 1]))
    path, offset, size = place_of(crashed, tail.position)
    whole = path.read_bytes()
    for length in range(offset, offset + size):
        torn = whole[:length].ljust(len(whole), b"\0")
        path.write_bytes(torn)
        end = end_of(crashed)
        assert (end.chain.seq, end.cut_bytes) == (3, len(torn.rstrip(b"\0")) - offset), length
        if length % SAMPLE == 0:
            assert reopened(crashed, durability).cut_bytes == end.cut_bytes
            assert path.read_bytes() == whole[:offset].ljust(len(whole), b"\0")


@EACH
def test_every_flipped_byte_of_the_tail_is_cut(tmp_path: Path, durability: Durability) -> None:
    crashed = tmp_path / "crashed"
    tail = run(left_by_a_crash(tmp_path / "live", crashed, durability, [2, 1, 1]))
    path, offset, size = place_of(crashed, tail.position)
    for at in range(offset, offset + size):
        flip(path, at)
        end = end_of(crashed)
        assert (end.chain.seq, end.chain.position, end.cut_records) == (3, tail.position - 1, 0), at
        assert end.cut_bytes > 0
        flip(path, at)


@EACH
def test_every_flipped_byte_before_the_tail_stops_the_start(tmp_path: Path, durability: Durability) -> None:
    """Each record says that the one before was durable, so a wrong byte there is no torn tail."""
    crashed = tmp_path / "crashed"
    tail = run(left_by_a_crash(tmp_path / "live", crashed, durability, [2, 1, 1]))
    path, first, _ = place_of(crashed, 1)
    _, last, _ = place_of(crashed, tail.position)
    starts = [place_of(crashed, position)[1] for position in range(1, tail.position)]
    for at in range(first, last, 5):
        flip(path, at, 0x10)
        begin = max(start for start in starts if start <= at)
        with pytest.raises(
            JournalDamageError, match=rf"{path.name} is damaged at offset {begin}: record \d+ was durable"
        ):
            end_of(crashed)
        if at % (5 * SAMPLE) == 0:
            damaged = path.read_bytes()
            with pytest.raises(JournalDamageError, match=f"damaged at offset {begin}"):
                reopened(crashed, durability)
            assert path.read_bytes() == damaged, "nothing is repaired, nothing is cut"
        flip(path, at, 0x10)


@EACH
def test_the_seal_protects_the_last_record(tmp_path: Path, durability: Durability) -> None:
    tail = run(write_journal(tmp_path, [2, 1, 2], durability))
    path, offset, size = place_of(tmp_path, tail.position)
    flip(path, offset + size - 1)
    with pytest.raises(JournalDamageError, match=f"damaged at offset {offset}"):
        reopened(tmp_path)


def test_a_group_that_was_never_synced_is_cut_whole(tmp_path: Path) -> None:
    """A power cut may keep the second record of a group and lose the first: nobody was told of either."""

    async def write() -> Tail:
        journal = file_journal(tmp_path / "live", queue_bytes=1 << 20)
        await journal.open()
        await journal.fence("test", INFO)
        filler = Filler(journal)
        await filler.append(2)
        durable = journal.tail
        for n in range(20):  # none of them knows of another that it is durable, at least from the second group on
            journal.append(bytes(COMMAND_SIZE), filler.now_ns + n)
        journal.sync()
        copied(tmp_path / "live", tmp_path / "crashed")
        await journal.close()
        return durable

    durable = run(write())
    crashed = tmp_path / "crashed"
    everything = records_of(copied(crashed, tmp_path / "look"))
    claims = {record.position: record.synced_position for record in everything}
    last = max(claims)
    proven = max(claims.values())
    assert durable.position <= proven < last - 1, "the last group has more than one record"
    path, offset, _ = place_of(crashed, proven + 1)
    with path.open("r+b") as file:
        file.seek(offset + 10)
        file.write(bytes(50))
    found = reopened(crashed)
    assert (found.position, found.cut_records) == (proven, last - proven - 1)


@EACH
def test_after_a_restart_of_the_machine_only_the_disk_counts(
    tmp_path: Path, durability: Durability, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without fsync a power cut may lose what was told: it is cut. With it, that is damage."""
    crashed = tmp_path / "crashed"
    run(left_by_a_crash(tmp_path / "live", crashed, Durability.FSYNC, [2]))
    shutil.rmtree(tmp_path / "live")

    async def more() -> None:
        journal = file_journal(crashed, durability)
        await journal.open()
        await journal.fence("test", INFO)
        now_ns = journal.tail.timestamp_ns
        for _ in range(3):
            journal.append(bytes(COMMAND_SIZE), now_ns)
            if durability is Durability.FSYNC:
                journal.sync()
        journal._wait_written(journal.tail.position)
        copied(crashed, tmp_path / "cut")
        await journal.close()

    run(more())
    path, offset, _ = place_of(tmp_path / "cut", 5)
    flip(path, offset + 20)
    monkeypatch.setattr(segments, "boot_number", lambda: 12345)
    if durability is Durability.FSYNC:
        with pytest.raises(JournalDamageError, match="record 5 was durable"):
            reopened(tmp_path / "cut")
    else:
        found = reopened(tmp_path / "cut")
        assert (found.position, found.seq, found.cut_records) == (4, 3, 1)


@EACH
def test_a_journal_goes_on_behind_a_cut(tmp_path: Path, durability: Durability) -> None:
    crashed = tmp_path / "crashed"
    tail = run(left_by_a_crash(tmp_path / "live", crashed, durability, [2, 1, 1]))
    path, offset, size = place_of(crashed, tail.position)
    flip(path, offset + size - 1)
    tail = run(write_journal(crashed, [9, 1], durability))
    assert tail.seq == 3 + 9 + 1
    assert [commands_in(body) for body in batches_of(records_of(crashed))] == [2, 1, 9, 1]


@pytest.mark.parametrize("position", [0, 1])
def test_a_torn_header_of_a_new_segment_is_cut(tmp_path: Path, position: int) -> None:
    """The roll is the last thing that happened: the new segment's first page, or its first record, is half there."""
    run(write_journal(tmp_path / "live", [1] * 3, Durability.FSYNC))
    sizes = [100, 100, 100, 100]
    crashed = tmp_path / "crashed"
    tail = run(left_by_a_crash(tmp_path / "live", crashed, Durability.FSYNC, sizes))
    second = SegmentFiles(crashed).path(2)
    head = SegmentFiles(crashed).scan()[1].head
    assert head is not None
    if position == 0:
        data = second.read_bytes()
        second.write_bytes(data[:600].ljust(len(data), b"\0"))
    else:
        path, offset, _ = place_of(crashed, head.chain.position + 1)
        data = path.read_bytes()
        path.write_bytes(data[: offset + 500].ljust(len(data), b"\0"))
    found = reopened(crashed)
    assert found.position == head.chain.position < tail.position
    after = run(write_journal(crashed, [5], Durability.FSYNC))
    assert after.seq == head.chain.seq + 5
    assert sum(map(commands_in, batches_of(records_of(crashed)))) == after.seq


@pytest.mark.parametrize("what", ["missing", "swapped", "short", "header"])
def test_a_segment_in_the_middle_that_is_not_itself_stops_the_start(tmp_path: Path, what: str) -> None:
    run(write_journal(tmp_path, [100] * 12, Durability.FSYNC))
    files = SegmentFiles(tmp_path)
    second, third = files.path(2), files.path(3)
    if what == "missing":
        second.unlink()
    elif what == "swapped":
        other = second.read_bytes()
        second.write_bytes(third.read_bytes())
        third.write_bytes(other)
    elif what == "short":
        second.write_bytes(second.read_bytes()[: SEGMENT_BYTES // 2])
    else:
        flip(second, 40)
    with pytest.raises(JournalDamageError, match=re.escape(str(second))):
        records_of(tmp_path)


def test_a_flipped_byte_anywhere_is_found_by_reading_everything(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [50] * 20, Durability.FSYNC))
    first = SegmentFiles(tmp_path).path(1)
    for at in (0, 100, 4_095, PAGE_SIZE, PAGE_SIZE + 20, SEGMENT_BYTES // 2):
        flip(first, at)
        with pytest.raises(JournalDamageError, match=re.escape(str(first))):
            records_of(tmp_path)
        flip(first, at)
    assert sum(map(commands_in, batches_of(records_of(tmp_path)))) == 1_000


def test_a_record_of_another_journal_is_damage(tmp_path: Path) -> None:
    """Same place, same sizes, a digest that is right: only the chain tells."""
    run(write_journal(tmp_path / "one", [1, 1, 1], Durability.FSYNC))
    run(write_journal(tmp_path / "two", [1, 1, 1], Durability.FSYNC))
    path, offset, size = place_of(tmp_path / "one", 3)
    other, other_offset, other_size = place_of(tmp_path / "two", 3)
    assert (offset, size) == (other_offset, other_size)
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(other.read_bytes()[offset : offset + size])
    with pytest.raises(JournalDamageError, match=f"{offset}: record 3 does not follow record 2: another history"):
        reopened(tmp_path / "one")


def test_a_crash_while_a_segment_is_filled_leaves_nothing_behind(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [1], Durability.FSYNC))
    (tmp_path / "segment.filling").write_bytes(b"\0" * 1_000)
    assert run(write_journal(tmp_path, [100] * 10, Durability.FSYNC)).seq == 1_001


def test_a_blank_segment_with_something_in_it_is_made_blank(tmp_path: Path) -> None:
    """A power cut may keep a record behind a header that it lost."""
    run(write_journal(tmp_path, [1], Durability.FSYNC))
    blank = SegmentFiles(tmp_path).scan()[-1]
    assert blank.is_blank
    with blank.path.open("r+b") as file:
        file.seek(PAGE_SIZE)
        file.write(b"PGRECORD" + bytes(20) + b"left over")
    assert reopened(tmp_path).cut_bytes == PAGE_SIZE + 37
    assert run(write_journal(tmp_path, [100] * 10, Durability.FSYNC)).seq == 1_001


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [1], Durability.FSYNC))
    (tmp_path / "segment-copy.journal").write_bytes(b"")
    with pytest.raises(JournalError, match="is no segment of a journal"):
        reopened(tmp_path)


# ------------------------------------------------------------------------------------------------ space and limits


def test_dropping_keeps_what_is_asked_for(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [100] * 20, Durability.FSYNC))

    async def drop() -> None:
        journal = file_journal(tmp_path)
        tail = await journal.open()
        assert journal.drop_before(1) == 0
        freed = journal.drop_before(1_000)
        assert freed > 0
        assert freed % SEGMENT_BYTES == 0
        first = SegmentFiles(tmp_path).scan()[0].head
        assert first is not None
        assert first.chain.seq < 1_000
        with pytest.raises(JournalError, match="does not hold record 1 any more"):
            list(journal.read(1))
        kept = list(journal.read(first.chain.position + 1))
        assert kept[-1].chain.position == tail.position
        assert journal.drop_before(10**9) > 0, "all but the active segment"
        assert len([s for s in SegmentFiles(tmp_path).scan() if s.head is not None]) == 1
        await journal.close()

    run(drop())
    assert run(write_journal(tmp_path, [1], Durability.FSYNC)).seq == 2_001


def test_a_batch_that_fits_no_segment_is_refused(tmp_path: Path) -> None:
    async def append() -> None:
        journal = file_journal(tmp_path)
        await journal.open()
        await journal.fence("test", INFO)
        assert journal.commands_bytes_max < SEGMENT_BYTES
        fits = journal.commands_bytes_max // COMMAND_SIZE * COMMAND_SIZE
        assert journal.has_room(fits)
        journal.append(bytes(fits), journal.tail.timestamp_ns)
        assert not journal.has_room(SEGMENT_BYTES)
        with pytest.raises(BufferError, match="no segment is ready"):
            journal.append(bytes(SEGMENT_BYTES // COMMAND_SIZE * COMMAND_SIZE), journal.tail.timestamp_ns)
        await journal.close()

    run(append())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"segment_bytes": 4_096}, "at least 65536"),
        ({"segment_bytes": 100_000}, "multiple of 4096"),
        ({"segments_ahead": 0}, "reserve"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(tmp_path: Path, options: dict[str, int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        FileJournal(tmp_path, **options)  # type: ignore[arg-type]


def test_a_record_costs_what_the_format_says(tmp_path: Path) -> None:
    run(write_journal(tmp_path, [64], Durability.PAGE_CACHE))
    _, _, size = place_of(tmp_path, 2)
    assert size == 64 * COMMAND_SIZE + RECORD_OVERHEAD == 64 * 192 + 128 + DIGEST_SIZE


def test_a_failed_write_is_said_once_and_nothing_goes_on(tmp_path: Path) -> None:
    said: list[str] = []

    class Ended(BaseException):
        pass

    def failed(text: str) -> None:
        said.append(text)
        raise Ended

    async def break_it(watch: Callable[[FileJournal], None]) -> None:
        journal = file_journal(tmp_path, failed=failed)
        await journal.open()
        await journal.fence("test", INFO)
        journal.append(bytes(COMMAND_SIZE), journal.tail.timestamp_ns)
        watch(journal)
        with pytest.raises(Ended):
            journal.sync()

    def close_file(journal: FileJournal) -> None:
        active = journal._active
        assert active is not None
        os.dup2(os.open(tmp_path / "lock", os.O_RDONLY), active.fd)  # a descriptor that takes no writes
        journal.append(bytes(COMMAND_SIZE), journal.tail.timestamp_ns)

    run(break_it(close_file))
    assert said == [f"write of {tmp_path} failed: Bad file descriptor"]
