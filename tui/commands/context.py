"""Project, settings, sources and operations of a command line."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui.model.session import NamedSources
from tui.settings.load import load
from tui.settings.settings import LoadedSettings
from tui.system.clock import SystemClock
from tui.system.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.control.operations import Operations
    from tui.model.snapshot import NightSnapshot
    from tui.monitor.monitor import SessionMonitor


def project_of(given: argparse.Namespace) -> Path:
    """The folder that the command line means; refuses what is no folder."""
    word = getattr(given, "path", None) or given.project or "."
    folder = Path(word).expanduser()
    if not folder.is_dir():
        raise UsageError(f"{word} is not a folder; give the project's folder")
    return folder.resolve()


def named_sources(given: argparse.Namespace) -> NamedSources:
    """The sources named by flag; a file that is not there yet is a state, not an error."""
    return NamedSources(
        events=_absolute(given.events),
        progress=_absolute(given.progress),
        notes=_absolute(given.notes),
        watchdog=_absolute(given.watchdog),
    )


def _absolute(word: str | None) -> str | None:
    return os.path.abspath(os.path.expanduser(word)) if word else None


def settings_of(given: argparse.Namespace, project: Path, **flags: object) -> LoadedSettings:
    """The settings in force for this command line."""
    return load(project, flags={key: value for key, value in flags.items() if value is not None})


def monitor_for(given: argparse.Namespace) -> SessionMonitor:
    """A watch over the project, not yet started."""
    from tui.monitor.monitor import SessionMonitor

    project = project_of(given)
    loaded = settings_of(given, project)
    return SessionMonitor(project, loaded.settings, named_sources(given), SystemClock())


def operations_for(given: argparse.Namespace) -> Operations:
    """The deeds on the project that the command line means, with its run if there is one."""
    from tui.control.operations import Operations
    from tui.control.rewind.execute import recover_rewind
    from tui.feeds.sessions.live_processes import live_agents
    from tui.feeds.sessions.select import select_session
    from tui.feeds.sessions.transcripts import last_safe_cut
    from tui.runner import start
    from tui.store.runs import is_running

    project = project_of(given)
    recover_rewind(project)
    settings = settings_of(given, project).settings
    found = select_session(project, settings, named_sources(given))
    run_dir = settings.paths.run_dir
    events = found.events[0].path if found.events else ""
    ours = bool(found.run_dir) and is_running(found.run_dir)
    return Operations(
        project,
        settings,
        found.run_dir,
        last_safe_cut(events)[0] if events else "",
        adopt=lambda: start.adopt_run(project, run_dir=run_dir),
        agents=() if ours else live_agents(project),
        events=events,
    )


def snapshot_for(given: argparse.Namespace) -> NightSnapshot:
    """What is known of the session now, from one full look at its files."""
    watch = monitor_for(given)
    try:
        return watch.read_once()
    finally:
        watch.close()


def confirm(words: Sequence[str], question: str, yes: bool) -> None:
    """Shows a plan and asks; RefusedError unless the person says yes, here or by --yes."""
    sys.stderr.write("\n".join(words) + "\n")
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(f"{question} Say --yes to do it without being asked")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise RefusedError("nothing was done")
