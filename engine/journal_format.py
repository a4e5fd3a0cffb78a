"""The bytes of the journal: records, segment headers, and the rules that every reader applies to them.

A record is a header of 128 bytes, a body and the SHA-256 of both; the header holds the digest of the record before,
so a chain ties the whole history together (ADR 0007). A segment is a file of fixed size: one page that says where in
the history it begins and under which engine, then records, then zeros. The journal writes these bytes and `segments`
finds them; a replicated log carries the same records. Nothing here opens a file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from engine import _chain
from engine._chain import Chain, ChainError, Record, parse_record, record_bytes
from engine.api import EngineInfo, EngineLimits
from engine.declarations import schema_hash
from engine.layout import Field, Layout

__all__ = [
    "Chain", "ChainError", "Record", "parse_record", "record_bytes",  # compiled, see engine._chain
    "Chunk", "EpochBody", "JournalDamageError", "JournalError", "RecordKind", "SegmentHead",
    "check_schema", "engine_text", "parse_engine_text", "parse_epoch_body", "parse_segment_head", "record_digest",
]  # fmt: skip

FORMAT_VERSION = 1
RECORD_MAGIC = b"PGRECORD"
SEGMENT_MAGIC = b"PGSEGMNT"
DIGEST_SIZE = 32
PAGE_SIZE = 4096  # of a segment's header
RECORD_ALIGNMENT = 32  # every record's length is a multiple of it
EPOCH_BODY_MAX = 3072  # fits a segment's header page too
NO_DIGEST = bytes(DIGEST_SIZE)
SCHEMA_HASH = schema_hash()  # of the records of this perpgate


class RecordKind(IntEnum):
    """What a record is. The number is journal format and never reused."""

    BATCH = 1  # commands, as they were stamped together
    EPOCH = 2  # a writer takes over: everything after it carries its epoch
    ROLL = 3  # the segment ends here, the history goes on in the next
    SEAL = 4  # an orderly end: says that everything before it was durable


_f = Field
RECORD_HEADER = Layout(
    "record_header",
    _f("magic", "bytes[8]", "PGRECORD"),
    _f("kind", "u16", "RecordKind"),
    _f("reserved0", "pad[2]"),
    _f("command_count", "u32", "commands in the body"),
    _f("epoch", "u64", "of its writer"),
    _f("position", "u64", "number of the record, from 1"),
    _f("first_seq", "u64", "of the first command; without commands: of the next one"),
    _f("timestamp_ns", "i64", "stamp of its commands, never backwards"),
    _f("body_bytes", "u32"),
    _f("reserved1", "pad[4]"),
    _f("boot", "u64", "which run of the machine wrote it"),
    _f("written_position", "u64", "records up to here were in the page cache when this one was made"),
    _f("synced_position", "u64", "records up to here were on the disk when this one was made"),
    _f("previous", "bytes[32]", "digest of the record before"),
    _f("reserved2", "pad[16]"),
)
RECORD_OVERHEAD = RECORD_HEADER.size + DIGEST_SIZE
SEGMENT_HEADER = Layout(
    "segment_header",
    _f("magic", "bytes[8]", "PGSEGMNT"),
    _f("format_version", "u32"),
    _f("writer_bytes", "u32", "length of the JSON text that follows: the epoch's declaration"),
    _f("number", "u64", "of the segment, from 1"),
    _f("segment_bytes", "u64", "size of the file"),
    _f("position", "u64", "of the last record before it"),
    _f("epoch", "u64", "the state of the chain at that record"),
    _f("seq", "u64"),
    _f("timestamp_ns", "i64"),
    _f("boot", "u64"),
    _f("written_position", "u64"),
    _f("synced_position", "u64"),
    _f("digest", "bytes[32]"),
    _f("schema", "bytes[32]", "schema hash"),
)
_LAYOUT = {field.name: field.offset for field in RECORD_HEADER.fields if not field.is_padding}
assert _chain.header_layout() == {"": RECORD_HEADER.size, **_LAYOUT}, "the compiled reader means another layout"
assert list(RecordKind) == [_chain.BATCH, _chain.EPOCH, _chain.ROLL, _chain.SEAL]


class JournalError(Exception):
    """The journal cannot be used as it is; the text says why and what to do. Ours, never a participant's."""


class JournalDamageError(JournalError):
    """Bytes that were durable are not what they were: names the file and the offset. The venue does not start."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records together, as a replay takes them. `writer`: a takeover that comes behind the commands."""

    commands: bytes
    chain: Chain  # after it
    previous: bytes  # digest that its first record follows
    writer: EpochBody | None = None


def record_digest(header: bytes, body: bytes | memoryview) -> bytes:
    """SHA-256 of a record's header and body."""
    state = hashlib.sha256(header)
    state.update(body)
    return state.digest()


# ------------------------------------------------------------------------------------- writers and segments


@dataclass(frozen=True, slots=True)
class EpochBody:
    """What a writer declares when it takes over. From this record on the engine named here gives the results."""

    owner: str
    durability: str
    engine: EngineInfo
    schema: bytes

    def text(self) -> bytes:
        """JSON."""
        values = {
            "owner": self.owner, "durability": self.durability, "schema": self.schema.hex(),
            "engine": json.loads(engine_text(self.engine)),
        }  # fmt: skip
        text = json.dumps(values, sort_keys=True).encode()
        if len(text) > EPOCH_BODY_MAX:
            raise ValueError(
                f"an epoch's declaration has at most {EPOCH_BODY_MAX} bytes, not {len(text)}: shorten the owner"
            )
        return text

    def pack(self) -> bytes:
        """The body of an EPOCH record: the text, padded with blanks to the records' alignment."""
        text = self.text()
        return text.ljust(-(-len(text) // RECORD_ALIGNMENT) * RECORD_ALIGNMENT)


def parse_epoch_body(body: bytes | memoryview) -> EpochBody:
    """Raises JournalError when it is not one."""
    try:
        values = json.loads(bytes(body))
        engine = parse_engine_text(json.dumps(values["engine"]))
        return EpochBody(values["owner"], values["durability"], engine, bytes.fromhex(values["schema"]))
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(f"an epoch record is not understood: {error}") from None


def engine_text(engine: EngineInfo) -> str:
    """An engine's identity as canonical JSON."""
    return json.dumps(asdict(engine), sort_keys=True, separators=(",", ":"))


def parse_engine_text(text: str) -> EngineInfo:
    """Raises JournalError when it is none, or knows limits that this perpgate does not."""
    try:
        values: dict[str, Any] = json.loads(text)
        return EngineInfo(values["name"], values["version"], EngineLimits(**values["limits"]))
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(f"the engine that the journal names is not understood: {error}") from None


def check_schema(schema: bytes, where: str) -> None:
    """Raises JournalError when something was written with another record schema."""
    if schema != SCHEMA_HASH:
        raise JournalError(
            f"{where} was written with record schema {schema.hex()[:12]}, this perpgate has "
            f"{SCHEMA_HASH.hex()[:12]}: run the perpgate that wrote it, or follow its upgrade notes"
        )


@dataclass(frozen=True, slots=True)
class SegmentHead:
    """The first page of a segment: where in the history it begins, and who writes there."""

    number: int
    segment_bytes: int
    chain: Chain
    boot: int
    written_position: int
    synced_position: int
    writer: EpochBody

    def pack(self) -> bytes:
        """PAGE_SIZE bytes, the last 32 their SHA-256."""
        text = self.writer.text()
        chain = self.chain
        fixed = SEGMENT_HEADER.pack(
            magic=SEGMENT_MAGIC, format_version=FORMAT_VERSION, writer_bytes=len(text), number=self.number,
            segment_bytes=self.segment_bytes, position=chain.position, epoch=chain.epoch, seq=chain.seq,
            timestamp_ns=chain.timestamp_ns, boot=self.boot, written_position=self.written_position,
            synced_position=self.synced_position, digest=chain.digest, schema=self.writer.schema,
        )  # fmt: skip
        page = (fixed + text).ljust(PAGE_SIZE - DIGEST_SIZE, b"\0")
        return page + hashlib.sha256(page).digest()


def parse_segment_head(page: bytes, where: str) -> SegmentHead | None:
    """The header in a segment's first page; None when it is not whole. where: the file, for the error.

    Raises JournalError when it is whole and of another format version or record schema.
    """
    content = page[: PAGE_SIZE - DIGEST_SIZE]
    if len(page) < PAGE_SIZE or not content.startswith(SEGMENT_MAGIC):
        return None
    if hashlib.sha256(content).digest() != page[PAGE_SIZE - DIGEST_SIZE : PAGE_SIZE]:
        return None
    row = SEGMENT_HEADER.unpack(content)
    if row["format_version"] != FORMAT_VERSION:
        raise JournalError(f"{where} has journal format {row['format_version']}, this perpgate reads {FORMAT_VERSION}")
    check_schema(row["schema"], where)
    chain = Chain(row["position"], row["epoch"], row["seq"], row["timestamp_ns"], row["digest"])
    writer = parse_epoch_body(content[SEGMENT_HEADER.size : SEGMENT_HEADER.size + row["writer_bytes"]])
    return SegmentHead(
        row["number"], row["segment_bytes"], chain, row["boot"], row["written_position"], row["synced_position"], writer
    )  # fmt: skip
