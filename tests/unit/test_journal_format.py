"""The bytes of the journal, and what a reader takes for the next record."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import replace
from typing import Any

import pytest

from engine._chain import read_run
from engine.declarations import schema_hash
from engine.journal_format import (
    DIGEST_SIZE,
    NO_DIGEST,
    PAGE_SIZE,
    RECORD_HEADER,
    RECORD_MAGIC,
    RECORD_OVERHEAD,
    SEGMENT_HEADER,
    Chain,
    ChainError,
    EpochBody,
    JournalError,
    Record,
    RecordKind,
    SegmentHead,
    check_schema,
    parse_epoch_body,
    parse_record,
    parse_segment_head,
    record_bytes,
    record_digest,
)
from engine.records import COMMAND_SIZE
from tests.engine_room import INFO
from tests.source.tree import ROOT

WRITER = EpochBody("host:1", "fsync", INFO, schema_hash())
FIELDS: dict[str, Any] = {
    "magic": RECORD_MAGIC, "kind": RecordKind.BATCH, "command_count": 2, "epoch": 3, "position": 4, "first_seq": 11,
    "timestamp_ns": 1_000, "boot": 5, "written_position": 3, "synced_position": 2, "previous": bytes(range(32)),
}  # fmt: skip


def pack_record(body: bytes = b"b" * (2 * COMMAND_SIZE), **fields: Any) -> bytes:
    header = RECORD_HEADER.pack(**{**FIELDS, "body_bytes": len(body), **fields})
    return header + body + record_digest(header, body)


def record_of(body: bytes = b"b" * (2 * COMMAND_SIZE), **fields: Any) -> Record:
    record = parse_record(pack_record(body, **fields), 0)
    assert record is not None
    return record


def test_a_record_is_read_as_it_was_written() -> None:
    data = pack_record()
    record = parse_record(b"?" * 32 + data, 32)
    assert record is not None
    assert (record.kind, record.command_count, record.epoch, record.position) == (RecordKind.BATCH, 2, 3, 4)
    assert (record.first_seq, record.last_seq, record.timestamp_ns) == (11, 12, 1_000)
    assert (record.boot, record.written_position, record.synced_position) == (5, 3, 2)
    assert record.previous == bytes(range(32))
    assert bytes(record.body) == b"b" * (2 * COMMAND_SIZE)
    assert record.digest == hashlib.sha256(data[:-DIGEST_SIZE]).digest()
    assert record.size == len(data) == record_bytes(data, 0) == RECORD_OVERHEAD + 2 * COMMAND_SIZE


def test_no_part_of_a_record_is_a_record() -> None:
    data = pack_record()
    assert all(parse_record(data[:length], 0) is None for length in range(len(data)))


def test_no_changed_bit_goes_unnoticed() -> None:
    data = pack_record()
    for at in range(len(data)):
        for mask in (0x01, 0x80):
            changed = bytearray(data)
            changed[at] ^= mask
            assert parse_record(bytes(changed), 0) is None, at


def test_a_length_beyond_the_data_is_none() -> None:
    data = bytearray(pack_record())
    struct.pack_into("<I", data, RECORD_HEADER.offset_of("body_bytes"), 0xFFFF_FFFF)
    assert parse_record(bytes(data), 0) is None


def test_the_page_about_the_journal_has_the_header_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", (ROOT / "docs" / "journal.md").read_text(), re.M)
    fields = [(field.name, field.width) for field in RECORD_HEADER.fields if not field.is_padding]
    assert [(name, int(width)) for name, width in rows] == fields


# ------------------------------------------------------------------------------------------------------ the chain


def chain() -> Chain:
    return Chain(position=3, epoch=3, seq=10, timestamp_ns=1_000, digest=bytes(range(32)))


def test_a_record_that_follows_moves_the_chain() -> None:
    here, record = chain(), record_of()
    assert here.accept(record)
    assert here == Chain(4, 3, 12, 1_000, record.digest)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"position": 5}, "stands where record 4 belongs"),
        ({"position": 3}, "stands where record 4 belongs"),
        ({"epoch": 4}, "of epoch 4, which never began"),
        ({"kind": RecordKind.EPOCH, "epoch": 5, "command_count": 0}, "of epoch 5, which never began"),
        ({"previous": NO_DIGEST}, "another history"),
        ({"first_seq": 12}, "begins with command 12, not 11"),
        ({"first_seq": 10}, "begins with command 10, not 11"),
        ({"command_count": 3}, "begins with command"),
        ({"timestamp_ns": 999}, "before its predecessor"),
    ],
)
def test_a_record_that_does_not_follow_is_refused(fields: dict[str, Any], why: str) -> None:
    here = chain()
    with pytest.raises(ChainError, match=why):
        here.accept(record_of(**fields))
    assert here == chain(), "a refusal changes nothing"


@pytest.mark.parametrize(
    "fields",
    [
        {"epoch": 2},  # a batch of the writer before
        {"epoch": 2, "previous": NO_DIGEST, "first_seq": 8, "timestamp_ns": 1},  # which believed in another end
        {"kind": RecordKind.EPOCH, "epoch": 3, "command_count": 0},  # one that was late to take over
        {"kind": RecordKind.EPOCH, "epoch": 1, "command_count": 0},
    ],
)
def test_what_a_deposed_writer_left_behind_is_void(fields: dict[str, Any]) -> None:
    here = chain()
    assert not here.accept(record_of(**fields))
    assert here == Chain(4, 3, 10, 1_000, bytes(range(32))), "it keeps its place and has no other effect"
    after = record_of(position=5)
    assert here.accept(after), "the history goes on from the last record that counts"


def test_a_takeover_begins_the_next_epoch() -> None:
    here = chain()
    assert here.accept(record_of(WRITER.pack(), kind=RecordKind.EPOCH, epoch=4, command_count=0))
    assert (here.epoch, here.seq, here.position) == (4, 10, 4)


def test_a_chain_is_a_value() -> None:
    here = chain()
    assert here == here.copy() == chain()
    assert here != Chain()
    assert here != "chain"
    assert repr(here).startswith("Chain(position=3, epoch=3, seq=10, timestamp_ns=1000, digest=")
    with pytest.raises(ValueError, match="a digest has 32 bytes, not 3"):
        here.digest = b"abc"


# -------------------------------------------------------------------------------------------------- whole runs


def history(*sizes: int) -> tuple[bytes, list[Chain]]:
    """Batches of so many commands one after the other, and the chain after each."""
    here, data, chains = Chain(), b"", []
    for size in sizes:
        body = bytes([size]) * (size * COMMAND_SIZE)
        fields = {"command_count": size, "epoch": 0, "position": here.position + 1, "first_seq": here.seq + 1}
        packed = pack_record(body, **fields, previous=here.digest)
        record = parse_record(packed, 0)
        assert record is not None
        assert here.accept(record)
        data += packed
        chains.append(here.copy())
    return data, chains


def test_a_run_takes_what_one_by_one_would_take() -> None:
    data, chains = history(1, 3, 2, 5)
    here, commands = Chain(), bytearray()
    assert read_run(data, 0, here, commands, 1 << 20, 99) == len(data)
    assert here == chains[-1]
    assert commands == b"".join(bytes([size]) * (size * COMMAND_SIZE) for size in (1, 3, 2, 5))


def test_a_run_stops_where_it_is_told() -> None:
    data, chains = history(1, 3, 2, 5)
    for position in range(5):
        here = Chain()
        read_run(data, 0, here, bytearray(), 1 << 20, position)
        assert here.position == position
    here, commands = Chain(), bytearray(b"before")
    at = read_run(data, 0, here, commands, 6 + 2 * COMMAND_SIZE, 99)
    assert here == chains[1], "as soon as there is enough"
    assert len(commands) == 6 + 4 * COMMAND_SIZE
    assert read_run(data, at, here, commands, 6 + 4 * COMMAND_SIZE, 99) == at


def test_a_run_stops_before_what_is_not_whole_or_does_not_follow() -> None:
    """Why is for the slow way to say: the chain stays before it, and nothing of it is taken."""
    data, chains = history(1, 3, 2)
    second = RECORD_OVERHEAD + COMMAND_SIZE
    for at in range(second, len(data), 11):
        changed = bytearray(data)
        changed[at] ^= 0x04
        here, commands = Chain(), bytearray()
        read_run(bytes(changed), 0, here, commands, 1 << 20, 99)
        assert here in chains[:2]
        assert len(commands) == here.seq * COMMAND_SIZE
    for length in range(second, second + RECORD_OVERHEAD + 3 * COMMAND_SIZE):
        here = Chain()
        assert read_run(data[:length], 0, here, bytearray(), 1 << 20, 99) == second
        assert here == chains[0]
    for strange in (pack_record(), pack_record(WRITER.pack(), kind=RecordKind.EPOCH), b"", b"x" * 500):
        here = chains[0].copy()
        assert read_run(data[:second] + strange, second, here, bytearray(), 1 << 20, 99) == second
        assert here == chains[0]


# ------------------------------------------------------------------------------------------- writers and segments


def test_an_epoch_says_who_writes_and_what_decides() -> None:
    body = WRITER.pack()
    assert len(body) % 32 == 0
    assert parse_epoch_body(body) == WRITER


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b'{"owner": "x", "durability": "fsync", "schema": "zz"}'])
def test_an_epoch_that_is_not_understood(body: bytes) -> None:
    with pytest.raises(JournalError, match="not understood"):
        parse_epoch_body(body)


def test_an_unknown_limit_is_not_understood() -> None:
    body = WRITER.pack().replace(b'"works_max"', b'"worms_max"')
    with pytest.raises(JournalError, match="not understood"):
        parse_epoch_body(body)


def test_an_owner_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="shorten the owner"):
        replace(WRITER, owner="x" * 4096).pack()


def head() -> SegmentHead:
    return SegmentHead(7, 1 << 20, chain(), boot=9, written_position=3, synced_position=2, writer=WRITER)


def test_a_segment_says_where_it_begins() -> None:
    page = head().pack()
    assert len(page) == PAGE_SIZE
    assert parse_segment_head(page, "file") == head()


def test_no_changed_byte_of_a_segments_head_goes_unnoticed() -> None:
    page = head().pack()
    for at in range(PAGE_SIZE):
        changed = bytearray(page)
        changed[at] ^= 0x40
        assert parse_segment_head(bytes(changed), "file") is None, at
    assert parse_segment_head(page[:-1], "file") is None
    assert parse_segment_head(bytes(PAGE_SIZE), "file") is None


def test_another_format_or_schema_is_refused_with_the_file() -> None:
    page = bytearray(head().pack())
    struct.pack_into("<I", page, SEGMENT_HEADER.offset_of("format_version"), 99)
    page[-DIGEST_SIZE:] = hashlib.sha256(page[:-DIGEST_SIZE]).digest()
    with pytest.raises(JournalError, match="file has journal format 99, this perpgate reads 1"):
        parse_segment_head(bytes(page), "file")
    old = replace(head(), writer=replace(WRITER, schema=bytes(32)))
    with pytest.raises(JournalError, match="file was written with record schema 000000000000"):
        parse_segment_head(old.pack(), "file")
    check_schema(schema_hash(), "file")
