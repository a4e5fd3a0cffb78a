"""What several commands take as arguments, and the files that the repository ships for them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engine.api import load_engine
from engine.journal_format import JournalError
from engine.records import parse_e8
from engine.recovery import MakeEngine
from engine.segments import SegmentFiles
from gateway.commands.outcome import Refusal
from gateway.config import Settings, load_settings
from gateway.config_types import ConfigError
from gateway.engine_room import journal_directory, matcher_libraries
from gateway.record_text import parse_time

SHIPPED = Path(__file__).resolve().parents[2] / "config"


def shipped(name: str, option: str) -> Path:
    """A file of the repository's config directory. Raises Refusal when perpgate was installed without it."""
    path = SHIPPED / name
    if not path.is_file():
        raise Refusal(f"{path} is not there: run from a checkout of the repository, or name a file with {option}")
    return path


def add_config(parser: argparse.ArgumentParser, what: str) -> None:
    """The --config option with the demo's file as default."""
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"process file: {what} (default: config/demo.toml)")


def read_settings(path: Path | None) -> Settings:
    """The settings of `path`, or of the shipped demo. Raises Refusal."""
    try:
        return load_settings(path or shipped("demo.toml", "--config"))
    except ConfigError as error:
        raise Refusal(str(error)) from None


def override(
    settings: Settings,
    *,
    data: Path | None = None,
    listen: str | None = None,
    listen_fix: str | None = None,
    durability: str | None = None,
    engine: str | None = None,
    busy_poll: bool | None = None,
) -> Settings:
    """The settings with what the command line says instead; None leaves the file's."""

    def put(table: Any, **values: Any) -> Any:
        given = {name: value for name, value in values.items() if value is not None}
        return msgspec.structs.replace(table, **given)

    process = settings.process
    process = put(
        process,
        listen=put(process.listen, binary=listen, fix=listen_fix),
        journal=put(process.journal, durability=durability),
        engine=put(process.engine, name=engine),
        loop=put(process.loop, busy_poll=busy_poll),
    )
    changed: Settings = put(settings, process=process, data_directory=data)
    return changed


def whole_number(text: str) -> int:
    """An argument of 1 or more; `1_000` is taken too."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return value


def seconds(text: str) -> float:
    """A duration above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def decimal_e8(text: str) -> int:
    """A price above 0 in decimal text, in units of 1e-8."""
    try:
        value_e8 = parse_e8(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if value_e8 < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value_e8


def instant(text: str) -> int:
    """A time in nanoseconds since 1970."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; write 2026-11-24T10:00:00Z, or nanoseconds since 1970") from None


# ------------------------------------------------------------------------------------------ a data directory


@dataclass(frozen=True, slots=True)
class Data:
    """A venue's data directory, to be read."""

    directory: Path
    journal: Path
    make_engine: MakeEngine


def add_data(parser: argparse.ArgumentParser) -> None:
    """The arguments of commands that read a venue's data directory; `open_data` evaluates them."""
    parser.add_argument("directory", type=Path, help="data directory of a venue (data.directory of its process file)")
    parser.add_argument("--engine", metavar="NAME", help="engine to use (default: the one that wrote the journal last)")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="process file; needed when instruments use [matchers] of its"
    )


def open_data(options: argparse.Namespace) -> Data:
    """Raises Refusal when there is no journal."""
    journal = journal_directory(options.directory)
    libraries = matcher_libraries(read_settings(options.config)) if options.config else {}
    try:
        heads = [segment.head for segment in SegmentFiles(journal).scan() if segment.head is not None]
    except (JournalError, OSError) as error:
        raise Refusal(str(error)) from None
    if not heads:
        raise Refusal(f"{options.directory} is no data directory of a venue: {journal} holds no journal")
    name = options.engine or heads[-1].writer.engine.name
    return Data(options.directory, journal, lambda limits: load_engine(name, limits, libraries))
