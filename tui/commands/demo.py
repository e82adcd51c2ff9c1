"""`overnight-tui demo`: a scripted agent works in a throwaway git repository, for you to watch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import UsageError

if TYPE_CHECKING:
    import argparse

GOAL = "Bring the harbour library to 0.3: every task of claude-progress.txt, tests green."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--detach", action="store_true", help="only start it; prints the folder and the run's id"
    )
    parser.add_argument("--folder", help="where the repository goes (default: a new temporary one)")
    parser.add_argument("--story", default="night", help="what the agent plays (night)")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="how long its pauses are; 0 leaves them out (1)"
    )


def run(given: argparse.Namespace) -> int:
    """Starts the agent and opens the screen on it; closing the screen leaves it running."""
    from tui.demo import repository

    if not given.detach and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("this is no terminal; 'overnight-tui demo --detach' only starts it")
    folder = Path(given.folder or tempfile.mkdtemp(prefix="overnight-demo-")) / "harbour"
    try:
        project = repository.create(folder)
    except FileExistsError as error:
        raise UsageError(str(error)) from error
    run_id = start_agent(project, given.story, given.pace)
    if given.detach:
        sys.stdout.write(f"{project}\n{run_id}\n")
        return 0
    from tui.commands.watch import show
    from tui.feeds.discovery import Named
    from tui.settings import load

    return show(project, load(project).settings, Named())


def start_agent(project: Path, story: str, pace: float) -> str:
    """Starts the scripted agent on its own, its stream going to a file in logs/."""
    import uuid

    session = str(uuid.uuid4())
    logs = project / "logs"
    logs.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "CLAUDE_CONFIG_DIR": str(project.parent / "claude"),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    command = [sys.executable, "-m", "tui.demo.agent", "-p", GOAL]
    command += ["--output-format", "stream-json", "--verbose", "--include-partial-messages"]
    command += ["--session-id", session, "--story", story, "--pace", str(pace)]
    with (logs / "session.jsonl").open("ab") as stream, (logs / "agent.err").open("ab") as errors:
        subprocess.Popen(
            command,
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=errors,
            start_new_session=True,
        )
    return session
