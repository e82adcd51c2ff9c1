"""`overnight-tui inject TEXT`: say something to the agent at work here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.clock import SystemClock
from tui.commands.acting import deeds_of
from tui.commands.observing import settings_of
from tui.errors import NoSessionError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what to say; it is delivered literally")
    parser.add_argument(
        "--now", action="store_true", help="interrupt the turn instead of waiting for the tool"
    )


def run(given: argparse.Namespace) -> int:
    """Prints how far the words came; the screen and `status` tell when the agent has seen them."""
    deeds = deeds_of(given)
    if deeds.run_goes_on():
        mode = "hard" if given.now else "soft"
        sys.stdout.write(f"{deeds.ask('inject', {'text': given.text, 'mode': mode})}\n")
        return 0
    return _to_another(given, deeds.project)


def _to_another(given: argparse.Namespace, project: Path) -> int:
    """Words to a session that we did not start, by the best way that is open to it."""
    from tui.control import transports
    from tui.feeds.processes import ProcessFeed

    agents = ProcessFeed(project, SystemClock()).read().agents
    if not agents:
        raise NoSessionError(f"no session is going on in {project}")
    run_dir = settings_of(given, project).settings.paths.run_dir
    receipt = transports.deliver(project, agents[-1], given.text, run_dir=run_dir)
    sys.stdout.write(f"{receipt.state} by {receipt.transport}\n")
    sys.stderr.write(f"{receipt.promise}\n")
    return 0 if receipt.state in ("queued", "delivered") else 1
