"""`overnight-tui checkpoint`: keep the work tree as it is now, touching nothing of yours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import operations_for, snapshot_for

if TYPE_CHECKING:
    import argparse


def checkpoint_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("-m", "--message", metavar="LABEL", default="", help="what to call it")


def checkpoint_command(given: argparse.Namespace) -> int:
    """Prints the checkpoint's id; stderr says what was not captured, and why."""
    from tui.control.folders import OUR_OWN
    from tui.night.facts import checkpoint_facts

    deeds = operations_for(given)
    facts = checkpoint_facts(snapshot_for(given))
    taken = deeds.checkpoint(given.message, why="command line", facts=facts)
    sys.stdout.write(f"{taken.id}\n")
    sys.stderr.write(f"{taken.files:,} files kept as {taken.commit[:10]}\n")
    for left in [one for one in taken.not_captured if one.reason != OUR_OWN][:20]:
        sys.stderr.write(f"not captured: {ascii(left.path)[1:-1]} ({left.reason})\n")
    return 0
