"""Where things are, how long they are, and whether generated files are current."""

import re

import pytest

from engine import declarations
from tests.source.tree import GENERATED, ROOT, cython_functions, files, module_name, python_functions, relative

FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 120
# A ratchet: what is longer than the rule, with its length. Figures only go down, an entry no longer needed goes.
LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS = {"cython/gateway/binary/_wire.pyx:_encode_order": 75}
WIDE_LINES = {
    "cython/engine/_matcher.pxd": 3,
    "cython/engine/_matcher.pyx": 11,
    "cython/engine/arith.pxd": 3,
    "cython/engine/batch.pyx": 2,
    "cython/gateway/_router.pyx": 3,
    "cython/gateway/binary/_wire.pyx": 15,
    "engine/include/perpgate_matcher.h": 4,
}

PYTHON = [*files(".py", under=("engine", "gateway", "tests")), ROOT / "setup.py"]
CYTHON = files(".pyx", ".pxd", under=("cython", "tests"))
STUBBED = [
    p for p in CYTHON if p.suffix == ".pyx" and re.search(r"^(?:def|cpdef|cdef class|class) ", p.read_text(), re.M)
]


def check_ratchet(lengths: dict[str, int], maximum: int, known: dict[str, int]) -> None:
    over = {name: n for name, n in lengths.items() if n > known.get(name, maximum)}
    assert not over, f"longer than {maximum} lines: split them"
    loose = {name: lengths.get(name, 0) for name, n in known.items() if lengths.get(name, 0) < n}
    assert not loose, "shorter than the ratchet says: lower its figure, or drop it at the rule's maximum and below"


def test_file_lengths() -> None:
    lengths = {relative(p): len(p.read_text().splitlines()) for p in PYTHON + CYTHON if relative(p) not in GENERATED}
    check_ratchet(
        {n: v for n, v in lengths.items() if v > FILE_LINES_MAX or n in LONG_FILES}, FILE_LINES_MAX, LONG_FILES
    )


def test_function_lengths() -> None:
    found = [f for p in PYTHON for f in python_functions(p)] + [f for p in CYTHON for f in cython_functions(p)]
    assert len(found) > 100
    lengths = {f"{relative(f.path)}:{f.name}": f.lines for f in found}
    check_ratchet(
        {n: v for n, v in lengths.items() if v > FUNCTION_LINES_MAX or n in LONG_FUNCTIONS},
        FUNCTION_LINES_MAX,
        LONG_FUNCTIONS,
    )


def test_columns_of_cython() -> None:
    sources = [p for p in CYTHON if relative(p) not in GENERATED] + files(".h", under=("engine",))
    wide = {
        relative(p): [n for n, line in enumerate(p.read_text().splitlines(), 1) if len(line) > COLUMNS_MAX]
        for p in sources
    }
    over = {name: lines for name, lines in wide.items() if len(lines) > WIDE_LINES.get(name, 0)}
    assert not over, f"lines of more than {COLUMNS_MAX} columns (ruff looks at Python only)"


def test_cython_is_a_source_root() -> None:
    assert not list((ROOT / "cython").rglob("__init__.p*")), "`import cython` would find ours and the build would break"


def test_generated_declarations_are_current() -> None:
    assert declarations.main(["--check"]) == 0, "run `make gen`"


@pytest.mark.parametrize("path", [p for p in STUBBED if relative(p).startswith("cython/")], ids=module_name)
def test_compiled_modules_have_stubs(path) -> None:
    stub = ROOT / path.relative_to(ROOT / "cython").with_suffix(".pyi")
    assert stub.exists(), "a compiled module that Python sees has a stub beside it"


def test_every_test_can_be_told_apart() -> None:
    """A second function of the same name in a file silently replaces the first."""
    for path in files(".py", under=("tests",)):
        names = re.findall(r"^def (test_\w+)", path.read_text(), re.M)
        assert len(names) == len(set(names)), relative(path)
