"""review --check."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, structs

from tui import __version__
from tui.monitor.history.export_files import measure
from tui.night.review.export.figures_json import (
    FigureComparison,
    compare_figures,
    read_figures,
    without_figures,
)
from tui.night.review.export.html_page import render_html
from tui.night.review.export.markdown_page import render_markdown
from tui.night.review.export.redacted import Export, ExportSource
from tui.system.format import format_count

_MOST: Final = 40
_AROUND: Final = 30
Derive = Callable[["ExportedFigures"], Export]


class ExportedFigures(Struct, frozen=True):
    """What an export says of itself: its run, its sources, and how it was made."""

    data: dict[str, Any]
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
    """What an export holds. UsageError for a file that is none."""
    data = read_figures(text)
    about = data.get("export")
    about = about if isinstance(about, dict) else {}
    run_id, project = about.get("run"), data.get("project")
    made_at, zone_s, named = about.get("made_at"), about.get("zone_s"), about.get("named")
    return ExportedFigures(
        data=data,
        project=project if isinstance(project, str) else "",
        run_id=run_id if isinstance(run_id, str) and run_id else None,
        made_at=float(made_at) if isinstance(made_at, int | float) else None,
        version=str(about.get("version", "")),
        zone_s=zone_s if isinstance(zone_s, int) and abs(zone_s) < 86_400 else 0,
        keep_places=about.get("places") == "kept",
        named={str(k): str(v) for k, v in named.items()} if isinstance(named, dict) else {},
        sources=tuple(_sources(about.get("sources"))),
    )


def _sources(rows: object) -> list[ExportSource]:
    return [
        ExportSource(str(row.get("name", "")), row["path"], row["size"], str(row.get("sha256", "")))
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
        and isinstance(row.get("path"), str)
        and isinstance(row.get("size"), int)
    ]


def check(text: str, derive: Derive, true_path: Callable[[str], str]) -> CheckReport:
    """Compares an export's text with the evidence; `true_path` finds the file behind a path in it.

    `derive` makes the same export anew. UsageError for a text that is no export.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    figures = exported_figures(text)
    export = derive(figures)
    result = compare_figures(figures.data, export.data)
    parts = ", ".join(f"{name} {number}" for name, number in result.agreeing.items())
    lines = [f"agrees: {format_count(result.agree, 'figure')}" + (f" ({parts})" if parts else "")]
    lines += [
        f"differs: {one.path}: the export says {one.exported}, the evidence says {one.derived}"
        for one in result.differences[:_MOST]
    ]
    if len(result.differences) > _MOST:
        lines.append(f"differs: {len(result.differences) - _MOST} more")
    ending = figures.data.get("ending")
    if result.differences and isinstance(ending, dict) and ending.get("kind") == "open":
        lines.append("the night was not over when this was written; what came later may differ")
    is_changed, source_lines = _compare_sources(figures, true_path)
    is_same_page, page_lines = _compare_page(text, figures, export, result)
    agrees = not result.differences and not is_changed and is_same_page
    return CheckReport(agrees, (*lines, *source_lines, *page_lines))


def _compare_sources(
    figures: ExportedFigures, true_path: Callable[[str], str]
) -> tuple[bool, list[str]]:
    """Whether a source is not what it was; one that only grew still holds what it held."""
    if not figures.sources:
        return False, ["sources: the export names none"]
    lines, is_changed, same = [], False, 0
    for source in figures.sources:
        path = true_path(source.path)
        now = measure(path, source.size)
        if not source.sha256 and not now.sha256:
            lines.append(f"source unreadable, then and now: {source.path}")
        elif not now.sha256:
            lines.append(f"source gone: {source.path}")
            is_changed = True
        elif now.sha256 != source.sha256:
            lines.append(f"source changed: {source.path} is not what it was")
            is_changed = True
        elif (grown := os.path.getsize(path) - source.size) > 0:
            lines.append(
                f"source grew: {source.path} has {format_count(grown, 'byte')} more than it had"
            )
        else:
            same += 1
    if same:
        lines.insert(0, f"sources: {same} of {len(figures.sources)} as they were")
    return is_changed, lines


def _compare_page(
    text: str, figures: ExportedFigures, export: Export, result: FigureComparison
) -> tuple[bool, list[str]]:
    """Whether the words that a reader sees are those that the figures give."""
    if text.lstrip().startswith("{"):
        return True, []
    if result.differences:
        return True, ["page: not compared, since its figures differ"]
    if figures.version != __version__:
        return True, [
            f"page: not compared, it was written by {figures.version}; this is {__version__}"
        ]
    again = structs.replace(
        export,
        sources=figures.sources,
        made_at=export.made_at if figures.made_at is None else figures.made_at,
        zone_s=figures.zone_s,
        named=figures.named,
    )
    page = (
        render_html(again)
        if text.lstrip().lower().startswith("<!doctype")
        else render_markdown(again)
    )
    return _compare_lines(without_figures(text), without_figures(page))


def _compare_lines(old: str, new: str) -> tuple[bool, list[str]]:
    before = [row.rstrip() for row in old.rstrip().split("\n")]
    after = [row.rstrip() for row in new.rstrip().split("\n")]
    for number, (one, other) in enumerate(zip(before, after, strict=False), 1):
        if one != other:
            says, gives = _first_difference(one, other)
            return False, [f"page differs: line {number} says “{says}”, the figures give “{gives}”"]
    if len(before) != len(after):
        return False, [f"page differs: it has {len(before)} lines, the figures give {len(after)}"]
    return True, ["page: its words are those that the figures give"]


def _first_difference(one: str, other: str) -> tuple[str, str]:
    """The pieces of two lines round the place where they part."""
    pairs = enumerate(zip(one, other, strict=False))
    place = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(0, place - _AROUND)
    return one[start : place + _AROUND], other[start : place + _AROUND]
