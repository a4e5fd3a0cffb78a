"""Compiles the C and C++ parts of the benchmarks and loads them. They go to build/bench and are made again when a
source or a published header is newer."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).resolve().parent / "native"
BUILT = ROOT / "build" / "bench"
HEADERS = ROOT / "engine" / "include"

FLAGS = ["-O3", "-march=native", "-g1", "-Wall", "-Wextra", "-Werror", "-I", str(HEADERS)]
COMPILERS = {
    ".c": ["gcc", "-std=gnu11", "-Wconversion"],
    ".cpp": ["g++", "-std=c++17", "-Wno-missing-field-initializers"],
}


def build(source_name: str, *, shared: bool = True, libraries: tuple[str, ...] = ()) -> Path:
    """Compiles one file of tests/bench/native to a shared library or a program and returns its path.

    Raises subprocess.CalledProcessError; the compiler has then said on stderr what it did not like.
    """
    source = SOURCES / source_name
    target = BUILT / (source.stem + (".so" if shared else ""))
    newest = max(path.stat().st_mtime_ns for path in [source, *SOURCES.glob("*.h"), *HEADERS.glob("*.h")])
    if not target.exists() or target.stat().st_mtime_ns < newest:
        BUILT.mkdir(parents=True, exist_ok=True)
        kind = ["-shared", "-fPIC"] if shared else []
        links = [f"-l{name}" for name in libraries]
        subprocess.run([*COMPILERS[source.suffix], *FLAGS, *kind, str(source), "-o", str(target), *links], check=True)
    return target


def load(source_name: str) -> ctypes.CDLL:
    return ctypes.CDLL(str(build(source_name)))
