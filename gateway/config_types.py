"""What tables of configuration files are made of: names, ids, decimals, and the error that a wrong file is.

For the modules that describe files, `gateway.config` and `gateway.risk_settings`. Opens nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

NAME_BYTES_MAX = 32
MICRO_PER_E8 = 100  # 1e-6 in units of 1e-8


class ConfigError(ValueError):
    """A file that cannot be used; the text names file and key and says what to write."""


class DecimalE8(int):
    """A decimal text in the global scale of 1e-8."""


class DecimalMicro(int):
    """A decimal text in micro-USDC."""


Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Id = Annotated[int, Meta(ge=1, le=2**31 - 1, description="number of its own, from 1, never used again")]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_BYTES_MAX, pattern="^[ -~]*$")]
Status = Literal["active", "blocked"]
AssetClassName = Literal["equity", "index", "commodity", "fx", "precious_metal"]
Ppm = Annotated[int, Meta(ge=0, le=1_000_000, description="parts per million")]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every table: unknown keys are refused."""
