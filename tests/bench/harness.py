"""What every benchmark shares: the conditions that a figure is worth nothing without, rounds, medians, tables, JSON.

A benchmark is a function `(Options) -> Report`, registered with `@benchmark(name)`. It measures its contestants in
turns within one run (`rounds`), so that whatever else the machine does meets all of them alike, and reports medians.
Figures of a debug, tracing or sanitizer build are refused.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Refused(Exception):
    """The benchmark cannot be run here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    rounds: int = 5
    cpu: int | None = None  # where measured single-threaded code runs; None leaves it to the kernel
    flow: Path | None = None  # an order flow file instead of the shipped sample


@dataclass(frozen=True, slots=True)
class Target:
    """One promise of the venue and how far it is kept."""

    what: str
    measured: float
    bound: float
    at_least: bool
    unit: str

    @property
    def kept(self) -> bool:
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    def __str__(self) -> str:
        relation = ">=" if self.at_least else "<="
        verdict = "kept" if self.kept else "NOT KEPT"
        return f"{self.what}: {number(self.measured)} {self.unit}, target {relation} {number(self.bound)}: {verdict}"


@dataclass(slots=True)
class Report:
    title: str
    columns: Sequence[str]
    rows: list[Sequence[Any]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        cells = [list(self.columns)] + [[number(value) for value in row] for row in self.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = ["  ".join(_pad(text, width, i) for i, (text, width) in enumerate(zip(row, widths, strict=True)))
                 for row in cells]  # fmt: skip
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([f"## {self.title}", "", *(line.rstrip() for line in lines), "",
                          *(f"target  {target}" for target in self.targets),
                          *(f"note    {note}" for note in self.notes), ""])  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "targets": [
                {"what": t.what, "measured": t.measured, "bound": t.bound, "at_least": t.at_least, "unit": t.unit,
                 "kept": t.kept}
                for t in self.targets
            ],
            "notes": self.notes,
        }  # fmt: skip


def _pad(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)


def number(value: Any) -> str:
    """Three significant digits or so, thousands with commas; text as it is."""
    if isinstance(value, float):
        if value >= 1000:
            return f"{value:,.0f}"
        return f"{value:.1f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


Benchmark = Callable[[Options], Report]
BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(name: str) -> Callable[[Benchmark], Benchmark]:
    def register(function: Benchmark) -> Benchmark:
        BENCHMARKS[name] = function
        return function

    return register


# ------------------------------------------------------------------------------------------------------ measuring


def rounds(contestants: Mapping[str, Callable[[], float]], count: int) -> dict[str, list[float]]:
    """Runs every contestant once per round, in turns whose order alternates; their figures in round order."""
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for turn in range(count):
        for name in names if turn % 2 == 0 else reversed(names):
            figures[name].append(contestants[name]())
    return figures


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Median of the ratios of each round."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


@dataclass(slots=True)
class pinned:
    """Context: this process runs on one core. What it starts does not inherit that unless it starts inside."""

    cpu: int | None
    before: set[int] = field(default_factory=set)

    def __enter__(self) -> None:
        self.before = os.sched_getaffinity(0)
        if self.cpu is not None:
            os.sched_setaffinity(0, {self.cpu})

    def __exit__(self, *exc: object) -> None:
        os.sched_setaffinity(0, self.before)


# ------------------------------------------------------------------------------------------------------ conditions


def conditions(arguments: Sequence[str]) -> dict[str, Any]:
    """Machine, commit, build and command; a figure without them is worth nothing."""
    return {
        "command": " ".join(["python -m tests.bench", *arguments]),
        "commit": commit(),
        "machine": f"{cpu_name()}, {os.cpu_count()} cores, Linux {platform.release()}",
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "build": build_flags(),
    }


def cpu_name() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1].strip() if found else platform.machine()


def commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    head = git("rev-parse", "--short=12", "HEAD")
    if not head:
        return "unknown"
    return f"{head} with changes" if git("status", "--porcelain", "--untracked-files=no") else head


_PRODUCER = re.compile(rb"GNU C\d+ [\d.]+ ([^\0]*)")
_NOT_FOR_FIGURES = {
    "sanitizer": rb"__asan_init|__ubsan_handle",
    "tracing": rb"__Pyx_call_line_trace_func",
}


def compiled_modules() -> Iterator[Path]:
    for package in ("engine", "gateway"):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            yield from sorted(Path(place).rglob("*.so"))


def build_flags() -> str:
    """The compiler's switches as the modules' debug information tells them.

    Raises Refused when a module is missing, or is of a build whose figures mean nothing.
    """
    seen: set[str] = set()
    for path in compiled_modules():
        content = path.read_bytes()
        for flavour, mark in _NOT_FOR_FIGURES.items():
            if re.search(mark, content):
                raise Refused(f"{path.name} is a {flavour} build: `make build` and try again")
        producer = _PRODUCER.search(content)
        flags = producer[1].decode() if producer else "unknown"
        level = re.findall(r"-O\w+", flags)
        if level and level[-1] not in ("-O2", "-O3"):
            raise Refused(f"{path.name} was compiled with {level[-1]}: `make build` and try again")
        seen.add(" ".join(word for word in flags.split() if re.match(r"-(?:O|march=|mtune=|flto)", word)))
    if not seen:
        raise Refused("nothing is compiled: `make build` first")
    return " | ".join(sorted(seen))


def describe(facts: Mapping[str, Any]) -> str:
    return "\n".join(f"{name.replace('_', ' '):13}{value}" for name, value in facts.items())


def say(text: str) -> None:
    """Progress, beside the results: they alone go to standard output."""
    print(text, file=sys.stderr, flush=True)
