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
    return _send(operations_for(given), given.text, "hard" if given.now else "soft")


def _send(operations: Operations, text: str, mode: str) -> int:
    receipt = operations.inject(text, mode)
    delivery = receipt.delivery
    if delivery is None:
        sys.stdout.write(f"{receipt.answer}\n")
        return 0
    name = f" as {delivery.id}" if delivery.id else ""
    sys.stdout.write(f"{delivery.state} by {delivery.transport}{name}\n")
    sys.stderr.write(f"{delivery.promise}\n")
    return 0 if delivery.state in ("queued", "delivered") else 1


def step_back_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument(
        "--print", action="store_true", help="only print the message that would be sent"
    )


def step_back_command(given: argparse.Namespace) -> int:
    """Makes the message from the evidence and has it delivered; prints how far it came."""
    from tui.control.wording import step_back_text

    deeds = operations_for(given)
    text = step_back_text(deeds.step_back_template, snapshot_for(given))
    if given.print:
        sys.stdout.write(f"{text}\n")
        return 0
    return _send(deeds, text, "step-back")


def withdraw_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="which; the start of it will do (default: the newest)"
    )


def withdraw_command(given: argparse.Namespace) -> int:
    """Takes one message back; 4 when nobody waits for it any more."""
    waiting = [one for one in snapshot_for(given).deeds.injections if one.state == "queued"]
    wanted = [one for one in waiting if one.id.startswith(given.id or "")]
    if not wanted:
        known = ", ".join(one.id for one in waiting) or "none"
        raise RefusedError(f"no such words wait to be read; waiting: {known}")
    if given.id and len(wanted) > 1:
        raise RefusedError(f"{given.id!r} begins {len(wanted)} messages; give more of it")
    sys.stdout.write(f"{operations_for(given).withdraw(wanted[-1].id).words}\n")
    return 0
