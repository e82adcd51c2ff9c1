"""rewind, undo."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import add_path, confirm, operations_for
from tui.system.errors import RefusedError

if TYPE_CHECKING:
    from tui.control.operations import Operations
    from tui.control.rewind.plan import RewindPlan


def rewind_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a checkpoint, as `checkpoints` lists them")
    modes = parser.add_mutually_exclusive_group()
    for mode, text in (
        ("code", "the files (the default)"),
        ("conversation", "what was said, in a run of ours; the old conversation stays"),
        ("both", "files and conversation"),
    ):
        modes.add_argument(f"--{mode}", dest="mode", action="store_const", const=mode, help=text)
    parser.set_defaults(mode="code")
    _add_confirmation(parser)


def rewind_command(arguments: argparse.Namespace) -> int:
    """Shows the plan, asks, and prints the id of the safety checkpoint; 4 when refused."""
    operations = operations_for(arguments)
    return _rewind(operations, operations.plan_rewind(arguments.id), arguments.mode, arguments)


def undo_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    _add_confirmation(parser)


def undo_command(arguments: argparse.Namespace) -> int:
    """Shows what would change, asks, and does it; 4 when there is no rewind to take back."""
    operations = operations_for(arguments)
    return _rewind(operations, operations.plan_undo(), "code", arguments)


def _add_confirmation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only print the plan")
    parser.add_argument("--yes", action="store_true", help="do it without being asked")
    parser.add_argument(
        "--anyway", action="store_true", help="do it although something speaks against it"
    )


def _confirmed(plan: RewindPlan, arguments: argparse.Namespace) -> bool:
    """Whether the person wants it although something speaks against it; RefusedError if not."""
    if plan.refusals and not arguments.anyway and (arguments.yes or not sys.stdin.isatty()):
        raise RefusedError(f"{'; '.join(plan.refusals)}. Say --anyway to do it all the same")
    return bool(plan.refusals)


def _rewind(
    operations: Operations, plan: RewindPlan, mode: str, arguments: argparse.Namespace
) -> int:
    """Shows a plan and, unless it is only to be shown, asks and does it."""
    sentences = operations.describe_rewind(plan, mode)
    files = mode != "conversation"
    if arguments.dry_run or not operations.has_effect(plan, mode):
        for change in plan.changes if files else ():
            sys.stdout.write(f"{change.kind} {ascii(change.path)[1:-1]}\n")
        sys.stderr.write("\n".join(sentences) + "\n")
        return 0
    confirmed = files and _confirmed(plan, arguments)
    confirm(sentences, "Do it all the same?" if confirmed else "Do it?", arguments.yes)
    receipt = operations.rewind(plan, mode, confirmed=confirmed)
    result = receipt.rewound
    if result is None:
        sys.stdout.write(f"{receipt.words}\n")
        return 0
    if result.safety is not None:
        sys.stdout.write(f"{result.safety.id}\n")
    counts = f"{result.written} written, {result.deleted} deleted, {result.unchanged:,} unchanged"
    sys.stderr.write(f"{counts}; 'overnight-tui undo' takes it back\n")
    for path in result.meanwhile:
        sys.stderr.write(f"left alone, edited meanwhile: {ascii(path)[1:-1]}\n")
    return 0
