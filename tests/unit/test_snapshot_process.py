"""gateway.snapshot_process: the follower is kept alive, later each time, and never outlives its keeper."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway import snapshot_process
from gateway.config import load_settings
from gateway.snapshot_process import SnapshotProcess, follower_command

CONFIG = Path(__file__).resolve().parents[2] / "config" / "demo.toml"
SETTINGS = load_settings(CONFIG)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_process, "START_DELAY_S", 0.0)
    monkeypatch.setattr(snapshot_process, "RESTART_S", 0.01)


def kept(command: list[str]) -> SnapshotProcess:
    made = SnapshotProcess(SETTINGS)
    made._command = command
    return made


def test_it_is_the_command_of_this_venue() -> None:
    command = follower_command(SETTINGS)
    assert command[:5] == [sys.executable, "-m", "gateway", "snapshot", str(SETTINGS.data_directory)]
    assert command[command.index("--interval") + 1] == "10"
    assert {"--follow", "--with-parent"} <= set(command)


@pytest.mark.parametrize(
    ("command", "reason"),
    [([sys.executable, "-c", "raise SystemExit(9)"], "exit code 9"), (["/nowhere/python"], "No such file")],
)
def test_one_that_ends_is_started_again_later_each_time(command: list[str], reason: str) -> None:
    async def scenario() -> list[float]:
        follower = kept(command)
        with capture_logs() as logs:
            follower.start()
            while len(logs) < 3:
                await asyncio.sleep(0.01)
            await follower.stop()
        assert all(reason in entry["reason"] for entry in logs)
        return [entry["again_after_s"] for entry in logs[:3]]

    assert asyncio.run(asyncio.wait_for(scenario(), 60)) == [0.02, 0.04, 0.08]


def test_it_is_not_bound_to_the_venues_core() -> None:
    before = os.sched_getaffinity(0)

    async def scenario() -> None:
        follower = kept([sys.executable, "-c", "import time; time.sleep(600)"])
        os.sched_setaffinity(0, {min(before)})
        follower.start()
        while follower._process is None:
            await asyncio.sleep(0.01)
        assert os.sched_getaffinity(follower._process.pid) == before
        assert os.sched_getaffinity(0) == {min(before)}
        await follower.stop()

    try:
        asyncio.run(asyncio.wait_for(scenario(), 60))
    finally:
        os.sched_setaffinity(0, before)


def test_stop_ends_it_and_leaves_nothing() -> None:
    async def scenario() -> None:
        follower = kept([sys.executable, "-c", "import time; time.sleep(600)"])
        follower.start()
        while follower._process is None:
            await asyncio.sleep(0.01)
        pid = follower._process.pid
        await follower.stop()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    asyncio.run(asyncio.wait_for(scenario(), 60))
