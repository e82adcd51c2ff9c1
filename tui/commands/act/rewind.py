"""rewind, undo."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import confirm, operations_for
from tui.system.errors import RefusedError

if TYPE_CHECKING:
    from tui.control.operations import Operations
    from tui.control.rewind.plan import RewindPlan


def rewind_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a checkpoint, as `checkpoints` lists them")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--code",
        dest="mode",
        action="store_const",
        const="code",
        default="code",
        help="the files (the default)",
    )
    what.add_argument(
        "--conversation",
        dest="mode",
        action="store_const",
        const="conversation",
        help="what was said, in a run of ours; the old conversation stays",
    )
    what.add_argument(
        "--both", dest="mode", action="store_const", const="both", help="files and conversation"
    )
    parser.add_argument("--dry-run", action="store_true", help="only print the plan")
    parser.add_argument("--yes", action="store_true", help="do it without being asked")
    parser.add_argument(
        "--anyway", action="store_true", help="do it although something speaks against it"
    )


def rewind_command(given: argparse.Namespace) -> int:
    """Shows the plan, asks, and prints the id of the safety checkpoint; 4 when refused."""
    deeds = operations_for(given)
    plan = deeds.plan_rewind(given.id)
    if given.mode == "code" and not deeds.is_supervised():
        return plan_or_execute(deeds, plan, given)
    return request_rewind(deeds, plan, given.mode, given)


def request_rewind(
    deeds: Operations, plan: RewindPlan, mode: str, given: argparse.Namespace
) -> int:
    """Has the runner do it: it stops the agent first, and starts it again afterwards."""
    from tui.control.operations import plan_words

    files = mode != "conversation"
    words = [*plan_words(plan), *objections(plan)] if files else []
    if mode != "code":
        words.append(f"The conversation goes back to {plan.checkpoint.id}; the old one is kept.")
    words.append("The agent is stopped for it and goes on afterwards.")
    if given.dry_run:
        sys.stderr.write("\n".join(words) + "\n")
        return 0
    confirmed = confirm_objections(plan, given) if files else False
    confirm(words, "Do it?", given.yes)
    arguments = {"checkpoint": plan.checkpoint.id, "mode": mode, "confirmed": confirmed}
    sys.stdout.write(f"{deeds._request('rewind', arguments, wait=120.0)}\n")
    return 0


def objections(plan: RewindPlan) -> list[str]:
    """What speaks against a plan, a sentence each."""
    return [f"Against it: {reason}." for reason in plan.refusals]


def confirm_objections(plan: RewindPlan, given: argparse.Namespace) -> bool:
    """Whether the person wants it although something speaks against it; RefusedError if not."""
    if plan.refusals and not given.anyway and (given.yes or not sys.stdin.isatty()):
        raise RefusedError(f"{'; '.join(plan.refusals)}. Say --anyway to do it all the same")
    return bool(plan.refusals)


def plan_or_execute(deeds: Operations, plan: RewindPlan, given: argparse.Namespace) -> int:
    """Shows a plan and, unless it is only to be shown, asks and does it."""
    from tui.control.operations import plan_words

    words = [*plan_words(plan), *objections(plan)]
    if given.dry_run:
        for change in plan.changes:
            sys.stdout.write(f"{change.what} {ascii(change.path)[1:-1]}\n")
        sys.stderr.write("\n".join(words) + "\n")
        return 0
    if plan.empty:
        sys.stderr.write("\n".join(words) + "\n")
        return 0
    confirmed = confirm_objections(plan, given)
    confirm(words, "Do it all the same?" if confirmed else "Do it?", given.yes)
    receipt = deeds.rewind(plan, confirmed=confirmed)
    if receipt.safety is not None:
        sys.stdout.write(f"{receipt.safety.id}\n")
    done = f"{receipt.written} written, {receipt.deleted} deleted, {receipt.unchanged:,} unchanged"
    sys.stderr.write(f"{done}; 'overnight-tui undo' takes it back\n")
    for path in receipt.meanwhile:
        sys.stderr.write(f"left alone, edited meanwhile: {ascii(path)[1:-1]}\n")
    return 0


def undo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--dry-run", action="store_true", help="only print the plan")
    parser.add_argument("--yes", action="store_true", help="do it without being asked")
    parser.add_argument(
        "--anyway", action="store_true", help="do it although something speaks against it"
    )


def undo_command(given: argparse.Namespace) -> int:
    """Shows what would change, asks, and does it; 4 when there is no rewind to take back."""
    from tui.control.operations import plan_words

    deeds = operations_for(given)
    if deeds.is_supervised() and not given.dry_run:
        plan = deeds.plan_undo()
        confirmed = confirm_objections(plan, given)
        confirm([*plan_words(plan), *objections(plan)], "Undo the last rewind?", given.yes)
        sys.stdout.write(f"{deeds._request('undo', {'confirmed': confirmed}, wait=120.0)}\n")
        return 0
    return plan_or_execute(deeds, deeds.plan_undo(), given)
