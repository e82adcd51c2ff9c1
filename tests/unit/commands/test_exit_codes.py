"""Every command where something is missing: 4 for a precondition, 3 for no session, and which."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.repositories import make
from tui import cli

NO_REPOSITORY = "is in no git repository"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A folder without a repository, and one with a commit; nobody was ever at work in either."""
    for name in ("home", "bin", "empty"):
        (tmp_path / name).mkdir()
    for key, name in (("HOME", "home"), ("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(key, str(tmp_path / name))
    for key in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(key, raising=False)
    return {"empty": tmp_path / "empty", "repository": make(tmp_path / "repository", {"a": "1"})}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("inject hi", 3, "no session is going on"),
        ("inject --now hi", 3, "no session is going on"),
        ("step-back", 3, "no session is going on"),
        ("withdraw", 3, "no session is going on"),
        ("withdraw x", 3, "no session is going on"),
        ("kill --yes", 3, "no session is going on"),
        ("kill --interrupt --yes", 3, "no session is going on"),
        ("kill --gently --yes", 3, "no session is going on"),
        ("status", 3, "no session found"),
        ("status --json", 3, "no session found"),
        ("status --session x", 3, "no session here"),
        ("checkpoint --session x", 3, "no session here"),
        ("review", 3, "no session found"),
        ("review x", 3, "x"),
        ("runs", 3, "no run and no session"),
        ("sessions", 3, "no session lives or lived here"),
        ("rewind c1 --conversation --yes", 4, "--code brings back the files"),
        ("rewind c1 --both --yes", 4, "--code brings back the files"),
        ("rewind start --both --yes", 4, "--code brings back the files"),
    ],
)
def test_nobody_is_at_work(
    places: dict[str, Path],
    words: str,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main([*words.split(), "--project", str(places["repository"])]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        "checkpoint",
        "checkpoints",
        "checkpoints --json",
        "checkpoints --delete c1 --yes",
        "rewind c1 --yes",
        "rewind c1 --dry-run",
        "rewind last-good --yes",
        "rewind start --yes",
        "undo --yes",
        "undo --dry-run",
        "run goal --detach",
        "run goal --detach --worktree one",
    ],
)
def test_there_is_no_repository(
    places: dict[str, Path], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*words.split(), "--project", str(places["empty"])]) == 4
    assert NO_REPOSITORY in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("rewind c1 --yes", "there is no checkpoint 'c1'"),
        ("rewind c1 --dry-run", "there is no checkpoint 'c1'"),
        ("rewind last-good --yes", "green tests"),
        ("rewind last-good --dry-run", "green tests"),
        ("rewind start --yes", "no run of ours began here"),
        ("undo --yes", "no rewind has been made here"),
        ("undo --dry-run", "no rewind has been made here"),
        ("checkpoints --delete c1 --yes", "there is no checkpoint 'c1'"),
        ("run goal --detach --worktree ../x", "no name for a work tree"),
    ],
)
def test_there_is_nothing_to_go_back_to(
    places: dict[str, Path], words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*words.split(), "--project", str(places["repository"])]) == 4
    assert said in capsys.readouterr().err


def test_a_run_that_cannot_start_leaves_no_work_tree(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = places["repository"]
    monkeypatch.setenv("OVERNIGHT_AGENT", str(project.parent / "no-such-agent"))
    words = ["run", "goal", "--detach", "--worktree", "one", "--project", str(project)]
    assert cli.main(words) == 4
    assert "the work tree was taken back" in capsys.readouterr().err
    assert not (project.parent / "repository-one").exists()
    assert not (project / ".git/refs/heads/one").exists()
