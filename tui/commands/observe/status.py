"""status, events."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.context import (
    add_flags,
    add_path,
    monitor_for,
    print_json,
    print_lines,
    print_notes,
    settings_with_notice,
)
from tui.system.errors import OvernightError
from tui.system.paths import path_text
from tui.system.standard_streams import write_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tui.model.rows import EventRow
    from tui.model.session import KnownSession
    from tui.model.snapshot import NightSnapshot
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
        from tui.feeds.sessions.registry import sessions_of_machine

        return status_of_all(sessions_of_machine(), as_json=arguments.json)
    monitor = monitor_for(arguments, tell=not arguments.json)
    try:
        snapshot = monitor.read_once()
        if arguments.json:
            from tui.night.status_json import status

            # Any reader of JSON must be able to take the path, even where a name is no text.
            project = path_text(monitor.project)
            others = monitor.sources.others if monitor.sources is not None else ()
            print_json(status(snapshot, project, os.uname().nodename, others))
            write_out("", flush=True)
            _tell_format(monitor)
        else:
            from tui.commands.observe.text_views import status_lines

            print_lines(*status_lines(snapshot, monitor.feeds()))
        if monitor.sources is not None and monitor.sources.why:
            write_out("", flush=True)  # an output that takes nothing is said instead
            print_notes(f"overnight-tui: {monitor.sources.why}")
    finally:
        monitor.close()
    return 3 if snapshot.state == "none" else 0


def status_of_all(known: Iterable[KnownSession], *, as_json: bool) -> int:
    """Prints an object or a line for each, those that live first; 3 when there is none."""
    printed = 0
    for one in shown_sessions(known):
        try:
            night = _read(one)
        except OvernightError as error:
            print_notes(f"overnight-tui: {one.folder}: {error}")
            continue
        if night.state == "none":
            continue
        printed += 1
        if as_json:
            from tui.night.status_json import status

            project = path_text(one.folder)
            print_json(status(night, project, os.uname().nodename))
        else:
            print_lines(_line_of(one, night))
    if not printed:
        print_notes("no session lives on this machine, and no run is known")
    return 0 if printed else 3


def shown_sessions(known: Iterable[KnownSession]) -> Iterator[KnownSession]:
    """Of sessions, the newest first: those that live, then each project's last run that is over."""
    over: dict[str, KnownSession] = {}
    for one in known:
        if not one.is_over:
            yield one
        elif one.kind == "run":
            over.setdefault(one.folder, one)
    yield from over.values()


def _read(known: KnownSession) -> NightSnapshot:
    """What is known of a session, as if it were the one that was chosen in its project."""
    from tui.model.session import NamedSources

    project = Path(known.folder)
    named = (
        NamedSources(run=known.run_id) if known.run_id else NamedSources(session=known.path or None)
    )
    from tui.monitor.monitor import SessionMonitor
    from tui.system.clock import SystemClock

    monitor = SessionMonitor(project, settings_with_notice(project).settings, named, SystemClock())
    try:
        return monitor.read_once()
    finally:
        monitor.close()


def _line_of(known: KnownSession, night: NightSnapshot) -> str:
    from tui.model.labels import COST_SIGNS, state_word
    from tui.system.format import format_money_plain, shorten
    from tui.system.sanitize import clean_line

    cost = night.cost
    usd = "-" if cost.usd is None else COST_SIGNS[cost.source] + format_money_plain(cost.usd)
    name = known.run_id or (night.run.session_id or "?")[:8]
    word = state_word(night.state)
    about = f"{known.folder}: {shorten(night.run.goal or night.activity.reason, 80)}"
    return clean_line(f"{word:<16} {usd:>9}  {name}  {about}", 400)


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
