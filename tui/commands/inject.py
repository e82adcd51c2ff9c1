"""`overnight-tui inject TEXT`: say something to the agent of our run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import deeds_of

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what to say; it is delivered literally")
    parser.add_argument(
        "--now", action="store_true", help="interrupt the turn instead of waiting for the tool"
    )


def run(given: argparse.Namespace) -> int:
    """Prints the runner's answer; the screen and `status` tell when the agent has seen it."""
    mode = "hard" if given.now else "soft"
    said = deeds_of(given).ask("inject", {"text": given.text, "mode": mode})
    sys.stdout.write(f"{said}\n")
    return 0
