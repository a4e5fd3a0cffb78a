"""The certification: numbered steps against a venue, as one participant, with a report to send back.

`steps()` gives them in order; each module of this package holds one section. A step gets a `Context`, does something
that the rules of engagement describe and fails when the venue does something else.
"""

from __future__ import annotations

from gateway.fix.kit.certification import (
    disconnects,
    engine,
    messages,
    numbers,
    orders,
    queries,
    recovery,
    session,
    trades,
)
from gateway.fix.kit.certification.step import Step

SECTIONS = (session, numbers, messages, orders, queries, trades, recovery, disconnects, engine)


def steps() -> tuple[Step, ...]:
    """All steps in the order in which they are run."""
    return tuple(step for section in SECTIONS for step in section.STEPS.steps)
