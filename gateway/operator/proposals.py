"""Four eyes: what one operator proposed and another has not yet decided on.

Kept in memory: a proposal does not outlive the process, and expires before. What became a command names both in the
journal; the NOTE of the case is there from the proposal on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.operator.credentials import Operator
from gateway.operator.operations import Operation


@dataclass(frozen=True, slots=True)
class Proposal:
    """`given`: the parameters as they were written; `values`: as the operation has checked them."""

    number: int
    operation: Operation
    given: dict[str, Any]
    values: dict[str, Any]
    proposer: Operator
    reason: str
    case_id: int
    expires_ns: int


class ProposalBook:
    """Open proposals by number. proposals_max: one operator cannot fill it for all others, since they expire."""

    def __init__(self, proposals_max: int) -> None:
        self._proposals_max = proposals_max
        self._open: dict[int, Proposal] = {}

    def has_room(self, now_ns: int) -> bool:
        self._expire(now_ns)
        return len(self._open) < self._proposals_max

    def add(self, proposal: Proposal) -> None:
        self._open[proposal.number] = proposal

    def get(self, number: int, now_ns: int) -> Proposal | None:
        self._expire(now_ns)
        return self._open.get(number)

    def take(self, number: int) -> None:
        """It is decided on: nobody else can."""
        self._open.pop(number, None)

    def open(self, now_ns: int) -> tuple[Proposal, ...]:
        """Oldest first."""
        self._expire(now_ns)
        return tuple(self._open.values())

    def _expire(self, now_ns: int) -> None:
        for number in [number for number, proposal in self._open.items() if proposal.expires_ns <= now_ns]:
            del self._open[number]
