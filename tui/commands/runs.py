"""`overnight-tui runs`: the nights of this repository, newest first."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tui.commands.observing import project_of, settings_of

if TYPE_CHECKING:
    import argparse

    from tui.runner.folder import RunFolder


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(given: argparse.Namespace) -> int:
    """Prints the runs; 3 when there is none."""
    from tui.runner.folder import runs

    project = project_of(given)
    settings = settings_of(given, project).settings
    found = [_plain(folder) for folder in runs(project, settings.paths.run_dir)]
    if given.json:
        import msgspec

        sys.stdout.write(msgspec.json.encode({"schema": 1, "runs": found}).decode() + "\n")
    else:
        for one in found:
            sys.stdout.write(f"{one['id']}  {one['began']}  {one['state']:<40}  {one['goal']}\n")
    return 0 if found else 3


def _plain(folder: RunFolder) -> dict[str, object]:
    from tui.feeds.sanitize import clean_line
    from tui.night.status import iso

    facts, ended = folder.facts(), folder.ended()
    alive = "going on" if folder.supervised() else "going on, unwatched"
    state = alive if ended is None else ended.reason
    return {
        "id": folder.id,
        "goal": clean_line(facts.goal, 200),
        "began": time.strftime("%Y-%m-%d %H:%M", time.localtime(facts.started_at)),
        "started_at": iso(facts.started_at),
        "ended_at": iso(ended.at) if ended is not None else None,
        "state": clean_line(state, 200),
        "code": ended.code if ended is not None else None,
    }
