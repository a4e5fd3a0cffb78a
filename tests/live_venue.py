"""A real venue for tests from outside: `serve` in a process of its own, on a free loopback port, in a fresh directory.

The configuration is the demo's, which the repository ships, with a test's changes. No test sleeps until a venue is up:
it says when it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.client import BinaryClient
from gateway.venue_process import VenueProcess

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "config"
ENGINE = "core"
QUICK_IMPORTS = {"PYTHONDONTWRITEBYTECODE": ""}  # compiling every module anew would double the time of a start
ONE = 10**8
CENT = 10**6
LOGINS = {  # user -> password, account and session
    "MAKER": ("maker-demo", 1),
    "TAKER": ("taker-demo", 2),
    "LOAD1": ("load-1", 3),
    "LOAD2": ("load-2", 4),
}


class LiveVenue:
    """A directory with a configuration and data, and the venue that runs on it now and then."""

    def __init__(self, directory: Path, **changes: Any) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.config = write_config(directory, **changes)
        self.process: VenueProcess | None = None
        self._port = 0

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Starts it, on the port that it had before; its `ready` line."""
        self.process = VenueProcess.start(
            self.config,
            log_path=self.directory / "venue.log",
            arguments=["--listen", f"127.0.0.1:{self._port}", *arguments],
            environment={**QUICK_IMPORTS, **(environment or {})},
        )
        self._port = self.process.port
        return self.process.ready

    @property
    def ready(self) -> dict[str, Any]:
        """The line that it said when it started last."""
        assert self.process is not None
        return self.process.ready

    @property
    def port(self) -> int:
        return self._port

    @property
    def log(self) -> str:
        return (self.directory / "venue.log").read_text()

    def kill(self) -> None:
        """SIGKILL, when it runs."""
        if self.process is not None:
            self.process.kill()
            self.process = None

    def stop(self) -> dict[str, Any]:
        """The orderly end; its `stopped` line."""
        assert self.process is not None
        stopped = self.process.stop()
        self.process = None
        return stopped

    def client(self, user: str, **options: Any) -> BinaryClient:
        return BinaryClient("127.0.0.1", self._port, user, LOGINS[user][0], **options)

    def replay(self, *arguments: str) -> dict[str, Any]:
        """The state that `perpgate replay` gives."""
        done = perpgate("replay", str(self.data), "--json", *arguments)
        assert done.returncode == 0, done.stderr
        state: dict[str, Any] = json.loads(done.stdout)
        return state


@contextmanager
def live_venue(directory: Path, **changes: Any) -> Iterator[LiveVenue]:
    """A venue that is not started yet; what runs at the end is killed."""
    venue = LiveVenue(directory, **changes)
    try:
        yield venue
    finally:
        venue.kill()


def write_config(
    directory: Path,
    *,
    engine: str = ENGINE,
    durability: str = "page-cache",
    segment_mib: int = 16,
    snapshot_interval_s: int = 0,
    market: str = "demo-market.toml",
    participants: str = "demo-participants.toml",
    **replace: str,
) -> Path:
    """The demo's process file in `directory`, data beside it. `replace`: a key of it (`queue_kib`) to its new value."""
    values = {
        "market": f'"{CONFIG / market}"',
        "participants": f'"{CONFIG / participants}"',
        "directory": '"data"',
        "durability": f'"{durability}"',
        "segment_mib": str(segment_mib),
        "name": f'"{engine}"',
        "interval_s": str(snapshot_interval_s),
        **replace,
    }
    lines = []
    for line in (CONFIG / "demo.toml").read_text().splitlines():
        key = line.partition(" = ")[0]
        lines.append(f"{key} = {values.pop(key)}" if key in values else line)
    assert not values, f"the demo's configuration has no {sorted(values)}"
    path = directory / "venue.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def perpgate(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command line as a user has it."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **{"env": {**os.environ, **QUICK_IMPORTS}, **options},
    )
