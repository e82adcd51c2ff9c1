"""What can be kept or gone back to: checkpoints and commits, and the files of the night."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tui.changes import Changes, FileChange
from tui.night.review.model import Point, Review
from tui.system.format import format_clock, format_count
from widgets.cells import clip_start, pad, visible
from widgets.glyphs import glyphs
from widgets.ink import Line
from widgets.review_rows import NARROW, sided
from widgets.review_view import CommitDiff, FileDiff, Goal, PointDiff, Row
from widgets.review_words import tests_span

_ID = 8


def point_goal(point: Point) -> Goal:
    """Its diff: a commit's own, or that from a checkpoint to the files as they are."""
    return CommitDiff(point.id) if point.kind == "commit" else PointDiff(checkpoint_name(point.id))


def commit_mark(sha: str) -> str:
    """What `space` marks on a commit."""
    return f"commit {sha}"


def file_mark(path: str) -> str:
    """What `space` marks on a file."""
    return f"file {path}"


def checkpoint_name(name: str) -> str:
    """A checkpoint's id as a person types it: "c12"."""
    return f"c{name}" if name.isdigit() else name


def _box(marked: bool) -> str:
    return f"[{glyphs().ok}]" if marked else "[ ]"


def points(review: Review, marked: Collection[str], width: int) -> Sequence[Row]:
    """Each point with its tests, and below it what first turned red after it."""
    rows: list[Row] = []
    for point in review.points:
        rows.append(_point_row(point, marked, width))
        if point.first_red_after:
            words = f"{glyphs().error} first red after it: {visible(point.first_red_after)}"
            rows.append(Row([(" " * 13, "text"), (words, "error")]))
    return rows


def _point_row(point: Point, marked: Collection[str], width: int) -> Row:
    commit = point.kind == "commit"
    mark = commit_mark(point.id) if commit else ""
    box = _box(mark in marked) if commit else "   "
    short = point.id[:7] if commit else checkpoint_name(point.id)
    size = format_count(point.files, "file")
    if point.insertions or point.deletions:
        size += f" +{point.insertions:,} {glyphs().minus}{point.deletions:,}"
    signs = glyphs()
    left: Line = [
        (f" {box} ", "accent" if mark in marked else "faint"),
        (signs.commit if commit else signs.checkpoint, "ok" if commit else "accent"),
        (f" {format_clock(point.at, False)} ", "dim"),
        (pad(visible(short), _ID) + " ", "label"),
        tests_span(point.tests),
        (f"  {visible(point.label)}", "text"),
    ]
    name = f"point-{point.kind}-{point.id}"
    return Row(sided(left, size, width), point_goal(point), point.at, name, mark)


def files(changes: Changes | None, marked: Collection[str], width: int) -> Sequence[Row]:
    """The files that the night changed."""
    if changes is None:
        return ()
    rows = [_file_row(change, marked, width) for change in changes.files]
    if changes.cut:
        rows.append(Row([(" more were changed than are listed here", "warning")]))
    return rows


def _file_row(change: FileChange, marked: Collection[str], width: int) -> Row:
    signs = glyphs()
    sign = {"added": "A", "deleted": "D", "renamed": "R", "mode": "m"}.get(change.kind, "M")
    role = {"added": "added", "deleted": "removed"}.get(change.kind, "label")
    mark = file_mark(change.path)
    notes = [word for word in ("binary", "generated") if getattr(change, word)]
    if change.commit == "" and change.kind != "mode":
        notes.append("not committed")
    lines = f"+{change.insertions:,} {signs.minus}{change.deletions:,}"
    room = max(12, width - (30 if width >= NARROW else 10))
    left: Line = [
        (f" {_box(mark in marked)} ", "accent" if mark in marked else "faint"),
        (f"{sign} ", role),  # type: ignore[list-item]
        (clip_start(visible(change.path), room), "text"),
        (f"  {', '.join(notes)}" if notes else "", "dim"),
    ]
    name = f"file-{change.path}"
    return Row(sided(left, lines, width), FileDiff(change.path), None, name, mark)
