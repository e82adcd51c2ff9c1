"""`overnight-tui inject TEXT`: say something to the agent at work here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import operations_for
from tui.errors import RefusedError

if TYPE_CHECKING:
    import argparse

    from tui.control.deeds import Operations


def inject_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what to say; it is delivered literally")
    parser.add_argument(
        "--now", action="store_true", help="interrupt the turn instead of waiting for the tool"
    )


def inject_command(given: argparse.Namespace) -> int:
    """Prints how far the words came; the screen and `status` tell when the agent has seen them."""
    deeds = operations_for(given)
    if deeds.is_supervised():
        mode = "hard" if given.now else "soft"
        sys.stdout.write(f"{deeds._request('inject', {'text': given.text, 'mode': mode})}\n")
        return 0
    if given.now:
        raise RefusedError(
            "--now needs a run of overnight-tui: nobody else holds the pipe that could interrupt "
            "this session; without it the words are read after the tool that runs"
        )
    return to_another(deeds, given.text, "soft")


def to_another(deeds: Operations, text: str, mode: str) -> int:
    """Words to a session that we did not start, by the best way that is open to it."""
    receipt = deeds.foreign_session().send(text, mode)
    name = f" as {receipt.id}" if receipt.id else ""
    sys.stdout.write(f"{receipt.state} by {receipt.transport}{name}\n")
    sys.stderr.write(f"{receipt.promise}\n")
    return 0 if receipt.state in ("queued", "delivered") else 1
