"""Writes what a project and Claude's own folder may hold, small and of our own making."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from tests.session_files import iso
from tui.store.layout import runs_folder

NOW = 1_770_000_000.0


def write(path: Path, content: str | bytes | list[dict[str, Any]], age: float = 0.0) -> Path:
    """A file last changed `age` seconds before `NOW`; a list becomes JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, list):
        content = "".join(json.dumps(record) + "\n" for record in content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (NOW - age, NOW - age))
    return path


def stream_records(
    session: str, *, cwd: str = "/p", started: str = "", over: bool = False
) -> list[dict[str, Any]]:
    """The lines of a short `stream-json` session that changed something."""
    records: list[dict[str, Any]] = [
        {
            "type": "system",
            "subtype": "init",
            "cwd": cwd,
            "session_id": session,
            "uuid": f"{session}-u1",
        },
        {
            "type": "user",
            "session_id": session,
            "uuid": f"{session}-u2",
            "message": {"role": "user", "content": "x"},
        },
        {
            "type": "assistant",
            "session_id": session,
            "uuid": f"{session}-u4",
            "message": said(EDIT),
        },
    ]
    if started:
        records[1]["timestamp"] = started
    if over:
        records.append(
            {"type": "result", "subtype": "success", "session_id": session, "uuid": f"{session}-u3"}
        )
    return records


EDIT = {"type": "tool_use", "id": "toolu_1", "name": "Edit", "input": {"file_path": "a"}}


def said(*blocks: dict[str, Any], stop: str | None = None, number: int = 1) -> dict[str, Any]:
    """A message of the model."""
    return {
        "id": f"m{number}",
        "role": "assistant",
        "model": "claude-x",
        "content": list(blocks),
        "stop_reason": stop,
    }


def transcript_records(
    session: str, cwd: str, started: str = "2026-02-01T00:00:00.000Z", *, at_work: bool = False
) -> list[dict[str, Any]]:
    """The lines of a short transcript with an edit; the first names neither folder nor time, as in real ones.

    `at_work` leaves its turn open.
    """
    envelope = {"sessionId": session, "cwd": cwd, "timestamp": started, "version": "2.1.300"}
    done = said({"type": "text", "text": "Done."}, stop="end_turn", number=2)
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
    records: list[dict[str, Any]] = [
        {"type": "file-history-snapshot", "messageId": "m", "snapshot": {}},
        {
            "type": "user",
            "uuid": f"{session}-u1",
            "message": {"role": "user", "content": "x"},
            **envelope,
        },
        {
            "type": "assistant",
            "uuid": f"{session}-u2",
            "message": said(EDIT, stop="tool_use"),
            **envelope,
        },
        {
            "type": "user",
            "uuid": f"{session}-u3",
            "message": {"role": "user", "content": [result]},
            **envelope,
        },
        {"type": "assistant", "uuid": f"{session}-u4", "message": done, **envelope},
    ]
    return records[:4] if at_work else records


def slug(folder: Path) -> str:
    return re.sub("[^A-Za-z0-9]", "-", str(folder))


def transcript(
    projects: Path,
    cwd: Path,
    session: str,
    *,
    age: float = 0.0,
    folder: str = "",
    started: str = "",
    at_work: bool = False,
) -> Path:
    """A transcript of a session that ran in `cwd`, under its slug or another folder's name."""
    # The last record is as old as the file, as in real ones.
    begun, last = (iso(NOW - age - seconds) for seconds in (600, 0))
    records = transcript_records(session, str(cwd), started or begun, at_work=at_work)
    records[-1]["timestamp"] = last
    return write(projects / (folder or slug(cwd)) / f"{session}.jsonl", records, age)


def run(
    project: Path,
    name: str,
    *,
    started: float,
    sessions: tuple[str, ...] = (),
    over: bool = False,
    age: float = 0.0,
) -> Path:
    """A run's directory as the runner leaves it."""
    folder = runs_folder(project) / name
    write(folder / "run.json", json.dumps({"run": name, "goal": "g", "started_at": started}), age)
    journal = [
        {"at": started, "kind": "segment_started", "session": session} for session in sessions
    ]
    write(folder / "journal.jsonl", journal, age)
    records = [record for session in sessions for record in stream_records(session)]
    write(folder / "stream.jsonl", records, age)
    if over:
        write(
            folder / "ended.json",
            json.dumps({"reason": "all tasks done", "code": 0, "at": started}),
            age,
        )
    return folder
