"""Writes the tables of docs/binary.md from the published schema, so that the two cannot disagree.

    python -m gateway.binary.document --write | --check

The text between the markers is generated, the rest of the page is written by hand. Used by `make gen` and a test.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from engine.records import CHECK_ORDER, Reason

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "config" / "sbe" / "perpgate-binary.xml"
PAGE = ROOT / "docs" / "binary.md"
BEGIN, END = "<!-- generated: {} -->\n", "<!-- end of {} -->\n"
_SBE = "{http://fixprotocol.io/2016/sbe}"
_WIDTHS = {"char": 1, "int8": 1, "uint8": 1, "uint16": 2, "uint32": 4, "int64": 8, "uint64": 8}
_REPORT_FIELDS = 7  # that every outbound message begins with
_ORDER_FIELDS = 23  # that every order report begins with, the seven included


def page_text(current: str) -> str:
    """The page with its generated parts renewed. Raises ValueError when a marker is missing."""
    schema = ElementTree.parse(SCHEMA).getroot()
    for name, lines in (("messages", _messages(schema)), ("reasons", _reasons())):
        begin, end = BEGIN.format(name), END.format(name)
        head, found, rest = current.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"docs/binary.md lacks the markers of {name!r}")
        current = head + begin + "\n".join(lines) + "\n" + end + tail
    return current


def _messages(schema: ElementTree.Element) -> Iterator[str]:
    widths = _type_widths(schema)
    messages = schema.findall(f"{_SBE}message")
    inbound = [m for m in messages if m.get("description", "").startswith("In")]
    yield "### From the client"
    for message in inbound:
        yield from _table(message, list(message), 0, widths)
    outbound = [m for m in messages if m not in inbound]
    order = next(m for m in outbound if m.get("name") == "OrderAccepted")
    yield ""
    yield "### What every message of the venue begins with"
    yield from _rows(list(order)[:_REPORT_FIELDS], 0, widths)
    yield ""
    yield "### What every order report begins with, after that"
    offset = sum(widths[field.attrib["type"]] for field in list(order)[:_REPORT_FIELDS])
    yield from _rows(list(order)[_REPORT_FIELDS:_ORDER_FIELDS], offset, widths)
    yield ""
    yield "### From the venue, after those"
    shared = [field.get("name") for field in list(order)[:_ORDER_FIELDS]]
    for message in outbound:
        fields = list(message)
        is_order = [f.get("name") for f in fields[:_ORDER_FIELDS]] == shared
        yield from _table(message, fields, _ORDER_FIELDS if is_order else _REPORT_FIELDS, widths)


def _type_widths(schema: ElementTree.Element) -> dict[str, int]:
    widths = dict(_WIDTHS)
    for kind in schema.iter():
        primitive = kind.get("primitiveType") or kind.get("encodingType")
        if kind.tag in ("type", "enum", "set") and primitive in _WIDTHS:
            widths[kind.attrib["name"]] = _WIDTHS[primitive]
    return widths


def _table(
    message: ElementTree.Element, fields: list[ElementTree.Element], skip: int, widths: dict[str, int]
) -> Iterator[str]:
    about = message.get("description", "").partition(": ")[2]
    yield ""
    yield f"**{message.get('name')}**, templateId {message.get('id')}, blockLength {message.get('blockLength')}" + (
        f": {about}" if about else ""
    )
    offset = sum(widths[f.attrib["type"]] for f in fields[:skip])
    if len(fields) > skip:
        yield from _rows(fields[skip:], offset, widths)


def _rows(fields: list[ElementTree.Element], offset: int, widths: dict[str, int]) -> Iterator[str]:
    yield ""
    yield "| offset | field | type | |"
    yield "|---|---|---|---|"
    for field in fields:
        kind, about = field.attrib["type"], field.get("description", "")
        if field.tag == "data":
            yield f"| after the block | {field.get('name')} | u8 length, then ASCII | {about} |"
        else:
            yield f"| {offset} | {field.get('name')} | {kind} ({widths[kind]}) | {about} |"
            offset += widths[kind]


def _reasons() -> Iterator[str]:
    yield "| code | reason | checked |"
    yield "|---|---|---|"
    place = {reason: number for number, reason in enumerate(CHECK_ORDER, 1)}
    for reason in Reason:
        yield f"| {int(reason)} | {reason.name} | {place.get(reason, '')} |"


def main(argv: list[str]) -> int:
    if argv not in (["--write"], ["--check"]):
        print("usage: python -m gateway.binary.document --write | --check")
        return 2
    current = PAGE.read_text()
    wanted = page_text(current)
    if argv == ["--write"]:
        PAGE.write_text(wanted)
        print(f"wrote {PAGE}")
    elif current != wanted:
        print("docs/binary.md is out of date: run `make gen`")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
