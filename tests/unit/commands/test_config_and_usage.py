"""Settings shown and refused, wrong words, faults: one sentence and a code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.commands.contract import Run, sentence


def test_config_shows_what_is_in_force_and_where_from(tui: Run, project: Path) -> None:
    (project / "config").mkdir()
    (project / "config/overnight.yaml").write_text("budget:\n  max_cost_usd: 7\n")
    done = tui("config", OVERNIGHT_SCREEN_THEME="light")
    words = done.out.decode()
    assert (done.code, done.err) == (0, "")
    assert "config/overnight.yaml:2" in words
    assert "OVERNIGHT_SCREEN_THEME" in words


def test_config_defaults_is_the_documented_file(tui: Run) -> None:
    from tests.command_line import REPOSITORY

    done = tui("config", "--defaults")
    assert done.code == 0
    assert done.out == (REPOSITORY / "config/overnight.yaml").read_bytes()


def test_the_defaults_may_be_used_as_a_project_file(tui: Run, project: Path) -> None:
    (project / "config").mkdir()
    (project / "config/overnight.yaml").write_bytes(tui("config", "--defaults").out)
    assert tui("config").code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budget:\n  max_cost: 7\n", ["config/overnight.yaml:2", "max_cost_usd"]),
        ("budget:\n  max_cost_usd: lots\n", ["config/overnight.yaml:2", "max_cost_usd"]),
        ("budgett:\n  max_cost_usd: 7\n", ["config/overnight.yaml:1", "budget"]),
        ("budget: [1, 2\n", ["config/overnight.yaml"]),
        ("budget:\n  max_cost_usd: -5\n", ["config/overnight.yaml:2"]),
        ("\x00\x01", ["config/overnight.yaml"]),
        ("- a list\n", ["config/overnight.yaml"]),
        ("a: &a [*a, *a]\n", ["config/overnight.yaml"]),
        ("!!python/object/apply:os.system ['touch pwned']\n", ["config/overnight.yaml"]),
    ],
)
@pytest.mark.parametrize("command_word", ["config", "status", "events"])
def test_a_broken_config_is_one_sentence(
    tui: Run, project: Path, text: str, words: list[str], command_word: str
) -> None:
    (project / "config").mkdir()
    (project / "config/overnight.yaml").write_text(text)
    done = tui(command_word)
    assert done.code == 2
    assert done.out == b""
    for word in words:
        assert word in sentence(done)
    assert not (project / "pwned").exists()


def test_a_wrong_variable_is_one_sentence(tui: Run) -> None:
    done = tui("status", OVERNIGHT_BUDGET_MAX_COST_USD="lots")
    assert done.code == 2
    assert "OVERNIGHT_BUDGET_MAX_COST_USD" in sentence(done)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["statsu"], "did you mean 'status'"),
        (["evnts"], "did you mean 'events'"),
        (["confg", "--defaults"], "did you mean 'config'"),
        (["xyzzy"], "overnight-tui --help"),
        (["status", "--jsn"], "did you mean '--json'"),
        (["events", "--folow"], "did you mean '--follow'"),
        (["events", "--verbosity", "9"], "--verbosity"),
        (["events", "--verbosity"], "--verbosity"),
        (["status", "/nowhere/at/all"], "/nowhere/at/all is not a folder"),
        (["--project", "/nowhere/at/all", "status"], "/nowhere/at/all is not a folder"),
        (["status", "--events"], "--events"),
        (["status", "a", "b"], "unrecognized arguments: b"),
        (["logs/session.jsonl"], "--events logs/session.jsonl"),
        (["/nowhere/at/all"], "/nowhere/at/all"),
        ([""], "no folder and no command"),
    ],
)
def test_wrong_usage_is_one_sentence_and_code_2(tui: Run, words: list[str], said: str) -> None:
    done = tui(*words)
    assert done.code == 2
    assert done.out == b""
    assert said in sentence(done)


def test_words_that_are_no_text_are_one_sentence_too(tui: Run) -> None:
    done = tui(b"\xff\xfe", b"--\xff")
    assert done.code == 2
    sentence(done)


def test_the_screen_needs_a_terminal(tui: Run) -> None:
    for words in ([], ["watch"], ["demo"]):
        done = tui(*words)
        assert done.code == 2
        assert "no terminal" in sentence(done)


@pytest.mark.parametrize("story", ["limit", "", "nightly", "works tasks=2"])
def test_a_story_that_nobody_wrote_is_refused(tui: Run, tmp_path: Path, story: str) -> None:
    done = tui("demo", "--detach", "--story", story, "--folder", str(tmp_path / "demo"))
    assert done.code == 2
    assert "night or work" in sentence(done)
    assert not (tmp_path / "demo").exists()


def test_help_and_version_are_data(tui: Run) -> None:
    from tui import __version__
    from tui.cli import COMMANDS

    done = tui("--help")
    assert (done.code, done.err) == (0, "")
    for name in COMMANDS:
        assert f"  {name} ".encode() in done.out
    assert tui("--version").out.decode() == f"overnight-tui {__version__}\n"
    for name in (name for name in COMMANDS if name != "hook"):  # speaks to Claude Code only
        told = tui(name, "--help")
        assert (told.code, told.err) == (0, ""), name
        assert told.out.startswith(b"usage: overnight-tui")


def test_an_unwritable_home_is_no_trouble(tui: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert tui("status", HOME=str(tmp_path / "file")).code == 0


def test_a_fault_of_ours_is_a_sentence_and_a_trace_in_a_file(tui: Run, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "yaml.py").write_text("raise RuntimeError('broken on purpose')\n")
    (tmp_path / "project/config").mkdir()
    (tmp_path / "project/config/overnight.yaml").write_text("budget: {}\n")
    path = os.pathsep.join([str(tmp_path / "broken"), os.environ.get("PYTHONPATH", "")])
    from tests.command_line import REPOSITORY

    done = tui(
        "status", PYTHONPATH=f"{path}{os.pathsep}{REPOSITORY}", XDG_STATE_HOME=str(tmp_path / "st")
    )
    assert done.code == 1
    assert "this should not have happened (RuntimeError)" in sentence(done)
    trace = (tmp_path / "st" / "overnight-tui" / "crash.log").read_text()
    assert "broken on purpose" in trace
