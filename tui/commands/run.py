"""`overnight-tui run GOAL`: start a session that outlives everything, and watch it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.observing import project_of, settings_of
from tui.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from tui.settings import Settings

_SETTINGS = {
    "model": "agent.model",
    "max_hours": "session.max_runtime_hours",
    "max_idle": "session.max_idle_minutes",
    "max_cost": "budget.max_cost_usd",
    "checkpoint_every": "session.checkpoint_interval_minutes",
}


def run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("goal", metavar="GOAL", help="what is to be done, in your words")
    parser.add_argument(
        "--continuous", action="store_true", default=None, help="go on while tasks are open"
    )
    parser.add_argument(
        "--with-recovery", action="store_true", default=None, help="resume after a crash"
    )
    parser.add_argument("--initializer", action="store_true", default=None, help="plan first")
    parser.add_argument("--model", help="the model to use")
    parser.add_argument("--max-hours", metavar="H", help="end it after so many hours")
    parser.add_argument("--max-idle", metavar="MIN", help="end it after so many silent minutes")
    parser.add_argument("--max-cost", metavar="USD", help="end it when it has cost so much")
    parser.add_argument("--checkpoint-every", metavar="MIN", help="minutes between checkpoints")
    parser.add_argument(
        "--allow-dirty", action="store_true", help="start although files are not committed"
    )
    parser.add_argument("--detach", action="store_true", help="only start it")
    parser.add_argument("agent", nargs="*", help="after --: further words for the agent")


def run_command(given: argparse.Namespace) -> int:
    """Starts the session; the screen may be closed at any time."""
    from tui.runner import api

    if not given.detach and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("this is no terminal; --detach only starts the session")
    project = project_of(given)
    flags = {key: getattr(given, name) for name, key in _SETTINGS.items()}
    flags["enforcement.continuous_mode"] = given.continuous
    flags["recovery.auto_resume"] = given.with_recovery
    flags["session.initializer"] = given.initializer
    settings = settings_of(given, project, **flags).settings
    started = api.start_run(
        project,
        given.goal,
        settings,
        options=api.StartOptions(allow_dirty=given.allow_dirty, extra=tuple(given.agent)),
    )
    return tell_or_watch(project, settings, started.run_id, given.detach)


def tell_or_watch(project: Path, settings: Settings, run_id: str, detach: bool) -> int:
    """Prints where the run is, or opens the screen on it."""
    if detach:
        sys.stdout.write(f"{project}\n{run_id}\n")
        return 0
    from tui.commands.watch import show
    from tui.feeds.discovery import NamedSources

    return show(project, settings, NamedSources())
