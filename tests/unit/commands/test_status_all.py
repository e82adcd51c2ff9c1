"""`status --all`: one object a line for each living session and each project's last run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

from tests.session_files import lines
from tests.unit.commands.contract import fits
from tui.commands.observe.status import shown_sessions, status_of_all
from tui.model.json.status import StatusObject
from tui.model.session import KnownSession
from tui.model.state import SessionState


def known(
    name: str, state: str, kind: Literal["run", "transcript"] = "transcript", folder: str = "/f"
) -> KnownSession:
    run = name if kind == "run" else ""
    word = SessionState(state)
    return KnownSession(name, kind, f"/{name}.jsonl", folder, 1.0, 2.0, word, run_id=run)


def test_those_that_live_come_first_then_the_last_run_of_each_project() -> None:
    found = [
        known("r3", "finished", "run"),
        known("t1", "working"),
        known("r2", "finished", "run"),
        known("t2", "ended"),
        known("r1", "crashed", "run", "/g"),
        known("r4", "waiting_input", "run", "/g"),
    ]
    shown = [one.session_id for one in shown_sessions(found)]
    assert shown == ["t1", "r4", "r3", "r1"]


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    message = {"id": "m", "model": "claude-opus-5-5", "content": [{"type": "text", "text": "done"}]}
    spoken = {"type": "assistant", "sessionId": "s1", "uuid": "u1", "message": message}
    file = tmp_path / "s1.jsonl"
    file.write_bytes(lines([spoken | {"cwd": str(tmp_path), "timestamp": "2026-11-01T00:00:00Z"}]))
    return file


def test_each_line_is_the_object_of_the_status(
    transcript: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    here = KnownSession(
        "s1", "transcript", str(transcript), str(tmp_path), 1.0, 2.0, SessionState.WORKING
    )
    gone = KnownSession(
        "s2", "run", "/none", str(tmp_path / "gone"), 1.0, 2.0, SessionState.WORKING
    )
    assert status_of_all([here, gone], as_json=True) == 0
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    for one in told:
        fits(one, StatusObject)
    assert len(told) == 1, "a folder that is gone has no status"
    assert told[0]["run"]["session_id"] == "s1"
    assert told[0]["project"] == str(tmp_path)
    assert status_of_all([here, gone], as_json=False) == 0
    assert str(tmp_path) in capfd.readouterr().out


def test_none_is_said_and_is_code_3(capfd: pytest.CaptureFixture[str]) -> None:
    assert status_of_all([], as_json=True) == 3
    assert capfd.readouterr().out == ""
