"""Fixtures that several directories share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.reference.engine import ReferenceEngine
from tests.engines import ENGINES, SMALL, new_engine
from tests.risk_market import RiskMarket
from tests.scenario import Market


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_market(engine_name: str) -> Iterator[Callable[..., Market]]:
    """Makes a small market on the engine under test: `new_market(works_max=1)` changes capacities.

    What every scenario leaves behind is a state, so each is also a test of snapshots: all engines restore it to the
    same bytes.
    """
    markets: list[Market] = []

    def make(**limits: Any) -> Market:
        markets.append(Market(new_engine(engine_name, replace(SMALL, **limits))))
        return markets[-1]

    yield make
    for market in markets:
        snapshot = market.engine.snapshot()
        for name in ENGINES:
            restored = new_engine(name, market.engine.info.limits)
            restored.restore(snapshot)
            assert restored.snapshot() == snapshot, f"{name} restores the snapshot of {engine_name} to another state"


@pytest.fixture
def market(new_market: Callable[..., Market]) -> Market:
    return new_market()


@pytest.fixture
def new_venue(engine_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., RiskMarket]]:
    """Makes a market with money; the reference checks its whole ledger after each command. What is left is restored by
    all engines, as in `new_market`. Capacities are keywords in `limits`."""
    monkeypatch.setattr(ReferenceEngine, "asserts_invariants", True)
    venues: list[RiskMarket] = []

    def make(limits: dict[str, Any] | None = None, **venue: Any) -> RiskMarket:
        venues.append(RiskMarket(new_engine(engine_name, replace(SMALL, **(limits or {}))), **venue))
        return venues[-1]

    yield make
    for venue in venues:
        snapshot = venue.engine.snapshot()
        for name in ENGINES:
            restored = new_engine(name, venue.engine.info.limits)
            restored.restore(snapshot)
            assert restored.snapshot() == snapshot, f"{name} restores the snapshot of {engine_name} to another state"


@pytest.fixture
def venue(new_venue: Callable[..., RiskMarket]) -> RiskMarket:
    return new_venue()
