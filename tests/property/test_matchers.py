"""The compiled books against the Python books: reports equal after every op, snapshots every few hundred."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from engine._matcher import open_book
from engine.api import LoadedMatcher, MatcherConfig, MatchOp, MatchReport, load_matcher
from engine.reference.book import Book, PriceTimeBook, ProRataBook
from tests.matcher_ops import (
    CANCEL,
    PLACE,
    OpsMix,
    generate_ops,
    pack_op,
    pack_reports,
    unpack_reports,
)

SNAPSHOT_EVERY = 300
BOOKS: dict[str, type[Book]] = {"price_time": PriceTimeBook, "pro_rata": ProRataBook}

# name -> (price_levels, orders_max, fills_max, mix, ops): narrow books trade much, wide ones open and close levels all
# over the bitmap, small tables fill up, and ids of long dead orders are asked for.
SHAPES: dict[str, tuple[int, int, int, OpsMix, int]] = {
    "narrow": (14, 500, 1000, OpsMix(), 30_000),
    "one price": (3, 400, 1000, OpsMix(price_span=2, lots_max=9, cancel_share=0.3), 15_000),
    "short sweeps": (14, 500, 3, OpsMix(lots_max=60), 20_000),
    "full": (40, 24, 50, OpsMix(price_span=39, cancel_share=0.1), 20_000),
    "wide": (1 << 24, 4_000, 100, OpsMix(price_ticks=1, price_span=(1 << 24) - 1, recent=4_000), 15_000),
    "edges of words": (4_200, 1_000, 100, OpsMix(price_ticks=4_000, price_span=200, lots_max=5, owners=40), 15_000),
}


def cap_of(owner: int, side: int, reports: Sequence[MatchReport]) -> int:
    """A cap that depends on all that it may depend on: 0, small or large, and less with every fill of the owner."""
    filled = sum(r.lots for r in reports if r.kind == 2 and r.owner == owner)
    return (owner * 7 + side * 5) % 23 - 3 - filled


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", BOOKS)
def test_compiled_book_equals_python_book(name: str, shape: str) -> None:
    price_levels, orders_max, fills_max, template, count = SHAPES[shape]
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    mix = OpsMix(**{**vars(template), "ids": []})
    ops = list(generate_ops(random.Random(seed), mix, count))
    failed_at = differs_at(name, price_levels, orders_max, fills_max, ops)
    if failed_at is not None:
        ops = shrink(name, price_levels, orders_max, fills_max, ops[: failed_at + 1])
        what = describe(name, price_levels, orders_max, fills_max, ops)
        pytest.fail(f"{name} {shape} seed {seed}: differs after\n{what}")


Ops = list[tuple[int, MatchOp]]


def differs_at(name: str, price_levels: int, orders_max: int, fills_max: int, ops: Ops) -> int | None:
    """Index of the op after which the two books differ, or None."""
    config = MatcherConfig(1, price_levels, orders_max, fills_max)
    compiled = open_book(load_matcher(name), config, cap_of)
    python = BOOKS[name](config, cap_of)
    owners = {op.order_id: op.owner for action, op in ops if action == PLACE}
    for i, (action, op) in enumerate(ops):
        if compiled.execute(pack_op(op, action)) != pack_reports(run(python, action, op)):
            return i
        if any(compiled.best(side) != python.best(side) for side in (1, 2)):
            return i
        if i % SNAPSHOT_EVERY and i != len(ops) - 1:
            continue
        snapshot = compiled.snapshot()
        if snapshot != python.snapshot() or any(compiled.depth(s, 50) != python.depth(s, 50) for s in (1, 2)):
            return i
        if i % (10 * SNAPSHOT_EVERY) == 0:  # the round trip: what comes back goes on like the one that was saved
            compiled.close()
            compiled = open_book(load_matcher(name), config, cap_of)
            compiled.restore(snapshot, owners)
            if compiled.snapshot() != snapshot:
                return i
    return None


def run(book: Book, action: int, op: MatchOp) -> list[MatchReport]:
    if action == PLACE:
        return book.place(op)
    if action == CANCEL:
        return book.cancel(op.order_id)
    return book.replace(op)


def shrink(name: str, price_levels: int, orders_max: int, fills_max: int, ops: Ops) -> Ops:
    """Drops whatever is not needed for a difference: halves first, then smaller pieces."""
    piece = len(ops) // 2
    while piece:
        at = 0
        while at < len(ops):
            fewer = ops[:at] + ops[at + piece :]
            failed_at = differs_at(name, price_levels, orders_max, fills_max, fewer) if fewer else None
            if failed_at is None:
                at += piece
            else:
                ops = fewer[: failed_at + 1]
        piece //= 2
    return ops


def describe(name: str, price_levels: int, orders_max: int, fills_max: int, ops: Ops) -> str:
    config = MatcherConfig(1, price_levels, orders_max, fills_max)
    compiled = open_book(load_matcher(name), config, cap_of)
    python = BOOKS[name](config, cap_of)
    lines = []
    for action, op in ops:
        lines += [f"{('', 'PLACE', 'CANCEL', 'REPLACE')[action]} {op}"]
        lines += [f"  compiled {r}" for r in unpack_reports(compiled.execute(pack_op(op, action)))]
        lines += [f"  python   {r}" for r in unpack_reports(pack_reports(run(python, action, op)))]
    return "\n".join(lines)


@pytest.mark.parametrize("name", BOOKS)
def test_a_python_book_behind_the_table_is_the_same_book(name: str) -> None:
    """The adapter turns ops and reports to objects and back without losing a field, reduce_cap's reports included."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    config = MatcherConfig(1, 14, 500, 1000)
    compiled = open_book(load_matcher(name), config, cap_of)
    adapted = open_book(LoadedMatcher("python", factory=BOOKS[name]), config, cap_of)
    ops = list(generate_ops(random.Random(seed), OpsMix(), 4_000))
    for start in range(0, len(ops), 40):
        data = b"".join(pack_op(op, action) for action, op in ops[start : start + 40])
        assert adapted.execute(data) == compiled.execute(data), f"seed {seed}, ops {start} to {start + 39}"
        assert adapted.snapshot() == compiled.snapshot(), f"seed {seed}, after op {start + 39}"
