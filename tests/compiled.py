"""Compiles what tests bring along in C and Cython, into a directory of the test. Warnings are errors."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from tests.source.tree import ROOT

STRICT = ("-Wall", "-Wextra", "-Werror")
# As in setup.py: CPython's headers and Cython's glue are not written for all of it.
CYTHON_STRICT = (
    *STRICT, "-fno-strict-aliasing", "-Wno-unused-parameter", "-Wno-unused-function", "-Wno-missing-field-initializers",
    "-Wno-cast-function-type", "-Wno-deprecated-declarations", "-Wno-sign-compare",
)  # fmt: skip


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Raises AssertionError with what the program printed when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}"


def compile_library(source: Path, directory: Path, *flags: str, compiler: str = "gcc") -> Path:
    """A shared library of one source file, which sees perpgate_matcher.h and nothing else of the tree."""
    target = directory / f"{source.stem}.so"
    run(compiler, "-shared", "-fPIC", "-O2", *STRICT, *flags, f"-I{ROOT}/engine/include", source, "-o", target)
    return target


def compile_module(source: Path, directory: Path, declarations: Path = ROOT / "cython") -> ModuleType:
    """The module of a .pyx, imported; what it cimports is found under `declarations`."""
    translated = directory / f"{source.stem}.c"
    target = directory / f"{source.stem}{sysconfig.get_config_var('EXT_SUFFIX')}"
    options = [option for name in ("boundscheck", "wraparound") for option in ("-X", f"{name}=False")]
    run(sys.executable, "-m", "cython", "-3", "-Werror", *options, f"-I{declarations}", source, "-o", translated)
    headers = (
        sysconfig.get_path("include"),
        declarations,
        declarations / "engine" / "include",
        ROOT / "engine" / "include",
    )
    includes = [f"-I{path}" for path in headers]
    run("gcc", "-shared", "-fPIC", "-O2", "-std=gnu11", *CYTHON_STRICT, *includes, translated, "-o", target)
    spec = importlib.util.spec_from_file_location(source.stem, target)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
