"""Work trees for runs beside each other: made, taken, refused, removed; nothing else moves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.unit.repositories import make, sh, write
from tui.control import work_trees
from tui.control.work_trees import NamedTree, make_or_take, plan_removal, remove
from tui.settings.settings import Settings
from tui.store.moved_projects import project_of_run, sibling_projects
from tui.store.runs import RunFacts, create_run, new_run_id
from tui.system.errors import RefusedError
from tui.system.git import Git

OWN = ("claude-progress.txt", "claude-session-notes.md", "feature_list.json")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return make(tmp_path / "repo", {"a.py": "1\n", "claude-progress.txt": "- [ ] old\n"})


def made(place: Path, name: str = "one") -> NamedTree:
    return make_or_take(place, name, OWN)


def facts_of(place: Path) -> tuple[str, ...]:
    orders = ("rev-parse HEAD", "status --porcelain", "symbolic-ref HEAD", "stash list")
    return (
        *(sh(place, *order.split()) for order in orders),
        str((place / ".git/index").read_bytes()),
    )


def test_a_name_makes_a_work_tree_and_a_branch_beside(place: Path) -> None:
    before = facts_of(place)
    tree = made(place)
    assert (tree.path, tree.made, tree.made_branch) == (place.with_name("repo-one"), True, True)
    assert (tree.path / "a.py").read_text() == "1\n"
    assert sh(tree.path, "symbolic-ref", "HEAD").strip() == "refs/heads/one"
    assert sh(tree.path, "status", "--porcelain") == ""
    assert facts_of(place) == before
    again = made(place)
    assert (again.path, again.made) == (tree.path, False)
    from_inside = make_or_take(tree.path, "two", OWN)
    assert from_inside.path == place.with_name("repo-two")


def test_own_files_are_as_they_stand_here(place: Path) -> None:
    write(
        place, {"claude-progress.txt": "- [ ] new\n", "claude-session-notes.md": "n", "a.py": "2\n"}
    )
    tree = made(place)
    assert (tree.path / "claude-progress.txt").read_text() == "- [ ] new\n"
    assert (tree.path / "claude-session-notes.md").read_text() == "n"
    assert (tree.path / "a.py").read_text() == "1\n"
    assert any("not committed" in note for note in tree.notes)
    (tree.path / "claude-progress.txt").write_text("- [x] theirs\n")
    made(place)
    assert (tree.path / "claude-progress.txt").read_text() == "- [x] theirs\n"


def test_a_branch_that_is_there_is_taken_with_its_files(place: Path) -> None:
    sh(place, "branch", "one")
    (place / "claude-progress.txt").write_text("- [ ] new\n")
    tree = made(place)
    assert (tree.made, tree.made_branch) == (True, False)
    assert (tree.path / "claude-progress.txt").read_text() == "- [ ] old\n"


def test_a_project_below_the_top_is_there_too(place: Path) -> None:
    (place / "sub").mkdir()
    tree = make_or_take(place / "sub", "one", OWN)
    assert tree.project == tree.path / "sub"
    assert tree.project.is_dir()


def test_a_folder_that_was_deleted_is_made_again(place: Path) -> None:
    tree = made(place)
    shutil.rmtree(tree.path)
    assert made(place).made
    assert (tree.path / "a.py").exists()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-x",
        "..",
        "a..b",
        "/etc",
        "a/",
        "a//b",
        "HEAD",
        "a b",
        "a\nb",
        "x.lock",
        "@{1}",
        "é",
        "a" * 200,
        "~",
        ".",
    ],
)
def test_odd_names_are_refused(place: Path, name: str) -> None:
    with pytest.raises(RefusedError, match="no name for a work tree"):
        made(place, name)
    assert sorted(os.listdir(place.parent)) == ["repo"]


def test_what_is_in_the_way_is_refused(place: Path) -> None:
    branch = sh(place, "symbolic-ref", "--short", "HEAD").strip()
    with pytest.raises(RefusedError, match="branch of the main work tree"):
        made(place, branch)
    place.with_name("repo-one").mkdir()
    with pytest.raises(RefusedError, match="is there already"):
        made(place)
    assert "one" not in sh(place, "branch", "--list", "one")


def test_before_the_first_commit_there_is_nothing_to_begin_at(tmp_path: Path) -> None:
    empty = make(tmp_path / "empty", {}, commit=False)
    with pytest.raises(RefusedError, match="no commit yet"):
        made(empty)


def test_no_program_of_the_repository_is_run(place: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        file = place / ".git/hooks" / hook
        file.write_text(f"#!/bin/sh\ntouch {trap}\n")
        file.chmod(0o755)
    write(place, {".gitattributes": "*.py filter=evil\n"})
    sh(place, "add", ".")
    sh(place, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "attributes")
    for key in ("smudge", "clean", "process"):
        sh(place, "config", f"filter.evil.{key}", f"touch {trap}")
    sh(place, "config", "filter.evil.required", "true")
    sh(place, "config", "core.fsmonitor", f"touch {trap}")
    trap.unlink(missing_ok=True)
    tree = made(place)
    assert (tree.path / "a.py").read_text() == "1\n"
    assert any("no filter was run (evil)" in note for note in tree.notes)
    remove(plan_removal(tree.path))
    assert not trap.exists()


def test_what_was_made_in_vain_is_taken_back(place: Path) -> None:
    sh(place, "branch", "kept")
    for name in ("one", "kept"):
        tree = made(place, name)
        work_trees.discard(Git(place), tree)
        assert not tree.path.exists()
    assert sh(place, "branch", "--list", "one", "kept").split() == ["kept"]
    taken = make_or_take(place, "two", OWN)
    work_trees.discard(Git(place), make_or_take(place, "two", OWN))
    assert taken.path.exists()


# --- removing ---


def commit(folder: Path, name: str) -> None:
    write(folder, {name: "x"})
    sh(folder, "add", ".")
    sh(folder, "commit", "-qm", name)


def test_a_merged_tree_goes_with_its_branch(place: Path) -> None:
    tree = made(place)
    commit(tree.path, "b.py")
    sh(place, "merge", "-q", "one")
    plan = plan_removal(tree.path)
    assert plan.is_merged
    remove(plan)
    assert not tree.path.exists()
    assert not sh(place, "branch", "--list", "one")
    assert len(work_trees.list_trees(Git(place))) == 1


def test_an_unmerged_branch_stays(place: Path) -> None:
    tree = made(place)
    commit(tree.path, "b.py")
    plan = plan_removal(tree.path)
    assert any("The branch one stays" in one for one in plan.sentences)
    remove(plan)
    assert not tree.path.exists()
    assert sh(place, "branch", "--list", "one")


@pytest.mark.parametrize(
    "order", ["untracked", "modified", "staged", "locked", "detached", "merging"]
)
def test_nothing_that_would_be_lost_is_removed(place: Path, order: str) -> None:
    tree = made(place).path
    if order == "untracked":
        write(tree, {"new.txt": "x"})
    elif order in ("modified", "staged"):
        write(tree, {"a.py": "changed"})
        if order == "staged":
            sh(tree, "add", ".")
    elif order == "locked":
        sh(place, "worktree", "lock", str(tree))
    elif order == "detached":
        sh(tree, "checkout", "-q", "--detach")
        commit(tree, "b.py")
    else:
        Path(sh(tree, "rev-parse", "--absolute-git-dir").strip(), "MERGE_HEAD").write_text(
            sh(tree, "rev-parse", "HEAD")
        )
    plan = plan_removal(tree)
    assert plan.obstacles
    with pytest.raises(RefusedError):
        remove(plan)
    assert (tree / "a.py").exists()


def test_what_came_after_the_plan_was_shown_is_kept(place: Path) -> None:
    tree = made(place).path
    plan = plan_removal(tree)
    write(tree, {"new.txt": "x"})
    with pytest.raises(RefusedError, match="changed since"):
        remove(plan)
    assert (tree / "new.txt").exists()


def test_the_main_work_tree_is_never_removed(place: Path) -> None:
    made(place)
    with pytest.raises(RefusedError, match="no work tree beside another"):
        plan_removal(place)


# --- runs of all work trees ---


def start(project: Path, environ: dict[str, str], work_tree: str = "") -> str:
    facts = RunFacts(
        new_run_id(0.0, work_tree), "g", str(project), 0.0, ("a",), work_tree=work_tree
    )
    return create_run(project, facts, Settings(), environ).id


def test_runs_of_all_work_trees_are_found_from_each(place: Path, tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    trees = [made(place, name) for name in ("one", "x/two")]
    assert sibling_projects(place, environ) == ()
    ids = [start(tree.project, environ, tree.name) for tree in trees]
    assert len(set(ids)) == 2
    assert set(sibling_projects(place, environ)) == {tree.project for tree in trees}
    assert project_of_run(place, ids[1], environ) == trees[1].project
    assert project_of_run(trees[0].project, ids[1], environ) == trees[1].project
    assert project_of_run(place, "nonsense", environ) == place
    remove(plan_removal(trees[1].path))
    assert trees[1].project in sibling_projects(place, environ)
    other = make(tmp_path / "other")
    assert sibling_projects(other, environ) == ()
