"""review --check."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, structs

from tui import __version__
from tui.monitor.history.export_files import measure
from tui.night.review.export.figures_json import FigureComparison, compare, read, without_comment
from tui.night.review.export.html_page import html
from tui.night.review.export.markdown_page import markdown
from tui.night.review.export.redacted import Export, ExportSource
from tui.system.format import format_count

_MOST: Final = 40
_AROUND: Final = 30
Derive = Callable[["ExportedFigures"], Export]


class ExportedFigures(Struct, frozen=True):
    """What an export says of itself: its run, its sources, and how it was made."""

    told: dict[str, Any]
    project: str
    run_id: str | None
    made_at: float | None
    version: str
    zone_s: int
    keep_places: bool
    named: dict[str, str]
    sources: tuple[ExportSource, ...]


class CheckReport(Struct, frozen=True):
    """The result in sentences, and whether everything agrees."""

    agrees: bool
    lines: tuple[str, ...]


def exported_figures(text: str) -> ExportedFigures:
    """What stands in an export. UsageError for a file that is none."""
    told = read(text)
    about = told.get("export")
    about = about if isinstance(about, dict) else {}
    run_id, project = about.get("run"), told.get("project")
    made_at, zone_s, named = about.get("made_at"), about.get("zone_s"), about.get("named")
    return ExportedFigures(
        told=told,
        project=project if isinstance(project, str) else "",
        run_id=run_id if isinstance(run_id, str) and run_id else None,
        made_at=float(made_at) if isinstance(made_at, int | float) else None,
        version=str(about.get("version", "")),
        zone_s=zone_s if isinstance(zone_s, int) and abs(zone_s) < 86_400 else 0,
        keep_places=about.get("places") == "kept",
        named={str(k): str(v) for k, v in named.items()} if isinstance(named, dict) else {},
        sources=tuple(_sources(about.get("sources"))),
    )


def _sources(told: object) -> list[ExportSource]:
    if not isinstance(told, list):
        return []
    return [
        ExportSource(str(one.get("name", "")), one["path"], one["size"], str(one.get("sha256", "")))
        for one in told
        if isinstance(one, dict)
        and isinstance(one.get("path"), str)
        and isinstance(one.get("size"), int)
    ]


def check(text: str, derive: Derive, true_path: Callable[[str], str]) -> CheckReport:
    """Holds an export's text against the evidence; `true_path` finds the file behind a path in it.

    `derive` makes the same export anew. UsageError for a text that is no export.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    said = exported_figures(text)
    export = derive(said)
    found = compare(said.told, export.data)
    lines = [_summary(found)]
    lines += [
        f"differs: {one.path}: the export says {one.exported}, the evidence says {one.derived}"
        for one in found.differences[:_MOST]
    ]
    if len(found.differences) > _MOST:
        lines.append(f"differs: {len(found.differences) - _MOST} more")
    ending = said.told.get("ending")
    if found.differences and isinstance(ending, dict) and ending.get("kind") == "open":
        lines.append("the night was not over when this was written; what came later may differ")
    changed, words = _changed_sources(said, true_path)
    lines += words
    same_page, words = _page(text, said, export, found)
    lines += words
    return CheckReport(not found.differences and not changed and same_page, tuple(lines))


def _summary(found: FigureComparison) -> str:
    parts = ", ".join(f"{name} {number}" for name, number in found.agreeing.items())
    return f"agrees: {format_count(found.agree, 'figure')}" + (f" ({parts})" if parts else "")


def _changed_sources(
    said: ExportedFigures, true_path: Callable[[str], str]
) -> tuple[bool, list[str]]:
    """Whether a source is not what it was; one that only grew still holds what it held."""
    if not said.sources:
        return False, ["sources: the export names none"]
    lines, changed, same = [], False, 0
    for source in said.sources:
        path = true_path(source.path)
        now = measure(path, source.size)
        if not source.sha256 and not now.sha256:
            lines.append(f"source unreadable, then and now: {source.path}")
        elif not now.sha256:
            lines.append(f"source gone: {source.path}")
            changed = True
        elif now.sha256 != source.sha256:
            lines.append(f"source changed: {source.path} is not what it was")
            changed = True
        elif (grown := os.path.getsize(path) - source.size) > 0:
            lines.append(
                f"source grew: {source.path} has {format_count(grown, 'byte')} more than it had"
            )
        else:
            same += 1
    if same:
        lines.insert(0, f"sources: {same} of {len(said.sources)} as they were")
    return changed, lines


def _page(
    text: str, said: ExportedFigures, export: Export, found: FigureComparison
) -> tuple[bool, list[str]]:
    """Whether the words that a reader sees are those that the figures give."""
    if text.lstrip().startswith("{"):
        return True, []
    if found.differences:
        return True, ["page: not compared, since its figures differ"]
    if said.version != __version__:
        return True, [
            f"page: not compared, it was written by {said.version}; this is {__version__}"
        ]
    again = structs.replace(
        export,
        sources=said.sources,
        made_at=export.made_at if said.made_at is None else said.made_at,
        zone_s=said.zone_s,
        named=said.named,
    )
    drawn = html(again) if text.lstrip().lower().startswith("<!doctype") else markdown(again)
    return _same_page(without_comment(text), without_comment(drawn))


def _same_page(old: str, new: str) -> tuple[bool, list[str]]:
    before = [row.rstrip() for row in old.rstrip().split("\n")]
    after = [row.rstrip() for row in new.rstrip().split("\n")]
    for number, (one, other) in enumerate(zip(before, after, strict=False), 1):
        if one != other:
            said, gives = _where(one, other)
            return False, [f"page differs: line {number} says “{said}”, the figures give “{gives}”"]
    if len(before) != len(after):
        return False, [f"page differs: it has {len(before)} lines, the figures give {len(after)}"]
    return True, ["page: its words are those that the figures give"]


def _where(one: str, other: str) -> tuple[str, str]:
    """The pieces of two lines round the place where they part."""
    pairs = enumerate(zip(one, other, strict=False))
    place = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(0, place - _AROUND)
    return one[start : place + _AROUND], other[start : place + _AROUND]
