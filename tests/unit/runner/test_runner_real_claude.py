"""The real CLI under the runner, cut off from everything but a scripted model on loopback.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.scripted_model import free_port
from tests.scripted_model import scripted_model as model_on
from tests.unit.runner.runner_scene import Scene, until
from tui.system.processes import is_alive

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")


def bash(command: str) -> list[dict[str, object]]:
    return [{"name": "Bash", "input": {"command": command, "description": "work"}}]


STORIES = {
    "fills": [
        {"text": "Looking.", "tools": bash("sleep 1"), "usage": {"input_tokens": 9_000}},
        {"text": "Reading.", "tools": bash("sleep 4"), "usage": {"input_tokens": 400_000}},
        {"text": "The hand-over is written.", "usage": {"input_tokens": 400_000}},
    ],
    "ticks": [
        {"text": "A first turn."},
        {"text": "Ticking.", "tools": bash("sed -i 's/- \\[ \\]/- [x]/' claude-progress.txt")},
        {"text": "All is ticked."},
    ],
    "limited": [{"text": "Recovered.", "status": 429, "times": 3, "retry_after": 1}],
}
"""What the scripted model plays beside its own stories."""


class RealScene(Scene):
    """A scene whose agent is the real CLI."""

    port: int

    def begin(
        self, goal: str, retries: int = 10, edits_only: bool = False, **changes: object
    ) -> None:
        environ = {
            "CLAUDE_CODE_MAX_RETRIES": str(retries),
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.port}",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "IS_SANDBOX": "1",
        }
        self.environ["ANTHROPIC_API_KEY"] = "dummy"
        self.environ.pop("PYTHONPATH")
        if not edits_only:
            changes["agent__skip_permissions"] = "yes, run without permission prompts"
        self.start(goal, env=environ, agent=(CLAUDE,), **changes)  # type: ignore[arg-type]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RealScene]:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")
    scene = RealScene(tmp_path)
    with scripted_model(scene, STORIES):
        yield scene


@contextmanager
def scripted_model(scene: RealScene, stories: Mapping[str, object]) -> Iterator[None]:
    """A model on loopback that plays these stories beside its own; the scene is tidied afterwards."""
    scene.port = free_port()
    file = scene.base / "stories.json"
    file.write_text(json.dumps(stories))
    with model_on(scene.port, scene.repository, file):
        try:
            yield
        finally:
            scene.tidy()


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
    from tui.runner.start import adopt_run

    scene.begin("[[scn:longbash]] do it")
    scene.wait_said("seq 1 25")
    scene.kill_supervisor()
    assert is_alive(scene.agent())
    began = time.monotonic()
    assert adopt_run(scene.repository, environ=scene.environ)
    assert time.monotonic() - began < 2
    assert scene.request("kill").ok
    assert scene.ended() == "killed by person"
    assert not is_alive(scene.agent())


def test_a_budget_ends_it(scene: RealScene) -> None:
    scene.begin("[[scn:longbash2]] do it", budget__max_cost_usd=0.001)
    assert scene.ended().startswith("limit: cost")


def test_a_full_context_is_handed_over(scene: RealScene) -> None:
    scene.begin("[[scn:fills]] do it", session__handover_share=0.1)
    handover = scene.entry("handover")
    scene.entry("segment_started", attempt=2)
    scene.request("kill")
    scene.ended()
    first, second = scene.journal("segment_started")
    assert (second["why"], second["resume_of"]) == ("handover", "")
    assert handover["from_session"] == first["session"] != second["session"]
    assert scene.said("Hand over now")
    assert scene.journal("segment_ended")[0]["code"] == 0


def test_it_goes_on_until_the_progress_file_says_so(scene: RealScene) -> None:
    scene.begin("[[scn:ticks]] do it", enforcement__continuous_mode=True)
    assert scene.ended() == "all tasks done"
    assert len(scene.journal("continuation")) == 1
    assert len(scene.journal("segment_started")) == 1


def test_a_turn_without_work_is_not_repeated_for_ever(scene: RealScene) -> None:
    scene.begin(
        "[[scn:hello]] do it",
        enforcement__continuous_mode=True,
        session__max_continuation_attempts=2,
    )
    assert scene.ended() == "gave up: 2 continuations or hand-overs without a task done"


def test_a_process_that_stays_after_its_result_is_ended(scene: RealScene) -> None:
    """Nobody watches when the result comes, and when somebody does the process hears nothing."""
    from tui.runner.start import adopt_run

    scene.begin("[[scn:longbash2]] do it")
    scene.wait_said("sleep 6")
    scene.kill_supervisor()
    scene.wait_said('"type":"result"')
    agent = scene.agent()
    os.kill(agent.pid, signal.SIGSTOP)
    assert adopt_run(scene.repository, environ=scene.environ)
    assert scene.ended() == "the turn ended with 12 tasks open"
    assert not is_alive(agent)
    assert "Sending SIGTERM" in scene.log()
    assert len(scene.journal("segment_started")) == 1


def test_a_limit_that_passes_by_itself_is_no_restart(scene: RealScene) -> None:
    scene.begin("[[scn:limited]] do it")
    assert scene.ended() == "the turn ended with 12 tasks open"
    assert scene.said("api_retry")
    assert not scene.journal("restart_scheduled")


def test_too_many_requests_that_end_a_turn_are_waited_out(scene: RealScene) -> None:
    """A 429 that names no limit of the account passes like an overload."""
    scene.begin("[[scn:limited]] do it", retries=1, recovery__max_restarts=0)
    assert scene.ended() == "the turn ended with 12 tasks open"
    waits = scene.journal("restart_scheduled")
    assert {one["class"] for one in waits} == {"overload"}
    assert len(scene.journal("segment_started")) == 1
    assert scene.said("Recovered.")
