"""Whatever a call holds, the answer comes, and in time that follows its size."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.control.protect.scene import command, judged, make_project
from tui.system.shell import words

_LETTERS = st.text("git push rm-rfcat.envh'\"\\$`(){}[]<>|&;#=*?~!\n\t\0\x01\x07,:@/", max_size=60)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("hostile"))


@settings(max_examples=300, deadline=None)
@given(_LETTERS)
def test_any_text_is_judged(project: Path, text: str) -> None:
    command(project, text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_of_any_letters(project: Path, text: str) -> None:
    command(project, text)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_LETTERS, inner, max_size=3),
    max_leaves=10,
)
_KEYS = st.sampled_from(["command", "file_path", "path", "pattern", "glob", "paths", "files", "x"])


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["Bash", "Write", "Read", "Glob", "Grep", "NotebookEdit", "mcp__x__y", ""]),
    st.dictionaries(_KEYS, _VALUES, max_size=4) | _VALUES,
)
def test_any_call_is_judged(project: Path, tool: str, given_to: object) -> None:
    judged(project, tool, given_to)


def _calls_during(work: Callable[[], object]) -> int:
    """How many functions of Python were called: time that does not depend on the machine."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


_ENDLESS = {
    "one word": "a" * 1_000_000,
    "words": "a " * 500_000,
    "commands": "a;" * 500_000,
    "open quote": "'" + "a" * 1_000_000,
    "quotes": "''" * 500_000,
    "open substitutions": "$(" * 300_000,
    "open brackets": "(" * 300_000,
    "open calculations": "$((" * 200_000,
    "braces": "{a,b}" * 100_000,
    "open braces": "{" * 300_000 + "," * 300_000,
    "variables": "$a" * 300_000,
    "open variables": "${a:-" * 100_000,
    "backticks": "`" * 300_001,
    "backslashes": "\\" * 500_001,
    "redirections": "> a " * 200_000,
    "documents": "<<E " * 200_000 + "\n",
    "lines": "cat .x\n" * 100_000,
    "assignments": "a=1 " * 200_000,
    "growing": "a=aa;" + "a=$a$a;" * 100 + "cat $a",
    "globs": "cat " + "*" * 1_000 + "/" + "*/" * 300,
    "stars": "cat " + "*a" * 2_000,
    "shells": "bash -c " * 100_000 + "ls",
    "nested shells": "eval " * 50_000 + "ls",
    "code": "python -c '" + 'system("a") ' * 50_000 + "'",
    "fed": "echo " + "push " * 100_000 + "| xargs git status",
    "xargs": "xargs " * 100_000,
}


@pytest.mark.parametrize("name", _ENDLESS)
def test_it_takes_no_longer_than_it_may(project: Path, name: str) -> None:
    called = _calls_during(lambda: command(project, _ENDLESS[name]))
    assert called < 1_500_000, f"{called} calls"


@pytest.mark.parametrize(
    "text",
    [
        "x;" * 30_000 + "git push",
        "echo 'a' " * 30_000 + "\ngit push",
        "$(" * 60 + "git push" + ")" * 60,
        "(" * 100 + "git push" + ")" * 100,
        "git push 'and no end",
        'git "push" "and no end',
        "a" * 500_000 + "; git push",
        "git push `",
        "git push $(",
        "git push ${",
        "rm -rf x ${a",
        "'\n rm -rf x",
        "git\0 push",
        "git push \ud800",
        "eval " * 50 + "git push",
        "bash -c 'bash -c \"git push",
    ],
)
def test_what_cannot_be_read_is_searched_for_words(project: Path, text: str) -> None:
    refusal = command(project, text)
    assert refusal is not None
    assert "git push" in refusal.reason or "rm -rf" in refusal.reason


def test_what_cannot_be_read_and_names_nothing_is_let_be(project: Path) -> None:
    assert command(project, "ls 'and no end") is None
    assert command(project, "ls;" * 40_000) is None


def test_a_bound_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_MOST_STEPS", 20)
    refusal = command(project, "ls;" * 20 + "git push")
    assert refusal is not None
    assert "too long to be read whole" in refusal.reason


def test_a_path_too_long_to_be_one(project: Path) -> None:
    assert judged(project, "Write", {"file_path": "a/" * 200_000}) is None
    assert judged(project, "Read", {"file_path": "\0"}) is None
    assert judged(project, "Read", {"file_path": "\ud800"}) is None


def test_a_call_of_ever_deeper_fields(project: Path) -> None:
    given_to: object = ".env"
    for _ in range(500):
        given_to = {"path": given_to}
    assert judged(project, "mcp__x__read", given_to) is None
