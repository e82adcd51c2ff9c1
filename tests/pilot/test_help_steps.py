"""The steps of help on the whole app: a session that loops is seen, told, interrupted, brought back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import TextArea

from tests.pilot.stage import Stage, stage
from tests.unit.control.foreign_scene import Elsewhere, elsewhere
from tests.unit.repositories import write
from tests.unit.runner.runner_scene import Scene
from tui.control.hooks import installer
from tui.system.clock import SystemClock

LOOPS = "[[story:loop times=2000]]"
SIZES = [(120, 40), (80, 24), (60, 20), (40, 15)]
GREEN = {"tests": "green", "edits_since_green": 0}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path) as scene:
        yield scene


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(scene.config))
    try:
        yield scene
    finally:
        scene.tidy()


async def loops(s: Stage) -> None:
    await s.until(lambda: s.watch.night is not None and s.watch.night.stall is not None)
    await s.until(lambda: not s.main.controller.unavailable_reason("inject"))


@pytest.mark.parametrize("size", SIZES)
async def test_a_looping_session_is_told_to_step_back(
    scene: Elsewhere, size: tuple[int, int]
) -> None:
    installer.install(scene.project)
    scene.begin(LOOPS)
    async with stage(scene.project, size, clock=SystemClock()) as s:
        await loops(s)
        await s.press("s")
        await s.see("rounds", "✗ Module", "1 ( ) Short", "2 (•) Step", "5 ( ) Stop")
        await s.press("ctrl+o")
        await s.see("same call", "same ans")
        await s.press("ctrl+o")
        await s.see("By hook mailbox", "Send")
        assert "ModuleNotFoundError" in s.app.screen.query_one(TextArea).text
        await s.press("ctrl+s")
        await s.lose("Short message")
        await s.until(lambda: "delivered" in scene.states())
    assert scene.journal("inject")[0]["mode"] == "step-back"


async def test_where_nothing_repeats_the_last_failures_are_shown(scene: Elsewhere) -> None:
    installer.install(scene.project)
    scene.begin("[[story:loop times=2]] [[story:long_tool gate=go]]")
    async with stage(scene.project, (80, 24), clock=SystemClock()) as s:
        await s.until(lambda: not s.main.controller.unavailable_reason("inject"))
        await s.press("s")
        await s.see("Nothing repeats.")


async def test_a_run_is_brought_back_to_the_last_good_and_told_what_was_tried(run: Scene) -> None:
    run.start(LOOPS, stalls__loop_action="notice")
    run.wait_said('"tool_use"')
    async with stage(run.repository, (120, 40), clock=SystemClock()) as s:
        await loops(s)
        good = s.main.operations().take_checkpoint("good", facts=GREEN)
        write(run.repository, {"README.md": "spoilt\n"})
        await s.press("s")
        await s.see(f"4 ( ) Rewind to {good.id} and retry")
        await s.press("4")
        await s.see("tests were green, and no code was edited", "1 file will be written")
        await s.see(
            "[✓] b the conversation goes back too", "The agent is stopped", "was tried in vain"
        )
        await s.press("b")
        await s.lose("The conversation goes back to")
        # Nothing happens by the first enter.
        await s.press("ctrl+s", "enter")
        await s.lose("Short message")
        assert not run.journal("rewind")
        await s.press("s")
        await s.see(f"4 ( ) Rewind to {good.id} and retry")
        await s.press("4")
        await s.see("1 file will be written")
        await s.press("b", "ctrl+s", "right", "enter")
        await s.see(f"files rewound to {good.id}")
    rewind = run.entry("rewind", checkpoint=good.id)
    assert rewind["mode"] == "code"
    assert (run.repository / "README.md").read_text() != "spoilt\n"
    sent = run.entry("inject", mode="step-back", by="key")
    assert "was tried in vain" in sent["text"]
    assert f"rewound the files to checkpoint {good.id}" in sent["text"]
    run.entry("injection", id=sent["id"], state="seen")


async def test_a_checkpoint_is_taken_and_the_turn_interrupted(run: Scene) -> None:
    run.start(LOOPS, stalls__loop_action="notice")
    run.wait_said('"tool_use"')
    async with stage(run.repository, (80, 24), clock=SystemClock()) as s:
        await loops(s)
        before = len(run.journal("checkpoint"))
        await s.press("s")
        await s.see("3 ( ) Checkpoint and interrupt")
        await s.press("3")
        await s.see("A checkpoint is taken first", "stays and waits")
        await s.press("ctrl+s")
        await s.see("interrupt: interrupted;")
    assert run.entry("interrupt", by="person")
    assert len(run.journal("checkpoint")) == before + 1


async def test_stop_begins_on_cancel(run: Scene) -> None:
    run.start(LOOPS, stalls__loop_action="notice")
    run.wait_said('"tool_use"')
    async with stage(run.repository, (80, 24), clock=SystemClock()) as s:
        await loops(s)
        await s.press("s")
        await s.see("5 ( ) Stop")
        await s.press("5", "ctrl+s")
        await s.see("▸ Cancel", "Stop gracefully")
        await s.press("enter")
        await s.lose("Stop gracefully")
        await s.press("s")
        await s.see("5 ( ) Stop")
        await s.press("5", "ctrl+s", "right", "enter")
        await s.until(lambda: bool(run.journal("stop")))
    assert "stopped" in run.ended()


@pytest.mark.parametrize("size", SIZES)
async def test_of_refused_calls_the_rule_comes_first(
    scene: Elsewhere, size: tuple[int, int]
) -> None:
    installer.install(scene.project)
    scene.begin("[[story:refused times=2000]]")
    async with stage(scene.project, size, clock=SystemClock()) as s:
        await loops(s)
        await s.press("s")
        await s.see("rule that would allow it", "2 (•) Step", "5 ( ) Stop")
        await s.press("ctrl+o")
        await s.see("Bash(pytest", "rounds")
        await s.press("ctrl+o", "2")
        assert "those calls stay refused" in " ".join(s.text.split()) or size < (60, 20)
        await s.press("ctrl+s")
        await s.lose("Short message")
        await s.until(lambda: "delivered" in scene.states())
