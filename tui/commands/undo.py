"""`overnight-tui undo`: take the last rewind back; once more takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.acting import deeds_of
from tui.commands.rewind import carry_out

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--dry-run", action="store_true", help="only print the plan")
    parser.add_argument("--yes", action="store_true", help="do it without being asked")


def run(given: argparse.Namespace) -> int:
    """Shows what would change, asks, and does it; 4 when there is no rewind to take back."""
    deeds = deeds_of(given)
    return carry_out(deeds, deeds.plan_undo(), given.dry_run, given.yes)
