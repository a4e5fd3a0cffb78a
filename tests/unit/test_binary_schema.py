"""The published SBE schema, the Python layouts and the compiled codec describe the same bytes."""

import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from engine import records
from gateway.binary import _wire, document, messages

SCHEMA = Path(__file__).parents[2] / "config" / "sbe" / "perpgate-binary.xml"
SBE = "{http://fixprotocol.io/2016/sbe}"
PRIMITIVES = {"uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q", "int64": "q"}
RENAMED = {
    "sourceTime": "source_time_ns",
    "sendingTime": "sending_time_ns",
    "expireTime": "expire_time_ns",
    "timestamp": "timestamp_ns",
    "codGrace": "cod_grace_ns",
}


@pytest.fixture(scope="module")
def schema() -> ET.Element:
    return ET.parse(SCHEMA).getroot()


@pytest.fixture(scope="module")
def primitives(schema: ET.Element) -> dict[str, str]:
    types = dict(PRIMITIVES)
    for element in schema.find("types"):
        encoding = element.get("primitiveType") or element.get("encodingType")
        if encoding:
            types[element.get("name")] = PRIMITIVES[encoding]
    return types


def snake(name: str) -> str:
    return RENAMED.get(name) or "".join("_" + c.lower() if c.isupper() else c for c in name)


def test_schema_identity(schema):
    assert int(schema.get("id")) == messages.SCHEMA_ID == _wire.SCHEMA_ID
    assert int(schema.get("version")) == messages.VERSION == _wire.VERSION
    assert schema.get("byteOrder") == "littleEndian"


def test_every_message_of_the_schema_is_the_python_layout(schema, primitives):
    known = {cls.template.template_id: cls.template for cls in messages.REQUESTS + messages.REPORTS}
    published = {int(m.get("id")): m for m in schema.findall(f"{SBE}message")}
    assert set(published) == set(known)
    for template_id, message in published.items():
        template = known[template_id]
        fields = message.findall("field")
        layout = "<" + "".join(primitives[f.get("type")] for f in fields)
        assert message.get("name") == template.name
        assert struct.calcsize(layout) == int(message.get("blockLength")) == template.block.size
        assert layout == template.block.format
        names = [name.removesuffix("_e8").removesuffix("_micro") for name, _ in template.fields]
        assert [snake(f.get("name")) for f in fields] == names
        assert [snake(d.get("name")) for d in message.findall("data")] == list(template.data)


def test_field_ids_name_one_field_each(schema):
    names: dict[str, set[str]] = {}
    for message in schema.findall(f"{SBE}message"):
        for field in message:
            names.setdefault(field.get("id"), set()).add(field.get("name"))
    assert all(len(found) == 1 for found in names.values())


@pytest.mark.parametrize(
    ("name", "enum"),
    [
        ("Side", records.Side), ("OrderType", records.OrderType), ("TimeInForce", records.TimeInForce),
        ("StpMode", records.StpMode), ("OrderState", records.OrderState), ("Liquidity", records.Liquidity),
        ("TradeKind", records.TradeKind), ("Scope", records.Scope), ("EventKind", records.EventKind),
        ("Reason", records.Reason),
    ],
)  # fmt: skip
def test_enumerations_are_the_records(schema, name, enum):
    published = {v.get("name"): int(v.text) for v in schema.findall(f"types/enum[@name='{name}']/validValue")}
    assert {k: v for k, v in published.items() if k != "NONE"} == {m.name: int(m) for m in enum if m.name != "NONE"}


@pytest.mark.parametrize(
    ("name", "enum"),
    [("OrderFlags", records.OrderFlag), ("CodFlags", records.CodFlag), ("LogonFlags", records.LogonFlag)],
)
def test_sets_are_the_records(schema, name, enum):
    published = {c.get("name"): 1 << int(c.text) for c in schema.findall(f"types/set[@name='{name}']/choice")}
    assert published == {m.name: int(m) for m in enum}


def test_report_classes_have_the_fields_of_their_templates():
    for cls in messages.REPORTS:
        assert list(cls.__struct_fields__) == [name for name, _ in cls.template.fields] + list(cls.template.data)


def test_the_page_has_the_tables_of_the_schema():
    assert document.main(["--check"]) == 0, "run `make gen`"
    page = document.PAGE.read_text()
    assert document.page_text(page) == page
    with pytest.raises(ValueError, match="markers"):
        document.page_text(page.replace(document.BEGIN.format("reasons"), ""))
