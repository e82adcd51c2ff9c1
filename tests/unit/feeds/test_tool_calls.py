"""Tool calls in one line, and their keys."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from msgspec import Raw

from tests.unit.feeds.event_lines import line
from tui.feeds.claude.tool_inputs import read_tool_call


def summary(name: str, given: Any) -> str:
    return read_tool_call("t", name, Raw(line(given))).target


def key(name: str, given: Any) -> int:
    return read_tool_call("t", name, Raw(line(given))).key


@pytest.mark.parametrize(
    ("name", "given", "target"),
    [
        ("Bash", {"command": "pytest -q", "description": "Run tests"}, "pytest -q"),
        ("Bash", {"command": "cd x\n  make\n"}, "cd x ⏎ make"),
        ("Bash", {"command": "printf '\x1b]0;t\x07'"}, "printf '␛]0;t␇'"),
        ("Bash", {"command": 5}, "5"),
        ("Bash", {"description": "only words"}, "only words"),
        ("Bash", {}, ""),
        ("Read", {"file_path": "/p/a.py"}, "/p/a.py"),
        ("Read", {"file_path": "/p/a.py", "offset": 208, "limit": 200}, "/p/a.py:208"),
        ("Edit", {"file_path": "/p/a.py", "old_string": "a", "new_string": "b"}, "/p/a.py"),
        ("NotebookEdit", {"notebook_path": "/p/a.ipynb"}, "/p/a.ipynb"),
        ("Grep", {"pattern": "def x", "path": "src", "output_mode": "content"}, "def x in src"),
        ("Grep", {"pattern": "x", "glob": "*.py"}, "x in *.py"),
        ("Glob", {"pattern": "**/*.py"}, "**/*.py"),
        ("WebFetch", {"url": "https://example.org", "prompt": "?"}, "https://example.org"),
        ("WebSearch", {"query": "textual"}, "textual"),
        (
            "Agent",
            {"description": "Explore", "subagent_type": "general", "prompt": "…"},
            "Explore (general)",
        ),
        ("Task", {"prompt": "dig"}, "dig"),
        (
            "TodoWrite",
            {
                "todos": [
                    {"content": "parse", "status": "completed"},
                    {"content": "test", "status": "in_progress"},
                    {"content": "ship", "status": "pending"},
                ]
            },
            "1 of 3 done · test",
        ),
        ("TodoWrite", {"todos": "garbage"}, "0 of 0 done"),
        ("TodoWrite", {"todos": [5, None]}, "0 of 0 done"),
        ("TaskCreate", {"subject": "Write parser", "description": "…"}, "Write parser"),
        ("TaskUpdate", {"taskId": "1", "status": "completed"}, "#1 completed"),
        ("TaskList", {}, ""),
        ("TaskOutput", {"task_id": "b9", "block": True}, "b9"),
        ("Skill", {"skill": "review", "args": "now"}, "review now"),
        ("AskUserQuestion", {"questions": [{"question": "Which?"}]}, "Which?"),
        ("AskUserQuestion", {"questions": []}, ""),
        ("mcp__web__open", {"url": "http://x"}, "http://x"),
        (
            "mcp__db__query",
            {"sql": "select 1", "limit": 5, "deep": {"a": 1}},
            "sql: select 1, limit: 5",
        ),
        ("Brand New", [], ""),
    ],
)
def test_a_call_is_one_line(name: str, given: Any, target: str) -> None:
    assert summary(name, given) == target


@pytest.mark.parametrize("size", [500, 100_000])
def test_a_line_is_at_most_200_characters(size: int) -> None:
    target = summary("Bash", {"command": "x" * size})
    assert len(target) == 200
    assert target.endswith("…")
    assert len(summary("mcp__a__b", {"x": "y" * size, "z": 1})) <= 200


def test_a_long_input_tells_its_file_as_a_short_one() -> None:
    found = read_tool_call(
        "t", "Write", Raw(line({"file_path": "/p/\u202ea.py", "content": "x" * 50_000}))
    )
    assert found.target == found.path == "/p/‹U+202E›a.py"


def test_equal_calls_have_equal_keys_and_others_do_not() -> None:
    same = key("Bash", {"command": "ls", "timeout": 5, "description": "List"})
    assert same == key("Bash", {"timeout": 5, "command": "ls", "description": "Look"})
    assert same != key("Bash", {"command": "ls", "timeout": 6})
    assert same != key("PowerShell", {"command": "ls", "timeout": 5})
    assert key("Agent", {"description": "a"}) != key("Agent", {"description": "b"})
    long = {"file_path": "/x", "content": "y" * 5_000}
    assert key("Write", long) == key("Write", dict(long)) != key("Write", {**long, "content": "z"})
    assert 0 < same < 1 << 63


def test_keys_are_the_same_in_every_process() -> None:
    code = (
        "from msgspec import Raw; from tui.feeds.claude.tool_inputs import read_tool_call;"
        "print(read_tool_call('t', 'Bash', Raw(b'{\"command\":\"ls\"}')).key)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert int(other.stdout) == key("Bash", {"command": "ls"})


def test_an_input_that_cannot_be_read_is_still_a_call() -> None:
    for raw in (b"", b'{"command":"\xff"}', b"null", b'"text"', b"[" * 5_000):
        found = read_tool_call("t", "Bash", Raw(raw))
        assert found.key > 0
        assert found.target == ""
