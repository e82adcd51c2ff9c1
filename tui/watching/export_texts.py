"""An export as text, in the format that a person asked for or that a file's name tells."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final, Literal

from tui.errors import NoSessionError, UsageError

if TYPE_CHECKING:
    from tui.night.review.export import Export

Format = Literal["markdown", "html", "svg", "json"]

ENDINGS: Final[dict[str, Format]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".json": "json",
}


def format_of(word: str) -> Format:
    """The format by the ending of a file's name; UsageError for one that tells none."""
    found = ENDINGS.get(PurePath(word).suffix.lower())
    if found is None:
        raise UsageError(f"{word} tells no format; end it in .md, .html, .svg or .json")
    return found


def text_of(export: Export, format: Format) -> str:
    """The export in this format; NoSessionError where nothing tells the times that svg draws."""
    if format == "html":
        from tui.night.review.html import html

        return html(export)
    if format == "markdown":
        from tui.night.review.markdown import markdown

        return markdown(export)
    if format == "json":
        from tui.night.review.embedded import json_text

        return json_text(export)
    return _svg(export)


def _svg(export: Export) -> str:
    from tui.night.review.strip_svg import strip_svg
    from tui.night.review.wording import ExportTimeZone

    drawn = strip_svg(export.review.timeline, export.review.time, zone=ExportTimeZone(export.zone_s))
    if not drawn:
        raise NoSessionError("nothing tells when this night was; there is no strip to draw")
    return drawn
