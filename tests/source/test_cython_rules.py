"""Conventions of the compiled modules that the compiler does not enforce."""

import re
from pathlib import Path

import pytest

from tests.source.tree import ROOT, Function, code_of, cython_functions, files, relative

CYTHON = [p for p in files(".pyx", ".pxd", under=("cython", "tests")) if p.name != "records.pxd"]
MODULES = [p for p in CYTHON if p.suffix == ".pyx" and relative(p).startswith("cython/")]
# Where a nogil function may take the GIL: calls into matchers written in Python.
TAKES_THE_GIL = {"cython/engine/_matcher.pyx"}
_EXTERN = re.compile(r"^([ \t]*)cdef extern\b.*?(?=^\1\S|\Z)", re.M | re.S)
_DECLARATION = re.compile(
    r"^[ \t]*(?:cdef|cpdef|[\w ]+\*?)[^\n=]*\([^()]*(?:\([^()]*\)[^()]*)*\)[^\n:]*\bnogil\b[^\n]*", re.M
)


@pytest.mark.parametrize("path", CYTHON, ids=relative)
def test_nogil_functions_say_how_they_fail(path: Path) -> None:
    """Without `noexcept` (or an error value) every call takes the GIL to ask whether there was an exception: 68 ns."""
    code = code_of(path)
    code = _EXTERN.sub(lambda m: "\n" * m.group().count("\n"), code)
    wrong = []
    for match in _DECLARATION.finditer(code):
        text = match.group()
        if (
            text.lstrip().startswith(("with ", "ctypedef "))
            or "noexcept" in text
            or re.search(r"\bexcept\s*[?+*-]?\s*\S", text)
        ):
            continue
        wrong.append(f"line {code.count(chr(10), 0, match.start()) + 1}: {' '.join(text.split())[:100]}")
    assert not wrong


@pytest.mark.parametrize("path", CYTHON, ids=relative)
def test_directives_live_in_setup(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"^#\s*(?:cython|distutils)\s*:", text, re.M), "compiler directives are in setup.py"
    assert not re.search(r"^\s*(?:include\s+[\"']|DEF\s+\w+\s*=)", text, re.M), (
        "modules are joined by cimport, constants are enums"
    )


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_noexcept_functions_do_not_raise(path: Path) -> None:
    """An exception there is printed and swallowed and the caller goes on with 0: invariants call panic_unless."""
    wrong = [
        f"line {f.line}: {f.name}"
        for f in cython_functions(path)
        if "noexcept" in f.head
        and re.search(r"^\s*(?:raise|assert)\b", f.body, re.M)
        and "except BaseException" not in f.body
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_gil_is_taken_where_agreed(path: Path) -> None:
    takes = [f"line {f.line}: {f.name}" for f in cython_functions(path) if "nogil" in f.head and "with gil" in f.body]
    assert not takes or relative(path) in TAKES_THE_GIL


def hot_functions(path: Path) -> list[Function]:
    functions = list(cython_functions(path))
    with_gil = {f.name for f in functions if "with gil" in f.body}
    return [f for f in functions if re.search(r"\bnoexcept nogil$", f.head) and f.name not in with_gil]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_nogil_functions_touch_no_python_object(path: Path) -> None:
    """Reads the C that was compiled: no call of the Python API in the body of a `noexcept nogil` function."""
    generated = path.with_suffix(".c")
    assert generated.exists(), "the C of this module is not there: make build"
    hot = hot_functions(path)
    if not hot:
        return
    bodies = c_bodies(generated.read_text())
    checked = 0
    for function in hot:
        names = [name for name in bodies if name.startswith("__pyx_f_") and name.endswith("_" + function.name)]
        for name in names:
            checked += 1
            calls = set(re.findall(r"\b(?:Py[A-Z]\w*|_Py\w+|__Pyx_[A-Z]\w*)(?=\s*\()", bodies[name]))
            assert not calls, f"{relative(path)}:{function.line} {function.name} calls {sorted(calls)}"
    assert checked >= len({f.name for f in hot}), "functions were not found in the generated C"


def c_bodies(text: str) -> dict[str, str]:
    """Name of each function that Cython wrote to its body; comments and string literals are dropped."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    heads = re.finditer(
        r"^(?:static |CYTHON_INLINE |__PYX_EXTERN_C )?[^\n;{}()=#]*?\b(__pyx_f_\w+)\([^;{}]*?\)\s*\{$", text, re.M
    )
    found = {}
    for head in heads:
        end = text.find("\n}", head.end())
        found[head[1]] = re.sub(r'"(?:\\.|[^"\\])*"', '""', text[head.end() : end])
    return found


def test_panic_is_for_our_faults_only() -> None:
    """`panic_unless` ends the process, so each one says what broke."""
    for path in MODULES:
        for match in re.finditer(r"\bpanic_unless\(", path.read_text()):
            call = path.read_text()[match.start() : match.start() + 600]
            assert re.match(
                r"panic_unless\((?:[^()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*,\s*(?:b?\"[^\"]{8,}\"|\w+),?\s*\)", call
            ), f"{relative(path)}:{path.read_text().count(chr(10), 0, match.start()) + 1}"


def test_sources_are_where_the_build_looks() -> None:
    assert MODULES
    assert not list((ROOT / "engine").rglob("*.pyx")) + list((ROOT / "gateway").rglob("*.pyx"))
    assert all("\t" not in code_of(p) for p in CYTHON)
