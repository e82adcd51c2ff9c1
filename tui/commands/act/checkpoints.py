"""checkpoint, checkpoints, rewind, undo."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import (
    add_flags,
    add_path,
    confirm,
    end_interrupted_rewind,
    operations_for,
    print_json,
    print_lines,
    print_notes,
    project_of,
    snapshot_for,
)
from tui.system.errors import RefusedError
from tui.system.format import format_count, format_local

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tui.control.checkpoints.refs import Checkpoint
    from tui.control.checkpoints.work_tree import NotCaptured
    from tui.control.operations import OperationReceipt, Operations
    from tui.control.rewind.plan import RewindPlan


def checkpoint_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument("-m", "--message", metavar="LABEL", default="", help="what to call it")


def checkpoint_command(arguments: argparse.Namespace) -> int:
    """Prints the checkpoint's id; stderr says what was not captured, and why."""
    from tui.control.checkpoints.path_listing import OWN_REASON
    from tui.control.checkpoints.refs import count_not_captured

    operations = operations_for(arguments)
    end_interrupted_rewind(operations.work_tree, may_act=True)
    facts = snapshot_for(arguments).checkpoint_facts
    checkpoint = operations.take_checkpoint(arguments.message, why="command line", facts=facts)
    print_lines(f"{checkpoint.id}")
    print_notes(
        f"{format_count(checkpoint.files, 'file')} kept as {checkpoint.commit[:10]}{operations.of_work_tree}"
    )
    missing = count_not_captured(checkpoint)
    for file in [file for file in checkpoint.not_captured if file.reason != OWN_REASON][:20]:
        missing -= 1
        _print_missing("not captured:", [file])
    if missing:
        print_notes(f"and {missing:,} more that were not captured")
    return 0


def checkpoints_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(parser, json="one JSON object", yes="delete without being asked")
    text = "delete this checkpoint; the only way in which a named one goes"
    parser.add_argument("--delete", metavar="ID", help=text)


def checkpoints_command(arguments: argparse.Namespace) -> int:
    """Prints the checkpoints of the work tree, oldest first, before them those of work trees that are
    gone; or deletes one."""
    from tui.control.checkpoints.refs import checkpoints_of, count_not_captured
    from tui.system.sanitize import clean_line

    if arguments.delete is not None:
        return _delete(arguments)
    known_checkpoints = checkpoints_of(_work_tree_of(arguments), foreign=True)
    if arguments.json:
        from tui.model.json.common import SCHEMA

        rows = [_as_object(checkpoint) for checkpoint in known_checkpoints]
        print_json({"schema": SCHEMA, "checkpoints": rows})
        return 0
    if not known_checkpoints:
        print_notes("no checkpoint has been taken here; `overnight-tui checkpoint` takes one")
    for checkpoint in known_checkpoints:
        at = format_local(checkpoint.at, "%Y-%m-%d %H:%M")
        kind = "" if checkpoint.kind == "checkpoint" else f" [{checkpoint.kind}]"
        kind += " [foreign]" if checkpoint.foreign else ""
        label = clean_line(checkpoint.label, 80)
        missing = count_not_captured(checkpoint)
        left_out = f" ({missing:,} not captured)" if missing else ""
        gone = " [its work tree is gone]" if checkpoint.work_tree else ""
        name = clean_line(checkpoint.id, 80)
        facts = f"{checkpoint.files:>7,} files{left_out}{_tests_of(checkpoint)}"
        print_lines(f"{name:<6} {at}  {facts}  {label}{kind}{gone}")
        if checkpoint.remark:
            print_lines(f"       {clean_line(checkpoint.remark)}")
    return 0


def _work_tree_of(arguments: argparse.Namespace) -> Path:
    """Whose checkpoints are meant: those of the project, or of the work tree of a session that was named."""
    named = arguments.session is not None
    return operations_for(arguments).work_tree if named else project_of(arguments)


def _delete(arguments: argparse.Namespace) -> int:
    """Shows the checkpoint, asks, deletes it and prints its id."""
    from tui.control.checkpoints.refs import find_checkpoint
    from tui.control.retention import check_deletable, delete_checkpoint
    from tui.system.sanitize import clean_line

    project = _work_tree_of(arguments)
    checkpoint = find_checkpoint(project, arguments.delete, foreign=True)
    check_deletable(project, checkpoint)
    name, label = clean_line(checkpoint.id, 80), clean_line(checkpoint.label, 80)
    named = f" '{label}'" if label else ""
    at = format_local(checkpoint.at, "%Y-%m-%d %H:%M")
    what = f"checkpoint {name}{named} of {at}, {format_count(checkpoint.files, 'file')}"
    if checkpoint.foreign:
        what = f"foreign {what}"
    plan = [f"The {what} can be gone back to no more."]
    confirm(plan, f"Delete {name}?", arguments.yes)
    delete_checkpoint(project, checkpoint.commit)
    if arguments.json:
        from tui.model.json.common import SCHEMA

        print_json({"schema": SCHEMA, "deleted": _as_object(checkpoint)})
    else:
        print_lines(f"{name}")
    where = checkpoint.commit[:10]
    print_notes(f"deleted the {what}; its commit {where} stays until git collects it")
    return 0


def _as_object(checkpoint: Checkpoint) -> dict[str, object]:
    from tui.system.format import iso

    tests = checkpoint.facts.get("tests")
    return {
        "id": checkpoint.id,
        "at": iso(checkpoint.at),
        "label": checkpoint.label,
        "kind": checkpoint.kind,
        "commit": checkpoint.commit,
        "head": checkpoint.head,
        "tests": tests if tests in ("green", "red", "none") else None,
        "files": checkpoint.files,
        "not_captured": checkpoint.not_captured_count,
        "not_captured_paths": [
            {"path": item.path, "reason": item.reason} for item in checkpoint.not_captured
        ],
        "named": checkpoint.is_named,
        "work_tree": checkpoint.work_tree,
        "foreign": checkpoint.foreign,
        "remark": checkpoint.remark,
        "facts": dict(checkpoint.facts),
    }


def rewind_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id",
        metavar="ID",
        help="a checkpoint, as `checkpoints` lists them; last-good: the newest with green tests and nothing "
        "edited after them; start: before the agent of this run did anything",
    )
    modes = parser.add_mutually_exclusive_group()
    for mode, text in (
        ("code", "the files (the default)"),
        ("conversation", "the conversation of a run that goes on; the old one is kept"),
        ("both", "files and conversation"),
    ):
        modes.add_argument(f"--{mode}", dest="mode", action="store_const", const=mode, help=text)
    parser.set_defaults(mode="code")
    add_flags(parser, foreign="also one that this program is not known to have taken here")
    _add_confirmation(parser)


def rewind_command(arguments: argparse.Namespace) -> int:
    """Shows the plan, asks, and prints the id of the safety checkpoint; 4 when refused."""
    operations = operations_for(arguments)
    _end_interrupted_first(operations.work_tree, arguments)
    operations.check_conversation(arguments.mode)
    plan = operations.plan_rewind(arguments.id, foreign=arguments.foreign)
    if arguments.id in ("last-good", "start"):
        print_notes(f"{arguments.id} is {_named(plan.checkpoint)}")
        if arguments.dry_run:
            print_lines(f"checkpoint {plan.checkpoint.id}")
    return _rewind(operations, plan, arguments.mode, arguments)


def undo_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    _add_confirmation(parser)


def undo_command(arguments: argparse.Namespace) -> int:
    """Shows what would change, asks, and does it; 4 when there is no rewind to take back."""
    operations = operations_for(arguments)
    _end_interrupted_first(operations.work_tree, arguments)
    return _rewind(operations, operations.plan_undo(), "code", arguments)


def _end_interrupted_first(project: Path, arguments: argparse.Namespace) -> None:
    """An interrupted rewind comes first: with --yes at once, else when the person says so."""
    from tui.control.rewind.execute import recover_rewind
    from tui.system.sanitize import clean_line

    waiting = recover_rewind(project, may_act=False)
    if waiting is not None and not arguments.dry_run:
        confirm([clean_line(waiting.sentence)], "Do that first?", arguments.yes)
    end_interrupted_rewind(project, may_act=waiting is not None and not arguments.dry_run)


def _add_confirmation(parser: argparse.ArgumentParser) -> None:
    add_flags(parser, dry_run="only print the plan", yes="do it without being asked")
    add_flags(parser, anyway="do it although something speaks against it")


def _print_plan(plan: RewindPlan) -> None:
    """What would change, on stdout; what stays and what cannot be brought back, on stderr."""
    for change in plan.changes:
        print_lines(f"{change.kind} {ascii(change.path)[1:-1]}")
    _print_missing("keep", plan.keeps)
    _print_missing("missing", plan.lost)


def _print_missing(word: str, items: Iterable[NotCaptured]) -> None:
    for item in items:
        path, reason = ascii(item.path)[1:-1], ascii(item.reason)[1:-1]
        print_notes(f"{word} {path} ({reason})")


def _rewind(
    operations: Operations, plan: RewindPlan, mode: str, arguments: argparse.Namespace
) -> int:
    """Shows a plan and, unless it is only to be shown, asks and does it."""
    sentences = operations.describe_rewind(plan, mode)
    files = mode != "conversation"
    if plan.checkpoint.foreign and not arguments.dry_run:
        # Nobody saw it being taken, so every path is shown before it is asked about.
        sentences += [f"{change.kind} {ascii(change.path)[1:-1]}" for change in plan.changes]
    if arguments.dry_run or not operations.has_effect(plan, mode):
        if files:
            _print_plan(plan)
        print_notes(*sentences)
        return 0
    confirmed = files and bool(plan.refusals)
    if confirmed and not arguments.anyway and (arguments.yes or not sys.stdin.isatty()):
        raise RefusedError(f"{'; '.join(plan.refusals)}. Say --anyway to do it all the same")
    confirm(sentences, "Do it all the same?" if confirmed else "Do it?", arguments.yes)
    _print_receipt(operations.rewind(plan, mode, confirmed=confirmed))
    return 0


def _named(checkpoint: Checkpoint) -> str:
    """A checkpoint with its time, its label and what its tests said."""
    from tui.system.sanitize import clean_line

    label = clean_line(checkpoint.label, 80)
    named = f" “{label}”" if label else ""
    at = format_local(checkpoint.at, "%Y-%m-%d %H:%M")
    return f"{checkpoint.id}{named} of {at}{_tests_of(checkpoint)}"


def _tests_of(checkpoint: Checkpoint) -> str:
    """What the tests said when it was taken, as far as that is known."""
    tests, edits = checkpoint.facts.get("tests"), checkpoint.facts.get("edits_since_green")
    if tests == "green" and isinstance(edits, int) and edits:
        return f"  tests green, then {format_count(edits, 'edit')}"
    return f"  tests {tests}" if tests in ("green", "red") else ""


def _print_receipt(receipt: OperationReceipt) -> None:
    """What was done: the safety checkpoint on stdout, counts and what was left alone on stderr."""
    result = receipt.rewound
    if result is None:
        print_lines(f"{receipt.words}")
        return
    if result.safety is not None:
        print_lines(f"{result.safety.id}")
    counts = f"{result.written} written, {result.deleted} deleted, {result.unchanged:,} unchanged"
    print_notes(f"{counts}; 'overnight-tui undo' takes it back")
    _print_missing("not brought back:", (*result.not_restored, *result.lost))
    for path in result.meanwhile:
        print_notes(f"left alone, edited meanwhile: {ascii(path)[1:-1]}")
