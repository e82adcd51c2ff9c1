from __future__ import annotations

from collections.abc import Sequence

from tests.unit.night.review.review_sample import empty, sample
from tests.widgets.host import words
from tui.model.review import Review
from widgets.ink import text_of
from widgets.review.review_page import page_rows, top_rows
from widgets.review.review_view import (
    EvidenceTarget,
    ReviewRow,
    SectionTarget,
)


def texts(rows: Sequence[ReviewRow]) -> list[str]:
    return words([row.line for row in rows])


def test_the_page_says_everything_at_the_top() -> None:
    top = "\n".join(texts(top_rows(sample(), 79)))
    for said in (
        "! LOOK", "2 of 9 claims have nothing", "The cost limit of $20.00", "9 of 11 done, 4 in",
        "2 open · 1 added · 1 removed", "3: +1,408 −120 lines in 14 files", "✓ green 41 passed",
        "3 edits after it", "1 verified, 1 partial, 2 unverified · risks 6, 3 high",
        "8h05m: working 4h38m", "limited 40m", "≈$19.15 estimate", "$4.79/task", "wasted ≈$2.63",
        "3: 1 helped · 1 did not help · 1 unclear", "1 ✗ A test was deleted",
    ):  # fmt: skip
        assert said in top, said


def test_the_top_of_the_page_fits_an_ordinary_terminal() -> None:
    """Twenty rows are left of twenty-four for the page, with seven things to look at."""
    review = sample()
    from msgspec.structs import replace

    seven = replace(review, attention=(review.attention * 2)[:7])
    assert len(top_rows(seven, 79)) <= 21
    assert sum(1 for row in top_rows(seven, 79) if row.name.startswith("first-")) == 7


def page(review: Review, width: int = 79) -> Sequence[ReviewRow]:
    return page_rows(review, width)


def test_the_verdict_speaks_without_colour() -> None:
    from msgspec.structs import replace

    for verdict, said in (("keep", "✓ KEEP"), ("look", "! LOOK"), ("discard", "✗ DISCARD")):
        review = replace(sample(), verdict=verdict)
        assert said in text_of(page(review)[0].line)


def test_every_figure_leads_on() -> None:
    rows = {row.name: row for row in page(sample()) if row.name}
    assert rows["tasks"].target == SectionTarget("tasks")
    assert rows["commits"].target == SectionTarget("points")
    assert rows["tests"].target == EvidenceTarget(sample().tests.runs[-1].ref)
    assert rows["ended"].target == EvidenceTarget(sample().ending.ref)  # type: ignore[arg-type]
    assert rows["first-1"].target == EvidenceTarget(sample().attention[0].where)  # type: ignore[arg-type]
    assert rows["cost"].target == SectionTarget("page", "cost-0") and "cost-0" in rows
    assert (
        rows["stepped in"].target == SectionTarget("page", "intervention-0")
        and "intervention-0" in rows
    )


def test_an_empty_night_is_said_calmly() -> None:
    said = "\n".join(texts(page(empty())))
    for words_of in (
        "Nothing was recorded.",
        "no progress file tells of tasks",
        "no test run was seen",
        "nothing asks for a look",
        "nobody stepped in",
        "unknown",
    ):
        assert words_of in said, words_of
