"""What a person changed before a night or beside it is no change of the agent."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.unit.repositories import make, sh
from tui.feeds.repo.night_diff import read_night_diff
from tui.model.events import SourceRef
from tui.model.evidence.log import CallSpans, EditRecord, EvidenceLog, Spans
from tui.model.snapshot import NightSnapshot
from tui.monitor.history.whose_work import without_persons
from tui.night.evidence.risky_calls import RiskyCall

START = 1_780_000_000.0
REF = SourceRef("s", 0)
FILES = {"app.py": "a = 1\n", "notes.md": "one\n", "tests/test_old.py": "def test(): ...\n"}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return make(tmp_path / "project", FILES)


def left(top: Path, *commands: str, checkpoint: str = "", since: float = START) -> list[str]:
    """The paths that count as the agent's: it edited app.py and ran these commands."""
    taken = [SimpleNamespace(at=since + 1, commit=checkpoint)] if checkpoint else []
    night = SimpleNamespace(
        run=SimpleNamespace(started_at=since),
        interventions=SimpleNamespace(checkpoints=taken),
        counts=SimpleNamespace(unseen=0, tool_calls=(("Bash", 1), ("Edit", 1))),
    )
    calls = [RiskyCall("Bash", text, REF, since + 5) for text in commands]
    spans = CallSpans(busy=Spans((since, since + 10)), is_timed=True)
    edits = (EditRecord(1, since + 5, str(top / "app.py"), "Edit", REF),)
    log = EvidenceLog(edits=edits, calls=spans)
    changes = read_night_diff(top, sh(top, "rev-parse", "HEAD"), None, None)
    made: Any = without_persons(top, changes, cast(NightSnapshot, night), log, calls)
    return [one.path for one in made.files]


def test_a_file_that_was_dirty_before_is_the_persons(top: Path) -> None:
    (top / "app.py").write_text("a = 2\n")
    (top / "mine.txt").write_text("x\n")
    assert left(top, "make") == ["app.py", "mine.txt"]
    os.utime(top / "mine.txt", (START - 99, START - 99))
    assert left(top, "make") == ["app.py"]
    assert left(top, "make", "cp -p /tmp/mine.txt .") == ["app.py", "mine.txt"]


def test_what_the_first_checkpoint_had_already_is_the_persons(top: Path) -> None:
    (top / "tests/test_old.py").unlink()
    (top / "notes.md").write_text("two\n")
    before = sh(top, "stash", "create")
    (top / "app.py").write_text("a = 2\n")
    assert left(top, "make", checkpoint=before) == ["app.py"]
    assert left(top, "make") == ["app.py", "notes.md", "tests/test_old.py"]
    (top / "notes.md").write_text("three\n")
    assert left(top, "make", checkpoint=before) == ["app.py", "notes.md"]


def test_what_no_call_can_have_done_is_the_persons(top: Path) -> None:
    (top / "app.py").write_text("a = 2\n")
    (top / "notes.md").write_text("two\n")
    (top / "tests/test_old.py").unlink()
    assert left(top, "pytest -q", "git add -A") == ["app.py"]
    assert left(top, "rm -r tests") == ["app.py", "tests/test_old.py"]
    assert left(top, "./tidy.sh") == ["app.py", "notes.md", "tests/test_old.py"]
