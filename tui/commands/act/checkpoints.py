"""checkpoint, checkpoints."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import add_path, operations_for, print_json, project_of, snapshot_for
from tui.system.format import format_local

if TYPE_CHECKING:
    from tui.control.checkpoints.refs import Checkpoint


def checkpoint_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument("-m", "--message", metavar="LABEL", default="", help="what to call it")


def checkpoint_command(arguments: argparse.Namespace) -> int:
    """Prints the checkpoint's id; stderr says what was not captured, and why."""
    from tui.control.checkpoints.stat_cache import OWN_REASON

    operations = operations_for(arguments)
    facts = snapshot_for(arguments).checkpoint_facts
    checkpoint = operations.take_checkpoint(arguments.message, why="command line", facts=facts)
    sys.stdout.write(f"{checkpoint.id}\n")
    sys.stderr.write(f"{checkpoint.files:,} files kept as {checkpoint.commit[:10]}\n")
    for file in [file for file in checkpoint.not_captured if file.reason != OWN_REASON][:20]:
        sys.stderr.write(f"not captured: {ascii(file.path)[1:-1]} ({file.reason})\n")
    return 0


def checkpoints_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object")


def checkpoints_command(arguments: argparse.Namespace) -> int:
    """Prints the checkpoints of the work tree, oldest first."""
    from tui.control.checkpoints.refs import checkpoints_of
    from tui.system.sanitize import clean_line

    known_checkpoints = checkpoints_of(project_of(arguments))
    if arguments.json:
        rows = [_as_object(checkpoint) for checkpoint in known_checkpoints]
        print_json({"schema": 1, "checkpoints": rows})
        return 0
    for checkpoint in known_checkpoints:
        at = format_local(checkpoint.at, "%Y-%m-%d %H:%M")
        kind = "" if checkpoint.kind == "checkpoint" else f" [{checkpoint.kind}]"
        label = clean_line(checkpoint.label, 80)
        sys.stdout.write(f"{checkpoint.id:<6} {at}  {checkpoint.files:>7,} files  {label}{kind}\n")
    return 0


def _as_object(checkpoint: Checkpoint) -> dict[str, object]:
    from tui.night.status_json import iso

    return {
        "id": checkpoint.id,
        "at": iso(checkpoint.at),
        "label": checkpoint.label,
        "kind": checkpoint.kind,
        "commit": checkpoint.commit,
        "head": checkpoint.head,
        "files": checkpoint.files,
        "not_captured": checkpoint.not_captured_count,
        "facts": dict(checkpoint.facts),
    }
