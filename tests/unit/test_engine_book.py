"""The Python books against docs/matchers.md: one test per rule, reports compared as aligned columns."""

from __future__ import annotations

import pytest

from engine.api import Matcher, MatcherConfig, MatchOp, MatchReport
from engine.reference.book import Book, PriceTimeBook, ProRataBook, ReportKind, ReportReason

BUY, SELL = 1, 2
EXECUTIONS = {"rest": 1, "post": 2, "ioc": 3, "fok": 4}
MODES = {"passive": 1, "aggressor": 2, "both": 3, "decrement": 4}


class Table:
    """A book that is spoken to in lines: `buy 3 lots@price [option...]`, and answers in lines."""

    def __init__(self, kind: type[Book], orders_max: int = 100, fills_max: int = 100) -> None:
        self.caps: dict[int, int] = {}
        self.book: Matcher = kind(MatcherConfig(1, 1000, orders_max, fills_max), self._cap)

    def _cap(self, owner: int, side: int, reports: list[MatchReport]) -> int:
        traded = sum(r.lots for r in reports if r.kind == ReportKind.FILL and r.owner == owner)
        return self.caps[owner] - traded

    def op(self, line: str) -> MatchOp:
        """`buy ID LOTS@PRICE` and options: rest post ioc fok, g=stp group, show=, min=, reduce=cap, a mode."""
        side, order_id, terms, *options = line.split()
        lots, price = (int(x) for x in terms.split("@"))
        op = MatchOp(int(order_id), price, lots, owner=int(order_id) + 1000, side=BUY if side == "buy" else SELL)
        for option in options:
            name, _, value = option.partition("=")
            if name in EXECUTIONS:
                op.execution = EXECUTIONS[name]
            elif name in MODES:
                op.stp_mode = MODES[name]
            elif name == "g":
                op.stp_group = int(value)
            elif name == "show":
                op.display_lots = int(value)
            elif name == "min":
                op.min_lots = int(value)
            elif name == "reduce":
                op.flags, self.caps[op.owner] = 1, int(value)
            else:
                raise ValueError(option)
        return op

    def place(self, *lines: str) -> list[str]:
        return [text for line in lines for text in _texts(self.book.place(self.op(line)))]

    def replace(self, line: str) -> list[str]:
        return _texts(self.book.replace(self.op(line)))

    def cancel(self, order_id: int) -> list[str]:
        return _texts(self.book.cancel(order_id))

    def resting(self, side: int) -> list[tuple[int, int, int]]:
        return self.book.depth(side, 100)


def _texts(reports: list[MatchReport]) -> list[str]:
    """kind, order id, lots@price, leaves, shown, leaves of the taker, reason."""
    return [
        f"{ReportKind(r.kind).name} {r.order_id} {r.lots}@{r.price_ticks} leaves={r.leaves_lots} shown={r.shown_lots} "
        f"taker={r.taker_leaves_lots} {ReportReason(r.reason).name if r.reason else '-'}"
        for r in reports
    ]


@pytest.fixture(params=[PriceTimeBook, ProRataBook])
def table(request: pytest.FixtureRequest) -> Table:
    return Table(request.param)


def test_trades_at_the_resting_price_best_price_first(table: Table) -> None:
    table.place("sell 1 5@102", "sell 2 5@101", "sell 3 5@103")
    assert table.place("buy 4 12@102") == [
        "FILL 2 5@101 leaves=0 shown=0 taker=7 -",
        "FILL 1 5@102 leaves=0 shown=0 taker=2 -",
        "RESTED 4 0@102 leaves=2 shown=2 taker=0 -",
    ]
    assert table.resting(SELL) == [(103, 5, 1)]
    assert table.resting(BUY) == [(102, 2, 1)]


def test_price_time_serves_the_earlier_order_first() -> None:
    table = Table(PriceTimeBook)
    table.place("buy 9 2@100", "buy 3 2@100")  # the id is not the priority, arrival is
    assert table.place("sell 10 3@100 ioc") == [
        "FILL 9 2@100 leaves=0 shown=0 taker=1 -",
        "FILL 3 1@100 leaves=1 shown=1 taker=0 -",
    ]


def test_post_only_is_refused_before_the_capacity_is_looked_at() -> None:
    table = Table(PriceTimeBook, orders_max=1)
    table.place("sell 1 5@101 g=7")
    assert table.place("buy 2 1@101 post g=7") == ["REFUSED 2 0@0 leaves=0 shown=0 taker=0 WOULD_CROSS"]
    assert table.place("buy 3 1@100 post") == ["REFUSED 3 0@0 leaves=0 shown=0 taker=0 NO_CAPACITY"]
    assert table.place("buy 4 5@101") == ["REFUSED 4 0@0 leaves=0 shown=0 taker=0 NO_CAPACITY"]
    assert table.place("buy 5 1@101 ioc") == ["FILL 1 1@101 leaves=4 shown=4 taker=0 -"]
    assert table.cancel(77) == ["REFUSED 77 0@0 leaves=0 shown=0 taker=0 UNKNOWN_ORDER"]
    assert table.replace("buy 77 1@99") == ["REFUSED 77 0@0 leaves=0 shown=0 taker=0 UNKNOWN_ORDER"]


@pytest.mark.parametrize(("lots", "filled"), [(6, True), (7, False)])
def test_fill_or_kill_at_the_lots_within_its_limit(table: Table, lots: int, filled: bool) -> None:
    table.place("sell 1 2@101", "sell 2 4@102 show=1", "sell 3 9@103")
    reports = table.place(f"buy 4 {lots}@102 fok")
    if filled:
        assert sum(r.startswith("FILL") for r in reports) == 5  # the iceberg's four slices are met one by one
        assert table.resting(SELL) == [(103, 9, 1)]
    else:
        assert reports == [f"CANCELLED 4 {lots}@102 leaves=0 shown=0 taker=0 FOK_KILLED"]
        assert table.resting(SELL) == [(101, 2, 1), (102, 1, 1), (103, 9, 1)]


def test_minimum_quantity_counts_what_is_there_at_once(table: Table) -> None:
    table.place("sell 1 2@101")
    assert table.place("buy 2 5@101 ioc min=3") == ["CANCELLED 2 5@101 leaves=0 shown=0 taker=0 MIN_KILLED"]
    assert table.place("buy 3 5@101 ioc min=2") == [
        "FILL 1 2@101 leaves=0 shown=0 taker=3 -",
        "CANCELLED 3 3@101 leaves=0 shown=0 taker=0 IOC_REST",
    ]


def test_fill_or_kill_walk_ends_after_the_fills_limit(table: Table) -> None:
    table = Table(type(table.book), fills_max=2)
    table.place("sell 1 1@101", "sell 2 1@101", "sell 3 1@101")
    assert table.place("buy 4 3@101 fok") == ["CANCELLED 4 3@101 leaves=0 shown=0 taker=0 FOK_KILLED"]
    assert len(table.place("buy 5 2@101 fok")) == 2


@pytest.mark.parametrize(
    ("mode", "passes"), [("passive", True), ("aggressor", False), ("both", False), ("decrement", False)]
)
def test_fill_or_kill_meets_own_orders(table: Table, mode: str, passes: bool) -> None:
    table.place("sell 1 5@100 g=7", "sell 2 3@100", "sell 3 4@101")
    reports = table.place(f"buy 4 7@101 fok g=7 {mode}")
    assert (reports[0] == "CANCELLED 4 7@101 leaves=0 shown=0 taker=0 FOK_KILLED") is not passes
    if not passes:
        assert table.resting(SELL) == [(100, 8, 2), (101, 4, 1)]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("passive", [
            "CANCELLED 1 5@100 leaves=0 shown=0 taker=6 STP",
            "FILL 2 3@100 leaves=0 shown=0 taker=3 -",
            "CANCELLED 4 3@100 leaves=0 shown=0 taker=0 IOC_REST",
        ]),
        ("aggressor", ["CANCELLED 4 6@100 leaves=0 shown=0 taker=0 STP"]),
        ("both", [
            "CANCELLED 1 5@100 leaves=0 shown=0 taker=6 STP",
            "CANCELLED 4 6@100 leaves=0 shown=0 taker=0 STP",
        ]),
        ("decrement", [
            "CANCELLED 1 5@100 leaves=0 shown=0 taker=6 STP",
            "REDUCED 4 5@100 leaves=1 shown=0 taker=1 STP",
            "FILL 2 1@100 leaves=2 shown=2 taker=0 -",
        ]),
    ],
)  # fmt: skip
def test_self_trade_prevention_modes(table: Table, mode: str, expected: list[str]) -> None:
    table.place("sell 1 5@100 g=7", "sell 2 3@100")
    assert table.place(f"buy 4 6@100 ioc g=7 {mode}") == expected


def test_decrement_of_a_larger_resting_order_shrinks_what_it_shows_only_when_it_must(table: Table) -> None:
    table.place("sell 1 9@100 g=7 show=4")
    assert table.place("buy 2 4@100 g=7 decrement") == [
        "REDUCED 1 4@100 leaves=5 shown=4 taker=4 STP",
        "CANCELLED 2 4@100 leaves=0 shown=0 taker=0 STP",
    ]
    assert table.place("buy 3 3@100 g=7 decrement")[0] == "REDUCED 1 3@100 leaves=2 shown=2 taker=3 STP"


def test_resting_reduce_only_trades_at_most_its_cap(table: Table) -> None:
    table.place("sell 1 5@100 reduce=2", "sell 2 5@100 reduce=0", "sell 3 1@100")
    reports = table.place("buy 4 9@100 ioc")
    assert reports[0].startswith("FILL 1 2@100 leaves=3")
    assert reports[1] == "CANCELLED 1 3@100 leaves=0 shown=0 taker=7 REDUCE_LIMIT"
    assert reports[2].startswith("CANCELLED 2 5@100 leaves=0 shown=0 taker=7 REDUCE_LIMIT")
    assert table.resting(SELL) == []


def test_a_reduce_only_cap_counts_the_fills_of_the_same_sweep(table: Table) -> None:
    table.place("sell 1 3@100 reduce=4")
    table.book.place(MatchOp(2, 101, 3, owner=1001, side=SELL, flags=1))  # the same owner's second order
    assert table.place("buy 4 9@101 ioc")[1:3] == [
        "FILL 2 1@101 leaves=2 shown=2 taker=5 -",
        "CANCELLED 2 2@101 leaves=0 shown=0 taker=5 REDUCE_LIMIT",
    ]


def test_iceberg_shows_a_new_slice_behind_everybody() -> None:
    table = Table(PriceTimeBook)
    table.place("sell 1 5@100 show=2", "sell 2 2@100")
    assert table.resting(SELL) == [(100, 4, 2)]
    assert table.place("buy 3 7@100 ioc") == [
        "FILL 1 2@100 leaves=3 shown=2 taker=5 -",
        "FILL 2 2@100 leaves=0 shown=0 taker=3 -",
        "FILL 1 2@100 leaves=1 shown=1 taker=1 -",
        "FILL 1 1@100 leaves=0 shown=0 taker=0 -",
    ]


def test_reduce_only_iceberg_whose_cap_ends_with_its_slice(table: Table) -> None:
    table.place("sell 1 6@100 show=2 reduce=2")
    assert table.place("buy 2 3@100 ioc")[:2] == [
        "FILL 1 2@100 leaves=4 shown=2 taker=1 -",
        "CANCELLED 1 4@100 leaves=0 shown=0 taker=1 REDUCE_LIMIT",
    ]


def test_sweep_limit_by_fills_and_by_removals(table: Table) -> None:
    table = Table(type(table.book), fills_max=2)
    table.place("sell 1 1@100", "sell 2 1@101", "sell 3 1@102")
    assert table.place("buy 4 5@105")[2] == "CANCELLED 4 3@105 leaves=0 shown=0 taker=0 SWEEP_LIMIT"
    table = Table(type(table.book), fills_max=2)
    table.place("sell 1 1@100 g=7", "sell 2 1@101 g=7", "sell 3 1@102 g=7")
    assert table.place("buy 4 5@105 g=7")[2] == "CANCELLED 4 5@105 leaves=0 shown=0 taker=0 SWEEP_LIMIT"
    table = Table(type(table.book), fills_max=2)
    table.place("sell 1 1@100", "sell 2 1@101")
    assert table.place("buy 4 5@105")[2] == "RESTED 4 0@105 leaves=3 shown=3 taker=0 -"  # nothing left to meet


def test_replace_keeps_priority_only_at_the_same_price_and_no_more_lots() -> None:
    table = Table(PriceTimeBook)
    table.place("buy 1 5@100", "buy 2 5@100")
    assert table.replace("buy 1 3@100") == ["REPLACED 1 0@100 leaves=3 shown=3 taker=0 -"]
    assert table.place("sell 3 1@100 ioc") == ["FILL 1 1@100 leaves=2 shown=2 taker=0 -"]
    assert table.replace("buy 1 4@100") == [
        "REPLACED 1 0@100 leaves=4 shown=0 taker=0 -",
        "RESTED 1 0@100 leaves=4 shown=4 taker=0 -",
    ]
    assert table.place("sell 4 1@100 ioc") == ["FILL 2 1@100 leaves=4 shown=4 taker=0 -"]


def test_replace_that_crosses_trades_or_is_refused(table: Table) -> None:
    table.place("buy 1 5@100 show=2", "sell 2 3@102")
    assert table.replace("buy 1 5@102 post") == ["REFUSED 1 0@0 leaves=0 shown=0 taker=0 WOULD_CROSS"]
    assert table.resting(BUY) == [(100, 2, 1)]
    assert table.replace("buy 1 5@102") == [
        "REPLACED 1 0@102 leaves=5 shown=0 taker=0 -",
        "FILL 2 3@102 leaves=0 shown=0 taker=2 -",
        "RESTED 1 0@102 leaves=2 shown=2 taker=0 -",
    ]


def test_pro_rata_shares_and_gives_the_rest_by_time() -> None:
    table = Table(ProRataBook)
    table.place("sell 1 5@100", "sell 2 3@100", "sell 3 2@100")
    # floor(7 x 5/10, 3/10, 2/10) = 3, 2, 1; the lot left over goes to the first
    assert table.place("buy 4 7@100 ioc") == [
        "FILL 1 4@100 leaves=1 shown=1 taker=3 -",
        "FILL 2 2@100 leaves=1 shown=1 taker=1 -",
        "FILL 3 1@100 leaves=1 shown=1 taker=0 -",
    ]


def test_pro_rata_shares_out_again_what_a_reduce_only_order_could_not_take() -> None:
    table = Table(ProRataBook)
    table.place("sell 1 6@100 reduce=1", "sell 2 6@100")
    assert table.place("buy 3 8@100 ioc") == [
        "FILL 1 1@100 leaves=5 shown=5 taker=7 -",
        "CANCELLED 1 5@100 leaves=0 shown=0 taker=7 REDUCE_LIMIT",
        "FILL 2 4@100 leaves=2 shown=2 taker=3 -",
        "FILL 2 2@100 leaves=0 shown=0 taker=1 -",
        "CANCELLED 3 1@100 leaves=0 shown=0 taker=0 IOC_REST",
    ]


def test_pro_rata_level_with_an_own_order_adds_nothing_to_the_walk() -> None:
    table = Table(ProRataBook)
    table.place("sell 1 5@100", "sell 2 5@100 g=7")
    assert table.place("buy 3 5@100 fok g=7 both") == ["CANCELLED 3 5@100 leaves=0 shown=0 taker=0 FOK_KILLED"]
    price_time = Table(PriceTimeBook)
    price_time.place("sell 1 5@100", "sell 2 5@100 g=7")
    assert price_time.place("buy 3 5@100 fok g=7 both") == ["FILL 1 5@100 leaves=0 shown=0 taker=0 -"]


def test_snapshot_restores_to_the_same_bytes_and_behaviour(table: Table) -> None:
    table.place("buy 1 5@99 g=3", "sell 2 9@101 show=4", "sell 3 2@101", "buy 5 1@98", "buy 4 1@99")
    table.place("buy 6 5@101 ioc")
    copy = Table(type(table.book))
    copy.book.restore(table.book.snapshot(), {i: i + 1000 for i in range(1, 6)})
    assert copy.book.snapshot() == table.book.snapshot()
    assert copy.resting(SELL) == table.resting(SELL)
    line = "buy 7 20@101 ioc"
    assert copy.place(line) == table.place(line)
    with pytest.raises(ValueError, match="empty"):
        copy.book.restore(table.book.snapshot(), {})
    with pytest.raises(ValueError, match="owner"):
        Table(type(table.book)).book.restore(table.book.snapshot(), {})
