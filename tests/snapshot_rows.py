"""Rows of an engine's snapshot in tests: read, and changed where no command brings a state about in reasonable time."""

from __future__ import annotations

import struct
from typing import Any

from engine.api import Engine
from engine.snapshot_records import SECTION_HEADER, SNAPSHOT_LAYOUTS, Section, parse_snapshot, split_snapshot
from tests.engines import new_engine


def rows(engine: Engine, section: Section) -> list[dict[str, Any]]:
    return parse_snapshot(engine.snapshot(), only=[section])[section]


def changed(engine: Engine, section: Section, row: int = 0, **fields: int) -> Engine:
    """An engine of the same name, restored from the snapshot with other integers in the row of a section."""
    data = bytearray(engine.snapshot())
    at = 0
    for found, part in split_snapshot(bytes(data)).items():
        at += SECTION_HEADER.size
        if found is section:
            break
        at += len(part)
    layout = SNAPSHOT_LAYOUTS[section]
    for field in layout.fields:
        if field.name in fields:
            struct.pack_into("<" + field.format, data, at + row * layout.size + field.offset, fields.pop(field.name))
    assert not fields, f"{section.name} has no {', '.join(fields)}"
    restored = new_engine(engine.info.name, engine.info.limits)
    restored.restore(bytes(data))
    return restored
