"""Sources panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.model.records import SourceStatus
from tui.system.format import format_age, format_number, format_size
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span
from widgets.line_layout import wrap
from widgets.paint_governor import PaintGovernor
from widgets.text.documents import DocumentView, LaidOutDocument
from widgets.text_cells import clip, clip_start, pad, visible


def _state_span(feed: SourceStatus) -> Span:
    signs = glyphs()
    looks: dict[str, tuple[str, Role]] = {
        "following": (signs.working, "ok"),
        "missing": (signs.none, "dim"),
        "unreadable": (signs.error, "error"),
        "off": (signs.none, "faint"),
        "folding": (signs.running, "running"),
    }
    sign, role = looks[feed.state]
    words = f"folding {100 * feed.progress:.0f}%" if feed.state == "folding" else feed.state
    return f"{sign} {words}", role


def source_rows(feed: SourceStatus, width: int, now: float) -> list[Line]:
    """A feed in two or three rows: its state and figures, its path, and why this one."""
    state, role = _state_span(feed)
    figures = []
    if feed.lines:
        figures.append(f"{format_number(feed.lines)} lines")
    if feed.size:
        figures.append(format_size(feed.size))
    if feed.changed_at is not None:
        old = format_age(now - feed.changed_at)
        figures.append("changed now" if old == "now" else f"changed {old} ago")
    head: list[Span] = [(pad(visible(feed.name), 14), "strong"), (pad(state, 15), role)]
    head.append((clip("  ".join(figures), max(0, width - 30)), "dim"))
    if feed.malformed:
        head.append((f"  {glyphs().warning} {format_number(feed.malformed)} malformed", "warning"))
    rows: list[Line] = [head]
    if feed.path:
        rows.append([("  ", "text"), (clip_start(visible(feed.path), width - 2), "text")])
    for words, style in ((feed.chosen, "dim"), (feed.why, "dim")):
        if words:
            wrapped = wrap([(visible(words), "dim" if style == "dim" else "text")], width - 2)
            rows.extend([("  ", "text"), *row] for row in wrapped[:3])
    return rows


class SourcesPanel(DocumentView):
    """Shows `FeedState`s, one below the other."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        governor: PaintGovernor | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(governor=governor, placeholder="no source is being read", id=id)
        self._now = now
        self._sources: tuple[SourceStatus, ...] = ()

    def show(self, feeds: Sequence[SourceStatus]) -> None:
        """Show the feeds as they are now."""
        self._sources = tuple(feeds)
        self.set_document(LaidOutDocument(self._rows) if feeds else None, keep_place=True)

    def _rows(self, width: int) -> list[Line]:
        rows: list[Line] = []
        for feed in self._sources:
            if rows:
                rows.append([])
            rows.extend(source_rows(feed, width, self._now()))
        return rows
