"""`sessions`, `--session`, and every command from a folder below the project's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import Done, run
from tests.unit.commands.contract import Run, fits, sentence
from tests.unit.feeds.sessions.scene import Scene, question
from tests.unit.repositories import make
from tui.model.json.lists import SessionsObject

NIGHT = "aaaa0001-1111-4222-8333-444455556666"
OTHER = "bbbb0002-1111-4222-8333-444455556666"
ASKED = "cccc0003-1111-4222-8333-444455556666"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    found = Scene(tmp_path)
    make(found.project)
    found.night(NIGHT, age=3600)
    found.night(OTHER, age=7200)
    found.write(ASKED, question(), age=60)
    return found


@pytest.fixture
def tui(scene: Scene) -> Run:
    def call(*words: str, cwd: Path = scene.project, **env: str) -> Done:
        done = run(*words, home=scene.home, cwd=cwd, env=env)
        assert "Traceback" not in done.err
        return done

    return call


def shown(done: Done) -> str:
    """The session of a `status --json` or `review --json`."""
    return str(json.loads(done.out)["run"]["session_id"])


# --- the list ---


def test_the_sessions_of_a_project(tui: Run) -> None:
    done = tui("sessions", "--json")
    found = json.loads(done.out)
    fits(found, SessionsObject)
    assert [one["session_id"] for one in found["sessions"]] == [ASKED, NIGHT, OTHER]
    assert [one["chosen"] for one in found["sessions"]] == [False, True, False]
    assert [one["has_substance"] for one in found["sessions"]] == [False, True, True]


def test_the_table_is_for_people_and_fits_into_80_columns(tui: Run, scene: Scene) -> None:
    scene.night(
        "dddd0004-1111-4222-8333-444455556666", cwd=scene.project / ("很长的名字" * 9), age=9_000
    )
    lines = tui("sessions").out.decode().splitlines()

    assert lines[0].split() == ["id", "state", "last", "about"]
    assert lines[1].startswith("▸  aaaa0001  finished")
    assert lines[2].startswith("   bbbb0002  finished")
    assert lines[-1] == "1 question or older session not shown; --json has all"
    cells = [sum(2 if ord(one) > 0x2FFF else 1 for one in line) for line in lines]
    assert max(cells) <= 80
    assert "in 很长的名字" in "".join(lines), "where it ran, and not the whole path of it"
    narrow = tui("sessions", COLUMNS="40").out.decode().splitlines()
    assert max(sum(2 if ord(one) > 0x2FFF else 1 for one in line) for line in narrow[:-2]) <= 40


def test_all_sessions_of_the_machine(tui: Run, scene: Scene, tmp_path: Path) -> None:
    elsewhere = "eeee0005-1111-4222-8333-444455556666"
    scene.night(elsewhere, cwd=tmp_path / "elsewhere", age=10)
    found = json.loads(tui("sessions", "--all", "--json").out)
    fits(found, SessionsObject)
    assert {one["session_id"] for one in found["sessions"]} >= {elsewhere, NIGHT, OTHER, ASKED}
    projects = {one["session_id"]: one["project"] for one in found["sessions"]}
    assert projects[elsewhere] == str(tmp_path / "elsewhere")


def test_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("sessions", home=tmp_path / "home", cwd=tmp_path / "empty", env={})
    assert (done.code, done.out) == (3, b"")
    assert "no session lives or lived here" in done.err


# --- one that is named ---


@pytest.mark.parametrize("id", [OTHER, "bbbb"])
def test_a_session_by_its_id(tui: Run, id: str) -> None:
    assert shown(tui("status", "--json")) == NIGHT
    assert shown(tui("status", "--json", "--session", id)) == OTHER
    assert shown(tui("--session", id, "review", "--json")) == OTHER
    assert tui("events", "--session", id).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("status",), ("review", "--json"), ("events",), ("inject", "hello"), ("kill", "--yes"),
        ("checkpoint",), ("step-back",), ("withdraw",),
    ],
)  # fmt: skip
def test_one_that_is_not_known_is_refused_by_every_command(
    tui: Run, words: tuple[str, ...]
) -> None:
    done = tui(*words, "--session", "dead")
    assert (done.code, done.out) == (3, b"")
    assert (
        sentence(done) == "no session here has the id 'dead'; `overnight-tui sessions` lists them"
    )


def test_session_and_events_are_not_given_together(tui: Run) -> None:
    assert tui("status", "--session", NIGHT, "--events", "x.jsonl").code == 2


# --- from below ---


@pytest.mark.parametrize(
    "words",
    [("status", "--json"), ("review", "--json"), ("--session", NIGHT, "status", "--json")],
)
def test_from_a_folder_below_the_session_of_the_repository_is_meant(
    tui: Run, scene: Scene, words: tuple[str, ...]
) -> None:
    below = scene.project / "src" / "core"
    below.mkdir(parents=True)
    found = json.loads(tui(*words, cwd=below).out)
    assert (found["run"]["session_id"], found["project"]) == (NIGHT, str(scene.project))
    assert shown(tui("status", "--json", str(below), cwd=Path("/"))) == NIGHT


def test_a_session_that_ran_in_the_folder_itself_is_meant_there(tui: Run, scene: Scene) -> None:
    below = scene.project / "packages" / "api"
    below.mkdir(parents=True)
    scene.night("eeee0005-1111-4222-8333-444455556666", cwd=below, age=9_000)
    assert json.loads(tui("status", "--json", cwd=below).out)["project"] == str(below)
    above = json.loads(tui("status", "--json", cwd=below.parent).out)
    assert above["project"] == str(below.parent), "one ran below it"
    assert shown(tui("status", "--json")) == NIGHT


@pytest.mark.parametrize("own", ["config/overnight.yaml", "logs/night.jsonl", ".git/HEAD"])
def test_a_folder_with_something_of_its_own_is_the_project(
    tui: Run, scene: Scene, own: str
) -> None:
    below = scene.project / "inner"
    (below / own).parent.mkdir(parents=True)
    stream = b'{"type":"system","subtype":"init","session_id":"s","cwd":"/p"}\n'
    (below / own).write_bytes(stream if own.startswith("logs") else b"")

    assert json.loads(tui("status", "--json", cwd=below).out)["project"] == str(below)


def test_a_home_that_is_a_repository_is_no_project_of_its_folders(scene: Scene) -> None:
    make(scene.home)
    (scene.home / "notes").mkdir()
    done = run("status", "--json", home=scene.home, cwd=scene.home / "notes", env={})
    assert json.loads(done.out)["project"] == str(scene.home / "notes")
