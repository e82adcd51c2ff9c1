"""inject, step-back, withdraw."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import add_path, operations_for, snapshot_for
from tui.system.errors import RefusedError

if TYPE_CHECKING:
    from tui.control.operations import Operations


def inject_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what to say; it is delivered literally")
    parser.add_argument(
        "--now", action="store_true", help="interrupt the turn instead of waiting for the tool"
    )


def inject_command(arguments: argparse.Namespace) -> int:
    """Prints how far the message came; the screen and `status` show when the agent has seen it."""
    return _send(operations_for(arguments), arguments.text, "hard" if arguments.now else "soft")


def _send(operations: Operations, text: str, mode: str) -> int:
    receipt = operations.inject(text, mode)
    delivery = receipt.delivery
    if delivery is None:
        sys.stdout.write(f"{receipt.answer}\n")
        return 0
    name = f" as {delivery.id}" if delivery.id else ""
    sys.stdout.write(f"{delivery.state} by {delivery.channel}{name}\n")
    sys.stderr.write(f"{delivery.promise}\n")
    return 0 if delivery.state in ("queued", "delivered") else 1


def step_back_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument(
        "--print", action="store_true", help="only print the message that would be sent"
    )


def step_back_command(arguments: argparse.Namespace) -> int:
    """Builds the message from the evidence and sends it; prints how far it came."""
    from tui.control.wording import step_back_text

    operations = operations_for(arguments)
    text = step_back_text(operations.step_back_template, snapshot_for(arguments))
    if arguments.print:
        sys.stdout.write(f"{text}\n")
        return 0
    return _send(operations, text, "step-back")


def withdraw_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="which; the start of it will do (default: the newest)"
    )


def withdraw_command(arguments: argparse.Namespace) -> int:
    """Withdraws one message; RefusedError (4) when it no longer waits to be read."""
    injections = snapshot_for(arguments).interventions.injections
    waiting = [injection.id for injection in injections if injection.state == "queued"]
    matches = [id for id in waiting if id.startswith(arguments.id or "")]
    if not matches:
        known_ids = ", ".join(waiting) or "none"
        raise RefusedError(f"no such words wait to be read; waiting: {known_ids}")
    if arguments.id and len(matches) > 1:
        raise RefusedError(f"{arguments.id!r} begins {len(matches)} messages; give more of it")
    sys.stdout.write(f"{operations_for(arguments).withdraw(matches[-1]).words}\n")
    return 0
