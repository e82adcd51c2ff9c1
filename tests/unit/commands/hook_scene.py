"""A project with a session that somebody else started, and our hooks called as Claude Code calls them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.session_files import iso
from tests.unit.repositories import sh
from tui.commands.act import hooks
from tui.control.channels.mailbox import Mailbox
from tui.control.hooks.hook_records import RUN_VARIABLE
from tui.store.layout import session_journal

SESSION = "11111111-2222-4333-8444-555555555555"
TASKS = "# Goal: calc\n\n## P0\n- [ ] Write the add function\n- [ ] Test the add function\n"
_FIXED = 1_790_000_000.0


class HookScene:
    """`call` answers one hook call in this process; what it printed is JSON or empty."""

    def __init__(self, folder: Path, monkeypatch: Any, capfdbinary: Any) -> None:
        self._patch, self._printed = monkeypatch, capfdbinary
        self.claude = folder / "claude"
        monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(self.claude))
        monkeypatch.setenv("HOME", str(folder / "home"))
        monkeypatch.delenv(RUN_VARIABLE, raising=False)
        self.project = folder / "project"
        self.project.mkdir()
        sh(self.project, "init", "-q", "-b", "main")
        self.progress = self.project / "claude-progress.txt"
        self.progress.write_text(TASKS)
        (self.project / "calc.py").write_text("x = 1\n")
        (self.project / ".gitignore").write_text("logs/\n")
        sh(self.project, "add", "-A")
        sh(self.project, "commit", "-qm", "begin")
        self.mailbox = Mailbox(self.project)
        self.mailbox.create()
        self.words = [str(self.mailbox.folder), "continuous"]
        self.records: list[dict[str, Any]] = []

    # --- the session ---

    @property
    def transcript(self) -> Path:
        slug = re.sub(r"[^A-Za-z0-9]", "-", str(self.project))
        return self.claude / "projects" / slug / f"{SESSION}.jsonl"

    def write(self, *records: dict[str, Any]) -> None:
        """Appends records to the transcript, each a child of the one before."""
        self.transcript.parent.mkdir(parents=True, exist_ok=True)
        with self.transcript.open("a") as file:
            for record in records:
                number = len(self.records)
                base = {
                    "sessionId": SESSION,
                    "cwd": str(self.project),
                    "version": "2.1.329",
                    "isSidechain": False,
                    "uuid": f"u{number}",
                    "parentUuid": f"u{number - 1}" if number else None,
                    "timestamp": iso(_FIXED + 10 * number),
                }
                self.records.append(record)
                file.write(json.dumps({**base, **record}) + "\n")

    def prompt(self, text: str = "Work on the tasks.") -> None:
        self.write({"type": "user", "message": {"role": "user", "content": text}})

    def says(self, text: str = "Done.", **more: Any) -> None:
        self.write(self._assistant({"type": "text", "text": text}, "end_turn", **more))

    def uses(
        self, command: str, answer: str = "ok", *, is_error: bool = False, **more: Any
    ) -> None:
        name = f"t{len(self.records)}"
        use = {"type": "tool_use", "id": name, "name": "Bash", "input": {"command": command}}
        result = {
            "type": "tool_result",
            "tool_use_id": name,
            "content": answer,
            "is_error": is_error,
        }
        self.write(
            self._assistant(use, "tool_use"),
            {"type": "user", "message": {"role": "user", "content": [result]}, **more},
        )

    def _assistant(self, block: dict[str, Any], reason: str, **more: Any) -> dict[str, Any]:
        usage = more.pop("usage", {"input_tokens": 10, "output_tokens": 5})
        message = {
            "id": f"m{len(self.records)}",
            "type": "message",
            "role": "assistant",
            "model": "claude-opus-4-5-20251101",
            "content": [block],
            "stop_reason": reason,
            "usage": usage,
        }
        return {"type": "assistant", "message": message, **more}

    # --- the hooks ---

    def call(self, event: str, *words: str, raw: bytes | None = None, **fields: Any) -> Any:
        """What the hook answers; None where it says nothing. It never fails."""
        payload = {
            "session_id": SESSION,
            "transcript_path": str(self.transcript),
            "cwd": str(self.project),
            "hook_event_name": event,
            **fields,
        }
        data = json.dumps(payload).encode() if raw is None else raw
        self._patch.setattr(hooks, "_read_payload", lambda: data)
        self._printed.readouterr()
        assert hooks.hook_call([event, *(words or self.words)]) == 0
        out, err = self._printed.readouterr()
        assert not err, err
        return json.loads(out) if out else None

    def stop(self, said: str = "Done.", **fields: Any) -> str:
        """What a session that is about to stop is told; empty where it may stop."""
        told = {"stop_hook_active": False, "last_assistant_message": said, **fields}
        answer = self.call("Stop", **told)
        if answer is None:
            return ""
        assert answer["decision"] == "block"
        assert len(answer["reason"].encode("utf-16-le")) // 2 <= 10_000
        return str(answer["reason"])

    def start(self, source: str = "startup", **fields: Any) -> str:
        """What a session is told that begins."""
        answer = self.call("SessionStart", source=source, **fields)
        return "" if answer is None else str(answer["hookSpecificOutput"]["additionalContext"])

    def compact(self, **fields: Any) -> None:
        assert self.call("PreCompact", **{"trigger": "auto", **fields}) is None

    def journal(self, kind: str = "hook", session: str = SESSION) -> list[dict[str, Any]]:
        """The entries of that kind in the session's journal."""
        path = session_journal(self.project, session)
        lines = path.read_text().splitlines() if path.exists() else []
        return [one for one in map(json.loads, lines) if one["kind"] == kind]

    def effects(self) -> list[tuple[str, str]]:
        return [(one["event"], one["effect"]) for one in self.journal()]

    def history(self, name: str = "session-history") -> list[dict[str, Any]]:
        path = self.project / "logs" / f"{name}.jsonl"
        return list(map(json.loads, path.read_text().splitlines())) if path.exists() else []
