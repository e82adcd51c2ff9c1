"""The tabs that choose a pane on a narrow screen."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from textual import events
from textual.message import Message

from widgets.ink import Line, Span
from widgets.row_widgets import SingleRow
from widgets.text_cells import cells, visible


class PaneTab(Struct, frozen=True):
    """A pane's number, name and a few words on how it is doing; `key` is shown for the number."""

    number: int
    title: str
    subtitle: str = ""
    key: str = ""


def tab_line(
    tabs: Sequence[PaneTab], current: int, width: int
) -> tuple[Line, list[tuple[int, int]]]:
    """The row, and where each tab begins and ends; subtitles are left out when there is no room."""
    full = sum(cells(tab.title) + cells(tab.subtitle) + 6 for tab in tabs) <= width
    wide = full or sum(cells(tab.title) + 6 for tab in tabs) < width
    gap = " " * (2 if wide else 0)
    line: list[Span] = [(" ", "text")]
    places = []
    at = 1
    for tab in tabs:
        chosen = tab.number == current
        words = visible(f"{tab.title} {tab.subtitle}" if full and tab.subtitle else tab.title)
        line += [
            (f" {tab.key or tab.number} ", "badge" if chosen else "dim"),
            (f" {words}{gap}" if chosen else f"{words}{gap} ", "strong" if chosen else "dim"),
        ]
        size = 3 + cells(words) + 1 + len(gap)
        places.append((at, at + size))
        at += size
    return line, places


class PaneTabs(SingleRow):
    """Draws the tabs; a click on one posts `Chosen`."""

    class Chosen(Message):
        """The person wants this pane."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs: tuple[PaneTab, ...] = ()
        self._current = 0

    def show(self, tabs: Sequence[PaneTab], current: int) -> None:
        """Offer these panes, of which `current` is on the screen."""
        if (tuple(tabs), current) != (self._tabs, self._current):
            self._tabs, self._current = tuple(tabs), current
            self.redraw()

    def spans(self, width: int) -> Line:
        return tab_line(self._tabs, self._current, width)[0]

    def on_click(self, event: events.Click) -> None:
        places = tab_line(self._tabs, self._current, self.size.width)[1]
        for tab, (start, end) in zip(self._tabs, places, strict=True):
            if start <= event.x < end:
                self.post_message(self.Chosen(tab.number))
