from __future__ import annotations

from collections.abc import Sequence

from tests.unit.night.review.review_sample import empty, sample
from tests.widgets.host import words
from widgets.lists.night_table import comparison_rows
from widgets.review.review_view import (
    ReviewRow,
)


def texts(rows: Sequence[ReviewRow]) -> list[str]:
    return words([row.line for row in rows])


def test_nights_are_compared_side_by_side_or_one_below_the_other() -> None:
    first, second = sample(), empty()
    beside = texts(comparison_rows(first, second, 120))
    assert any("tasks done" in row and "4" in row and "−4 !" in row for row in beside)
    stacked = texts(comparison_rows(first, second, 80))
    assert len(stacked) > 1.8 * len(beside)
    assert sum("tasks done" in row for row in stacked) == 2
