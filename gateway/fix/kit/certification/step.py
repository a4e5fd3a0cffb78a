"""What a step is, and how a section collects its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.fix.rules.model import EVERY, Version, versions

if TYPE_CHECKING:
    from gateway.fix.kit.certification.context import Context

Run = Callable[["Context"], None]


class Skipped(Exception):
    """The step does not apply here; the text says why."""


class Failed(Exception):
    """The venue did something else; the text says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Step:
    """number: section letter and two digits, never used again. expectation: what the venue has to do, one sentence."""

    number: str
    title: str
    expectation: str
    run: Run
    versions: frozenset[Version]


@dataclass
class Section:
    """A section's steps, collected by its decorator."""

    letter: str
    title: str
    steps: list[Step] = field(default_factory=list)

    def step(self, number: int, title: str, *, only: str = "") -> Callable[[Run], Run]:
        """Adds the function; the first sentence of its docstring is the expectation."""

        def add(run: Run) -> Run:
            expectation = " ".join((run.__doc__ or "").split())
            offered = versions(only) if only else EVERY
            self.steps.append(Step(f"{self.letter}{number:02d}", title, expectation, run, offered))
            return run

        return add


def require(condition: bool, text: str) -> None:
    """Raises Failed."""
    if not condition:
        raise Failed(text)
