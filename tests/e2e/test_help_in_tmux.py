"""Help for a session that is stuck, as a person has it: in tmux, over a living session of the agent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.tmux import Tmux
from tests.unit.control.foreign_scene import Elsewhere, elsewhere
from tui.control.hooks import installer
from tui.store.layout import project_state

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with elsewhere(tmp_path) as scene:
        monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(scene.workplace.config))
        yield scene


def opened(scene: Elsewhere, folder: Path, size: tuple[int, int] = (80, 24), *words: str) -> Tmux:
    config = str(scene.workplace.config)
    window = Tmux(folder, scene.project, size, CLAUDE_CONFIG_DIR=config)
    window.start(*words)
    return window


def is_delivered(scene: Elsewhere) -> bool:
    journals = list((project_state(scene.project) / "deeds").glob("*.journal.jsonl"))
    return bool(journals) and "delivered" in scene.states()


def test_a_step_back_from_evidence_to_effect(scene: Elsewhere, tmp_path: Path) -> None:
    installer.install(scene.project)
    scene.begin("[[story:loop times=3000]] [[story:long_tool gate=go]]")
    window = opened(scene, tmp_path)
    try:
        window.see("looping", "? help")
        window.press("s")
        window.see("What the record shows", "same call", "2 (•) Step back", "By hook mailbox")
        window.press("C-s")
        window.lose("Short message")
        # The effect, when the dialog is opened again: other calls than before, and no trouble.
        window.until(lambda: is_delivered(scene))
        window.press("s")
        window.see("Step back at", "different call")
        window.press("Escape")
        window.lose("Short message")
    finally:
        window.close()


def test_refused_calls_are_helped_by_their_rule(scene: Elsewhere, tmp_path: Path) -> None:
    installer.install(scene.project)
    scene.begin("[[story:refused times=3000]]")
    window = opened(scene, tmp_path, (120, 40))
    try:
        window.see("refused", "? help")
        window.press("s")
        window.see("The rule that would allow it: Bash(pytest", "those calls stay refused")
        window.press("C-s")
        window.lose("Short message")
        window.until(lambda: is_delivered(scene))
    finally:
        window.close()


def test_without_a_channel_every_step_says_why(scene: Elsewhere, tmp_path: Path) -> None:
    scene.begin("[[story:loop times=3000]]")
    window = opened(scene, tmp_path)
    try:
        window.see("looping", "? help")
        window.press("s")
        window.see("1 ( ) Short message", "not now", "5 (", "Stop")
        window.press("2")
        window.see("Not now: no way to this session", "Install the hooks")
        window.press("Escape")
        window.lose("Short message")
    finally:
        window.close()
    assert not (scene.project / ".claude/settings.local.json").exists()


def test_of_a_file_that_was_named_the_evidence_is_there_and_why_nothing_can_be_done(
    scene: Elsewhere, tmp_path: Path
) -> None:
    scene.begin("[[story:loop times=3000]]")
    events = scene.operations()._events
    window = opened(scene, tmp_path, (80, 24), "--events", events)
    try:
        window.see("looping", "? help")
        window.press("s")
        window.see("What the record shows", "same call", "2 (•) Step back")
        window.see("Not now: its process is not known here, so nobody can reach it.")
        window.press("Escape")
        window.lose("Short message")
    finally:
        window.close()
