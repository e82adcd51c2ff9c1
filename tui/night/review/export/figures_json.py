"""Figures carried by an export; comparing them with today's."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from tui.model.json.common import SCHEMA
from tui.night.review.export.redacted import Export
from tui.night.review.review_json import export_figures
from tui.system.credentials.values import HIDDEN
from tui.system.errors import UsageError
from tui.system.format import clip_text, shorten_line
from tui.system.sanitize import escape_json

_OPEN: Final = "<!-- overnight-tui review: the figures of this page\n"
_CLOSE: Final = "\n-->"
_COMMENT: Final = re.compile(f"^{re.escape(_OPEN)}(.*?){re.escape(_CLOSE)}$", re.M | re.S)
LONGEST: Final = 300
"""Characters of a text in figures that had to be cut; such a text ends in an ellipsis."""
_INSIDE: Final = 10
_ROOM: Final = 4_000
_SAME: Final = 1e-6
# When a person last looked is theirs, and changes by looking.
_NOT_COMPARED: Final = frozenset({"export", "schema", "looked_at"})
_SCHEMAS: Final = (1, SCHEMA)
"""Exports of version 0.1 lack what came since; only what they have is compared."""
_NO_SUCH: Final = "no such figure"


# --- the comment ---


def figures_comment(export: Export, most: int | None = None) -> str:
    """The figures as a comment that no text in them can end.

    With `most`, lists and long texts are cut until the comment has at most so many bytes; `cut`
    under `export` then tells how long each of them is.
    """
    figures = export_figures(export)
    text = _commented(figures)
    if most is None or len(text.encode()) <= most:
        return text
    cut: dict[str, int] = {}
    about = {**figures.pop("export"), "cut": cut}
    figures = {key: _shorter(value, key, cut) for key, value in figures.items()}
    # What the record of the cuts will take is not known before they are made.
    _cut_lists(figures, cut, most - _ROOM)
    return _commented({**figures, "export": about})


def read_figures(text: str) -> dict[str, Any]:
    """The figures in an export's text. UsageError: it is none, or somebody put two together."""
    objects = [text] if text.lstrip().startswith("{") else _COMMENT.findall(text)
    if len(objects) != 1:
        what = "holds no figures of a review" if not objects else "holds the figures of two reviews"
        raise UsageError(f"the file {what}; give one that `overnight-tui review` wrote")
    try:
        figures = json.loads(objects[0])
    except (ValueError, RecursionError) as error:
        raise UsageError("the figures in the file are damaged: they are no JSON") from error
    if (
        not isinstance(figures, dict)
        or figures.get("schema") not in _SCHEMAS
        or "verdict" not in figures
    ):
        raise UsageError(
            "the file is JSON, but no review; give one that `overnight-tui review` wrote"
        )
    return figures


def without_figures(text: str) -> str:
    """The page without its figures."""
    return _COMMENT.sub("", text)


def _commented(figures: dict[str, Any]) -> str:
    rows = [f"{_escaped_json(key)}: {_escaped_json(value)}" for key, value in figures.items()]
    body = ",\n".join(rows)
    return f"{_OPEN}{{\n{body}\n}}{_CLOSE}\n"


def _escaped_json(value: Any) -> str:
    """JSON without any sign that could end a comment or begin markup."""
    text = escape_json(json.dumps(value, ensure_ascii=False))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.replace("--", "-\\u002d")


# --- cutting ---


def _shorter(value: Any, path: str, cut: dict[str, int], inside: bool = False) -> Any:
    """`value` with long texts cut, and long lists that stand inside others."""
    if isinstance(value, str):
        return clip_text(value, LONGEST)
    if isinstance(value, dict):
        return {key: _shorter(part, f"{path}.{key}", cut, inside) for key, part in value.items()}
    if isinstance(value, list):
        if inside and len(value) > _INSIDE:
            cut[path] = len(value)
            value = value[:_INSIDE]
        return [_shorter(part, f"{path}[{n}]", cut, True) for n, part in enumerate(value)]
    return value


def _cut_lists(figures: dict[str, Any], cut: dict[str, int], most: int) -> None:
    """Halves the largest list until all is at most so large, and records how long each was."""
    lists = [
        (path, holder, key, [len(_escaped_json(part).encode()) + 2 for part in holder[key]])
        for path, holder, key in _find_lists(figures, "")
    ]
    size = len(_commented({**figures, "export": 0}).encode())
    while size > most and lists:
        path, holder, key, sizes = max(lists, key=lambda entry: sum(entry[3]))
        if not sizes:
            return
        kept = len(sizes) // 2
        cut.setdefault(path, len(sizes))
        size -= sum(sizes[kept:])
        del sizes[kept:]
        holder[key] = holder[key][:kept]
        # What stood in an entry that is no longer there was not cut but left out.
        for name in list(cut):
            front, bracket, rest = name.partition(f"{path}[")
            if not front and bracket and int(rest.partition("]")[0]) >= kept:
                del cut[name]


def _find_lists(holder: dict[str, Any], above: str) -> list[tuple[str, dict[str, Any], str]]:
    """Lists that stand in no other list: path, the object that holds it, and its key there."""
    lists = []
    for key, value in holder.items():
        if isinstance(value, list):
            lists.append((f"{above}{key}", holder, key))
        elif isinstance(value, dict):
            lists += _find_lists(value, f"{above}{key}.")
    return lists


# --- comparing ---


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


def compare_figures(exported: Mapping[str, Any], derived: Mapping[str, Any]) -> FigureComparison:
    """Every figure and word of an export against what was derived anew.

    Lists that the export says it cut are compared as far as they go, and by their full length.
    """
    if exported.get("schema") != SCHEMA:
        derived = _as_far_as(exported, derived)
    about = exported.get("export")
    cut = about.get("cut", {}) if isinstance(about, dict) else {}
    agreeing: Counter[str] = Counter()
    differences = [
        FigureDifference(key, _shown(exported[key]), _NO_SUCH)
        for key in exported
        if key not in derived and key not in _NOT_COMPARED
    ]
    for key in (key for key in derived if key not in _NOT_COMPARED):
        for difference in _compare(key, exported.get(key), derived[key], cut):
            if difference is None:
                agreeing[key] += 1
            else:
                differences.append(difference)
    return FigureComparison(dict(agreeing), tuple(differences))


def _as_far_as(old: Any, new: Any) -> Any:
    """Of `new` the keys that `old` has, however deep."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {key: _as_far_as(old[key], value) for key, value in new.items() if key in old}
    if isinstance(old, list) and isinstance(new, list):
        pairs = [_as_far_as(before, after) for before, after in zip(old, new, strict=False)]
        return pairs + new[len(pairs) :]
    return new


def _compare(
    path: str, old: Any, new: Any, cut: Mapping[str, Any]
) -> Iterator[FigureDifference | None]:
    """One entry for each leaf: None where both agree."""
    if isinstance(old, dict) and isinstance(new, dict):
        # An older export may lack a key whose value is null today.
        for key in new:
            yield from _compare(f"{path}.{key}", old.get(key), new[key], cut)
        for key in old:
            if key not in new:
                yield FigureDifference(f"{path}.{key}", _shown(old[key]), _NO_SUCH)
    elif isinstance(old, list) and isinstance(new, list):
        length, now = cut.get(path, len(old)), len(new)
        same = length == now
        yield None if same else FigureDifference(f"length of {path}", _shown(length), str(now))
        for place, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from _compare(f"{path}[{place}]", before, after, cut)
    else:
        yield None if _agree(old, new) else FigureDifference(path, _shown(old), _shown(new))


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
        return "nothing"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return shorten_line(text, 100)
