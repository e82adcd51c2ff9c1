"""A project in which every text that a program could show is hostile."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.payloads import PAYLOADS
from tests.session_files import SESSION, answer, bash, call, init, lines, prompt, result, speech
from tests.unit import repositories


def sinks(text: str, number: int) -> list[dict[str, Any]]:
    """Records that carry the text in every kind of place an event has."""
    base = number * 40
    at = float(number)
    hook = {
        "type": "system", "subtype": "hook_response", "hook_name": text, "hook_event": "Stop",
        "outcome": "error", "output": text, "stdout": text, "stderr": text, "exit_code": 2,
        "session_id": SESSION,
    }  # fmt: skip
    retry = {
        "type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10, "error": text,
        "retry_delay_ms": 500, "error_status": 529, "session_id": SESSION,
    }  # fmt: skip
    edit = {"file_path": f"/tmp/{text}", "old_string": text, "new_string": f"{text}\n{text}"}
    tasks = {
        "type": "system", "subtype": "task_started", "task_id": text, "description": text,
        "tool_use_id": "toolu_x", "session_id": SESSION,
    }  # fmt: skip
    failed = {
        **result(base + 9, at),
        "subtype": text,
        "is_error": True,
        "result": text,
        "errors": [text],
    }
    return [
        prompt(base, text, at),
        bash(base + 1, text, at),
        answer(base + 2, base + 1, text, at, error=True),
        speech(base + 3, text, at),
        call(base + 4, "Edit", edit, at),
        answer(base + 5, base + 4, text, at, structured={"filePath": text, "structuredPatch": [
            {"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": [f"-{text}", f"+{text}"]}
        ]}),
        call(base + 6, text, {"command": text, text: text}, at),
        call(base + 7, "Read", {"file_path": text}, at),
        {"type": text, "subtype": text, "text": text, "message": text},
        {"type": "system", "subtype": text, "content": text, "session_id": text},
        {"type": "ai-title", "aiTitle": text, "sessionId": SESSION},
        {"type": "custom-title", "customTitle": text, "sessionId": SESSION},
        {"type": "control_request", "request_id": text, "request": {"subtype": text, "text": text}},
        hook,
        retry,
        tasks,
        failed,
    ]  # fmt: skip


def hostile_project(folder: Path, texts: Sequence[str]) -> Path:
    """A project in which everything is hostile, file by file and field by field."""
    project = repositories.make(folder / "pro[bold]ject \x1b]0;pwned\x07 \x1b[2J", {"a": "1"})
    (project / "logs").mkdir()
    start = init(0, str(project), 0)
    start["model"] = f"claude {texts[0]}"
    records = [start]
    for number, text in enumerate(texts, 1):
        records += sinks(text, number)
    raw = b"".join(payload.data + b"\n" for payload in PAYLOADS if len(payload.data) < 5_000)
    (project / "logs/session.jsonl").write_bytes(lines(records) + raw + lines(records[-8:]))
    one_line = [" ".join(text.split("\n")) for text in texts]
    (project / "claude-progress.txt").write_bytes(
        "".join(f"## {text}\n- [ ] {text} (in progress)\n- [x] {text}\nBLOCKED: {text}\n"
                for text in one_line).encode("utf-8", "surrogateescape")
    )  # fmt: skip
    (project / "claude-session-notes.md").write_bytes(
        "".join(f"# {text}\n\n- `{text}`\n\n> {text}\n\n```\n{text}\n```\n\n" for text in one_line)
        .encode("utf-8", "surrogateescape") + raw
    )  # fmt: skip
    (project / "logs/watchdog.log").write_bytes(
        "".join(f"[2026-05-28 20:26:50] [ERROR] {text}\n  {text}\n" for text in one_line)
        .encode("utf-8", "surrogateescape") + raw
    )  # fmt: skip
    (project / "feature_list.json").write_text(
        json.dumps([{"description": text, "passes": False} for text in texts])
    )
    for text in one_line[:12]:
        subject = text.replace("\x00", "").strip() or "empty"
        repositories.sh(project, "commit", "-q", "--allow-empty", "-m", f"commit {subject}")
    return project
