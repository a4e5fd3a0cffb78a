"""The repository's files as the source tests see them, and just enough parsing of Cython for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {"cython/engine/records.pxd", "cython/engine/layouts.pxd"}
_SKIPPED = {"build", "dist", "var", "__pycache__", "htmlcov"}


def files(*suffixes: str, under: tuple[str, ...] = (".",)) -> list[Path]:
    """Files with one of the suffixes (all when none is given), sorted; nothing built, nothing hidden except .ci."""
    found: set[Path] = set()
    for start in under:
        found.update(_walk(ROOT / start))
    return sorted(p for p in found if not suffixes or p.suffix in suffixes)


def _walk(directory: Path) -> Iterator[Path]:
    if not directory.is_dir():
        return
    for path in directory.iterdir():
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name != ".ci"
            if not hidden and path.name not in _SKIPPED and path.suffix != ".egg-info":
                yield from _walk(path)
        elif not _is_built(path) and (not path.name.startswith(".") or path.name == ".gitignore"):
            yield path


def _is_built(path: Path) -> bool:
    if path.suffix in {".so", ".pyc"}:
        return True
    return path.suffix in {".c", ".html"} and (path.with_suffix(".pyx").exists() or path.parts[-3:-1] == ("cython",))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    """`engine/api.py` and `cython/engine/_book.pyx` by the names under which they are imported."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[0] == "cython":
        parts = parts[1:]
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


_TEXT = re.compile(
    r'[rbfuRBFU]{0,2}(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')|#[^\n]*',
    re.S,
)


def code_of(path: Path) -> str:
    """The text without comments and with empty strings, line numbers kept: for Cython, which `ast` does not read."""
    return _TEXT.sub(_blank, path.read_text())


def _blank(match: re.Match[str]) -> str:
    text = match.group()
    return "" if text.startswith("#") else '""' + "\n" * text.count("\n")


_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<base>[\w.]+)[ \t]+c?import[ \t]+(?P<names>\([^)]*\)|[^\n]+)"
    r"|c?import[ \t]+(?P<plain>[^\n]+))",
    re.M,
)


def imports(path: Path) -> set[str]:
    """Dotted names of everything a file imports or cimports; `from a import b` gives both `a` and `a.b`."""
    if path.suffix in {".pyx", ".pxd"}:
        return _cython_imports(code_of(path))
    found: set[str] = set()
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def _cython_imports(code: str) -> set[str]:
    found: set[str] = set()
    for match in _IMPORT.finditer(code):
        if match["base"]:
            found.add(match["base"])
            for name in re.split(r"[,\s()]+", re.sub(r"\bas\s+\w+", "", match["names"])):
                if name:
                    found.add(f"{match['base']}.{name}")
        else:
            found.update(part.split(" as ")[0].strip() for part in match["plain"].split(","))
    return found


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    path: Path
    line: int
    lines: int
    head: str  # of a Cython function: everything up to the colon, in one line
    body: str  # of a Cython function, without comments


def python_functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(node.name, path, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1, "", "")


_CYTHON_HEAD = re.compile(r"^([ \t]*)((?:def|cdef|cpdef)\b(?! class)[^\n(=]*?(\w+)[ \t]*\()", re.M)


def cython_functions(path: Path) -> Iterator[Function]:
    """Functions with a body of a .pyx (or inline ones of a .pxd)."""
    code = code_of(path)
    for match in _CYTHON_HEAD.finditer(code):
        head_end = _closing(code, match.end() - 1)
        line_end = code.find("\n", head_end)
        tail = code[head_end : line_end if line_end >= 0 else len(code)]
        if ":" not in tail:
            continue  # a declaration
        head = " ".join((code[match.start() : head_end] + tail[: tail.rindex(":")]).split())
        body = _body(code, line_end + 1, len(match[1].expandtabs()))
        first = code.count("\n", 0, match.start()) + 1
        lines = code.count("\n", match.start(), line_end) + 1 + body.rstrip().count("\n") + bool(body.strip())
        yield Function(match[3], path, first, lines, head, body)


def _closing(code: str, opening: int) -> int:
    depth = 0
    for i in range(opening, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i + 1
    raise ValueError("a parenthesis is never closed")


def _body(code: str, start: int, indent: int) -> str:
    end = start
    for line in code[start:].splitlines(keepends=True):
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        end += len(line)
    return code[start:end]
