"""Snapshots on the disk: the engine's canonical bytes (docs/engine.md section 6) and the place in the history they
belong to.

Recovery begins at the newest one that is whole; the follower makes them beside the venue (ADR 0008), and the venue
makes one when it stops in an orderly way. A snapshot is a shortcut, never the truth: one that is damaged is reported
and passed over, since the journal can make it again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import failpoints
from engine.api import Engine, EngineInfo
from engine.journal import Tail
from engine.journal_format import (
    DIGEST_SIZE,
    PAGE_SIZE,
    SCHEMA_HASH,
    JournalError,
    check_schema,
    engine_text,
    parse_engine_text,
)
from engine.layout import Field, Layout

FORMAT_VERSION = 1
MAGIC = b"PGSNAPSH"

_f = Field
SNAPSHOT_HEADER = Layout(
    "snapshot_header",
    _f("magic", "bytes[8]", "PGSNAPSH"),
    _f("format_version", "u32"),
    _f("info_bytes", "u32", "length of the JSON text that follows: the engine in force"),
    _f("seq", "u64", "last command that is part of it"),
    _f("timestamp_ns", "i64", "of that command"),
    _f("position", "u64", "last record of the journal that is part of it"),
    _f("epoch", "u64", "of the journal there"),
    _f("next_ordinal", "u64", "number of events that all commands up to here have caused"),
    _f("state_bytes", "u64"),
    _f("digest", "bytes[32]", "of the journal's chain at `position`"),
    _f("schema", "bytes[32]", "schema hash"),
    _f("state_hash", "bytes[32]", "SHA-256 of the state"),
)


@dataclass(frozen=True, slots=True)
class SnapshotHead:
    """What a snapshot is of."""

    path: Path
    tail: Tail
    next_ordinal: int
    state_bytes: int
    state_hash: bytes
    engine: EngineInfo


class SnapshotDamageError(ValueError):
    """A snapshot that is not whole; the text names the file and says what is wrong."""


class SnapshotStore:
    """The snapshots in a directory: `snapshot-SEQ.bin`. keep: as many of the newest stay."""

    def __init__(self, directory: Path, keep: int = 3) -> None:
        if keep < 1:
            raise ValueError("at least one snapshot is kept")
        self.directory = directory
        self.rejected: list[str] = []  # what was found damaged, for the log
        self._keep = keep

    def write(self, engine: Engine, tail: Tail, next_ordinal: int) -> Path:
        """The engine's state as of `tail`, whole or not at all: a file with this name is on the disk when it returns.
        The journal has to be durable up to `tail`: a snapshot must not tell of a command that may still be lost.

        Raises ValueError when the engine does not stand at the tail, OSError.
        """
        if engine.seq != tail.seq:
            raise ValueError(f"the engine stands at command {engine.seq}, the journal at {tail.seq}")
        self.directory.mkdir(parents=True, exist_ok=True)
        state = engine.snapshot()
        info = engine_text(engine.info).encode()
        fixed = SNAPSHOT_HEADER.pack(
            magic=MAGIC, format_version=FORMAT_VERSION, info_bytes=len(info), seq=tail.seq,
            timestamp_ns=tail.timestamp_ns, position=tail.position, epoch=tail.epoch, next_ordinal=next_ordinal,
            state_bytes=len(state), digest=tail.digest, schema=SCHEMA_HASH, state_hash=hashlib.sha256(state).digest(),
        )  # fmt: skip
        page = (fixed + info).ljust(PAGE_SIZE - DIGEST_SIZE, b"\0")
        if len(page) != PAGE_SIZE - DIGEST_SIZE:
            raise ValueError(f"the engine's name and version take {len(info)} bytes, a snapshot's header has no room")
        path = self.directory / f"snapshot-{tail.seq:020}.bin"
        self._write_whole(path, page + hashlib.sha256(page).digest(), state)
        self._forget_old()
        return path

    def _write_whole(self, path: Path, head: bytes, state: bytes) -> None:
        temporary = self.directory / f"snapshot.writing-{os.getpid()}"
        try:
            with temporary.open("wb") as file:
                file.write(head)
                if failpoints.ARMED and failpoints.is_due("snapshot-torn"):
                    file.write(state[: len(state) // 2])
                    file.flush()
                    failpoints.die()
                file.write(state)
                file.flush()
                os.fsync(file.fileno())
            failpoints.hit("snapshot-unnamed")
            temporary.rename(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        failpoints.hit("snapshot-named")
        self._sync_directory()

    def _forget_old(self) -> None:
        for path in self._paths()[self._keep :]:
            path.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        """Newest first: names sort by `seq`."""
        return sorted(self.directory.glob("snapshot-*.bin"), reverse=True)

    def heads(self) -> Iterator[SnapshotHead]:
        """Newest first; those that are damaged are left out and noted in `rejected`. The state is not looked at.

        Raises JournalError for one that is whole and of another schema or format.
        """
        for path in self._paths():
            try:
                yield self._read_head(path)
            except SnapshotDamageError as error:
                self.rejected.append(str(error))

    def _read_head(self, path: Path) -> SnapshotHead:
        with path.open("rb") as file:
            page = file.read(PAGE_SIZE)
            size = os.fstat(file.fileno()).st_size
        content = page[:-DIGEST_SIZE]
        if hashlib.sha256(content).digest() != page[-DIGEST_SIZE:] or not content.startswith(MAGIC):
            raise SnapshotDamageError(f"{path}: the header is not whole")
        row = SNAPSHOT_HEADER.unpack(content)
        if row["format_version"] != FORMAT_VERSION:
            raise JournalError(f"{path}: snapshot format {row['format_version']}, this perpgate reads {FORMAT_VERSION}")
        check_schema(row["schema"], str(path))
        if size != PAGE_SIZE + row["state_bytes"]:
            raise SnapshotDamageError(f"{path}: {size} bytes, {PAGE_SIZE + row['state_bytes']} were written")
        text = content[SNAPSHOT_HEADER.size : SNAPSHOT_HEADER.size + row["info_bytes"]].decode()
        tail = Tail(row["position"], row["epoch"], row["seq"], row["timestamp_ns"], row["digest"])
        return SnapshotHead(
            path, tail, row["next_ordinal"], row["state_bytes"], row["state_hash"], parse_engine_text(text)
        )  # fmt: skip

    def read_state(self, head: SnapshotHead) -> bytes:
        """The engine's bytes. Raises SnapshotDamageError when they are not what was written."""
        with head.path.open("rb") as file:
            file.seek(PAGE_SIZE)
            state = file.read()
        if hashlib.sha256(state).digest() != head.state_hash:
            raise SnapshotDamageError(f"{head.path}: the state is not what was written: its hash differs")
        return state

    def clean(self) -> None:
        """Removes what a crash left half written."""
        for path in self.directory.glob("snapshot.writing-*"):
            path.unlink(missing_ok=True)

    def set_aside(self, head: SnapshotHead, suffix: str) -> Path:
        """Takes a snapshot out of use without deleting it: the name gets a suffix."""
        aside = head.path.with_suffix(f".{suffix}")
        head.path.rename(aside)
        self._sync_directory()
        return aside

    def _sync_directory(self) -> None:
        fd = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
