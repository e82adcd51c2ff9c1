"""The tabs that choose a pane on a narrow screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct
from textual.message import Message

from widgets.ink import Span
from widgets.row_widgets import ItemRow
from widgets.text_cells import cells, visible


class PaneTab(Struct, frozen=True):
    """A pane's number, name and a few words on how it is doing; `key` is shown for the number."""

    number: int
    title: str
    subtitle: str = ""
    key: str = ""


class PaneTabs(ItemRow[PaneTab]):
    """Draws the tabs; a click on one posts `Chosen`. Without room for all subtitles there is none."""

    _tabs: tuple[PaneTab, ...] = ()
    _current = 0

    @dataclass
    class Chosen(Message):
        """The person wants this pane."""

        number: int

    def show(self, tabs: Sequence[PaneTab], current: int) -> None:
        """Offer these panes, of which `current` is on the screen."""
        self._tabs, self._current = tuple(tabs), current
        self.redraw()

    def parts(self, width: int) -> Iterator[tuple[list[Span], PaneTab | None]]:
        bare = sum(cells(tab.title) + 6 for tab in self._tabs)
        full = bare + sum(cells(tab.subtitle) for tab in self._tabs) <= width
        gap = "  " if full or bare < width else ""
        yield [(" ", "text")], None
        for tab in self._tabs:
            chosen = tab.number == self._current
            words = visible(f"{tab.title} {tab.subtitle}" if full and tab.subtitle else tab.title)
            yield (
                [
                    (f" {tab.key or tab.number} ", "badge" if chosen else "dim"),
                    (
                        f" {words}{gap}" if chosen else f"{words}{gap} ",
                        "strong" if chosen else "dim",
                    ),
                ],
                tab,
            )

    def item_clicked(self, item: PaneTab) -> None:
        self.post_message(self.Chosen(item.number))
