"""`overnight-tui checkpoints`: what can be gone back to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.observing import project_of
from tui.system.format import format_local

if TYPE_CHECKING:
    import argparse

    from tui.control.checkpoint_refs import Checkpoint


def checkpoints_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def checkpoints_command(given: argparse.Namespace) -> int:
    """Prints the checkpoints of the work tree, oldest first."""
    from tui.control.checkpoint_refs import checkpoints
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
    from tui.night.status import iso

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
