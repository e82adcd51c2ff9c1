"""`overnight-tui demo`: a simulated agent works in a throwaway git repository, for you to watch."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import UsageError

if TYPE_CHECKING:
    import argparse

GOAL = "Bring tidebell to 0.3: every task of claude-progress.txt done, tests green."

SETTINGS: dict[str, object] = {
    "recovery.backoff_min_seconds": 10,
    "recovery.backoff_base_seconds": 10,
    "session.checkpoint_interval_minutes": 1,
    "stalls.api_silence_seconds": 20,
    "stalls.wedge_seconds": 20,
    "enforcement.continuous_mode": True,
}
"""A night in a few minutes needs a quicker watchdog than a real one."""


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--detach", action="store_true", help="only start it; prints the folder and the run's id"
    )
    parser.add_argument("--folder", help="where the repository goes (default: a new temporary one)")
    parser.add_argument("--story", default="night", help="what the agent plays (night)")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="how long its pauses are; 0 leaves them out (1)"
    )


def demo_command(given: argparse.Namespace) -> int:
    """Starts the agent and opens the screen on it; closing the screen leaves it running."""
    from tui.commands.run import tell_or_watch
    from tui.demo.story import repository
    from tui.runner import api
    from tui.settings import load

    if not given.detach and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("this is no terminal; 'overnight-tui demo --detach' only starts it")
    folder = Path(given.folder or tempfile.mkdtemp(prefix="overnight-demo-")) / "tidebell"
    try:
        project = repository.create(folder)
    except FileExistsError as error:
        raise UsageError(str(error)) from error
    os.environ["CLAUDE_CONFIG_DIR"] = str(project.parent / "claude")
    settings = load(project, flags=SETTINGS, environ={}).settings
    agent = (sys.executable, "-m", "tui.demo.agent", "--story", given.story)
    options = api.StartOptions(
        command="demo", trusted=True, env={"OVERNIGHT_DEMO_PACE": str(given.pace)}
    )
    started = api.start_run(project, GOAL, settings, agent_command=agent, options=options)
    return tell_or_watch(project, settings, started.run_id, given.detach)
