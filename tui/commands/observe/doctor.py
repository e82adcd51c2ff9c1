"""doctor."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from tui.commands.context import project_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.runner.doctor.check import CheckResult
    from tui.runner.doctor.examine import Examination


_NAME = 13
_STATE = 6
_LEAST, _MOST = 50, 100
_COLOURS = {"ok": "32", "warn": "33", "fail": "1;31"}


def doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object, schema 1")
    parser.add_argument(
        "--notify", action="store_true", help="send a test message to everything configured"
    )


def doctor_command(given: argparse.Namespace) -> int:
    """Prints what was found; 1 when something would spoil the night."""
    from tui.runner.doctor.examine import Examination

    examination = Examination(project_of(given))
    found = list(examination.checks(notify=given.notify))
    if given.json:
        import msgspec

        facts = _as_json(examination, found)
        sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
    else:
        sys.stdout.write("\n".join([*_page(found), "", verdict(found)]) + "\n")
    return 1 if any(one.state == "fail" for one in found) else 0


def _page(found: Sequence[CheckResult]) -> list[str]:
    """All lines; on a screen too small for them, what needs a person stands last and is seen."""
    lines = [line for check in found for line in lines_of(check)]
    if sys.stdout.isatty() and len(lines) + 3 > shutil.get_terminal_size().lines:
        worst = sorted(found, key=lambda one: ("ok", "warn", "fail").index(one.state))
        lines = [line for check in worst for line in lines_of(check)]
    return lines


def lines_of(check: CheckResult) -> list[str]:
    """The check as lines of the terminal: the finding, and under it what to do."""
    from tui.system.sanitize import clean_line

    width = max(_LEAST, min(_MOST, shutil.get_terminal_size().columns)) - 1
    left = _STATE + _NAME
    text = textwrap.wrap(clean_line(check.text, 600), width - left) or [""]
    state = _coloured(check.state) + " " * (_STATE - len(check.state))
    lines = [f"{state}{check.name:<{_NAME}}{text[0]}"]
    lines += [" " * left + more for more in text[1:]]
    if check.advice:
        arrow = "-> "
        advice = textwrap.wrap(clean_line(check.advice, 600), width - left - len(arrow))
        lines += [" " * left + arrow + advice[0]] if advice else []
        lines += [" " * (left + len(arrow)) + more for more in advice[1:]]
    return lines


def _coloured(state: str) -> str:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return state
    return f"\x1b[{_COLOURS[state]}m{state}\x1b[0m"


def verdict(found: Sequence[CheckResult]) -> str:
    """One sentence about all of it."""
    fails = sum(one.state == "fail" for one in found)
    warnings = sum(one.state == "warn" for one in found)
    if not fails and not warnings:
        return "Good night: nothing stands in its way."
    words = [f"{fails} in the way"] if fails else []
    words += [f"{warnings} worth a look"] if warnings else []
    return f"{'Not yet' if fails else 'Good night'}: {', '.join(words)}."


def _as_json(examination: Examination, found: Sequence[CheckResult]) -> dict[str, object]:
    from datetime import UTC, datetime

    ahead = examination.forecast
    ends = None if ahead.ends_at is None else datetime.fromtimestamp(ahead.ends_at, UTC)
    return {
        "schema": 1,
        "project": os.fsencode(examination.project).decode("utf-8", "replace"),
        "ok": all(one.state != "fail" for one in found),
        "checks": [
            {"name": one.name, "state": one.state, "text": one.text, "advice": one.advice}
            for one in found
        ],
        "forecast": {
            "ends_at": None if ends is None else ends.isoformat(timespec="seconds"),
            "cost_usd": ahead.usd,
        },
    }
