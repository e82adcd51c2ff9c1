"""The bottom row with the keys that matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct
from textual.message import Message
from textual.reactive import reactive

from widgets.glyphs import glyphs
from widgets.ink import Span, width_of
from widgets.row_widgets import ItemRow, SingleRow
from widgets.text_cells import visible


class KeyBarItem(Struct, frozen=True):
    """A key and its word; `rank` 0 is never left out, higher ranks go first when it is narrow.

    `right` puts it at the right edge; `gap` draws a divider before it.
    """

    key: str
    label: str
    action: str = ""
    enabled: bool = True
    rank: int = 1
    right: bool = False
    gap: bool = False


def _item_spans(item: KeyBarItem) -> list[Span]:
    spans: list[Span] = [(visible(item.key), "accent" if item.enabled else "faint")]
    if item.label:
        spans.append((" " + visible(item.label), "text" if item.enabled else "faint"))
    return spans


def _items_width(items: Sequence[KeyBarItem]) -> int:
    gaps = sum(3 if item.gap else 2 for item in items[1:])
    return gaps + sum(width_of(_item_spans(item)) for item in items)


def fitting_items(items: Sequence[KeyBarItem], width: int) -> list[KeyBarItem]:
    """The items that fit in `width` columns; the highest rank, and of it the last, goes first."""
    kept = list(items)
    while kept and _items_width(kept) + 2 > width:
        last = max(range(len(kept)), key=lambda n: (kept[n].rank, n))
        if kept[last].rank == 0 and len(kept) == 1:
            break
        del kept[last]
    return kept


def key_bar_parts(
    items: Sequence[KeyBarItem], width: int
) -> Iterator[tuple[list[Span], KeyBarItem | None]]:
    """The row from left to right; what belongs to no item are the gaps between them."""
    kept = fitting_items(items, width)
    rights = [item for item in kept if item.right]
    yield [(" ", "text")], None
    at = 1
    for item in sorted(kept, key=lambda item: item.right):
        lead = 0 if at == 1 else (3 if item.gap else 2)
        if rights and item is rights[0]:
            lead = max(lead, width - 1 - _items_width(rights) - at)
        if item.gap and lead >= 3:
            yield [(" " * (lead - 2) + glyphs().branch + " ", "faint")], None
        else:
            yield [(" " * lead, "text")], None
        spans = _item_spans(item)
        yield spans, item
        at += lead + width_of(spans)


class KeyBar(ItemRow[KeyBarItem]):
    """Draws `KeyBarItem`s; a click on one posts `Pressed`, on a dimmed one too."""

    DEFAULT_CSS = "KeyBar { background: $surface; dock: bottom; }"

    items: reactive[tuple[KeyBarItem, ...]] = reactive((), repaint=False, init=False)

    @dataclass
    class Pressed(Message):
        """The person clicked an item."""

        item: KeyBarItem

    def __init__(self, items: Sequence[KeyBarItem] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(KeyBar.items, tuple(items))

    watch_items = SingleRow.redraw

    def parts(self, width: int) -> Iterator[tuple[list[Span], KeyBarItem | None]]:
        return key_bar_parts(self.items, width)

    def item_clicked(self, item: KeyBarItem) -> None:
        self.post_message(self.Pressed(item))
