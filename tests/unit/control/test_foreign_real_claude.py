"""The real CLI as a session that nobody here started: `claude -p … > file`, spoken to and ended.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program. It is cut off
from everything but a scripted model on loopback.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripted_model import free_port, scripted_model
from tests.unit.control.foreign_scene import until
from tests.unit.repositories import make, write
from tui.control.hooks import installer
from tui.control.operations import Operations
from tui.feeds.sessions.live_processes import live_agents
from tui.feeds.sessions.select import select_session
from tui.model.session import AgentProcess
from tui.settings.load import load
from tui.store.layout import project_state
from tui.system.processes import ProcessIdentity, command_line, is_alive, process_table

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")
STEPS = 20


def _bash(command: str) -> dict[str, object]:
    return {"name": "Bash", "input": {"command": command, "description": "work"}}


SCRIPT = {
    "steps": [
        {"text": f"Step {n}.", "tools": [_bash(f"echo {n} >> work.txt; sleep 1")]}
        for n in range(STEPS)
    ],
    "daemon": [
        {"text": "Off it goes.", "tools": [_bash("setsid -f sleep 317; sleep 318")]},
        {"text": "Over."},
    ],
}


class Plain:
    """A `claude -p` whose output goes to a file, and what can be done about it."""

    def __init__(self, base: Path, port: int) -> None:
        self.project = make(base / "repo", {"README.md": "# harbour\n"})
        (self.project / ".claude").mkdir()
        self.home, self.out = base / "home", base / "out.txt"
        self.home.mkdir()
        self._port = port
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self, prompt: str) -> AgentProcess:
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.home),
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self._port}", "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1", "IS_SANDBOX": "1",
        }  # fmt: skip
        words = [CLAUDE, "-p", prompt, "--dangerously-skip-permissions"]
        with open(self.out, "wb") as out:
            self.process = subprocess.Popen(
                words,
                cwd=self.project,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        until(lambda: [one for one in live_agents(self.project) if one.session], "its session file")
        return live_agents(self.project)[-1]

    def operations(self, who: AgentProcess) -> Operations:
        settings = load(self.project, environ={}).settings
        found = select_session(self.project, settings)
        events = found.events[0].path if found.events else ""
        return Operations(self.project, settings, "", who.session, agents=[who], events=events)

    def states(self) -> list[str]:
        (file,) = (project_state(self.project) / "deeds").glob("*.jsonl")
        entries = [json.loads(line) for line in file.read_bytes().splitlines()]
        return [one["state"] for one in entries if one["kind"] == "injection"]

    def tidy(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plain]:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")
    port = free_port()
    scene = Plain(tmp_path, port)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(scene.home / ".claude"))
    script = tmp_path / "script.json"
    script.write_text(json.dumps(SCRIPT))
    with scripted_model(port, scene.project, script, tmp_path / "asked.jsonl"):
        try:
            yield scene
        finally:
            scene.tidy()


def test_words_by_hooks_that_were_installed_while_it_ran(plain: Plain, tmp_path: Path) -> None:
    who = plain.begin("[[scn:steps]] go")
    until((plain.project / "work.txt").exists, "its first step")
    installer.install(plain.project)
    receipt = plain.operations(who).foreign_session().send("Mind the $(gap) and `this`.")
    assert receipt.channel == "mailbox"
    until(lambda: "delivered" in plain.states(), "the hook's receipt")
    asked = tmp_path / "asked.jsonl"
    until(lambda: b"Mind the $(gap) and `this`." in asked.read_bytes(), "the model's reading of it")
    assert plain.states() == ["queued", "delivered"]


def test_checkpoint_rewind_and_kill(plain: Plain) -> None:
    who = plain.begin("[[scn:steps]] go")
    until((plain.project / "work.txt").exists, "its first step")
    operations = plain.operations(who)
    first = until(lambda: _with_place(plain, who), "a checkpoint that knows its place")
    write(plain.project, {"README.md": "mine\n", "new.txt": "n\n"})
    plan = operations.plan_rewind(first)
    assert plan.refusals
    operations.rewind(plan, confirmed=True)
    assert (plain.project / "README.md").read_text() == "# harbour\n"
    assert not (plain.project / "new.txt").exists()
    assert "was taken first" in operations.stop("kill", checkpoint=True).words
    assert plain.process is not None
    assert plain.process.wait(10) == 143


def _with_place(plain: Plain, who: AgentProcess) -> object:
    taken = plain.operations(who).take_checkpoint()
    return taken if taken.facts.get("uuid") else None


def test_kill_finds_its_daemons_too(plain: Plain) -> None:
    who = plain.begin("[[scn:daemon]] go")

    def sleepers() -> list[ProcessIdentity]:
        found = [one.identity for one in process_table().values() if one.name == "sleep"]
        return [one for one in found if command_line(one.pid)[1:] in (["317"], ["318"])]

    mine = until(lambda: sleepers() if len(sleepers()) >= 2 else [], "its daemon")
    receipt = plain.operations(who).stop("kill", checkpoint=False)
    assert not receipt.survivors
    assert not any(is_alive(one) for one in mine)


def test_a_graceful_stop_ends_its_turn_cleanly(plain: Plain) -> None:
    who = plain.begin("[[scn:steps]] go")
    until((plain.project / "work.txt").exists, "its first step")
    receipt = plain.operations(who).stop("stop", checkpoint=False)
    assert not receipt.survivors
    assert plain.process is not None
    assert plain.process.wait(10) in (0, 1)  # it left by itself; versions differ in the code
