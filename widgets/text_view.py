"""The notes pane's content: Markdown or plain words."""

from __future__ import annotations

from typing import Final

from widgets.document_view import DocumentView
from widgets.documents import RowDocument, LaidOutDocument, WrappedText
from widgets.markdown import markdown_rows

LAID_OUT: Final = 200_000
"""Characters of Markdown laid out as a whole; a longer text is shown line by line."""


def markdown_document(text: str) -> RowDocument:
    """Markdown as a document; a text too long to lay out at once is shown as it was written."""
    if len(text) > LAID_OUT:
        return WrappedText(text)
    return LaidOutDocument(lambda width: markdown_rows(text, width))


class NotesView(DocumentView):
    """Shows notes; the same words again change nothing, other words keep the place."""

    _shown: tuple[str, bool] = ("", False)

    def show_markdown(self, text: str) -> None:
        """Show Markdown."""
        self._show(text, True)

    def show_text(self, text: str) -> None:
        """Show words as they are."""
        self._show(text, False)

    def _show(self, text: str, markdown: bool) -> None:
        if (text, markdown) == self._shown:
            return
        self._shown = (text, markdown)
        if not text.strip():
            self.set_document(None)
        else:
            document = markdown_document(text) if markdown else WrappedText(text)
            self.set_document(document, keep_place=True)
