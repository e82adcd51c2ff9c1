"""In which folders a project's sessions are found, and which are another's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.feeds.sessions.scene import HOUR, Scene, question, work
from tests.unit.project_files import NOW, slug
from tui.feeds.sessions.transcripts import MOST_FOLDERS
from tui.feeds.sessions.where.transcript_folders import slugs
from tui.model.session import Nearness


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def work_tree(project: Path, name: str, place: Path) -> Path:
    """A linked work tree as git writes it down."""
    own = project / ".git" / "worktrees" / name
    own.mkdir(parents=True)
    (project / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    place.mkdir(parents=True)
    (place / ".git").write_text(f"gitdir: {own}\n")
    (own / "gitdir").write_text(f"{place}/.git\n")
    (own / "commondir").write_text("../..\n")
    return place


# --- slugs ---


def test_another_project_with_the_same_slug_hides_nothing(scene: Scene, tmp_path: Path) -> None:
    mine, other = tmp_path / "测试", tmp_path / "演示"
    mine.mkdir()
    assert slug(mine) == slug(other)
    scene.night("mine-000", cwd=mine, age=9 * HOUR)
    for number in range(200):
        scene.night(f"other-{number:03}", cwd=other, age=number)

    assert scene.meant(mine) == "mine-000"
    other.mkdir()
    assert scene.meant(other) == "other-000"


def test_a_character_beyond_the_basic_plane_is_two(tmp_path: Path) -> None:
    assert slugs(f"{tmp_path}/a🚀b")[-1] == f"{slug(tmp_path)}-a--b"


def test_a_long_slug_is_cut_by_claude(scene: Scene, tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 100) / ("b" * 120)
    deep.mkdir(parents=True)
    cut = slug(deep)[:200] + "-1x2y3z"
    scene.night("deep-000", cwd=deep, folder=cut)
    for number in range(MOST_FOLDERS + 5):
        scene.night(f"other-{number:03}", cwd=f"/other/{number}", age=0)

    assert scene.meant(deep) == "deep-000"


def test_the_folder_of_transcripts_may_be_a_link_of_the_same_user(
    scene: Scene, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    path = scene.night("mine-000")
    path.parent.rename(shared)
    path.parent.symlink_to(shared)
    found = scene.look()

    assert found.events[0].path == str(shared / "mine-000.jsonl")
    assert found.events[0].base == str(shared), "it may not leave that folder"
    shared.chmod(0o777)
    assert scene.meant() == "", "anybody could write there"


def test_a_link_in_that_folder_is_not_followed(scene: Scene, tmp_path: Path) -> None:
    outside = scene.night("mine-000").rename(tmp_path / "secret.jsonl")
    (scene.projects / slug(scene.project) / "mine-000.jsonl").symlink_to(outside)

    assert scene.meant() == ""


def test_a_session_that_was_started_through_a_link_to_the_project(
    scene: Scene, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(scene.project)
    scene.night("mine-000", cwd=tmp_path / "link")

    assert scene.meant() == "mine-000"


def test_another_config_folder(scene: Scene, tmp_path: Path) -> None:
    scene.night("mine-000")
    scene.environ["CLAUDE_CONFIG_DIR"] = str(tmp_path / "other")
    assert scene.meant() == ""

    (scene.home / ".claude").rename(tmp_path / "other")
    assert scene.meant() == "mine-000"


# --- work trees and folders below ---


@pytest.mark.parametrize("inside", [True, False])
def test_a_session_that_entered_a_work_tree(scene: Scene, tmp_path: Path, inside: bool) -> None:
    place = scene.project / ".claude/worktrees/feat" if inside else tmp_path / "trees" / "feat"
    tree = work_tree(scene.project, "feat", place)
    scene.night("yesterday", age=26 * HOUR)
    path = scene.write("tonight-0", [*work(at_work=True), *work(at_work=True)], cwd=tree, age=5)
    text = path.read_text().split("\n", 1)
    path.write_text(text[0].replace(str(tree), str(scene.project)) + "\n" + text[1])
    os.utime(path, (NOW - 5, NOW - 5))

    assert scene.meant() == "tonight-0"
    assert scene.meant(tree) == "tonight-0"


def test_a_session_of_another_work_tree(scene: Scene, tmp_path: Path) -> None:
    tree = work_tree(scene.project, "feat", tmp_path / "feat")
    scene.night("tree-000", cwd=tree, age=60)
    found = scene.look()
    assert [Path(file.path).stem for file in found.events] == ["tree-000"]
    assert found.folder == str(tree)
    assert found.events[0].chosen == f"ran in {tree}, a work tree of this repository"

    scene.night("mine-000", age=9 * HOUR)
    found = scene.look()
    assert Path(found.events[0].path).stem == "mine-000"
    assert [one.session_id for one in found.others] == ["tree-000"]
    assert scene.meant(tree) == "tree-000"


def test_the_work_tree_that_a_session_is_in_is_known(scene: Scene, tmp_path: Path) -> None:
    tree = work_tree(scene.project, "feat", tmp_path / "feat")
    inner = work_tree(scene.project, "own", scene.project / ".claude/worktrees/own")
    scene.night("tree-000", cwd=tree / "src", age=60)
    assert scene.look().work_tree == str(tree)
    scene.night("mine-000", age=50)
    assert scene.look().work_tree == ""
    assert scene.look(tree).work_tree == ""
    scene.night("own-0000", cwd=inner, age=40)
    assert scene.look().work_tree == str(inner)


def test_a_session_that_left_a_work_tree_is_in_the_project_again(scene: Scene) -> None:
    tree = work_tree(scene.project, "own", scene.project / ".claude/worktrees/own")
    path = scene.night("back-000", cwd=tree, folder=slug(scene.project))
    lines = path.read_text().splitlines()
    for place in (0, -1):
        lines[place] = lines[place].replace(str(tree), str(scene.project))
    path.write_text("\n".join(lines) + "\n")

    assert scene.known()["back-000"].folder == str(scene.project)
    assert scene.look().work_tree == ""


def test_a_process_is_joined_to_its_session_whose_commands_went_elsewhere(scene: Scene) -> None:
    path = scene.night("away-000", age=60)
    first, *rest = path.read_text().splitlines()
    away = [line.replace(str(scene.project), f"{scene.project}/src") for line in rest]
    path.write_text("\n".join([first, *away]) + "\n")
    os.utime(path, (NOW - 60, NOW - 60))
    agent = scene.agent()

    assert scene.known()["away-000"].process == agent


def test_claudes_own_work_tree_counts_as_the_project(scene: Scene) -> None:
    scene.night("old-0000", age=26 * HOUR)
    scene.night("tree-000", cwd=scene.project / ".claude/worktrees/gone", age=HOUR)

    assert scene.meant() == "tree-000"


def test_a_work_tree_that_does_not_name_the_repository_is_none(
    scene: Scene, tmp_path: Path
) -> None:
    tree = work_tree(scene.project, "feat", tmp_path / "feat")
    scene.night("tree-000", cwd=tree)
    (tree / ".git").write_text("gitdir: /elsewhere/.git/worktrees/feat\n")

    assert scene.meant() == ""


def test_below_only_where_none_ran_in_the_folder(scene: Scene) -> None:
    scene.night("below-00", cwd=scene.project / "src", age=60)
    scene.night("sibling0", cwd=f"{scene.project}-two", age=10)
    assert scene.meant() == "below-00"
    assert scene.known()["below-00"].nearness is Nearness.BELOW

    scene.night("mine-000", age=9 * HOUR)
    assert scene.meant() == "mine-000"


def test_a_living_session_is_found_wherever_its_transcript_lies(scene: Scene) -> None:
    scene.night("moved-00", cwd="/somewhere/else", age=60)
    assert scene.meant() == ""
    scene.agent("moved-00", status="busy")
    assert scene.meant() == "moved-00"


# --- folders that are gone ---


def test_a_session_of_a_folder_that_is_gone_is_only_offered(scene: Scene, tmp_path: Path) -> None:
    scene.night("gone-000", cwd=tmp_path / "old-name")
    found = scene.look()

    assert found.events == ()
    for word in ("gone-000", str(tmp_path / "old-name"), "may be this one", "--session gone-000"):
        assert word in found.why
    assert scene.known()["gone-000"].nearness is Nearness.GONE
    scene.write("asked-00", question(), age=60)
    assert scene.meant() == "asked-00"
    assert "gone-000" in scene.known(), "a question in the renamed folder does not hide its nights"
    scene.night("mine-000", age=60)
    assert "gone-000" not in scene.known()


def test_a_folder_that_is_there_or_was_far_away_is_not_offered(
    scene: Scene, tmp_path: Path
) -> None:
    (tmp_path / "neighbour").mkdir()
    scene.night("near-000", cwd=tmp_path / "neighbour")
    scene.night("far-0000", cwd="/far/away")

    assert "may be" not in scene.look().why


@pytest.mark.parametrize("is_here", [True, False])
def test_the_files_that_a_session_worked_on_decide(
    scene: Scene, tmp_path: Path, is_here: bool
) -> None:
    path = scene.night("gone-000", cwd="/far/away" if is_here else tmp_path / "old-name")
    folder = "/far/away" if is_here else str(tmp_path / "old-name")
    text = path.read_text().replace('"input": {}', f'"input": {{"file_path": "{folder}/src/a.py"}}')
    path.write_text(text)
    if is_here:
        (scene.project / "src").mkdir()
        (scene.project / "src/a.py").touch()

    assert ("src/a.py, which it worked on, is here" in scene.look().why) == is_here
    assert ("gone-000" in scene.look().why) == is_here
