"""FIX messages as the kit handles them: fields in wire order, built, framed and made readable.

Plain and unhurried; the venue's own codec is the compiled one. A message is kept exactly as it came, so that a log can
be sent back as evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fix.dictionary import Dictionary, FieldKind

SOH = "\x01"
MESSAGE_BYTES_MAX = 1_000_000
_TRAILER_BYTES = 7  # 10=nnn and its delimiter
_HIDDEN = frozenset({554, 925})  # passwords
Fields = Iterable[tuple[int, str]]


class WireError(ValueError):
    """Bytes that are no FIX message; the text says which and why."""


@dataclass(frozen=True, slots=True)
class FixMessage:
    """A whole message, BeginString to CheckSum, in wire order."""

    fields: tuple[tuple[int, str], ...]

    @property
    def msg_type(self) -> str:
        return self.get(35)

    @property
    def seq(self) -> int:
        """MsgSeqNum."""
        return int(self.get(34, "0"))

    def get(self, tag: int, default: str = "") -> str:
        """The first value of a tag."""
        return next((value for number, value in self.fields if number == tag), default)

    def __contains__(self, tag: int) -> bool:
        return any(number == tag for number, _ in self.fields)

    def all(self, tag: int) -> list[str]:
        """Every value of a tag: those of a group's entries."""
        return [value for number, value in self.fields if number == tag]

    def entries(self, count_tag: int, delimiter_tag: int) -> list[FixMessage]:
        """Entries of a group that is the last of the body (the venue sends none that is not)."""
        found: list[list[tuple[int, str]]] = []
        inside = False
        for tag, value in self.fields:
            if tag == count_tag:
                inside = True
            elif inside and tag == delimiter_tag:
                found.append([(tag, value)])
            elif inside and found and tag != 10:
                found[-1].append((tag, value))
        return [FixMessage(tuple(entry)) for entry in found]

    def to_wire(self) -> bytes:
        return "".join(f"{tag}={value}{SOH}" for tag, value in self.fields).encode("latin-1")

    def to_text(self, *, show_secrets: bool = False) -> str:
        """With `|` for the delimiter; passwords are hidden."""
        parts = (f"{t}={v if show_secrets or t not in _HIDDEN else '***'}" for t, v in self.fields)
        return "|".join(parts) + "|"


def encode(fields: Fields) -> bytes:
    """8 and the rest as given, with 9 after 8 and 10 at the end, both computed."""
    (first, begin_string), *rest = fields
    if first != 8:
        raise WireError("a message begins with 8")
    body = "".join(f"{tag}={value}{SOH}" for tag, value in rest).encode("latin-1")
    head = f"8={begin_string}{SOH}9={len(body)}{SOH}".encode("latin-1")
    return head + body + f"10={checksum(head + body):03d}{SOH}".encode("latin-1")


def checksum(data: bytes) -> int:
    return sum(data) % 256


def parse(data: bytes) -> FixMessage:
    """One whole message. Raises WireError for bad framing, length or checksum."""
    text = data.decode("latin-1")
    if not text.startswith("8=") or not text.endswith(SOH):
        raise WireError(f"{text[:40]!r} is no whole message")
    fields = tuple(_fields(data))
    if [tag for tag, _ in fields[:3]] != [8, 9, 35] or fields[-1][0] != 10:
        raise WireError(f"{text[:40]!r} does not begin with 8, 9, 35 or does not end with 10")
    start = text.index(SOH, text.index(SOH) + 1) + 1
    if int(fields[1][1]) != len(data) - _TRAILER_BYTES - start:
        raise WireError(f"BodyLength is {fields[1][1]}, counted {len(data) - _TRAILER_BYTES - start}")
    if int(fields[-1][1]) != checksum(data[:-_TRAILER_BYTES]):
        raise WireError(f"CheckSum is {fields[-1][1]}, counted {checksum(data[:-_TRAILER_BYTES]):03d}")
    return FixMessage(fields)


def _fields(data: bytes) -> Iterator[tuple[int, str]]:
    position, length = 0, 0
    while position < len(data):
        equals = data.find(b"=", position)
        if equals < 0 or not data[position:equals].isdigit():
            raise WireError(f"{data[position : position + 20]!r} is no field")
        tag = int(data[position:equals])
        end = equals + 1 + length if tag == 96 and length else data.find(b"\x01", equals)
        if end < 0 or end >= len(data):
            raise WireError(f"field {tag} has no end")
        value = data[equals + 1 : end].decode("latin-1")
        length = int(value) if tag == 95 and value.isdecimal() else 0
        yield tag, value
        position = end + 1


class Framer:
    """Bytes in any pieces to whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[FixMessage]:
        """The messages that are complete now. Raises WireError: the venue never sends what is no message."""
        self._buffer += data
        while (size := self._size()) and len(self._buffer) >= size:
            message = parse(bytes(self._buffer[:size]))
            del self._buffer[:size]
            yield message

    def _size(self) -> int:
        """Bytes of the message at the front; 0 while its head is not there."""
        if len(self._buffer) < 2:
            return 0
        if not self._buffer.startswith(b"8="):
            raise WireError(f"expected a message, got {bytes(self._buffer[:40])!r}")
        first = self._buffer.find(b"\x01")
        second = self._buffer.find(b"\x01", first + 1)
        if first < 0 or second < 0:
            return 0
        head = bytes(self._buffer[first + 1 : second])
        if not head.startswith(b"9=") or not head[2:].isdigit() or int(head[2:]) > MESSAGE_BYTES_MAX:
            raise WireError(f"expected 9=length, got {head!r}")
        return second + 1 + int(head[2:]) + _TRAILER_BYTES


# ------------------------------------------------------------------------------------------------------- readable


def describe(message: FixMessage, dictionary: Dictionary) -> str:
    """One line: message name, then name=value of the body; enumerated values by name."""
    known = dictionary.messages.get(message.msg_type)
    frame = {m.tag for m in dictionary.header.members} | {m.tag for m in dictionary.trailer.members}
    body = [(tag, value) for tag, value in message.fields if tag not in frame]
    parts = [f"{_name(tag, dictionary)}={_value(tag, value, dictionary)}" for tag, value in body]
    return " ".join([known.name if known else f"35={message.msg_type}", *parts])


def to_json(message: FixMessage, dictionary: Dictionary) -> dict[str, Any]:
    """Names and values; a tag that is there more than once, as in groups, has a list."""
    known = dictionary.messages.get(message.msg_type)
    fields: dict[str, Any] = {}
    for tag, value in message.fields:
        name = _name(tag, dictionary)
        shown = "***" if tag in _HIDDEN else value
        if name in fields:
            earlier = fields[name]
            fields[name] = [*(earlier if isinstance(earlier, list) else [earlier]), shown]
        else:
            fields[name] = shown
    return {"message": known.name if known else "", "fields": fields, "wire": message.to_text()}


def _name(tag: int, dictionary: Dictionary) -> str:
    field = dictionary.fields.get(tag)
    return field.name if field else str(tag)


def _value(tag: int, value: str, dictionary: Dictionary) -> str:
    if tag in _HIDDEN:
        return "***"
    field = dictionary.fields.get(tag)
    values: Mapping[str, str] = field.values if field else {}
    if field is not None and field.kind is FieldKind.MULTIPLE:
        return "+".join(values.get(part, part) for part in value.split(" "))
    text = values.get(value, value)
    return f'"{text}"' if " " in text else text
