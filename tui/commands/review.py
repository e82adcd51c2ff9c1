"""`overnight-tui review`: what happened, what to trust and what to keep, from evidence."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tui.clock import SystemClock
from tui.commands import review_files
from tui.commands.observing import named_sources, project_of, settings_of

if TYPE_CHECKING:
    import argparse

    from tui.night.review.model import Review


def review_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "night",
        nargs="?",
        metavar="RUN",
        help="a run or session that `runs` lists (default: the newest)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, schema 1")
    review_files.file_arguments(parser)


def review_command(given: argparse.Namespace) -> int:
    """Prints the review, or opens it where there is a screen; 3 when there is no such night."""
    if given.check is not None:
        return review_files.check(given)
    formats = review_files.asked(given)
    project = project_of(given)
    settings = settings_of(given, project).settings
    if not given.json and not formats and has_screen():
        from tui.commands.watch import show

        return show(
            project, settings, named_sources(given), opening="review", review_of=given.night
        )
    from tui.watching.reviewing import load_review

    made = load_review(project, settings, named_sources(given), SystemClock(), given.night)
    review_files.write(made, given, formats)
    if given.json:
        return review_files.print_json(made, given)
    if formats:
        return 0
    return print_words(made)


def has_screen() -> bool:
    """Whether a full screen can be drawn: a terminal at both ends that knows how to move."""
    dumb = os.environ.get("TERM", "") in ("", "dumb")
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


def print_words(made: Review) -> int:
    """The page as plain lines."""
    from tui.commands.review_words import review_words

    sys.stdout.write("\n".join(review_words(made)) + "\n")
    return 0
