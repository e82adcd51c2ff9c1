"""What stands after `--` goes on as it is, wherever the options stand."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tui import cli
from tui.commands import run
from tui.commands.act import unit


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[argparse.Namespace]:
    """What `run` and `unit` are called with."""
    calls: list[argparse.Namespace] = []

    def call(arguments: argparse.Namespace) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(run, "run_command", call)
    monkeypatch.setattr(unit, "unit_command", call)
    return calls


@pytest.mark.parametrize(
    ("words", "after"),
    [
        ("run GOAL --detach -- --effort high", ["--effort", "high"]),
        ("run --detach GOAL -- --effort high", ["--effort", "high"]),
        ("run GOAL --continuous --max-cost 3 -- --effort high --detach", None),
        ("run GOAL -- a -- b", ["a", "--", "b"]),
        ("run GOAL --detach --", []),
        ("run GOAL --detach", []),
        ("unit GOAL --at 23:00 -- --continuous", ["--continuous"]),
        ("unit --at 23:00 GOAL -- --continuous -- --effort high", None),
        ("--project . unit GOAL -- -x", ["-x"]),
    ],
)
def test_words_go_on(words: str, after: list[str] | None, given: list[argparse.Namespace]) -> None:
    expected = words.partition(" -- ")[2].split() if after is None else after
    assert cli.main(words.split()) == 0
    assert given[0].goal == "GOAL"
    assert given[0].words == expected


def test_nothing_before_them_is_lost(given: list[argparse.Namespace]) -> None:
    assert cli.main("run GOAL --continuous --max-cost 3 -- --max-cost 4".split()) == 0
    assert (given[0].continuous, given[0].max_cost) == (True, "3")


def test_other_commands_keep_the_separator(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--", "--nowhere"]) == 2
    assert "--nowhere is not a folder" in capsys.readouterr().err


def test_the_help_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("run", "unit"):
        assert cli.main([name, "--help"]) == 0
        assert "[-- WORD ...]" in capsys.readouterr().out


def test_the_originals_flags_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = (
        "run GOAL --detach --no-watchdog --duration 4 --with-recovery --continuous --initializer"
    )
    code = cli.main([*given.split(), "--max-cost", "5", "--project", str(tmp_path)])
    error = capsys.readouterr().err
    assert "--no-watchdog has no effect" in error
    assert code == 4  # an empty folder is no repository: so far all of it was understood
    assert "git init" in error
