"""The bottom row with the keys that matter."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from textual import events
from textual.message import Message
from textual.reactive import reactive

from widgets.glyphs import glyphs
from widgets.ink import Line, Span
from widgets.row_widgets import SingleRow
from widgets.text_cells import cells, visible


class KeyBarItem(Struct, frozen=True):
    """A key and its word; `rank` 0 is never left out, higher ranks go first when it is narrow.

    `right` puts it at the right edge; `gap` draws a divider before it.
    """

    key: str
    label: str
    action: str = ""
    enabled: bool = True
    reason: str = ""
    rank: int = 1
    right: bool = False
    gap: bool = False


def _item_width(item: KeyBarItem, first: bool) -> int:
    words = cells(visible(item.key)) + (1 + cells(visible(item.label)) if item.label else 0)
    return words + (0 if first else (3 if item.gap else 2))


def fitting_items(items: Sequence[KeyBarItem], width: int) -> list[KeyBarItem]:
    """The items that fit in `width` columns; the highest rank, and of it the last, goes first."""
    kept = list(items)

    def taken() -> int:
        return sum(_item_width(item, nth == 0) for nth, item in enumerate(kept)) + 2

    while kept and taken() > width:
        last = max(range(len(kept)), key=lambda n: (kept[n].rank, n))
        if kept[last].rank == 0 and len(kept) == 1:
            break
        del kept[last]
    return kept


def _item_spans(item: KeyBarItem) -> tuple[list[Span], int]:
    """The item's key and word, and how many columns they take."""
    key, label = visible(item.key), visible(item.label)
    spans: list[Span] = [(key, "accent" if item.enabled else "faint")]
    if not label:
        return spans, cells(key)
    spans.append((" " + label, "text" if item.enabled else "faint"))
    return spans, cells(key) + 1 + cells(label)


def key_bar_line(items: Sequence[KeyBarItem], width: int) -> tuple[Line, list[tuple[int, int]]]:
    """The row, and for each item that is drawn where it begins and ends; (-1, -1) where not."""
    kept = fitting_items(items, width)
    places: dict[int, tuple[int, int]] = {}
    out: list[Span] = [(" ", "text")]
    at = 1
    rights = [item for item in kept if item.right]
    for item in sorted(kept, key=lambda item: item.right):
        lead = 0 if at == 1 else (3 if item.gap else 2)
        if rights and item is rights[0]:
            rest = sum(_item_width(each, nth == 0) for nth, each in enumerate(rights))
            lead = max(lead, width - 1 - rest - at)
        if item.gap and lead >= 3:
            out.append((" " * (lead - 2) + glyphs().branch + " ", "faint"))
        else:
            out.append((" " * lead, "text"))
        at += lead
        spans, size = _item_spans(item)
        out.extend(spans)
        places[items.index(item)] = (at, at + size)
        at += size
    return out, [places.get(nth, (-1, -1)) for nth in range(len(items))]


class KeyBar(SingleRow):
    """Draws `KeyBarItem`s; a click on one posts `Pressed`, on a dimmed one too."""

    DEFAULT_CSS = "KeyBar { background: $surface; dock: bottom; }"

    items: reactive[tuple[KeyBarItem, ...]] = reactive((), repaint=False, init=False)

    class Pressed(Message):
        """The person clicked an item."""

        def __init__(self, item: KeyBarItem) -> None:
            super().__init__()
            self.item = item

    def __init__(self, items: Sequence[KeyBarItem] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(KeyBar.items, tuple(items))

    def show(self, items: Sequence[KeyBarItem]) -> None:
        """Offer these from now on."""
        self.items = tuple(items)

    watch_items = SingleRow.redraw

    def spans(self, width: int) -> Line:
        return key_bar_line(self.items, width)[0]

    def on_click(self, event: events.Click) -> None:
        for item, (start, end) in zip(
            self.items, key_bar_line(self.items, self.size.width)[1], strict=True
        ):
            if start <= event.x < end:
                self.post_message(self.Pressed(item))
