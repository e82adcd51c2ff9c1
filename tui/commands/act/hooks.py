"""hooks, and hook: what Claude Code calls after each tool, so this imports next to nothing.

A call of it must never end with code 2, which would keep a session from stopping, and never take long.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tui.control.channels.hook_delivery import MOST_PAYLOAD, claim_messages, deliver_to_hook

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from tui.control.hooks.status import HookStatus


def hooks_arguments(parser: argparse.ArgumentParser) -> None:
    from tui.commands.context import add_path

    parser.add_argument(
        "what",
        choices=("install", "uninstall", "status"),
        help="install: running sessions hear it at once; uninstall: takes away exactly that",
    )
    add_path(parser)


def hooks_command(arguments: argparse.Namespace) -> int:
    """Prints in one line what was done or what is installed; status ends with 3 when incomplete."""
    from tui.commands.context import project_of

    project = project_of(arguments)
    sentence, code = _execute(arguments.what, project)
    sys.stdout.write(f"{sentence}\n")
    return code


def _execute(verb: str, project: Path) -> tuple[str, int]:
    from tui.control.hooks import installer, status

    if verb == "install":
        is_new = installer.install(project)
        state = status.hook_status(project)
        return f"{'installed in' if is_new else 'they are in'} {state.file}; {_reach(state)}", 0
    if verb == "uninstall":
        is_removed = installer.uninstall(project)
        file = status.hook_status(project).file
        return (f"taken out of {file}" if is_removed else f"there are none of ours in {file}"), 0
    return _describe(status.hook_status(project))


def _reach(state: HookStatus) -> str:
    if state.off:
        return f"but no hook runs: {state.off}"
    if state.folder_made_at is not None:
        return "sessions hear messages; one that ran before may not, as .claude itself is new"
    return "sessions in this project hear messages now"


def _describe(state: HookStatus) -> tuple[str, int]:
    if state.complete:
        return f"installed in {state.file}: {', '.join(state.events)}", 0
    if not state.events:
        return f"not installed in {state.file}; 'overnight-tui hooks install' does it", 3
    if state.off:
        return f"installed in {state.file}, but no hook runs: {state.off}", 3
    return (
        f"installed in {state.file}, but not as this version would: "
        "run 'overnight-tui hooks install' again",
        3,
    )


def hook_call(words: Sequence[str]) -> int:
    """Answers one hook call; whatever goes wrong must not trouble the session."""
    if len(words) != 2:
        return _complain("it is called by Claude Code; 'overnight-tui hooks install' sets it up")
    event, mailbox = words
    try:
        claimed = claim_messages(event, mailbox, _read_payload())
        if claimed.ids:
            rest = memoryview(claimed.answer)
            while rest:
                rest = rest[os.write(1, rest) :]
            deliver_to_hook(event, mailbox, claimed)
    except FileNotFoundError:
        return 0  # no mailbox, no messages
    except OSError as error:
        return _complain(f"the mailbox cannot be read: {error}")
    return 0


def _read_payload() -> bytes:
    pieces: list[bytes] = []
    room = MOST_PAYLOAD
    while room > 0 and (piece := os.read(0, min(room, 1 << 16))):
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces) if room else b""


def _complain(text: str) -> int:
    sys.stderr.write(f"overnight-tui hook: {text}\n")
    return 0
