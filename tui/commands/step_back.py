"""`overnight-tui step-back`: tell the agent at work here what repeats, and to step back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.acting import deeds_of, night_of
from tui.commands.inject import to_another

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument(
        "--print", action="store_true", help="only print the message that would be sent"
    )


def run(given: argparse.Namespace) -> int:
    """Makes the message from the evidence and has it delivered; prints how far it came."""
    from tui.control.step_back import step_back_text

    deeds = deeds_of(given)
    text = step_back_text(deeds.step_back_template, night_of(given))
    if given.print:
        sys.stdout.write(f"{text}\n")
        return 0
    if not deeds.run_goes_on():
        return to_another(deeds, text, "step-back")
    said = deeds.ask("inject", {"text": text, "mode": "step-back"})
    sys.stdout.write(f"{said}\n")
    return 0
