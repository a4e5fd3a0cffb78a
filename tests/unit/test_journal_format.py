"""The bytes of the journal, and what a reader takes for the next record."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from typing import Any

import pytest

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

WRITER = EpochBody("host:1", "fsync", INFO, schema_hash())
FIELDS: dict[str, Any] = {
    "magic": RECORD_MAGIC, "kind": RecordKind.BATCH, "command_count": 2, "epoch": 3, "position": 4, "first_seq": 11,
    "timestamp_ns": 1_000, "boot": 5, "written_position": 3, "synced_position": 2, "previous": bytes(range(32)),
}  # fmt: skip


def pack_record(body: bytes = b"b" * (2 * COMMAND_SIZE), **fields: Any) -> bytes:
    header = RECORD_HEADER.pack(**{**FIELDS, "body_bytes": len(body), **fields})
    return header + body + record_digest(header, body)


def record_of(body: bytes = b"b" * (2 * COMMAND_SIZE), **fields: Any) -> Record:
    record = parse_record(memoryview(pack_record(body, **fields)), 0)
    assert record is not None
    return record


def test_a_record_is_read_as_it_was_written() -> None:
    data = pack_record()
    record = parse_record(memoryview(b"?" * 32 + data), 32)
    assert record is not None
    assert (record.kind, record.command_count, record.epoch, record.position) == (RecordKind.BATCH, 2, 3, 4)
    assert (record.first_seq, record.last_seq, record.timestamp_ns) == (11, 12, 1_000)
    assert (record.boot, record.written_position, record.synced_position) == (5, 3, 2)
    assert record.previous == bytes(range(32))
    assert bytes(record.body) == b"b" * (2 * COMMAND_SIZE)
    assert record.digest == hashlib.sha256(data[:-DIGEST_SIZE]).digest()
    assert record.size == len(data) == record_bytes(memoryview(data), 0) == RECORD_OVERHEAD + 2 * COMMAND_SIZE


def test_no_part_of_a_record_is_a_record() -> None:
    data = memoryview(pack_record())
    assert all(parse_record(data[:length], 0) is None for length in range(len(data)))


def test_no_changed_bit_goes_unnoticed() -> None:
    data = pack_record()
    for at in range(len(data)):
        for mask in (0x01, 0x80):
            changed = bytearray(data)
            changed[at] ^= mask
            assert parse_record(memoryview(changed), 0) is None, at


def test_a_length_beyond_the_data_is_none() -> None:
    data = bytearray(pack_record())
    struct.pack_into("<I", data, RECORD_HEADER.offset_of("body_bytes"), 0xFFFF_FFFF)
    assert parse_record(memoryview(data), 0) is None


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
    assert here == replace(chain(), position=4), "it keeps its place and has no other effect"
    after = record_of(position=5)
    assert here.accept(after), "the history goes on from the last record that counts"


def test_a_takeover_begins_the_next_epoch() -> None:
    here = chain()
    assert here.accept(record_of(WRITER.pack(), kind=RecordKind.EPOCH, epoch=4, command_count=0))
    assert (here.epoch, here.seq, here.position) == (4, 10, 4)


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
