from collections.abc import Iterable

from gateway.fix._directory import Directory

BODY_BYTES_MAX: int

class ReasonTable:
    version: int
    def __init__(self, version: int, rows: Iterable[tuple[int, str, int, int, int, int]]) -> None: ...

def report_of(
    event: bytes,
    reasons: ReasonTable,
    directory: Directory,
    decimals: int = 6,
    user_tags: bool = True,
    as_mass_action: bool = False,
) -> tuple[str, bytes] | None: ...
