"""hook: what Claude Code calls.

It must never end with code 2, which would keep a session from stopping, and never take long.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tui.control.channels.hook_delivery import MOST_PAYLOAD, claim_messages, deliver_to_hook

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def hook_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="EVENT MAILBOX", help="as `hooks install` wrote"
    )


def hook_command(arguments: argparse.Namespace) -> int:
    """Reads the hook's payload from stdin and prints its answer."""
    return call(arguments.words)


def call(words: Sequence[str]) -> int:
    """Answers one hook call; whatever goes wrong must not trouble the session."""
    if len(words) != 2:
        return _complain("it is called by Claude Code; 'overnight-tui hooks install' sets it up")
    event, mailbox = words
    try:
        claimed = claim_messages(event, mailbox, _read_payload())
        if claimed.ids:
            _print(claimed.answer)
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


def _print(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


def _complain(text: str) -> int:
    sys.stderr.write(f"overnight-tui hook: {text}\n")
    return 0
