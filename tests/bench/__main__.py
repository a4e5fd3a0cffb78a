"""`python -m tests.bench [--json] [--rounds N] [--cpu N] [--flow FILE] [names...]`: benchmarks beside their targets.

Without names all of them run. Progress goes to standard error, results to standard output. Exit code 0, 2 for a wrong
argument, 3 when this build or machine cannot give figures; a target that is not kept is no error: it is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.bench import engine, fix, journal, matching, pulse, venue  # noqa: F401 - they register their benchmarks
from tests.bench.harness import BENCHMARKS, Options, Refused, conditions, describe, say

EXIT_REFUSED = 3


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Benchmarks beside their targets.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--rounds", type=int, default=5, help="of every measurement; medians are reported (default 5)")
    last_core = max(os.sched_getaffinity(0))
    parser.add_argument("--cpu", type=int, default=last_core, help="core of single-threaded measurements")
    parser.add_argument("--flow", type=Path, help="an order flow file instead of the shipped sample")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    if options.rounds < 1:
        parser.error("--rounds has to be at least 1")
    return options


def main(arguments: list[str]) -> int:
    parsed = parse(arguments)
    options = Options(rounds=parsed.rounds, cpu=parsed.cpu, flow=parsed.flow)
    results: dict[str, Any] = {}
    try:
        facts = conditions(arguments)
        if not parsed.json:
            print(describe(facts), end="\n\n", flush=True)
        for name in parsed.names or BENCHMARKS:
            say(f"-- {name}")
            report = BENCHMARKS[name](options)
            results[name] = report.as_json()
            if not parsed.json:
                print(report.text(), flush=True)
    except Refused as reason:
        print(f"no figures: {reason}", file=sys.stderr)
        return EXIT_REFUSED
    if parsed.json:
        print(json.dumps({"conditions": facts, "benchmarks": results}, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
