"""`overnight-tui step-back`: tell the agent of our run what repeats, and to step back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import deeds_of

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")


def run(given: argparse.Namespace) -> int:
    """Has the runner make the message from its evidence and deliver it; prints its answer."""
    said = deeds_of(given).ask("inject", {"text": "", "mode": "step-back"})
    sys.stdout.write(f"{said}\n")
    return 0
