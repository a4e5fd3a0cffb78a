"""The two plug-in interfaces: an engine (the whole exchange without I/O) and a matcher (the book of one instrument).

The sequencer drives an engine through `Engine`; an engine drives a matcher through `Matcher` (Python) or through
the function table of `perpgate_matcher.h` (anything compiled). Both are found by name in entry-point groups, and
nothing else in perpgate is pluggable. Nobody imports an engine's module directly: `load_engine` is the way in.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast

ENGINES_GROUP = "perpgate.engines"
MATCHERS_GROUP = "perpgate.matchers"
MATCHER_SYMBOL = "perpgate_matcher_v1"
MATCHER_CAPSULE = "perpgate.matcher.v1"


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """Capacities of an engine. All memory of the order path is taken at start; exceeding one is a reason code
    (REJECTED_CAPACITY), never growth. Party, session and instrument ids are 1..max."""

    orders_max: int = 100_000
    orders_per_book_max: int = 100_000
    pending_replaces_max: int = 10_000
    positions_max: int = 20_000
    instruments_max: int = 256
    firms_max: int = 256
    desks_max: int = 1_024
    traders_max: int = 4_096
    accounts_max: int = 10_000
    sessions_max: int = 4_096
    works_max: int = 1_024
    work_steps_max: int = 256
    risk_units_max: int = 2_048  # of risk work per command (docs/risk.md section 7): below a millisecond
    brokers_max: int = 64
    limits_max: int = 16_384  # limit rows
    protections_max: int = 4_096  # market-maker protections
    transfers_max: int = 65_536  # movements of money that are remembered
    providers_max: int = 64  # liquidity providers
    feeds_max: int = 1_024
    calendars_max: int = 64  # ids 1..max, at most 255
    fee_tiers_max: int = 64  # tiers 1..max, at most 255


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine is: written into journals and snapshots."""

    name: str
    version: str
    limits: EngineLimits


class Engine(Protocol):
    """A deterministic exchange: a function of the command sequence. docs/engine.md is its rule book."""

    @property
    def info(self) -> EngineInfo: ...

    @property
    def seq(self) -> int:
        """Number of the last command applied, 0 before the first."""

    @property
    def next_due_ns(self) -> int:
        """When a TICK has something to do: 0 = at once (work is carried on), NEVER_NS = nothing waits."""

    def apply(self, commands: bytes | memoryview) -> bytes:
        """Applies whole command records (numbered and stamped) in order; returns the event records they caused.

        Raises ValueError when the length is not a multiple of COMMAND_SIZE or a `seq` does not follow the last: that
        is our fault, never a participant's, and the caller stops.
        """

    def snapshot(self) -> bytes:
        """The whole state as canonical bytes: equal states give equal bytes in every engine."""

    def restore(self, snapshot: bytes) -> None:
        """Replaces the state of a fresh engine. Raises ValueError when the bytes are no snapshot of this schema."""

    def state_hash(self) -> bytes:
        """SHA-256 of `snapshot()`."""


@dataclass(slots=True)
class MatchOp:
    """One call to a Python matcher; the fields and their meanings are those of `pg_op`."""

    order_id: int
    price_ticks: int = 0
    leaves_lots: int = 0
    display_lots: int = 0
    min_lots: int = 0
    owner: int = 0
    stp_group: int = 0
    side: int = 0
    execution: int = 1
    stp_mode: int = 1
    flags: int = 0


@dataclass(slots=True)
class MatchReport:
    """One line of a matcher's answer; the fields and their meanings are those of `pg_report`."""

    order_id: int
    kind: int
    reason: int = 0
    price_ticks: int = 0
    lots: int = 0
    leaves_lots: int = 0
    shown_lots: int = 0
    taker_leaves_lots: int = 0
    owner: int = 0


@dataclass(frozen=True, slots=True)
class MatcherConfig:
    """As `pg_config`."""

    instrument_id: int
    price_levels: int
    orders_max: int
    fills_max: int


ReduceCap = Callable[[int, int, Sequence[MatchReport]], int]  # (owner, side, reports of this op so far) -> lots


class Matcher(Protocol):
    """The book of one instrument in Python; `perpgate_matcher.h` states what each call has to do."""

    def __init__(self, config: MatcherConfig, reduce_cap: ReduceCap) -> None: ...
    def place(self, op: MatchOp) -> list[MatchReport]: ...
    def cancel(self, order_id: int) -> list[MatchReport]: ...
    def replace(self, op: MatchOp) -> list[MatchReport]: ...
    def best(self, side: int) -> tuple[int, int] | None:
        """(price_ticks, shown_lots), or None when the side is empty."""

    def depth(self, side: int, levels: int) -> list[tuple[int, int, int]]:
        """(price_ticks, shown_lots, orders) from the best, at most `levels`."""

    def snapshot(self) -> bytes: ...
    def restore(self, snapshot: bytes, owners: dict[int, int]) -> None:
        """Fills an empty book; `owners` gives the owner of each order id."""


@dataclass(frozen=True, slots=True)
class LoadedMatcher:
    """A matcher as an engine takes it: exactly one of the two is set."""

    name: str
    capsule: Any = None  # a capsule named MATCHER_CAPSULE that holds a pg_matcher_api
    factory: Callable[[MatcherConfig, ReduceCap], Matcher] | None = None
    keep_alive: Any = field(default=None, compare=False)


class UnknownPluginError(LookupError):
    """No engine or matcher of that name; the text lists those that exist."""


FindMatcher = Callable[[str], LoadedMatcher]


def load_engine(name: str, limits: EngineLimits, libraries: Mapping[str, str] | None = None) -> Engine:
    """A fresh engine by entry-point name (`core`, `reference`, or an outsider's), made as `factory(limits,
    find_matcher)`. `libraries` names further matchers: name -> path of a shared library (configuration [matchers]).

    Raises UnknownPluginError.
    """
    paths = dict(libraries or {})

    def find_matcher(matcher: str) -> LoadedMatcher:
        return load_matcher(f"lib:{paths[matcher]}" if matcher in paths else matcher)

    return cast(Engine, _find(ENGINES_GROUP, name)(limits, find_matcher))


def load_matcher(name: str) -> LoadedMatcher:
    """A matcher by entry-point name, or by `lib:PATH` for a shared library that exports `perpgate_matcher_v1`.

    Raises UnknownPluginError when there is none, OSError when the library cannot be loaded, ValueError when its
    table is of another version.
    """
    if name.startswith("lib:"):
        return _load_library(name)
    found = _find(MATCHERS_GROUP, name)
    if type(found).__name__ == "PyCapsule":
        return LoadedMatcher(name, capsule=found)
    return LoadedMatcher(name, factory=found)


def _find(group: str, name: str) -> Any:
    known = entry_points(group=group)
    for point in known:
        if point.name == name:
            return point.load()
    names = ", ".join(sorted({p.name for p in known})) or "none: is perpgate installed?"
    raise UnknownPluginError(f"no {name!r} in {group}; there are: {names}")


def _load_library(name: str) -> LoadedMatcher:
    path = Path(name.removeprefix("lib:"))
    if not path.exists():
        raise UnknownPluginError(f"matcher library {path} does not exist")
    library = ctypes.CDLL(str(path))
    try:
        address = ctypes.addressof(ctypes.c_char.in_dll(library, MATCHER_SYMBOL))
    except ValueError:
        raise UnknownPluginError(f"{path} does not export {MATCHER_SYMBOL}") from None
    version = ctypes.c_uint32.from_address(address).value
    if version != 1:
        raise ValueError(f"{path} has matcher table version {version}, this perpgate takes 1")
    new_capsule = ctypes.pythonapi.PyCapsule_New
    new_capsule.restype = ctypes.py_object
    new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    label = ctypes.c_char_p(MATCHER_CAPSULE.encode())
    return LoadedMatcher(name, capsule=new_capsule(address, label, None), keep_alive=(library, label))
