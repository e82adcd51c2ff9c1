"""Rehearsals with the real CLI, cut off from everything but a scripted model on loopback.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scripted_model import free_port, scripted_model
from tests.unit.repositories import sh
from tests.unit.runner.rehearsal_scene import Stage, row
from tui.runner.rehearsal.agent_turn import TurnLimits
from tui.settings.own_sections import AgentSettings

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")
COMMIT = 'git add overnight-rehearsal.txt && git commit -m "Rehearsal: one line"'
ON_MAIN = '[ "$(git branch --show-current)" != main ] || { echo "main is protected"; exit 1; }'


def bash(command: str) -> dict[str, object]:
    return {"name": "Bash", "input": {"command": command, "description": "rehearse"}}


WRITE = {
    "name": "Write",
    "input": {"file_path": "overnight-rehearsal.txt", "content": "rehearsed\n"},
}
STORIES: dict[str, list[dict[str, object]]] = {
    "obeys": [
        {"tools": [bash("sh run-tests.sh")]},
        {"tools": [WRITE]},
        {"tools": [bash(COMMIT)]},
        {"text": "Done."},
    ],
    "wrong-login": [{"status": 401, "times": 99, "text": "no"}],
    "no-model": [{"status": 404, "times": 99, "text": "no"}],
}


class RealStage(Stage):
    """A project whose agent is the real CLI; the model plays the story that CLAUDE.md names."""

    def play(self, story: str) -> None:
        (self.project / "CLAUDE.md").write_text(f"[[scn:{story}]]\n")
        sh(self.project, "add", "-A")
        sh(self.project, "commit", "-qm", "story")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[RealStage]:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")
    stage = RealStage(tmp_path)
    (stage.base / "bin/claude").unlink()
    (stage.base / "bin/claude").symlink_to(CLAUDE)
    stage.version = subprocess.check_output([CLAUDE, "--version"], text=True)
    stage.limits = TurnLimits(seconds=90.0, first_word=25.0, retrying=10.0)
    stories = stage.base / "stories.json"
    stories.write_text(json.dumps(STORIES))
    port = free_port()
    stage.environ |= {
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "IS_SANDBOX": "1",
    }
    with scripted_model(port, stage.project, stories):
        yield stage


def start_hook(command: str) -> Callable[[RealStage], None]:
    def change(stage: RealStage) -> None:
        folder = stage.home / ".claude"
        folder.mkdir()
        hook = {"type": "command", "command": command}
        settings = {"hooks": {"SessionStart": [{"hooks": [hook]}]}}
        (folder / "settings.json").write_text(json.dumps(settings))

    return change


def edits_only(stage: RealStage) -> None:
    stage.agent = AgentSettings(permission_mode="acceptEdits")


def no_identity(stage: RealStage) -> None:
    for key in ("user.name", "user.email"):
        sh(stage.project, "config", "--unset", key)
    sh(stage.project, "config", "user.useConfigOnly", "true")


def signed(stage: RealStage) -> None:
    sh(stage.project, "config", "commit.gpgsign", "true")


SPOILERS: list[tuple[str, Callable[[RealStage], None], str, str, str]] = [
    ("wrong-login", lambda stage: None, "api", "fail", "login failed"),
    ("no-model", lambda stage: None, "api", "fail", "is not available (404)"),
    ("obeys", edits_only, "refused", "fail", "sh run-tests.sh"),
    ("obeys", edits_only, "commit", "fail", "the agent may not commit"),
    ("obeys", no_identity, "commit", "fail", "no name for the author"),
    ("obeys", signed, "commit", "fail", "must be signed"),
    (
        "obeys",
        lambda stage: stage.hook("pre-commit", ON_MAIN),
        "commit",
        "fail",
        "main is protected",
    ),
    ("obeys", start_hook("sleep 300"), "start", "fail", "SessionStart"),
    ("obeys", start_hook("echo broken >&2; exit 1"), "start", "warn", "failed"),
]


@pytest.mark.parametrize(
    ("story", "spoil", "name", "state", "words"),
    SPOILERS,
    ids=[f"{one[2]}-{one[4]}" for one in SPOILERS],
)
def test_a_spoiler_is_found(
    stage: RealStage,
    story: str,
    spoil: Callable[[RealStage], None],
    name: str,
    state: str,
    words: str,
) -> None:
    stage.play(story)
    spoil(stage)
    if words == "login failed" and stage.version.startswith("2.0."):
        words = "the agent does not say why"  # that version tries again without a word
    assert row(stage.rehearse(), name, words).state == state


def test_a_good_night_has_no_finding(stage: RealStage) -> None:
    stage.play("obeys")
    before = sh(stage.project, "for-each-ref"), sh(stage.project, "status", "--porcelain")
    found = stage.rehearse()
    assert [one for one in found if one.state != "ok"] == []
    assert row(found, "commit", "the agent's commit stands")
    assert row(found, "test command", "is green")
    after = sh(stage.project, "for-each-ref"), sh(stage.project, "status", "--porcelain")
    assert after == before
    slugs = os.listdir(stage.home / ".claude/projects")
    assert [name for name in slugs if "rehearsals" in name] == []
