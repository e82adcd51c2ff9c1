"""Reading wire structs from lines whose fields are not all of the type they should be.

A field of the wrong type costs that field, never the record.
"""

from __future__ import annotations

import math
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Raw, Struct, structs

T = TypeVar("T", bound=Struct)
UNREADABLE = (ValueError, RecursionError)
"""What a decoder may raise over bytes that are not what they should be."""

_MISSING = object()


@cache
def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(kind)


def read(kind: type[T], data: bytes | Raw) -> T:
    """The struct that `data`, one JSON object, holds; what does not fit is left at its default.

    Raises one of `UNREADABLE` when `data` is no JSON at all, or no object.
    """
    try:
        found: T = _decoder(kind).decode(data)
        return found
    except UNREADABLE:
        value = msgspec.json.decode(data)
        if not isinstance(value, dict):
            raise ValueError(f"no object where a {kind.__name__} was expected") from None
        return salvage(kind, value)


def salvage(kind: type[T], value: dict[str, Any]) -> T:
    """A `kind` made of those entries of `value` that can be what its fields need."""
    given: dict[str, Any] = {}
    for name, wire_name, hint in _fields(kind):
        if wire_name in value:
            fitted = _fit(hint, value[wire_name])
            if fitted is not _MISSING:
                given[name] = fitted
    return kind(**given)


@cache
def _fields(kind: type[Struct]) -> tuple[tuple[str, str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((each.name, each.encode_name, hints[each.name]) for each in structs.fields(kind))


def _fit(hint: Any, value: Any) -> Any:
    """`value` as something of the type `hint`, or `_MISSING`."""
    if get_origin(hint) in (UnionType, Union):
        for choice in get_args(hint):
            fitted = _fit(choice, value)
            if fitted is not _MISSING:
                return fitted
        return _MISSING
    if hint is Any:
        return value
    if hint is Raw:
        return _raw(value)
    if get_origin(hint) is list:
        return _fit_list(get_args(hint)[0], value)
    if get_origin(hint) is dict:
        return _fit_dict(get_args(hint)[1], value)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return salvage(hint, value) if isinstance(value, dict) else _MISSING
    return _fit_scalar(hint, value)


def _fit_list(hint: Any, value: Any) -> Any:
    if not isinstance(value, list):
        return _MISSING
    if isinstance(hint, type) and issubclass(hint, Struct):  # a bare string among blocks is a text
        value = [{"type": "text", "text": v} if isinstance(v, str) else v for v in value]
    fitted = (_fit(hint, item) for item in value)
    return [item for item in fitted if item is not _MISSING]


def _raw(value: Any) -> Any:
    try:
        return Raw(msgspec.json.encode(value))
    except (ValueError, OverflowError, RecursionError):
        return _MISSING


def _fit_dict(hint: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        return _MISSING
    fitted = {key: _fit(hint, item) for key, item in value.items()}
    return {key: item for key, item in fitted.items() if item is not _MISSING}


def _fit_scalar(hint: Any, value: Any) -> Any:
    if hint is NoneType:
        return None if value is None else _MISSING
    if hint is str:
        if isinstance(value, str):
            return value
        return str(value) if isinstance(value, int | float) else _MISSING
    if isinstance(value, hint) and isinstance(value, bool) is (hint is bool):
        return value
    if hint is float and isinstance(value, int | float | str):
        return _number(value)
    if hint is int and isinstance(value, float | str):
        number = _number(value)
        return _MISSING if number is _MISSING else int(number)
    if hint is bool and value in (0, 1, "true", "false"):
        return value in (1, "true")
    return _MISSING


def _number(value: Any) -> Any:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _MISSING
    return number if math.isfinite(number) else _MISSING
