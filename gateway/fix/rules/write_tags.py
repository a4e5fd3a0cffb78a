"""The table as constants for the compiled codec: cython/gateway/fix/tags.pxd."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.fix.rules.fields import FIELDS
from gateway.fix.rules.model import Field, Version

_HEAD = "# Generated from gateway/fix/rules by `make gen`. Do not edit."


def tags_pxd() -> str:
    """Tags as TAG_CL_ORD_ID, values of single characters as SIDE_BUY = c"1", whole numbers as numbers."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "cdef enum:"
    yield from (f"    TAG_{constant(field.name)} = {tag}" for tag, field in FIELDS.items())
    for field in FIELDS.values():
        if field.values and field.type_in(Version.FIX44) != "BOOLEAN" and _is_coded(field):
            yield ""
            yield f"cdef enum:  # {field.tag} {field.name}"
            yield from (
                f"    {constant(field.name)}_{value.name} = {_code(field, value.text)}" for value in field.values
            )


def constant(name: str) -> str:
    """`ClOrdID` as CL_ORD_ID."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


def _is_coded(field: Field) -> bool:
    whole = field.type == "INT" and all(value.text.isdecimal() for value in field.values)
    return whole or all(len(value.text) == 1 for value in field.values)


def _code(field: Field, text: str) -> str:
    return text if field.type == "INT" else f"{ord(text)}  # {text}"
