"""The engines that tests run: `core` belongs to the list as soon as its source is in the tree, built or not."""

from __future__ import annotations

from engine.api import Engine, EngineLimits, load_engine
from tests.source.tree import ROOT

HAS_CORE = (ROOT / "cython" / "engine" / "_core.pyx").exists()
ENGINES = ("core", "reference") if HAS_CORE else ("reference",)
SMALL = EngineLimits(
    orders_max=500, orders_per_book_max=200, pending_replaces_max=50, positions_max=100, instruments_max=8,
    firms_max=8, desks_max=8, traders_max=16, accounts_max=32, sessions_max=32, works_max=8, work_steps_max=64,
)  # fmt: skip


def new_engine(name: str, limits: EngineLimits = SMALL) -> Engine:
    return load_engine(name, limits)
