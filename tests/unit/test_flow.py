"""gateway.flow and gateway.flow_sample: the message format, the translation into orders, and the shipped sample."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.records import SCALE_E8, CommandKind, OrderType, Side, TimeInForce
from gateway.flow import (
    FlowError,
    FlowInstrument,
    FlowKind,
    FlowTranslator,
    OrderAction,
    Role,
    parse_line,
    read_flow,
)
from gateway.flow_sample import sample_text

SAMPLE = Path(__file__).resolve().parents[2] / "config" / "flow" / "sample.csv.gz"
CENT = SCALE_E8 // 100
INSTRUMENT = FlowInstrument(tick_size_e8=CENT, min_price_e8=CENT, max_price_e8=1000 * SCALE_E8)


def run(*lines: str) -> tuple[FlowTranslator, list[list[OrderAction]]]:
    translator = FlowTranslator(INSTRUMENT)
    return translator, [translator.translate(parse_line(line, n)) for n, line in enumerate(lines, 1)]


def test_a_line_is_parsed_exactly() -> None:
    message = parse_line("34200.004241176,1,16113575,18,5853300,-1", 1)
    assert message.time_ns == 34_200_004_241_176
    assert message.kind is FlowKind.NEW
    assert (message.order_id, message.size, message.price_e8, message.side) == (16113575, 18, 58533 * CENT, Side.SELL)


def test_a_seventh_column_is_taken() -> None:
    assert parse_line("34200,4,7,18,5853300,1,NSDQ", 1).kind is FlowKind.EXECUTE


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("34200.1,1,5,18,5853300", "has 5 columns, expected 6"),
        ("noon,1,5,18,5853300,1", "column 1 (seconds after midnight) is 'noon'"),
        ("34200.1e3,1,5,18,5853300,1", "column 1"),
        ("34200.1,8,5,18,5853300,1", "column 2 (type) is '8', expected a whole number 1..7"),
        ("34200.1,1,x,18,5853300,1", "column 3 (order id)"),
        ("34200.1,1,5,0,5853300,1", "column 4 (size) is '0'"),
        ("34200.1,1,5,18,585.33,1", "column 5 (price x 10,000) is '585.33'"),
        ("34200.1,1,5,18,-5,1", "column 5"),
        ("34200.1,1,5,18,5853300,0", "column 6 (direction) is '0', expected 1 (buy) or -1 (sell)"),
    ],
)
def test_a_bad_line_says_what_is_wrong(line: str, says: str) -> None:
    with pytest.raises(FlowError) as caught:
        parse_line(line, 1)
    assert says in str(caught.value)


def test_an_error_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "flow.csv"
    path.write_text("34200.1,1,5,18,5853300,1\n34200.2,1,6,18,oops,1\n")
    with pytest.raises(FlowError, match=r"flow\.csv:2: column 5"):
        list(read_flow(path))
    path.write_text("34200.2,1,5,18,5853300,1\n34200.1,1,6,18,5853200,1\n")
    with pytest.raises(FlowError, match=r"flow\.csv:2: column 1 .* goes back in time"):
        list(read_flow(path))
    with pytest.raises(FlowError, match="cannot be read"):
        list(read_flow(tmp_path / "absent.csv"))


def test_a_damaged_archive_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "flow.csv.gz"
    path.write_bytes(SAMPLE.read_bytes()[:5000])
    with pytest.raises(FlowError, match="cannot be unpacked"):
        list(read_flow(path))


def test_each_type_becomes_its_order() -> None:
    translator, actions = run(
        "1,1,5,100,5000000,1", "2,2,5,30,5000000,1", "3,4,5,20,5000000,1", "4,2,5,10,5000000,1", "5,3,5,40,5000000,1",
        "6,5,0,40,5000050,1",
    )  # fmt: skip
    maker = {"role": Role.MAKER, "client_order_id": "5", "side": Side.BUY, "order_type": OrderType.ALO}
    maker |= {"time_in_force": TimeInForce.GTC, "price_e8": 500 * SCALE_E8}
    assert actions[0] == [OrderAction(kind=CommandKind.PLACE, quantity_e8=100 * SCALE_E8, **maker)]
    assert actions[1] == [OrderAction(kind=CommandKind.REPLACE, quantity_e8=70 * SCALE_E8, **maker)]
    [taker] = actions[2]
    assert (taker.role, taker.side, taker.time_in_force) == (Role.TAKER, Side.SELL, TimeInForce.IOC)
    assert (taker.price_e8, taker.quantity_e8) == (500 * SCALE_E8, 20 * SCALE_E8)
    # the total of a REPLACE includes what was filled: 20 filled and 40 open
    assert actions[3] == [OrderAction(kind=CommandKind.REPLACE, quantity_e8=60 * SCALE_E8, **maker)]
    assert actions[4] == [OrderAction(kind=CommandKind.CANCEL, quantity_e8=0, **maker)]
    assert actions[5] == []
    assert translator.book.best(Side.BUY) is None
    counts = translator.counts
    assert (counts.inserts, counts.reductions, counts.executions, counts.deletes, counts.invisible) == (1, 2, 1, 1, 1)


def test_orders_in_front_step_back_when_the_flow_executes_one_behind_them() -> None:
    translator, actions = run("1,1,5,100,5000000,1", "2,1,6,50,5000000,1", "3,4,5,30,5000000,1", "4,4,6,20,5000000,1")
    kinds = [(a.role, a.kind, a.client_order_id, a.quantity_e8 // SCALE_E8) for a in actions[3]]
    assert kinds == [
        (Role.MAKER, CommandKind.CANCEL, "5", 0),
        (Role.MAKER, CommandKind.PLACE, "5", 70),
        (Role.TAKER, CommandKind.PLACE, "4", 20),
    ]
    assert translator.book.queue(Side.BUY, 500 * SCALE_E8) == [6, 5]
    assert translator.book.best(Side.BUY) == (500 * SCALE_E8, 100 * SCALE_E8)
    assert translator.counts.stepped_back == 1


def test_what_cannot_be_followed_is_left_out_and_counted() -> None:
    translator, actions = run(
        "1,1,5,100,5000000,1",
        "2,1,6,100,4990000,-1",  # would trade with 5
        "3,2,6,10,4990000,-1",  # ... so all that follows of it is left out
        "4,1,7,100,5000050,1",  # half a cent
        "5,1,8,100,99999999,-1",  # beyond the instrument's range
        "6,1,5,100,4980000,1",  # an id that was used
        "7,3,99,100,4980000,1",  # never entered
    )
    assert [len(a) for a in actions] == [1, 0, 0, 0, 0, 0, 0]
    assert (translator.counts.left_out, translator.counts.unknown_order) == (5, 1)
    assert translator.book.best(Side.BUY) == (500 * SCALE_E8, 100 * SCALE_E8)


def test_an_execution_away_from_the_best_price_becomes_a_reduction() -> None:
    translator, actions = run("1,1,5,100,5000000,1", "2,1,6,100,4990000,1", "3,4,6,100,4990000,1")
    assert [(a.role, a.kind, a.client_order_id) for a in actions[2]] == [(Role.MAKER, CommandKind.CANCEL, "6")]
    assert translator.counts.off_best == 1


def test_the_shipped_sample_is_what_its_generator_makes() -> None:
    assert gzip.decompress(SAMPLE.read_bytes()).decode() == sample_text(20_000, 20_120_621)


def test_the_shipped_sample_has_every_kind_of_message() -> None:
    translator = FlowTranslator(INSTRUMENT)
    for message in read_flow(SAMPLE):
        translator.translate(message)
    counts = translator.counts
    assert counts.messages == 20_000
    touched = (counts.inserts, counts.reductions, counts.deletes, counts.executions)
    parts = (*touched, counts.invisible, counts.unknown_order)
    assert min(parts) > 0
    assert sum(parts) + counts.left_out == counts.messages
    assert counts.stepped_back > 0
    assert (counts.left_out, counts.off_best) == (0, 0)
