"""From settings to the parts of the engine room: for `app` and the commands that open one.

Beside `app`, the command line's modules and this one nobody in the gateway sees the engine room.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.api import Engine, EngineLimits, load_engine
from gateway.config import ProcessFile, Settings


def engine_limits(process: ProcessFile) -> EngineLimits:
    """The capacities of the configuration as the engine takes them."""
    return EngineLimits(**msgspec.structs.asdict(process.engine.limits))


def matcher_libraries(settings: Settings) -> dict[str, str]:
    """[matchers]: name to the path of its library."""
    base = settings.path.resolve().parent
    return {name: str(base / library) for name, library in settings.process.matchers.items()}


def engine_factory(settings: Settings) -> Callable[[EngineLimits], Engine]:
    """Makes fresh engines as configured, with the capacities asked for. It raises UnknownPluginError."""
    name, libraries = settings.process.engine.name, matcher_libraries(settings)
    return lambda limits: load_engine(name, limits, libraries)


def journal_directory(data: Path) -> Path:
    """Of the journal's segments, below the data directory."""
    return data / "journal"


def events_directory(data: Path) -> Path:
    """Of the event log, which can be deleted while the venue is down: it is rebuilt."""
    return data / "events"


def snapshots_directory(data: Path) -> Path:
    """Of the snapshots."""
    return data / "snapshots"
