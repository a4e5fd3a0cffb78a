"""The two engines under the same random commands: events, due times and states equal, restores and replays included.

`PERPGATE_DIFF_COMMANDS` sets how many commands in all, `make diff` goes on for as long as one likes.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.engines import HAS_CORE
from tests.property.commands import SHAPES
from tests.property.judge import Judge

COMMANDS = int(os.environ.get("PERPGATE_DIFF_COMMANDS", "1000000"))
SEQUENCE = 5_000
PART = 25_000
NAMES = list(SHAPES)

pytestmark = [
    pytest.mark.differential,
    pytest.mark.skipif(not HAS_CORE, reason="this tree has no compiled engine to compare"),
]


@pytest.mark.parametrize("part", range(-(-COMMANDS // PART)))
def test_engines_are_equal(part: int) -> None:
    """Sequences of every shape in turn; a difference comes with its seed, shrunk, as a scenario to paste."""
    judge = Judge("core", "reference")
    left = min(PART, COMMANDS - part * PART)
    for number in range(-(-left // SEQUENCE)):
        seed = random.SystemRandom().randrange(2**32)
        shape = NAMES[(part * (PART // SEQUENCE) + number) % len(NAMES)]
        print(f"seed {seed}, shape {shape}")
        found = judge.run(seed, min(SEQUENCE, left - number * SEQUENCE), shape)
        if found is not None:
            shrunk = judge.shrink(found)
            pytest.fail(f"seed {seed}, shape {shape}: {shrunk.what}\n\n{judge.scenario(shrunk)}")
