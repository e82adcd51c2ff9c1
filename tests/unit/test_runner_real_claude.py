"""The real CLI under the runner, cut off from everything but a scripted model on loopback.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared_data import shared
from tests.unit.runner_scene import Scene, until
from tui.control.process_table import alive

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]

CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")


class RealScene(Scene):
    """A scene whose agent is the real CLI."""

    port: int

    def begin(self, goal: str, **changes: object) -> None:
        environ = {
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.port}",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "IS_SANDBOX": "1",
        }
        self.environ["ANTHROPIC_API_KEY"] = "dummy"
        self.environ.pop("PYTHONPATH")
        changes["agent__skip_permissions"] = "yes, run without permission prompts"
        self.start(goal, env=environ, agent=(CLAUDE,), **changes)  # type: ignore[arg-type]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RealScene]:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")
    program = shared("tools/fake_api.py")
    scene = RealScene(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        scene.port = free.getsockname()[1]
    api = subprocess.Popen(
        [sys.executable, str(program), "--port", str(scene.port), "--cwd", str(scene.repository)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(scene.port), "the scripted model")
        yield scene
    finally:
        scene.tidy()
        api.kill()
        api.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_run_from_start_to_finish(scene: RealScene) -> None:
    scene.begin("[[scn:normal]] do it")
    assert scene.ended() == "the turn ended with 12 tasks open"
    assert scene.entry("segment_ended")["code"] == 0
    assert (scene.repository / "calc.py").read_text() == "def add(a, b):\n    return a + b\n"
    session = scene.entry("segment_started")["session"]
    assert (scene.folder.transcripts / f"{session}.jsonl").stat().st_size
    assert any(one.get("subtype") == "session_state_changed" for one in scene.stream())


def test_a_killed_claude_is_resumed(scene: RealScene) -> None:
    scene.begin("[[scn:longbash2]] do it")
    scene.wait_said("sleep 6")
    # The CLI writes its transcript a little later than its stream; without it nothing can be resumed.
    until(lambda: any(scene.config.glob("projects/*/*.jsonl")), "the transcript")
    os.kill(scene.agent().pid, signal.SIGKILL)
    assert scene.ended() == "the turn ended with 12 tasks open"
    first, second = scene.journal("segment_started")
    assert second["resume_of"] == first["session"]
    assert scene.said("has been resumed")


def test_words_reach_it_softly_and_hard(scene: RealScene) -> None:
    scene.begin("[[scn:longbash2]] do it")
    scene.wait_said("sleep 6")
    soft = scene.request("inject", text="Mind the gap.").result
    scene.wait_said(f'"{soft}"')
    hard = scene.request("inject", text="[[scn:hello]] Stop that.", mode="hard").result
    scene.ended()
    for name in (soft, hard):
        states = [one["state"] for one in scene.journal("injection") if one["id"] == name]
        assert states == ["queued", "delivered", "seen"]


def test_a_supervisor_killed_is_replaced_and_kill_leaves_nobody(scene: RealScene) -> None:
    from tui.runner.api import adopt

    scene.begin("[[scn:longbash]] do it")
    scene.wait_said("seq 1 25")
    scene.kill_supervisor()
    assert alive(scene.agent())
    began = time.monotonic()
    assert adopt(scene.repository, environ=scene.environ)
    assert time.monotonic() - began < 2
    assert scene.request("kill").ok
    assert scene.ended() == "killed by person"
    assert not alive(scene.agent())


def test_a_budget_ends_it(scene: RealScene) -> None:
    scene.begin("[[scn:longbash2]] do it", budget__max_cost_usd=0.001)
    assert scene.ended().startswith("limit: cost")
