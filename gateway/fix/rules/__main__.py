"""python -m gateway.fix.rules --write | --check: the files that are made of the table of rules."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.fix.rules.write_docs import certification_page, pages
from gateway.fix.rules.write_tags import tags_pxd
from gateway.fix.rules.write_xml import dictionaries

ROOT = Path(__file__).resolve().parents[3]


def generated() -> dict[Path, str]:
    """Path to text of every generated file."""
    files = {ROOT / "config" / "fix" / name: text for name, text in dictionaries().items()}
    files.update({ROOT / "docs" / "fix" / name: text for name, text in pages().items()})
    certification = ROOT / "docs" / "fix" / "certification.md"
    files[certification] = certification_page(certification.read_text())
    files[ROOT / "cython" / "gateway" / "fix" / "tags.pxd"] = tags_pxd()
    return files


def main(argv: list[str]) -> int:
    if argv == ["--write"]:
        for path, text in generated().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
        return 0
    if argv == ["--check"]:
        stale = [path for path, text in generated().items() if not path.exists() or path.read_text() != text]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run `make gen`")
        return 1 if stale else 0
    print("usage: python -m gateway.fix.rules --write | --check")
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
