"""A run of ours that is stuck, as a person meets it: found, explained, helped, and what came of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.tmux import Tmux
from tests.unit.runner.runner_scene import Scene

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
PACE = {"OVERNIGHT_DEMO_PACE": "0.2"}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def watched(scene: Scene, folder: Path, size: tuple[int, int]) -> Tmux:
    window = Tmux(folder, scene.repository, size, CLAUDE_CONFIG_DIR=str(scene.config))
    window.start("watch")
    return window


@pytest.mark.parametrize("size", [(120, 40), (40, 15)])
def test_a_run_that_loops_is_stepped_back(
    scene: Scene, tmp_path: Path, size: tuple[int, int]
) -> None:
    scene.start("[[story:loop times=9000]] [[story:long_tool gate=go]]", env=PACE)
    window = watched(scene, tmp_path, size)
    try:
        window.see("looping", "s step back", "x why")
        window.press("x")
        window.see("Why “looping”", "It ends when")
        window.press("s")
        window.see("2 (•) Step back", "5 ( ) Stop", "Cancel")
        window.press("C-s")
        window.lose("Short message")
        sent = scene.entry("inject", mode="step-back")
        scene.entry("injection", id=sent["id"], state="seen")
        window.until(lambda: "s step back   x why" not in window.text)
        window.press("s")
        window.see("Step back at", "different call") if size[0] > 40 else window.see("1 ( )")
        window.press("Escape")
        window.lose("Short message")
        if size[0] > 40:  # one row each, with what came of it
            window.see("step back  “Please stop", "read: ")
            assert "injection" not in window.text
            window.press("Home")
            window.see("loop       repeated calls", " times")
            assert "stall over" not in window.text
    finally:
        window.close()
        (scene.repository / "go").touch()


def test_a_run_that_is_refused_names_the_rule(scene: Scene, tmp_path: Path) -> None:
    scene.start("[[story:refused times=9000]]", env=PACE)
    window = watched(scene, tmp_path, (80, 24))
    try:
        window.see("refused ×", "Bash(pytest:*) needs an allow rule", "x the rule to add")
        assert "refused" in window.text.split("\n")[0]
        window.press("x")
        window.see("Why “refused”", "To add to permissions.allow", "  Bash(pytest:*)")
        window.press("n")
        window.until(lambda: "x the rule to add" not in window.text)
        assert scene.entry("not_stuck", detector="refused_calls")
    finally:
        window.close()
