"""The two engines under the same random commands of a venue with money: prices with gaps and dead feeds, limits that
change, funding, liquidations and deleveraging, quotes, schedules, corporate actions; restores and replays included.

`PERPGATE_RISK_DIFF_COMMANDS` sets how many commands in all; `PERPGATE_RISK_KINDS` names parts (`risk_shapes.PARTS`) for
an engine that does not have all of them.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.engines import HAS_CORE
from tests.property.judge import Judge
from tests.property.risk_shapes import parts_of
from tests.property.sequences import RiskSequences

COMMANDS = int(os.environ.get("PERPGATE_RISK_DIFF_COMMANDS", "300000"))
SEQUENCE = 4_000
SEQUENCES = RiskSequences(parts_of(os.environ.get("PERPGATE_RISK_KINDS", "all")))

pytestmark = [
    pytest.mark.differential,
    pytest.mark.skipif(not HAS_CORE, reason="this tree has no compiled engine to compare"),
]


@pytest.mark.parametrize("shape", SEQUENCES.names)
def test_engines_are_equal(shape: str) -> None:
    """Sequences of the shape; a difference comes with its seed, shrunk, as a scenario to paste."""
    judge = Judge("core", "reference", generate=SEQUENCES)
    for _ in range(-(-COMMANDS // len(SEQUENCES.names) // SEQUENCE)):
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}, shape {shape}")
        found = judge.run(seed, SEQUENCE, shape)
        if found is not None:
            shrunk = judge.shrink(found)
            pytest.fail(f"seed {seed}, shape {shape}: {shrunk.what}\n\n{judge.scenario(shrunk)}")
