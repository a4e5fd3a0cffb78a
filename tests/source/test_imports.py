"""Who may import whom. docs/architecture.md says why."""

import sys
from itertools import permutations

import pytest

from tests.source.tree import files, imports, module_name, relative

SOURCES = files(".py", ".pyx", ".pxd", ".pyi", under=("engine", "gateway", "cython"))
ENGINE_ROOM = {
    "engine.sequencer",
    "engine.journal",
    "engine.replication",
    "engine.snapshot",
    "engine.api",
    "engine.inspect",
}
COMPOSITION = {  # the only ones in the gateway that see the engine room
    "gateway.app",
    "gateway.__main__",
    "gateway.engine_room",  # where its parts are, for the others here
    "gateway.commands",  # what the command line does with journals and engines outside a venue
}
DOORS = ("gateway.fix", "gateway.binary", "gateway.operator")
SHARED = {"engine.records", "engine.layout", "engine.snapshot_records", "engine.arith", "engine.batch"}
READ_MODELS = {"gateway.marketdata", "gateway.book", "gateway.terminal"}


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def of(package: str) -> list[tuple[str, str, set[str]]]:
    return [(relative(p), module_name(p), imports(p)) for p in SOURCES if is_in(module_name(p), package)]


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 10
    assert "engine.records" in imports(next(p for p in SOURCES if relative(p) == "gateway/binary/messages.py"))


def test_engine_never_imports_gateway() -> None:
    wrong = [(path, name) for path, _, names in of("engine") for name in names if is_in(name, "gateway")]
    assert not wrong, "the engine is the whole exchange without I/O and knows no door"


def test_gateway_sees_the_schema_alone() -> None:
    wrong = []
    for path, module, names in of("gateway"):
        if any(is_in(module, place) for place in COMPOSITION):
            continue
        for name in names:
            if not is_in(name, "engine") or name == "engine" or is_in(name, "engine.records"):
                continue
            if any(is_in(name, shared) for shared in SHARED):
                continue  # doors write records in place
            wrong.append((path, name))
    assert not wrong, f"only {sorted(COMPOSITION)} see sequencer, journal, snapshot and api"


@pytest.mark.parametrize(("door", "other"), list(permutations(DOORS, 2)))
def test_doors_do_not_know_each_other(door: str, other: str) -> None:
    assert not [(path, name) for path, _, names in of(door) for name in names if is_in(name, other)]


def test_book_and_ledger_do_not_know_each_other() -> None:
    for one, other in (("engine._book", "engine._ledger"), ("engine._ledger", "engine._book")):
        assert not [(path, name) for path, _, names in of(one) for name in names if is_in(name, other)]


def test_engines_are_reached_through_load_engine() -> None:
    wrong = []
    for path, module, names in of("engine") + of("gateway"):
        for engine in ("engine._core", "engine.reference"):
            inside = is_in(module, engine) or (engine == "engine._core" and path.startswith("cython/engine/"))
            wrong += [(path, name) for name in names if is_in(name, engine) and not inside]
    assert not wrong, "nobody imports an engine by its module: engine.api.load_engine is the way in"


def test_the_two_engines_share_the_schema_only() -> None:
    allowed = {
        "engine.records",
        "engine.enumerations",
        "engine.layout",
        "engine.snapshot_records",
        "engine.api",
        "engine.reference",
        "engine",
    }
    for path, _, names in of("engine.reference"):
        assert not [
            n
            for n in names
            if is_in(n, "engine") and not any(is_in(n, a) for a in allowed - {"engine"}) and n != "engine"
        ], path
    for path in (p for p in SOURCES if relative(p).startswith("cython/engine/")):
        assert not [n for n in imports(path) if is_in(n, "engine.reference")], relative(path)


def test_schema_imports_the_standard_library_alone() -> None:
    [names] = [names for path, _, names in of("engine.records") if path == "engine/records.py"]
    own = ("engine.layout", "engine.enumerations")
    outside = {name for name in names if not any(is_in(name, part) for part in own) and name != "engine"}
    assert {name.split(".")[0] for name in outside} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("sortedcontainers", {"engine.reference", *READ_MODELS}),
        ("structlog", {"gateway", "engine.sequencer", "engine.journal", "engine.replication", "engine.snapshot"}),
        ("quickfix", {"gateway.fix.kit"}),
        ("hypothesis", set()),
        ("pytest", set()),
        ("tests", set()),
    ],
)
def test_libraries_stay_where_they_belong(library: str, allowed: set[str]) -> None:
    wrong = [
        (path, name)
        for path, module, names in of("engine") + of("gateway")
        for name in names
        if is_in(name, library) and not any(is_in(module, place) for place in allowed)
    ]
    assert not wrong
