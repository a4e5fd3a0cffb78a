"""`perpgate fix client | certify | dictionaries`: arguments and output of the participant kit."""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

from gateway.fix.kit.certification import steps
from gateway.fix.kit.certification.context import Plan
from gateway.fix.kit.certification.run import Report, certify, line_of
from gateway.fix.kit.certification.step import Step
from gateway.fix.kit.client import Client
from gateway.fix.kit.endpoint import KitError, write_dictionaries
from gateway.fix.kit.initiator import Initiator, InitiatorOptions
from gateway.fix.kit.profile import add_session_options, endpoint_from, endpoint_of, read_profile
from gateway.fix.kit.script import HELP, ScriptError

DESCRIPTION = """The participant kit: a FIX client, the certification, and the dictionaries for an engine of your own.

client and QuickFIX's part of certify need the quickfix package: pip install 'perpgate[fix-kit]' compiles it, about 6
minutes on 2 cores."""
COD_TYPES = {"never": "0", "disconnect": "1", "logout": "2", "both": "3"}
IDLE_S = 0.1  # between looks for reports while nobody types
ANSWER_S = 0.05  # for the answer to a typed command to come before the next prompt
_PROMPT = "fix> "


# --------------------------------------------------------------------------------------------------- arguments


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the kit's subcommands."""
    commands = parser.add_subparsers(dest="fix_command", metavar="COMMAND", required=True)
    client = commands.add_parser(
        "client",
        help="connects as a participant: place, change, cancel, print reports; interactive or from a script",
        description="A FIX client on QuickFIX. Commands come from the terminal, or from a script:\n\n" + HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_session_options(client)
    client.add_argument("--script", metavar="FILE", help="run the commands of this file and end; - is standard input")
    client.add_argument("--store", type=Path, metavar="DIR", help="keep numbers here and go on from them the next time")
    client.add_argument("--reset", action="store_true", help="both sides begin with number 1 (default without --store)")
    client.add_argument("--next-expected", action="store_true", help="use NextExpectedMsgSeqNum (789)")
    client.add_argument("--cod", choices=COD_TYPES, help="cancel on disconnect (35002)")
    client.add_argument("--cod-grace-ms", type=int, metavar="N", help="wait before that cancel (35003)")
    client.add_argument("--snapshot", action="store_true", help="ask for the open orders at logon (20011)")
    client.add_argument("--wire", action="store_true", help="print messages as they go over the wire, too")
    client.add_argument("--json", action="store_true", help="print messages as JSON, one object per line")
    run = commands.add_parser(
        "certify",
        help="runs the certification against a venue and prints the report",
        description="Runs the numbered steps one after the other and prints what passed and what failed. Use it on a\n"
        "test venue: it enters and cancels orders, resets numbers and breaks rules on purpose.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_session_options(run)
    run.add_argument("--symbol", default="AAPL-USD", help="instrument to use (default: %(default)s)")
    run.add_argument("--price", metavar="P", help="a price near its market; resting orders stay 3 %% away from it")
    run.add_argument("--counterparty", type=Path, metavar="FILE", help="profile of a second session, to trade with")
    run.add_argument("--steps", metavar="LIST", help="only these, such as S,N03,O (default: all)")
    run.add_argument("--list", action="store_true", help="list the steps and end")
    run.add_argument("--wait-s", type=float, default=5.0, metavar="S", help="time for an answer (default: %(default)s)")
    run.add_argument("--output", type=Path, metavar="DIR", help="write the report as text and JSON, with all messages")
    run.add_argument("--json", action="store_true", help="print the report as JSON")
    files = commands.add_parser("dictionaries", help="writes the data dictionaries into a directory")
    files.add_argument("directory", type=Path)
    files.add_argument("--json", action="store_true", help="print the result as JSON")


# ----------------------------------------------------------------------------------------------------- running


def run(options: argparse.Namespace) -> bool:
    """Does it; false when the answer is no (a script or a step failed). Raises KitError."""
    command: Callable[[argparse.Namespace], bool] = {
        "client": run_client,
        "certify": run_certify,
        "dictionaries": run_dictionaries,
    }[options.fix_command]
    return command(options)


def run_dictionaries(options: argparse.Namespace) -> bool:
    paths = [str(path) for path in write_dictionaries(options.directory)]
    _print(json.dumps({"written": paths}) if options.json else "\n".join(f"wrote {path}" for path in paths))
    return True


def run_client(options: argparse.Namespace) -> bool:
    endpoint = endpoint_of(options)
    logon = [(35002, COD_TYPES[options.cod])] if options.cod else []
    logon += [(35003, str(options.cod_grace_ms))] if options.cod_grace_ms is not None else []
    logon += [(20011, "Y")] if options.snapshot else []
    with _store(options.store) as directory:
        settings = InitiatorOptions(
            directory, logon, reset=options.reset or options.store is None, next_expected=options.next_expected
        )
        initiator = Initiator(endpoint, settings)
        client = Client(
            initiator, endpoint, endpoint.dictionary(), _print, json.dumps, as_json=options.json, wire=options.wire
        )
        try:
            initiator.start()
            initiator.keep_numbers()  # a line that drops is picked up where it was
            client.show_logon()
            return _drive(client, options.script)
        finally:
            initiator.stop()


@contextmanager
def _store(directory: Path | None) -> Iterator[Path]:
    """The directory of QuickFIX's files; a temporary one when none was named."""
    if directory is not None:
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="perpgate-fix-") as temporary:
        yield Path(temporary)


def _drive(client: Client, script: str | None) -> bool:
    try:
        if script == "-":
            client.run_script(sys.stdin)
        elif script is not None:
            client.run_script(_lines(Path(script)))
        elif sys.stdin.isatty():
            _interactive(client, sys.stdin)
        else:
            client.run_script(sys.stdin)
    except ScriptError as error:
        print(f"perpgate: {error}", file=sys.stderr)
        return False
    client.pump(0.2)
    return True


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError as error:
        raise KitError(f"{path}: cannot be read: {error.strerror}") from None


def _interactive(client: Client, terminal: TextIO) -> None:
    """Commands from a terminal; reports are printed while it waits for the next one. Lines are read from the descriptor
    itself: behind Python's buffer a second pasted line would wait for the user to type a third."""
    _print("`help` lists the commands, `quit` ends")
    _prompt()
    typed = b""
    while not client.is_over:
        if not select.select([terminal], [], [], IDLE_S)[0]:
            if not client.line.said.empty():
                _print("")
                client.pump(0.0)
                _prompt()
            continue
        data = os.read(terminal.fileno(), 4_096)
        if not data:
            return
        *lines, typed = (typed + data).split(b"\n")
        for line in lines:
            _enter(client, line.decode("utf-8", "replace"))
            if client.is_over:
                return
            _prompt()


def _enter(client: Client, text: str) -> None:
    """One typed command; what is wrong with it is said and nothing ends."""
    try:
        client.execute(text)
    except ScriptError as error:
        _print(f"{error}")
    client.pump(ANSWER_S)


def run_certify(options: argparse.Namespace) -> bool:
    chosen = choose(steps(), options.steps)
    if options.list:
        for step in chosen:
            row = {"number": step.number, "title": step.title, "expectation": step.expectation}
            _print(json.dumps(row) if options.json else f"{step.number}  {step.title}: {step.expectation}")
        return True
    endpoint = endpoint_of(options)
    counterparty = endpoint_from(read_profile(options.counterparty)) if options.counterparty else None
    with tempfile.TemporaryDirectory(prefix="perpgate-fix-") as directory:
        plan = Plan(options.symbol, _price(options.price), Path(directory) / "quickfix", counterparty, options.wait_s)
        report = certify(endpoint, plan, chosen, lambda result: None if options.json else _print(line_of(result)))
    if options.output:
        _write_report(report, options.output)
    _print(
        json.dumps(report.to_dict()) if options.json else report.to_text().partition("\n\n")[2].rpartition("\n\n")[2]
    )
    return report.is_passed


def choose(all_steps: tuple[Step, ...], wanted: str | None) -> list[Step]:
    """The steps whose number begins with one of the comma-separated texts. Raises KitError when one fits none."""
    if not wanted:
        return list(all_steps)
    prefixes = [text.strip().upper() for text in wanted.split(",") if text.strip()]
    for prefix in prefixes:
        if not any(step.number.startswith(prefix) for step in all_steps):
            raise KitError(f"no step begins with {prefix!r}: --list shows them")
    return [step for step in all_steps if step.number.startswith(tuple(prefixes))]


def _price(text: str | None) -> Decimal:
    if text is None:
        raise KitError("give --price: a price near the instrument's market, which resting orders stay away from")
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal(0)
    if not price.is_finite() or price <= 0:
        raise KitError(f"--price {text}: write a number above 0")
    return price


def _write_report(report: Report, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    stamp = report.started.partition("+")[0].replace("-", "").replace(":", "")
    name = f"fix-certification-{report.session}-{stamp}"
    (directory / f"{name}.json").write_text(json.dumps(report.to_dict(), indent=1) + "\n")
    (directory / f"{name}.txt").write_text(report.to_text(with_wire=True))


def _prompt() -> None:
    sys.stdout.write(_PROMPT)
    sys.stdout.flush()


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
