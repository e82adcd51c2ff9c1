"""status, events."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from typing import TYPE_CHECKING

from tui.commands.context import (
    add_flags,
    add_path,
    monitor_for,
    print_json,
    print_lines,
    print_notes,
)
from tui.system.standard_streams import write_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.model.rows import EventRow
    from tui.monitor.monitor import SessionMonitor


def status_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(
        parser,
        json="one JSON object, schema 2 (docs/json.md)",
        all="the living sessions of this machine and the last run of each project, one a line",
    )


def status_command(arguments: argparse.Namespace) -> int:
    """Prints the status; 3 when there is no session to speak of."""
    if arguments.all:
        from tui.commands.observe.all_sessions import status_of_all

        return status_of_all(as_json=arguments.json)
    monitor = monitor_for(arguments, tell=not arguments.json)
    try:
        snapshot = monitor.read_once()
        if arguments.json:
            from tui.night.status_json import status

            # Any reader of JSON must be able to take the path, even where a name is no text.
            project = os.fsencode(monitor.project).decode("utf-8", "replace")
            others = monitor.sources.others if monitor.sources is not None else ()
            print_json(status(snapshot, project, os.uname().nodename, others))
            _tell_format(monitor)
        else:
            from tui.commands.observe.text_views import status_lines

            print_lines(*status_lines(snapshot, monitor.feeds()))
        if monitor.sources is not None and monitor.sources.why:
            print_notes(f"overnight-tui: {monitor.sources.why}")
    finally:
        monitor.close()
    return 3 if snapshot.state == "none" else 0


def events_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(parser, json="one JSON object a line", follow="go on as events come; ctrl+c ends")
    parser.add_argument(
        "--verbosity", type=int, choices=(1, 2, 3), default=1, help="how much is told (1)"
    )


def events_command(arguments: argparse.Namespace) -> int:
    """Prints the events; 3 when there are none and none will come."""
    monitor = monitor_for(arguments)
    monitor.set_level(arguments.verbosity)
    print_row = _print_object if arguments.json else _print_line
    printed = 0
    if arguments.follow:
        # Loaded before anything is printed: ctrl+c must not meet a half-loaded module.
        import_module("tui.feeds.follow.wake")
    try:
        monitor.read_all()
        for row in _rows(monitor, arguments.follow):
            print_row(row)
            printed += 1
        _tell_format(monitor)
    finally:
        monitor.close()
    return 0 if printed or arguments.follow else 3


def _tell_format(monitor: SessionMonitor) -> None:
    """Says on stderr what an event file looks like that is no stream of Claude Code's."""
    night = monitor.night
    if night is not None and night.activity.state_reason == "not_a_stream":
        print_notes(f"overnight-tui: {night.activity.reason}")


def _rows(monitor: SessionMonitor, follow: bool) -> Iterator[EventRow]:
    generation, shown = monitor.events.generation, 0
    while True:
        if monitor.events.generation != generation:
            generation, shown = monitor.events.generation, 0
        while shown < len(monitor.events):
            yield monitor.events.row(shown)
            shown += 1
        if not follow:
            return
        write_out("", flush=True)
        monitor.wait_for_change()


def _print_object(row: EventRow) -> None:
    print_json(row)


def _print_line(row: EventRow) -> None:
    from tui.system.format import format_clock, format_duration

    at = "--:--:--" if row.at is None else format_clock(row.at)
    took = f"  {format_duration(row.seconds)}" if row.seconds is not None else ""
    outcome = f"  [{row.outcome}]" if row.outcome else ""
    sign = "✗ " if row.mark == "error" else ""
    print_lines(f"{at} {row.label:<10} {sign}{row.text}{outcome}{took}")
