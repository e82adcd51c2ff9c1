"""hooks."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import add_path, project_of, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from tui.control.hooks.status import HookStatus


def hooks_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("install", "uninstall", "status"),
        help="install: running sessions hear it at once; uninstall: takes away exactly that",
    )
    add_path(parser)


def hooks_command(arguments: argparse.Namespace) -> int:
    """Prints in one line what was done or what is installed; status ends with 3 when incomplete."""
    project = project_of(arguments)
    run_dir = settings_of(project).settings.paths.run_dir
    sentence, code = _execute(arguments.what, project, run_dir)
    sys.stdout.write(f"{sentence}\n")
    return code


def _execute(verb: str, project: Path, run_dir: str) -> tuple[str, int]:
    from tui.control.hooks import installer, status

    if verb == "install":
        is_new = installer.install(project, run_dir)
        state = status.hook_status(project, run_dir)
        return f"{'installed in' if is_new else 'they are in'} {state.file}; {_reach(state)}", 0
    if verb == "uninstall":
        is_removed = installer.uninstall(project, run_dir)
        file = status.hook_status(project, run_dir).file
        return (f"taken out of {file}" if is_removed else f"there are none of ours in {file}"), 0
    return _describe(status.hook_status(project, run_dir))


def _reach(state: HookStatus) -> str:
    if state.off:
        return f"but no hook runs: {state.off}"
    if state.folder_made_at is not None:
        return "sessions hear messages; one that ran before may not, as .claude itself is new"
    return "sessions in this project hear messages now"


def _describe(state: HookStatus) -> tuple[str, int]:
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
