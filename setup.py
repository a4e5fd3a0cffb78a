"""Builds the compiled core. Sources are under cython/, mirrored: cython/engine/_core.pyx builds engine._core.

Modules are translated and compiled in parallel, one job per core; a module is rebuilt when its .pyx, a .pxd that it
cimports (also through others) or a header changes. A change of the switches below is not noticed: build each
flavour in a tree of its own, as the Makefile does.

Environment
  PERPGATE_DEBUG=1     -O0 -g, bounds checks on
  PERPGATE_TRACE=1     line tracing for coverage
  PERPGATE_SANITIZE=1  address and undefined-behaviour sanitizers
  PERPGATE_ANNOTATE=1  writes Cython's annotate pages beside the generated C
  PERPGATE_ONLY=a,b    builds these modules only; `-` builds none (metadata and entry points alone)
  PERPGATE_MARCH=x     -march of the compiler, `native` when not given; a build that moves to other machines
                       wants the lowest of them (x86-64-v2, x86-64-v3, armv8-a), `generic` gives no -march at all
  PERPGATE_JOBS=n      parallel jobs instead of one per core
"""

import os
import shutil
from pathlib import Path

from Cython.Build import cythonize
from Cython.Compiler import Options
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SOURCE = ROOT / "cython"
DEBUG, TRACE, SANITIZE, ANNOTATE = (
    bool(os.environ.get(f"PERPGATE_{name}")) for name in ("DEBUG", "TRACE", "SANITIZE", "ANNOTATE")
)
ONLY = [name for name in os.environ.get("PERPGATE_ONLY", "").split(",") if name]
MARCH = os.environ.get("PERPGATE_MARCH", "native")
JOBS = int(os.environ.get("PERPGATE_JOBS", "0")) or len(os.sched_getaffinity(0))
HEADERS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "engine" / "include").glob("*.h"))

Options.warning_errors = True

# CPython's headers and Cython's glue are not written for -Wconversion; our code sees -Wall -Wextra -Werror.
C_FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fno-strict-aliasing"]
C_FLAGS += ["-Wno-unused-parameter", "-Wno-unused-function", "-Wno-missing-field-initializers"]
C_FLAGS += ["-Wno-cast-function-type", "-Wno-deprecated-declarations", "-Wno-sign-compare"]
LINK_FLAGS: list[str] = []
MACROS: list[tuple[str, str | None]] = []
if DEBUG or SANITIZE:
    C_FLAGS += ["-O0" if DEBUG else "-O1", "-g", "-fno-omit-frame-pointer"]
else:
    C_FLAGS += ["-O3", "-g1"] + ([] if MARCH == "generic" else [f"-march={MARCH}"])
if SANITIZE:
    C_FLAGS += ["-fsanitize=address,undefined"]
    LINK_FLAGS += ["-fsanitize=address,undefined"]
if TRACE:
    MACROS += [("CYTHON_TRACE", "1"), ("CYTHON_TRACE_NOGIL", "1")]

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": DEBUG,
    "initializedcheck": DEBUG,
    "cdivision": True,
    "embedsignature": True,
    "linetrace": TRACE,
    "profile": False,
    "freethreading_compatible": False,
}


def extensions() -> list[Extension]:
    found = []
    for pyx in sorted(SOURCE.rglob("*.pyx")):
        name = ".".join(pyx.relative_to(SOURCE).with_suffix("").parts)
        if ONLY and name not in ONLY:
            continue
        found.append(
            Extension(
                name,
                [str(pyx.relative_to(ROOT))],
                include_dirs=["engine/include", "cython"],
                depends=HEADERS,
                extra_compile_args=C_FLAGS,
                extra_link_args=LINK_FLAGS,
                define_macros=MACROS,
            )
        )
    return found


class ParallelBuild(build_ext):
    """Compiles as many modules at a time as there are cores, unless told otherwise with --parallel."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or JOBS


class BuildPyWithDeclarations(build_py):
    """Installs the .pxd files beside the modules they declare, so that outside Cython code can cimport them."""

    def run(self) -> None:
        super().run()
        for pxd in SOURCE.rglob("*.pxd"):
            target = Path(self.build_lib) / pxd.relative_to(SOURCE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(pxd, target)


setup(
    ext_modules=cythonize(
        extensions(),
        include_path=["cython"],
        compiler_directives=DIRECTIVES,
        annotate=ANNOTATE,
        nthreads=JOBS if JOBS > 1 else 0,
        show_all_warnings=False,
    ),
    cmdclass={"build_ext": ParallelBuild, "build_py": BuildPyWithDeclarations},
)
