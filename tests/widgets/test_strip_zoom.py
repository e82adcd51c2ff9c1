"""A part of the night over all columns."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.review.review_sample import sample
from tests.unit.night.review.review_sample_night import at
from tui.model.timeline import Timeline
from widgets.status.timeline_bar import MAX_ZOOM, zoom

LINE = sample().timeline


def poured(shown: Timeline) -> float:
    buckets = sum(second for bucket in shown.buckets for second in bucket.seconds)
    return buckets + sum(gap.end - gap.start for gap in shown.gaps)


def test_no_zoom_is_the_whole_night() -> None:
    assert zoom(LINE, 0, at(30)) is LINE


def test_a_zoom_holds_its_moment_and_what_happened_round_it() -> None:
    shown = zoom(LINE, 2, at(430))
    assert shown.start is not None and shown.end is not None
    assert shown.start <= at(430) <= shown.end
    assert [mark.kind for mark in shown.marks] == ["rewind", "error", "green", "end"]


@settings(deadline=None)
@given(st.integers(1, MAX_ZOOM), st.floats(-100, 700))
def test_any_part_lies_in_the_night_and_pours_no_more_than_its_length(
    level: int, minute: float
) -> None:
    shown = zoom(LINE, level, at(minute))
    assert shown.start is not None and shown.end is not None
    assert LINE.start is not None and LINE.end is not None
    assert LINE.start <= shown.start < shown.end <= LINE.end
    assert poured(shown) <= shown.end - shown.start + 1
    assert all(shown.start <= mark.at <= shown.end for mark in shown.marks)
