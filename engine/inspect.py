"""Looking into a journal and an event log from outside: records, commands, events of a range. Reads only.

For the command line (`perpgate inspect`), also beside a live venue. It yields record by record in plain Python:
nothing here is on the way of an order.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine._event_index import well_formed
from engine.event_segments import BLOCK_EVENTS, SEGMENT_EVENTS, EventFiles
from engine.journal_format import Chunk, EpochBody, JournalError, Record, RecordKind, parse_epoch_body
from engine.records import COMMAND_SIZE, EVENT_SIZE
from engine.segments import SegmentFiles, SegmentReader, opened, read_on, reader_at

_SEQ = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Epoch:
    """One writer's time."""

    number: int
    position: int  # of its EPOCH record
    first_seq: int
    timestamp_ns: int
    writer: EpochBody


def records(journal_directory: Path, first_seq: int = 1) -> Iterator[Record]:
    """Every record from the one that holds command `first_seq`, checked. Raises JournalError."""
    files = SegmentFiles(journal_directory)
    heads = [s.head for s in files.scan() if s.head is not None]
    if not heads:
        raise JournalError(f"{journal_directory} holds no history")
    before = [head for head in heads if head.chain.seq < first_seq]
    if not before:
        raise JournalError(
            f"{journal_directory} does not hold command {first_seq} any more, the first is {heads[0].chain.seq + 1}"
        )
    reader = SegmentReader(files, before[-1].number, before[-1].chain.copy())
    try:
        for record in read_on(files, reader, reader.records):
            if record.last_seq >= first_seq or record.command_count == 0:
                yield record
    finally:
        reader.close()


def commands(journal_directory: Path, first_seq: int = 1, last_seq: int | None = None) -> Iterator[bytes]:
    """Command records of a range, COMMAND_SIZE bytes each. Raises JournalError."""
    for record in records(journal_directory, first_seq):
        if last_seq is not None and record.first_seq > last_seq:
            return
        if record.kind != RecordKind.BATCH:
            continue
        for seq in range(max(first_seq, record.first_seq), min(record.last_seq, last_seq or record.last_seq) + 1):
            at = (seq - record.first_seq) * COMMAND_SIZE
            yield bytes(record.body[at : at + COMMAND_SIZE])


def chunks(journal_directory: Path) -> Iterator[Chunk]:
    """The whole history as a replay takes it. Raises JournalError."""
    files = SegmentFiles(journal_directory)
    reader = reader_at(files, 1)
    try:
        yield from read_on(files, reader, reader.chunks)
    finally:
        reader.close()


def epochs(journal_directory: Path) -> Iterator[Epoch]:
    """Who wrote, and under which engine. Reads the whole journal. Raises JournalError."""
    for record in records(journal_directory):
        if record.kind == RecordKind.EPOCH:
            writer = parse_epoch_body(record.body)
            yield Epoch(record.epoch, record.position, record.first_seq, record.timestamp_ns, writer)


def events(
    log_directory: Path, first_seq: int = 1, last_seq: int | None = None, *, segment_events: int = SEGMENT_EVENTS
) -> Iterator[bytes]:
    """Event records caused by a range of commands, EVENT_SIZE bytes each, as far as the log has them."""
    files = EventFiles(log_directory, segment_events)
    numbers = files.numbers()
    for number in numbers:
        if number + 1 in numbers and _first_seq(files, number + 1) < first_seq:
            continue
        for event in _segment_events(files, number):
            [seq] = _SEQ.unpack_from(event)
            if last_seq is not None and seq > last_seq:
                return
            if seq >= first_seq:
                yield event


def _first_seq(files: EventFiles, number: int) -> int:
    """Command of the segment's first event; the end of time when it has none yet."""
    with opened(files.path(number)) as fd:
        [seq] = _SEQ.unpack(os.pread(fd, 8, files.place(files.first_ordinal(number))))
    return seq or 2**64 - 1


def _segment_events(files: EventFiles, number: int) -> Iterator[bytes]:
    ordinal, end = files.first_ordinal(number), (number + 1) * files.segment_events
    seq = event_index = 0
    with opened(files.path(number)) as fd:
        while ordinal < end:
            block = os.pread(fd, min(BLOCK_EVENTS, end - ordinal) * EVENT_SIZE, files.place(ordinal))
            if seq == 0:
                seq, event_index = _before(block)
            count, seq, event_index = well_formed(block, seq, event_index)
            for at in range(0, count * EVENT_SIZE, EVENT_SIZE):
                yield block[at : at + EVENT_SIZE]
            if count * EVENT_SIZE < len(block):
                return
            ordinal += count


def _before(block: bytes) -> tuple[int, int]:
    """What an event before the block's first would be, so that the first follows it: a command's events may go on
    from one segment to the next."""
    seq, event_index = struct.unpack_from("<Q8xI", block)
    return (seq, event_index - 1) if event_index else (0, 0)
