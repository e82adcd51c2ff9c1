"""runs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.commands.context import (
    add_flags,
    add_path,
    print_json,
    print_lines,
    print_notes,
    project_of,
    settings_with_notice,
)
from tui.store.layout import OLD_FOLDER, RunDirectory
from tui.store.runs import is_supervised
from tui.system.format import format_local, format_money_plain, sparkline
from tui.system.paths import path_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.monitor.history.night_list import NightSummary


_TEXT = 96
_COLUMNS = tuple("|when|verdict|tasks|tests|stalls|cost|a task|trend|how, goal".split("|"))


def runs_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(parser, json="one JSON object")


def runs_command(arguments: argparse.Namespace) -> int:
    """Prints the nights, with the runs in other work trees of the repository; 3 when there is none."""
    from tui.monitor.history.night_list import list_nights_everywhere, repeated_failures

    project = project_of(arguments)
    nights = list_nights_everywhere(project, settings_with_notice(project).settings)
    if arguments.json:
        failures = [
            {"name": failure.name, "nights": list(failure.nights)}
            for failure in repeated_failures(nights)
        ]
        rows = [_as_object(night, nights, project) for night in nights]
        from tui.model.json.common import SCHEMA

        print_json({"schema": SCHEMA, "runs": rows, "repeated_failures": failures})
    else:
        print_lines(*_table(nights))
    _tell_of_old_runs(project)
    if not nights:
        _tell_of_none(project)
    return 0 if nights else 3


def _tell_of_none(project: Path) -> None:
    """Says on stderr that there is no night here, and where those of a project that moved are."""
    from tui.store.moved_projects import find_moved_state
    from tui.system.format import format_count

    moved = find_moved_state(project)
    if moved is None:
        print_notes("no run and no session is known here; `overnight-tui run` starts one")
    else:
        print_notes(
            f"it lay at {moved.path} before, with {format_count(moved.runs, 'run')}: {moved.why}; "
            "`overnight-tui trust --import-runs` takes them over"
        )


def _tell_of_old_runs(project: Path) -> None:
    """Says on stderr that runs of version 0.1 lie in the project; they are listed once they are copied."""
    if not os.path.lexists(project / OLD_FOLDER):
        return
    from tui.store.old_runs import find_old_runs, has_old_runs, imported_runs
    from tui.system.format import format_count

    if not has_old_runs(project):
        return
    known = imported_runs(project)
    if left := sum(run.name not in known for run in find_old_runs(project)):
        print_notes(
            f"{format_count(left, 'run')} of version 0.1 in .overnight not listed, as nothing in a project is "
            "believed; `overnight-tui trust --import-runs` shows and copies them"
        )


def _as_object(
    night: NightSummary, nights: Sequence[NightSummary], project: Path
) -> dict[str, Any]:
    """A night as an object; `verdict` and what follows from it are null until it was reviewed."""
    from tui.monitor.history.night_list import cost_trend
    from tui.system.format import iso
    from tui.system.sanitize import clean_line

    reviewed = {
        "tasks": {"done": night.done, "open": night.open},
        "tests": night.tests,
        "stalls": night.stalls,
        "stalled_s": round(night.stalled_s, 3),
        "commits": night.commits,
        "cost": {"usd": night.usd, "source": night.source, "per_task": night.per_task},
    }
    return {
        "id": night.id,
        "kind": night.kind,
        "goal": clean_line(night.goal, 300),
        "began": format_local(night.at, "%Y-%m-%d %H:%M"),
        "started_at": iso(night.at),
        "ended_at": iso(night.ended_at),
        "state": clean_line(_state(night), 300),
        "verdict": night.verdict,
        "reasons": list(night.reasons),
        "ending": night.ending,
        **(reviewed if night.made_at is not None else dict.fromkeys(reviewed)),
        "trend": list(cost_trend(nights, night.id)),
        "reviewed": night.remarks.reviewed,
        "decision": night.remarks.decision,
        "note": clean_line(night.remarks.note, 300),
        "project": path_text(night.project or project),
        "path": night.path,
        "sessions": list(night.sessions),
        "continues": night.continues.id if night.continues is not None else None,
        "host": clean_line(night.host, 100) or None,
    }


def _state(night: NightSummary) -> str:
    """How a night stands: for a run of ours its own record, and whether anybody watches it."""
    if night.elsewhere:
        return f"going on, on {night.elsewhere}"
    if night.kind == "run" and night.ended_at is None and not night.words:
        watched = is_supervised(RunDirectory(Path(night.path).parent))
        return "going on" if watched else "going on, unwatched"
    return night.words or night.state


def _table(nights: Sequence[NightSummary]) -> list[str]:
    """A row a night under a heading; what is not known is a dash."""
    if not nights:
        return []
    from tui.monitor.history.night_list import cost_trend, repeated_failures
    from tui.system.sanitize import clean_line

    rows = [_COLUMNS]
    for night in nights:
        before = f"continues {night.continues.id}" if night.continues is not None else ""
        place = f"in {Path(night.project).name}" if night.project else ""
        words = (_state(night), place, night.goal, before, night.remarks.note)
        text = " — ".join(filter(None, words))
        trend = sparkline(cost_trend(nights, night.id))
        rows.append((*_cells(night), trend, clean_line(text, _TEXT)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[-1] = 0
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    failures = [
        f"failed in {len(failure.nights)} nights: {clean_line(failure.name, 120)}"
        for failure in repeated_failures(nights)[:5]
    ]
    ids = " ".join(clean_line(night.id, 80) for night in nights[:10])
    return [*lines, *(["", *failures] if failures else []), "", f"ids, newest first: {ids}"]


def _cells(night: NightSummary) -> tuple[str, ...]:
    when = format_local(night.at, "%Y-%m-%d %H:%M")
    mark = "✓" if night.remarks.reviewed else "•"
    if night.made_at is None:
        return (mark, when, "not yet", "-", "-", "-", "-", "-")
    verdict = night.remarks.decision or night.verdict or "-"
    total = night.done + night.open
    tasks = f"{night.done}/{total}" if total else "-"
    stalls = f"{night.stalls} ({night.stalled_s / 60:.0f} min)" if night.stalls else "0"
    cost = "-" if night.usd is None else night.sign + format_money_plain(night.usd)
    per_task = "-" if night.per_task is None else format_money_plain(night.per_task)
    return (mark, when, verdict, tasks, night.tests, stalls, cost, per_task)
