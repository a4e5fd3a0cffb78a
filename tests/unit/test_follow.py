"""The snapshot follower, beside a live journal and as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.follow import EXIT_JOURNAL, Follower, Written, follow
from engine.journal import Durability
from engine.journal_format import JournalDamageError, JournalError
from engine.snapshot import SnapshotStore
from tests.engine_room import Room, flip, place_of, run, set_firm, write_journal
from tests.engines import new_engine
from tests.source.tree import ROOT


def follower(room: Room) -> Follower:
    return Follower(room.journal.directory, room.snapshots, room.make_engine)


def firms(count: int = 8) -> list[bytes]:
    return [set_firm(1 + n % 8, f"FIRM {n}") for n in range(count)]


@pytest.mark.parametrize("durability", list(Durability))
def test_it_follows_a_live_journal(tmp_path: Path, durability: Durability) -> None:
    """Over takeovers and many segments; each snapshot is the state at its place, and recovery begins there."""

    async def scenario() -> None:
        following = None
        for epoch in range(3):
            async with Room(tmp_path, durability=durability) as room:
                assert room.recovered.snapshot_seq == 3 * epoch * 700
                if following is None:
                    following = follower(room)
                    following.catch_up()
                    assert following.write() is None, "nothing has happened"
                for step in range(3):
                    await room.sequencer.execute(firms(700))
                    room.journal.sync()
                    following.catch_up()
                    written = following.write()
                    assert isinstance(written, Written)
                    assert written.seq == room.engine.seq == (3 * epoch + step + 1) * 700
                    assert written.commands == 700
                    head = next(room.snapshots.heads())
                    assert head.path == written.path
                    assert head.state_hash == room.engine.state_hash()
                    assert head.next_ordinal == room.sequencer.next_ordinal
                    assert head.engine.limits == room.engine.info.limits
                    assert following.write() is None
        following.close()

    run(scenario())


def test_it_begins_at_the_newest_whole_snapshot(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Room(tmp_path) as room:
            await room.sequencer.execute(firms(10))
            room.snapshot()
            await room.sequencer.execute(firms(10))
            damaged = room.snapshot()
            flip(damaged, damaged.stat().st_size - 1)
            await room.sequencer.execute(firms(5))
            following = follower(room)
            following.catch_up()
            written = following.write()
            assert written is not None
            assert (written.seq, written.commands) == (25, 15)
            following.close()

    run(scenario())


def test_it_can_be_interrupted(tmp_path: Path) -> None:
    run(write_journal(tmp_path / "journal", [100] * 150, Durability.NONE, segment_bytes=1 << 20))
    room = Room(tmp_path)
    following = follower(room)
    asked = 0

    def may_go_on() -> bool:
        nonlocal asked
        asked += 1
        return asked < 2  # the takeover at the beginning, and a first chunk of commands

    following.catch_up(may_go_on)
    assert asked == 2
    first = following.write()
    assert first is not None
    assert 0 < first.seq < 15_000
    following.catch_up()
    second = following.write()
    assert second is not None
    assert second.seq == 15_000
    assert next(room.snapshots.heads()).state_hash == following._replayer.engine.state_hash()
    following.close()


def test_it_does_not_take_damage_for_the_end(tmp_path: Path) -> None:
    run(write_journal(tmp_path / "journal", [10] * 10, Durability.FSYNC))
    path, offset, _ = place_of(tmp_path / "journal", 5)
    flip(path, offset + 50)
    following = follower(Room(tmp_path))
    following.catch_up()
    first = following.write()
    assert first is not None
    assert first.seq == 30
    with pytest.raises(JournalDamageError, match=f"damaged at offset {offset}"):
        following.write()
    following.close()


def test_a_snapshot_of_another_history_is_refused(tmp_path: Path) -> None:
    async def make(directory: Path, snapshot: bool) -> None:
        async with Room(directory) as room:
            await room.sequencer.execute(firms(10))
            if snapshot:
                room.snapshot()
            await room.sequencer.execute(firms(10))

    run(make(tmp_path / "one", True))
    run(make(tmp_path / "two", False))
    following = Follower(
        tmp_path / "two" / "journal", SnapshotStore(tmp_path / "one" / "snapshots"), Room(tmp_path).make_engine
    )
    with pytest.raises(JournalError, match="another history"):
        following.catch_up()
    following.close()


def test_the_loop_writes_at_its_interval_and_ends_when_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Room(tmp_path) as room:
            waits: list[float] = []
            written: list[Written] = []

            def wait(seconds: float) -> bool:
                waits.append(seconds)
                return len(written) < 2

            def wrote(what: Written) -> None:
                written.append(what)
                for firm in firms(3):
                    room.batch.append(firm)
                room.sequencer._turn()

            await room.sequencer.execute(firms(3))
            follow(room.journal.directory, room.snapshots, room.make_engine, interval_s=0.0, wait=wait, wrote=wrote)
            assert [what.seq for what in written] == [3, 6]
            assert set(waits) == {0.0}

    run(scenario())


def test_the_process_ends_with_its_parent_and_reports_snapshots(tmp_path: Path) -> None:
    run(write_journal(tmp_path / "journal", [10] * 10, Durability.FSYNC))
    command = [sys.executable, "-m", "engine.follow", str(tmp_path / "journal"), str(tmp_path / "snapshots")]
    with subprocess.Popen(
        [*command, "--engine", "reference", "--interval-s", "0.05"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        line = json.loads(process.stdout.readline())
        assert (line["seq"], line["commands"]) == (100, 100)
        assert Path(line["path"]).exists()
        process.stdin.close()
        assert process.wait(20) == 0
        assert process.stdout.read() == ""


def test_the_process_says_what_is_wrong(tmp_path: Path) -> None:
    run(write_journal(tmp_path / "journal", [10] * 3, Durability.FSYNC))
    flip(tmp_path / "journal" / "segment-0000000001.journal", 60)
    command = [sys.executable, "-m", "engine.follow", str(tmp_path / "journal"), str(tmp_path / "snapshots")]
    result = subprocess.run(
        [*command, "--engine", "reference"],
        stdin=subprocess.PIPE, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60,
    )  # fmt: skip
    assert result.returncode == EXIT_JOURNAL
    assert "segment-0000000001.journal is damaged at offset 0: its header is not whole" in result.stderr
    assert new_engine("reference").seq == 0
