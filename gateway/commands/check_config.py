"""`perpgate check-config FILE`: reads the three configuration files and says what is wrong, or what they hold."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from engine.api import UnknownPluginError
from engine.records import COMMAND_SIZE
from engine.snapshot_records import parse_snapshot
from gateway.bootstrap import bootstrap_commands, refusals
from gateway.commands.outcome import ExitCode, Refusal, add_json, print_json, print_pairs
from gateway.config import Settings, load_settings
from gateway.config_types import ConfigError
from gateway.engine_room import engine_factory, engine_limits

DESCRIPTION = """\
Reads a process file and the market and participants files that it names, as `serve` does, and checks every key, range
and reference. Then a fresh engine is given all of it, to see that engine and matchers exist and refuse nothing. No
directory is made and no port taken."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="process file, such as config/demo.toml")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    try:
        settings = load_settings(options.file)
    except ConfigError as error:
        raise Refusal(str(error)) from None
    findings = try_out(settings)
    if findings:
        raise Refusal("\n".join(f"{settings.path}: {finding}" for finding in findings))
    summary = summarise(settings)
    if options.json:
        print_json({"event": "config_ok", **summary})
    else:
        pairs = [(name.replace("_", " "), str(value)) for name, value in summary.items()]
        print_pairs(pairs, "The configuration is good.")
    return ExitCode.OK


def try_out(settings: Settings) -> list[str]:
    """What a fresh engine of this configuration says against it."""
    try:
        engine = engine_factory(settings)(engine_limits(settings.process))
    except (UnknownPluginError, ImportError, ValueError, MemoryError) as error:
        return [f"engine: {error}"]
    findings = []
    for command in bootstrap_commands(settings.market, settings.participants, parse_snapshot(engine.snapshot())):
        record = bytearray(command)
        record[:8] = (engine.seq + 1).to_bytes(8, "little")
        record[8:16] = time.time_ns().to_bytes(8, "little")
        assert len(record) == COMMAND_SIZE
        findings += refusals(engine.apply(bytes(record)))
    return findings


def summarise(settings: Settings) -> dict[str, str | int]:
    """What was understood, for the reader to compare with what was meant."""
    process, parties = settings.process, settings.participants
    return {
        "process_file": str(settings.path),
        "market_file": str(settings.market_path),
        "participants_file": str(settings.participants_path),
        "data_directory": os.path.normpath(settings.data_directory),
        "binary_door": process.listen.binary,
        "fix_door": process.listen.fix or "off",
        "operator_door": process.listen.operator or "off",
        "tls": "on" if process.tls else "off",
        "durability": process.journal.durability,
        "engine": process.engine.name,
        "instruments": len(settings.market.instrument),
        "firms": len(parties.firm),
        "desks": len(parties.desk),
        "traders": len(parties.trader),
        "accounts": len(parties.account),
        "sessions": len(parties.session),
        "fix_sessions": len(parties.fix_session),
        "operators": len(parties.operator),
    }
