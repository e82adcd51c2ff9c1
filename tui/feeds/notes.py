"""Session notes: the agent's own Markdown, cleaned and capped."""

from __future__ import annotations

from tui.records import SessionNotes
from tui.system.sanitize import clean

SHOWN_BYTES = 256 * 1024


def read_notes(data: bytes, source: str, at: float | None) -> SessionNotes:
    """The notes as text that is safe to render; beyond 256 KiB the end is left out and said so."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    text = data[:SHOWN_BYTES].decode("utf-8", "ignore" if len(data) > SHOWN_BYTES else "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(data) > SHOWN_BYTES:
        text += f"\n\n[… {len(data) - SHOWN_BYTES:,} bytes left out …]\n"
    return SessionNotes(source, at, clean(text))
