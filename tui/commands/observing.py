"""What the reading commands share: which project, which settings, and one full look at its files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tui.clock import SystemClock
from tui.errors import UsageError
from tui.feeds.discovery import NamedSources
from tui.settings import LoadedSettings, load

if TYPE_CHECKING:
    import argparse

    from tui.watching.watch import SessionMonitor


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
    from tui.watching.watch import SessionMonitor

    project = project_of(given)
    loaded = settings_of(given, project)
    return SessionMonitor(project, loaded.settings, named_sources(given), SystemClock())
