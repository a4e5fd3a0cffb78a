"""The engines that tests run: `core` belongs to the list as soon as its source writes every section of a snapshot."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from engine.api import ENGINES_GROUP, Engine, EngineLimits, load_matcher
from engine.snapshot_records import Section
from tests.source.tree import ROOT

_CORE = ROOT / "cython" / "engine"
HAS_CORE = (_CORE / "_core.pyx").exists() and any(
    f"SECTION_{max(Section).name}" in path.read_text() for path in _CORE.glob("_*.pyx")
)
ENGINES = ("core", "reference") if HAS_CORE else ("reference",)
SMALL = EngineLimits(
    orders_max=500, orders_per_book_max=200, pending_replaces_max=50, positions_max=100, instruments_max=8,
    firms_max=8, desks_max=8, traders_max=16, accounts_max=32, sessions_max=32, works_max=8, work_steps_max=64,
)  # fmt: skip


def new_engine(name: str, limits: EngineLimits = SMALL) -> Engine:
    """As `load_engine` makes it, but entry points are looked up once: that takes longer than most scenarios."""
    engine: Engine = _factory(name)(limits, _find_matcher)
    return engine


@cache
def _factory(name: str) -> Any:
    [point] = [point for point in entry_points(group=ENGINES_GROUP) if point.name == name]
    return point.load()


_find_matcher = cache(load_matcher)
