"""The review over the real app: of a night made by hand, or of a night that was really played."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.pilot.stage import Noon, Stage, stage
from tests.unit.night.review.review_sample import sample
from tests.unit.night.review.review_sample_night import START
from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import Review
from tui.screens.review.review_screen import ReviewScreen
from tui.screens.review.sources import ReviewSource

CHANGES = RepositoryChanges(
    "base",
    "head",
    files=(
        FileChange(
            "src/sizing.py", "modified", 12, 3, (Hunk(1, 1, ("-a", "+b")),), commit="c0ffee"
        ),
        FileChange("tests/test_old.py", "deleted", 0, 44),
        FileChange("assets/logo.png", "added", binary=True, size=9_000),
    ),
)


@dataclass(frozen=True)
class SampleSource(ReviewSource):
    """Gives a review made by hand instead of one that is worked out."""

    make: Callable[[], Review] = sample

    def review(self, run: str | None) -> Review:
        made = self.known[run] = self.make()
        return made

    def changes(self, review: Review) -> RepositoryChanges:
        return CHANGES


def source_of(s: Stage, make: Callable[[], Review] = sample) -> SampleSource:
    """What the screens of the review are given, over the stage's project."""
    known = s.main.reviews
    return SampleSource(
        known.project, known.settings, known.named, known.clock, known.operations, make=make
    )


class ReviewStage(Stage):
    """A stage with the review on top."""

    @property
    def screen(self) -> ReviewScreen:
        found = self.app.screen
        assert isinstance(found, ReviewScreen)
        return found


@asynccontextmanager
async def reviewed(
    project: Path, size: tuple[int, int] = (80, 24), make: Callable[[], Review] = sample
) -> AsyncIterator[ReviewStage]:
    """The review of a night made by hand, over a real project."""
    async with stage(project, size, clock=Noon(START + 600.0)) as s:
        await s.until(lambda: s.watch.night is not None)
        screen = ReviewScreen(source_of(s, make), reveal_place=s.main.time_travel.reveal_place)
        await s.app.push_screen(screen)
        on_top = ReviewStage(s.app, s.pilot, s.watch)
        await on_top.until(lambda: screen.review is not None)
        yield on_top
