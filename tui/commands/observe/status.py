"""status."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from tui.commands.context import monitor_for

if TYPE_CHECKING:
    from pathlib import Path

    from tui.model.snapshot import NightSnapshot
    from tui.monitor.monitor import SessionMonitor


def status_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object, schema 1")


def status_command(given: argparse.Namespace) -> int:
    """Prints the status; 3 when there is no session to speak of."""
    from tui.commands.observe.text_views import status_words
    from tui.night.status_json import status

    watch = monitor_for(given)
    try:
        night = watch.read_once()
        facts = status(night, _as_text(watch.project), _budget(watch, night))
        if given.json:
            import msgspec

            sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
        else:
            sys.stdout.write("\n".join(status_words(night, watch.feeds())) + "\n")
    finally:
        watch.close()
    return 3 if night.state == "none" else 0


def _budget(watch: SessionMonitor, night: NightSnapshot) -> float | None:
    """The budget in force: only our own runs are held to one."""
    return watch.settings.budget.max_cost_usd if night.run.owned else None


def _as_text(path: Path) -> str:
    """A path that any reader of JSON can take, even where a name is no text."""
    return os.fsencode(path).decode("utf-8", "replace")
