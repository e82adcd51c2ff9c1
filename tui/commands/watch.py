"""The live screen; newest lines while it loads.

The newest lines are written with the screen's own decoder, straight to the terminal's alternate
screen, because Textual needs a moment to load; the real screen replaces them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.context import add_path, has_terminal, named_sources, project_of, settings_at_hand
from tui.model.session import NamedSources
from tui.settings.settings import FILE
from tui.system.clock import SystemClock
from tui.system.errors import OvernightError, UsageError
from tui.system.files import regular_file
from tui.system.format import format_clock

if TYPE_CHECKING:
    from tui.app import Opening
    from tui.feeds.sessions.select import SessionSources
    from tui.model.session import EventFile
    from tui.settings.settings import Settings


_UNUSABLE = (
    f"{FILE} is wrong, so not in force: overnight-tui doctor",
    "settings wrong: overnight-tui doctor",
)
LEVELS = {"brief": 1, "normal": 2, "full": 3}


def watch_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument("--slow-link", action="store_true", help="paint at most 4 times a second")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII signs only")
    parser.add_argument("--theme", help="auto, dark, light, ansi or mono (no colours)")


def watch_command(arguments: argparse.Namespace) -> int:
    """Watches until the viewer is closed; the session never notices."""
    project = project_of(arguments)
    loaded, wrong = settings_at_hand(project, **{"screen.theme": arguments.theme})
    named = named_sources(arguments)
    notice = _UNUSABLE if wrong else ("", "")
    if loaded.ignored:
        from tui.settings.notices import ignored_line

        notice = ignored_line(loaded)
    return show(
        project,
        loaded.settings,
        named,
        notice=notice,
        slow_link=arguments.slow_link,
        ascii_only=arguments.ascii,
        opening="as it is" if arguments.plain and named == NamedSources() else "panes",
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
    notice: tuple[str, str] = ("", ""),
) -> int:
    """Opens the screen on a project, with a notice in full and in short; needs a terminal.

    The terminal is given back as it was.
    """
    if not has_terminal():
        raise UsageError("this is no terminal; 'overnight-tui status' prints the same facts")
    from widgets.terminal_guard import guarded_terminal

    with guarded_terminal():
        return _show(
            project,
            settings,
            named,
            slow_link=slow_link,
            ascii_only=ascii_only,
            opening=opening,
            review_of=review_of,
            notice=notice,
        )


def _show(
    project: Path,
    settings: Settings,
    named: NamedSources,
    *,
    slow_link: bool,
    ascii_only: bool,
    opening: Opening,
    review_of: str | None,
    notice: tuple[str, str],
) -> int:
    from tui.feeds.sessions.select import select_session

    sources = select_session(project, settings, named)
    if sources.events and opening != "review":
        show_first_screen(sources.events[0], project.name)
    from tui.monitor.monitor import SessionMonitor

    clock = SystemClock()
    monitor = SessionMonitor(project, settings, named, clock)
    monitor.set_level(LEVELS[settings.screen.verbosity])
    if not _repair_shown(project, sources):
        threading.Thread(target=_repair_run, args=(project,), daemon=True).start()
    monitor.start()
    try:
        # Textual rounds every paint up to its frame; our own governor bounds how many there are.
        os.environ.setdefault("TEXTUAL_FPS", "250")
        from tui.app import OvernightApp
        from tui.screens.visit import Visit

        visit = Visit(project, clock)
        is_remote = settings.screen.slow_link == "auto" and "SSH_TTY" in os.environ
        slow = slow_link or settings.screen.slow_link == "on" or is_remote
        app = OvernightApp(
            monitor,
            clock,
            slow_link=slow,
            ascii_only=ascii_only or settings.screen.ascii == "on",
            adopt=lambda: _adopt(project),
            opening=opening,
            review_of=review_of,
            notice=notice,
            visit=visit,
        )
        app.run(mouse=settings.screen.mouse)
        visit.record()
    finally:
        monitor.close()
    if app.fault is not None:
        raise app.fault
    return app.return_code or 0


def _repair_shown(project: Path, sources: SessionSources) -> bool:
    """Has the run that is shown supervised again, if a crash left it alone, before anything is said of it."""
    from tui.store.layout import RunDirectory
    from tui.store.runs import is_supervised, read_run_end

    if not sources.run_dir or sources.elsewhere:
        return False
    run = RunDirectory(Path(sources.run_dir))
    if read_run_end(run) is not None or is_supervised(run):
        return False
    from tui.runner import start

    try:
        return start.begin_adoption(project) is not None
    except OvernightError:
        return True  # the screen shows the state as it is


def _repair_run(project: Path) -> None:
    """Gives a run that a crash left without a supervisor one again."""
    try:
        _adopt(project)
    except OvernightError:
        # The screen shows the state as it is; an operation that cannot work says why.
        return


def _adopt(project: Path) -> object:
    """A run that lost its supervisor gets one again."""
    from tui.runner import start

    return start.adopt_run(project)


_TAIL = 192 << 10
_NARROW = 100


def show_first_screen(file: EventFile, project: str) -> None:
    """Paints the newest events of a file; does nothing when that is not possible at once."""
    from tui.system.sanitize import clean_line

    lines = newest_lines(file)
    if not lines:
        return
    width, height = shutil.get_terminal_size()
    left = 0 if width < _NARROW else min(52, max(30, width * 34 // 100))
    top = 3 if left else 4
    room = height - top - 2
    if room < 3:
        return
    from widgets import terminal_guard

    terminal_guard.on_changed()
    # Alternate screen, cleared, no cursor; no wrapping while lines are placed.
    out = ["\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l\x1b[?7l"]
    out.append(f" overnight   {clean_line(project, 60)}   opening")
    for nth, text in enumerate(lines[-room:]):
        out.append(f"\x1b[{top + 1 + nth};{left + 3}H{text[: width - left - 4]}")
    sys.stdout.write("".join([*out, "\x1b[?7h"]))
    sys.stdout.flush()


def newest_lines(file: EventFile) -> list[str]:
    """The newest visible events of a night's file, one line each, oldest first; empty when there are none."""
    from tui.feeds.claude.decoder import ClaudeDecoder
    from tui.monitor.rows.event_rows import row, visibility

    try:
        with regular_file(file.path, follow=True) as (descriptor, status):
            end = file.until or status.st_size
            start = max(file.since, end - _TAIL)
            data = os.pread(descriptor, end - start, start)
    except OSError:
        return []
    if start > file.since:
        data = data[data.find(b"\n") + 1 :]
    events = ClaudeDecoder(file.path).decode(data[: data.rfind(b"\n") + 1], start).events
    texts = []
    for event in [event for event in events if visibility(event) == 1][-200:]:
        drawn = row(event, None, None)
        at = "" if drawn.at is None else format_clock(drawn.at)
        sign = {"error": "✗", "ok": "✓", "warning": "!"}.get(drawn.mark, " ")
        texts.append(f"{at:8} {sign} {drawn.label:<10} {drawn.text}  {drawn.outcome}")
    return texts
