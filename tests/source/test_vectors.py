"""Each test vector of the venue's rulebook, TV-01 to TV-36, is a test that names it."""

from __future__ import annotations

import re

from tests.source.tree import ROOT

VECTORS = {f"{number:02}" for number in range(1, 37)}


def test_every_vector_has_a_test() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "tests" / "unit").glob("test_*.py"))
    names = re.findall(r"^def (test_tv_\w+)\(", text, re.M)
    named = {number for name in names for number in re.findall(r"(?:^test_tv_|_and_)(\d\d)(?=_|$)", name)}
    assert not sorted(VECTORS - named), "no test is named after them"
