"""sessions."""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from tui.commands.context import (
    add_flags,
    add_path,
    print_json,
    print_lines,
    print_notes,
    project_of,
    settings_with_notice,
)
from tui.system.paths import path_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.feeds.sessions.registry import SessionRegistry
    from tui.model.json.lists import KnownSessionObject
    from tui.model.session import KnownSession

# Where a session ran that did not run in the project's folder itself, by its nearness.
_PLACES = ("", "in {}/", "work tree {}", "folder {}, gone")
_LEAST_WIDTH = 40
_MOST_ROWS = 60


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
        known, chosen = _with_other_runs(project, known, chosen)
    if arguments.json:
        from tui.model.json.common import SCHEMA
        from tui.model.json.lists import SessionsObject

        print_json(SessionsObject(SCHEMA, [session_object(one, one is chosen) for one in known]))
    else:
        print_lines(*_table(known, chosen, everywhere=arguments.all))
    if not known:
        where = "on this machine" if arguments.all else "here"
        print_notes(f"no session lives or lived {where}; `overnight-tui run` starts one")
    return 0 if known else 3


def _with_other_runs(
    project: Path, known: Sequence[KnownSession], chosen: KnownSession | None
) -> tuple[list[KnownSession], KnownSession | None]:
    """The sessions and the one that is meant, with our runs in the other work trees of the repository.

    Such a run takes the place of the transcripts of its sessions.
    """
    from msgspec.structs import replace

    from tui.feeds.sessions.registry import SessionRegistry
    from tui.model.session import Nearness
    from tui.store.moved_projects import sibling_projects

    runs = [
        replace(one, nearness=Nearness.WORK_TREE, hint=f"runs in {one.folder}")
        for other in sibling_projects(project)
        for one in SessionRegistry(other).runs(whole=True)
    ]
    run_of = {session: run for run in runs for session in run.sessions}
    kept = [one for one in known if one.kind == "run" or one.session_id not in run_of]
    if chosen is not None and chosen.kind != "run":
        chosen = run_of.get(chosen.session_id, chosen)
    everything = sorted([*kept, *runs], key=lambda one: (one.changed_at, one.path), reverse=True)
    return everything, chosen


def _chosen(registry: SessionRegistry, known: Sequence[KnownSession]) -> KnownSession | None:
    """The session that every other command takes now."""
    from tui.feeds.sessions.select import select_session

    settings = settings_with_notice(registry.project).settings
    sources = select_session(registry.project, settings, registry=registry)
    main = sources.events[0].path if sources.events else ""
    return next((one for one in known if one.path and one.path == main), None)


def session_object(session: KnownSession, chosen: bool) -> KnownSessionObject:
    """A session as an object; what is not known is null."""
    from tui.model.json.lists import KnownSessionObject
    from tui.night.status_json import other_session
    from tui.system.format import iso
    from tui.system.sanitize import clean_line

    return KnownSessionObject(
        **asdict(other_session(session)),
        project=path_text(session.folder),
        last_event_at=iso(session.changed_at or None),
        run_id=session.run_id or None,
        pid=session.process.pid if session.process is not None else None,
        title=clean_line(session.title, 300),
        has_substance=session.has_substance,
        chosen=chosen,
        hint=clean_line(session.hint, 1_000) or None,
        host=clean_line(session.host, 100) or None,
    )


def _table(
    known: Sequence[KnownSession], chosen: KnownSession | None, *, everywhere: bool
) -> list[str]:
    """A row a session within the terminal; questions and commands of the CLI that are over are only counted."""
    from tui.system.format import fit_cells, format_count

    width = max(_LEAST_WIDTH, shutil.get_terminal_size().columns)

    shown = [one for one in known if one.has_substance or not one.is_over or one is chosen]
    shown = (shown or list(known))[:_MOST_ROWS]
    if not shown:
        return []
    now = time.time()
    rows = [("", "id", "state", "last", "about")]
    rows += [_cells(one, one is chosen, now, everywhere=everywhere) for one in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[-1] = 0
    lines = [
        fit_cells("  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)), width)
        for row in rows
    ]
    if left := len(known) - len(shown):
        count = format_count(left, "question or older session", "questions and older sessions")
        lines += ["", f"{count} not shown; --json has all"]
    return lines


def _cells(
    session: KnownSession, chosen: bool, now: float, *, everywhere: bool
) -> tuple[str, str, str, str, str]:
    from tui.model.labels import state_word
    from tui.system.format import format_age
    from tui.system.sanitize import clean_line

    name = session.run_id if session.kind == "run" else session.session_id[:8]
    kind = {"run": "run", "stream": "stream", "transcript": ""}[session.kind]
    name_of_folder = Path(session.folder).name or session.folder
    place = name_of_folder if everywhere else _PLACES[session.nearness].format(name_of_folder)
    about = " – ".join(filter(None, (kind, place, session.title)))
    return (
        "▸" if chosen else "",
        clean_line(name, 40),
        state_word(session.state),
        format_age(max(0.0, now - session.changed_at)),
        clean_line(about, 300),
    )
