"""Examples of every message: recorded from sessions with a live venue, and built for what a venue says seldom.

`docs/fix/examples/*.txt` hold the recordings, one file per version: `# title`, then messages with `>` from the
participant, `<` from the venue and `|` for the delimiter. They are recorded by `python -m tests.fix_examples --write`,
which plays a fixed conversation with a venue on the loopback interface. The built ones are below; the page says which
is which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.fix.kit.wire import FixMessage, encode, parse
from gateway.fix.rules.model import EVERY, RulesError, Version

RECORDINGS = Path(__file__).resolve().parents[3] / "docs" / "fix" / "examples"
FILES = {Version.FIX42: "FIX42.txt", Version.FIX44: "FIX44.txt", Version.FIX50SP2: "FIX50SP2.txt"}
_TIME = "20250304-14:30:00.000000"


@dataclass(frozen=True, slots=True)
class Line:
    """A message and who sent it: `>` the participant, `<` the venue."""

    direction: str
    message: FixMessage

    @property
    def text(self) -> str:
        return f"{self.direction} {self.message.to_text(show_secrets=True)}"


@dataclass(frozen=True, slots=True)
class Example:
    """A piece of a conversation. `is_built`: not recorded."""

    title: str
    lines: tuple[Line, ...]
    is_built: bool = False


def recorded(version: Version) -> tuple[Example, ...]:
    """The recordings of a version. Raises RulesError naming the line that cannot be read."""
    path = RECORDINGS / FILES[version]
    return tuple(read(path.read_text(), path.name))


def read(text: str, name: str) -> Iterator[Example]:
    """Examples of a file's text. Raises RulesError."""
    title, lines = "", list[Line]()
    for number, row in enumerate(text.splitlines(), 1):
        if row.startswith("# "):
            if lines:
                yield Example(title, tuple(lines))
            title, lines = row[2:], []
        elif row:
            lines.append(_line(row, f"{name}:{number}"))
    if lines:
        yield Example(title, tuple(lines))


def _line(row: str, where: str) -> Line:
    direction, space, text = row.partition(" ")
    if direction not in ("<", ">") or not space:
        raise RulesError(f"{where}: expected `> message` or `< message`")
    try:
        return Line(direction, parse(text.replace("|", "\x01").encode("latin-1")))
    except ValueError as error:
        raise RulesError(f"{where}: {error}") from None


def write(examples: tuple[Example, ...]) -> str:
    """The text that `read` reads."""
    blocks = ["\n".join([f"# {example.title}", *(line.text for line in example.lines)]) for example in examples]
    return "\n\n".join(blocks) + "\n"


# --------------------------------------------------------------------------------------------------------- built

_BUILT = f"""
# Two-sided quote
> i 117=q1|301=2|1=ALPHA-A1|296=1|302=s1|304=1|295=1|299=e1|55=AAPL-USD|132=253.9|133=254.1|134=5|135=5
< b 117=q1|297=0|1=ALPHA-A1|60={_TIME}|20002=1201-0

# Quotes cancelled
> Z 117=q2|298=1|1=ALPHA-A1|295=1|55=AAPL-USD
< b 117=q2|297=1|1=ALPHA-A1|60={_TIME}|20002=1202-0

# Market-maker protection: set, tripped, reset
> UM 20057=m1|20055=1|1=ALPHA-A1|55=AAPL-USD|20050=1000|20051=50|20054=0
< UN 20057=m1|20055=1|1=ALPHA-A1|55=AAPL-USD|20056=1|20050=1000|20051=50|20054=0|60={_TIME}|20002=1203-0
< UN 1=ALPHA-A1|55=AAPL-USD|20056=2|60={_TIME}|20002=1250-4
< AI 117=q1|299=e1|55=AAPL-USD|1=ALPHA-A1|297=6|60={_TIME}|20002=1250-5
> UM 20057=m2|20055=2|1=ALPHA-A1|55=AAPL-USD
< UN 20057=m2|20055=2|1=ALPHA-A1|55=AAPL-USD|20056=1|60={_TIME}|20002=1261-0

# Notice of maintenance
< B 42={_TIME}|61=0|148=Maintenance|33=1|58=The venue restarts at 15:00 UTC
"""


def built(version: Version) -> tuple[Example, ...]:
    """Examples of what recordings lack, numbered as if they were one conversation."""
    examples: list[Example] = []
    numbers = {"<": 100, ">": 100}
    for block in _BUILT.strip().split("\n\n"):
        title, *rows = block.splitlines()
        lines = []
        for row in rows:
            direction, msg_type, body = row.split(" ", 2)
            numbers[direction] += 1
            sender, target = ("ALPHA", "PERPGATE") if direction == ">" else ("PERPGATE", "ALPHA")
            head = f"8={version.begin_string}|35={msg_type}|49={sender}|56={target}|34={numbers[direction]}|52={_TIME}"
            fields = [field.partition("=") for field in f"{head}|{body}".split("|")]
            lines.append(Line(direction, parse(encode([(int(tag), value) for tag, _, value in fields]))))
        examples.append(Example(title.removeprefix("# "), tuple(lines), is_built=True))
    return tuple(examples)


def page() -> Iterator[str]:
    """docs/fix/examples.md without its first line."""
    yield "# FIX messages as they go over the wire"
    yield ""
    yield "`>` is the participant's, `<` the venue's; `|` stands for the delimiter (byte 1). Recorded from sessions"
    yield "with a venue, in each version; examples marked *built* show what the recorded conversation does not contain."
    found = {version: (*recorded(version), *built(version)) for version in Version}
    titles = list(dict.fromkeys(example.title for examples in found.values() for example in examples))
    for title in titles:
        yield ""
        yield f"## {title}"
        for version in Version:
            for example in found[version]:
                if example.title == title:
                    yield ""
                    yield f"{version.title}{', *built*' if example.is_built else ''}:"
                    yield ""
                    yield from (f"    {line.text}" for line in example.lines)


def covered(version: Version) -> frozenset[str]:
    """MsgTypes that the examples of a version show."""
    return frozenset(line.message.msg_type for e in (*recorded(version), *built(version)) for line in e.lines)


assert set(FILES) == EVERY
