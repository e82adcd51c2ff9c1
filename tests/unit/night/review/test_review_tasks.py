"""Tasks against the progress file as it was when the night began."""

from __future__ import annotations

from tui.model.records import ProgressFile, ProgressTask, TaskState
from tui.night.review.tasks import compare_tasks


def progress(*tasks_: tuple[str, TaskState]) -> ProgressFile:
    made = tuple(ProgressTask(title, state) for title, state in tasks_)
    done = sum(1 for _, state in tasks_ if state == "done")
    return ProgressFile("p", None, "checkboxes", done, len(made) - done, made)


def test_done_open_added_removed_and_before() -> None:
    first = progress(("a", "done"), ("b", "open"), ("c", "open"), ("d", "open"))
    last = progress(("a", "done"), ("b", "done"), ("c", "in_progress"), ("e", "open"))
    found = compare_tasks(first, last, "git")
    assert found.done == ("b",)
    assert found.open == ("c", "e")
    assert found.added == ("e",)
    assert found.removed == ("d",)
    assert (found.before, found.basis) == (1, "git")


def test_a_task_that_is_new_and_done_is_both() -> None:
    found = compare_tasks(progress(), progress(("x", "done")), "git")
    assert found.done == found.added == ("x",)


def test_a_task_whose_words_go_on_is_the_same() -> None:
    first = progress(("Parse the order book", "open"), ("2.1 Old words", "open"))
    last = progress(
        ("Parse the order book (done, 12 tests)", "done"), ("2.1 New words altogether", "done")
    )
    found = compare_tasks(first, last, "git")
    assert (len(found.done), found.added, found.removed) == (2, (), ())


def test_two_tasks_of_one_name_stay_two() -> None:
    first = progress(("Write tests", "done"), ("Write tests", "open"))
    last = progress(("Write tests", "done"), ("Write tests", "done"))
    found = compare_tasks(first, last, "git")
    assert (found.done, found.before) == (("Write tests",), 1)


def test_numbers_that_begin_alike_are_not_the_same() -> None:
    found = compare_tasks(progress(("1.1 Alpha", "open")), progress(("1.10 Omega", "open")), "git")
    assert found.added == ("1.10 Omega",)
    assert found.removed == ("1.1 Alpha",)


def test_without_a_beginning_everything_done_counts_and_says_so() -> None:
    found = compare_tasks(None, progress(("a", "done"), ("b", "open")), "none")
    assert (found.done, found.open, found.basis) == (("a",), ("b",), "none")


def test_without_any_file_nothing_is_known() -> None:
    assert compare_tasks(None, None, "none").basis == "none"


def test_a_file_that_is_gone_has_lost_its_tasks() -> None:
    assert compare_tasks(progress(("a", "open")), None, "git").removed == ("a",)
