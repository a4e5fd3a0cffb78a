"""What is particular to the compiled engine: its boundary to Python, its limits, how it treats matchers that lie."""

from __future__ import annotations

import faulthandler
import os
import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine import _core, declarations
from engine.api import (
    EngineLimits,
    LoadedMatcher,
    Matcher,
    MatcherConfig,
    MatchOp,
    MatchReport,
    ReduceCap,
    load_matcher,
)
from engine.records import COMMAND_SIZE, EVENT_SIZE, CommandKind, EventKind, pack_command, unpack_event
from engine.reference.book import PriceTimeBook, ReportKind, ReportReason
from tests.engines import SMALL, new_engine
from tests.property.commands import Commands
from tests.scenario import Market
from tests.source.tree import ROOT


def tick(seq: int, timestamp_ns: int = 5) -> bytes:
    return pack_command(CommandKind.TICK, seq=seq, timestamp_ns=timestamp_ns)


def set_state(seq: int) -> bytes:
    return pack_command(CommandKind.SET_VENUE_STATE, seq=seq, timestamp_ns=5, state=1)


# ---- events without a copy


def test_a_view_shows_the_events_that_apply_would_return() -> None:
    data = Commands(11).take(2_000)
    limits = Commands(11).limits
    copied, viewed = new_engine("core", limits), _core.Core(limits, load_matcher)
    for offset in range(0, len(data), 100 * COMMAND_SIZE):
        batch = data[offset : offset + 100 * COMMAND_SIZE]
        with viewed.apply_view(batch) as events:
            assert events.readonly
            assert bytes(events) == copied.apply(batch)
    assert viewed.state_hash() == copied.state_hash()


def test_events_are_not_overwritten_while_somebody_reads_them() -> None:
    engine = _core.Core(SMALL, load_matcher)
    events = engine.apply_view(set_state(1))
    with pytest.raises(BufferError, match="release"):
        engine.apply(set_state(2))
    assert unpack_event(events)["seq"] == 1
    events.release()
    assert unpack_event(engine.apply(set_state(2)))["seq"] == 2


def test_a_view_outlives_the_name_of_its_engine() -> None:
    engine = _core.Core(SMALL, load_matcher)
    events = engine.apply_view(set_state(1))
    del engine
    assert unpack_event(events)["kind"] == EventKind.CONFIG_SET


@pytest.mark.parametrize("shift", range(1, 8))
def test_commands_need_not_be_aligned(shift: int) -> None:
    engine = new_engine("core")
    room = bytearray(shift + 2 * COMMAND_SIZE)
    room[shift:] = set_state(1) + tick(2)
    assert len(engine.apply(memoryview(room)[shift:])) == EVENT_SIZE
    assert engine.seq == 2


def test_one_batch_may_have_more_events_than_any_before() -> None:
    """The buffer grows between commands; what was written stays."""
    engine = new_engine("core")
    count = 60_000
    events = engine.apply(b"".join(set_state(seq) for seq in range(1, count + 1)))
    assert len(events) == count * EVENT_SIZE
    for at in (0, 1, 20_000, count - 1):
        assert unpack_event(events, at * EVENT_SIZE)["seq"] == at + 1
    assert len(engine.apply(set_state(count + 1))) == EVENT_SIZE


def test_what_comes_before_a_bad_command_is_applied_and_its_events_are_lost() -> None:
    engine = new_engine("core")
    with pytest.raises(ValueError, match="command 3 at 5 ns does not follow command 1"):
        engine.apply(set_state(1) + set_state(3))
    assert engine.seq == 1
    assert len(engine.apply(set_state(2))) == EVENT_SIZE


# ---- limits and layouts


@pytest.mark.parametrize("name", EngineLimits.__dataclass_fields__)
@pytest.mark.parametrize("value", [0, -1, 2**31])
def test_limits_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        _core.Core(replace(SMALL, **{name: value}), load_matcher)


def test_a_schema_that_differs_from_the_compiled_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    table = declarations.layout_table()
    size, offsets = table["place"]
    for changed, text in (
        ({**table, "place": (size, {**offsets, "price_e8": 112})}, r"place\.price_e8 at 104.*at 112"),
        ({**table, "place": (size + 8, offsets)}, "place of 192 bytes.* 200"),
        ({**table, "nonesuch": (192, {})}, "layout nonesuch"),
    ):
        monkeypatch.setattr(_core, "layout_table", lambda changed=changed: changed)
        with pytest.raises(ImportError, match=text):
            _core._check_layouts()


def test_the_page_about_internals_has_the_sizes_of_the_records() -> None:
    page = (ROOT / "docs" / "engine-internals.md").read_text()
    shown = {name: int(size) for name, size in re.findall(r"^\| `(\w+)` \| (\d+) \|", page, re.M)}
    sizes = _core.record_sizes()
    assert shown == sizes
    per_order = sizes["order_t"] + sizes["terms_t"] + sizes["node_t"] + 2 * sizes["entry"]
    assert f"costs {per_order} bytes" in page


# ---- matchers that break their contract


class Liar:
    """A price-time book whose answers are changed by `lie` on their way to the engine."""

    lie: Callable[[list[MatchReport], MatchOp], list[MatchReport]]

    def __init__(self, config: MatcherConfig, reduce_cap: ReduceCap) -> None:
        self._book: Matcher = PriceTimeBook(config, reduce_cap)

    def place(self, op: MatchOp) -> list[MatchReport]:
        return type(self).lie(self._book.place(op), op)

    def replace(self, op: MatchOp) -> list[MatchReport]:
        return type(self).lie(self._book.replace(op), op)

    def cancel(self, order_id: int) -> list[MatchReport]:
        return type(self).lie(self._book.cancel(order_id), MatchOp(order_id))

    def best(self, side: int) -> tuple[int, int] | None:
        return self._book.best(side)

    def depth(self, side: int, levels: int) -> list[tuple[int, int, int]]:
        return self._book.depth(side, levels)

    def snapshot(self) -> bytes:
        return self._book.snapshot()

    def restore(self, snapshot: bytes, owners: dict[int, int]) -> None:
        self._book.restore(snapshot, owners)


def fills_changed(**values: int) -> Any:
    def lie(reports: list[MatchReport], op: MatchOp) -> list[MatchReport]:
        return [replace(r, **values) if r.kind == ReportKind.FILL else r for r in reports]

    return lie


def without_last(reports: list[MatchReport], op: MatchOp) -> list[MatchReport]:
    return reports[:-1] if len(reports) > 1 else reports


def twice(reports: list[MatchReport], op: MatchOp) -> list[MatchReport]:
    return [*reports, reports[-1]] if reports[-1].kind == ReportKind.RESTED else reports


def of_nobody(reports: list[MatchReport], op: MatchOp) -> list[MatchReport]:
    return [replace(r, owner=r.owner + 1_000) for r in reports]


def undefined_kind(reports: list[MatchReport], op: MatchOp) -> list[MatchReport]:
    return [replace(r, kind=9) for r in reports]


def never_cancels(reports: list[MatchReport], op: MatchOp) -> list[MatchReport]:
    if reports[0].kind == ReportKind.CANCELLED:
        return [MatchReport(op.order_id, int(ReportKind.REFUSED), int(ReportReason.UNKNOWN_ORDER))]
    return reports


def refuses_for_nothing(reports: list[MatchReport], op: MatchOp) -> list[MatchReport]:
    return [MatchReport(op.order_id, int(ReportKind.REFUSED), int(ReportReason.STP), owner=op.owner)]


def dies_in_a_child(act: Callable[[], object]) -> tuple[int, str]:
    """The signal that ended a child process and what it wrote to stderr."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        faulthandler.disable()  # what it would print of the abort hides what the engine says
        os.dup2(writer, 2)
        act()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, text


def trade(lie: Callable[[list[MatchReport], MatchOp], list[MatchReport]]) -> None:
    """Two orders that meet, one that rests and one that is cancelled, on a book that lies."""
    matcher = type("Lying", (Liar,), {"lie": staticmethod(lie)})

    def find(name: str) -> LoadedMatcher:
        return LoadedMatcher(name, factory=matcher)

    market = Market(_core.Core(SMALL, find))
    market.given("""
        A sell a1 5@101
        B buy b1 7@101
        B buy b2 2@99
        B cancel b2
    """)


LIES: Sequence[tuple[Any, str]] = (
    (fills_changed(lots=0), "cannot have traded"),
    (fills_changed(lots=99), "cannot have traded"),
    (fills_changed(price_ticks=102), "outside the limit"),
    (fills_changed(price_ticks=0), "outside the limit"),
    (fills_changed(order_id=77), "does not hold"),
    (without_last, "what has become"),
    (twice, "goes on after"),
    (of_nobody, "does not hold"),
    (undefined_kind, "a kind that has no place"),
    (never_cancels, "does not cancel"),
    (refuses_for_nothing, "for a reason that is none"),
    (lambda reports, op: [], "no report"),
    (lambda reports, op: reports[0], "failed in execute"),
)


@pytest.mark.parametrize(("lie", "text"), LIES, ids=lambda value: getattr(value, "__name__", "") or str(value))
def test_a_matcher_that_lies_stops_the_process(lie: Any, text: str) -> None:
    killed_by, said = dies_in_a_child(lambda: trade(lie))
    assert killed_by == signal.SIGABRT, said
    assert re.search(f"perpgate: invariant broken: .*({text})", said)


def test_an_honest_matcher_behind_the_same_wrapper_does_not() -> None:
    assert dies_in_a_child(lambda: trade(lambda reports, op: reports)) == (0, "")
