"""`overnight-tui checkpoint`: keep the work tree as it is now, touching nothing of yours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import deeds_of, night_of

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("-m", "--message", metavar="LABEL", default="", help="what to call it")


def run(given: argparse.Namespace) -> int:
    """Prints the checkpoint's id; stderr says what was not captured, and why."""
    from tui.control.folders import OUR_OWN
    from tui.night.facts import night_facts

    deeds = deeds_of(given)
    facts = night_facts(night_of(given))
    taken = deeds.checkpoint(given.message, why="command line", facts=facts)
    sys.stdout.write(f"{taken.id}\n")
    sys.stderr.write(f"{taken.files:,} files kept as {taken.commit[:10]}\n")
    for left in [one for one in taken.not_captured if one.reason != OUR_OWN][:20]:
        sys.stderr.write(f"not captured: {ascii(left.path)[1:-1]} ({left.reason})\n")
    return 0
