"""The page of sources."""

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


def _state_span(source: SourceStatus) -> Span:
    signs = glyphs()
    spans: dict[str, tuple[str, Role]] = {
        "following": (signs.working, "ok"),
        "missing": (signs.none, "dim"),
        "unreadable": (signs.error, "error"),
        "off": (signs.none, "faint"),
        "folding": (signs.running, "running"),
    }
    sign, role = spans[source.state]
    words = f"folding {100 * source.progress:.0f}%" if source.state == "folding" else source.state
    return f"{sign} {words}", role


def source_rows(source: SourceStatus, width: int, now: float) -> list[Line]:
    """A source in two or three rows: its state and figures, its path, and why this one."""
    state, role = _state_span(source)
    figures = []
    if source.lines:
        figures.append(f"{format_number(source.lines)} lines")
    if source.size:
        figures.append(format_size(source.size))
    if source.changed_at is not None:
        old = format_age(now - source.changed_at)
        figures.append("changed now" if old == "now" else f"changed {old} ago")
    head: list[Span] = [(pad(visible(source.name), 14), "strong"), (pad(state, 15), role)]
    head.append((clip("  ".join(figures), max(0, width - 30)), "dim"))
    if source.malformed:
        head.append(
            (f"  {glyphs().warning} {format_number(source.malformed)} malformed", "warning")
        )
    rows: list[Line] = [head]
    if source.path:
        rows.append([("  ", "text"), (clip_start(visible(source.path), width - 2), "text")])
    for words, style in ((source.chosen, "dim"), (source.why, "dim")):
        if words:
            wrapped = wrap([(visible(words), "dim" if style == "dim" else "text")], width - 2)
            rows.extend([("  ", "text"), *row] for row in wrapped[:3])
    return rows


class SourcesPanel(DocumentView):
    """Shows sources, one below the other."""

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

    def show(self, sources: Sequence[SourceStatus]) -> None:
        """Show the sources as they are now."""
        self._sources = tuple(sources)
        self.set_document(LaidOutDocument(self._rows) if sources else None, keep_place=True)

    def _rows(self, width: int) -> list[Line]:
        rows: list[Line] = []
        for source in self._sources:
            if rows:
                rows.append([])
            rows.extend(source_rows(source, width, self._now()))
        return rows
