"""runs."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from tui.commands.context import add_path, print_json, project_of, settings_of
from tui.store.runs import is_supervised
from tui.system.format import format_local, format_money_plain, sparkline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.monitor.history.night_list import NightSummary


_GOAL = 48


def runs_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object")


def runs_command(arguments: argparse.Namespace) -> int:
    """Prints the nights; 3 when there is none."""
    from tui.monitor.history.night_list import list_nights, repeated_failures

    project = project_of(arguments)
    found = list_nights(project, settings_of(project).settings)
    if arguments.json:
        failures = [
            {"name": one.name, "nights": list(one.nights)} for one in repeated_failures(found)
        ]
        rows = [_plain(one, found) for one in found]
        data = {"schema": 1, "runs": rows, "repeated_failures": failures}
        print_json(data)
    else:
        sys.stdout.writelines(f"{line}\n" for line in table(found))
    return 0 if found else 3


def _plain(one: NightSummary, found: Sequence[NightSummary]) -> dict[str, Any]:
    """A night as an object; `verdict` and what follows from it are null until it was reviewed."""
    from tui.monitor.history.night_list import cost_trend
    from tui.night.status_json import iso
    from tui.system.sanitize import clean_line

    made = one.made_at is not None
    return {
        "id": one.id,
        "kind": one.kind,
        "goal": clean_line(one.goal, 300),
        "began": format_local(one.at, "%Y-%m-%d %H:%M"),
        "started_at": iso(one.at),
        "ended_at": iso(one.ended_at),
        "state": clean_line(_state(one), 300),
        "verdict": one.verdict,
        "reasons": list(one.reasons),
        "ending": one.ending,
        "tasks": {"done": one.done, "open": one.open} if made else None,
        "tests": one.tests if made else None,
        "stalls": one.stalls if made else None,
        "stalled_s": round(one.stalled_s, 3) if made else None,
        "commits": one.commits if made else None,
        "cost": {"usd": one.usd, "source": one.source, "per_task": one.per_task} if made else None,
        "trend": list(cost_trend(found, one.id)),
        "reviewed": one.remarks.reviewed,
        "decision": one.remarks.decision,
        "note": clean_line(one.remarks.note, 300),
        "path": one.path,
    }


def _state(one: NightSummary) -> str:
    """How a night stands: for a run of ours its own record, and whether anybody watches it."""
    if one.kind == "run" and one.ended_at is None and not one.words:
        return "going on" if _supervised(one) else "going on, unwatched"
    return one.words or one.state


def _supervised(one: NightSummary) -> bool:
    from pathlib import Path

    from tui.store.layout import RunDirectory

    return is_supervised(RunDirectory(Path(one.path).parent))


def table(found: Sequence[NightSummary]) -> list[str]:
    """A row a night under a heading; what is not known is a dash."""
    if not found:
        return []
    from tui.monitor.history.night_list import cost_trend, repeated_failures
    from tui.system.sanitize import clean_line

    head = (
        "",
        "when",
        "verdict",
        "tasks",
        "tests",
        "stalls",
        "cost",
        "a task",
        "trend",
        "how, goal",
    )
    rows: list[tuple[str, ...]] = [head]
    for one in found:
        words = " — ".join(filter(None, (_state(one), one.goal, one.remarks.note)))
        sparks = sparkline(cost_trend(found, one.id))
        rows.append((*_cells(one), sparks, clean_line(words, 2 * _GOAL)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    lines = [
        "  ".join([*(f"{row[c]:<{width}}" for c, width in enumerate(widths)), row[-1]]).rstrip()
        for row in rows
    ]
    ids = ["", "ids, newest first: " + " ".join(clean_line(one.id, 80) for one in found[:10])]
    often = [
        f"failed in {len(one.nights)} nights: {clean_line(one.name, 120)}"
        for one in repeated_failures(found)[:5]
    ]
    return [*lines, *(["", *often] if often else []), *ids]


def _cells(one: NightSummary) -> tuple[str, ...]:
    when = format_local(one.at, "%Y-%m-%d %H:%M")
    mark = "✓" if one.remarks.reviewed else "•"
    if one.made_at is None:
        return (mark, when, "not yet", "-", "-", "-", "-", "-")
    cost = "-" if one.usd is None else one.sign + format_money_plain(one.usd)
    task = "-" if one.per_task is None else format_money_plain(one.per_task)
    total = one.done + one.open
    stalls = f"{one.stalls} ({one.stalled_s / 60:.0f} min)" if one.stalls else "0"
    tasks = f"{one.done}/{total}" if total else "-"
    return (
        mark,
        when,
        one.remarks.decision or one.verdict or "-",
        tasks,
        one.tests,
        stalls,
        cost,
        task,
    )
