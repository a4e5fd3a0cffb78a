"""The kit's own view of FIX bytes."""

from pathlib import Path

import pytest

from gateway.fix.dictionary import load_session
from gateway.fix.kit.wire import FixMessage, Framer, WireError, checksum, describe, encode, parse, to_json

DICTIONARY = load_session("FIX.4.4", Path(__file__).parents[2] / "config" / "fix")
ORDER = [
    (8, "FIX.4.4"), (35, "D"), (49, "MAKER"), (56, "PERPGATE"), (34, "7"), (52, "20250304-12:00:00.000000"),
    (11, "c1"), (55, "AAPL-USD"), (54, "1"), (60, "20250304-12:00:00.000000"), (40, "2"), (38, "2.5"), (44, "254.04"),
    (59, "1"), (18, "6 E"),
]  # fmt: skip
LOGON = [(8, "FIX.4.4"), (35, "A"), (34, "1"), (95, "5"), (96, "a\x01=\x01b"), (554, "secret word")]


def test_encode_computes_length_and_checksum():
    data = encode([(8, "FIX.4.2"), (35, "0"), (34, "1")])
    assert data == b"8=FIX.4.2\x019=10\x0135=0\x0134=1\x0110=163\x01"
    assert checksum(data[:-7]) == 163
    with pytest.raises(WireError, match="begins with 8"):
        encode([(35, "0")])


def test_parse_gives_back_what_was_encoded():
    message = parse(encode(ORDER))
    assert [f for f in message.fields if f[0] not in (9, 10)] == ORDER
    assert (message.msg_type, message.seq, message.get(44), message.get(99, "none")) == ("D", 7, "254.04", "none")
    assert 18 in message
    assert 99 not in message
    assert message.to_wire() == encode(ORDER)


def test_data_fields_may_hold_delimiters():
    assert parse(encode(LOGON)).get(96) == "a\x01=\x01b"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d[:-1], "no whole message"),
        (lambda d: b"x" + d, "no whole message"),
        (lambda d: d.replace(b"9=1", b"9=2", 1), "BodyLength is"),
        (lambda d: d.replace(b"38=2.5", b"38=3.5"), "CheckSum is"),
        (lambda d: d.replace(b"35=D\x01", b"36=D\x01"), "does not begin with 8, 9, 35"),
        (lambda d: d.replace(b"55=", b"5x="), "is no field"),
    ],
)
def test_what_is_no_message_is_refused(change, says):
    with pytest.raises(WireError, match=says):
        parse(change(encode(ORDER)))


def test_framer_takes_any_pieces():
    data = encode(ORDER) + encode(LOGON) + encode(ORDER)
    for size in (1, 2, 7, 40, len(data)):
        framer = Framer()
        found = [m for i in range(0, len(data), size) for m in framer.feed(data[i : i + size])]
        assert [m.msg_type for m in found] == ["D", "A", "D"]


@pytest.mark.parametrize("data", [b"junk", b"8=FIX.4.4\x0135=0\x01", b"8=FIX.4.4\x019=99999999\x01"])
def test_framer_refuses_what_cannot_become_a_message(data):
    with pytest.raises(WireError):
        list(Framer().feed(data))


def test_entries_of_a_group():
    message = FixMessage(((146, "2"), (55, "A"), (969, "0.01"), (55, "B"), (969, "0.5"), (10, "000")))
    assert [(e.get(55), e.get(969)) for e in message.entries(146, 55)] == [("A", "0.01"), ("B", "0.5")]


def test_description_names_fields_and_values():
    text = describe(parse(encode(ORDER)), DICTIONARY)
    assert text.startswith("NewOrderSingle ClOrdID=c1 Symbol=AAPL-USD Side=BUY ")
    assert "OrdType=LIMIT" in text
    assert "ExecInst=PARTICIPATE_DO_NOT_INITIATE+DO_NOT_INCREASE" in text
    assert "SenderCompID" not in text


def test_passwords_are_never_shown():
    message = parse(encode(LOGON))
    for text in (describe(message, DICTIONARY), message.to_text(), str(to_json(message, DICTIONARY))):
        assert "secret" not in text
        assert "***" in text


def test_json_lists_repeated_fields():
    shown = to_json(FixMessage(((35, "8"), (137, "1"), (137, "2"), (9999, "x"))), DICTIONARY)
    assert shown["message"] == "ExecutionReport"
    assert shown["fields"] == {"MsgType": "8", "MiscFeeAmt": ["1", "2"], "9999": "x"}
