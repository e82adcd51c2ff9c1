"""sessions."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.commands.context import (
    add_flags,
    add_path,
    print_json,
    print_lines,
    print_notes,
    project_of,
    settings_with_notice,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.feeds.sessions.registry import SessionRegistry
    from tui.model.session import KnownSession

SCHEMA = 2
_WIDTH = 80
_MOST_ROWS = 60
_ID = 15


def sessions_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(parser, all="those of this machine, not only of this project", json="one JSON object")


def sessions_command(arguments: argparse.Namespace) -> int:
    """Prints the sessions, the one that is meant where none is named marked; 3 when there is none."""
    from tui.feeds.sessions.registry import SessionRegistry

    project = project_of(arguments)
    if arguments.all:
        from tui.feeds.sessions.registry import sessions_of_machine

        known, chosen = sessions_of_machine(), None
    else:
        registry = SessionRegistry(project)
        known = registry.sessions(whole=True)
        chosen = _chosen(registry, known)
    if arguments.json:
        print_json(
            {"schema": SCHEMA, "sessions": [session_object(one, one is chosen) for one in known]}
        )
    else:
        print_lines(*_table(known, chosen, everywhere=arguments.all))
    if not known:
        where = "on this machine" if arguments.all else "here"
        print_notes(f"no session lives or lived {where}; `overnight-tui run` starts one")
    return 0 if known else 3


def _chosen(registry: SessionRegistry, known: Sequence[KnownSession]) -> KnownSession | None:
    """The session that every other command takes now."""
    from tui.feeds.sessions.select import select_session

    settings = settings_with_notice(registry.project).settings
    sources = select_session(registry.project, settings, registry=registry)
    main = sources.events[0].path if sources.events else ""
    return next((one for one in known if one.path and one.path == main), None)


def session_object(session: KnownSession, chosen: bool) -> dict[str, Any]:
    """A session as an object; what is not known is null."""
    from tui.night.status_json import iso
    from tui.system.sanitize import clean_line

    return {
        "session_id": session.session_id or None,
        "state": session.state,
        "started_at": iso(session.started_at or None),
        "kind": session.kind,
        "project": os.fsencode(session.folder).decode("utf-8", "replace"),
        "last_event_at": iso(session.changed_at or None),
        "run_id": session.run_id or None,
        "pid": session.process.pid if session.process is not None else None,
        "title": clean_line(session.title, 300),
        "has_substance": session.has_substance,
        "chosen": chosen,
        "hint": clean_line(session.hint, 1_000) or None,
        "host": clean_line(session.host, 100) or None,
    }


def _table(
    known: Sequence[KnownSession], chosen: KnownSession | None, *, everywhere: bool
) -> list[str]:
    """A row a session within 80 columns; questions and commands of the CLI that are over are only counted."""
    from tui.system.format import format_count

    shown = [one for one in known if one.has_substance or not one.is_over or one is chosen]
    if not shown:
        shown = list(known)
    now = time.time()
    lines = [_row(one, one is chosen, now, everywhere=everywhere) for one in shown[:_MOST_ROWS]]
    if shown:
        lines.insert(0, f"  {'id':<{_ID}} {'state':<18} {'kind':<10} {'last':>8}  about")
    left = len(known) - len(shown[:_MOST_ROWS])
    if left:
        lines += ["", f"{format_count(left, 'older or one-shot session')} more: --json lists all"]
    return lines


def _row(session: KnownSession, chosen: bool, now: float, *, everywhere: bool) -> str:
    from tui.system.format import fit_cells, format_age
    from tui.system.sanitize import clean_line

    name = session.run_id if session.kind == "run" else session.session_id[:8]
    words = [session.hint, session.title]
    if everywhere:
        words.insert(0, Path(session.folder).name or session.folder)
    age = format_age(max(0.0, now - session.changed_at))
    state = session.state.replace("_", " ")
    mark = "▸" if chosen else " "
    row = f"{mark} {clean_line(name, _ID):<{_ID}} {state:<18} {session.kind:<10} {age:>8}  "
    return fit_cells(row + clean_line(" – ".join(filter(None, words)), 300), _WIDTH)
