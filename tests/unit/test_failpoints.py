"""Points at which a test may kill a process, and nothing else can."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

from engine import failpoints
from engine._segment_io import FAILPOINTS
from tests.source.tree import ROOT, files


def test_nothing_is_armed_here() -> None:
    assert not failpoints.ARMED
    for name in failpoints.POINTS:
        failpoints.hit(name)
        assert not failpoints.is_due(name)
    assert failpoints.armed(*failpoints.POINTS) == ("", 0)


@pytest.mark.parametrize(
    "text",
    ["append-written", "append-written:1", "append-written:1:yes", "append-written:0:kill-9", "nowhere:1:kill-9",
     "append-written:x:kill-9", "append-written:1:kill-9:more", ":1:kill-9"],
)  # fmt: skip
def test_anything_but_the_whole_formula_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not understood: unset it, or write name:hits:kill-9"):
        failpoints.parse(text)


def test_the_formula_is_understood() -> None:
    assert failpoints.parse("") is None
    armed = failpoints.parse("snapshot-torn:12:kill-9")
    assert armed is not None
    assert (armed.name, armed.hits_left) == ("snapshot-torn", 12)


def run_python(code: str, armed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), failpoints.VARIABLE: armed},
    )  # fmt: skip


def test_the_armed_point_kills_at_its_hit() -> None:
    code = """
from engine import failpoints
assert failpoints.ARMED and failpoints.armed("batch-applied") == ("batch-applied", 3)
for n in range(9):
    failpoints.hit("batch-journaled")
    print(n, flush=True)
    failpoints.hit("batch-applied")
"""
    result = run_python(code, "batch-applied:3:kill-9")
    assert (result.returncode, result.stdout) == (-signal.SIGKILL, "0\n1\n2\n")


def test_a_value_that_is_not_understood_stops_the_start() -> None:
    result = run_python("import engine.failpoints", "batch-applied")
    assert result.returncode == 1
    assert "is not understood" in result.stderr


def test_every_point_is_somewhere_and_every_place_is_a_point() -> None:
    text = "\n".join(
        path.read_text()
        for path in files(".py", ".pyx", under=("engine", "cython"))
        if path.name not in ("failpoints.py",)
    )
    used = set(re.findall(r"failpoints\.(?:hit|is_due)\(\"([\w-]+)\"\)", text)) | set(FAILPOINTS)
    assert used == set(failpoints.POINTS)
