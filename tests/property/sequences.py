"""Which generated sequences there are: of a venue without money (`commands.py`), with it (`risk_commands.py`), or both.

In a module of its own, because processes that judge import it by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.property.commands import SHAPES, Commands, Shape
from tests.property.risk_commands import RiskCommands
from tests.property.risk_shapes import RISK_SHAPES, RiskShape

Generate = Callable[[int, str | Shape], Commands]  # of a seed and a shape, "" for one that the seed picks


@dataclass(frozen=True)
class RiskSequences:
    """Those of a venue with money, made of some parts (`risk_shapes.PARTS`) alone."""

    parts: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """Shapes that make sense with these parts."""
        return tuple(name for name, shape in RISK_SHAPES.items() if self.parts.issuperset(shape.needs))

    def __call__(self, seed: int, shape: str | Shape = "") -> Commands:
        assert isinstance(shape, str | RiskShape)
        return RiskCommands(seed, shape, self.parts)


class AllSequences:
    """Both kinds in turn; names of shapes are those of both."""

    names = (*SHAPES, *RISK_SHAPES)

    def __call__(self, seed: int, shape: str | Shape = "") -> Commands:
        found = shape or self.names[seed % len(self.names)]
        if isinstance(found, str):
            found = {**SHAPES, **RISK_SHAPES}[found]
        return RiskCommands(seed, found) if isinstance(found, RiskShape) else Commands(seed, found)
