"""`overnight-tui withdraw [ID]`: take back words that the agent has not read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import operations_for, snapshot_for
from tui.errors import RefusedError

if TYPE_CHECKING:
    import argparse


def withdraw_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="which; the start of it will do (default: the newest)"
    )


def withdraw_command(given: argparse.Namespace) -> int:
    """Takes one message back; 4 when nobody waits for it any more."""
    waiting = [one for one in snapshot_for(given).deeds.injections if one.state == "queued"]
    wanted = [one for one in waiting if one.id.startswith(given.id or "")]
    if not wanted:
        known = ", ".join(one.id for one in waiting) or "none"
        raise RefusedError(f"no such words wait to be read; waiting: {known}")
    if given.id and len(wanted) > 1:
        raise RefusedError(f"{given.id!r} begins {len(wanted)} messages; give more of it")
    sys.stdout.write(f"{operations_for(given).withdraw(wanted[-1].id)}\n")
    return 0
