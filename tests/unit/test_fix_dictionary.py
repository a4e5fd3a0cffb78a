"""The dictionary loader: what it makes of our files, and that it names what is wrong with others."""

import re
from pathlib import Path

import pytest

from gateway.fix import dictionary
from gateway.fix.dictionary import (
    FILES,
    HEADER_NODE,
    MSG_ADMIN,
    MSG_INBOUND,
    TRAILER_NODE,
    Dictionary,
    DictionaryError,
    FieldKind,
    Tables,
    pack_text,
)

DIRECTORY = Path(__file__).parents[2] / "config" / "fix"
SIDE = '<field name="Side" required="Y"/>'
SMALL = """<fix type="FIX" major="4" minor="4" servicepack="0">
  <header><field name="BeginString" required="Y"/><field name="RawLength" required="N"/>
    <field name="Raw" required="N"/></header>
  <messages>
    <message name="Order" msgtype="D" msgcat="app">
      <field name="Side" required="Y"/>
      <component name="Parties" required="N"/>
    </message>
    <message name="Beat" msgtype="0" msgcat="admin"><field name="Side" required="N"/></message>
  </messages>
  <trailer><field name="CheckSum" required="Y"/></trailer>
  <components>
    <component name="Parties">
      <group name="NoParties" required="N">
        <field name="Party" required="Y"/>
        <group name="NoSubs" required="N"><field name="Sub" required="N"/></group>
      </group>
    </component>
  </components>
  <fields>
    <field number="8" name="BeginString" type="STRING"/>
    <field number="10" name="CheckSum" type="STRING"/>
    <field number="54" name="Side" type="CHAR">
      <value enum="2" description="SELL"/><value enum="1" description="BUY"/>
    </field>
    <field number="95" name="RawLength" type="LENGTH"/>
    <field number="96" name="Raw" type="DATA"/>
    <field number="448" name="Party" type="STRING"/>
    <field number="453" name="NoParties" type="NUMINGROUP"/>
    <field number="523" name="Sub" type="STRING"/>
    <field number="802" name="NoSubs" type="NUMINGROUP"/>
  </fields>
</fix>
"""


def load_text(tmp_path: Path, text: str) -> Dictionary:
    path = tmp_path / "FIXTEST.xml"
    path.write_text(text)
    return dictionary.load(path)


def dense(tables: Tables, tag: int) -> int:
    return tables.field_of_tag[tag]


def slot(tables: Tables, node: int, tag: int) -> int:
    return tables.slot[node * tables.field_count + dense(tables, tag)]


def message_index(tables: Tables, msg_type: str) -> int:
    return list(tables.msg_type).index(pack_text(msg_type))


def test_tables_of_a_small_dictionary(tmp_path):
    loaded = load_text(tmp_path, SMALL)
    tables = loaded.tables(inbound=["D"])
    assert loaded.version == "FIX.4.4"
    assert list(tables.tag) == [0, 8, 10, 54, 95, 96, 448, 453, 523, 802]
    assert [FieldKind(k) for k in tables.kind[:4]] == [
        FieldKind.NONE, FieldKind.STRING, FieldKind.STRING, FieldKind.CHAR,
    ]  # fmt: skip
    side = dense(tables, 54)
    assert list(tables.values[tables.values_begin[side] : tables.values_begin[side + 1]]) == [ord("1"), ord("2")]
    assert tables.data_of_length[dense(tables, 95)] == dense(tables, 96)
    assert sum(tables.data_of_length) == dense(tables, 96)
    order, beat = message_index(tables, "D"), message_index(tables, "0")
    assert (tables.msg_flags[order], tables.msg_flags[beat]) == (MSG_INBOUND, MSG_ADMIN)
    body = tables.msg_node[order]
    assert (slot(tables, body, 54), slot(tables, body, 453), slot(tables, body, 448)) == (1, 2, 0)
    assert (slot(tables, HEADER_NODE, 8), slot(tables, TRAILER_NODE, 10)) == (1, 1)
    parties = tables.group[body * tables.field_count + dense(tables, 453)]
    assert tables.delimiter[parties] == dense(tables, 448)
    subs = tables.group[parties * tables.field_count + dense(tables, 802)]
    assert tables.delimiter[subs] == dense(tables, 523)
    assert tables.delimiter[body] == 0


def test_required_fields_are_in_the_order_of_the_file(tmp_path):
    tables = load_text(tmp_path, SMALL).tables()
    required = {
        node: [tables.tag[f] for f in tables.required[tables.required_begin[node] : tables.required_begin[node + 1]]]
        for node in range(tables.node_count)
    }
    body = tables.msg_node[message_index(tables, "D")]
    parties = tables.group[body * tables.field_count + dense(tables, 453)]
    assert (required[HEADER_NODE], required[TRAILER_NODE], required[body], required[parties]) == (
        [8],
        [10],
        [54],
        [448],
    )


def test_a_tag_that_does_not_exist_allows_nothing(tmp_path):
    tables = load_text(tmp_path, SMALL).tables()
    assert dense(tables, 55) == 0
    assert all(tables.slot[node * tables.field_count] == 0 for node in range(tables.node_count))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('<fix type="FIX"', '<nofix type="FIX"', "is not XML"),
        ("<fix ", '<?xml version="1.0"?><fax ', "is not XML"),
        ('minor="4" ', "", "<fix>: attribute minor is missing"),
        (SIDE, '<field name="Slide" required="Y"/>', "<field Slide>: is not in <fields>"),
        (SIDE, '<field name="Side" required="y"/>', "required is 'y', write Y or N"),
        (SIDE, SIDE * 2, "<message Order>: a tag is a member"),
        (SIDE, '<thing name="Side" required="Y"/>', "<thing Side>: a member is a"),
        ('msgcat="app"', 'msgcat="other"', "<message Order>: msgcat is 'other'"),
        ('msgtype="0"', 'msgtype="D"', "<message Beat>: MsgType 'D' is defined twice"),
        ('msgtype="0"', 'msgtype="TOOLONG"', "msgtype 'TOOLONG' has more than 4"),
        ('type="CHAR"', 'type="LETTER"', "<field Side>: type 'LETTER' is unknown"),
        ('number="54"', 'number="40000"', "number '40000' is no tag"),
        ('number="54"', 'number="10"', "tag 10 or its name is defined twice"),
        ('enum="2"', 'enum="1"', "value '1' is there twice"),
        ('enum="2"', 'enum="NINECHARS"', "value 'NINECHARS' is there twice, or has more than 8"),
        ('<component name="Parties" required="N"/>', '<component name="Party" required="N"/>', "not in <components>"),
        ('<field name="Party" required="Y"/>', '<component name="Parties" required="Y"/>', "is a component of itself"),
        ('<field name="Sub" required="N"/>', "", "<group NoSubs>: a group has at least"),
        ('name="NoSubs" type="NUMINGROUP"', 'name="NoSubs" type="PRICE"', "<group NoSubs>: a group's count"),
        ("<messages>", "<mess>", "is not XML"),
    ],
)  # fmt: skip
def test_faults_are_named_with_file_and_element(tmp_path, old, new, says):
    assert old in SMALL
    with pytest.raises(DictionaryError, match=re.escape(says)) as caught:
        load_text(tmp_path, SMALL.replace(old, new, 1))
    assert "FIXTEST.xml" in str(caught.value)


def test_another_root_and_a_missing_section_are_refused(tmp_path):
    with pytest.raises(DictionaryError, match="the root of a dictionary is <fix>"):
        load_text(tmp_path, "<schema/>")
    with pytest.raises(DictionaryError, match="<fields> is missing"):
        load_text(tmp_path, '<fix type="FIX" major="4" minor="4"/>')


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DictionaryError, match=r"FIX42\.xml: cannot be read: No such file"):
        dictionary.load_session("FIX.4.2", tmp_path)


def test_an_unknown_begin_string_is_refused(tmp_path):
    with pytest.raises(DictionaryError, match=r"'FIX.4.3' has no dictionary: the venue speaks FIX.4.2"):
        dictionary.load_session("FIX.4.3", tmp_path)


def test_join_refuses_what_does_not_fit(tmp_path):
    one = load_text(tmp_path, SMALL)
    with pytest.raises(DictionaryError, match=r"both have \['0', 'D'\]"):
        dictionary.join(one, one)
    other = load_text(tmp_path, SMALL.replace('type="CHAR"', 'type="STRING"'))
    with pytest.raises(DictionaryError, match="define tag 54 differently"):
        dictionary.join(one, other)


@pytest.mark.parametrize("begin_string", FILES)
def test_our_files_load_whole(begin_string):
    loaded = dictionary.load_session(begin_string, DIRECTORY)
    tables = loaded.tables()
    assert {"0", "1", "2", "3", "4", "5", "A", "D", "F", "G", "8", "9", "j"} <= set(loaded.messages)
    assert [m.tag for m in loaded.header.members[:3]] == [8, 9, 35]
    assert [m.tag for m in loaded.trailer.members] == [10]
    assert tables.tag[tables.delimiter[tables.group[
        tables.msg_node[message_index(tables, "8")] * tables.field_count + dense(tables, 136)
    ]]] == 137  # fmt: skip
    assert tables.data_of_length[dense(tables, 95)] == dense(tables, 96)
    for index, node in enumerate(tables.msg_node):
        begin, end = tables.required_begin[node], tables.required_begin[node + 1]
        assert all(tables.slot[node * tables.field_count + f] for f in tables.required[begin:end]), index


def test_every_kind_of_the_specification_is_known():
    assert set(dictionary.KIND_OF_TYPE.values()) == set(FieldKind) - {FieldKind.NONE}
