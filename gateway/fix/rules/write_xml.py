"""The table as QuickFIX data dictionaries: config/fix/FIX42.xml, FIX44.xml, FIXT11.xml and FIX50SP2.xml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import quoteattr

from gateway.fix.rules.fields import FIELDS
from gateway.fix.rules.messages import HEADER, MESSAGES, TRAILER
from gateway.fix.rules.model import Member, Message, Presence, Version

_NOTE = (
    "The rules of engagement of perpgate in {title}: exactly the messages, fields and values that the venue speaks. "
    "Load it unchanged (DataDictionary={file}). docs/fix explains it. Generated, do not edit."
)


def dictionaries() -> dict[str, str]:
    """File name to text."""
    v42, v44, v50 = Version.FIX42, Version.FIX44, Version.FIX50SP2
    transport = tuple(m for m in MESSAGES if m.session)
    application = tuple(m for m in MESSAGES if not m.session)
    return {
        "FIX42.xml": _file("FIX42.xml", v42, ("FIX", 4, 2, 0), MESSAGES, HEADER, TRAILER),
        "FIX44.xml": _file("FIX44.xml", v44, ("FIX", 4, 4, 0), MESSAGES, HEADER, TRAILER),
        "FIXT11.xml": _file("FIXT11.xml", v50, ("FIXT", 1, 1, 0), transport, HEADER, TRAILER),
        "FIX50SP2.xml": _file("FIX50SP2.xml", v50, ("FIX", 5, 0, 2), application, (), ()),
    }


def _file(
    name: str,
    version: Version,
    root: tuple[str, int, int, int],
    messages: tuple[Message, ...],
    header: tuple[Member, ...],
    trailer: tuple[Member, ...],
) -> str:
    offered = [m for m in messages if version in m.versions]
    members = [*header, *trailer, *(member for m in offered for member in m.members)]
    tags = sorted({m.tag for member in members for m in member.walk() if version in m.presence})
    kind, major, minor, pack = root
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<!-- {_NOTE.format(title=version.title, file=name)} -->",
        f'<fix type="{kind}" major="{major}" minor="{minor}" servicepack="{pack}">',
        *_section("header", _members(header, version, 2)),
        *_section("messages", _messages(offered, version)),
        *_section("trailer", _members(trailer, version, 2)),
        "  <components/>",
        *_section("fields", _fields(tags, version)),
        "</fix>",
    ]
    return "\n".join(lines) + "\n"


def _section(name: str, lines: Iterable[str]) -> Iterator[str]:
    inside = list(lines)
    if not inside:
        yield f"  <{name}/>"
        return
    yield f"  <{name}>"
    yield from inside
    yield f"  </{name}>"


def _messages(messages: list[Message], version: Version) -> Iterator[str]:
    for message in messages:
        category = "admin" if message.session else "app"
        yield f'    <message name="{message.name}" msgtype="{message.msg_type}" msgcat="{category}">'
        yield from _members(message.members, version, 3)
        yield "    </message>"


def _members(members: tuple[Member, ...], version: Version, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for member in members:
        presence = member.presence.get(version)
        if presence is None:
            continue
        name = FIELDS[member.tag].name_in(version)
        required = "Y" if presence is Presence.REQUIRED else "N"
        if member.members:
            yield f'{indent}<group name="{name}" required="{required}">'
            yield from _members(member.members, version, depth + 1)
            yield f"{indent}</group>"
        else:
            yield f'{indent}<field name="{name}" required="{required}"/>'


def _fields(tags: list[int], version: Version) -> Iterator[str]:
    for tag in tags:
        field = FIELDS[tag]
        values = field.values_in(version) if field.type_in(version) != "BOOLEAN" else ()
        head = f'    <field number="{tag}" name="{field.name_in(version)}" type="{field.type_in(version)}"'
        if not values:
            yield head + "/>"
            continue
        yield head + ">"
        for value in values:
            yield f"      <value enum={quoteattr(value.text)} description={quoteattr(value.name)}/>"
        yield "    </field>"
