"""A small session written to files in the shapes of the CLI: stream, transcript and what lies beside."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Record = dict[str, Any]

SESSION = "0b1e7a55-1111-4222-8333-444455556666"
START = 1_780_000_000.0
"""The session's first moment, seconds since the epoch."""


def uid(number: int) -> str:
    return str(uuid.UUID(int=0xABCD << 96 | 4 << 76 | 8 << 60 | number, version=4))


def iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def line(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogateescape"
    )


def lines(records: Iterable[Record]) -> bytes:
    return b"".join(line(record) + b"\n" for record in records)


def _record(number: int, kind: str, after: float | None, **fields: Any) -> Record:
    record = {"type": kind, **fields, "session_id": SESSION, "uuid": uid(number)}
    if after is not None:
        record["timestamp"] = iso(START + after)
    return record


def init(number: int, cwd: str = "/home/dev/harbour", after: float | None = None) -> Record:
    return _record(
        number, "system", after, subtype="init", cwd=cwd, model="claude-sonnet-4-5",
        tools=["Bash"], permissionMode="default", apiKeySource="none", claude_code_version="2.1.0",
    )  # fmt: skip


def _said(number: int, after: float | None, *blocks: Record) -> Record:
    usage = {
        "input_tokens": 3,
        "cache_creation_input_tokens": 40,
        "cache_read_input_tokens": 1_000 + number,
        "output_tokens": 5,
    }
    message = {
        "id": f"msg_{number}", "type": "message", "role": "assistant",
        "model": "claude-sonnet-4-5", "content": list(blocks), "stop_reason": None, "usage": usage,
    }  # fmt: skip
    return _record(number, "assistant", after, message=message, parent_tool_use_id=None)


def speech(number: int, words: str, after: float | None = None) -> Record:
    return _said(number, after, {"type": "text", "text": words})


def call(number: int, name: str, given: Record, after: float | None = None) -> Record:
    block = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": given}
    return _said(number, after, block)


def bash(number: int, command: str, after: float | None = None) -> Record:
    return call(number, "Bash", {"command": command, "description": "a command"}, after)


def answer(
    number: int,
    called: int,
    words: str,
    after: float | None = None,
    *,
    error: bool = False,
    structured: Any = None,
) -> Record:
    block = {
        "type": "tool_result", "tool_use_id": f"toolu_{called}", "content": words,
        "is_error": error,
    }  # fmt: skip
    message = {"role": "user", "content": [block]}
    record = _record(number, "user", after, message=message, parent_tool_use_id=None)
    if structured is not None:
        record["tool_use_result"] = structured
    return record


def prompt(number: int, words: str, after: float | None = None) -> Record:
    message = {"role": "user", "content": words}
    return _record(number, "user", after, message=message, parent_tool_use_id=None)


def delta(number: int, words: str) -> Record:
    event = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": words},
    }
    return {
        "type": "stream_event", "event": event, "session_id": SESSION,
        "parent_tool_use_id": None, "uuid": uid(number),
    }  # fmt: skip


def result(number: int, after: float | None = None, cost: float = 1.25) -> Record:
    return _record(
        number, "result", after, subtype="success", is_error=False, duration_ms=61_000,
        duration_api_ms=50_000, num_turns=4, result="all done", total_cost_usd=cost,
        usage={"input_tokens": 3, "output_tokens": 5}, modelUsage={}, permission_denials=[],
    )  # fmt: skip


def in_transcript(record: Record, after: float, cwd: str = "/home/dev/harbour") -> Record:
    """The same record as the transcript has it: same uuid, with a time, no result of its own."""
    kept = {
        key: value
        for key, value in record.items()
        if key not in ("session_id", "parent_tool_use_id", "timestamp", "tool_use_result")
    }
    if "tool_use_result" in record:
        kept["toolUseResult"] = record["tool_use_result"]
    return {
        "parentUuid": None, "isSidechain": False, "userType": "external", "cwd": cwd,
        "sessionId": SESSION, "version": "2.1.0", "gitBranch": "main", **kept,
        "timestamp": iso(START + after),
    }  # fmt: skip


PROGRESS = """\
# Overnight progress

Goal: bring the harbour library to 0.3

## Position
- [x] position balance
- [ ] parameter optimisation (in progress)
- [ ] IV percentile filter
"""
NOTES = "# Notes\n\nThe **rounding** bug is in `sizing.py`.\n\n- look at lots\n"
WATCHDOG = (
    "[2026-05-28 20:26:50] [INFO] watchdog started\n"
    "[2026-05-28 20:27:10] [WARN] idle for 2 minutes\n"
    "[2026-05-28 20:27:40] [ERROR] no progress\n"
)


def evening() -> list[Record]:
    """A short session: a failing test, an edit, a green test, some talk; all rows have times."""
    edit = {
        "file_path": "/home/dev/harbour/sizing.py",
        "old_string": "lots = size / step\n",
        "new_string": "lots = round(size / step)\nassert lots > 0\n",
    }
    patch = {
        "oldStart": 10, "oldLines": 1, "newStart": 10, "newLines": 2,
        "lines": ["-lots = size / step", "+lots = round(size / step)", "+assert lots > 0"],
    }  # fmt: skip
    made = {"filePath": "/home/dev/harbour/sizing.py", "structuredPatch": [patch]}
    return [
        prompt(1, "Bring the harbour library to 0.3", 0),
        speech(2, "I begin with the tests.", 5),
        bash(3, "pytest -q tests/quay", 10),
        answer(4, 3, "E   assert 2.5 == 3\n3 failed, 41 passed in 1.20s", 28.2, error=True),
        speech(5, "The rounding bug is in sizing.", 60),
        call(6, "Edit", edit, 70),
        answer(7, 6, "The file was updated", 71, structured=made),
        bash(8, "pytest -q tests/quay", 80),
        answer(9, 8, "44 passed in 1.10s", 95),
        speech(10, "All green. Next: the percentile filter.", 100),
    ]


def write_project(folder: Path, records: Iterable[Record] | None = None) -> Path:
    """A project with a stream in logs/, progress file, notes and watchdog log."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    head = [init(0, str(folder), 0)]
    body = evening() if records is None else list(records)
    (folder / "logs" / "session.jsonl").write_bytes(lines([*head, *body]))
    (folder / "claude-progress.txt").write_text(PROGRESS)
    (folder / "claude-session-notes.md").write_text(NOTES)
    (folder / "logs" / "watchdog.log").write_text(WATCHDOG)
    return folder
