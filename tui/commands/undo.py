"""`overnight-tui undo`: take the last rewind back; once more takes that back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import confirm, operations_for
from tui.commands.rewind import against, carry_out, sure

if TYPE_CHECKING:
    import argparse


def undo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--dry-run", action="store_true", help="only print the plan")
    parser.add_argument("--yes", action="store_true", help="do it without being asked")
    parser.add_argument(
        "--anyway", action="store_true", help="do it although something speaks against it"
    )


def undo_command(given: argparse.Namespace) -> int:
    """Shows what would change, asks, and does it; 4 when there is no rewind to take back."""
    from tui.control.deeds import plan_words

    deeds = operations_for(given)
    if deeds.is_supervised() and not given.dry_run:
        plan = deeds.plan_undo()
        confirmed = sure(plan, given)
        confirm([*plan_words(plan), *against(plan)], "Undo the last rewind?", given.yes)
        sys.stdout.write(f"{deeds._request('undo', {'confirmed': confirmed}, wait=120.0)}\n")
        return 0
    return carry_out(deeds, deeds.plan_undo(), given)
