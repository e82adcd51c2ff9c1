"""What a checkpoint records of the tests: whether its tree is the one that they were green for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.night.night_script import Script, night
from tui.model.journal import JournalEntry
from tui.model.records import Record

GREEN = "3 passed in 0.05s\n"


def green() -> Script:
    script = Script()
    script.prompt()
    script.step("Bash", "pytest -q", GREEN)
    return script


def edits(script: Script, *more: Record) -> object:
    return night(script, 1.0, more).tests.checkpoint_facts["edits_since_green"]


def test_nothing_was_edited_after_them() -> None:
    script = green()
    script.step("Bash", "ls", "a.py")
    script.step("Write", "notes.md", path="notes.md")
    assert edits(script) == 0


@pytest.mark.parametrize(
    "step",
    [
        {"name": "Edit", "target": "a.py", "path": "a.py"},
        {"name": "Bash", "target": "sed -i s/a/b/ a.py"},
        {"name": "Bash", "target": "echo x > a.py; false", "error": True},
    ],
)
def test_what_was_edited_counts(step: dict[str, Any]) -> None:
    script = green()
    script.step(**step)
    assert edits(script) == 1
    script.step("Bash", "pytest -q", GREEN)
    assert edits(script) == 0


@pytest.mark.parametrize(
    ("name", "target", "path", "expected"),
    [
        ("Edit", "a.py", "a.py", 1),
        ("Bash", "echo x > a.py; sleep 60", "", 1),
        ("Bash", "sleep 60", "", 0),
        ("Edit", "notes.md", "notes.md", 0),
    ],
)
def test_what_a_call_under_way_may_have_changed_counts(
    name: str, target: str, path: str, expected: int
) -> None:
    script = green()
    script.call(name, target, path=path)
    assert edits(script) == expected


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("rewind", {"mode": "code", "written": 1, "deleted": 0}, 1),
        ("undo", {"mode": "both", "written": 0, "deleted": 2}, 1),
        ("rewind", {"mode": "code", "written": 0, "deleted": 0}, 0),
        ("rewind", {"mode": "conversation"}, 0),
    ],
)
def test_a_rewind_that_changed_files_counts(
    kind: str, data: dict[str, object], expected: int
) -> None:
    script = green()
    entry = JournalEntry((script.at or 0.0) + 1, kind, "e1", {"checkpoint": "c1", **data})
    assert edits(script, entry) == expected


def test_without_a_green_run_nothing_is_said() -> None:
    script = Script()
    script.prompt()
    script.step("Bash", "pytest -q", "1 failed in 0.05s\n", error=True)
    assert night(script).tests.checkpoint_facts == {"tests": "red"}
