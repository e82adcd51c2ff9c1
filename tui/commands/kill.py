"""`overnight-tui kill`: end the session of our run with everything it started."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import agree, deeds_of
from tui.control.inbox import Verb
from tui.errors import NoSessionError

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--yes", action="store_true", help="do it without being asked")
    parser.add_argument(
        "--gently", action="store_true", help="let it finish its tool and write a hand-over first"
    )


def run(given: argparse.Namespace) -> int:
    """Takes a checkpoint, then ends the session; it is not started again."""
    deeds = deeds_of(given)
    if not deeds.run_dir:
        raise NoSessionError("no run of overnight-tui is going here")
    how = "finishes its tool and writes a hand-over" if given.gently else "is ended at once"
    plan = [f"The session {how}, with all processes it started.", "A checkpoint is taken first."]
    agree(plan, "End it?", given.yes)
    verb: Verb = "stop" if given.gently else "kill"
    sys.stdout.write(f"{deeds.ask(verb, {}, wait=60.0)}\n")
    return 0
