"""hooks."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import project_of, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from tui.control.hooks.installer import HookStatus


def hooks_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("install", "uninstall", "status"),
        help="install: running sessions hear it at once; uninstall: takes away exactly that",
    )
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")


def hooks_command(given: argparse.Namespace) -> int:
    """Says in one line what was done or what stands there; status ends with 3 when incomplete."""
    project = project_of(given)
    run_dir = settings_of(given, project).settings.paths.run_dir
    words, code = _done(given.what, project, run_dir)
    sys.stdout.write(f"{words}\n")
    return code


def _done(what: str, project: Path, run_dir: str) -> tuple[str, int]:
    from tui.control.hooks import installer

    if what == "install":
        fresh = installer.install(project, run_dir)
        state = installer.status(project, run_dir)
        words = "installed in" if fresh else "they are in"
        return f"{words} {state.file}; {_reach(state)}", 0
    if what == "uninstall":
        gone = installer.uninstall(project, run_dir)
        file = installer.status(project, run_dir).file
        return (f"taken out of {file}" if gone else f"there are none of ours in {file}"), 0
    return _status(project, run_dir)


def _reach(state: HookStatus) -> str:
    if state.off:
        return f"but no hook runs: {state.off}"
    if state.folder_made_at is not None:
        return "sessions hear messages; one that ran before may not, as .claude itself is new"
    return "sessions in this project hear messages now"


def _status(project: Path, run_dir: str) -> tuple[str, int]:
    from tui.control.hooks import installer

    state = installer.status(project, run_dir)
    if state.complete:
        return f"installed in {state.file}: {', '.join(state.events)}", 0
    if not state.events:
        return f"not installed in {state.file}; 'overnight-tui hooks install' does it", 3
    if state.off:
        return f"installed in {state.file}, but no hook runs: {state.off}", 3
    return (
        f"installed in {state.file}, but not as this version would: "
        "run 'overnight-tui hooks install' again",
        3,
    )
