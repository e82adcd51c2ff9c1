"""run, demo."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.context import (
    add_flags,
    has_terminal,
    print_lines,
    print_notes,
    print_path,
    project_of,
    settings_of,
    tell_ignored,
)
from tui.settings.settings import FILE
from tui.store.state_names import UNIT_VARIABLE
from tui.system.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from tui.model.permissions.granted import AgentPermissions
    from tui.settings.settings import LoadedSettings, Settings
    from tui.store.layout import RunDirectory


_FLAG_SETTINGS = {
    "model": "agent.model",
    "permissions": "agent.permissions",
    "max_continuations": "session.max_continuations",
    "max_hours": "session.max_runtime_hours",
    "max_idle": "session.max_idle_minutes",
    "max_cost": "budget.max_cost_usd",
    "checkpoint_every": "session.checkpoint_interval_minutes",
    "continuous": "enforcement.continuous_mode",
    "with_recovery": "recovery.auto_resume",
    "initializer": "session.initializer",
}


def run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("goal", metavar="GOAL", help="what is to be done, in your words")
    add_flags(parser, continuous="go on while tasks are open", with_recovery="resume after a crash")
    add_flags(parser, initializer="plan first")
    parser.add_argument("--model", help="the model to use")
    parser.add_argument(
        "--permissions",
        choices=("standard", "edits", "all", "ask"),
        help="what it may do unasked (standard: edit, test, commit, no network; all: anything)",
    )
    parser.add_argument("--max-hours", "--duration", metavar="H", help="end it after so many hours")
    parser.add_argument("--max-idle", metavar="MIN", help="end it after so many silent minutes")
    parser.add_argument("--max-cost", metavar="USD", help="end it when it has cost so much")
    parser.add_argument(
        "--max-continuations", metavar="N", help="end it after so many continuations and hand-overs"
    )
    parser.add_argument("--checkpoint-every", metavar="MIN", help="minutes between checkpoints")
    parser.add_argument(
        "--worktree",
        metavar="NAME",
        help="work in a git work tree and branch of that name, made beside the repository if need be",
    )
    add_flags(parser, allow_dirty="start although files are not committed", detach="only start it")
    add_flags(parser, no_watchdog="of the original; without effect, as the run is always watched")
    parser.epilog = "What stands after -- goes to the agent as it is."


def run_command(arguments: argparse.Namespace) -> int:
    """Starts the session; the screen may be closed at any time."""
    if not arguments.detach and not has_terminal():
        raise UsageError("this is no terminal; --detach only starts the session")
    if arguments.no_watchdog:
        print_notes(
            "--no-watchdog has no effect: the supervisor always watches; a limit is lifted by its own option "
            "or setting (null: none)"
        )
    project = project_of(arguments)
    unit = os.environ.pop(UNIT_VARIABLE, "")  # what is started here shall not have it
    if not unit:
        return _run(project, arguments)
    from tui.runner.schedule.starts import recorded

    with recorded(project, unit) as started:
        return _run(project, arguments, started)


def _run(
    project: Path,
    arguments: argparse.Namespace,
    on_start: Callable[[RunDirectory], None] = lambda run: None,
) -> int:
    loaded = settings_of(project, **flags_of(arguments))
    _check_agent(loaded)
    tell_ignored(project, loaded)
    if loaded.settings.limits.on_limit != "wait":
        from tui.runner.agent.unattended import why_it_waits

        print_notes(*filter(None, (why_it_waits(loaded.settings),)))
    if arguments.worktree is None:
        started = _start(project, arguments, loaded)
    else:
        project, started = _start_in_work_tree(project, arguments, loaded)
    on_start(started)
    notice = "", ""
    if loaded.ignored:
        from tui.settings.notices import ignored_line

        notice = ignored_line(loaded)
    return report_or_watch(project, loaded.settings, started.id, arguments.detach, notice)


def _start(
    project: Path, arguments: argparse.Namespace, loaded: LoadedSettings, work_tree: str = ""
) -> RunDirectory:
    from tui.runner import start

    settings, words = _with_preset(loaded.settings, arguments.permissions), tuple(arguments.words)
    options = start.StartOptions(
        allow_dirty=arguments.allow_dirty,
        extra=words,
        trusted_file=loaded.trusted_file,
        work_tree=work_tree,
        announce=partial(_show_permissions, project, settings, words),
    )
    return start.start_run(project, arguments.goal, settings, options=options)


def _start_in_work_tree(
    project: Path, arguments: argparse.Namespace, loaded: LoadedSettings
) -> tuple[Path, RunDirectory]:
    """Starts the run in the work tree of that name, which is taken back if it was made in vain."""
    from tui.control import work_trees
    from tui.system.git import Git

    names = loaded.settings.paths
    own = (names.progress_file, names.session_notes, names.feature_list)
    tree = work_trees.make_or_take(project, arguments.worktree, own)
    print_notes(*tree.notes)
    try:
        if os.path.lexists(
            tree.project / FILE
        ):  # else those of here: an untracked file is not there
            loaded = settings_of(tree.project, **flags_of(arguments))
            _check_agent(loaded)
        return tree.project, _start(tree.project, arguments, loaded, tree.name)
    except RefusedError:
        work_trees.discard(Git(project), tree)
        if tree.made:
            print_notes("the run was not started, so the work tree was taken back")
        raise


def flags_of(arguments: argparse.Namespace) -> dict[str, object]:
    """The settings that options of the command line give."""
    flags = {key: getattr(arguments, name) for name, key in _FLAG_SETTINGS.items()}
    if arguments.permissions is not None:
        from tui.settings.own_sections import SKIP_PERMISSIONS

        everything = arguments.permissions == "all"
        flags["agent.skip_permissions"] = SKIP_PERMISSIONS if everything else "no"
        if everything:
            del flags["agent.permissions"]
    return flags


def _with_preset(settings: Settings, preset: str | None) -> Settings:
    """The settings without a mode of their own where the command line names a preset."""
    if preset is None:
        return settings
    from msgspec.structs import replace

    return replace(settings, agent=replace(settings.agent, permission_mode=None))


def _show_permissions(
    project: Path, settings: Settings, words: tuple[str, ...], permissions: AgentPermissions
) -> None:
    """Says on stderr what the agent may do, before it starts."""
    from tui.runner.doctor.permission_check import forecast_permissions, permission_summary

    forecast = forecast_permissions(
        project, settings, os.environ, permissions=permissions, words=words
    )
    print_notes(f"Permissions: {permission_summary(forecast)}")


def _check_agent(loaded: LoadedSettings) -> None:
    """RefusedError where only an untrusted file says which program does the work.

    It may be the one that keeps the agent in a container; the built-in one in its place is not what
    either side meant. Everything else has a value that holds without the project's file.
    """
    key = "agent.command"
    if key in loaded.ignored and loaded.origin[key] == "default":
        raise RefusedError(
            f"{FILE} wants another agent (agent.command) and is not trusted; `overnight-tui trust` shows "
            "it and asks, and OVERNIGHT_AGENT or your own settings file say which agent to run without it"
        )


def report_or_watch(
    project: Path, settings: Settings, run_id: str, detach: bool, notice: tuple[str, str] = ("", "")
) -> int:
    """Prints where the run is, or opens the screen on it, with a notice in full and in short."""
    if detach:
        print_path(project)
        print_lines(run_id)
        return 0
    from tui.commands.watch import show
    from tui.model.session import NamedSources

    return show(project, settings, NamedSources(), notice=notice)


DEMO_GOAL = "Bring tidebell to 0.3: every task of claude-progress.txt done, tests green."
DEMO_SETTINGS: dict[str, object] = {
    "recovery.backoff_min_seconds": 10,
    "recovery.backoff_base_seconds": 10,
    "session.checkpoint_interval_minutes": 1,
    "stalls.api_silence_seconds": 20,
    "stalls.wedge_seconds": 20,
    "enforcement.continuous_mode": True,
}
"""A night of a few minutes needs a quicker supervisor than a real one."""


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    add_flags(parser, detach="only start it; prints the folder and the run's id")
    parser.add_argument("--folder", help="where the repository goes (default: a new temporary one)")
    parser.add_argument(
        "--story", default="night", help="what the agent plays: night or work (night)"
    )
    parser.add_argument(
        "--pace", type=float, default=1.0, help="how long its pauses are; 0 leaves them out (1)"
    )


def demo_command(arguments: argparse.Namespace) -> int:
    """Starts the agent and opens the screen on it; closing the screen leaves it running."""
    from tui.demo.agent import SimulatedAgent
    from tui.demo.story import repository
    from tui.runner import start
    from tui.settings.load import load
    from tui.store.moved_projects import forget_gone_demos
    from tui.system.children import python_child

    if not arguments.detach and not has_terminal():
        raise UsageError("this is no terminal; 'overnight-tui demo --detach' only starts it")
    if arguments.story.split()[:1] not in [[name] for name in SimulatedAgent.stories]:
        known = " or ".join(SimulatedAgent.stories)
        raise UsageError(f"there is no story '{arguments.story}'; --story takes {known}")
    folder = Path(arguments.folder or tempfile.mkdtemp(prefix="overnight-demo-")) / "tidebell"
    try:
        project = repository.create(folder)
    except FileExistsError as error:
        raise UsageError(str(error)) from error
    forget_gone_demos(project)
    os.environ["CLAUDE_CONFIG_DIR"] = str(project.parent / "claude")
    settings = load(project, flags=DEMO_SETTINGS, environ={}).settings
    agent = python_child.module_command("tui.demo.agent", "--story", arguments.story)
    options = start.StartOptions(
        command="demo", allow_dirty=True, env={"OVERNIGHT_DEMO_PACE": str(arguments.pace)}
    )
    started = start.start_run(project, DEMO_GOAL, settings, agent_command=agent, options=options)
    return report_or_watch(project, settings, started.id, arguments.detach)
