"""Keeps Python's garbage collector from stopping the venue at a bad moment.

What exists after the start lives as long as the process: it is frozen, so that a collection does not look at it. The
automatic collector is off; what connections leave behind is collected at a fixed pace, and costs what the few objects
since the last time cost. Called by `app`.
"""

from __future__ import annotations

import asyncio
import gc
import time

import structlog

EVERY_S = 10.0
WORTH_SAYING_NS = 5_000_000


class Pauses:
    """`start()` after the warm-up, on a running loop; `stop()` gives the collector back."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._log = structlog.get_logger("pauses")
        self.longest_ns = 0

    def start(self) -> None:
        gc.collect()
        gc.freeze()
        gc.disable()
        self._arm()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        gc.unfreeze()
        gc.enable()

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._collect)

    def _collect(self) -> None:
        before_ns = time.perf_counter_ns()
        gc.collect()
        took_ns = time.perf_counter_ns() - before_ns
        self.longest_ns = max(self.longest_ns, took_ns)
        if took_ns > WORTH_SAYING_NS:
            self._log.warning("collection_slow", microseconds=took_ns // 1000)
        self._arm()
