"""What a reader of the repository must not find in it."""

import re
from pathlib import Path

import pytest

from tests.source.tree import ROOT, files, relative

SELF = Path(__file__).resolve()
TEXT = {
    "",
    ".py",
    ".pyi",
    ".pyx",
    ".pxd",
    ".h",
    ".c",
    ".cpp",
    ".md",
    ".toml",
    ".xml",
    ".txt",
    ".csv",
    ".cfg",
    ".yml",
    ".yaml",
}
READ = [p for p in files() if p.suffix in TEXT and p != SELF]

PATTERNS = {
    "a path of somebody's machine": r"(?<![\w.})*])/(?:home|root|Users|work|tmp|workspace)/\w",
    "a package index": r"--(?:extra-)?index-url|\bpypi\.\w+\b|\bpythonhosted\b",
    "work that was left": r"\b(?:TODO|FIXME|XXX|HACK|WIP)\b|(?i:lorem ipsum|not implemented yet)",
    "a key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b",
    "a merge that was not finished": r"^(?:<{7}|>{7}|={7})(?: |$)",
}


@pytest.mark.parametrize("what", PATTERNS)
def test_nothing_foreign(what: str) -> None:
    pattern = re.compile(PATTERNS[what], re.M)
    found = []
    for path in READ:
        for match in pattern.finditer(path.read_text(errors="replace")):
            line = path.read_text(errors="replace").count("\n", 0, match.start()) + 1
            found.append(f"{relative(path)}:{line}: {match.group()}")
    assert not found, what


def test_the_patterns_find_what_they_should() -> None:
    samples = ["see /home/jo/x", "pip install --index-url x", "# TODO later", "AKIA" + "A" * 16, "<<<<<<< HEAD"]
    assert all(re.search(p, s, re.M) for p, s in zip(PATTERNS.values(), samples, strict=True))
    assert not re.search(PATTERNS["a path of somebody's machine"], "docs/work/x and {base}/tmp/y")


def test_text_is_clean() -> None:
    for path in READ:
        if path.suffix == ".csv":
            continue
        text = path.read_text()
        assert "\r" not in text, relative(path)
        assert not text or text.endswith("\n"), f"{relative(path)} does not end with a newline"


def test_nothing_big_is_kept() -> None:
    big = [(relative(p), p.stat().st_size) for p in files() if p.stat().st_size > 3_000_000]
    assert not big


def test_ci_runs_the_readme_command() -> None:
    run = ROOT / ".ci" / "run"
    if not run.exists():
        pytest.skip("a copy of the tree without .ci")
    assert run.stat().st_mode & 0o111
    assert "make test" in run.read_text()
    assert "make test" in (ROOT / "README.md").read_text()
