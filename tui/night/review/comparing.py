"""Holds the figures of an export against those that its evidence gives today."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from tui.night.review.embedded import LONGEST
from tui.system.credentials import HIDDEN
from tui.system.format import shorten_line

_SAME: Final = 1e-6
# When a person last looked is theirs, and changes by looking.
_NOT_COMPARED: Final = frozenset({"export", "schema", "looked_at"})
_NOTHING: Final = "nothing"
_NO_SUCH: Final = "no such figure"


class FigureDifference(Struct, frozen=True):
    """A figure of which the export says one thing, and the evidence another."""

    path: str
    exported: str
    derived: str


class FigureComparison(Struct, frozen=True):
    """How many figures of each part agree, and which differ."""

    agreeing: dict[str, int]
    differences: tuple[FigureDifference, ...]

    @property
    def agree(self) -> int:
        return sum(self.agreeing.values())


def compare(exported: Mapping[str, Any], derived: Mapping[str, Any]) -> FigureComparison:
    """Every figure and word of an export against what was derived anew.

    Lists that the export says it cut are compared as far as they go, and by their full length.
    """
    told = exported.get("export")
    cut = told.get("cut", {}) if isinstance(told, dict) else {}
    agreeing: dict[str, int] = {}
    differences = [
        FigureDifference(key, _shown(exported[key]), _NO_SUCH)
        for key in exported
        if key not in derived and key not in _NOT_COMPARED
    ]
    for key in derived:
        if key in _NOT_COMPARED:
            continue
        for found in _compared(key, exported.get(key), derived.get(key), cut):
            if found is None:
                agreeing[key] = agreeing.get(key, 0) + 1
            else:
                differences.append(found)
    return FigureComparison(agreeing, tuple(differences))


def _compared(path: str, old: Any, new: Any, cut: Mapping[str, Any]) -> Iterator[FigureDifference | None]:
    """One entry for each leaf: None where both agree."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in new:  # an older export may lack a key that tells nothing
            yield from _compared(f"{path}.{key}", old.get(key), new[key], cut)
        for key in old:
            if key not in new:
                yield FigureDifference(f"{path}.{key}", _shown(old[key]), _NO_SUCH)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(path, old, new, cut)
    elif _agree(old, new):
        yield None
    else:
        yield FigureDifference(path, _shown(old), _shown(new))


def _compare_lists(
    path: str, old: list[Any], new: list[Any], cut: Mapping[str, Any]
) -> Iterator[FigureDifference | None]:
    length = cut.get(path, len(old))
    if length == len(new):
        yield None
    else:
        yield FigureDifference(f"length of {path}", _shown(length), str(len(new)))
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        yield from _compared(f"{path}[{place}]", one, other, cut)


def _agree(old: Any, new: Any) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, int | float) and isinstance(new, int | float):
        return math.isclose(old, new, rel_tol=_SAME, abs_tol=_SAME)
    if isinstance(old, str) and isinstance(new, str):
        return old == new or _fits(old, new)
    return bool(old == new)


def _fits(old: str, new: str) -> bool:
    """Whether an exported text is the derived one, cut, or with more taken out of it."""
    if old.endswith("…") and len(old) == LONGEST and new.startswith(old[:-1]):
        return True
    if HIDDEN not in old:
        return False
    pieces = [re.escape(piece) for piece in old.split(HIDDEN)]
    return re.fullmatch(r"[^\n]{0,4000}".join(pieces), new) is not None


def _shown(value: Any) -> str:
    if value is None:
        return _NOTHING
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return shorten_line(text, 100)
