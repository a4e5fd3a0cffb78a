"""The command line, `perpgate COMMAND ...` or `python -m gateway COMMAND ...`: a module of `gateway.commands` each.

Only the module of the command that was asked for is imported. Exit codes are in `gateway.commands.outcome`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from gateway.commands.outcome import EPILOG, ExitCode, Refusal, refuse

COMMANDS = {  # name -> what it does; `-` becomes `_` in the module's name
    "serve": "starts the venue and runs it until it is told to stop",
    "demo": "starts a venue, trades real order flow through it, kills it, recovers",
    "check-config": "reads the configuration and says what is wrong with it",
    "replay": "computes the state and its hash from a journal, at any command or time",
    "inspect": "prints the commands and events of an order, an account, a session or a range",
    "load": "sends orders at a rate or as fast as they are answered, and measures",
    "operator": "runs a venue from its operators' door: limits, kill switch, halts, money, four eyes",
    "explain": "says why an order, an account, a liquidation is what it is, at any past moment",
    "snapshot": "makes a snapshot from a journal, once or beside a running venue",
    "hash-password": "makes the password_hash of a session",
    "fix": "talks FIX to a venue as a participant: client, certification, dictionaries",
}


class Command(Protocol):
    """What a module of `gateway.commands` has."""

    DESCRIPTION: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""

    def run(self, options: argparse.Namespace) -> int:
        """Does it; returns the exit code. Raises Refusal."""


def load_command(name: str) -> Command:
    """The module of a command."""
    return cast(Command, importlib.import_module(f"gateway.commands.{name.replace('-', '_')}"))


def build_parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser with the arguments of the chosen command; of the others it knows the names alone."""
    parser = argparse.ArgumentParser(
        prog="perpgate",
        description="An institutional gateway and matching core for perpetual futures.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        sub = subparsers.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name == chosen:
            command = load_command(name)
            sub.description = command.DESCRIPTION
            sub.epilog = EPILOG
            command.configure(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    options = build_parser(chosen).parse_args(arguments)
    try:
        return load_command(options.command).run(options)
    except Refusal as refusal:
        return refuse(refusal, as_json=getattr(options, "json", False))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # `perpgate inspect ... | head`
        sys.stderr.close()
        return ExitCode.OK


if __name__ == "__main__":
    raise SystemExit(main())
