"""The thread that writes behind the loop, and the helpers around segment files."""

from __future__ import annotations

import errno
import os
import random
import resource
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine._segment_io import SYNC_FAILED, WRITE_FAILED, MappedSegment, SegmentWriter, content_end, fill_zeros

QUEUE_BYTES = 1 << 16
SIZE = 1 << 20


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    handle = os.open(tmp_path / "segment", os.O_RDWR | os.O_CREAT)
    fill_zeros(handle, 0, SIZE)
    yield handle
    os.close(handle)


@contextmanager
def writer(*, syncs: bool = True) -> Iterator[SegmentWriter]:
    made = SegmentWriter(QUEUE_BYTES, syncs, 0, 0, 0, 0)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("syncs", [True, False])
def test_what_was_appended_is_in_the_file_in_order(fd: int, syncs: bool) -> None:
    """More than the ring holds, in pieces of odd sizes: it wraps at every place."""
    rng = random.Random(7)
    expected = bytearray()
    with writer(syncs=syncs) as w:
        for position in range(1, 400):
            pieces = [rng.randbytes(rng.randrange(1, 900)) for _ in range(3)]
            while w.room_bytes < sum(map(len, pieces)):
                assert w.wait(w.durable_position + 1)
            w.append(fd, len(expected), *pieces, position, position * 10)
            expected += b"".join(pieces)
        assert w.wait(399)
        assert (w.durable_position, w.durable_seq) == (399, 3990)
        assert w.room_bytes == QUEUE_BYTES
        groups, sync_ns, sync_ns_max = w.statistics
        assert 1 <= groups <= 399
        assert (sync_ns > 0) == syncs == (sync_ns_max > 0)
    assert os.pread(fd, len(expected), 0) == expected
    assert content_end(fd, len(expected), SIZE) == len(expected)


def test_a_group_does_not_cross_files(fd: int, tmp_path: Path) -> None:
    with (tmp_path / "next").open("w+b") as other, writer() as w:
        w.append(fd, 0, b"a" * 100, b"", b"", 1, 1)
        w.append(other.fileno(), 50, b"b" * 100, b"", b"", 2, 2)
        w.append(fd, 100, b"c" * 100, b"", b"", 3, 3)
        assert w.wait(3)
        assert os.pread(fd, 200, 0) == b"a" * 100 + b"c" * 100
        assert os.pread(other.fileno(), 100, 50) == b"b" * 100


def test_the_event_tells_of_progress(fd: int) -> None:
    with writer() as w:
        assert not select.select([w.event_fd], [], [], 0)[0]
        w.append(fd, 0, b"x", b"y", b"z", 1, 5)
        assert select.select([w.event_fd], [], [], 10)[0]
        w.clear_event()
        assert w.wait(1)
        assert w.durable_seq == 5


def test_a_full_queue_refuses(fd: int) -> None:
    with writer() as w:
        with pytest.raises(BufferError, match="do not fit the queue"):
            w.append(fd, 0, bytes(QUEUE_BYTES + 1), b"", b"", 1, 1)
        w.append(fd, 0, bytes(QUEUE_BYTES), b"", b"", 1, 1)
        assert w.wait(1)


def test_a_queue_has_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two"):
        SegmentWriter(1000, True, 0, 0, 0, 0)


def test_a_failed_write_stops_the_thread_for_good(fd: int, tmp_path: Path) -> None:
    with (tmp_path / "readonly").open("w+b"):
        readonly = os.open(tmp_path / "readonly", os.O_RDONLY)
    with writer() as w:
        w.append(fd, 0, b"good", b"", b"", 1, 1)
        assert w.wait(1)
        w.append(readonly, 0, b"bad", b"", b"", 2, 2)
        assert not w.wait(2)
        assert w.error == (errno.EBADF, WRITE_FAILED)
        assert w.room_bytes == 0
        assert (w.durable_position, w.durable_seq) == (1, 1)
        with pytest.raises(BufferError):
            w.append(fd, 4, b"more", b"", b"", 3, 3)
    os.close(readonly)


def test_a_failed_sync_stops_the_thread_for_good() -> None:
    """/dev/null takes every write and no sync."""
    null = os.open("/dev/null", os.O_WRONLY)
    with writer() as w:
        w.append(null, 0, b"x", b"", b"", 1, 1)
        assert not w.wait(1)
        assert w.error == (errno.EINVAL, SYNC_FAILED)
        assert w.durable_position == 0
    os.close(null)


@contextmanager
def file_size_limit(size_bytes: int) -> Iterator[None]:
    """As long as it lasts, files cannot be written beyond `size_bytes`: EFBIG, which counts as a lack of space."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_write_without_space_waits_and_goes_on(fd: int) -> None:
    with writer() as w:
        with file_size_limit(4_096):
            w.append(fd, 0, bytes(range(256)) * 32, b"", b"", 1, 1)
            assert select.select([w.event_fd], [], [], 10)[0]
            w.clear_event()
            assert w.stalled == errno.EFBIG
            assert w.durable_position == 0
            assert w.error == (0, 0)
        assert w.wait(1)
        assert w.stalled == 0
    assert os.pread(fd, 8_192, 0) == bytes(range(256)) * 32


def test_closing_does_not_wait_for_space(fd: int) -> None:
    with file_size_limit(4_096):
        w = SegmentWriter(QUEUE_BYTES, True, 0, 0, 0, 0)
        w.append(fd, 4_096, b"x" * 100, b"", b"", 1, 1)
        assert select.select([w.event_fd], [], [], 10)[0]
        assert w.close() == (errno.EFBIG, WRITE_FAILED)
        assert w.close() == (errno.EFBIG, WRITE_FAILED), "twice does no harm"


def test_the_thread_needs_no_interpreter(fd: int) -> None:
    """A writer is done while another thread holds the interpreter's lock and gives it up rarely."""
    stop = threading.Event()

    def hold() -> None:
        while not stop.is_set():
            sum(range(20_000))

    with writer() as w:
        thread = threading.Thread(target=hold)
        thread.start()
        try:
            w.append(fd, 0, b"x" * 4_096, b"", b"", 1, 1)
            deadline_s = time.monotonic() + 10
            while w.durable_position < 1:
                assert time.monotonic() < deadline_s
        finally:
            stop.set()
            thread.join()


def test_a_mapped_segment_is_the_file(fd: int) -> None:
    mapped = MappedSegment(fd, SIZE)
    mapped.store(100, b"head", b"body" * 10, b"tail")
    assert os.pread(fd, 48, 100) == b"head" + b"body" * 10 + b"tail"
    mapped.store(SIZE - 3, b"a", b"b", b"c")
    with pytest.raises(ValueError, match="does not fit"):
        mapped.store(SIZE - 2, b"a", b"b", b"c")
    with pytest.raises(ValueError, match="does not fit"):
        mapped.store(2**64 - 1, b"a", b"b", b"c")
    mapped.close()
    with pytest.raises(ValueError, match="does not fit"):
        mapped.store(0, b"a", b"b", b"c")
    mapped.close()


def test_what_cannot_be_mapped_says_so() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        MappedSegment(-1, 4_096)


@pytest.mark.parametrize(("offset", "end"), [(0, 1), (5, 3_000_001), (4_096, 4_096)])
def test_zeros_are_written_where_they_are_asked_for(tmp_path: Path, offset: int, end: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * (end + 10))
    with path.open("r+b") as file:
        fill_zeros(file.fileno(), offset, end)
    assert path.read_bytes() == b"x" * offset + bytes(end - offset) + b"x" * 10


def test_filling_without_space_says_so(fd: int) -> None:
    with file_size_limit(1 << 16), pytest.raises(OSError, match="File too large") as refusal:
        fill_zeros(fd, 0, SIZE)
    assert refusal.value.errno == errno.EFBIG


@pytest.mark.parametrize("at", [0, 1, 4_095, (1 << 20) - 1])
def test_the_end_of_the_content_is_found(fd: int, at: int) -> None:
    assert content_end(fd, 0, SIZE) == 0
    os.pwrite(fd, b"\x01", at)
    assert content_end(fd, 0, SIZE) == at + 1
    assert content_end(fd, at, SIZE) == at + 1
    assert content_end(fd, 0, at) == 0
    assert content_end(fd, at + 1, SIZE) == at + 1
