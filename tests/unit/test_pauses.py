"""gateway.pauses: what exists at the start is out of the collector's sight, and what comes later is collected."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from gateway import pauses
from gateway.pauses import Pauses


class Ring:
    def __init__(self) -> None:
        self.me = self


def test_rings_are_collected_on_time_and_the_old_heap_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "EVERY_S", 0.01)

    async def scenario() -> None:
        old = Ring()
        old_gone = weakref.ref(old)
        made = Pauses()
        made.start()
        try:
            assert not gc.isenabled()
            assert gc.get_freeze_count() > 1_000
            del old
            young_gone = asyncio.Event()
            young = Ring()
            weakref.finalize(young, young_gone.set)
            del young
            await asyncio.wait_for(young_gone.wait(), 10)
            assert old_gone() is not None
            assert made.longest_ns > 0
        finally:
            made.stop()
        assert gc.isenabled()
        assert gc.get_freeze_count() == 0
        gc.collect()
        assert old_gone() is None

    asyncio.run(scenario())
