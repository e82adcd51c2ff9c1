"""Counts statements that were not checked because nobody could read them."""

from __future__ import annotations

from collections.abc import Callable

from tui.model.events import SourceRef
from tui.model.evidence.claims import UnreadText
from tui.night.review.claims.languages.detect import may_be_foreign
from tui.night.review.claims.languages.foreign import Reader
from tui.night.review.claims.sections import claim_lines


class UnreadCounter:
    """The unread statements of a night, by language, with the place of the first."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, SourceRef | None]] = {}

    def add(
        self, text: str, where: SourceRef | None, is_new: Callable[[str], bool] | None = None
    ) -> None:
        """Those of a text; `is_new` tells of a line whether it counts."""
        if not may_be_foreign(text):
            return
        lines = text.split("\n")
        reader = Reader(text)
        for line in claim_lines(text):
            if is_new is not None and not is_new(lines[line.number - 1]):
                continue
            for language, count in reader.read(line).unread:
                before, place = self._found.get(language, (0, where))
                self._found[language] = (before + count, place)

    def texts(self) -> tuple[UnreadText, ...]:
        """One for each language, the most frequent first."""
        found = sorted(self._found.items(), key=lambda each: -each[1][0])
        return tuple(UnreadText(language, count, place) for language, (count, place) in found)
