from engine._chain import Chain
from engine._segment_io import MappedSegment, SegmentWriter
from engine.segment_supply import SegmentSupply

class RecordPen:
    _chain: Chain
    _writer: SegmentWriter | None
    _mapped: MappedSegment | None
    _supply: SegmentSupply
    _fd: int
    _offset: int
    _room_end: int
    _boot: int
    _is_fenced: bool
    _is_synced: bool
    @property
    def durable_seq(self) -> int: ...
    def has_room(self, commands_bytes: int) -> bool: ...
    def append(self, commands: bytes, timestamp_ns: int) -> None: ...
    def _write(self, kind: int, epoch: int, timestamp_ns: int, body: bytes) -> int: ...
    def _put(self, header: bytes, body: bytes, digest: bytes) -> int: ...
    def _known_positions(self) -> tuple[int, int]: ...
