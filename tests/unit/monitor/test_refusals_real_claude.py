"""Refused calls of the real CLI: each way to be refused is recognised, and the rules make it let them run.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program. It is cut off
from everything but a scripted model on loopback.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_model import free_port, scripted_model
from tests.unit.repositories import make
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import UserMessage
from tui.model.failures import DenialKind
from tui.model.snapshot import NightSnapshot
from tui.model.state import SessionState, StallKind
from tui.night.fold import NightFold

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")
Call = dict[str, Any]


def bash(command: str) -> Call:
    return {"name": "Bash", "input": {"command": command, "description": "work"}}


class Played:
    """A whole `claude -p` with these calls, one in each answer, as the fold sees it."""

    def __init__(
        self, base: Path, calls: list[Call], settings: dict[str, Any], *words: str
    ) -> None:
        files = {"README.md": "# harbour\n", "src/a.py": "x = 1\n"}
        self.project = make(base / "repo", files)
        (self.project / ".claude").mkdir()
        (self.project / ".claude/settings.local.json").write_text(json.dumps(settings))
        steps = [{"text": f"Step {n}.", "tools": [call]} for n, call in enumerate(calls)]
        script = base / "script.json"
        told = json.dumps({"x": [*steps, {"text": "Over."}]}).replace("@P", str(self.project))
        script.write_text(told.replace("@B", str(base)))
        self.stream = self._play(base, script, words)
        self.denials: list[DenialKind | None] = []
        self.worst: NightSnapshot | None = None
        self.end = self._fold()

    def _play(self, base: Path, script: Path, words: tuple[str, ...]) -> bytes:
        home = base / "home"
        home.mkdir()
        port = free_port()
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home),
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}", "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1", "IS_SANDBOX": "1",
        }  # fmt: skip
        command = [CLAUDE, "-p", "[[scn:x]] go", "--output-format", "stream-json", "--verbose"]
        with scripted_model(port, self.project, script):
            done = subprocess.run(
                [*command, *words],
                cwd=self.project,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=120,
                check=True,
            )
        return done.stdout

    def _fold(self) -> NightSnapshot:
        decoder, fold = ClaudeDecoder("stream.jsonl"), NightFold()
        offset, at = 0, 1_790_000_000.0
        for line in self.stream.splitlines(keepends=True):
            events = decoder.decode_all(line, offset)
            fold.apply(events)
            offset += len(line)
            at = max([at, *(event.at for event in events if event.at is not None)])
            for event in events:
                if isinstance(event.body, UserMessage):
                    self.denials += [result.denial for result in event.body.results]
            seen = fold.snapshot(at + 0.5)
            if seen.activity.state == SessionState.REFUSED:
                self.worst = seen
        return fold.snapshot(at + 0.5)


@pytest.fixture(autouse=True)
def _needs_it() -> None:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")


COMMANDS = [
    *(bash(f"npm test -- --only {n}") for n in range(4)),
    bash("npm run test:unit 2>&1 | tail -5"),
    bash("cd src && npm test"),
    bash("bash -c 'echo hi'"),
    bash("CI=1 npm test"),
    bash("touch x && git commit --allow-empty -m 'a (b)'"),
    bash("git commit --allow-empty -m \"$(cat <<'EOF'\nTitle (x)\nEOF\n)\""),
    bash("curl -s http://127.0.0.1:9/"),
    {"name": "Write", "input": {"file_path": "@P/src/new.txt", "content": "a"}},
    {"name": "Read", "input": {"file_path": "@B/script.json"}},
    {"name": "WebSearch", "input": {"query": "anything"}},
]


def _rules(played: Played) -> list[str]:
    """Every rule that the findings name, and those that the rows' pages would show."""
    from tui.model.events import AssistantMessage
    from tui.night.stuck.refused.allow_rules import allow_rules

    found: dict[str, None] = {}
    for line in played.stream.splitlines(keepends=True):
        for event in ClaudeDecoder("s").decode_all(line, 0):
            if isinstance(event.body, AssistantMessage):
                for call in event.body.tools:
                    found |= dict.fromkeys(allow_rules(call.name, call, str(played.project)))
    return list(found)


@pytest.mark.parametrize("mode", ["default", "dontAsk"])
def test_the_rules_let_run_what_was_refused(tmp_path: Path, mode: str) -> None:
    def play(name: str, settings: dict[str, Any], *words: str) -> Played:
        (tmp_path / name).mkdir()
        return Played(tmp_path / name, COMMANDS, settings, "--permission-mode", mode, *words)

    refused = play("without", {})
    kind = DenialKind.DONT_ASK if mode == "dontAsk" else DenialKind.NOT_GRANTED
    assert refused.denials == [kind] * len(COMMANDS)
    assert refused.worst is not None
    assert refused.end.counts.denials == len(COMMANDS)
    rules = _rules(refused)
    allowed = play(
        "by_settings", {"permissions": {"allow": [*rules, f"Read(//{str(tmp_path)[1:]}/**)"]}}
    )
    assert allowed.denials == [None] * len(COMMANDS)
    assert allowed.end.counts.denials == 0
    flagged = play(
        "by_flag", {}, "--allowedTools", ", ".join([*rules, f"Read(//{str(tmp_path)[1:]}/**)"])
    )
    assert flagged.denials == [None] * len(COMMANDS)


HOOK = {"type": "command", "command": "echo 'not at night' >&2; exit 2"}
WAYS = [
    ("default", {}, DenialKind.NOT_GRANTED),
    ("acceptEdits", {}, DenialKind.NOT_GRANTED),
    ("plan", {}, DenialKind.NOT_GRANTED),
    ("default", {"permissions": {"deny": ["Bash(npm test:*)"]}}, DenialKind.RULE),
    (
        "bypassPermissions",
        {"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [HOOK]}]}},
        DenialKind.HOOK,
    ),
]


@pytest.mark.parametrize(("mode", "settings", "kind"), WAYS)
def test_twelve_refused_commands(
    tmp_path: Path, mode: str, settings: dict[str, Any], kind: DenialKind
) -> None:
    calls = [bash(f"npm test -- --only {n}") for n in range(12)]
    played = Played(tmp_path, calls, settings, "--permission-mode", mode)
    assert played.worst is not None
    stall = played.worst.stall
    assert stall is not None
    assert (stall.kind, stall.denial, stall.count) == (StallKind.REFUSED, kind, 12)
    assert stall.rule == ("Bash(npm test:*)" if kind == DenialKind.NOT_GRANTED else "")
    assert played.end.counts.denials == 12
    assert played.end.activity.state == SessionState.FINISHED


def test_plan_mode_lets_nothing_be_written(tmp_path: Path) -> None:
    calls = [
        {"name": "Write", "input": {"file_path": f"@P/src/{n}.txt", "content": "a"}}
        for n in range(6)
    ]
    rule = {"permissions": {"allow": ["Edit(/src/**)", "Bash(npm test:*)"]}}
    played = Played(tmp_path, [*calls, bash("npm test")], rule, "--permission-mode", "plan")
    assert played.denials == [DenialKind.PLAN_MODE] * 6 + [None]
    assert played.worst is not None
    assert played.worst.stall is not None
    assert played.worst.stall.denial == DenialKind.PLAN_MODE
