from collections.abc import Iterable, Mapping
from typing import Any, Self

from engine.snapshot_records import Section

class OrderBookkeeper:
    capacity: int
    open_orders: int
    forgotten: int
    def __new__(cls, orders_max: int, ended_max: int, watched: Iterable[tuple[int, int]] | None = None) -> Self: ...
    def observe(self, events: bytes) -> None: ...
    def load(self, snapshot: Mapping[Section, list[Any]]) -> None: ...
    def find_id(self, order_id: int) -> bytes | None: ...
    def find_name(self, account_id: int, client_order_id: str) -> bytes | None: ...
    def open_below(
        self,
        cursor: int,
        scope: int,
        node: int,
        account_id: int,
        instrument_id: int,
        side: int,
        slots_max: int = 65_536,
    ) -> tuple[list[int], int]: ...
