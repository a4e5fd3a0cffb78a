"""Snapshot files: whole or not there, newest first, damage reported and passed over."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from engine.api import EngineInfo
from engine.journal import Tail
from engine.journal_format import PAGE_SIZE, JournalError
from engine.snapshot import SNAPSHOT_HEADER, SnapshotDamageError, SnapshotStore
from tests.engine_room import INFO, flip
from tests.memory_journal import EchoEngine

STATE = bytes(range(256)) * 40


class Engine(EchoEngine):
    """Of a given state."""

    def __init__(self, seq: int, state: bytes = STATE, info: EngineInfo = INFO) -> None:
        super().__init__(seq)
        self.info = info
        self._state = state

    def snapshot(self) -> bytes:
        return self._state


def tail(seq: int) -> Tail:
    return Tail(position=seq // 2, epoch=3, seq=seq, timestamp_ns=seq * 10, digest=seq.to_bytes(32, "big"))


def test_a_snapshot_is_read_as_it_was_written(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path / "new")
    path = store.write(Engine(40), tail(40), 99)
    [head] = store.heads()
    assert (head.path, head.tail, head.next_ordinal, head.engine) == (path, tail(40), 99, INFO)
    assert head.state_hash == hashlib.sha256(STATE).digest()
    assert store.read_state(head) == STATE
    assert store.rejected == []
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["snapshot-00000000000000000040.bin"]


def test_the_newest_come_first_and_the_oldest_go(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path, keep=3)
    for seq in (9, 100, 20, 1_000, 30):
        store.write(Engine(seq), tail(seq), seq)
    assert [head.tail.seq for head in store.heads()] == [1_000, 100, 30]


def test_no_directory_no_snapshots(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path / "none")
    assert list(store.heads()) == []
    store.clean()


def test_damage_anywhere_is_noticed_and_passed_over(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    store.write(Engine(10), tail(10), 1)
    path = store.write(Engine(20), tail(20), 2)
    size = path.stat().st_size
    for at in [*range(0, PAGE_SIZE, 5), *range(PAGE_SIZE, size, 97), size - 1]:
        flip(path, at)
        store.rejected.clear()
        heads = list(store.heads())
        if at < PAGE_SIZE:
            assert [head.tail.seq for head in heads] == [10], at
            assert store.rejected == [f"{path}: the header is not whole"]
        else:
            assert [head.tail.seq for head in heads] == [20, 10]
            with pytest.raises(SnapshotDamageError, match="the state is not what was written"):
                store.read_state(heads[0])
        flip(path, at)
    assert store.read_state(next(store.heads())) == STATE


@pytest.mark.parametrize("length", [0, 10, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, PAGE_SIZE + len(STATE) - 1])
def test_a_file_that_is_too_short_is_passed_over(tmp_path: Path, length: int) -> None:
    store = SnapshotStore(tmp_path)
    path = store.write(Engine(20), tail(20), 2)
    path.write_bytes(path.read_bytes()[:length])
    assert list(store.heads()) == []
    assert len(store.rejected) == 1


def test_another_schema_or_format_is_refused(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    path = store.write(Engine(20), tail(20), 2)
    page = bytearray(path.read_bytes()[: PAGE_SIZE - 32])
    for name, value, text in (("schema", bytes(32), "record schema"), ("format_version", b"\x07\0\0\0", "format 7")):
        changed = bytearray(page)
        at = SNAPSHOT_HEADER.offset_of(name)
        changed[at : at + len(value)] = value
        path.write_bytes(changed + hashlib.sha256(changed).digest() + STATE)
        with pytest.raises(JournalError, match=text):
            list(store.heads())


def test_an_engine_elsewhere_than_the_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the engine stands at command 21, the journal at 20"):
        SnapshotStore(tmp_path).write(Engine(21), tail(20), 2)
    with pytest.raises(ValueError, match="has no room"):
        SnapshotStore(tmp_path).write(Engine(20, info=replace(INFO, name="x" * 5_000)), tail(20), 2)
    with pytest.raises(ValueError, match="at least one"):
        SnapshotStore(tmp_path, keep=0)
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_is_cleaned_up(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    store.write(Engine(20), tail(20), 2)
    (tmp_path / "snapshot.writing-77").write_bytes(b"half")
    assert [head.tail.seq for head in store.heads()] == [20]
    store.clean()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.snapshot.os.fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        SnapshotStore(tmp_path).write(Engine(20), tail(20), 2)
    assert list(tmp_path.iterdir()) == []


def test_setting_aside_keeps_the_bytes(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    path = store.write(Engine(20), tail(20), 2)
    data = path.read_bytes()
    aside = store.set_aside(next(store.heads()), "ahead")
    assert aside.read_bytes() == data
    assert list(store.heads()) == []
