"""Keep or revert: nothing happens without a key, and each key shows first what it would do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.pilot.review_stage import reviewed, source_of
from tests.pilot.stage import stage
from tests.session_files import write_project
from tests.unit import repositories
from tests.unit.night.review.review_sample import sample
from tests.unit.night.review.review_sample_night import at
from tests.unit.repositories import sh
from tui.control.checkpoints import capture
from tui.control.work_trees import make_or_take
from tui.model.review import RestorePoint, Review
from tui.screens.review.review_screen import ReviewScreen
from tui.store.layout import project_state
from tui.system.errors import NoSessionError


@pytest.fixture
def night(tmp_path: Path) -> tuple[Path, Callable[[], Review]]:
    """A repository with two commits and a checkpoint between them, and a review that names them."""
    project = repositories.make(tmp_path / "harbour", {"a.txt": "one\n", "b.txt": "one\n"})
    write_project(project)
    base = repositories.commit(project, "the evening's files")
    (project / "a.txt").write_text("two\n")
    first = repositories.commit(project, "Change a")
    taken = capture.take_checkpoint(project, label="between")
    (project / "b.txt").write_text("two\n")
    second = repositories.commit(project, "Change b")
    points = (
        RestorePoint("commit", first, at(60), "Change a", 1, "green", "", 1, 1),
        RestorePoint(
            "checkpoint", taken.id, at(90), "between", 2, "green", "tests at 00:00: 1 failed"
        ),
        RestorePoint("commit", second, at(120), "Change b", 1, "red", "", 1, 1),
    )
    return project, lambda: replace(sample(), points=points, base=base)


def refs(project: Path) -> str:
    return sh(project, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads")


Night = tuple[Path, Callable[[], Review]]


async def test_rewind_opens_the_usual_dialog_at_this_point(night: Night) -> None:
    project, make = night
    async with reviewed(project, (100, 30), make) as s:
        await s.press("B", "j", "r")
        await s.see("Rewind", "between", "1 file will be written")
        await s.press("enter", "right", "enter")
        await s.see("u undoes")
        assert (project / "b.txt").read_text() == "one\n"
        await s.press("u")
        await s.see("Undo the last rewind")
        await s.press("right", "enter")
        await s.until(lambda: (project / "b.txt").read_text() == "two\n")


async def test_a_commit_leads_to_the_checkpoint_next_to_it(night: Night) -> None:
    project, make = night
    async with reviewed(project, (100, 30), make) as s:
        await s.press("B", "G", "r")
        await s.see("No checkpoint was taken at this", "Rewind", "between")
        await s.see("last before it")
        await s.press("escape")
        await s.lose("will be written")
        assert (project / "b.txt").read_text() == "two\n", "looking changes nothing"


async def test_a_checkpoint_shows_what_changed_since(night: Night) -> None:
    project, make = night
    async with reviewed(project, (100, 30), make) as s:
        await s.press("B", "j", "d")
        await s.see("1 file will be written", "-two", "+one")
        await s.press("escape", "k", "d")
        await s.see("Change a", "-one", "+two")


async def test_what_is_marked_goes_to_a_new_branch(night: Night) -> None:
    project, make = night
    before = refs(project)
    head = sh(project, "rev-parse", "HEAD")
    async with reviewed(project, (100, 30), make) as s:
        await s.press("B", "G", "space")
        await s.see("[✓] + 00:00")
        await s.press("b")
        await s.see("1 commit to a new branch", "night/2026-03-10")
        await s.press("enter")
        await s.see("which begins", "Change b", "Make the branch")
        assert refs(project) == before, "the plan makes nothing"
        await s.press("right", "enter")
        await s.see("branch night/2026-03-10: 1 commit")
        assert not s.screen.sections.marked
    journal = "".join(one.read_text() for one in project_state(project).rglob("*journal.jsonl"))
    assert '"kind":"take"' in journal, "a branch that was made is told in a journal"
    assert "night/2026-03-10" in journal
    assert sh(project, "log", "--format=%s", "-1", "night/2026-03-10") == "Change b"
    assert sh(project, "rev-parse", "HEAD") == head
    assert sh(project, "show", "night/2026-03-10:b.txt") == "two"


async def test_a_name_that_cannot_be_is_refused_in_the_plan(night: Night) -> None:
    project, make = night
    before = refs(project)
    async with reviewed(project, (100, 30), make) as s:
        await s.press("B", "space", "b")
        await s.see("night/2026-03-10")
        await s.press("ctrl+u")
        await s.type("main")
        await s.press("enter")
        await s.see("the branch main exists already")
        await s.press("right", "enter", "escape")
        await s.see("first red after it")
    assert refs(project) == before


async def test_without_a_repository_the_keys_say_why(project: Path) -> None:
    async with reviewed(project) as s:
        await s.press("r")
        await s.see("no git repository")


async def test_where_there_is_no_night_the_page_and_the_keys_say_so(project: Path) -> None:
    def none() -> Review:
        raise NoSessionError("no session found; start one")

    async with stage(project, (80, 24)) as s:
        await s.until(lambda: s.watch.night is not None)
        await s.app.push_screen(ReviewScreen(source_of(s, none)))
        await s.see("no session found; start one", "○ no session")
        assert not s.sees("starting")
        for key in "abrux":
            await s.press(key)
        await s.press("C")
        await s.lose("still being read")


async def test_a_fault_is_a_sentence_and_the_page_stays(night: Night, tmp_path: Path) -> None:
    project, make = night
    async with reviewed(project, (100, 30), make) as s:

        def broken(run: str | None) -> Review:
            raise ZeroDivisionError("boom")

        object.__setattr__(s.screen.source, "review", broken)
        await s.press("ctrl+r")
        await s.see("this should not have", "ZeroDivisionError")
        assert s.sees("tasks", "commits")
        await s.press("B")
        await s.see("first red after it")


async def test_the_review_is_written_to_a_file_and_replaced_only_when_told(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, make = night
    monkeypatch.chdir(tmp_path)
    markdown, html = tmp_path / "a.md", tmp_path / "a.html"

    async with reviewed(project, (100, 30), make) as s:

        async def export(name: str) -> None:
            await s.press("x")
            await s.see("The review as a file")
            await s.press("ctrl+u")
            await s.type(name)
            await s.press("enter")

        await export("a.md")
        await s.until(markdown.exists)
        await s.see("wrote")
        assert markdown.read_text().startswith("#")
        markdown.write_text("mine")
        await export("a.md")
        await s.see("is there already")
        await s.press("enter")
        await s.lose("is there already")
        assert markdown.read_text() == "mine", "the dialog starts on Cancel"
        await export("a.html")
        await s.until(html.exists)
        assert "<html" in html.read_text()
        await export("a.odt")
        await s.see("tells no format")


async def test_a_work_tree_is_removed_when_nothing_is_lost_by_it(night: Night) -> None:
    project, make = night
    tree = make_or_take(project, "one", ())
    write_project(tree.project)
    async with reviewed(tree.project, (100, 30), make) as s:
        await s.press("X")
        await s.see("It holds work that is not committed")
        assert tree.path.is_dir()
        await s.press("escape")
        await s.lose("It holds work that is not committed")
        repositories.commit(tree.path, "the night's files")
        await s.press("X")
        await s.see("The branch one stays", "git merge one")
        await s.press("enter")  # it starts on Cancel
        await s.lose("The branch one stays")
        assert tree.path.is_dir()
        await s.press("X")
        await s.see("The branch one stays")
        await s.press("right", "enter")
        await s.see("removed;")
        assert not tree.path.exists()
    assert "refs/heads/one" in refs(project)


async def test_the_main_work_tree_stays(night: Night) -> None:
    project, make = night
    async with reviewed(project, (100, 30), make) as s:
        await s.press("X")
        await s.see("lie in the main work tree")


async def test_the_dialog_offers_checkpoints_by_what_they_are_for(night: Night) -> None:
    project, make = night
    facts = {"tests": "green", "edits_since_green": 0}
    good = capture.take_checkpoint(project, label="good", facts=facts)
    async with reviewed(project, (100, 30), make) as s:
        await s.press("r")
        await s.see(f"last good {good.id}", "start     none")
        await s.press("g")
        await s.press("j")
        await s.see("no run of ours began here")
        await s.press("enter")
        await s.press("right", "enter")
        await s.see("no run of ours began here")
