"""Runs the steps one after the other and makes the report.

A step that fails ends with a new connection and reset numbers, so that the next one is judged by itself. The report
holds everything that went over the wire; passwords are hidden.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.fix.kit.certification.check import checker
from gateway.fix.kit.certification.context import Context, Disconnected, NoMessage, Plan
from gateway.fix.kit.certification.step import Failed, Skipped, Step
from gateway.fix.kit.endpoint import Endpoint, KitError, VenueUnreachable
from gateway.fix.kit.wire import WireError

PASS, FAIL, SKIP = "pass", "FAIL", "skip"
_FAULTS = (Failed, AssertionError, NoMessage, Disconnected, WireError, KitError, ValueError)


@dataclass(frozen=True, slots=True)
class Result:
    """What a step came to. seconds: how long it took; wire: what was sent (>) and received (<)."""

    number: str
    title: str
    expectation: str
    verdict: str
    detail: str
    seconds: float
    wire: tuple[str, ...]


@dataclass
class Report:
    """A whole run."""

    venue: str
    session: str
    version: str
    symbol: str
    started: str
    results: list[Result] = field(default_factory=list)

    def count(self, verdict: str) -> int:
        return sum(result.verdict == verdict for result in self.results)

    @property
    def is_passed(self) -> bool:
        """Something was tried and nothing failed."""
        return self.count(FAIL) == 0 and self.count(PASS) > 0

    def to_dict(self) -> dict[str, Any]:
        """For JSON. `digest` is the SHA-256 of the rest in canonical JSON: whoever gets the file can check it."""
        value: dict[str, Any] = {
            "venue": self.venue,
            "session": self.session,
            "version": self.version,
            "symbol": self.symbol,
            "started": self.started,
            "passed": self.count(PASS),
            "failed": self.count(FAIL),
            "skipped": self.count(SKIP),
            "steps": [
                {
                    "number": r.number,
                    "title": r.title,
                    "expectation": r.expectation,
                    "verdict": r.verdict.lower(),
                    "detail": r.detail,
                    "seconds": round(r.seconds, 3),
                    "wire": list(r.wire),
                }
                for r in self.results
            ],
        }
        value["digest"] = digest(value)
        return value

    def to_text(self, *, with_wire: bool = False) -> str:
        """For people."""
        lines = [
            f"perpgate FIX certification: {self.session} at {self.venue}, {self.version}, {self.symbol}",
            f"started {self.started}",
            "",
        ]
        for result in self.results:
            lines.append(line_of(result))
            if with_wire:
                lines += [f"       {line}" for line in result.wire]
        return "\n".join([*lines, "", self.summary(), ""])

    def summary(self) -> str:
        """Verdict, counts and digest."""
        verdict = "PASSED" if self.is_passed else "NOT PASSED"
        counts = f"{self.count(PASS)} passed, {self.count(FAIL)} failed, {self.count(SKIP)} skipped"
        return f"{verdict}: {counts}\ndigest {self.to_dict()['digest']}"


def line_of(result: Result) -> str:
    """A result in one line."""
    detail = f"\n       {result.detail}" if result.detail else ""
    return f"{result.verdict}  {result.number}  {result.title} ({result.seconds:.1f} s){detail}"


def digest(value: dict[str, Any]) -> str:
    """SHA-256 of a report without its digest, as canonical JSON."""
    rest = {name: item for name, item in value.items() if name != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def certify(
    endpoint: Endpoint,
    plan: Plan,
    steps: Sequence[Step],
    progress: Callable[[Result], None] = lambda result: None,
) -> Report:
    """Runs the steps. Raises KitError when the venue cannot be reached or the session cannot log on at all."""
    dictionary = endpoint.dictionary()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    report = Report(
        f"{endpoint.host}:{endpoint.port}", endpoint.sender_comp_id, endpoint.fix_version.title, plan.symbol, started
    )
    ctx = Context(endpoint, dictionary, plan, checker(endpoint))
    _first_logon(ctx)
    try:
        for step in steps:
            result = _run(ctx, step)
            report.results.append(result)
            progress(result)
        if ctx.peer.is_open:
            ctx.peer.logout(plan.wait_s)
    finally:
        ctx.peer.close()
    return report


def _first_logon(ctx: Context) -> None:
    """Fails early and clearly when the session does not work at all."""
    try:
        ctx.ready()
    except (Disconnected, NoMessage) as error:
        ctx.peer.close()
        last = next((line for line in reversed(ctx.log) if "|35=5|" in line), "")
        raise VenueUnreachable(f"the session cannot log on: {error} {last}".rstrip()) from None


def _run(ctx: Context, step: Step) -> Result:
    mark, start_s = len(ctx.log), time.monotonic()
    verdict, detail = PASS, ""
    try:
        if ctx.version not in step.versions:
            raise Skipped(f"not in {ctx.version.title}")
        ctx.ready()
        mark = len(ctx.log)
        step.run(ctx)
    except Skipped as skipped:
        verdict, detail = SKIP, str(skipped)
    except _FAULTS as error:
        verdict, detail = FAIL, str(error) or type(error).__name__
        ctx.start_over()
    seconds = time.monotonic() - start_s
    return Result(step.number, step.title, step.expectation, verdict, detail, seconds, tuple(ctx.log[mark:]))
