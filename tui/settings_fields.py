"""What there is to set, derived from the typed sections: one `Field` for each dotted key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import Struct, inspect

from tui.settings_types import Secret

Kind = Literal["switch", "integer", "number", "text", "choice", "secret", "list", "table"]


class Field(Struct, frozen=True):
    """One setting: what it is called, what it may hold, what it means.

    `item` describes the members of a list or table, `parts` the keys of a table's structured
    members; for plain values both are empty.
    """

    key: str
    kind: Kind
    default: Any
    sentence: str = ""
    optional: bool = False
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    power: str = ""
    variable: str = ""
    harmless: tuple[str, ...] = ()
    example: str = ""
    words: bool = False
    urls: bool = False
    block: bool = False
    item: Field | None = None
    parts: tuple[Field, ...] = ()
    make: type[Struct] | None = None

    @property
    def section(self) -> str:
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]

    @property
    def required(self) -> bool:
        """Whether a list must not be empty."""
        return self.kind == "list" and self.words and bool(self.default)

    @property
    def secret(self) -> bool:
        """Whether its value must not be shown."""
        return self.kind == "secret" or (self.item is not None and self.item.secret)

    @property
    def allowed(self) -> str:
        """What it takes, in words that fit after "it takes"."""
        return self._wanted() + (", or null" if self.optional else "")

    def _wanted(self) -> str:
        if self.kind == "list":
            return self._list_wanted()
        if self.kind == "table":
            return self._table_wanted()
        if self.kind in ("integer", "number"):
            return self._number_wanted()
        if self.kind == "choice":
            return _spoken(self.choices)
        if self.kind == "switch":
            return "true or false"
        if self.urls:
            return "a URL"
        return f"text like {self.example}" if self.example else "text"

    def _number_wanted(self) -> str:
        noun = "a whole number" if self.kind == "integer" else "a number"
        unit = f" ({self.unit})" if self.unit else ""
        return f"{noun} from {plain(self.low)} to {plain(self.high)}{unit}"

    def _list_wanted(self) -> str:
        if self.words:
            return "a command line, or a list of its words"
        item = self.item
        if item is not None and item.kind in ("integer", "number"):
            return f"a list of numbers from {plain(item.low)} to {plain(item.high)} ({item.unit})"
        return "a list of URLs" if item is not None and item.urls else "a list of texts"

    def _table_wanted(self) -> str:
        if self.parts:
            return "for each model " + ", ".join(part.name for part in self.parts)
        return "a mapping of names to texts"


def plain(number: float | None) -> str:
    """A number as a person writes it: no exponent, no `.0`."""
    if number is None:
        return "any"
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def _spoken(choices: tuple[str, ...]) -> str:
    shown = [f'"{choice}"' if " " in choice else choice for choice in choices]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " or " + shown[-1]


def fields_of(settings: type[Struct]) -> Mapping[str, Field]:
    """Every field of a settings type by dotted key, in the order of declaration."""
    return _fields_of(settings)


@cache
def _fields_of(settings: type[Struct]) -> dict[str, Field]:
    found: dict[str, Field] = {}
    shape = inspect.type_info(settings)
    if not isinstance(shape, inspect.StructType):
        return found
    for section in shape.fields:
        if isinstance(section.type, inspect.StructType):
            for entry in section.type.fields:
                field = _field(f"{section.name}.{entry.name}", entry)
                found[field.key] = field
        else:
            found[section.name] = _field(section.name, section)
    return found


def _field(key: str, entry: inspect.Field) -> Field:
    default = entry.default
    if default is msgspec.NODEFAULT:
        default = None if entry.default_factory is msgspec.NODEFAULT else entry.default_factory()
    return _of_type(key, entry.type, default)


def _of_type(key: str, shape: inspect.Type, default: Any = None) -> Field:
    facts: dict[str, Any] = {}
    optional = False
    while isinstance(shape, inspect.Metadata | inspect.UnionType):
        if isinstance(shape, inspect.Metadata):
            facts = {**(shape.extra or {}), **facts}
            facts.setdefault("sentence", (shape.extra_json_schema or {}).get("description", ""))
            shape = shape.type
        else:
            optional = True
            shape = next(t for t in shape.types if not isinstance(t, inspect.NoneType))
    facts["sentence"] = facts.get("sentence", "")
    item_facts = {"urls": facts.get("urls", False)}
    return Field(
        key=key, default=default, optional=optional, **_shape(key, shape, item_facts), **facts
    )


def _shape(key: str, shape: inspect.Type, item_facts: dict[str, Any]) -> dict[str, Any]:
    match shape:
        case inspect.BoolType():
            return {"kind": "switch"}
        case inspect.IntType(ge=low, le=high):
            return {"kind": "integer", "low": low, "high": high}
        case inspect.FloatType(ge=low, le=high):
            return {"kind": "number", "low": low, "high": high}
        case inspect.StrType(pattern=pattern):
            return {"kind": "text", "pattern": pattern or ""}
        case inspect.LiteralType(values=choices):
            return {"kind": "choice", "choices": tuple(str(choice) for choice in choices)}
        case inspect.VarTupleType(item_type=item):
            return {
                "kind": "list",
                "item": msgspec.structs.replace(_of_type(key, item), **item_facts),
            }
        case inspect.DictType(value_type=value):
            member = _of_type(key, value)
            return {"kind": "table", "item": member, "parts": member.parts, "make": member.make}
        case inspect.StructType(cls=cls) if cls is Secret:
            return {"kind": "secret"}
        case inspect.StructType(cls=cls, fields=parts):
            described = tuple(_field(f"{key}.{part.name}", part) for part in parts)
            return {"kind": "table", "parts": described, "make": cls}
    raise TypeError(f"{key} is declared with a type that settings cannot hold")
