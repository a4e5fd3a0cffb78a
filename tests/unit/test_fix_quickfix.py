"""QuickFIX takes our dictionaries as they are, and finds in them what we meant."""

from pathlib import Path

import pytest
import quickfix

from gateway.fix import dictionary
from gateway.fix.rules.fields import FIELDS

DIRECTORY = Path(__file__).parents[2] / "config" / "fix"
FILES = [name for names in dictionary.FILES.values() for name in names]


@pytest.fixture(scope="module", params=FILES)
def pair(request):
    """(QuickFIX's view of a file, ours)."""
    return quickfix.DataDictionary(str(DIRECTORY / request.param)), dictionary.load(DIRECTORY / request.param)


def test_version(pair):
    theirs, ours = pair
    assert theirs.getVersion() == ours.version.removesuffix("SP2")  # QuickFIX leaves the service pack out


def test_messages_and_members(pair):
    theirs, ours = pair
    for msg_type, message in ours.messages.items():
        assert theirs.isMsgType(msg_type)
        for member in message.body.members:
            assert theirs.isMsgField(msg_type, member.tag)
            assert theirs.isRequiredField(msg_type, member.tag) == member.required
            assert theirs.isGroup(msg_type, member.tag) == (member.group is not None)
        assert not any(theirs.isMsgField(msg_type, tag) for tag in set(FIELDS) - {m.tag for m in message.body.members})


def test_values(pair):
    theirs, ours = pair
    for tag, definition in ours.fields.items():
        assert theirs.isField(tag)
        assert theirs.hasFieldValue(tag) == bool(definition.values)
        for text in definition.values:
            assert theirs.isFieldValue(tag, text)
        assert not definition.values or not theirs.isFieldValue(tag, "?")
