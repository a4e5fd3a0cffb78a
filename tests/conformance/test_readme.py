"""What the README shows works: its client program, against a venue that is started as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.__main__ import COMMANDS
from tests.live_venue import QUICK_IMPORTS, ROOT, live_venue

pytestmark = pytest.mark.conformance
README = (ROOT / "README.md").read_text()


def test_the_client_of_the_tour_trades(tmp_path: Path) -> None:
    [program] = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)
    with live_venue(tmp_path) as venue:
        venue.start()
        program = program.replace("7001", str(venue.port))
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=ROOT,
            env={**os.environ, **QUICK_IMPORTS},
        )
        venue.stop()
    assert done.returncode == 0, done.stderr
    assert re.search(r"^    ORDER_NEW order \d+\n    sold 25 left 75$", README, re.M)
    first, second = done.stdout.splitlines()
    assert first.startswith("ORDER_NEW order ")
    assert second == "sold 25 left 75"


def test_every_command_is_in_the_table() -> None:
    missing = [name for name in COMMANDS if f"| `perpgate {name}" not in README]
    assert not missing


def test_its_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "docs" / "operations.md"]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not broken
