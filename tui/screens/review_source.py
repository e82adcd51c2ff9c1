"""What the screens of the review are given: how a review is made, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tui.changes import RepositoryChanges
from tui.clock import Clock
from tui.control.deeds import Operations
from tui.feeds.discovery import NamedSources
from tui.night.review.model import Review
from tui.settings import Settings


@dataclass(frozen=True)
class ReviewSource:
    """Where reviews of a project come from; `named` are the sources that were named by hand.

    `deeds` carries out what a person decides. Nothing here is quick: call it in a worker.
    """

    project: Path
    settings: Settings
    named: NamedSources
    clock: Clock
    deeds: Callable[[], Operations]
    known: dict[str | None, Review] = field(default_factory=dict)
    """Reviews made so far, by run; one of a night that goes on is old the moment it is made."""

    def review(self, run: str | None) -> Review:
        """The review of a run of ours, of the session that is watched if none is given."""
        from tui.watching.reviewing import load_review

        made = self.known[run] = load_review(
            self.project, self.settings, self.named, self.clock, run
        )
        return made

    def changes(self, review: Review) -> RepositoryChanges:
        """What the night changed in the repository, file by file."""
        from tui.feeds import night_diff

        began, ended = review.night.run.started_at, review.night.run.ended_at
        if review.ending.kind == "open":
            ended = None
        return night_diff.read(self.project, review.base or None, began, ended)

    def export(self, review: Review, run: str | None, word: str) -> Path:
        """Writes the review to the file that `word` names, in the format of its ending."""
        from tui.watching.export_file import write_export
        from tui.watching.export_texts import format_of, text_of
        from tui.watching.exporting import export_found

        format = format_of(word)
        made = export_found(
            review, self.project, self.settings, self.named, run, keep_places=format == "json"
        )
        return write_export(word, text_of(made, format))
