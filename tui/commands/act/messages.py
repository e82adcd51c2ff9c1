"""inject, step-back, withdraw."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import operations_for, snapshot_for
from tui.system.errors import RefusedError

if TYPE_CHECKING:
    from tui.control.operations import Operations


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


def step_back_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument(
        "--print", action="store_true", help="only print the message that would be sent"
    )


def step_back_command(given: argparse.Namespace) -> int:
    """Makes the message from the evidence and has it delivered; prints how far it came."""
    from tui.control.operations import step_back_text

    deeds = operations_for(given)
    text = step_back_text(deeds.step_back_template, snapshot_for(given))
    if given.print:
        sys.stdout.write(f"{text}\n")
        return 0
    if not deeds.is_supervised():
        return to_another(deeds, text, "step-back")
    said = deeds._request("inject", {"text": text, "mode": "step-back"})
    sys.stdout.write(f"{said}\n")
    return 0


def withdraw_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="which; the start of it will do (default: the newest)"
    )


def withdraw_command(given: argparse.Namespace) -> int:
    """Takes one message back; 4 when nobody waits for it any more."""
    waiting = [one for one in snapshot_for(given).interventions.injections if one.state == "queued"]
    wanted = [one for one in waiting if one.id.startswith(given.id or "")]
    if not wanted:
        known = ", ".join(one.id for one in waiting) or "none"
        raise RefusedError(f"no such words wait to be read; waiting: {known}")
    if given.id and len(wanted) > 1:
        raise RefusedError(f"{given.id!r} begins {len(wanted)} messages; give more of it")
    sys.stdout.write(f"{operations_for(given).withdraw(wanted[-1].id)}\n")
    return 0
