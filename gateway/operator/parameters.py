"""What the parameters of an operation may be: JSON values and command-line text to the units of the schema.

Prices, quantities and money are decimal text and never floats; enumerations are names. Called by the operations' table
at the door, which checks, and by the command line, which only offers. Every refusal says what to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, Protocol

from engine.records import INT64_MAX, parse_e8

MICRO_PER_E8 = 100  # 1e-6 in units of 1e-8
ID_MAX = 2**32 - 1


class ParameterError(ValueError):
    """A parameter that cannot be used; the text names it and says what to write."""


class Kind(Protocol):
    """How a value is written, and what it becomes."""

    @property
    def hint(self) -> str:
        """What to write, for help and refusals."""

    def parse(self, value: Any) -> Any:
        """The value in the schema's unit. Raises ValueError with what is wrong."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    low: int = 0
    high: int = INT64_MAX
    unit: str = ""

    @property
    def hint(self) -> str:
        unit = f", {self.unit}" if self.unit else ""
        top = f"{self.low} to {self.high}" if self.high < ID_MAX else f"{self.low} or more"
        return f"a whole number, {top}{unit}"

    def parse(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError(f"{value!r} is no whole number")
        number = int(value)
        if not self.low <= number <= self.high:
            raise ValueError(f"{number} is out of range")
        return number


IDENT = Whole(1, ID_MAX)


@dataclass(frozen=True, slots=True)
class Decimal:
    """Decimal text in units of 10^-8 (prices, quantities, rates) or of 10^-6 (`is_money`)."""

    is_money: bool = False
    may_be_negative: bool = False

    @property
    def hint(self) -> str:
        return 'decimal text in USDC, such as "2500.50"' if self.is_money else 'decimal text, such as "0.25"'

    def parse(self, value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not text: numbers with decimals are never floats")
        scaled = parse_e8(value)
        if scaled < 0 and not self.may_be_negative:
            raise ValueError(f"{value} is negative")
        if not self.is_money:
            return scaled
        if scaled % MICRO_PER_E8:
            raise ValueError(f"{value} has more than six decimals")
        return scaled // MICRO_PER_E8


@dataclass(frozen=True, slots=True)
class Choice:
    """A member of an enumeration by its name: `cancel-only` or `CANCEL_ONLY`. `members`: those that may be chosen."""

    members: tuple[IntEnum, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(written(member) for member in self.members)

    @property
    def hint(self) -> str:
        return f"one of {', '.join(self.names)}"

    def parse(self, value: Any) -> int:
        for member in self.members:
            if isinstance(value, str) and plain(value) == plain(member.name):
                return int(member)
        raise ValueError(f"{value!r} is unknown")


@dataclass(frozen=True, slots=True)
class Flags:
    """Members of a flag enumeration, separated by commas; `none` for none."""

    members: tuple[IntFlag, ...]

    @property
    def hint(self) -> str:
        return f"none, or of {', '.join(written(member) for member in self.members)}, separated by commas"

    def parse(self, value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is no text")
        total = 0
        for name in value.split(",") if plain(value) != "NONE" else ():
            for member in self.members:
                if plain(name) == plain(str(member.name)):
                    total |= int(member)
                    break
            else:
                raise ValueError(f"{name!r} is unknown")
        return total


@dataclass(frozen=True, slots=True)
class Text:
    """Printable ASCII of at most `bytes_max` characters."""

    bytes_max: int

    @property
    def hint(self) -> str:
        return f"text of 1 to {self.bytes_max} printable ASCII characters"

    def parse(self, value: Any) -> str:
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise ValueError(f"{value!r} is no printable ASCII text")
        if not 1 <= len(value) <= self.bytes_max:
            raise ValueError(f"has {len(value)} characters")
        return value


@dataclass(frozen=True, slots=True)
class Switch:
    """Yes or no."""

    @property
    def hint(self) -> str:
        return "true or false"

    def parse(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "yes", "false", "no"):
            return value.lower() in ("true", "yes")
        raise ValueError(f"{value!r} is neither")


@dataclass(frozen=True, slots=True)
class Deferred:
    """Its unit depends on another parameter: taken as text, parsed by the operation itself."""

    hint: str

    def parse(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError(f"{value!r} is neither a whole number nor decimal text")
        return str(value)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation. `default` None: it has to be given, unless `is_optional`: then it is left out."""

    name: str
    kind: Kind
    help: str
    default: Any = None
    is_optional: bool = False

    @property
    def is_required(self) -> bool:
        return self.default is None and not self.is_optional


def read(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter in the schema's unit; one that is optional and not given is left out. Raises ParameterError."""
    known = {parameter.name for parameter in parameters}
    for name in given:
        if name not in known:
            raise ParameterError(f"{name}: unknown parameter, this operation has {', '.join(sorted(known)) or 'none'}")
    values: dict[str, Any] = {}
    for parameter in parameters:
        value = given.get(parameter.name)
        if value is None:
            if parameter.is_required:
                raise ParameterError(f"{parameter.name}: is missing, write {parameter.kind.hint}")
            if parameter.default is not None:
                values[parameter.name] = parameter.default
            continue
        values[parameter.name] = parse(parameter.name, parameter.kind, value)
    return values


def parse(name: str, kind: Kind, value: Any) -> Any:
    """One value. Raises ParameterError."""
    try:
        return kind.parse(value)
    except ValueError as error:
        raise ParameterError(f"{name}: {error}; write {kind.hint}") from None


def written(member: IntEnum | IntFlag) -> str:
    """How a name is written in requests and on the command line."""
    return str(member.name).lower().replace("_", "-")


def plain(name: str) -> str:
    return name.strip().upper().replace("-", "_")
