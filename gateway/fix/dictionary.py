"""QuickFIX data dictionaries (config/fix/*.xml) to checked objects, and to flat tables for the compiled validator.

Called by the FIX door at its start, by the generator of the rules of engagement and by tests. It knows the file format
and no message: what may be said to the venue is in the files, which `gateway.fix.rules` writes. Components are
expanded while loading; header, messages, trailer and groups are all *nodes* with members in order.

    dictionary = load_session("FIX.4.4", directory)      # or "FIX.4.2"; "FIXT.1.1" joins FIXT11.xml and FIX50SP2.xml
    tables = dictionary.tables()

Tables index fields densely: 0 is "no such field", so a lookup that fails ends in entries that allow nothing.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

FILES: dict[str, tuple[str, ...]] = {  # BeginString to its files; the transport's comes first
    "FIX.4.2": ("FIX42.xml",),
    "FIX.4.4": ("FIX44.xml",),
    "FIXT.1.1": ("FIXT11.xml", "FIX50SP2.xml"),
}
HEADER_NODE, TRAILER_NODE = 0, 1
FIELDS_MAX = 65_535
NODES_MAX = 255
MEMBERS_MAX = 255
TAG_MAX = 39_999
VALUE_BYTES_MAX = 8  # an enumerated value is compared as one 64-bit word
MSG_TYPE_BYTES_MAX = 4
_FILE_BYTES_MAX = 4_000_000


class DictionaryError(ValueError):
    """A file that is no dictionary we can use; the text names file, element and remedy."""


class FieldKind(IntEnum):
    """How a value is checked. Types of the FIX specification that are checked alike share a kind."""

    NONE = 0
    STRING = 1  # at least one character
    CHAR = 2  # exactly one
    INT = 3  # optional minus, digits
    COUNT = 4  # digits only: lengths, sequence numbers, group counts
    DECIMAL = 5  # optional minus, digits with at most one point
    BOOLEAN = 6  # Y or N
    UTC_TIMESTAMP = 7  # YYYYMMDD-HH:MM:SS and up to nine decimals
    UTC_DATE = 8  # YYYYMMDD
    DATA = 9  # as many bytes as its length field says, SOH included
    MULTIPLE = 10  # values separated by single spaces


KIND_OF_TYPE: dict[str, FieldKind] = {
    "STRING": FieldKind.STRING,
    "CURRENCY": FieldKind.STRING,
    "EXCHANGE": FieldKind.STRING,
    "COUNTRY": FieldKind.STRING,
    "CHAR": FieldKind.CHAR,
    "INT": FieldKind.INT,
    "LENGTH": FieldKind.COUNT,
    "SEQNUM": FieldKind.COUNT,
    "NUMINGROUP": FieldKind.COUNT,
    "PRICE": FieldKind.DECIMAL,
    "QTY": FieldKind.DECIMAL,
    "AMT": FieldKind.DECIMAL,
    "FLOAT": FieldKind.DECIMAL,
    "PERCENTAGE": FieldKind.DECIMAL,
    "PRICEOFFSET": FieldKind.DECIMAL,
    "BOOLEAN": FieldKind.BOOLEAN,
    "UTCTIMESTAMP": FieldKind.UTC_TIMESTAMP,
    "UTCDATEONLY": FieldKind.UTC_DATE,
    "LOCALMKTDATE": FieldKind.UTC_DATE,
    "DATA": FieldKind.DATA,
    "MULTIPLEVALUESTRING": FieldKind.MULTIPLE,
    "MULTIPLECHARVALUE": FieldKind.MULTIPLE,
    "MULTIPLESTRINGVALUE": FieldKind.MULTIPLE,
}


@dataclass(frozen=True, slots=True)
class FieldDef:
    """A field: `values` maps each enumerated value to its name; empty when any value of the type will do."""

    tag: int
    name: str
    type: str
    values: Mapping[str, str]

    @property
    def kind(self) -> FieldKind:
        return KIND_OF_TYPE[self.type]


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a node; `group` is the repeating group that it counts."""

    tag: int
    required: bool
    group: Node | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """Header, trailer, a message's body or a group's entry: members in the order of the file.

    A group's first member is its delimiter: it begins each entry.
    """

    name: str
    members: tuple[Member, ...]

    def groups(self) -> Iterator[Node]:
        """The groups in it, at every depth."""
        for member in self.members:
            if member.group is not None:
                yield member.group
                yield from member.group.groups()


@dataclass(frozen=True, slots=True)
class MessageDef:
    name: str
    msg_type: str
    is_admin: bool
    body: Node


@dataclass(frozen=True)
class Dictionary:
    """What one BeginString may say. Raises nothing: it was checked while loading."""

    version: str
    fields: Mapping[int, FieldDef]
    header: Node
    trailer: Node
    messages: Mapping[str, MessageDef]  # by MsgType

    def tag(self, name: str) -> int:
        """Tag of a field's name. Raises KeyError."""
        return next(f.tag for f in self.fields.values() if f.name == name) if name else 0

    def tables(self, inbound: Iterable[str] | None = None) -> Tables:
        """The same for the compiled validator. `inbound`: the MsgTypes that a participant may send, all when None."""
        return _compile(self, set(self.messages) if inbound is None else set(inbound))


@dataclass
class Tables:
    """Flat arrays over dense numbers. Fields and nodes count from 0; field 0 does not exist, node 0 is the header and
    node 1 the trailer. Two-dimensional arrays are `[node * field_count + field]`.

    field_of_tag   u16 by tag, tags 0..len-1: field, 0 when the dictionary has no such tag
    tag            u32 by field
    kind           u8 by field: FieldKind
    values_begin   u16 by field, and one more: its enumerated values are values[begin:end], none = not enumerated
    values         u64: a value's bytes, the first in the lowest byte, ascending within a field
    data_of_length u16 by field: the DATA field that a LENGTH field measures, else 0
    msg_type       u32 ascending: a MsgType's bytes, the first in the lowest byte
    msg_node       u8 by message: node of its body
    msg_flags      u8 by message: 1 = session level (admin), 2 = a participant may send it
    slot           u8 by node and field: position 1.. of the field in the node, 0 = not a member
    group          u8 by node and field: node of the group that the field counts, else 0
    delimiter      u16 by node: field that begins each entry of a group, 0 for other nodes
    required_begin u16 by node, and one more: fields that must be there are required[begin:end], in the file's order
    required       u16
    """

    field_count: int
    node_count: int
    field_of_tag: array[int]
    tag: array[int]
    kind: array[int]
    values_begin: array[int]
    values: array[int]
    data_of_length: array[int]
    msg_type: array[int]
    msg_node: array[int]
    msg_flags: array[int]
    slot: array[int]
    group: array[int]
    delimiter: array[int]
    required_begin: array[int]
    required: array[int]


MSG_ADMIN, MSG_INBOUND = 1, 2


def pack_text(text: str) -> int:
    """ASCII bytes as a little-endian number: how `Tables` holds MsgTypes and enumerated values."""
    return int.from_bytes(text.encode("ascii"), "little")


def load_session(begin_string: str, directory: Path) -> Dictionary:
    """The dictionary of a BeginString from the files in `directory`. Raises DictionaryError."""
    if begin_string not in FILES:
        raise DictionaryError(f"{begin_string!r} has no dictionary: the venue speaks {', '.join(FILES)}")
    loaded = [load(directory / name) for name in FILES[begin_string]]
    return loaded[0] if len(loaded) == 1 else join(*loaded)


def load(path: Path) -> Dictionary:
    """One file. Raises DictionaryError with file and element."""
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise DictionaryError(f"{path}: has more than {_FILE_BYTES_MAX} bytes, no dictionary is that large")
        root = ET.fromstring(path.read_bytes())
    except OSError as error:
        raise DictionaryError(f"{path}: cannot be read: {error.strerror}") from None
    except ET.ParseError as error:
        raise DictionaryError(f"{path}: is not XML: {error}") from None
    return _Loader(path, root).dictionary()


def join(transport: Dictionary, application: Dictionary) -> Dictionary:
    """FIXT: header, trailer and session messages of the one, application messages of the other.

    Raises DictionaryError when they define a tag differently or a MsgType twice.
    """
    fields = dict(transport.fields)
    for tag, definition in application.fields.items():
        if fields.setdefault(tag, definition) != definition:
            raise DictionaryError(f"{transport.version} and {application.version} define tag {tag} differently")
    twice = transport.messages.keys() & application.messages.keys()
    if twice:
        raise DictionaryError(f"{transport.version} and {application.version} both have {sorted(twice)}")
    messages = {**transport.messages, **application.messages}
    return Dictionary(transport.version, fields, transport.header, transport.trailer, messages)


# -------------------------------------------------------------------------------------------------------- loading


@dataclass
class _Loader:
    path: Path
    root: ET.Element
    fields: dict[int, FieldDef] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    components: dict[str, ET.Element] = field(default_factory=dict)

    def fail(self, element: ET.Element, text: str) -> DictionaryError:
        name = element.get("name") or element.get("number") or ""
        return DictionaryError(f"{self.path}: <{element.tag}{f' {name}' if name else ''}>: {text}")

    def dictionary(self) -> Dictionary:
        root = self.root
        if root.tag != "fix":
            raise self.fail(root, "the root of a dictionary is <fix>")
        for element in self.section("fields"):
            self.add_field(element)
        for element in root.findall("components/component"):
            self.components[self.attribute(element, "name")] = element
        messages: dict[str, MessageDef] = {}
        for element in self.section("messages"):
            message = self.message(element)
            if message.msg_type in messages:
                raise self.fail(element, f"MsgType {message.msg_type!r} is defined twice")
            messages[message.msg_type] = message
        return Dictionary(self.version(), self.fields, self.frame("header"), self.frame("trailer"), messages)

    def version(self) -> str:
        root = self.root
        kind, major, minor = (self.attribute(root, name) for name in ("type", "major", "minor"))
        pack = root.get("servicepack", "0")
        return f"{kind}.{major}.{minor}" + (f"SP{pack}" if pack != "0" else "")

    def section(self, name: str) -> ET.Element:
        found = self.root.find(name)
        if found is None:
            raise self.fail(self.root, f"<{name}> is missing")
        return found

    def frame(self, name: str) -> Node:
        return Node(name, tuple(self.members(self.section(name), ())))

    def attribute(self, element: ET.Element, name: str) -> str:
        value = element.get(name, "")
        if not value:
            raise self.fail(element, f"attribute {name} is missing")
        return value

    def add_field(self, element: ET.Element) -> None:
        number, name, kind = (self.attribute(element, key) for key in ("number", "name", "type"))
        if not number.isdecimal() or not 1 <= int(number) <= TAG_MAX:
            raise self.fail(element, f"number {number!r} is no tag of 1 to {TAG_MAX}")
        if kind not in KIND_OF_TYPE:
            raise self.fail(element, f"type {kind!r} is unknown, known are {', '.join(sorted(KIND_OF_TYPE))}")
        tag = int(number)
        if tag in self.fields or name in self.names:
            raise self.fail(element, f"tag {tag} or its name is defined twice")
        values: dict[str, str] = {}
        for value in element:
            text = self.attribute(value, "enum")
            if text in values or not text.isascii() or len(text) > VALUE_BYTES_MAX:
                raise self.fail(
                    element, f"value {text!r} is there twice, or has more than {VALUE_BYTES_MAX} characters"
                )
            values[text] = self.attribute(value, "description")
        self.fields[tag] = FieldDef(tag, name, kind, values)
        self.names[name] = tag

    def message(self, element: ET.Element) -> MessageDef:
        name, msg_type, category = (self.attribute(element, key) for key in ("name", "msgtype", "msgcat"))
        if not msg_type.isascii() or len(msg_type) > MSG_TYPE_BYTES_MAX:
            raise self.fail(element, f"msgtype {msg_type!r} has more than {MSG_TYPE_BYTES_MAX} characters")
        if category not in ("admin", "app"):
            raise self.fail(element, f"msgcat is {category!r}, write admin or app")
        body = Node(name, tuple(self.members(element, ())))
        _refuse_repeated(self.fail(element, "a tag is a member twice"), body)
        return MessageDef(name, msg_type, category == "admin", body)

    def members(self, parent: ET.Element, inside: tuple[str, ...]) -> Iterator[Member]:
        """Members with components expanded. `inside`: the components that are being expanded, to stop at circles."""
        for element in parent:
            name = self.attribute(element, "name")
            if element.tag == "component":
                if name not in self.components or name in inside:
                    raise self.fail(element, "is a component of itself" if name in inside else "is not in <components>")
                yield from self.members(self.components[name], (*inside, name))
                continue
            if name not in self.names:
                raise self.fail(element, "is not in <fields>")
            required = self.attribute(element, "required")
            if required not in ("Y", "N"):
                raise self.fail(element, f"required is {required!r}, write Y or N")
            group = None
            if element.tag == "group":
                group = self.group(element, name, inside)
            elif element.tag != "field":
                raise self.fail(element, "a member is a <field>, <group> or <component>")
            yield Member(self.names[name], required == "Y", group)

    def group(self, element: ET.Element, name: str, inside: tuple[str, ...]) -> Node:
        group = Node(name, tuple(self.members(element, inside)))
        if not group.members:
            raise self.fail(element, "a group has at least the member that begins each entry")
        if self.fields[self.names[name]].kind not in (FieldKind.COUNT, FieldKind.INT):
            raise self.fail(element, "a group's count is a NUMINGROUP")
        return group


def _refuse_repeated(error: DictionaryError, node: Node) -> None:
    tags = [member.tag for member in node.members]
    if len(tags) != len(set(tags)):
        raise error
    for member in node.members:
        if member.group is not None:
            _refuse_repeated(error, member.group)


# -------------------------------------------------------------------------------------------------------- tables


def _compile(dictionary: Dictionary, inbound: set[str]) -> Tables:
    """Raises DictionaryError when the dictionary is too large for the tables' number types."""
    tags = [0, *sorted(dictionary.fields)]
    number = {tag: index for index, tag in enumerate(tags)}
    messages = sorted(dictionary.messages.values(), key=lambda m: pack_text(m.msg_type))
    nodes = [dictionary.header, dictionary.trailer, *(m.body for m in messages)]
    groups = [group for node in nodes for group in node.groups()]
    nodes += groups
    if len(tags) > FIELDS_MAX or len(nodes) > NODES_MAX or any(len(n.members) > MEMBERS_MAX for n in nodes):
        raise DictionaryError(f"{dictionary.version}: more than {NODES_MAX} nodes or {MEMBERS_MAX} members of one")
    node_of = {id(node): index for index, node in enumerate(nodes)}
    tables = Tables(
        field_count=len(tags),
        node_count=len(nodes),
        field_of_tag=array("H", [number.get(tag, 0) for tag in range(tags[-1] + 1)]),
        tag=array("I", tags),
        kind=array("B", [FieldKind.NONE, *(dictionary.fields[tag].kind for tag in tags[1:])]),
        values_begin=array("H", [0]),
        values=array("Q"),
        data_of_length=array("H", [0]) * len(tags),
        msg_type=array("I", [pack_text(m.msg_type) for m in messages]),
        msg_node=array("B", [node_of[id(m.body)] for m in messages]),
        msg_flags=array("B", [MSG_ADMIN * m.is_admin + MSG_INBOUND * (m.msg_type in inbound) for m in messages]),
        slot=array("B", [0]) * (len(tags) * len(nodes)),
        group=array("B", [0]) * (len(tags) * len(nodes)),
        delimiter=array("H", [0]) * len(nodes),
        required_begin=array("H", [0]),
        required=array("H"),
    )
    tables.values_begin.append(0)  # field 0 has none
    for tag in tags[1:]:
        tables.values.extend(sorted(pack_text(value) for value in dictionary.fields[tag].values))
        tables.values_begin.append(len(tables.values))
    for index, node in enumerate(nodes):
        _compile_node(tables, dictionary, number, node_of, index, node)
    for group in groups:
        tables.delimiter[node_of[id(group)]] = number[group.members[0].tag]
    return tables


def _compile_node(
    tables: Tables, dictionary: Dictionary, number: dict[int, int], node_of: dict[int, int], index: int, node: Node
) -> None:
    base = index * tables.field_count
    length = 0  # the LENGTH field just before, whose DATA follows
    for position, member in enumerate(node.members, 1):
        dense = number[member.tag]
        tables.slot[base + dense] = position
        if member.group is not None:
            tables.group[base + dense] = node_of[id(member.group)]
        if member.required:
            tables.required.append(dense)
        if dictionary.fields[member.tag].kind is FieldKind.DATA and length:
            tables.data_of_length[length] = dense
        length = dense if dictionary.fields[member.tag].type == "LENGTH" else 0
    tables.required_begin.append(len(tables.required))
