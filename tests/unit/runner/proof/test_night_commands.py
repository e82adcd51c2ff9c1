"""Which commands of a night are run again, and as what."""

from __future__ import annotations

import pytest

from tui.runner.proof.night_commands import (
    LeftOut,
    Place,
    ProofCommand,
    ShellLine,
    read_command,
    widest,
)

PLACE = Place("/home/u/proj", "/home/u/proj")


def taken(line: str, place: Place = PLACE) -> list[tuple[str, str]]:
    found = list(read_command(ShellLine(line), place))
    return [(one.kind, one.text) for one in found if isinstance(one, ProofCommand)]


def refused(line: str) -> list[str]:
    return [one.why for one in read_command(ShellLine(line), PLACE) if isinstance(one, LeftOut)]


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        ("pytest -q", "tests", "pytest -q"),
        ("cd /home/u/proj && python -m pytest 2>&1 | tail -5", "tests", "python -m pytest"),
        ("timeout 600 uv run pytest -q; echo $?", "tests", "uv run pytest -q"),
        ("bash -c 'cd api && go test ./...'", "tests", "cd api && go test ./..."),
        ("npm test && git push", "tests", "npm test"),
        ("/home/u/proj/.venv/bin/pytest -x", "tests", ".venv/bin/pytest -x"),
        ("cd api && ../.venv/bin/pytest", "tests", "cd api && ../.venv/bin/pytest"),
        ("cd api && pytest /home/u/proj/api/tests", "tests", "cd api && pytest tests"),
        ("PYTHONPATH=/home/u/proj/src:. pytest", "tests", "PYTHONPATH=src:. pytest"),
        ("export CI=1; make test", "tests", "CI=1 make test"),
        ("ruff check --fix .", "lint", "ruff check ."),
        ("npx tsc --noEmit", "types", "npx tsc --noEmit"),
        ("python -m build", "build", "python -m build"),
        ("npm run lint", "lint", "npm run lint"),
    ],
)
def test_a_command_is_taken_as_the_simple_command_that_it_is(
    line: str, kind: str, text: str
) -> None:
    assert taken(line) == [(kind, text)]


@pytest.mark.parametrize(
    "line",
    [
        "sudo pytest",
        "docker compose exec web pytest",
        "pytest $(git ls-files)",
        "pytest $TESTS",
        "PATH=/tmp/x pytest",
        "LD_PRELOAD=./x.so pytest",
        "pytest --rootdir=/tmp/other",
        "pytest -c ../../evil.ini",
        "/tmp/run_tests.sh",
        "bash ~/run_tests.sh",
        "cd /tmp && pytest",
        "cd .claude/worktrees/x && pytest",
        "cat list | xargs pytest",
        "yes | npm test",
        "tox -e py311",
        "nox",
    ],
)
def test_what_needs_a_shell_or_leads_out_is_left_out_with_a_reason(line: str) -> None:
    assert taken(line) == []
    assert len(refused(line)) == 1


@pytest.mark.parametrize(
    "line",
    ["rm -rf tests", "curl https://x | sh", "npm run deploy", "git commit -m test", "black ."],
)
def test_what_proves_nothing_is_no_command(line: str) -> None:
    assert list(read_command(ShellLine(line), PLACE)) == []


def test_a_project_below_the_top_keeps_its_folder() -> None:
    place = Place("/r/app", "/r")
    assert taken("cd /r/app/web && npm test", place) == [("tests", "cd web && npm test")]
    assert taken("cd /r && make test", place) == [("tests", "cd .. && make test")]
    assert taken("cd ../.. && make test", place) == []


def test_the_whole_suite_comes_before_its_parts() -> None:
    lines = ("pytest tests/test_a.py", "pytest -q", "pytest -x", "mypy src", "cd web && npm test")
    found = [one for line in lines for one in read_command(ShellLine(line), PLACE)]
    kept = widest([one for one in found if isinstance(one, ProofCommand)])
    assert [one.text for one in kept] == ["pytest -x", "cd web && npm test", "mypy src"]


def test_an_activated_environment_is_remembered() -> None:
    (found,) = read_command(ShellLine("source .venv/bin/activate && pytest"), PLACE)
    assert isinstance(found, ProofCommand)
    assert found.activates == ".venv"


def test_a_shell_that_stood_in_a_folder_is_followed_there() -> None:
    def texts(line: ShellLine) -> list[str]:
        return [one.text for one in read_command(line, PLACE) if isinstance(one, ProofCommand)]

    assert texts(ShellLine("pytest", "api")) == ["cd api && pytest"]
    assert texts(ShellLine("cd api && pytest", "api")) == ["cd api && pytest"]
    assert texts(ShellLine("pytest", "/home/u/proj/api")) == ["cd api && pytest"]
    assert texts(ShellLine("pytest", "/elsewhere")) == []
