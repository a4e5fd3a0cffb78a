"""Fixed binary layouts: named fields at natural alignment, packed and unpacked. What the schema is written in.

Little-endian; the standard library alone. `engine/records.py` says which layouts there are, `engine/declarations.py`
writes them for the compiled modules.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SCALARS = {  # kind -> (struct format, bytes, C type)
    "u8": ("B", 1, "uint8_t"),
    "u16": ("H", 2, "uint16_t"),
    "u32": ("I", 4, "uint32_t"),
    "i32": ("i", 4, "int32_t"),
    "u64": ("Q", 8, "uint64_t"),
    "i64": ("q", 8, "int64_t"),
}


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: str  # u8 u16 u32 i32 u64 i64 text[n] bytes[n] pad[n]
    doc: str = ""
    offset: int = 0

    @property
    def width(self) -> int:
        """Bytes."""
        if "[" in self.kind:
            return int(self.kind[self.kind.index("[") + 1 : -1])
        return SCALARS[self.kind][1]

    @property
    def is_text(self) -> bool:
        return self.kind.startswith("text")

    @property
    def is_padding(self) -> bool:
        return self.kind.startswith("pad")

    @property
    def format(self) -> str:
        if self.is_padding:
            return f"{self.width}x"
        if self.is_text or self.kind.startswith("bytes"):
            return f"{self.width}s"
        return SCALARS[self.kind][0]


class Layout:
    """A fixed layout of named fields. `pack` takes keywords (missing ones are 0 or empty), `unpack` gives a dict;
    text is `str` outside and zero-padded ASCII inside, bytes stay as they are.

    Raises ValueError at definition time when a field is not naturally aligned or the size is not a multiple of 8.
    """

    def __init__(self, name: str, *fields: Field) -> None:
        self.name = name
        offset = 0
        placed = []
        for field in fields:
            scalar = field.kind in SCALARS
            if scalar and offset % field.width:
                raise ValueError(f"{name}.{field.name} at {offset} is not aligned to {field.width}")
            placed.append(Field(field.name, field.kind, field.doc, offset))
            offset += field.width
        if offset % 8:
            raise ValueError(f"{name} has {offset} bytes, not a multiple of 8")
        self.fields = tuple(placed)
        self.size = offset
        self._struct = struct.Struct("<" + "".join(f.format for f in self.fields))
        self._valued = tuple(f for f in self.fields if not f.is_padding)
        self._text = tuple(i for i, f in enumerate(self._valued) if f.is_text)
        self._names = tuple(f.name for f in self._valued)
        self._defaults: tuple[Any, ...] = tuple(0 if f.kind in SCALARS else b"" for f in self._valued)
        self._index = {n: i for i, n in enumerate(self._names)}
        self.names = self._names  # of the fields that hold a value, in order
        self.pack_row = self._struct.pack  # all values in order, text as bytes: the fast way
        self.unpack_row = self._struct.unpack_from  # (data, offset) -> all values in order, text as zero-padded bytes

    def pack(self, **values: Any) -> bytes:
        row = list(self._defaults)
        for name, value in values.items():
            row[self._index[name]] = value.encode("ascii") if isinstance(value, str) else value
        return self._struct.pack(*row)

    def unpack(self, data: bytes | memoryview, offset: int = 0) -> dict[str, Any]:
        row = list(self._struct.unpack_from(data, offset))
        for i in self._text:
            row[i] = row[i].rstrip(b"\0").decode("ascii")
        return dict(zip(self._names, row, strict=True))

    def iter_unpack(self, data: bytes | memoryview) -> Iterator[dict[str, Any]]:
        for offset in range(0, len(data), self.size):
            yield self.unpack(data, offset)

    def offset_of(self, name: str) -> int:
        return next(f.offset for f in self.fields if f.name == name)
