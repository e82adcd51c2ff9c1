"""Exports of the sample reviews, as the commands would make them."""

from __future__ import annotations

from tests.unit.night.review.review_sample_night import EVENTS, PROGRESS
from tui.model.review import Review
from tui.night.review.export.redacted import Export, ExportSource

SOURCES = (
    ExportSource("event stream", EVENTS, 4_812_211, "ab12" * 16),
    ExportSource("progress file", PROGRESS, 1_204, "cd34" * 16),
)


def export_of(review: Review, zone_s: int = 3_600) -> Export:
    """An export of a review with two sources, its figures left out."""
    return Export(review, SOURCES, review.night.now, "1.2.3", zone_s, {"schema": 1, "verdict": "x"})
