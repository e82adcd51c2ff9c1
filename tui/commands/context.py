"""Project, settings, sources and operations of a command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui.model.session import NamedSources
from tui.settings.settings import FILE, LoadedSettings
from tui.store.repository_identity import is_in_other_work_tree, work_tree_root
from tui.store.trust import load_settings
from tui.system import paths
from tui.system.children.programs import keep_out
from tui.system.clock import SystemClock
from tui.system.errors import RefusedError, SettingsError, UsageError
from tui.system.standard_streams import write_note, write_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.control.operations import Operations
    from tui.feeds.sessions.select import SessionSources
    from tui.model.session import AgentProcess
    from tui.model.snapshot import NightSnapshot
    from tui.monitor.monitor import SessionMonitor

# Start times of processes and times of records differ by so much.
_STARTED_WITH_S = 5.0
UNFINISHED = (
    "nothing was done about it: 'overnight-tui checkpoint', 'rewind' or 'undo' does it first"
)


def add_path(parser: argparse.ArgumentParser) -> None:
    """The project's folder as a word of its own, as most commands take it."""
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")


def add_flags(parser: argparse.ArgumentParser, **flags: str) -> None:
    """Options without a value, by their names with what each does."""
    for name, text in flags.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)


def project_of(arguments: argparse.Namespace) -> Path:
    """The project of the folder that the command line names; UsageError for what is no folder.

    Below the top of a repository that is the top, unless the folder has sessions or settings of its own.
    """
    path = getattr(arguments, "path", None) or arguments.project or "."
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise UsageError(f"{path} is not a folder; give the project's folder")
    project = project_for(folder.resolve())
    keep_out(project)
    return project


def project_for(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The project of a physical folder: itself if it is one, else the top of its git work tree.

    It is one if it is the top of a repository, lies in none, or has something of its own: settings, runs,
    an event stream, or a session that was started in it or below. A home that is a repository is no
    project of the folders in it.
    """
    if os.path.lexists(folder / ".git"):
        return folder
    root = work_tree_root(folder)
    if not root or root in (os.fspath(folder), "/", os.path.realpath(paths.home(environ))):
        return folder
    return folder if _is_project(folder, environ) else Path(root)


def _is_project(folder: Path, environ: Mapping[str, str]) -> bool:
    # What a project at the top of its repository need not load.
    from tui.feeds.sessions.event_files import find_streams
    from tui.feeds.sessions.live_processes import works_exactly_in
    from tui.feeds.sessions.transcripts import has_transcripts
    from tui.store.runs import list_runs

    return (
        os.path.lexists(folder / FILE)
        or bool(list_runs(folder, environ))
        or works_exactly_in(os.fspath(folder), environ)
        or has_transcripts(paths.claude_dir(environ) / "projects", os.fspath(folder))
        or bool(find_streams(folder))
    )


def named_sources(arguments: argparse.Namespace) -> NamedSources:
    """The sources named by flag; a file that is not there yet is a state, not an error.

    NoSessionError for a session that is not known.
    """
    names = ("events", "progress", "notes", "watchdog")
    flags = {name: os.path.expanduser(getattr(arguments, name) or "") for name in names}
    named = NamedSources(**{name: os.path.abspath(path) for name, path in flags.items() if path})
    if arguments.session is None:
        return named
    if named.events is not None:
        raise UsageError("--session and --events both name what to read; give one of them")
    from tui.feeds.sessions.registry import name_session

    return name_session(project_of(arguments), named, arguments.session)


def settings_of(project: Path, **flags: object) -> LoadedSettings:
    """The settings in force for this command line; a flag that is None or False was not given."""
    given = {key: value for key, value in flags.items() if value is not None and value is not False}
    return load_settings(project, flags=given)


def settings_at_hand(project: Path, **flags: object) -> tuple[LoadedSettings, str]:
    """The settings for what has to work at any time, and what is wrong with the project's own file.

    An agent can spoil that file in the middle of the night; the person still sees, rewinds and kills.
    """
    try:
        return settings_of(project, **flags), ""
    except SettingsError as error:
        from tui.settings.sources import no_project_file

        given = {key: value for key, value in flags.items() if value}
        loaded = load_settings(project, flags=given, file=no_project_file(project))
        return loaded, f"{error} Until that is mended, nothing of this file is in force."


def settings_with_notice(project: Path) -> LoadedSettings:
    """The settings at hand; a file of the project that cannot be used is said on stderr."""
    loaded, wrong = settings_at_hand(project)
    if wrong:
        print_notes(f"overnight-tui: {wrong}")
    return loaded


def tell_ignored(project: Path, loaded: LoadedSettings) -> None:
    """Says on stderr what the project's own file sets without effect, as it is not trusted."""
    if loaded.ignored:
        from tui.store.trust import ignored_settings

        for notice in ignored_settings(project, loaded):
            print_notes(f"overnight-tui: {notice.sentence}")


def monitor_for(
    arguments: argparse.Namespace, *, tell: bool = False, strict: bool = True
) -> SessionMonitor:
    """A monitor of the project, not yet started; with `tell`, settings without effect are said on stderr."""
    from tui.monitor.monitor import SessionMonitor

    project = project_of(arguments)
    loaded = settings_of(project) if strict else settings_with_notice(project)
    if tell:
        tell_ignored(project, loaded)
    return SessionMonitor(project, loaded.settings, named_sources(arguments), SystemClock())


def end_interrupted_rewind(project: Path, *, may_act: bool) -> None:
    """Says on stderr that a rewind of the project was interrupted; brings it to its end if `may_act`."""
    from tui.control.rewind.execute import recover_rewind

    waiting = recover_rewind(project, may_act=False)
    if waiting is None:
        return
    print_notes(waiting.sentence)
    if not may_act:
        print_notes(UNFINISHED)
        return
    done = recover_rewind(project, may_act=True)
    if done is not None:
        print_notes(done.sentence)
        for path in (*done.meanwhile, *done.rescued):
            print_notes(f"left alone, edited meanwhile: {ascii(path)[1:-1]}")


def operations_for(arguments: argparse.Namespace, *, ends: bool = False) -> Operations:
    """The operations on the project that the command line names, with its run if there is one.

    The files are those of the project itself; those of the work tree that the session works in where it was
    named by --session, or `ends` by this.
    """
    from tui.control.operations import Operations
    from tui.feeds.sessions.select import select_session
    from tui.feeds.sessions.transcripts import last_safe_cut
    from tui.runner import start
    from tui.store.runs import is_running

    project = project_of(arguments)
    settings = settings_with_notice(project).settings
    sources = select_session(project, settings, named_sources(arguments))
    events = sources.events[0].path if sources.events else ""
    run_dir = "" if sources.elsewhere else sources.run_dir
    is_ours = bool(run_dir) and is_running(run_dir)
    chosen = sources.work_tree if ends or arguments.session is not None else ""
    if sources.work_tree and not chosen:
        print_notes(
            f"this is about the work tree {project}; the session shown works in {sources.work_tree}: "
            "--project or --session for that"
        )
    return Operations(
        project,
        settings,
        run_dir,
        last_safe_cut(events)[0] if events else "",
        adopt=lambda: start.adopt_run(project),
        agents=() if is_ours else _agents_for(sources, project, arguments),
        events=events,
        work_tree=chosen,
        elsewhere=sources.elsewhere,
    )


def _agents_for(
    sources: SessionSources, project: Path, arguments: argparse.Namespace
) -> tuple[AgentProcess, ...]:
    """The agents alive where the session works, without those that name none and are another's.

    A session that was named is none's that began after its last record.
    """
    from tui.feeds.sessions.event_files import read_summary
    from tui.feeds.sessions.live_processes import live_agents

    beside = {one.process.pid for one in sources.others if one.process is not None}
    latest = float("inf")
    if arguments.session is not None and sources.events:
        summary = read_summary(sources.events[0].path)
        latest = summary.changed + _STARTED_WITH_S if summary is not None else 0.0
    top = Path(sources.folder or project)
    return tuple(
        agent
        for agent in live_agents(top)
        if agent.session
        or (
            agent.pid not in beside
            and agent.created <= latest
            and not is_in_other_work_tree(agent.cwd or top, top)
        )
    )


def snapshot_for(arguments: argparse.Namespace) -> NightSnapshot:
    """What is known of the session now; its files are read from their beginning."""
    monitor = monitor_for(arguments, strict=False)
    try:
        return monitor.read_once()
    finally:
        monitor.close()


def print_json(value: object) -> None:
    """Prints one JSON value on one line; the one way in which commands print JSON."""
    from tui.system.sanitize import json_text

    write_out(json_text(value) + "\n")


def print_lines(*lines: str) -> None:
    """Prints lines to stdout; what a terminal could obey is shown, not sent."""
    write_out(_shown(lines))


def print_notes(*lines: str) -> None:
    """Prints words for the person to stderr, shown like those of `print_lines`."""
    write_note(_shown(lines))


def _shown(lines: Sequence[str]) -> str:
    from tui.system.sanitize import clean

    return "".join(clean(line, whole=True) + "\n" for line in lines)


def print_path(path: Path) -> None:
    """Prints a path: exactly for a program that reads it, shown like other text on a terminal."""
    if sys.stdout.isatty():
        print_lines(paths.path_text(path))
    else:
        write_out("", flush=True)
        sys.stdout.buffer.write(os.fsencode(path) + b"\n")


def has_terminal() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def confirm(plan: Sequence[str], question: str, yes: bool) -> None:
    """Shows a plan and asks; RefusedError unless the person says yes, here or by --yes."""
    print_notes(*plan)
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(
            f"{question} No terminal to answer on; --yes does it without being asked"
        )
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise RefusedError("nothing was done")
