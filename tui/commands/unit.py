"""`overnight-tui unit GOAL`: a systemd user unit with its timer, and a crontab line, for nightly starts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.observing import project_of

if TYPE_CHECKING:
    import argparse


def unit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("goal", metavar="GOAL", help="what is to be done every night")
    parser.add_argument("--at", metavar="HH:MM", default="22:00", help="when to start (22:00)")
    parser.add_argument("words", nargs="*", help="after --: further words for `run`")


def unit_command(given: argparse.Namespace) -> int:
    """Prints the texts; installs nothing."""
    from tui.runner.units import unit_text

    project = project_of(given)
    sys.stdout.write(unit_text(project, given.goal, at=given.at, arguments=tuple(given.words)))
    return 0
