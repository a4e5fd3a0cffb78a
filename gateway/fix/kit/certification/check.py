"""Holds messages of the venue against the data dictionary: names and values by ourselves, and everything that QuickFIX
looks at where the package is there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from gateway.fix.dictionary import FILES, Dictionary, FieldKind
from gateway.fix.kit.endpoint import Endpoint
from gateway.fix.kit.initiator import has_quickfix
from gateway.fix.kit.wire import FixMessage

Check = Callable[[FixMessage], str]  # "" or what is wrong with a message of the venue


@lru_cache(maxsize=8)
def checker(endpoint: Endpoint) -> Check:
    """The check of an endpoint's messages. Raises KitError when its dictionary is not there."""
    dictionary = endpoint.dictionary()
    theirs = _quickfix_check(endpoint, dictionary) if has_quickfix() else None

    def check(message: FixMessage) -> str:
        if message.msg_type not in dictionary.messages:
            return f"MsgType {message.msg_type} is not in the dictionary"
        for tag, value in message.fields:
            field_def = dictionary.fields.get(tag)
            if field_def is None:
                return f"tag {tag} is not in the dictionary"
            words = value.split(" ") if field_def.kind is FieldKind.MULTIPLE else [value]
            if field_def.values and not all(word in field_def.values for word in words):
                return f"{tag}={value} is not in the dictionary"
        return theirs(message) if theirs else ""

    return check


def _quickfix_check(endpoint: Endpoint, dictionary: Dictionary) -> Check:
    import quickfix

    directory = endpoint.dictionary_directory
    loaded = [quickfix.DataDictionary(str(directory / name)) for name in FILES[endpoint.begin_string]]

    def check(message: FixMessage) -> str:
        parsed = quickfix.Message()
        application = loaded[0 if dictionary.messages[message.msg_type].is_admin else -1]
        try:
            parsed.setString(message.to_wire().decode("latin-1"), True, loaded[0], application)
            quickfix.DataDictionary.validate(parsed, loaded[0], application)
        except quickfix.FIXException as error:
            return f"QuickFIX: {error}"
        return ""

    return check
