"""`perpgate fix`: the participant kit on the command line; what it does is in `gateway.fix.kit`."""

from __future__ import annotations

import argparse

from gateway.commands.outcome import ExitCode, Refusal
from gateway.fix.kit import cli
from gateway.fix.kit.endpoint import KitError, VenueUnreachable

DESCRIPTION = cli.DESCRIPTION


def configure(parser: argparse.ArgumentParser) -> None:
    cli.configure(parser)


def run(options: argparse.Namespace) -> int:
    try:
        return ExitCode.OK if cli.run(options) else ExitCode.NO
    except VenueUnreachable as error:
        raise Refusal(str(error), ExitCode.UNAVAILABLE) from None
    except KitError as error:
        raise Refusal(str(error)) from None
