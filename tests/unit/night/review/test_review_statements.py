"""Which sentences claim something, and which only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tui.night.review.claims.statement import Statement
from tui.night.review.claims.statements import commit_statements, find_statements


def passing_in(text: str) -> list[Statement]:
    return [one for one in find_statements(text, "final message") if one.kind == "tests_pass"]


@pytest.mark.parametrize(
    ("text", "count", "whole", "narrow"),
    [
        ("All tests pass.", None, True, ()),
        ("all tests are passing now", None, True, ()),
        ("The full test suite is green.", None, True, ()),
        ("Tests: green", None, True, ()),
        ("Tests are green (41/41).", 41, True, ()),
        ("All 1,067 tests pass;", 1067, True, ()),
        ("**Results:** All 16 frontend tests pass, build clean.", 16, False, ("frontend",)),
        ("All 573 tests pass with 0 failures, lint is clean.", 573, True, ()),
        ("typecheck clean, 573 tests pass (0 fail), 100% coverage.", 573, True, ()),
        ("205 total tests pass with no regressions", 205, True, ()),
        ("- ✅ Tests: 44 passed", 44, True, ()),
        ("`pytest -q` → 12 passed", 12, True, ()),
        ("pytest: 12 passed, 0 failed", 12, True, ()),
        ("13 new tests, all passing", 13, False, ("new",)),
        ("New tests pass.", None, False, ("new",)),
        ("I verified that all unit tests pass.", None, False, ("unit",)),
        ("All unit tests pass, but nobody ran the integration tests.", None, False, ("unit",)),
        ("Fixed the flaky test; all 44 tests pass.", 44, True, ()),
        (
            "All tests in `tests/test_window.py` pass: the suite passes all tests",
            None,
            False,
            ("tests/test_window.py",),
        ),
        ("| Tests | all 44 tests pass |", 44, True, ()),
        ("Everything is green now, tests included.", None, True, ()),
        ("The test suite is fully green.", None, True, ()),
        ("I ran the tests and they all passed.", None, True, ()),
        ("I re-ran the unit tests and they pass.", None, False, ("unit",)),
        ("`pytest` passes cleanly.", None, True, ()),
        ("`cargo test` is now green.", None, True, ()),
        ("`pytest tests/test_a.py` passes", None, False, ("tests/test_a.py",)),
    ],
)
def test_claims_of_passing_tests(
    text: str, count: int | None, whole: bool, narrow: tuple[str, ...]
) -> None:
    (found,) = passing_in(text)
    assert (found.count, found.is_of_all, found.limits) == (count, whole, narrow)


@pytest.mark.parametrize(
    "text",
    [
        "Not all tests pass yet.",
        "The tests do not pass.",
        "The tests don't pass on Windows.",
        "All tests should pass.",
        "0 tests passed.",
        "You ran the tests and they passed.",
        "I ran the tests and they all passed, except two.",
        "I have not run the tests and they pass.",
        "`npm run build` passes.",
        "Once `pytest` passes, merge.",
        "`pytest` passes a fixture to it.",
        "`pytest` does not pass.",
        "All tests will pass after the next step.",
        "I will implement it and make sure all tests pass.",
        "Make sure the tests pass.",
        "Ensure all tests pass before merging.",
        "Verify that all tests pass.",
        "TODO: all tests pass",
        "Next: all tests green",
        "Do all tests pass?",
        "If the tests pass, merge.",
        "Once all tests pass, we are done.",
        "All tests pass if you set PYTHONPATH.",
        "The user said all tests pass.",
        "You reported that all tests pass.",
        "In the previous session all tests passed.",
        "Originally 41 tests passed.",
        "All tests pass except two.",
        "All but one test pass.",
        "Most tests pass.",
        "Only the unit tests pass.",
        "Tests: 44 passed, 2 failed",
        "44 of 46 tests pass.",
        "44/46 tests pass",
        "- [ ] all tests pass",
        "> all tests pass",
        "```\nall tests pass\n41 passed in 1.2s\n```",
        "~~~\n41 tests passed\n~~~",
        'The commit says "all tests pass".',
        "It prints `all tests pass`.",
        "The tests pass a mock clock to the bucket.",
        "3 builds passed",
        "criteria 8/8 pass (tests included)",
        "❌ all tests pass",
        "## Next steps\n- all tests pass",
        "**Remaining:**\n- all tests pass",
        "Acceptance criteria:\n- all tests pass",
        "# Plan\n## Step 1\nall tests pass",
        "We can merge when all tests are green.",
        "I want to see all tests pass.",
        "Before my change the tests were passing.",
        "Hopefully all tests pass.",
        "Run `make test` until the tests pass.",
    ],
)
def test_what_is_no_claim_of_passing_tests(text: str) -> None:
    assert passing_in(text) == []


def test_a_plan_ends_with_its_heading() -> None:
    text = "## Next steps\nall tests pass\n## Done\nAll tests pass.\n\n"
    text += "TODO:\n- all tests pass\n\nTests are green."
    assert [one.line for one in passing_in(text)] == [4, 9]


def test_where_a_claim_stands() -> None:
    text = "Grüße\n\nAll tests pass."
    (found,) = passing_in(text)
    assert (found.line, found.offset) == (3, len("Grüße\n\n".encode()))


def done_in(text: str) -> list[str]:
    done = ("code_added", "task_done", "bug_fixed")
    return [one.work for one in find_statements(text, "final message") if one.kind in done]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "The sliding window limiter (3.1) is implemented and tested, and all tests pass.",
            "The sliding window limiter (3.1)",
        ),
        ("I've implemented the sliding window limiter.", "the sliding window limiter"),
        ("- Added `cleanup_stale()` to the bucket", "cleanup_stale() to the bucket"),
        ("Task w-a4r.6 is complete.", "Task w-a4r.6"),
        ("**Task 8: Memory** — Added `sweep()` that sweeps", "sweep() that sweeps"),
        ("Successfully fixed the race in the scheduler", "the race in the scheduler"),
        ("The retry logic has been added.", "The retry logic"),
    ],
)
def test_claims_of_completion(text: str, what: str) -> None:
    assert done_in(text) == [what]


@pytest.mark.parametrize(
    "text",
    [
        "I have not implemented the limiter.",
        "The limiter is not done.",
        "The limiter will be implemented tomorrow.",
        "The limiter should be done soon.",
        "Is the limiter done?",
        "If the limiter is done, stop.",
        "The fix was already in place.",
        "You fixed the limiter.",
        "Next: the limiter is done",
        "The limiter is only partially implemented.",
        "The limiter could be added.",
        "- [ ] The limiter is implemented",
        "Finished.",
        "This is done.",
        "`the limiter is done`",
        "The limiter is described in the README.",
    ],
)
def test_what_is_no_claim_of_completion(text: str) -> None:
    assert done_in(text) == []


def test_everything_is_a_claim_of_its_own() -> None:
    for text in (
        "All 8/8 tasks complete.",
        "All tasks are done.",
        "All remaining items are implemented.",
    ):
        assert [one.kind for one in find_statements(text, "final message")] == ["all_done"]


def test_the_file_that_something_is_said_of() -> None:
    text = "**`redact/redact_test.go`:**\n- Added `TestShouldSkip` — a table\n\nBesides:\n- Added `other()`\n"
    found = [one.about for one in find_statements(text, "final message")]
    assert found == ["redact/redact_test.go", ""]
    (one,) = find_statements("`web/package.json` — Added `jsdom` to it", "final message")
    assert one.about == "web/package.json"


def test_tasks_of_a_progress_file_are_told_by_their_ticks() -> None:
    assert list(find_statements("- [x] The limiter is implemented\n", "progress")) == []
    assert list(find_statements("- [x] The limiter is implemented\n", "notes")) == []


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("Add the sliding window limiter; all tests pass", ["tests_pass", "code_added"]),
        ("feat(window): sliding limiter", ["code_added"]),
        ("fix: add cleanup of stale entries", ["code_added"]),
        ("Refill keeps fractions of a token (1.3)", []),
        ("WIP: add x", []),
        ("Add notes\n\nAll tests pass.\n", ["code_added", "tests_pass"]),
        ("Add a plan, not implemented yet", []),
        ("Merge branch 'main'", []),
        ("", []),
    ],
)
def test_commit_messages(message: str, kinds: list[str]) -> None:
    assert [one.kind for one in commit_statements(message)] == kinds


LINES = st.lists(
    st.sampled_from(
        [
            "All tests pass.",
            "```",
            "# Next",
            "# Done",
            "- [x] a",
            "TODO:",
            "",
            "Added `x_y`",
            "> q",
            "41 passed",
        ]
    )
    | st.text(max_size=60),
    max_size=12,
)


@settings(deadline=None, max_examples=200)
@given(LINES)
def test_any_text_is_read_and_lines_are_its_own(lines: list[str]) -> None:
    text = "\n".join(lines)
    for found in find_statements(text, "final message"):
        raw = text.split("\n")[found.line - 1]
        assert text.encode("utf-8", "replace")[found.offset :].startswith(
            raw.encode("utf-8", "replace")
        )
        assert len(found.text) <= 240
    list(commit_statements(text))


@pytest.mark.parametrize("folder", ["progress", "seed/history"])
def test_recorded_progress_files_hold_no_hedged_claim(folder: str) -> None:
    """Read by hand: what is found in them is a statement that tests pass."""
    doubtful = ("should", "will", "must", "not all", "fails", "todo", "?")
    for file in sorted(shared("data", "real", *folder.split("/")).iterdir()):
        text = file.read_text(errors="replace")
        for found in find_statements(text, "progress"):
            assert not any(word in found.text.lower() for word in doubtful), found.text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I fixed the failing test.", "tests_pass"),
        ("Fixed both failing unit tests.", "tests_pass"),
        ("Fixed the failing test harness for Windows.", "bug_fixed"),
    ],
)
def test_a_mended_test_is_a_test_that_passes(text: str, kind: str) -> None:
    assert [one.kind for one in find_statements(text, "final message")] == [kind]
