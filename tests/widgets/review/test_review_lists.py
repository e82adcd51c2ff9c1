from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.night.review.review_sample import HOSTILE, empty, hostile, sample
from tests.widgets.host import Host, screen_rows, words
from tui.model.evidence.claims import CheckedFact, Claim, UnreadText
from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import Cause, Review
from widgets.ink import text_of
from widgets.lists.night_table import comparison_rows
from widgets.review import review_lists
from widgets.review.review_page import page_rows
from widgets.review.review_view import (
    CommitTarget,
    DiffTarget,
    EvidenceTarget,
    FileTarget,
    PointTarget,
    ReviewRow,
    ReviewView,
    SentenceTarget,
    TextTarget,
)
from widgets.text_cells import UNSAFE, visible


def texts(rows: Sequence[ReviewRow]) -> list[str]:
    return words([row.line for row in rows])


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


def test_files_and_tasks_lead_to_their_place() -> None:
    rows = review_lists.file_rows(CHANGES, frozenset(), 79)
    assert rows[0].target == FileTarget("src/sizing.py") and "+12 −3" in text_of(rows[0].line)
    assert "binary" in text_of(rows[2].line) and "not committed" in text_of(rows[1].line)
    tasks = review_lists.task_rows(sample(), 79)
    assert (
        isinstance(tasks[1].target, TextTarget)
        and tasks[1].target.words == "Parameter optimisation"
    )


def lists(review: Review) -> list[Callable[[int], Sequence[ReviewRow]]]:
    return [
        partial(page_rows, review),
        partial(review_lists.claim_rows, review),
        partial(review_lists.risk_rows, review),
        partial(review_lists.moment_rows, review),
        partial(review_lists.task_rows, review),
        partial(review_lists.point_rows, review, frozenset()),
        partial(review_lists.file_rows, CHANGES, frozenset()),
        partial(comparison_rows, review, review),
    ]


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


def test_a_false_claim_shows_the_facts_against_it() -> None:
    facts = (
        CheckedFact("docs/guide.md exists at the end", False),
        CheckedFact("HEAD has a commit of this night", True),
        CheckedFact("origin/main has it", None),
    )
    false = Claim("I wrote docs/guide.md", "contradicted", "it is not there", "final message")
    good = structs.replace(false, verdict="verified", checked=facts)
    unread = (UnreadText("Japanese", 3),)
    review = structs.replace(
        sample(), claims=(structs.replace(false, checked=facts), good), unread=unread
    )
    for width in (40, 80, 140):
        said = texts(review_lists.claim_rows(review, width))
        assert "✗ is false" in said[0]
        shown = [row.strip() for row in said if row.strip()[:1] in "✗✓·"][1:4]
        assert [row[0] for row in shown] == ["✗", "✓", "·"]
        assert "docs/guide.md" in shown[0]
    assert "3 statements in Japanese not checked" in said[-1]


def test_what_stood_behind_many_calls() -> None:
    causes = (
        Cause("No space left on device", 31, None, None, 1_790_000_000.0, True),
        Cause("the API answered with HTTP 529", 1),
    )
    said = texts([*review_lists.cause_rows(structs.replace(sample(), causes=causes), 80)])
    assert said[0].split()[:6] == ["31", "calls", "No", "space", "left", "on"]
    assert "since" in said[0]
    assert said[1].split()[:2] == ["1", "call"]
