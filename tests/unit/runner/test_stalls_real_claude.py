"""The real CLI circles against a scripted model: the step back of the supervisor arrives, and its effect shows.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import until
from tests.unit.runner.test_runner_real_claude import CLAUDE, RealScene, bash, scripted_model
from tui.model.interventions import Injection
from tui.model.labels import describe_effect
from tui.model.session import EventFile
from tui.model.stall import DetectorName
from tui.model.state import StallKind
from tui.monitor.session_reader import SessionReader, fold_rules

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
# Half a second, by no command that waits: those get more patience.
CALL = "python3 -c 'import select; select.select([], [], [], 0.5)'; cat no-such-file.txt"
AGAIN = {"text": "It still fails. Once more.", "tools": bash(CALL)}
UNITTEST = r"""mkdir -p t && printf 'import unittest\nclass T(unittest.TestCase):\n  def test_a(self): pass\n' \
> t/test_a.py && python3 -m unittest discover -s t"""
STORIES = {
    "circles": [AGAIN] * 80 + [{"text": "I give up."}],
    "heeds": [
        *[AGAIN] * 8,
        {"text": "I look at what is there instead.", "tools": bash("git status --short")},
        {"text": "And at the files.", "tools": bash("ls -la")},
        {"text": "A test of what I believe.", "tools": bash(UNITTEST)},
        {"text": "That file was never meant to be there."},
    ],
}
"""The scripted model does not understand the message; the second story acts as if it had."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RealScene]:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")
    scene = RealScene(tmp_path)
    with scripted_model(scene, STORIES):
        yield scene


def injections(scene: RealScene) -> tuple[Injection, ...]:
    """The messages with their effects, as a reader of the finished run knows them."""
    files = (
        EventFile("journal", str(scene.folder.journal), "the run's own"),
        EventFile("stream", str(scene.folder.stream), "the run's own"),
    )
    reader = SessionReader(files, fold_rules(scene.settings(), own=True).fold())
    try:
        reader.read_all()
        end = scene.journal("run_ended")[0]["at"]
        return reader.fold.snapshot(end + 1.0).interventions.injections
    finally:
        reader.close()


def test_a_step_back_arrives_and_its_effect_shows(scene: RealScene) -> None:
    scene.begin("[[scn:heeds]] do it", stalls__loop_action="nudge")
    step = scene.entry("stall_step", step="step-back")
    assert (step["detector"], step["level"]) == ("repeated_calls", "suspected")
    scene.ended()
    (sent,) = scene.journal("inject")
    assert "failed with “cat: no-such-file.txt: No such file or directory" in sent["text"]
    states = [one["state"] for one in scene.journal("injection")]
    assert states == ["queued", "delivered", "seen"]
    heard = [one for one in scene.stream() if one.get("isReplay")]
    assert (
        sum(
            "Please stop for a moment and step back." in json.dumps(one["message"]) for one in heard
        )
        == 1
    )
    (injection,) = injections(scene)
    effect = injection.effect
    assert effect is not None
    assert (effect.kind, effect.detector) == (StallKind.LOOP, DetectorName.REPEATED_CALLS)
    assert effect.different == 3
    assert not effect.goes_on
    assert effect.tests == "green"
    assert describe_effect(effect).startswith("3 different calls since; ")


def test_a_step_back_that_changes_nothing_is_followed_up_to_the_end(scene: RealScene) -> None:
    scene.begin("[[scn:circles]] do it", stalls__loop_action="end")
    until(lambda: scene.journal("run_ended"), "the end of the run", seconds=150.0)
    assert scene.ended().startswith("needs you: it is stuck")
    steps = [one["step"] for one in scene.journal("stall_step")]
    assert steps == ["step-back", "step-back", "interrupt", "end"]
    assert scene.entry("checkpoint", why="before interrupt")
    assert scene.entry("interrupt")["by"] == "supervisor"
    ends = [one for one in scene.stream() if one.get("type") == "result"]
    assert str(ends[0].get("terminal_reason")).startswith("aborted"), ends
    first = injections(scene)[0].effect
    assert first is not None
    assert first.goes_on
    assert (first.different, first.ended_at) == (0, None)
