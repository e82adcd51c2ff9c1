"""Our hooks with the real CLI as a person starts it: interactive, in tmux, nobody of ours around it.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program. It is cut off
from everything but a scripted model on loopback.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_model import free_port, scripted_model
from tests.unit.control.foreign_scene import until
from tests.unit.repositories import make
from tui.control.hooks import installer
from tui.control.hooks.hook_sets import HookSet
from tui.store.layout import project_state

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(240)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")
KEY = "sk-dummy-dummy-dummy-dummy-dummy-dummy"
TASKS = "## P0\n- [ ] Write the add function\n- [ ] Test the add function\n"
SETTINGS = "protect:\n  paths: [.env]\n"


def _bash(command: str) -> dict[str, Any]:
    return {"name": "Bash", "input": {"command": command, "description": "work"}}


def _tick(word: str) -> dict[str, Any]:
    return _bash(f"sed -i 's/- \\[ \\] {word}/- [x] {word}/' claude-progress.txt")


def _script(project: Path) -> dict[str, Any]:
    read = {"name": "Read", "input": {"file_path": str(project / ".env")}}
    return {
        "night": [
            {"text": "I looked around."},
            {"text": "One.", "tools": [_tick("Write")]},
            {"text": "One is done."},
            {"text": "A look.", "tools": [read]},
            {"text": "Two.", "tools": [_tick("Test")]},
            {"text": "Everything is over now."},
        ],
        "after": [{"text": "Here I am again."}],
    }


class Terminal:
    """The real CLI in a terminal, in a project with our hooks."""

    def __init__(self, base: Path, port: int) -> None:
        files = {"claude-progress.txt": TASKS, "config/overnight.yaml": SETTINGS}
        notes = "# Notes\n## Key Decisions Made\n- Chose the heron approach\n"
        self.project = make(base / "repo", {**files, "claude-session-notes.md": notes})
        (self.project / ".env").write_text("KEY=1\n")
        self.home = base / "home"
        self.home.mkdir()
        self._asked = base / "asked.jsonl"
        self._tmux = ["tmux", "-S", str(base / "tmux"), "-f", os.devnull]
        known = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
        first = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "bypassPermissionsModeAccepted": True,
        }
        approved = {"customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []}}
        settled = {**first, **approved, "projects": {str(self.project): known}}
        (self.home / ".claude.json").write_text(json.dumps(settled))
        self.environ = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.home),
            "TERM": "xterm-256color", "LANG": "C.UTF-8",
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}", "ANTHROPIC_API_KEY": KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1", "IS_SANDBOX": "1",
        }  # fmt: skip

    def begin(self) -> None:
        values = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.environ.items())
        command = f"env -i {values} {CLAUDE} --dangerously-skip-permissions"
        size = ("-x", "140", "-y", "50", "-c", str(self.project))
        subprocess.run([*self._tmux, "new-session", "-d", *size, command], check=True)
        until(lambda: "❯" in self.screen() and "bypass" in self.screen(), "its prompt")

    def screen(self) -> str:
        shown = subprocess.run([*self._tmux, "capture-pane", "-p"], capture_output=True, check=True)
        return shown.stdout.decode()

    def say(self, text: str) -> None:
        until(lambda: "❯" in self.screen(), "its prompt")
        subprocess.run([*self._tmux, "send-keys", "-l", text], check=True)
        until(lambda: text[-12:] in self.screen(), "what was typed")
        time.sleep(0.3)  # it takes what comes at once for a paste, in which Enter is a new line
        subprocess.run([*self._tmux, "send-keys", "Enter"], check=True)

    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines() if self._asked.exists() else []

    def records(self) -> list[tuple[str, str]]:
        files = (project_state(self.project) / "deeds").glob("*.jsonl")
        entries = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        return [(one["event"], one["effect"]) for one in entries if one["kind"] == "hook"]

    def tidy(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if not CLAUDE or shutil.which("tmux") is None:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude, or there is no tmux")
    port = free_port()
    scene = Terminal(tmp_path, port)
    script = tmp_path / "script.json"
    script.write_text(json.dumps(_script(scene.project)))
    with scripted_model(port, scene.project, script, tmp_path / "asked.jsonl"):
        try:
            yield scene
        finally:
            scene.tidy()


def test_a_session_that_a_person_started_goes_on_is_protected_and_remembers(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(terminal.home / ".claude"))
    installer.install(terminal.project, tuple(HookSet))
    terminal.begin()
    terminal.say("[[scn:night]] go")
    until(lambda: ("Stop", "let go") in terminal.records(), "the end of its work")
    assert "- [ ]" not in (terminal.project / "claude-progress.txt").read_text()
    told = terminal.records()
    assert told.count(("Stop", "blocked")) == 2
    assert told.count(("PreToolUse", "denied")) == 1
    assert ("SessionStart", "handed over") in told
    asked = terminal.asked()
    assert any("heron" in line for line in asked[:4])
    assert any("Next: Write the add function" in line for line in asked)
    assert not any("KEY=1" in line for line in asked)
    terminal.say("/compact")
    until(lambda: ("PreCompact", "saved") in terminal.records(), "the compaction")
    until(lambda: told.count(("SessionStart", "handed over")) < terminal.records().count(
        ("SessionStart", "handed over")), "the note after it")  # fmt: skip
    (copy,) = (terminal.project / "logs" / "transcripts").iterdir()
    assert copy.stat().st_size
    until(lambda: "Compacted" in terminal.screen(), "its word on that")
    terminal.say("[[scn:after]] and now")
    until(lambda: "Here I am again." in terminal.screen(), "its answer")
    assert "What the compaction may have left out" in terminal.asked()[-1]
    assert installer.uninstall(terminal.project)
    assert not (terminal.project / ".claude" / "settings.local.json").exists()
