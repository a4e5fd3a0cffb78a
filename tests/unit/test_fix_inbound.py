"""Order messages to command records: every field, every refusal, and what is left to the state machine."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from engine import records
from engine.batch import CommandBatch
from engine.records import CONFIG_EVENT, CommandKind, EventKind
from gateway.fix import _inbound, _wire
from gateway.fix._directory import UNKNOWN, Directory
from gateway.fix._inbound import Inbound
from gateway.fix._rules import Rules
from gateway.fix.dictionary import load_session
from gateway.fix.inbound import TAKEN_TYPES
from tests.fix_messages import order, utc, wrap

DICTIONARIES = Path(__file__).resolve().parents[2] / "config" / "fix"
RULES = Rules(load_session("FIX.4.4", DICTIONARIES).tables(TAKEN_TYPES[44]))
ONE = 10**8
SEED = 20261124


def directory() -> Directory:
    made = Directory(8, 8, 8, 8, 8)
    for kind, body in (
        (CommandKind.SET_INSTRUMENT, {"symbol": "AAPL-USD"}),
        (CommandKind.SET_ACCOUNT, {"party_id": 5, "name": "ALPHA-A1"}),
    ):
        packed = records.pack_command(kind, **body)[records.COMMAND_HEADER_SIZE :]
        event = {"kind": int(EventKind.CONFIG_SET), "instrument_id": 3, "command_kind": int(kind), "body": packed}
        made.observe(CONFIG_EVENT.pack(**event))
    return made


DIRECTORY = directory()


def begun(default_account_id: int = 5, **levels: int) -> Inbound:
    inbound = Inbound(1 << 16, 4_096)
    limits = (levels.get("reject", 0), levels.get("logout", 0))
    inbound.begin(9, b"FIX.4.4", b"MM", b"VENUE", RULES, DIRECTORY, default_account_id, 120 * 10**9, *limits)
    inbound.next_in, inbound.is_fast = 2, True
    return inbound


def raw(text: str, seq: int = 2, **header: str) -> bytes:
    msg_type, _, body = text.partition("|")
    head = {"t34": str(seq), "t49": "MM", "t52": utc(), "t56": "VENUE", **header}
    fields = [f"{tag[1:]}={value}" for tag, value in head.items()]
    return wrap("FIX.4.4", "|".join([f"35={msg_type}", *fields, body]))


def command_of(text: str, **options: Any) -> dict[str, Any]:
    """The command that a message becomes without Python."""
    inbound, batch = begun(**options), CommandBatch(8)
    assert inbound.feed(raw(text), batch) == _inbound.DECODED
    return records.unpack_command(batch.take(1, 0))


def fault_of(text: str, **options: Any) -> tuple[int, int, int] | None:
    """What `submit` says of a message."""
    inbound, batch = begun(**options), CommandBatch(8)
    fault = inbound.submit(raw(text), 2, batch)
    assert len(batch) == (fault is None)
    return fault


def test_every_field_of_a_new_order() -> None:
    text = order(
        "my-id", t1="ALPHA-A1", t54="2", t38="12.5", t44="99.25", t59="6", t126="20261231-23:59:59.5", t110="0.5",
        t111="2", t18="E", t2362="77", t2964="4", t20030="90", t20031="110",
    )  # fmt: skip
    command = command_of(text)
    assert command["kind"] is CommandKind.PLACE
    assert {name: command[name] for name in ("session_id", "msg_seq_in", "account_id", "instrument_id")} == {
        "session_id": 9, "msg_seq_in": 2, "account_id": 5, "instrument_id": 3,
    }  # fmt: skip
    names = "client_order_id side quantity_e8 price_e8 order_type time_in_force min_quantity_e8 display_quantity_e8"
    assert [command[n] for n in names.split()] == ["my-id", 2, 1_250_000_000, 9_925_000_000, 1, 3, ONE // 2, 2 * ONE]
    names = "order_flags stp_group stp_mode take_profit_e8 stop_loss_e8 expire_ns"
    expire_ns = _wire.parse_timestamp(b"20261231-23:59:59.5")
    assert [command[n] for n in names.split()] == [1, 77, 4, 90 * ONE, 110 * ONE, expire_ns]


@pytest.mark.parametrize(
    ("fields", "order_type", "tif", "flags", "price"),
    [
        ({}, 1, 1, 0, 90),
        ({"t59": ""}, 1, 2, 0, 90),
        ({"t18": "6"}, 3, 1, 0, 90),
        ({"t18": "6 A"}, 3, 1, 0, 90),
        ({"t18": "6 E"}, 3, 1, 1, 90),
        ({"t77": "C"}, 1, 1, 1, 90),
        ({"t40": "1", "t59": ""}, 2, 4, 0, 0),
        ({"t40": "1", "t59": "4", "t44": ""}, 2, 5, 0, 0),
        ({"t40": "1", "t18": "6"}, 0, 1, 0, 0),
        ({"t40": "3", "t99": "80"}, 4, 1, 0, 80),
        ({"t40": "J", "t99": "80", "t44": ""}, 5, 1, 0, 80),
    ],
)
def test_types_and_instructions(fields: dict[str, str], order_type: int, tif: int, flags: int, price: int) -> None:
    command = command_of(order("a", **fields))
    assert (command["order_type"], command["time_in_force"], command["order_flags"]) == (order_type, tif, flags)
    assert command["price_e8"] == price * ONE


def test_names_that_nothing_has_go_on_as_ids_that_nothing_has() -> None:
    command = command_of(order("a", t55="NOPE", t1="NOBODY"))
    assert (command["instrument_id"], command["account_id"]) == (UNKNOWN, UNKNOWN)
    assert command_of("F|11=b|41=a|37=abc|55=AAPL-USD|54=1|60=" + utc())["order_id"] == 2**64 - 1


def test_cancel_and_replace() -> None:
    tail = "|55=AAPL-USD|54=2|60=" + utc()
    cancel = command_of("F|11=b|41=a|37=42" + tail)
    names = ("client_order_id", "orig_client_order_id", "order_id", "side", "instrument_id")
    assert [cancel[n] for n in names] == ["b", "a", 42, 2, 3]
    replace = command_of("G|11=c|41=b|38=7|40=2|44=91|21=1" + tail)
    assert (replace["quantity_e8"], replace["price_e8"], replace["order_type"]) == (7 * ONE, 91 * ONE, 0)
    assert command_of("G|11=c|41=b|38=7|40=2|44=91|18=6|21=1" + tail)["order_type"] == 3
    stop = command_of("G|11=c|41=b|38=7|40=3|99=81|21=1" + tail)
    assert (stop["price_e8"], stop["order_type"]) == (81 * ONE, 4)


SESSION, BUSINESS = _wire.SESSION_FAULT, _wire.BUSINESS_FAULT


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (order("a", t44=""), (BUSINESS, 5, 44)),
        (order("a", t40="3"), (BUSINESS, 5, 99)),
        (order("a", t38=""), (BUSINESS, 5, 38)),
        (order("a", t59="6"), (BUSINESS, 5, 126)),
        (order("x" * 37), (SESSION, 5, 11)),
        (order("ä"), (SESSION, 6, 11)),
        (order("a", t44="1.000000001"), (SESSION, 5, 44)),
        (order("a", t2362="x"), (SESSION, 5, 2362)),
        (order("a", t2362="2147483648"), (SESSION, 5, 2362)),
        ("F|11=b|55=AAPL-USD|54=1|60=" + utc(), None),
        (order("a"), None),
    ],
    ids=map(str, count(1)),  # the messages hold the time: workers have to agree on the names
)
def test_what_cannot_be_translated_has_the_code_of_its_reject(text: str, fault: tuple[int, int, int] | None) -> None:
    found = fault_of(text)
    if text.startswith("F"):
        assert found in ((BUSINESS, 5, 41), (SESSION, 1, 41))
    else:
        assert found == fault


def test_an_order_without_account_needs_a_default() -> None:
    assert fault_of(order("a"), default_account_id=0) == (BUSINESS, 5, 1)
    assert fault_of("F|11=b|41=a|37=4|55=AAPL-USD|54=1|60=" + utc(), default_account_id=0) is None


@pytest.mark.parametrize(
    "message",
    [
        raw(order("a"), 3),
        raw(order("a"), 1),
        raw(order("a"), t43="Y", t122=utc()),
        raw(order("a"), t97="Y"),
        raw(order("a"), t49="OTHER"),
        raw(order("a"), t52=utc(-200)),
        raw("0"),
        raw(order("a", t54="9")),
        raw(order("a", t44="")),
    ],
    ids=("gap", "low", "possdup", "possresend", "comp-id", "stale", "heartbeat", "enumeration", "empty"),
)
def test_what_is_not_ordinary_stops_the_decoder(message: bytes) -> None:
    inbound, batch = begun(), CommandBatch(8)
    assert inbound.feed(message, batch) == _inbound.MESSAGE
    assert (len(batch), inbound.next_in) == (0, 2)
    taken = inbound.take()
    assert taken is not None
    assert taken.raw == message
    assert inbound.take() is None


def test_a_full_batch_loses_nothing() -> None:
    inbound, batch = begun(), CommandBatch(2)
    stream = b"".join(raw(order(f"o{i}"), i) for i in range(2, 9))
    stop = inbound.feed(stream, batch)
    ids = []
    while len(batch):
        assert stop & _inbound.DECODED
        data = batch.take(1, 0)
        ids += [records.unpack_command(data, at)["client_order_id"] for at in range(0, len(data), 192)]
        stop = inbound.received(0, batch)
    assert ids == [f"o{i}" for i in range(2, 9)]
    assert inbound.messages == 7


def test_orders_split_at_every_byte() -> None:
    stream = b"".join(raw(order(f"o{i}"), i) for i in range(2, 4))
    for cut in range(len(stream) + 1):
        inbound, batch = begun(), CommandBatch(8)
        inbound.feed(stream[:cut], batch)
        inbound.feed(stream[cut:], batch)
        data = batch.take(1, 0)
        found = [records.unpack_command(data, at)["client_order_id"] for at in range(0, len(data), 192)]
        assert found == ["o2", "o3"]


def test_levels_of_the_throttle() -> None:
    inbound, batch = begun(reject=2, logout=4), CommandBatch(16)
    tail = "|41=a|55=AAPL-USD|54=1|60=" + utc()
    stream = raw(order("a"), 2) + raw(order("b"), 3) + raw("F|11=c" + tail, 4) + raw(order("d"), 5)
    assert inbound.feed(stream, batch) == _inbound.DECODED | _inbound.MESSAGE
    assert len(batch) == 3  # the cancel passes
    assert inbound.level == _inbound.REJECT_LEVEL
    inbound.take()
    inbound.next_in = 6
    assert inbound.feed(raw("F|11=e" + tail, 6), batch) == _inbound.MESSAGE
    assert inbound.level == _inbound.LOGOUT_LEVEL


def test_mutated_orders_become_a_command_a_refusal_or_nothing() -> None:
    """Decoder and dictionary on 20,000 damaged orders with a right CheckSum: no crash, no half-written command."""
    random_ = random.Random(SEED)
    good = raw(order("a"))
    body = good[good.index(b"35=") : -7].decode("latin-1")
    for number in range(20_000):
        changed = list(body)
        for _ in range(random_.randrange(1, 4)):
            at = random_.randrange(len(changed))
            changed[at] = random_.choice(("\x01", "=", "0", "9", "-", ".", "A", chr(random_.randrange(256))))
        message = wrap("FIX.4.4", "".join(changed))
        inbound, batch = begun(), CommandBatch(4)
        stop = inbound.feed(message + raw("0", 3), batch)
        assert stop & _inbound.MESSAGE, f"seed {SEED}, mutation {number}"
        taken = inbound.take()
        assert taken is not None
        if taken.msg_type == "D" and taken.seq_num is not None and taken.raw == message:
            fault = inbound.submit(message, 2, batch)
            assert (fault is None) == (len(batch) == 1), f"seed {SEED}, mutation {number}"
