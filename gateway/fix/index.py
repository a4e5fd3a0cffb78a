"""The memory of one FIX session: its sequence numbers, and what each outbound number was used for.

A file of fixed size, mapped into memory: a header, a ring of records (one per outbound MsgSeqNum: the event that it
reported, and when) and a ring of bodies (of messages that no event can render again). The outlet writes it in place
while it encodes; what is written survives the end of the process at any instant, because the pages belong to the
kernel. A power cut may lose the tail: then `open` lets the numbers jump forward beyond every one that may have been
used, and what was sent from there on is not known any more (it is gap-filled when asked for, and events are sent
again with PossResend=Y).

Inbound, a number that the engine has seen is in the engine's own state (`msg_seq_in`, see `wire_seq_in`); what this
file adds is how far numbers of the session level were consumed since, and it never runs ahead of what the journal
has.

Used by the door: one store per session, opened at the start, closed at the end.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from pathlib import Path

from engine.layout import Field, Layout

MAGIC = "PGFIXIDX"
VERSION = 1
HEADER_BYTES = 4_096
RECORD_BYTES = 16
RECORDS_DEFAULT = 1 << 20
BODY_BYTES_DEFAULT = 1 << 20
RESERVE = 1 << 20  # outbound numbers that may be used before the file on disk says so
LOST_STORE_JUMP = 1_000_000  # beyond the count of events, when the file itself is gone
EPOCH_SHIFT = 40  # msg_seq_in of the engine: epoch << 40 | MsgSeqNum
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_f = Field
HEADER = Layout(
    "index_header",
    _f("magic", "text[8]"),
    _f("version", "u32"),
    _f("session_id", "u32"),
    _f("capacity", "u64", "records, a power of two"),
    _f("body_bytes", "u64", "a power of two"),
    _f("boot_id", "text[40]", "of the system that wrote it last"),
    _f("next_out", "u64"),
    _f("first_out", "u64", "lowest number that has a record"),
    _f("next_in", "u64"),
    _f("epoch_in", "u64"),
    _f("session_seq_base", "u64"),
    _f("reserved_out", "u64"),
    _f("body_head", "u64"),
    _f("last_logon_ns", "i64"),
    _f("reset_date", "u32", "YYYYMMDD of the last scheduled reset"),
    _f("is_clean", "u8"),
    _f("pad", "pad[3]"),
)


_BOOT_ID_FIELD = next(f for f in HEADER.fields if f.name == "boot_id")


class StoreError(ValueError):
    """A file that cannot be used; the text says which and what to do."""


def wire_seq_in(epoch: int, seq_num: int) -> int:
    """What the engine gets as `msg_seq_in`: grows for ever, also over resets of the session's numbers."""
    return epoch << EPOCH_SHIFT | seq_num


def boot_id() -> str:
    """Names this run of the operating system; empty where it cannot be known, so that nothing is taken for intact."""
    try:
        return BOOT_ID.read_text().strip()[:40]
    except OSError:
        return ""


class _Word:
    """A number of the header as an attribute of the store."""

    def __set_name__(self, owner: type, name: str) -> None:
        field = next(f for f in HEADER.fields if f.name == name)
        self._at = slice(field.offset, field.offset + field.width)
        self._width = field.width

    def __get__(self, store: SequenceStore, owner: type) -> int:
        return int.from_bytes(store.memory[self._at], "little")

    def __set__(self, store: SequenceStore, value: int) -> None:
        store.memory[self._at] = int(value).to_bytes(self._width, "little")


class SequenceStore:
    """Open it with `SequenceStore.open`. Numbers are read and written as attributes; `next_out` is the outlet's to
    write."""

    def __init__(self, path: Path, file: int, memory: mmap.mmap) -> None:
        self.path = path
        self._file = file
        self.memory = memory
        self.view = memoryview(memory)
        self.records_offset = HEADER_BYTES
        self.bodies_offset = HEADER_BYTES + self.capacity * RECORD_BYTES
        self.jumped = False  # numbers were lost at the last end: events may be sent a second time
        self.is_new = False

    @classmethod
    def open(
        cls,
        path: Path,
        session_id: int,
        *,
        session_seq: int,
        last_msg_seq_in: int,
        records: int = RECORDS_DEFAULT,
        body_bytes: int = BODY_BYTES_DEFAULT,
    ) -> SequenceStore:
        """Opens or makes the file and settles the numbers. session_seq, last_msg_seq_in: of the session in the
        recovered engine.

        Raises StoreError when the file is another session's or another venue's, OSError when it cannot be had.
        """
        if records & (records - 1) or body_bytes & (body_bytes - 1):
            raise ValueError("the rings have a power of two of records and of bytes")
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_new = os.fstat(file).st_size < HEADER_BYTES
            if is_new:
                os.ftruncate(file, HEADER_BYTES + records * RECORD_BYTES + body_bytes)
                os.pwrite(file, _fresh(session_id, records, body_bytes), 0)
            head = HEADER.unpack(os.pread(file, HEADER.size, 0))
            size = HEADER_BYTES + head["capacity"] * RECORD_BYTES + head["body_bytes"]
            if head["magic"] != MAGIC or head["version"] != VERSION or os.fstat(file).st_size != size:
                raise StoreError(
                    f"{path}: is no index of FIX numbers of version {VERSION}: move it away and start again"
                )
            if head["session_id"] != session_id:
                raise StoreError(
                    f"{path}: belongs to session {head['session_id']}, not {session_id}: "
                    "give it back its id, or move it away"
                )
            memory = mmap.mmap(file, size)
        except BlockingIOError:
            os.close(file)
            raise StoreError(f"{path}: another process has it open") from None
        except BaseException:
            os.close(file)
            raise
        store = cls(path, file, memory)
        store.is_new = is_new
        store._settle(session_seq, last_msg_seq_in)
        return store

    def _settle(self, session_seq: int, last_msg_seq_in: int) -> None:
        """Numbers after the last end, whatever it was."""
        epoch, seq_num = last_msg_seq_in >> EPOCH_SHIFT, last_msg_seq_in & ((1 << EPOCH_SHIFT) - 1)
        is_intact = self.is_clean or (self.boot_id != "" and self.boot_id == boot_id())
        if self.is_new and session_seq:
            self._jump(session_seq + LOST_STORE_JUMP)
        elif not is_intact:
            self._jump(max(self.next_out, self.reserved_out) + 1)
        self.session_seq_base = max(1, self._next_session_seq())
        if epoch > self.epoch_in:
            self.epoch_in, self.next_in = epoch, seq_num + 1
        elif epoch == self.epoch_in:
            self.next_in = max(self.next_in, seq_num + 1)
        self.boot_id = boot_id()
        self.is_clean = 0
        self.reserved_out = self.next_out + RESERVE
        self.sync()

    def _jump(self, next_out: int) -> None:
        self.next_out = self.first_out = next_out
        self.jumped = True

    def _next_session_seq(self) -> int:
        """The event behind the last one that has a number."""
        first = max(self.first_out, self.next_out - self.capacity)
        records = self.view[self.records_offset : self.bodies_offset].cast("Q")
        for seq in range(self.next_out - 1, first - 1, -1):
            link = records[(seq & (self.capacity - 1)) * 2]
            if link and not link >> 63:
                return max(self.session_seq_base, (link & ~(1 << 62)) + 1)
        return self.session_seq_base

    # ------------------------------------------------------------------------------------------------- fields

    capacity = _Word()
    next_out = _Word()
    first_out = _Word()
    next_in = _Word()
    epoch_in = _Word()
    session_seq_base = _Word()
    reserved_out = _Word()
    last_logon_ns = _Word()
    reset_date = _Word()
    is_clean = _Word()

    @property
    def boot_id(self) -> str:
        field = _BOOT_ID_FIELD
        return self.memory[field.offset : field.offset + field.width].rstrip(b"\0").decode("ascii", "replace")

    @boot_id.setter
    def boot_id(self, value: str) -> None:
        field = _BOOT_ID_FIELD
        self.memory[field.offset : field.offset + field.width] = value.encode("ascii").ljust(field.width, b"\0")

    # --------------------------------------------------------------------------------------------- durability

    def wants_reserve(self) -> bool:
        """Half of the reserved numbers are used: call `reserve` and then, anywhere, `sync`."""
        return self.next_out + RESERVE // 2 > self.reserved_out

    def reserve(self) -> None:
        """Takes the next block of numbers; it protects them once `sync` has returned."""
        self.reserved_out = self.next_out + RESERVE

    def sync(self) -> None:
        """Puts the file on the disk; blocks for it. Safe in another thread."""
        os.fdatasync(self._file)

    def reset_out(self) -> None:
        """Outbound numbers start again at 1, while no connection is there to do it."""
        self.first_out = 1
        self.next_out = 1

    def close(self) -> None:
        """An orderly end: the numbers are whole."""
        self.is_clean = 1
        self.sync()
        self.view.release()
        self.memory.close()
        os.close(self._file)


def _fresh(session_id: int, records: int, body_bytes: int) -> bytes:
    return HEADER.pack(
        magic=MAGIC, version=VERSION, session_id=session_id, capacity=records, body_bytes=body_bytes,
        boot_id=boot_id(), next_out=1, first_out=1, next_in=1, session_seq_base=1,
    )  # fmt: skip
