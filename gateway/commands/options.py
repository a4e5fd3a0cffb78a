"""What several commands take as arguments, and the files that the repository ships for them."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.records import parse_e8
from gateway.commands.outcome import Refusal
from gateway.config import ConfigError, Settings, load_settings

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


def whole_number(text: str) -> int:
    """An argument of 1 or more; `1_000` is taken too."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
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
