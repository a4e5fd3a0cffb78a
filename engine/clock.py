"""The venue's time: the wall clock, made fit for stamps. Given to the sequencer by `app`; the engine never sees it."""

from __future__ import annotations

import time
from collections.abc import Callable


class VenueClock:
    """`clock()` gives nanoseconds since the Unix epoch that never go back and never stand still.

    When the machine's clock is set back, time goes on at half speed until the wall clock has caught up: timers (speed
    bumps, grace periods) still come due, only later. A clock that is set forward is followed at once. Without that,
    stamps would stand still for as long as the clock was set back.
    """

    def __init__(
        self,
        not_before_ns: int = 0,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """not_before_ns: the last stamp of the journal."""
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._now_ns = max(not_before_ns, wall_ns())
        self._seen_ns = monotonic_ns()

    def __call__(self) -> int:
        seen_ns = self._monotonic_ns()
        slow_ns = self._now_ns + (seen_ns - self._seen_ns) // 2
        self._now_ns = max(slow_ns, self._wall_ns())
        self._seen_ns = seen_ns
        return self._now_ns

    @property
    def ahead_ns(self) -> int:
        """How far the venue's time is ahead of the wall clock; 0 when all is well."""
        return max(0, self._now_ns - self._wall_ns())
