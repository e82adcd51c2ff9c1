"""The real CLI under the flags of a run with the preset standard, against a scripted model: what it lets run.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program. Every program that could
reach or harm anything is a stand-in.
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
from tests.unit.runner.permissions.test_judgement import CASES, FILES
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import AssistantMessage, UserMessage
from tui.runner.agent.launch import agent_arguments
from tui.runner.permissions.judgement import Decision
from tui.runner.permissions.preset import parse_version, permissions_of
from tui.runner.run_state import NextAttempt
from tui.settings.own_sections import AgentSettings
from tui.settings.settings import Settings
from tui.store.runs import RunFacts

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(400)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")
STUBS = (
    "curl wget ssh scp rsync nc sudo su doas gh npm npx pnpm yarn cargo go just tox docker"
    " twine uv poetry pytest ruff mypy coverage rm dd mkfs.ext4 kubectl python python3 node make"
    " pip env printenv tee xargs command"
).split()
JUDGED_OTHERWISE = {
    # The CLI reads loops, and looks behind some programs that run others.
    "for x in 1; do pytest; done",
    "xargs pytest",
}
"""Commands of which the CLI lets run what `judgement` calls refused. Never the other way round."""


def _environ(base: Path, port: int) -> dict[str, str]:
    return {
        "PATH": f"{base}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(base / "home"), "TMPDIR": str(base / "home"),
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}", "ANTHROPIC_API_KEY": "dummy",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1", "IS_SANDBOX": "1",
        "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@example.org", "GIT_COMMITTER_NAME": "x",
        "GIT_COMMITTER_EMAIL": "x@example.org",
    }  # fmt: skip


def _answers(output: bytes) -> dict[str, bool]:
    """Whether each command was let run, by our own reading of the CLI's answers."""
    calls, found = {}, {}
    for event in ClaudeDecoder("s").decode(output, 0).events:
        if isinstance(event.body, AssistantMessage):
            calls.update({call.id: call.command or call.target for call in event.body.tools})
        elif isinstance(event.body, UserMessage):
            for result in event.body.results:
                found[calls.get(result.tool_use_id, "")] = result.denial is None
    return found


def test_the_cli_judges_as_we_do(tmp_path: Path) -> None:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")
    project = make(tmp_path / "repo", {"README.md": "x\n", "sub/a": "", **FILES})
    for name in STUBS:
        stub = tmp_path / "bin" / name
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(f"#!/bin/sh\necho stub {name}\n")
        stub.chmod(0o755)
    (tmp_path / "home").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    commands = [command for command, _ in CASES if command and not command.startswith("cd ")]
    steps = [
        {"text": "next", "tools": [{"name": "Bash", "input": {"command": one, "description": "d"}}]}
        for one in commands
    ]
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"case": [*steps, {"text": "Done."}]}))
    words = [
        "--port",
        str(port),
        "--cwd",
        str(project),
        "--scenarios",
        str(script),
        "--log",
        str(tmp_path / "log"),
    ]
    api = subprocess.Popen([sys.executable, str(shared("tools/fake_api.py")), *words])
    environ = _environ(tmp_path, port)
    said = subprocess.run(
        [CLAUDE, "--version"], capture_output=True, text=True, env=environ, check=True
    )
    permissions = permissions_of(AgentSettings(), project, parse_version(said.stdout))
    facts = RunFacts("r", "g", str(project), 0.0, (CLAUDE,))
    argv = agent_arguments(
        facts,
        Settings(),
        NextAttempt("start", "x"),
        "11111111-2222-4333-8444-555555555555",
        permissions,
    )
    message = {
        "type": "user",
        "message": {"role": "user", "content": "[[scn:case]] go"},
        "parent_tool_use_id": None,
        "session_id": "",
    }

    def is_up() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(is_up, "the scripted model")
        done = subprocess.run(
            argv,
            cwd=project,
            env=environ,
            input=json.dumps(message).encode() + b"\n",
            capture_output=True,
            check=False,
            timeout=380,
        )
    finally:
        api.kill()
        api.wait()
    answers = _answers(done.stdout)
    assert set(commands) <= set(answers), done.stderr.decode()[-500:]
    wrong = {
        command: answers[command]
        for command, wanted in CASES
        if command in commands and answers[command] != (wanted == Decision.RUNS)
    }
    assert set(wrong) <= JUDGED_OTHERWISE, wrong
    assert all(wrong.values()), "the CLI refuses what we say it lets run"
