"""A small app round the widgets under test, and ways to read its screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from tui.model.records import LogEntry
from tui.model.rows import EventRow
from widgets import output_guard, themes
from widgets.ink import Line, text_of
from widgets.lists.line_view import LineView
from widgets.paint_governor import PaintGovernor


class Host(App[object]):
    """Shows the widgets that it is given, in the dark theme, behind the guard."""

    def __init__(
        self,
        *children: Widget | Callable[[], Widget],
        theme: str = themes.DARK,
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        themes.register_themes(self)
        self.guard = output_guard.install_guard(self, ascii_only)
        self.theme = theme
        self.children_to_show = children

    def compose(self) -> ComposeResult:
        for child in self.children_to_show:
            yield child if isinstance(child, Widget) else child()


def screen_segments(app: App[object]) -> list[list[Segment]]:
    """What stands on the screen, after all filters."""
    return [list(strip) for strip in app.screen._compositor.render_strips()]


def screen_rows(app: App[object]) -> list[str]:
    """The screen's words, one string a row."""
    return ["".join(segment.text for segment in row) for row in screen_segments(app)]


async def until(
    pilot: Pilot[object], condition: Callable[[], bool], deadline_s: float = 10
) -> None:
    """Let the app run until the condition holds; fails when it does not within the deadline."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        await pilot.pause(0.01)
    await pilot.pause()


def heard(*kinds: type[Message]) -> tuple[list[Message], Callable[[Message], None]]:
    """A list that fills with the messages of these kinds, once each, and the hook that fills it."""
    found: list[Message] = []

    def hook(message: Message) -> None:
        if isinstance(message, kinds) and not any(message is each for each in found):
            found.append(message)

    return found, hook


class Rows:
    """Event rows in memory."""

    def __init__(self, rows: Sequence[EventRow] = (), generation: int = 1) -> None:
        self.rows = list(rows)
        self.generation = generation

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, index: int) -> EventRow:
        return self.rows[index]


class Entries:
    """Log entries in memory."""

    def __init__(self, entries: Sequence[LogEntry] = (), generation: int = 1) -> None:
        self.entries = list(entries)
        self.generation = generation

    def __len__(self) -> int:
        return len(self.entries)

    def entry(self, index: int) -> LogEntry:
        return self.entries[index]


def numbered(count: int) -> Rows:
    """Rows whose text is their number."""
    return Rows([EventRow("tool", float(n), "Bash", f"row {n}") for n in range(count)])


class Counted(LineView):
    """Numbers its rows and counts what it is asked for."""

    drawn: ClassVar[list[int]] = []

    def line(self, index: int, width: int) -> Line:
        self.drawn.append(index)
        return [(f"row {index}", "text")]


def counted(governor: PaintGovernor | None = None) -> Counted:
    Counted.drawn.clear()
    return Counted(governor=governor)


def words(lines: Sequence[Line]) -> list[str]:
    """Drawn rows as text."""
    return [text_of(line).rstrip() for line in lines]
