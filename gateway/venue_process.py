"""A venue in a process of its own, for whoever needs one to talk to: the demo, load runs, conformance and crash tests.

Starts `python -m gateway serve --json`, waits for the line that says it is ready (never for a time to pass), kills or
stops it; when this process dies the venue stops by itself. Blocking; on an event loop call it in a thread.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
LOG_TAIL_BYTES = 4_000


class VenueProcessError(Exception):
    """It did not start, stop or speak as it should; the text has the end of its log."""


class VenueProcess:
    """One running `serve`. `ready` is its first line: port, process id, recovered seq, state hash and times."""

    def __init__(self, process: subprocess.Popen[bytes], log_path: Path) -> None:
        self._process = process
        self._log_path = log_path
        self._pending = b""
        self.ready: dict[str, Any] = {}

    @classmethod
    def start(
        cls,
        config: Path,
        *,
        log_path: Path,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        timeout_s: float = START_TIMEOUT_S,
    ) -> VenueProcess:
        """Starts it and waits until it is ready. Its log is appended to `log_path`.

        Raises VenueProcessError when it ends before or is not ready in time.
        """
        command = [sys.executable, "-m", "gateway", "serve", str(config), "--json", "--with-parent", *arguments]
        with log_path.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )
        venue = cls(process, log_path)
        try:
            venue.ready = venue.wait_for("ready", timeout_s)
        except BaseException:
            venue.kill()
            raise
        return venue

    @property
    def port(self) -> int:
        """The binary door's."""
        return int(self.ready["binary_port"])

    @property
    def fix_port(self) -> int:
        """The FIX door's; 0 without one."""
        return int(self.ready["fix_port"])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def wait_for(self, event: str, timeout_s: float) -> dict[str, Any]:
        """The next line of that event; lines of others are passed over. Raises VenueProcessError."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            line = self._read_line(deadline_s, event)
            message: dict[str, Any] = json.loads(line)
            if message.get("event") == event:
                return message

    def kill(self) -> None:
        """SIGKILL, and waits until it is gone."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def close_input(self) -> None:
        """What it sees when this process dies: it stops in order."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def wait(self, timeout_s: float) -> int:
        """Waits until it ends by itself; the exit code. Raises VenueProcessError."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise self._error(f"did not end within {timeout_s:.0f} s") from None

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> dict[str, Any]:
        """SIGTERM, and waits for the orderly end; its last line, with seq and state hash. Raises VenueProcessError."""
        self._process.send_signal(signal.SIGTERM)
        try:
            stopped = self.wait_for("stopped", timeout_s)
            code = self.wait(timeout_s)
        finally:
            self.kill()
        if code != 0:
            raise self._error(f"stopped with exit code {code}")
        return stopped

    def _read_line(self, deadline_s: float, event: str) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None
        while b"\n" not in self._pending:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not select.select([stdout], [], [], left_s)[0]:
                raise self._error(f"did not say {event!r} in time")
            data = os.read(stdout.fileno(), 65_536)
            if not data:
                raise self._error(f"ended with exit code {self._process.wait()} before it said {event!r}")
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _error(self, what: str) -> VenueProcessError:
        try:
            tail = self._log_path.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "replace")
        except OSError:
            tail = ""
        return VenueProcessError(f"the venue (process {self.pid}) {what}; the end of its log:\n{tail}")
