"""Matchers from outside: a shared library, a Python class, a Cython subclass. Each runs inside the engines.

The library keeps the rules of price_time and the Cython one those of the Python one, so both are judged: by random ops
through the function table, and by random commands through whole engines.
"""

from __future__ import annotations

import ctypes
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine._matcher import BookHandle, open_book
from engine.api import (
    MATCHER_CAPSULE,
    Engine,
    EngineLimits,
    LoadedMatcher,
    MatcherConfig,
    MatchReport,
    UnknownPluginError,
    load_engine,
    load_matcher,
)
from engine.reference.book import PriceTimeBook
from tests.compiled import compile_library, compile_module, run
from tests.engines import ENGINES, HAS_CORE, SMALL
from tests.examples.size_first import SizeFirst
from tests.matcher_ops import PLACE, OpsMix, generate_ops, pack_op, unpack_reports
from tests.property.commands import SHAPES
from tests.property.judge import Judge
from tests.scenario import Market
from tests.source.tree import ROOT

EXAMPLES = ROOT / "tests" / "examples"
needs_core = pytest.mark.skipif(not HAS_CORE, reason="this tree has no compiled engine")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("matchers")


@pytest.fixture(scope="module")
def linear_book(directory: Path) -> Path:
    return compile_library(EXAMPLES / "linear_book.c", directory, "-std=c11", "-pedantic")


@pytest.fixture(scope="module")
def size_first_fast(directory: Path) -> ModuleType:
    """Compiled against what perpgate installs: the packages of a build, without the source tree's declarations."""
    installed = directory / "installed"
    os.environ["PERPGATE_ONLY"] = "-"
    try:
        command = f"setup.py -q egg_info --egg-base {directory} build_py --build-lib {installed}"
        run(sys.executable, "-W", "ignore", *command.split())
    finally:
        del os.environ["PERPGATE_ONLY"]
    return compile_module(EXAMPLES / "size_first_fast.pyx", directory, declarations=installed)


# ---- the function table, driven by C


@pytest.mark.parametrize(("compiler", "flags"), [("gcc", ("-std=c11",)), ("g++", ("-xc++", "-std=c++17"))])
@pytest.mark.parametrize("matcher", ["price_time", "linear_book"])
def test_a_c_program_drives_a_matcher_through_the_header(
    tmp_path: Path, linear_book: Path, compiler: str, flags: tuple[str, ...], matcher: str
) -> None:
    """The built-in one comes as a capsule, the other as the symbol of a library."""
    drive = ctypes.CDLL(
        str(compile_library(EXAMPLES / "drive.c", tmp_path, "-pedantic", *flags, compiler=compiler))
    ).drive
    drive.restype = ctypes.c_char_p
    drive.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    loaded = load_matcher("price_time" if matcher == "price_time" else f"lib:{linear_book}")
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype = ctypes.c_void_p
    pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]
    assert drive(pointer_of(loaded.capsule, MATCHER_CAPSULE.encode()), matcher.encode()) is None


# ---- random ops through the table


def cap_of(owner: int, side: int, reports: Sequence[MatchReport]) -> int:
    filled = sum(report.lots for report in reports if report.kind == 2 and report.owner == owner)
    return (owner * 7 + side * 5) % 23 - 3 - filled


def assert_equal_books(one: LoadedMatcher, two: LoadedMatcher, mix: OpsMix, seed: int) -> None:
    """Reports after every op, best and depth, and the snapshots; now and then both go on from the other's snapshot."""
    config = MatcherConfig(1, 14, 60, 20)
    ops = list(generate_ops(random.Random(seed), mix, 6_000))
    owners = {op.order_id: op.owner for action, op in ops if action == PLACE}
    books: list[BookHandle] = [open_book(loaded, config, cap_of) for loaded in (one, two)]
    for number, (action, op) in enumerate(ops):
        reports = [unpack_reports(book.execute(pack_op(op, action))) for book in books]
        assert reports[0] == reports[1], f"seed {seed}, op {number}: {op}"
        for side in (1, 2):
            assert books[0].best(side) == books[1].best(side), f"seed {seed}, op {number}"
        if number % 200 == 199:
            snapshots = [book.snapshot() for book in books]
            assert snapshots[0] == snapshots[1], f"seed {seed}, op {number}"
            assert books[0].depth(1, 20) + books[0].depth(2, 20) == books[1].depth(1, 20) + books[1].depth(2, 20)
            for book in books:
                book.close()
            books = [open_book(loaded, config, cap_of) for loaded in (one, two)]
            for book, snapshot in zip(books, reversed(snapshots), strict=True):
                book.restore(snapshot, owners)


def test_the_library_has_the_rules_of_price_time(linear_book: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    assert_equal_books(load_matcher(f"lib:{linear_book}"), load_matcher("price_time"), OpsMix(), seed)


def test_the_cython_matcher_has_the_rules_of_the_python_one(size_first_fast: ModuleType) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    cython = LoadedMatcher("size_first", factory=size_first_fast.SizeFirst)
    assert_equal_books(cython, LoadedMatcher("size_first", factory=SizeFirst), OpsMix(), seed)


# ---- inside an engine


def engine_with(engine: str, limits: EngineLimits, name: str, loaded: LoadedMatcher) -> Engine:
    """An engine that knows one matcher more, as if it had been found by its entry point."""
    [point] = [point for point in entry_points(group="perpgate.engines") if point.name == engine]
    made: Engine = point.load()(limits, lambda wanted: loaded if wanted == name else load_matcher(wanted))
    return made


def play_size_first(engine: Engine) -> None:
    market = Market(engine)
    market.instrument(2, matcher="size_first")
    market.play("""
        B sell b1 2@100 in=2
            NEW        b1
        C sell c1 5@100 in=2
            NEW        c1
        A buy a1 6@100 in=2
            NEW        a1
            FILLED     a1  5@100  TAKER
            FILLED     c1  5@100  MAKER   # the larger one first
            FILLED     a1  1@100  TAKER
            FILLED     b1  1@100  MAKER  leaves=1  show=1
        B buy b2 1@100 in=2
            NEW        b2
            CANCELLED  b1  CANCELLED_STP  contra=b2
    """)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_python_matcher_runs_inside_an_engine(engine: str) -> None:
    play_size_first(engine_with(engine, SMALL, "size_first", LoadedMatcher("size_first", factory=SizeFirst)))


@needs_core
def test_a_cython_matcher_runs_inside_the_compiled_engine(size_first_fast: ModuleType) -> None:
    loaded = LoadedMatcher("size_first", factory=size_first_fast.SizeFirst)
    play_size_first(engine_with("core", SMALL, "size_first", loaded))


@needs_core
def test_a_library_runs_inside_the_compiled_engine(linear_book: Path) -> None:
    """As the configuration names it: [matchers] linear_book = "path"."""
    market = Market(load_engine("core", SMALL, {"linear_book": str(linear_book)}))
    market.instrument(2, matcher="linear_book")
    market.play("""
        B sell b1 2@100 in=2
            NEW     b1
        C sell c1 5@100 in=2 show=2
            NEW     c1
        A buy a1 6@100 in=2
            NEW     a1
            FILLED  a1  2@100  TAKER
            FILLED  b1  2@100  MAKER
            FILLED  a1  2@100  TAKER
            FILLED  c1  2@100  MAKER  show=2
            FILLED  a1  2@100  TAKER
            FILLED  c1  2@100  MAKER  show=1
    """)


def judged(make: Any, matcher: str) -> None:
    """Random commands of the shape with everything, all instruments with this matcher.

    Without a restore: what a foreign book shows of an iceberg is nobody's to know from its snapshot.
    """
    seed = random.SystemRandom().randrange(2**32)
    shape = replace(SHAPES["everything"], matchers=(matcher,))
    judge = Judge("core", "reference", make, restores=False)
    found = judge.run(seed, 6_000, shape)
    if found is not None:
        shrunk = judge.shrink(found)
        pytest.fail(f"seed {seed}: {shrunk.what}\n\n{judge.scenario(shrunk)}")


@needs_core
@pytest.mark.differential
def test_engines_are_equal_with_the_library_and_the_python_book(linear_book: Path) -> None:
    def make(name: str, limits: EngineLimits) -> Engine:
        python = LoadedMatcher("linear_book", factory=PriceTimeBook)
        return engine_with(
            name, limits, "linear_book", load_matcher(f"lib:{linear_book}") if name == "core" else python
        )

    judged(make, "linear_book")


@needs_core
@pytest.mark.differential
def test_engines_are_equal_with_the_cython_and_the_python_matcher(size_first_fast: ModuleType) -> None:
    def make(name: str, limits: EngineLimits) -> Engine:
        factory = size_first_fast.SizeFirst if name == "core" else SizeFirst
        return engine_with(name, limits, "size_first", LoadedMatcher("size_first", factory=factory))

    judged(make, "size_first")


# ---- how they are found


def test_an_installed_package_brings_its_matcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_name: str
) -> None:
    info = tmp_path / "size_first-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: size-first\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[perpgate.matchers]\nsize_first = tests.examples.size_first:SizeFirst\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_matcher("size_first").factory is SizeFirst
    play_size_first(load_engine(engine_name, SMALL))


def test_a_library_is_not_for_the_engine_in_python(linear_book: Path) -> None:
    market = Market(load_engine("reference", SMALL, {"linear_book": str(linear_book)}))
    with pytest.raises(AssertionError, match="UNKNOWN_MATCHER"):
        market.instrument(2, matcher="linear_book")


def test_a_library_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownPluginError, match="does not exist"):
        load_matcher(f"lib:{tmp_path}/nowhere.so")


def test_a_library_without_the_table(tmp_path: Path) -> None:
    source = tmp_path / "empty.c"
    source.write_text("int perpgate_matcher_v0 = 1;\n")
    with pytest.raises(UnknownPluginError, match="does not export perpgate_matcher_v1"):
        load_matcher(f"lib:{compile_library(source, tmp_path)}")


def test_a_library_for_another_version(tmp_path: Path) -> None:
    source = tmp_path / "later.c"
    source.write_text('#include "perpgate_matcher.h"\nconst pg_matcher_api perpgate_matcher_v1 = {.abi_version = 2};\n')
    library = compile_library(source, tmp_path, "-Wno-missing-field-initializers")
    with pytest.raises(ValueError, match="version 2"):
        load_matcher(f"lib:{library}")


def test_a_library_that_gives_no_book(tmp_path: Path) -> None:
    source = tmp_path / "poor.c"
    source.write_text(
        '#include "perpgate_matcher.h"\n'
        "static void *create(const pg_config *c, const pg_host *h) { (void)c; (void)h; return NULL; }\n"
        "const pg_matcher_api perpgate_matcher_v1 = {.abi_version = 1, .struct_size = sizeof(pg_matcher_api),\n"
        '  .name = "poor", .create = create};\n'
    )
    library = compile_library(source, tmp_path, "-Wno-missing-field-initializers")
    with pytest.raises(MemoryError, match="could not create a book"):
        open_book(load_matcher(f"lib:{library}"), MatcherConfig(1, 14, 60, 20))
