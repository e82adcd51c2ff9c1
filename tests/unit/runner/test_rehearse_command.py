"""`doctor --rehearse`: what it asks for, what it prints, what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import Done, run
from tests.unit.repositories import sh
from tests.unit.runner.rehearsal_scene import Stage

FILE = "session: {baseline_tests: [sh, run-tests.sh], inhibit_sleep: false}\n"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    (stage.project / "config").mkdir()
    (stage.project / "config/overnight.yaml").write_text(FILE)
    sh(stage.project, "add", "-A")
    sh(stage.project, "commit", "-qm", "settings")
    return stage


def command(stage: Stage, *words: str) -> Done:
    return run(*words, home=stage.home, cwd=stage.project, env=stage.environ)


def test_without_trust_it_shows_its_plan_and_runs_nothing(stage: Stage) -> None:
    done = command(stage, "doctor", "--rehearse")
    assert (done.code, done.out) == (4, b"")
    assert "agent        claude -p" in done.err
    assert "--yes" in done.err
    assert stage.starts() == []


def test_a_yes_or_trust_is_enough(stage: Stage) -> None:
    done = command(stage, "doctor", "--rehearse", "--yes", "--json")
    facts = json.loads(done.out)
    found = {one["name"]: one for one in facts["checks"]}
    assert found["rehearsal"]["state"] == "ok"
    # The project's file is not heeded, since nobody trusts it; the script is found by its name.
    assert "(from run-tests.sh)" in done.err
    assert found["forecast"]["text"].startswith("no earlier night")
    assert (facts["forecast"]["nights"], facts["forecast"]["usd_per_hour"]) == (0, None)
    assert command(stage, "trust", "--yes").code == 0
    done = command(stage, "doctor", "--rehearse")
    assert "sh run-tests.sh   (from session.baseline_tests" in done.err
    assert "sh run-tests.sh is green" in done.out.decode()
    assert len(stage.starts()) == 2
    assert done.code == 0


def test_what_is_in_the_way_ends_it_with_one(stage: Stage) -> None:
    stage.spoil(refuses=["git"])
    done = command(stage, "doctor", "--rehearse", "--yes")
    assert done.code == 1
    assert "the agent may not commit" in " ".join(done.out.decode().split())


@pytest.mark.parametrize("words", [("--minutes", "0"), ("--minutes", "nan"), ("--minutes", "x")])
def test_a_bound_that_is_none_is_a_wrong_command_line(stage: Stage, words: tuple[str, ...]) -> None:
    assert command(stage, "doctor", "--rehearse", "--yes", *words).code == 2


def test_the_doctor_alone_starts_nothing_of_the_repository(stage: Stage) -> None:
    """Neither the tests nor a hook, and the agent only says its version."""
    stage.tests(f"touch {stage.base / 'ran'}\n")
    for name in ("pre-commit", "post-checkout", "post-index-change"):
        stage.hook(name, f"touch {stage.base / 'ran'}")
    assert command(stage, "trust", "--yes").code == 0
    command(stage, "doctor")
    assert not (stage.base / "ran").exists()
    assert stage.starts() == []
