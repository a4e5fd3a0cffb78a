"""Examples: their notation, and that QuickFIX and our own dictionary take every one of them, in both directions."""

import pytest

from gateway.fix.kit.certification.check import checker
from gateway.fix.kit.endpoint import Endpoint
from gateway.fix.rules.examples import Example, Line, built, read, recorded, write
from gateway.fix.rules.messages import MESSAGES
from gateway.fix.rules.model import RulesError, Version, Way

NAMES = {Version.FIX42: "4.2", Version.FIX44: "4.4", Version.FIX50SP2: "5.0SP2"}
TEXT = """# A title
> 8=FIX.4.2|9=10|35=0|34=1|10=163|
< 8=FIX.4.2|9=10|35=0|34=1|10=163|

# Another
> 8=FIX.4.2|9=10|35=0|34=1|10=163|
"""


def lines_of(version: Version) -> list[Line]:
    return [line for example in (*recorded(version), *built(version)) for line in example.lines]


def test_notation():
    examples = tuple(read(TEXT, "text"))
    assert [(e.title, [line.direction for line in e.lines]) for e in examples] == [
        ("A title", [">", "<"]), ("Another", [">"]),
    ]  # fmt: skip
    assert write(examples) == TEXT


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("8=FIX.4.2|9=10|35=0|34=1|10=163|", "text:2: expected `> message`"),
        ("> 8=FIX.4.2|9=11|35=0|34=1|10=163|", "text:2: BodyLength is 11, counted 10"),
        ("> 8=FIX.4.2|9=10|35=0|34=1|10=164|", "text:2: CheckSum is 164"),
    ],
)
def test_rows_that_cannot_be_read_are_named(row, says):
    with pytest.raises(RulesError, match=says):
        list(read(f"# title\n{row}\n", "text"))


def test_empty_parts_are_left_out():
    assert [e.title for e in read("# nothing\n\n" + TEXT, "text")] == ["A title", "Another"]
    assert write((Example("A", ()),)) == "# A\n"


@pytest.mark.parametrize("version", Version)
def test_quickfix_takes_every_example(version):
    check = checker(Endpoint("h", 1, NAMES[version], "ALPHA", "PERPGATE"))
    deliberate = [line for line in lines_of(version) if "|54=9|" in line.text]  # what 35=3 then refuses
    assert len(deliberate) == 1
    for line in lines_of(version):
        assert bool(check(line.message)) == (line in deliberate), line.text


@pytest.mark.parametrize("version", Version)
def test_every_message_has_an_example_in_each_direction(version):
    shown = {(line.direction, line.message.msg_type) for line in lines_of(version)}
    wanted = {
        (direction, message.msg_type)
        for message in MESSAGES
        if version in message.versions
        for direction, way in ((">", Way.IN), ("<", Way.OUT))
        if message.way is way
    }
    assert wanted <= shown
    assert {m.msg_type for m in MESSAGES if m.session} <= {msg_type for _, msg_type in shown}


@pytest.mark.parametrize("version", Version)
def test_senders_are_who_the_arrows_say(version):
    lines = lines_of(version)
    venues = {line.message.get(49) for line in lines if line.direction == "<"}
    assert venues == {line.message.get(56) for line in lines if line.direction == ">"}
