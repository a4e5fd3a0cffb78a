"""Compares two engines on fresh random commands for as long as one likes.

    python -m tests.property.diff --seconds 60 --jobs 2 [--seed N] [--shape NAME] [--risk-kinds PARTS] [--json]

Sequences are numbered from the seed on, so `--seed N --sequences 1` repeats sequence N alone. A difference is shrunk
and printed as a scenario that can be pasted into a test; the exit code is then 1. An engine that takes its process with
it (a broken invariant, a crash) is a difference like others.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from engine.api import EngineLimits
from tests.engines import ENGINES
from tests.property.judge import Check, Difference, Judge, Restores, split_records
from tests.property.risk_shapes import PARTS, parts_of
from tests.property.sequences import AllSequences, RiskSequences

SEQUENCE_COMMANDS = 4_000
REPORT_SECONDS = 5.0


@dataclass
class Worker:
    """A process that runs one sequence after the other; `seed` is the one it is at."""

    process: Any
    pipe: Connection
    seed: int


def work(pipe: Connection, judge: Judge, commands: int, shape: str) -> None:
    """Takes seeds from the pipe and answers each with the difference that it found, or None."""
    while True:
        seed = pipe.recv()
        if seed is None:
            return
        pipe.send(judge.run(seed, commands, shape))


class Run:
    def __init__(self, judge: Judge, commands: int, shape: str, first_seed: int) -> None:
        self._judge = judge
        self._commands = commands
        self._shape = shape
        self._next_seed = first_seed
        self._context = multiprocessing.get_context("spawn")
        self.sequences = 0
        self.failed: tuple[int, Difference | None] | None = None  # seed and what was seen; None: the process died

    def go(self, jobs: int, seconds: float, sequences: int, report: bool) -> None:
        """Until the time is up, as many sequences are done, or one fails."""
        begun = time.monotonic()
        reported = begun
        workers = [self._start() for _ in range(jobs)]
        given = len(workers)
        while workers and self.failed is None:
            for pipe in wait([worker.pipe for worker in workers], timeout=1.0):
                worker = next(w for w in workers if w.pipe is pipe)
                self._take_result(worker)
                if self.failed is None and time.monotonic() - begun < seconds and given < sequences:
                    self._give(worker)
                    given += 1
                else:
                    workers.remove(worker)
                    self._stop(worker)
            if report and time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                rate = self.sequences * self._commands / (reported - begun)
                print(f"{self.sequences} sequences, {rate:,.0f} commands/s, at seed {self._next_seed - 1}", flush=True)
        for worker in workers:
            self._stop(worker)

    def _start(self) -> Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(theirs, self._judge, self._commands, self._shape))
        process.start()
        theirs.close()
        worker = Worker(process, ours, 0)
        self._give(worker)
        return worker

    def _give(self, worker: Worker) -> None:
        worker.seed = self._next_seed
        self._next_seed += 1
        worker.pipe.send(worker.seed)

    def _take_result(self, worker: Worker) -> None:
        try:
            difference = worker.pipe.recv()
        except EOFError:
            self.failed = worker.seed, None
            return
        if difference is not None:
            self.failed = worker.seed, difference
        self.sequences += 1

    def _stop(self, worker: Worker) -> None:
        worker.pipe.close()
        worker.process.terminate()
        worker.process.join()


class Apart:
    """`judge.check` in another process, which may die of it: that is a difference, and the next call gets a new one."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._pipe: Any = None

    def __call__(self, limits: EngineLimits, records: list[bytes], restores: Restores) -> Difference | None:
        if self._process is None:
            self._pipe, theirs = self._context.Pipe()
            self._process = self._context.Process(target=_check_all, args=(theirs, self._judge), daemon=True)
            self._process.start()
            theirs.close()
        self._pipe.send((limits, records, restores))
        try:
            what = self._pipe.recv()
        except EOFError:
            what = f"the process ended with {self.close()}"
        return Difference(what, limits, records) if what else None

    def close(self) -> int | None:
        """Ends the process; returns its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        self._pipe.close()
        process.join()
        return int(process.exitcode)


def _check_all(pipe: Connection, judge: Judge) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the same last words again and again
    while True:
        try:
            found = judge.check(*pipe.recv())
        except EOFError:
            return
        pipe.send(found.what if found else "")


def first_death(judge: Judge, check: Check, seed: int, commands: int, shape: str) -> Difference:
    """The sequence of a seed that ended its process, cut behind the command that did it."""
    generator = judge.generate(seed, shape)
    records = split_records([generator.take(commands)])
    shortest, longest = 0, len(records)
    while longest - shortest > 1:
        middle = (shortest + longest) // 2
        if check(generator.limits, records[:middle], Restores.NEVER) is None:
            shortest = middle
        else:
            longest = middle
    return Difference("an engine ended its process", generator.limits, records[:longest])


def explain(judge: Judge, seed: int, seen: Difference | None, commands: int, shape: str) -> Difference:
    """The difference, shrunk."""
    if seen is not None:
        return judge.shrink(seen)
    apart = Apart(judge)
    try:
        return judge.shrink(first_death(judge, apart, seed, commands, shape), seconds=200.0, check=apart)
    finally:
        apart.close()


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.property.diff", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--seed", type=int, help="number of the first sequence; random when not given")
    parser.add_argument("--sequences", type=int, default=sys.maxsize, help="at most so many")
    parser.add_argument("--commands", type=int, default=SEQUENCE_COMMANDS, help="per sequence")
    parser.add_argument("--shape", default="", help="only sequences of this shape")
    parser.add_argument(
        "--risk-kinds", help=f"only sequences with money, of these parts: all, or some of {', '.join(PARTS)}"
    )
    parser.add_argument("--engines", default="core,reference", help="the two, separated by a comma")
    parser.add_argument("--json", action="store_true", help="the result as one JSON object")
    options = parser.parse_args(argv)
    one, _, two = options.engines.partition(",")
    try:
        generate = RiskSequences(parts_of(options.risk_kinds)) if options.risk_kinds else AllSequences()
    except ValueError as error:
        parser.error(str(error))
    if options.shape and options.shape not in generate.names:
        parser.error(f"no shape {options.shape!r}: there are {', '.join(generate.names)}")
    options.judge = Judge(one, two, generate=generate)
    if one == "core" and one not in ENGINES:
        parser.error("this tree has no compiled engine; --engines reference,reference tries the generator alone")
    return options


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    if not options.json:
        pair = f"{options.judge.one} against {options.judge.two}"
        print(f"{pair}, sequences of {options.commands} commands, first seed {seed}")
    begun = time.monotonic()
    run = Run(options.judge, options.commands, options.shape, seed)
    run.go(min(options.jobs, options.sequences), options.seconds, options.sequences, not options.json)
    elapsed = time.monotonic() - begun
    result: dict[str, Any] = {
        "engines": [options.judge.one, options.judge.two],
        "first_seed": seed,
        "sequences": run.sequences,
        "commands": run.sequences * options.commands,
        "seconds": round(elapsed, 1),
        "commands_per_second": round(run.sequences * options.commands / elapsed),
        "difference": None,
    }
    if run.failed is not None:
        failed_seed, seen = run.failed
        if not options.json:
            print(f"seed {failed_seed}: {seen.what if seen else 'the process ended'}; shrinking", flush=True)
        found = explain(options.judge, failed_seed, seen, options.commands, options.shape)
        scenario = options.judge.scenario(found)
        result["difference"] = {"seed": failed_seed, "what": found.what, "scenario": scenario}
    if options.json:
        print(json.dumps(result))
    else:
        print_result(result)
    return 0 if result["difference"] is None else 1


def print_result(result: dict[str, Any]) -> None:
    difference = result["difference"]
    print(
        f"{result['sequences']} sequences, {result['commands']:,} commands in {result['seconds']} s "
        f"({result['commands_per_second']:,}/s): " + ("no difference" if difference is None else "they differ")
    )
    if difference is not None:
        print(f"seed {difference['seed']}: {difference['what']}\n\n{difference['scenario']}")


if __name__ == "__main__":
    sys.exit(main())
