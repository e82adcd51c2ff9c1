"""events."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from tui.commands.context import monitor_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.model.rows import EventRow
    from tui.monitor.monitor import SessionMonitor


def events_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--follow", action="store_true", help="go on as events come; ctrl+c ends")
    parser.add_argument(
        "--verbosity", type=int, choices=(1, 2, 3), default=1, help="how much is told (1)"
    )


def events_command(given: argparse.Namespace) -> int:
    """Prints the events; 3 when there are none and none will come."""
    watch = monitor_for(given)
    watch.set_level(given.verbosity)
    write = _write_json if given.json else _write_words
    printed = 0
    if given.follow:
        # loaded before anything is printed: ctrl+c is not to meet a half-loaded module
        import_module("tui.feeds.follow.wake")
    try:
        watch.read_all()
        for row in _rows(watch, given.follow):
            write(row)
            printed += 1
    finally:
        watch.close()
    return 0 if printed or given.follow else 3


def _rows(watch: SessionMonitor, follow: bool) -> Iterator[EventRow]:
    generation, shown = watch.events.generation, 0
    while True:
        if watch.events.generation != generation:
            generation, shown = watch.events.generation, 0
        while shown < len(watch.events):
            yield watch.events.row(shown)
            shown += 1
        if not follow:
            return
        sys.stdout.flush()
        watch.wait_for_change()


def _write_json(row: EventRow) -> None:
    import msgspec

    try:
        text = msgspec.json.encode(row).decode()
    except UnicodeEncodeError:  # a path that is no text
        import json

        text = json.dumps(msgspec.to_builtins(row))
    sys.stdout.write(text + "\n")


def _write_words(row: EventRow) -> None:
    from tui.system.format import format_clock, format_duration

    at = "--:--:--" if row.at is None else format_clock(row.at)
    took = f"  {format_duration(row.seconds)}" if row.seconds is not None else ""
    outcome = f"  [{row.outcome}]" if row.outcome else ""
    sign = "✗ " if row.mark == "error" else ""
    sys.stdout.write(f"{at} {row.label:<10} {sign}{row.text}{outcome}{took}\n")
