"""checkpoint, checkpoints."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import operations_for, project_of, snapshot_for
from tui.system.format import format_local

if TYPE_CHECKING:
    from tui.control.checkpoints.refs import Checkpoint


def checkpoint_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("-m", "--message", metavar="LABEL", default="", help="what to call it")


def checkpoint_command(given: argparse.Namespace) -> int:
    """Prints the checkpoint's id; stderr says what was not captured, and why."""
    from tui.control.checkpoints.stat_cache import OUR_OWN

    deeds = operations_for(given)
    facts = snapshot.checkpoint_facts if (snapshot := snapshot_for(given)) else {}
    taken = deeds.checkpoint(given.message, why="command line", facts=facts)
    sys.stdout.write(f"{taken.id}\n")
    sys.stderr.write(f"{taken.files:,} files kept as {taken.commit[:10]}\n")
    for left in [one for one in taken.not_captured if one.reason != OUR_OWN][:20]:
        sys.stderr.write(f"not captured: {ascii(left.path)[1:-1]} ({left.reason})\n")
    return 0


def checkpoints_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def checkpoints_command(given: argparse.Namespace) -> int:
    """Prints the checkpoints of the work tree, oldest first."""
    from tui.control.checkpoints.refs import checkpoints
    from tui.system.sanitize import clean_line

    known = checkpoints(project_of(given))
    if given.json:
        import msgspec

        found = {"schema": 1, "checkpoints": [_plain(one) for one in known]}
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return 0
    for one in known:
        at = format_local(one.at, "%Y-%m-%d %H:%M")
        kind = "" if one.kind == "checkpoint" else f" [{one.kind}]"
        label = clean_line(one.label, 80)
        sys.stdout.write(f"{one.id:<6} {at}  {one.files:>7,} files  {label}{kind}\n")
    return 0


def _plain(one: Checkpoint) -> dict[str, object]:
    from tui.night.status_json import iso

    return {
        "id": one.id,
        "at": iso(one.at),
        "label": one.label,
        "kind": one.kind,
        "commit": one.commit,
        "head": one.head,
        "files": one.files,
        "not_captured": one.not_captured_count,
        "facts": dict(one.facts),
    }
