from typing import Self

from engine.batch import CommandBatch
from gateway.fix._directory import Directory
from gateway.fix._rules import Rules
from gateway.fix._wire import FixMessage

DECODED: int
BATCH_FULL: int
MESSAGE: int
GARBLED: int
REJECT_LEVEL: int
LOGOUT_LEVEL: int

class Inbound:
    is_fast: bool
    next_in: int
    epoch_in: int
    last_command_in: int
    messages: int
    garbled: int
    level: int
    def __new__(cls, capacity: int, message_bytes_max: int) -> Self: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def space(self) -> memoryview: ...
    def release(self) -> None: ...
    @property
    def waiting_bytes(self) -> int: ...
    def begin(
        self,
        session_id: int,
        begin_string: bytes,
        sender: bytes,
        target: bytes,
        rules: Rules,
        directory: Directory,
        default_account_id: int,
        tolerance_ns: int,
        reject_level: int,
        logout_level: int,
    ) -> None: ...
    def received(self, size: int, batch: CommandBatch) -> int: ...
    def feed(self, data: bytes | memoryview, batch: CommandBatch) -> int: ...
    def take(self) -> FixMessage | None: ...
    def submit(self, raw: bytes, seq_num: int, batch: CommandBatch) -> tuple[int, int, int] | None: ...
