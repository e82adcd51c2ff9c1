"""The figures of an export as JSON: a file of its own, or a comment at the end of a page.

The object is that of `review --json` with one key more, `export`: what wrote it, when, in which
zone, and the sources with their sizes and digests.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tui.errors import UsageError
from tui.night.review.export import Export
from tui.system.format import clip_text

_OPEN: Final = "<!-- overnight-tui review: the figures of this page\n"
_CLOSE: Final = "\n-->"
_FOUND: Final = re.compile(f"^{re.escape(_OPEN)}(.*?){re.escape(_CLOSE)}$", re.M | re.S)
LONGEST: Final = 300
"""Characters of a text in figures that had to be cut; such a text ends in an ellipsis."""

_INSIDE: Final = 10
_ROOM: Final = 4_000


def figures(export: Export) -> dict[str, Any]:
    """The review's JSON with what an export adds to it."""
    return {
        **export.data,
        "export": {
            "version": export.version,
            "run": export.review.run_id,
            "made_at": export.made_at,
            "zone_s": export.zone_s,
            "places": "kept" if export.keep_places else "taken out",
            "named": dict(export.named),
            "sources": [
                {"name": one.name, "path": one.path, "size": one.size, "sha256": one.sha256}
                for one in export.sources
            ],
        },
    }


def json_text(export: Export) -> str:
    """The export as one JSON object on one line."""
    return json.dumps(figures(export), ensure_ascii=False, separators=(",", ":")) + "\n"


def comment(export: Export, most: int | None = None) -> str:
    """The figures as a comment that no text in them can end.

    With `most`, lists and long texts are cut until the comment has at most so many bytes; `cut`
    under `export` then tells how long each of them is.
    """
    told = figures(export)
    text = _commented(told)
    if most is None or len(text.encode()) <= most:
        return text
    cut: dict[str, int] = {}
    about = {**told["export"], "cut": cut}
    told = {key: _shorter(value, key, cut) for key, value in told.items() if key != "export"}
    told["export"] = about
    # What the record of the cuts will take is not known before they are made.
    _cut_lists(told, cut, most - _ROOM)
    return _commented(told)


def read(text: str) -> dict[str, Any]:
    """The figures in an export's text. UsageError: it is none, or somebody put two together."""
    found = [text] if text.lstrip().startswith("{") else _FOUND.findall(text)
    if len(found) != 1:
        what = "holds no figures of a review" if not found else "holds the figures of two reviews"
        raise UsageError(f"the file {what}; give one that `overnight-tui review` wrote")
    try:
        told = json.loads(found[0])
    except (ValueError, RecursionError) as error:
        raise UsageError("the figures in the file are damaged: they are no JSON") from error
    if not isinstance(told, dict) or told.get("schema") != 1 or "verdict" not in told:
        raise UsageError(
            "the file is JSON, but no review; give one that `overnight-tui review` wrote"
        )
    return told


def without_comment(text: str) -> str:
    """The page without its figures."""
    return _FOUND.sub("", text)


def _commented(told: dict[str, Any]) -> str:
    rows = [f"{_harmless(key)}: {_harmless(value)}" for key, value in told.items()]
    body = ",\n".join(rows)
    return f"{_OPEN}{{\n{body}\n}}{_CLOSE}\n"


def _harmless(value: Any) -> str:
    """JSON without any sign that could end a comment or begin markup."""
    text = json.dumps(value, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.replace("--", "-\\u002d")


def _shorter(value: Any, path: str, cut: dict[str, int], inside: bool = False) -> Any:
    """`value` with long texts cut, and long lists that stand inside others."""
    if isinstance(value, str):
        return clip_text(value, LONGEST)
    if isinstance(value, dict):
        return {key: _shorter(one, f"{path}.{key}", cut, inside) for key, one in value.items()}
    if isinstance(value, list):
        if inside and len(value) > _INSIDE:
            cut[path] = len(value)
            value = value[:_INSIDE]
        return [_shorter(one, f"{path}[{n}]", cut, True) for n, one in enumerate(value)]
    return value


def _cut_lists(told: dict[str, Any], cut: dict[str, int], most: int) -> None:
    """Halves the largest list until all is at most so large, and records how long each was."""
    lists = [(path, held, key, _sizes(held[key])) for path, held, key in _find_lists(told, "")]
    size = len(_commented({**told, "export": 0}).encode())
    while size > most and lists:
        path, held, key, sizes = max(lists, key=lambda one: sum(one[3]))
        if not sizes:
            return
        kept = len(sizes) // 2
        cut.setdefault(path, len(sizes))
        size -= sum(sizes[kept:])
        del sizes[kept:]
        held[key] = held[key][:kept]
        for gone in [name for name in cut if _beyond(name, path, kept)]:
            del cut[gone]


def _sizes(values: list[Any]) -> list[int]:
    return [len(_harmless(one).encode()) + 2 for one in values]


def _beyond(name: str, path: str, kept: int) -> bool:
    """Whether a list that was cut stood in an entry that is no longer there."""
    front, bracket, rest = name.partition(f"{path}[")
    return not front and bool(bracket) and int(rest.partition("]")[0]) >= kept


def _find_lists(held: dict[str, Any], above: str) -> list[tuple[str, dict[str, Any], str]]:
    """Lists that stand in no other list."""
    found = []
    for key, value in held.items():
        if above == "" and key == "export":
            continue
        if isinstance(value, list):
            found.append((f"{above}{key}", held, key))
        elif isinstance(value, dict):
            found += _find_lists(value, f"{above}{key}.")
    return found
