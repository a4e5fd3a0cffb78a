"""The process beside the venue that follows its journal and writes snapshots (ADR 0008). Kept alive by `app`.

It is started with a pipe as its standard input and ends when that closes, so it never outlives the venue, also when
that was killed. When it dies it is started again, later each time: the venue does not need it to trade, only to start
quickly.
"""

from __future__ import annotations

import asyncio
import os
import sys

import structlog

from gateway.config import Settings

START_DELAY_S = 5.0  # at most: the first moments after a start belong to the participants who come back
RESTART_S = 1.0
RESTART_S_MAX = 300.0


def follower_command(settings: Settings) -> list[str]:
    """`perpgate snapshot` of this venue."""
    snapshot = settings.process.snapshot
    return [
        sys.executable, "-m", "gateway", "snapshot", str(settings.data_directory), "--follow", "--with-parent",
        "--interval", str(snapshot.interval_s), "--keep", str(snapshot.keep), "--config", str(settings.path),
        "--engine", settings.process.engine.name,
    ]  # fmt: skip


class SnapshotProcess:
    """`start()` on a running loop; `await stop()`."""

    def __init__(self, settings: Settings) -> None:
        self._command = follower_command(settings)
        self._start_delay_s = min(START_DELAY_S, settings.process.snapshot.interval_s / 2)
        self._cpus = os.sched_getaffinity(0)  # before the venue's loop is bound to a core, which is not for others
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("snapshots")

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep_alive())

    async def stop(self) -> None:
        """Ends it at once: a snapshot that it is writing has no name yet, and the venue will write a newer one."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _keep_alive(self) -> None:
        delay_s = RESTART_S
        await asyncio.sleep(self._start_delay_s)
        while True:
            started_s = asyncio.get_running_loop().time()
            ended = await self._run_once()
            lived_s = asyncio.get_running_loop().time() - started_s
            delay_s = RESTART_S if lived_s > RESTART_S_MAX else min(2 * delay_s, RESTART_S_MAX)
            self._log.error("snapshot_process_ended", reason=ended, again_after_s=delay_s)
            await asyncio.sleep(delay_s)

    async def _run_once(self) -> str:
        """Until it ends; why it did. In a session of its own, for the terminal's Ctrl-C means the venue alone."""
        cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self._cpus)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=sys.stderr, start_new_session=True
            )
        except OSError as error:
            return str(error)
        finally:
            os.sched_setaffinity(0, cpus)
        return f"exit code {await self._process.wait()}"
