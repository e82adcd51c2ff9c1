"""Every detector has a name for people, what it looks for, and what would clear it."""

from __future__ import annotations

from tui.model.labels import DETECTORS
from tui.model.stall import DetectorName


def test_every_detector_is_named_and_explained_in_the_order_of_the_enum() -> None:
    assert list(DETECTORS) == list(DetectorName)


def test_the_words_fit_where_they_are_put() -> None:
    for words in DETECTORS.values():
        assert words.looks_for[0].isupper() and words.looks_for.endswith(".")
        assert words.cleared_by[0].islower() and not words.cleared_by.endswith(".")
        assert words.title[0].islower() and len(words.title) <= 32
    titles = [words.title for words in DETECTORS.values()]
    assert len(set(titles)) == len(titles)
