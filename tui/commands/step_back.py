"""`overnight-tui step-back`: tell the agent at work here what repeats, and to step back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import operations_for, snapshot_for
from tui.commands.inject import to_another

if TYPE_CHECKING:
    import argparse


def step_back_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument(
        "--print", action="store_true", help="only print the message that would be sent"
    )


def step_back_command(given: argparse.Namespace) -> int:
    """Makes the message from the evidence and has it delivered; prints how far it came."""
    from tui.control.step_back import step_back_text

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
