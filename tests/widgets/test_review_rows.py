"""The page and the lists of the review: what stands in their rows and where they lead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.review.review_sample import HOSTILE, empty, hostile, sample
from tests.unit.night.review.review_sample_night import at
from tests.widgets.host import Host, screen_rows, until, words
from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import Review
from widgets.ink import text_of
from widgets.review import review_lists
from widgets.review.comparison import comparison_rows
from widgets.review.review_page import ReviewPageRows
from widgets.review.review_view import (
    CommitTarget,
    DiffTarget,
    EvidenceTarget,
    FileTarget,
    PointTarget,
    ReviewRow,
    ReviewView,
    SectionTarget,
    SentenceTarget,
    TextTarget,
)
from widgets.text_cells import UNSAFE, visible

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


def page(review: Review, width: int = 79) -> Sequence[ReviewRow]:
    return ReviewPageRows(review)(width)


def texts(rows: Sequence[ReviewRow]) -> list[str]:
    return words([row.line for row in rows])


def lists(review: Review) -> list[Callable[[int], Sequence[ReviewRow]]]:
    return [
        ReviewPageRows(review),
        partial(review_lists.claim_rows, review),
        partial(review_lists.risk_rows, review),
        partial(review_lists.moment_rows, review),
        partial(review_lists.task_rows, review),
        partial(review_lists.point_rows, review, frozenset()),
        partial(review_lists.file_rows, CHANGES, frozenset()),
        partial(comparison_rows, review, review),
    ]


# --- the page ---


def test_the_page_says_everything_at_the_top() -> None:
    top = "\n".join(texts(ReviewPageRows(sample()).top(79)))
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
    assert len(ReviewPageRows(seven).top(79)) <= 21
    assert sum(1 for row in ReviewPageRows(seven).top(79) if row.name.startswith("first-")) == 7


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
    assert rows["stepped in"].target == SectionTarget("page", "deed-0") and "deed-0" in rows


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


# --- the lists ---


def test_claims_have_three_words_and_their_reason() -> None:
    said = "\n".join(texts(review_lists.claim_rows(sample(), 79)))
    assert "? unverified  “All 212 tests pass”" in said
    assert "✓ verified" in said and "≈ partial" in said
    assert "no run with 212 tests was seen" in said
    wide = texts(review_lists.claim_rows(sample(), 140))
    assert len(wide) == 4 and "no run with 212 tests was seen" in wide[0]


def test_risks_come_with_the_gravest_first_and_lead_to_their_hunk() -> None:
    rows = review_lists.risk_rows(sample(), 79)
    assert [text_of(row.line)[1] for row in rows] == list("✗✗✗!!·")
    assert isinstance(rows[0].target, DiffTarget) and "assert" in rows[0].target.hunk.lines[1]
    assert isinstance(rows[1].target, EvidenceTarget)
    assert isinstance(rows[5].target, SentenceTarget), (
        "a risk without a call or hunk says what it is"
    )


def test_the_timeline_marks_what_is_new_since_the_last_look() -> None:
    said = texts(review_lists.moment_rows(sample(), 79))
    place = next(nth for nth, row in enumerate(said) if "since you last looked, 01:00" in row)
    assert all(not row.startswith("•") for row in said[:place])
    assert all(row.startswith("•") for row in said[place + 1 :])
    assert place == 5


def test_points_tell_tests_and_what_first_turned_red() -> None:
    rows = review_lists.point_rows(sample(), frozenset(), 79)
    said = texts(rows)
    assert "c1" in said[0] and "· none" in said[0]
    assert "3f2a1b0" in said[1] and "✗ red" in said[1] and "+180 −12" in said[1]
    assert "first red after it: tests at 23:30: 3 failed" in said[2]
    assert rows[0].target == PointTarget("c1") and isinstance(rows[1].target, CommitTarget)
    assert not rows[0].mark and rows[1].mark, "commits can be taken to a branch, checkpoints not"
    marked = review_lists.point_rows(sample(), {rows[1].mark}, 79)
    assert "[✓]" in text_of(marked[1].line) and "[ ]" in text_of(rows[1].line)


def test_files_and_tasks_lead_to_their_place() -> None:
    rows = review_lists.file_rows(CHANGES, frozenset(), 79)
    assert rows[0].target == FileTarget("src/sizing.py") and "+12 −3" in text_of(rows[0].line)
    assert "binary" in text_of(rows[2].line) and "not committed" in text_of(rows[1].line)
    tasks = review_lists.task_rows(sample(), 79)
    assert (
        isinstance(tasks[1].target, TextTarget)
        and tasks[1].target.words == "Parameter optimisation"
    )


def test_nights_are_compared_side_by_side_or_one_below_the_other() -> None:
    first, second = sample(), empty()
    beside = texts(comparison_rows(first, second, 120))
    assert any("tasks done" in row and "4" in row and "−4 !" in row for row in beside)
    stacked = texts(comparison_rows(first, second, 80))
    assert len(stacked) > 1.8 * len(beside)
    assert sum("tasks done" in row for row in stacked) == 2


# --- whatever stands in them ---


@pytest.mark.parametrize("width", [20, 40, 59, 79, 120, 200])
def test_hostile_words_stay_in_their_row(width: int) -> None:
    for build in lists(hostile()):
        for row in build(width):
            drawn = visible(text_of(row.line))
            assert "\n" not in drawn and UNSAFE.search(drawn) is None


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 220), st.sampled_from([sample, hostile, empty]))
def test_no_width_is_too_small(width: int, make: Callable[[], Review]) -> None:
    for build in lists(make()):
        build(width)


async def test_the_screen_shows_hostile_words_as_words() -> None:
    view = ReviewView()
    app = Host(view)
    async with app.run_test(size=(80, 40)) as pilot:
        for build in lists(hostile()):
            view.show(build)
            await pilot.pause(0.02)
            assert all(len(row) <= 80 for row in screen_rows(app))
            shown = "\n".join(screen_rows(app))
            assert UNSAFE.search(shown.replace("\n", "")) is None
        assert "<script>" in "\n".join(screen_rows(app)) and "<script>" in HOSTILE


# --- moving ---


async def test_the_cursor_stands_only_on_rows_that_lead_somewhere() -> None:
    view = ReviewView()
    app = Host(view)
    async with app.run_test(size=(80, 12)) as pilot:
        view.show(ReviewPageRows(sample()))
        view.focus()
        await pilot.pause()
        seen = {view.cursor}
        for _ in range(60):
            await pilot.press("j")
            seen.add(view.cursor)
        leading = {nth for nth, row in enumerate(view.rows) if row.target is not None}
        assert seen == leading
        await pilot.press("g")
        assert view.cursor == min(leading) and view.top == 0
        await pilot.press("G")
        assert view.cursor == max(leading)
        for _ in range(60):
            await pilot.press("k")
        assert view.cursor == min(leading) and view.top == 0


async def test_a_resize_keeps_the_row() -> None:
    view = ReviewView()
    app = Host(view)
    async with app.run_test(size=(80, 24)) as pilot:
        view.show(ReviewPageRows(sample()))
        await pilot.pause()
        found = view.index_of("first-3")
        assert found is not None
        view.go_to_name("first-3")
        await pilot.resize_terminal(44, 24)
        await until(pilot, lambda: view.row is not None and view.row.name == "first-3")
        assert view.cursor != found, "it stands elsewhere in a narrow view"


def test_the_nearest_row_in_time() -> None:
    view = ReviewView()
    view.rows = review_lists.moment_rows(sample(), 79)
    assert view.nearest_to(at(95)) == 2
    assert view.nearest_to(at(479)) == len(view.rows) - 1
    assert view.nearest_to(at(0)) == 0
    assert view.nearest_to(at(999)) == len(view.rows) - 1
