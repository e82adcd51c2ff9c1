"""The real CLI obeys our hook before a tool, in every permission mode.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE; run it once for each version.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared_data import shared
from tests.unit.control.foreign_scene import until
from tests.unit.repositories import make
from tui.control.channels.mailbox import Mailbox
from tui.control.hooks.status import shell_command
from tui.control.hooks.tool_guard import EVENT
from tui.feeds.claude.denials import denial_of
from tui.model.failures import DenialKind
from tui.store.layout import project_state

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")


def _bash(command: str) -> dict[str, object]:
    call = {"name": "Bash", "input": {"command": command, "description": "work"}}
    return {"text": "Next.", "tools": [call]}


SCRIPT = {
    "calls": [_bash("cat .env"), _bash("echo free"), _bash("sh -c 'git push'"), {"text": "Over."}]
}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _is_up(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _answers(output: str) -> dict[str, tuple[bool, str]]:
    """Whether each command's answer was an error, and its text."""
    calls: dict[str, str] = {}
    found: dict[str, tuple[bool, str]] = {}
    for line in output.splitlines():
        message = json.loads(line).get("message")
        content = message.get("content") if isinstance(message, dict) else None
        for block in content if isinstance(content, list) else []:
            if block.get("type") == "tool_use":
                calls[block["id"]] = block["input"]["command"]
            elif block.get("type") == "tool_result":
                said = block["content"]
                text = said if isinstance(said, str) else said[0]["text"]
                found[calls[block["tool_use_id"]]] = bool(block.get("is_error")), text
    return found


@pytest.mark.skipif(not CLAUDE, reason="needs OVERNIGHT_TEST_CLAUDE")
@pytest.mark.parametrize("mode", ["acceptEdits", "default", "bypassPermissions"])
def test_a_denied_call_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(tmp_path / name))
    project = make(tmp_path / "p", {".env": "KEY=1\n"})
    (project / "config").mkdir()
    settings = "protect:\n  paths: ['.env']\n  commands: ['git push']\n"
    (project / "config" / "overnight.yaml").write_text(settings)
    Mailbox(project).create()
    script = tmp_path / "script.json"
    script.write_text(json.dumps(SCRIPT))
    port = _free_port()
    api = shared("tools/fake_api.py")
    words = [sys.executable, str(api), "--port", str(port), "--cwd", str(project)]
    server = subprocess.Popen([*words, "--scenarios", str(script)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: _is_up(port))
        command = shell_command(EVENT, str(Mailbox(project).folder))
        hook = {"matcher": "*", "hooks": [{"type": "command", "command": command, "timeout": 10}]}
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path / "HOME"),
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}", "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1", "IS_SANDBOX": "1",
        }  # fmt: skip
        call = [CLAUDE, "-p", "[[scn:calls]] go", "--output-format", "stream-json", "--verbose"]
        call += ["--permission-mode", mode, "--settings", json.dumps({"hooks": {EVENT: [hook]}})]
        done = subprocess.run(
            call, cwd=project, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    finally:
        server.kill()
        server.wait()
    answers = _answers(done.stdout)
    for denied in ("cat .env", "sh -c 'git push'"):
        is_error, text = answers[denied]
        assert is_error
        assert denial_of(text) == DenialKind.HOOK
    assert answers["echo free"] == (False, "free")
    journal = next((project_state(project) / "deeds").glob("*.journal.jsonl"))
    effects = [json.loads(line).get("effect") for line in journal.read_text().splitlines()]
    assert effects == ["denied", "denied"]
