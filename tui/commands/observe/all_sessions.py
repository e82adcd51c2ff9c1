"""status --all: the sessions of this machine that live, and the last run of each project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui.commands.context import print_json, print_lines, print_notes, settings_with_notice
from tui.feeds.sessions.registry import sessions_of_machine
from tui.model.session import KnownSession, NamedSources
from tui.model.snapshot import NightSnapshot
from tui.model.state import SessionState
from tui.monitor.monitor import SessionMonitor
from tui.system.clock import SystemClock
from tui.system.errors import OvernightError


def status_of_all(*, as_json: bool) -> int:
    """Prints an object or a line for each, those that live first; 3 when there is none."""
    printed = 0
    for known in shown_sessions(sessions_of_machine()):
        try:
            night = _read(known)
        except OvernightError as error:
            print_notes(f"overnight-tui: {known.folder}: {error}")
            continue
        if night.state == SessionState.NONE:
            continue
        printed += 1
        if as_json:
            from tui.night.status_json import status

            project = os.fsencode(known.folder).decode("utf-8", "replace")
            print_json(status(night, project, os.uname().nodename))
        else:
            print_lines(_line(known, night))
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
    project = Path(known.folder)
    named = (
        NamedSources(run=known.run_id) if known.run_id else NamedSources(session=known.path or None)
    )
    monitor = SessionMonitor(project, settings_with_notice(project).settings, named, SystemClock())
    try:
        return monitor.read_once()
    finally:
        monitor.close()


def _line(known: KnownSession, night: NightSnapshot) -> str:
    from tui.model.labels import COST_SIGNS, STATES
    from tui.system.format import format_money_plain, shorten
    from tui.system.sanitize import clean_line

    cost = night.cost
    usd = "-" if cost.usd is None else COST_SIGNS[cost.source] + format_money_plain(cost.usd)
    name = known.run_id or (night.run.session_id or "?")[:8]
    word = STATES.get(night.state, night.state)
    about = f"{known.folder}: {shorten(night.run.goal or night.activity.reason, 80)}"
    return clean_line(f"{word:<16} {usd:>9}  {name}  {about}", 400)
