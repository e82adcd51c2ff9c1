"""What can be kept or gone back to: checkpoints and commits, and the files of the night."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tui.changes import RepositoryChanges, FileChange
from tui.night.review.model import RestorePoint, Review
from tui.system.format import format_clock, format_count
from widgets.cells import clip_start, pad, visible
from widgets.glyphs import glyphs
from widgets.ink import Line
from widgets.review_rows import NARROW, sided
from widgets.review_view import CommitTarget, FileTarget, Goal, PointTarget, ReviewRow
from widgets.review_words import tests_span

_ID = 8


def point_goal(point: RestorePoint) -> Goal:
    """Its diff: a commit's own, or that from a checkpoint to the files as they are."""
    return CommitTarget(point.id) if point.kind == "commit" else PointTarget(checkpoint_name(point.id))


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


def points(review: Review, marked: Collection[str], width: int) -> Sequence[ReviewRow]:
    """Each point with its tests, and below it what first turned red after it."""
    rows: list[ReviewRow] = []
    for point in review.points:
        rows.append(_point_row(point, marked, width))
        if point.first_red_after:
            words = f"{glyphs().error} first red after it: {visible(point.first_red_after)}"
            rows.append(ReviewRow([(" " * 13, "text"), (words, "error")]))
    return rows


def _point_row(point: RestorePoint, marked: Collection[str], width: int) -> ReviewRow:
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
    return ReviewRow(sided(left, size, width), point_goal(point), point.at, name, mark)


def files(changes: RepositoryChanges | None, marked: Collection[str], width: int) -> Sequence[ReviewRow]:
    """The files that the night changed."""
    if changes is None:
        return ()
    rows = [_file_row(change, marked, width) for change in changes.files]
    if changes.cut:
        rows.append(ReviewRow([(" more were changed than are listed here", "warning")]))
    return rows


def _file_row(change: FileChange, marked: Collection[str], width: int) -> ReviewRow:
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
    return ReviewRow(sided(left, lines, width), FileTarget(change.path), None, name, mark)
