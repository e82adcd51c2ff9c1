"""`review --prove`: what it asks for, what it prints, what the review says afterwards."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Done, run
from tests.session_files import START, answer, bash, init, iso, lines, prompt, result
from tests.unit import repositories
from tests.unit.commands.contract import fits
from tests.unit.repositories import sh
from tests.unit.runner.proof.proof_scene import FILES, TESTS
from tui.model.json.review import ReviewObject

BROKEN = 'add() { echo "$(($1 - $2))"; }\n'


class Scene:
    """A night that ran its tests and committed; `prove` proves it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.project = repositories.make(place / "project", FILES, commit=False)
        self.home = place / "home"
        self.home.mkdir()
        told = "2 passed in 0.01s"
        records = [
            init(1, after=0),
            prompt(2, "go on", 5),
            bash(3, TESTS, 10),
            answer(4, 3, told, 20),
            result(5, 30),
        ]
        self.stream = place / "stream.jsonl"
        self.stream.write_bytes(lines(records))
        before = iso(START - 86_400)
        sh(self.project, "add", "-A")
        sh(
            self.project,
            *("commit", "-qm", "before"),
            GIT_AUTHOR_DATE=before,
            GIT_COMMITTER_DATE=before,
        )

    def change(self, name: str, text: str) -> None:
        """As the night left it."""
        path = self.project / name
        path.write_text(text)
        os.utime(path, (START + 5, START + 5))

    def call(self, *words: str) -> Done:
        named = ("--project", str(self.project), "--events", str(self.stream))
        env = {"XDG_CACHE_HOME": str(self.place / "cache")}
        done = run(*words, *named, home=self.home, cwd=self.place, env=env)
        assert "Traceback" not in done.err
        return done

    def review(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.call("review", "--json").out)
        return found


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_without_trust_it_shows_its_plan_and_runs_nothing(scene: Scene) -> None:
    scene.change("run_tests.sh", f"touch {scene.place}/ran\n")
    done = scene.call("review", "--prove", "--json")
    assert (done.code, done.out) == (4, b"")
    assert "tests     sh run_tests.sh   (from the night)" in done.err
    assert "30 min for each command" in done.err
    assert "--yes" in done.err
    assert not (scene.place / "ran").exists()
    assert scene.review()["proved"] is None


def test_trust_or_a_yes_is_enough_and_the_proof_is_kept(scene: Scene) -> None:
    done = scene.call("review", "--prove", "--yes", "--json")
    assert done.code == 0
    data = json.loads(done.out)
    fits(data | {"export": None}, ReviewObject)
    proved = data["proved"]
    (command,) = proved["commands"]
    assert (command["command"], command["code"], command["verdict"]) == (TESTS, 0, "green")
    assert command["output"] == "2 passed in 0.01s"
    assert proved["is_current"]
    assert "  2 passed in 0.01s" in done.err
    assert scene.review()["proved"] == proved
    assert run("trust", "--yes", home=scene.home, cwd=scene.project).code == 0
    done = scene.call("review", "--prove")
    assert done.code == 0
    assert "proved    1 of 1 command green" in done.out.decode()


def test_a_red_proof_is_never_kept_and_ends_with_one(scene: Scene) -> None:
    scene.change("sum.sh", BROKEN)
    done = scene.call("review", "--prove", "--yes", "--json")
    assert done.code == 1
    data = json.loads(done.out)
    assert data["verdict"] != "keep"
    assert data["tests"]["last"] == "red"
    assert data["attention"][0]["severity"] == "high"
    assert "tests/test_add.sh::case" in data["attention"][0]["what"]


def test_a_proof_of_another_tree_counts_no_more(scene: Scene) -> None:
    scene.change("sum.sh", BROKEN)
    assert scene.call("review", "--prove", "--yes").code == 1
    assert scene.review()["tests"]["last"] == "red"
    scene.change("sum.sh", FILES["sum.sh"])
    data = scene.review()
    assert data["tests"]["last"] == "green"
    assert not data["proved"]["is_current"]
    assert "of another tree" in scene.call("review").out.decode()


def test_exports_tell_of_the_proof_too(scene: Scene) -> None:
    files = [scene.place / name for name in ("r.md", "r.html")]
    done = scene.call(
        "review", "--prove", "--yes", "--markdown", str(files[0]), "--html", str(files[1])
    )
    assert (done.code, done.out) == (0, b"")
    for file in files:
        text = file.read_text()
        assert "Run again to prove it" in text
        assert "2 passed in 0.01s" in text


def test_where_no_command_is_known_nothing_runs_and_nothing_is_proven(scene: Scene) -> None:
    os.remove(scene.project / "run_tests.sh")
    scene.stream.write_bytes(lines([init(1), prompt(2, "go on"), result(3, 30)]))
    done = scene.call("review", "--prove", "--json")
    assert done.code == 1
    assert json.loads(done.out)["proved"] is None
    assert "session.test_command" in done.err


def test_outside_a_repository_it_is_refused(scene: Scene, tmp_path: Path) -> None:
    scene.project = tmp_path / "plain"
    scene.project.mkdir()
    done = scene.call("review", "--prove", "--yes")
    assert (done.code, done.out) == (4, b"")
    assert "in no git repository" in done.err
