"""status."""

from __future__ import annotations

import argparse
import os
import sys

from tui.commands.context import add_path, monitor_for, print_json


def status_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object, schema 1")


def status_command(arguments: argparse.Namespace) -> int:
    """Prints the status; 3 when there is no session to speak of."""
    monitor = monitor_for(arguments)
    try:
        snapshot = monitor.read_once()
        if arguments.json:
            from tui.night.status_json import status

            # Only our own runs are held to a budget.
            budget = monitor.settings.budget.max_cost_usd if snapshot.run.owned else None
            # Any reader of JSON must be able to take the path, even where a name is no text.
            project = os.fsencode(monitor.project).decode("utf-8", "replace")
            print_json(status(snapshot, project, budget))
        else:
            from tui.commands.observe.text_views import status_lines

            sys.stdout.write("\n".join(status_lines(snapshot, monitor.feeds())) + "\n")
    finally:
        monitor.close()
    return 3 if snapshot.state == "none" else 0
