"""Writes the review to a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.model.review import Review
from tui.screens.operations.background import BackgroundTasks
from tui.screens.review.sources import ReviewSource
from tui.system.format import format_local
from widgets.dialogs.dialog import ask
from widgets.output_guard import show_toast

if TYPE_CHECKING:
    from textual.app import App

    from widgets.dialogs.dialog import DialogAnswer

_TOAST_S = 8.0


@dataclass(frozen=True)
class ExportFlow:
    """Asks where to, asks again before a file is replaced, and writes without secrets."""

    app: App[Any]
    source: ReviewSource
    review: Review
    run: str | None

    def export(self) -> None:
        """Asks for the file and writes it."""
        from widgets.dialogs.dialog import Choice
        from widgets.dialogs.text_dialogs import LineDialog

        lines = [
            "The review as a file, without secrets and without names of people and machines.",
            "Its ending says what it is: .md, .html, .svg (the strip) or .json.",
        ]
        dialog = LineDialog("Export", lines, self._suggested_name(), Choice("write", "Write"))
        ask(self.app, dialog, self._confirm)

    def _suggested_name(self) -> str:
        # Outside the repository, so that no agent commits it.
        night = self.review.night
        project = self.source.project.name
        name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in project)
        return f"~/{name}-{format_local(night.run.started_at or night.now, '%Y-%m-%d')}.md"

    def _confirm(self, answer: DialogAnswer) -> None:
        from widgets.dialogs.dialog import Choice, Dialog

        name = answer.text.strip()
        if not Path(name).expanduser().is_file():
            self._write(name)
            return
        lines = [f"{name} is there already; it would be replaced."]
        dialog = Dialog("Export", lines, [Choice("replace", "Replace it", danger=True)])
        ask(self.app, dialog, lambda _: self._write(name))

    def _write(self, name: str) -> None:
        BackgroundTasks(self.app).run(
            "notes",
            lambda: self.source.export(self.review, self.run, name),
            lambda path: show_toast(self.app, f"wrote {path}", timeout=_TOAST_S),
        )
