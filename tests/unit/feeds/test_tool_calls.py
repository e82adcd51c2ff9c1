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


def change(name: str, given: Any) -> tuple[int, int]:
    """What an editing call does to the number of its file: what it takes out, and by how much it changes it."""
    found = read_tool_call("t", name, Raw(line(given))).change
    return found.removed, (found.written - found.removed) % 2**63


def edit(old: str, new: str, **more: Any) -> dict[str, Any]:
    return {"file_path": "/p/a.py", "old_string": old, "new_string": new, **more}


@pytest.mark.parametrize("padding", ["", "x" * 3000])
def test_an_edit_and_its_reversal_cancel(padding: str) -> None:
    one = change("Edit", edit(f"a = 1{padding}", "a = 2"))
    other = change("Edit", edit("a = 2", f"a = 1{padding}"))
    assert one[0] != 0
    assert (one[1] + other[1]) % 2**63 == 0
    assert one[1] != 0


def test_lines_around_a_change_do_not_matter() -> None:
    small = change("Edit", edit("b = 1", "b = 2"))
    large = change("Edit", edit("a = 0\n    b = 1\n\nc = 0", "a = 0\n    b = 2\n\nc = 0"))
    assert small[1] == large[1]
    assert change("Edit", edit("b = 1", "b = 3"))[1] != small[1]


def test_many_edits_in_one_call_are_their_sum() -> None:
    pairs = [{"old_string": "a", "new_string": "b"}, {"old_string": "c\nd", "new_string": "e"}]
    both = change("MultiEdit", {"file_path": "/p/a.py", "edits": pairs})
    one, other = (change("Edit", {"file_path": "/p/a.py", **pair}) for pair in pairs)
    assert both[1] == (one[1] + other[1]) % 2**63


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Write", {"file_path": "/p/a", "content": "a\nb"}),
        ("Edit", {"file_path": "/p/a", "old_string": "", "new_string": "a\nb"}),
        ("create_file", {"path": "/p/a", "content": "a\nb"}),
        ("mcp__files__write_file", {"path": "/p/a", "content": "a\nb"}),
        ("str_replace_based_edit_tool", {"command": "create", "path": "/p/a", "file_text": "a\nb"}),
        ("NotebookEdit", {"notebook_path": "/p/a", "new_source": "a\nb"}),
    ],
)
def test_a_whole_content_is_the_same_number_by_whichever_tool(name: str, given: Any) -> None:
    use = read_tool_call("t", name, Raw(line(given)))
    assert use.path == "/p/a"
    assert (use.change.removed, use.change.written) == change("Write", {"content": "a\nb"})
    padded = {**given, "description": "d" * 3000}
    assert read_tool_call("t", name, Raw(line(padded))).change == use.change


def test_cells_of_a_notebook_are_apart() -> None:
    cells = [
        change("NotebookEdit", {"notebook_path": "/p/a", "cell_id": c, "new_source": "x"})
        for c in "ab"
    ]
    assert cells[0] != cells[1]


@pytest.mark.parametrize(
    "given", [{}, {"file_path": 5}, {"edits": "no"}, {"edits": [5]}, {"content": 7}, []]
)
def test_an_edit_that_cannot_be_read_changes_nobody_knows_what(given: Any) -> None:
    assert change("Edit", given) == (0, 0)


def test_tasks_that_a_call_ticks() -> None:
    def ticked(name: str, given: Any) -> tuple[int, ...]:
        return read_tool_call("t", name, Raw(line(given))).change.ticked

    todos = [
        {"content": f"task {n}", "status": status}
        for n, status in enumerate(("completed", "pending"))
    ]
    assert len(ticked("TodoWrite", {"todos": todos})) == 1
    assert ticked("TodoWrite", {"todos": [*todos, 5], "more": "x" * 3000}) == ticked(
        "TodoWrite", {"todos": todos}
    )
    assert ticked("TodoWrite", {"todos": "garbage"}) == ()
    assert (
        len(ticked("TaskUpdate", {"taskId": "3", "status": "completed", "description": "x" * 3000}))
        == 1
    )
    assert ticked("TaskUpdate", {"taskId": "3", "status": "in_progress"}) == ()
    assert ticked("Bash", {"status": "completed"}) == ()
