"""trust --import-runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.context import confirm
from tui.store.layout import OLD_FOLDER
from tui.store.old_runs import OLD_RUNS, find_old_runs, import_old_run, imported_runs
from tui.system.errors import OvernightError
from tui.system.format import format_count, format_local, format_size_binary
from tui.system.sanitize import clean_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from tui.store.old_runs import OldRun

_GOAL = 70
_REASON = 60


def import_runs(project: Path, *, yes: bool) -> int:
    """Takes over the state of the project from where it lay before, and copies the finished runs that version
    0.1 left in it, each after showing it; 3 if there is neither, 1 when a run could not be copied.
    """
    was_moved = _take_over(project, yes)
    known = imported_runs(project)
    found = [run for run in find_old_runs(project) if run.name not in known]
    wanted = [run for run in found if not run.why_not]
    if not wanted:
        sys.stderr.write("\n".join(_lines(found, ())) + "\n" if found else "")
        sys.stdout.write("there is no run of version 0.1 to copy\n" if not was_moved else "")
        return 0 if was_moved else 3
    confirm(
        _plan(project, found), f"Copy {format_count(len(wanted), 'run')} into your own state?", yes
    )
    copied = 0
    for run in reversed(wanted):
        try:
            import_old_run(project, run)
            copied += 1
        except OvernightError as error:
            sys.stderr.write(f"{clean_line(str(error), 600)}\n")
    sys.stdout.write(f"{format_count(copied, 'run')} copied; `overnight-tui runs` lists them\n")
    return 0 if copied == len(wanted) else 1


def _take_over(project: Path, yes: bool) -> bool:
    from tui.store.moved_projects import find_moved_state, take_over

    moved = find_moved_state(project)
    if moved is None:
        return False
    old = clean_line(str(moved.path), 300)
    plan = [
        f"This project lay at {old} before: {moved.why}.",
        f"What was kept of it, {format_count(moved.runs, 'run')} with it, is in {moved.folder}",
    ]
    confirm(plan, "Take it over?", yes)
    take_over(project, moved)
    sys.stdout.write(f"taken over from {old}: {format_count(moved.runs, 'run')}\n")
    return True


def _plan(project: Path, found: list[OldRun]) -> list[str]:
    lines = [f"Runs of version 0.1 in {clean_line(str(project / OLD_FOLDER), 300)}:"]
    lines += _lines(found, _tracked(project))
    return [
        *lines,
        "Nothing in a project is believed: copy them only if they are your own. What they say is then",
        "shown as a run of yours. None of them is ever started.",
    ]


def _lines(found: list[OldRun], tracked: Collection[str]) -> list[str]:
    return [line for run in found for line in _lines_of(run, run.name in tracked)]


def _lines_of(run: OldRun, is_tracked: bool) -> list[str]:
    facts = run.facts
    if facts is None:
        return [f"  {run.name}  left out: {run.why_not}"]
    began = format_local(facts.started_at, "%Y-%m-%d %H:%M")
    lines = [f"  {run.name}  {began}  {clean_line(facts.goal, _GOAL)}"]
    if run.why_not:
        lines.append(f"    left out: {run.why_not}")
    elif run.end is not None:
        ended = clean_line(run.end.reason, _REASON)
        lines.append(f"    {ended or 'over'}, {format_size_binary(run.bytes)}")
    if is_tracked:
        lines.append(
            "    it is tracked by git: it came with the repository, from whoever wrote that"
        )
    return lines


def _tracked(project: Path) -> set[str]:
    """The names of those that the repository itself holds."""
    from tui.system.git import Git

    try:
        git = Git(project)
        place = Path(os.path.realpath(project)) / OLD_RUNS
        below = os.fsencode(place.relative_to(git.work_tree)) + b"/"
        listed = git.run(("ls-files", "-z", "--", os.fsdecode(below)))
    except (OvernightError, OSError, ValueError):
        return set()
    paths = (path.removeprefix(below) for path in listed.split(b"\0") if path)
    return {os.fsdecode(path.partition(b"/")[0]) for path in paths}
