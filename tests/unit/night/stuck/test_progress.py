"""What counts as progress, and what was spent since the last of it."""

from __future__ import annotations

import pytest

from tests.unit.night.stuck.stuck_session import Session, progress_of
from tui.model.journal import JournalEntry
from tui.model.records import Commit, ProgressFile, Record
from tui.model.stall import ProgressKind, StallWaste
from tui.night.fold import NightFold


def waste(session: Session, *more: Record) -> StallWaste:
    """What was spent since the last progress by the end, as a snapshot has it."""
    made = session.folded()
    made.apply(more)
    return progress_of(made).waste(session.at)


def begun() -> Session:
    session = Session()
    session.init()
    session.prompt("go")
    session.read("a.py").read("b.py")
    return session


def last(session: Session, *more: Record) -> ProgressKind:
    return waste(session, *more).last


def test_before_all_progress_the_waste_is_that_of_the_whole_session() -> None:
    session = Session()
    session.init()
    for number in range(5):
        session.read(f"{number}.py")
    spent = waste(session)
    assert (spent.last, spent.calls, spent.seconds) == (ProgressKind.START, 5, 20.0)


def test_waste_counts_calls_and_time_since_the_newest_progress() -> None:
    session = begun()
    session.edit("a.py", "n = 1", "n = 2")
    at, ref = session.at, session.events[-1].ref
    session.read("a.py").read("b.py").edit("a.py", "n = 2", "n = 1")
    assert waste(session) == StallWaste(3, 15.0, at, ProgressKind.CONTENT, ref=ref)
    beside = progress_of(session.folded()).waste(session.at, {ProgressKind.CONTENT})
    assert (beside.last, beside.calls) == (ProgressKind.PERSON, 6)


def test_a_commit_in_the_shell_or_in_the_repository() -> None:
    session = begun().bash("git commit -m 'One'", "[main 1234567] One")
    assert last(session) == ProgressKind.COMMIT
    assert last(begun(), Commit("1234567", 1.0, "One", 1, 1, 0)) == ProgressKind.COMMIT
    assert last(begun().bash("git commit -m x", "nothing to commit")) != ProgressKind.CONTENT


def test_only_content_that_was_never_there() -> None:
    session = begun().edit("a.py", "n = 1", "n = 2")
    assert waste(session).calls == 0
    session.edit("a.py", "n = 2", "n = 1").edit("a.py", "n = 1", "n = 2")
    assert waste(session).calls == 2
    session.edit("a.py", "n = 2", "n = 7")
    assert waste(session).calls == 0
    session.do(
        "Edit", {"file_path": "/p/a.py", "old_string": "x", "new_string": "y"}, "no", error=True
    )
    assert waste(session).calls == 1


def todos(*statuses: str) -> dict[str, object]:
    return {"todos": [{"content": f"task {n}", "status": one} for n, one in enumerate(statuses)]}


def test_a_task_counts_when_it_is_done_for_the_first_time() -> None:
    session = begun().do("TodoWrite", todos("in_progress", "pending"))
    assert last(session) == ProgressKind.PERSON
    session.do("TodoWrite", todos("completed", "in_progress"))
    assert waste(session).last == ProgressKind.TASK
    session.do("TodoWrite", todos("completed", "pending")).do(
        "TodoWrite", todos("completed", "pending")
    )
    assert waste(session).calls == 2
    session.do("TodoWrite", todos("pending", "completed"))
    assert waste(session).calls == 0


def test_an_update_of_a_task() -> None:
    session = begun().do("TaskUpdate", {"taskId": "3", "status": "in_progress"})
    assert last(session) == ProgressKind.PERSON
    session.do("TaskUpdate", {"taskId": "3", "status": "completed"}).read("a.py")
    session.do("TaskUpdate", {"taskId": "3", "status": "completed"})
    assert (waste(session).last, waste(session).calls) == (ProgressKind.TASK, 2)


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        ([3], ProgressKind.PERSON),
        ([3, 3], ProgressKind.PERSON),
        ([3, 4], ProgressKind.TASK),
        ([4, 3, 4], ProgressKind.PERSON),
    ],
)
def test_the_progress_file_counts_more_done_tasks_than_ever(
    counts: list[int], kind: ProgressKind
) -> None:
    files = [ProgressFile("p.md", None, "checkboxes", done, 9 - done) for done in counts]
    assert last(begun(), *files) == kind


RED = "FAILED t.py::test_x - assert 1 == 2\n1 failed, 3 passed in 0.4{}s"


def test_a_verdict_counts_while_it_is_new() -> None:
    session = begun().fails("pytest -q", RED.format(1))
    assert last(session) == ProgressKind.VERDICT
    session.fails("pytest -q", RED.format(2))
    assert waste(session).calls == 1  # the same red again
    session.fails("pytest -q", "FAILED t.py::test_y - assert 1 == 2\n1 failed, 3 passed in 0.4s")
    assert waste(session).calls == 0  # another failure
    session.bash("pytest -q", "4 passed in 0.4s")
    assert waste(session).calls == 0  # green
    session.bash("pytest -q", "4 passed in 0.5s")
    assert waste(session).calls == 1  # green again


def test_green_after_red_counts_once_for_each_content() -> None:
    session = begun()
    for _ in range(3):
        session.fails("pytest -q", RED.format(1)).bash("pytest -q", "4 passed in 0.4s")
    assert waste(session).calls == 4
    session.edit("a.py", "n = 1", "n = 2").fails("pytest -q", RED.format(1)).read("b.py")
    assert waste(session).calls == 2
    session.bash("pytest -q", "4 passed in 0.4s")
    assert (waste(session).last, waste(session).calls) == (ProgressKind.VERDICT, 0)


def test_a_rewind_is_a_persons_and_brings_back_the_files() -> None:
    session = begun().edit("a.py", "n = 1", "n = 2")
    made = NightFold()
    made.apply(session.events)
    then = progress_of(made).tree
    made.apply([JournalEntry(session.at or 0.0, "checkpoint", "j1", {"checkpoint": "c1"})])
    later = Session(source="later")
    later.at = session.at
    later.edit("a.py", "n = 2", "n = 3")
    made.apply(later.events)
    assert progress_of(made).tree != then
    made.apply(
        [JournalEntry((later.at or 0.0) + 1, "rewind", "j2", {"checkpoint": "c1", "mode": "both"})]
    )
    assert progress_of(made).tree == then
    assert progress_of(made).waste(later.at).last == ProgressKind.PERSON


def test_saved_in_the_middle_nothing_is_new_that_was_there() -> None:
    session = begun().edit("a.py", "n = 1", "n = 2").fails("pytest -q", RED.format(1))
    made = NightFold.load(session.folded().save())
    before = progress_of(made).marks
    more = Session(source="more")
    more.at = session.at
    more.edit("a.py", "n = 2", "n = 1").edit("a.py", "n = 1", "n = 2").fails(
        "pytest -q", RED.format(2)
    )
    made.apply(more.events)
    assert progress_of(made).marks == before
