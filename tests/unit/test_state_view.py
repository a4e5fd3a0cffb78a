"""gateway.state_view and engine.snapshot_records: what is read from a canonical snapshot."""

from __future__ import annotations

import pytest

from engine.api import Engine, EngineLimits, load_engine
from engine.records import CommandKind, pack_command, parse_e8
from engine.snapshot_records import Section, parse_snapshot, split_snapshot
from gateway.state_view import view_state

ONE = 10**8


def apply(engine: Engine, kind: CommandKind, **values: object) -> None:
    engine.apply(pack_command(kind, seq=engine.seq + 1, timestamp_ns=engine.seq + 1, **values))


@pytest.fixture
def engine() -> Engine:
    made = load_engine("reference", EngineLimits(orders_max=100, orders_per_book_max=100))
    for number, symbol in ((1, "AAPL-USD"), (2, "EURUSD")):
        apply(
            made, CommandKind.SET_INSTRUMENT, instrument_id=number, symbol=symbol, matcher="reference",
            tick_size_e8=parse_e8("0.01"), lot_size_e8=parse_e8("0.01"), min_price_e8=parse_e8("0.01"),
            max_price_e8=1_000 * ONE, min_quantity_e8=parse_e8("0.01"), max_quantity_e8=1_000 * ONE, fills_max=10,
            asset_class=1,
        )  # fmt: skip
    for kind, parent in (
        (CommandKind.SET_FIRM, 0), (CommandKind.SET_DESK, 1), (CommandKind.SET_TRADER, 1), (CommandKind.SET_ACCOUNT, 1),
    ):  # fmt: skip
        apply(made, kind, party_id=1, parent_id=parent, status=1, name="X")
    apply(made, CommandKind.SET_SESSION, party_id=1, parent_id=1, status=1, name="X", rights=3, scope=2)
    return made


def place(engine: Engine, side: int, price: str, quantity: str, order_type: int = 1, display: str = "0") -> None:
    apply(
        engine, CommandKind.PLACE, session_id=1, account_id=1, instrument_id=1, side=side, order_type=order_type,
        time_in_force=1, price_e8=parse_e8(price), quantity_e8=parse_e8(quantity),
        display_quantity_e8=parse_e8(display),
    )  # fmt: skip


def test_counts_and_tops_of_books(engine: Engine) -> None:
    for side, price, quantity in ((1, "10", "3"), (1, "10", "2.5"), (1, "9", "7"), (2, "12.5", "1"), (2, "13", "1")):
        place(engine, side, price, quantity)
    place(engine, 2, "12.5", "4", display="0.5")
    apply(engine, CommandKind.SET_MARK, instrument_id=1, mark_price_e8=11 * ONE)
    view = view_state(engine.snapshot())
    assert (view.seq, view.venue_state) == (engine.seq, "OPEN")
    assert view.counts["orders"] == 6
    assert view.counts["instruments"] == 2
    assert view.counts["accounts"] == 1
    first, second = view.books
    assert (first.symbol, first.bid, first.ask, first.mark, first.orders) == (
        "AAPL-USD", "5.5 @ 10", "5 @ 12.5", "11", 6,
    )  # fmt: skip
    assert (second.bid, second.ask, second.mark, second.orders) == ("", "", "", 0)


def test_an_empty_engine_has_nothing() -> None:
    view = view_state(load_engine("reference", EngineLimits()).snapshot())
    assert view.books == ()
    assert set(view.counts.values()) == {0}


def test_sections_can_be_chosen(engine: Engine) -> None:
    place(engine, 1, "10", "3")
    snapshot = engine.snapshot()
    whole, part = parse_snapshot(snapshot), parse_snapshot(snapshot, {Section.ACCOUNT})
    assert tuple(whole) == tuple(part) == tuple(Section)
    assert part[Section.ACCOUNT] == whole[Section.ACCOUNT] != []
    assert part[Section.ORDER] == []
    assert [book for book, _ in whole[Section.BOOK]] == [1, 2]


@pytest.mark.parametrize("cut", [1, 7, 16, 100])
def test_a_cut_snapshot_is_refused(engine: Engine, cut: int) -> None:
    snapshot = engine.snapshot()
    with pytest.raises(ValueError, match="truncated"):
        split_snapshot(snapshot[:-cut])
