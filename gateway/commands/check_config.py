"""`perpgate check-config FILE`: reads the three configuration files and says what is wrong, or what they hold."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.api import UnknownPluginError, load_engine, load_matcher
from gateway.bootstrap import instrument_fields
from gateway.commands.options import engine_limits
from gateway.commands.outcome import ExitCode, Refusal, add_json, print_json, print_pairs
from gateway.config import ConfigError, Settings, load_settings

DESCRIPTION = """Reads a process file and the market and participants files that it names, as `serve` would, and checks
every key, range and reference, that engine and matchers exist, and nothing else: no directory is made, no port taken."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="process file, such as config/demo.toml")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    try:
        settings = load_settings(options.file)
    except ConfigError as error:
        raise Refusal(str(error)) from None
    findings = plugin_findings(settings)
    if findings:
        raise Refusal("\n".join(f"{settings.path}: {finding}" for finding in findings))
    summary = summarise(settings)
    if options.json:
        print_json({"event": "config_ok", **summary})
    else:
        print_pairs([(name.replace("_", " "), str(value)) for name, value in summary.items()], "The configuration is good.")
    return ExitCode.OK


def plugin_findings(settings: Settings) -> list[str]:
    """Engines and matchers that the configuration names and nobody provides."""
    findings = []
    process = settings.process
    try:
        load_engine(process.engine.name, engine_limits(process, smallest=True))
    except (UnknownPluginError, ImportError) as error:
        findings.append(f"engine.name: {error}")
    base = settings.path.resolve().parent
    for name in sorted({str(instrument_fields(item, settings.market)["matcher"]) for item in settings.market.instrument}):
        library = process.matchers.get(name)
        try:
            load_matcher(f"lib:{base / library}" if library is not None else name)
        except (UnknownPluginError, ImportError, OSError, ValueError) as error:
            findings.append(f"matcher {name!r}: {error}")
    return findings


def summarise(settings: Settings) -> dict[str, str | int]:
    """What was understood, for the reader to compare with what was meant."""
    process, parties = settings.process, settings.participants
    return {
        "process_file": str(settings.path),
        "market_file": str(settings.market_path),
        "participants_file": str(settings.participants_path),
        "data_directory": str(settings.data_directory),
        "binary_door": process.listen.binary,
        "tls": "on" if process.tls else "off",
        "durability": process.journal.durability,
        "engine": process.engine.name,
        "instruments": len(settings.market.instrument),
        "firms": len(parties.firm),
        "desks": len(parties.desk),
        "traders": len(parties.trader),
        "accounts": len(parties.account),
        "sessions": len(parties.session),
    }
