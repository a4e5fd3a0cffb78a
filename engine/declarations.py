"""The schema for the compiled modules: writes records.pxd and layouts.pxd, and hashes it for journals
and snapshots.

    python -m engine.declarations --write | --check
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from pathlib import Path

from engine import enumerations, records, snapshot_records
from engine.layout import SCALARS, Field, Layout
from engine.records import COMMAND_BODIES, COMMAND_HEADER, EVENT_HEADER, EVENT_LAYOUTS

PXD_PATH = Path(__file__).resolve().parent.parent / "cython" / "engine" / "records.pxd"
LAYOUTS_PATH = PXD_PATH.with_name("layouts.pxd")
_CONSTANTS = (
    "SCHEMA_VERSION", "SCALE_E8", "CLIENT_ORDER_ID_MAX", "COMMAND_SIZE", "COMMAND_HEADER_SIZE", "COMMAND_BODY_SIZE",
    "EVENT_SIZE", "FIRST_CLIENT_KIND", "LAST_CLIENT_KIND", "FIRST_RISK_KIND",
)  # fmt: skip
_ENUMS = [
    kind
    for module in (enumerations, records, snapshot_records)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, IntEnum | IntFlag) and kind.__module__ == module.__name__
]
_GROUPS: dict[str, list[Layout]] = {
    "command": list(COMMAND_BODIES.values()),
    "event": list(EVENT_LAYOUTS),
    "snapshot": [
        snapshot_records.SECTION_HEADER, *snapshot_records.SNAPSHOT_LAYOUTS.values(),
        snapshot_records.SNAP_BOOK_HEADER, snapshot_records.MATCHER_SNAPSHOT_ROW,
    ],
}  # fmt: skip
_LAYOUTS: list[Layout] = [layout for group in _GROUPS.values() for layout in group]


def layout_table() -> dict[str, tuple[int, dict[str, int]]]:
    """Layout name to (size, field name to offset): what compiled modules compare themselves with."""
    return {
        layout.name: (layout.size, {f.name: f.offset for f in layout.fields if not f.is_padding}) for layout in _LAYOUTS
    }


def schema_hash() -> bytes:
    """SHA-256 over every layout and enumeration; journals and snapshots carry it."""
    return hashlib.sha256(pxd_text().encode()).digest()


def pxd_text() -> str:
    """`records.pxd`."""
    return "\n".join(_lines()) + "\n"


def layouts_pxd_text() -> str:
    """`layouts.pxd`: what a C compiler made of the layouts, for comparing with `layout_table` at import."""
    return "\n".join(_layout_lines()) + "\n"


def _layout_lines() -> Iterator[str]:
    yield "# Generated from engine/records.py by `make gen`. Do not edit."
    yield "from engine.records cimport ("
    yield from (f"    {layout.name}_t," for layout in _LAYOUTS)
    yield ")"
    for layout in _LAYOUTS:
        yield "\n"
        yield f"cdef inline tuple {layout.name}_layout():"
        yield f"    cdef {layout.name}_t row"
        yield "    cdef const char *start = <const char *> &row"
        yield f"    return sizeof({layout.name}_t), {{"
        for field in (f for f in layout.fields if not f.is_padding):
            at = f"&row.{field.name}" if field.kind in SCALARS else f"row.{field.name}"
            yield f'        "{field.name}": <const char *> {at} - start,'
        yield "    }"
    for name, group in _GROUPS.items():
        yield "\n"
        yield f"cdef inline dict {name}_layouts():"
        yield "    return {"
        yield from (f'        "{layout.name}": {layout.name}_layout(),' for layout in group)
        yield "    }"
    yield "\n"
    yield "cdef inline dict compiled_layouts():"
    yield '    """As engine.declarations.layout_table, from the compiled structs."""'
    yield "    return {" + ", ".join(f"**{name}_layouts()" for name in _GROUPS) + "}"


def _lines() -> Iterator[str]:
    yield "# Generated from engine/records.py by `make gen`. Do not edit."
    yield "from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t"
    yield ""
    yield "cdef enum:"
    yield from (f"    {name} = {getattr(records, name)}" for name in _CONSTANTS)
    yield ""
    for enum in _ENUMS:
        prefix = _snake(enum.__name__).upper()
        yield f"cdef enum:  # {enum.__name__}"
        yield from (f"    {prefix}_{member.name} = {int(member)}" for member in enum)
        yield ""
    for layout in _LAYOUTS:
        yield from _struct(layout.name, layout.size, layout.fields)
    yield from _struct("command_header", records.COMMAND_HEADER_SIZE, COMMAND_HEADER)
    yield from _struct("event_header", records.EVENT_HEADER_SIZE, EVENT_HEADER)
    yield "ctypedef union command_t:  # a record of the journal"
    yield "    command_header_t header"
    yield from (f"    {layout.name}_t {layout.name}" for layout in COMMAND_BODIES.values())
    yield ""
    yield "ctypedef union event_t:  # a record of the event log"
    yield "    event_header_t header"
    yield from (f"    {layout.name}_t {layout.name.removesuffix('_event')}" for layout in EVENT_LAYOUTS)


def _struct(name: str, size: int, fields: tuple[Field, ...]) -> Iterator[str]:
    yield f"ctypedef struct {name}_t:  # {size} bytes"
    for field in fields:
        if field.kind in SCALARS:
            yield f"    {SCALARS[field.kind][2]} {field.name}"
        else:
            yield f"    {'char' if field.is_text else 'uint8_t'} {field.name}[{field.width}]"
    yield ""


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


def main(argv: list[str]) -> int:
    texts = {PXD_PATH: pxd_text(), LAYOUTS_PATH: layouts_pxd_text()}
    if argv == ["--write"]:
        for path, text in texts.items():
            path.write_text(text)
            print(f"wrote {path}")
        return 0
    if argv == ["--check"]:
        stale = [path.name for path, text in texts.items() if not path.exists() or path.read_text() != text]
        if stale:
            print(f"out of date under cython/engine: {', '.join(stale)}; run `make gen`")
        return 1 if stale else 0
    print("usage: python -m engine.declarations --write | --check")
    return 2


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
