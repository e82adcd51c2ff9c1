"""`overnight-tui [PATH]`: the live screen."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from tui.clock import SystemClock
from tui.commands.observing import named_sources, project_of, settings_of
from tui.errors import OvernightError, UsageError
from tui.feeds.discovery import NamedSources

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from tui.app import Opening
    from tui.settings import Settings


LEVELS = {"brief": 1, "normal": 2, "full": 3}


def watch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--slow-link", action="store_true", help="paint at most 4 times a second")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII signs only")
    parser.add_argument("--theme", help="dark, light, ansi, mono, or any theme of Textual's")


def watch_command(given: argparse.Namespace) -> int:
    """Watches until the viewer is closed; the session never notices."""
    project = project_of(given)
    loaded = settings_of(given, project, **{"screen.theme": given.theme})
    named = named_sources(given)
    return show(
        project,
        loaded.settings,
        named,
        slow_link=given.slow_link,
        ascii_only=given.ascii,
        opening="as it is" if given.plain and named == NamedSources() else "panes",
    )


def show(
    project: Path,
    settings: Settings,
    named: NamedSources,
    *,
    slow_link: bool = False,
    ascii_only: bool = False,
    opening: Opening = "panes",
    review_of: str | None = None,
) -> int:
    """Opens the screen on a project; needs a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("this is no terminal; 'overnight-tui status' prints the same facts")
    from tui.commands import first_glance
    from tui.feeds.discovery import select_session

    found = select_session(project, settings, named)
    if found.events and opening != "review":
        first_glance.show_first_screen(found.events[0].path, project.name)
    from tui.watching.watch import SessionMonitor

    clock = SystemClock()
    watch = SessionMonitor(project, settings, named, clock)
    watch.set_level(LEVELS[settings.screen.verbosity])
    watch.start()
    threading.Thread(target=_take_care, args=(project, settings), daemon=True).start()
    try:
        # Textual rounds every paint up to its frame; our own governor bounds how many there are
        os.environ.setdefault("TEXTUAL_FPS", "250")
        from tui.app import OvernightApp
        from tui.screens.visit import Visit

        visit = Visit(project, clock, settings.paths.run_dir)
        slow = slow_link or settings.screen.slow_link == "on" or _far_away(settings)
        app = OvernightApp(
            watch,
            clock,
            slow_link=slow,
            ascii_only=ascii_only or settings.screen.ascii == "on",
            adopt=lambda: _adopt(project, settings),
            opening=opening,
            review_of=review_of,
            visit=visit,
        )
        app.run(mouse=settings.screen.mouse)
        visit.note()
    finally:
        watch.close()
    if app.fault is not None:
        raise app.fault
    return app.return_code or 0


def _take_care(project: Path, settings: Settings) -> None:
    """What every start sees to: a run without a supervisor, a rewind that was cut short."""
    from tui.control.restore import recover_rewind

    try:
        _adopt(project, settings)
        recover_rewind(project)
    except OvernightError:
        # the screen tells the state as it is; whoever acts on it is told why it does not work
        return


def _adopt(project: Path, settings: Settings) -> object:
    """A run that lost its supervisor gets one again."""
    from tui.runner import api

    return api.adopt_run(project, run_dir=settings.paths.run_dir)


def _far_away(settings: Settings) -> bool:
    return settings.screen.slow_link == "auto" and "SSH_TTY" in os.environ
