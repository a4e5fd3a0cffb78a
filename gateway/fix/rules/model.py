"""What the table is written in: versions, fields with their values, messages with their members.

Definitions are short texts, one line per value or member, so that a table reads like the page that is made of it:

    values   VALUE NAME [@versions] text
    members  TAG PRESENCE text             indented by four more: member of the group above

PRESENCE is Y (required), C (required under the condition that the text names; optional in the dictionary) or N; with
versions, `Y@42/N` is required in 4.2 and optional elsewhere, `N@44+` exists from 4.4 on. Versions are `@42`, `@44+`,
`@42-44`. Used while generating, never by the door.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Version(IntEnum):
    """A FIX version as participants name it; FIX50SP2 is spoken over FIXT.1.1."""

    FIX42 = 42
    FIX44 = 44
    FIX50SP2 = 50

    @property
    def title(self) -> str:
        return {42: "FIX 4.2", 44: "FIX 4.4", 50: "FIX 5.0 SP2"}[self]

    @property
    def begin_string(self) -> str:
        return {42: "FIX.4.2", 44: "FIX.4.4", 50: "FIXT.1.1"}[self]


EVERY = frozenset(Version)


class Way(StrEnum):
    """Who sends a message."""

    IN = "participant"
    OUT = "venue"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an enumeration; `name` is what QuickFIX calls it."""

    text: str
    name: str
    meaning: str
    versions: frozenset[Version]


@dataclass(frozen=True, slots=True)
class Field:
    """A tag. `names` and `types` hold what differs in a version."""

    tag: int
    name: str
    type: str
    meaning: str
    values: tuple[Value, ...]
    names: Mapping[Version, str]
    types: Mapping[Version, str]

    def name_in(self, version: Version) -> str:
        return self.names.get(version, self.name)

    def type_in(self, version: Version) -> str:
        return self.types.get(version, self.type)

    def values_in(self, version: Version) -> tuple[Value, ...]:
        return tuple(value for value in self.values if version in value.versions)

    @property
    def is_ours(self) -> bool:
        """A user-defined tag."""
        return self.tag >= 20_000


class Presence(StrEnum):
    REQUIRED = "Y"
    CONDITIONAL = "C"
    OPTIONAL = "N"


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a message or of a group; `members` are the group's own."""

    tag: int
    presence: Mapping[Version, Presence]
    meaning: str
    members: tuple[Member, ...] = ()

    def walk(self) -> Iterator[Member]:
        yield self
        for member in self.members:
            yield from member.walk()


@dataclass(frozen=True, slots=True)
class Message:
    """`session` messages are those of the transport; `versions` without a standard home are back-ports."""

    msg_type: str
    name: str
    way: Way
    session: bool
    meaning: str
    members: tuple[Member, ...]
    versions: frozenset[Version]
    backported: frozenset[Version]

    def walk(self) -> Iterator[Member]:
        for member in self.members:
            yield from member.walk()


class RulesError(ValueError):
    """A definition that cannot be read; the text names the line."""


def versions(text: str) -> frozenset[Version]:
    """`42`, `44+`, `42-44` (an @ before it is ignored), empty = every version. Raises RulesError."""
    text = text.removeprefix("@")
    if not text:
        return EVERY
    first, dash, last = text.rstrip("+").partition("-")
    try:
        low = Version(int(first))
        high = max(Version) if text.endswith("+") else Version(int(last)) if dash else low
    except ValueError:
        raise RulesError(f"{text!r} names no versions: write 42, 44+ or 42-44") from None
    return frozenset(v for v in Version if low <= v <= high)


def field(
    tag: int,
    name: str,
    kind: str,
    meaning: str,
    values: str = "",
    *,
    names: Mapping[Version, str] | None = None,
    types: Mapping[Version, str] | None = None,
) -> Field:
    """A row of the field table."""
    return Field(tag, name, kind, meaning, tuple(_values(values)), names or {}, types or {})


def _values(text: str) -> Iterator[Value]:
    for line in text.strip().splitlines():
        value, name, *rest = line.split(None, 2)
        meaning = rest[0] if rest else ""
        where, space, after = meaning.partition(" ")
        if where.startswith("@"):
            meaning = after if space else ""
        yield Value(value, name, meaning, versions(where if where.startswith("@") else ""))


def message(
    msg_type: str,
    name: str,
    way: Way,
    meaning: str,
    members: str,
    *,
    session: bool = False,
    since: str = "",
    only: str = "",
) -> Message:
    """A row of the message table. since: first version whose standard has it; only: versions that the venue offers."""
    offered = versions(only)
    return Message(
        msg_type, name, way, session, meaning, members_of(members), offered, offered - versions(since and f"{since}+")
    )


def members_of(text: str) -> tuple[Member, ...]:
    """Members from indented lines. Raises RulesError."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return ()
    members, used = _block(lines, 0, _indent(lines[0]))
    if used != len(lines):
        raise RulesError(f"indentation of {lines[used]!r} fits nothing above it")
    return members


def _block(lines: list[str], start: int, indent: int) -> tuple[tuple[Member, ...], int]:
    members: list[Member] = []
    at = start
    while at < len(lines) and _indent(lines[at]) >= indent:
        if _indent(lines[at]) > indent:
            inner, at = _block(lines, at, _indent(lines[at]))
            last = members.pop()
            members.append(Member(last.tag, last.presence, last.meaning, inner))
            continue
        tag, presence, *rest = lines[at].split(None, 2)
        members.append(Member(int(tag), _presence(presence, lines[at]), rest[0].strip() if rest else ""))
        at += 1
    return tuple(members), at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _presence(text: str, line: str) -> dict[Version, Presence]:
    found: dict[Version, Presence] = {}
    for part in text.split("/"):
        letter, _, where = part.partition("@")
        try:
            presence = Presence(letter)
        except ValueError:
            raise RulesError(f"presence {text!r} in {line.strip()!r}: write Y, C or N") from None
        for version in versions(where):
            found.setdefault(version, presence)
    return found
