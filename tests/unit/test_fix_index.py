"""The memory of a FIX session: what it says after an orderly end, a kill, a power cut and a loss of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.fix import index
from gateway.fix.index import HEADER, SequenceStore, StoreError, wire_seq_in


def opened(path: Path, session_seq: int = 0, last_msg_seq_in: int = 0, session_id: int = 7) -> SequenceStore:
    return SequenceStore.open(
        path, session_id, session_seq=session_seq, last_msg_seq_in=last_msg_seq_in, records=1_024, body_bytes=4_096
    )


def killed(store: SequenceStore) -> None:
    """The process is gone: nothing more is written, and the lock falls."""
    import os

    store.view.release()
    store.memory.close()
    os.close(store._file)


def use(store: SequenceStore, *links: int) -> None:
    """Numbers as the outlet uses them: record first, then the number counts."""
    records = store.view[store.records_offset : store.bodies_offset].cast("Q")
    for link in links:
        seq = store.next_out
        records[(seq & (store.capacity - 1)) * 2] = link
        store.next_out = seq + 1
    records.release()


def test_a_fresh_session_starts_at_1(tmp_path: Path) -> None:
    store = opened(tmp_path / "a")
    assert (store.next_out, store.next_in, store.epoch_in, store.session_seq_base) == (1, 1, 0, 1)
    assert (store.jumped, store.is_new) == (False, True)
    store.close()


@pytest.mark.parametrize("end", [SequenceStore.close, killed])
def test_numbers_survive_the_process(tmp_path: Path, end) -> None:
    store = opened(tmp_path / "a")
    use(store, 0, 1, 2, 0, 4)
    store.next_in = 9
    end(store)
    store = opened(tmp_path / "a", session_seq=6)
    assert (store.next_out, store.next_in, store.session_seq_base) == (6, 9, 5)
    assert not store.jumped
    store.close()


def test_a_number_that_was_not_committed_was_never_used(tmp_path: Path) -> None:
    store = opened(tmp_path / "a")
    use(store, 1)
    records = store.view[store.records_offset : store.bodies_offset].cast("Q")
    records[2 * 2] = 2  # the record of number 2 stands there, number 2 does not count yet
    records.release()
    killed(store)
    store = opened(tmp_path / "a", session_seq=2)
    assert (store.next_out, store.session_seq_base) == (2, 2)  # event 2 will be sent, as number 2
    store.close()


def test_after_a_power_cut_numbers_jump_beyond_what_may_have_been_used(tmp_path: Path, monkeypatch) -> None:
    store = opened(tmp_path / "a")
    use(store, 1, 2, 3)
    reserved = store.reserved_out
    killed(store)
    monkeypatch.setattr(index, "boot_id", lambda: "another start")
    store = opened(tmp_path / "a", session_seq=3)
    assert store.jumped
    assert store.next_out > reserved
    assert store.first_out == store.next_out
    killed(store)
    store = opened(tmp_path / "a", session_seq=3)  # killed again, and not cut
    assert store.next_out == store.first_out
    assert not store.jumped
    store.close()


def test_after_an_orderly_end_a_restart_of_the_system_changes_nothing(tmp_path: Path, monkeypatch) -> None:
    store = opened(tmp_path / "a")
    use(store, 1, 2, 3)
    store.close()
    monkeypatch.setattr(index, "boot_id", lambda: "another start")
    store = opened(tmp_path / "a", session_seq=3)
    assert (store.next_out, store.jumped) == (4, False)
    store.close()


def test_where_the_system_cannot_be_named_nothing_is_taken_for_intact(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(index, "boot_id", lambda: "")
    killed(opened(tmp_path / "a"))
    store = opened(tmp_path / "a")
    assert store.jumped
    store.close()


def test_a_lost_file_jumps_when_the_session_has_a_past(tmp_path: Path) -> None:
    store = opened(tmp_path / "a", session_seq=500, last_msg_seq_in=wire_seq_in(3, 77))
    assert store.next_out > 500
    assert (store.epoch_in, store.next_in) == (3, 78)
    store.close()


@pytest.mark.parametrize(
    ("epoch", "next_in", "engine", "expected"),
    [
        (0, 5, wire_seq_in(0, 7), (0, 8)),  # the engine has seen more than the file says
        (0, 9, wire_seq_in(0, 7), (0, 9)),  # heartbeats since the last order
        (2, 1, wire_seq_in(1, 50), (2, 1)),  # a reset since the last order
        (1, 30, wire_seq_in(2, 4), (2, 5)),  # the file has lost a reset
    ],
)
def test_inbound_numbers_are_the_higher_of_file_and_engine(tmp_path: Path, epoch, next_in, engine, expected) -> None:
    store = opened(tmp_path / "a")
    store.epoch_in, store.next_in = epoch, next_in
    killed(store)
    store = opened(tmp_path / "a", last_msg_seq_in=engine)
    assert (store.epoch_in, store.next_in) == expected
    store.close()


def test_events_without_a_message_are_behind_the_base(tmp_path: Path) -> None:
    store = opened(tmp_path / "a")
    use(store, 0, 0)
    store.session_seq_base = 12
    killed(store)
    store = opened(tmp_path / "a", session_seq=11)
    assert store.session_seq_base == 12
    store.close()


def test_files_that_are_not_ours_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    store = opened(path)
    with pytest.raises(StoreError, match="another process has it open"):
        opened(path)
    store.close()
    with pytest.raises(StoreError, match="belongs to session 7, not 8"):
        opened(path, session_id=8)
    data = bytearray(path.read_bytes())
    data[HEADER.offset_of("magic")] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match="is no index of FIX numbers"):
        opened(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match="is no index of FIX numbers"):
        opened(path)


def test_numbers_are_reserved_on_the_disk_before_they_run_out(tmp_path: Path) -> None:
    store = opened(tmp_path / "a")
    assert not store.wants_reserve()
    store.next_out = index.RESERVE // 2 + 2
    assert store.wants_reserve()
    store.reserve()
    store.sync()
    assert not store.wants_reserve()
    store.close()
