"""Writes what the documents take from the code: tables of README and `docs/stuck.md`, defaults, `docs/json.md`.

`python docs/generate.py` rewrites them; a test says when that is due.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct

from benchmarks.stalls import measure_all
from benchmarks.stuck.own_set import own_episodes
from benchmarks.stuck.report import markdown
from benchmarks.stuck.watching import all_rules
from tui.actions import markdown_table as keys_table
from tui.model.json import lists, review, status
from tui.model.labels import DETECTORS
from tui.model.stall import DetectorName
from tui.model.state import StallThresholds
from tui.night.stuck.detector import COUNTS, counts_of
from tui.settings.describe import defaults_yaml
from tui.settings.describe import markdown_table as settings_table

REPOSITORY = Path(__file__).resolve().parent.parent


def with_tables(readme: str) -> str:
    """The README with its generated parts as the code has them now."""
    return _filled(readme, {"keys": keys_table(), "settings": settings_table()})


def _filled(text: str, tables: Mapping[str, str]) -> str:
    """A text with the part between each pair of marks as the table of that name is now."""
    for name, table in tables.items():
        pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = pattern.sub(lambda match, table=table: match[1] + table + match[2], text)
    return text


# --- docs/stuck.md ---


def with_stuck_tables(document: str) -> str:
    """`docs/stuck.md` with its counts as the code has them and its figures measured anew."""
    episodes = own_episodes()
    figures = measure_all(episodes)
    off = measure_all(episodes, all_rules()).detectors
    tables = {"detectors": _detectors_table(), "figures": markdown(figures, off)}
    return _filled(document, tables)


def _detectors_table() -> str:
    limits = StallThresholds()
    lines = [
        "| detector | looks for | ends when | notice · suspected · stuck |",
        "|---|---|---|---|",
    ]
    for name in filter(COUNTS.__contains__, DetectorName):
        words, counts = DETECTORS[name], " · ".join(map(str, counts_of(name, limits)))
        off = ", off by default" if name in limits.disabled_detectors else ""
        title = f"{words.title}, `{name}`{off}"
        lines.append(f"| {title} | {words.looks_for} | {words.cleared_by} | {counts} |")
    return "\n".join(lines) + "\n"


# --- docs/json.md ---

OBJECTS: dict[str, type[Struct]] = {
    "status --json": status.StatusObject,
    "review --json": review.ReviewObject,
    "runs --json": lists.RunsObject,
    "checkpoints --json": lists.CheckpointsObject,
    "events --json": lists.RowObject,
    "sessions --json": lists.SessionsObject,
}
_HEAD = """\
# JSON

Schema 2. Made from the types in `tui/model/json` by `python docs/generate.py`; a test checks that what
commands print fits them. stdout has the object on one line, stderr words for people. Fields stay, new
ones may come. Every field is always there: `null` means not known (or not so, as its row says), `[]`
means none, or none known. Words of enums are for programs, sentences (`reason`, `why`, `remedy`,
`rests_on`, `notes`) are for people and may change. `?` behind a type says that it may be null; moments
are ISO 8601 in UTC, money is USD.

`status --all --json` and `events --json` print one object a line.
"""


def json_document() -> str:
    """The whole text of `docs/json.md`."""
    parts = [_HEAD]
    for command, kind in OBJECTS.items():
        parts.append(f"## `{command}`\n\n| field | type | meaning |\n|---|---|---|")
        parts += (f"| `{path}` | {shown} | {text} |" for path, shown, text in _rows(kind, ""))
        parts.append("")
    return "\n".join(parts)


def _rows(kind: type[Struct], above: str) -> Iterator[tuple[str, str, str]]:
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if name in kind.__struct_fields__:
            yield from _field(f"{above}{name}", hint)


def _field(path: str, hint: Any) -> Iterator[tuple[str, str, str]]:
    plain, text = _plain(hint)
    shown, inside = _shown(plain)
    if inside is not None:
        text = text or " ".join((inside.__doc__ or "").split())
    yield path, shown.replace("|", "\\|"), text.replace("|", "\\|")
    if inside is not None:
        yield from _rows(inside, f"{path}[]." if get_origin(plain) is list else f"{path}.")


def _plain(hint: Any) -> tuple[Any, str]:
    """A type without its annotations, and the first description among them."""
    text = ""
    while get_origin(hint) is Annotated:
        notes = [note for note in hint.__metadata__ if isinstance(note, Meta)]
        text = next((note.description for note in reversed(notes) if note.description), text)
        hint = hint.__origin__
    return hint, text


def _shown(hint: Any) -> tuple[str, type[Struct] | None]:
    """A type in words, and the object that stands in it."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (one,) = (part for part in inner if part is not NoneType)
        plain, _ = _plain(one)
        shown, inside = _shown(plain)
        return f"{shown}?", inside
    if origin is list:
        shown, inside = _shown(_plain(inner[0])[0])
        return f"list of {shown}", inside
    if origin is dict:
        return f"object: name → {_shown(_plain(inner[1])[0])[0]}", None
    if origin is Literal:
        return " \\| ".join(f"`{word}`" for word in inner).replace("\\|", "|"), None
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        words = [f"`{word.value}`" if word.value else "empty" for word in hint]
        return " | ".join(words), None
    if isinstance(hint, type) and issubclass(hint, Struct):
        return "object", hint
    return {str: "text", int: "integer", float: "number", bool: "true | false"}.get(
        hint, "any"
    ), None


def main() -> None:
    readme = REPOSITORY / "README.md"
    readme.write_text(with_tables(readme.read_text("utf-8")), "utf-8")
    (REPOSITORY / "docs" / "json.md").write_text(json_document(), "utf-8")
    stuck = REPOSITORY / "docs" / "stuck.md"
    stuck.write_text(with_stuck_tables(stuck.read_text("utf-8")), "utf-8")
    (REPOSITORY / "config" / "overnight.yaml").write_text(defaults_yaml(), "utf-8")


if __name__ == "__main__":
    main()
