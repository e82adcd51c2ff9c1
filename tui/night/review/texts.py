"""Every text in a review, reached by its type: words that a program chose are left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Struct

from tui.records import SourceRef

S = TypeVar("S", bound=Struct)


def with_texts(struct: S, change: Callable[[str], str]) -> S:
    """`struct` with `change` done to every text in it, however deep; other values stay as they are.

    A field that can only hold words of this program (a `Literal` or an enum) is no text.
    """
    return _changed(struct, change)  # type: ignore[no-any-return]


def texts(value: Any) -> Iterator[str]:
    """Every text in a struct, in order of its fields."""
    found: list[str] = []

    def keep(text: str) -> str:
        found.append(text)
        return text

    _changed(value, keep)
    yield from found


def refs(value: Any) -> Iterator[SourceRef]:
    """Every place that a struct points at, in order of its fields."""
    if isinstance(value, SourceRef):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from refs(getattr(value, name))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from refs(one)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Struct):
        kind = type(value)
        fields = {
            name: _changed(getattr(value, name), change)
            for name in kind.__struct_fields__
            if name not in _chosen(kind)
        }
        kept = {name: getattr(value, name) for name in _chosen(kind)}
        return kind(**fields, **kept)
    if isinstance(value, tuple | list):
        return type(value)(_changed(one, change) for one in value)
    if isinstance(value, dict):
        return {_changed(key, change): _changed(one, change) for key, one in value.items()}
    return value


@lru_cache(maxsize=256)
def _chosen(kind: type[Struct]) -> frozenset[str]:
    """Fields of a struct whose words are this program's own."""
    hints = get_type_hints(kind)
    return frozenset(name for name in kind.__struct_fields__ if _literal(hints[name]))


def _literal(hint: Any) -> bool:
    if get_origin(hint) is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return True
    parts = [part for part in get_args(hint) if part is not type(None)]
    return bool(parts) and all(_literal(part) for part in parts)
