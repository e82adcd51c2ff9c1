"""hook: what Claude Code calls.

It must never end with code 2, which would keep a session from stopping, and never take long.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from tui.control.channels.hook_delivery import MOST_PAYLOAD, claim_messages, deliver_to_hook

if TYPE_CHECKING:
    from collections.abc import Sequence


def hook_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="EVENT MAILBOX", help="as `hooks install` wrote"
    )


def hook_command(given: argparse.Namespace) -> int:
    """Reads the hook's payload from stdin and prints its answer."""
    return call(given.words)


def call(words: Sequence[str]) -> int:
    """Answers one hook call; whatever goes wrong is the mailbox's trouble, not the session's."""
    if len(words) != 2:
        return _tell("it is called by Claude Code; 'overnight-tui hooks install' sets it up")
    event, mailbox = words
    try:
        taken = claim_messages(event, mailbox, _payload())
        if taken.ids:
            _print(taken.answer)
            deliver_to_hook(event, mailbox, taken)
    except FileNotFoundError:
        return 0  # no mailbox, no messages
    except OSError as error:
        return _tell(f"the mailbox cannot be read: {error}")
    return 0


def _payload() -> bytes:
    pieces: list[bytes] = []
    left = MOST_PAYLOAD
    while left > 0 and (piece := os.read(0, min(left, 1 << 16))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces) if left else b""


def _print(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def _tell(words: str) -> int:
    sys.stderr.write(f"overnight-tui hook: {words}\n")
    return 0
