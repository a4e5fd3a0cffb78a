"""FIX text, framing and tokenizer: against Python's own arithmetic, split at every byte, and mutated."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from engine.records import format_e8, parse_e8
from gateway.fix import _wire
from tests.fix_messages import fields_of, order, utc, wrap
from tests.property.fix_fuzz import mutate

SEED = 20261124
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def message(seq: int = 2, text: str = "") -> bytes:
    msg_type, _, body = (text or order("id")).partition("|")
    return wrap("FIX.4.4", f"35={msg_type}|34={seq}|49=MM02|52={utc()}|56=VENUE|{body}")


# -------------------------------------------------------------------------------------------------------- text


@pytest.mark.parametrize(
    ("text", "value_e8"),
    [
        ("0", 0), ("1", 10**8), ("002000.00", 2000 * 10**8), ("-1.5", -150_000_000), (".5", 50_000_000),
        ("5.", 5 * 10**8),
        ("0.00000001", 1), ("0.000000010", 1), ("92233720368.54775807", 2**63 - 1),
        ("-92233720368.54775807", 1 - 2**63),
    ],
)  # fmt: skip
def test_decimals_become_integers(text: str, value_e8: int) -> None:
    assert _wire.parse_decimal(text.encode()) == value_e8


@pytest.mark.parametrize("text", ["", "-", ".", "+1", "1e5", "1,5", "1.2.3", " 1", "1 ", "--1", "NaN", "٣", "1\0"])
def test_what_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no FIX decimal"):
        _wire.parse_decimal(text.encode())


@pytest.mark.parametrize(
    "text",
    ["0.000000001", "92233720368.54775808", "99999999999", "9" * 40, "1.123456789", "-1e".replace("e", "0" * 20)],
)
def test_digits_that_do_not_fit_are_refused_not_rounded(text: str) -> None:
    with pytest.raises(OverflowError):
        _wire.parse_decimal(text.encode())


def test_decimals_agree_with_the_schema_both_ways() -> None:
    random_ = random.Random(SEED)
    for _ in range(20_000):
        value = random_.choice((random_.randrange(-(2**63) + 1, 2**63), random_.randrange(-(10**12), 10**12)))
        text = _wire.format_decimal(value)
        assert text.decode() == format_e8(value)
        assert _wire.parse_decimal(text) == value == parse_e8(text.decode())


def test_timestamps_agree_with_python() -> None:
    random_ = random.Random(SEED)
    for _ in range(5_000):
        moment = EPOCH + timedelta(seconds=random_.randrange(0, 7_200_000_000), microseconds=random_.randrange(10**6))
        ns = (moment - EPOCH) // timedelta(microseconds=1) * 1_000 + random_.randrange(1_000)
        text = moment.strftime("%Y%m%d-%H:%M:%S.") + f"{ns % 10**9:09d}"
        for decimals in (3, 6, 9):
            assert _wire.format_timestamp(ns, decimals).decode() == text[: 18 + decimals]
            assert _wire.parse_timestamp(text[: 18 + decimals].encode()) == ns - ns % 10 ** (9 - decimals)
        assert _wire.parse_timestamp(text[:17].encode()) == ns - ns % 10**9


@pytest.mark.parametrize(
    "text",
    ["", "20261124", "20261124-24:00:00", "20261124-23:60:00", "20261124-23:00:61", "20260229-00:00:00",
     "20261131-00:00:00", "20261301-00:00:00",
     "20261100-00:00:00", "20261124 23:00:00", "20261124-23:00:00.", "20261124-23:00:00.1234567890",
     "20261124-23:00:00,123", "19691231-23:59:59", "20261124-2a:00:00"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no UTCTimestamp"):
        _wire.parse_timestamp(text.encode())


def test_leap_days_and_leap_seconds() -> None:
    assert _wire.parse_timestamp(b"20280229-00:00:00") == 1_835_395_200_000_000_000
    assert _wire.parse_timestamp(b"20261231-23:59:60") == _wire.parse_timestamp(b"20270101-00:00:00")


# ------------------------------------------------------------------------------------------------------ framing


def test_a_message_is_read_as_it_was_written() -> None:
    raw = message(7, "D|11=a|58=x=y|1=A")
    read = _wire.parse(raw)
    assert (read.begin_string, read.msg_type, read.seq_num, read.poss_dup, read.poss_resend) == (
        "FIX.4.4",
        "D",
        7,
        False,
        False,
    )
    assert [(tag, value.decode()) for tag, value in read.fields] == fields_of(raw)
    assert (read.get(58), read.get(99), read.number(34), read.number(58), read.time_ns(11)) == (
        "x=y",
        None,
        7,
        None,
        None,
    )


def test_raw_data_may_hold_the_separator() -> None:
    raw = message(1, "A|95=5|96=a\x01=\x01b|98=0")
    read = _wire.parse(raw)
    assert read.get(96) == "a\x01=\x01b"
    assert read.get(98) == "0"


@pytest.mark.parametrize(
    "junk", [b"", b"\r\n", b"GET / HTTP/1.0\r\n\r\n", b"58=8=\x01", b"8=FIX", b"18=\x01108=1\x01", b"8=X\x019=z\x01"]
)
def test_junk_is_skipped(junk: bytes) -> None:
    good = message()
    messages, _, rest = _wire.split_stream(junk + good + junk + good, 4_096)
    assert messages == [good, good]
    assert rest == 0


@pytest.mark.parametrize(
    ("damage", "garbled"),
    [
        ({"check_sum": "256"}, 1),
        ({"check_sum": "7"}, 1),
        ({"check_sum": "abc"}, 1),
        ({"length": 5}, 1),
        ({"length": 9_999_999}, 1),
    ],
)
def test_damaged_messages_are_skipped_whole(damage: dict, garbled: int) -> None:
    good = message()
    bad = wrap("FIX.4.4", f"35=0|34=2|49=MM02|52={utc()}|56=VENUE", **damage)
    messages, count, rest = _wire.split_stream(good + bad + good, 4_096)
    assert messages == [good, good]
    assert (count, rest) == (garbled, 0)


def test_a_length_that_is_too_long_takes_the_next_message_with_it() -> None:
    good = message()
    bad = wrap("FIX.4.4", f"35=0|34=2|49=MM02|52={utc()}|56=VENUE", length=90)
    messages, count, _ = _wire.split_stream(bad + good + good, 4_096)
    assert messages == [good]
    assert count == 1


def test_split_at_every_byte() -> None:
    stream = b"junk" + b"".join(message(i) for i in range(2, 5))
    whole = _wire.split_stream(stream, 4_096)[0]
    assert len(whole) == 3
    for cut in range(len(stream)):
        first, garbled, rest = _wire.split_stream(stream[:cut], 4_096)
        assert garbled == 0
        again, _, left = _wire.split_stream(stream[cut - rest :], 4_096)
        assert first + again == whole
        assert left == 0


def test_a_hundred_thousand_mutated_messages_leave_the_stream_readable() -> None:
    """Nothing is read out of bounds, what comes out can be judged, and the next messages arrive."""
    random_ = random.Random(SEED)
    good = [message(i) for i in range(2, 34)]
    lost = 0
    for number in range(100_000):
        bad = mutate(random_, good[number % 32])
        messages, _, rest = _wire.split_stream(bad + good[0] + good[1] + good[2], 4_096)
        assert messages[-1:] == [good[2]] or rest > 0, f"seed {SEED}, mutation {number}"
        lost += messages[-1:] != [good[2]]
        for raw in messages:
            _parse_or_refuse(raw)
    assert lost < 5_000  # a BodyLength that became far too long waits for more: the session's timers deal with it


def _parse_or_refuse(raw: bytes) -> None:
    try:
        assert _wire.parse(raw).raw == raw
    except ValueError as error:
        refusal = str(error)
    else:
        return
    assert refusal == "is a garbled FIX message"
