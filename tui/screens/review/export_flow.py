"""Writes the review to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.model.review import Review
from tui.screens.operations.background import BackgroundTasks
from tui.screens.review.sources import ReviewSource
from tui.system.format import format_local
from widgets.output_guard import show_toast

if TYPE_CHECKING:
    from textual.app import App

    from widgets.dialogs.button_row import DialogAnswer


_RECEIPT_S = 8.0


class ExportFlow:
    """Asks where to, asks again before a file is replaced, and writes without secrets."""

    def __init__(self, app: App[Any], source: ReviewSource, aside: BackgroundTasks) -> None:
        self._app = app
        self._source = source
        self._aside = aside

    def export(self, review: Review, run: str | None) -> None:
        """Asks for the file and writes it."""
        from widgets.dialogs.button_row import Choice
        from widgets.dialogs.text_dialogs import LineDialog

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                self._look(review, run, answer.text.strip())

        lines = [
            "The review as a file, without secrets and without names of people and machines.",
            "Its ending says what it is: .md, .html, .svg (the strip) or .json.",
        ]
        name = file_name(review, self._source.project)
        self._app.push_screen(LineDialog("Export", lines, name, Choice("write", "Write")), decided)

    def _look(self, review: Review, run: str | None, word: str) -> None:
        """Asks once more where something would be replaced."""
        from widgets.dialogs.button_row import Choice
        from widgets.dialogs.dialog import PlanDialog

        if not Path(word).expanduser().is_file():
            self._write(review, run, word)
            return

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                self._write(review, run, word)

        replace = Choice("replace", "Replace it", danger=True)
        lines = [f"{word} is there already; it would be replaced."]
        self._app.push_screen(PlanDialog("Export", lines, [replace]), decided)

    def _write(self, review: Review, run: str | None, word: str) -> None:
        def written(path: Path) -> None:
            show_toast(self._app, f"wrote {path}", timeout=_RECEIPT_S)

        self._aside.run("notes", lambda: self._source.export(review, run, word), written)


def file_name(review: Review, project: Path) -> str:
    """A name to start from, outside the repository so that no agent commits it."""
    began = review.night.run.started_at or review.night.now
    name = "".join(one if one.isalnum() or one in "-_." else "-" for one in project.name)
    return f"~/{name}-{format_local(began, '%Y-%m-%d')}.md"
