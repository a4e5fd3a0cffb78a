"""An engine is a function of the command sequence: no clock, chance, machine, float or hash order may matter."""

import ast
import re
from pathlib import Path

import pytest

from tests.source.tree import code_of, files, imports, relative

REFERENCE = files(".py", under=("engine/reference",))
JOURNAL = {"_segment_io"}  # writes files for the journal: in the engine room, not in an engine
COMPILED = [p for p in files(".pyx", ".pxd", under=("cython/engine",)) if p.stem not in JOURNAL]
BANNED_MODULES = {
    "asyncio", "datetime", "io", "logging", "math", "multiprocessing", "numpy", "os", "random", "secrets", "select",
    "signal", "socket", "structlog", "subprocess", "tempfile", "threading", "time", "uuid", "uvloop", "libc.time",
    "libc.math", "posix",
}  # fmt: skip
BANNED_CALLS = {"open", "input", "hash", "id", "float", "eval", "exec", "globals", "vars", "__import__"}


@pytest.mark.parametrize("path", REFERENCE + COMPILED, ids=relative)
def test_no_clock_chance_or_io_is_imported(path: Path) -> None:
    wrong = [name for name in imports(path) if any(name == b or name.startswith(b + ".") for b in BANNED_MODULES)]
    assert not wrong


class _Rules(ast.NodeVisitor):
    """Collects what must not be there, with line numbers."""

    def __init__(self, tree: ast.AST) -> None:
        self.found: list[str] = []
        self.sets = {self._name(t) for n in ast.walk(tree) for t in self._set_targets(n)} - {""}
        self.visit(tree)

    @staticmethod
    def _name(node: ast.AST) -> str:
        return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""

    def _is_set(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Set | ast.SetComp):
            return True
        if isinstance(node, ast.Call):
            return self._name(node.func) in {"set", "frozenset", "union", "intersection", "difference"}
        return False

    def _set_targets(self, node: ast.AST) -> list[ast.AST]:
        if isinstance(node, ast.Assign) and self._is_set(node.value):
            return list(node.targets)
        if isinstance(node, ast.AnnAssign) and re.match(r"(set|frozenset)\b", ast.unparse(node.annotation)):
            return [node.target]
        return []

    def _iterated(self, node: ast.AST) -> None:
        if self._is_set(node) or (isinstance(node, ast.Name | ast.Attribute) and self._name(node) in self.sets):
            self.found.append(f"line {getattr(node, 'lineno', 0)}: iterates over a set")

    def visit_For(self, node: ast.For) -> None:
        self._iterated(node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._iterated(node.iter)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
            self.found.append(f"line {node.lineno}: calls {node.func.id}()")
        if isinstance(node.func, ast.Name) and node.func.id in {"list", "tuple", "enumerate", "iter", "map", "zip"}:
            for argument in node.args:
                self._iterated(argument)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, float | complex):
            self.found.append(f"line {node.lineno}: {node.value!r} is a float")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Div):
            self.found.append(f"line {node.lineno}: `/` gives a float")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.Div):
            self.found.append(f"line {node.lineno}: `/=` gives a float")
        self.generic_visit(node)


@pytest.mark.parametrize("path", REFERENCE, ids=relative)
def test_reference_is_deterministic(path: Path) -> None:
    assert not _Rules(ast.parse(path.read_text())).found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x = 1.5", 1),
        ("x = a / b", 1),
        ("x = a // b", 0),
        ("for x in {1, 2}: pass", 1),
        ("s: set[int] = set()\nfor x in s: pass", 1),
        ("s: set[int] = set()\nfor x in sorted(s): pass", 0),
        ("self.s = set()\n[x for x in self.s]", 1),
        ("open('x')", 1),
        ("hash('x')", 1),
    ],
)
def test_the_rules_find_what_they_should(text: str, count: int) -> None:
    assert len(_Rules(ast.parse(text)).found) == count


_FLOATS = re.compile(r"\b(?:double|float)\b|(?<![\w.])\d+\.\d+|(?<!/)/(?![/=])")
_WORLD = re.compile(r"\b(?:fopen|getenv|rand|random|clock_gettime|gettimeofday|time)\s*\(")


@pytest.mark.parametrize("path", [p for p in COMPILED if p.name != "records.pxd"], ids=relative)
def test_compiled_engine_is_deterministic(path: Path) -> None:
    code = code_of(path)
    for pattern, why in ((_FLOATS, "floats, or `/`, which gives one"), (_WORLD, "asks the machine")):
        wrong = [f"line {code.count(chr(10), 0, m.start()) + 1}: {m.group()}" for m in pattern.finditer(code)]
        assert not wrong, why
